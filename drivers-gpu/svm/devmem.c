// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of processes in video memory: the mirror core's callbacks.
 *
 * Ranges come from the allocator that buffer objects use (vram/vram.c), so there is one pool. The
 * core decides which pages are where, and evicts them when an object needs the room. The kernel's
 * copy queue copies.
 *
 * Video memory is in use as long as a process has pages there, which may be after its last file was
 * closed. So each range holds a runtime PM reference.
 *
 * Rejected: a buffer object for each range, as in xe. An object has a reservation, and eviction
 * would have to take it while the core holds folio locks.
 */
#include "svm/devmem.h"

#include <linux/device.h>
#include <linux/hmm_devmem.h>
#include <linux/pci.h>

#include <drm/drm_drv.h>
#include <drm/drm_managed.h>

#include <hw/pte.h>
#include <hw/queues.h>

#include "device/device.h"
#include "device/power.h"
#include "device/state.h"
#include "queue/copy.h"

static int devmem_alloc(struct hmm_devmem *devmem, unsigned int npages, u64 *offset, void **handle)
{
	struct mirage_device *mdev = hmm_devmem_priv(devmem);
	struct gpu_buddy_block *block;
	int ret;

	ret = mirage_vram_alloc_block(&mdev->vram, (u64)npages << MIRAGE_PAGE_SHIFT, &block);
	if (ret)
		return ret;
	/* The address space that asks keeps the device awake. */
	mirage_power_get_noresume(mdev);
	*offset = gpu_buddy_block_offset(block);
	*handle = block;
	return 0;
}

static void devmem_free(struct hmm_devmem *devmem, void *handle)
{
	struct mirage_device *mdev = hmm_devmem_priv(devmem);

	mirage_vram_free_block(&mdev->vram, handle);
	mirage_power_put(mdev);
}

static int devmem_copy_add(struct mirage_copy *copy, const struct hmm_devmem_copy *part,
			   bool to_device)
{
	struct mirage_copy_piece piece = {
		.to = part->offset,
		.from = part->addr | MIRAGE_PHYS_SYSTEM,
		.size = (u64)part->npages << MIRAGE_PAGE_SHIFT,
	};

	if (part->zero)
		return mirage_copy_fill(copy, part->offset, piece.size, 0);
	if (!to_device)
		swap(piece.to, piece.from);
	return mirage_copy_add(copy, &piece);
}

static struct dma_fence *devmem_copy(struct hmm_devmem *devmem,
				     const struct hmm_devmem_copy *copies, unsigned int nr_copies,
				     bool to_device)
{
	struct mirage_device *mdev = hmm_devmem_priv(devmem);
	struct mirage_copy *copy;
	unsigned int i;
	int ret = 0;

	/* It would be noticed by a time-out only. */
	if (pci_channel_offline(to_pci_dev(mdev->drm.dev)))
		return ERR_PTR(-ENODEV);
	copy = mirage_copy_begin(mdev, NULL);
	if (IS_ERR(copy))
		return ERR_CAST(copy);
	for (i = 0; i < nr_copies && !ret; i++)
		ret = devmem_copy_add(copy, &copies[i], to_device);
	if (ret) {
		mirage_copy_cancel(copy);
		return ERR_PTR(ret);
	}
	return mirage_copy_end(copy);
}

/* The memory may be there although the device is wedged, but not if it has been pulled out. */
static int devmem_read(struct hmm_devmem *devmem, u64 offset, void *to, size_t size)
{
	struct mirage_device *mdev = hmm_devmem_priv(devmem);
	int ret = -ENODEV;
	int idx;

	if (!drm_dev_enter(&mdev->drm, &idx))
		return -ENODEV;
	if (pci_device_is_present(to_pci_dev(mdev->drm.dev))) {
		memcpy_fromio(to, mdev->vram.base + offset, size);
		/* A device that has gone meanwhile returned ones. */
		if (pci_device_is_present(to_pci_dev(mdev->drm.dev)))
			ret = 0;
	}
	drm_dev_exit(idx);
	return ret;
}

static const struct hmm_devmem_ops devmem_ops = {
	.alloc = devmem_alloc,
	.free = devmem_free,
	.copy = devmem_copy,
	.read = devmem_read,
};

static void devmem_close(void *data)
{
	hmm_devmem_close(data);
}

static void devmem_put(struct drm_device *drm, void *data)
{
	hmm_devmem_put(data);
}

/**
 * mirage_devmem_init() - set up memory of processes in video memory
 * @mdev: device, running, with the kernel's copy queue
 *
 * Closed when the driver leaves the device, if mirage_device_unplug() has not closed it before.
 *
 * Context: probe.
 * Return: 0 or a negative errno
 */
int mirage_devmem_init(struct mirage_device *mdev)
{
	struct device *dev = mdev->drm.dev;
	struct hmm_devmem *devmem;
	int ret;

	devmem = hmm_devmem_create(dev, mdev->vram.size, &devmem_ops, mdev);
	if (IS_ERR(devmem))
		return PTR_ERR(devmem);
	/* devm closes it before drmm puts it. */
	ret = drmm_add_action_or_reset(&mdev->drm, devmem_put, devmem);
	if (ret)
		return ret;
	ret = devm_add_action_or_reset(dev, devmem_close, devmem);
	if (ret)
		return ret;
	mdev->vram.devmem = devmem;
	return 0;
}
