// SPDX-License-Identifier: GPL-2.0
/*
 * Buffer objects.
 *
 * Model: xe's. An object is created without memory, in TTM_PL_SYSTEM. mirage_bo_validate() gives it
 * memory that the device can reach, in the order of its placements, and brings it back after
 * eviction. An object that may be in either memory evicts others from video memory only for its
 * first use. Once it has been evicted to system memory, it returns with its next use only if there
 * is free room. So two working sets that do not fit together do not keep evicting each other.
 *
 * Where the memory of an object is, and the function that brings it there (VRAM, TT and SYSTEM are
 * TTM's memory types):
 *
 *        mirage_bo_create()
 *                |
 *                v               move_zero()
 *        SYSTEM, no pages -----------------------------> VRAM
 *                |                                       |  ^
 *                |               move_copy(): eviction,  |  |  move_copy(): next use, if there is
 *                |               suspend                 |  |  room
 *                |    mirage_tt_map(), pages come        |  |
 *                |    zeroed                             v  |
 *                '-------------------------------------> TT
 *                                                        |  ^
 *                        mirage_tt_unmap(): shrinker, or |  |  mirage_tt_map(): next use, pages
 *                        TT has reached its limit        v  |  restored if they were backed up
 *                                                        SYSTEM, pages or a backup
 *
 *        DONTNEED, evicted: move_purge()  ---------.
 *        DONTNEED, by the shrinker: shrink_purge() +---> lost: mirage_bo_is_lost(), for good; jobs
 *        a copy or the zeroing fails --------------'     get -EFAULT, mappings SIGBUS
 *
 * move.c has the steps of a move, prime_import.c the states of an imported object, which does not
 * move. A userptr (vm/userptr.c) has none of these states.
 *
 * An object that only one address space uses (private) shares that space's reservation: a job locks
 * all of them at once, and adds its fence once.
 *
 * Rejected: allocation at creation. It zeroes and evicts for objects that are never used, and makes
 * the size of a sparse resource matter.
 */
#include "bo/bo.h"

#include <linux/dma-resv.h>
#include <linux/slab.h>

#include <drm/drm_gem_ttm_helper.h>
#include <drm/ttm/ttm_tt.h>

#include <hw/pte.h>

#include "bo/prime.h"
#include "bo/resv.h"
#include "bo/tt.h"
#include "bo/ttm.h"
#include "bo/validation.h"
#include "bo/vram_mgr.h"
#include "device/device.h"

static void bo_free(struct drm_gem_object *gem)
{
	struct mirage_bo *bo = gem_to_mirage_bo(gem);

	if (bo->userptr) {
		bo->ops->free(bo);
		return;
	}
	if (bo->base.bulk_move) {
		dma_resv_lock(gem->resv, NULL);
		ttm_bo_set_bulk_move(&bo->base, NULL);
		dma_resv_unlock(gem->resv);
	}
	ttm_bo_fini(&bo->base);
}

static const struct drm_gem_object_funcs bo_funcs = {
	.free = bo_free,
	.export = mirage_prime_export,
	.vmap = drm_gem_ttm_vmap,
	.vunmap = drm_gem_ttm_vunmap,
	.mmap = mirage_bo_mmap,
	.vm_ops = &mirage_bo_vm_ops,
};

/**
 * mirage_bo_destroy() - free an object without references and memory
 * @base: object; called by TTM
 */
void mirage_bo_destroy(struct ttm_buffer_object *base)
{
	struct mirage_bo *bo = to_mirage_bo(base);
	struct mirage_device *mdev = to_mirage_device(base->base.dev);

	spin_lock(&mdev->bo_lock);
	list_del(&bo->node);
	spin_unlock(&mdev->bo_lock);

	if (bo->imported)
		mirage_prime_destroy(bo);
	dma_fence_put(bo->moved);
	drm_gem_object_release(&base->base);
	if (bo->resv_obj)
		drm_gem_object_put(bo->resv_obj);
	kfree(bo);
}

/**
 * mirage_bo_alloc() - allocate an object, for mirage_bo_init() to complete
 * @mdev: device
 * @size: bytes, a multiple of 4 KiB
 * @placement: DRM_MIRAGE_PLACEMENT_*
 * @flags: DRM_MIRAGE_BO_*
 *
 * Context: may sleep and allocate.
 * Return: the object, owned by the caller alone, or an error pointer: -ENOMEM
 */
struct mirage_bo *mirage_bo_alloc(struct mirage_device *mdev, u64 size, u32 placement, u32 flags)
{
	struct mirage_bo *bo;

	bo = kzalloc_obj(*bo, GFP_KERNEL_ACCOUNT);
	if (!bo)
		return ERR_PTR(-ENOMEM);
	bo->placement = placement;
	bo->flags = flags;
	bo->priority = MIRAGE_BO_TTM_NORMAL;
	bo->base.priority = bo->priority;
	bo->tgid = current->tgid;
	get_task_comm(bo->comm, current);
	INIT_LIST_HEAD(&bo->prime_node);
	drm_gem_private_object_init(&mdev->drm, &bo->base.base, size);
	bo->base.base.funcs = &bo_funcs;
	INIT_LIST_HEAD(&bo->node);

	return bo;
}

/**
 * mirage_bo_init() - complete an object
 * @bo: object from mirage_bo_alloc(); freed on failure
 * @type: ttm_bo_type_device, or ttm_bo_type_sg for memory that TTM does not manage
 * @sg: for ttm_bo_type_sg, or NULL
 * @resv: reservation, held by the caller; or NULL for its own, which is released on return
 *
 * Context: may sleep and allocate.
 * Return: 0, -ENOMEM or -EINTR
 */
int mirage_bo_init(struct mirage_bo *bo, enum ttm_bo_type type, struct sg_table *sg,
		   struct dma_resv *resv)
{
	static const struct ttm_place place = { .mem_type = TTM_PL_SYSTEM };
	struct ttm_placement placement = { .num_placement = 1, .placement = &place };
	struct mirage_device *mdev = to_mirage_device(bo->base.base.dev);
	int ret;

	ret = ttm_bo_init_validate(&mdev->ttm->bdev, &bo->base, type, &placement, 1, true, sg, resv,
				   mirage_bo_destroy);
	if (ret)
		return ret;

	/* Only now: debugfs takes references and resvs of the objects on the list. */
	spin_lock(&mdev->bo_lock);
	list_add_tail(&bo->node, &mdev->bos);
	spin_unlock(&mdev->bo_lock);
	return 0;
}

/**
 * mirage_bo_create() - create an object
 * @mdev: device
 * @size: bytes, a multiple of 4 KiB
 * @placement: DRM_MIRAGE_PLACEMENT_*
 * @flags: DRM_MIRAGE_BO_*
 * @priority: TTM's priority, MIRAGE_BO_TTM_*
 * @vm: address space that it is private to, or NULL
 * @resv_obj: that address space's, from mirage_resv_alloc(); or NULL
 *
 * Context: may sleep and allocate; takes the address space's reservation.
 * Return: the object with a reference for the caller, or an error pointer: -ENOMEM, -EINTR
 */
struct mirage_bo *mirage_bo_create(struct mirage_device *mdev, u64 size, u32 placement, u32 flags,
				   unsigned int priority, const struct mirage_vm *vm,
				   struct drm_gem_object *resv_obj)
{
	struct dma_resv *resv = NULL;
	struct mirage_bo *bo;
	int ret;

	bo = mirage_bo_alloc(mdev, size, placement, flags);
	if (IS_ERR(bo))
		return bo;
	bo->priority = priority;
	bo->base.priority = priority;
	if (vm) {
		bo->vm = vm;
		bo->resv_obj = resv_obj;
		drm_gem_object_get(bo->resv_obj);
		resv = resv_obj->resv;
		ret = dma_resv_lock_interruptible(resv, NULL);
		if (ret) {
			mirage_bo_destroy(&bo->base);
			return ERR_PTR(ret);
		}
	}

	ret = mirage_bo_init(bo, ttm_bo_type_device, NULL, resv);
	if (resv) {
		if (!ret)
			ttm_bo_set_bulk_move(&bo->base, mirage_resv_lru(bo->resv_obj));
		dma_resv_unlock(resv);
	}

	return ret ? ERR_PTR(ret) : bo;
}

/**
 * mirage_bo_is_lost() - is the content gone for good?
 * @bo: object, resv held
 *
 * Either user space allowed dropping it, or moving or zeroing it has failed.
 */
bool mirage_bo_is_lost(struct mirage_bo *bo)
{
	struct dma_fence *fence = bo->moved;
	int status;

	dma_resv_assert_held(bo->base.base.resv);
	if (bo->purged)
		return true;
	if (!fence)
		return false;
	status = dma_fence_get_status(fence);
	if (status > 0) {
		WRITE_ONCE(bo->moved, NULL);
		dma_fence_put(fence);
	}
	return status < 0;
}

/**
 * mirage_bo_has_failed() - has the last move or zeroing failed?
 * @bo: object whose memory does not move; its resv is held, or has an unsignalled fence of the
 * caller
 *
 * For callers that run after the move and hold no resv, so they cannot call mirage_bo_is_lost().
 *
 * Context: any.
 */
bool mirage_bo_has_failed(const struct mirage_bo *bo)
{
	const struct dma_fence *fence;
	bool failed;

	rcu_read_lock();
	/*
	 * A fence without error may be dropped, but exists for a grace period. Pairs with
	 * move_start().
	 */
	fence = smp_load_acquire(&bo->moved);
	failed = fence && test_bit(DMA_FENCE_FLAG_SIGNALED_BIT, &fence->flags) &&
		 READ_ONCE(fence->error);
	rcu_read_unlock();
	return failed;
}

/**
 * mirage_bo_has_memory() - does the object have any content, wherever it is?
 * @bo: object, resv held
 */
bool mirage_bo_has_memory(const struct mirage_bo *bo)
{
	const struct ttm_resource *res = bo->base.resource;

	return (res && res->mem_type == TTM_PL_VRAM) || mirage_tt_has_data(bo->base.ttm);
}

/**
 * mirage_bo_is_resident() - can the device reach the object where it is?
 * @bo: object, resv held; for a userptr see mirage_userptr_is_present()
 *
 * Precondition of mirage_bo_find_run().
 */
bool mirage_bo_is_resident(const struct mirage_bo *bo)
{
	const struct ttm_resource *res = bo->base.resource;

	if (bo->userptr)
		return bo->ops->is_resident(bo);
	if (bo->base.type == ttm_bo_type_sg)
		return bo->base.sg;
	return res && (res->mem_type == TTM_PL_VRAM || res->mem_type == TTM_PL_TT);
}

/**
 * mirage_bo_validate_in() - make an object resident in some of its placements
 * @bo: object, resv held; not an imported one
 * @placement: DRM_MIRAGE_PLACEMENT_*; placements that the object does not have are ignored
 * @ctx: TTM's context
 *
 * Context: may sleep, allocate, and evict other objects.
 * Return: as mirage_bo_validate(); -EOPNOTSUPP no placement is left; -EBUSY it is pinned elsewhere
 */
int mirage_bo_validate_in(struct mirage_bo *bo, u32 placement, struct ttm_operation_ctx *ctx)
{
	struct mirage_device *mdev = to_mirage_device(bo->base.base.dev);
	struct ttm_place places[2] = {};
	struct ttm_placement list = { .placement = places };

	dma_resv_assert_held(bo->base.base.resv);
	if (mirage_bo_is_lost(bo))
		return -EFAULT;
	placement &= bo->placement;
	if (!placement)
		return -EOPNOTSUPP;
	if (bo->base.pin_count)
		return mirage_bo_location(bo) & placement ? 0 : -EBUSY;

	/* Do not evict others for an object that can never fit. */
	if (placement & DRM_MIRAGE_PLACEMENT_VRAM && bo->base.base.size <= mdev->vram.size) {
		places[0].mem_type = TTM_PL_VRAM;
		if (bo->flags & DRM_MIRAGE_BO_CONTIGUOUS)
			places[0].flags = TTM_PL_FLAG_CONTIGUOUS;
		/* An object with content returns to video memory only if there is free room. */
		if (placement & DRM_MIRAGE_PLACEMENT_SYSTEM && mirage_tt_has_data(bo->base.ttm))
			places[0].flags |= TTM_PL_FLAG_DESIRED;
		list.num_placement = 1;
	}
	if (placement & DRM_MIRAGE_PLACEMENT_SYSTEM) {
		places[list.num_placement].mem_type = TTM_PL_TT;
		if (list.num_placement)
			places[1].flags = TTM_PL_FLAG_FALLBACK;
		list.num_placement++;
	}

	return ttm_bo_validate(&bo->base, &list, ctx);
}

/**
 * mirage_bo_validate() - make an object resident
 * @bo: object, resv held
 * @ctx: TTM's context
 *
 * Only mirage_userptr_populate() makes a userptr resident; it must not be called here.
 *
 * Before the memory is accessed, the DMA_RESV_USAGE_KERNEL fences of its resv must have signalled.
 *
 * Context: may sleep, allocate, and evict other objects.
 * Return: 0; -EFAULT the content is gone for good, -ENOMEM, -EINTR or -ERESTARTSYS, -ENODEV; -EBUSY
 * the object has to move, and jobs use it; -ENOSPC. Pass the last two to mirage_validation_retry().
 */
int mirage_bo_validate(struct mirage_bo *bo, struct ttm_operation_ctx *ctx)
{
	u32 placement = bo->placement;

	if (bo->userptr)
		return 0;
	if (bo->imported)
		return bo->purged ? -EFAULT : mirage_prime_map(bo);
	/* A pinned object stays where it is; others rely on that. */
	if (bo->base.pin_count)
		return 0;
	if (mirage_prime_wants_system(bo))
		placement = DRM_MIRAGE_PLACEMENT_SYSTEM;
	/* A busy object stays where it is; if it must not stay there, its jobs have to end first. */
	if (mirage_validation_is_busy(bo->base.base.resv)) {
		if (mirage_bo_is_resident(bo))
			return mirage_bo_location(bo) & placement ? 0 : -EBUSY;
		/*
		 * An evicted object would go to VRAM by way of TTM_PL_TT, and the move from there would
		 * wait: jobs use other objects that share its reservation.
		 */
		if (mirage_tt_has_data(bo->base.ttm)) {
			if (!(placement & bo->placement & DRM_MIRAGE_PLACEMENT_SYSTEM))
				return -EBUSY;
			placement = DRM_MIRAGE_PLACEMENT_SYSTEM;
		}
	}

	return mirage_bo_validate_in(bo, placement, ctx);
}

/**
 * mirage_bo_location() - placement of an object, as a uapi constant
 * @bo: object, resv held
 *
 * Return: DRM_MIRAGE_PLACEMENT_*, or 0 when it is not resident
 */
u32 mirage_bo_location(const struct mirage_bo *bo)
{
	if (!mirage_bo_is_resident(bo))
		return 0;
	if (bo->peer)
		return DRM_MIRAGE_PLACEMENT_PEER;
	if (bo->base.type != ttm_bo_type_sg && bo->base.resource->mem_type == TTM_PL_VRAM)
		return DRM_MIRAGE_PLACEMENT_VRAM;
	return DRM_MIRAGE_PLACEMENT_SYSTEM;
}

/* For an array with an address per page. */
static unsigned long bo_find_pages(const dma_addr_t *addrs, unsigned long page, unsigned long max)
{
	unsigned long n = 1;

	while (n < max && addrs[page + n] == addrs[page] + n * PAGE_SIZE)
		n++;
	return n;
}

/**
 * mirage_bo_find_run() - find the contiguous run that starts at a page
 * @bo: resident object; its resv is held, or has an unsignalled fence of the caller
 * @page: 4 KiB page of it
 * @max: maximum number of pages, within the object
 * @run: out: a contiguous piece that starts at @page, at most @max pages
 */
void mirage_bo_find_run(const struct mirage_bo *bo, unsigned long page, unsigned long max,
			struct mirage_bo_run *run)
{
	const struct mirage_extents *ext;

	if (bo->base.type == ttm_bo_type_sg) {
		run->addr = bo->base.ttm->dma_address[page];
		run->npages = bo_find_pages(bo->base.ttm->dma_address, page, max);
		run->pte = MIRAGE_PTE_SYSTEM;
		return;
	}

	if (bo->base.resource->mem_type == TTM_PL_VRAM) {
		ext = &to_mirage_vram_res(bo->base.resource)->ext;
		run->pte = 0;
	} else {
		ext = &to_mirage_tt(bo->base.ttm)->ext;
		run->pte = MIRAGE_PTE_SYSTEM;
	}
	run->npages = min_t(u64, mirage_extents_find(ext, page, &run->addr), max);
}
