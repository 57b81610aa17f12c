// SPDX-License-Identifier: MIT
/**
 * TEST: mirage no fault
 * Description: Queues that may not fault: their jobs find all that is bound, hold it in place until they are
 *	over, and wait for nobody who faults.
 * Category: Core
 */
#include <linux/sync_file.h>

#include "igt_mirage.h"
#include "igt_mirage_bo.h"
#include "igt_mirage_space.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("Queues that may not fault: what is bound is there, and stays there.");

#define EITHER	(DRM_MIRAGE_PLACEMENT_VRAM | DRM_MIRAGE_PLACEMENT_SYSTEM)

static uint64_t *word_of(struct buf *buf, unsigned int i)
{
	return (uint64_t *)buf->words + i;
}

static uint64_t *gpu_word(struct buf *buf, unsigned int i)
{
	return gpu_ptr(buf->addr + i * sizeof(uint64_t));
}

static void open_gate(uint64_t *gate)
{
	__atomic_store_n(gate, 1, __ATOMIC_SEQ_CST);
}

/* A job that can end only when the device serves its fault, and is known to wait for that. */
static struct job faulting_job(struct gpu *gpu, uint32_t *area)
{
	struct job job = job_new(gpu);

	gpu_mark(gpu);
	mirage_ib_fill(&job.ib, area, PAGE, 0x5a5a5a5a);
	job_submit(&job);
	igt_assert(igt_wait(gpu_delta(gpu, DRM_MIRAGE_STAT_FAULTS) > 0, POLL_MS, 1));
	return job;
}

/**
 * SUBTEST: fault-holds-up-nobody
 * Description: While a job waits for a fault that is never answered, jobs that may not fault run and end: in an
 *	address space of their own, and in the very one that faults.
 */
static void fault_holds_up_nobody(struct gpu *gpu)
{
	const uint64_t at = DRM_MIRAGE_VA_START + (1ull << 40);
	uint32_t *area = mem_anon(PAGE), queue;
	struct drm_mirage_user_fence fence;
	struct drm_mirage_bind bind;
	struct space space;
	struct buf from, to;
	struct job job;
	struct bo bo;
	unsigned int i;

	space_open(&space, &gpu->dev);
	from = buf_new(&space, 4 * PAGE, EITHER);
	to = buf_new(&space, 4 * PAGE, EITHER);
	bo = bo_new(&gpu->dev, PAGE, BO_SYSTEM);
	bind = mirage_bind_map(at, PAGE, bo.handle, 0, 0);
	igt_assert_eq(mirage_vm_bind(&gpu->dev, gpu->vm, &bind, 1), 0);
	igt_assert_eq(mirage_queue_create(&gpu->dev, gpu->vm, DRM_MIRAGE_QUEUE_COMPUTE,
					  QUEUE(.flags = DRM_MIRAGE_QUEUE_NO_FAULT), &queue), 0);

	gpu_inject(gpu, "drop_replay", 1000000);
	job = faulting_job(gpu, area);
	for (i = 0; i < 50; i++) {
		words_write(from.words, from.size, i);
		space_copy(&space, to.addr, from.addr, from.size);
		words_check(to.words, to.size, i);

		fence = (struct drm_mirage_user_fence){ at + 8 * i, 1000 + i };
		igt_assert_eq(mirage_exec_fences(&gpu->dev, queue, NULL, 0, &fence, 1), 0);
		igt_assert_eq(mirage_wait_user_fence(&gpu->dev, queue, &bo.words[i], 1000 + i, 0,
						     JOB_DEADLINE), 0);
	}
	igt_assert(!job_is_done(&job));
	gpu_inject(gpu, "drop_replay", 0);
	igt_assert_eq(job_wait(&job), 0);
	igt_assert_eq_u32(area[PAGE / 4 - 1], 0x5a5a5a5a);

	job_free(&job);
	buf_free(&space, &from);
	buf_free(&space, &to);
	space_close(&space);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, queue), 0);
	mem_unmap(area, PAGE);
}

/* Take all that is free at once, which is quick, and then what @handle has. */
static void press_hard(struct mirage *dev, uint32_t handle)
{
	struct bo filler = bo_new(dev, (bo_vram_free(dev) - 4 * BLOCK) & ~(BLOCK - 1), BO_VRAM);

	filler.words[0] = 1;
	press_vram(dev, handle);
	bo_free(&filler);
}

/**
 * SUBTEST: memory-stays-until-the-job-is-over
 * Description: Others need the room that an object has in video memory, while a job that uses it waits at a gate:
 *	the object stays until the job has ended, and leaves with what the job wrote.
 */
static void memory_stays_until_the_job_is_over(struct gpu *gpu)
{
	struct buf gate, used;
	struct space_job job;
	struct space space;

	space_open(&space, &gpu->dev);
	gate = buf_new(&space, PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	used = buf_new(&space, BLOCK, EITHER);
	words_write(used.words, BLOCK / 2, 3);
	*word_of(&gate, 0) = 0;

	job = space_job_new(&space);
	mirage_ib_sem_wait(&job.ib, gpu_word(&gate, 0), 1);
	mirage_ib_copy(&job.ib, gpu_ptr(used.addr + BLOCK / 2), gpu_ptr(used.addr), BLOCK / 2);
	space_job_submit(&job, NULL, 0);
	igt_assert_eq_u32(buf_location(&space, &used), DRM_MIRAGE_PLACEMENT_VRAM);

	igt_fork(child, 1)
		press_hard(&gpu->dev, used.handle);
	/* All that is free is taken: what others want now, they want of us. */
	igt_assert(igt_wait(bo_vram_free(&gpu->dev) < 5 * BLOCK || space_job_is_done(&job), POLL_MS,
			    1));
	igt_assert(!space_job_is_done(&job));
	/* Asking where it is would wait for who wants it to leave, and so for the job, whose copy tells that it stayed. */
	open_gate(word_of(&gate, 0));
	igt_waitchildren();
	space_job_wait(&job);
	igt_assert_eq_u32(buf_location(&space, &used), DRM_MIRAGE_PLACEMENT_SYSTEM);
	words_check(used.words, BLOCK / 2, 3);
	words_check(used.words + BLOCK / 8, BLOCK / 2, 3);

	/* The next job has it where it may be. */
	space_fill(&space, used.addr, BLOCK, 9);
	igt_assert_eq_u32(used.words[BLOCK / 4 - 1], 9);
	space_job_free(&job);
	buf_free(&space, &used);
	buf_free(&space, &gate);
	space_close(&space);
}

static int fence_error(struct mirage *dev, uint32_t syncobj)
{
	struct sync_file_info info = { };
	int fd;

	igt_assert_eq(mirage_syncobj_wait(dev, syncobj, JOB_DEADLINE), 0);
	igt_assert_eq(mirage_syncobj_export_sync_file(dev, syncobj, &fd), 0);
	do_ioctl(fd, SYNC_IOC_FILE_INFO, &info);
	close(fd);
	return info.status;
}

/**
 * SUBTEST: late-job-lets-go
 * Description: A job that never ends holds its memory until its queue is stopped, and not longer; other queues of the
 *	address space go on, and what it was to do is not done.
 */
static void late_job_lets_go(struct gpu *gpu)
{
	struct space_job job;
	struct space space;
	uint32_t queue;
	struct buf buf;

	space_open(&space, &gpu->dev);
	buf = buf_new(&space, PAGE, EITHER);
	igt_assert_eq(mirage_queue_create(&gpu->dev, space.vm, DRM_MIRAGE_QUEUE_COPY,
					  QUEUE(.flags = DRM_MIRAGE_QUEUE_NO_FAULT, .timeout_ms = 1000),
					  &queue), 0);

	*word_of(&buf, 0) = 0;
	*word_of(&buf, 1) = 7;
	job = space_job_new(&space);
	job.queue = queue;
	mirage_ib_sem_wait(&job.ib, gpu_word(&buf, 0), 1);
	mirage_ib_sem_write(&job.ib, gpu_word(&buf, 1), 8);
	space_job_submit(&job, NULL, 0);
	igt_assert_eq(mirage_bo_wait(&gpu->dev, buf.handle, 0, 0), -ETIME);
	space_fill(&space, buf.addr + 64, 64, 1);
	igt_assert(!space_job_is_done(&job));

	igt_assert_eq(fence_error(&gpu->dev, job.syncobj), -ETIME);
	igt_assert_eq(mirage_bo_wait(&gpu->dev, buf.handle, DRM_MIRAGE_BO_WAIT_WRITE,
				     JOB_DEADLINE), 0);
	open_gate(word_of(&buf, 0));
	space_fill(&space, buf.addr + 64, 64, 2);
	igt_assert_eq_u64(*word_of(&buf, 1), 7);
	igt_assert_eq_u32(buf.words[16], 2);
	space_job_free(&job);
	buf_free(&space, &buf);
	space_close(&space);
}

/**
 * SUBTEST: kinds-side-by-side
 * Description: Jobs of all three kinds at work at the same time in one address space, thousands of them: each is
 *	done, once, with the right end.
 */
static void kinds_side_by_side(struct gpu *gpu)
{
	static const uint32_t kinds[] = {
		0, DRM_MIRAGE_QUEUE_NO_FAULT, DRM_MIRAGE_QUEUE_LONG_RUNNING,
	};
	const uint64_t at = DRM_MIRAGE_VA_START + (1ull << 41);
	struct bo bo = bo_new(&gpu->dev, PAGE, BO_SYSTEM);
	struct drm_mirage_bind bind = mirage_bind_map(at, PAGE, bo.handle, 0, 0);
	uint32_t queues[ARRAY_SIZE(kinds)];
	struct drm_mirage_user_fence fence;
	unsigned int i, k;

	igt_assert_eq(mirage_vm_bind(&gpu->dev, gpu->vm, &bind, 1), 0);
	for (k = 0; k < ARRAY_SIZE(kinds); k++)
		igt_assert_eq(mirage_queue_create(&gpu->dev, gpu->vm, DRM_MIRAGE_QUEUE_COPY,
						  QUEUE(.flags = kinds[k]), &queues[k]), 0);
	for (i = 1; i <= 700; i++) {
		for (k = 0; k < ARRAY_SIZE(kinds); k++) {
			fence = (struct drm_mirage_user_fence){ at + 64 * k, i };
			igt_assert_eq(mirage_exec_fences(&gpu->dev, queues[k], NULL, 0, &fence, 1),
				      0);
		}
	}
	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		struct drm_mirage_queue_query state;

		igt_assert_eq(mirage_wait_user_fence(&gpu->dev, queues[k], &bo.words[8 * k], 700,
						     DRM_MIRAGE_WAIT_EQUAL, JOB_DEADLINE), 0);
		igt_assert(igt_wait(!mirage_queue_query(&gpu->dev, queues[k], &state) &&
				    state.jobs == 700, POLL_MS, 1));
		igt_assert_eq(state.state, DRM_MIRAGE_QUEUE_READY);
	}
	bo_free(&bo);
}

/* The lowest handle that is free. */
static uint32_t next_handle(struct mirage *dev)
{
	uint32_t handle;

	igt_assert_eq(mirage_bo_create(dev, PAGE, BO_SYSTEM, 0, &handle), 0);
	igt_assert_eq(mirage_bo_close(dev, handle), 0);
	return handle;
}

/**
 * SUBTEST: bound-packets
 * Description: An indirect buffer of libmirage's making runs on a queue that may not fault, is written anew and runs
 *	again, and leaves neither a mapping nor a handle behind; where it cannot be made, neither.
 */
static void bound_packets(struct gpu *gpu)
{
	struct mirage_ib ib;
	struct space space;
	uint32_t handle;
	uint64_t at;
	struct buf buf;

	space_open(&space, &gpu->dev);
	buf = buf_new(&space, PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	handle = next_handle(&gpu->dev);
	at = space.next;

	igt_assert_eq(mirage_ib_create(&gpu->dev, space.vm, at, 100, &ib), 0);
	igt_assert_eq(ib.capacity * 4, PAGE);
	for (uint32_t round = 1; round < 4; round++) {
		mirage_ib_reset(&ib);
		mirage_ib_fill(&ib, gpu_ptr(buf.addr), 4 * round, 7 + round);
		igt_assert_eq(mirage_run(&gpu->dev, space.queue, &ib, JOB_DEADLINE, NULL), 0);
		igt_assert_eq_u32(buf.words[round - 1], 7 + round);
		igt_assert_eq_u32(buf.words[round], 0);
	}
	igt_assert_eq_u32(space_page(&space, at) & DRM_MIRAGE_SVM_PAGE_VALID, DRM_MIRAGE_SVM_PAGE_VALID);
	igt_assert_eq(mirage_ib_destroy(&gpu->dev, &ib), 0);
	igt_assert_eq_u32(space_page(&space, at), 0);
	igt_assert_eq_u32(next_handle(&gpu->dev), handle);

	/* Below what VM_BIND may map; not aligned; nothing; no address space. */
	igt_assert_eq(mirage_ib_create(&gpu->dev, space.vm, PAGE, PAGE, &ib), -EINVAL);
	igt_assert_eq(mirage_ib_create(&gpu->dev, space.vm, at + 4, PAGE, &ib), -EINVAL);
	igt_assert_eq(mirage_ib_create(&gpu->dev, space.vm, at, 0, &ib), -EINVAL);
	igt_assert_eq(mirage_ib_create(&gpu->dev, 0x7ffffff0, at, PAGE, &ib), -ENOENT);
	igt_assert_eq_u32(next_handle(&gpu->dev), handle);
	buf_free(&space, &buf);
	space_close(&space);
}

static const struct gpu_scenario scenarios[] = {
	{ "fault-holds-up-nobody", fault_holds_up_nobody,
	  "Jobs that may not fault do not wait for a fault." },
	{ "memory-stays-until-the-job-is-over", memory_stays_until_the_job_is_over,
	  "What a job uses is not evicted under it." },
	{ "late-job-lets-go", late_job_lets_go, "A job that never ends lets go of its memory." },
	{ "bound-packets", bound_packets, "An indirect buffer of libmirage's making, in bound memory." },
	{ "kinds-side-by-side", kinds_side_by_side, "Queues of all kinds in one address space." },
};

int igt_main()
{
	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));
}
