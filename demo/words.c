// SPDX-License-Identifier: MIT
/*
 * Words of a text as linked lists.
 *
 * Each node comes from malloc() of its own, so the nodes lie in the heap as any
 * program's would. The sums that the GPU has to give are computed from the text, not by
 * walking the lists: a broken list and a broken walk cannot agree by accident.
 */
#include "words.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_gap(char c)
{
	return c == '\0' || c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next word at or after *pos; moves *pos behind it. Returns NULL at the end of the text. */
static const char *next_word(const char *text, size_t size, size_t *pos, size_t *length)
{
	size_t start;

	while (*pos < size && is_gap(text[*pos]))
		(*pos)++;
	start = *pos;
	while (*pos < size && !is_gap(text[*pos]))
		(*pos)++;
	*length = *pos - start;
	return *length ? text + start : NULL;
}

static uint32_t fnv(uint32_t hash, const char *bytes, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		hash = (hash ^ (uint8_t)bytes[i]) * FNV_PRIME;
	return hash;
}

static unsigned int list_of(const char *word, size_t length)
{
	/* The low bits of FNV are its weakest. */
	return (fnv(FNV_START, word, length) >> 16) % WORD_LISTS;
}

int words_from_text(struct words *words, const char *text, size_t size)
{
	struct word **tail = &words->all;
	struct word **tails[WORD_LISTS];
	size_t pos = 0, length, i;
	const char *found;

	memset(words, 0, sizeof(*words));
	for (i = 0; i < WORD_LISTS; i++)
		tails[i] = &words->lists[i];

	while ((found = next_word(text, size, &pos, &length))) {
		struct word *word = malloc(sizeof(*word) + length + 1);
		unsigned int list = list_of(found, length);

		if (!word) {
			words_free(words);
			return -ENOMEM;
		}
		memset(word, 0, sizeof(*word));
		memcpy(word->text, found, length);
		word->text[length] = '\0';

		*tail = word;
		tail = &word->next;
		*tails[list] = word;
		tails[list] = &word->next_same;
		words->count++;
	}
	return 0;
}

void words_free(struct words *words)
{
	struct word *word = words->all;

	while (word) {
		struct word *next = word->next;

		free(word);
		word = next;
	}
	memset(words, 0, sizeof(*words));
}

void words_sum_text(const char *text, size_t size, int list, struct word_sum *sum,
		    const char **longest)
{
	size_t pos = 0, length;
	const char *found;

	memset(sum, 0, sizeof(*sum));
	sum->hash = FNV_START;
	*longest = NULL;
	while ((found = next_word(text, size, &pos, &length))) {
		if (list >= 0 && list_of(found, length) != (unsigned int)list)
			continue;
		sum->nodes++;
		sum->bytes += length;
		sum->hash = fnv(sum->hash, found, length);
		if (length > sum->longest_length) {
			sum->longest_length = length;
			*longest = found;
		}
	}
}
