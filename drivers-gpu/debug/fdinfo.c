// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/PID/fdinfo of an open file, with the keys of drm-usage-stats.rst.
 *
 * Copy and compute are shown as separate engines, because that is what users look for. The device
 * has one scheduler for both, so together they never use more than one engine's time.
 */
#include "debug/fdinfo.h"

#include <linux/dma-resv.h>
#include <linux/hmm_mirror.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_print.h>

#include "bo/bo.h"
#include "device/device.h"
#include "ioctl/file.h"
#include "mmu/vm.h"
#include "queue/queue.h"
#include "queue/usage.h"

/*
 * Memory regions as shown to users. An object that is in none counts where it would be placed
 * first.
 */
enum mirage_region {
	MIRAGE_REGION_VRAM,
	MIRAGE_REGION_GTT,
	MIRAGE_REGIONS
};

static const char * const fdinfo_engines[MIRAGE_USAGE_CLASSES] = {
	[MIRAGE_CHAN_COPY] = "copy",
	[MIRAGE_CHAN_COMPUTE] = "compute",
};

/* Update the file's sums. */
static void fdinfo_account(struct mirage_device *mdev, struct drm_file *file)
{
	struct mirage_file *priv = file->driver_priv;
	struct mirage_queue *queue;
	unsigned long id;
	int idx;

	if (!drm_dev_enter(&mdev->drm, &idx))
		return;

	xa_lock(&priv->queues);
	xa_for_each(&priv->queues, id, queue)
		mirage_usage_account(queue);
	xa_unlock(&priv->queues);
	drm_dev_exit(idx);
}

static void fdinfo_show_engines(struct drm_printer *p, struct drm_file *file)
{
	const struct mirage_file *priv = file->driver_priv;
	unsigned int i;

	for (i = 0; i < MIRAGE_USAGE_CLASSES; i++) {
		drm_printf(p, "drm-engine-%s:\t%llu ns\n", fdinfo_engines[i],
			   (u64)atomic64_read(&priv->usage->ns[i]));
		drm_printf(p, "drm-engine-capacity-%s:\t1\n", fdinfo_engines[i]);
	}
}

/* The memory that an object is in, or would be brought to. */
static bool fdinfo_is_vram(const struct mirage_bo *bo)
{
	const struct ttm_resource *res = bo->base.resource;

	if (bo->base.type == ttm_bo_type_sg)
		return false;
	if (res && res->mem_type != TTM_PL_SYSTEM)
		return res->mem_type == TTM_PL_VRAM;
	return bo->placement & DRM_MIRAGE_PLACEMENT_VRAM && !mirage_bo_has_memory(bo);
}

static void fdinfo_add_memory(struct mirage_bo *bo, struct drm_memory_stats *stats)
{
	size_t size = bo->base.base.size;

	if (bo->purged)
		return;
	stats += fdinfo_is_vram(bo) ? MIRAGE_REGION_VRAM : MIRAGE_REGION_GTT;
	if (drm_gem_object_is_shared_for_memory_stats(&bo->base.base))
		stats->shared += size;
	else
		stats->private += size;
	if (!mirage_bo_is_resident(bo))
		return;
	stats->resident += size;
	if (bo->advice == DRM_MIRAGE_BO_DONTNEED)
		stats->purgeable += size;
	if (!dma_resv_test_signaled(bo->base.base.resv, DMA_RESV_USAGE_BOOKKEEP))
		stats->active += size;
}

/*
 * Memory of the process that its address spaces have moved to video memory. It is nobody else's,
 * and it is there: a page without memory is in none.
 */
static void fdinfo_add_processes(struct drm_file *file, struct drm_memory_stats *stats)
{
	struct mirage_file *priv = file->driver_priv;
	struct hmm_mirror_stats core;
	struct mirage_vm *vm;
	unsigned long id;
	u64 size = 0;

	xa_lock(&priv->vms);
	xa_for_each(&priv->vms, id, vm) {
		if (!vm->mirror)
			continue;
		hmm_mirror_read_stats(vm->mirror, &core);
		size += core.device_pages << PAGE_SHIFT;
	}
	xa_unlock(&priv->vms);
	stats->private += size;
	stats->resident += size;
}

static void fdinfo_show_memory(struct drm_printer *p, struct drm_file *file)
{
	static const char * const names[MIRAGE_REGIONS] = {
		[MIRAGE_REGION_VRAM] = "vram",
		[MIRAGE_REGION_GTT] = "gtt",
	};
	struct drm_memory_stats stats[MIRAGE_REGIONS] = {};
	struct drm_gem_object *gem;
	unsigned int i;
	int id;

	spin_lock(&file->table_lock);
	idr_for_each_entry(&file->object_idr, gem, id) {
		/*
		 * The placement of an object can only be read under its resv, which may take a
		 * while.
		 */
		drm_gem_object_get(gem);
		spin_unlock(&file->table_lock);
		dma_resv_lock(gem->resv, NULL);
		fdinfo_add_memory(gem_to_mirage_bo(gem), stats);
		dma_resv_unlock(gem->resv);
		drm_gem_object_put(gem);
		spin_lock(&file->table_lock);
	}
	spin_unlock(&file->table_lock);

	fdinfo_add_processes(file, &stats[MIRAGE_REGION_VRAM]);

	for (i = 0; i < MIRAGE_REGIONS; i++)
		drm_print_memory_stats(p, &stats[i], DRM_GEM_OBJECT_RESIDENT |
				       DRM_GEM_OBJECT_PURGEABLE | DRM_GEM_OBJECT_ACTIVE, names[i]);
}

/**
 * mirage_fdinfo_show() - drm_driver.show_fdinfo
 * @p: printer
 * @file: file
 *
 * Context: process; takes the xa_locks of mirage_file.queues and mirage_file.vms, and the resv of
 * each object.
 */
void mirage_fdinfo_show(struct drm_printer *p, struct drm_file *file)
{
	fdinfo_account(to_mirage_device(file->minor->dev), file);
	fdinfo_show_engines(p, file);
	fdinfo_show_memory(p, file);
}
