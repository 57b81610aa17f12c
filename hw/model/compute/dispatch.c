// SPDX-License-Identifier: MIT
/*
 * The dispatch descriptor: what it may hold, and what the engine makes of it.
 *
 * Its limits are the reset values of the registers that announce them. The amount
 * of memory depends on nr_regs and shared_size, never on the size of the grid.
 */
#include <stdlib.h>
#include <string.h>

#include "engine.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define MAX_CODE	(1u << 24)
/* Sizes of an engine's memory are multiples of this, so that similar dispatches use it again as it is. */
#define MEMORY_STEP	((size_t)64 << 10)

/* The limits, from the register table. */
enum {
#define REG(unit, name, off, access, reset, doc) LIMIT_##unit##_##name = (int)(reset),
#include "hw/regs/all.def"
};

_Static_assert(LIMIT_BUS_WAVE_LANES == LANES, "the engine is built for waves of 32 lanes");
_Static_assert(LIMIT_BUS_MAX_GROUP <= COMPUTE_WAVES / 2 * LANES,
	       "the largest group must fit in half of the wave slots");
_Static_assert(LIMIT_BUS_MAX_SHARED <= SHARED_RESIDENT, "one group must fit");

/* The product of three sizes, or 0 if one is 0 or it is above @most (less than 2^32). */
static uint64_t product(const uint32_t *size, uint64_t most)
{
	uint64_t n = (uint64_t)size[0] * size[1];

	if (!n || n > most)
		return 0;
	n *= size[2];
	return n > most ? 0 : n;
}

bool dispatch_check(const struct mirage_dispatch *desc)
{
	unsigned int i;

	if (desc->code % 8 || desc->code_size % 8 || desc->code_size < 8 ||
	    desc->code_size > MAX_CODE)
		return false;
	if (desc->nr_regs < 1 || desc->nr_regs > MIRAGE_MAX_REGS)
		return false;
	if (desc->args % 8 || desc->args_size > MAX_ARGS)
		return false;
	if (desc->shared_size > LIMIT_BUS_MAX_SHARED)
		return false;
	if (!product(desc->grid, UINT32_MAX) || !product(desc->group, LIMIT_BUS_MAX_GROUP))
		return false;
	if (desc->rsvd0)
		return false;
	for (i = 0; i < ARRAY_SIZE(desc->rsvd1); i++)
		if (desc->rsvd1[i])
			return false;
	return true;
}

_Static_assert(sizeof(struct compute) + MEMORY_STEP +
	       COMPUTE_WAVES / 2 * (MIRAGE_MAX_REGS + NR_EXTRA_ROWS) * sizeof(row_t) +
	       LIMIT_BUS_MAX_SHARED <= COMPUTE_ONE_MAX, "an engine with the largest group must fit");

/* Bytes of registers of a group slot. */
static size_t group_rows_size(const struct compute *compute)
{
	return compute->waves_per_group * wave_rows(compute) * sizeof(row_t);
}

/* Group slots that the dispatch can use, of a grid of @groups. */
static unsigned int most_slots(const struct compute *compute, uint64_t groups)
{
	unsigned int slots = COMPUTE_WAVES / compute->waves_per_group;

	if (compute->desc.shared_size && slots > SHARED_RESIDENT / shared_stride(compute))
		slots = (unsigned int)(SHARED_RESIDENT / shared_stride(compute));
	return slots > groups ? (unsigned int)groups : slots;
}

/*
 * Have memory for @slots group slots. It is not cleared: a group that becomes resident clears what
 * it uses. A larger block is not kept, or the pool's bounds would not bound what is allocated.
 */
static bool prepare_memory(struct compute *compute, unsigned int slots)
{
	size_t rows = slots * group_rows_size(compute);
	size_t size = rows + slots * shared_stride(compute);

	size = (size + MEMORY_STEP - 1) & ~(MEMORY_STEP - 1);
	if (compute->memory_size != size) {
		free(compute->memory);
		compute->pool->bytes -= compute->memory_size;
		compute->memory_size = 0;
		compute->memory = aligned_alloc(_Alignof(row_t), size);
		if (!compute->memory)
			return false;
		compute->memory_size = size;
		compute->pool->bytes += size;
	}
	compute->rows = (row_t *)compute->memory;
	compute->shared = compute->memory + rows;
	return true;
}

void dispatch_release(struct compute *compute)
{
	compute->pool->extra -= compute->extra;
	compute->extra = 0;
}

static void prepare_local(struct compute *compute)
{
	const uint32_t *size = compute->desc.group;
	uint32_t item;

	for (item = 0; item < compute->group_items; item++) {
		unsigned int wave = item / LANES, l = item % LANES;

		compute->local[0][wave][l] = item % size[0];
		compute->local[1][wave][l] = item / size[0] % size[1];
		compute->local[2][wave][l] = item / size[0] / size[1];
	}
}

/* Group slots of @each bytes that the dispatch can have, of which one is certain. */
static size_t room_for(const struct compute *compute, size_t each, size_t limit)
{
	size_t extra = compute->pool->extra;

	return 1 + (extra < limit ? (limit - extra) / each : 0);
}

enum mirage_chan_error dispatch_prepare(struct compute *compute, unsigned int slots)
{
	const struct mirage_dispatch *desc = &compute->desc;
	uint64_t groups = product(desc->grid, UINT32_MAX);
	unsigned int most;
	size_t each, room;

	dispatch_release(compute);
	compute->nr_insns = desc->code_size / 8;
	compute->group_items = (uint32_t)product(desc->group, LIMIT_BUS_MAX_GROUP);
	compute->waves_per_group = (compute->group_items + LANES - 1) / LANES;
	most = most_slots(compute, groups);
	if (slots > most)
		return MIRAGE_CHAN_BAD_DESC;
	each = group_rows_size(compute) + shared_stride(compute);
	room = room_for(compute, each, slots ? 2 * COMPUTE_EXTRA_MAX : COMPUTE_EXTRA_MAX);
	if (slots > room)
		return MIRAGE_CHAN_NO_MEMORY;
	if (!slots)
		slots = room < most ? (unsigned int)room : most;
	if (!prepare_memory(compute, slots))
		return MIRAGE_CHAN_NO_MEMORY;
	compute->extra = (slots - 1) * each;
	compute->pool->extra += compute->extra;
	compute->nr_group_slots = slots;
	compute->groups_left = groups;
	memset(compute->next_group, 0, sizeof(compute->next_group));
	compute->free_groups = slots == 64 ? UINT64_MAX : (1ull << slots) - 1;
	compute->runnable = 0;
	compute->faulted = 0;
	compute->last_wave = 0;
	/* Those of the dispatch before may be another process's, and a context holds them whether read or not. */
	memset(compute->args, 0, desc->args_size);
	memset(compute->args_valid, 0, sizeof(compute->args_valid));
	compute->dispatch = ++compute->pool->nr_dispatches;
	prepare_local(compute);
	return MIRAGE_CHAN_OK;
}
