/* SPDX-License-Identifier: GPL-2.0 */
/* Page tables of the GPU. */
#ifndef MIRAGE_PT_H
#define MIRAGE_PT_H

#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "mmu/leaves.h"
#include "mmu/table.h"

struct mirage_block;
struct mirage_device;

/**
 * struct mirage_pt_dir - a PD2 or a PD1
 */
struct mirage_pt_dir {
	/** @table: the table */
	struct mirage_table table;
	/** @parent: PD2 of a PD1, NULL for a PD2; constant */
	struct mirage_pt_dir *parent;
	/** @above: table with the entry that points here; constant */
	struct mirage_table *above;
	/** @va: first address it covers; constant */
	u64 va;
	/** @level: 2 for a PD2, 1 for a PD1; constant */
	unsigned int level;
	/** @users: number of tables or blocks below it. Protected by mirage_pt.lock. */
	unsigned int users;
	/** @rcu: mirage_pt_lookup() may still read it */
	struct rcu_head rcu;
	/**
	 * @blocks: for a PD1, the block of each entry while it has mappings. Written under that
	 * block's lock. A block read under mirage_pt.lock or RCU stays valid until that is dropped.
	 */
	struct mirage_block *blocks[];
};

/**
 * struct mirage_pt - page tables of one address space: the root, and the mirror's tables
 */
struct mirage_pt {
	/** @mdev: device; constant */
	struct mirage_device *mdev;
	/** @vm_id: VM table index; constant */
	u32 vm_id;
	/** @root: PD3, 8 KiB */
	struct mirage_table root;
	/**
	 * @lock: protects @dirs and the entries of PD3 and PD2, and keeps blocks from being
	 * freed. Memory allocations and bounded waits for the device happen under it, so it is
	 * never taken in map(), unmap() or flush().
	 */
	struct mutex lock;
	/**
	 * @dirs: struct mirage_pt_dir of levels 1 and 2, by address divided by the size that one
	 * covers; for level 0 see &struct mirage_pt_dir.blocks. Protected by @lock.
	 */
	struct xarray dirs[MIRAGE_PT_ROOT];
};

/**
 * struct mirage_block - the driver's part of a block of the mirror core
 *
 * Used under the core's lock of the block, unless a member says otherwise.
 */
struct mirage_block {
	/** @leaves: mapped pages. Its bitmaps may be read without the lock, as hints. */
	struct mirage_leaves leaves;
	/** @mdev: device; constant */
	struct mirage_device *mdev;
	/** @table: the PT; constant */
	struct mirage_table table;
	/** @dir: the PD1 above; constant */
	struct mirage_pt_dir *dir;
	/** @index: index of its entry in @dir; constant */
	unsigned int index;
	/** @live: the device is present, so entries are written */
	bool live;
	/** @token: token of the last flush that was started */
	u64 token;
	/** @rcu: mirage_pt_lookup() may still read it */
	struct rcu_head rcu;
};

int mirage_pt_init(struct mirage_pt *pt, struct mirage_device *mdev, u32 vm_id);
void mirage_pt_fini(struct mirage_pt *pt);
void mirage_pt_unplug(struct mirage_pt *pt);

struct mirage_block *mirage_pt_create_block(struct mirage_pt *pt, u64 start);
void mirage_pt_destroy_block(struct mirage_pt *pt, struct mirage_block *block);

struct mirage_table *mirage_pt_find(struct mirage_pt *pt, unsigned int level, u64 va);
void mirage_pt_lookup(struct mirage_pt *pt, u64 start, unsigned long valid[MIRAGE_LEAVES_WORDS],
		      unsigned long writable[MIRAGE_LEAVES_WORDS]);

#endif /* MIRAGE_PT_H */
