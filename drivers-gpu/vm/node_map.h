/* SPDX-License-Identifier: GPL-2.0 */
/* Page tables of the VM_BIND range of an address space: their content. */
#ifndef MIRAGE_NODE_MAP_H
#define MIRAGE_NODE_MAP_H

#include <linux/types.h>

struct mirage_gpuvm;
struct mirage_leaves_sink;
struct mirage_va;

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

#endif /* MIRAGE_NODE_MAP_H */
