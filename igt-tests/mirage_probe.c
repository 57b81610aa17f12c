// SPDX-License-Identifier: MIT
/**
 * TEST: mirage probe
 * Description: The driver gets its device while the kernel runs out of memory, at each point of that in turn.
 * Category: Core
 */
#include <unistd.h>

#include "driver.h"
#include "failure.h"
#include "igt.h"

IGT_TEST_DESCRIPTION("The driver gets its device while the kernel runs out of memory.");

static int bind_fd;

static int probe_device(void)
{
	return driver_try_bind(bind_fd);
}

/**
 * SUBTEST: allocations
 * Description: Allocations of some parts of the driver at bring-up fail, each in turn. Without one
 *	the driver has no device, or does without; later it can have it, and works. Each attempt takes
 *	seconds on the kernel that can fail them, so not all parts are here. Nor are interrupts: where
 *	the kernel's interrupt core could not make a file in /proc, it warns of its absence at the end.
 */
static void allocations(void)
{
	static const char *const parts[] = {
		"mirage_reset_init", "mirage_coredump_init", "mirage_vram_init",
		"mirage_shrinker_init", "mirage_mem_alloc", "mirage_copy_init",
	};
	struct failure_case probe = {
		.attempt = probe_device,
		.undo = driver_unbind,
		.any_error = true,
	};

	failure_require();
	driver_find_device();
	bind_fd = driver_open_bind();
	driver_unbind();
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		probe.name = parts[i];
		failure_require();
		failure_only_in(probe.name);
		igt_assert_lt(0, failure_each(&probe));
	}
	failure_require();
	driver_bind();
	close(bind_fd);
	driver_assert_works();
}

int igt_main()
{
	igt_describe("Each allocation of bringing the device up fails in turn.");
	igt_subtest("allocations") allocations();
}
