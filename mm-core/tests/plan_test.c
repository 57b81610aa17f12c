// SPDX-License-Identifier: MIT
/*
 * Does hmm_plan find exactly the bad pages, and in how many walks?
 *
 * Like hmm_range_fault(), the mm of this test refuses a walk that touches a bad page.
 */
#include <string.h>

#include "check.h"
#include "plan.h"

#define PAGES 512

struct outcome {
	unsigned int walks;
	bool served[PAGES];
	bool refused[PAGES];
};

static bool any(const bool *set, unsigned int first, unsigned int end)
{
	for (; first < end; first++)
		if (set[first])
			return true;
	return false;
}

/* Walk from @first to @end - 1. Each page must be decided once, in ascending order. */
static struct outcome walk(const bool *bad, unsigned int first, unsigned int end)
{
	struct outcome out = { 0 };
	struct hmm_plan plan;
	unsigned int a, b, decided = first;

	hmm_plan_init(&plan, first, end);
	while (hmm_plan_next(&plan, &a, &b)) {
		bool ok = !any(bad, a, b);

		CHECK(a == decided && a < b && b <= end);
		if (++out.walks > 4 * PAGES)
			break;
		if (!hmm_plan_report(&plan, ok)) {
			CHECK(!ok && b - a > 1);
			continue;
		}
		CHECK(ok || b - a == 1);
		memset((ok ? out.served : out.refused) + a, true, b - a);
		decided = b;
	}
	CHECK(decided == end || first >= end);
	return out;
}

static void check_exact(const bool *bad, const struct outcome *out, unsigned int first,
			unsigned int end)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		bool in = i >= first && i < end;

		CHECK(out->refused[i] == (in && bad[i]));
		CHECK(out->served[i] == (in && !bad[i]));
	}
}

static void test_all_good(void)
{
	bool bad[PAGES] = { false };
	struct outcome out = walk(bad, 0, PAGES);

	check_exact(bad, &out, 0, PAGES);
	CHECK(out.walks == 1);
}

static void test_empty(void)
{
	bool bad[PAGES] = { false };
	struct outcome out = walk(bad, 7, 7);

	CHECK(out.walks == 0);
}

static void test_single_page(void)
{
	bool bad[PAGES] = { [9] = true };
	struct outcome out = walk(bad, 9, 10);

	check_exact(bad, &out, 9, 10);
	CHECK(out.walks == 1);
}

static void test_one_bad_anywhere(void)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		bool bad[PAGES] = { false };
		struct outcome out;

		bad[i] = true;
		out = walk(bad, 0, PAGES);
		check_exact(bad, &out, 0, PAGES);
		CHECK(out.walks <= 22);
	}
}

static void test_all_bad(void)
{
	bool bad[PAGES];
	struct outcome out;

	memset(bad, true, sizeof(bad));
	out = walk(bad, 0, PAGES);
	check_exact(bad, &out, 0, PAGES);
	CHECK(out.walks <= PAGES + 10);
}

/* A hole in the middle costs its size and little more, wherever it begins and ends */
static void test_holes(void)
{
	unsigned int first, end;

	for (first = 0; first < PAGES; first += 37) {
		for (end = first + 1; end <= PAGES; end += 41) {
			bool bad[PAGES] = { false };
			struct outcome out;

			memset(bad + first, true, end - first);
			out = walk(bad, 0, PAGES);
			check_exact(bad, &out, 0, PAGES);
			CHECK(out.walks <= end - first + 40);
		}
	}
}

static void test_part_of_block(void)
{
	bool bad[PAGES] = { [0] = true, [99] = true, [100] = true, [203] = true, [300] = true };
	struct outcome out = walk(bad, 100, 300);

	check_exact(bad, &out, 100, 300);
}

/* Fixed seed: every run sees the same 2000 patterns */
static void test_random(void)
{
	unsigned int state = 1, round, i;

	for (round = 0; round < 2000; round++) {
		bool bad[PAGES];
		struct outcome out;

		for (i = 0; i < PAGES; i++) {
			state = state * 1664525 + 1013904223;
			bad[i] = (state >> 24) < round % 256;
		}
		out = walk(bad, 0, PAGES);
		check_exact(bad, &out, 0, PAGES);
		CHECK(out.walks <= 3 * PAGES);
	}
}

int main(void)
{
	test_all_good();
	test_empty();
	test_single_page();
	test_one_bad_anywhere();
	test_all_bad();
	test_holes();
	test_part_of_block();
	test_random();
	return check_failures != 0;
}
