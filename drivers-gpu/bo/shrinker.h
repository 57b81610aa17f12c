/* SPDX-License-Identifier: GPL-2.0 */
/* The shrinker for system memory of buffer objects. */
#ifndef MIRAGE_SHRINKER_H
#define MIRAGE_SHRINKER_H

#include <linux/spinlock.h>

struct mirage_device;
struct mirage_tt;
struct shrinker;

/**
 * struct mirage_shrinker - counts of pages that can be freed
 */
struct mirage_shrinker {
	/** @mdev: device that it belongs to; constant */
	struct mirage_device *mdev;
	/** @shrinker: the registered shrinker */
	struct shrinker *shrinker;
	/** @lock: protects the counts; innermost */
	spinlock_t lock;
	/** @shrinkable: pages that can be backed up. Protected by @lock. */
	unsigned long shrinkable;
	/** @purgeable: pages whose content is not needed. Protected by @lock. */
	unsigned long purgeable;
};

int mirage_shrinker_alloc(struct mirage_device *mdev);
int mirage_shrinker_init(struct mirage_device *mdev);
void mirage_shrinker_add(struct mirage_tt *tt);
void mirage_shrinker_remove(struct mirage_tt *tt);
void mirage_shrinker_advise(struct mirage_tt *tt, bool purgeable);

#endif /* MIRAGE_SHRINKER_H */
