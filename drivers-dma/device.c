// SPDX-License-Identifier: GPL-2.0
/*
 * QEMU's edu device: a DMA engine with a buffer of a page, through which a copy goes.
 *
 * Nothing is pinned. A copy takes its two addresses and its number under odp_device.lock, which
 * mm's callbacks take to clear addresses; they then wait for the copies that took addresses before.
 * That is at most one, and it is bounded: an engine that does not answer is cut off from memory.
 *
 * Suspend needs nothing: user space is frozen, so no copy runs, and the PCI core saves what the
 * engine has besides.
 */
#include "odp.h"

#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/idr.h>
#include <linux/interrupt.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>

#define EDU_REG_ID		0x00
#define EDU_REG_STATUS		0x24
#define EDU_REG_ACK		0x64
#define EDU_REG_SRC		0x80
#define EDU_REG_DST		0x88
#define EDU_REG_COUNT		0x90
#define EDU_REG_CMD		0x98
#define EDU_CMD_START		BIT(0)
#define EDU_CMD_TO_MEMORY	BIT(1)
#define EDU_CMD_IRQ		BIT(2)
#define EDU_BUFFER		0x40000

/* The engine takes 100 ms; an emulated one on a busy host may take some more. */
#define ODP_TIMEOUT		(2 * HZ)

static unsigned int dma_bits = 28;
module_param(dma_bits, uint, 0444);
MODULE_PARM_DESC(dma_bits, "address bits of the engine, those of QEMU's property dma_mask (default 28)");

static DEFINE_IDA(odp_ids);

static irqreturn_t odp_interrupt(int irq, void *data)
{
	struct odp_device *dev = data;
	u32 status = readl(dev->regs + EDU_REG_STATUS);

	if (!status)
		return IRQ_NONE;
	writel(status, dev->regs + EDU_REG_ACK);
	complete(&dev->idle);
	return IRQ_HANDLED;
}

/* One transfer. If the engine does not answer, it can no longer reach memory. */
static int odp_transfer(struct odp_device *dev, u64 src, u64 dst, unsigned int bytes, u32 cmd)
{
	lockdep_assert_held(&dev->engine);

	reinit_completion(&dev->idle);
	writeq(src, dev->regs + EDU_REG_SRC);
	writeq(dst, dev->regs + EDU_REG_DST);
	writeq(bytes, dev->regs + EDU_REG_COUNT);
	writeq(cmd | EDU_CMD_START | EDU_CMD_IRQ, dev->regs + EDU_REG_CMD);
	if (wait_for_completion_timeout(&dev->idle, ODP_TIMEOUT))
		return 0;
	pci_clear_master(dev->pdev);
	dev->broken = true;
	dev_err(&dev->pdev->dev, "the engine does not answer\n");
	return -EIO;
}

static bool odp_begin(struct odp_device *dev, const struct odp_step *step, dma_addr_t *from,
		      dma_addr_t *to)
{
	bool found;

	spin_lock(&dev->lock);
	found = odp_region_find(step->src, step->from, false, from) &&
		odp_region_find(step->dst, step->to, true, to);
	if (found)
		dev->started++;
	spin_unlock(&dev->lock);
	return found;
}

/**
 * odp_device_copy() - copy bytes within pages that were prepared
 * @dev: device
 * @step: the copy
 *
 * Context: process; sleeps for a bounded time, but for others' copies until a fatal signal.
 * Return: 0; -EAGAIN if a page has been taken away since; -ENODEV, -EIO, -EINTR
 */
int odp_device_copy(struct odp_device *dev, const struct odp_step *step)
{
	dma_addr_t from, to;
	int ret;

	if (mutex_lock_killable(&dev->engine))
		return -EINTR;
	if (dev->gone || dev->broken) {
		ret = dev->gone ? -ENODEV : -EIO;
	} else if (!odp_begin(dev, step, &from, &to)) {
		ret = -EAGAIN;
	} else {
		ret = odp_transfer(dev, from, EDU_BUFFER, step->bytes, 0);
		if (!ret)
			ret = odp_transfer(dev, EDU_BUFFER, to, step->bytes, EDU_CMD_TO_MEMORY);
		atomic64_inc_return_release(&dev->ended);
		wake_up_all(&dev->waiters);
	}
	mutex_unlock(&dev->engine);
	return ret;
}

/**
 * odp_device_wait() - wait until a copy uses its addresses no more
 * @dev: device
 * @copy: its number
 * @blockable: the caller may sleep
 *
 * Context: mm's callbacks. The copy bounds its time by itself.
 */
void odp_device_wait(struct odp_device *dev, u64 copy, bool blockable)
{
	if (blockable) {
		wait_event(dev->waiters, atomic64_read_acquire(&dev->ended) >= copy);
		return;
	}
	while (atomic64_read_acquire(&dev->ended) < copy)
		udelay(10);
}

/**
 * odp_device_free() - free a device
 * @refs: its last reference
 */
void odp_device_free(struct kref *refs)
{
	struct odp_device *dev = container_of(refs, struct odp_device, refs);

	kfree(dev->misc.name);
	ida_free(&odp_ids, dev->id);
	mutex_destroy(&dev->engine);
	mutex_destroy(&dev->files_lock);
	kfree(dev);
}

static struct odp_device *odp_device_create(struct pci_dev *pdev)
{
	struct odp_device *dev = kzalloc_obj(*dev);
	int id;

	if (!dev)
		return ERR_PTR(-ENOMEM);
	id = ida_alloc(&odp_ids, GFP_KERNEL);
	if (id < 0) {
		kfree(dev);
		return ERR_PTR(id);
	}
	kref_init(&dev->refs);
	dev->id = id;
	dev->pdev = pdev;
	mutex_init(&dev->engine);
	init_completion(&dev->idle);
	spin_lock_init(&dev->lock);
	init_waitqueue_head(&dev->waiters);
	mutex_init(&dev->files_lock);
	INIT_LIST_HEAD(&dev->files);
	dev->misc.minor = MISC_DYNAMIC_MINOR;
	dev->misc.fops = &odp_fops;
	dev->misc.parent = &pdev->dev;
	dev->misc.name = kasprintf(GFP_KERNEL, "mirage_odp%d", id);
	if (!dev->misc.name) {
		kref_put(&dev->refs, odp_device_free);
		return ERR_PTR(-ENOMEM);
	}
	return dev;
}

static int odp_start(struct odp_device *dev)
{
	struct pci_dev *pdev = dev->pdev;
	int ret;

	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(dma_bits));
	if (ret)
		return ret;
	dev->regs = pcim_iomap_region(pdev, 0, "mirage_odp");
	if (IS_ERR(dev->regs))
		return PTR_ERR(dev->regs);
	if ((readl(dev->regs + EDU_REG_ID) & 0xffff) != 0xed)
		return -ENODEV;
	ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI);
	if (ret < 0)
		return ret;
	ret = request_irq(pci_irq_vector(pdev, 0), odp_interrupt, 0, "mirage_odp", dev);
	if (ret) {
		pci_free_irq_vectors(pdev);
		return ret;
	}
	pci_set_master(pdev);
	return 0;
}

static void odp_stop(struct odp_device *dev)
{
	pci_clear_master(dev->pdev);
	free_irq(pci_irq_vector(dev->pdev, 0), dev);
	pci_free_irq_vectors(dev->pdev);
}

static int odp_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct odp_device *dev;
	int ret;

	if (dma_bits < 1 || dma_bits > 64)
		return -EINVAL;
	dev = odp_device_create(pdev);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	ret = odp_start(dev);
	if (ret)
		goto err_put;
	ret = misc_register(&dev->misc);
	if (ret)
		goto err_stop;
	pci_set_drvdata(pdev, dev);
	return 0;

err_stop:
	odp_stop(dev);
err_put:
	kref_put(&dev->refs, odp_device_free);
	return ret;
}

static void odp_remove(struct pci_dev *pdev)
{
	struct odp_device *dev = pci_get_drvdata(pdev);
	struct odp_file *file;

	misc_deregister(&dev->misc);
	mutex_lock(&dev->engine);
	dev->gone = true;
	mutex_unlock(&dev->engine);

	mutex_lock(&dev->files_lock);
	dev->closed = true;
	list_for_each_entry(file, &dev->files, node)
		odp_file_close(file);
	mutex_unlock(&dev->files_lock);

	odp_stop(dev);
	kref_put(&dev->refs, odp_device_free);
}

static const struct pci_device_id odp_ids_table[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ }
};
MODULE_DEVICE_TABLE(pci, odp_ids_table);

static struct pci_driver odp_driver = {
	.name = "mirage_odp",
	.id_table = odp_ids_table,
	.probe = odp_probe,
	.remove = odp_remove,
};
module_pci_driver(odp_driver);

MODULE_DESCRIPTION("On-demand paging for QEMU's edu device");
MODULE_LICENSE("GPL");
MODULE_VERSION(MIRAGE_VERSION);
