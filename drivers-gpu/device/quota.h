/* SPDX-License-Identifier: GPL-2.0 */
/* What each user may have of things that there are few of. */
#ifndef MIRAGE_QUOTA_H
#define MIRAGE_QUOTA_H

#include <linux/types.h>
#include <linux/xarray.h>

struct mirage_device;

/**
 * enum mirage_quota_kind - what is counted
 */
enum mirage_quota_kind {
	/** @MIRAGE_QUOTA_QUEUES: channels */
	MIRAGE_QUOTA_QUEUES = 0,
	/** @MIRAGE_QUOTA_VMS: entries of the VM table */
	MIRAGE_QUOTA_VMS,
	/** @MIRAGE_QUOTA_USERPTRS: objects over memory of a process */
	MIRAGE_QUOTA_USERPTRS,
	/** @MIRAGE_QUOTA_JOBS: jobs and calls of VM_BIND that are not over */
	MIRAGE_QUOTA_JOBS,
	/** @MIRAGE_QUOTA_KINDS: number of kinds */
	MIRAGE_QUOTA_KINDS
};

/**
 * struct mirage_quota_user - what one user has of one device
 */
struct mirage_quota_user {
	/** @uid: index in mirage_quota.users, the value of a kuid_t; constant */
	unsigned long uid;
	/** @counts: how many of each kind; not all are zero. Protected by the xa_lock of mirage_quota.users. */
	unsigned int counts[MIRAGE_QUOTA_KINDS];
};

/**
 * struct mirage_quota - what all users have of one device
 */
struct mirage_quota {
	/**
	 * @users: struct mirage_quota_user by uid, of those who have something. Its xa_lock protects them, too:
	 * innermost, process context only; taken on the way to signalling fences.
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
