/* SPDX-License-Identifier: MIT */
/* Places of queues and tables, and the device's side of the status page. */
#ifndef MODEL_QUEUES_H
#define MODEL_QUEUES_H

#include "hw/queues.h"
#include "hw/regs.h"
#include "util.h"

struct device;

/* All valid while the device is enabled. Protected by the device's lock. */
struct queues {
	u64 status;		/* physical pointers, latched from the QUEUE registers */
	u64 cmd;
	u64 fault;
	u64 fault_place;	/* or 0 */
	u64 event;
	u64 chan_table;
	u64 vm_table;
	u32 cmd_size;		/* entries, powers of two */
	u32 fault_size;
	u32 event_size;
	u32 cmd_get;		/* the indices that the device writes */
	u32 fault_put;
	u32 event_put;
};

/**
 * queues_latch() - take over and check the QUEUE registers and the device's indices.
 * Returns whether all are valid and everything they name can be reached.
 */
bool queues_latch(struct device *dev);

/** queues_status() - the status page, or NULL with the device halted. */
struct mirage_status_page *queues_status(struct device *dev);

/**
 * queues_room() - entries that can be added to a queue that the device fills.
 * @put: the device's index
 * @get: software's index, as just read
 *
 * Returns 0 with the device halted if @get is not one that software could have.
 */
u32 queues_room(struct device *dev, u32 size, u32 put, u32 get);

/**
 * queues_publish() - write an index of the device, and fire if software has armed it.
 * @armed: NULL for a queue without an interrupt
 * @source: for intr_fire()
 */
void queues_publish(struct device *dev, __le32 *put, u32 value, __le32 *armed, u32 source);

#endif /* MODEL_QUEUES_H */
