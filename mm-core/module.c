// SPDX-License-Identifier: GPL-2.0
/*
 * The module: resources shared by all mirrors.
 */
#include <linux/atomic.h>
#include <linux/module.h>
#include <linux/sched/mm.h>

#include "mirror.h"
#include "userptr.h"

/*
 * Removes empty blocks. Reclaim never waits for it, so it needs no rescuer; it is unbound because
 * removing a notifier may wait for a long invalidation.
 */
struct workqueue_struct *hmm_mirror_wq;

/* The last number handed out. */
static atomic_t hmm_last_id = ATOMIC_INIT(0);

/**
 * hmm_new_id - get a number for a mirror or a userptr
 *
 * Trace events use it instead of an address, which tracing would hash and the allocator would
 * reuse. Numbers repeat after 2^32.
 *
 * Context: any.
 * Return: the number; the first is 1
 */
u32 hmm_new_id(void)
{
	return atomic_inc_return(&hmm_last_id);
}

/*
 * Reclaim takes the locks of blocks and userptrs. That is rare in tests, so teach lockdep at load:
 * it then reports an allocation under such a lock the first time it happens.
 */
static void __init hmm_mirror_prime_lockdep(void)
{
	static struct mutex block_lock __initdata, userptr_lock __initdata;

	if (!IS_ENABLED(CONFIG_LOCKDEP))
		return;

	hmm_block_lock_init(&block_lock);
	hmm_userptr_lock_init(&userptr_lock);
	fs_reclaim_acquire(GFP_KERNEL);
	might_lock(&block_lock);
	might_lock(&userptr_lock);
	fs_reclaim_release(GFP_KERNEL);
	mutex_destroy(&userptr_lock);
	mutex_destroy(&block_lock);
}

static int __init hmm_mirror_init(void)
{
	int ret;

	hmm_mirror_wq = alloc_workqueue("hmm_mirror", WQ_UNBOUND, 0);
	if (!hmm_mirror_wq)
		return -ENOMEM;

	ret = hmm_call_cache_create();
	if (ret) {
		destroy_workqueue(hmm_mirror_wq);
		return ret;
	}

	hmm_mirror_prime_lockdep();
	return 0;
}
module_init(hmm_mirror_init);

static void __exit hmm_mirror_exit(void)
{
	hmm_call_cache_destroy();
	destroy_workqueue(hmm_mirror_wq);
}
module_exit(hmm_mirror_exit);

MODULE_DESCRIPTION("Mirror core: keeps a device's page tables in step with a process's");
MODULE_VERSION(MIRAGE_VERSION);
MODULE_LICENSE("GPL");
