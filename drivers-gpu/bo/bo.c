// SPDX-License-Identifier: GPL-2.0
/*
 * Buffer objects.
 *
 * Model: xe's. An object is made without memory, in TTM_PL_SYSTEM; mirage_bo_validate() gives it
 * memory that the device reaches, in the order of its placement, and brings it back after eviction.
 * An object that may be in either memory evicts others from video memory for its first use
 * only: once it is in system memory it comes back with the next use after an eviction, if there
 * is room then, and so two working sets that do not fit do not push each other around.
 *
 * An object that one address space alone uses (private) shares that space's reservation: a job
 * locks and fences it with all others at once.
 *
 * Rejected: memory at creation, which zeroes and evicts for objects that are never used, and
 * makes the size of a sparse resource matter.
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

static void mirage_bo_free(struct drm_gem_object *gem)
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

static const struct drm_gem_object_funcs mirage_bo_funcs = {
	.free = mirage_bo_free,
	.export = mirage_prime_export,
	.vmap = drm_gem_ttm_vmap,
	.vunmap = drm_gem_ttm_vunmap,
	.mmap = mirage_bo_mmap,
	.vm_ops = &mirage_bo_vm_ops,
};

/**
 * mirage_bo_destroy() - the last reference has gone and the memory, too
 * @base: object; for TTM to call
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
 * mirage_bo_alloc() - the start of an object, for mirage_bo_init() to complete
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
	bo->base.base.funcs = &mirage_bo_funcs;
	INIT_LIST_HEAD(&bo->node);

	return bo;
}

/**
 * mirage_bo_init() - make an object complete
 * @bo: object from mirage_bo_alloc(); when this fails it is gone
 * @type: ttm_bo_type_device, or ttm_bo_type_sg for memory that is not TTM's
 * @sg: of ttm_bo_type_sg, or NULL
 * @resv: reservation, held by the caller; or NULL for its own, which is not held afterwards
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

	/* Not before: debugfs takes references, and the resv of what it finds. */
	spin_lock(&mdev->bo_lock);
	list_add_tail(&bo->node, &mdev->bos);
	spin_unlock(&mdev->bo_lock);
	return 0;
}

/**
 * mirage_bo_create() - make an object
 * @mdev: device
 * @size: bytes, a multiple of 4 KiB
 * @placement: DRM_MIRAGE_PLACEMENT_*
 * @flags: DRM_MIRAGE_BO_*
 * @priority: TTM's, MIRAGE_BO_TTM_*
 * @vm: address space that it is private to, or NULL
 * @resv_obj: of that address space, from mirage_resv_alloc(); or NULL
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
 * mirage_bo_is_lost() - whether the content is gone for good
 * @bo: object, resv held
 *
 * It was dropped on user space's word, or the device failed to move or to zero it.
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
 * mirage_bo_has_failed() - whether the last move or zeroing has failed
 * @bo: object whose memory stays where it is; resv held, or a fence in there that the caller has
 * yet to signal
 *
 * For those who come when the move is over and cannot ask mirage_bo_is_lost(): they hold no resv.
 *
 * Context: any.
 */
bool mirage_bo_has_failed(const struct mirage_bo *bo)
{
	const struct dma_fence *fence;
	bool failed;

	rcu_read_lock();
	/* Who finds that it is good drops it: it stays for a grace period. Pairs with move_start(). */
	fence = smp_load_acquire(&bo->moved);
	failed = fence && test_bit(DMA_FENCE_FLAG_SIGNALED_BIT, &fence->flags) &&
		 READ_ONCE(fence->error);
	rcu_read_unlock();
	return failed;
}

/**
 * mirage_bo_has_memory() - whether there is a content at all, wherever it is
 * @bo: object, resv held
 */
bool mirage_bo_has_memory(const struct mirage_bo *bo)
{
	const struct ttm_resource *res = bo->base.resource;

	return (res && res->mem_type == TTM_PL_VRAM) || mirage_tt_has_data(bo->base.ttm);
}

/**
 * mirage_bo_is_resident() - whether the device can reach it where it is
 * @bo: object, resv held; of memory of a process: see mirage_userptr_is_present()
 *
 * If so, and only then, mirage_bo_find_run() may be asked.
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
 * mirage_bo_validate_in() - make an object resident in one of some memories
 * @bo: object, resv held; not an imported one
 * @placement: DRM_MIRAGE_PLACEMENT_*; what is not among the object's own is left out
 * @ctx: how to wait
 *
 * Context: may sleep, allocate, and evict other objects.
 * Return: as mirage_bo_validate(); -EOPNOTSUPP it may be in none of them; -EBUSY it is pinned
 * elsewhere
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

	/* Nobody is to make room for what cannot fit. */
	if (placement & DRM_MIRAGE_PLACEMENT_VRAM && bo->base.base.size <= mdev->vram.size) {
		places[0].mem_type = TTM_PL_VRAM;
		if (bo->flags & DRM_MIRAGE_BO_CONTIGUOUS)
			places[0].flags = TTM_PL_FLAG_CONTIGUOUS;
		/* What has a content comes back if there is room, and makes none. */
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
 * @ctx: how to wait
 *
 * Memory of a process is made resident by mirage_userptr_populate() alone, which may not be
 * done here.
 *
 * Afterwards the DMA_RESV_USAGE_KERNEL fences of its resv must be waited for before
 * anybody touches the memory.
 *
 * Context: may sleep, allocate, and evict other objects.
 * Return: 0; -EFAULT the content is gone for good, -ENOMEM, -EINTR or -ERESTARTSYS, -ENODEV; -EBUSY
 * the object has to move, and jobs use it; -ENOSPC. What to do about the last two, mirage_validation_retry()
 * knows.
 */
int mirage_bo_validate(struct mirage_bo *bo, struct ttm_operation_ctx *ctx)
{
	u32 placement = bo->placement;

	if (bo->userptr)
		return 0;
	if (bo->imported)
		return bo->purged ? -EFAULT : mirage_prime_map(bo);
	/* Pinned, it stays where it is, which others need. */
	if (bo->base.pin_count)
		return 0;
	if (mirage_prime_wants_system(bo))
		placement = DRM_MIRAGE_PLACEMENT_SYSTEM;
	/* An object that jobs use stays where it is; where it may not stay, they have to end first. */
	if (mirage_validation_is_busy(bo->base.base.resv)) {
		if (mirage_bo_is_resident(bo))
			return mirage_bo_location(bo) & placement ? 0 : -EBUSY;
		/*
		 * One that has been evicted would go to video memory by way of TTM_PL_TT, and its move from there
		 * would wait: jobs use other objects that share its reservation.
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
 * mirage_bo_location() - where an object is, in the words of the uapi
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

/* Pages of a list with an address for each. */
static unsigned long mirage_bo_find_pages(const dma_addr_t *addrs, unsigned long page,
					  unsigned long max)
{
	unsigned long n = 1;

	while (n < max && addrs[page + n] == addrs[page] + n * PAGE_SIZE)
		n++;
	return n;
}

/**
 * mirage_bo_find_run() - where pages of an object are
 * @bo: resident object; resv held, or a fence in there that the caller has yet to signal
 * @page: 4 KiB page of it
 * @max: pages of interest from there on, within the object
 * @run: out: a contiguous piece that starts at @page, at most @max pages
 */
void mirage_bo_find_run(const struct mirage_bo *bo, unsigned long page, unsigned long max,
			struct mirage_bo_run *run)
{
	const struct mirage_extents *ext;

	if (bo->base.type == ttm_bo_type_sg) {
		run->addr = bo->base.ttm->dma_address[page];
		run->npages = mirage_bo_find_pages(bo->base.ttm->dma_address, page, max);
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
