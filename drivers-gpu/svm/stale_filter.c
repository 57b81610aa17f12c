// SPDX-License-Identifier: GPL-2.0
/*
 * Filter of stale faults: accesses that failed once.
 *
 * A fault buffer entry may be late: a replay for another entry has already completed its access,
 * and the program may have freed the memory since. Serving such an entry fails although no program
 * is to blame. A truly bad access still waits and, when replayed, fails again. So the first failure
 * only records the page and the channel; a later fault of the same page and channel is the proof.
 * It has to follow soon, and the page must not have been served in between: if memory was mapped
 * there again, that clears the record. Otherwise two late entries in the life of a queue would
 * count as a proof.
 *
 * Few slots suffice. A proof stops the channel and frees the slot, and a slot is not reused while
 * its record is fresh. So some record of a channel always stays until its proof.
 */
#include "svm/stale_filter.h"

/* A proof comes with the next replay; an older record is of a stale entry. */
#define STALE_FRESH_NS	5000000000ull

static struct mirage_stale_slot *stale_slot(struct mirage_stale_slot *slots,
					    const struct mirage_fault *fault)
{
	u64 page = fault->addr >> MIRAGE_PAGE_SHIFT;

	return &slots[(page ^ fault->chan * 7) % MIRAGE_STALE_SLOTS];
}

static bool stale_is(const struct mirage_stale_slot *slot, const struct mirage_fault *fault)
{
	return slot->seen_ns && slot->page == fault->addr >> MIRAGE_PAGE_SHIFT &&
	       slot->chan == fault->chan;
}

/**
 * mirage_stale_filter_confirm() - check whether a failed access is proven bad
 * @slots: slots, zero at first
 * @fault: the access
 * @now_ns: device clock, not 0
 *
 * Return: true if the same page failed for the same channel shortly before the access was made;
 * otherwise the failure is recorded, and the access has to be replayed
 */
bool mirage_stale_filter_confirm(struct mirage_stale_slot slots[MIRAGE_STALE_SLOTS],
				 const struct mirage_fault *fault, u64 now_ns)
{
	struct mirage_stale_slot *slot = stale_slot(slots, fault);

	if (stale_is(slot, fault)) {
		if (fault->time_ns <= slot->seen_ns)
			return false;
		if (fault->time_ns - slot->seen_ns <= STALE_FRESH_NS) {
			slot->proven = true;
			return true;
		}
	}
	if (!slot->seen_ns || slot->proven || now_ns - slot->seen_ns > STALE_FRESH_NS) {
		*slot = (struct mirage_stale_slot){
			.page = fault->addr >> MIRAGE_PAGE_SHIFT,
			.seen_ns = now_ns,
			.chan = fault->chan,
			.write = mirage_batch_wants_write(fault),
		};
	}
	return false;
}

/**
 * mirage_stale_filter_clear() - drop the record of an access that was served
 * @slots: slots
 * @fault: the access
 *
 * A served read does not clear the record of a write.
 */
void mirage_stale_filter_clear(struct mirage_stale_slot slots[MIRAGE_STALE_SLOTS],
			       const struct mirage_fault *fault)
{
	struct mirage_stale_slot *slot = stale_slot(slots, fault);

	if (stale_is(slot, fault) && (!slot->write || mirage_batch_wants_write(fault)))
		slot->seen_ns = 0;
}
