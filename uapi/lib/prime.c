// SPDX-License-Identifier: MIT
/*
 * Buffer objects shared with other devices and processes, as dma-buf files.
 */
#include "mirage.h"

/**
 * mirage_prime_export() - make a dma-buf file of an object
 * @gpu: device
 * @handle: object
 * @flags: DRM_CLOEXEC, DRM_RDWR
 * @fd: out
 *
 * Return: 0 or a negative errno: -EPERM it belongs to one address space, or is memory of a process
 */
int mirage_prime_export(const struct mirage *gpu, uint32_t handle, uint32_t flags, int *fd)
{
	struct drm_prime_handle args = { .handle = handle, .flags = flags, .fd = -1 };
	int ret;

	ret = mirage_ioctl(gpu, DRM_IOCTL_PRIME_HANDLE_TO_FD, &args);
	if (!ret)
		*fd = args.fd;

	return ret;
}

/**
 * mirage_prime_import() - make an object of a dma-buf file
 * @gpu: device
 * @fd: dma-buf, of any exporter; one of this device gives the object that it was made of
 * @handle: out; the same for the same dma-buf, so it is closed once
 *
 * Return: 0 or a negative errno
 */
int mirage_prime_import(const struct mirage *gpu, int fd, uint32_t *handle)
{
	struct drm_prime_handle args = { .fd = fd };
	int ret;

	ret = mirage_ioctl(gpu, DRM_IOCTL_PRIME_FD_TO_HANDLE, &args);
	if (!ret)
		*handle = args.handle;

	return ret;
}
