/* SPDX-License-Identifier: MIT */
/* Fresh memory to measure on, and the order in which its pages are touched. */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_PAGE	4096u
#define BENCH_HUGE	(2u << 20)
#define BENCH_HUGE_PAGES (BENCH_HUGE / BENCH_PAGE)

struct memory {
	/* Start, aligned to 2 MiB; the pages around belong to nothing else. */
	char *base;
	size_t pages;
	/* The mapping, from mmap(). */
	void *map;
	size_t map_size;
};

/**
 * memory_map() - new anonymous memory.
 * @huge: ask for huge pages, else forbid them
 * @populated: the CPU has written memory_value() to each page; otherwise nobody has touched them
 *
 * Returns 0, or a negative errno after a message.
 */
int memory_map(struct memory *memory, size_t pages, bool huge, bool populated);

/** memory_unmap() - give it back. */
void memory_unmap(struct memory *memory);

/** memory_word() - the first word of a page. */
volatile uint32_t *memory_word(const struct memory *memory, size_t page);

/** memory_value() - what memory_map() writes to a page. */
uint32_t memory_value(size_t page);

/**
 * memory_order() - fill @order with the numbers 0 to @pages - 1.
 * @random: in an order without pattern, the same each time; else ascending
 */
void memory_order(uint32_t *order, size_t pages, bool random);

#endif /* BENCH_MEMORY_H */
