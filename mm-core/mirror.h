/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mirror core's own types. Drivers see <linux/hmm_mirror.h> only.
 *
 * The fields of a block say which lock protects them; docs/mm-core.md gives the reasons.
 */
#ifndef _HMM_MIRROR_MIRROR_H
#define _HMM_MIRROR_MIRROR_H

#include <linux/completion.h>
#include <linux/hmm-dma.h>
#include <linux/hmm_mirror.h>
#include <linux/hmm_retry.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/maple_tree.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

struct hmm_devmem;
struct pci_p2pdma_map_state;
struct vm_area_struct;

/**
 * struct hmm_counters - one CPU's share of a mirror's counters
 */
struct hmm_counters {
	/** @invalidations: see &struct hmm_mirror_stats */
	u64 invalidations;
	/** @pages_invalidated: see &struct hmm_mirror_stats */
	u64 pages_invalidated;
	/** @ns_notifier: see &struct hmm_mirror_stats */
	u64 ns_notifier;
};

/**
 * struct hmm_mirror - one device address space that mirrors one mm
 */
struct hmm_mirror {
	/** @mm: the mirrored mm; held by mmgrab(), so it may be without users. Constant. */
	struct mm_struct *mm;
	/** @dev: the device DMA is mapped for; a reference is held. Constant. */
	struct device *dev;
	/** @devmem: the device's own memory, a reference is held; or NULL. Constant. */
	struct hmm_devmem *devmem;
	/** @ops: the driver's callbacks. Constant. */
	const struct hmm_mirror_ops *ops;
	/** @priv: the driver's data. Constant. */
	void *priv;
	/** @id: number from hmm_new_id(), for trace events. Constant. */
	u32 id;
	/** @tgid: process that created it, for trace events; it may have exited. Constant. */
	pid_t tgid;

	/**
	 * @blocks: live blocks, by address >> HMM_BLOCK_SHIFT. Read under RCU. Its own lock is
	 * taken only to insert or remove a block, never by invalidations or by faults that find
	 * their block.
	 */
	struct xarray blocks;
	/** @nr_blocks: entries in @blocks */
	atomic_long_t nr_blocks;

	/**
	 * @users: running calls of hmm_mirror_fault(), plus one until hmm_mirror_close() drops it
	 * and waits for @idle.
	 */
	refcount_t users;
	/** @idle: @users has dropped to 0 */
	struct completion idle;
	/** @calls_lock: protects @calls; outside of a task's signal lock */
	spinlock_t calls_lock;
	/** @calls: calls of hmm_mirror_fault() that may be in mm, whose waits closing ends */
	struct list_head calls;
	/** @closing: bit 0: hmm_mirror_close() was called; set before it looks at @calls */
	unsigned long closing;
	/** @closed: hmm_mirror_close() is done */
	struct completion closed;

	/**
	 * @reap_list: blocks with @reap_queued set, linked by &struct hmm_block.reap_node.
	 * Lock-free.
	 */
	struct llist_head reap_list;
	/** @reap_work: removes blocks that stayed without mappings; disabled on closing */
	struct delayed_work reap_work;

	/** @lru_lock: protects @lru; a leaf, taken under a block's lock */
	spinlock_t lru_lock;
	/** @lru: live blocks, the one that was mapped longest ago first */
	struct list_head lru;

	/** @policy: preferred memory of ranges, as xa_mk_value(); read under RCU */
	struct maple_tree policy;

	/** @counters: per-CPU counters, summed when read */
	struct hmm_counters __percpu *counters;
	/** @ns_notifier_max: duration of the longest invalidation; changed by cmpxchg */
	atomic64_t ns_notifier_max;
};

/**
 * struct hmm_pending - pages taken from the device whose flush is still in progress
 *
 * The first pass of an invalidation fills it and its second pass empties it. There is one per
 * block; an invalidation that finds it in use does all its work in one pass. Protected by &struct
 * hmm_block.lock, except that the second pass reads @token and @ns without it (they do not change
 * while @busy).
 */
struct hmm_pending {
	/** @finish: passed by mm to the second pass */
	struct mmu_interval_notifier_finish finish;
	/** @busy: a second pass is due */
	bool busy;
	/** @token: token for hmm_mirror_ops.flush() */
	u64 token;
	/** @ns: duration of the first pass, nanoseconds */
	u64 ns;
	/**
	 * @pages: pages that are still DMA mapped and may still be in the device's TLB. Another
	 * invalidation that names them waits for @token itself, releases them and clears them here.
	 */
	DECLARE_BITMAP(pages, HMM_BLOCK_PAGES);
};

/**
 * struct hmm_bounce - do pages of a block move to and fro? See policy.c
 *
 * Protected by &struct hmm_block.lock.
 */
struct hmm_bounce {
	/** @moved: pages that faults have moved to the device lately */
	DECLARE_BITMAP(moved, HMM_BLOCK_PAGES);
	/** @moved_at: when the last one did, jiffies */
	unsigned long moved_at;
	/** @count: faults that found such pages at home again */
	unsigned int count;
};

/**
 * struct hmm_block - HMM_BLOCK_SIZE of a mirror
 */
struct hmm_block {
	/** @mirror: owner; valid as long as the block is live or a fault uses it */
	struct hmm_mirror *mirror;
	/** @start: first address. Constant. */
	unsigned long start;
	/** @priv: the driver's data; written only in block_init() */
	void *priv;
	/** @ref: one held by the registry while live, one by each fault that uses it */
	struct kref ref;
	/** @rcu: lookups may still read @ref after the last put */
	struct rcu_head rcu;

	/**
	 * @notifier: covers exactly this block. Inserted before the block can be found, removed
	 * after it cannot be found any more.
	 */
	struct mmu_interval_notifier notifier;

	/**
	 * @lock: protects all fields below, and serialises map() and unmap().
	 *
	 * Order: mmap_lock, then locks held during reclaim (it is taken in mmu notifiers), then
	 * this, then the driver's page-table and command-queue locks. Never two blocks' at once.
	 * While it is held: no allocation that may reclaim, no wait for a fence, for mm or for
	 * another block; a bounded wait for a TLB flush is allowed. Non-blockable notifiers only
	 * try it.
	 */
	struct mutex lock;
	/** @dead: retired and not in the registry any more; look the block up again */
	bool dead;
	/** @reap_queued: on the reaper's list; only the reaper clears this */
	bool reap_queued;
	/** @empty_since: jiffies when @mapped last became empty */
	unsigned long empty_since;
	/** @reap_delay: jiffies that it must stay empty before removal; valid while @reap_queued */
	unsigned long reap_delay;
	/** @reap_node: link in &struct hmm_mirror.reap_list */
	struct llist_node reap_node;
	/** @lru_node: link in &struct hmm_mirror.lru, under its lru_lock; empty before and after */
	struct list_head lru_node;
	/** @mapped: pages mapped for the device */
	DECLARE_BITMAP(mapped, HMM_BLOCK_PAGES);
	/** @writable: pages that the device may write, a subset of @mapped */
	DECLARE_BITMAP(writable, HMM_BLOCK_PAGES);
	/** @bounce: pages that move to and fro */
	struct hmm_bounce bounce;
	/** @pending: pages between the two passes of an invalidation, disjoint from @mapped */
	struct hmm_pending pending;
	/**
	 * @dma: DMA mappings of the pages in @mapped and in @pending.pages; all other entries of
	 * its pfn_list are 0. An entry has HMM_PFN_WRITE if the device could write the page.
	 */
	struct hmm_dma_map dma;
};

extern struct workqueue_struct *hmm_mirror_wq;

/* module.c */
u32 hmm_new_id(void);

/* ask.c */
int hmm_vma_check(const struct vm_area_struct *vma, bool write);
int hmm_ask(struct mmu_interval_notifier *notifier, struct hmm_devmem *owner, unsigned long seq,
	    unsigned long start, unsigned long npages, unsigned long flags, unsigned long *pfns);

/* block.c */
void hmm_block_lock_init(struct mutex *lock);
struct hmm_block *hmm_block_get(struct hmm_mirror *mirror, unsigned long start);
void hmm_block_put(struct hmm_block *block);
void hmm_block_touch(struct hmm_block *block);
struct hmm_block *hmm_block_oldest(struct hmm_mirror *mirror);
void hmm_block_retire(struct hmm_block *block);
void hmm_block_drop(struct hmm_block *block);
void hmm_block_release_pages(struct hmm_block *block, const unsigned long *pages);

/*
 * Memory for a mirror or a userptr: charged, and if there is no room the caller gets an error
 * instead of the OOM killer being started.
 */
#define HMM_GFP		(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/* charge.c */
/**
 * struct hmm_charge - memory cgroup that a task's allocations are charged to
 *
 * Used by one task; no lock.
 */
struct hmm_charge {
	/** @memcg: cgroup of the mirrored process, with a reference */
	struct mem_cgroup *memcg;
	/** @old: the one set before */
	struct mem_cgroup *old;
};

void hmm_charge_begin(const struct hmm_mirror *mirror, struct hmm_charge *charge);
void hmm_charge_end(struct hmm_charge *charge);
bool hmm_charge_is_full(const struct hmm_mirror *mirror);

/* dma.c */
int hmm_pages_alloc(struct device *dev, struct hmm_dma_map *map, size_t npages);
enum hmm_location hmm_pfn_location(unsigned long pfn);
int hmm_pages_link(struct device *dev, struct hmm_dma_map *map, size_t index, unsigned long pfn,
		   struct pci_p2pdma_map_state *p2p, dma_addr_t *addr);
int hmm_pages_sync(struct device *dev, struct hmm_dma_map *map, size_t first, size_t end);
size_t hmm_pages_release(struct device *dev, struct hmm_dma_map *map, size_t first, size_t end);

/* fault.c */
unsigned int hmm_mirror_limit(const struct hmm_mirror *mirror, unsigned long start);
int hmm_call_cache_create(void);
void hmm_call_cache_destroy(void);
void hmm_calls_interrupt(struct hmm_mirror *mirror);

/* fill.c */
/**
 * struct hmm_fill - an mm that pages are faulted in from
 *
 * Used by one task; no lock.
 */
struct hmm_fill {
	/** @mm: the mm, with a user held */
	struct mm_struct *mm;
	/** @locked: its mmap_lock is held for reading */
	bool locked;
	/** @tried: mm has waited for the page that comes next */
	bool tried;
};

int hmm_fill_page(struct hmm_fill *fill, unsigned long addr, bool write);
void hmm_fill_end(struct hmm_fill *fill);

/* invalidate.c */
extern const struct mmu_interval_notifier_ops hmm_block_notifier_ops;
void hmm_block_take_all(struct hmm_block *block, struct llist_head *finish);
void hmm_block_finish_all(struct llist_head *finish);
void hmm_block_revoke(struct hmm_block *block);

/* mirror.c */
bool hmm_mirror_is_closing(const struct hmm_mirror *mirror);
bool hmm_mirror_enter(struct hmm_mirror *mirror);
void hmm_mirror_leave(struct hmm_mirror *mirror);

/* policy.c */
bool hmm_bounce_check(struct hmm_block *block, const unsigned long *wanted);
void hmm_bounce_moved(struct hmm_block *block, const unsigned long *moved);

/* reap.c */
/*
 * Delays before an empty block is removed: after an unmap; otherwise, since it may be faulted again
 */
#define HMM_REAP_UNMAPPED	(HZ / 10)
#define HMM_REAP_IDLE		(2 * HZ)

void hmm_reap_block(struct hmm_block *block, unsigned long delay);
bool hmm_reap_oldest(struct hmm_mirror *mirror);
void hmm_reap_work(struct work_struct *work);

/* stats.c */
void hmm_count_invalidation(struct hmm_mirror *mirror, unsigned int npages);
void hmm_uncount_invalidation(struct hmm_mirror *mirror, unsigned int npages);
void hmm_count_notifier(struct hmm_mirror *mirror, u64 ns);

/* request.c */
/**
 * struct hmm_request - one round of a fault's questions to mm
 *
 * Used by one task; no lock.
 */
struct hmm_request {
	/** @block: block of the fault */
	struct hmm_block *block;
	/** @seq: out: sequence of the last look; @pfns are valid while it does not change */
	unsigned long seq;
	/** @fault: in: requested pages; out: failed and error */
	struct hmm_fault *fault;
	/** @limit: end of the pages within the address space, exclusive */
	unsigned int limit;
	/** @pfns: out: hmm_range_fault()'s answer for each page in @named; others undefined */
	unsigned long *pfns;
	/** @required: scratch: pages to read or to write */
	DECLARE_BITMAP(required, HMM_BLOCK_PAGES);
	/**
	 * @named: scratch: pages in any of the three sets, below @limit; all pages if mm maps the
	 * block with one entry
	 */
	DECLARE_BITMAP(named, HMM_BLOCK_PAGES);
	/** @first: scratch: first page in @named */
	unsigned int first;
	/** @end: scratch: end of the pages in @named, exclusive */
	unsigned int end;
};

bool hmm_request_init(struct hmm_request *request);
void hmm_request_fail(struct hmm_fault *fault, unsigned int index, int error);
int hmm_request_pages(struct hmm_request *request);

#endif /* _HMM_MIRROR_MIRROR_H */
