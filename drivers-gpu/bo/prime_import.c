// SPDX-License-Identifier: GPL-2.0
/*
 * The importer's side of PRIME: objects of other exporters that this driver uses.
 *
 * Model: a dynamic importer as in xe, but without moves. An imported object is a TTM object of type
 * "sg" that always stays in TTM's system placement. Its state is only mapped or unmapped: if it is
 * mapped, ttm_buffer_object.sg is set, and the addresses of its pages are in ttm_tt.dma_address,
 * where page tables take them from, as for any memory that TTM does not manage. Validation maps it.
 * When the exporter is about to move it, it is cleared in our page tables and unmapped, and its
 * next use maps it again.
 *
 *                      mirage_prime_map(): validation
 *               .--------------------------------------------.
 *               |                                            v
 *   import -> unmapped                                     mapped
 *               |  ^   prime_invalidate_mappings(): the      |
 *               |  |   exporter moves it                     |
 *               |  |   prime_let_go(): this device sleeps    |
 *               |  |   mirage_prime_unplug()                 |
 *               |  '-----------------------------------------'
 *               |
 *               '- the exporter answers -ENODEV or -EFAULT -> purged, for good: jobs get -EFAULT
 *
 * It shares the exporter's dma_resv: there our jobs see the fences of others, and others see ours.
 *
 * Rejected: mapping and unmapping as a move between two placements, as in xe and amdgpu. A move can
 * fail, and an exporter's notification cannot be refused.
 */
#include "bo/prime.h"

#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_prime.h>
#include <drm/drm_print.h>
#include <drm/ttm/ttm_tt.h>

#include <hw/pte.h>

#include "bo/bo.h"
#include "bo/validation.h"
#include "device/device.h"

MODULE_IMPORT_NS("DMA_BUF");

/*
 * How long jobs may hold memory that its exporter wants to move: as long as TTM waits for our own.
 */
#define PRIME_WAIT_LIMIT_MS	15000

/* Copy the addresses, if page tables can hold them. */
static int prime_take_addresses(struct mirage_bo *bo, struct sg_table *sgt)
{
	const struct drm_gem_object *gem = &bo->base.base;
	dma_addr_t *addrs = bo->base.ttm->dma_address;
	unsigned long npages = bo->base.ttm->num_pages, page = 0;
	struct scatterlist *sg;
	unsigned int i;

	for_each_sgtable_dma_sg(sgt, sg, i) {
		dma_addr_t addr = sg_dma_address(sg);
		unsigned long n = sg_dma_len(sg) >> MIRAGE_PAGE_SHIFT;

		if (addr & ~MIRAGE_PTE_ADDR ||
		    !IS_ALIGNED(sg_dma_len(sg), 1ul << MIRAGE_PAGE_SHIFT)) {
			drm_dbg_prime(gem->dev,
				      "exporter %s maps %#x bytes at %pad, want pages of 4 KiB in %#llx\n",
				      gem->import_attach->dmabuf->exp_name, sg_dma_len(sg), &addr,
				      MIRAGE_PTE_ADDR);
			return -EINVAL;
		}
		for (n = min(n, npages - page); n; n--, addr += 1ul << MIRAGE_PAGE_SHIFT)
			addrs[page++] = addr;
	}

	if (page != npages) {
		drm_dbg_prime(gem->dev, "exporter %s maps %lu pages, the object has %lu\n",
			      gem->import_attach->dmabuf->exp_name, page, npages);
		return -EINVAL;
	}

	return 0;
}

/*
 * Would mapping make another GPU of this driver move a busy object? Wait for its jobs without
 * locks.
 */
static bool prime_is_in_use(const struct dma_buf *dma_buf)
{
	struct mirage_bo *other;

	if (!mirage_prime_is_exported(dma_buf))
		return false;
	other = gem_to_mirage_bo(dma_buf->priv);
	return mirage_prime_wants_system(other) &&
	       other->base.resource->mem_type == TTM_PL_VRAM &&
	       mirage_validation_is_busy(dma_buf->resv);
}

/* Is the mapped memory in the video memory of another GPU of this driver? */
static bool prime_is_peer(const struct dma_buf *dma_buf)
{
	const struct mirage_bo *other;

	if (!mirage_prime_is_exported(dma_buf))
		return false;
	other = gem_to_mirage_bo(dma_buf->priv);
	return other->base.resource->mem_type == TTM_PL_VRAM;
}

/**
 * mirage_prime_map() - map an imported object for the device
 * @bo: imported object; may be mapped already
 *
 * The exporter may move it for that. Its fences of usage KERNEL must have signalled before the
 * device uses the object.
 *
 * Context: the object's dma_resv is held; may sleep and allocate.
 * Return: 0; -ENODEV the device is gone; -EFAULT the content is gone for good; -EINVAL the
 * exporter's segments are not whole pages, or too few; -EBUSY it has to move, and jobs use it;
 * another negative errno
 */
int mirage_prime_map(struct mirage_bo *bo)
{
	struct drm_gem_object *gem = &bo->base.base;
	struct sg_table *sgt;
	int ret;

	dma_resv_assert_held(gem->resv);

	if (bo->base.sg)
		return 0;
	/* Checked under the dma_resv: a later mirage_prime_unplug() sees the mapping. */
	if (drm_dev_is_unplugged(gem->dev))
		return -ENODEV;
	if (prime_is_in_use(gem->import_attach->dmabuf))
		return -EBUSY;

	sgt = dma_buf_map_attachment(gem->import_attach, DMA_BIDIRECTIONAL);
	if (sgt == ERR_PTR(-ENODEV) || sgt == ERR_PTR(-EFAULT)) {
		/*
		 * The exporter's content is gone, perhaps with its device. -ENODEV would mean our
		 * device, which exists.
		 */
		bo->purged = true;
		return -EFAULT;
	}
	if (IS_ERR(sgt))
		return PTR_ERR(sgt);

	ret = prime_take_addresses(bo, sgt);
	if (ret) {
		dma_buf_unmap_attachment(gem->import_attach, sgt, DMA_BIDIRECTIONAL);
		return ret;
	}
	bo->peer = prime_is_peer(gem->import_attach->dmabuf);
	bo->base.sg = sgt;
	return 0;
}

/**
 * mirage_prime_unmap() - unmap the exporter's memory
 * @bo: imported object that is in no page table any more; may be unmapped already
 *
 * Context: the object's dma_resv is held; may sleep.
 */
void mirage_prime_unmap(struct mirage_bo *bo)
{
	dma_resv_assert_held(bo->base.base.resv);

	if (!bo->base.sg)
		return;
	dma_buf_unmap_attachment(bo->base.base.import_attach, bo->base.sg, DMA_BIDIRECTIONAL);
	bo->base.sg = NULL;
	bo->peer = false;
}

/*
 * The exporter is about to move the object, and holds its dma_resv. Another GPU of this driver has
 * waited for all jobs before. Other drivers wait for our jobs afterwards; but a job that may fault
 * has no fence in the dma_resv. So jobs without faults get time to end, and then the object is
 * cleared in our page tables in any case.
 */
static void prime_invalidate_mappings(struct dma_buf_attachment *attach)
{
	struct mirage_bo *bo = gem_to_mirage_bo(attach->importer_priv);

	dma_resv_assert_held(attach->dmabuf->resv);

	if (!bo->base.sg)
		return;
	dma_resv_wait_timeout(attach->dmabuf->resv, DMA_RESV_USAGE_BOOKKEEP, false,
			      msecs_to_jiffies(PRIME_WAIT_LIMIT_MS));
	to_mirage_device(bo->base.base.dev)->ops->evict(bo);
	mirage_prime_unmap(bo);
	bo->moves++;
}

static const struct dma_buf_attach_ops prime_attach_ops = {
	.allow_peer2peer = true,
	.invalidate_mappings = prime_invalidate_mappings,
};

/*
 * Create an object, not attached yet. It holds a reference to the dma-buf, whose dma_resv it uses.
 */
static struct mirage_bo *prime_create_bo(struct mirage_device *mdev, struct dma_buf *dma_buf)
{
	struct mirage_bo *bo;
	int ret;

	ret = dma_resv_lock_interruptible(dma_buf->resv, NULL);
	if (ret)
		return ERR_PTR(ret);

	bo = mirage_bo_alloc(mdev, dma_buf->size, DRM_MIRAGE_PLACEMENT_SYSTEM,
			     DRM_MIRAGE_BO_CPU_ACCESS);
	if (!IS_ERR(bo)) {
		get_dma_buf(dma_buf);
		bo->imported = dma_buf;
		ret = mirage_bo_init(bo, ttm_bo_type_sg, NULL, dma_buf->resv);
		if (ret)
			bo = ERR_PTR(ret);
	}
	dma_resv_unlock(dma_buf->resv);
	return bo;
}

/**
 * mirage_prime_import() - import a dma-buf
 * @drm: device
 * @dma_buf: of any exporter
 *
 * A dma-buf exported by this same device yields the original object.
 *
 * Context: ioctl.
 * Return: the GEM object with a reference; or -EINVAL its size is not a multiple of the page size,
 * -E2BIG, the exporter's error from attaching, or another negative errno
 */
struct drm_gem_object *mirage_prime_import(struct drm_device *drm, struct dma_buf *dma_buf)
{
	struct mirage_device *mdev = to_mirage_device(drm);
	struct dma_buf_attachment *attach;
	struct drm_gem_object *gem;
	struct mirage_bo *bo;

	if (mirage_prime_is_exported(dma_buf)) {
		gem = dma_buf->priv;
		if (gem->dev == drm) {
			drm_gem_object_get(gem);
			return gem;
		}
	}

	if (!dma_buf->size || !PAGE_ALIGNED(dma_buf->size))
		return ERR_PTR(-EINVAL);
	if (dma_buf->size > MIRAGE_BO_MAX_SIZE)
		return ERR_PTR(-E2BIG);

	/* Create the object first: once attached, it may be notified of moves. */
	bo = prime_create_bo(mdev, dma_buf);
	if (IS_ERR(bo))
		return ERR_CAST(bo);
	gem = &bo->base.base;
	attach = dma_buf_dynamic_attach(dma_buf, drm->dev, &prime_attach_ops, gem);
	if (IS_ERR(attach)) {
		drm_gem_object_put(gem);
		return ERR_CAST(attach);
	}
	gem->import_attach = attach;

	mutex_lock(&mdev->prime->lock);
	list_add_tail(&bo->prime_node, &mdev->prime->bos);
	mutex_unlock(&mdev->prime->lock);
	return gem;
}

/* Unmap the object. On 0 no job uses it. */
static int prime_let_go(struct mirage_bo *bo)
{
	if (!dma_resv_wait_timeout(bo->base.base.resv, DMA_RESV_USAGE_BOOKKEEP, false,
				   msecs_to_jiffies(PRIME_WAIT_LIMIT_MS)))
		return -EBUSY;
	to_mirage_device(bo->base.base.dev)->ops->evict(bo);
	mirage_prime_unmap(bo);
	return 0;
}

/**
 * mirage_prime_sleep() - release other GPUs' video memory before channels are stopped
 * @mdev: device being suspended: no job can map it again
 *
 * The other GPU may be about to sleep too, and evicts its video memory first; but a stopped job of
 * ours would only end after both have woken up. Jobs that may fault need no wait: they fault the
 * object in again.
 *
 * Not covered: memory of other drivers that our jobs use; and a job that does not end in time,
 * because jobs are not stopped while the device is about to sleep.
 *
 * Context: process, may sleep; takes mirage_prime.lock and dma_resvs.
 * Return: 0; -EBUSY jobs take too long
 */
int mirage_prime_sleep(struct mirage_device *mdev)
{
	struct mirage_bo *bo;
	int ret = 0;

	mutex_lock(&mdev->prime->lock);
	list_for_each_entry(bo, &mdev->prime->bos, prime_node) {
		if (!bo->imported)
			continue;
		dma_resv_lock(bo->base.base.resv, NULL);
		if (bo->peer)
			ret = prime_let_go(bo);
		dma_resv_unlock(bo->base.base.resv);
		if (ret)
			break;
	}
	mutex_unlock(&mdev->prime->lock);
	return ret;
}

/**
 * mirage_prime_destroy() - clean up an imported object that is being freed
 * @bo: imported object, not mapped any more
 *
 * Context: TTM's destruction; no dma_resv is held; takes mirage_prime.lock.
 */
void mirage_prime_destroy(struct mirage_bo *bo)
{
	struct drm_gem_object *gem = &bo->base.base;
	struct mirage_prime *prime = to_mirage_device(gem->dev)->prime;

	mutex_lock(&prime->lock);
	list_del_init(&bo->prime_node);
	mutex_unlock(&prime->lock);

	if (gem->import_attach)
		dma_buf_detach(bo->imported, gem->import_attach);
	dma_buf_put(bo->imported);
}

/**
 * mirage_prime_mmap() - map an imported object for the CPU
 * @gem: imported object; the reference that comes with it is consumed on success
 * @vma: area, as passed to the device file
 *
 * It becomes a mapping of the dma-buf: the exporter handles its faults.
 *
 * Context: mmap().
 * Return: 0 or a negative errno
 */
int mirage_prime_mmap(struct drm_gem_object *gem, struct vm_area_struct *vma)
{
	int ret;

	/* DRM has set this for mappings of our own objects. */
	vma->vm_private_data = NULL;
	vma->vm_ops = NULL;
	ret = dma_buf_mmap(gem_to_mirage_bo(gem)->imported, vma, 0);
	if (!ret)
		drm_gem_object_put(gem);

	return ret;
}
