// SPDX-License-Identifier: GPL-2.0
/*
 * Execution of VM_BIND operations.
 *
 * run_job() queues a work. The work does a bounded piece under mirage_gpuvm.lock, flushes, drops
 * the lock and requeues itself behind the works of other address spaces. The last piece signals the
 * job's fence. So a notifier that needs the lock, with reclaim behind it, waits for at most two
 * pieces, no matter how much an operation maps; and the workqueue that runs the schedulers of all
 * queues only starts works.
 *
 * An operation changes the mappings in its range as follows. MAP, NULL and UNMAP remove alike; MAP
 * and NULL then insert the requested mapping b, which an UNMAP does not have. Mappings are never
 * joined, and an identical request replaces the mapping, too. An operation cuts at most two
 * mappings, one at each end, or one at both: with b it needs at most BIND_MAX_VAS new ones.
 *
 * 1) An old mapping lies in the range: mirage_bind_step_unmap().
 *
 *            1     a     2
 *    old:    |-----------|      (offset n)
 *
 *         0        b        3
 *    req: |-----------------|
 *
 *         0        b        3
 *    new: |-----------------|
 *
 * 2) It begins before the range: mirage_bind_step_remap() with prev.
 *
 *         0     a     2
 *    old: |-----------|         (offset n)
 *
 *               1     b     3
 *    req:       |-----------|
 *
 *         0  a' 1     b     3
 *    new: |-----|-----------|   (a': offset n)
 *
 * 3) It ends after the range: mirage_bind_step_remap() with next.
 *
 *               1     a     3
 *    old:       |-----------|   (offset n)
 *
 *         0     b     2
 *    req: |-----------|
 *
 *         0     b     2  a' 3
 *    new: |-----------|-----|   (a': offset n + 2 - 1)
 *
 * 4) It does both: mirage_bind_step_remap() with prev and next.
 *
 *         0        a        3
 *    old: |-----------------|   (offset n)
 *
 *               1  b  2
 *    req:       |-----|
 *
 *         0  a' 1  b  2  a" 3
 *    new: |-----|-----|-----|   (a': offset n, a": offset n + 2)
 *
 * The remainders a' and a" take over what the page tables have of a: only the range of the
 * operation is written. a is dead.
 *
 * Between two pieces other code sees a half-done operation: eviction, notifiers of userptrs,
 * faults, debugfs, teardown of the address space. (Later operations of the address space wait for
 * the fence.) An operation first removes the mappings in its range from the tree, and inserts its
 * own. Then it writes the page tables, from its first address to its last. mirage_gpuvm.todo_start
 * and .todo_end delimit the part that is not written yet. There the page tables still have the
 * entries of the removed mappings. So these stay in the lists of their objects, with
 * MIRAGE_VA_DEAD, until the whole operation is written and flushed:
 *
 *   eviction of an object     clears the page-table entries of dead mappings in the part that is
 *                             not written yet, of the operation's own mapping in the part that is
 *                             written, of other mappings everywhere
 *   validation of an object   leaves the part not written yet to the operation
 *   a fault in the part       is retried until the operation has got there
 *   not written yet
 *
 *               addr                tree                end
 *    removing:  |--------------------|-------------------|   todo_start = addr
 *                removed ones are     old mappings are
 *                dead, remainders     still in the tree
 *                are in the tree
 *
 *               addr             todo_start             end
 *    writing:   |--------------------|-------------------|   tree = end, b is in the tree
 *                page tables have     page tables have
 *                b, or nothing        what they had of a
 *
 * The address space or the device may be gone when a piece begins. Then the rest of the job is
 * skipped, and its fence gets an error.
 *
 * Rejected: splitting a large mapping into several that are made one after another. It would leave
 * more mappings than user space asked for, and each piece of an UNMAP would need one more mapping,
 * which is not preallocated.
 */
#include <linux/align.h>
#include <linux/minmax.h>

#include "device/device.h"
#include "device/state.h"
#include "queue/fence.h"
#include "vm/bind.h"
#include "vm/gpuvm.h"
#include "vm/gpuvm_types.h"
#include "vm/node.h"
#include "vm/node_map.h"
#include "vm/space.h"
#include "vm/trace.h"
#include "vm/va.h"

/*
 * Maximum cost of a piece in page-table entries, plus the end of the step that exceeds it. At least
 * a block, so that each piece makes progress; more means fewer flushes.
 */
#define BIND_PIECE	8192u
/* Additional cost of an operation, or of removing a mapping. */
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

/* Insert a mapping into a free range of the address space. */
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
 * The remainders of the mapping are in the page tables, or not, as before.
 *
 * Context: mirage_gpuvm.lock held, in the signalling path of a fence.
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
 * mirage_bind_step_unmap() - remove a mapping
 * @op: DRM_GPUVA_OP_UNMAP
 * @priv: struct mirage_bind_job
 *
 * Context: mirage_gpuvm.lock held, in the signalling path of a fence.
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

/* Bits of the page-table entries that do not depend on the object's placement. */
static u32 bind_rights(const struct drm_mirage_bind *args)
{
	u32 rights = args->flags & DRM_MIRAGE_BIND_READONLY ? 0 : MIRAGE_PTE_WRITE;

	return args->op == DRM_MIRAGE_BIND_NULL ? rights | MIRAGE_PTE_NULL : rights;
}

/* Remove mappings in the operation's range from the tree, up to the cost @left. */
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

/* Write at most @left leaves of an object from @start on. Returns the address to continue at. */
static u64 bind_write_object(struct mirage_gpuvm *gpuvm, u64 start, u64 end, unsigned int *left)
{
	u64 stop = start + ((u64)*left << MIRAGE_PAGE_SHIFT);

	if (stop < end) {
		/* Writing a whole block at once allows the largest leaf. */
		stop = ALIGN_DOWN(stop, BIT_ULL(MIRAGE_PD1_SHIFT));
		if (stop <= start) {
			*left = 0;
			return start;
		}
	}
	stop = min(stop, end);
	/* Userptr memory may be gone; the next job that needs it populates it again. */
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

/* Execute some of the next operation. */
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

/* Execute a piece of the job. Returns true if more is left. */
static bool bind_piece(struct mirage_bind_job *job)
{
	unsigned int left = BIND_PIECE;

	while (left && job->next < job->nr_ops)
		bind_step(job, &left);
	trace_mirage_bind_piece(job->gpuvm->vm, BIND_PIECE - left, job->nr_ops - job->next);
	return job->next < job->nr_ops;
}

/* Unlink and free mappings that neither page tables nor the TLB contain any more. */
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
 * mirage_bind_work() - execute a piece of a job
 * @work: mirage_bind_job.work
 *
 * Context: mirage_device.bind_wq, in the signalling path of a fence; takes mirage_gpuvm.lock.
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
	/* Only after the flush: eviction waits for the lock only if the object is mapped. */
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
 * mirage_bind_run() - start a job whose dependencies have signalled
 * @base: the scheduler's job
 *
 * Return: a fence that signals when the job has been executed
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
