// SPDX-License-Identifier: GPL-2.0
/*
 * A reservation shared by private objects. It belongs to a GEM object without memory, which lives
 * as long as any of them.
 *
 * Model: drm_gpuvm's reservation object, and xe's bulk move per address space. A job locks all
 * private objects at once and adds its fence once, and they move in the LRU together.
 */
#include "bo/resv.h"

#include <linux/slab.h>

#include <drm/drm_gem.h>
#include <drm/ttm/ttm_resource.h>

#include "bo/ttm.h"
#include "device/device.h"

/**
 * struct mirage_resv - reservation and LRU that an address space shares with its private objects
 */
struct mirage_resv {
	/** @base: object without memory, for its reservation */
	struct drm_gem_object base;
	/**
	 * @lru: LRU range of the private objects, which are used together. Protected by TTM's
	 * lru_lock.
	 */
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
 * mirage_resv_alloc() - create a reservation to share
 * @drm: device
 *
 * Context: may sleep and allocate.
 * Return: the object that owns it, with a reference for the caller; or NULL
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
 * mirage_resv_lru() - get the bulk-move range of the objects that share a reservation
 * @obj: from mirage_resv_alloc()
 */
struct ttm_lru_bulk_move *mirage_resv_lru(struct drm_gem_object *obj)
{
	return &to_mirage_resv(obj)->lru;
}
