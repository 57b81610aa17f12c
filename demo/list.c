// SPDX-License-Identifier: MIT
/*
 * Part 1: a linked list of malloc'ed nodes, one for each word of a text.
 *
 * The GPU is given the plain pointer to the first node and follows it: once all words
 * as one list in one lane, once as 32 lists in the 32 lanes of a wave. It writes into the
 * nodes, too, and hands back a pointer that the CPU follows in turn. The
 * right answers are computed from the text itself.
 */
#include "demo.h"

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <string.h>

#include "list.kernel.h"
#include "words.h"

/* As kernels/list.s has them. */
_Static_assert(offsetof(struct word, next) == 0, "word");
_Static_assert(offsetof(struct word, next_same) == 8, "word");
_Static_assert(offsetof(struct word, length) == 16, "word");
_Static_assert(offsetof(struct word, visits) == 20, "word");
_Static_assert(offsetof(struct word, text) == 24, "word");
_Static_assert(sizeof(struct word_sum) == 24, "word_sum");

struct list_args {
	uint64_t heads;
	uint64_t sums;
	uint32_t link;
	uint32_t lists;
};

static const struct gpu_kernel list_kernel = GPU_KERNEL(list);

/* Follow @lists lists, a lane each. Heads, sums and arguments are on the CPU's stack. */
static int follow(struct demo *demo, struct word *const *heads, unsigned int lists, size_t link,
		  struct word_sum *sums)
{
	struct list_args args = {
		.heads = (uintptr_t)heads,
		.sums = (uintptr_t)sums,
		.link = link,
		.lists = lists,
	};

	memset(sums, 0xff, lists * sizeof(*sums));
	return gpu_run(&demo->gpu, &list_kernel, &args, sizeof(args), 1, lists);
}

/* Compare the GPU's answer for list @list (-1: for all words) with the text's. */
static bool sum_is_right(const struct demo *demo, int list, const struct word_sum *sum)
{
	const struct word *longest = (const struct word *)(uintptr_t)sum->longest;
	struct word_sum expected;
	const char *text;

	words_sum_text(demo->text, demo->text_size, list, &expected, &text);
	if (sum->nodes != expected.nodes || sum->bytes != expected.bytes ||
	    sum->hash != expected.hash || sum->longest_length != expected.longest_length)
		return false;
	if (!longest || !text)
		return !longest && !text;
	return strlen(longest->text) == expected.longest_length &&
	       !memcmp(longest->text, text, expected.longest_length);
}

/* Only a pointer of ours is followed: a wrong answer must not crash the demo. */
static bool is_node(const struct words *words, uint64_t address)
{
	const struct word *word;

	for (word = words->all; word; word = word->next)
		if ((uintptr_t)word == address)
			return true;
	return !address;
}

static void printable(char *out, size_t size, const char *text)
{
	size_t i;

	for (i = 0; i + 1 < size && text[i]; i++)
		out[i] = isprint((unsigned char)text[i]) ? text[i] : '.';
	out[i] = '\0';
}

static void check_one_list(struct demo *demo, const struct words *words, const struct word_sum *sum)
{
	bool right = is_node(words, sum->longest) && sum_is_right(demo, -1, sum);
	char longest[25] = "?";

	if (right)
		printable(longest, sizeof(longest),
			  ((const struct word *)(uintptr_t)sum->longest)->text);
	demo_check(demo, right, "one list, one lane", "%u words, %u bytes, hash %08x, longest %s",
		   sum->nodes, sum->bytes, sum->hash, longest);
}

static void check_lists(struct demo *demo, const struct words *words, const struct word_sum *sums)
{
	uint32_t nodes = 0, bytes = 0, hash = 0;
	bool right = true;
	int i;

	for (i = 0; i < WORD_LISTS; i++) {
		nodes += sums[i].nodes;
		bytes += sums[i].bytes;
		hash ^= sums[i].hash;
		right = right && is_node(words, sums[i].longest) && sum_is_right(demo, i, &sums[i]);
	}
	demo_check(demo, right, "32 lists, 32 lanes", "%u words, %u bytes, hashes together %08x",
		   nodes, bytes, hash);
}

static void check_nodes(struct demo *demo, const struct words *words)
{
	const struct word *word;
	size_t written = 0;

	for (word = words->all; word; word = word->next)
		if (word->length == strlen(word->text) && word->visits == 2)
			written++;
	demo_check(demo, written == words->count, "written by the GPU",
		   "%zu of %zu nodes hold the word's length and two visits", written, words->count);
}

int demo_list(struct demo *demo)
{
	struct word_sum sum, sums[WORD_LISTS];
	struct words words;
	int err;

	err = words_from_text(&words, demo->text, demo->text_size);
	if (err) {
		warnx("no memory for the words of %s", demo->path);
		return err;
	}
	if (!words.count) {
		warnx("%s holds no words", demo->path);
		return -EINVAL;
	}

	err = follow(demo, &words.all, 1, offsetof(struct word, next), &sum);
	if (!err)
		err = follow(demo, words.lists, WORD_LISTS, offsetof(struct word, next_same), sums);
	if (!err) {
		check_one_list(demo, &words, &sum);
		check_lists(demo, &words, sums);
		check_nodes(demo, &words);
	}
	words_free(&words);
	return err;
}
