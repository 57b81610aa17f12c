/* SPDX-License-Identifier: MIT */
/*
 * Structures in memory that the kernel driver and the mirage GPU share.
 * All little endian. Their fields are in structs/ and hw/doc/structures.md; hw/doc/queues.md
 * explains them.
 *
 * Everything on a hot path lies in memory: a register access traps, and under
 * emulation costs more than serving a fault. Model followed: the queued
 * invalidation of VT-d and the command and event queues of Arm's SMMUv3.
 */
#ifndef HW_QUEUES_H
#define HW_QUEUES_H

#include <linux/types.h>

/*
 * Fields of a structure, as in structs/<structure>.def, the one source for this header and the tables of
 * hw/doc/structures.md.
 */
#define FIELD(structure, type, name, doc)		type name;
#define ARRAY(structure, type, name, number, doc)	type name[number];

/*
 * A physical pointer: an offset into VRAM, or with bit 0 set a bus address.
 * Bits 51..3 address; bits 2..1 and 63..52 are zero.
 */
#define MIRAGE_PHYS_SYSTEM	(1ull << 0)
#define MIRAGE_PHYS_ADDR	0x000ffffffffffff8ull

/*
 * The status page. An index counts up without bound modulo 2^32; the entry is
 * index & (size - 1); a queue is empty when put == get, and holds put - get
 * entries. The writer of an entry writes the index after the entry (release),
 * the reader reads the index before the entry (acquire). Each group of indices
 * with one writer has a cache line of its own.
 *
 * Interrupt arming (fault and event queues): software sets armed to 1; the
 * device, after it has moved put, exchanges armed with 0 and fires the
 * interrupt if it was 1. Software that has drained a queue arms it and then
 * looks at put once more.
 */
struct mirage_status_page {
#include "structs/status_page.def"
};

/*
 * Commands, executed in order. A command queue index that moves by more than
 * the queue's size, an unknown opcode or a bad argument halts the device:
 * only the kernel writes here.
 */
enum mirage_cmd_op {
	MIRAGE_CMD_NOP = 0,
	/*
	 * Write @value (64 bits) to the physical pointer @addr, after the effects of
	 * all commands before are complete: no access by an old translation is under
	 * way, a stopped or reset channel makes no further access.
	 */
	MIRAGE_CMD_SYNC = 1,
	/*
	 * Drop the TLB entries of VM @id that overlap [@addr, @addr + @size); with
	 * MIRAGE_CMD_ALL all entries of the VM, whatever @addr and @size.
	 */
	MIRAGE_CMD_INVALIDATE = 2,
	/*
	 * Resume what is suspended by a fault in VM @id; with MIRAGE_CMD_ALL in
	 * every VM. An access that still cannot be translated faults again.
	 */
	MIRAGE_CMD_REPLAY = 3,
	/*
	 * Start channel @id: read its descriptor, take ring get from it, or go on where
	 * CHAN_STOP stopped it. Only from state IDLE or STOPPED.
	 */
	MIRAGE_CMD_CHAN_START = 4,
	/*
	 * Preempt channel @id: it ends at the next instruction or copy chunk, its waves are
	 * kept inside the device; state becomes STOPPED. No effect on a channel that does not run.
	 */
	MIRAGE_CMD_CHAN_STOP = 5,
	/*
	 * Reset channel @id: drop its waves, copies and suspended faults; state becomes IDLE.
	 * Fault buffer entries it has already written stay there.
	 */
	MIRAGE_CMD_CHAN_RESET = 6,
	/*
	 * Write all that the device keeps of STOPPED channel @id (waves, place in the indirect
	 * buffer, copy under way) to the physical pointer @addr, at most @size bytes (BUS_MAX_CONTEXT is always
	 * enough); state becomes IDLE. The format is the device's own. A unit that a fault has suspended faults
	 * again after CHAN_RESTORE. A channel that is not STOPPED: no effect, and the first 8 bytes become 0.
	 */
	MIRAGE_CMD_CHAN_SAVE = 7,
	/*
	 * Read back what CHAN_SAVE wrote (of the same revision of device) into IDLE channel @id, whose descriptor is
	 * read as by CHAN_START; state becomes STOPPED, CHAN_START goes on. State ERROR, error BAD_DESC, when it
	 * is not what was written.
	 */
	MIRAGE_CMD_CHAN_RESTORE = 8,
};

#define MIRAGE_CMD_ALL		(1u << 0)	/* flags of INVALIDATE and REPLAY */

struct mirage_cmd {
#include "structs/cmd.def"
};

/* VM table entry. A VM's root must not change without INVALIDATE with MIRAGE_CMD_ALL. */
struct mirage_vm_desc {
#include "structs/vm_desc.def"
};

enum mirage_chan_class {
	MIRAGE_CHAN_COPY = 0,		/* all packets but DISPATCH */
	MIRAGE_CHAN_COMPUTE = 1,	/* all packets */
};

/*
 * The states of a channel: name, number, and what people call it. Each list of this kind is the one table of its numbers
 * and names, for model, driver, trace events and programs; X() of each makes one element of a list with commas.
 */
#define MIRAGE_CHAN_STATES(X) \
	/* not started, or reset */ \
	X(IDLE, 0, "IDLE"), \
	X(RUNNING, 1, "RUNNING"), \
	X(STOPPED, 2, "STOPPED"), \
	/* error says why; only CHAN_RESET leaves this state */ \
	X(ERROR, 3, "ERROR")

/* Why a channel stopped by itself. Other channels go on. */
#define MIRAGE_CHAN_ERRORS(X) \
	X(OK, 0, "none"), \
	/* descriptor invalid, or context refused at CHAN_RESTORE */ \
	X(BAD_DESC, 1, "bad descriptor"), \
	/* ring not readable, put beyond its size, FENCE not writable */ \
	X(RING, 2, "bad ring"), \
	/* unknown opcode, wrong length, bad argument, not of this class */ \
	X(BAD_PACKET, 3, "bad packet"), \
	/* ring-only packet in an indirect buffer */ \
	X(PRIVILEGE, 4, "ring-only packet"), \
	/* dispatch descriptor invalid */ \
	X(BAD_DISPATCH, 5, "bad dispatch"), \
	/* undefined instruction, register beyond nr_regs, reserved bits */ \
	X(BAD_INSN, 6, "bad instruction"), \
	/* program counter left the code */ \
	X(BAD_PC, 7, "bad program counter"), \
	/* memory access not naturally aligned */ \
	X(MISALIGNED, 8, "misaligned access"), \
	/* shared memory access beyond shared_size */ \
	X(BAD_SHARED, 9, "bad shared memory access"), \
	/* LDC beyond args_size */ \
	X(BAD_ARG, 10, "bad argument access"), \
	/* TRAP instruction */ \
	X(TRAP, 11, "trap"), \
	/* translation failed on a channel with MIRAGE_CHAN_NO_FAULT */ \
	X(FAULT, 12, "fault"), \
	/* had its turn when the engine was reset */ \
	X(HUNG, 13, "hung"), \
	/* no memory in the device for the packet, or for the fault of an access */ \
	X(NO_MEMORY, 14, "no memory in the device")

#define MIRAGE_CHAN_VALUE(name, value, text)	MIRAGE_CHAN_##name = (value)

enum mirage_chan_state {
	MIRAGE_CHAN_STATES(MIRAGE_CHAN_VALUE)
};

enum mirage_chan_error {
	MIRAGE_CHAN_ERRORS(MIRAGE_CHAN_VALUE)
};

#undef MIRAGE_CHAN_VALUE

/*
 * Which instruction of which work item failed. pc 0: no instruction did, but a packet or a copy; then all is zero.
 */
struct mirage_place {
#include "structs/place.def"
};

/* flags of a channel descriptor */
/*
 * An access that cannot be translated stops the channel with MIRAGE_CHAN_FAULT. It is not
 * reported in the fault buffer and waits for no REPLAY.
 */
#define MIRAGE_CHAN_NO_FAULT	(1u << 0)

/*
 * In wait_ns of a channel descriptor: the channel waits for its turn now. The other bits are the sum of its earlier
 * waits minus the BUS_TIME at which this one began, modulo 2^63: adding BUS_TIME gives the sum at that time.
 */
#define MIRAGE_CHAN_WAITING	(1ull << 63)

/*
 * Channel table entry. The first half is written by software before CHAN_START
 * (put: at any time), wait_ns and the second half by the device; software clears these
 * when it makes a channel.
 */
struct mirage_chan_desc {
#include "structs/chan_desc.def"
};

/* Fault buffer entry: an access waits for a REPLAY. Its struct mirage_place has the same index at QUEUE_FAULT_PLACE. */
struct mirage_fault_entry {
#include "structs/fault_entry.def"
};

/* The unit whose access failed. */
#define MIRAGE_FAULT_UNITS(X) \
	/* packet fetch, semaphore, dispatch descriptor */ \
	X(FRONTEND, 0, "frontend"), \
	X(COPY, 1, "copy"), \
	X(COMPUTE, 2, "compute")

#define MIRAGE_UNIT_VALUE(name, value, text)	MIRAGE_UNIT_##name = (value)

enum mirage_fault_unit {
	MIRAGE_FAULT_UNITS(MIRAGE_UNIT_VALUE)
};

#undef MIRAGE_UNIT_VALUE

enum mirage_event_type {
	MIRAGE_EVENT_FENCE = 1,		/* a FENCE packet with MIRAGE_FENCE_NOTIFY; value is its value */
	MIRAGE_EVENT_ERROR = 2,		/* a channel went to MIRAGE_CHAN_ERROR; code is enum mirage_chan_error */
};

struct mirage_event {
#include "structs/event.def"
};

#undef FIELD
#undef ARRAY

#endif /* HW_QUEUES_H */
