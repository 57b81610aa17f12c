// SPDX-License-Identifier: GPL-2.0
/*
 * One question to mm, and how often to ask it.
 *
 * What a fault of a mirror and the populating of a userptr share. Both ask without the lock that
 * invalidations take, take it, and look whether the answer still holds. Where invalidations never stop, that
 * could go on for ever; so they give up, after a time and a number of rounds: a round alone may
 * take longer, if it waits for swap.
 *
 * hmm_range_fault() looks at page tables and at VM_READ and VM_WRITE. Two kinds of mappings need more, and
 * get_user_pages() has a check for each in check_vma_flags(). The checks are here, so that every question has them:
 *
 *   secret memory (memfd_secret)   no page of it, not even one that is present
 *   a shadow stack                 readable; only the processor's calls and returns write it
 *
 * vma_is_secretmem() is not exported. A mapping of secret memory is told by its file instead: all such files, and no
 * others, are of the file system with SECRETMEM_MAGIC.
 */
#include <linux/fs.h>
#include <linux/hmm.h>
#include <linux/jiffies.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "mirror.h"

#define HMM_PATIENCE_MS		HMM_RANGE_DEFAULT_TIMEOUT
#define HMM_PATIENCE_ROUNDS	16

/**
 * hmm_patience_init - begin to count void rounds
 * @patience: the count
 */
void hmm_patience_init(struct hmm_patience *patience)
{
	patience->deadline = jiffies + msecs_to_jiffies(HMM_PATIENCE_MS);
	patience->rounds = 0;
}

/**
 * hmm_patience_spend - a round was void
 * @patience: the count
 *
 * Return: 0 if there should be another; -EINTR if the task is being killed; -EBUSY if there have been
 * enough.
 */
int hmm_patience_spend(struct hmm_patience *patience)
{
	patience->rounds++;
	if (fatal_signal_pending(current))
		return -EINTR;
	if (patience->rounds >= HMM_PATIENCE_ROUNDS && time_after(jiffies, patience->deadline))
		return -EBUSY;
	return 0;
}

static bool hmm_vma_is_secret(const struct vm_area_struct *vma)
{
	return vma->vm_file && file_inode(vma->vm_file)->i_sb->s_magic == SECRETMEM_MAGIC;
}

/* What no device may have of a page that mm has there: HMM_PFN_* flags of the answer */
static unsigned long hmm_vma_denies(const struct vm_area_struct *vma)
{
	if (hmm_vma_is_secret(vma))
		return HMM_PFN_VALID | HMM_PFN_WRITE;
	return vma->vm_flags & VM_SHADOW_STACK ? HMM_PFN_WRITE : 0;
}

/* 0, or why pages of the range cannot be had as @flags ask. @denies: out: of all mappings together */
static int hmm_range_check(const struct hmm_range *range, unsigned long flags,
			   unsigned long *denies)
{
	VMA_ITERATOR(vmi, range->notifier->mm, range->start);
	struct vm_area_struct *vma;
	unsigned long denied;

	*denies = 0;
	for_each_vma_range(vmi, vma, range->end) {
		denied = hmm_vma_denies(vma);
		if ((denied & HMM_PFN_VALID) && (flags & HMM_PFN_REQ_FAULT))
			return -EFAULT;
		if ((denied & HMM_PFN_WRITE) && (flags & HMM_PFN_REQ_WRITE))
			return -EPERM;
		*denies |= denied;
	}
	return 0;
}

/* Take out of an answer what no device may have */
static void hmm_range_conceal(const struct hmm_range *range)
{
	VMA_ITERATOR(vmi, range->notifier->mm, range->start);
	struct vm_area_struct *vma;
	unsigned long addr, end, denied;

	for_each_vma_range(vmi, vma, range->end) {
		denied = hmm_vma_denies(vma);
		addr = max(vma->vm_start, range->start);
		end = min(vma->vm_end, range->end);
		for (; denied && addr < end; addr += PAGE_SIZE)
			range->hmm_pfns[(addr - range->start) >> PAGE_SHIFT] &= ~denied;
	}
}

/**
 * hmm_ask - what mm has of some pages
 * @notifier: covers them
 * @seq: of mmu_interval_read_begin()
 * @start: address of the first
 * @npages: how many
 * @flags: HMM_PFN_REQ_* that all of them need; 0 to look only
 * @pfns: out: one answer for each
 *
 * Context: under mmap_lock for reading, with a user of the mm held. With flags it sleeps, allocates, waits
 * for I/O.
 * Return: as hmm_range_fault(): 0; -EBUSY an invalidation came between; -EFAULT, -EPERM, -ENOMEM a page cannot
 * be had as asked.
 */
int hmm_ask(struct mmu_interval_notifier *notifier, unsigned long seq, unsigned long start,
	    unsigned long npages, unsigned long flags, unsigned long *pfns)
{
	struct hmm_range range = {
		.notifier = notifier,
		.notifier_seq = seq,
		.start = start,
		.end = start + (npages << PAGE_SHIFT),
		.hmm_pfns = pfns,
		.default_flags = flags,
	};

	unsigned long denies;
	int ret;

	mmap_assert_locked(notifier->mm);

	/* Input too: sticky flags in it would come out again */
	memset(pfns, 0, npages * sizeof(*pfns));
	ret = hmm_range_check(&range, flags, &denies);
	if (ret)
		return ret;
	ret = hmm_range_fault(&range);
	/* mmap_lock was held all the time: the mappings are the same */
	if (!ret && denies)
		hmm_range_conceal(&range);
	return ret;
}
