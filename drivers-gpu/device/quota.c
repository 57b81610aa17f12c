// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: Shares of users
 *
 * Channels and VM table entries are few, and a user who took all of them would lock out all others.
 * So each user gets at most half of each. Objects over memory of a process (userptr) are counted
 * too. Their memory is charged to the user's memory cgroup already; but when mm unmaps a page that
 * many of them cover, it calls one notifier for each, also in reclaim on behalf of other users.
 * Jobs are counted because the scheduler allocates its fences without charging them to any cgroup.
 *
 * A user is a kuid: that of the process that creates the object, no matter which process opened the
 * file. Objects of a process with CAP_SYS_RESOURCE are counted and never refused, as with rlimits.
 *
 * Model: RLIMIT_NPROC, which counts processes per user, not per parent. Rejected: a limit per open
 * file, since a user may open many. Rejected: struct ucounts, which follows user namespaces; the
 * kernel has a fixed set of kinds, and a module cannot add one. So a user who owns several kuids
 * (subuid(5)) has several shares. Rejected: configurable limits. Half needs no setting, and
 * anything more precise belongs into a cgroup.
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

/* Limits per user for userptr objects, and for unfinished jobs. */
#define MIRAGE_QUOTA_MAX_USERPTRS	4096
#define MIRAGE_QUOTA_MAX_JOBS		32768

static void quota_fini(struct drm_device *drm, void *unused)
{
	struct mirage_quota *quota = &to_mirage_device(drm)->quota;

	WARN_ON(!xa_empty(&quota->users));
	xa_destroy(&quota->users);
}

/**
 * mirage_quota_init() - start with all counts at zero
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
 * mirage_quota_limit() - limit of a kind per user
 * @mdev: device
 * @kind: kind of object
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

/* Add the user; succeeds too if another thread has added it meanwhile. */
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
	/* No audit record: a process that reaches its limit has not tried anything forbidden. */
	return ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE);
}

/**
 * mirage_quota_take() - charge one object to the calling user
 * @mdev: device
 * @kind: kind of object
 *
 * Context: process; may allocate; takes the xa_lock of mirage_quota.users.
 * Return: the user, to pass to mirage_quota_give() when the object is gone; or an ERR_PTR: -EDQUOT
 * the user has reached their limit, -ENOMEM
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
 * mirage_quota_give() - uncharge one object
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
