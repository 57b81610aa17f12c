/* SPDX-License-Identifier: GPL-2.0 */
/* Open files: their handles and ioctls. */
#ifndef MIRAGE_FILE_H
#define MIRAGE_FILE_H

#include <linux/types.h>
#include <linux/xarray.h>

struct drm_device;
struct drm_file;
struct mirage_queue;
struct mirage_usage;
struct mirage_vm;

/**
 * struct mirage_file - objects of one open file
 */
struct mirage_file {
	/**
	 * @vms: struct mirage_vm by handle, from 1; an entry holds a reference. Its xa_lock
	 * protects a lookup until it has its own reference.
	 */
	struct xarray vms;
	/** @queues: struct mirage_queue by handle, in the same way */
	struct xarray queues;
	/** @usage: engine time of its queues, including destroyed ones; constant */
	struct mirage_usage *usage;
};

int mirage_file_open(struct drm_device *drm, struct drm_file *file);
void mirage_file_close(struct drm_device *drm, struct drm_file *file);

struct mirage_vm *mirage_file_get_vm(struct drm_file *file, u32 id);
struct mirage_vm *mirage_file_get_mirror(struct drm_file *file, u32 id);
struct mirage_queue *mirage_file_get_queue(struct drm_file *file, u32 id);

int mirage_ioctl_vm_create(struct drm_device *drm, void *data, struct drm_file *file);
int mirage_ioctl_vm_destroy(struct drm_device *drm, void *data, struct drm_file *file);
int mirage_ioctl_queue_create(struct drm_device *drm, void *data, struct drm_file *file);
int mirage_ioctl_queue_destroy(struct drm_device *drm, void *data, struct drm_file *file);
int mirage_ioctl_queue_query(struct drm_device *drm, void *data, struct drm_file *file);

#endif /* MIRAGE_FILE_H */
