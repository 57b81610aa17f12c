// SPDX-License-Identifier: MIT
/**
 * TEST: mirage function-level reset
 * Description: A function-level reset, which the driver does not begin, loses nothing.
 * Category: Core
 */
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hang.h"
#include "igt_mirage.h"
#include "igt_mirage_bo.h"
#include "igt_mirage_space.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("A function-level reset, which the driver does not begin, loses nothing.");

/**
 * SUBTEST: reset-from-outside
 * Description: The function is reset, which takes what is in video memory, while a kernel runs: it goes on
 *	running, a buffer object has its content, and what was mapped of the process still is.
 */
static void reset_outside(struct gpu *gpu)
{
	struct bo bo = bo_new(&gpu->dev, 1 << 20, DRM_MIRAGE_PLACEMENT_VRAM |
						  DRM_MIRAGE_PLACEMENT_SYSTEM);
	uint32_t *area = mem_anon(16 * PAGE);
	struct loop loop;

	bo_write(&bo, 77);
	gpu_scatter(gpu, area, PAGE, 16, 1);
	loop_start(&loop, gpu, &kernel_watch, &gpu->out[32]);
	for (unsigned int i = 0; i < 3; i++) {
		uint32_t queue;

		gpu_reset_from_outside(gpu);
		loop_advance(&loop, 2);
		bo_expect(&bo, 77);
		gpu_mark(gpu);
		queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COMPUTE);
		igt_assert_eq(mirage_queue_destroy(&gpu->dev, queue), 0);
	}
	loop_stop(&loop);
	gpu_mark(gpu);
	gpu_scatter(gpu, area, PAGE, 16, 100);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_FAULTS), 0);
	for (unsigned int i = 0; i < 16; i++)
		igt_assert_eq_u32(area[i * PAGE / 4], 100 + i);
	bo_expect(&bo, 77);
	bo_free(&bo);
	mem_unmap(area, 16 * PAGE);
}

/**
 * SUBTEST: reset-from-outside-while-hanging
 * Description: The function is reset while a job hangs: the job is ended, what others have goes on.
 */
static void reset_outside_hanging(struct gpu *gpu)
{
	uint32_t guilty = gpu_add_limited_queue(gpu, QUEUE_TIMEOUT_MS), *area = mem_anon(PAGE);
	struct job bad = job_new(gpu), good = job_new(gpu);

	*area = 0;
	gpu_hang(gpu, guilty, &bad);
	job_submit_fill(&good, gpu->queue, area, 5);
	gpu_reset_from_outside(gpu);
	igt_assert_eq(job_wait(&bad), -EIO);
	gpu_assert_stopped(gpu, guilty, DRM_MIRAGE_QUEUE_ERROR);
	igt_assert_eq_u32(gpu_hw_error(gpu, guilty), MIRAGE_CHAN_HUNG);
	igt_assert_eq(job_wait(&good), 0);
	igt_assert_eq_u32(*area, 5);
	job_free(&bad);
	job_free(&good);
	mem_unmap(area, PAGE);
}

/* Makes queues and lets each of them count, until it is told to stop. */
static void count_on_new_queues(volatile uint32_t *flags, unsigned int child)
{
	struct raise_args args = { .iters = 2048 };
	struct gpu gpu;

	gpu_open(&gpu);
	args.addr = (uintptr_t)&gpu.out[16];
	do {
		struct job job = job_new(&gpu);

		gpu.out[16] = 0;
		job.queue = gpu_add_queue(&gpu, DRM_MIRAGE_QUEUE_COMPUTE);
		job_kernel(&job, &kernel_raise, &args, sizeof(args), 4, 64);
		job_submit(&job);
		igt_assert_eq(job_wait(&job), 0);
		igt_assert_eq_u32(gpu.out[16], 4 * 64 * args.iters);
		igt_assert_eq(mirage_queue_destroy(&gpu.dev, job.queue), 0);
		job_free(&job);
		__atomic_fetch_add(&flags[child], 1, __ATOMIC_SEQ_CST);
	} while (!__atomic_load_n(&flags[8], __ATOMIC_SEQ_CST));
	gpu_close(&gpu);
}

/**
 * SUBTEST: reset-from-outside-while-queues-are-made
 * Description: The function is reset again and again while processes make queues and give each a job that
 *	counts: all of them succeed, and each addition was made once.
 */
static void reset_outside_new_queues(struct gpu *gpu)
{
	const unsigned int workers = 2;
	volatile uint32_t *flags = mem_shared_page();
	unsigned int i, n;

	igt_fork(child, (int)workers)
		count_on_new_queues(flags, child);
	for (i = 0; i < 12; i++) {
		for (n = 0; n < workers; n++) {
			uint32_t seen = flags[n];

			igt_assert(igt_wait(flags[n] != seen, POLL_MS, 1));
		}
		gpu_reset_from_outside(gpu);
	}
	flags[8] = 1;
	igt_waitchildren();
	igt_assert_eq(munmap((void *)flags, PAGE), 0);
}

/**
 * SUBTEST: reset-from-outside-behind-a-job
 * Description: The function is reset while a job that may not fault holds an object in video memory, and never
 *	ends: its time goes on, it is stopped, and the reset goes through. Others lose nothing.
 */
static void reset_outside_behind_a_job(struct gpu *gpu)
{
	struct space_job waits;
	struct space space;
	struct buf word, buf;

	space_open(&space, &gpu->dev);
	word = buf_new(&space, PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	buf = buf_new(&space, BLOCK, DRM_MIRAGE_PLACEMENT_VRAM);
	words_write(buf.words, buf.size, 4);
	waits = space_job_new(&space);
	waits.queue = space_add_bound_queue(&space, 5000);
	mirage_ib_sem_wait(&waits.ib, gpu_ptr(word.addr), 1);
	space_job_submit(&waits, NULL, 0);
	gpu_reset_from_outside(gpu);
	igt_assert_eq(space_job_status(&waits), -ETIME);
	gpu_assert_stopped(gpu, waits.queue, DRM_MIRAGE_QUEUE_TIMEOUT);
	words_check(buf.words, buf.size, 4);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, waits.queue), 0);
	space_job_free(&waits);
	buf_free(&space, &buf);
	buf_free(&space, &word);
	space_close(&space);
}

#define GATES		3
#define GATE_MS		6000

/* Opens one gate after the other. */
static void *open_gates(void *arg)
{
	uint64_t *words = arg;

	for (unsigned int i = 0; i < GATES; i++) {
		usleep(GATE_MS * 1000);
		__atomic_store_n(&words[i], 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

/**
 * SUBTEST: reset-from-outside-behind-jobs
 * Description: The function is reset while several jobs in a row hold an object in video memory, each within its
 *	time and all together for longer than TTM's wait limit: all of them are waited for.
 */
static void reset_outside_behind_jobs(struct gpu *gpu)
{
	struct space_job jobs[GATES];
	struct space space;
	struct buf word, buf;
	pthread_t thread;
	unsigned int i;

	space_open(&space, &gpu->dev);
	word = buf_new(&space, PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	buf = buf_new(&space, BLOCK, DRM_MIRAGE_PLACEMENT_VRAM);
	words_write(buf.words, buf.size, 8);
	memset(word.words, 0, word.size);
	for (i = 0; i < GATES; i++) {
		jobs[i] = space_job_new(&space);
		mirage_ib_sem_wait(&jobs[i].ib, gpu_ptr(word.addr + i * sizeof(uint64_t)), 1);
		space_job_submit(&jobs[i], NULL, 0);
	}
	igt_assert(!pthread_create(&thread, NULL, open_gates, word.words));
	gpu_reset_from_outside(gpu);
	igt_assert(!pthread_join(thread, NULL));
	for (i = 0; i < GATES; i++) {
		space_job_wait(&jobs[i]);
		space_job_free(&jobs[i]);
	}
	words_check(buf.words, buf.size, 8);
	buf_free(&space, &buf);
	buf_free(&space, &word);
	space_close(&space);
}

static const struct gpu_scenario scenarios[] = {
	{ "reset-from-outside", reset_outside,
	  "A function-level reset loses nothing." },
	{ "reset-from-outside-while-hanging", reset_outside_hanging,
	  "A function-level reset of a device that hangs ends the job that hangs." },
	{ "reset-from-outside-while-queues-are-made", reset_outside_new_queues,
	  "A function-level reset makes no new queue's job begin twice." },
	{ "reset-from-outside-behind-a-job", reset_outside_behind_a_job,
	  "A function-level reset waits for a job no longer than that may take." },
	{ "reset-from-outside-behind-jobs", reset_outside_behind_jobs,
	  "A function-level reset waits for jobs in a row." },
};

int igt_main()
{
	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));
}
