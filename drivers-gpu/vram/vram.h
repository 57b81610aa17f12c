/* SPDX-License-Identifier: GPL-2.0 */
/* Video memory: its allocator, and the accessors. */
#ifndef MIRAGE_VRAM_H
#define MIRAGE_VRAM_H

#include <linux/gpu_buddy.h>
#include <linux/io.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

#include <drm/ttm/ttm_resource.h>

#include "vram/backup.h"

struct drm_device;
struct hmm_devmem;

/**
 * struct mirage_vram - video memory
 */
struct mirage_vram {
	/** @base: BAR2, all of VRAM, write-combined; NULL after the device has gone */
	void __iomem *base;
	/** @size: bytes */
	u64 size;
	/**
	 * @lock: protects @mm and the lists. Memory is allocated under it, so it is never taken in
	 * a notifier or under a block's lock. The shrinker may take it when it frees objects, so
	 * allocations under it use GFP_NOFS.
	 */
	struct mutex lock;
	/** @mm: allocator of offsets, in 4 KiB chunks. Protected by @lock. */
	struct gpu_buddy mm;
	/** @bar: physical address of BAR2 */
	phys_addr_t bar;
	/** @buffers_size: total size of @buffers, bytes. Protected by @lock. */
	u64 buffers_size;
	/** @buffers: all struct mirage_vram_buf. Protected by @lock. */
	struct list_head buffers;
	/** @objects: struct mirage_vram_res. Protected by @lock. */
	struct list_head objects;
	/** @man: TTM's manager of @objects */
	struct ttm_resource_manager man;
	/**
	 * @devmem: memory of processes in VRAM (svm/devmem.c); NULL before mirage_devmem_init(), else
	 * constant
	 */
	struct hmm_devmem *devmem;
	/** @backup: backup of @buffers while the device sleeps */
	struct mirage_vram_backup backup;
};

/**
 * struct mirage_vram_buf - a contiguous range of video memory
 */
struct mirage_vram_buf {
	/** @block: the allocator's block, NULL when nothing is allocated */
	struct gpu_buddy_block *block;
	/** @offset: bytes from the start of VRAM */
	u64 offset;
	/** @size: bytes */
	u64 size;
	/** @node: in mirage_vram.buffers. Protected by mirage_vram.lock. */
	struct list_head node;
};

int mirage_vram_init(struct drm_device *drm, struct mirage_vram *vram, u64 size);
int mirage_vram_alloc(struct mirage_vram *vram, struct mirage_vram_buf *buf, u64 size);
void mirage_vram_free(struct mirage_vram *vram, struct mirage_vram_buf *buf);
int mirage_vram_alloc_blocks(struct mirage_vram *vram, struct list_head *blocks, u64 size,
			     bool contiguous);
void mirage_vram_free_blocks(struct mirage_vram *vram, struct list_head *blocks);
int mirage_vram_alloc_block(struct mirage_vram *vram, u64 size, struct gpu_buddy_block **block);
void mirage_vram_free_block(struct mirage_vram *vram, struct gpu_buddy_block *block);
u64 mirage_vram_used(struct mirage_vram *vram);

/*
 * Accessors. Offsets and lengths are in bytes and multiples of 8, of write32 of 4. The caller has
 * checked them against the size of its allocation, and runs where the device cannot go away. While
 * the device sleeps they access the backup.
 */
static inline u64 mirage_vram_read64(struct mirage_vram *vram, u64 offset)
{
	u64 value;

	rcu_read_lock();
	if (unlikely(READ_ONCE(vram->backup.active)))
		value = mirage_vram_backup_read64(vram, offset);
	else
		value = readq_relaxed(vram->base + offset);
	rcu_read_unlock();
	return value;
}

static inline void mirage_vram_write64(struct mirage_vram *vram, u64 offset, u64 value)
{
	rcu_read_lock();
	if (unlikely(READ_ONCE(vram->backup.active)))
		mirage_vram_backup_write64(vram, offset, value);
	else
		writeq_relaxed(value, vram->base + offset);
	rcu_read_unlock();
}

static inline void mirage_vram_write32(struct mirage_vram *vram, u64 offset, u32 value)
{
	rcu_read_lock();
	if (unlikely(READ_ONCE(vram->backup.active)))
		mirage_vram_backup_write32(vram, offset, value);
	else
		writel_relaxed(value, vram->base + offset);
	rcu_read_unlock();
}

static inline void mirage_vram_zero(struct mirage_vram *vram, u64 offset, size_t size)
{
	rcu_read_lock();
	if (unlikely(READ_ONCE(vram->backup.active)))
		mirage_vram_backup_zero(vram, offset, size);
	else
		memset_io(vram->base + offset, 0, size);
	rcu_read_unlock();
}

/**
 * mirage_vram_flush() - make previous writes visible to the device
 * @vram: video memory
 *
 * Drains write-combining buffers; later doorbells and commands are ordered after it.
 */
static inline void mirage_vram_flush(const struct mirage_vram *vram)
{
	wmb();
}

#endif /* MIRAGE_VRAM_H */
