/* SPDX-License-Identifier: GPL-2.0 */
/* Read-only ioctls. */
#ifndef MIRAGE_QUERY_H
#define MIRAGE_QUERY_H

struct drm_device;
struct drm_file;

int mirage_ioctl_query(struct drm_device *drm, void *data, struct drm_file *file);
int mirage_ioctl_vm_stats(struct drm_device *drm, void *data, struct drm_file *file);
int mirage_ioctl_vm_faults(struct drm_device *drm, void *data, struct drm_file *file);
int mirage_ioctl_svm_query(struct drm_device *drm, void *data, struct drm_file *file);

#endif /* MIRAGE_QUERY_H */
