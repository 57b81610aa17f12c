// SPDX-License-Identifier: MIT
/*
 * The dispatch descriptor: what it may hold, and what the engine makes of it.
 *
 * Its limits are the reset values of the registers that announce them. What is
 * allocated depends on nr_regs and shared_size, never on the size of the grid.
 */
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "fatal.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define MAX_CODE	(1u << 24)

/* The limits, from the register table. */
enum {
#define UNIT(unit, base, size, doc)
#define REG(unit, name, off, access, reset, doc) LIMIT_##unit##_##name = (int)(reset),
#define REG64(unit, name, off, access, doc)
#define FIELD(unit, reg, name, hi, lo, doc)
#include "hw/regs/bus.def"
#undef UNIT
#undef REG
#undef REG64
#undef FIELD
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

static void prepare_memory(struct compute *compute)
{
	size_t rows = wave_rows(compute) * compute->nr_group_slots * compute->waves_per_group;

	if (compute->nr_rows < rows) {
		free(compute->rows);
		compute->rows = fatal_calloc(rows, sizeof(row_t));
		compute->nr_rows = rows;
	}
	if (compute->desc.shared_size && !compute->shared)
		compute->shared = fatal_calloc(SHARED_RESIDENT, 1);
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

void dispatch_prepare(struct compute *compute)
{
	const struct mirage_dispatch *desc = &compute->desc;
	unsigned int slots;

	compute->nr_insns = desc->code_size / 8;
	compute->group_items = (uint32_t)product(desc->group, LIMIT_BUS_MAX_GROUP);
	compute->groups_left = product(desc->grid, UINT32_MAX);
	compute->waves_per_group = (compute->group_items + LANES - 1) / LANES;
	memset(compute->next_group, 0, sizeof(compute->next_group));

	slots = COMPUTE_WAVES / compute->waves_per_group;
	if (desc->shared_size) {
		/* Each slot's part begins at a cache line. */
		uint32_t each = (desc->shared_size + 63) & ~63u;

		if (slots > SHARED_RESIDENT / each)
			slots = SHARED_RESIDENT / each;
	}
	if (slots > compute->groups_left)
		slots = (unsigned int)compute->groups_left;
	compute->nr_group_slots = slots;
	compute->free_groups = slots == 64 ? UINT64_MAX : (1ull << slots) - 1;
	compute->runnable = 0;
	compute->faulted = 0;
	compute->last_wave = 0;
	memset(compute->args_valid, 0, sizeof(compute->args_valid));
	code_drop(compute, 0, UINT64_MAX);
	prepare_memory(compute);
	prepare_local(compute);
}
