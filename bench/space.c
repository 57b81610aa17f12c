// SPDX-License-Identifier: MIT
/* Shared by the measurements of objects, bindings and jobs. */
#include "space.h"

#include <err.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define PACKET_BYTES	65536
/* Emulated machines are slow. */
#define WAIT_MS		60000

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
	const struct mirage_queue_options options = { .flags = DRM_MIRAGE_QUEUE_NO_FAULT };
	unsigned int i = space->nr_queues;
	int err;

	err = mirage_queue_create(space->gpu, space->vm, DRM_MIRAGE_QUEUE_COPY, &options,
				  &space->queues[i]);
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
	err = failed("cannot make packets", mirage_ib_create(gpu, space->vm, SPACE_PACKETS,
							     PACKET_BYTES, &space->packets));
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
	if (space->packets.handle)
		mirage_ib_destroy(space->gpu, &space->packets);
	mirage_vm_destroy(space->gpu, space->vm);
}

struct mirage_ib *space_packets(struct space *space)
{
	mirage_ib_reset(&space->packets);
	return &space->packets;
}

int space_submit(struct space *space, unsigned int queue)
{
	return failed("cannot submit", mirage_submit(space->gpu, space->queues[queue],
						     &space->packets, space->syncobjs[queue]));
}

int space_wait(struct space *space, unsigned int queue)
{
	struct mirage_stop why;
	char text[256];
	int err;

	err = mirage_queue_wait(space->gpu, space->queues[queue], space->syncobjs[queue],
				mirage_deadline(WAIT_MS), &why);
	if (err != -ECANCELED)
		return failed("waiting for a job", err);
	mirage_stop_text(&why, text, sizeof(text));
	warnx("a job failed: %s", text);
	return -EPROTO;
}
