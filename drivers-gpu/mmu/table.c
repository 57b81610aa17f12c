// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of page tables: video memory, or system memory when video memory is full.
 *
 * Allocating a page table evicts nothing. Serving the device's faults needs page tables, and
 * eviction may wait for jobs that wait for such a fault.
 *
 * System memory is coherent and managed by the PCI device, so it must be freed before the driver
 * unbinds: owners of tables release their system memory at unplug (mirage_table_drop_system()).
 * VRAM is only an offset of an allocator and may be freed at any time.
 *
 * Rejected: devm for the system memory. To free an allocation it walks the list of all resources of
 * the device.
 */
#include "mmu/table.h"

#include <linux/dma-mapping.h>

/**
 * mirage_table_alloc() - allocate memory for a table
 * @mdev: device, between drm_dev_enter() and drm_dev_exit()
 * @table: filled
 * @size: bytes, a power of two of at least 4 KiB; the table is aligned to it
 *
 * The content of the table is undefined.
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
					MIRAGE_TABLE_GFP);
	return table->cpu ? 0 : -ENOMEM;
}

/**
 * mirage_table_fill() - set all entries
 * @mdev: device, between drm_dev_enter() and drm_dev_exit()
 * @table: table that has memory
 * @pte: the value of each
 */
void mirage_table_fill(struct mirage_device *mdev, const struct mirage_table *table, u64 pte)
{
	unsigned int i;

	if (!pte && table->cpu) {
		memset(table->cpu, 0, table->size);
	} else if (!pte) {
		mirage_vram_zero(&mdev->vram, table->vram.offset, table->size);
	} else {
		for (i = 0; i < table->size / sizeof(pte); i++)
			mirage_table_write(mdev, table, i, pte);
	}
}

/**
 * mirage_table_link() - point the device to a table whose content is written
 * @mdev: device, between drm_dev_enter() and drm_dev_exit()
 * @above: the table of the next level up
 * @index: index of the entry in @above
 * @pde: the entry: a table, a leaf that replaces one, or 0
 */
void mirage_table_link(struct mirage_device *mdev, const struct mirage_table *above,
		       unsigned int index, u64 pde)
{
	/* The table's content must be visible before the device finds the table. */
	mirage_vram_flush(&mdev->vram);
	mirage_table_write(mdev, above, index, pde);
}

/**
 * mirage_table_free() - free a table
 * @mdev: device, which does not use the table any more
 * @table: table, empty afterwards; may be empty already
 *
 * Context: may sleep; takes mirage_vram.lock. For a table in system memory, the driver must still
 * be bound to the PCI device.
 */
void mirage_table_free(struct mirage_device *mdev, struct mirage_table *table)
{
	mirage_table_drop_system(mdev, table);
	mirage_vram_free(&mdev->vram, &table->vram);
}

/**
 * mirage_table_drop_system() - release memory that must not outlive the driver's binding to the
 * device
 * @mdev: device, which does not use the table any more
 * @table: table; loses its memory, unless it is in VRAM
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
