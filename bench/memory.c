// SPDX-License-Identifier: MIT
/*
 * Memory to measure on. Aligned to 2 MiB with nothing else in its blocks, so that counts
 * of pages are exact; unmapped after each use, so that each first touch is one.
 */
#include "memory.h"

#include <err.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

int memory_map(struct memory *memory, size_t pages, bool huge, bool populated)
{
	size_t size = (pages * BENCH_PAGE + BENCH_HUGE - 1) / BENCH_HUGE * BENCH_HUGE;
	size_t page;
	int error;

	memory->pages = pages;
	memory->map_size = size + BENCH_HUGE;
	memory->map = mmap(NULL, memory->map_size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory->map == MAP_FAILED) {
		error = -errno;
		warnx("cannot map %zu pages: %s", pages, strerror(-error));
		return error;
	}
	memory->base =
		(char *)(((uintptr_t)memory->map + BENCH_HUGE - 1) / BENCH_HUGE * BENCH_HUGE);
	if (madvise(memory->map, memory->map_size, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE)) {
		error = -errno;
		warnx("cannot choose the page size of %zu pages: %s", pages, strerror(-error));
		memory_unmap(memory);
		return error;
	}
	if (populated)
		for (page = 0; page < pages; page++)
			*memory_word(memory, page) = memory_value(page);
	return 0;
}

void memory_unmap(struct memory *memory)
{
	munmap(memory->map, memory->map_size);
}

volatile uint32_t *memory_word(const struct memory *memory, size_t page)
{
	return (volatile uint32_t *)(memory->base + page * BENCH_PAGE);
}

uint32_t memory_value(size_t page)
{
	return (uint32_t)page * 2654435761u + 12345;
}

void memory_order(uint32_t *order, size_t pages, bool random)
{
	uint64_t state = 1;
	size_t i;

	for (i = 0; i < pages; i++)
		order[i] = i;
	/* Fisher and Yates, with a generator that is the same everywhere. */
	for (i = pages; random && i > 1; i--) {
		size_t other;
		uint32_t keep;

		state = state * 6364136223846793005ull + 1442695040888963407ull;
		other = (state >> 33) % i;
		keep = order[i - 1];
		order[i - 1] = order[other];
		order[other] = keep;
	}
}
