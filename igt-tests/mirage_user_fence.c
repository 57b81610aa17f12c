// SPDX-License-Identifier: MIT
/**
 * TEST: mirage user fence
 * Description: Words that jobs write when they are done, and sleeping until they have.
 * Category: Core
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "igt_mirage.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("Words that jobs write when they are done, and sleeping until they have.");

#define PAST	0

static void submit(struct gpu *gpu, uint32_t queue, struct job *job,
		   const struct drm_mirage_user_fence *fences, uint32_t nr_fences)
{
	struct drm_mirage_cmds cmds;

	igt_assert_eq(mirage_ib_cmds(&job->ib, &cmds), 0);
	igt_assert_eq(mirage_exec_fences(&gpu->dev, queue, &cmds, 1, fences, nr_fences), 0);
}

/* A job that waits until the word at @gate is 1, and then writes @value to @word. */
static struct job gated(struct gpu *gpu, uint32_t queue, uint64_t *gate, uint64_t *word,
			uint64_t value)
{
	const struct drm_mirage_user_fence fence = { (uintptr_t)word, value };
	struct job job = job_new(gpu);

	mirage_ib_sem_wait(&job.ib, gate, 1);
	submit(gpu, queue, &job, &fence, 1);
	return job;
}

static void open_gate(uint64_t *gate)
{
	__atomic_store_n(gate, 1, __ATOMIC_SEQ_CST);
}

static int wait_word(struct gpu *gpu, const uint64_t *word, uint64_t value, int64_t deadline)
{
	return mirage_wait_user_fence(&gpu->dev, gpu->queue, word, value, 0, deadline);
}

/**
 * SUBTEST: written-behind-everything
 * Description: Sixteen fences of a job are written, each with its value, when its packets have
 *	had their effect; seventeen are refused.
 */
static void written_behind_everything(struct gpu *gpu)
{
	uint64_t *words = (uint64_t *)gpu->out + 16, *gate = words + 32;
	struct drm_mirage_user_fence fences[17];
	struct raise_args args = { .addr = (uintptr_t)&gpu->out[200], .iters = 100 };
	struct job job = job_new(gpu);
	struct drm_mirage_cmds cmds;
	unsigned int i;

	gpu->out[200] = 0;
	for (i = 0; i < ARRAY_SIZE(fences); i++) {
		words[i] = 0;
		fences[i] = (struct drm_mirage_user_fence){ (uintptr_t)&words[i], 1000 + i };
	}
	mirage_ib_sem_wait(&job.ib, gate, 1);
	job_kernel(&job, &kernel_raise, &args, sizeof(args), 4, 64);
	igt_assert_eq(mirage_ib_cmds(&job.ib, &cmds), 0);
	igt_assert_eq(mirage_exec_fences(&gpu->dev, gpu->queue, &cmds, 1, fences, 17), -E2BIG);
	submit(gpu, gpu->queue, &job, fences, 16);
	for (i = 0; i < 16; i++)
		igt_assert_eq(wait_word(gpu, &words[i], 1000 + i, PAST), -ETIME);

	open_gate(gate);
	igt_assert_eq(wait_word(gpu, &words[15], 1015, JOB_DEADLINE), 0);
	/* The last one is written behind the others, and all behind the kernel. */
	for (i = 0; i < ARRAY_SIZE(fences); i++)
		igt_assert_eq_u64(words[i], i < 16 ? 1000 + i : 0);
	igt_assert_eq_u32(gpu->out[200], 4 * 64 * 100);
	job_free(&job);
}

/**
 * SUBTEST: compare
 * Description: At least, as signed difference modulo 2^64; or equal.
 */
static void compare(struct gpu *gpu)
{
	static const struct {
		uint64_t word, value;
		int at_least, equal;
	} cases[] = {
		{ 5, 5, 0, 0 },
		{ 6, 5, 0, -ETIME },
		{ 4, 5, -ETIME, -ETIME },
		{ 0, UINT64_MAX, 0, -ETIME },
		{ UINT64_MAX, 0, -ETIME, -ETIME },
		{ 1ull << 63, 0, -ETIME, -ETIME },
		{ (1ull << 63) - 1, 0, 0, -ETIME },
		{ 0, 0, 0, 0 },
	};
	uint64_t word;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		word = cases[i].word;
		igt_assert_eq(mirage_wait_user_fence(&gpu->dev, gpu->queue, &word, cases[i].value,
						     0, PAST), cases[i].at_least);
		igt_assert_eq(mirage_wait_user_fence(&gpu->dev, gpu->queue, &word, cases[i].value,
						     DRM_MIRAGE_WAIT_EQUAL, PAST), cases[i].equal);
	}
}

struct waiter {
	struct gpu *gpu;
	uint32_t queue;
	const uint64_t *word;
	uint64_t value;
	int64_t deadline;
	int64_t took_ns;
	int result;
	pthread_t thread;
};

static void *wait_in_thread(void *arg)
{
	struct waiter *w = arg;
	struct timespec start = { 0 };

	igt_nsec_elapsed(&start);
	w->result = mirage_wait_user_fence(&w->gpu->dev, w->queue, w->word, w->value, 0,
					   w->deadline);
	w->took_ns = igt_nsec_elapsed(&start);
	return NULL;
}

static void waiter_start(struct waiter *w)
{
	w->result = 1;
	igt_assert(!pthread_create(&w->thread, NULL, wait_in_thread, w));
}

static int waiter_end(struct waiter *w)
{
	igt_assert(!pthread_join(w->thread, NULL));
	return w->result;
}

/* It was woken, and did not look because its time was over: the word is there then, too. */
static void waiter_woken(struct waiter *w)
{
	igt_assert_eq(waiter_end(w), 0);
	igt_assert_lt_u64(w->took_ns, JOB_TIMEOUT_MS * 1000000ull / 2);
}

/**
 * SUBTEST: no-wake-up-lost
 * Description: Threads wait for a thousand jobs one by one, as near to their end as can be: each is woken,
 *	by the job and not by the time-out.
 */
static void no_wake_up_lost(struct gpu *gpu)
{
	uint64_t *word = (uint64_t *)gpu->out + 16;
	struct job job = job_new(gpu);
	struct waiter w[3];
	uint64_t i;
	unsigned int k;

	*word = 0;
	mirage_ib_nop(&job.ib);
	for (i = 1; i <= 1000; i += 5) {
		for (k = 0; k < ARRAY_SIZE(w); k++) {
			w[k] = (struct waiter){
				.gpu = gpu, .queue = gpu->queue, .word = word, .value = i + 4 - k,
				.deadline = JOB_DEADLINE,
			};
			waiter_start(&w[k]);
		}
		for (k = 0; k < 5; k++) {
			const struct drm_mirage_user_fence fence = { (uintptr_t)word, i + k };

			submit(gpu, gpu->queue, &job, &fence, 1);
		}
		for (k = 0; k < ARRAY_SIZE(w); k++)
			waiter_woken(&w[k]);
		igt_assert_eq(wait_word(gpu, word, i + 4, JOB_DEADLINE), 0);
	}
	igt_assert_eq_u64(*word, 1000);
	job_free(&job);
}

/**
 * SUBTEST: interrupt-lost
 * Description: The interrupts that would wake a waiter are lost: it is woken all the same.
 */
static void interrupt_lost(struct gpu *gpu)
{
	uint64_t *word = (uint64_t *)gpu->out + 16, *gate = word + 1;
	struct waiter w = {
		.gpu = gpu, .queue = gpu->queue, .word = word, .value = 9,
		.deadline = JOB_DEADLINE,
	};
	struct job job;

	*word = 0;
	*gate = 0;
	gpu_inject(gpu, "drop_irq", 8);
	job = gated(gpu, gpu->queue, gate, word, 9);
	waiter_start(&w);
	open_gate(gate);
	waiter_woken(&w);
	gpu_inject(gpu, "drop_irq", 0);
	job_free(&job);
}

/**
 * SUBTEST: time-out
 * Description: A wait ends at its time, and not before; the job goes on.
 */
static void time_out(struct gpu *gpu)
{
	uint64_t *word = (uint64_t *)gpu->out + 16, *gate = word + 1;
	struct job job;
	int64_t until;

	*word = 0;
	*gate = 0;
	job = gated(gpu, gpu->queue, gate, word, 3);
	until = mirage_deadline(300);
	igt_assert_eq(wait_word(gpu, word, 3, until), -ETIME);
	igt_assert(mirage_deadline(1) > until);
	open_gate(gate);
	igt_assert_eq(wait_word(gpu, word, 3, MIRAGE_FOREVER), 0);
	job_free(&job);
}

/**
 * SUBTEST: queue-stops
 * Description: A waiter for a queue that faults, times out or is destroyed is told at once; a word that
 *	was written before counts as written.
 */
static void queue_stops(struct gpu *gpu)
{
	uint64_t *word = (uint64_t *)gpu->out + 16, *gate = word + 1;
	struct waiter w = {
		.gpu = gpu, .word = word, .value = 2, .deadline = MIRAGE_FOREVER,
	};
	const struct drm_mirage_user_fence first = { (uintptr_t)word, 1 };
	struct job job, none;

	/* destroyed */
	*word = 0;
	*gate = 0;
	w.queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COPY);
	job = gated(gpu, w.queue, gate, word, 2);
	waiter_start(&w);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, w.queue), 0);
	/* It was waiting (cancelled), or came when the handle had gone. */
	igt_assert(waiter_end(&w) == -ECANCELED || w.result == -ENOENT);
	igt_assert_eq_u64(*word, 0);
	job_free(&job);

	/* timed out, behind a job that wrote */
	igt_assert_eq(mirage_queue_create(&gpu->dev, gpu->vm, DRM_MIRAGE_QUEUE_COPY,
					  QUEUE(.timeout_ms = 1000), &w.queue), 0);
	none = job_new(gpu);
	mirage_ib_nop(&none.ib);
	submit(gpu, w.queue, &none, &first, 1);
	job = gated(gpu, w.queue, gate, word, 2);
	waiter_start(&w);
	igt_assert_eq(waiter_end(&w), -ECANCELED);
	igt_assert_eq(gpu_queue_state(gpu, w.queue), DRM_MIRAGE_QUEUE_TIMEOUT);
	igt_assert_eq(mirage_wait_user_fence(&gpu->dev, w.queue, word, 1, 0, MIRAGE_FOREVER), 0);
	igt_assert_eq(mirage_wait_user_fence(&gpu->dev, w.queue, word, 2, 0, MIRAGE_FOREVER),
		      -ECANCELED);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, w.queue), 0);
	job_free(&job);
	job_free(&none);
}

/**
 * SUBTEST: fence-faults
 * Description: A user fence at an address where nothing is stops the queue like any access, and the
 *	report names the address; nothing else of the job is undone.
 */
static void fence_faults(struct gpu *gpu)
{
	uint64_t *hole = mem_anon(PAGE);
	const struct drm_mirage_user_fence fence = { (uintptr_t)hole + 64, 1 };
	uint32_t queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COPY);
	struct job job = job_new(gpu);

	igt_assert(!mprotect(hole, PAGE, PROT_READ));
	gpu->out[90] = 0;
	mirage_ib_fill(&job.ib, &gpu->out[90], 4, 0x99);
	submit(gpu, queue, &job, &fence, 1);
	gpu_assert_faulted(gpu, queue, (char *)hole + 64, MIRAGE_ACCESS_WRITE, EPERM);
	igt_assert_eq_u32(gpu->out[90], 0x99);
	igt_assert_eq_u64(hole[8], 0);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, queue), 0);
	job_free(&job);
	mem_unmap(hole, PAGE);
}

/**
 * SUBTEST: fence-in-untouched-memory
 * Description: The word of a user fence may be memory that nobody has touched yet.
 */
static void fence_in_untouched_memory(struct gpu *gpu)
{
	uint64_t *area = mem_anon(PAGE);
	const struct drm_mirage_user_fence fence = { (uintptr_t)&area[511], 0x1122334455667788 };
	struct job job = job_new(gpu);

	mirage_ib_nop(&job.ib);
	submit(gpu, gpu->queue, &job, &fence, 1);
	igt_assert_eq(mirage_wait_user_fence(&gpu->dev, gpu->queue, &area[511], fence.value,
					     DRM_MIRAGE_WAIT_EQUAL, JOB_DEADLINE), 0);
	igt_assert_eq_u64(area[510], 0);
	job_free(&job);
	mem_unmap(area, PAGE);
}

/**
 * SUBTEST: kill-while-waiting
 * Description: A process that waits for ever can be killed, and the GPU goes on.
 */
static void kill_while_waiting(struct gpu *gpu)
{
	uint64_t *word = (uint64_t *)gpu->out + 16, *ready = word + 1;
	int status;
	pid_t pid;

	*word = 0;
	*ready = 0;
	pid = fork();
	igt_assert(pid >= 0);
	if (!pid) {
		__atomic_store_n(ready, 1, __ATOMIC_SEQ_CST);
		mirage_wait_user_fence(&gpu->dev, gpu->queue, word, 1, 0, MIRAGE_FOREVER);
		_exit(1);
	}
	igt_assert(igt_wait(__atomic_load_n(ready, __ATOMIC_SEQ_CST) == 1, POLL_MS, 1));
	/* It sleeps in the ioctl or is about to: killed either way, and by nothing else. */
	igt_assert(!kill(pid, SIGKILL));
	igt_assert_eq(waitpid(pid, &status, 0), pid);
	igt_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/**
 * SUBTEST: bad-arguments
 * Description: Addresses that are unaligned, out of reach or unreadable, and handles that name nothing.
 */
static void bad_arguments(struct gpu *gpu)
{
	static const uint64_t bad[] = {
		0x10001, 0x10004, (1ull << 49) - 4, 1ull << 49, 1ull << 63, ~7ull,
	};
	uint64_t *word = (uint64_t *)gpu->out + 16;
	struct drm_mirage_exec exec = {
		.queue_id = gpu->queue,
		.user_fences = DRM_MIRAGE_ARRAY(1, (struct drm_mirage_user_fence *)0x10),
	};
	struct drm_mirage_user_fence fences[2];
	char *hole = mem_anon(PAGE);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		fences[0] = (struct drm_mirage_user_fence){ (uintptr_t)word, 1 };
		fences[1] = (struct drm_mirage_user_fence){ bad[i], 1 };
		igt_assert_eq(mirage_exec_fences(&gpu->dev, gpu->queue, NULL, 0, fences, 2),
			      -EINVAL);
	}
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_EXEC, &exec, EFAULT);
	exec.user_fences.count = 0xffffffff;
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_EXEC, &exec, E2BIG);
	gpu_assert_alive(gpu);
	igt_assert_eq_u64(*word, 0);

	igt_assert_eq(mirage_wait_user_fence(&gpu->dev, 0x7ffffff0, word, 0, 0, PAST), -ENOENT);
	igt_assert_eq(mirage_wait_user_fence(&gpu->dev, gpu->queue, (uint64_t *)((char *)word + 4),
					     0, 0, PAST), -EINVAL);
	mem_unmap(hole, PAGE);
	igt_assert_eq(mirage_wait_user_fence(&gpu->dev, gpu->queue, (uint64_t *)hole, 0, 0,
					     MIRAGE_FOREVER), -EFAULT);
	igt_assert_eq(mirage_wait_user_fence(&gpu->dev, gpu->queue,
					     (uint64_t *)0xffff888000000000, 0, 0, PAST), -EFAULT);
}

static const struct gpu_scenario scenarios[] = {
	{ "written-behind-everything", written_behind_everything,
	  "Each fence is written, when the job has done all." },
	{ "compare", compare, "At least, modulo 2^64, or equal." },
	{ "no-wake-up-lost", no_wake_up_lost, "Who waits while jobs end is always woken." },
	{ "interrupt-lost", interrupt_lost, "Lost interrupts only make it later." },
	{ "time-out", time_out, "A wait ends at its time." },
	{ "queue-stops", queue_stops, "Who waits for a queue that stops is told." },
	{ "fence-faults", fence_faults, "A fence where nothing is stops the queue." },
	{ "fence-in-untouched-memory", fence_in_untouched_memory, "A fence may fault its word in." },
	{ "kill-while-waiting", kill_while_waiting, "Who waits for ever can be killed." },
	{ "bad-arguments", bad_arguments, "Bad addresses and handles are refused." },
};

int igt_main()
{
	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));
}
