// SPDX-License-Identifier: MIT
/*
 * Queues and jobs.
 */
#include <errno.h>
#include <unistd.h>

#include <linux/sync_file.h>

#include "mirage.h"

/* The usual priority of the kernel's interface. */
#define USUAL_PRIORITY	1

/**
 * mirage_queue_create() - make a queue
 * @gpu: device
 * @vm: address space
 * @queue_class: what it may run
 * @options: what else it shall be; NULL: all as usual
 * @queue: out: handle
 *
 * Return: 0 or a negative errno
 */
int mirage_queue_create(const struct mirage *gpu, uint32_t vm,
			enum drm_mirage_queue_class queue_class,
			const struct mirage_queue_options *options, uint32_t *queue)
{
	const struct mirage_queue_options usual = {0};
	struct drm_mirage_queue_create args = {
		.vm_id = vm,
		.queue_class = queue_class,
	};
	int ret;

	if (!options)
		options = &usual;
	args.flags = options->flags;
	args.priority = (uint32_t)options->priority + USUAL_PRIORITY;
	args.timeout_ms = options->timeout_ms;
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
		.cmds = DRM_MIRAGE_ARRAY(nr_cmds, cmds),
		.syncs = DRM_MIRAGE_ARRAY(nr_syncs, syncs),
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
		.cmds = DRM_MIRAGE_ARRAY(nr_cmds, cmds),
		.user_fences = DRM_MIRAGE_ARRAY(nr_fences, fences),
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
 * @deadline: when to give up
 *
 * Return: 0; -ETIME; -ECANCELED the queue has stopped before; or another negative errno
 */
int mirage_wait_user_fence(const struct mirage *gpu, uint32_t queue, const uint64_t *at,
			   uint64_t value, uint32_t flags, int64_t deadline)
{
	struct drm_mirage_wait_user_fence args = {
		.queue_id = queue,
		.flags = flags,
		.addr = (uintptr_t)at,
		.value = value,
		.timeout_ns = deadline,
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

/* Of a binary syncobj's fence that has signalled: 1, or the negative errno of its job. */
static int fence_status(const struct mirage *gpu, uint32_t syncobj, int *status)
{
	struct mirage sync_file = { .fd = -1 };
	struct sync_file_info info = {0};
	int ret;

	ret = mirage_syncobj_export_sync_file(gpu, syncobj, &sync_file.fd);
	if (ret)
		return ret;
	ret = mirage_ioctl(&sync_file, SYNC_IOC_FILE_INFO, &info);
	close(sync_file.fd);
	*status = info.status;

	return ret;
}

/**
 * mirage_queue_wait() - wait for the end of a job, and learn how it ended
 * @gpu: device
 * @queue: handle
 * @syncobj: binary syncobj that a job of @queue signals
 * @deadline: when to give up
 * @why: out, with -ECANCELED: what stopped it; may be NULL
 *
 * Syncobjs also signal when their job failed. A job that fails stops its queue, and so while
 * the queue is ready all that has ended has ended well; of a queue that has stopped, the job's own fence
 * tells. The fences of a timeline's points are forgotten as soon as later ones are there: so not of a timeline.
 *
 * Return: 0 the job is done; -ETIME it has not ended; -ECANCELED it was stopped; or another
 * negative errno
 */
int mirage_queue_wait(const struct mirage *gpu, uint32_t queue, uint32_t syncobj,
		      int64_t deadline, struct mirage_stop *why)
{
	struct mirage_stop stop = {0};
	int ret;

	ret = mirage_syncobj_wait(gpu, syncobj, deadline);
	if (ret)
		return ret;
	ret = mirage_queue_query(gpu, queue, &stop.queue);
	if (ret || stop.queue.state == DRM_MIRAGE_QUEUE_READY)
		return ret;
	ret = fence_status(gpu, syncobj, &stop.error);
	if (ret || stop.error > 0)
		return ret;
	if (why)
		*why = stop;

	return -ECANCELED;
}

/**
 * mirage_run() - submit one indirect buffer and wait until the job is done
 * @gpu: device
 * @queue: handle
 * @ib: finished
 * @deadline: when to give up
 * @why: out, with -ECANCELED: what stopped it, or the queue before; may be NULL
 *
 * Return: 0; -ETIME not done yet; -ECANCELED the job was stopped, or the queue had stopped before; what is
 * wrong with @ib; or another negative errno
 */
int mirage_run(const struct mirage *gpu, uint32_t queue, const struct mirage_ib *ib,
	       int64_t deadline, struct mirage_stop *why)
{
	uint32_t syncobj;
	int ret;

	ret = mirage_syncobj_create(gpu, false, &syncobj);
	if (ret)
		return ret;

	ret = mirage_submit(gpu, queue, ib, syncobj);
	if (!ret) {
		ret = mirage_queue_wait(gpu, queue, syncobj, deadline, why);
	} else if (ret == -ECANCELED && why) {
		why->error = ret;
		mirage_queue_query(gpu, queue, &why->queue);
	}
	mirage_syncobj_destroy(gpu, syncobj);

	return ret;
}
