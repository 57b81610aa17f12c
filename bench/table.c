// SPDX-License-Identifier: MIT
/* The tables for people: one line for each kind of first touch, at most 100 columns. */
#include "report.h"

#include <string.h>

static const char *const columns[] = {
#define VALUE(name, column, unit, doc) [ROW_##name] = column,
	ROW_VALUES(VALUE)
#undef VALUE
};

static const char *const docs[] = {
#define VALUE(name, column, unit, doc) [ROW_##name] = doc,
	ROW_VALUES(VALUE)
#undef VALUE
};

static const char *const copy_docs[] = {
#define COPY(name, key, doc) [COPY_##name] = doc,
	COPY_VALUES(COPY)
#undef COPY
};

static void print_labels(FILE *out, const struct row *row)
{
	fprintf(out, "%-16s %-9s %-5s", row->pattern, row->populated ? "present" : "untouched",
		row->write ? "write" : "read");
}

static void print_head(FILE *out, enum row_value first, enum row_value last)
{
	enum row_value value;

	fprintf(out, "\n%-16s %-9s %-5s", "pattern", "memory", "touch");
	for (value = first; value <= last; value++)
		fprintf(out, " %8s", columns[value]);
	fputc('\n', out);
}

/* Microseconds for each page; a value that was not measured is a dash. */
static void print_times(FILE *out, const struct row *rows, size_t nr_rows, enum row_value first,
			enum row_value last)
{
	enum row_value value;
	size_t i;

	print_head(out, first, last);
	for (i = 0; i < nr_rows; i++) {
		print_labels(out, &rows[i]);
		for (value = first; value <= last; value++) {
			const struct series *series = &rows[i].values[value];

			if (!series->count)
				fprintf(out, " %8s", "-");
			else if (value == ROW_RATIO)
				fprintf(out, " %8.2f", series_median(series));
			else
				fprintf(out, " %8.3f", series_median(series) / 1e3);
		}
		fputc('\n', out);
	}
}

static void print_counts(FILE *out, const struct row *rows, size_t nr_rows, enum row_value first,
			 enum row_value last)
{
	enum row_value value;
	size_t i;

	print_head(out, first, last);
	for (i = 0; i < nr_rows; i++) {
		print_labels(out, &rows[i]);
		for (value = first; value <= last; value++)
			fprintf(out, " %8.0f", series_median(&rows[i].values[value]));
		fprintf(out, "  of %zu pages\n", rows[i].pages);
	}
}

static void print_docs(FILE *out, enum row_value first, enum row_value last)
{
	enum row_value value;

	for (value = first; value <= last; value++)
		fprintf(out, "  %-9s %s\n", columns[value], docs[value]);
}

static void print_amount(FILE *out, enum figure_unit unit, const struct series *series)
{
	double value = series_median(series);

	if (!series->count)
		fprintf(out, " %14s", "-");
	else if (unit == FIGURE_NS)
		fprintf(out, " %11.1f us", value / 1e3);
	else if (unit == FIGURE_PER_SECOND)
		fprintf(out, " %12.0f/s", value);
	else
		fprintf(out, " %9.2f GB/s", value / 1e9);
}

static void print_figures(FILE *out, const struct figures *figures)
{
	const char *table = "";
	size_t i;

	for (i = 0; i < figures->count; i++) {
		const struct figure *figure = &figures->figure[i];

		if (strcmp(table, figure->table))
			fprintf(out, "\n%-30s %14s %14s %8s  %s\n", figure->table, "", "peer",
				"better", "peer is");
		table = figure->table;
		fprintf(out, "%-30s", figure->name);
		print_amount(out, figure->unit, &figure->value);
		print_amount(out, figure->unit, &figure->peer);
		fprintf(out, " %8.2f  %s\n", figure_ratio(figure), figure->peer_name);
	}
}

void report_table(FILE *out, const struct bench *bench, const struct row *rows, size_t nr_rows,
		  const struct series *copies)
{
	size_t i;

	fprintf(out, "First touch by the GPU: microseconds for each page, median of %u\n",
		bench->repeats);
	print_times(out, rows, nr_rows, ROW_TOTAL, ROW_OTHER);
	fputs("\nBeside it: the same work again, the CPU's first touch, lib/test_hmm\n", out);
	print_times(out, rows, nr_rows, ROW_AGAIN, ROW_RATIO);
	if (!bench->peer.present)
		fprintf(out, "No lib/test_hmm beside it: %s\n", bench->peer.reason);
	fputs("\nHow it was done\n", out);
	print_counts(out, rows, nr_rows, ROW_FAULTS, ROW_LEAVES_2M);

	fprintf(out, "\nBare copies of %zu pages: microseconds for each page\n", bench->pages);
	for (i = 0; i < COPY_NR_VALUES; i++)
		fprintf(out, "  %8.3f  %s\n", series_median(&copies[i]) / 1e3, copy_docs[i]);
	fputs("\nColumns\n", out);
	print_docs(out, ROW_TOTAL, ROW_PREFETCHED);
	fputs("(1) Mean wait times batches: faults also wait while earlier batches are served, and\n"
	      "    the device works on meanwhile, so times may overlap and \"other\" be 0.\n",
	      out);
	print_figures(out, &bench->graphics.figures);
}
