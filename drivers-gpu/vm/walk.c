// SPDX-License-Identifier: GPL-2.0
/*
 * Walks of page tables for debugging. They read what the device would find, from the tables
 * themselves and not from the driver's copy, so that a difference shows up.
 *
 * Each entry that points to a table is compared with the known address of that table; one that
 * points anywhere else counts as invalid. So a walk never leaves the tables, whatever they contain.
 *
 * mirage_pt.lock and mirage_gpuvm.nodes_lock keep every table in place during a walk; entries may
 * change meanwhile, as they may for the device.
 */
#include <drm/drm_print.h>
#include <drm/mirage_drm.h>

#include "device/device.h"
#include "vm/gpuvm_types.h"
#include "vm/node.h"
#include "vm/space.h"

static void walk_lock(struct mirage_vm *vm)
{
	mutex_lock(&vm->pt.lock);
	mutex_lock(&vm->gpuvm->nodes_lock);
}

static void walk_unlock(struct mirage_vm *vm)
{
	mutex_unlock(&vm->gpuvm->nodes_lock);
	mutex_unlock(&vm->pt.lock);
}

/* The table of a level that covers @va. */
static struct mirage_table *walk_table(struct mirage_vm *vm, unsigned int level, u64 va)
{
	struct mirage_node *node;

	if (!(va >> MIRAGE_VA_MIRROR_BITS))
		return mirage_pt_find(&vm->pt, level, va);
	node = mirage_node_find(vm->gpuvm, level, va);
	return node ? node->table : NULL;
}

/* The table of @level that @entry points to, or NULL if it points to none of ours. */
static struct mirage_table *walk_down(struct mirage_vm *vm, unsigned int level, u64 va, u64 entry)
{
	struct mirage_table *table = walk_table(vm, level, va);
	struct mirage_table *null = &vm->gpuvm->null[level];

	if (table && entry == mirage_table_pte(table))
		return table;
	if (va >> MIRAGE_VA_MIRROR_BITS && null->size && entry == mirage_table_pte(null))
		return null;
	return NULL;
}

static u64 walk_read(struct mirage_vm *vm, const struct mirage_table *table, unsigned int level,
		     u64 va)
{
	u64 entry = mirage_table_read(vm->mdev, table, mirage_pte_index(va, level));

	return entry & MIRAGE_PTE_VALID ? entry : 0;
}

/* The PD1 entry for @va, or 0. */
static u64 walk_pde(struct mirage_vm *vm, u64 va)
{
	const struct mirage_table *table = &vm->pt.root;
	unsigned int level;

	for (level = MIRAGE_PT_ROOT; level > 1; level--) {
		table = walk_down(vm, level - 1, va, walk_read(vm, table, level, va));
		if (!table)
			return 0;
	}
	return walk_read(vm, table, 1, va);
}

static u8 walk_flags(u64 pte)
{
	u8 flags = DRM_MIRAGE_SVM_PAGE_VALID;

	if (pte & MIRAGE_PTE_WRITE)
		flags |= DRM_MIRAGE_SVM_PAGE_WRITE;
	if (pte & MIRAGE_PTE_ATOMIC)
		flags |= DRM_MIRAGE_SVM_PAGE_ATOMIC;
	if (pte & MIRAGE_PTE_NULL)
		flags |= DRM_MIRAGE_SVM_PAGE_NULL;
	else if (!(pte & MIRAGE_PTE_SYSTEM))
		flags |= DRM_MIRAGE_SVM_PAGE_VRAM;
	return flags;
}

static u8 walk_page(struct mirage_vm *vm, u64 pde, u64 va)
{
	const struct mirage_table *table;
	u64 pte;

	if (!pde)
		return 0;
	if (pde & MIRAGE_PTE_LEAF)
		return walk_flags(pde) | DRM_MIRAGE_SVM_PAGE_2M;
	table = walk_down(vm, 0, va, pde);
	if (!table)
		return 0;
	pte = walk_read(vm, table, 0, va);
	if (!pte)
		return 0;
	return walk_flags(pte) | (pte & MIRAGE_PTE_CONT ? DRM_MIRAGE_SVM_PAGE_64K : 0);
}

/**
 * mirage_walk_query() - read the tables for a range
 * @vm: address space
 * @addr: first address, 4 KiB aligned
 * @npages: number of 4 KiB pages
 * @pages: out: DRM_MIRAGE_SVM_PAGE_* of each
 *
 * Context: may sleep; takes mirage_pt.lock and mirage_gpuvm.nodes_lock. Between drm_dev_enter()
 * and drm_dev_exit().
 */
void mirage_walk_query(struct mirage_vm *vm, u64 addr, unsigned int npages, u8 *pages)
{
	u64 pde = 0;
	unsigned int i;

	walk_lock(vm);
	for (i = 0; i < npages; i++, addr += 1ull << MIRAGE_PAGE_SHIFT) {
		if (!i || !mirage_pte_index(addr, 0))
			pde = walk_pde(vm, addr);
		pages[i] = walk_page(vm, pde, addr);
	}
	walk_unlock(vm);
}

static void walk_dump_row(struct drm_printer *p, u64 va, unsigned int npages, u8 flags)
{
	drm_printf(p, "  %#014llx..%#014llx %4u pages %c%c%c %s %s\n", va,
		   va + ((u64)npages << MIRAGE_PAGE_SHIFT), npages, 'r',
		   flags & DRM_MIRAGE_SVM_PAGE_WRITE ? 'w' : '-',
		   flags & DRM_MIRAGE_SVM_PAGE_ATOMIC ? 'a' : '-',
		   flags & DRM_MIRAGE_SVM_PAGE_NULL ? "null" :
		   flags & DRM_MIRAGE_SVM_PAGE_VRAM ? "vram" :
						      "system",
		   flags & DRM_MIRAGE_SVM_PAGE_2M  ? "2M" :
		   flags & DRM_MIRAGE_SVM_PAGE_64K ? "64K" :
						     "4K");
}

static void walk_dump_block(struct mirage_vm *vm, struct drm_printer *p, u64 start)
{
	u64 pde = walk_pde(vm, start);
	unsigned int i, first = 0;
	u8 flags = 0;

	for (i = 0; i <= MIRAGE_PT_ENTRIES; i++) {
		u64 va = start + ((u64)i << MIRAGE_PAGE_SHIFT);
		u8 next = i < MIRAGE_PT_ENTRIES ? walk_page(vm, pde, va) : 0;

		if (i && next == flags)
			continue;
		if (flags)
			walk_dump_row(p, start + ((u64)first << MIRAGE_PAGE_SHIFT), i - first,
				      flags);
		first = i;
		flags = next;
	}
}

/**
 * mirage_walk_dump() - print the tables, except NULL mappings as large as a table
 * @vm: address space
 * @p: printer
 *
 * Context: may sleep; takes mirage_pt.lock and mirage_gpuvm.nodes_lock. Between drm_dev_enter()
 * and drm_dev_exit().
 */
void mirage_walk_dump(struct mirage_vm *vm, struct drm_printer *p)
{
	struct mirage_pt_dir *dir;
	struct mirage_node *node;
	unsigned long number;
	unsigned int i;

	walk_lock(vm);
	xa_for_each(&vm->pt.dirs[1], number, dir) {
		for (i = 0; i < MIRAGE_PT_ENTRIES; i++) {
			if (READ_ONCE(dir->blocks[i]))
				walk_dump_block(vm, p,
						dir->va + ((u64)i << MIRAGE_PAGE_2M_SHIFT));
		}
	}
	xa_for_each(&vm->gpuvm->nodes[0], number, node)
		walk_dump_block(vm, p, node->va);
	walk_unlock(vm);
}
