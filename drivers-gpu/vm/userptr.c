// SPDX-License-Identifier: GPL-2.0
/*
 * Userptr objects: memory of a process, for queues that must not fault.
 *
 * Model: xe's userptr; the part that deals with mm is in mm-core (hmm_userptr.h). Nothing is
 * pinned. Before a job, its userptr objects are populated outside all locks. Once the job's objects
 * are locked they are checked again, under mirage_userptrs.job_lock; if one has been invalidated
 * since, all locks are dropped and the procedure is repeated. Otherwise the job's fence is added to
 * the object's reservation, where an invalidation waits for it.
 *
 *   exec                                     mmu notifier, under the range's lock
 *   ----                                     ------------------------------------
 *   populate invalid objects                 valid = false
 *   lock the reservations                    lock job_lock for writing, and drop it
 *   map unmapped objects                     wait for the fences in the reservation, bounded
 *   job_lock for reading                     present = false
 *     all valid and mapped? else repeat      clear it in all page tables, flush
 *     arm; add fence to the reservations     return the pages to mm
 *   unlock
 *
 * The wait only gives jobs a chance to finish. Memory safety relies on the page tables, which are
 * cleared even if the jobs have not finished. A job that loses its memory that way stops its queue.
 * Jobs of faulting queues are never waited for: their next access faults the object in again.
 *
 * Missing memory does not keep a job from running, as in xe: an address space may map unused
 * objects whose memory the program has already freed. They stay unmapped, and a job that accesses
 * one is stopped.
 *
 * Rejected: a lock per address space or per object instead of per device. A job would have to take
 * as many locks as it has such objects; the lock is held for a few instructions, and only by jobs
 * with userptrs. Rejected: a list of invalid objects per address space. A job locks all objects
 * anyway, and finds the invalid ones then.
 */
#include "vm/userptr.h"

#include <linux/dma-resv.h>
#include <linux/hmm_userptr.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>

#include <drm/drm_drv.h>
#include <drm/drm_managed.h>
#include <drm/drm_print.h>
#include <drm/mirage_drm.h>
#include <drm/ttm/ttm_tt.h>

#include "bo/bo.h"
#include "device/device.h"
#include "device/quota.h"
#include "vm/gpuvm.h"
#include "vm/gpuvm_types.h"

/*
 * How long a notifier waits for jobs: three times the limit of a single job, since several may be
 * queued behind each other. After that they lose the memory.
 */
#define MIRAGE_USERPTR_WAIT_MS	30000
/*
 * mm invalidates one object after the other, and each wait may hit jobs of the same address space.
 * After jobs exceeded the wait for one object, notifiers do not wait for jobs of that address space
 * for this long.
 */
#define MIRAGE_USERPTR_LATE_MS	3000

/* Frees objects. Its works wait for jobs, so works that jobs wait for must not run here. */
static struct workqueue_struct *mirage_userptr_wq;
/*
 * Number of objects on all devices; module exit waits for 0, because they are freed by the module's
 * code.
 */
static atomic_t mirage_userptr_count = ATOMIC_INIT(0);

static struct mirage_device *userptr_mdev(const struct mirage_userptr *userptr)
{
	return to_mirage_device(userptr->bo->base.base.dev);
}

/* Did jobs of an address space that maps the object recently exceed the wait? */
static bool userptr_is_late(struct mirage_userptr *userptr)
{
	struct drm_gem_object *obj = &userptr->bo->base.base;
	struct drm_gpuvm_bo *vm_bo;
	bool late = false;

	mutex_lock(&obj->gpuva.lock);
	drm_gem_for_each_gpuvm_bo(vm_bo, obj)
		late |= time_before64(get_jiffies_64(),
				      READ_ONCE(to_mirage_gpuvm(vm_bo->vm)->late_until));
	mutex_unlock(&obj->gpuva.lock);
	return late;
}

static void userptr_set_late(struct mirage_userptr *userptr)
{
	u64 until = get_jiffies_64() + msecs_to_jiffies(MIRAGE_USERPTR_LATE_MS);
	struct drm_gem_object *obj = &userptr->bo->base.base;
	struct drm_gpuvm_bo *vm_bo;

	mutex_lock(&obj->gpuva.lock);
	drm_gem_for_each_gpuvm_bo(vm_bo, obj)
		WRITE_ONCE(to_mirage_gpuvm(vm_bo->vm)->late_until, until);
	mutex_unlock(&obj->gpuva.lock);
}

static void userptr_stop(struct hmm_userptr *range)
{
	struct mirage_userptr *userptr = hmm_userptr_priv(range);
	struct mirage_device *mdev = userptr_mdev(userptr);
	long left;

	/* Any job that saw the object valid has added its fence to the reservation after this. */
	down_write(&mdev->userptrs->job_lock);
	up_write(&mdev->userptrs->job_lock);
	/*
	 * Jobs of an unplugged device have ended; a bind that depends on a foreign fence may not
	 * end.
	 */
	if (drm_dev_is_unplugged(&mdev->drm) || userptr_is_late(userptr))
		return;

	/*
	 * Jobs of NO_FAULT queues, and binds. The reservation never holds fences of other drivers.
	 */
	left = dma_resv_wait_timeout(userptr->bo->base.base.resv, DMA_RESV_USAGE_BOOKKEEP, false,
				     msecs_to_jiffies(MIRAGE_USERPTR_WAIT_MS));
	if (left > 0)
		return;
	userptr_set_late(userptr);
	drm_notice_once(&mdev->drm,
			"jobs on memory of %s[%d] take too long while it is being changed: it is taken from them\n",
			userptr->bo->comm, userptr->bo->tgid);
}

static void userptr_unmap(struct hmm_userptr *range)
{
	struct mirage_userptr *userptr = hmm_userptr_priv(range);

	mirage_gpuvm_evict_bo(userptr->bo);
}

static const struct hmm_userptr_ops userptr_ops = {
	.stop = userptr_stop,
	.unmap = userptr_unmap,
};

static void userptr_free_work(struct work_struct *work)
{
	struct mirage_userptr *userptr = container_of(work, struct mirage_userptr, free_work);
	struct mirage_device *mdev = userptr_mdev(userptr);
	struct mirage_bo *bo = userptr->bo;

	hmm_userptr_close(userptr->range);
	mutex_lock(&mdev->userptrs->lock);
	list_del(&userptr->node);
	mutex_unlock(&mdev->userptrs->lock);

	hmm_userptr_put(userptr->range);
	bo->userptr = NULL;
	mirage_quota_give(mdev, userptr->user, MIRAGE_QUOTA_USERPTRS);
	kfree(userptr);
	ttm_bo_fini(&bo->base);
	drm_dev_put(&mdev->drm);

	atomic_dec_and_wake_up(&mirage_userptr_count);
}

static void userptr_free(struct mirage_bo *bo)
{
	queue_work(mirage_userptr_wq, &bo->userptr->free_work);
}

static const struct mirage_bo_ops userptr_bo_ops = {
	.free = userptr_free,
	.is_resident = mirage_userptr_is_present,
};

/* Make the object a userptr over the caller's memory. On success userptr_free() frees it. */
static int userptr_attach(struct mirage_bo *bo, u64 addr, bool write)
{
	struct mirage_device *mdev = to_mirage_device(bo->base.base.dev);
	struct mirage_userptr *userptr;
	struct mirage_quota_user *user;
	struct hmm_userptr *range;

	userptr = kzalloc_obj(*userptr, GFP_KERNEL_ACCOUNT);
	if (!userptr)
		return -ENOMEM;
	userptr->bo = bo;
	userptr->write = write;
	INIT_WORK(&userptr->free_work, userptr_free_work);

	user = mirage_quota_take(mdev, MIRAGE_QUOTA_USERPTRS);
	if (IS_ERR(user)) {
		kfree(userptr);
		return PTR_ERR(user);
	}
	userptr->user = user;
	range = hmm_userptr_create(mdev->drm.dev, &userptr_ops, userptr, addr,
				   bo->base.base.size >> PAGE_SHIFT, write,
				   bo->base.ttm->dma_address);
	if (IS_ERR(range)) {
		mirage_quota_give(mdev, user, MIRAGE_QUOTA_USERPTRS);
		kfree(userptr);
		return PTR_ERR(range);
	}
	userptr->range = range;

	drm_dev_get(&mdev->drm);
	atomic_inc(&mirage_userptr_count);
	mutex_lock(&mdev->userptrs->lock);
	list_add_tail(&userptr->node, &mdev->userptrs->list);
	mutex_unlock(&mdev->userptrs->lock);
	bo->ops = &userptr_bo_ops;
	/*
	 * The object is private to the caller, but debugfs lists it. Pairs with the address
	 * dependency there.
	 */
	smp_store_release(&bo->userptr, userptr);

	return 0;
}

/**
 * mirage_userptr_create() - create an object over memory of the calling process
 * @mdev: device
 * @addr: first address, a multiple of the page size
 * @size: bytes, a multiple of the page size; addr + size does not overflow
 * @write: the device may write to it
 *
 * Context: ioctl; not between drm_dev_enter() and drm_dev_exit().
 * Return: the object with a reference for the caller, or an error pointer: -EDQUOT, -EOPNOTSUPP, -ENOMEM, -EINTR, -ENODEV
 */
struct mirage_bo *mirage_userptr_create(struct mirage_device *mdev, u64 addr, u64 size, bool write)
{
	struct mirage_bo *bo;
	int ret, idx;

	/*
	 * Unplug waits in SRCU for readers of all devices, so it must not depend on mm through us.
	 */
	ret = hmm_userptr_prepare();
	if (ret)
		return ERR_PTR(ret);
	/* Unplug waits for this section, and closes the object made here. */
	if (!drm_dev_enter(&mdev->drm, &idx))
		return ERR_PTR(-ENODEV);

	bo = mirage_bo_alloc(mdev, size, DRM_MIRAGE_PLACEMENT_SYSTEM, 0);
	if (IS_ERR(bo))
		goto out_exit;
	ret = mirage_bo_init(bo, ttm_bo_type_sg, NULL, NULL);
	if (ret) {
		bo = ERR_PTR(ret);
		goto out_exit;
	}
	ret = userptr_attach(bo, addr, write);
	if (ret) {
		drm_gem_object_put(&bo->base.base);
		bo = ERR_PTR(ret);
	}
out_exit:
	drm_dev_exit(idx);
	return bo;
}

/**
 * mirage_userptr_is_current() - does the object's memory belong to the calling process?
 * @bo: object over memory of a process
 *
 * Context: any in which current is the caller.
 */
bool mirage_userptr_is_current(const struct mirage_bo *bo)
{
	return hmm_userptr_is_current(bo->userptr->range);
}

/**
 * mirage_userptr_is_present() - may the object's addresses be written to page tables?
 * @bo: object over memory of a process
 *
 * Context: holds the lock under which mirage_gpuvm_evict_bo() clears those page tables; otherwise
 * the answer is a hint.
 */
bool mirage_userptr_is_present(const struct mirage_bo *bo)
{
	return hmm_userptr_is_present(bo->userptr->range);
}

/**
 * mirage_userptr_is_valid() - may a new job rely on the object?
 * @bo: object over memory of a process
 *
 * Context: between mirage_userptr_lock_jobs() and mirage_userptr_unlock_jobs(); otherwise the
 * answer is a hint.
 */
bool mirage_userptr_is_valid(const struct mirage_bo *bo)
{
	return hmm_userptr_is_valid(bo->userptr->range);
}

/**
 * mirage_userptr_populate() - populate an object, which makes it valid
 * @bo: object over memory of a process, a reference held
 *
 * Context: process, may sleep for long; takes mmap_lock, so no resv is held; not between drm_dev_enter() and
 * drm_dev_exit().
 * Return: 0, and it was valid at that moment; -EFAULT, -EPERM a page is not writable, -EIO, -EBUSY
 * it kept changing, -ESRCH the process has exited, -ENODEV, -EINTR, -ENOMEM
 */
int mirage_userptr_populate(struct mirage_bo *bo)
{
	return hmm_userptr_populate(bo->userptr->range);
}

/**
 * mirage_userptr_lock_jobs() - keep invalidations from completing while a job checks its objects
 * @mdev: device
 *
 * Context: resvs of the objects are held. No allocation until mirage_userptr_unlock_jobs().
 */
void mirage_userptr_lock_jobs(struct mirage_device *mdev)
{
	down_read(&mdev->userptrs->job_lock);
}

/**
 * mirage_userptr_unlock_jobs() - end the check, after the job's fence is in the objects'
 * reservations
 * @mdev: device
 */
void mirage_userptr_unlock_jobs(struct mirage_device *mdev)
{
	up_read(&mdev->userptrs->job_lock);
}

/**
 * mirage_userptr_try_init() - prepare a job's check of its userptr objects
 * @try: state of the check
 * @mdev: device
 */
void mirage_userptr_try_init(struct mirage_userptr_try *try, struct mirage_device *mdev)
{
	try->mdev = mdev;
	try->number = 0;
	hmm_retry_budget_init(&try->budget);
	try->wanted = 0;
	try->nr = 0;
	try->room = ARRAY_SIZE(try->few);
	try->bos = try->few;
}

/**
 * mirage_userptr_try_see() - check whether an object allows the job to start
 * @try: state of the check
 * @bo: object over memory of a process
 * @stale: true if some of its mappings are not in the page tables
 *
 * Context: between mirage_userptr_lock_jobs() and mirage_userptr_unlock_jobs().
 * Return: true if it does: the object is valid and mapped, or populating it has failed since the
 * job was submitted. Otherwise the object is recorded, as far as there is room, and the caller
 * continues with mirage_userptr_try_again().
 */
bool mirage_userptr_try_see(struct mirage_userptr_try *try, struct mirage_bo *bo,
			    const bool *stale)
{
	lockdep_assert_held_read(&try->mdev->userptrs->job_lock);

	/*
	 * An object becomes valid only after @stale was set, so this does not read an older value.
	 */
	if (mirage_userptr_is_valid(bo))
		return !READ_ONCE(*stale);
	if (!try->number)
		try->number = atomic64_inc_return(&try->mdev->userptrs->tries);
	else if (atomic64_read(&bo->userptr->tried) >= try->number)
		return true;
	try->wanted++;
	if (try->nr < try->room) {
		drm_gem_object_get(&bo->base.base);
		try->bos[try->nr++] = bo;
	}
	return false;
}

static void userptr_give_up(struct mirage_userptr *userptr, s64 number)
{
	s64 tried = atomic64_read(&userptr->tried);

	while (tried < number && !atomic64_try_cmpxchg(&userptr->tried, &tried, number))
		;
}

static int userptr_try_populate(struct mirage_userptr_try *try, struct mirage_bo *bo)
{
	int ret = mirage_userptr_populate(bo);

	switch (ret) {
	case -EFAULT:
	case -EPERM:
	case -ESRCH:
		/*
		 * No usable memory. The job runs without it, and is stopped if it accesses the
		 * object.
		 */
		userptr_give_up(bo->userptr, try->number);
		return 0;
	default:
		return ret;
	}
}

/* Make room for all objects that were seen. */
static int userptr_try_grow(struct mirage_userptr_try *try)
{
	struct mirage_bo **bos;

	if (try->wanted <= try->room)
		return 0;
	bos = kvmalloc_array(try->wanted, sizeof(*bos), GFP_KERNEL);
	if (!bos)
		return -ENOMEM;
	mirage_userptr_try_fini(try);
	try->bos = bos;
	try->room = try->wanted;
	return 0;
}

/**
 * mirage_userptr_try_again() - populate the recorded objects
 * @try: state of the check; no objects are recorded afterwards
 *
 * Context: as mirage_userptr_populate().
 * Return: 0: start over; -EBUSY more than a second without success; -ERESTARTSYS; or another error
 * of mirage_userptr_populate()
 */
int mirage_userptr_try_again(struct mirage_userptr_try *try)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < try->nr; i++) {
		if (!ret)
			ret = userptr_try_populate(try, try->bos[i]);
		drm_gem_object_put(&try->bos[i]->base.base);
	}
	try->nr = 0;
	if (!ret)
		ret = userptr_try_grow(try);
	try->wanted = 0;
	if (ret)
		return ret;
	if (signal_pending(current))
		return -ERESTARTSYS;
	return hmm_retry_budget_spend(&try->budget);
}

/**
 * mirage_userptr_try_fini() - end the check; the job has started, or never will
 * @try: state of the check, without recorded objects
 */
void mirage_userptr_try_fini(struct mirage_userptr_try *try)
{
	if (try->bos != try->few)
		kvfree(try->bos);
	try->bos = try->few;
	try->room = ARRAY_SIZE(try->few);
}

/**
 * mirage_userptr_init() - set up userptr objects of a device
 * @mdev: device
 *
 * Return: 0 or -ENOMEM
 */
int mirage_userptr_init(struct mirage_device *mdev)
{
	struct mirage_userptrs *userptrs;
	int ret;

	userptrs = drmm_kzalloc(&mdev->drm, sizeof(*userptrs), GFP_KERNEL);
	if (!userptrs)
		return -ENOMEM;
	mdev->userptrs = userptrs;
	init_rwsem(&userptrs->job_lock);
	INIT_LIST_HEAD(&userptrs->list);
	atomic64_set(&userptrs->tries, 0);
	ret = drmm_mutex_init(&mdev->drm, &userptrs->lock);
	if (ret)
		return ret;

	/* Reclaim takes it, but rarely in a test: teach lockdep at once. */
	fs_reclaim_acquire(GFP_KERNEL);
	might_lock(&userptrs->job_lock);
	fs_reclaim_release(GFP_KERNEL);
	return 0;
}

/**
 * mirage_userptr_unplug_all() - close all userptr objects of a device
 * @mdev: device, after drm_dev_unplug(), its queues stopped
 *
 * Afterwards no notifier is registered and no page mapped for the device, which is about to lose
 * its driver.
 *
 * Context: may sleep; takes mirage_userptrs.lock.
 */
void mirage_userptr_unplug_all(struct mirage_device *mdev)
{
	struct mirage_userptr *userptr;

	mutex_lock(&mdev->userptrs->lock);
	list_for_each_entry(userptr, &mdev->userptrs->list, node)
		hmm_userptr_close(userptr->range);
	mutex_unlock(&mdev->userptrs->lock);
}

/**
 * mirage_userptr_module_init() - set up, before any device is probed
 *
 * Return: 0 or -ENOMEM
 */
int mirage_userptr_module_init(void)
{
	mirage_userptr_wq = alloc_workqueue("mirage-userptr", WQ_UNBOUND, 0);

	return mirage_userptr_wq ? 0 : -ENOMEM;
}

/**
 * mirage_userptr_module_exit() - clean up, after the last device has gone
 *
 * Waits for objects that are being freed.
 */
void mirage_userptr_module_exit(void)
{
	wait_var_event(&mirage_userptr_count, !atomic_read(&mirage_userptr_count));
	destroy_workqueue(mirage_userptr_wq);
}
