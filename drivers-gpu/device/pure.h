/* SPDX-License-Identifier: GPL-2.0 */
/* Includes for files of pure logic, which compile both in the kernel and in native tests. */
#ifndef MIRAGE_PURE_H
#define MIRAGE_PURE_H

#ifdef __KERNEL__

#include <linux/bitops.h>
#include <linux/build_bug.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/types.h>

#define mirage_weight(word)		hweight_long(word)
#define mirage_sort(base, n, size, cmp)	sort(base, n, size, cmp, NULL)

#else

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t u64;
typedef uint32_t u32;
typedef uint16_t u16;
typedef uint8_t u8;

#define static_assert			_Static_assert
#define mirage_weight(word)		((unsigned int)__builtin_popcountl(word))
#define mirage_sort(base, n, size, cmp)	qsort(base, n, size, cmp)

#endif

#endif /* MIRAGE_PURE_H */
