// SPDX-License-Identifier: MIT
/*
 * The demo's GPU programs on the model's compute engine, without a device: every address is
 * one of this process. The results that the guest will see must be right here first, and
 * the checks of the demo must be able to fail.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "compute.h"
#include "counter.kernel.h"
#include "histogram.kernel.h"
#include "list.kernel.h"
#include "remap.kernel.h"
#include "sha256.h"
#include "sha256.kernel.h"
#include "test.h"
#include "words.h"

#define SLICE 10000

static int translate(void *ctx, uint64_t va, enum mirage_access access, void **host)
{
	(void)ctx;
	(void)access;
	*host = (void *)(uintptr_t)va;
	return 0;
}

static enum mirage_chan_error fault(void *ctx, unsigned int wave, const struct mirage_place *place,
				    uint64_t va, enum mirage_access access,
				    enum mirage_fault_kind kind)
{
	(void)ctx;
	(void)wave;
	(void)va;
	(void)access;
	(void)kind;
	abort(); /* every address translates */
}

static const struct compute_ops ops = { .translate = translate, .fault = fault };

static void start(struct compute *compute, const void *code, size_t code_size, unsigned int nr_regs,
		  unsigned int shared_size, const void *args, size_t args_size, uint32_t groups,
		  uint32_t items)
{
	struct mirage_dispatch dispatch = {
		.code = (uintptr_t)code,
		.code_size = code_size,
		.nr_regs = nr_regs,
		.args = (uintptr_t)args,
		.args_size = args_size,
		.shared_size = shared_size,
		.grid = { groups, 1, 1 },
		.group = { items, 1, 1 },
	};

	CHECK(compute_start(compute, &dispatch) == MIRAGE_CHAN_OK);
}

#define START(compute, name, args, groups, items)                                     \
	start(compute, kernel_##name, sizeof(kernel_##name), kernel_##name##_nr_regs, \
	      kernel_##name##_shared_size, &(args), sizeof(args), groups, items)

static void finish(struct compute *compute)
{
	struct compute_result result;

	do {
		compute_run(compute, SLICE, &result);
	} while (result.status == COMPUTE_BUDGET);
	CHECK(result.status == COMPUTE_DONE);
	if (result.status == COMPUTE_ERROR)
		fprintf(stderr, "error %d, information 0x%x\n", result.error, result.error_info);
}

/* Numbers that look random and are the same each time. */
static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void fill_random(unsigned char *data, size_t size, uint32_t seed)
{
	size_t i;

	for (i = 0; i < size; i++)
		data[i] = next_random(&seed);
}

static void test_list(struct compute *compute)
{
	static const char text[] =
		"free software is a matter of the users' freedom to run copy distribute study "
		"change and improve the software and uncharacteristically long words count too";
	struct word_sum sums[WORD_LISTS], expected;
	const struct word *longest;
	const struct word *word;
	struct words words;
	const char *where;
	int i;

	CHECK(!words_from_text(&words, text, strlen(text)));
	for (i = -1; i < WORD_LISTS; i++) {
		struct {
			uint64_t heads, sums;
			uint32_t link, lists;
		} args = {
			.heads = (uintptr_t)(i < 0 ? &words.all : words.lists),
			.sums = (uintptr_t)sums,
			.link = i < 0 ? offsetof(struct word, next) :
					offsetof(struct word, next_same),
			.lists = i < 0 ? 1 : WORD_LISTS,
		};

		/* All words first, then all lists at once; 40 lanes, of which 8 have no list. */
		if (i <= 0) {
			START(compute, list, args, 1, 40);
			finish(compute);
		}
		words_sum_text(text, strlen(text), i, &expected, &where);
		longest = (const struct word *)(uintptr_t)sums[i < 0 ? 0 : i].longest;
		CHECK(sums[i < 0 ? 0 : i].nodes == expected.nodes);
		CHECK(sums[i < 0 ? 0 : i].bytes == expected.bytes);
		CHECK(sums[i < 0 ? 0 : i].hash == expected.hash);
		CHECK(sums[i < 0 ? 0 : i].longest_length == expected.longest_length);
		CHECK(!longest == !where);
		CHECK(!where || !memcmp(longest->text, where, expected.longest_length));
	}
	for (word = words.all; word; word = word->next)
		CHECK(word->length == strlen(word->text) && word->visits == 2);
	words_free(&words);
}

static void test_sha256(struct compute *compute)
{
	enum { PIECES = 200 };
	static struct {
		uint64_t address, size;
		uint32_t digest[SHA256_WORDS];
	} pieces[PIECES];
	struct {
		uint64_t pieces;
		uint32_t count, zero, start[SHA256_WORDS], round[SHA256_ROUNDS];
	} args = { .pieces = (uintptr_t)pieces, .count = PIECES };
	static unsigned char data[PIECES] __attribute__((aligned(4)));
	uint32_t expected[SHA256_WORDS];
	unsigned int i;

	fill_random(data, sizeof(data), 1);
	memcpy(args.start, sha256_start, sizeof(args.start));
	memcpy(args.round, sha256_round, sizeof(args.round));
	/* Every size from 0 on: three blocks, each padding. */
	for (i = 0; i < PIECES; i++) {
		pieces[i].address = (uintptr_t)data;
		pieces[i].size = i;
	}
	START(compute, sha256, args, (PIECES + 31) / 32, 32);
	finish(compute);
	for (i = 0; i < PIECES; i++) {
		sha256(data, i, expected);
		CHECK(!memcmp(expected, pieces[i].digest, sizeof(expected)));
	}
}

static void test_histogram(struct compute *compute)
{
	static const size_t sizes[] = { 1, 255, 1024, 5000 };
	static unsigned char data[5000];
	size_t i, n;

	fill_random(data, sizeof(data), 2);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint32_t bins[256] = { 0 }, expected[256] = { 0 };
		struct {
			uint64_t data, bins;
			uint32_t size, zero;
		} args = { (uintptr_t)data, (uintptr_t)bins, sizes[i], 0 };

		for (n = 0; n < sizes[i]; n++)
			expected[data[n]]++;
		START(compute, histogram, args, 4, 256);
		finish(compute);
		CHECK(!memcmp(bins, expected, sizeof(bins)));
	}
}

struct adder {
	_Atomic uint64_t counter;
	_Atomic uint32_t running;
	_Atomic bool stop;
	uint64_t added;
};

static void *add_beside(void *data)
{
	struct adder *adder = data;

	do {
		atomic_fetch_add(&adder->counter, 1);
		adder->added++;
	} while (!atomic_load(&adder->stop));
	return NULL;
}

static void test_counter(struct compute *compute)
{
	struct adder adder = { 0 };
	struct {
		uint64_t counter, running;
		uint32_t rounds, zero;
	} args = { (uintptr_t)&adder.counter, (uintptr_t)&adder.running, 50, 0 };
	pthread_t thread;

	CHECK(!pthread_create(&thread, NULL, add_beside, &adder));
	START(compute, counter, args, 4, 100);
	finish(compute);
	atomic_store(&adder.stop, true);
	pthread_join(thread, NULL);
	CHECK(adder.running == 1);
	CHECK(adder.counter == 4 * 100 * 50 + adder.added);
}

/* Run the job for a while; it must not end. */
static void look(struct compute *compute)
{
	struct compute_result result;

	compute_run(compute, SLICE, &result);
	CHECK(result.status == COMPUTE_BUDGET);
}

static void test_remap(struct compute *compute)
{
	enum { LANES = 32, PAGE = 4096 };
	static uint32_t region[LANES * PAGE / 4];
	struct {
		uint32_t generation, hold, stop, stale;
	} control = { .generation = 1 };
	uint32_t seen[LANES] = { 0 }, parked[LANES] = { 0 }, looks[LANES] = { 0 };
	struct {
		uint64_t region, control, seen, parked, looks;
	} args = {
		(uintptr_t)region, (uintptr_t)&control, (uintptr_t)seen,
		(uintptr_t)parked, (uintptr_t)looks,
	};
	unsigned int i;
	uint32_t before;

	for (i = 0; i < LANES; i++)
		region[i * PAGE / 4] = 1 + i;
	START(compute, remap, args, 1, LANES);
	look(compute);
	for (i = 0; i < LANES; i++)
		CHECK(seen[i] == 1 + i && looks[i] > 1 && !parked[i]);
	CHECK(!control.stale);

	control.hold = 7;
	look(compute);
	before = looks[5];
	look(compute);
	CHECK(parked[5] == 7 && looks[5] == before);

	/* Lane 0 finds less than was promised, and says so. */
	control.hold = 0;
	control.generation = 2;
	look(compute);
	CHECK(looks[5] > before && control.stale > 0);

	control.stop = 1;
	finish(compute);
}

int main(void)
{
	struct compute_pool *pool = compute_pool_create();
	struct compute *compute;

	if (!pool)
		abort();
	compute = compute_create(pool, &ops, NULL);
	if (!compute)
		abort();
	test_list(compute);
	test_sha256(compute);
	test_histogram(compute);
	test_counter(compute);
	test_remap(compute);
	compute_destroy(compute);
	compute_pool_destroy(pool);
	return test_result();
}
