/* SPDX-License-Identifier: GPL-2.0 */
/* Engine time of an open file's queues. */
#ifndef MIRAGE_USAGE_H
#define MIRAGE_USAGE_H

#include <linux/atomic.h>
#include <linux/kref.h>
#include <linux/types.h>

#include <hw/queues.h>

struct mirage_queue;

/** MIRAGE_USAGE_CLASSES: number of queue classes, enum mirage_chan_class. */
#define MIRAGE_USAGE_CLASSES	2

/**
 * struct mirage_usage - engine time of one open file
 *
 * Outlives the file until its last queue is gone.
 */
struct mirage_usage {
	/** @ref: held by the file, and by each of its queues */
	struct kref ref;
	/** @ns: nanoseconds that queues have had an engine, by class; only grows */
	atomic64_t ns[MIRAGE_USAGE_CLASSES];
};

struct mirage_usage *mirage_usage_create(void);
struct mirage_usage *mirage_usage_get(struct mirage_usage *usage);
void mirage_usage_put(struct mirage_usage *usage);
void mirage_usage_account(struct mirage_queue *queue);

#endif /* MIRAGE_USAGE_H */
