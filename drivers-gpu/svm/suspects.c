// SPDX-License-Identifier: GPL-2.0
/*
 * Accesses that failed once.
 *
 * A fault buffer entry may be late: the access it tells of was replayed for another
 * entry's sake and is long complete, and its memory given back since. Serving it fails, and
 * nobody is to blame. An access that is truly bad still waits and, replayed, fails
 * again. So the first failure only makes a page of a channel suspect, and
 * a fault of that page and channel that happened later is the proof. It has to come soon, and
 * the page must not have been served in between: memory that was mapped there again
 * clears the suspect, or two late entries in the life of a queue would make a proof.
 *
 * Few slots are enough: one proof stops the channel and frees the slot, and a slot keeps its
 * suspect against newcomers while that is fresh, so some suspect of a channel always stays until
 * its proof.
 */
#include "svm/suspects.h"

/* A proof comes with the next replay; whoever waited longer was not bad. */
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
 * mirage_suspect_confirm() - an access could not be served: is that proof that it is bad?
 * @suspects: slots, zero at first
 * @fault: the access
 * @now_ns: device clock, not 0
 *
 * Return: true if the same page failed for the same channel shortly before the access was made;
 * else it is remembered, and the access has to be replayed
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
 * mirage_suspect_clear() - an access was served: what failed there before was late
 * @suspects: slots
 * @fault: the access
 *
 * A read that was served says nothing of a write.
 */
void mirage_suspect_clear(struct mirage_suspect suspects[MIRAGE_SUSPECTS],
			  const struct mirage_fault *fault)
{
	struct mirage_suspect *slot = suspect_slot(suspects, fault);

	if (suspect_is(slot, fault) && (!slot->write || mirage_batch_wants_write(fault)))
		slot->seen_ns = 0;
}
