// SPDX-License-Identifier: GPL-2.0
/*
 * Fault service.
 *
 * It follows the collision-retry scheme of mmu_interval_notifier: read the sequence, ask mm
 * under mmap_lock alone (request.c), then take the block's lock and use the answer only if no
 * invalidation came in between. Nothing is pinned: once the lock is dropped, only the notifier
 * revokes the device's access.
 *
 * Two faults of one block run in parallel until they take its lock; the second one finds the first
 * one's pages mapped and maps the rest. Faults of different blocks share only mmap_lock, for
 * reading.
 *
 * If mm allows writing to a page, it is mapped writable even if only a read was requested: that
 * costs mm nothing, and saves a later write fault. But mm is never asked for write access in that
 * case.
 *
 * Faults are usually served by a worker, not by the process. mm still charges anonymous memory to
 * the process's cgroup. But it charges page tables and page cache to the cgroup of the allocating
 * task; and above memory.high it reclaims from that task's cgroup and throttles that task. So while
 * the task is in mm, it is charged as the process (active_memcg). mm may then make it sleep for up
 * to 2 s per 512 KiB. That throttles the process, since its device waits. Closing the mirror waits
 * for one or two such sleeps, and so does freeing the memory of a process that is killed meanwhile
 * (hmm_request_is_cancelled()).
 *
 * A fault waits like an access of the process itself: for I/O and for userfaultfd, as long as that
 * takes, without mmap_lock, until a fatal signal. hmm_mirror_close() does not wait that long. It
 * sends SIGKILL to kernel threads that are in a call, which get no other signals, and the call
 * takes the signal back at its end. A process that calls is only woken, which ends a wait for
 * userfaultfd, and not one for I/O. Closing also has to wait where a fatal signal does not end I/O,
 * as the exit of a process does: a FUSE server has read a request, and the file system waits for
 * the answer itself.
 *
 * Rejected: waiting in a worker of its own, which the call leaves behind when the mirror closes. It
 * would pin the mm and a thread for as long as a silent server likes, once for each mirror that its
 * owner opens and closes. Rejected too: not counting the wait in hmm_mirror.users. Then the block,
 * with the driver's part of it, would outlive the close.
 *
 * Rejected: mapping for DMA before the lock is taken, to hold it for less time. Pages would have to
 * be unmapped again at each collision, and in between there would be DMA mappings of pages that may
 * have been freed.
 */
#include <linux/dma-mapping.h>
#include <linux/hmm.h>
#include <linux/ktime.h>
#include <linux/pci-p2pdma.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "devmem.h"
#include "mirror.h"
#include "runs.h"
#include "trace.h"

/**
 * struct hmm_call - one call of hmm_mirror_fault()
 *
 * Used by one task; no lock, but for @link.
 */
struct hmm_call {
	/** @link: in &struct hmm_mirror.calls, under its lock */
	struct list_head link;
	/** @task: task that makes the call */
	struct task_struct *task;
	/** @request: the questions to mm */
	struct hmm_request request;
	/** @runs: runs for the driver's map() */
	struct hmm_runs runs;
	/** @pfns: mm's answers */
	unsigned long pfns[HMM_BLOCK_PAGES];
	/** @added: pages mapped for DMA in this round */
	DECLARE_BITMAP(added, HMM_BLOCK_PAGES);
	/** @touched: extent that the last page in device memory was in, or NULL */
	struct hmm_extent *touched;
};

/* 16 KiB each: too large for a stack, and used too often for the page allocator */
static struct kmem_cache *hmm_call_cache;

/*
 * An object with a constructor is not cleared at each allocation (init_on_alloc), which would take
 * longer than a fault. So a call must initialise the fields that it uses.
 */
static void hmm_call_construct(void *object)
{
	struct hmm_call *call = object;

	hmm_runs_init(&call->runs);
}

/* Does the device lack the page, or a permission that mm now has? */
static bool hmm_call_lacks(const struct hmm_block *block, unsigned int index, unsigned long pfn)
{
	if (!test_bit(index, block->mapped))
		return true;
	return (pfn & HMM_PFN_WRITE) && !test_bit(index, block->writable);
}

static void hmm_call_refuse(struct hmm_call *call, unsigned int index, int error)
{
	if (test_bit(index, call->request.required))
		hmm_request_fail(call->request.fault, index, error);
}

/* The page is in use: mm frees it only after an invalidation, which takes the block's lock */
static void hmm_call_touch(struct hmm_call *call, struct page *page)
{
	struct hmm_extent *extent = hmm_page_extent(page);

	if (extent == call->touched)
		return;
	call->touched = extent;
	hmm_extent_touch(extent);
}

/* Map one page for DMA and add it to the runs */
static void hmm_call_add(struct hmm_call *call, unsigned int index,
			 struct pci_p2pdma_map_state *p2p)
{
	struct hmm_block *block = call->request.block;
	unsigned long pfn = call->pfns[index];
	bool mapped = test_bit(index, block->mapped);
	dma_addr_t addr;
	int ret;

	/* mm changes a page only with an invalidation, and gives no valid answer during one */
	if (WARN_ON_ONCE((mapped && ((block->dma.pfn_list[index] ^ pfn) & ~HMM_PFN_FLAGS)) ||
			 test_bit(index, block->pending.pages))) {
		hmm_call_refuse(call, index, -EIO);
		return;
	}

	ret = hmm_pages_link(block->mirror->dev, &block->dma, index, pfn, p2p, &addr);
	if (ret) {
		hmm_call_refuse(call, index, ret);
		return;
	}
	if (!mapped)
		__set_bit(index, call->added);
	if (hmm_pfn_location(pfn) == HMM_LOCATION_DEVICE)
		hmm_call_touch(call, hmm_pfn_to_page(pfn));
	hmm_runs_add(&call->runs, index, addr, pfn & HMM_PFN_WRITE, hmm_pfn_location(pfn));
}

/* Undo the DMA mappings of this round after a failed sync */
static void hmm_call_drop(struct hmm_call *call, int error)
{
	unsigned int i, index;

	for (i = 0; i < call->runs.nr; i++) {
		struct hmm_run *run = &call->runs.run[i];

		for (index = run->index; index < run->index + run->npages; index++)
			hmm_call_refuse(call, index, error);
	}
	hmm_block_release_pages(call->request.block, call->added);
	hmm_runs_init(&call->runs);
}

/* Map the named pages, as far as mm has them, for the device */
static void hmm_call_give(struct hmm_call *call)
{
	struct hmm_block *block = call->request.block;
	struct hmm_mirror *mirror = block->mirror;
	struct hmm_fault *fault = call->request.fault;
	struct pci_p2pdma_map_state p2p = {};
	unsigned int i, first;
	u64 t0, t1;
	int ret = 0;

	lockdep_assert_held(&block->lock);

	t0 = ktime_get_ns();
	hmm_runs_init(&call->runs);
	bitmap_zero(call->added, HMM_BLOCK_PAGES);
	call->touched = NULL;
	for_each_set_bit(i, call->request.named, HMM_BLOCK_PAGES) {
		if ((call->pfns[i] & HMM_PFN_VALID) && hmm_call_lacks(block, i, call->pfns[i]))
			hmm_call_add(call, i, &p2p);
	}

	first = find_first_bit(call->added, HMM_BLOCK_PAGES);
	if (first < HMM_BLOCK_PAGES)
		ret = hmm_pages_sync(mirror->dev, &block->dma, first,
				     find_last_bit(call->added, HMM_BLOCK_PAGES) + 1);
	if (ret)
		hmm_call_drop(call, ret);
	t1 = ktime_get_ns();
	fault->ns_dma += t1 - t0;

	if (!call->runs.nr)
		return;

	mirror->ops->map(mirror, block, call->runs.run, call->runs.nr);
	for (i = 0; i < call->runs.nr; i++) {
		struct hmm_run *run = &call->runs.run[i];

		bitmap_set(block->mapped, run->index, run->npages);
		if (run->write)
			bitmap_set(block->writable, run->index, run->npages);
	}
	hmm_block_touch(block);
	fault->mapped = call->runs.npages;
	fault->ns_map += ktime_get_ns() - t1;
}

/*
 * One round. Returns 0 if it counts, -EBUSY if an invalidation made it void, -ESTALE if the block
 * was retired, or an errno that ends the fault.
 */
static int hmm_call_round(struct hmm_call *call)
{
	struct hmm_request *request = &call->request;
	struct hmm_block *block = request->block;
	u64 t0 = ktime_get_ns();
	int ret;

	ret = hmm_request_pages(request);
	request->fault->ns_mm += ktime_get_ns() - t0;
	if (ret)
		return ret;

	mutex_lock(&block->lock);
	if (block->dead)
		ret = -ESTALE;
	else if (mmu_interval_read_retry(&block->notifier, request->seq))
		ret = -EBUSY;
	else
		hmm_call_give(call);
	mutex_unlock(&block->lock);
	return ret;
}

/* Let the reaper remove a block that was created but has no mappings */
static void hmm_call_leave(struct hmm_block *block)
{
	mutex_lock(&block->lock);
	if (!block->dead && bitmap_empty(block->mapped, HMM_BLOCK_PAGES))
		hmm_reap_block(block, HMM_REAP_IDLE);
	mutex_unlock(&block->lock);
}

static int hmm_call_rounds(struct hmm_call *call, struct hmm_mirror *mirror)
{
	struct hmm_fault *fault = call->request.fault;
	struct hmm_retry_budget budget;
	struct hmm_block *block;
	int ret, left;

	hmm_retry_budget_init(&budget);
	for (;;) {
		block = hmm_block_get(mirror, fault->start);
		if (IS_ERR(block))
			return PTR_ERR(block);

		call->request.block = block;
		do {
			ret = hmm_call_round(call);
			if (ret != -EBUSY && ret != -ESTALE)
				break;
			fault->retries++;
			left = hmm_retry_budget_spend(&budget);
			if (left) {
				ret = left;
				break;
			}
		} while (ret == -EBUSY);

		if (!fault->mapped)
			hmm_call_leave(block);
		hmm_block_put(block);
		if (ret != -ESTALE)
			return ret;
	}
}

/* The same, with allocations charged to the process's cgroup */
static int hmm_call_charged(struct hmm_call *call, struct hmm_mirror *mirror)
{
	struct hmm_charge charge;
	int ret;

	hmm_charge_begin(mirror, &charge);
	ret = hmm_call_rounds(call, mirror);
	hmm_charge_end(&charge);
	/* The driver asks again: then there is room, unless others have taken it */
	if (ret == -ENOMEM || (!ret && call->request.fault->error == -ENOMEM))
		hmm_reap_oldest(mirror);
	return ret;
}

/* From here on hmm_mirror_close() ends the waits of this call */
static void hmm_call_begin(struct hmm_call *call, struct hmm_mirror *mirror)
{
	call->task = current;
	if (current->flags & PF_KTHREAD)
		allow_kernel_signal(SIGKILL);
	spin_lock(&mirror->calls_lock);
	list_add(&call->link, &mirror->calls);
	spin_unlock(&mirror->calls_lock);
}

static void hmm_call_end(struct hmm_call *call, struct hmm_mirror *mirror)
{
	spin_lock(&mirror->calls_lock);
	list_del(&call->link);
	spin_unlock(&mirror->calls_lock);
	/* Drops a signal that has come, too: it was for this call */
	if (current->flags & PF_KTHREAD)
		disallow_signal(SIGKILL);
}

/**
 * hmm_calls_interrupt - end the waits of all calls
 * @mirror: the mirror, closing
 *
 * A process is not killed, but woken: userfaultfd then tries again, and the call finds the mirror
 * closing. A call that is about to sleep misses that, so this is repeated until no call runs.
 *
 * Context: no locks.
 */
void hmm_calls_interrupt(struct hmm_mirror *mirror)
{
	struct hmm_call *call;

	spin_lock(&mirror->calls_lock);
	list_for_each_entry(call, &mirror->calls, link) {
		if (call->task->flags & PF_KTHREAD)
			send_sig(SIGKILL, call->task, 1);
		else
			wake_up_process(call->task);
	}
	spin_unlock(&mirror->calls_lock);
}

/**
 * hmm_mirror_limit - count the pages of a block that are within the mm's address space
 * @mirror: the mirror
 * @start: first address of the block
 *
 * Return: end of these pages, exclusive
 */
unsigned int hmm_mirror_limit(const struct hmm_mirror *mirror, unsigned long start)
{
	unsigned long end = mirror->mm->task_size;

	if (start >= end)
		return 0;
	return min((end - start) >> PAGE_SHIFT, HMM_BLOCK_PAGES);
}

static int hmm_call_mm(struct hmm_mirror *mirror, struct hmm_fault *fault)
{
	struct mm_struct *mm = mirror->mm;
	struct hmm_call *call;
	unsigned int i;
	int ret = 0;

	call = kmem_cache_alloc(hmm_call_cache, GFP_KERNEL);
	if (!call)
		return -ENOMEM;

	call->request.fault = fault;
	call->request.limit = hmm_mirror_limit(mirror, fault->start);
	call->request.pfns = call->pfns;

	if (!hmm_request_init(&call->request)) {
		for_each_set_bit(i, call->request.required, HMM_BLOCK_PAGES)
			hmm_request_fail(fault, i, -EFAULT);
	} else if (!mmget_not_zero(mm)) {
		ret = -ESRCH;
	} else {
		hmm_call_begin(call, mirror);
		ret = hmm_call_charged(call, mirror);
		hmm_call_end(call, mirror);
		/* If this is the last user, the fault must not wait for the mm's teardown */
		mmput_async(mm);
	}

	kmem_cache_free(hmm_call_cache, call);
	return ret;
}

/**
 * hmm_mirror_fault - make pages of one block accessible to the device
 * @mirror: the mirror
 * @fault: the request and its results
 *
 * If only &hmm_fault.prefetch is set, this is a snapshot: the device gets the pages that mm has,
 * and nothing is faulted in.
 *
 * A page that cannot be served does not affect the others: check &hmm_fault.failed even if 0 is
 * returned. hmm_fault_error() is -EFAULT for no mapping, no read permission, secret memory or a
 * guard region; -EPERM for a write to read-only memory; -ENXIO where the CPU gets SIGBUS (beyond
 * the end of a file, an I/O error); -EHWPOISON for a poisoned page; -EIO if the page cannot be
 * mapped for the device; -ENOMEM if mm or the IOMMU had no memory for it: try again later.
 *
 * Context: process context, without locks that mm or reclaim may take; in any task, not only the
 * mirrored process. Sleeps and allocates, charged to the process's memory cgroup. Waits for I/O and
 * for userfaultfd like a CPU fault, without mmap_lock: until a fatal signal or hmm_mirror_close(),
 * which does not end a process's own wait for I/O.
 * Return: 0; -EINVAL if the start is not aligned; -ENODEV after hmm_mirror_close(); -ESRCH if the
 * mirrored process is gone; -EBUSY if invalidations made every round void for more than a second
 * (retry later); -EINTR if the task is being killed; -ENOMEM; or the errno from block_init(). On an
 * error no page is in &hmm_fault.mapped.
 */
int hmm_mirror_fault(struct hmm_mirror *mirror, struct hmm_fault *fault)
{
	int ret;

	bitmap_zero(fault->failed, HMM_BLOCK_PAGES);
	fault->error = 0;
	fault->mapped = 0;
	fault->retries = 0;
	fault->ns_mm = 0;
	fault->ns_dma = 0;
	fault->ns_map = 0;

	if (!IS_ALIGNED(fault->start, HMM_BLOCK_SIZE))
		return -EINVAL;
	if (!hmm_mirror_enter(mirror))
		return -ENODEV;

	ret = hmm_call_mm(mirror, fault);
	/* hmm_calls_interrupt() */
	if (ret == -EINTR && hmm_mirror_is_closing(mirror))
		ret = -ENODEV;
	trace_hmm_mirror_fault(mirror, fault, ret);
	hmm_mirror_leave(mirror);
	return ret;
}
EXPORT_SYMBOL_GPL(hmm_mirror_fault);

/**
 * hmm_call_cache_create - create the cache for calls
 *
 * Return: 0 or -ENOMEM.
 */
int hmm_call_cache_create(void)
{
	hmm_call_cache = kmem_cache_create("hmm_mirror_call", sizeof(struct hmm_call), 0, 0,
					   hmm_call_construct);
	return hmm_call_cache ? 0 : -ENOMEM;
}

/**
 * hmm_call_cache_destroy - destroy the cache
 *
 * Context: no fault runs.
 */
void hmm_call_cache_destroy(void)
{
	kmem_cache_destroy(hmm_call_cache);
}
