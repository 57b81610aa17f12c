// SPDX-License-Identifier: MIT
/*
 * Which channel has the engines, in exact numbers of steps: a step is one packet, one chunk of a copy, or at
 * most 128 instructions of a dispatch. Slices are made one step long, so nothing here depends on time.
 */
#include "fixture.h"

#define VM 3
#define LOW 1
#define HIGH 2
#define DATA_VA 0x20000000ull
#define HOLE_VA 0x22000000ull
#define CODE_VA 0x30000000ull
#define DESC_VA 0x40000000ull
#define CHUNK KiB(64)
#define STEP_INSTRUCTIONS 128u

static struct fixture f;
static u64 *fences;

static void start(void)
{
	fixture_start(&f);
	fixture_vm(&f, VM);
	fixture_map_new(&f, VM, DATA_VA);
	f.dev->engine.slice_ns = 0;
	fences = fixture_ptr(&f, f.sync_phys);
}

/* A channel with its own time slice. */
static void open_chan(u32 chan, u32 priority, u32 timeslice_us)
{
	fixture_chan(&f, chan, MIRAGE_CHAN_COMPUTE, VM, priority);
	fixture_chan_cmd(&f, chan, MIRAGE_CMD_CHAN_RESET);
	f.chans[chan].timeslice_us = timeslice_us;
	fixture_chan_cmd(&f, chan, MIRAGE_CMD_CHAN_START);
	/* Over at each look, however fast the machine is. */
	if (timeslice_us == 1)
		f.dev->chans[chan].timeslice_ns = 0;
}

/* An endless kernel of many waves. */
static void add_endless(u32 chan)
{
	struct mirage_dispatch *desc = fixture_map_new(&f, VM, DESC_VA);

	*desc = (struct mirage_dispatch){ .grid = { 4, 1, 1 }, .group = { 256, 1, 1 } };
	fixture_program(&f, VM, CODE_VA, "here: bra here\n", desc);
	fixture_dispatch(&f, chan, DESC_VA);
	fixture_write(&f, MIRAGE_DOORBELL_CHAN, chan);
}

/* A physical copy of so many chunks. */
static void add_chunks(u32 chan, u64 chunks)
{
	fixture_packet(&f, chan, MIRAGE_PKT_COPY_PHYS, 0,
		       (u64[]){ MiB(1), MiB(16), chunks * CHUNK }, 3, NULL);
}

static u64 chunks_left(u32 chan)
{
	return f.dev->chans[chan].copy.left / CHUNK;
}

static u64 instructions(void)
{
	return fixture_read64(&f, MIRAGE_PERF_INSTRUCTIONS);
}

/* From its bell on a higher channel waits for not one instruction more. */
static void preempts_a_kernel(void)
{
	u64 before, after = 0;

	start();
	open_chan(LOW, 0, 0);
	open_chan(HIGH, 1, 0);
	add_endless(LOW);
	for (u32 i = 0; i < 500; i++) {
		before = instructions();
		fixture_step(&f);
		after = instructions();
		CHECK(after - before <= STEP_INSTRUCTIONS);
		if (i % 10 != 9)
			continue;
		fixture_fence(&f, HIGH, f.sync_phys, i, 0);
		fixture_write(&f, MIRAGE_DOORBELL_CHAN, HIGH);
		fixture_step(&f);
		CHECK_EQ(fences[0], i);
		CHECK_EQ(instructions(), after);
	}
	CHECK(after > 500);
	fixture_close(&f);
}

static void preempts_a_copy(void)
{
	start();
	open_chan(LOW, 2, 0);
	open_chan(HIGH, 3, 0);
	add_chunks(LOW, 100);
	fixture_write(&f, MIRAGE_DOORBELL_CHAN, LOW);
	for (u64 i = 1; i <= 20; i++) {
		fixture_step(&f);
		CHECK_EQ(chunks_left(LOW), 100 - i);
		add_chunks(HIGH, 3);
		fixture_write(&f, MIRAGE_DOORBELL_CHAN, HIGH);
		for (u32 n = 0; n < 3; n++)
			fixture_step(&f);
		CHECK_EQ(chunks_left(HIGH), 0);
		CHECK_EQ(chunks_left(LOW), 100 - i);
	}
	fixture_close(&f);
}

/* Four priorities, all with work: the higher is done before the lower begins, in whatever order they came. */
static void strict_order(void)
{
	static const u32 priority[] = { 1, 3, 0, 2 };

	start();
	for (u32 i = 0; i < 4; i++) {
		open_chan(i, priority[i], 0);
		add_chunks(i, 5);
	}
	for (u32 i = 0; i < 4; i++)
		fixture_write(&f, MIRAGE_DOORBELL_CHAN, i);
	for (u32 turn = 0; turn < 4; turn++)
		for (u32 n = 1; n <= 5; n++) {
			fixture_step(&f);
			for (u32 i = 0; i < 4; i++) {
				u32 place = 3 - priority[i];
				u32 done = place < turn ? 5 : place == turn ? n : 0;
				u64 copied = done == 5 ? 5 : f.dev->chans[i].frontend.busy ?
					     5 - chunks_left(i) : 0;

				CHECK_EQ(f.chans[i].get == f.chans[i].put, done == 5);
				CHECK_EQ(copied, done);
			}
		}
	fixture_close(&f);
}

/* With a time slice that is over at each look, channels of one priority have one step each in turn. */
static void turns(void)
{
	start();
	for (u32 i = 0; i < 3; i++)
		open_chan(i, 1, 1);
	for (u32 i = 0; i < 3; i++) {
		add_chunks(i, 40);
		fixture_write(&f, MIRAGE_DOORBELL_CHAN, i);
	}
	for (u64 round = 1; round < 40; round++)
		for (u32 i = 0; i < 3; i++) {
			fixture_step(&f);
			CHECK_EQ(chunks_left(i), 40 - round);
		}
	fixture_close(&f);
}

/* With a long one the first has all it wants before the second begins. */
static void long_time_slice(void)
{
	start();
	for (u32 i = 0; i < 2; i++)
		open_chan(i, 1, UINT32_MAX);
	for (u32 i = 0; i < 2; i++) {
		add_chunks(i, 40);
		fixture_write(&f, MIRAGE_DOORBELL_CHAN, i);
	}
	for (u32 i = 0; i < 40; i++) {
		CHECK(!f.dev->chans[1].frontend.busy);
		fixture_step(&f);
	}
	CHECK_EQ(f.chans[0].get, f.chans[0].put);
	for (u32 i = 0; i < 40; i++)
		fixture_step(&f);
	CHECK_EQ(f.chans[1].get, f.chans[1].put);
	fixture_close(&f);
}

/* A channel that waits for a page has no turn, whatever its priority; and has one again as soon as it may. */
static void faulting_channel_holds_up_nobody(void)
{
	u64 before;

	start();
	open_chan(LOW, 0, 0);
	open_chan(HIGH, 3, 0);
	fixture_fill(&f, HIGH, HOLE_VA, 4, 1);
	fixture_fence(&f, HIGH, f.sync_phys, 1, 0);
	fixture_kick(&f, HIGH);
	CHECK_EQ(fixture_fault(&f).chan, HIGH);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_CURRENT), 0);
	add_chunks(LOW, 10);
	fixture_write(&f, MIRAGE_DOORBELL_CHAN, LOW);
	for (u64 i = 1; i < 10; i++) {
		fixture_step(&f);
		CHECK_EQ(chunks_left(LOW), 10 - i);
	}
	fixture_map_new(&f, VM, HOLE_VA);
	before = chunks_left(LOW);
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_REPLAY, .id = VM });
	fixture_write(&f, MIRAGE_DOORBELL_CMD, 0);
	fixture_step(&f);
	fixture_step(&f);
	CHECK_EQ(fences[0], 1);
	CHECK_EQ(chunks_left(LOW), before);
	fixture_close(&f);
}

/* One wave of a dispatch waits for a page: the others go on, and so do lower channels when they end. */
static void faulting_wave_holds_up_nobody(void)
{
	struct mirage_dispatch *desc;
	u32 *page;

	start();
	open_chan(LOW, 0, 0);
	open_chan(HIGH, 3, 0);
	desc = fixture_map_new(&f, VM, DESC_VA);
	*desc = (struct mirage_dispatch){
		.args = DESC_VA + 128, .args_size = 16, .grid = { 1, 1, 1 }, .group = { 128, 1, 1 },
	};
	memcpy((u8 *)desc + 128, (u64[]){ HOLE_VA, DATA_VA }, 16);
	/* The first wave stores to the hole, the others count. */
	fixture_program(&f, VM, CODE_VA,
			"	s2r r0, local_x\n"
			"	ldc.64 r2, [0]\n"
			"	ldc.64 r4, [8]\n"
			"	mov r6, 1\n"
			"	ult r1, r0, 32\n"
			"	brnz r1, hole\n"
			"	atom.add r7, [r4], r6\n"
			"	exit\n"
			"hole:	st.32 [r2], r6\n"
			"	exit\n", desc);
	fixture_dispatch(&f, HIGH, DESC_VA);
	fixture_fence(&f, LOW, f.sync_phys, 1, 0);
	fixture_write(&f, MIRAGE_DOORBELL_CHAN, HIGH);
	fixture_write(&f, MIRAGE_DOORBELL_CHAN, LOW);
	fixture_run(&f);
	CHECK_EQ(fixture_fault(&f).wave, 0);
	CHECK_EQ(fixture_nr_faults(&f), 0);
	page = fixture_map_new(&f, VM, HOLE_VA);
	CHECK_EQ(fences[0], 1);
	CHECK(f.chans[HIGH].get != f.chans[HIGH].put);
	fixture_replay(&f, VM);
	CHECK_EQ(f.chans[HIGH].get, f.chans[HIGH].put);
	CHECK_EQ(*page, 1);
	fixture_close(&f);
}

/* SEM_WAIT gives the turn away, also to lower channels. */
static void waiting_gives_the_turn_away(void)
{
	start();
	open_chan(LOW, 0, 0);
	open_chan(HIGH, 3, 0);
	fixture_packet(&f, HIGH, MIRAGE_PKT_SEM_WAIT, 0, (u64[]){ DATA_VA, 5 }, 2, NULL);
	fixture_fence(&f, HIGH, f.sync_phys, 2, 0);
	fixture_packet(&f, LOW, MIRAGE_PKT_SEM_WRITE, 0, (u64[]){ DATA_VA, 5 }, 2, NULL);
	fixture_fence(&f, LOW, f.sync_phys, 1, 0);
	fixture_write(&f, MIRAGE_DOORBELL_CHAN, HIGH);
	fixture_write(&f, MIRAGE_DOORBELL_CHAN, LOW);
	fixture_step(&f);	/* HIGH finds that it has to wait */
	CHECK_EQ(f.dev->chans[HIGH].list, CHAN_POLLING);
	f.dev->chans[HIGH].poll_ns = UINT64_MAX;	/* only LOW's write wakes it */
	fixture_step(&f);	/* LOW writes */
	fixture_step(&f);	/* HIGH is there again, before LOW's fence */
	fixture_step(&f);
	CHECK_EQ(fences[0], 2);
	fixture_step(&f);
	CHECK_EQ(fences[0], 1);
	fixture_close(&f);
}

/* Software has been told what the device has counted. Returns it; it never becomes less. */
static u64 time_told(u32 chan, u64 last)
{
	u64 ns = f.chans[chan].run_ns;

	CHECK_EQ(ns, f.dev->chans[chan].run_ns);
	CHECK(ns >= last);
	return ns;
}

/*
 * run_ns: of each what it had, told with each packet, together what the engines were busy. One
 * step may take no time on a coarse clock, but fifty chunks do.
 */
static void time_that_was_had(void)
{
	u64 begin = now_ns(), busy, sum = 0, last;

	start();
	for (u32 i = 0; i < 3; i++)
		open_chan(i, 1, 1);
	CHECK_EQ(f.chans[0].run_ns, 0);
	for (u32 i = 0; i < 2; i++) {
		add_chunks(i, 50);
		fixture_write(&f, MIRAGE_DOORBELL_CHAN, i);
	}
	last = 0;
	for (u32 i = 0; i < 20; i++) {
		fixture_step(&f);
		fixture_step(&f);
		last = time_told(0, last);
	}
	fixture_run(&f);
	busy = fixture_read64(&f, MIRAGE_PERF_BUSY_NS);
	for (u32 i = 0; i < 3; i++)
		sum += time_told(i, i < 2);
	CHECK_EQ(f.chans[2].run_ns, 0);
	CHECK(sum >= busy && sum <= now_ns() - begin);
	/* Also a channel that stops by itself, or is started anew, keeps its count. */
	last = f.chans[1].run_ns;
	fixture_packet(&f, 1, 0xff, 0, NULL, 0, NULL);
	fixture_kick(&f, 1);
	CHECK_EQ(f.chans[1].state, MIRAGE_CHAN_ERROR);
	last = time_told(1, last);
	fixture_again(&f, 1);
	CHECK_EQ(time_told(1, last), last);
	add_chunks(1, 50);
	fixture_kick(&f, 1);
	time_told(1, last + 1);
	fixture_close(&f);
}

/* The sum of a channel's waits until now, as software reads it. */
static u64 wait_told(u32 chan)
{
	u64 told = f.chans[chan].wait_ns;

	if (told & MIRAGE_CHAN_WAITING)
		told = (told + device_time(f.dev)) & ~MIRAGE_CHAN_WAITING;
	return told;
}

static bool waits(u32 chan)
{
	CHECK_EQ(!!(f.chans[chan].wait_ns & MIRAGE_CHAN_WAITING), f.dev->chans[chan].waiting);
	return f.dev->chans[chan].waiting;
}

/*
 * wait_ns: a channel waits from its doorbell to its turn, and between its turns, and at no other time; so of two that
 * have work each waits at least as long as the other runs.
 */
static void time_that_was_waited(void)
{
	u64 told, last = 0;

	start();
	for (u32 i = 0; i < 3; i++)
		open_chan(i, 1, 1);
	CHECK_EQ(f.chans[0].wait_ns, 0);
	for (u32 i = 0; i < 2; i++) {
		add_chunks(i, 50);
		CHECK(!waits(i));
		fixture_write(&f, MIRAGE_DOORBELL_CHAN, i);
	}
	for (u32 i = 0; i < 80; i++) {
		fixture_step(&f);
		CHECK(waits(0) && waits(1) && !waits(2));
		told = wait_told(1);
		CHECK(told >= last);
		CHECK(told >= f.chans[0].run_ns);
		CHECK(wait_told(0) >= f.chans[1].run_ns);
		last = told;
	}
	fixture_run(&f);
	CHECK(!waits(0) && !waits(1) && !waits(2));
	CHECK_EQ(f.chans[2].wait_ns, 0);
	told = wait_told(1);
	CHECK(told > 0);
	fixture_step(&f);
	CHECK_EQ(wait_told(1), told);
	/* Started anew it goes on from there; from a count that was under way, at 0. */
	fixture_again(&f, 1);
	add_chunks(1, 1);
	fixture_kick(&f, 1);
	CHECK(wait_told(1) >= told);
	fixture_chan_cmd(&f, 1, MIRAGE_CMD_CHAN_RESET);
	f.chans[1].wait_ns = MIRAGE_CHAN_WAITING | told;
	fixture_chan_cmd(&f, 1, MIRAGE_CMD_CHAN_START);
	CHECK_EQ(f.dev->chans[1].wait_ns, 0);
	fixture_close(&f);
}

/* A channel that has the turn, hangs, or looks at its semaphore again later does not wait; the ready ones behind it do. */
static void who_waits(void)
{
	start();
	open_chan(0, 1, 1000);
	open_chan(1, 1, 1000);
	open_chan(2, 1, 1000);
	fixture_write(&f, MIRAGE_TEST_HANG_CHAN, 1);
	for (u32 i = 0; i < 2; i++) {
		add_chunks(i, 2);
		fixture_write(&f, MIRAGE_DOORBELL_CHAN, i);
	}
	fixture_step(&f);
	CHECK(!waits(0) && waits(1) && !waits(2));
	fixture_write(&f, MIRAGE_BUS_ENGINE_RESET, 1);
	CHECK_EQ(f.chans[0].state, MIRAGE_CHAN_ERROR);
	CHECK(!waits(0) && waits(1));
	fixture_run(&f);
	CHECK(!waits(1));

	/* Disabled, the device leaves what it has told as it is. */
	add_chunks(1, 20);
	fixture_write(&f, MIRAGE_DOORBELL_CHAN, 1);
	fixture_step(&f);
	CHECK(waits(1));
	fixture_write(&f, MIRAGE_BUS_CTRL, 0);
	CHECK(f.chans[1].wait_ns & MIRAGE_CHAN_WAITING);
	CHECK(!f.dev->chans[1].waiting);
	fixture_close(&f);
}

static const struct tap_test tests[] = {
	{ "a higher channel preempts a kernel", preempts_a_kernel },
	{ "a higher channel preempts a copy", preempts_a_copy },
	{ "strict order of priorities", strict_order },
	{ "turns of one priority", turns },
	{ "a long time slice", long_time_slice },
	{ "a faulting channel holds up nobody", faulting_channel_holds_up_nobody },
	{ "a faulting wave holds up nobody", faulting_wave_holds_up_nobody },
	{ "SEM_WAIT gives the turn away", waiting_gives_the_turn_away },
	{ "run_ns", time_that_was_had },
	{ "wait_ns", time_that_was_waited },
	{ "who waits", who_waits },
};

TAP_MAIN(tests)
