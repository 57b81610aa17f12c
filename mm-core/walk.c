// SPDX-License-Identifier: GPL-2.0
/*
 * Asking mm for pages.
 *
 * hmm_range_fault() with a request flag per page looks like the right interface for a device's
 * fault, but is not: at a missing page table or a huge entry it faults the rest of the range with
 * the union of the flags. So a page requested for reading would be written to because a neighbour
 * is, and pages not requested would be populated. Therefore requests are made only for runs of
 * pages that all need the same access. A snapshot first finds pages that are present already;
 * another one afterwards finds pages that a fault has brought in as well (a huge page, fault-around
 * in a file).
 *
 *   CPU has touched the memory:     snapshot                    1 walk
 *   first touch, one run:           fault                       1 walk
 *   with prefetch around it:        snapshot, fault, snapshot   3 walks, of which two are short
 *
 * -EFAULT of hmm_range_fault() may mean: no mapping, no permission to read, SIGBUS, poison, a guard
 * region, userfaultfd; before Linux 7.3 also out of memory. These cannot be distinguished here.
 *
 * One request can take long: each page may need I/O, and above memory.high mm makes the allocating
 * task sleep. So no request asks mm to fault in more than HMM_WALK_MOST pages, and between two
 * requests the walk checks whether the answer is still wanted.
 *
 * hmm_range_fault() migrates device-private pages of another driver back, as for a CPU access.
 * There is no owner for device memory of our own yet.
 */
#include <linux/hmm.h>
#include <linux/mm_types.h>
#include <linux/sched/signal.h>

#include "mirror.h"
#include "plan.h"

/*
 * Most pages to fault in per request; as many as mm charges to a cgroup at once
 * (MEMCG_CHARGE_BATCH)
 */
#define HMM_WALK_MOST	64u

/**
 * hmm_walk_fail - record that a page cannot be served
 * @fault: the fault
 * @index: the page
 * @error: reason, a negative errno
 *
 * &hmm_fault.error is the error of the first such page.
 */
void hmm_walk_fail(struct hmm_fault *fault, unsigned int index, int error)
{
	if (find_first_bit(fault->failed, HMM_BLOCK_PAGES) >= index)
		fault->error = error;
	__set_bit(index, fault->failed);
}

/* Must the page be served, and is mm's last answer insufficient? */
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

/* Take a snapshot of all named pages. Pages between them are walked over but not used. */
static int hmm_walk_look(struct hmm_walk *walk)
{
	return hmm_walk_range(walk, walk->first, walk->end, 0);
}

/* 0, or an errno if the answer is not wanted any more */
static int hmm_walk_is_over(const struct hmm_walk *walk)
{
	const struct hmm_mirror *mirror = walk->block->mirror;

	if (fatal_signal_pending(current))
		return -EINTR;
	if (hmm_mirror_is_closing(mirror))
		return -ENODEV;
	/*
	 * If this call is the last user, the process has exited, and its memory is freed when the
	 * call ends
	 */
	return atomic_read(&mirror->mm->mm_users) == 1 ? -ESRCH : 0;
}

/* Fault in pages @first to @end - 1, which all need the same access */
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

/* End of the run of wanting pages from @index with the same access, at most HMM_WALK_MOST pages */
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

/* Compute the pages to map if mm has no more to offer; false if there are none */
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
 * If mm maps the block with a single entry (THP, hugetlbfs), the device gets all of it: mm reads
 * one entry instead of 512, the device can use a 2 MiB leaf, and nothing in it faults again. An
 * invalidation of such an entry names the whole block anyway.
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
 * hmm_walk_init - set up the state that all rounds share
 * @walk: with @fault, @limit and @pfns set
 *
 * Return: false if none of the named pages is within the mm's address space.
 */
bool hmm_walk_init(struct hmm_walk *walk)
{
	bitmap_or(walk->required, walk->fault->read, walk->fault->write, HMM_BLOCK_PAGES);
	return hmm_walk_name(walk);
}

/**
 * hmm_walk_pages - one round of questions to mm
 * @walk: the walk, with a fresh @seq; at least one page is named
 *
 * Context: under mmap_lock for reading. Sleeps, allocates, waits for I/O.
 * Return: 0 with @pfns and the fault's failed and error filled in; -EBUSY if an invalidation came
 * in between or a page did not stay (start a new round); -EINTR if the task is killed; -ENODEV if
 * the mirror is being closed; -ESRCH if the process has exited.
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

	/* There are no answers yet: every requested page is wanting */
	memset(walk->pfns + walk->first, 0, (walk->end - walk->first) * sizeof(*walk->pfns));
	index = hmm_walk_next(walk, 0);
	end = index < walk->limit ? hmm_walk_stretch(walk, index) : index;

	/* For a single run and no other named pages, the request itself finds present pages */
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

	/* All pages were there a moment ago, so one has been taken away again */
	return hmm_walk_next(walk, 0) < walk->limit ? -EBUSY : 0;
}
