// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: Operations on mappings
 *
 * What one VM_BIND asks for is one job of the address space's scheduler, which keeps the order. It
 * has all it needs before it is armed: mappings to be made (each operation makes one, and
 * splits two at most), page tables, objects. When its turn comes it takes effect
 * there and then, under mirage_gpuvm.lock, and is done when the device has dropped what it had
 * cached; so its fence needs no interrupt, and no memory.
 *
 * What it took away is given back later by a work of its own: that takes locks under which
 * others allocate, and may be the end of an object.
 *
 * The address space may be gone by then, or the device. The operations are not done in that case,
 * and the fence says so.
 *
 * Model followed: panthor. Rejected: doing synchronous operations at once in the ioctl. They would
 * have to wait for those that are queued anyway, and there would be two ways to get the order
 * wrong.
 */
#include <linux/align.h>
#include <linux/slab.h>

#include <drm/drm_file.h>
#include <drm/drm_gem.h>

#include "mirage_bind.h"
#include "mirage_bo.h"
#include "mirage_device_types.h"
#include "mirage_gpuvm.h"
#include "mirage_gpuvm_types.h"
#include "mirage_quota.h"
#include "mirage_state.h"
#include "mirage_trace.h"
#include "mirage_vm.h"

/* Mappings that one operation can make: its own, and what splits leave before and behind it. */
#define BIND_MAX_VAS	3

/* Gives back what jobs have. Of the module: it may be the end of the device structure. */
static struct workqueue_struct *bind_wq;

static struct mirage_bind_job *to_mirage_bind_job(struct drm_sched_job *base)
{
	return container_of(base, struct mirage_bind_job, base);
}

static struct mirage_va *bind_take_va(struct mirage_bind_job *job)
{
	struct mirage_va *va = list_first_entry(&job->spare, struct mirage_va, node);

	list_del(&va->node);
	return va;
}

/* Add a mapping to the address space, in the place of nothing. */
static struct mirage_va *bind_insert(struct mirage_bind_job *job,
				     const struct drm_gpuva_op_map *map,
				     struct drm_gpuvm_bo *vm_bo, enum drm_gpuva_flags flags)
{
	struct mirage_va *va = bind_take_va(job);

	va->base.flags = flags;
	drm_gpuva_map(&job->gpuvm->base, &va->base, map);
	mirage_node_use(job->gpuvm, va);
	if (vm_bo) {
		mutex_lock(&vm_bo->obj->gpuva.lock);
		drm_gpuva_link(&va->base, vm_bo);
		mutex_unlock(&vm_bo->obj->gpuva.lock);
	}
	return va;
}

/**
 * mirage_bind_step_map() - make a mapping, where there is none any more
 * @op: DRM_GPUVA_OP_MAP
 * @priv: struct mirage_bind_job
 *
 * What was in the page tables there is written over.
 *
 * Context: mirage_gpuvm.lock held, on the way to signalling a fence.
 * Return: 0
 */
int mirage_bind_step_map(struct drm_gpuva_op *op, void *priv)
{
	struct mirage_bind_job *job = priv;
	struct drm_gpuvm_bo *vm_bo = job->op->vm_bo;
	enum drm_gpuva_flags flags = 0;
	struct mirage_va *va;

	if (job->op->args.op == DRM_MIRAGE_BIND_NULL)
		flags = DRM_GPUVA_SPARSE;
	else if (job->op->args.flags & DRM_MIRAGE_BIND_READONLY)
		flags = MIRAGE_VA_READONLY;

	va = bind_insert(job, &op->map, vm_bo, flags);
	/* Memory of a process may be gone; the next job that needs it brings it back. */
	if (!mirage_gpuvm_write_va(job->gpuvm, va))
		to_mirage_vm_bo(vm_bo)->stale = true;
	return 0;
}

/**
 * mirage_bind_step_remap() - split a mapping
 * @op: DRM_GPUVA_OP_REMAP
 * @priv: struct mirage_bind_job
 *
 * What is left of it is in the page tables, or is not, as before.
 *
 * Context: mirage_gpuvm.lock held, on the way to signalling a fence.
 * Return: 0
 */
int mirage_bind_step_remap(struct drm_gpuva_op *op, void *priv)
{
	struct mirage_bind_job *job = priv;
	struct mirage_va *old = to_mirage_va(op->remap.unmap->va);

	drm_gpuva_unmap(op->remap.unmap);
	list_add(&old->node, &job->dead);
	if (op->remap.prev)
		bind_insert(job, op->remap.prev, old->base.vm_bo, old->base.flags);
	if (op->remap.next)
		bind_insert(job, op->remap.next, old->base.vm_bo, old->base.flags);
	return 0;
}

/**
 * mirage_bind_step_unmap() - take a mapping away
 * @op: DRM_GPUVA_OP_UNMAP
 * @priv: struct mirage_bind_job
 *
 * Context: mirage_gpuvm.lock held, on the way to signalling a fence.
 * Return: 0
 */
int mirage_bind_step_unmap(struct drm_gpuva_op *op, void *priv)
{
	struct mirage_bind_job *job = priv;
	struct mirage_va *old = to_mirage_va(op->unmap.va);

	drm_gpuva_unmap(&op->unmap);
	list_add(&old->node, &job->dead);
	return 0;
}

/* Bits of the page-table entries, as far as they do not depend on where the object is. */
static u32 bind_rights(const struct drm_mirage_bind *args)
{
	u32 rights = args->flags & DRM_MIRAGE_BIND_READONLY ? 0 : MIRAGE_PTE_WRITE;

	return args->op == DRM_MIRAGE_BIND_NULL ? rights | MIRAGE_PTE_NULL : rights;
}

static void bind_do(struct mirage_bind_job *job, const struct mirage_bind_op *op)
{
	const struct drm_gpuvm_map_req req = {
		.map.va.addr = op->args.addr,
		.map.va.range = op->args.size,
		.map.gem.obj = op->vm_bo ? op->vm_bo->obj : NULL,
		.map.gem.offset = op->args.offset,
	};
	struct mirage_gpuvm *gpuvm = job->gpuvm;
	int ret;

	job->op = op;
	if (op->args.op == DRM_MIRAGE_BIND_UNMAP) {
		ret = drm_gpuvm_sm_unmap(&gpuvm->base, job, op->args.addr, op->args.size);
		mirage_gpuvm_clear(gpuvm, op->args.addr, op->args.addr + op->args.size);
	} else {
		ret = drm_gpuvm_sm_map(&gpuvm->base, job, &req);
	}
	trace_mirage_bind(gpuvm->vm, &op->args);
	mirage_history_add(&gpuvm->vm->history,
			   op->args.op == DRM_MIRAGE_BIND_UNMAP ? MIRAGE_HISTORY_UNBIND :
								  MIRAGE_HISTORY_BIND,
			   mirage_device_estimate_time(gpuvm->mdev), op->args.addr, op->args.size,
			   bind_rights(&op->args));
	/* The range was checked, and the steps do not fail. */
	WARN_ON(ret);
}

static struct dma_fence *bind_run(struct drm_sched_job *base)
{
	struct mirage_bind_job *job = to_mirage_bind_job(base);
	struct mirage_gpuvm *gpuvm = job->gpuvm;
	bool signalling = dma_fence_begin_signalling();
	struct mirage_va *va;
	unsigned int i;
	int ret = 0;

	mirage_gpuvm_lock(gpuvm);
	if (gpuvm->live) {
		for (i = 0; i < job->nr_ops; i++)
			bind_do(job, &job->ops[i]);
		mirage_gpuvm_flush(gpuvm);
	} else {
		ret = gpuvm->vm ? -ENODEV : -ECANCELED;
	}
	/* Not before the flush: who evicts an object waits for the lock only if it is mapped. */
	list_for_each_entry(va, &job->dead, node)
		drm_gpuva_unlink_defer(&va->base);
	mirage_gpuvm_unlock(gpuvm);
	dma_fence_end_signalling(signalling);
	return ret ? ERR_PTR(ret) : NULL;
}

/* Give back all that a job has but the scheduler's part. */
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
	queue_work(bind_wq, &job->free_work);
}

/* It is done when run_job() returns, so its time never runs out. */
static enum drm_gpu_sched_stat bind_timedout(struct drm_sched_job *base)
{
	WARN_ON_ONCE(1);
	return DRM_GPU_SCHED_STAT_NO_HANG;
}

static const struct drm_sched_backend_ops bind_sched_ops = {
	.run_job = bind_run,
	.timedout_job = bind_timedout,
	.free_job = bind_free_job,
};

/* As for jobs of queues. What one has is charged, too, but for the scheduler's fence. */
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
 * mirage_bind_job_create() - a job that is not armed yet
 * @gpuvm: upper part of an address space that the caller has a reference to
 * @file: whose handles @binds names
 * @binds: operations; of them addresses, sizes, flags and padding are checked
 * @count: their number
 *
 * Context: may sleep and allocate.
 * Return: the job, to be pushed or given to mirage_bind_job_drop(); -EWOULDBLOCK there are too many, -ENOENT no such
 * object, -ENOMEM
 */
struct mirage_bind_job *mirage_bind_job_create(struct mirage_gpuvm *gpuvm, struct drm_file *file,
					       const struct drm_mirage_bind *binds,
					       unsigned int count)
{
	struct mirage_bind_job *job;
	unsigned int i;
	int ret;

	job = kvzalloc_flex(*job, ops, count, GFP_KERNEL_ACCOUNT);
	if (!job)
		return ERR_PTR(-ENOMEM);
	job->nr_ops = count;
	INIT_LIST_HEAD(&job->spare);
	INIT_LIST_HEAD(&job->dead);
	INIT_WORK(&job->free_work, bind_free_work);
	job->gpuvm = gpuvm;
	drm_gpuvm_get(&gpuvm->base);

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
 * mirage_bind_job_prepare() - get a job all that it may need when its turn comes
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
	/* An array of more than that nobody gets. */
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
 * mirage_bind_init() - make the scheduler of an address space's operations
 * @gpuvm: upper part of an address space
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
	ret = drm_sched_entity_init(&gpuvm->entity, DRM_SCHED_PRIORITY_KERNEL, &sched, 1, NULL);
	if (ret)
		drm_sched_fini(sched);
	return ret;
}

/**
 * mirage_bind_fini() - undo mirage_bind_init()
 * @gpuvm: upper part of an address space without jobs, a grace period after the last
 */
void mirage_bind_fini(struct mirage_gpuvm *gpuvm)
{
	drm_sched_entity_fini(&gpuvm->entity);
	drm_sched_fini(&gpuvm->sched);
}

/**
 * mirage_bind_queue_work() - have something done that may be the end of the device structure
 * @work: work
 *
 * Return: false if it was queued already
 */
bool mirage_bind_queue_work(struct work_struct *work)
{
	return queue_work(bind_wq, work);
}

/**
 * mirage_bind_queue_rcu_work() - the same after a grace period
 * @work: work
 */
void mirage_bind_queue_rcu_work(struct rcu_work *work)
{
	queue_rcu_work(bind_wq, work);
}

/**
 * mirage_bind_module_init() - before any device is probed
 *
 * Return: 0 or -ENOMEM
 */
int mirage_bind_module_init(void)
{
	bind_wq = alloc_workqueue("mirage-bind", WQ_UNBOUND, 0);
	return bind_wq ? 0 : -ENOMEM;
}

/**
 * mirage_bind_module_exit() - after the last upper part of an address space has gone
 */
void mirage_bind_module_exit(void)
{
	destroy_workqueue(bind_wq);
}
