// SPDX-License-Identifier: MIT
/*
 * Syncobjs, binary and timeline.
 */
#include <errno.h>

#include <drm/drm.h>

#include "mirage.h"

/**
 * mirage_syncobj_create() - make a syncobj
 * @gpu: device
 * @signaled: it begins signalled
 * @handle: out
 *
 * Return: 0 or a negative errno
 */
int mirage_syncobj_create(const struct mirage *gpu, bool signaled, uint32_t *handle)
{
	struct drm_syncobj_create args = {
		.flags = signaled ? DRM_SYNCOBJ_CREATE_SIGNALED : 0,
	};
	int ret;

	ret = mirage_ioctl(gpu, DRM_IOCTL_SYNCOBJ_CREATE, &args);
	if (!ret)
		*handle = args.handle;

	return ret;
}

/**
 * mirage_syncobj_destroy() - drop a handle
 * @gpu: device
 * @handle: syncobj
 *
 * Return: 0 or a negative errno
 */
int mirage_syncobj_destroy(const struct mirage *gpu, uint32_t handle)
{
	struct drm_syncobj_destroy args = { .handle = handle };

	return mirage_ioctl(gpu, DRM_IOCTL_SYNCOBJ_DESTROY, &args);
}

/**
 * mirage_syncobj_reset() - take its fence away
 * @gpu: device
 * @handle: syncobj
 *
 * Return: 0 or a negative errno
 */
int mirage_syncobj_reset(const struct mirage *gpu, uint32_t handle)
{
	struct drm_syncobj_array args = {
		.handles = (uintptr_t)&handle,
		.count_handles = 1,
	};

	return mirage_ioctl(gpu, DRM_IOCTL_SYNCOBJ_RESET, &args);
}

/**
 * mirage_syncobj_signal() - signal from the CPU
 * @gpu: device
 * @handle: binary syncobj
 *
 * Return: 0 or a negative errno
 */
int mirage_syncobj_signal(const struct mirage *gpu, uint32_t handle)
{
	struct drm_syncobj_array args = {
		.handles = (uintptr_t)&handle,
		.count_handles = 1,
	};

	return mirage_ioctl(gpu, DRM_IOCTL_SYNCOBJ_SIGNAL, &args);
}

/**
 * mirage_syncobj_wait() - wait for one, also for its submission
 * @gpu: device
 * @handle: binary syncobj
 * @deadline: when to give up
 *
 * Return: 0, -ETIME, or another negative errno
 */
int mirage_syncobj_wait(const struct mirage *gpu, uint32_t handle, int64_t deadline)
{
	return mirage_syncobj_wait_many(gpu, &handle, 1, DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT,
					deadline, NULL);
}

/**
 * mirage_syncobj_wait_many() - wait for several
 * @gpu: device
 * @handles: binary syncobjs
 * @count: number of them
 * @flags: DRM_SYNCOBJ_WAIT_FLAGS_*
 * @deadline: when to give up
 * @first: out: index of one that signalled, when not all were asked for; may be NULL
 *
 * Return: 0, -ETIME, or another negative errno
 */
int mirage_syncobj_wait_many(const struct mirage *gpu, const uint32_t *handles, uint32_t count,
			     uint32_t flags, int64_t deadline, uint32_t *first)
{
	struct drm_syncobj_wait args = {
		.handles = (uintptr_t)handles,
		.timeout_nsec = deadline,
		.count_handles = count,
		.flags = flags,
	};
	int ret;

	ret = mirage_ioctl(gpu, DRM_IOCTL_SYNCOBJ_WAIT, &args);
	if (!ret && first)
		*first = args.first_signaled;

	return ret;
}

/**
 * mirage_syncobj_export() - a descriptor that names the syncobj itself
 * @gpu: device
 * @handle: syncobj
 * @fd: out
 *
 * Return: 0 or a negative errno
 */
int mirage_syncobj_export(const struct mirage *gpu, uint32_t handle, int *fd)
{
	struct drm_syncobj_handle args = { .handle = handle };
	int ret;

	ret = mirage_ioctl(gpu, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &args);
	if (!ret)
		*fd = args.fd;

	return ret;
}

/**
 * mirage_syncobj_import() - a handle for an exported syncobj
 * @gpu: device
 * @fd: from mirage_syncobj_export(), of any process
 * @handle: out
 *
 * Return: 0 or a negative errno
 */
int mirage_syncobj_import(const struct mirage *gpu, int fd, uint32_t *handle)
{
	struct drm_syncobj_handle args = { .fd = fd };
	int ret;

	ret = mirage_ioctl(gpu, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &args);
	if (!ret)
		*handle = args.handle;

	return ret;
}

/**
 * mirage_syncobj_export_sync_file() - a descriptor for the fence the syncobj has now
 * @gpu: device
 * @handle: syncobj
 * @fd: out: a sync_file, which tells a fence's error too
 *
 * Return: 0, -EINVAL if it has no fence, or another negative errno
 */
int mirage_syncobj_export_sync_file(const struct mirage *gpu, uint32_t handle, int *fd)
{
	struct drm_syncobj_handle args = {
		.handle = handle,
		.flags = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE,
	};
	int ret;

	ret = mirage_ioctl(gpu, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &args);
	if (!ret)
		*fd = args.fd;

	return ret;
}

/**
 * mirage_timeline_wait() - wait for a point
 * @gpu: device
 * @handle: timeline syncobj
 * @point: which
 * @flags: DRM_SYNCOBJ_WAIT_FLAGS_*
 * @deadline: when to give up
 *
 * Return: 0, -ETIME, or another negative errno
 */
int mirage_timeline_wait(const struct mirage *gpu, uint32_t handle, uint64_t point,
			 uint32_t flags, int64_t deadline)
{
	struct drm_syncobj_timeline_wait args = {
		.handles = (uintptr_t)&handle,
		.points = (uintptr_t)&point,
		.timeout_nsec = deadline,
		.count_handles = 1,
		.flags = flags,
	};

	return mirage_ioctl(gpu, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &args);
}

/**
 * mirage_timeline_signal() - signal a point from the CPU
 * @gpu: device
 * @handle: timeline syncobj
 * @point: which
 *
 * Return: 0 or a negative errno
 */
int mirage_timeline_signal(const struct mirage *gpu, uint32_t handle, uint64_t point)
{
	struct drm_syncobj_timeline_array args = {
		.handles = (uintptr_t)&handle,
		.points = (uintptr_t)&point,
		.count_handles = 1,
	};

	return mirage_ioctl(gpu, DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, &args);
}

/**
 * mirage_timeline_query() - the last point that signalled
 * @gpu: device
 * @handle: timeline syncobj
 * @point: out
 *
 * Return: 0 or a negative errno
 */
int mirage_timeline_query(const struct mirage *gpu, uint32_t handle, uint64_t *point)
{
	struct drm_syncobj_timeline_array args = {
		.handles = (uintptr_t)&handle,
		.points = (uintptr_t)point,
		.count_handles = 1,
	};

	return mirage_ioctl(gpu, DRM_IOCTL_SYNCOBJ_QUERY, &args);
}

/**
 * mirage_sync_wait() - for exec: the job waits for a binary syncobj
 * @handle: syncobj
 */
struct drm_mirage_sync mirage_sync_wait(uint32_t handle)
{
	return (struct drm_mirage_sync){ .handle = handle };
}

/**
 * mirage_sync_signal() - for exec: the job signals a binary syncobj
 * @handle: syncobj
 */
struct drm_mirage_sync mirage_sync_signal(uint32_t handle)
{
	return (struct drm_mirage_sync){ .handle = handle, .flags = DRM_MIRAGE_SYNC_SIGNAL };
}

/**
 * mirage_sync_wait_point() - for exec: the job waits for a point
 * @handle: timeline syncobj
 * @point: which, not 0
 */
struct drm_mirage_sync mirage_sync_wait_point(uint32_t handle, uint64_t point)
{
	return (struct drm_mirage_sync){
		.handle = handle,
		.flags = DRM_MIRAGE_SYNC_TIMELINE,
		.point = point,
	};
}

/**
 * mirage_sync_signal_point() - for exec: the job signals a point
 * @handle: timeline syncobj
 * @point: which, not 0
 */
struct drm_mirage_sync mirage_sync_signal_point(uint32_t handle, uint64_t point)
{
	return (struct drm_mirage_sync){
		.handle = handle,
		.flags = DRM_MIRAGE_SYNC_SIGNAL | DRM_MIRAGE_SYNC_TIMELINE,
		.point = point,
	};
}
