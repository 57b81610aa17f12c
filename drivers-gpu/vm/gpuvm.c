// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: VM_BIND mappings
 *
 * The VM_BIND range of an address space, from 2^47 on, maps buffer objects where user space orders
 * it; drm_gpuvm tracks the mappings. It shares only the page-table root with the mirror below. No
 * structure here is used for an address below 2^47, and none of the mirror's above.
 *
 *   mirage_bind           the ioctl               mirage_gpuvm_map   content of page tables
 *   mirage_bind_job       queued operations       mirage_gpuvm_node  lifetime of page tables
 *   mirage_bind_run       their execution         mirage_gpuvm_exec  jobs that must not fault
 *
 * A mapping exists from its operation until a later one removes it, whether its object has memory
 * or not. Its page-table entries exist until its object moves. The code that moves an object clears
 * its mappings in all address spaces (mirage_gpuvm_evict_bo()). The next job that must not fault
 * restores the whole address space before it runs (mirage_gpuvm_exec_begin()); a job that may fault
 * restores what it touches (mirage_gpuvm_serve()).
 *
 * vm/bind_run.c draws how an operation cuts older mappings, vm/node.c how page tables come and go.
 *
 * Two locks matter: the resvs protect where objects are, mirage_gpuvm.lock the mappings. The latter
 * is taken in signalling paths of fences and in notifiers, so no memory is allocated under it.
 *
 * Rejected: one tree for both parts of the address space. The mirror's state follows mm and has a
 * lock per 2 MiB; this part follows user space's operations, in their order.
 */
#include "vm/gpuvm.h"

#include <linux/slab.h>
#include <linux/wait_bit.h>

#include <drm/drm_drv.h>
#include <drm/drm_exec.h>
#include <drm/drm_print.h>
#include <drm/mirage_drm.h>
#include <drm/ttm/ttm_bo.h>

#include "bo/bo.h"
#include "bo/resv.h"
#include "bo/ttm.h"
#include "device/device.h"
#include "device/state.h"
#include "vm/bind.h"
#include "vm/gpuvm_types.h"
#include "vm/node.h"
#include "vm/node_map.h"
#include "vm/space.h"
#include "vm/trace.h"
#include "vm/va.h"
#include "vm/validate.h"

/* Mappings to print before dropping the lock. */
#define GPUVM_DUMP_BATCH	64

/* Number of VM_BIND ranges; module exit waits for it to become 0. */
static atomic_t gpuvm_count = ATOMIC_INIT(0);

static void gpuvm_free_work(struct work_struct *work)
{
	struct mirage_gpuvm *gpuvm =
		container_of(to_rcu_work(work), struct mirage_gpuvm, free_work);
	struct drm_device *drm = &gpuvm->mdev->drm;

	mirage_bind_fini(gpuvm);
	mirage_node_fini(gpuvm);
	kfree(gpuvm);
	drm_dev_put(drm);
	atomic_dec_and_wake_up(&gpuvm_count);
}

/* The last reference may be dropped in the scheduler's own work, or in a notifier. */
static void gpuvm_release(struct drm_gpuvm *base)
{
	struct mirage_gpuvm *gpuvm = to_mirage_gpuvm(base);

	/* drm_gpuvm drops its own reference after this returns. */
	drm_dev_get(&gpuvm->mdev->drm);
	mirage_bind_queue_rcu_work(&gpuvm->free_work);
}

static struct drm_gpuvm_bo *gpuvm_bo_alloc(void)
{
	struct mirage_vm_bo *vm_bo = kzalloc_obj(*vm_bo, GFP_KERNEL_ACCOUNT);

	return vm_bo ? &vm_bo->base : NULL;
}

static void gpuvm_bo_free(struct drm_gpuvm_bo *base)
{
	kfree(to_mirage_vm_bo(base));
}

static const struct drm_gpuvm_ops gpuvm_ops = {
	.vm_free = gpuvm_release,
	.vm_bo_alloc = gpuvm_bo_alloc,
	.vm_bo_free = gpuvm_bo_free,
	.vm_bo_validate = mirage_gpuvm_validate_bo,
	.sm_step_remap = mirage_bind_step_remap,
	.sm_step_unmap = mirage_bind_step_unmap,
};

static void gpuvm_sweep_work(struct work_struct *work)
{
	struct mirage_gpuvm *gpuvm = container_of(work, struct mirage_gpuvm, sweep_work);

	drm_gpuvm_bo_deferred_cleanup(&gpuvm->base);
	drm_gpuvm_put(&gpuvm->base);
}

/**
 * mirage_gpuvm_init() - set up the VM_BIND range of an address space, empty
 * @vm: address space whose root exists
 *
 * Context: may sleep and allocate.
 * Return: 0 or -ENOMEM; mirage_gpuvm_fini() is allowed after both
 */
int mirage_gpuvm_init(struct mirage_vm *vm)
{
	struct drm_device *drm = &vm->mdev->drm;
	struct drm_gem_object *resv_obj;
	struct mirage_gpuvm *gpuvm;
	int ret;

	gpuvm = kzalloc_obj(*gpuvm, GFP_KERNEL_ACCOUNT);
	if (!gpuvm)
		return -ENOMEM;
	gpuvm->mdev = vm->mdev;
	gpuvm->vm = vm;
	INIT_RCU_WORK(&gpuvm->free_work, gpuvm_free_work);
	INIT_WORK(&gpuvm->sweep_work, gpuvm_sweep_work);
	ret = mirage_bind_init(gpuvm);
	if (ret)
		goto err_free;
	resv_obj = mirage_resv_alloc(drm);
	if (!resv_obj) {
		ret = -ENOMEM;
		goto err_bind;
	}
	mirage_node_init(gpuvm, &vm->pt.root);
	drm_gpuvm_init(&gpuvm->base, "mirage", DRM_GPUVM_RESV_PROTECTED | DRM_GPUVM_IMMEDIATE_MODE,
		       drm, resv_obj, DRM_MIRAGE_VA_START,
		       DRM_MIRAGE_VA_END - DRM_MIRAGE_VA_START, 0, 0, &gpuvm_ops);
	/* drm_gpuvm holds its own reference. */
	drm_gem_object_put(resv_obj);
	atomic_inc(&gpuvm_count);
	vm->gpuvm = gpuvm;
	return 0;

err_bind:
	mirage_bind_fini(gpuvm);
err_free:
	kfree(gpuvm);
	return ret;
}

/**
 * mirage_gpuvm_fini() - detach the VM_BIND range from its address space
 * @vm: address space that the device does not use any more
 *
 * Operations that are still queued become no-ops.
 *
 * Context: may sleep; takes the address space's resv, mirage_gpuvm.nodes_lock and .lock.
 */
void mirage_gpuvm_fini(struct mirage_vm *vm)
{
	struct mirage_gpuvm *gpuvm = vm->gpuvm;
	struct drm_gpuva *base, *next;
	LIST_HEAD(dead);

	if (!gpuvm)
		return;
	mirage_node_drop_system(gpuvm);

	mirage_gpuvm_lock(gpuvm);
	mirage_gpuvm_clear(gpuvm, DRM_MIRAGE_VA_START, DRM_MIRAGE_VA_END);
	drm_gpuvm_for_each_va_safe(base, next, &gpuvm->base) {
		drm_gpuva_remove(base);
		drm_gpuva_unlink_defer(base);
		list_add(&to_mirage_va(base)->node, &dead);
	}
	gpuvm->vm = NULL;
	gpuvm->root.table = NULL;
	mirage_gpuvm_unlock(gpuvm);

	mirage_node_release(gpuvm, NULL, 0, &dead);
	drm_gpuvm_bo_deferred_cleanup(&gpuvm->base);
	drm_gpuvm_put(&gpuvm->base);
	vm->gpuvm = NULL;
}

/**
 * mirage_gpuvm_unplug() - release memory that must not outlive the driver's binding to the device
 * @vm: address space of a device that was blocked from DMA
 *
 * Context: may sleep; between drm_dev_unplug() and the end of the PCI driver's remove().
 */
void mirage_gpuvm_unplug(struct mirage_vm *vm)
{
	mirage_node_drop_system(vm->gpuvm);
}

/**
 * mirage_gpuvm_module_exit() - wait for the last VM_BIND range, after the last device has gone
 *
 * Also waits for operations that depend on fences of other drivers. Those fences signal in finite
 * time.
 */
void mirage_gpuvm_module_exit(void)
{
	wait_var_event(&gpuvm_count, !atomic_read(&gpuvm_count));
}

/**
 * mirage_gpuvm_resv() - get the reservation that an address space shares with its private objects
 * @vm: address space
 */
struct dma_resv *mirage_gpuvm_resv(struct mirage_vm *vm)
{
	return drm_gpuvm_resv(&vm->gpuvm->base);
}

/**
 * mirage_gpuvm_resv_obj() - get the GEM object that owns the shared reservation
 * @vm: address space
 *
 * Return: the object; a user of its reservation that may outlive @vm takes a reference
 */
struct drm_gem_object *mirage_gpuvm_resv_obj(struct mirage_vm *vm)
{
	return drm_gpuvm_resv_obj(&vm->gpuvm->base);
}

/**
 * mirage_gpuvm_used() - move an address space's objects to the tail of the LRU
 * @gpuvm: VM_BIND range of the address space
 * @exec: holds the resvs of the address space, and of other objects
 *
 * Context: takes TTM's lru_lock.
 */
void mirage_gpuvm_used(struct mirage_gpuvm *gpuvm, struct drm_exec *exec)
{
	struct ttm_device *bdev = &gpuvm->mdev->ttm->bdev;
	struct drm_gem_object *obj;

	spin_lock(&bdev->lru_lock);
	ttm_lru_bulk_move_tail(mirage_resv_lru(gpuvm->base.r_obj));
	drm_exec_for_each_locked_object(exec, obj) {
		if (obj->resv != gpuvm->base.r_obj->resv && !gem_to_mirage_bo(obj)->userptr)
			ttm_bo_move_to_lru_tail(&gem_to_mirage_bo(obj)->base);
	}
	spin_unlock(&bdev->lru_lock);
}

/**
 * mirage_gpuvm_put_bo() - drop a reference to an object in an address space
 * @vm_bo: the object there
 *
 * Context: may sleep; any lock except mirage_gpuvm.lock and gpuva.lock may be held: if this is the
 * last reference, a work frees the object.
 */
void mirage_gpuvm_put_bo(struct drm_gpuvm_bo *vm_bo)
{
	struct mirage_gpuvm *gpuvm = to_mirage_gpuvm(vm_bo->vm);

	drm_gpuvm_get(&gpuvm->base);
	if (!drm_gpuvm_bo_put_deferred(vm_bo) || !mirage_bind_queue_work(&gpuvm->sweep_work))
		drm_gpuvm_put(&gpuvm->base);
}

/*
 * The part of a mapping that the page tables contain, or may contain: for a mapping that the
 * current operation has removed from the tree, the part not written yet; for the operation's own,
 * the part already written; for any other, all of it.
 */
static void gpuvm_part(const struct mirage_gpuvm *gpuvm, const struct drm_gpuva *va, u64 *start,
		       u64 *end)
{
	*start = va->va.addr;
	*end = va->va.addr + va->va.range;
	if (va->flags & MIRAGE_VA_DEAD) {
		*start = max(*start, gpuvm->todo_start);
		*end = max(*start, min(*end, gpuvm->todo_end));
	} else if (gpuvm->todo_va && va == &gpuvm->todo_va->base) {
		*end = gpuvm->todo_start;
	}
}

/* Clear all mappings of an object in one address space. */
static void gpuvm_evict(struct mirage_gpuvm *gpuvm, struct mirage_vm_bo *vm_bo)
{
	struct drm_gpuva *va;
	u64 start, end;

	mirage_gpuvm_lock(gpuvm);
	/* Our lock protects the mappings; the other one protects the list. */
	mutex_lock(&vm_bo->base.obj->gpuva.lock);
	list_for_each_entry(va, &vm_bo->base.list.gpuva, gem.entry) {
		gpuvm_part(gpuvm, va, &start, &end);
		mirage_gpuvm_clear(gpuvm, start, end);
		if (gpuvm->vm)
			mirage_history_add(&gpuvm->vm->history, MIRAGE_HISTORY_EVICT,
					   mirage_device_estimate_time(gpuvm->mdev), va->va.addr,
					   va->va.range, 0);
	}
	mutex_unlock(&vm_bo->base.obj->gpuva.lock);
	vm_bo->stale = true;
	if (gpuvm->vm)
		trace_mirage_evict(gpuvm->vm, vm_bo->base.obj->size);
	mirage_gpuvm_unlock(gpuvm);
}

/**
 * mirage_gpuvm_evict_bo() - clear an object's mappings in all page tables
 * @bo: object whose memory is about to change; no fence in its resv is unsignalled
 *
 * When it returns the device does not use its memory any more.
 *
 * Context: the object's resv is held, except for a userptr in a notifier; may sleep, does not
 * allocate; takes mirage_gpuvm.lock of every address space that maps it, and waits for the device,
 * a bounded time.
 */
void mirage_gpuvm_evict_bo(struct mirage_bo *bo)
{
	struct drm_gem_object *obj = &bo->base.base;
	struct drm_gpuvm_bo *vm_bo, *last = NULL;
	struct mirage_gpuvm *gpuvm;

	if (!bo->userptr)
		dma_resv_assert_held(obj->resv);

	/*
	 * The address space's lock is taken outside the list's. A vm_bo with a reference stays in
	 * the list, so the walk can continue from it.
	 */
	mutex_lock(&obj->gpuva.lock);
	vm_bo = list_first_entry_or_null(&obj->gpuva.list, struct drm_gpuvm_bo, list.entry.gem);
	while (vm_bo) {
		drm_gpuvm_bo_get(vm_bo);
		mutex_unlock(&obj->gpuva.lock);

		gpuvm = to_mirage_gpuvm(vm_bo->vm);
		gpuvm_evict(gpuvm, to_mirage_vm_bo(vm_bo));
		if (!bo->userptr)
			drm_gpuvm_bo_evict(vm_bo, true);
		if (last)
			mirage_gpuvm_put_bo(last);
		last = vm_bo;

		mutex_lock(&obj->gpuva.lock);
		vm_bo = list_is_last(&last->list.entry.gem, &obj->gpuva.list) ?
			NULL : list_next_entry(last, list.entry.gem);
	}
	mutex_unlock(&obj->gpuva.lock);
	if (last)
		mirage_gpuvm_put_bo(last);
}

/**
 * mirage_gpuvm_write_bo() - write all mappings of an object to the page tables of an address space
 * @gpuvm: VM_BIND range of the address space
 * @vm_bo: object in it
 *
 * Context: may sleep, does not allocate; the object's resv is held; takes mirage_gpuvm.lock.
 * Return: false if it has no memory that the device can reach; the caller has to retry
 */
bool mirage_gpuvm_write_bo(struct mirage_gpuvm *gpuvm, struct mirage_vm_bo *vm_bo)
{
	struct drm_gpuva *va;
	bool there = true;
	u64 start, end;

	dma_resv_assert_held(vm_bo->base.obj->resv);

	mirage_gpuvm_lock(gpuvm);
	mutex_lock(&vm_bo->base.obj->gpuva.lock);
	list_for_each_entry(va, &vm_bo->base.list.gpuva, gem.entry) {
		if (va->flags & MIRAGE_VA_DEAD)
			continue;
		gpuvm_part(gpuvm, va, &start, &end);
		there = mirage_gpuvm_write_va(gpuvm, to_mirage_va(va), start, end) && there;
	}
	mutex_unlock(&vm_bo->base.obj->gpuva.lock);
	vm_bo->stale = !there;
	mirage_gpuvm_unlock(gpuvm);
	return there;
}

static void gpuvm_dump_va(struct mirage_va *va, struct drm_printer *p)
{
	u64 addr = va->base.va.addr;
	struct mirage_vm_bo *vm_bo;

	drm_printf(p, "  bind %#014llx..%#014llx ", addr, addr + va->base.va.range);
	if (va->base.flags & DRM_GPUVA_SPARSE) {
		drm_puts(p, "null\n");
		return;
	}
	vm_bo = to_mirage_vm_bo(va->base.vm_bo);
	drm_printf(p, "object of %zu bytes from %#llx%s%s\n", va->base.gem.obj->size,
		   va->base.gem.offset,
		   va->base.flags & MIRAGE_VA_READONLY ? ", read-only" : "",
		   vm_bo->stale ? ", not in page tables" : "");
}

/**
 * mirage_gpuvm_dump() - print the VM_BIND mappings
 * @vm: address space
 * @p: printer
 *
 * Context: may sleep; takes mirage_gpuvm.lock, for a few mappings at a time.
 */
void mirage_gpuvm_dump(struct mirage_vm *vm, struct drm_printer *p)
{
	struct mirage_gpuvm *gpuvm = vm->gpuvm;
	u64 next = DRM_MIRAGE_VA_START;
	struct drm_gpuva *va;
	unsigned int count;

	do {
		count = 0;
		mutex_lock(&gpuvm->lock);
		drm_gpuvm_for_each_va_range(va, &gpuvm->base, next, DRM_MIRAGE_VA_END) {
			gpuvm_dump_va(to_mirage_va(va), p);
			next = va->va.addr + va->va.range;
			if (++count == GPUVM_DUMP_BATCH)
				break;
		}
		mutex_unlock(&gpuvm->lock);
	} while (count == GPUVM_DUMP_BATCH && next < DRM_MIRAGE_VA_END);
}
