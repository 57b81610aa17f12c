// SPDX-License-Identifier: MIT
/*
 * The client says with messages which bus addresses lead to which part of which
 * file. Without an IOMMU in the guest there are a few large maps; with one
 * there is a map for each DMA mapping that a driver of the guest makes, all
 * into the same file. So files are mapped once and whole, maps are entries of a
 * sorted array, and adding one costs no mmap(). Rejected: mmap() for each map,
 * whose cost grows with the number of threads and which runs into the limit of
 * mappings of a process.
 *
 * A file cannot be read beyond its end; its size is looked at when it is mapped.
 * A client that shrinks it later ends this process through SIGBUS (see main.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dma.h"
#include "log.h"
#include "peers.h"

#define DMA_ADDR_LIMIT ((u64)1 << 52)

void dma_init(struct dma *dma, const struct peers *peers)
{
	*dma = (struct dma){ .peers = peers };
}

static void dma_put_file(struct dma *dma, struct dma_file *file)
{
	struct dma_file **p;

	if (!file || --file->users)
		return;
	for (p = &dma->files; *p != file; p = &(*p)->next)
		;
	*p = file->next;
	munmap(file->host, file->size);
	free(file);
}

void dma_unmap_all(struct dma *dma)
{
	for (unsigned int i = 0; i < dma->nr; i++)
		dma_put_file(dma, dma->maps[i].file);
	dma->nr = 0;
	dma->hit = 0;
}

void dma_fini(struct dma *dma)
{
	dma_unmap_all(dma);
	free(dma->maps);
	*dma = (struct dma){ 0 };
}

/* The index of the first map that ends at or after @addr. */
static unsigned int dma_search(const struct dma *dma, u64 addr)
{
	unsigned int lo = 0, hi = dma->nr;

	while (lo < hi) {
		unsigned int mid = lo + (hi - lo) / 2;

		if (dma->maps[mid].last < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int dma_get_file(struct dma *dma, int fd, u64 end, bool writable, struct dma_file **out)
{
	struct dma_file *file;
	struct stat st;
	void *host;
	int mode;

	if (fstat(fd, &st))
		return -errno;
	/* Only files have an end that can be checked, and memory behind each byte before it. */
	if (!S_ISREG(st.st_mode) || (u64)st.st_size < end)
		return -EINVAL;
	mode = fcntl(fd, F_GETFL) & O_ACCMODE;
	if (mode == O_WRONLY || (writable && mode != O_RDWR))
		return -EACCES;
	for (file = dma->files; file; file = file->next)
		if (file->dev == st.st_dev && file->ino == st.st_ino && file->size >= end &&
		    (file->writable || !writable)) {
			file->users++;
			*out = file;
			return 0;
		}
	host = mmap(NULL, (size_t)st.st_size,
		    PROT_READ | (mode == O_RDWR ? PROT_WRITE : 0), MAP_SHARED | MAP_NORESERVE,
		    fd, 0);
	if (host == MAP_FAILED)
		return -errno;
	file = xcalloc(1, sizeof(*file));
	file->dev = st.st_dev;
	file->ino = st.st_ino;
	file->writable = mode == O_RDWR;
	file->size = (u64)st.st_size;
	file->host = host;
	file->users = 1;
	file->next = dma->files;
	dma->files = file;
	*out = file;
	return 0;
}

int dma_map(struct dma *dma, u64 start, u64 size, int fd, u64 offset, bool writable)
{
	struct dma_file *file = NULL;
	unsigned int at;
	int ret;

	if (!size || (start | size | offset) % DMA_PAGE_SIZE)
		return -EINVAL;
	if (start >= DMA_ADDR_LIMIT || size > DMA_ADDR_LIMIT - start)
		return -EINVAL;
	at = dma_search(dma, start);
	if (at < dma->nr && dma->maps[at].start <= start + size - 1)
		return -EEXIST;
	if (dma->nr == DMA_MAX_MAPS)
		return -ENOSPC;
	if (fd >= 0) {
		if (offset > UINT64_MAX - size)
			return -EINVAL;
		ret = dma_get_file(dma, fd, offset + size, writable, &file);
		if (ret)
			return ret;
	}
	if (dma->nr == dma->space) {
		dma->space = dma->space ? 2 * dma->space : 64;
		dma->maps = xrealloc(dma->maps, dma->space, sizeof(*dma->maps));
	}
	memmove(&dma->maps[at + 1], &dma->maps[at], (dma->nr - at) * sizeof(*dma->maps));
	dma->maps[at] = (struct dma_map){
		.start = start,
		.last = start + size - 1,
		.host = file ? file->host + offset : NULL,
		.file = file,
		.writable = writable,
	};
	dma->nr++;
	return 0;
}

int dma_unmap(struct dma *dma, u64 start, u64 size)
{
	unsigned int first, end;
	u64 last;

	if (!size || size - 1 > UINT64_MAX - start)
		return -EINVAL;
	last = start + size - 1;
	first = dma_search(dma, start);
	for (end = first; end < dma->nr && dma->maps[end].start <= last; end++)
		if (dma->maps[end].start < start || dma->maps[end].last > last)
			return -EINVAL;
	if (first == end)
		return -ENOENT;
	for (unsigned int i = first; i < end; i++)
		dma_put_file(dma, dma->maps[i].file);
	memmove(&dma->maps[first], &dma->maps[end], (dma->nr - end) * sizeof(*dma->maps));
	dma->nr -= end - first;
	dma->hit = 0;
	return 0;
}

/*
 * The client names no file for another GPU's memory. That GPU may come to be at its place after
 * the map, so this is asked when somebody wants to go there, and not when the map is made.
 */
static bool dma_find_peer(struct dma *dma, struct dma_map *map)
{
	u64 size = map->last - map->start + 1;
	int fd = peers_find(dma->peers, map->start, size);
	int ret;

	if (fd < 0)
		return false;
	ret = dma_get_file(dma, fd, size, map->writable, &map->file);
	close(fd);
	if (ret)
		return false;
	map->host = map->file->host;
	log_info("another GPU is at %#llx + %#llx", (unsigned long long)map->start,
		 (unsigned long long)size);
	return true;
}

void *dma_find(struct dma *dma, u64 addr, bool write, u64 *avail)
{
	struct dma_map *map;
	unsigned int i = dma->hit;

	if (i >= dma->nr || addr < dma->maps[i].start || addr > dma->maps[i].last) {
		i = dma_search(dma, addr);
		if (i == dma->nr || addr < dma->maps[i].start)
			return NULL;
		dma->hit = i;
	}
	map = &dma->maps[i];
	if (write && !map->writable)
		return NULL;
	if (!map->host && !dma_find_peer(dma, map))
		return NULL;
	*avail = map->last - addr + 1;
	return map->host + (addr - map->start);
}
