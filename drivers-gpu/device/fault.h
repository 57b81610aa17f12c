/* SPDX-License-Identifier: GPL-2.0 */
/* The fault buffer: accesses suspended until the kernel has served them. */
#ifndef MIRAGE_FAULT_H
#define MIRAGE_FAULT_H

#include <linux/mutex.h>
#include <linux/types.h>

#include "device/fault_entry.h"
#include "device/mem.h"

struct mirage_device;

/**
 * struct mirage_fault_buffer - state of the fault buffer
 */
struct mirage_fault_buffer {
	/** @mem: ring of struct mirage_fault_entry */
	struct mirage_mem mem;
	/** @place_mem: ring of struct mirage_place, of the same indices; zero where the device writes none */
	struct mirage_mem place_mem;
	/** @order: log2 of the ring's entries */
	unsigned int order;
	/**
	 * @lock: serialises the readers, which are the interrupt thread and the watchdog. Taken
	 * before mirage_vm.fault_lock; its holder neither allocates nor waits.
	 */
	struct mutex lock;
	/** @get: next entry to read, modulo 2^32. Protected by @lock. */
	u32 get;
	/**
	 * @stale: fault_put at the last start; entries before it predate the reset. Written while
	 * the device is not enabled, read anywhere.
	 */
	u32 stale;
	/** @batch: room for all entries of the buffer. Protected by @lock. */
	struct mirage_fault *batch;
};

int mirage_fault_buffer_init(struct mirage_device *mdev);
void mirage_fault_buffer_restart(struct mirage_device *mdev);
unsigned int mirage_fault_buffer_drain(struct mirage_device *mdev);

#endif /* MIRAGE_FAULT_H */
