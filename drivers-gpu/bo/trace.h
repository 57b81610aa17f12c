/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints: moves of objects. See device/trace.h. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mirage

#if !defined(MIRAGE_BO_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MIRAGE_BO_TRACE_H

#include <linux/tracepoint.h>

#include <drm/ttm/ttm_placement.h>

#include "bo/bo.h"
#include "device/device.h"

/*
 * An object got another place; "system" as the source may mean that it had no memory. Does not tell
 * when its content arrives: the copy's fence does.
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

#endif /* MIRAGE_BO_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH bo
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
