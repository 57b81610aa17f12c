/* SPDX-License-Identifier: GPL-2.0 */
/* The VM_BIND range of an address space, as the files of vm/ see it. */
#ifndef MIRAGE_GPUVM_TYPES_H
#define MIRAGE_GPUVM_TYPES_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <drm/drm_gpuvm.h>
#include <drm/gpu_scheduler.h>
#include <drm/ttm/ttm_resource.h>

#include "mmu/leaves.h"
#include "mmu/table.h"
#include "vm/node.h"

struct drm_exec;
struct mirage_va;
struct mirage_validation;
struct mirage_vm;
struct mirage_vm_bo;

/**
 * struct mirage_gpuvm - VM_BIND mappings of an address space
 *
 * References: its mirage_vm, and queued operations. Operations that outlive the address space
 * become no-ops.
 */
struct mirage_gpuvm {
	/** @base: the mappings, and the reference count. Mappings are protected by @lock. */
	struct drm_gpuvm base;
	/** @mdev: device; @base holds a reference to its drm_device */
	struct mirage_device *mdev;
	/** @vm: the address space, NULL after its end. Protected by @lock. */
	struct mirage_vm *vm;

	/**
	 * @lock: protects the mappings and the content of page tables. Taken in signalling paths of
	 * fences and in notifiers: its holder does not allocate, takes no resv and waits for no
	 * fence; it may wait for the device (bounded). Taken inside resvs and @nodes_lock;
	 * gpuva.lock of objects is taken inside.
	 */
	struct mutex lock;
	/** @live: the device is present, so entries are written. Set when @lock is taken. */
	bool live;
	/** @gone: the device will never use it again; stays set. Protected by @lock. */
	bool gone;
	/** @map_moved: validation waits for moves and maps objects. Protected by the resv. */
	bool map_moved;
	/**
	 * @validation: attempts of the task that holds the resv and validates objects; only that
	 * task uses it.
	 */
	struct mirage_validation *validation;
	/** @drm_idx: index from drm_dev_enter(), while @live. Protected by @lock. */
	int drm_idx;
	/** @dirty_start: first address of the range to flush. Protected by @lock. */
	u64 dirty_start;
	/** @dirty_end: end of the range to flush, exclusive; 0 for none. Protected by @lock. */
	u64 dirty_end;
	/**
	 * @todo_start: first address that the current operation has not yet written to the page
	 * tables: from there on they still have the entries of mappings with MIRAGE_VA_DEAD.
	 * Protected by @lock.
	 */
	u64 todo_start;
	/**
	 * @todo_end: end of that range, exclusive; 0 if there is no current operation. Protected by
	 * @lock.
	 */
	u64 todo_end;
	/**
	 * @todo_va: the current operation's own mapping once it is in the tree, or NULL. Protected
	 * by @lock.
	 */
	struct mirage_va *todo_va;
	/** @counts: leaves written since @lock was taken. Protected by @lock. */
	struct mirage_leaf_counts counts;

	/**
	 * @nodes_lock: protects the set of nodes. Its holder may allocate memory and wait for the
	 * device (bounded); never taken in the signalling path of a fence.
	 */
	struct mutex nodes_lock;
	/**
	 * @nodes: struct mirage_node of levels 0 to 2, by address divided by the size that a node
	 * covers. Changed under @nodes_lock; removal also needs @lock.
	 */
	struct xarray nodes[MIRAGE_PT_ROOT];
	/** @root: the node of the address space's PD3, whose lower entries are the mirror's */
	struct mirage_node root;
	/**
	 * @null: PD1 and PD2 full of NULL mappings, shared by all NULL mappings; without memory
	 * before the first one. Allocated under @nodes_lock, cleared under @lock.
	 */
	struct mirage_table null[MIRAGE_PT_ROOT];

	/** @sched: scheduler of this address space's VM_BIND jobs */
	struct drm_gpu_scheduler sched;
	/** @nr_jobs: its jobs that are not freed, at most MIRAGE_BIND_MAX_JOBS */
	atomic_t nr_jobs;
	/** @entity: runs the jobs in the order of their submission under the resv lock */
	struct drm_sched_entity entity;
	/** @fence_context: context of their hardware fences; constant */
	u64 fence_context;
	/** @fence_seqno: sequence number of the last of these fences; only run_job() uses it */
	u64 fence_seqno;
	/**
	 * @free_work: tears down the scheduler, which the end of an operation cannot do itself.
	 * Runs after a grace period: the signaller of a dependency may still be waking the
	 * scheduler.
	 */
	struct rcu_work free_work;
	/**
	 * @late_until: get_jiffies_64() until which notifiers do not wait for its jobs, since they
	 * have recently exceeded the limit. A hint without a lock; only vm/userptr.c uses it.
	 */
	u64 late_until;
	/** @sweep_work: frees objects whose last reference eviction has dropped */
	struct work_struct sweep_work;
};

static inline struct mirage_gpuvm *to_mirage_gpuvm(struct drm_gpuvm *base)
{
	return container_of(base, struct mirage_gpuvm, base);
}

bool mirage_gpuvm_write_bo(struct mirage_gpuvm *gpuvm, struct mirage_vm_bo *vm_bo);
void mirage_gpuvm_put_bo(struct drm_gpuvm_bo *vm_bo);
void mirage_gpuvm_used(struct mirage_gpuvm *gpuvm, struct drm_exec *exec);

#endif /* MIRAGE_GPUVM_TYPES_H */
