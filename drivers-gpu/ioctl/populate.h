/* SPDX-License-Identifier: GPL-2.0 */
/* SVM_POPULATE: mapping memory of the process before the GPU accesses it. */
#ifndef MIRAGE_POPULATE_H
#define MIRAGE_POPULATE_H

struct drm_device;
struct drm_file;

int mirage_ioctl_svm_populate(struct drm_device *drm, void *data, struct drm_file *file);

#endif /* MIRAGE_POPULATE_H */
