/* SPDX-License-Identifier: MIT */
/* Swap space in compressed memory, made where the system has none. */
#ifndef SWAP_H
#define SWAP_H

#include <stddef.h>

/* Make and use swap space, or skip the subtest with the reason why there is none to have. */
void swap_require(void);

/* Give back what swap_require() has made. */
void swap_release(void);

/* Ask the kernel to take an area out of memory, which it may do in part or not at all. */
void swap_push(void *addr, size_t size);

/* Have all pages of an area in swap space. */
void swap_out(void *addr, size_t size);

#endif /* SWAP_H */
