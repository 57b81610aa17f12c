// SPDX-License-Identifier: GPL-2.0
/*
 * Video memory: who has which part of it, and the only way to touch it.
 *
 * Model: one gpu_buddy allocator over all of VRAM, under a lock of its own, for
 * everything that lies there. The CPU sees all of it through BAR2, write-combined:
 * writes are cheap and unordered until mirage_vram_flush(), reads are slow.
 *
 * Limit: when an allocation of gpu_buddy's own fails inside gpu_buddy_alloc_blocks() (a few
 * dozen bytes, GFP_KERNEL, which is as good as never refused), Linux 7.2 puts a block into its
 * tree of free blocks a second time. Nothing here can prevent it: who injects such failures
 * has to leave gpu_buddy out.
 *
 * Rejected: a pool of page-table pages in front of the allocator. The buddy
 * allocator serves 4 KiB chunks as fast, and a pool would hide memory from eviction.
 */
#include "vram/vram.h"

#include <linux/dma-fence.h>
#include <linux/pci.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>

#include <drm/drm_managed.h>
#include <drm/drm_print.h>

#include <hw/pci.h>
#include <hw/regs.h>

/* What the kernel may have for itself: one part in so many. */
#define VRAM_BUFFERS_PART	4

static void vram_fini(struct drm_device *drm, void *data)
{
	struct mirage_vram *vram = data;

	mutex_lock(&vram->lock);
	gpu_buddy_fini(&vram->mm);
	mutex_unlock(&vram->lock);
	/* The device may have been taken away in its sleep. */
	mirage_vram_backup_fini(vram);
}

/**
 * mirage_vram_init() - find and map video memory
 * @drm: device
 * @vram: to fill in
 * @size: bytes, as the device says
 *
 * Context: probe.
 * Return: 0 or a negative errno
 */
int mirage_vram_init(struct drm_device *drm, struct mirage_vram *vram, u64 size)
{
	struct pci_dev *pdev = to_pci_dev(drm->dev);
	int ret;

	vram->size = size;
	if (vram->size < MIRAGE_VRAM_MIN || vram->size % MIRAGE_VRAM_GRANULE ||
	    vram->size > pci_resource_len(pdev, MIRAGE_BAR_VRAM)) {
		drm_err(drm, "%llu bytes of VRAM do not go with a BAR of %llu\n", vram->size,
			(u64)pci_resource_len(pdev, MIRAGE_BAR_VRAM));
		return -ENXIO;
	}

	ret = pcim_request_region(pdev, MIRAGE_BAR_VRAM, "mirage-vram");
	if (ret)
		return ret;
	vram->bar = pci_resource_start(pdev, MIRAGE_BAR_VRAM);
	vram->base = devm_ioremap_wc(drm->dev, vram->bar, vram->size);
	if (!vram->base)
		return -ENOMEM;

	INIT_LIST_HEAD(&vram->buffers);
	INIT_LIST_HEAD(&vram->objects);
	mirage_vram_backup_init(vram);
	ret = drmm_mutex_init(drm, &vram->lock);
	if (ret)
		return ret;
	ret = gpu_buddy_init(&vram->mm, vram->size, SZ_4K);
	if (ret)
		return ret;
	gpu_buddy_driver_set_lock(&vram->mm, &vram->lock);
	return drmm_add_action_or_reset(drm, vram_fini, vram);
}

/**
 * mirage_vram_alloc_blocks() - allocate video memory for an object
 * @vram: video memory
 * @blocks: the allocator's blocks are added to it, in no certain order
 * @size: bytes, a multiple of 4 KiB
 * @contiguous: in one piece
 *
 * What is in the memory is undefined, and copies of what was there may still be under way:
 * their fences are the manager's eviction fences, which TTM adds to the object.
 *
 * Context: may sleep and allocate; takes mirage_vram.lock.
 * Return: 0, -ENOSPC or -ENOMEM
 */
int mirage_vram_alloc_blocks(struct mirage_vram *vram, struct list_head *blocks, u64 size,
			     bool contiguous)
{
	unsigned int nofs;
	int ret;

	mutex_lock(&vram->lock);
	nofs = memalloc_nofs_save();
	ret = gpu_buddy_alloc_blocks(&vram->mm, 0, vram->size, size, SZ_4K, blocks,
				     contiguous ? GPU_BUDDY_CONTIGUOUS_ALLOCATION : 0);
	memalloc_nofs_restore(nofs);
	mutex_unlock(&vram->lock);

	/* The allocator says -EINVAL for a contiguous piece that no order has. */
	return ret == -EINVAL ? -ENOSPC : ret;
}

/**
 * mirage_vram_free_blocks() - give video memory of an object back
 * @vram: video memory
 * @blocks: from mirage_vram_alloc_blocks()
 *
 * Context: may sleep; takes mirage_vram.lock; may be called by the shrinker. Fine after the
 * device has gone.
 */
void mirage_vram_free_blocks(struct mirage_vram *vram, struct list_head *blocks)
{
	mutex_lock(&vram->lock);
	gpu_buddy_free_list(&vram->mm, blocks, 0);
	mutex_unlock(&vram->lock);
}

/**
 * mirage_vram_used() - video memory that is allocated
 * @vram: video memory
 *
 * Context: takes mirage_vram.lock.
 * Return: bytes, page tables included
 */
u64 mirage_vram_used(struct mirage_vram *vram)
{
	u64 used;

	mutex_lock(&vram->lock);
	used = vram->mm.size - vram->mm.avail;
	mutex_unlock(&vram->lock);

	return used;
}

/* Copies out of memory that was given back already may still be under way. */
static void vram_wait_evictions(struct mirage_vram *vram)
{
	struct ttm_resource_manager *man = &vram->man;
	struct dma_fence *fence;
	unsigned int i;

	for (i = 0; i < TTM_NUM_MOVE_FENCES; i++) {
		spin_lock(&man->eviction_lock);
		fence = dma_fence_get(man->eviction_fences[i]);
		spin_unlock(&man->eviction_lock);
		if (!fence)
			return;
		/* Finite: copies have a time-out, and wait for each other alone. */
		dma_fence_wait(fence, false);
		dma_fence_put(fence);
	}
}

/**
 * mirage_vram_alloc() - allocate contiguous video memory for the kernel
 * @vram: video memory
 * @buf: filled
 * @size: bytes, a power of two of at least 4 KiB; the memory is aligned to it
 *
 * Evicts nothing, and leaves most of it to objects: page tables of one process are not to take the
 * video memory of all. What is in the memory is undefined.
 *
 * Context: may sleep and allocate; takes mirage_vram.lock; may wait for copies by the device,
 * so not where a fence is to be signalled.
 * Return: 0 or -ENOMEM
 */
int mirage_vram_alloc(struct mirage_vram *vram, struct mirage_vram_buf *buf, u64 size)
{
	LIST_HEAD(blocks);
	unsigned int nofs;
	int ret;

	mutex_lock(&vram->lock);
	if (vram->buffers_size + size > vram->size / VRAM_BUFFERS_PART) {
		mutex_unlock(&vram->lock);
		return -ENOMEM;
	}
	nofs = memalloc_nofs_save();
	ret = gpu_buddy_alloc_blocks(&vram->mm, 0, vram->size, size, size, &blocks,
				     GPU_BUDDY_CONTIGUOUS_ALLOCATION);
	if (!ret) {
		buf->block = list_first_entry(&blocks, struct gpu_buddy_block, link);
		buf->offset = gpu_buddy_block_offset(buf->block);
		buf->size = size;
		if (vram->backup.wanted)
			ret = mirage_vram_backup_add(vram, buf->offset, size);
		if (ret) {
			gpu_buddy_free_block(&vram->mm, buf->block);
			buf->block = NULL;
		} else {
			list_add_tail(&buf->node, &vram->buffers);
			vram->buffers_size += size;
		}
	}
	memalloc_nofs_restore(nofs);
	mutex_unlock(&vram->lock);
	if (ret)
		return -ENOMEM;

	vram_wait_evictions(vram);
	return 0;
}

/**
 * mirage_vram_free() - give video memory back
 * @vram: video memory
 * @buf: memory that the device does not use any more; may be empty
 *
 * Context: may sleep; takes mirage_vram.lock. Fine after the device has gone.
 */
void mirage_vram_free(struct mirage_vram *vram, struct mirage_vram_buf *buf)
{
	if (!buf->block)
		return;
	mutex_lock(&vram->lock);
	list_del(&buf->node);
	vram->buffers_size -= buf->size;
	gpu_buddy_free_block(&vram->mm, buf->block);
	mutex_unlock(&vram->lock);
	buf->block = NULL;
}
