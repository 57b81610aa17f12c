// SPDX-License-Identifier: MIT
/* The command queue, and what START, STOP, RESET and scheduling do to channels. */
#include <pthread.h>
#include <sched.h>

#include "fixture.h"
#include "hw/isa.h"

#define VM 3
#define SEM_VA 0x30000000ull

static struct fixture f;
static u64 *sems;	/* a page at SEM_VA */

static void start(void)
{
	fixture_start(&f);
	fixture_vm(&f, VM);
	sems = fixture_map_new(&f, VM, SEM_VA);
}

static u64 *fences(void)
{
	return fixture_ptr(&f, f.sync_phys);
}

static void bad_commands_halt(void)
{
	static const struct mirage_cmd rows[] = {
		{ .op = 9 },
		{ .op = UINT16_MAX },
		{ .op = MIRAGE_CMD_NOP, .flags = 1 },
		{ .op = MIRAGE_CMD_SYNC, .addr = 4 },
		{ .op = MIRAGE_CMD_SYNC, .addr = 2 },
		{ .op = MIRAGE_CMD_SYNC, .addr = 1ull << 52 },
		{ .op = MIRAGE_CMD_SYNC, .flags = MIRAGE_CMD_ALL },
		{ .op = MIRAGE_CMD_INVALIDATE, .id = NR_VMS },
		{ .op = MIRAGE_CMD_INVALIDATE, .flags = 2 },
		{ .op = MIRAGE_CMD_INVALIDATE, .addr = 1ull << 49, .size = 1 },
		{ .op = MIRAGE_CMD_INVALIDATE, .addr = KiB(4), .size = UINT64_MAX },
		{ .op = MIRAGE_CMD_REPLAY, .id = UINT32_MAX },
		{ .op = MIRAGE_CMD_REPLAY, .flags = MIRAGE_CMD_ALL, .id = NR_VMS },
		{ .op = MIRAGE_CMD_CHAN_START, .id = NR_CHANNELS },
		{ .op = MIRAGE_CMD_CHAN_STOP, .id = NR_CHANNELS },
		{ .op = MIRAGE_CMD_CHAN_RESET, .id = UINT32_MAX },
		{ .op = MIRAGE_CMD_CHAN_RESET, .flags = MIRAGE_CMD_ALL },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		start();
		fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_NOP });
		fixture_cmd(&f, rows[i]);
		fixture_run(&f);
		CHECK_EQ(fixture_read(&f, MIRAGE_BUS_ERROR), MIRAGE_DEV_BAD_CMD);
		CHECK_EQ(f.status->cmd_get, 1);
		fixture_close(&f);
	}
}

static void edges_of_good_commands(void)
{
	start();
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_NOP, .id = UINT32_MAX });
	fixture_cmd(&f, (struct mirage_cmd){
		.op = MIRAGE_CMD_INVALIDATE, .id = NR_VMS - 1, .size = 1ull << 49 });
	fixture_cmd(&f, (struct mirage_cmd){
		.op = MIRAGE_CMD_INVALIDATE, .addr = 1ull << 49, .size = 0 });
	fixture_cmd(&f, (struct mirage_cmd){
		.op = MIRAGE_CMD_INVALIDATE, .flags = MIRAGE_CMD_ALL, .addr = UINT64_MAX,
		.size = UINT64_MAX });
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_STOP, .id = NR_CHANNELS - 1 });
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_RESET, .id = NR_CHANNELS - 1 });
	fixture_sync(&f);
	CHECK_EQ(f.status->cmd_get, 7);
	fixture_close(&f);
}

static void sync_to_nowhere_halts(void)
{
	start();
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_SYNC, .addr = FIXTURE_VRAM_SIZE });
	fixture_run(&f);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_ERROR), MIRAGE_DEV_BUS);
	fixture_close(&f);
}

static void put_moves_too_far(void)
{
	start();
	f.status->cmd_put = (1 << FIXTURE_QUEUE_ORDER) + 1;
	fixture_run(&f);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_ERROR), MIRAGE_DEV_BAD_CMD);
	fixture_close(&f);
}

static void full_queue_and_wrap(void)
{
	start();
	f.status->cmd_put = 0;
	for (u32 round = 0; round < 5; round++) {
		for (u32 i = 1; i < 1 << FIXTURE_QUEUE_ORDER; i++)
			fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_NOP });
		fixture_sync(&f);
		CHECK_EQ(f.status->cmd_get, f.status->cmd_put);
	}
	fixture_close(&f);
}

static void index_wraps_around(void)
{
	fixture_open(&f);
	f.status->cmd_put = f.status->cmd_get = UINT32_MAX - 1;
	fixture_write(&f, MIRAGE_BUS_CTRL, 1);
	for (int i = 0; i < 5; i++)
		fixture_sync(&f);
	CHECK_EQ(f.status->cmd_get, 3);
	fixture_close(&f);
}

static void dropped_sync(void)
{
	start();
	fixture_write(&f, MIRAGE_TEST_DROP_SYNC, 1);
	fixture_cmd(&f, (struct mirage_cmd){
		.op = MIRAGE_CMD_SYNC, .addr = f.sync_phys + 64, .value = 1 });
	fixture_cmd(&f, (struct mirage_cmd){
		.op = MIRAGE_CMD_SYNC, .addr = f.sync_phys + 72, .value = 1 });
	fixture_run(&f);
	CHECK_EQ(fences()[8], 0);
	CHECK_EQ(fences()[9], 1);
	CHECK_EQ(f.status->cmd_get, 2);
	fixture_close(&f);
}

static void bad_descriptors(void)
{
	for (u32 i = 0; i < 12; i++) {
		struct mirage_chan_desc *desc;
		struct mirage_event event;

		start();
		desc = &f.chans[7];
		*desc = (struct mirage_chan_desc){ .ring_order = 10, .vm = VM };
		switch (i) {
		case 0:
			desc->ring = 8;
			break;
		case 1:
			desc->ring = 1ull << 60;
			break;
		case 2:
			desc->ring_order = 9;
			break;
		case 3:
			desc->ring_order = 21;
			break;
		case 4:
			desc->class = 2;
			break;
		case 5:
			desc->vm = NR_VMS;
			break;
		case 6:
			desc->priority = 4;
			break;
		case 7:
			desc->rsvd0[0] = 1;
			break;
		case 8:
			desc->rsvd0[4] = 1;
			break;
		case 9:
			desc->ring_order = UINT32_MAX;
			break;
		case 10:
			desc->flags = 2;
			break;
		case 11:
			desc->flags = MIRAGE_CHAN_NO_FAULT | 1u << 31;
			break;
		}
		fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_START, .id = 7 });
		fixture_sync(&f);
		CHECK_EQ(desc->state, MIRAGE_CHAN_ERROR);
		CHECK_EQ(desc->error, MIRAGE_CHAN_BAD_DESC);
		event = fixture_event(&f);
		CHECK_EQ(event.code, MIRAGE_CHAN_BAD_DESC);
		CHECK_EQ(event.chan, 7);
		fixture_close(&f);
	}
}

static void ring_unreachable(void)
{
	start();
	f.chans[7] = (struct mirage_chan_desc){
		.ring = FIXTURE_VRAM_SIZE, .ring_order = 10, .vm = VM, .put = 1 };
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_START, .id = 7 });
	fixture_sync(&f);
	CHECK_EQ(f.chans[7].state, MIRAGE_CHAN_ERROR);
	CHECK_EQ(f.chans[7].error, MIRAGE_CHAN_RING);
	fixture_close(&f);
}

static void start_takes_get_from_descriptor(void)
{
	start();
	fixture_chan(&f, 1, MIRAGE_CHAN_COPY, VM, 0);
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_RESET, .id = 1 });
	fixture_sync(&f);
	f.chans[1].get = f.chans[1].put = UINT32_MAX - 2;
	fixture_fence(&f, 1, f.sync_phys + 64, 1, 0);	/* across index 0 */
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_START, .id = 1 });
	fixture_sync(&f);
	CHECK_EQ(fences()[8], 1);
	CHECK_EQ(f.chans[1].get, 2);
	fixture_close(&f);
}

static void stop_and_go_on(void)
{
	start();
	fixture_chan(&f, 1, MIRAGE_CHAN_COPY, VM, 0);
	fixture_packet(&f, 1, MIRAGE_PKT_SEM_WAIT, 0, (u64[]){ SEM_VA, 1 }, 2, NULL);
	fixture_fence(&f, 1, f.sync_phys + 64, 1, 0);
	fixture_kick(&f, 1);
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_STOP, .id = 1 });
	fixture_sync(&f);
	CHECK_EQ(f.chans[1].state, MIRAGE_CHAN_STOPPED);
	sems[0] = 1;
	fixture_fence(&f, 1, f.sync_phys + 72, 2, 0);
	fixture_kick(&f, 1);	/* ignored: it does not run */
	fixture_settle(&f);
	CHECK_EQ(fences()[8], 0);
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_START, .id = 1 });
	fixture_settle(&f);
	CHECK_EQ(fences()[8], 1);
	CHECK_EQ(fences()[9], 2);
	fixture_close(&f);
}

static void reset_drops_the_packet(void)
{
	start();
	fixture_chan(&f, 1, MIRAGE_CHAN_COPY, VM, 0);
	fixture_packet(&f, 1, MIRAGE_PKT_SEM_WAIT, 0, (u64[]){ SEM_VA, 1 }, 2, NULL);
	fixture_fence(&f, 1, f.sync_phys + 64, 1, 0);
	fixture_kick(&f, 1);
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_RESET, .id = 1 });
	fixture_sync(&f);
	CHECK_EQ(f.chans[1].state, MIRAGE_CHAN_IDLE);
	sems[0] = 1;
	fixture_kick(&f, 1);
	fixture_settle(&f);
	CHECK_EQ(fences()[8], 0);
	CHECK_EQ(f.chans[1].get, 0);
	fixture_close(&f);
}

static void foreign_doorbells_are_ignored(void)
{
	start();
	fixture_write(&f, MIRAGE_DOORBELL_CHAN, NR_CHANNELS);
	fixture_write(&f, MIRAGE_DOORBELL_CHAN, UINT32_MAX);
	for (u32 i = 0; i < NR_CHANNELS; i++)
		fixture_write(&f, MIRAGE_DOORBELL_CHAN, i);
	fixture_sync(&f);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_STATUS), MIRAGE_BUS_STATUS_ENABLED__MASK);
	fixture_close(&f);
}

/* The order in which channels reach their fences, as the semaphore that each increments in turn. */
static void higher_priority_first(void)
{
	static const u32 priority[] = { 0, 3, 1, 2 };

	start();
	for (u32 i = 0; i < 4; i++) {
		fixture_chan(&f, i, MIRAGE_CHAN_COPY, VM, priority[i]);
		fixture_packet(&f, i, MIRAGE_PKT_TIMESTAMP, 0, (u64[]){ SEM_VA + 8 * i }, 1, NULL);
	}
	/* All bells before the engine looks. */
	for (u32 i = 0; i < 4; i++)
		fixture_write(&f, MIRAGE_DOORBELL_CHAN, i);
	fixture_run(&f);
	CHECK(sems[1] < sems[3] && sems[3] < sems[2] && sems[2] < sems[0]);
	fixture_close(&f);
}

/* Two long jobs of one priority: each has made progress before the other is done. */
static void time_slices(void)
{
	const u64 bytes = MiB(2);

	start();
	for (u32 i = 0; i < 2; i++) {
		u64 va = 0x100000000ull + i * MiB(64);

		fixture_map(&f, VM, va, fixture_alloc(&f, MiB(2)), 21, FIXTURE_RWA);
		fixture_map(&f, VM, va + MiB(2), fixture_alloc(&f, MiB(2)), 21, FIXTURE_RWA);
		fixture_chan(&f, i, MIRAGE_CHAN_COPY, VM, 0);
		fixture_packet(&f, i, MIRAGE_PKT_TIMESTAMP, 0, (u64[]){ SEM_VA + 16 * i }, 1, NULL);
		for (int n = 0; n < 40; n++)
			fixture_copy(&f, i, va, va + MiB(2), bytes);
		fixture_packet(&f, i, MIRAGE_PKT_TIMESTAMP, 0, (u64[]){ SEM_VA + 16 * i + 8 }, 1,
			       NULL);
	}
	for (u32 i = 0; i < 2; i++)
		fixture_write(&f, MIRAGE_DOORBELL_CHAN, i);
	fixture_run(&f);
	CHECK_EQ(f.chans[0].get, f.chans[0].put);
	CHECK_EQ(f.chans[1].get, f.chans[1].put);
	CHECK(sems[2] < sems[1] && sems[0] < sems[3]);
	fixture_close(&f);
}

/* A kernel that never ends shares time, and a command reaches it. */
static void endless_kernel(void)
{
	struct mirage_dispatch *desc;
	u64 *code, va = 0x40000000;
	u32 words[3] = { MIRAGE_PKT(MIRAGE_PKT_DISPATCH, 2, 0), (u32)va, 0 };

	start();
	desc = fixture_map_new(&f, VM, va);
	code = (u64 *)desc + 64;
	*desc = (struct mirage_dispatch){
		.code = va + 512, .code_size = 8, .nr_regs = 1,
		.grid = { 1000, 1000, 1000 }, .group = { 1024, 1, 1 },
	};
	code[0] = MIRAGE_OP_BRA | 1 << 9 | (u64)UINT32_MAX << 32;
	fixture_chan(&f, 0, MIRAGE_CHAN_COMPUTE, VM, 0);
	fixture_chan(&f, 1, MIRAGE_CHAN_COPY, VM, 0);
	fixture_emit(&f, 0, words, 3);
	fixture_fence(&f, 1, f.sync_phys + 64, 1, 0);
	fixture_write(&f, MIRAGE_DOORBELL_CHAN, 0);
	fixture_write(&f, MIRAGE_DOORBELL_CHAN, 1);
	for (int i = 0; !fences()[8]; i++) {
		CHECK(i < 1000000);
		lock_acquire(&f.dev->lock);
		engine_step(f.dev);
		lock_release(&f.dev->lock);
	}
	CHECK_EQ(f.chans[0].state, MIRAGE_CHAN_RUNNING);
	/* And it goes on afterwards. */
	for (int i = 0; !fixture_read64(&f, MIRAGE_PERF_INSTRUCTIONS); i++) {
		CHECK(i < 1000000);
		lock_acquire(&f.dev->lock);
		engine_step(f.dev);
		lock_release(&f.dev->lock);
	}
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_RESET, .id = 0 });
	fixture_sync(&f);
	CHECK_EQ(f.chans[0].state, MIRAGE_CHAN_IDLE);
	fixture_close(&f);
}

static void *wait_for_the_lock(void *arg)
{
	(void)arg;
	lock_acquire(&f.dev->lock);
	lock_release(&f.dev->lock);
	return NULL;
}

/* Commands may take long: who waits for the lock has it after one, the rest is done later. */
static void let_go_of_the_lock(void)
{
	pthread_t waiter;
	u64 next;
	u32 get;

	start();
	get = f.status->cmd_get;
	for (u32 i = 0; i < 5; i++)
		fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_NOP });
	fixture_write(&f, MIRAGE_DOORBELL_CMD, 0);
	for (u32 i = 1; i <= 3; i++) {
		lock_acquire(&f.dev->lock);
		CHECK(!pthread_create(&waiter, NULL, wait_for_the_lock, NULL));
		while (!lock_contended(&f.dev->lock))
			sched_yield();
		next = engine_step(f.dev);
		lock_release(&f.dev->lock);
		pthread_join(waiter, NULL);
		CHECK_EQ(f.status->cmd_get, get + i);
		CHECK_EQ(next, 0);
	}
	/* No channel waits: all that is left, in one go. */
	CHECK_EQ(fixture_step(&f), UINT64_MAX);
	CHECK_EQ(f.status->cmd_get, get + 5);
	fixture_close(&f);
}

/* With its thread, a device does all this by itself, and stops at once when it is told to. */
static void engine_thread(void)
{
	start();
	fixture_chan(&f, 1, MIRAGE_CHAN_COPY, VM, 0);
	CHECK_EQ(engine_start(f.dev), 0);
	for (u32 i = 1; i <= 1000; i++) {
		u64 end = now_ns() + 5000000000ull;

		fixture_fence(&f, 1, f.sync_phys + 64, i, 0);
		fixture_write(&f, MIRAGE_DOORBELL_CHAN, 1);
		while (__atomic_load_n(&fences()[8], __ATOMIC_ACQUIRE) != i)
			CHECK(now_ns() < end);
		/* The ring is reused: get follows the fence. */
		while (__atomic_load_n(&f.chans[1].get, __ATOMIC_ACQUIRE) != f.chans[1].put)
			CHECK(now_ns() < end);
	}
	fixture_write(&f, MIRAGE_BUS_CTRL, 0);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_STATUS), 0);
	fixture_close(&f);
}

static const struct tap_test tests[] = {
	{ "every bad command halts", bad_commands_halt },
	{ "edges of good commands", edges_of_good_commands },
	{ "SYNC to nowhere halts", sync_to_nowhere_halts },
	{ "put moves too far", put_moves_too_far },
	{ "full queue, wrapping", full_queue_and_wrap },
	{ "index wraps around at 2^32", index_wraps_around },
	{ "DROP_SYNC", dropped_sync },
	{ "bad descriptors", bad_descriptors },
	{ "ring not reachable", ring_unreachable },
	{ "START takes get from the descriptor", start_takes_get_from_descriptor },
	{ "STOP, and go on", stop_and_go_on },
	{ "RESET drops the packet", reset_drops_the_packet },
	{ "foreign doorbells are ignored", foreign_doorbells_are_ignored },
	{ "higher priority first", higher_priority_first },
	{ "time slices", time_slices },
	{ "endless kernel shares time and can be reset", endless_kernel },
	{ "who waits for the lock has it after a command", let_go_of_the_lock },
	{ "engine thread", engine_thread },
};

TAP_MAIN(tests)
