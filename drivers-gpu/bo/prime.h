/* SPDX-License-Identifier: GPL-2.0 */
/* Buffer objects shared with other drivers and devices as dma-bufs. */
#ifndef MIRAGE_PRIME_H
#define MIRAGE_PRIME_H

#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct dma_buf;
struct drm_device;
struct drm_gem_object;
struct mirage_bo;
struct mirage_device;

/**
 * struct mirage_prime - exported and imported objects of a device
 */
struct mirage_prime {
	/**
	 * @lock: protects @bos and mirage_bo.prime_node, and keeps objects on @bos from being
	 * freed. A dma_resv may be taken inside; never taken under one.
	 */
	struct mutex lock;
	/** @bos: exported and imported objects. Protected by @lock. */
	struct list_head bos;
};

int mirage_prime_init(struct mirage_device *mdev);
void mirage_prime_unplug(struct mirage_device *mdev);

/* Exporter. */
struct dma_buf *mirage_prime_export(struct drm_gem_object *gem, int flags);
bool mirage_prime_is_exported(const struct dma_buf *dma_buf);
bool mirage_prime_wants_system(const struct mirage_bo *bo);
void mirage_prime_moving(struct mirage_bo *bo);

/* Importer. */
struct drm_gem_object *mirage_prime_import(struct drm_device *drm, struct dma_buf *dma_buf);
int mirage_prime_map(struct mirage_bo *bo);
void mirage_prime_unmap(struct mirage_bo *bo);
int mirage_prime_sleep(struct mirage_device *mdev);
void mirage_prime_destroy(struct mirage_bo *bo);
int mirage_prime_mmap(struct drm_gem_object *gem, struct vm_area_struct *vma);

#endif /* MIRAGE_PRIME_H */
