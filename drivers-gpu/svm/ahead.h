/* SPDX-License-Identifier: GPL-2.0 */
/* Populating ahead: which pages to make writable before a program writes to them. Pure. */
#ifndef MIRAGE_AHEAD_H
#define MIRAGE_AHEAD_H

#include "device/fault_entry.h"
#include "mmu/leaves.h"

/** MIRAGE_AHEAD_RUNS: runs of an address space that are remembered. */
#define MIRAGE_AHEAD_RUNS	16

/**
 * struct mirage_ahead_run - a run of write faults; addresses in pages, ends exclusive
 */
struct mirage_ahead_run {
	/** @start: first page of the run */
	u64 start;
	/** @end: end of the pages that faulted */
	u64 end;
	/** @next: end of the pages that were asked for; at least @end */
	u64 next;
	/** @batch: number of the last batch that had a fault of the run; 0: unused */
	u64 batch;
	/** @chan: channel that faulted */
	u32 chan;
	/** @continued: a later batch went on where an earlier one had ended */
	bool continued;
};

/**
 * struct mirage_ahead - the runs of an address space; all zero at first
 */
struct mirage_ahead {
	/** @runs: the latest runs, in no order */
	struct mirage_ahead_run runs[MIRAGE_AHEAD_RUNS];
	/** @batch: number of the current batch */
	u64 batch;
};

void mirage_ahead_begin(struct mirage_ahead *ahead);
void mirage_ahead_block(struct mirage_ahead *ahead, const struct mirage_fault *faults,
			unsigned int count, const unsigned long write[MIRAGE_LEAVES_WORDS],
			unsigned long populate[MIRAGE_LEAVES_WORDS]);

#endif /* MIRAGE_AHEAD_H */
