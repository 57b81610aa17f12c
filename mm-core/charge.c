// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that the core and the driver need for the mirrored pages of a process.
 *
 * A block costs memory whose amount the pages mapped in it do not bound: a process may map one zero
 * page in each 2 MiB of a terabyte. So the memory is charged to the memory cgroup of the process.
 * And a mirror may have only so many blocks that they take a quarter of the smallest limit above
 * the process. When it has more, or when a charge fails, the core takes the blocks that were mapped
 * longest ago from the device (hmm_reap_oldest()). The device faults at its next access to them.
 *
 * The limit leaves room for the page tables of mm, which mm allocates for the same fault. mm starts
 * the OOM killer when it cannot charge those, so the core must not wait until the cgroup is full.
 *
 * Rejected: a limit on what is left of the cgroup's memory. A cgroup that is full of page cache has
 * nothing left, and still has room for all that a process needs.
 */
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "mirror.h"

/* Memory of a block and the driver's part of it, rounded up */
#define HMM_BLOCK_COST		5

/* The part of the limit that the blocks of a mirror may have */
#define HMM_CHARGE_SHARE	4

/*
 * A mirror may have that many blocks under any limit: the lanes of one instruction may need as many
 * at once
 */
#define HMM_BLOCKS_MIN		256ul

/**
 * hmm_charge_begin - charge allocations of this task to a mirrored process
 * @mirror: the mirror
 * @charge: to be passed to hmm_charge_end()
 *
 * Context: process context; allocations that are charged follow. May be nested.
 */
void hmm_charge_begin(const struct hmm_mirror *mirror, struct hmm_charge *charge)
{
	charge->memcg = get_mem_cgroup_from_mm(mirror->mm);
	charge->old = set_active_memcg(charge->memcg);
}

/**
 * hmm_charge_end - charge allocations of this task as before
 * @charge: from hmm_charge_begin()
 *
 * Context: the same task.
 */
void hmm_charge_end(struct hmm_charge *charge)
{
	set_active_memcg(charge->old);
	mem_cgroup_put(charge->memcg);
}

/* Pages that the cgroup, and all above it, may have at most */
static unsigned long hmm_charge_limit(struct mem_cgroup *memcg)
{
	unsigned long limit = totalram_pages();

#ifdef CONFIG_MEMCG
	for (; memcg; memcg = parent_mem_cgroup(memcg))
		limit = min(limit, READ_ONCE(memcg->memory.max));
#endif
	return limit;
}

/**
 * hmm_charge_is_full - has a mirror as many blocks as it may have?
 * @mirror: the mirror
 *
 * Context: the caller holds a user of the mm; takes no lock.
 * Return: true if blocks should be removed before another one is created.
 */
bool hmm_charge_is_full(const struct hmm_mirror *mirror)
{
	struct mem_cgroup *memcg = get_mem_cgroup_from_mm(mirror->mm);
	unsigned long limit = hmm_charge_limit(memcg) / HMM_CHARGE_SHARE / HMM_BLOCK_COST;

	mem_cgroup_put(memcg);
	return atomic_long_read(&mirror->nr_blocks) >= max(limit, HMM_BLOCKS_MIN);
}
