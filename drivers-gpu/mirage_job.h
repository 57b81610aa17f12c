/* SPDX-License-Identifier: GPL-2.0 */
/* Jobs: what one exec submits, from the scheduler to the ring to its fence. */
#ifndef MIRAGE_JOB_H
#define MIRAGE_JOB_H

#include <linux/list.h>
#include <linux/types.h>

#include <drm/gpu_scheduler.h>
#include <drm/mirage_drm.h>

struct dma_fence;
struct drm_file;
struct mirage_queue;

/* Ring words of the packets a job is made of: header and payload. */
#define MIRAGE_JOB_IB_WORDS	4
#define MIRAGE_JOB_FENCE_WORDS	5
/** MIRAGE_JOB_MAX_CMDS: indirect buffers of a job, as the uapi says. */
#define MIRAGE_JOB_MAX_CMDS	64
#define MIRAGE_JOB_MAX_WORDS	(MIRAGE_JOB_MAX_CMDS * MIRAGE_JOB_IB_WORDS + MIRAGE_JOB_FENCE_WORDS)

/**
 * struct mirage_job - one submission to a queue
 *
 * Belongs to the scheduler once pushed; freed by it after its finished fence has
 * signalled. While it is in flight its fence has not signalled, so it cannot go.
 */
struct mirage_job {
	/** @base: the scheduler's part */
	struct drm_sched_job base;
	/** @queue: where it runs; its sched_ref is held */
	struct mirage_queue *queue;
	/** @fence: hardware fence, one reference; initialised by run_job() */
	struct dma_fence *fence;
	/** @node: in mirage_queue.in_flight, protected by mirage_queue.lock */
	struct list_head node;
	/** @seqno: what its FENCE packet writes; set by run_job() */
	u64 seqno;
	/** @nr_cmds: entries of @cmds; constant */
	u32 nr_cmds;
	/** @cmds: indirect buffers, checked; constant */
	struct drm_mirage_cmds cmds[] __counted_by(nr_cmds);
};

extern const struct drm_sched_backend_ops mirage_job_sched_ops;

struct mirage_job *mirage_job_create(struct mirage_queue *queue, struct drm_file *file,
				     const struct drm_mirage_cmds *cmds, u32 nr_cmds);
void mirage_job_drop(struct mirage_job *job);
void mirage_job_complete(struct mirage_job *job, int error);

#endif /* MIRAGE_JOB_H */
