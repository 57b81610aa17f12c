// SPDX-License-Identifier: MIT
/* MIRAGE_CHAN_NO_FAULT: what would be a fault stops the channel, in each unit, and is told nowhere else. */
#include "fixture.h"

#define VM 3
#define CHAN 1
#define OTHER 2
#define IB_VA 0x10000000ull
#define DATA_VA 0x20000000ull	/* one page, all rights */
#define RO_VA 0x21000000ull	/* one page, reading only */
#define HOLE_VA 0x22000000ull
#define CODE_VA 0x30000000ull
#define DESC_VA 0x40000000ull

static struct fixture f;
static u32 *ib;
static u8 *data;

static void start(void)
{
	fixture_start(&f);
	fixture_vm(&f, VM);
	ib = fixture_map_new(&f, VM, IB_VA);
	data = fixture_map_new(&f, VM, DATA_VA);
	fixture_map(&f, VM, RO_VA, fixture_alloc(&f, KiB(4)), MIRAGE_PAGE_SHIFT, 0);
	fixture_chan_flags(&f, CHAN, MIRAGE_CHAN_COMPUTE, VM, 0, MIRAGE_CHAN_NO_FAULT);
	fixture_chan(&f, OTHER, MIRAGE_CHAN_COMPUTE, VM, 0);
}

/* Run what the ring holds: it ends with this access, and nothing of it is seen elsewhere. */
static void check_stops(u64 va, enum mirage_access access, enum mirage_fault_kind kind)
{
	fixture_kick(&f, CHAN);
	fixture_check_error(&f, CHAN, MIRAGE_CHAN_FAULT, access | kind << 8, va);
	CHECK_EQ(fixture_nr_faults(&f), 0);
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_FAULTS), 0);
	/* No replay brings it back. */
	fixture_replay(&f, VM);
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_ERROR);
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_REPLAYED), 0);
	fixture_again(&f, CHAN);
}

static void front_end(void)
{
	static const u32 ops[] = { MIRAGE_PKT_SEM_WRITE, MIRAGE_PKT_SEM_WAIT, MIRAGE_PKT_TIMESTAMP };

	start();
	fixture_ib(&f, CHAN, HOLE_VA + 12, 5);
	check_stops(HOLE_VA + 12, MIRAGE_ACCESS_FETCH, MIRAGE_FAULT_NOT_PRESENT);
	/* Its first word on a page that is there, the second on one that is not. */
	ib[1023] = MIRAGE_PKT(MIRAGE_PKT_TIMESTAMP, 2, 0);
	fixture_ib(&f, CHAN, IB_VA + 4092, 3);
	check_stops(IB_VA + 4096, MIRAGE_ACCESS_FETCH, MIRAGE_FAULT_NOT_PRESENT);
	for (u32 i = 0; i < ARRAY_SIZE(ops); i++) {
		u32 nr = ops[i] == MIRAGE_PKT_TIMESTAMP ? 1 : 2;
		bool reads = ops[i] == MIRAGE_PKT_SEM_WAIT;

		fixture_packet(&f, CHAN, ops[i], 0, (u64[]){ HOLE_VA + 8, 1 }, nr, NULL);
		check_stops(HOLE_VA + 8, reads ? MIRAGE_ACCESS_READ : MIRAGE_ACCESS_WRITE,
			    MIRAGE_FAULT_NOT_PRESENT);
		fixture_packet(&f, CHAN, ops[i], 0, (u64[]){ 1ull << 49, 1 }, nr, NULL);
		check_stops(1ull << 49, reads ? MIRAGE_ACCESS_READ : MIRAGE_ACCESS_WRITE,
			    MIRAGE_FAULT_RANGE);
		if (reads)
			continue;
		fixture_packet(&f, CHAN, ops[i], 0, (u64[]){ RO_VA + 8, 1 }, nr, NULL);
		check_stops(RO_VA + 8, MIRAGE_ACCESS_WRITE, MIRAGE_FAULT_WRITE);
	}
	fixture_dispatch(&f, CHAN, HOLE_VA);
	check_stops(HOLE_VA, MIRAGE_ACCESS_FETCH, MIRAGE_FAULT_NOT_PRESENT);
	fixture_dispatch(&f, CHAN, DATA_VA + KiB(4) - 64);
	check_stops(DATA_VA + KiB(4), MIRAGE_ACCESS_FETCH, MIRAGE_FAULT_NOT_PRESENT);
	fixture_close(&f);
}

static void copy_engine(void)
{
	start();
	fixture_copy(&f, CHAN, HOLE_VA + 1, DATA_VA, 8);
	check_stops(HOLE_VA + 1, MIRAGE_ACCESS_READ, MIRAGE_FAULT_NOT_PRESENT);
	fixture_copy(&f, CHAN, DATA_VA, HOLE_VA + 2, 8);
	check_stops(HOLE_VA + 2, MIRAGE_ACCESS_WRITE, MIRAGE_FAULT_NOT_PRESENT);
	/* Of two the source is told. */
	fixture_copy(&f, CHAN, HOLE_VA + 3, RO_VA, 8);
	check_stops(HOLE_VA + 3, MIRAGE_ACCESS_READ, MIRAGE_FAULT_NOT_PRESENT);
	fixture_fill(&f, CHAN, RO_VA + 4, 8, 1);
	check_stops(RO_VA + 4, MIRAGE_ACCESS_WRITE, MIRAGE_FAULT_WRITE);
	/* Earlier writes stay. */
	fixture_fill(&f, CHAN, DATA_VA, KiB(8), 0x77777777);
	check_stops(DATA_VA + KiB(4), MIRAGE_ACCESS_WRITE, MIRAGE_FAULT_NOT_PRESENT);
	CHECK_EQ(data[KiB(4) - 1], 0x77);
	/* A physical copy knows no translation. */
	fixture_packet(&f, CHAN, MIRAGE_PKT_FILL_PHYS, 0, (u64[]){ MiB(1), 8 }, 2, &(u32){ 3 });
	fixture_kick(&f, CHAN);
	CHECK_EQ(f.chans[CHAN].get, f.chans[CHAN].put);
	fixture_close(&f);
}

/* A kernel whose lanes access @base + 4096 * their number with the last instruction. */
static void add_kernel(const char *access, u64 base, u32 items)
{
	struct mirage_dispatch *desc = fixture_map_new(&f, VM, DESC_VA);
	u64 *args = (u64 *)((u8 *)desc + 128);
	char text[256];

	*desc = (struct mirage_dispatch){
		.args = DESC_VA + 128, .args_size = 8,
		.grid = { 1, 1, 1 }, .group = { items, 1, 1 },
	};
	args[0] = base;
	snprintf(text, sizeof(text),
		 "	s2r r0, local_x\n"
		 "	ldc.64 r2, [0]\n"
		 "	mulwu r4, r0, 4096\n"
		 "	add.64 r2, r2, r4\n"
		 "	%s\n"
		 "	exit\n", access);
	fixture_program(&f, VM, CODE_VA, text, desc);
	fixture_invalidate(&f, VM, CODE_VA, DESC_VA + KiB(4) - CODE_VA);
	fixture_dispatch(&f, CHAN, DESC_VA);
}

static void compute_engine(void)
{
	start();
	add_kernel("ld.32 r6, [r2 + 4]", HOLE_VA, 1);
	check_stops(HOLE_VA + 4, MIRAGE_ACCESS_READ, MIRAGE_FAULT_NOT_PRESENT);
	add_kernel("st.32 [r2 + 8], r0", RO_VA, 1);
	fixture_kick(&f, CHAN);
	/* The descriptor tells the instruction too. */
	CHECK_EQ(f.chans[CHAN].error_place.pc, CODE_VA + 4 * 8);
	CHECK_EQ(f.chans[CHAN].error_place.lane, 0);
	check_stops(RO_VA + 8, MIRAGE_ACCESS_WRITE, MIRAGE_FAULT_WRITE);
	CHECK_EQ(f.chans[CHAN].error_place.pc, 0);
	add_kernel("atom.add r6, [r2], r0", RO_VA, 1);
	check_stops(RO_VA, MIRAGE_ACCESS_ATOMIC, MIRAGE_FAULT_WRITE);
	fixture_map(&f, VM, RO_VA, fixture_alloc(&f, KiB(4)), MIRAGE_PAGE_SHIFT, MIRAGE_PTE_WRITE);
	add_kernel("atom.add r6, [r2], r0", RO_VA, 1);
	check_stops(RO_VA, MIRAGE_ACCESS_ATOMIC, MIRAGE_FAULT_ATOMIC);
	/*
	 * 1024 lanes of 32 waves, each at a page of its own: the first lane of the wave that comes
	 * first, which is the second one.
	 */
	add_kernel("st.32 [r2 + 12], r0", DATA_VA, 1024);
	check_stops(DATA_VA + 32 * KiB(4) + 12, MIRAGE_ACCESS_WRITE, MIRAGE_FAULT_NOT_PRESENT);
	add_kernel("st.32 [r2 + 12], r0", DATA_VA, 32);
	check_stops(DATA_VA + KiB(4) + 12, MIRAGE_ACCESS_WRITE, MIRAGE_FAULT_NOT_PRESENT);
	/* No lane has acted where another of its wave fails. */
	CHECK_EQ(*(u32 *)(data + 12), 0);
	/* Code and arguments. */
	add_kernel("nop", DATA_VA, 1);
	fixture_unmap(&f, VM, CODE_VA);
	fixture_invalidate(&f, VM, CODE_VA, KiB(4));
	check_stops(CODE_VA, MIRAGE_ACCESS_FETCH, MIRAGE_FAULT_NOT_PRESENT);
	add_kernel("nop", DATA_VA, 1);
	((struct mirage_dispatch *)fixture_map_new(&f, VM, DESC_VA))[0] = (struct mirage_dispatch){
		.code = CODE_VA, .code_size = 48, .nr_regs = 10, .args = HOLE_VA + 8, .args_size = 8,
		.grid = { 1, 1, 1 }, .group = { 1, 1, 1 },
	};
	fixture_invalidate(&f, VM, DESC_VA, KiB(4));
	check_stops(HOLE_VA + 8, MIRAGE_ACCESS_FETCH, MIRAGE_FAULT_NOT_PRESENT);
	fixture_close(&f);
}

/* Another channel of the same VM, without the flag, waits for its replay as ever. */
static void others_fault_as_ever(void)
{
	start();
	fixture_fill(&f, OTHER, HOLE_VA, 4, 5);
	fixture_kick(&f, OTHER);
	CHECK_EQ(fixture_fault(&f).chan, OTHER);
	fixture_fill(&f, CHAN, HOLE_VA, 4, 6);
	fixture_kick(&f, CHAN);
	fixture_check_error(&f, CHAN, MIRAGE_CHAN_FAULT,
			    MIRAGE_ACCESS_WRITE | MIRAGE_FAULT_NOT_PRESENT << 8, HOLE_VA);
	CHECK_EQ(f.chans[OTHER].state, MIRAGE_CHAN_RUNNING);
	data = fixture_map_new(&f, VM, HOLE_VA);
	fixture_replay(&f, VM);
	CHECK_EQ(*(u32 *)data, 5);
	/* The flag is that of the last start. */
	fixture_chan_cmd(&f, CHAN, MIRAGE_CMD_CHAN_RESET);
	f.chans[CHAN].flags = 0;
	f.chans[CHAN].get = f.chans[CHAN].put;
	fixture_chan_cmd(&f, CHAN, MIRAGE_CMD_CHAN_START);
	fixture_fill(&f, CHAN, HOLE_VA + KiB(4), 4, 6);
	fixture_kick(&f, CHAN);
	CHECK_EQ(fixture_fault(&f).chan, CHAN);
	fixture_close(&f);
}

static const struct tap_test tests[] = {
	{ "front end", front_end },
	{ "copy engine", copy_engine },
	{ "compute engine", compute_engine },
	{ "other channels fault as ever", others_fault_as_ever },
};

TAP_MAIN(tests)
