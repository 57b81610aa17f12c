/* SPDX-License-Identifier: GPL-2.0 */
/* Which time counts against the limit of a job. */
#ifndef MIRAGE_CHARGE_H
#define MIRAGE_CHARGE_H

#include <linux/types.h>

struct mirage_queue;

/**
 * struct mirage_charge - from when on time counts against a queue's oldest job
 *
 * Protected by mirage_queue.lock.
 */
struct mirage_charge {
	/** @begun_ns: ktime_get_ns() then */
	u64 begun_ns;
	/** @wait_ns: of the channel's descriptor then, as the device wrote it */
	u64 wait_ns;
	/** @service_ns: DRM_MIRAGE_STAT_NS_SERVICE of the address space then */
	u64 service_ns;
};

void mirage_charge_begin(struct mirage_queue *queue);
u64 mirage_charge_clock(const struct mirage_queue *queue);
bool mirage_charge_is_over(struct mirage_queue *queue);

#endif /* MIRAGE_CHARGE_H */
