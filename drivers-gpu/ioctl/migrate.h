/* SPDX-License-Identifier: GPL-2.0 */
/* SVM_MIGRATE: moving memory of the process to video memory, or back. */
#ifndef MIRAGE_MIGRATE_H
#define MIRAGE_MIGRATE_H

struct drm_device;
struct drm_file;

int mirage_ioctl_svm_migrate(struct drm_device *drm, void *data, struct drm_file *file);

#endif /* MIRAGE_MIGRATE_H */
