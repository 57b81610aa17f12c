// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps of buffer objects and of video memory, for debugging.
 *
 * The map of video memory is collected under the allocator's lock and printed without it: printing
 * allocates, and reclaim may need the lock.
 */
#include "debug/bo_dump.h"

#include <linux/dma-resv.h>
#include <linux/hmm_devmem.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include <drm/drm_print.h>
#include <drm/ttm/ttm_tt.h>

#include "bo/bo.h"
#include "bo/ttm.h"
#include "bo/vram_mgr.h"
#include "device/device.h"

/* The object after @bo in the list, with a reference; drops the reference to @bo. */
static struct mirage_bo *bo_next(struct mirage_device *mdev, struct mirage_bo *bo)
{
	struct mirage_bo *next;

	spin_lock(&mdev->bo_lock);
	next = bo ? bo : list_entry(&mdev->bos, struct mirage_bo, node);
	list_for_each_entry_continue(next, &mdev->bos, node) {
		if (kref_get_unless_zero(&next->base.base.refcount))
			break;
	}
	if (list_entry_is_head(next, &mdev->bos, node))
		next = NULL;
	spin_unlock(&mdev->bo_lock);
	if (bo)
		drm_gem_object_put(&bo->base.base);

	return next;
}

static const char *bo_location_name(const struct mirage_bo *bo)
{
	if (bo->purged)
		return "purged";
	if (bo->base.type == ttm_bo_type_sg)
		return bo->userptr ? "process" : "imported";
	if (!mirage_bo_has_memory(bo))
		return "nowhere";
	switch (bo->base.resource ? bo->base.resource->mem_type : TTM_PL_SYSTEM) {
	case TTM_PL_VRAM:
		return "vram";
	case TTM_PL_TT:
		return "gtt";
	default:
		return ttm_tt_is_swapped(bo->base.ttm) ? "swapped" : "system";
	}
}

static void bo_get_label(struct mirage_device *mdev, const struct mirage_bo *bo, char *label)
{
	spin_lock(&mdev->bo_lock);
	memcpy(label, bo->label, MIRAGE_BO_LABEL_SIZE);
	spin_unlock(&mdev->bo_lock);
}

/**
 * mirage_bo_dump() - print every object: size, where it is, priority, moves, owner, label
 * @mdev: device
 * @p: printer
 *
 * Context: process; takes mirage_device.bo_lock, and the resv of each object.
 */
void mirage_bo_dump(struct mirage_device *mdev, struct drm_printer *p)
{
	char label[MIRAGE_BO_LABEL_SIZE];
	struct mirage_bo *bo = NULL;

	drm_puts(p, "      size location prio moves       pid process         label\n");
	while ((bo = bo_next(mdev, bo))) {
		bo_get_label(mdev, bo, label);
		dma_resv_lock(bo->base.base.resv, NULL);
		drm_printf(p, "%10zu %-8s %4u %5llu %9d %-15s %s\n", bo->base.base.size,
			   bo_location_name(bo), bo->base.priority, bo->moves, bo->tgid, bo->comm,
			   label);
		dma_resv_unlock(bo->base.base.resv);
	}
}

/**
 * struct vram_piece - a line of the map
 */
struct vram_piece {
	/** @start: first byte */
	u64 start;
	/** @size: bytes */
	u64 size;
	/** @tgid: process that it belongs to, or 0 for the kernel's own */
	pid_t tgid;
	/** @pages: holds pages of a process, and no object */
	bool pages;
	/** @used: of these, bytes in use */
	u64 used;
	/**
	 * @remains: belongs to an object that is gone or has moved, and stays until the device is
	 * done with it
	 */
	bool remains;
	/** @comm: the process's name */
	char comm[TASK_COMM_LEN];
	/** @label: the object's */
	char label[MIRAGE_BO_LABEL_SIZE];
};

/**
 * struct vram_map - the map while it is collected
 */
struct vram_map {
	/** @pieces: lines */
	struct vram_piece *pieces;
	/** @count: lines needed; those beyond @room are not written */
	size_t count;
	/** @room: lines allocated */
	size_t room;
};

static struct vram_piece *vram_map_add(struct vram_map *map, u64 start, u64 size)
{
	struct vram_piece *piece = NULL;

	if (map->count < map->room) {
		piece = &map->pieces[map->count];
		*piece = (struct vram_piece){ .start = start, .size = size };
	}
	map->count++;
	return piece;
}

static void vram_map_add_object(struct mirage_device *mdev, struct vram_map *map,
				struct mirage_vram_res *res)
{
	u64 page, npages, addr;

	for (page = 0; page < res->ext.npages; page += npages) {
		const struct ttm_buffer_object *tbo;
		struct vram_piece *piece;

		npages = mirage_extents_find(&res->ext, page, &addr);
		piece = vram_map_add(map, addr, npages << PAGE_SHIFT);
		if (!piece)
			continue;
		/* TTM hands a resource over to the remains of an object under this lock. */
		spin_lock(&mdev->ttm->bdev.lru_lock);
		tbo = res->base.bo;
		piece->remains = !mirage_bo_is_ours(tbo) || tbo->deleted;
		if (mirage_bo_is_ours(tbo)) {
			const struct mirage_bo *bo = container_of(tbo, struct mirage_bo, base);

			piece->tgid = bo->tgid;
			memcpy(piece->comm, bo->comm, sizeof(piece->comm));
			bo_get_label(mdev, bo, piece->label);
		}
		spin_unlock(&mdev->ttm->bdev.lru_lock);
	}
}

/* hmm_devmem_for_each_range() has lru_lock: no allocation here. */
static void vram_map_add_pages(const struct hmm_devmem_range *range, void *arg)
{
	u64 size = (u64)range->npages << PAGE_SHIFT;
	struct vram_piece *piece = vram_map_add(arg, range->offset, size);

	if (!piece)
		return;
	piece->tgid = range->tgid;
	piece->pages = true;
	piece->used = (u64)range->used << PAGE_SHIFT;
	memcpy(piece->comm, range->comm, sizeof(piece->comm));
}

static void vram_map_collect(struct mirage_device *mdev, struct vram_map *map)
{
	const struct mirage_vram_buf *buf;
	struct mirage_vram_res *res;

	map->count = 0;
	mutex_lock(&mdev->vram.lock);
	list_for_each_entry(buf, &mdev->vram.buffers, node)
		vram_map_add(map, buf->offset, buf->size);
	list_for_each_entry(res, &mdev->vram.objects, node)
		vram_map_add_object(mdev, map, res);
	/* A range that comes or goes meanwhile waits for the lock in the driver's part. */
	hmm_devmem_for_each_range(mdev->vram.devmem, vram_map_add_pages, map);
	mutex_unlock(&mdev->vram.lock);
}

static int vram_piece_cmp(const void *a, const void *b)
{
	const struct vram_piece *first = a, *second = b;

	return first->start < second->start ? -1 : first->start > second->start;
}

static void vram_map_print(const struct mirage_device *mdev, const struct vram_map *map,
			   struct drm_printer *p)
{
	u64 end = 0;
	size_t i;

	for (i = 0; i < map->count; i++) {
		const struct vram_piece *piece = &map->pieces[i];

		if (piece->start > end)
			drm_printf(p, "%010llx %10llu free\n", end, piece->start - end);
		end = piece->start + piece->size;
		drm_printf(p, "%010llx %10llu ", piece->start, piece->size);
		if (piece->pages)
			drm_printf(p, "process %d %s, %llu used\n", piece->tgid, piece->comm,
				   piece->used);
		else if (piece->tgid)
			drm_printf(p, "object %d %s%s %s\n", piece->tgid, piece->comm,
				   piece->remains ? " (going)" : "", piece->label);
		else
			drm_puts(p, piece->remains ? "object (going)\n" : "tables\n");
	}
	if (end < mdev->vram.size)
		drm_printf(p, "%010llx %10llu free\n", end, mdev->vram.size - end);
}

/**
 * mirage_vram_dump() - print a map of video memory
 * @mdev: device
 * @p: printer
 *
 * Context: process; allocates; takes mirage_vram.lock, and in it TTM's lru_lock,
 * mirage_device.bo_lock and the mirror core's lock of its ranges.
 * Return: 0 or -ENOMEM
 */
int mirage_vram_dump(struct mirage_device *mdev, struct drm_printer *p)
{
	struct vram_map map = {};

	/* Retry when it grew meanwhile. */
	do {
		vram_map_collect(mdev, &map);
		if (map.count <= map.room)
			break;
		kvfree(map.pieces);
		map.room = map.count + 64;
		map.pieces = kvmalloc_objs(*map.pieces, map.room);
		if (!map.pieces)
			return -ENOMEM;
	} while (true);

	sort(map.pieces, map.count, sizeof(*map.pieces), vram_piece_cmp, NULL);
	drm_printf(p, "%llu of %llu bytes used\n", mirage_vram_used(&mdev->vram), mdev->vram.size);
	vram_map_print(mdev, &map, p);
	kvfree(map.pieces);

	return 0;
}
