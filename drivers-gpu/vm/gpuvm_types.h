/* SPDX-License-Identifier: GPL-2.0 */
/* Internal types of the VM_BIND range of an address space. */
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

/**
 * struct mirage_node - a page table of the VM_BIND range
 *
 * Nodes are reference-counted. The users of a node are the nodes below it, mappings that do not
 * cover all of it, and queued operations. A NULL mapping that covers all that a node could
 * translate needs no node: the entry above is a NULL leaf, or points to a table that all such
 * mappings share.
 */
struct mirage_node {
	/** @gpuvm: owner; constant */
	struct mirage_gpuvm *gpuvm;
	/**
	 * @table: its memory; the root's belongs to the mirror's page tables. Cleared under
	 * mirage_gpuvm.lock.
	 */
	struct mirage_table *table;
	/** @own: the node's own memory, which @table usually points to */
	struct mirage_table own;
	/** @parent: the node with the entry that points here, NULL for the root; constant */
	struct mirage_node *parent;
	/** @va: first address it covers; constant */
	u64 va;
	/** @level: 0 to MIRAGE_PT_ROOT; constant */
	unsigned int level;
	/**
	 * @users: reference count, see above. A user may add more at any time; changes from and to
	 * zero happen under mirage_gpuvm.nodes_lock.
	 */
	atomic_t users;
	/**
	 * @null: entries below which there is only one NULL mapping, and no node. Protected by
	 * mirage_gpuvm.lock.
	 */
	DECLARE_BITMAP(null, MIRAGE_PD3_ENTRIES);
	/** @dead: link in a list of nodes to be freed */
	struct list_head dead;
};

/**
 * struct mirage_bind_block - a node of level 0
 */
struct mirage_bind_block {
	/** @node: base; its @null is not used */
	struct mirage_node node;
	/** @leaves: mapped pages. Protected by mirage_gpuvm.lock. */
	struct mirage_leaves leaves;
};

/** MIRAGE_NODE_EDGES: maximum number of nodes that a NULL mapping needs: two per level. */
#define MIRAGE_NODE_EDGES	(2 * MIRAGE_PT_ROOT)

/**
 * struct mirage_node_edge - a node that a NULL mapping needs, whether it exists or not
 */
struct mirage_node_edge {
	/** @level: of the node */
	unsigned int level;
	/** @va: an address that it covers */
	u64 va;
};

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

/**
 * struct mirage_va - a mapping
 *
 * Flags in &drm_gpuva.flags: DRM_GPUVA_SPARSE for a NULL mapping, MIRAGE_VA_READONLY,
 * MIRAGE_VA_DEAD.
 */
struct mirage_va {
	/** @base: address, object, offset and flags */
	struct drm_gpuva base;
	/** @node: link in the list of spare mappings or of mappings to be freed */
	struct list_head node;
};

/** MIRAGE_VA_READONLY: flag of a mapping: the GPU must not write. */
#define MIRAGE_VA_READONLY	DRM_GPUVA_USERBITS
/**
 * MIRAGE_VA_DEAD: flag of a mapping: an operation has removed it from the tree; the page tables may
 * still contain it in the range not written yet. Set under mirage_gpuvm.lock.
 */
#define MIRAGE_VA_DEAD		(DRM_GPUVA_USERBITS << 1)

/**
 * struct mirage_vm_bo - an object in an address space
 */
struct mirage_vm_bo {
	/**
	 * @base: drm_gpuvm's part: the mappings, and whether the object has moved since they were
	 * written
	 */
	struct drm_gpuvm_bo base;
	/**
	 * @stale: some of its mappings are not in the page tables. Protected by mirage_gpuvm.lock.
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

/* vm/node.c: lifetime of page tables */
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

/* vm/node_map.c: content of page tables */
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
