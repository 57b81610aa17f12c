// SPDX-License-Identifier: MIT
/**
 * TEST: mirage basic
 * Description: Opening, address spaces, queues, and each packet once.
 * Category: Core
 */
#include "igt_mirage.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("Opening the device, address spaces, queues, and each packet once.");

/**
 * SUBTEST: open-close
 * Description: Open and close the render node many times, with and without an address space.
 */
static void open_close(void)
{
	struct mirage gpu;
	uint32_t vm;
	int i;

	for (i = 0; i < 100; i++) {
		igt_assert_eq(mirage_open(&gpu), 0);
		if (i & 1)
			igt_assert_eq(mirage_vm_create(&gpu, &vm), 0);
		mirage_close(&gpu);
	}
}

/**
 * SUBTEST: open-many
 * Description: Many files at once, each with an address space and a queue that works.
 */
static void open_many(void)
{
	struct gpu gpus[16];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(gpus); i++)
		gpu_open(&gpus[i]);
	for (i = 0; i < ARRAY_SIZE(gpus); i++) {
		gpu_write32(&gpus[i], &gpus[i].out[5], 1000 + i);
		igt_assert_eq_u32(gpus[i].out[5], 1000 + i);
	}
	for (i = 0; i < ARRAY_SIZE(gpus); i++)
		gpu_close(&gpus[i]);
}

/**
 * SUBTEST: handles
 * Description: Address space and queue handles are made, used, dropped and made again.
 */
static void handles(void)
{
	struct drm_mirage_queue_query state;
	struct mirage gpu;
	uint32_t vm, queue;
	int i;

	igt_assert_eq(mirage_open(&gpu), 0);
	for (i = 0; i < 50; i++) {
		igt_assert_eq(mirage_vm_create(&gpu, &vm), 0);
		igt_assert_eq(mirage_queue_create(&gpu, vm, DRM_MIRAGE_QUEUE_COPY, NULL,
						  &queue), 0);
		igt_assert_eq(mirage_queue_query(&gpu, queue, &state), 0);
		igt_assert_eq(state.state, DRM_MIRAGE_QUEUE_READY);
		igt_assert_eq_u64(state.jobs, 0);
		igt_assert_eq(mirage_queue_destroy(&gpu, queue), 0);
		igt_assert_eq(mirage_queue_destroy(&gpu, queue), -ENOENT);
		igt_assert_eq(mirage_vm_destroy(&gpu, vm), 0);
		igt_assert_eq(mirage_vm_destroy(&gpu, vm), -ENOENT);
	}
	mirage_close(&gpu);
}

/**
 * SUBTEST: vm-kept-by-queue
 * Description: A queue works on after its address space's handle was dropped.
 */
static void vm_kept_by_queue(void)
{
	struct gpu gpu;

	gpu_open(&gpu);
	igt_assert_eq(mirage_vm_destroy(&gpu.dev, gpu.vm), 0);
	gpu_write32(&gpu, &gpu.out[7], 0x12345678);
	igt_assert_eq_u32(gpu.out[7], 0x12345678);
	gpu_close(&gpu);
}

/**
 * SUBTEST: vm-without-svm
 * Description: An address space without the process's memory is made, asked and dropped; another
 *	process that has the file may use it; a job that uses the process's memory there is
 *	stopped and told why.
 */
static void vm_without_svm(void)
{
	struct drm_mirage_queue_query state;
	struct drm_mirage_fault fault = {};
	uint64_t stats[DRM_MIRAGE_STAT_COUNT];
	uint32_t vm, queue, count = 1;
	struct drm_mirage_cmds cmds;
	struct mirage_ib ib;
	struct mirage gpu;
	uint32_t *words;
	uint8_t page;

	words = mem_anon(PAGE);
	mirage_ib_init(&ib, words, PAGE);
	mirage_ib_nop(&ib);
	igt_assert_eq(mirage_ib_cmds(&ib, &cmds), 0);

	igt_assert_eq(mirage_open(&gpu), 0);
	igt_assert_eq(mirage_vm_create_with(&gpu, 0, &vm), 0);
	igt_assert_eq(mirage_vm_stats(&gpu, vm, stats), 0);
	igt_assert_eq_u64(stats[DRM_MIRAGE_STAT_BLOCKS], 0);
	igt_assert_eq(mirage_svm_query(&gpu, vm, words, PAGE, &page), 0);
	igt_assert_eq(page, 0);
	igt_fork(child, 1)
		igt_assert_eq(mirage_queue_create(&gpu, vm, DRM_MIRAGE_QUEUE_COPY, NULL,
						  &queue), 0);
	igt_waitchildren();

	igt_assert_eq(mirage_queue_create(&gpu, vm, DRM_MIRAGE_QUEUE_COPY, NULL, &queue), 0);
	igt_assert_eq(mirage_run(&gpu, queue, &ib, JOB_DEADLINE, NULL), -ECANCELED);
	igt_assert_eq(mirage_queue_query(&gpu, queue, &state), 0);
	igt_assert_eq(state.state, DRM_MIRAGE_QUEUE_FAULTED);
	igt_assert_eq(mirage_vm_faults(&gpu, vm, &fault, &count), 0);
	igt_assert_eq(count, 1);
	igt_assert_eq_u64(fault.addr, cmds.addr);
	igt_assert_eq(fault.error, EFAULT);
	igt_assert_eq(mirage_queue_destroy(&gpu, queue), 0);
	igt_assert_eq(mirage_vm_destroy(&gpu, vm), 0);
	mirage_close(&gpu);
	mem_unmap(words, PAGE);
}

/**
 * SUBTEST: fill
 * Description: FILL writes its pattern to the bytes it names, and to no other.
 */
static void fill(struct gpu *gpu)
{
	const size_t size = 5 * PAGE;
	uint32_t *area = mem_anon(size);
	size_t i, words = size / 4;

	memset(area, 0xee, size);
	gpu_fill(gpu, area + 3, size - 20, 0xa1b2c3d4);
	for (i = 0; i < words; i++)
		igt_assert_eq_u32(area[i], i >= 3 && i < words - 2 ? 0xa1b2c3d4 : 0xeeeeeeee);
	mem_unmap(area, size);
}

/**
 * SUBTEST: copy
 * Description: COPY with every alignment of source and destination, across pages.
 */
static void copy(struct gpu *gpu)
{
	const size_t size = 3 * PAGE, bytes = PAGE + 37;
	uint8_t *from = mem_anon(size), *to = mem_anon(size);
	unsigned int i, s, d;
	struct job job;

	for (i = 0; i < size; i++)
		from[i] = i * 7 + i / 256;
	for (s = 0; s < 9; s++) {
		d = (s * 5 + 3) % 9;
		memset(to, 0xee, size);
		job = job_new(gpu);
		mirage_ib_copy(&job.ib, to + PAGE - 20 + d, from + PAGE - 11 + s, bytes);
		job_run(&job);
		for (i = 0; i < size; i++) {
			size_t at = i - (PAGE - 20 + d);

			igt_assert_eq(to[i], at < bytes ? from[PAGE - 11 + s + at] : 0xee);
		}
	}
	mem_unmap(from, size);
	mem_unmap(to, size);
}

/**
 * SUBTEST: semaphores
 * Description: SEM_WAIT holds a queue until another's SEM_WRITE, in both of its forms, and
 *	TIMESTAMP grows.
 */
static void semaphores(struct gpu *gpu)
{
	uint64_t *sem = (uint64_t *)gpu->out + 8, *time = sem + 4;
	uint32_t second = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COPY);
	struct job waiter = job_new(gpu), writer = job_new(gpu);

	sem[0] = 10;
	sem[1] = 0;
	time[0] = 0;
	time[1] = 0;
	mirage_ib_timestamp(&waiter.ib, &time[0]);
	mirage_ib_sem_wait(&waiter.ib, &sem[0], 11);
	mirage_ib_sem_wait_equal(&waiter.ib, &sem[1], 77);
	mirage_ib_timestamp(&waiter.ib, &time[1]);
	job_submit(&waiter);
	igt_assert(igt_wait(__atomic_load_n(&time[0], __ATOMIC_SEQ_CST), POLL_MS, 1));
	igt_assert(!job_is_done(&waiter));

	writer.queue = second;
	mirage_ib_sem_write(&writer.ib, &sem[0], 12);
	mirage_ib_sem_write(&writer.ib, &sem[1], 77);
	job_run(&writer);
	igt_assert_eq(job_wait(&waiter), 0);
	igt_assert_eq_u64(sem[0], 12);
	igt_assert_lt_u64(time[0], time[1]);
	job_free(&waiter);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, second), 0);
}

/**
 * SUBTEST: dispatch-grid
 * Description: A three-dimensional grid has each work item once, and each knows who it is.
 */
static void dispatch_grid(struct gpu *gpu)
{
	static const uint32_t grid[3] = { 3, 2, 2 }, group[3] = { 5, 3, 2 };
	const unsigned int n = 3 * 2 * 2 * 5 * 3 * 2;
	uint32_t *out = mem_anon(PAGE), i, g[3], l[3];
	struct ids_args args = { .out = (uintptr_t)out };
	struct mirage_dispatch *dispatch;
	struct job job;

	job = job_new(gpu);
	dispatch = job_dispatch(&job, kernel_ids.code, kernel_ids.size, kernel_ids.nr_regs, &args,
				sizeof(args));
	mirage_dispatch_grid(dispatch, grid[0], grid[1], grid[2]);
	mirage_dispatch_group(dispatch, group[0], group[1], group[2]);
	memset(out, 0xff, PAGE);
	job_run(&job);

	for (i = 0; i < n; i++) {
		unsigned int item = i % (group[0] * group[1] * group[2]);
		unsigned int place = i / (group[0] * group[1] * group[2]);

		l[0] = item % group[0];
		l[1] = item / group[0] % group[1];
		l[2] = item / group[0] / group[1];
		g[0] = place % grid[0];
		g[1] = place / grid[0] % grid[1];
		g[2] = place / grid[0] / grid[1];
		igt_assert_eq_u32(out[i], l[0] | l[1] << 4 | l[2] << 8 | g[0] << 12 |
				  g[1] << 16 | g[2] << 20);
	}
	for (; i < PAGE / 4; i++)
		igt_assert_eq_u32(out[i], 0xffffffff);
	mem_unmap(out, PAGE);
}

struct node {
	struct node *next;
	uint64_t value;
};

/**
 * SUBTEST: linked-list
 * Description: The GPU follows pointers that malloc returned.
 */
static void linked_list(struct gpu *gpu)
{
	uint64_t *out = (uint64_t *)(gpu->out + 32), sum = 0;
	struct node *head = NULL, *node;
	struct chase_args args = { .out = (uintptr_t)out };
	struct job job;
	int i;

	for (i = 0; i < 1000; i++) {
		node = malloc(sizeof(*node) + i % 61);
		igt_assert(node);
		node->next = head;
		node->value = i * 0x100000001ull;
		sum += node->value;
		head = node;
	}
	args.head = (uintptr_t)head;
	job = job_new(gpu);
	job_kernel(&job, &kernel_chase, &args, sizeof(args), 1, 1);
	job_run(&job);
	igt_assert_eq_u64(out[0], sum);
	igt_assert_eq_u64(out[1], 1000);
	while (head) {
		node = head->next;
		free(head);
		head = node;
	}
}

/**
 * SUBTEST: close-while-running
 * Description: A file is closed while a kernel runs that never ends; others go on, again and
 *	again.
 */
static void close_while_running(void)
{
	struct gpu gpu, other;
	struct loop loop;
	int i;

	gpu_open(&other);
	for (i = 0; i < 10; i++) {
		gpu_open(&gpu);
		loop_start(&loop, &gpu, &kernel_watch, &gpu.out[0]);
		gpu_close(&gpu);
		gpu_assert_alive(&other);
	}
	gpu_close(&other);
}

static const struct gpu_scenario scenarios[] = {
	{ "fill", fill, "FILL writes the bytes it names, and no other." },
	{ "copy", copy, "COPY with every alignment, across pages." },
	{ "semaphores", semaphores, "Semaphores in memory between two queues." },
	{ "dispatch-grid", dispatch_grid,
	  "Each work item of a three-dimensional grid runs once and knows who it is." },
	{ "linked-list", linked_list, "The GPU follows pointers that malloc returned." },
};

int igt_main()
{
	igt_describe("Open and close the render node many times.");
	igt_subtest("open-close")
		open_close();

	igt_describe("Many files at once, each with a queue that works.");
	igt_subtest("open-many")
		open_many();

	igt_describe("Address space and queue handles are made, dropped and made again.");
	igt_subtest("handles")
		handles();

	igt_describe("A queue works on after its address space's handle was dropped.");
	igt_subtest("vm-kept-by-queue")
		vm_kept_by_queue();

	igt_describe("An address space that does not mirror the process has nothing of it.");
	igt_subtest("vm-without-svm")
		vm_without_svm();

	igt_describe("A file is closed while a kernel of it runs; others go on.");
	igt_subtest("close-while-running")
		close_while_running();

	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));
}
