/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints of the fault and invalidation paths, and of VM_BIND. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mirage

#if !defined(MIRAGE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MIRAGE_TRACE_H

#include <linux/hmm_mirror.h>
#include <linux/tracepoint.h>

#include "mirage_device_types.h"
#include "mirage_vm.h"

/* The fault buffer was emptied once. Says nothing about whose faults they are, or when they were. */
TRACE_EVENT(mirage_fault_drain,
	TP_PROTO(const struct mirage_device *mdev, unsigned int count),
	TP_ARGS(mdev, count),
	TP_STRUCT__entry(
		__string(dev, dev_name(mdev->drm.dev))
		__field(unsigned int, count)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->count = count;
	),
	TP_printk("%s: %u entries", __get_str(dev), __entry->count)
);

/* One block was served. @count includes duplicates; time in mm and page tables is in VM_STATS. */
TRACE_EVENT(mirage_service_block,
	TP_PROTO(const struct mirage_vm *vm, const struct hmm_fault *ask, unsigned int count,
		 int ret),
	TP_ARGS(vm, ask, count, ret),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u64, start)
		__field(unsigned int, count)
		__field(unsigned int, mapped)
		__field(unsigned int, retries)
		__field(int, error)
		__field(int, ret)
	),
	TP_fast_assign(
		__entry->vm = vm->id;
		__entry->start = ask->start;
		__entry->count = count;
		__entry->mapped = ask->mapped;
		__entry->retries = ask->retries;
		__entry->error = ask->error;
		__entry->ret = ret;
	),
	TP_printk("vm %u block %#llx: %u faults, %u pages mapped, %u retries, page error %d, ret %d",
		  __entry->vm, __entry->start, __entry->count, __entry->mapped, __entry->retries,
		  __entry->error, __entry->ret)
);

/* A batch was served and replayed. @ns does not contain the way from the access to the service. */
TRACE_EVENT(mirage_service_batch,
	TP_PROTO(const struct mirage_vm *vm, unsigned int count, unsigned int dups, u64 ns),
	TP_ARGS(vm, count, dups, ns),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(unsigned int, count)
		__field(unsigned int, dups)
		__field(u64, ns)
	),
	TP_fast_assign(
		__entry->vm = vm->id;
		__entry->count = count;
		__entry->dups = dups;
		__entry->ns = ns;
	),
	TP_printk("vm %u: %u faults, %u duplicates, %llu ns", __entry->vm, __entry->count,
		  __entry->dups, __entry->ns)
);

/* Pages were taken from the device. The flush is not complete yet. */
TRACE_EVENT(mirage_unmap,
	TP_PROTO(const struct mirage_vm *vm, u64 addr, unsigned int npages),
	TP_ARGS(vm, addr, npages),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u64, addr)
		__field(unsigned int, npages)
	),
	TP_fast_assign(
		__entry->vm = vm->id;
		__entry->addr = addr;
		__entry->npages = npages;
	),
	TP_printk("vm %u: %u pages from %#llx", __entry->vm, __entry->npages, __entry->addr)
);

/* An operation of VM_BIND took effect. The flush of what it took away is not complete yet. */
TRACE_EVENT(mirage_bind,
	TP_PROTO(const struct mirage_vm *vm, const struct drm_mirage_bind *bind),
	TP_ARGS(vm, bind),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u32, op)
		__field(u32, flags)
		__field(u64, addr)
		__field(u64, size)
		__field(u64, offset)
	),
	TP_fast_assign(
		__entry->vm = vm->id;
		__entry->op = bind->op;
		__entry->flags = bind->flags;
		__entry->addr = bind->addr;
		__entry->size = bind->size;
		__entry->offset = bind->offset;
	),
	TP_printk("vm %u: %s%s %#llx..%#llx, object from %#llx", __entry->vm,
		  __print_symbolic(__entry->op, { DRM_MIRAGE_BIND_MAP, "map" },
				   { DRM_MIRAGE_BIND_UNMAP, "unmap" },
				   { DRM_MIRAGE_BIND_NULL, "null" }),
		  __entry->flags & DRM_MIRAGE_BIND_READONLY ? " read-only" : "",
		  __entry->addr, __entry->addr + __entry->size, __entry->offset)
);

/* The mappings of an object were taken out of page tables. The flush is not complete yet. */
TRACE_EVENT(mirage_evict,
	TP_PROTO(const struct mirage_vm *vm, u64 size),
	TP_ARGS(vm, size),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u64, size)
	),
	TP_fast_assign(
		__entry->vm = vm->id;
		__entry->size = size;
	),
	TP_printk("vm %u: object of %llu bytes", __entry->vm, __entry->size)
);

/* An access to what VM_BIND maps was served, or was not. */
TRACE_EVENT(mirage_bind_fault,
	TP_PROTO(const struct mirage_vm *vm, u64 addr, int ret),
	TP_ARGS(vm, addr, ret),
	TP_STRUCT__entry(
		__field(u32, vm)
		__field(u64, addr)
		__field(int, ret)
	),
	TP_fast_assign(
		__entry->vm = vm->id;
		__entry->addr = addr;
		__entry->ret = ret;
	),
	TP_printk("vm %u: %#llx, ret %d", __entry->vm, __entry->addr, __entry->ret)
);

#endif /* MIRAGE_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE mirage_trace
#include <trace/define_trace.h>
