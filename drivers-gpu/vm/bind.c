// SPDX-License-Identifier: GPL-2.0
/*
 * VM_BIND: changes to the mappings of an address space, as user space orders them.
 *
 * As in exec, everything that can fail comes first: arguments are copied and checked, memory is
 * allocated, objects are locked and made resident. Then the job is armed, and its fence is added to
 * the reservations of the mapped objects, so that none of them moves before it is mapped. The
 * reservation of the address space is held throughout, so operations run in the order of the
 * ioctls.
 *
 * Synchronous operations take the same path, and the ioctl waits for them. If the process is killed
 * meanwhile, the queued operation stays and will be executed or cancelled.
 */
#include <linux/dma-resv.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include <drm/drm_exec.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/ttm/ttm_bo.h>

#include "bo/bo.h"
#include "bo/validation.h"
#include "device/power.h"
#include "queue/syncs.h"
#include "vm/bind.h"
#include "vm/gpuvm.h"
#include "vm/gpuvm_types.h"
#include "vm/space.h"
#include "vm/userptr.h"

/* May this part of the object be mapped in this address space? */
static int bind_check_bo(struct mirage_vm *vm, const struct mirage_bind_op *op)
{
	const struct drm_gem_object *obj = op->vm_bo->obj;
	const struct mirage_bo *bo = gem_to_mirage_bo((struct drm_gem_object *)obj);
	u64 end;

	if (check_add_overflow(op->args.offset, op->args.size, &end) || end > obj->size)
		return -EINVAL;
	if (bo->vm && obj->resv != mirage_gpuvm_resv(vm))
		return -EINVAL;
	if (bo->userptr && !bo->userptr->write && !(op->args.flags & DRM_MIRAGE_BIND_READONLY))
		return -EACCES;
	/*
	 * Every process with the file may use a handle; but userptr memory is only for its own
	 * process.
	 */
	if (!bo->userptr)
		return 0;
	return mirage_userptr_is_current(bo) ? mirage_vm_claim(vm) : -EPERM;
}

static int bind_check_bos(struct mirage_vm *vm, struct mirage_bind_job *job)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < job->nr_ops && !ret; i++) {
		if (job->ops[i].vm_bo)
			ret = bind_check_bo(vm, &job->ops[i]);
	}
	return ret;
}

/* Make the mapped objects resident, and make later jobs lock them. */
static int bind_validate(struct mirage_bind_job *job, struct mirage_validation *validation)
{
	struct ttm_operation_ctx ctx = { .interruptible = true };
	unsigned int i;
	int ret;

	for (i = 0; i < job->nr_ops; i++) {
		struct drm_gpuvm_bo *vm_bo = job->ops[i].vm_bo;
		struct mirage_bo *bo;

		if (!vm_bo)
			continue;
		bo = gem_to_mirage_bo(vm_bo->obj);
		/* Userptr memory is populated by the jobs that use it. */
		if (!bo->userptr) {
			ret = mirage_bo_validate(bo, &ctx);
			if (ret == -EBUSY)
				mirage_validation_note(validation, vm_bo->obj->resv);
			/* -EFAULT would mean a bad pointer; here the object's content is gone. */
			if (ret)
				return ret == -EFAULT ? -EINVAL : ret;
		}
		drm_gpuvm_bo_extobj_add(vm_bo);
	}
	return 0;
}

/* Validation may also lock the objects that it evicts, so it is part of the locking loop. */
static int bind_lock(struct drm_exec *exec, struct mirage_bind_job *job,
		     struct mirage_validation *validation)
{
	unsigned int i;
	int ret = 0;

	drm_exec_init(exec, DRM_EXEC_INTERRUPTIBLE_WAIT | DRM_EXEC_IGNORE_DUPLICATES, 0);
	drm_exec_until_all_locked(exec) {
		ret = drm_gpuvm_prepare_vm(&job->gpuvm->base, exec, 1);
		drm_exec_retry_on_contention(exec);
		for (i = 0; i < job->nr_ops && !ret; i++) {
			if (!job->ops[i].vm_bo)
				continue;
			ret = drm_exec_prepare_obj(exec, job->ops[i].vm_bo->obj, 1);
			drm_exec_retry_on_contention(exec);
		}
		if (!ret)
			ret = bind_validate(job, validation);
		if (ret)
			break;
	}
	return ret;
}

static int bind_add_dependencies(struct drm_exec *exec, struct mirage_bind_job *job)
{
	struct drm_gem_object *obj;
	int ret;

	drm_exec_for_each_locked_object(exec, obj) {
		/* A move may have used up the reserved slot. */
		ret = dma_resv_reserve_fences(obj->resv, 1);
		if (ret)
			return ret;
		ret = drm_sched_job_add_resv_dependencies(&job->base, obj->resv,
							  DMA_RESV_USAGE_KERNEL);
		if (ret)
			return ret;
	}
	return 0;
}

/* Cannot fail once the job is armed. */
static struct dma_fence *bind_push(struct drm_exec *exec, struct mirage_bind_job *job,
				   struct mirage_syncs *syncs)
{
	struct drm_gem_object *obj;
	struct dma_fence *fence;

	drm_sched_job_arm(&job->base);
	fence = dma_fence_get(&job->base.s_fence->finished);
	drm_exec_for_each_locked_object(exec, obj)
		dma_resv_add_fence(obj->resv, fence, DMA_RESV_USAGE_BOOKKEEP);
	mirage_gpuvm_used(job->gpuvm, exec);
	mirage_syncs_signal(syncs, fence);
	drm_sched_entity_push_job(&job->base);
	return fence;
}

static struct dma_fence *bind_try(struct mirage_bind_job *job, struct mirage_syncs *syncs,
				  struct mirage_validation *validation)
{
	struct dma_fence *fence;
	struct drm_exec exec;
	int ret;

	ret = mirage_validation_begin(validation);
	if (ret)
		return ERR_PTR(ret);
	ret = bind_lock(&exec, job, validation);
	if (!ret)
		ret = bind_add_dependencies(&exec, job);
	fence = ret ? ERR_PTR(ret) : bind_push(&exec, job, syncs);
	drm_exec_fini(&exec);
	mirage_validation_end(validation);
	return fence;
}

/* Consumes the job. */
static struct dma_fence *bind_submit(struct mirage_bind_job *job, struct mirage_syncs *syncs)
{
	struct mirage_validation validation = { .interruptible = true };
	struct mirage_device *mdev = job->gpuvm->mdev;
	struct dma_fence *fence;
	int ret;

	do {
		ret = mirage_power_enter(mdev);
		if (ret)
			break;
		fence = bind_try(job, syncs, &validation);
		mirage_power_exit(mdev);
		if (!IS_ERR(fence))
			break;
		ret = mirage_validation_retry(&validation, PTR_ERR(fence));
	} while (!ret);
	mirage_validation_fini(&validation);
	if (!ret)
		return fence;
	mirage_bind_job_drop(job);
	return ERR_PTR(ret);
}

/**
 * struct bind_waiter - a wait for a fence that only a fatal signal ends
 */
struct bind_waiter {
	/** @cb: callback of the fence */
	struct dma_fence_cb cb;
	/** @done: the fence has signalled */
	struct completion done;
};

static void bind_wake(struct dma_fence *fence, struct dma_fence_cb *cb)
{
	complete(&container_of(cb, struct bind_waiter, cb)->done);
}

static int bind_wait(struct dma_fence *fence)
{
	struct bind_waiter waiter;
	int ret;

	init_completion(&waiter.done);
	if (!dma_fence_add_callback(fence, &waiter.cb, bind_wake)) {
		ret = wait_for_completion_killable(&waiter.done);
		if (ret && dma_fence_remove_callback(fence, &waiter.cb))
			return -EINTR;
	}
	ret = dma_fence_get_status(fence);
	return ret < 0 ? ret : 0;
}

/**
 * mirage_vm_bind() - queue VM_BIND operations, and wait for them unless they are asynchronous
 * @vm: address space that the caller may submit to
 * @args: flags and number of operations, checked
 * @binds: operations; their addresses, sizes, flags and padding are checked
 * @syncs: fences to wait for and to signal
 * @file: file that the handles in @binds belong to
 *
 * Context: ioctl; takes resvs; may evict.
 * Return: 0 or a negative errno, see mirage_ioctl_vm_bind()
 */
int mirage_vm_bind(struct mirage_vm *vm, const struct drm_mirage_vm_bind *args,
		   const struct drm_mirage_bind *binds, struct mirage_syncs *syncs,
		   struct drm_file *file)
{
	struct mirage_bind_job *job;
	struct dma_fence *fence;
	int ret;

	job = mirage_bind_job_create(vm->gpuvm, file, binds, args->binds.count);
	if (IS_ERR(job))
		return PTR_ERR(job);
	ret = bind_check_bos(vm, job);
	if (!ret)
		ret = mirage_bind_job_prepare(job);
	if (!ret)
		ret = mirage_syncs_prepare(syncs, file, &job->base, false);
	if (ret) {
		mirage_bind_job_drop(job);
		return ret;
	}

	fence = bind_submit(job, syncs);
	if (IS_ERR(fence))
		return PTR_ERR(fence);
	if (!(args->flags & DRM_MIRAGE_VM_BIND_ASYNC))
		ret = bind_wait(fence);
	dma_fence_put(fence);
	return ret;
}
