// SPDX-License-Identifier: GPL-2.0
/*
 * Detection of lost interrupts and lost replays.
 *
 * While the device has jobs, and only then, a delayed work checks every MIRAGE_WATCHDOG_MS what
 * interrupts would have reported: the indices of both queues, the fences, the device's state. An
 * address space that has jobs, has had faults, makes no progress between two checks and has no
 * fault being served may wait for a lost replay. It gets one more replay. On a working device that
 * has no effect, and a job without faults never gets one.
 *
 * Rejected: a timer per job. The jobs of a VM share its replays.
 */
#include "recovery/watchdog.h"

#include <drm/drm_drv.h>

#include "device/device.h"
#include "device/reset.h"
#include "mmu/vm.h"
#include "queue/queue.h"
#include "svm/service.h"

static void watchdog_look_at_vm(struct mirage_vm *vm)
{
	int progress = atomic_read(&vm->progress);

	if (atomic_read(&vm->jobs) && progress == vm->watched && !mirage_service_is_busy(vm) &&
	    atomic64_read(&vm->stats.value[DRM_MIRAGE_STAT_BATCHES]))
		mirage_service_replay(vm);
	vm->watched = progress;
}

static void watchdog_work(struct work_struct *work)
{
	struct mirage_device *mdev = container_of(work, struct mirage_device, watchdog.work.work);
	struct mirage_vm *vm;
	unsigned long id = 0;
	int idx;

	if (!atomic_read(&mdev->watchdog.jobs) || !drm_dev_enter(&mdev->drm, &idx))
		return;

	mirage_reset_check(mdev);
	mirage_fault_buffer_drain(mdev);
	mirage_event_drain(mdev);
	mirage_queues_kick(mdev);
	while ((vm = mirage_vm_next(mdev, &id))) {
		watchdog_look_at_vm(vm);
		mirage_vm_put(vm);
	}

	mirage_watchdog_start(mdev);
	drm_dev_exit(idx);
}

/**
 * mirage_watchdog_init() - set up; the work is not running
 * @mdev: device
 */
void mirage_watchdog_init(struct mirage_device *mdev)
{
	INIT_DELAYED_WORK(&mdev->watchdog.work, watchdog_work);
	atomic_set(&mdev->watchdog.jobs, 0);
}

/**
 * mirage_watchdog_stop() - stop the watchdog for good
 * @mdev: device, after drm_dev_unplug()
 *
 * Context: may sleep.
 */
void mirage_watchdog_stop(struct mirage_device *mdev)
{
	disable_delayed_work_sync(&mdev->watchdog.work);
}
