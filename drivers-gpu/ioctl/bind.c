// SPDX-License-Identifier: GPL-2.0
/*
 * Arguments of VM_BIND; vm/bind.c implements it.
 */
#include "ioctl/bind.h"

#include <linux/align.h>
#include <linux/err.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include <drm/drm_file.h>
#include <drm/mirage_drm.h>

#include "device/array.h"
#include "ioctl/file.h"
#include "queue/syncs.h"
#include "vm/bind.h"
#include "vm/space.h"

#define MIRAGE_BIND_MAX_OPS	4096
/* Of the first version. */
#define MIRAGE_BIND_MIN_SIZE	40

static int bind_check(const struct drm_mirage_bind *bind)
{
	u64 end;

	if (bind->pad || bind->op > DRM_MIRAGE_BIND_NULL)
		return -EINVAL;
	if (!bind->size || !IS_ALIGNED(bind->addr | bind->size | bind->offset, SZ_4K))
		return -EINVAL;
	if (check_add_overflow(bind->addr, bind->size, &end) ||
	    bind->addr < DRM_MIRAGE_VA_START || end > DRM_MIRAGE_VA_END)
		return -EINVAL;
	if (bind->op == DRM_MIRAGE_BIND_MAP)
		return bind->flags & ~DRM_MIRAGE_BIND_READONLY ? -EINVAL : 0;
	return bind->flags || bind->handle || bind->offset ? -EINVAL : 0;
}

/**
 * mirage_ioctl_vm_bind() - DRM_IOCTL_MIRAGE_VM_BIND
 * @drm: device
 * @data: struct drm_mirage_vm_bind
 * @file: file
 *
 * Return: 0; -EINVAL, -E2BIG, -EFAULT, -ENOENT no such address space, object or syncobj, -EACCES an
 * object for reading only, -EPERM the address space belongs to another process, -EBUSY it would
 * have to be claimed and jobs of another process have not ended, -EWOULDBLOCK too many calls are
 * pending, -ENOSPC no room for an object, -ENOMEM, -EINTR, -ENODEV
 */
int mirage_ioctl_vm_bind(struct drm_device *drm, void *data, struct drm_file *file)
{
	const struct drm_mirage_vm_bind *args = data;
	struct mirage_syncs syncs = {};
	struct drm_mirage_bind *binds;
	struct mirage_vm *vm;
	int ret = 0;
	u32 i;

	if (args->flags & ~DRM_MIRAGE_VM_BIND_ASYNC || !args->binds.count)
		return -EINVAL;
	if (args->syncs.count && !(args->flags & DRM_MIRAGE_VM_BIND_ASYNC))
		return -EINVAL;

	binds = mirage_array_copy(&args->binds, MIRAGE_BIND_MAX_OPS, MIRAGE_BIND_MIN_SIZE,
				  sizeof(*binds));
	if (IS_ERR(binds))
		return PTR_ERR(binds);
	for (i = 0; i < args->binds.count && !ret; i++)
		ret = bind_check(&binds[i]);
	if (!ret)
		ret = mirage_syncs_copy(&syncs, &args->syncs);
	if (ret)
		goto out;

	vm = mirage_file_get_vm(file, args->vm_id);
	if (!vm) {
		ret = -ENOENT;
		goto out;
	}
	if (mirage_vm_may_submit(vm))
		ret = mirage_vm_bind(vm, args, binds, &syncs, file);
	else
		ret = -EPERM;
	mirage_vm_put(vm);
out:
	mirage_syncs_fini(&syncs);
	kvfree(binds);
	return ret;
}
