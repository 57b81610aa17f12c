// SPDX-License-Identifier: MIT
/*
 * A wave: program counters, divergence and control flow.
 *
 * Each lane has a program counter; the wave executes the lowest, for all lanes
 * that are there (S. Collange, HAL-00622654). While no other lane is in the way
 * the wave runs with one program counter and one mask, and the lanes' own are only
 * brought up to date where paths part or meet.
 */
#include <string.h>

#include "lanes.h"

void wave_select(struct wave *wave)
{
	uint32_t lowest = NO_PC, next = NO_PC, active = 0, lanes;
	unsigned int l;

	for_each_lane(l, wave->ready, lanes) {
		uint32_t pc = wave->lane_pc[l];

		if (pc < lowest) {
			next = lowest;
			lowest = pc;
			active = 1u << l;
		} else if (pc == lowest) {
			active |= 1u << l;
		} else if (pc < next) {
			next = pc;
		}
	}
	wave->pc = lowest;
	wave->next_pc = next;
	wave->active = active;
	wave->nr_active = (uint32_t)__builtin_popcount(active);
	for (l = 0; l < LANES; l++)
		wave->select[l] = -(active >> l & 1);
}

/* The active lanes go to @pc, which is inside the code. */
static void go_to(struct wave *wave, uint32_t pc)
{
	unsigned int l;

	wave->pc = pc;
	if (pc < wave->next_pc)
		return;
	for (l = 0; l < LANES; l++)
		if (wave->active >> l & 1)
			wave->lane_pc[l] = pc;
	wave_select(wave);
}

static enum exec branch(struct compute *compute, struct wave *wave, const struct op *op)
{
	const uint32_t *a = wave->rows[op->a];
	int64_t target = (int64_t)wave->pc + 1 + (int32_t)op->imm;
	uint32_t taken = 0;
	unsigned int l;

	if (op->op == MIRAGE_OP_BRA) {
		taken = ~0u;
	} else {
		for (l = 0; l < LANES; l++)
			taken |= (uint32_t)(a[l] != 0) << l;
		if (op->op == MIRAGE_OP_BRZ)
			taken = ~taken;
	}
	taken &= wave->active;

	if (!taken)
		return EXEC_NEXT;
	if (target < 0 || target >= compute->nr_insns)
		return engine_error(compute, wave, (unsigned int)__builtin_ctz(taken),
				    MIRAGE_CHAN_BAD_PC, wave->pc * 8, insn_address(compute, target));
	if (taken == wave->active) {
		go_to(wave, (uint32_t)target);
		return EXEC_JUMPED;
	}
	if (wave->pc + 1 >= compute->nr_insns)
		return EXEC_NEXT;
	for (l = 0; l < LANES; l++)
		if (wave->active >> l & 1)
			wave->lane_pc[l] = taken >> l & 1 ? (uint32_t)target : wave->pc + 1;
	wave_select(wave);
	return EXEC_JUMPED;
}

static enum exec exec_control(struct compute *compute, struct wave *wave, const struct op *op)
{
	switch (op->op) {
	case MIRAGE_OP_EXIT:
		group_exit(compute, wave);
		return EXEC_JUMPED;
	case MIRAGE_OP_TRAP:
		return engine_error(compute, wave, first_lane(wave), MIRAGE_CHAN_TRAP, op->imm,
				    insn_address(compute, wave->pc));
	case MIRAGE_OP_BAR:
		/* At the end of the code the lanes leave it, barrier or not. */
		if (wave->pc + 1 >= compute->nr_insns)
			return EXEC_NEXT;
		group_wait(compute, wave);
		return EXEC_JUMPED;
	case MIRAGE_OP_FENCE:
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		return EXEC_NEXT;
	case MIRAGE_OP_BRA:
	case MIRAGE_OP_BRZ:
	case MIRAGE_OP_BRNZ:
		return branch(compute, wave, op);
	}
	return EXEC_NEXT;	/* NOP */
}

/* Make operand b of an instruction with an immediate. */
static void fill_imm(struct compute *compute, struct wave *wave, const struct op *op)
{
	uint32_t *low = wave->rows[compute->desc.nr_regs + ROW_IMM];
	uint32_t *high = wave->rows[compute->desc.nr_regs + ROW_IMM_HIGH];
	uint32_t sign = (int32_t)op->imm < 0 ? ~0u : 0;
	unsigned int l;

	for (l = 0; l < LANES; l++)
		low[l] = op->imm;
	if (op->class == CLASS_ALU32)
		return;
	for (l = 0; l < LANES; l++)
		high[l] = sign;
}

static enum exec execute(struct compute *compute, struct wave *wave, const struct op *op)
{
	switch ((enum op_class)op->class) {
	case CLASS_UNDEFINED:
		break;
	case CLASS_ALU32:
		if (op->has_imm)
			fill_imm(compute, wave, op);
		compute->alu32(op, wave->rows, wave->select);
		return EXEC_NEXT;
	case CLASS_ALU64:
		if (op->has_imm)
			fill_imm(compute, wave, op);
		compute->alu64(op, wave->rows, wave->select);
		return EXEC_NEXT;
	case CLASS_SPECIAL:
		exec_special(compute, wave, op);
		return EXEC_NEXT;
	case CLASS_CONTROL:
		return exec_control(compute, wave, op);
	case CLASS_ARG:
		return exec_arg(compute, wave, op);
	case CLASS_GLOBAL:
		return exec_global(compute, wave, op);
	case CLASS_SHARED:
		return exec_shared(compute, wave, op);
	case CLASS_ATOMIC:
		if (op->has_imm)
			fill_imm(compute, wave, op);
		return exec_atomic(compute, wave, op);
	case CLASS_ATOMIC_SHARED:
		if (op->has_imm)
			fill_imm(compute, wave, op);
		return exec_atomic_shared(compute, wave, op);
	case CLASS_FP32:
		if (op->has_imm)
			fill_imm(compute, wave, op);
		exec_fp32(wave, op);
		return EXEC_NEXT;
	}
	return engine_error(compute, wave, first_lane(wave), MIRAGE_CHAN_BAD_INSN, op->imm,
			    insn_address(compute, wave->pc));
}

void wave_run(struct compute *compute, struct wave *wave, unsigned int quantum)
{
	uint64_t bit = 1ull << wave->slot;

	while (quantum-- && compute->budget > 0 && compute->runnable & bit) {
		const struct op *op = code_fetch(compute, wave);
		unsigned int lanes;
		enum exec exec;

		if (!op)
			return;
		lanes = wave->nr_active;
		compute->budget--;
		exec = execute(compute, wave, op);
		if (exec == EXEC_AGAIN || exec == EXEC_ERROR)
			return;
		compute->result->instructions++;
		compute->result->lane_instructions += lanes;
		if (exec == EXEC_JUMPED)
			continue;
		if (wave->pc + 1 >= compute->nr_insns) {
			engine_error(compute, wave, first_lane(wave), MIRAGE_CHAN_BAD_PC, wave->pc * 8,
				     insn_address(compute, (int64_t)wave->pc + 1));
			return;
		}
		go_to(wave, wave->pc + 1);
	}
}
