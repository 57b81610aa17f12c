/* SPDX-License-Identifier: GPL-2.0 */
/* VM_BIND operations on the mappings of an address space. */
#ifndef MIRAGE_BIND_H
#define MIRAGE_BIND_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include <drm/drm_gpuvm.h>
#include <drm/gpu_scheduler.h>
#include <drm/mirage_drm.h>

struct dma_fence;
struct drm_file;
struct mirage_gpuvm;
struct mirage_node;
struct mirage_syncs;
struct mirage_vm;
struct mirage_quota_user;

/**
 * MIRAGE_BIND_MAX_JOBS: limit of queued VM_BIND calls per address space: DRM_MIRAGE_PARAM_VM_BINDS.
 */
#define MIRAGE_BIND_MAX_JOBS	1024

/**
 * struct mirage_bind_op - one operation
 */
struct mirage_bind_op {
	/** @args: checked arguments from user space; constant */
	struct drm_mirage_bind args;
	/** @vm_bo: for MAP, the object in this address space, a reference; else NULL */
	struct drm_gpuvm_bo *vm_bo;
};

/**
 * struct mirage_bind_job - operations with one fence, and all resources that they need
 */
struct mirage_bind_job {
	/** @base: the scheduler's job */
	struct drm_sched_job base;
	/** @gpuvm: address space that they change; a reference */
	struct mirage_gpuvm *gpuvm;
	/** @fence: hardware fence, one reference; initialised by run_job() */
	struct dma_fence *fence;
	/** @work: executes a piece of the job; on mirage_device.bind_wq */
	struct work_struct work;
	/** @next: index in @ops of the current operation, or of the next. Only @work uses it. */
	unsigned int next;
	/**
	 * @tree: address up to which the current operation has removed the mappings in its range
	 * from the tree. Only @work uses it.
	 */
	u64 tree;
	/** @spare: preallocated struct mirage_va for new mappings */
	struct list_head spare;
	/**
	 * @dying: struct mirage_va that the current operation has removed from the tree; the page
	 * tables may still contain them in the range it has not written yet. Only @work uses it,
	 * and @done and @dead too until the fence has signalled.
	 */
	struct list_head dying;
	/** @done: struct mirage_va of operations that are written but not flushed */
	struct list_head done;
	/** @dead: struct mirage_va of mappings that are in no page table and no list any more */
	struct list_head dead;
	/** @nodes: page tables that must exist until the job is done; each entry is one use */
	struct mirage_node **nodes;
	/** @nr_nodes: entries of @nodes */
	unsigned int nr_nodes;
	/**
	 * @free_work: frees the job's resources; needs locks that the scheduler's work must not
	 * take
	 */
	struct work_struct free_work;
	/** @initialised: @base is initialised */
	bool initialised;
	/**
	 * @user: user that the job is charged to; it is then also counted in mirage_gpuvm.nr_jobs;
	 * or NULL
	 */
	struct mirage_quota_user *user;
	/** @nr_ops: entries of @ops */
	unsigned int nr_ops;
	/** @ops: operations in order */
	struct mirage_bind_op ops[] __counted_by(nr_ops);
};

static inline struct mirage_bind_job *to_mirage_bind_job(struct drm_sched_job *base)
{
	return container_of(base, struct mirage_bind_job, base);
}

int mirage_vm_bind(struct mirage_vm *vm, const struct drm_mirage_vm_bind *args,
		   const struct drm_mirage_bind *binds, struct mirage_syncs *syncs,
		   struct drm_file *file);

struct mirage_bind_job *mirage_bind_job_create(struct mirage_gpuvm *gpuvm, struct drm_file *file,
					       const struct drm_mirage_bind *binds,
					       unsigned int count);
int mirage_bind_job_prepare(struct mirage_bind_job *job);
void mirage_bind_job_drop(struct mirage_bind_job *job);

/* Execution. */
struct dma_fence *mirage_bind_run(struct drm_sched_job *base);
void mirage_bind_work(struct work_struct *work);

/* Callbacks of drm_gpuvm. */
int mirage_bind_step_remap(struct drm_gpuva_op *op, void *priv);
int mirage_bind_step_unmap(struct drm_gpuva_op *op, void *priv);

/* Setup and teardown per address space. */
int mirage_bind_init(struct mirage_gpuvm *gpuvm);
void mirage_bind_fini(struct mirage_gpuvm *gpuvm);
bool mirage_bind_queue_work(struct work_struct *work);
void mirage_bind_queue_rcu_work(struct rcu_work *work);

int mirage_bind_module_init(void);
void mirage_bind_module_exit(void);

#endif /* MIRAGE_BIND_H */
