/* SPDX-License-Identifier: GPL-2.0 */
/* Queues: a channel of the device, its ring, and the scheduler that feeds it. */
#ifndef MIRAGE_QUEUE_H
#define MIRAGE_QUEUE_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <drm/gpu_scheduler.h>
#include <drm/mirage_drm.h>

#include "device/mem.h"
#include "queue/charge.h"

struct drm_file;
struct drm_printer;
struct mirage_device;
struct mirage_fault;
struct mirage_quota_user;
struct mirage_usage;
struct mirage_vm;

/** MIRAGE_QUEUE_RING_ORDER: log2 of the size of a user's ring in 32-bit words. */
#define MIRAGE_QUEUE_RING_ORDER		12

/** MIRAGE_QUEUE_MAX_JOBS: limit of unfinished jobs per user queue: DRM_MIRAGE_PARAM_QUEUE_JOBS. */
#define MIRAGE_QUEUE_MAX_JOBS		4096

/** MIRAGE_QUEUE_PRIORITIES: number of priorities of a channel, from 0 on. */
#define MIRAGE_QUEUE_PRIORITIES		4

/**
 * struct mirage_queue_error - why a queue stopped
 *
 * All zero while the queue is ready.
 */
struct mirage_queue_error {
	/** @state: state as reported to user space */
	enum drm_mirage_queue_state state;
	/**
	 * @error: negative errno for the fence of the job that was running; see
	 * mirage_queue_quiesce()
	 */
	int error;
	/** @hw_error: enum mirage_chan_error, with DRM_MIRAGE_QUEUE_ERROR */
	u32 hw_error;
	/** @hw_info: error_info of the channel descriptor */
	u32 hw_info;
	/** @hw_addr: error_addr of the channel descriptor */
	u64 hw_addr;
	/** @place: the faulty instruction, as the device wrote it; all zero if there is none */
	struct mirage_place place;
	/** @fault: the failed access, with DRM_MIRAGE_QUEUE_FAULTED */
	struct drm_mirage_fault fault;
};

/**
 * struct mirage_queue_params - checked parameters of a new queue
 */
struct mirage_queue_params {
	/** @vm: address space, or NULL for the kernel's own queue, whose packets use none */
	struct mirage_vm *vm;
	/** @queue_class: enum mirage_chan_class */
	u32 queue_class;
	/** @priority: 0 to 3 */
	u32 priority;
	/** @ring_order: log2 of the ring's 32-bit words, 10 to 20 */
	u32 ring_order;
	/** @flags: DRM_MIRAGE_QUEUE_* */
	u32 flags;
	/** @timeout_ms: time limit of a job, or 0 for the default */
	u32 timeout_ms;
	/** @usage: account of engine time, or NULL */
	struct mirage_usage *usage;
};

/**
 * enum mirage_context_state - location of a channel's context around a suspend
 */
enum mirage_context_state {
	/** @MIRAGE_CONTEXT_NONE: the channel was not stopped for a suspend */
	MIRAGE_CONTEXT_NONE = 0,
	/** @MIRAGE_CONTEXT_STOPPED: the channel is stopped, and its context is in the device */
	MIRAGE_CONTEXT_STOPPED,
	/** @MIRAGE_CONTEXT_SAVED: in mirage_queue.context; the device does not have it any more */
	MIRAGE_CONTEXT_SAVED,
};

/**
 * struct mirage_context - context of a channel that a suspend has stopped
 *
 * @state is written under mirage_queue.stop_lock, and read without it to decide whether a job's
 * time is charged. @data and @size are accessed by suspend and resume of the device, one at a
 * time, and finally by the end of the queue.
 */
struct mirage_context {
	/** @state: location of the context */
	enum mirage_context_state state;
	/** @data: as the device wrote it, without trailing zeroes; NULL while not saved */
	void *data;
	/** @size: bytes of @data */
	size_t size;
};

/**
 * struct mirage_queue - a channel, its ring and its scheduler
 *
 * There are two reference counts. @ref is held by the handle and by temporary users of the queue;
 * when it drops to zero the channel is reset and freed, and no further job starts. @sched_ref is
 * also held by each job. A job with foreign dependencies may live longer, and needs only the
 * scheduler.
 */
struct mirage_queue {
	/** @ref: see above */
	struct kref ref;
	/** @sched_ref: see above; @ref holds one */
	struct kref sched_ref;
	/** @mdev: device; a reference to its drm_device is held with @sched_ref */
	struct mirage_device *mdev;
	/** @vm: address space; a reference is held with @ref; NULL for the kernel's own queue */
	struct mirage_vm *vm;
	/** @id: the handle in its file, for reports; written once, before any job can exist */
	u32 id;
	/** @chan: channel number; constant */
	u32 chan;
	/** @queue_class: enum mirage_chan_class; constant */
	u32 queue_class;
	/** @priority: 0 to 3; constant */
	u32 priority;
	/** @flags: DRM_MIRAGE_QUEUE_*; constant */
	u32 flags;
	/**
	 * @usage: account of the file that the queue belongs to; a reference is held with @ref; or
	 * NULL
	 */
	struct mirage_usage *usage;
	/**
	 * @user: user that the channel is charged to, as long as @ref; NULL for the kernel's own
	 * queue
	 */
	struct mirage_quota_user *user;
	/** @ring_order: log2 of the ring's words; constant */
	u32 ring_order;
	/**
	 * @born_ns: device clock when the queue got @chan, or when the channel was restarted after
	 * a reset: older faults belong to another owner
	 */
	u64 born_ns;

	/** @mem: the ring, followed by the fence slot, which FENCE packets write */
	struct mirage_mem mem;
	/** @fence_context: context of the hardware fences; constant */
	u64 fence_context;

	/** @sched: dedicated scheduler: jobs in order, timeouts, credits in ring words */
	struct drm_gpu_scheduler sched;
	/** @entity: entity that exec pushes jobs to */
	struct drm_sched_entity entity;
	/** @nr_jobs: unfinished jobs of users, at most MIRAGE_QUEUE_MAX_JOBS */
	atomic_t nr_jobs;
	/**
	 * @exec_lock: keeps the order of jobs in @entity the same as that of their fences. Taken
	 * inside the resvs of the objects that a job uses. Jobs are armed and pushed under it, so
	 * nothing is allocated
	 */
	struct mutex exec_lock;

	/**
	 * @lock: protects @error, @epoch, @put, @seqno, @in_flight, @charge, @jobs and
	 * @accounted_ns. Taken inside the xa_lock of mirage_device.queues and of
	 * mirage_file.queues. Its holder neither sleeps nor signals a fence. Process context only.
	 */
	spinlock_t lock;
	/** @error: why it stopped; the state is READY while it has not. Protected by @lock. */
	struct mirage_queue_error error;
	/**
	 * @epoch: incremented when the kernel's own queue is revived; jobs of earlier epochs are
	 * cancelled. Protected by @lock.
	 */
	u32 epoch;
	/** @put: next ring word, modulo 2^32. Protected by @lock. */
	u32 put;
	/** @seqno: number of the last job written to the ring. Protected by @lock. */
	u64 seqno;
	/** @in_flight: struct mirage_job that the device has, oldest first. Protected by @lock. */
	struct list_head in_flight;
	/** @charge: start of the time charged to the oldest of @in_flight. Protected by @lock. */
	struct mirage_charge charge;
	/** @jobs: jobs completed without error. Protected by @lock. */
	u64 jobs;
	/**
	 * @accounted_ns: part of the channel's run_ns already added to @usage. Protected by @lock.
	 */
	u64 accounted_ns;

	/**
	 * @stop_lock: serialises mirage_queue_quiesce(), so that a second caller waits for the
	 * first one's reset. Held while waiting for the device (bounded). Taken inside
	 * mirage_reset.lock, and outside mirage_reset.engine_lock.
	 */
	struct mutex stop_lock;
	/**
	 * @quiet: the channel is reset and no job is in flight; final except for the kernel's own
	 * queue. Written under @stop_lock, read anywhere.
	 */
	bool quiet;
	/** @waiters: waiters for user fences; woken when jobs have ended, and by @quiet */
	wait_queue_head_t waiters;
	/** @context: context of the channel while the device sleeps */
	struct mirage_context context;
	/** @stop_work: mirage_queue_quiesce() for callers that must not wait; on submit_wq */
	struct work_struct stop_work;
	/** @end_work: teardown after the last reference, for callers that must not wait */
	struct work_struct end_work;
	/**
	 * @free_work: frees the scheduler. The end of a job cannot, since it runs in the
	 * scheduler's work. Runs after a grace period: the signaller of a job's dependency wakes
	 * the scheduler with interrupts off, and may still be in there when the job has run and
	 * gone.
	 */
	struct rcu_work free_work;
	/**
	 * @rcu: the timeline name of fences may be read for a grace period after they have
	 * signalled
	 */
	struct rcu_head rcu;
};

static inline u32 mirage_queue_ring_words(const struct mirage_queue *queue)
{
	return BIT(queue->ring_order);
}

static inline size_t mirage_queue_ring_bytes(const struct mirage_queue *queue)
{
	return mirage_queue_ring_words(queue) * sizeof(u32);
}

/* May its jobs wait for mm? Then nothing that mm may wait for may wait for these jobs. */
static inline bool mirage_queue_may_fault(const struct mirage_queue *queue)
{
	return queue->vm && !(queue->flags & DRM_MIRAGE_QUEUE_NO_FAULT);
}

/* Is the channel reset for good, and have all its jobs ended? */
static inline bool mirage_queue_is_quiet(const struct mirage_queue *queue)
{
	/* Acquire: the caller sees the jobs' writes after this. */
	return smp_load_acquire(&queue->quiet);
}

const char *mirage_queue_comm(const struct mirage_queue *queue);
pid_t mirage_queue_tgid(const struct mirage_queue *queue);

/* For ioctls. */
struct mirage_queue *mirage_queue_create(struct mirage_device *mdev,
					 const struct mirage_queue_params *params);
struct mirage_queue *mirage_queue_get(struct mirage_queue *queue);
void mirage_queue_put(struct mirage_queue *queue);
void mirage_queue_put_later(struct mirage_queue *queue);
void mirage_queue_destroy(struct mirage_queue *queue);
void mirage_queue_query(struct mirage_queue *queue, struct drm_mirage_queue_query *args);

/* Channel. */
int mirage_queue_start_new(struct mirage_queue *queue);
int mirage_queue_revive(struct mirage_queue *queue);

/* For jobs. */
void mirage_queue_get_sched(struct mirage_queue *queue);
void mirage_queue_put_sched(struct mirage_queue *queue);
bool mirage_queue_poll(struct mirage_queue *queue);
bool mirage_queue_expire(struct mirage_queue *queue);
bool mirage_queue_fail_locked(struct mirage_queue *queue, const struct mirage_queue_error *error);
bool mirage_queue_fail(struct mirage_queue *queue, const struct mirage_queue_error *error);
void mirage_queue_quiesce(struct mirage_queue *queue);
void mirage_queue_stop_work(struct work_struct *work);
bool mirage_queue_is_ready(struct mirage_queue *queue);
void mirage_queue_reset(struct mirage_queue *queue);
void mirage_queue_restart(struct mirage_queue *queue);

/* By channel. */
struct mirage_queue *mirage_queue_by_channel(struct mirage_device *mdev, unsigned long chan);
struct mirage_queue *mirage_queue_next(struct mirage_device *mdev, struct mirage_queue *prev);
/*
 * Iterate over all queues, by channel number. The loop has a reference to @queue, and drops it when
 * it advances: a body that leaves the loop has to put the queue. No lock is held, so queues may
 * come and go meanwhile.
 */
#define mirage_for_each_queue(mdev, queue)				\
	for (queue = mirage_queue_next(mdev, NULL); queue;		\
	     queue = mirage_queue_next(mdev, queue))

/* For reports from the device. */
bool mirage_queue_is_live(struct mirage_device *mdev, const struct mirage_fault *fault,
			  const struct mirage_vm *vm, u32 *queue_id);
bool mirage_queue_stop_on_fault(struct mirage_device *mdev, const struct mirage_fault *fault,
				const struct mirage_vm *vm, int error);
void mirage_queue_event(struct mirage_device *mdev, const struct mirage_event *event);

/* For all queues. */
void mirage_queues_stop_vm(struct mirage_vm *vm, int error);
void mirage_queues_wedge(struct mirage_device *mdev);
void mirage_queues_kick(struct mirage_device *mdev);
void mirage_queues_reset(struct mirage_device *mdev);
void mirage_queues_restart(struct mirage_device *mdev);
void mirage_queues_dump(struct mirage_device *mdev, struct drm_printer *p);

int mirage_queue_module_init(void);
void mirage_queue_module_exit(void);

#endif /* MIRAGE_QUEUE_H */
