/* SPDX-License-Identifier: GPL-2.0 */
/* The device's run state. */
#ifndef MIRAGE_STATE_H
#define MIRAGE_STATE_H

#include "device/device.h"

int mirage_device_start(struct mirage_device *mdev);
bool mirage_device_stop(struct mirage_device *mdev);
void mirage_device_wedge(struct mirage_device *mdev);

u64 mirage_device_counter(struct mirage_device *mdev, unsigned int index);
u64 mirage_device_time(struct mirage_device *mdev);
u64 mirage_device_estimate_time(const struct mirage_device *mdev);

/**
 * mirage_device_is_running() - may the device touch memory?
 * @mdev: device
 *
 * Context: any.
 * Return: false while it is blocked from DMA: for a reset, for a suspend, or for good
 */
static inline bool mirage_device_is_running(const struct mirage_device *mdev)
{
	return atomic_read_acquire(&mdev->state) == MIRAGE_DEVICE_RUNNING;
}

/**
 * mirage_device_is_wedged() - will the device never run again?
 * @mdev: device
 *
 * Context: any.
 * Return: true once a reset has failed, the device has left the bus, or the driver has unbound
 */
static inline bool mirage_device_is_wedged(const struct mirage_device *mdev)
{
	return atomic_read_acquire(&mdev->state) == MIRAGE_DEVICE_WEDGED;
}

#endif /* MIRAGE_STATE_H */
