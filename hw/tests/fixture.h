/* SPDX-License-Identifier: MIT */
/*
 * A guest in miniature for tests: memory, page tables, queues and channels of a
 * device in the same process. The engine is stepped by the test, not by a
 * thread, so what has happened at each point is certain.
 */
#ifndef TESTS_FIXTURE_H
#define TESTS_FIXTURE_H

#include "device.h"
#include "hw/packets.h"
#include "tap.h"

#define FIXTURE_RAM_SIZE MiB(32)
#define FIXTURE_RAM_BASE 0x140000000ull	/* bus address of the guest's memory */
#define FIXTURE_VRAM_SIZE MiB(32)
#define FIXTURE_QUEUE_ORDER 8		/* of command, fault and event queue */
#define FIXTURE_RING_ORDER 10
#define FIXTURE_CHANS 8			/* channels that fixture_chan() can make */

/* All that a leaf can allow. */
#define FIXTURE_RWA (MIRAGE_PTE_WRITE | MIRAGE_PTE_ATOMIC)

struct fixture {
	struct device *dev;
	int ram_fd;		/* memfd behind the guest's memory */
	u8 *ram;
	u64 ram_next;		/* offset of the first byte not given away */
	u64 vram_next;
	/* The places behind the QUEUE registers. */
	u64 status_phys;
	u64 cmd_phys;
	u64 fault_phys;
	u64 place_phys;		/* for QUEUE_FAULT_PLACE, which fixture_open() leaves 0 */
	u64 event_phys;
	u64 chan_phys;
	u64 vm_phys;
	struct mirage_status_page *status;
	struct mirage_cmd *cmds;
	struct mirage_fault_entry *faults;
	struct mirage_place *places;
	struct mirage_event *events;
	struct mirage_chan_desc *chans;
	struct mirage_vm_desc *vms;
	u32 *rings[FIXTURE_CHANS];
	u64 sync_phys;		/* where fixture_sync() waits */
	u64 sync_value;
};

/** fixture_open() - a device with memory and queues in place, not enabled. */
void fixture_open(struct fixture *f);
/** fixture_start() - fixture_open() and enable the device. */
void fixture_start(struct fixture *f);
void fixture_close(struct fixture *f);

/** fixture_alloc() - zeroed guest memory of @size bytes, aligned to its size. Returns a physical pointer. */
u64 fixture_alloc(struct fixture *f, u64 size);
/** fixture_alloc_vram() - the same in VRAM. */
u64 fixture_alloc_vram(struct fixture *f, u64 size);
/** fixture_ptr() - what a physical pointer points to. */
void *fixture_ptr(struct fixture *f, u64 phys);

u32 fixture_read(struct fixture *f, u32 reg);
u64 fixture_read64(struct fixture *f, u32 reg);
void fixture_write(struct fixture *f, u32 reg, u32 value);
/** fixture_write_phys() - a physical pointer into a pair of QUEUE registers. */
void fixture_write_phys(struct fixture *f, u32 reg, u64 phys);

/** fixture_vm() - give VM @vm an empty page table. */
void fixture_vm(struct fixture *f, u32 vm);
/** fixture_entry() - place of the entry that covers @va at @level (0: PD3, 3: PT), tables made as needed. */
u64 *fixture_entry(struct fixture *f, u32 vm, u64 va, unsigned int level);
/**
 * fixture_map() - map @va to @phys with a page of 2^@shift bytes (12, 16 or 21).
 * @flags: MIRAGE_PTE_WRITE, MIRAGE_PTE_ATOMIC
 */
void fixture_map(struct fixture *f, u32 vm, u64 va, u64 phys, unsigned int shift, u64 flags);
/** fixture_map_new() - map fresh zeroed guest memory of a page; returns it. */
void *fixture_map_new(struct fixture *f, u32 vm, u64 va);
/** fixture_unmap() - clear the PT entry of @va, without an invalidation. */
void fixture_unmap(struct fixture *f, u32 vm, u64 va);

/** fixture_cmd() - add a command; no doorbell. */
void fixture_cmd(struct fixture *f, struct mirage_cmd cmd);
/** fixture_step() - one step of the engine, as its thread does it. Returns what engine_step() does. */
u64 fixture_step(struct fixture *f);
/** fixture_run() - ring the command doorbell and step the engine as long as it has something to do at once. */
void fixture_run(struct fixture *f);
/** fixture_settle() - like fixture_run(), and waits until the engine has no deadline any more. */
void fixture_settle(struct fixture *f);
/** fixture_await_fault() - wait until there is an entry in the fault buffer. */
void fixture_await_fault(struct fixture *f);
/** fixture_sync() - add SYNC, run, and check that it has written its value. */
void fixture_sync(struct fixture *f);
/** fixture_invalidate() - one INVALIDATE and its SYNC. */
void fixture_invalidate(struct fixture *f, u32 vm, u64 va, u64 size);
/** fixture_replay() - one REPLAY for @vm, and run. */
void fixture_replay(struct fixture *f, u32 vm);

/** fixture_chan() - make and start channel @chan < FIXTURE_CHANS. */
void fixture_chan(struct fixture *f, u32 chan, enum mirage_chan_class class, u32 vm, u32 priority);
/** fixture_chan_flags() - the same with MIRAGE_CHAN_* flags. */
void fixture_chan_flags(struct fixture *f, u32 chan, enum mirage_chan_class class, u32 vm,
			u32 priority, u32 flags);
/** fixture_chan_cmd() - add a command that concerns a channel and SYNC, and run. */
void fixture_chan_cmd(struct fixture *f, u32 chan, enum mirage_cmd_op op);
/** fixture_emit() - add words to a channel's ring; put moves, no doorbell. */
void fixture_emit(struct fixture *f, u32 chan, const u32 *words, u32 nr);
/** fixture_packet() - add a packet whose payload is @nr 64-bit values and, with @tail, a last word. */
void fixture_packet(struct fixture *f, u32 chan, u32 op, u32 flags, const u64 *args, u32 nr,
		    const u32 *tail);
void fixture_copy(struct fixture *f, u32 chan, u64 src, u64 dst, u64 bytes);
void fixture_fill(struct fixture *f, u32 chan, u64 dst, u64 bytes, u32 pattern);
void fixture_ib(struct fixture *f, u32 chan, u64 va, u32 words);
void fixture_fence(struct fixture *f, u32 chan, u64 phys, u64 value, u32 flags);
/**
 * fixture_program() - assemble a program of at most a page and map it at @va.
 * @desc: gets what the program decides: code, code_size, nr_regs, shared_size
 */
void fixture_program(struct fixture *f, u32 vm, u64 va, const char *text,
		     struct mirage_dispatch *desc);
/** fixture_dispatch() - add a DISPATCH of the descriptor at @va. */
void fixture_dispatch(struct fixture *f, u32 chan, u64 va);
/** fixture_kick() - ring the channel's doorbell and run. */
void fixture_kick(struct fixture *f, u32 chan);

/** fixture_nr_faults() - entries in the fault buffer. */
u32 fixture_nr_faults(struct fixture *f);
/** fixture_fault_place() - the place of the oldest entry, which stays; the test fails if there is none. */
struct mirage_place fixture_fault_place(struct fixture *f);
/** fixture_fault() - take the oldest entry; the test fails if there is none. */
struct mirage_fault_entry fixture_fault(struct fixture *f);
/** fixture_event() - take the oldest event; the test fails if there is none. */
struct mirage_event fixture_event(struct fixture *f);

/** fixture_check_error() - the channel has stopped with this error, and said so by an event. */
void fixture_check_error(struct fixture *f, u32 chan, enum mirage_chan_error error, u32 info,
			 u64 addr);
/** fixture_again() - reset a channel and start it with an empty ring. */
void fixture_again(struct fixture *f, u32 chan);

#endif /* TESTS_FIXTURE_H */
