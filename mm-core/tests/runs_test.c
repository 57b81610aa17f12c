// SPDX-License-Identifier: MIT
/*
 * Do pages become the runs a driver can write large entries from, and no larger?
 */
#include "check.h"
#include "runs.h"

#define SYSTEM	HMM_LOCATION_SYSTEM
#define DEVICE	HMM_LOCATION_DEVICE

static struct hmm_runs runs;

static bool is_run(unsigned int i, unsigned int index, unsigned int npages, dma_addr_t addr,
		   bool write)
{
	const struct hmm_run *run = &runs.run[i];

	return i < runs.nr && run->index == index && run->npages == npages && run->addr == addr &&
	       run->write == write && run->location == HMM_LOCATION_SYSTEM;
}

static void test_none(void)
{
	hmm_runs_init(&runs);
	CHECK(runs.nr == 0);
	CHECK(runs.npages == 0);
}

static void test_whole_block_is_one(void)
{
	unsigned int i;

	hmm_runs_init(&runs);
	for (i = 0; i < HMM_BLOCK_PAGES; i++)
		hmm_runs_add(&runs, i, 0x200000 + i * PAGE_SIZE, true, SYSTEM);
	CHECK(runs.nr == 1);
	CHECK(runs.npages == HMM_BLOCK_PAGES);
	CHECK(is_run(0, 0, HMM_BLOCK_PAGES, 0x200000, true));
}

static void test_addresses_descend(void)
{
	unsigned int i;

	hmm_runs_init(&runs);
	for (i = 0; i < HMM_BLOCK_PAGES; i++)
		hmm_runs_add(&runs, i, 0x10000000 - i * PAGE_SIZE, true, SYSTEM);
	CHECK(runs.nr == HMM_BLOCK_PAGES);
	CHECK(is_run(511, 511, 1, 0x10000000 - 511 * PAGE_SIZE, true));
}

static void test_gap_in_pages(void)
{
	hmm_runs_init(&runs);
	hmm_runs_add(&runs, 3, 0x3000, false, SYSTEM);
	hmm_runs_add(&runs, 4, 0x4000, false, SYSTEM);
	hmm_runs_add(&runs, 6, 0x5000, false, SYSTEM);
	CHECK(runs.nr == 2);
	CHECK(is_run(0, 3, 2, 0x3000, false));
	CHECK(is_run(1, 6, 1, 0x5000, false));
	CHECK(runs.npages == 3);
}

static void test_gap_in_addresses(void)
{
	hmm_runs_init(&runs);
	hmm_runs_add(&runs, 0, 0x1000, true, SYSTEM);
	hmm_runs_add(&runs, 1, 0x3000, true, SYSTEM);
	hmm_runs_add(&runs, 2, 0x4000, true, SYSTEM);
	CHECK(runs.nr == 2);
	CHECK(is_run(0, 0, 1, 0x1000, true));
	CHECK(is_run(1, 1, 2, 0x3000, true));
}

static void test_permission_splits(void)
{
	hmm_runs_init(&runs);
	hmm_runs_add(&runs, 10, 0xa000, false, SYSTEM);
	hmm_runs_add(&runs, 11, 0xb000, true, SYSTEM);
	hmm_runs_add(&runs, 12, 0xc000, true, SYSTEM);
	hmm_runs_add(&runs, 13, 0xd000, false, SYSTEM);
	CHECK(runs.nr == 3);
	CHECK(is_run(0, 10, 1, 0xa000, false));
	CHECK(is_run(1, 11, 2, 0xb000, true));
	CHECK(is_run(2, 13, 1, 0xd000, false));
}

/* The same numbers are other memory. */
static void test_location_splits(void)
{
	hmm_runs_init(&runs);
	hmm_runs_add(&runs, 0, 0x1000, true, SYSTEM);
	hmm_runs_add(&runs, 1, 0x2000, true, DEVICE);
	hmm_runs_add(&runs, 2, 0x3000, true, DEVICE);
	hmm_runs_add(&runs, 3, 0x4000, true, SYSTEM);
	CHECK(runs.nr == 3);
	CHECK(is_run(0, 0, 1, 0x1000, true));
	CHECK(runs.run[1].index == 1 && runs.run[1].npages == 2);
	CHECK(runs.run[1].location == DEVICE);
	CHECK(is_run(2, 3, 1, 0x4000, true));
}

static void test_high_addresses(void)
{
	const dma_addr_t high = 0xfffffffffffff000;

	hmm_runs_init(&runs);
	hmm_runs_add(&runs, 0, high - PAGE_SIZE, true, SYSTEM);
	hmm_runs_add(&runs, 1, high, true, SYSTEM);
	CHECK(runs.nr == 1);
	CHECK(is_run(0, 0, 2, high - PAGE_SIZE, true));
}

static void test_init_forgets(void)
{
	hmm_runs_init(&runs);
	hmm_runs_add(&runs, 1, 0x1000, true, SYSTEM);
	hmm_runs_init(&runs);
	hmm_runs_add(&runs, 2, 0x2000, true, SYSTEM);
	CHECK(runs.nr == 1);
	CHECK(is_run(0, 2, 1, 0x2000, true));
}

int main(void)
{
	test_none();
	test_whole_block_is_one();
	test_addresses_descend();
	test_gap_in_pages();
	test_gap_in_addresses();
	test_permission_splits();
	test_location_splits();
	test_high_addresses();
	test_init_forgets();
	return check_failures != 0;
}
