// SPDX-License-Identifier: GPL-2.0
/*
 * Ioctls on buffer objects.
 */
#include "ioctl/bo.h"

#include <linux/capability.h>
#include <linux/ctype.h>
#include <linux/dma-resv.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/uaccess.h>

#include <drm/drm_dumb_buffers.h>
#include <drm/drm_file.h>
#include <drm/drm_mode.h>
#include <drm/drm_utils.h>

#include "bo/bo.h"
#include "bo/shrinker.h"
#include "bo/tt.h"
#include "device/device.h"
#include "ioctl/file.h"
#include "vm/gpuvm.h"
#include "vm/space.h"
#include "vm/userptr.h"

#define MIRAGE_PLACEMENTS	(DRM_MIRAGE_PLACEMENT_VRAM | DRM_MIRAGE_PLACEMENT_SYSTEM)
#define MIRAGE_BO_FLAGS		(DRM_MIRAGE_BO_CPU_ACCESS | DRM_MIRAGE_BO_CONTIGUOUS)

/* Align lines so that the CPU writes them fast. */
#define MIRAGE_DUMB_PITCH_ALIGN	64

static struct mirage_bo *bo_lookup(struct drm_file *file, u32 handle)
{
	struct drm_gem_object *gem = drm_gem_object_lookup(file, handle);

	return gem ? gem_to_mirage_bo(gem) : NULL;
}

static void bo_put(struct mirage_bo *bo)
{
	drm_gem_object_put(&bo->base.base);
}

static int bo_check(const struct mirage_device *mdev, const struct drm_mirage_bo_create *args)
{
	if (args->pad || !args->size || !PAGE_ALIGNED(args->size) || !args->placement ||
	    args->placement & ~MIRAGE_PLACEMENTS || args->flags & ~MIRAGE_BO_FLAGS ||
	    args->priority > DRM_MIRAGE_BO_PRIORITY_HIGH)
		return -EINVAL;
	if (args->priority == DRM_MIRAGE_BO_PRIORITY_HIGH && !capable(CAP_SYS_NICE))
		return -EACCES;
	if (args->size > MIRAGE_BO_MAX_SIZE)
		return -ENOSPC;
	/*
	 * Refuse an object that can never have memory. With both placements, it must fit into one
	 * of them.
	 */
	if (args->placement & DRM_MIRAGE_PLACEMENT_SYSTEM) {
		if (args->size > (u64)totalram_pages() << PAGE_SHIFT)
			return -ENOSPC;
	} else if (args->size > mdev->vram.size) {
		return -ENOSPC;
	}
	return 0;
}

static unsigned int bo_ttm_priority(enum drm_mirage_bo_priority priority)
{
	switch (priority) {
	case DRM_MIRAGE_BO_PRIORITY_LOW:
		return MIRAGE_BO_TTM_LOW;
	case DRM_MIRAGE_BO_PRIORITY_HIGH:
		return MIRAGE_BO_TTM_HIGH;
	default:
		return MIRAGE_BO_TTM_NORMAL;
	}
}

/**
 * mirage_ioctl_bo_create() - DRM_IOCTL_MIRAGE_BO_CREATE
 * @drm: device
 * @data: struct drm_mirage_bo_create
 * @file: file
 *
 * Return: 0; -EINVAL, -EACCES priority, -ENOENT no such address space, -ENOSPC larger than the
 * memory, -ENOMEM, -EINTR
 */
int mirage_ioctl_bo_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct mirage_device *mdev = to_mirage_device(drm);
	struct drm_mirage_bo_create *args = data;
	struct mirage_vm *vm = NULL;
	struct mirage_bo *bo;
	int ret;

	ret = bo_check(mdev, args);
	if (ret)
		return ret;
	if (args->vm_id) {
		vm = mirage_file_get_vm(file, args->vm_id);
		if (!vm)
			return -ENOENT;
	}

	bo = mirage_bo_create(mdev, args->size, args->placement, args->flags,
			      bo_ttm_priority(args->priority), vm,
			      vm ? mirage_gpuvm_resv_obj(vm) : NULL);
	if (vm)
		mirage_vm_put(vm);
	if (IS_ERR(bo))
		return PTR_ERR(bo);

	ret = drm_gem_handle_create(file, &bo->base.base, &args->handle);
	bo_put(bo);

	return ret;
}

static int userptr_check(const struct drm_mirage_bo_userptr *args)
{
	if (!args->size || !PAGE_ALIGNED(args->addr) || !PAGE_ALIGNED(args->size) ||
	    args->flags & ~DRM_MIRAGE_USERPTR_READONLY)
		return -EINVAL;
	if (args->addr > ULONG_MAX - args->size)
		return -EFAULT;
	/* All of it has to be in memory at once. */
	if (args->size > MIRAGE_BO_MAX_SIZE || args->size > (u64)totalram_pages() << PAGE_SHIFT)
		return -ENOSPC;
	return 0;
}

/**
 * mirage_ioctl_bo_userptr() - DRM_IOCTL_MIRAGE_BO_USERPTR
 * @drm: device
 * @data: struct drm_mirage_bo_userptr
 * @file: file
 *
 * The memory is populated once, so that an unusable range is refused here.
 *
 * Return: 0; -EINVAL, -EFAULT no usable memory, -EPERM it is not writable, -ENOSPC larger than the
 * machine's memory, -EDQUOT the user's share of such objects is used up, -EOPNOTSUPP DMA needs
 * bounce buffers on this platform, -EBUSY, -EIO, -ENOMEM, -EINTR, -ENODEV
 */
int mirage_ioctl_bo_userptr(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct mirage_device *mdev = to_mirage_device(drm);
	struct drm_mirage_bo_userptr *args = data;
	struct mirage_bo *bo;
	int ret;

	ret = userptr_check(args);
	if (ret)
		return ret;

	bo = mirage_userptr_create(mdev, args->addr, args->size,
				   !(args->flags & DRM_MIRAGE_USERPTR_READONLY));
	if (IS_ERR(bo))
		return PTR_ERR(bo);

	ret = mirage_userptr_populate(bo);
	if (!ret)
		ret = drm_gem_handle_create(file, &bo->base.base, &args->handle);
	drm_gem_object_put(&bo->base.base);

	return ret;
}

/**
 * mirage_ioctl_bo_mmap() - DRM_IOCTL_MIRAGE_BO_MMAP
 * @drm: device
 * @data: struct drm_mirage_bo_mmap
 * @file: file
 *
 * Return: 0; -EINVAL pad, -ENOENT, -EACCES the object was created without CPU access
 */
int mirage_ioctl_bo_mmap(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_mirage_bo_mmap *args = data;
	struct mirage_bo *bo;
	int ret = 0;

	if (args->pad)
		return -EINVAL;
	bo = bo_lookup(file, args->handle);
	if (!bo)
		return -ENOENT;
	if (bo->flags & DRM_MIRAGE_BO_CPU_ACCESS)
		args->offset = drm_vma_node_offset_addr(&bo->base.base.vma_node);
	else
		ret = -EACCES;
	bo_put(bo);

	return ret;
}

/**
 * mirage_ioctl_bo_madvise() - DRM_IOCTL_MIRAGE_BO_MADVISE
 * @drm: device
 * @data: struct drm_mirage_bo_madvise
 * @file: file
 *
 * Return: 0; -EINVAL advice or pad, or an object whose content must not be dropped; -EBUSY it is
 * exported and importers rely on it; -ENOENT, -EINTR
 */
int mirage_ioctl_bo_madvise(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_mirage_bo_madvise *args = data;
	struct ttm_lru_bulk_move *lru;
	struct mirage_bo *bo;
	int ret;

	if (args->pad || args->advice > DRM_MIRAGE_BO_DONTNEED)
		return -EINVAL;
	bo = bo_lookup(file, args->handle);
	if (!bo)
		return -ENOENT;

	ret = -EINVAL;
	if (bo->base.type == ttm_bo_type_sg)
		goto out_put;
	ret = ttm_bo_reserve(&bo->base, true, false, NULL);
	if (ret)
		goto out_put;
	/* Importers rely on its content. */
	if (bo->exported && args->advice == DRM_MIRAGE_BO_DONTNEED) {
		ret = -EBUSY;
		goto out_unlock;
	}
	bo->advice = args->advice;
	/* The bulk move tracks a range per priority, so leave it while the priority changes. */
	lru = bo->base.bulk_move;
	ttm_bo_set_bulk_move(&bo->base, NULL);
	spin_lock(&bo->base.bdev->lru_lock);
	bo->base.priority = bo->advice == DRM_MIRAGE_BO_DONTNEED ? MIRAGE_BO_TTM_DONTNEED :
								   bo->priority;
	ttm_bo_move_to_lru_tail(&bo->base);
	spin_unlock(&bo->base.bdev->lru_lock);
	ttm_bo_set_bulk_move(&bo->base, lru);
	if (bo->base.ttm)
		mirage_shrinker_advise(to_mirage_tt(bo->base.ttm),
				       bo->advice == DRM_MIRAGE_BO_DONTNEED);
	args->retained = !mirage_bo_is_lost(bo);
out_unlock:
	dma_resv_unlock(bo->base.base.resv);
out_put:
	bo_put(bo);

	return ret;
}

static u64 bo_largest(const struct mirage_bo *bo)
{
	unsigned long npages = bo->base.base.size >> PAGE_SHIFT, page = 0;
	unsigned long largest = 0;
	struct mirage_bo_run run;

	for (; page < npages; page += run.npages) {
		mirage_bo_find_run(bo, page, npages - page, &run);
		largest = max(largest, run.npages);
	}
	return (u64)largest << PAGE_SHIFT;
}

/**
 * mirage_ioctl_bo_query() - DRM_IOCTL_MIRAGE_BO_QUERY
 * @drm: device
 * @data: struct drm_mirage_bo_query
 * @file: file
 *
 * Return: 0; -ENOENT, -EINTR
 */
int mirage_ioctl_bo_query(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_mirage_bo_query *args = data;
	struct mirage_bo *bo;
	int ret;

	bo = bo_lookup(file, args->handle);
	if (!bo)
		return -ENOENT;
	ret = dma_resv_lock_interruptible(bo->base.base.resv, NULL);
	if (ret)
		goto out_put;

	args->placement = bo->placement;
	args->flags = bo->flags;
	args->size = bo->base.base.size;
	args->moves = bo->moves;
	args->location = mirage_bo_location(bo);
	args->largest = args->location ? bo_largest(bo) : 0;
	dma_resv_unlock(bo->base.base.resv);
out_put:
	bo_put(bo);

	return ret;
}

/**
 * mirage_ioctl_bo_label() - DRM_IOCTL_MIRAGE_BO_LABEL
 * @drm: device
 * @data: struct drm_mirage_bo_label
 * @file: file
 *
 * Return: 0; -E2BIG, -EFAULT, -EINVAL a control character in it, -ENOENT
 */
int mirage_ioctl_bo_label(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct mirage_device *mdev = to_mirage_device(drm);
	struct drm_mirage_bo_label *args = data;
	char label[MIRAGE_BO_LABEL_SIZE] = "";
	struct mirage_bo *bo;
	unsigned int i;

	if (args->size >= sizeof(label))
		return -E2BIG;
	if (copy_from_user(label, u64_to_user_ptr(args->label), args->size))
		return -EFAULT;
	/* It is shown to others, one object per line. */
	for (i = 0; i < args->size; i++) {
		if (iscntrl(label[i]))
			return -EINVAL;
	}

	bo = bo_lookup(file, args->handle);
	if (!bo)
		return -ENOENT;
	spin_lock(&mdev->bo_lock);
	memcpy(bo->label, label, sizeof(label));
	spin_unlock(&mdev->bo_lock);
	bo_put(bo);

	return 0;
}

/**
 * mirage_ioctl_bo_wait() - DRM_IOCTL_MIRAGE_BO_WAIT
 * @drm: device
 * @data: struct drm_mirage_bo_wait
 * @file: file
 *
 * For a private object this waits for all jobs of its address space: they share a reservation.
 *
 * Return: 0; -EINVAL flags, -ENOENT, -ETIME, -EINTR or -ERESTARTSYS
 */
int mirage_ioctl_bo_wait(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_mirage_bo_wait *args = data;
	enum dma_resv_usage usage;
	struct mirage_bo *bo;
	long left;

	if (args->flags & ~DRM_MIRAGE_BO_WAIT_WRITE)
		return -EINVAL;
	bo = bo_lookup(file, args->handle);
	if (!bo)
		return -ENOENT;

	/*
	 * Jobs declare their access only to shared objects, to imported ones from the beginning.
	 * For our own objects, wait for all fences.
	 */
	usage = bo->imported ? dma_resv_usage_rw(args->flags & DRM_MIRAGE_BO_WAIT_WRITE) :
			       DMA_RESV_USAGE_BOOKKEEP;
	left = dma_resv_wait_timeout(bo->base.base.resv, usage, true,
				     drm_timeout_abs_to_jiffies(args->timeout_ns));
	bo_put(bo);

	if (left < 0)
		return left;
	return left ? 0 : -ETIME;
}

/**
 * mirage_bo_dumb_create() - drm_driver.dumb_create
 * @file: file
 * @drm: device
 * @args: size wanted; pitch, size and handle are filled in
 *
 * For programs that do not know the driver: memory for the CPU to write a picture to.
 *
 * Return: 0; -EINVAL, -ENOSPC, -ENOMEM, -EINTR
 */
int mirage_bo_dumb_create(struct drm_file *file, struct drm_device *drm,
			  struct drm_mode_create_dumb *args)
{
	struct drm_mirage_bo_create create = {
		.placement = MIRAGE_PLACEMENTS,
		.flags = DRM_MIRAGE_BO_CPU_ACCESS,
	};
	int ret;

	ret = drm_mode_size_dumb(drm, args, MIRAGE_DUMB_PITCH_ALIGN, 0);
	if (ret)
		return ret;
	create.size = args->size;
	ret = mirage_ioctl_bo_create(drm, &create, file);
	if (!ret)
		args->handle = create.handle;

	return ret;
}
