/* SPDX-License-Identifier: GPL-2.0 */
/* The memory of a page table. */
#ifndef MIRAGE_TABLE_H
#define MIRAGE_TABLE_H

#include <linux/types.h>

#include "device/device.h"
#include "device/shared.h"
#include "mmu/pte.h"
#include "vram/vram.h"

/**
 * MIRAGE_TABLE_GFP: for page tables and what goes with them. Charged; without room the caller gets
 * an error, and no process is killed, because the mirror core can give back older tables.
 */
#define MIRAGE_TABLE_GFP	(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/**
 * struct mirage_table - a table of one level, in video memory or in system memory
 */
struct mirage_table {
	/** @vram: the allocation, empty if the table is in system memory */
	struct mirage_vram_buf vram;
	/** @cpu: kernel address of a table in system memory, else NULL */
	__le64 *cpu;
	/** @dma: DMA address of a table in system memory */
	dma_addr_t dma;
	/** @size: bytes */
	size_t size;
};

int mirage_table_alloc(struct mirage_device *mdev, struct mirage_table *table, size_t size);
void mirage_table_fill(struct mirage_device *mdev, const struct mirage_table *table, u64 pte);
void mirage_table_link(struct mirage_device *mdev, const struct mirage_table *above,
		       unsigned int index, u64 pde);
void mirage_table_free(struct mirage_device *mdev, struct mirage_table *table);
void mirage_table_drop_system(struct mirage_device *mdev, struct mirage_table *table);

/**
 * mirage_table_pte() - encode the entry of the upper level that points to a table
 * @table: table that has memory
 */
static inline u64 mirage_table_pte(const struct mirage_table *table)
{
	if (table->cpu)
		return mirage_pte_table(table->dma) | MIRAGE_PTE_SYSTEM;
	return mirage_pte_table(table->vram.offset);
}

/**
 * mirage_table_write() - store an entry
 * @mdev: device, between drm_dev_enter() and drm_dev_exit()
 * @table: table that has memory
 * @index: index of the entry
 * @pte: entry
 *
 * The device sees it at once, or at the latest after mirage_vram_flush().
 */
static inline void mirage_table_write(struct mirage_device *mdev, const struct mirage_table *table,
				      unsigned int index, u64 pte)
{
	if (table->cpu)
		mirage_shared_write64(&table->cpu[index], pte);
	else
		mirage_vram_write64(&mdev->vram, table->vram.offset + index * sizeof(u64), pte);
}

/**
 * mirage_table_read() - load an entry (slow)
 * @mdev: device, between drm_dev_enter() and drm_dev_exit()
 * @table: table that has memory
 * @index: index of the entry
 */
static inline u64 mirage_table_read(struct mirage_device *mdev, const struct mirage_table *table,
				    unsigned int index)
{
	if (table->cpu)
		return mirage_shared_read64(&table->cpu[index]);
	return mirage_vram_read64(&mdev->vram, table->vram.offset + index * sizeof(u64));
}

#endif /* MIRAGE_TABLE_H */
