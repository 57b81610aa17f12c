/* SPDX-License-Identifier: GPL-2.0 */
/* Mappings of the VM_BIND range of an address space, and objects in it. */
#ifndef MIRAGE_VA_H
#define MIRAGE_VA_H

#include <linux/list.h>

#include <drm/drm_gpuvm.h>

/**
 * struct mirage_va - a mapping
 *
 * Flags in &drm_gpuva.flags: DRM_GPUVA_SPARSE for a NULL mapping, MIRAGE_VA_READONLY,
 * MIRAGE_VA_DEAD.
 */
struct mirage_va {
	/** @base: address, object, offset and flags */
	struct drm_gpuva base;
	/** @node: link in the list of spare mappings or of mappings to be freed */
	struct list_head node;
};

/** MIRAGE_VA_READONLY: flag of a mapping: the GPU must not write. */
#define MIRAGE_VA_READONLY	DRM_GPUVA_USERBITS
/**
 * MIRAGE_VA_DEAD: flag of a mapping: an operation has removed it from the tree; the page tables may
 * still contain it in the range not written yet. Set under mirage_gpuvm.lock.
 */
#define MIRAGE_VA_DEAD		(DRM_GPUVA_USERBITS << 1)

/**
 * struct mirage_vm_bo - an object in an address space
 */
struct mirage_vm_bo {
	/**
	 * @base: drm_gpuvm's part: the mappings, and whether the object has moved since they were
	 * written
	 */
	struct drm_gpuvm_bo base;
	/**
	 * @stale: some of its mappings are not in the page tables. Protected by mirage_gpuvm.lock.
	 */
	bool stale;
};

static inline struct mirage_va *to_mirage_va(struct drm_gpuva *base)
{
	return container_of(base, struct mirage_va, base);
}

static inline struct mirage_vm_bo *to_mirage_vm_bo(struct drm_gpuvm_bo *base)
{
	return container_of(base, struct mirage_vm_bo, base);
}

#endif /* MIRAGE_VA_H */
