// SPDX-License-Identifier: MIT
/* Is a bad access always found out, and a late entry never blamed? */
#include <string.h>

#include "check.h"
#include "svm/stale_filter.h"

static struct mirage_stale_slot slots[MIRAGE_STALE_SLOTS];

static bool fails(u64 addr, u32 chan, u64 access_ns, u64 now_ns)
{
	struct mirage_fault fault = { .addr = addr, .chan = chan, .time_ns = access_ns };

	return mirage_stale_filter_confirm(slots, &fault, now_ns);
}

static void clear(void)
{
	memset(slots, 0, sizeof(slots));
}

static void the_second_access_is_proof(void)
{
	clear();
	CHECK(!fails(0x1000, 1, 100, 200));
	CHECK(fails(0x1fff, 1, 201, 300));
}

static void a_duplicate_of_the_same_access_is_not(void)
{
	clear();
	CHECK(!fails(0x1000, 1, 100, 200));
	CHECK(!fails(0x1000, 1, 100, 300));
	CHECK(!fails(0x1000, 1, 200, 400));
	CHECK(fails(0x1000, 1, 201, 500));
}

static void another_channel_or_page_is_not(void)
{
	clear();
	CHECK(!fails(0x1000, 1, 100, 200));
	CHECK(!fails(0x1000, 2, 300, 400));
	CHECK(!fails(0x2000, 1, 300, 400));
}

static void many_bad_pages_do_not_hide_each_other(void)
{
	unsigned int pages = 1000, page, round, proofs = 0;

	/* A whole grid of bad accesses, which all fail again after each replay. */
	clear();
	for (round = 0; round < 2; round++) {
		for (page = 0; page < pages; page++)
			proofs += fails((u64)page << 12, 5, 1000 * (round + 1), 1000 * (round + 1) + page + 1);
		CHECK(round || !proofs);
		CHECK(!round || proofs);
	}
}

static void an_old_slot_is_reused(void)
{
	u64 later = 60 * 1000000000ull;

	clear();
	CHECK(!fails(0x1000, 1, 100, 200));
	/* Same slot, long after. */
	CHECK(!fails(0x1000 + (u64)MIRAGE_STALE_SLOTS * 4096, 1, later, later + 1));
	CHECK(fails(0x1000 + (u64)MIRAGE_STALE_SLOTS * 4096, 1, later + 2, later + 3));
}

static void served(u64 addr, u32 chan, unsigned int access)
{
	struct mirage_fault fault = { .addr = addr, .chan = chan, .access = access };

	mirage_stale_filter_clear(slots, &fault);
}

/* A queue lives long: a late entry today and one tomorrow, of memory mapped in between. */
static void late_entries_far_apart_are_no_proof(void)
{
	u64 tomorrow = 86400 * 1000000000ull;

	clear();
	CHECK(!fails(0x1000, 1, 100, 200));
	CHECK(!fails(0x1000, 1, tomorrow, tomorrow + 100));
	CHECK(fails(0x1000, 1, tomorrow + 101, tomorrow + 200));
}

static void a_served_page_clears_its_slot(void)
{
	clear();
	CHECK(!fails(0x1000, 1, 100, 200));
	served(0x1000, 2, MIRAGE_ACCESS_READ);
	served(0x2000, 1, MIRAGE_ACCESS_READ);
	CHECK(fails(0x1000, 1, 201, 250));
	served(0x1000, 1, MIRAGE_ACCESS_READ);
	CHECK(!fails(0x1000, 1, 300, 400));
}

/* Others read the page that must not be written, again and again. */
static void a_read_does_not_clear_a_write(void)
{
	struct mirage_fault bad = { .addr = 0x1000, .chan = 1, .access = MIRAGE_ACCESS_WRITE };

	clear();
	bad.time_ns = 100;
	CHECK(!mirage_stale_filter_confirm(slots, &bad, 200));
	served(0x1000, 1, MIRAGE_ACCESS_READ);
	bad.time_ns = 201;
	CHECK(mirage_stale_filter_confirm(slots, &bad, 300));
	served(0x1000, 1, MIRAGE_ACCESS_WRITE);
	bad.time_ns = 301;
	CHECK(!mirage_stale_filter_confirm(slots, &bad, 400));
}

static void a_proof_frees_the_slot(void)
{
	u64 same_slot = 0x1000 + (u64)MIRAGE_STALE_SLOTS * 4096;

	clear();
	CHECK(!fails(0x1000, 1, 100, 200));
	CHECK(!fails(same_slot, 1, 100, 200));
	CHECK(fails(0x1000, 1, 201, 300));
	CHECK(!fails(same_slot, 1, 201, 300));
	CHECK(fails(same_slot, 1, 301, 400));
}

int main(void)
{
	RUN(the_second_access_is_proof);
	RUN(a_duplicate_of_the_same_access_is_not);
	RUN(another_channel_or_page_is_not);
	RUN(many_bad_pages_do_not_hide_each_other);
	RUN(an_old_slot_is_reused);
	RUN(late_entries_far_apart_are_no_proof);
	RUN(a_served_page_clears_its_slot);
	RUN(a_read_does_not_clear_a_write);
	RUN(a_proof_frees_the_slot);
	return check_done();
}
