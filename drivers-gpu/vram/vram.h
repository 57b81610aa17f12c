/* SPDX-License-Identifier: GPL-2.0 */
/* Video memory: who has which part of it, and the only way to touch it. */
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

/**
 * struct mirage_vram - video memory
 */
struct mirage_vram {
	/** @base: BAR2, all of VRAM, write-combined; NULL after the device has gone */
	void __iomem *base;
	/** @size: bytes */
	u64 size;
	/**
	 * @lock: protects @mm and the lists. May be held while memory is allocated, so it is
	 * never taken in a notifier or under a block's lock; but the shrinker, which frees
	 * objects, may take it, so what is allocated under it is GFP_NOFS.
	 */
	struct mutex lock;
	/** @mm: allocator of offsets, in 4 KiB chunks. Protected by @lock. */
	struct gpu_buddy mm;
	/** @bar: where the CPU sees it, a physical address */
	phys_addr_t bar;
	/** @buffers_size: bytes of @buffers. Protected by @lock. */
	u64 buffers_size;
	/** @buffers: struct mirage_vram_buf that are allocated. Protected by @lock. */
	struct list_head buffers;
	/** @objects: struct mirage_vram_res. Protected by @lock. */
	struct list_head objects;
	/** @man: TTM's manager of @objects */
	struct ttm_resource_manager man;
	/** @backup: of @buffers, while the device sleeps */
	struct mirage_vram_backup backup;
};

/**
 * struct mirage_vram_buf - a contiguous piece of video memory
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
u64 mirage_vram_used(struct mirage_vram *vram);

/*
 * Accessors. Offsets and lengths are in bytes and multiples of 8; the caller has checked them
 * against the size of what it allocated, and runs where the device cannot go away. While the device
 * sleeps they go to the copy that it left.
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
 * mirage_vram_flush() - make the writes before it visible to the device
 * @vram: video memory
 *
 * Drains write-combining buffers; anything that tells the device afterwards comes later.
 */
static inline void mirage_vram_flush(const struct mirage_vram *vram)
{
	wmb();
}

#endif /* MIRAGE_VRAM_H */
