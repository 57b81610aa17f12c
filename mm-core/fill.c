// SPDX-License-Identifier: GPL-2.0
/*
 * Making mm fault a page in, as the process's own access would.
 *
 * handle_mm_fault() is called for one page after the other. It says why it refuses a page, and
 * drops mmap_lock while it waits for I/O or for a monitor of userfaultfd. So the process can go on
 * with munmap() and the like, and a fatal signal ends the wait. The mapping is looked up and
 * checked again after each such wait. The second attempt has FAULT_FLAG_TRIED, as a fault of the
 * CPU: a page that was read and taken away again makes it wait under mmap_lock, so a fault ends.
 *
 *   mm's answer        errno         where the CPU gets
 *   no mapping         -EFAULT       SIGSEGV
 *   VM_FAULT_SIGSEGV   -EFAULT       SIGSEGV, as in a guard region
 *   read-only          -EPERM        SIGSEGV
 *   VM_FAULT_SIGBUS    -ENXIO        SIGBUS: the end of a file, an I/O error
 *   VM_FAULT_HWPOISON  -EHWPOISON    SIGBUS, BUS_MCEERR_AR
 *   VM_FAULT_OOM       -ENOMEM       nothing: its access is tried again
 *
 * Rejected: hmm_range_fault() with request flags. It holds mmap_lock during all waits, does not
 * allow userfaultfd, and before Linux 7.3 returns -EFAULT for everything. It fails or succeeds for
 * a whole range, so a search in halves was needed to find a bad page.
 * hmm_range_fault_unlocked_timeout(), new in Linux 7.3, drops mmap_lock, but also works on whole
 * ranges and returns -EFAULT for SIGBUS, SIGSEGV and poison alike. So does fixup_user_fault(); it
 * also looks the mapping up again by itself after a wait, where one of device memory could have
 * taken the place of the mapping that was checked.
 */
#include <linux/mm.h>
#include <linux/mmap_lock.h>

#include "mirror.h"

static int hmm_fill_errno(vm_fault_t fault)
{
	if (fault & VM_FAULT_OOM)
		return -ENOMEM;
	if (fault & (VM_FAULT_HWPOISON | VM_FAULT_HWPOISON_LARGE))
		return -EHWPOISON;
	if (fault & VM_FAULT_SIGBUS)
		return -ENXIO;
	return fault & VM_FAULT_ERROR ? -EFAULT : 0;
}

/**
 * hmm_fill_page - try to fault a page in
 * @fill: the mm
 * @addr: address of the page
 * @write: for writing
 *
 * The page may be gone again when this returns. hmm_fill_end() must follow the last page.
 *
 * Context: with a user of the mm held, no other locks. Takes mmap_lock and may return with it.
 * Sleeps, allocates; waits for I/O and for userfaultfd, until a fatal signal.
 * Return: 0; -EAGAIN after a wait, try the same page again if it is still wanted; -EINTR if the
 * task is being killed; or the errno of the page: see above.
 */
int hmm_fill_page(struct hmm_fill *fill, unsigned long addr, bool write)
{
	unsigned int flags = FAULT_FLAG_REMOTE | FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE;
	struct vm_area_struct *vma;
	vm_fault_t fault;
	int ret;

	if (!fill->locked) {
		ret = mmap_read_lock_killable(fill->mm);
		if (ret)
			return ret;
		fill->locked = true;
	}

	vma = vma_lookup(fill->mm, addr);
	ret = hmm_vma_check(vma, write);
	if (ret)
		return ret;

	if (write)
		flags |= FAULT_FLAG_WRITE;
	if (fill->tried)
		flags |= FAULT_FLAG_TRIED;
	fault = handle_mm_fault(vma, addr, flags, NULL);
	if (fault & (VM_FAULT_RETRY | VM_FAULT_COMPLETED))
		fill->locked = false;
	fill->tried = fault & VM_FAULT_RETRY;
	if (fill->tried)
		return -EAGAIN;
	return hmm_fill_errno(fault);
}

/**
 * hmm_fill_ahead - try to make a page writable that nothing has asked for yet
 * @vma: its mapping, which may be written
 * @addr: address of the page
 *
 * With FAULT_FLAG_RETRY_NOWAIT mm starts to read a page from a file or from swap, and does not wait
 * for it. It keeps mmap_lock.
 *
 * Context: under mmap_lock for reading, with a user of the mm held. Sleeps, allocates.
 * Return: false if mm refuses the page or would have to wait.
 */
bool hmm_fill_ahead(struct vm_area_struct *vma, unsigned long addr)
{
	unsigned int flags = FAULT_FLAG_REMOTE | FAULT_FLAG_WRITE | FAULT_FLAG_ALLOW_RETRY |
			     FAULT_FLAG_RETRY_NOWAIT;

	return !(handle_mm_fault(vma, addr, flags, NULL) & (VM_FAULT_ERROR | VM_FAULT_RETRY));
}

/**
 * hmm_fill_end - release mmap_lock if it is held
 * @fill: the mm
 */
void hmm_fill_end(struct hmm_fill *fill)
{
	if (fill->locked)
		mmap_read_unlock(fill->mm);
	fill->locked = false;
}
