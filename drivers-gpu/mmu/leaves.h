/* SPDX-License-Identifier: GPL-2.0 */
/* The leaves of one 2 MiB block. Pure. */
#ifndef MIRAGE_LEAVES_H
#define MIRAGE_LEAVES_H

#include "device/pure.h"
#include "mmu/pte.h"

/** MIRAGE_LEAVES_WORDS: words of a bitmap with one bit per page of a block. */
#define MIRAGE_LEAVES_WORDS	(MIRAGE_PT_ENTRIES / 64)

struct mirage_leaves;

/**
 * struct mirage_leaves_sink - writers of entries, called in the order that the device must see
 */
struct mirage_leaves_sink {
	/** @write_pte: writes entry @index of the block's PT */
	void (*write_pte)(struct mirage_leaves *leaves, unsigned int index, u64 pte);
	/** @write_pde: writes the block's PD1 entry, after all previous write_pte() */
	void (*write_pde)(struct mirage_leaves *leaves, u64 pde);
	/**
	 * @change_pte: writes the lower half of entry @index, which the device may be marking as
	 * dirty. This and the members below may be NULL in a block without MIRAGE_PTE_TRACK.
	 */
	void (*change_pte)(struct mirage_leaves *leaves, unsigned int index, u64 pte);
	/** @change_pde: the same for the PD1 entry */
	void (*change_pde)(struct mirage_leaves *leaves, u64 pde);
	/** @order: lets the device see all previous stores before the CPU reads an entry */
	void (*order)(struct mirage_leaves *leaves);
	/** @dirty_pte: does entry @index have MIRAGE_PTE_DIRTY? True if that cannot be read. */
	bool (*dirty_pte)(struct mirage_leaves *leaves, unsigned int index);
	/** @dirty_pde: the same for the PD1 entry */
	bool (*dirty_pde)(struct mirage_leaves *leaves);
};

/**
 * struct mirage_leaves - copy of the device's tables for a block, in memory that is fast to read
 *
 * The caller serialises; in the driver, the lock of the mirror core's block does.
 */
struct mirage_leaves {
	/** @sink: writers of entries */
	const struct mirage_leaves_sink *sink;
	/** @table: PD1 entry that points to the block's PT; constant */
	u64 table;
	/** @pde: current PD1 entry: 0, @table or a 2 MiB leaf */
	u64 pde;
	/** @pte: MIRAGE_PT_ENTRIES entries, one per page, also while @pde is a leaf */
	u64 *pte;
	/** @valid: pages that the device may read */
	unsigned long valid[MIRAGE_LEAVES_WORDS];
	/** @writable: subset of these that it may write */
	unsigned long writable[MIRAGE_LEAVES_WORDS];
	/**
	 * @written: pages that the device has written, as far as the driver had to find out, and
	 * mirage_leaves_take_written() has not told the caller
	 */
	unsigned long written[MIRAGE_LEAVES_WORDS];
	/** @ask: scratch: pages whose entries may be dirty and have lost TRACK or CONT */
	unsigned long ask[MIRAGE_LEAVES_WORDS];
	/** @split: scratch: bit of each group that has lost CONT */
	u32 split;
	/** @synced: the PT in VRAM has the content of @pte */
	bool synced;
};

/**
 * struct mirage_leaf_counts - leaves by size
 */
struct mirage_leaf_counts {
	/** @pages_4k: 4 KiB leaves */
	unsigned int pages_4k;
	/** @pages_64k: 64 KiB leaves */
	unsigned int pages_64k;
	/** @pages_2m: 2 MiB leaves */
	unsigned int pages_2m;
};

void mirage_leaves_init(struct mirage_leaves *leaves, const struct mirage_leaves_sink *sink,
			u64 table, u64 *pte);
bool mirage_leaves_map(struct mirage_leaves *leaves, unsigned int index, unsigned int npages,
		       u64 addr, u64 rights, struct mirage_leaf_counts *counts);
bool mirage_leaves_unmap(struct mirage_leaves *leaves, unsigned int index, unsigned int npages);
void mirage_leaves_take_written(struct mirage_leaves *leaves,
				const unsigned long pages[MIRAGE_LEAVES_WORDS],
				unsigned long written[MIRAGE_LEAVES_WORDS]);

#endif /* MIRAGE_LEAVES_H */
