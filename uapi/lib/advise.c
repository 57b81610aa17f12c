// SPDX-License-Identifier: MIT
/*
 * Calls of the shape that CUDA and OpenCL give to managed memory, over SVM_MIGRATE and SVM_*_ATTR.
 *
 * They take any bytes, as their models do, and work on all pages that hold one of them. The page
 * docs/cuda-svm.md says where they differ from their models.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "mirage.h"

#define PAGE_BYTES 4096ull

struct pages {
	const void *start;
	uint64_t size;
};

/* Pages that hold at least one of the bytes. */
static int pages_around(const void *addr, uint64_t size, struct pages *pages)
{
	uint64_t first = (uintptr_t)addr & ~(PAGE_BYTES - 1), last;

	if (!size || __builtin_add_overflow((uintptr_t)addr, size - 1, &last))
		return -EINVAL;
	last |= PAGE_BYTES - 1;
	pages->start = (const void *)(uintptr_t)first;
	pages->size = last - first + 1;
	return 0;
}

/**
 * mirage_mem_prefetch() - move the pages around some bytes, as cudaMemPrefetchAsync(), but at once
 * @gpu: device
 * @vm: handle of an address space that mirrors this process
 * @addr: any address
 * @size: bytes, not zero
 * @location: where to
 * @result: out: as of mirage_svm_migrate(). May be NULL
 *
 * Return: 0, also if nothing could be moved; or a negative errno
 */
int mirage_mem_prefetch(const struct mirage *gpu, uint32_t vm, const void *addr, uint64_t size,
			enum drm_mirage_svm_location location,
			struct drm_mirage_svm_migrate *result)
{
	struct pages pages;
	int ret = pages_around(addr, size, &pages);

	if (ret)
		return ret;
	return mirage_svm_migrate(gpu, vm, pages.start, pages.size, location, result);
}

/**
 * mirage_mem_advise() - set or take back advice for the pages around some bytes, as cudaMemAdvise()
 * @gpu: device
 * @vm: handle of an address space that mirrors this process
 * @addr: any address
 * @size: bytes, not zero
 * @advice: what to set or take back
 * @location: for MIRAGE_ADVISE_SET_PREFERRED_LOCATION; not used by the other
 *
 * Return: 0; -EINVAL unknown advice; or another negative errno
 */
int mirage_mem_advise(const struct mirage *gpu, uint32_t vm, const void *addr, uint64_t size,
		      enum mirage_advice advice, enum drm_mirage_svm_location location)
{
	struct pages pages;
	int ret = pages_around(addr, size, &pages);

	if (ret)
		return ret;
	switch (advice) {
	case MIRAGE_ADVISE_SET_PREFERRED_LOCATION:
		break;
	case MIRAGE_ADVISE_UNSET_PREFERRED_LOCATION:
		location = DRM_MIRAGE_SVM_ANY;
		break;
	default:
		return -EINVAL;
	}
	return mirage_svm_prefer(gpu, vm, pages.start, pages.size, location);
}

/**
 * mirage_mem_preferred_location() - as cudaMemRangeGetAttribute() of the preferred location
 * @gpu: device
 * @vm: handle of an address space that mirrors this process
 * @addr: any address
 * @size: bytes, not zero
 * @location: out: the preferred memory of all pages around the bytes, DRM_MIRAGE_SVM_ANY if they differ
 *
 * Return: 0 or a negative errno
 */
int mirage_mem_preferred_location(const struct mirage *gpu, uint32_t vm, const void *addr,
				  uint64_t size, enum drm_mirage_svm_location *location)
{
	enum drm_mirage_svm_location found, first = DRM_MIRAGE_SVM_ANY;
	uint64_t done, same;
	struct pages pages;
	int ret = pages_around(addr, size, &pages);

	for (done = 0; !ret && done < pages.size; done += same) {
		ret = mirage_svm_preference(gpu, vm, (const char *)pages.start + done, &found,
					    &same);
		if (ret)
			break;
		if (!done)
			first = found;
		if (found != first) {
			first = DRM_MIRAGE_SVM_ANY;
			break;
		}
	}
	if (!ret)
		*location = first;
	return ret;
}

/**
 * mirage_svm_migrate_mem() - move several pieces of memory, as clEnqueueSVMMigrateMem(), but at once
 * @gpu: device
 * @vm: handle of an address space that mirrors this process
 * @count: pieces, not zero
 * @pointers: any addresses
 * @sizes: bytes of each, not zero: libmirage knows no allocations
 * @flags: MIRAGE_MIGRATE_*
 * @moved: out: bytes of pages that moved, also on an error, then of the pieces before it. May be NULL
 *
 * Pieces that share a page are moved one after the other, so the second finds it there.
 *
 * Return: 0, also if nothing could be moved; -EINVAL unknown flag, no piece; or another negative errno
 */
int mirage_svm_migrate_mem(const struct mirage *gpu, uint32_t vm, uint32_t count,
			   const void *const pointers[], const uint64_t sizes[], uint32_t flags,
			   uint64_t *moved)
{
	enum drm_mirage_svm_location location = DRM_MIRAGE_SVM_VRAM;
	struct drm_mirage_svm_migrate result;
	uint64_t sum = 0;
	int ret = 0;
	uint32_t i;

	if (!count || flags & ~(MIRAGE_MIGRATE_HOST | MIRAGE_MIGRATE_CONTENT_UNDEFINED))
		ret = -EINVAL;
	if (flags & MIRAGE_MIGRATE_HOST)
		location = DRM_MIRAGE_SVM_SYSTEM;
	for (i = 0; !ret && i < count; i++) {
		result.moved = 0;
		ret = mirage_mem_prefetch(gpu, vm, pointers[i], sizes[i], location, &result);
		sum += result.moved;
	}
	if (moved)
		*moved = sum;
	return ret;
}
