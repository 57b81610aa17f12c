// SPDX-License-Identifier: MIT
/*
 * Finding and asking the device.
 *
 * The right node is found by asking each render node for its driver's name, not by
 * its number, which depends on the order in which drivers came up. Nodes are looked
 * at by path so that nothing but the kernel is needed. Rejected: libdrm's device
 * list, a dependency for the sake of one loop.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include <drm/drm.h>
#include <hw/regs.h>

#include "mirage.h"

#define RENDER_FIRST	128
#define RENDER_LAST	191

#define NS_PER_S	1000000000ll
#define NS_PER_MS	1000000ll

static const char driver_name[] = "mirage";

/**
 * mirage_ioctl() - one ioctl, repeated while signals interrupt it
 * @gpu: device
 * @request: DRM_IOCTL_*
 * @arg: its structure
 *
 * Return: 0 or a negative errno
 */
int mirage_ioctl(const struct mirage *gpu, unsigned long request, void *arg)
{
	int ret;

	do {
		ret = ioctl(gpu->fd, request, arg);
	} while (ret && errno == EINTR);

	return ret ? -errno : 0;
}

static int check_driver(const struct mirage *gpu)
{
	char name[sizeof(driver_name)] = "";
	struct drm_version version = {
		.name = name,
		.name_len = sizeof(name) - 1,
	};
	int ret;

	ret = mirage_ioctl(gpu, DRM_IOCTL_VERSION, &version);
	if (ret)
		return ret;
	/* name_len is the whole length, also of what did not fit. */
	if (version.name_len != strlen(driver_name) || strcmp(name, driver_name))
		return -ENODEV;

	return 0;
}

/**
 * mirage_open_node() - open a device by its node
 * @gpu: out
 * @path: render or primary node
 *
 * Return: 0, -ENODEV if it is another driver's, or a negative errno
 */
int mirage_open_node(struct mirage *gpu, const char *path)
{
	int ret;

	gpu->fd = -1;
	if (strlen(path) >= sizeof(gpu->node))
		return -ENAMETOOLONG;
	memcpy(gpu->node, path, strlen(path) + 1);

	gpu->fd = open(path, O_RDWR | O_CLOEXEC);
	if (gpu->fd < 0)
		return -errno;

	ret = check_driver(gpu);
	if (ret)
		mirage_close(gpu);

	return ret;
}

/* The next mirage GPU from render node *@number on, opened; or what mirage_open() says. */
static int open_from(struct mirage *gpu, int *number)
{
	int error = -ENODEV;

	for (; *number <= RENDER_LAST; (*number)++) {
		char path[32];
		int ret;

		snprintf(path, sizeof(path), "/dev/dri/renderD%d", *number);
		ret = mirage_open_node(gpu, path);
		if (!ret)
			return 0;
		if (ret != -ENOENT && ret != -ENODEV)
			error = ret;
	}

	return error;
}

/**
 * mirage_open() - open the first mirage GPU
 * @gpu: out
 *
 * Return: 0; -ENODEV if there is none; if there are nodes that could not be opened, the
 * negative errno of the last of them
 */
int mirage_open(struct mirage *gpu)
{
	int number = RENDER_FIRST;

	return open_from(gpu, &number);
}

/* Where it is on the PCI bus: the name of the directory that sysfs has for the device. On another bus @pci stays empty. */
static void read_pci(const struct mirage *gpu, char *pci, size_t size)
{
	char link[64], target[256];
	unsigned int bus[4];
	struct stat node;
	const char *name;
	ssize_t length;

	if (fstat(gpu->fd, &node))
		return;
	snprintf(link, sizeof(link), "/sys/dev/char/%u:%u/device", major(node.st_rdev),
		 minor(node.st_rdev));
	length = readlink(link, target, sizeof(target) - 1);
	if (length < 0)
		return;
	target[length] = '\0';
	name = strrchr(target, '/');
	name = name ? name + 1 : target;
	if (sscanf(name, "%x:%x:%x.%x", &bus[0], &bus[1], &bus[2], &bus[3]) == 4)
		snprintf(pci, size, "%.*s", (int)size - 1, name);
}

/**
 * mirage_list() - find all mirage GPUs
 * @nodes: out: those that can be opened, in the order of their nodes
 * @count: in: room in @nodes; out: how many there are, which may be more
 *
 * Return: 0, also if there is none; if there are nodes that could not be opened and no GPU, the negative errno of
 * the last of them
 */
int mirage_list(struct mirage_node *nodes, uint32_t *count)
{
	uint32_t room = *count;
	struct mirage gpu;
	int number;
	int ret;

	*count = 0;
	for (number = RENDER_FIRST; !(ret = open_from(&gpu, &number)); number++) {
		if (*count < room) {
			nodes[*count] = (struct mirage_node){0};
			memcpy(nodes[*count].path, gpu.node, strlen(gpu.node));
			read_pci(&gpu, nodes[*count].pci, sizeof(nodes[*count].pci));
		}
		(*count)++;
		mirage_close(&gpu);
	}

	return *count || ret == -ENODEV ? 0 : ret;
}

/**
 * mirage_close() - close a device
 * @gpu: device; closing it again does nothing
 */
void mirage_close(struct mirage *gpu)
{
	if (gpu->fd >= 0)
		close(gpu->fd);
	gpu->fd = -1;
}

/**
 * mirage_query() - ask for a value
 * @gpu: device
 * @param: what for
 * @index: which one, where there are several; else 0
 * @value: out
 * @reason: out: why it is absent; may be NULL
 *
 * Return: 0; -EACCES the value tells about other users of the device and the caller does not have CAP_PERFMON; or another
 * negative errno
 */
int mirage_query(const struct mirage *gpu, enum drm_mirage_param param, uint32_t index,
		 uint64_t *value, enum drm_mirage_reason *reason)
{
	struct drm_mirage_query query = {
		.param = param,
		.index = index,
	};
	int ret;

	ret = mirage_ioctl(gpu, DRM_IOCTL_MIRAGE_QUERY, &query);
	if (ret)
		return ret;
	*value = query.value;
	if (reason)
		*reason = (enum drm_mirage_reason)query.reason;

	return 0;
}

/**
 * mirage_counter() - read a device counter
 * @gpu: device
 * @reg: its register, MIRAGE_PERF_*
 * @value: out
 *
 * Return: 0, -EINVAL if there is no such counter, -EACCES without CAP_PERFMON, or another negative errno
 */
int mirage_counter(const struct mirage *gpu, unsigned int reg, uint64_t *value)
{
	if (reg < MIRAGE_PERF_PACKETS || (reg - MIRAGE_PERF_PACKETS) % 8)
		return -EINVAL;

	return mirage_query(gpu, DRM_MIRAGE_PARAM_COUNTER, (reg - MIRAGE_PERF_PACKETS) / 8, value,
			    NULL);
}

/**
 * mirage_deadline() - a deadline that lies so far ahead
 * @ms: how far, in milliseconds; 0 or less: one that has passed
 *
 * The kernel's waits take points and not durations, so one that is repeated after a signal does not become
 * longer, nor does one of several that share a deadline.
 *
 * Return: a point on CLOCK_MONOTONIC in nanoseconds
 */
int64_t mirage_deadline(int64_t ms)
{
	struct timespec now;
	int64_t ns;

	if (ms <= 0)
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	ns = now.tv_sec * NS_PER_S + now.tv_nsec;

	return ms > (INT64_MAX - ns) / NS_PER_MS ? MIRAGE_FOREVER : ns + ms * NS_PER_MS;
}
