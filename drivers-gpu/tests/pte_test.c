// SPDX-License-Identifier: MIT
/* Are entries what the hardware document says, to the bit? Numbers here are written out on purpose. */
#include "check.h"
#include "mmu/pte.h"

static void leaf_of_system_memory(void)
{
	CHECK(mirage_pte_leaf(0x123456789000, MIRAGE_PTE_SYSTEM) == 0x0000123456789007ull);
	CHECK(mirage_pte_leaf(0x123456789000, MIRAGE_PTE_SYSTEM | MIRAGE_PTE_WRITE) ==
	      0x000012345678900full);
	CHECK(mirage_pte_leaf(0x123456789000,
			      MIRAGE_PTE_SYSTEM | MIRAGE_PTE_WRITE | MIRAGE_PTE_ATOMIC) ==
	      0x000012345678901full);
}

static void leaf_of_vram(void)
{
	CHECK(mirage_pte_leaf(0x200000, 0) == 0x200005ull);
	CHECK(mirage_pte_leaf(0x200000, MIRAGE_PTE_WRITE) == 0x20000dull);
}

static void atomic_and_track_without_write_are_never_encoded(void)
{
	CHECK(mirage_pte_leaf(0x1000, MIRAGE_PTE_SYSTEM | MIRAGE_PTE_ATOMIC) == 0x1007ull);
	CHECK(mirage_pte_leaf(0x1000, MIRAGE_PTE_SYSTEM | MIRAGE_PTE_TRACK) == 0x1007ull);
}

static void nothing_but_rights_gets_through(void)
{
	CHECK(mirage_pte_leaf(0xfff0000000001fffull, ~0ull) == 0x10dfull);
	CHECK(!(mirage_pte_leaf(~0ull, ~0ull) & MIRAGE_PTE_RESERVED));
	CHECK(!(mirage_pte_table(~0ull) & MIRAGE_PTE_RESERVED));
}

static void table(void)
{
	CHECK(mirage_pte_table(0x7fff000) == 0x7fff001ull);
	CHECK(mirage_pte_addr(mirage_pte_table(0x7fff000)) == 0x7fff000ull);
}

static void index_of_each_level(void)
{
	u64 va = 0x1ffffffffffffull;

	CHECK(mirage_pte_index(va, 3) == 1023);
	CHECK(mirage_pte_index(va, 2) == 511);
	CHECK(mirage_pte_index(va, 1) == 511);
	CHECK(mirage_pte_index(va, 0) == 511);

	va = (5ull << 39) + (6ull << 30) + (7ull << 21) + (8ull << 12) + 9;
	CHECK(mirage_pte_index(va, 3) == 5);
	CHECK(mirage_pte_index(va, 2) == 6);
	CHECK(mirage_pte_index(va, 1) == 7);
	CHECK(mirage_pte_index(va, 0) == 8);
}

static void bytes_of_an_entry_of_each_level(void)
{
	CHECK(MIRAGE_PT_ROOT == 3);
	CHECK(mirage_pte_shift(0) == 12);
	CHECK(mirage_pte_shift(1) == 21);
	CHECK(mirage_pte_shift(2) == 30);
	CHECK(mirage_pte_shift(3) == 39);
}

int main(void)
{
	RUN(leaf_of_system_memory);
	RUN(leaf_of_vram);
	RUN(atomic_and_track_without_write_are_never_encoded);
	RUN(nothing_but_rights_gets_through);
	RUN(table);
	RUN(index_of_each_level);
	RUN(bytes_of_an_entry_of_each_level);
	return check_done();
}
