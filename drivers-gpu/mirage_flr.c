// SPDX-License-Identifier: GPL-2.0
/*
 * Resets that come from outside: somebody writes to the device's file "reset", and the PCI core resets
 * the function below us (FLR, or its bus).
 *
 * Other than our own reset (mirage_reset.c) this one takes the content of video memory. But we are asked
 * before, and so it is a sleep and a wake-up (mirage_power.c): objects leave video memory, page tables and
 * the contexts of channels are kept, and all of it goes on afterwards. What cannot be kept for
 * want of memory is not given up silently: the device is lost then, and says so.
 *
 * Rejected: ending all queues and clearing all objects. It would be right, and whoever resets a device
 * that hangs would lose the work of everybody else.
 */
#include "mirage_flr.h"

#include <drm/drm_drv.h>
#include <drm/drm_print.h>

#include "mirage_device_types.h"
#include "mirage_power.h"
#include "mirage_reset.h"

/* Both with the device's lock held: no remove(), no suspend and no other reset meanwhile. */
static void flr_prepare(struct pci_dev *pdev)
{
	struct mirage_device *mdev = pci_get_drvdata(pdev);
	int ret;

	/* Awake until it is done. If it does not wake up it is lost, and has nothing to keep. */
	if (mirage_power_get(mdev))
		mirage_power_get_noresume(mdev);
	ret = mirage_power_sleep(mdev);
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
