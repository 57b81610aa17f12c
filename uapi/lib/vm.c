// SPDX-License-Identifier: MIT
/*
 * Address spaces, and what can be seen of them.
 */
#include <string.h>

#include "mirage.h"

#define PAGE_BYTES	4096u
/* The largest range that the kernel takes at once. */
#define SVM_RANGE_MAX	(64ull << 20)

/**
 * mirage_vm_create() - an address space that mirrors this process
 * @gpu: device
 * @vm: out: handle
 *
 * Return: 0 or a negative errno
 */
int mirage_vm_create(const struct mirage *gpu, uint32_t *vm)
{
	return mirage_vm_create_with(gpu, DRM_MIRAGE_VM_CREATE_SVM, vm);
}

/**
 * mirage_vm_create_with() - an address space of any kind
 * @gpu: device
 * @flags: DRM_MIRAGE_VM_CREATE_*
 * @vm: out: handle
 *
 * Return: 0 or a negative errno
 */
int mirage_vm_create_with(const struct mirage *gpu, uint32_t flags, uint32_t *vm)
{
	struct drm_mirage_vm_create args = { .flags = flags };
	int ret;

	ret = mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_VM_CREATE, &args);
	if (!ret)
		*vm = args.vm_id;

	return ret;
}

/**
 * mirage_vm_destroy() - drop a handle
 * @gpu: device
 * @vm: handle
 *
 * Return: 0 or a negative errno
 */
int mirage_vm_destroy(const struct mirage *gpu, uint32_t vm)
{
	struct drm_mirage_vm_destroy args = { .vm_id = vm };

	return mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_VM_DESTROY, &args);
}

/**
 * mirage_vm_stats() - read all counters
 * @gpu: device
 * @vm: handle
 * @values: out: index enum drm_mirage_stat; 0 for what an older kernel does not count
 *
 * Return: 0 or a negative errno
 */
int mirage_vm_stats(const struct mirage *gpu, uint32_t vm, uint64_t values[DRM_MIRAGE_STAT_COUNT])
{
	struct drm_mirage_vm_stats args = {
		.vm_id = vm,
		.count = DRM_MIRAGE_STAT_COUNT,
		.values = (uintptr_t)values,
	};

	memset(values, 0, DRM_MIRAGE_STAT_COUNT * sizeof(*values));

	return mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_VM_STATS, &args);
}

/**
 * mirage_vm_faults() - read the last accesses that could not be served
 * @gpu: device
 * @vm: handle
 * @faults: out: newest first
 * @count: in: room; out: how many were written
 *
 * Return: 0 or a negative errno
 */
int mirage_vm_faults(const struct mirage *gpu, uint32_t vm, struct drm_mirage_fault *faults,
		     uint32_t *count)
{
	return mirage_vm_fault_places(gpu, vm, faults, NULL, count);
}

/**
 * mirage_vm_fault_places() - mirage_vm_faults(), with the instructions that made the accesses
 * @gpu: device
 * @vm: handle
 * @faults: out: newest first
 * @places: out: one for each of @faults, zero where no instruction did it or the device does not tell; or NULL
 * @count: in: room in both; out: how many were written
 *
 * Return: 0 or a negative errno
 */
int mirage_vm_fault_places(const struct mirage *gpu, uint32_t vm, struct drm_mirage_fault *faults,
			   struct drm_mirage_place *places, uint32_t *count)
{
	struct drm_mirage_vm_faults args = {
		.vm_id = vm,
		.faults = DRM_MIRAGE_ARRAY(*count, faults),
		.places = DRM_MIRAGE_ARRAY(places ? *count : 0, places),
	};
	int ret;

	ret = mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_VM_FAULTS, &args);
	if (!ret && args.count < *count)
		*count = args.count;

	return ret;
}

/**
 * mirage_svm_query() - look at the GPU's page tables
 * @gpu: device
 * @vm: handle
 * @addr: 4 KiB aligned
 * @size: bytes, a multiple of 4 KiB; the kernel is asked in pieces that it takes
 * @pages: out: DRM_MIRAGE_SVM_PAGE_* of each 4 KiB page
 *
 * Return: 0 or a negative errno
 */
int mirage_svm_query(const struct mirage *gpu, uint32_t vm, const void *addr, uint64_t size,
		     uint8_t *pages)
{
	uint64_t done = 0;
	int ret;

	do {
		struct drm_mirage_svm_query args = {
			.vm_id = vm,
			.addr = (uintptr_t)addr + done,
			.size = size - done < SVM_RANGE_MAX ? size - done : SVM_RANGE_MAX,
			.pages = (uintptr_t)(pages + done / PAGE_BYTES),
		};

		ret = mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_SVM_QUERY, &args);
		done += args.size;
	} while (!ret && done < size);

	return ret;
}

/**
 * mirage_svm_populate() - have memory of this process mapped before the GPU asks for it
 * @gpu: device
 * @vm: handle of an address space that mirrors this process
 * @addr: 4 KiB aligned
 * @size: bytes, a multiple of 4 KiB; the kernel is asked in pieces that it takes
 * @write: for reading and writing, else for reading
 *
 * Return: 0; -EFAULT where there is no memory, -EPERM where it may not be written; or another negative errno
 */
int mirage_svm_populate(const struct mirage *gpu, uint32_t vm, const void *addr, uint64_t size,
			bool write)
{
	uint64_t done = 0;
	int ret;

	do {
		struct drm_mirage_svm_populate args = {
			.vm_id = vm,
			.flags = write ? DRM_MIRAGE_POPULATE_WRITE : 0,
			.addr = (uintptr_t)addr + done,
			.size = size - done < SVM_RANGE_MAX ? size - done : SVM_RANGE_MAX,
		};

		ret = mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_SVM_POPULATE, &args);
		done += args.size;
	} while (!ret && done < size);

	return ret;
}

static void add_migrated(struct drm_mirage_svm_migrate *sum,
			 const struct drm_mirage_svm_migrate *part)
{
	sum->moved += part->moved;
	sum->there += part->there;
	sum->unmapped += part->unmapped;
	sum->fixed += part->fixed;
	sum->no_room += part->no_room;
	sum->busy += part->busy;
	sum->failed += part->failed;
}

/**
 * mirage_svm_migrate() - move memory of this process to video memory, or back
 * @gpu: device
 * @vm: handle of an address space that mirrors this process
 * @addr: 4 KiB aligned
 * @size: bytes, a multiple of 4 KiB; the kernel is asked in pieces that it takes
 * @location: where to
 * @result: out: bytes that moved, and why others did not; also on an error, then of the pieces before it. May be NULL
 *
 * Return: 0, also if nothing could be moved; or a negative errno
 */
int mirage_svm_migrate(const struct mirage *gpu, uint32_t vm, const void *addr, uint64_t size,
		       enum drm_mirage_svm_location location,
		       struct drm_mirage_svm_migrate *result)
{
	struct drm_mirage_svm_migrate sum = {
		.vm_id = vm, .location = location, .addr = (uintptr_t)addr, .size = size,
	};
	uint64_t done = 0;
	int ret;

	do {
		struct drm_mirage_svm_migrate args = {
			.vm_id = vm,
			.location = location,
			.addr = (uintptr_t)addr + done,
			.size = size - done < SVM_RANGE_MAX ? size - done : SVM_RANGE_MAX,
		};

		ret = mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_SVM_MIGRATE, &args);
		if (!ret)
			add_migrated(&sum, &args);
		done += args.size;
	} while (!ret && done < size);

	if (result)
		*result = sum;
	return ret;
}

/**
 * mirage_svm_prefer() - say where memory of this process should be when the GPU uses it
 * @gpu: device
 * @vm: handle of an address space that mirrors this process
 * @addr: 4 KiB aligned
 * @size: bytes, a multiple of 4 KiB
 * @location: there; DRM_MIRAGE_SVM_ANY for no preference
 *
 * Return: 0 or a negative errno
 */
int mirage_svm_prefer(const struct mirage *gpu, uint32_t vm, const void *addr, uint64_t size,
		      enum drm_mirage_svm_location location)
{
	struct drm_mirage_svm_attr args = {
		.vm_id = vm,
		.attr = DRM_MIRAGE_SVM_ATTR_PREFERRED,
		.addr = (uintptr_t)addr,
		.size = size,
		.value = location,
	};

	return mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_SVM_SET_ATTR, &args);
}

/**
 * mirage_svm_preference() - what mirage_svm_prefer() has set
 * @gpu: device
 * @vm: handle of an address space that mirrors this process
 * @addr: 4 KiB aligned
 * @location: out
 * @size: out: bytes from @addr on for which it is the same
 *
 * Return: 0 or a negative errno
 */
int mirage_svm_preference(const struct mirage *gpu, uint32_t vm, const void *addr,
			  enum drm_mirage_svm_location *location, uint64_t *size)
{
	struct drm_mirage_svm_attr args = {
		.vm_id = vm,
		.attr = DRM_MIRAGE_SVM_ATTR_PREFERRED,
		.addr = (uintptr_t)addr,
	};
	int ret = mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_SVM_GET_ATTR, &args);

	if (!ret) {
		*location = args.value;
		*size = args.size;
	}
	return ret;
}
