// SPDX-License-Identifier: MIT
/*
 * Buffer objects in tests.
 */
#include "igt_mirage_bo.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

/**
 * bo_new() - a usual object for the CPU and the GPU
 * @dev: device
 * @size: bytes
 * @placement: BO_VRAM, BO_SYSTEM or both
 */
struct bo bo_new(struct mirage *dev, size_t size, uint32_t placement)
{
	return bo_new_with(dev, size, placement, BO_CPU, DRM_MIRAGE_BO_PRIORITY_NORMAL, 0);
}

/**
 * bo_new_with() - an object, mapped
 * @dev: device
 * @size: bytes
 * @placement: BO_VRAM, BO_SYSTEM or both
 * @flags: DRM_MIRAGE_BO_*, with BO_CPU
 * @priority: who leaves video memory first
 * @vm: address space that it is private to, or 0
 */
struct bo bo_new_with(struct mirage *dev, size_t size, uint32_t placement, uint32_t flags,
		      enum drm_mirage_bo_priority priority, uint32_t vm)
{
	struct bo bo = { .dev = dev, .size = size };
	void *map = NULL;

	igt_assert_eq(mirage_bo_create_with(dev, size, placement, flags, priority, vm, &bo.handle),
		      0);
	igt_assert_neq(bo.handle, 0);
	igt_assert_eq(mirage_bo_map(dev, bo.handle, size, &map), 0);
	bo.words = map;
	return bo;
}

/**
 * bo_free() - unmap and close
 * @bo: object
 */
void bo_free(struct bo *bo)
{
	igt_assert_eq(munmap(bo->words, bo->size), 0);
	igt_assert_eq(mirage_bo_close(bo->dev, bo->handle), 0);
	bo->words = NULL;
}

/**
 * bo_query() - how an object is
 * @bo: object
 */
struct drm_mirage_bo_query bo_query(const struct bo *bo)
{
	struct drm_mirage_bo_query state;

	igt_assert_eq(mirage_bo_query(bo->dev, bo->handle, &state), 0);
	igt_assert_eq_u64(state.size, bo->size);
	return state;
}

/**
 * bo_location() - where an object is: BO_VRAM, BO_SYSTEM or 0
 * @bo: object
 */
uint32_t bo_location(const struct bo *bo)
{
	return bo_query(bo).location;
}

/* No two words of a test are the same, nor any of them zero. */
static uint64_t pattern(uint64_t seed, size_t i)
{
	return (seed + 1) << 32 | (uint32_t)(i * 2654435761u);
}

/**
 * bo_write() - fill an object by the CPU
 * @bo: object
 * @seed: less than 2^31; another one is another content
 */
void bo_write(const struct bo *bo, uint64_t seed)
{
	for (size_t i = 0; i < bo->size / 8; i++)
		bo->words[i] = pattern(seed, i);
}

/**
 * bo_expect() - look whether every byte is as bo_write() left it
 * @bo: object
 * @seed: as it was then
 */
void bo_expect(const struct bo *bo, uint64_t seed)
{
	for (size_t i = 0; i < bo->size / 8; i++) {
		uint64_t word = bo->words[i];

		igt_assert_f(word == pattern(seed, i),
			     "object %u, byte %#zx: %#" PRIx64 ", want %#" PRIx64 "\n", bo->handle,
			     i * 8, word, pattern(seed, i));
	}
}

/**
 * bo_expect_zero() - look whether every byte is zero
 * @bo: object
 */
void bo_expect_zero(const struct bo *bo)
{
	for (size_t i = 0; i < bo->size / 8; i++) {
		uint64_t word = bo->words[i];

		igt_assert_f(!word, "object %u, byte %#zx: %#" PRIx64 ", want zero\n", bo->handle,
			     i * 8, word);
	}
}

static sigjmp_buf access_jmpbuf;

static void access_handler(int sig)
{
	siglongjmp(access_jmpbuf, sig);
}

/**
 * bo_access_dies() - whether reading gives SIGBUS
 * @addr: where
 */
bool bo_access_dies(const volatile void *addr)
{
	struct sigaction action = { .sa_handler = access_handler }, before;
	bool died;

	igt_assert_eq(sigaction(SIGBUS, &action, &before), 0);
	died = sigsetjmp(access_jmpbuf, 1);
	if (!died)
		(void)*(const volatile char *)addr;
	igt_assert_eq(sigaction(SIGBUS, &before, NULL), 0);
	return died;
}

/**
 * bo_param() - a value that the device must have
 * @dev: device
 * @param: which one
 */
uint64_t bo_param(struct mirage *dev, enum drm_mirage_param param)
{
	uint64_t value = 0;

	igt_assert_eq(mirage_query(dev, param, 0, &value, NULL), 0);
	return value;
}

uint64_t bo_vram_free(struct mirage *dev)
{
	return bo_param(dev, DRM_MIRAGE_PARAM_VRAM_SIZE) - bo_param(dev, DRM_MIRAGE_PARAM_VRAM_USED);
}

void bo_subtests(const struct bo_scenario *scenarios, size_t count)
{
	/* A subtest that fails jumps back to where it began. */
	volatile size_t i;

	for (i = 0; i < count; i++) {
		igt_describe(scenarios[i].description);
		igt_subtest(scenarios[i].name) {
			struct mirage dev;

			igt_assert_eq(mirage_open(&dev), 0);
			scenarios[i].test(&dev);
			mirage_close(&dev);
		}
	}
}
