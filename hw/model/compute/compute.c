// SPDX-License-Identifier: MIT
/*
 * The compute engine of one dispatch: its life, and turns among its waves.
 *
 * Waves take turns of a fixed number of instructions, round robin, so a wave that
 * spins gives others the time to do what it waits for. Model followed: the loose
 * round robin scheduler of GPU simulators. Rejected: running a wave until it
 * blocks, which a spinning wave never does, and one instruction at a time, which
 * throws the host's caches away.
 */
#include <assert.h>
#include <string.h>

#include "engine.h"

/* Instructions of a wave's turn. */
#define QUANTUM		128u

void compute_reset(struct compute *compute)
{
	unsigned int slot;

	for (slot = 0; slot < compute->nr_group_slots; slot++)
		compute->groups[slot].resident = false;
	compute->runnable = 0;
	compute->faulted = 0;
	compute->free_groups = 0;
	compute->groups_left = 0;
	compute->nr_group_slots = 0;
	compute->stopped = false;
	dispatch_release(compute);
}

/* Whether a group is resident or is still to come. */
static bool busy(const struct compute *compute)
{
	uint64_t all = compute->nr_group_slots == 64 ? UINT64_MAX :
						       (1ull << compute->nr_group_slots) - 1;

	return compute->groups_left || compute->free_groups != all;
}

enum mirage_chan_error compute_start(struct compute *compute, const struct mirage_dispatch *desc)
{
	assert(!busy(compute) && !compute->stopped);
	if (!dispatch_check(desc))
		return MIRAGE_CHAN_BAD_DISPATCH;
	compute->desc = *desc;
	return dispatch_prepare(compute, 0);
}

/* The runnable wave slot after the last one that ran, of which there is one. */
static unsigned int next_wave(const struct compute *compute)
{
	unsigned int from = (compute->last_wave + 1) % COMPUTE_WAVES;
	uint64_t later = compute->runnable >> from << from;

	return (unsigned int)__builtin_ctzll(later ? later : compute->runnable);
}

static enum compute_status run(struct compute *compute)
{
	while (!compute->stopped) {
		groups_start(compute);
		if (!compute->runnable && !(compute->free_groups && compute->groups_left))
			return busy(compute) ? COMPUTE_BLOCKED : COMPUTE_DONE;
		if (compute->budget <= 0)
			return COMPUTE_BUDGET;
		compute->last_wave = next_wave(compute);
		wave_run(compute, &compute->waves[compute->last_wave], QUANTUM);
	}
	return COMPUTE_ERROR;
}

void compute_run(struct compute *compute, unsigned int budget, struct compute_result *result)
{
	memset(result, 0, sizeof(*result));
	compute->result = result;
	compute->budget = budget;
	/* Earlier translations may have been invalidated. */
	memset(compute->tlb, 0, sizeof(compute->tlb));
	result->status = run(compute);
	if (result->status == COMPUTE_ERROR) {
		result->error = compute->error;
		result->error_info = compute->error_info;
		result->error_addr = compute->error_addr;
		result->error_place = compute->error_place;
	}
	compute->result = NULL;
}

unsigned int compute_replay(struct compute *compute)
{
	unsigned int resumed = (unsigned int)__builtin_popcountll(compute->faulted);

	compute->runnable |= compute->faulted;
	compute->faulted = 0;
	return resumed;
}

void compute_invalidate(struct compute *compute, uint64_t va, uint64_t size)
{
	uint64_t first, last, page;
	unsigned int i;

	if (!size)
		return;
	code_drop(compute, va, size);
	first = va / PAGE_BYTES;
	last = (va + (size - 1)) / PAGE_BYTES;
	for (i = 0; i < ARG_PAGES; i++) {
		page = compute->desc.args / PAGE_BYTES + i;
		if (page >= first && page <= last)
			compute->args_valid[i] = false;
	}
}
