// SPDX-License-Identifier: MIT
/*
 * Three set-associative tables, one for each page size, so that a lookup costs
 * at most three probes whatever the mixture of sizes. They are large on
 * purpose: a driver that forgets an invalidation must meet its stale entry
 * again, and not be saved by replacement. Rejected: one table with a size in
 * the tag, which cannot be probed without knowing the size.
 */
#include <stdlib.h>
#include <string.h>

#include "hw/pte.h"
#include "tlb.h"

#define TLB_VALID	((u64)1 << 63)
#define TLB_VM_SHIFT	40

static const struct {
	unsigned int shift;
	u32 sets;
} tlb_geometry[TLB_NR_SIZES] = {
	[TLB_4K] = { MIRAGE_PAGE_SHIFT, 8192 },
	[TLB_64K] = { MIRAGE_PAGE_64K_SHIFT, 1024 },
	[TLB_2M] = { MIRAGE_PAGE_2M_SHIFT, 512 },
};

void tlb_init(struct tlb *tlb)
{
	for (int i = 0; i < TLB_NR_SIZES; i++) {
		struct tlb_table *t = &tlb->table[i];

		t->shift = tlb_geometry[i].shift;
		t->sets = tlb_geometry[i].sets;
		t->used = 0;
		t->entries = xcalloc((size_t)t->sets * TLB_WAYS, sizeof(*t->entries));
		t->victim = xcalloc(t->sets, sizeof(*t->victim));
	}
}

void tlb_fini(struct tlb *tlb)
{
	for (int i = 0; i < TLB_NR_SIZES; i++) {
		free(tlb->table[i].entries);
		free(tlb->table[i].victim);
	}
}

static u64 tlb_tag(u32 vm, u64 page)
{
	return page | (u64)vm << TLB_VM_SHIFT | TLB_VALID;
}

/* Neighbouring pages lie in neighbouring sets; VMs with the same layout are spread. */
static struct tlb_entry *tlb_set(const struct tlb_table *t, u32 vm, u64 page, u32 *set)
{
	*set = (u32)(page ^ page >> 20 ^ (u64)vm * 0x9e37) & (t->sets - 1);
	return &t->entries[(size_t)*set * TLB_WAYS];
}

static struct tlb_entry *tlb_probe(const struct tlb_table *t, u32 vm, u64 page)
{
	u64 tag = tlb_tag(vm, page);
	struct tlb_entry *e;
	u32 set;

	e = tlb_set(t, vm, page, &set);
	for (int way = 0; way < TLB_WAYS; way++)
		if (e[way].tag == tag)
			return &e[way];
	return NULL;
}

struct tlb_entry *tlb_find(struct tlb *tlb, u32 vm, u64 va, unsigned int *shift)
{
	for (int i = TLB_NR_SIZES - 1; i >= 0; i--) {
		const struct tlb_table *t = &tlb->table[i];
		struct tlb_entry *e;

		if (!t->used)
			continue;
		e = tlb_probe(t, vm, va >> t->shift);
		if (e) {
			*shift = t->shift;
			return e;
		}
	}
	return NULL;
}

static struct tlb_table *tlb_table(struct tlb *tlb, unsigned int shift)
{
	return &tlb->table[shift == MIRAGE_PAGE_SHIFT ? TLB_4K :
			   shift == MIRAGE_PAGE_64K_SHIFT ? TLB_64K : TLB_2M];
}

void tlb_add(struct tlb *tlb, u32 vm, u64 va, unsigned int shift, u64 leaf)
{
	struct tlb_table *t = tlb_table(tlb, shift);
	u64 page = va >> shift;
	struct tlb_entry *e;
	u32 set;
	int way;

	e = tlb_set(t, vm, page, &set);
	for (way = 0; way < TLB_WAYS; way++)
		if (!e[way].tag)
			break;
	if (way == TLB_WAYS) {
		way = t->victim[set];
		t->victim[set] = (u8)((way + 1) % TLB_WAYS);
	} else {
		t->used++;
	}
	e[way].tag = tlb_tag(vm, page);
	e[way].leaf = leaf;
}

void tlb_drop(struct tlb *tlb, struct tlb_entry *entry, unsigned int shift)
{
	entry->tag = 0;
	tlb_table(tlb, shift)->used--;
}

/* Drop the entries of pages @first to @last by looking at each entry of the table. */
static u32 tlb_scan(struct tlb_table *t, u32 vm, u64 first, u64 last)
{
	u32 dropped = 0;

	for (size_t i = 0; i < (size_t)t->sets * TLB_WAYS; i++) {
		u64 tag = t->entries[i].tag;
		u64 page = tag & (((u64)1 << TLB_VM_SHIFT) - 1);

		if (!tag || (tag & ~TLB_VALID) >> TLB_VM_SHIFT != vm || page < first || page > last)
			continue;
		t->entries[i].tag = 0;
		dropped++;
	}
	t->used -= dropped;
	return dropped;
}

/* The same by probing for each page. */
static u32 tlb_probe_range(struct tlb_table *t, u32 vm, u64 first, u64 last)
{
	u32 dropped = 0;

	for (u64 page = first; page <= last; page++) {
		struct tlb_entry *e = tlb_probe(t, vm, page);

		if (e) {
			e->tag = 0;
			dropped++;
		}
	}
	t->used -= dropped;
	return dropped;
}

u32 tlb_drop_range(struct tlb *tlb, u32 vm, u64 va, u64 size)
{
	u32 dropped = 0;

	if (!size)
		return 0;
	for (int i = 0; i < TLB_NR_SIZES; i++) {
		struct tlb_table *t = &tlb->table[i];
		u64 first = va >> t->shift;
		u64 last = (va + size - 1) >> t->shift;

		if (!t->used)
			continue;
		if (last - first < t->sets)
			dropped += tlb_probe_range(t, vm, first, last);
		else
			dropped += tlb_scan(t, vm, first, last);
	}
	return dropped;
}

u32 tlb_drop_vm(struct tlb *tlb, u32 vm)
{
	u32 dropped = 0;

	for (int i = 0; i < TLB_NR_SIZES; i++)
		if (tlb->table[i].used)
			dropped += tlb_scan(&tlb->table[i], vm, 0, UINT64_MAX);
	return dropped;
}

void tlb_drop_all(struct tlb *tlb)
{
	for (int i = 0; i < TLB_NR_SIZES; i++) {
		struct tlb_table *t = &tlb->table[i];

		memset(t->entries, 0, (size_t)t->sets * TLB_WAYS * sizeof(*t->entries));
		t->used = 0;
	}
}
