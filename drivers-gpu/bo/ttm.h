/* SPDX-License-Identifier: GPL-2.0 */
/* The TTM device: pages of objects and moves between memories. */
#ifndef MIRAGE_TTM_H
#define MIRAGE_TTM_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include <drm/ttm/ttm_device.h>
#include <drm/ttm/ttm_resource.h>

#include "bo/page_pool.h"

struct mirage_device;

/**
 * struct mirage_ttm - TTM state of a device
 */
struct mirage_ttm {
	/** @mdev: device that it belongs to; constant */
	struct mirage_device *mdev;
	/** @bdev: TTM's device */
	struct ttm_device bdev;
	/** @tt: manager of TTM_PL_TT, system memory mapped for the device */
	struct ttm_resource_manager tt;
	/**
	 * @dma_lock: protects @mapped, and ensures that a mapping is undone only once. The shrinker
	 * takes it, so its holder allocates nothing.
	 */
	struct mutex dma_lock;
	/** @mapped: struct mirage_tt that are mapped for the device. Protected by @dma_lock. */
	struct list_head mapped;
	/** @pool: pages for objects that leave video memory */
	struct mirage_page_pool pool;
	/** @evictions: number of objects evicted from video memory */
	atomic64_t evictions;
};

struct mirage_device *ttm_to_mirage_device(struct ttm_device *bdev);

int mirage_ttm_init(struct mirage_device *mdev);

#endif /* MIRAGE_TTM_H */
