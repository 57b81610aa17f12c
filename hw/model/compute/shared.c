// SPDX-License-Identifier: MIT
/*
 * Loads, stores and atomics of a group's shared memory.
 *
 * It is memory of the engine's own, so nothing can fault, and one thread runs all
 * waves of a channel, so plain accesses are atomic here. An address is checked
 * against the dispatch's shared_size and not the slot's.
 */
#include <string.h>

#include "lanes.h"

static unsigned int access_size(unsigned int op)
{
	switch (op) {
	case MIRAGE_OP_LDS_U8:
	case MIRAGE_OP_LDS_S8:
	case MIRAGE_OP_STS_8:
		return 1;
	case MIRAGE_OP_LDS_U16:
	case MIRAGE_OP_LDS_S16:
	case MIRAGE_OP_STS_16:
		return 2;
	case MIRAGE_OP_LDS_64:
	case MIRAGE_OP_STS_64:
		return 8;
	}
	return 4;
}

/* Check the offsets of all active lanes before one acts. */
static enum exec check_offsets(struct compute *compute, const struct wave *wave,
			       const uint32_t *offset, unsigned int size)
{
	uint64_t pc = insn_address(compute, wave->pc);
	uint32_t lanes;
	unsigned int l;

	for_each_lane(l, wave->active, lanes) {
		if (offset[l] & (size - 1))
			return engine_error(compute, wave, l, MIRAGE_CHAN_MISALIGNED, offset[l],
					    pc);
		if ((uint64_t)offset[l] + size > compute->desc.shared_size)
			return engine_error(compute, wave, l, MIRAGE_CHAN_BAD_SHARED, offset[l],
					    pc);
	}
	return EXEC_NEXT;
}

/* @size bytes at @place, little endian, into a 64-bit number. */
static uint64_t get(const uint8_t *place, unsigned int size)
{
	uint64_t value = 0;

	memcpy(&value, place, size);
	return value;
}

static uint64_t extend(unsigned int op, uint64_t value)
{
	if (op == MIRAGE_OP_LDS_S8)
		return (uint64_t)(int64_t)(int8_t)value;
	if (op == MIRAGE_OP_LDS_S16)
		return (uint64_t)(int64_t)(int16_t)value;
	return value;
}

enum exec exec_shared(struct compute *compute, struct wave *wave, const struct op *op)
{
	uint32_t *low = wave->rows[op->d], *high = wave->rows[op->d_high];
	uint8_t *shared = compute->groups[wave->group].shared;
	unsigned int size = access_size(op->op), l;
	row_t offset;
	uint32_t lanes;

	for (l = 0; l < LANES; l++)
		offset[l] = wave->rows[op->a][l] + op->imm;
	if (check_offsets(compute, wave, offset, size) == EXEC_ERROR)
		return EXEC_ERROR;
	if (op->op >= MIRAGE_OP_STS_8) {
		for_each_lane(l, wave->active, lanes) {
			uint64_t value = (uint64_t)high[l] << 32 | low[l];

			memcpy(shared + offset[l], &value, size);
		}
		return EXEC_NEXT;
	}
	for_each_lane(l, wave->active, lanes) {
		uint64_t value = extend(op->op, get(shared + offset[l], size));

		low[l] = (uint32_t)value;
		if (size == 8)
			high[l] = (uint32_t)(value >> 32);
	}
	return EXEC_NEXT;
}

enum exec exec_atomic_shared(struct compute *compute, struct wave *wave, const struct op *op)
{
	const uint32_t *b = wave->rows[op->b], *c = wave->rows[op->c];
	uint8_t *shared = compute->groups[wave->group].shared;
	row_t offset, old;
	uint32_t lanes;
	unsigned int l;

	memcpy(offset, wave->rows[op->a], sizeof(offset));
	if (check_offsets(compute, wave, offset, 4) == EXEC_ERROR)
		return EXEC_ERROR;
	for_each_lane(l, wave->active, lanes) {
		uint32_t *place = (uint32_t *)(shared + offset[l]);

		old[l] = *place;
		switch (op->op) {
		case MIRAGE_OP_ATOMS_ADD:
			*place += b[l];
			break;
		case MIRAGE_OP_ATOMS_XCHG:
			*place = b[l];
			break;
		case MIRAGE_OP_ATOMS_CAS:
			if (*place == b[l])
				*place = c[l];
			break;
		}
	}
	for_each_lane(l, wave->active, lanes)
		wave->rows[op->d][l] = old[l];
	return EXEC_NEXT;
}
