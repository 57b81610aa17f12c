// SPDX-License-Identifier: MIT
/* Does populating ahead grow with a run of writes, and stay away from all that is none? */
#include <string.h>

#include "check.h"
#include "svm/ahead.h"
#include "svm/batch.h"

#define BASE	0x7f0000000ull	/* number of the first page, at a block */
#define PAGES	(4 * MIRAGE_PT_ENTRIES)

static struct mirage_ahead ahead;
static bool mapped[PAGES];
static unsigned int nr_mapped, nr_faults;

static void clear(void)
{
	memset(&ahead, 0, sizeof(ahead));
	memset(mapped, 0, sizeof(mapped));
	nr_mapped = 0;
	nr_faults = 0;
}

static bool has(const unsigned long *map, unsigned int page)
{
	return map[page / 64] >> (page % 64) & 1;
}

static void map_page(unsigned int page)
{
	nr_mapped += !mapped[page];
	mapped[page] = true;
}

/* Serve @count faults of one block as the service does. Returns the number of pages populated. */
static unsigned int serve_block(const struct mirage_fault *faults, unsigned int count)
{
	unsigned int first = (faults[0].addr >> MIRAGE_PAGE_SHIFT) - BASE;
	unsigned long populate[MIRAGE_LEAVES_WORDS];
	struct mirage_batch_block block;
	unsigned int page, w, n = 0;

	first -= first % MIRAGE_PT_ENTRIES;
	mirage_batch_take(faults, count, &block);
	for (page = 0; page < MIRAGE_PT_ENTRIES; page++)
		if (mapped[first + page])
			block.write[page / 64] &= ~(1ul << (page % 64));
	mirage_ahead_block(&ahead, faults, count, block.write, populate);
	for (w = 0; w < MIRAGE_LEAVES_WORDS; w++) {
		CHECK(!(populate[w] & block.write[w]));
		n += mirage_weight(populate[w]);
	}
	for (page = 0; page < MIRAGE_PT_ENTRIES; page++)
		if (has(block.write, page) || has(populate, page))
			map_page(first + page);
	return n;
}

/* A batch of faults, sorted, of any number of blocks. Returns the number of pages populated. */
static unsigned int serve(struct mirage_fault *faults, unsigned int count)
{
	struct mirage_batch_block block;
	unsigned int i, n = 0;

	mirage_batch_sort(faults, count);
	mirage_ahead_begin(&ahead);
	for (i = 0; i < count; i += block.count) {
		mirage_batch_take(faults + i, count - i, &block);
		n += serve_block(faults + i, block.count);
	}
	nr_faults += count;
	return n;
}

static struct mirage_fault fault(unsigned int page, enum mirage_access access, u32 chan)
{
	return (struct mirage_fault){ .addr = (BASE + page) << MIRAGE_PAGE_SHIFT, .access = access,
				      .chan = chan, .kind = MIRAGE_FAULT_NOT_PRESENT };
}

/* One batch of accesses to @count pages from @page on. */
static unsigned int touch(unsigned int page, unsigned int count, enum mirage_access access, u32 chan)
{
	struct mirage_fault faults[64];
	unsigned int i;

	for (i = 0; i < count; i++)
		faults[i] = fault(page + i, access, chan);
	return serve(faults, count);
}

static void one_batch_is_no_run(void)
{
	clear();
	CHECK(touch(7, 1, MIRAGE_ACCESS_WRITE, 1) == 0);
	CHECK(touch(100, 16, MIRAGE_ACCESS_WRITE, 1) == 0);
}

static void a_batch_across_blocks_is_no_run(void)
{
	clear();
	CHECK(touch(MIRAGE_PT_ENTRIES - 5, 16, MIRAGE_ACCESS_WRITE, 1) == 0);
	CHECK(touch(MIRAGE_PT_ENTRIES + 11, 1, MIRAGE_ACCESS_WRITE, 1) == 17);
}

static void a_run_doubles(void)
{
	clear();
	CHECK(touch(0, 1, MIRAGE_ACCESS_WRITE, 1) == 0);
	CHECK(touch(1, 1, MIRAGE_ACCESS_WRITE, 1) == 2);
	CHECK(touch(4, 1, MIRAGE_ACCESS_ATOMIC, 1) == 5);
	CHECK(touch(10, 3, MIRAGE_ACCESS_WRITE, 1) == 13);
	CHECK(nr_mapped == 26);
}

static void a_run_ends_with_the_block(void)
{
	unsigned int page;

	clear();
	touch(200, 16, MIRAGE_ACCESS_WRITE, 1);
	CHECK(touch(216, 16, MIRAGE_ACCESS_WRITE, 1) == 32);
	CHECK(touch(264, 16, MIRAGE_ACCESS_WRITE, 1) == 80);
	CHECK(touch(360, 16, MIRAGE_ACCESS_WRITE, 1) == 512 - 376);
	for (page = 0; page < PAGES; page++)
		CHECK(mapped[page] == (page >= 200 && page < 512));
	/* It goes on in the next one, with all that it has. */
	CHECK(touch(512, 16, MIRAGE_ACCESS_WRITE, 1) == 328);
	CHECK(touch(856, 1, MIRAGE_ACCESS_WRITE, 1) == 1024 - 857);
	CHECK(touch(1024, 1, MIRAGE_ACCESS_WRITE, 1) == 511);
}

static void another_queue_does_not_continue(void)
{
	clear();
	touch(0, 4, MIRAGE_ACCESS_WRITE, 1);
	CHECK(touch(4, 4, MIRAGE_ACCESS_WRITE, 2) == 0);
	CHECK(touch(4, 4, MIRAGE_ACCESS_WRITE, 1) == 0);	/* present by now */
	CHECK(touch(8, 4, MIRAGE_ACCESS_WRITE, 2) == 8);
}

static void reads_are_no_run(void)
{
	unsigned int page;

	clear();
	for (page = 0; page < 64; page += 4) {
		CHECK(touch(page, 4, MIRAGE_ACCESS_READ, 1) == 0);
		CHECK(touch(page + 64, 4, MIRAGE_ACCESS_FETCH, 1) == 0);
	}
	CHECK(touch(64, 1, MIRAGE_ACCESS_WRITE, 1) == 0);
	/* And they do not end one. */
	touch(0, 1, MIRAGE_ACCESS_READ, 1);
	CHECK(touch(65, 1, MIRAGE_ACCESS_WRITE, 1) == 2);
}

static void a_gap_ends_a_run(void)
{
	unsigned int page;

	clear();
	for (page = 0; page < 512; page += 2)
		CHECK(touch(page, 1, MIRAGE_ACCESS_WRITE, 1) == 0);
	clear();
	for (page = 512; page--;)
		CHECK(touch(page, 1, MIRAGE_ACCESS_WRITE, 1) == 0);
}

/* Less came than was asked for: the run goes on where the device is. */
static void a_short_answer(void)
{
	clear();
	touch(0, 8, MIRAGE_ACCESS_WRITE, 1);
	CHECK(touch(8, 8, MIRAGE_ACCESS_WRITE, 1) == 16);
	memset(mapped + 20, 0, PAGES - 20);
	CHECK(touch(20, 1, MIRAGE_ACCESS_WRITE, 1) == 21);
	CHECK(touch(42, 1, MIRAGE_ACCESS_WRITE, 1) == 43);
}

/* The same access, told again before it was served, is no evidence. */
static void duplicates(void)
{
	struct mirage_fault faults[] = {
		fault(3, MIRAGE_ACCESS_WRITE, 1), fault(3, MIRAGE_ACCESS_WRITE, 1),
		fault(3, MIRAGE_ACCESS_ATOMIC, 1),
	};

	clear();
	CHECK(serve(faults, 3) == 0);
	mapped[3] = false;
	CHECK(serve(faults, 3) == 0);
	mapped[3] = false;
	CHECK(serve(faults, 3) == 0);
	CHECK(touch(4, 1, MIRAGE_ACCESS_WRITE, 1) == 2);
}

static void several_arrays_at_a_time(void)
{
	static const unsigned int array[] = { 0, 600, 1100, 1700 };
	unsigned int at[] = { 0, 600, 1100, 1700 }, i, moved;

	clear();
	do {
		struct mirage_fault faults[4];
		unsigned int n = 0;

		moved = 0;
		for (i = 0; i < 4; i++) {
			while (at[i] < array[i] + 256 && mapped[at[i]])
				at[i]++;
			if (at[i] == array[i] + 256)
				continue;
			faults[n++] = fault(at[i], MIRAGE_ACCESS_WRITE, 1);
			moved++;
		}
		if (n)
			serve(faults, n);
	} while (moved);
	CHECK(nr_faults <= 4 * 12);
}

static void a_sequential_writer_needs_few_faults(void)
{
	unsigned int page;

	clear();
	for (page = 0; page < PAGES; page++)
		if (!mapped[page])
			touch(page, 1, MIRAGE_ACCESS_WRITE, 1);
	CHECK(nr_faults <= 16);
	CHECK(nr_mapped == PAGES);
}

/*
 * Random runs of random length by some queues: at any time the pages that nothing has asked for
 * are at most as many as those that were written.
 */
static void a_guess_is_at_most_half(void)
{
	static bool written[PAGES];
	uint64_t state = 11;
	unsigned int round, nr_written = 0;

	clear();
	for (round = 0; round < 3000; round++) {
		u32 chan = check_random(&state) % 3;
		unsigned int page = check_random(&state) % PAGES;
		unsigned int end = page + check_random(&state) % 24;

		if (!(round % 50)) {
			clear();
			memset(written, 0, sizeof(written));
			nr_written = 0;
		}
		for (; page < end && page < PAGES; page++) {
			if (!mapped[page])
				touch(page, 1, MIRAGE_ACCESS_WRITE, chan);
			nr_written += !written[page];
			written[page] = true;
		}
		CHECK(nr_mapped <= 2 * nr_written);
	}
}

/* Random batches: no run asks for more pages than it has. */
static void random_batches(void)
{
	uint64_t state = 5;
	unsigned int round, i;

	clear();
	for (round = 0; round < 20000; round++) {
		struct mirage_fault faults[20];
		unsigned int count = 1 + check_random(&state) % 20;

		if (!(round % 100))
			clear();
		for (i = 0; i < count; i++)
			faults[i] = fault(check_random(&state) % PAGES,
					  check_random(&state) % 3, check_random(&state) % 4);
		serve(faults, count);
		for (i = 0; i < MIRAGE_AHEAD_RUNS; i++) {
			const struct mirage_ahead_run *run = &ahead.runs[i];

			CHECK(run->start <= run->end && run->end <= run->next);
			CHECK(run->next <= 2 * run->end - run->start);
			CHECK(!run->batch || run->end > run->start);
		}
	}
}

int main(void)
{
	RUN(one_batch_is_no_run);
	RUN(a_batch_across_blocks_is_no_run);
	RUN(a_run_doubles);
	RUN(a_run_ends_with_the_block);
	RUN(another_queue_does_not_continue);
	RUN(reads_are_no_run);
	RUN(a_gap_ends_a_run);
	RUN(a_short_answer);
	RUN(duplicates);
	RUN(several_arrays_at_a_time);
	RUN(a_sequential_writer_needs_few_faults);
	RUN(a_guess_is_at_most_half);
	RUN(random_batches);
	return check_done();
}
