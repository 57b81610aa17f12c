// SPDX-License-Identifier: GPL-2.0
/*
 * CPU mappings of buffer objects.
 *
 * Model: TTM's fault handler. An object is mapped where it is. When it moves, its CPU mappings are
 * removed from all processes, and the next access maps the new pages. An access neither brings an
 * evicted object back nor makes it reachable for the device. It only allocates the first memory of
 * an object, since an access may be the object's first use.
 *
 * When the device has gone, the process continues on a page of zeroes. The same holds when the
 * device has just been wedged and memory or content is unavailable for that reason: the process
 * cannot distinguish the moment before drm_dev_unplug() from the one after. A debugger also reads
 * zeroes then, and cannot write, because the written data would not be kept. If the device works
 * but the content is gone (purged, or lost in a move), the process gets SIGBUS.
 *
 * A signal ends a wait only if it can be handled, that is in a fault from user mode. A fault taken
 * in the kernel (copy_from_user() in a write()) is retried at once after any non-fatal signal, so
 * interrupting its wait would make it loop. Those faults, and access callbacks, which cannot be
 * retried, wait uninterruptibly. Their waits are bounded: moves and zeroing end, and a wait for
 * room ends when the process is killed.
 *
 * Rejected: ttm_bo_vm_reserve(). Its waits are always interruptible.
 */
#include <linux/dma-resv.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/string.h>

#include <drm/drm_drv.h>
#include <drm/drm_exec.h>
#include <drm/drm_gem_ttm_helper.h>
#include <drm/drm_vma_manager.h>
#include <drm/ttm/ttm_device.h>
#include <drm/ttm/ttm_tt.h>

#include "bo/bo.h"
#include "bo/prime.h"
#include "bo/ttm.h"
#include "bo/validation.h"
#include "device/device.h"
#include "device/power.h"
#include "device/state.h"

static vm_fault_t bo_fault_error(int err)
{
	switch (err) {
	case 0:
	case -EINTR:
	case -ERESTARTSYS:
	case -EAGAIN:
	case -EBUSY:
		return VM_FAULT_NOPAGE;
	default:
		/*
		 * Not VM_FAULT_OOM, which means "try again": all attempts to find memory have
		 * failed already.
		 */
		return VM_FAULT_SIGBUS;
	}
}

/* Can a signal be handled before the access is retried? */
static bool bo_is_interruptible(const struct vm_fault *vmf)
{
	return vmf->flags & FAULT_FLAG_USER;
}

static int bo_lock(struct drm_gem_object *gem, bool interruptible)
{
	return interruptible ? dma_resv_lock_interruptible(gem->resv, NULL) :
			       dma_resv_lock(gem->resv, NULL);
}

/*
 * Drop mmap_lock for a wait. The mapping may go meanwhile, and with it the file, which has kept the
 * device and this module. Returns that file, for bo_unhold().
 */
static struct file *bo_hold(struct drm_gem_object *gem, struct vm_fault *vmf)
{
	struct file *file = get_file(vmf->vma->vm_file);

	drm_gem_object_get(gem);
	mmap_read_unlock(vmf->vma->vm_mm);
	return file;
}

static void bo_unhold(struct drm_gem_object *gem, struct file *file)
{
	drm_gem_object_put(gem);
	fput(file);
}

/*
 * The CPU may run while the device sleeps for a reset, which may take a minute. mmap_lock is
 * dropped meanwhile, if possible.
 */
static vm_fault_t bo_wait_awake(struct drm_gem_object *gem, struct vm_fault *vmf)
{
	struct mirage_device *mdev = to_mirage_device(gem->dev);
	struct file *file;

	if (!mirage_power_is_suspended(mdev))
		return 0;
	if (!fault_flag_allow_retry_first(vmf->flags))
		return mirage_power_wait(mdev) ? VM_FAULT_NOPAGE : 0;
	if (vmf->flags & FAULT_FLAG_RETRY_NOWAIT)
		return VM_FAULT_RETRY;

	file = bo_hold(gem, vmf);
	/* A killed task does not retry. */
	mirage_power_wait(mdev);
	bo_unhold(gem, file);
	return VM_FAULT_RETRY;
}

/* Take the resv; if it is contended, drop mmap_lock meanwhile, if possible. */
static vm_fault_t bo_vm_reserve(struct drm_gem_object *gem, struct vm_fault *vmf)
{
	bool interruptible = bo_is_interruptible(vmf);
	struct file *file;

	if (dma_resv_trylock(gem->resv))
		return 0;
	if (!fault_flag_allow_retry_first(vmf->flags))
		return bo_lock(gem, interruptible) ? VM_FAULT_NOPAGE : 0;
	if (vmf->flags & FAULT_FLAG_RETRY_NOWAIT)
		return VM_FAULT_RETRY;

	file = bo_hold(gem, vmf);
	if (!bo_lock(gem, interruptible))
		dma_resv_unlock(gem->resv);
	bo_unhold(gem, file);
	return VM_FAULT_RETRY;
}

/* Wait for a move or zeroing in progress. False: the content is lost, or a signal came. */
static bool bo_wait_content(struct mirage_bo *bo, bool interruptible)
{
	return dma_resv_wait_timeout(bo->base.base.resv, DMA_RESV_USAGE_KERNEL, interruptible,
				     MAX_SCHEDULE_TIMEOUT) >= 0 && !mirage_bo_is_lost(bo);
}

/* The same, with mmap_lock dropped during the wait. Drops the resv, too. */
static vm_fault_t bo_wait_unlocked(struct mirage_bo *bo, struct vm_fault *vmf)
{
	bool interruptible = bo_is_interruptible(vmf);
	struct drm_gem_object *gem = &bo->base.base;
	struct file *file;

	if (vmf->flags & FAULT_FLAG_RETRY_NOWAIT)
		return VM_FAULT_RETRY;
	file = bo_hold(gem, vmf);
	dma_resv_wait_timeout(gem->resv, DMA_RESV_USAGE_KERNEL, interruptible,
			      MAX_SCHEDULE_TIMEOUT);
	dma_resv_unlock(gem->resv);
	bo_unhold(gem, file);
	return VM_FAULT_RETRY;
}

/* Allocate the object's first memory; resv is held. May evict. */
static int bo_get_memory(struct mirage_bo *bo, bool interruptible)
{
	/* Objects that share the held reservation may be evicted, too. */
	struct ttm_operation_ctx ctx = {
		.interruptible = interruptible,
		.allow_res_evict = true,
		.resv = bo->base.base.resv,
	};

	return mirage_bo_validate(bo, &ctx);
}

/* Retry the allocation once, exclusively, because others were in the way; takes the resv itself. */
static int bo_get_memory_exclusive(struct mirage_bo *bo, struct mirage_validation *validation)
{
	struct drm_exec exec;
	int ret, idx;

	if (!drm_dev_enter(bo->base.base.dev, &idx))
		return -ENODEV;
	ret = mirage_validation_begin(validation);
	if (ret)
		goto out_exit;
	drm_exec_init(&exec, validation->interruptible ? DRM_EXEC_INTERRUPTIBLE_WAIT : 0, 1);
	drm_exec_until_all_locked(&exec) {
		ret = drm_exec_prepare_obj(&exec, &bo->base.base, 1);
		drm_exec_retry_on_contention(&exec);
		if (!ret && !mirage_bo_has_memory(bo))
			ret = bo_get_memory(bo, validation->interruptible);
		if (ret)
			break;
	}
	drm_exec_fini(&exec);
	mirage_validation_end(validation);
out_exit:
	drm_dev_exit(idx);
	return ret;
}

/*
 * Allocate the object's first memory when others are in the way. mmap_lock is dropped if possible,
 * so that mm is not blocked during the wait for room. Otherwise there is only one attempt.
 */
static vm_fault_t bo_find_room(struct mirage_bo *bo, struct vm_fault *vmf)
{
	struct mirage_validation validation = {
		.exclusive = true,
		.interruptible = bo_is_interruptible(vmf),
	};
	struct drm_gem_object *gem = &bo->base.base;
	struct mirage_device *mdev = to_mirage_device(gem->dev);
	struct file *file;
	int ret;

	if (!fault_flag_allow_retry_first(vmf->flags)) {
		ret = bo_get_memory_exclusive(bo, &validation);
		mirage_validation_fini(&validation);
		/* If the device is the reason, the retried access finds out. */
		return mirage_device_is_wedged(mdev) || mirage_power_is_suspended(mdev) ?
			       VM_FAULT_NOPAGE :
			       bo_fault_error(ret);
	}
	if (vmf->flags & FAULT_FLAG_RETRY_NOWAIT)
		return VM_FAULT_RETRY;

	file = bo_hold(gem, vmf);
	for (;;) {
		ret = bo_get_memory_exclusive(bo, &validation);
		if (!ret || mirage_validation_retry(&validation, ret))
			break;
	}
	mirage_validation_fini(&validation);
	bo_unhold(gem, file);
	/* The retried access finds the memory, or the same error. */
	return VM_FAULT_RETRY;
}

/*
 * -ENOSPC: nothing was done, and others may hold the memory. Otherwise 0, and the fault is handled.
 */
static int bo_vm_fault_entered(struct mirage_bo *bo, struct vm_fault *vmf, vm_fault_t *fault)
{
	struct mirage_device *mdev = to_mirage_device(bo->base.base.dev);
	bool interruptible = bo_is_interruptible(vmf);
	int ret;

	*fault = VM_FAULT_SIGBUS;
	if (mirage_bo_is_lost(bo))
		return 0;
	if (!mirage_bo_has_memory(bo)) {
		if (mirage_device_is_wedged(mdev))
			return 0;
		ret = bo_get_memory(bo, interruptible);
		if (ret == -ENOSPC)
			return ret;
		if (ret) {
			/*
			 * No memory is available during sleep: the access is retried, and waits
			 * then.
			 */
			*fault = mirage_power_is_suspended(mdev) ? VM_FAULT_NOPAGE :
								   bo_fault_error(ret);
			return 0;
		}
	}
	/* TTM would wait too, but does not check whether the move has failed. */
	if (!dma_resv_test_signaled(bo->base.base.resv, DMA_RESV_USAGE_KERNEL)) {
		if (fault_flag_allow_retry_first(vmf->flags)) {
			*fault = bo_wait_unlocked(bo, vmf);
			return 0;
		}
		if (!bo_wait_content(bo, interruptible) && !mirage_bo_is_lost(bo)) {
			*fault = VM_FAULT_NOPAGE;
			return 0;
		}
	}
	if (!mirage_bo_is_lost(bo))
		*fault = ttm_bo_vm_fault_reserved(vmf, vmf->vma->vm_page_prot,
						  TTM_BO_VM_NUM_PREFAULT);
	return 0;
}

static vm_fault_t bo_vm_fault(struct vm_fault *vmf)
{
	struct ttm_buffer_object *tbo = vmf->vma->vm_private_data;
	struct mirage_device *mdev = to_mirage_device(tbo->base.dev);
	vm_fault_t ret;
	int err, idx;

	ret = bo_wait_awake(&tbo->base, vmf);
	if (ret)
		return ret;
	ret = bo_vm_reserve(&tbo->base, vmf);
	if (ret)
		return ret;

	if (drm_dev_enter(tbo->base.dev, &idx)) {
		err = bo_vm_fault_entered(to_mirage_bo(tbo), vmf, &ret);
		if (err) {
			dma_resv_unlock(tbo->base.resv);
			drm_dev_exit(idx);
			return bo_find_room(to_mirage_bo(tbo), vmf);
		}
		drm_dev_exit(idx);
		if (ret == VM_FAULT_SIGBUS && mirage_device_is_wedged(mdev))
			ret = ttm_bo_vm_dummy_page(vmf, vmf->vma->vm_page_prot);
	} else {
		ret = ttm_bo_vm_dummy_page(vmf, vmf->vma->vm_page_prot);
	}
	/* TTM has waited, and has dropped the locks for that. */
	if (ret == VM_FAULT_RETRY && !(vmf->flags & FAULT_FLAG_RETRY_NOWAIT))
		return ret;
	dma_resv_unlock(tbo->base.resv);

	return ret;
}

static int bo_access_pages(struct ttm_buffer_object *tbo, u64 offset, void *buf, int len, int write)
{
	unsigned long first = PFN_DOWN(offset);
	struct ttm_bo_kmap_obj map;
	bool is_iomem;
	void *place;
	int ret;

	ret = ttm_bo_kmap(tbo, first, PFN_UP(offset + len) - first, &map);
	if (ret)
		return ret;
	place = ttm_kmap_obj_virtual(&map, &is_iomem) + offset_in_page(offset);
	if (write)
		memcpy(place, buf, len);
	else
		memcpy(buf, place, len);
	ttm_bo_kunmap(&map);
	return len;
}

/* After the device has gone: return zeroes, as the process would read. */
static int bo_access_zeroes(void *buf, int len, int write)
{
	if (write)
		return -EIO;
	memset(buf, 0, len);
	return len;
}

static int bo_access_entered(struct mirage_bo *bo, u64 offset, void *buf, int len, int write)
{
	struct ttm_buffer_object *tbo = &bo->base;

	if (!bo_wait_content(bo, false))
		return mirage_device_is_wedged(to_mirage_device(tbo->base.dev)) ?
			       bo_access_zeroes(buf, len, write) : -EIO;
	if (tbo->resource->mem_type == TTM_PL_VRAM)
		return tbo->bdev->funcs->access_memory(tbo, offset, buf, len, write);
	return bo_access_pages(tbo, offset, buf, len, write);
}

/*
 * For debuggers and /proc/PID/mem. @len comes from their user: the access may extend beyond the
 * mapping, and @write may be set for a read-only mapping. A short count lets mm continue with the
 * next mapping.
 *
 * Not ttm_bo_vm_access(): it trusts both arguments, and while the device still copies to system
 * memory, it exposes the previous content of the pages.
 */
static int bo_vm_access(struct vm_area_struct *vma, unsigned long addr, void *buf, int len,
			int write)
{
	struct ttm_buffer_object *tbo = vma->vm_private_data;
	u64 page = vma->vm_pgoff - drm_vma_node_start(&tbo->base.vma_node);
	u64 offset = addr - vma->vm_start + (page << PAGE_SHIFT);
	int ret, idx;

	if (write && !(vma->vm_flags & VM_WRITE))
		return -EIO;
	len = min3((u64)len, vma->vm_end - addr, tbo->base.size - offset);
	ret = ttm_bo_reserve(tbo, false, false, NULL);
	if (ret)
		return ret;
	if (drm_dev_enter(tbo->base.dev, &idx)) {
		ret = bo_access_entered(to_mirage_bo(tbo), offset, buf, len, write);
		drm_dev_exit(idx);
	} else {
		ret = bo_access_zeroes(buf, len, write);
	}
	dma_resv_unlock(tbo->base.resv);
	return ret;
}

const struct vm_operations_struct mirage_bo_vm_ops = {
	.fault = bo_vm_fault,
	.open = ttm_bo_vm_open,
	.close = ttm_bo_vm_close,
	.access = bo_vm_access,
};

/**
 * mirage_bo_mmap() - map an object, by its mmap offset or through a dma-buf
 * @gem: object
 * @vma: area to map it in
 *
 * Return: 0; -EACCES the object was created without CPU access, -EINVAL private mapping
 */
int mirage_bo_mmap(struct drm_gem_object *gem, struct vm_area_struct *vma)
{
	if (!(gem_to_mirage_bo(gem)->flags & DRM_MIRAGE_BO_CPU_ACCESS))
		return -EACCES;
	if (gem_to_mirage_bo(gem)->imported)
		return mirage_prime_mmap(gem, vma);
	return drm_gem_ttm_mmap(gem, vma);
}
