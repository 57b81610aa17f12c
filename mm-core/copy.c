// SPDX-License-Identifier: GPL-2.0
/*
 * Copies between system and device memory.
 *
 * A migration collects its pages, the driver's device copies them in one batch, and the core waits
 * for the fence. It waits with folios locked and their entries replaced by migration entries, so
 * the driver promises that the fence depends on no job of a user and signals within a bounded time
 * (<linux/hmm_devmem.h>).
 *
 * Folios are mapped for DMA only for the copy. Rejected: an IOVA range for the batch, as for
 * blocks: it has to be allocated and freed for each migration, and most CPU faults bring few pages.
 */
#include <linux/dma-fence.h>
#include <linux/dma-mapping.h>
#include <linux/highmem.h>
#include <linux/mm.h>

#include "devmem.h"

static enum dma_data_direction hmm_copy_direction(const struct hmm_copy *copy)
{
	return copy->to_device ? DMA_TO_DEVICE : DMA_FROM_DEVICE;
}

/**
 * hmm_copy_init - start to collect copies
 * @copy: the copies
 * @devmem: device memory, entered
 * @to_device: direction
 */
void hmm_copy_init(struct hmm_copy *copy, struct hmm_devmem *devmem, bool to_device)
{
	copy->devmem = devmem;
	copy->to_device = to_device;
	copy->nr_maps = 0;
	copy->nr = 0;
}

/* Does @piece continue the last copy on both sides? */
static bool hmm_copy_joins(const struct hmm_copy *copy, const struct hmm_devmem_copy *piece)
{
	const struct hmm_devmem_copy *last;
	u64 size;

	if (!copy->nr)
		return false;
	last = &copy->copies[copy->nr - 1];
	size = (u64)last->npages << PAGE_SHIFT;
	return last->zero == piece->zero && last->offset + size == piece->offset &&
	       (piece->zero || last->addr + size == piece->addr);
}

/**
 * hmm_copy_add - add a page
 * @copy: the copies
 * @device: page in device memory
 * @system: page in system memory; NULL to fill device memory with zeroes
 *
 * At most HMM_BLOCK_PAGES calls.
 * Context: process context; folios are locked. May allocate.
 * Return: 0, or -ENOMEM if the page cannot be mapped for the device; others may still be added
 */
int hmm_copy_add(struct hmm_copy *copy, struct page *device, struct page *system)
{
	struct hmm_devmem_copy piece = {
		.offset = hmm_page_offset(device),
		.npages = 1,
		.zero = !system,
	};
	struct device *dev = copy->devmem->dev;

	if (system) {
		piece.addr = dma_map_page(dev, system, 0, PAGE_SIZE, hmm_copy_direction(copy));
		if (dma_mapping_error(dev, piece.addr))
			return -ENOMEM;
		copy->maps[copy->nr_maps++] = piece.addr;
	}

	if (hmm_copy_joins(copy, &piece))
		copy->copies[copy->nr - 1].npages++;
	else
		copy->copies[copy->nr++] = piece;
	return 0;
}

/**
 * hmm_copy_run - copy everything, and wait
 * @copy: the copies
 *
 * Context: process context; folios are locked. Sleeps and allocates.
 * Return: 0, or a negative errno: the destination's content is undefined
 */
int hmm_copy_run(struct hmm_copy *copy)
{
	struct hmm_devmem *devmem = copy->devmem;
	struct dma_fence *fence;
	int ret;

	if (!copy->nr)
		return 0;
	fence = devmem->ops->copy(devmem, copy->copies, copy->nr, copy->to_device);
	if (IS_ERR(fence))
		return PTR_ERR(fence);
	/* Not interruptible: the device accesses the folios until then */
	dma_fence_wait(fence, false);
	ret = dma_fence_get_status(fence);
	dma_fence_put(fence);
	return ret < 0 ? ret : 0;
}

/**
 * hmm_copy_by_cpu - copy a page home without the device's help
 * @copy: the copies; the device does not use them any more, hmm_copy_fini() was called
 * @device: page in device memory
 * @system: page in system memory
 *
 * Context: process context; folios are locked. Sleeps.
 * Return: 0 or a negative errno
 */
int hmm_copy_by_cpu(struct hmm_copy *copy, struct page *device, struct page *system)
{
	struct hmm_devmem *devmem = copy->devmem;
	void *to = kmap_local_page(system);
	int ret;

	ret = devmem->ops->read(devmem, hmm_page_offset(device), to, PAGE_SIZE);
	kunmap_local(to);
	return ret;
}

/**
 * hmm_copy_fini - end the DMA mappings of the copies
 * @copy: the copies; the device does not use them any more
 *
 * On the way home, the data is in system memory only after this.
 */
void hmm_copy_fini(struct hmm_copy *copy)
{
	unsigned int i;

	for (i = 0; i < copy->nr_maps; i++)
		dma_unmap_page(copy->devmem->dev, copy->maps[i], PAGE_SIZE,
			       hmm_copy_direction(copy));
	copy->nr_maps = 0;
	copy->nr = 0;
}
