// SPDX-License-Identifier: GPL-2.0
/*
 * GPU address spaces.
 *
 * A VM with SVM mirrors the process that created it and follows that process, not the file: the
 * mirror core ensures that it outlives neither the process's memory nor a queue. A VM without SVM
 * has no mm and no mirror, and belongs to the holders of the file.
 *
 * References: each handle, each queue, each running fault service. Dropping the last one removes
 * the VM from the device: the mirror is closed (nothing is mapped then), the root is removed from
 * the VM table, its translations are flushed, and only then may another VM reuse the index. Faults
 * of the old VM that are still in the buffer are older than the new VM; its queues detect them by
 * that (mirage_queue.born_ns).
 *
 * Rejected: one VM per process, shared by its files. Two users in one process (a library and its
 * caller) would see each other's counters and reports.
 */
#include "vm/space.h"

#include <linux/cred.h>
#include <linux/hmm_mirror.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_print.h>

#include "device/device.h"
#include "device/power.h"
#include "device/quota.h"
#include "device/shared.h"
#include "vm/gpuvm.h"
#include "vm/trace.h"

/* Enter the VM into the device's VM table. */
static void vm_attach(struct mirage_vm *vm)
{
	struct mirage_vm_desc *desc = &vm->mdev->vm_table[vm->id];

	mirage_shared_write64(&desc->root, mirage_table_pte(&vm->pt.root));
	/*
	 * Posting releases the root to the device. No wait: commands are in order, so it is done
	 * before any channel starts.
	 */
	mirage_cmdq_invalidate_all(vm->mdev, vm->id);
}

static void vm_detach(struct mirage_vm *vm)
{
	struct mirage_vm_desc *desc = &vm->mdev->vm_table[vm->id];
	int idx;

	if (!drm_dev_enter(&vm->mdev->drm, &idx))
		return;
	mirage_shared_write64(&desc->root, 0);
	mirage_cmdq_wait(vm->mdev, mirage_cmdq_invalidate_all(vm->mdev, vm->id), true);
	drm_dev_exit(idx);
}

/* Also for a VM that is only partly set up. */
static void vm_free(struct mirage_vm *vm)
{
	struct mirage_device *mdev = vm->mdev;

	if (vm->mirror) {
		hmm_mirror_close(vm->mirror);
		hmm_mirror_put(vm->mirror);
	}
	if (vm->has_id)
		vm_detach(vm);
	mirage_gpuvm_fini(vm);
	mirage_pt_fini(&vm->pt);
	/* Last: unplug waits for this before the driver leaves the device, and its memory. */
	if (vm->has_id) {
		xa_erase(&mdev->vms, vm->id);
		wake_up_all(&mdev->vm_erased);
	}
	if (vm->user)
		mirage_quota_give(mdev, vm->user, MIRAGE_QUOTA_VMS);
	mdev->ops->vm_fini(vm);
	if (vm->owner)
		mmdrop(vm->owner);
	kfree(vm);
	mirage_power_put(mdev);
	drm_dev_put(&mdev->drm);
}

static int vm_init_mirror(struct mirage_vm *vm, const struct hmm_mirror_ops *svm)
{
	struct hmm_mirror *mirror;

	mirror = hmm_mirror_create(vm->mdev->drm.dev, vm->mdev->vram.devmem, svm, vm);
	if (IS_ERR(mirror))
		return PTR_ERR(mirror);
	vm->mirror = mirror;
	return 0;
}

static int vm_init(struct mirage_vm *vm, const struct hmm_mirror_ops *svm)
{
	struct mirage_device *mdev = vm->mdev;
	struct mirage_quota_user *user;
	int ret;

	user = mirage_quota_take(mdev, MIRAGE_QUOTA_VMS);
	if (IS_ERR(user))
		return PTR_ERR(user);
	vm->user = user;
	ret = mdev->ops->vm_init(vm);
	if (ret)
		return ret;
	/* Reserves the index; the VM is not visible yet. */
	ret = xa_alloc(&mdev->vms, &vm->id, NULL,
		       XA_LIMIT(MIRAGE_VM_NONE + 1, mdev->caps.nr_vms - 1), GFP_KERNEL);
	if (ret)
		return ret == -EBUSY ? -ENOSPC : ret;
	vm->has_id = true;
	ret = mirage_pt_init(&vm->pt, mdev, vm->id);
	if (ret)
		return ret;
	ret = mirage_gpuvm_init(vm);
	if (ret)
		return ret;
	vm_attach(vm);

	if (svm) {
		ret = vm_init_mirror(vm, svm);
		if (ret)
			return ret;
	}
	return xa_err(xa_store(&mdev->vms, vm->id, vm, GFP_KERNEL));
}

/**
 * mirage_vm_create() - create an address space
 * @mdev: device, between drm_dev_enter() and drm_dev_exit()
 * @svm: callbacks for a mirror of the calling process, if the device's svm_reason is NONE; else
 * NULL
 *
 * Context: may sleep and allocate.
 * Return: the VM with one reference, or -ENOMEM, -EDQUOT (the user's share is used up), -ENOSPC
 * (the VM table is full)
 */
struct mirage_vm *mirage_vm_create(struct mirage_device *mdev, const struct hmm_mirror_ops *svm)
{
	struct mirage_vm *vm;
	int ret;

	vm = kzalloc_obj(*vm, GFP_KERNEL_ACCOUNT);
	if (!vm)
		return ERR_PTR(-ENOMEM);
	kref_init(&vm->ref);
	vm->release = vm_free;
	drm_dev_get(&mdev->drm);
	mirage_power_get_noresume(mdev);
	vm->mdev = mdev;
	vm->tgid = task_tgid_nr(current);
	vm->uid = current_uid();
	INIT_LIST_HEAD(&vm->submissions);
	mirage_history_init(&vm->history);
	get_task_comm(vm->comm, current->group_leader);
	vm->write_rights = MIRAGE_PTE_WRITE;
	if (MIRAGE_REG_GET(BUS_CAPS_SYSTEM_ATOMICS, mdev->caps.bits))
		vm->write_rights |= MIRAGE_PTE_ATOMIC;

	ret = vm_init(vm, svm);
	if (ret) {
		vm_free(vm);
		return ERR_PTR(ret);
	}
	return vm;
}

/**
 * mirage_vm_claim() - restrict the VM to the calling process, before it binds a userptr object
 * @vm: address space
 *
 * From here on only this process may submit to the VM, since any job reaches that memory. The claim
 * stays after the object is unbound, since there may be others. Jobs that another process has
 * submitted before would reach the memory too, so the VM cannot be claimed until they have ended.
 *
 * Context: ioctl of a process; takes mirage_device.owner_lock.
 * Return: 0; -EPERM if it has objects over another process's memory; -EBUSY while jobs of another process have not ended
 */
int mirage_vm_claim(struct mirage_vm *vm)
{
	struct mirage_device *mdev = vm->mdev;
	const struct mirage_submission *submission;
	int ret = 0;

	spin_lock(&mdev->owner_lock);
	if (vm->owner) {
		ret = vm->owner == current->mm ? 0 : -EPERM;
		goto unlock;
	}
	list_for_each_entry(submission, &vm->submissions, node) {
		if (submission->mm != current->mm) {
			ret = -EBUSY;
			goto unlock;
		}
	}
	mmgrab(current->mm);
	WRITE_ONCE(vm->owner, current->mm);
unlock:
	spin_unlock(&mdev->owner_lock);
	return ret;
}

/* Is there a VM without references whose mirror may still be closing? */
static bool vm_any_going(struct mirage_device *mdev)
{
	struct mirage_vm *vm;
	unsigned long id;
	bool going = false;

	xa_lock(&mdev->vms);
	xa_for_each(&mdev->vms, id, vm) {
		if (!kref_read(&vm->ref)) {
			going = true;
			break;
		}
	}
	xa_unlock(&mdev->vms);
	return going;
}

/**
 * mirage_vm_unplug_all() - close all mirrors, and release what belongs to the device
 * @mdev: device, after drm_dev_unplug()
 *
 * Afterwards no fault service calls mm, no notifier is registered, and no memory is mapped for the
 * device, which is about to lose its driver.
 *
 * Context: may sleep; takes the xa_lock of mirage_device.vms.
 */
void mirage_vm_unplug_all(struct mirage_device *mdev)
{
	struct mirage_vm *vm;
	unsigned long id = 0;

	while ((vm = mirage_vm_next(mdev, &id))) {
		if (vm->mirror)
			hmm_mirror_close(vm->mirror);
		mirage_gpuvm_unplug(vm);
		mirage_pt_unplug(&vm->pt);
		mirage_vm_put(vm);
	}
	/*
	 * VMs without references are closed by the thread that dropped the last one; wait for it.
	 */
	wait_event(mdev->vm_erased, !vm_any_going(mdev));
}

/**
 * mirage_vm_query_pages() - read the page tables for a range
 * @vm: address space
 * @addr: first address, 4 KiB aligned, below 2^49
 * @npages: number of 4 KiB pages, not beyond 2^49
 * @pages: out: DRM_MIRAGE_SVM_PAGE_* of each
 *
 * Context: may sleep; takes mirage_pt.lock and mirage_gpuvm.nodes_lock.
 * Return: 0, or -ENODEV when the device is gone
 */
int mirage_vm_query_pages(struct mirage_vm *vm, u64 addr, unsigned int npages, u8 *pages)
{
	int idx;

	if (!drm_dev_enter(&vm->mdev->drm, &idx))
		return -ENODEV;
	mirage_walk_query(vm, addr, npages, pages);
	drm_dev_exit(idx);
	return 0;
}

/**
 * mirage_vm_dump() - print a VM, its counters and all its mappings
 * @vm: address space
 * @p: printer
 *
 * Context: may sleep; takes mirage_pt.lock and mirage_gpuvm.nodes_lock.
 */
void mirage_vm_dump(struct mirage_vm *vm, struct drm_printer *p)
{
	u64 values[DRM_MIRAGE_STAT_COUNT];
	unsigned int i;
	int idx;

	drm_printf(p, "vm %u: %s[%d], %d jobs\n", vm->id, vm->comm, vm->tgid,
		   atomic_read(&vm->jobs));
	mirage_stats_read(vm, values);
	for (i = 0; i < DRM_MIRAGE_STAT_COUNT; i++)
		drm_printf(p, "  %s: %llu\n", mirage_stats_name(i), values[i]);
	mirage_gpuvm_dump(vm, p);
	if (!drm_dev_enter(&vm->mdev->drm, &idx))
		return;
	mirage_walk_dump(vm, p);
	drm_dev_exit(idx);
}
