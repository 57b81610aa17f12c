// SPDX-License-Identifier: MIT
/*
 * The device's debugfs directory: its files, and what they say of channels.
 */
#include <unistd.h>

#include "debugfs.h"
#include "igt.h"
#include "text.h"

/**
 * debugfs_path() - a file in the device's debugfs directory
 * @dev: device
 * @file: its name there; who needs one that is missing is skipped
 * @path: gets where it is
 * @size: of @path, bytes
 */
void debugfs_path(const struct mirage *dev, const char *file, char *path, size_t size)
{
	/* renderD128 and its siblings: the directory has the minor's number. */
	snprintf(path, size, "/sys/kernel/debug/dri/%s/%s",
		 dev->node + strcspn(dev->node, "0123456789"), file);
	igt_require_f(!access(path, F_OK), "no %s: debugfs or what it tells of is missing\n", path);
}

char *debugfs_text(const struct mirage *dev, const char *file)
{
	char path[160];

	debugfs_path(dev, file, path, sizeof(path));
	return text_read(path);
}

unsigned int channel_count(const struct mirage *dev)
{
	return text_lines(debugfs_text(dev, "queues"), "channel ", " of ");
}

/* The only channel whose line has both words. */
static unsigned int find_channel(const struct mirage *dev, const char *queue, const char *owner)
{
	char *save, *text = debugfs_text(dev, "queues");
	unsigned int chan, result = 0, count = 0;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "channel %u:", &chan) == 1 && strstr(line, queue) &&
		    strstr(line, owner)) {
			result = chan;
			count++;
		}
	}
	igt_assert_f(count == 1, "%u channels of '%s' of '%s'\n", count, queue, owner);
	return result;
}

unsigned int channel_of_queue(const struct mirage *dev, uint32_t queue)
{
	char name[32], owner[32];

	snprintf(name, sizeof(name), ": queue %u of ", queue);
	snprintf(owner, sizeof(owner), "[%d]", getpid());
	return find_channel(dev, name, owner);
}

unsigned int channel_of_kernel(const struct mirage *dev)
{
	return find_channel(dev, ": queue ", " of kernel[");
}
