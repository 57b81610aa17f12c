// SPDX-License-Identifier: MIT
/**
 * TEST: mirage signals
 * Description: Calls and accesses that wait, in a process that gets a signal each millisecond: they make progress, and
 *	sleep while they wait.
 * Category: Core
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "igt_mirage.h"
#include "igt_mirage_bo.h"
#include "igt_mirage_space.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("What waits, under a signal each millisecond.");

/* How often the timer went off; not each time the handler is called, as a signal that is pending already is one. */
static volatile sig_atomic_t signals;

static void on_signal(int sig, siginfo_t *info, void *context)
{
	signals += 1 + info->si_overrun;
}

static timer_t signals_start(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART };
	struct itimerspec each = { .it_value.tv_nsec = 1000000, .it_interval.tv_nsec = 1000000 };
	timer_t timer;

	signals = 0;
	igt_assert_eq(sigaction(SIGUSR1, &action, NULL), 0);
	igt_assert_eq(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	igt_assert_eq(timer_settime(timer, 0, &each, NULL), 0);
	return timer;
}

static void signals_stop(timer_t timer)
{
	igt_assert_eq(timer_delete(timer), 0);
}

/* Faults that this thread has taken and that were not repeated at once. */
static long faults_taken(void)
{
	struct rusage usage;

	igt_assert_eq(getrusage(RUSAGE_THREAD, &usage), 0);
	/* One that was tried again after mmap_lock had been dropped counts as major. */
	return usage.ru_minflt + usage.ru_majflt;
}

/**
 * SUBTEST: first-userptr
 * Description: The first userptr of a process with up to 60,000 mappings, for which mm takes all their locks, and begins
 *	again after a signal. A kernel that checks all mappings with each change makes fewer in the time.
 */
static void first_userptr(struct gpu *gpu)
{
	const size_t mappings = 60000;

	/* A child has no notifier of its parent's. */
	igt_fork(child, 1) {
		char *area = mmap(NULL, mappings * PAGE, PROT_READ,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		time_t until = time(NULL) + 20;
		uint32_t *page = mem_anon(PAGE);
		struct mirage dev;
		uint32_t handle;
		timer_t timer;

		igt_assert(area != MAP_FAILED);
		for (size_t i = 1; i < mappings && time(NULL) < until; i += 2)
			igt_assert_eq(mprotect(area + i * PAGE, PAGE, PROT_NONE), 0);
		igt_assert_eq(mirage_open(&dev), 0);
		timer = signals_start();
		igt_assert_eq(mirage_bo_userptr(&dev, page, PAGE, 0, &handle), 0);
		igt_assert_lt(0, signals);
		signals_stop(timer);
		mirage_close(&dev);
	}
	igt_waitchildren();
}

/*
 * Two objects that do not fit into video memory together, and a thread that uses one after the other. A job needs all
 * of its address space, so each has one of its own.
 */
struct movers {
	struct space spaces[2];
	struct buf bufs[2];
	atomic_bool stop;
};

static void *movers_run(void *arg)
{
	struct movers *movers = arg;

	while (!atomic_load(&movers->stop))
		for (int i = 0; i < 2; i++)
			space_fill(&movers->spaces[i], movers->bufs[i].addr, PAGE, 0x42);
	return NULL;
}

/**
 * SUBTEST: write-while-moving
 * Description: write() from an object that leaves video memory and comes back all the time. The kernel takes the
 *	faults and sleeps until the object is there, although signals are pending: it takes a few for each move, and not
 *	one after the other.
 */
static void write_while_moving(struct gpu *gpu)
{
	const uint64_t size = bo_param(&gpu->dev, DRM_MIRAGE_PARAM_VRAM_SIZE) * 5 / 8 & -BLOCK;
	const uint64_t wanted = 12;
	int fd = memfd_create("signals", MFD_CLOEXEC);
	struct drm_mirage_bo_query state = {};
	long faults, writes = 0;
	struct movers movers;
	pthread_t thread;
	timer_t timer;

	igt_assert_lte(0, fd);
	atomic_init(&movers.stop, false);
	for (int i = 0; i < 2; i++) {
		space_open(&movers.spaces[i], &gpu->dev);
		movers.bufs[i] = buf_new(&movers.spaces[i], size, BO_VRAM);
	}
	igt_assert_eq(pthread_create(&thread, NULL, movers_run, &movers), 0);

	timer = signals_start();
	faults = faults_taken();
	while (state.moves < wanted) {
		const char *from = (char *)movers.bufs[0].words + writes * 37 % 1000 * PAGE;

		igt_assert_eq(pwrite(fd, from, 16, 0), 16);
		writes++;
		igt_assert_eq(mirage_bo_query(&gpu->dev, movers.bufs[0].handle, &state), 0);
	}
	faults = faults_taken() - faults;
	igt_assert_lt(100, signals);
	signals_stop(timer);
	igt_assert_lt(faults, 2 * writes + 8 * (long)state.moves);

	atomic_store(&movers.stop, true);
	pthread_join(thread, NULL);
	for (int i = 0; i < 2; i++) {
		buf_free(&movers.spaces[i], &movers.bufs[i]);
		space_close(&movers.spaces[i]);
	}
	close(fd);
}

/**
 * SUBTEST: proc-mem
 * Description: /proc/self/mem reads and writes an object that is just being moved, whatever signals come.
 */
static void proc_mem(struct gpu *gpu)
{
	int mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	const uint64_t size = 16 * BLOCK, at = size - PAGE;
	struct space space;
	uint64_t value;
	timer_t timer;

	igt_assert_lte(0, mem);
	space_open(&space, &gpu->dev);
	timer = signals_start();
	for (unsigned int i = 0; i < 10; i++) {
		struct buf buf = buf_new(&space, size, BO_VRAM | BO_SYSTEM);

		buf.words[at / 4] = 100 + i;
		press_vram(&gpu->dev, buf.handle);
		igt_assert_eq(pread(mem, &value, 8, (uintptr_t)buf.words + at), 8);
		igt_assert_eq_u64(value, 100 + i);
		/* A job has it back in video memory. */
		space_fill(&space, buf.addr, 4, i);
		value = 200 + i;
		igt_assert_eq(pwrite(mem, &value, 8, (uintptr_t)buf.words + at), 8);
		igt_assert_eq_u32(buf.words[at / 4], 200 + i);
		buf_free(&space, &buf);
	}
	igt_assert_lt(0, signals);
	signals_stop(timer);
	space_close(&space);
	close(mem);
}

static const struct gpu_scenario scenarios[] = {
	{ "first-userptr", first_userptr, "A process's first userptr." },
	{ "write-while-moving", write_while_moving, "A fault of the kernel's waits asleep." },
	{ "proc-mem", proc_mem, "An access that cannot be repeated waits." },
};

int igt_main()
{
	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));
}
