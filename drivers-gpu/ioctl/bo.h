/* SPDX-License-Identifier: GPL-2.0 */
/* Buffer objects: arguments and handles. */
#ifndef MIRAGE_IOCTL_BO_H
#define MIRAGE_IOCTL_BO_H

struct drm_device;
struct drm_file;
struct drm_mode_create_dumb;

int mirage_ioctl_bo_create(struct drm_device *drm, void *data, struct drm_file *file);
int mirage_ioctl_bo_userptr(struct drm_device *drm, void *data, struct drm_file *file);
int mirage_ioctl_bo_mmap(struct drm_device *drm, void *data, struct drm_file *file);
int mirage_ioctl_bo_madvise(struct drm_device *drm, void *data, struct drm_file *file);
int mirage_ioctl_bo_query(struct drm_device *drm, void *data, struct drm_file *file);
int mirage_ioctl_bo_label(struct drm_device *drm, void *data, struct drm_file *file);
int mirage_ioctl_bo_wait(struct drm_device *drm, void *data, struct drm_file *file);
int mirage_bo_dumb_create(struct drm_file *file, struct drm_device *drm,
			  struct drm_mode_create_dumb *args);

#endif /* MIRAGE_IOCTL_BO_H */
