// SPDX-License-Identifier: GPL-2.0
/*
 * SVM_SET_ATTR and SVM_GET_ATTR: attributes of ranges of the mirror.
 *
 * The mirror core keeps them (mm-core/policy.c), fault service follows them (svm/service.c).
 */
#include "ioctl/attr.h"

#include <linux/err.h>
#include <linux/hmm_mirror.h>
#include <linux/nospec.h>

#include <drm/drm_file.h>

#include "device/device.h"
#include "ioctl/file.h"
#include "vm/space.h"

#define ATTR_LIMIT	BIT_ULL(MIRAGE_VA_MIRROR_BITS)

static int attr_check(const struct drm_mirage_svm_attr *args)
{
	if (args->attr != DRM_MIRAGE_SVM_ATTR_PREFERRED || args->addr >= ATTR_LIMIT ||
	    !IS_ALIGNED(args->addr | args->size, BIT_ULL(MIRAGE_PAGE_SHIFT)))
		return -EINVAL;
	return 0;
}

static const enum hmm_location attr_locations[] = {
	[DRM_MIRAGE_SVM_SYSTEM] = HMM_LOCATION_SYSTEM,
	[DRM_MIRAGE_SVM_VRAM] = HMM_LOCATION_DEVICE,
	[DRM_MIRAGE_SVM_ANY] = HMM_LOCATION_NONE,
};

/**
 * mirage_ioctl_svm_set_attr() - DRM_IOCTL_MIRAGE_SVM_SET_ATTR
 * @drm: device
 * @data: struct drm_mirage_svm_attr
 * @file: file
 *
 * Context: process; may sleep and allocate.
 * Return: 0; -EINVAL attribute, value, alignment or range, or no mirror, -ENOENT, -EPERM it mirrors
 * another process, -ENOMEM
 */
int mirage_ioctl_svm_set_attr(struct drm_device *drm, void *data, struct drm_file *file)
{
	const struct drm_mirage_svm_attr *args = data;
	struct mirage_vm *vm;
	unsigned int value;
	int ret;

	ret = attr_check(args);
	if (ret)
		return ret;
	if (!args->size || args->size > ATTR_LIMIT - args->addr ||
	    args->value >= ARRAY_SIZE(attr_locations))
		return -EINVAL;
	vm = mirage_file_get_mirror(file, args->vm_id);
	if (IS_ERR(vm))
		return PTR_ERR(vm);
	value = array_index_nospec(args->value, ARRAY_SIZE(attr_locations));
	ret = hmm_mirror_prefer(vm->mirror, args->addr, args->addr + args->size,
				attr_locations[value]);
	mirage_vm_put(vm);

	return ret;
}

/**
 * mirage_ioctl_svm_get_attr() - DRM_IOCTL_MIRAGE_SVM_GET_ATTR
 * @drm: device
 * @data: struct drm_mirage_svm_attr
 * @file: file
 *
 * Return: 0; -EINVAL attribute, alignment or range, size or value not zero, or no mirror, -ENOENT,
 * -EPERM it mirrors another process
 */
int mirage_ioctl_svm_get_attr(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_mirage_svm_attr *args = data;
	enum hmm_location location;
	struct mirage_vm *vm;
	unsigned long end;
	unsigned int i;
	int ret;

	ret = attr_check(args);
	if (ret)
		return ret;
	if (args->size || args->value)
		return -EINVAL;
	vm = mirage_file_get_mirror(file, args->vm_id);
	if (IS_ERR(vm))
		return PTR_ERR(vm);
	location = hmm_mirror_preference(vm->mirror, args->addr, &end);
	args->size = min_t(u64, end, ATTR_LIMIT) - args->addr;
	for (i = 0; i < ARRAY_SIZE(attr_locations); i++) {
		if (attr_locations[i] == location)
			args->value = i;
	}
	mirage_vm_put(vm);

	return 0;
}
