// SPDX-License-Identifier: GPL-2.0
/*
 * The leaves of one 2 MiB block: which leaf size each page gets, and in which order entries are
 * written so that the device sees no wrong translation in between.
 *
 * Model: the block always has a PT, allocated before anything is mapped, and a copy of the PT in
 * system memory always holds an entry for each page. A 2 MiB leaf in PD1 overrides the PT (mm calls
 * that a deposited page table), so splitting it allocates nothing and, if the PT is current, takes
 * one store. 64 KiB leaves are the CONT bit of 16 entries.
 *
 * A block's PD1 entry, and the leaves behind it:
 *
 *                      map some pages                  all 512 pages are uniform (below)
 *      pde = 0 -----------------------> pde = table --------------------------> pde = leaf
 *   no page mapped <------------------ PT: 4 KiB and <------------------------- one 2 MiB leaf
 *      |   ^       unmap the last page  64 KiB leaves   unmap or replace some      ^      |
 *      |   |                                            pages: a split             |      |
 *      |   '------------------------ unmap all pages ------------------------------|------'
 *      '---------------------------- map 512 uniform pages ------------------------'
 *
 * Pages are uniform if all are mapped with the same rights, to consecutive addresses in the same
 * memory, from an address on that is aligned to the size of the leaf. Each group of 16 that changes
 * has CONT in the copy if it is uniform, also below a 2 MiB leaf.
 *
 * 1) Some pages of a 2 MiB leaf are unmapped, or get another translation. Only the groups that are
 *    no longer uniform fall apart. The copy is changed first, and the PT with it if it is current;
 *    else the whole PT is written. Then one store to PD1 makes the split visible.
 *
 *         0       64K     128K    192K                 2M
 *    old: |-------------------------------...----------|   pde = leaf
 *
 *                   u
 *    req:           |-|
 *
 *    new: |-------|.| |...|-------|-----...----|-------|   pde = table
 *          64 KiB  4 KiB   64 KiB               64 KiB
 *
 * 2) Some pages of a 64 KiB leaf are unmapped, or get another translation. All 16 entries are
 *    written: the changed ones, and the others without CONT.
 *
 *         0                               64K
 *    old: |-------------------------------|   16 entries with CONT
 *
 *                u
 *    req:       |-|
 *
 *    new: |.|.|.| |.|.|.|.|.|.|.|.|.|.|.|.|   4 KiB leaves
 *
 * 3) The last page comes that makes a group uniform. All 16 entries get CONT.
 *
 *    old: |.|.|.| |.|.|.|.|.|.|.|.|.|.|.|.|
 *
 *                u
 *    req:       |-|
 *
 *    new: |-------------------------------|   16 entries with CONT
 *
 * 4) The same for the whole block. The PT is updated, and stays current: the next split need not
 *    write all of it. Then one store to PD1 makes the 2 MiB leaf.
 *
 *    old: |-------|.| |...|-------|-----...----|-------|   pde = table
 *
 *                   u
 *    req:           |-|
 *
 *    new: |-------------------------------...----------|   pde = leaf
 *
 * 5) A map of all 512 pages, uniform, makes the 2 MiB leaf in one store, whatever was there. The PT
 *    becomes stale.
 *
 * The order of stores inside a group of 16 does not matter. A CONT entry may translate for its
 * neighbours, but a group only gets CONT when all 16 pages are mapped with the same rights. While a
 * group loses CONT because some of its pages are unmapped, the device may still translate those
 * pages by a neighbour; the flush that follows each unmap covers the unmapped pages, and drops TLB
 * entries that overlap them.
 *
 * Rejected: reading tables back from VRAM instead of keeping a copy. Each read of a write-combined
 * BAR stalls for about a microsecond on real machines.
 */
#include "mmu/leaves.h"

#define GROUP		MIRAGE_CONT_ENTRIES
#define GROUP_BYTES	(1ull << MIRAGE_PAGE_64K_SHIFT)
#define PAGE_BYTES	(1ull << MIRAGE_PAGE_SHIFT)
#define BLOCK_BYTES	(1ull << MIRAGE_PAGE_2M_SHIFT)

/* Above this many pages, emptying a block marks the PT as stale instead of clearing its entries. */
#define CLEAR_MAX	64

static_assert(sizeof(unsigned long) == sizeof(u64), "bitmaps have 64-bit words");

/**
 * mirage_leaves_init() - set up a block without mappings
 * @leaves: block
 * @sink: where entries are written
 * @table: PD1 entry that points to the block's PT, whose content may be undefined
 * @pte: array of MIRAGE_PT_ENTRIES entries, owned by the caller
 */
void mirage_leaves_init(struct mirage_leaves *leaves, const struct mirage_leaves_sink *sink,
			u64 table, u64 *pte)
{
	memset(leaves, 0, sizeof(*leaves));
	memset(pte, 0, MIRAGE_PT_ENTRIES * sizeof(*pte));
	leaves->sink = sink;
	leaves->table = table;
	leaves->pte = pte;
}

static bool leaves_test(const unsigned long *bitmap, unsigned int index)
{
	return bitmap[index / 64] >> (index % 64) & 1;
}

static void leaves_set_page(struct mirage_leaves *leaves, unsigned int index, u64 pte)
{
	unsigned long bit = 1ul << (index % 64);

	leaves->pte[index] = pte;
	if (pte & MIRAGE_PTE_VALID)
		leaves->valid[index / 64] |= bit;
	else
		leaves->valid[index / 64] &= ~bit;
	if (pte & MIRAGE_PTE_WRITE)
		leaves->writable[index / 64] |= bit;
	else
		leaves->writable[index / 64] &= ~bit;
}

/* Do the npages entries from index form one leaf of that size, apart from CONT? */
static bool leaves_uniform(const struct mirage_leaves *leaves, unsigned int index,
			   unsigned int npages)
{
	u64 first = leaves->pte[index] & ~MIRAGE_PTE_CONT;
	unsigned int i;

	if (!(first & MIRAGE_PTE_VALID) || mirage_pte_addr(first) & (npages * PAGE_BYTES - 1))
		return false;
	for (i = 1; i < npages; i++) {
		if ((leaves->pte[index + i] & ~MIRAGE_PTE_CONT) != first + i * PAGE_BYTES)
			return false;
	}
	return true;
}

/* Set pages first..last (inside one group) to consecutive entries from pte, or to 0. */
static void leaves_update_group(struct mirage_leaves *leaves, unsigned int first,
				unsigned int last, u64 pte)
{
	unsigned int group = first & ~(GROUP - 1u);
	u64 old[GROUP];
	unsigned int i;
	bool cont;

	memcpy(old, &leaves->pte[group], sizeof(old));
	for (i = first; i <= last; i++)
		leaves_set_page(leaves, i, pte ? pte + (i - first) * PAGE_BYTES : 0);

	cont = leaves_uniform(leaves, group, GROUP);
	for (i = 0; i < GROUP; i++) {
		u64 *entry = &leaves->pte[group + i];

		if (cont)
			*entry |= MIRAGE_PTE_CONT;
		else
			*entry &= ~MIRAGE_PTE_CONT;
		if (leaves->synced && *entry != old[i])
			leaves->sink->write_pte(leaves, group + i, *entry);
	}
}

static void leaves_update(struct mirage_leaves *leaves, unsigned int index, unsigned int npages,
			  u64 pte)
{
	unsigned int end = index + npages;
	unsigned int first = index;

	while (first < end) {
		unsigned int last = first | (GROUP - 1u);

		if (last >= end)
			last = end - 1;
		leaves_update_group(leaves, first, last,
				    pte ? pte + (first - index) * PAGE_BYTES : 0);
		first = last + 1;
	}
}

static void leaves_set_pde(struct mirage_leaves *leaves, u64 pde)
{
	if (leaves->pde == pde)
		return;
	leaves->pde = pde;
	leaves->sink->write_pde(leaves, pde);
}

/* Update the PT, and point the PD1 entry to it. */
static void leaves_use_table(struct mirage_leaves *leaves)
{
	unsigned int i;

	if (!leaves->synced) {
		for (i = 0; i < MIRAGE_PT_ENTRIES; i++)
			leaves->sink->write_pte(leaves, i, leaves->pte[i]);
		leaves->synced = true;
	}
	leaves_set_pde(leaves, leaves->table);
}

/* Do these pages need a flush, because the device may have cached another translation? */
static bool leaves_replaces(const struct mirage_leaves *leaves, unsigned int index,
			    unsigned int npages, u64 pte)
{
	unsigned int i;

	for (i = 0; i < npages; i++) {
		u64 old = leaves->pte[index + i] & ~MIRAGE_PTE_CONT;
		u64 new = pte + i * PAGE_BYTES;

		if (!(old & MIRAGE_PTE_VALID))
			continue;
		/* The same number may be an address in either memory, or in a NULL leaf. */
		if ((old ^ new) & (MIRAGE_PTE_ADDR | MIRAGE_PTE_SYSTEM | MIRAGE_PTE_NULL))
			return true;
		if (old & ~new)
			return true;
	}
	return false;
}

static void leaves_count(const struct mirage_leaves *leaves, unsigned int index,
			 unsigned int npages, struct mirage_leaf_counts *counts)
{
	unsigned int end = index + npages;
	unsigned int i = index;

	while (i < end) {
		if (leaves->pte[i] & MIRAGE_PTE_CONT) {
			counts->pages_64k++;
			i = (i | (GROUP - 1u)) + 1;
		} else {
			counts->pages_4k++;
			i++;
		}
	}
}

/**
 * mirage_leaves_map() - map pages that are contiguous on both sides
 * @leaves: block
 * @index: first page, in pages from the start of the block
 * @npages: number of pages, at least 1, inside the block
 * @addr: bus address or VRAM offset of the first page, 4 KiB aligned
 * @rights: bits of MIRAGE_PTE_RIGHTS
 * @counts: the leaves that now cover the pages are added to it
 *
 * A mapped page may gain rights without a flush, since a permission miss makes the device walk
 * again. If its address changes or it loses rights it has to be flushed. Until then it has its old
 * or its new translation, and never none.
 *
 * Return: true if one of the pages has to be flushed from the TLB
 */
bool mirage_leaves_map(struct mirage_leaves *leaves, unsigned int index, unsigned int npages,
		       u64 addr, u64 rights, struct mirage_leaf_counts *counts)
{
	u64 pte = mirage_pte_leaf(addr, rights);
	bool replaces = leaves_replaces(leaves, index, npages, pte);
	unsigned int i;

	if (npages == MIRAGE_PT_ENTRIES && !(addr & (BLOCK_BYTES - 1))) {
		/* The PT is only written when the leaf is split; most leaves never are. */
		for (i = 0; i < MIRAGE_PT_ENTRIES; i++)
			leaves_set_page(leaves, i, (pte + i * PAGE_BYTES) | MIRAGE_PTE_CONT);
		leaves->synced = false;
		leaves_set_pde(leaves, pte);
		counts->pages_2m++;
		return replaces;
	}

	leaves_update(leaves, index, npages, pte);
	if (leaves_uniform(leaves, 0, MIRAGE_PT_ENTRIES)) {
		leaves_set_pde(leaves, leaves->pte[0] & ~MIRAGE_PTE_CONT);
		counts->pages_2m++;
		return replaces;
	}
	leaves_use_table(leaves);
	leaves_count(leaves, index, npages, counts);
	return replaces;
}

/**
 * mirage_leaves_unmap() - unmap pages
 * @leaves: block
 * @index: first page, in pages from the start of the block
 * @npages: number of pages, at least 1, inside the block
 *
 * All other pages stay mapped without interruption, in smaller leaves where a leaf lost pages. The
 * caller has to flush the unmapped pages from the TLB.
 *
 * Return: true if one of the pages was mapped
 */
bool mirage_leaves_unmap(struct mirage_leaves *leaves, unsigned int index, unsigned int npages)
{
	bool any = false;
	bool rest = false;
	unsigned int i;

	for (i = 0; i < MIRAGE_PT_ENTRIES; i++) {
		if (!leaves_test(leaves->valid, i))
			continue;
		if (i >= index && i < index + npages)
			any = true;
		else
			rest = true;
	}
	if (!any)
		return false;

	if (!rest && npages > CLEAR_MAX)
		leaves->synced = false;
	leaves_update(leaves, index, npages, 0);
	if (rest)
		leaves_use_table(leaves);
	else
		leaves_set_pde(leaves, 0);
	return true;
}
