// SPDX-License-Identifier: MIT
/*
 * The compute engine knows no device: this file gives it memory and a place for
 * its faults, and turns what it reports into the channel's state.
 */
#include <string.h>

#include "device.h"
#include "dispatch.h"
#include "packet.h"

/* Wave instructions between two looks at the clock and at who waits for the lock. */
#define DISPATCH_BUDGET 128

enum { PHASE_FETCH, PHASE_RUN };

static int dispatch_translate(void *ctx, u64 va, enum mirage_access access, void **host)
{
	const struct chan *chan = ctx;
	u64 len = 1;

	return mmu_access(chan->dev, chan->vm, va, access, &len, host);
}

static enum mirage_chan_error dispatch_fault(void *ctx, unsigned int wave,
					     const struct mirage_place *place, u64 va,
					     enum mirage_access access,
					     enum mirage_fault_kind kind)
{
	struct chan *chan = ctx;

	/* Not chan_error(), which would drop the engine that is calling: it reports an error. */
	if (chan->no_fault)
		return MIRAGE_CHAN_FAULT;
	if (!fault_add(chan->dev, chan->id, chan->vm, MIRAGE_UNIT_COMPUTE, wave, place, va, access,
		       kind))
		return MIRAGE_CHAN_NO_MEMORY;
	return MIRAGE_CHAN_OK;
}

static const struct compute_ops dispatch_ops = {
	.translate = dispatch_translate,
	.fault = dispatch_fault,
	.sink = mmu_null_sink,
};

_Static_assert(COMPUTE_SINK_SIZE == MMU_NULL_SIZE, "both are the size of the sink");

struct compute *dispatch_engine(struct chan *chan)
{
	chan->compute = compute_create(chan->dev->compute_pool, &dispatch_ops, chan);
	return chan->compute;
}

void dispatch_end(struct chan *chan)
{
	compute_destroy(chan->compute);
	chan->compute = NULL;
}

/* Copy the descriptor; it may lie on two pages. Returns STEP_DONE, _SUSPENDED or _STOPPED. */
static enum step dispatch_fetch(struct chan *chan, u64 va, struct mirage_dispatch *desc)
{
	u64 done = 0;

	while (done < sizeof(*desc)) {
		u64 len = sizeof(*desc) - done;
		void *host;
		int kind = mmu_access(chan->dev, chan->vm, va + done, MIRAGE_ACCESS_FETCH, &len,
				      &host);

		if (kind)
			return chan_fault(chan, MIRAGE_UNIT_FRONTEND, va + done, MIRAGE_ACCESS_FETCH,
					  (enum mirage_fault_kind)kind);
		memcpy((u8 *)desc + done, host, len);
		done += len;
	}
	return STEP_DONE;
}

static enum step dispatch_run(struct chan *chan)
{
	struct device *dev = chan->dev;
	struct compute_result result;

	compute_run(chan->compute, DISPATCH_BUDGET, &result);
	dev->perf[PERF_INSTRUCTIONS] += result.instructions;
	dev->perf[PERF_LANE_INSTRUCTIONS] += result.lane_instructions;
	dev->perf[PERF_WAVES] += result.waves_started;
	switch (result.status) {
	case COMPUTE_DONE:
		dispatch_end(chan);
		return STEP_DONE;
	case COMPUTE_BUDGET:
		return STEP_MORE;
	case COMPUTE_BLOCKED:
		return STEP_SUSPENDED;
	case COMPUTE_ERROR:
		break;
	}
	chan_error_at(chan, result.error, result.error_info, result.error_addr,
		      &result.error_place);
	return STEP_STOPPED;
}

enum step dispatch_step(struct chan *chan, u64 va)
{
	struct mirage_dispatch desc;
	enum mirage_chan_error error;
	enum step step;

	if (chan->frontend.phase == PHASE_FETCH) {
		step = dispatch_fetch(chan, va, &desc);
		if (step != STEP_DONE)
			return step;
		error = MIRAGE_CHAN_NO_MEMORY;
		if (dispatch_engine(chan))
			error = compute_start(chan->compute, &desc);
		if (error) {
			chan_error(chan, error, 0, chan_packet_addr(chan));
			return STEP_STOPPED;
		}
		chan->frontend.phase = PHASE_RUN;
	}
	return dispatch_run(chan);
}
