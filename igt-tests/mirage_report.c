// SPDX-License-Identifier: MIT
/**
 * TEST: mirage report
 * Description: The report of an access that stopped its queue: the instruction and the work item that made it, and the
 *	jobs that it ended.
 * Category: Core
 */
#include <sys/klog.h>

#include "igt_mirage.h"
#include "igt_mirage_bo.h"
#include "memory.h"
#include "text.h"

IGT_TEST_DESCRIPTION("What is told of an access that stopped its queue.");

/* The kernel's log, all of it (SYSLOG_ACTION_READ_ALL). */
#define LOG_READ_ALL	3

/* Of the work item that finds a hole: 170 of a grid of groups of 64. */
#define GROUPS		3
#define GROUP_SIZE	64
#define CULPRIT		170u

static void expect_logged(const char *words)
{
	static char text[1 << 20];
	int length = klogctl(LOG_READ_ALL, text, sizeof(text) - 1);

	igt_assert_lt(0, length);
	text[length] = '\0';
	igt_assert_f(strstr(text, words), "the kernel's log has no \"%s\"\n", words);
}

/* It is the store of this kernel, by that work item. */
static void check_place(const struct drm_mirage_place *place, const struct mirage_dispatch *dispatch,
			const void *code)
{
	igt_assert_lte_u64(dispatch->code, place->pc);
	igt_assert_lt_u64(place->pc, dispatch->code + dispatch->code_size);
	igt_assert_eq_u64((place->pc - dispatch->code) % 8, 0);
	igt_assert_eq(MIRAGE_INSN_OP(((const uint64_t *)code)[(place->pc - dispatch->code) / 8]),
		      MIRAGE_OP_ST_32);
	igt_assert_eq(place->group[0], CULPRIT / GROUP_SIZE);
	igt_assert_eq(place->group[1], 0);
	igt_assert_eq(place->group[2], 0);
	igt_assert_eq(place->wave, CULPRIT % GROUP_SIZE / 32);
	igt_assert_eq(place->lane, CULPRIT % 32);
	igt_assert_eq(place->pad, 0);
}

/* A work item for each page from @at on, of which one is not there: query, report and log tell who it was. */
static void one_of_many(struct gpu *gpu, uint32_t queue, void *at)
{
	const struct scatter_args args = {
		.dst = (uintptr_t)at, .stride = PAGE, .n = GROUPS * GROUP_SIZE, .value = 1,
	};
	struct drm_mirage_queue_query query;
	struct drm_mirage_place place;
	struct drm_mirage_fault fault;
	struct mirage_dispatch *dispatch;
	struct job job = job_new(gpu);
	uint32_t count = 1;
	char line[128];

	job.queue = queue;
	dispatch = job_dispatch(&job, kernel_scatter.code, kernel_scatter.size, kernel_scatter.nr_regs,
				&args, sizeof(args));
	mirage_dispatch_grid(dispatch, GROUPS, 1, 1);
	mirage_dispatch_group(dispatch, GROUP_SIZE, 1, 1);
	job_submit(&job);
	igt_assert_eq(job_wait(&job), -EFAULT);

	igt_assert_eq(mirage_queue_query(&gpu->dev, queue, &query), 0);
	igt_assert_eq(query.state, DRM_MIRAGE_QUEUE_FAULTED);
	check_place(&query.place, dispatch, kernel_scatter.code);
	igt_assert_eq(mirage_vm_fault_places(&gpu->dev, gpu->vm, &fault, &place, &count), 0);
	igt_assert_eq(count, 1);
	igt_assert_eq_u64(fault.addr, (uintptr_t)at + CULPRIT * PAGE);
	check_place(&place, dispatch, kernel_scatter.code);
	igt_assert(!memcmp(&query.fault, &fault, sizeof(fault)));
	snprintf(line, sizeof(line), "instruction at 0x%" PRIx64 ", group 2,0,0, wave 1, lane 10",
		 (uint64_t)place.pc);
	expect_logged(line);
	job_free(&job);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, queue), 0);
}

/**
 * SUBTEST: fault
 * Description: One of 192 work items stores to memory that the process does not have: queue query, fault report and
 *	kernel log tell the instruction, group, wave and lane. A copy that does the same has no instruction, and its
 *	report stands before the other's, which stays.
 */
static void fault(struct gpu *gpu)
{
	uint8_t *area = mem_anon(GROUPS * GROUP_SIZE * PAGE);
	struct drm_mirage_place places[2], first;
	struct drm_mirage_fault faults[2];
	uint32_t count = 1;

	mem_unmap(area + CULPRIT * PAGE, PAGE);
	one_of_many(gpu, gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COMPUTE), area);
	igt_assert_eq(mirage_vm_fault_places(&gpu->dev, gpu->vm, faults, &first, &count), 0);

	gpu_read_fails(gpu, area + CULPRIT * PAGE, EFAULT);
	count = 2;
	igt_assert_eq(mirage_vm_fault_places(&gpu->dev, gpu->vm, faults, places, &count), 0);
	igt_assert_eq(count, 2);
	igt_assert_eq(faults[0].access, MIRAGE_ACCESS_READ);
	igt_assert_eq_u64(places[0].pc, 0);
	igt_assert_eq(places[0].lane, 0);
	igt_assert_eq(faults[1].access, MIRAGE_ACCESS_WRITE);
	igt_assert(!memcmp(&places[1], &first, sizeof(first)));
	mem_unmap(area, CULPRIT * PAGE);
	mem_unmap(area + (CULPRIT + 1) * PAGE, (GROUPS * GROUP_SIZE - CULPRIT - 1) * PAGE);
}

/**
 * SUBTEST: no-fault
 * Description: The same on a queue that may not fault, with a page of an object's mapping taken away.
 */
static void no_fault(void)
{
	const size_t size = GROUPS * GROUP_SIZE * PAGE;
	struct gpu gpu;
	struct bo bo;
	uint8_t *at;

	gpu_open_bound(&gpu, DRM_MIRAGE_QUEUE_COMPUTE, DRM_MIRAGE_QUEUE_NO_FAULT);
	bo = bo_new(&gpu.dev, size, BO_SYSTEM);
	at = gpu_bind(&gpu, bo.handle, size, 0);
	gpu_unbind(&gpu, at + CULPRIT * PAGE, PAGE);
	one_of_many(&gpu, gpu_add_bound_queue(&gpu, DRM_MIRAGE_QUEUE_COMPUTE, DRM_MIRAGE_QUEUE_NO_FAULT),
		    at);
	gpu_unbind(&gpu, at, size);
	bo_free(&bo);
	gpu_close(&gpu);
}

/* The job was stopped with this errno of its own, in a queue that the copy from @hole has stopped. */
static void check_stop(const struct mirage_stop *why, uint32_t queue, int error, const void *hole)
{
	igt_assert_eq(why->error, error);
	igt_assert_eq(why->queue.state, DRM_MIRAGE_QUEUE_FAULTED);
	igt_assert_eq_u64(why->queue.fault.addr, (uintptr_t)hole);
	igt_assert_eq(why->queue.fault.access, MIRAGE_ACCESS_READ);
	igt_assert_eq(why->queue.fault.error, EFAULT);
	igt_assert_eq_u32(why->queue.fault.queue_id, queue);
}

/* The kernel keeps 32 reports: these push out all that are there. */
static void forget_reports(struct gpu *gpu, const void *hole)
{
	struct drm_mirage_fault fault;
	uint32_t own = gpu->queue, count = 1;

	for (unsigned int i = 0; i < 32; i++) {
		gpu->queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COPY);
		gpu_read_fails(gpu, hole, EFAULT);
		igt_assert_eq(mirage_queue_destroy(&gpu->dev, gpu->queue), 0);
	}
	gpu->queue = own;
	igt_assert_eq(mirage_vm_faults(&gpu->dev, gpu->vm, &fault, &count), 0);
	igt_assert_eq_u64(fault.addr, (uintptr_t)hole);
}

/**
 * SUBTEST: why-each-job
 * Description: Three jobs are in a queue, of which the second reads memory that the process does not have: the first is
 *	done, the second has done it, the third was not begun, and so it is told to who waits for each, with the access;
 *	also when later reports have taken the place of its report, and by the call that submits to the queue then.
 */
static void why_each_job(struct gpu *gpu)
{
	uint8_t *hole = mem_anon(PAGE), *other = mem_anon(PAGE);
	uint32_t queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COPY);
	uint64_t *gate = (uint64_t *)gpu->out + 16;
	struct mirage_stop why = { .error = 1 };
	struct job jobs[3];
	unsigned int i;

	mem_unmap(hole, PAGE);
	mem_unmap(other, PAGE);
	*gate = 0;
	for (i = 0; i < ARRAY_SIZE(jobs); i++) {
		jobs[i] = job_new(gpu);
		jobs[i].queue = queue;
	}
	mirage_ib_sem_wait(&jobs[0].ib, gate, 1);
	mirage_ib_copy(&jobs[1].ib, &gpu->out[64], hole + 8, 4);
	mirage_ib_nop(&jobs[2].ib);
	for (i = 0; i < ARRAY_SIZE(jobs); i++)
		job_submit(&jobs[i]);
	igt_assert_eq(mirage_queue_wait(&gpu->dev, queue, jobs[0].syncobj, 0, &why), -ETIME);
	__atomic_store_n(gate, 1, __ATOMIC_SEQ_CST);

	igt_assert_eq(mirage_queue_wait(&gpu->dev, queue, jobs[2].syncobj, JOB_DEADLINE, &why),
		      -ECANCELED);
	check_stop(&why, queue, -ECANCELED, hole + 8);
	forget_reports(gpu, other);
	igt_assert_eq(mirage_queue_wait(&gpu->dev, queue, jobs[1].syncobj, JOB_DEADLINE, &why),
		      -ECANCELED);
	check_stop(&why, queue, -EFAULT, hole + 8);
	igt_assert_eq(mirage_queue_wait(&gpu->dev, queue, jobs[0].syncobj, JOB_DEADLINE, NULL), 0);
	why = (struct mirage_stop){ .error = 1 };
	igt_assert_eq(mirage_run(&gpu->dev, queue, &jobs[2].ib, JOB_DEADLINE, &why), -ECANCELED);
	check_stop(&why, queue, -ECANCELED, hole + 8);
	igt_assert_eq(mirage_run(&gpu->dev, gpu->queue, &jobs[2].ib, JOB_DEADLINE, NULL), 0);

	for (i = 0; i < ARRAY_SIZE(jobs); i++)
		job_free(&jobs[i]);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, queue), 0);
	igt_assert_eq(mirage_queue_wait(&gpu->dev, queue, 0, 0, NULL), -ENOENT);
}

static const struct gpu_scenario scenarios[] = {
	{ "fault", fault, "A bad access is told with its instruction." },
	{ "why-each-job", why_each_job, "Each job of a queue that has stopped is told what became of it." },
};

int igt_main()
{
	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));

	igt_describe("A bad access of a queue that may not fault is told with its instruction.");
	igt_subtest("no-fault")
		no_fault();
}
