/* SPDX-License-Identifier: MIT */
/*
 * Buffer objects in tests: calls that must succeed, and contents that tell where they belong.
 */
#ifndef IGT_MIRAGE_BO_H
#define IGT_MIRAGE_BO_H

#include <mirage.h>

#include "igt.h"

#define BO_VRAM		DRM_MIRAGE_PLACEMENT_VRAM
#define BO_SYSTEM	DRM_MIRAGE_PLACEMENT_SYSTEM
#define BO_CPU		DRM_MIRAGE_BO_CPU_ACCESS

/**
 * struct bo - a buffer object, mapped
 */
struct bo {
	/** @dev: where it is */
	struct mirage *dev;
	/** @handle: its handle */
	uint32_t handle;
	/** @size: bytes */
	size_t size;
	/** @words: its mapping */
	uint64_t *words;
};

struct bo bo_new(struct mirage *dev, size_t size, uint32_t placement);
struct bo bo_new_with(struct mirage *dev, size_t size, uint32_t placement, uint32_t flags,
		      enum drm_mirage_bo_priority priority, uint32_t vm);
void bo_free(struct bo *bo);

struct drm_mirage_bo_query bo_query(const struct bo *bo);
uint32_t bo_location(const struct bo *bo);

void bo_write(const struct bo *bo, uint64_t seed);
void bo_expect(const struct bo *bo, uint64_t seed);
void bo_expect_zero(const struct bo *bo);
bool bo_access_dies(const volatile void *addr);

/**
 * struct bo_scenario - a subtest that gets the device, opened
 */
struct bo_scenario {
	/** @name: of the subtest */
	const char *name;
	/** @test: its body */
	void (*test)(struct mirage *dev);
	/** @description: of the subtest */
	const char *description;
};

void bo_subtests(const struct bo_scenario *scenarios, size_t count);

uint64_t bo_param(struct mirage *dev, enum drm_mirage_param param);
uint64_t bo_vram_free(struct mirage *dev);

#endif /* IGT_MIRAGE_BO_H */
