// SPDX-License-Identifier: MIT
/* Null pages: of each size, for each access of each unit, and where no null page may be. */
#include "fixture.h"

#define VM 3
#define CHAN 1
#define DATA_VA 0x20000000ull
#define NULL_VA 0x100000000ull	/* 2 MiB of null pages of one size */
#define CODE_VA 0x30000000ull
#define DESC_VA 0x40000000ull
#define ALL (MIRAGE_PTE_NULL | FIXTURE_RWA)

static struct fixture f;
static u8 *data;

static const unsigned int shifts[] = {
	MIRAGE_PAGE_SHIFT, MIRAGE_PAGE_64K_SHIFT, MIRAGE_PAGE_2M_SHIFT,
};

static void start(void)
{
	fixture_start(&f);
	fixture_vm(&f, VM);
	data = fixture_map_new(&f, VM, DATA_VA);
	fixture_chan(&f, CHAN, MIRAGE_CHAN_COMPUTE, VM, 0);
}

/* Map 2 MiB; address and SYSTEM are of no account, so they are whatever. */
static void map_null(unsigned int shift, u64 flags)
{
	for (u64 va = NULL_VA; va < NULL_VA + MiB(2); va += 1ull << shift)
		fixture_map(&f, VM, va, 0x000abcdef1237000 | (va >> shift & 1), shift, flags);
	fixture_invalidate(&f, VM, NULL_VA, MiB(2));
}

static void run(void)
{
	fixture_kick(&f, CHAN);
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_RUNNING);
	CHECK_EQ(fixture_nr_faults(&f), 0);
	CHECK_EQ(f.chans[CHAN].get, f.chans[CHAN].put);
}

static void copies(void)
{
	start();
	for (u32 i = 0; i < ARRAY_SIZE(shifts); i++) {
		map_null(shifts[i], ALL);
		/* Written full from end to end, it reads as zeroes. */
		fixture_fill(&f, CHAN, NULL_VA, MiB(2), 0xffffffff);
		memset(data, 0xee, KiB(4));
		fixture_copy(&f, CHAN, DATA_VA, NULL_VA + KiB(64) - 7, 100);
		fixture_copy(&f, CHAN, NULL_VA + KiB(64) - 7, DATA_VA + 3, 4000);
		run();
		for (u32 n = 0; n < KiB(4); n++)
			CHECK_EQ(data[n], n >= 3 && n < 4003 ? 0 : 0xee);
		fixture_copy(&f, CHAN, NULL_VA, NULL_VA + MiB(1) + 1, MiB(1) - 1);
		fixture_copy(&f, CHAN, NULL_VA + MiB(1), DATA_VA, KiB(4));
		run();
		for (u32 n = 0; n < KiB(4); n++)
			CHECK_EQ(data[n], 0);
	}
	fixture_close(&f);
}

static void front_end(void)
{
	start();
	map_null(MIRAGE_PAGE_64K_SHIFT, ALL);
	fixture_packet(&f, CHAN, MIRAGE_PKT_SEM_WRITE, 0, (u64[]){ NULL_VA, 77 }, 2, NULL);
	fixture_packet(&f, CHAN, MIRAGE_PKT_TIMESTAMP, 0, (u64[]){ NULL_VA + 8 }, 1, NULL);
	fixture_packet(&f, CHAN, MIRAGE_PKT_SEM_WAIT, MIRAGE_SEM_EQUAL, (u64[]){ NULL_VA, 0 }, 2,
		       NULL);
	fixture_packet(&f, CHAN, MIRAGE_PKT_SEM_WAIT, MIRAGE_SEM_EQUAL, (u64[]){ NULL_VA + 8, 0 }, 2,
		       NULL);
	/* Words of zero are NOPs. */
	fixture_ib(&f, CHAN, NULL_VA, 1000);
	run();
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_PACKETS), 1005);
	fixture_dispatch(&f, CHAN, NULL_VA);
	fixture_kick(&f, CHAN);
	CHECK_EQ(f.chans[CHAN].error, MIRAGE_CHAN_BAD_DISPATCH);
	fixture_close(&f);
}

/* 64 lanes do @text with r2, r3 = an address of their own in the null page, and store r10, r11. */
static void run_kernel(const char *text)
{
	struct mirage_dispatch *desc = fixture_map_new(&f, VM, DESC_VA);
	char program[512];

	*desc = (struct mirage_dispatch){
		.args = DESC_VA + 128, .args_size = 16,
		.grid = { 1, 1, 1 }, .group = { 64, 1, 1 },
	};
	memcpy((u8 *)desc + 128, (u64[]){ NULL_VA, DATA_VA }, 16);
	snprintf(program, sizeof(program),
		 "	s2r r0, local_x\n"
		 "	ldc.64 r2, [0]\n"
		 "	ldc.64 r4, [8]\n"
		 "	mulwu r6, r0, 8\n"
		 "	add.64 r4, r4, r6\n"
		 "	and r8, r0, 7\n"	/* eight lanes share an address */
		 "	mulwu r6, r8, 8\n"
		 "	add.64 r2, r2, r6\n"
		 "	mov.64 r10, -1\n"
		 "	mov.64 r12, -1\n"
		 "	mov.64 r14, 0\n"
		 "	%s\n"
		 "	st.64 [r4], r10\n"
		 "	exit\n", text);
	fixture_program(&f, VM, CODE_VA, program, desc);
	fixture_invalidate(&f, VM, CODE_VA, MiB(512));
	fixture_dispatch(&f, CHAN, DESC_VA);
	memset(data, 0xee, KiB(4));
	run();
}

static void atomics(void)
{
	static const char * const ops[] = {
		"atom.add", "atom.and", "atom.or", "atom.xor", "atom.xchg", "atom.umin", "atom.umax",
		"atom.smin", "atom.smax",
	};
	char text[128];

	start();
	for (u32 i = 0; i < ARRAY_SIZE(shifts); i++) {
		map_null(shifts[i], ALL);
		for (u32 n = 0; n < 2 * ARRAY_SIZE(ops); n++) {
			bool wide = n % 2;

			snprintf(text, sizeof(text), "%s%s r10, [r2], r12", ops[n / 2], wide ? ".64" : "");
			run_kernel(text);
			for (u32 lane = 0; lane < 64; lane++)
				CHECK_EQ(((u64 *)data)[lane], wide ? 0 : 0xffffffff00000000);
		}
		/* A compare that finds its zero each time, and changes nothing each time. */
		run_kernel("atom.cas.64 r10, [r2], r14, r12");
		for (u32 lane = 0; lane < 64; lane++)
			CHECK_EQ(((u64 *)data)[lane], 0);
		run_kernel("atom.cas r10, [r2], r14, r12\n	mov r11, 0");
		for (u32 lane = 0; lane < 64; lane++)
			CHECK_EQ(((u64 *)data)[lane], 0);
	}
	fixture_close(&f);
}

static void loads_and_stores(void)
{
	start();
	for (u32 i = 0; i < ARRAY_SIZE(shifts); i++) {
		map_null(shifts[i], ALL);
		run_kernel("st.64 [r2], r12\n	fence\n	ld.64 r10, [r2]");
		for (u32 lane = 0; lane < 64; lane++)
			CHECK_EQ(((u64 *)data)[lane], 0);
	}
	fixture_close(&f);
}

/* Code of zeroes is NOPs up to its end. */
static void code(void)
{
	struct mirage_dispatch *desc;

	start();
	map_null(MIRAGE_PAGE_2M_SHIFT, ALL);
	desc = fixture_map_new(&f, VM, DESC_VA);
	*desc = (struct mirage_dispatch){
		.code = NULL_VA + 64, .code_size = KiB(8), .nr_regs = 1,
		.grid = { 1, 1, 1 }, .group = { 1, 1, 1 },
	};
	fixture_dispatch(&f, CHAN, DESC_VA);
	fixture_kick(&f, CHAN);
	fixture_check_error(&f, CHAN, MIRAGE_CHAN_BAD_PC, KiB(8) - 8, NULL_VA + 64 + KiB(8));
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_INSTRUCTIONS), KiB(1));
	fixture_close(&f);
}

static void rights_count(void)
{
	start();
	map_null(MIRAGE_PAGE_SHIFT, MIRAGE_PTE_NULL);
	fixture_fill(&f, CHAN, NULL_VA, 4, 1);
	fixture_kick(&f, CHAN);
	CHECK_EQ(fixture_fault(&f).kind, MIRAGE_FAULT_WRITE);
	map_null(MIRAGE_PAGE_SHIFT, MIRAGE_PTE_NULL | MIRAGE_PTE_WRITE);
	fixture_replay(&f, VM);
	CHECK_EQ(f.chans[CHAN].get, f.chans[CHAN].put);
	map_null(MIRAGE_PAGE_SHIFT, MIRAGE_PTE_NULL | MIRAGE_PTE_ATOMIC);
	fixture_fill(&f, CHAN, NULL_VA, 4, 1);
	fixture_kick(&f, CHAN);
	CHECK_EQ(fixture_fault(&f).kind, MIRAGE_FAULT_MALFORMED);
	fixture_close(&f);
}

/* In the root, the directories, and with CONT in a 2 MiB page, the bit is malformed. */
static void leaves_only(void)
{
	unsigned int shift;
	u64 leaf, *place;

	start();
	map_null(MIRAGE_PAGE_SHIFT, ALL);
	for (u32 level = 0; level < 4; level++) {
		place = level < 3 ? fixture_entry(&f, VM, NULL_VA, level) : (u64 *)&f.vms[VM].root;
		*place |= MIRAGE_PTE_NULL;
		lock_acquire(&f.dev->lock);
		CHECK_EQ(mmu_walk(f.dev, VM, NULL_VA, &leaf, &shift), MIRAGE_FAULT_MALFORMED);
		lock_release(&f.dev->lock);
		*place &= ~MIRAGE_PTE_NULL;
	}
	place = fixture_entry(&f, VM, NULL_VA, 2);
	*place = MIRAGE_PTE_VALID | MIRAGE_PTE_LEAF | ALL | MIRAGE_PTE_CONT;
	lock_acquire(&f.dev->lock);
	CHECK_EQ(mmu_walk(f.dev, VM, NULL_VA, &leaf, &shift), MIRAGE_FAULT_MALFORMED);
	*place = MIRAGE_PTE_VALID | MIRAGE_PTE_LEAF | ALL;
	CHECK_EQ(mmu_walk(f.dev, VM, NULL_VA, &leaf, &shift), 0);
	CHECK_EQ(shift, MIRAGE_PAGE_2M_SHIFT);
	lock_release(&f.dev->lock);
	fixture_close(&f);
}

/* A null page is cached like another: memory comes in its place with an INVALIDATE. */
static void invalidation(void)
{
	u32 *page;

	start();
	map_null(MIRAGE_PAGE_SHIFT, ALL);
	fixture_fill(&f, CHAN, NULL_VA, 4, 1);
	run();
	page = fixture_map_new(&f, VM, NULL_VA);
	fixture_write(&f, MIRAGE_TEST_IGNORE_INV, 1);
	fixture_invalidate(&f, VM, NULL_VA, 1);
	fixture_fill(&f, CHAN, NULL_VA, 4, 2);
	run();
	CHECK_EQ(*page, 0);
	fixture_write(&f, MIRAGE_TEST_IGNORE_INV, 0);
	fixture_invalidate(&f, VM, NULL_VA, 1);
	fixture_fill(&f, CHAN, NULL_VA, 4, 3);
	run();
	CHECK_EQ(*page, 3);
	fixture_close(&f);
}

static const struct tap_test tests[] = {
	{ "copies", copies },
	{ "front end", front_end },
	{ "atomics give zero", atomics },
	{ "loads and stores", loads_and_stores },
	{ "code", code },
	{ "rights count", rights_count },
	{ "leaves only", leaves_only },
	{ "invalidation", invalidation },
};

TAP_MAIN(tests)
