/* SPDX-License-Identifier: GPL-2.0 */
/* Memory as TTM hands it out: video memory, and system memory that the device can reach. */
#ifndef MIRAGE_VRAM_MGR_H
#define MIRAGE_VRAM_MGR_H

#include <linux/list.h>

#include <drm/ttm/ttm_resource.h>

#include "bo/extents.h"

struct mirage_device;

/**
 * struct mirage_vram_res - video memory of an object
 */
struct mirage_vram_res {
	/** @base: TTM's part */
	struct ttm_resource base;
	/** @blocks: the allocator's blocks; constant */
	struct list_head blocks;
	/** @ext: the same, sorted by the object's pages; constant */
	struct mirage_extents ext;
	/** @node: in mirage_vram.objects. Protected by mirage_vram.lock. */
	struct list_head node;
};

static inline struct mirage_vram_res *to_mirage_vram_res(struct ttm_resource *res)
{
	return container_of(res, struct mirage_vram_res, base);
}

int mirage_vram_mgr_init(struct mirage_device *mdev);
int mirage_vram_mgr_wait_jobs(struct mirage_device *mdev, long timeout);

#endif /* MIRAGE_VRAM_MGR_H */
