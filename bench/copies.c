// SPDX-License-Identifier: MIT
/*
 * Bare copies from page to page, with everything in place and, for the copy engine, with
 * nothing mapped yet: a copy faults page by page, so the latter shows single faults.
 */
#include "copies.h"

#include <err.h>
#include <errno.h>
#include <string.h>

#include "bench.h"

static int engine_copy(struct bench *bench, const struct memory *to, const struct memory *from)
{
	static uint32_t words[16];
	struct mirage_ib ib;
	int err;

	mirage_ib_init(&ib, words, sizeof(words));
	mirage_ib_copy(&ib, to->base, from->base, to->pages * BENCH_PAGE);
	err = gpu_start_packets(&bench->gpu, "copy", &ib);
	return err ? err : gpu_wait(&bench->gpu);
}

static int check(const struct memory *to, const struct memory *from, const char *who)
{
	if (!memcmp(to->base, from->base, to->pages * BENCH_PAGE))
		return 0;
	warnx("the copy by %s is wrong", who);
	return -EPROTO;
}

static int measure(struct bench *bench, struct series *values, const struct memory *to,
		   const struct memory *from)
{
	uint64_t start, elapsed;
	int err;

	elapsed = bench->gpu.elapsed_ns;
	err = engine_copy(bench, to, from);
	if (!err)
		err = check(to, from, "the device");
	if (err)
		return err;
	series_add(&values[COPY_ENGINE_FIRST],
		   (double)(bench->gpu.elapsed_ns - elapsed) / to->pages);

	memset(to->base, 0, to->pages * BENCH_PAGE);
	elapsed = bench->gpu.elapsed_ns;
	err = engine_copy(bench, to, from);
	if (!err)
		err = check(to, from, "the device");
	if (err)
		return err;
	series_add(&values[COPY_ENGINE], (double)(bench->gpu.elapsed_ns - elapsed) / to->pages);

	memset(to->base, 0, to->pages * BENCH_PAGE);
	start = gpu_now();
	memcpy(to->base, from->base, to->pages * BENCH_PAGE);
	series_add(&values[COPY_CPU], (double)(gpu_now() - start) / to->pages);
	return check(to, from, "the CPU");
}

int copies_measure(struct bench *bench, struct series *values)
{
	struct memory from, to;
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < bench->repeats; i++) {
		err = memory_map(&from, bench->pages, false, true);
		if (err)
			return err;
		err = memory_map(&to, bench->pages, false, true);
		if (!err) {
			/* Different from the source wherever the copy will write. */
			memset(to.base, 0, to.pages * BENCH_PAGE);
			err = measure(bench, values, &to, &from);
			memory_unmap(&to);
		}
		memory_unmap(&from);
	}
	return err;
}
