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
 * task sleep. So no single question asks mm to fault in more than HMM_REQUEST_MAX_PAGES
 * pages, and between two of them the request checks whether the answer is still wanted.
 *
 * hmm_range_fault() leaves pages in the mirror's own device memory where they are. It migrates those
 * of other devices back, as for a CPU access.
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
#define HMM_REQUEST_MAX_PAGES	64u

/**
 * hmm_request_fail - record that a page cannot be served
 * @fault: the fault
 * @index: the page
 * @error: reason, a negative errno
 *
 * &hmm_fault.error is the error of the first such page.
 */
void hmm_request_fail(struct hmm_fault *fault, unsigned int index, int error)
{
	/* All errnos that user space knows fit */
	if (WARN_ON_ONCE(error < -U8_MAX))
		error = -EIO;
	fault->errors[index] = -error;
	if (find_first_bit(fault->failed, HMM_BLOCK_PAGES) >= index)
		fault->error = error;
	__set_bit(index, fault->failed);
}

/* Must the page be served, and is mm's last answer insufficient? */
static bool hmm_request_is_missing(const struct hmm_request *request, unsigned int index)
{
	unsigned long need = HMM_PFN_VALID;

	if (!test_bit(index, request->required) || test_bit(index, request->fault->failed))
		return false;
	if (test_bit(index, request->fault->write))
		need |= HMM_PFN_WRITE;
	return (request->pfns[index] & need) != need;
}

static int hmm_request_range(struct hmm_request *request, struct hmm_devmem *owner,
			     unsigned int first, unsigned int end, unsigned long flags)
{
	struct hmm_block *block = request->block;

	return hmm_ask(&block->notifier, owner, request->seq,
		       block->start + ((unsigned long)first << PAGE_SHIFT), end - first, flags,
		       request->pfns + first);
}

/* Take a snapshot of all named pages. Pages between them are walked over but not used. */
static int hmm_request_snapshot(struct hmm_request *request)
{
	return hmm_request_range(request, request->block->mirror->devmem, request->first,
				 request->end, 0);
}

/* 0, or an errno if the answer is not wanted any more */
static int hmm_request_is_cancelled(const struct hmm_request *request)
{
	const struct hmm_mirror *mirror = request->block->mirror;

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

/*
 * Fault in pages @first to @end - 1. mm lets a page in the device's memory pass as writable even if
 * it is not (after fork() or mprotect()): then the owner is not named, and mm brings the page home
 * and makes it writable there.
 */
static int hmm_request_access(struct hmm_request *request, unsigned int first, unsigned int end,
			      unsigned long flags)
{
	struct hmm_devmem *devmem = request->block->mirror->devmem;
	unsigned int i;
	int ret;

	ret = hmm_request_range(request, devmem, first, end, flags);
	if (ret || !devmem || !(flags & HMM_PFN_REQ_WRITE))
		return ret;
	for (i = first; i < end; i++) {
		if (!(request->pfns[i] & HMM_PFN_WRITE))
			return hmm_request_range(request, NULL, first, end, flags);
	}
	return 0;
}

/* Fault in pages @first to @end - 1, which all need the same access */
static int hmm_request_fault(struct hmm_request *request, unsigned int first, unsigned int end)
{
	unsigned long flags = HMM_PFN_REQ_FAULT;
	struct hmm_plan plan;
	unsigned int a, b;
	int ret;

	if (test_bit(first, request->fault->write))
		flags |= HMM_PFN_REQ_WRITE;

	hmm_plan_init(&plan, first, end);
	while (hmm_plan_next(&plan, &a, &b)) {
		ret = hmm_request_is_cancelled(request);
		if (ret)
			return ret;

		ret = hmm_request_access(request, a, b, flags);
		if (ret == -EBUSY)
			return ret;
		if (hmm_plan_report(&plan, !ret) && ret) {
			request->pfns[a] = 0;
			hmm_request_fail(request->fault, a, ret);
		}
	}
	return 0;
}

/* End of the run of missing pages from @index, same access; at most HMM_REQUEST_MAX_PAGES */
static unsigned int hmm_request_run_end(const struct hmm_request *request, unsigned int index)
{
	bool write = test_bit(index, request->fault->write);
	unsigned int limit = min(index + HMM_REQUEST_MAX_PAGES, request->limit);
	unsigned int end = index + 1;

	while (end < limit && hmm_request_is_missing(request, end) &&
	       test_bit(end, request->fault->write) == write)
		end++;
	return end;
}

static unsigned int hmm_request_next(const struct hmm_request *request, unsigned int index)
{
	do {
		index = find_next_bit(request->required, request->limit, index);
		if (index >= request->limit || hmm_request_is_missing(request, index))
			return index;
	} while (++index < request->limit);
	return index;
}

/* Compute the pages to map if mm has no more to offer; false if there are none */
static bool hmm_request_choose(struct hmm_request *request)
{
	bitmap_or(request->named, request->required, request->fault->prefetch, HMM_BLOCK_PAGES);
	bitmap_clear(request->named, request->limit, HMM_BLOCK_PAGES - request->limit);
	if (bitmap_empty(request->named, HMM_BLOCK_PAGES))
		return false;

	request->first = find_first_bit(request->named, HMM_BLOCK_PAGES);
	request->end = find_last_bit(request->named, HMM_BLOCK_PAGES) + 1;
	return true;
}

/*
 * If mm maps the block with a single entry (THP, hugetlbfs), the device gets all of it: mm reads
 * one entry instead of 512, the device can use a 2 MiB leaf, and nothing in it faults again. An
 * invalidation of such an entry names the whole block anyway.
 */
static int hmm_request_widen(struct hmm_request *request)
{
	unsigned int index = find_first_bit(request->required, request->limit);

	if (index >= request->limit || request->limit < HMM_BLOCK_PAGES ||
	    !(request->pfns[index] & HMM_PFN_VALID) ||
	    hmm_pfn_to_map_order(request->pfns[index]) < HMM_BLOCK_SHIFT - PAGE_SHIFT)
		return 0;

	bitmap_fill(request->named, HMM_BLOCK_PAGES);
	request->first = 0;
	request->end = HMM_BLOCK_PAGES;
	return hmm_request_snapshot(request);
}

/**
 * hmm_request_init - set up the state that all rounds share
 * @request: with @fault, @limit and @pfns set
 *
 * Return: false if none of the named pages is within the mm's address space.
 */
bool hmm_request_init(struct hmm_request *request)
{
	bitmap_or(request->required, request->fault->read, request->fault->write, HMM_BLOCK_PAGES);
	return hmm_request_choose(request);
}

/* Forget the answers of the last round, and fail the pages beyond the address space */
static void hmm_request_begin(struct hmm_request *request)
{
	struct hmm_fault *fault = request->fault;
	unsigned int index = request->limit;

	hmm_request_choose(request);
	bitmap_zero(fault->failed, HMM_BLOCK_PAGES);
	fault->error = 0;
	for_each_set_bit_from(index, request->required, HMM_BLOCK_PAGES)
		hmm_request_fail(fault, index, -EFAULT);

	/* There are no answers yet: every requested page is missing */
	memset(request->pfns + request->first, 0,
	       (request->end - request->first) * sizeof(*request->pfns));
}

/* Are the missing pages more than one run? A single run's fault itself finds present pages. */
static bool hmm_request_has_runs(const struct hmm_request *request)
{
	unsigned int index = hmm_request_next(request, 0);

	if (index >= request->limit)
		return false;
	return hmm_request_next(request, hmm_request_run_end(request, index)) < request->limit;
}

/* Fault in all missing pages. Return: number of runs faulted, or a negative errno */
static int hmm_request_fault_missing(struct hmm_request *request)
{
	unsigned int index, end;
	int runs = 0;
	int ret;

	for (index = hmm_request_next(request, 0); index < request->limit;
	     index = hmm_request_next(request, end)) {
		end = hmm_request_run_end(request, index);
		ret = hmm_request_fault(request, index, end);
		if (ret)
			return ret;
		runs++;
	}
	return runs;
}

/**
 * hmm_request_pages - one round of questions to mm
 * @request: the request, with a fresh @seq; at least one page is named
 *
 * Context: under mmap_lock for reading. Sleeps, allocates, waits for I/O.
 * Return: 0 with @pfns and the fault's failed and error filled in; -EBUSY if an invalidation came
 * in between or a page did not stay (start a new round); -EINTR if the task is killed; -ENODEV if
 * the mirror is being closed; -ESRCH if the process has exited.
 */
int hmm_request_pages(struct hmm_request *request)
{
	bool prefetch = !bitmap_empty(request->fault->prefetch, HMM_BLOCK_PAGES);
	int runs, ret;

	hmm_request_begin(request);
	if (prefetch || hmm_request_has_runs(request)) {
		ret = hmm_request_snapshot(request);
		if (ret)
			return ret;
	}

	runs = hmm_request_fault_missing(request);
	if (runs < 0)
		return runs;

	if (runs && prefetch) {
		ret = hmm_request_snapshot(request);
		if (ret)
			return ret;
	}

	ret = hmm_request_widen(request);
	if (ret)
		return ret;

	/* All pages were there a moment ago, so one has been taken away again */
	return hmm_request_next(request, 0) < request->limit ? -EBUSY : 0;
}
