/* SPDX-License-Identifier: GPL-2.0 */
/* The command queue: invalidations, replays and channel control, in order. */
#ifndef MIRAGE_CMDQ_H
#define MIRAGE_CMDQ_H

#include <linux/spinlock.h>
#include <linux/types.h>

#include <hw/queues.h>

#include "device/mem.h"

struct mirage_device;

/**
 * struct mirage_cmdq - state of the command queue
 */
struct mirage_cmdq {
	/** @mem: ring of struct mirage_cmd */
	struct mirage_mem mem;
	/** @fence: one __le64 (the SYNC slot), which the device writes */
	struct mirage_mem fence;
	/** @order: log2 of the ring's entries */
	unsigned int order;
	/**
	 * @lock: protects @put, @seqno and the ring's free entries. Innermost lock of the driver;
	 * taken in notifiers that must not sleep, never in an interrupt handler. Held for the
	 * writing of entries only, never while waiting for the device.
	 */
	spinlock_t lock;
	/** @put: next entry to write, modulo 2^32. Protected by @lock. */
	u32 put;
	/** @seqno: value of the last SYNC posted; starts at 0. Protected by @lock. */
	u64 seqno;
};

int mirage_cmdq_init(struct mirage_device *mdev);
void mirage_cmdq_restart(struct mirage_device *mdev);

u64 mirage_cmdq_invalidate(struct mirage_device *mdev, u32 vm_id, u64 addr, u64 size,
			   bool blockable);
u64 mirage_cmdq_invalidate_all(struct mirage_device *mdev, u32 vm_id);
u64 mirage_cmdq_replay(struct mirage_device *mdev, u32 vm_id);
u64 mirage_cmdq_chan(struct mirage_device *mdev, enum mirage_cmd_op op, u32 chan);
u64 mirage_cmdq_context(struct mirage_device *mdev, enum mirage_cmd_op op, u32 chan,
			const struct mirage_mem *mem);
u32 mirage_cmdq_stuck_on(struct mirage_device *mdev);
int mirage_cmdq_wait_timeout(struct mirage_device *mdev, u64 seqno, u64 timeout_ns);
int mirage_cmdq_wait(struct mirage_device *mdev, u64 seqno, bool blockable);

#endif /* MIRAGE_CMDQ_H */
