// SPDX-License-Identifier: MIT
/* Page-table walk, TLB and invalidation, through the copy engine and directly. */
#include <pthread.h>
#include <sched.h>

#include "fixture.h"

#define VM 5
#define VA 0x7f1234567000ull

static struct fixture f;

/* Walk and expect success. */
static u64 walk(u64 va, unsigned int *shift)
{
	u64 leaf;

	lock_acquire(&f.dev->lock);
	CHECK_EQ(mmu_walk(f.dev, VM, va, &leaf, shift), 0);
	lock_release(&f.dev->lock);
	return leaf;
}

static int access_kind(u64 va, enum mirage_access access)
{
	u64 len = 1;
	void *host;
	int kind;

	lock_acquire(&f.dev->lock);
	kind = mmu_access(f.dev, VM, va, access, &len, &host);
	lock_release(&f.dev->lock);
	return kind;
}

static void *access_host(u64 va, enum mirage_access access, u64 *len)
{
	void *host;

	lock_acquire(&f.dev->lock);
	CHECK_EQ(mmu_access(f.dev, VM, va, access, len, &host), 0);
	lock_release(&f.dev->lock);
	return host;
}

/* The device has reached the memory that the guest knows as @guest. */
static bool same(const void *host, const void *guest)
{
	u64 len;
	const u8 *ram = dma_find(&f.dev->dma, FIXTURE_RAM_BASE, false, &len);

	if ((const u8 *)guest >= f.ram && (const u8 *)guest < f.ram + FIXTURE_RAM_SIZE)
		return (const u8 *)host - ram == (const u8 *)guest - f.ram;
	return host == guest;
}

static void start(void)
{
	fixture_start(&f);
	fixture_vm(&f, VM);
}

static void leaf_sizes(void)
{
	static const unsigned int shifts[] = { 12, 16, 21 };

	start();
	for (unsigned int i = 0; i < ARRAY_SIZE(shifts); i++) {
		u64 size = 1ull << shifts[i];
		u64 va = (0x100000000000ull + i * MiB(2)) & ~(size - 1);

		for (int vram = 0; vram < 2; vram++) {
			u64 phys = vram ? fixture_alloc_vram(&f, size) : fixture_alloc(&f, size);
			u64 at = va + (u64)vram * MiB(64);
			unsigned int shift;
			u64 leaf, len = UINT64_MAX;

			fixture_map(&f, VM, at, phys, shifts[i], FIXTURE_RWA);
			leaf = walk(at + size - 1, &shift);
			CHECK_EQ(shift, shifts[i]);
			CHECK_EQ(leaf & MIRAGE_PTE_ADDR, phys & MIRAGE_PHYS_ADDR & ~0xfffull);
			CHECK_EQ(!(leaf & MIRAGE_PTE_SYSTEM), vram);
			/* The first and the last byte, and how far one piece reaches. */
			CHECK(same(access_host(at, MIRAGE_ACCESS_ATOMIC, &len),
				   fixture_ptr(&f, phys)));
			CHECK_EQ(len, size);
			len = UINT64_MAX;
			CHECK(same(access_host(at + size - 3, MIRAGE_ACCESS_READ, &len),
				   (u8 *)fixture_ptr(&f, phys) + size - 3));
			CHECK_EQ(len, 3);
		}
	}
	fixture_close(&f);
}

static void each_level_not_present(void)
{
	start();
	fixture_map_new(&f, VM, VA);
	for (unsigned int level = 0; level < MIRAGE_PT_LEVELS; level++) {
		u64 *entry = fixture_entry(&f, VM, VA, level);
		u64 saved = *entry;

		/* Without VALID every other bit belongs to software. */
		*entry = ~MIRAGE_PTE_VALID;
		CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_READ), MIRAGE_FAULT_NOT_PRESENT);
		*entry = saved;
	}
	CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_READ), 0);
	f.vms[VM].root &= ~MIRAGE_PTE_VALID;
	CHECK_EQ(access_kind(VA + MiB(1), MIRAGE_ACCESS_READ), MIRAGE_FAULT_NOT_PRESENT);
	fixture_close(&f);
}

static void each_level_outside_memory(void)
{
	static const u64 nowhere[] = {
		MIRAGE_PTE_VALID | FIXTURE_VRAM_SIZE,
		MIRAGE_PTE_VALID | MIRAGE_PTE_SYSTEM | (FIXTURE_RAM_BASE + FIXTURE_RAM_SIZE),
		MIRAGE_PTE_VALID | MIRAGE_PTE_SYSTEM | MIRAGE_PTE_ADDR,
		MIRAGE_PTE_VALID | MIRAGE_PTE_ADDR,
	};

	start();
	fixture_map_new(&f, VM, VA);
	for (unsigned int level = 0; level < MIRAGE_PT_LEVELS; level++)
		for (unsigned int i = 0; i < ARRAY_SIZE(nowhere); i++) {
			u64 *entry = fixture_entry(&f, VM, VA, level);
			u64 saved = *entry;

			*entry = nowhere[i] | (level == 3 ? MIRAGE_PTE_LEAF : 0);
			CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_READ), MIRAGE_FAULT_BUS);
			*entry = saved;
		}
	fixture_close(&f);
}

static void each_level_malformed(void)
{
	start();
	fixture_map_new(&f, VM, VA);
	for (unsigned int level = 0; level < MIRAGE_PT_LEVELS; level++) {
		u64 *entry = fixture_entry(&f, VM, VA, level);
		u64 saved = *entry;

		for (unsigned int bit = 0; bit < 64; bit++) {
			if (!(MIRAGE_PTE_RESERVED >> bit & 1))
				continue;
			*entry = saved | 1ull << bit;
			CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_READ), MIRAGE_FAULT_MALFORMED);
		}
		if (level < 3) {
			/* Bits that only leaves have. */
			for (u64 flag = MIRAGE_PTE_WRITE; flag <= MIRAGE_PTE_TRACK; flag <<= 1) {
				*entry = saved | flag;
				CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_READ),
					 MIRAGE_FAULT_MALFORMED);
			}
			*entry = saved | MIRAGE_PTE_DIRTY;
			CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_READ), MIRAGE_FAULT_MALFORMED);
		}
		if (level < 2) {
			*entry = saved | MIRAGE_PTE_LEAF;
			CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_READ), MIRAGE_FAULT_MALFORMED);
		}
		*entry = saved;
	}
	fixture_close(&f);
}

static void leaf_malformed(void)
{
	u64 *pt, *pd1, big;

	start();
	fixture_map_new(&f, VM, VA);
	pt = fixture_entry(&f, VM, VA, 3);
	*pt &= ~MIRAGE_PTE_LEAF;
	CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_READ), MIRAGE_FAULT_MALFORMED);
	*pt = (*pt | MIRAGE_PTE_LEAF | MIRAGE_PTE_ATOMIC) & ~MIRAGE_PTE_WRITE;
	CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_READ), MIRAGE_FAULT_MALFORMED);

	/* A 2 MiB leaf that is not aligned, or with CONT. */
	big = fixture_alloc_vram(&f, MiB(2));
	fixture_map(&f, VM, VA + MiB(8), big, 21, FIXTURE_RWA);
	pd1 = fixture_entry(&f, VM, VA + MiB(8), 2);
	*pd1 |= KiB(4);
	CHECK_EQ(access_kind(VA + MiB(8), MIRAGE_ACCESS_READ), MIRAGE_FAULT_MALFORMED);
	*pd1 = (*pd1 & ~KiB(4)) | MIRAGE_PTE_CONT;
	CHECK_EQ(access_kind(VA + MiB(8), MIRAGE_ACCESS_READ), MIRAGE_FAULT_MALFORMED);

	/* An entry with CONT whose address is not at its place in the 64 KiB. */
	fixture_map(&f, VM, 0, fixture_alloc(&f, KiB(64)), 16, FIXTURE_RWA);
	*fixture_entry(&f, VM, KiB(8), 3) ^= KiB(4);
	CHECK_EQ(access_kind(KiB(8), MIRAGE_ACCESS_READ), MIRAGE_FAULT_MALFORMED);
	fixture_close(&f);
}

static void root_malformed(void)
{
	u64 root;

	start();
	fixture_map_new(&f, VM, VA);
	root = f.vms[VM].root;
	for (u64 bad = MIRAGE_PTE_LEAF; bad <= KiB(4); bad <<= 1) {
		f.vms[VM].root = root | bad;
		CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_READ), MIRAGE_FAULT_MALFORMED);
	}
	f.vms[VM].root = root | 1ull << 52;
	CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_READ), MIRAGE_FAULT_MALFORMED);
	f.vms[VM].root = root;
	f.vms[VM].rsvd = 1;
	CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_READ), MIRAGE_FAULT_MALFORMED);
	f.vms[VM].rsvd = 0;
	CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_READ), 0);
	fixture_close(&f);
}

static void range(void)
{
	start();
	fixture_map_new(&f, VM, (1ull << 49) - KiB(4));
	CHECK_EQ(access_kind((1ull << 49) - 1, MIRAGE_ACCESS_READ), 0);
	CHECK_EQ(access_kind(1ull << 49, MIRAGE_ACCESS_READ), MIRAGE_FAULT_RANGE);
	CHECK_EQ(access_kind(UINT64_MAX, MIRAGE_ACCESS_READ), MIRAGE_FAULT_RANGE);
	fixture_close(&f);
}

static void permissions(void)
{
	static const struct {
		u64 flags;
		int kind[4];	/* for READ, WRITE, ATOMIC, FETCH */
	} rows[] = {
		{ 0, { 0, MIRAGE_FAULT_WRITE, MIRAGE_FAULT_WRITE, 0 } },
		{ MIRAGE_PTE_WRITE, { 0, 0, MIRAGE_FAULT_ATOMIC, 0 } },
		{ FIXTURE_RWA, { 0, 0, 0, 0 } },
	};

	start();
	fixture_map_new(&f, VM, VA);
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		for (int access = 0; access < 4; access++) {
			u64 *pt = fixture_entry(&f, VM, VA, 3);

			*pt = (*pt & ~FIXTURE_RWA) | rows[i].flags;
			fixture_invalidate(&f, VM, VA, 1);
			/* With and without an entry in the TLB. */
			CHECK_EQ(access_kind(VA, (enum mirage_access)access), rows[i].kind[access]);
			CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_READ), 0);
			CHECK_EQ(access_kind(VA, (enum mirage_access)access), rows[i].kind[access]);
		}
	fixture_close(&f);
}

/* DIRTY of any entry of the leaf of 2^@shift bytes at @va. */
static bool dirty(u64 va, unsigned int shift)
{
	unsigned int nr = shift == MIRAGE_PAGE_64K_SHIFT ? MIRAGE_CONT_ENTRIES : 1;

	for (u64 i = 0; i < nr; i++)
		if (*fixture_entry(&f, VM, va + i * KiB(4), shift == MIRAGE_PAGE_2M_SHIFT ? 2 : 3) &
		    MIRAGE_PTE_DIRTY)
			return true;
	return false;
}

static void writes_set_dirty(void)
{
	static const unsigned int shifts[] = { 12, 16, 21 };
	static const enum mirage_access stores[] = { MIRAGE_ACCESS_WRITE, MIRAGE_ACCESS_ATOMIC };

	start();
	for (unsigned int i = 0; i < ARRAY_SIZE(shifts); i++)
		for (unsigned int s = 0; s < ARRAY_SIZE(stores); s++) {
			u64 size = 1ull << shifts[i], va = (1 + i * 2 + s) * MiB(64), walks;

			fixture_map(&f, VM, va, fixture_alloc_vram(&f, size), shifts[i],
				    FIXTURE_RWA | MIRAGE_PTE_TRACK);
			/* Reads set nothing, and their entry in the TLB serves no write. */
			CHECK_EQ(access_kind(va + size / 2, MIRAGE_ACCESS_READ), 0);
			CHECK_EQ(access_kind(va + size / 2, MIRAGE_ACCESS_FETCH), 0);
			CHECK(!dirty(va, shifts[i]));
			walks = fixture_read64(&f, MIRAGE_PERF_TLB_WALKS);
			CHECK_EQ(access_kind(va + size - 1, stores[s]), 0);
			CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_TLB_WALKS), walks + 1);
			CHECK(dirty(va, shifts[i]));
			/* From then on it serves all accesses. */
			CHECK_EQ(access_kind(va, MIRAGE_ACCESS_WRITE), 0);
			CHECK_EQ(access_kind(va, MIRAGE_ACCESS_READ), 0);
			CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_TLB_WALKS), walks + 1);
		}
	fixture_close(&f);
}

static void only_tracked_leaves_get_dirty(void)
{
	static const u64 flags[] = {
		FIXTURE_RWA,
		FIXTURE_RWA | MIRAGE_PTE_NULL | MIRAGE_PTE_TRACK,
	};

	start();
	fixture_map_new(&f, VM, VA);
	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
		u64 *pt = fixture_entry(&f, VM, VA, 3), pte;

		pte = (*pt & ~FIXTURE_RWA) | flags[i];
		*pt = pte;
		fixture_invalidate(&f, VM, VA, 1);
		CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_WRITE), 0);
		CHECK_EQ(*pt, pte);
	}
	/* A write that is not allowed sets nothing either. */
	fixture_map(&f, VM, VA, 0, 12, MIRAGE_PTE_TRACK);
	fixture_invalidate(&f, VM, VA, 1);
	CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_WRITE), MIRAGE_FAULT_WRITE);
	CHECK(!dirty(VA, 12));
	/* Nor one whose memory cannot be reached. */
	fixture_map(&f, VM, VA, FIXTURE_VRAM_SIZE, 12, FIXTURE_RWA | MIRAGE_PTE_TRACK);
	CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_WRITE), MIRAGE_FAULT_BUS);
	CHECK(!dirty(VA, 12));
	fixture_close(&f);
}

/* Software takes the leaf away with the lower half. The entry in the TLB, filled by a read, is of no use for a write. */
static void no_dirty_after_the_leaf_was_taken(void)
{
	u32 *half;

	start();
	fixture_map(&f, VM, VA, fixture_alloc(&f, KiB(4)), 12, FIXTURE_RWA | MIRAGE_PTE_TRACK);
	CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_READ), 0);
	half = (u32 *)fixture_entry(&f, VM, VA, 3);
	half[0] = 0;
	CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_WRITE), MIRAGE_FAULT_NOT_PRESENT);
	CHECK(!dirty(VA, 12));

	/* And one that was written keeps its mark. */
	fixture_map(&f, VM, VA, fixture_alloc(&f, KiB(4)), 12, FIXTURE_RWA | MIRAGE_PTE_TRACK);
	CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_WRITE), 0);
	half[0] &= ~(u32)(MIRAGE_PTE_WRITE | MIRAGE_PTE_ATOMIC);
	half[0] = 0;
	CHECK(dirty(VA, 12));
	fixture_close(&f);
}

/* Findings of a thread that takes a leaf away again and again. */
struct taker {
	u64 tracked;	/* the leaf */
	u64 served;	/* writes through it; protected by the device's lock */
	u64 lost;	/* times that DIRTY was missing after a write */
	u64 written;	/* times that it was there */
	bool done;
};

static u64 taker_served(struct taker *taker)
{
	u64 served;

	lock_acquire(&f.dev->lock);
	tlb_drop_vm(&f.dev->tlb, VM);
	served = taker->served;
	lock_release(&f.dev->lock);
	return served;
}

/* As a driver does it: the lower half first, then the look at the upper half, and only then the TLB. */
static void *taker_run(void *arg)
{
	u64 *entry = fixture_entry(&f, VM, VA, 3);
	struct taker *taker = arg;
	u32 *half = (u32 *)entry;

	while (taker->written < 2000) {
		u64 before = taker_served(taker);
		u32 upper;

		__atomic_store_n(entry, taker->tracked, __ATOMIC_SEQ_CST);
		sched_yield();
		__atomic_store_n(&half[0], 0, __ATOMIC_SEQ_CST);
		upper = __atomic_load_n(&half[1], __ATOMIC_SEQ_CST);
		if (upper & MIRAGE_PTE_DIRTY >> 32)
			taker->written++;
		else if (taker_served(taker) != before)
			taker->lost++;
	}
	__atomic_store_n(&taker->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static void no_write_is_lost(void)
{
	struct taker taker = { 0 };
	pthread_t thread;

	start();
	fixture_map(&f, VM, VA, fixture_alloc(&f, KiB(4)), 12, FIXTURE_RWA | MIRAGE_PTE_TRACK);
	taker.tracked = *fixture_entry(&f, VM, VA, 3);
	CHECK_EQ(pthread_create(&thread, NULL, taker_run, &taker), 0);
	while (!__atomic_load_n(&taker.done, __ATOMIC_ACQUIRE)) {
		u64 len = 1;
		void *host;
		int kind;

		/* A read fills the TLB; a write follows at some time. */
		access_kind(VA, MIRAGE_ACCESS_READ);
		lock_acquire(&f.dev->lock);
		kind = mmu_access(f.dev, VM, VA, MIRAGE_ACCESS_WRITE, &len, &host);
		if (!kind)
			taker.served++;
		lock_release(&f.dev->lock);
		CHECK(!kind || kind == MIRAGE_FAULT_NOT_PRESENT);
	}
	pthread_join(thread, NULL);
	CHECK_EQ(taker.lost, 0);
	fixture_close(&f);
}

/* The copy engine marks what it writes, and not what it reads. */
static void a_copy_marks_its_destination(void)
{
	start();
	fixture_map(&f, VM, VA, fixture_alloc(&f, KiB(4)), 12, FIXTURE_RWA | MIRAGE_PTE_TRACK);
	fixture_map(&f, VM, VA + KiB(4), fixture_alloc_vram(&f, KiB(4)), 12,
		    FIXTURE_RWA | MIRAGE_PTE_TRACK);
	fixture_chan(&f, 1, MIRAGE_CHAN_COPY, VM, 0);
	fixture_copy(&f, 1, VA, VA + KiB(4), KiB(1));
	fixture_kick(&f, 1);
	CHECK(!dirty(VA, 12));
	CHECK(dirty(VA + KiB(4), 12));
	fixture_close(&f);
}

static void stale_until_invalidated(void)
{
	u8 *old, *new;
	u64 len = 1;

	start();
	old = fixture_map_new(&f, VM, VA);
	CHECK(same(access_host(VA, MIRAGE_ACCESS_WRITE, &len), old));
	new = fixture_map_new(&f, VM, VA);
	CHECK(same(access_host(VA, MIRAGE_ACCESS_WRITE, &len), old));
	/* Neighbours and other VMs do not count. */
	fixture_invalidate(&f, VM, VA + KiB(4), MiB(1));
	fixture_invalidate(&f, VM, VA - MiB(1), MiB(1));
	fixture_invalidate(&f, VM + 1, VA, KiB(4));
	CHECK(same(access_host(VA, MIRAGE_ACCESS_WRITE, &len), old));
	fixture_invalidate(&f, VM, VA + 100, 1);
	CHECK(same(access_host(VA, MIRAGE_ACCESS_WRITE, &len), new));
	fixture_unmap(&f, VM, VA);
	CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_READ), 0);
	fixture_cmd(&f, (struct mirage_cmd){
		.op = MIRAGE_CMD_INVALIDATE, .flags = MIRAGE_CMD_ALL, .id = VM,
	});
	fixture_sync(&f);
	CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_READ), MIRAGE_FAULT_NOT_PRESENT);
	/* A miss is not cached: no invalidation after mapping. */
	fixture_map_new(&f, VM, VA);
	CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_READ), 0);
	fixture_close(&f);
}

static void ignored_invalidation(void)
{
	u8 *old, *new;
	u64 len = 1;

	start();
	old = fixture_map_new(&f, VM, VA);
	CHECK(same(access_host(VA, MIRAGE_ACCESS_READ, &len), old));
	new = fixture_map_new(&f, VM, VA);
	fixture_write(&f, MIRAGE_TEST_IGNORE_INV, 1);
	fixture_invalidate(&f, VM, VA, KiB(4));
	CHECK(same(access_host(VA, MIRAGE_ACCESS_READ, &len), old));
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_INV_ENTRIES), 0);
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_INVALIDATIONS), 1);
	fixture_write(&f, MIRAGE_TEST_IGNORE_INV, 0);
	fixture_invalidate(&f, VM, VA, KiB(4));
	CHECK(same(access_host(VA, MIRAGE_ACCESS_READ, &len), new));
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_INV_ENTRIES), 1);
	fixture_close(&f);
}

static void permission_miss_walks_again(void)
{
	u64 *pt, walks;

	start();
	fixture_map_new(&f, VM, VA);
	pt = fixture_entry(&f, VM, VA, 3);
	*pt &= ~FIXTURE_RWA;
	CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_READ), 0);
	CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_WRITE), MIRAGE_FAULT_WRITE);
	CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_READ), 0);
	/* More is allowed now, and nothing invalidated. */
	*pt |= FIXTURE_RWA;
	CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_ATOMIC), 0);
	walks = fixture_read64(&f, MIRAGE_PERF_TLB_WALKS);
	CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_ATOMIC), 0);
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_TLB_WALKS), walks);
	fixture_close(&f);
}

/* Every page of a range is cached, a part is dropped, and exactly that part is walked again. */
static void ranged_invalidation(void)
{
	static const struct { u64 from, size; } rows[] = {
		{ 0, KiB(4) }, { KiB(512), KiB(512) }, { KiB(4) - 1, 2 }, { MiB(2) - 1, 1 },
		{ 0, MiB(2) }, { 0, 1ull << 40 },
	};
	const u64 va = 0x200000000000ull, pages = 512;

	start();
	for (u64 i = 0; i < pages; i++)
		fixture_map(&f, VM, va + i * KiB(4), i * KiB(4), 12, FIXTURE_RWA);
	for (unsigned int row = 0; row < ARRAY_SIZE(rows); row++) {
		u64 first = rows[row].from / KiB(4);
		u64 last = min_u64((rows[row].from + rows[row].size - 1) / KiB(4), pages - 1);
		u64 walks;

		for (u64 i = 0; i < pages; i++)
			CHECK_EQ(access_kind(va + i * KiB(4), MIRAGE_ACCESS_READ), 0);
		fixture_invalidate(&f, VM, va + rows[row].from, rows[row].size);
		for (u64 i = 0; i < pages; i++) {
			walks = fixture_read64(&f, MIRAGE_PERF_TLB_WALKS);
			CHECK_EQ(access_kind(va + i * KiB(4), MIRAGE_ACCESS_READ), 0);
			CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_TLB_WALKS) - walks,
				 i >= first && i <= last);
		}
	}
	fixture_close(&f);
}

static void large_pages_are_one_entry(void)
{
	u64 walks;

	start();
	fixture_map(&f, VM, 0, fixture_alloc(&f, MiB(2)), 21, FIXTURE_RWA);
	fixture_map(&f, VM, MiB(2), fixture_alloc(&f, KiB(64)), 16, FIXTURE_RWA);
	walks = fixture_read64(&f, MIRAGE_PERF_TLB_WALKS);
	for (u64 i = 0; i < MiB(2) + KiB(64); i += KiB(4))
		CHECK_EQ(access_kind(i, MIRAGE_ACCESS_WRITE), 0);
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_TLB_WALKS) - walks, 2);
	/* One byte in it drops all of it. */
	fixture_invalidate(&f, VM, MiB(1), 1);
	fixture_invalidate(&f, VM, MiB(2) + KiB(64) - 1, 1);
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_INV_ENTRIES), 2);
	fixture_close(&f);
}

static void tlb_holds_many(void)
{
	const u64 pages = 4096;
	u64 walks;

	start();
	for (u64 i = 0; i < pages; i++) {
		fixture_map(&f, VM, VA + i * KiB(4), (i % 512) * KiB(4), 12, FIXTURE_RWA);
		CHECK_EQ(access_kind(VA + i * KiB(4), MIRAGE_ACCESS_READ), 0);
	}
	walks = fixture_read64(&f, MIRAGE_PERF_TLB_WALKS);
	for (u64 i = 0; i < pages; i++)
		CHECK_EQ(access_kind(VA + i * KiB(4), MIRAGE_ACCESS_READ), 0);
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_TLB_WALKS), walks);
	fixture_close(&f);
}

/* More pages than entries: replacement must keep count and still translate right. */
static void tlb_replacement(void)
{
	const u64 pages = 100000;
	u64 len;

	start();
	for (u64 i = 0; i < pages; i++) {
		fixture_map(&f, VM, i * KiB(4), (i % 4096) * KiB(4) + MiB(8), 12, FIXTURE_RWA);
		len = 1;
		CHECK(access_host(i * KiB(4), MIRAGE_ACCESS_READ, &len) ==
		      f.dev->vram.host + MiB(8) + (i % 4096) * KiB(4));
	}
	fixture_cmd(&f, (struct mirage_cmd){
		.op = MIRAGE_CMD_INVALIDATE, .flags = MIRAGE_CMD_ALL, .id = VM,
	});
	fixture_sync(&f);
	for (int i = 0; i < TLB_NR_SIZES; i++)
		CHECK_EQ(f.dev->tlb.table[i].used, 0);
	fixture_close(&f);
}

/* One 2 MiB leaf over memory that lies in several maps, with a hole. */
static void leaf_across_maps(void)
{
	u64 base = 0x8000000000ull, len = UINT64_MAX;

	start();
	lock_acquire(&f.dev->lock);
	CHECK_EQ(dma_map(&f.dev->dma, base, KiB(4), f.ram_fd, MiB(8), true), 0);
	CHECK_EQ(dma_map(&f.dev->dma, base + KiB(4), KiB(4), f.ram_fd, MiB(4), true), 0);
	lock_release(&f.dev->lock);
	fixture_map(&f, VM, 0, base | MIRAGE_PHYS_SYSTEM, 21, FIXTURE_RWA);
	CHECK(access_host(KiB(4) - 8, MIRAGE_ACCESS_WRITE, &len) != NULL);
	CHECK_EQ(len, 8);
	len = UINT64_MAX;
	CHECK(access_host(KiB(4), MIRAGE_ACCESS_WRITE, &len) !=
	      access_host(KiB(0), MIRAGE_ACCESS_WRITE, &len));
	CHECK_EQ(access_kind(KiB(8), MIRAGE_ACCESS_READ), MIRAGE_FAULT_BUS);
	/* The hole is filled: the same leaf reaches it. */
	lock_acquire(&f.dev->lock);
	CHECK_EQ(dma_map(&f.dev->dma, base + KiB(8), MiB(1), f.ram_fd, 0, false), 0);
	lock_release(&f.dev->lock);
	CHECK_EQ(access_kind(KiB(8), MIRAGE_ACCESS_READ), 0);
	CHECK_EQ(access_kind(KiB(8), MIRAGE_ACCESS_WRITE), MIRAGE_FAULT_BUS);
	fixture_close(&f);
}

static void vms_are_apart(void)
{
	u64 len = 1;
	void *one;

	start();
	fixture_vm(&f, VM + 1);
	one = fixture_map_new(&f, VM, VA);
	CHECK(same(access_host(VA, MIRAGE_ACCESS_READ, &len), one));
	lock_acquire(&f.dev->lock);
	CHECK_EQ(mmu_access(f.dev, VM + 1, VA, MIRAGE_ACCESS_READ, &len, &one),
		 MIRAGE_FAULT_NOT_PRESENT);
	lock_release(&f.dev->lock);
	fixture_close(&f);
}

static void bus_master_off(void)
{
	const u8 command[] = { 0 };

	start();
	fixture_map_new(&f, VM, VA);
	CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_READ), 0);
	lock_acquire(&f.dev->lock);
	pci_config_write(&f.dev->pci, 4, 1, command);
	lock_release(&f.dev->lock);
	/* Not even the VM table can be read: that is no fault but a dead device. */
	CHECK_EQ(access_kind(VA, MIRAGE_ACCESS_READ), MIRAGE_FAULT_BUS);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_ERROR), MIRAGE_DEV_BUS);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_STATUS), MIRAGE_BUS_STATUS_HALTED__MASK);
	fixture_close(&f);
}

static const struct tap_test tests[] = {
	{ "leaf sizes in both memories", leaf_sizes },
	{ "entry not present at each level", each_level_not_present },
	{ "table or page outside memory at each level", each_level_outside_memory },
	{ "reserved and leaf-only bits at each level", each_level_malformed },
	{ "malformed leaves", leaf_malformed },
	{ "malformed root", root_malformed },
	{ "49 bits and no more", range },
	{ "permissions for each access", permissions },
	{ "writes set DIRTY in leaves of each size", writes_set_dirty },
	{ "leaves without TRACK get no DIRTY", only_tracked_leaves_get_dirty },
	{ "a leaf that was taken gets no DIRTY", no_dirty_after_the_leaf_was_taken },
	{ "no write is lost while leaves are taken", no_write_is_lost },
	{ "a copy marks its destination", a_copy_marks_its_destination },
	{ "stale entry until invalidated", stale_until_invalidated },
	{ "IGNORE_INV keeps stale entries", ignored_invalidation },
	{ "permission miss walks again", permission_miss_walks_again },
	{ "ranged invalidation is exact", ranged_invalidation },
	{ "a large page is one entry", large_pages_are_one_entry },
	{ "TLB holds 4096 pages", tlb_holds_many },
	{ "TLB replacement", tlb_replacement },
	{ "one leaf across several maps", leaf_across_maps },
	{ "VMs are apart", vms_are_apart },
	{ "bus mastering off", bus_master_off },
};

TAP_MAIN(tests)
