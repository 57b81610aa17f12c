// SPDX-License-Identifier: MIT
/*
 * The mappings of an address space from DRM_MIRAGE_VA_START on.
 */
#include "mirage.h"

/**
 * mirage_bind_map() - an operation: an object's memory appears at an address
 * @addr: GPU address
 * @size: bytes
 * @handle: object
 * @offset: where in the object
 * @flags: DRM_MIRAGE_BIND_READONLY or 0
 */
struct drm_mirage_bind mirage_bind_map(uint64_t addr, uint64_t size, uint32_t handle,
				       uint64_t offset, uint32_t flags)
{
	return (struct drm_mirage_bind){
		.op = DRM_MIRAGE_BIND_MAP,
		.flags = flags,
		.handle = handle,
		.offset = offset,
		.addr = addr,
		.size = size,
	};
}

/**
 * mirage_bind_unmap() - an operation: nothing is there any more
 * @addr: GPU address
 * @size: bytes
 */
struct drm_mirage_bind mirage_bind_unmap(uint64_t addr, uint64_t size)
{
	return (struct drm_mirage_bind){
		.op = DRM_MIRAGE_BIND_UNMAP,
		.addr = addr,
		.size = size,
	};
}

/**
 * mirage_bind_null() - an operation: reads give zeroes, writes are dropped
 * @addr: GPU address
 * @size: bytes
 */
struct drm_mirage_bind mirage_bind_null(uint64_t addr, uint64_t size)
{
	return (struct drm_mirage_bind){
		.op = DRM_MIRAGE_BIND_NULL,
		.addr = addr,
		.size = size,
	};
}

/**
 * mirage_vm_bind() - change what an address space maps, at once
 * @gpu: device
 * @vm: address space
 * @binds: operations, in order
 * @count: their number
 *
 * Return: 0 when they are done, or a negative errno
 */
int mirage_vm_bind(const struct mirage *gpu, uint32_t vm, const struct drm_mirage_bind *binds,
		   uint32_t count)
{
	struct drm_mirage_vm_bind args = {
		.vm_id = vm,
		.binds = DRM_MIRAGE_ARRAY(count, binds),
	};

	return mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_VM_BIND, &args);
}

/**
 * mirage_vm_bind_async() - change what an address space maps, when the time has come
 * @gpu: device
 * @vm: address space
 * @binds: operations, in order
 * @count: their number
 * @syncs: what to wait for, and what to signal when they are done
 * @nr_syncs: entries of @syncs
 *
 * Return: 0 when they are queued, -EWOULDBLOCK when the address space holds too many calls
 * (DRM_MIRAGE_PARAM_VM_BINDS) or the user has too many jobs, or another negative errno
 */
int mirage_vm_bind_async(const struct mirage *gpu, uint32_t vm,
			 const struct drm_mirage_bind *binds, uint32_t count,
			 const struct drm_mirage_sync *syncs, uint32_t nr_syncs)
{
	struct drm_mirage_vm_bind args = {
		.vm_id = vm,
		.flags = DRM_MIRAGE_VM_BIND_ASYNC,
		.binds = DRM_MIRAGE_ARRAY(count, binds),
		.syncs = DRM_MIRAGE_ARRAY(nr_syncs, syncs),
	};

	return mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_VM_BIND, &args);
}
