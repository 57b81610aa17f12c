// SPDX-License-Identifier: MIT
/* Lists made of a text, and the sums that a walk over them must give. */
#include "words.h"

#include <string.h>

#include "test.h"

/* Walk the lists as kernels/list.s does. */
static struct word_sum walk(const struct word *word, size_t link)
{
	struct word_sum sum = { .hash = FNV_START };

	while (word) {
		const char *byte = word->text;

		for (; *byte; byte++)
			sum.hash = (sum.hash ^ (unsigned char)*byte) * FNV_PRIME;
		sum.nodes++;
		sum.bytes += byte - word->text;
		if (byte - word->text > sum.longest_length) {
			sum.longest_length = byte - word->text;
			sum.longest = (uintptr_t)word;
		}
		memcpy(&word, (const char *)word + link, sizeof(word));
	}
	return sum;
}

static int same(const struct word_sum *walked, const struct word_sum *expected, const char *longest)
{
	const struct word *word = (const struct word *)(uintptr_t)walked->longest;

	return walked->nodes == expected->nodes && walked->bytes == expected->bytes &&
	       walked->hash == expected->hash &&
	       walked->longest_length == expected->longest_length && !word == !longest &&
	       (!word || !memcmp(word->text, longest, expected->longest_length));
}

static void test_splitting(void)
{
	static const char text[] = "  one\ttwo\nthree \0four\r\n five";
	static const char *const expected[] = { "one", "two", "three", "four", "five" };
	const struct word *word;
	struct words words;
	size_t i = 0;

	CHECK(!words_from_text(&words, text, sizeof(text) - 1));
	CHECK(words.count == 5);
	for (word = words.all; word; word = word->next, i++)
		CHECK(i < 5 && !strcmp(word->text, expected[i]));
	CHECK(i == 5);
	words_free(&words);
	CHECK(!words.all && !words.count);
}

static void test_no_words(void)
{
	struct words words;
	struct word_sum sum;
	const char *longest;

	CHECK(!words_from_text(&words, " \n\t ", 4));
	CHECK(!words.all && !words.count);
	words_sum_text(" \n\t ", 4, -1, &sum, &longest);
	CHECK(!sum.nodes && !sum.bytes && !longest && sum.hash == FNV_START);
	words_free(&words);
}

static void test_known_sum(void)
{
	struct word_sum sum;
	const char *longest;

	/* FNV-1a of "foobar", from its authors' test vectors. */
	words_sum_text("foo bar", 7, -1, &sum, &longest);
	CHECK(sum.hash == 0xbf9cf968);
	CHECK(sum.nodes == 2 && sum.bytes == 6 && sum.longest_length == 3);
	CHECK(longest && !memcmp(longest, "foo", 3));
}

static void test_walk_agrees(void)
{
	static const char text[] =
		"A GPU that anyone can have, with a real driver: nothing in the kernel knows that "
		"the silicon is software, and nobody has told the GPU where the nodes are.";
	struct word_sum walked, expected;
	struct words words;
	const char *longest;
	unsigned int nodes = 0;
	int i;

	CHECK(!words_from_text(&words, text, strlen(text)));
	walked = walk(words.all, offsetof(struct word, next));
	words_sum_text(text, strlen(text), -1, &expected, &longest);
	CHECK(same(&walked, &expected, longest));
	for (i = 0; i < WORD_LISTS; i++) {
		walked = walk(words.lists[i], offsetof(struct word, next_same));
		words_sum_text(text, strlen(text), i, &expected, &longest);
		CHECK(same(&walked, &expected, longest));
		nodes += walked.nodes;
	}
	CHECK(nodes == words.count);

	/* The check that finds a wrong answer does find one. */
	walked.hash ^= 1;
	CHECK(!same(&walked, &expected, longest));
	words_free(&words);
}

int main(void)
{
	test_splitting();
	test_no_words();
	test_known_sum();
	test_walk_agrees();
	return test_result();
}
