// SPDX-License-Identifier: MIT
/**
 * TEST: mirage exec
 * Description: Submission: order, syncobjs, several queues, and jobs that do not end.
 * Category: Core
 */
#include <pthread.h>

#include "igt_mirage.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("Submission: order, syncobjs, several queues, and jobs that do not end.");

static void exec_ib(struct gpu *gpu, uint32_t queue, struct job *job,
		    const struct drm_mirage_sync *syncs, uint32_t nr_syncs)
{
	struct drm_mirage_cmds cmds;

	igt_assert_eq(mirage_ib_cmds(&job->ib, &cmds), 0);
	igt_assert_eq(mirage_exec(&gpu->dev, queue, &cmds, 1, syncs, nr_syncs), 0);
}

static uint32_t syncobj(struct gpu *gpu)
{
	uint32_t handle;

	igt_assert_eq(mirage_syncobj_create(&gpu->dev, false, &handle), 0);
	return handle;
}

static void wait_for(struct gpu *gpu, uint32_t handle)
{
	igt_assert_eq(mirage_syncobj_wait(&gpu->dev, handle, JOB_DEADLINE), 0);
}

/**
 * SUBTEST: empty
 * Description: A job without packets signals its syncobjs, after the jobs before it.
 */
static void empty(struct gpu *gpu)
{
	uint64_t *sem = (uint64_t *)gpu->out + 8;
	uint32_t handle = syncobj(gpu);
	struct drm_mirage_sync sync = mirage_sync_signal(handle);
	struct job job = job_new(gpu);

	igt_assert_eq(mirage_exec(&gpu->dev, gpu->queue, NULL, 0, &sync, 1), 0);
	wait_for(gpu, handle);

	igt_assert_eq(mirage_syncobj_reset(&gpu->dev, handle), 0);
	*sem = 0;
	mirage_ib_sem_wait(&job.ib, sem, 1);
	job_submit(&job);
	igt_assert_eq(mirage_exec(&gpu->dev, gpu->queue, NULL, 0, &sync, 1), 0);
	igt_assert_eq(mirage_syncobj_wait(&gpu->dev, handle, mirage_deadline(20)), -ETIME);
	__atomic_store_n(sem, 1, __ATOMIC_SEQ_CST);
	wait_for(gpu, handle);
	igt_assert(job_is_done(&job));
	job_free(&job);
	igt_assert_eq(mirage_syncobj_destroy(&gpu->dev, handle), 0);
}

/**
 * SUBTEST: jobs-in-order
 * Description: Jobs of a queue run in order: each copies on what the one before has copied.
 */
static void jobs_in_order(struct gpu *gpu)
{
	const unsigned int n = 24;
	struct job jobs[24];
	uint32_t *words = gpu->out + 64;
	unsigned int i;

	words[0] = 0xc0ffee;
	for (i = 0; i < n; i++) {
		jobs[i] = job_new(gpu);
		mirage_ib_copy(&jobs[i].ib, words + i + 1, words + i, 4);
	}
	for (i = 0; i < n; i++)
		job_submit(&jobs[i]);
	igt_assert_eq(job_wait(&jobs[n - 1]), 0);
	for (i = 0; i < n; i++) {
		igt_assert(job_is_done(&jobs[i]));
		job_free(&jobs[i]);
		igt_assert_eq_u32(words[i + 1], 0xc0ffee);
	}
}

/**
 * SUBTEST: ends-one-by-one
 * Description: Of two jobs of a queue each waits for a word: when the first has ended the second has not, though the
 *	driver has looked at their queue.
 */
static void ends_one_by_one(struct gpu *gpu)
{
	uint64_t *gates = (uint64_t *)(gpu->out + 64);
	uint32_t own = gpu->queue;
	struct job jobs[2];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		jobs[i] = job_new(gpu);
		mirage_ib_sem_wait(&jobs[i].ib, &gates[i], 1);
		job_submit(&jobs[i]);
	}
	__atomic_store_n(&gates[0], 1, __ATOMIC_SEQ_CST);
	igt_assert_eq(job_wait(&jobs[0]), 0);
	/* The end of another queue's job is told after all that has to do with this one's. */
	gpu->queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COPY);
	gpu_assert_alive(gpu);
	igt_assert(!job_is_done(&jobs[1]));
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, gpu->queue), 0);
	gpu->queue = own;
	__atomic_store_n(&gates[1], 1, __ATOMIC_SEQ_CST);
	igt_assert_eq(job_wait(&jobs[1]), 0);
	for (i = 0; i < 2; i++)
		job_free(&jobs[i]);
}

/**
 * SUBTEST: many-jobs
 * Description: 1500 jobs without a wait between them, more than a ring holds: each runs once.
 */
static void many_jobs(struct gpu *gpu)
{
	const unsigned int n = 1500;
	struct raise_args args = { .addr = (uintptr_t)(gpu->out + 64), .iters = 1 };
	struct drm_mirage_queue_query before, after;
	struct job job = job_new(gpu);
	uint32_t handle = syncobj(gpu);
	struct drm_mirage_sync sync = mirage_sync_signal(handle);
	unsigned int i;

	gpu->out[64] = 0;
	igt_assert_eq(mirage_queue_query(&gpu->dev, gpu->queue, &before), 0);
	job_kernel(&job, &kernel_raise, &args, sizeof(args), 1, 1);
	for (i = 0; i < n; i++)
		exec_ib(gpu, gpu->queue, &job, &sync, i == n - 1);
	wait_for(gpu, handle);
	igt_assert_eq_u32(gpu->out[64], n);
	igt_assert_eq(mirage_queue_query(&gpu->dev, gpu->queue, &after), 0);
	igt_assert_eq_u64(after.jobs - before.jobs, n);
	igt_assert_eq(mirage_syncobj_destroy(&gpu->dev, handle), 0);
	job_free(&job);
}

/**
 * SUBTEST: many-cmds
 * Description: 64 indirect buffers in one job run in order; 65 are refused.
 */
static void many_cmds(struct gpu *gpu)
{
	struct drm_mirage_cmds cmds[65];
	uint32_t handle = syncobj(gpu), *words = gpu->out + 64, *packets = gpu->out + 256;
	struct drm_mirage_sync sync = mirage_sync_signal(handle);
	struct mirage_ib ib;
	unsigned int i;

	words[0] = 0xabc;
	for (i = 0; i < 65; i++) {
		mirage_ib_init(&ib, packets + 8 * i, 32);
		mirage_ib_copy(&ib, words + i + 1, words + i, 4);
		igt_assert_eq(mirage_ib_cmds(&ib, &cmds[i]), 0);
	}
	igt_assert_eq(mirage_exec(&gpu->dev, gpu->queue, cmds, 65, &sync, 1), -E2BIG);
	igt_assert_eq(mirage_exec(&gpu->dev, gpu->queue, cmds, 64, &sync, 1), 0);
	wait_for(gpu, handle);
	for (i = 0; i <= 65; i++)
		igt_assert_eq_u32(words[i], i <= 64 ? 0xabc : 0);
	igt_assert_eq(mirage_syncobj_destroy(&gpu->dev, handle), 0);
}

/**
 * SUBTEST: binary-syncobj
 * Description: A job on one queue waits for a job on another by a binary syncobj.
 */
static void binary_syncobj(struct gpu *gpu)
{
	uint64_t *sem = (uint64_t *)gpu->out + 8;
	uint32_t second = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COPY);
	uint32_t handle = syncobj(gpu), end = syncobj(gpu), *words = gpu->out + 64;
	struct drm_mirage_sync first_sync = mirage_sync_signal(handle);
	struct drm_mirage_sync second_syncs[2] = {
		mirage_sync_wait(handle), mirage_sync_signal(end),
	};
	struct job producer = job_new(gpu), consumer = job_new(gpu);

	*sem = 0;
	words[0] = 0;
	words[1] = 0;
	mirage_ib_sem_wait(&producer.ib, sem, 1);
	mirage_ib_fill(&producer.ib, words, 4, 0x77);
	mirage_ib_copy(&consumer.ib, words + 1, words, 4);
	exec_ib(gpu, gpu->queue, &producer, &first_sync, 1);
	exec_ib(gpu, second, &consumer, second_syncs, 2);
	igt_assert_eq(mirage_syncobj_wait(&gpu->dev, end, mirage_deadline(50)), -ETIME);
	igt_assert_eq_u32(*(volatile uint32_t *)&words[1], 0);
	__atomic_store_n(sem, 1, __ATOMIC_SEQ_CST);
	wait_for(gpu, end);
	igt_assert_eq_u32(words[1], 0x77);
	igt_assert_eq(mirage_syncobj_wait(&gpu->dev, handle, 0), 0);
	job_free(&producer);
	job_free(&consumer);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, second), 0);
}

/**
 * SUBTEST: timeline-syncobj
 * Description: Jobs of two queues take turns by the points of one timeline.
 */
static void timeline_syncobj(struct gpu *gpu)
{
	const unsigned int n = 10;
	uint32_t queues[2] = { gpu->queue, gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COPY) };
	uint32_t timeline = syncobj(gpu), *words = gpu->out + 64;
	struct job jobs[10];
	uint64_t point;
	unsigned int i;

	words[0] = 0xdada;
	for (i = 0; i < n; i++) {
		struct drm_mirage_sync syncs[2] = {
			mirage_sync_signal_point(timeline, i + 1),
			mirage_sync_wait_point(timeline, i),
		};

		jobs[i] = job_new(gpu);
		mirage_ib_copy(&jobs[i].ib, words + i + 1, words + i, 4);
		exec_ib(gpu, queues[i % 2], &jobs[i], syncs, i ? 2 : 1);
	}
	igt_assert_eq(mirage_timeline_wait(&gpu->dev, timeline, n, 0, JOB_DEADLINE), 0);
	for (i = 0; i < n; i++) {
		igt_assert_eq_u32(words[i + 1], 0xdada);
		job_free(&jobs[i]);
	}
	igt_assert_eq(mirage_timeline_query(&gpu->dev, timeline, &point), 0);
	igt_assert_eq_u64(point, n);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, queues[1]), 0);
}

struct waiter {
	struct gpu *gpu;
	uint32_t handle;
	int result;
};

static void *wait_in_thread(void *arg)
{
	struct waiter *w = arg;

	w->result = mirage_timeline_wait(&w->gpu->dev, w->handle, 5,
					 1 << 1 /* DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT */,
					 JOB_DEADLINE);
	return NULL;
}

/**
 * SUBTEST: wait-before-signal
 * Description: A job may not wait for a point that nobody has submitted (-EINVAL, nothing
 *	happens); a thread may, and wakes when it comes.
 */
static void wait_before_signal(struct gpu *gpu)
{
	struct waiter w = { .gpu = gpu, .handle = syncobj(gpu), .result = 1 };
	struct drm_mirage_sync syncs[2] = { mirage_sync_wait_point(w.handle, 5) };
	uint32_t end = syncobj(gpu);
	pthread_t thread;

	syncs[1] = mirage_sync_signal(end);
	igt_assert_eq(mirage_exec(&gpu->dev, gpu->queue, NULL, 0, syncs, 2), -EINVAL);
	/* The refused job has not touched the syncobj it would have signalled. */
	igt_assert_eq(mirage_syncobj_wait(&gpu->dev, end, 0), -ETIME);

	igt_assert(!pthread_create(&thread, NULL, wait_in_thread, &w));
	syncs[0] = mirage_sync_signal_point(w.handle, 5);
	igt_assert_eq(mirage_exec(&gpu->dev, gpu->queue, NULL, 0, syncs, 1), 0);
	igt_assert(!pthread_join(thread, NULL));
	igt_assert_eq(w.result, 0);

	/* Now a job may wait for it. */
	syncs[0] = mirage_sync_wait_point(w.handle, 5);
	igt_assert_eq(mirage_exec(&gpu->dev, gpu->queue, NULL, 0, syncs, 2), 0);
	wait_for(gpu, end);
}

/**
 * SUBTEST: copy-and-compute
 * Description: Two queues at once, one copies and one computes, on memory that faults: both end
 *	right.
 */
static void copy_and_compute(struct gpu *gpu)
{
	const size_t size = 64 * PAGE;
	uint32_t copying = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COPY), i;
	uint8_t *from = mem_anon(size), *to = mem_anon(size);
	uint32_t *area = mem_anon(BLOCK);
	struct scatter_args args = {
		.dst = (uintptr_t)area, .stride = PAGE, .n = BLOCK / PAGE, .value = 0x40000,
	};
	struct job copy = job_new(gpu), compute = job_new(gpu);

	for (i = 0; i < size; i++)
		from[i] = i * 13 + (i >> 12);
	copy.queue = copying;
	mirage_ib_copy(&copy.ib, to, from, size);
	job_kernel(&compute, &kernel_scatter, &args, sizeof(args), BLOCK / PAGE / 64, 64);
	job_submit(&copy);
	job_submit(&compute);
	igt_assert_eq(job_wait(&copy), 0);
	igt_assert_eq(job_wait(&compute), 0);
	igt_assert(!memcmp(from, to, size));
	for (i = 0; i < BLOCK / PAGE; i++)
		igt_assert_eq_u32(area[i * PAGE / 4], 0x40000 + i);
	job_free(&copy);
	job_free(&compute);
	mem_unmap(from, size);
	mem_unmap(to, size);
	mem_unmap(area, BLOCK);
}

/* The job on a queue of its own was stopped because it took too long. */
static void timed_out(struct gpu *gpu, struct job *job)
{
	struct drm_mirage_queue_query state;

	job_submit(job);
	/* Others are served meanwhile. */
	gpu_assert_alive(gpu);
	igt_assert(!job_is_done(job));
	igt_assert_eq(job_wait(job), -ETIME);
	igt_assert_eq(mirage_queue_query(&gpu->dev, job->queue, &state), 0);
	igt_assert_eq(state.state, DRM_MIRAGE_QUEUE_TIMEOUT);
	igt_assert_eq_u64(state.jobs, 0);
	igt_assert_eq(mirage_exec(&gpu->dev, job->queue, NULL, 0, NULL, 0), -ECANCELED);
	gpu_assert_alive(gpu);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, job->queue), 0);
	job_free(job);
}

/**
 * SUBTEST: timeout
 * Description: A kernel that never ends, and a semaphore that nobody raises, are stopped after
 *	the queue's time-out; other queues go on all the while.
 */
static void timeout(struct gpu *gpu)
{
	uint64_t *sem = (uint64_t *)gpu->out + 8;
	struct job job;

	job = job_new(gpu);
	igt_assert_eq(mirage_queue_create(&gpu->dev, gpu->vm, DRM_MIRAGE_QUEUE_COMPUTE,
					  QUEUE(.timeout_ms = 2000), &job.queue), 0);
	job_kernel(&job, &kernel_spin, NULL, 0, 40, 64);
	timed_out(gpu, &job);

	*sem = 0;
	job = job_new(gpu);
	igt_assert_eq(mirage_queue_create(&gpu->dev, gpu->vm, DRM_MIRAGE_QUEUE_COPY,
					  QUEUE(.timeout_ms = 2000), &job.queue), 0);
	mirage_ib_sem_wait(&job.ib, sem, 1);
	timed_out(gpu, &job);
}

/**
 * SUBTEST: destroy-while-running
 * Description: A queue is destroyed under a kernel that never ends and a job that waits behind
 *	it: both fences signal -ECANCELED at once.
 */
static void destroy_while_running(struct gpu *gpu)
{
	struct job running = job_new(gpu), waiting = job_new(gpu);

	running.queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COMPUTE);
	waiting.queue = running.queue;
	job_kernel(&running, &kernel_spin, NULL, 0, 1, 1);
	mirage_ib_fill(&waiting.ib, &gpu->out[70], 4, 1);
	job_submit(&running);
	job_submit(&waiting);
	igt_assert(!job_is_done(&running));
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, running.queue), 0);
	igt_assert_eq(job_wait(&running), -ECANCELED);
	igt_assert_eq(job_wait(&waiting), -ECANCELED);
	igt_assert_eq_u32(gpu->out[70], 0);
	gpu_assert_alive(gpu);
	job_free(&running);
	job_free(&waiting);
}

/**
 * SUBTEST: priorities
 * Description: High priorities need CAP_SYS_NICE, and a queue of each priority works.
 */
static void priorities(struct gpu *gpu)
{
	uint32_t own = gpu->queue, queue, p;

	for (p = 0; p < 4; p++) {
		igt_assert_eq(mirage_queue_create(&gpu->dev, gpu->vm, DRM_MIRAGE_QUEUE_COPY,
						  QUEUE(.priority = p - 1), &gpu->queue), 0);
		gpu_assert_alive(gpu);
	}
	gpu->queue = own;
	igt_assert_eq(mirage_queue_create(&gpu->dev, gpu->vm, DRM_MIRAGE_QUEUE_COPY,
					  QUEUE(.priority = 3), &queue), -EINVAL);
	igt_fork(child, 1) {
		uint32_t vm;

		igt_assert(!setuid(65534));
		igt_assert_eq(mirage_vm_create(&gpu->dev, &vm), 0);
		for (p = 0; p < 4; p++)
			igt_assert_eq(mirage_queue_create(&gpu->dev, vm, DRM_MIRAGE_QUEUE_COPY,
							  QUEUE(.priority = p - 1),
							  &queue), p < 2 ? 0 : -EACCES);
	}
	igt_waitchildren();
}

/**
 * SUBTEST: share-syncobj
 * Description: A syncobj exported and imported again carries the job's end, as does a sync
 *	file.
 */
static void share_syncobj(struct gpu *gpu)
{
	uint32_t handle = syncobj(gpu), imported;
	struct drm_mirage_sync sync = mirage_sync_signal(handle);
	int fd;

	igt_assert_eq(mirage_syncobj_export(&gpu->dev, handle, &fd), 0);
	igt_assert_eq(mirage_syncobj_import(&gpu->dev, fd, &imported), 0);
	close(fd);
	igt_assert_eq(mirage_exec(&gpu->dev, gpu->queue, NULL, 0, &sync, 1), 0);
	wait_for(gpu, imported);
	sync = mirage_sync_wait(imported);
	igt_assert_eq(mirage_exec(&gpu->dev, gpu->queue, NULL, 0, &sync, 1), 0);
	igt_assert_eq(mirage_syncobj_export_sync_file(&gpu->dev, handle, &fd), 0);
	close(fd);
}

static const struct gpu_scenario scenarios[] = {
	{ "empty", empty, "A job without packets signals in order." },
	{ "jobs-in-order", jobs_in_order, "Jobs of a queue run in order." },
	{ "ends-one-by-one", ends_one_by_one, "A job that waits has not ended with the one before." },
	{ "many-jobs", many_jobs, "More jobs than a ring holds, each once." },
	{ "many-cmds", many_cmds, "64 indirect buffers in one job, in order." },
	{ "binary-syncobj", binary_syncobj, "A job waits for another queue's." },
	{ "timeline-syncobj", timeline_syncobj, "Two queues take turns by one timeline." },
	{ "wait-before-signal", wait_before_signal,
	  "Jobs may not wait for what nobody has submitted; threads may." },
	{ "copy-and-compute", copy_and_compute, "One queue copies while another computes." },
	{ "timeout", timeout, "Jobs that never end are stopped; other queues go on." },
	{ "destroy-while-running", destroy_while_running,
	  "A queue destroyed under a running kernel cancels its jobs." },
	{ "priorities", priorities, "High priorities are for the privileged." },
	{ "share-syncobj", share_syncobj, "Exported and imported syncobjs carry a job's end." },
};

int igt_main()
{
	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));
}
