// SPDX-License-Identifier: MIT
/* CHAN_SAVE and CHAN_RESTORE: at every point of every packet, into any memory, and from what was never written. */
#include "fixture.h"

#define VM 3
#define CHAN 1
#define IB_VA 0x10000000ull
#define DATA_VA 0x20000000ull
#define CODE_VA 0x30000000ull
#define DESC_VA 0x40000000ull

/* Where a context has its size and its checksum, in 64-bit words. */
#define SIZE_WORD 1
#define SUM_WORD 2

static struct fixture f;
static u64 place;	/* physical pointer to MAX_CONTEXT bytes */
static u64 *words;	/* what it points to */

static void start(void)
{
	fixture_start(&f);
	fixture_vm(&f, VM);
	fixture_chan(&f, CHAN, MIRAGE_CHAN_COMPUTE, VM, 0);
	place = fixture_alloc(&f, MiB(4));
	words = fixture_ptr(&f, place);
}

static u64 max_context(void)
{
	return fixture_read(&f, MIRAGE_BUS_MAX_CONTEXT);
}

static void context_cmd(u32 chan, enum mirage_cmd_op op, u64 size)
{
	fixture_cmd(&f, (struct mirage_cmd){
		.op = (u16)op, .id = chan, .addr = place, .size = size });
	fixture_sync(&f);
}

/* STOP and SAVE, which leaves nothing in the device. */
static void save(void)
{
	fixture_chan_cmd(&f, CHAN, MIRAGE_CMD_CHAN_STOP);
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_STOPPED);
	context_cmd(CHAN, MIRAGE_CMD_CHAN_SAVE, max_context());
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_IDLE);
	CHECK(words[0]);
	CHECK(words[SIZE_WORD] <= max_context());
	CHECK(!f.dev->chans[CHAN].compute && !f.dev->chans[CHAN].frontend.busy &&
	      !f.dev->chans[CHAN].frontend.in_ib);
}

/* The channel goes on with the next step. */
static void restore(void)
{
	context_cmd(CHAN, MIRAGE_CMD_CHAN_RESTORE, max_context());
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_STOPPED);
	CHECK_EQ(f.chans[CHAN].error, MIRAGE_CHAN_OK);
	memset(words, 0xa5, max_context());
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_START, .id = CHAN });
	fixture_write(&f, MIRAGE_DOORBELL_CMD, 0);
}

/* The same over a device that forgets all: as in a suspend. */
static void save_lose_restore(void)
{
	save();
	fixture_write(&f, MIRAGE_BUS_CTRL, 0);
	f.status->cmd_put = f.status->cmd_get;
	fixture_write(&f, MIRAGE_BUS_CTRL, 1);
	restore();
}

static bool done(void)
{
	return f.chans[CHAN].get == f.chans[CHAN].put;
}

/* Between two packets of an indirect buffer, the next one waiting: those before are not repeated. */
static void place_in_an_indirect_buffer(void)
{
	u64 *sems;
	u32 *ib;

	start();
	ib = fixture_map_new(&f, VM, IB_VA);
	sems = fixture_map_new(&f, VM, DATA_VA);
	for (u32 i = 0; i < 3; i++)
		memcpy(ib + 5 * i, (u32[]){
			MIRAGE_PKT(i == 1 ? MIRAGE_PKT_SEM_WAIT : MIRAGE_PKT_SEM_WRITE, 4, 0),
			(u32)DATA_VA + 8 * i, 0, 7, 0 }, 20);
	fixture_ib(&f, CHAN, IB_VA, 15);
	fixture_fence(&f, CHAN, f.sync_phys + 64, 9, 0);
	fixture_kick(&f, CHAN);
	CHECK_EQ(sems[0], 7);
	sems[0] = 0;
	save_lose_restore();
	fixture_run(&f);
	CHECK(!done());
	save_lose_restore();
	sems[1] = 7;
	fixture_settle(&f);
	CHECK(done());
	CHECK_EQ(sems[0], 0);
	CHECK_EQ(sems[2], 7);
	CHECK_EQ(*(u64 *)fixture_ptr(&f, f.sync_phys + 64), 9);
	fixture_close(&f);
}

/* A copy that waits for a page goes on there, and says once more what it waits for. */
static void copy_under_way(void)
{
	u8 *a, *b;

	start();
	a = fixture_map_new(&f, VM, DATA_VA);
	b = fixture_map_new(&f, VM, DATA_VA + KiB(64));
	fixture_map_new(&f, VM, DATA_VA + KiB(68));
	memset(a, 1, KiB(4));
	fixture_copy(&f, CHAN, DATA_VA + 1, DATA_VA + KiB(64), KiB(4) + 99);
	fixture_kick(&f, CHAN);
	CHECK_EQ(fixture_fault(&f).addr, DATA_VA + KiB(4));
	save_lose_restore();
	fixture_run(&f);
	CHECK_EQ(fixture_fault(&f).addr, DATA_VA + KiB(4));
	memset(a, 2, KiB(4));
	memset(fixture_map_new(&f, VM, DATA_VA + KiB(4)), 3, KiB(4));
	fixture_replay(&f, VM);
	CHECK(done());
	CHECK_EQ(b[0], 1);
	CHECK_EQ(b[KiB(4) - 2], 1);
	CHECK_EQ(b[KiB(4) - 1], 3);
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_COPY_BYTES), KiB(4) + 99);
	fixture_close(&f);
}

/* Saved again and again, a physical copy and a physical fill still write each byte once. */
static void physical_copies_under_way(void)
{
	const u64 size = MiB(1);
	u64 src, dst;

	start();
	src = fixture_alloc(&f, size);
	dst = fixture_alloc_vram(&f, size);
	for (u64 i = 0; i < size; i += 8)
		*(u64 *)fixture_ptr(&f, src + i) = i;
	fixture_packet(&f, CHAN, MIRAGE_PKT_COPY_PHYS, 0, (u64[]){ src, dst, size }, 3, NULL);
	fixture_packet(&f, CHAN, MIRAGE_PKT_FILL_PHYS, 0, (u64[]){ src, size }, 2, &(u32){ 5 });
	f.dev->engine.slice_ns = 0;
	fixture_write(&f, MIRAGE_DOORBELL_CHAN, CHAN);
	for (unsigned int i = 0; !done(); i++) {
		CHECK(i < 1000);
		fixture_step(&f);
		save_lose_restore();
	}
	for (u64 i = 0; i < size; i += 8) {
		CHECK_EQ(*(u64 *)fixture_ptr(&f, dst + i), i);
		CHECK_EQ(*(u64 *)fixture_ptr(&f, src + i), 0x500000005);
	}
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_COPY_BYTES), 2 * size);
	fixture_close(&f);
}

/*
 * Each item adds 1 to a word of its own, its group's items are summed up in shared memory
 * behind barriers, and lanes take different ways meanwhile. What is counted twice or lost shows.
 */
static const char reduction[] =
	".shared 1024\n"
	"	s2r r0, local_x\n"
	"	s2r r1, group_x\n"
	"	s2r r13, group_y\n"
	"	s2r r14, grid_x\n"
	"	mad r1, r13, r14, r1\n"
	"	ldc.64 r2, [0]\n"		/* a word for each group */
	"	ldc.64 r10, [8]\n"		/* a word for each item */
	"	s2r r5, group_size_x\n"
	"	mad r6, r1, r5, r0\n"
	"	mulwu r6, r6, 4\n"
	"	add.64 r10, r10, r6\n"
	"	mov r7, 1\n"
	"	atom.add r8, [r10], r7\n"
	"	and r9, r0, 7\n"
	"spin:	sub r9, r9, 1\n"
	"	slt r12, r9, 0\n"
	"	brz r12, spin\n"
	"	shl r4, r0, 2\n"
	"	sts.32 [r4], r0\n"
	"level:	shr r5, r5, 1\n"
	"	bar\n"
	"	brz r5, sum\n"
	"	ult r6, r0, r5\n"
	"	brz r6, level\n"
	"	add r7, r0, r5\n"
	"	shl r7, r7, 2\n"
	"	lds.32 r8, [r7]\n"
	"	lds.32 r9, [r4]\n"
	"	add r8, r8, r9\n"
	"	sts.32 [r4], r8\n"
	"	bra level\n"
	"sum:	brnz r0, end\n"
	"	lds.32 r8, [0]\n"
	"	mulwu r10, r1, 4\n"
	"	add.64 r2, r2, r10\n"
	"	atom.add r9, [r2], r8\n"
	"end:	exit\n";

#define ITEMS 256u
#define GROUPS 21u	/* 7 x 3, of which 8 are resident at once */

static u32 *sums, *counts;

/* Leave the pages of counts out: they come by faults. */
static void add_reduction(void)
{
	struct mirage_dispatch desc = {
		.args = DESC_VA + 128, .args_size = 16,
		.grid = { 7, 3, 1 }, .group = { ITEMS, 1, 1 },
	};
	u8 *page = fixture_map_new(&f, VM, DESC_VA);

	fixture_program(&f, VM, CODE_VA, reduction, &desc);
	memcpy(page, &desc, sizeof(desc));
	memcpy(page + 128, (u64[]){ DATA_VA, DATA_VA + KiB(64) }, 16);
	sums = fixture_map_new(&f, VM, DATA_VA);
	counts = fixture_ptr(&f, fixture_alloc(&f, KiB(64)));
	fixture_dispatch(&f, CHAN, DESC_VA);
}

static void map_counts(u64 va)
{
	u64 at = (va - DATA_VA - KiB(64)) & ~(u64)(KiB(4) - 1);

	CHECK(at < sizeof(u32) * ITEMS * GROUPS);
	fixture_map(&f, VM, DATA_VA + KiB(64) + at,
		    (FIXTURE_RAM_BASE + (u64)((u8 *)counts - f.ram) + at) | MIRAGE_PHYS_SYSTEM,
		    MIRAGE_PAGE_SHIFT, FIXTURE_RWA);
}

static void serve_faults(void)
{
	while (fixture_nr_faults(&f))
		map_counts(fixture_fault(&f).addr);
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_REPLAY, .id = VM });
}

static void check_reduction(void)
{
	for (u32 i = 0; i < GROUPS; i++)
		CHECK_EQ(sums[i], ITEMS * (ITEMS - 1) / 2);
	for (u32 i = 0; i < ITEMS * GROUPS; i++)
		CHECK_EQ(counts[i], 1);
}

static void dispatch_at_every_point(void)
{
	unsigned int saves = 0;

	start();
	add_reduction();
	f.dev->engine.slice_ns = 0;
	fixture_write(&f, MIRAGE_DOORBELL_CHAN, CHAN);
	while (!done()) {
		CHECK(saves++ < 100000);
		fixture_step(&f);
		save_lose_restore();
		serve_faults();
	}
	CHECK(saves > 10);
	check_reduction();
	fixture_close(&f);
}

static const struct tap_test tests[] = {
	{ "place in an indirect buffer", place_in_an_indirect_buffer },
	{ "copy under way", copy_under_way },
	{ "physical copies under way", physical_copies_under_way },
	{ "dispatch at every point", dispatch_at_every_point },
};

TAP_MAIN(tests)
