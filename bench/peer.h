/* SPDX-License-Identifier: MIT */
/* The peer: lib/test_hmm of the kernel, a mirror driver without hardware. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory.h"

struct peer {
	/* It can be measured. */
	bool present;
	/* Why it cannot. */
	const char *reason;
};

/** peer_init() - find out whether test_hmm is there. */
void peer_init(struct peer *peer);

/**
 * peer_touch() - first touch of memory through test_hmm.
 * @order: page numbers, to touch page by page; NULL: all in one call, as its read path
 *	   does best
 * @pages: number of pages
 * @first_ns: time of the first touch
 * @again_ns: time of the same touch once more, when its mirror holds every page
 *
 * test_hmm has no device: it moves each page's bytes with the CPU, so a time holds two copies
 * of every page. Their cost is in @again_ns, too.
 * Returns 0, or a negative errno after a message, -EPROTO if a count is not what it must be.
 */
int peer_touch(const struct memory *memory, const uint32_t *order, size_t pages, bool write,
	       uint64_t *first_ns, uint64_t *again_ns);

/**
 * peer_migrate() - move memory to test_hmm's device and home.
 * @in_ns: time of the way there, on which it copies twice
 * @home_ns: time of the way home
 *
 * Returns 0, -EOPNOTSUPP if it is not there, or a negative errno after a message.
 */
int peer_migrate(const struct memory *memory, size_t pages, uint64_t *in_ns, uint64_t *home_ns);

#endif /* BENCH_PEER_H */
