/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Trace events of the mirror core: one for each fault, one for each invalidation of a block, one
 * for each move of pages, either way. Times are nanoseconds spent in the core. They do not include
 * the time in the device and in the driver's own queues before and after.
 *
 * Each event names its mirror or userptr by hmm_new_id(), and the process that created it (pid),
 * which may differ from the current process: workers serve faults, and reclaim invalidates.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM hmm_mirror

#if !defined(_HMM_MIRROR_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _HMM_MIRROR_TRACE_H

#include <linux/bitmap.h>
#include <linux/mmu_notifier.h>
#include <linux/tracepoint.h>

#include "devmem.h"
#include "mirror.h"
#include "userptr.h"

/*
 * Names of enum mmu_notifier_event, the reason why mm takes pages away. One element of the list
 * each.
 */
#define HMM_TRACE_EVENTS(X) \
	X(MMU_NOTIFY_UNMAP, "unmap"), \
	X(MMU_NOTIFY_CLEAR, "clear"), \
	X(MMU_NOTIFY_PROTECTION_VMA, "protection-vma"), \
	X(MMU_NOTIFY_PROTECTION_PAGE, "protection-page"), \
	X(MMU_NOTIFY_SOFT_DIRTY, "soft-dirty"), \
	X(MMU_NOTIFY_RELEASE, "release"), \
	X(MMU_NOTIFY_MIGRATE, "migrate"), \
	X(MMU_NOTIFY_EXCLUSIVE, "exclusive")

/* Names of enum hmm_home_reason, the reason why pages leave device memory. */
#define HMM_TRACE_REASONS(X) \
	X(HMM_HOME_FAULT, "cpu-fault"), \
	X(HMM_HOME_ASKED, "request"), \
	X(HMM_HOME_EVICTED, "eviction"), \
	X(HMM_HOME_SUSPENDED, "suspend"), \
	X(HMM_HOME_CLOSED, "unbind")

#define HMM_TRACE_SYMBOL(event, text)	{ event, text }

/* Readers of the format do not know the enum's numbers: this exports them. */
TRACE_DEFINE_ENUM(MMU_NOTIFY_UNMAP);
TRACE_DEFINE_ENUM(MMU_NOTIFY_CLEAR);
TRACE_DEFINE_ENUM(MMU_NOTIFY_PROTECTION_VMA);
TRACE_DEFINE_ENUM(MMU_NOTIFY_PROTECTION_PAGE);
TRACE_DEFINE_ENUM(MMU_NOTIFY_SOFT_DIRTY);
TRACE_DEFINE_ENUM(MMU_NOTIFY_RELEASE);
TRACE_DEFINE_ENUM(MMU_NOTIFY_MIGRATE);
TRACE_DEFINE_ENUM(MMU_NOTIFY_EXCLUSIVE);
TRACE_DEFINE_ENUM(HMM_HOME_FAULT);
TRACE_DEFINE_ENUM(HMM_HOME_ASKED);
TRACE_DEFINE_ENUM(HMM_HOME_EVICTED);
TRACE_DEFINE_ENUM(HMM_HOME_SUSPENDED);
TRACE_DEFINE_ENUM(HMM_HOME_CLOSED);

/*
 * A call of hmm_mirror_fault() that found its mirror open.
 * nr_failed counts pages, error belongs to the first of them, ret is the return value.
 */
TRACE_EVENT(hmm_mirror_fault,
	    TP_PROTO(const struct hmm_mirror *mirror, const struct hmm_fault *fault, int ret),
	    TP_ARGS(mirror, fault, ret),
	    TP_STRUCT__entry(
		    __field(u32, mirror)
		    __field(pid_t, pid)
		    __field(unsigned long, start)
		    __field(unsigned int, nr_read)
		    __field(unsigned int, nr_write)
		    __field(unsigned int, nr_prefetch)
		    __field(unsigned int, nr_failed)
		    __field(unsigned int, mapped)
		    __field(unsigned int, retries)
		    __field(int, error)
		    __field(int, ret)
		    __field(u64, ns_mm)
		    __field(u64, ns_dma)
		    __field(u64, ns_map)
	    ),
	    TP_fast_assign(
		    __entry->mirror = mirror->id;
		    __entry->pid = mirror->tgid;
		    __entry->start = fault->start;
		    __entry->nr_read = bitmap_weight(fault->read, HMM_BLOCK_PAGES);
		    __entry->nr_write = bitmap_weight(fault->write, HMM_BLOCK_PAGES);
		    __entry->nr_prefetch = bitmap_weight(fault->prefetch, HMM_BLOCK_PAGES);
		    __entry->nr_failed = bitmap_weight(fault->failed, HMM_BLOCK_PAGES);
		    __entry->mapped = fault->mapped;
		    __entry->retries = fault->retries;
		    __entry->error = fault->error;
		    __entry->ret = ret;
		    __entry->ns_mm = fault->ns_mm;
		    __entry->ns_dma = fault->ns_dma;
		    __entry->ns_map = fault->ns_map;
	    ),
	    TP_printk("mirror=%u pid=%d start=%#lx read=%u write=%u prefetch=%u mapped=%u failed=%u error=%d ret=%d retries=%u ns_mm=%llu ns_dma=%llu ns_map=%llu",
		      __entry->mirror, __entry->pid, __entry->start, __entry->nr_read, __entry->nr_write,
		      __entry->nr_prefetch, __entry->mapped, __entry->nr_failed,
		      __entry->error, __entry->ret, __entry->retries, __entry->ns_mm,
		      __entry->ns_dma, __entry->ns_map)
);

/* A call of hmm_mirror_migrate() that found its mirror open. The numbers are pages. */
TRACE_EVENT(hmm_mirror_migrate,
	    TP_PROTO(const struct hmm_mirror *mirror, const struct hmm_migrate *request, int ret),
	    TP_ARGS(mirror, request, ret),
	    TP_STRUCT__entry(
		    __field(u32, mirror)
		    __field(pid_t, pid)
		    __field(unsigned long, start)
		    __field(bool, to_device)
		    __field(unsigned int, pages)
		    __field(unsigned int, moved)
		    __field(unsigned int, there)
		    __field(unsigned int, unmapped)
		    __field(unsigned int, fixed)
		    __field(unsigned int, no_room)
		    __field(unsigned int, busy)
		    __field(unsigned int, failed)
		    __field(unsigned int, bounced)
		    __field(int, ret)
	    ),
	    TP_fast_assign(
		    __entry->mirror = mirror->id;
		    __entry->pid = mirror->tgid;
		    __entry->start = request->start;
		    __entry->bounced = request->bounced;
		    __entry->to_device = request->location == HMM_LOCATION_DEVICE;
		    __entry->pages = bitmap_weight(request->pages, HMM_BLOCK_PAGES);
		    __entry->moved = bitmap_weight(request->moved, HMM_BLOCK_PAGES);
		    __entry->there = bitmap_weight(request->there, HMM_BLOCK_PAGES);
		    __entry->unmapped = request->unmapped;
		    __entry->fixed = request->fixed;
		    __entry->no_room = request->no_room;
		    __entry->busy = request->busy;
		    __entry->failed = request->failed;
		    __entry->ret = ret;
	    ),
	    TP_printk("mirror=%u pid=%d start=%#lx to=%s pages=%u moved=%u there=%u unmapped=%u fixed=%u no_room=%u busy=%u failed=%u bounced=%u ret=%d",
		      __entry->mirror, __entry->pid, __entry->start,
		      __entry->to_device ? "device" : "system", __entry->pages, __entry->moved,
		      __entry->there, __entry->unmapped, __entry->fixed, __entry->no_room,
		      __entry->busy, __entry->failed, __entry->bounced, __entry->ret)
);

/*
 * Pages from addr on, all in one mapping, went to device memory; mm moved of them. cause: a fault
 * of the device, or a request of the program.
 */
TRACE_EVENT(hmm_to_device,
	    TP_PROTO(const struct hmm_migration *migration, unsigned int first, unsigned int pages,
		     unsigned int moved),
	    TP_ARGS(migration, first, pages, moved),
	    TP_STRUCT__entry(
		    __field(u32, mirror)
		    __field(pid_t, pid)
		    __field(unsigned long, addr)
		    __field(unsigned int, pages)
		    __field(unsigned int, moved)
		    __field(bool, by_fault)
	    ),
	    TP_fast_assign(
		    __entry->mirror = migration->block->mirror->id;
		    __entry->pid = migration->block->mirror->tgid;
		    __entry->addr = migration->block->start + ((unsigned long)first << PAGE_SHIFT);
		    __entry->pages = pages;
		    __entry->moved = moved;
		    __entry->by_fault = migration->request->by_fault;
	    ),
	    TP_printk("mirror=%u pid=%d addr=%#lx pages=%u moved=%u cause=%s",
		      __entry->mirror, __entry->pid, __entry->addr, __entry->pages, __entry->moved,
		      __entry->by_fault ? "fault" : "request")
);

/*
 * Pages came home, of which the first was mapped at addr and was at offset in device memory. pid is
 * the process whose mirror moved it there.
 */
TRACE_EVENT(hmm_home,
	    TP_PROTO(pid_t pid, unsigned long addr, u64 offset, unsigned long pages, int reason),
	    TP_ARGS(pid, addr, offset, pages, reason),
	    TP_STRUCT__entry(
		    __field(pid_t, pid)
		    __field(unsigned long, addr)
		    __field(u64, offset)
		    __field(unsigned long, pages)
		    __field(int, reason)
	    ),
	    TP_fast_assign(
		    __entry->pid = pid;
		    __entry->addr = addr;
		    __entry->offset = offset;
		    __entry->pages = pages;
		    __entry->reason = reason;
	    ),
	    TP_printk("pid=%d addr=%#lx offset=%#llx pages=%lu reason=%s",
		      __entry->pid, __entry->addr, __entry->offset, __entry->pages,
		      __print_symbolic(__entry->reason, HMM_TRACE_REASONS(HMM_TRACE_SYMBOL)))
);

/*
 * There was no range of this many pages in device memory for those from addr on, also after
 * eviction. After -ENOSPC smaller ranges are tried.
 */
TRACE_EVENT(hmm_no_place,
	    TP_PROTO(const struct hmm_migration *migration, unsigned int first, unsigned int pages,
		     int ret),
	    TP_ARGS(migration, first, pages, ret),
	    TP_STRUCT__entry(
		    __field(u32, mirror)
		    __field(pid_t, pid)
		    __field(unsigned long, addr)
		    __field(unsigned int, pages)
		    __field(bool, by_fault)
		    __field(int, ret)
	    ),
	    TP_fast_assign(
		    __entry->mirror = migration->block->mirror->id;
		    __entry->pid = migration->block->mirror->tgid;
		    __entry->addr = migration->block->start + ((unsigned long)first << PAGE_SHIFT);
		    __entry->pages = pages;
		    __entry->by_fault = migration->request->by_fault;
		    __entry->ret = ret;
	    ),
	    TP_printk("mirror=%u pid=%d addr=%#lx pages=%u cause=%s ret=%d",
		      __entry->mirror, __entry->pid, __entry->addr, __entry->pages,
		      __entry->by_fault ? "fault" : "request", __entry->ret)
);

/*
 * mm took pages first to first + named - 1 of a block away; the device had taken of them. deferred:
 * the flush is waited for in a second pass, which ns does not include. done is 0 if the callback
 * refused because it must not sleep.
 */
TRACE_EVENT(hmm_mirror_invalidate,
	    TP_PROTO(const struct hmm_block *block, int event, unsigned int first,
		     unsigned int named, unsigned int taken, bool deferred, bool done, u64 ns),
	    TP_ARGS(block, event, first, named, taken, deferred, done, ns),
	    TP_STRUCT__entry(
		    __field(u32, mirror)
		    __field(pid_t, pid)
		    __field(unsigned long, start)
		    __field(int, event)
		    __field(unsigned int, first)
		    __field(unsigned int, named)
		    __field(unsigned int, taken)
		    __field(bool, deferred)
		    __field(bool, done)
		    __field(u64, ns)
	    ),
	    TP_fast_assign(
		    __entry->mirror = block->mirror->id;
		    __entry->pid = block->mirror->tgid;
		    __entry->start = block->start;
		    __entry->event = event;
		    __entry->first = first;
		    __entry->named = named;
		    __entry->taken = taken;
		    __entry->deferred = deferred;
		    __entry->done = done;
		    __entry->ns = ns;
	    ),
	    TP_printk("mirror=%u pid=%d start=%#lx event=%s first=%u named=%u taken=%u deferred=%d done=%d ns=%llu",
		      __entry->mirror, __entry->pid, __entry->start,
		      __print_symbolic(__entry->event, HMM_TRACE_EVENTS(HMM_TRACE_SYMBOL)), __entry->first,
		      __entry->named, __entry->taken, __entry->deferred, __entry->done,
		      __entry->ns)
);

/*
 * A userptr was populated because it was not valid. passes: number of passes over its pages; ret is
 * the return value.
 */
TRACE_EVENT(hmm_userptr_populate,
	    TP_PROTO(const struct hmm_userptr *userptr, unsigned int passes, int ret, u64 ns),
	    TP_ARGS(userptr, passes, ret, ns),
	    TP_STRUCT__entry(
		    __field(u32, userptr)
		    __field(pid_t, pid)
		    __field(unsigned long, start)
		    __field(unsigned long, npages)
		    __field(bool, write)
		    __field(unsigned int, passes)
		    __field(int, ret)
		    __field(u64, ns)
	    ),
	    TP_fast_assign(
		    __entry->userptr = userptr->id;
		    __entry->pid = userptr->tgid;
		    __entry->start = userptr->start;
		    __entry->npages = userptr->npages;
		    __entry->write = userptr->write;
		    __entry->passes = passes;
		    __entry->ret = ret;
		    __entry->ns = ns;
	    ),
	    TP_printk("userptr=%u pid=%d start=%#lx npages=%lu write=%d passes=%u ret=%d ns=%llu",
		      __entry->userptr, __entry->pid, __entry->start, __entry->npages, __entry->write,
		      __entry->passes, __entry->ret, __entry->ns)
);

/*
 * mm took pages first to first + named - 1 of a userptr away, some of which were linked. ns
 * includes the wait for jobs. done is 0 if the callback refused because it must not sleep.
 */
TRACE_EVENT(hmm_userptr_invalidate,
	    TP_PROTO(const struct hmm_userptr *userptr, int event, unsigned long first,
		     unsigned long named, bool done, u64 ns),
	    TP_ARGS(userptr, event, first, named, done, ns),
	    TP_STRUCT__entry(
		    __field(u32, userptr)
		    __field(pid_t, pid)
		    __field(unsigned long, start)
		    __field(int, event)
		    __field(unsigned long, first)
		    __field(unsigned long, named)
		    __field(bool, done)
		    __field(u64, ns)
	    ),
	    TP_fast_assign(
		    __entry->userptr = userptr->id;
		    __entry->pid = userptr->tgid;
		    __entry->start = userptr->start;
		    __entry->event = event;
		    __entry->first = first;
		    __entry->named = named;
		    __entry->done = done;
		    __entry->ns = ns;
	    ),
	    TP_printk("userptr=%u pid=%d start=%#lx event=%s first=%lu named=%lu done=%d ns=%llu",
		      __entry->userptr, __entry->pid, __entry->start,
		      __print_symbolic(__entry->event, HMM_TRACE_EVENTS(HMM_TRACE_SYMBOL)), __entry->first,
		      __entry->named, __entry->done, __entry->ns)
);

#endif /* _HMM_MIRROR_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
