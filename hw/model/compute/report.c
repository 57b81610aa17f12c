// SPDX-License-Identifier: MIT
/*
 * How a wave reports that it cannot go on: an error that ends the dispatch, or an access that faults.
 */
#include "engine.h"

static struct mirage_place engine_place(const struct compute *compute, const struct wave *wave,
					unsigned int lane)
{
	const uint32_t *id = compute->groups[wave->group].id;

	return (struct mirage_place){
		.pc = insn_address(compute, wave->pc),
		.group = { id[0], id[1], id[2] },
		.wave = wave->index,
		.lane = (uint16_t)lane,
	};
}

enum exec engine_error(struct compute *compute, const struct wave *wave, unsigned int lane,
		       enum mirage_chan_error error, uint32_t info, uint64_t addr)
{
	compute->stopped = true;
	compute->error = error;
	compute->error_info = info;
	compute->error_addr = addr;
	compute->error_place = engine_place(compute, wave, lane);
	return EXEC_ERROR;
}

void engine_fault(struct compute *compute, struct wave *wave, unsigned int lane, uint64_t va,
		  enum mirage_access access, enum mirage_fault_kind kind)
{
	struct mirage_place place = engine_place(compute, wave, lane);
	enum mirage_chan_error error;

	compute->runnable &= ~(1ull << wave->slot);
	compute->faulted |= 1ull << wave->slot;
	error = compute->ops->fault(compute->ctx, wave->slot, &place, va, access, kind);
	if (error && !compute->stopped)
		engine_error(compute, wave, lane, error,
			     error == MIRAGE_CHAN_FAULT ? access | kind << 8 : 0, va);
}
