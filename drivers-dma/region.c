// SPDX-License-Identifier: GPL-2.0
/*
 * Regions: how their pages become accessible to the engine, and stop to be.
 *
 * On demand, the mirror core gives addresses page by page. A block's are in an array that
 * block_init() allocates; the array is found by its start while it has any. Taking an address away
 * is clearing it, and waiting for the copy that may have taken it before: the core's token is that
 * copy's number.
 *
 * Revalidated, all addresses of a region are valid or none is, so a callback only waits.
 */
#include "odp.h"

#include <linux/dma-mapping.h>
#include <linux/hmm_userptr.h>
#include <linux/mirage_odp.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/slab.h>

/* One block with its addresses; all fields but @start are protected by odp_device.lock. */
struct odp_block {
	/* In odp_file.blocks while @count is not 0 */
	struct hlist_node node;
	unsigned long start;
	/* Pages in @mapped */
	unsigned int count;
	DECLARE_BITMAP(mapped, HMM_BLOCK_PAGES);
	DECLARE_BITMAP(writable, HMM_BLOCK_PAGES);
	dma_addr_t addrs[HMM_BLOCK_PAGES];
};

static int odp_block_init(struct hmm_mirror *mirror, struct hmm_block *hblock)
{
	struct odp_block *block = kvzalloc_obj(*block, GFP_KERNEL_ACCOUNT);

	if (!block)
		return -ENOMEM;
	block->start = hmm_block_start(hblock);
	hmm_block_set_priv(hblock, block);
	return 0;
}

static void odp_block_fini(struct hmm_mirror *mirror, struct hmm_block *hblock)
{
	kvfree(hmm_block_priv(hblock));
}

static void odp_map(struct hmm_mirror *mirror, struct hmm_block *hblock,
		    const struct hmm_run *runs, unsigned int nr_runs)
{
	struct odp_file *file = hmm_mirror_priv(mirror);
	struct odp_block *block = hmm_block_priv(hblock);
	unsigned int i, page;

	spin_lock(&file->dev->lock);
	for (i = 0; i < nr_runs; i++) {
		for (page = 0; page < runs[i].npages; page++)
			block->addrs[runs[i].index + page] =
				runs[i].addr + ((dma_addr_t)page << PAGE_SHIFT);
		bitmap_set(block->mapped, runs[i].index, runs[i].npages);
		if (runs[i].write)
			bitmap_set(block->writable, runs[i].index, runs[i].npages);
		else
			bitmap_clear(block->writable, runs[i].index, runs[i].npages);
	}
	if (!block->count)
		hash_add(file->blocks, &block->node, block->start >> HMM_BLOCK_SHIFT);
	block->count = bitmap_weight(block->mapped, HMM_BLOCK_PAGES);
	spin_unlock(&file->dev->lock);
}

static bool odp_unmap(struct hmm_mirror *mirror, struct hmm_block *hblock, unsigned int index,
		      unsigned int npages, bool blockable, u64 *token)
{
	struct odp_file *file = hmm_mirror_priv(mirror);
	struct odp_block *block = hmm_block_priv(hblock);
	struct odp_device *dev = file->dev;
	bool done = false;

	spin_lock(&dev->lock);
	/* A copy takes its time: rather than spin for it, the caller comes again. */
	if (blockable || atomic64_read_acquire(&dev->ended) == dev->started) {
		bitmap_clear(block->mapped, index, npages);
		if (block->count && bitmap_empty(block->mapped, HMM_BLOCK_PAGES))
			hash_del(&block->node);
		block->count = bitmap_weight(block->mapped, HMM_BLOCK_PAGES);
		*token = dev->started;
		done = true;
	}
	spin_unlock(&dev->lock);
	return done;
}

static void odp_flush(struct hmm_mirror *mirror, u64 token, bool blockable)
{
	struct odp_file *file = hmm_mirror_priv(mirror);

	odp_device_wait(file->dev, token, blockable);
}

const struct hmm_mirror_ops odp_mirror_ops = {
	.block_init = odp_block_init,
	.block_fini = odp_block_fini,
	.map = odp_map,
	.unmap = odp_unmap,
	.flush = odp_flush,
};

/* The copy that saw the region valid has its number, since that was under the lock. */
static void odp_userptr_quiesce(struct hmm_userptr *userptr)
{
	struct odp_region *region = hmm_userptr_priv(userptr);
	struct odp_device *dev = region->file->dev;
	u64 copy;

	spin_lock(&dev->lock);
	copy = dev->started;
	spin_unlock(&dev->lock);
	odp_device_wait(dev, copy, true);
}

static const struct hmm_userptr_ops odp_userptr_ops = {
	.stop = odp_userptr_quiesce,
	.unmap = odp_userptr_quiesce,
};

static int odp_region_attach(struct odp_region *region)
{
	unsigned long first = region->addr & PAGE_MASK;
	unsigned long npages = (PAGE_ALIGN(region->addr + region->length) - first) >> PAGE_SHIFT;
	struct hmm_userptr *userptr;

	region->addrs = kvzalloc_objs(*region->addrs, npages, GFP_KERNEL_ACCOUNT);
	if (!region->addrs)
		return -ENOMEM;
	userptr = hmm_userptr_create(&region->file->dev->pdev->dev, &odp_userptr_ops, region, first,
				     npages, region->write, region->addrs);
	if (IS_ERR(userptr))
		return PTR_ERR(userptr);
	region->userptr = userptr;
	return 0;
}

/**
 * odp_region_create() - make a region
 * @file: file of the calling process, not closed, its lock held
 * @addr: first byte
 * @length: bytes
 * @flags: MIRAGE_ODP_*
 *
 * Return: the region with a reference for the caller, or an error pointer as struct
 * mirage_odp_register has it
 */
struct odp_region *odp_region_create(struct odp_file *file, u64 addr, u64 length, u32 flags)
{
	struct odp_region *region;
	int ret = 0;

	if (!length || flags & ~(MIRAGE_ODP_WRITE | MIRAGE_ODP_REVALIDATE))
		return ERR_PTR(-EINVAL);
	if (length > TASK_SIZE || addr > TASK_SIZE - length)
		return ERR_PTR(-EFAULT);
	if (flags & MIRAGE_ODP_REVALIDATE && length > MIRAGE_ODP_REVALIDATE_MAX)
		return ERR_PTR(-E2BIG);

	region = kzalloc_obj(*region, GFP_KERNEL_ACCOUNT);
	if (!region)
		return ERR_PTR(-ENOMEM);
	kref_init(&region->refs);
	region->file = file;
	region->addr = addr;
	region->length = length;
	region->write = flags & MIRAGE_ODP_WRITE;
	if (flags & MIRAGE_ODP_REVALIDATE)
		ret = odp_region_attach(region);
	if (ret) {
		odp_region_put(region);
		return ERR_PTR(ret);
	}
	return region;
}

/**
 * odp_region_close() - take a region's memory from the engine for good
 * @region: region; copies may be running
 *
 * Context: may sleep.
 */
void odp_region_close(struct odp_region *region)
{
	if (region->userptr)
		hmm_userptr_close(region->userptr);
}

static void odp_region_free(struct kref *refs)
{
	struct odp_region *region = container_of(refs, struct odp_region, refs);

	hmm_userptr_put(region->userptr);
	kvfree(region->addrs);
	kfree(region);
}

/**
 * odp_region_put() - give up a reference
 * @region: region; closed, if it is the last
 */
void odp_region_put(struct odp_region *region)
{
	kref_put(&region->refs, odp_region_free);
}

/**
 * odp_region_prepare() - make a page accessible
 * @region: region
 * @fault: room for a request
 * @addr: address in the page
 * @write: for writing
 *
 * Context: process, no locks; may sleep for long, until a fatal signal.
 * Return: 0 or an errno as struct mirage_odp_copy has it
 */
int odp_region_prepare(struct odp_region *region, struct hmm_fault *fault, unsigned long addr,
		       bool write)
{
	unsigned int index = (addr & (HMM_BLOCK_SIZE - 1)) >> PAGE_SHIFT;
	int ret;

	if (region->userptr)
		return hmm_userptr_populate(region->userptr);

	memset(fault, 0, sizeof(*fault));
	fault->start = addr & ~(HMM_BLOCK_SIZE - 1);
	__set_bit(index, write ? fault->write : fault->read);
	ret = hmm_mirror_fault(region->file->mirror, fault);
	return ret ?: hmm_fault_error(fault, index);
}

/**
 * odp_region_find() - find the address of a byte for the engine
 * @region: region
 * @addr: address of the byte
 * @write: for writing
 * @dma: out: the engine's address
 *
 * Context: under odp_device.lock.
 * Return: false if the page is not accessible now
 */
bool odp_region_find(struct odp_region *region, unsigned long addr, bool write, dma_addr_t *dma)
{
	unsigned int index = (addr & (HMM_BLOCK_SIZE - 1)) >> PAGE_SHIFT;
	unsigned long start = addr & ~(HMM_BLOCK_SIZE - 1);
	struct odp_block *block;

	lockdep_assert_held(&region->file->dev->lock);

	if (region->userptr) {
		if (!hmm_userptr_is_valid(region->userptr))
			return false;
		*dma = region->addrs[(addr - (region->addr & PAGE_MASK)) >> PAGE_SHIFT] +
		       offset_in_page(addr);
		return true;
	}
	hash_for_each_possible(region->file->blocks, block, node, start >> HMM_BLOCK_SHIFT) {
		if (block->start != start)
			continue;
		*dma = block->addrs[index] + offset_in_page(addr);
		return test_bit(index, write ? block->writable : block->mapped) &&
		       test_bit(index, block->mapped);
	}
	return false;
}
