/* SPDX-License-Identifier: GPL-2.0 */
/* System suspend and resume, and runtime suspend of a device that is not in use. */
#ifndef MIRAGE_SLEEP_H
#define MIRAGE_SLEEP_H

#include <linux/pm.h>

struct mirage_device;

extern const struct dev_pm_ops mirage_power_ops;

/* For resets in which the device loses all its state. */
int mirage_power_sleep(struct mirage_device *mdev);
int mirage_power_wake(struct mirage_device *mdev);

#endif /* MIRAGE_SLEEP_H */
