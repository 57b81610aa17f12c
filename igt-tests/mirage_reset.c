// SPDX-License-Identifier: MIT
/**
 * TEST: mirage reset
 * Description: The device hangs or dies, is reset, and whoever had no part in it goes on.
 * Category: Core
 */
#include <errno.h>

#include "igt_mirage.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("The device hangs or dies, is reset, and whoever had no part in it goes on.");

static uint64_t param(struct gpu *gpu, enum drm_mirage_param which)
{
	uint64_t value;

	igt_assert_eq(mirage_query(&gpu->dev, which, 0, &value, NULL), 0);
	return value;
}

/* Make the device answer no command any more, and give it one. Its reset ends that. */
static void kill_device(struct gpu *gpu)
{
	uint64_t resets = param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS);
	uint32_t *area = mem_anon(PAGE);

	gpu_write32(gpu, area, 1);
	gpu_inject(gpu, "drop_sync", 1000000);
	mem_unmap(area, PAGE);
	igt_assert(igt_wait(param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS) != resets, POLL_MS, 10));
	igt_assert_eq_u64(param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS), resets + 1);
}

/**
 * SUBTEST: dead-device-revives
 * Description: The device answers no more: a munmap of mapped memory returns in bounded time, and
 *	after the reset that follows the same queue, the same page tables and new queues work.
 */
static void dead_device_revives(struct gpu *gpu)
{
	uint32_t *area = mem_anon(4 * PAGE), *lost = mem_anon(PAGE);
	uint64_t resets = param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS);
	struct timespec start = { 0 };
	uint32_t queue;

	gpu_scatter(gpu, area, PAGE, 4, 1);
	gpu_write32(gpu, lost, 2);
	gpu_inject(gpu, "drop_sync", 1000000);
	igt_nsec_elapsed(&start);
	mem_unmap(lost, PAGE);
	igt_assert_lt_u64(igt_nsec_elapsed(&start), 20000000000ll);
	igt_assert(igt_wait(param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS) == resets + 1, POLL_MS, 10));

	igt_assert_eq(gpu_queue_state(gpu, gpu->queue), DRM_MIRAGE_QUEUE_READY);
	gpu_mark(gpu);
	gpu_scatter(gpu, area, PAGE, 4, 3);
	for (unsigned int i = 0; i < 4; i++)
		igt_assert_eq_u32(area[i * PAGE / 4], 3 + i);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_FAULTS), 0);

	queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COMPUTE);
	igt_assert_eq(gpu_queue_state(gpu, queue), DRM_MIRAGE_QUEUE_READY);
	mem_unmap(area, 4 * PAGE);
}

/**
 * SUBTEST: under-way-is-told
 * Description: A reset while one queue has a job under way, one has a job that waits for a syncobj
 *	and one is idle: the first is told that it was reset without guilt, and its fence
 *	carries ECANCELED; the others go on.
 */
static void under_way_is_told(struct gpu *gpu)
{
	uint32_t busy = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COMPUTE);
	uint32_t waiting = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COPY);
	struct job spin = job_new(gpu), late = job_new(gpu);
	uint32_t *area = mem_anon(PAGE);
	struct drm_mirage_sync syncs[2] = { };
	struct drm_mirage_cmds cmds;

	*area = 0;
	spin.queue = busy;
	mirage_ib_fill(&spin.ib, area, 4, 7);
	job_kernel(&spin, &kernel_spin, NULL, 0, 1, 1);
	job_submit(&spin);

	igt_assert(igt_wait(*(volatile uint32_t *)area == 7, POLL_MS, 1));
	syncs[0] = (struct drm_mirage_sync){ .handle = spin.syncobj };
	syncs[1] = (struct drm_mirage_sync){
		.handle = late.syncobj,
		.flags = DRM_MIRAGE_SYNC_SIGNAL,
	};
	mirage_ib_fill(&late.ib, area, 4, 8);
	igt_assert_eq(mirage_ib_cmds(&late.ib, &cmds), 0);
	igt_assert_eq(mirage_exec(&gpu->dev, waiting, &cmds, 1, syncs, 2), 0);

	kill_device(gpu);
	igt_assert_eq(job_wait(&spin), -ECANCELED);
	igt_assert_eq(gpu_queue_state(gpu, busy), DRM_MIRAGE_QUEUE_RESET);
	igt_assert_eq(mirage_exec(&gpu->dev, busy, NULL, 0, NULL, 0), -ECANCELED);

	igt_assert_eq(job_wait(&late), 0);
	igt_assert_eq(gpu_queue_state(gpu, waiting), DRM_MIRAGE_QUEUE_READY);
	igt_assert_eq_u32(*area, 8);
	igt_assert_eq(gpu_queue_state(gpu, gpu->queue), DRM_MIRAGE_QUEUE_READY);

	job_free(&spin);
	job_free(&late);
	mem_unmap(area, PAGE);
}

static const struct gpu_scenario scenarios[] = {
	{ "dead-device-revives", dead_device_revives,
	  "A device that answers no more is reset, and queues and page tables go on." },
	{ "under-way-is-told", under_way_is_told,
	  "A queue with a job under way at a reset is told, others go on." },
};

int igt_main()
{
	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));
}
