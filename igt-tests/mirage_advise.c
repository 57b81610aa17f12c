// SPDX-License-Identifier: MIT
/**
 * TEST: mirage advise
 * Description: The calls of libmirage that have the shape of CUDA's and OpenCL's for managed memory.
 * Category: SVM
 */
#include <sys/mman.h>

#include "igt_mirage.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("The calls of libmirage that have the shape of CUDA's and OpenCL's.");

#define VRAM	DRM_MIRAGE_SVM_PAGE_VRAM
#define SIZE	(32 * PAGE)

static void assert_word(const char *area, unsigned int page, uint32_t value)
{
	igt_assert_eq_u32(*(const volatile uint32_t *)(area + page * PAGE), value);
}

/**
 * SUBTEST: prefetch
 * Description: Bytes that end inside pages move with all of these, and with no page beside them, there and back.
 */
static void prefetch(struct gpu *gpu)
{
	struct drm_mirage_svm_migrate result;
	char *area = mem_anon(SIZE);

	mem_touch(area, SIZE, 10);
	/* The last byte of page 3 to the first of page 6. */
	igt_assert_eq(mirage_mem_prefetch(&gpu->dev, gpu->vm, area + 4 * PAGE - 1, 2 * PAGE + 2,
					  DRM_MIRAGE_SVM_VRAM, &result), 0);
	igt_assert_eq_u64(result.moved, 4 * PAGE);
	igt_assert_eq(gpu_count_pages(gpu, area, SIZE, VRAM), 4);
	igt_assert_eq(gpu_count_pages(gpu, area + 3 * PAGE, 4 * PAGE, VRAM), 4);
	igt_assert_eq_u32(gpu_read32(gpu, area + 6 * PAGE), 16);

	igt_assert_eq(mirage_mem_prefetch(&gpu->dev, gpu->vm, area + 4 * PAGE, PAGE,
					  DRM_MIRAGE_SVM_SYSTEM, &result), 0);
	igt_assert_eq_u64(result.moved, PAGE);
	igt_assert_eq(gpu_count_pages(gpu, area, SIZE, VRAM), 3);
	assert_word(area, 4, 14);

	igt_assert_eq(mirage_mem_prefetch(&gpu->dev, gpu->vm, area + 1, 0, DRM_MIRAGE_SVM_VRAM,
					  NULL), -EINVAL);
	igt_assert_eq(mirage_mem_prefetch(&gpu->dev, gpu->vm, area, UINT64_MAX,
					  DRM_MIRAGE_SVM_VRAM, NULL), -EINVAL);
	igt_assert_eq(mirage_mem_prefetch(&gpu->dev, gpu->vm, area, PAGE, DRM_MIRAGE_SVM_ANY,
					  NULL), -EINVAL);
	igt_assert_eq(gpu_count_pages(gpu, area, SIZE, VRAM), 3);
	mem_unmap(area, SIZE);
}

static void assert_preferred(struct gpu *gpu, const char *addr, uint64_t size,
			     enum drm_mirage_svm_location location)
{
	enum drm_mirage_svm_location found;

	igt_assert_eq(mirage_mem_preferred_location(&gpu->dev, gpu->vm, addr, size, &found), 0);
	igt_assert_eq(found, location);
}

/**
 * SUBTEST: advise
 * Description: Advice covers all pages of its bytes, is found where it is the same for all of a range, makes a fault of
 *	the GPU move pages, and no longer does when it is taken back.
 */
static void advise(struct gpu *gpu)
{
	const struct mirage *dev = &gpu->dev;
	char *area = mem_anon(SIZE);

	mem_touch(area, SIZE, 20);
	assert_preferred(gpu, area, SIZE, DRM_MIRAGE_SVM_ANY);
	igt_assert_eq(mirage_mem_advise(dev, gpu->vm, area + 17, 15 * PAGE,
					MIRAGE_ADVISE_SET_PREFERRED_LOCATION,
					DRM_MIRAGE_SVM_VRAM), 0);
	assert_preferred(gpu, area + 5, 16 * PAGE - 5, DRM_MIRAGE_SVM_VRAM);
	assert_preferred(gpu, area + 16 * PAGE, 1, DRM_MIRAGE_SVM_ANY);
	assert_preferred(gpu, area + 5, 16 * PAGE, DRM_MIRAGE_SVM_ANY);
	igt_assert_eq_u32(gpu_read32(gpu, area + 2 * PAGE), 22);
	igt_assert(gpu_page(gpu, area + 2 * PAGE) & VRAM);

	igt_assert_eq(mirage_mem_advise(dev, gpu->vm, area, SIZE,
					MIRAGE_ADVISE_UNSET_PREFERRED_LOCATION,
					DRM_MIRAGE_SVM_VRAM), 0);
	assert_preferred(gpu, area, SIZE, DRM_MIRAGE_SVM_ANY);
	igt_assert_eq(mirage_mem_prefetch(dev, gpu->vm, area, SIZE, DRM_MIRAGE_SVM_SYSTEM, NULL),
		      0);
	igt_assert_eq_u32(gpu_read32(gpu, area + 2 * PAGE), 22);
	igt_assert(!(gpu_page(gpu, area + 2 * PAGE) & VRAM));

	igt_assert_eq(mirage_mem_advise(dev, gpu->vm, area, SIZE, 2, DRM_MIRAGE_SVM_VRAM), -EINVAL);
	igt_assert_eq(mirage_mem_advise(dev, gpu->vm, area, 0,
					MIRAGE_ADVISE_UNSET_PREFERRED_LOCATION, 0), -EINVAL);
	mem_unmap(area, SIZE);
}

/**
 * SUBTEST: pieces
 * Description: Several pieces of memory move in one call, one that shares its page with another once; and go home. A
 *	piece that is refused does not undo those before it.
 */
static void pieces(struct gpu *gpu)
{
	char *area = mem_anon(SIZE);
	const void *const pointers[] = { area + 1, area + 100, area + 8 * PAGE };
	const uint64_t sizes[] = { 8, 8, 2 * PAGE }, wrong[] = { 8, 0, 2 * PAGE };
	const struct mirage *dev = &gpu->dev;
	uint64_t moved;

	mem_touch(area, SIZE, 30);
	igt_assert_eq(mirage_svm_migrate_mem(dev, gpu->vm, 3, pointers, sizes, 0, &moved), 0);
	igt_assert_eq_u64(moved, 3 * PAGE);
	igt_assert_eq(gpu_count_pages(gpu, area, SIZE, VRAM), 3);
	igt_assert_eq_u32(gpu_read32(gpu, area + 9 * PAGE), 39);

	igt_assert_eq(mirage_svm_migrate_mem(dev, gpu->vm, 3, pointers, sizes,
					     MIRAGE_MIGRATE_HOST | MIRAGE_MIGRATE_CONTENT_UNDEFINED,
					     &moved), 0);
	igt_assert_eq_u64(moved, 3 * PAGE);
	igt_assert_eq(gpu_count_pages(gpu, area, SIZE, VRAM), 0);
	assert_word(area, 9, 39);

	igt_assert_eq(mirage_svm_migrate_mem(dev, gpu->vm, 3, pointers, wrong, 0, &moved), -EINVAL);
	igt_assert_eq_u64(moved, PAGE);
	igt_assert_eq(mirage_svm_migrate_mem(dev, gpu->vm, 3, pointers, sizes, 4, &moved), -EINVAL);
	igt_assert_eq(mirage_svm_migrate_mem(dev, gpu->vm, 0, pointers, sizes, 0, &moved), -EINVAL);
	igt_assert_eq(gpu_count_pages(gpu, area, SIZE, VRAM), 1);
	mem_unmap(area, SIZE);
}

static const struct gpu_scenario scenarios[] = {
	{ "prefetch", prefetch, "All pages of a range of bytes move, and no other." },
	{ "advise", advise, "Advice is found again, followed, and taken back." },
	{ "pieces", pieces, "Several pieces of memory move in one call." },
};

int igt_main()
{
	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));
}
