// SPDX-License-Identifier: MIT
/* Are faults sorted so that they can be served, and does a block get all pages that it needs? */
#include <string.h>

#include "check.h"
#include "svm/batch.h"

static struct mirage_fault faults[600];
static struct mirage_batch_block block;

static struct mirage_fault fault(u64 addr, enum mirage_access access, u32 chan)
{
	return (struct mirage_fault){ .addr = addr, .access = access, .chan = chan,
				      .kind = MIRAGE_FAULT_NOT_PRESENT };
}

static bool has(const unsigned long *map, unsigned int page)
{
	return map[page / 64] >> (page % 64) & 1;
}

static unsigned int weight(const unsigned long *map)
{
	unsigned int i, n = 0;

	for (i = 0; i < MIRAGE_PT_ENTRIES; i++)
		n += has(map, i);
	return n;
}

static void one_fault(void)
{
	faults[0] = fault(0x7f1234567abc, MIRAGE_ACCESS_READ, 1);
	CHECK(mirage_batch_sort(faults, 1) == 0);
	mirage_batch_take(faults, 1, &block);
	CHECK(block.start == 0x7f1234400000);
	CHECK(block.count == 1);
	CHECK(weight(block.read) == 1 && has(block.read, 0x167));
	CHECK(weight(block.write) == 0);
}

static void addresses_in_one_page_are_duplicates(void)
{
	unsigned int i;

	for (i = 0; i < 32; i++)
		faults[i] = fault(0x10000 + i * 4, MIRAGE_ACCESS_READ, i % 3);
	CHECK(mirage_batch_sort(faults, 32) == 31);
}

static void fetch_is_a_read(void)
{
	faults[0] = fault(0x10000, MIRAGE_ACCESS_FETCH, 1);
	faults[1] = fault(0x10008, MIRAGE_ACCESS_READ, 1);
	CHECK(mirage_batch_sort(faults, 2) == 1);
	mirage_batch_take(faults, 2, &block);
	CHECK(weight(block.read) == 1 && weight(block.write) == 0);
}

static void a_write_is_not_a_duplicate_of_a_read(void)
{
	faults[0] = fault(0x10000, MIRAGE_ACCESS_READ, 1);
	faults[1] = fault(0x10000, MIRAGE_ACCESS_WRITE, 1);
	faults[2] = fault(0x10000, MIRAGE_ACCESS_ATOMIC, 1);
	CHECK(mirage_batch_sort(faults, 3) == 0);
	CHECK(faults[0].access == MIRAGE_ACCESS_ATOMIC);
	CHECK(faults[1].access == MIRAGE_ACCESS_WRITE);
	CHECK(faults[2].access == MIRAGE_ACCESS_READ);
	mirage_batch_take(faults, 3, &block);
	CHECK(block.count == 3);
	CHECK(has(block.write, 16) && has(block.read, 16));
}

static void every_channel_stays(void)
{
	unsigned int i;

	for (i = 0; i < 10; i++)
		faults[i] = fault(0x10000, MIRAGE_ACCESS_READ, 9 - i);
	CHECK(mirage_batch_sort(faults, 10) == 9);
	for (i = 0; i < 10; i++)
		CHECK(faults[i].chan == i);
}

static void blocks_come_one_after_another(void)
{
	uint64_t state = 7;
	unsigned int i, taken = 0, pages = 0;
	u64 last = 0;

	for (i = 0; i < 600; i++)
		faults[i] = fault((check_random(&state) % 5 << 21) +
				  (check_random(&state) % 512 << 12) + check_random(&state) % 4096,
				  check_random(&state) % 4, 1);
	mirage_batch_sort(faults, 600);
	while (taken < 600) {
		mirage_batch_take(faults + taken, 600 - taken, &block);
		CHECK(block.count > 0);
		CHECK(!taken || block.start > last);
		last = block.start;
		for (i = taken; i < taken + block.count; i++) {
			CHECK(faults[i].addr >> 21 << 21 == block.start);
			CHECK(has(mirage_batch_wants_write(&faults[i]) ? block.write : block.read,
				  mirage_batch_page(&faults[i])));
		}
		taken += block.count;
		pages += weight(block.read) + weight(block.write);
		if (!block.count)
			break;
	}
	CHECK(taken == 600);
	CHECK(pages <= 600 && pages > 400);
}

static void address_spaces_stay_apart(void)
{
	unsigned int i;

	for (i = 0; i < 9; i++) {
		faults[i] = fault(0x10000, MIRAGE_ACCESS_READ, 1);
		faults[i].vm = i % 3;
	}
	CHECK(mirage_batch_sort(faults, 9) == 6);
	for (i = 0; i < 9; i++)
		CHECK(faults[i].vm == i / 3);
}

static void the_top_of_the_mirror(void)
{
	faults[0] = fault(0x7fffffffffff, MIRAGE_ACCESS_READ, 1);
	faults[1] = fault(0, MIRAGE_ACCESS_WRITE, 1);
	mirage_batch_sort(faults, 2);
	CHECK(faults[0].addr == 0);
	mirage_batch_take(faults + 1, 1, &block);
	CHECK(block.start == 0x7fffffe00000);
	CHECK(has(block.read, 511));
}

int main(void)
{
	RUN(one_fault);
	RUN(addresses_in_one_page_are_duplicates);
	RUN(fetch_is_a_read);
	RUN(a_write_is_not_a_duplicate_of_a_read);
	RUN(every_channel_stays);
	RUN(blocks_come_one_after_another);
	RUN(address_spaces_stay_apart);
	RUN(the_top_of_the_mirror);
	return check_done();
}
