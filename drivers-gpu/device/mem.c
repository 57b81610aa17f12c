// SPDX-License-Identifier: GPL-2.0
/*
 * System memory that the kernel and the GPU share.
 *
 * Coherent DMA memory, managed by the PCI device. DMA mappings must not outlive the driver's
 * binding to the device, but objects that own such memory (queues) live until the last file is
 * closed. So devm frees what is still allocated when the driver unbinds, and a later
 * mirage_mem_free() does nothing.
 *
 * Rejected: GEM shmem objects for rings, as in panthor. User space never maps this memory.
 */
#include "device/mem.h"

#include <linux/dma-mapping.h>

#include <drm/drm_drv.h>

#include "device/device.h"

/**
 * mirage_mem_alloc() - allocate zeroed memory that the device can reach
 * @mdev: device
 * @mem: filled
 * @size: bytes; rounded up to whole pages
 *
 * Context: may sleep and allocate.
 * Return: 0, -ENOMEM, or -ENODEV when the device is gone: resources added to an unbound PCI device
 * would prevent binding it again
 */
int mirage_mem_alloc(struct mirage_device *mdev, struct mirage_mem *mem, size_t size)
{
	int idx;

	if (!drm_dev_enter(&mdev->drm, &idx))
		return -ENODEV;
	mem->size = PAGE_ALIGN(size);
	mem->cpu = dmam_alloc_coherent(mdev->drm.dev, mem->size, &mem->dma, GFP_KERNEL);
	drm_dev_exit(idx);
	return mem->cpu ? 0 : -ENOMEM;
}

/**
 * mirage_mem_free() - free the memory
 * @mdev: device
 * @mem: memory; may be empty
 *
 * The device must not use it any more.
 *
 * Context: may sleep.
 */
void mirage_mem_free(struct mirage_device *mdev, struct mirage_mem *mem)
{
	int idx;

	if (!mem->cpu)
		return;
	if (drm_dev_enter(&mdev->drm, &idx)) {
		dmam_free_coherent(mdev->drm.dev, mem->size, mem->cpu, mem->dma);
		drm_dev_exit(idx);
	}
	mem->cpu = NULL;
}
