// SPDX-License-Identifier: MIT
/*
 * Commands are executed by the engine thread between two slices of channels.
 * So at the time of a command no access is under way: INVALIDATE only has to
 * drop entries, and SYNC only has to write. That is what makes both mean what
 * hw/doc/queues.md says.
 */
#include <string.h>

#include "cmdq.h"
#include "context.h"
#include "device.h"

/* Commands between two releases of the lock, at most. */
#define CMDQ_BATCH 64
/* Longest of each of the TEST_DELAY registers. */
#define CMDQ_MAX_DELAY_US 1000000

void cmdq_doorbell(struct device *dev)
{
	struct queues *q = &dev->queues;
	struct mirage_status_page *status = queues_status(dev);
	u32 put;

	if (!status)
		return;
	put = __atomic_load_n(&status->cmd_put, __ATOMIC_ACQUIRE);
	if (put - q->cmd_get > q->cmd_size) {
		device_halt(dev, MIRAGE_DEV_BAD_CMD);
		return;
	}
	dev->cmdq.put = put;
}

static void bad_command(struct device *dev, const struct mirage_cmd *cmd)
{
	log_error("bad command: op %u, flags %#x, id %u, addr %#llx, size %#llx", cmd->op,
		  cmd->flags, cmd->id, (unsigned long long)cmd->addr,
		  (unsigned long long)cmd->size);
	device_halt(dev, MIRAGE_DEV_BAD_CMD);
}

static void do_sync(struct device *dev, const struct mirage_cmd *cmd)
{
	u64 *place;

	if (!phys_valid(cmd->addr, sizeof(*place))) {
		bad_command(dev, cmd);
		return;
	}
	if (regs_take(dev, MIRAGE_TEST_DROP_SYNC))
		return;
	place = phys_ptr(dev, cmd->addr, sizeof(*place), true);
	if (!place) {
		device_halt(dev, MIRAGE_DEV_BUS);
		return;
	}
	__atomic_store_n(place, cmd->value, __ATOMIC_RELEASE);
	runlist_kick_pollers(dev);
}

static void do_invalidate(struct device *dev, const struct mirage_cmd *cmd)
{
	const u64 va_limit = (u64)1 << MIRAGE_VA_BITS;
	bool all = cmd->flags & MIRAGE_CMD_ALL;
	u64 addr = all ? 0 : cmd->addr, size = all ? va_limit : cmd->size;
	struct chan *chan;
	u32 dropped;

	if (addr > va_limit || size > va_limit - addr) {
		bad_command(dev, cmd);
		return;
	}
	dev->perf[PERF_INVALIDATIONS]++;
	if (regs_get(dev, MIRAGE_TEST_IGNORE_INV))
		return;
	if (all)
		dropped = tlb_drop_vm(&dev->tlb, cmd->id);
	else
		dropped = tlb_drop_range(&dev->tlb, cmd->id, addr, size);
	dev->perf[PERF_INV_ENTRIES] += dropped;
	for (chan = chan_next_live(dev, 0); chan; chan = chan_next_live(dev, chan->id + 1))
		if (chan->compute && chan->vm == cmd->id)
			compute_invalidate(chan->compute, addr, size);
}

static void do_replay(struct device *dev, const struct mirage_cmd *cmd)
{
	bool all = cmd->flags & MIRAGE_CMD_ALL;
	struct chan *chan;

	if (regs_take(dev, MIRAGE_TEST_DROP_REPLAY))
		return;
	fault_drop_vm(&dev->faults, all ? UINT32_MAX : cmd->id);
	for (chan = chan_next_live(dev, 0); chan; chan = chan_next_live(dev, chan->id + 1))
		if (all || chan->vm == cmd->id)
			dev->perf[PERF_REPLAYED] += chan_replay(chan);
}

static void do_context(struct device *dev, const struct mirage_cmd *cmd)
{
	struct chan *chan = &dev->chans[cmd->id];

	if (!phys_valid(cmd->addr, sizeof(u64)))
		bad_command(dev, cmd);
	else if (cmd->op == MIRAGE_CMD_CHAN_SAVE)
		chan_save(chan, cmd->addr, cmd->size);
	else
		chan_restore(chan, cmd->addr, cmd->size);
}

/* Limit of a command's id; no limit, where it is ignored. */
static u64 id_limit(u32 op)
{
	switch (op) {
	case MIRAGE_CMD_INVALIDATE:
	case MIRAGE_CMD_REPLAY:
		return NR_VMS;
	case MIRAGE_CMD_CHAN_START:
	case MIRAGE_CMD_CHAN_STOP:
	case MIRAGE_CMD_CHAN_RESET:
	case MIRAGE_CMD_CHAN_SAVE:
	case MIRAGE_CMD_CHAN_RESTORE:
		return NR_CHANNELS;
	}
	return UINT64_MAX;
}

static void execute(struct device *dev, const struct mirage_cmd *cmd)
{
	u16 flags = cmd->op == MIRAGE_CMD_INVALIDATE || cmd->op == MIRAGE_CMD_REPLAY ?
			    MIRAGE_CMD_ALL : 0;

	if ((cmd->flags & ~flags) || cmd->id >= id_limit(cmd->op)) {
		bad_command(dev, cmd);
		return;
	}
	switch (cmd->op) {
	case MIRAGE_CMD_NOP:
		break;
	case MIRAGE_CMD_SYNC:
		do_sync(dev, cmd);
		break;
	case MIRAGE_CMD_INVALIDATE:
		do_invalidate(dev, cmd);
		break;
	case MIRAGE_CMD_REPLAY:
		do_replay(dev, cmd);
		break;
	case MIRAGE_CMD_CHAN_START:
		chan_start(&dev->chans[cmd->id]);
		break;
	case MIRAGE_CMD_CHAN_STOP:
		chan_stop(&dev->chans[cmd->id]);
		break;
	case MIRAGE_CMD_CHAN_RESET:
		chan_reset(&dev->chans[cmd->id]);
		break;
	case MIRAGE_CMD_CHAN_SAVE:
	case MIRAGE_CMD_CHAN_RESTORE:
		do_context(dev, cmd);
		break;
	default:
		bad_command(dev, cmd);
		break;
	}
}

/* TEST registers for commands of one kind. */
struct brake {
	enum mirage_reg hold;
	enum mirage_reg delay_us;	/* 0: there is none */
};

static const struct brake brakes[] = {
	[MIRAGE_CMD_SYNC] = { MIRAGE_TEST_HOLD_SYNC, MIRAGE_TEST_DELAY_SYNC_US },
	[MIRAGE_CMD_INVALIDATE] = { MIRAGE_TEST_HOLD_INV, MIRAGE_TEST_DELAY_INV_US },
	[MIRAGE_CMD_REPLAY] = { MIRAGE_TEST_HOLD_REPLAY, MIRAGE_TEST_DELAY_REPLAY_US },
	[MIRAGE_CMD_CHAN_START] = { MIRAGE_TEST_HOLD_CHAN_START, 0 },
	[MIRAGE_CMD_CHAN_STOP] = { MIRAGE_TEST_HOLD_CHAN_STOP, 0 },
	[MIRAGE_CMD_CHAN_SAVE] = { MIRAGE_TEST_HOLD_CHAN_SAVE, 0 },
};

/* NULL for the kinds that have none. */
static const struct brake *brake_of(const struct mirage_cmd *cmd)
{
	if (cmd->op >= ARRAY_SIZE(brakes) || !brakes[cmd->op].hold)
		return NULL;
	return &brakes[cmd->op];
}

/*
 * An engine that hangs with the channel cannot be told to let go of it; and software may have
 * said that commands of this kind wait.
 */
static bool must_wait(struct device *dev, const struct mirage_cmd *cmd)
{
	const struct brake *brake = brake_of(cmd);
	const struct chan *hung = dev->runlist.hung;

	if (brake && regs_get(dev, brake->hold))
		return true;
	return hung && cmd->id == hung->id &&
	       (cmd->op == MIRAGE_CMD_CHAN_STOP || cmd->op == MIRAGE_CMD_CHAN_RESET);
}

static u64 delay_us_of(struct device *dev, enum mirage_reg reg)
{
	return min_u64(regs_get(dev, reg), CMDQ_MAX_DELAY_US);
}

/* When the oldest command may be executed. */
static u64 due(struct device *dev, const struct mirage_cmd *cmd)
{
	u64 delay_us = delay_us_of(dev, MIRAGE_TEST_DELAY_CMD_US);
	const struct brake *brake = brake_of(cmd);

	if (brake && brake->delay_us)
		delay_us += delay_us_of(dev, brake->delay_us);
	if (delay_us && !dev->cmdq.due_ns)
		dev->cmdq.due_ns = now_ns() + delay_us * 1000;
	return dev->cmdq.due_ns;
}

void cmdq_drop(struct device *dev)
{
	dev->cmdq.put = dev->queues.cmd_get;
	dev->cmdq.due_ns = 0;
}

/* A command may copy a whole context: who waits for the lock does not wait for a second one. */
static bool batch_over(struct device *dev, unsigned int done)
{
	return done == CMDQ_BATCH || (done && lock_contended(&dev->lock));
}

u64 cmdq_run(struct device *dev)
{
	struct queues *q = &dev->queues;
	struct mirage_status_page *status;
	struct mirage_cmd *place, cmd;

	for (unsigned int i = 0; !batch_over(dev, i); i++) {
		if (q->cmd_get == dev->cmdq.put)
			return UINT64_MAX;
		status = queues_status(dev);
		place = phys_ptr(dev, q->cmd + (q->cmd_get & (q->cmd_size - 1)) * sizeof(cmd),
				 sizeof(cmd), false);
		if (!status || !place) {
			device_halt(dev, MIRAGE_DEV_BUS);
			return UINT64_MAX;
		}
		memcpy(&cmd, place, sizeof(cmd));
		if (due(dev, &cmd) > now_ns())
			return dev->cmdq.due_ns;
		if (must_wait(dev, &cmd))
			return UINT64_MAX;
		execute(dev, &cmd);
		if (!dev->running)
			return UINT64_MAX;
		dev->cmdq.due_ns = 0;
		__atomic_store_n(&status->cmd_get, ++q->cmd_get, __ATOMIC_RELEASE);
	}
	return q->cmd_get == dev->cmdq.put ? UINT64_MAX : 0;
}
