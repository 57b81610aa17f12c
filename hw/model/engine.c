// SPDX-License-Identifier: MIT
/*
 * One thread does the work of all engines in slices, holding the device's lock
 * for each. It sleeps when there is nothing to do. Rejected: a thread for each
 * engine or channel. It would need locks in TLB and fault unit, and an
 * invalidation would have to stop all of them; the host has few cores to win.
 */
#include <errno.h>
#include <time.h>

#include "device.h"
#include "engine.h"

/* Length of a slice; with the length of a step it bounds how long a register access waits. */
#define SLICE_NS 50000
/* While the event queue is full, its index is looked at this often. */
#define EVENT_POLL_NS 500000

void engine_init(struct engine *engine)
{
	pthread_condattr_t attr;

	engine->slice_ns = SLICE_NS;
	pthread_mutex_init(&engine->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&engine->wake, &attr);
	pthread_condattr_destroy(&attr);
}

void engine_fini(struct engine *engine)
{
	pthread_cond_destroy(&engine->wake);
	pthread_mutex_destroy(&engine->mutex);
}

static void engine_kick(struct engine *engine, bool stop)
{
	pthread_mutex_lock(&engine->mutex);
	engine->kicked = true;
	engine->stop |= stop;
	pthread_cond_signal(&engine->wake);
	pthread_mutex_unlock(&engine->mutex);
}

void engine_wake(struct device *dev)
{
	engine_kick(&dev->engine, false);
}

void engine_doorbell_cmd(struct device *dev)
{
	atomic_store(&dev->engine.bell_cmd, true);
	engine_kick(&dev->engine, false);
}

void engine_doorbell_chan(struct device *dev, u32 chan)
{
	if (chan >= NR_CHANNELS)
		return;
	atomic_fetch_or(&dev->engine.bell_chan[chan / 64], (u64)1 << chan % 64);
	atomic_store(&dev->engine.bell_any, true);
	engine_kick(&dev->engine, false);
}

static void look_at_doorbells(struct device *dev)
{
	struct engine *engine = &dev->engine;

	if (atomic_exchange(&engine->bell_cmd, false))
		cmdq_doorbell(dev);
	if (!atomic_exchange(&engine->bell_any, false))
		return;
	for (u32 i = 0; i < ARRAY_SIZE(engine->bell_chan); i++) {
		u64 bits = atomic_exchange(&engine->bell_chan[i], 0);

		for (; bits; bits &= bits - 1)
			chan_doorbell(&dev->chans[64 * i + (u32)__builtin_ctzll(bits)]);
	}
}

/* Errors are rare: the flag saves looking at every channel. */
static u64 flush_error_events(struct device *dev)
{
	bool left = false;

	if (!dev->runlist.error_events)
		return UINT64_MAX;
	dev->runlist.error_events = false;
	for (u32 i = 0; i < NR_CHANNELS && dev->running; i++)
		if (dev->chans[i].error_event && !chan_flush_error(&dev->chans[i]))
			left = true;
	return left ? now_ns() + EVENT_POLL_NS : UINT64_MAX;
}

/* A command, or a channel of a higher priority, may be behind a doorbell. */
static bool rung(struct engine *engine)
{
	return atomic_load_explicit(&engine->bell_cmd, memory_order_relaxed) ||
	       atomic_load_explicit(&engine->bell_any, memory_order_relaxed);
}

static void run_slice(struct device *dev, struct chan *chan)
{
	u64 start = now_ns(), now = start;
	enum step step;

	runlist_begin(chan, start);
	do {
		step = frontend_step(chan);
		now = now_ns();
	} while (step == STEP_MORE && dev->running && now - start < dev->engine.slice_ns &&
		 !lock_contended(&dev->lock) && !rung(&dev->engine));
	if (step == STEP_SUSPENDED)
		chan->suspended = true;
	dev->perf[PERF_BUSY_NS] += now - start;
	runlist_end(chan, now - start, step);
}

void engine_drop(struct device *dev)
{
	struct chan *chan;

	for (chan = chan_next_live(dev, 0); chan; chan = chan_next_live(dev, chan->id + 1))
		chan_drop(chan);
	/* An event may wait in a channel that is IDLE again. */
	for (u32 i = 0; dev->runlist.error_events && i < NR_CHANNELS; i++)
		dev->chans[i].error_event = false;
	dev->runlist.error_events = false;
	fault_drop_all(&dev->faults);
	tlb_drop_all(&dev->tlb);
	cmdq_drop(dev);
	atomic_store(&dev->engine.bell_cmd, false);
	for (u32 i = 0; i < ARRAY_SIZE(dev->engine.bell_chan); i++)
		atomic_store(&dev->engine.bell_chan[i], 0);
}

u64 engine_step(struct device *dev)
{
	u64 next = UINT64_MAX;
	struct chan *chan;

	if (!dev->running || !pci_powered(&dev->pci))
		return UINT64_MAX;
	look_at_doorbells(dev);
	if (dev->running)
		next = cmdq_run(dev);
	if (dev->running)
		next = min_u64(next, fault_deliver(dev));
	if (dev->running)
		next = min_u64(next, flush_error_events(dev));
	if (dev->running) {
		next = min_u64(next, runlist_wake_pollers(dev));
		chan = dev->runlist.hung ? NULL : runlist_pick(dev);
		if (chan) {
			run_slice(dev, chan);
			next = 0;
		}
	}
	if (dev->running)
		return next;
	/* Something halted the device: this is the next instruction at which it ends. */
	engine_drop(dev);
	return UINT64_MAX;
}

/* Sleep until there is something new or until @deadline. Returns whether to go on. */
static bool engine_sleep(struct engine *engine, u64 deadline)
{
	struct timespec ts = {
		.tv_sec = (time_t)(deadline / 1000000000u),
		.tv_nsec = (long)(deadline % 1000000000u),
	};
	int ret = 0;
	bool stop;

	pthread_mutex_lock(&engine->mutex);
	while (!engine->kicked && ret != ETIMEDOUT) {
		if (!deadline)
			break;
		if (deadline == UINT64_MAX)
			pthread_cond_wait(&engine->wake, &engine->mutex);
		else
			ret = pthread_cond_timedwait(&engine->wake, &engine->mutex, &ts);
	}
	engine->kicked = false;
	stop = engine->stop;
	pthread_mutex_unlock(&engine->mutex);
	return !stop;
}

static void *engine_main(void *arg)
{
	struct device *dev = arg;
	u64 deadline;

	do {
		lock_acquire(&dev->lock);
		deadline = engine_step(dev);
		lock_release(&dev->lock);
	} while (engine_sleep(&dev->engine, deadline));
	return NULL;
}

int engine_start(struct device *dev)
{
	int ret = pthread_create(&dev->engine.thread, NULL, engine_main, dev);

	dev->engine.started = !ret;
	return ret;
}

void engine_stop(struct device *dev)
{
	if (!dev->engine.started)
		return;
	engine_kick(&dev->engine, true);
	pthread_join(dev->engine.thread, NULL);
	dev->engine.started = false;
}
