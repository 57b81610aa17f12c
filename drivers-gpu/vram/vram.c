// SPDX-License-Identifier: GPL-2.0
/*
 * Video memory: its allocator, and the accessors.
 *
 * Model: one gpu_buddy allocator over all of VRAM, under its own lock, for all users. The CPU maps
 * all of VRAM through BAR2, write-combined: writes are cheap and unordered until
 * mirage_vram_flush(), reads are slow.
 *
 * Limit: when an internal allocation fails inside gpu_buddy_alloc_blocks() (a few dozen bytes,
 * GFP_KERNEL, which practically never fails), Linux 7.2 inserts a block into its tree of free
 * blocks twice. This driver cannot prevent that: failure injection has to exclude gpu_buddy.
 *
 * Rejected: a pool of page-table pages in front of the allocator. The buddy allocator serves 4 KiB
 * chunks as fast, and a pool would hide memory from eviction.
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

/* The kernel's own allocations may take at most one part in this many. */
#define VRAM_BUFFERS_PART	4

static void vram_fini(struct drm_device *drm, void *data)
{
	struct mirage_vram *vram = data;

	mutex_lock(&vram->lock);
	gpu_buddy_fini(&vram->mm);
	mutex_unlock(&vram->lock);
	/* The device may have been removed during sleep. */
	mirage_vram_backup_fini(vram);
}

/**
 * mirage_vram_init() - find and map video memory
 * @drm: device
 * @vram: filled in
 * @size: bytes, as reported by the device
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
		drm_err(drm, "VRAM has %llu bytes, may have %u to %llu in steps of %u\n",
			vram->size, MIRAGE_VRAM_MIN, (u64)pci_resource_len(pdev, MIRAGE_BAR_VRAM),
			MIRAGE_VRAM_GRANULE);
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
 * @blocks: list that the allocator's blocks are added to, in any order
 * @size: bytes, a multiple of 4 KiB
 * @contiguous: allocate a single range
 *
 * The content is undefined, and copies out of the memory may still be in progress: their fences are
 * the manager's eviction fences, which TTM adds to the object.
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

	/* The allocator returns -EINVAL for a contiguous size beyond its largest order. */
	return ret == -EINVAL ? -ENOSPC : ret;
}

/**
 * mirage_vram_free_blocks() - free video memory of an object
 * @vram: video memory
 * @blocks: from mirage_vram_alloc_blocks()
 *
 * Context: may sleep; takes mirage_vram.lock; may be called by the shrinker. Allowed after the
 * device has gone.
 */
void mirage_vram_free_blocks(struct mirage_vram *vram, struct list_head *blocks)
{
	mutex_lock(&vram->lock);
	gpu_buddy_free_list(&vram->mm, blocks, 0);
	mutex_unlock(&vram->lock);
}

/**
 * mirage_vram_used() - size of all allocations in video memory
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

/* Wait for copies out of memory that has already been freed. */
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
		/* Finite: copies have a time-out, and wait only for each other. */
		dma_fence_wait(fence, false);
		dma_fence_put(fence);
	}
}

/* A single naturally aligned block; under mirage_vram.lock. */
static int vram_alloc_block(struct mirage_vram *vram, u64 size, struct gpu_buddy_block **block)
{
	LIST_HEAD(blocks);
	unsigned int nofs;
	int ret;

	lockdep_assert_held(&vram->lock);

	nofs = memalloc_nofs_save();
	ret = gpu_buddy_alloc_blocks(&vram->mm, 0, vram->size, size, size, &blocks,
				     GPU_BUDDY_CONTIGUOUS_ALLOCATION);
	memalloc_nofs_restore(nofs);
	if (ret)
		return ret == -EINVAL ? -ENOSPC : ret;
	*block = list_first_entry(&blocks, struct gpu_buddy_block, link);
	return 0;
}

/**
 * mirage_vram_alloc_block() - allocate contiguous, naturally aligned video memory
 * @vram: video memory
 * @size: bytes, a power of two of at least 4 KiB
 * @block: out: the allocator's block
 *
 * Evicts nothing. The content is undefined, and copies out of the memory may still be in progress.
 *
 * Context: may sleep and allocate; takes mirage_vram.lock.
 * Return: 0, -ENOSPC or -ENOMEM
 */
int mirage_vram_alloc_block(struct mirage_vram *vram, u64 size, struct gpu_buddy_block **block)
{
	int ret;

	mutex_lock(&vram->lock);
	ret = vram_alloc_block(vram, size, block);
	mutex_unlock(&vram->lock);
	return ret;
}

/**
 * mirage_vram_free_block() - free what mirage_vram_alloc_block() allocated
 * @vram: video memory
 * @block: the allocator's block
 *
 * Context: as mirage_vram_free_blocks()
 */
void mirage_vram_free_block(struct mirage_vram *vram, struct gpu_buddy_block *block)
{
	mutex_lock(&vram->lock);
	gpu_buddy_free_block(&vram->mm, block);
	mutex_unlock(&vram->lock);
}

static int vram_add_buf(struct mirage_vram *vram, struct mirage_vram_buf *buf, u64 size)
{
	unsigned int nofs;
	int ret;

	lockdep_assert_held(&vram->lock);

	ret = vram_alloc_block(vram, size, &buf->block);
	if (ret)
		return ret;
	buf->offset = gpu_buddy_block_offset(buf->block);
	buf->size = size;
	if (vram->backup.wanted) {
		nofs = memalloc_nofs_save();
		ret = mirage_vram_backup_add(vram, buf->offset, size);
		memalloc_nofs_restore(nofs);
	}
	if (ret) {
		gpu_buddy_free_block(&vram->mm, buf->block);
		buf->block = NULL;
		return ret;
	}
	list_add_tail(&buf->node, &vram->buffers);
	vram->buffers_size += size;
	return 0;
}

/**
 * mirage_vram_alloc() - allocate contiguous video memory for the kernel
 * @vram: video memory
 * @buf: filled
 * @size: bytes, a power of two of at least 4 KiB; the memory is aligned to it
 *
 * Evicts nothing, and leaves most of the memory to objects, so that the page tables of one process
 * cannot take all video memory. The content is undefined.
 *
 * Context: may sleep and allocate; takes mirage_vram.lock; may wait for copies by the device,
 * so not in the signalling path of a fence.
 * Return: 0 or -ENOMEM
 */
int mirage_vram_alloc(struct mirage_vram *vram, struct mirage_vram_buf *buf, u64 size)
{
	int ret = -ENOMEM;

	mutex_lock(&vram->lock);
	if (vram->buffers_size + size <= vram->size / VRAM_BUFFERS_PART)
		ret = vram_add_buf(vram, buf, size);
	mutex_unlock(&vram->lock);
	if (ret)
		return -ENOMEM;

	vram_wait_evictions(vram);
	return 0;
}

/**
 * mirage_vram_free() - free video memory of the kernel
 * @vram: video memory
 * @buf: memory that the device does not use any more; may be empty
 *
 * Context: may sleep; takes mirage_vram.lock. Allowed after the device has gone.
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
