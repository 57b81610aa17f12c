// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: Operations on mappings
 *
 * Each VM_BIND call becomes one job of the address space's scheduler, which keeps the order. The
 * job gets all its resources before it is armed: new mappings (each operation makes one, and splits
 * at most two), page tables, objects. So its fence needs no memory. When its turn comes a work
 * executes it, piece by piece (vm/bind_run.c).
 *
 * A second work later frees the mappings that were removed. It takes locks under which other code
 * allocates, and may drop the last reference to an object.
 *
 * Model: panthor. Rejected: executing synchronous operations directly in the ioctl. They would have
 * to wait for the queued ones anyway, and the order would have to be kept in two places.
 */
#include <linux/align.h>
#include <linux/slab.h>

#include <drm/drm_file.h>
#include <drm/drm_gem.h>

#include "bo/bo.h"
#include "device/device.h"
#include "device/quota.h"
#include "queue/fence.h"
#include "vm/bind.h"
#include "vm/gpuvm.h"
#include "vm/gpuvm_types.h"
#include "vm/node.h"
#include "vm/va.h"

/* Most mappings that one operation makes: its own, and the remainders of splits on both sides. */
#define BIND_MAX_VAS	3

/* Frees jobs' resources. Owned by the module: a work may drop the last reference to the device. */
static struct workqueue_struct *bind_free_wq;

/* Free all resources of a job except the scheduler's part. */
static void bind_free(struct mirage_bind_job *job)
{
	struct mirage_gpuvm *gpuvm = job->gpuvm;
	struct mirage_va *va, *next;
	unsigned int i;

	mirage_node_release(gpuvm, job->nodes, job->nr_nodes, &job->dead);
	list_for_each_entry_safe(va, next, &job->spare, node)
		kfree(va);
	for (i = 0; i < job->nr_ops; i++)
		drm_gpuvm_bo_put_deferred(job->ops[i].vm_bo);
	drm_gpuvm_bo_deferred_cleanup(&gpuvm->base);
	if (job->user) {
		atomic_dec(&gpuvm->nr_jobs);
		mirage_quota_give(gpuvm->mdev, job->user, MIRAGE_QUOTA_JOBS);
	}
	drm_gpuvm_put(&gpuvm->base);
	mirage_fence_put(job->fence);
	kvfree(job->nodes);
	kvfree(job);
}

static void bind_free_work(struct work_struct *work)
{
	bind_free(container_of(work, struct mirage_bind_job, free_work));
}

static void bind_free_job(struct drm_sched_job *base)
{
	struct mirage_bind_job *job = to_mirage_bind_job(base);

	drm_sched_job_cleanup(base);
	queue_work(bind_free_wq, &job->free_work);
}

/* Every piece of it is bounded, so the time limit does not apply. */
static enum drm_gpu_sched_stat bind_timedout(struct drm_sched_job *base)
{
	WARN_ON_ONCE(1);
	return DRM_GPU_SCHED_STAT_NO_HANG;
}

static const struct drm_sched_backend_ops bind_sched_ops = {
	.run_job = mirage_bind_run,
	.timedout_job = bind_timedout,
	.free_job = bind_free_job,
};

/*
 * Counted like jobs of queues. Its memory is charged to the cgroup too, except the scheduler's
 * fence.
 */
static int bind_count(struct mirage_bind_job *job)
{
	struct mirage_gpuvm *gpuvm = job->gpuvm;
	struct mirage_quota_user *user = mirage_quota_take(gpuvm->mdev, MIRAGE_QUOTA_JOBS);

	if (IS_ERR(user))
		return user == ERR_PTR(-EDQUOT) ? -EWOULDBLOCK : PTR_ERR(user);
	if (!atomic_add_unless(&gpuvm->nr_jobs, 1, MIRAGE_BIND_MAX_JOBS)) {
		mirage_quota_give(gpuvm->mdev, user, MIRAGE_QUOTA_JOBS);
		return -EWOULDBLOCK;
	}
	job->user = user;
	return 0;
}

static int bind_init_op(struct mirage_bind_job *job, struct mirage_bind_op *op,
			struct drm_file *file, const struct drm_mirage_bind *args)
{
	struct drm_gem_object *obj;

	op->args = *args;
	if (args->op != DRM_MIRAGE_BIND_MAP)
		return 0;
	obj = drm_gem_object_lookup(file, args->handle);
	if (!obj)
		return -ENOENT;
	op->vm_bo = drm_gpuvm_bo_create(&job->gpuvm->base, obj);
	if (op->vm_bo)
		op->vm_bo = drm_gpuvm_bo_obtain_prealloc(op->vm_bo);
	drm_gem_object_put(obj);
	return op->vm_bo ? 0 : -ENOMEM;
}

/**
 * mirage_bind_job_create() - create a job, not armed yet
 * @gpuvm: VM_BIND range of an address space that the caller has a reference to
 * @file: file that the handles in @binds belong to
 * @binds: operations; their addresses, sizes, flags and padding are checked
 * @count: number of operations
 *
 * Context: may sleep and allocate.
 * Return: the job, to push or to pass to mirage_bind_job_drop(); -EWOULDBLOCK a limit of jobs is
 * reached, -ENOENT no such object, -ENOMEM
 */
struct mirage_bind_job *mirage_bind_job_create(struct mirage_gpuvm *gpuvm, struct drm_file *file,
					       const struct drm_mirage_bind *binds,
					       unsigned int count)
{
	struct mirage_bind_job *job;
	unsigned int i;
	int ret = 0;

	job = kvzalloc_flex(*job, ops, count, GFP_KERNEL_ACCOUNT);
	if (!job)
		return ERR_PTR(-ENOMEM);
	job->nr_ops = count;
	INIT_LIST_HEAD(&job->spare);
	INIT_LIST_HEAD(&job->dying);
	INIT_LIST_HEAD(&job->done);
	INIT_LIST_HEAD(&job->dead);
	INIT_WORK(&job->work, mirage_bind_work);
	INIT_WORK(&job->free_work, bind_free_work);
	job->gpuvm = gpuvm;
	drm_gpuvm_get(&gpuvm->base);
	job->fence = mirage_fence_alloc();
	if (!job->fence)
		ret = -ENOMEM;

	if (!ret)
		ret = bind_count(job);
	for (i = 0; i < count && !ret; i++)
		ret = bind_init_op(job, &job->ops[i], file, &binds[i]);
	if (!ret) {
		ret = drm_sched_job_init(&job->base, &gpuvm->entity, 1, file, file->client_id);
		job->initialised = !ret;
	}
	if (ret) {
		mirage_bind_job_drop(job);
		return ERR_PTR(ret);
	}
	return job;
}

static u64 bind_count_nodes(const struct drm_mirage_bind *args)
{
	if (args->op != DRM_MIRAGE_BIND_MAP)
		return MIRAGE_NODE_EDGES;
	return ((args->addr + args->size - 1) >> MIRAGE_PD1_SHIFT) -
	       (args->addr >> MIRAGE_PD1_SHIFT) + 1;
}

static int bind_get_node(struct mirage_bind_job *job, unsigned int level, u64 va)
{
	struct mirage_node *node;

	if (fatal_signal_pending(current))
		return -EINTR;
	node = mirage_node_get(job->gpuvm, level, va);
	if (IS_ERR(node))
		return PTR_ERR(node);
	job->nodes[job->nr_nodes++] = node;
	return 0;
}

static int bind_get_nodes(struct mirage_bind_job *job, const struct drm_mirage_bind *args)
{
	struct mirage_node_edge edges[MIRAGE_NODE_EDGES];
	u64 end = args->addr + args->size;
	unsigned int count, i;
	int ret = 0;
	u64 va;

	if (args->op == DRM_MIRAGE_BIND_MAP) {
		va = ALIGN_DOWN(args->addr, BIT_ULL(MIRAGE_PD1_SHIFT));
		for (; va < end && !ret; va += BIT_ULL(MIRAGE_PD1_SHIFT))
			ret = bind_get_node(job, 0, va);
		return ret;
	}
	if (args->op == DRM_MIRAGE_BIND_NULL) {
		ret = mirage_node_get_null(job->gpuvm);
		if (ret)
			return ret;
	}
	count = mirage_node_edges(args->addr, end, edges);
	for (i = 0; i < count && !ret; i++)
		ret = bind_get_node(job, edges[i].level, edges[i].va);
	return ret;
}

/**
 * mirage_bind_job_prepare() - allocate all that a job may need when it runs
 * @job: from mirage_bind_job_create()
 *
 * Context: may sleep and allocate; no resv held; takes mirage_gpuvm.nodes_lock.
 * Return: 0, -ENOMEM, -ENODEV, -EINTR
 */
int mirage_bind_job_prepare(struct mirage_bind_job *job)
{
	unsigned int i, n;
	u64 count = 0;
	int ret;

	for (i = 0; i < job->nr_ops; i++) {
		count += bind_count_nodes(&job->ops[i].args);
		for (n = 0; n < BIND_MAX_VAS; n++) {
			struct mirage_va *va = kzalloc_obj(*va, GFP_KERNEL_ACCOUNT);

			if (!va)
				return -ENOMEM;
			list_add(&va->node, &job->spare);
		}
	}
	/* kvmalloc_array() refuses larger arrays. */
	if (count > INT_MAX / sizeof(*job->nodes))
		return -ENOMEM;
	job->nodes = kvmalloc_objs(*job->nodes, count, GFP_KERNEL_ACCOUNT);
	if (!job->nodes)
		return -ENOMEM;
	for (i = 0; i < job->nr_ops; i++) {
		ret = bind_get_nodes(job, &job->ops[i].args);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * mirage_bind_job_drop() - free a job that was never armed
 * @job: from mirage_bind_job_create()
 *
 * Context: may sleep; no resv held; takes mirage_gpuvm.nodes_lock and the address space's resv.
 */
void mirage_bind_job_drop(struct mirage_bind_job *job)
{
	if (job->initialised)
		drm_sched_job_cleanup(&job->base);
	bind_free(job);
}

/**
 * mirage_bind_init() - create the scheduler for an address space's VM_BIND jobs
 * @gpuvm: VM_BIND range of an address space
 *
 * Return: 0 or -ENOMEM
 */
int mirage_bind_init(struct mirage_gpuvm *gpuvm)
{
	struct drm_gpu_scheduler *sched = &gpuvm->sched;
	const struct drm_sched_init_args args = {
		.ops = &bind_sched_ops,
		.submit_wq = gpuvm->mdev->submit_wq,
		.num_rqs = 1,
		.credit_limit = 1,
		.timeout = MAX_SCHEDULE_TIMEOUT,
		.timeout_wq = gpuvm->mdev->submit_wq,
		.name = "mirage-bind",
		.dev = gpuvm->mdev->drm.dev,
	};
	int ret;

	ret = drm_sched_init(sched, &args);
	if (ret)
		return ret;
	gpuvm->fence_context = dma_fence_context_alloc(1);
	ret = drm_sched_entity_init(&gpuvm->entity, DRM_SCHED_PRIORITY_KERNEL, &sched, 1, NULL);
	if (ret)
		drm_sched_fini(sched);
	return ret;
}

/**
 * mirage_bind_fini() - undo mirage_bind_init()
 * @gpuvm: VM_BIND range of an address space without jobs, one grace period after the last job
 */
void mirage_bind_fini(struct mirage_gpuvm *gpuvm)
{
	drm_sched_entity_fini(&gpuvm->entity);
	drm_sched_fini(&gpuvm->sched);
}

/**
 * mirage_bind_queue_work() - queue a work that may drop the last reference to the device
 * @work: work
 *
 * Return: false if it was queued already
 */
bool mirage_bind_queue_work(struct work_struct *work)
{
	return queue_work(bind_free_wq, work);
}

/**
 * mirage_bind_queue_rcu_work() - queue such a work after a grace period
 * @work: work
 */
void mirage_bind_queue_rcu_work(struct rcu_work *work)
{
	queue_rcu_work(bind_free_wq, work);
}

/**
 * mirage_bind_module_init() - set up, before any device is probed
 *
 * Return: 0 or -ENOMEM
 */
int mirage_bind_module_init(void)
{
	bind_free_wq = alloc_workqueue("mirage-bind-free", WQ_UNBOUND, 0);
	return bind_free_wq ? 0 : -ENOMEM;
}

/**
 * mirage_bind_module_exit() - clean up, after the last VM_BIND range has gone
 */
void mirage_bind_module_exit(void)
{
	destroy_workqueue(bind_free_wq);
}
