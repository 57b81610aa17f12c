// SPDX-License-Identifier: MIT
/**
 * TEST: mirage suspend
 * Description: The machine sleeps and wakes up while the GPU is at work: nothing that a program has
 *	there is lost, and no job is.
 * Category: Core
 */
#include <sys/mman.h>

#include "igt_mirage.h"
#include "igt_mirage_space.h"
#include "machine.h"
#include "memory.h"
#include "text.h"

IGT_TEST_DESCRIPTION("The machine sleeps and wakes up while the GPU is at work.");

#define MIB	(1ul << 20)

static void suspend(enum igt_suspend_state state)
{
	igt_system_suspend_autoresume(state, SUSPEND_TEST_NONE);
}

/**
 * SUBTEST: idle-%s
 * Description: With the device open and idle; it works afterwards, for this file and a new one.
 */
static void idle(struct gpu *gpu, enum igt_suspend_state state)
{
	struct gpu other;

	suspend(state);
	gpu_assert_alive(gpu);
	gpu_open(&other);
	gpu_assert_alive(&other);
	gpu_close(&other);
}

/**
 * SUBTEST: closed-%s
 * Description: With nobody using the device, which sleeps by itself already.
 */
static void closed(struct gpu *gpu, enum igt_suspend_state state)
{
	gpu_close(gpu);
	suspend(state);
	gpu_open(gpu);
	gpu_assert_alive(gpu);
}

/**
 * SUBTEST: svm-%s
 * Description: Memory of the process that the GPU had mapped is still mapped: not one fault is taken to
 *	read it. Pages that were not mapped fault, and pages that the process unmaps go, as before.
 */
static void svm(struct gpu *gpu, enum igt_suspend_state state)
{
	uint32_t *area = mem_anon(64 * PAGE), *fresh = mem_anon(16 * PAGE);
	unsigned int i;

	gpu_scatter(gpu, area, PAGE, 64, 500);
	gpu_mark(gpu);
	suspend(state);
	gpu_gather(gpu, area, PAGE, 64, gpu->out);
	for (i = 0; i < 64; i++)
		igt_assert_eq_u32(gpu->out[i], area[i * PAGE / 4]);
	igt_assert_eq_u32(area[63 * PAGE / 4], 563);
	igt_assert_eq_u64(gpu_demanded(gpu), 0);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_FAULTS), 0);

	gpu_scatter(gpu, fresh, PAGE, 16, 9);
	igt_assert_eq_u32(fresh[15 * PAGE / 4], 24);
	igt_assert_neq(gpu_delta(gpu, DRM_MIRAGE_STAT_FAULTS), 0);
	mem_unmap(area, 64 * PAGE);
	mem_unmap(fresh, 16 * PAGE);
	gpu_read_fails(gpu, area, EFAULT);
}

/**
 * SUBTEST: kernel-%s
 * Description: A kernel that counts goes on from the number it had in a register.
 */
static void kernel(struct gpu *gpu, enum igt_suspend_state state)
{
	uint32_t *target = mem_anon(PAGE);
	struct loop loop;
	uint64_t count;

	*target = 1;
	loop_start(&loop, gpu, &kernel_watch, target);
	loop_advance(&loop, 100);
	count = loop.flags->count;
	suspend(state);
	/* A kernel that began anew would write small numbers, and then pass the old one. */
	igt_assert(igt_wait(loop.flags->count < count || loop.flags->count > count + 1000, POLL_MS, 0));
	igt_assert_lte_u64(count, loop.flags->count);
	loop_stop(&loop);
	mem_unmap(target, PAGE);
}

/**
 * SUBTEST: atomics-%s
 * Description: Many lanes count to a sum, and are interrupted on the way: the sum is exact, so each atomic
 *	was done once.
 */
static void atomics(struct gpu *gpu, enum igt_suspend_state state)
{
	struct raise_args args = { .addr = (uintptr_t)&gpu->out[16], .iters = 1u << 16 };
	volatile uint32_t *sum = &gpu->out[16];
	struct job job;
	bool interrupted;

	do {
		*sum = 0;
		job = job_new(gpu);
		job_kernel(&job, &kernel_raise, &args, sizeof(args), 4, 64);
		job_submit(&job);
		igt_assert(igt_wait(*sum, POLL_MS, 0));
		suspend(state);
		interrupted = *sum < 4 * 64 * args.iters;
		igt_assert_eq(job_wait(&job), 0);
		igt_assert_eq_u32(*sum, 4 * 64 * args.iters);
		job_free(&job);
		/* It was too fast to be seen: again, with more to do. */
		args.iters *= 8;
	} while (!interrupted && args.iters < 1u << 24);
	igt_assert(interrupted);
}

/**
 * SUBTEST: slow-commands-%s
 * Description: The same while each command takes long: the kernel is saved when it has stopped, and what was saved
 *	is read when all of it was written. One that began anew would count too much.
 */
static void slow_commands(struct gpu *gpu, enum igt_suspend_state state)
{
	gpu_inject(gpu, "delay_cmd_us", 50000);
	atomics(gpu, state);
	gpu_inject(gpu, "delay_cmd_us", 0);
}

/* A copy, a wait for the word at @gate to be 1, another copy. */
static void gated_job(struct job *job, uint64_t *gate, uint32_t *area)
{
	mirage_ib_copy(&job->ib, area + PAGE / 4, area, PAGE);
	mirage_ib_sem_wait(&job->ib, gate, 1);
	mirage_ib_copy(&job->ib, area + 2 * PAGE / 4, area + PAGE / 4, PAGE);
}

/**
 * SUBTEST: semaphore-%s
 * Description: A job waits for this process, which sleeps: it is not given up, and is in the middle of its
 *	packets afterwards. One that waits for it begins when it has ended.
 */
static void semaphore(struct gpu *gpu, enum igt_suspend_state state)
{
	uint32_t *area = mem_anon(4 * PAGE);
	uint64_t *gate = (uint64_t *)&gpu->out[32];
	struct drm_mirage_cmds cmds;
	struct drm_mirage_sync syncs[2];
	struct job first, second;

	*gate = 0;
	mem_touch(area, PAGE, 70);
	first = job_new(gpu);
	gated_job(&first, gate, area);
	job_submit(&first);
	igt_assert(igt_wait(*(volatile uint32_t *)&area[PAGE / 4] == area[0], POLL_MS, 1));

	second = job_new(gpu);
	second.queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COPY);
	mirage_ib_copy(&second.ib, area + 3 * PAGE / 4, area + 2 * PAGE / 4, PAGE);
	igt_assert_eq(mirage_ib_cmds(&second.ib, &cmds), 0);
	syncs[0] = mirage_sync_wait(first.syncobj);
	syncs[1] = mirage_sync_signal(second.syncobj);
	igt_assert_eq(mirage_exec(&gpu->dev, second.queue, &cmds, 1, syncs, 2), 0);

	suspend(state);
	igt_assert(!job_is_done(&first));
	igt_assert_eq_u32(area[2 * PAGE / 4], 0);
	__atomic_store_n(gate, 1, __ATOMIC_SEQ_CST);
	igt_assert_eq(job_wait(&first), 0);
	igt_assert_eq(job_wait(&second), 0);
	igt_assert(!memcmp(area, area + 3 * PAGE / 4, PAGE));
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, second.queue), 0);
	job_free(&first);
	job_free(&second);
	mem_unmap(area, 4 * PAGE);
}

/**
 * SUBTEST: long-running-%s
 * Description: A job without a time limit goes on, and its user fence is written at its end.
 */
static void long_running(struct gpu *gpu, enum igt_suspend_state state)
{
	uint64_t *gate = (uint64_t *)&gpu->out[32], *end = (uint64_t *)&gpu->out[34];
	struct drm_mirage_user_fence fence = { .addr = (uintptr_t)end, .value = 7 };
	uint32_t *area = mem_anon(4 * PAGE), queue;
	struct drm_mirage_cmds cmds;
	struct job job = job_new(gpu);

	*gate = *end = 0;
	mem_touch(area, PAGE, 71);
	igt_assert_eq(mirage_queue_create(&gpu->dev, gpu->vm, DRM_MIRAGE_QUEUE_COMPUTE,
					  QUEUE(.flags = DRM_MIRAGE_QUEUE_LONG_RUNNING),
					  &queue), 0);
	gated_job(&job, gate, area);
	igt_assert_eq(mirage_ib_cmds(&job.ib, &cmds), 0);
	igt_assert_eq(mirage_exec_fences(&gpu->dev, queue, &cmds, 1, &fence, 1), 0);
	igt_assert(igt_wait(*(volatile uint32_t *)&area[PAGE / 4] == area[0], POLL_MS, 1));
	suspend(state);
	igt_assert_eq_u64(*(volatile uint64_t *)end, 0);
	igt_assert_eq(gpu_queue_state(gpu, queue), DRM_MIRAGE_QUEUE_READY);
	__atomic_store_n(gate, 1, __ATOMIC_SEQ_CST);
	igt_assert_eq(mirage_wait_user_fence(&gpu->dev, queue, end, 7, 0, JOB_DEADLINE), 0);
	igt_assert(!memcmp(area, area + 2 * PAGE / 4, PAGE));
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, queue), 0);
	job_free(&job);
	mem_unmap(area, 4 * PAGE);
}

/**
 * SUBTEST: objects-%s
 * Description: Objects in video memory, written by processor and GPU, have each byte of their content; one
 *	that may be nowhere else is back there for the next job, at the same address.
 */
static void objects(struct gpu *gpu, enum igt_suspend_state state)
{
	const uint64_t size = 6 * MIB;
	struct buf written, copied, either;
	struct space space;

	space_open(&space, &gpu->dev);
	written = buf_new(&space, size, DRM_MIRAGE_PLACEMENT_VRAM);
	copied = buf_new(&space, size, DRM_MIRAGE_PLACEMENT_VRAM);
	either = buf_new(&space, size,
			 DRM_MIRAGE_PLACEMENT_VRAM | DRM_MIRAGE_PLACEMENT_SYSTEM);
	words_write(written.words, size, 1);
	space_copy(&space, copied.addr, written.addr, size);
	words_write(either.words, size, 3);
	igt_assert_eq_u32(buf_location(&space, &copied), DRM_MIRAGE_PLACEMENT_VRAM);

	suspend(state);
	igt_assert_eq_u32(buf_location(&space, &copied), DRM_MIRAGE_PLACEMENT_SYSTEM);
	words_check(copied.words, size, 1);
	space_copy(&space, copied.addr, either.addr, size);
	igt_assert_eq_u32(buf_location(&space, &copied), DRM_MIRAGE_PLACEMENT_VRAM);
	words_check(copied.words, size, 3);
	words_check(written.words, size, 1);
	words_check(either.words, size, 3);

	buf_free(&space, &written);
	buf_free(&space, &copied);
	buf_free(&space, &either);
	space_close(&space);
}

/**
 * SUBTEST: no-fault-job-%s
 * Description: A job that holds objects in video memory and may not fault is waited for, and has done its work.
 */
static void no_fault_job(struct gpu *gpu, enum igt_suspend_state state)
{
	const uint64_t size = 16 * MIB;
	struct buf from, to;
	struct space_job job;
	struct space space;
	unsigned int i;

	space_open(&space, &gpu->dev);
	from = buf_new(&space, size, DRM_MIRAGE_PLACEMENT_VRAM);
	to = buf_new(&space, size, DRM_MIRAGE_PLACEMENT_VRAM);
	words_write(from.words, size, 11);
	job = space_job_new(&space);
	for (i = 0; i < 64; i++) {
		mirage_ib_fill(&job.ib, gpu_ptr(to.addr), size, i);
		mirage_ib_copy(&job.ib, gpu_ptr(to.addr), gpu_ptr(from.addr), size);
	}
	space_job_submit(&job, NULL, 0);
	suspend(state);
	igt_assert(space_job_is_done(&job));
	words_check(to.words, size, 11);
	space_job_free(&job);
	buf_free(&space, &from);
	buf_free(&space, &to);
	space_close(&space);
}

/* Faults, computes, and moves objects, and checks what comes of it, until it is told to stop. */
static void work_until_told(volatile uint32_t *flags, unsigned int child)
{
	const uint64_t size = 2 * MIB;
	uint32_t *area = mem_anon(64 * PAGE);
	struct buf there, back;
	struct space space;
	uint32_t round = 0;
	struct gpu gpu;
	unsigned int i;

	gpu_open(&gpu);
	space_open(&space, &gpu.dev);
	there = buf_new(&space, size, DRM_MIRAGE_PLACEMENT_VRAM);
	back = buf_new(&space, size, DRM_MIRAGE_PLACEMENT_SYSTEM);
	do {
		round++;
		gpu_scatter(&gpu, area, PAGE, 64, round);
		for (i = 0; i < 64; i++)
			igt_assert_eq_u32(area[i * PAGE / 4], round + i);
		igt_assert(!madvise(area, 32 * PAGE, MADV_DONTNEED));
		words_write(there.words, size, round * 8 + child);
		space_copy(&space, back.addr, there.addr, size);
		words_check(back.words, size, round * 8 + child);
		__atomic_fetch_add(&flags[child], 1, __ATOMIC_SEQ_CST);
	} while (!__atomic_load_n(&flags[8], __ATOMIC_SEQ_CST));
	buf_free(&space, &there);
	buf_free(&space, &back);
	space_close(&space);
	gpu_close(&gpu);
	mem_unmap(area, 64 * PAGE);
}

/**
 * SUBTEST: busy-%s
 * Description: Several processes fault, compute, copy and check all the time, and the machine sleeps
 *	again and again.
 */
static void busy(struct gpu *gpu, enum igt_suspend_state state)
{
	const unsigned int workers = 3;
	volatile uint32_t *flags = mem_shared_page();
	uint32_t seen[3];
	unsigned int i, n;

	igt_fork(child, (int)workers)
		work_until_told(flags, child);
	for (i = 0; i < 3; i++) {
		for (n = 0; n < workers; n++)
			seen[n] = flags[n];
		for (n = 0; n < workers; n++)
			igt_assert(igt_wait(flags[n] > seen[n], POLL_MS, 1));
		suspend(state);
	}
	for (n = 0; n < workers; n++)
		seen[n] = flags[n];
	for (n = 0; n < workers; n++)
		igt_assert(igt_wait(flags[n] > seen[n] + 1, POLL_MS, 1));
	flags[8] = 1;
	igt_waitchildren();
	gpu_assert_alive(gpu);
	munmap((void *)flags, PAGE);
}

/**
 * SUBTEST: turned-back-%s
 * Description: The machine does not fall asleep after all when all devices had been suspended: all goes on,
 *	kernel, objects and mirrored memory.
 */
static void turned_back(struct gpu *gpu, enum igt_suspend_state state)
{
	const uint64_t size = 4 * MIB;
	uint32_t *target = mem_anon(PAGE);
	struct space space;
	struct loop loop;
	struct buf buf;

	*target = 1;
	space_open(&space, &gpu->dev);
	buf = buf_new(&space, size, DRM_MIRAGE_PLACEMENT_VRAM);
	words_write(buf.words, size, 21);
	loop_start(&loop, gpu, &kernel_watch, target);
	loop_advance(&loop, 10);
	igt_system_suspend_autoresume(state, SUSPEND_TEST_DEVICES);
	loop_advance(&loop, 10);
	words_check(buf.words, size, 21);
	space_fill(&space, buf.addr, size, 0x55);
	igt_assert_eq_u32(buf.words[size / 4 - 1], 0x55);
	loop_stop(&loop);
	buf_free(&space, &buf);
	space_close(&space);
	mem_unmap(target, PAGE);
}

#define TRACING		"/sys/kernel/tracing/"
#define PHASES		TRACING "events/power/suspend_resume/enable"
#define MOVES		TRACING "events/mirage/mirage_move/enable"

/**
 * SUBTEST: objects-first
 * Description: Objects leave video memory before the first device is suspended: after that memory cannot be had by
 *	swapping others out.
 */
static void objects_first(struct gpu *gpu)
{
	const char *text, *left, *suspended;
	struct space space;
	struct buf buf;

	space_open(&space, &gpu->dev);
	buf = buf_new(&space, MIB, DRM_MIRAGE_PLACEMENT_VRAM);
	words_write(buf.words, MIB, 5);
	igt_assert(file_write(TRACING "trace", "\n") && file_write(TRACING "tracing_on", "1"));
	igt_assert(file_write(PHASES, "1") && file_write(MOVES, "1"));
	igt_system_suspend_autoresume(SUSPEND_STATE_FREEZE, SUSPEND_TEST_DEVICES);
	igt_assert(file_write(PHASES, "0") && file_write(MOVES, "0"));
	text = text_read(TRACING "trace");
	left = strstr(text, "from vram to");
	suspended = strstr(text, " dpm_suspend[");
	igt_assert(left && suspended);
	igt_assert_f(left < suspended, "it left when devices were being suspended\n");
	words_check(buf.words, MIB, 5);
	buf_free(&space, &buf);
	space_close(&space);
}

#define ROW_JOBS	8
#define ROW_JOB_MS	5000

/**
 * SUBTEST: jobs-in-a-row
 * Description: Jobs that never end wait for each other, and each holds an object of its own in video memory until its time
 *	is over. The machine does not wait for all of them: it stays awake, and their objects have their content.
 */
static void jobs_in_a_row(struct gpu *gpu)
{
	struct space spaces[ROW_JOBS];
	struct space_job jobs[ROW_JOBS];
	struct buf words[ROW_JOBS], bufs[ROW_JOBS];
	unsigned int i;

	for (i = 0; i < ROW_JOBS; i++) {
		uint32_t queue;

		space_open(&spaces[i], &gpu->dev);
		words[i] = buf_new(&spaces[i], PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
		bufs[i] = buf_new(&spaces[i], MIB, DRM_MIRAGE_PLACEMENT_VRAM);
		words_write(bufs[i].words, MIB, i);
		igt_assert_eq(mirage_queue_create(&gpu->dev, spaces[i].vm, DRM_MIRAGE_QUEUE_COPY,
						  QUEUE(.flags = DRM_MIRAGE_QUEUE_NO_FAULT,
							.timeout_ms = ROW_JOB_MS), &queue), 0);
		jobs[i] = space_job_new(&spaces[i]);
		jobs[i].queue = queue;
		mirage_ib_sem_wait(&jobs[i].ib, gpu_ptr(words[i].addr), 1);
	}
	for (i = 0; i < ROW_JOBS; i++) {
		struct drm_mirage_sync wait = mirage_sync_wait(i ? jobs[i - 1].syncobj : 0);

		space_job_submit(&jobs[i], &wait, i ? 1 : 0);
	}
	igt_assert_eq(machine_try_devices(), -EBUSY);
	igt_assert(!space_job_is_done(&jobs[ROW_JOBS - 1]));
	for (i = ROW_JOBS; i--;)
		igt_assert_eq(mirage_queue_destroy(&gpu->dev, jobs[i].queue), 0);
	for (i = 0; i < ROW_JOBS; i++) {
		igt_assert_lt(space_job_status(&jobs[i]), 0);
		space_job_free(&jobs[i]);
		words_check(bufs[i].words, MIB, i);
		buf_free(&spaces[i], &bufs[i]);
		buf_free(&spaces[i], &words[i]);
		space_close(&spaces[i]);
	}
}

static const struct {
	const char *name;
	void (*test)(struct gpu *gpu, enum igt_suspend_state state);
	const char *description;
} scenarios[] = {
	{ "idle", idle, "The device is open and idle." },
	{ "closed", closed, "Nobody uses the device, which sleeps already." },
	{ "svm", svm, "Mirrored memory stays mapped." },
	{ "kernel", kernel, "A kernel goes on with the registers that it had." },
	{ "slow-commands", slow_commands, "What was interrupted is done once when the device answers late." },
	{ "atomics", atomics, "What was interrupted is done once." },
	{ "semaphore", semaphore, "A job that waits for a sleeping process is not given up." },
	{ "long-running", long_running, "A job without a time limit goes on." },
	{ "objects", objects, "Objects in video memory keep their content." },
	{ "no-fault-job", no_fault_job, "A job that holds objects in video memory is waited for." },
	{ "busy", busy, "Processes are at work all the time." },
	{ "turned-back", turned_back, "The machine does not fall asleep after all." },
};

/* These do not depend on how deep the machine sleeps. */
static const struct gpu_scenario once[] = {
	{ "jobs-in-a-row", jobs_in_a_row, "The machine does not wait for any number of jobs." },
	{ "objects-first", objects_first, "Objects leave while memory can be had at others' expense." },
};

int igt_main()
{
	static const char *const states[] = { "s2idle", "s3" };
	/* Static, so that longjmp() leaves them alone. */
	static enum igt_suspend_state state;
	static unsigned int i;

	igt_fixture()
		machine_require_suspend();

	gpu_subtests(once, ARRAY_SIZE(once));

	for (state = SUSPEND_STATE_FREEZE; state < SUSPEND_STATE_NUM; state++) {
		for (i = 0; i < ARRAY_SIZE(scenarios); i++) {
			igt_describe(scenarios[i].description);
			igt_subtest_f("%s-%s", scenarios[i].name, states[state]) {
				struct gpu gpu;

				gpu_open(&gpu);
				scenarios[i].test(&gpu, state);
				gpu_assert_alive(&gpu);
				gpu_close(&gpu);
			}
		}
	}
}
