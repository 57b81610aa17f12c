// SPDX-License-Identifier: MIT
/*
 * Loads and stores of global memory, and the argument block.
 *
 * An instruction checks the alignment of all lanes, then translates all lanes,
 * then acts: whatever stops it, no lane has done anything, so running it again is
 * always right. Each lane's access is one host access of its size, hence
 * single-copy atomic with whatever a CPU does there.
 */
#include "lanes.h"

/* Bytes that a lane accesses. */
static unsigned int access_size(unsigned int op)
{
	switch (op) {
	case MIRAGE_OP_LD_U8:
	case MIRAGE_OP_LD_S8:
	case MIRAGE_OP_ST_8:
		return 1;
	case MIRAGE_OP_LD_U16:
	case MIRAGE_OP_LD_S16:
	case MIRAGE_OP_ST_16:
		return 2;
	case MIRAGE_OP_LD_32:
	case MIRAGE_OP_ST_32:
		return 4;
	}
	return 8;
}

#define LOAD(type)	__atomic_load_n((const type *)host[l], __ATOMIC_RELAXED)
#define STORE(type, v)	__atomic_store_n((type *)host[l], (type)(v), __ATOMIC_RELAXED)

static void load(struct wave *wave, const struct op *op, void **host)
{
	row_t low, high;
	uint32_t lanes;
	unsigned int l;

	switch (op->op) {
	case MIRAGE_OP_LD_U8:
		for_each_lane(l, wave->active, lanes)
			low[l] = LOAD(uint8_t);
		break;
	case MIRAGE_OP_LD_S8:
		for_each_lane(l, wave->active, lanes)
			low[l] = (uint32_t)(int32_t)(int8_t)LOAD(uint8_t);
		break;
	case MIRAGE_OP_LD_U16:
		for_each_lane(l, wave->active, lanes)
			low[l] = LOAD(uint16_t);
		break;
	case MIRAGE_OP_LD_S16:
		for_each_lane(l, wave->active, lanes)
			low[l] = (uint32_t)(int32_t)(int16_t)LOAD(uint16_t);
		break;
	case MIRAGE_OP_LD_32:
		for_each_lane(l, wave->active, lanes)
			low[l] = LOAD(uint32_t);
		break;
	case MIRAGE_OP_LD_64:
		for_each_lane(l, wave->active, lanes) {
			uint64_t value = LOAD(uint64_t);

			low[l] = (uint32_t)value;
			high[l] = (uint32_t)(value >> 32);
		}
		for_each_lane(l, wave->active, lanes)
			wave->rows[op->d_high][l] = high[l];
		break;
	}
	for_each_lane(l, wave->active, lanes)
		wave->rows[op->d][l] = low[l];
}

static void store(struct wave *wave, const struct op *op, void **host)
{
	const uint32_t *low = wave->rows[op->d], *high = wave->rows[op->d_high];
	uint32_t lanes;
	unsigned int l;

	switch (op->op) {
	case MIRAGE_OP_ST_8:
		for_each_lane(l, wave->active, lanes)
			STORE(uint8_t, low[l]);
		break;
	case MIRAGE_OP_ST_16:
		for_each_lane(l, wave->active, lanes)
			STORE(uint16_t, low[l]);
		break;
	case MIRAGE_OP_ST_32:
		for_each_lane(l, wave->active, lanes)
			STORE(uint32_t, low[l]);
		break;
	case MIRAGE_OP_ST_64:
		for_each_lane(l, wave->active, lanes)
			STORE(uint64_t, (uint64_t)high[l] << 32 | low[l]);
		break;
	}
}

enum exec exec_global(struct compute *compute, struct wave *wave, const struct op *op)
{
	const uint32_t *a = wave->rows[op->a], *a_high = wave->rows[op->a_high];
	bool is_store = op->op >= MIRAGE_OP_ST_8;
	unsigned int size = access_size(op->op), l;
	uint64_t addr[LANES], offset = (uint64_t)(int32_t)op->imm;
	void *host[LANES];
	uint32_t lanes, low = 0;

	for (l = 0; l < LANES; l++)
		addr[l] = ((uint64_t)a_high[l] << 32 | a[l]) + offset;
	/* All lanes at once; which one it was is asked only if there is one. */
	for (l = 0; l < LANES; l++)
		low |= (uint32_t)addr[l] & wave->select[l];
	if (low & (size - 1))
		for_each_lane(l, wave->active, lanes)
			if (addr[l] & (size - 1))
				return engine_error(compute, wave, l, MIRAGE_CHAN_MISALIGNED,
						    wave->pc * 8, addr[l]);
	if (tlb_lanes(compute, wave, addr, is_store ? MIRAGE_ACCESS_WRITE : MIRAGE_ACCESS_READ,
		      host) == EXEC_AGAIN)
		return EXEC_AGAIN;
	if (is_store)
		store(wave, op, host);
	else
		load(wave, op, host);
	return EXEC_NEXT;
}

/* Copy the part of the argument block that lies in its page @page (0 or 1). */
static void copy_args(struct compute *compute, unsigned int page, const uint8_t *host)
{
	/* The block is 8-byte aligned, so whole words of the page hold it. */
	unsigned int skew = compute->desc.args % PAGE_BYTES;
	unsigned int from = page ? PAGE_BYTES - skew : 0;
	unsigned int to = page ? compute->desc.args_size : PAGE_BYTES - skew;

	if (to > compute->desc.args_size)
		to = compute->desc.args_size;
	host += page ? 0 : skew;
	for (; from < to; from += 8, host += 8)
		compute->args[from / 8] = __atomic_load_n((const uint64_t *)host, __ATOMIC_RELAXED);
	compute->args_valid[page] = true;
}

/* Have both pages of the argument block that offsets of the active lanes touch. */
static enum exec fetch_args(struct compute *compute, struct wave *wave, const uint32_t *offset)
{
	unsigned int skew = compute->desc.args % PAGE_BYTES, l;
	bool failed[ARG_PAGES] = { false };
	enum exec exec = EXEC_NEXT;
	uint32_t lanes;

	for_each_lane(l, wave->active, lanes) {
		unsigned int page = (skew + offset[l]) / PAGE_BYTES;
		uint64_t va = compute->desc.args + offset[l];
		enum mirage_fault_kind kind;
		uint8_t *host;

		if (compute->args_valid[page] || failed[page])
			continue;
		host = tlb_page(compute, va / PAGE_BYTES, MIRAGE_ACCESS_FETCH, &kind);
		if (host) {
			copy_args(compute, page, host);
			continue;
		}
		failed[page] = true;
		engine_fault(compute, wave, l, va, MIRAGE_ACCESS_FETCH, kind);
		exec = EXEC_AGAIN;
	}
	return exec;
}

enum exec exec_arg(struct compute *compute, struct wave *wave, const struct op *op)
{
	unsigned int size = op->op == MIRAGE_OP_LDC64 ? 8 : 4, l;
	const uint8_t *args = (const uint8_t *)compute->args;
	row_t offset;
	uint32_t lanes;

	for (l = 0; l < LANES; l++)
		offset[l] = wave->rows[op->a][l] + op->imm;
	for_each_lane(l, wave->active, lanes) {
		if (offset[l] & (size - 1))
			return engine_error(compute, wave, l, MIRAGE_CHAN_MISALIGNED, offset[l],
					    insn_address(compute, wave->pc));
		if ((uint64_t)offset[l] + size > compute->desc.args_size)
			return engine_error(compute, wave, l, MIRAGE_CHAN_BAD_ARG, offset[l],
					    insn_address(compute, wave->pc));
	}
	if (fetch_args(compute, wave, offset) == EXEC_AGAIN)
		return EXEC_AGAIN;
	for_each_lane(l, wave->active, lanes) {
		const uint32_t *word = (const uint32_t *)(args + offset[l]);

		wave->rows[op->d][l] = word[0];
		if (size == 8)
			wave->rows[op->d_high][l] = word[1];
	}
	return EXEC_NEXT;
}
