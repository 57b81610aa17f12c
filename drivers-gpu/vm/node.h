/* SPDX-License-Identifier: GPL-2.0 */
/* Page tables of the VM_BIND range of an address space: their lifetime. */
#ifndef MIRAGE_NODE_H
#define MIRAGE_NODE_H

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/list.h>

#include "mmu/leaves.h"
#include "mmu/table.h"

struct mirage_gpuvm;
struct mirage_va;

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

static inline struct mirage_bind_block *to_mirage_bind_block(struct mirage_node *node)
{
	return container_of(node, struct mirage_bind_block, node);
}

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

#endif /* MIRAGE_NODE_H */
