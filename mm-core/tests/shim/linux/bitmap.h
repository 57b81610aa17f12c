/* SPDX-License-Identifier: MIT */
/* Declaring a bitmap as the kernel does; the pure files only carry them. */
#ifndef SHIM_LINUX_BITMAP_H
#define SHIM_LINUX_BITMAP_H

#define DECLARE_BITMAP(name, bits) \
	unsigned long name[((bits) + 8 * sizeof(long) - 1) / (8 * sizeof(long))]

#endif /* SHIM_LINUX_BITMAP_H */
