/* SPDX-License-Identifier: GPL-2.0 */
/* Filter of stale faults: accesses that failed once. Pure. */
#ifndef MIRAGE_STALE_FILTER_H
#define MIRAGE_STALE_FILTER_H

#include "svm/batch.h"

/** MIRAGE_STALE_SLOTS: slots; a power of two. */
#define MIRAGE_STALE_SLOTS	64

/**
 * struct mirage_stale_slot - a page that could not be served for a channel
 */
struct mirage_stale_slot {
	/** @page: GPU address >> MIRAGE_PAGE_SHIFT */
	u64 page;
	/** @seen_ns: device clock at the failure; 0 in an empty slot */
	u64 seen_ns;
	/** @chan: channel */
	u32 chan;
	/** @write: the access was a write */
	bool write;
	/** @proven: the access is bad, and its channel is being stopped; the slot may be reused */
	bool proven;
};

bool mirage_stale_filter_confirm(struct mirage_stale_slot slots[MIRAGE_STALE_SLOTS],
				 const struct mirage_fault *fault, u64 now_ns);
void mirage_stale_filter_clear(struct mirage_stale_slot slots[MIRAGE_STALE_SLOTS],
			       const struct mirage_fault *fault);

#endif /* MIRAGE_STALE_FILTER_H */
