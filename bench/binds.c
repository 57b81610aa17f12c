// SPDX-License-Identifier: MIT
/*
 * How many ranges VM_BIND maps in a second: by size, one or many in a call, and in place of another
 * with more and more of them there already.
 *
 * The peer of a size is the CPU's own: mmap() of a file's pages with all entries made at once,
 * which is what a process pays for the same. The peer of growth is the first line.
 */
#include "graphics.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define KIB		1024ull
#define OBJECT_BYTES	(2048 * KIB)
#define MAPS		256
/* Operations in one call, where many are measured. */
#define BATCH		4096
#define GROWTH_MAPS	100000

static struct drm_mirage_bind batch[BATCH];

static struct drm_mirage_bind bind_op(enum drm_mirage_bind_op op, const struct object *object,
				      uint64_t addr, uint64_t size)
{
	struct drm_mirage_bind bind = { .op = op, .addr = addr, .size = size };

	if (op == DRM_MIRAGE_BIND_MAP)
		bind.handle = object->handle;
	return bind;
}

static int unmap_all(const struct space *space, uint64_t size)
{
	struct drm_mirage_bind bind = bind_op(DRM_MIRAGE_BIND_UNMAP, NULL, SPACE_FREE, size);

	return space_bind(space, &bind, 1);
}

/* Maps of the CPU in a second, of @size bytes of a file each. */
static int cpu_maps(struct series *series, uint64_t size)
{
	int fd = memfd_create("mirage-bench", MFD_CLOEXEC);
	uint8_t *area = mmap(NULL, MAPS * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t start;
	unsigned int i;
	int err = 0;

	if (fd < 0 || area == MAP_FAILED || ftruncate(fd, size)) {
		err = -errno;
		warn("cannot map %u times %zu bytes for the CPU", MAPS, (size_t)size);
		goto out;
	}
	for (i = 0; i < 2 && !err; i++) {
		unsigned int j;

		/* The first round makes the file's pages. */
		start = gpu_now();
		for (j = 0; j < MAPS && !err; j++)
			if (mmap(area + j * size, size, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd, 0) == MAP_FAILED)
				err = -errno;
		if (i && !err)
			series_add(series, MAPS * 1e9 / (gpu_now() - start));
	}
out:
	if (area != MAP_FAILED)
		munmap(area, MAPS * size);
	if (fd >= 0)
		close(fd);
	return err;
}

static int maps_of(struct graphics *graphics, const char *name, uint64_t size)
{
	struct figure *figure = figure_add(&graphics->figures, "VM_BIND", name, FIGURE_PER_SECOND,
					   "mmap() of a file, populated");
	const struct space *space = &graphics->space;
	struct object object;
	unsigned int repeat, i;
	uint64_t start;
	int err;

	err = object_create(space->gpu, &object, OBJECT_BYTES, DRM_MIRAGE_PLACEMENT_VRAM);
	for (repeat = 0; !err && repeat < graphics->repeats; repeat++) {
		start = gpu_now();
		for (i = 0; i < MAPS && !err; i++) {
			struct drm_mirage_bind bind = bind_op(DRM_MIRAGE_BIND_MAP, &object,
							      SPACE_FREE + i * size, size);

			err = space_bind(space, &bind, 1);
		}
		if (err)
			break;
		series_add(&figure->value, MAPS * 1e9 / (gpu_now() - start));
		err = unmap_all(space, MAPS * size);
		if (!err)
			err = cpu_maps(&figure->peer, size);
	}
	object_close(space->gpu, &object);
	return err;
}

static int maps_batched(struct graphics *graphics)
{
	struct figure *figure = figure_add(&graphics->figures, "VM_BIND", "4 KiB, 4096 in a call",
					   FIGURE_PER_SECOND, "4 KiB, one in a call");
	const struct figure *one = figure - 3;
	const struct space *space = &graphics->space;
	unsigned int repeat, i;
	struct object object;
	uint64_t start;
	int err;

	err = object_create(space->gpu, &object, OBJECT_BYTES, DRM_MIRAGE_PLACEMENT_VRAM);
	for (i = 0; i < BATCH; i++)
		batch[i] = bind_op(DRM_MIRAGE_BIND_MAP, &object, SPACE_FREE + i * 4 * KIB, 4 * KIB);
	for (repeat = 0; !err && repeat < graphics->repeats; repeat++) {
		start = gpu_now();
		err = space_bind(space, batch, BATCH);
		if (err)
			break;
		series_add(&figure->value, BATCH * 1e9 / (gpu_now() - start));
		err = unmap_all(space, BATCH * 4 * KIB);
	}
	figure->peer = one->value;
	object_close(space->gpu, &object);
	return err;
}

/* One of @there mappings, in their middle, gets the object's other page each time: what was there has to be flushed. */
static int maps_among(struct graphics *graphics, const struct object *object, unsigned int there,
		      struct figure *figure)
{
	const struct space *space = &graphics->space;
	uint64_t place = SPACE_FREE + there / 2 * 4 * KIB;
	unsigned int repeat, i;
	int err = 0;

	for (repeat = 0; !err && repeat < graphics->repeats; repeat++) {
		uint64_t start = gpu_now();

		for (i = 0; i < MAPS && !err; i++) {
			struct drm_mirage_bind bind = bind_op(DRM_MIRAGE_BIND_MAP, object, place,
							      4 * KIB);

			/* The first page is what the mapping had at first. */
			bind.offset = (i + 1) % 2 * 4 * KIB;
			err = space_bind(space, &bind, 1);
		}
		series_add(&figure->value, MAPS * 1e9 / (gpu_now() - start));
	}
	return err;
}

static int growth(struct graphics *graphics)
{
	const struct space *space = &graphics->space;
	struct figure *figure, *first = NULL;
	unsigned int there = 0, want, i;
	struct object object;
	char name[48];
	int err;

	err = object_create(space->gpu, &object, 8 * KIB, DRM_MIRAGE_PLACEMENT_VRAM);
	for (want = 10; !err && want <= GROWTH_MAPS; want *= 10) {
		while (!err && there < want) {
			for (i = 0; i < BATCH && there < want; i++, there++)
				batch[i] = bind_op(DRM_MIRAGE_BIND_MAP, &object,
						   SPACE_FREE + there * 4 * KIB, 4 * KIB);
			err = space_bind(space, batch, i);
		}
		if (err)
			break;
		snprintf(name, sizeof(name), "4 KiB, replaced among %u", want);
		figure = figure_add(&graphics->figures, "VM_BIND", name, FIGURE_PER_SECOND,
				    "the same among 10");
		if (!first)
			first = figure;
		err = maps_among(graphics, &object, want, figure);
		figure->peer = first->value;
	}
	if (!err)
		err = unmap_all(space, GROWTH_MAPS * 4 * KIB);
	object_close(space->gpu, &object);
	return err;
}

int binds_measure(struct graphics *graphics)
{
	int err;

	err = maps_of(graphics, "4 KiB, one in a call", 4 * KIB);
	if (!err)
		err = maps_of(graphics, "64 KiB, one in a call", 64 * KIB);
	if (!err)
		err = maps_of(graphics, "2 MiB, one in a call", 2048 * KIB);
	if (!err)
		err = maps_batched(graphics);
	if (!err)
		err = growth(graphics);
	return err;
}
