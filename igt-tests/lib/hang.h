/* SPDX-License-Identifier: MIT */
/* Shared by the tests of hangs, resets and time limits: queues with a limit, jobs that hang, and reports of them. */
#ifndef HANG_H
#define HANG_H

#include "igt_mirage.h"
#include "igt_mirage_space.h"

uint64_t gpu_param(struct gpu *gpu, enum drm_mirage_param which);
uint32_t gpu_add_limited_queue(struct gpu *gpu, uint32_t timeout_ms);
uint32_t space_add_bound_queue(struct space *space, uint32_t timeout_ms);
void gpu_hang(struct gpu *gpu, uint32_t queue, struct job *job);
uint32_t gpu_hw_error(struct gpu *gpu, uint32_t queue);
void job_submit_fill(struct job *job, uint32_t queue, uint32_t *to, uint32_t value);
void gpu_assert_stopped(struct gpu *gpu, uint32_t queue, enum drm_mirage_queue_state state);

#endif /* HANG_H */
