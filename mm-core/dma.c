// SPDX-License-Identifier: GPL-2.0
/*
 * DMA addresses of pages.
 *
 * Each block and each userptr owns a struct hmm_dma_map. Behind an IOMMU that supports it, this
 * reserves IOVA for all its pages, and each page is linked at its own offset. Then device addresses
 * are contiguous whatever the physical layout, and a 2 MiB page-table entry of the device always
 * fits a block. Otherwise each page has its own DMA address.
 *
 * hmm_dma_map_pfn() and hmm_dma_unmap_pfn() sync the IOTLB once per page. Behind a virtual IOMMU
 * each sync costs a message to the host. So in the IOVA case this file links ordinary pages itself,
 * with one sync per fault, and unlinks contiguous pages in one call. Pages are still linked one by
 * one: a single page may be taken away, and an IOMMU cannot unmap a part of a large entry.
 * Peer-to-peer pages, and all pages without IOVA, go through the hmm_dma functions.
 *
 * Everything here runs under the lock of the block or userptr, which reclaim takes too: the DMA
 * layer allocates atomically and may fail.
 */
#include <linux/hmm.h>
#include <linux/memremap.h>
#include <linux/pci-p2pdma.h>

#include "devmem.h"
#include "mirror.h"

/* As in hmm_dma_map_pfn(): no bounce buffers, because the data would not be copied back */
#define HMM_DMA_ATTRS	DMA_ATTR_REQUIRE_COHERENT

/**
 * hmm_pfn_location - find the memory that a page is in
 * @pfn: the page's answer from hmm_range_fault(); has HMM_PFN_VALID
 *
 * mm gives no other device-private pages than those of the mirror's own device (hmm_ask()).
 *
 * Return: the memory
 */
enum hmm_location hmm_pfn_location(unsigned long pfn)
{
	return is_device_private_page(hmm_pfn_to_page(pfn)) ? HMM_LOCATION_DEVICE :
							      HMM_LOCATION_SYSTEM;
}

/**
 * hmm_pages_alloc - allocate the lists of a DMA mapping
 * @dev: the device
 * @map: filled; to be freed by hmm_dma_map_free()
 * @npages: number of pages
 *
 * As hmm_dma_map_alloc(), but charged. A userptr may name any amount of memory, and several may
 * name the same pages; a block may have one page. Nothing is pinned, so RLIMIT_MEMLOCK does not
 * apply.
 *
 * Context: may sleep and allocate, charged to the caller's memory cgroup or to the active one.
 * Return: 0; -EOPNOTSUPP if the device cannot use such a mapping; -ENOMEM
 */
int hmm_pages_alloc(struct device *dev, struct hmm_dma_map *map, size_t npages)
{
	int ret;

	/* Only this function knows which devices cannot use such a list */
	ret = hmm_dma_map_alloc(dev, map, 1, PAGE_SIZE);
	if (ret)
		return ret;
	hmm_dma_map_free(dev, map);

	*map = (struct hmm_dma_map){ .dma_entry_size = PAGE_SIZE };
	map->pfn_list = kvzalloc_objs(*map->pfn_list, npages, HMM_GFP);
	if (!map->pfn_list)
		return -ENOMEM;
	if (dma_iova_try_alloc(dev, &map->state, 0, npages << PAGE_SHIFT) || !dma_need_unmap(dev))
		return 0;
	map->dma_list = kvzalloc_objs(*map->dma_list, npages, HMM_GFP);
	if (map->dma_list)
		return 0;
	kvfree(map->pfn_list);
	return -ENOMEM;
}

/**
 * hmm_pages_link - map a page for the device, or find its mapping
 * @dev: the device
 * @map: the mapping
 * @index: index of the page in @map
 * @pfn: the page's answer from hmm_range_fault(); has HMM_PFN_VALID
 * @p2p: state for peer-to-peer pages, zero at the first call for a fault
 * @addr: out: the device address, for a page in the device's memory its offset there
 *
 * The device may use the address only after hmm_pages_sync().
 * Context: under the lock that protects @map, with the answer of hmm_range_fault() still valid.
 * Return: 0; -ENOMEM if the IOMMU has no memory for its tables now (try again later), or its other
 * errno; -EIO if the page cannot be mapped, or the DMA layer does not say why.
 */
int hmm_pages_link(struct device *dev, struct hmm_dma_map *map, size_t index, unsigned long pfn,
		   struct pci_p2pdma_map_state *p2p, dma_addr_t *addr)
{
	unsigned long *entry = &map->pfn_list[index];
	size_t offset = index << PAGE_SHIFT;
	unsigned long old = *entry;
	int ret = 0;

	/* Only our own list keeps the sticky bits of the DMA layer */
	*entry = (old & ~(HMM_PFN_VALID | HMM_PFN_WRITE)) | (pfn & ~HMM_PFN_FLAGS) |
		 HMM_PFN_VALID | (pfn & HMM_PFN_WRITE);

	if (hmm_pfn_location(pfn) == HMM_LOCATION_DEVICE) {
		*addr = hmm_page_offset(hmm_pfn_to_page(pfn));
		return 0;
	}

	if (!dma_use_iova(&map->state) || (old & HMM_PFN_DMA_MAPPED) ||
	    is_pci_p2pdma_page(hmm_pfn_to_page(pfn))) {
		*addr = hmm_dma_map_pfn(dev, map, index, p2p);
		if (*addr == DMA_MAPPING_ERROR)
			ret = -EIO;
	} else {
		*addr = map->state.addr + offset;
		ret = dma_iova_link(dev, &map->state, hmm_pfn_to_phys(pfn), offset, PAGE_SIZE,
				    DMA_BIDIRECTIONAL, HMM_DMA_ATTRS);
		if (!ret)
			*entry |= HMM_PFN_DMA_MAPPED;
	}

	/* For a page that is already mapped, only its address is looked up */
	if (ret)
		*entry = old;
	return ret;
}

/**
 * hmm_pages_sync - make linked pages usable
 * @dev: the device
 * @map: the mapping
 * @first: first page that hmm_pages_link() mapped
 * @end: end of the range, exclusive
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
 * Unlink page @index, and following pages up to @end that can go in the same call. Returns the
 * index after the last page unlinked.
 */
static size_t hmm_pages_unlink(struct device *dev, struct hmm_dma_map *map, size_t index,
			       size_t end)
{
	size_t behind = index + 1;

	if (hmm_pfn_location(map->pfn_list[index]) == HMM_LOCATION_DEVICE)
		return behind;
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
 * The device's writes did not set the dirty bit of any CPU page-table entry. This is the last
 * moment to mark the folio dirty: the device can no longer write, and mm waits for this notifier
 * before it unmaps the page, so the folio and its mapping still exist. The folio lock is not taken,
 * because some callers of notifiers hold it. A file page that mm lets us write became dirty, with
 * its file system's knowledge, when the CPU's entry became writable, so nothing changes for it. The
 * mark is needed for anonymous memory whose entry is writable but clean, as after swap-in or
 * MADV_FREE. A folio in device memory takes the mark along when it comes home.
 */
static void hmm_dirty(unsigned long pfn, struct folio **last)
{
	struct folio *folio = page_folio(hmm_pfn_to_page(pfn));

	if (folio == *last || (folio_is_zone_device(folio) && !folio_is_device_private(folio)))
		return;
	*last = folio;
	folio_mark_dirty(folio);
}

/**
 * hmm_pages_release - return pages to mm
 * @dev: the device
 * @map: the mapping
 * @first: first page
 * @end: end of the range, exclusive; the device can no longer reach mapped pages in it
 *
 * Removes the DMA mappings of mapped pages, and marks those dirty that the device could write.
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
