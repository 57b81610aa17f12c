/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints: faults and invalidations. See device/trace.h. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mirage

#if !defined(MIRAGE_SVM_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MIRAGE_SVM_TRACE_H

#include <linux/hmm_mirror.h>
#include <linux/tracepoint.h>

#include "mmu/vm.h"

/* One block was served. @count includes duplicates; time in mm and page tables is in VM_STATS. */
TRACE_EVENT(mirage_service_block,
	TP_PROTO(const struct mirage_vm *vm, const struct hmm_fault *ask, unsigned int count,
		 int ret),
	TP_ARGS(vm, ask, count, ret),
	TP_STRUCT__entry(
		__field(pid_t, pid)
		__field(u32, vm)
		__field(u64, start)
		__field(unsigned int, count)
		__field(unsigned int, mapped)
		__field(unsigned int, retries)
		__field(int, error)
		__field(int, ret)
	),
	TP_fast_assign(
		__entry->pid = vm->tgid;
		__entry->vm = vm->id;
		__entry->start = ask->start;
		__entry->count = count;
		__entry->mapped = ask->mapped;
		__entry->retries = ask->retries;
		__entry->error = ask->error;
		__entry->ret = ret;
	),
	TP_printk("pid %d vm %u block %#llx: %u faults, %u pages mapped, %u retries, page error %d, ret %d",
		  __entry->pid, __entry->vm, __entry->start, __entry->count, __entry->mapped, __entry->retries,
		  __entry->error, __entry->ret)
);

/* A batch was served and replayed. @ns does not include the time from the access to the service. */
TRACE_EVENT(mirage_service_batch,
	TP_PROTO(const struct mirage_vm *vm, unsigned int count, unsigned int dups, u64 ns),
	TP_ARGS(vm, count, dups, ns),
	TP_STRUCT__entry(
		__field(pid_t, pid)
		__field(u32, vm)
		__field(unsigned int, count)
		__field(unsigned int, dups)
		__field(u64, ns)
	),
	TP_fast_assign(
		__entry->pid = vm->tgid;
		__entry->vm = vm->id;
		__entry->count = count;
		__entry->dups = dups;
		__entry->ns = ns;
	),
	TP_printk("pid %d vm %u: %u faults, %u duplicates, %llu ns", __entry->pid, __entry->vm, __entry->count,
		  __entry->dups, __entry->ns)
);

/* Pages were unmapped from the device. The flush is not complete yet. */
TRACE_EVENT(mirage_unmap,
	TP_PROTO(const struct mirage_vm *vm, u64 addr, unsigned int npages),
	TP_ARGS(vm, addr, npages),
	TP_STRUCT__entry(
		__field(pid_t, pid)
		__field(u32, vm)
		__field(u64, addr)
		__field(unsigned int, npages)
	),
	TP_fast_assign(
		__entry->pid = vm->tgid;
		__entry->vm = vm->id;
		__entry->addr = addr;
		__entry->npages = npages;
	),
	TP_printk("pid %d vm %u: %u pages from %#llx", __entry->pid, __entry->vm, __entry->npages, __entry->addr)
);

#endif /* MIRAGE_SVM_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH svm
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
