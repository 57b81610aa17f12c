// SPDX-License-Identifier: GPL-2.0
/*
 * What VM_BIND maps, made usable for jobs: before a job that may not fault starts, or when one that
 * may has faulted.
 *
 * An object that was moved is validated first, then the end of its move is waited for, and only
 * then it is mapped: an address space may have queues of both kinds, and a job that may fault
 * has no dependency on the move. All moves are under way before the first is waited for.
 *
 * Jobs are synchronised by what user space says, with syncobjs. Only objects that others see (imported
 * or exported ones) are synchronised by what is in their reservations as well; among the
 * jobs of one file even those are not, as in amdgpu: two queues of a program that work on one
 * shared object would otherwise wait for each other by surprise.
 *
 * Rejected: mapping moved objects by jobs that depend on the move. Each would need page tables kept
 * ready, and the job behind them would wait all the same.
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
#include "vm/space.h"
#include "vm/trace.h"
#include "vm/userptr.h"

/* Times that what a fault wants may be gone again, by mm, when it could be mapped. */
#define GPUVM_FAULT_TRIES	16

/**
 * struct mirage_gpuvm_exec - all that an address space maps, locked for a job
 */
struct mirage_gpuvm_exec {
	/** @exec: the locks */
	struct drm_exec exec;
	/** @gpuvm: upper part of the address space */
	struct mirage_gpuvm *gpuvm;
	/** @userptrs: memory of processes that has to be there */
	struct mirage_userptr_try userptrs;
	/** @validation: attempts to make objects resident */
	struct mirage_validation validation;
	/** @jobs_locked: mirage_userptr_lock_jobs() was called, because there is some */
	bool jobs_locked;
};

static struct mirage_bo *vm_bo_to_bo(const struct drm_gpuvm_bo *vm_bo)
{
	return gem_to_mirage_bo(vm_bo->obj);
}

/* Wait until an object's memory holds what it should, and map it. */
static int gpuvm_settle(struct mirage_gpuvm *gpuvm, struct drm_gpuvm_bo *vm_bo, bool interruptible)
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
 * First it is moved; when mirage_gpuvm.settle is set, it is mapped. An object whose content is gone
 * stays unmapped: programs keep such ones in caches. A job that uses it all the same is stopped.
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
	if (gpuvm->settle)
		ret = gpuvm_settle(gpuvm, vm_bo, true);
	else
		ret = mirage_bo_validate(bo, &ctx);
	if (ret == -EBUSY)
		mirage_validation_note(gpuvm->validation, vm_bo->obj->resv);
	return ret == -EFAULT ? 0 : ret;
}

/* Do others look at the reservation of this object to know what to wait for? */
static bool gpuvm_is_shared(const struct mirage_gpuvm *gpuvm, struct drm_gem_object *obj)
{
	const struct mirage_bo *bo = gem_to_mirage_bo(obj);

	/* What the reservation of private objects is part of is no object of ours. */
	return obj != gpuvm->base.r_obj && (bo->imported || bo->exported);
}

/* Might others look at it later? They will want to know of jobs that were there before. */
static bool gpuvm_may_be_shared(const struct mirage_gpuvm *gpuvm, struct drm_gem_object *obj)
{
	return obj != gpuvm->base.r_obj && !gem_to_mirage_bo(obj)->userptr;
}

static int gpuvm_validate_all(struct mirage_gpuvm_exec *ve)
{
	struct mirage_gpuvm *gpuvm = ve->gpuvm;
	int ret;

	gpuvm->validation = &ve->validation;
	gpuvm->settle = false;
	ret = drm_gpuvm_validate(&gpuvm->base, &ve->exec);
	if (ret)
		return ret;
	gpuvm->settle = true;
	return drm_gpuvm_validate(&gpuvm->base, &ve->exec);
}

/* Validation may lock what it evicts, too, and so is part of the locking. */
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
 * Map memory of processes that was away, and see whether all of it is there, for good: until the job's
 * fence is where invalidations look for it. They need no resv to take it away, so it is not evicted
 * as other objects are, but stale in each address space.
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
	 * A sync file has put it there. Our fence is waited for where mm waits, and so waits for
	 * nothing that may need mm; and no sharer is to make our jobs fail.
	 */
	if (mirage_fence_may_fault(fence))
		return 0;
	return drm_sched_job_add_dependency(job, dma_fence_get(fence));
}

/* What others do to an object that they see, too. */
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
		/* Moving an object may have taken the room that was reserved. */
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

/* Drops all locks where it fails. */
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
 * mirage_gpuvm_exec_begin() - lock all that an address space maps, and see that it is mapped
 * @vm: address space
 * @job: initialised and not armed; gets what has to be waited for as dependencies
 *
 * Nothing may be allocated before mirage_gpuvm_exec_end().
 *
 * Context: may sleep, allocate and evict; takes mirage_power.gate, validation_lock and the
 * resvs of the address space and of all objects that are mapped there.
 * Return: what mirage_gpuvm_exec_end() needs; -ENOMEM, -ENOSPC, -EINTR or -ERESTARTSYS, -ENODEV
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
		/* Without locks, since mm does I/O and jobs take their time. */
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
 * mirage_gpuvm_exec_end() - unlock what mirage_gpuvm_exec_begin() has locked
 * @ve: from mirage_gpuvm_exec_begin()
 * @fence: of the job, which is armed: it keeps the memory where it is; or NULL if there is none
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

/* What is mapped at an address, with a reference; NULL if nothing has to be done for the access. */
static struct drm_gpuvm_bo *gpuvm_find(struct mirage_gpuvm *gpuvm, u64 addr, bool write)
{
	struct drm_gpuvm_bo *vm_bo = ERR_PTR(-EFAULT);
	struct drm_gpuva *va;

	mirage_gpuvm_lock(gpuvm);
	va = drm_gpuva_find_first(&gpuvm->base, addr, 1);
	if (!gpuvm->live)
		vm_bo = ERR_PTR(-ENODEV);
	else if (addr >= gpuvm->todo_start && addr < gpuvm->todo_end)
		vm_bo = NULL;	/* an operation is about to say what is there */
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
	/* Other private objects of the address space may leave for this one. */
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
		ret = gpuvm_settle(gpuvm, vm_bo, false);
	drm_exec_fini(&exec);
	return ret;
}

static int gpuvm_bring_back(struct mirage_gpuvm *gpuvm, struct drm_gpuvm_bo *vm_bo,
			    struct mirage_validation *validation)
{
	struct mirage_device *mdev = gpuvm->mdev;
	int ret;

	/* The access is made again when the device is awake. */
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
 * mirage_gpuvm_fault() - make what is mapped at an address usable
 * @vm: address space
 * @addr: from 2^47 on
 * @access: what failed
 *
 * Context: may sleep, allocate and evict; takes resvs. Not on the way to signalling a fence.
 * Return: 0, or the access is to be made again; -EFAULT there is nothing, or it may not be used
 * so; -ENOMEM, -ENOSPC, -ENODEV
 */
int mirage_gpuvm_fault(struct mirage_vm *vm, u64 addr, enum mirage_access access)
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
