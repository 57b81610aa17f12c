// SPDX-License-Identifier: MIT
/**
 * TEST: mirage svm errors
 * Description: Why a page cannot be served: each page has its own error.
 * Category: SVM
 */
#include <sys/mman.h>
#include <unistd.h>

#include "igt_mirage.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("Why a page cannot be served.");

/* Rounds of a race that nearly each round wins. */
#define ROUNDS	8

/* Time for two faults to be served, where nobody else is. Less makes a round of a race miss. */
#define HOLD_US	100000

/* A job of four bytes on a queue of its own, not submitted. */
static struct job copy_word(struct gpu *gpu, void *to, const void *from)
{
	struct job job = job_new(gpu);

	job.queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COPY);
	mirage_ib_copy(&job.ib, to, from, 4);
	return job;
}

/* The job was stopped by an access with this error. */
static void stopped_by(struct job *job, unsigned int error)
{
	struct mirage_stop why;

	igt_assert_eq(mirage_queue_wait(&job->gpu->dev, job->queue, job->syncobj, JOB_DEADLINE,
					&why), -ECANCELED);
	igt_assert_eq(why.error, -EFAULT);
	igt_assert_eq(why.queue.fault.error, error);
	igt_assert_eq(mirage_queue_destroy(&job->gpu->dev, job->queue), 0);
	job_free(job);
}

/**
 * SUBTEST: errno-of-each-page
 * Description: Two queues are stopped in one batch, by pages of one block that fail for different
 *	reasons: each has the error of its own page.
 */
static void errno_of_each_page(struct gpu *gpu)
{
	uint32_t *area = mem_reserve(BLOCK, BLOCK), *readonly = area + 8 * PAGE / 4;
	struct job hole, write;
	unsigned int i;

	igt_assert(mmap(readonly, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			0) == readonly);
	for (i = 0; i < ROUNDS; i++) {
		hole = copy_word(gpu, &gpu->out[2], area);
		write = copy_word(gpu, readonly, &gpu->out[2]);
		/* Both fail once, and fault again together when they are replayed. */
		gpu_inject(gpu, "hold_replay", 1);
		job_submit(&hole);
		job_submit(&write);
		usleep(HOLD_US);
		gpu_inject(gpu, "hold_replay", 0);
		stopped_by(&hole, EFAULT);
		stopped_by(&write, EPERM);
	}
	mem_unmap(area, BLOCK);
}

static const struct gpu_scenario scenarios[] = {
	{ "errno-of-each-page", errno_of_each_page, "Each page that fails has its own error." },
};

int igt_main()
{
	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));
}
