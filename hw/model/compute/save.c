// SPDX-License-Identifier: MIT
/*
 * A dispatch as bytes, and back.
 *
 * Only what cannot be computed from the descriptor is written: which groups have
 * started, and of each resident one its waves' program counters and registers and its
 * shared memory. Decoded code is read again; the argument block is kept, because a
 * dispatch reads it once. Waves that wait for a REPLAY are written like the others,
 * so they try again.
 *
 * Reading trusts nothing: each value is checked against what the engine relies on.
 * Rejected: writing the structures as they are, pointers replaced, which makes every
 * field an invariant that a reader has to know.
 */
#include <string.h>

#include "engine.h"
#include "lanes.h"

struct save_head {
	struct mirage_dispatch desc;
	uint64_t started;	/* groups that have become resident so far */
	uint32_t last_wave;
	uint32_t args_valid;	/* a bit for each page */
	uint32_t slots;		/* of groups; how many it has depends on what else is under way */
	uint32_t zero;
};

struct save_group {
	uint32_t resident;
	uint32_t index;		/* which group of the grid, x fastest */
};

struct save_wave {
	uint32_t ready;
	uint32_t waiting;
	uint32_t lane_pc[LANES];	/* of lanes in neither mask: 0 */
};

_Static_assert(sizeof(struct save_head) + MAX_ARGS + SHARED_RESIDENT + 8 * COMPUTE_WAVES +
	       COMPUTE_WAVES * (sizeof(struct save_group) + sizeof(struct save_wave) +
				MIRAGE_MAX_REGS * sizeof(row_t)) <= COMPUTE_SAVE_MAX,
	       "the largest dispatch must fit");

/* A place in the bytes; what does not fit makes it fail and moves nothing. */
struct cursor {
	uint8_t *at;
	size_t left;
	bool failed;
};

static uint8_t *advance(struct cursor *c, size_t size)
{
	uint8_t *at = c->at;

	size = (size + 7) & ~(size_t)7;
	if (c->failed || size > c->left) {
		c->failed = true;
		return NULL;
	}
	c->at += size;
	c->left -= size;
	return at;
}

static void put(struct cursor *c, const void *data, size_t size)
{
	uint8_t *at = advance(c, size);

	/* A part that the dispatch does not have may have no address. */
	if (!at || !size)
		return;
	memcpy(at, data, size);
	memset(at + size, 0, (size_t)(c->at - at) - size);
}

static void get(struct cursor *c, void *data, size_t size)
{
	const uint8_t *at = advance(c, size);

	if (at && size)
		memcpy(data, at, size);
}

static uint64_t grid_groups(const struct compute *compute)
{
	return (uint64_t)compute->desc.grid[0] * compute->desc.grid[1] * compute->desc.grid[2];
}

static struct wave *group_wave(struct compute *compute, unsigned int slot, unsigned int i)
{
	return &compute->waves[slot * compute->waves_per_group + i];
}

static void put_wave(struct cursor *c, const struct compute *compute, const struct wave *wave)
{
	struct save_wave save = { .ready = wave->ready, .waiting = wave->waiting };
	uint32_t lanes;
	unsigned int l;

	for_each_lane(l, wave->ready | wave->waiting, lanes)
		save.lane_pc[l] = wave->active >> l & 1 ? wave->pc : wave->lane_pc[l];
	put(c, &save, sizeof(save));
	if (wave->ready | wave->waiting)
		put(c, wave->rows, compute->desc.nr_regs * sizeof(row_t));
}

size_t compute_save(struct compute *compute, void *data, size_t space)
{
	const uint32_t *grid = compute->desc.grid;
	struct save_head head = {
		.desc = compute->desc,
		.started = grid_groups(compute) - compute->groups_left,
		.last_wave = compute->last_wave,
		.slots = compute->nr_group_slots,
	};
	struct cursor c = { .at = data, .left = space };
	unsigned int slot, i;

	for (i = 0; i < ARG_PAGES; i++)
		head.args_valid |= (uint32_t)compute->args_valid[i] << i;
	put(&c, &head, sizeof(head));
	put(&c, compute->args, compute->desc.args_size);
	for (slot = 0; slot < compute->nr_group_slots; slot++) {
		const struct group *group = &compute->groups[slot];
		struct save_group save = { .resident = group->resident };

		if (group->resident)
			save.index = group->id[0] + grid[0] * (group->id[1] + grid[1] * group->id[2]);
		put(&c, &save, sizeof(save));
		if (!group->resident)
			continue;
		put(&c, group->shared, compute->desc.shared_size);
		for (i = 0; i < compute->waves_per_group; i++)
			put_wave(&c, compute, group_wave(compute, slot, i));
	}
	return c.failed ? 0 : space - c.left;
}

/* The place in the grid of the group with this index. */
static void grid_place(const struct compute *compute, uint64_t index, uint32_t place[3])
{
	const uint32_t *grid = compute->desc.grid;

	place[0] = (uint32_t)(index % grid[0]);
	place[1] = (uint32_t)(index / grid[0] % grid[1]);
	place[2] = (uint32_t)(index / grid[0] / grid[1] % grid[2]);
}

/* Whether every lane is one that the group has, is in one mask only, and within the code. */
static bool wave_plausible(const struct compute *compute, unsigned int index,
			   const struct save_wave *save)
{
	uint32_t items = compute->group_items - index * LANES, lanes;
	uint32_t exist = items >= LANES ? ~0u : (1u << items) - 1;
	unsigned int l;

	if ((save->ready & save->waiting) || ((save->ready | save->waiting) & ~exist))
		return false;
	for_each_lane(l, save->ready | save->waiting, lanes)
		if (save->lane_pc[l] >= compute->nr_insns)
			return false;
	return true;
}

static bool get_wave(struct cursor *c, struct compute *compute, struct group *group,
		     unsigned int slot, unsigned int index)
{
	struct wave *wave = group_wave(compute, slot, index);
	struct save_wave save = { 0 };

	get(c, &save, sizeof(save));
	if (c->failed || !wave_plausible(compute, index, &save))
		return false;
	wave->slot = (uint8_t)(slot * compute->waves_per_group + index);
	wave->group = (uint8_t)slot;
	wave->index = (uint8_t)index;
	wave->rows = compute->rows + wave->slot * wave_rows(compute);
	memset(wave->rows, 0, wave_rows(compute) * sizeof(row_t));
	memcpy(wave->lane_pc, save.lane_pc, sizeof(wave->lane_pc));
	wave->ready = save.ready;
	wave->waiting = save.waiting;
	wave_select(wave);
	if (wave->ready)
		compute->runnable |= 1ull << wave->slot;
	group->lanes += (uint32_t)__builtin_popcount(wave->ready | wave->waiting);
	group->waiting += (uint32_t)__builtin_popcount(wave->waiting);
	if (wave->ready | wave->waiting)
		get(c, wave->rows, compute->desc.nr_regs * sizeof(row_t));
	return !c->failed;
}

static bool get_group(struct cursor *c, struct compute *compute, unsigned int slot,
		      uint64_t started)
{
	struct group *group = &compute->groups[slot];
	struct save_group save = { 0 };
	unsigned int i;

	get(c, &save, sizeof(save));
	if (c->failed || save.resident > 1)
		return false;
	if (!save.resident)
		return true;
	if (save.index >= started)
		return false;
	memset(group, 0, sizeof(*group));
	group->resident = true;
	grid_place(compute, save.index, group->id);
	compute->free_groups &= ~(1ull << slot);
	if (compute->desc.shared_size) {
		group->shared = group_shared(compute, slot);
		get(c, group->shared, compute->desc.shared_size);
	}
	for (i = 0; i < compute->waves_per_group; i++)
		if (!get_wave(c, compute, group, slot, i))
			return false;
	/* A group ends with its last lane, and a barrier opens with the last that comes. */
	return group->waiting < group->lanes;
}

/* Load the rest of a context, after its head. Returns whether it is valid. */
static bool load(struct compute *compute, struct cursor *c, const struct save_head *head)
{
	unsigned int slot;

	if (head->started > grid_groups(compute) || head->last_wave >= COMPUTE_WAVES ||
	    head->args_valid >= 1u << ARG_PAGES || head->zero)
		return false;
	compute->groups_left -= head->started;
	grid_place(compute, head->started, compute->next_group);
	compute->last_wave = head->last_wave;
	for (slot = 0; slot < ARG_PAGES; slot++)
		compute->args_valid[slot] = head->args_valid >> slot & 1;
	get(c, compute->args, compute->desc.args_size);
	for (slot = 0; slot < compute->nr_group_slots; slot++)
		if (!get_group(c, compute, slot, head->started))
			return false;
	return !c->failed && !c->left;
}

enum mirage_chan_error compute_load(struct compute *compute, const void *data, size_t size)
{
	/* The cursor is for both directions; get() does not write. */
	struct cursor c = { .at = (uint8_t *)(uintptr_t)data, .left = size };
	struct save_head head = { 0 };
	enum mirage_chan_error error;

	get(&c, &head, sizeof(head));
	if (c.failed || !head.slots || !dispatch_check(&head.desc))
		return MIRAGE_CHAN_BAD_DESC;
	compute->desc = head.desc;
	error = dispatch_prepare(compute, head.slots);
	if (error || load(compute, &c, &head))
		return error;
	compute_reset(compute);
	return MIRAGE_CHAN_BAD_DESC;
}
