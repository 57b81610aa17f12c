// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: mirage, a DRM driver for the mirage GPU
 *
 * The GPU uses a process's own addresses. It faults on pages that it has not mapped yet, and the
 * mirror core (hmm_mirror) brings them in.
 *
 * Each folder is a layer, and a layer uses only those below it (lab/checks/dependencies). A lower
 * layer calls an upper one through registered operations: struct mirage_device_ops, set in probe.c,
 * and struct mirage_bo_ops.
 *
 *   drv.c      module, PCI glue, table of ioctls
 *   probe.c    bring-up and unplug: the one file that knows all layers
 *   debug/     debugfs, fdinfo, injection of failures
 *   recovery/  the reset's work, suspend and resume, FLR, the watchdog
 *   ioctl/     arguments and handles
 *   svm/       memory of processes: the mirror's callbacks, fault service, prefetch
 *   vm/        address spaces as a whole, VM_BIND, validation, userptrs
 *   bo/        buffer objects: TTM, moves, eviction, PRIME
 *   queue/     channels, jobs, fences, the kernel's copies, core dumps
 *   mmu/       page-table entries and tables, and an address space as queues know it
 *   device/    registers, rings in memory, interrupts, the run state, power
 *   vram/      video memory: the allocator, the accessors, the backup for suspend
 */
#include <linux/module.h>
#include <linux/pci.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_ioctl.h>
#include <drm/drm_print.h>
#include <drm/mirage_drm.h>

#include <hw/pci.h>

#include "bo/bo.h"
#include "bo/prime.h"
#include "debug/debugfs.h"
#include "debug/fdinfo.h"
#include "device/power.h"
#include "ioctl/bind.h"
#include "ioctl/bo.h"
#include "ioctl/exec.h"
#include "ioctl/file.h"
#include "ioctl/attr.h"
#include "ioctl/migrate.h"
#include "ioctl/populate.h"
#include "ioctl/query.h"
#include "ioctl/user_fence.h"
#include "probe.h"
#include "queue/queue.h"
#include "recovery/flr.h"
#include "recovery/sleep.h"
#include "vm/bind.h"
#include "vm/gpuvm.h"
#include "vm/userptr.h"

#define MIRAGE_FAULT_ORDER_MIN	1
#define MIRAGE_FAULT_ORDER_MAX	16

static bool mirage_svm = true;
module_param_named(svm, mirage_svm, bool, 0444);
MODULE_PARM_DESC(svm, "Let the GPU use the memory of processes (default: on)");

static unsigned int mirage_fault_order = 11;
module_param_named(fault_order, mirage_fault_order, uint, 0444);
MODULE_PARM_DESC(fault_order, "log2 of the fault buffer's entries, 1 to 16 (default: 11)");

static const struct drm_ioctl_desc mirage_ioctls[] = {
	DRM_IOCTL_DEF_DRV(MIRAGE_QUERY, mirage_ioctl_query, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(MIRAGE_VM_CREATE, mirage_ioctl_vm_create, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(MIRAGE_VM_DESTROY, mirage_ioctl_vm_destroy, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(MIRAGE_VM_STATS, mirage_ioctl_vm_stats, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(MIRAGE_VM_FAULTS, mirage_ioctl_vm_faults, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(MIRAGE_SVM_QUERY, mirage_ioctl_svm_query, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(MIRAGE_SVM_POPULATE, mirage_ioctl_svm_populate, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(MIRAGE_SVM_MIGRATE, mirage_ioctl_svm_migrate, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(MIRAGE_SVM_SET_ATTR, mirage_ioctl_svm_set_attr, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(MIRAGE_SVM_GET_ATTR, mirage_ioctl_svm_get_attr, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(MIRAGE_QUEUE_CREATE, mirage_ioctl_queue_create, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(MIRAGE_QUEUE_DESTROY, mirage_ioctl_queue_destroy, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(MIRAGE_QUEUE_QUERY, mirage_ioctl_queue_query, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(MIRAGE_EXEC, mirage_ioctl_exec, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(MIRAGE_WAIT_USER_FENCE, mirage_ioctl_wait_user_fence, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(MIRAGE_BO_CREATE, mirage_ioctl_bo_create, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(MIRAGE_BO_USERPTR, mirage_ioctl_bo_userptr, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(MIRAGE_BO_MMAP, mirage_ioctl_bo_mmap, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(MIRAGE_BO_MADVISE, mirage_ioctl_bo_madvise, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(MIRAGE_BO_QUERY, mirage_ioctl_bo_query, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(MIRAGE_BO_LABEL, mirage_ioctl_bo_label, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(MIRAGE_BO_WAIT, mirage_ioctl_bo_wait, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(MIRAGE_VM_BIND, mirage_ioctl_vm_bind, DRM_RENDER_ALLOW),
};

static const struct file_operations mirage_fops = {
	.owner = THIS_MODULE,
	.open = drm_open,
	.release = drm_release,
	.unlocked_ioctl = drm_ioctl,
	.compat_ioctl = drm_compat_ioctl,
	.mmap = drm_gem_mmap,
	.poll = drm_poll,
	.read = drm_read,
	.llseek = noop_llseek,
	.show_fdinfo = drm_show_fdinfo,
	.fop_flags = FOP_UNSIGNED_OFFSET,
};

static const struct drm_driver mirage_drm_driver = {
	.driver_features = DRIVER_GEM | DRIVER_RENDER | DRIVER_SYNCOBJ |
			   DRIVER_SYNCOBJ_TIMELINE,
	.name = "mirage",
	.desc = "mirage GPU",
	.major = 2,
	.minor = 0,
	.gem_prime_import = mirage_prime_import,
	.fops = &mirage_fops,
	.ioctls = mirage_ioctls,
	.num_ioctls = ARRAY_SIZE(mirage_ioctls),
	.open = mirage_file_open,
	.postclose = mirage_file_close,
	.show_fdinfo = mirage_fdinfo_show,
	.debugfs_init = mirage_debugfs_init,
	.dumb_create = mirage_bo_dumb_create,
};

static int mirage_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct mirage_device *mdev;
	int ret;

	if (!in_range(mirage_fault_order, MIRAGE_FAULT_ORDER_MIN,
		      MIRAGE_FAULT_ORDER_MAX - MIRAGE_FAULT_ORDER_MIN + 1))
		return dev_err_probe(&pdev->dev, -EINVAL,
				     "parameter fault_order is %u, may be %u to %u\n",
				     mirage_fault_order, MIRAGE_FAULT_ORDER_MIN,
				     MIRAGE_FAULT_ORDER_MAX);

	mdev = devm_drm_dev_alloc(&pdev->dev, &mirage_drm_driver, struct mirage_device, drm);
	if (IS_ERR(mdev))
		return PTR_ERR(mdev);
	mdev->options.svm = mirage_svm;
	mdev->options.fault_order = mirage_fault_order;
	pci_set_drvdata(pdev, mdev);

	ret = mirage_device_init(mdev);
	if (ret)
		return ret;

	ret = drm_dev_register(&mdev->drm, 0);
	if (ret) {
		mirage_device_abandon(mdev);
		return ret;
	}
	mirage_power_allow(mdev);

	return 0;
}

static void mirage_pci_remove(struct pci_dev *pdev)
{
	struct mirage_device *mdev = pci_get_drvdata(pdev);

	mirage_power_forbid(mdev);
	mirage_device_unplug(mdev);
}

static void mirage_pci_shutdown(struct pci_dev *pdev)
{
	mirage_device_shutdown(pci_get_drvdata(pdev));
}

static const struct pci_device_id mirage_pci_ids[] = {
	{ PCI_DEVICE(MIRAGE_PCI_VENDOR, MIRAGE_PCI_DEVICE) },
	{ }
};
MODULE_DEVICE_TABLE(pci, mirage_pci_ids);

static struct pci_driver mirage_pci_driver = {
	.name = "mirage",
	.id_table = mirage_pci_ids,
	.probe = mirage_pci_probe,
	.remove = mirage_pci_remove,
	.shutdown = mirage_pci_shutdown,
	.err_handler = &mirage_flr_handlers,
	.driver.pm = pm_ptr(&mirage_power_ops),
};

static int __init mirage_module_init(void)
{
	int ret;

	ret = mirage_queue_module_init();
	if (ret)
		return ret;
	ret = mirage_bind_module_init();
	if (ret)
		goto err_queue;
	ret = mirage_userptr_module_init();
	if (ret)
		goto err_bind;
	ret = pci_register_driver(&mirage_pci_driver);
	if (ret)
		goto err_userptr;

	return 0;

err_userptr:
	mirage_userptr_module_exit();
err_bind:
	mirage_bind_module_exit();
err_queue:
	mirage_queue_module_exit();
	return ret;
}

static void __exit mirage_module_exit(void)
{
	pci_unregister_driver(&mirage_pci_driver);
	/* Queues hold the last jobs, their address spaces the last references to objects. */
	mirage_queue_module_exit();
	mirage_gpuvm_module_exit();
	mirage_bind_module_exit();
	mirage_userptr_module_exit();
}

module_init(mirage_module_init);
module_exit(mirage_module_exit);

MODULE_DESCRIPTION("DRM driver for the mirage GPU");
MODULE_VERSION(MIRAGE_VERSION);
MODULE_LICENSE("GPL");
