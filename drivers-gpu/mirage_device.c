// SPDX-License-Identifier: GPL-2.0
/*
 * The device as a whole: bring-up, loss and teardown.
 *
 * Bring-up is one straight line; whatever it acquires goes back by devm when the
 * driver leaves the PCI device, or by drmm when the last file is closed.
 *
 * The device may touch memory from the moment it is enabled until it is cut off: ENABLE
 * cleared and bus mastering off. All that ends its life goes through that cut, before
 * anything it could touch is given back: unplug, and loss (a device that does not
 * answer). Both may happen while notifiers wait for a flush, in contexts that must not
 * sleep; so the cut takes a spinlock only, and telling the queues is left to a work.
 *
 * Rejected: a reset to revive a lost device. Every queue and mapping would have to be
 * made again; that comes with suspend and resume, which need the same.
 */
#include "mirage_device.h"

#include <linux/dma-mapping.h>
#include <linux/hmm-dma.h>
#include <linux/iopoll.h>
#include <linux/ktime.h>

#include <drm/drm_drv.h>
#include <drm/drm_managed.h>
#include <drm/drm_print.h>

#include <hw/pci.h>

#include "mirage_queue.h"
#include "mirage_regs.h"
#include "mirage_vm.h"

#define RESET_POLL_US		100
#define RESET_TIMEOUT_US	(5 * USEC_PER_SEC)

/* Width of the addresses in MIRAGE_PTE_ADDR and MIRAGE_PHYS_ADDR. */
#define MIRAGE_DMA_BITS		52

/* What this driver cannot do without. */
#define CAPS_NEEDED	(MIRAGE_REG_SET(BUS_CAPS_COPY, 1) | MIRAGE_REG_SET(BUS_CAPS_PAGE_64K, 1) | \
			 MIRAGE_REG_SET(BUS_CAPS_PAGE_2M, 1))

/**
 * mirage_device_counter() - a 64-bit counter of the device
 * @mdev: device, between drm_dev_enter() and drm_dev_exit()
 * @lo: its low half, MIRAGE_PERF_*
 *
 * Context: any but hard interrupts; takes mirage_device.reg_lock.
 */
u64 mirage_device_counter(struct mirage_device *mdev, enum mirage_reg lo)
{
	return mirage_reg_read64(mdev, lo);
}

/**
 * mirage_device_time() - the device's clock
 * @mdev: device, between drm_dev_enter() and drm_dev_exit()
 *
 * Context: any but hard interrupts; takes mirage_device.reg_lock.
 * Return: nanoseconds since reset
 */
u64 mirage_device_time(struct mirage_device *mdev)
{
	return mirage_reg_read64(mdev, MIRAGE_BUS_TIME_LO);
}

/**
 * mirage_device_estimate_time() - the device's clock without asking the device
 * @mdev: device
 *
 * Good to about the time of a register access, which is good enough for statistics.
 *
 * Return: nanoseconds since reset
 */
u64 mirage_device_estimate_time(const struct mirage_device *mdev)
{
	return ktime_get_ns() - mdev->time_offset;
}

/* Cut the device off from memory, once; true for the caller that did. */
static bool device_cut(struct mirage_device *mdev)
{
	bool cut = false;

	spin_lock(&mdev->lost_lock);
	if (!atomic_read(&mdev->lost)) {
		mirage_reg_write(mdev, MIRAGE_INTR_ENABLE, 0);
		mirage_reg_write(mdev, MIRAGE_BUS_CTRL, 0);
		/* The read is back when the write has taken effect. */
		mirage_reg_read(mdev, MIRAGE_BUS_CTRL);
		pci_clear_master(to_pci_dev(mdev->drm.dev));
		/* Release: who sees it lost knows that it is cut off. */
		atomic_set_release(&mdev->lost, 1);
		cut = true;
	}
	spin_unlock(&mdev->lost_lock);
	return cut;
}

static void device_lost_work(struct work_struct *work)
{
	struct mirage_device *mdev = container_of(work, struct mirage_device, lost_work);

	mirage_queues_lost(mdev);
}

/**
 * mirage_device_wedge() - give the device up
 * @mdev: device, between drm_dev_enter() and drm_dev_exit()
 * @why: for the log
 *
 * When it returns the device has no access to memory. Queues are told by a work soon after.
 *
 * Context: any but hard interrupts; takes mirage_device.lost_lock.
 */
void mirage_device_wedge(struct mirage_device *mdev, const char *why)
{
	if (!device_cut(mdev))
		return;
	drm_err(&mdev->drm, "device lost: %s; cut off from memory, every queue stops\n", why);
	/* Not on our own: services that wait for I/O may fill it, and waiters must be told. */
	queue_work(system_dfl_wq, &mdev->lost_work);
}

/**
 * mirage_device_check() - see whether the device halted by itself
 * @mdev: device, between drm_dev_enter() and drm_dev_exit()
 *
 * Context: any but hard interrupts.
 */
void mirage_device_check(struct mirage_device *mdev)
{
	u32 status;

	if (mirage_device_is_lost(mdev))
		return;
	status = mirage_reg_read(mdev, MIRAGE_BUS_STATUS);
	if (status == ~0u) {
		mirage_device_wedge(mdev, "it has left the bus");
	} else if (MIRAGE_REG_GET(BUS_STATUS_HALTED, status)) {
		drm_err(&mdev->drm, "halted, error %u\n",
			mirage_reg_read(mdev, MIRAGE_BUS_ERROR));
		mirage_device_wedge(mdev, "it halted");
	}
}

static int device_identify(struct mirage_device *mdev)
{
	struct mirage_caps *caps = &mdev->caps;
	u32 id = mirage_reg_read(mdev, MIRAGE_BUS_ID);

	if (id != MIRAGE_BUS_ID_VALUE) {
		drm_err(&mdev->drm, "BUS_ID is %#x, not a mirage GPU\n", id);
		return -ENODEV;
	}
	caps->revision = mirage_reg_read(mdev, MIRAGE_BUS_REVISION);
	if (MIRAGE_REG_GET(BUS_REVISION_MAJOR, caps->revision) != MIRAGE_PCI_REVISION) {
		drm_err(&mdev->drm, "hardware revision %u is not known to this driver\n",
			MIRAGE_REG_GET(BUS_REVISION_MAJOR, caps->revision));
		return -ENODEV;
	}
	caps->bits = mirage_reg_read(mdev, MIRAGE_BUS_CAPS);
	if ((caps->bits & CAPS_NEEDED) != CAPS_NEEDED) {
		drm_err(&mdev->drm, "BUS_CAPS is %#x and lacks some of %#x\n", caps->bits,
			CAPS_NEEDED);
		return -ENODEV;
	}
	caps->nr_channels = mirage_reg_read(mdev, MIRAGE_BUS_NR_CHANNELS);
	caps->nr_vms = mirage_reg_read(mdev, MIRAGE_BUS_NR_VMS);
	caps->nr_vectors = mirage_reg_read(mdev, MIRAGE_BUS_NR_VECTORS);
	caps->wave_lanes = mirage_reg_read(mdev, MIRAGE_BUS_WAVE_LANES);
	caps->max_group = mirage_reg_read(mdev, MIRAGE_BUS_MAX_GROUP);
	caps->max_shared = mirage_reg_read(mdev, MIRAGE_BUS_MAX_SHARED);
	/* Faults name VMs with 16 bits; a table is one allocation. */
	if (!in_range(caps->nr_channels, 1, U16_MAX) || !in_range(caps->nr_vms, 1, U16_MAX)) {
		drm_err(&mdev->drm, "%u channels and %u VMs make no sense\n", caps->nr_channels,
			caps->nr_vms);
		return -ENODEV;
	}
	return 0;
}

static int device_reset(struct mirage_device *mdev)
{
	u32 value;
	int ret;

	mirage_reg_write(mdev, MIRAGE_BUS_RESET, 1);
	ret = readl_poll_timeout(mdev->regs + MIRAGE_BUS_RESET, value, !value, RESET_POLL_US,
				 RESET_TIMEOUT_US);
	if (ret)
		drm_err(&mdev->drm, "reset does not end\n");
	return ret;
}

/* Why processes cannot be mirrored here, if so. */
static enum drm_mirage_reason device_svm_reason(struct mirage_device *mdev)
{
	struct hmm_dma_map map = {};
	int ret;

	if (!mdev->options.svm)
		return DRM_MIRAGE_REASON_DISABLED;
	if (!MIRAGE_REG_GET(BUS_CAPS_REPLAY, mdev->caps.bits))
		return DRM_MIRAGE_REASON_HARDWARE;
	/* The one test of the platform that means what mappings will meet. */
	ret = hmm_dma_map_alloc(mdev->drm.dev, &map, 1, PAGE_SIZE);
	if (ret)
		return DRM_MIRAGE_REASON_DMA;
	hmm_dma_map_free(mdev->drm.dev, &map);
	return DRM_MIRAGE_REASON_NONE;
}

static const char *device_svm_text(enum drm_mirage_reason reason)
{
	switch (reason) {
	case DRM_MIRAGE_REASON_NONE:
		return "on";
	case DRM_MIRAGE_REASON_HARDWARE:
		return "off (the device's faults are not replayable)";
	case DRM_MIRAGE_REASON_KERNEL:
		return "off (not in this kernel)";
	case DRM_MIRAGE_REASON_DISABLED:
		return "off (module parameter)";
	case DRM_MIRAGE_REASON_DMA:
		return "off (system memory needs bouncing on this platform)";
	}
	return "off";
}

static void device_destroy_wq(struct drm_device *drm, void *wq)
{
	destroy_workqueue(wq);
}

static int device_alloc_wq(struct mirage_device *mdev, struct workqueue_struct **wq,
			   const char *name, unsigned int flags)
{
	*wq = alloc_workqueue("%s-%s", WQ_UNBOUND | flags, 0, name, dev_name(mdev->drm.dev));
	if (!*wq)
		return -ENOMEM;
	return drmm_add_action_or_reset(&mdev->drm, device_destroy_wq, *wq);
}

static void device_destroy_xarrays(struct drm_device *drm, void *unused)
{
	struct mirage_device *mdev = to_mirage_device(drm);

	xa_destroy(&mdev->queues);
	xa_destroy(&mdev->vms);
}

/* Everything that is memory and nothing else. */
static int device_init_software(struct mirage_device *mdev)
{
	int ret;

	spin_lock_init(&mdev->reg_lock);
	spin_lock_init(&mdev->lost_lock);
	INIT_WORK(&mdev->lost_work, device_lost_work);
	mirage_watchdog_init(mdev);

	xa_init_flags(&mdev->queues, XA_FLAGS_ALLOC);
	xa_init_flags(&mdev->vms, XA_FLAGS_ALLOC);
	init_waitqueue_head(&mdev->vm_erased);
	ret = drmm_add_action_or_reset(&mdev->drm, device_destroy_xarrays, NULL);
	if (ret)
		return ret;
	/* Serving a fault allocates, so nothing that reclaim waits for may run there. */
	ret = device_alloc_wq(mdev, &mdev->fault_wq, "mirage-fault", WQ_HIGHPRI);
	if (ret)
		return ret;
	return device_alloc_wq(mdev, &mdev->submit_wq, "mirage-submit", WQ_MEM_RECLAIM);
}

static int device_init_tables(struct mirage_device *mdev)
{
	int ret;

	ret = mirage_mem_alloc(mdev, &mdev->status_mem, sizeof(*mdev->status));
	if (ret)
		return ret;
	mdev->status = mdev->status_mem.cpu;
	ret = mirage_mem_alloc(mdev, &mdev->chan_mem,
			       mdev->caps.nr_channels * sizeof(*mdev->chans));
	if (ret)
		return ret;
	mdev->chans = mdev->chan_mem.cpu;
	ret = mirage_mem_alloc(mdev, &mdev->vm_mem, mdev->caps.nr_vms * sizeof(*mdev->vm_table));
	if (ret)
		return ret;
	mdev->vm_table = mdev->vm_mem.cpu;

	ret = mirage_cmdq_init(mdev);
	if (ret)
		return ret;
	ret = mirage_event_init(mdev);
	if (ret)
		return ret;
	return mirage_fault_init(mdev);
}

static void device_write_queues(struct mirage_device *mdev)
{
	mirage_reg_write64(mdev, MIRAGE_QUEUE_STATUS_LO, mirage_mem_phys(&mdev->status_mem, 0));
	mirage_reg_write64(mdev, MIRAGE_QUEUE_CMD_LO, mirage_mem_phys(&mdev->cmdq.mem, 0));
	mirage_reg_write(mdev, MIRAGE_QUEUE_CMD_ORDER, mdev->cmdq.order);
	mirage_reg_write64(mdev, MIRAGE_QUEUE_FAULT_LO, mirage_mem_phys(&mdev->faults.mem, 0));
	mirage_reg_write(mdev, MIRAGE_QUEUE_FAULT_ORDER, mdev->faults.order);
	mirage_reg_write64(mdev, MIRAGE_QUEUE_EVENT_LO, mirage_mem_phys(&mdev->events.mem, 0));
	mirage_reg_write(mdev, MIRAGE_QUEUE_EVENT_ORDER, mdev->events.order);
	mirage_reg_write64(mdev, MIRAGE_QUEUE_CHAN_TABLE_LO, mirage_mem_phys(&mdev->chan_mem, 0));
	mirage_reg_write64(mdev, MIRAGE_QUEUE_VM_TABLE_LO, mirage_mem_phys(&mdev->vm_mem, 0));
}

static void device_cut_action(void *data)
{
	struct mirage_device *mdev = data;

	device_cut(mdev);
	/* Whoever cuts queues it, so this was the last time that anybody could. */
	disable_work_sync(&mdev->lost_work);
}

static int device_enable(struct mirage_device *mdev)
{
	struct pci_dev *pdev = to_pci_dev(mdev->drm.dev);
	u64 before;
	int ret;

	device_write_queues(mdev);
	mdev->status->fault_armed = cpu_to_le32(1);
	mdev->status->event_armed = cpu_to_le32(1);

	/* Whatever fails from here on, the device is cut off before memory goes back. */
	pci_set_master(pdev);
	ret = devm_add_action_or_reset(mdev->drm.dev, device_cut_action, mdev);
	if (ret)
		return ret;
	mirage_reg_write(mdev, MIRAGE_BUS_CTRL, MIRAGE_REG_SET(BUS_CTRL_ENABLE, 1));
	if (!MIRAGE_REG_GET(BUS_STATUS_ENABLED, mirage_reg_read(mdev, MIRAGE_BUS_STATUS))) {
		drm_err(&mdev->drm, "not enabled, error %u\n",
			mirage_reg_read(mdev, MIRAGE_BUS_ERROR));
		return -EIO;
	}

	before = ktime_get_ns();
	mdev->time_offset = mirage_device_time(mdev);
	mdev->time_offset = (before + ktime_get_ns()) / 2 - mdev->time_offset;

	/* The first command shows that the device reaches memory. */
	return mirage_cmdq_wait(mdev, mirage_cmdq_invalidate_all(mdev, 0), true);
}

/**
 * mirage_device_init() - bring the hardware up
 * @mdev: device, from devm_drm_dev_alloc(), with @mdev->options filled in
 *
 * When it fails, devm and drmm undo what was done.
 *
 * Context: probe; drm_dev_register() comes after it.
 * Return: 0 or a negative errno
 */
int mirage_device_init(struct mirage_device *mdev)
{
	struct device *dev = mdev->drm.dev;
	struct pci_dev *pdev = to_pci_dev(dev);
	int ret;

	ret = device_init_software(mdev);
	if (ret)
		return ret;

	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	/*
	 * What a page-table entry and a physical pointer hold. No CPU has memory beyond it, so
	 * nothing bounces, which a mirror could not have; but an IOMMU has such addresses to give.
	 */
	ret = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(MIRAGE_DMA_BITS));
	if (ret)
		return dev_err_probe(dev, ret, "no %u-bit DMA\n", MIRAGE_DMA_BITS);
	dma_set_max_seg_size(dev, UINT_MAX);

	mdev->regs = pcim_iomap_region(pdev, MIRAGE_BAR_REGS, "mirage-regs");
	if (IS_ERR(mdev->regs))
		return dev_err_probe(dev, PTR_ERR(mdev->regs), "cannot map registers\n");
	ret = device_identify(mdev);
	if (ret)
		return ret;
	ret = device_reset(mdev);
	if (ret)
		return ret;
	ret = mirage_vram_init(mdev);
	if (ret)
		return ret;
	ret = mirage_ttm_init(mdev);
	if (ret)
		return ret;
	ret = device_init_tables(mdev);
	if (ret)
		return ret;
	ret = mirage_irq_init(mdev);
	if (ret)
		return dev_err_probe(dev, ret, "no interrupts\n");
	ret = device_enable(mdev);
	if (ret)
		return ret;
	ret = mirage_copy_init(mdev);
	if (ret)
		return dev_err_probe(dev, ret, "no queue for the kernel's copies\n");

	mdev->svm_reason = device_svm_reason(mdev);
	drm_info(&mdev->drm,
		 "revision %u.%u, VRAM %llu MiB, %u channels, %u VMs, %u vectors, compute %s, SVM %s, system atomics %s\n",
		 MIRAGE_REG_GET(BUS_REVISION_MAJOR, mdev->caps.revision),
		 MIRAGE_REG_GET(BUS_REVISION_MINOR, mdev->caps.revision), mdev->vram.size >> 20,
		 mdev->caps.nr_channels, mdev->caps.nr_vms, mdev->irqs.count,
		 MIRAGE_REG_GET(BUS_CAPS_COMPUTE, mdev->caps.bits) ? "on" : "off (no engine)",
		 device_svm_text(mdev->svm_reason),
		 MIRAGE_REG_GET(BUS_CAPS_SYSTEM_ATOMICS, mdev->caps.bits) ? "on" :
									    "off (hardware)");
	return 0;
}

/**
 * mirage_device_unplug() - the driver leaves the device
 * @mdev: device
 *
 * First the device is cut off, so that nothing below gives memory back that it could touch; then
 * nobody enters any more; then queues are told and mirrors closed. Files
 * may stay open: their ioctls return -ENODEV.
 *
 * Context: the PCI driver's remove().
 */
void mirage_device_unplug(struct mirage_device *mdev)
{
	device_cut(mdev);
	drm_dev_unplug(&mdev->drm);
	mirage_irq_stop(mdev);
	mirage_watchdog_stop(mdev);
	disable_work_sync(&mdev->lost_work);
	mirage_queues_lost(mdev);
	mirage_vm_unplug_all(mdev);
	mirage_ttm_unplug(mdev);
	flush_workqueue(mdev->fault_wq);
	flush_workqueue(mdev->submit_wq);
}

/**
 * mirage_device_shutdown() - the machine goes down, or another kernel takes over
 * @mdev: device
 *
 * The device neither runs nor touches memory any more. Nothing else: to close mirrors may mean to
 * wait for I/O, whose devices are going as well.
 *
 * Context: the PCI driver's shutdown(); may sleep.
 */
void mirage_device_shutdown(struct mirage_device *mdev)
{
	if (device_cut(mdev))
		queue_work(system_dfl_wq, &mdev->lost_work);
	mirage_irq_stop(mdev);
}
