/* SPDX-License-Identifier: GPL-2.0 */
/* Validation of the objects in an address space. */
#ifndef MIRAGE_VALIDATE_H
#define MIRAGE_VALIDATE_H

struct drm_exec;
struct drm_gpuvm_bo;

int mirage_gpuvm_validate_bo(struct drm_gpuvm_bo *base, struct drm_exec *exec);

#endif /* MIRAGE_VALIDATE_H */
