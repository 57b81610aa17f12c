/* SPDX-License-Identifier: GPL-2.0 */
/* Detection of lost interrupts and lost replays. */
#ifndef MIRAGE_WATCHDOG_H
#define MIRAGE_WATCHDOG_H

struct mirage_device;

void mirage_watchdog_init(struct mirage_device *mdev);
void mirage_watchdog_stop(struct mirage_device *mdev);

#endif /* MIRAGE_WATCHDOG_H */
