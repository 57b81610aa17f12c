// SPDX-License-Identifier: GPL-2.0
/*
 * Device bring-up, unplug and shutdown.
 *
 * Probe is one straight line. devm releases each resource when the driver leaves the PCI device, or
 * drmm when the last file is closed. device/state.c handles the run state, device/reset.c resets.
 *
 * Every path that ends the device blocks its DMA before it releases anything that the
 * device could touch.
 */
#include "probe.h"

#include <linux/dma-mapping.h>
#include <linux/hmm-dma.h>
#include <linux/hmm_devmem.h>
#include <linux/mm.h>

#include <drm/drm_drv.h>
#include <drm/drm_managed.h>
#include <drm/drm_print.h>

#include <hw/pci.h>

#include "bo/prime.h"
#include "bo/tt.h"
#include "bo/ttm.h"
#include "device/power.h"
#include "device/regs.h"
#include "device/reset.h"
#include "device/state.h"
#include "queue/copy.h"
#include "queue/coredump.h"
#include "queue/queue.h"
#include "recovery/context.h"
#include "recovery/reset.h"
#include "recovery/watchdog.h"
#include "svm/devmem.h"
#include "svm/service.h"
#include "vm/gpuvm.h"
#include "vm/space.h"
#include "vm/userptr.h"

/* Width of the addresses in MIRAGE_PTE_ADDR and MIRAGE_PHYS_ADDR. */
#define MIRAGE_DMA_BITS		52

/*
 * Maximum number of bind works that run at a time. Address spaces overlap while one waits for
 * another's flush. A few keep the device's command queue busy; more would only take CPU time from
 * others. Each work is bounded and requeues itself, so the address spaces take turns.
 */
#define DEVICE_BIND_WORKS	4

/* Capabilities that this driver requires. */
#define CAPS_NEEDED	(MIRAGE_REG_SET(BUS_CAPS_COPY, 1) | MIRAGE_REG_SET(BUS_CAPS_PAGE_64K, 1) | \
			 MIRAGE_REG_SET(BUS_CAPS_PAGE_2M, 1))

static const struct mirage_device_ops device_ops = {
	.event = mirage_queue_event,
	.faults = mirage_service_distribute,
	.evict = mirage_gpuvm_evict_bo,
	.vm_init = mirage_service_init,
	.vm_fini = mirage_service_fini,
};

static int device_identify(struct mirage_device *mdev)
{
	struct mirage_caps *caps = &mdev->caps;
	u32 id = mirage_reg_read(mdev, MIRAGE_REG32(BUS_ID));

	if (id != MIRAGE_BUS_ID_VALUE) {
		drm_err(&mdev->drm, "BUS_ID is %#x, that of a mirage GPU is %#x\n", id,
			MIRAGE_BUS_ID_VALUE);
		return -ENODEV;
	}
	caps->revision = mirage_reg_read(mdev, MIRAGE_REG32(BUS_REVISION));
	if (MIRAGE_REG_GET(BUS_REVISION_MAJOR, caps->revision) != MIRAGE_PCI_REVISION) {
		drm_err(&mdev->drm, "hardware revision is %u, this driver knows %u\n",
			MIRAGE_REG_GET(BUS_REVISION_MAJOR, caps->revision), MIRAGE_PCI_REVISION);
		return -ENODEV;
	}
	caps->bits = mirage_reg_read(mdev, MIRAGE_REG32(BUS_CAPS));
	if ((caps->bits & CAPS_NEEDED) != CAPS_NEEDED) {
		drm_err(&mdev->drm, "BUS_CAPS is %#x and lacks %#x of the needed %#x\n",
			caps->bits, CAPS_NEEDED & ~caps->bits, CAPS_NEEDED);
		return -ENODEV;
	}
	caps->nr_channels = mirage_reg_read(mdev, MIRAGE_REG32(BUS_NR_CHANNELS));
	caps->nr_vms = mirage_reg_read(mdev, MIRAGE_REG32(BUS_NR_VMS));
	caps->nr_vectors = mirage_reg_read(mdev, MIRAGE_REG32(BUS_NR_VECTORS));
	caps->wave_lanes = mirage_reg_read(mdev, MIRAGE_REG32(BUS_WAVE_LANES));
	caps->max_group = mirage_reg_read(mdev, MIRAGE_REG32(BUS_MAX_GROUP));
	caps->max_shared = mirage_reg_read(mdev, MIRAGE_REG32(BUS_MAX_SHARED));
	caps->max_context = mirage_reg_read(mdev, MIRAGE_REG32(BUS_MAX_CONTEXT));
	/* Faults name VMs with 16 bits; a table is one allocation. */
	if (!in_range(caps->nr_channels, 1, U16_MAX) || !in_range(caps->nr_vms, 1, U16_MAX)) {
		drm_err(&mdev->drm, "device has %u channels and %u VMs, may have 1 to %u of each\n",
			caps->nr_channels, caps->nr_vms, U16_MAX);
		return -ENODEV;
	}
	return 0;
}

/* Find out why the device cannot access memory of processes here, if so. */
static int device_check_memory(struct mirage_device *mdev)
{
	struct hmm_dma_map map = {};
	int ret;

	/* The only test of the platform that matches how mappings are made later. */
	ret = hmm_dma_map_alloc(mdev->drm.dev, &map, 1, PAGE_SIZE);
	/* A failed allocation today says nothing about the platform. */
	if (ret == -ENOMEM)
		return ret;
	if (!ret)
		hmm_dma_map_free(mdev->drm.dev, &map);
	mdev->userptr_reason = ret ? DRM_MIRAGE_REASON_DMA : DRM_MIRAGE_REASON_NONE;

	mdev->svm_reason = mdev->userptr_reason;
	if (!MIRAGE_REG_GET(BUS_CAPS_REPLAY, mdev->caps.bits))
		mdev->svm_reason = DRM_MIRAGE_REASON_HARDWARE;
	if (!mdev->options.svm)
		mdev->svm_reason = DRM_MIRAGE_REASON_DISABLED;
	return 0;
}

static const char *device_reason_text(enum drm_mirage_reason reason)
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
			   const char *name, unsigned int flags, int max_active)
{
	*wq = alloc_workqueue("%s-%s", WQ_UNBOUND | flags, max_active, name,
			      dev_name(mdev->drm.dev));
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

/* Set up everything that needs no hardware. */
static int device_init_software(struct mirage_device *mdev)
{
	int ret;

	mdev->ops = &device_ops;
	spin_lock_init(&mdev->reg_lock);
	spin_lock_init(&mdev->state_lock);
	spin_lock_init(&mdev->owner_lock);
	mirage_watchdog_init(mdev);
	mirage_power_init(mdev);

	xa_init_flags(&mdev->queues, XA_FLAGS_ALLOC);
	xa_init_flags(&mdev->vms, XA_FLAGS_ALLOC);
	init_waitqueue_head(&mdev->vm_erased);
	ret = drmm_add_action_or_reset(&mdev->drm, device_destroy_xarrays, NULL);
	if (ret)
		return ret;
	ret = mirage_quota_init(mdev);
	if (ret)
		return ret;
	ret = mirage_reset_init(mdev, mirage_recovery_work);
	if (ret)
		return ret;
	ret = mirage_coredump_init(mdev);
	if (ret)
		return ret;
	/* Serving a fault allocates, so works that reclaim waits for must not run here. */
	ret = device_alloc_wq(mdev, &mdev->fault_wq, "mirage-fault", WQ_HIGHPRI | WQ_FREEZABLE,
			      0);
	if (ret)
		return ret;
	ret = device_alloc_wq(mdev, &mdev->submit_wq, "mirage-submit", WQ_MEM_RECLAIM, 0);
	if (ret)
		return ret;
	return device_alloc_wq(mdev, &mdev->bind_wq, "mirage-bind", WQ_MEM_RECLAIM,
			       DEVICE_BIND_WORKS);
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

	ret = mirage_contexts_init(mdev);
	if (ret)
		return ret;
	ret = mirage_cmdq_init(mdev);
	if (ret)
		return ret;
	ret = mirage_event_init(mdev);
	if (ret)
		return ret;
	return mirage_fault_buffer_init(mdev);
}

static void device_wedge_action(void *data)
{
	struct mirage_device *mdev = data;

	mirage_device_wedge(mdev);
	mirage_reset_stop(mdev);
	/* A reset may have requested one. */
	mirage_coredump_stop(mdev);
}

/* Map the registers, and find out which device this is and how it reaches memory. */
static int device_init_bus(struct mirage_device *mdev)
{
	struct device *dev = mdev->drm.dev;
	struct pci_dev *pdev = to_pci_dev(dev);
	int ret;

	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	/*
	 * Width of the addresses in page-table entries and physical pointers. No CPU has memory
	 * beyond it, so nothing bounces (a mirror cannot use bounce buffers); but an IOMMU may hand
	 * out wider addresses.
	 */
	ret = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(MIRAGE_DMA_BITS));
	if (ret)
		return dev_err_probe(dev, ret, "no %u-bit DMA\n", MIRAGE_DMA_BITS);
	dma_set_max_seg_size(dev, UINT_MAX);

	mdev->regs = pcim_iomap_region(pdev, MIRAGE_BAR_REGS, "mirage-regs");
	if (IS_ERR(mdev->regs))
		return dev_err_probe(dev, PTR_ERR(mdev->regs), "cannot map the registers, BAR %d\n",
				     MIRAGE_BAR_REGS);
	ret = device_identify(mdev);
	if (ret)
		return ret;
	return device_check_memory(mdev);
}

/* Set up the managers of VRAM and of system memory. */
static int device_init_memory(struct mirage_device *mdev)
{
	int ret;

	ret = mirage_vram_init(&mdev->drm, &mdev->vram,
			       mirage_reg_read64(mdev, MIRAGE_REG_PAIR(BUS_VRAM_SIZE)));
	if (ret)
		return ret;
	ret = mirage_userptr_init(mdev);
	if (ret)
		return ret;
	/* Before TTM, which may delete imported objects as late as in its own teardown. */
	ret = mirage_prime_init(mdev);
	if (ret)
		return ret;
	return mirage_ttm_init(mdev);
}

/* Start the device, after its tables are in memory. */
static int device_init_run(struct mirage_device *mdev)
{
	struct device *dev = mdev->drm.dev;
	int ret;

	ret = mirage_irq_init(mdev);
	if (ret)
		return dev_err_probe(dev, ret, "no interrupts\n");
	/* If a later step fails, the device is blocked from DMA before memory is freed. */
	ret = devm_add_action_or_reset(dev, device_wedge_action, mdev);
	if (ret)
		return ret;
	ret = mirage_device_start(mdev);
	if (ret)
		return ret;
	ret = mirage_copy_init(mdev);
	if (ret)
		return dev_err_probe(dev, ret, "no queue for the kernel's copies\n");
	ret = mirage_devmem_init(mdev);
	if (ret)
		return dev_err_probe(dev, ret, "no memory of processes in video memory\n");
	return 0;
}

static void device_announce(struct mirage_device *mdev)
{
	drm_info(&mdev->drm,
		 "revision %u.%u, VRAM %llu MiB, %u channels, %u VMs, %u vectors, compute %s, SVM %s, userptr %s, system atomics %s\n",
		 MIRAGE_REG_GET(BUS_REVISION_MAJOR, mdev->caps.revision),
		 MIRAGE_REG_GET(BUS_REVISION_MINOR, mdev->caps.revision), mdev->vram.size >> 20,
		 mdev->caps.nr_channels, mdev->caps.nr_vms, mdev->irqs.count,
		 MIRAGE_REG_GET(BUS_CAPS_COMPUTE, mdev->caps.bits) ? "on" : "off (no engine)",
		 device_reason_text(mdev->svm_reason), device_reason_text(mdev->userptr_reason),
		 MIRAGE_REG_GET(BUS_CAPS_SYSTEM_ATOMICS, mdev->caps.bits) ? "on" :
									    "off (hardware)");
}

/**
 * mirage_device_init() - bring the hardware up
 * @mdev: device, from devm_drm_dev_alloc(), with @mdev->options filled in
 *
 * On failure, devm and drmm undo the completed steps.
 *
 * Context: probe; drm_dev_register() comes after it.
 * Return: 0 or a negative errno
 */
int mirage_device_init(struct mirage_device *mdev)
{
	int ret;

	ret = device_init_software(mdev);
	if (ret)
		return ret;
	ret = device_init_bus(mdev);
	if (ret)
		return ret;
	ret = device_init_memory(mdev);
	if (ret)
		return ret;
	ret = device_init_tables(mdev);
	if (ret)
		return ret;
	ret = device_init_run(mdev);
	if (ret)
		return ret;
	device_announce(mdev);
	return 0;
}

/* Block the device's DMA before releasing anything that it could touch, and wake all waiters. */
static void device_end(struct mirage_device *mdev)
{
	mirage_device_wedge(mdev);
	mirage_queues_wedge(mdev);
	mirage_power_give_up(mdev);
}

/* After drm_dev_unplug(): release everything that belongs to others. */
static void device_leave(struct mirage_device *mdev)
{
	mirage_irq_stop(mdev);
	mirage_watchdog_stop(mdev);
	mirage_reset_stop(mdev);
	mirage_coredump_stop(mdev);
	mirage_queues_wedge(mdev);
	mirage_vm_unplug_all(mdev);
	mirage_userptr_unplug_all(mdev);
	mirage_prime_unplug(mdev);
	mirage_tt_unplug(mdev);
	flush_workqueue(mdev->fault_wq);
	flush_workqueue(mdev->submit_wq);
	flush_workqueue(mdev->bind_wq);
}

/**
 * mirage_device_unplug() - end the driver's use of the device
 * @mdev: device
 *
 * First the device copies the memory of processes home, if it still can. Then its DMA is blocked, so
 * that the steps below free no memory that it still uses.
 * Then queues are stopped and waiters for a wake-up released: a thread between drm_dev_enter() and
 * drm_dev_exit() may wait for a job (CPU access to an object does) or for the wake-up, and
 * drm_dev_unplug() waits for that thread. After drm_dev_unplug() no thread enters any more; queues
 * created meanwhile are stopped, and mirrors closed. Files may stay open: their ioctls return
 * -ENODEV.
 *
 * Context: the PCI driver's remove().
 */
void mirage_device_unplug(struct mirage_device *mdev)
{
	hmm_devmem_close(mdev->vram.devmem);
	device_end(mdev);
	drm_dev_unplug(&mdev->drm);
	device_leave(mdev);
}

/**
 * mirage_device_abandon() - mirage_device_unplug() for a device that could not be registered
 * @mdev: device, after drm_dev_register() has failed
 *
 * One of its nodes may have existed for a moment and have been opened. DRM has cleaned up, and
 * drm_dev_enter() fails already; drm_dev_unplug() would clean up twice, and warn.
 *
 * Context: probe.
 */
void mirage_device_abandon(struct mirage_device *mdev)
{
	device_end(mdev);
	unmap_mapping_range(mdev->drm.anon_inode->i_mapping, 0, 0, 1);
	device_leave(mdev);
}

/**
 * mirage_device_shutdown() - stop the device for a system shutdown or kexec
 * @mdev: device
 *
 * The device neither runs nor touches memory any more. Mirrors stay open: closing them may wait for
 * I/O on devices that are being shut down too.
 *
 * Context: the PCI driver's shutdown(); may sleep.
 */
void mirage_device_shutdown(struct mirage_device *mdev)
{
	mirage_reset_give_up(mdev);
	mirage_irq_stop(mdev);
}
