// SPDX-License-Identifier: MIT
/*
 * mirage-bench: what a first touch by the GPU costs, where the time goes, and what the
 * same touch costs through lib/test_hmm in the same run; then bindings, jobs, evictions, migrations and oversubscription, each
 * with a peer.
 *
 * Figures are printed, not judged: nothing here passes or fails by time. But data and counts
 * are checked, and a run whose counts are wrong has no figures and exits with 1.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "oversubscription.h"
#include "report.h"

#define DEFAULT_PAGES 2048
#define MIN_PAGES 512
#define MAX_PAGES 65536
#define DEFAULT_REPEATS 5
/* A single fault is slow; fewer pages tell as much. */
#define SINGLE_PAGES 256

static const struct row patterns[] = {
	{ .pattern = "sequential 4 KiB" },
	{ .pattern = "random 4 KiB", .random = true },
	{ .pattern = "one by one 4 KiB", .random = true, .single = true },
	{ .pattern = "sequential THP", .huge = true },
};

#define NR_PATTERNS (sizeof(patterns) / sizeof(patterns[0]))
/* Each pattern on untouched and on present memory, by reading and by writing. */
#define NR_ROWS (4 * NR_PATTERNS)

static void usage(FILE *out)
{
	fprintf(out,
		"usage: mirage-bench [--pages N] [--repeats N] [--json FILE]\n"
		"Measures first touches of memory by a mirage GPU, with lib/test_hmm and bare copies\n"
		"beside, then VM_BIND, jobs, evictions and migrations, and prints tables.\n"
		"  --pages N    4 KiB pages of each measurement, a multiple of 512 (default %u)\n"
		"  --repeats N  1 to %u (default %u); medians are printed\n"
		"  --json FILE  write everything to FILE, too\n",
		DEFAULT_PAGES, SERIES_MAX, DEFAULT_REPEATS);
}

static bool parse_number(const char *text, unsigned long min, unsigned long max,
			 unsigned long multiple, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(text, &end, 10);
	return !errno && end != text && !*end && text[0] != '-' && *value >= min && *value <= max &&
	       !(*value % multiple);
}

static int measure(struct bench *bench, struct row *rows, struct series *copies)
{
	size_t i;
	int err;

	for (i = 0; i < NR_ROWS; i++) {
		rows[i] = patterns[i / 4];
		rows[i].populated = i / 2 % 2;
		rows[i].write = i % 2;
		rows[i].pages = rows[i].single && bench->pages > SINGLE_PAGES ? SINGLE_PAGES :
										bench->pages;
		err = touch_row(bench, &rows[i]);
		if (err)
			return err;
	}
	err = copies_measure(bench, copies);
	if (err)
		return err;
	err = graphics_measure(&bench->graphics, &bench->gpu.device, bench->repeats);
	return err ? err : oversubscription_measure(bench);
}

static int run(struct bench *bench, const char *json)
{
	struct row *rows = calloc(NR_ROWS, sizeof(*rows));
	struct series *copies = calloc(COPY_NR_VALUES, sizeof(*copies));
	int err = -ENOMEM;

	bench->order = calloc(bench->pages, sizeof(*bench->order));
	if (!rows || !copies || !bench->order) {
		warnx("no memory for the order of %zu pages and the rows", bench->pages);
		goto free;
	}
	err = gpu_open(&bench->gpu);
	if (err)
		goto free;
	peer_init(&bench->peer);
	err = memory_map(&bench->warm, bench->pages, false, true);
	if (err)
		goto close;
	err = measure(bench, rows, copies);
	if (!err) {
		report_table(stdout, bench, rows, NR_ROWS, copies);
		if (json)
			err = report_json(json, bench, rows, NR_ROWS, copies);
	}
	memory_unmap(&bench->warm);
close:
	gpu_close(&bench->gpu);
free:
	free(bench->order);
	free(copies);
	free(rows);
	return err;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "pages", required_argument, NULL, 'p' },
		{ "repeats", required_argument, NULL, 'r' },
		{ "json", required_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	static struct bench bench;
	unsigned long pages = DEFAULT_PAGES, repeats = DEFAULT_REPEATS;
	const char *json = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'p':
			if (!parse_number(optarg, MIN_PAGES, MAX_PAGES, BENCH_HUGE_PAGES, &pages))
				errx(2, "--pages takes a multiple of %u from %u to %u, not '%s'",
				     BENCH_HUGE_PAGES, MIN_PAGES, MAX_PAGES, optarg);
			break;
		case 'r':
			if (!parse_number(optarg, 1, SERIES_MAX, 1, &repeats))
				errx(2, "--repeats takes a number from 1 to %u, not '%s'",
				     SERIES_MAX, optarg);
			break;
		case 'j':
			json = optarg;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind != argc) {
		usage(stderr);
		return 2;
	}
	bench.pages = pages;
	bench.repeats = repeats;
	return run(&bench, json) ? 1 : 0;
}
