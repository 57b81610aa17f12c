// SPDX-License-Identifier: GPL-2.0
/*
 * One question to mm, shared by faults of mirrors and by populating userptrs; linux/hmm_retry.h has
 * the limit for repeating it.
 *
 * hmm_range_fault() checks page tables, VM_READ and VM_WRITE. Two kinds of mappings need more; for
 * each, get_user_pages() has a check in check_vma_flags(). This file repeats these checks, so that
 * they apply to every question:
 *
 *   secret memory (memfd_secret)   no page may be mapped, not even one that is present
 *   a shadow stack                 read-only; only the CPU's calls and returns write it
 *
 * vma_is_secretmem() is not exported. Instead, a mapping of secret memory is recognised by its
 * file: exactly these files belong to the file system with SECRETMEM_MAGIC.
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

static_assert(HMM_RETRY_MS == HMM_RANGE_DEFAULT_TIMEOUT);

static bool hmm_vma_is_secret(const struct vm_area_struct *vma)
{
	return vma->vm_file && file_inode(vma->vm_file)->i_sb->s_magic == SECRETMEM_MAGIC;
}

/* Access that devices must not have to pages of a mapping: HMM_PFN_* flags of the answer */
static unsigned long hmm_vma_denies(const struct vm_area_struct *vma)
{
	if (hmm_vma_is_secret(vma))
		return HMM_PFN_VALID | HMM_PFN_WRITE;
	return vma->vm_flags & VM_SHADOW_STACK ? HMM_PFN_WRITE : 0;
}

/**
 * hmm_vma_check - may devices access the pages of a mapping?
 * @vma: the mapping; NULL for none
 * @write: for writing
 *
 * Context: under mmap_lock for reading.
 * Return: 0; -EFAULT if not at all; -EPERM if not for writing.
 */
int hmm_vma_check(const struct vm_area_struct *vma, bool write)
{
	unsigned long denied;

	/* As hmm_range_fault() */
	if (!vma || (vma->vm_flags & (VM_IO | VM_PFNMAP)) || !(vma->vm_flags & VM_READ))
		return -EFAULT;
	denied = hmm_vma_denies(vma);
	if (denied & HMM_PFN_VALID)
		return -EFAULT;
	if (write && (!(vma->vm_flags & VM_WRITE) || (denied & HMM_PFN_WRITE)))
		return -EPERM;
	return 0;
}

/*
 * 0, or the errno if devices must not access the range as @flags ask. @denies: out: union of all
 * mappings
 */
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

/* Remove access that devices must not have from an answer */
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
 * hmm_ask - ask mm for the state of some pages
 * @notifier: covers them
 * @owner: device memory whose pages may stay where they are; with a fault, mm brings home pages in
 * other device memory. NULL: in all
 * @seq: from mmu_interval_read_begin()
 * @start: address of the first page
 * @npages: number of pages
 * @flags: HMM_PFN_REQ_* for all of them; 0 for a snapshot
 * @pfns: out: one answer per page
 *
 * Context: under mmap_lock for reading, with a user of the mm held. With @flags it sleeps,
 * allocates, and waits for I/O.
 * Return: as hmm_range_fault(): 0; -EBUSY an invalidation came in between; -EFAULT, -EPERM, -ENOMEM
 * a page is not available as requested.
 */
int hmm_ask(struct mmu_interval_notifier *notifier, struct hmm_devmem *owner, unsigned long seq,
	    unsigned long start, unsigned long npages, unsigned long flags, unsigned long *pfns)
{
	struct hmm_range range = {
		.notifier = notifier,
		.notifier_seq = seq,
		.start = start,
		.end = start + (npages << PAGE_SHIFT),
		.hmm_pfns = pfns,
		.default_flags = flags,
		.dev_private_owner = owner,
	};
	unsigned long denies;
	int ret;

	mmap_assert_locked(notifier->mm);

	/* hmm_range_fault() reads it, too: sticky flags would be returned again */
	memset(pfns, 0, npages * sizeof(*pfns));
	ret = hmm_range_check(&range, flags, &denies);
	if (ret)
		return ret;
	ret = hmm_range_fault(&range);
	/* mmap_lock has been held since the check, so the mappings are the same */
	if (!ret && denies)
		hmm_range_conceal(&range);
	return ret;
}
