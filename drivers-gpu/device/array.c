// SPDX-License-Identifier: GPL-2.0
/*
 * Arrays of structures from and to user space. Their elements grow as an ioctl's own structure
 * does: user space says how long its elements are, and may be older or newer than the kernel.
 */
#include "device/array.h"

#include <linux/align.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <drm/mirage_drm.h>

/* Limits how much of each element the kernel compares with zero, or clears. */
#define MIRAGE_ARRAY_MAX_STRIDE	SZ_4K

/* @min: size of the structure's first version. */
static int array_check_stride(const struct drm_mirage_array *user, size_t min)
{
	if (user->stride < min || !IS_ALIGNED(user->stride, sizeof(u64)))
		return -EINVAL;
	if (user->stride > MIRAGE_ARRAY_MAX_STRIDE)
		return -E2BIG;

	return 0;
}

static int array_copy_elements(void *copy, const struct drm_mirage_array *user, size_t size)
{
	const char __user *from = u64_to_user_ptr(user->array);
	u32 i;
	int ret;

	for (i = 0; i < user->count; i++) {
		ret = copy_struct_from_user(copy + i * size, size,
					    from + (size_t)i * user->stride, user->stride);
		if (ret)
			return ret;
	}

	return 0;
}

/**
 * mirage_array_copy() - copy an array of structures from user space
 * @user: what user space says of it
 * @max: largest number of elements
 * @min: size of the structure's first version
 * @size: size of the structure as the kernel knows it
 *
 * Context: may sleep and allocate.
 * Return: elements of @size bytes, for kvfree(); NULL if there are none; or as an error pointer
 * -E2BIG too many elements, elements too long, or not zero in what the kernel does not know;
 * -EINVAL elements too short or not of a multiple of 8 bytes; -EFAULT; -ENOMEM
 */
void *mirage_array_copy(const struct drm_mirage_array *user, u32 max, size_t min, size_t size)
{
	void *copy;
	int ret;

	if (user->count > max)
		return ERR_PTR(-E2BIG);
	if (!user->count)
		return NULL;
	ret = array_check_stride(user, min);
	if (ret)
		return ERR_PTR(ret);
	if (user->stride == size)
		return vmemdup_array_user(u64_to_user_ptr(user->array), user->count, size);

	copy = kvmalloc_array(user->count, size, GFP_USER);
	if (!copy)
		return ERR_PTR(-ENOMEM);
	ret = array_copy_elements(copy, user, size);
	if (ret) {
		kvfree(copy);
		return ERR_PTR(ret);
	}

	return copy;
}

/**
 * mirage_array_write() - copy structures to an array of user space
 * @user: what user space says of it; its number of elements is the room
 * @elements: structures of @size bytes
 * @count: number of @elements; those that do not fit are left out
 * @min: size of the structure's first version
 * @size: size of the structure as the kernel knows it
 *
 * Of a shorter element the end is cut off, of a longer one it is cleared, as copy_struct_to_user()
 * does. The stride is checked even if @count is 0, so that a wrong one never passes.
 *
 * Context: may sleep.
 * Return: 0; -E2BIG elements too long, -EINVAL elements too short or not of a multiple of 8 bytes;
 * -EFAULT
 */
int mirage_array_write(const struct drm_mirage_array *user, const void *elements, u32 count,
		       size_t min, size_t size)
{
	char __user *to = u64_to_user_ptr(user->array);
	u32 i;
	int ret;

	if (!user->count)
		return 0;
	ret = array_check_stride(user, min);
	for (i = 0; !ret && i < min(count, user->count); i++)
		ret = copy_struct_to_user(to + (size_t)i * user->stride, user->stride,
					  elements + i * size, size, NULL);

	return ret;
}
