/* SPDX-License-Identifier: MIT */
/* The front end: fetches a channel's packets and executes them. */
#ifndef MODEL_FRONTEND_H
#define MODEL_FRONTEND_H

#include "copy.h"
#include "hw/packets.h"
#include "util.h"

/* Words of the longest packet, with its header. */
#define PACKET_MAX_WORDS 7

/* Belongs to its channel. */
struct frontend {
	bool in_ib;		/* packets come from an indirect buffer */
	u64 ib_va;		/* GPU address of the packet there */
	u32 ib_left;		/* words from there to its end */

	bool busy;		/* @words is a packet in execution */
	unsigned int phase;	/* how far it is; each packet has its own */
	u32 words[PACKET_MAX_WORDS];	/* private copy, header first */
};

/** frontend_step() - fetch a packet, or go on with the one in execution for a bounded time. */
enum step frontend_step(struct chan *chan);

#endif /* MODEL_FRONTEND_H */
