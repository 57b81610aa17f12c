// SPDX-License-Identifier: GPL-2.0
/*
 * Populating ahead: which pages to make writable before a program writes to them.
 *
 * Prefetch (svm/prefetch.c) takes pages that mm has. Fresh memory has none, and a page shared
 * after fork() is not writable, so each page would fault. Allocating or copying pages that nothing
 * asked for needs better evidence than a fault nearby: one channel writes, and goes on in one batch
 * where it had ended in an earlier one. Then as many pages again are asked for as the run has
 * already, up to the end of the block. So a run doubles, and at most half of it was a guess:
 *
 *   batch 1    F           1 page faults
 *   batch 2    .Faa        the next one does: the run has 2 pages, 2 more are asked for
 *   batch 3    ....Faaaaa  and so on
 *
 * A single batch is no evidence, however many pages it has: a job that writes 64 KiB and ends gets
 * no more than that. Reads are none either. The mirror core drops what lies outside the mapping
 * that is written.
 *
 * A few runs are kept for each address space, since a kernel may write several arrays at a time.
 */
#include "svm/ahead.h"

#include "svm/batch.h"

/**
 * mirage_ahead_begin() - begin a batch
 * @ahead: runs
 */
void mirage_ahead_begin(struct mirage_ahead *ahead)
{
	ahead->batch++;
}

/* The run that a fault belongs to, or else the one that was not used for longest. */
static struct mirage_ahead_run *ahead_find(struct mirage_ahead *ahead, u32 chan, u64 page,
					   bool *found)
{
	struct mirage_ahead_run *oldest = &ahead->runs[0];
	unsigned int i;

	for (i = 0; i < MIRAGE_AHEAD_RUNS; i++) {
		struct mirage_ahead_run *run = &ahead->runs[i];

		/* Also its last page: several waves may fault there. */
		*found = run->batch && run->chan == chan && page + 1 >= run->end &&
			 page <= run->next;
		if (*found)
			return run;
		if (run->batch < oldest->batch)
			oldest = run;
	}
	return oldest;
}

static void ahead_note(struct mirage_ahead *ahead, u32 chan, u64 page)
{
	bool found;
	struct mirage_ahead_run *run = ahead_find(ahead, chan, page, &found);

	if (!found)
		*run = (struct mirage_ahead_run){ .start = page, .chan = chan };
	else if (run->batch != ahead->batch && page >= run->end)
		run->continued = true;
	run->end = page + 1;
	if (run->next < run->end)
		run->next = run->end;
	run->batch = ahead->batch;
}

/* Ask for as many pages as the run has, up to the end of the block that begins at page @first. */
static void ahead_extend(struct mirage_ahead_run *run, u64 first, unsigned long *populate)
{
	u64 next = run->end + (run->end - run->start);
	u64 page;

	if (next > first + MIRAGE_PT_ENTRIES)
		next = first + MIRAGE_PT_ENTRIES;
	for (page = run->end; page < next; page++)
		populate[(page - first) / 64] |= 1ul << ((page - first) % 64);
	run->next = next;
}

/**
 * mirage_ahead_block() - note the faults of one block, and choose pages
 * @ahead: runs
 * @faults: faults of the current batch in one block, sorted by page
 * @count: their number, at least 1
 * @write: pages that the device cannot write yet; only faults on these count
 * @populate: out: pages to populate, of the same block; disjoint from @write
 */
void mirage_ahead_block(struct mirage_ahead *ahead, const struct mirage_fault *faults,
			unsigned int count, const unsigned long write[MIRAGE_LEAVES_WORDS],
			unsigned long populate[MIRAGE_LEAVES_WORDS])
{
	u64 first = faults[0].addr >> MIRAGE_PAGE_2M_SHIFT
		    << (MIRAGE_PAGE_2M_SHIFT - MIRAGE_PAGE_SHIFT);
	unsigned int i, w;

	for (i = 0; i < count; i++) {
		unsigned int page = mirage_batch_page(&faults[i]);

		if (mirage_batch_wants_write(&faults[i]) && write[page / 64] >> (page % 64) & 1)
			ahead_note(ahead, faults[i].chan, first + page);
	}

	memset(populate, 0, MIRAGE_LEAVES_WORDS * sizeof(*populate));
	for (i = 0; i < MIRAGE_AHEAD_RUNS; i++) {
		struct mirage_ahead_run *run = &ahead->runs[i];

		if (run->batch == ahead->batch && run->continued && run->end > first &&
		    run->end <= first + MIRAGE_PT_ENTRIES)
			ahead_extend(run, first, populate);
	}
	for (w = 0; w < MIRAGE_LEAVES_WORDS; w++)
		populate[w] &= ~write[w];
}
