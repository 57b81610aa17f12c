/* SPDX-License-Identifier: GPL-2.0 */
/* SVM_SET_ATTR and SVM_GET_ATTR: attributes of ranges of the mirror. */
#ifndef MIRAGE_ATTR_H
#define MIRAGE_ATTR_H

struct drm_device;
struct drm_file;

int mirage_ioctl_svm_set_attr(struct drm_device *drm, void *data, struct drm_file *file);
int mirage_ioctl_svm_get_attr(struct drm_device *drm, void *data, struct drm_file *file);

#endif /* MIRAGE_ATTR_H */
