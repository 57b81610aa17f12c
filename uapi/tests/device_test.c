// SPDX-License-Identifier: MIT
/*
 * Opening what is no mirage GPU, and what is refused before the kernel is asked.
 */
#include <errno.h>
#include <fcntl.h>
#include <time.h>

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

/* The time now, by the clock that the kernel's deadlines have. */
static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static void deadline_is_a_point_ahead(void)
{
	int64_t before = now_ns(), deadline = mirage_deadline(60000), after = now_ns();

	CHECK(deadline >= before + 60000000000ll);
	CHECK(deadline <= after + 60000000000ll);
}

static void deadline_has_ends(void)
{
	CHECK_EQ(mirage_deadline(0), 0);
	CHECK_EQ(mirage_deadline(-1), 0);
	CHECK_EQ(mirage_deadline(INT64_MIN), 0);
	CHECK_EQ(mirage_deadline(MIRAGE_FOREVER), MIRAGE_FOREVER);
	CHECK_EQ(mirage_deadline(INT64_MAX / 1000000), MIRAGE_FOREVER);
	CHECK(mirage_deadline(INT64_MAX / 2000000) < MIRAGE_FOREVER);
}

/* A machine with a GPU has entries, one without has none; neither is an error. */
static void list_counts(void)
{
	struct mirage_node nodes[1] = {0};
	uint32_t count = 0, again = 1;

	CHECK_EQ(mirage_list(NULL, &count), 0);
	CHECK_EQ(mirage_list(nodes, &again), 0);
	CHECK_EQ(again, count);
	CHECK_EQ(!strncmp(nodes[0].path, "/dev/dri/renderD", 16), count > 0);
}

static const struct tap_test tests[] = {
	{ "open-missing-node", open_missing_node },
	{ "open-no-drm-node", open_no_drm_node },
	{ "open-long-path", open_long_path },
	{ "close-twice", close_twice },
	{ "counter-is-a-register", counter_is_a_register },
	{ "deadline-is-a-point-ahead", deadline_is_a_point_ahead },
	{ "deadline-has-ends", deadline_has_ends },
	{ "list-counts", list_counts },
};

TAP_MAIN(tests)
