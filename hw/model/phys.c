// SPDX-License-Identifier: MIT
/*
 * Every access of the device to memory ends here, so here and nowhere else it
 * is decided whether the memory exists. Both kinds of memory are plain memory
 * of this process; nothing is copied through messages.
 */
#include <assert.h>

#include "device.h"
#include "phys.h"

bool phys_valid(u64 phys, u64 align)
{
	if (phys & ~(MIRAGE_PHYS_ADDR | MIRAGE_PHYS_SYSTEM))
		return false;
	return !(phys & MIRAGE_PHYS_ADDR & (align - 1));
}

void *phys_run(struct device *dev, bool system, u64 addr, u64 *len, bool write)
{
	u64 avail;
	void *p;

	assert(lock_held(&dev->lock));
	if (system) {
		if (!pci_bus_master(&dev->pci))
			return NULL;
		p = dma_find(&dev->dma, addr, write, &avail);
	} else {
		avail = addr < dev->vram.size ? dev->vram.size - addr : 0;
		p = avail ? dev->vram.host + addr : NULL;
	}
	if (p)
		*len = min_u64(*len, avail);
	return p;
}

void *phys_ptr(struct device *dev, u64 phys, u64 len, bool write)
{
	u64 run = len;
	void *p = phys_run(dev, phys & MIRAGE_PHYS_SYSTEM, phys & MIRAGE_PHYS_ADDR, &run, write);

	return run == len ? p : NULL;
}

bool phys_reachable(struct device *dev, u64 phys, u64 size)
{
	u64 addr = phys & MIRAGE_PHYS_ADDR;

	while (size) {
		u64 run = size;

		if (!phys_run(dev, phys & MIRAGE_PHYS_SYSTEM, addr, &run, true))
			return false;
		addr += run;
		size -= run;
	}
	return true;
}
