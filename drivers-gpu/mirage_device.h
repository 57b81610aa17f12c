/* SPDX-License-Identifier: GPL-2.0 */
/* The device as a whole: bring-up, loss and teardown. */
#ifndef MIRAGE_DEVICE_H
#define MIRAGE_DEVICE_H

#include <linux/pci.h>

#include "mirage_device_types.h"

int mirage_device_init(struct mirage_device *mdev);
void mirage_device_unplug(struct mirage_device *mdev);
void mirage_device_shutdown(struct mirage_device *mdev);
void mirage_device_wedge(struct mirage_device *mdev, const char *why);
void mirage_device_check(struct mirage_device *mdev);
u64 mirage_device_counter(struct mirage_device *mdev, enum mirage_reg lo);
u64 mirage_device_time(struct mirage_device *mdev);
u64 mirage_device_estimate_time(const struct mirage_device *mdev);

/**
 * mirage_device_is_lost() - does the device no longer answer?
 * @mdev: device
 *
 * Context: any.
 * Return: true once mirage_device_wedge() or mirage_device_unplug() was called
 */
static inline bool mirage_device_is_lost(const struct mirage_device *mdev)
{
	return atomic_read_acquire(&mdev->lost);
}

#endif /* MIRAGE_DEVICE_H */
