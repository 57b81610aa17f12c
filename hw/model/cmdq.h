/* SPDX-License-Identifier: MIT */
/* The command queue. */
#ifndef MODEL_CMDQ_H
#define MODEL_CMDQ_H

#include "util.h"

struct device;

/* Protected by the device's lock. */
struct cmdq {
	u32 put;	/* software's index, as read at the last doorbell */
	u64 due_ns;	/* the oldest command is executed no earlier, now_ns(); 0: not looked at yet */
};

/** cmdq_doorbell() - read software's index again. */
void cmdq_doorbell(struct device *dev);

/**
 * cmdq_run() - execute commands, a bounded number of them.
 *
 * Context: device lock held, device enabled.
 * Returns when to call it again, in now_ns() time: 0 for at once, UINT64_MAX: after a
 * doorbell, or when a hung channel has been taken off, or commands are not held any more.
 */
u64 cmdq_run(struct device *dev);

/** cmdq_drop() - forget commands that have not been executed. */
void cmdq_drop(struct device *dev);

#endif /* MODEL_CMDQ_H */
