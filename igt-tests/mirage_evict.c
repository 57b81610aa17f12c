// SPDX-License-Identifier: MIT
/**
 * TEST: mirage evict
 * Description: More buffer objects than video memory: who leaves, and that nothing is lost.
 * Category: Core
 */
#include <sys/mman.h>

#include "igt_mirage_bo.h"
#include "igt_mirage_space.h"

#include <hw/regs.h>

IGT_TEST_DESCRIPTION("More buffer objects than video memory: who leaves, and nothing is lost.");

#define SIZE	(4ul << 20)
#define MAX	512

/**
 * struct pool - objects that together are larger or smaller than video memory
 */
struct pool {
	/** @bos: they */
	struct bo bos[MAX];
	/** @count: of them */
	unsigned int count;
};

/* As many objects as @percent of video memory are, each filled. */
static void pool_fill(struct pool *pool, struct mirage *dev, unsigned int percent,
		      uint32_t placement, enum drm_mirage_bo_priority priority)
{
	uint64_t vram = bo_param(dev, DRM_MIRAGE_PARAM_VRAM_SIZE);
	unsigned int end = pool->count + (unsigned int)(vram * percent / 100 / SIZE);

	igt_assert_lte(end, MAX);
	for (; pool->count < end; pool->count++) {
		struct bo *bo = &pool->bos[pool->count];

		*bo = bo_new_with(dev, SIZE, placement, BO_CPU, priority, 0);
		bo_write(bo, pool->count);
	}
}

static unsigned int pool_count(const struct pool *pool, unsigned int first, unsigned int end,
			       uint32_t location)
{
	unsigned int count = 0;

	for (unsigned int i = first; i < end; i++)
		count += bo_location(&pool->bos[i]) == location;
	return count;
}

/* Bytes that the device's engines have copied and filled so far. */
static uint64_t bytes_moved(struct mirage *dev)
{
	uint64_t value;

	igt_assert_eq(mirage_counter(dev, MIRAGE_PERF_COPY_BYTES, &value), 0);
	return value;
}

static void pool_check_and_free(struct pool *pool)
{
	for (unsigned int i = 0; i < pool->count; i++) {
		bo_expect(&pool->bos[i], i);
		bo_free(&pool->bos[i]);
	}
	pool->count = 0;
}

/**
 * SUBTEST: oldest-leave
 * Description: Objects that may be in video memory alone, one and a half times as many as there is
 *	room: the oldest are moved out, once each and by the copy engine, and all keep their content.
 */
static void oldest_leave(struct mirage *dev)
{
	static struct pool pool;
	uint64_t before = bo_param(dev, DRM_MIRAGE_PARAM_EVICTIONS), bytes = bytes_moved(dev);
	unsigned int in_vram, evicted;

	pool_fill(&pool, dev, 150, BO_VRAM, DRM_MIRAGE_BO_PRIORITY_NORMAL);
	in_vram = pool_count(&pool, 0, pool.count, BO_VRAM);
	evicted = pool_count(&pool, 0, pool.count, BO_SYSTEM);
	igt_assert_eq(in_vram + evicted, pool.count);
	igt_assert_lte(pool.count / 3, evicted);
	igt_assert_lte(evicted, pool.count / 3 + 4);
	igt_assert_eq_u64(bo_param(dev, DRM_MIRAGE_PARAM_EVICTIONS) - before, evicted);
	/* It has zeroed each, and then moved these. */
	igt_assert_lte_u64((pool.count + evicted) * SIZE, bytes_moved(dev) - bytes);
	/* The order is that of use. */
	igt_assert_eq(pool_count(&pool, 0, evicted, BO_SYSTEM), evicted);
	for (unsigned int i = 0; i < pool.count; i++)
		igt_assert_eq_u64(bo_query(&pool.bos[i]).moves, i < evicted);

	/* The CPU reads them where they are. */
	pool_check_and_free(&pool);
	igt_assert_eq_u64(bo_param(dev, DRM_MIRAGE_PARAM_EVICTIONS) - before, evicted);
}

/**
 * SUBTEST: low-leave-first
 * Description: Objects of low priority make room for others, though they were used last.
 */
static void low_leave_first(struct mirage *dev)
{
	static struct pool pool;
	unsigned int normal, low;

	pool_fill(&pool, dev, 45, BO_VRAM, DRM_MIRAGE_BO_PRIORITY_NORMAL);
	normal = pool.count;
	pool_fill(&pool, dev, 45, BO_VRAM, DRM_MIRAGE_BO_PRIORITY_LOW);
	low = pool.count;
	pool_fill(&pool, dev, 40, BO_VRAM, DRM_MIRAGE_BO_PRIORITY_NORMAL);
	igt_assert_eq(pool_count(&pool, 0, normal, BO_VRAM), normal);
	igt_assert_eq(pool_count(&pool, low, pool.count, BO_VRAM), pool.count - low);
	igt_assert_lt(pool_count(&pool, normal, low, BO_VRAM), low - normal);
	pool_check_and_free(&pool);
}

/**
 * SUBTEST: high-stay
 * Description: Objects of high priority stay, though they were used first.
 */
static void high_stay(struct mirage *dev)
{
	static struct pool pool;
	unsigned int high;

	pool_fill(&pool, dev, 40, BO_VRAM, DRM_MIRAGE_BO_PRIORITY_HIGH);
	high = pool.count;
	pool_fill(&pool, dev, 100, BO_VRAM, DRM_MIRAGE_BO_PRIORITY_NORMAL);
	igt_assert_eq(pool_count(&pool, 0, high, BO_VRAM), high);
	igt_assert_lte(high / 2, pool_count(&pool, high, pool.count, BO_SYSTEM));
	pool_check_and_free(&pool);
}

/**
 * SUBTEST: purgeable-leave-first
 * Description: Objects that are not needed are dropped before any is moved; their owner is told,
 *	and the rest of it cannot be read.
 */
static void purgeable_leave_first(struct mirage *dev)
{
	uint64_t before = bo_param(dev, DRM_MIRAGE_PARAM_EVICTIONS);
	static struct pool keep, drop;
	unsigned int dropped = 0;
	bool retained;

	pool_fill(&keep, dev, 40, BO_VRAM, DRM_MIRAGE_BO_PRIORITY_NORMAL);
	pool_fill(&drop, dev, 50, BO_VRAM, DRM_MIRAGE_BO_PRIORITY_NORMAL);
	for (unsigned int i = 0; i < drop.count; i++) {
		igt_assert_eq(mirage_bo_madvise(dev, drop.bos[i].handle, DRM_MIRAGE_BO_DONTNEED,
						&retained), 0);
		igt_assert(retained);
	}
	/* Still there, still readable. */
	bo_expect(&drop.bos[0], 0);
	pool_fill(&keep, dev, 40, BO_VRAM, DRM_MIRAGE_BO_PRIORITY_NORMAL);

	igt_assert_eq(pool_count(&keep, 0, keep.count, BO_VRAM), keep.count);
	igt_assert_eq_u64(bo_param(dev, DRM_MIRAGE_PARAM_EVICTIONS), before);
	for (unsigned int i = 0; i < drop.count; i++) {
		struct bo *bo = &drop.bos[i];

		igt_assert_eq(mirage_bo_madvise(dev, bo->handle, DRM_MIRAGE_BO_WILLNEED, &retained),
			      0);
		igt_assert_eq(bo_location(bo), retained ? BO_VRAM : 0);
		if (retained) {
			bo_expect(bo, i);
		} else {
			dropped++;
			igt_assert(bo_access_dies(bo->words));
			igt_assert(bo_access_dies((char *)bo->words + SIZE - 1));
		}
		bo_free(bo);
	}
	drop.count = 0;
	igt_assert_lt(0, dropped);
	pool_check_and_free(&keep);
}

/**
 * SUBTEST: fall-back-to-system
 * Description: Objects that may be in either memory, more than video memory holds, and
 *	larger ones than it is.
 */
static void fall_back(struct mirage *dev)
{
	uint64_t vram = bo_param(dev, DRM_MIRAGE_PARAM_VRAM_SIZE);
	static struct pool pool;
	struct bo large;

	pool_fill(&pool, dev, 125, BO_VRAM | BO_SYSTEM, DRM_MIRAGE_BO_PRIORITY_NORMAL);
	igt_assert_eq(pool_count(&pool, 0, pool.count, BO_VRAM) +
		      pool_count(&pool, 0, pool.count, BO_SYSTEM), pool.count);
	pool_check_and_free(&pool);

	large = bo_new(dev, vram + SIZE, BO_VRAM | BO_SYSTEM);
	large.words[0] = 1;
	large.words[vram / 8] = 2;
	igt_assert_eq(bo_location(&large), BO_SYSTEM);
	bo_free(&large);
}

/**
 * SUBTEST: contiguous-among-others
 * Description: A contiguous object gets its place where video memory is full of small ones.
 */
static void contiguous(struct mirage *dev)
{
	static struct pool pool;
	const size_t size = 3 * SIZE + 12288;
	struct drm_mirage_bo_query state;
	struct bo bo;

	pool_fill(&pool, dev, 110, BO_VRAM, DRM_MIRAGE_BO_PRIORITY_NORMAL);
	bo = bo_new_with(dev, size, BO_VRAM, BO_CPU | DRM_MIRAGE_BO_CONTIGUOUS,
			 DRM_MIRAGE_BO_PRIORITY_NORMAL, 0);
	bo_expect_zero(&bo);
	bo_write(&bo, 4711);
	state = bo_query(&bo);
	igt_assert_eq(state.location, BO_VRAM);
	igt_assert_eq_u64(state.largest, size);
	bo_expect(&bo, 4711);
	bo_free(&bo);
	pool_check_and_free(&pool);
}

/**
 * SUBTEST: zeroed-where-others-were
 * Description: New objects read as zeroes in memory that evicted objects have just left.
 */
static void zeroed(struct mirage *dev)
{
	static struct pool pool;

	pool_fill(&pool, dev, 100, BO_VRAM, DRM_MIRAGE_BO_PRIORITY_NORMAL);
	for (unsigned int i = 0; i < 16; i++) {
		struct bo bo = bo_new(dev, SIZE, BO_VRAM);

		bo_expect_zero(&bo);
		igt_assert_eq(bo_location(&bo), BO_VRAM);
		bo_free(&bo);
	}
	pool_check_and_free(&pool);
}

/* Objects bound in an address space of their own, with a copy of what each holds. */
#define TURN_MAX	96

struct turn {
	/** @space: where they are bound */
	struct space space;
	/** @bos: they */
	struct bo bos[TURN_MAX];
	/** @addrs: where the GPU sees them */
	uint64_t addrs[TURN_MAX];
	/** @seeds: what they hold */
	uint64_t seeds[TURN_MAX];
	/** @count: of them */
	unsigned int count;
};

static void turn_open(struct turn *turn, struct mirage *dev, unsigned int percent, bool private,
		      uint64_t seed)
{
	uint64_t vram = bo_param(dev, DRM_MIRAGE_PARAM_VRAM_SIZE);

	space_open(&turn->space, dev);
	turn->count = (unsigned int)(vram * percent / 100 / SIZE);
	igt_assert_lte(turn->count, TURN_MAX);
	for (unsigned int i = 0; i < turn->count; i++) {
		turn->bos[i] = bo_new_with(dev, SIZE, BO_VRAM, BO_CPU, 0,
					   private ? turn->space.vm : 0);
		turn->seeds[i] = seed + i;
		bo_write(&turn->bos[i], turn->seeds[i]);
		turn->addrs[i] = space_bind(&turn->space, turn->bos[i].handle, 0, SIZE);
	}
}

static void turn_close(struct turn *turn)
{
	for (unsigned int i = 0; i < turn->count; i++) {
		bo_expect(&turn->bos[i], turn->seeds[i]);
		space_unbind(&turn->space, turn->addrs[i], SIZE);
		bo_free(&turn->bos[i]);
	}
	space_close(&turn->space);
}

/* A job that copies one object over another; not waited for. */
static struct space_job turn_copy(struct turn *turn, unsigned int round)
{
	unsigned int from = round % turn->count, to = (from + 1 + round / 3) % turn->count;
	struct space_job job = space_job_new(&turn->space);

	if (to == from)
		to = (to + 1) % turn->count;
	mirage_ib_copy(&job.ib, gpu_ptr(turn->addrs[to]), gpu_ptr(turn->addrs[from]), SIZE);
	space_job_submit(&job, NULL, 0);
	turn->seeds[to] = turn->seeds[from];
	return job;
}

static void take_turns(struct mirage *dev, bool private)
{
	uint64_t before = bo_param(dev, DRM_MIRAGE_PARAM_EVICTIONS);
	static struct turn turns[3];
	struct space_job jobs[3];

	for (unsigned int i = 0; i < 3; i++)
		turn_open(&turns[i], dev, 50, private, i * 1000);
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < 3; i++)
			jobs[i] = turn_copy(&turns[i], round);
		for (unsigned int i = 0; i < 3; i++) {
			space_job_wait(&jobs[i]);
			space_job_free(&jobs[i]);
		}
	}
	/*
	 * Two fit at a time, so each of the last six jobs threw out one address space's objects
	 * or most of them.
	 */
	igt_assert_lte_u64(before + 6 * turns[0].count / 2,
			   bo_param(dev, DRM_MIRAGE_PARAM_EVICTIONS));
	for (unsigned int i = 0; i < 3; i++)
		turn_close(&turns[i]);
}

/**
 * SUBTEST: address-spaces-take-turns
 * Description: Three address spaces whose objects fill 150 % of video memory run jobs side
 *	by side: all that a job's address space maps is brought back before it runs, and nothing
 *	moves under it.
 */
static void take_turns_shared(struct mirage *dev)
{
	take_turns(dev, false);
}

/**
 * SUBTEST: private-objects-take-turns
 * Description: Likewise, with objects that share their address space's reservation.
 */
static void take_turns_private(struct mirage *dev)
{
	take_turns(dev, true);
}

/**
 * SUBTEST: too-much-for-one
 * Description: A job whose address space maps more than there is video memory is refused,
 *	and others are not.
 */
static void too_much(struct mirage *dev)
{
	static struct turn much, little;
	struct space_job job;
	uint32_t syncobj;
	struct drm_mirage_sync sync;

	turn_open(&little, dev, 20, false, 0);
	turn_open(&much, dev, 120, false, 1000);
	igt_assert_eq(mirage_syncobj_create(dev, false, &syncobj), 0);
	sync = mirage_sync_signal(syncobj);
	igt_assert_eq(mirage_exec(dev, much.space.queue, NULL, 0, &sync, 1), -ENOSPC);
	igt_assert_eq(mirage_syncobj_destroy(dev, syncobj), 0);
	job = turn_copy(&little, 1);
	space_job_wait(&job);
	space_job_free(&job);
	turn_close(&little);
	turn_close(&much);
}

/**
 * SUBTEST: back-when-there-is-room
 * Description: An evicted object is in video memory again for the next job if others have
 *	gone, and stays in system memory if not and if it may.
 */
static void back(struct mirage *dev)
{
	static struct pool pool;
	struct space space;
	struct bo bos[2];
	uint64_t addrs[2];

	space_open(&space, dev);
	for (unsigned int i = 0; i < 2; i++) {
		bos[i] = bo_new(dev, SIZE, BO_VRAM | BO_SYSTEM);
		bo_write(&bos[i], i);
		addrs[i] = space_bind(&space, bos[i].handle, 0, SIZE);
	}
	pool_fill(&pool, dev, 100, BO_VRAM, DRM_MIRAGE_BO_PRIORITY_NORMAL);
	for (unsigned int i = 0; i < 2; i++)
		igt_assert_eq(bo_location(&bos[i]), BO_SYSTEM);
	pool_check_and_free(&pool);
	space_copy(&space, addrs[1], addrs[0], SIZE);
	for (unsigned int i = 0; i < 2; i++) {
		igt_assert_eq(bo_location(&bos[i]), BO_VRAM);
		igt_assert_eq_u64(bo_query(&bos[i]).moves, 2);
		bo_expect(&bos[i], 0);
	}

	pool_fill(&pool, dev, 100, BO_VRAM, DRM_MIRAGE_BO_PRIORITY_NORMAL);
	bo_write(&bos[0], 2);
	space_copy(&space, addrs[1], addrs[0], SIZE);
	for (unsigned int i = 0; i < 2; i++) {
		igt_assert_eq(bo_location(&bos[i]), BO_SYSTEM);
		igt_assert_eq_u64(bo_query(&bos[i]).moves, 3);
		bo_expect(&bos[i], 2);
	}
	pool_check_and_free(&pool);
	for (unsigned int i = 0; i < 2; i++) {
		space_unbind(&space, addrs[i], SIZE);
		bo_free(&bos[i]);
	}
	space_close(&space);
}

/**
 * SUBTEST: purged-while-bound
 * Description: An object that lost its content while it was bound hinders no job that does
 *	not touch it, and can be bound nowhere else.
 */
static void purged_while_bound(struct mirage *dev)
{
	static struct pool pool;
	struct space space;
	struct drm_mirage_bind bind;
	struct bo bo, use;
	uint64_t addr, use_addr;
	bool retained;

	space_open(&space, dev);
	bo = bo_new(dev, SIZE, BO_VRAM);
	addr = space_bind(&space, bo.handle, 0, SIZE);
	use = bo_new(dev, SIZE, BO_SYSTEM);
	use_addr = space_bind(&space, use.handle, 0, SIZE);
	space_fill(&space, addr, SIZE, 0x1234);
	igt_assert_eq(mirage_bo_madvise(dev, bo.handle, DRM_MIRAGE_BO_DONTNEED, &retained), 0);
	igt_assert(retained);
	pool_fill(&pool, dev, 100, BO_VRAM, DRM_MIRAGE_BO_PRIORITY_NORMAL);
	igt_assert_eq(mirage_bo_madvise(dev, bo.handle, DRM_MIRAGE_BO_WILLNEED, &retained), 0);
	igt_assert(!retained);

	space_fill(&space, use_addr, SIZE, 0x5678);
	for (size_t i = 0; i < SIZE / 8; i++)
		igt_assert_eq_u64(use.words[i], 0x567800005678ull);
	bind = (struct drm_mirage_bind){
		.op = DRM_MIRAGE_BIND_MAP, .handle = bo.handle, .addr = space.next, .size = SIZE,
	};
	igt_assert_eq(mirage_vm_bind(dev, space.vm, &bind, 1), -EINVAL);
	pool_check_and_free(&pool);
	space_unbind(&space, addr, SIZE);
	space_unbind(&space, use_addr, SIZE);
	bo_free(&bo);
	bo_free(&use);
	space_close(&space);
}

static const struct bo_scenario scenarios[] = {
	{ "oldest-leave", oldest_leave,
	  "The oldest objects are moved out, and keep their content." },
	{ "low-leave-first", low_leave_first, "Objects of low priority leave before others." },
	{ "high-stay", high_stay, "Objects of high priority stay." },
	{ "purgeable-leave-first", purgeable_leave_first,
	  "What nobody needs is dropped before anything is moved." },
	{ "fall-back-to-system", fall_back,
	  "Objects that may be in either memory always find one." },
	{ "contiguous-among-others", contiguous,
	  "A contiguous object gets its place in full memory." },
	{ "zeroed-where-others-were", zeroed,
	  "New objects read as zeroes in memory that others have just left." },
	{ "address-spaces-take-turns", take_turns_shared,
	  "Jobs of address spaces that do not fit side by side." },
	{ "private-objects-take-turns", take_turns_private,
	  "Likewise with objects that share a reservation." },
	{ "too-much-for-one", too_much, "A job that needs more than there is, is refused." },
	{ "back-when-there-is-room", back, "Objects come back when there is room." },
	{ "purged-while-bound", purged_while_bound,
	  "A bound object without content hinders no job." },
};

int igt_main()
{
	bo_subtests(scenarios, ARRAY_SIZE(scenarios));
}
