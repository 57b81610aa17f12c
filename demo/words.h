/* SPDX-License-Identifier: MIT */
/* A text as linked lists: one malloc for each word. CPU and GPU follow the same pointers. */
#ifndef DEMO_WORDS_H
#define DEMO_WORDS_H

#include <stddef.h>
#include <stdint.h>

/* Lists in parallel: one for each lane of a wave. */
#define WORD_LISTS	32

/*
 * One word. kernels/list.s knows these offsets (a static assertion in list.c holds them):
 * the program is given the offset of the link that it is to follow.
 */
struct word {
	/* The next word of the text. */
	struct word *next;
	/* The next word of the same one of the WORD_LISTS lists. */
	struct word *next_same;
	/* Written by the GPU: number of bytes of @text. */
	uint32_t length;
	/* Written by the GPU: how many times it came by. */
	uint32_t visits;
	/* The word, ended by a 0. */
	char text[];
};

struct words {
	/* All words in the order of the text. */
	struct word *all;
	/* The same words dealt out over lists by a hash of their text. */
	struct word *lists[WORD_LISTS];
	/* Number of nodes. */
	size_t count;
};

/* The result of following one list. The GPU writes it, so its layout is fixed. */
struct word_sum {
	/* The first of the longest words; 0 if the list is empty. */
	uint64_t longest;
	/* Nodes followed. */
	uint32_t nodes;
	/* Bytes in them. */
	uint32_t bytes;
	/* FNV-1a of all bytes in order. */
	uint32_t hash;
	/* Bytes in the longest word. */
	uint32_t longest_length;
};

#define FNV_START	0x811c9dc5u
#define FNV_PRIME	0x01000193u

/**
 * words_from_text() - make the lists.
 * @text: @size bytes; a word is a run of bytes that are not white space and not 0
 *
 * Returns 0, or -ENOMEM with nothing left behind.
 */
int words_from_text(struct words *words, const char *text, size_t size);

/** words_free() - free every node. */
void words_free(struct words *words);

/**
 * words_sum_text() - what following the list of all words must give, computed from the
 * text itself and not from the list. @sum->longest stays 0: the text has no nodes.
 * @list: sum only the words of this list, or -1 for all
 * @longest: the first of the longest words in @text, not ended by a 0
 */
void words_sum_text(const char *text, size_t size, int list, struct word_sum *sum,
		    const char **longest);

#endif /* DEMO_WORDS_H */
