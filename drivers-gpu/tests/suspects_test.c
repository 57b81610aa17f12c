// SPDX-License-Identifier: MIT
/* Is a bad access always found out, and a late entry never blamed? */
#include <string.h>

#include "check.h"
#include "mirage_suspects.h"

static struct mirage_suspect suspects[MIRAGE_SUSPECTS];

static bool fails(u64 addr, u32 chan, u64 access_ns, u64 now_ns)
{
	struct mirage_fault fault = { .addr = addr, .chan = chan, .time_ns = access_ns };

	return mirage_suspect_confirm(suspects, &fault, now_ns);
}

static void clear(void)
{
	memset(suspects, 0, sizeof(suspects));
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

static void an_old_suspect_gives_way(void)
{
	u64 later = 60 * 1000000000ull;

	clear();
	CHECK(!fails(0x1000, 1, 100, 200));
	/* Same slot, long after. */
	CHECK(!fails(0x1000 + (u64)MIRAGE_SUSPECTS * 4096, 1, later, later + 1));
	CHECK(fails(0x1000 + (u64)MIRAGE_SUSPECTS * 4096, 1, later + 2, later + 3));
}

int main(void)
{
	RUN(the_second_access_is_proof);
	RUN(a_duplicate_of_the_same_access_is_not);
	RUN(another_channel_or_page_is_not);
	RUN(many_bad_pages_do_not_hide_each_other);
	RUN(an_old_suspect_gives_way);
	return check_done();
}
