/* SPDX-License-Identifier: MIT */
/* System memory as the device sees it: which bus addresses lead where. */
#ifndef MODEL_DMA_H
#define MODEL_DMA_H

#include <sys/types.h>

#include "util.h"

/*
 * Pages that maps may lead to at once: so many, and two for each page of the client's memory. Maps
 * are joined, but unmaps may leave one for each page; so a guest that maps the same pages over and
 * over is bounded, and no unmap is refused for the number of maps.
 */
#define DMA_SPARE_PAGES 65536u
/* max_dma_maps as the client is told it. QEMU takes no more, and does not count. */
#define DMA_TOLD_MAPS 65535u
/* Maps have this granularity, so an access within a page lies in one map. */
#define DMA_PAGE_SIZE 4096u

/* A file of the client, mapped once however many maps lead into it. */
struct dma_file {
	dev_t dev;		/* with @ino: identity of the file */
	ino_t ino;
	bool writable;		/* the mapping is */
	u64 size;		/* bytes that are mapped */
	u8 *host;		/* the mapping */
	unsigned int users;	/* maps that lead into it */
	struct dma_file *next;
};

/* Nothing in it but its addresses is looked at while maps are compared. */
struct dma_map {
	u64 start;		/* bus address of the first byte */
	u64 last;		/* and of the last one */
	u8 *host;		/* place of the first byte; NULL: memory that may be another GPU's, or none */
	struct dma_file *file;	/* NULL if @host is */
	bool writable;
};

/* Protected by the device's lock. */
struct dma {
	void *maps;		/* tree of struct dma_map, disjoint (tsearch(3)) */
	unsigned int nr;	/* maps in it */
	u64 weight;		/* pages of those into memory, and one for each other */
	struct dma_map *hit;	/* the one found last, or NULL */
	struct dma_file *files;
	u64 file_pages;		/* pages of all @files */
	const struct peers *peers;	/* where ranges without memory may lead */
};

void dma_init(struct dma *dma, const struct peers *peers);
void dma_fini(struct dma *dma);

/**
 * dma_map() - make @size bytes of @fd from @offset reachable at bus address @start.
 * @fd: stays the caller's; -1 for a range without memory
 *
 * Returns 0 or a negative errno: -EINVAL not page aligned, empty, or beyond the
 * 52 bits of a bus address or the end of the file; -EEXIST overlaps a map;
 * -ENOSPC too many pages; -ENOMEM; or why mmap() failed.
 *
 * It is joined with neighbours that it continues, in bus addresses and in the file.
 */
int dma_map(struct dma *dma, u64 start, u64 size, int fd, u64 offset, bool writable);

/**
 * dma_unmap() - remove every page of a map inside [@start, @start + @size).
 *
 * Returns 0; -ENOENT if there is none; -EINVAL not page aligned, empty, or a range without
 * memory lies across a border; -ENOMEM. On an error nothing is removed.
 */
int dma_unmap(struct dma *dma, u64 start, u64 size);

/** dma_unmap_all() - remove every map. */
void dma_unmap_all(struct dma *dma);

/**
 * dma_find() - where bus address @addr leads.
 * @avail: set to the number of bytes from there to the end of the map
 *
 * Returns NULL if no memory is there, or it must not be written and @write is set.
 */
void *dma_find(struct dma *dma, u64 addr, bool write, u64 *avail);

#endif /* MODEL_DMA_H */
