/* SPDX-License-Identifier: GPL-2.0 */
/* What TTM knows of the device: pages of objects and moves between memories. */
#ifndef MIRAGE_TTM_H
#define MIRAGE_TTM_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include <drm/ttm/ttm_device.h>
#include <drm/ttm/ttm_resource.h>

struct mirage_device;

/**
 * struct mirage_ttm - TTM's part of a device
 */
struct mirage_ttm {
	/** @mdev: whose it is; constant */
	struct mirage_device *mdev;
	/** @bdev: TTM's device */
	struct ttm_device bdev;
	/** @tt: manager of TTM_PL_TT, system memory mapped for the device */
	struct ttm_resource_manager tt;
	/**
	 * @dma_lock: protects @mapped, and that a mapping is undone once. The shrinker takes it, so
	 * nothing is allocated under it.
	 */
	struct mutex dma_lock;
	/** @mapped: struct mirage_tt that are mapped for the device. Protected by @dma_lock. */
	struct list_head mapped;
	/** @evictions: objects moved out of video memory to make room */
	atomic64_t evictions;
};

struct mirage_device *ttm_to_mirage_device(struct ttm_device *bdev);

int mirage_ttm_init(struct mirage_device *mdev);

#endif /* MIRAGE_TTM_H */
