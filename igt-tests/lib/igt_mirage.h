/* SPDX-License-Identifier: MIT */
/*
 * Shared by the mirage tests: a GPU with an address space and a queue, jobs, and
 * the counters and page tables that say how a thing was done.
 *
 * All memory of a job but the memory under test (packets, code, arguments,
 * results, flags) lies in an arena that the GPU has mapped before a test begins, and
 * that fork() does not touch (it is shared memory). So every fault, page and
 * invalidation that is counted after gpu_mark() belongs to the test.
 */
#ifndef IGT_MIRAGE_H
#define IGT_MIRAGE_H

#include <mirage.h>
#include <hw/isa.h>
#include <hw/pte.h>
#include <hw/queues.h>

#include "igt.h"
#include "igt_mirage_kernels.h"

#define PAGE		4096ul
#define BLOCK		(2ul << 20)

/*
 * Bounds for a job that must end, as the kernel keeps them and as the test does, and for memory that
 * must change: generous, as the guest may be emulated and its kernel full of checks.
 */
#define QUEUE_TIMEOUT_MS	90000
#define JOB_TIMEOUT_MS		100000
#define JOB_DEADLINE		mirage_deadline(JOB_TIMEOUT_MS)
#define POLL_MS			100000

/* Unusual properties of a queue: members of struct mirage_queue_options. */
#define QUEUE(...)		(&(const struct mirage_queue_options){ __VA_ARGS__ })

struct arena;

/**
 * struct gpu - an open device with an address space that mirrors this process
 */
struct gpu {
	/** @dev: the render node */
	struct mirage dev;
	/** @vm: address space */
	uint32_t vm;
	/** @queue: a compute queue in it */
	uint32_t queue;
	/** @arena: jobs, and memory for results */
	struct arena *arena;
	/** @shift: what is added to a CPU address in the arena to get the GPU's; 0 where it mirrors us */
	uint64_t shift;
	/** @next: of gpu_open_bound(): where gpu_bind() maps next */
	uint64_t next;
	/** @out: 16 KiB for results and flags, zero at first; in the arena */
	uint32_t *out;
	/** @mark: counters at the last gpu_mark() */
	uint64_t mark[DRM_MIRAGE_STAT_COUNT];
};

void gpu_open(struct gpu *gpu);
void gpu_open_with(struct gpu *gpu, enum drm_mirage_queue_class queue_class, uint32_t timeout_ms);
void gpu_open_bound(struct gpu *gpu, enum drm_mirage_queue_class queue_class,
		    uint32_t queue_flags);
void gpu_close(struct gpu *gpu);
uint32_t gpu_add_queue(struct gpu *gpu, enum drm_mirage_queue_class queue_class);

/**
 * struct job - packets, what they need, and the syncobj that tells of their end
 */
struct job {
	/** @gpu: where it runs */
	struct gpu *gpu;
	/** @queue: set by job_new() to the GPU's own; change it before job_submit() */
	uint32_t queue;
	/** @ib: packets are added here with mirage_ib_*() */
	struct mirage_ib ib;
	/** @syncobj: signals its end */
	uint32_t syncobj;
	/** @slot: place in the arena */
	unsigned int slot;
	/** @dispatches: kernels so far */
	unsigned int dispatches;
};

struct job job_new(struct gpu *gpu);
void job_kernel(struct job *job, const struct kernel *kernel, const void *args, size_t size,
		unsigned int groups, unsigned int group_size);
struct mirage_dispatch *job_dispatch(struct job *job, const void *code, size_t code_size,
				     unsigned int nr_regs, const void *args, size_t size);
int job_try_submit(struct job *job);
void job_submit(struct job *job);
bool job_is_done(struct job *job);
int job_wait(struct job *job);
void job_free(struct job *job);
void job_run(struct job *job);

/* Of gpu_open_bound(). */
void *gpu_at(const struct gpu *gpu, const void *in_arena);
uint32_t gpu_add_bound_queue(struct gpu *gpu, enum drm_mirage_queue_class queue_class,
			     uint32_t flags);
void *gpu_bind(struct gpu *gpu, uint32_t handle, uint64_t size, uint32_t flags);
int gpu_try_bind_at(struct gpu *gpu, void *addr, uint32_t handle, uint64_t size, uint32_t flags);
void gpu_unbind(struct gpu *gpu, void *addr, uint64_t size);
void *gpu_bind_userptr(struct gpu *gpu, void *addr, size_t size, uint32_t flags);

/* One job each, that must succeed. */
void gpu_copy(struct gpu *gpu, void *to, const void *from, size_t bytes);
void gpu_fill(struct gpu *gpu, void *to, size_t bytes, uint32_t pattern);
uint32_t gpu_read32(struct gpu *gpu, const void *from);
void gpu_write32(struct gpu *gpu, void *to, uint32_t value);
void gpu_gather(struct gpu *gpu, const void *from, size_t stride, unsigned int n, uint32_t *to);
void gpu_scatter(struct gpu *gpu, void *to, size_t stride, unsigned int n, uint32_t value);
void gpu_raise(struct gpu *gpu, void *counter, unsigned int groups, unsigned int group_size,
	       unsigned int iters);

/* One job each, that must be stopped by a fault. */
void gpu_read_fails(struct gpu *gpu, const void *from, int error);
void gpu_write_fails(struct gpu *gpu, void *to, int error);

/**
 * struct loop - a kernel that runs until it is told to stop
 */
struct loop {
	/** @job: it */
	struct job job;
	/** @flags: in the arena */
	volatile struct {
		/** @value: watch: what it read last */
		uint32_t value;
		uint32_t pad;
		/** @count: how often it has read or written */
		uint64_t count;
		/** @stop: set to end it */
		uint32_t stop;
	} *flags;
};

void loop_start(struct loop *loop, struct gpu *gpu, const struct kernel *kernel, void *target);
void loop_advance(struct loop *loop, unsigned int rounds);
void loop_stop(struct loop *loop);

/* How a thing was done */
void gpu_mark(struct gpu *gpu);
uint64_t gpu_delta(struct gpu *gpu, enum drm_mirage_stat stat);
uint64_t gpu_stat(struct gpu *gpu, enum drm_mirage_stat stat);
uint64_t gpu_demanded(struct gpu *gpu);
uint8_t gpu_page(struct gpu *gpu, const void *addr);
unsigned int gpu_count_pages(struct gpu *gpu, const void *addr, size_t size, uint8_t flag);
uint32_t gpu_queue_state(struct gpu *gpu, uint32_t queue);
void gpu_assert_faulted(struct gpu *gpu, uint32_t queue, const void *addr, unsigned int access,
			int error);
void gpu_assert_alive(struct gpu *gpu);

/**
 * struct gpu_scenario - a subtest that gets a GPU of its own, and leaves it working
 */
struct gpu_scenario {
	/** @name: of the subtest */
	const char *name;
	/** @test: its body */
	void (*test)(struct gpu *gpu);
	/** @description: of the subtest */
	const char *description;
};

void gpu_subtests(const struct gpu_scenario *scenarios, size_t count);
/* The same with gpu_open_bound() and a compute queue that may not fault. */
void gpu_bound_subtests(const struct gpu_scenario *scenarios, size_t count);

/* The device's own: fault injection */
void gpu_inject(struct gpu *gpu, const char *knob, unsigned int value);
void gpu_inject_none(struct gpu *gpu);
void gpu_inject_none_alone(void);
bool gpu_behind_iommu(struct gpu *gpu);
unsigned int gpu_injected(struct gpu *gpu, const char *knob);
void gpu_reset_from_outside(struct gpu *gpu);

#endif /* IGT_MIRAGE_H */
