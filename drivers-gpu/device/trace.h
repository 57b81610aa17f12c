/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: the fault buffer, resets, suspend. Other layers have their own trace.h; all events
 * are in the system "mirage".
 *
 * pid is the process that created the address space, queue or object, or 0 for the kernel's own; it
 * may differ from the current process.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mirage

#if !defined(MIRAGE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MIRAGE_TRACE_H

#include <linux/tracepoint.h>

#include "device/device.h"

/*
 * The fault buffer was emptied once. Does not tell which VMs the faults belong to, or when they
 * occurred.
 */
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

/*
 * The engine was reset, or the device's DMA was blocked to reset it. Does not tell how long it had
 * not answered, nor when a reset of the device ends.
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
 * The device was suspended or resumed, or failed to be (@ret): by system suspend, or by runtime PM
 * (@runtime). Does not include the time that the PCI core spends before and after.
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
	TP_printk("%s: %s%s, ret %d", __get_str(dev), __entry->awake ? "resumed" : "suspended",
		  __entry->runtime ? " by itself" : "", __entry->ret)
);

#endif /* MIRAGE_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH device
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
