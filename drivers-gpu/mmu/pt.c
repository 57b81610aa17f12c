// SPDX-License-Identifier: GPL-2.0
/*
 * Page tables of the GPU: their allocation and ownership. mmu/leaves.c computes the content of a
 * block's own table; vm/walk.c walks tables for debugging.
 *
 * The root (PD3) serves the whole address space; the rest of this file handles the lower part,
 * which mirrors a process. VM_BIND mappings have their own set of tables; vm/node.c says why. Both
 * sets use the same levels (mmu/pte.c) and the same tables (mmu/table.c).
 *
 * The two upper levels (PD2, PD1) are allocated with the first block below them and freed with the
 * last, so that a process that uses many parts of its address space in turn does not fill VRAM.
 * Each block has its PT from the start: map() and unmap() run under locks that reclaim takes and
 * allocate nothing.
 *
 * Only map() and unmap() write a block's entry in PD1, and it is 0 while nothing is mapped. So two
 * blocks with the same address may coexist for a while (a new one, and one that the core is about
 * to free), as long as one of them is empty.
 *
 * Rejected: tables in system memory by default. Every walk of the device would cross the bus; so
 * system memory is used only when VRAM is full (mmu/table.c).
 */
#include "mmu/pt.h"

#include <linux/sizes.h>
#include <linux/slab.h>

#include <drm/drm_drv.h>

#include "device/cmdq.h"
#include "device/device.h"

static void pt_write_pte(struct mirage_leaves *leaves, unsigned int index, u64 pte)
{
	struct mirage_block *block = container_of(leaves, struct mirage_block, leaves);

	if (block->live)
		mirage_table_write(block->mdev, &block->table, index, pte);
}

static void pt_write_pde(struct mirage_leaves *leaves, u64 pde)
{
	struct mirage_block *block = container_of(leaves, struct mirage_block, leaves);

	WRITE_ONCE(block->dir->blocks[block->index], pde ? block : NULL);
	if (block->live)
		mirage_table_link(block->mdev, &block->dir->table, block->index, pde);
}

static const struct mirage_leaves_sink pt_sink = {
	.write_pte = pt_write_pte,
	.write_pde = pt_write_pde,
};

/**
 * mirage_pt_init() - set up empty page tables
 * @pt: page tables; all zero
 * @mdev: device, between drm_dev_enter() and drm_dev_exit()
 * @vm_id: VM table index
 *
 * Context: may sleep and allocate.
 * Return: 0 or -ENOMEM; mirage_pt_fini() is allowed after both
 */
int mirage_pt_init(struct mirage_pt *pt, struct mirage_device *mdev, u32 vm_id)
{
	unsigned int level;
	int ret;

	pt->mdev = mdev;
	pt->vm_id = vm_id;
	mutex_init(&pt->lock);
	for (level = 0; level < MIRAGE_PT_ROOT; level++)
		xa_init(&pt->dirs[level]);
	ret = mirage_table_alloc(mdev, &pt->root, MIRAGE_PD3_ENTRIES * sizeof(u64));
	if (ret)
		return ret;
	mirage_table_fill(mdev, &pt->root, 0);
	mirage_vram_flush(&mdev->vram);
	return 0;
}

/**
 * mirage_pt_fini() - free page tables
 * @pt: page tables without blocks, which the device does not use any more
 *
 * Context: may sleep.
 */
void mirage_pt_fini(struct mirage_pt *pt)
{
	unsigned int level;

	if (!pt->mdev)
		return;
	for (level = 0; level < MIRAGE_PT_ROOT; level++) {
		WARN_ON(!xa_empty(&pt->dirs[level]));
		xa_destroy(&pt->dirs[level]);
	}
	mirage_table_free(pt->mdev, &pt->root);
	mutex_destroy(&pt->lock);
}

/**
 * mirage_pt_unplug() - release memory that must not outlive the driver's binding to the device
 * @pt: page tables without blocks, of a device that was blocked from DMA
 *
 * Context: may sleep; between drm_dev_unplug() and the end of the PCI driver's remove().
 */
void mirage_pt_unplug(struct mirage_pt *pt)
{
	mirage_table_drop_system(pt->mdev, &pt->root);
}

/* Create a directory, as a user of @parent. */
static struct mirage_pt_dir *pt_create_dir(struct mirage_pt *pt, struct mirage_pt_dir *parent,
					   unsigned int level, u64 va)
{
	unsigned int shift = mirage_pte_shift(level + 1);
	struct mirage_pt_dir *dir;
	int ret;

	dir = kvzalloc_flex(*dir, blocks, level == 1 ? MIRAGE_PT_ENTRIES : 0, MIRAGE_TABLE_GFP);
	if (!dir)
		return ERR_PTR(-ENOMEM);
	dir->va = va >> shift << shift;
	dir->level = level;
	dir->users = 1;
	dir->parent = parent;
	dir->above = parent ? &parent->table : &pt->root;
	ret = mirage_table_alloc(pt->mdev, &dir->table, SZ_4K);
	if (ret)
		goto err_free;
	ret = xa_err(xa_store(&pt->dirs[level], va >> shift, dir, MIRAGE_TABLE_GFP));
	if (ret)
		goto err_table;

	mirage_table_fill(pt->mdev, &dir->table, 0);
	mirage_table_link(pt->mdev, dir->above, mirage_pte_index(va, level + 1),
			  mirage_table_pte(&dir->table));
	return dir;

err_table:
	mirage_table_free(pt->mdev, &dir->table);
err_free:
	kvfree(dir);
	return ERR_PTR(ret);
}

/* Wait until no walk is in progress that may have found entries unlinked below @va. */
static void pt_flush_walks(struct mirage_pt *pt, u64 va)
{
	mirage_vram_flush(&pt->mdev->vram);
	mirage_cmdq_wait(pt->mdev, mirage_cmdq_invalidate(pt->mdev, pt->vm_id, va,
							  1ull << MIRAGE_PD2_SHIFT, true), true);
}

/* Drop a user; directories left without users are unlinked, if the device is @live, and freed. */
static void pt_put_dir(struct mirage_pt *pt, struct mirage_pt_dir *first, bool live)
{
	struct mirage_pt_dir *dir, *parent, *end;

	lockdep_assert_held(&pt->lock);

	for (end = first; end && !--end->users; end = end->parent) {
		xa_erase(&pt->dirs[end->level], end->va >> mirage_pte_shift(end->level + 1));
		if (live)
			mirage_table_write(pt->mdev, end->above,
					   mirage_pte_index(end->va, end->level + 1), 0);
	}
	/* Empty, but the device may still be walking them, and their memory will be reused. */
	if (live && end != first)
		pt_flush_walks(pt, first->va);
	for (dir = first; dir != end; dir = parent) {
		parent = dir->parent;
		mirage_table_free(pt->mdev, &dir->table);
		kvfree_rcu(dir, rcu);
	}
}

/* Find or create the directory of @level for @va, and add a user. The device is live. */
static struct mirage_pt_dir *pt_get_dir(struct mirage_pt *pt, unsigned int level, u64 va)
{
	struct mirage_pt_dir *dir, *parent = NULL;

	lockdep_assert_held(&pt->lock);

	dir = xa_load(&pt->dirs[level], va >> mirage_pte_shift(level + 1));
	if (dir) {
		dir->users++;
		return dir;
	}
	if (level + 1 < MIRAGE_PT_ROOT) {
		parent = pt_get_dir(pt, level + 1, va);
		if (IS_ERR(parent))
			return parent;
	}
	dir = pt_create_dir(pt, parent, level, va);
	if (IS_ERR(dir))
		pt_put_dir(pt, parent, true);
	return dir;
}

/**
 * mirage_pt_create_block() - allocate all tables for mappings in a block
 * @pt: page tables
 * @start: first address of the block
 *
 * Context: may sleep and allocate; takes mirage_pt.lock.
 * Return: the block, -ENOMEM, or -ENODEV when the device is gone
 */
struct mirage_block *mirage_pt_create_block(struct mirage_pt *pt, u64 start)
{
	struct mirage_device *mdev = pt->mdev;
	struct mirage_block *block;
	int ret = -ENOMEM;
	u64 *pte;
	int idx;

	if (!drm_dev_enter(&mdev->drm, &idx))
		return ERR_PTR(-ENODEV);

	block = kzalloc_obj(*block, MIRAGE_TABLE_GFP);
	pte = kmalloc_objs(*pte, MIRAGE_PT_ENTRIES, MIRAGE_TABLE_GFP);
	if (!block || !pte)
		goto err_free;
	ret = mirage_table_alloc(mdev, &block->table, SZ_4K);
	if (ret)
		goto err_free;

	mutex_lock(&pt->lock);
	block->dir = pt_get_dir(pt, 1, start);
	mutex_unlock(&pt->lock);
	if (IS_ERR(block->dir)) {
		ret = PTR_ERR(block->dir);
		goto err_table;
	}

	block->mdev = mdev;
	block->index = mirage_pte_index(start, 1);
	mirage_leaves_init(&block->leaves, &pt_sink, mirage_table_pte(&block->table), pte);
	drm_dev_exit(idx);
	return block;

err_table:
	mirage_table_free(mdev, &block->table);
err_free:
	kfree(pte);
	kfree(block);
	drm_dev_exit(idx);
	return ERR_PTR(ret);
}

/**
 * mirage_pt_destroy_block() - free the tables of a block
 * @pt: page tables
 * @block: block without mappings, whose last flush is complete
 *
 * Context: may sleep; takes mirage_pt.lock.
 */
void mirage_pt_destroy_block(struct mirage_pt *pt, struct mirage_block *block)
{
	bool live;
	int idx;

	WARN_ON(block->leaves.pde);

	mutex_lock(&pt->lock);
	live = drm_dev_enter(&pt->mdev->drm, &idx);
	pt_put_dir(pt, block->dir, live);
	if (live)
		drm_dev_exit(idx);
	mirage_table_free(pt->mdev, &block->table);
	mutex_unlock(&pt->lock);
	kfree(block->leaves.pte);
	kfree_rcu(block, rcu);
}

/* The block with mappings that covers @va, or NULL. */
static struct mirage_block *pt_find_block(struct mirage_pt *pt, u64 va)
{
	struct mirage_pt_dir *dir = xa_load(&pt->dirs[1], va >> mirage_pte_shift(2));

	return dir ? READ_ONCE(dir->blocks[mirage_pte_index(va, 1)]) : NULL;
}

/**
 * mirage_pt_find() - find the table of a level that covers an address
 * @pt: page tables
 * @level: 0 to 2; a PT is found while it has mappings
 * @va: address below 2^47
 *
 * Context: mirage_pt.lock held.
 * Return: the table, or NULL
 */
struct mirage_table *mirage_pt_find(struct mirage_pt *pt, unsigned int level, u64 va)
{
	struct mirage_pt_dir *dir;
	struct mirage_block *block;

	lockdep_assert_held(&pt->lock);

	if (!level) {
		block = pt_find_block(pt, va);
		return block ? &block->table : NULL;
	}
	dir = xa_load(&pt->dirs[level], va >> mirage_pte_shift(level + 1));
	return dir ? &dir->table : NULL;
}

/**
 * mirage_pt_lookup() - get the mapped pages of a block, as a hint
 * @pt: page tables
 * @start: first address of the block
 * @valid: out: pages that it may read
 * @writable: out: pages that it may write
 *
 * The result may be outdated at once: mm may take pages away at any time.
 *
 * Context: any; takes no lock.
 */
void mirage_pt_lookup(struct mirage_pt *pt, u64 start, unsigned long valid[MIRAGE_LEAVES_WORDS],
		      unsigned long writable[MIRAGE_LEAVES_WORDS])
{
	struct mirage_block *block;
	unsigned int i;

	rcu_read_lock();
	block = pt_find_block(pt, start);
	for (i = 0; i < MIRAGE_LEAVES_WORDS; i++) {
		valid[i] = block ? READ_ONCE(block->leaves.valid[i]) : 0;
		writable[i] = block ? READ_ONCE(block->leaves.writable[i]) : 0;
	}
	rcu_read_unlock();
}
