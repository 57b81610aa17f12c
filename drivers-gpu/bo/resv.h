/* SPDX-License-Identifier: GPL-2.0 */
/* A reservation shared by private objects. */
#ifndef MIRAGE_RESV_H
#define MIRAGE_RESV_H

struct drm_device;
struct drm_gem_object;
struct ttm_lru_bulk_move;

struct drm_gem_object *mirage_resv_alloc(struct drm_device *drm);
struct ttm_lru_bulk_move *mirage_resv_lru(struct drm_gem_object *obj);

#endif /* MIRAGE_RESV_H */
