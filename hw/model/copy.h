/* SPDX-License-Identifier: MIT */
/* The copy engine: COPY and FILL packets, and their kind that takes physical pointers. */
#ifndef MODEL_COPY_H
#define MODEL_COPY_H

#include "util.h"

struct chan;

/* A copy or fill that is under way; belongs to its channel. */
struct copy {
	bool fill;	/* then @src is not used */
	bool phys;	/* @src and @dst are physical pointers */
	u64 src;	/* of the next byte; GPU virtual addresses, or physical pointers */
	u64 dst;
	u64 left;	/* bytes to go */
	u32 pattern;
};

/* Result of a step of a packet. */
enum step {
	STEP_DONE,	/* the packet is complete */
	STEP_MORE,	/* there is more to do at once */
	STEP_IDLE,	/* the ring is empty */
	STEP_SUSPENDED,	/* waits for a REPLAY */
	STEP_POLL,	/* waits for memory or a queue to change; look again later */
	STEP_STOPPED,	/* the channel has stopped */
	STEP_HUNG,	/* the packet never ends (TEST_HANG_CHAN) */
};

/** copy_valid() - whether alignments and, in physical pointers, reserved bits are right. */
bool copy_valid(const struct copy *copy);

/** copy_run() - do one chunk of the channel's valid copy. Returns STEP_DONE, _MORE, _SUSPENDED or _STOPPED. */
enum step copy_run(struct chan *chan);

#endif /* MODEL_COPY_H */
