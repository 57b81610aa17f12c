// SPDX-License-Identifier: GPL-2.0
/*
 * Suspects: accesses that failed once.
 *
 * A fault buffer entry may be late: a replay for another entry has already completed its access,
 * and the program may have freed the memory since. Serving such an entry fails although no program
 * is to blame. A truly bad access still waits and, when replayed, fails again. So the first failure
 * only makes a page of a channel suspect; a later fault of the same page and channel is the proof.
 * It has to follow soon, and the page must not have been served in between: if memory was mapped
 * there again, that clears the suspect. Otherwise two late entries in the life of a queue would
 * count as a proof.
 *
 * Few slots suffice. A proof stops the channel and frees the slot, and a slot is not reused while
 * its suspect is fresh. So some suspect of a channel always stays until its proof.
 */
#include "svm/suspects.h"

/* A proof comes with the next replay; an older suspect was a late entry. */
#define SUSPECT_FRESH_NS	5000000000ull

static struct mirage_suspect *suspect_slot(struct mirage_suspect *suspects,
					   const struct mirage_fault *fault)
{
	u64 page = fault->addr >> MIRAGE_PAGE_SHIFT;

	return &suspects[(page ^ fault->chan * 7) % MIRAGE_SUSPECTS];
}

static bool suspect_is(const struct mirage_suspect *slot, const struct mirage_fault *fault)
{
	return slot->seen_ns && slot->page == fault->addr >> MIRAGE_PAGE_SHIFT &&
	       slot->chan == fault->chan;
}

/**
 * mirage_suspect_confirm() - check whether a failed access is proven bad
 * @suspects: slots, zero at first
 * @fault: the access
 * @now_ns: device clock, not 0
 *
 * Return: true if the same page failed for the same channel shortly before the access was made;
 * otherwise the failure is recorded, and the access has to be replayed
 */
bool mirage_suspect_confirm(struct mirage_suspect suspects[MIRAGE_SUSPECTS],
			    const struct mirage_fault *fault, u64 now_ns)
{
	struct mirage_suspect *slot = suspect_slot(suspects, fault);

	if (suspect_is(slot, fault)) {
		if (fault->time_ns <= slot->seen_ns)
			return false;
		if (fault->time_ns - slot->seen_ns <= SUSPECT_FRESH_NS) {
			slot->proven = true;
			return true;
		}
	}
	if (!slot->seen_ns || slot->proven || now_ns - slot->seen_ns > SUSPECT_FRESH_NS) {
		*slot = (struct mirage_suspect){
			.page = fault->addr >> MIRAGE_PAGE_SHIFT,
			.seen_ns = now_ns,
			.chan = fault->chan,
			.write = mirage_batch_wants_write(fault),
		};
	}
	return false;
}

/**
 * mirage_suspect_clear() - drop the suspect of an access that was served
 * @suspects: slots
 * @fault: the access
 *
 * A served read does not clear a suspected write.
 */
void mirage_suspect_clear(struct mirage_suspect suspects[MIRAGE_SUSPECTS],
			  const struct mirage_fault *fault)
{
	struct mirage_suspect *slot = suspect_slot(suspects, fault);

	if (suspect_is(slot, fault) && (!slot->write || mirage_batch_wants_write(fault)))
		slot->seen_ns = 0;
}
