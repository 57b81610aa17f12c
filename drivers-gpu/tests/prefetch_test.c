// SPDX-License-Identifier: MIT
/* Does prefetch grow where accesses are dense, and stay away where they are not? */
#include <string.h>

#include "check.h"
#include "svm/prefetch.h"

static unsigned long want[MIRAGE_LEAVES_WORDS];
static unsigned long mapped[MIRAGE_LEAVES_WORDS];
static unsigned long out[MIRAGE_LEAVES_WORDS];

static void clear(void)
{
	memset(want, 0, sizeof(want));
	memset(mapped, 0, sizeof(mapped));
}

static void set(unsigned long *map, unsigned int first, unsigned int count)
{
	for (; count; first++, count--)
		map[first / 64] |= 1ul << (first % 64);
}

static unsigned int weight(const unsigned long *map, unsigned int first, unsigned int count)
{
	unsigned int n = 0;

	for (; count; first++, count--)
		n += map[first / 64] >> (first % 64) & 1;
	return n;
}

static unsigned int all(void)
{
	return weight(out, 0, 512);
}

static void nothing_wanted(void)
{
	clear();
	set(mapped, 0, 511);
	mirage_prefetch(want, mapped, out);
	CHECK(all() == 0);
}

static void one_page_brings_its_64k(void)
{
	clear();
	set(want, 37, 1);
	mirage_prefetch(want, mapped, out);
	CHECK(all() == 15);
	CHECK(weight(out, 32, 16) == 15);
	CHECK(weight(out, 37, 1) == 0);
}

static void half_is_not_enough(void)
{
	clear();
	set(want, 0, 16);
	mirage_prefetch(want, mapped, out);
	CHECK(all() == 0);
}

static void more_than_half_is(void)
{
	clear();
	set(mapped, 0, 16);
	set(want, 16, 1);
	mirage_prefetch(want, mapped, out);
	/* 128 KiB are full then, which is half of 256. */
	CHECK(all() == 15);

	set(mapped, 16, 16);
	want[0] = 0;
	set(want, 32, 1);
	mirage_prefetch(want, mapped, out);
	CHECK(all() == 31);
	CHECK(weight(out, 32, 32) == 31);
}

static void a_sequential_reader_needs_few_faults(void)
{
	unsigned int faults = 0, page, w;

	clear();
	for (page = 0; page < 512; page++) {
		if (weight(mapped, page, 1))
			continue;
		memset(want, 0, sizeof(want));
		set(want, page, 1);
		mirage_prefetch(want, mapped, out);
		for (w = 0; w < MIRAGE_LEAVES_WORDS; w++)
			mapped[w] |= want[w] | out[w];
		faults++;
	}
	CHECK(faults <= 8);
	CHECK(weight(mapped, 0, 512) == 512);
}

static void a_sparse_reader_stays_small(void)
{
	unsigned int page;

	clear();
	for (page = 0; page < 512; page += 64)
		set(want, page, 1);
	mirage_prefetch(want, mapped, out);
	CHECK(all() == 8 * 15);
}

static void dense_faults_bring_the_block(void)
{
	unsigned int page;

	clear();
	for (page = 0; page < 512; page += 16)
		set(want, page, 1);
	mirage_prefetch(want, mapped, out);
	CHECK(all() == 512 - 32);
}

static void density_far_away_does_not_count(void)
{
	clear();
	set(mapped, 256, 256);
	set(want, 0, 1);
	mirage_prefetch(want, mapped, out);
	CHECK(weight(out, 0, 16) == 15);
	/* The whole block is filled by more than half: 256 + 16 of 512. */
	CHECK(all() == 255);
	mapped[4] &= ~0xffffull;
	mirage_prefetch(want, mapped, out);
	CHECK(all() == 15);
}

static void never_what_is_there_or_wanted(void)
{
	uint64_t state = 3;
	unsigned int round, w;

	for (round = 0; round < 1000; round++) {
		for (w = 0; w < MIRAGE_LEAVES_WORDS; w++) {
			want[w] = 1ul << (check_random(&state) % 64);
			mapped[w] = (unsigned long)check_random(&state) << 20 &
				    (unsigned long)check_random(&state) << 20;
		}
		mirage_prefetch(want, mapped, out);
		for (w = 0; w < MIRAGE_LEAVES_WORDS; w++)
			CHECK(!(out[w] & (want[w] | mapped[w])));
	}
}

int main(void)
{
	RUN(nothing_wanted);
	RUN(one_page_brings_its_64k);
	RUN(half_is_not_enough);
	RUN(more_than_half_is);
	RUN(a_sequential_reader_needs_few_faults);
	RUN(a_sparse_reader_stays_small);
	RUN(dense_faults_bring_the_block);
	RUN(density_far_away_does_not_count);
	RUN(never_what_is_there_or_wanted);
	return check_done();
}
