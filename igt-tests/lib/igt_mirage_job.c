// SPDX-License-Identifier: MIT
/*
 * Jobs: packets and kernels in the arena, submitted, waited for with a bound.
 *
 * A job's end is its syncobj; whether it ended well is the status of the fence in
 * it, which the kernel tells through a sync file.
 */
#include <linux/sync_file.h>
#include <sys/mman.h>

#include "igt_mirage.h"
#include "igt_mirage_arena.h"
#include "memory.h"

/* Shared memory, so that fork() leaves the GPU's mapping of it alone. */
struct arena *arena_create(void)
{
	void *area = mem_reserve(BLOCK, BLOCK);

	igt_assert(mmap(area, sizeof(struct arena), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == area);
	return area;
}

void arena_destroy(struct arena *arena)
{
	mem_unmap(arena, BLOCK);
}

/* Have the GPU write to each page of the arena, so that none faults later. */
void arena_warm(struct gpu *gpu)
{
	struct arena *arena = gpu->arena;
	unsigned int pages = sizeof(*arena) / PAGE, i;
	struct job job;

	memset(arena, 0, sizeof(*arena));
	job = job_new(gpu);
	for (i = 0; i < pages; i++)
		mirage_ib_fill(&job.ib, (char *)arena + i * PAGE + PAGE - 4, 4, 0);
	job_run(&job);
	igt_assert_eq(gpu_count_pages(gpu, arena, pages * PAGE, DRM_MIRAGE_SVM_PAGE_WRITE), pages);
}

unsigned int arena_take(struct arena *arena)
{
	unsigned int i;

	for (i = 0; i < ARENA_SLOTS && arena->used[i]; i++)
		;
	igt_assert_f(i < ARENA_SLOTS, "the arena has no room for another job\n");
	arena->used[i] = true;
	return i;
}

struct job job_new(struct gpu *gpu)
{
	struct job job = { .gpu = gpu, .queue = gpu->queue };
	struct slot *slot;

	job.slot = arena_take(gpu->arena);
	slot = &gpu->arena->slots[job.slot];
	igt_assert_eq(mirage_syncobj_create(&gpu->dev, false, &job.syncobj), 0);
	mirage_ib_init_at(&job.ib, slot->packets, sizeof(slot->packets),
			  (uintptr_t)gpu_at(gpu, slot->packets));
	return job;
}

/* A dispatch of one work item, whose code need not come from kernels/. */
struct mirage_dispatch *job_dispatch(struct job *job, const void *code, size_t code_size,
				     unsigned int nr_regs, const void *args, size_t size)
{
	struct slot *slot = &job->gpu->arena->slots[job->slot];
	unsigned int i = job->dispatches++;
	uint8_t *place = slot->code + i * sizeof(slot->code) / ARRAY_SIZE(slot->dispatches);

	igt_assert_lt(i, ARRAY_SIZE(slot->dispatches));
	igt_assert(code_size <= sizeof(slot->code) / ARRAY_SIZE(slot->dispatches));
	igt_assert(size <= sizeof(slot->args[i]));
	memcpy(place, code, code_size);
	if (size)
		memcpy(slot->args[i], args, size);
	mirage_dispatch_init(&slot->dispatches[i], gpu_at(job->gpu, place), code_size, nr_regs);
	if (size)
		mirage_dispatch_args(&slot->dispatches[i], gpu_at(job->gpu, slot->args[i]), size);
	mirage_ib_dispatch(&job->ib, gpu_at(job->gpu, &slot->dispatches[i]));
	return &slot->dispatches[i];
}

void job_kernel(struct job *job, const struct kernel *kernel, const void *args, size_t size,
		unsigned int groups, unsigned int group_size)
{
	struct mirage_dispatch *dispatch;

	dispatch = job_dispatch(job, kernel->code, kernel->size, kernel->nr_regs, args, size);
	mirage_dispatch_grid(dispatch, groups, 1, 1);
	mirage_dispatch_group(dispatch, group_size, 1, 1);
}

/* 0 or the kernel's negative errno. */
int job_try_submit(struct job *job)
{
	return mirage_submit(&job->gpu->dev, job->queue, &job->ib, job->syncobj);
}

void job_submit(struct job *job)
{
	igt_assert_eq(job_try_submit(job), 0);
}

bool job_is_done(struct job *job)
{
	int err = mirage_syncobj_wait(&job->gpu->dev, job->syncobj, 0);

	igt_assert_f(!err || err == -ETIME, "waiting for a job: %s\n", strerror(-err));
	return !err;
}

static int fence_status(struct job *job)
{
	struct sync_file_info info = { };
	int fd;

	igt_assert_eq(mirage_syncobj_export_sync_file(&job->gpu->dev, job->syncobj, &fd), 0);
	do_ioctl(fd, SYNC_IOC_FILE_INFO, &info);
	close(fd);
	return info.status;
}

/* Wait for the end; 0 if it was a good one, else the negative errno of its fence. */
int job_wait(struct job *job)
{
	int status;

	igt_assert_eq(mirage_syncobj_wait(&job->gpu->dev, job->syncobj, JOB_DEADLINE), 0);
	status = fence_status(job);
	igt_assert_neq(status, 0);
	return status > 0 ? 0 : status;
}

void job_free(struct job *job)
{
	igt_assert_eq(mirage_syncobj_destroy(&job->gpu->dev, job->syncobj), 0);
	job->gpu->arena->used[job->slot] = false;
}

/* Submit, wait, and ask for a good end. */
void job_run(struct job *job)
{
	job_submit(job);
	igt_assert_eq(job_wait(job), 0);
	job_free(job);
}

void gpu_copy(struct gpu *gpu, void *to, const void *from, size_t bytes)
{
	struct job job = job_new(gpu);

	mirage_ib_copy(&job.ib, to, from, bytes);
	job_run(&job);
}

void gpu_fill(struct gpu *gpu, void *to, size_t bytes, uint32_t pattern)
{
	struct job job = job_new(gpu);

	mirage_ib_fill(&job.ib, to, bytes, pattern);
	job_run(&job);
}

uint32_t gpu_read32(struct gpu *gpu, const void *from)
{
	volatile uint32_t *result = &gpu->out[1];

	gpu_copy(gpu, gpu_at(gpu, &gpu->out[1]), from, sizeof(*result));
	return *result;
}

void gpu_write32(struct gpu *gpu, void *to, uint32_t value)
{
	gpu_fill(gpu, to, sizeof(value), value);
}

/* n lanes read one word each. */
void gpu_gather(struct gpu *gpu, const void *from, size_t stride, unsigned int n, uint32_t *to)
{
	struct gather_args args = {
		.src = (uintptr_t)from, .dst = (uintptr_t)to, .stride = stride, .n = n,
	};
	struct job job = job_new(gpu);

	job_kernel(&job, &kernel_gather, &args, sizeof(args), (n + 63) / 64, 64);
	job_run(&job);
}

/* n lanes write one word each: value, value + 1 ... */
void gpu_scatter(struct gpu *gpu, void *to, size_t stride, unsigned int n, uint32_t value)
{
	struct scatter_args args = {
		.dst = (uintptr_t)to, .stride = stride, .n = n, .value = value,
	};
	struct job job = job_new(gpu);

	job_kernel(&job, &kernel_scatter, &args, sizeof(args), (n + 63) / 64, 64);
	job_run(&job);
}

/* All work items raise one counter, so often each. */
void gpu_raise(struct gpu *gpu, void *counter, unsigned int groups, unsigned int group_size,
	       unsigned int iters)
{
	struct raise_args args = { .addr = (uintptr_t)counter, .iters = iters };
	struct job job = job_new(gpu);

	job_kernel(&job, &kernel_raise, &args, sizeof(args), groups, group_size);
	job_run(&job);
}

/* On a queue of its own, which it loses. */
static void access_fails(struct gpu *gpu, void *to, const void *from, const void *bad,
			 unsigned int access, int error)
{
	uint32_t queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COPY);
	struct job job = job_new(gpu);

	job.queue = queue;
	mirage_ib_copy(&job.ib, to, from, 4);
	job_submit(&job);
	igt_assert_eq(job_wait(&job), -EFAULT);
	gpu_assert_faulted(gpu, queue, bad, access, error);
	job_free(&job);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, queue), 0);
}

void gpu_read_fails(struct gpu *gpu, const void *from, int error)
{
	access_fails(gpu, &gpu->out[2], from, from, MIRAGE_ACCESS_READ, error);
}

void gpu_write_fails(struct gpu *gpu, void *to, int error)
{
	access_fails(gpu, to, &gpu->out[2], to, MIRAGE_ACCESS_WRITE, error);
}

/* Returns when the kernel has made its first round. */
void loop_start(struct loop *loop, struct gpu *gpu, const struct kernel *kernel, void *target)
{
	struct loop_args args;

	loop->job = job_new(gpu);
	/* Each loop has 64 bytes of the second half of the results. */
	loop->flags = (void *)(gpu->out + 2 * PAGE / 4 + 16 * loop->job.slot);
	memset((void *)loop->flags, 0, sizeof(*loop->flags));
	args = (struct loop_args){
		.target = (uintptr_t)target,
		.out = (uintptr_t)gpu_at(gpu, (void *)loop->flags),
		.stop = (uintptr_t)gpu_at(gpu, (void *)&loop->flags->stop),
	};
	/* scribble has no value, and counts where watch does */
	if (kernel == &kernel_scribble)
		args.out = (uintptr_t)gpu_at(gpu, (void *)&loop->flags->count);
	job_kernel(&loop->job, kernel, &args, sizeof(args), 1, 1);
	job_submit(&loop->job);
	loop_advance(loop, 1);
}

/* Wait until the kernel has begun and ended so many more rounds. */
void loop_advance(struct loop *loop, unsigned int rounds)
{
	uint64_t from = loop->flags->count;

	igt_assert(igt_wait(loop->flags->count > from + rounds || job_is_done(&loop->job),
			    POLL_MS, 1));
	igt_assert_f(!job_is_done(&loop->job), "the kernel has ended too early\n");
}

void loop_stop(struct loop *loop)
{
	__atomic_store_n(&loop->flags->stop, 1, __ATOMIC_SEQ_CST);
	igt_assert_eq(job_wait(&loop->job), 0);
	job_free(&loop->job);
}
