// SPDX-License-Identifier: GPL-2.0
/*
 * Accesses that failed once.
 *
 * A fault buffer entry may be late: the access it tells of was replayed for another
 * entry's sake and is long complete, and its memory given back since. Serving it fails, and
 * nobody is to blame. An access that is truly bad still waits and, replayed, fails
 * again. So the first failure only makes a page of a channel suspect, and
 * a fault of that page and channel that happened later is the proof.
 *
 * Few slots are enough: one proof stops the channel, and a slot keeps its suspect against
 * newcomers while that is fresh, so some suspect of a channel always stays until its proof.
 */
#include "mirage_suspects.h"

/* A proof comes with the next replay; whoever waited longer was not bad. */
#define SUSPECT_FRESH_NS	5000000000ull

/**
 * mirage_suspect_confirm() - an access could not be served: is that proof that it is bad?
 * @suspects: slots, zero at first
 * @fault: the access
 * @now_ns: device clock, not 0
 *
 * Return: true if the same page failed for the same channel before the access was made; else
 * it is remembered, and the access has to be replayed
 */
bool mirage_suspect_confirm(struct mirage_suspect suspects[MIRAGE_SUSPECTS],
			    const struct mirage_fault *fault, u64 now_ns)
{
	u64 page = fault->addr >> MIRAGE_PAGE_SHIFT;
	struct mirage_suspect *slot = &suspects[(page ^ fault->chan * 7) % MIRAGE_SUSPECTS];

	if (slot->seen_ns && slot->page == page && slot->chan == fault->chan) {
		if (fault->time_ns > slot->seen_ns)
			return true;
		return false;
	}
	if (!slot->seen_ns || now_ns - slot->seen_ns > SUSPECT_FRESH_NS) {
		slot->page = page;
		slot->chan = fault->chan;
		slot->seen_ns = now_ns;
	}
	return false;
}
