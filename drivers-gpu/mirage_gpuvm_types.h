/* SPDX-License-Identifier: GPL-2.0 */
/* The upper part of an address space, for the files that work on it. */
#ifndef MIRAGE_GPUVM_TYPES_H
#define MIRAGE_GPUVM_TYPES_H

#include <drm/drm_gpuvm.h>

/**
 * struct mirage_gpuvm - what VM_BIND has mapped in an address space
 */
struct mirage_gpuvm {
	/** @base: the mappings; mirage_vm holds a reference */
	struct drm_gpuvm base;
};

static inline struct mirage_gpuvm *to_mirage_gpuvm(struct drm_gpuvm *base)
{
	return container_of(base, struct mirage_gpuvm, base);
}

#endif /* MIRAGE_GPUVM_TYPES_H */
