/* SPDX-License-Identifier: MIT */
/* The device's lock: strictly first come, first served. */
#ifndef MODEL_LOCK_H
#define MODEL_LOCK_H

#include <pthread.h>
#include <stdatomic.h>

#include "util.h"

struct lock {
	pthread_mutex_t mutex;	/* protects the waits for @turn; held for a few instructions only */
	pthread_cond_t turn;	/* @serving moved */
	atomic_uint next;	/* ticket of the next to come */
	atomic_uint serving;	/* ticket of the holder, or of the next to come if free */
};

void lock_init(struct lock *lock);
void lock_fini(struct lock *lock);
void lock_acquire(struct lock *lock);
void lock_release(struct lock *lock);

/** lock_contended() - someone waits. The holder calls it to know when to let go. */
static inline bool lock_contended(struct lock *lock)
{
	return atomic_load_explicit(&lock->next, memory_order_relaxed) -
	       atomic_load_explicit(&lock->serving, memory_order_relaxed) > 1;
}

/** lock_held() - someone holds the lock; for assertions. */
static inline bool lock_held(struct lock *lock)
{
	return atomic_load_explicit(&lock->next, memory_order_relaxed) !=
	       atomic_load_explicit(&lock->serving, memory_order_relaxed);
}

#endif /* MODEL_LOCK_H */
