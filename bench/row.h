/* SPDX-License-Identifier: MIT */
/* One measurement: its parameters and its figures. */
#ifndef BENCH_ROW_H
#define BENCH_ROW_H

#include <stdbool.h>
#include <stddef.h>

#include "series.h"

/*
 * VALUE(name, column, unit, doc): figures of a first touch. Unit PAGE is
 * nanoseconds for each page, COUNT a number for the whole memory.
 */
#define ROW_VALUES(VALUE)                                                                     \
	VALUE(TOTAL, "total", PAGE, "submission to completion")                               \
	VALUE(DEVICE, "device", PAGE, "the device executed")                                  \
	VALUE(DELIVERY, "deliver", PAGE, "fault to start of service, interrupt included (1)") \
	VALUE(MM, "mm", PAGE, "hmm_range_fault and its lock")                                 \
	VALUE(DMA, "dma", PAGE, "mapping pages for the device")                               \
	VALUE(TABLES, "tables", PAGE, "writing page tables")                                  \
	VALUE(REPLAY, "replay", PAGE, "sending replays")                                      \
	VALUE(REST, "rest", PAGE, "rest of fault service: sorting, finding, locking")         \
	VALUE(OTHER, "other", PAGE, "of the total, in none of the above (1)")                 \
	VALUE(AGAIN, "again", PAGE, "the same work once more, all pages mapped")              \
	VALUE(NET, "net", PAGE, "total - again: what the first touch costs above a touch")    \
	VALUE(CPU, "cpu", PAGE, "the CPU's own first touch of such memory")                   \
	VALUE(PEER, "test_hmm", PAGE, "first touch through lib/test_hmm, which copies, too")  \
	VALUE(PEER_AGAIN, "again", PAGE, "the same through lib/test_hmm once more")           \
	VALUE(PEER_NET, "net", PAGE, "test_hmm - its again: without the copies")              \
	VALUE(RATIO, "ratio", COUNT, "net / net of test_hmm; none where that drowns in noise") \
	VALUE(FAULTS, "faults", COUNT, "fault buffer entries")                                \
	VALUE(DUPS, "dups", COUNT, "of them, duplicates in a batch")                          \
	VALUE(BATCHES, "batches", COUNT, "batches served")                                    \
	VALUE(PREFETCHED, "prefetch", COUNT, "pages mapped that no entry had asked for")      \
	VALUE(LEAVES_4K, "4K", COUNT, "4 KiB leaves written")                                 \
	VALUE(LEAVES_64K, "64K", COUNT, "64 KiB leaves written")                              \
	VALUE(LEAVES_2M, "2M", COUNT, "2 MiB leaves written")

enum row_value {
#define VALUE(name, column, unit, doc) ROW_##name,
	ROW_VALUES(VALUE)
#undef VALUE
	ROW_NR_VALUES
};

struct row {
	/* "sequential 4 KiB", ... */
	const char *pattern;
	/* Pages are touched in random order. */
	bool random;
	/* By one work item, one after the other; else by as many work items as pages. */
	bool single;
	/* Memory in huge pages. */
	bool huge;
	/* Pages are written; else read. */
	bool write;
	/* The CPU has written them before; else nobody has touched them. */
	bool populated;
	/* 4 KiB pages touched. */
	size_t pages;
	struct series values[ROW_NR_VALUES];
};

#endif /* BENCH_ROW_H */
