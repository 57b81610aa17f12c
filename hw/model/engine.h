/* SPDX-License-Identifier: MIT */
/* The engine thread: everything the device does by itself. */
#ifndef MODEL_ENGINE_H
#define MODEL_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>

#include "chan.h"
#include "util.h"

struct engine {
	pthread_t thread;
	bool started;		/* @thread exists */
	u64 slice_ns;		/* a slice's length, but for its last step; tests shorten it */
	/* Doorbells that were rung and not looked at; written without a lock. */
	atomic_bool bell_cmd;
	atomic_bool bell_any;	/* some bit of @bell_chan is set */
	_Atomic u64 bell_chan[NR_CHANNELS / 64];

	/* Protects @kicked and @stop and the wait for @wake; a leaf below the device's lock. */
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool kicked;		/* there is something new to look at */
	bool stop;		/* the thread shall end */
};

void engine_init(struct engine *engine);
void engine_fini(struct engine *engine);

/** engine_start() - start the thread. Returns 0 or an errno. */
int engine_start(struct device *dev);

/** engine_stop() - end the thread, if there is one, and wait for it. */
void engine_stop(struct device *dev);

/**
 * engine_step() - look at everything once and give one channel a slice.
 * Returns when to call it again, in now_ns() time: 0 for at once, UINT64_MAX for at
 * the next doorbell. Context: device lock held.
 */
u64 engine_step(struct device *dev);

/** engine_drop() - drop all work, as when the device is disabled. Context: device lock held. */
void engine_drop(struct device *dev);

/** engine_wake() - have the thread look at everything anew. Context: any thread. */
void engine_wake(struct device *dev);

/** engine_doorbell_cmd(), engine_doorbell_chan() - the doorbells. Context: any thread. */
void engine_doorbell_cmd(struct device *dev);
void engine_doorbell_chan(struct device *dev, u32 chan);

#endif /* MODEL_ENGINE_H */
