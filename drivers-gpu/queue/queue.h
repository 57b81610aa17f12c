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

#include <drm/drm_util.h>
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

/** MIRAGE_QUEUE_RING_ORDER: log2 of the 32-bit words of a user's ring. */
#define MIRAGE_QUEUE_RING_ORDER		12

/** MIRAGE_QUEUE_MAX_JOBS: jobs that a user's queue holds: DRM_MIRAGE_PARAM_QUEUE_JOBS. */
#define MIRAGE_QUEUE_MAX_JOBS		4096

/** MIRAGE_QUEUE_PRIORITIES: priorities of a channel, 0 to this - 1. */
#define MIRAGE_QUEUE_PRIORITIES		4

/**
 * struct mirage_queue_error - why a queue stopped
 *
 * All zero while the queue is ready.
 */
struct mirage_queue_error {
	/** @state: what user space is told */
	enum drm_mirage_queue_state state;
	/** @error: negative errno of the fence of the job that the device had; see mirage_queue_quiesce() */
	int error;
	/** @hw_error: enum mirage_chan_error, with DRM_MIRAGE_QUEUE_ERROR */
	u32 hw_error;
	/** @hw_info: error_info of the channel descriptor */
	u32 hw_info;
	/** @hw_addr: error_addr of the channel descriptor */
	u64 hw_addr;
	/** @place: the instruction that did it, as the device wrote it; all zero if none did */
	struct mirage_place place;
	/** @fault: the access that did it, with DRM_MIRAGE_QUEUE_FAULTED */
	struct drm_mirage_fault fault;
};

/**
 * struct mirage_queue_params - what a queue shall be; checked
 */
struct mirage_queue_params {
	/** @vm: address space, or NULL for the kernel's own queue, whose packets name none */
	struct mirage_vm *vm;
	/** @queue_class: enum mirage_chan_class */
	u32 queue_class;
	/** @priority: 0 to 3 */
	u32 priority;
	/** @ring_order: log2 of the ring's 32-bit words, 10 to 20 */
	u32 ring_order;
	/** @flags: DRM_MIRAGE_QUEUE_* */
	u32 flags;
	/** @timeout_ms: how long a job may take, or 0 for the usual */
	u32 timeout_ms;
	/** @usage: where its engine time is added up, or NULL */
	struct mirage_usage *usage;
};

/**
 * enum mirage_park_state - where what a channel has begun is kept
 */
enum mirage_park_state {
	/** @MIRAGE_PARK_NONE: the channel was not stopped for a suspend */
	MIRAGE_PARK_NONE = 0,
	/** @MIRAGE_PARK_STOPPED: in the device */
	MIRAGE_PARK_STOPPED,
	/** @MIRAGE_PARK_SAVED: in mirage_queue.park, and the device has forgotten it */
	MIRAGE_PARK_SAVED,
};

/**
 * struct mirage_park - what a channel has begun
 *
 * @state is written under mirage_queue.stop_lock, and read without it by who asks whether the job's time
 * counts. @context and @size belong to whoever suspends or resumes
 * the device, one at a time, and at last to the end of the queue.
 */
struct mirage_park {
	/** @state: where it is */
	enum mirage_park_state state;
	/** @context: as the device wrote it, without the zeroes at its end; NULL while not saved */
	void *context;
	/** @size: bytes of @context */
	size_t size;
};

/**
 * struct mirage_queue - one channel and what feeds it
 *
 * Two counts: @ref is held by the handle and by whoever looks at the queue; when
 * it goes the channel is reset and given back and no job can start. @sched_ref is
 * held by each job besides; a job whose dependencies belong to somebody else may
 * live longer, and needs the scheduler and nothing more.
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
	/** @usage: of the file whose queue it is; a reference is held with @ref; or NULL */
	struct mirage_usage *usage;
	/** @user: whose share of channels it has part of, as long as @ref; NULL for the kernel's own queue */
	struct mirage_quota_user *user;
	/** @ring_order: log2 of the ring's words; constant */
	u32 ring_order;
	/**
	 * @born_ns: device clock when @chan became this queue's, or was started again after a reset:
	 * older faults are another's
	 */
	u64 born_ns;

	/** @mem: the ring, and behind it the fence slot, which FENCE packets write */
	struct mirage_mem mem;
	/** @fence_context: of the hardware fences; constant */
	u64 fence_context;

	/** @sched: scheduler of this queue alone: jobs in order, timeouts, credits in ring words */
	struct drm_gpu_scheduler sched;
	/** @entity: where exec pushes jobs */
	struct drm_sched_entity entity;
	/** @nr_jobs: jobs of users that are not over, at most MIRAGE_QUEUE_MAX_JOBS */
	atomic_t nr_jobs;
	/**
	 * @exec_lock: jobs get their place in @entity and their fences' order together. Taken inside the
	 * resvs of what a job uses; a job is armed and pushed in there, so nothing is allocated
	 */
	struct mutex exec_lock;

	/**
	 * @lock: protects @error, @epoch, @put, @seqno, @in_flight, @charge, @jobs and @accounted_ns.
	 * Taken inside the xa_lock of mirage_device.queues and of mirage_file.queues. Nothing sleeps and no fence is signalled while it is
	 * held. Process context only.
	 */
	spinlock_t lock;
	/** @error: why it stopped; its state is READY until then. Protected by @lock. */
	struct mirage_queue_error error;
	/**
	 * @epoch: raised when the kernel's own queue goes on after it had stopped; jobs of
	 * earlier epochs are cancelled. Protected by @lock.
	 */
	u32 epoch;
	/** @put: next ring word, modulo 2^32. Protected by @lock. */
	u32 put;
	/** @seqno: of the last job written to the ring. Protected by @lock. */
	u64 seqno;
	/** @in_flight: struct mirage_job the device has, oldest first. Protected by @lock. */
	struct list_head in_flight;
	/** @charge: when the oldest of @in_flight became the oldest. Protected by @lock. */
	struct mirage_charge charge;
	/** @jobs: completed without error. Protected by @lock. */
	u64 jobs;
	/** @accounted_ns: run_ns of the channel that is in @usage. Protected by @lock. */
	u64 accounted_ns;

	/**
	 * @stop_lock: serialises mirage_queue_quiesce(), so that one caller waits for another's
	 * reset. Held while waiting for the device (bounded); taken with no other lock of the
	 * driver but mirage_events.lock.
	 */
	struct mutex stop_lock;
	/**
	 * @quiet: the channel is reset, no job is in flight; stays but for the kernel's own queue.
	 * Written under @stop_lock, read anywhere.
	 */
	bool quiet;
	/** @waiters: those who wait for user fences; woken when jobs have ended, and by @quiet */
	wait_queue_head_t waiters;
	/** @park: what the channel has begun, while the device sleeps */
	struct mirage_park park;
	/** @stop_work: mirage_queue_quiesce() for those who may not wait; on submit_wq */
	struct work_struct stop_work;
	/** @end_work: what follows the last reference, for those who may not do it */
	struct work_struct end_work;
	/**
	 * @free_work: ends the scheduler; a job's end cannot: the scheduler's work runs it. After a
	 * grace period: whoever signals a job's dependency wakes the scheduler with interrupts
	 * off, and may still be on the way when the job has run and gone.
	 */
	struct rcu_work free_work;
	/** @rcu: the timeline name of fences may be read for a grace period after they signalled */
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

/* May its jobs wait for mm? Then nothing that mm may wait for may wait for them. */
static inline bool mirage_queue_may_fault(const struct mirage_queue *queue)
{
	return queue->vm && !(queue->flags & DRM_MIRAGE_QUEUE_NO_FAULT);
}

/* Is the channel reset for good, and has every job ended that the device had? */
static inline bool mirage_queue_is_quiet(const struct mirage_queue *queue)
{
	/* Acquire: what the jobs wrote is seen after this. */
	return smp_load_acquire(&queue->quiet);
}

const char *mirage_queue_comm(const struct mirage_queue *queue);
pid_t mirage_queue_tgid(const struct mirage_queue *queue);

/* For the ioctls. */
struct mirage_queue *mirage_queue_create(struct mirage_device *mdev,
					 const struct mirage_queue_params *params);
struct mirage_queue *mirage_queue_get(struct mirage_queue *queue);
void mirage_queue_put(struct mirage_queue *queue);
void mirage_queue_put_later(struct mirage_queue *queue);
void mirage_queue_destroy(struct mirage_queue *queue);
void mirage_queue_query(struct mirage_queue *queue, struct drm_mirage_queue_query *args);

/* Its channel. */
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

/* For those who hear from the device. */
struct mirage_queue *mirage_queue_by_channel(struct mirage_device *mdev, unsigned long chan);
/*
 * Walks through all queues; @chan is an unsigned long. The body has a reference to @queue and drops it; nothing is
 * locked, so queues may come and go meanwhile.
 */
#define mirage_for_each_queue(mdev, chan, queue)	\
	xa_for_each(&(mdev)->queues, chan, queue)	\
		for_each_if((queue = mirage_queue_by_channel(mdev, chan)))
bool mirage_queue_is_live(struct mirage_device *mdev, const struct mirage_fault *fault,
			  const struct mirage_vm *vm, u32 *queue_id);
bool mirage_queue_fault(struct mirage_device *mdev, const struct mirage_fault *fault,
			const struct mirage_vm *vm, int error);
void mirage_queue_event(struct mirage_device *mdev, const struct mirage_event *event);
void mirage_queues_stop_vm(struct mirage_vm *vm, int error);
void mirage_queues_lost(struct mirage_device *mdev);
void mirage_queues_kick(struct mirage_device *mdev);
void mirage_queues_reset(struct mirage_device *mdev);
void mirage_queues_restart(struct mirage_device *mdev);

void mirage_queues_dump(struct mirage_device *mdev, struct drm_printer *p);

int mirage_queue_module_init(void);
void mirage_queue_module_exit(void);

#endif /* MIRAGE_QUEUE_H */
