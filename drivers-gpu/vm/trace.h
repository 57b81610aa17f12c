/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints: VM_BIND and its mappings. See device/trace.h. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mirage

#if !defined(MIRAGE_VM_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MIRAGE_VM_TRACE_H

#include <linux/tracepoint.h>

#include "device/names.h"
#include "vm/space.h"

/* A VM_BIND operation was executed. The flush for removed mappings is not complete yet. */
TRACE_EVENT(mirage_bind,
	TP_PROTO(const struct mirage_vm *vm, const struct drm_mirage_bind *bind),
	TP_ARGS(vm, bind),
	TP_STRUCT__entry(
		__field(pid_t, pid)
		__field(u32, vm)
		__field(u32, op)
		__field(u32, flags)
		__field(u64, addr)
		__field(u64, size)
		__field(u64, offset)
	),
	TP_fast_assign(
		__entry->pid = vm->tgid;
		__entry->vm = vm->id;
		__entry->op = bind->op;
		__entry->flags = bind->flags;
		__entry->addr = bind->addr;
		__entry->size = bind->size;
		__entry->offset = bind->offset;
	),
	TP_printk("pid %d vm %u: %s%s %#llx..%#llx, object from %#llx", __entry->pid, __entry->vm,
		  __print_symbolic(__entry->op, { DRM_MIRAGE_BIND_MAP, "map" },
				   { DRM_MIRAGE_BIND_UNMAP, "unmap" },
				   { DRM_MIRAGE_BIND_NULL, "null" }),
		  __entry->flags & DRM_MIRAGE_BIND_READONLY ? " read-only" : "",
		  __entry->addr, __entry->addr + __entry->size, __entry->offset)
);

/*
 * A piece of queued operations was executed, and the address space's lock is about to be dropped:
 * @cost in page-table entries, @left operations not complete. Does not tell how long the lock was
 * held.
 */
TRACE_EVENT(mirage_bind_piece,
	TP_PROTO(const struct mirage_vm *vm, unsigned int cost, unsigned int left),
	TP_ARGS(vm, cost, left),
	TP_STRUCT__entry(
		__field(pid_t, pid)
		__field(u32, vm)
		__field(unsigned int, cost)
		__field(unsigned int, left)
	),
	TP_fast_assign(
		__entry->pid = vm->tgid;
		__entry->vm = vm->id;
		__entry->cost = cost;
		__entry->left = left;
	),
	TP_printk("pid %d vm %u: cost %u, %u operations left", __entry->pid, __entry->vm, __entry->cost,
		  __entry->left)
);

/* An object's mappings were cleared in page tables. The flush is not complete yet. */
TRACE_EVENT(mirage_evict,
	TP_PROTO(const struct mirage_vm *vm, u64 size),
	TP_ARGS(vm, size),
	TP_STRUCT__entry(
		__field(pid_t, pid)
		__field(u32, vm)
		__field(u64, size)
	),
	TP_fast_assign(
		__entry->pid = vm->tgid;
		__entry->vm = vm->id;
		__entry->size = size;
	),
	TP_printk("pid %d vm %u: object of %llu bytes", __entry->pid, __entry->vm, __entry->size)
);

/* A fault on a VM_BIND mapping was handled, successfully or not. */
TRACE_EVENT(mirage_bind_fault,
	TP_PROTO(const struct mirage_vm *vm, u64 addr, enum mirage_access access, int ret),
	TP_ARGS(vm, addr, access, ret),
	TP_STRUCT__entry(
		__field(pid_t, pid)
		__field(u32, vm)
		__field(u64, addr)
		__field(u32, access)
		__field(int, ret)
	),
	TP_fast_assign(
		__entry->pid = vm->tgid;
		__entry->vm = vm->id;
		__entry->addr = addr;
		__entry->access = access;
		__entry->ret = ret;
	),
	TP_printk("pid %d vm %u: %s at %#llx, ret %d", __entry->pid, __entry->vm,
		  __print_symbolic(__entry->access, MIRAGE_ACCESSES(MIRAGE_TRACE_SYMBOL)),
		  __entry->addr, __entry->ret)
);

#endif /* MIRAGE_VM_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH vm
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
