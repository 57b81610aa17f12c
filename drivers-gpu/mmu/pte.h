/* SPDX-License-Identifier: GPL-2.0 */
/* Encoding of page-table entries. Pure. */
#ifndef MIRAGE_PTE_H
#define MIRAGE_PTE_H

#include "device/pure.h"

#include <hw/pte.h>

/** MIRAGE_PTE_RIGHTS: bits of a leaf for the page's memory and access rights. */
#define MIRAGE_PTE_RIGHTS	\
	(MIRAGE_PTE_SYSTEM | MIRAGE_PTE_WRITE | MIRAGE_PTE_ATOMIC | MIRAGE_PTE_NULL | \
	 MIRAGE_PTE_TRACK)

/** MIRAGE_PT_ROOT: level of the root (PD3); 2 is a PD2, 1 a PD1, 0 the PT of a 2 MiB block. */
#define MIRAGE_PT_ROOT	(MIRAGE_PT_LEVELS - 1)

u64 mirage_pte_leaf(u64 addr, u64 rights);
u64 mirage_pte_table(u64 offset);
unsigned int mirage_pte_shift(unsigned int level);
unsigned int mirage_pte_index(u64 va, unsigned int level);

/**
 * mirage_pte_addr() - get the address from an entry
 * @pte: entry
 */
static inline u64 mirage_pte_addr(u64 pte)
{
	return pte & MIRAGE_PTE_ADDR;
}

#endif /* MIRAGE_PTE_H */
