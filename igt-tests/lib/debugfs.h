/* SPDX-License-Identifier: MIT */
/* The device's debugfs directory: its files, and what they say of channels. */
#ifndef DEBUGFS_H
#define DEBUGFS_H

#include <stddef.h>
#include <stdint.h>

#include <mirage.h>

void debugfs_path(const struct mirage *dev, const char *file, char *path, size_t size);
/* The whole of a file, until the next call of this or of text_read(). */
char *debugfs_text(const struct mirage *dev, const char *file);

/* Channels that are taken, of all processes and the kernel's own. */
unsigned int channel_count(const struct mirage *dev);
/* The channel of a queue of this process, and that of the kernel's own queue. */
unsigned int channel_of_queue(const struct mirage *dev, uint32_t queue);
unsigned int channel_of_kernel(const struct mirage *dev);

#endif /* DEBUGFS_H */
