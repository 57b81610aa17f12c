/* SPDX-License-Identifier: MIT */
/*
 * State of the compute engine, shared by its parts. The rest of the model sees
 * compute.h only. There are no locks: one thread at a time calls the engine.
 *
 * A dispatch is cut into groups; a group occupies a group slot, and its waves
 * the wave slots [slot * waves_per_group, (slot + 1) * waves_per_group). A group
 * is resident whole or not at all, so that a barrier never waits for a wave that
 * has no slot.
 */
#ifndef COMPUTE_ENGINE_H
#define COMPUTE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hw/isa.h"
#include "../compute.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "guest memory is accessed in the host's byte order, which must be the device's");

#define LANES		32
#define PAGE_BYTES	4096u
#define PAGE_OPS	(PAGE_BYTES / 8)

/* Code pages kept decoded, of all dispatches. Any number works; this one holds 256 KiB of code. */
#define CODE_PAGES	64
/* Translations kept for the length of one compute_run(). */
#define TLB_ENTRIES	64
/* Shared memory of all resident groups of a dispatch. */
#define SHARED_RESIDENT	(256u * 1024)
#define MAX_ARGS	4096u
/* An argument block of that size touches so many pages. */
#define ARG_PAGES	2

/* The value of one register, or of half a pair, in every lane. */
typedef uint32_t row_t[LANES] __attribute__((aligned(64)));

/* Rows of a wave beyond its registers; see struct op. */
enum extra_row {
	ROW_ZERO,	/* rz as a source */
	ROW_SINK,	/* rz as a destination */
	ROW_IMM,	/* an immediate in every lane, and what extends it to 64 bits */
	ROW_IMM_HIGH,
	NR_EXTRA_ROWS
};

/* Which part of the engine executes an instruction. */
enum op_class {
	CLASS_UNDEFINED,	/* not an instruction; imm is its first word */
	CLASS_ALU32,
	CLASS_ALU64,
	CLASS_SPECIAL,
	CLASS_CONTROL,
	CLASS_ARG,
	CLASS_GLOBAL,
	CLASS_SHARED,
	CLASS_ATOMIC,
	CLASS_ATOMIC_SHARED,
	CLASS_FP32,
};

/* A decoded instruction: registers are replaced by rows of the wave's register file. */
struct op {
	uint16_t op;		/* enum mirage_opcode */
	uint8_t class;		/* enum op_class */
	bool has_imm;		/* @b is ROW_IMM, to be filled with @imm */
	uint32_t imm;
	uint16_t d, d_high;	/* the row of the register, and of the pair's high half */
	uint16_t a, a_high;
	uint16_t b, b_high;
	uint16_t c, c_high;
};

/* Which page of code is decoded at a place of the cache, and for which dispatch. */
struct code_tag {
	uint64_t dispatch;	/* compute.dispatch; 0: nothing is there */
	uint64_t number;	/* virtual address / PAGE_BYTES */
};

/* Memory that the engines of a device share. They take turns, so there is no lock. */
struct compute_pool {
	struct compute *spare;	/* at rest, with the memory of its last dispatch; or NULL */
	size_t bytes;		/* of engines and their memory, @spare included */
	size_t extra;		/* sum of compute.extra, at most 2 * COMPUTE_EXTRA_MAX */
	uint64_t nr_dispatches;	/* begun so far */
	/* The instruction cache. Tags lie apart, so that to look through them is cheap. */
	struct code_tag tags[CODE_PAGES];
	struct op code[CODE_PAGES][PAGE_OPS];
};

struct tlb_entry {
	uint64_t key;		/* page number * 4 + access + 1; 0: empty */
	uint8_t *host;		/* the page's first byte */
};

/* Program counters are indices of instructions; NO_PC is above all. */
#define NO_PC	UINT32_MAX

/*
 * A wave. A lane is in exactly one of: ended (in neither mask), @waiting, @ready.
 * The lanes of @active are those of @ready whose program counter is the lowest.
 */
struct wave {
	row_t *rows;		/* nr_regs registers, then NR_EXTRA_ROWS */
	row_t select;		/* all ones in the lanes of @active, else 0 */
	uint32_t lane_pc[LANES];/* of lanes that are not active */
	uint32_t pc;		/* of the active lanes */
	uint32_t next_pc;	/* lowest of the ready lanes that are not active, or NO_PC */
	uint32_t active;
	uint32_t nr_active;	/* how many they are */
	uint32_t ready;
	uint32_t waiting;	/* at a BAR; lane_pc is behind it */
	uint8_t slot;
	uint8_t group;		/* group slot */
	uint8_t index;		/* of the wave in its group */
};

struct group {
	bool resident;
	uint32_t id[3];		/* where it is in the grid */
	uint32_t lanes;		/* that have not ended */
	uint32_t waiting;	/* of those, how many are at a BAR */
	uint8_t *shared;
};

struct compute {
	struct compute_pool *pool;
	const struct compute_ops *ops;
	void *ctx;

	struct mirage_dispatch desc;	/* of the current dispatch */
	uint32_t nr_insns;
	uint32_t group_items;		/* work items of a group */
	unsigned int waves_per_group;
	unsigned int nr_group_slots;	/* in use by this dispatch */
	uint64_t groups_left;		/* that have not become resident */
	uint32_t next_group[3];		/* the first of them */

	uint64_t runnable;		/* wave slots with a ready lane and no pending fault */
	uint64_t faulted;		/* wave slots that wait for a REPLAY */
	uint64_t free_groups;		/* group slots that are not resident */
	unsigned int last_wave;		/* the slot that ran last */

	struct wave waves[COMPUTE_WAVES];
	struct group groups[COMPUTE_WAVES];

	/* Work item to position in its group; the same for every group. */
	row_t local[3][COMPUTE_WAVES / 2];

	uint8_t *memory;		/* of the group slots: register files, then shared memory */
	size_t memory_size;		/* bytes there, also while the engine is idle */
	size_t extra;			/* bytes of the group slots but the first */
	row_t *rows;			/* register files of all wave slots */
	uint8_t *shared;		/* shared memory of all group slots, if the dispatch has any */

	uint64_t dispatch;		/* number of the current dispatch in the pool, from 1 on */
	uint64_t args[MAX_ARGS / 8];		/* copy of the argument block */
	bool args_valid[ARG_PAGES];		/* which of its pages have been copied */

	struct tlb_entry tlb[TLB_ENTRIES];	/* empty outside compute_run() */

	int64_t budget;			/* left in this compute_run() */
	struct compute_result *result;	/* of this compute_run() */
	bool stopped;			/* by an error, kept in the next four until reset */
	enum mirage_chan_error error;
	uint32_t error_info;
	uint64_t error_addr;
	struct mirage_place error_place;

	void (*alu32)(const struct op *op, row_t *rows, const row_t select);
	void (*alu64)(const struct op *op, row_t *rows, const row_t select);
};

/* Result of an instruction. */
enum exec {
	EXEC_NEXT,	/* done, the active lanes go on behind it */
	EXEC_JUMPED,	/* done, program counters and masks are already right */
	EXEC_AGAIN,	/* no effect: the wave is suspended by a fault */
	EXEC_ERROR,	/* no effect: the channel stops */
};

/** wave_rows() - the rows of a wave's register file. */
static inline size_t wave_rows(const struct compute *compute)
{
	return compute->desc.nr_regs + NR_EXTRA_ROWS;
}

/** shared_stride() - bytes from one group's shared memory to the next's. Each begins at a cache line. */
static inline size_t shared_stride(const struct compute *compute)
{
	return (compute->desc.shared_size + 63) & ~(size_t)63;
}

/** row_store() - write @value to @row in the lanes of @select. The two may not overlap. */
static inline void row_store(uint32_t *restrict row, const uint32_t *restrict value,
			     const uint32_t *restrict select)
{
	unsigned int l;

	for (l = 0; l < LANES; l++)
		row[l] = (value[l] & select[l]) | (row[l] & ~select[l]);
}

/** insn_address() - the GPU virtual address of an instruction. */
static inline uint64_t insn_address(const struct compute *compute, int64_t pc)
{
	return compute->desc.code + 8 * (uint64_t)pc;
}

/** first_lane() - of the active lanes of a wave, of which there is one. */
static inline unsigned int first_lane(const struct wave *wave)
{
	return (unsigned int)__builtin_ctz(wave->active);
}

/** engine_error() - stop the channel, for what lane @lane of @wave does at its pc. Returns EXEC_ERROR. */
enum exec engine_error(struct compute *compute, const struct wave *wave, unsigned int lane,
		       enum mirage_chan_error error, uint32_t info, uint64_t addr);

/**
 * engine_fault() - report one failed page of @wave and suspend the wave, or stop the channel.
 * @lane: the first that failed at the page
 */
void engine_fault(struct compute *compute, struct wave *wave, unsigned int lane, uint64_t va,
		  enum mirage_access access, enum mirage_fault_kind kind);

/* dispatch.c */
/** dispatch_check() - whether a descriptor is valid. */
bool dispatch_check(const struct mirage_dispatch *desc);
/**
 * dispatch_prepare() - make the engine ready for its checked desc: slots, memory, tables.
 * @slots: of groups; 0: as many as there is room for
 *
 * Returns MIRAGE_CHAN_OK, or with the engine still idle MIRAGE_CHAN_BAD_DESC for more slots than
 * the dispatch can have, or _NO_MEMORY.
 */
enum mirage_chan_error dispatch_prepare(struct compute *compute, unsigned int slots);
/** dispatch_release() - the groups beyond the first are given back to the pool. */
void dispatch_release(struct compute *compute);

/* code.c */
/** code_fetch() - the instruction at @wave's pc, or NULL when the wave is now suspended. */
const struct op *code_fetch(struct compute *compute, struct wave *wave);
/** code_drop() - forget the dispatch's decoded pages that overlap @size bytes at @va. */
void code_drop(struct compute *compute, uint64_t va, uint64_t size);

/* group.c */
/** groups_start() - make groups resident while there are slots, groups and budget. */
void groups_start(struct compute *compute);
/** group_shared() - where the shared memory of a group slot is, if the dispatch has any. */
static inline uint8_t *group_shared(const struct compute *compute, unsigned int slot)
{
	return compute->shared + slot * shared_stride(compute);
}

/** group_wait() - the active lanes of @wave wait at a BAR; releases the group if they were the last. */
void group_wait(struct compute *compute, struct wave *wave);
/** group_exit() - the active lanes of @wave end. */
void group_exit(struct compute *compute, struct wave *wave);

/* wave.c */
/** wave_select() - find the active lanes anew from lane_pc of the ready lanes, of which there is one. */
void wave_select(struct wave *wave);
/** wave_run() - execute up to @quantum instructions of a runnable wave. */
void wave_run(struct compute *compute, struct wave *wave, unsigned int quantum);

/* tlb.c */
/** tlb_page() - host address of page @number for @access, or NULL and why in @kind. */
uint8_t *tlb_page(struct compute *compute, uint64_t number, enum mirage_access access,
		  enum mirage_fault_kind *kind);
/**
 * tlb_lanes() - translate @addr of every active lane, before any of them acts.
 * @host: gets the places, of the active lanes only
 *
 * Returns EXEC_NEXT, or EXEC_AGAIN after each distinct failing page has been reported.
 */
enum exec tlb_lanes(struct compute *compute, struct wave *wave, const uint64_t *addr,
		    enum mirage_access access, void **host);

/* A loop over the lanes: inlined, so that the code is compiled for the instruction set of its caller. */
#define LANE_LOOP	static inline __attribute__((always_inline))
/* alu32.c, alu64.c: an instruction of the class in the lanes of @select */
void alu32_baseline(const struct op *op, row_t *rows, const row_t select);
void alu64_baseline(const struct op *op, row_t *rows, const row_t select);
#ifdef __x86_64__
void alu32_avx2(const struct op *op, row_t *rows, const row_t select);
void alu64_avx2(const struct op *op, row_t *rows, const row_t select);
#endif

/* fp32.c */
/** exec_fp32() - an instruction of the class in the active lanes of @wave; it cannot fail. */
void exec_fp32(struct wave *wave, const struct op *op);

/* memory.c, shared.c, atomic.c, special.c */
enum exec exec_global(struct compute *compute, struct wave *wave, const struct op *op);
enum exec exec_arg(struct compute *compute, struct wave *wave, const struct op *op);
enum exec exec_shared(struct compute *compute, struct wave *wave, const struct op *op);
enum exec exec_atomic(struct compute *compute, struct wave *wave, const struct op *op);
enum exec exec_atomic_shared(struct compute *compute, struct wave *wave, const struct op *op);
void exec_special(struct compute *compute, struct wave *wave, const struct op *op);

#endif /* COMPUTE_ENGINE_H */
