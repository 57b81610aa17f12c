/* SPDX-License-Identifier: GPL-2.0 */
/* TTM resource managers: video memory, and the count of TTM_PL_TT. */
#ifndef MIRAGE_VRAM_MGR_H
#define MIRAGE_VRAM_MGR_H

#include <linux/list.h>

#include <drm/ttm/ttm_resource.h>

#include "bo/extents.h"

struct mirage_device;

/**
 * struct mirage_vram_res - a TTM resource in video memory
 */
struct mirage_vram_res {
	/** @base: TTM's resource */
	struct ttm_resource base;
	/** @blocks: the allocator's blocks; constant */
	struct list_head blocks;
	/** @ext: the same blocks as extents, in the object's order; constant */
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
