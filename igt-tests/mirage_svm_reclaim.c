// SPDX-License-Identifier: MIT
/**
 * TEST: mirage svm reclaim
 * Description: Changes that mm makes to memory on its own, or for another thread, while the GPU uses it:
 *	swap, collapse into huge pages, compaction, userfaultfd, limits of a cgroup.
 * Category: SVM
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cgroup.h"
#include "igt_mirage.h"
#include "memory.h"
#include "swap.h"
#include "waits.h"

IGT_TEST_DESCRIPTION("What mm does to memory on its own while the GPU uses it.");

#define VALID	DRM_MIRAGE_SVM_PAGE_VALID
#define WRITE	DRM_MIRAGE_SVM_PAGE_WRITE
#define HUGE	DRM_MIRAGE_SVM_PAGE_2M

/* Long enough for an access that does not wait to end. */
#define WAIT_US	100000

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

/**
 * SUBTEST: swap
 * Description: Pages that the GPU has written go to swap: what it wrote is what comes back, to
 *	its reads, its writes, and the CPU.
 */
static void swap(struct gpu *gpu)
{
	uint32_t *area = mem_anon(16 * PAGE), *out = gpu->out + 64;
	unsigned int i;

	swap_require();
	gpu_scatter(gpu, area, PAGE, 16, 500);
	swap_out(area, 16 * PAGE);
	igt_assert_eq(gpu_count_pages(gpu, area, 16 * PAGE, VALID), 0);

	gpu_gather(gpu, area, PAGE, 8, out);
	for (i = 0; i < 8; i++)
		igt_assert_eq_u32(out[i], 500 + i);
	gpu_scatter(gpu, area, PAGE, 4, 900);
	gpu_scatter(gpu, area + 8 * PAGE / 4, PAGE, 4, 908);
	/* Out once more: what was written after the first time must not be lost as clean. */
	swap_out(area, 16 * PAGE);
	for (i = 0; i < 16; i++)
		igt_assert_eq_u32(area[i * PAGE / 4], (i & 7) < 4 ? 900 + i : 500 + i);
	mem_unmap(area, 16 * PAGE);
	swap_release();
}

/**
 * SUBTEST: swap-mid-kernel
 * Description: A page goes to swap again and again under a kernel that writes to it: no write
 *	is lost.
 */
static void swap_mid_kernel(struct gpu *gpu)
{
	uint32_t *area = mem_anon(PAGE);
	struct timespec start = { 0 };
	struct loop loop;

	swap_require();
	loop_start(&loop, gpu, &kernel_scribble, area);
	/* The kernel brings it back at once, so that nobody sees it away; but this is counted. */
	while (gpu_delta(gpu, DRM_MIRAGE_STAT_INVALIDATIONS) < 10) {
		igt_assert_lt_u64(igt_nsec_elapsed(&start), POLL_MS * 1000000ull);
		swap_push(area, PAGE);
		loop_advance(&loop, 1);
	}
	loop_stop(&loop);
	igt_assert_eq_u64(area[0], loop.flags->count);
	mem_unmap(area, PAGE);
	swap_release();
}

/**
 * SUBTEST: collapse-mid-kernel
 * Description: 512 small pages become one huge page while a kernel writes to one of them: it
 *	goes on, no byte changes otherwise, and then one leaf maps all of it.
 */
static void collapse_mid_kernel(struct gpu *gpu)
{
	uint32_t *area = mem_anon(BLOCK), *out = gpu->out + 64, i;
	struct loop loop;

	mem_touch(area, BLOCK, 7000);
	gpu_scatter(gpu, area, PAGE, BLOCK / PAGE, 8000);
	loop_start(&loop, gpu, &kernel_scribble, area + 9);
	igt_assert(!madvise(area, BLOCK, MADV_HUGEPAGE));
	igt_require_f(!madvise(area, BLOCK, MADV_COLLAPSE), "MADV_COLLAPSE: %s\n",
		      strerror(errno));
	igt_assert(page_flags(area) & KPF_THP);
	loop_advance(&loop, 2);
	loop_stop(&loop);
	igt_assert_eq_u64(area[9], loop.flags->count);
	igt_assert_eq(gpu_count_pages(gpu, area, BLOCK, VALID | WRITE | HUGE), BLOCK / PAGE);
	gpu_gather(gpu, area, PAGE, BLOCK / PAGE, out);
	for (i = 0; i < BLOCK / PAGE; i++)
		igt_assert_eq_u32(out[i], 8000 + i);
	mem_unmap(area, BLOCK);
}

/**
 * SUBTEST: compaction-mid-kernel
 * Description: Pages are moved in physical memory while the GPU has them mapped and a kernel
 *	writes to one: no byte is lost.
 */
static void compaction_mid_kernel(struct gpu *gpu)
{
	const unsigned int n = 2048;
	uint32_t *area = mem_anon(n * PAGE), *out = gpu->out + 64, i, moved = 0;
	uint64_t *pfns = calloc(n, sizeof(*pfns));
	struct loop loop;

	igt_assert(pfns);
	mem_touch(area, n * PAGE, 1);
	/* Every second page is free again, so that there is something to move together. */
	for (i = 0; i < n; i += 2)
		igt_assert(!madvise(area + i * PAGE / 4, PAGE, MADV_DONTNEED));
	gpu_scatter(gpu, area + PAGE / 4, 2 * PAGE, n / 2, 5000);
	for (i = 1; i < n; i += 2)
		pfns[i] = page_pfn(area + i * PAGE / 4);
	loop_start(&loop, gpu, &kernel_scribble, area + PAGE / 4 + 1);
	igt_require_f(file_write("/proc/sys/vm/compact_memory", "1"),
		      "this kernel has no compaction\n");
	loop_advance(&loop, 2);
	loop_stop(&loop);
	igt_assert_eq_u64(area[PAGE / 4 + 1], loop.flags->count);
	gpu_gather(gpu, area + PAGE / 4, 2 * PAGE, n / 2, out);
	for (i = 1; i < n; i += 2) {
		moved += page_pfn(area + i * PAGE / 4) != pfns[i];
		igt_assert_eq_u32(area[i * PAGE / 4], 5000 + i / 2);
		igt_assert_eq_u32(out[i / 2], 5000 + i / 2);
	}
	igt_info("%u of %u pages moved\n", moved, n / 2);
	free(pfns);
	mem_unmap(area, n * PAGE);
}

static int uffd_open(uint32_t *area, size_t size, uint64_t mode, uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	struct uffdio_register reg = {
		.range = { .start = (uintptr_t)area, .len = size }, .mode = mode,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	igt_require_f(fd >= 0, "userfaultfd: %s\n", strerror(errno));
	igt_require_f(!igt_ioctl(fd, UFFDIO_API, &api), "userfaultfd has no features %#" PRIx64 "\n",
		      features);
	do_ioctl(fd, UFFDIO_REGISTER, &reg);
	return fd;
}

/* A job of four bytes that waits for the monitor. */
static struct job waiting_copy(struct gpu *gpu, void *to, const void *from)
{
	struct job job = job_new(gpu);

	mirage_ib_copy(&job.ib, to, from, 4);
	job_submit(&job);
	usleep(WAIT_US);
	igt_assert(!job_is_done(&job));
	return job;
}

/**
 * SUBTEST: userfaultfd-missing
 * Description: A GPU access to a page that userfaultfd withholds waits until it is provided.
 */
static void userfaultfd_missing(struct gpu *gpu)
{
	uint32_t *area = mem_anon(4 * PAGE), *page = mem_anon(PAGE);
	int fd = uffd_open(area, 4 * PAGE, UFFDIO_REGISTER_MODE_MISSING, 0);
	struct uffdio_copy copy = {
		.dst = (uintptr_t)(area + PAGE / 4), .src = (uintptr_t)page, .len = PAGE,
	};
	struct job job;

	page[0] = 0x0ff1;
	job = waiting_copy(gpu, &gpu->out[3], area + PAGE / 4);
	do_ioctl(fd, UFFDIO_COPY, &copy);
	igt_assert_eq(job_wait(&job), 0);
	job_free(&job);
	igt_assert_eq_u32(gpu->out[3], 0x0ff1);
	gpu_write32(gpu, area + PAGE / 4, 2);
	igt_assert_eq_u32(area[PAGE / 4], 2);
	close(fd);
	/* Without it the memory is like any other. */
	igt_assert_eq_u32(gpu_read32(gpu, area + 2 * PAGE / 4), 0);
	mem_unmap(area, 4 * PAGE);
	mem_unmap(page, PAGE);
}

/**
 * SUBTEST: userfaultfd-wp
 * Description: Write-protection by userfaultfd takes the GPU's right to write away, and a write
 *	waits until it is lifted; reads are never disturbed.
 */
static void userfaultfd_wp(struct gpu *gpu)
{
	uint32_t *area = mem_anon(4 * PAGE);
	struct uffdio_writeprotect wp = {
		.range = { .start = (uintptr_t)area, .len = 4 * PAGE },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	struct job job;
	int fd;

	mem_touch(area, 4 * PAGE, 10);
	gpu_scatter(gpu, area, PAGE, 4, 20);
	fd = uffd_open(area, 4 * PAGE, UFFDIO_REGISTER_MODE_WP, 0);
	do_ioctl(fd, UFFDIO_WRITEPROTECT, &wp);
	igt_assert_eq(gpu_count_pages(gpu, area, 4 * PAGE, WRITE), 0);
	igt_assert_eq_u32(gpu_read32(gpu, area + PAGE / 4), 21);
	gpu->out[3] = 30;
	job = waiting_copy(gpu, area + PAGE / 4, &gpu->out[3]);
	igt_assert_eq_u32(area[PAGE / 4], 21);
	wp.mode = 0;
	do_ioctl(fd, UFFDIO_WRITEPROTECT, &wp);
	igt_assert_eq(job_wait(&job), 0);
	job_free(&job);
	igt_assert_eq_u32(area[PAGE / 4], 30);
	close(fd);
	mem_unmap(area, 4 * PAGE);
}

#ifndef UFFD_FEATURE_WP_ASYNC
#define UFFD_FEATURE_WP_ASYNC	(1 << 15)
#endif

/* In /proc/self/pagemap: write-protected by userfaultfd */
#define PM_UFFD_WP	(1ull << 57)

/**
 * SUBTEST: userfaultfd-wp-async
 * Description: Where userfaultfd only notes what is written, a GPU write is served at once and noted as a CPU's is;
 *	reads are not.
 */
static void userfaultfd_wp_async(struct gpu *gpu)
{
	uint32_t *area = mem_anon(4 * PAGE);
	struct uffdio_writeprotect wp = {
		.range = { .start = (uintptr_t)area, .len = 4 * PAGE },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	unsigned int i, round;
	int fd;

	mem_touch(area, 4 * PAGE, 10);
	gpu_scatter(gpu, area, PAGE, 4, 20);
	fd = uffd_open(area, 4 * PAGE, UFFDIO_REGISTER_MODE_WP, UFFD_FEATURE_WP_ASYNC);
	for (round = 0; round < 2; round++) {
		do_ioctl(fd, UFFDIO_WRITEPROTECT, &wp);
		igt_assert_eq(gpu_count_pages(gpu, area, 4 * PAGE, WRITE), 0);
		igt_assert_eq_u32(gpu_read32(gpu, area + 2 * PAGE / 4), 22);
		gpu_write32(gpu, area + PAGE / 4, 30 + round);
		igt_assert_eq_u32(area[PAGE / 4], 30 + round);
		for (i = 0; i < 4; i++)
			igt_assert_eq(!(page_entry(area + i * PAGE / 4) & PM_UFFD_WP), i == 1);
		igt_assert_eq(gpu_count_pages(gpu, area, 4 * PAGE, WRITE), 1);
	}
	close(fd);
	mem_unmap(area, 4 * PAGE);
}

/**
 * struct member - a process in a cgroup whose GPU work allocates memory, and the test beside it
 */
struct member {
	/** @ready: the process has all that it needs beside this memory */
	volatile bool ready;
	/** @go: the limit is set */
	volatile bool go;
	/** @done: the memory is there */
	volatile bool done;
};

/* The GPU touches memory of the calling process for the first time. */
static void member_run(struct member *member, size_t size)
{
	uint32_t *area = mem_anon(size);
	struct gpu gpu;
	struct job job;
	size_t i;

	/* igt_runner protects its tests from the OOM killer. */
	igt_assert(file_write("/proc/self/oom_score_adj", "0"));
	cgroup_enter();
	gpu_open(&gpu);
	job = job_new(&gpu);
	mirage_ib_fill(&job.ib, area, size, 0x7e4a47);
	member->ready = true;
	igt_assert(igt_wait(member->go, POLL_MS, 1));
	job_run(&job);
	member->done = true;
	for (i = 0; i < size / 4; i++)
		igt_assert_eq_u32(area[i], 0x7e4a47);
	gpu_close(&gpu);
	mem_unmap(area, size);
}

/* Begin with the memory that the process has so far. Returns that. */
static uint64_t member_limit(struct member *member, const char *file, uint64_t more)
{
	uint64_t now;

	igt_assert(igt_wait(member->ready, POLL_MS, 1));
	now = cgroup_get("memory.current");
	cgroup_set(file, now + more);
	member->go = true;
	return now;
}

/* The service of a fault is made to sleep because of memory.high. */
static bool service_is_held_back(void)
{
	return anyone_sleeps("mem_cgroup_handle_over_high", "hmm_mirror_fault");
}

/**
 * SUBTEST: memory-high
 * Description: A process above its cgroup's memory.high is held back in what its GPU work allocates, too, and gets it
 *	in the end.
 */
static void memory_high(struct gpu *gpu)
{
	struct member *member = mem_shared_page();

	waits_require();
	cgroup_create();
	igt_fork(child, 1)
		member_run(member, BLOCK / 2);
	member_limit(member, "memory.high", 0);
	igt_assert(igt_wait(member->done || service_is_held_back(), POLL_MS, 1));
	igt_assert_f(!member->done, "the service of faults was not held back\n");
	/* And nobody else is. */
	gpu_assert_alive(gpu);
	igt_waitchildren();
	igt_assert_neq_u64(cgroup_line("memory.events", "high"), 0);
	cgroup_remove();
	igt_assert(!munmap(member, PAGE));
}

/* Memory that the GPU of a process has got that is killed while it is held back, of @size. */
static uint64_t kill_held_back(size_t size)
{
	static struct igt_helper_process victim;
	struct member *member = mem_shared_page();
	uint64_t before, peak;

	cgroup_create();
	victim.use_SIGKILL = true;
	igt_fork_helper(&victim)
		member_run(member, size);
	before = member_limit(member, "memory.high", 0);
	igt_assert(igt_wait(member->done || service_is_held_back(), POLL_MS, 1));
	igt_assert_f(!member->done, "the service of faults was not held back\n");
	igt_stop_helper(&victim);
	/* Its memory goes with the last fault that is served. */
	igt_assert(igt_wait(!cgroup_line("memory.stat", "anon"), POLL_MS, 1));
	peak = cgroup_get("memory.peak");
	cgroup_remove();
	igt_assert(!munmap(member, PAGE));
	return peak - before;
}

/**
 * SUBTEST: memory-high-killed
 * Description: When a process is killed while it is held back, nothing more is allocated for its GPU but what is just
 *	being asked for, and then its memory is free.
 */
static void memory_high_killed(struct gpu *gpu)
{
	unsigned int i = 0;

	waits_require();
	/* All of the block takes seconds more. A machine may be so busy that killing a process takes longer. */
	while (kill_held_back(BLOCK) >= 3 * BLOCK / 4)
		igt_assert_lt(++i, 4);
	gpu_assert_alive(gpu);
}

/**
 * SUBTEST: memory-max
 * Description: memory.max holds for what the GPU allocates in a process: where nothing can be reclaimed the OOM killer
 *	ends it. Others go on.
 */
static void memory_max(struct gpu *gpu)
{
	static struct igt_helper_process victim;
	struct member *member = mem_shared_page();
	uint64_t max;

	cgroup_create();
	victim.use_SIGKILL = true;
	igt_fork_helper(&victim)
		member_run(member, 4 * BLOCK);
	max = member_limit(member, "memory.max", BLOCK) + BLOCK;
	igt_assert(igt_wait(member->done || cgroup_line("memory.events", "oom_kill"), POLL_MS, 1));
	igt_assert_f(!member->done, "it has got all of its memory\n");
	gpu_assert_alive(gpu);
	igt_stop_helper(&victim);
	igt_assert_eq_u64(cgroup_line("memory.events", "oom_kill"), 1);
	igt_assert_lte_u64(cgroup_get("memory.peak"), max);
	cgroup_remove();
	igt_assert(!munmap(member, PAGE));
}

/**
 * SUBTEST: scattered-pages
 * Description: 300 MiB of pages, none beside its neighbour in physical memory: behind an IOMMU each is a
 *	DMA mapping of its own, more than the 65535 that a process's mappings or a table of 16 bits could hold.
 */
static void scattered_pages(struct gpu *gpu)
{
	const unsigned int n = (300u << 20) / PAGE, per_block = BLOCK / PAGE;
	uint32_t *area = mem_anon((size_t)n * PAGE), *out = gpu->out + 64, i, j;

	igt_assert(!madvise(area, (size_t)n * PAGE, MADV_NOHUGEPAGE));
	/* 7919 is prime and no divisor of n, so this touches each page once. */
	for (i = 0; i < n; i++)
		area[(uint64_t)i * 7919 % n * (PAGE / 4)] = 0;
	gpu_scatter(gpu, area, PAGE, n, 1000);
	igt_assert_eq(gpu_count_pages(gpu, area, (size_t)n * PAGE, VALID | WRITE), n);
	for (i = 0; i < n; i += per_block) {
		gpu_gather(gpu, area + (size_t)i * (PAGE / 4), PAGE, per_block, out);
		for (j = 0; j < per_block; j++) {
			igt_assert_eq_u32(out[j], 1000 + i + j);
			igt_assert_eq_u32(area[(size_t)(i + j) * (PAGE / 4)], 1000 + i + j);
		}
	}
	mem_unmap(area, (size_t)n * PAGE);
}

/* One word in each block is read; one block in SPARSE_STEP has a page of its own there. */
#define SPARSE_MAX	(64ul << 20)
#define SPARSE_BLOCKS	8192u
#define SPARSE_CHUNK	1024u
#define SPARSE_STEP	64

/* Memory with a page in a few of its blocks, and no huge page. */
static uint32_t *sparse_map(unsigned int blocks)
{
	uint32_t *area = mem_reserve(blocks * BLOCK, BLOCK);
	unsigned int i;

	igt_assert(!mprotect(area, blocks * BLOCK, PROT_READ | PROT_WRITE));
	igt_assert(!madvise(area, blocks * BLOCK, MADV_NOHUGEPAGE));
	for (i = 0; i < blocks; i += SPARSE_STEP)
		area[i * (BLOCK / 4)] = i + 1;
	igt_assert(!mprotect(area, blocks * BLOCK, PROT_READ));
	return area;
}

/* The GPU reads a word in each of SPARSE_CHUNK blocks. */
static void sparse_read(struct gpu *gpu, const uint32_t *area, unsigned int first)
{
	uint32_t *out = gpu->out + 64;
	unsigned int i;

	memset(out, 0xee, SPARSE_CHUNK * 4);
	gpu_gather(gpu, area + first * (BLOCK / 4), BLOCK, SPARSE_CHUNK, out);
	for (i = 0; i < SPARSE_CHUNK; i++)
		igt_assert_eq_u32(out[i], (first + i) % SPARSE_STEP ? 0 : first + i + 1);
}

static void sparse_run(void)
{
	uint64_t blocks, kernel;
	struct gpu gpu;
	uint32_t *area;
	unsigned int i;

	igt_assert(file_write("/proc/self/oom_score_adj", "0"));
	cgroup_enter();
	gpu_open(&gpu);
	area = sparse_map(SPARSE_BLOCKS);
	for (i = 0; i < SPARSE_BLOCKS; i += SPARSE_CHUNK) {
		sparse_read(&gpu, area, i);
		blocks = gpu_stat(&gpu, DRM_MIRAGE_STAT_BLOCKS);
		igt_assert_lte_u64(blocks * 4 * PAGE, SPARSE_MAX / 4);
		kernel = cgroup_line("memory.stat", "kernel") -
			 cgroup_line("memory.stat", "pagetables");
		igt_info("%u blocks read, %" PRIu64 " tracked, %" PRIu64 " KiB charged\n",
			 i + SPARSE_CHUNK, blocks, kernel >> 10);
		igt_assert_lte_u64(blocks * 2 * PAGE, kernel);
	}
	/* Those that were taken away come back. */
	sparse_read(&gpu, area, 0);
	gpu_close(&gpu);
	mem_unmap(area, SPARSE_BLOCKS * BLOCK);
}

/**
 * SUBTEST: memory-max-sparse
 * Description: The GPU reads a word in each 2 MiB of much memory: what the kernel needs to track that is charged to
 *	the process's cgroup, and a quarter of its limit suffices. Nothing is killed.
 */
static void memory_max_sparse(struct gpu *gpu)
{
	cgroup_create();
	cgroup_set("memory.max", SPARSE_MAX);
	igt_fork(child, 1)
		sparse_run();
	igt_waitchildren();
	igt_assert_eq_u64(cgroup_line("memory.events", "oom_kill"), 0);
	gpu_assert_alive(gpu);
	cgroup_remove();
}

/* As sparse_run(), in a cgroup that has no room for all blocks; the page tables of mm are there. */
static void sparse_run_full(struct member *member)
{
	struct gpu gpu;
	uint32_t *area;
	unsigned int i;

	igt_assert(file_write("/proc/self/oom_score_adj", "0"));
	cgroup_enter();
	gpu_open(&gpu);
	area = sparse_map(SPARSE_CHUNK);
	for (i = 0; i < SPARSE_CHUNK; i++)
		igt_assert_eq_u32(*(volatile uint32_t *)&area[i * (BLOCK / 4)],
				  i % SPARSE_STEP ? 0 : i + 1);
	member->ready = true;
	igt_assert(igt_wait(member->go, POLL_MS, 1));
	sparse_read(&gpu, area, 0);
	igt_assert_lt_u64(gpu_stat(&gpu, DRM_MIRAGE_STAT_BLOCKS), SPARSE_CHUNK);
	gpu_close(&gpu);
	mem_unmap(area, SPARSE_CHUNK * BLOCK);
}

/**
 * SUBTEST: memory-max-blocks
 * Description: Where the cgroup has no room left for tracking a further 2 MiB, the GPU loses those mapped longest ago
 *	and goes on; nothing is killed.
 */
static void memory_max_blocks(struct gpu *gpu)
{
	struct member *member = mem_shared_page();

	cgroup_create();
	igt_fork(child, 1)
		sparse_run_full(member);
	member_limit(member, "memory.max", BLOCK);
	igt_waitchildren();
	igt_assert_neq_u64(cgroup_line("memory.events", "max"), 0);
	igt_assert_eq_u64(cgroup_line("memory.events", "oom_kill"), 0);
	gpu_assert_alive(gpu);
	cgroup_remove();
	igt_assert(!munmap(member, PAGE));
}

static const struct gpu_scenario scenarios[] = {
	{ "swap", swap, "What the GPU wrote comes back from swap." },
	{ "swap-mid-kernel", swap_mid_kernel,
	  "A page swapped out under a kernel that writes to it." },
	{ "collapse-mid-kernel", collapse_mid_kernel,
	  "Small pages become a huge one under a running kernel." },
	{ "compaction-mid-kernel", compaction_mid_kernel,
	  "Pages move in physical memory under a running kernel." },
	{ "userfaultfd-missing", userfaultfd_missing,
	  "A page that userfaultfd withholds makes the GPU wait." },
	{ "userfaultfd-wp", userfaultfd_wp,
	  "Write-protection by userfaultfd holds for the GPU." },
	{ "userfaultfd-wp-async", userfaultfd_wp_async,
	  "What userfaultfd only notes is served and noted." },
	{ "memory-high", memory_high, "Faults are slowed down above memory.high." },
	{ "memory-high-killed", memory_high_killed, "And end when the process is killed." },
	{ "scattered-pages", scattered_pages,
	  "More DMA mappings than 65535 behind an IOMMU." },
	{ "memory-max", memory_max, "memory.max holds, and the OOM killer ends the process." },
	{ "memory-max-sparse", memory_max_sparse, "Little of much memory is read under memory.max." },
	{ "memory-max-blocks", memory_max_blocks, "Blocks make room for each other under memory.max." },
};

int igt_main()
{
	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));
}
