// SPDX-License-Identifier: GPL-2.0
/*
 * What TTM knows of the device.
 *
 * Model: xe and amdgpu. Three memories: TTM_PL_VRAM; TTM_PL_TT, system memory mapped for
 * the device; TTM_PL_SYSTEM, system memory that it is not, where objects are before their first use and
 * whose pages the shrinker may take. System memory is cached everywhere: the device snoops.
 *
 * Pages are mapped for the device when an object comes to TTM_PL_TT, and unmapped when it
 * leaves it or its pages go. No mapping may outlive the driver's hold on the device, but
 * pages do, with an object of an open file, or the remains of one that was moved: so every mapping is on a
 * list, and unplug undoes them all.
 *
 * An object that never had memory has nothing to move: its video memory is zeroed, its
 * pages are allocated zeroed.
 *
 * Rejected: ttm_device_clear_dma_mappings() at unplug. It frees pages without the object's lock, and misses
 * what is being deleted.
 */
#include "mirage_ttm.h"

#include <linux/dma-mapping.h>
#include <linux/highmem.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_managed.h>
#include <drm/drm_vma_manager.h>
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_placement.h>

#include "mirage_bo.h"
#include "mirage_device_types.h"
#include "mirage_vram_mgr.h"

/**
 * ttm_to_mirage_device() - the device of TTM's device
 * @bdev: TTM's device
 */
struct mirage_device *ttm_to_mirage_device(struct ttm_device *bdev)
{
	return container_of(bdev, struct mirage_device, ttm.bdev);
}

static struct ttm_tt *mirage_tt_create(struct ttm_buffer_object *bo, u32 page_flags)
{
	struct mirage_tt *tt;
	int ret;

	tt = kzalloc_obj(*tt);
	if (!tt)
		return NULL;
	tt->mdev = ttm_to_mirage_device(bo->bdev);
	INIT_LIST_HEAD(&tt->node);

	if (bo->type == ttm_bo_type_sg) {
		ret = ttm_sg_tt_init(&tt->base, bo, page_flags, ttm_cached);
		if (ret)
			goto err_free;
		return &tt->base;
	}

	/* Pages of TTM's pool, which it backs up when the shrinker asks, and no swapping of its own. */
	page_flags |= TTM_TT_FLAG_EXTERNAL | TTM_TT_FLAG_EXTERNAL_MAPPABLE;
	ret = ttm_tt_init(&tt->base, bo, page_flags, ttm_cached, 0);
	if (ret)
		goto err_free;
	ret = ttm_tt_setup_backup(&tt->base);
	if (ret) {
		ttm_tt_fini(&tt->base);
		goto err_free;
	}
	return &tt->base;

err_free:
	kfree(tt);
	return NULL;
}

static bool mirage_tt_has_pages(const struct ttm_tt *tt)
{
	return !(tt->page_flags & TTM_TT_FLAG_EXTERNAL) ||
	       tt->page_flags & TTM_TT_FLAG_EXTERNAL_MAPPABLE;
}

static int mirage_tt_populate(struct ttm_device *bdev, struct ttm_tt *tt,
			      struct ttm_operation_ctx *ctx)
{
	if (!mirage_tt_has_pages(tt))
		return 0;
	if (ttm_tt_is_backed_up(tt))
		return ttm_tt_restore(bdev, tt, ctx);
	return ttm_pool_alloc(&bdev->pool, tt, ctx);
}

/* Undo the mapping, once. mirage_ttm.dma_lock held. */
static void mirage_tt_unmap_locked(struct mirage_tt *tt)
{
	lockdep_assert_held(&tt->mdev->ttm.dma_lock);
	if (list_empty(&tt->node))
		return;
	list_del_init(&tt->node);
	dma_unmap_sgtable(tt->mdev->drm.dev, &tt->sgt, DMA_BIDIRECTIONAL, 0);
}

static void mirage_tt_unmap(struct mirage_tt *tt)
{
	struct mirage_ttm *ttm = &tt->mdev->ttm;

	if (!tt->ext.list)
		return;
	mutex_lock(&ttm->dma_lock);
	mirage_tt_unmap_locked(tt);
	mutex_unlock(&ttm->dma_lock);

	sg_free_table(&tt->sgt);
	kvfree(tt->ext.list);
	tt->ext = (struct mirage_extents){};
}

static int mirage_tt_map_entered(struct mirage_tt *tt)
{
	struct mirage_device *mdev = tt->mdev;
	struct scatterlist *sg;
	unsigned int i;
	int ret;

	ret = sg_alloc_table_from_pages_segment(&tt->sgt, tt->base.pages, tt->base.num_pages, 0,
						(unsigned long)tt->base.num_pages << PAGE_SHIFT,
						dma_get_max_seg_size(mdev->drm.dev), GFP_KERNEL);
	if (ret)
		return ret;
	ret = dma_map_sgtable(mdev->drm.dev, &tt->sgt, DMA_BIDIRECTIONAL, 0);
	if (ret)
		goto err_free;
	tt->ext.list = kvmalloc_objs(*tt->ext.list, tt->sgt.nents);
	if (!tt->ext.list) {
		ret = -ENOMEM;
		goto err_unmap;
	}
	for_each_sgtable_dma_sg(&tt->sgt, sg, i)
		mirage_extents_add(&tt->ext, sg_dma_address(sg), sg_dma_len(sg) >> PAGE_SHIFT);

	mutex_lock(&mdev->ttm.dma_lock);
	list_add_tail(&tt->node, &mdev->ttm.mapped);
	mutex_unlock(&mdev->ttm.dma_lock);
	return 0;

err_unmap:
	dma_unmap_sgtable(mdev->drm.dev, &tt->sgt, DMA_BIDIRECTIONAL, 0);
err_free:
	sg_free_table(&tt->sgt);
	return ret;
}

/* Let the device reach the pages, which are there. */
static int mirage_tt_map(struct mirage_tt *tt)
{
	int ret, idx;

	if (tt->ext.list)
		return 0;
	/* A device without driver must get no mapping; unplug waits for us and finds ours. */
	if (!drm_dev_enter(&tt->mdev->drm, &idx))
		return -ENODEV;
	ret = mirage_tt_map_entered(tt);
	drm_dev_exit(idx);

	return ret;
}

static void mirage_tt_unpopulate(struct ttm_device *bdev, struct ttm_tt *tt)
{
	if (!mirage_tt_has_pages(tt))
		return;
	mirage_tt_unmap(to_mirage_tt(tt));
	ttm_pool_free(&bdev->pool, tt);
}

static void mirage_tt_destroy(struct ttm_device *bdev, struct ttm_tt *tt)
{
	ttm_tt_fini(tt);
	kfree(to_mirage_tt(tt));
}

static const struct ttm_place mirage_place_tt = { .mem_type = TTM_PL_TT };
static const struct ttm_place mirage_place_system = { .mem_type = TTM_PL_SYSTEM };

static void mirage_ttm_evict_flags(struct ttm_buffer_object *bo, struct ttm_placement *placement)
{
	placement->num_placement = 1;
	placement->placement = &mirage_place_system;
	if (mirage_bo_is_ours(bo) && bo->resource->mem_type == TTM_PL_VRAM)
		placement->placement = &mirage_place_tt;
}

static int mirage_ttm_io_mem_reserve(struct ttm_device *bdev, struct ttm_resource *res)
{
	if (res->mem_type != TTM_PL_VRAM)
		return 0;
	/* No address: it is in pieces, see mirage_ttm_io_mem_pfn(). */
	res->bus.is_iomem = true;
	res->bus.caching = ttm_write_combined;
	return 0;
}

static unsigned long mirage_ttm_io_mem_pfn(struct ttm_buffer_object *bo, unsigned long page)
{
	struct mirage_device *mdev = ttm_to_mirage_device(bo->bdev);
	u64 addr;

	mirage_extents_find(&to_mirage_vram_res(bo->resource)->ext, page, &addr);
	return PHYS_PFN(mdev->vram.bar + addr);
}

/* For debuggers: TTM calls it for video memory, with resv held. */
static int mirage_ttm_access_memory(struct ttm_buffer_object *bo, unsigned long offset, void *buf,
				    int len, int write)
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

static bool mirage_tt_has_data(const struct ttm_tt *tt)
{
	return tt && (tt->page_flags & TTM_TT_FLAG_PRIV_POPULATED || ttm_tt_is_swapped(tt));
}

/* Zero video memory of @res by the CPU. */
static void mirage_ttm_cpu_zero(struct mirage_device *mdev, struct mirage_vram_res *res)
{
	u64 page = 0, addr, npages;

	for (; page < res->ext.npages; page += npages) {
		npages = mirage_extents_find(&res->ext, page, &addr);
		mirage_vram_zero(&mdev->vram, addr, npages << PAGE_SHIFT);
	}
	mirage_vram_flush(&mdev->vram);
}

/* Copy between pages and video memory by the CPU. */
static void mirage_ttm_cpu_copy(struct mirage_device *mdev, struct ttm_tt *tt,
				struct mirage_vram_res *res, bool to_vram)
{
	u64 page, addr;

	for (page = 0; page < res->ext.npages; page++) {
		void *cpu = kmap_local_page(tt->pages[page]);

		mirage_extents_find(&res->ext, page, &addr);
		if (to_vram)
			memcpy_toio(mdev->vram.base + addr, cpu, PAGE_SIZE);
		else
			memcpy_fromio(cpu, mdev->vram.base + addr, PAGE_SIZE);
		kunmap_local(cpu);
	}
	mirage_vram_flush(&mdev->vram);
}

static int mirage_ttm_move_data(struct mirage_device *mdev, struct ttm_buffer_object *bo,
				struct ttm_resource *new)
{
	bool to_vram = new->mem_type == TTM_PL_VRAM;
	int idx;

	if (!drm_dev_enter(&mdev->drm, &idx))
		return -ENODEV;
	mirage_ttm_cpu_copy(mdev, bo->ttm, to_mirage_vram_res(to_vram ? new : bo->resource), to_vram);
	drm_dev_exit(idx);
	ttm_bo_move_sync_cleanup(bo, new);
	return 0;
}

static int mirage_ttm_first_vram(struct mirage_device *mdev, struct ttm_buffer_object *bo,
				 struct ttm_operation_ctx *ctx, struct ttm_resource *new)
{
	int ret, idx;

	/* Copies of what was there before. */
	ret = ttm_bo_wait_ctx(bo, ctx);
	if (ret)
		return ret;
	if (!drm_dev_enter(&mdev->drm, &idx))
		return -ENODEV;
	mirage_ttm_cpu_zero(mdev, to_mirage_vram_res(new));
	drm_dev_exit(idx);
	ttm_bo_move_null(bo, new);
	return 0;
}

static int mirage_ttm_move(struct ttm_buffer_object *bo, bool evict, struct ttm_operation_ctx *ctx,
			   struct ttm_resource *new, struct ttm_place *hop)
{
	struct mirage_device *mdev = ttm_to_mirage_device(bo->bdev);
	u32 from = bo->resource ? bo->resource->mem_type : TTM_PL_SYSTEM;
	u32 to = new->mem_type;
	bool has_data = from == TTM_PL_VRAM || mirage_tt_has_data(bo->ttm);
	int ret;

	/* Imported memory and memory of a process stay where they are. */
	if (bo->type == ttm_bo_type_sg) {
		ttm_bo_move_null(bo, new);
		return 0;
	}

	if (from == TTM_PL_SYSTEM && to == TTM_PL_TT) {
		ret = mirage_tt_map(to_mirage_tt(bo->ttm));
		if (!ret)
			ttm_bo_move_null(bo, new);
		return ret;
	}
	if (from == TTM_PL_SYSTEM && to == TTM_PL_VRAM && !has_data)
		return mirage_ttm_first_vram(mdev, bo, ctx, new);
	/* After a stop-over in TT that led nowhere. */
	if (from == to && from != TTM_PL_VRAM) {
		ttm_bo_move_null(bo, new);
		return 0;
	}
	if (from == TTM_PL_SYSTEM || (from == TTM_PL_VRAM && to == TTM_PL_SYSTEM)) {
		*hop = mirage_place_tt;
		hop->flags = TTM_PL_FLAG_TEMPORARY;
		return -EMULTIHOP;
	}

	/* From here on the device may have been using it. */
	ret = ttm_bo_wait_ctx(bo, ctx);
	if (ret)
		return ret;
	if (to == TTM_PL_SYSTEM) {
		mirage_tt_unmap(to_mirage_tt(bo->ttm));
		ttm_bo_move_null(bo, new);
		return 0;
	}
	if (to == TTM_PL_TT) {
		ret = mirage_tt_map(to_mirage_tt(bo->ttm));
		if (ret)
			return ret;
	}
	ret = mirage_ttm_move_data(mdev, bo, new);
	if (ret)
		return ret;
	to_mirage_bo(bo)->moves++;
	if (evict && from == TTM_PL_VRAM)
		atomic64_inc(&mdev->ttm.evictions);
	return 0;
}

static const struct ttm_device_funcs mirage_ttm_funcs = {
	.ttm_tt_create = mirage_tt_create,
	.ttm_tt_populate = mirage_tt_populate,
	.ttm_tt_unpopulate = mirage_tt_unpopulate,
	.ttm_tt_destroy = mirage_tt_destroy,
	.eviction_valuable = ttm_bo_eviction_valuable,
	.evict_flags = mirage_ttm_evict_flags,
	.move = mirage_ttm_move,
	.io_mem_reserve = mirage_ttm_io_mem_reserve,
	.io_mem_pfn = mirage_ttm_io_mem_pfn,
	.access_memory = mirage_ttm_access_memory,
};

static void mirage_ttm_fini(struct drm_device *drm, void *unused)
{
	ttm_device_fini(&to_mirage_device(drm)->ttm.bdev);
}

/**
 * mirage_ttm_init() - make TTM's device
 * @mdev: device, with VRAM initialised
 *
 * Context: probe.
 * Return: 0 or -ENOMEM
 */
int mirage_ttm_init(struct mirage_device *mdev)
{
	struct mirage_ttm *ttm = &mdev->ttm;
	int ret;

	ret = drmm_mutex_init(&mdev->drm, &ttm->dma_lock);
	if (ret)
		return ret;
	INIT_LIST_HEAD(&ttm->mapped);
	spin_lock_init(&mdev->bo_lock);
	INIT_LIST_HEAD(&mdev->bos);

	ret = ttm_device_init(&ttm->bdev, &mirage_ttm_funcs, mdev->drm.dev,
			      mdev->drm.anon_inode->i_mapping, mdev->drm.vma_offset_manager,
			      TTM_ALLOCATION_POOL_BENEFICIAL_ORDER(get_order(SZ_2M)) |
			      TTM_ALLOCATION_PROPAGATE_ENOSPC);
	if (ret)
		return ret;
	ret = drmm_add_action_or_reset(&mdev->drm, mirage_ttm_fini, NULL);
	if (ret)
		return ret;

	return mirage_vram_mgr_init(mdev);
}

/**
 * mirage_ttm_unplug() - take all system memory away from the device
 * @mdev: device, cut off from memory; nobody enters any more
 *
 * Context: unplug; takes mirage_ttm.dma_lock.
 */
void mirage_ttm_unplug(struct mirage_device *mdev)
{
	struct mirage_ttm *ttm = &mdev->ttm;
	struct mirage_tt *tt, *next;

	mutex_lock(&ttm->dma_lock);
	list_for_each_entry_safe(tt, next, &ttm->mapped, node)
		mirage_tt_unmap_locked(tt);
	mutex_unlock(&ttm->dma_lock);
}
