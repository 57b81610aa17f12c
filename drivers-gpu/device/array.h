/* SPDX-License-Identifier: GPL-2.0 */
/* Arrays of structures from and to user space. */
#ifndef MIRAGE_ARRAY_H
#define MIRAGE_ARRAY_H

#include <linux/types.h>

struct drm_mirage_array;

void *mirage_array_copy(const struct drm_mirage_array *user, u32 max, size_t min, size_t size);
int mirage_array_write(const struct drm_mirage_array *user, const void *elements, u32 count,
		       size_t min, size_t size);

#endif /* MIRAGE_ARRAY_H */
