// SPDX-License-Identifier: MIT
/* CHAN_SAVE and CHAN_RESTORE: at every point of every packet, into any memory, and from what was never written. */
#include <stdlib.h>

#include "fixture.h"
#include "packet.h"

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
	memset(words, 0xa5, words[SIZE_WORD]);
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
 * behind barriers, and lanes take different ways meanwhile. An addition that is made twice or lost shows.
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
	CHECK(saves > 100);
	check_reduction();
	fixture_close(&f);
}

/* The largest dispatch there can be fits into what BUS_MAX_CONTEXT says. */
static void largest_dispatch(void)
{
	struct mirage_dispatch *desc;

	start();
	desc = fixture_map_new(&f, VM, DESC_VA);
	*desc = (struct mirage_dispatch){
		.args = DESC_VA + KiB(4) - 8, .args_size = 4096,
		.grid = { 1000, 1, 1 }, .group = { 1024, 1, 1 },
	};
	fixture_program(&f, VM, CODE_VA, "here: bra here\n", desc);
	desc->nr_regs = 255;
	desc->shared_size = 65536;
	f.dev->engine.slice_ns = 0;
	fixture_dispatch(&f, CHAN, DESC_VA);
	fixture_write(&f, MIRAGE_DOORBELL_CHAN, CHAN);
	while (fixture_read64(&f, MIRAGE_PERF_WAVES) < 64)
		fixture_step(&f);
	save();
	CHECK(words[SIZE_WORD] > 64 * 255 * 128);
	restore();
	fixture_step(&f);
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_WAVES), 64);
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_RUNNING);
	fixture_close(&f);
}

/* SAVE of what is not STOPPED, or into too little memory, leaves all as it is and says so. */
static void nothing_to_save(void)
{
	u64 size;

	start();
	for (u32 state = 0; state < 4; state++) {
		words[0] = 5;
		words[1] = 6;
		switch (state) {
		case MIRAGE_CHAN_IDLE:
			fixture_chan_cmd(&f, CHAN, MIRAGE_CMD_CHAN_RESET);
			break;
		case MIRAGE_CHAN_RUNNING:
			fixture_chan_cmd(&f, CHAN, MIRAGE_CMD_CHAN_START);
			break;
		case MIRAGE_CHAN_STOPPED:
			continue;
		case MIRAGE_CHAN_ERROR:
			fixture_packet(&f, CHAN, 0xff, 0, NULL, 0, NULL);
			fixture_kick(&f, CHAN);
			break;
		}
		context_cmd(CHAN, MIRAGE_CMD_CHAN_SAVE, max_context());
		CHECK_EQ(words[0], 0);
		CHECK_EQ(words[1], 6);
		CHECK_EQ(f.chans[CHAN].state, state);
	}
	fixture_again(&f, CHAN);
	fixture_chan_cmd(&f, CHAN, MIRAGE_CMD_CHAN_STOP);
	context_cmd(CHAN, MIRAGE_CMD_CHAN_SAVE, max_context());
	size = words[SIZE_WORD];
	fixture_chan_cmd(&f, CHAN, MIRAGE_CMD_CHAN_START);
	fixture_chan_cmd(&f, CHAN, MIRAGE_CMD_CHAN_STOP);
	for (u64 given = 0; given <= size; given += 4) {
		words[0] = 5;
		words[given / 8 + 1] = 6;
		context_cmd(CHAN, MIRAGE_CMD_CHAN_SAVE, given);
		CHECK_EQ(f.chans[CHAN].state, given == size ? MIRAGE_CHAN_IDLE : MIRAGE_CHAN_STOPPED);
		CHECK(given == size ? words[0] : words[0] == (given < 8 ? 5 : 0));
		CHECK_EQ(words[given / 8 + 1], 6);
	}
	fixture_close(&f);
}

/* RESTORE has no effect but on an IDLE channel. */
static void restore_needs_idle(void)
{
	start();
	save();
	fixture_chan_cmd(&f, CHAN, MIRAGE_CMD_CHAN_START);
	context_cmd(CHAN, MIRAGE_CMD_CHAN_RESTORE, max_context());
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_RUNNING);
	fixture_chan_cmd(&f, CHAN, MIRAGE_CMD_CHAN_STOP);
	context_cmd(CHAN, MIRAGE_CMD_CHAN_RESTORE, max_context());
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_STOPPED);
	fixture_close(&f);
}

/* A context with a dispatch in the middle of things, in memory; the channel is IDLE. */
static void save_dispatch(void)
{
	start();
	add_reduction();
	f.dev->engine.slice_ns = 0;
	fixture_write(&f, MIRAGE_DOORBELL_CHAN, CHAN);
	while (!f.dev->chans[CHAN].compute || fixture_read64(&f, MIRAGE_PERF_INSTRUCTIONS) < 3000) {
		fixture_step(&f);
		serve_faults();
		fixture_write(&f, MIRAGE_DOORBELL_CMD, 0);
	}
	save();
	CHECK(words[SIZE_WORD] > KiB(4));
}

static void restore_refused(u64 size)
{
	context_cmd(CHAN, MIRAGE_CMD_CHAN_RESTORE, size);
	fixture_check_error(&f, CHAN, MIRAGE_CHAN_BAD_DESC, 0, 0);
	CHECK(!f.dev->chans[CHAN].compute);
	fixture_chan_cmd(&f, CHAN, MIRAGE_CMD_CHAN_RESET);
}

/* Lost bytes, a part only, another channel's: each is found. */
static void damaged_contexts(void)
{
	u64 size, *copy;
	u32 state = 1;

	save_dispatch();
	size = words[SIZE_WORD];
	copy = malloc(size);
	CHECK(copy);
	memcpy(copy, words, size);
	for (u32 i = 0; i < 500; i++) {
		u64 bit;

		state = state * 1664525 + 1013904223;
		/* The first words each, then anywhere. */
		bit = i < 64 * 4 ? i : state % (size * 8);
		words[bit / 64] ^= 1ull << bit % 64;
		restore_refused(max_context());
		words[bit / 64] ^= 1ull << bit % 64;
	}
	for (u64 given = 0; given < size; given = given < 256 ? given + 8 : given * 2)
		restore_refused(given);
	f.chans[CHAN].get++;
	restore_refused(size);
	f.chans[CHAN].get--;
	f.chans[CHAN].class = MIRAGE_CHAN_COPY;
	restore_refused(size);
	f.chans[CHAN].class = MIRAGE_CHAN_COMPUTE;
	f.chans[CHAN].flags = 2;
	restore_refused(size);
	f.chans[CHAN].flags = 0;
	memset(words, 0, size);
	restore_refused(size);
	/* And what it was before is still good. */
	memcpy(words, copy, size);
	context_cmd(CHAN, MIRAGE_CMD_CHAN_RESTORE, size);
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_STOPPED);
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_START, .id = CHAN });
	fixture_run(&f);
	while (fixture_nr_faults(&f)) {
		serve_faults();
		fixture_run(&f);
	}
	CHECK(done());
	check_reduction();
	free(copy);
	fixture_close(&f);
}

/* The device's checksum, over a context whose own counts as 0. */
static void seal(u64 size)
{
	u64 sum = 0xcbf29ce484222325;

	words[SUM_WORD] = 0;
	for (u64 i = 0; i < size / 8; i++)
		sum = (sum ^ words[i]) * 0x100000001b3;
	words[SUM_WORD] = sum;
}

/* With the checksum known, any context can be made: it may be refused or run, and harms nothing. */
static void forged_contexts(void)
{
	static const u64 values[] = { 0, 1, 2, 0xff, UINT32_MAX, UINT64_MAX, 1ull << 32, 0x8000000080000000 };
	u32 state = 7, taken = 0, refused = 0;
	u64 size, *copy;

	save_dispatch();
	size = words[SIZE_WORD];
	copy = malloc(size);
	CHECK(copy);
	memcpy(copy, words, size);
	for (u32 i = 0; i < 1000; i++) {
		memcpy(words, copy, size);
		for (u32 n = 0; n <= i % 3; n++) {
			u64 at;

			state = state * 1664525 + 1013904223;
			/* Mostly where there is structure, and each of its words in turn. */
			at = n ? (state >> 8) % (size / 8) : i % 80 + (i % 80 >= SUM_WORD);
			state = state * 1664525 + 1013904223;
			words[at] = (state >> 4) % 4 ? values[(state >> 8) % ARRAY_SIZE(values)] :
				    words[at] ^ 1ull << (state >> 8) % 64;
		}
		seal(min_u64(words[SIZE_WORD], size));
		context_cmd(CHAN, MIRAGE_CMD_CHAN_RESTORE, size);
		if (f.chans[CHAN].state == MIRAGE_CHAN_STOPPED) {
			taken++;
			fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_START, .id = CHAN });
			fixture_write(&f, MIRAGE_DOORBELL_CMD, 0);
			for (u32 n = 0; n < 20; n++)
				fixture_step(&f);
		} else {
			CHECK_EQ(f.chans[CHAN].error, MIRAGE_CHAN_BAD_DESC);
			refused++;
		}
		CHECK_EQ(fixture_read(&f, MIRAGE_BUS_STATUS), MIRAGE_BUS_STATUS_ENABLED__MASK);
		f.status->fault_get = f.status->fault_put;
		f.status->event_get = f.status->event_put;
		fixture_chan_cmd(&f, CHAN, MIRAGE_CMD_CHAN_RESET);
		f.chans[CHAN].get = 0;
	}
	CHECK(taken > 50 && refused > 50);
	free(copy);
	fixture_close(&f);
}

/* The one word of the context that is this header. */
static u32 *find_header(u32 header)
{
	u32 *all = (u32 *)words, *found = NULL;

	for (u64 i = 0; i < words[SIZE_WORD] / sizeof(*all); i++)
		if (all[i] == header) {
			CHECK(!found);
			found = &all[i];
		}
	CHECK(found);
	return found;
}

/* A context of SEM_WAIT in an indirect buffer that has room for any packet. */
static u32 *save_in_an_indirect_buffer(void)
{
	const u32 header = MIRAGE_PKT(MIRAGE_PKT_SEM_WAIT, 4, 0);
	u32 *ib;

	start();
	ib = fixture_map_new(&f, VM, IB_VA);
	fixture_map_new(&f, VM, DATA_VA);
	memcpy(ib, (u32[]){ header, (u32)DATA_VA, 0, 7, 0 }, 20);
	fixture_ib(&f, CHAN, IB_VA, 64);
	fixture_kick(&f, CHAN);
	save();
	return find_header(header);
}

/* With a ring-only packet under way in an indirect buffer a context is refused, else not. */
static void ring_only_packets(void)
{
	u32 nr_refused = 0, *header = save_in_an_indirect_buffer();
	u64 size = words[SIZE_WORD];

	for (u32 op = 0; op < 256; op++) {
		const struct packet_type *type = &packet_types[op];

		if (!type->known)
			continue;
		*header = MIRAGE_PKT(op, type->words, 0);
		memset(header + 1, 0, (PACKET_MAX_WORDS - 1) * sizeof(*header));
		seal(size);
		if (type->where == PACKET_RING) {
			nr_refused++;
			restore_refused(size);
			continue;
		}
		context_cmd(CHAN, MIRAGE_CMD_CHAN_RESTORE, size);
		CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_STOPPED);
		fixture_chan_cmd(&f, CHAN, MIRAGE_CMD_CHAN_RESET);
	}
	CHECK(nr_refused >= 4);
	fixture_close(&f);
}

static void memory_that_is_not_there(void)
{
	static const enum mirage_cmd_op ops[] = { MIRAGE_CMD_CHAN_SAVE, MIRAGE_CMD_CHAN_RESTORE };

	for (u32 i = 0; i < 4; i++) {
		start();
		fixture_chan_cmd(&f, CHAN, i % 2 ? MIRAGE_CMD_CHAN_RESET : MIRAGE_CMD_CHAN_STOP);
		/* A pointer that is none, then one beyond VRAM. */
		place = i < 2 ? 4 : FIXTURE_VRAM_SIZE - 8;
		fixture_cmd(&f, (struct mirage_cmd){
			.op = (u16)ops[i % 2], .id = CHAN, .addr = place, .size = MiB(1) });
		fixture_run(&f);
		CHECK_EQ(fixture_read(&f, MIRAGE_BUS_ERROR),
			 i < 2 ? MIRAGE_DEV_BAD_CMD : MIRAGE_DEV_BUS);
		CHECK(!f.dev->chans[CHAN].compute);
		fixture_close(&f);
	}
}

static const struct tap_test tests[] = {
	{ "place in an indirect buffer", place_in_an_indirect_buffer },
	{ "copy under way", copy_under_way },
	{ "physical copies under way", physical_copies_under_way },
	{ "dispatch at every point", dispatch_at_every_point },
	{ "largest dispatch", largest_dispatch },
	{ "nothing to save, or too little room", nothing_to_save },
	{ "RESTORE needs an IDLE channel", restore_needs_idle },
	{ "damaged contexts are refused", damaged_contexts },
	{ "forged contexts harm nothing", forged_contexts },
	{ "ring-only packets in an indirect buffer are refused", ring_only_packets },
	{ "memory that is not there", memory_that_is_not_there },
};

TAP_MAIN(tests)
