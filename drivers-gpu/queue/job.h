/* SPDX-License-Identifier: GPL-2.0 */
/* Jobs: submissions, from the scheduler to the ring to the fence. */
#ifndef MIRAGE_JOB_H
#define MIRAGE_JOB_H

#include <linux/list.h>
#include <linux/types.h>

#include <drm/gpu_scheduler.h>

#include "mmu/vm.h"


struct dma_fence;
struct drm_file;
struct mirage_queue;
struct mirage_quota_user;

/**
 * struct mirage_job - one submission to a queue
 *
 * The scheduler owns it once it is pushed, and frees it after its finished fence has signalled.
 * While it is in flight its fence has not signalled, so it is not freed.
 */
struct mirage_job {
	/** @base: the scheduler's job */
	struct drm_sched_job base;
	/** @queue: queue it runs on; its sched_ref is held */
	struct mirage_queue *queue;
	/** @fence: hardware fence, one reference; initialised by run_job() */
	struct dma_fence *fence;
	/** @node: in mirage_queue.in_flight, protected by mirage_queue.lock */
	struct list_head node;
	/**
	 * @submission: link to its address space, with the submitting process; unused for the
	 * kernel's jobs
	 */
	struct mirage_submission submission;
	/**
	 * @starts: number of times the device may have started it. Protected by mirage_queue.lock.
	 */
	unsigned int starts;
	/** @start: ring index of its first word; set by run_job() */
	u32 start;
	/** @seqno: value that its FENCE packet writes; set by run_job() */
	u64 seqno;
	/**
	 * @user: user that it is charged to; it is then also counted in mirage_queue.nr_jobs. NULL
	 * for the kernel's jobs, and for a finished job from before its fence signals.
	 */
	struct mirage_quota_user *user;
	/** @epoch: the queue's epoch when the job was created; constant */
	u32 epoch;
	/** @nr_words: words of @words in use; constant once armed */
	u32 nr_words;
	/** @room: capacity of @words; constant once armed */
	u32 room;
	/** @words: packets for the ring, except the FENCE; constant once armed; may be NULL */
	u32 *words;
};

extern const struct drm_sched_backend_ops mirage_job_sched_ops;

struct mirage_job *mirage_job_create(struct mirage_queue *queue, struct drm_file *file);
u32 *mirage_job_extend(struct mirage_job *job, u32 count);
struct dma_fence *mirage_job_arm(struct mirage_job *job);
void mirage_job_drop(struct mirage_job *job);
void mirage_job_complete(struct mirage_job *job, int error);

#endif /* MIRAGE_JOB_H */
