// SPDX-License-Identifier: MIT
/**
 * TEST: mirage inject
 * Description: Faults of the device, made on demand by its TEST unit: what the driver must
 *	survive it does, and what a driver could forget would be seen.
 * Category: SVM
 */
#include <sys/mman.h>
#include <unistd.h>

#include "igt_mirage.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("Faults of the device made on demand: survived, or seen.");

/* Pages of a file: the old one stays what it was when another takes its address. */
static int words_in_file(uint32_t first, unsigned int n)
{
	int fd = memfd_create("mirage", MFD_CLOEXEC);
	unsigned int i;

	igt_assert_fd(fd);
	for (i = 0; i < n; i++) {
		uint32_t word = first + i;

		igt_assert_eq(pwrite(fd, &word, 4, i * PAGE), 4);
	}
	igt_assert(!ftruncate(fd, n * PAGE));
	return fd;
}

static void map_word(uint32_t *area, int fd, unsigned int page)
{
	igt_assert(mmap(area, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, page * PAGE) == area);
}

/**
 * SUBTEST: stale-tlb
 * Description: The device ignores invalidations: a running kernel then reads what was mapped
 *	before, and goes on doing so. Without that it never does. So a flush that the driver
 *	forgot would be seen.
 */
static void stale_tlb(struct gpu *gpu)
{
	uint32_t *area;
	struct loop loop;
	unsigned int i;
	int fd;

	igt_require_f(!gpu_behind_iommu(gpu), "an IOMMU hides stale TLB entries\n");

	fd = words_in_file(100, 4);
	area = mem_anon(PAGE);
	map_word(area, fd, 0);
	loop_start(&loop, gpu, &kernel_watch, area);
	igt_assert_eq_u32(loop.flags->value, 100);
	for (i = 1; i < 3; i++) {
		map_word(area, fd, i);
		loop_advance(&loop, 1);
		igt_assert_eq_u32(loop.flags->value, 100 + i);
	}

	gpu_inject(gpu, "ignore_inv", 1);
	map_word(area, fd, 3);
	igt_assert_eq_u32(*(volatile uint32_t *)area, 103);
	for (i = 0; i < 5; i++) {
		loop_advance(&loop, 10);
		igt_assert_eq_u32(loop.flags->value, 102);
	}
	gpu_inject(gpu, "ignore_inv", 0);
	loop_stop(&loop);
	mem_unmap(area, PAGE);
	close(fd);
}

/**
 * SUBTEST: stale-tlb-read-only
 * Description: The same for permissions: with invalidations ignored, writes go on after
 *	mprotect; without it, not one does.
 */
static void stale_tlb_read_only(struct gpu *gpu)
{
	uint32_t *area, before;
	struct loop loop;

	igt_require_f(!gpu_behind_iommu(gpu), "an IOMMU hides stale TLB entries\n");

	/* Shared memory, so that the page stays this one whatever mm does. */
	area = mem_reserve(BLOCK, BLOCK);
	igt_assert(mmap(area, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED,
			-1, 0) == area);
	loop_start(&loop, gpu, &kernel_scribble, area);
	gpu_inject(gpu, "ignore_inv", 1);
	igt_assert(!mprotect(area, PAGE, PROT_READ));
	before = *(volatile uint32_t *)area;
	loop_advance(&loop, 10);
	igt_assert_neq_u32(*(volatile uint32_t *)area, before);
	gpu_inject(gpu, "ignore_inv", 0);
	loop_stop(&loop);
	mem_unmap(area, BLOCK);
}

/* Reads and writes of 64 pages, of which each was asked for once and mapped once. */
static void fault_work(struct gpu *gpu)
{
	uint32_t *area = mem_anon(BLOCK), *out = gpu->out + 64, i;

	gpu_mark(gpu);
	gpu_scatter(gpu, area, 8 * PAGE, 64, 600);
	gpu_gather(gpu, area, 8 * PAGE, 64, out);
	for (i = 0; i < 64; i++)
		igt_assert_eq_u32(out[i], 600 + i);
	igt_assert_eq_u64(gpu_demanded(gpu), 64);
	mem_unmap(area, BLOCK);
}

/**
 * SUBTEST: fault-dup
 * Description: Each fault is reported six times: it is served once.
 */
static void fault_dup(struct gpu *gpu)
{
	gpu_inject(gpu, "fault_dup", 5);
	fault_work(gpu);
	igt_assert_neq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_FAULT_DUPS), 0);
	igt_assert_lte_u64(6 * 64, gpu_delta(gpu, DRM_MIRAGE_STAT_FAULTS));
	gpu_inject(gpu, "fault_dup", 0);
	gpu_assert_alive(gpu);
}

/**
 * SUBTEST: fault-delay
 * Description: Faults arrive late: the work ends right, and their time on the way is counted.
 */
static void fault_delay(struct gpu *gpu)
{
	gpu_inject(gpu, "fault_delay_us", 3000);
	fault_work(gpu);
	igt_assert_lte_u64(64 * 3000000ull, gpu_delta(gpu, DRM_MIRAGE_STAT_NS_DELIVERY));
	gpu_inject(gpu, "fault_delay_us", 0);
}

/**
 * SUBTEST: late-duplicate
 * Description: Reports of faults arrive long after their page was mapped, used and unmapped
 *	again: they stop no queue, as nothing waits for them.
 */
static void late_duplicate(struct gpu *gpu)
{
	unsigned int i;

	gpu_inject(gpu, "fault_dup", 3);
	gpu_inject(gpu, "fault_delay_us", 2000);
	for (i = 0; i < 20; i++) {
		uint32_t *area = mem_anon(PAGE);

		gpu_write32(gpu, area, i);
		igt_assert_eq_u32(*area, i);
		mem_unmap(area, PAGE);
	}
	gpu_inject_none(gpu);
	gpu_assert_alive(gpu);
	igt_assert_eq_u64(gpu_stat(gpu, DRM_MIRAGE_STAT_FAILED), 0);
}

/**
 * SUBTEST: drop-replay
 * Description: REPLAY commands get lost: the driver notices and sends another.
 */
static void drop_replay(struct gpu *gpu)
{
	unsigned int n;

	for (n = 1; n <= 2; n++) {
		uint32_t *area = mem_anon(PAGE);

		gpu_mark(gpu);
		gpu_inject(gpu, "drop_replay", n);
		gpu_write32(gpu, area, 0xd0 + n);
		igt_assert_eq_u32(*area, 0xd0 + n);
		igt_assert_eq(gpu_injected(gpu, "drop_replay"), 0);
		igt_assert_lte_u64(n + 1, gpu_delta(gpu, DRM_MIRAGE_STAT_REPLAYS));
		igt_assert_eq_u64(gpu_demanded(gpu), 1);
		mem_unmap(area, PAGE);
	}
}

/**
 * SUBTEST: drop-irq
 * Description: Interrupts get lost, of a fault and of a job's end: the driver looks for itself.
 */
static void drop_irq(struct gpu *gpu)
{
	uint32_t *area = mem_anon(PAGE);
	unsigned int n;

	/* Without a fault the first message is the job's end. */
	gpu_inject(gpu, "drop_irq", 1);
	gpu_assert_alive(gpu);
	igt_assert_eq(gpu_injected(gpu, "drop_irq"), 0);

	/* With one it is the fault's. */
	for (n = 1; n <= 2; n++) {
		gpu_inject(gpu, "drop_irq", n);
		gpu_write32(gpu, area, 0x10 + n);
		igt_assert_eq_u32(*area, 0x10 + n);
		igt_assert_eq(gpu_injected(gpu, "drop_irq"), 0);
		igt_assert(!madvise(area, PAGE, MADV_DONTNEED));
	}
	mem_unmap(area, PAGE);
}

static const struct gpu_scenario scenarios[] = {
	{ "stale-tlb", stale_tlb,
	  "Old data is read while invalidations are ignored, and never else." },
	{ "stale-tlb-read-only", stale_tlb_read_only,
	  "Writes go on after mprotect while invalidations are ignored." },
	{ "fault-dup", fault_dup, "Faults reported six times are served once." },
	{ "fault-delay", fault_delay, "Faults that arrive late." },
	{ "late-duplicate", late_duplicate, "Late reports of faults long served stop nothing." },
	{ "drop-replay", drop_replay, "Lost REPLAY commands." },
	{ "drop-irq", drop_irq, "Lost interrupts." },
};

int igt_main()
{
	igt_fixture()
		gpu_inject_none_alone();

	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));

	/* However they end, the next test finds the device as it should be. */
	igt_fixture()
		gpu_inject_none_alone();
}
