// SPDX-License-Identifier: GPL-2.0
/*
 * How operations on mappings take effect.
 *
 * run_job() hands the job to a work, which does a bounded piece under mirage_gpuvm.lock, flushes, drops
 * the lock and puts itself behind the works of other address spaces. The last piece signals the job's
 * fence. So a notifier that needs the lock, with reclaim behind it, waits for two pieces at most,
 * however much an operation maps, and the workqueue that runs the schedulers of all queues does nothing
 * but start works.
 *
 * Between two pieces others see an operation half done: eviction, notifiers of userptrs, faults,
 * debugfs, the end of the address space. (The next operations of the address space wait for the fence.) An
 * operation first takes the mappings that are in its way out of the tree, and adds its own. Then it
 * writes the page tables, from its first address to its last. mirage_gpuvm.todo_start and .todo_end say
 * what is not written yet. There the page tables still hold what the mappings said that were taken
 * out, so those stay in the lists of their objects, with MIRAGE_VA_DEAD, until all of the operation is
 * written and flushed:
 *
 *   eviction of an object    clears what its mappings have in the page tables: of dead ones what is
 *                            to do yet, of the operation's own what is not, of others all
 *   bringing an object back  leaves to the operation what it has yet to do
 *   a fault on what is       is tried again, until the operation has got there
 *   to do yet
 *
 * The address space may be gone when a piece begins, or the device. What is left of the job is not done
 * in that case, and the fence says so.
 *
 * Rejected: splitting a large mapping into several that are made one after another. It would leave more
 * mappings than were asked for, and each piece of an UNMAP would need one more that nobody has
 * allocated.
 */
#include <linux/align.h>
#include <linux/minmax.h>

#include "device/device.h"
#include "device/state.h"
#include "queue/fence.h"
#include "vm/bind.h"
#include "vm/gpuvm.h"
#include "vm/gpuvm_types.h"
#include "vm/space.h"
#include "vm/trace.h"

/*
 * What a piece costs at most, in page-table entries, but for the end of what it began. At least a block,
 * so that each piece gets on; more means fewer flushes.
 */
#define BIND_PIECE	8192u
/* What an operation, or taking out a mapping, costs besides. */
#define BIND_STEP	16u

static_assert(BIND_PIECE >= 2 * MIRAGE_PT_ENTRIES);

static void bind_spend(unsigned int *left, unsigned int cost)
{
	*left -= min(*left, cost);
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

static void bind_kill(struct mirage_bind_job *job, struct mirage_va *va)
{
	va->base.flags |= MIRAGE_VA_DEAD;
	list_add(&va->node, &job->dying);
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
	struct mirage_va *old = to_mirage_va(op->remap.unmap->va);
	enum drm_gpuva_flags flags = old->base.flags;
	struct mirage_bind_job *job = priv;

	drm_gpuva_unmap(op->remap.unmap);
	bind_kill(job, old);
	if (op->remap.prev)
		bind_insert(job, op->remap.prev, old->base.vm_bo, flags);
	if (op->remap.next)
		bind_insert(job, op->remap.next, old->base.vm_bo, flags);
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
	struct mirage_va *old = to_mirage_va(op->unmap.va);
	struct mirage_bind_job *job = priv;

	drm_gpuva_unmap(&op->unmap);
	bind_kill(job, old);
	return 0;
}

/* Bits of the page-table entries, as far as they do not depend on where the object is. */
static u32 bind_rights(const struct drm_mirage_bind *args)
{
	u32 rights = args->flags & DRM_MIRAGE_BIND_READONLY ? 0 : MIRAGE_PTE_WRITE;

	return args->op == DRM_MIRAGE_BIND_NULL ? rights | MIRAGE_PTE_NULL : rights;
}

/* Take mappings that are in the way of an operation out of the tree, so many that it costs @left. */
static void bind_remove(struct mirage_bind_job *job, u64 end, unsigned int *left)
{
	struct mirage_gpuvm *gpuvm = job->gpuvm;
	struct drm_gpuva *va;
	u64 stop = end;

	drm_gpuvm_for_each_va_range(va, &gpuvm->base, job->tree, end) {
		bind_spend(left, BIND_STEP);
		if (!*left) {
			stop = min(va->va.addr + va->va.range, end);
			break;
		}
	}
	/* The range was checked, and the steps do not fail. */
	WARN_ON(drm_gpuvm_sm_unmap(&gpuvm->base, job, job->tree, stop - job->tree));
	job->tree = stop;
}

static struct mirage_va *bind_add(struct mirage_bind_job *job, const struct mirage_bind_op *op)
{
	const struct drm_gpuva_op_map map = {
		.va.addr = op->args.addr,
		.va.range = op->args.size,
		.gem.obj = op->vm_bo ? op->vm_bo->obj : NULL,
		.gem.offset = op->args.offset,
	};
	enum drm_gpuva_flags flags = 0;

	if (op->args.op == DRM_MIRAGE_BIND_NULL)
		flags = DRM_GPUVA_SPARSE;
	else if (op->args.flags & DRM_MIRAGE_BIND_READONLY)
		flags = MIRAGE_VA_READONLY;
	return bind_insert(job, &map, op->vm_bo, flags);
}

/* Write leaves of an object from @start on, at most @left of them. Returns where to go on. */
static u64 bind_write_object(struct mirage_gpuvm *gpuvm, u64 start, u64 end, unsigned int *left)
{
	u64 stop = start + ((u64)*left << MIRAGE_PAGE_SHIFT);

	if (stop < end) {
		/* A block in one go gets the largest leaf at once. */
		stop = ALIGN_DOWN(stop, BIT_ULL(MIRAGE_PD1_SHIFT));
		if (stop <= start) {
			*left = 0;
			return start;
		}
	}
	stop = min(stop, end);
	/* Memory of a process may be gone; the next job that needs it brings it back. */
	if (!mirage_gpuvm_write_va(gpuvm, gpuvm->todo_va, start, stop))
		to_mirage_vm_bo(gpuvm->todo_va->base.vm_bo)->stale = true;
	bind_spend(left, (stop - start) >> MIRAGE_PAGE_SHIFT);
	return stop;
}

static u64 bind_write(struct mirage_gpuvm *gpuvm, u32 op, u64 start, u64 end, unsigned int *left)
{
	if (op == DRM_MIRAGE_BIND_MAP)
		return bind_write_object(gpuvm, start, end, left);
	return mirage_gpuvm_write_empty(gpuvm, start, end, op == DRM_MIRAGE_BIND_NULL, left);
}

static void bind_begin(struct mirage_bind_job *job, const struct drm_mirage_bind *args)
{
	job->gpuvm->todo_start = args->addr;
	job->gpuvm->todo_end = args->addr + args->size;
	job->tree = args->addr;
}

static void bind_end(struct mirage_bind_job *job)
{
	job->gpuvm->todo_start = 0;
	job->gpuvm->todo_end = 0;
	job->gpuvm->todo_va = NULL;
	list_splice_init(&job->dying, &job->done);
}

/* Do some of the next operation. */
static void bind_step(struct mirage_bind_job *job, unsigned int *left)
{
	const struct mirage_bind_op *op = &job->ops[job->next];
	const struct drm_mirage_bind *args = &op->args;
	struct mirage_gpuvm *gpuvm = job->gpuvm;
	u64 end = args->addr + args->size;

	if (!gpuvm->todo_end) {
		bind_spend(left, BIND_STEP);
		bind_begin(job, args);
	}
	if (job->tree < end)
		bind_remove(job, end, left);
	if (job->tree < end)
		return;
	if (!gpuvm->todo_va && args->op != DRM_MIRAGE_BIND_UNMAP)
		gpuvm->todo_va = bind_add(job, op);
	while (*left && gpuvm->todo_start < end)
		gpuvm->todo_start = bind_write(gpuvm, args->op, gpuvm->todo_start, end, left);
	if (gpuvm->todo_start < end)
		return;

	bind_end(job);
	job->next++;
	trace_mirage_bind(gpuvm->vm, args);
	mirage_history_add(&gpuvm->vm->history,
			   args->op == DRM_MIRAGE_BIND_UNMAP ? MIRAGE_HISTORY_UNBIND :
							       MIRAGE_HISTORY_BIND,
			   mirage_device_estimate_time(gpuvm->mdev), args->addr, args->size,
			   bind_rights(args));
}

/* Do a piece of the job. Returns true if there is more. */
static bool bind_piece(struct mirage_bind_job *job)
{
	unsigned int left = BIND_PIECE;

	while (left && job->next < job->nr_ops)
		bind_step(job, &left);
	trace_mirage_bind_piece(job->gpuvm->vm, BIND_PIECE - left, job->nr_ops - job->next);
	return job->next < job->nr_ops;
}

/* Forget mappings that are in no page table any more, and not in the TLB. */
static void bind_unlink(struct mirage_bind_job *job)
{
	struct mirage_va *va;

	list_for_each_entry(va, &job->done, node)
		drm_gpuva_unlink_defer(&va->base);
	list_splice_init(&job->done, &job->dead);
}

/*
 * The operation under way does not go on. The mappings that it has taken out of the tree are about to lose their page
 * tables, and a page table that goes holds nothing: so the range is cleared, as far as the books go.
 */
static void bind_abandon(struct mirage_bind_job *job)
{
	struct mirage_gpuvm *gpuvm = job->gpuvm;
	const struct drm_mirage_bind *args;

	if (!gpuvm->todo_end)
		return;
	args = &job->ops[job->next].args;
	mirage_gpuvm_clear(gpuvm, args->addr, args->addr + args->size);
}

/* The job may be freed before this returns. */
static void bind_complete(struct mirage_bind_job *job, int error)
{
	struct dma_fence *fence = dma_fence_get(job->fence);

	mirage_fence_signal(fence, error);
	dma_fence_put(fence);
}

/**
 * mirage_bind_work() - do a piece of a job
 * @work: mirage_bind_job.work
 *
 * Context: mirage_device.bind_wq, on the way to signalling a fence; takes mirage_gpuvm.lock.
 */
void mirage_bind_work(struct work_struct *work)
{
	struct mirage_bind_job *job = container_of(work, struct mirage_bind_job, work);
	struct mirage_gpuvm *gpuvm = job->gpuvm;
	bool signalling = dma_fence_begin_signalling();
	bool more = false;
	int ret = 0;

	mirage_gpuvm_lock(gpuvm);
	if (gpuvm->live) {
		more = bind_piece(job);
	} else {
		bind_abandon(job);
		ret = gpuvm->vm ? -ENODEV : -ECANCELED;
	}
	if (!more)
		bind_end(job);
	/* Not before the flush: eviction waits for the lock only if the object is mapped. */
	mirage_gpuvm_flush(gpuvm);
	bind_unlink(job);
	mirage_gpuvm_unlock(gpuvm);
	if (more)
		queue_work(gpuvm->mdev->bind_wq, &job->work);
	else
		bind_complete(job, ret);
	dma_fence_end_signalling(signalling);
}

/**
 * mirage_bind_run() - begin a job whose dependencies have signalled
 * @base: scheduler's part of it
 *
 * Return: a fence that signals when it has taken effect
 */
struct dma_fence *mirage_bind_run(struct drm_sched_job *base)
{
	struct mirage_bind_job *job = to_mirage_bind_job(base);
	struct mirage_gpuvm *gpuvm = job->gpuvm;

	mirage_fence_init(job->fence, gpuvm->fence_context, ++gpuvm->fence_seqno);
	/* The scheduler's reference: the work may end the job at once. */
	dma_fence_get(job->fence);
	queue_work(gpuvm->mdev->bind_wq, &job->work);
	return job->fence;
}
