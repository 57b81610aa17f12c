/* SPDX-License-Identifier: GPL-2.0 */
/* Device bring-up, unplug and shutdown. */
#ifndef MIRAGE_DEVICE_H
#define MIRAGE_DEVICE_H

#include <linux/pci.h>

#include "device/device.h"

int mirage_device_init(struct mirage_device *mdev);
void mirage_device_unplug(struct mirage_device *mdev);
void mirage_device_abandon(struct mirage_device *mdev);
void mirage_device_shutdown(struct mirage_device *mdev);

#endif /* MIRAGE_DEVICE_H */
