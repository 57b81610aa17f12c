// SPDX-License-Identifier: MIT
/* Maps of system memory: overlapping, out of order, with holes, many, and gone. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dma.h"
#include "peers.h"
#include "tap.h"

#define FILE_SIZE MiB(1)

static struct dma dma;
static struct peers peers;	/* nobody else */
static int fd;
static u8 *file;

static void start(void)
{
	fd = memfd_create("guest", MFD_CLOEXEC);
	CHECK(fd >= 0 && !ftruncate(fd, FILE_SIZE));
	file = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(file != MAP_FAILED);
	for (u64 i = 0; i < FILE_SIZE; i += KiB(4))
		*(u64 *)(file + i) = i;
	peers_init(&peers);
	dma_init(&dma, &peers);
}

static void end(void)
{
	dma_fini(&dma);
	munmap(file, FILE_SIZE);
	close(fd);
}

/* @addr leads to @offset of the file, with @avail bytes in one piece. */
static void check_leads(u64 addr, u64 offset, u64 avail)
{
	u64 got;
	u8 *p = dma_find(&dma, addr, true, &got);

	CHECK(p);
	CHECK_EQ(got, avail);
	file[offset] ^= 0x55;
	CHECK_EQ(*p, file[offset]);
	file[offset] ^= 0x55;
	CHECK_EQ(*p, file[offset]);
}

static void check_nowhere(u64 addr)
{
	u64 got;

	CHECK(!dma_find(&dma, addr, false, &got));
}

static void borders(void)
{
	start();
	CHECK_EQ(dma_map(&dma, MiB(16), KiB(8), fd, KiB(64), true), 0);
	check_leads(MiB(16), KiB(64), KiB(8));
	check_leads(MiB(16) + KiB(8) - 1, KiB(72) - 1, 1);
	check_nowhere(MiB(16) - 1);
	check_nowhere(MiB(16) + KiB(8));
	check_nowhere(0);
	check_nowhere(UINT64_MAX);
	end();
}

static void overlaps_are_refused(void)
{
	static const struct { u64 start, size; } rows[] = {
		{ KiB(64), KiB(64) }, { KiB(64), KiB(4) }, { KiB(124), KiB(4) },
		{ KiB(60), KiB(8) }, { KiB(124), KiB(8) }, { KiB(32), KiB(256) },
	};

	start();
	CHECK_EQ(dma_map(&dma, KiB(64), KiB(64), fd, 0, true), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_EQ(dma_map(&dma, rows[i].start, rows[i].size, fd, 0, true), -EEXIST);
	/* Neighbours are fine. */
	CHECK_EQ(dma_map(&dma, KiB(60), KiB(4), fd, 0, true), 0);
	CHECK_EQ(dma_map(&dma, KiB(128), KiB(4), fd, 0, true), 0);
	CHECK_EQ(dma.nr, 3);
	end();
}

static void bad_maps(void)
{
	static const struct { u64 start, size, offset; } rows[] = {
		{ 0, 0, 0 }, { 1, KiB(4), 0 }, { 0, 100, 0 }, { 0, KiB(4), 8 },
		{ 0, FILE_SIZE + KiB(4), 0 }, { 0, KiB(8), FILE_SIZE - KiB(4) },
		{ 0, KiB(4), 0xfffffffffffff000 }, { 0xfffffffffffff000, KiB(8), 0 },
		{ 1ull << 52, KiB(4), 0 }, { (1ull << 52) - KiB(4), KiB(8), 0 },
		{ 0, 0xfffffffffffff000, 0 },
	};
	int pipes[2], ro;

	start();
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_EQ(dma_map(&dma, rows[i].start, rows[i].size, fd, rows[i].offset, true),
			 -EINVAL);
	/* Not a file; a file that cannot be written. */
	CHECK(!pipe(pipes));
	CHECK_EQ(dma_map(&dma, 0, KiB(4), pipes[0], 0, true), -EINVAL);
	close(pipes[0]);
	close(pipes[1]);
	{
		char path[64];

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		ro = open(path, O_RDONLY | O_CLOEXEC);
	}
	CHECK(ro >= 0);
	CHECK_EQ(dma_map(&dma, 0, KiB(4), ro, 0, true), -EACCES);
	CHECK_EQ(dma.nr, 0);
	CHECK(!dma.files);
	CHECK_EQ(dma_map(&dma, 0, KiB(4), ro, 0, false), 0);
	close(ro);
	end();
}

static void read_only(void)
{
	u64 avail;

	start();
	CHECK_EQ(dma_map(&dma, 0, KiB(4), fd, 0, false), 0);
	CHECK(dma_find(&dma, 0, false, &avail));
	CHECK(!dma_find(&dma, 0, true, &avail));
	end();
}

static void map_without_memory(void)
{
	start();
	CHECK_EQ(dma_map(&dma, 0, MiB(1), -1, 0, true), 0);
	check_nowhere(0);
	CHECK_EQ(dma_map(&dma, KiB(4), KiB(4), fd, 0, true), -EEXIST);
	CHECK_EQ(dma_unmap(&dma, 0, KiB(4)), -EINVAL);
	CHECK_EQ(dma_unmap(&dma, KiB(4), KiB(4)), -EINVAL);
	CHECK_EQ(dma_unmap(&dma, 0, MiB(1)), 0);
	CHECK_EQ(dma_map(&dma, KiB(4), KiB(4), fd, 0, true), 0);
	end();
}

/* Maps made and removed in an order without sense; the file is mapped once and goes with the last. */
static void out_of_order(void)
{
	const u32 nr = 256;

	start();
	for (u32 i = 0; i < nr; i++) {
		u32 page = i * 97 % nr;

		CHECK_EQ(dma_map(&dma, MiB(1) + page * KiB(4), KiB(4), fd,
				 (nr - 1 - page) * KiB(4), true), 0);
	}
	CHECK_EQ(dma.files->users, nr);
	CHECK(!dma.files->next);
	for (u32 i = 0; i < nr; i++)
		check_leads(MiB(1) + i * KiB(4), (nr - 1 - i) * KiB(4), KiB(4));
	for (u32 i = 0; i < nr; i++) {
		u32 page = i * 61 % nr;

		CHECK_EQ(dma_unmap(&dma, MiB(1) + page * KiB(4), KiB(4)), 0);
		check_nowhere(MiB(1) + page * KiB(4));
		CHECK_EQ(dma_unmap(&dma, MiB(1) + page * KiB(4), KiB(4)), -ENOENT);
	}
	CHECK(!dma.files);
	end();
}

static void unmap_ranges(void)
{
	start();
	for (u32 i = 0; i < 8; i++)
		CHECK_EQ(dma_map(&dma, i * KiB(16), KiB(8), fd, 0, true), 0);
	CHECK_EQ(dma_unmap(&dma, KiB(16) + 1, KiB(4)), -EINVAL);
	CHECK_EQ(dma_unmap(&dma, KiB(16), 100), -EINVAL);
	CHECK_EQ(dma_unmap(&dma, 0, 0), -EINVAL);
	CHECK_EQ(dma_unmap(&dma, KiB(8), UINT64_MAX), -EINVAL);
	CHECK_EQ(dma_unmap(&dma, KiB(8), KiB(8)), -ENOENT);
	CHECK_EQ(dma.nr, 8);
	CHECK_EQ(dma_unmap(&dma, KiB(16), KiB(48)), 0);	/* three and the holes between */
	CHECK_EQ(dma.nr, 5);
	check_leads(0, 0, KiB(8));
	check_nowhere(KiB(32));
	check_leads(KiB(64), 0, KiB(8));
	CHECK_EQ(dma_unmap(&dma, KiB(68), KiB(16)), 0);	/* cuts two */
	CHECK_EQ(dma.nr, 5);
	check_leads(KiB(64), 0, KiB(4));
	check_nowhere(KiB(68));
	check_nowhere(KiB(80));
	check_leads(KiB(84), KiB(4), KiB(4));
	dma_unmap_all(&dma);
	check_nowhere(0);
	CHECK(!dma.files);
	end();
}

/* A whole file, page by page out of order, is one map; each unmap of a page leaves one more. */
static void neighbours_join(void)
{
	const u32 nr = FILE_SIZE / KiB(4);

	start();
	for (u32 i = 0; i < nr; i++) {
		u64 at = i * 97 % nr * KiB(4);

		CHECK_EQ(dma_map(&dma, MiB(16) + at, KiB(4), fd, at, true), 0);
	}
	CHECK_EQ(dma.nr, 1);
	CHECK_EQ(dma.files->users, 1);
	check_leads(MiB(16), 0, FILE_SIZE);
	for (u32 i = 1; i < nr; i += 2)
		CHECK_EQ(dma_unmap(&dma, MiB(16) + i * KiB(4), KiB(4)), 0);
	CHECK_EQ(dma.nr, nr / 2);
	CHECK_EQ(dma.weight, nr / 2);
	check_leads(MiB(16) + KiB(8), KiB(8), KiB(4));
	check_nowhere(MiB(16) + KiB(4));
	/* Not what differs in its place in the file, or in its permission. */
	CHECK_EQ(dma_map(&dma, MiB(16) + KiB(4), KiB(4), fd, KiB(8), true), 0);
	CHECK_EQ(dma_map(&dma, MiB(16) + KiB(12), KiB(4), fd, KiB(12), false), 0);
	CHECK_EQ(dma.nr, nr / 2 + 2);
	end();
}

#define RANDOM_PAGES 128u

/* The page of the file behind a page of bus addresses: 0, or 1 + the page of the file. */
static struct { u32 file_page; bool writable; } reference[RANDOM_PAGES];

static bool reference_free(u32 page, u32 nr)
{
	for (u32 i = page; i < page + nr; i++)
		if (reference[i].file_page)
			return false;
	return true;
}

static void random_step(u32 random)
{
	u32 page = random % RANDOM_PAGES;
	u32 nr = 1 + (random >> 8) % 16;
	bool free, writable = (random >> 13) % 4;
	/* Mostly the same distance, so that many neighbours continue each other. */
	u32 file_page = page + (random >> 16) % 8 / 7 * 40;
	int ret;

	nr = nr > RANDOM_PAGES - page ? RANDOM_PAGES - page : nr;
	free = reference_free(page, nr);
	if ((random >> 20) % 2) {
		ret = dma_map(&dma, KiB(4) * page, KiB(4) * nr, fd, KiB(4) * file_page, writable);
		CHECK_EQ(ret, free ? 0 : -EEXIST);
		for (u32 i = 0; !ret && i < nr; i++) {
			reference[page + i].file_page = 1 + file_page + i;
			reference[page + i].writable = writable;
		}
		return;
	}
	CHECK_EQ(dma_unmap(&dma, KiB(4) * page, KiB(4) * nr), free ? -ENOENT : 0);
	for (u32 i = 0; i < nr; i++)
		reference[page + i].file_page = 0;
}

/* Every page leads where the reference has it, and there are no more maps than it has runs. */
static void check_reference(void)
{
	u32 runs = 0, pages = 0;
	u64 avail;

	for (u32 i = 0; i < RANDOM_PAGES; i++) {
		u8 *p = dma_find(&dma, KiB(4) * i, false, &avail);
		u32 file_page = reference[i].file_page;

		CHECK_EQ(!!p, !!file_page);
		if (!p)
			continue;
		CHECK_EQ(*(u64 *)p, KiB(4) * (file_page - 1));
		CHECK_EQ(!!dma_find(&dma, KiB(4) * i, true, &avail), reference[i].writable);
		pages++;
		runs += !i || reference[i - 1].file_page + 1 != file_page || file_page == 1 ||
			reference[i - 1].writable != reference[i].writable;
	}
	CHECK_EQ(dma.nr, runs);
	CHECK_EQ(dma.weight, pages);
	CHECK_EQ(dma.files ? dma.files->users : 0, runs);
}

static void random_maps(void)
{
	u32 random = 1;

	start();
	for (u32 i = 0; i < 20000; i++) {
		random = random * 1664525 + 1013904223;
		random_step(random ^ random >> 15);
		check_reference();
	}
	for (u32 i = 0; i < RANDOM_PAGES; i++)
		reference[i].file_page = 0;
	end();
}

/* Each page of the client's memory has room for a map of its own, and as many again. */
static void limit_of_maps(void)
{
	const u64 limit = DMA_SPARE_PAGES + 2 * (FILE_SIZE / DMA_PAGE_SIZE);

	start();
	for (u64 i = 0; i < limit; i++)
		CHECK_EQ(dma_map(&dma, i * 97 % limit * KiB(8), KiB(4), fd, 0, true), 0);
	CHECK_EQ(dma.nr, limit);
	CHECK_EQ(dma_map(&dma, KiB(4), KiB(4), fd, 0, true), -ENOSPC);
	CHECK_EQ(dma_unmap(&dma, 0, KiB(4)), 0);
	CHECK_EQ(dma_map(&dma, KiB(4), KiB(4), fd, 0, true), 0);
	end();
}

/* A file that has grown is mapped again; maps made before stay good. */
static void file_grows(void)
{
	u64 avail;

	start();
	CHECK_EQ(dma_map(&dma, 0, KiB(4), fd, 0, true), 0);
	CHECK_EQ(dma_map(&dma, MiB(8), KiB(4), fd, FILE_SIZE, true), -EINVAL);
	CHECK(!ftruncate(fd, 2 * FILE_SIZE));
	CHECK_EQ(dma_map(&dma, MiB(8), KiB(4), fd, FILE_SIZE, true), 0);
	check_leads(0, 0, KiB(4));
	CHECK(dma_find(&dma, MiB(8), true, &avail));
	CHECK_EQ(dma_unmap(&dma, 0, KiB(4)), 0);
	*(u8 *)dma_find(&dma, MiB(8), true, &avail) = 1;
	end();
}

static const struct tap_test tests[] = {
	{ "borders of a map", borders },
	{ "overlaps are refused", overlaps_are_refused },
	{ "bad maps", bad_maps },
	{ "read-only map", read_only },
	{ "map without memory", map_without_memory },
	{ "maps out of order", out_of_order },
	{ "unmapping ranges", unmap_ranges },
	{ "neighbours join", neighbours_join },
	{ "random maps", random_maps },
	{ "limit of maps", limit_of_maps },
	{ "file that grows", file_grows },
};

TAP_MAIN(tests)
