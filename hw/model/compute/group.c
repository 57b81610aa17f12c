// SPDX-License-Identifier: MIT
/*
 * Groups: becoming resident, barriers, ending.
 *
 * A barrier counts lanes and not waves, because lanes of one wave may reach it at
 * different times. It is open as soon as every lane of the group that has not
 * ended waits, at whichever BAR; so lanes that end, or that wait at different
 * BARs, cannot leave a group stuck.
 */
#include <string.h>

#include "engine.h"

/* Clearing so many bytes costs about as much as one instruction. */
#define CLEAR_BYTES	256

static void wave_start(struct compute *compute, struct wave *wave, uint32_t lanes)
{
	wave->rows = compute->rows + wave->slot * wave_rows(compute);
	memset(wave->rows, 0, wave_rows(compute) * sizeof(row_t));
	memset(wave->lane_pc, 0, sizeof(wave->lane_pc));
	wave->ready = lanes;
	wave->waiting = 0;
	wave_select(wave);
	compute->runnable |= 1ull << wave->slot;
	compute->result->waves_started++;
	compute->budget -= (int64_t)(1 + wave_rows(compute) * sizeof(row_t) / CLEAR_BYTES);
}

static void group_start(struct compute *compute, unsigned int slot)
{
	struct group *group = &compute->groups[slot];
	uint32_t items = compute->group_items;
	unsigned int i;

	group->resident = true;
	memcpy(group->id, compute->next_group, sizeof(group->id));
	group->lanes = items;
	group->waiting = 0;
	group->shared = NULL;
	if (compute->desc.shared_size) {
		group->shared = group_shared(compute, slot);
		memset(group->shared, 0, compute->desc.shared_size);
		compute->budget -= compute->desc.shared_size / CLEAR_BYTES;
	}
	for (i = 0; i < compute->waves_per_group; i++) {
		struct wave *wave = &compute->waves[slot * compute->waves_per_group + i];
		uint32_t first = i * LANES;

		wave->slot = (uint8_t)(slot * compute->waves_per_group + i);
		wave->group = (uint8_t)slot;
		wave->index = (uint8_t)i;
		wave_start(compute, wave,
			   items - first >= LANES ? ~0u : (1u << (items - first)) - 1);
	}
}

void groups_start(struct compute *compute)
{
	while (compute->free_groups && compute->groups_left && compute->budget > 0) {
		unsigned int slot = (unsigned int)__builtin_ctzll(compute->free_groups), i;

		group_start(compute, slot);
		compute->free_groups &= compute->free_groups - 1;
		compute->groups_left--;
		/* x is the fastest. */
		for (i = 0; i < 3; i++) {
			if (++compute->next_group[i] < compute->desc.grid[i])
				break;
			compute->next_group[i] = 0;
		}
	}
}

/* Let everyone behind the barrier if nobody is missing. */
static void barrier_check(struct compute *compute, struct group *group, unsigned int slot)
{
	unsigned int i;

	if (!group->lanes || group->waiting != group->lanes)
		return;
	group->waiting = 0;
	for (i = 0; i < compute->waves_per_group; i++) {
		struct wave *wave = &compute->waves[slot * compute->waves_per_group + i];

		if (!wave->waiting)
			continue;
		wave->ready = wave->waiting;
		wave->waiting = 0;
		wave_select(wave);
		compute->runnable |= 1ull << wave->slot;
	}
}

/* The active lanes are no longer ready. */
static void leave(struct compute *compute, struct wave *wave)
{
	wave->ready &= ~wave->active;
	wave->active = 0;
	if (wave->ready)
		wave_select(wave);
	else
		compute->runnable &= ~(1ull << wave->slot);
}

void group_wait(struct compute *compute, struct wave *wave)
{
	struct group *group = &compute->groups[wave->group];
	unsigned int l;

	for (l = 0; l < LANES; l++)
		if (wave->active >> l & 1)
			wave->lane_pc[l] = wave->pc + 1;
	wave->waiting |= wave->active;
	group->waiting += wave->nr_active;
	leave(compute, wave);
	barrier_check(compute, group, wave->group);
}

void group_exit(struct compute *compute, struct wave *wave)
{
	struct group *group = &compute->groups[wave->group];

	group->lanes -= wave->nr_active;
	leave(compute, wave);
	if (group->lanes) {
		barrier_check(compute, group, wave->group);
	} else {
		group->resident = false;
		compute->free_groups |= 1ull << wave->group;
	}
}
