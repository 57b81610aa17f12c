/* SPDX-License-Identifier: MIT */
/* Memory that the engine cannot do without: bounded, whatever the guest asks for. */
#ifndef COMPUTE_FATAL_H
#define COMPUTE_FATAL_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** fatal_calloc() - zeroed memory aligned to 64 bytes, or the end of the process with a message. */
static inline void *fatal_calloc(size_t nr, size_t size)
{
	size_t bytes = (nr * size + 63) & ~(size_t)63;
	void *memory = aligned_alloc(64, bytes);

	if (!memory) {
		fprintf(stderr, "mirage-gpu: compute engine: no memory for %zu bytes\n", bytes);
		exit(1);
	}
	return memset(memory, 0, bytes);
}

#endif /* COMPUTE_FATAL_H */
