// SPDX-License-Identifier: GPL-2.0
/*
 * Asking mm for pages.
 *
 * hmm_range_fault() with a request flag per page sounds like what a fault of a device needs, and
 * is not: where mm has no page table, or a huge entry, it faults the rest of the range
 * for the union of the flags. A page named for reading would then be written to because
 * a neighbour is, pages not named would be populated. So nothing is requested here
 * except for stretches of pages that all need the same. What is there already is found by looking
 * first; what came along with a fault (a huge page, pages around it in a file) by
 * looking again.
 *
 *   CPU has touched the memory:     look                        1 walk
 *   first touch, one stretch:       fault                       1 walk
 *   with prefetch around it:        look, fault, look           3 walks, of which two are short
 *
 * -EFAULT of hmm_range_fault() means any of: no mapping, no permission to read, SIGBUS, poison,
 * a guard region, userfaultfd; before Linux 7.3 out of memory, too. They cannot be told apart here.
 *
 * One question can take long: each page may need I/O, and above memory.high mm makes whoever allocates sleep. So
 * none asks mm to fault in more than HMM_WALK_MOST pages, and between two of them it is looked whether somebody still
 * wants the answer.
 *
 * Device-private pages of another driver are migrated back by hmm_range_fault(), as for a CPU
 * access. The owner of our own device memory is none yet.
 */
#include <linux/hmm.h>
#include <linux/mm_types.h>
#include <linux/sched/signal.h>

#include "mirror.h"
#include "plan.h"

/* Pages to fault in by one question; as many as mm charges a cgroup for at once (MEMCG_CHARGE_BATCH) */
#define HMM_WALK_MOST	64u

/**
 * hmm_walk_fail - note that a page cannot be served
 * @fault: the fault
 * @index: the page
 * @error: why, a negative errno
 *
 * &hmm_fault.error is that of the first such page.
 */
void hmm_walk_fail(struct hmm_fault *fault, unsigned int index, int error)
{
	if (find_first_bit(fault->failed, HMM_BLOCK_PAGES) >= index)
		fault->error = error;
	__set_bit(index, fault->failed);
}

/* The page must be served, and what mm said last is not enough for it */
static bool hmm_walk_wanting(const struct hmm_walk *walk, unsigned int index)
{
	unsigned long need = HMM_PFN_VALID;

	if (!test_bit(index, walk->required) || test_bit(index, walk->fault->failed))
		return false;
	if (test_bit(index, walk->fault->write))
		need |= HMM_PFN_WRITE;
	return (walk->pfns[index] & need) != need;
}

static int hmm_walk_range(struct hmm_walk *walk, unsigned int first, unsigned int end,
			  unsigned long flags)
{
	struct hmm_block *block = walk->block;

	return hmm_ask(&block->notifier, walk->seq,
		       block->start + ((unsigned long)first << PAGE_SHIFT), end - first, flags,
		       walk->pfns + first);
}

/* See what mm has of all named pages. Pages between them are walked over and not used. */
static int hmm_walk_look(struct hmm_walk *walk)
{
	return hmm_walk_range(walk, walk->first, walk->end, 0);
}

/* 0, or why nobody wants the pages any more */
static int hmm_walk_is_over(const struct hmm_walk *walk)
{
	const struct hmm_mirror *mirror = walk->block->mirror;

	if (fatal_signal_pending(current))
		return -EINTR;
	if (hmm_mirror_is_closing(mirror))
		return -ENODEV;
	/* The last user is this call: the process has gone, and gets its memory freed when the call ends */
	return atomic_read(&mirror->mm->mm_users) == 1 ? -ESRCH : 0;
}

/* Fault pages @first to @end - 1 in, which all need the same */
static int hmm_walk_demand(struct hmm_walk *walk, unsigned int first, unsigned int end)
{
	unsigned long flags = HMM_PFN_REQ_FAULT;
	struct hmm_plan plan;
	unsigned int a, b;
	int ret;

	if (test_bit(first, walk->fault->write))
		flags |= HMM_PFN_REQ_WRITE;

	hmm_plan_init(&plan, first, end);
	while (hmm_plan_next(&plan, &a, &b)) {
		ret = hmm_walk_is_over(walk);
		if (ret)
			return ret;

		ret = hmm_walk_range(walk, a, b, flags);
		if (ret == -EBUSY)
			return ret;
		if (hmm_plan_report(&plan, !ret) && ret) {
			walk->pfns[a] = 0;
			hmm_walk_fail(walk->fault, a, ret);
		}
	}
	return 0;
}

/* Behind the stretch of wanting pages that begins with @index and needs one thing, HMM_WALK_MOST of them at most */
static unsigned int hmm_walk_stretch(const struct hmm_walk *walk, unsigned int index)
{
	bool write = test_bit(index, walk->fault->write);
	unsigned int limit = min(index + HMM_WALK_MOST, walk->limit);
	unsigned int end = index + 1;

	while (end < limit && hmm_walk_wanting(walk, end) &&
	       test_bit(end, walk->fault->write) == write)
		end++;
	return end;
}

static unsigned int hmm_walk_next(const struct hmm_walk *walk, unsigned int index)
{
	do {
		index = find_next_bit(walk->required, walk->limit, index);
		if (index >= walk->limit || hmm_walk_wanting(walk, index))
			return index;
	} while (++index < walk->limit);
	return index;
}

/* What the device gets in a round if mm has no more to give; false if that is nothing */
static bool hmm_walk_name(struct hmm_walk *walk)
{
	bitmap_or(walk->named, walk->required, walk->fault->prefetch, HMM_BLOCK_PAGES);
	bitmap_clear(walk->named, walk->limit, HMM_BLOCK_PAGES - walk->limit);
	if (bitmap_empty(walk->named, HMM_BLOCK_PAGES))
		return false;

	walk->first = find_first_bit(walk->named, HMM_BLOCK_PAGES);
	walk->end = find_last_bit(walk->named, HMM_BLOCK_PAGES) + 1;
	return true;
}

/*
 * Where mm has the block in one entry of its own (THP, hugetlbfs), the device gets it whole: mm
 * looks at one entry and not at 512, the device can use a 2 MiB leaf, and nothing in it faults
 * again. An invalidation of such an entry names all of it anyway.
 */
static int hmm_walk_widen(struct hmm_walk *walk)
{
	unsigned int index = find_first_bit(walk->required, walk->limit);

	if (index >= walk->limit || walk->limit < HMM_BLOCK_PAGES ||
	    !(walk->pfns[index] & HMM_PFN_VALID) ||
	    hmm_pfn_to_map_order(walk->pfns[index]) < HMM_BLOCK_SHIFT - PAGE_SHIFT)
		return 0;

	bitmap_fill(walk->named, HMM_BLOCK_PAGES);
	walk->first = 0;
	walk->end = HMM_BLOCK_PAGES;
	return hmm_walk_look(walk);
}

/**
 * hmm_walk_init - what stays the same from round to round
 * @walk: with @fault, @limit and @pfns set
 *
 * Return: false if no page is named that the mm can have.
 */
bool hmm_walk_init(struct hmm_walk *walk)
{
	bitmap_or(walk->required, walk->fault->read, walk->fault->write, HMM_BLOCK_PAGES);
	return hmm_walk_name(walk);
}

/**
 * hmm_walk_pages - one round of asking mm
 * @walk: the round, @seq fresh; at least one page is named
 *
 * Context: under mmap_lock for reading. Sleeps, allocates, waits for I/O.
 * Return: 0 with @pfns and the fault's failed and error filled in; -EBUSY if an invalidation
 * came between or a page did not stay (begin a new round); -EINTR if the task is killed; -ENODEV if the mirror is
 * being closed; -ESRCH if the process has gone.
 */
int hmm_walk_pages(struct hmm_walk *walk)
{
	struct hmm_fault *fault = walk->fault;
	bool prefetch = !bitmap_empty(fault->prefetch, HMM_BLOCK_PAGES);
	unsigned int index, end;
	bool demanded = false;
	int ret;

	hmm_walk_name(walk);
	bitmap_zero(fault->failed, HMM_BLOCK_PAGES);
	fault->error = 0;
	index = walk->limit;
	for_each_set_bit_from(index, walk->required, HMM_BLOCK_PAGES)
		hmm_walk_fail(fault, index, -EFAULT);

	/* Nothing is known yet: every page asked for is wanting */
	memset(walk->pfns + walk->first, 0, (walk->end - walk->first) * sizeof(*walk->pfns));
	index = hmm_walk_next(walk, 0);
	end = index < walk->limit ? hmm_walk_stretch(walk, index) : index;

	/* A single stretch and nothing else named: the demand itself finds what is there */
	if (prefetch || hmm_walk_next(walk, end) < walk->limit) {
		ret = hmm_walk_look(walk);
		if (ret)
			return ret;
	}

	for (index = hmm_walk_next(walk, 0); index < walk->limit;
	     index = hmm_walk_next(walk, end)) {
		end = hmm_walk_stretch(walk, index);
		ret = hmm_walk_demand(walk, index, end);
		if (ret)
			return ret;
		demanded = true;
	}

	if (demanded && prefetch) {
		ret = hmm_walk_look(walk);
		if (ret)
			return ret;
	}

	ret = hmm_walk_widen(walk);
	if (ret)
		return ret;

	/* All was there a moment ago: it has been taken away again */
	return hmm_walk_next(walk, 0) < walk->limit ? -EBUSY : 0;
}
