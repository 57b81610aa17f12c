// SPDX-License-Identifier: GPL-2.0
/*
 * Page tables of the VM_BIND range of an address space: their content.
 *
 * All changes happen under mirage_gpuvm.lock, and none allocates. Ranges that become invalid or get
 * another translation are recorded and flushed once, before the lock is dropped: while the lock is
 * free, the device uses only what is in the tables. A mapping that replaces another is written over
 * it, so that the device never finds a hole in between.
 *
 * Rejected: flushing outside the lock. Eviction has to wait for the flush of an unmapping that
 * another thread began, and would have to find out whether there is one.
 */
#include "vm/node_map.h"

#include <linux/align.h>
#include <linux/minmax.h>

#include <drm/drm_drv.h>

#include "bo/bo.h"
#include "device/cmdq.h"
#include "device/device.h"
#include "vm/gpuvm_types.h"
#include "vm/node.h"
#include "vm/space.h"
#include "vm/va.h"

/**
 * mirage_gpuvm_lock() - take the lock and begin to change mappings
 * @gpuvm: VM_BIND range of an address space
 *
 * Context: may sleep; takes mirage_gpuvm.lock.
 */
void mirage_gpuvm_lock(struct mirage_gpuvm *gpuvm)
{
	mutex_lock(&gpuvm->lock);
	gpuvm->live = !gpuvm->gone && drm_dev_enter(&gpuvm->mdev->drm, &gpuvm->drm_idx);
}

/**
 * mirage_gpuvm_dirty() - record a range whose translations the device may have cached
 * @gpuvm: VM_BIND range of an address space
 * @start: first address
 * @end: end, exclusive
 *
 * Context: mirage_gpuvm.lock held.
 */
void mirage_gpuvm_dirty(struct mirage_gpuvm *gpuvm, u64 start, u64 end)
{
	lockdep_assert_held(&gpuvm->lock);

	gpuvm->dirty_start = gpuvm->dirty_end ? min(gpuvm->dirty_start, start) : start;
	gpuvm->dirty_end = max(gpuvm->dirty_end, end);
}

/**
 * mirage_gpuvm_flush() - drop stale translations of the recorded range from the device
 * @gpuvm: VM_BIND range of an address space
 *
 * Context: mirage_gpuvm.lock held; waits for the device, a bounded time.
 */
void mirage_gpuvm_flush(struct mirage_gpuvm *gpuvm)
{
	struct mirage_device *mdev = gpuvm->mdev;

	lockdep_assert_held(&gpuvm->lock);

	if (gpuvm->live) {
		mirage_vram_flush(&mdev->vram);
		if (gpuvm->dirty_end) {
			u64 size = gpuvm->dirty_end - gpuvm->dirty_start;

			mirage_cmdq_wait(mdev,
					 mirage_cmdq_invalidate(mdev, gpuvm->vm->id,
								gpuvm->dirty_start, size, true),
					 true);
			mirage_stats_add(&gpuvm->vm->stats, DRM_MIRAGE_STAT_TLB_FLUSHES, 1);
		}
	}
	gpuvm->dirty_end = 0;
}

static void gpuvm_account(struct mirage_gpuvm *gpuvm)
{
	struct mirage_stats *stats;

	if (gpuvm->vm) {
		stats = &gpuvm->vm->stats;
		mirage_stats_add(stats, DRM_MIRAGE_STAT_LEAVES_4K, gpuvm->counts.pages_4k);
		mirage_stats_add(stats, DRM_MIRAGE_STAT_LEAVES_64K, gpuvm->counts.pages_64k);
		mirage_stats_add(stats, DRM_MIRAGE_STAT_LEAVES_2M, gpuvm->counts.pages_2m);
	}
	gpuvm->counts = (struct mirage_leaf_counts){};
}

/**
 * mirage_gpuvm_unlock() - flush, and drop the lock
 * @gpuvm: VM_BIND range of an address space
 *
 * Context: drops mirage_gpuvm.lock; waits for the device, a bounded time.
 */
void mirage_gpuvm_unlock(struct mirage_gpuvm *gpuvm)
{
	mirage_gpuvm_flush(gpuvm);
	gpuvm_account(gpuvm);
	if (gpuvm->live)
		drm_dev_exit(gpuvm->drm_idx);
	gpuvm->live = false;
	mutex_unlock(&gpuvm->lock);
}

/**
 * mirage_node_null_pte() - get the entry for a range that holds only one NULL mapping
 * @gpuvm: VM_BIND range of an address space
 * @level: level of the table that gets the entry, 1 to MIRAGE_PT_ROOT
 *
 * Context: mirage_node_get_null() has succeeded.
 */
u64 mirage_node_null_pte(struct mirage_gpuvm *gpuvm, unsigned int level)
{
	if (level > 1)
		return mirage_table_pte(&gpuvm->null[level - 1]);
	return mirage_pte_leaf(0, MIRAGE_PTE_NULL | MIRAGE_PTE_WRITE | MIRAGE_PTE_ATOMIC);
}

static void bind_write_pte(struct mirage_leaves *leaves, unsigned int index, u64 pte)
{
	struct mirage_bind_block *block = container_of(leaves, struct mirage_bind_block, leaves);
	struct mirage_gpuvm *gpuvm = block->node.gpuvm;

	if (gpuvm->live)
		mirage_table_write(gpuvm->mdev, block->node.table, index, pte);
}

static void bind_write_pde(struct mirage_leaves *leaves, u64 pde)
{
	struct mirage_bind_block *block = container_of(leaves, struct mirage_bind_block, leaves);
	struct mirage_gpuvm *gpuvm = block->node.gpuvm;

	if (gpuvm->live)
		mirage_table_link(gpuvm->mdev, block->node.parent->table,
				  mirage_pte_index(block->node.va, 1), pde);
}

const struct mirage_leaves_sink mirage_bind_sink = {
	.write_pte = bind_write_pte,
	.write_pde = bind_write_pde,
};

/* Set a range of one block to NULL leaves, or clear it. */
static void block_write(struct mirage_node *node, u64 start, u64 end, bool null)
{
	struct mirage_leaves *leaves = &to_mirage_bind_block(node)->leaves;
	unsigned int index = mirage_pte_index(start, 0);
	unsigned int npages = (end - start) >> MIRAGE_PAGE_SHIFT;
	bool dirty;

	if (null)
		dirty = mirage_leaves_map(leaves, index, npages, (u64)index << MIRAGE_PAGE_SHIFT,
					  MIRAGE_PTE_NULL | MIRAGE_PTE_WRITE | MIRAGE_PTE_ATOMIC,
					  &node->gpuvm->counts);
	else
		dirty = mirage_leaves_unmap(leaves, index, npages);
	if (dirty)
		mirage_gpuvm_dirty(node->gpuvm, start, end);
}

/* Set an entry that has no node below it. */
static void node_write_entry(struct mirage_node *node, u64 start, u64 end, bool null)
{
	struct mirage_gpuvm *gpuvm = node->gpuvm;
	unsigned int index = mirage_pte_index(start, node->level);

	if (test_bit(index, node->null) == null)
		return;
	/* Operations that map or unmap a part of it make sure that there is a node. */
	if (WARN_ON(end - start != BIT_ULL(mirage_pte_shift(node->level))))
		return;
	assign_bit(index, node->null, null);
	if (gpuvm->live)
		mirage_table_write(gpuvm->mdev, node->table, index,
				   null ? mirage_node_null_pte(gpuvm, node->level) : 0);
	if (!null)
		mirage_gpuvm_dirty(gpuvm, start, end);
}

/*
 * Recursion is bounded by the number of levels. Each entry and each page of a block costs 1 of
 * @left; stops when @left is 0. Returns the address to continue at.
 */
static u64 node_write(struct mirage_node *node, u64 start, u64 end, bool null, unsigned int *left)
{
	unsigned int level = node->level - 1;
	u64 bytes = BIT_ULL(mirage_pte_shift(node->level));
	struct mirage_node *child;
	unsigned int cost;
	u64 next;

	for (; start < end && *left; start = next) {
		next = min(ALIGN_DOWN(start, bytes) + bytes, end);
		child = mirage_node_find(node->gpuvm, level, start);
		if (child && level) {
			next = node_write(child, start, next, null, left);
			continue;
		}
		if (child)
			block_write(child, start, next, null);
		else
			node_write_entry(node, start, next, null);
		cost = child ? (next - start) >> MIRAGE_PAGE_SHIFT : 1;
		*left -= min(*left, cost);
	}
	return start;
}

/**
 * mirage_gpuvm_write_empty() - clear a range, or fill it with a NULL mapping
 * @gpuvm: VM_BIND range of an address space
 * @start: first address
 * @end: end, exclusive
 * @null: true for a NULL mapping: reads return zeroes, and writes are dropped
 * @left: in: maximum cost in entries, which the last block may exceed, not 0; out: the remainder
 *
 * Context: mirage_gpuvm.lock held; the nodes for a NULL mapping from @start to @end exist.
 * Return: the address to continue at; @end when it is done
 */
u64 mirage_gpuvm_write_empty(struct mirage_gpuvm *gpuvm, u64 start, u64 end, bool null,
			     unsigned int *left)
{
	lockdep_assert_held(&gpuvm->lock);
	return node_write(&gpuvm->root, start, end, null, left);
}

/**
 * mirage_gpuvm_clear() - clear a range
 * @gpuvm: VM_BIND range of an address space
 * @start: first address
 * @end: end, exclusive
 *
 * Context: mirage_gpuvm.lock held; the nodes for the edges of NULL mappings exist.
 */
void mirage_gpuvm_clear(struct mirage_gpuvm *gpuvm, u64 start, u64 end)
{
	unsigned int left;

	while (start < end) {
		left = UINT_MAX;
		start = mirage_gpuvm_write_empty(gpuvm, start, end, false, &left);
	}
}

/* Write pages that are contiguous on both sides. */
static void gpuvm_write_run(struct mirage_gpuvm *gpuvm, u64 va, const struct mirage_bo_run *run,
			    u64 rights)
{
	u64 addr = run->addr;
	u64 end = va + ((u64)run->npages << MIRAGE_PAGE_SHIFT);
	struct mirage_node *node;
	u64 next;

	for (; va < end; addr += next - va, va = next) {
		next = min(ALIGN_DOWN(va, BIT_ULL(MIRAGE_PD1_SHIFT)) + BIT_ULL(MIRAGE_PD1_SHIFT),
			   end);
		node = mirage_node_find(gpuvm, 0, va);
		if (WARN_ON(!node))
			return;
		if (mirage_leaves_map(&to_mirage_bind_block(node)->leaves, mirage_pte_index(va, 0),
				      (next - va) >> MIRAGE_PAGE_SHIFT, addr, rights,
				      &gpuvm->counts))
			mirage_gpuvm_dirty(gpuvm, va, next);
	}
}

/**
 * mirage_gpuvm_write_va() - write leaves of an object's mapping
 * @gpuvm: VM_BIND range of an address space
 * @va: mapping of an object
 * @start: first address in it
 * @end: end, exclusive; nothing is written if it equals @start
 *
 * Context: mirage_gpuvm.lock held; the object's memory must not move: its resv is held, or has an
 * unsignalled fence of the caller.
 * Return: false if the object has no memory that the device can reach, or no content: nothing is
 * mapped then
 */
bool mirage_gpuvm_write_va(struct mirage_gpuvm *gpuvm, const struct mirage_va *va, u64 start,
			   u64 end)
{
	struct mirage_bo *bo = gem_to_mirage_bo(va->base.gem.obj);
	struct mirage_bo_run run;
	unsigned long page;
	u64 rights;

	lockdep_assert_held(&gpuvm->lock);

	/* After a failed move, the memory may still hold another process's data. */
	if (!gpuvm->vm || !mirage_bo_is_resident(bo) || mirage_bo_has_failed(bo)) {
		mirage_gpuvm_clear(gpuvm, start, end);
		return false;
	}
	page = (va->base.gem.offset + start - va->base.va.addr) >> MIRAGE_PAGE_SHIFT;
	while (start < end) {
		mirage_bo_find_run(bo, page, (end - start) >> MIRAGE_PAGE_SHIFT, &run);
		if (va->base.flags & MIRAGE_VA_READONLY)
			rights = 0;
		else if (run.pte & MIRAGE_PTE_SYSTEM)
			rights = gpuvm->vm->write_rights;
		else
			rights = MIRAGE_PTE_WRITE | MIRAGE_PTE_ATOMIC;
		gpuvm_write_run(gpuvm, start, &run, run.pte | rights);
		start += (u64)run.npages << MIRAGE_PAGE_SHIFT;
		page += run.npages;
	}
	return true;
}
