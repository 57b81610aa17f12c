/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Device memory: types that the mirror core shares between its files. Drivers see
 * <linux/hmm_devmem.h> only.
 *
 *   struct hmm_devmem   the memory of one device
 *   struct hmm_chunk    HMM_CHUNK_SIZE of it, with struct pages
 *   struct hmm_extent   a range that the driver has handed out, inside one chunk
 *
 * A page in use is a device-private folio. Its zone_device_data is its extent, so nothing here
 * depends on the process that moved the page there: a child after fork() has the same pages, and
 * its parent may have exited.
 */
#ifndef _HMM_MIRROR_DEVMEM_H
#define _HMM_MIRROR_DEVMEM_H

#include <linux/completion.h>
#include <linux/hmm.h>
#include <linux/hmm_devmem.h>
#include <linux/hmm_mirror.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/memremap.h>
#include <linux/migrate.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

/* A memory section of x86-64, the unit in which struct pages come and go */
#define HMM_CHUNK_SHIFT	27
#define HMM_CHUNK_SIZE	(1UL << HMM_CHUNK_SHIFT)

/**
 * enum hmm_home_reason - cause of a move to system memory
 */
enum hmm_home_reason {
	/** @HMM_HOME_FAULT: an access by the CPU */
	HMM_HOME_FAULT,
	/** @HMM_HOME_ASKED: hmm_mirror_migrate() */
	HMM_HOME_ASKED,
	/** @HMM_HOME_EVICTED: device memory is needed for something else */
	HMM_HOME_EVICTED,
	/** @HMM_HOME_SUSPENDED: hmm_devmem_suspend() */
	HMM_HOME_SUSPENDED,
	/** @HMM_HOME_CLOSED: hmm_devmem_close() */
	HMM_HOME_CLOSED,
	/** @HMM_HOME_REASONS: number of reasons */
	HMM_HOME_REASONS,
};

/**
 * struct hmm_account - counts the device memory that one mirror has moved pages to
 *
 * Extents outlive their mirror if other processes share their pages after fork(). So the account
 * lives as long as both.
 */
struct hmm_account {
	/** @ref: held by the mirror and by extents */
	struct kref ref;
	/** @pages: claimed pages of its extents */
	atomic64_t pages;
	/** @home: pages of its extents that moved home, by reason */
	atomic64_t home[HMM_HOME_REASONS];
	/** @tgid: process that created the mirror; it may have exited. Constant. */
	pid_t tgid;
	/** @comm: that process's name then. Constant. */
	char comm[TASK_COMM_LEN];
};

/**
 * struct hmm_devmem - the memory of one device
 */
struct hmm_devmem {
	/** @dev: the device that copies; a reference is held. Constant. */
	struct device *dev;
	/** @size: bytes. Constant. */
	u64 size;
	/** @ops: the driver's callbacks; called only between hmm_devmem_enter() and _leave() */
	const struct hmm_devmem_ops *ops;
	/** @priv: the driver's data. Constant. */
	void *priv;
	/** @ref: held by the driver, by mirrors and by extents */
	struct kref ref;
	/** @free_work: frees it, because the last put may come in atomic context */
	struct work_struct free_work;

	/**
	 * @users: running calls that may use @ops, plus one until hmm_devmem_close() drops it and
	 * waits for @idle
	 */
	refcount_t users;
	/** @idle: @users has dropped to 0 */
	struct completion idle;
	/** @closing: hmm_devmem_close() was called; written once */
	bool closing;
	/** @orphaned: pages outlive the driver, and hold the module. Constant once closed. */
	bool orphaned;
	/** @suspended: between hmm_devmem_suspend() and hmm_devmem_resume() */
	bool suspended;

	/**
	 * @chunk_lock: protects additions to @chunks. Outermost: memory hotplug's lock is taken
	 * under it, so never under mmap_lock.
	 */
	struct mutex chunk_lock;
	/** @chunks: by offset >> HMM_CHUNK_SHIFT, NULL before the first use */
	struct hmm_chunk **chunks;
	/** @nr_chunks: length of @chunks. Constant. */
	unsigned int nr_chunks;

	/** @lru_lock: protects @lru. A leaf, also taken under blocks' locks. */
	spinlock_t lru_lock;
	/** @nr_extents: live extents. Written under @lru_lock. */
	unsigned int nr_extents;
	/** @lru: live extents by &struct hmm_extent.node, least recently mapped first */
	struct list_head lru;
	/**
	 * @dead: extents without pages, by &struct hmm_extent.dead_node. Additions are under
	 * @lru_lock, so that each extent is in one of the two lists.
	 */
	struct llist_head dead;
	/** @reap_work: empties @dead */
	struct work_struct reap_work;
	/**
	 * @reap_lock: makes free() calls and hmm_devmem_close() exclude each other. Taken under
	 * dma_resv locks; nothing that allocates is done under it.
	 */
	struct mutex reap_lock;

	/** @pages: see &struct hmm_devmem_stats, as the following */
	atomic64_t pages;
	/** @reserved: pages in extents */
	atomic64_t reserved;
	/** @to_device: pages moved in */
	atomic64_t to_device;
	/** @cpu_faults: calls of migrate_to_ram() */
	atomic64_t cpu_faults;
	/** @home: pages moved out, by reason */
	atomic64_t home[HMM_HOME_REASONS];
	/** @failed: pages that could not be copied home */
	atomic64_t failed;
};

/**
 * struct hmm_chunk - struct pages for HMM_CHUNK_SIZE of device memory
 *
 * Linear: the page of offset o is pfn + (o - offset) / PAGE_SIZE.
 */
struct hmm_chunk {
	/** @pagemap: mm's view */
	struct dev_pagemap pagemap;
	/** @devmem: owner; valid as long as the chunk exists */
	struct hmm_devmem *devmem;
	/** @offset: first byte in device memory. Constant. */
	u64 offset;
	/** @pfn: first page. Constant. */
	unsigned long pfn;
};

/**
 * struct hmm_extent - a range of device memory from the driver's alloc()
 */
struct hmm_extent {
	/** @devmem: owner; a reference is held */
	struct hmm_devmem *devmem;
	/** @account: of the mirror that it was made for; a reference is held */
	struct hmm_account *account;
	/** @chunk: chunk that it is in. Constant. */
	struct hmm_chunk *chunk;
	/** @pfn: first page. Constant. */
	unsigned long pfn;
	/** @npages: number of pages, a power of two. Constant. */
	unsigned int npages;
	/** @handle: the driver's, for free(). Constant. */
	void *handle;
	/** @returned: the driver has it back. Protected by &hmm_devmem.reap_lock. */
	bool returned;
	/** @ref: pages claimed, and tasks that use the extent */
	atomic_t ref;
	/** @used: pages claimed; atomic bits */
	DECLARE_BITMAP(used, HMM_BLOCK_PAGES);
	/** @live: of these, pages that are in folios, which eviction may take; atomic bits */
	DECLARE_BITMAP(live, HMM_BLOCK_PAGES);
	/** @node: in &hmm_devmem.lru, or empty. Protected by &hmm_devmem.lru_lock. */
	struct list_head node;
	/** @dead_node: in &hmm_devmem.dead once @ref is 0 */
	struct llist_node dead_node;
};

/**
 * struct hmm_copy - copies of one migration, being collected and then in progress
 *
 * Used by one task; no lock.
 */
struct hmm_copy {
	/** @devmem: device memory */
	struct hmm_devmem *devmem;
	/** @to_device: direction */
	bool to_device;
	/** @nr_maps: length of @maps */
	unsigned int nr_maps;
	/** @nr: length of @copies */
	unsigned int nr;
	/** @maps: DMA addresses of pages in system memory */
	dma_addr_t maps[HMM_BLOCK_PAGES];
	/** @copies: for the driver */
	struct hmm_devmem_copy copies[HMM_BLOCK_PAGES];
};

/**
 * struct hmm_migration - one migration of at most a block, either way
 *
 * Used by one task; no lock. Large: allocate it with hmm_migration_alloc().
 */
struct hmm_migration {
	/** @devmem: device memory, entered */
	struct hmm_devmem *devmem;
	/** @block: block of hmm_mirror_migrate() */
	struct hmm_block *block;
	/** @request: request of hmm_mirror_migrate() */
	struct hmm_migrate *request;
	/** @limit: end of the pages within the address space, exclusive */
	unsigned int limit;
	/** @may_evict: to reserve device memory, others may be evicted */
	bool may_evict;
	/** @wanted: pages that are requested and not where they should be */
	DECLARE_BITMAP(wanted, HMM_BLOCK_PAGES);
	/** @busy: pages of these that mm did not move */
	DECLARE_BITMAP(busy, HMM_BLOCK_PAGES);
	/** @unshare: pages of these that the process has to get a copy of first */
	DECLARE_BITMAP(unshare, HMM_BLOCK_PAGES);
	/** @unmapped: pages on the way home that could not be mapped for DMA */
	DECLARE_BITMAP(unmapped, HMM_BLOCK_PAGES);
	/** @src: mm's array of sources */
	unsigned long src[HMM_BLOCK_PAGES];
	/** @dst: mm's array of destinations */
	unsigned long dst[HMM_BLOCK_PAGES];
	/** @slots: pfn of the claimed device page for each page of the block, or 0 */
	unsigned long slots[HMM_BLOCK_PAGES];
	/** @pfns: mm's answers to a snapshot */
	unsigned long pfns[HMM_BLOCK_PAGES];
	/** @copy: the copies */
	struct hmm_copy copy;
};

/* devmem.c */
struct hmm_devmem *hmm_devmem_get(struct hmm_devmem *devmem);
bool hmm_devmem_enter(struct hmm_devmem *devmem);
void hmm_devmem_leave(struct hmm_devmem *devmem);
struct hmm_chunk *hmm_devmem_chunk(struct hmm_devmem *devmem, u64 offset);
struct hmm_devmem *hmm_page_devmem(struct page *page);
u64 hmm_page_offset(struct page *page);

/* account.c */
struct hmm_account *hmm_account_create(void);
struct hmm_account *hmm_account_get(struct hmm_account *account);
void hmm_account_put(struct hmm_account *account);

/* extent.c */
struct hmm_extent *hmm_extent_create(struct hmm_devmem *devmem, struct hmm_account *account,
				     unsigned int npages);
struct hmm_extent *hmm_page_extent(struct page *page);
bool hmm_extent_claim(struct hmm_extent *extent, unsigned int index);
void hmm_extent_set_live(struct hmm_extent *extent, unsigned int index);
void hmm_extent_unclaim(struct hmm_extent *extent, unsigned int index);
void hmm_extent_unclaim_pfn(unsigned long pfn);
void hmm_extent_put(struct hmm_extent *extent);
void hmm_extent_touch(struct hmm_extent *extent);
struct hmm_extent *hmm_extent_oldest(struct hmm_devmem *devmem);
void hmm_extents_reap(struct hmm_devmem *devmem);
void hmm_extents_release(struct hmm_devmem *devmem);
void hmm_extents_reap_work(struct work_struct *work);

/* copy.c */
void hmm_copy_init(struct hmm_copy *copy, struct hmm_devmem *devmem, bool to_device);
int hmm_copy_add(struct hmm_copy *copy, struct page *device, struct page *system);
int hmm_copy_run(struct hmm_copy *copy);
int hmm_copy_by_cpu(struct hmm_copy *copy, struct page *device, struct page *system);
void hmm_copy_fini(struct hmm_copy *copy);

/* home.c */
extern const struct dev_pagemap_ops hmm_pagemap_ops;
int hmm_home_asked(struct hmm_migration *migration, struct vm_area_struct *vma,
		   unsigned long start, unsigned long end, unsigned int first,
		   unsigned long *moved);
void hmm_dst_drop(unsigned long *dst);

/* migrate.c */
struct hmm_migration *hmm_migration_alloc(struct hmm_devmem *devmem);
void hmm_migration_free(struct hmm_migration *migration);

#endif /* _HMM_MIRROR_DEVMEM_H */
