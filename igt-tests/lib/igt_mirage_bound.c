// SPDX-License-Identifier: MIT
/*
 * A GPU whose address space mirrors nothing and maps only what is bound: for queues that may not fault.
 *
 * The arena is a buffer object there, which the CPU has at one address and the GPU at another, gpu.shift further.
 * Objects that gpu_bind() binds lie in a row behind it, 2 MiB aligned. GPU addresses are passed around as pointers, as
 * everywhere in these tests; the CPU must not follow those.
 */
#include <sys/mman.h>

#include "igt_mirage.h"
#include "igt_mirage_arena.h"
#include "memory.h"

static int bind_range(struct gpu *gpu, uint32_t op, uint64_t addr, uint32_t handle, uint64_t size,
		      uint32_t flags)
{
	struct drm_mirage_bind bind = {
		.op = op, .flags = flags, .handle = handle, .addr = addr, .size = size,
	};
	struct drm_mirage_vm_bind args = {
		.vm_id = gpu->vm, .binds = DRM_MIRAGE_ARRAY(1, &bind),
	};

	return mirage_ioctl(&gpu->dev, DRM_IOCTL_MIRAGE_VM_BIND, &args);
}

/* Where the GPU finds what the CPU has at an address in the arena. */
void *gpu_at(const struct gpu *gpu, const void *in_arena)
{
	return (char *)(uintptr_t)in_arena + gpu->shift;
}

/* Map an object, and wait until that is done; 0 or the kernel's negative errno. */
int gpu_try_bind_at(struct gpu *gpu, void *addr, uint32_t handle, uint64_t size, uint32_t flags)
{
	return bind_range(gpu, DRM_MIRAGE_BIND_MAP, (uintptr_t)addr, handle, size, flags);
}

/* Map an object where nothing is yet. */
void *gpu_bind(struct gpu *gpu, uint32_t handle, uint64_t size, uint32_t flags)
{
	void *addr = (void *)(uintptr_t)gpu->next;

	igt_assert_eq(gpu_try_bind_at(gpu, addr, handle, size, flags), 0);
	gpu->next += (size + 2 * BLOCK - 1) & ~(BLOCK - 1);
	return addr;
}

void gpu_unbind(struct gpu *gpu, void *addr, uint64_t size)
{
	igt_assert_eq(bind_range(gpu, DRM_MIRAGE_BIND_UNMAP, (uintptr_t)addr, 0, size, 0), 0);
}

uint32_t gpu_add_bound_queue(struct gpu *gpu, enum drm_mirage_queue_class queue_class,
			     uint32_t flags)
{
	uint32_t queue;

	igt_assert_eq(mirage_queue_create(&gpu->dev, gpu->vm, queue_class, QUEUE(.flags = flags),
					  &queue), 0);
	return queue;
}

/* An arena that the CPU has where arena_destroy() expects it. */
static struct arena *bound_arena(struct gpu *gpu)
{
	size_t size = (sizeof(struct arena) + PAGE - 1) & ~(PAGE - 1);
	struct arena *arena = mem_reserve(BLOCK, BLOCK);
	uint64_t offset;
	uint32_t handle;
	void *at;

	igt_assert_eq(mirage_bo_create(&gpu->dev, size, DRM_MIRAGE_PLACEMENT_SYSTEM,
				       DRM_MIRAGE_BO_CPU_ACCESS, &handle), 0);
	igt_assert_eq(mirage_bo_mmap_offset(&gpu->dev, handle, &offset), 0);
	igt_assert(mmap(arena, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, gpu->dev.fd,
			offset) == arena);
	at = gpu_bind(gpu, handle, size, 0);
	gpu->shift = (uintptr_t)at - (uintptr_t)arena;
	igt_assert_eq(mirage_bo_close(&gpu->dev, handle), 0);
	memset(arena, 0, sizeof(*arena));
	return arena;
}

void gpu_open_bound(struct gpu *gpu, enum drm_mirage_queue_class queue_class,
		    uint32_t queue_flags)
{
	int err;

	*gpu = (struct gpu){ .next = DRM_MIRAGE_VA_START };
	err = mirage_open(&gpu->dev);
	igt_assert_f(!err, "no mirage GPU could be opened: %s\n", strerror(-err));
	igt_assert_eq(mirage_vm_create_with(&gpu->dev, 0, &gpu->vm), 0);
	gpu->queue = gpu_add_bound_queue(gpu, queue_class, queue_flags);
	gpu->arena = bound_arena(gpu);
	gpu->out = gpu->arena->out;
	gpu_mark(gpu);
}

/* Memory of this process, bound for a queue that may not fault; the object lives as long as that. */
void *gpu_bind_userptr(struct gpu *gpu, void *addr, size_t size, uint32_t flags)
{
	uint32_t handle;
	void *at;

	igt_assert_eq(mirage_bo_userptr(&gpu->dev, addr, size, flags, &handle), 0);
	at = gpu_bind(gpu, handle, size,
		      flags & DRM_MIRAGE_USERPTR_READONLY ? DRM_MIRAGE_BIND_READONLY : 0);
	igt_assert_eq(mirage_bo_close(&gpu->dev, handle), 0);
	return at;
}

static void run_scenario(const struct gpu_scenario *scenario)
{
	struct gpu gpu;

	gpu_open_bound(&gpu, DRM_MIRAGE_QUEUE_COMPUTE, DRM_MIRAGE_QUEUE_NO_FAULT);
	scenario->test(&gpu);
	igt_assert_eq(gpu_queue_state(&gpu, gpu.queue), DRM_MIRAGE_QUEUE_READY);
	gpu_close(&gpu);
}

static void subtest(const struct gpu_scenario *scenario)
{
	igt_describe(scenario->description);
	igt_subtest(scenario->name)
		run_scenario(scenario);
}

void gpu_bound_subtests(const struct gpu_scenario *scenarios, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		subtest(&scenarios[i]);
}
