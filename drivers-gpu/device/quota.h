/* SPDX-License-Identifier: GPL-2.0 */
/* Limits per user for scarce objects. */
#ifndef MIRAGE_QUOTA_H
#define MIRAGE_QUOTA_H

#include <linux/types.h>
#include <linux/xarray.h>

struct mirage_device;

/**
 * enum mirage_quota_kind - kinds of objects that are counted
 */
enum mirage_quota_kind {
	/** @MIRAGE_QUOTA_QUEUES: channels */
	MIRAGE_QUOTA_QUEUES = 0,
	/** @MIRAGE_QUOTA_VMS: entries of the VM table */
	MIRAGE_QUOTA_VMS,
	/** @MIRAGE_QUOTA_USERPTRS: objects over memory of a process */
	MIRAGE_QUOTA_USERPTRS,
	/** @MIRAGE_QUOTA_JOBS: jobs and VM_BIND calls that have not finished */
	MIRAGE_QUOTA_JOBS,
	/** @MIRAGE_QUOTA_KINDS: number of kinds */
	MIRAGE_QUOTA_KINDS
};

/**
 * struct mirage_quota_user - counts of one user on one device
 */
struct mirage_quota_user {
	/** @uid: index in mirage_quota.users, the value of a kuid_t; constant */
	unsigned long uid;
	/**
	 * @counts: objects of each kind; not all are zero. Protected by the xa_lock of
	 * mirage_quota.users.
	 */
	unsigned int counts[MIRAGE_QUOTA_KINDS];
};

/**
 * struct mirage_quota - counts of all users of one device
 */
struct mirage_quota {
	/**
	 * @users: struct mirage_quota_user by uid, for users with a count. Its xa_lock also
	 * protects the counts: innermost, process context only; taken in fences' signalling paths.
	 */
	struct xarray users;
};

int mirage_quota_init(struct mirage_device *mdev);
unsigned int mirage_quota_limit(const struct mirage_device *mdev, enum mirage_quota_kind kind);
struct mirage_quota_user *mirage_quota_take(struct mirage_device *mdev,
					    enum mirage_quota_kind kind);
void mirage_quota_give(struct mirage_device *mdev, struct mirage_quota_user *user,
		       enum mirage_quota_kind kind);

#endif /* MIRAGE_QUOTA_H */
