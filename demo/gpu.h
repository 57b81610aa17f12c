/* SPDX-License-Identifier: MIT */
/* One GPU, one address space, one compute queue: all the demo needs of libmirage. */
#ifndef DEMO_GPU_H
#define DEMO_GPU_H

#include <stddef.h>
#include <stdint.h>

#include "mirage.h"

/* A program that mirage-as has put into a header. The GPU runs it where it lies. */
struct gpu_kernel {
	const char *name;
	const unsigned long long *code;
	/* Bytes. */
	size_t code_size;
	/* Registers of a lane. */
	unsigned int nr_regs;
	/* Bytes of shared memory of a group. */
	unsigned int shared_size;
};

#define GPU_KERNEL(name_) {                                                    \
	.name = #name_,                                                        \
	.code = kernel_##name_,                                                \
	.code_size = sizeof(kernel_##name_),                                   \
	.nr_regs = kernel_##name_##_nr_regs,                                   \
	.shared_size = kernel_##name_##_shared_size,                           \
}

struct gpu {
	struct mirage device;
	uint32_t vm;
	uint32_t queue;
	/* Signalled when the job under way is done. */
	uint32_t syncobj;
	/* Name of the job under way; NULL: none. */
	const char *running;
	/* Its descriptor and packets, which the GPU reads. */
	struct mirage_dispatch dispatch __attribute__((aligned(64)));
	uint32_t words[16];
	/* When it was submitted, CLOCK_MONOTONIC. */
	uint64_t submitted_ns;
	/* From submission to completion, of all jobs so far. */
	uint64_t elapsed_ns;
};

/*
 * All return 0, or a negative errno after a message that says what failed and, if the
 * GPU stopped the job, at which address or instruction.
 */

/** gpu_open() - open the first mirage GPU. On failure nothing is left open. */
int gpu_open(struct gpu *gpu);

/** gpu_close() - give everything back. */
void gpu_close(struct gpu *gpu);

/**
 * gpu_start() - submit a job; one at a time.
 * @args: @args_size bytes that the program reads with ldc; must live until gpu_wait()
 * @groups: number of groups
 * @items: work items in each, at most 1024
 */
int gpu_start(struct gpu *gpu, const struct gpu_kernel *kernel, const void *args,
	      size_t args_size, uint32_t groups, uint32_t items);

/**
 * gpu_start_packets() - submit packets that the caller has built, as a job.
 * @name: for messages
 */
int gpu_start_packets(struct gpu *gpu, const char *name, const struct mirage_ib *ib);

/** gpu_wait() - wait for the end of the job that gpu_start() submitted. */
int gpu_wait(struct gpu *gpu);

/** gpu_run() - gpu_start() and gpu_wait(). */
int gpu_run(struct gpu *gpu, const struct gpu_kernel *kernel, const void *args,
	    size_t args_size, uint32_t groups, uint32_t items);

/**
 * gpu_is_stopped() - the queue has stopped for good: the job under way will not go on.
 *
 * For loops that wait for memory that the job writes.
 */
bool gpu_is_stopped(struct gpu *gpu);

/** gpu_now() - CLOCK_MONOTONIC in nanoseconds. */
uint64_t gpu_now(void);

#endif /* DEMO_GPU_H */
