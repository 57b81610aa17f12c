// SPDX-License-Identifier: GPL-2.0
/*
 * A reservation that private objects share: that of an object without memory, which lives as long as any of them.
 *
 * Model: drm_gpuvm's reservation object, and xe's bulk move for each address space. A job locks and fences all private objects at
 * once, and they move in the order of eviction together.
 */
#include "bo/resv.h"

#include <linux/slab.h>

#include <drm/drm_gem.h>
#include <drm/ttm/ttm_resource.h>

#include "bo/ttm.h"
#include "device/device.h"

/**
 * struct mirage_resv - what an address space shares with its private objects
 */
struct mirage_resv {
	/** @base: an object without memory, for its reservation */
	struct drm_gem_object base;
	/** @lru: the private objects, which are used together. Protected by TTM's lru_lock. */
	struct ttm_lru_bulk_move lru;
};

static struct mirage_resv *to_mirage_resv(struct drm_gem_object *base)
{
	return container_of(base, struct mirage_resv, base);
}

static void resv_free(struct drm_gem_object *obj)
{
	struct mirage_resv *resv = to_mirage_resv(obj);

	ttm_lru_bulk_move_fini(&to_mirage_device(obj->dev)->ttm->bdev, &resv->lru);
	drm_gem_object_release(obj);
	kfree(resv);
}

static const struct drm_gem_object_funcs resv_funcs = {
	.free = resv_free,
};

/**
 * mirage_resv_alloc() - make a reservation for objects to share
 * @drm: device
 *
 * Context: may sleep and allocate.
 * Return: the object that it is part of, with a reference for the caller; or NULL
 */
struct drm_gem_object *mirage_resv_alloc(struct drm_device *drm)
{
	struct mirage_resv *resv = kzalloc_obj(*resv, GFP_KERNEL_ACCOUNT);

	if (!resv)
		return NULL;
	resv->base.funcs = &resv_funcs;
	drm_gem_private_object_init(drm, &resv->base, 0);
	ttm_lru_bulk_move_init(&resv->lru);
	return &resv->base;
}

/**
 * mirage_resv_lru() - where the objects that share a reservation are in the order of eviction
 * @obj: from mirage_resv_alloc()
 */
struct ttm_lru_bulk_move *mirage_resv_lru(struct drm_gem_object *obj)
{
	return &to_mirage_resv(obj)->lru;
}
