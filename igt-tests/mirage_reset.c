// SPDX-License-Identifier: MIT
/**
 * TEST: mirage reset
 * Description: The device hangs or dies, is reset, and whoever had no part in it goes on.
 * Category: Core
 */
#include <errno.h>
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <drm/drm.h>
#include <linux/dma-buf.h>

#include "debugfs.h"
#include "igt_mirage.h"
#include "igt_mirage_bo.h"
#include "igt_mirage_space.h"
#include "igt_prime.h"
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

/* A queue whose jobs may take so long. */
static uint32_t add_queue(struct gpu *gpu, uint32_t timeout_ms)
{
	uint32_t queue;

	igt_assert_eq(mirage_queue_create(&gpu->dev, gpu->vm, DRM_MIRAGE_QUEUE_COMPUTE,
					  QUEUE(.timeout_ms = timeout_ms), &queue), 0);
	return queue;
}

/* The next job of @queue hangs the engine; one is submitted. */
static void hang(struct gpu *gpu, uint32_t queue, struct job *job)
{
	gpu_inject(gpu, "hang_chan", channel_of_queue(&gpu->dev, queue) + 1);
	job->queue = queue;
	mirage_ib_nop(&job->ib);
	job_submit(job);
	igt_assert(igt_wait(!gpu_injected(gpu, "hang_chan"), POLL_MS, 1));
}

static uint32_t hw_error(struct gpu *gpu, uint32_t queue)
{
	struct drm_mirage_queue_query state;

	igt_assert_eq(mirage_queue_query(&gpu->dev, queue, &state), 0);
	return state.hw_error;
}

/* A job that writes @value to @to. */
static void submit_fill(struct job *job, uint32_t queue, uint32_t *to, uint32_t value)
{
	job->queue = queue;
	mirage_ib_fill(&job->ib, to, sizeof(*to), value);
	job_submit(job);
}

static void assert_stopped(struct gpu *gpu, uint32_t queue, enum drm_mirage_queue_state state)
{
	igt_assert_eq(gpu_queue_state(gpu, queue), state);
	igt_assert_eq(mirage_exec(&gpu->dev, queue, NULL, 0, NULL, 0), -ECANCELED);
}

/**
 * SUBTEST: hang-engine
 * Description: A job hangs its channel, which then cannot be reset: the engine is reset, its
 *	queue is told of the time-out and stays stopped, and a job of another queue
 *	that stood still meanwhile completes.
 */
static void hang_engine(struct gpu *gpu)
{
	uint64_t engine = param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS);
	uint64_t device = param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS);
	uint32_t guilty = add_queue(gpu, 500), *area = mem_anon(PAGE);
	struct job bad = job_new(gpu), good = job_new(gpu);

	*area = 0;
	hang(gpu, guilty, &bad);
	submit_fill(&good, gpu->queue, area, 5);
	igt_assert_eq(job_wait(&bad), -ETIME);
	igt_assert_eq(job_wait(&good), 0);
	igt_assert_eq_u32(*area, 5);
	assert_stopped(gpu, guilty, DRM_MIRAGE_QUEUE_TIMEOUT);
	igt_assert_eq(gpu_queue_state(gpu, gpu->queue), DRM_MIRAGE_QUEUE_READY);
	igt_assert_eq_u64(param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS), engine + 1);
	igt_assert_eq_u64(param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS), device);
	job_free(&bad);
	job_free(&good);
	mem_unmap(area, PAGE);
}

/**
 * SUBTEST: late-by-another-hang
 * Description: A job hangs, and a job of another queue is late first because nothing runs any
 *	more: the one that hangs is found and stopped, the other is not punished.
 */
static void late_by_another_hang(struct gpu *gpu)
{
	uint64_t engine = param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS);
	uint32_t guilty = add_queue(gpu, QUEUE_TIMEOUT_MS), victim = add_queue(gpu, 2000);
	uint32_t *area = mem_anon(PAGE);
	struct job bad = job_new(gpu), good = job_new(gpu);

	*area = 0;
	hang(gpu, guilty, &bad);
	submit_fill(&good, victim, area, 6);
	igt_assert_eq(job_wait(&good), 0);
	igt_assert_eq_u32(*area, 6);
	igt_assert_eq(job_wait(&bad), -EIO);
	assert_stopped(gpu, guilty, DRM_MIRAGE_QUEUE_ERROR);
	igt_assert_eq_u32(hw_error(gpu, guilty), MIRAGE_CHAN_HUNG);
	igt_assert_eq(gpu_queue_state(gpu, victim), DRM_MIRAGE_QUEUE_READY);
	igt_assert_eq_u64(param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS), engine + 1);
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
	uint64_t engine = param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS);
	uint32_t guilty = add_queue(gpu, 4000), victim = add_queue(gpu, 4000);
	uint64_t *word = (uint64_t *)&gpu->out[64];
	struct job bad = job_new(gpu), good = job_new(gpu);

	*word = 0;
	hang(gpu, guilty, &bad);
	/* Longer than it takes to write a core dump, and less than it takes to stop the other. */
	igt_assert(!igt_wait(job_is_done(&bad), 300, 10));
	good.queue = victim;
	mirage_ib_sem_wait(&good.ib, word, 1);
	job_submit(&good);
	igt_assert_eq(job_wait(&bad), -ETIME);
	assert_stopped(gpu, guilty, DRM_MIRAGE_QUEUE_TIMEOUT);
	/* Late by its own submission, not by the engine. */
	igt_assert(!igt_wait(job_is_done(&good), 1500, 10));
	__atomic_store_n(word, 1, __ATOMIC_SEQ_CST);
	igt_assert_eq(job_wait(&good), 0);
	igt_assert_eq(gpu_queue_state(gpu, victim), DRM_MIRAGE_QUEUE_READY);
	igt_assert_eq_u64(param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS), engine + 1);
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
	uint64_t engine = param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS);
	uint32_t victim = add_queue(gpu, 1000);
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
	assert_stopped(gpu, victim, DRM_MIRAGE_QUEUE_TIMEOUT);
	loop_advance(&loop, 2);
	loop_stop(&loop);
	igt_assert_eq_u64(param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS), engine);
	job_free(&waits);
}

/**
 * SUBTEST: no-answer-blames-nobody
 * Description: The device executes commands but does not say so, and a queue is destroyed: its channel has
 *	stopped, and the one that has the engine meanwhile is not taken for one that hangs. It is
 *	told of a reset without guilt.
 */
static void no_answer_blames_nobody(struct gpu *gpu)
{
	uint64_t engine = param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS);
	uint64_t device = param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS);
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
	assert_stopped(gpu, busy, DRM_MIRAGE_QUEUE_RESET);
	igt_assert_eq(job_wait(&waits), -ECANCELED);
	igt_assert_eq_u64(param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS), engine);
	igt_assert_eq_u64(param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS), device + 1);
	job_free(&waits);
	job_free(&spin);
}

/* A queue of @space that may not fault. */
static uint32_t add_bound_queue(struct space *space, uint32_t timeout_ms)
{
	uint32_t queue;

	igt_assert_eq(mirage_queue_create(space->dev, space->vm, DRM_MIRAGE_QUEUE_COPY,
					  QUEUE(.flags = DRM_MIRAGE_QUEUE_NO_FAULT, .timeout_ms = timeout_ms),
					  &queue), 0);
	return queue;
}

/**
 * SUBTEST: short-stall-is-no-hang
 * Description: A queue is stopped while the device stands still for a little longer than a channel may take to
 *	stop: it is waited for once more, and neither engine nor device is reset. The queue may not fault, since
 *	replays would be answered in the place of what is waited for.
 */
static void short_stall_is_no_hang(struct gpu *gpu)
{
	uint64_t engine = param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS);
	uint64_t device = param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS);
	struct space_job waits;
	struct space space;
	struct buf word;

	space_open(&space, &gpu->dev);
	word = buf_new(&space, PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	waits = space_job_new(&space);
	waits.queue = add_bound_queue(&space, 500);
	mirage_ib_sem_wait(&waits.ib, gpu_ptr(word.addr), 1);
	/* A SYNC each 200 ms, until one is answered: the sixth is late, and the seventh not too late. */
	gpu_inject(gpu, "drop_sync", 6);
	space_job_submit(&waits, NULL, 0);
	igt_assert_eq(space_job_status(&waits), -ETIME);
	assert_stopped(gpu, waits.queue, DRM_MIRAGE_QUEUE_TIMEOUT);
	igt_assert_eq(gpu_injected(gpu, "drop_sync"), 0);
	igt_assert_eq_u64(param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS), engine);
	igt_assert_eq_u64(param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS), device);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, waits.queue), 0);
	space_job_free(&waits);
	buf_free(&space, &word);
	space_close(&space);
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
	uint32_t guilty = add_queue(gpu, 500), syncobj, fence;
	struct drm_mirage_sync syncs[2];
	struct drm_mirage_cmds cmds;
	struct vgem vgem;

	vgem_open(&vgem);
	syncobj = foreign_fence(gpu, &vgem, &fence);
	hang(gpu, guilty, &bad);
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
	assert_stopped(gpu, guilty, DRM_MIRAGE_QUEUE_TIMEOUT);
	igt_assert_eq(mirage_syncobj_destroy(&gpu->dev, syncobj), 0);
	vgem_close(&vgem);
	job_free(&bad);
	job_free(&next);
}

/* The engine cannot be reset: the whole device is. */
static void hang_hard_once(struct gpu *gpu)
{
	uint64_t device = param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS);
	uint32_t guilty = add_queue(gpu, 500), told = add_queue(gpu, QUEUE_TIMEOUT_MS);
	struct job bad = job_new(gpu), good = job_new(gpu), later = job_new(gpu);
	uint32_t *area = mem_anon(PAGE);

	*area = 0;
	gpu_inject(gpu, "hang_hard", 1);
	hang(gpu, guilty, &bad);
	submit_fill(&good, told, area, 5);
	igt_assert_eq(job_wait(&bad), -ETIME);
	igt_assert_eq(job_wait(&good), -ECANCELED);
	assert_stopped(gpu, guilty, DRM_MIRAGE_QUEUE_TIMEOUT);
	assert_stopped(gpu, told, DRM_MIRAGE_QUEUE_RESET);
	submit_fill(&later, gpu->queue, area, 7);
	igt_assert_eq(job_wait(&later), 0);
	igt_assert_eq_u32(*area, 7);
	igt_assert_eq(gpu_queue_state(gpu, gpu->queue), DRM_MIRAGE_QUEUE_READY);
	igt_assert_eq_u64(param(gpu, DRM_MIRAGE_PARAM_DEVICE_RESETS), device + 1);
	/* The bans outlast the reset. */
	assert_stopped(gpu, guilty, DRM_MIRAGE_QUEUE_TIMEOUT);
	assert_stopped(gpu, told, DRM_MIRAGE_QUEUE_RESET);
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
		uint32_t guilty = add_queue(gpu, 300);
		struct job bad = job_new(gpu);

		hang(gpu, guilty, &bad);
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
	uint64_t engine = param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS);
	uint32_t guilty = add_queue(gpu, QUEUE_TIMEOUT_MS);
	struct job bad = job_new(gpu);

	hang(gpu, guilty, &bad);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, guilty), 0);
	igt_assert_eq(job_wait(&bad), -ECANCELED);
	igt_assert_eq_u64(param(gpu, DRM_MIRAGE_PARAM_ENGINE_RESETS), engine + 1);
	job_free(&bad);
}

/**
 * SUBTEST: faults-pending
 * Description: The device is reset while an access of one queue waits for its fault to be served:
 *	the queue is told, no memory is lost, and the same page is served to a new queue.
 */
static void faults_pending(struct gpu *gpu)
{
	uint32_t guilty = add_queue(gpu, 300), reader = add_queue(gpu, QUEUE_TIMEOUT_MS);
	uint32_t *area = mem_anon(4 * PAGE);
	struct job bad = job_new(gpu), read = job_new(gpu);

	mem_touch(area, 4 * PAGE, 9);
	gpu_inject(gpu, "hang_hard", 1);
	/* The fault is written when the reset is over; the access waits until then. */
	gpu_inject(gpu, "fault_delay_us", 3000000);
	read.queue = reader;
	mirage_ib_copy(&read.ib, &gpu->out[8], area, 4);
	job_submit(&read);
	hang(gpu, guilty, &bad);
	igt_assert_eq(job_wait(&bad), -ETIME);
	igt_assert_eq(job_wait(&read), -ECANCELED);
	assert_stopped(gpu, reader, DRM_MIRAGE_QUEUE_RESET);
	igt_assert_eq_u32(gpu_read32(gpu, area), 9);
	gpu_scatter(gpu, area, PAGE, 4, 20);
	for (unsigned int i = 0; i < 4; i++)
		igt_assert_eq_u32(area[i * PAGE / 4], 20 + i);
	job_free(&bad);
	job_free(&read);
	mem_unmap(area, 4 * PAGE);
}

static bool find_dump(char *path, size_t size)
{
	glob_t found;

	if (glob("/sys/class/devcoredump/devcd*/data", 0, NULL, &found))
		return false;
	snprintf(path, size, "%s", found.gl_pathv[0]);
	globfree(&found);
	return true;
}

/* Throw away the core dumps that there are. */
static void drop_dumps(void)
{
	char path[128];
	glob_t found;

	if (glob("/sys/class/devcoredump/devcd*/data", 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		igt_assert(file_write(found.gl_pathv[i], "1"));
	globfree(&found);
	/* A work does it; a dump that comes meanwhile would be dropped. */
	igt_assert(igt_wait(!find_dump(path, sizeof(path)), POLL_MS, 10));
}

/* Let mirage-decode name what is in the dump; NULL where it cannot, since another dump has replaced this one. */
static char *try_decode_dump(const char *path)
{
	char self[PATH_MAX], command[2 * PATH_MAX];
	char *text = NULL;
	size_t size = 0;
	ssize_t length;
	FILE *pipe;
	int status;

	length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	igt_assert_lt(0, length);
	self[length] = 0;
	snprintf(command, sizeof(command), "%s/../uapi/tools/mirage-decode %s", dirname(self),
		 path);
	pipe = popen(command, "r");
	igt_assert(pipe);
	length = getdelim(&text, &size, 0, pipe);
	status = pclose(pipe);
	if (length > 0 && WIFEXITED(status) && !WEXITSTATUS(status))
		return text;
	free(text);
	return NULL;
}

static char *decode_dump(const char *path)
{
	char *text = try_decode_dump(path);

	igt_assert_f(text, "mirage-decode cannot read %s\n", path);
	return text;
}

static void expect_text(const char *text, const char *what)
{
	igt_assert_f(strstr(text, what), "the dump does not say \"%s\":\n%s\n", what, text);
}

/**
 * SUBTEST: core-dump
 * Description: A job hangs: a core dump appears that decodes, names process, queue and channel, has the
 *	registers as they were, and the packet that hangs.
 */
static void core_dump(struct gpu *gpu)
{
	uint32_t guilty = add_queue(gpu, 500), *area = mem_anon(PAGE);
	unsigned int chan = channel_of_queue(&gpu->dev, guilty);
	struct job bad = job_new(gpu);
	char path[128], line[128];
	char *text;

	igt_require_f(!access("/sys/class/devcoredump", F_OK), "the kernel keeps no core dumps\n");
	drop_dumps();
	/* For the history. */
	gpu_write32(gpu, area, 1);
	hang(gpu, guilty, &bad);
	igt_assert_eq(job_wait(&bad), -ETIME);
	igt_assert(igt_wait(find_dump(path, sizeof(path)), POLL_MS, 10));
	text = decode_dump(path);

	expect_text(text, "why: time-out");
	snprintf(line, sizeof(line), "guilty: process mirage_reset[%d], queue %u, channel %u, vm",
		 getpid(), guilty, chan);
	expect_text(text, line);
	snprintf(line, sizeof(line), "(channel %u)\n", chan);
	expect_text(text, line);
	snprintf(line, sizeof(line), "[channel %u]\nqueue: %u\n", chan, guilty);
	expect_text(text, line);
	expect_text(text, "jobs: 0 of 1\ndescriptor: RUNNING, class COMPUTE");
	/* The job is an IB and a FENCE, at the start of the ring; the IB has not ended. */
	snprintf(line, sizeof(line), "  0: IB %#llx 0x1\n",
		 (unsigned long long)(uintptr_t)bad.ib.words);
	expect_text(text, line);
	expect_text(text, "  4: FENCE ");
	snprintf(line, sizeof(line), "fault %#llx: write by channel",
		 (unsigned long long)(uintptr_t)area);
	expect_text(text, line);
	snprintf(line, sizeof(line), "map %#llx ", (unsigned long long)(uintptr_t)area);
	expect_text(text, line);
	expect_text(text, "[end]\n");

	free(text);
	drop_dumps();
	job_free(&bad);
	mem_unmap(area, PAGE);
}

/**
 * SUBTEST: dump-of-channel-error
 * Description: A packet that is none: the core dump has the error with its place.
 */
static void dump_of_channel_error(struct gpu *gpu)
{
	static const uint32_t junk[] = { 0xee };
	uint32_t guilty = add_queue(gpu, QUEUE_TIMEOUT_MS);
	struct job bad = job_new(gpu);
	char path[128], line[128];
	char *text;

	igt_require_f(!access("/sys/class/devcoredump", F_OK), "the kernel keeps no core dumps\n");
	drop_dumps();
	bad.queue = guilty;
	mirage_ib_raw(&bad.ib, junk, 1);
	job_submit(&bad);
	igt_assert_eq(job_wait(&bad), -EIO);
	igt_assert(igt_wait(find_dump(path, sizeof(path)), POLL_MS, 10));
	text = decode_dump(path);
	expect_text(text, "why: channel error");
	snprintf(line, sizeof(line), "error %u (%s), info 0xee, address %#llx",
		 MIRAGE_CHAN_BAD_PACKET, mirage_chan_error_name(MIRAGE_CHAN_BAD_PACKET),
		 (unsigned long long)(uintptr_t)bad.ib.words);
	expect_text(text, line);
	free(text);
	drop_dumps();
	job_free(&bad);
}

/**
 * SUBTEST: dump-of-instruction
 * Description: A program that stores to an odd address: the core dump has the instruction, group, wave and lane.
 */
static void dump_of_instruction(struct gpu *gpu)
{
	struct scatter_args args = { .dst = (uintptr_t)gpu->out + 1, .stride = 4, .n = 32 };
	struct drm_mirage_queue_query query;
	struct job bad = job_new(gpu);
	char path[128], line[128];
	char *text;

	igt_require_f(!access("/sys/class/devcoredump", F_OK), "the kernel keeps no core dumps\n");
	drop_dumps();
	bad.queue = add_queue(gpu, QUEUE_TIMEOUT_MS);
	job_kernel(&bad, &kernel_scatter, &args, sizeof(args), 1, 32);
	job_submit(&bad);
	igt_assert_eq(job_wait(&bad), -EIO);
	igt_assert_eq(mirage_queue_query(&gpu->dev, bad.queue, &query), 0);
	igt_assert_neq_u64(query.place.pc, 0);
	igt_assert(igt_wait(find_dump(path, sizeof(path)), POLL_MS, 10));
	text = decode_dump(path);
	snprintf(line, sizeof(line), "descriptor: instruction at %#llx, group 0,0,0, wave 0, lane 0",
		 (unsigned long long)query.place.pc);
	expect_text(text, line);
	free(text);
	drop_dumps();
	job_free(&bad);
}

/* A job of a user's own fails by a packet that is none, and leaves a dump or none. Returns the process. */
static int fail_as(uid_t uid)
{
	static const uint32_t junk[] = { 0xee };
	int *pid = mem_shared_page();
	int ret;

	igt_fork(child, 1) {
		struct gpu gpu;
		struct job bad;

		*pid = getpid();
		gpu_open(&gpu);
		igt_assert_eq(setuid(uid), 0);
		/* The address space is made by that user, and with it the queue. */
		igt_assert_eq(mirage_vm_create_with(&gpu.dev, DRM_MIRAGE_VM_CREATE_SVM, &gpu.vm), 0);
		bad = job_new(&gpu);
		bad.queue = gpu_add_queue(&gpu, DRM_MIRAGE_QUEUE_COPY);
		mirage_ib_raw(&bad.ib, junk, 1);
		job_submit(&bad);
		igt_assert_eq(job_wait(&bad), -EIO);
	}
	igt_waitchildren();
	ret = *pid;
	munmap(pid, PAGE);
	return ret;
}

/* The process of ours that the dump blames, or 0. */
static int dump_guilty(void)
{
	char path[128];
	const char *at;
	char *text;
	int pid = 0;

	if (!find_dump(path, sizeof(path)))
		return 0;
	text = try_decode_dump(path);
	at = text ? strstr(text, "guilty: process mirage_reset[") : NULL;
	if (at)
		pid = atoi(strchr(at, '[') + 1);
	free(text);
	return pid;
}

/**
 * SUBTEST: dump-for-each-user
 * Description: A user's second failure does not replace the dump of the first, but another user's failure does.
 */
static void dump_for_each_user(struct gpu *gpu)
{
	/* Users who have not failed before, in this or an earlier run. */
	uid_t one = 100000 + 16 * getpid(), other = one + 1;
	int first, again, others[8];
	unsigned int i = 0;

	igt_require_f(!access("/sys/class/devcoredump", F_OK), "the kernel keeps no core dumps\n");
	drop_dumps();
	first = fail_as(one);
	igt_assert(igt_wait(dump_guilty() == first, POLL_MS, 10));
	again = fail_as(one);
	/* The driver does without a dump while it still writes the one before: then the next one tries. */
	do {
		igt_assert_lt(i, ARRAY_SIZE(others));
		others[i] = fail_as(other + i);
		igt_assert_neq(dump_guilty(), again);
	} while (!igt_wait(dump_guilty() == others[i], 10000, 10) && ++i);
	drop_dumps();
}

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
	uint32_t guilty = add_queue(gpu, QUEUE_TIMEOUT_MS), *area = mem_anon(PAGE);
	struct job bad = job_new(gpu), good = job_new(gpu);

	*area = 0;
	hang(gpu, guilty, &bad);
	submit_fill(&good, gpu->queue, area, 5);
	gpu_reset_from_outside(gpu);
	igt_assert_eq(job_wait(&bad), -EIO);
	assert_stopped(gpu, guilty, DRM_MIRAGE_QUEUE_ERROR);
	igt_assert_eq_u32(hw_error(gpu, guilty), MIRAGE_CHAN_HUNG);
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
	waits.queue = add_bound_queue(&space, 5000);
	mirage_ib_sem_wait(&waits.ib, gpu_ptr(word.addr), 1);
	space_job_submit(&waits, NULL, 0);
	gpu_reset_from_outside(gpu);
	igt_assert_eq(space_job_status(&waits), -ETIME);
	assert_stopped(gpu, waits.queue, DRM_MIRAGE_QUEUE_TIMEOUT);
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
	{ "dead-device-revives", dead_device_revives,
	  "A device that answers no more is reset, and queues and page tables go on." },
	{ "under-way-is-told", under_way_is_told,
	  "A queue with a job under way at a reset is told, others go on." },
	{ "hang-engine", hang_engine,
	  "A hanging channel is taken off the engine, and others go on." },
	{ "late-by-another-hang", late_by_another_hang,
	  "Who is late because another hangs is not punished." },
	{ "late-behind-a-hang", late_behind_a_hang,
	  "The time behind a job that hangs is not another's." },
	{ "long-job-is-not-a-hang", long_job_is_not_a_hang,
	  "Who has the engine while another is late is not punished." },
	{ "no-answer-blames-nobody", no_answer_blames_nobody,
	  "A device that does not answer is reset, and nobody is blamed." },
	{ "short-stall-is-no-hang", short_stall_is_no_hang,
	  "A device that stands still for a moment is not reset." },
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
	{ "core-dump", core_dump,
	  "A hang leaves a core dump that says who and where." },
	{ "dump-of-channel-error", dump_of_channel_error,
	  "A channel's error leaves a core dump that says what and where." },
	{ "dump-of-instruction", dump_of_instruction,
	  "A program's error leaves a core dump that says which instruction." },
	{ "dump-for-each-user", dump_for_each_user,
	  "No user keeps another's core dump away." },
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
