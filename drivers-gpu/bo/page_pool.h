/* SPDX-License-Identifier: GPL-2.0 */
/* Pages of objects that moved to video memory, for objects that leave it. */
#ifndef MIRAGE_PAGE_POOL_H
#define MIRAGE_PAGE_POOL_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct ttm_pool;
struct ttm_tt;

/**
 * struct mirage_page_pool - pages that the next copy out of video memory may fill
 */
struct mirage_page_pool {
	/** @ttm_pool: where pages that are not kept go; constant */
	struct ttm_pool *ttm_pool;
	/** @limit: largest @npages; constant, 0 from mirage_page_pool_fini() on */
	unsigned long limit;
	/** @lock: protects the fields below and @limit; innermost */
	spinlock_t lock;
	/** @entries: the kept pages of one object each, the latest first. Protected by @lock. */
	struct list_head entries;
	/** @npages: pages in @entries. Protected by @lock. */
	unsigned long npages;
};

void mirage_page_pool_init(struct mirage_page_pool *pool, struct ttm_pool *ttm_pool,
			   unsigned long limit);
void mirage_page_pool_fini(struct mirage_page_pool *pool);
bool mirage_page_pool_put(struct mirage_page_pool *pool, struct ttm_tt *tt);
bool mirage_page_pool_take(struct mirage_page_pool *pool, struct ttm_tt *tt);
unsigned long mirage_page_pool_count(struct mirage_page_pool *pool);
unsigned long mirage_page_pool_shrink(struct mirage_page_pool *pool, unsigned long npages);

#endif /* MIRAGE_PAGE_POOL_H */
