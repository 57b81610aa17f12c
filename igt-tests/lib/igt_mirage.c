// SPDX-License-Identifier: MIT
/*
 * A GPU with an address space and a queue, and what its counters and page tables say.
 */
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "debugfs.h"
#include "igt_mirage.h"
#include "igt_mirage_arena.h"
#include "memory.h"

void gpu_open_with(struct gpu *gpu, enum drm_mirage_queue_class queue_class, uint32_t timeout_ms)
{
	int err;

	*gpu = (struct gpu){ };
	err = mirage_open(&gpu->dev);
	igt_assert_f(!err, "no mirage GPU could be opened: %s\n", strerror(-err));
	igt_assert_eq(mirage_vm_create(&gpu->dev, &gpu->vm), 0);
	igt_assert_eq(mirage_queue_create(&gpu->dev, gpu->vm, queue_class,
					  QUEUE(.timeout_ms = timeout_ms), &gpu->queue), 0);
	gpu->arena = arena_create();
	gpu->out = gpu->arena->out;
	arena_warm(gpu);
	gpu_mark(gpu);
}

/* A compute queue. Its jobs may take long: on a debug kernel under emulation they do. */
void gpu_open(struct gpu *gpu)
{
	gpu_open_with(gpu, DRM_MIRAGE_QUEUE_COMPUTE, QUEUE_TIMEOUT_MS);
}

void gpu_close(struct gpu *gpu)
{
	mirage_close(&gpu->dev);
	arena_destroy(gpu->arena);
}

uint32_t gpu_add_queue(struct gpu *gpu, enum drm_mirage_queue_class queue_class)
{
	uint32_t queue;

	igt_assert_eq(mirage_queue_create(&gpu->dev, gpu->vm, queue_class,
					  QUEUE(.timeout_ms = QUEUE_TIMEOUT_MS), &queue), 0);
	return queue;
}

void gpu_mark(struct gpu *gpu)
{
	igt_assert_eq(mirage_vm_stats(&gpu->dev, gpu->vm, gpu->mark), 0);
}

uint64_t gpu_stat(struct gpu *gpu, enum drm_mirage_stat stat)
{
	uint64_t now[DRM_MIRAGE_STAT_COUNT];

	igt_assert_eq(mirage_vm_stats(&gpu->dev, gpu->vm, now), 0);
	return now[stat];
}

/* Growth of a counter since gpu_mark(). */
uint64_t gpu_delta(struct gpu *gpu, enum drm_mirage_stat stat)
{
	return gpu_stat(gpu, stat) - gpu->mark[stat];
}

/* Pages mapped since gpu_mark() because an access asked for them: without what prefetch added. */
uint64_t gpu_demanded(struct gpu *gpu)
{
	return gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_MAPPED) -
	       gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_PREFETCHED);
}

uint8_t gpu_page(struct gpu *gpu, const void *addr)
{
	uint8_t page;

	igt_assert_eq(mirage_svm_query(&gpu->dev, gpu->vm, (void *)((uintptr_t)addr & ~(PAGE - 1)),
				       PAGE, &page), 0);
	return page;
}

/* How many pages of an area have a flag in the GPU's page tables. */
unsigned int gpu_count_pages(struct gpu *gpu, const void *addr, size_t size, uint8_t flag)
{
	unsigned int count = 0;
	uint8_t *pages;
	size_t i;

	pages = malloc(size / PAGE);
	igt_assert(pages);
	igt_assert_eq(mirage_svm_query(&gpu->dev, gpu->vm, addr, size, pages), 0);
	for (i = 0; i < size / PAGE; i++)
		count += (pages[i] & flag) == flag;
	free(pages);
	return count;
}

uint32_t gpu_queue_state(struct gpu *gpu, uint32_t queue)
{
	struct drm_mirage_queue_query query;

	igt_assert_eq(mirage_queue_query(&gpu->dev, queue, &query), 0);
	return query.state;
}

/* The queue was stopped by this access, and the newest report says so. */
void gpu_assert_faulted(struct gpu *gpu, uint32_t queue, const void *addr, unsigned int access,
			int error)
{
	struct drm_mirage_fault fault;
	uint32_t count = 1;

	igt_assert(igt_wait(gpu_queue_state(gpu, queue) == DRM_MIRAGE_QUEUE_FAULTED, POLL_MS, 1));
	igt_assert_eq(mirage_vm_faults(&gpu->dev, gpu->vm, &fault, &count), 0);
	igt_assert_eq(count, 1);
	igt_assert_eq_u64(fault.addr, (uintptr_t)addr);
	igt_assert_eq(fault.queue_id, queue);
	igt_assert_eq(fault.access, access);
	igt_assert_eq(fault.error, error);
	/* The device's clock: not before it began, not in the future. */
	igt_assert_neq_u64(fault.time, 0);
}

/* The queue takes a job and does it. */
void gpu_assert_alive(struct gpu *gpu)
{
	uint32_t value = gpu->out[0] + 1;

	gpu_write32(gpu, &gpu->out[0], value);
	igt_assert_eq_u32(gpu->out[0], value);
}

/* debugfs keeps one file for each register of the device's TEST unit. */
static void knob_path(struct gpu *gpu, const char *knob, char *path, size_t size)
{
	char file[64];

	snprintf(file, sizeof(file), "inject/%s", knob);
	debugfs_path(&gpu->dev, file, path, size);
}

void gpu_inject(struct gpu *gpu, const char *knob, unsigned int value)
{
	char path[160], text[16];

	knob_path(gpu, knob, path, sizeof(path));
	snprintf(text, sizeof(text), "%u\n", value);
	igt_assert_f(file_write(path, text), "writing %s to %s failed\n", text, path);
}

/**
 * gpu_inject_none() - the device works as it should, whatever a test that failed has left
 * @gpu: with its device open
 */
void gpu_inject_none(struct gpu *gpu)
{
	static const char *const knobs[] = {
		"ignore_inv", "drop_replay", "fault_dup", "fault_delay_us", "drop_irq",
		"hold_inv", "hold_sync", "hold_replay", "hold_chan_start", "hold_chan_stop",
		"hold_chan_save", "delay_inv_us",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(knobs); i++)
		gpu_inject(gpu, knobs[i], 0);
}

/**
 * gpu_inject_none_alone() - the same before and after the subtests, when no device is open
 */
void gpu_inject_none_alone(void)
{
	struct gpu gpu = { };

	igt_assert_eq(mirage_open(&gpu.dev), 0);
	gpu_inject_none(&gpu);
	mirage_close(&gpu.dev);
}

unsigned int gpu_injected(struct gpu *gpu, const char *knob)
{
	char path[160], text[32];

	knob_path(gpu, knob, path, sizeof(path));
	igt_assert(file_read(path, text, sizeof(text)));
	return strtoul(text, NULL, 0);
}

/*
 * An IOMMU translates what the device translated before: an address that the TLB should have
 * forgotten is then unmapped there, or leads to the new page. Stale entries do no harm that
 * could be looked for.
 */
bool gpu_behind_iommu(struct gpu *gpu)
{
	char path[PATH_MAX];
	struct stat node;

	igt_assert(!fstat(gpu->dev.fd, &node));
	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/device/iommu_group", major(node.st_rdev),
		 minor(node.st_rdev));
	return !access(path, F_OK);
}

/**
 * gpu_reset_from_outside() - reset the device's function below the driver
 * @gpu: with its device open
 */
void gpu_reset_from_outside(struct gpu *gpu)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/class/drm/%.64s/device/reset", basename(gpu->dev.node));
	igt_require_f(!access(path, W_OK), "the device has no reset of its own\n");
	igt_assert_f(file_write(path, "1"), "writing to %s failed\n", path);
}

static void run_scenario(const struct gpu_scenario *scenario)
{
	struct gpu gpu;

	gpu_open(&gpu);
	scenario->test(&gpu);
	gpu_assert_alive(&gpu);
	gpu_close(&gpu);
}

static void subtest(const struct gpu_scenario *scenario)
{
	igt_describe(scenario->description);
	igt_subtest(scenario->name)
		run_scenario(scenario);
}

/* One subtest for each. */
void gpu_subtests(const struct gpu_scenario *scenarios, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		subtest(&scenarios[i]);
}
