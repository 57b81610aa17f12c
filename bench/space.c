// SPDX-License-Identifier: MIT
/* What the measurements of objects, bindings and jobs share. */
#include "space.h"

#include <err.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define PACKET_BYTES	65536
/* Emulated machines are slow. */
#define WAIT_NS		60000000000ll

static int failed(const char *what, int err)
{
	if (err)
		warnx("%s: %s", what, strerror(-err));
	return err;
}

int object_create(const struct mirage *gpu, struct object *object, uint64_t size,
		  uint32_t placement)
{
	int err;

	memset(object, 0, sizeof(*object));
	object->size = size;
	err = mirage_bo_create(gpu, size, placement, DRM_MIRAGE_BO_CPU_ACCESS, &object->handle);
	if (err)
		return failed("cannot create an object", err);
	err = mirage_bo_map(gpu, object->handle, size, &object->cpu);
	if (err) {
		object->cpu = NULL;
		object_close(gpu, object);
	}
	return failed("cannot map an object", err);
}

void object_close(const struct mirage *gpu, struct object *object)
{
	if (object->cpu)
		munmap(object->cpu, object->size);
	if (object->handle)
		mirage_bo_close(gpu, object->handle);
	memset(object, 0, sizeof(*object));
}

int space_bind(const struct space *space, const struct drm_mirage_bind *binds, uint32_t count)
{
	return failed("cannot bind", mirage_vm_bind(space->gpu, space->vm, binds, count));
}

int space_map(const struct space *space, const struct object *object, uint64_t addr)
{
	const struct drm_mirage_bind bind = {
		.op = DRM_MIRAGE_BIND_MAP,
		.handle = object->handle,
		.addr = addr,
		.size = object->size,
	};

	return space_bind(space, &bind, 1);
}

static int add_queue(struct space *space)
{
	unsigned int i = space->nr_queues;
	int err;

	err = mirage_queue_create_kind(space->gpu, space->vm, DRM_MIRAGE_QUEUE_COPY,
				       DRM_MIRAGE_QUEUE_NO_FAULT, &space->queues[i]);
	if (err)
		return failed("cannot make a queue", err);
	err = mirage_syncobj_create(space->gpu, false, &space->syncobjs[i]);
	if (err)
		return failed("cannot make a syncobj", err);
	space->nr_queues++;
	return 0;
}

int space_open(struct space *space, const struct mirage *gpu, unsigned int nr_queues)
{
	int err;

	memset(space, 0, sizeof(*space));
	space->gpu = gpu;
	err = failed("cannot make an address space", mirage_vm_create_with(gpu, 0, &space->vm));
	if (err)
		return err;
	err = object_create(gpu, &space->packets, PACKET_BYTES, DRM_MIRAGE_PLACEMENT_SYSTEM);
	if (!err)
		err = space_map(space, &space->packets, SPACE_PACKETS);
	while (!err && space->nr_queues < nr_queues)
		err = add_queue(space);
	if (err)
		space_close(space);
	return err;
}

void space_close(struct space *space)
{
	while (space->nr_queues) {
		space->nr_queues--;
		mirage_queue_destroy(space->gpu, space->queues[space->nr_queues]);
		mirage_syncobj_destroy(space->gpu, space->syncobjs[space->nr_queues]);
	}
	object_close(space->gpu, &space->packets);
	mirage_vm_destroy(space->gpu, space->vm);
}

void space_packets(struct space *space, struct mirage_ib *ib)
{
	mirage_ib_init(ib, space->packets.cpu, space->packets.size);
}

int space_submit(struct space *space, unsigned int queue, const struct mirage_ib *ib)
{
	struct drm_mirage_sync sync = mirage_sync_signal(space->syncobjs[queue]);
	struct drm_mirage_cmds cmds = {
		.addr = SPACE_PACKETS,
		.size = ib->used * sizeof(*ib->words),
	};

	if (ib->error)
		return failed("packets", ib->error);
	return failed("cannot submit", mirage_exec(space->gpu, space->queues[queue], &cmds, 1,
						   &sync, 1));
}

int space_wait(struct space *space, unsigned int queue)
{
	struct drm_mirage_queue_query state;
	int err;

	err = mirage_syncobj_wait(space->gpu, space->syncobjs[queue], WAIT_NS);
	if (err)
		return failed("waiting for a job", err);
	err = mirage_queue_query(space->gpu, space->queues[queue], &state);
	if (!err && state.state != DRM_MIRAGE_QUEUE_READY) {
		warnx("a job failed: its queue is %s", mirage_queue_state_name(state.state));
		err = -EPROTO;
	}
	return err;
}
