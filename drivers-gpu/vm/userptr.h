/* SPDX-License-Identifier: GPL-2.0 */
/* Userptr objects: memory of a process. */
#ifndef MIRAGE_USERPTR_H
#define MIRAGE_USERPTR_H

#include <linux/atomic.h>
#include <linux/hmm_retry.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct hmm_userptr;
struct mirage_bo;
struct mirage_device;

/**
 * MIRAGE_USERPTR_FEW: number of objects that a job can populate at a time without an allocation.
 */
#define MIRAGE_USERPTR_FEW	16

/**
 * struct mirage_userptrs - userptr objects of a device
 */
struct mirage_userptrs {
	/**
	 * @job_lock: held for reading from the check that a job's objects are valid until its fence
	 * is in their reservations; an invalidation takes it for writing and drops it at once.
	 *
	 * Order: dma_resv, then this. mmu notifiers take it, so its holder must not allocate in a
	 * way that may reclaim, take a lock under which other code allocates so, or wait for a
	 * fence.
	 */
	struct rw_semaphore job_lock;
	/**
	 * @lock: protects @list, and keeps the objects on it from being freed. Taken outside all
	 * locks for closing a range; unplug holds it during bounded waits for the device and for
	 * fences.
	 */
	struct mutex lock;
	/** @list: links of all objects, &struct mirage_userptr.node. Protected by @lock. */
	struct list_head list;
	/**
	 * @tries: number of jobs that have found invalid objects; see &struct mirage_userptr.tried
	 */
	atomic64_t tries;
};

/**
 * struct mirage_userptr - userptr part of an object
 */
struct mirage_userptr {
	/** @bo: the object; constant */
	struct mirage_bo *bo;
	/** @range: the memory, kept by mm-core; constant */
	struct hmm_userptr *range;
	/** @write: the device may write to it; constant */
	bool write;
	/** @user: user that the object is charged to; constant */
	struct mirage_quota_user *user;
	/**
	 * @tried: newest of mirage_userptrs.tries for which populating this object failed: jobs up
	 * to that number run without the object, later ones try again. Only grows.
	 */
	atomic64_t tried;
	/** @node: in mirage_userptrs.list. Protected by its lock. */
	struct list_head node;
	/**
	 * @free_work: frees the object. Freeing waits for notifiers, notifiers wait for jobs, and
	 * the end of a job may have dropped the last reference; so it needs its own work.
	 */
	struct work_struct free_work;
};

/**
 * struct mirage_userptr_try - state of one job's check of its userptr objects
 *
 * Used by one task without a lock, from mirage_userptr_try_init() to mirage_userptr_try_fini().
 */
struct mirage_userptr_try {
	/** @mdev: device */
	struct mirage_device *mdev;
	/**
	 * @number: value of mirage_userptrs.tries for this job; 0 until it finds an invalid object
	 */
	s64 number;
	/** @budget: limit for starting over because the job's memory changes */
	struct hmm_retry_budget budget;
	/** @wanted: objects seen in this round that have to be populated */
	unsigned int wanted;
	/** @nr: number of objects in @bos */
	unsigned int nr;
	/** @room: capacity of @bos */
	unsigned int room;
	/** @bos: objects to populate, with a reference to each: @few or an allocation */
	struct mirage_bo **bos;
	/** @few: enough for most jobs */
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
