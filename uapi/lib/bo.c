// SPDX-License-Identifier: MIT
/*
 * Buffer objects.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "mirage.h"

/**
 * mirage_bo_create() - a usual buffer object
 * @gpu: device
 * @size: bytes, a multiple of 4 KiB
 * @placement: DRM_MIRAGE_PLACEMENT_*
 * @flags: DRM_MIRAGE_BO_*
 * @handle: out
 *
 * Return: 0 or a negative errno
 */
int mirage_bo_create(const struct mirage *gpu, uint64_t size, uint32_t placement, uint32_t flags,
		     uint32_t *handle)
{
	return mirage_bo_create_with(gpu, size, placement, flags, DRM_MIRAGE_BO_PRIORITY_NORMAL, 0,
				     handle);
}

/**
 * mirage_bo_create_with() - a buffer object with all that can be asked for
 * @gpu: device
 * @size: bytes, a multiple of 4 KiB
 * @placement: DRM_MIRAGE_PLACEMENT_*
 * @flags: DRM_MIRAGE_BO_*
 * @priority: enum drm_mirage_bo_priority
 * @vm: address space that it is private to, or 0
 * @handle: out
 *
 * Return: 0 or a negative errno
 */
int mirage_bo_create_with(const struct mirage *gpu, uint64_t size, uint32_t placement,
			  uint32_t flags, enum drm_mirage_bo_priority priority, uint32_t vm,
			  uint32_t *handle)
{
	struct drm_mirage_bo_create args = {
		.size = size,
		.placement = placement,
		.flags = flags,
		.priority = priority,
		.vm_id = vm,
	};
	int ret;

	ret = mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_BO_CREATE, &args);
	if (!ret)
		*handle = args.handle;

	return ret;
}

/**
 * mirage_bo_userptr() - a buffer object of memory of this process
 * @gpu: device
 * @addr: 4 KiB aligned
 * @size: bytes, a multiple of 4 KiB
 * @flags: DRM_MIRAGE_USERPTR_*
 * @handle: out
 *
 * Return: 0 or a negative errno
 */
int mirage_bo_userptr(const struct mirage *gpu, const void *addr, uint64_t size, uint32_t flags,
		      uint32_t *handle)
{
	struct drm_mirage_bo_userptr args = {
		.addr = (uintptr_t)addr,
		.size = size,
		.flags = flags,
	};
	int ret;

	ret = mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_BO_USERPTR, &args);
	if (!ret)
		*handle = args.handle;

	return ret;
}

/**
 * mirage_bo_close() - drop a handle
 * @gpu: device
 * @handle: object
 *
 * Return: 0 or a negative errno
 */
int mirage_bo_close(const struct mirage *gpu, uint32_t handle)
{
	struct drm_gem_close args = { .handle = handle };

	return mirage_ioctl(gpu, DRM_IOCTL_GEM_CLOSE, &args);
}

/**
 * mirage_bo_mmap_offset() - where mmap() finds an object
 * @gpu: device
 * @handle: object with DRM_MIRAGE_BO_CPU_ACCESS
 * @offset: out
 *
 * Return: 0 or a negative errno
 */
int mirage_bo_mmap_offset(const struct mirage *gpu, uint32_t handle, uint64_t *offset)
{
	struct drm_mirage_bo_mmap args = { .handle = handle };
	int ret;

	ret = mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_BO_MMAP, &args);
	if (!ret)
		*offset = args.offset;

	return ret;
}

/**
 * mirage_bo_map() - map an object for reading and writing
 * @gpu: device
 * @handle: object with DRM_MIRAGE_BO_CPU_ACCESS
 * @size: bytes, from its start
 * @addr: out; munmap() undoes it
 *
 * Return: 0 or a negative errno
 */
int mirage_bo_map(const struct mirage *gpu, uint32_t handle, size_t size, void **addr)
{
	uint64_t offset;
	void *map;
	int ret;

	ret = mirage_bo_mmap_offset(gpu, handle, &offset);
	if (ret)
		return ret;
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, gpu->fd, (off_t)offset);
	if (map == MAP_FAILED)
		return -errno;
	*addr = map;

	return 0;
}

/**
 * mirage_bo_madvise() - say whether an object's content is needed
 * @gpu: device
 * @handle: object
 * @advice: the word
 * @retained: out: whether the content is there; may be NULL
 *
 * Return: 0 or a negative errno
 */
int mirage_bo_madvise(const struct mirage *gpu, uint32_t handle, enum drm_mirage_bo_advice advice,
		      bool *retained)
{
	struct drm_mirage_bo_madvise args = { .handle = handle, .advice = advice };
	int ret;

	ret = mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_BO_MADVISE, &args);
	if (!ret && retained)
		*retained = args.retained;

	return ret;
}

/**
 * mirage_bo_query() - ask how an object is
 * @gpu: device
 * @handle: object
 * @state: out
 *
 * Return: 0 or a negative errno
 */
int mirage_bo_query(const struct mirage *gpu, uint32_t handle, struct drm_mirage_bo_query *state)
{
	memset(state, 0, sizeof(*state));
	state->handle = handle;

	return mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_BO_QUERY, state);
}

/**
 * mirage_bo_label() - name an object
 * @gpu: device
 * @handle: object
 * @label: at most 63 bytes; "" takes the label away
 *
 * Return: 0 or a negative errno
 */
int mirage_bo_label(const struct mirage *gpu, uint32_t handle, const char *label)
{
	struct drm_mirage_bo_label args = {
		.handle = handle,
		.size = (uint32_t)strlen(label),
		.label = (uintptr_t)label,
	};

	return mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_BO_LABEL, &args);
}

/**
 * mirage_bo_wait() - wait until no job uses an object
 * @gpu: device
 * @handle: object
 * @flags: DRM_MIRAGE_BO_WAIT_*
 * @deadline: when to give up
 *
 * Return: 0 or a negative errno: -ETIME
 */
int mirage_bo_wait(const struct mirage *gpu, uint32_t handle, uint32_t flags, int64_t deadline)
{
	struct drm_mirage_bo_wait args = {
		.handle = handle,
		.flags = flags,
		.timeout_ns = deadline,
	};

	return mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_BO_WAIT, &args);
}
