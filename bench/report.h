/* SPDX-License-Identifier: MIT */
/* Figures as tables for people and as JSON for programs. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stddef.h>
#include <stdio.h>

#include "bench.h"

/** report_table() - the tables, in microseconds. */
void report_table(FILE *out, const struct bench *bench, const struct row *rows, size_t nr_rows,
		  const struct series *copies);

/**
 * report_json() - everything, in nanoseconds, with smallest and largest values.
 * Returns 0, or a negative errno after a message.
 */
int report_json(const char *path, const struct bench *bench, const struct row *rows,
		size_t nr_rows, const struct series *copies);

#endif /* BENCH_REPORT_H */
