// SPDX-License-Identifier: GPL-2.0
/*
 * Accounts: the device memory of each mirror.
 *
 * A page counts for the mirror that moved it, until mm frees it or it comes home. A child that
 * shares it after fork() is not charged, as with a memory cgroup.
 *
 * Rejected: counting what is mapped for the device. A page that mprotect() or fork() took from the
 * device's page table stays in its memory.
 */
#include <linux/slab.h>

#include "devmem.h"

/**
 * hmm_account_create - make the account of a mirror of the calling process
 *
 * Context: process context. Sleeps and allocates.
 * Return: the account with a reference for the caller, or NULL
 */
struct hmm_account *hmm_account_create(void)
{
	struct hmm_account *account = kzalloc_obj(*account);

	if (!account)
		return NULL;
	kref_init(&account->ref);
	account->tgid = task_tgid_nr(current);
	get_task_comm(account->comm, current->group_leader);
	return account;
}

/**
 * hmm_account_get - take a reference
 * @account: the account
 *
 * Return: @account
 */
struct hmm_account *hmm_account_get(struct hmm_account *account)
{
	kref_get(&account->ref);
	return account;
}

static void hmm_account_free(struct kref *ref)
{
	kfree(container_of(ref, struct hmm_account, ref));
}

/**
 * hmm_account_put - drop a reference
 * @account: the account; may be gone afterwards
 *
 * Context: any.
 */
void hmm_account_put(struct hmm_account *account)
{
	kref_put(&account->ref, hmm_account_free);
}
