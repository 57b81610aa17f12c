/* SPDX-License-Identifier: GPL-2.0 */
/* Page tables of the GPU. */
#ifndef MIRAGE_PT_H
#define MIRAGE_PT_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "mirage_vram.h"

struct drm_printer;
struct mirage_device;

/**
 * struct mirage_pt - the page tables of one address space
 */
struct mirage_pt {
	/** @root: PD3, 8 KiB */
	struct mirage_vram_buf root;
	/**
	 * @lock: protects @dirs and the entries of PD3 and PD2, which only ever go from empty to a
	 * table. Held while memory is allocated, so never taken in map() or unmap().
	 */
	struct mutex lock;
	/** @dirs: struct mirage_pt_dir of each PD2 and PD1. Protected by @lock. */
	struct xarray dirs;
};

#endif /* MIRAGE_PT_H */
