/* SPDX-License-Identifier: GPL-2.0 */
/* The upper part of an address space, for the files that work on it. */
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

struct drm_exec;
struct mirage_gpuvm;
struct mirage_va;
struct mirage_vm;

/** MIRAGE_NODE_ROOT: level of the root (PD3); 2 is a PD2, 1 a PD1, 0 the PT of a 2 MiB block. */
#define MIRAGE_NODE_ROOT	3

/**
 * struct mirage_node - a page table of the upper part
 *
 * Each is used by those who need it to be there: nodes below it, mappings that do not cover
 * all of it, and operations that are queued. A NULL mapping that covers all that a node could
 * translate needs none: the entry above is a NULL leaf, or points to a table that all such share.
 */
struct mirage_node {
	/** @gpuvm: whose it is; constant */
	struct mirage_gpuvm *gpuvm;
	/** @table: its memory; of the root another's. Taken away under mirage_gpuvm.lock. */
	struct mirage_table *table;
	/** @own: what @table points to, if not to another's */
	struct mirage_table own;
	/** @parent: the node with the entry that points here, NULL for the root; constant */
	struct mirage_node *parent;
	/** @va: first address it covers; constant */
	u64 va;
	/** @level: 0 to MIRAGE_NODE_ROOT; constant */
	unsigned int level;
	/**
	 * @users: see above. Who has one may add more at any time; from and to zero under
	 * mirage_gpuvm.nodes_lock.
	 */
	atomic_t users;
	/**
	 * @null: entries under which nothing but one NULL mapping is, and no node.
	 * Protected by mirage_gpuvm.lock.
	 */
	DECLARE_BITMAP(null, MIRAGE_PD3_ENTRIES);
	/** @dead: in the list of those to be freed */
	struct list_head dead;
};

/**
 * struct mirage_bind_block - a node of level 0
 */
struct mirage_bind_block {
	/** @node: what all nodes have; its @null is not used */
	struct mirage_node node;
	/** @leaves: what is mapped. Protected by mirage_gpuvm.lock. */
	struct mirage_leaves leaves;
};

/** MIRAGE_NODE_EDGES: most nodes that a NULL mapping needs: two for each level. */
#define MIRAGE_NODE_EDGES	(2 * MIRAGE_NODE_ROOT)

/**
 * struct mirage_node_edge - a node that a NULL mapping needs, whether it is there or not
 */
struct mirage_node_edge {
	/** @level: of the node */
	unsigned int level;
	/** @va: an address that it covers */
	u64 va;
};

/**
 * struct mirage_gpuvm - what VM_BIND has mapped in an address space
 *
 * Held by its mirage_vm and by operations that are queued; these outlive the address space
 * and then do nothing.
 */
struct mirage_gpuvm {
	/** @base: the mappings, and the reference count. Mappings are protected by @lock. */
	struct drm_gpuvm base;
	/** @mdev: device; @base has a reference to its drm_device */
	struct mirage_device *mdev;
	/** @vm: the address space, NULL when it is no more. Protected by @lock. */
	struct mirage_vm *vm;

	/**
	 * @lock: protects the mappings and the content of page tables. Taken on the way to
	 * signalling fences and in notifiers: nothing is allocated, no resv taken and no fence
	 * waited for while it is held; the device is waited for (bounded).
	 * Taken inside resvs and @nodes_lock; gpuva.lock of objects is taken inside.
	 */
	struct mutex lock;
	/** @live: entries are to be written: the device is there. Set by who takes @lock. */
	bool live;
	/** @gone: the device will never use it again; stays. Protected by @lock. */
	bool gone;
	/** @settle: objects are to be waited for and mapped. Protected by the resv. */
	bool settle;
	/** @validation: of the task that holds the resv and validates objects; its own. */
	struct mirage_validation *validation;
	/** @drm_idx: of drm_dev_enter(), while @live. Protected by @lock. */
	int drm_idx;
	/** @dirty_start: first address that has to be flushed. Protected by @lock. */
	u64 dirty_start;
	/** @dirty_end: behind the last; 0 for none. Protected by @lock. */
	u64 dirty_end;
	/**
	 * @todo_start: first address that the operation under way has yet to write to the page tables: there
	 * they still hold what mappings with MIRAGE_VA_DEAD said. Protected by @lock.
	 */
	u64 todo_start;
	/** @todo_end: behind the last; 0 while none is under way. Protected by @lock. */
	u64 todo_end;
	/** @todo_va: the operation's own mapping, when it is in the tree; or NULL. Protected by @lock. */
	struct mirage_va *todo_va;
	/** @counts: leaves written since @lock was taken. Protected by @lock. */
	struct mirage_leaf_counts counts;

	/**
	 * @nodes_lock: protects which nodes there are. Held while memory is allocated and while the
	 * device is waited for (bounded); never taken on the way to signalling a fence.
	 */
	struct mutex nodes_lock;
	/**
	 * @nodes: struct mirage_node of levels 0 to 2 by address / what one covers. Changed under
	 * @nodes_lock, nothing leaves it without @lock too.
	 */
	struct xarray nodes[MIRAGE_NODE_ROOT];
	/** @root: the node of the address space's PD3, whose lower entries are the mirror's */
	struct mirage_node root;
	/**
	 * @null: PD1 and PD2 full of NULL mappings, which NULL mappings share; without memory
	 * before the first. Made under @nodes_lock, taken away under @lock.
	 */
	struct mirage_table null[MIRAGE_NODE_ROOT];

	/** @sched: scheduler of this address space's operations */
	struct drm_gpu_scheduler sched;
	/** @nr_jobs: of them, those that are not freed, at most MIRAGE_BIND_MAX_JOBS */
	atomic_t nr_jobs;
	/** @entity: they are done in the order in which they get here, under the resv's lock */
	struct drm_sched_entity entity;
	/** @fence_context: of their hardware fences; constant */
	u64 fence_context;
	/** @fence_seqno: of the last of them; used by run_job() alone */
	u64 fence_seqno;
	/**
	 * @free_work: ends the scheduler, which the end of an operation cannot; after a grace
	 * period: whoever signals a dependency may still be waking the scheduler
	 */
	struct rcu_work free_work;
	/**
	 * @late_until: get_jiffies_64() until which mm does not wait for its jobs when it takes
	 * memory of a process, because they have just been too late. A hint without a lock, for
	 * vm/userptr.c alone.
	 */
	u64 late_until;
	/** @sweep_work: gives back objects that eviction was the last to let go of */
	struct work_struct sweep_work;
};

/**
 * struct mirage_va - a mapping
 *
 * @base.flags: DRM_GPUVA_SPARSE for a NULL mapping, MIRAGE_VA_READONLY, MIRAGE_VA_DEAD.
 */
struct mirage_va {
	/** @base: address, object and offset */
	struct drm_gpuva base;
	/** @node: in the list of spare ones or of those to be freed */
	struct list_head node;
};

/** MIRAGE_VA_READONLY: flag of a mapping: the GPU may not write. */
#define MIRAGE_VA_READONLY	DRM_GPUVA_USERBITS
/**
 * MIRAGE_VA_DEAD: flag of a mapping: an operation has taken it out of the tree; what it has yet to write may
 * still be in the page tables. Set under mirage_gpuvm.lock.
 */
#define MIRAGE_VA_DEAD		(DRM_GPUVA_USERBITS << 1)

/**
 * struct mirage_vm_bo - an object in an address space
 */
struct mirage_vm_bo {
	/** @base: its mappings, and whether the object has moved since they were written */
	struct drm_gpuvm_bo base;
	/**
	 * @stale: some of its mappings are not in the page tables. Protected by
	 * mirage_gpuvm.lock.
	 */
	bool stale;
};

static inline struct mirage_gpuvm *to_mirage_gpuvm(struct drm_gpuvm *base)
{
	return container_of(base, struct mirage_gpuvm, base);
}

static inline struct mirage_bind_block *to_mirage_bind_block(struct mirage_node *node)
{
	return container_of(node, struct mirage_bind_block, node);
}

static inline struct mirage_va *to_mirage_va(struct drm_gpuva *base)
{
	return container_of(base, struct mirage_va, base);
}

static inline struct mirage_vm_bo *to_mirage_vm_bo(struct drm_gpuvm_bo *base)
{
	return container_of(base, struct mirage_vm_bo, base);
}

/**
 * mirage_node_shift() - log2 of the bytes that a node covers
 * @level: its level, 0 to 2
 */
static inline unsigned int mirage_node_shift(unsigned int level)
{
	return MIRAGE_PD1_SHIFT + level * (MIRAGE_PD2_SHIFT - MIRAGE_PD1_SHIFT);
}

/* vm/node.c: which page tables there are */
void mirage_node_init(struct mirage_gpuvm *gpuvm, struct mirage_table *root);
void mirage_node_fini(struct mirage_gpuvm *gpuvm);
void mirage_node_drop_system(struct mirage_gpuvm *gpuvm);
struct mirage_node *mirage_node_find(struct mirage_gpuvm *gpuvm, unsigned int level, u64 va);
int mirage_node_get_null(struct mirage_gpuvm *gpuvm);
struct mirage_node *mirage_node_get(struct mirage_gpuvm *gpuvm, unsigned int level, u64 va);
unsigned int mirage_node_edges(u64 start, u64 end,
			       struct mirage_node_edge edges[MIRAGE_NODE_EDGES]);
void mirage_node_use(struct mirage_gpuvm *gpuvm, const struct mirage_va *va);
void mirage_node_release(struct mirage_gpuvm *gpuvm, struct mirage_node **nodes,
			 unsigned int count, struct list_head *vas);

/* vm/node_map.c: what is in them */
extern const struct mirage_leaves_sink mirage_bind_sink;
void mirage_gpuvm_lock(struct mirage_gpuvm *gpuvm);
void mirage_gpuvm_flush(struct mirage_gpuvm *gpuvm);
void mirage_gpuvm_unlock(struct mirage_gpuvm *gpuvm);
void mirage_gpuvm_dirty(struct mirage_gpuvm *gpuvm, u64 start, u64 end);
u64 mirage_gpuvm_write_empty(struct mirage_gpuvm *gpuvm, u64 start, u64 end, bool null,
			     unsigned int *left);
void mirage_gpuvm_clear(struct mirage_gpuvm *gpuvm, u64 start, u64 end);
bool mirage_gpuvm_write_va(struct mirage_gpuvm *gpuvm, const struct mirage_va *va, u64 start,
			   u64 end);
u64 mirage_node_null_pte(struct mirage_gpuvm *gpuvm, unsigned int level);

/* vm/gpuvm.c */
bool mirage_gpuvm_write_bo(struct mirage_gpuvm *gpuvm, struct mirage_vm_bo *vm_bo);
void mirage_gpuvm_put_bo(struct drm_gpuvm_bo *vm_bo);
void mirage_gpuvm_used(struct mirage_gpuvm *gpuvm, struct drm_exec *exec);

/* vm/validate.c */
int mirage_gpuvm_validate_bo(struct drm_gpuvm_bo *base, struct drm_exec *exec);

#endif /* MIRAGE_GPUVM_TYPES_H */
