// SPDX-License-Identifier: GPL-2.0
/*
 * TTM resource managers: video memory, and the count of TTM_PL_TT.
 *
 * Model: xe's managers. Video memory comes from mirage_vram's allocator, which page tables use too.
 * So there is one pool of free space, and TTM's evictions make room for all of its users. System
 * memory that the device can reach (TTM_PL_TT) has no addresses to allocate: its manager only
 * counts.
 *
 * Rejected: ttm_range_manager for either. It allocates contiguous ranges, which fragmentation makes
 * impossible and page tables make unnecessary.
 */
#include "bo/vram_mgr.h"

#include <linux/dma-resv.h>
#include <linux/hmm_devmem.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include <drm/drm_managed.h>
#include <drm/drm_print.h>
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_placement.h>

#include "bo/ttm.h"
#include "device/device.h"
#include "device/power.h"

static int vram_mgr_fill_extents(struct mirage_vram *vram, struct mirage_vram_res *res)
{
	struct gpu_buddy_block *block;
	unsigned int count = 0;

	list_for_each_entry(block, &res->blocks, link)
		count++;
	res->ext.list = kvmalloc_objs(*res->ext.list, count, GFP_KERNEL_ACCOUNT);
	if (!res->ext.list)
		return -ENOMEM;
	list_for_each_entry(block, &res->blocks, link)
		mirage_extents_add(&res->ext, gpu_buddy_block_offset(block),
				   gpu_buddy_block_size(&vram->mm, block) >> PAGE_SHIFT);
	return 0;
}

/*
 * Memory of processes makes room before TTM evicts objects: moving it waits for no job, and the
 * device can access it where it goes.
 */
static int vram_mgr_alloc_blocks(struct mirage_vram *vram, struct mirage_vram_res *res,
				 bool contiguous)
{
	u64 size = res->base.size;
	int ret;

	ret = mirage_vram_alloc_blocks(vram, &res->blocks, size, contiguous);
	/* Less than that may be enough, with what was free. */
	if (ret == -ENOSPC && hmm_devmem_evict(vram->devmem, size) != -ENODEV)
		ret = mirage_vram_alloc_blocks(vram, &res->blocks, size, contiguous);
	return ret;
}

/* Find room for @res. After an error it holds no blocks. */
static int vram_mgr_place(struct mirage_device *mdev, struct mirage_vram_res *res, bool contiguous)
{
	struct mirage_vram *vram = &mdev->vram;
	int ret;

	/*
	 * An allocation during sleep would be lost. Eviction before sleep either finds this
	 * resource in TTM's lists, or we see here that @suspended is set.
	 */
	if (mirage_power_is_suspended(mdev))
		return -ENOSPC;
	ret = vram_mgr_alloc_blocks(vram, res, contiguous);
	if (ret)
		return ret;
	ret = vram_mgr_fill_extents(vram, res);
	if (ret) {
		mirage_vram_free_blocks(vram, &res->blocks);
		return ret;
	}
	if (res->ext.count == 1) {
		res->base.placement |= TTM_PL_FLAG_CONTIGUOUS;
		res->base.start = res->ext.list[0].addr >> PAGE_SHIFT;
	}

	return 0;
}

static int vram_mgr_alloc(struct ttm_resource_manager *man, struct ttm_buffer_object *bo,
			  const struct ttm_place *place, struct ttm_resource **out)
{
	struct mirage_device *mdev = ttm_to_mirage_device(man->bdev);
	struct mirage_vram_res *res;
	int ret;

	/* Do not evict all other objects for one that can never fit. */
	if (bo->base.size > man->size)
		return -E2BIG;

	res = kzalloc_obj(*res, GFP_KERNEL_ACCOUNT);
	if (!res)
		return -ENOMEM;
	INIT_LIST_HEAD(&res->blocks);
	ttm_resource_init(bo, place, &res->base);

	ret = vram_mgr_place(mdev, res, place->flags & TTM_PL_FLAG_CONTIGUOUS);
	if (ret) {
		ttm_resource_fini(man, &res->base);
		kfree(res);
		return ret;
	}

	mutex_lock(&mdev->vram.lock);
	list_add_tail(&res->node, &mdev->vram.objects);
	mutex_unlock(&mdev->vram.lock);
	*out = &res->base;

	return 0;
}

static void vram_mgr_free(struct ttm_resource_manager *man, struct ttm_resource *base)
{
	struct mirage_device *mdev = ttm_to_mirage_device(man->bdev);
	struct mirage_vram_res *res = to_mirage_vram_res(base);

	mutex_lock(&mdev->vram.lock);
	list_del(&res->node);
	mutex_unlock(&mdev->vram.lock);
	mirage_vram_free_blocks(&mdev->vram, &res->blocks);

	ttm_resource_fini(man, base);
	kvfree(res->ext.list);
	kfree(res);
}

/**
 * mirage_vram_mgr_wait_jobs() - wait for the jobs that keep objects in video memory
 * @mdev: device being suspended: no object moves there any more
 * @timeout: jiffies, for all objects together
 *
 * TTM's limit is per object: a row of jobs, each with its own object, could delay a suspend for the
 * sum of their durations.
 *
 * Context: may sleep; takes the resvs of objects.
 * Return: 0, or -EBUSY: jobs take too long
 */
int mirage_vram_mgr_wait_jobs(struct mirage_device *mdev, long timeout)
{
	struct ttm_operation_ctx ctx = {};
	struct ttm_lru_walk_arg arg = { .ctx = &ctx, .trylock_only = true };
	struct ttm_bo_lru_cursor cursor;
	struct ttm_buffer_object *tbo;

	ttm_bo_lru_for_each_reserved_guarded(&cursor, &mdev->vram.man, &arg, tbo) {
		timeout = dma_resv_wait_timeout(tbo->base.resv, DMA_RESV_USAGE_BOOKKEEP, false,
						timeout);
		if (timeout <= 0)
			return -EBUSY;
	}
	return 0;
}

static void vram_mgr_debug(struct ttm_resource_manager *man, struct drm_printer *p)
{
	struct mirage_device *mdev = ttm_to_mirage_device(man->bdev);

	drm_printf(p, "vram: %llu of %llu bytes used\n", mirage_vram_used(&mdev->vram), man->size);
}

static const struct ttm_resource_manager_func vram_mgr_funcs = {
	.alloc = vram_mgr_alloc,
	.free = vram_mgr_free,
	.debug = vram_mgr_debug,
};

static int tt_mgr_alloc(struct ttm_resource_manager *man, struct ttm_buffer_object *bo,
			const struct ttm_place *place, struct ttm_resource **out)
{
	struct ttm_resource *res;

	res = kzalloc_obj(*res, GFP_KERNEL_ACCOUNT);
	if (!res)
		return -ENOMEM;
	ttm_resource_init(bo, place, res);

	/*
	 * A temporary stop on the way to video memory is short; without it no object could be
	 * evicted.
	 */
	if (!(place->flags & TTM_PL_FLAG_TEMPORARY) &&
	    ttm_resource_manager_usage(man) > man->size) {
		ttm_resource_fini(man, res);
		kfree(res);
		return -ENOSPC;
	}
	*out = res;

	return 0;
}

static void tt_mgr_free(struct ttm_resource_manager *man, struct ttm_resource *res)
{
	ttm_resource_fini(man, res);
	kfree(res);
}

static const struct ttm_resource_manager_func tt_mgr_funcs = {
	.alloc = tt_mgr_alloc,
	.free = tt_mgr_free,
};

static void vram_mgr_fini_one(struct mirage_device *mdev, struct ttm_resource_manager *man,
			      int type)
{
	ttm_resource_manager_set_used(man, false);
	ttm_resource_manager_cleanup(man);
	ttm_set_driver_manager(&mdev->ttm->bdev, type, NULL);
}

static void vram_mgr_fini(struct drm_device *drm, void *unused)
{
	struct mirage_device *mdev = to_mirage_device(drm);

	/*
	 * No object has references any more, but TTM may still be deleting some: those with foreign
	 * fences, and those whose memory it does not manage. They hold no reference to the
	 * drm_device: the last one would be dropped in the workqueue that has to be drained here.
	 */
	drain_workqueue(mdev->ttm->bdev.wq);
	vram_mgr_fini_one(mdev, &mdev->vram.man, TTM_PL_VRAM);
	vram_mgr_fini_one(mdev, &mdev->ttm->tt, TTM_PL_TT);
}

static void vram_mgr_init_one(struct mirage_device *mdev, struct ttm_resource_manager *man,
			      int type, const struct ttm_resource_manager_func *funcs, u64 size)
{
	man->func = funcs;
	ttm_resource_manager_init(man, &mdev->ttm->bdev, size);
	ttm_set_driver_manager(&mdev->ttm->bdev, type, man);
	ttm_resource_manager_set_used(man, true);
}

/**
 * mirage_vram_mgr_init() - set up TTM's resource managers
 * @mdev: device, with VRAM and TTM initialised
 *
 * Context: probe.
 * Return: 0 or -ENOMEM
 */
int mirage_vram_mgr_init(struct mirage_device *mdev)
{
	vram_mgr_init_one(mdev, &mdev->vram.man, TTM_PL_VRAM, &vram_mgr_funcs, mdev->vram.size);
	mdev->ttm->tt.use_tt = true;
	/* Three quarters of RAM; the rest is left for the programs that use these objects. */
	vram_mgr_init_one(mdev, &mdev->ttm->tt, TTM_PL_TT, &tt_mgr_funcs,
			  (u64)totalram_pages() * PAGE_SIZE / 4 * 3);

	return drmm_add_action_or_reset(&mdev->drm, vram_mgr_fini, NULL);
}
