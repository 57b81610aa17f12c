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
 * Leaves with TRACK: the device sets DIRTY in an entry before it writes through it (hw/doc/mmu.md).
 * Three rules keep a mark from being lost:
 *
 * - An entry with TRACK is changed by a store to its lower half. DIRTY is in the upper one, and
 *   stays. An entry that loses TRACK, or a group that loses CONT, is read after these stores; the
 *   device can no longer set it.
 * - A 2 MiB leaf that becomes a table needs another address, in both halves. It loses WRITE first,
 *   then it is read, and then the table replaces it. A write that comes in between faults, and is
 *   replayed; reads go on. Only faulting queues use such leaves.
 * - A PT that becomes a 2 MiB leaf keeps its marks, and stays current: no entry with TRACK becomes
 *   stale.
 *
 * A mark that was read is noted for each page of the leaf, until the page has been unmapped and its owner
 * takes the note. A leaf has one mark: pages of 64 KiB or 2 MiB are written together.
 *
 * Rejected: reading tables back from VRAM instead of keeping a copy. Each read of a write-combined
 * BAR stalls for about a microsecond on real machines. So only entries with TRACK are read, when
 * they are taken away, and not if all their pages are known as written.
 * Rejected: atomic exchange of entries. Processors have none for memory behind PCI Express.
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

/* May the device be marking this entry as dirty? */
static bool leaves_tracked(u64 pte)
{
	return (pte & MIRAGE_PTE_LEAF) && (pte & MIRAGE_PTE_TRACK);
}

/* Can the entry be changed by a store to its lower half? */
static bool leaves_same_upper(u64 old, u64 new)
{
	return !(new & MIRAGE_PTE_VALID) || !((old ^ new) >> 32);
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

/* Store an entry of the copy to the PT. */
static void leaves_store(struct mirage_leaves *leaves, unsigned int index, u64 old)
{
	u64 pte = leaves->pte[index];

	if (leaves_tracked(old) && leaves_same_upper(old, pte))
		leaves->sink->change_pte(leaves, index, pte);
	else
		leaves->sink->write_pte(leaves, index, pte);
}

/* Note what is known of the old translation of a page, or that its entry has to be asked. */
static void leaves_note(struct mirage_leaves *leaves, unsigned int index, u64 old, bool split)
{
	unsigned long bit = 1ul << (index % 64);
	u64 new = leaves->pte[index];

	if (leaves_tracked(old)) {
		if (!leaves_same_upper(old, new))
			leaves->written[index / 64] |= bit;
		else if (leaves->synced && (split || !leaves_tracked(new)))
			leaves->ask[index / 64] |= bit;
	} else if ((old & MIRAGE_PTE_WRITE) && !(new & MIRAGE_PTE_WRITE)) {
		/* Nothing tells whether it was written. */
		leaves->written[index / 64] |= bit;
	}
}

/* Ask the entries of one group; a mark counts for all 16 if they had CONT. */
static void leaves_ask_group(struct mirage_leaves *leaves, unsigned int group)
{
	unsigned int word = group * GROUP / 64, shift = group * GROUP % 64;
	bool split = leaves->split >> group & 1;
	unsigned long ask = leaves->ask[word];
	unsigned long dirty = 0;
	unsigned int i;

	/* The entry of a page that is known as written may have the mark of its neighbours. */
	if (!split || (leaves->written[word] >> shift & 0xffff) == 0xffff)
		ask &= ~leaves->written[word];
	for (i = 0; i < GROUP; i++) {
		if ((ask >> (shift + i) & 1) &&
		    leaves->sink->dirty_pte(leaves, group * GROUP + i))
			dirty |= 1ul << (shift + i);
	}
	if (dirty && split)
		dirty = 0xfffful << shift;
	leaves->written[word] |= dirty;
}

/* Read the entries that have lost TRACK or CONT. The device can no longer set their marks. */
static void leaves_ask(struct mirage_leaves *leaves)
{
	unsigned int word, group;
	bool ordered = false;

	for (word = 0; word < MIRAGE_LEAVES_WORDS; word++) {
		if (!leaves->ask[word])
			continue;
		if (!ordered)
			leaves->sink->order(leaves);
		ordered = true;
		for (group = word * 64 / GROUP; group < (word + 1) * 64 / GROUP; group++)
			leaves_ask_group(leaves, group);
		leaves->ask[word] = 0;
	}
	leaves->split = 0;
}

/* Set pages first..last (inside one group) to consecutive entries from pte, or to 0. */
static void leaves_update_group(struct mirage_leaves *leaves, unsigned int first,
				unsigned int last, u64 pte)
{
	unsigned int group = first & ~(GROUP - 1u);
	u64 old[GROUP];
	unsigned int i;
	bool cont, split;

	memcpy(old, &leaves->pte[group], sizeof(old));
	for (i = first; i <= last; i++)
		leaves_set_page(leaves, i, pte ? pte + (i - first) * PAGE_BYTES : 0);

	cont = leaves_uniform(leaves, group, GROUP);
	split = !cont && (old[0] & MIRAGE_PTE_CONT);
	if (split && leaves->synced)
		leaves->split |= 1u << group / GROUP;
	for (i = 0; i < GROUP; i++) {
		u64 *entry = &leaves->pte[group + i];

		if (cont)
			*entry |= MIRAGE_PTE_CONT;
		else
			*entry &= ~MIRAGE_PTE_CONT;
		leaves_note(leaves, group + i, old[i], split);
		if (leaves->synced && *entry != old[i])
			leaves_store(leaves, group + i, old[i]);
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

/* Take TRACK from the 2 MiB leaf, which may become @pde afterwards, and read its mark. */
static void leaves_release_pde(struct mirage_leaves *leaves, u64 pde)
{
	const u64 rights = MIRAGE_PTE_WRITE | MIRAGE_PTE_ATOMIC | MIRAGE_PTE_TRACK;

	leaves->sink->change_pde(leaves, pde & MIRAGE_PTE_VALID ? leaves->pde & ~rights : 0);
	leaves->sink->order(leaves);
	if (leaves->sink->dirty_pde(leaves))
		memset(leaves->written, 0xff, sizeof(leaves->written));
}

static void leaves_set_pde(struct mirage_leaves *leaves, u64 pde)
{
	u64 old = leaves->pde;

	if (old == pde)
		return;
	if (leaves_tracked(old) && leaves_tracked(pde) && leaves_same_upper(old, pde)) {
		leaves->pde = pde;
		leaves->sink->change_pde(leaves, pde);
		return;
	}
	if (leaves_tracked(old))
		leaves_release_pde(leaves, pde);
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
		/* A cached translation that is not tracked leaves no marks. */
		if ((old & MIRAGE_PTE_WRITE) && (new & ~old & MIRAGE_PTE_TRACK))
			return true;
	}
	return false;
}

/* May the PT become stale? Not if the device may still mark its entries. */
static bool leaves_may_expire(const struct mirage_leaves *leaves)
{
	unsigned int i;

	for (i = 0; leaves->synced && i < MIRAGE_PT_ENTRIES; i++) {
		if (leaves_tracked(leaves->pte[i]))
			return false;
	}
	return true;
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

	if (npages == MIRAGE_PT_ENTRIES && !(addr & (BLOCK_BYTES - 1)) &&
	    leaves_may_expire(leaves)) {
		/* The PT is only written when the leaf is split; most leaves never are. */
		leaves->synced = false;
		for (i = 0; i < MIRAGE_PT_ENTRIES; i++) {
			u64 old = leaves->pte[i];

			leaves_set_page(leaves, i, (pte + i * PAGE_BYTES) | MIRAGE_PTE_CONT);
			leaves_note(leaves, i, old, false);
		}
		leaves_set_pde(leaves, pte);
		counts->pages_2m++;
		return replaces;
	}

	leaves_update(leaves, index, npages, pte);
	if (leaves_uniform(leaves, 0, MIRAGE_PT_ENTRIES)) {
		leaves_set_pde(leaves, leaves->pte[0] & ~MIRAGE_PTE_CONT);
		counts->pages_2m++;
	} else {
		leaves_use_table(leaves);
		leaves_count(leaves, index, npages, counts);
	}
	leaves_ask(leaves);
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

	if (!rest && npages > CLEAR_MAX && leaves_may_expire(leaves))
		leaves->synced = false;
	leaves_update(leaves, index, npages, 0);
	if (rest)
		leaves_use_table(leaves);
	else
		leaves_set_pde(leaves, 0);
	leaves_ask(leaves);
	return true;
}

/**
 * mirage_leaves_take_written() - find out which unmapped pages the device has written
 * @leaves: block
 * @pages: pages that were unmapped
 * @written: out: those of them that were written while they were mapped, or may have been: because
 *	they were mapped for writing without MIRAGE_PTE_TRACK, or together with one that was written
 */
void mirage_leaves_take_written(struct mirage_leaves *leaves,
				const unsigned long pages[MIRAGE_LEAVES_WORDS],
				unsigned long written[MIRAGE_LEAVES_WORDS])
{
	unsigned int i;

	for (i = 0; i < MIRAGE_LEAVES_WORDS; i++) {
		written[i] = leaves->written[i] & pages[i];
		leaves->written[i] &= ~pages[i];
	}
}
