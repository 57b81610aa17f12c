// SPDX-License-Identifier: MIT
/* TEST_HANG_CHAN, TEST_HANG_HARD, TEST_DELAY_*, TEST_HOLD_*, BUS_ENGINE_RESET: what waits, what goes on, and the ways out. */
#include <linux/pci_regs.h>

#include "fixture.h"

#define VM 3
#define CHAN 1
#define OTHER 2
#define IB_VA 0x10000000ull
#define DATA_VA 0x20000000ull

static struct fixture f;
static u64 *fences;	/* behind sync_phys */

static void start(void)
{
	fixture_start(&f);
	fixture_vm(&f, VM);
	fixture_map_new(&f, VM, DATA_VA);
	fixture_chan(&f, CHAN, MIRAGE_CHAN_COMPUTE, VM, 3);
	fixture_chan(&f, OTHER, MIRAGE_CHAN_COPY, VM, 0);
	fences = fixture_ptr(&f, f.sync_phys);
}

/* The second of two packets of CHAN hangs; behind both is a fence, and OTHER has one too. */
static void hang(void)
{
	fixture_write(&f, MIRAGE_TEST_HANG_CHAN, OTHER + 2);	/* nobody's number */
	fixture_fill(&f, CHAN, DATA_VA, 4, 1);
	fixture_kick(&f, CHAN);
	fixture_write(&f, MIRAGE_TEST_HANG_CHAN, CHAN + 1);
	fixture_fill(&f, CHAN, DATA_VA, 4, 2);
	fixture_fence(&f, CHAN, f.sync_phys + 64, 1, 0);
	fixture_fence(&f, OTHER, f.sync_phys + 72, 1, 0);
	fixture_write(&f, MIRAGE_DOORBELL_CHAN, CHAN);
	fixture_run(&f);
	fixture_kick(&f, OTHER);
	CHECK_EQ(fixture_read(&f, MIRAGE_TEST_HANG_CHAN), 0);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_CURRENT), CHAN + 1);
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_RUNNING);
	CHECK_EQ(f.chans[CHAN].get, 6);
	CHECK_EQ(fences[8], 0);
	CHECK_EQ(fences[9], 0);	/* the engine is occupied */
}

/* Commands for others go on, those for the channel wait with all behind them. */
static void add_waiting_reset(enum mirage_cmd_op op)
{
	u32 get;

	fixture_chan_cmd(&f, OTHER, MIRAGE_CMD_CHAN_STOP);
	CHECK_EQ(f.chans[OTHER].state, MIRAGE_CHAN_STOPPED);
	fixture_chan_cmd(&f, OTHER, MIRAGE_CMD_CHAN_START);
	fixture_chan_cmd(&f, CHAN, MIRAGE_CMD_CHAN_START);	/* has no effect, and waits for nothing */
	fixture_invalidate(&f, VM, DATA_VA, KiB(4));
	get = f.status->cmd_get;
	fixture_cmd(&f, (struct mirage_cmd){ .op = (u16)op, .id = CHAN });
	fixture_cmd(&f, (struct mirage_cmd){
		.op = MIRAGE_CMD_SYNC, .addr = f.sync_phys + 80, .value = 1 });
	fixture_settle(&f);
	CHECK_EQ(f.status->cmd_get, get);
	CHECK_EQ(fences[10], 0);
}

static void engine_reset_lets_all_go_on(void)
{
	start();
	hang();
	add_waiting_reset(MIRAGE_CMD_CHAN_RESET);
	fixture_write(&f, MIRAGE_BUS_ENGINE_RESET, 2);
	fixture_settle(&f);
	CHECK_EQ(fences[10], 0);
	fixture_write(&f, MIRAGE_BUS_ENGINE_RESET, 1);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_ENGINE_RESET), 0);
	fixture_check_error(&f, CHAN, MIRAGE_CHAN_HUNG, 0, 6);
	fixture_settle(&f);
	CHECK_EQ(fences[10], 1);
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_IDLE);
	CHECK_EQ(f.chans[CHAN].error, MIRAGE_CHAN_HUNG);
	CHECK_EQ(fences[9], 1);
	CHECK_EQ(fences[8], 0);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_CURRENT), 0);
	/* The channel starts anew, behind the packet that hung. */
	f.chans[CHAN].get = 12;
	fixture_chan_cmd(&f, CHAN, MIRAGE_CMD_CHAN_START);
	CHECK_EQ(fences[8], 1);
	fixture_close(&f);
}

static void in_an_indirect_buffer(void)
{
	u32 *ib;
	u64 before;

	start();
	ib = fixture_map_new(&f, VM, IB_VA);
	ib[1] = MIRAGE_PKT(MIRAGE_PKT_TIMESTAMP, 2, 0);
	ib[2] = DATA_VA;
	fixture_ib(&f, CHAN, IB_VA, 1);
	fixture_kick(&f, CHAN);
	/* The IB packet itself begins first. */
	fixture_ib(&f, CHAN, IB_VA, 4);
	fixture_write(&f, MIRAGE_TEST_HANG_CHAN, CHAN + 1);
	fixture_kick(&f, CHAN);
	fixture_write(&f, MIRAGE_BUS_ENGINE_RESET, 1);
	fixture_check_error(&f, CHAN, MIRAGE_CHAN_HUNG, 0, 4);
	fixture_again(&f, CHAN);
	/* Then what is in it: the knob is set while it waits there for a page. */
	fixture_unmap(&f, VM, IB_VA);
	fixture_invalidate(&f, VM, IB_VA, KiB(4));
	fixture_ib(&f, CHAN, IB_VA, 4);
	fixture_kick(&f, CHAN);
	CHECK_EQ(fixture_fault(&f).addr, IB_VA);
	fixture_map_new(&f, VM, IB_VA);
	fixture_write(&f, MIRAGE_TEST_HANG_CHAN, CHAN + 1);
	before = f.chans[CHAN].run_ns;
	fixture_replay(&f, VM);
	fixture_write(&f, MIRAGE_BUS_ENGINE_RESET, 1);
	fixture_check_error(&f, CHAN, MIRAGE_CHAN_HUNG, 0, IB_VA);
	CHECK(f.chans[CHAN].run_ns > before);
	fixture_close(&f);
}

/* STOP waits too; and after the engine's reset it finds a channel that does not run. */
static void stop_waits(void)
{
	start();
	hang();
	add_waiting_reset(MIRAGE_CMD_CHAN_STOP);
	fixture_write(&f, MIRAGE_BUS_ENGINE_RESET, 1);
	fixture_settle(&f);
	CHECK_EQ(fences[10], 1);
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_ERROR);
	fixture_close(&f);
}

/* A channel that hangs cannot be saved: it is not STOPPED. */
static void save_of_a_hung_channel(void)
{
	u64 place;

	start();
	place = fixture_alloc(&f, MiB(4));
	hang();
	*(u64 *)fixture_ptr(&f, place) = 5;
	fixture_cmd(&f, (struct mirage_cmd){
		.op = MIRAGE_CMD_CHAN_SAVE, .id = CHAN, .addr = place, .size = MiB(4) });
	fixture_sync(&f);
	CHECK_EQ(*(u64 *)fixture_ptr(&f, place), 0);
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_RUNNING);
	fixture_close(&f);
}

static void hard_hang_needs_a_full_reset(void)
{
	start();
	hang();
	fixture_write(&f, MIRAGE_TEST_HANG_HARD, 1);
	add_waiting_reset(MIRAGE_CMD_CHAN_RESET);
	fixture_write(&f, MIRAGE_BUS_ENGINE_RESET, 1);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_ENGINE_RESET), 1);
	fixture_settle(&f);
	CHECK_EQ(fences[10], 0);
	/* Too late. */
	fixture_write(&f, MIRAGE_TEST_HANG_HARD, 0);
	fixture_write(&f, MIRAGE_BUS_ENGINE_RESET, 1);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_ENGINE_RESET), 1);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_CURRENT), CHAN + 1);
	fixture_write(&f, MIRAGE_BUS_RESET, 1);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_ENGINE_RESET), 0);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_CURRENT), 0);
	CHECK(!f.dev->runlist.hung);
	fixture_close(&f);
}

static void disabling_ends_a_hang(void)
{
	start();
	hang();
	fixture_write(&f, MIRAGE_BUS_CTRL, 0);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_CURRENT), 0);
	f.status->cmd_put = f.status->cmd_get;
	fixture_write(&f, MIRAGE_BUS_CTRL, 1);
	f.chans[CHAN].get = 12;
	fixture_chan_cmd(&f, CHAN, MIRAGE_CMD_CHAN_START);
	CHECK_EQ(fences[8], 1);
	fixture_close(&f);
}

/* Without a hang the reset takes the turn from whoever has it, and from nobody when nobody has it. */
static void engine_reset_without_a_hang(void)
{
	struct mirage_dispatch *desc;

	start();
	fixture_write(&f, MIRAGE_BUS_ENGINE_RESET, 1);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_ENGINE_RESET), 0);
	CHECK_EQ(f.status->event_put, 0);
	desc = fixture_map_new(&f, VM, 0x40000000);
	*desc = (struct mirage_dispatch){ .grid = { 1, 1, 1 }, .group = { 1, 1, 1 } };
	fixture_program(&f, VM, 0x41000000, "here: bra here\n", desc);
	fixture_dispatch(&f, CHAN, 0x40000000);
	fixture_fence(&f, OTHER, f.sync_phys + 72, 1, 0);
	fixture_write(&f, MIRAGE_DOORBELL_CHAN, CHAN);
	fixture_write(&f, MIRAGE_DOORBELL_CHAN, OTHER);
	fixture_step(&f);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_CURRENT), CHAN + 1);
	fixture_write(&f, MIRAGE_BUS_ENGINE_RESET, 1);
	fixture_check_error(&f, CHAN, MIRAGE_CHAN_HUNG, 0, 0);
	CHECK_EQ(f.chans[OTHER].state, MIRAGE_CHAN_RUNNING);
	fixture_run(&f);
	CHECK_EQ(fences[9], 1);
	fixture_close(&f);
}

/* A reset that cannot tell software about it halts the device, and leaves nothing behind. */
static void engine_reset_that_halts(void)
{
	const u8 no_master[] = { PCI_COMMAND_MEMORY };
	unsigned int shift;

	start();
	hang();
	CHECK(tlb_find(&f.dev->tlb, VM, DATA_VA, &shift));
	lock_acquire(&f.dev->lock);
	pci_config_write(&f.dev->pci, PCI_COMMAND, sizeof(no_master), no_master);
	lock_release(&f.dev->lock);
	fixture_write(&f, MIRAGE_BUS_ENGINE_RESET, 1);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_STATUS), MIRAGE_BUS_STATUS_HALTED__MASK);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_ERROR), MIRAGE_DEV_BUS);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_ENGINE_RESET), 0);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_CURRENT), 0);
	CHECK(!chan_next_live(f.dev, 0));
	CHECK(!tlb_find(&f.dev->tlb, VM, DATA_VA, &shift));
	fixture_settle(&f);
	CHECK_EQ(fences[9], 0);
	fixture_close(&f);
}

/* Registers answer while the engine hangs and a command waits, and the thread wakes at the reset. */
static void thread_stays_responsive(void)
{
	u64 end = now_ns() + 5000000000ull;

	start();
	CHECK_EQ(engine_start(f.dev), 0);
	fixture_write(&f, MIRAGE_TEST_HANG_CHAN, CHAN + 1);
	fixture_fill(&f, CHAN, DATA_VA, 4, 2);
	fixture_write(&f, MIRAGE_DOORBELL_CHAN, CHAN);
	while (fixture_read(&f, MIRAGE_TEST_HANG_CHAN))
		CHECK(now_ns() < end);
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_RESET, .id = CHAN });
	fixture_cmd(&f, (struct mirage_cmd){
		.op = MIRAGE_CMD_SYNC, .addr = f.sync_phys + 80, .value = 1 });
	fixture_write(&f, MIRAGE_DOORBELL_CMD, 0);
	for (u32 i = 0; i < 1000; i++) {
		fixture_write(&f, MIRAGE_BUS_SCRATCH, i);
		CHECK_EQ(fixture_read(&f, MIRAGE_BUS_SCRATCH), i);
	}
	CHECK_EQ(__atomic_load_n(&fences[10], __ATOMIC_ACQUIRE), 0);
	fixture_write(&f, MIRAGE_BUS_ENGINE_RESET, 1);
	while (!__atomic_load_n(&fences[10], __ATOMIC_ACQUIRE))
		CHECK(now_ns() < end);
	CHECK_EQ(__atomic_load_n(&f.chans[CHAN].state, __ATOMIC_ACQUIRE), MIRAGE_CHAN_IDLE);
	fixture_close(&f);
}

/* Each command takes so much longer; channels and registers do not. */
static void delayed_commands(void)
{
	const u64 delay_us = 20000;
	u64 before;
	u32 get;

	start();
	fixture_write(&f, MIRAGE_TEST_DELAY_CMD_US, (u32)delay_us);
	get = f.status->cmd_get;
	before = now_ns();
	for (int i = 0; i < 3; i++)
		fixture_cmd(&f, (struct mirage_cmd){
			.op = MIRAGE_CMD_SYNC, .addr = f.sync_phys + 64 + 8 * (u64)i, .value = 1 });
	fixture_fence(&f, OTHER, f.sync_phys + 88, 1, 0);
	fixture_write(&f, MIRAGE_DOORBELL_CMD, 0);
	fixture_kick(&f, OTHER);
	CHECK_EQ(fences[11], 1);
	CHECK(f.status->cmd_get == get || now_ns() - before >= delay_us * 1000);
	fixture_settle(&f);
	CHECK_EQ(f.status->cmd_get, get + 3);
	CHECK(now_ns() - before >= 3 * delay_us * 1000);
	CHECK(fences[8] && fences[9] && fences[10]);
	/* At most a second. */
	fixture_write(&f, MIRAGE_TEST_DELAY_CMD_US, UINT32_MAX);
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_NOP });
	fixture_run(&f);
	CHECK(f.dev->cmdq.due_ns > now_ns());
	CHECK(f.dev->cmdq.due_ns <= now_ns() + 1000000000);
	/* A reset does not wait for it. */
	fixture_write(&f, MIRAGE_BUS_RESET, 1);
	CHECK_EQ(fixture_read(&f, MIRAGE_TEST_DELAY_CMD_US), 0);
	CHECK_EQ(f.dev->cmdq.due_ns, 0);
	fixture_close(&f);
}

/* A kind of command, and the knobs for it. */
static const struct kind {
	u16 op;
	u32 hold;
	u32 delay_us;
} kinds[] = {
	{ MIRAGE_CMD_INVALIDATE, MIRAGE_TEST_HOLD_INV, MIRAGE_TEST_DELAY_INV_US },
	{ MIRAGE_CMD_SYNC, MIRAGE_TEST_HOLD_SYNC, MIRAGE_TEST_DELAY_SYNC_US },
	{ MIRAGE_CMD_REPLAY, MIRAGE_TEST_HOLD_REPLAY, MIRAGE_TEST_DELAY_REPLAY_US },
};

static void add_kind(const struct kind *kind)
{
	fixture_cmd(&f, (struct mirage_cmd){
		.op = kind->op,
		.id = kind->op == MIRAGE_CMD_SYNC ? 0 : VM,
		.addr = kind->op == MIRAGE_CMD_SYNC ? f.sync_phys + 64 : DATA_VA,
		.size = KiB(4), .value = 1 });
}

/* A NOP, a command of the kind that is held, another of each kind; a channel goes on meanwhile. */
static void hold(const struct kind *kind)
{
	u32 get = f.status->cmd_get;

	fixture_write(&f, kind->hold, UINT32_MAX);
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_NOP });
	add_kind(kind);
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++)
		add_kind(&kinds[i]);
	fixture_settle(&f);
	CHECK_EQ(f.status->cmd_get, get + 1);
	CHECK_EQ(fences[8], 0);
	fixture_fence(&f, OTHER, f.sync_phys + 72, 1, 0);
	fixture_kick(&f, OTHER);
	CHECK_EQ(fences[9], 1);
	/* Holding another kind lets this one not go, nor does a new value that is not 0. */
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++)
		fixture_write(&f, kinds[i].hold, &kinds[i] == kind);
	fixture_settle(&f);
	CHECK_EQ(f.status->cmd_get, get + 1);
}

static void held_until_told(void)
{
	unsigned int shift;

	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		u32 get;

		start();
		get = f.status->cmd_get;
		fixture_fill(&f, CHAN, DATA_VA, 4, 1);
		fixture_kick(&f, CHAN);
		CHECK(tlb_find(&f.dev->tlb, VM, DATA_VA, &shift));
		hold(&kinds[i]);
		CHECK(tlb_find(&f.dev->tlb, VM, DATA_VA, &shift) ||
		      kinds[i].op != MIRAGE_CMD_INVALIDATE);
		fixture_write(&f, kinds[i].hold, 0);
		fixture_settle(&f);
		CHECK_EQ(f.status->cmd_get, get + 5);
		CHECK_EQ(fences[8], 1);
		CHECK(!tlb_find(&f.dev->tlb, VM, DATA_VA, &shift));
		fixture_close(&f);
	}
}

/* A channel that waits for a page goes on when the REPLAY does. */
static void held_replay(void)
{
	u32 *data;

	start();
	fixture_unmap(&f, VM, DATA_VA);
	fixture_fill(&f, CHAN, DATA_VA, 4, 7);
	fixture_kick(&f, CHAN);
	CHECK_EQ(fixture_fault(&f).addr, DATA_VA);
	data = fixture_map_new(&f, VM, DATA_VA);
	fixture_write(&f, MIRAGE_TEST_HOLD_REPLAY, 1);
	fixture_replay(&f, VM);
	CHECK_EQ(*data, 0);
	fixture_write(&f, MIRAGE_TEST_HOLD_REPLAY, 0);
	fixture_settle(&f);
	CHECK_EQ(*data, 7);
	fixture_close(&f);
}

/* A command for CHAN that is held, and a SYNC that writes @value; the channel is as before, and so is memory. */
static void hold_chan(u32 reg, struct mirage_cmd cmd, u64 value)
{
	u32 get = f.status->cmd_get, state = f.chans[CHAN].state;

	cmd.id = CHAN;
	fixture_write(&f, reg, 1);
	fixture_cmd(&f, cmd);
	fixture_cmd(&f, (struct mirage_cmd){
		.op = MIRAGE_CMD_SYNC, .addr = f.sync_phys + 64, .value = value });
	fixture_settle(&f);
	CHECK_EQ(f.status->cmd_get, get);
	CHECK_EQ(f.chans[CHAN].state, state);
	CHECK_EQ(fences[8], value - 1);
}

static void let_go(u32 reg, u64 value)
{
	fixture_write(&f, reg, 0);
	fixture_settle(&f);
	CHECK_EQ(fences[8], value);
}

/* Commands for channels are held likewise, and others of them are not. */
static void held_channel_commands(void)
{
	u64 size, place;

	start();
	size = fixture_read(&f, MIRAGE_BUS_MAX_CONTEXT);
	place = fixture_alloc(&f, MiB(4));
	hold_chan(MIRAGE_TEST_HOLD_CHAN_STOP, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_STOP }, 1);
	/* It runs on. */
	fixture_fence(&f, CHAN, f.sync_phys + 72, 1, 0);
	fixture_kick(&f, CHAN);
	CHECK_EQ(fences[9], 1);
	let_go(MIRAGE_TEST_HOLD_CHAN_STOP, 1);
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_STOPPED);

	hold_chan(MIRAGE_TEST_HOLD_CHAN_START, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_START }, 2);
	let_go(MIRAGE_TEST_HOLD_CHAN_START, 2);
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_RUNNING);

	fixture_write(&f, MIRAGE_TEST_HOLD_CHAN_SAVE, 1);
	fixture_chan_cmd(&f, CHAN, MIRAGE_CMD_CHAN_STOP);
	hold_chan(MIRAGE_TEST_HOLD_CHAN_SAVE,
		  (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_SAVE, .addr = place, .size = size }, 3);
	CHECK_EQ(*(u64 *)fixture_ptr(&f, place), 0);
	let_go(MIRAGE_TEST_HOLD_CHAN_SAVE, 3);
	CHECK(*(u64 *)fixture_ptr(&f, place));
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_IDLE);
	fixture_close(&f);
}

/* Disabling drops what is held; every reset lets all that comes after it go. */
static void reset_ends_holding(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		start();
		hold(&kinds[i]);
		fixture_write(&f, MIRAGE_BUS_CTRL, 0);
		f.status->cmd_put = f.status->cmd_get;
		fixture_write(&f, MIRAGE_BUS_CTRL, 1);
		fixture_settle(&f);
		CHECK_EQ(fences[8], 0);
		hold(&kinds[i]);
		fixture_write(&f, MIRAGE_BUS_RESET, 1);
		CHECK_EQ(fixture_read(&f, kinds[i].hold), 0);
		CHECK_EQ(fixture_read(&f, kinds[i].delay_us), 0);
		CHECK_EQ(fences[8], 0);
		fixture_close(&f);
	}
}

/* Registers answer while a command is held, and the engine's thread wakes when it may go. */
static void thread_wakes_when_let_go(void)
{
	u64 end = now_ns() + 5000000000ull;

	start();
	CHECK_EQ(engine_start(f.dev), 0);
	fixture_write(&f, MIRAGE_TEST_HOLD_SYNC, 1);
	add_kind(&kinds[1]);
	fixture_write(&f, MIRAGE_DOORBELL_CMD, 0);
	/* The thread has taken the doorbell, and has ended its step when it lets a register be read. */
	while (atomic_load(&f.dev->engine.bell_cmd))
		CHECK(now_ns() < end);
	for (u32 i = 0; i < 1000; i++) {
		fixture_write(&f, MIRAGE_BUS_SCRATCH, i);
		CHECK_EQ(fixture_read(&f, MIRAGE_BUS_SCRATCH), i);
	}
	CHECK_EQ(__atomic_load_n(&fences[8], __ATOMIC_ACQUIRE), 0);
	fixture_write(&f, MIRAGE_TEST_HOLD_SYNC, 0);
	while (!__atomic_load_n(&fences[8], __ATOMIC_ACQUIRE))
		CHECK(now_ns() < end);
	fixture_close(&f);
}

/* One kind takes longer, the others do not. */
static void delayed_kinds(void)
{
	const u64 delay_us = 20000;

	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		u64 before;
		u32 get;

		start();
		get = f.status->cmd_get;
		fixture_write(&f, kinds[i].delay_us, UINT32_MAX);
		fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_NOP });
		for (unsigned int j = 0; j < ARRAY_SIZE(kinds); j++)
			if (j != i)
				add_kind(&kinds[j]);
		fixture_run(&f);
		CHECK_EQ(f.status->cmd_get, get + 3);
		/* At most a second. */
		add_kind(&kinds[i]);
		fixture_run(&f);
		CHECK_EQ(f.status->cmd_get, get + 3);
		CHECK(f.dev->cmdq.due_ns <= now_ns() + 1000000000);
		fixture_write(&f, MIRAGE_BUS_RESET, 1);
		CHECK_EQ(f.dev->cmdq.due_ns, 0);
		fixture_close(&f);

		start();
		get = f.status->cmd_get;
		fixture_write(&f, kinds[i].delay_us, (u32)delay_us);
		before = now_ns();
		add_kind(&kinds[i]);
		fixture_settle(&f);
		CHECK_EQ(f.status->cmd_get, get + 1);
		CHECK(now_ns() - before >= delay_us * 1000);
		fixture_close(&f);
	}
}

static const struct tap_test tests[] = {
	{ "ENGINE_RESET lets all others go on", engine_reset_lets_all_go_on },
	{ "in an indirect buffer", in_an_indirect_buffer },
	{ "STOP waits", stop_waits },
	{ "SAVE of a hung channel", save_of_a_hung_channel },
	{ "HANG_HARD needs a full reset", hard_hang_needs_a_full_reset },
	{ "disabling ends a hang", disabling_ends_a_hang },
	{ "ENGINE_RESET without a hang", engine_reset_without_a_hang },
	{ "ENGINE_RESET that halts", engine_reset_that_halts },
	{ "the engine's thread stays responsive", thread_stays_responsive },
	{ "DELAY_CMD_US", delayed_commands },
	{ "DELAY_INV_US, DELAY_SYNC_US, DELAY_REPLAY_US", delayed_kinds },
	{ "commands are held until told", held_until_told },
	{ "a REPLAY that is held", held_replay },
	{ "channel commands that are held", held_channel_commands },
	{ "a reset ends holding", reset_ends_holding },
	{ "the engine's thread wakes when commands may go", thread_wakes_when_let_go },
};

TAP_MAIN(tests)
