/* SPDX-License-Identifier: GPL-2.0 */
/* Which time counts against the limit of a job. */
#ifndef MIRAGE_CHARGE_H
#define MIRAGE_CHARGE_H

#include <linux/types.h>

struct mirage_queue;

/**
 * struct mirage_charge - start of the time that is charged to a queue's oldest job
 *
 * Protected by mirage_queue.lock.
 */
struct mirage_charge {
	/** @begun_ns: ktime_get_ns() at that time */
	u64 begun_ns;
	/** @wait_ns: value in the channel's descriptor at that time, as the device wrote it */
	u64 wait_ns;
	/** @service_ns: DRM_MIRAGE_STAT_NS_SERVICE of the address space at that time */
	u64 service_ns;
};

void mirage_charge_begin(struct mirage_queue *queue);
u64 mirage_charge_clock(const struct mirage_queue *queue);
bool mirage_charge_is_over(struct mirage_queue *queue);

#endif /* MIRAGE_CHARGE_H */
