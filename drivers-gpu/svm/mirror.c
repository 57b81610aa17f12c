// SPDX-License-Identifier: GPL-2.0
/*
 * The mirror core's callbacks: write and clear page-table entries, and flush the TLB.
 *
 * Model: two passes. unmap() clears entries and posts one INVALIDATE for its range, flush() waits
 * for its SYNC; so the device works on all blocks of an invalidation at once.
 *
 * All callbacks run under locks that reclaim takes: they allocate nothing, and wait only for the
 * command queue, which is bounded because a device that does not answer is blocked from DMA.
 *
 * After unplug the callbacks only update their records: the device was blocked from DMA before
 * drm_dev_unplug(), so no flush is needed once drm_dev_enter() fails.
 */
#include "svm/mirror.h"

#include <linux/hmm_mirror.h>

#include <drm/drm_drv.h>

#include "device/device.h"
#include "device/regs.h"
#include "device/state.h"
#include "mmu/vm.h"
#include "svm/trace.h"

/* Older devices have no MIRAGE_PTE_TRACK: all pages that they could write count as written. */
#define SVM_TRACK_REVISION	\
	(MIRAGE_REG_SET(BUS_REVISION_MAJOR, 1) | MIRAGE_REG_SET(BUS_REVISION_MINOR, 5))

static int svm_block_init(struct hmm_mirror *mirror, struct hmm_block *hblock)
{
	struct mirage_vm *vm = hmm_mirror_priv(mirror);
	struct mirage_block *block = mirage_pt_create_block(&vm->pt, hmm_block_start(hblock));

	if (IS_ERR(block))
		return PTR_ERR(block);
	hmm_block_set_priv(hblock, block);
	return 0;
}

static void svm_block_fini(struct hmm_mirror *mirror, struct hmm_block *hblock)
{
	struct mirage_vm *vm = hmm_mirror_priv(mirror);

	mirage_pt_destroy_block(&vm->pt, hmm_block_priv(hblock));
}

/*
 * Pages of system memory that the device only reads stay clean. Those in video memory count as
 * written: they go home by a copy in any case.
 */
static u64 svm_track(const struct mirage_vm *vm, const struct hmm_run *run)
{
	if (vm->mdev->caps.revision < SVM_TRACK_REVISION)
		return 0;
	return run->location == HMM_LOCATION_SYSTEM ? MIRAGE_PTE_TRACK : 0;
}

static void svm_map(struct hmm_mirror *mirror, struct hmm_block *hblock,
		    const struct hmm_run *runs, unsigned int nr_runs)
{
	struct mirage_vm *vm = hmm_mirror_priv(mirror);
	struct mirage_block *block = hmm_block_priv(hblock);
	struct mirage_leaf_counts counts = {};
	u64 now = mirage_device_estimate_time(vm->mdev);
	unsigned int i;
	int idx;

	hmm_block_assert_held(hblock);

	block->live = drm_dev_enter(&vm->mdev->drm, &idx);
	for (i = 0; i < nr_runs; i++) {
		u64 rights = runs[i].location == HMM_LOCATION_SYSTEM ? MIRAGE_PTE_SYSTEM : 0;

		if (runs[i].write)
			rights |= vm->write_rights | svm_track(vm, &runs[i]);
		mirage_leaves_map(&block->leaves, runs[i].index, runs[i].npages, runs[i].addr,
				  rights, &counts);
		mirage_history_add(&vm->history, MIRAGE_HISTORY_MAP, now,
				   hmm_block_start(hblock) +
				   ((u64)runs[i].index << MIRAGE_PAGE_SHIFT),
				   (u64)runs[i].npages << MIRAGE_PAGE_SHIFT, runs[i].write);
	}
	if (block->live)
		drm_dev_exit(idx);

	mirage_stats_add(&vm->stats, DRM_MIRAGE_STAT_LEAVES_4K, counts.pages_4k);
	mirage_stats_add(&vm->stats, DRM_MIRAGE_STAT_LEAVES_64K, counts.pages_64k);
	mirage_stats_add(&vm->stats, DRM_MIRAGE_STAT_LEAVES_2M, counts.pages_2m);
}

static bool svm_unmap(struct hmm_mirror *mirror, struct hmm_block *hblock, unsigned int index,
		      unsigned int npages, bool blockable, u64 *token)
{
	struct mirage_vm *vm = hmm_mirror_priv(mirror);
	struct mirage_block *block = hmm_block_priv(hblock);
	u64 addr = hmm_block_start(hblock) + ((u64)index << MIRAGE_PAGE_SHIFT);
	u64 size = (u64)npages << MIRAGE_PAGE_SHIFT;
	int idx;

	hmm_block_assert_held(hblock);

	block->live = drm_dev_enter(&vm->mdev->drm, &idx);
	if (mirage_leaves_unmap(&block->leaves, index, npages) && block->live) {
		mirage_vram_flush(&vm->mdev->vram);
		block->token = mirage_cmdq_invalidate(vm->mdev, vm->id, addr, size, blockable);
		mirage_stats_add(&vm->stats, DRM_MIRAGE_STAT_TLB_FLUSHES, 1);
	}
	if (block->live)
		drm_dev_exit(idx);
	trace_mirage_unmap(vm, addr, npages);
	mirage_history_add(&vm->history, MIRAGE_HISTORY_UNMAP,
			   mirage_device_estimate_time(vm->mdev), addr, size, 0);

	/*
	 * Even if nothing was mapped, the flush of an earlier unmap of these pages may still be in
	 * progress: the caller has to wait for that one, too.
	 */
	*token = block->token;
	return true;
}

static void svm_flush(struct hmm_mirror *mirror, u64 token, bool blockable)
{
	struct mirage_vm *vm = hmm_mirror_priv(mirror);
	int idx;

	if (!drm_dev_enter(&vm->mdev->drm, &idx))
		return;
	mirage_cmdq_wait(vm->mdev, token, blockable);
	drm_dev_exit(idx);
}

/* The marks were read by unmap(), when the device could no longer set them: hw/doc/mmu.md. */
static void svm_written(struct hmm_mirror *mirror, struct hmm_block *hblock,
			const unsigned long *pages, unsigned long *written)
{
	struct mirage_block *block = hmm_block_priv(hblock);

	hmm_block_assert_held(hblock);

	mirage_leaves_take_written(&block->leaves, pages, written);
}

const struct hmm_mirror_ops mirage_svm_ops = {
	.block_init = svm_block_init,
	.block_fini = svm_block_fini,
	.map = svm_map,
	.unmap = svm_unmap,
	.flush = svm_flush,
	.written = svm_written,
};
