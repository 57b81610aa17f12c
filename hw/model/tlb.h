/* SPDX-License-Identifier: MIT */
/* Cached translations. */
#ifndef MODEL_TLB_H
#define MODEL_TLB_H

#include "util.h"

#define TLB_WAYS 4

/* The sizes of page that an entry can translate, each in a table of its own. */
enum tlb_size {
	TLB_4K,
	TLB_64K,
	TLB_2M,
	TLB_NR_SIZES
};

struct tlb_entry {
	u64 tag;	/* page number | VM << TLB_VM_SHIFT | TLB_VALID; 0: free */
	u64 leaf;	/* the leaf's flags, and the address of the page's first byte */
};

struct tlb_table {
	struct tlb_entry *entries;	/* sets x TLB_WAYS */
	u8 *victim;			/* for each set the way replaced next */
	u32 sets;			/* power of two */
	u32 used;			/* entries in use */
	unsigned int shift;		/* log2 of the page size */
};

/* Protected by the device's lock. */
struct tlb {
	struct tlb_table table[TLB_NR_SIZES];
};

void tlb_init(struct tlb *tlb);
void tlb_fini(struct tlb *tlb);

/**
 * tlb_find() - the entry that translates @va in @vm, or NULL.
 * @shift: set to log2 of its page size
 *
 * The entry stays good until the next call that changes the TLB.
 */
struct tlb_entry *tlb_find(struct tlb *tlb, u32 vm, u64 va, unsigned int *shift);

/** tlb_add() - cache @leaf for the page of 2^@shift bytes that holds @va. */
void tlb_add(struct tlb *tlb, u32 vm, u64 va, unsigned int shift, u64 leaf);

/** tlb_drop() - drop the entry that tlb_find() found for @va in @vm. */
void tlb_drop(struct tlb *tlb, struct tlb_entry *entry, unsigned int shift);

/** tlb_drop_range() - drop the entries of @vm that overlap [@va, @va + @size). Returns how many. */
u32 tlb_drop_range(struct tlb *tlb, u32 vm, u64 va, u64 size);

/** tlb_drop_vm() - drop all entries of @vm. Returns how many. */
u32 tlb_drop_vm(struct tlb *tlb, u32 vm);

/** tlb_drop_all() - as after reset. */
void tlb_drop_all(struct tlb *tlb);

#endif /* MODEL_TLB_H */
