// SPDX-License-Identifier: GPL-2.0
/*
 * Migration on request: pages of one block move to device memory, or home.
 *
 *   snapshot         which pages are there already?                     mmap_lock
 *   reserve          claim a place in device memory for each other page  no lock
 *   for each mapping:                                                    mmap_lock
 *     setup          mm unmaps the pages from CPU and devices, and locks them
 *     copy           the device copies; pages that do not exist yet are filled with zeroes
 *     pages          mm moves its records to the new folios
 *     finalize       the CPU's entries name the new folios
 *   map              a snapshot again, to map the pages for the device
 *
 * Device memory is reserved before mmap_lock is taken, because eviction may be necessary, and the
 * driver's allocator sleeps. So a page may turn out to be there, or not to be movable, after a
 * place was claimed for it: the claim is returned.
 *
 * A page's place is at the same distance from its neighbours in device memory as in the address
 * space. Pages whose neighbours are there already go between them if the place is free. Others get
 * extents of the size that their density justifies (reserve.c).
 *
 * Only anonymous memory moves, and mm refuses some of that: pages that are pinned or busy stay, and
 * are mapped where they are. The result says how many, and why.
 *
 * Device memory has folios of one page only. mm can also move a folio of 2 MiB whole, but nothing
 * can split it again on its way home without a mapping, as in eviction, nor in a fault of the CPU,
 * which holds a reference. So where the system has no free 2 MiB its content would be lost when the
 * driver leaves. A huge page is split on its way to the device therefore; its pages stay in a row,
 * and the device still maps them with one entry.
 *
 * Rejected: to write the device's page table between pages and finalize, in the same walk. The
 * notifier that the migration itself causes would have to be told from others of the same moment;
 * the second walk costs a small part of the copy.
 */
#include <linux/hmm.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "devmem.h"
#include "mirror.h"
#include "reserve.h"
#include "trace.h"

/**
 * hmm_migration_alloc - allocate the arrays of a migration
 * @devmem: device memory, entered
 *
 * Context: may sleep and allocate; also under mmap_lock and folio locks.
 * Return: the migration, or NULL
 */
struct hmm_migration *hmm_migration_alloc(struct hmm_devmem *devmem)
{
	struct hmm_migration *migration = kvmalloc_obj(*migration);

	if (migration)
		migration->devmem = devmem;
	return migration;
}

/**
 * hmm_migration_free - free them
 * @migration: the migration
 */
void hmm_migration_free(struct hmm_migration *migration)
{
	kvfree(migration);
}

/* Is the page in the device's memory, by mm's answer? */
static bool hmm_pfn_is_ours(const struct hmm_migration *migration, unsigned long pfn)
{
	struct page *page = hmm_pfn_to_page(pfn);

	return (pfn & HMM_PFN_VALID) && is_device_private_page(page) &&
	       hmm_page_devmem(page) == migration->devmem;
}

/* Does mm have the page in system memory, which hmm_pfn_is_ours() is not about? */
static bool hmm_pfn_is_system(unsigned long pfn)
{
	return (pfn & HMM_PFN_VALID) && hmm_pfn_location(pfn) == HMM_LOCATION_SYSTEM;
}

/*
 * Find the requested pages that are where they should be. Returns 0 or a negative errno. The answer
 * is a hint, and its pages may be freed meanwhile; their struct pages stay.
 */
static int hmm_migrate_snapshot(struct hmm_migration *migration)
{
	struct hmm_migrate *request = migration->request;
	struct hmm_block *block = migration->block;
	struct mm_struct *mm = block->mirror->mm;
	unsigned long seq;
	unsigned int i;
	int ret;

	seq = mmu_interval_read_begin(&block->notifier);
	ret = mmap_read_lock_killable(mm);
	if (ret)
		return ret;
	ret = hmm_ask(&block->notifier, migration->devmem, seq, block->start, migration->limit, 0,
		      migration->pfns);
	mmap_read_unlock(mm);
	if (ret)
		return ret;

	for_each_set_bit(i, request->pages, migration->limit) {
		bool there = request->location == HMM_LOCATION_DEVICE ?
				     hmm_pfn_is_ours(migration, migration->pfns[i]) :
				     hmm_pfn_is_system(migration->pfns[i]);

		if (there)
			__set_bit(i, request->there);
	}
	return 0;
}

static int hmm_migrate_look(struct hmm_migration *migration)
{
	struct hmm_retry_budget budget;
	int ret;

	hmm_retry_budget_init(&budget);
	do {
		ret = hmm_migrate_snapshot(migration);
		if (ret != -EBUSY)
			return ret;
		ret = hmm_retry_budget_spend(&budget);
	} while (!ret);
	return ret;
}

/* Claim the places between pages that are there already. @step: 1, or -1 for a pass backwards. */
static void hmm_reserve_beside(struct hmm_migration *migration, int step)
{
	const unsigned long *list = migration->block->dma.pfn_list;
	int i = step > 0 ? 0 : HMM_BLOCK_PAGES - 1;
	struct hmm_extent *extent = NULL;
	long place = 0;

	lockdep_assert_held(&migration->block->lock);

	for (; i >= 0 && i < (int)HMM_BLOCK_PAGES; i += step, place += step) {
		/* Pages in the list are in use, and so are their extents */
		if (list[i] && hmm_pfn_location(list[i]) == HMM_LOCATION_DEVICE) {
			extent = hmm_page_extent(hmm_pfn_to_page(list[i]));
			place = page_to_pfn(hmm_pfn_to_page(list[i])) - extent->pfn;
			continue;
		}
		if (!extent || place < 0 || place >= extent->npages ||
		    migration->slots[i] || !test_bit(i, migration->wanted))
			continue;
		if (hmm_extent_claim(extent, place))
			migration->slots[i] = extent->pfn + place;
	}
}

/* An extent, for which others are evicted if necessary */
static struct hmm_extent *hmm_reserve_extent(struct hmm_devmem *devmem, unsigned int npages)
{
	struct hmm_extent *extent = hmm_extent_create(devmem, npages);

	if (PTR_ERR_OR_ZERO(extent) != -ENOSPC)
		return extent;
	hmm_devmem_evict(devmem, npages * PAGE_SIZE);
	return hmm_extent_create(devmem, npages);
}

/* Claim places for the wanted pages among @first to @first + @npages - 1, in one extent */
static int hmm_reserve_range(struct hmm_migration *migration, unsigned int first,
			     unsigned int npages)
{
	struct hmm_extent *extent = hmm_reserve_extent(migration->devmem, npages);
	unsigned int i;

	if (IS_ERR(extent))
		return PTR_ERR(extent);
	for (i = 0; i < npages; i++) {
		if (test_bit(first + i, migration->wanted) && !migration->slots[first + i] &&
		    hmm_extent_claim(extent, i))
			migration->slots[first + i] = extent->pfn + i;
	}
	hmm_extent_put(extent);
	return 0;
}

/* Claim places for the wanted pages. Pages that get none stay where they are. */
static void hmm_migrate_reserve(struct hmm_migration *migration)
{
	DECLARE_BITMAP(left, HMM_BLOCK_PAGES);
	unsigned int pos = 0, limit = HMM_BLOCK_PAGES;
	unsigned int first, npages, i;
	int ret;

	mutex_lock(&migration->block->lock);
	hmm_reserve_beside(migration, 1);
	hmm_reserve_beside(migration, -1);
	mutex_unlock(&migration->block->lock);

	bitmap_copy(left, migration->wanted, HMM_BLOCK_PAGES);
	for (i = 0; i < HMM_BLOCK_PAGES; i++) {
		if (migration->slots[i])
			__clear_bit(i, left);
	}
	while (limit && hmm_reserve_next(left, pos, limit, &first, &npages)) {
		ret = hmm_reserve_range(migration, first, npages);
		if (ret == -ENOSPC) {
			/* Free memory may be in smaller pieces than that */
			limit = npages / 2;
			continue;
		}
		if (ret)
			return;
		pos = first + npages;
	}
}

/* Return the places that were not used. */
static void hmm_migrate_unreserve(struct hmm_migration *migration)
{
	unsigned int i;

	for (i = 0; i < HMM_BLOCK_PAGES; i++) {
		if (migration->slots[i])
			hmm_extent_unclaim_pfn(migration->slots[i]);
	}
}

/*
 * Flags that zone_device_page_init() keeps from the last user of the page, who may have been
 * another process: the folio would come home with them.
 */
#define HMM_STALE_FLAGS	(BIT(PG_active) | BIT(PG_workingset) | BIT(PG_swapbacked) | \
			 BIT(PG_unevictable) | BIT(PG_mlocked))

/* A locked folio for a claimed place; the claim goes to it. */
static unsigned long hmm_dst_device(unsigned long pfn)
{
	struct page *page = pfn_to_page(pfn);
	struct hmm_extent *extent = page->zone_device_data;

	page->flags.f &= ~HMM_STALE_FLAGS;
	zone_device_page_init(page, &extent->chunk->pagemap, 0);
	folio_set_zone_device_data(page_folio(page), extent);
	hmm_extent_set_live(extent, pfn - extent->pfn);
	return migrate_pfn(pfn);
}

/*
 * Did KSM merge the page with others? Its tree refers to the page, and would read it with the CPU
 * wherever it is.
 */
static bool hmm_src_is_shared(unsigned long src)
{
	struct page *page = migrate_pfn_to_page(src);

	return page && folio_test_ksm(page_folio(page));
}

/* Give the pages that mm has prepared their places, and collect the copies */
static void hmm_migrate_fill(struct hmm_migration *migration, unsigned int first,
			     unsigned int npages)
{
	unsigned long *slots = migration->slots + first;
	unsigned int i;

	for (i = 0; i < npages; i++) {
		unsigned long src = migration->src[i];
		unsigned long *dst = &migration->dst[i];

		*dst = 0;
		if (hmm_src_is_shared(src))
			__set_bit(first + i, migration->unshare);
		if (!(src & MIGRATE_PFN_MIGRATE) || hmm_src_is_shared(src)) {
			__set_bit(first + i, migration->busy);
			continue;
		}
		*dst = hmm_dst_device(slots[i]);
		slots[i] = 0;
		if (hmm_copy_add(&migration->copy, migrate_pfn_to_page(*dst),
				 migrate_pfn_to_page(src))) {
			hmm_dst_drop(dst);
			migration->request->failed++;
		}
	}
}

/* Give up all destinations: the copy has failed */
static void hmm_migrate_fail(struct hmm_migration *migration, unsigned int npages)
{
	unsigned int i;

	for (i = 0; i < npages; i++) {
		migration->request->failed += !!migration->dst[i];
		hmm_dst_drop(&migration->dst[i]);
	}
}

/* Record what mm did with the pages */
static void hmm_migrate_record(struct hmm_migration *migration, unsigned int first,
			       unsigned int npages)
{
	unsigned int i, moved = 0;

	for (i = 0; i < npages; i++) {
		if (!migration->dst[i])
			continue;
		if (migration->src[i] & MIGRATE_PFN_MIGRATE) {
			__set_bit(first + i, migration->request->moved);
			moved++;
		} else {
			__set_bit(first + i, migration->busy);
		}
	}
	atomic64_add(moved, &migration->devmem->to_device);
}

/* Move pages @first to @first + @npages - 1, all in @vma and with places, to the device */
static int hmm_migrate_run(struct hmm_migration *migration, struct vm_area_struct *vma,
			   unsigned int first, unsigned int npages)
{
	struct migrate_vma args = {
		.vma = vma,
		.start = migration->block->start + ((unsigned long)first << PAGE_SHIFT),
		.src = migration->src,
		.dst = migration->dst,
		.pgmap_owner = migration->devmem,
		.flags = MIGRATE_VMA_SELECT_SYSTEM,
	};
	int ret;

	args.end = args.start + ((unsigned long)npages << PAGE_SHIFT);
	ret = migrate_vma_setup(&args);
	if (ret)
		return ret;

	hmm_copy_init(&migration->copy, migration->devmem, true);
	hmm_migrate_fill(migration, first, args.npages);
	ret = hmm_copy_run(&migration->copy);
	hmm_copy_fini(&migration->copy);
	if (ret)
		hmm_migrate_fail(migration, args.npages);
	migrate_vma_pages(&args);
	hmm_migrate_record(migration, first, args.npages);
	migrate_vma_finalize(&args);
	return 0;
}

/* Move the wanted pages from @first to @end - 1, all in @vma */
static int hmm_migrate_to_device(struct hmm_migration *migration, struct vm_area_struct *vma,
				 unsigned int first, unsigned int end)
{
	unsigned int run;
	int ret = 0;

	while (first < end && !ret) {
		if (!test_bit(first, migration->wanted)) {
			first++;
			continue;
		}
		if (!migration->slots[first]) {
			migration->request->no_room++;
			first++;
			continue;
		}
		for (run = first + 1; run < end && migration->slots[run]; run++)
			;
		ret = hmm_migrate_run(migration, vma, first, run - first);
		first = run;
	}
	return ret;
}

/* Move pages @first to @end - 1 home; they are in @vma */
static int hmm_migrate_run_home(struct hmm_migration *migration, struct vm_area_struct *vma,
				unsigned int first, unsigned int end)
{
	unsigned long start = migration->block->start;
	struct hmm_migrate *request = migration->request;
	unsigned int i;
	int ret;

	ret = hmm_home_asked(migration, vma, start + ((unsigned long)first << PAGE_SHIFT),
			     start + ((unsigned long)end << PAGE_SHIFT), first, request->moved);
	for (i = first; i < end; i++) {
		if (test_bit(i, request->moved))
			continue;
		if (!hmm_pfn_is_ours(migration, migration->pfns[i]))
			request->unmapped++;
		else if (ret)
			request->failed++;
		else
			__set_bit(i, migration->busy);
	}
	return ret == -EINVAL ? ret : 0;
}

static int hmm_migrate_to_system(struct hmm_migration *migration, struct vm_area_struct *vma,
				 unsigned int first, unsigned int end)
{
	unsigned int run;
	int ret = 0;

	while (first < end && !ret) {
		first = find_next_bit(migration->wanted, end, first);
		if (first >= end)
			break;
		run = find_next_zero_bit(migration->wanted, end, first);
		ret = hmm_migrate_run_home(migration, vma, first, run);
		first = run;
	}
	return ret;
}

/*
 * Only memory that mm can move, and that devices may have. Not locked memory: mm keeps pages that
 * it locks or unlocks in batches of each CPU, whose references nothing here can drain.
 */
static bool hmm_vma_can_move(const struct vm_area_struct *vma)
{
	return vma_is_anonymous(vma) && vma_is_accessible(vma) &&
	       !(vma->vm_flags & (VM_SPECIAL | VM_SHADOW_STACK | VM_LOCKED));
}

static int hmm_migrate_vma(struct hmm_migration *migration, struct vm_area_struct *vma)
{
	unsigned long start = migration->block->start;
	unsigned int first = (max(vma->vm_start, start) - start) >> PAGE_SHIFT;
	unsigned int end = (min(vma->vm_end, start + HMM_BLOCK_SIZE) - start) >> PAGE_SHIFT;
	unsigned int npages = 0;
	unsigned int i;

	for (i = first; i < end; i++)
		npages += test_bit(i, migration->wanted);
	migration->request->unmapped -= npages;
	if (!npages)
		return 0;
	/* Pages that were moved before their mapping changed have to come home all the same */
	if (migration->request->location == HMM_LOCATION_DEVICE && !hmm_vma_can_move(vma)) {
		migration->request->fixed += npages;
		return 0;
	}
	if (migration->request->location == HMM_LOCATION_DEVICE)
		return hmm_migrate_to_device(migration, vma, first, end);
	return hmm_migrate_to_system(migration, vma, first, end);
}

static int hmm_migrate_vmas(struct hmm_migration *migration)
{
	struct hmm_block *block = migration->block;
	struct mm_struct *mm = block->mirror->mm;
	struct vm_area_struct *vma;
	int ret;

	VMA_ITERATOR(vmi, mm, block->start);
	ret = mmap_read_lock_killable(mm);
	if (ret)
		return ret;
	/* Each mapping takes its share of this */
	migration->request->unmapped += bitmap_weight(migration->wanted, HMM_BLOCK_PAGES);
	for_each_vma_range(vmi, vma, block->start + HMM_BLOCK_SIZE) {
		ret = hmm_migrate_vma(migration, vma);
		if (ret)
			break;
	}
	mmap_read_unlock(mm);
	return ret;
}

/*
 * Pages that stayed may be in swap, or merged by KSM: have them brought in, or made the process's
 * own, by mm. Returns false if that would not help.
 */
static bool hmm_migrate_prepare(struct hmm_mirror *mirror, struct hmm_migration *migration)
{
	struct hmm_fault *fault;
	int ret;

	if (migration->request->location != HMM_LOCATION_DEVICE ||
	    bitmap_empty(migration->busy, HMM_BLOCK_PAGES))
		return false;
	fault = kzalloc_obj(*fault);
	if (!fault)
		return false;
	fault->start = migration->request->start;
	bitmap_copy(fault->write, migration->unshare, HMM_BLOCK_PAGES);
	bitmap_andnot(fault->read, migration->busy, migration->unshare, HMM_BLOCK_PAGES);
	ret = hmm_mirror_fault(mirror, fault);
	bitmap_andnot(migration->wanted, migration->busy, fault->failed, HMM_BLOCK_PAGES);
	kfree(fault);
	return !ret && !bitmap_empty(migration->wanted, HMM_BLOCK_PAGES);
}

/*
 * Map what is in the device's memory now. Other pages wait for an access of the device, and so do
 * these if that fails.
 */
static void hmm_migrate_map(struct hmm_mirror *mirror, const struct hmm_migrate *request)
{
	struct hmm_fault *fault;

	fault = kzalloc_obj(*fault);
	if (!fault)
		return;
	fault->start = request->start;
	bitmap_or(fault->prefetch, request->moved, request->there, HMM_BLOCK_PAGES);
	hmm_mirror_fault(mirror, fault);
	kfree(fault);
}

/* Move the wanted pages, as far as possible */
static int hmm_migrate_pass(struct hmm_migration *migration)
{
	int ret;

	memset(migration->slots, 0, sizeof(migration->slots));
	if (migration->request->location == HMM_LOCATION_DEVICE)
		hmm_migrate_reserve(migration);
	ret = hmm_migrate_vmas(migration);
	hmm_migrate_unreserve(migration);
	return ret;
}

static int hmm_migrate_block(struct hmm_migration *migration)
{
	int ret;

	if (!migration->limit) {
		migration->request->unmapped =
			bitmap_weight(migration->request->pages, HMM_BLOCK_PAGES);
		return 0;
	}
	ret = hmm_migrate_look(migration);
	if (ret)
		return ret;
	bitmap_andnot(migration->wanted, migration->request->pages, migration->request->there,
		      HMM_BLOCK_PAGES);
	if (bitmap_empty(migration->wanted, HMM_BLOCK_PAGES))
		return 0;
	if (migration->request->by_fault && hmm_bounce_check(migration->block, migration->wanted)) {
		migration->request->bounced = bitmap_weight(migration->wanted, HMM_BLOCK_PAGES);
		return 0;
	}
	bitmap_zero(migration->busy, HMM_BLOCK_PAGES);
	bitmap_zero(migration->unshare, HMM_BLOCK_PAGES);
	ret = hmm_migrate_pass(migration);
	if (!ret && hmm_migrate_prepare(migration->block->mirror, migration)) {
		bitmap_andnot(migration->busy, migration->busy, migration->wanted, HMM_BLOCK_PAGES);
		ret = hmm_migrate_pass(migration);
	}
	migration->request->busy = bitmap_weight(migration->busy, HMM_BLOCK_PAGES);
	if (migration->request->by_fault)
		hmm_bounce_moved(migration->block, migration->request->moved);
	return ret;
}

static int hmm_migrate_charged(struct hmm_mirror *mirror, struct hmm_migrate *request)
{
	struct hmm_migration *migration;
	struct hmm_block *block = NULL;
	struct hmm_charge charge;
	int ret = -ENOMEM;

	hmm_charge_begin(mirror, &charge);
	migration = hmm_migration_alloc(mirror->devmem);
	if (migration) {
		block = hmm_block_get(mirror, request->start);
		ret = PTR_ERR_OR_ZERO(block);
	}
	if (!ret) {
		migration->block = block;
		migration->request = request;
		migration->limit = hmm_mirror_limit(mirror, request->start);
		ret = hmm_migrate_block(migration);
		hmm_block_put(block);
	}
	hmm_migration_free(migration);
	hmm_charge_end(&charge);
	return ret;
}

static int hmm_migrate_mm(struct hmm_mirror *mirror, struct hmm_migrate *request)
{
	int ret = -ESRCH;

	if (!hmm_devmem_enter(mirror->devmem))
		return -ENODEV;
	if (mmget_not_zero(mirror->mm)) {
		ret = hmm_migrate_charged(mirror, request);
		/* As in hmm_mirror_fault() */
		mmput_async(mirror->mm);
	}
	hmm_devmem_leave(mirror->devmem);
	/* The fault maps them itself */
	if (!ret && request->location == HMM_LOCATION_DEVICE && !request->by_fault)
		hmm_migrate_map(mirror, request);
	return ret;
}

/**
 * hmm_mirror_migrate - move pages of one block to the device's memory, or home
 * @mirror: the mirror, with device memory
 * @request: the request and its results
 *
 * Pages that are not populated become zeroes in the device's memory, without going through system
 * memory. A page that cannot be moved does not affect the others, and is no error: see
 * &struct hmm_migrate. Pages moved to the device are mapped for it.
 *
 * Context: as hmm_mirror_fault(). Waits for the device's copies, and for eviction if its memory is
 * full.
 * Return: 0; -EINVAL if the start is not aligned or the mirror has no device memory; -ENODEV after
 * hmm_mirror_close() or hmm_devmem_close(); -ESRCH if the mirrored process is gone; -EBUSY if
 * invalidations made every round void for more than a second; -EINTR if the task is being killed;
 * -ENOMEM; or the errno from block_init(). On an error some pages may have moved.
 */
int hmm_mirror_migrate(struct hmm_mirror *mirror, struct hmm_migrate *request)
{
	int ret;

	bitmap_zero(request->moved, HMM_BLOCK_PAGES);
	bitmap_zero(request->there, HMM_BLOCK_PAGES);
	request->unmapped = 0;
	request->fixed = 0;
	request->no_room = 0;
	request->busy = 0;
	request->failed = 0;
	request->bounced = 0;

	if (!IS_ALIGNED(request->start, HMM_BLOCK_SIZE) || !mirror->devmem)
		return -EINVAL;
	if (!hmm_mirror_enter(mirror))
		return -ENODEV;
	ret = hmm_migrate_mm(mirror, request);
	trace_hmm_mirror_migrate(mirror, request, ret);
	hmm_mirror_leave(mirror);
	return ret;
}
EXPORT_SYMBOL_GPL(hmm_mirror_migrate);
