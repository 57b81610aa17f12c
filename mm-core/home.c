// SPDX-License-Identifier: GPL-2.0
/*
 * The way home: pages move from device memory to system memory.
 *
 *   migrate_to_ram()        the CPU touched a page: that folio, and the pages around it
 *   hmm_mirror_migrate()    a program asked for it: the pages of a range
 *   hmm_devmem_evict()      device memory is needed: the pages of an extent
 *
 * The first two go through a VMA (migrate_vma_*()). Eviction goes by page frames
 * (migrate_device_pfns()): mm finds all mappings by rmap, so it works for the child of a process
 * that has exited, and takes no mmap_lock.
 *
 * If the device fails to copy, the CPU reads its memory. A page that cannot be read either stays
 * where it is, and the access that needs it gets SIGBUS: only the process that uses the page is
 * hurt.
 */
#include <linux/hmm.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/slab.h>

#include "devmem.h"
#include "mirror.h"
#include "trace.h"

/* A CPU fault also brings home the pages around it: the CPU is likely to touch them next */
#define HMM_HOME_AROUND		16u

/* hmm_devmem_evict_all() tries pages that are locked for a moment again, for so long */
#define HMM_EVICT_ALL_LIMIT	(10 * HZ)

static bool hmm_src_is_chosen(unsigned long src)
{
	return (src & MIGRATE_PFN_MIGRATE) && migrate_pfn_to_page(src);
}

/**
 * hmm_dst_drop - give up a destination
 * @dst: mm's entry for it, which may be empty; cleared
 */
void hmm_dst_drop(unsigned long *dst)
{
	struct page *page = migrate_pfn_to_page(*dst);

	*dst = 0;
	if (!page)
		return;
	folio_unlock(page_folio(page));
	folio_put(page_folio(page));
}

static unsigned long hmm_dst_alloc(void)
{
	struct folio *folio = folio_alloc(GFP_HIGHUSER_MOVABLE, 0);

	if (!folio)
		return 0;
	folio_lock(folio);
	return migrate_pfn(folio_pfn(folio));
}

/*
 * Allocate system memory for the chosen sources. Those for which there is none stay without a
 * destination.
 */
static void hmm_home_alloc(struct hmm_migration *migration, unsigned long npages)
{
	unsigned long i;

	for (i = 0; i < npages; i++)
		migration->dst[i] = hmm_src_is_chosen(migration->src[i]) ? hmm_dst_alloc() : 0;
}

/* Read a page by the CPU; if that fails, too, it has no destination any more. */
static int hmm_home_read(struct hmm_migration *migration, unsigned long index)
{
	unsigned long *dst = &migration->dst[index];
	int ret;

	ret = hmm_copy_by_cpu(&migration->copy, migrate_pfn_to_page(migration->src[index]),
			      migrate_pfn_to_page(*dst));
	if (ret)
		hmm_dst_drop(dst);
	return ret;
}

/*
 * Copy all pages that have a destination. Those that cannot be copied have none any more. Returns
 * the last error.
 */
static int hmm_home_copy(struct hmm_migration *migration, unsigned long npages)
{
	unsigned long *dst = migration->dst;
	bool by_cpu;
	unsigned long i;
	int ret = 0;

	hmm_copy_init(&migration->copy, migration->devmem, false);
	bitmap_zero(migration->unmapped, HMM_BLOCK_PAGES);
	for (i = 0; i < npages; i++) {
		if (dst[i] && hmm_copy_add(&migration->copy, migrate_pfn_to_page(migration->src[i]),
					   migrate_pfn_to_page(dst[i])))
			__set_bit(i, migration->unmapped);
	}
	by_cpu = hmm_copy_run(&migration->copy);
	hmm_copy_fini(&migration->copy);
	for (i = 0; i < npages; i++) {
		if (dst[i] && (by_cpu || test_bit(i, migration->unmapped)))
			ret = hmm_home_read(migration, i) ?: ret;
	}
	return ret;
}

/*
 * Tell of pages that have moved, of which @first is the first in the arrays. Only its new folio
 * still knows where it was mapped first, which differs from where it is after mremap() only.
 */
static void hmm_home_trace(const struct hmm_migration *migration, unsigned long first,
			   unsigned long count, enum hmm_home_reason reason)
{
	struct page *old = migrate_pfn_to_page(migration->src[first]);
	struct page *new = migrate_pfn_to_page(migration->dst[first]);

	trace_hmm_home(hmm_page_extent(old)->account->tgid, page_folio(new)->index << PAGE_SHIFT,
		       hmm_page_offset(old), count, reason);
}

/*
 * Count the pages that have moved, once mm has done so. @moved: bitmap to set them in from bit
 * @first on, or NULL
 */
static void hmm_home_count(struct hmm_migration *migration, unsigned long npages,
			   enum hmm_home_reason reason, unsigned int first, unsigned long *moved)
{
	unsigned long i, start = 0, count = 0;
	struct page *page;

	for (i = 0; i < npages; i++) {
		if (!hmm_src_is_chosen(migration->src[i]))
			continue;
		if (!count)
			start = i;
		if (moved)
			__set_bit(first + i, moved);
		page = migrate_pfn_to_page(migration->src[i]);
		atomic64_inc(&hmm_page_extent(page)->account->home[reason]);
		count++;
	}
	atomic64_add(count, &migration->devmem->home[reason]);
	if (count)
		hmm_home_trace(migration, start, count, reason);
}

/* Has the page that the CPU waits for been chosen, but has no destination? */
static bool hmm_home_misses_page(const struct hmm_migration *migration,
				 const struct migrate_vma *args)
{
	unsigned long i;

	for (i = 0; args->fault_page && i < args->npages; i++) {
		if (migrate_pfn_to_page(migration->src[i]) == args->fault_page)
			return hmm_src_is_chosen(migration->src[i]) && !migration->dst[i];
	}
	return false;
}

/*
 * Move the pages of a range home. Returns 0, -ENOMEM if there is no memory for the page that the
 * CPU waits for, or the errno of the copy.
 */
static int hmm_home_range(struct hmm_migration *migration, struct migrate_vma *args,
			  enum hmm_home_reason reason, unsigned int first, unsigned long *moved)
{
	int copied, ret;

	args->src = migration->src;
	args->dst = migration->dst;
	args->pgmap_owner = migration->devmem;
	args->flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE;

	ret = migrate_vma_setup(args);
	if (ret)
		return ret;
	hmm_home_alloc(migration, args->npages);
	if (hmm_home_misses_page(migration, args))
		ret = -ENOMEM;
	copied = hmm_home_copy(migration, args->npages);
	/* A neighbour that cannot be read is no error of this access */
	if (!ret && (!args->fault_page || hmm_home_misses_page(migration, args)))
		ret = copied;
	migrate_vma_pages(args);
	hmm_home_count(migration, args->npages, reason, first, moved);
	migrate_vma_finalize(args);
	return ret;
}

/* The range that a CPU fault brings home, inside the mapping and the page table */
static void hmm_fault_range(const struct vm_fault *vmf, unsigned long *start, unsigned long *end)
{
	unsigned long size = HMM_HOME_AROUND << PAGE_SHIFT;

	*start = max(ALIGN_DOWN(vmf->address, size), vmf->vma->vm_start);
	*end = min(ALIGN_DOWN(vmf->address, size) + size, vmf->vma->vm_end);
}

static vm_fault_t hmm_fault_home(struct hmm_migration *migration, struct vm_fault *vmf)
{
	struct migrate_vma args = { .vma = vmf->vma, .fault_page = vmf->page };
	int ret;

	hmm_fault_range(vmf, &args.start, &args.end);
	ret = hmm_home_range(migration, &args, HMM_HOME_FAULT, 0, NULL);
	if (ret == -ENOMEM)
		return VM_FAULT_OOM;
	if (ret) {
		atomic64_inc(&migration->devmem->failed);
		return VM_FAULT_SIGBUS;
	}
	return 0;
}

static vm_fault_t hmm_migrate_to_ram(struct vm_fault *vmf)
{
	struct hmm_devmem *devmem = hmm_page_devmem(vmf->page);
	struct hmm_migration *migration;
	vm_fault_t ret = VM_FAULT_OOM;

	atomic64_inc(&devmem->cpu_faults);
	if (!hmm_devmem_enter(devmem))
		return VM_FAULT_SIGBUS;
	migration = hmm_migration_alloc(devmem);
	if (migration) {
		ret = hmm_fault_home(migration, vmf);
		hmm_migration_free(migration);
	}
	hmm_devmem_leave(devmem);
	return ret;
}

/* Under a page-table lock */
static void hmm_folio_free(struct folio *folio)
{
	struct hmm_extent *extent = folio_zone_device_data(folio);

	hmm_extent_unclaim(extent, folio_pfn(folio) - extent->pfn);
}

const struct dev_pagemap_ops hmm_pagemap_ops = {
	.folio_free = hmm_folio_free,
	.migrate_to_ram = hmm_migrate_to_ram,
};

/**
 * hmm_home_asked - move the pages of a range to system memory
 * @migration: room for it
 * @vma: mapping
 * @start: first address
 * @end: end of the range, exclusive; in the same block
 * @first: index of the first page in the block
 * @moved: bitmap of the block, in which the moved pages are set
 *
 * Context: under mmap_lock for reading. Sleeps and allocates.
 * Return: 0, or the errno of the copy
 */
int hmm_home_asked(struct hmm_migration *migration, struct vm_area_struct *vma,
		   unsigned long start, unsigned long end, unsigned int first, unsigned long *moved)
{
	struct migrate_vma args = { .vma = vma, .start = start, .end = end };

	return hmm_home_range(migration, &args, HMM_HOME_ASKED, first, moved);
}

/* Why eviction takes pages now */
static enum hmm_home_reason hmm_evict_reason(const struct hmm_devmem *devmem)
{
	if (READ_ONCE(devmem->closing))
		return HMM_HOME_CLOSED;
	return READ_ONCE(devmem->suspended) ? HMM_HOME_SUSPENDED : HMM_HOME_EVICTED;
}

/* Move the pages of an extent home. Returns 0 or the errno of the copy. */
static int hmm_extent_evict(struct hmm_extent *extent, struct hmm_migration *migration)
{
	unsigned long npages = 0;
	unsigned int i;
	int ret;

	for_each_set_bit(i, extent->live, extent->npages)
		migration->src[npages++] = extent->pfn + i;
	if (!npages)
		return 0;
	migrate_device_pfns(migration->src, npages);
	hmm_home_alloc(migration, npages);
	ret = hmm_home_copy(migration, npages);
	migrate_device_pages(migration->src, migration->dst, npages);
	hmm_home_count(migration, npages, hmm_evict_reason(migration->devmem), 0, NULL);
	migrate_device_finalize(migration->src, migration->dst, npages);
	return ret;
}

/*
 * Evict extents, each at most once, until @npages are free. Returns 0 if they are, -ENOSPC, or
 * -ENODEV: the device has gone, and with it the content of all pages.
 */
static int hmm_evict_pass(struct hmm_migration *migration, u64 npages)
{
	struct hmm_devmem *devmem = migration->devmem;
	struct hmm_extent *extent;
	unsigned int tries;
	u64 freed = 0;
	int ret = 0;

	for (tries = READ_ONCE(devmem->nr_extents); tries && freed < npages; tries--) {
		extent = hmm_extent_oldest(devmem);
		if (!extent)
			break;
		ret = hmm_extent_evict(extent, migration);
		if (bitmap_empty(extent->used, extent->npages))
			freed += extent->npages;
		hmm_extent_put(extent);
		if (ret == -ENODEV)
			break;
	}
	hmm_extents_reap(devmem);
	if (ret == -ENODEV)
		return ret;
	return freed < npages ? -ENOSPC : 0;
}

/**
 * hmm_devmem_evict - make room in device memory
 * @devmem: device memory; NULL is allowed, and has none to give
 * @size: bytes that are needed
 *
 * Moves pages home, those first that were mapped for the device longest ago. A page that is pinned
 * for a moment, or for which there is no system memory, stays.
 *
 * Context: process context, also under dma_resv locks; not under mmap_lock or locks that mm takes.
 * Sleeps and allocates. Not inside a callback.
 * Return: 0 if as much has left; -ENOSPC if less; -ENOMEM; -ENODEV after hmm_devmem_close(), or the
 * device has gone
 */
int hmm_devmem_evict(struct hmm_devmem *devmem, u64 size)
{
	struct hmm_migration *migration;
	int ret = -ENOMEM;

	if (!devmem || !hmm_devmem_enter(devmem))
		return -ENODEV;
	migration = hmm_migration_alloc(devmem);
	if (migration) {
		ret = hmm_evict_pass(migration, PFN_UP(size));
		hmm_migration_free(migration);
	}
	hmm_devmem_leave(devmem);
	return ret;
}
EXPORT_SYMBOL_GPL(hmm_devmem_evict);

/**
 * hmm_devmem_evict_all - move all pages out of device memory
 * @devmem: device memory; the driver's alloc() refuses new ranges
 *
 * A migration to the device that had begun before may still hold a range, and a page may be locked
 * for a moment: both are tried again for a bounded time.
 *
 * Context: process context, without locks that mm takes. Sleeps and allocates.
 * Return: 0; -EBUSY pages are left; -ENOMEM; -ENODEV after hmm_devmem_close()
 */
int hmm_devmem_evict_all(struct hmm_devmem *devmem)
{
	unsigned long deadline = jiffies + HMM_EVICT_ALL_LIMIT;
	int ret;

	do {
		ret = hmm_devmem_evict(devmem, devmem->size);
		if (ret != -ENOSPC)
			return ret;
		if (!READ_ONCE(devmem->nr_extents))
			return 0;
		/* A folio's lock cannot be waited for here: its holder may wait for this page */
		schedule_timeout_uninterruptible(1);
	} while (time_before(jiffies, deadline));
	return -EBUSY;
}
EXPORT_SYMBOL_GPL(hmm_devmem_evict_all);
