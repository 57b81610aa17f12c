// SPDX-License-Identifier: GPL-2.0
/*
 * The TTM device: its memories and callbacks.
 *
 * Model: xe and amdgpu. There are three memories: TTM_PL_VRAM; TTM_PL_TT, system memory mapped for
 * the device; TTM_PL_SYSTEM, system memory that is not mapped. Objects are in TTM_PL_SYSTEM before
 * their first use, and the shrinker may take their pages there. Eviction moves an object from video
 * memory to TTM_PL_TT, and from TTM_PL_TT to TTM_PL_SYSTEM. bo/validation.c decides which ones.
 *
 * Rejected: caching modes other than the CPU's default for system memory: the device snoops.
 */
#include "bo/ttm.h"

#include <linux/dma-resv.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include <drm/drm_drv.h>
#include <drm/drm_managed.h>
#include <drm/drm_vma_manager.h>
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_placement.h>

#include "bo/bo.h"
#include "bo/move.h"
#include "bo/prime.h"
#include "bo/shrinker.h"
#include "bo/tt.h"
#include "bo/validation.h"
#include "bo/vram_mgr.h"
#include "device/device.h"

/*
 * The page pool keeps no more than this part of the size of video memory. Objects leave and come in
 * one by one, so a few of them are enough.
 */
#define POOL_SHARE	4

/**
 * ttm_to_mirage_device() - get the device from its TTM device
 * @bdev: TTM's device
 */
struct mirage_device *ttm_to_mirage_device(struct ttm_device *bdev)
{
	return container_of(bdev, struct mirage_ttm, bdev)->mdev;
}

static void bo_evict_flags(struct ttm_buffer_object *bo, struct ttm_placement *placement)
{
	static const struct ttm_place tt = { .mem_type = TTM_PL_TT };
	static const struct ttm_place system = { .mem_type = TTM_PL_SYSTEM };

	/* A ghost object: TTM waits for the device and drops it. */
	if (!mirage_bo_is_ours(bo)) {
		placement->num_placement = 0;
		return;
	}

	placement->num_placement = 1;
	placement->placement = &system;
	/* The move drops unneeded content: that needs a placement that is never full. */
	if (bo->resource->mem_type == TTM_PL_VRAM &&
	    to_mirage_bo(bo)->advice != DRM_MIRAGE_BO_DONTNEED)
		placement->placement = &tt;
}

static int bo_io_mem_reserve(struct ttm_device *bdev, struct ttm_resource *res)
{
	if (res->mem_type != TTM_PL_VRAM)
		return 0;
	/* No single address: it is scattered, see bo_io_mem_pfn(). */
	res->bus.is_iomem = true;
	res->bus.caching = ttm_write_combined;
	return 0;
}

static unsigned long bo_io_mem_pfn(struct ttm_buffer_object *bo, unsigned long page)
{
	struct mirage_device *mdev = ttm_to_mirage_device(bo->bdev);
	u64 addr;

	mirage_extents_find(&to_mirage_vram_res(bo->resource)->ext, page, &addr);
	return PHYS_PFN(mdev->vram.bar + addr);
}

/*
 * For debuggers, from bo/mmap.c: for an object in video memory, with its resv held.
 *
 * Unlike the accessors in vram/vram.h it does not look for a backup, because a device that sleeps
 * holds no object. A suspend takes the resv of each object to move it out, before
 * mirage_vram_save(), and vram_mgr_place() lets none in. The mapping that is accessed keeps the
 * device from autosuspend, by its file or exported buffer. A wedged device may sleep with objects
 * in video memory: it loses their content, and this finds the same as a CPU mapping.
 */
static int bo_access_memory(struct ttm_buffer_object *bo, unsigned long offset, void *buf, int len,
			    int write)
{
	struct mirage_device *mdev = ttm_to_mirage_device(bo->bdev);
	int done = 0, idx;

	if (dma_resv_wait_timeout(bo->base.resv, DMA_RESV_USAGE_KERNEL, true,
				  MAX_SCHEDULE_TIMEOUT) < 0 ||
	    !drm_dev_enter(&mdev->drm, &idx))
		return -EIO;
	while (done < len) {
		unsigned long page = (offset + done) >> PAGE_SHIFT;
		unsigned int in_page = offset_in_page(offset + done);
		int part = min_t(int, len - done, PAGE_SIZE - in_page);
		void __iomem *io;
		u64 addr;

		mirage_extents_find(&to_mirage_vram_res(bo->resource)->ext, page, &addr);
		io = mdev->vram.base + addr + in_page;
		if (write)
			memcpy_toio(io, buf + done, part);
		else
			memcpy_fromio(buf + done, io, part);
		done += part;
	}
	drm_dev_exit(idx);

	return len;
}

/* Called when an object's memory is freed for good. */
static void bo_delete_mem_notify(struct ttm_buffer_object *bo)
{
	if (mirage_bo_is_ours(bo) && to_mirage_bo(bo)->imported)
		mirage_prime_unmap(to_mirage_bo(bo));
}

static const struct ttm_device_funcs bo_device_funcs = {
	.ttm_tt_create = mirage_tt_create,
	.ttm_tt_populate = mirage_tt_populate,
	.ttm_tt_unpopulate = mirage_tt_unpopulate,
	.ttm_tt_destroy = mirage_tt_destroy,
	.eviction_valuable = mirage_validation_may_evict,
	.evict_flags = bo_evict_flags,
	.move = mirage_move,
	.io_mem_reserve = bo_io_mem_reserve,
	.io_mem_pfn = bo_io_mem_pfn,
	.access_memory = bo_access_memory,
	.delete_mem_notify = bo_delete_mem_notify,
};

static void bo_device_fini(struct drm_device *drm, void *unused)
{
	struct mirage_ttm *ttm = to_mirage_device(drm)->ttm;

	mirage_page_pool_fini(&ttm->pool);
	ttm_device_fini(&ttm->bdev);
}

/**
 * mirage_ttm_init() - set up the TTM device
 * @mdev: device, with VRAM initialised
 *
 * Context: probe.
 * Return: 0 or -ENOMEM
 */
int mirage_ttm_init(struct mirage_device *mdev)
{
	struct mirage_ttm *ttm;
	int ret;

	ttm = drmm_kzalloc(&mdev->drm, sizeof(*ttm), GFP_KERNEL);
	if (!ttm)
		return -ENOMEM;
	mdev->ttm = ttm;
	ttm->mdev = mdev;
	ret = drmm_mutex_init(&mdev->drm, &ttm->dma_lock);
	if (ret)
		return ret;
	INIT_LIST_HEAD(&ttm->mapped);
	ret = mirage_shrinker_alloc(mdev);
	if (ret)
		return ret;
	spin_lock_init(&mdev->bo_lock);
	INIT_LIST_HEAD(&mdev->bos);

	ret = ttm_device_init(&ttm->bdev, &bo_device_funcs, mdev->drm.dev,
			      mdev->drm.anon_inode->i_mapping, mdev->drm.vma_offset_manager,
			      TTM_ALLOCATION_POOL_BENEFICIAL_ORDER(get_order(SZ_2M)) |
			      TTM_ALLOCATION_PROPAGATE_ENOSPC);
	if (ret)
		return ret;
	mirage_page_pool_init(&ttm->pool, &ttm->bdev.pool,
			      mdev->vram.size / POOL_SHARE >> PAGE_SHIFT);
	ret = drmm_add_action_or_reset(&mdev->drm, bo_device_fini, NULL);
	if (ret)
		return ret;

	ret = mirage_vram_mgr_init(mdev);
	if (ret)
		return ret;
	return mirage_shrinker_init(mdev);
}
