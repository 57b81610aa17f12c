/* SPDX-License-Identifier: GPL-2.0 */
/* Objects over memory of a process. */
#ifndef MIRAGE_USERPTR_H
#define MIRAGE_USERPTR_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct hmm_userptr;
struct mirage_bo;
struct mirage_device;

/** MIRAGE_USERPTR_FEW: objects that a job makes valid at a time without memory for more. */
#define MIRAGE_USERPTR_FEW	16

/**
 * struct mirage_userptrs - all of a device's
 */
struct mirage_userptrs {
	/**
	 * @job_lock: held for reading from the moment a job's objects are seen to be valid until its fence is in
	 * their reservations; an invalidation takes it for writing and drops it at once.
	 *
	 * Order: dma_resv, then this; mmu notifiers take it, so while it is held: no allocation that may reclaim, no
	 * lock under which somebody allocates, no wait for a fence.
	 */
	struct rw_semaphore job_lock;
	/**
	 * @lock: protects @list, and what is on it from being freed. Outside of all locks that close a range;
	 * while it is held by unplug: bounded waits for the device and for fences.
	 */
	struct mutex lock;
	/** @list: &struct mirage_userptr.node of each. Protected by @lock. */
	struct list_head list;
	/** @tries: jobs that have looked at such objects; see &struct mirage_userptr.tried */
	atomic64_t tries;
};

/**
 * struct mirage_userptr - what makes an object one over memory of a process
 */
struct mirage_userptr {
	/** @bo: the object; constant */
	struct mirage_bo *bo;
	/** @range: the memory, kept by mm-core; constant */
	struct hmm_userptr *range;
	/** @write: the device may write there; constant */
	bool write;
	/** @user: whose share of such objects it is part of; constant */
	struct mirage_quota_user *user;
	/**
	 * @tried: newest of mirage_userptrs.tries that found nothing usable here: jobs up to that one go without the
	 * object, later ones try again. Only grows.
	 */
	atomic64_t tried;
	/** @node: in mirage_userptrs.list. Protected by its lock. */
	struct list_head node;
	/**
	 * @free_work: ends the object: that waits for notifiers, which wait for jobs, whose end may be what dropped the
	 * last reference
	 */
	struct work_struct free_work;
};

/**
 * struct mirage_userptr_try - what one job has to do to have such objects
 *
 * Used by one task; no lock. From mirage_userptr_try_init() to mirage_userptr_try_fini().
 */
struct mirage_userptr_try {
	/** @mdev: device */
	struct mirage_device *mdev;
	/** @number: of mirage_userptrs.tries; 0 as long as no such object was seen */
	s64 number;
	/** @deadline: jiffies after which it gives up */
	unsigned long deadline;
	/** @rounds: times that it has begun again */
	unsigned int rounds;
	/** @wanted: objects seen in this round that have to be made valid */
	unsigned int wanted;
	/** @nr: of them in @bos */
	unsigned int nr;
	/** @room: for so many there is room in @bos */
	unsigned int room;
	/** @bos: what has to be made valid, a reference to each is held: @few or memory of its own */
	struct mirage_bo **bos;
	/** @few: enough for most */
	struct mirage_bo *few[MIRAGE_USERPTR_FEW];
};

int mirage_userptr_init(struct mirage_device *mdev);
void mirage_userptr_unplug_all(struct mirage_device *mdev);
struct mirage_bo *mirage_userptr_create(struct mirage_device *mdev, u64 addr, u64 size, bool write);

bool mirage_userptr_is_current(const struct mirage_bo *bo);
bool mirage_userptr_is_present(const struct mirage_bo *bo);
bool mirage_userptr_is_valid(const struct mirage_bo *bo);
int mirage_userptr_populate(struct mirage_bo *bo);

/* For jobs of NO_FAULT queues. */
void mirage_userptr_lock_jobs(struct mirage_device *mdev);
void mirage_userptr_unlock_jobs(struct mirage_device *mdev);
void mirage_userptr_try_init(struct mirage_userptr_try *try, struct mirage_device *mdev);
bool mirage_userptr_try_see(struct mirage_userptr_try *try, struct mirage_bo *bo,
			    const bool *stale);
int mirage_userptr_try_again(struct mirage_userptr_try *try);
void mirage_userptr_try_fini(struct mirage_userptr_try *try);

int mirage_userptr_module_init(void);
void mirage_userptr_module_exit(void);

#endif /* MIRAGE_USERPTR_H */
