// SPDX-License-Identifier: GPL-2.0
/* The character device: arguments, handles, and the loop of a copy. */
#include "odp.h"

#include <linux/fs.h>
#include <linux/hmm_retry.h>
#include <linux/hmm_userptr.h>
#include <linux/mirage_odp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

/**
 * odp_file_close() - take all memory of a file's process from the engine for good
 * @file: file; calls may be running
 *
 * Context: holds odp_device.files_lock, or releases the file; may sleep. Ends the waits of running
 * calls for memory.
 */
void odp_file_close(struct odp_file *file)
{
	struct odp_region *region;
	unsigned long index;

	mutex_lock(&file->lock);
	file->closed = true;
	xa_for_each(&file->regions, index, region)
		odp_region_close(region);
	mutex_unlock(&file->lock);
	hmm_mirror_close(file->mirror);
}

static int odp_open(struct inode *inode, struct file *filp)
{
	struct odp_device *dev = container_of(filp->private_data, struct odp_device, misc);
	struct odp_file *file;
	int ret = -ENODEV;

	file = kzalloc_obj(*file, GFP_KERNEL_ACCOUNT);
	if (!file)
		return -ENOMEM;
	file->dev = dev;
	hash_init(file->blocks);
	mutex_init(&file->lock);
	xa_init_flags(&file->regions, XA_FLAGS_ALLOC1);

	mutex_lock(&dev->files_lock);
	if (!dev->closed) {
		file->mirror = hmm_mirror_create(&dev->pdev->dev, NULL, &odp_mirror_ops, file);
		ret = PTR_ERR_OR_ZERO(file->mirror);
	}
	if (!ret) {
		kref_get(&dev->refs);
		list_add_tail(&file->node, &dev->files);
	}
	mutex_unlock(&dev->files_lock);
	if (ret) {
		mutex_destroy(&file->lock);
		kfree(file);
		return ret;
	}
	filp->private_data = file;
	return 0;
}

static int odp_release(struct inode *inode, struct file *filp)
{
	struct odp_file *file = filp->private_data;
	struct odp_device *dev = file->dev;
	struct odp_region *region;
	unsigned long index;

	mutex_lock(&dev->files_lock);
	odp_file_close(file);
	list_del(&file->node);
	mutex_unlock(&dev->files_lock);

	xa_for_each(&file->regions, index, region)
		odp_region_put(region);
	xa_destroy(&file->regions);
	hmm_mirror_put(file->mirror);
	mutex_destroy(&file->lock);
	kfree(file);
	kref_put(&dev->refs, odp_device_free);
	return 0;
}

static int odp_ioctl_register(struct odp_file *file, struct mirage_odp_register __user *user)
{
	struct mirage_odp_register args;
	struct odp_region *region;
	u32 handle = 0;
	int ret;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	/* Unbinding waits for the lock, so it must not depend on mm through it. */
	ret = hmm_userptr_prepare();
	if (ret)
		return ret;

	mutex_lock(&file->lock);
	region = file->closed ? ERR_PTR(-ENODEV) :
				odp_region_create(file, args.addr, args.length, args.flags);
	ret = PTR_ERR_OR_ZERO(region);
	if (!ret) {
		ret = xa_alloc(&file->regions, &handle, region,
			       XA_LIMIT(1, MIRAGE_ODP_REGIONS_MAX), GFP_KERNEL_ACCOUNT);
		if (ret) {
			odp_region_close(region);
			odp_region_put(region);
			/* The array's word for full */
			ret = ret == -EBUSY ? -ENOSPC : ret;
		}
	}
	mutex_unlock(&file->lock);
	if (ret)
		return ret;
	/* A caller that cannot get the handle has a region until it closes the file. */
	return put_user(handle, &user->region);
}

static int odp_ioctl_unregister(struct odp_file *file, u32 __user *user)
{
	struct odp_region *region;
	u32 handle;

	if (get_user(handle, user))
		return -EFAULT;
	mutex_lock(&file->lock);
	region = xa_erase(&file->regions, handle);
	if (region)
		odp_region_close(region);
	mutex_unlock(&file->lock);
	if (!region)
		return -ENOENT;
	odp_region_put(region);
	return 0;
}

static struct odp_region *odp_region_get(struct odp_file *file, u32 handle)
{
	struct odp_region *region;

	mutex_lock(&file->lock);
	region = xa_load(&file->regions, handle);
	if (region)
		kref_get(&region->refs);
	mutex_unlock(&file->lock);
	return region;
}

static int odp_copy_step(struct odp_file *file, const struct odp_step *step,
			 struct hmm_fault *fault)
{
	struct hmm_retry_budget budget;
	int ret;

	hmm_retry_budget_init(&budget);
	do {
		ret = odp_region_prepare(step->src, fault, step->from, false);
		if (!ret)
			ret = odp_region_prepare(step->dst, fault, step->to, true);
		if (!ret)
			ret = odp_device_copy(file->dev, step);
		if (ret != -EAGAIN)
			return ret;
		ret = hmm_retry_budget_spend(&budget);
	} while (!ret);
	return ret;
}

static int odp_copy(struct odp_file *file, struct odp_step *step, struct mirage_odp_copy *args)
{
	struct hmm_fault *fault;
	u64 left;
	int ret = 0;

	fault = kmalloc_obj(*fault);
	if (!fault)
		return -ENOMEM;
	while (!ret && args->copied < args->length) {
		left = args->length - args->copied;
		step->from = step->src->addr + args->src_offset + args->copied;
		step->to = step->dst->addr + args->dst_offset + args->copied;
		step->bytes = min3(left, PAGE_SIZE - offset_in_page(step->from),
				   PAGE_SIZE - offset_in_page(step->to));
		if (signal_pending(current))
			ret = -EINTR;
		else
			ret = odp_copy_step(file, step, fault);
		if (!ret)
			args->copied += step->bytes;
	}
	kfree(fault);
	return ret;
}

static bool odp_within(const struct odp_region *region, u64 offset, u64 length)
{
	return length <= region->length && offset <= region->length - length;
}

static int odp_ioctl_copy(struct odp_file *file, struct mirage_odp_copy __user *user)
{
	struct mirage_odp_copy args;
	struct odp_step step;
	int ret;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	args.copied = 0;
	step.src = odp_region_get(file, args.src);
	step.dst = odp_region_get(file, args.dst);
	if (!step.src || !step.dst)
		ret = -ENOENT;
	else if (!odp_within(step.src, args.src_offset, args.length) ||
		 !odp_within(step.dst, args.dst_offset, args.length))
		ret = -EINVAL;
	else if (!step.dst->write)
		ret = -EACCES;
	else
		ret = odp_copy(file, &step, &args);
	if (step.src)
		odp_region_put(step.src);
	if (step.dst)
		odp_region_put(step.dst);
	if (put_user(args.copied, &user->copied))
		return -EFAULT;
	return ret;
}

static long odp_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct odp_file *file = filp->private_data;

	if (!hmm_mirror_is_current(file->mirror))
		return -EPERM;
	switch (cmd) {
	case MIRAGE_ODP_IOC_REGISTER:
		return odp_ioctl_register(file, (void __user *)arg);
	case MIRAGE_ODP_IOC_UNREGISTER:
		return odp_ioctl_unregister(file, (void __user *)arg);
	case MIRAGE_ODP_IOC_COPY:
		return odp_ioctl_copy(file, (void __user *)arg);
	default:
		return -ENOTTY;
	}
}

const struct file_operations odp_fops = {
	.owner = THIS_MODULE,
	.open = odp_open,
	.release = odp_release,
	.unlocked_ioctl = odp_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};
