// SPDX-License-Identifier: GPL-2.0
/*
 * Validation of VM_BIND mappings: before a job that must not fault starts, or when a job that may
 * fault has faulted.
 *
 * A moved object is validated first, then its move is waited for, and only then is it mapped: an
 * address space may have queues of both kinds, and a job that may fault has no dependency on the
 * move. All moves are started before the first wait.
 *
 * User space synchronises jobs explicitly, with syncobjs. Only shared objects (imported or
 * exported) also use implicit synchronisation through their reservations. Among jobs of one file
 * not even those do, as in amdgpu: otherwise two queues of a program that work on one shared object
 * would unexpectedly wait for each other.
 *
 * Rejected: mapping moved objects by jobs that depend on the move. Each would need preallocated
 * page tables, and the job behind them would wait all the same.
 */
#include <linux/dma-resv.h>
#include <linux/slab.h>

#include <drm/gpu_scheduler.h>
#include <drm/ttm/ttm_bo.h>

#include "bo/bo.h"
#include "bo/validation.h"
#include "device/power.h"
#include "queue/fence.h"
#include "vm/gpuvm.h"
#include "vm/gpuvm_types.h"
#include "vm/node_map.h"
#include "vm/space.h"
#include "vm/trace.h"
#include "vm/userptr.h"
#include "vm/va.h"
#include "vm/validate.h"

/* How many times mm may take away what a fault wants before it can be mapped. */
#define GPUVM_FAULT_TRIES	16

/**
 * struct mirage_gpuvm_exec - a job's locks on all objects that an address space maps
 */
struct mirage_gpuvm_exec {
	/** @exec: the locks */
	struct drm_exec exec;
	/** @gpuvm: VM_BIND range of the address space */
	struct mirage_gpuvm *gpuvm;
	/** @userptrs: check of the userptr objects */
	struct mirage_userptr_try userptrs;
	/** @validation: attempts to make objects resident */
	struct mirage_validation validation;
	/** @jobs_locked: mirage_userptr_lock_jobs() was called, since there are userptr objects */
	bool jobs_locked;
};

static struct mirage_bo *vm_bo_to_bo(const struct drm_gpuvm_bo *vm_bo)
{
	return gem_to_mirage_bo(vm_bo->obj);
}

/* Wait until an object's content is in its memory, and map it. */
static int gpuvm_map_moved(struct mirage_gpuvm *gpuvm, struct drm_gpuvm_bo *vm_bo,
			   bool interruptible)
{
	struct mirage_bo *bo = vm_bo_to_bo(vm_bo);
	long left;

	left = dma_resv_wait_timeout(vm_bo->obj->resv, DMA_RESV_USAGE_KERNEL, interruptible,
				     MAX_SCHEDULE_TIMEOUT);
	if (left < 0)
		return left;
	if (mirage_bo_is_lost(bo))
		return -EFAULT;
	if (!mirage_gpuvm_write_bo(gpuvm, to_mirage_vm_bo(vm_bo)))
		return -EAGAIN;
	drm_gpuvm_bo_evict(vm_bo, false);
	return 0;
}

/**
 * mirage_gpuvm_validate_bo() - bring an evicted object back, in two steps
 * @vm_bo: object in an address space; resvs of both are held
 * @exec: the locks
 *
 * The first pass moves it; the second, with mirage_gpuvm.map_moved set, maps it. An object whose
 * content is gone stays unmapped: programs keep such objects in caches. A job that accesses one is
 * stopped.
 *
 * Return: 0 or a negative errno
 */
int mirage_gpuvm_validate_bo(struct drm_gpuvm_bo *vm_bo, struct drm_exec *exec)
{
	struct ttm_operation_ctx ctx = { .interruptible = true };
	struct mirage_gpuvm *gpuvm = to_mirage_gpuvm(vm_bo->vm);
	struct mirage_bo *bo = vm_bo_to_bo(vm_bo);
	int ret;

	if (mirage_bo_is_lost(bo))
		return 0;
	if (gpuvm->map_moved)
		ret = gpuvm_map_moved(gpuvm, vm_bo, true);
	else
		ret = mirage_bo_validate(bo, &ctx);
	if (ret == -EBUSY)
		mirage_validation_note(gpuvm->validation, vm_bo->obj->resv);
	return ret == -EFAULT ? 0 : ret;
}

/* Do others use this object's reservation for implicit synchronisation? */
static bool gpuvm_is_shared(const struct mirage_gpuvm *gpuvm, struct drm_gem_object *obj)
{
	const struct mirage_bo *bo = gem_to_mirage_bo(obj);

	/* The owner of the private objects' reservation is not a mirage_bo. */
	return obj != gpuvm->base.r_obj && (bo->imported || bo->exported);
}

/* Might the object be shared later? Importers then have to wait for jobs submitted before. */
static bool gpuvm_may_be_shared(const struct mirage_gpuvm *gpuvm, struct drm_gem_object *obj)
{
	return obj != gpuvm->base.r_obj && !gem_to_mirage_bo(obj)->userptr;
}

static int gpuvm_validate_all(struct mirage_gpuvm_exec *ve)
{
	struct mirage_gpuvm *gpuvm = ve->gpuvm;
	int ret;

	gpuvm->validation = &ve->validation;
	gpuvm->map_moved = false;
	ret = drm_gpuvm_validate(&gpuvm->base, &ve->exec);
	if (ret)
		return ret;
	gpuvm->map_moved = true;
	return drm_gpuvm_validate(&gpuvm->base, &ve->exec);
}

/* Validation may also lock the objects that it evicts, so it is part of the locking loop. */
static int gpuvm_lock_all(struct mirage_gpuvm_exec *ve)
{
	struct drm_exec *exec = &ve->exec;
	int ret = 0;

	drm_exec_init(exec, DRM_EXEC_INTERRUPTIBLE_WAIT | DRM_EXEC_IGNORE_DUPLICATES, 0);
	drm_exec_until_all_locked(exec) {
		ret = drm_gpuvm_prepare_vm(&ve->gpuvm->base, exec, 1);
		drm_exec_retry_on_contention(exec);
		if (ret)
			break;
		ret = drm_gpuvm_prepare_objects(&ve->gpuvm->base, exec, 1);
		drm_exec_retry_on_contention(exec);
		if (!ret)
			ret = gpuvm_validate_all(ve);
		if (ret)
			break;
	}
	return ret;
}

/*
 * Map userptr objects that were unmapped, and check that all are valid. The check holds until the
 * job's fence is in the reservations, where invalidations look for it. Invalidations take memory
 * away without a resv; so a userptr object does not become evicted, but stale in each address
 * space.
 */
static int gpuvm_lock_userptrs(struct mirage_gpuvm_exec *ve)
{
	struct mirage_gpuvm *gpuvm = ve->gpuvm;
	struct drm_gpuvm_bo *vm_bo;
	bool some = false, good = true;

	list_for_each_entry(vm_bo, &gpuvm->base.extobj.list, list.entry.extobj) {
		if (!vm_bo_to_bo(vm_bo)->userptr || !kref_read(&vm_bo->kref))
			continue;
		some = true;
		if (READ_ONCE(to_mirage_vm_bo(vm_bo)->stale))
			mirage_gpuvm_write_bo(gpuvm, to_mirage_vm_bo(vm_bo));
	}
	if (!some)
		return 0;

	mirage_userptr_lock_jobs(gpuvm->mdev);
	list_for_each_entry(vm_bo, &gpuvm->base.extobj.list, list.entry.extobj) {
		if (!vm_bo_to_bo(vm_bo)->userptr || !kref_read(&vm_bo->kref))
			continue;
		if (!mirage_userptr_try_see(&ve->userptrs, vm_bo_to_bo(vm_bo),
					    &to_mirage_vm_bo(vm_bo)->stale))
			good = false;
	}
	if (good)
		ve->jobs_locked = true;
	else
		mirage_userptr_unlock_jobs(gpuvm->mdev);
	return good ? 0 : -EAGAIN;
}

static int gpuvm_add_fence(struct drm_sched_job *job, struct dma_fence *fence)
{
	struct drm_sched_fence *sched_fence = to_drm_sched_fence(fence);

	if (sched_fence && sched_fence->drm_client_id == job->s_fence->drm_client_id)
		return 0;
	/*
	 * A sync file has put it there. mm waits for our fence, so our job must not wait for a
	 * fence that may need mm; nor may a sharer make our jobs fail.
	 */
	if (mirage_fence_may_fault(fence))
		return 0;
	return drm_sched_job_add_dependency(job, dma_fence_get(fence));
}

/* Add the fences of other users of a shared object. */
static int gpuvm_add_shared(struct drm_sched_job *job, struct dma_resv *resv)
{
	struct dma_resv_iter cursor;
	struct dma_fence *fence;
	int ret;

	dma_resv_for_each_fence(&cursor, resv, dma_resv_usage_rw(true), fence) {
		ret = gpuvm_add_fence(job, fence);
		if (ret)
			return ret;
	}
	return 0;
}

static int gpuvm_add_dependencies(struct mirage_gpuvm_exec *ve, struct drm_sched_job *job)
{
	struct drm_gem_object *obj;
	int ret;

	drm_exec_for_each_locked_object(&ve->exec, obj) {
		/* A move may have used up the reserved slot. */
		ret = dma_resv_reserve_fences(obj->resv, 1);
		if (ret)
			return ret;
		ret = drm_sched_job_add_resv_dependencies(job, obj->resv, DMA_RESV_USAGE_KERNEL);
		if (ret)
			return ret;
		if (gpuvm_is_shared(ve->gpuvm, obj)) {
			ret = gpuvm_add_shared(job, obj->resv);
			if (ret)
				return ret;
		}
	}
	return 0;
}

/* Drops all locks on failure. */
static int gpuvm_exec_try(struct mirage_gpuvm_exec *ve, struct drm_sched_job *job)
{
	struct mirage_device *mdev = ve->gpuvm->mdev;
	int ret;

	ret = mirage_power_enter(mdev);
	if (ret)
		return ret;
	ret = mirage_validation_begin(&ve->validation);
	if (ret)
		goto err_power;
	ret = gpuvm_lock_all(ve);
	if (!ret)
		ret = gpuvm_add_dependencies(ve, job);
	if (!ret)
		ret = gpuvm_lock_userptrs(ve);
	if (!ret)
		return 0;
	drm_exec_fini(&ve->exec);
	mirage_validation_end(&ve->validation);
err_power:
	mirage_power_exit(mdev);
	return ret;
}

static void gpuvm_exec_free(struct mirage_gpuvm_exec *ve)
{
	mirage_userptr_try_fini(&ve->userptrs);
	mirage_validation_fini(&ve->validation);
	kfree(ve);
}

/**
 * mirage_gpuvm_exec_begin() - lock all objects that an address space maps, and make sure they are
 * mapped
 * @vm: address space
 * @job: initialised and not armed; gets its dependencies added
 *
 * No allocation between this and mirage_gpuvm_exec_end().
 *
 * Context: may sleep, allocate and evict; takes mirage_power.rwsem, validation_lock and the
 * resvs of the address space and of all objects that are mapped there.
 * Return: the state for mirage_gpuvm_exec_end(); -ENOMEM, -ENOSPC, -EINTR or -ERESTARTSYS, -ENODEV
 */
struct mirage_gpuvm_exec *mirage_gpuvm_exec_begin(struct mirage_vm *vm, struct drm_sched_job *job)
{
	struct mirage_gpuvm_exec *ve;
	int ret;

	ve = kzalloc_obj(*ve);
	if (!ve)
		return ERR_PTR(-ENOMEM);
	ve->gpuvm = vm->gpuvm;
	ve->validation.interruptible = true;
	mirage_userptr_try_init(&ve->userptrs, vm->mdev);
	for (;;) {
		ret = gpuvm_exec_try(ve, job);
		if (!ret)
			return ve;
		/* Without locks, since mm may do I/O and jobs may take long. */
		if (ret == -EAGAIN)
			ret = mirage_userptr_try_again(&ve->userptrs);
		else
			ret = mirage_validation_retry(&ve->validation, ret);
		if (ret)
			break;
	}
	gpuvm_exec_free(ve);
	return ERR_PTR(ret);
}

/**
 * mirage_gpuvm_exec_end() - drop the locks of mirage_gpuvm_exec_begin()
 * @ve: from mirage_gpuvm_exec_begin()
 * @fence: fence of the armed job, which keeps the objects from moving; or NULL if there is none
 *
 * Context: does not allocate.
 */
void mirage_gpuvm_exec_end(struct mirage_gpuvm_exec *ve, struct dma_fence *fence)
{
	struct mirage_device *mdev = ve->gpuvm->mdev;
	struct drm_gem_object *obj;

	if (fence) {
		drm_exec_for_each_locked_object(&ve->exec, obj)
			dma_resv_add_fence(obj->resv, fence,
					   gpuvm_may_be_shared(ve->gpuvm, obj) ?
						   DMA_RESV_USAGE_WRITE :
						   DMA_RESV_USAGE_BOOKKEEP);
		mirage_gpuvm_used(ve->gpuvm, &ve->exec);
	}
	if (ve->jobs_locked)
		mirage_userptr_unlock_jobs(mdev);
	drm_exec_fini(&ve->exec);
	mirage_validation_end(&ve->validation);
	mirage_power_exit(mdev);
	gpuvm_exec_free(ve);
}

/*
 * The object mapped at an address, with a reference; NULL if the access needs nothing to be done.
 */
static struct drm_gpuvm_bo *gpuvm_find(struct mirage_gpuvm *gpuvm, u64 addr, bool write)
{
	struct drm_gpuvm_bo *vm_bo = ERR_PTR(-EFAULT);
	struct drm_gpuva *va;

	mirage_gpuvm_lock(gpuvm);
	va = drm_gpuva_find_first(&gpuvm->base, addr, 1);
	if (!gpuvm->live)
		vm_bo = ERR_PTR(-ENODEV);
	else if (addr >= gpuvm->todo_start && addr < gpuvm->todo_end)
		vm_bo = NULL;	/* the current operation is about to write this range */
	else if (va && va->flags & DRM_GPUVA_SPARSE)
		vm_bo = NULL;
	else if (va && !(write && va->flags & MIRAGE_VA_READONLY))
		vm_bo = to_mirage_vm_bo(va->vm_bo)->stale ? drm_gpuvm_bo_get(va->vm_bo) : NULL;
	mirage_gpuvm_unlock(gpuvm);
	return vm_bo;
}

static int gpuvm_bring_back_locked(struct mirage_gpuvm *gpuvm, struct drm_gpuvm_bo *vm_bo,
				   struct mirage_validation *validation)
{
	/* Other private objects of the address space may be evicted for this one. */
	struct ttm_operation_ctx ctx = { .allow_res_evict = true, .resv = vm_bo->obj->resv };
	struct drm_exec exec;
	int ret = 0;

	drm_exec_init(&exec, DRM_EXEC_IGNORE_DUPLICATES, 1);
	drm_exec_until_all_locked(&exec) {
		ret = drm_exec_prepare_obj(&exec, vm_bo->obj, 1);
		drm_exec_retry_on_contention(&exec);
		if (!ret)
			ret = mirage_bo_validate(vm_bo_to_bo(vm_bo), &ctx);
		if (ret)
			break;
	}
	if (ret == -EBUSY)
		mirage_validation_note(validation, vm_bo->obj->resv);
	if (!ret)
		ret = gpuvm_map_moved(gpuvm, vm_bo, false);
	drm_exec_fini(&exec);
	return ret;
}

static int gpuvm_bring_back(struct mirage_gpuvm *gpuvm, struct drm_gpuvm_bo *vm_bo,
			    struct mirage_validation *validation)
{
	struct mirage_device *mdev = gpuvm->mdev;
	int ret;

	/* The access is retried when the device is awake. */
	if (!mirage_power_tryenter(mdev))
		return -ENODEV;
	ret = mirage_validation_begin(validation);
	if (!ret) {
		ret = gpuvm_bring_back_locked(gpuvm, vm_bo, validation);
		mirage_validation_end(validation);
	}
	mirage_power_exit(mdev);
	return ret;
}

/**
 * mirage_gpuvm_serve() - make the object mapped at an address usable
 * @vm: address space
 * @addr: from 2^47 on
 * @access: kind of the access that failed
 *
 * Context: may sleep, allocate and evict; takes resvs. Not in the signalling path of a fence.
 * Return: 0: the access will be retried; -EFAULT nothing is mapped, or the access is not allowed;
 * -ENOMEM, -ENOSPC, -ENODEV
 */
int mirage_gpuvm_serve(struct mirage_vm *vm, u64 addr, enum mirage_access access)
{
	bool write = access == MIRAGE_ACCESS_WRITE || access == MIRAGE_ACCESS_ATOMIC;
	struct mirage_gpuvm *gpuvm = vm->gpuvm;
	struct drm_gpuvm_bo *vm_bo;
	struct mirage_validation validation = {};
	unsigned int tries = 0;
	int ret;

	do {
		vm_bo = gpuvm_find(gpuvm, addr, write);
		if (IS_ERR_OR_NULL(vm_bo)) {
			ret = PTR_ERR_OR_ZERO(vm_bo);
			break;
		}
		ret = vm_bo_to_bo(vm_bo)->userptr ? mirage_userptr_populate(vm_bo_to_bo(vm_bo)) : 0;
		if (!ret)
			ret = gpuvm_bring_back(gpuvm, vm_bo, &validation);
		mirage_gpuvm_put_bo(vm_bo);
		if (ret && ret != -EAGAIN && !mirage_validation_retry(&validation, ret))
			ret = -EAGAIN;
	} while (ret == -EAGAIN && ++tries < GPUVM_FAULT_TRIES);
	mirage_validation_fini(&validation);
	trace_mirage_bind_fault(vm, addr, access, ret);
	return ret == -EAGAIN ? 0 : ret;
}
