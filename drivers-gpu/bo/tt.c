// SPDX-License-Identifier: GPL-2.0
/*
 * System memory of objects: pages and their DMA mappings.
 *
 * Model: xe. Pages come from TTM's pool, cached. They are mapped for the device when an object
 * moves to TTM_PL_TT, and unmapped when it leaves TTM_PL_TT or its pages are freed. No mapping may
 * outlive the driver's binding to the device, but pages do, if a file is still open or a ghost
 * object still exists. So all mappings are on a list, and unplug undoes them.
 *
 * TTM's array of pages, 8 bytes per page, is allocated and freed together with the pages, and is
 * charged to the memory cgroup of the process that uses the object first. ttm_tt_init() and
 * ttm_sg_tt_init() would allocate the arrays at creation, without charging: a process could use up
 * all memory with objects that it never uses. The pages themselves are not charged: docs/memory.md
 * says why.
 *
 * Rejected: ttm_device_clear_dma_mappings() at unplug. It frees pages without the object's lock,
 * and misses objects that are being deleted.
 */
#include "bo/tt.h"

#include <linux/dma-mapping.h>
#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/ttm/ttm_bo.h>

#include "bo/bo.h"
#include "bo/shrinker.h"
#include "bo/ttm.h"
#include "device/device.h"

/*
 * Arrays with an entry per page, whose size user space chooses: charged, and if the cgroup or the
 * machine has no room, the caller gets an error instead of the OOM killer being started.
 */
#define TT_GFP_ARRAY	(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/**
 * mirage_tt_create() - create the ttm_tt of an object
 * @bo: object
 * @page_flags: TTM_TT_FLAG_*
 *
 * Return: the ttm_tt, without pages; or NULL
 */
struct ttm_tt *mirage_tt_create(struct ttm_buffer_object *bo, u32 page_flags)
{
	struct mirage_tt *tt;

	tt = kzalloc_obj(*tt, GFP_KERNEL_ACCOUNT);
	if (!tt)
		return NULL;
	tt->base.num_pages = bo->base.size >> PAGE_SHIFT;
	tt->base.page_flags = page_flags;
	tt->base.caching = ttm_cached;
	tt->base.sg = bo->sg;
	tt->mdev = ttm_to_mirage_device(bo->bdev);
	INIT_LIST_HEAD(&tt->node);
	tt->purgeable = mirage_bo_is_ours(bo) &&
			to_mirage_bo(bo)->advice == DRM_MIRAGE_BO_DONTNEED;

	if (bo->type == ttm_bo_type_sg) {
		tt->base.dma_address = kvzalloc_objs(*tt->base.dma_address, tt->base.num_pages,
						     TT_GFP_ARRAY);
		if (!tt->base.dma_address)
			goto err_free;
		return &tt->base;
	}

	/*
	 * Pages from TTM's pool, which it backs up when the shrinker asks. TTM's own swapping is
	 * off.
	 */
	tt->base.page_flags |= TTM_TT_FLAG_EXTERNAL | TTM_TT_FLAG_EXTERNAL_MAPPABLE;
	if (ttm_tt_setup_backup(&tt->base))
		goto err_free;
	return &tt->base;

err_free:
	kfree(tt);
	return NULL;
}

/**
 * mirage_tt_has_pages() - do its pages, if any, come from TTM's pool?
 * @tt: system memory of an object
 *
 * Pages of imported objects and userptrs do not.
 */
bool mirage_tt_has_pages(const struct ttm_tt *tt)
{
	return !(tt->page_flags & TTM_TT_FLAG_EXTERNAL) ||
	       tt->page_flags & TTM_TT_FLAG_EXTERNAL_MAPPABLE;
}

/**
 * mirage_tt_has_data() - does system memory hold content, perhaps backed up?
 * @tt: system memory of an object, or NULL
 */
bool mirage_tt_has_data(const struct ttm_tt *tt)
{
	return tt && (tt->page_flags & TTM_TT_FLAG_PRIV_POPULATED || ttm_tt_is_swapped(tt));
}

static int tt_alloc(struct ttm_device *bdev, struct ttm_tt *tt, struct ttm_operation_ctx *ctx)
{
	struct mirage_ttm *ttm = to_mirage_tt(tt)->mdev->ttm;
	int ret;

	/* Without the flag TTM makes pages for a copy out of video memory. */
	if (!(tt->page_flags & TTM_TT_FLAG_ZERO_ALLOC) && mirage_page_pool_take(&ttm->pool, tt))
		return 0;
	tt->pages = kvzalloc_objs(*tt->pages, tt->num_pages, TT_GFP_ARRAY);
	if (!tt->pages)
		return -ENOMEM;
	ret = ttm_pool_alloc(&bdev->pool, tt, ctx);
	if (ret) {
		kvfree(tt->pages);
		tt->pages = NULL;
	}
	return ret;
}

/**
 * mirage_tt_populate() - allocate the pages, and restore content that was backed up
 * @bdev: TTM's device
 * @tt: system memory of an object
 * @ctx: TTM's context
 *
 * Return: 0, -ENOMEM, -EINTR
 */
int mirage_tt_populate(struct ttm_device *bdev, struct ttm_tt *tt,
			      struct ttm_operation_ctx *ctx)
{
	int ret;

	if (!mirage_tt_has_pages(tt))
		return 0;
	if (ttm_tt_is_backed_up(tt))
		ret = ttm_tt_restore(bdev, tt, ctx);
	else
		ret = tt_alloc(bdev, tt, ctx);
	if (!ret)
		mirage_shrinker_add(to_mirage_tt(tt));
	return ret;
}

/* Undo the mapping, once. mirage_ttm.dma_lock held. */
static void tt_unmap_locked(struct mirage_tt *tt)
{
	lockdep_assert_held(&tt->mdev->ttm->dma_lock);
	if (list_empty(&tt->node))
		return;
	list_del_init(&tt->node);
	dma_unmap_sgtable(tt->mdev->drm.dev, &tt->sgt, DMA_BIDIRECTIONAL, 0);
}

/**
 * mirage_tt_unmap() - unmap pages that the device does not use any more
 * @tt: system memory of an object, resv held; may be unmapped
 *
 * Context: takes mirage_ttm.dma_lock; may be called by the shrinker.
 */
void mirage_tt_unmap(struct mirage_tt *tt)
{
	struct mirage_ttm *ttm = tt->mdev->ttm;

	if (!tt->ext.list)
		return;
	mutex_lock(&ttm->dma_lock);
	tt_unmap_locked(tt);
	mutex_unlock(&ttm->dma_lock);

	sg_free_table(&tt->sgt);
	kvfree(tt->ext.list);
	tt->ext = (struct mirage_extents){};
}

static int tt_map_entered(struct mirage_tt *tt)
{
	struct mirage_device *mdev = tt->mdev;
	struct scatterlist *sg;
	unsigned int i;
	int ret;

	ret = sg_alloc_table_from_pages_segment(&tt->sgt, tt->base.pages, tt->base.num_pages, 0,
						(unsigned long)tt->base.num_pages << PAGE_SHIFT,
						dma_get_max_seg_size(mdev->drm.dev),
						GFP_KERNEL_ACCOUNT);
	if (ret)
		return ret;
	ret = dma_map_sgtable(mdev->drm.dev, &tt->sgt, DMA_BIDIRECTIONAL, 0);
	if (ret)
		goto err_free;
	tt->ext.list = kvmalloc_objs(*tt->ext.list, tt->sgt.nents, TT_GFP_ARRAY);
	if (!tt->ext.list) {
		ret = -ENOMEM;
		goto err_unmap;
	}
	for_each_sgtable_dma_sg(&tt->sgt, sg, i)
		mirage_extents_add(&tt->ext, sg_dma_address(sg), sg_dma_len(sg) >> PAGE_SHIFT);

	mutex_lock(&mdev->ttm->dma_lock);
	list_add_tail(&tt->node, &mdev->ttm->mapped);
	mutex_unlock(&mdev->ttm->dma_lock);
	return 0;

err_unmap:
	dma_unmap_sgtable(mdev->drm.dev, &tt->sgt, DMA_BIDIRECTIONAL, 0);
err_free:
	sg_free_table(&tt->sgt);
	return ret;
}

/**
 * mirage_tt_map() - map the pages for the device
 * @tt: system memory of an object with pages, resv held; may be mapped
 *
 * Context: may sleep and allocate; takes mirage_ttm.dma_lock.
 * Return: 0, -ENOMEM, -ENODEV, or the DMA API's error
 */
int mirage_tt_map(struct mirage_tt *tt)
{
	int ret, idx;

	if (tt->ext.list)
		return 0;
	/*
	 * An unbound device must get no mapping; unplug waits for this section and then finds ours.
	 */
	if (!drm_dev_enter(&tt->mdev->drm, &idx))
		return -ENODEV;
	ret = tt_map_entered(tt);
	drm_dev_exit(idx);

	return ret;
}

/**
 * mirage_tt_set_no_data() - say that the content has gone with the pages
 * @tt: system memory of an object, resv held or without users
 *
 * Pages that it gets later come zeroed, even if the last ones came as they were.
 */
void mirage_tt_set_no_data(struct mirage_tt *tt)
{
	tt->base.page_flags |= TTM_TT_FLAG_ZERO_ALLOC;
}

/**
 * mirage_tt_unpopulate() - free the pages, or keep them for the next object that leaves video memory
 * @bdev: TTM's device
 * @tt: system memory of an object, which the device does not use any more
 */
void mirage_tt_unpopulate(struct ttm_device *bdev, struct ttm_tt *tt)
{
	if (!mirage_tt_has_pages(tt))
		return;
	mirage_tt_unmap(to_mirage_tt(tt));
	mirage_shrinker_remove(to_mirage_tt(tt));
	mirage_tt_set_no_data(to_mirage_tt(tt));
	if (mirage_page_pool_put(&to_mirage_tt(tt)->mdev->ttm->pool, tt))
		return;
	ttm_pool_free(&bdev->pool, tt);
	kvfree(tt->pages);
	tt->pages = NULL;
}

/**
 * mirage_tt_destroy() - undo mirage_tt_create()
 * @bdev: TTM's device
 * @tt: system memory of an object, without pages
 */
void mirage_tt_destroy(struct ttm_device *bdev, struct ttm_tt *tt)
{
	ttm_tt_fini(tt);
	kfree(to_mirage_tt(tt));
}

/**
 * mirage_tt_unplug() - unmap all system memory
 * @mdev: device, blocked from DMA, after drm_dev_unplug()
 *
 * Context: unplug; takes mirage_ttm.dma_lock.
 */
void mirage_tt_unplug(struct mirage_device *mdev)
{
	struct mirage_ttm *ttm = mdev->ttm;
	struct mirage_tt *tt, *next;

	mutex_lock(&ttm->dma_lock);
	list_for_each_entry_safe(tt, next, &ttm->mapped, node)
		tt_unmap_locked(tt);
	mutex_unlock(&ttm->dma_lock);
}
