/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: faults and invalidations, VM_BIND, moves of objects, jobs, resets, sleep.
 *
 * pid is the process that made the address space, queue or object, 0 for the kernel's own; it need not be the one
 * that runs.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mirage

#if !defined(MIRAGE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MIRAGE_TRACE_H

#include <linux/hmm_mirror.h>
#include <linux/tracepoint.h>

#include <drm/ttm/ttm_placement.h>

#include "bo/bo.h"
#include "device/device.h"
#include "device/names.h"
#include "queue/queue.h"
#include "vm/space.h"

/* An element of a list of the hardware's, or of MIRAGE_QUEUE_STATES(). */
#define MIRAGE_TRACE_SYMBOL(name, value, text)	{ value, text }

/* Readers of the format know the hardware's numbers, which stand in it, but not those of an enum. */
TRACE_DEFINE_ENUM(DRM_MIRAGE_QUEUE_READY);
TRACE_DEFINE_ENUM(DRM_MIRAGE_QUEUE_FAULTED);
TRACE_DEFINE_ENUM(DRM_MIRAGE_QUEUE_ERROR);
TRACE_DEFINE_ENUM(DRM_MIRAGE_QUEUE_TIMEOUT);
TRACE_DEFINE_ENUM(DRM_MIRAGE_QUEUE_LOST);
TRACE_DEFINE_ENUM(DRM_MIRAGE_QUEUE_RESET);

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

/* A batch was served and replayed. @ns does not contain the way from the access to the service. */
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

/* Pages were taken from the device. The flush is not complete yet. */
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

/* An operation of VM_BIND took effect. The flush of what it took away is not complete yet. */
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
 * A piece of queued operations took effect, and the address space's lock is about to be dropped: @cost in page-table
 * entries, @left operations not complete. Says nothing of how long the lock was held.
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

/* The mappings of an object were taken out of page tables. The flush is not complete yet. */
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

/* An access to what VM_BIND maps was served, or was not. */
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

/* An access could not be served, and its queue is about to stop. pc 0: no instruction made it. */
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

/*
 * An object got another place; from "system" may be from none. Says nothing of when its content is
 * there: a copy's fence does.
 */
TRACE_EVENT(mirage_move,
	TP_PROTO(const struct mirage_device *mdev, const struct mirage_bo *bo, u32 from, u32 to,
		 bool evict),
	TP_ARGS(mdev, bo, from, to, evict),
	TP_STRUCT__entry(
		__string(dev, dev_name(mdev->drm.dev))
		__field(pid_t, pid)
		__field(u32, from)
		__field(u32, to)
		__field(u64, size)
		__field(bool, evict)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->pid = bo->tgid;
		__entry->from = from;
		__entry->to = to;
		__entry->size = bo->base.base.size;
		__entry->evict = evict;
	),
	TP_printk("%s: pid %d, %llu bytes from %s to %s%s", __get_str(dev), __entry->pid, __entry->size,
		  __print_symbolic(__entry->from, { TTM_PL_SYSTEM, "system" }, { TTM_PL_TT, "tt" },
				   { TTM_PL_VRAM, "vram" }),
		  __print_symbolic(__entry->to, { TTM_PL_SYSTEM, "system" }, { TTM_PL_TT, "tt" },
				   { TTM_PL_VRAM, "vram" }),
		  __entry->evict ? ", to make room" : "")
);

/*
 * A job was submitted; @words are its packets in the ring. Says nothing of when it runs: that waits for its
 * syncobjs and for room.
 */
TRACE_EVENT(mirage_exec,
	TP_PROTO(const struct mirage_queue *queue, u64 seqno, u32 words),
	TP_ARGS(queue, seqno, words),
	TP_STRUCT__entry(
		__field(pid_t, pid)
		__field(u32, vm)
		__field(u32, queue)
		__field(u64, seqno)
		__field(u32, words)
	),
	TP_fast_assign(
		__entry->pid = mirage_queue_tgid(queue);
		__entry->vm = queue->vm->id;
		__entry->queue = queue->id;
		__entry->seqno = seqno;
		__entry->words = words;
	),
	TP_printk("pid %d vm %u: queue %u, job %llu, %u words", __entry->pid, __entry->vm, __entry->queue,
		  __entry->seqno, __entry->words)
);

/* A queue stopped, for good but for the kernel's own. Its channel and its jobs are not at rest yet. */
TRACE_EVENT(mirage_queue_stop,
	TP_PROTO(const struct mirage_queue *queue, const struct mirage_queue_error *error),
	TP_ARGS(queue, error),
	TP_STRUCT__entry(
		__field(pid_t, pid)
		__field(u32, chan)
		__field(u32, queue)
		__field(u32, state)
		__field(u32, hw_error)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->pid = mirage_queue_tgid(queue);
		__entry->chan = queue->chan;
		__entry->queue = queue->id;
		__entry->state = error->state;
		__entry->hw_error = error->hw_error;
		__entry->error = error->error;
	),
	TP_printk("pid %d channel %u: queue %u, state %s, channel error %s, error %d", __entry->pid,
		  __entry->chan, __entry->queue,
		  __print_symbolic(__entry->state, MIRAGE_QUEUE_STATES(MIRAGE_TRACE_SYMBOL)),
		  __print_symbolic(__entry->hw_error, MIRAGE_CHAN_ERRORS(MIRAGE_TRACE_SYMBOL)),
		  __entry->error)
);

/*
 * The engine was reset, or the device was cut off in order to be. Says nothing of how long
 * it had not answered, nor of when a reset of the device is over.
 */
TRACE_EVENT(mirage_reset,
	TP_PROTO(const struct mirage_device *mdev, bool engine, const char *why),
	TP_ARGS(mdev, engine, why),
	TP_STRUCT__entry(
		__string(dev, dev_name(mdev->drm.dev))
		__field(bool, engine)
		__string(why, why)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->engine = engine;
		__assign_str(why);
	),
	TP_printk("%s: %s, %s", __get_str(dev), __entry->engine ? "engine" : "device",
		  __get_str(why))
);

/*
 * The device fell asleep or woke up, or failed to (@ret): with its users, or by itself (@runtime). The time
 * that it took, and what the PCI core does before and after it, are not in it.
 */
TRACE_EVENT(mirage_power,
	TP_PROTO(const struct mirage_device *mdev, bool awake, bool runtime, int ret),
	TP_ARGS(mdev, awake, runtime, ret),
	TP_STRUCT__entry(
		__string(dev, dev_name(mdev->drm.dev))
		__field(bool, awake)
		__field(bool, runtime)
		__field(int, ret)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->awake = awake;
		__entry->runtime = runtime;
		__entry->ret = ret;
	),
	TP_printk("%s: %s%s, ret %d", __get_str(dev), __entry->awake ? "awake" : "asleep",
		  __entry->runtime ? " by itself" : "", __entry->ret)
);

#endif /* MIRAGE_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH device
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
