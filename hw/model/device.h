/* SPDX-License-Identifier: MIT */
/*
 * The device as a whole.
 *
 * Threads: the transport thread serves the client (registers, configuration
 * space, memory maps, reset), the engine thread does everything else.
 *
 * Locks, outer first: device.lock (all state but the doorbells), engine.mutex
 * and log_mutex (leaves). While somebody waits for it, device.lock is held for at most one
 * command and one step of a channel, but for a function reset; no message is received or
 * sent and no sleep happens while it is held.
 */
#ifndef MODEL_DEVICE_H
#define MODEL_DEVICE_H

#include "chan.h"
#include "cmdq.h"
#include "dma.h"
#include "engine.h"
#include "event.h"
#include "fault.h"
#include "hw/regs.h"
#include "intr.h"
#include "lock.h"
#include "log.h"
#include "mmu.h"
#include "pci.h"
#include "peers.h"
#include "perf.h"
#include "phys.h"
#include "queues.h"
#include "regs.h"
#include "runlist.h"
#include "tlb.h"
#include "vram.h"

struct device {
	struct lock lock;	/* protects everything below but @engine and @vram's constants */
	struct vram vram;
	struct pci pci;
	struct peers peers;
	struct dma dma;
	struct regs regs;
	struct intr intr;
	struct queues queues;
	struct cmdq cmdq;
	struct tlb tlb;
	struct faults faults;
	struct runlist runlist;
	struct compute_pool *compute_pool;
	struct engine engine;
	void *context;		/* for chan_save() and chan_restore() */
	u64 perf[PERF_NR_COUNTERS];
	u64 time_base;		/* now_ns() at reset */
	bool running;		/* enabled, all queues valid, not halted */
	struct chan chans[NR_CHANNELS];
	u64 live[NR_CHANNELS / 64];	/* bit for each channel that is not IDLE */
};

/**
 * device_create() - a device with @vram_size bytes of video memory, as after power-on.
 * Returns NULL with errno set.
 */
struct device *device_create(u64 vram_size);
void device_destroy(struct device *dev);

/* All below: context: device lock held. */

/** device_time() - BUS_TIME, in nanoseconds. */
u64 device_time(struct device *dev);

/** device_enable(), device_disable() - BUS_CTRL.ENABLE changed. */
void device_enable(struct device *dev);
void device_disable(struct device *dev);

/** device_reset() - BUS_RESET. Configuration space and memory stay as they are. */
void device_reset(struct device *dev);

/** device_engine_reset() - BUS_ENGINE_RESET: the channel that has its turn loses it, whatever it does. */
void device_engine_reset(struct device *dev);

/**
 * device_function_reset() - function level reset, reset of bus or machine: configuration space
 * too, and VRAM loses its content. Takes as long as it takes to write what of VRAM is in use.
 */
void device_function_reset(struct device *dev);

/** device_config_changed() - configuration space was written: power state, apertures. */
void device_config_changed(struct device *dev);

/**
 * device_halt() - a device error. Engines end at their next instruction or chunk, so
 * this may be called from anywhere in the engine thread. Another thread that may have
 * called it calls engine_drop() before it releases the lock.
 */
void device_halt(struct device *dev, enum mirage_dev_error error);

#endif /* MODEL_DEVICE_H */
