// SPDX-License-Identifier: MIT
/*
 * Is every page of an object found at the address that its extents give?
 */
#include "check.h"
#include "bo/extents.h"

#define ROOM	64

static struct mirage_extent list[ROOM];

/* Random pieces, some contiguous with the one before; each page is looked up. */
static void every_page(void)
{
	static u64 where[ROOM * 8];
	unsigned int round, i, n;

	/* The same each time. */
	srand(1);
	for (round = 0; round < 1000; round++) {
		struct mirage_extents ext = { .list = list };
		u64 npages = 0, page, addr, next = 0, run;

		n = 1 + rand() % ROOM;
		for (i = 0; i < n; i++) {
			unsigned int pages = 1 + rand() % 8;

			addr = rand() % 3 ? (u64)rand() << 16 : next;
			mirage_extents_add(&ext, addr, pages);
			next = addr + pages * 4096ull;
			for (; pages; pages--, addr += 4096)
				where[npages++] = addr;
		}
		CHECK(ext.npages == npages);
		CHECK(ext.count <= n);
		for (page = 0; page < npages; page++) {
			u64 found, got = mirage_extents_find(&ext, page, &found);

			for (run = 1; page + run < npages; run++) {
				if (where[page + run] != where[page] + run * 4096)
					break;
			}
			CHECK(found == where[page]);
			CHECK(got == run);
		}
	}
}

/* Pieces that continue each other are one. */
static void neighbours(void)
{
	struct mirage_extents ext = { .list = list };
	u64 addr;
	unsigned int i;

	for (i = 0; i < 1000; i++)
		mirage_extents_add(&ext, i * 8192ull, 2);
	CHECK(ext.count == 1);
	CHECK(mirage_extents_find(&ext, 0, &addr) == 2000 && addr == 0);
	CHECK(mirage_extents_find(&ext, 1999, &addr) == 1 && addr == 1999 * 4096ull);
}

int main(void)
{
	RUN(every_page);
	RUN(neighbours);
	return check_done();
}
