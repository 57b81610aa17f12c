/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints: accesses that could not be served. See device/trace.h. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mirage

#if !defined(MIRAGE_MMU_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MIRAGE_MMU_TRACE_H

#include <linux/tracepoint.h>

#include "device/names.h"
#include "mmu/vm.h"

/*
 * An access could not be served, and its queue is about to stop. pc is 0 if no instruction made it.
 */
TRACE_EVENT(mirage_fault_report,
	TP_PROTO(const struct mirage_vm *vm, const struct mirage_fault *fault, u32 queue,
		 int error),
	TP_ARGS(vm, fault, queue, error),
	TP_STRUCT__entry(
		__field(pid_t, pid)
		__field(u32, vm)
		__field(u32, queue)
		__field(u64, addr)
		__field(u8, access)
		__field(u8, kind)
		__field(int, error)
		__field(u64, pc)
		__array(u32, group, 3)
		__field(u16, wave)
		__field(u16, lane)
	),
	TP_fast_assign(
		__entry->pid = vm->tgid;
		__entry->vm = vm->id;
		__entry->queue = queue;
		__entry->addr = fault->addr;
		__entry->access = fault->access;
		__entry->kind = fault->kind;
		__entry->error = error;
		__entry->pc = le64_to_cpu(fault->place.pc);
		__entry->group[0] = le32_to_cpu(fault->place.group[0]);
		__entry->group[1] = le32_to_cpu(fault->place.group[1]);
		__entry->group[2] = le32_to_cpu(fault->place.group[2]);
		__entry->wave = le16_to_cpu(fault->place.wave);
		__entry->lane = le16_to_cpu(fault->place.lane);
	),
	TP_printk("pid %d vm %u: queue %u, %s at %#llx, %s, error %d, pc %#llx, group %u,%u,%u, wave %u, lane %u",
		  __entry->pid, __entry->vm, __entry->queue,
		  __print_symbolic(__entry->access, MIRAGE_ACCESSES(MIRAGE_TRACE_SYMBOL)),
		  __entry->addr,
		  __print_symbolic(__entry->kind, MIRAGE_FAULT_KINDS(MIRAGE_TRACE_SYMBOL)),
		  __entry->error, __entry->pc, __entry->group[0], __entry->group[1],
		  __entry->group[2], __entry->wave, __entry->lane)
);

#endif /* MIRAGE_MMU_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH mmu
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
