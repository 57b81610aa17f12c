/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints: jobs and the end of queues. See device/trace.h. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mirage

#if !defined(MIRAGE_QUEUE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MIRAGE_QUEUE_TRACE_H

#include <linux/tracepoint.h>

#include "device/names.h"
#include "mmu/vm.h"
#include "queue/queue.h"

/* The format contains the hardware's numbers, but an enum has to be exported for its readers. */
TRACE_DEFINE_ENUM(DRM_MIRAGE_QUEUE_READY);
TRACE_DEFINE_ENUM(DRM_MIRAGE_QUEUE_FAULTED);
TRACE_DEFINE_ENUM(DRM_MIRAGE_QUEUE_ERROR);
TRACE_DEFINE_ENUM(DRM_MIRAGE_QUEUE_TIMEOUT);
TRACE_DEFINE_ENUM(DRM_MIRAGE_QUEUE_LOST);
TRACE_DEFINE_ENUM(DRM_MIRAGE_QUEUE_RESET);

/*
 * A job was submitted; @words is the size of its packets in the ring. Does not tell when it runs:
 * it waits for its syncobjs and for room.
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

/*
 * A queue stopped, for good except the kernel's own. Its channel and jobs have not been quiesced
 * yet.
 */
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

#endif /* MIRAGE_QUEUE_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH queue
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
