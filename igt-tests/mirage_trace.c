// SPDX-License-Identifier: MIT
/**
 * TEST: mirage trace
 * Description: What the driver tells in tracepoints.
 * Category: Core
 */
#include <stdarg.h>

#include "igt_mirage.h"
#include "igt_mirage_bo.h"
#include "igt_mirage_space.h"
#include "memory.h"
#include "text.h"

IGT_TEST_DESCRIPTION("What the driver tells in tracepoints.");

#define TRACING	"/sys/kernel/tracing/"
#define EVENTS	TRACING "events/mirage/enable"

/* An address that nothing else uses, and a size that no other object has. */
#define FAR	(DRM_MIRAGE_VA_START + (8ull << 39))
#define SIZE	(37 * PAGE)

static void tell(bool on)
{
	igt_assert(file_write(EVENTS, on ? "1" : "0"));
}

/* Lines with an event of the driver and these words. */
static unsigned int told(const char *event, const char *format, ...) igt_printf(2, 3);
static unsigned int told(const char *event, const char *format, ...)
{
	char name[64], words[128];
	va_list args;

	snprintf(name, sizeof(name), " mirage_%s: ", event);
	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	return text_lines(text_read(TRACING "trace"), name, words);
}

/**
 * SUBTEST: binds-and-evictions
 * Description: A mapping, its object's eviction, the fault of a job that wants it after that, and the end of the
 *	mapping are each told once, with addresses and sizes.
 */
static void binds_and_evictions(struct gpu *gpu)
{
	struct bo bo = bo_new(&gpu->dev, SIZE, BO_VRAM | BO_SYSTEM);
	struct drm_mirage_bind bind = mirage_bind_map(FAR, 36 * PAGE, bo.handle, PAGE,
						      DRM_MIRAGE_BIND_READONLY);

	bo_write(&bo, 1);
	tell(true);
	igt_assert_eq(mirage_vm_bind(&gpu->dev, gpu->vm, &bind, 1), 0);
	igt_assert_eq(told("bind", ": map read-only %#llx..%#llx, object from 0x1000", FAR,
			   FAR + 36 * PAGE), 1);
	igt_assert_eq(told("evict", ": object of %lu bytes", SIZE), 0);
	press_vram(&gpu->dev, bo.handle);
	igt_assert_eq(told("evict", ": object of %lu bytes", SIZE), 1);

	gpu_read32(gpu, gpu_ptr(FAR + 5 * PAGE));
	igt_assert_eq(told("bind_fault", ": %#llx, ret 0", FAR + 5 * PAGE), 1);
	bind = mirage_bind_unmap(FAR, 36 * PAGE);
	igt_assert_eq(mirage_vm_bind(&gpu->dev, gpu->vm, &bind, 1), 0);
	igt_assert_eq(told("bind", ": unmap %#llx..%#llx", FAR, FAR + 36 * PAGE), 1);
	tell(false);
	bo_free(&bo);
}

/**
 * SUBTEST: faults
 * Description: A job's fault on memory of the process is told where it is read, where its block is served and
 *	where the batch ends, and so is that the memory goes.
 */
static void faults(struct gpu *gpu)
{
	uint32_t *area = mem_anon(PAGE);

	tell(true);
	gpu_write32(gpu, area, 1);
	igt_assert_lte(1, told("fault_drain", " entries"));
	igt_assert_lte(1, told("service_block", " block %#lx: ", (uintptr_t)area));
	igt_assert_lte(1, told("service_batch", " faults, "));
	mem_unmap(area, PAGE);
	igt_assert_lte(1, told("unmap", " pages from %#lx", (uintptr_t)area));
	tell(false);
}

static const struct gpu_scenario scenarios[] = {
	{ "binds-and-evictions", binds_and_evictions, "What becomes of a mapping is told." },
	{ "faults", faults, "What becomes of a fault is told." },
};

int igt_main()
{
	igt_fixture() {
		igt_require_f(!access(EVENTS, W_OK), "no tracepoints in this kernel\n");
		tell(false);
		igt_assert(file_write(TRACING "trace", "\n"));
	}

	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));

	igt_fixture()
		tell(false);
}
