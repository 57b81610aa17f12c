/* SPDX-License-Identifier: GPL-2.0 */
/* Backup of the kernel's own data in video memory while it has no power. */
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
	 * @wanted: new allocations get a page here; between mirage_vram_save() and
	 * mirage_vram_restore(). Protected by mirage_vram.lock.
	 */
	bool wanted;
	/**
	 * @active: accessors use @pages. Only save and restore write it; read in an RCU read-side
	 * section that covers the access.
	 */
	bool active;
	/**
	 * @lock: protects @powered, @copied and the content of @pages. Innermost; its holder does
	 * not sleep.
	 */
	spinlock_t lock;
	/** @powered: accessors go to video memory as well. Protected by @lock. */
	bool powered;
	/**
	 * @copied: @pages has the complete content from when it became @active. Protected by @lock.
	 */
	bool copied;
	/**
	 * @pages: pages of system memory by offset in video memory >> PAGE_SHIFT. Stored under
	 * mirage_vram.lock; walked under it too, or by the only code that may free it.
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
void mirage_vram_backup_write32(struct mirage_vram *vram, u64 offset, u32 value);
void mirage_vram_backup_zero(struct mirage_vram *vram, u64 offset, size_t size);

#endif /* MIRAGE_VRAM_BACKUP_H */
