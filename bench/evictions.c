// SPDX-License-Identifier: MIT
/*
 * How fast objects leave video memory and come back when two programs want more than there is.
 *
 * Two address spaces, each with objects of three quarters of video memory, take turns: each job brings the
 * objects of its own in and so the other's out. Bytes are counted by the objects' own counters of
 * moves, and what is in the objects is looked at in the end. The peer is the copy engine
 * by itself, with the same amount of bytes between video and system memory.
 */
#include "graphics.h"

#include <err.h>
#include <errno.h>
#include <string.h>

#define OBJECT_BYTES	(4ull << 20)
#define MAX_OBJECTS	64
#define TURNS		4

struct program {
	struct space space;
	unsigned int nr_objects;
	struct object objects[MAX_OBJECTS];
};

static struct program programs[2];

static uint64_t pattern(unsigned int program, unsigned int object, uint64_t offset)
{
	return (uint64_t)(program + 1) << 56 | (uint64_t)object << 40 | offset;
}

static void fill(struct program *program, unsigned int which)
{
	unsigned int i;
	uint64_t at;

	for (i = 0; i < program->nr_objects; i++)
		for (at = 0; at < OBJECT_BYTES; at += 4096)
			*(volatile uint64_t *)((char *)program->objects[i].cpu + at) = pattern(which, i, at);
}

static int check(const struct program *program, unsigned int which)
{
	unsigned int i;
	uint64_t at;

	for (i = 0; i < program->nr_objects; i++)
		for (at = 0; at < OBJECT_BYTES; at += 4096)
			if (*(volatile uint64_t *)((char *)program->objects[i].cpu + at) !=
			    pattern(which, i, at)) {
				warnx("object %u of program %u has lost its content at %llu", i,
				      which, (unsigned long long)at);
				return -EPROTO;
			}
	return 0;
}

static int count_moves(uint64_t *moves)
{
	struct drm_mirage_bo_query query;
	unsigned int p, i;
	int err = 0;

	*moves = 0;
	for (p = 0; p < 2; p++) {
		const struct program *program = &programs[p];

		for (i = 0; i < program->nr_objects && !err; i++) {
			err = mirage_bo_query(program->space.gpu, program->objects[i].handle,
					      &query);
			*moves += query.moves;
		}
	}
	return err;
}

static int program_open(struct program *program, const struct mirage *gpu, uint64_t bytes)
{
	unsigned int i;
	int err;

	memset(program, 0, sizeof(*program));
	err = space_open(&program->space, gpu, 1);
	for (i = 0; !err && i < MAX_OBJECTS && (i + 1) * OBJECT_BYTES <= bytes; i++) {
		/* With system memory as a second choice they would stay there. */
		err = object_create(gpu, &program->objects[i], OBJECT_BYTES,
				    DRM_MIRAGE_PLACEMENT_VRAM);
		if (err)
			break;
		program->nr_objects++;
		err = space_map(&program->space, &program->objects[i],
				SPACE_FREE + i * OBJECT_BYTES);
	}
	return err;
}

static void program_close(struct program *program)
{
	if (!program->space.gpu)
		return;
	while (program->nr_objects)
		object_close(program->space.gpu, &program->objects[--program->nr_objects]);
	space_close(&program->space);
}

/* A job that uses nothing: what it may use comes in for it all the same. */
static int turn(struct program *program)
{
	int err;

	mirage_ib_nop(space_packets(&program->space));
	err = space_submit(&program->space, 0);
	return err ? err : space_wait(&program->space, 0);
}

static int swap(struct figure *figure)
{
	uint64_t before, after, start, elapsed;
	unsigned int i;
	int err;

	err = count_moves(&before);
	start = gpu_now();
	for (i = 0; i < TURNS && !err; i++)
		err = turn(&programs[i % 2]);
	elapsed = gpu_now() - start;
	if (!err)
		err = count_moves(&after);
	if (err)
		return err;
	if (after == before) {
		warnx("nothing was moved, though both want three quarters of video memory");
		return -EPROTO;
	}
	series_add(&figure->value, (after - before) * OBJECT_BYTES * 1e9 / elapsed);
	return 0;
}

int evictions_measure(struct graphics *graphics)
{
	const struct mirage *gpu = graphics->space.gpu;
	struct figure *figure = figure_add(&graphics->figures, "Eviction", "out and in again",
					   FIGURE_BYTES_PER_SECOND, "the bare copy engine");
	unsigned int repeat;
	uint64_t vram;
	int err;

	err = mirage_query(gpu, DRM_MIRAGE_PARAM_VRAM_SIZE, 0, &vram, NULL);
	if (vram > MAX_OBJECTS * OBJECT_BYTES * 4 / 3)
		vram = MAX_OBJECTS * OBJECT_BYTES * 4 / 3;
	if (!err)
		err = program_open(&programs[0], gpu, vram / 4 * 3);
	if (!err)
		err = program_open(&programs[1], gpu, vram / 4 * 3);
	if (!err) {
		fill(&programs[0], 0);
		fill(&programs[1], 1);
		/* The first round makes system memory for what leaves. */
		err = turn(&programs[0]);
		if (!err)
			err = turn(&programs[1]);
	}
	for (repeat = 0; !err && repeat < graphics->repeats; repeat++) {
		err = swap(figure);
		if (!err)
			err = engine_rate(graphics, &figure->peer, NULL);
	}
	if (!err)
		err = check(&programs[0], 0);
	if (!err)
		err = check(&programs[1], 1);
	program_close(&programs[1]);
	program_close(&programs[0]);
	return err;
}
