// SPDX-License-Identifier: MIT
/*
 * Does a block's table translate correctly at every moment?
 *
 * The sink is a table as the device has it. After each single store, every page is translated
 * through it as the device would do, by any entry of a CONT group. A page that a call does not
 * concern must not flicker. A page that is being changed has its old or its new translation, and
 * none only if one of the two is none.
 */
#include <string.h>

#include "check.h"
#include "mmu/leaves.h"

#define PAGES	MIRAGE_PT_ENTRIES
#define TABLE	0x5000001ull
#define SYS	MIRAGE_PTE_SYSTEM
#define RW	(MIRAGE_PTE_SYSTEM | MIRAGE_PTE_WRITE | MIRAGE_PTE_ATOMIC)
#define NULLS	(MIRAGE_PTE_NULL | MIRAGE_PTE_WRITE)
#define RIGHTS	(MIRAGE_PTE_SYSTEM | MIRAGE_PTE_WRITE | MIRAGE_PTE_ATOMIC | MIRAGE_PTE_NULL)

/* The device's side. */
static u64 device_pde;
static u64 device_pt[PAGES];
static unsigned int stores_pte, stores_pde;

/* Expected translation of each page before and after the call: address and rights, 0 for none. */
static u64 before[PAGES], after[PAGES];

static struct mirage_leaves leaves;
static u64 copy[PAGES];
static struct mirage_leaf_counts counts;

/* Page i as entry e (a neighbour with CONT, or its own) translates it. */
static u64 through(unsigned int i, unsigned int e)
{
	u64 pte = device_pt[e];
	u64 addr = pte & MIRAGE_PTE_ADDR;

	if (!(pte & MIRAGE_PTE_VALID))
		return 0;
	if (pte & MIRAGE_PTE_CONT)
		addr = (addr & ~0xffffull) + (i % 16) * 4096ull;
	return addr | (pte & RIGHTS) | 1;
}

/* Leaves have TRACK; and the device writes between any two accesses of the driver. */
static bool tracking, device_writes;
static void device_acts(void);

static bool allowed(unsigned int i, u64 seen)
{
	const u64 write = MIRAGE_PTE_WRITE | MIRAGE_PTE_ATOMIC;

	/* A 2 MiB leaf loses WRITE for a moment before it is split. */
	if (tracking && seen == (before[i] & ~write))
		return true;
	return seen == before[i] || seen == after[i];
}

static void look(bool flushed)
{
	unsigned int i, e;

	for (i = 0; i < PAGES; i++) {
		if (!(device_pde & MIRAGE_PTE_VALID)) {
			CHECK(flushed ? !after[i] : allowed(i, 0));
			continue;
		}
		if (device_pde & MIRAGE_PTE_LEAF) {
			u64 seen = ((device_pde & MIRAGE_PTE_ADDR) + i * 4096ull) |
				   (device_pde & RIGHTS) | 1;

			CHECK(!(device_pde & 0x1ff000));
			CHECK(flushed ? seen == after[i] : allowed(i, seen));
			continue;
		}
		CHECK(device_pde == TABLE);
		CHECK(flushed ? through(i, i) == after[i] : allowed(i, through(i, i)));
		for (e = i & ~15u; flushed && e < (i | 15u) + 1; e++) {
			if (device_pt[e] & MIRAGE_PTE_CONT)
				CHECK(through(i, e) == after[i]);
		}
	}
}

static void store_pte(unsigned int index, u64 pte)
{
	CHECK(index < PAGES);
	device_pt[index] = pte;
	stores_pte++;
	look(false);
}

static void store_pde(u64 pde)
{
	device_pde = pde;
	stores_pde++;
	look(false);
}

static void write_pte(struct mirage_leaves *l, unsigned int index, u64 pte)
{
	CHECK(l == &leaves);
	device_acts();
	store_pte(index, pte);
}

static void write_pde(struct mirage_leaves *l, u64 pde)
{
	CHECK(l == &leaves);
	device_acts();
	store_pde(pde);
}

/* A walk that the device has made, and whose mark it sets later: if the entry is still the same. */
static struct {
	u64 *entry;
	u64 seen;
	unsigned int page;
} held;

/* The pages that the device wrote. */
static bool wrote[PAGES];
static uint64_t device_state = 7;

static void finish_write(void)
{
	if (!held.entry || *held.entry != held.seen)
		return;
	*held.entry |= MIRAGE_PTE_DIRTY;
	wrote[held.page] = true;
}

/* Finish the write under way, and walk for another one. */
static void device_acts(void)
{
	unsigned int page = check_random(&device_state) % PAGES;
	bool big = device_pde & MIRAGE_PTE_LEAF;

	if (!device_writes || check_random(&device_state) % 3)
		return;
	finish_write();
	held.entry = NULL;
	if (!(device_pde & MIRAGE_PTE_VALID))
		return;
	held.entry = big ? &device_pde : &device_pt[page];
	if (!big && (device_pt[page] & MIRAGE_PTE_CONT))
		held.entry = &device_pt[(page & ~15u) + check_random(&device_state) % 16];
	held.seen = *held.entry;
	held.page = page;
	if (!(held.seen & MIRAGE_PTE_VALID) || !(held.seen & MIRAGE_PTE_WRITE))
		held.entry = NULL;
}

static u64 lower(u64 entry, u64 pte)
{
	return (entry >> 32 << 32) | (uint32_t)pte;
}

static void change_pte(struct mirage_leaves *l, unsigned int index, u64 pte)
{
	CHECK(l == &leaves);
	device_acts();
	store_pte(index, lower(device_pt[index], pte));
	device_acts();
}

static void change_pde(struct mirage_leaves *l, u64 pde)
{
	CHECK(l == &leaves);
	device_acts();
	store_pde(lower(device_pde, pde));
	device_acts();
}

static void order(struct mirage_leaves *l)
{
	CHECK(l == &leaves);
	device_acts();
}

static bool dirty_pte(struct mirage_leaves *l, unsigned int index)
{
	CHECK(l == &leaves);
	device_acts();
	return device_pt[index] & MIRAGE_PTE_DIRTY;
}

static bool dirty_pde(struct mirage_leaves *l)
{
	CHECK(l == &leaves);
	device_acts();
	return device_pde & MIRAGE_PTE_DIRTY;
}

static const struct mirage_leaves_sink sink = {
	write_pte, write_pde, change_pte, change_pde, order, dirty_pte, dirty_pde,
};

static void fresh(void)
{
	unsigned int i;

	/* A new table still holds its previous owner's entries. */
	for (i = 0; i < PAGES; i++)
		device_pt[i] = 0xdeadbeef00000fffull;
	device_pde = 0;
	memset(before, 0, sizeof(before));
	memset(after, 0, sizeof(after));
	memset(copy, 0xff, sizeof(copy));
	memset(&counts, 0, sizeof(counts));
	mirage_leaves_init(&leaves, &sink, TABLE, copy);
	stores_pte = 0;
	stores_pde = 0;
}

static void flush(void)
{
	unsigned int i;

	look(true);
	for (i = 0; i < PAGES; i++) {
		CHECK((leaves.valid[i / 64] >> (i % 64) & 1) == !!after[i]);
		CHECK((leaves.writable[i / 64] >> (i % 64) & 1) == !!(after[i] & MIRAGE_PTE_WRITE));
	}
	memcpy(before, after, sizeof(before));
}

/* Is a page mapped elsewhere now, or has it lost a right? */
static bool replaced(unsigned int i)
{
	const u64 place = MIRAGE_PTE_ADDR | MIRAGE_PTE_SYSTEM | MIRAGE_PTE_NULL;

	return before[i] && (((before[i] ^ after[i]) & place) || (before[i] & ~after[i]));
}

/* True if the pages need a TLB flush. */
static bool map(unsigned int index, unsigned int npages, u64 addr, u64 rights)
{
	bool replaces, want = false;
	unsigned int i;

	for (i = 0; i < npages; i++) {
		after[index + i] = (addr + i * 4096ull) | (rights & RIGHTS) | 1;
		want = want || replaced(index + i);
	}
	replaces = mirage_leaves_map(&leaves, index, npages, addr, rights, &counts);
	CHECK(replaces == want);
	flush();
	return replaces;
}

static bool unmap(unsigned int index, unsigned int npages)
{
	bool any;

	memset(&after[index], 0, npages * sizeof(*after));
	any = mirage_leaves_unmap(&leaves, index, npages);
	flush();
	return any;
}

static bool counted(unsigned int pages_4k, unsigned int pages_64k, unsigned int pages_2m)
{
	bool same = counts.pages_4k == pages_4k && counts.pages_64k == pages_64k &&
		    counts.pages_2m == pages_2m;

	memset(&counts, 0, sizeof(counts));
	return same;
}

static void one_page(void)
{
	fresh();
	map(7, 1, 0x40001000, SYS);
	CHECK(counted(1, 0, 0));
	CHECK(unmap(7, 1));
	CHECK(device_pde == 0);
	CHECK(!unmap(7, 1));
}

static void a_group_is_one_64k_leaf(void)
{
	fresh();
	map(32, 16, 0x7f0000, RW);
	CHECK(counted(0, 1, 0));
	CHECK(device_pt[40] & MIRAGE_PTE_CONT);
	CHECK(!(device_pt[48] & MIRAGE_PTE_VALID));
}

static void a_group_at_an_odd_address_is_not(void)
{
	fresh();
	map(32, 16, 0x7f1000, RW);
	CHECK(counted(16, 0, 0));
	CHECK(!(device_pt[40] & MIRAGE_PTE_CONT));
}

static void a_group_filled_page_by_page_becomes_one(void)
{
	unsigned int i;

	fresh();
	for (i = 0; i < 15; i++)
		map(i, 1, 0x30000 + i * 4096, SYS);
	CHECK(counted(15, 0, 0));
	map(15, 1, 0x3f000, SYS);
	CHECK(counted(0, 1, 0));
	CHECK(device_pt[0] & MIRAGE_PTE_CONT);
}

static void more_rights_for_one_page_split_its_group(void)
{
	fresh();
	map(0, 16, 0x30000, SYS);
	map(5, 1, 0x35000, RW);
	CHECK(!(device_pt[0] & MIRAGE_PTE_CONT));
	CHECK(device_pt[5] & MIRAGE_PTE_WRITE);
	CHECK(!(device_pt[6] & MIRAGE_PTE_WRITE));
	map(0, 16, 0x30000, RW);
	CHECK(device_pt[0] & MIRAGE_PTE_CONT);
}

static void a_whole_block_is_one_store(void)
{
	fresh();
	map(0, PAGES, 0x80000000, RW);
	CHECK(counted(0, 0, 1));
	CHECK(stores_pte == 0 && stores_pde == 1);
	CHECK(unmap(0, PAGES));
	CHECK(stores_pte == 0 && stores_pde == 2);
}

static void a_whole_block_at_a_64k_address_is_32_leaves(void)
{
	fresh();
	map(0, PAGES, 0x80010000, RW);
	CHECK(counted(0, 32, 0));
}

static void halves_that_meet_become_one(void)
{
	fresh();
	map(0, 256, 0x80000000, RW);
	CHECK(device_pde == TABLE);
	map(256, 256, 0x80100000, RW);
	CHECK(device_pde & MIRAGE_PTE_LEAF);
	CHECK(counted(0, 16, 1));
}

static void halves_with_other_rights_do_not(void)
{
	fresh();
	map(0, 256, 0x80000000, RW);
	map(256, 256, 0x80100000, SYS);
	CHECK(device_pde == TABLE);
	map(256, 256, 0x80100000, RW);
	CHECK(device_pde & MIRAGE_PTE_LEAF);
}

static void a_hole_in_a_2m_leaf(void)
{
	fresh();
	map(0, PAGES, 0x80000000, RW);
	CHECK(unmap(100, 1));
	CHECK(device_pde == TABLE);
	CHECK(device_pt[0] & MIRAGE_PTE_CONT);
	CHECK(!(device_pt[101] & MIRAGE_PTE_CONT));
	CHECK(device_pt[101] & MIRAGE_PTE_VALID);
	map(100, 1, 0x80064000, RW);
	CHECK(device_pde & MIRAGE_PTE_LEAF);
	/* The table is current by now: the next split writes only the entries that change. */
	stores_pte = 0;
	CHECK(unmap(100, 1));
	CHECK(stores_pte == 16);
}

static void more_rights_for_one_page_split_a_2m_leaf(void)
{
	fresh();
	map(0, PAGES, 0x80000000, SYS);
	map(3, 1, 0x80003000, RW);
	CHECK(device_pde == TABLE);
}

static void another_memory_at_the_same_number(void)
{
	fresh();
	CHECK(!map(16, 16, 0x10000, MIRAGE_PTE_WRITE));
	CHECK(!map(16, 16, 0x10000, MIRAGE_PTE_WRITE | MIRAGE_PTE_ATOMIC));
	CHECK(map(16, 16, 0x10000, RW));
	CHECK(map(16, 16, 0x10000, RW | MIRAGE_PTE_NULL));
	CHECK(map(16, 16, 0x20000, RW | MIRAGE_PTE_NULL));
	CHECK(map(20, 1, 0x24000, SYS | MIRAGE_PTE_NULL));
}

static void unmap_of_nothing(void)
{
	fresh();
	CHECK(!unmap(0, PAGES));
	map(10, 2, 0x10000, SYS);
	stores_pte = 0;
	stores_pde = 0;
	CHECK(!unmap(12, 500));
	CHECK(stores_pte == 0 && stores_pde == 0);
}

static void a_table_that_was_forgotten_is_written_anew(void)
{
	fresh();
	map(0, 300, 0x10000, SYS);
	stores_pte = 0;
	CHECK(unmap(0, PAGES));
	CHECK(stores_pte == 0);
	map(299, 1, 0x99000, SYS);
	CHECK(!(device_pt[0] & MIRAGE_PTE_VALID));
}

/* Memory for pages, in runs of random lengths and alignments; or all in one piece of 2 MiB. */
static void place_pages(u64 base[PAGES], bool whole, uint64_t *state)
{
	u64 start = 0x40000000ull + (check_random(state) % 4 << 21);
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		bool joined = i && check_random(state) % 64;

		if (whole)
			base[i] = start + i * 4096ull;
		else
			base[i] = joined ? base[i - 1] + 4096 :
				  0x100000000ull + (check_random(state) % 4096) * 65536ull +
				  (check_random(state) % 3 ? i % 16 : 0) * 4096ull;
	}
}

/*
 * Pages are mapped and taken in any order. Where memory may only gain rights, as under the mirror, or
 * else is replaced by other memory and loses rights too, as by VM_BIND.
 */
static void anything(bool replacing)
{
	static const u64 kinds[] = { SYS, RW, 0, MIRAGE_PTE_WRITE, NULLS };
	uint64_t state = 42;
	unsigned int round, step, i;

	for (round = 0; round < 30; round++) {
		u64 base[PAGES];

		fresh();
		place_pages(base, round % 3 == 0, &state);
		for (step = 0; step < 60; step++) {
			unsigned int index = check_random(&state) % PAGES;
			unsigned int npages = 1 + check_random(&state) % (PAGES - index);
			u64 rights = check_random(&state) % 2 ? RW : SYS;

			if (check_random(&state) % 4 == 0) {
				index = 0;
				npages = PAGES;
			} else if (check_random(&state) % 2) {
				npages = 1 + npages % 20;
				if (npages > PAGES - index)
					npages = PAGES - index;
			}
			if (check_random(&state) % 3 == 0) {
				unmap(index, npages);
				continue;
			}
			if (replacing) {
				rights = kinds[check_random(&state) % 5];
				if (check_random(&state) % 4 == 0)
					place_pages(base, round % 3 == 0, &state);
			}
			for (i = index; i < index + npages && !replacing; i++) {
				if (after[i] & MIRAGE_PTE_WRITE)
					rights = RW;
			}
			for (i = index; i < index + npages;) {
				unsigned int n = 1;

				while (i + n < index + npages && base[i + n] == base[i] + n * 4096ull)
					n++;
				CHECK(!map(i, n, base[i], rights) || replacing);
				i += n;
			}
			if (check_failed)
				return;
		}
	}
}

/* Unmap pages, and compare what the leaves tell with what the device did. */
static void unmap_written(unsigned int index, unsigned int npages, bool exact)
{
	unsigned long pages[MIRAGE_LEAVES_WORDS] = { 0 }, written[MIRAGE_LEAVES_WORDS];
	unsigned int i;

	for (i = index; i < index + npages; i++)
		pages[i / 64] |= 1ul << (i % 64);
	unmap(index, npages);
	finish_write();
	held.entry = NULL;
	mirage_leaves_take_written(&leaves, pages, written);
	for (i = 0; i < PAGES; i++) {
		bool told = written[i / 64] >> (i % 64) & 1;

		if (i < index || i >= index + npages) {
			CHECK(!told);
			continue;
		}
		CHECK(exact ? told == wrote[i] : told || !wrote[i]);
		wrote[i] = false;
	}
}

/* Each write of the device is told, whatever the driver does to the leaves meanwhile. */
static void track(bool contiguous, bool exact)
{
	const u64 rights = RW | MIRAGE_PTE_TRACK;
	uint64_t state = 99;
	unsigned int round, step, i;

	for (round = 0; round < 60 && !check_failed; round++) {
		fresh();
		memset(wrote, 0, sizeof(wrote));
		held.entry = NULL;
		tracking = true;
		device_writes = true;
		for (step = 0; step < 40; step++) {
			unsigned int index = check_random(&state) % PAGES;
			unsigned int npages = 1 + check_random(&state) % (PAGES - index);
			bool all = check_random(&state) % 4 == 0;

			if (all) {
				index = 0;
				npages = PAGES;
			}
			if (check_random(&state) % 2) {
				unmap_written(index, npages, exact);
			} else if (contiguous) {
				map(index, npages, 0x40000000ull + index * 4096ull, rights);
			} else {
				for (i = index; i < index + npages; i++)
					map(i, 1, 0x40000000ull + i * 8192ull, rights);
			}
			for (i = 0; i < 8; i++)
				device_acts();
		}
		unmap_written(0, PAGES, exact);
	}
	tracking = false;
	device_writes = false;
}

static void no_write_is_lost_in_any_order(void)
{
	track(true, false);
}

static void small_leaves_tell_exactly_what_was_written(void)
{
	track(false, true);
}

/* A 2 MiB leaf, whole and in parts, that the device has not written. */
static void what_was_not_written_stays_clean(void)
{
	unsigned int i;

	fresh();
	tracking = true;
	memset(wrote, 0, sizeof(wrote));
	map(0, PAGES, 0x80000000, RW | MIRAGE_PTE_TRACK);
	unmap_written(5, 1, true);
	unmap_written(0, PAGES, true);
	map(0, PAGES, 0x80000000, RW | MIRAGE_PTE_TRACK);
	unmap_written(0, PAGES, true);
	/* Without TRACK nothing is known, and a page that cannot be written is clean. */
	map(0, PAGES, 0x80000000, RW);
	map(3, 1, 0x90000000, SYS);
	for (i = 0; i < PAGES; i++)
		wrote[i] = true;
	unmap_written(0, PAGES, true);
	tracking = false;
}

static void rights_gained_in_any_order(void)
{
	anything(false);
}

static void replaced_in_any_order(void)
{
	anything(true);
}

int main(void)
{
	RUN(one_page);
	RUN(a_group_is_one_64k_leaf);
	RUN(a_group_at_an_odd_address_is_not);
	RUN(a_group_filled_page_by_page_becomes_one);
	RUN(more_rights_for_one_page_split_its_group);
	RUN(a_whole_block_is_one_store);
	RUN(a_whole_block_at_a_64k_address_is_32_leaves);
	RUN(halves_that_meet_become_one);
	RUN(halves_with_other_rights_do_not);
	RUN(a_hole_in_a_2m_leaf);
	RUN(more_rights_for_one_page_split_a_2m_leaf);
	RUN(another_memory_at_the_same_number);
	RUN(unmap_of_nothing);
	RUN(a_table_that_was_forgotten_is_written_anew);
	RUN(rights_gained_in_any_order);
	RUN(replaced_in_any_order);
	RUN(no_write_is_lost_in_any_order);
	RUN(small_leaves_tell_exactly_what_was_written);
	RUN(what_was_not_written_stays_clean);
	return check_done();
}
