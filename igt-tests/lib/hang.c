// SPDX-License-Identifier: MIT
/*
 * Queues with a time limit, jobs that hang, and what is told of them.
 */
#include "hang.h"

#include <errno.h>

#include "debugfs.h"

uint64_t gpu_param(struct gpu *gpu, enum drm_mirage_param which)
{
	uint64_t value;

	igt_assert_eq(mirage_query(&gpu->dev, which, 0, &value, NULL), 0);
	return value;
}

/* A queue whose jobs may take so long. */
uint32_t gpu_add_limited_queue(struct gpu *gpu, uint32_t timeout_ms)
{
	uint32_t queue;

	igt_assert_eq(mirage_queue_create(&gpu->dev, gpu->vm, DRM_MIRAGE_QUEUE_COMPUTE,
					  QUEUE(.timeout_ms = timeout_ms), &queue), 0);
	return queue;
}

/* A queue of @space that may not fault. */
uint32_t space_add_bound_queue(struct space *space, uint32_t timeout_ms)
{
	uint32_t queue;

	igt_assert_eq(mirage_queue_create(space->dev, space->vm, DRM_MIRAGE_QUEUE_COPY,
					  QUEUE(.flags = DRM_MIRAGE_QUEUE_NO_FAULT, .timeout_ms = timeout_ms),
					  &queue), 0);
	return queue;
}

/* The next job of @queue hangs the engine; one is submitted. */
void gpu_hang(struct gpu *gpu, uint32_t queue, struct job *job)
{
	gpu_inject(gpu, "hang_chan", channel_of_queue(&gpu->dev, queue) + 1);
	job->queue = queue;
	mirage_ib_nop(&job->ib);
	job_submit(job);
	igt_assert(igt_wait(!gpu_injected(gpu, "hang_chan"), POLL_MS, 1));
}

uint32_t gpu_hw_error(struct gpu *gpu, uint32_t queue)
{
	struct drm_mirage_queue_query state;

	igt_assert_eq(mirage_queue_query(&gpu->dev, queue, &state), 0);
	return state.hw_error;
}

/* A job that writes @value to @to. */
void job_submit_fill(struct job *job, uint32_t queue, uint32_t *to, uint32_t value)
{
	job->queue = queue;
	mirage_ib_fill(&job->ib, to, sizeof(*to), value);
	job_submit(job);
}

void gpu_assert_stopped(struct gpu *gpu, uint32_t queue, enum drm_mirage_queue_state state)
{
	igt_assert_eq(gpu_queue_state(gpu, queue), state);
	igt_assert_eq(mirage_exec(&gpu->dev, queue, NULL, 0, NULL, 0), -ECANCELED);
}
