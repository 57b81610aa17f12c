// SPDX-License-Identifier: MIT
/*
 * Clock and memory of the model. Memory from xcalloc() is allocated before the first message
 * of the client, so the guest has no part in it, and a process without it could do
 * nothing. Memory that the guest or the client can ask for later comes from calloc() and its
 * kind, has a bound, and if it is refused one channel stops, or one message fails.
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
