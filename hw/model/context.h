/* SPDX-License-Identifier: MIT */
/* CHAN_SAVE and CHAN_RESTORE: what the device keeps of a channel, as bytes in memory. */
#ifndef MODEL_CONTEXT_H
#define MODEL_CONTEXT_H

#include "hw/queues.h"
#include "util.h"

struct chan;
struct device;

/**
 * context_buffer() - memory for the largest context, for device.context.
 *
 * It takes next to none until a context is written or read.
 */
void *context_buffer(void);

/**
 * context_save() - write what is under way in @chan to physical pointer @phys.
 * @size: bytes there
 *
 * What does not fit is not written: then, and with @chan NULL, the first 8 bytes become 0
 * (if there are so many). Context: device lock held.
 * Returns whether it was written; the device may be halted because of @phys.
 */
bool context_save(struct device *dev, const struct chan *chan, u64 phys, u64 size);

/**
 * context_load() - read it back into @chan, which holds what its descriptor says and nothing else.
 *
 * Returns MIRAGE_CHAN_OK, MIRAGE_CHAN_BAD_DESC if it is not what was written for such a channel,
 * also with the device halted, or _NO_MEMORY; the caller drops what there is of it then.
 */
enum mirage_chan_error context_load(struct chan *chan, u64 phys, u64 size);

#endif /* MODEL_CONTEXT_H */
