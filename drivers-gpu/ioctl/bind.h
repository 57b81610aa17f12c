/* SPDX-License-Identifier: GPL-2.0 */
/* Arguments of VM_BIND. */
#ifndef MIRAGE_IOCTL_BIND_H
#define MIRAGE_IOCTL_BIND_H

struct drm_device;
struct drm_file;

int mirage_ioctl_vm_bind(struct drm_device *drm, void *data, struct drm_file *file);

#endif /* MIRAGE_IOCTL_BIND_H */
