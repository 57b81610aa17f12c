// SPDX-License-Identifier: MIT
/*
 * A ticket lock that sleeps. The engine thread takes the device's lock again
 * and again; with a plain mutex it would win against a register access most of
 * the time, because the waiter has yet to wake up. Tickets make the access
 * wait for one slice at most. Rejected: finer locks, which buy nothing while
 * one thread does the work of all engines.
 */
#include "lock.h"

void lock_init(struct lock *lock)
{
	pthread_mutex_init(&lock->mutex, NULL);
	pthread_cond_init(&lock->turn, NULL);
	atomic_init(&lock->next, 0);
	atomic_init(&lock->serving, 0);
}

void lock_fini(struct lock *lock)
{
	pthread_cond_destroy(&lock->turn);
	pthread_mutex_destroy(&lock->mutex);
}

void lock_acquire(struct lock *lock)
{
	unsigned int ticket;

	pthread_mutex_lock(&lock->mutex);
	ticket = atomic_fetch_add(&lock->next, 1);
	while (atomic_load(&lock->serving) != ticket)
		pthread_cond_wait(&lock->turn, &lock->mutex);
	pthread_mutex_unlock(&lock->mutex);
}

void lock_release(struct lock *lock)
{
	bool waited;

	pthread_mutex_lock(&lock->mutex);
	waited = atomic_fetch_add(&lock->serving, 1) + 1 != atomic_load(&lock->next);
	pthread_mutex_unlock(&lock->mutex);
	if (waited)
		pthread_cond_broadcast(&lock->turn);
}
