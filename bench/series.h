/* SPDX-License-Identifier: MIT */
/* One measured value, repeated. */
#ifndef BENCH_SERIES_H
#define BENCH_SERIES_H

#define SERIES_MAX	99

struct series {
	/* Number of values. */
	unsigned int count;
	double values[SERIES_MAX];
};

/** series_add() - one more value; those beyond SERIES_MAX are not taken. */
void series_add(struct series *series, double value);

/** series_median() - the middle value, of an even number the mean of the middle two; 0 of none. */
double series_median(const struct series *series);

/** series_quartile() - the value that a quarter of the values do not exceed; 0 of none. */
double series_quartile(const struct series *series);

/** series_min() - the smallest value; 0 of none. */
double series_min(const struct series *series);

/** series_max() - the largest value; 0 of none. */
double series_max(const struct series *series);

#endif /* BENCH_SERIES_H */
