// SPDX-License-Identifier: GPL-2.0
/*
 * The engine, and channels that do not yield it.
 *
 * The device has one engine, and its channels take turns. A channel whose packet hangs keeps its
 * turn for ever. Commands that stop or reset it then never end, nor do the commands behind them. So
 * the driver takes a channel off the engine in steps, each with a bound:
 *
 *   CHAN_RESET     ENGINE_STOP_NS for the answer: every stopped queue gets one
 *   ENGINE_RESET   takes off the channel that has the turn, if it blocks the commands; they go on
 *   BUS_RESET      of the whole device (device/reset.c)
 *
 * Together the steps end before waiters for other commands time out (mirage_cmdq_wait()). So the
 * second step hurts only the hanging channel.
 */
#include "device/engine.h"

#include <linux/iopoll.h>
#include <linux/jiffies.h>
#include <linux/time64.h>

#include <drm/drm_drv.h>
#include <drm/drm_print.h>

#include "device/device.h"
#include "device/regs.h"
#include "device/state.h"
#include "device/trace.h"

/* How long a channel may take to stop. Emulation is slow. */
#define ENGINE_STOP_NS		(1 * NSEC_PER_SEC)
#define ENGINE_RESET_POLL_US	100
#define ENGINE_RESET_US		(200 * USEC_PER_MSEC)

/*
 * Take the channel that has the turn off the engine, if it is the one that blocks the command
 * queue. If the device is merely slow or answers no command at all, its engine does not hang and no
 * channel is to blame.
 *
 * Return: 0 the blocked command may be done now; -ENOENT no channel is to blame; -ETIMEDOUT the
 * engine does not come back
 */
static int engine_reset(struct mirage_device *mdev)
{
	u32 current_chan = mirage_reg_read(mdev, MIRAGE_REG32(BUS_CURRENT));
	u32 value;
	int ret;

	lockdep_assert_held(&mdev->reset.engine_lock);

	if (!current_chan || mirage_cmdq_stuck_on(mdev) != current_chan)
		return -ENOENT;
	mirage_reg_write(mdev, MIRAGE_REG32(BUS_ENGINE_RESET), 1);
	ret = read_poll_timeout(mirage_reg_read, value, !value, ENGINE_RESET_POLL_US,
				ENGINE_RESET_US, false, mdev, MIRAGE_REG32(BUS_ENGINE_RESET));
	if (ret)
		return ret;
	trace_mirage_reset(mdev, true, "a channel does not stop");
	/* Set before the count, so that a reader of the new count also sees the new time. */
	WRITE_ONCE(mdev->reset.freed, jiffies);
	drm_err(&mdev->drm, "engine reset %d: channel %d did not stop\n",
		atomic_inc_return(&mdev->reset.engine_resets), (int)current_chan - 1);
	return 0;
}

/* Wait for a command that needs a channel to stop; force the channel off if it does not. */
static void engine_force(struct mirage_device *mdev, u64 seqno)
{
	struct mirage_reset *reset = &mdev->reset;
	int before = atomic_read(&reset->engine_resets);
	int ret;

	if (mirage_cmdq_wait_timeout(mdev, seqno, ENGINE_STOP_NS) != -ETIMEDOUT)
		return;

	mutex_lock(&reset->engine_lock);
	/*
	 * If another thread reset the engine meanwhile, our command was only queued behind its
	 * channel.
	 */
	if (atomic_read(&reset->engine_resets) != before &&
	    mirage_cmdq_wait_timeout(mdev, seqno, ENGINE_STOP_NS / 2) != -ETIMEDOUT) {
		mutex_unlock(&reset->engine_lock);
		return;
	}
	ret = engine_reset(mdev);
	if (!ret)
		ret = mirage_cmdq_wait_timeout(mdev, seqno, ENGINE_STOP_NS / 2);
	mutex_unlock(&reset->engine_lock);
	/*
	 * A device that stalls for a moment gets a second chance; no other thread waits for us
	 * here.
	 */
	if (ret == -ENOENT)
		ret = mirage_cmdq_wait_timeout(mdev, seqno, ENGINE_STOP_NS / 2);
	if (ret == -ETIMEDOUT)
		mirage_reset_request(mdev, "a channel does not stop");
}

/**
 * mirage_engine_wait() - wait until channels have stopped, by force if they hang
 * @mdev: device, between drm_dev_enter() and drm_dev_exit()
 * @seqno: of a command posted after those that stop the channels
 *
 * Context: process, may sleep, at most about 2 seconds; allocates nothing; takes
 * mirage_reset.engine_lock.
 * Return: 0, or -ENODEV if the device does not run (any more)
 */
int mirage_engine_wait(struct mirage_device *mdev, u64 seqno)
{
	engine_force(mdev, seqno);
	return mirage_device_is_running(mdev) ? 0 : -ENODEV;
}

/**
 * mirage_engine_drop() - end a channel, by force if it hangs
 * @mdev: device, between drm_dev_enter() and drm_dev_exit()
 * @chan: channel number
 *
 * When it returns, the device makes no access for the channel: either the channel was reset, or the
 * device had its DMA blocked.
 *
 * Context: process, may sleep, at most about 2 seconds; allocates nothing; takes
 * mirage_reset.engine_lock.
 */
void mirage_engine_drop(struct mirage_device *mdev, u32 chan)
{
	engine_force(mdev, mirage_cmdq_chan(mdev, MIRAGE_CMD_CHAN_RESET, chan));
}
