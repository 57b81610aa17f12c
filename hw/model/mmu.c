// SPDX-License-Identifier: MIT
/*
 * Translation follows hw/doc/mmu.md: the TLB first; on a miss, or when the
 * cached permissions do not do, a walk. Only translations that succeed are
 * cached, so a driver that makes a page present need not invalidate.
 *
 * Tables lie in memory that the guest changes at any time. Each entry is read
 * once, atomically, and everything is decided on that copy. A write through a
 * leaf with TRACK puts DIRTY into the entry by compare-and-swap with that copy,
 * so the device never revives an entry that the guest has changed.
 */
#include "device.h"
#include "mmu.h"

struct level {
	unsigned int shift;
	u32 entries;
	bool leaf;	/* an entry may be a leaf */
	bool table;	/* an entry may point to a table */
};

static const struct level levels[MIRAGE_PT_LEVELS] = {
	{ MIRAGE_PD3_SHIFT, MIRAGE_PD3_ENTRIES, false, true },
	{ MIRAGE_PD2_SHIFT, MIRAGE_PT_ENTRIES, false, true },
	{ MIRAGE_PD1_SHIFT, MIRAGE_PT_ENTRIES, true, true },
	{ MIRAGE_PT_SHIFT, MIRAGE_PT_ENTRIES, true, false },
};

#define LEAF_ONLY (MIRAGE_PTE_WRITE | MIRAGE_PTE_ATOMIC | MIRAGE_PTE_CONT | MIRAGE_PTE_NULL | \
		   MIRAGE_PTE_TRACK | MIRAGE_PTE_DIRTY)

_Static_assert(MIRAGE_PTE_SYSTEM == MIRAGE_PHYS_SYSTEM << 1, "pte_phys() moves this bit");

/* Memory behind null pages: reading one place and writing another keeps the zeroes clean. */
static const u8 null_zeroes[MMU_NULL_SIZE] __attribute__((aligned(MMU_NULL_SIZE)));
u8 mmu_null_sink[MMU_NULL_SIZE] __attribute__((aligned(MMU_NULL_SIZE)));

/* A leaf, and the entry that it was found in. */
struct found {
	u64 leaf;		/* its address is that of the page's first byte */
	unsigned int shift;	/* log2 of the page size */
	u64 phys;		/* where the entry is */
	u64 entry;		/* what was read there */
};

/* The physical pointer in an entry. */
static u64 pte_phys(u64 pte)
{
	return (pte & MIRAGE_PTE_ADDR) | (pte & MIRAGE_PTE_SYSTEM) >> 1;
}

static bool read_entry(struct device *dev, u64 phys, u64 *entry)
{
	const u64 *p = phys_ptr(dev, phys, sizeof(*p), false);

	if (!p)
		return false;
	*entry = __atomic_load_n(p, __ATOMIC_ACQUIRE);
	return true;
}

static bool leaf_malformed(u64 pte, const struct level *level, u64 va)
{
	if ((pte & MIRAGE_PTE_ATOMIC) && !(pte & MIRAGE_PTE_WRITE))
		return true;
	if (level->shift == MIRAGE_PD1_SHIFT)
		return (pte & MIRAGE_PTE_CONT) ||
		       (!(pte & MIRAGE_PTE_NULL) &&
			(pte & MIRAGE_PTE_ADDR & (((u64)1 << MIRAGE_PD1_SHIFT) - 1)));
	/* Its place in the 64 KiB page must be that of its address, where it has one. */
	return (pte & MIRAGE_PTE_CONT) && !(pte & MIRAGE_PTE_NULL) &&
	       ((pte ^ va) >> MIRAGE_PAGE_SHIFT) % MIRAGE_CONT_ENTRIES;
}

/* The root of a VM, in the form of a directory entry. */
static int read_root(struct device *dev, u32 vm, u64 *root)
{
	u64 desc = dev->queues.vm_table + vm * sizeof(struct mirage_vm_desc);
	u64 reserved;

	if (!read_entry(dev, desc + offsetof(struct mirage_vm_desc, root), root) ||
	    !read_entry(dev, desc + offsetof(struct mirage_vm_desc, rsvd), &reserved)) {
		device_halt(dev, MIRAGE_DEV_BUS);
		return MIRAGE_FAULT_BUS;
	}
	if (!(*root & MIRAGE_PTE_VALID))
		return MIRAGE_FAULT_NOT_PRESENT;
	/* PD3 has two pages and is aligned to its size. */
	if (reserved || (*root & (MIRAGE_PTE_RESERVED | MIRAGE_PTE_LEAF | LEAF_ONLY)) ||
	    (*root & MIRAGE_PTE_ADDR & (MIRAGE_PD3_ENTRIES * sizeof(u64) - 1)))
		return MIRAGE_FAULT_MALFORMED;
	return 0;
}

static int walk(struct device *dev, u32 vm, u64 va, struct found *found)
{
	u64 pte;
	int ret;

	if (va >> MIRAGE_VA_BITS)
		return MIRAGE_FAULT_RANGE;
	dev->perf[PERF_TLB_WALKS]++;
	ret = read_root(dev, vm, &pte);
	if (ret)
		return ret;
	for (unsigned int i = 0; i < MIRAGE_PT_LEVELS; i++) {
		const struct level *level = &levels[i];
		u64 index = va >> level->shift & (level->entries - 1);

		found->phys = pte_phys(pte) + index * sizeof(u64);
		if (!read_entry(dev, found->phys, &pte))
			return MIRAGE_FAULT_BUS;
		if (!(pte & MIRAGE_PTE_VALID))
			return MIRAGE_FAULT_NOT_PRESENT;
		if (pte & MIRAGE_PTE_RESERVED)
			return MIRAGE_FAULT_MALFORMED;
		if (pte & MIRAGE_PTE_LEAF) {
			if (!level->leaf || leaf_malformed(pte, level, va))
				return MIRAGE_FAULT_MALFORMED;
			found->shift = level->shift;
			break;
		}
		if (!level->table || (pte & LEAF_ONLY))
			return MIRAGE_FAULT_MALFORMED;
	}
	found->entry = pte;
	if (pte & MIRAGE_PTE_CONT) {
		found->shift = MIRAGE_PAGE_64K_SHIFT;
		pte &= ~(u64)((MIRAGE_CONT_ENTRIES - 1) << MIRAGE_PAGE_SHIFT);
	}
	found->leaf = pte;
	return 0;
}

int mmu_walk(struct device *dev, u32 vm, u64 va, u64 *leaf, unsigned int *shift)
{
	struct found found;
	int ret = walk(dev, vm, va, &found);

	if (ret)
		return ret;
	*leaf = found.leaf;
	*shift = found.shift;
	return 0;
}

static bool writes(enum mirage_access access)
{
	return access == MIRAGE_ACCESS_WRITE || access == MIRAGE_ACCESS_ATOMIC;
}

/* The access writes, and nothing records yet that the page was written. */
static bool lacks_dirty(u64 leaf, enum mirage_access access)
{
	return writes(access) && (leaf & MIRAGE_PTE_TRACK) &&
	       !(leaf & (MIRAGE_PTE_DIRTY | MIRAGE_PTE_NULL));
}

/* Set DIRTY in the entry of @found. Returns 0 with *@again if the entry has changed. */
static int set_dirty(struct device *dev, struct found *found, bool *again)
{
	u64 *place = phys_ptr(dev, found->phys, sizeof(*place), true);

	if (!place)
		return MIRAGE_FAULT_BUS;
	*again = !__atomic_compare_exchange_n(place, &found->entry,
					      found->entry | MIRAGE_PTE_DIRTY, false,
					      __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
	found->leaf |= MIRAGE_PTE_DIRTY;
	return 0;
}

/* The fault kind if @leaf does not allow @access, or 0. */
static int denied(u64 leaf, enum mirage_access access)
{
	switch (access) {
	case MIRAGE_ACCESS_READ:
	case MIRAGE_ACCESS_FETCH:
		return 0;
	case MIRAGE_ACCESS_ATOMIC:
		if (!(leaf & MIRAGE_PTE_WRITE))
			return MIRAGE_FAULT_WRITE;
		return leaf & MIRAGE_PTE_ATOMIC ? 0 : MIRAGE_FAULT_ATOMIC;
	case MIRAGE_ACCESS_WRITE:
		return leaf & MIRAGE_PTE_WRITE ? 0 : MIRAGE_FAULT_WRITE;
	}
	return MIRAGE_FAULT_MALFORMED;
}

/* Check permissions and find the memory behind a leaf. */
static int use_leaf(struct device *dev, u64 leaf, unsigned int shift, u64 va,
		    enum mirage_access access, u64 *len, void **host)
{
	u64 offset = va & (((u64)1 << shift) - 1);
	bool write = writes(access);
	int ret = denied(leaf, access);

	if (ret)
		return ret;
	*len = min_u64(*len, ((u64)1 << shift) - offset);
	if (leaf & MIRAGE_PTE_NULL) {
		offset = va % MMU_NULL_SIZE;
		*len = min_u64(*len, MMU_NULL_SIZE - offset);
		*host = write ? mmu_null_sink + offset : (u8 *)null_zeroes + offset;
		return 0;
	}
	*host = phys_run(dev, leaf & MIRAGE_PTE_SYSTEM, (leaf & MIRAGE_PTE_ADDR) + offset, len, write);
	return *host ? 0 : MIRAGE_FAULT_BUS;
}

/* Walk until an entry serves the access, and has DIRTY if it must. */
static int walk_for(struct device *dev, u32 vm, u64 va, enum mirage_access access,
		    struct found *found, u64 *len, void **host)
{
	u64 wanted = *len;
	bool again;
	int ret;

	do {
		again = false;
		*len = wanted;
		ret = walk(dev, vm, va, found);
		if (!ret)
			ret = use_leaf(dev, found->leaf, found->shift, va, access, len, host);
		if (!ret && lacks_dirty(found->leaf, access))
			ret = set_dirty(dev, found, &again);
	} while (!ret && again);
	return ret;
}

int mmu_access(struct device *dev, u32 vm, u64 va, enum mirage_access access, u64 *len,
	       void **host)
{
	struct tlb_entry *entry;
	struct found found;
	unsigned int shift;
	int ret;

	if (va >> MIRAGE_VA_BITS)
		return MIRAGE_FAULT_RANGE;
	entry = tlb_find(&dev->tlb, vm, va, &shift);
	if (entry) {
		if (!lacks_dirty(entry->leaf, access) &&
		    !use_leaf(dev, entry->leaf, shift, va, access, len, host)) {
			dev->perf[PERF_TLB_HITS]++;
			return 0;
		}
		/*
		 * The tables may allow more by now: that must not need an invalidation. And a
		 * write goes only through an entry that has DIRTY in the tables.
		 */
		tlb_drop(&dev->tlb, entry, shift);
	}
	ret = walk_for(dev, vm, va, access, &found, len, host);
	if (!ret)
		tlb_add(&dev->tlb, vm, va, found.shift, found.leaf);
	return ret;
}
