// SPDX-License-Identifier: GPL-2.0
/*
 * Pages as the device addresses them.
 *
 * Each block, and each userptr, owns a struct hmm_dma_map. Behind an IOMMU that offers it, this is
 * as much IOVA as it has pages, into which pages are linked at their own offset: device addresses are then
 * contiguous whatever memory looks like, and a 2 MiB page-table entry of the device always
 * fits a block. Elsewhere a page has its own DMA address.
 *
 * hmm_dma_map_pfn() and hmm_dma_unmap_pfn() sync the IOTLB once per page, which behind a virtual
 * IOMMU costs a message to the host each time. So for ordinary pages in the IOVA case
 * linking is done here, with one sync for a fault, and contiguous pages are unlinked
 * in one call. They are still linked page by page: a page may be taken away alone, and an IOMMU
 * cannot unmap a part of a large entry. Peer-to-peer pages, and all pages where there is no IOVA,
 * go through the hmm_dma functions.
 *
 * Everything here runs under the lock of the block or userptr, under which reclaim may run: the
 * DMA layer allocates atomically and may fail.
 */
#include <linux/hmm.h>
#include <linux/memremap.h>
#include <linux/pci-p2pdma.h>

#include "mirror.h"

/* As hmm_dma_map_pfn(): never bounced, since nobody would copy the bounce buffer back */
#define HMM_DMA_ATTRS	DMA_ATTR_REQUIRE_COHERENT

/**
 * hmm_pages_link - map a page for the device, or find its mapping
 * @dev: the device
 * @map: the mapping
 * @index: the page, in pages from the start of @map
 * @pfn: what hmm_range_fault() said of it; has HMM_PFN_VALID
 * @p2p: state for peer-to-peer pages, zero at the first call for a fault
 *
 * The device may use the address after hmm_pages_sync().
 * Context: under the lock that protects @map, with the answer of hmm_range_fault() still valid.
 * Return: the device address, DMA_MAPPING_ERROR if the page cannot be mapped.
 */
dma_addr_t hmm_pages_link(struct device *dev, struct hmm_dma_map *map, size_t index,
			  unsigned long pfn, struct pci_p2pdma_map_state *p2p)
{
	unsigned long *entry = &map->pfn_list[index];
	size_t offset = index << PAGE_SHIFT;
	unsigned long old = *entry;
	dma_addr_t addr;

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
 * hmm_pages_sync - make linked pages usable
 * @dev: the device
 * @map: the mapping
 * @first: first page that hmm_pages_link() mapped
 * @end: behind the last
 *
 * Context: under the lock that protects @map.
 * Return: 0 or a negative errno; then the device must not use the addresses.
 */
int hmm_pages_sync(struct device *dev, struct hmm_dma_map *map, size_t first, size_t end)
{
	if (!dma_use_iova(&map->state) || first >= end)
		return 0;
	return dma_iova_sync(dev, &map->state, first << PAGE_SHIFT, (end - first) << PAGE_SHIFT);
}

static bool hmm_pfn_is_linked(unsigned long pfn)
{
	return (pfn & (HMM_PFN_DMA_MAPPED | HMM_PFN_P2PDMA | HMM_PFN_P2PDMA_BUS)) ==
	       HMM_PFN_DMA_MAPPED;
}

/*
 * Unlink page @index, and as many behind it, up to @end, as can go in the same call.
 * Returns the page behind them.
 */
static size_t hmm_pages_unlink(struct device *dev, struct hmm_dma_map *map, size_t index,
			       size_t end)
{
	size_t behind = index + 1;

	if (!dma_use_iova(&map->state) || !hmm_pfn_is_linked(map->pfn_list[index])) {
		hmm_dma_unmap_pfn(dev, map, index);
		return behind;
	}

	while (behind < end && hmm_pfn_is_linked(map->pfn_list[behind]))
		behind++;
	dma_iova_unlink(dev, &map->state, index << PAGE_SHIFT, (behind - index) << PAGE_SHIFT,
			DMA_BIDIRECTIONAL, HMM_DMA_ATTRS);
	return behind;
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
 * hmm_pages_release - give pages back to mm
 * @dev: the device
 * @map: the mapping
 * @first: first page
 * @end: behind the last page; the device cannot reach those any more that are mapped
 *
 * Removes the DMA mappings of those that have one, and marks dirty what the device could write.
 * Context: under the lock that protects @map; does not sleep.
 * Return: number of pages that were mapped
 */
size_t hmm_pages_release(struct device *dev, struct hmm_dma_map *map, size_t first, size_t end)
{
	unsigned long *list = map->pfn_list;
	struct folio *last = NULL;
	size_t released = 0;
	size_t behind;

	while (first < end) {
		if (!list[first]) {
			first++;
			continue;
		}
		behind = hmm_pages_unlink(dev, map, first, end);
		released += behind - first;
		for (; first < behind; first++) {
			if (list[first] & HMM_PFN_WRITE)
				hmm_dirty(list[first], &last);
			list[first] = 0;
		}
	}
	return released;
}
