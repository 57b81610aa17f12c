// SPDX-License-Identifier: MIT
/* Medians, and that a random order is an order of all pages. */
#include "series.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "test.h"

static void test_median(void)
{
	struct series series = { 0 };
	unsigned int i;

	CHECK(series_median(&series) == 0 && series_min(&series) == 0 && series_max(&series) == 0);
	series_add(&series, 7);
	CHECK(series_median(&series) == 7);
	series_add(&series, -3);
	CHECK(series_median(&series) == 2);
	series_add(&series, 100);
	CHECK(series_median(&series) == 7 && series_min(&series) == -3 &&
	      series_max(&series) == 100);
	CHECK(series_quartile(&series) == -3);
	series_add(&series, 8);
	series_add(&series, 9);
	CHECK(series_quartile(&series) == 7);
	for (i = 0; i < 2 * SERIES_MAX; i++)
		series_add(&series, 50);
	CHECK(series.count == SERIES_MAX && series_median(&series) == 50);
}

static void test_order(void)
{
	enum { PAGES = 1000 };
	static uint32_t order[PAGES], again[PAGES];
	static unsigned char seen[PAGES];
	unsigned int moved = 0, i;

	memory_order(order, PAGES, false);
	for (i = 0; i < PAGES; i++)
		CHECK(order[i] == i);

	memory_order(order, PAGES, true);
	memory_order(again, PAGES, true);
	CHECK(!memcmp(order, again, sizeof(order)));
	for (i = 0; i < PAGES; i++) {
		CHECK(order[i] < PAGES && !seen[order[i]]);
		seen[order[i]] = 1;
		moved += order[i] != i;
	}
	CHECK(moved > PAGES / 2);
}

static void test_memory(void)
{
	struct memory memory;
	size_t page;

	CHECK(!memory_map(&memory, 700, false, true));
	CHECK((uintptr_t)memory.base % BENCH_HUGE == 0);
	for (page = 0; page < 700; page++)
		CHECK(*memory_word(&memory, page) == memory_value(page));
	memory_unmap(&memory);

	CHECK(!memory_map(&memory, 512, true, false));
	CHECK(*memory_word(&memory, 511) == 0);
	memory_unmap(&memory);
}

int main(void)
{
	test_median();
	test_order();
	test_memory();
	return test_result();
}
