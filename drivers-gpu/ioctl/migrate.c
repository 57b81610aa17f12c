// SPDX-License-Identifier: GPL-2.0
/*
 * SVM_MIGRATE: moving memory of the process to video memory, or back.
 *
 * Model: cudaMemPrefetchAsync() and clEnqueueSVMMigrateMem(), but synchronous, with the result in
 * bytes. A part that cannot be moved is no error: programs ask for speed, and the memory works
 * where it is. But they can see what happened and why, unlike with those calls.
 *
 * While the device sleeps, nothing moves to it; like fault service of mirrored memory, this neither
 * waits for it nor wakes it.
 */
#include "ioctl/migrate.h"

#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/hmm_mirror.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include <drm/drm_file.h>

#include "device/device.h"
#include "ioctl/file.h"
#include "vm/space.h"

/* Limit per call, because only a fatal signal ends it. */
#define MIGRATE_MAX_BYTES	SZ_64M

static u64 migrate_bytes(unsigned int npages)
{
	return (u64)npages << MIRAGE_PAGE_SHIFT;
}

static void migrate_account(struct mirage_vm *vm, struct drm_mirage_svm_migrate *args,
			    const struct hmm_migrate *request)
{
	unsigned int moved = bitmap_weight(request->moved, HMM_BLOCK_PAGES);

	args->moved += migrate_bytes(moved);
	args->there += migrate_bytes(bitmap_weight(request->there, HMM_BLOCK_PAGES));
	args->unmapped += migrate_bytes(request->unmapped);
	args->fixed += migrate_bytes(request->fixed);
	args->no_room += migrate_bytes(request->no_room);
	args->busy += migrate_bytes(request->busy);
	args->failed += migrate_bytes(request->failed);
	if (args->location == DRM_MIRAGE_SVM_VRAM)
		mirage_stats_add(&vm->stats, DRM_MIRAGE_STAT_PAGES_TO_VRAM, moved);
}

static int migrate_range(struct mirage_vm *vm, struct drm_mirage_svm_migrate *args)
{
	u64 addr = args->addr, end = args->addr + args->size, next, start;
	struct hmm_migrate *request;
	int ret = 0;

	request = kzalloc_obj(*request);
	if (!request)
		return -ENOMEM;
	request->location = args->location == DRM_MIRAGE_SVM_VRAM ? HMM_LOCATION_DEVICE :
								    HMM_LOCATION_SYSTEM;
	for (; addr < end && !ret; addr = next) {
		start = round_down(addr, HMM_BLOCK_SIZE);
		next = min(end, start + HMM_BLOCK_SIZE);
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		request->start = start;
		bitmap_zero(request->pages, HMM_BLOCK_PAGES);
		bitmap_set(request->pages, (addr - start) >> MIRAGE_PAGE_SHIFT,
			   (next - addr) >> MIRAGE_PAGE_SHIFT);
		ret = hmm_mirror_migrate(vm->mirror, request);
		migrate_account(vm, args, request);
	}
	kfree(request);

	return ret;
}

static int migrate_check(const struct drm_mirage_svm_migrate *args)
{
	u64 limit = BIT_ULL(MIRAGE_VA_MIRROR_BITS);

	if (args->location > DRM_MIRAGE_SVM_VRAM || !args->size || args->size > MIGRATE_MAX_BYTES ||
	    !IS_ALIGNED(args->addr | args->size, BIT_ULL(MIRAGE_PAGE_SHIFT)) ||
	    args->addr >= limit || args->size > limit - args->addr)
		return -EINVAL;
	return 0;
}

/**
 * mirage_ioctl_svm_migrate() - DRM_IOCTL_MIRAGE_SVM_MIGRATE
 * @drm: device
 * @data: struct drm_mirage_svm_migrate
 * @file: file
 *
 * Context: process; sleeps, allocates, takes mmap_lock; waits for the device's copies.
 * Return: 0; -EINVAL location, alignment or range, or no mirror, -ENOENT, -EPERM it mirrors another
 * process, -EBUSY, -ENOMEM, -EINTR the task is being killed, -ENODEV
 */
int mirage_ioctl_svm_migrate(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_mirage_svm_migrate *args = data;
	struct mirage_vm *vm;
	int ret;

	ret = migrate_check(args);
	if (ret)
		return ret;
	args->moved = 0;
	args->there = 0;
	args->unmapped = 0;
	args->fixed = 0;
	args->no_room = 0;
	args->busy = 0;
	args->failed = 0;

	vm = mirage_file_get_mirror(file, args->vm_id);
	if (IS_ERR(vm))
		return PTR_ERR(vm);
	ret = migrate_range(vm, args);
	mirage_vm_put(vm);

	return ret;
}
