// SPDX-License-Identifier: GPL-2.0
/*
 * Extents: ranges of device memory that the driver has handed out.
 *
 * The device's page tables have leaves of 4 KiB, 64 KiB and 2 MiB, but the core moves single pages
 * (migrate.c). So larger leaves need pages in a row: a page's place in its extent is its place in
 * the block of virtual addresses. An extent is as large as the pages moved together.
 *
 * Each claimed page holds a reference, as do tasks that use the extent. The last reference may be
 * dropped under a page-table lock, when mm frees a page. So the extent goes to a list that a work
 * empties, or the next task that is short of device memory.
 *
 * An extent's life:
 *
 *    hmm_extent_create(): the driver's alloc()
 *         |
 *         v          hmm_extent_touch(), hmm_extent_oldest(): to the end of the list
 *       in use ------.
 *         | |  ^     |   in hmm_devmem.lru
 *         | |  '-----'
 *         | |
 *         | |  hmm_devmem_close(): the driver's free()
 *         | '-------------------------> returned    in no list; pages that are left have lost
 *         |                                |        their content
 *         |  last reference                |  last reference
 *         v                                v
 *       dead                             dead       in hmm_devmem.dead
 *         |                                |
 *         |  hmm_extents_reap():           |  hmm_extents_reap()
 *         |  the driver's free()           |
 *         v                                v
 *       freed                            freed
 *
 * The life of a page in it:
 *
 *                  hmm_extent_claim()              hmm_dst_device(): hmm_extent_set_live()
 *       free -----------------------> used --------------------------> used and live
 *        ^ ^                           |                                |  in a folio; eviction
 *        | |  hmm_extent_unclaim_pfn() |                                |  may take it
 *        | |  the page did not move    |                                |
 *        | '---------------------------'                                |
 *        |                                                              |
 *        '--------------------------------------------------------------'
 *              mm frees the folio (unmapped, moved home, or never filled):
 *              hmm_folio_free(), hmm_extent_unclaim()
 *
 * A used page holds a reference to its extent, whether it is live or not.
 *
 * Extents are kept in the order in which they were last mapped for the device: eviction starts with
 * the one mapped longest ago. That is the least recently faulted one, the order that measurements
 * of oversubscribed GPUs recommend (Cooper, Scogland and Ge, ICS'24).
 *
 * Rejected: an allocator of single pages inside the core. Runs would be as fragmented as the
 * history of the machine, and the driver could not take whole ranges back.
 */
#include "devmem.h"

#include <linux/mm.h>
#include <linux/slab.h>

#include "mirror.h"

static struct hmm_extent *hmm_extent_init(struct hmm_devmem *devmem, struct hmm_account *account,
					  unsigned int npages, u64 offset, void *handle)
{
	struct hmm_extent *extent;
	struct hmm_chunk *chunk;

	chunk = hmm_devmem_chunk(devmem, offset);
	if (IS_ERR(chunk))
		return ERR_CAST(chunk);
	extent = kzalloc_obj(*extent);
	if (!extent)
		return ERR_PTR(-ENOMEM);

	extent->devmem = hmm_devmem_get(devmem);
	extent->account = hmm_account_get(account);
	extent->chunk = chunk;
	extent->pfn = chunk->pfn + ((offset - chunk->offset) >> PAGE_SHIFT);
	extent->npages = npages;
	extent->handle = handle;
	atomic_set(&extent->ref, 1);
	atomic64_add(npages, &devmem->reserved);

	spin_lock_irq(&devmem->lru_lock);
	list_add_tail(&extent->node, &devmem->lru);
	WRITE_ONCE(devmem->nr_extents, devmem->nr_extents + 1);
	spin_unlock_irq(&devmem->lru_lock);
	return extent;
}

/**
 * hmm_extent_create - get a range from the driver
 * @devmem: device memory, entered
 * @account: of the mirror whose pages will be there
 * @npages: number of pages, a power of two
 *
 * Context: no lock of mm is held. Sleeps and allocates.
 * Return: the extent with a reference for the caller, or an ERR_PTR(): -ENOSPC, -ENOMEM, -EBUSY the
 * device sleeps, -ENODEV the device memory is being closed, or the driver's errno
 */
struct hmm_extent *hmm_extent_create(struct hmm_devmem *devmem, struct hmm_account *account,
				     unsigned int npages)
{
	struct hmm_extent *extent;
	void *handle;
	u64 offset;
	int ret;

	ret = devmem->ops->alloc(devmem, npages, &offset, &handle);
	if (ret)
		return ERR_PTR(ret);
	if (WARN_ON_ONCE(offset % (npages * PAGE_SIZE) ||
			 offset + npages * PAGE_SIZE > devmem->size))
		extent = ERR_PTR(-EIO);
	else
		extent = hmm_extent_init(devmem, account, npages, offset, handle);
	if (IS_ERR(extent)) {
		devmem->ops->free(devmem, handle);
		return extent;
	}

	/* Either this is seen, or hmm_devmem_evict_all() finds the extent in the list */
	smp_mb();
	if (READ_ONCE(devmem->closing))
		ret = -ENODEV;
	else if (READ_ONCE(devmem->suspended))
		ret = -EBUSY;
	if (ret) {
		hmm_extent_put(extent);
		return ERR_PTR(ret);
	}
	return extent;
}

/**
 * hmm_page_extent - find the extent of a page
 * @page: a device-private page of the core, in use
 *
 * Return: the extent; valid as long as the page stays in use
 */
struct hmm_extent *hmm_page_extent(struct page *page)
{
	return folio_zone_device_data(page_folio(page));
}

/**
 * hmm_extent_claim - claim a page
 * @extent: the extent; the caller has a reference, or knows a page of it in use
 * @index: index of the page
 *
 * Context: any.
 * Return: false if the page is in use
 */
bool hmm_extent_claim(struct hmm_extent *extent, unsigned int index)
{
	if (test_and_set_bit(index, extent->used))
		return false;
	pfn_to_page(extent->pfn + index)->zone_device_data = extent;
	atomic_inc(&extent->ref);
	atomic64_inc(&extent->devmem->pages);
	atomic64_inc(&extent->account->pages);
	return true;
}

/**
 * hmm_extent_set_live - note that a claimed page is in a folio now
 * @extent: the extent
 * @index: index of the page
 *
 * Not earlier: eviction must not lock a page whose folio is just being initialised.
 *
 * Context: any; the folio is locked.
 */
void hmm_extent_set_live(struct hmm_extent *extent, unsigned int index)
{
	set_bit(index, extent->live);
}

/**
 * hmm_extent_unclaim - return a page that is not in use any more
 * @extent: the extent; may be gone afterwards
 * @index: index of the page, claimed
 *
 * Context: any, also under page-table locks.
 */
void hmm_extent_unclaim(struct hmm_extent *extent, unsigned int index)
{
	atomic64_dec(&extent->devmem->pages);
	atomic64_dec(&extent->account->pages);
	clear_bit(index, extent->live);
	/* Others may claim it from here on */
	clear_bit(index, extent->used);
	hmm_extent_put(extent);
}

/**
 * hmm_extent_unclaim_pfn - return a claimed page that never became a folio
 * @pfn: the page
 *
 * Context: any.
 */
void hmm_extent_unclaim_pfn(unsigned long pfn)
{
	struct hmm_extent *extent = pfn_to_page(pfn)->zone_device_data;

	hmm_extent_unclaim(extent, pfn - extent->pfn);
}

/**
 * hmm_extent_put - drop a reference
 * @extent: the extent; may be gone afterwards
 *
 * Context: any.
 */
void hmm_extent_put(struct hmm_extent *extent)
{
	struct hmm_devmem *devmem = extent->devmem;
	unsigned long flags;

	if (!atomic_dec_and_test(&extent->ref))
		return;

	/* For the work: once the extent is in @dead, others may free it, and drop its reference */
	hmm_devmem_get(devmem);
	spin_lock_irqsave(&devmem->lru_lock, flags);
	list_del_init(&extent->node);
	WRITE_ONCE(devmem->nr_extents, devmem->nr_extents - 1);
	llist_add(&extent->dead_node, &devmem->dead);
	spin_unlock_irqrestore(&devmem->lru_lock, flags);
	if (!queue_work(hmm_mirror_wq, &devmem->reap_work))
		hmm_devmem_put(devmem);
}

/**
 * hmm_extent_touch - note that pages of an extent were mapped for the device
 * @extent: the extent, with pages in use
 *
 * Context: any, also under blocks' locks.
 */
void hmm_extent_touch(struct hmm_extent *extent)
{
	struct hmm_devmem *devmem = extent->devmem;
	unsigned long flags;

	spin_lock_irqsave(&devmem->lru_lock, flags);
	if (!list_empty(&extent->node))
		list_move_tail(&extent->node, &devmem->lru);
	spin_unlock_irqrestore(&devmem->lru_lock, flags);
}

/**
 * hmm_extent_oldest - take the extent that was mapped longest ago
 * @devmem: device memory
 *
 * It becomes the most recent one, so that the next call returns another.
 *
 * Context: process context.
 * Return: the extent with a reference for the caller, or NULL
 */
struct hmm_extent *hmm_extent_oldest(struct hmm_devmem *devmem)
{
	struct hmm_extent *extent, *found = NULL;

	spin_lock_irq(&devmem->lru_lock);
	list_for_each_entry(extent, &devmem->lru, node) {
		if (atomic_inc_not_zero(&extent->ref)) {
			found = extent;
			list_move_tail(&extent->node, &devmem->lru);
			break;
		}
	}
	spin_unlock_irq(&devmem->lru_lock);
	return found;
}

/**
 * hmm_devmem_for_each_range - look at the ranges that the driver has handed out
 * @devmem: device memory
 * @look: called for each range with pages, in no order, under a spinlock with interrupts off
 * @arg: for @look
 *
 * A range without pages, which is on its way back to the driver, is left out.
 *
 * Context: process context; also under locks that the driver's alloc() and free() take.
 */
void hmm_devmem_for_each_range(struct hmm_devmem *devmem,
			       void (*look)(const struct hmm_devmem_range *range, void *arg),
			       void *arg)
{
	const struct hmm_extent *each;

	spin_lock_irq(&devmem->lru_lock);
	list_for_each_entry(each, &devmem->lru, node) {
		const struct hmm_chunk *chunk = each->chunk;
		const struct hmm_devmem_range range = {
			.offset = chunk->offset + ((u64)(each->pfn - chunk->pfn) << PAGE_SHIFT),
			.npages = each->npages,
			.used = bitmap_weight(each->used, HMM_BLOCK_PAGES),
			.tgid = each->account->tgid,
			.comm = each->account->comm,
		};

		look(&range, arg);
	}
	spin_unlock_irq(&devmem->lru_lock);
}
EXPORT_SYMBOL_GPL(hmm_devmem_for_each_range);

/**
 * hmm_extents_reap - return dead extents to the driver
 * @devmem: device memory
 *
 * Context: process context; takes &hmm_devmem.reap_lock. Allowed under dma_resv locks.
 */
void hmm_extents_reap(struct hmm_devmem *devmem)
{
	struct hmm_extent *extent, *next;
	struct llist_node *dead;

	mutex_lock(&devmem->reap_lock);
	dead = llist_del_all(&devmem->dead);
	llist_for_each_entry_safe(extent, next, dead, dead_node) {
		if (!extent->returned)
			devmem->ops->free(devmem, extent->handle);
		atomic64_sub(extent->npages, &devmem->reserved);
		hmm_account_put(extent->account);
		kfree(extent);
		hmm_devmem_put(devmem);
	}
	mutex_unlock(&devmem->reap_lock);
}

/**
 * hmm_extents_reap_work - the work that does the same
 * @work: &hmm_devmem.reap_work
 */
void hmm_extents_reap_work(struct work_struct *work)
{
	struct hmm_devmem *devmem = container_of(work, struct hmm_devmem, reap_work);

	hmm_extents_reap(devmem);
	/* That of the work itself, which may be the last one */
	hmm_devmem_put(devmem);
}

/**
 * hmm_extents_release - return all ranges to the driver
 * @devmem: device memory, without users of its callbacks
 *
 * Extents that still have pages stay, but the device has lost their content.
 *
 * Context: hmm_devmem_close(), without locks. Sleeps.
 */
void hmm_extents_release(struct hmm_devmem *devmem)
{
	struct hmm_extent *extent;

	mutex_lock(&devmem->reap_lock);
	for (;;) {
		spin_lock_irq(&devmem->lru_lock);
		extent = list_first_entry_or_null(&devmem->lru, struct hmm_extent, node);
		if (extent)
			list_del_init(&extent->node);
		spin_unlock_irq(&devmem->lru_lock);
		if (!extent)
			break;
		/* It may die meanwhile, but is freed only under @reap_lock */
		devmem->ops->free(devmem, extent->handle);
		extent->returned = true;
	}
	mutex_unlock(&devmem->reap_lock);
	/* Those that died before they were found in the list */
	hmm_extents_reap(devmem);
}
