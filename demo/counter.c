// SPDX-License-Identifier: MIT
/*
 * Part 3: CPU threads and GPU lanes raise one counter on the CPU's stack at the same time.
 *
 * The threads begin before the GPU does and end after it has, so that the two do
 * meet; how often a thread found that somebody else had been there is told. The
 * sum must be exact: no addition is lost and none is done twice.
 */
#include "demo.h"

#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "counter.kernel.h"

#define MAX_THREADS 4
#define GROUPS 8
#define GROUP 256
#define ROUNDS 1024

/* Shared by the threads and the GPU; each on a cache line of its own. */
struct shared {
	_Alignas(64) _Atomic uint64_t counter;
	/* Set by the GPU when it has begun. */
	_Alignas(64) _Atomic uint32_t running;
	/* Set by the CPU when the GPU has ended. */
	_Alignas(64) _Atomic bool stop;
	/* Threads that have begun. */
	_Alignas(64) _Atomic unsigned int ready;
};

struct thread {
	pthread_t id;
	struct shared *shared;
	/* Additions that it did. */
	uint64_t added;
	/* Of those while the GPU ran: */
	uint64_t added_beside;
	/* Times somebody else had added between two of its own. */
	uint64_t met;
};

struct counter_args {
	uint64_t counter;
	uint64_t running;
	uint32_t rounds;
	uint32_t zero;
};

static const struct gpu_kernel counter_kernel = GPU_KERNEL(counter);

static void *raise_counter(void *data)
{
	struct thread *thread = data;
	struct shared *shared = thread->shared;
	uint64_t last = 0, before;

	atomic_fetch_add(&shared->ready, 1);
	do {
		before = atomic_fetch_add(&shared->counter, 1);
		if (thread->added && before != last + 1)
			thread->met++;
		last = before;
		thread->added++;
		thread->added_beside +=
			atomic_load_explicit(&shared->running, memory_order_relaxed);
	} while (!atomic_load_explicit(&shared->stop, memory_order_relaxed));
	return NULL;
}

static unsigned int start_threads(struct thread *threads, struct shared *shared)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int count = cpus < 2 ? 1 : cpus > MAX_THREADS ? MAX_THREADS : (unsigned int)cpus;
	unsigned int i;

	for (i = 0; i < count; i++) {
		threads[i].shared = shared;
		if (pthread_create(&threads[i].id, NULL, raise_counter, &threads[i]))
			break;
	}
	return i;
}

int demo_counter(struct demo *demo)
{
	struct thread threads[MAX_THREADS] = { 0 };
	struct shared shared = { 0 };
	struct counter_args args = {
		.counter = (uintptr_t)&shared.counter,
		.running = (uintptr_t)&shared.running,
		.rounds = ROUNDS,
	};
	const uint64_t by_gpu = (uint64_t)GROUPS * GROUP * ROUNDS;
	uint64_t by_cpu = 0, beside = 0, met = 0;
	unsigned int count, i;
	int err;

	count = start_threads(threads, &shared);
	if (!count) {
		warnx("cannot start a thread");
		return -EAGAIN;
	}
	/* The GPU begins when every thread is at work. */
	while (atomic_load(&shared.ready) < count)
		sched_yield();
	err = gpu_run(&demo->gpu, &counter_kernel, &args, sizeof(args), GROUPS, GROUP);
	atomic_store(&shared.stop, true);
	for (i = 0; i < count; i++) {
		pthread_join(threads[i].id, NULL);
		by_cpu += threads[i].added;
		beside += threads[i].added_beside;
		met += threads[i].met;
	}
	if (err)
		return err;

	demo_check(demo, shared.counter == by_gpu + by_cpu, "one counter",
		   "GPU %llu + CPU %llu = %llu, counter %llu", (unsigned long long)by_gpu,
		   (unsigned long long)by_cpu, (unsigned long long)(by_gpu + by_cpu),
		   (unsigned long long)shared.counter);
	screen_note(
		&demo->screen,
		"%u GPU work items, %u CPU threads; %llu additions by the CPU while the GPU ran, "
		"%llu meetings",
		GROUPS * GROUP, count, (unsigned long long)beside, (unsigned long long)met);
	return 0;
}
