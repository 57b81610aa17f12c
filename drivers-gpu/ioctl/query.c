// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: Queries
 *
 * Read-only ioctls: the device's properties, an address space's counters, failed accesses and the
 * content of its page tables. Arrays are copied in pieces of bounded size, so that a large count
 * from user space does not cause a large allocation.
 *
 * Counters of the whole device tell each user about the others. Reading them requires CAP_PERFMON,
 * as in i915 and xe. A program finds its own numbers in the counters of its address spaces and in
 * fdinfo.
 */
#include <linux/capability.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/mirage_drm.h>

#include <hw/pte.h>

#include "bo/ttm.h"
#include "device/array.h"
#include "device/device.h"
#include "device/quota.h"
#include "device/regs.h"
#include "device/state.h"
#include "ioctl/file.h"
#include "ioctl/query.h"
#include "mmu/stats.h"
#include "queue/queue.h"
#include "vm/bind.h"
#include "vm/space.h"

#define MIRAGE_MAX_STATS	1024
#define MIRAGE_MAX_QUERY_BYTES	(64ull << 20)
/* Of the first version. */
#define MIRAGE_FAULT_MIN_SIZE	32
#define MIRAGE_PLACE_MIN_SIZE	32
/* Number of pages to read from the page tables at a time. */
#define MIRAGE_QUERY_PAGES	4096u

static void query_cap(struct drm_mirage_query *args, bool present)
{
	args->value = present;
	if (!present)
		args->reason = DRM_MIRAGE_REASON_HARDWARE;
}

/*
 * The functions below answer one kind of parameter each, and return false for any other.
 *
 * Features: present, or absent for a reason.
 */
static bool query_feature(struct mirage_device *mdev, struct drm_mirage_query *args)
{
	switch (args->param) {
	case DRM_MIRAGE_PARAM_SVM:
		args->value = mdev->svm_reason == DRM_MIRAGE_REASON_NONE;
		args->reason = mdev->svm_reason;
		return true;
	case DRM_MIRAGE_PARAM_USERPTR:
		args->value = mdev->userptr_reason == DRM_MIRAGE_REASON_NONE;
		args->reason = mdev->userptr_reason;
		return true;
	case DRM_MIRAGE_PARAM_SYSTEM_ATOMICS:
		query_cap(args, MIRAGE_REG_GET(BUS_CAPS_SYSTEM_ATOMICS, mdev->caps.bits));
		return true;
	default:
		return false;
	}
}

/* Properties of the device, as read at probe. */
static bool query_property(struct mirage_device *mdev, struct drm_mirage_query *args)
{
	switch (args->param) {
	case DRM_MIRAGE_PARAM_VRAM_SIZE:
		args->value = mdev->vram.size;
		return true;
	case DRM_MIRAGE_PARAM_HW_REVISION:
		args->value = mdev->caps.revision;
		return true;
	case DRM_MIRAGE_PARAM_WAVE_LANES:
		args->value = mdev->caps.wave_lanes;
		return true;
	case DRM_MIRAGE_PARAM_MAX_GROUP:
		args->value = mdev->caps.max_group;
		return true;
	case DRM_MIRAGE_PARAM_MAX_SHARED:
		args->value = mdev->caps.max_shared;
		return true;
	default:
		return false;
	}
}

/* Limits of a user, a queue or an address space. */
static bool query_limit(struct mirage_device *mdev, struct drm_mirage_query *args)
{
	switch (args->param) {
	case DRM_MIRAGE_PARAM_MAX_QUEUES:
		args->value = mirage_quota_limit(mdev, MIRAGE_QUOTA_QUEUES);
		return true;
	case DRM_MIRAGE_PARAM_MAX_VMS:
		args->value = mirage_quota_limit(mdev, MIRAGE_QUOTA_VMS);
		return true;
	case DRM_MIRAGE_PARAM_MAX_USERPTRS:
		args->value = mirage_quota_limit(mdev, MIRAGE_QUOTA_USERPTRS);
		return true;
	case DRM_MIRAGE_PARAM_MAX_JOBS:
		args->value = mirage_quota_limit(mdev, MIRAGE_QUOTA_JOBS);
		return true;
	case DRM_MIRAGE_PARAM_QUEUE_JOBS:
		args->value = MIRAGE_QUEUE_MAX_JOBS;
		return true;
	case DRM_MIRAGE_PARAM_VM_BINDS:
		args->value = MIRAGE_BIND_MAX_JOBS;
		return true;
	default:
		return false;
	}
}

/* Amounts and counts of the whole device. */
static bool query_count(struct mirage_device *mdev, struct drm_mirage_query *args)
{
	switch (args->param) {
	case DRM_MIRAGE_PARAM_VRAM_USED:
		args->value = mirage_vram_used(&mdev->vram);
		return true;
	case DRM_MIRAGE_PARAM_EVICTIONS:
		args->value = atomic64_read(&mdev->ttm->evictions);
		return true;
	case DRM_MIRAGE_PARAM_ENGINE_RESETS:
		args->value = atomic_read(&mdev->reset.engine_resets);
		return true;
	case DRM_MIRAGE_PARAM_DEVICE_RESETS:
		args->value = atomic_read(&mdev->reset.device_resets);
		return true;
	default:
		return false;
	}
}

static int query_hardware(struct mirage_device *mdev, struct drm_mirage_query *args)
{
	int idx;

	if (!drm_dev_enter(&mdev->drm, &idx))
		return -ENODEV;

	if (args->param == DRM_MIRAGE_PARAM_TIME)
		args->value = mirage_device_time(mdev);
	else
		args->value = mirage_device_counter(mdev, args->index);
	drm_dev_exit(idx);

	return 0;
}

/* Does the value depend on what other users of the device do? */
static bool query_is_shared(u32 param)
{
	switch (param) {
	case DRM_MIRAGE_PARAM_COUNTER:
	case DRM_MIRAGE_PARAM_ENGINE_RESETS:
	case DRM_MIRAGE_PARAM_DEVICE_RESETS:
	case DRM_MIRAGE_PARAM_VRAM_USED:
	case DRM_MIRAGE_PARAM_EVICTIONS:
		return true;
	default:
		return false;
	}
}

/**
 * mirage_ioctl_query() - DRM_IOCTL_MIRAGE_QUERY
 * @drm: device
 * @data: struct drm_mirage_query
 * @file: file
 *
 * Return: 0; -EINVAL parameter, index or pad, -EACCES a value of the whole device without CAP_PERFMON,
 * -ENODEV
 */
int mirage_ioctl_query(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct mirage_device *mdev = to_mirage_device(drm);
	struct drm_mirage_query *args = data;
	u32 limit = args->param == DRM_MIRAGE_PARAM_COUNTER ? MIRAGE_NR_COUNTERS : 1;

	if (args->pad || args->index >= limit)
		return -EINVAL;
	if (query_is_shared(args->param) && !perfmon_capable())
		return -EACCES;

	args->value = 0;
	args->reason = DRM_MIRAGE_REASON_NONE;

	if (query_feature(mdev, args) || query_property(mdev, args) || query_limit(mdev, args) ||
	    query_count(mdev, args))
		return 0;
	if (args->param == DRM_MIRAGE_PARAM_TIME || args->param == DRM_MIRAGE_PARAM_COUNTER)
		return query_hardware(mdev, args);
	return -EINVAL;
}

/**
 * mirage_ioctl_vm_stats() - DRM_IOCTL_MIRAGE_VM_STATS
 * @drm: device
 * @data: struct drm_mirage_vm_stats
 * @file: file
 *
 * Return: 0; -E2BIG count, -ENOENT, -EFAULT
 */
int mirage_ioctl_vm_stats(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_mirage_vm_stats *args = data;
	u64 values[DRM_MIRAGE_STAT_COUNT];
	u32 count = min_t(u32, args->count, DRM_MIRAGE_STAT_COUNT);
	struct mirage_vm *vm;

	if (args->count > MIRAGE_MAX_STATS)
		return -E2BIG;

	vm = mirage_file_get_vm(file, args->vm_id);
	if (!vm)
		return -ENOENT;
	mirage_stats_read(vm, values);
	mirage_vm_put(vm);

	if (copy_to_user(u64_to_user_ptr(args->values), values, count * sizeof(*values)))
		return -EFAULT;
	args->count = DRM_MIRAGE_STAT_COUNT;

	return 0;
}

/* Buffer for the reports of one address space. */
struct mirage_query_faults {
	/** @reports: newest first */
	struct drm_mirage_fault reports[MIRAGE_VM_REPORTS];
	/** @places: the instructions of @reports */
	struct drm_mirage_place places[MIRAGE_VM_REPORTS];
};

/**
 * mirage_ioctl_vm_faults() - DRM_IOCTL_MIRAGE_VM_FAULTS
 * @drm: device
 * @data: struct drm_mirage_vm_faults
 * @file: file
 *
 * Return: 0; -ENOENT, -EINVAL or -E2BIG elements too short or too long, -EFAULT, -ENOMEM
 */
int mirage_ioctl_vm_faults(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_mirage_vm_faults *args = data;
	struct mirage_query_faults *faults;
	unsigned int count;
	struct mirage_vm *vm;
	int ret;

	vm = mirage_file_get_vm(file, args->vm_id);
	if (!vm)
		return -ENOENT;

	faults = kzalloc_obj(*faults);
	if (!faults) {
		mirage_vm_put(vm);
		return -ENOMEM;
	}
	count = mirage_vm_read_reports(vm, faults->reports, faults->places, MIRAGE_VM_REPORTS);
	mirage_vm_put(vm);

	ret = mirage_array_write(&args->faults, faults->reports, count, MIRAGE_FAULT_MIN_SIZE,
				 sizeof(*faults->reports));
	if (!ret)
		ret = mirage_array_write(&args->places, faults->places, count,
					 MIRAGE_PLACE_MIN_SIZE, sizeof(*faults->places));
	if (!ret)
		args->count = count;
	kfree(faults);

	return ret;
}

static int query_pages(struct mirage_vm *vm, const struct drm_mirage_svm_query *args)
{
	u8 __user *user = u64_to_user_ptr(args->pages);
	u64 npages = args->size >> MIRAGE_PAGE_SHIFT;
	u64 done = 0;
	u8 *pages;
	int ret = 0;

	pages = kmalloc(MIRAGE_QUERY_PAGES, GFP_KERNEL);
	if (!pages)
		return -ENOMEM;

	while (done < npages && !ret) {
		unsigned int count = min_t(u64, npages - done, MIRAGE_QUERY_PAGES);

		ret = mirage_vm_query_pages(vm, args->addr + (done << MIRAGE_PAGE_SHIFT), count,
					    pages);
		if (!ret && copy_to_user(user + done, pages, count))
			ret = -EFAULT;
		done += count;
	}
	kfree(pages);

	return ret;
}

/**
 * mirage_ioctl_svm_query() - DRM_IOCTL_MIRAGE_SVM_QUERY
 * @drm: device
 * @data: struct drm_mirage_svm_query
 * @file: file
 *
 * Return: 0; -EINVAL pad, alignment or range, -ENOENT, -EFAULT, -ENOMEM, -ENODEV
 */
int mirage_ioctl_svm_query(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_mirage_svm_query *args = data;
	u64 limit = BIT_ULL(MIRAGE_VA_BITS);
	struct mirage_vm *vm;
	int ret;

	if (args->pad || !args->size || args->size > MIRAGE_MAX_QUERY_BYTES ||
	    !IS_ALIGNED(args->addr | args->size, BIT_ULL(MIRAGE_PAGE_SHIFT)) ||
	    args->addr >= limit || args->size > limit - args->addr)
		return -EINVAL;

	vm = mirage_file_get_vm(file, args->vm_id);
	if (!vm)
		return -ENOENT;

	/*
	 * Enters the device piece by piece: a copy to user space may block for ever, but unplug
	 * must not.
	 */
	ret = query_pages(vm, args);
	mirage_vm_put(vm);

	return ret;
}
