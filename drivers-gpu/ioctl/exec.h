/* SPDX-License-Identifier: GPL-2.0 */
/* The exec ioctl. */
#ifndef MIRAGE_EXEC_H
#define MIRAGE_EXEC_H

struct drm_device;
struct drm_file;

int mirage_ioctl_exec(struct drm_device *drm, void *data, struct drm_file *file);

#endif /* MIRAGE_EXEC_H */
