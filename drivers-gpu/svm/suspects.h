/* SPDX-License-Identifier: GPL-2.0 */
/* Suspects: accesses that failed once. Pure. */
#ifndef MIRAGE_SUSPECTS_H
#define MIRAGE_SUSPECTS_H

#include "svm/batch.h"

/** MIRAGE_SUSPECTS: slots; a power of two. */
#define MIRAGE_SUSPECTS	64

/**
 * struct mirage_suspect - a page that could not be served for a channel
 */
struct mirage_suspect {
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

bool mirage_suspect_confirm(struct mirage_suspect suspects[MIRAGE_SUSPECTS],
			    const struct mirage_fault *fault, u64 now_ns);
void mirage_suspect_clear(struct mirage_suspect suspects[MIRAGE_SUSPECTS],
			  const struct mirage_fault *fault);

#endif /* MIRAGE_SUSPECTS_H */
