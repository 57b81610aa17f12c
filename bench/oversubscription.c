// SPDX-License-Identifier: MIT
/*
 * Memory of a process that prefers video memory, from half its size to twice.
 *
 * The GPU writes all of the memory again and again, in order or in random order; each pass moves in what the one
 * before has pushed out. The peer is the same with memory that fits: the ratio is the speed that remains. In order is
 * the worst case of eviction by age: what comes next has just left. The last pass is checked by the CPU.
 */
#include "oversubscription.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

/* Bytes that one packet fills. */
#define PIECE		(64u << 10)
/* Packets of one job, and words of a FILL packet at most. */
#define PIECES		512u
#define PIECE_WORDS	8u

/* Sizes in percent of video memory; the first one is the peer of the others. */
static const unsigned int percents[] = { 50, 100, 125, 200 };

#define NR_PERCENTS	(sizeof(percents) / sizeof(percents[0]))

static int fill(struct bench *bench, const struct memory *memory, const uint32_t *order,
		size_t first, size_t end, uint32_t value)
{
	static uint32_t words[PIECES * PIECE_WORDS];
	struct mirage_ib ib;
	size_t i;
	int err;

	mirage_ib_init(&ib, words, sizeof(words));
	for (i = first; i < end; i++)
		mirage_ib_fill(&ib, memory->base + (uint64_t)order[i] * PIECE, PIECE, value);
	err = gpu_start_packets(&bench->gpu, "fill", &ib);
	return err ? err : gpu_wait(&bench->gpu);
}

static int pass(struct bench *bench, const struct memory *memory, const uint32_t *order,
		size_t pieces, uint32_t value)
{
	size_t first, end;
	int err = 0;

	for (first = 0; first < pieces && !err; first = end) {
		end = first + PIECES < pieces ? first + PIECES : pieces;
		err = fill(bench, memory, order, first, end, value);
	}
	return err;
}

static int check(const struct memory *memory, uint32_t value)
{
	size_t page;

	for (page = 0; page < memory->pages; page++)
		if (*memory_word(memory, page) != value) {
			warnx("page %zu of memory that takes turns in video memory is wrong", page);
			return -EPROTO;
		}
	return 0;
}

static int measure_memory(struct bench *bench, const struct memory *memory, bool random,
			  struct series *rate)
{
	size_t pieces = memory->pages / (PIECE / BENCH_PAGE);
	uint32_t *order = calloc(pieces, sizeof(*order));
	uint64_t bytes = (uint64_t)memory->pages * BENCH_PAGE, start;
	unsigned int i;
	int err;

	if (!order)
		return -ENOMEM;
	memory_order(order, pieces, random);
	err = mirage_svm_prefer(&bench->gpu.device, bench->gpu.vm, memory->base, bytes,
				DRM_MIRAGE_SVM_VRAM);
	/* The first pass makes the memory. */
	for (i = 0; i <= bench->repeats && !err; i++) {
		start = gpu_now();
		err = pass(bench, memory, order, pieces, i + 1);
		if (i && !err)
			series_add(rate, bytes * 1e9 / (gpu_now() - start));
	}
	if (!err)
		err = check(memory, i);
	free(order);
	return err;
}

static int measure_size(struct bench *bench, uint64_t vram, size_t index, bool random,
			struct series *resident)
{
	struct figures *figures = &bench->graphics.figures;
	size_t pages = vram / 100 * percents[index] / BENCH_HUGE * BENCH_HUGE_PAGES;
	struct figure *figure;
	struct memory memory;
	char name[48];
	int err;

	snprintf(name, sizeof(name), "%u %% of video memory, %s", percents[index],
		 random ? "random" : "in order");
	figure = figure_add(figures, "Oversubscription", name, FIGURE_BYTES_PER_SECOND,
			    "half of video memory");
	err = memory_map(&memory, pages, false, false);
	if (err)
		return err;
	err = measure_memory(bench, &memory, random, &figure->value);
	memory_unmap(&memory);
	if (!index)
		*resident = figure->value;
	figure->peer = *resident;
	return err;
}

int oversubscription_measure(struct bench *bench)
{
	struct series resident;
	uint64_t vram;
	size_t i;
	int err;

	err = mirage_query(&bench->gpu.device, DRM_MIRAGE_PARAM_VRAM_SIZE, 0, &vram, NULL);
	for (i = 0; i < 2 * NR_PERCENTS && !err; i++)
		err = measure_size(bench, vram, i % NR_PERCENTS, i >= NR_PERCENTS, &resident);
	return err;
}
