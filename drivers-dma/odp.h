/* SPDX-License-Identifier: GPL-2.0 */
/* The device, its files and their regions. */
#ifndef ODP_H
#define ODP_H

#include <linux/hashtable.h>
#include <linux/hmm_mirror.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/completion.h>
#include <linux/wait.h>
#include <linux/xarray.h>

struct hmm_userptr;
struct pci_dev;

/**
 * struct odp_device - a DMA engine
 */
struct odp_device {
	/** @refs: held by the driver while it is bound, and by each open file */
	struct kref refs;
	/** @misc: the character device */
	struct miscdevice misc;
	/** @id: number in its name */
	int id;
	/** @pdev: the device; valid while bound */
	struct pci_dev *pdev;
	/** @regs: registers; accessed with @engine held and not @gone, or by the interrupt */
	void __iomem *regs;
	/** @engine: held during a copy through the device's buffer; protects @gone and @broken */
	struct mutex engine;
	/** @gone: the driver is being unbound */
	bool gone;
	/** @broken: the engine did not answer, and is cut off from memory */
	bool broken;
	/** @idle: the engine's interrupt */
	struct completion idle;
	/**
	 * @lock: protects @started, and the addresses in all blocks; mm's callbacks take it, so
	 * nothing is allocated under it
	 */
	spinlock_t lock;
	/** @started: number of copies that took addresses */
	u64 started;
	/** @ended: number of copies that use them no more; follows @started */
	atomic64_t ended;
	/** @waiters: callbacks that wait for @ended */
	wait_queue_head_t waiters;
	/** @files_lock: protects @files, and @closed */
	struct mutex files_lock;
	/** @files: open files */
	struct list_head files;
	/** @closed: no file may be opened */
	bool closed;
};

/**
 * struct odp_file - an open file
 */
struct odp_file {
	/** @dev: device */
	struct odp_device *dev;
	/** @node: in odp_device.files */
	struct list_head node;
	/** @mirror: of the process that opened it */
	struct hmm_mirror *mirror;
	/** @blocks: blocks with addresses, by their start; protected by odp_device.lock */
	DECLARE_HASHTABLE(blocks, 8);
	/** @lock: protects @closed and the handles in @regions */
	struct mutex lock;
	/** @closed: no region may be registered */
	bool closed;
	/** @regions: registered regions */
	struct xarray regions;
};

/**
 * struct odp_region - registered memory
 */
struct odp_region {
	/** @refs: held by the file's handle and by running copies */
	struct kref refs;
	/** @file: the file */
	struct odp_file *file;
	/** @addr: first byte */
	unsigned long addr;
	/** @length: bytes */
	unsigned long length;
	/** @write: the device may write */
	bool write;
	/** @userptr: the pages, for MIRAGE_ODP_REVALIDATE; otherwise NULL */
	struct hmm_userptr *userptr;
	/** @addrs: their addresses; valid while @userptr is */
	dma_addr_t *addrs;
};

/**
 * struct odp_step - a copy of at most a page
 */
struct odp_step {
	/** @src: region to read */
	struct odp_region *src;
	/** @dst: region to write */
	struct odp_region *dst;
	/** @from: first address to read */
	unsigned long from;
	/** @to: first address to write */
	unsigned long to;
	/** @bytes: number of bytes, on one page each */
	unsigned int bytes;
};

extern const struct hmm_mirror_ops odp_mirror_ops;

int odp_device_copy(struct odp_device *dev, const struct odp_step *step);
void odp_device_wait(struct odp_device *dev, u64 copy, bool blockable);
void odp_device_free(struct kref *refs);

extern const struct file_operations odp_fops;
void odp_file_close(struct odp_file *file);

struct odp_region *odp_region_create(struct odp_file *file, u64 addr, u64 length, u32 flags);
void odp_region_close(struct odp_region *region);
void odp_region_put(struct odp_region *region);
int odp_region_prepare(struct odp_region *region, struct hmm_fault *fault, unsigned long addr,
		       bool write);
bool odp_region_find(struct odp_region *region, unsigned long addr, bool write, dma_addr_t *dma);

#endif /* ODP_H */
