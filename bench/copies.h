/* SPDX-License-Identifier: MIT */
/* Bare copies: what moving the bytes alone costs. */
#ifndef BENCH_COPIES_H
#define BENCH_COPIES_H

#include "series.h"

struct bench;

/* COPY(name, key, doc): nanoseconds for each page copied. */
#define COPY_VALUES(COPY)                                                                \
	COPY(CPU, "cpu_memcpy", "memcpy by the CPU, all pages present")                  \
	COPY(ENGINE, "copy_engine", "COPY by the device, all pages mapped")              \
	COPY(ENGINE_FIRST, "copy_engine_first", "COPY by the device, first touch of present pages")

enum copy_value {
#define COPY(name, key, doc) COPY_##name,
	COPY_VALUES(COPY)
#undef COPY
	COPY_NR_VALUES
};

/**
 * copies_measure() - measure every kind of copy, @bench->repeats times.
 * @values: COPY_NR_VALUES series
 *
 * Compares what was copied. Returns 0, or a negative errno after a message.
 */
int copies_measure(struct bench *bench, struct series *values);

#endif /* BENCH_COPIES_H */
