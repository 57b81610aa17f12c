// SPDX-License-Identifier: GPL-2.0
/*
 * What VM_BIND maps: the upper part of an address space, from 2^47 on.
 *
 * It shares the page-table root with the mirror below and nothing else: no structure here
 * is looked at for an address below 2^47, and none of the mirror's above.
 *
 * Rejected: one tree for both parts. The mirror's state follows mm and has a lock for each 2 MiB;
 * what is here follows user space's orders, in their order.
 */
#include "mirage_gpuvm.h"

#include <linux/slab.h>

#include <drm/mirage_drm.h>

#include "mirage_device_types.h"
#include "mirage_gpuvm_types.h"
#include "mirage_vm.h"

static void gpuvm_free(struct drm_gpuvm *base)
{
	kfree(to_mirage_gpuvm(base));
}

static const struct drm_gpuvm_ops gpuvm_ops = {
	.vm_free = gpuvm_free,
};

/**
 * mirage_gpuvm_init() - make the upper part of an address space, with nothing in it
 * @vm: address space
 *
 * Context: may sleep and allocate.
 * Return: 0 or -ENOMEM; mirage_gpuvm_fini() is fine after both
 */
int mirage_gpuvm_init(struct mirage_vm *vm)
{
	struct drm_device *drm = &vm->mdev->drm;
	struct drm_gem_object *resv_obj;
	struct mirage_gpuvm *gpuvm;

	gpuvm = kzalloc_obj(*gpuvm);
	if (!gpuvm)
		return -ENOMEM;
	resv_obj = drm_gpuvm_resv_object_alloc(drm);
	if (!resv_obj) {
		kfree(gpuvm);
		return -ENOMEM;
	}
	drm_gpuvm_init(&gpuvm->base, "mirage", DRM_GPUVM_IMMEDIATE_MODE, drm, resv_obj,
		       DRM_MIRAGE_VA_START, DRM_MIRAGE_VA_END - DRM_MIRAGE_VA_START, 0, 0,
		       &gpuvm_ops);
	/* drm_gpuvm has a reference of its own. */
	drm_gem_object_put(resv_obj);
	vm->gpuvm = gpuvm;
	return 0;
}

/**
 * mirage_gpuvm_fini() - undo mirage_gpuvm_init()
 * @vm: address space that the device does not use any more
 *
 * Context: may sleep.
 */
void mirage_gpuvm_fini(struct mirage_vm *vm)
{
	if (!vm->gpuvm)
		return;
	drm_gpuvm_put(&vm->gpuvm->base);
	vm->gpuvm = NULL;
}

/**
 * mirage_gpuvm_resv() - the reservation that an address space shares with its private objects
 * @vm: address space
 */
struct dma_resv *mirage_gpuvm_resv(struct mirage_vm *vm)
{
	return drm_gpuvm_resv(&vm->gpuvm->base);
}

/**
 * mirage_gpuvm_resv_obj() - what mirage_gpuvm_resv() is part of
 * @vm: address space
 *
 * Return: an object; who uses its reservation longer than @vm takes a reference to it
 */
struct drm_gem_object *mirage_gpuvm_resv_obj(struct mirage_vm *vm)
{
	return drm_gpuvm_resv_obj(&vm->gpuvm->base);
}
