/* SPDX-License-Identifier: GPL-2.0 */
/* What notices that an interrupt or a replay was lost. */
#ifndef MIRAGE_WATCHDOG_H
#define MIRAGE_WATCHDOG_H

#include <linux/atomic.h>
#include <linux/workqueue.h>

struct mirage_device;
struct mirage_vm;

/**
 * struct mirage_watchdog - a delayed work that runs only while the device has jobs
 */
struct mirage_watchdog {
	/** @work: looks at queue indices and at VMs that make no progress */
	struct delayed_work work;
	/** @jobs: jobs the device has */
	atomic_t jobs;
};

void mirage_watchdog_init(struct mirage_device *mdev);
void mirage_watchdog_stop(struct mirage_device *mdev);
void mirage_watchdog_job_start(struct mirage_device *mdev, struct mirage_vm *vm);
void mirage_watchdog_job_done(struct mirage_device *mdev, struct mirage_vm *vm);

#endif /* MIRAGE_WATCHDOG_H */
