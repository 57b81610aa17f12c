/* SPDX-License-Identifier: MIT */
/*
 * Packets of the mirage GPU: 32-bit little-endian words in a channel's ring
 * (written by the kernel) and in indirect buffers (written by anyone).
 * Explained in hw/doc/packets.md.
 *
 * A packet is a header and its payload. The packets of a channel take effect
 * in order: one starts when the one before is complete. No packet but the
 * ring-only ones names a physical pointer, and none a register or another VM.
 */
#ifndef HW_PACKETS_H
#define HW_PACKETS_H

#include <linux/types.h>

/* Header: opcode 7..0, payload words 15..8, flags 31..16. */
#define MIRAGE_PKT(op, words, flags) \
	((__u32)(op) | (__u32)(words) << 8 | (__u32)(flags) << 16)
#define MIRAGE_PKT_OP(header)		((header) & 0xff)
#define MIRAGE_PKT_WORDS(header)	(((header) >> 8) & 0xff)
#define MIRAGE_PKT_FLAGS(header)	((header) >> 16)

/*
 * PKT(name, opcode, payload words, flags allowed, where, doc)
 * where: RING ring only; USER ring and indirect buffers; COMPUTE as USER, channels of class COMPUTE only.
 * 64-bit payload values are two words, low first. Addresses are GPU virtual unless said.
 */
#define MIRAGE_PACKETS(PKT) \
	PKT(NOP, 0x00, 0, 0, USER, "nothing") \
	PKT(IB, 0x01, 3, 0, RING, "address (64, 4-byte aligned), number of words (1 to 2^20): execute an indirect buffer; complete when its last packet is") \
	PKT(FENCE, 0x02, 4, 1, RING, "physical pointer (64), value (64): write the value; with NOTIFY (bit 0) add a FENCE event") \
	PKT(COPY, 0x10, 6, 0, USER, "source (64), destination (64), bytes (64): copy; any alignment; areas that overlap give no particular result") \
	PKT(FILL, 0x11, 5, 0, USER, "destination (64, 4-byte aligned), bytes (64, multiple of 4), pattern (32)") \
	PKT(COPY_PHYS, 0x18, 6, 0, RING, "source, destination (physical pointers, 64 each), bytes (64, multiple of 8): copy, past any address space; the areas do not overlap") \
	PKT(FILL_PHYS, 0x19, 5, 0, RING, "destination (physical pointer, 64), bytes (64, multiple of 8), pattern (32)") \
	PKT(DISPATCH, 0x20, 2, 0, COMPUTE, "address of a struct mirage_dispatch (64, 64-byte aligned): run it; complete when its last wave is") \
	PKT(SEM_WRITE, 0x30, 4, 0, USER, "address (64, 8-byte aligned), value (64): store, after all effects of the packets before") \
	PKT(SEM_WAIT, 0x31, 4, 1, USER, "address (64, 8-byte aligned), value (64): wait until the memory's value - value is not negative as a signed number, or with EQUAL (bit 0) until they are equal; the channel gives its turn to others meanwhile") \
	PKT(TIMESTAMP, 0x32, 2, 0, USER, "address (64, 8-byte aligned): store BUS_TIME")

enum mirage_packet_op {
#define PKT(name, op, words, flags, where, doc) MIRAGE_PKT_##name = (op),
	MIRAGE_PACKETS(PKT)
#undef PKT
};

#define MIRAGE_FENCE_NOTIFY	(1u << 0)
#define MIRAGE_SEM_EQUAL	(1u << 0)
#define MIRAGE_IB_MAX_WORDS	(1u << 20)

/* A DISPATCH runs grid[] groups of group[] work items. The fields are documented in structs/dispatch.def. */
#define FIELD(structure, type, name, doc)		type name;
#define ARRAY(structure, type, name, number, doc)	type name[number];

struct mirage_dispatch {
#include "structs/dispatch.def"
};

#undef FIELD
#undef ARRAY

#endif /* HW_PACKETS_H */
