// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: User fences
 *
 * A user fence is a word in memory that a job writes when it is done. The kernel promises
 * nothing about when that will be, so jobs that run for ever can have one: nothing in the kernel
 * ever waits for it, but a process that asked to, and that can be killed.
 *
 * The job writes it by a SEM_WRITE packet that the kernel adds behind its indirect buffers
 * (ioctl/exec.c), and before the FENCE packet. So when the kernel hears of the job's end the word is
 * written, and looking at it then is enough: whoever waits is woken whenever a job of the
 * queue has ended or the queue has stopped for good.
 *
 * A wake-up cannot be lost: who waits is on the list before it looks, and whatever wakes it
 * while it looks, which may take long as the page may have to be faulted in, ends its next sleep at once.
 *
 * Rejected: a timer that looks now and then. It is late and costs time while nothing happens. Rejected: a
 * wait by address for any queue of the file, as futexes have it: every end of a job would wake every waiter.
 */
#include "ioctl/user_fence.h"

#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include <drm/drm_file.h>
#include <drm/drm_utils.h>
#include <drm/mirage_drm.h>

#include "ioctl/file.h"
#include "queue/queue.h"

static bool user_fence_is_reached(const struct drm_mirage_wait_user_fence *args, u64 word)
{
	if (args->flags & DRM_MIRAGE_WAIT_EQUAL)
		return word == args->value;

	return (s64)(word - args->value) >= 0;
}

/* 0 it is reached, -EAGAIN not yet, -ECANCELED it never will be, -EFAULT. */
static int user_fence_look(struct mirage_queue *queue,
			   const struct drm_mirage_wait_user_fence *args)
{
	const u64 __user *addr = u64_to_user_ptr(args->addr);
	/* Asked before the word is read: what the queue's jobs write they write before it is quiet. */
	bool quiet = mirage_queue_is_quiet(queue);
	u64 word;

	if (get_user(word, addr))
		return -EFAULT;
	if (user_fence_is_reached(args, word))
		return 0;

	return quiet ? -ECANCELED : -EAGAIN;
}

/**
 * mirage_ioctl_wait_user_fence() - DRM_IOCTL_MIRAGE_WAIT_USER_FENCE
 * @drm: device
 * @data: struct drm_mirage_wait_user_fence
 * @file: file
 *
 * Context: process; waits until the time given, or a signal.
 * Return: 0; -EINVAL, -ENOENT no such queue, -EFAULT, -ETIME, -ECANCELED the queue has stopped,
 * -ERESTARTSYS: the time is absolute, so that the call can be repeated as it is
 */
int mirage_ioctl_wait_user_fence(struct drm_device *drm, void *data, struct drm_file *file)
{
	const struct drm_mirage_wait_user_fence *args = data;
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	struct mirage_queue *queue;
	long left;
	int ret;

	if (args->flags & ~DRM_MIRAGE_WAIT_EQUAL || !IS_ALIGNED(args->addr, sizeof(u64)))
		return -EINVAL;

	queue = mirage_file_get_queue(file, args->queue_id);
	if (!queue)
		return -ENOENT;

	add_wait_queue(&queue->waiters, &wait);
	for (;;) {
		/* The time is taken first: who wakes late still gets a look. */
		left = drm_timeout_abs_to_jiffies(args->timeout_ns);
		ret = user_fence_look(queue, args);
		if (ret != -EAGAIN)
			break;
		if (left <= 0) {
			ret = -ETIME;
			break;
		}
		if (signal_pending(current)) {
			ret = -ERESTARTSYS;
			break;
		}
		wait_woken(&wait, TASK_INTERRUPTIBLE, left);
	}
	remove_wait_queue(&queue->waiters, &wait);
	mirage_queue_put(queue);

	return ret;
}
