// SPDX-License-Identifier: MIT
/**
 * TEST: mirage svm errors
 * Description: Why a page cannot be served: each page has its own error, and lack of memory is tried
 *	again.
 * Category: SVM
 */
#include <sys/mman.h>
#include <unistd.h>

#include "failure.h"
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

/* The GPU's first write to a block while so many allocations of a function fail. */
static void write_without_memory(struct gpu *gpu, const char *function, unsigned int failures)
{
	uint32_t *area = mem_reserve(BLOCK, BLOCK);

	igt_assert(mmap(area, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			-1, 0) == area);
	failure_require();
	failure_only_in(function);
	failure_of_all(failures);
	gpu_write32(gpu, area, 5);
	igt_assert_eq(failure_of_all(0), 0);
	igt_assert_eq_u32(area[0], 5);
	mem_unmap(area, BLOCK);
}

/**
 * SUBTEST: no-memory-in-mm
 * Description: mm has no memory for a page, several times in a row: the fault is tried again, and
 * the queue goes on.
 */
static void no_memory_in_mm(struct gpu *gpu)
{
	write_without_memory(gpu, "handle_mm_fault", 4);
}

/**
 * SUBTEST: no-memory-in-iommu
 * Description: The IOMMU has no memory for its tables, several times in a row: the fault is tried
 *	again, and the queue goes on.
 */
static void no_memory_in_iommu(struct gpu *gpu)
{
	igt_require_f(gpu_behind_iommu(gpu), "no IOMMU\n");
	write_without_memory(gpu, "hmm_pages_link", 4);
}

static const struct gpu_scenario scenarios[] = {
	{ "errno-of-each-page", errno_of_each_page, "Each page that fails has its own error." },
	{ "no-memory-in-mm", no_memory_in_mm, "A page for which mm has no memory is tried again." },
	{ "no-memory-in-iommu", no_memory_in_iommu,
	  "A page for which the IOMMU has no memory is tried again." },
};

int igt_main()
{
	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));
}
