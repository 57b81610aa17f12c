/* SPDX-License-Identifier: MIT */
/* GPU virtual addresses: page-table walk and translation. */
#ifndef MODEL_MMU_H
#define MODEL_MMU_H

#include "hw/pte.h"
#include "util.h"

struct device;

/*
 * Null pages have memory of their own in this process: zeroes to read, and a sink to write
 * to. The sink holds what anyone has written last: nothing may be read there.
 */
#define MMU_NULL_SIZE 0x10000u
extern u8 mmu_null_sink[MMU_NULL_SIZE];

/**
 * mmu_walk() - walk the page tables of @vm, without the TLB.
 * @leaf: set to the leaf entry; its address is that of the page's first byte
 * @shift: set to log2 of the page size: 12, 16 or 21
 *
 * Permissions are not looked at. Context: device lock held.
 * Returns 0 or an enum mirage_fault_kind.
 */
int mmu_walk(struct device *dev, u32 vm, u64 va, u64 *leaf, unsigned int *shift);

/**
 * mmu_access() - translate @va in @vm for @access.
 * @len: wanted bytes; set to how many of them lie in one piece from *@host on.
 *       At least those up to the end of the 4 KiB page.
 * @host: set to the place in this process, good until the device lock is released. For
 *        WRITE and ATOMIC it may be in mmu_null_sink; for READ and FETCH it must not be written.
 *
 * Context: device lock held. Returns 0 or an enum mirage_fault_kind.
 */
int mmu_access(struct device *dev, u32 vm, u64 va, enum mirage_access access, u64 *len,
	       void **host);

#endif /* MODEL_MMU_H */
