// SPDX-License-Identifier: MIT
/*
 * A packet is copied whole before anything in it is looked at, because both
 * rings and indirect buffers can be written while they are read. A fetch that
 * faults has had no effect and starts again after the replay.
 */
#include "device.h"
#include "frontend.h"
#include "packet.h"

/* Word @i from the current packet's header on. False if there was a fault or an error. */
static bool fetch_word(struct chan *chan, u32 i, enum step *step)
{
	struct frontend *fe = &chan->frontend;
	const u32 *word;
	u64 len = sizeof(*word);

	if (fe->in_ib) {
		u64 va = fe->ib_va + (u64)i * sizeof(*word);
		void *host;
		int kind = mmu_access(chan->dev, chan->vm, va, MIRAGE_ACCESS_FETCH, &len, &host);

		if (kind) {
			*step = chan_fault(chan, MIRAGE_UNIT_FRONTEND, va, MIRAGE_ACCESS_FETCH,
					   (enum mirage_fault_kind)kind);
			return false;
		}
		word = host;
	} else {
		u32 index = (chan->get + i) & (chan->ring_size - 1);
		bool system = chan->ring & MIRAGE_PHYS_SYSTEM;

		word = phys_run(chan->dev, system,
				(chan->ring & MIRAGE_PHYS_ADDR) + index * sizeof(*word), &len,
				false);
		if (!word) {
			chan_error(chan, MIRAGE_CHAN_RING, 0, chan->get + i);
			*step = STEP_STOPPED;
			return false;
		}
	}
	fe->words[i] = __atomic_load_n(word, __ATOMIC_RELAXED);
	return true;
}

static enum step fetch(struct chan *chan)
{
	struct frontend *fe = &chan->frontend;
	enum mirage_chan_error error;
	u32 left, nr;
	enum step step;

	left = fe->in_ib ? fe->ib_left : chan->put - chan->get;
	if (!left)
		return STEP_IDLE;
	if (!fe->in_ib && left > chan->ring_size) {
		chan_error(chan, MIRAGE_CHAN_RING, 0, chan->get);
		return STEP_STOPPED;
	}
	if (!fetch_word(chan, 0, &step))
		return step;
	error = packet_check(chan, fe->words[0]);
	nr = 1 + MIRAGE_PKT_WORDS(fe->words[0]);
	if (!error && nr > left)
		error = MIRAGE_CHAN_BAD_PACKET;
	if (error) {
		chan_error(chan, error, fe->words[0], chan_packet_addr(chan));
		return STEP_STOPPED;
	}
	for (u32 i = 1; i < nr; i++)
		if (!fetch_word(chan, i, &step))
			return step;
	fe->busy = true;
	fe->phase = 0;
	return STEP_MORE;
}

/* The current packet is complete; so may be the IB packet that it is in. */
static void complete(struct chan *chan)
{
	struct frontend *fe = &chan->frontend;
	u32 nr = 1 + MIRAGE_PKT_WORDS(fe->words[0]);

	fe->busy = false;
	chan->dev->perf[PERF_PACKETS]++;
	if (fe->in_ib) {
		fe->ib_va += (u64)nr * sizeof(u32);
		fe->ib_left -= nr;
		if (fe->ib_left)
			return;
		fe->in_ib = false;
		chan->dev->perf[PERF_PACKETS]++;
		nr = 1 + packet_types[MIRAGE_PKT_IB].words;
	}
	chan_set_get(chan, chan->get + nr);
}

/* Whether the packet that begins is the one that TEST_HANG_CHAN waits for. */
static bool hangs(struct chan *chan)
{
	if (regs_get(chan->dev, MIRAGE_TEST_HANG_CHAN) != chan->id + 1)
		return false;
	regs_set(chan->dev, MIRAGE_TEST_HANG_CHAN, 0);
	log_info("channel %u: hangs", chan->id);
	return true;
}

enum step frontend_step(struct chan *chan)
{
	struct frontend *fe = &chan->frontend;
	enum step step;

	if (!fe->busy) {
		step = fetch(chan);
		if (step != STEP_MORE)
			return step;
		if (hangs(chan))
			return STEP_HUNG;
	}
	step = packet_step(chan);
	if (step != STEP_DONE)
		return step;
	complete(chan);
	return STEP_MORE;
}
