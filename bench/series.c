// SPDX-License-Identifier: MIT
/*
 * Medians, because an emulated machine is disturbed now and then: one bad repeat
 * must not move the figure. Rejected: the minimum, which hides what users meet.
 */
#include "series.h"

#include <stdlib.h>
#include <string.h>

void series_add(struct series *series, double value)
{
	if (series->count < SERIES_MAX)
		series->values[series->count++] = value;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void sort(const struct series *series, double sorted[SERIES_MAX])
{
	memcpy(sorted, series->values, series->count * sizeof(sorted[0]));
	qsort(sorted, series->count, sizeof(sorted[0]), compare);
}

double series_median(const struct series *series)
{
	double sorted[SERIES_MAX];
	unsigned int n = series->count;

	if (!n)
		return 0;
	sort(series, sorted);
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

double series_quartile(const struct series *series)
{
	double sorted[SERIES_MAX];

	if (!series->count)
		return 0;
	sort(series, sorted);
	return sorted[(series->count - 1) / 4];
}

double series_min(const struct series *series)
{
	unsigned int i, best = 0;

	for (i = 1; i < series->count; i++)
		if (series->values[i] < series->values[best])
			best = i;
	return series->count ? series->values[best] : 0;
}

double series_max(const struct series *series)
{
	unsigned int i, best = 0;

	for (i = 1; i < series->count; i++)
		if (series->values[i] > series->values[best])
			best = i;
	return series->count ? series->values[best] : 0;
}
