// SPDX-License-Identifier: MIT
/**
 * TEST: mirage evict
 * Description: More buffer objects than video memory: who leaves, and that nothing is lost.
 * Category: Core
 */
#include <sys/mman.h>

#include "igt_mirage_bo.h"

IGT_TEST_DESCRIPTION("More buffer objects than video memory: who leaves, and that nothing is lost.");

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
 *	room: the oldest are moved out, once each, and all keep their content.
 */
static void oldest_leave(struct mirage *dev)
{
	static struct pool pool;
	uint64_t before = bo_param(dev, DRM_MIRAGE_PARAM_EVICTIONS);
	unsigned int in_vram, evicted;

	pool_fill(&pool, dev, 150, BO_VRAM, DRM_MIRAGE_BO_PRIORITY_NORMAL);
	in_vram = pool_count(&pool, 0, pool.count, BO_VRAM);
	evicted = pool_count(&pool, 0, pool.count, BO_SYSTEM);
	igt_assert_eq(in_vram + evicted, pool.count);
	igt_assert_lte(pool.count / 3, evicted);
	igt_assert_lte(evicted, pool.count / 3 + 4);
	igt_assert_eq_u64(bo_param(dev, DRM_MIRAGE_PARAM_EVICTIONS) - before, evicted);
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
 * Description: What nobody needs is dropped before anything is moved; its owner is told, and the rest of it
 *	cannot be read.
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
 * Description: Objects that may be in either memory, more than video memory holds, and larger ones than it is.
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

static const struct {
	const char *name;
	void (*test)(struct mirage *dev);
	const char *description;
} subtests[] = {
	{ "oldest-leave", oldest_leave, "The oldest objects are moved out, and keep their content." },
	{ "low-leave-first", low_leave_first, "Objects of low priority leave before others." },
	{ "high-stay", high_stay, "Objects of high priority stay." },
	{ "purgeable-leave-first", purgeable_leave_first,
	  "What nobody needs is dropped before anything is moved." },
	{ "fall-back-to-system", fall_back, "Objects that may be in either memory always find one." },
	{ "contiguous-among-others", contiguous,
	  "A contiguous object gets its place in full memory." },
	{ "zeroed-where-others-were", zeroed,
	  "New objects read as zeroes in memory that others have just left." },
};

int igt_main()
{
	static struct mirage dev;
	static size_t i;

	igt_fixture()
		igt_assert_eq(mirage_open(&dev), 0);

	for (i = 0; i < ARRAY_SIZE(subtests); i++) {
		igt_describe(subtests[i].description);
		igt_subtest(subtests[i].name)
			subtests[i].test(&dev);
	}

	igt_fixture()
		mirage_close(&dev);
}
