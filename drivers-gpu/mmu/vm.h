/* SPDX-License-Identifier: GPL-2.0 */
/* The part of a GPU address space that queues and faults use. */
#ifndef MIRAGE_VM_H
#define MIRAGE_VM_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include <drm/mirage_drm.h>

#include "device/fault.h"
#include "mmu/history.h"
#include "mmu/pt.h"
#include "mmu/stats.h"

struct hmm_mirror;
struct mirage_device;
struct mirage_gpuvm;
struct mirage_queue;
struct mirage_quota_user;

/** MIRAGE_VM_REPORTS: number of failed accesses that a VM keeps; a power of two. */
#define MIRAGE_VM_REPORTS	32

/** MIRAGE_VM_NONE: reserved VM table index, for the kernel's channels. */
#define MIRAGE_VM_NONE		0

/**
 * struct mirage_submission - an unfinished job in an address space, and its process
 */
struct mirage_submission {
	/** @node: in mirage_vm.submissions, or empty. Protected by mirage_device.owner_lock. */
	struct list_head node;
	/** @queue: queue that the job runs on, for mirage_vm_drop_submissions(); constant */
	const struct mirage_queue *queue;
	/** @mm: mm of the submitting process, held by mmgrab(); NULL for none; constant */
	struct mm_struct *mm;
};

/**
 * struct mirage_vm - one GPU address space, which may mirror one process
 */
struct mirage_vm {
	/** @ref: held by file handles, queues and fault service */
	struct kref ref;
	/** @release: destroys it when the last reference is dropped; constant */
	void (*release)(struct mirage_vm *vm);
	/** @mdev: device; a reference to its drm_device is held */
	struct mirage_device *mdev;
	/** @id: VM table index; constant */
	u32 id;
	/** @has_id: @id is reserved; constant after creation */
	bool has_id;
	/** @user: user that the VM table entry is charged to; constant after creation */
	struct mirage_quota_user *user;
	/** @tgid: process that created it, for reports; constant */
	pid_t tgid;
	/** @uid: that process's user at creation, for core dumps; constant */
	kuid_t uid;
	/** @comm: that process's name at creation; constant */
	char comm[TASK_COMM_LEN];
	/** @pt: page tables; has its own locks */
	struct mirage_pt pt;
	/**
	 * @mirror: the process's address space, the part below 2^47; NULL for a VM without SVM;
	 * constant until the last reference goes
	 */
	struct hmm_mirror *mirror;
	/**
	 * @owner: mm whose userptr objects are bound here; NULL until the first is bound. Held by
	 * mmgrab(). Set once, under mirage_device.owner_lock.
	 */
	struct mm_struct *owner;
	/**
	 * @submissions: struct mirage_submission of unfinished jobs. Protected by
	 * mirage_device.owner_lock.
	 */
	struct list_head submissions;
	/** @gpuvm: the part from 2^47 on; constant until the last reference goes */
	struct mirage_gpuvm *gpuvm;
	/** @write_rights: bits of MIRAGE_PTE_RIGHTS for writable pages; constant */
	u64 write_rights;
	/** @history: last faults and mappings, for core dumps */
	struct mirage_history history;
	/** @stats: counters */
	struct mirage_stats stats;

	/**
	 * @fault_lock: protects @reports_*, and the faults that @service has not taken yet. A
	 * spinlock, because faults are distributed under it while other VMs are served.
	 */
	spinlock_t fault_lock;
	/** @reports: ring of accesses that could not be served. Protected by @fault_lock. */
	struct drm_mirage_fault reports[MIRAGE_VM_REPORTS];
	/** @report_places: the instructions of @reports, as the device wrote them. Protected by @fault_lock. */
	struct mirage_place report_places[MIRAGE_VM_REPORTS];
	/** @nr_reports: total number ever written to @reports. Protected by @fault_lock. */
	u64 nr_reports;

	/** @service: fault service, private to svm/service.c; constant after creation */
	struct mirage_service *service;
	/** @jobs: jobs of this VM that the device has */
	atomic_t jobs;
	/** @progress: incremented whenever the VM's channels advance */
	atomic_t progress;
	/** @watched: @progress at the watchdog's last check; only the watchdog uses it */
	int watched;
};

struct mirage_vm *mirage_vm_get(struct mirage_vm *vm);
void mirage_vm_put(struct mirage_vm *vm);
struct mirage_vm *mirage_vm_lookup(struct mirage_device *mdev, u32 id);
struct mirage_vm *mirage_vm_next(struct mirage_device *mdev, unsigned long *id);

bool mirage_vm_may_submit(struct mirage_vm *vm);
int mirage_vm_add_submission(struct mirage_vm *vm, struct mirage_submission *submission,
			     const struct mirage_queue *queue);
void mirage_vm_end_submission(struct mirage_device *mdev, struct mirage_submission *submission);
void mirage_vm_put_submission(struct mirage_submission *submission);
void mirage_vm_drop_submissions(struct mirage_vm *vm, const struct mirage_queue *queue);

void mirage_fault_read(const struct mirage_fault *fault, u32 queue_id, int error,
		       struct drm_mirage_fault *args);
void mirage_vm_report(struct mirage_vm *vm, const struct mirage_fault *fault, u32 queue_id,
		      int error);
unsigned int mirage_vm_read_reports(struct mirage_vm *vm, struct drm_mirage_fault *reports,
				    struct drm_mirage_place *places, unsigned int count);
void mirage_place_read(const struct mirage_place *place, struct drm_mirage_place *args);

#endif /* MIRAGE_VM_H */
