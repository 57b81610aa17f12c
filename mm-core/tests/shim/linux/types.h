/* SPDX-License-Identifier: MIT */
/* As much of the kernel's types as the core's pure files use, for building them natively. */
#ifndef SHIM_LINUX_TYPES_H
#define SHIM_LINUX_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
typedef u64 dma_addr_t;

#endif /* SHIM_LINUX_TYPES_H */
