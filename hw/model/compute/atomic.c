// SPDX-License-Identifier: MIT
/*
 * Atomics on global memory: real host atomics on the memory itself, sequentially
 * consistent, so they are atomic with the guest's CPUs and with other devices.
 *
 * All lanes are translated before the first acts; so an instruction that is
 * replayed after a fault has changed nothing before. Minimum and maximum, which
 * hosts do not have, are loops of compare and exchange: one of the contenders
 * always makes progress. Rejected: a lock in the model, which guest CPUs would not take.
 */
#include <string.h>

#include "lanes.h"

#define MINMAX(type, place, operand, better)                                   \
	do {                                                                   \
		old = __atomic_load_n(place, __ATOMIC_SEQ_CST);                \
		do {                                                           \
			chosen = (type)old better(type)(operand) ? old : (operand);  \
		} while (!__atomic_compare_exchange_n(place, &old, chosen, false,    \
						      __ATOMIC_SEQ_CST,        \
						      __ATOMIC_SEQ_CST));      \
	} while (0)

static uint32_t atomic32(unsigned int op, uint32_t *place, uint32_t b, uint32_t c)
{
	uint32_t old = b, chosen;

	switch (op) {
	case MIRAGE_OP_ATOM_ADD:
		return __atomic_fetch_add(place, b, __ATOMIC_SEQ_CST);
	case MIRAGE_OP_ATOM_AND:
		return __atomic_fetch_and(place, b, __ATOMIC_SEQ_CST);
	case MIRAGE_OP_ATOM_OR:
		return __atomic_fetch_or(place, b, __ATOMIC_SEQ_CST);
	case MIRAGE_OP_ATOM_XOR:
		return __atomic_fetch_xor(place, b, __ATOMIC_SEQ_CST);
	case MIRAGE_OP_ATOM_XCHG:
		return __atomic_exchange_n(place, b, __ATOMIC_SEQ_CST);
	case MIRAGE_OP_ATOM_UMIN:
		MINMAX(uint32_t, place, b, <);
		return old;
	case MIRAGE_OP_ATOM_UMAX:
		MINMAX(uint32_t, place, b, >);
		return old;
	case MIRAGE_OP_ATOM_SMIN:
		MINMAX(int32_t, place, b, <);
		return old;
	case MIRAGE_OP_ATOM_SMAX:
		MINMAX(int32_t, place, b, >);
		return old;
	case MIRAGE_OP_ATOM_CAS:
		__atomic_compare_exchange_n(place, &old, c, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST);
		return old;
	}
	__builtin_unreachable();
}

static uint64_t atomic64(unsigned int op, uint64_t *place, uint64_t b, uint64_t c)
{
	uint64_t old = b, chosen;

	switch (op) {
	case MIRAGE_OP_ATOM_ADD64:
		return __atomic_fetch_add(place, b, __ATOMIC_SEQ_CST);
	case MIRAGE_OP_ATOM_AND64:
		return __atomic_fetch_and(place, b, __ATOMIC_SEQ_CST);
	case MIRAGE_OP_ATOM_OR64:
		return __atomic_fetch_or(place, b, __ATOMIC_SEQ_CST);
	case MIRAGE_OP_ATOM_XOR64:
		return __atomic_fetch_xor(place, b, __ATOMIC_SEQ_CST);
	case MIRAGE_OP_ATOM_XCHG64:
		return __atomic_exchange_n(place, b, __ATOMIC_SEQ_CST);
	case MIRAGE_OP_ATOM_UMIN64:
		MINMAX(uint64_t, place, b, <);
		return old;
	case MIRAGE_OP_ATOM_UMAX64:
		MINMAX(uint64_t, place, b, >);
		return old;
	case MIRAGE_OP_ATOM_SMIN64:
		MINMAX(int64_t, place, b, <);
		return old;
	case MIRAGE_OP_ATOM_SMAX64:
		MINMAX(int64_t, place, b, >);
		return old;
	case MIRAGE_OP_ATOM_CAS64:
		__atomic_compare_exchange_n(place, &old, c, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST);
		return old;
	}
	__builtin_unreachable();
}

/* Whether @place belongs to a null page. */
static bool dropped(const struct compute *compute, const void *place)
{
	return compute->ops->sink &&
	       (uintptr_t)place - (uintptr_t)compute->ops->sink < COMPUTE_SINK_SIZE;
}

static uint64_t pair(row_t *rows, unsigned int low, unsigned int high, unsigned int l)
{
	return (uint64_t)rows[high][l] << 32 | rows[low][l];
}

enum exec exec_atomic(struct compute *compute, struct wave *wave, const struct op *op)
{
	bool wide = op->op >= MIRAGE_OP_ATOM_ADD64;
	unsigned int size = wide ? 8 : 4, l;
	row_t *rows = wave->rows;
	uint64_t addr[LANES], old[LANES];
	void *host[LANES];
	uint32_t lanes;

	for_each_lane(l, wave->active, lanes) {
		addr[l] = pair(rows, op->a, op->a_high, l);
		if (addr[l] & (size - 1))
			return engine_error(compute, wave, l, MIRAGE_CHAN_MISALIGNED, wave->pc * 8,
					    addr[l]);
	}
	if (tlb_lanes(compute, wave, addr, MIRAGE_ACCESS_ATOMIC, host) == EXEC_AGAIN)
		return EXEC_AGAIN;
	for_each_lane(l, wave->active, lanes) {
		if (dropped(compute, host[l]))
			old[l] = 0;
		else if (wide)
			old[l] = atomic64(op->op, host[l], pair(rows, op->b, op->b_high, l),
					  pair(rows, op->c, op->c_high, l));
		else
			old[l] = atomic32(op->op, host[l], rows[op->b][l], rows[op->c][l]);
	}
	for_each_lane(l, wave->active, lanes) {
		rows[op->d][l] = (uint32_t)old[l];
		if (wide)
			rows[op->d_high][l] = (uint32_t)(old[l] >> 32);
	}
	return EXEC_NEXT;
}
