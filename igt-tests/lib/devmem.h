/* SPDX-License-Identifier: MIT */
/* Memory of processes in video memory: the counters of the mirror core. */
#ifndef DEVMEM_H
#define DEVMEM_H

#include <stdint.h>

#include <mirage.h>

/**
 * struct devmem - the file "devmem" in the device's debugfs directory; all are pages but @cpu_faults
 */
struct devmem {
	/** @pages: in video memory now */
	uint64_t pages;
	/** @reserved: in the ranges that they are in */
	uint64_t reserved;
	/** @to_device: moved there */
	uint64_t to_device;
	/** @cpu_faults: faults of the CPU on pages there */
	uint64_t cpu_faults;
	/** @home_fault: moved home by them */
	uint64_t home_fault;
	/** @home_asked: moved home by SVM_MIGRATE */
	uint64_t home_asked;
	/** @home_evicted: moved home by eviction */
	uint64_t home_evicted;
	/** @failed: faults of the CPU that could not be served */
	uint64_t failed;
};

struct devmem devmem_read(const struct mirage *dev);
/* Changes since then; @pages and @reserved are as they are now. */
struct devmem devmem_since(const struct mirage *dev, const struct devmem *then);

#endif /* DEVMEM_H */
