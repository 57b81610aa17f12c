/* SPDX-License-Identifier: GPL-2.0 */
/* Prefetch: which pages to map together with those that faulted. Pure. */
#ifndef MIRAGE_PREFETCH_H
#define MIRAGE_PREFETCH_H

#include "mmu/leaves.h"

void mirage_prefetch(const unsigned long want[MIRAGE_LEAVES_WORDS],
		     const unsigned long mapped[MIRAGE_LEAVES_WORDS],
		     unsigned long prefetch[MIRAGE_LEAVES_WORDS]);

#endif /* MIRAGE_PREFETCH_H */
