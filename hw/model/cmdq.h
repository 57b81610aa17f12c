/* SPDX-License-Identifier: MIT */
/* The command queue. */
#ifndef MODEL_CMDQ_H
#define MODEL_CMDQ_H

#include "util.h"

struct device;

/* Protected by the device's lock. */
struct cmdq {
	u32 put;	/* software's index, as read at the last doorbell */
};

/** cmdq_doorbell() - read software's index again. */
void cmdq_doorbell(struct device *dev);

/**
 * cmdq_run() - execute commands, a bounded number of them.
 * Returns whether there are more. Context: device lock held, device enabled.
 */
bool cmdq_run(struct device *dev);

#endif /* MODEL_CMDQ_H */
