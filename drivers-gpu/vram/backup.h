/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel keeps in video memory, while that has no power. */
#ifndef MIRAGE_VRAM_BACKUP_H
#define MIRAGE_VRAM_BACKUP_H

#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/xarray.h>

struct mirage_vram;

/**
 * struct mirage_vram_backup - copies of the pages of video memory that the kernel uses
 */
struct mirage_vram_backup {
	/**
	 * @wanted: what is allocated gets a page here; between mirage_vram_save() and
	 * mirage_vram_restore(). Protected by mirage_vram.lock.
	 */
	bool wanted;
	/**
	 * @active: accessors go to @pages. Written by save and restore alone; read in an RCU read-side
	 * section that lasts as long as the access.
	 */
	bool active;
	/**
	 * @lock: protects @powered, @copied and the content of @pages. Innermost; nothing sleeps.
	 */
	spinlock_t lock;
	/** @powered: accessors go to video memory as well. Protected by @lock. */
	bool powered;
	/** @copied: @pages holds all that was there when it became @active. Protected by @lock. */
	bool copied;
	/**
	 * @pages: a page of memory by offset into video memory >> PAGE_SHIFT. Stored under
	 * mirage_vram.lock, which whoever walks it holds, or is the one who may free it.
	 */
	struct xarray pages;
};

void mirage_vram_backup_init(struct mirage_vram *vram);
void mirage_vram_backup_fini(struct mirage_vram *vram);
int mirage_vram_backup_add(struct mirage_vram *vram, u64 offset, u64 size);

int mirage_vram_save(struct mirage_vram *vram);
void mirage_vram_power_off(struct mirage_vram *vram);
void mirage_vram_restore(struct mirage_vram *vram);

/* For the accessors in vram/vram.h. */
u64 mirage_vram_backup_read64(struct mirage_vram *vram, u64 offset);
void mirage_vram_backup_write64(struct mirage_vram *vram, u64 offset, u64 value);
void mirage_vram_backup_zero(struct mirage_vram *vram, u64 offset, size_t size);

#endif /* MIRAGE_VRAM_BACKUP_H */
