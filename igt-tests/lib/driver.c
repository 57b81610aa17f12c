// SPDX-License-Identifier: MIT
/*
 * Taking the driver from the device under test, and giving it back.
 */
#include "driver.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>

#include "igt_mirage.h"
#include "memory.h"

#define DRIVER	"/sys/bus/pci/drivers/mirage"

/* Of the device under test, found once: while it is unbound nothing else tells. */
static char address[32];

/* Once, while the driver has it. */
void driver_find_device(void)
{
	char link[128], path[PATH_MAX];
	struct mirage dev;

	igt_assert_eq(mirage_open(&dev), 0);
	snprintf(link, sizeof(link), "/sys/class/drm/%.64s/device", basename(dev.node));
	igt_assert(realpath(link, path));
	snprintf(address, sizeof(address), "%.31s", basename(path));
	mirage_close(&dev);
}

/* Its address on the bus. */
const char *driver_device(void)
{
	return address;
}

void driver_unbind(void)
{
	igt_assert(file_write(DRIVER "/unbind", address));
}

/* Opens the file that driver_try_bind() writes to. */
int driver_open_bind(void)
{
	int fd = open(DRIVER "/bind", O_WRONLY | O_CLOEXEC);

	igt_assert_fd(fd);
	return fd;
}

/* 0, or the negative errno of probe, as the bus tells it. */
int driver_try_bind(int fd)
{
	return pwrite(fd, address, strlen(address), 0) < 0 ? -errno : 0;
}

bool driver_is_there(void)
{
	struct mirage dev;

	if (mirage_open(&dev))
		return false;
	mirage_close(&dev);
	return true;
}

void driver_bind(void)
{
	igt_assert(file_write(DRIVER "/bind", address));
	igt_assert(igt_wait(driver_is_there(), POLL_MS, 1));
}

/* The device computes, on memory of this process. */
void driver_assert_works(void)
{
	uint32_t *area = mem_anon(PAGE);
	struct gpu gpu;

	gpu_open(&gpu);
	gpu_write32(&gpu, area, 0x90);
	igt_assert_eq_u32(*area, 0x90);
	gpu_close(&gpu);
	mem_unmap(area, PAGE);
}
