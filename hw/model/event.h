/* SPDX-License-Identifier: MIT */
/* The event queue. */
#ifndef MODEL_EVENT_H
#define MODEL_EVENT_H

#include "hw/queues.h"
#include "util.h"

struct device;

/**
 * event_add() - add an event to the queue.
 * Returns whether it is in: false if the queue is full; the caller keeps it and
 * tries again. Context: device lock held, device enabled.
 */
bool event_add(struct device *dev, enum mirage_event_type type, u8 code, u32 chan, u64 value);

#endif /* MODEL_EVENT_H */
