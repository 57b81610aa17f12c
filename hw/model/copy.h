/* SPDX-License-Identifier: MIT */
/* The copy engine: COPY and FILL packets. */
#ifndef MODEL_COPY_H
#define MODEL_COPY_H

#include "util.h"

struct chan;

/* A copy or fill that is under way; belongs to its channel. */
struct copy {
	bool fill;	/* FILL; then @src is not used */
	u64 src;	/* GPU virtual addresses of the next byte */
	u64 dst;
	u64 left;	/* bytes to go */
	u32 pattern;
};

/* What became of a step of a packet. */
enum step {
	STEP_DONE,	/* the packet is complete */
	STEP_MORE,	/* there is more to do at once */
	STEP_IDLE,	/* the ring is empty */
	STEP_SUSPENDED,	/* waits for a REPLAY */
	STEP_POLL,	/* waits for memory or a queue to change; look again later */
	STEP_STOPPED,	/* the channel has stopped */
};

/** copy_run() - do one chunk of the channel's copy. Returns STEP_DONE, _MORE or _SUSPENDED. */
enum step copy_run(struct chan *chan);

#endif /* MODEL_COPY_H */
