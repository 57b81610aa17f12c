// SPDX-License-Identifier: MIT
/**
 * TEST: mirage reset
 * Description: The device hangs or dies, is reset, and whoever had no part in it goes on.
 * Category: Core
 */
#include <errno.h>
#include <unistd.h>

#include <drm/drm.h>
#include <linux/dma-buf.h>

#include "hang.h"
#include "igt_mirage.h"
#include "igt_prime.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("The device hangs or dies, is reset, and whoever had no part in it goes on.");

/* Make the device answer no command any more, and give it one. Its reset ends that. */
static void kill_device(struct gpu *gpu)
{
	uint64_t resets = gpu_param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS);
	uint32_t *area = mem_anon(PAGE);

	gpu_write32(gpu, area, 1);
	gpu_inject(gpu, "drop_sync", 1000000);
	mem_unmap(area, PAGE);
	igt_assert(igt_wait(gpu_param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS) != resets, POLL_MS, 10));
	igt_assert_eq_u64(gpu_param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS), resets + 1);
}

/**
 * SUBTEST: dead-device-revives
 * Description: The device answers no more: a munmap of mapped memory returns in bounded time, and
 *	after the reset that follows the same queue, the same page tables and new queues work.
 */
static void dead_device_revives(struct gpu *gpu)
{
	uint32_t *area = mem_anon(4 * PAGE), *lost = mem_anon(PAGE);
	uint64_t resets = gpu_param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS);
	struct timespec start = { 0 };
	uint32_t queue;

	gpu_scatter(gpu, area, PAGE, 4, 1);
	gpu_write32(gpu, lost, 2);
	gpu_inject(gpu, "drop_sync", 1000000);
	igt_nsec_elapsed(&start);
	mem_unmap(lost, PAGE);
	igt_assert_lt_u64(igt_nsec_elapsed(&start), 20000000000ll);
	igt_assert(igt_wait(gpu_param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS) == resets + 1, POLL_MS, 10));

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

/**
 * SUBTEST: hang-engine
 * Description: A job hangs its channel, which then cannot be reset: the engine is reset, its
 *	queue is told of the time-out and stays stopped, and a job of another queue
 *	that stood still meanwhile completes.
 */
static void hang_engine(struct gpu *gpu)
{
	uint64_t engine = gpu_param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS);
	uint64_t device = gpu_param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS);
	uint32_t guilty = gpu_add_limited_queue(gpu, 500), *area = mem_anon(PAGE);
	struct job bad = job_new(gpu), good = job_new(gpu);

	*area = 0;
	gpu_hang(gpu, guilty, &bad);
	job_submit_fill(&good, gpu->queue, area, 5);
	igt_assert_eq(job_wait(&bad), -ETIME);
	igt_assert_eq(job_wait(&good), 0);
	igt_assert_eq_u32(*area, 5);
	gpu_assert_stopped(gpu, guilty, DRM_MIRAGE_QUEUE_TIMEOUT);
	igt_assert_eq(gpu_queue_state(gpu, gpu->queue), DRM_MIRAGE_QUEUE_READY);
	igt_assert_eq_u64(gpu_param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS), engine + 1);
	igt_assert_eq_u64(gpu_param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS), device);
	job_free(&bad);
	job_free(&good);
	mem_unmap(area, PAGE);
}

/**
 * SUBTEST: no-answer-blames-nobody
 * Description: The device executes commands but does not say so, and a queue is destroyed: its channel has
 *	stopped, and the one that has the engine meanwhile is not taken for one that hangs. It is
 *	told of a reset without guilt.
 */
static void no_answer_blames_nobody(struct gpu *gpu)
{
	uint64_t engine = gpu_param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS);
	uint64_t device = gpu_param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS);
	uint32_t unwanted = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COPY);
	uint32_t busy = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COMPUTE);
	uint64_t *word = (uint64_t *)&gpu->out[64];
	struct job waits = job_new(gpu), spin = job_new(gpu);
	uint32_t *began = &gpu->out[32];

	*word = 0;
	*began = 0;
	waits.queue = unwanted;
	mirage_ib_sem_wait(&waits.ib, word, 1);
	job_submit(&waits);
	spin.queue = busy;
	mirage_ib_fill(&spin.ib, began, 4, 7);
	job_kernel(&spin, &kernel_spin, NULL, 0, 1, 1);
	job_submit(&spin);
	igt_assert(igt_wait(*(volatile uint32_t *)began == 7, POLL_MS, 1));
	gpu_inject(gpu, "drop_sync", 1000000);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, unwanted), 0);

	igt_assert_eq(job_wait(&spin), -ECANCELED);
	gpu_assert_stopped(gpu, busy, DRM_MIRAGE_QUEUE_RESET);
	igt_assert_eq(job_wait(&waits), -ECANCELED);
	igt_assert_eq_u64(gpu_param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS), engine);
	igt_assert_eq_u64(gpu_param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS), device + 1);
	job_free(&waits);
	job_free(&spin);
}

/* A fence that the test signals, as a syncobj. */
static uint32_t foreign_fence(struct gpu *gpu, struct vgem *vgem, uint32_t *fence)
{
	struct drm_syncobj_handle args = {
		.flags = DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE,
	};
	uint32_t buffer = vgem_create(vgem, PAGE);
	int fd;

	*fence = vgem_fence(vgem, buffer, true);
	fd = vgem_export(vgem, buffer);
	args.fd = prime_export_fence(fd, DMA_BUF_SYNC_READ);
	igt_assert_eq(mirage_syncobj_create(&gpu->dev, false, &args.handle), 0);
	do_ioctl(gpu->dev.fd, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &args);
	close(args.fd);
	close(fd);
	return args.handle;
}

/**
 * SUBTEST: fences-stay-in-order
 * Description: A queue whose job hangs is being stopped when what its next job waits for comes: that job is
 *	cancelled, and its fence does not signal before that of the first, which may still write.
 */
static void fences_stay_in_order(struct gpu *gpu)
{
	struct job bad = job_new(gpu), next = job_new(gpu);
	uint32_t guilty = gpu_add_limited_queue(gpu, 500), syncobj, fence;
	struct drm_mirage_sync syncs[2];
	struct drm_mirage_cmds cmds;
	struct vgem vgem;

	vgem_open(&vgem);
	syncobj = foreign_fence(gpu, &vgem, &fence);
	gpu_hang(gpu, guilty, &bad);
	mirage_ib_nop(&next.ib);
	igt_assert_eq(mirage_ib_cmds(&next.ib, &cmds), 0);
	syncs[0] = mirage_sync_wait(syncobj);
	syncs[1] = mirage_sync_signal(next.syncobj);
	igt_assert_eq(mirage_exec(&gpu->dev, guilty, &cmds, 1, syncs, 2), 0);
	igt_assert(igt_wait(gpu_queue_state(gpu, guilty) != DRM_MIRAGE_QUEUE_READY, POLL_MS, 1));
	vgem_signal(&vgem, fence);
	igt_assert_eq(job_wait(&next), -ECANCELED);
	igt_assert(job_is_done(&bad));
	igt_assert_eq(job_wait(&bad), -ETIME);
	gpu_assert_stopped(gpu, guilty, DRM_MIRAGE_QUEUE_TIMEOUT);
	igt_assert_eq(mirage_syncobj_destroy(&gpu->dev, syncobj), 0);
	vgem_close(&vgem);
	job_free(&bad);
	job_free(&next);
}

/* The engine cannot be reset: the whole device is. */
static void hang_hard_once(struct gpu *gpu)
{
	uint64_t device = gpu_param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS);
	uint32_t guilty = gpu_add_limited_queue(gpu, 500);
	uint32_t told = gpu_add_limited_queue(gpu, QUEUE_TIMEOUT_MS);
	struct job bad = job_new(gpu), good = job_new(gpu), later = job_new(gpu);
	uint32_t *area = mem_anon(PAGE);

	*area = 0;
	gpu_inject(gpu, "hang_hard", 1);
	gpu_hang(gpu, guilty, &bad);
	job_submit_fill(&good, told, area, 5);
	igt_assert_eq(job_wait(&bad), -ETIME);
	igt_assert_eq(job_wait(&good), -ECANCELED);
	gpu_assert_stopped(gpu, guilty, DRM_MIRAGE_QUEUE_TIMEOUT);
	gpu_assert_stopped(gpu, told, DRM_MIRAGE_QUEUE_RESET);
	job_submit_fill(&later, gpu->queue, area, 7);
	igt_assert_eq(job_wait(&later), 0);
	igt_assert_eq_u32(*area, 7);
	igt_assert_eq(gpu_queue_state(gpu, gpu->queue), DRM_MIRAGE_QUEUE_READY);
	igt_assert_eq_u64(gpu_param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS), device + 1);
	/* The bans outlast the reset. */
	gpu_assert_stopped(gpu, guilty, DRM_MIRAGE_QUEUE_TIMEOUT);
	gpu_assert_stopped(gpu, told, DRM_MIRAGE_QUEUE_RESET);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, guilty), 0);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, told), 0);
	job_free(&bad);
	job_free(&good);
	job_free(&later);
	mem_unmap(area, PAGE);
}

/**
 * SUBTEST: hang-hard
 * Description: A job hangs so that an engine reset does not help: the device is reset. The guilty
 *	queue is told of its time-out, one with a job under way of the reset, an idle one
 *	goes on, and all that stays so.
 */
static void hang_hard(struct gpu *gpu)
{
	hang_hard_once(gpu);
}

/**
 * SUBTEST: many-hangs
 * Description: Hangs in a row, of both kinds: the device works after each.
 */
static void many_hangs(struct gpu *gpu)
{
	for (unsigned int i = 0; i < 4; i++) {
		uint32_t guilty = gpu_add_limited_queue(gpu, 300);
		struct job bad = job_new(gpu);

		gpu_hang(gpu, guilty, &bad);
		igt_assert_eq(job_wait(&bad), -ETIME);
		igt_assert_eq(mirage_queue_destroy(&gpu->dev, guilty), 0);
		job_free(&bad);
		gpu_assert_alive(gpu);
		hang_hard_once(gpu);
		gpu_assert_alive(gpu);
	}
}

/**
 * SUBTEST: destroy-hanging-queue
 * Description: A queue whose job hangs and has a long time-out is destroyed: that returns in bounded
 *	time, and the engine is free.
 */
static void destroy_hanging_queue(struct gpu *gpu)
{
	uint64_t engine = gpu_param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS);
	uint32_t guilty = gpu_add_limited_queue(gpu, QUEUE_TIMEOUT_MS);
	struct job bad = job_new(gpu);

	gpu_hang(gpu, guilty, &bad);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, guilty), 0);
	igt_assert_eq(job_wait(&bad), -ECANCELED);
	igt_assert_eq_u64(gpu_param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS), engine + 1);
	job_free(&bad);
}

/**
 * SUBTEST: faults-pending
 * Description: The device is reset while an access of one queue waits for its fault to be served:
 *	the queue is told, no memory is lost, and the same page is served to a new queue.
 */
static void faults_pending(struct gpu *gpu)
{
	uint32_t guilty = gpu_add_limited_queue(gpu, 300);
	uint32_t reader = gpu_add_limited_queue(gpu, QUEUE_TIMEOUT_MS);
	uint32_t *area = mem_anon(4 * PAGE);
	struct job bad = job_new(gpu), read = job_new(gpu);

	mem_touch(area, 4 * PAGE, 9);
	gpu_inject(gpu, "hang_hard", 1);
	/* The fault is written when the reset is over; the access waits until then. */
	gpu_inject(gpu, "fault_delay_us", 3000000);
	read.queue = reader;
	mirage_ib_copy(&read.ib, &gpu->out[8], area, 4);
	job_submit(&read);
	gpu_hang(gpu, guilty, &bad);
	igt_assert_eq(job_wait(&bad), -ETIME);
	igt_assert_eq(job_wait(&read), -ECANCELED);
	gpu_assert_stopped(gpu, reader, DRM_MIRAGE_QUEUE_RESET);
	igt_assert_eq_u32(gpu_read32(gpu, area), 9);
	gpu_scatter(gpu, area, PAGE, 4, 20);
	for (unsigned int i = 0; i < 4; i++)
		igt_assert_eq_u32(area[i * PAGE / 4], 20 + i);
	job_free(&bad);
	job_free(&read);
	mem_unmap(area, 4 * PAGE);
}

static const struct gpu_scenario scenarios[] = {
	{ "dead-device-revives", dead_device_revives,
	  "A device that answers no more is reset, and queues and page tables go on." },
	{ "under-way-is-told", under_way_is_told,
	  "A queue with a job under way at a reset is told, others go on." },
	{ "hang-engine", hang_engine,
	  "A hanging channel is taken off the engine, and others go on." },
	{ "no-answer-blames-nobody", no_answer_blames_nobody,
	  "A device that does not answer is reset, and nobody is blamed." },
	{ "fences-stay-in-order", fences_stay_in_order,
	  "A job that is cancelled does not end before one that the device executes." },
	{ "hang-hard", hang_hard,
	  "When an engine reset does not help the device is reset." },
	{ "many-hangs", many_hangs,
	  "Hangs in a row." },
	{ "destroy-hanging-queue", destroy_hanging_queue,
	  "A queue that hangs can be destroyed." },
	{ "faults-pending", faults_pending,
	  "A reset while an access waits for its fault." },
};

int igt_main()
{
	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));
}
