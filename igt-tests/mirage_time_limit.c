// SPDX-License-Identifier: MIT
/**
 * TEST: mirage time limit
 * Description: A job that exceeds its time limit is stopped, but not for the time that another took.
 * Category: Core
 */
#include <errno.h>

#include "hang.h"
#include "igt_mirage.h"
#include "igt_mirage_space.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("A job that exceeds its time limit is stopped, but not for the time that another took.");

/**
 * SUBTEST: late-by-another-hang
 * Description: A job hangs, and a job of another queue is late first because nothing runs any
 *	more: the one that hangs is found and stopped, the other is not punished.
 */
static void late_by_another_hang(struct gpu *gpu)
{
	uint64_t engine = gpu_param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS);
	uint32_t guilty = gpu_add_limited_queue(gpu, QUEUE_TIMEOUT_MS);
	uint32_t victim = gpu_add_limited_queue(gpu, 2000);
	uint32_t *area = mem_anon(PAGE);
	struct job bad = job_new(gpu), good = job_new(gpu);

	*area = 0;
	gpu_hang(gpu, guilty, &bad);
	job_submit_fill(&good, victim, area, 6);
	igt_assert_eq(job_wait(&good), 0);
	igt_assert_eq_u32(*area, 6);
	igt_assert_eq(job_wait(&bad), -EIO);
	gpu_assert_stopped(gpu, guilty, DRM_MIRAGE_QUEUE_ERROR);
	igt_assert_eq_u32(gpu_hw_error(gpu, guilty), MIRAGE_CHAN_HUNG);
	igt_assert_eq(gpu_queue_state(gpu, victim), DRM_MIRAGE_QUEUE_READY);
	igt_assert_eq_u64(gpu_param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS), engine + 1);
	job_free(&bad);
	job_free(&good);
	mem_unmap(area, PAGE);
}

/**
 * SUBTEST: late-behind-a-hang
 * Description: A job hangs, and another queue with the same time limit gets one soon after, so that it is late
 *	while the first is being stopped. It is not punished for the time behind the other: it has all of its own,
 *	from the moment in which the engine is free.
 */
static void late_behind_a_hang(struct gpu *gpu)
{
	uint64_t engine = gpu_param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS);
	uint32_t guilty = gpu_add_limited_queue(gpu, 4000);
	uint32_t victim = gpu_add_limited_queue(gpu, 4000);
	uint64_t *word = (uint64_t *)&gpu->out[64];
	struct job bad = job_new(gpu), good = job_new(gpu);

	*word = 0;
	gpu_hang(gpu, guilty, &bad);
	/* Longer than it takes to write a core dump, and less than it takes to stop the other. */
	igt_assert(!igt_wait(job_is_done(&bad), 300, 10));
	good.queue = victim;
	mirage_ib_sem_wait(&good.ib, word, 1);
	job_submit(&good);
	igt_assert_eq(job_wait(&bad), -ETIME);
	gpu_assert_stopped(gpu, guilty, DRM_MIRAGE_QUEUE_TIMEOUT);
	/* Late by its own submission, not by the engine. */
	igt_assert(!igt_wait(job_is_done(&good), 1500, 10));
	__atomic_store_n(word, 1, __ATOMIC_SEQ_CST);
	igt_assert_eq(job_wait(&good), 0);
	igt_assert_eq(gpu_queue_state(gpu, victim), DRM_MIRAGE_QUEUE_READY);
	igt_assert_eq_u64(gpu_param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS), engine + 1);
	job_free(&bad);
	job_free(&good);
}

/**
 * SUBTEST: long-job-is-not-a-hang
 * Description: A job of one queue runs for ever and a job of another, which waits for a word in
 *	memory, is late: the late one is stopped, the one that had the engine goes on.
 */
static void long_job_is_not_a_hang(struct gpu *gpu)
{
	uint64_t engine = gpu_param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS);
	uint32_t victim = gpu_add_limited_queue(gpu, 1000);
	uint64_t *word = (uint64_t *)&gpu->out[64];
	struct job waits = job_new(gpu);
	uint32_t *target = &gpu->out[32];
	struct loop loop;

	*word = 0;
	loop_start(&loop, gpu, &kernel_watch, target);
	waits.queue = victim;
	mirage_ib_sem_wait(&waits.ib, word, 1);
	job_submit(&waits);
	igt_assert_eq(job_wait(&waits), -ETIME);
	gpu_assert_stopped(gpu, victim, DRM_MIRAGE_QUEUE_TIMEOUT);
	loop_advance(&loop, 2);
	loop_stop(&loop);
	igt_assert_eq_u64(gpu_param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS), engine);
	job_free(&waits);
}

/**
 * SUBTEST: short-stall-is-no-hang
 * Description: A queue is stopped while the device stands still for a little longer than a channel may take to
 *	stop: it is waited for once more, and neither engine nor device is reset. The queue may not fault, since
 *	replays would be answered in the place of what is waited for.
 */
static void short_stall_is_no_hang(struct gpu *gpu)
{
	uint64_t engine = gpu_param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS);
	uint64_t device = gpu_param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS);
	struct space_job waits;
	struct space space;
	struct buf word;

	space_open(&space, &gpu->dev);
	word = buf_new(&space, PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	waits = space_job_new(&space);
	waits.queue = space_add_bound_queue(&space, 500);
	mirage_ib_sem_wait(&waits.ib, gpu_ptr(word.addr), 1);
	/* A SYNC each 200 ms, until one is answered: the sixth is late, and the seventh not too late. */
	gpu_inject(gpu, "drop_sync", 6);
	space_job_submit(&waits, NULL, 0);
	igt_assert_eq(space_job_status(&waits), -ETIME);
	gpu_assert_stopped(gpu, waits.queue, DRM_MIRAGE_QUEUE_TIMEOUT);
	igt_assert_eq(gpu_injected(gpu, "drop_sync"), 0);
	igt_assert_eq_u64(gpu_param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS), engine);
	igt_assert_eq_u64(gpu_param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS), device);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, waits.queue), 0);
	space_job_free(&waits);
	buf_free(&space, &word);
	space_close(&space);
}

static const struct gpu_scenario scenarios[] = {
	{ "late-by-another-hang", late_by_another_hang,
	  "Who is late because another hangs is not punished." },
	{ "late-behind-a-hang", late_behind_a_hang,
	  "The time behind a job that hangs is not another's." },
	{ "long-job-is-not-a-hang", long_job_is_not_a_hang,
	  "Who has the engine while another is late is not punished." },
	{ "short-stall-is-no-hang", short_stall_is_no_hang,
	  "A device that stands still for a moment is not reset." },
};

int igt_main()
{
	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));
}
