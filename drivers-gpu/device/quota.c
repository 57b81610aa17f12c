// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: Shares of users
 *
 * The device has so many channels and so many entries in its VM table, and whoever has them all keeps everybody else
 * out. So a user gets half of each at most, and others find room whatever that user does. Objects over memory of a
 * process are counted, too: not for their memory, which is charged to the user's memory cgroup, but because mm calls
 * one notifier for each when it takes a page that all of them show, and reclaim on behalf of others does so. Jobs are
 * counted for the part of them that is charged to nobody: the scheduler allocates its fences itself.
 *
 * A user is a kuid: the one of the process that makes the thing, whoever has its file. What a process with
 * CAP_SYS_RESOURCE makes is counted and never refused, as with the limits of processes and files.
 *
 * Model: RLIMIT_NPROC, which counts processes of a user and not of a parent. Rejected: a limit for each open file: a
 * user may open many. Rejected: struct ucounts, which follows user namespaces; its kinds are those that the kernel
 * has, and modules cannot add one. So a user who has several kuids (subuid(5)) has several shares.
 * Rejected: limits that an administrator sets. Half needs no setting, and what is more precise belongs into a cgroup.
 */
#include "device/quota.h"

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include <drm/drm_managed.h>

#include "device/device.h"

/* Objects over memory of processes, and jobs that are not over, that a user may have. */
#define MIRAGE_QUOTA_MAX_USERPTRS	4096
#define MIRAGE_QUOTA_MAX_JOBS		32768

static void quota_fini(struct drm_device *drm, void *unused)
{
	struct mirage_quota *quota = &to_mirage_device(drm)->quota;

	WARN_ON(!xa_empty(&quota->users));
	xa_destroy(&quota->users);
}

/**
 * mirage_quota_init() - nobody has anything of a device
 * @mdev: device
 *
 * Context: probe.
 * Return: 0 or -ENOMEM
 */
int mirage_quota_init(struct mirage_device *mdev)
{
	xa_init(&mdev->quota.users);
	return drmm_add_action_or_reset(&mdev->drm, quota_fini, NULL);
}

/**
 * mirage_quota_limit() - how many of a kind a user may have
 * @mdev: device
 * @kind: what
 *
 * Context: any.
 */
unsigned int mirage_quota_limit(const struct mirage_device *mdev, enum mirage_quota_kind kind)
{
	switch (kind) {
	case MIRAGE_QUOTA_QUEUES:
		return mdev->caps.nr_channels / 2;
	case MIRAGE_QUOTA_VMS:
		return mdev->caps.nr_vms / 2;
	case MIRAGE_QUOTA_USERPTRS:
		return MIRAGE_QUOTA_MAX_USERPTRS;
	default:
		return MIRAGE_QUOTA_MAX_JOBS;
	}
}

/* Let there be a user, be it by another's doing. */
static int quota_add_user(struct mirage_quota *quota, unsigned long uid)
{
	struct mirage_quota_user *user;
	int ret;

	user = kzalloc_obj(*user, GFP_KERNEL_ACCOUNT);
	if (!user)
		return -ENOMEM;
	user->uid = uid;
	ret = xa_insert(&quota->users, uid, user, GFP_KERNEL_ACCOUNT);
	if (ret)
		kfree(user);
	return ret == -EBUSY ? 0 : ret;
}

static bool quota_is_exempt(void)
{
	/* No audit shall hear of it: a process that reaches a limit has asked for nothing that it may not have. */
	return ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE);
}

/**
 * mirage_quota_take() - the caller is about to make one more
 * @mdev: device
 * @kind: of these
 *
 * Context: process; may allocate; takes the xa_lock of mirage_quota.users.
 * Return: whom to give it back to, by mirage_quota_give() when the thing is gone; or an ERR_PTR: -EDQUOT the user has
 * their share, -ENOMEM
 */
struct mirage_quota_user *mirage_quota_take(struct mirage_device *mdev,
					    enum mirage_quota_kind kind)
{
	unsigned long uid = __kuid_val(current_uid());
	struct mirage_quota *quota = &mdev->quota;
	struct mirage_quota_user *user;
	int ret;

	xa_lock(&quota->users);
	while (!(user = xa_load(&quota->users, uid))) {
		xa_unlock(&quota->users);
		ret = quota_add_user(quota, uid);
		if (ret)
			return ERR_PTR(ret);
		xa_lock(&quota->users);
	}
	if (user->counts[kind] >= mirage_quota_limit(mdev, kind) && !quota_is_exempt())
		user = ERR_PTR(-EDQUOT);
	else
		user->counts[kind]++;
	xa_unlock(&quota->users);

	return user;
}

/**
 * mirage_quota_give() - one is gone
 * @mdev: device
 * @user: from mirage_quota_take(); not to be used afterwards
 * @kind: as there
 *
 * Context: process, also on the way to signalling a fence; takes the xa_lock of mirage_quota.users.
 */
void mirage_quota_give(struct mirage_device *mdev, struct mirage_quota_user *user,
		       enum mirage_quota_kind kind)
{
	struct mirage_quota *quota = &mdev->quota;

	xa_lock(&quota->users);
	user->counts[kind]--;
	if (!memchr_inv(user->counts, 0, sizeof(user->counts))) {
		__xa_erase(&quota->users, user->uid);
		kfree(user);
	}
	xa_unlock(&quota->users);
}
