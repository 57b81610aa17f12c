// SPDX-License-Identifier: GPL-2.0
/*
 * Looking at page tables: the answer is what the device would find, read from the very
 * tables in VRAM and not from the driver's copy, so that a difference shows up.
 *
 * mirage_pt.lock keeps every table where it is during a walk; entries may change meanwhile, as they
 * may for the device.
 */
#include "mirage_pt.h"

#include <drm/drm_drv.h>
#include <drm/drm_print.h>
#include <drm/mirage_drm.h>

#include "mirage_device_types.h"

static u64 walk_read(struct mirage_pt *pt, u64 table, u64 va, unsigned int shift)
{
	return mirage_vram_read64(&pt->mdev->vram,
				  table + mirage_pte_index(va, shift) * sizeof(u64));
}

static u8 walk_flags(u64 pte)
{
	u8 flags = DRM_MIRAGE_SVM_PAGE_VALID;

	if (pte & MIRAGE_PTE_WRITE)
		flags |= DRM_MIRAGE_SVM_PAGE_WRITE;
	if (pte & MIRAGE_PTE_ATOMIC)
		flags |= DRM_MIRAGE_SVM_PAGE_ATOMIC;
	if (!(pte & MIRAGE_PTE_SYSTEM))
		flags |= DRM_MIRAGE_SVM_PAGE_VRAM;
	return flags;
}

/* The PD1 entry for @va, or 0. */
static u64 walk_pde(struct mirage_pt *pt, u64 va)
{
	u64 entry;

	entry = walk_read(pt, pt->root.offset, va, MIRAGE_PD3_SHIFT);
	if (!(entry & MIRAGE_PTE_VALID))
		return 0;
	entry = walk_read(pt, mirage_pte_addr(entry), va, MIRAGE_PD2_SHIFT);
	if (!(entry & MIRAGE_PTE_VALID))
		return 0;
	entry = walk_read(pt, mirage_pte_addr(entry), va, MIRAGE_PD1_SHIFT);
	return entry & MIRAGE_PTE_VALID ? entry : 0;
}

static u8 walk_page(struct mirage_pt *pt, u64 pde, u64 va)
{
	u64 pte;

	if (!pde)
		return 0;
	if (pde & MIRAGE_PTE_LEAF)
		return walk_flags(pde) | DRM_MIRAGE_SVM_PAGE_2M;
	pte = walk_read(pt, mirage_pte_addr(pde), va, MIRAGE_PT_SHIFT);
	if (!(pte & MIRAGE_PTE_VALID))
		return 0;
	return walk_flags(pte) | (pte & MIRAGE_PTE_CONT ? DRM_MIRAGE_SVM_PAGE_64K : 0);
}

/**
 * mirage_pt_query() - what the tables hold for a range
 * @pt: page tables
 * @addr: first address, 4 KiB aligned
 * @npages: number of 4 KiB pages
 * @pages: out: DRM_MIRAGE_SVM_PAGE_* of each
 *
 * Context: may sleep; takes mirage_pt.lock. Between drm_dev_enter() and drm_dev_exit().
 */
void mirage_pt_query(struct mirage_pt *pt, u64 addr, unsigned int npages, u8 *pages)
{
	u64 pde = 0;
	unsigned int i;

	mutex_lock(&pt->lock);
	for (i = 0; i < npages; i++, addr += 1ull << MIRAGE_PAGE_SHIFT) {
		if (!i || !mirage_pte_index(addr, MIRAGE_PT_SHIFT))
			pde = walk_pde(pt, addr);
		pages[i] = walk_page(pt, pde, addr);
	}
	mutex_unlock(&pt->lock);
}

static void walk_dump_row(struct drm_printer *p, u64 va, unsigned int npages, u8 flags)
{
	drm_printf(p, "  %#014llx..%#014llx %4u pages %c%c%c %s %s\n", va,
		   va + ((u64)npages << MIRAGE_PAGE_SHIFT), npages, 'r',
		   flags & DRM_MIRAGE_SVM_PAGE_WRITE ? 'w' : '-',
		   flags & DRM_MIRAGE_SVM_PAGE_ATOMIC ? 'a' : '-',
		   flags & DRM_MIRAGE_SVM_PAGE_VRAM ? "vram" : "system",
		   flags & DRM_MIRAGE_SVM_PAGE_2M  ? "2M" :
		   flags & DRM_MIRAGE_SVM_PAGE_64K ? "64K" :
						     "4K");
}

static void walk_dump_block(struct mirage_pt *pt, struct drm_printer *p, u64 start)
{
	u64 pde = walk_pde(pt, start);
	unsigned int i, first = 0;
	u8 flags = 0;

	for (i = 0; i <= MIRAGE_PT_ENTRIES; i++) {
		u64 va = start + ((u64)i << MIRAGE_PAGE_SHIFT);
		u8 next = i < MIRAGE_PT_ENTRIES ? walk_page(pt, pde, va) : 0;

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
 * mirage_pt_dump() - print all that is mapped
 * @pt: page tables
 * @p: where to
 *
 * Context: may sleep; takes mirage_pt.lock. Between drm_dev_enter() and drm_dev_exit().
 */
void mirage_pt_dump(struct mirage_pt *pt, struct drm_printer *p)
{
	struct mirage_pt_dir *dir;
	unsigned long number;
	unsigned int i;

	mutex_lock(&pt->lock);
	xa_for_each(&pt->pd1s, number, dir) {
		for (i = 0; i < MIRAGE_PT_ENTRIES; i++) {
			if (READ_ONCE(dir->blocks[i]))
				walk_dump_block(pt, p,
						dir->va + ((u64)i << MIRAGE_PAGE_2M_SHIFT));
		}
	}
	mutex_unlock(&pt->lock);
}
