/* SPDX-License-Identifier: GPL-2.0 */
/* System memory of objects: pages and their DMA mappings. */
#ifndef MIRAGE_TT_H
#define MIRAGE_TT_H

#include <linux/list.h>
#include <linux/scatterlist.h>
#include <linux/types.h>

#include <drm/ttm/ttm_tt.h>

#include "bo/extents.h"

struct mirage_device;
struct ttm_buffer_object;
struct ttm_device;
struct ttm_operation_ctx;

/**
 * struct mirage_tt - system memory of an object
 */
struct mirage_tt {
	/** @base: TTM's ttm_tt */
	struct ttm_tt base;
	/** @mdev: device; constant */
	struct mirage_device *mdev;
	/** @sgt: pages and their mapping; only while on mirage_ttm.mapped */
	struct sg_table sgt;
	/**
	 * @ext: addresses of the pages for the device; only while mapped. Protected by the object's
	 * resv.
	 */
	struct mirage_extents ext;
	/** @purgeable: the content is not needed. Protected by the object's resv. */
	bool purgeable;
	/** @node: in mirage_ttm.mapped, or empty. Protected by mirage_ttm.dma_lock. */
	struct list_head node;
};

static inline struct mirage_tt *to_mirage_tt(struct ttm_tt *tt)
{
	return container_of(tt, struct mirage_tt, base);
}

struct ttm_tt *mirage_tt_create(struct ttm_buffer_object *bo, u32 page_flags);
void mirage_tt_destroy(struct ttm_device *bdev, struct ttm_tt *tt);
int mirage_tt_populate(struct ttm_device *bdev, struct ttm_tt *tt, struct ttm_operation_ctx *ctx);
void mirage_tt_unpopulate(struct ttm_device *bdev, struct ttm_tt *tt);
bool mirage_tt_has_pages(const struct ttm_tt *tt);
bool mirage_tt_has_data(const struct ttm_tt *tt);
void mirage_tt_set_no_data(struct mirage_tt *tt);

int mirage_tt_map(struct mirage_tt *tt);
void mirage_tt_unmap(struct mirage_tt *tt);
void mirage_tt_unplug(struct mirage_device *mdev);

#endif /* MIRAGE_TT_H */
