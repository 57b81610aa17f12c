// SPDX-License-Identifier: GPL-2.0
/*
 * A block's pages as the device addresses them.
 *
 * Each block owns a struct hmm_dma_map. Behind an IOMMU that offers it, this is 2 MiB of
 * IOVA, into which pages are linked at their own offset: device addresses of a block are then
 * contiguous whatever memory looks like, and a 2 MiB page-table entry of the device always
 * fits. Elsewhere a page has its own DMA address.
 *
 * hmm_dma_map_pfn() and hmm_dma_unmap_pfn() sync the IOTLB once per page, which behind a virtual
 * IOMMU costs a message to the host each time. So for ordinary pages in the IOVA case
 * linking is done here, with one sync for a fault, and contiguous pages are unlinked
 * in one call. They are still linked page by page: a page may be taken away alone, and an IOMMU
 * cannot unmap a part of a large entry. Peer-to-peer pages, and all pages where there is no IOVA,
 * go through the hmm_dma functions.
 *
 * Everything here runs under the block's lock, under which reclaim may run: the
 * DMA layer allocates atomically and may fail.
 */
#include <linux/hmm.h>
#include <linux/memremap.h>
#include <linux/pci-p2pdma.h>

#include "mirror.h"

/* As hmm_dma_map_pfn(): never bounced, since nobody would copy the bounce buffer back */
#define HMM_DMA_ATTRS	DMA_ATTR_REQUIRE_COHERENT

/**
 * hmm_block_dma_link - map a page for the device, or find its mapping
 * @block: the block
 * @index: the page, in pages from the start of the block
 * @pfn: what hmm_range_fault() said of it; has HMM_PFN_VALID
 * @p2p: state for peer-to-peer pages, zero at the first call for a fault
 *
 * The device may use the address after hmm_block_dma_sync().
 * Context: under the block's lock, with the answer of hmm_range_fault() still valid.
 * Return: the device address, DMA_MAPPING_ERROR if the page cannot be mapped.
 */
dma_addr_t hmm_block_dma_link(struct hmm_block *block, unsigned int index, unsigned long pfn,
			      struct pci_p2pdma_map_state *p2p)
{
	struct device *dev = block->mirror->dev;
	struct hmm_dma_map *map = &block->dma;
	unsigned long *entry = &map->pfn_list[index];
	size_t offset = (size_t)index << PAGE_SHIFT;
	unsigned long old = *entry;
	dma_addr_t addr;

	lockdep_assert_held(&block->lock);

	/* Sticky bits of the DMA layer are kept only in our own list */
	*entry = (old & ~(HMM_PFN_VALID | HMM_PFN_WRITE)) | (pfn & ~HMM_PFN_FLAGS) |
		 HMM_PFN_VALID | (pfn & HMM_PFN_WRITE);

	if (!dma_use_iova(&map->state) || (old & HMM_PFN_DMA_MAPPED) ||
	    is_pci_p2pdma_page(hmm_pfn_to_page(pfn))) {
		addr = hmm_dma_map_pfn(dev, map, index, p2p);
	} else if (dma_iova_link(dev, &map->state, hmm_pfn_to_phys(pfn), offset, PAGE_SIZE,
				 DMA_BIDIRECTIONAL, HMM_DMA_ATTRS)) {
		addr = DMA_MAPPING_ERROR;
	} else {
		*entry |= HMM_PFN_DMA_MAPPED;
		addr = map->state.addr + offset;
	}

	/* An address of a page that is already mapped is only looked up again */
	if (addr == DMA_MAPPING_ERROR)
		*entry = old;
	return addr;
}

/**
 * hmm_block_dma_sync - make linked pages usable
 * @block: the block
 * @first: first page that hmm_block_dma_link() mapped
 * @end: behind the last
 *
 * Context: under the block's lock.
 * Return: 0 or a negative errno; then the device must not use the addresses.
 */
int hmm_block_dma_sync(struct hmm_block *block, unsigned int first, unsigned int end)
{
	struct hmm_dma_map *map = &block->dma;

	lockdep_assert_held(&block->lock);

	if (!dma_use_iova(&map->state) || first >= end)
		return 0;
	return dma_iova_sync(block->mirror->dev, &map->state, (size_t)first << PAGE_SHIFT,
			     (size_t)(end - first) << PAGE_SHIFT);
}

static bool hmm_pfn_is_linked(unsigned long pfn)
{
	return (pfn & (HMM_PFN_DMA_MAPPED | HMM_PFN_P2PDMA | HMM_PFN_P2PDMA_BUS)) ==
	       HMM_PFN_DMA_MAPPED;
}

/*
 * Unlink the pages of @pages from @index on that can go in one call.
 * Returns the page behind them.
 */
static unsigned int hmm_block_dma_unlink(struct hmm_block *block, const unsigned long *pages,
					 unsigned int index)
{
	struct device *dev = block->mirror->dev;
	struct hmm_dma_map *map = &block->dma;
	unsigned int end = index + 1;

	if (!dma_use_iova(&map->state) || !hmm_pfn_is_linked(map->pfn_list[index])) {
		hmm_dma_unmap_pfn(dev, map, index);
		return end;
	}

	while (end < HMM_BLOCK_PAGES && test_bit(end, pages) &&
	       hmm_pfn_is_linked(map->pfn_list[end]))
		end++;
	dma_iova_unlink(dev, &map->state, (size_t)index << PAGE_SHIFT,
			(size_t)(end - index) << PAGE_SHIFT, DMA_BIDIRECTIONAL, HMM_DMA_ATTRS);
	return end;
}

/*
 * What the device wrote did not set the dirty bit of any CPU page-table entry. This is the
 * last moment to say so: the device can write no more, and mm, which waits for
 * us, has not unmapped the page yet, which keeps the folio and its mapping from going away.
 * The folio's lock is not taken because callers of notifiers hold it sometimes.
 * A file's page that mm lets us write has been made dirty with its file system's knowledge
 * when the CPU's entry became writable, so this changes nothing for it; it is needed for
 * anonymous memory whose entry is writable but clean, as after swap-in or MADV_FREE.
 */
static void hmm_dirty(unsigned long pfn, struct folio **last)
{
	struct folio *folio = page_folio(hmm_pfn_to_page(pfn));

	if (folio == *last || folio_is_zone_device(folio))
		return;
	*last = folio;
	folio_mark_dirty(folio);
}

/**
 * hmm_block_dma_release - give pages back to mm
 * @block: the block
 * @pages: pages that are mapped for DMA and that the device cannot reach any more
 *
 * Removes their DMA mappings and marks dirty what the device could write.
 * Context: under the block's lock; does not sleep.
 */
void hmm_block_dma_release(struct hmm_block *block, const unsigned long *pages)
{
	unsigned long *list = block->dma.pfn_list;
	struct folio *last = NULL;
	unsigned int index, end;

	lockdep_assert_held(&block->lock);

	for (index = find_first_bit(pages, HMM_BLOCK_PAGES); index < HMM_BLOCK_PAGES;
	     index = find_next_bit(pages, HMM_BLOCK_PAGES, end)) {
		end = hmm_block_dma_unlink(block, pages, index);
		for (; index < end; index++) {
			if (list[index] & HMM_PFN_WRITE)
				hmm_dirty(list[index], &last);
			list[index] = 0;
		}
	}
}
