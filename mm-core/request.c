// SPDX-License-Identifier: GPL-2.0
/*
 * Asking mm for pages.
 *
 * A round looks, fills, and looks again. A look is a snapshot of hmm_range_fault(): it finds the
 * pages that are present, and faults nothing in. If a requested page is missing, or is not writable
 * although it has to be, mm faults in that page, with the access that it is requested for (fill.c).
 * The second look finds these pages, and others that came along: a huge page, fault-around in a
 * file. Only the last look has to be valid in the end, so the sequence is read anew for each.
 *
 *   CPU has touched the memory:     look                1 walk
 *   first touch:                    look, fill, look    2 walks, and a fault for each page
 *
 * Where memory was missing that is written, and the driver expects more writes behind
 * (&hmm_fault.populate), another fill and another look follow for these pages. It needs a look
 * before: a huge page may have come, and then there is nothing left to fill.
 *
 * Other pages that are not requested are never faulted in, and a page requested for reading is
 * never written to because a neighbour is. hmm_range_fault() with a request flag per page does not
 * allow that: at a missing page table or a huge entry it faults the rest of the range with the
 * union of the flags.
 *
 * One request can take long: each page may need I/O, and above memory.high mm makes the allocating
 * task sleep. So before each page the request checks whether the answer is still wanted.
 *
 * A look leaves pages in the mirror's own device memory where they are. Filling migrates back those
 * of other devices, as a CPU access does, and own ones that have to become writable.
 */
#include <linux/hmm.h>
#include <linux/mm_types.h>
#include <linux/mmap_lock.h>
#include <linux/sched/signal.h>

#include "mirror.h"

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

static unsigned int hmm_request_next(const struct hmm_request *request, unsigned int index)
{
	for (; index < request->limit; index++) {
		index = find_next_bit(request->required, request->limit, index);
		if (index >= request->limit || hmm_request_is_missing(request, index))
			break;
	}
	return index;
}

/* Take a snapshot of all named pages. Pages between them are walked over but not used. */
static int hmm_request_look(struct hmm_request *request)
{
	struct hmm_block *block = request->block;
	struct mm_struct *mm = block->mirror->mm;
	int ret;

	request->seq = mmu_interval_read_begin(&block->notifier);
	ret = mmap_read_lock_killable(mm);
	if (ret)
		return ret;
	ret = hmm_ask(&block->notifier, block->mirror->devmem, request->seq,
		      block->start + ((unsigned long)request->first << PAGE_SHIFT),
		      request->end - request->first, 0, request->pfns + request->first);
	mmap_read_unlock(mm);
	return ret;
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

/* Fault in a page that is missing. Return: an errno only if it ends the request */
static int hmm_request_fill_page(struct hmm_request *request, struct hmm_fill *fill,
				 unsigned int index)
{
	unsigned long addr = request->block->start + ((unsigned long)index << PAGE_SHIFT);
	int ret;

	do {
		ret = hmm_request_is_cancelled(request);
		if (ret)
			return ret;
		ret = hmm_fill_page(fill, addr, test_bit(index, request->fault->write));
	} while (ret == -EAGAIN);
	if (ret == -EINTR)
		return ret;
	if (ret)
		hmm_request_fail(request->fault, index, ret);
	return 0;
}

/* Fault in all missing pages */
static int hmm_request_fill(struct hmm_request *request)
{
	struct hmm_fill fill = { .mm = request->block->mirror->mm };
	unsigned int index = hmm_request_next(request, 0);
	int ret = 0;

	while (!ret && index < request->limit) {
		ret = hmm_request_fill_page(request, &fill, index);
		index = hmm_request_next(request, index + 1);
	}
	hmm_fill_end(&fill);
	return ret;
}

/* Is a page of this mapping written, and could that be served? */
static bool hmm_request_writes(const struct hmm_request *request, const struct vm_area_struct *vma)
{
	unsigned long start = request->block->start;
	unsigned int index = vma->vm_start > start ? (vma->vm_start - start) >> PAGE_SHIFT : 0;
	unsigned int end = min((vma->vm_end - start) >> PAGE_SHIFT, request->limit);

	for_each_set_bit_from(index, request->fault->write, end) {
		if (!test_bit(index, request->fault->failed))
			return true;
	}
	return false;
}

/* The mapping at an address, if pages may be populated there. Context: under mmap_lock */
static struct vm_area_struct *hmm_request_mapping(const struct hmm_request *request,
						  unsigned long addr)
{
	struct vm_area_struct *vma = vma_lookup(request->block->mirror->mm, addr);

	return hmm_vma_check(vma, true) || !hmm_request_writes(request, vma) ? NULL : vma;
}

/* Populate pages ahead, under mmap_lock, until mm refuses one or would wait for it */
static int hmm_request_populate_locked(struct hmm_request *request)
{
	unsigned long need = HMM_PFN_VALID | HMM_PFN_WRITE;
	struct vm_area_struct *vma = NULL;
	unsigned int index;
	int ret;

	for_each_set_bit(index, request->fault->populate, request->limit) {
		unsigned long addr = request->block->start + ((unsigned long)index << PAGE_SHIFT);

		if ((request->pfns[index] & need) == need)
			continue;
		ret = hmm_request_is_cancelled(request);
		if (ret)
			return ret;
		if (!vma || addr >= vma->vm_end)
			vma = hmm_request_mapping(request, addr);
		if (vma && !hmm_fill_ahead(vma, addr))
			break;
	}
	return 0;
}

static int hmm_request_populate(struct hmm_request *request)
{
	struct mm_struct *mm = request->block->mirror->mm;
	int ret;

	if (bitmap_empty(request->fault->populate, request->limit))
		return 0;
	ret = mmap_read_lock_killable(mm);
	if (ret)
		return ret;
	ret = hmm_request_populate_locked(request);
	mmap_read_unlock(mm);
	if (ret)
		return ret;
	return hmm_request_look(request);
}

/* Compute the pages to map if mm has no more to offer; false if there are none */
static bool hmm_request_choose(struct hmm_request *request)
{
	bitmap_or(request->named, request->required, request->fault->prefetch, HMM_BLOCK_PAGES);
	bitmap_or(request->named, request->named, request->fault->populate, HMM_BLOCK_PAGES);
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
	return hmm_request_look(request);
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

/* Fail the pages that mm does not show to devices. Return: -EBUSY if another one is missing */
static int hmm_request_settle(struct hmm_request *request)
{
	unsigned int index = 0;

	while ((index = hmm_request_next(request, index)) < request->limit) {
		if (!(request->pfns[index] & HMM_PFN_ERROR))
			return -EBUSY;
		hmm_request_fail(request->fault, index, -EFAULT);
	}
	return 0;
}

/**
 * hmm_request_pages - one round of questions to mm
 * @request: the request; at least one page is named
 *
 * Context: with a user of the mm held, no locks. Takes mmap_lock; sleeps, allocates, waits for I/O
 * and for userfaultfd, until a fatal signal. Return: 0 with @seq, @pfns and the fault's failed and
 * errors filled in; -EBUSY if an invalidation came in between or a page did not stay (start a new
 * round); -EINTR if the task is killed; -ENODEV if the mirror is being closed; -ESRCH if the
 * process has exited.
 */
int hmm_request_pages(struct hmm_request *request)
{
	int ret;

	hmm_request_begin(request);
	ret = hmm_request_look(request);
	if (!ret && hmm_request_next(request, 0) < request->limit) {
		ret = hmm_request_fill(request);
		if (!ret)
			ret = hmm_request_look(request);
		if (!ret)
			ret = hmm_request_populate(request);
	}
	if (!ret)
		ret = hmm_request_widen(request);
	if (!ret)
		ret = hmm_request_settle(request);
	return ret;
}
