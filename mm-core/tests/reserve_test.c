// SPDX-License-Identifier: MIT
/*
 * Does each page that is wanted get exactly one range, none much larger than needed?
 */
#include <string.h>

#include "check.h"
#include "reserve.h"

#define WORD_BITS	(8 * sizeof(long))

static unsigned long want[HMM_BLOCK_PAGES / WORD_BITS];

static void set(unsigned int first, unsigned int npages)
{
	unsigned int i;

	for (i = first; i < first + npages; i++)
		want[i / WORD_BITS] |= 1ul << (i % WORD_BITS);
}

static bool is_set(unsigned int i)
{
	return want[i / WORD_BITS] >> (i % WORD_BITS) & 1;
}

/* Walk all ranges and check the rules. Returns their number. */
static unsigned int walk(unsigned int limit)
{
	unsigned int pos = 0, first = 0, npages = 0, count = 0, i, weight;

	while (hmm_reserve_next(want, pos, limit, &first, &npages)) {
		for (i = pos; i < first; i++)
			CHECK(!is_set(i));
		CHECK(first >= pos && first + npages <= HMM_BLOCK_PAGES);
		CHECK(npages <= limit && !(npages & (npages - 1)) && !(first % npages));
		for (i = first, weight = 0; i < first + npages; i++)
			weight += is_set(i);
		CHECK(weight * 2 > npages);
		pos = first + npages;
		count++;
	}
	for (i = pos; i < HMM_BLOCK_PAGES; i++)
		CHECK(!is_set(i));
	return count;
}

static void test_sizes(void)
{
	memset(want, 0, sizeof(want));
	CHECK(walk(HMM_BLOCK_PAGES) == 0);
	set(17, 1);
	CHECK(walk(HMM_BLOCK_PAGES) == 1);
	memset(want, 0, sizeof(want));
	set(0, HMM_BLOCK_PAGES);
	CHECK(walk(HMM_BLOCK_PAGES) == 1);
	CHECK(walk(64) == 8);
	CHECK(walk(1) == HMM_BLOCK_PAGES);
	memset(want, 0, sizeof(want));
	set(0, 257);
	CHECK(walk(HMM_BLOCK_PAGES) == 1);
	memset(want, 0, sizeof(want));
	set(0, 256);
	CHECK(walk(HMM_BLOCK_PAGES) == 1);
	set(300, 16);
	CHECK(walk(HMM_BLOCK_PAGES) == 1);
	memset(want, 0, sizeof(want));
	set(32, 16);
	set(100, 9);
	CHECK(walk(HMM_BLOCK_PAGES) == 2);
	CHECK(walk(8) == 4);
}

static void test_random(void)
{
	unsigned long seed = 1;
	unsigned int round, i;

	for (round = 0; round < 3000; round++) {
		memset(want, 0, sizeof(want));
		for (i = 0; i < round % 40; i++) {
			seed = seed * 6364136223846793005ul + 1442695040888963407ul;
			set((seed >> 33) % 480, 1 + (seed >> 50) % 32);
		}
		walk(HMM_BLOCK_PAGES >> (round % 10));
	}
}

int main(void)
{
	test_sizes();
	test_random();
	return check_failures != 0;
}
