// SPDX-License-Identifier: GPL-2.0
/*
 * Encoding of page-table entries: the only code that converts an address and rights to the 64 bits
 * that the hardware document (hw/pte.h) defines.
 *
 * Rejected: a C bit-field structure. The compiler decides its layout, and an entry has to be one
 * 64-bit store.
 */
#include "mmu/pte.h"

/**
 * mirage_pte_leaf() - encode a leaf entry
 * @addr: bus address (with MIRAGE_PTE_SYSTEM in @rights) or offset into VRAM, aligned to the page
 * @rights: bits of MIRAGE_PTE_RIGHTS; MIRAGE_PTE_ATOMIC and MIRAGE_PTE_TRACK count only together
 *	with MIRAGE_PTE_WRITE
 *
 * The same encoding serves PT and PD1: the table determines whether it means 4 KiB or 2 MiB. Only
 * mmu/leaves.c adds MIRAGE_PTE_CONT, because it knows the neighbours.
 */
u64 mirage_pte_leaf(u64 addr, u64 rights)
{
	if (!(rights & MIRAGE_PTE_WRITE))
		rights &= ~(MIRAGE_PTE_ATOMIC | MIRAGE_PTE_TRACK);
	return MIRAGE_PTE_VALID | MIRAGE_PTE_LEAF | (addr & MIRAGE_PTE_ADDR) |
	       (rights & MIRAGE_PTE_RIGHTS);
}

/**
 * mirage_pte_table() - encode an entry that points to a table of the next level
 * @offset: offset of the table in VRAM, 4 KiB aligned
 */
u64 mirage_pte_table(u64 offset)
{
	return MIRAGE_PTE_VALID | (offset & MIRAGE_PTE_ADDR);
}

/**
 * mirage_pte_shift() - log2 of the bytes that one entry covers
 * @level: level of the table, 0 to MIRAGE_PT_ROOT; @level + 1 gives what a table of @level covers
 */
unsigned int mirage_pte_shift(unsigned int level)
{
	static_assert(MIRAGE_PD2_SHIFT - MIRAGE_PD1_SHIFT == MIRAGE_PD1_SHIFT - MIRAGE_PT_SHIFT &&
			      MIRAGE_PD3_SHIFT - MIRAGE_PD2_SHIFT ==
				      MIRAGE_PD1_SHIFT - MIRAGE_PT_SHIFT,
		      "all levels below the root have the same index width");

	return MIRAGE_PT_SHIFT + level * (MIRAGE_PD1_SHIFT - MIRAGE_PT_SHIFT);
}

/**
 * mirage_pte_index() - index of the entry that covers an address
 * @va: GPU virtual address of at most MIRAGE_VA_BITS bits
 * @level: level of the table, 0 to MIRAGE_PT_ROOT
 */
unsigned int mirage_pte_index(u64 va, unsigned int level)
{
	unsigned int entries = level == MIRAGE_PT_ROOT ? MIRAGE_PD3_ENTRIES : MIRAGE_PT_ENTRIES;

	return (va >> mirage_pte_shift(level)) & (entries - 1);
}
