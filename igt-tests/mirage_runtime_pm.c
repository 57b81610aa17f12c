// SPDX-License-Identifier: MIT
/**
 * TEST: mirage runtime pm
 * Description: A device that nobody uses sleeps, and is awake when somebody does.
 * Category: Core
 */
#include <fcntl.h>
#include <libgen.h>

#include <hw/regs.h>

#include "debugfs.h"
#include "igt_mirage.h"
#include "igt_mirage_bo.h"
#include "memory.h"
#include "text.h"

IGT_TEST_DESCRIPTION("A device that nobody uses sleeps, and is awake when somebody does.");

/* Of the PCI device, in sysfs. */
static char directory[96];
static char registers[96];
static char counters[96];

static void find_device(void)
{
	struct mirage dev;

	igt_assert_eq(mirage_open(&dev), 0);
	snprintf(directory, sizeof(directory), "/sys/class/drm/%.32s/device", basename(dev.node));
	debugfs_path(&dev, "registers", registers, sizeof(registers));
	debugfs_path(&dev, "counters", counters, sizeof(counters));
	mirage_close(&dev);
}

static bool attribute_is(const char *name, const char *value)
{
	char path[160], text[32];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	igt_assert(file_read(path, text, sizeof(text)));
	return !strcmp(text, value);
}

static bool is_asleep(void)
{
	return attribute_is("power/runtime_status", "suspended") &&
	       attribute_is("power_state", "D3hot");
}

static void assert_falls_asleep(void)
{
	igt_assert(igt_wait(is_asleep(), POLL_MS, 10));
}

static void assert_awake(void)
{
	igt_assert(attribute_is("power/runtime_status", "active"));
	igt_assert(attribute_is("power_state", "D0"));
}

/**
 * SUBTEST: open-and-close
 * Description: The device sleeps until it is opened, works, and sleeps again when it was closed; many times.
 */
static void open_and_close(void)
{
	struct gpu gpu;
	int i;

	for (i = 0; i < 4; i++) {
		assert_falls_asleep();
		gpu_open(&gpu);
		assert_awake();
		gpu_assert_alive(&gpu);
		gpu_close(&gpu);
	}
	assert_falls_asleep();
}

/**
 * SUBTEST: exported-object
 * Description: An object that was exported keeps the device awake when its file is closed, and has its content.
 */
static void exported_object(void)
{
	struct mirage dev, other;
	struct bo bo;
	uint32_t handle;
	void *words;
	int fd;

	igt_assert_eq(mirage_open(&dev), 0);
	bo = bo_new(&dev, 1 << 20, BO_VRAM);
	bo_write(&bo, 5);
	igt_assert_eq(mirage_prime_export(&dev, bo.handle, DRM_CLOEXEC | DRM_RDWR, &fd), 0);
	bo_free(&bo);
	mirage_close(&dev);
	/* Longer than an idle device stays awake: it opens and closes no file of its own. */
	igt_assert(!igt_wait(is_asleep(), 2000, 50));

	igt_assert_eq(mirage_open(&other), 0);
	igt_assert_eq(mirage_prime_import(&other, fd, &handle), 0);
	igt_assert_eq(mirage_bo_map(&other, handle, 1 << 20, &words), 0);
	bo = (struct bo){ .dev = &other, .handle = handle, .size = 1 << 20, .words = words };
	bo_expect(&bo, 5);
	bo_free(&bo);
	close(fd);
	mirage_close(&other);
	assert_falls_asleep();
}

/**
 * SUBTEST: debugfs
 * Description: Reading registers wakes the device up.
 */
static void debugfs(void)
{
	char text[64];

	assert_falls_asleep();
	igt_assert(file_read(registers, text, sizeof(text)));
	igt_assert_f(strstr(text, "4752494d"), "BUS_ID reads as: %s\n", text);
	assert_falls_asleep();
}

/* A counter as debugfs has it. */
static uint64_t counter(const char *name)
{
	const char *line = strstr(text_read(counters), name);

	igt_assert_f(line, "%s has no %s\n", counters, name);
	return strtoull(line + strlen(name), NULL, 10);
}

/**
 * SUBTEST: counters
 * Description: The device's counters keep their values when it sleeps, can be read without waking it up, and go on when it
 *	is used again, for programs too.
 */
static void counters_stay(void)
{
	uint64_t packets, bytes, value;
	struct gpu gpu;
	char text[64];

	assert_falls_asleep();
	gpu_open(&gpu);
	gpu_assert_alive(&gpu);
	packets = counter("PACKETS ");
	bytes = counter("COPY_BYTES ");
	igt_assert_lte_u64(1, packets);
	igt_assert_lte_u64(4, bytes);
	gpu_close(&gpu);
	assert_falls_asleep();
	igt_assert_lte_u64(packets, counter("PACKETS "));
	igt_assert_lte_u64(bytes, counter("COPY_BYTES "));
	igt_assert(is_asleep());
	packets = counter("PACKETS ");
	bytes = counter("COPY_BYTES ");

	gpu_open(&gpu);
	igt_assert_eq(mirage_counter(&gpu.dev, MIRAGE_PERF_PACKETS, &value), 0);
	igt_assert_lte_u64(packets, value);
	gpu_assert_alive(&gpu);
	igt_assert_eq(mirage_counter(&gpu.dev, MIRAGE_PERF_COPY_BYTES, &value), 0);
	igt_assert_lte_u64(bytes + 4, value);
	gpu_close(&gpu);

	/* Nothing happens while it is awake in between, so nothing is counted, and nothing twice. */
	assert_falls_asleep();
	packets = counter("PACKETS ");
	igt_assert(file_read(registers, text, sizeof(text)));
	assert_falls_asleep();
	igt_assert_eq_u64(counter("PACKETS "), packets);
}

int igt_main()
{
	igt_fixture()
		find_device();

	igt_describe("The device sleeps until it is opened, and again when it was closed.");
	igt_subtest("open-and-close")
		open_and_close();

	igt_describe("An exported object keeps the device awake.");
	igt_subtest("exported-object")
		exported_object();

	igt_describe("Reading registers wakes the device up.");
	igt_subtest("debugfs")
		debugfs();

	igt_describe("What the device has counted stays when it sleeps.");
	igt_subtest("counters")
		counters_stay();
}
