// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of page tables: video memory, or system memory when there is no more of that.
 *
 * Nobody is evicted for a page table. The device's faults are served with tables, and what
 * eviction waits for may wait for such a fault.
 *
 * System memory is coherent and belongs to the PCI device, so it goes back before the driver
 * leaves that: who keeps tables has a way to take their system memory at unplug
 * (mirage_table_drop_system()). VRAM is an offset of an allocator and may be freed at any time.
 *
 * Rejected: devm for the system memory. It finds what is to be freed by walking the list of all
 * resources of the device.
 */
#include "mmu/table.h"

#include <linux/dma-mapping.h>

/**
 * mirage_table_alloc() - get memory for a table
 * @mdev: device, between drm_dev_enter() and drm_dev_exit()
 * @table: filled
 * @size: bytes, a power of two of at least 4 KiB; the table is aligned to it
 *
 * What is in the table is undefined.
 *
 * Context: may sleep and allocate; takes mirage_vram.lock.
 * Return: 0 or -ENOMEM
 */
int mirage_table_alloc(struct mirage_device *mdev, struct mirage_table *table, size_t size)
{
	table->size = size;
	if (!mirage_vram_alloc(&mdev->vram, &table->vram, size)) {
		table->cpu = NULL;
		return 0;
	}
	table->cpu = dma_alloc_coherent(mdev->drm.dev, size, &table->dma,
					GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	return table->cpu ? 0 : -ENOMEM;
}

/**
 * mirage_table_zero() - make all entries invalid
 * @mdev: device, between drm_dev_enter() and drm_dev_exit()
 * @table: table that has memory
 */
void mirage_table_zero(struct mirage_device *mdev, const struct mirage_table *table)
{
	if (table->cpu)
		memset(table->cpu, 0, table->size);
	else
		mirage_vram_zero(&mdev->vram, table->vram.offset, table->size);
}

/**
 * mirage_table_free() - give a table back
 * @mdev: device, which does not look at the table any more
 * @table: table; may be empty, and is afterwards
 *
 * Context: may sleep; takes mirage_vram.lock. Of a table in system memory: the driver has not
 * left the PCI device.
 */
void mirage_table_free(struct mirage_device *mdev, struct mirage_table *table)
{
	mirage_table_drop_system(mdev, table);
	mirage_vram_free(&mdev->vram, &table->vram);
}

/**
 * mirage_table_drop_system() - give back what may not outlive the driver's hold on the device
 * @mdev: device, which does not look at the table any more
 * @table: table; has no memory afterwards, unless it lies in VRAM
 *
 * Context: may sleep.
 */
void mirage_table_drop_system(struct mirage_device *mdev, struct mirage_table *table)
{
	if (!table->cpu)
		return;
	dma_free_coherent(mdev->drm.dev, table->size, table->cpu, table->dma);
	table->cpu = NULL;
}
