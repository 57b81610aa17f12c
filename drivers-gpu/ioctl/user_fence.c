// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: User fences
 *
 * A user fence is a word in memory that a job writes when it is done. The kernel does not guarantee
 * when that will be, so long-running jobs can have one: no kernel code ever waits for it, except on
 * behalf of a process that asked for it and can be killed.
 *
 * The kernel adds a SEM_WRITE packet for it after the job's indirect buffers (ioctl/exec.c), and
 * before the FENCE packet. So when the kernel is notified of the job's end, the word has been
 * written, and reading it then suffices: waiters are woken whenever a job of the queue has ended or
 * the queue has stopped for good.
 *
 * A wake-up cannot be lost: a waiter is on the list before it reads the word. Reading may take
 * long, as the page may have to be faulted in; a wake-up during that time ends the waiter's next
 * sleep at once.
 *
 * Rejected: a timer that polls. It is late, and costs time while nothing happens. Rejected: waiting
 * by address for any queue of the file, as futexes do: every end of a job would wake every waiter.
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

/* 0 it has signalled, -EAGAIN not yet, -ECANCELED it never will, -EFAULT. */
static int user_fence_look(struct mirage_queue *queue,
			   const struct drm_mirage_wait_user_fence *args)
{
	const u64 __user *addr = u64_to_user_ptr(args->addr);
	/* Read before the word: a queue's jobs make all their writes before it becomes quiet. */
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
 * -ERESTARTSYS: the time is absolute, so the call can be restarted unchanged
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
		/* Compute the time left first, so that a late waiter still reads the word once. */
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
