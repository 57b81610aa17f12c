// SPDX-License-Identifier: GPL-2.0
/*
 * Device memory: its life, and its struct pages.
 *
 * mm knows device memory by struct pages: 1.6 % of its size. So they are made for a chunk when the
 * first range in it is handed out, which for most of the memory of a graphics card never happens.
 * The pages of a chunk are linear in its offsets, so that neither needs a table.
 *
 * Pages outlive the driver: a process that has a page cannot be made to give it back. At
 * hmm_devmem_close() everything is moved home; a page that cannot be moved stays, and the process
 * that touches it gets SIGBUS. Its chunk is removed when the last such page is freed.
 *
 * Model: the pagemap of nouveau_dmem.c, with the chunk as its unit. Rejected: one range for the
 * whole device (xe), which costs its struct pages whether or not a process uses SVM.
 */
#include "devmem.h"

#include <linux/device.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "mirror.h"

static struct hmm_chunk *hmm_chunk_create(struct hmm_devmem *devmem, u64 offset)
{
	struct hmm_chunk *chunk;
	struct resource *res;
	void *ret;

	chunk = kzalloc_obj(*chunk);
	if (!chunk)
		return ERR_PTR(-ENOMEM);

	res = request_free_mem_region(&iomem_resource, HMM_CHUNK_SIZE, "hmm_devmem");
	if (IS_ERR(res)) {
		kfree(chunk);
		return ERR_CAST(res);
	}
	chunk->devmem = devmem;
	chunk->offset = offset;
	chunk->pfn = PHYS_PFN(res->start);
	chunk->pagemap.type = MEMORY_DEVICE_PRIVATE;
	chunk->pagemap.range.start = res->start;
	chunk->pagemap.range.end = res->end;
	chunk->pagemap.nr_range = 1;
	chunk->pagemap.ops = &hmm_pagemap_ops;
	chunk->pagemap.owner = devmem;

	ret = memremap_pages(&chunk->pagemap, dev_to_node(devmem->dev));
	if (IS_ERR(ret)) {
		release_mem_region(res->start, HMM_CHUNK_SIZE);
		kfree(chunk);
		return ERR_CAST(ret);
	}
	return chunk;
}

/* The chunk has no pages in use. */
static void hmm_chunk_destroy(struct hmm_chunk *chunk)
{
	phys_addr_t start = chunk->pagemap.range.start;

	memunmap_pages(&chunk->pagemap);
	release_mem_region(start, HMM_CHUNK_SIZE);
	kfree(chunk);
}

/**
 * hmm_devmem_chunk - get the struct pages for an offset
 * @devmem: device memory
 * @offset: bytes, inside the memory
 *
 * Context: no lock of mm is held. Sleeps and allocates at the first use of the chunk.
 * Return: the chunk, or an ERR_PTR(): -ENOMEM, -ERANGE there are no addresses left for it
 */
struct hmm_chunk *hmm_devmem_chunk(struct hmm_devmem *devmem, u64 offset)
{
	unsigned int index = offset >> HMM_CHUNK_SHIFT;
	struct hmm_chunk *chunk;

	/* Pairs with the release below: the chunk's fields are visible */
	chunk = smp_load_acquire(&devmem->chunks[index]);
	if (chunk)
		return chunk;

	mutex_lock(&devmem->chunk_lock);
	chunk = devmem->chunks[index];
	if (!chunk) {
		chunk = hmm_chunk_create(devmem, (u64)index << HMM_CHUNK_SHIFT);
		if (!IS_ERR(chunk)) {
			/* Pairs with the acquire above */
			smp_store_release(&devmem->chunks[index], chunk);
		}
	}
	mutex_unlock(&devmem->chunk_lock);
	return chunk;
}

static struct hmm_chunk *hmm_page_chunk(struct page *page)
{
	return container_of(page_pgmap(page), struct hmm_chunk, pagemap);
}

/**
 * hmm_page_devmem - find the device memory that a page is in
 * @page: a device-private page of the core
 *
 * Return: the device memory
 */
struct hmm_devmem *hmm_page_devmem(struct page *page)
{
	return hmm_page_chunk(page)->devmem;
}

/**
 * hmm_page_offset - find the place of a page
 * @page: a device-private page of the core
 *
 * Return: bytes from the start of the device's memory
 */
u64 hmm_page_offset(struct page *page)
{
	struct hmm_chunk *chunk = hmm_page_chunk(page);

	return chunk->offset + ((u64)(page_to_pfn(page) - chunk->pfn) << PAGE_SHIFT);
}

/* In a work: removing struct pages sleeps, and the last reference may go under any lock. */
static void hmm_devmem_free_work(struct work_struct *work)
{
	struct hmm_devmem *devmem = container_of(work, struct hmm_devmem, free_work);
	unsigned int i;

	for (i = 0; i < devmem->nr_chunks; i++) {
		if (devmem->chunks[i])
			hmm_chunk_destroy(devmem->chunks[i]);
	}
	/* The work that dropped the last reference may still be about to return */
	flush_work(&devmem->reap_work);
	put_device(devmem->dev);
	kfree(devmem->chunks);
	mutex_destroy(&devmem->chunk_lock);
	mutex_destroy(&devmem->reap_lock);
	/* hmm_mirror_exit() waits for the workqueue, and so for the end of this function */
	if (devmem->orphaned)
		module_put(THIS_MODULE);
	kfree(devmem);
}

/**
 * hmm_devmem_create - set up device memory
 * @dev: the device that copies; its DMA mask is set
 * @size: bytes of its memory, a multiple of 2 MiB
 * @ops: the driver's callbacks, all required
 * @priv: the driver's data, for hmm_devmem_priv()
 *
 * Context: process context. May sleep and allocate.
 * Return: the device memory, to be ended by hmm_devmem_close() and hmm_devmem_put(), or an
 * ERR_PTR(): -EINVAL, -ENOMEM
 */
struct hmm_devmem *hmm_devmem_create(struct device *dev, u64 size,
				     const struct hmm_devmem_ops *ops, void *priv)
{
	struct hmm_devmem *devmem;

	if (!size || size % HMM_BLOCK_SIZE || !ops->alloc || !ops->free || !ops->copy || !ops->read)
		return ERR_PTR(-EINVAL);

	devmem = kzalloc_obj(*devmem);
	if (!devmem)
		return ERR_PTR(-ENOMEM);
	devmem->nr_chunks = DIV_ROUND_UP_ULL(size, HMM_CHUNK_SIZE);
	devmem->chunks = kcalloc(devmem->nr_chunks, sizeof(*devmem->chunks), GFP_KERNEL);
	if (!devmem->chunks) {
		kfree(devmem);
		return ERR_PTR(-ENOMEM);
	}

	devmem->dev = get_device(dev);
	devmem->size = size;
	devmem->ops = ops;
	devmem->priv = priv;
	kref_init(&devmem->ref);
	INIT_WORK(&devmem->free_work, hmm_devmem_free_work);
	refcount_set(&devmem->users, 1);
	init_completion(&devmem->idle);
	mutex_init(&devmem->chunk_lock);
	mutex_init(&devmem->reap_lock);
	spin_lock_init(&devmem->lru_lock);
	INIT_LIST_HEAD(&devmem->lru);
	init_llist_head(&devmem->dead);
	INIT_WORK(&devmem->reap_work, hmm_extents_reap_work);
	return devmem;
}
EXPORT_SYMBOL_GPL(hmm_devmem_create);

/**
 * hmm_devmem_enter - start a call that hmm_devmem_close() has to wait for
 * @devmem: device memory
 *
 * Return: false if the driver is gone; then @devmem->ops must not be used
 */
bool hmm_devmem_enter(struct hmm_devmem *devmem)
{
	return refcount_inc_not_zero(&devmem->users);
}

/**
 * hmm_devmem_leave - end a call
 * @devmem: device memory
 */
void hmm_devmem_leave(struct hmm_devmem *devmem)
{
	if (refcount_dec_and_test(&devmem->users))
		complete(&devmem->idle);
}

/**
 * hmm_devmem_suspend - move everything home, and take nothing more
 * @devmem: device memory
 *
 * For a device that is about to lose its memory. Until hmm_devmem_resume(), migrations to the
 * device leave all pages where they are.
 *
 * Context: process context, without locks that mm takes; one task at a time. Sleeps and allocates.
 * Return: 0; or a negative errno as hmm_devmem_evict_all(), with no effect
 */
int hmm_devmem_suspend(struct hmm_devmem *devmem)
{
	int ret;

	WRITE_ONCE(devmem->suspended, true);
	/* Pairs with the barrier in hmm_extent_create() */
	smp_mb();
	ret = hmm_devmem_evict_all(devmem);
	if (ret)
		hmm_devmem_resume(devmem);
	return ret;
}
EXPORT_SYMBOL_GPL(hmm_devmem_suspend);

/**
 * hmm_devmem_resume - take pages again
 * @devmem: device memory, after hmm_devmem_suspend()
 *
 * Context: any.
 */
void hmm_devmem_resume(struct hmm_devmem *devmem)
{
	WRITE_ONCE(devmem->suspended, false);
}
EXPORT_SYMBOL_GPL(hmm_devmem_resume);

/**
 * hmm_devmem_close - take all pages out of device memory, and end the driver's callbacks
 * @devmem: device memory
 *
 * The device must still be able to copy; if it cannot, the contents are lost, and processes that
 * access them get SIGBUS.
 *
 * Context: process context, one task at a time, without locks that callbacks or mm take; may be
 * called again. Sleeps.
 */
void hmm_devmem_close(struct hmm_devmem *devmem)
{
	if (devmem->closing)
		return;
	WRITE_ONCE(devmem->closing, true);
	/* Pairs with the barrier in hmm_extent_create() */
	smp_mb();
	hmm_devmem_evict_all(devmem);

	hmm_devmem_leave(devmem);
	wait_for_completion(&devmem->idle);
	hmm_extents_release(devmem);
	/* Until now the driver's module has held this one */
	if (READ_ONCE(devmem->nr_extents)) {
		__module_get(THIS_MODULE);
		devmem->orphaned = true;
	}
}
EXPORT_SYMBOL_GPL(hmm_devmem_close);

/**
 * hmm_devmem_get - get a reference
 * @devmem: device memory, or NULL
 *
 * Return: @devmem
 */
struct hmm_devmem *hmm_devmem_get(struct hmm_devmem *devmem)
{
	if (devmem)
		kref_get(&devmem->ref);
	return devmem;
}

static void hmm_devmem_release(struct kref *ref)
{
	struct hmm_devmem *devmem = container_of(ref, struct hmm_devmem, ref);

	queue_work(hmm_mirror_wq, &devmem->free_work);
}

/**
 * hmm_devmem_put - drop a reference
 * @devmem: device memory; the driver has closed it. NULL is allowed
 *
 * Context: any.
 */
void hmm_devmem_put(struct hmm_devmem *devmem)
{
	if (devmem)
		kref_put(&devmem->ref, hmm_devmem_release);
}
EXPORT_SYMBOL_GPL(hmm_devmem_put);

/**
 * hmm_devmem_priv - get the driver's data of device memory
 * @devmem: device memory
 *
 * Return: the pointer passed to hmm_devmem_create().
 */
void *hmm_devmem_priv(struct hmm_devmem *devmem)
{
	return devmem->priv;
}
EXPORT_SYMBOL_GPL(hmm_devmem_priv);

/**
 * hmm_devmem_read_stats - read the counters
 * @devmem: device memory
 * @stats: out: the counters; each is exact, but they are not read at one moment
 *
 * Context: any.
 */
void hmm_devmem_read_stats(struct hmm_devmem *devmem, struct hmm_devmem_stats *stats)
{
	stats->pages = atomic64_read(&devmem->pages);
	stats->reserved = atomic64_read(&devmem->reserved);
	stats->to_device = atomic64_read(&devmem->to_device);
	stats->cpu_faults = atomic64_read(&devmem->cpu_faults);
	stats->home_fault = atomic64_read(&devmem->home[HMM_HOME_FAULT]);
	stats->home_asked = atomic64_read(&devmem->home[HMM_HOME_ASKED]);
	stats->home_evicted = atomic64_read(&devmem->home[HMM_HOME_EVICTED]) +
			      atomic64_read(&devmem->home[HMM_HOME_SUSPENDED]) +
			      atomic64_read(&devmem->home[HMM_HOME_CLOSED]);
	stats->failed = atomic64_read(&devmem->failed);
}
EXPORT_SYMBOL_GPL(hmm_devmem_read_stats);
