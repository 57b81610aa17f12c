/* SPDX-License-Identifier: GPL-2.0 */
/* Above the kernel's <drm/drm_drv.h>. */
#ifndef COMPAT_DRM_DRV_H
#define COMPAT_DRM_DRV_H

#include_next <drm/drm_drv.h>

#include <compat/have.h>

/*
 * Removed in v7.3: DRIVER_GEM_GPUVA. A driver whose buffer objects have GPU mappings had to ask for their list with this
 * flag; now every GEM object has one. Delete when the oldest supported kernel is v7.3.
 */
#ifdef COMPAT_HAS_DRIVER_GEM_GPUVA
#define DRIVER_GEM (DRIVER_GEM | DRIVER_GEM_GPUVA)
#endif

#endif /* COMPAT_DRM_DRV_H */
