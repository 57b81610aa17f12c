// SPDX-License-Identifier: MIT
/*
 * Clock and memory of the model. Every allocation whose size the guest or the
 * client influences has a bound, so a failing one means that the host is out of
 * memory; the device then dies as a whole, with a message, like a machine
 * losing power. Rejected: carrying ENOMEM through every unit, which adds error
 * paths that the hardware does not have.
 */
#include <stdlib.h>
#include <time.h>

#include "log.h"
#include "util.h"

u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000000000u + (u64)ts.tv_nsec;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		log_fatal("out of memory (%zu x %zu bytes)", n, size);
	return p;
}

void *xrealloc(void *p, size_t n, size_t size)
{
	void *q = reallocarray(p, n, size);

	if (!q)
		log_fatal("out of memory (%zu x %zu bytes)", n, size);
	return q;
}
