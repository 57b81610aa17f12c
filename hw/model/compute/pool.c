// SPDX-License-Identifier: MIT
/*
 * The memory that the engines of a device share, and the allocation of engines.
 *
 * Channels take turns, so mostly one dispatch is under way: the engine of the last one,
 * with its memory, serves the next, and to begin a dispatch allocates nothing. Rejected: an
 * engine for each channel for as long as the channel lives. A thousand channels that have run
 * a dispatch each would hold gigabytes that none of them uses.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

struct compute_pool *compute_pool_create(void)
{
	return calloc(1, sizeof(struct compute_pool));
}

/* Free an engine that is idle. */
static void compute_free(struct compute *compute)
{
	compute->pool->bytes -= sizeof(*compute) + compute->memory_size;
	free(compute->memory);
	free(compute);
}

void compute_pool_destroy(struct compute_pool *pool)
{
	if (pool->spare)
		compute_free(pool->spare);
	assert(!pool->bytes && !pool->extra);
	free(pool);
}

size_t compute_pool_bytes(const struct compute_pool *pool)
{
	return pool->bytes;
}

static struct compute *compute_alloc(struct compute_pool *pool)
{
	struct compute *compute = aligned_alloc(_Alignof(struct compute), sizeof(*compute));

	if (!compute)
		return NULL;
	memset(compute, 0, sizeof(*compute));
	compute->pool = pool;
	pool->bytes += sizeof(*compute);
	compute->alu32 = alu32_baseline;
	compute->alu64 = alu64_baseline;
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2")) {
		compute->alu32 = alu32_avx2;
		compute->alu64 = alu64_avx2;
	}
#endif
	return compute;
}

struct compute *compute_create(struct compute_pool *pool, const struct compute_ops *ops, void *ctx)
{
	struct compute *compute = pool->spare;

	pool->spare = NULL;
	if (!compute)
		compute = compute_alloc(pool);
	if (!compute)
		return NULL;
	compute->ops = ops;
	compute->ctx = ctx;
	return compute;
}

void compute_destroy(struct compute *compute)
{
	if (!compute)
		return;
	compute_reset(compute);
	if (compute->pool->spare)
		compute_free(compute);
	else
		compute->pool->spare = compute;
}
