/* SPDX-License-Identifier: MIT */
/*
 * Page-table format of the mirage GPU.
 *
 * Virtual addresses have 49 bits: the lower 2^47 bytes mirror a process's own,
 * the rest is for buffer objects. Four levels of 64-bit little-endian entries:
 *
 *   level  index bits  entries  an entry covers  may be a leaf
 *   PD3    48..39      1024     512 GiB          no   (root: 8 KiB, 8 KiB aligned)
 *   PD2    38..30      512      1 GiB            no
 *   PD1    29..21      512      2 MiB            yes  (MIRAGE_PTE_LEAF)
 *   PT     20..12      512      4 KiB            always; 16 in a row with CONT make 64 KiB
 *
 * Model followed: x86-64's radix tree with one index width, and the contiguous
 * hint of the Arm architecture for 64 KiB. Rejected: a second page-table format
 * for 64 KiB pages (dual page tables as on NVIDIA's GPUs): it doubles every
 * structure in model and driver for the sake of eight bytes in a table.
 */
#ifndef HW_PTE_H
#define HW_PTE_H

#include <linux/types.h>

#define MIRAGE_VA_BITS		49
#define MIRAGE_VA_MIRROR_BITS	47
#define MIRAGE_PAGE_SHIFT	12
#define MIRAGE_PAGE_64K_SHIFT	16
#define MIRAGE_PAGE_2M_SHIFT	21

#define MIRAGE_PT_LEVELS	4
#define MIRAGE_PD3_SHIFT	39
#define MIRAGE_PD2_SHIFT	30
#define MIRAGE_PD1_SHIFT	21
#define MIRAGE_PT_SHIFT		12
#define MIRAGE_PD3_ENTRIES	1024
#define MIRAGE_PT_ENTRIES	512
#define MIRAGE_CONT_ENTRIES	16

/* In every entry. An entry without VALID is ignored by the device: its other bits belong to software. */
#define MIRAGE_PTE_VALID	(1ull << 0)
/* The address is a bus address (system memory); otherwise an offset into VRAM. */
#define MIRAGE_PTE_SYSTEM	(1ull << 1)
/* In a PD1 entry: a 2 MiB page and not a table. Set in a PT entry too; never in PD3 and PD2. */
#define MIRAGE_PTE_LEAF		(1ull << 2)
/* Leaves only: what may be done besides reading. ATOMIC without WRITE is malformed. */
#define MIRAGE_PTE_WRITE	(1ull << 3)
#define MIRAGE_PTE_ATOMIC	(1ull << 4)
/*
 * PT leaves only: this entry is one of 16 with consecutive, 64 KiB aligned
 * addresses and the same bits. The device may use any one of them for all 64 KiB.
 */
#define MIRAGE_PTE_CONT		(1ull << 5)
/*
 * Leaves only: nothing is behind the page. Reads give zeroes, writes are dropped, atomics give zero and
 * store nothing. Rights count as in any leaf; the address and SYSTEM are ignored.
 */
#define MIRAGE_PTE_NULL		(1ull << 6)
/*
 * Leaves only: before the first write through this entry the device sets DIRTY in it, by compare-and-swap. Counts
 * with WRITE and without NULL. DIRTY lies in the upper half of the entry and the flags in the lower one: so a store
 * to the lower half takes rights away and keeps DIRTY. Without TRACK the device does not look at DIRTY.
 */
#define MIRAGE_PTE_TRACK	(1ull << 7)
#define MIRAGE_PTE_DIRTY	(1ull << 63)
/* Bits 51..12: the address; of a 2 MiB leaf bits 20..12 are 0. */
#define MIRAGE_PTE_ADDR		0x000ffffffffff000ull
/* A valid entry with one of these set is malformed. */
#define MIRAGE_PTE_RESERVED	(~(MIRAGE_PTE_ADDR | MIRAGE_PTE_DIRTY | 0xffull))

/*
 * Kinds of access, the values of mirage_fault_entry.access: name, number, and a word for messages. X() makes one
 * element of a list with commas.
 */
#define MIRAGE_ACCESSES(X) \
	X(READ, 0, "read"), \
	X(WRITE, 1, "write"), \
	X(ATOMIC, 2, "atomic"), \
	/* packets, instructions, dispatch descriptors, arguments: needs what READ needs */ \
	X(FETCH, 3, "fetch")

/* Why a translation failed; the values of mirage_fault_entry.kind. */
#define MIRAGE_FAULT_KINDS(X) \
	/* an entry on the way has no VALID */ \
	X(NOT_PRESENT, 1, "not present"), \
	/* WRITE or ATOMIC access, leaf without WRITE */ \
	X(WRITE, 2, "not writable"), \
	/* ATOMIC access, leaf with WRITE but without ATOMIC */ \
	X(ATOMIC, 3, "no atomics"), \
	/* reserved bits, LEAF where none may be, misaligned address */ \
	X(MALFORMED, 4, "malformed entry"), \
	/* the virtual address has more than 49 bits */ \
	X(RANGE, 5, "address out of range"), \
	/* a table or the page lies outside VRAM or at no bus address */ \
	X(BUS, 6, "bus error")

#define MIRAGE_ACCESS_VALUE(name, value, text)	MIRAGE_ACCESS_##name = (value)
#define MIRAGE_FAULT_VALUE(name, value, text)	MIRAGE_FAULT_##name = (value)

enum mirage_access {
	MIRAGE_ACCESSES(MIRAGE_ACCESS_VALUE)
};

enum mirage_fault_kind {
	MIRAGE_FAULT_KINDS(MIRAGE_FAULT_VALUE)
};

#undef MIRAGE_ACCESS_VALUE
#undef MIRAGE_FAULT_VALUE

#endif /* HW_PTE_H */
