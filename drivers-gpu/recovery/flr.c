// SPDX-License-Identifier: GPL-2.0
/*
 * Resets that come from outside: somebody writes to the device's file "reset", and the PCI core resets
 * the function below us (FLR, or its bus).
 *
 * Other than our own reset (device/reset.c) this one takes the content of video memory. But we are asked
 * before, and so it is a sleep and a wake-up (device/power.c): objects leave video memory, page tables and
 * the contexts of channels are kept, and all of it goes on afterwards. What cannot be kept for
 * want of memory, or because jobs hold it in video memory for longer than a minute, is not given up
 * silently: the device is lost then, and says so.
 *
 * Rejected: ending all queues and clearing all objects. It would be right, and whoever resets a device
 * that hangs would lose the work of everybody else.
 */
#include "recovery/flr.h"

#include <linux/jiffies.h>

#include <drm/drm_drv.h>
#include <drm/drm_print.h>

#include "device/device.h"
#include "device/power.h"
#include "recovery/sleep.h"
#include "device/reset.h"

/* How long jobs in a row may hold objects in video memory. Each of them takes 10 s at most. */
#define FLR_PATIENCE_MS		60000

/* A suspend can be refused while jobs are under way; this cannot, so they are waited for. */
static int flr_sleep(struct mirage_device *mdev)
{
	unsigned long until = jiffies + msecs_to_jiffies(FLR_PATIENCE_MS);
	int ret;

	/* A sleep loses its patience after 15 s. */
	do
		ret = mirage_power_sleep(mdev);
	while (ret == -EBUSY && time_before(jiffies, until));
	return ret;
}

/* Both with the device's lock held: no remove(), no suspend and no other reset meanwhile. */
static void flr_prepare(struct pci_dev *pdev)
{
	struct mirage_device *mdev = pci_get_drvdata(pdev);
	int ret;

	/* Awake until it is done. If it does not wake up it is lost, and has nothing to keep. */
	if (mirage_power_get(mdev))
		mirage_power_get_noresume(mdev);
	ret = flr_sleep(mdev);
	if (ret) {
		drm_err(&mdev->drm,
			"lost: it is reset from outside, and what it has cannot be kept, error %d\n",
			ret);
		mirage_reset_give_up(mdev);
	}
}

static void flr_done(struct pci_dev *pdev)
{
	struct mirage_device *mdev = pci_get_drvdata(pdev);

	if (!mirage_power_wake(mdev))
		drm_info(&mdev->drm, "reset from outside\n");
	mirage_power_put(mdev);
}

const struct pci_error_handlers mirage_flr_handlers = {
	.reset_prepare = flr_prepare,
	.reset_done = flr_done,
};
