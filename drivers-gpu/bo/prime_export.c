// SPDX-License-Identifier: GPL-2.0
/*
 * The exporter's side of PRIME: objects of this driver that others use.
 *
 * Model: dynamic dma-bufs of xe and amdgpu. Nothing is pinned while dynamic importers are attached.
 * An importer that can reach video memory through the aperture (P2P: both devices under one PCIe
 * switch, or a root complex known to forward) gets addresses in the aperture. While any importer
 * without P2P is attached, the object stays in system memory for all of them. Before it moves, all
 * importers are notified under its dma_resv (mirage_prime_moving()), and map it again before their
 * next use.
 *
 * For importers that cannot be notified (static ones) the object is pinned, always in system
 * memory: pinned video memory could not be evicted until the importer unpins.
 *
 * drm_gem_object.dma_buf cannot be used to find the importers: it is cleared when the last handle
 * is closed, although importers may stay attached for much longer. So the object itself remembers
 * its dma-buf until the dma-buf's release.
 *
 * Rejected: moving an object to system memory for CPU access (begin_cpu_access). The CPU can read
 * the aperture, and alternating accesses would cost two moves each.
 */
#include "bo/prime.h"

#include <linux/dma-buf.h>
#include <linux/dma-fence.h>
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/iosys-map.h>
#include <linux/pci-p2pdma.h>
#include <linux/pci.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_managed.h>
#include <drm/drm_prime.h>
#include <drm/ttm/ttm_tt.h>

#include <hw/pci.h>

#include "bo/bo.h"
#include "device/device.h"
#include "device/power.h"

/* Maximum size of a scatterlist entry, whose length has 32 bits. */
#define PRIME_MAX_PIECE		SZ_1G

static struct mirage_bo *exported_bo(const struct dma_buf *dma_buf)
{
	return gem_to_mirage_bo(dma_buf->priv);
}

static int prime_attach(struct dma_buf *dma_buf, struct dma_buf_attachment *attach)
{
	struct mirage_bo *bo = exported_bo(dma_buf);
	struct drm_device *drm = bo->base.base.dev;
	int ret;

	if (drm_dev_is_unplugged(drm))
		return -ENODEV;

	if (attach->peer2peer && pci_p2pdma_distance(to_pci_dev(drm->dev), attach->dev, false) < 0)
		attach->peer2peer = false;
	if (attach->peer2peer)
		return 0;

	/* The importer lacks P2P and the object is VRAM-only. */
	if (!(bo->placement & DRM_MIRAGE_PLACEMENT_SYSTEM))
		return -EOPNOTSUPP;

	ret = dma_resv_lock_interruptible(dma_buf->resv, NULL);
	if (ret)
		return ret;
	bo->nr_no_p2p++;
	dma_resv_unlock(dma_buf->resv);
	return 0;
}

static void prime_detach(struct dma_buf *dma_buf, struct dma_buf_attachment *attach)
{
	struct mirage_bo *bo = exported_bo(dma_buf);

	if (attach->peer2peer)
		return;
	dma_resv_lock(dma_buf->resv, NULL);
	bo->nr_no_p2p--;
	dma_resv_unlock(dma_buf->resv);
}

/*
 * Has the device gone while the object was in TTM_PL_SYSTEM: never used, or with its pages taken by
 * mm? It cannot be validated any more, but importers do not need that.
 */
static bool prime_is_left(const struct mirage_bo *bo)
{
	return drm_dev_is_unplugged(bo->base.base.dev) &&
	       bo->base.resource->mem_type == TTM_PL_SYSTEM &&
	       bo->placement & DRM_MIRAGE_PLACEMENT_SYSTEM;
}

/* Pin it: after the device has gone, importers are not notified when mm takes pages. */
static void prime_keep(struct mirage_bo *bo)
{
	if (bo->kept)
		return;
	ttm_bo_pin(&bo->base);
	bo->kept = true;
}

/*
 * Make the object accessible to importers: in its usual placement, or in system memory if
 * @to_system is set or an importer lacks P2P. The device may go meanwhile; an object in system
 * memory does not need it.
 */
static int prime_bring(struct mirage_bo *bo, bool to_system, struct ttm_operation_ctx *ctx)
{
	int ret = -ENODEV;

	if (!prime_is_left(bo))
		ret = to_system ? mirage_bo_validate_in(bo, DRM_MIRAGE_PLACEMENT_SYSTEM, ctx) :
				  mirage_bo_validate(bo, ctx);
	if (!ret || !drm_dev_is_unplugged(bo->base.base.dev))
		return ret;
	if (prime_is_left(bo))
		return ttm_bo_populate(&bo->base, ctx);
	return bo->base.resource->mem_type == TTM_PL_TT ? 0 : ret;
}

/* Move the object to system memory and pin it. Waits for the move and zeroing. */
static int prime_pin_bo(struct mirage_bo *bo, bool interruptible)
{
	struct ttm_operation_ctx ctx = { .interruptible = interruptible };
	long ret;

	dma_resv_assert_held(bo->base.base.resv);

	ret = prime_bring(bo, true, &ctx);
	if (ret)
		return ret;
	/* A static importer ignores fences; these are our own copies, so the wait is bounded. */
	ret = dma_resv_wait_timeout(bo->base.base.resv, DMA_RESV_USAGE_KERNEL, interruptible,
				    MAX_SCHEDULE_TIMEOUT);
	if (ret < 0)
		return ret;
	/* If the copy has failed, the content must not be exposed. */
	if (mirage_bo_is_lost(bo))
		return -EFAULT;

	ttm_bo_pin(&bo->base);
	return 0;
}

static int prime_pin(struct dma_buf_attachment *attach)
{
	return prime_pin_bo(exported_bo(attach->dmabuf), true);
}

static void prime_unpin(struct dma_buf_attachment *attach)
{
	ttm_bo_unpin(&exported_bo(attach->dmabuf)->base);
}

static void vram_table_unmap(struct device *dev, struct sg_table *sgt, enum dma_data_direction dir)
{
	struct scatterlist *sg;
	unsigned int i;

	for_each_sgtable_sg(sgt, sg, i) {
		if (!sg_dma_len(sg))
			break;
		dma_unmap_resource(dev, sg_dma_address(sg), sg_dma_len(sg), dir,
				   DMA_ATTR_SKIP_CPU_SYNC);
	}
	sg_free_table(sgt);
	kfree(sgt);
}

/* Map the object's place in the aperture for @dev. Without struct pages: the aperture has none. */
static struct sg_table *vram_table_map(struct mirage_bo *bo, struct device *dev,
				       enum dma_data_direction dir)
{
	struct pci_dev *pdev = to_pci_dev(bo->base.base.dev->dev);
	phys_addr_t aperture = pci_resource_start(pdev, MIRAGE_BAR_VRAM);
	unsigned long npages = bo->base.base.size >> PAGE_SHIFT, page, max;
	unsigned int n = 0, i;
	struct mirage_bo_run run;
	struct scatterlist *sg;
	struct sg_table *sgt;
	int ret;

	max = min_t(unsigned long, dma_get_max_seg_size(dev), PRIME_MAX_PIECE) >> PAGE_SHIFT;
	for (page = 0; page < npages; page += run.npages, n++)
		mirage_bo_find_run(bo, page, min(max, npages - page), &run);

	sgt = kzalloc_obj(*sgt);
	if (!sgt)
		return ERR_PTR(-ENOMEM);
	ret = sg_alloc_table(sgt, n, GFP_KERNEL);
	if (ret) {
		kfree(sgt);
		return ERR_PTR(ret);
	}

	page = 0;
	for_each_sgtable_sg(sgt, sg, i) {
		size_t size;
		dma_addr_t addr;

		mirage_bo_find_run(bo, page, min(max, npages - page), &run);
		size = run.npages << PAGE_SHIFT;
		addr = dma_map_resource(dev, aperture + run.addr, size, dir,
					DMA_ATTR_SKIP_CPU_SYNC);
		ret = dma_mapping_error(dev, addr);
		if (ret) {
			vram_table_unmap(dev, sgt, dir);
			return ERR_PTR(ret);
		}
		sg_set_page(sg, NULL, size, 0);
		sg_dma_address(sg) = addr;
		sg_dma_len(sg) = size;
		page += run.npages;
	}

	return sgt;
}

static struct sg_table *system_table_map(struct mirage_bo *bo, struct device *dev,
					 enum dma_data_direction dir)
{
	struct ttm_tt *tt = bo->base.ttm;
	struct sg_table *sgt;
	int ret;

	sgt = drm_prime_pages_to_sg(bo->base.base.dev, tt->pages, tt->num_pages);
	if (IS_ERR(sgt))
		return sgt;

	ret = dma_map_sgtable(dev, sgt, dir, DMA_ATTR_SKIP_CPU_SYNC);
	if (ret) {
		sg_free_table(sgt);
		kfree(sgt);
		return ERR_PTR(ret);
	}

	return sgt;
}

static struct sg_table *prime_map_dma_buf(struct dma_buf_attachment *attach,
					  enum dma_data_direction dir)
{
	struct mirage_bo *bo = exported_bo(attach->dmabuf);
	struct ttm_operation_ctx ctx = { .interruptible = true };
	int ret;

	dma_resv_assert_held(bo->base.base.resv);

	/*
	 * Other drivers do not know what to do about -EBUSY. So if the object has to leave, this
	 * call waits for its jobs, as TTM does.
	 */
	ret = prime_bring(bo, mirage_prime_wants_system(bo), &ctx);
	if (ret)
		return ERR_PTR(ret);
	/*
	 * An importer waits for the fence of the kernel's copy, but does not check its error. It is
	 * our own, so the wait is bounded.
	 */
	if (bo->moved && dma_fence_wait(bo->moved, true))
		return ERR_PTR(-ERESTARTSYS);
	if (mirage_bo_is_lost(bo))
		return ERR_PTR(-EFAULT);

	switch (bo->base.resource->mem_type) {
	case TTM_PL_VRAM:
		/* Checked under the dma_resv: a later mirage_prime_unplug() sees the mapping. */
		if (drm_dev_is_unplugged(bo->base.base.dev))
			return ERR_PTR(-ENODEV);
		return vram_table_map(bo, attach->dev, dir);
	case TTM_PL_SYSTEM:
		if (!prime_is_left(bo))
			return ERR_PTR(-ENODEV);
		prime_keep(bo);
		fallthrough;
	case TTM_PL_TT:
		return system_table_map(bo, attach->dev, dir);
	default:
		return ERR_PTR(-EINVAL);
	}
}

static void prime_unmap_dma_buf(struct dma_buf_attachment *attach, struct sg_table *sgt,
				enum dma_data_direction dir)
{
	if (!sg_page(sgt->sgl)) {
		vram_table_unmap(attach->dev, sgt, dir);
		return;
	}
	dma_unmap_sgtable(attach->dev, sgt, dir, 0);
	sg_free_table(sgt);
	kfree(sgt);
}

static int prime_end_cpu_access(struct dma_buf *dma_buf, enum dma_data_direction dir)
{
	/* The aperture is mapped write-combined: order these writes before later ones. */
	wmb();
	return 0;
}

/*
 * The mapping is in system memory, so it stays valid after the device has gone. Uninterruptible:
 * callers would take -EINTR for a bug in the exporter.
 */
static int prime_vmap(struct dma_buf *dma_buf, struct iosys_map *map)
{
	struct mirage_bo *bo = exported_bo(dma_buf);
	int ret;

	ret = prime_pin_bo(bo, false);
	if (ret)
		return ret;
	ret = drm_gem_dmabuf_vmap(dma_buf, map);
	if (ret)
		ttm_bo_unpin(&bo->base);

	return ret;
}

static void prime_vunmap(struct dma_buf *dma_buf, struct iosys_map *map)
{
	drm_gem_dmabuf_vunmap(dma_buf, map);
	ttm_bo_unpin(&exported_bo(dma_buf)->base);
}

static void prime_release(struct dma_buf *dma_buf)
{
	struct mirage_bo *bo = exported_bo(dma_buf);
	struct mirage_prime *prime = to_mirage_device(bo->base.base.dev)->prime;

	mutex_lock(&prime->lock);
	dma_resv_lock(dma_buf->resv, NULL);
	/* If the object has been exported again, or not at all, @exported is not ours to clear. */
	if (bo->exported == dma_buf) {
		bo->exported = NULL;
		list_del_init(&bo->prime_node);
		if (bo->kept)
			ttm_bo_unpin(&bo->base);
		bo->kept = false;
	}
	dma_resv_unlock(dma_buf->resv);
	mutex_unlock(&prime->lock);

	mirage_power_put(to_mirage_device(bo->base.base.dev));
	drm_gem_dmabuf_release(dma_buf);
}

static const struct dma_buf_ops prime_dma_buf_ops = {
	.attach = prime_attach,
	.detach = prime_detach,
	.pin = prime_pin,
	.unpin = prime_unpin,
	.map_dma_buf = prime_map_dma_buf,
	.unmap_dma_buf = prime_unmap_dma_buf,
	.release = prime_release,
	.end_cpu_access = prime_end_cpu_access,
	.mmap = drm_gem_dmabuf_mmap,
	.vmap = prime_vmap,
	.vunmap = prime_vunmap,
};

/* Enable move notifications to importers of @dma_buf, unless the object cannot be shared. */
static int prime_publish(struct mirage_bo *bo, struct dma_buf *dma_buf)
{
	struct mirage_prime *prime = to_mirage_device(bo->base.base.dev)->prime;
	int ret;

	mutex_lock(&prime->lock);
	ret = dma_resv_lock_interruptible(dma_buf->resv, NULL);
	if (ret)
		goto out;
	if (bo->purged) {
		ret = -EINVAL;
	} else if (bo->advice == DRM_MIRAGE_BO_DONTNEED) {
		ret = -EBUSY;
	} else {
		bo->exported = dma_buf;
		if (list_empty(&bo->prime_node))
			list_add_tail(&bo->prime_node, &prime->bos);
	}
	dma_resv_unlock(dma_buf->resv);
out:
	mutex_unlock(&prime->lock);
	return ret;
}

/**
 * mirage_prime_export() - export an object as a dma-buf
 * @gem: object
 * @flags: flags of the file: O_CLOEXEC, O_RDWR
 *
 * Two kinds cannot be exported: private objects, which share their address space's dma_resv, and
 * userptrs, whose memory belongs to the process. While an object is exported it cannot be purged.
 *
 * Context: ioctl; takes mirage_prime.lock and the object's dma_resv.
 * Return: the dma-buf; or -EPERM; -EBUSY its content is marked DONTNEED; -EINVAL it has been
 * purged; another negative errno
 */
struct dma_buf *mirage_prime_export(struct drm_gem_object *gem, int flags)
{
	struct mirage_bo *bo = gem_to_mirage_bo(gem);
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct dma_buf *dma_buf;
	int ret;

	if (bo->vm || bo->userptr)
		return ERR_PTR(-EPERM);

	info.ops = &prime_dma_buf_ops;
	info.size = gem->size;
	info.flags = flags;
	info.resv = gem->resv;
	info.priv = gem;
	dma_buf = drm_gem_dmabuf_export(gem->dev, &info);
	if (IS_ERR(dma_buf))
		return dma_buf;
	/*
	 * Importers may use the aperture at any time. The calling file keeps the device awake here.
	 */
	mirage_power_get_noresume(to_mirage_device(gem->dev));

	ret = prime_publish(bo, dma_buf);
	if (ret) {
		dma_buf_put(dma_buf);
		return ERR_PTR(ret);
	}

	return dma_buf;
}

/**
 * mirage_prime_is_exported() - was a dma-buf exported by this driver?
 * @dma_buf: any dma-buf
 *
 * Return: true if its private pointer is the GEM object of a &struct mirage_bo, of any device
 */
bool mirage_prime_is_exported(const struct dma_buf *dma_buf)
{
	return dma_buf->ops == &prime_dma_buf_ops;
}

/**
 * mirage_prime_wants_system() - is an importer attached that lacks P2P?
 * @bo: object
 *
 * Then the object stays in system memory: otherwise it would move back and forth.
 *
 * Context: the object's dma_resv is held.
 */
bool mirage_prime_wants_system(const struct mirage_bo *bo)
{
	dma_resv_assert_held(bo->base.base.resv);

	return bo->nr_no_p2p;
}

/**
 * mirage_prime_moving() - notify importers that an object's memory is about to change
 * @bo: object
 *
 * When it returns, importers of this driver have no mapping of the old memory any more. Importers
 * of other drivers must wait for the reservation's fences and not use the memory after those.
 *
 * Context: the object's dma_resv is held; the caller has no armed fence.
 */
void mirage_prime_moving(struct mirage_bo *bo)
{
	dma_resv_assert_held(bo->base.base.resv);

	if (bo->exported)
		dma_buf_invalidate_mappings(bo->exported);
}

/**
 * mirage_prime_init() - set up PRIME sharing
 * @mdev: device
 *
 * Context: probe.
 * Return: 0 or a negative errno
 */
int mirage_prime_init(struct mirage_device *mdev)
{
	struct mirage_prime *prime;

	prime = drmm_kzalloc(&mdev->drm, sizeof(*prime), GFP_KERNEL);
	if (!prime)
		return -ENOMEM;
	mdev->prime = prime;
	INIT_LIST_HEAD(&prime->bos);
	return drmm_mutex_init(&mdev->drm, &prime->lock);
}

/* Detach the device from an exported object. */
static void prime_leave(struct mirage_bo *bo)
{
	switch (bo->base.resource->mem_type) {
	case TTM_PL_VRAM:
		mirage_prime_moving(bo);
		dma_resv_wait_timeout(bo->base.base.resv, DMA_RESV_USAGE_BOOKKEEP, false,
				      MAX_SCHEDULE_TIMEOUT);
		break;
	case TTM_PL_TT:
		prime_keep(bo);
		break;
	}
}

/**
 * mirage_prime_unplug() - end sharing when the driver leaves the device
 * @mdev: device, after drm_dev_unplug() and after all its jobs have ended
 *
 * Importers drop their mappings of our video memory, and we drop ours of imported memory: DMA
 * mappings must not outlive the driver's binding to the device. Later attempts to map fail, since
 * they check drm_dev_is_unplugged() under the dma_resv that is taken here. Objects in system memory
 * stay usable for their importers.
 *
 * Context: remove(); may sleep; takes mirage_prime.lock and dma_resvs. Waits for jobs of other
 * devices, bounded since all fences are.
 */
void mirage_prime_unplug(struct mirage_device *mdev)
{
	struct mirage_bo *bo;

	mutex_lock(&mdev->prime->lock);
	list_for_each_entry(bo, &mdev->prime->bos, prime_node) {
		struct dma_resv *resv = bo->base.base.resv;

		dma_resv_lock(resv, NULL);
		if (bo->imported)
			mirage_prime_unmap(bo);
		else
			prime_leave(bo);
		dma_resv_unlock(resv);
	}
	mutex_unlock(&mdev->prime->lock);
}
