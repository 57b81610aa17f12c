// SPDX-License-Identifier: MIT
/**
 * TEST: mirage userptr events
 * Description: Objects over memory of a process while that memory changes: between jobs, under a running
 *	job, in a child, in swap, at the process's end; and all of it at once.
 * Category: Userptr
 */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "igt_mirage.h"
#include "memory.h"
#include "stress.h"
#include "swap.h"

IGT_TEST_DESCRIPTION("Objects over memory of a process while that memory changes.");

/* A job that uses the object must be stopped there, and with it the queue that it loses; others go on. */
static void assert_gone(struct gpu *gpu, char *at)
{
	uint32_t queue = gpu_add_bound_queue(gpu, DRM_MIRAGE_QUEUE_COPY,
					     DRM_MIRAGE_QUEUE_NO_FAULT);
	struct job job = job_new(gpu);

	job.queue = queue;
	mirage_ib_fill(&job.ib, at, 4, 0xbad);
	job_submit(&job);
	igt_assert_eq(job_wait(&job), -EFAULT);
	gpu_assert_faulted(gpu, queue, at, MIRAGE_ACCESS_WRITE, EFAULT);
	job_free(&job);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, queue), 0);
	/* A job that does not use it runs. */
	gpu_write32(gpu, gpu_at(gpu, &gpu->out[8]), 0x11fe);
	igt_assert_eq_u32(gpu->out[8], 0x11fe);
}

/**
 * SUBTEST: munmap
 * Description: Without its memory, or a part of it, an object is not mapped; with new memory at the address it is, and it is
 *	the new memory. Jobs that do not use it run either way.
 */
static void munmap_between(struct gpu *gpu)
{
	uint32_t *area = mem_anon(8 * PAGE);
	char *at = gpu_bind_userptr(gpu, area, 8 * PAGE, 0);

	gpu_scatter(gpu, at, PAGE, 8, 30);
	igt_assert(!munmap((char *)area + 5 * PAGE, PAGE));
	assert_gone(gpu, at);
	igt_assert_eq_u32(area[4 * PAGE / 4], 34);
	igt_assert(mmap((char *)area + 5 * PAGE, PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
	igt_assert_eq_u32(gpu_read32(gpu, at + 5 * PAGE), 0);
	igt_assert_eq_u32(gpu_read32(gpu, at + 6 * PAGE), 36);
	gpu_write32(gpu, at + 5 * PAGE, 55);
	igt_assert_eq_u32(area[5 * PAGE / 4], 55);

	igt_assert(mmap(area, 8 * PAGE, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == area);
	gpu_write32(gpu, at + PAGE, 66);
	igt_assert_eq_u32(area[PAGE / 4], 66);
	igt_assert_eq_u32(gpu_read32(gpu, at + 5 * PAGE), 0);
	mem_unmap(area, 8 * PAGE);
	assert_gone(gpu, at);
}

/**
 * SUBTEST: mremap
 * Description: An object does not follow memory that moves.
 */
static void mremap_between(struct gpu *gpu)
{
	uint32_t *area = mem_anon(4 * PAGE), *to = mem_reserve(BLOCK, BLOCK);
	char *at = gpu_bind_userptr(gpu, area, 4 * PAGE, 0);

	gpu_scatter(gpu, at, PAGE, 4, 40);
	igt_assert(mremap(area, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
	assert_gone(gpu, at);
	igt_assert_eq_u32(to[3 * PAGE / 4], 43);
	igt_assert(mremap(to, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, area) == area);
	gpu_write32(gpu, at, 44);
	igt_assert_eq_u32(area[0], 44);
	igt_assert_eq_u32(area[3 * PAGE / 4], 43);
	mem_unmap(area, 4 * PAGE);
}

/**
 * SUBTEST: mprotect
 * Description: Memory that may not be written any more is not mapped; nor is memory without access.
 */
static void mprotect_between(struct gpu *gpu)
{
	uint32_t *area = mem_anon(4 * PAGE);
	char *at = gpu_bind_userptr(gpu, area, 4 * PAGE, 0);

	gpu_scatter(gpu, at, PAGE, 4, 50);
	igt_assert(!mprotect(area, 4 * PAGE, PROT_READ));
	assert_gone(gpu, at);
	igt_assert(!mprotect(area, 4 * PAGE, PROT_NONE));
	assert_gone(gpu, at);
	igt_assert(!mprotect(area, 4 * PAGE, PROT_READ | PROT_WRITE));
	gpu_write32(gpu, at + PAGE, 99);
	igt_assert_eq_u32(area[PAGE / 4], 99);
	igt_assert_eq_u32(area[2 * PAGE / 4], 52);
	mem_unmap(area, 4 * PAGE);
}

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102
#define MADV_GUARD_REMOVE	103
#endif

/**
 * SUBTEST: guard-region
 * Description: With a guard region in its range an object is not mapped; when the guard is gone it is, with zeroes there.
 */
static void guard_region(struct gpu *gpu)
{
	uint32_t *area = mem_anon(8 * PAGE), handle;
	char *at = gpu_bind_userptr(gpu, area, 8 * PAGE, 0);

	gpu_scatter(gpu, at, PAGE, 8, 30);
	igt_require_f(!madvise((char *)area + 5 * PAGE, PAGE, MADV_GUARD_INSTALL),
		      "this kernel has no guard regions\n");
	assert_gone(gpu, at);
	igt_assert_eq(mirage_bo_userptr(&gpu->dev, area, 8 * PAGE, 0, &handle), -EFAULT);
	igt_assert_eq(mirage_bo_userptr(&gpu->dev, area, 8 * PAGE, DRM_MIRAGE_USERPTR_READONLY,
					&handle), -EFAULT);
	igt_assert(!madvise(area, 8 * PAGE, MADV_GUARD_REMOVE));
	igt_assert_eq_u32(gpu_read32(gpu, at + 5 * PAGE), 0);
	igt_assert_eq_u32(gpu_read32(gpu, at + 6 * PAGE), 36);
	gpu_write32(gpu, at + 5 * PAGE, 55);
	igt_assert_eq_u32(area[5 * PAGE / 4], 55);
	mem_unmap(area, 8 * PAGE);
}

/**
 * SUBTEST: secret-memory
 * Description: An object is not mapped while memory of memfd_secret() is in its range.
 */
static void secret_memory(struct gpu *gpu)
{
	uint32_t *area = mem_anon(8 * PAGE), *page = area + 5 * PAGE / 4;
	char *at = gpu_bind_userptr(gpu, area, 8 * PAGE, 0);
	int fd = syscall(SYS_memfd_secret, 0);

	igt_require_f(fd >= 0, "memfd_secret: %s\n", strerror(errno));
	igt_assert(!ftruncate(fd, PAGE));
	gpu_scatter(gpu, at, PAGE, 8, 30);
	igt_assert(mmap(page, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == page);
	assert_gone(gpu, at);
	*page = 0x5ec4e7;
	assert_gone(gpu, at);
	igt_assert(mmap(page, PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page);
	igt_assert_eq_u32(gpu_read32(gpu, at + 5 * PAGE), 0);
	igt_assert_eq_u32(gpu_read32(gpu, at + 6 * PAGE), 36);
	mem_unmap(area, 8 * PAGE);
	close(fd);
}

/**
 * SUBTEST: fork
 * Description: A child gets memory of its own: it sees nothing of what the GPU writes later, and what it does to its
 *	memory the object does not feel. The parent's object stays with the parent's memory.
 */
static void fork_between(struct gpu *gpu)
{
	uint32_t *area = mem_anon(4 * PAGE);
	int go[2], done[2];
	char *at, c;

	igt_assert(!pipe(go) && !pipe(done));
	at = gpu_bind_userptr(gpu, area, 4 * PAGE, 0);
	gpu_scatter(gpu, at, PAGE, 4, 60);
	igt_fork(child, 1) {
		igt_assert_eq(read(go[0], &c, 1), 1);
		igt_assert_eq_u32(area[PAGE / 4], 61);
		area[PAGE / 4] = 0xdead;
		igt_assert(!munmap((char *)area + 2 * PAGE, PAGE));
		igt_assert_eq(write(done[1], "d", 1), 1);
	}
	/* So that a child that has died ends the wait. */
	close(done[1]);
	gpu_write32(gpu, at + PAGE, 77);
	igt_assert_eq_u32(area[PAGE / 4], 77);
	igt_assert_eq(write(go[1], "g", 1), 1);
	igt_assert_eq(read(done[0], &c, 1), 1);
	igt_waitchildren();
	igt_assert_eq_u32(gpu_read32(gpu, at + PAGE), 77);
	gpu_write32(gpu, at + 2 * PAGE, 78);
	igt_assert_eq_u32(area[2 * PAGE / 4], 78);
	close(go[0]);
	close(go[1]);
	close(done[0]);
	mem_unmap(area, 4 * PAGE);
}

/**
 * SUBTEST: swap
 * Description: Memory goes to swap between jobs, again and again: each finds what the others wrote.
 */
static void swap(struct gpu *gpu)
{
	uint32_t *area = mem_anon(16 * PAGE), round, i;
	char *at = gpu_bind_userptr(gpu, area, 16 * PAGE, 0);

	swap_require();
	for (round = 0; round < 3; round++) {
		gpu_scatter(gpu, at + 4 * round, PAGE, 16, 100 * (round + 1));
		swap_out(area, 16 * PAGE);
	}
	igt_assert_eq_u32(gpu_read32(gpu, at + 9 * PAGE + 4), 209);
	for (i = 0; i < 48; i++)
		igt_assert_eq_u32(area[i / 3 * PAGE / 4 + i % 3], 100 * (i % 3 + 1) + i / 3);
	mem_unmap(area, 16 * PAGE);
	swap_release();
}

/**
 * SUBTEST: many
 * Description: More objects than a job notes at a time, all taken away at once, are all there again for the next job.
 */
static void many(struct gpu *gpu)
{
	uint32_t *area = mem_anon(80 * PAGE);
	struct job job;
	char *at[40];
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(at); i++)
		at[i] = gpu_bind_userptr(gpu, (char *)area + 2 * i * PAGE, 2 * PAGE, 0);
	mem_touch(area, 80 * PAGE, 0);
	igt_assert(!madvise(area, 80 * PAGE, MADV_DONTNEED));
	job = job_new(gpu);
	for (i = 0; i < ARRAY_SIZE(at); i++)
		mirage_ib_fill(&job.ib, at[i] + PAGE, 4, 900 + i);
	job_run(&job);
	for (i = 0; i < ARRAY_SIZE(at); i++)
		igt_assert_eq_u32(area[(2 * i + 1) * PAGE / 4], 900 + i);
	mem_unmap(area, 80 * PAGE);
}

/**
 * struct change - a change of memory, made by a thread of its own
 */
struct change {
	/** @make: the change */
	int (*make)(uint32_t *area);
	/** @area: what is changed, two pages */
	uint32_t *area;
	/** @thread: who does it */
	pthread_t thread;
	/** @tid: its number; 0 before it runs */
	volatile pid_t tid;
	/** @result: what @make returned; 1 until it has */
	volatile int result;
};

static void *change_thread(void *data)
{
	struct change *change = data;

	change->tid = syscall(SYS_gettid);
	change->result = change->make(change->area);
	return NULL;
}

/* So many rounds of a kernel take many times as long as the kernel's shortest sleep, a jiffy. */
#define ROUNDS_OF_A_WAIT	200000

/* Sleeping in the kernel where nothing wakes it but what it waits for: that is the notifier's wait. */
static bool change_waits(const struct change *change)
{
	char path[64], line[256], *state;

	if (!change->tid)
		return false;
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", change->tid);
	igt_assert(file_read(path, line, sizeof(line)));
	state = strrchr(line, ')');
	return state && state[2] == 'D';
}

static int make_munmap(uint32_t *area)
{
	return munmap(area, 2 * PAGE);
}

static int make_mremap(uint32_t *area)
{
	void *to = mem_reserve(BLOCK, BLOCK);

	return mremap(area, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to ? 0 : -1;
}

static int make_readonly(uint32_t *area)
{
	return mprotect(area, 2 * PAGE, PROT_READ);
}

static int make_new(uint32_t *area)
{
	return madvise(area, 2 * PAGE, MADV_DONTNEED);
}

/* A kernel writes to the memory while it is changed: the change waits for the job, which ends as it should. */
static void change_under_job(struct gpu *gpu, int (*make)(uint32_t *area), bool gone)
{
	struct change change = { .make = make, .area = mem_anon(2 * PAGE), .result = 1 };
	char *at = gpu_bind_userptr(gpu, change.area, 2 * PAGE, 0);
	struct loop loop;

	loop_start(&loop, gpu, &kernel_scribble, at + PAGE);
	igt_assert(!pthread_create(&change.thread, NULL, change_thread, &change));
	igt_assert(igt_wait(change_waits(&change), POLL_MS, 1));
	/* The memory is still there for the job: it goes on, for longer than a wait that gives up early takes. */
	loop_advance(&loop, ROUNDS_OF_A_WAIT);
	igt_assert_eq(change.result, 1);
	loop_stop(&loop);
	igt_assert(!pthread_join(change.thread, NULL));
	igt_assert_eq(change.result, 0);
	if (gone) {
		assert_gone(gpu, at);
	} else {
		igt_assert_eq_u32(change.area[PAGE / 4], 0);
		gpu_write32(gpu, at + PAGE, 5);
		igt_assert_eq_u32(change.area[PAGE / 4], 5);
	}
}

/**
 * SUBTEST: munmap-mid-job
 * Description: munmap() of memory that a job writes to waits until the job is done; the next one finds nothing.
 */
static void munmap_mid_job(struct gpu *gpu)
{
	change_under_job(gpu, make_munmap, true);
}

/**
 * SUBTEST: mremap-mid-job
 * Description: So does mremap().
 */
static void mremap_mid_job(struct gpu *gpu)
{
	change_under_job(gpu, make_mremap, true);
}

/**
 * SUBTEST: mprotect-mid-job
 * Description: So does mprotect().
 */
static void mprotect_mid_job(struct gpu *gpu)
{
	change_under_job(gpu, make_readonly, true);
}

/**
 * SUBTEST: dontneed-mid-job
 * Description: So does MADV_DONTNEED, and the next job gets the new pages.
 */
static void dontneed_mid_job(struct gpu *gpu)
{
	change_under_job(gpu, make_new, false);
}

/**
 * SUBTEST: munmap-under-endless-job
 * Description: munmap() of memory that a job writes to without an end waits as long as the job may take, and no longer:
 *	the queue is stopped, the memory is gone.
 */
static void munmap_under_endless_job(struct gpu *gpu)
{
	uint32_t *area = mem_anon(2 * PAGE), queue = gpu->queue, state;
	char *at = gpu_bind_userptr(gpu, area, 2 * PAGE, 0);
	struct timespec start = { 0 };
	struct loop loop;

	igt_assert_eq(mirage_queue_create(&gpu->dev, gpu->vm, DRM_MIRAGE_QUEUE_COMPUTE,
					  QUEUE(.flags = DRM_MIRAGE_QUEUE_NO_FAULT, .timeout_ms = 1000),
					  &gpu->queue), 0);
	loop_start(&loop, gpu, &kernel_scribble, at + PAGE);
	igt_nsec_elapsed(&start);
	igt_assert(!munmap(area, 2 * PAGE));
	/* The job has a second; its queue's end takes a little more. mm would have waited for thirty. */
	igt_assert_lt_u64(igt_nsec_elapsed(&start), 15000000000ull);
	state = gpu_queue_state(gpu, gpu->queue);
	igt_assert(state == DRM_MIRAGE_QUEUE_TIMEOUT || state == DRM_MIRAGE_QUEUE_FAULTED);
	igt_assert_lt(job_wait(&loop.job), 0);
	job_free(&loop.job);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, gpu->queue), 0);
	gpu->queue = queue;
	gpu_unbind(gpu, at, 2 * PAGE);
}

/**
 * SUBTEST: killed-mid-job
 * Description: A process is killed while a job writes to its memory: it dies without waiting for the job, and the GPU
 *	works on for others.
 */
static void killed_mid_job(struct gpu *gpu)
{
	struct igt_helper_process victim = { .use_SIGKILL = true };
	volatile uint32_t *ready = mem_shared_page();
	struct timespec start = { 0 };

	igt_fork_helper(&victim) {
		struct gpu own;
		struct loop loop;

		gpu_open_bound(&own, DRM_MIRAGE_QUEUE_COMPUTE, DRM_MIRAGE_QUEUE_NO_FAULT);
		loop_start(&loop, &own, &kernel_scribble,
			   gpu_bind_userptr(&own, mem_anon(512 * PAGE), 512 * PAGE, 0));
		*ready = 1;
		for (;;)
			pause();
	}
	igt_assert(igt_wait(*ready, POLL_MS, 1));
	igt_assert_eq(waitpid(victim.pid, NULL, WNOHANG), 0);
	igt_nsec_elapsed(&start);
	igt_stop_helper(&victim);
	/* The job itself would have had ten seconds. */
	igt_assert_lt_u64(igt_nsec_elapsed(&start), 8000000000ull);
	gpu_write32(gpu, gpu_at(gpu, &gpu->out[5]), 0x600d);
	igt_assert_eq_u32(gpu->out[5], 0x600d);
	igt_assert(!munmap((void *)ready, PAGE));
}

/**
 * SUBTEST: faulting-queue
 * Description: A queue that may fault uses the same object without being waited for: memory changes under its kernel,
 *	which faults the new memory in and goes on; without memory it is stopped with a report.
 */
static void faulting_queue(struct gpu *gpu)
{
	uint32_t *area = mem_anon(2 * PAGE), queue = gpu->queue, i;
	char *at = gpu_bind_userptr(gpu, area, 2 * PAGE, 0);
	struct loop loop;
	struct job job;

	gpu->queue = gpu_add_bound_queue(gpu, DRM_MIRAGE_QUEUE_COMPUTE, 0);
	loop_start(&loop, gpu, &kernel_scribble, at + PAGE);
	for (i = 0; i < 5; i++) {
		igt_assert(!madvise(area, 2 * PAGE, MADV_DONTNEED));
		loop_advance(&loop, 2);
	}
	loop_stop(&loop);
	igt_assert_eq_u64(area[PAGE / 4], loop.flags->count);

	mem_unmap(area, 2 * PAGE);
	job = job_new(gpu);
	mirage_ib_fill(&job.ib, at, 4, 1);
	job_submit(&job);
	igt_assert_eq(job_wait(&job), -EFAULT);
	gpu_assert_faulted(gpu, gpu->queue, at, MIRAGE_ACCESS_WRITE, EFAULT);
	job_free(&job);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, gpu->queue), 0);
	gpu->queue = queue;
	gpu_unbind(gpu, at, 2 * PAGE);
}

/**
 * struct storm - what changes memory without end
 */
struct storm {
	/** @area: what is changed: protection and place in physical memory, not content */
	char *area;
	/** @pages: of it */
	unsigned int pages;
	/** @stop: end */
	volatile bool stop;
	/** @changes: so far */
	unsigned long changes;
};

static void *storm_thread(void *data)
{
	struct storm *storm = data;
	unsigned int seed = 1;

	while (!storm->stop) {
		unsigned int first = rand_r(&seed) % storm->pages;
		unsigned int count = 1 + rand_r(&seed) % (storm->pages - first);
		char *start = storm->area + first * PAGE;
		pid_t child;

		switch (rand_r(&seed) % 4) {
		case 0:
			mprotect(start, count * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
			mprotect(start, count * PAGE, PROT_READ | PROT_WRITE);
			break;
		case 1:
			madvise(start, count * PAGE, MADV_PAGEOUT);
			break;
		case 2:
			file_write("/proc/self/clear_refs", "4");
			break;
		case 3:
			child = fork();
			if (!child)
				_exit(0);
			if (child > 0)
				waitpid(child, NULL, 0);
			break;
		}
		storm->changes++;
	}
	return NULL;
}

/* Each page counts the jobs that have raised its word; no raise may be lost, none done to a page that is not there. */
static void storm(struct gpu *gpu, unsigned int seconds)
{
	struct storm storm = { .pages = 64 };
	unsigned int jobs = 0, refused = 0, i;
	uint32_t *area;
	pthread_t thread;
	char *at[2];

	storm.area = mem_anon(storm.pages * PAGE);
	area = (uint32_t *)storm.area;
	at[0] = gpu_bind_userptr(gpu, area, storm.pages * PAGE, 0);
	at[1] = gpu_bind_userptr(gpu, area, storm.pages * PAGE, 0);
	igt_assert(!pthread_create(&thread, NULL, storm_thread, &storm));
	igt_until_timeout(seconds) {
		struct raise_args args = {
			.addr = (uintptr_t)at[jobs % 2], .stride = PAGE, .iters = 1,
		};
		struct job job = job_new(gpu);
		int err;

		job_kernel(&job, &kernel_raise, &args, sizeof(args), 1, storm.pages);
		err = job_try_submit(&job);
		/* It may find the memory never at rest. */
		igt_assert_f(!err || err == -EBUSY, "exec: %s\n", strerror(-err));
		if (err) {
			refused++;
		} else {
			igt_assert_eq(job_wait(&job), 0);
			jobs++;
		}
		job_free(&job);
	}
	storm.stop = true;
	igt_assert(!pthread_join(thread, NULL));
	for (i = 0; i < storm.pages; i++)
		igt_assert_eq_u32(area[i * PAGE / 4], jobs);
	igt_info("%u jobs, %u refused, %lu changes\n", jobs, refused, storm.changes);
	igt_assert(jobs && storm.changes);
	mem_unmap(storm.area, storm.pages * PAGE);
}

/**
 * SUBTEST: storm
 * Description: Protection, soft-dirty bits, reclaim and forks change memory without end while jobs raise counters in all its
 *	pages through two objects: no raise is lost.
 */
static void storm_short(struct gpu *gpu)
{
	storm(gpu, 3);
}

/**
 * SUBTEST: storm-processes
 * Description: The same in several processes, for stress_seconds().
 */
static void storm_processes(igt_unused struct gpu *gpu_of_parent)
{
	igt_fork(child, 3) {
		struct gpu gpu;

		gpu_open_bound(&gpu, DRM_MIRAGE_QUEUE_COMPUTE, DRM_MIRAGE_QUEUE_NO_FAULT);
		storm(&gpu, stress_seconds());
		gpu_close(&gpu);
	}
	igt_waitchildren();
}

static const struct gpu_scenario scenarios[] = {
	{ "munmap", munmap_between, "Memory goes and comes between jobs." },
	{ "mremap", mremap_between, "Memory moves between jobs." },
	{ "mprotect", mprotect_between, "Memory changes its protection between jobs." },
	{ "guard-region", guard_region, "A guard region comes and goes between jobs." },
	{ "secret-memory", secret_memory, "Secret memory comes and goes between jobs." },
	{ "fork", fork_between, "A child's memory is its own." },
	{ "swap", swap, "Memory goes to swap between jobs." },
	{ "many", many, "Many objects are taken away at once." },
	{ "munmap-mid-job", munmap_mid_job, "Memory is unmapped while a job uses it." },
	{ "mremap-mid-job", mremap_mid_job, "Memory moves while a job uses it." },
	{ "mprotect-mid-job", mprotect_mid_job, "Memory is protected while a job uses it." },
	{ "dontneed-mid-job", dontneed_mid_job, "Memory is dropped while a job uses it." },
	{ "munmap-under-endless-job", munmap_under_endless_job,
	  "Memory is unmapped while a job uses it that never ends." },
	{ "killed-mid-job", killed_mid_job, "A process dies while a job uses its memory." },
	{ "faulting-queue", faulting_queue, "A queue that may fault, on the same object." },
	{ "storm", storm_short, "Everything at once." },
	{ "storm-processes", storm_processes, "Everything at once, in several processes." },
};

int igt_main()
{
	gpu_bound_subtests(scenarios, ARRAY_SIZE(scenarios));
}
