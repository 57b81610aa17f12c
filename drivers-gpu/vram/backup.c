// SPDX-License-Identifier: GPL-2.0
/*
 * Backup of the kernel's own data in video memory (page tables) while it has no power.
 *
 * Page tables change during sleep, too: mm still takes pages away, from drivers that sleep later
 * and wake earlier than this one, and a fault service that was waiting for I/O finishes when the
 * I/O does. A snapshot would restore translations of pages that have other owners by then. So from
 * the moment the backup is begun until it has been restored, all accesses of the kernel go to it:
 *
 *            save                power_off            restore
 *   VRAM -----------> VRAM + copy --------> copy -----------> VRAM + copy -> VRAM
 *
 * The owners of page tables do not notice this, whatever form their tables have. While the device
 * is awake, it costs them an RCU read-side section and a branch per entry.
 *
 * Rejected: clearing all page tables, and letting the device fault pages back in. NO_FAULT queues
 * cannot do that, and the directories remain. Rejected: rewriting tables from their owners'
 * records. Each kind of table would need code that runs only when the machine wakes up.
 */
#include "vram/backup.h"

#include <linux/gfp.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "vram/vram.h"

/**
 * mirage_vram_backup_init() - set up, with nothing saved
 * @vram: video memory
 */
void mirage_vram_backup_init(struct mirage_vram *vram)
{
	spin_lock_init(&vram->backup.lock);
	vram->backup.powered = true;
	xa_init(&vram->backup.pages);
}

/**
 * mirage_vram_backup_fini() - free the backup
 * @vram: video memory that is not used any more
 *
 * Context: may sleep.
 */
void mirage_vram_backup_fini(struct mirage_vram *vram)
{
	unsigned long index;
	void *page;

	xa_for_each(&vram->backup.pages, index, page)
		free_page((unsigned long)page);
	xa_destroy(&vram->backup.pages);
}

/* Address in the backup of the byte at @offset; NULL if it is not saved. */
static void *backup_place(struct mirage_vram *vram, u64 offset)
{
	void *page = xa_load(&vram->backup.pages, offset >> PAGE_SHIFT);

	return page ? page + (offset & (PAGE_SIZE - 1)) : NULL;
}

/**
 * mirage_vram_backup_read64() - load a value from video memory or its backup
 * @vram: video memory, saved or being saved
 * @offset: bytes from its start, a multiple of 8
 *
 * Context: any but hard interrupts; takes mirage_vram_backup.lock.
 * Return: the value; 0 if the place is not allocated
 */
u64 mirage_vram_backup_read64(struct mirage_vram *vram, u64 offset)
{
	const u64 *place;
	u64 value = 0;

	spin_lock(&vram->backup.lock);
	place = backup_place(vram, offset);
	if (!vram->backup.copied)
		value = readq_relaxed(vram->base + offset);
	else if (place)
		value = *place;
	spin_unlock(&vram->backup.lock);
	return value;
}

/**
 * mirage_vram_backup_write64() - store a value to video memory and its backup
 * @vram: video memory, saved or being saved
 * @offset: bytes from its start, a multiple of 8
 * @value: value
 *
 * Context: any but hard interrupts; takes mirage_vram_backup.lock.
 */
void mirage_vram_backup_write64(struct mirage_vram *vram, u64 offset, u64 value)
{
	u64 *place;

	spin_lock(&vram->backup.lock);
	place = backup_place(vram, offset);
	if (place)
		*place = value;
	if (vram->backup.powered)
		writeq_relaxed(value, vram->base + offset);
	spin_unlock(&vram->backup.lock);
}

/**
 * mirage_vram_backup_write32() - store half a value to video memory and its backup
 * @vram: video memory, saved or being saved
 * @offset: bytes from its start, a multiple of 4
 * @value: value
 *
 * Context: any but hard interrupts; takes mirage_vram_backup.lock.
 */
void mirage_vram_backup_write32(struct mirage_vram *vram, u64 offset, u32 value)
{
	u32 *place;

	spin_lock(&vram->backup.lock);
	place = backup_place(vram, offset);
	if (place)
		*place = value;
	if (vram->backup.powered)
		writel_relaxed(value, vram->base + offset);
	spin_unlock(&vram->backup.lock);
}

/**
 * mirage_vram_backup_zero() - clear a range of video memory and its backup
 * @vram: video memory, saved or being saved
 * @offset: bytes from its start, a multiple of 8
 * @size: bytes, a multiple of 8
 *
 * Context: any but hard interrupts; takes mirage_vram_backup.lock.
 */
void mirage_vram_backup_zero(struct mirage_vram *vram, u64 offset, size_t size)
{
	u64 end = offset + size;

	for (; offset < end; offset += sizeof(u64))
		mirage_vram_backup_write64(vram, offset, 0);
}

/**
 * mirage_vram_backup_add() - add room for an allocation
 * @vram: video memory
 * @offset: offset of the allocation, a multiple of the page size
 * @size: bytes
 *
 * Context: may sleep and allocate, without entering file systems; mirage_vram.lock is held.
 * Return: 0 or -ENOMEM
 */
int mirage_vram_backup_add(struct mirage_vram *vram, u64 offset, u64 size)
{
	struct xarray *pages = &vram->backup.pages;
	u64 end = offset + size;
	void *page;
	int ret;

	lockdep_assert_held(&vram->lock);

	for (; offset < end; offset += PAGE_SIZE) {
		/* Left from an allocation that has been freed meanwhile. */
		if (xa_load(pages, offset >> PAGE_SHIFT))
			continue;
		page = (void *)get_zeroed_page(GFP_NOFS | __GFP_NOWARN);
		if (!page)
			return -ENOMEM;
		ret = xa_err(xa_store(pages, offset >> PAGE_SHIFT, page, GFP_NOFS));
		if (ret) {
			free_page((unsigned long)page);
			return ret;
		}
	}
	return 0;
}

static int backup_add_all(struct mirage_vram *vram)
{
	struct mirage_vram_buf *buf;
	unsigned int nofs;
	int ret = 0;

	mutex_lock(&vram->lock);
	vram->backup.wanted = true;
	nofs = memalloc_nofs_save();
	list_for_each_entry(buf, &vram->buffers, node) {
		ret = mirage_vram_backup_add(vram, buf->offset, buf->size);
		if (ret)
			break;
	}
	memalloc_nofs_restore(nofs);
	mutex_unlock(&vram->lock);
	return ret;
}

static void backup_drop_all(struct mirage_vram *vram)
{
	mutex_lock(&vram->lock);
	vram->backup.wanted = false;
	mirage_vram_backup_fini(vram);
	mutex_unlock(&vram->lock);
}

/**
 * mirage_vram_save() - copy the kernel's data in video memory
 * @vram: video memory of a device that is awake; TTM has no objects in it
 *
 * From here on writes of the kernel go to the copy as well.
 *
 * Context: may sleep and allocate; takes mirage_vram.lock.
 * Return: 0 or -ENOMEM, with no effect
 */
int mirage_vram_save(struct mirage_vram *vram)
{
	unsigned long index;
	void *page;
	int ret;

	ret = backup_add_all(vram);
	if (ret) {
		backup_drop_all(vram);
		return ret;
	}
	WRITE_ONCE(vram->backup.active, true);
	/* Writes that bypass the copy have finished, and are copied below. */
	synchronize_rcu();

	mutex_lock(&vram->lock);
	xa_for_each(&vram->backup.pages, index, page) {
		spin_lock(&vram->backup.lock);
		memcpy_fromio(page, vram->base + ((u64)index << PAGE_SHIFT), PAGE_SIZE);
		spin_unlock(&vram->backup.lock);
		cond_resched();
	}
	spin_lock(&vram->backup.lock);
	vram->backup.copied = true;
	spin_unlock(&vram->backup.lock);
	mutex_unlock(&vram->lock);
	return 0;
}

/**
 * mirage_vram_power_off() - use only the copy, since video memory loses its content
 * @vram: video memory, after mirage_vram_save(), of a device that does not run
 *
 * Context: any but hard interrupts; takes mirage_vram_backup.lock.
 */
void mirage_vram_power_off(struct mirage_vram *vram)
{
	struct mirage_vram_backup *backup = &vram->backup;

	spin_lock(&backup->lock);
	backup->powered = false;
	spin_unlock(&backup->lock);
}

/**
 * mirage_vram_restore() - restore the content saved by mirage_vram_save()
 * @vram: accessible video memory; it may have kept its power
 *
 * Context: may sleep; takes mirage_vram.lock.
 */
void mirage_vram_restore(struct mirage_vram *vram)
{
	unsigned long index;
	void *page;

	mutex_lock(&vram->lock);
	spin_lock(&vram->backup.lock);
	vram->backup.powered = true;
	spin_unlock(&vram->backup.lock);
	xa_for_each(&vram->backup.pages, index, page) {
		spin_lock(&vram->backup.lock);
		memcpy_toio(vram->base + ((u64)index << PAGE_SHIFT), page, PAGE_SIZE);
		spin_unlock(&vram->backup.lock);
		cond_resched();
	}
	mutex_unlock(&vram->lock);
	mirage_vram_flush(vram);

	WRITE_ONCE(vram->backup.active, false);
	/* Accesses to the copy have finished. */
	synchronize_rcu();
	vram->backup.copied = false;
	backup_drop_all(vram);
}
