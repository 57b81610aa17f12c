// SPDX-License-Identifier: MIT
/* Is a large copy split into jobs that fit their room and together copy each byte once? */
#include "check.h"
#include "queue/chunk.h"

#define WORDS	7

static struct mirage_chunk room(u32 packets, u64 bytes)
{
	return (struct mirage_chunk){ .words = packets * WORDS, .bytes = bytes };
}

static void a_small_piece_is_taken_whole(void)
{
	struct mirage_chunk chunk = room(3, MIRAGE_CHUNK_BYTES);

	CHECK(mirage_chunk_take(&chunk, WORDS, 4096) == 4096);
	CHECK(chunk.words == 2 * WORDS && chunk.bytes == MIRAGE_CHUNK_BYTES - 4096);
}

static void a_large_piece_is_cut(void)
{
	struct mirage_chunk chunk = room(3, MIRAGE_CHUNK_BYTES);

	CHECK(mirage_chunk_take(&chunk, WORDS, MIRAGE_CHUNK_BYTES + 8) == MIRAGE_CHUNK_BYTES);
	CHECK(mirage_chunk_take(&chunk, WORDS, 8) == 0);
	CHECK(chunk.words == 2 * WORDS);
}

static void no_words_left(void)
{
	struct mirage_chunk chunk = { .words = WORDS + WORDS - 1, .bytes = 100 * 8 };

	CHECK(mirage_chunk_take(&chunk, WORDS, 8) == 8);
	CHECK(mirage_chunk_take(&chunk, WORDS, 8) == 0);
	/* A refusal costs nothing. */
	CHECK(chunk.words == WORDS - 1 && chunk.bytes == 99 * 8);
	CHECK(mirage_chunk_take(&chunk, WORDS - 1, 16) == 16);
}

/* As queue/copy.c does it, with pieces of random sizes: nothing is lost, and nothing too large. */
static void every_byte_once(void)
{
	u64 seed = 7, left, taken, wanted = 0, done = 0;
	struct mirage_chunk chunk = room(50, 1 << 20);
	unsigned int piece, jobs = 1;

	for (piece = 0; piece < 5000; piece++) {
		left = 8 * (1 + check_random(&seed) % (check_random(&seed) % 4 ? 512 : 1 << 19));
		wanted += left;
		while (left) {
			taken = mirage_chunk_take(&chunk, WORDS, left);
			if (!taken) {
				/* Only a full job is left behind. */
				CHECK(chunk.words < WORDS || !chunk.bytes);
				chunk = room(50, 1 << 20);
				jobs++;
				continue;
			}
			CHECK(taken <= left && taken % 8 == 0);
			left -= taken;
			done += taken;
		}
	}
	CHECK(done == wanted);
	CHECK(jobs > 100);
}

int main(void)
{
	RUN(a_small_piece_is_taken_whole);
	RUN(a_large_piece_is_cut);
	RUN(no_words_left);
	RUN(every_byte_once);
	return check_done();
}
