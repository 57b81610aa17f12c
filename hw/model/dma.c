// SPDX-License-Identifier: MIT
/*
 * The client says with messages which bus addresses lead to which part of which
 * file. Without an IOMMU in the guest there are a few large maps; with one
 * there is a map for each DMA mapping that a driver of the guest makes, all
 * into the same file, one for each page. So files are mapped once and whole, maps
 * are nodes of a tree, and adding one costs no mmap(). Maps that continue each other are
 * joined, and an unmap cuts them where it must. Rejected: mmap() for each
 * map, whose cost grows with the number of threads and which runs into the limit
 * of mappings of a process; a sorted array, in which a million maps take minutes
 * to be put in.
 *
 * A file cannot be read beyond its end; its size is looked at when it is mapped.
 * A client that shrinks it later ends this process through SIGBUS (see main.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <search.h>
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
	dma->file_pages -= file->size / DMA_PAGE_SIZE;
	munmap(file->host, file->size);
	free(file);
}

/* Maps that overlap are the same to the tree: it holds disjoint ones, and finds one by any part of it. */
static int dma_compare(const void *a, const void *b)
{
	const struct dma_map *one = a, *other = b;

	if (one->last < other->start)
		return -1;
	return one->start > other->last;
}

/* A map that has a byte in [@start, @last]; NULL: there is none. */
static struct dma_map *dma_search(const struct dma *dma, u64 start, u64 last)
{
	const struct dma_map key = { .start = start, .last = last };
	struct dma_map **node = tfind(&key, &dma->maps, dma_compare);

	return node ? *node : NULL;
}

/* So many maps can be made of @map by unmaps; a range without memory is never cut. */
static u64 dma_weight(const struct dma_map *map)
{
	return map->file ? (map->last - map->start + 1) / DMA_PAGE_SIZE : 1;
}

static void dma_remove(struct dma *dma, struct dma_map *map)
{
	tdelete(map, &dma->maps, dma_compare);
	dma->weight -= dma_weight(map);
	dma_put_file(dma, map->file);
	free(map);
	dma->nr--;
	dma->hit = NULL;
}

void dma_unmap_all(struct dma *dma)
{
	while (dma->maps)
		dma_remove(dma, *(struct dma_map **)dma->maps);
}

void dma_fini(struct dma *dma)
{
	dma_unmap_all(dma);
	*dma = (struct dma){ 0 };
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
	file = calloc(1, sizeof(*file));
	if (!file) {
		munmap(host, (size_t)st.st_size);
		return -ENOMEM;
	}
	file->dev = st.st_dev;
	file->ino = st.st_ino;
	file->writable = mode == O_RDWR;
	file->size = (u64)st.st_size;
	file->host = host;
	file->users = 1;
	file->next = dma->files;
	dma->files = file;
	dma->file_pages += file->size / DMA_PAGE_SIZE;
	*out = file;
	return 0;
}

/* @next is where @map ends, on both sides. Ranges without memory stay: a peer has all of one. */
static bool dma_continues(const struct dma_map *map, const struct dma_map *next)
{
	return map->file && map->file == next->file && map->writable == next->writable &&
	       map->last + 1 == next->start &&
	       map->host + (next->start - map->start) == next->host;
}

/*
 * Extend the neighbours of @new by it. Returns whether there was one that it continues. A
 * border moves over free addresses only, so the order in the tree stays right.
 */
static bool dma_join(struct dma *dma, const struct dma_map *new)
{
	struct dma_map *before = NULL, *after = dma_search(dma, new->last + 1, new->last + 1);
	u64 last = new->last;

	if (new->start)
		before = dma_search(dma, new->start - 1, new->start - 1);
	if (after && !dma_continues(new, after))
		after = NULL;
	if (before && dma_continues(before, new)) {
		dma->weight += dma_weight(new);
		if (after) {
			last = after->last;
			dma->weight += dma_weight(after);
			dma_remove(dma, after);
		}
		before->last = last;
	} else if (after) {
		dma->weight += dma_weight(new);
		after->start = new->start;
		after->host = new->host;
	} else {
		return false;
	}
	dma_put_file(dma, new->file);
	return true;
}

/* Put a copy of @map into the tree, which takes over the user of its file. */
static int dma_insert(struct dma *dma, const struct dma_map *map)
{
	struct dma_map *node = calloc(1, sizeof(*node));

	if (!node)
		return -ENOMEM;
	*node = *map;
	if (!tsearch(node, &dma->maps, dma_compare)) {
		free(node);
		return -ENOMEM;
	}
	dma->nr++;
	dma->weight += dma_weight(node);
	return 0;
}

int dma_map(struct dma *dma, u64 start, u64 size, int fd, u64 offset, bool writable)
{
	struct dma_map map = { .start = start, .last = start + size - 1, .writable = writable };
	int ret;

	if (!size || (start | size | offset) % DMA_PAGE_SIZE)
		return -EINVAL;
	if (start >= DMA_ADDR_LIMIT || size > DMA_ADDR_LIMIT - start)
		return -EINVAL;
	if (dma_search(dma, start, map.last))
		return -EEXIST;
	if (fd >= 0) {
		if (offset > UINT64_MAX - size)
			return -EINVAL;
		ret = dma_get_file(dma, fd, offset + size, writable, &map.file);
		if (ret)
			return ret;
		map.host = map.file->host + offset;
	}
	if (dma->weight + dma_weight(&map) > DMA_SPARE_PAGES + 2 * dma->file_pages)
		ret = -ENOSPC;
	else
		ret = dma_join(dma, &map) ? 0 : dma_insert(dma, &map);
	if (ret)
		dma_put_file(dma, map.file);
	return ret;
}

/* Take [@start, @last] out of the middle of @map. */
static int dma_split(struct dma *dma, struct dma_map *map, u64 start, u64 last)
{
	struct dma_map rest = *map;
	u64 weight = dma_weight(map);
	int ret;

	rest.start = last + 1;
	rest.host += rest.start - map->start;
	map->last = start - 1;
	ret = dma_insert(dma, &rest);
	if (ret) {
		map->last = rest.last;
		return ret;
	}
	map->file->users++;
	dma->weight += dma_weight(map) - weight;
	return 0;
}

/* Take what lies in [@start, @last] from one end of @map. */
static void dma_trim(struct dma *dma, struct dma_map *map, u64 start, u64 last)
{
	dma->weight -= dma_weight(map);
	if (map->start < start) {
		map->last = start - 1;
	} else {
		map->host += last + 1 - map->start;
		map->start = last + 1;
	}
	dma->weight += dma_weight(map);
}

int dma_unmap(struct dma *dma, u64 start, u64 size)
{
	struct dma_map *first, *last, *map;
	u64 end;

	if (!size || (start | size) % DMA_PAGE_SIZE || size - 1 > UINT64_MAX - start)
		return -EINVAL;
	end = start + size - 1;
	first = dma_search(dma, start, start);
	last = dma_search(dma, end, end);
	first = first && first->start < start ? first : NULL;
	last = last && last->last > end ? last : NULL;
	if ((first && !first->file) || (last && !last->file))
		return -EINVAL;
	if (!dma_search(dma, start, end))
		return -ENOENT;
	if (first && first == last)
		return dma_split(dma, first, start, end);
	if (first)
		dma_trim(dma, first, start, end);
	if (last)
		dma_trim(dma, last, start, end);
	while ((map = dma_search(dma, start, end)))
		dma_remove(dma, map);
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
	dma->weight += dma_weight(map) - 1;
	log_info("another GPU is at %#llx + %#llx", (unsigned long long)map->start,
		 (unsigned long long)size);
	return true;
}

void *dma_find(struct dma *dma, u64 addr, bool write, u64 *avail)
{
	struct dma_map *map = dma->hit;

	if (!map || addr < map->start || addr > map->last) {
		map = dma_search(dma, addr, addr);
		if (!map)
			return NULL;
		dma->hit = map;
	}
	if (write && !map->writable)
		return NULL;
	if (!map->host && !dma_find_peer(dma, map))
		return NULL;
	*avail = map->last - addr + 1;
	return map->host + (addr - map->start);
}
