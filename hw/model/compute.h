/* SPDX-License-Identifier: MIT */
/*
 * The compute engine as the rest of the model sees it: one struct compute for
 * each dispatch that is under way, driven by the engine thread in slices.
 *
 * Memory: a struct compute holds the registers and shared memory of its resident
 * groups. A pool, which all of a device share, keeps one that is at rest for the next
 * dispatch, and frees every other. The pool bounds what is under way, too: each dispatch
 * is certain of one group, and a dispatch that begins has further groups only as far as
 * the further groups of all take no more than COMPUTE_EXTRA_MAX bytes. One that is loaded needs the
 * groups that it had; for these there is as much again, since others may have begun meanwhile.
 * Rejected: a bound on the sum alone. A process that never lets its dispatches end would
 * keep all others from theirs.
 *
 * The engine knows instructions, waves and groups; it knows no page table, no
 * fault buffer and no thread. Memory reaches it through struct compute_ops, and
 * it is never called by two threads at once.
 */
#ifndef MODEL_COMPUTE_H
#define MODEL_COMPUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hw/packets.h"
#include "hw/pte.h"
#include "hw/queues.h"

/* Resident waves of one channel; a wave's slot is 0 to COMPUTE_WAVES - 1. */
#define COMPUTE_WAVES	64

struct compute;
struct compute_pool;

/* Functions of the device that the engine needs. All are called from within compute_run() only. */
struct compute_ops {
	/**
	 * @translate: translate @va for @access.
	 *
	 * On success *@host is the place of @va in this process. It is good up to the
	 * end of the 4 KiB page that holds @va, for accesses of this kind, until
	 * compute_run() returns: no invalidation is executed and no memory unmapped
	 * before. So the engine may keep pointers for the length of one compute_run()
	 * and no longer.
	 *
	 * Returns 0 or an enum mirage_fault_kind.
	 */
	int (*translate)(void *ctx, uint64_t va, enum mirage_access access, void **host);

	/**
	 * @fault: the wave in slot @wave cannot go on because of this access, made at @place.
	 *
	 * Called once for each distinct (4 KiB page, access) that an instruction of the
	 * wave failed at, with the exact address of the first failing lane's access.
	 *
	 * Returns MIRAGE_CHAN_OK if the wave waits for a REPLAY, else the error of the
	 * channel: MIRAGE_CHAN_FAULT or _NO_MEMORY. The first one counts.
	 */
	enum mirage_chan_error (*fault)(void *ctx, unsigned int wave,
					const struct mirage_place *place, uint64_t va,
					enum mirage_access access, enum mirage_fault_kind kind);

	/**
	 * @sink: COMPUTE_SINK_SIZE bytes to which @translate leads WRITE and ATOMIC accesses
	 * that are dropped, or NULL. An atomic there gives zero, whatever they hold.
	 */
	const void *sink;
};

#define COMPUTE_SINK_SIZE	0x10000u

enum compute_status {
	COMPUTE_DONE,		/* no wave is left, or nothing was started */
	COMPUTE_BUDGET,		/* the budget is used up; there is more to run */
	COMPUTE_BLOCKED,	/* every wave that is left waits for a REPLAY (or, at a barrier, for such a wave) */
	COMPUTE_ERROR,		/* an instruction stopped the channel; the waves stay until compute_reset() */
};

struct compute_result {
	enum compute_status status;
	/* If COMPUTE_ERROR: for the second half of struct mirage_chan_desc. */
	enum mirage_chan_error error;
	uint32_t error_info;
	uint64_t error_addr;
	struct mirage_place error_place;
	/* Counts of this call, for the PERF unit. */
	uint64_t instructions;
	uint64_t lane_instructions;
	uint64_t waves_started;
};

/* Bytes of the groups of all dispatches, beyond the first of each, when one begins; twice that when one is loaded. */
#define COMPUTE_EXTRA_MAX	((size_t)64 << 20)
/* Bytes that an engine takes at most for itself and one group. */
#define COMPUTE_ONE_MAX		((size_t)1280 << 10)

/** compute_pool_create() - what the engines of a device share. Returns NULL if there is no memory. */
struct compute_pool *compute_pool_create(void);

/** compute_pool_destroy() - no engine made from it is left. */
void compute_pool_destroy(struct compute_pool *pool);

/** compute_pool_bytes() - what engines made from @pool take now, with the one kept at rest. */
size_t compute_pool_bytes(const struct compute_pool *pool);

/**
 * compute_create() - make an idle engine.
 * @ops: kept, not copied
 * @ctx: passed to each callback
 *
 * Returns NULL if there is no memory.
 */
struct compute *compute_create(struct compute_pool *pool, const struct compute_ops *ops, void *ctx);

/** compute_destroy() - reset an engine and give it back to its pool; NULL is fine. */
void compute_destroy(struct compute *compute);

/**
 * compute_start() - begin a dispatch. The engine must be idle (COMPUTE_DONE or reset).
 * @desc: the descriptor, a private copy that the guest cannot change
 *
 * Checks every field and touches no memory of the guest. Its allocations do not depend
 * on the grid's size.
 * Returns MIRAGE_CHAN_OK, or with the engine still idle MIRAGE_CHAN_BAD_DISPATCH or _NO_MEMORY.
 */
enum mirage_chan_error compute_start(struct compute *compute, const struct mirage_dispatch *desc);

/**
 * compute_run() - execute at most @budget wave instructions.
 * @result: always filled
 *
 * A memory instruction may count for more than one. After COMPUTE_BUDGET and, once
 * compute_replay() has resumed a wave, COMPUTE_BLOCKED it is called again.
 */
void compute_run(struct compute *compute, unsigned int budget, struct compute_result *result);

/** compute_replay() - resume every suspended wave. Returns how many there were. */
unsigned int compute_replay(struct compute *compute);

/**
 * compute_invalidate() - drop cached instructions and arguments read from @size bytes at @va.
 * @size: bytes; the range does not wrap. All of the address space is (0, UINT64_MAX).
 */
void compute_invalidate(struct compute *compute, uint64_t va, uint64_t size);

/*
 * Bytes that a dispatch takes at most: the registers of all waves, shared memory, the
 * argument block, and what is known of each wave and group.
 */
#define COMPUTE_SAVE_MAX	(2560u * 1024 - 256)

/**
 * compute_save() - write the dispatch to @data, so that compute_load() can go on with it.
 * @space: bytes there, a multiple of 8; COMPUTE_SAVE_MAX is always enough
 *
 * The engine stays as it is. Not after COMPUTE_ERROR.
 * Returns the number of bytes, a multiple of 8, or 0 if there is too little space.
 */
size_t compute_save(struct compute *compute, void *data, size_t space);

/**
 * compute_load() - take over what compute_save() wrote. The engine must be idle.
 * @data: need not be trusted
 *
 * Waves that waited for a REPLAY are runnable.
 * Returns MIRAGE_CHAN_OK, or with the engine idle MIRAGE_CHAN_BAD_DESC if it is not what was
 * written, or _NO_MEMORY.
 */
enum mirage_chan_error compute_load(struct compute *compute, const void *data, size_t size);

/** compute_reset() - drop every wave and the dispatch; the engine is idle. */
void compute_reset(struct compute *compute);

#endif /* MODEL_COMPUTE_H */
