/* SPDX-License-Identifier: GPL-2.0 */
/* Splitting a large copy into jobs. Pure logic. */
#ifndef MIRAGE_CHUNK_H
#define MIRAGE_CHUNK_H

#include "device/pure.h"

/**
 * MIRAGE_CHUNK_BYTES: most bytes that one job copies. Few enough to finish long before the time-out
 * on a shared device, and enough to be worth an interrupt.
 */
#define MIRAGE_CHUNK_BYTES	(64ull << 20)

/**
 * struct mirage_chunk - room left in a job
 */
struct mirage_chunk {
	/** @words: ring words */
	u32 words;
	/** @bytes: bytes to be copied */
	u64 bytes;
};

/**
 * mirage_chunk_take() - put as much of an area into a job as fits
 * @chunk: room of the job; reduced
 * @packet_words: words of the packet for it
 * @size: bytes of the area, a multiple of 8, not 0
 *
 * Return: bytes that go into this job, a multiple of 8; 0 if a new job is needed
 */
static inline u64 mirage_chunk_take(struct mirage_chunk *chunk, u32 packet_words, u64 size)
{
	u64 taken = size < chunk->bytes ? size : chunk->bytes;

	if (chunk->words < packet_words || !taken)
		return 0;
	chunk->words -= packet_words;
	chunk->bytes -= taken;

	return taken;
}

#endif /* MIRAGE_CHUNK_H */
