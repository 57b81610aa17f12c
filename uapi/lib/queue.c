// SPDX-License-Identifier: MIT
/*
 * Queues and jobs.
 */
#include <errno.h>

#include "mirage.h"

/**
 * mirage_queue_create() - a queue of usual priority and time-out
 * @gpu: device
 * @vm: address space
 * @queue_class: what it may run
 * @queue: out: handle
 *
 * Return: 0 or a negative errno
 */
int mirage_queue_create(const struct mirage *gpu, uint32_t vm,
			enum drm_mirage_queue_class queue_class, uint32_t *queue)
{
	return mirage_queue_create_with(gpu, vm, queue_class, MIRAGE_PRIORITY_USUAL, 0, queue);
}

/**
 * mirage_queue_create_with() - a queue
 * @gpu: device
 * @vm: address space
 * @queue_class: what it may run
 * @priority: 0 to 3
 * @timeout_ms: of a job; 0: the kernel's usual
 * @queue: out: handle
 *
 * Return: 0 or a negative errno
 */
int mirage_queue_create_with(const struct mirage *gpu, uint32_t vm,
			     enum drm_mirage_queue_class queue_class, uint32_t priority,
			     uint32_t timeout_ms, uint32_t *queue)
{
	struct drm_mirage_queue_create args = {
		.vm_id = vm,
		.queue_class = queue_class,
		.priority = priority,
		.timeout_ms = timeout_ms,
	};
	int ret;

	ret = mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_QUEUE_CREATE, &args);
	if (!ret)
		*queue = args.queue_id;

	return ret;
}

/**
 * mirage_queue_create_kind() - a queue of another kind than the usual
 * @gpu: device
 * @vm: address space
 * @queue_class: what it may run
 * @flags: DRM_MIRAGE_QUEUE_NO_FAULT or DRM_MIRAGE_QUEUE_LONG_RUNNING
 * @queue: out: handle
 *
 * Return: 0 or a negative errno
 */
int mirage_queue_create_kind(const struct mirage *gpu, uint32_t vm,
			     enum drm_mirage_queue_class queue_class, uint32_t flags,
			     uint32_t *queue)
{
	struct drm_mirage_queue_create args = {
		.vm_id = vm,
		.queue_class = queue_class,
		.priority = MIRAGE_PRIORITY_USUAL,
		.flags = flags,
	};
	int ret;

	ret = mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_QUEUE_CREATE, &args);
	if (!ret)
		*queue = args.queue_id;

	return ret;
}

/**
 * mirage_queue_destroy() - stop a queue and drop its handle
 * @gpu: device
 * @queue: handle
 *
 * Return: 0 or a negative errno
 */
int mirage_queue_destroy(const struct mirage *gpu, uint32_t queue)
{
	struct drm_mirage_queue_destroy args = { .queue_id = queue };

	return mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_QUEUE_DESTROY, &args);
}

/**
 * mirage_queue_query() - ask how a queue is
 * @gpu: device
 * @queue: handle
 * @state: out
 *
 * Return: 0 or a negative errno
 */
int mirage_queue_query(const struct mirage *gpu, uint32_t queue,
		       struct drm_mirage_queue_query *state)
{
	*state = (struct drm_mirage_queue_query){ .queue_id = queue };

	return mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_QUEUE_QUERY, state);
}

/**
 * mirage_exec() - submit a job
 * @gpu: device
 * @queue: handle
 * @cmds: indirect buffers, executed in order
 * @nr_cmds: number of them
 * @syncs: what to wait for and to signal
 * @nr_syncs: number of them
 *
 * Never waits for room: the caller knows which fence to wait for.
 *
 * Return: 0, -EWOULDBLOCK when the queue is full (DRM_MIRAGE_PARAM_QUEUE_JOBS) or the user has too many jobs, or
 * another negative errno
 */
int mirage_exec(const struct mirage *gpu, uint32_t queue, const struct drm_mirage_cmds *cmds,
		uint32_t nr_cmds, const struct drm_mirage_sync *syncs, uint32_t nr_syncs)
{
	struct drm_mirage_exec args = {
		.queue_id = queue,
		.nr_cmds = nr_cmds,
		.nr_syncs = nr_syncs,
		.cmds = (uintptr_t)cmds,
		.syncs = (uintptr_t)syncs,
	};

	return mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_EXEC, &args);
}

/**
 * mirage_exec_fences() - submit a job that tells of its end in memory
 * @gpu: device
 * @queue: handle
 * @cmds: indirect buffers, executed in order
 * @nr_cmds: number of them
 * @fences: what is written when they are done
 * @nr_fences: number of them
 *
 * Return: 0 or a negative errno
 */
int mirage_exec_fences(const struct mirage *gpu, uint32_t queue,
		       const struct drm_mirage_cmds *cmds, uint32_t nr_cmds,
		       const struct drm_mirage_user_fence *fences, uint32_t nr_fences)
{
	struct drm_mirage_exec args = {
		.queue_id = queue,
		.nr_cmds = nr_cmds,
		.cmds = (uintptr_t)cmds,
		.nr_user_fences = nr_fences,
		.user_fences = (uintptr_t)fences,
	};

	return mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_EXEC, &args);
}

/**
 * mirage_wait_user_fence() - sleep until jobs of a queue have written a value
 * @gpu: device
 * @queue: handle
 * @at: word in memory of this process
 * @value: what it is to reach
 * @flags: DRM_MIRAGE_WAIT_EQUAL or 0
 * @timeout_ns: how long; 0 only looks
 *
 * Return: 0; -ETIME; -ECANCELED the queue has stopped before; or another negative errno
 */
int mirage_wait_user_fence(const struct mirage *gpu, uint32_t queue, const uint64_t *at,
			   uint64_t value, uint32_t flags, int64_t timeout_ns)
{
	struct drm_mirage_wait_user_fence args = {
		.queue_id = queue,
		.flags = flags,
		.addr = (uintptr_t)at,
		.value = value,
		.timeout_ns = mirage_deadline(timeout_ns),
	};

	return mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_WAIT_USER_FENCE, &args);
}

/**
 * mirage_submit() - submit one indirect buffer
 * @gpu: device
 * @queue: handle
 * @ib: finished; its memory stays as it is until the job is done
 * @syncobj: binary syncobj to signal, or 0
 *
 * Return: 0, what is wrong with @ib, or another negative errno
 */
int mirage_submit(const struct mirage *gpu, uint32_t queue, const struct mirage_ib *ib,
		  uint32_t syncobj)
{
	struct drm_mirage_sync sync = mirage_sync_signal(syncobj);
	struct drm_mirage_cmds cmds;
	int ret;

	ret = mirage_ib_cmds(ib, &cmds);
	if (ret)
		return ret;

	return mirage_exec(gpu, queue, &cmds, 1, &sync, syncobj ? 1 : 0);
}

/**
 * mirage_run() - submit one indirect buffer and wait until the job is done
 * @gpu: device
 * @queue: handle
 * @ib: finished
 * @timeout_ns: how long to wait
 *
 * Return: 0; -ETIME not done yet; -ECANCELED the queue has stopped (mirage_queue_query()
 * says why); what is wrong with @ib; or another negative errno
 */
int mirage_run(const struct mirage *gpu, uint32_t queue, const struct mirage_ib *ib,
	       int64_t timeout_ns)
{
	struct drm_mirage_queue_query state;
	uint32_t syncobj;
	int ret;

	ret = mirage_syncobj_create(gpu, false, &syncobj);
	if (ret)
		return ret;

	ret = mirage_submit(gpu, queue, ib, syncobj);
	if (!ret)
		ret = mirage_syncobj_wait(gpu, syncobj, timeout_ns);
	mirage_syncobj_destroy(gpu, syncobj);
	if (ret)
		return ret;

	/* A fence also signals when its job failed, and a failed job stops its queue. */
	ret = mirage_queue_query(gpu, queue, &state);
	if (!ret && state.state != DRM_MIRAGE_QUEUE_READY)
		ret = -ECANCELED;

	return ret;
}
