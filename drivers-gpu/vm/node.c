// SPDX-License-Identifier: GPL-2.0
/*
 * Page tables of the VM_BIND range of an address space: their lifetime.
 *
 * Model: when an operation is queued, all tables that it may need are allocated, and it holds a
 * reference to each until it is done; its mappings then hold theirs. So nothing is allocated in the
 * signalling path of a fence, nor when an object comes back after an eviction.
 *
 * A mapping of an object needs the PT of each 2 MiB that it touches, so a given amount of object
 * memory bounds the tables. A NULL mapping needs tables only where it begins and ends: between them
 * there are NULL leaves in PD1s, and above those shared tables full of NULL leaves. So a program
 * may reserve any amount of address space for at most 32 KiB.
 *
 * An entry of a node, and the node below it:
 *
 *          new node: all its entries are 0            new node: all its entries are NULL
 *            .------------------------------> node <----------------------------.
 *            |                                | |                               |
 *            0 <------------------------------' '-----------------------------> NULL
 *            |    no users: all entries are 0     no users: all are NULL        |
 *            |                                                                  |
 *            |    mirage_gpuvm_write_empty(), of all that the entry covers      |
 *            '<---------------------------------------------------------------->'
 *
 * NULL is a NULL leaf in a PD1, and the shared table of the level below in a PD2 or in the root;
 * its bit in mirage_node.null is set. A PT differs: its leaves decide whether the entry in the PD1
 * is 0, a 2 MiB leaf, or points to it (mmu/leaves.c). A new PT leaves the entry as it is.
 *
 * A part of a NULL mapping a is unmapped, seen in a PD1. The PTs at both ends are made when the
 * operation is queued. Afterwards the remainders a' and a" use them.
 *
 *               0           1           2           3           4
 *    old:       |--- NULL --|--- NULL --|--- NULL --|--- NULL --|   PD1, 2 MiB each
 *
 *                     x                       y
 *    req:             |-----------------------|
 *
 *    queued:    |    PT     |--- NULL --|    PT     |--- NULL --|
 *               |- NULL ----|           |---- NULL -|               translations as before
 *
 *    executed:  |    PT     |     0     |    PT     |--- NULL --|
 *               |NULL-|     |           |     |NULL-|
 *               ...a' x                       y a"...
 *
 * If x and y are multiples of 2 MiB no PT is needed: only entries of the PD1 change. The same holds
 * a level higher for a PD1 and multiples of 1 GiB, and for a PD2 and multiples of 512 GiB. If an
 * object is mapped there instead, each 2 MiB between gets a PT, too.
 *
 * When a node is removed that held only one NULL mapping, its parent gets a NULL entry; a new node
 * takes over what the parent's entry said. Neither changes a translation, so neither needs a flush.
 * But a walk may be in progress in a removed node, so its removal is followed by a wait.
 *
 * The mirror's directories (mmu/pt.c) share the levels, the tables and their encoding with this
 * file, but not their lifetime. A node is published under mirage_gpuvm.lock, which signalling paths
 * of fences take; it gains users there; it takes over a NULL mapping; and queued operations may
 * keep it after the end of the address space. A directory has none of this. It is read under RCU
 * instead, and two blocks of the mirror may have the same address, so no index can have them.
 *
 * Rejected: allocating tables when mappings are written, from a pool that each operation fills for
 * the worst case. Every operation would allocate tables that nearly always exist already.
 */
#include "vm/node.h"

#include <linux/align.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include <drm/drm_drv.h>

#include "device/device.h"
#include "vm/gpuvm_types.h"
#include "vm/node_map.h"
#include "vm/va.h"

/* Index of @node's entry in its parent. */
static unsigned int node_index(const struct mirage_node *node)
{
	return mirage_pte_index(node->va, node->level + 1);
}

/* Key of @node in the array of its level. */
static unsigned long node_key(const struct mirage_node *node)
{
	return node->va >> mirage_pte_shift(node->level + 1);
}

/**
 * mirage_node_find() - find the node that covers an address
 * @gpuvm: VM_BIND range of an address space
 * @level: 0 to 2
 * @va: address
 *
 * Context: mirage_gpuvm.lock or .nodes_lock held.
 * Return: the node, or NULL
 */
struct mirage_node *mirage_node_find(struct mirage_gpuvm *gpuvm, unsigned int level, u64 va)
{
	return xa_load(&gpuvm->nodes[level], va >> mirage_pte_shift(level + 1));
}

/*
 * Publish a new node to the driver and the device, with the translation of its parent's entry. Its
 * slot in the xarray is reserved.
 */
static int node_hook(struct mirage_node *node)
{
	struct mirage_gpuvm *gpuvm = node->gpuvm;
	struct mirage_device *mdev = gpuvm->mdev;
	unsigned int index = node_index(node);
	struct mirage_leaf_counts counts = {};
	bool null;

	mirage_gpuvm_lock(gpuvm);
	if (!gpuvm->live) {
		mirage_gpuvm_unlock(gpuvm);
		return -ENODEV;
	}
	null = test_bit(index, node->parent->null);
	if (node->level) {
		u64 pte = null ? mirage_node_null_pte(gpuvm, node->level) : 0;

		if (null)
			bitmap_set(node->null, 0, MIRAGE_PT_ENTRIES);
		mirage_table_fill(mdev, node->table, pte);
		mirage_table_link(mdev, node->parent->table, index, mirage_table_pte(node->table));
	} else if (null) {
		/* The leaf in the parent stays as it is, and belongs to the block from now on. */
		mirage_leaves_map(&to_mirage_bind_block(node)->leaves, 0, MIRAGE_PT_ENTRIES, 0,
				  MIRAGE_PTE_NULL | MIRAGE_PTE_WRITE | MIRAGE_PTE_ATOMIC,
				  &counts);
	}
	clear_bit(index, node->parent->null);
	/* Cannot fail: the slot is reserved. */
	xa_store(&gpuvm->nodes[node->level], node_key(node), node, 0);
	mirage_gpuvm_unlock(gpuvm);
	return 0;
}

/* Remove a node without users from its parent; translations do not change. */
static void node_unhook(struct mirage_node *node)
{
	struct mirage_gpuvm *gpuvm = node->gpuvm;
	unsigned int index = node_index(node);
	bool null;

	mirage_gpuvm_lock(gpuvm);
	if (node->level) {
		null = bitmap_full(node->null, MIRAGE_PT_ENTRIES);
		WARN_ON(!null && !bitmap_empty(node->null, MIRAGE_PT_ENTRIES));
		if (gpuvm->live)
			mirage_table_write(gpuvm->mdev, node->parent->table, index,
					   null ? mirage_node_null_pte(gpuvm, node->level + 1) : 0);
	} else {
		u64 pde = to_mirage_bind_block(node)->leaves.pde;

		null = pde & MIRAGE_PTE_LEAF && pde & MIRAGE_PTE_NULL;
		WARN_ON(!null && pde);
	}
	if (null)
		set_bit(index, node->parent->null);
	xa_erase(&gpuvm->nodes[node->level], node_key(node));
	mirage_gpuvm_unlock(gpuvm);
}

static void node_free(struct mirage_node *node)
{
	mirage_table_free(node->gpuvm->mdev, &node->own);
	if (node->level) {
		kfree(node);
	} else {
		kfree(to_mirage_bind_block(node)->leaves.pte);
		kfree(to_mirage_bind_block(node));
	}
}

/* Drop a use; nodes left without users are then removed from the tables and put on @dead. */
static void node_put(struct mirage_node *node, struct list_head *dead)
{
	struct mirage_node *parent;

	lockdep_assert_held(&node->gpuvm->nodes_lock);

	for (; node->level < MIRAGE_PT_ROOT; node = parent) {
		parent = node->parent;
		if (!atomic_dec_and_test(&node->users))
			return;
		node_unhook(node);
		list_add(&node->dead, dead);
	}
}

/* Wait until no walk is in progress in the @dead nodes, and free them. */
static void node_free_all(struct mirage_gpuvm *gpuvm, struct list_head *dead)
{
	struct mirage_node *node, *next;

	if (list_empty(dead))
		return;
	mirage_gpuvm_lock(gpuvm);
	list_for_each_entry(node, dead, dead)
		mirage_gpuvm_dirty(gpuvm, node->va,
				   node->va + BIT_ULL(mirage_pte_shift(node->level + 1)));
	mirage_gpuvm_unlock(gpuvm);
	list_for_each_entry_safe(node, next, dead, dead)
		node_free(node);
}

static struct mirage_node *node_alloc(struct mirage_gpuvm *gpuvm, unsigned int level)
{
	struct mirage_bind_block *block;
	struct mirage_node *node;
	u64 *pte;

	if (level)
		return kzalloc_obj(*node, GFP_KERNEL_ACCOUNT);

	block = kzalloc_obj(*block, GFP_KERNEL_ACCOUNT);
	pte = kmalloc_objs(*pte, MIRAGE_PT_ENTRIES, GFP_KERNEL_ACCOUNT);
	if (!block || !pte) {
		kfree(block);
		kfree(pte);
		return NULL;
	}
	block->leaves.pte = pte;
	return &block->node;
}

/* Create a node below @parent; takes over the caller's use of @parent. */
static struct mirage_node *node_create(struct mirage_gpuvm *gpuvm, struct mirage_node *parent,
				       unsigned int level, u64 va)
{
	unsigned long key = va >> mirage_pte_shift(level + 1);
	struct mirage_bind_block *block;
	struct mirage_node *node;
	int ret, idx;

	node = node_alloc(gpuvm, level);
	if (!node)
		return ERR_PTR(-ENOMEM);
	node->gpuvm = gpuvm;
	node->parent = parent;
	node->level = level;
	node->va = (u64)key << mirage_pte_shift(level + 1);
	node->table = &node->own;
	atomic_set(&node->users, 1);

	ret = -ENODEV;
	if (!drm_dev_enter(&gpuvm->mdev->drm, &idx))
		goto err_free;
	ret = mirage_table_alloc(gpuvm->mdev, &node->own, SZ_4K);
	if (ret)
		goto err_exit;
	if (!level) {
		block = to_mirage_bind_block(node);
		mirage_leaves_init(&block->leaves, &mirage_bind_sink,
				   mirage_table_pte(&node->own), block->leaves.pte);
	}
	ret = xa_reserve(&gpuvm->nodes[level], key, GFP_KERNEL_ACCOUNT);
	if (ret)
		goto err_exit;
	ret = node_hook(node);
	if (ret)
		goto err_release;
	drm_dev_exit(idx);
	return node;

err_release:
	xa_release(&gpuvm->nodes[level], key);
err_exit:
	drm_dev_exit(idx);
err_free:
	node_free(node);
	return ERR_PTR(ret);
}

static struct mirage_node *node_get(struct mirage_gpuvm *gpuvm, unsigned int level, u64 va)
{
	struct mirage_node *node, *parent;

	lockdep_assert_held(&gpuvm->nodes_lock);

	if (level == MIRAGE_PT_ROOT)
		return &gpuvm->root;
	node = mirage_node_find(gpuvm, level, va);
	if (node) {
		atomic_inc(&node->users);
		return node;
	}
	parent = node_get(gpuvm, level + 1, va);
	if (IS_ERR(parent))
		return parent;
	node = node_create(gpuvm, parent, level, va);
	if (IS_ERR(node)) {
		LIST_HEAD(dead);

		node_put(parent, &dead);
		node_free_all(gpuvm, &dead);
	}
	return node;
}

/**
 * mirage_node_get() - find a node, or create it, and add a use
 * @gpuvm: VM_BIND range of an address space
 * @level: 0 to 2
 * @va: address that it covers
 *
 * Context: may sleep and allocate; takes mirage_gpuvm.nodes_lock.
 * Return: the node, to pass to mirage_node_release(); -ENOMEM, -ENODEV
 */
struct mirage_node *mirage_node_get(struct mirage_gpuvm *gpuvm, unsigned int level, u64 va)
{
	struct mirage_node *node;

	mutex_lock(&gpuvm->nodes_lock);
	node = node_get(gpuvm, level, va);
	mutex_unlock(&gpuvm->nodes_lock);
	return node;
}

/**
 * mirage_node_edges() - list the nodes that a NULL mapping needs
 * @start: its first address
 * @end: its end, exclusive
 * @edges: filled
 *
 * These are the nodes that it covers in part: at each end, one for each size that the end is not
 * aligned to.
 *
 * Return: number of entries in @edges
 */
unsigned int mirage_node_edges(u64 start, u64 end, struct mirage_node_edge edges[MIRAGE_NODE_EDGES])
{
	unsigned int level, shift;
	unsigned int count = 0;

	for (level = 0; level < MIRAGE_PT_ROOT; level++) {
		u64 mask = BIT_ULL(mirage_pte_shift(level + 1)) - 1;

		shift = mirage_pte_shift(level + 1);
		if (start & mask)
			edges[count++] = (struct mirage_node_edge){ level, start };
		if (end & mask && !(start & mask && start >> shift == end >> shift))
			edges[count++] = (struct mirage_node_edge){ level, end };
	}
	return count;
}

/* Add a use to the node, or drop one if @dead is not NULL. */
static void node_count(struct mirage_gpuvm *gpuvm, unsigned int level, u64 va,
		       struct list_head *dead)
{
	struct mirage_node *node = mirage_node_find(gpuvm, level, va);

	if (WARN_ON(!node))
		return;
	if (dead)
		node_put(node, dead);
	else
		atomic_inc(&node->users);
}

/* Add a mapping's uses to its nodes, or drop them if @dead is not NULL. */
static void node_count_va(struct mirage_gpuvm *gpuvm, const struct mirage_va *va,
			  struct list_head *dead)
{
	struct mirage_node_edge edges[MIRAGE_NODE_EDGES];
	u64 start = va->base.va.addr;
	u64 end = start + va->base.va.range;
	unsigned int count;

	if (!(va->base.flags & DRM_GPUVA_SPARSE)) {
		start = ALIGN_DOWN(start, BIT_ULL(MIRAGE_PD1_SHIFT));
		for (; start < end; start += BIT_ULL(MIRAGE_PD1_SHIFT))
			node_count(gpuvm, 0, start, dead);
		return;
	}
	count = mirage_node_edges(start, end, edges);
	while (count--)
		node_count(gpuvm, edges[count].level, edges[count].va, dead);
}

/**
 * mirage_node_use() - add a mapping's uses to its nodes
 * @gpuvm: VM_BIND range of an address space
 * @va: mapping
 *
 * Context: mirage_gpuvm.lock held; the nodes have another user, such as the operation that makes
 * the mapping.
 */
void mirage_node_use(struct mirage_gpuvm *gpuvm, const struct mirage_va *va)
{
	lockdep_assert_held(&gpuvm->lock);
	node_count_va(gpuvm, va, NULL);
}

/**
 * mirage_node_release() - drop uses of nodes
 * @gpuvm: VM_BIND range of an address space
 * @nodes: nodes; each entry is one use
 * @count: number of entries
 * @vas: struct mirage_va of removed mappings, after mirage_node_use(); freed
 *
 * Context: may sleep; takes mirage_gpuvm.nodes_lock; waits for the device, a bounded time.
 */
void mirage_node_release(struct mirage_gpuvm *gpuvm, struct mirage_node **nodes,
			 unsigned int count, struct list_head *vas)
{
	struct mirage_va *va, *next;
	LIST_HEAD(dead);
	unsigned int i;

	mutex_lock(&gpuvm->nodes_lock);
	list_for_each_entry_safe(va, next, vas, node) {
		list_del(&va->node);
		node_count_va(gpuvm, va, &dead);
		kfree(va);
	}
	for (i = 0; i < count; i++)
		node_put(nodes[i], &dead);
	node_free_all(gpuvm, &dead);
	mutex_unlock(&gpuvm->nodes_lock);
}

/**
 * mirage_node_get_null() - allocate the shared tables for NULL mappings, if necessary
 * @gpuvm: VM_BIND range of an address space
 *
 * Context: may sleep and allocate; takes mirage_gpuvm.nodes_lock.
 * Return: 0, -ENOMEM, -ENODEV
 */
int mirage_node_get_null(struct mirage_gpuvm *gpuvm)
{
	struct mirage_device *mdev = gpuvm->mdev;
	unsigned int level;
	int ret = 0;
	int idx;

	if (!drm_dev_enter(&mdev->drm, &idx))
		return -ENODEV;
	mutex_lock(&gpuvm->nodes_lock);
	for (level = 1; level < MIRAGE_PT_ROOT && !ret; level++) {
		struct mirage_table *table = &gpuvm->null[level];

		if (table->size)
			continue;
		ret = mirage_table_alloc(mdev, table, SZ_4K);
		if (ret) {
			table->size = 0;
			break;
		}
		mirage_table_fill(mdev, table, mirage_node_null_pte(gpuvm, level));
	}
	mirage_vram_flush(&mdev->vram);
	mutex_unlock(&gpuvm->nodes_lock);
	drm_dev_exit(idx);
	return ret;
}

/**
 * mirage_node_drop_system() - release memory that must not outlive the driver's binding to the
 * device
 * @gpuvm: VM_BIND range of an address space that the device does not use any more and never will
 *
 * Context: may sleep; takes mirage_gpuvm.nodes_lock and .lock.
 */
void mirage_node_drop_system(struct mirage_gpuvm *gpuvm)
{
	struct mirage_device *mdev = gpuvm->mdev;
	struct mirage_node *node;
	unsigned int level;
	unsigned long key;

	mutex_lock(&gpuvm->nodes_lock);
	mutex_lock(&gpuvm->lock);
	gpuvm->gone = true;
	mutex_unlock(&gpuvm->lock);
	for (level = 0; level < MIRAGE_PT_ROOT; level++) {
		mirage_table_drop_system(mdev, &gpuvm->null[level]);
		xa_for_each(&gpuvm->nodes[level], key, node)
			mirage_table_drop_system(mdev, &node->own);
	}
	mutex_unlock(&gpuvm->nodes_lock);
}

/**
 * mirage_node_init() - set up, with the root as the only node
 * @gpuvm: all zero but for @gpuvm->mdev
 * @root: the address space's PD3, whose memory may be freed once @gpuvm->vm is NULL
 */
void mirage_node_init(struct mirage_gpuvm *gpuvm, struct mirage_table *root)
{
	unsigned int level;

	mutex_init(&gpuvm->lock);
	mutex_init(&gpuvm->nodes_lock);
	/* Reclaim may wait for a notifier, which takes the lock: no allocation under it. */
	fs_reclaim_acquire(GFP_KERNEL);
	might_lock(&gpuvm->lock);
	fs_reclaim_release(GFP_KERNEL);
	for (level = 0; level < MIRAGE_PT_ROOT; level++)
		xa_init(&gpuvm->nodes[level]);
	gpuvm->root.gpuvm = gpuvm;
	gpuvm->root.level = MIRAGE_PT_ROOT;
	gpuvm->root.table = root;
	atomic_set(&gpuvm->root.users, 1);
}

/**
 * mirage_node_fini() - undo mirage_node_init()
 * @gpuvm: VM_BIND range of an address space that has ended, without nodes
 */
void mirage_node_fini(struct mirage_gpuvm *gpuvm)
{
	unsigned int level;

	for (level = 0; level < MIRAGE_PT_ROOT; level++) {
		WARN_ON(!xa_empty(&gpuvm->nodes[level]));
		xa_destroy(&gpuvm->nodes[level]);
		mirage_table_free(gpuvm->mdev, &gpuvm->null[level]);
	}
	mutex_destroy(&gpuvm->nodes_lock);
	mutex_destroy(&gpuvm->lock);
}
