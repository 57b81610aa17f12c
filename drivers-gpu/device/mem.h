/* SPDX-License-Identifier: GPL-2.0 */
/* System memory that the kernel and the GPU share: queues, rings, tables. */
#ifndef MIRAGE_MEM_H
#define MIRAGE_MEM_H

#include <linux/types.h>

#include <hw/queues.h>

struct mirage_device;

/**
 * struct mirage_mem - coherent memory, zeroed, 4 KiB aligned
 *
 * devm frees the memory when the driver unbinds from the PCI device, even if this structure is
 * still in use. So touch @cpu only between drm_dev_enter() and drm_dev_exit(), or in contexts that
 * mirage_device_unplug() waits for.
 */
struct mirage_mem {
	/** @cpu: kernel address, NULL when there is no memory */
	void *cpu;
	/** @dma: DMA address */
	dma_addr_t dma;
	/** @size: bytes */
	size_t size;
};

int mirage_mem_alloc(struct mirage_device *mdev, struct mirage_mem *mem, size_t size);
void mirage_mem_free(struct mirage_device *mdev, struct mirage_mem *mem);

/**
 * mirage_mem_phys() - the hardware's physical pointer to a byte of @mem
 * @mem: memory
 * @offset: bytes from its start, a multiple of 8
 *
 * Return: a physical pointer as defined in hw/queues.h
 */
static inline u64 mirage_mem_phys(const struct mirage_mem *mem, size_t offset)
{
	return ((u64)mem->dma + offset) | MIRAGE_PHYS_SYSTEM;
}

#endif /* MIRAGE_MEM_H */
