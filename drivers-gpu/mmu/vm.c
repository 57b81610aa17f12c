// SPDX-License-Identifier: GPL-2.0
/*
 * The part of a GPU address space that queues and faults use: its index in the VM table,
 * references, the processes that may submit jobs and those that have, and reports of failed
 * accesses. vm/space.c creates and destroys address spaces.
 */
#include "mmu/vm.h"

#include <linux/hmm_mirror.h>
#include <linux/sched/mm.h>
#include <linux/xarray.h>

#include "device/device.h"
#include "mmu/trace.h"

/**
 * mirage_vm_get() - take a reference
 * @vm: address space the caller has a reference to
 *
 * Return: @vm
 */
struct mirage_vm *mirage_vm_get(struct mirage_vm *vm)
{
	kref_get(&vm->ref);
	return vm;
}

static void vm_release(struct kref *ref)
{
	struct mirage_vm *vm = container_of(ref, struct mirage_vm, ref);

	vm->release(vm);
}

/**
 * mirage_vm_put() - drop a reference
 * @vm: address space
 *
 * Context: may sleep; dropping the last one closes the mirror and waits for the device.
 */
void mirage_vm_put(struct mirage_vm *vm)
{
	might_sleep();
	kref_put(&vm->ref, vm_release);
}

/**
 * mirage_vm_next() - iterate over all address spaces
 * @mdev: device
 * @id: cursor, 0 at first
 *
 * Context: process; takes the xa_lock of mirage_device.vms.
 * Return: the next VM with a reference, or NULL
 */
struct mirage_vm *mirage_vm_next(struct mirage_device *mdev, unsigned long *id)
{
	struct mirage_vm *vm;

	xa_lock(&mdev->vms);
	for (vm = xa_find(&mdev->vms, id, ULONG_MAX, XA_PRESENT); vm;
	     vm = xa_find_after(&mdev->vms, id, ULONG_MAX, XA_PRESENT)) {
		if (kref_get_unless_zero(&vm->ref))
			break;
	}
	xa_unlock(&mdev->vms);
	*id += 1;
	return vm;
}

/**
 * mirage_vm_lookup() - find an address space by its VM table index
 * @mdev: device
 * @id: index
 *
 * Context: process; takes the xa_lock of mirage_device.vms.
 * Return: the VM with a reference, or NULL
 */
struct mirage_vm *mirage_vm_lookup(struct mirage_device *mdev, u32 id)
{
	struct mirage_vm *vm;

	xa_lock(&mdev->vms);
	vm = xa_load(&mdev->vms, id);
	if (vm && !kref_get_unless_zero(&vm->ref))
		vm = NULL;
	xa_unlock(&mdev->vms);
	return vm;
}

/**
 * mirage_place_read() - convert an instruction's place for user space
 * @place: as the device wrote it
 * @args: filled in completely
 *
 * Context: any.
 */
void mirage_place_read(const struct mirage_place *place, struct drm_mirage_place *args)
{
	*args = (struct drm_mirage_place){
		.pc = le64_to_cpu(place->pc),
		.group[0] = le32_to_cpu(place->group[0]),
		.group[1] = le32_to_cpu(place->group[1]),
		.group[2] = le32_to_cpu(place->group[2]),
		.wave = le16_to_cpu(place->wave),
		.lane = le16_to_cpu(place->lane),
	};
}

/**
 * mirage_fault_read() - convert a failed access for user space
 * @fault: the access
 * @queue_id: the queue that it stopped
 * @error: negative errno from serving it
 * @args: filled in completely
 *
 * Context: any.
 */
void mirage_fault_read(const struct mirage_fault *fault, u32 queue_id, int error,
		       struct drm_mirage_fault *args)
{
	*args = (struct drm_mirage_fault){
		.addr = fault->addr,
		.time = fault->time_ns,
		.queue_id = queue_id,
		.access = fault->access,
		.kind = fault->kind,
		.error = -error,
	};
}

/**
 * mirage_vm_report() - record an access that could not be served
 * @vm: address space
 * @fault: the access
 * @queue_id: the queue that it stopped
 * @error: negative errno
 *
 * Context: process; takes mirage_vm.fault_lock.
 */
void mirage_vm_report(struct mirage_vm *vm, const struct mirage_fault *fault, u32 queue_id,
		      int error)
{
	unsigned int index;

	trace_mirage_fault_report(vm, fault, queue_id, error);
	spin_lock(&vm->fault_lock);
	index = vm->nr_reports++ % MIRAGE_VM_REPORTS;
	vm->report_places[index] = fault->place;
	mirage_fault_read(fault, queue_id, error, &vm->reports[index]);
	spin_unlock(&vm->fault_lock);
}

/**
 * mirage_vm_read_reports() - read the last accesses that could not be served
 * @vm: address space
 * @reports: filled, newest first
 * @places: filled with the instructions of @reports
 * @count: capacity of both
 *
 * Context: process; takes mirage_vm.fault_lock.
 * Return: entries written, at most MIRAGE_VM_REPORTS
 */
unsigned int mirage_vm_read_reports(struct mirage_vm *vm, struct drm_mirage_fault *reports,
				    struct drm_mirage_place *places, unsigned int count)
{
	unsigned int n, index;

	spin_lock(&vm->fault_lock);
	for (n = 0; n < count && n < MIRAGE_VM_REPORTS && n < vm->nr_reports; n++) {
		index = (vm->nr_reports - 1 - n) % MIRAGE_VM_REPORTS;
		reports[n] = vm->reports[index];
		mirage_place_read(&vm->report_places[index], &places[n]);
	}
	spin_unlock(&vm->fault_lock);
	return n;
}

/**
 * mirage_vm_may_submit() - may the calling process use the VM?
 * @vm: address space
 *
 * Return: false if it mirrors another process, or maps userptr objects of another process
 */
bool mirage_vm_may_submit(struct mirage_vm *vm)
{
	struct mm_struct *owner = READ_ONCE(vm->owner);

	if (owner && owner != current->mm)
		return false;
	return !vm->mirror || hmm_mirror_is_current(vm->mirror);
}

/**
 * mirage_vm_add_submission() - register a job of the calling process
 * @vm: address space
 * @submission: submission of the job, all zero
 * @queue: queue it will run on; a queue of @vm
 *
 * Context: ioctl of a process; takes mirage_device.owner_lock.
 * Return: 0, balance with mirage_vm_end_submission() and _put_submission(); -EPERM as for
 * mirage_vm_may_submit()
 */
int mirage_vm_add_submission(struct mirage_vm *vm, struct mirage_submission *submission,
			     const struct mirage_queue *queue)
{
	struct mirage_device *mdev = vm->mdev;
	bool allowed;

	spin_lock(&mdev->owner_lock);
	allowed = mirage_vm_may_submit(vm);
	if (allowed) {
		submission->queue = queue;
		submission->mm = current->mm;
		mmgrab(submission->mm);
		list_add_tail(&submission->node, &vm->submissions);
	}
	spin_unlock(&mdev->owner_lock);
	return allowed ? 0 : -EPERM;
}

/**
 * mirage_vm_end_submission() - unregister a job that has ended, or will never run
 * @mdev: device of its address space, which may be gone
 * @submission: submission of the job, added or not
 *
 * Called before the job's fence signals, so that a process that has seen the fence can claim the
 * address space.
 *
 * Context: process; takes mirage_device.owner_lock.
 */
void mirage_vm_end_submission(struct mirage_device *mdev, struct mirage_submission *submission)
{
	if (!submission->mm)
		return;
	spin_lock(&mdev->owner_lock);
	list_del_init(&submission->node);
	spin_unlock(&mdev->owner_lock);
}

/**
 * mirage_vm_put_submission() - release the submission of a job that is about to be freed
 * @submission: submission of the job, ended or never added
 *
 * Context: process, not in the signalling path of a fence.
 */
void mirage_vm_put_submission(struct mirage_submission *submission)
{
	if (submission->mm)
		mmdrop(submission->mm);
}

/**
 * mirage_vm_drop_submissions() - unregister all jobs of a queue that has stopped
 * @vm: address space
 * @queue: queue of @vm whose channel was reset for good; jobs that wait for others' fences will be cancelled, and may
 *	outlive @vm
 *
 * Context: process; takes mirage_device.owner_lock.
 */
void mirage_vm_drop_submissions(struct mirage_vm *vm, const struct mirage_queue *queue)
{
	struct mirage_submission *submission, *next;

	spin_lock(&vm->mdev->owner_lock);
	list_for_each_entry_safe(submission, next, &vm->submissions, node) {
		if (submission->queue == queue)
			list_del_init(&submission->node);
	}
	spin_unlock(&vm->mdev->owner_lock);
}
