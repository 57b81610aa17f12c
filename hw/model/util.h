/* SPDX-License-Identifier: MIT */
/* Small words that every part of the model uses. */
#ifndef MODEL_UTIL_H
#define MODEL_UTIL_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

_Static_assert(__BYTE_ORDER == __LITTLE_ENDIAN,
	       "guest memory is accessed in place: the host must be little endian");

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define KiB(n) ((u64)(n) << 10)
#define MiB(n) ((u64)(n) << 20)

static inline u64 min_u64(u64 a, u64 b)
{
	return a < b ? a : b;
}

static inline bool is_power_of_two(u64 n)
{
	return n && !(n & (n - 1));
}

static inline u64 make_u64(u32 lo, u32 hi)
{
	return lo | (u64)hi << 32;
}

/* Nanoseconds of the host's monotonic clock. */
u64 now_ns(void);

/* calloc() that ends the process with a message when there is no memory: for what is allocated at its start. */
void *xcalloc(size_t n, size_t size);

#endif /* MODEL_UTIL_H */
