/* SPDX-License-Identifier: GPL-2.0 */
/* Waiting for a user fence. */
#ifndef MIRAGE_USER_FENCE_H
#define MIRAGE_USER_FENCE_H

struct drm_device;
struct drm_file;

int mirage_ioctl_wait_user_fence(struct drm_device *drm, void *data, struct drm_file *file);

#endif /* MIRAGE_USER_FENCE_H */
