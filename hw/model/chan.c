// SPDX-License-Identifier: MIT
/*
 * A channel's life: started by a command, stopped by a command or by its own
 * error, reset by a command. The descriptor is read and checked once, when the
 * channel starts; put alone is read again, at each doorbell.
 */
#include <string.h>

#include "chan.h"
#include "device.h"
#include "dispatch.h"

#define DEFAULT_TIMESLICE_NS 1000000
#define RING_MIN_ORDER 10
#define RING_MAX_ORDER 20

void chan_init(struct chan *chan, struct device *dev, u32 id)
{
	*chan = (struct chan){ .dev = dev, .id = id };
}

/* The descriptor in memory, or NULL with the device halted. */
static struct mirage_chan_desc *chan_desc(const struct chan *chan)
{
	struct device *dev = chan->dev;
	struct mirage_chan_desc *desc;

	desc = phys_ptr(dev, dev->queues.chan_table + chan->id * sizeof(*desc), sizeof(*desc),
			true);
	if (!desc)
		device_halt(dev, MIRAGE_DEV_BUS);
	return desc;
}

/* The state inside the device. */
static void chan_enter(struct chan *chan, enum mirage_chan_state state)
{
	u64 bit = (u64)1 << chan->id % 64;

	chan->state = state;
	if (state == MIRAGE_CHAN_IDLE)
		chan->dev->live[chan->id / 64] &= ~bit;
	else
		chan->dev->live[chan->id / 64] |= bit;
}

struct chan *chan_next_live(struct device *dev, u32 id)
{
	for (; id < NR_CHANNELS; id = (id | 63) + 1) {
		u64 bits = dev->live[id / 64] >> id % 64;

		if (bits)
			return &dev->chans[id + (u32)__builtin_ctzll(bits)];
	}
	return NULL;
}

void chan_set_state(struct chan *chan, enum mirage_chan_state state)
{
	struct mirage_chan_desc *desc = chan_desc(chan);

	chan_enter(chan, state);
	if (desc)
		__atomic_store_n(&desc->state, (u32)state, __ATOMIC_RELEASE);
}

void chan_set_get(struct chan *chan, u32 get)
{
	struct mirage_chan_desc *desc = chan_desc(chan);

	runlist_account(chan);
	chan->get = get;
	if (desc)
		__atomic_store_n(&desc->get, get, __ATOMIC_RELEASE);
}

/* Take over a descriptor. Returns whether it is valid. */
static bool chan_load(struct chan *chan, const struct mirage_chan_desc *desc)
{
	if (!phys_valid(desc->ring, KiB(4)) || desc->ring_order < RING_MIN_ORDER ||
	    desc->ring_order > RING_MAX_ORDER || desc->class > MIRAGE_CHAN_COMPUTE ||
	    desc->vm >= NR_VMS || desc->priority >= NR_PRIORITIES ||
	    (desc->flags & ~MIRAGE_CHAN_NO_FAULT))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(desc->rsvd0); i++)
		if (desc->rsvd0[i])
			return false;
	chan->ring = desc->ring;
	chan->ring_size = 1u << desc->ring_order;
	chan->class = (enum mirage_chan_class)desc->class;
	chan->vm = desc->vm;
	chan->priority = desc->priority;
	chan->timeslice_ns = desc->timeslice_us ? (u64)desc->timeslice_us * 1000 :
						  DEFAULT_TIMESLICE_NS;
	chan->no_fault = desc->flags & MIRAGE_CHAN_NO_FAULT;
	chan->get = desc->get;
	chan->put = desc->put;
	chan->run_ns = desc->run_ns;
	chan->wait_ns = desc->wait_ns & MIRAGE_CHAN_WAITING ? 0 : desc->wait_ns;
	chan->waiting = false;
	return true;
}

/* Begin with the descriptor. Returns whether it is valid; if not the channel is in state ERROR. */
static bool chan_begin(struct chan *chan, struct mirage_chan_desc *desc)
{
	struct mirage_chan_desc copy;

	memcpy(&copy, desc, sizeof(copy));
	desc->error = MIRAGE_CHAN_OK;
	desc->error_info = 0;
	desc->error_addr = 0;
	desc->error_place = (struct mirage_place){ 0 };
	if (chan_load(chan, &copy))
		return true;
	chan_error(chan, MIRAGE_CHAN_BAD_DESC, 0, 0);
	return false;
}

bool chan_reload(struct chan *chan)
{
	struct mirage_chan_desc *desc = chan_desc(chan);

	return desc && chan_begin(chan, desc);
}

void chan_start(struct chan *chan)
{
	struct mirage_chan_desc *desc;

	if (chan->state != MIRAGE_CHAN_IDLE && chan->state != MIRAGE_CHAN_STOPPED)
		return;
	desc = chan_desc(chan);
	if (!desc)
		return;
	if (chan->state == MIRAGE_CHAN_STOPPED)
		chan->put = __atomic_load_n(&desc->put, __ATOMIC_ACQUIRE);
	else if (!chan_begin(chan, desc))
		return;
	chan_set_state(chan, MIRAGE_CHAN_RUNNING);
	runlist_update(chan);
}

void chan_stop(struct chan *chan)
{
	if (chan->state != MIRAGE_CHAN_RUNNING)
		return;
	chan_set_state(chan, MIRAGE_CHAN_STOPPED);
	runlist_update(chan);
}

void chan_drop_work(struct chan *chan)
{
	fault_drop_chan(&chan->dev->faults, chan->id);
	runlist_release(chan);
	dispatch_end(chan);
	chan->frontend = (struct frontend){ 0 };
	chan->copy = (struct copy){ 0 };
	chan->suspended = false;
}

void chan_reset(struct chan *chan)
{
	chan_drop_work(chan);
	chan_set_state(chan, MIRAGE_CHAN_IDLE);
	runlist_update(chan);
}

void chan_drop(struct chan *chan)
{
	chan_drop_work(chan);
	chan_enter(chan, MIRAGE_CHAN_IDLE);
	chan->error_event = false;
	chan->waiting = false;
	runlist_update(chan);
}

u64 chan_packet_addr(const struct chan *chan)
{
	return chan->frontend.in_ib ? chan->frontend.ib_va : chan->get;
}

void chan_doorbell(struct chan *chan)
{
	const struct mirage_chan_desc *desc;

	if (chan->state != MIRAGE_CHAN_RUNNING)
		return;
	desc = chan_desc(chan);
	if (!desc)
		return;
	chan->put = __atomic_load_n(&desc->put, __ATOMIC_ACQUIRE);
	runlist_update(chan);
}

unsigned int chan_replay(struct chan *chan)
{
	unsigned int resumed = 0;

	/* Waves may be suspended while others of the same dispatch run. */
	if (chan->compute)
		resumed = compute_replay(chan->compute);
	if (!resumed && chan->suspended)
		resumed = 1;	/* front end or copy */
	chan->suspended = false;
	if (resumed)
		runlist_update(chan);
	return resumed;
}

bool chan_has_work(const struct chan *chan)
{
	return chan->state == MIRAGE_CHAN_RUNNING && !chan->suspended &&
	       (chan->frontend.busy || chan->frontend.in_ib || chan->get != chan->put);
}

void chan_error(struct chan *chan, enum mirage_chan_error error, u32 info, u64 addr)
{
	chan_error_at(chan, error, info, addr, &(struct mirage_place){ 0 });
}

void chan_error_at(struct chan *chan, enum mirage_chan_error error, u32 info, u64 addr,
		   const struct mirage_place *place)
{
	struct mirage_chan_desc *desc = chan_desc(chan);

	log_info("channel %u: error %d, info %#x, address %#llx", chan->id, error, info,
		 (unsigned long long)addr);
	if (desc) {
		desc->error_info = info;
		desc->error_addr = addr;
		desc->error_place = *place;
		desc->error = error;
	}
	runlist_account(chan);
	chan_drop_work(chan);
	chan_set_state(chan, MIRAGE_CHAN_ERROR);
	runlist_update(chan);
	chan->error = (u8)error;
	chan->error_event = true;
	chan_flush_error(chan);
}

bool chan_flush_error(struct chan *chan)
{
	if (chan->error_event &&
	    event_add(chan->dev, MIRAGE_EVENT_ERROR, chan->error, chan->id, 0))
		chan->error_event = false;
	if (chan->error_event)
		chan->dev->runlist.error_events = true;
	return !chan->error_event;
}

enum step chan_fault(struct chan *chan, enum mirage_fault_unit unit, u64 va,
		     enum mirage_access access, enum mirage_fault_kind kind)
{
	if (chan->no_fault) {
		chan_error(chan, MIRAGE_CHAN_FAULT, access | kind << 8, va);
		return STEP_STOPPED;
	}
	if (fault_add(chan->dev, chan->id, chan->vm, unit, 0, &(struct mirage_place){ 0 }, va,
		      access, kind))
		return STEP_SUSPENDED;
	chan_error(chan, MIRAGE_CHAN_NO_MEMORY, 0, va);
	return STEP_STOPPED;
}

void chan_account(struct chan *chan, u64 ns)
{
	struct mirage_chan_desc *desc = chan_desc(chan);

	chan->run_ns += ns;
	if (desc)
		__atomic_store_n(&desc->run_ns, chan->run_ns, __ATOMIC_RELAXED);
}

void chan_wait(struct chan *chan, bool waiting)
{
	struct mirage_chan_desc *desc;
	u64 now, told;

	if (chan->waiting == waiting)
		return;
	chan->waiting = waiting;
	now = device_time(chan->dev);
	if (waiting) {
		chan->wait_from = now;
		told = (chan->wait_ns - now) | MIRAGE_CHAN_WAITING;
	} else {
		chan->wait_ns += now - chan->wait_from;
		told = chan->wait_ns;
	}
	desc = chan_desc(chan);
	if (desc)
		__atomic_store_n(&desc->wait_ns, told, __ATOMIC_RELAXED);
}
