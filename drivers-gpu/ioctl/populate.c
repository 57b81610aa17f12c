// SPDX-License-Identifier: GPL-2.0
/*
 * SVM_POPULATE: mapping memory of the process before the GPU accesses it.
 *
 * Model: MADV_POPULATE_READ and MADV_POPULATE_WRITE, with the GPU in place of the CPU: pages come
 * in as by faults, and a range without the requested access is an error. The same call of the
 * mirror core serves faults, so pages mapped here are invalidated and come back in the same way.
 *
 * Like fault service of mirrored memory, this neither waits for a sleeping device nor keeps the
 * device awake: vram/vram.h redirects page-table writes during sleep.
 *
 * Rejected: a job that touches each page. To write a page, it would have to exclude other writers,
 * and it would take a round of fault service for what one call of the core does.
 */
#include "ioctl/populate.h"

#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/hmm_mirror.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include <drm/drm_file.h>

#include "device/device.h"
#include "ioctl/file.h"
#include "vm/space.h"

/* Limit per call, because only a fatal signal ends it. */
#define POPULATE_MAX_BYTES	SZ_64M

static void populate_account(struct mirage_vm *vm, const struct hmm_fault *ask)
{
	mirage_stats_add(&vm->stats, DRM_MIRAGE_STAT_RETRIES, ask->retries);
	mirage_stats_add(&vm->stats, DRM_MIRAGE_STAT_PAGES_MAPPED, ask->mapped);
	mirage_stats_add(&vm->stats, DRM_MIRAGE_STAT_PAGES_PREFETCHED, ask->mapped);
}

/* Map the pages from @addr to @end, which are in one block. */
static int populate_block(struct mirage_vm *vm, u64 addr, u64 end, bool write)
{
	u64 start = round_down(addr, HMM_BLOCK_SIZE);
	struct hmm_fault ask = { .start = start };
	int ret;

	bitmap_set(write ? ask.write : ask.read, (addr - start) >> MIRAGE_PAGE_SHIFT,
		   (end - addr) >> MIRAGE_PAGE_SHIFT);
	ret = hmm_mirror_fault(vm->mirror, &ask);
	populate_account(vm, &ask);
	if (!ret && !bitmap_empty(ask.failed, HMM_BLOCK_PAGES))
		ret = ask.error;

	return ret;
}

static int populate_range(struct mirage_vm *vm, u64 addr, u64 end, bool write)
{
	while (addr < end) {
		u64 next = min(end, round_down(addr, HMM_BLOCK_SIZE) + HMM_BLOCK_SIZE);
		int ret;

		if (fatal_signal_pending(current))
			return -EINTR;
		ret = populate_block(vm, addr, next, write);
		if (ret)
			return ret;
		addr = next;
	}

	return 0;
}

/**
 * mirage_ioctl_svm_populate() - DRM_IOCTL_MIRAGE_SVM_POPULATE
 * @drm: device
 * @data: struct drm_mirage_svm_populate
 * @file: file
 *
 * Context: process; sleeps, allocates, takes mmap_lock; waits for I/O like a CPU fault.
 * Return: 0; -EINVAL flags, alignment or range, or no mirror, -ENOENT, -EPERM it mirrors another
 * process, or the memory is not writable, -EFAULT there is no memory, -EBUSY, -ENOMEM, -EINTR the
 * task is being killed, -ENODEV
 */
int mirage_ioctl_svm_populate(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_mirage_svm_populate *args = data;
	u64 limit = BIT_ULL(MIRAGE_VA_MIRROR_BITS);
	struct mirage_vm *vm;
	int ret;

	if (args->flags & ~DRM_MIRAGE_POPULATE_WRITE || !args->size ||
	    args->size > POPULATE_MAX_BYTES ||
	    !IS_ALIGNED(args->addr | args->size, BIT_ULL(MIRAGE_PAGE_SHIFT)) ||
	    args->addr >= limit || args->size > limit - args->addr)
		return -EINVAL;

	vm = mirage_file_get_mirror(file, args->vm_id);
	if (IS_ERR(vm))
		return PTR_ERR(vm);
	ret = populate_range(vm, args->addr, args->addr + args->size,
			     args->flags & DRM_MIRAGE_POPULATE_WRITE);
	mirage_vm_put(vm);

	return ret;
}
