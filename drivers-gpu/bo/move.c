// SPDX-License-Identifier: GPL-2.0
/*
 * Moves of objects between memories.
 *
 * Model: xe's move callback. First the object's mappings are cleared in all page tables; its jobs
 * have ended by then (bo/validation.c). Then the device copies. The move does not wait for the
 * copy: the copy's fence is added to the object's reservation, and to that of the next owner of the
 * freed memory; the next user of either waits for it.
 *
 *   from    to      what happens
 *   -       VRAM    the device zeroes it
 *   -       TT      nothing: pages come zeroed
 *   SYSTEM  TT      pages are restored if they were backed up, and mapped for the device
 *   TT      SYSTEM  the pages are unmapped
 *   VRAM    TT      the device copies
 *   TT      VRAM    the device copies
 *   VRAM    SYSTEM  in two steps, by way of TT; also in reverse
 *
 * "-" is also SYSTEM: an object that never had memory, so there is no content to keep.
 *
 * An object marked DONTNEED loses its content when evicted, instead of moving.
 *
 * A failed copy leaves memory with unknown content, possibly of another process. So the object
 * keeps the copy's fence until it is known to have succeeded; until then each user of the content
 * checks mirage_bo_is_lost().
 *
 * Rejected: copies by the CPU, and synchronous moves: evictions would then run one copy after the
 * other.
 */
#include "bo/move.h"

#include <linux/dma-fence.h>
#include <linux/dma-resv.h>

#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_placement.h>

#include <hw/queues.h>

#include "bo/bo.h"
#include "bo/prime.h"
#include "bo/trace.h"
#include "bo/tt.h"
#include "bo/ttm.h"
#include "bo/vram_mgr.h"
#include "device/device.h"
#include "queue/copy.h"

/* Address of the pages of @res for the device, from @page on. */
static u64 move_find(const struct ttm_buffer_object *tbo, struct ttm_resource *res, u64 page,
		     u64 *phys)
{
	u64 npages;

	if (res->mem_type == TTM_PL_VRAM)
		return mirage_extents_find(&to_mirage_vram_res(res)->ext, page, phys);
	npages = mirage_extents_find(&to_mirage_tt(tbo->ttm)->ext, page, phys);
	*phys |= MIRAGE_PHYS_SYSTEM;
	return npages;
}

static int move_collect(struct mirage_copy *copy, struct ttm_buffer_object *tbo,
			struct ttm_resource *new, bool zero)
{
	u64 npages = PFN_UP(tbo->base.size), page, part;
	int ret = 0;

	for (page = 0; page < npages && !ret; page += part) {
		struct mirage_copy_piece piece;

		part = move_find(tbo, new, page, &piece.to);
		if (zero) {
			ret = mirage_copy_fill(copy, piece.to, part << PAGE_SHIFT, 0);
			continue;
		}
		part = min(part, move_find(tbo, tbo->resource, page, &piece.from));
		piece.size = part << PAGE_SHIFT;
		ret = mirage_copy_add(copy, &piece);
	}
	return ret;
}

/* Start copying the content to @new, or zeroing it. Returns its fence, or an ERR_PTR. */
static struct dma_fence *move_start(struct mirage_device *mdev, struct ttm_buffer_object *tbo,
				    struct ttm_resource *new, bool zero)
{
	struct mirage_bo *bo = to_mirage_bo(tbo);
	struct dma_fence *fence, *last;
	struct mirage_copy *copy;
	int ret;

	copy = mirage_copy_begin(mdev, tbo->base.resv);
	if (IS_ERR(copy))
		return ERR_CAST(copy);
	ret = move_collect(copy, tbo, new, zero);
	if (ret) {
		mirage_copy_cancel(copy);
		return ERR_PTR(ret);
	}
	/* If the content was lost before, a successful copy does not bring it back. */
	if (mirage_bo_is_lost(bo))
		bo->purged = true;
	fence = mirage_copy_end(copy);
	last = bo->moved;
	/* Release: see mirage_bo_has_failed(). */
	smp_store_release(&bo->moved, dma_fence_get(fence));
	dma_fence_put(last);
	return fence;
}

static int move_zero(struct mirage_device *mdev, struct ttm_buffer_object *tbo,
		     struct ttm_resource *new)
{
	struct dma_fence *fence = move_start(mdev, tbo, new, true);

	if (IS_ERR(fence))
		return PTR_ERR(fence);
	/* TTM has reserved the slot. */
	dma_resv_add_fence(tbo->base.resv, fence, DMA_RESV_USAGE_KERNEL);
	dma_fence_put(fence);
	ttm_bo_move_null(tbo, new);
	return 0;
}

static int move_copy(struct mirage_device *mdev, struct ttm_buffer_object *tbo, bool evict,
		     struct ttm_resource *new)
{
	struct dma_fence *fence = move_start(mdev, tbo, new, false);
	int ret;

	if (IS_ERR(fence))
		return PTR_ERR(fence);
	ret = ttm_bo_move_accel_cleanup(tbo, fence, evict, true, new);
	if (ret) {
		/* No memory for the object that would hold the old place until the copy is done. */
		dma_fence_wait(fence, false);
		ttm_bo_move_null(tbo, new);
	}
	dma_fence_put(fence);
	return 0;
}

/**
 * mirage_move_quiesce() - end the device's use of an object
 * @tbo: object, or the remains of one; resv held
 * @ctx: TTM's context
 *
 * On success, jobs on the object have completed, no page table maps it, and its importers know that
 * they must not use it any more. Where others may submit meanwhile, its jobs have ended before:
 * mirage_bo_validate() and mirage_validation_may_evict() ensure that.
 *
 * Context: may sleep as long as TTM waits for an object (15 s); may be called by the shrinker:
 * allocates nothing.
 * Return: 0, -EBUSY, -EINTR or -ERESTARTSYS
 */
int mirage_move_quiesce(struct ttm_buffer_object *tbo, struct ttm_operation_ctx *ctx)
{
	int ret;

	ret = ttm_bo_wait_ctx(tbo, ctx);
	if (ret)
		return ret;
	/* The remains of an object have no mappings. */
	if (mirage_bo_is_ours(tbo)) {
		ttm_to_mirage_device(tbo->bdev)->ops->evict(to_mirage_bo(tbo));
		mirage_prime_moving(to_mirage_bo(tbo));
	}
	return 0;
}

/* Drop the content instead of moving it. */
static int move_purge(struct ttm_buffer_object *tbo, struct ttm_operation_ctx *ctx,
		      struct ttm_resource *new)
{
	struct ttm_placement nowhere = {};
	int ret;

	ret = mirage_move_quiesce(tbo, ctx);
	if (ret)
		return ret;
	ret = ttm_bo_validate(tbo, &nowhere, ctx);
	if (ret)
		return ret;
	to_mirage_bo(tbo)->purged = true;
	ttm_resource_free(tbo, &new);
	return 0;
}

static int move_reachable(struct mirage_device *mdev, struct ttm_buffer_object *tbo, bool evict,
			  struct ttm_operation_ctx *ctx, struct ttm_resource *new)
{
	u32 from = tbo->resource->mem_type;
	int ret;

	ret = mirage_move_quiesce(tbo, ctx);
	if (ret)
		return ret;
	if (new->mem_type == TTM_PL_SYSTEM) {
		mirage_tt_unmap(to_mirage_tt(tbo->ttm));
		ttm_bo_move_null(tbo, new);
		return 0;
	}

	if (new->mem_type == TTM_PL_TT) {
		ret = mirage_tt_map(to_mirage_tt(tbo->ttm));
		if (ret)
			return ret;
	}
	ret = move_copy(mdev, tbo, evict, new);
	if (ret)
		return ret;
	to_mirage_bo(tbo)->moves++;
	if (evict && from == TTM_PL_VRAM)
		atomic64_inc(&mdev->ttm->evictions);
	return 0;
}

static int move_any(struct ttm_buffer_object *tbo, bool evict, struct ttm_operation_ctx *ctx,
		    struct ttm_resource *new, struct ttm_place *hop)
{
	struct mirage_device *mdev = ttm_to_mirage_device(tbo->bdev);
	u32 from = tbo->resource ? tbo->resource->mem_type : TTM_PL_SYSTEM;
	u32 to = new->mem_type;
	int ret;

	/*
	 * Imported memory and userptrs do not move; the new resource simply refers to the same
	 * memory.
	 */
	if (tbo->type == ttm_bo_type_sg || (from == to && from != TTM_PL_VRAM)) {
		ttm_bo_move_null(tbo, new);
		return 0;
	}
	if (evict && to_mirage_bo(tbo)->advice == DRM_MIRAGE_BO_DONTNEED)
		return move_purge(tbo, ctx, new);
	if (from != TTM_PL_SYSTEM && !(from == TTM_PL_VRAM && to == TTM_PL_SYSTEM))
		return move_reachable(mdev, tbo, evict, ctx, new);

	if (from == TTM_PL_SYSTEM && to == TTM_PL_VRAM && !mirage_tt_has_data(tbo->ttm))
		return move_zero(mdev, tbo, new);
	if (from == TTM_PL_SYSTEM && to == TTM_PL_TT) {
		ret = mirage_tt_map(to_mirage_tt(tbo->ttm));
		if (!ret)
			ttm_bo_move_null(tbo, new);
		return ret;
	}

	*hop = (struct ttm_place){ .mem_type = TTM_PL_TT, .flags = TTM_PL_FLAG_TEMPORARY };
	return -EMULTIHOP;
}

/**
 * mirage_move() - move an object, for TTM
 * @tbo: object, resv held
 * @evict: to make room
 * @ctx: TTM's context
 * @new: destination
 * @hop: out: intermediate placement, if one is necessary (-EMULTIHOP)
 *
 * Context: may sleep and allocate; may be called by the shrinker for TTM_PL_SYSTEM.
 * Return: 0 or a negative errno; nothing has changed then
 */
int mirage_move(struct ttm_buffer_object *tbo, bool evict, struct ttm_operation_ctx *ctx,
		struct ttm_resource *new, struct ttm_place *hop)
{
	u32 from = tbo->resource ? tbo->resource->mem_type : TTM_PL_SYSTEM;
	u32 to = new->mem_type;
	int ret;

	ret = move_any(tbo, evict, ctx, new, hop);
	if (!ret)
		trace_mirage_move(ttm_to_mirage_device(tbo->bdev), to_mirage_bo(tbo), from, to,
				  evict);
	return ret;
}
