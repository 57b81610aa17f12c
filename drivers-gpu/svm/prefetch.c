// SPDX-License-Identifier: GPL-2.0
/*
 * Prefetch: which pages to map together with those that faulted.
 *
 * Model: the density tree of NVIDIA's UVM driver. Each page that faults fills its aligned 64 KiB;
 * then each larger aligned power of two around it, up to the block, is filled if more than half of
 * it is wanted, filled or mapped. So a sequential reader grows from 64 KiB to 2 MiB within a few
 * faults, and a random one stays at 64 KiB.
 *
 * It only chooses candidates: pages that are not present in mm are skipped, so a wrong guess costs
 * a page-table entry and never memory or I/O.
 *
 * Rejected: a stride detector per channel. Thousands of lanes fault in no order, and a tree needs
 * no history that could be wrong.
 */
#include "svm/prefetch.h"

#define SPAN_MIN	MIRAGE_CONT_ENTRIES

/*
 * Mask in word w for the pages first to first + span - 1 (span a power of two, first aligned to
 * it).
 */
static unsigned long span_mask(unsigned int first, unsigned int span, unsigned int w)
{
	if (w < first / 64 || w > (first + span - 1) / 64)
		return 0;
	if (span >= 64)
		return ~0ul;
	return ((1ul << span) - 1) << (first % 64);
}

static unsigned int span_weight(const unsigned long *map, unsigned int first, unsigned int span)
{
	unsigned int weight = 0;
	unsigned int w;

	for (w = 0; w < MIRAGE_LEAVES_WORDS; w++)
		weight += mirage_weight(map[w] & span_mask(first, span, w));
	return weight;
}

/**
 * mirage_prefetch() - choose pages of a block
 * @want: pages that faulted
 * @mapped: pages that the device has; a hint that may be outdated
 * @prefetch: out: pages to map if they are present in mm; disjoint from @want and @mapped
 */
void mirage_prefetch(const unsigned long want[MIRAGE_LEAVES_WORDS],
		     const unsigned long mapped[MIRAGE_LEAVES_WORDS],
		     unsigned long prefetch[MIRAGE_LEAVES_WORDS])
{
	unsigned long filled[MIRAGE_LEAVES_WORDS];
	unsigned int span, first, w;

	for (w = 0; w < MIRAGE_LEAVES_WORDS; w++)
		filled[w] = want[w] | mapped[w];

	for (span = SPAN_MIN; span <= MIRAGE_PT_ENTRIES; span *= 2) {
		for (first = 0; first < MIRAGE_PT_ENTRIES; first += span) {
			if (!span_weight(want, first, span))
				continue;
			if (span > SPAN_MIN && span_weight(filled, first, span) * 2 <= span)
				continue;
			for (w = 0; w < MIRAGE_LEAVES_WORDS; w++)
				filled[w] |= span_mask(first, span, w);
		}
	}

	for (w = 0; w < MIRAGE_LEAVES_WORDS; w++)
		prefetch[w] = filled[w] & ~want[w] & ~mapped[w];
}
