// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of objects that moved to video memory, for objects that leave it.
 *
 * Where video memory is short, objects leave and others of the same size come in. Each needs system
 * memory for as long as it is out. Kernels with CONFIG_INIT_ON_ALLOC_DEFAULT_ON zero each page that
 * they allocate, which takes many times as long as the device's copy, and the copy then overwrites
 * the zeroes. So the pages of an object that comes in are kept for the next one that leaves.
 *
 * Kept pages have old content, possibly of another process. They go to the destination of a copy
 * that covers them whole, and to nothing else: TTM asks for zeroed pages everywhere else
 * (TTM_TT_FLAG_ZERO_ALLOC). If such a copy fails, nobody gets to see them: see bo/move.c.
 *
 * The shrinker takes these pages before all others. The array of pages keeps its charge to the
 * cgroup of the object's process.
 *
 * Rejected: TTM's own pools. They hold no cached pages, and zero what they take in. Rejected:
 * mixing the pages of several objects: objects that take turns are alike.
 */
#include "bo/page_pool.h"

#include <linux/mm.h>
#include <linux/slab.h>

#include <drm/ttm/ttm_pool.h>
#include <drm/ttm/ttm_tt.h>

/**
 * struct page_pool_entry - the pages of one object
 */
struct page_pool_entry {
	/** @node: in mirage_page_pool.entries */
	struct list_head node;
	/** @tt: the array of pages and their number, in the form that TTM's pool takes back */
	struct ttm_tt tt;
};

/**
 * mirage_page_pool_init() - set up a pool
 * @pool: pool
 * @ttm_pool: where its pages come from and go to
 * @limit: number of pages that it may keep
 */
void mirage_page_pool_init(struct mirage_page_pool *pool, struct ttm_pool *ttm_pool,
			   unsigned long limit)
{
	pool->ttm_pool = ttm_pool;
	pool->limit = limit;
	spin_lock_init(&pool->lock);
	INIT_LIST_HEAD(&pool->entries);
}

static void page_pool_free(struct mirage_page_pool *pool, struct page_pool_entry *entry)
{
	ttm_pool_free(pool->ttm_pool, &entry->tt);
	kvfree(entry->tt.pages);
	kfree(entry);
}

/**
 * mirage_page_pool_put() - keep the pages of an object
 * @pool: pool
 * @tt: its system memory, populated, not mapped by anything
 *
 * Context: any that may take a spinlock.
 * Return: true: the pool has the pages and their array; @tt has neither
 */
bool mirage_page_pool_put(struct mirage_page_pool *pool, struct ttm_tt *tt)
{
	struct page_pool_entry *entry;
	bool kept;

	/* Its user can do without: no reserves, no reclaim, no warning. */
	entry = kmalloc_obj(*entry, GFP_NOWAIT | __GFP_NOWARN);
	if (!entry)
		return false;
	entry->tt = (struct ttm_tt){
		.pages = tt->pages,
		.num_pages = tt->num_pages,
		.caching = tt->caching,
	};

	spin_lock(&pool->lock);
	kept = tt->num_pages <= pool->limit && pool->npages <= pool->limit - tt->num_pages;
	if (kept) {
		list_add(&entry->node, &pool->entries);
		pool->npages += tt->num_pages;
	}
	spin_unlock(&pool->lock);

	if (kept)
		tt->pages = NULL;
	else
		kfree(entry);
	return kept;
}

/* The latest entry with @npages pages, or any at all for 0; the caller's from now on. Or NULL. */
static struct page_pool_entry *page_pool_remove(struct mirage_page_pool *pool, unsigned long npages)
{
	struct page_pool_entry *entry;

	guard(spinlock)(&pool->lock);
	list_for_each_entry(entry, &pool->entries, node) {
		if (npages && entry->tt.num_pages != npages)
			continue;
		list_del(&entry->node);
		pool->npages -= entry->tt.num_pages;
		return entry;
	}
	return NULL;
}

/**
 * mirage_page_pool_take() - give an object pages that the pool has kept
 * @pool: pool
 * @tt: its system memory, without pages; a copy will cover it whole
 *
 * Context: any that may take a spinlock.
 * Return: true: @tt has pages with unknown content
 */
bool mirage_page_pool_take(struct mirage_page_pool *pool, struct ttm_tt *tt)
{
	struct page_pool_entry *entry = page_pool_remove(pool, tt->num_pages);

	if (!entry)
		return false;
	tt->pages = entry->tt.pages;
	kfree(entry);
	return true;
}

/**
 * mirage_page_pool_count() - count the kept pages
 * @pool: pool
 */
unsigned long mirage_page_pool_count(struct mirage_page_pool *pool)
{
	return READ_ONCE(pool->npages);
}

/**
 * mirage_page_pool_shrink() - free kept pages
 * @pool: pool
 * @npages: number of pages, rounded up to whole objects
 *
 * Context: may be called by the shrinker.
 * Return: number of pages freed
 */
unsigned long mirage_page_pool_shrink(struct mirage_page_pool *pool, unsigned long npages)
{
	struct page_pool_entry *entry;
	unsigned long freed = 0;

	while (freed < npages) {
		entry = page_pool_remove(pool, 0);
		if (!entry)
			break;
		freed += entry->tt.num_pages;
		page_pool_free(pool, entry);
	}
	return freed;
}

/**
 * mirage_page_pool_fini() - free all pages, and keep none from now on
 * @pool: pool
 */
void mirage_page_pool_fini(struct mirage_page_pool *pool)
{
	spin_lock(&pool->lock);
	pool->limit = 0;
	spin_unlock(&pool->lock);
	mirage_page_pool_shrink(pool, ULONG_MAX);
}
