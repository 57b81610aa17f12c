/* SPDX-License-Identifier: GPL-2.0 */
/* Operations on what an address space maps, as VM_BIND queues them. */
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

/** MIRAGE_BIND_MAX_JOBS: calls of VM_BIND that an address space holds: DRM_MIRAGE_PARAM_VM_BINDS. */
#define MIRAGE_BIND_MAX_JOBS	1024

/**
 * struct mirage_bind_op - one operation
 */
struct mirage_bind_op {
	/** @args: as user space gave it, checked; constant */
	struct drm_mirage_bind args;
	/** @vm_bo: of MAP the object in this address space, a reference; else NULL */
	struct drm_gpuvm_bo *vm_bo;
};

/**
 * struct mirage_bind_job - operations with one fence, and what they need to take effect
 */
struct mirage_bind_job {
	/** @base: scheduler's part */
	struct drm_sched_job base;
	/** @gpuvm: what they change; a reference */
	struct mirage_gpuvm *gpuvm;
	/** @fence: hardware fence, one reference; initialised by run_job() */
	struct dma_fence *fence;
	/** @work: does a piece of it; on mirage_device.bind_wq */
	struct work_struct work;
	/** @next: index in @ops of the operation under way, or of the next. Used by @work alone. */
	unsigned int next;
	/**
	 * @tree: of the operation under way: up to where mappings that are in its way were taken out of the
	 * tree. Used by @work alone.
	 */
	u64 tree;
	/** @spare: struct mirage_va for the mappings that will be made */
	struct list_head spare;
	/**
	 * @dying: struct mirage_va that the operation under way took out of the tree; what it has yet to write may
	 * still be in the page tables. Used by @work alone, as @done and @dead are before the fence has signalled.
	 */
	struct list_head dying;
	/** @done: those of operations that are written and not flushed yet */
	struct list_head done;
	/** @dead: struct mirage_va of the mappings that are nowhere any more */
	struct list_head dead;
	/** @nodes: page tables that must not go before it is done, each used once for each entry */
	struct mirage_node **nodes;
	/** @nr_nodes: entries of @nodes */
	unsigned int nr_nodes;
	/** @free_work: gives back what it has; what it takes for that, the scheduler's work may not */
	struct work_struct free_work;
	/** @initialised: @base is */
	bool initialised;
	/** @user: whose share of jobs it is part of; it is one of mirage_gpuvm.nr_jobs then, too; or NULL */
	struct mirage_quota_user *user;
	/** @nr_ops: entries of @ops */
	unsigned int nr_ops;
	/** @ops: operations, in their order */
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

/* Taking effect. */
struct dma_fence *mirage_bind_run(struct drm_sched_job *base);
void mirage_bind_work(struct work_struct *work);

/* Steps of drm_gpuvm. */
int mirage_bind_step_remap(struct drm_gpuva_op *op, void *priv);
int mirage_bind_step_unmap(struct drm_gpuva_op *op, void *priv);

/* Of an address space. */
int mirage_bind_init(struct mirage_gpuvm *gpuvm);
void mirage_bind_fini(struct mirage_gpuvm *gpuvm);
bool mirage_bind_queue_work(struct work_struct *work);
void mirage_bind_queue_rcu_work(struct rcu_work *work);

int mirage_bind_module_init(void);
void mirage_bind_module_exit(void);

#endif /* MIRAGE_BIND_H */
