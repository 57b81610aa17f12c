// SPDX-License-Identifier: MIT
/* The copy engine by itself, between objects that are in place: the peer of all that moves memory. */
#include "graphics.h"

#define ENGINE_BYTES	(4ull << 20)
#define ENGINE_COPIES	32

int engine_rate(struct graphics *graphics, struct series *first, struct series *second)
{
	struct space *space = &graphics->space;
	struct object vram, system;
	uint64_t start, to = SPACE_FREE, from = SPACE_FREE + ENGINE_BYTES;
	struct mirage_ib *ib;
	unsigned int i;
	double rate;
	int err;

	err = object_create(space->gpu, &vram, ENGINE_BYTES, DRM_MIRAGE_PLACEMENT_VRAM);
	if (err)
		return err;
	err = object_create(space->gpu, &system, ENGINE_BYTES, DRM_MIRAGE_PLACEMENT_SYSTEM);
	if (err)
		goto close_vram;
	err = space_map(space, &vram, to);
	if (!err)
		err = space_map(space, &system, from);
	if (err)
		goto close;
	ib = space_packets(space);
	for (i = 0; i < ENGINE_COPIES; i++)
		mirage_ib_copy(ib, (void *)(i % 2 ? from : to), (void *)(i % 2 ? to : from),
			       ENGINE_BYTES);
	start = gpu_now();
	err = space_submit(space, 0);
	if (!err)
		err = space_wait(space, 0);
	rate = ENGINE_COPIES * ENGINE_BYTES * 1e9 / (gpu_now() - start);
	if (!err)
		series_add(first, rate);
	if (!err && second)
		series_add(second, rate);
close:
	object_close(space->gpu, &system);
close_vram:
	object_close(space->gpu, &vram);
	return err;
}
