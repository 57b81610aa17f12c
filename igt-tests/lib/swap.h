/* SPDX-License-Identifier: MIT */
/* Swap space in compressed memory, made where the system has none. */
#ifndef SWAP_H
#define SWAP_H

/* Make and use swap space, or skip the subtest with the reason why there is none to have. */
void swap_require(void);

/* Give back what swap_require() has made. */
void swap_release(void);

#endif /* SWAP_H */
