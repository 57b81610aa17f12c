/* SPDX-License-Identifier: MIT */
/* Execution of packets. */
#ifndef MODEL_PACKET_H
#define MODEL_PACKET_H

#include "copy.h"
#include "hw/packets.h"

struct chan;

/* Where a packet may be. */
enum packet_where {
	PACKET_RING,	/* the ring only */
	PACKET_USER,	/* ring and indirect buffers */
	PACKET_COMPUTE,	/* as USER, in channels of class COMPUTE */
};

struct packet_type {
	bool known;
	u8 words;	/* of payload */
	u16 flags;	/* that may be set */
	enum packet_where where;
};

/* Indexed by opcode. */
extern const struct packet_type packet_types[256];

/**
 * packet_check() - whether a header is good where it stands.
 * Returns MIRAGE_CHAN_OK, _PRIVILEGE or _BAD_PACKET.
 */
enum mirage_chan_error packet_check(const struct chan *chan, u32 header);

/**
 * packet_resume() - go on with the packet in the channel's front end, as restored.
 * @copy_left: of a copy under way: bytes to go
 *
 * Returns false if it cannot be one that was under way there.
 */
bool packet_resume(struct chan *chan, u64 copy_left);

/** packet_step() - execute the current packet, or go on with it. */
enum step packet_step(struct chan *chan);

#endif /* MODEL_PACKET_H */
