/* SPDX-License-Identifier: MIT */
/*
 * Structures in memory that the kernel driver and the mirage GPU share.
 * All little endian. Explained in hw/doc/queues.md.
 *
 * Everything on a hot path lies in memory: a register access traps, and under
 * emulation costs more than serving a fault. Model followed: the queued
 * invalidation of VT-d and the command and event queues of Arm's SMMUv3.
 */
#ifndef HW_QUEUES_H
#define HW_QUEUES_H

#include <linux/types.h>

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
	/* Written by software. */
	__le32 cmd_put;
	__le32 fault_get;
	__le32 event_get;
	__le32 rsvd0[13];
	/* Written by the device. */
	__le32 cmd_get;
	__le32 fault_put;
	__le32 event_put;
	__le32 rsvd1[13];
	/* Set to 1 by software, exchanged with 0 by the device. */
	__le32 fault_armed;
	__le32 event_armed;
	__le32 rsvd2[14];
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
	 * every VM. What still cannot be translated faults again.
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
	 * enough); state becomes IDLE. The format is the device's own. What was suspended by a fault faults
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
	__le16 op;		/* enum mirage_cmd_op */
	__le16 flags;
	__le32 id;		/* VM or channel */
	__le64 addr;
	__le64 size;		/* bytes */
	__le64 value;
};

/* VM table entry. A VM's root must not change without INVALIDATE with MIRAGE_CMD_ALL. */
struct mirage_vm_desc {
	__le64 root;		/* MIRAGE_PTE_VALID, MIRAGE_PTE_SYSTEM, address of PD3 (8 KiB aligned) */
	__le64 rsvd;		/* zero */
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
 * Which instruction of which work item it was. pc 0: none, what failed was a packet's or a copy's; then all is zero.
 */
struct mirage_place {
	__le64 pc;		/* GPU virtual address of the instruction */
	__le32 group[3];	/* the group in the grid: x, y, z */
	__le16 wave;		/* of the group */
	__le16 lane;		/* of the wave, the first that failed; the work item is wave * BUS_WAVE_LANES + lane */
	__le32 rsvd[2];
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
	__le64 ring;		/* physical pointer, 4 KiB aligned */
	__le32 ring_order;	/* log2 of the ring's 32-bit words, 10 to 20 */
	__le32 class;		/* enum mirage_chan_class */
	__le32 vm;		/* VM table index */
	__le32 priority;	/* 0 (lowest) to 3; a higher one runs first */
	__le32 timeslice_us;	/* 0: the device's own (1000); channels of one priority take turns */
	__le32 flags;		/* MIRAGE_CHAN_NO_FAULT */
	__le64 wait_ns;		/* written by the device (revision 1.4): time it has waited for its turn; see MIRAGE_CHAN_WAITING */
	__le32 rsvd0[5];	/* zero */
	__le32 put;		/* in words, counts up modulo 2^32 */

	__le32 get;		/* in words, counts up modulo 2^32; moves behind each ring packet when it is complete */
	__le32 state;		/* enum mirage_chan_state */
	__le32 error;		/* enum mirage_chan_error */
	__le32 error_info;	/* BAD_PACKET, PRIVILEGE: the header; BAD_INSN: the instruction's first word; TRAP: its immediate; FAULT: enum mirage_access | enum mirage_fault_kind << 8 */
	__le64 error_addr;	/* GPU address of the packet, instruction or access; of a ring packet its word index */
	__le64 run_ns;		/* time it has had an engine; written whenever its turn ends and when a packet is complete */
	struct mirage_place error_place;	/* of an error or FAULT of a program */
};

/* Fault buffer entry: an access waits for a REPLAY. Its struct mirage_place has the same index at QUEUE_FAULT_PLACE. */
struct mirage_fault_entry {
	__le64 addr;		/* GPU virtual address of the access, exact to the byte */
	__le64 time_ns;		/* BUS_TIME when the access failed */
	__le32 chan;
	__le16 vm;
	__u8 access;		/* enum mirage_access */
	__u8 kind;		/* enum mirage_fault_kind */
	__u8 unit;		/* enum mirage_fault_unit */
	__u8 rsvd;
	__le16 wave;		/* wave slot of the compute engine, else 0 */
	__le32 rsvd1;
};

/* Whose access failed. */
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
	__u8 type;		/* enum mirage_event_type */
	__u8 code;
	__le16 rsvd;
	__le32 chan;
	__le64 value;
};

#endif /* HW_QUEUES_H */
