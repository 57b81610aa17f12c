/* SPDX-License-Identifier: MIT */
/* Regions of the function as the client sees them: BARs and configuration space. */
#ifndef MODEL_REGION_H
#define MODEL_REGION_H

#include "util.h"

struct device;

struct region_info {
	u64 size;	/* 0: there is no such region */
	u64 mappable;	/* bytes from its start that the client can map, of device.vram.fd */
};

/** region_info() - about region @index (VFIO_PCI_*_REGION_INDEX). */
struct region_info region_info(const struct device *dev, u32 index);

/**
 * region_read() - @len bytes at @offset of region @index.
 * Context: transport thread; takes the device's lock. Returns 0, or -EINVAL if they do
 * not all lie in a region.
 */
int region_read(struct device *dev, u32 index, u64 offset, u32 len, u8 *data);

/** region_write() - likewise, with all effects. */
int region_write(struct device *dev, u32 index, u64 offset, u32 len, const u8 *data);

#endif /* MODEL_REGION_H */
