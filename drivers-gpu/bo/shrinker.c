// SPDX-License-Identifier: GPL-2.0
/*
 * The shrinker for system memory of buffer objects.
 *
 * Model: xe's shrinker. First it drops pages whose content is not needed: those in the page pool,
 * those of objects that user space has marked DONTNEED, and those of ghost objects that only wait
 * for the device's last copy. Then TTM backs up pages of idle objects to shmem, from where mm can swap them out. kswapd
 * waits for busy objects, at most SHRINK_WAIT_BUDGET per call, and then skips objects that are
 * still busy. Objects come back when they are used.
 *
 * Locks are only tried, so it is safe to allocate while holding one. It does nothing for
 * allocations without __GFP_FS, because freeing an object may take locks under which the driver
 * allocates that way (mirage_vram.lock).
 *
 * The count covers pages that are present. Pages of imported objects and userptrs do not belong to
 * the driver, and are not counted.
 *
 * Rejected: a shrinker per memory cgroup. TTM's pages are not charged to any.
 */
#include "bo/shrinker.h"

#include <linux/dma-resv.h>
#include <linux/jiffies.h>
#include <linux/shrinker.h>

#include <drm/drm_managed.h>
#include <drm/ttm/ttm_backup.h>
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_placement.h>

#include "bo/bo.h"
#include "bo/move.h"
#include "bo/tt.h"
#include "bo/ttm.h"
#include "device/device.h"

/* How long one call may wait for jobs. Reclaim of all memory waits for it. */
#define SHRINK_WAIT_BUDGET	(HZ / 10)

/**
 * struct mirage_shrink - state of one call from mm
 */
struct mirage_shrink {
	/** @ctx: TTM's context; never waits, since TTM's limit is per object */
	struct ttm_operation_ctx ctx;
	/** @may_wait: this pass waits for busy objects */
	bool may_wait;
	/** @wait_budget: jiffies left to wait for busy objects */
	long wait_budget;
	/** @purge: drop unneeded content; otherwise back up needed content */
	bool purge;
	/** @writeback: start to swap out the backup */
	bool writeback;
	/** @target: pages to scan */
	unsigned long target;
	/** @scanned: pages scanned so far */
	unsigned long scanned;
	/** @freed: pages freed so far */
	unsigned long freed;
};

static unsigned long *shrinker_counter(struct mirage_shrinker *shrinker, bool purgeable)
{
	return purgeable ? &shrinker->purgeable : &shrinker->shrinkable;
}

/**
 * mirage_shrinker_add() - count the pages of an object
 * @tt: system memory of an object, resv held, that TTM's pool has just filled
 */
void mirage_shrinker_add(struct mirage_tt *tt)
{
	struct mirage_shrinker *shrinker = tt->mdev->shrinker;

	spin_lock(&shrinker->lock);
	*shrinker_counter(shrinker, tt->purgeable) += tt->base.num_pages;
	spin_unlock(&shrinker->lock);
}

/**
 * mirage_shrinker_remove() - stop counting the pages of an object
 * @tt: system memory of an object, resv held
 */
void mirage_shrinker_remove(struct mirage_tt *tt)
{
	struct mirage_shrinker *shrinker = tt->mdev->shrinker;

	spin_lock(&shrinker->lock);
	*shrinker_counter(shrinker, tt->purgeable) -= tt->base.num_pages;
	spin_unlock(&shrinker->lock);
}

/**
 * mirage_shrinker_advise() - mark the content as needed or not
 * @tt: system memory of an object, resv held
 * @purgeable: it is not needed
 */
void mirage_shrinker_advise(struct mirage_tt *tt, bool purgeable)
{
	bool counted = tt->base.page_flags & TTM_TT_FLAG_PRIV_POPULATED;

	if (tt->purgeable == purgeable)
		return;
	if (counted)
		mirage_shrinker_remove(tt);
	tt->purgeable = purgeable;
	if (counted)
		mirage_shrinker_add(tt);
}

/* Drop the pages of an object whose content is not needed. */
static long shrink_purge(struct mirage_shrink *shrink, struct ttm_buffer_object *tbo)
{
	static const struct ttm_place place = { .mem_type = TTM_PL_SYSTEM };
	struct ttm_placement placement = { .num_placement = 1, .placement = &place };
	struct ttm_operation_ctx *ctx = &shrink->ctx;
	struct ttm_resource *system;
	long ret;

	ret = mirage_move_quiesce(tbo, ctx);
	if (ret)
		return ret;
	if (tbo->resource->mem_type != TTM_PL_SYSTEM) {
		ret = ttm_bo_mem_space(tbo, &placement, &system, ctx);
		if (ret)
			return ret;
		mirage_tt_unmap(to_mirage_tt(tbo->ttm));
		ttm_bo_move_null(tbo, system);
	}
	return ttm_bo_shrink(ctx, tbo, (struct ttm_bo_shrink_flags){ .purge = true });
}

/* Is it a ghost object that only waits for the device to finish with it? */
static bool shrink_is_remains(struct ttm_buffer_object *tbo)
{
	return !mirage_bo_is_ours(tbo) || tbo->deleted;
}

/* True: no job uses the object. */
static bool shrink_wait(struct mirage_shrink *shrink, struct dma_resv *resv)
{
	if (dma_resv_test_signaled(resv, DMA_RESV_USAGE_BOOKKEEP))
		return true;
	if (!shrink->may_wait || !shrink->wait_budget)
		return false;
	shrink->wait_budget = dma_resv_wait_timeout(resv, DMA_RESV_USAGE_BOOKKEEP, false,
						 shrink->wait_budget);
	return shrink->wait_budget;
}

/* Shrink one object, resv held. Returns pages freed, or a negative errno. */
static long shrink_one(struct mirage_shrink *shrink, struct ttm_buffer_object *tbo)
{
	struct mirage_tt *tt = to_mirage_tt(tbo->ttm);
	bool remains = shrink_is_remains(tbo);
	long ret;

	if (!mirage_tt_has_pages(&tt->base) || shrink->purge != (remains || tt->purgeable))
		return 0;

	shrink->scanned += tt->base.num_pages;
	if (!shrink_wait(shrink, tbo->base.resv))
		return 0;
	if (shrink->purge)
		ret = shrink_purge(shrink, tbo);
	else
		ret = ttm_bo_shrink(&shrink->ctx, tbo, (struct ttm_bo_shrink_flags){
			.writeback = shrink->writeback,
			.allow_move = true,
		});
	if (ret <= 0)
		return ret;

	/* TTM has freed the pages without calling our unpopulate. */
	mirage_shrinker_remove(tt);
	if (!shrink->purge)
		return ret;
	mirage_tt_set_no_data(tt);
	if (!remains)
		to_mirage_bo(tbo)->purged = true;
	return ret;
}

static void shrink_walk(struct mirage_device *mdev, struct mirage_shrink *shrink)
{
	static const int types[] = { TTM_PL_SYSTEM, TTM_PL_TT };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		struct ttm_lru_walk_arg arg = { .ctx = &shrink->ctx, .trylock_only = true };
		struct ttm_resource_manager *man = ttm_manager_type(&mdev->ttm->bdev, types[i]);
		struct ttm_bo_lru_cursor cursor;
		struct ttm_buffer_object *tbo;

		ttm_bo_lru_for_each_reserved_guarded(&cursor, man, &arg, tbo) {
			long ret;

			if (shrink->scanned >= shrink->target)
				break;
			if (!ttm_bo_shrink_suitable(tbo, &shrink->ctx))
				continue;
			ret = shrink_one(shrink, tbo);
			if (ret > 0)
				shrink->freed += ret;
		}
	}
}

/* First idle objects; then, if waiting is allowed, all; then also with writeback. */
static void shrink_all(struct mirage_device *mdev, struct mirage_shrink *shrink, bool writeback)
{
	shrink->may_wait = false;
	shrink->writeback = false;
	shrink_walk(mdev, shrink);

	shrink->may_wait = true;
	if (shrink->wait_budget && shrink->scanned < shrink->target)
		shrink_walk(mdev, shrink);

	shrink->writeback = writeback;
	if (writeback && !shrink->purge && shrink->scanned < shrink->target)
		shrink_walk(mdev, shrink);
}

static unsigned long shrinker_count(struct shrinker *shrink, struct shrink_control *sc)
{
	struct mirage_shrinker *shrinker = shrink->private_data;
	unsigned long room, count;

	if (!(sc->gfp_mask & __GFP_FS))
		return SHRINK_EMPTY;
	room = min_t(u64, ttm_backup_bytes_avail() >> PAGE_SHIFT, ULONG_MAX);
	spin_lock(&shrinker->lock);
	count = min(shrinker->shrinkable, room) + shrinker->purgeable;
	spin_unlock(&shrinker->lock);
	count += mirage_page_pool_count(&shrinker->mdev->ttm->pool);

	return count ?: SHRINK_EMPTY;
}

static unsigned long shrinker_scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct mirage_device *mdev = ((struct mirage_shrinker *)shrinker->private_data)->mdev;
	struct mirage_shrink shrink = {
		.ctx.no_wait_gpu = true,
		.wait_budget = ttm_bo_shrink_avoid_wait() ? 0 : SHRINK_WAIT_BUDGET,
		.purge = true,
		.target = sc->nr_to_scan,
	};
	bool writeback = shrink.wait_budget && (sc->gfp_mask & __GFP_IO);

	if (!(sc->gfp_mask & __GFP_FS))
		return SHRINK_STOP;

	shrink.freed = mirage_page_pool_shrink(&mdev->ttm->pool, shrink.target);
	shrink.scanned = shrink.freed;
	if (shrink.scanned < shrink.target)
		shrink_all(mdev, &shrink, false);
	if (shrink.scanned < shrink.target && ttm_backup_bytes_avail()) {
		shrink.purge = false;
		shrink_all(mdev, &shrink, writeback);
	}
	sc->nr_scanned = shrink.scanned;

	return shrink.scanned ? shrink.freed : SHRINK_STOP;
}

static void shrinker_fini(struct drm_device *drm, void *unused)
{
	shrinker_free(to_mirage_device(drm)->shrinker->shrinker);
}

/**
 * mirage_shrinker_alloc() - make the counts of pages; mm does not see them yet
 * @mdev: device
 *
 * Before TTM, which gives pages back as late as at its own end.
 *
 * Context: probe.
 * Return: 0 or -ENOMEM
 */
int mirage_shrinker_alloc(struct mirage_device *mdev)
{
	struct mirage_shrinker *shrinker;

	shrinker = drmm_kzalloc(&mdev->drm, sizeof(*shrinker), GFP_KERNEL);
	if (!shrinker)
		return -ENOMEM;
	mdev->shrinker = shrinker;
	shrinker->mdev = mdev;
	spin_lock_init(&shrinker->lock);

	return 0;
}

/**
 * mirage_shrinker_init() - offer mm the pages of objects
 * @mdev: device, with TTM initialised, after mirage_shrinker_alloc()
 *
 * Context: probe.
 * Return: 0 or -ENOMEM
 */
int mirage_shrinker_init(struct mirage_device *mdev)
{
	struct mirage_shrinker *shrinker = mdev->shrinker;

	shrinker->shrinker = shrinker_alloc(0, "drm-mirage:%s", dev_name(mdev->drm.dev));
	if (!shrinker->shrinker)
		return -ENOMEM;
	shrinker->shrinker->count_objects = shrinker_count;
	shrinker->shrinker->scan_objects = shrinker_scan;
	shrinker->shrinker->private_data = shrinker;
	shrinker_register(shrinker->shrinker);

	return drmm_add_action_or_reset(&mdev->drm, shrinker_fini, NULL);
}
