// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks: how they are created, looked up and retired.
 *
 * The first fault in a 2 MiB range creates its block. The block is removed when it has been without
 * mappings for a while (reap.c), or when the mirror closes. So memory use follows the current
 * mappings, not the past ones. Lookups use RCU and take a reference; the registry's lock is taken
 * only to insert and remove a block. Its notifier lives exactly as long as the block can be found.
 * It is inserted once per block, not per fault, because insertion takes a lock of the whole mm.
 *
 * A retired block is marked dead under its lock, and stays readable for tasks that found it just
 * before; they look up again and create a new one. Two tasks may create the same block at once; the
 * second one to insert it discards its own.
 *
 * A block's life:
 *
 *  first fault in these 2 MiB: DMA map, block_init(), notifier, entry in the registry
 *       |
 *       v                  map()
 *     empty --------------------------------> mapped
 *      | ^  <--------------------------------  | ^
 *      | |    an invalidation takes the        '-'   map(); an invalidation takes some pages
 *      | |    last page
 *      | |
 *      '-'   queued for the reaper, which leaves the block: pages are pending a flush,
 *      |     or it has been empty for less than 0.1 s (unmapped) or 2 s
 *      |
 *      |     reaper: empty for long enough; or hmm_mirror_close(), which has taken all pages
 *      v
 *     dead          not in the registry; then the notifier is removed; a fault that found it
 *      |            before looks again
 *      |
 *      |     last reference
 *      v
 *     freed         block_fini(), DMA map, kfree_rcu()
 *
 * A fault that maps nothing in an empty block queues it for the reaper, too. When there are too many
 * blocks, or no memory for another one, hmm_reap_oldest() makes those empty that were mapped longest
 * ago, and the reaper removes them at once.
 *
 * Rejected: one notifier for the whole mirror, with block lookup in the callback. Every fault would
 * then collide with every invalidation anywhere in the process.
 */
#include <linux/lockdep.h>
#include <linux/slab.h>

#include "mirror.h"

/* Attempts to create a block while there is no memory */
#define HMM_BLOCK_TRIES	8

/**
 * hmm_block_lock_init - initialise a block's lock
 * @lock: the lock
 *
 * Only this function initialises them, so that all blocks, and the lock that teaches lockdep at
 * module load, have one lock class.
 */
void hmm_block_lock_init(struct mutex *lock)
{
	mutex_init(lock);
}

static void hmm_block_release(struct kref *ref)
{
	struct hmm_block *block = container_of(ref, struct hmm_block, ref);
	struct hmm_mirror *mirror = block->mirror;

	WARN_ON_ONCE(!bitmap_empty(block->mapped, HMM_BLOCK_PAGES) || block->pending.busy);

	if (mirror->ops->block_fini)
		mirror->ops->block_fini(mirror, block);
	hmm_dma_map_free(mirror->dev, &block->dma);
	mutex_destroy(&block->lock);
	kfree_rcu(block, rcu);
}

/**
 * hmm_block_put - drop a reference
 * @block: the block
 *
 * Context: may sleep; no lock held.
 */
void hmm_block_put(struct hmm_block *block)
{
	kref_put(&block->ref, hmm_block_release);
}

static struct hmm_block *hmm_block_find(struct hmm_mirror *mirror, unsigned long start)
{
	struct hmm_block *block;

	rcu_read_lock();
	block = xa_load(&mirror->blocks, start >> HMM_BLOCK_SHIFT);
	if (block && !kref_get_unless_zero(&block->ref))
		block = NULL;
	rcu_read_unlock();
	return block;
}

static struct hmm_block *hmm_block_create(struct hmm_mirror *mirror, unsigned long start)
{
	struct hmm_block *block;
	int ret;

	block = kzalloc_obj(*block, HMM_GFP);
	if (!block)
		return ERR_PTR(-ENOMEM);

	block->mirror = mirror;
	block->start = start;
	block->empty_since = jiffies;
	kref_init(&block->ref);
	hmm_block_lock_init(&block->lock);
	INIT_LIST_HEAD(&block->lru_node);

	ret = hmm_pages_alloc(mirror->dev, &block->dma, HMM_BLOCK_PAGES);
	if (ret)
		goto err_block;

	if (mirror->ops->block_init) {
		ret = mirror->ops->block_init(mirror, block);
		if (ret)
			goto err_dma;
	}

	ret = mmu_interval_notifier_insert(&block->notifier, mirror->mm, start, HMM_BLOCK_SIZE,
					   &hmm_block_notifier_ops);
	if (ret)
		goto err_fini;
	return block;

err_fini:
	if (mirror->ops->block_fini)
		mirror->ops->block_fini(mirror, block);
err_dma:
	hmm_dma_map_free(mirror->dev, &block->dma);
err_block:
	mutex_destroy(&block->lock);
	kfree(block);
	return ERR_PTR(ret);
}

/* The same, after the removal of older blocks if there is no room */
static struct hmm_block *hmm_block_make(struct hmm_mirror *mirror, unsigned long start)
{
	struct hmm_block *block;
	unsigned int i;

	if (hmm_charge_is_full(mirror))
		hmm_reap_oldest(mirror);
	for (i = 0; i < HMM_BLOCK_TRIES; i++) {
		block = hmm_block_create(mirror, start);
		if (block != ERR_PTR(-ENOMEM) || !hmm_reap_oldest(mirror))
			break;
	}
	return block;
}

/**
 * hmm_block_touch - note that a block is in use
 * @block: the block, not dead
 *
 * Context: under the block's lock; does not sleep.
 */
void hmm_block_touch(struct hmm_block *block)
{
	struct hmm_mirror *mirror = block->mirror;

	lockdep_assert_held(&block->lock);

	spin_lock(&mirror->lru_lock);
	list_move_tail(&block->lru_node, &mirror->lru);
	spin_unlock(&mirror->lru_lock);
}

/* A new block enters the list. It may have been found, and retired, already. */
static void hmm_block_list(struct hmm_block *block)
{
	mutex_lock(&block->lock);
	if (!block->dead)
		hmm_block_touch(block);
	mutex_unlock(&block->lock);
}

/**
 * hmm_block_oldest - get the block that was mapped longest ago
 * @mirror: the mirror
 *
 * The next call gets another one.
 *
 * Context: no block's lock held.
 * Return: the block with a reference for the caller; or NULL.
 */
struct hmm_block *hmm_block_oldest(struct hmm_mirror *mirror)
{
	struct hmm_block *block;

	spin_lock(&mirror->lru_lock);
	block = list_first_entry_or_null(&mirror->lru, struct hmm_block, lru_node);
	if (block) {
		/* The registry has a reference as long as the block is in the list */
		kref_get(&block->ref);
		list_move_tail(&block->lru_node, &mirror->lru);
	}
	spin_unlock(&mirror->lru_lock);
	return block;
}

/**
 * hmm_block_get - find or create a block
 * @mirror: the mirror
 * @start: the block's first address
 *
 * Context: a call of hmm_mirror_fault() that holds a user of the mm; no lock held. May
 * allocate and sleep.
 * Return: the block with a reference for the caller, or an ERR_PTR(): -ENOMEM, the errno from
 * block_init(), -EINTR from the first notifier of an mm when a signal is pending. It may be dead by
 * the time its lock is taken.
 */
struct hmm_block *hmm_block_get(struct hmm_mirror *mirror, unsigned long start)
{
	struct hmm_block *block;
	int ret;

	for (;;) {
		block = hmm_block_find(mirror, start);
		if (block)
			return block;

		block = hmm_block_make(mirror, start);
		if (IS_ERR(block))
			return block;

		/* The caller's reference, in addition to the registry's */
		kref_get(&block->ref);
		ret = xa_insert(&mirror->blocks, start >> HMM_BLOCK_SHIFT, block, HMM_GFP);
		if (!ret) {
			atomic_long_inc(&mirror->nr_blocks);
			hmm_block_list(block);
			return block;
		}

		mmu_interval_notifier_remove(&block->notifier);
		hmm_block_put(block);
		hmm_block_put(block);
		if (ret != -EBUSY)
			return ERR_PTR(ret);
	}
}

/**
 * hmm_block_release_pages - return pages to mm
 * @block: the block
 * @pages: pages that are mapped for DMA and that the device can no longer reach
 *
 * Context: under the block's lock; does not sleep.
 */
void hmm_block_release_pages(struct hmm_block *block, const unsigned long *pages)
{
	unsigned int first, end;

	lockdep_assert_held(&block->lock);

	for_each_set_bitrange(first, end, pages, HMM_BLOCK_PAGES)
		hmm_pages_release(block->mirror->dev, &block->dma, first, end);
}

/**
 * hmm_block_retire - retire a block
 * @block: the block; without mappings, or the mirror is closing
 *
 * After this it cannot be found; tasks that found it before see that it is dead. Call
 * hmm_block_drop() afterwards.
 * Context: under the block's lock; the reaper or hmm_mirror_close(), of which only one runs.
 */
void hmm_block_retire(struct hmm_block *block)
{
	struct hmm_mirror *mirror = block->mirror;

	lockdep_assert_held(&block->lock);

	block->dead = true;
	xa_erase(&mirror->blocks, block->start >> HMM_BLOCK_SHIFT);
	spin_lock(&mirror->lru_lock);
	list_del_init(&block->lru_node);
	spin_unlock(&mirror->lru_lock);
	atomic_long_dec(&mirror->nr_blocks);
}

/**
 * hmm_block_drop - end a block's notifier and drop the registry's reference
 * @block: the block; retired, without mappings
 *
 * Context: no lock held. Sleeps until no callback of the block's notifier runs.
 */
void hmm_block_drop(struct hmm_block *block)
{
	mmu_interval_notifier_remove(&block->notifier);
	hmm_block_put(block);
}

/**
 * hmm_block_start - get the address of a block
 * @block: the block
 *
 * Return: its first address, HMM_BLOCK_SIZE aligned.
 */
unsigned long hmm_block_start(const struct hmm_block *block)
{
	return block->start;
}
EXPORT_SYMBOL_GPL(hmm_block_start);

/**
 * hmm_block_priv - get the driver's data of a block
 * @block: the block
 *
 * Return: the pointer passed to hmm_block_set_priv(), else NULL.
 */
void *hmm_block_priv(const struct hmm_block *block)
{
	return block->priv;
}
EXPORT_SYMBOL_GPL(hmm_block_priv);

/**
 * hmm_block_set_priv - attach the driver's data to a block
 * @block: the block
 * @priv: the data
 *
 * Context: block_init() only, while the block is not visible yet.
 */
void hmm_block_set_priv(struct hmm_block *block, void *priv)
{
	block->priv = priv;
}
EXPORT_SYMBOL_GPL(hmm_block_set_priv);

/**
 * hmm_block_assert_held - lockdep assertion that the block's lock is held
 * @block: the block
 */
void hmm_block_assert_held(const struct hmm_block *block)
{
	lockdep_assert_held(&block->lock);
}
EXPORT_SYMBOL_GPL(hmm_block_assert_held);
