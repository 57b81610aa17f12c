// SPDX-License-Identifier: GPL-2.0
/*
 * The command queue: invalidations, replays and channel control, in order.
 *
 * Model: VT-d's queued invalidation. Each post appends its command and a SYNC that writes the
 * post's number to one slot in memory. Numbers only grow, so a waiter for N accepts any value from
 * N on. Many callers post and wait at the same time, and none waits under the lock.
 *
 * The device answers within its current time slice. If it does not answer for CMDQ_TIMEOUT_NS, it
 * has its DMA blocked. So every wait is bounded, and when it ends the device has lost access to
 * the invalidated range, by the flush or by the block. If a SYNC is lost, the next one covers it; a
 * waiter posts another one itself after CMDQ_NUDGE_NS.
 *
 * A reset voids every post and sets the slot to the last number: after a reset the device has no
 * translations and no running channels. While the device does not run, nothing is posted. Slot and
 * state change together under the lock. A caller that finds the device stopped has therefore
 * written its page-table entries before the device is enabled again.
 *
 * Rejected: an interrupt for completion. Waiters include notifiers that must not
 * sleep, and the answer comes sooner than an interrupt would.
 */
#include "device/cmdq.h"

#include <linux/delay.h>
#include <linux/ktime.h>

#include "device/device.h"
#include "device/regs.h"
#include "device/reset.h"
#include "device/shared.h"
#include "device/state.h"

/* 1024 entries: two per post, many more posts than can be under way at once. */
#define CMDQ_ORDER		10
/* How long the device may leave a SYNC or a full queue unanswered; emulation is slow. */
#define CMDQ_TIMEOUT_NS		(2 * NSEC_PER_SEC)
/* After this long without an answer a waiter posts another SYNC. */
#define CMDQ_NUDGE_NS		(200 * NSEC_PER_MSEC)
/* The first waits are short: most answers come within a few microseconds. */
#define CMDQ_SPIN_NS		(20 * NSEC_PER_USEC)

/**
 * mirage_cmdq_init() - allocate the command queue
 * @mdev: device, not enabled
 *
 * Return: 0 or -ENOMEM
 */
int mirage_cmdq_init(struct mirage_device *mdev)
{
	struct mirage_cmdq *q = &mdev->cmdq;
	int ret;

	spin_lock_init(&q->lock);
	q->order = CMDQ_ORDER;
	ret = mirage_mem_alloc(mdev, &q->mem, sizeof(struct mirage_cmd) << q->order);
	if (ret)
		return ret;
	return mirage_mem_alloc(mdev, &q->fence, sizeof(__le64));
}

/**
 * mirage_cmdq_restart() - void all posts, and post to the device from now on
 * @mdev: device, reset and not enabled yet; becomes RUNNING
 *
 * Context: mirage_device.state_lock is held; takes mirage_cmdq.lock.
 */
void mirage_cmdq_restart(struct mirage_device *mdev)
{
	struct mirage_cmdq *q = &mdev->cmdq;
	__le64 *slot = q->fence.cpu;

	lockdep_assert_held(&mdev->state_lock);

	spin_lock(&q->lock);
	mirage_shared_write32(&mdev->status->cmd_put, q->put);
	mirage_shared_write32(&mdev->status->cmd_get, q->put);
	/* Release: the reset has ended what the posts wait for, see cmdq_done(). */
	mirage_shared_write64_release(slot, q->seqno);
	atomic_set_release(&mdev->state, MIRAGE_DEVICE_RUNNING);
	spin_unlock(&q->lock);
}

static bool cmdq_done(struct mirage_cmdq *q, u64 seqno)
{
	const __le64 *slot = q->fence.cpu;

	/* Acquire: the effects of commands before the SYNC are visible after this. */
	return mirage_shared_read64_acquire(slot) >= seqno;
}

/*
 * Write @cmd and a SYNC if there is room; the number of the SYNC, or 0 if there is none or the
 * device does not run.
 */
static u64 cmdq_try_post(struct mirage_device *mdev, const struct mirage_cmd *cmd)
{
	struct mirage_cmdq *q = &mdev->cmdq;
	struct mirage_cmd *ring = q->mem.cpu;
	u32 size = 1u << q->order;
	u64 seqno = 0;
	u32 get;

	spin_lock(&q->lock);
	/* Acquire: the device has read the entries before it lets them be reused. */
	get = mirage_shared_read32_acquire(&mdev->status->cmd_get);
	if (mirage_device_is_running(mdev) && q->put - get + 2 <= size) {
		seqno = ++q->seqno;
		ring[q->put++ & (size - 1)] = *cmd;
		ring[q->put++ & (size - 1)] = (struct mirage_cmd){
			.op = cpu_to_le16(MIRAGE_CMD_SYNC),
			.addr = cpu_to_le64(mirage_mem_phys(&q->fence, 0)),
			.value = cpu_to_le64(seqno),
		};
		/* Release: the entries are there before the index that says so. */
		mirage_shared_write32_release(&mdev->status->cmd_put, q->put);
	}
	spin_unlock(&q->lock);

	if (seqno)
		mirage_reg_write(mdev, MIRAGE_REG32(DOORBELL_CMD), 1);
	return seqno;
}

static void cmdq_pause(bool blockable, u64 waited_ns)
{
	if (!blockable || waited_ns < CMDQ_SPIN_NS)
		cpu_relax();
	else
		usleep_range(10, 50);
}

/* Post @cmd; while the queue is full, wait for a bounded time. 0 if the device does not run. */
static u64 cmdq_post(struct mirage_device *mdev, const struct mirage_cmd *cmd, bool blockable)
{
	u64 start = ktime_get_ns();
	u64 seqno, waited;

	if (blockable)
		might_sleep();

	while (mirage_device_is_running(mdev)) {
		/*
		 * Read the clock first: if this thread was preempted, the device still gets its
		 * chance.
		 */
		waited = ktime_get_ns() - start;
		seqno = cmdq_try_post(mdev, cmd);
		if (seqno)
			return seqno;
		if (waited > CMDQ_TIMEOUT_NS)
			mirage_reset_request(mdev, "the command queue stays full");
		else
			cmdq_pause(blockable, waited);
	}
	return 0;
}

/* A command that names a VM or a channel as a whole. */
static u64 cmdq_post_id(struct mirage_device *mdev, enum mirage_cmd_op op, u16 flags, u32 id)
{
	struct mirage_cmd cmd = {
		.op = cpu_to_le16(op),
		.flags = cpu_to_le16(flags),
		.id = cpu_to_le32(id),
	};

	return cmdq_post(mdev, &cmd, true);
}

/**
 * mirage_cmdq_invalidate() - drop the TLB entries of a range
 * @mdev: device
 * @vm_id: VM table index
 * @addr: GPU address of the first byte
 * @size: bytes
 * @blockable: may sleep if the queue is full
 *
 * Context: process context, spinlocks allowed if not @blockable; takes mirage_cmdq.lock.
 * The device is there, running or not.
 * Return: the number to pass to mirage_cmdq_wait()
 */
u64 mirage_cmdq_invalidate(struct mirage_device *mdev, u32 vm_id, u64 addr, u64 size,
			   bool blockable)
{
	struct mirage_cmd cmd = {
		.op = cpu_to_le16(MIRAGE_CMD_INVALIDATE),
		.id = cpu_to_le32(vm_id),
		.addr = cpu_to_le64(addr),
		.size = cpu_to_le64(size),
	};

	return cmdq_post(mdev, &cmd, blockable);
}

/**
 * mirage_cmdq_invalidate_all() - drop all TLB entries of an address space
 * @mdev: device
 * @vm_id: VM table index
 *
 * Context: may sleep; takes mirage_cmdq.lock. The device is there, running or not.
 * Return: the number to pass to mirage_cmdq_wait()
 */
u64 mirage_cmdq_invalidate_all(struct mirage_device *mdev, u32 vm_id)
{
	return cmdq_post_id(mdev, MIRAGE_CMD_INVALIDATE, MIRAGE_CMD_ALL, vm_id);
}

/**
 * mirage_cmdq_replay() - resume the accesses that faults suspended in an address space
 * @mdev: device
 * @vm_id: VM table index
 *
 * Resumed accesses see page-table writes made before the call.
 *
 * Context: may sleep; takes mirage_cmdq.lock. The device is there, running or not.
 * Return: the number for mirage_cmdq_wait(); waiting is optional
 */
u64 mirage_cmdq_replay(struct mirage_device *mdev, u32 vm_id)
{
	mirage_vram_flush(&mdev->vram);
	return cmdq_post_id(mdev, MIRAGE_CMD_REPLAY, 0, vm_id);
}

/**
 * mirage_cmdq_chan() - start, stop or reset a channel
 * @mdev: device
 * @op: MIRAGE_CMD_CHAN_START, MIRAGE_CMD_CHAN_STOP or MIRAGE_CMD_CHAN_RESET
 * @chan: channel number
 *
 * Context: may sleep; takes mirage_cmdq.lock. The device is there, running or not.
 * Return: the number to pass to mirage_cmdq_wait()
 */
u64 mirage_cmdq_chan(struct mirage_device *mdev, enum mirage_cmd_op op, u32 chan)
{
	return cmdq_post_id(mdev, op, 0, chan);
}

/**
 * mirage_cmdq_context() - save or restore a channel's context
 * @mdev: device
 * @op: MIRAGE_CMD_CHAN_SAVE or MIRAGE_CMD_CHAN_RESTORE
 * @chan: channel number
 * @mem: memory that the device writes the context to or reads it from
 *
 * Context: may sleep; takes mirage_cmdq.lock. The device is there, running or not.
 * Return: the number to pass to mirage_cmdq_wait()
 */
u64 mirage_cmdq_context(struct mirage_device *mdev, enum mirage_cmd_op op, u32 chan,
			const struct mirage_mem *mem)
{
	struct mirage_cmd cmd = {
		.op = cpu_to_le16(op),
		.id = cpu_to_le32(chan),
		.addr = cpu_to_le64(mirage_mem_phys(mem, 0)),
		.size = cpu_to_le64(mem->size),
	};

	return cmdq_post(mdev, &cmd, true);
}

/**
 * mirage_cmdq_stuck_on() - the channel that blocks the command queue
 * @mdev: device
 *
 * The device executes commands in order. A command that stops or resets a channel ends only when
 * the channel yields. The queue waits for its oldest command that has not been executed.
 *
 * Context: takes mirage_cmdq.lock.
 * Return: its number plus 1 as in BUS_CURRENT, or 0 if the oldest command needs no channel
 */
u32 mirage_cmdq_stuck_on(struct mirage_device *mdev)
{
	struct mirage_cmdq *q = &mdev->cmdq;
	const struct mirage_cmd *ring = q->mem.cpu;
	u32 get, chan = 0;

	spin_lock(&q->lock);
	get = mirage_shared_read32(&mdev->status->cmd_get);
	if (get != q->put) {
		const struct mirage_cmd *cmd = &ring[get & ((1u << q->order) - 1)];
		u16 op = le16_to_cpu(cmd->op);

		if (op == MIRAGE_CMD_CHAN_STOP || op == MIRAGE_CMD_CHAN_RESET)
			chan = le32_to_cpu(cmd->id) + 1;
	}
	spin_unlock(&q->lock);
	return chan;
}

static int cmdq_wait_timeout(struct mirage_device *mdev, u64 seqno, bool blockable, u64 timeout_ns)
{
	static const struct mirage_cmd nop = { .op = cpu_to_le16(MIRAGE_CMD_NOP) };
	u64 start = ktime_get_ns();
	u64 nudged = 0;
	u64 waited;

	if (blockable)
		might_sleep();

	while (mirage_device_is_running(mdev)) {
		/*
		 * Read the clock first: if this thread was preempted, the device may have answered.
		 */
		waited = ktime_get_ns() - start;
		if (cmdq_done(&mdev->cmdq, seqno))
			return 0;
		if (waited > timeout_ns)
			return -ETIMEDOUT;
		if (waited - nudged > CMDQ_NUDGE_NS) {
			nudged = waited;
			cmdq_try_post(mdev, &nop);
		}
		cmdq_pause(blockable, waited);
	}
	return -ENODEV;
}

/**
 * mirage_cmdq_wait_timeout() - wait for a limited time until a post has taken effect
 * @mdev: device
 * @seqno: return value of the post; 0 if the device did not run or there was nothing to do
 * @timeout_ns: nanoseconds
 *
 * For callers that have a fallback: a time-out has no effect on the device.
 *
 * Context: may sleep.
 * Return: 0; -ENODEV if the device does not run, during a reset too; -ETIMEDOUT
 */
int mirage_cmdq_wait_timeout(struct mirage_device *mdev, u64 seqno, u64 timeout_ns)
{
	return cmdq_wait_timeout(mdev, seqno, true, timeout_ns);
}

/**
 * mirage_cmdq_wait() - wait until a post has taken effect
 * @mdev: device
 * @seqno: return value of the post; 0 if the device did not run or there was nothing to do
 * @blockable: may sleep
 *
 * If the device does not answer in time, it has its DMA blocked before this returns, and a work
 * resets it later. So in every case the device no longer accesses the invalidated range.
 *
 * Context: process context, spinlocks allowed if not @blockable. At most about 2 seconds.
 * Return: 0; or -ENODEV if the device does not run, during a reset too
 */
int mirage_cmdq_wait(struct mirage_device *mdev, u64 seqno, bool blockable)
{
	int ret = cmdq_wait_timeout(mdev, seqno, blockable, CMDQ_TIMEOUT_NS);

	if (ret == -ETIMEDOUT) {
		mirage_reset_request(mdev, "it does not answer a SYNC");
		ret = -ENODEV;
	}
	return ret;
}
