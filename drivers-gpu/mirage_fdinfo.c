// SPDX-License-Identifier: GPL-2.0
/*
 * What /proc/PID/fdinfo says of an open file, in the keys of drm-usage-stats.rst.
 *
 * Copying and computing are shown as engines of their own, because that is what users ask for. The
 * device has one scheduler for both, so the two together never use more than one engine's time.
 */
#include "mirage_fdinfo.h"

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_print.h>

#include "mirage_device_types.h"
#include "mirage_file.h"
#include "mirage_queue.h"
#include "mirage_usage.h"

static const char * const fdinfo_engines[MIRAGE_USAGE_CLASSES] = {
	[MIRAGE_CHAN_COPY] = "copy",
	[MIRAGE_CHAN_COMPUTE] = "compute",
};

/* Bring the file's sums up to date. */
static void fdinfo_account(struct mirage_device *mdev, struct drm_file *file)
{
	struct mirage_file *priv = file->driver_priv;
	struct mirage_queue *queue;
	unsigned long id;
	int idx;

	if (!drm_dev_enter(&mdev->drm, &idx))
		return;

	xa_lock(&priv->queues);
	xa_for_each(&priv->queues, id, queue)
		mirage_usage_account(queue);
	xa_unlock(&priv->queues);
	drm_dev_exit(idx);
}

static void fdinfo_show_engines(struct drm_printer *p, struct drm_file *file)
{
	const struct mirage_file *priv = file->driver_priv;
	unsigned int i;

	for (i = 0; i < MIRAGE_USAGE_CLASSES; i++) {
		drm_printf(p, "drm-engine-%s:\t%llu ns\n", fdinfo_engines[i],
			   (u64)atomic64_read(&priv->usage->ns[i]));
		drm_printf(p, "drm-engine-capacity-%s:\t1\n", fdinfo_engines[i]);
	}
}

/**
 * mirage_fdinfo_show() - drm_driver.show_fdinfo
 * @p: where to
 * @file: file
 *
 * Context: process; takes the xa_lock of mirage_file.queues.
 */
void mirage_fdinfo_show(struct drm_printer *p, struct drm_file *file)
{
	fdinfo_account(to_mirage_device(file->minor->dev), file);
	fdinfo_show_engines(p, file);
}
