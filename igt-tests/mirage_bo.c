// SPDX-License-Identifier: MIT
/**
 * TEST: mirage bo
 * Description: Buffer objects: making them, what they contain, what is told of them.
 * Category: Core
 */
#include <sys/mman.h>

#include "igt_mirage.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("Buffer objects: making them, what they contain, what is told of them.");

#define NO_HANDLE	0x7ffffff0u
#define BAD_POINTER	0x10ull
#define VRAM		DRM_MIRAGE_PLACEMENT_VRAM
#define SYSTEM		DRM_MIRAGE_PLACEMENT_SYSTEM
#define CPU		DRM_MIRAGE_BO_CPU_ACCESS

static uint32_t bo_create(struct mirage *dev, uint64_t size, uint32_t placement, uint32_t flags)
{
	uint32_t handle = 0;

	igt_assert_eq(mirage_bo_create(dev, size, placement, flags, &handle), 0);
	igt_assert_neq(handle, 0);
	return handle;
}

static void *bo_map(struct mirage *dev, uint32_t handle, size_t size)
{
	void *map = NULL;

	igt_assert_eq(mirage_bo_map(dev, handle, size, &map), 0);
	return map;
}

static struct drm_mirage_bo_query bo_query(struct mirage *dev, uint32_t handle)
{
	struct drm_mirage_bo_query state;

	igt_assert_eq(mirage_bo_query(dev, handle, &state), 0);
	return state;
}

static void expect_words(const uint32_t *words, size_t count, uint32_t first, uint32_t step)
{
	for (size_t i = 0; i < count; i++)
		igt_assert_f(words[i] == first + (uint32_t)i * step, "word %zu is %#x, want %#x\n", i,
			     words[i], first + (uint32_t)i * step);
}

static void write_words(uint32_t *words, size_t count, uint32_t first, uint32_t step)
{
	for (size_t i = 0; i < count; i++)
		words[i] = first + (uint32_t)i * step;
}

/**
 * SUBTEST: zeroed-%s
 * Description: An object reads as zeroes, also where another with content was before.
 *
 * arg[1]:
 *
 * @vram:	video memory
 * @system:	system memory
 */
static void zeroed(struct mirage *dev, uint32_t placement)
{
	const size_t size = 3 << 20;

	for (unsigned int round = 0; round < 4; round++) {
		uint32_t handle = bo_create(dev, size, placement, CPU);
		uint32_t *words = bo_map(dev, handle, size);

		igt_assert_eq(bo_query(dev, handle).location, 0);
		expect_words(words, size / 4, 0, 0);
		if (placement == VRAM)
			igt_assert_eq(bo_query(dev, handle).location, VRAM);
		write_words(words, size / 4, 0xdead0000 + round, 7);
		expect_words(words, size / 4, 0xdead0000 + round, 7);
		igt_assert_eq(munmap(words, size), 0);
		igt_assert_eq(mirage_bo_close(dev, handle), 0);
	}
}

int igt_main()
{
	static struct mirage dev;

	igt_fixture()
		igt_assert_eq(mirage_open(&dev), 0);

	igt_describe("An object in video memory reads as zeroes at first.");
	igt_subtest("zeroed-vram")
		zeroed(&dev, VRAM);
	igt_describe("An object in system memory reads as zeroes at first.");
	igt_subtest("zeroed-system")
		zeroed(&dev, SYSTEM);

	igt_fixture()
		mirage_close(&dev);
}
