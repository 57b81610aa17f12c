/* SPDX-License-Identifier: GPL-2.0 */
/* Suspend and resume: of the whole machine, and of a device that nobody uses. */
#ifndef MIRAGE_SLEEP_H
#define MIRAGE_SLEEP_H

#include <linux/pm.h>

struct mirage_device;

extern const struct dev_pm_ops mirage_power_ops;

/* For those who reset the device so that it loses all it has. */
int mirage_power_sleep(struct mirage_device *mdev);
int mirage_power_wake(struct mirage_device *mdev);

#endif /* MIRAGE_SLEEP_H */
