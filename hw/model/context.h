/* SPDX-License-Identifier: MIT */
/* CHAN_SAVE and CHAN_RESTORE: what the device keeps of a channel, as bytes in memory. */
#ifndef MODEL_CONTEXT_H
#define MODEL_CONTEXT_H

#include "hw/queues.h"
#include "util.h"

struct chan;

/**
 * context_buffer() - memory for the largest context, for device.context.
 *
 * It takes next to none until a context is written or read.
 */
void *context_buffer(void);

/**
 * chan_save() - MIRAGE_CMD_CHAN_SAVE to @size bytes at physical pointer @phys.
 *
 * A channel that has been saved is reset. Context: device lock held.
 */
void chan_save(struct chan *chan, u64 phys, u64 size);

/** chan_restore() - MIRAGE_CMD_CHAN_RESTORE from there. Context: device lock held. */
void chan_restore(struct chan *chan, u64 phys, u64 size);

#endif /* MODEL_CONTEXT_H */
