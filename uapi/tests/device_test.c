// SPDX-License-Identifier: MIT
/*
 * Opening what is no mirage GPU, and what is refused before the kernel is asked.
 */
#include <errno.h>
#include <fcntl.h>

#include <hw/regs.h>
#include <mirage.h>
#include <tap.h>

static void open_missing_node(void)
{
	struct mirage gpu;

	CHECK_EQ(mirage_open_node(&gpu, "/dev/dri/no-such-node"), -ENOENT);
	CHECK_EQ(gpu.fd, -1);
}

static void open_no_drm_node(void)
{
	struct mirage gpu;

	CHECK_EQ(mirage_open_node(&gpu, "/dev/null"), -ENOTTY);
	CHECK_EQ(gpu.fd, -1);
}

static void open_long_path(void)
{
	struct mirage gpu;
	char path[sizeof(gpu.node) + 1];

	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = 0;
	CHECK_EQ(mirage_open_node(&gpu, path), -ENAMETOOLONG);
	CHECK_EQ(gpu.fd, -1);
}

static void close_twice(void)
{
	struct mirage gpu = { .fd = open("/dev/null", O_RDWR) };
	int fd = gpu.fd;

	CHECK(fd >= 0);
	mirage_close(&gpu);
	CHECK_EQ(gpu.fd, -1);
	CHECK_EQ(fcntl(fd, F_GETFD), -1);
	mirage_close(&gpu);
}

static void counter_is_a_register(void)
{
	const struct mirage gpu = { .fd = -1 };
	uint64_t value;

	CHECK_EQ(mirage_counter(&gpu, MIRAGE_PERF_PACKETS - 8, &value), -EINVAL);
	CHECK_EQ(mirage_counter(&gpu, MIRAGE_PERF_WAVES + 4, &value), -EINVAL);
	/* This one exists, so the kernel is asked. */
	CHECK_EQ(mirage_counter(&gpu, MIRAGE_PERF_WAVES, &value), -EBADF);
}

static const struct tap_test tests[] = {
	{ "open-missing-node", open_missing_node },
	{ "open-no-drm-node", open_no_drm_node },
	{ "open-long-path", open_long_path },
	{ "close-twice", close_twice },
	{ "counter-is-a-register", counter_is_a_register },
};

TAP_MAIN(tests)
