/* SPDX-License-Identifier: GPL-2.0 */
/* Queues while the device has no power. */
#ifndef MIRAGE_PARK_H
#define MIRAGE_PARK_H

#include <linux/types.h>

struct mirage_device;

int mirage_queues_park_init(struct mirage_device *mdev);
int mirage_queues_park(struct mirage_device *mdev);
void mirage_queues_unpark(struct mirage_device *mdev, bool restarted);
void mirage_queues_park_fini(struct mirage_device *mdev);

#endif /* MIRAGE_PARK_H */
