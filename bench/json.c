// SPDX-License-Identifier: MIT
/*
 * The figures as JSON. All strings in it are the bench's own or the kernel's release
 * name, none of which needs escaping, so a writer of a few lines does.
 */
#include "report.h"

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define PAGE_UNIT "ns_per_page"
#define COUNT_UNIT "number"

static const struct {
	const char *name;
	const char *unit;
} values[] = {
#define VALUE(name_, column, unit_, doc) [ROW_##name_] = { #name_, unit_##_UNIT },
	ROW_VALUES(VALUE)
#undef VALUE
};

static const char *const copy_keys[] = {
#define COPY(name, key, doc) [COPY_##name] = key,
	COPY_VALUES(COPY)
#undef COPY
};

static void write_series(FILE *out, const char *key, const char *unit, const struct series *series)
{
	const char *c;

	fputc('"', out);
	for (c = key; *c; c++)
		fputc(tolower((unsigned char)*c), out);
	fprintf(out,
		"\": { \"unit\": \"%s\", \"median\": %.3f, \"min\": %.3f, \"max\": %.3f, "
		"\"count\": %u }",
		unit, series_median(series), series_min(series), series_max(series), series->count);
}

static void write_row(FILE *out, const struct row *row)
{
	const char *separator = "";
	size_t i;

	fprintf(out,
		"    {\n      \"pattern\": \"%s\", \"memory\": \"%s\", \"touch\": \"%s\", "
		"\"pages\": %zu,\n      \"values\": {",
		row->pattern, row->populated ? "present" : "untouched",
		row->write ? "write" : "read", row->pages);
	for (i = 0; i < ROW_NR_VALUES; i++) {
		/* A value that was not measured is absent and not 0. */
		if (!row->values[i].count)
			continue;
		fprintf(out, "%s\n        ", separator);
		write_series(out, values[i].name, values[i].unit, &row->values[i]);
		separator = ",";
	}
	fputs("\n      }\n    }", out);
}

static void write_figure(FILE *out, const struct figure *figure)
{
	static const char *const units[] = {
		[FIGURE_NS] = "ns",
		[FIGURE_PER_SECOND] = "per_second",
		[FIGURE_BYTES_PER_SECOND] = "bytes_per_second",
	};

	fprintf(out, "    { \"table\": \"%s\", \"name\": \"%s\", \"peer_is\": \"%s\",\n      ",
		figure->table, figure->name, figure->peer_name);
	write_series(out, "value", units[figure->unit], &figure->value);
	fputs(",\n      ", out);
	write_series(out, "peer", units[figure->unit], &figure->peer);
	fprintf(out, ",\n      \"ratio\": %.4f }", figure_ratio(figure));
}

static void write_all(FILE *out, const struct bench *bench, const struct row *rows, size_t nr_rows,
		      const struct series *copies)
{
	struct utsname host;
	size_t i;

	memset(&host, 0, sizeof(host));
	uname(&host);
	fprintf(out,
		"{\n  \"format\": 2,\n  \"kernel\": \"%s\",\n  \"cpus\": %ld,\n  \"pages\": %zu,\n"
		"  \"repeats\": %u,\n  \"test_hmm\": %s,\n  \"first_touch\": [\n",
		host.release, sysconf(_SC_NPROCESSORS_ONLN), bench->pages, bench->repeats,
		bench->peer.present ? "true" : "false");
	for (i = 0; i < nr_rows; i++) {
		write_row(out, &rows[i]);
		fputs(i + 1 < nr_rows ? ",\n" : "\n", out);
	}
	fputs("  ],\n  \"copies\": {\n", out);
	for (i = 0; i < COPY_NR_VALUES; i++) {
		fputs("    ", out);
		write_series(out, copy_keys[i], PAGE_UNIT, &copies[i]);
		fputs(i + 1 < COPY_NR_VALUES ? ",\n" : "\n", out);
	}
	fputs("  },\n  \"graphics\": [\n", out);
	for (i = 0; i < bench->graphics.figures.count; i++) {
		write_figure(out, &bench->graphics.figures.figure[i]);
		fputs(i + 1 < bench->graphics.figures.count ? ",\n" : "\n", out);
	}
	fputs("  ]\n}\n", out);
}

int report_json(const char *path, const struct bench *bench, const struct row *rows, size_t nr_rows,
		const struct series *copies)
{
	FILE *out = fopen(path, "we");
	int bad;

	if (!out) {
		bad = errno;
		warnx("cannot write %s: %s", path, strerror(bad));
		return -bad;
	}
	write_all(out, bench, rows, nr_rows, copies);
	bad = ferror(out);
	if (fclose(out) || bad) {
		warnx("cannot write all of %s", path);
		return -EIO;
	}
	return 0;
}
