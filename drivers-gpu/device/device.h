/* SPDX-License-Identifier: GPL-2.0 */
/* The device structure. Functions that act on it are in the headers of their units. */
#ifndef MIRAGE_DEVICE_TYPES_H
#define MIRAGE_DEVICE_TYPES_H

#include <linux/atomic.h>
#include <linux/jiffies.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <drm/drm_device.h>
#include <drm/mirage_drm.h>

#include <hw/queues.h>
#include <hw/regs.h>

#include "device/cmdq.h"
#include "device/event.h"
#include "device/fault.h"
#include "device/irq.h"
#include "device/mem.h"
#include "device/power.h"
#include "device/quota.h"
#include "device/reset.h"
#include "vram/vram.h"

/**
 * struct mirage_caps - capabilities that the device reports; constant after probe
 */
struct mirage_caps {
	/** @revision: BUS_REVISION */
	u32 revision;
	/** @bits: BUS_CAPS */
	u32 bits;
	/** @nr_channels: entries of the channel table */
	u32 nr_channels;
	/** @nr_vms: entries of the VM table */
	u32 nr_vms;
	/** @nr_vectors: MSI-X vectors the device has */
	u32 nr_vectors;
	/** @wave_lanes: lanes of a wave */
	u32 wave_lanes;
	/** @max_group: largest number of work items in a group */
	u32 max_group;
	/** @max_shared: largest shared memory of a group, bytes */
	u32 max_shared;
	/** @max_context: largest context of a channel, bytes */
	u32 max_context;
};

/**
 * struct mirage_options - module parameters as this device was probed with; constant after probe
 */
struct mirage_options {
	/** @svm: VMs may mirror processes */
	bool svm;
	/** @fault_order: log2 of the fault buffer's entries */
	unsigned int fault_order;
};

struct mirage_bo;
struct mirage_coredump;
struct mirage_device;
struct mirage_prime;
struct mirage_queue;
struct mirage_shrinker;
struct mirage_ttm;
struct mirage_userptrs;
struct mirage_vm;

/**
 * struct mirage_device_ops - operations of the upper layers, called by the lower ones
 */
struct mirage_device_ops {
	/** @event: handles an event; may sleep; mirage_events.lock is held */
	void (*event)(struct mirage_device *mdev, const struct mirage_event *event);
	/**
	 * @faults: handles @count faults, and may sort them in place; mirage_fault_buffer.lock is
	 * held, so it neither allocates nor waits
	 */
	void (*faults)(struct mirage_device *mdev, struct mirage_fault *faults, unsigned int count);
	/**
	 * @evict: takes an object, whose resv is held, out of all page tables, and waits until that
	 * has taken effect
	 */
	void (*evict)(struct mirage_bo *bo);
	/**
	 * @vm_init: prepares a new address space for its faults; 0 or -ENOMEM; @vm_fini follows in
	 * both cases
	 */
	int (*vm_init)(struct mirage_vm *vm);
	/** @vm_fini: undoes @vm_init, when the address space has no other user */
	void (*vm_fini)(struct mirage_vm *vm);
};

/**
 * enum mirage_device_state - may the device touch memory?
 */
enum mirage_device_state {
	/** @MIRAGE_DEVICE_STOPPED: it touches no memory; it will be started, or started again */
	MIRAGE_DEVICE_STOPPED = 0,
	/** @MIRAGE_DEVICE_RUNNING: it may touch memory */
	MIRAGE_DEVICE_RUNNING,
	/** @MIRAGE_DEVICE_WEDGED: it touches no memory and never will again */
	MIRAGE_DEVICE_WEDGED,
};

/** MIRAGE_NR_COUNTERS: number of counters of the PERF unit. */
#define MIRAGE_NR_COUNTERS	((MIRAGE_PERF_BUSY_NS - MIRAGE_PERF_PACKETS) / 8 + 1)

/** MIRAGE_WATCHDOG_MS: period of the watchdog. */
#define MIRAGE_WATCHDOG_MS	250

/**
 * struct mirage_watchdog - a delayed work that runs only while the device has jobs
 */
struct mirage_watchdog {
	/** @work: looks at queue indices and at VMs that make no progress */
	struct delayed_work work;
	/** @jobs: jobs the device has */
	atomic_t jobs;
};

/**
 * struct mirage_device - one GPU
 *
 * The structure lives as long as the last open file. The hardware part is gone after
 * drm_dev_unplug(), so use it only between drm_dev_enter() and drm_dev_exit(), or in contexts that
 * mirage_device_unplug() waits for.
 */
struct mirage_device {
	/** @drm: the base DRM device */
	struct drm_device drm;
	/** @regs: BAR0; dangling once the device has gone, see above */
	void __iomem *regs;
	/** @caps: capabilities */
	struct mirage_caps caps;
	/** @ops: operations of the upper layers; constant after probe */
	const struct mirage_device_ops *ops;
	/** @options: module parameters at probe */
	struct mirage_options options;
	/** @svm_reason: why there is no SVM, or DRM_MIRAGE_REASON_NONE; constant after probe */
	enum drm_mirage_reason svm_reason;
	/** @userptr_reason: the same for BO_USERPTR */
	enum drm_mirage_reason userptr_reason;

	/** @status_mem: holds @status */
	struct mirage_mem status_mem;
	/** @status: the status page; each index belongs to the queue it is named after */
	struct mirage_status_page *status;
	/** @cmdq: command queue */
	struct mirage_cmdq cmdq;
	/** @events: event queue */
	struct mirage_events events;
	/** @fault_buffer: the fault buffer */
	struct mirage_fault_buffer fault_buffer;
	/** @irqs: interrupt vectors */
	struct mirage_irqs irqs;
	/** @watchdog: looks after lost interrupts and replays while jobs run */
	struct mirage_watchdog watchdog;

	/** @chan_mem: holds @chans */
	struct mirage_mem chan_mem;
	/** @chans: channel table; an entry belongs to the queue that has its number */
	struct mirage_chan_desc *chans;
	/**
	 * @queues: queues by channel number, to look up a channel that the device names; only
	 * queue/queue.c and queue/start.c store and erase
	 */
	struct xarray queues;

	/** @vm_mem: holds @vm_table */
	struct mirage_mem vm_mem;
	/** @vm_table: VM table; an entry belongs to the VM that has its number */
	struct mirage_vm_desc *vm_table;
	/** @vms: VMs by VM table index; only vm/space.c stores and erases */
	struct xarray vms;
	/**
	 * @owner_lock: protects mirage_vm.owner and mirage_vm.submissions of all VMs: a job may
	 * outlive the VM that it was submitted to. Only those lists are touched inside.
	 */
	spinlock_t owner_lock;
	/**
	 * @vm_erased: woken when a VM has left @vms; unplug waits here for VMs that are being freed
	 */
	wait_queue_head_t vm_erased;

	/** @quota: each user's share of the device */
	struct mirage_quota quota;

	/** @vram: video memory */
	struct mirage_vram vram;
	/**
	 * @copy_queue: the kernel's own queue, one reference; NULL before mirage_copy_init() and
	 * after the driver has left the device. Read between drm_dev_enter() and drm_dev_exit().
	 */
	struct mirage_queue *copy_queue;
	/** @ttm: memories and moves of buffer objects; constant after probe */
	struct mirage_ttm *ttm;
	/** @userptrs: objects over memory of processes; constant after probe */
	struct mirage_userptrs *userptrs;
	/** @prime: exported and imported objects; constant after probe */
	struct mirage_prime *prime;
	/** @shrinker: offers mm the pages of buffer objects; constant after probe */
	struct mirage_shrinker *shrinker;
	/**
	 * @bo_lock: protects @bos and the labels in it. A spinlock: only reads and writes of those
	 * inside.
	 */
	spinlock_t bo_lock;
	/** @bos: all struct mirage_bo. Protected by @bo_lock. */
	struct list_head bos;

	/**
	 * @fault_wq: serves the faults of VMs, in parallel; its works allocate, so reclaim must not
	 * wait for them
	 */
	struct workqueue_struct *fault_wq;
	/** @submit_wq: runs the schedulers of all queues and address spaces; its works are short */
	struct workqueue_struct *submit_wq;
	/** @bind_wq: executes VM_BIND operations, each work a bounded piece of them */
	struct workqueue_struct *bind_wq;

	/** @reg_lock: keeps the two reads of a REG64 together. Innermost; no hard interrupts. */
	spinlock_t reg_lock;

	/**
	 * @state_lock: lets one caller at a time block the device's DMA, completes that
	 * before the new state is visible, and prevents enabling a wedged device. Taken in notifiers
	 * that must not sleep; only registers and mirage_cmdq.lock inside.
	 */
	spinlock_t state_lock;
	/**
	 * @counters: the PERF unit's counters when DMA was last blocked, added up over all starts.
	 * Protected by @state_lock.
	 */
	u64 counters[MIRAGE_NR_COUNTERS];
	/** @state: enum mirage_device_state. Written under @state_lock, read anywhere. */
	atomic_t state;
	/** @power: system and runtime sleep */
	struct mirage_power power;
	/** @context_save: memory through which a suspend saves contexts */
	struct mirage_context_save context_save;
	/** @reset: state of resets */
	struct mirage_reset reset;
	/** @coredump: failure reports; constant after probe */
	struct mirage_coredump *coredump;
	/**
	 * @time_base: offset added to BUS_TIME, so that the device's clock continues when a reset
	 * clears BUS_TIME. Written by mirage_device_start().
	 */
	u64 time_base;
	/**
	 * @time_offset: ktime_get_ns() minus the device's clock, as measured at probe; precise
	 * enough for statistics, not for ordering
	 */
	s64 time_offset;
};

static inline struct mirage_device *to_mirage_device(struct drm_device *drm)
{
	return container_of(drm, struct mirage_device, drm);
}

/* Not on the device's own workqueue: services waiting for I/O may fill that one. */
static inline void mirage_watchdog_start(struct mirage_device *mdev)
{
	queue_delayed_work(system_dfl_wq, &mdev->watchdog.work,
			   msecs_to_jiffies(MIRAGE_WATCHDOG_MS));
}

#endif /* MIRAGE_DEVICE_TYPES_H */
