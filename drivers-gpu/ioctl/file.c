// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: Open files
 *
 * Handles are numbers in two tables of the open file, one for address spaces and one for queues. A
 * handle holds one reference. A lookup takes another one while it uses the object, so a handle may
 * be destroyed at any time.
 *
 * An open file without a mirroring address space costs the process nothing: no notifier is
 * registered with its mm until it creates one.
 *
 * Closing the last descriptor destroys all remaining objects: first all queues are stopped, so that
 * their channels are reset in parallel, then each is waited for.
 */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/mirage_drm.h>

#include "device/device.h"
#include "device/power.h"
#include "ioctl/file.h"
#include "queue/queue.h"
#include "queue/usage.h"
#include "svm/mirror.h"
#include "svm/service.h"
#include "vm/space.h"

#define MIRAGE_MAX_TIMEOUT_MS	600000
#define MIRAGE_MAX_NO_FAULT_MS	10000
/* From this priority on, a queue can keep others from running. */
#define MIRAGE_PRIORITY_HIGH	2

/**
 * mirage_file_open() - set up a newly opened file
 * @drm: device
 * @file: its file
 *
 * Return: 0, -ENOMEM, or the error from waking the device up
 */
int mirage_file_open(struct drm_device *drm, struct drm_file *file)
{
	struct mirage_file *priv = kzalloc_obj(*priv, GFP_KERNEL_ACCOUNT);
	int ret;

	if (!priv)
		return -ENOMEM;
	ret = mirage_power_get(to_mirage_device(drm));
	if (ret) {
		kfree(priv);
		return ret;
	}

	priv->usage = mirage_usage_create();
	if (!priv->usage) {
		mirage_power_put(to_mirage_device(drm));
		kfree(priv);
		return -ENOMEM;
	}
	xa_init_flags(&priv->vms, XA_FLAGS_ALLOC1);
	xa_init_flags(&priv->queues, XA_FLAGS_ALLOC1);
	file->driver_priv = priv;

	return 0;
}

/**
 * mirage_file_close() - clean up when the last descriptor of a file is closed
 * @drm: device, which may have gone
 * @file: file
 *
 * Context: process; waits for the device, a bounded time.
 */
void mirage_file_close(struct drm_device *drm, struct drm_file *file)
{
	const struct mirage_queue_error closed = {
		.state = DRM_MIRAGE_QUEUE_LOST,
		.error = -ECANCELED,
	};
	struct mirage_file *priv = file->driver_priv;
	struct mirage_queue *queue;
	struct mirage_vm *vm;
	unsigned long id;

	xa_for_each(&priv->queues, id, queue)
		mirage_queue_fail(queue, &closed);
	xa_for_each(&priv->queues, id, queue)
		mirage_queue_destroy(queue);
	xa_destroy(&priv->queues);

	xa_for_each(&priv->vms, id, vm)
		mirage_vm_put(vm);
	xa_destroy(&priv->vms);

	mirage_usage_put(priv->usage);
	kfree(priv);
	mirage_power_put(to_mirage_device(drm));
}

/**
 * mirage_file_get_vm() - look up an address space
 * @file: file
 * @id: handle
 *
 * Return: the address space with a reference for the caller, or NULL
 */
struct mirage_vm *mirage_file_get_vm(struct drm_file *file, u32 id)
{
	struct mirage_file *priv = file->driver_priv;
	struct mirage_vm *vm;

	xa_lock(&priv->vms);
	vm = xa_load(&priv->vms, id);
	if (vm)
		mirage_vm_get(vm);
	xa_unlock(&priv->vms);

	return vm;
}

/**
 * mirage_file_get_mirror() - look up an address space that mirrors the calling process
 * @file: file
 * @id: handle
 *
 * Return: the address space with a reference for the caller; or an ERR_PTR: -ENOENT, -EINVAL it
 * mirrors nothing, -EPERM it belongs to another process
 */
struct mirage_vm *mirage_file_get_mirror(struct drm_file *file, u32 id)
{
	struct mirage_vm *vm = mirage_file_get_vm(file, id);
	int ret;

	if (!vm)
		return ERR_PTR(-ENOENT);
	if (!vm->mirror)
		ret = -EINVAL;
	else if (!mirage_vm_may_submit(vm))
		ret = -EPERM;
	else
		return vm;
	mirage_vm_put(vm);

	return ERR_PTR(ret);
}

/**
 * mirage_file_get_queue() - look up a queue
 * @file: file
 * @id: handle
 *
 * Return: the queue with a reference for the caller, or NULL
 */
struct mirage_queue *mirage_file_get_queue(struct drm_file *file, u32 id)
{
	struct mirage_file *priv = file->driver_priv;
	struct mirage_queue *queue;

	xa_lock(&priv->queues);
	queue = xa_load(&priv->queues, id);
	if (queue)
		mirage_queue_get(queue);
	xa_unlock(&priv->queues);

	return queue;
}

/**
 * mirage_ioctl_vm_create() - DRM_IOCTL_MIRAGE_VM_CREATE
 * @drm: device
 * @data: struct drm_mirage_vm_create
 * @file: file
 *
 * Return: 0; -EINVAL flags, -EOPNOTSUPP no SVM (a query returns the reason), -EDQUOT the user's
 * share is used up, -ENOSPC, -ENOMEM, -ENODEV
 */
int mirage_ioctl_vm_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct mirage_device *mdev = to_mirage_device(drm);
	struct mirage_file *priv = file->driver_priv;
	struct drm_mirage_vm_create *args = data;
	bool svm = args->flags & DRM_MIRAGE_VM_CREATE_SVM;
	struct mirage_vm *vm;
	int ret, idx;

	if (args->flags & ~DRM_MIRAGE_VM_CREATE_SVM)
		return -EINVAL;
	if (svm && mdev->svm_reason != DRM_MIRAGE_REASON_NONE)
		return -EOPNOTSUPP;

	if (!drm_dev_enter(drm, &idx))
		return -ENODEV;
	vm = mirage_vm_create(mdev, svm ? &mirage_svm_ops : NULL);
	drm_dev_exit(idx);
	if (IS_ERR(vm))
		return PTR_ERR(vm);

	ret = xa_alloc(&priv->vms, &args->vm_id, vm, xa_limit_32b, GFP_KERNEL);
	if (ret)
		mirage_vm_put(vm);

	return ret;
}

/**
 * mirage_ioctl_vm_destroy() - DRM_IOCTL_MIRAGE_VM_DESTROY
 * @drm: device
 * @data: struct drm_mirage_vm_destroy
 * @file: file
 *
 * Return: 0; -EINVAL pad, -ENOENT
 */
int mirage_ioctl_vm_destroy(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct mirage_file *priv = file->driver_priv;
	struct drm_mirage_vm_destroy *args = data;
	struct mirage_vm *vm;

	if (args->pad)
		return -EINVAL;

	vm = xa_erase(&priv->vms, args->vm_id);
	if (!vm)
		return -ENOENT;
	mirage_vm_put(vm);

	return 0;
}

static int queue_check(const struct mirage_device *mdev, const struct drm_mirage_queue_create *args)
{
	const u32 both = DRM_MIRAGE_QUEUE_NO_FAULT | DRM_MIRAGE_QUEUE_LONG_RUNNING;
	u32 longest = MIRAGE_MAX_TIMEOUT_MS;

	/*
	 * Reclaim may wait for NO_FAULT queues, so they have a time-out; long-running ones have
	 * none.
	 */
	if (args->flags & DRM_MIRAGE_QUEUE_NO_FAULT)
		longest = MIRAGE_MAX_NO_FAULT_MS;
	if (args->flags & DRM_MIRAGE_QUEUE_LONG_RUNNING)
		longest = 0;
	if (args->flags & ~both || args->flags == both)
		return -EINVAL;
	if (args->queue_class > DRM_MIRAGE_QUEUE_COMPUTE ||
	    args->priority >= MIRAGE_QUEUE_PRIORITIES || args->timeout_ms > longest)
		return -EINVAL;
	if (args->queue_class == DRM_MIRAGE_QUEUE_COMPUTE &&
	    !MIRAGE_REG_GET(BUS_CAPS_COMPUTE, mdev->caps.bits))
		return -EOPNOTSUPP;
	if (args->priority >= MIRAGE_PRIORITY_HIGH && !capable(CAP_SYS_NICE))
		return -EACCES;

	return 0;
}

static struct mirage_queue *queue_make(struct mirage_device *mdev,
				       const struct mirage_queue_params *params)
{
	int ret;

	if (!mirage_vm_may_submit(params->vm))
		return ERR_PTR(-EPERM);
	if (!(params->flags & DRM_MIRAGE_QUEUE_NO_FAULT)) {
		ret = mirage_service_prepare(params->vm);
		if (ret)
			return ERR_PTR(ret);
	}
	return mirage_queue_create(mdev, params);
}

/**
 * mirage_ioctl_queue_create() - DRM_IOCTL_MIRAGE_QUEUE_CREATE
 * @drm: device
 * @data: struct drm_mirage_queue_create
 * @file: file
 *
 * Return: 0; -EINVAL, -EACCES priority, -ENOENT no such address space, -EPERM it belongs to another
 * process, -EOPNOTSUPP the device has no compute engine, -EDQUOT the user's share is used up,
 * -ENOSPC, -ENOMEM, -ENODEV
 */
int mirage_ioctl_queue_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct mirage_file *priv = file->driver_priv;
	struct drm_mirage_queue_create *args = data;
	struct mirage_queue_params params = {
		.queue_class = args->queue_class,
		.priority = args->priority,
		.ring_order = MIRAGE_QUEUE_RING_ORDER,
		.flags = args->flags,
		.timeout_ms = args->timeout_ms,
		.usage = priv->usage,
	};
	struct mirage_queue *queue;
	int ret;

	ret = queue_check(to_mirage_device(drm), args);
	if (ret)
		return ret;

	params.vm = mirage_file_get_vm(file, args->vm_id);
	if (!params.vm)
		return -ENOENT;

	queue = queue_make(to_mirage_device(drm), &params);
	mirage_vm_put(params.vm);
	if (IS_ERR(queue))
		return PTR_ERR(queue);

	/*
	 * Set the handle before the queue can be found; after that it may be destroyed at any time.
	 */
	mirage_queue_get(queue);
	ret = xa_alloc(&priv->queues, &queue->id, queue, xa_limit_32b, GFP_KERNEL);
	if (ret)
		mirage_queue_destroy(queue);
	else
		args->queue_id = queue->id;
	mirage_queue_put(queue);

	return ret;
}

/**
 * mirage_ioctl_queue_destroy() - DRM_IOCTL_MIRAGE_QUEUE_DESTROY
 * @drm: device
 * @data: struct drm_mirage_queue_destroy
 * @file: file
 *
 * Return: 0; -EINVAL pad, -ENOENT
 */
int mirage_ioctl_queue_destroy(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct mirage_file *priv = file->driver_priv;
	struct drm_mirage_queue_destroy *args = data;
	struct mirage_queue *queue;

	if (args->pad)
		return -EINVAL;

	queue = xa_erase(&priv->queues, args->queue_id);
	if (!queue)
		return -ENOENT;
	mirage_queue_destroy(queue);

	return 0;
}

/**
 * mirage_ioctl_queue_query() - DRM_IOCTL_MIRAGE_QUEUE_QUERY
 * @drm: device
 * @data: struct drm_mirage_queue_query
 * @file: file
 *
 * Return: 0; -ENOENT
 */
int mirage_ioctl_queue_query(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_mirage_queue_query *args = data;
	struct mirage_queue *queue;

	queue = mirage_file_get_queue(file, args->queue_id);
	if (!queue)
		return -ENOENT;
	mirage_queue_query(queue, args);
	mirage_queue_put(queue);

	return 0;
}
