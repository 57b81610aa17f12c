// SPDX-License-Identifier: MIT
/**
 * TEST: mirage svm fault
 * Description: First-touch faults: what the GPU sees, and how it came to see it.
 * Category: SVM
 */
#include <sys/mman.h>

#include "igt_mirage.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("First-touch faults: what the GPU sees, and how it came to see it.");

#define VALID	DRM_MIRAGE_SVM_PAGE_VALID
#define WRITE	DRM_MIRAGE_SVM_PAGE_WRITE
#define ATOMIC	DRM_MIRAGE_SVM_PAGE_ATOMIC

static uint64_t distinct_faults(struct gpu *gpu)
{
	return gpu_delta(gpu, DRM_MIRAGE_STAT_FAULTS) - gpu_delta(gpu, DRM_MIRAGE_STAT_FAULT_DUPS);
}

/**
 * SUBTEST: read-untouched
 * Description: A read of anonymous memory that nobody has touched gives zeros, with one fault,
 *	one page, and the zero page behind it: nothing is allocated.
 */
static void read_untouched(struct gpu *gpu)
{
	uint32_t *area = mem_anon(32 * PAGE);

	gpu->out[1] = 0xffffffff;
	igt_assert_eq_u32(gpu_read32(gpu, area + 5 * PAGE / 4), 0);
	igt_assert_eq_u64(distinct_faults(gpu), 1);
	igt_assert_eq_u64(gpu_demanded(gpu), 1);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_PREFETCHED), 0);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_LEAVES_4K), 1);
	igt_assert(page_is_zero_page(area + 5 * PAGE / 4));
	igt_assert_eq(gpu_count_pages(gpu, area, 32 * PAGE, VALID), 1);
	igt_assert_eq(gpu_page(gpu, area + 5 * PAGE / 4) & (VALID | WRITE | ATOMIC), VALID);
	igt_assert_eq_u64(page_pfn(area), 0);
	mem_unmap(area, 32 * PAGE);
}

/**
 * SUBTEST: read-touched
 * Description: A read of memory that the CPU has written gives what it wrote; the pages around
 *	come along without faults of their own.
 */
static void read_touched(struct gpu *gpu)
{
	uint32_t *area = mem_anon(64 * PAGE), *out = gpu->out + 64;
	unsigned int mapped, i;

	mem_touch(area, 64 * PAGE, 0x1000);
	igt_assert_eq_u32(gpu_read32(gpu, area + 20 * PAGE / 4), 0x1000 + 20);
	igt_assert_eq_u64(distinct_faults(gpu), 1);
	igt_assert_eq_u64(gpu_demanded(gpu), 1);
	/* At least the 64 KiB around the fault. */
	mapped = gpu_count_pages(gpu, area, 64 * PAGE, VALID);
	igt_assert_lte(16, mapped);
	igt_assert_eq(gpu_count_pages(gpu, area + 16 * PAGE / 4, 16 * PAGE, VALID), 16);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_MAPPED), mapped);

	gpu_mark(gpu);
	gpu_gather(gpu, area + 16 * PAGE / 4, PAGE, 16, out);
	for (i = 0; i < 16; i++)
		igt_assert_eq_u32(out[i], 0x1000 + 16 + i);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_FAULTS), 0);

	gpu_gather(gpu, area, PAGE, 64, out);
	for (i = 0; i < 64; i++)
		igt_assert_eq_u32(out[i], 0x1000 + i);
	igt_assert_eq(gpu_count_pages(gpu, area, 64 * PAGE, VALID), 64);
	mem_unmap(area, 64 * PAGE);
}

/**
 * SUBTEST: write-untouched
 * Description: A write to memory that nobody has touched allocates that page, zeroed, and no
 *	other.
 */
static void write_untouched(struct gpu *gpu)
{
	uint32_t *area = mem_anon(32 * PAGE), *page = area + 7 * PAGE / 4;
	unsigned int i;

	gpu_write32(gpu, page + 9, 0xcafe);
	igt_assert_eq_u64(distinct_faults(gpu), 1);
	igt_assert_eq_u64(gpu_demanded(gpu), 1);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_PREFETCHED), 0);
	igt_assert_eq(gpu_page(gpu, page) & (VALID | WRITE | ATOMIC), VALID | WRITE | ATOMIC);
	igt_assert_neq_u64(page_pfn(page), 0);
	igt_assert(!page_is_zero_page(page));
	for (i = 0; i < 32; i++)
		igt_assert_eq(!!page_pfn(area + i * PAGE / 4), i == 7);
	for (i = 0; i < PAGE / 4; i++)
		igt_assert_eq_u32(page[i], i == 9 ? 0xcafe : 0);
	mem_unmap(area, 32 * PAGE);
}

/**
 * SUBTEST: write-touched
 * Description: A write to memory that the CPU has written keeps the page and the bytes around.
 */
static void write_touched(struct gpu *gpu)
{
	uint32_t *area = mem_anon(16 * PAGE);
	uint64_t pfn;
	unsigned int i;

	memset(area, 0x5a, 16 * PAGE);
	pfn = page_pfn(area);
	gpu_write32(gpu, area + 100, 0xcafe);
	igt_assert_eq_u64(page_pfn(area), pfn);
	igt_assert_eq_u64(gpu_demanded(gpu), 1);
	for (i = 0; i < 16 * PAGE / 4; i++)
		igt_assert_eq_u32(area[i], i == 100 ? 0xcafe : 0x5a5a5a5a);
	/* The CPU writes on, and the GPU sees it without a fault. */
	gpu_mark(gpu);
	area[101] = 0xbeef;
	igt_assert_eq_u32(gpu_read32(gpu, area + 101), 0xbeef);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_FAULTS), 0);
	mem_unmap(area, 16 * PAGE);
}

/**
 * SUBTEST: read-then-write
 * Description: A page mapped for reading faults once more for writing; the zero page is
 *	replaced.
 */
static void read_then_write(struct gpu *gpu)
{
	uint32_t *area = mem_anon(PAGE);

	igt_assert_eq_u32(gpu_read32(gpu, area), 0);
	igt_assert_eq(gpu_page(gpu, area) & (VALID | WRITE), VALID);
	gpu_mark(gpu);
	gpu_write32(gpu, area, 0x77);
	igt_assert_eq_u64(distinct_faults(gpu), 1);
	igt_assert_eq(gpu_page(gpu, area) & (VALID | WRITE), VALID | WRITE);
	igt_assert_eq_u32(area[0], 0x77);
	igt_assert(!page_is_zero_page(area));
	igt_assert_eq_u32(gpu_read32(gpu, area), 0x77);
	mem_unmap(area, PAGE);
}

/**
 * SUBTEST: atomic-untouched
 * Description: Atomics of many waves on one untouched word: one page, an exact sum, and the
 *	waves' faults for the same page counted as duplicates of one.
 */
static void atomic_untouched(struct gpu *gpu)
{
	uint32_t *area = mem_anon(16 * PAGE);

	gpu_raise(gpu, area + 3, 16, 64, 10);
	igt_assert_eq_u32(area[3], 16 * 64 * 10);
	igt_assert_eq_u64(gpu_demanded(gpu), 1);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_MAPPED), 1);
	mem_unmap(area, 16 * PAGE);
}

/**
 * SUBTEST: many-waves-one-page
 * Description: Waves that fault on one page at once: FAULT_DUPS grows, and the page is mapped
 *	once.
 */
static void many_waves_one_page(struct gpu *gpu)
{
	uint32_t *area, *out = gpu->out + 64;
	unsigned int tries, i;

	/*
	 * How many of the waves fault before the first fault is served is a race that the
	 * waves nearly always win; what must hold each time is that one page is mapped.
	 */
	for (tries = 0; tries < 20; tries++) {
		area = mem_anon(PAGE);
		area[0] = 0xabcd;
		gpu_mark(gpu);
		gpu_gather(gpu, area, 0, 1024, out);
		for (i = 0; i < 1024; i++)
			igt_assert_eq_u32(out[i], 0xabcd);
		igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_MAPPED), 1);
		igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_LEAVES_4K), 1);
		mem_unmap(area, PAGE);
		if (gpu_delta(gpu, DRM_MIRAGE_STAT_FAULT_DUPS))
			return;
	}
	igt_assert_f(false, "no duplicate in %u rounds\n", tries);
}

/**
 * SUBTEST: many-pages-batched
 * Description: 256 scattered pages at once: each is mapped, in fewer batches than pages, with
 *	no more replays than batches.
 */
static void many_pages_batched(struct gpu *gpu)
{
	const unsigned int n = 256, step = 64 * 1024;
	char *area = mem_anon(n * step);
	unsigned int i;
	uint64_t batches;

	gpu_scatter(gpu, area, step, n, 0x100);
	for (i = 0; i < n; i++)
		igt_assert_eq_u32(*(uint32_t *)(area + i * step), 0x100 + i);
	igt_assert_eq_u64(gpu_demanded(gpu), n);
	batches = gpu_delta(gpu, DRM_MIRAGE_STAT_BATCHES);
	igt_assert_lt_u64(batches, n / 2);
	igt_assert_lte_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_REPLAYS), batches);
	mem_unmap(area, n * step);
}

/**
 * SUBTEST: no-cow-on-read
 * Description: Pages shared by fork stay shared when the GPU reads them.
 */
static void no_cow_on_read(struct gpu *gpu)
{
	uint32_t *area = mem_anon(8 * PAGE), *out = gpu->out + 64;
	volatile uint32_t *flag = gpu->out + 60;
	unsigned int i;
	uint64_t pfn[8];

	mem_touch(area, 8 * PAGE, 50);
	for (i = 0; i < 8; i++)
		pfn[i] = page_pfn(area + i * PAGE / 4);

	igt_fork(child, 1) {
		igt_assert(igt_wait(*flag == 1, POLL_MS, 1));
		for (i = 0; i < 8; i++) {
			igt_assert_eq_u64(page_pfn(area + i * PAGE / 4), pfn[i]);
			igt_assert_eq_u32(area[i * PAGE / 4], 50 + i);
		}
	}
	gpu_mark(gpu);
	gpu_gather(gpu, area, PAGE, 8, out);
	for (i = 0; i < 8; i++) {
		igt_assert_eq_u32(out[i], 50 + i);
		igt_assert_eq_u64(page_pfn(area + i * PAGE / 4), pfn[i]);
		igt_assert_eq(gpu_page(gpu, area + i * PAGE / 4) & (VALID | WRITE), VALID);
	}
	*flag = 1;
	igt_waitchildren();
	mem_unmap(area, 8 * PAGE);
}

/**
 * SUBTEST: cow-on-write
 * Description: A GPU write to a page shared by fork gives the writer a page of its own, and
 *	leaves the child what it had.
 */
static void cow_on_write(struct gpu *gpu)
{
	uint32_t *area = mem_anon(8 * PAGE);
	volatile uint32_t *flag = gpu->out + 60;
	unsigned int i;
	uint64_t pfn[8];

	mem_touch(area, 8 * PAGE, 50);
	for (i = 0; i < 8; i++)
		pfn[i] = page_pfn(area + i * PAGE / 4);

	igt_fork(child, 1) {
		igt_assert(igt_wait(*flag == 1, POLL_MS, 1));
		for (i = 0; i < 8; i++) {
			igt_assert_eq_u64(page_pfn(area + i * PAGE / 4), pfn[i]);
			igt_assert_eq_u32(area[i * PAGE / 4], 50 + i);
		}
	}
	gpu_write32(gpu, area + 3 * PAGE / 4, 999);
	for (i = 0; i < 8; i++) {
		igt_assert_eq_u32(area[i * PAGE / 4], i == 3 ? 999 : 50 + i);
		if (i == 3)
			igt_assert_neq_u64(page_pfn(area + i * PAGE / 4), pfn[i]);
		else
			igt_assert_eq_u64(page_pfn(area + i * PAGE / 4), pfn[i]);
	}
	*flag = 1;
	igt_waitchildren();
	mem_unmap(area, 8 * PAGE);
}

/**
 * SUBTEST: two-vms-one-process
 * Description: Two address spaces of one process see the same memory, each by faults of its
 *	own.
 */
static void two_vms(struct gpu *gpu)
{
	uint32_t *area = mem_anon(PAGE);
	struct gpu second;

	gpu_open(&second);
	gpu_write32(gpu, area, 1);
	igt_assert_eq_u32(gpu_read32(&second, area), 1);
	gpu_write32(&second, area, 2);
	gpu_mark(gpu);
	igt_assert_eq_u32(gpu_read32(gpu, area), 2);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_FAULTS), 0);
	gpu_close(&second);
	mem_unmap(area, PAGE);
}

/**
 * SUBTEST: copy-across-pages
 * Description: One COPY from untouched to touched and across many pages that fault on the way,
 *	and ends byte for byte right.
 */
static void copy_across_pages(struct gpu *gpu)
{
	const size_t size = 40 * PAGE;
	uint8_t *from = mem_anon(size), *to = mem_anon(size);
	size_t i;

	for (i = 0; i < size; i++)
		from[i] = i % 251;
	gpu_copy(gpu, to + 13, from + 7, size - 20);
	for (i = 0; i < size; i++)
		igt_assert_eq(to[i], i >= 13 && i < size - 7 ? (i - 6) % 251 : 0);
	/* No page of either was asked for twice. */
	igt_assert_lte_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_MAPPED), 80);
	mem_unmap(from, size);
	mem_unmap(to, size);
}

#define AHEAD		"/sys/module/mirage/parameters/populate_ahead"
#define RUN_PAGES	256u

/* A COPY to @area, 1 MiB that ends in the middle of its block. Returns how many faults it takes. */
static uint64_t count_copy(struct gpu *gpu, uint32_t *area)
{
	uint32_t *from = mem_anon(RUN_PAGES * PAGE);
	unsigned int i;

	mem_touch(from, RUN_PAGES * PAGE, 0x4000);
	igt_assert_eq(mirage_svm_populate(&gpu->dev, gpu->vm, from, RUN_PAGES * PAGE, false), 0);
	gpu_mark(gpu);
	gpu_copy(gpu, area, from, RUN_PAGES * PAGE);
	for (i = 0; i < RUN_PAGES; i++)
		igt_assert_eq_u32(area[i * PAGE / 4], 0x4000 + i);
	mem_unmap(from, RUN_PAGES * PAGE);
	return distinct_faults(gpu);
}

static void set_ahead(bool on)
{
	igt_assert(file_write(AHEAD, on ? "1" : "0"));
}

/**
 * SUBTEST: ahead-untouched
 * Description: A COPY to 1 MiB of untouched memory faults at one page in two or fewer, and at each with the
 *	parameter populate_ahead off. Either way it allocates what it writes to, and nothing more in the mapping.
 */
static void ahead_untouched(struct gpu *gpu)
{
	uint32_t *area;

	area = mem_anon(RUN_PAGES * PAGE);
	igt_assert_lte_u64(count_copy(gpu, area), RUN_PAGES / 2);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_MAPPED), RUN_PAGES);
	igt_assert_eq(gpu_count_pages(gpu, area, RUN_PAGES * PAGE, WRITE), RUN_PAGES);
	mem_unmap(area, RUN_PAGES * PAGE);

	set_ahead(false);
	area = mem_anon(RUN_PAGES * PAGE);
	igt_assert_lte_u64(RUN_PAGES, count_copy(gpu, area));
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_PREFETCHED), 0);
	mem_unmap(area, RUN_PAGES * PAGE);
	set_ahead(true);
}

/**
 * SUBTEST: ahead-cow
 * Description: A COPY to 1 MiB that is shared with a child faults at one page in two or fewer. The child
 *	keeps what it had, and reads of the GPU before break no COW.
 */
static void ahead_cow(struct gpu *gpu)
{
	uint32_t *area = mem_anon(RUN_PAGES * PAGE), *out = gpu->out + 64;
	volatile uint32_t *flag = gpu->out + 60;
	uint64_t pfn[RUN_PAGES];
	unsigned int i;

	mem_touch(area, RUN_PAGES * PAGE, 50);
	for (i = 0; i < RUN_PAGES; i++)
		pfn[i] = page_pfn(area + i * PAGE / 4);
	igt_fork(child, 1) {
		igt_assert(igt_wait(*flag == 1, POLL_MS, 1));
		for (i = 0; i < RUN_PAGES; i++) {
			igt_assert_eq_u64(page_pfn(area + i * PAGE / 4), pfn[i]);
			igt_assert_eq_u32(area[i * PAGE / 4], 50 + i);
		}
	}
	gpu_gather(gpu, area, PAGE, RUN_PAGES, out);
	for (i = 0; i < RUN_PAGES; i++)
		igt_assert_eq_u64(page_pfn(area + i * PAGE / 4), pfn[i]);
	igt_assert_lte_u64(count_copy(gpu, area), RUN_PAGES / 2);
	for (i = 0; i < RUN_PAGES; i++)
		igt_assert_neq_u64(page_pfn(area + i * PAGE / 4), pfn[i]);
	*flag = 1;
	igt_waitchildren();
	mem_unmap(area, RUN_PAGES * PAGE);
}

/**
 * SUBTEST: ahead-file-%s
 * Description: A COPY to 1 MiB of a %arg[1] file's shared mapping faults at one page in two or fewer, and
 *	all of it is in the file.
 *
 * arg[1]:
 *
 * @written:	written
 * @sparse:	sparse
 */
static void ahead_file(struct gpu *gpu, bool written)
{
	char path[] = "/var/tmp/mirage-test.XXXXXX";
	uint32_t *area = mem_reserve(BLOCK, BLOCK), word, i;
	int fd = mkstemp(path);

	igt_assert_fd(fd);
	igt_assert(!unlink(path));
	igt_assert(!ftruncate(fd, RUN_PAGES * PAGE));
	for (i = 0; written && i < RUN_PAGES; i++)
		igt_assert_eq(pwrite(fd, &i, sizeof(i), i * PAGE), sizeof(i));
	igt_assert(mmap(area, 2 * RUN_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
			0) == area);
	igt_assert_lte_u64(count_copy(gpu, area), RUN_PAGES / 2);
	for (i = 0; i < RUN_PAGES; i++) {
		igt_assert_eq(pread(fd, &word, sizeof(word), i * PAGE), sizeof(word));
		igt_assert_eq_u32(word, 0x4000 + i);
	}
	mem_unmap(area, BLOCK);
	close(fd);
}

static void ahead_file_written(struct gpu *gpu)
{
	ahead_file(gpu, true);
}

static void ahead_file_sparse(struct gpu *gpu)
{
	ahead_file(gpu, false);
}

/**
 * SUBTEST: ahead-ends
 * Description: Writes of 41 pages in a row: no more than as many again are allocated, none in the mapping
 *	behind, and none before them.
 */
static void ahead_ends(struct gpu *gpu)
{
	const unsigned int at = 100, n = 41;
	uint32_t *area = mem_anon(RUN_PAGES * PAGE);
	unsigned int i, count = 0;

	gpu_fill(gpu, area + at * PAGE / 4, n * PAGE, 7);
	for (i = 0; i < RUN_PAGES; i++) {
		count += !!page_pfn(area + i * PAGE / 4);
		igt_assert(i >= at || !page_pfn(area + i * PAGE / 4));
	}
	igt_assert_lte(n + 1, count);
	igt_assert_lte(count, 2 * n);
	mem_unmap(area, RUN_PAGES * PAGE);

	area = mem_anon(RUN_PAGES * PAGE);
	igt_assert(!madvise(area + n * PAGE / 4, n * PAGE, MADV_DONTFORK));
	gpu_fill(gpu, area, n * PAGE, 7);
	for (i = 0; i < RUN_PAGES; i++)
		igt_assert_eq(!!page_pfn(area + i * PAGE / 4), i < n);
	mem_unmap(area, RUN_PAGES * PAGE);
}

/**
 * SUBTEST: ahead-reads
 * Description: Reads of untouched memory, page after page, allocate nothing: each page is the zero page, and
 *	behind the last there is none. The same next to writes.
 */
static void ahead_reads(struct gpu *gpu)
{
	const unsigned int n = 64;
	uint32_t *area = mem_anon(RUN_PAGES * PAGE), *out = gpu->out + 64;
	unsigned int i;

	gpu_write32(gpu, area, 1);
	for (i = 1; i < n; i++)
		igt_assert_eq_u32(gpu_read32(gpu, area + i * PAGE / 4), 0);
	gpu_gather(gpu, area + n * PAGE / 4, PAGE, n, out);
	for (i = 1; i < 2 * n; i++)
		igt_assert(page_is_zero_page(area + i * PAGE / 4));
	for (; i < RUN_PAGES; i++)
		igt_assert_eq_u64(page_pfn(area + i * PAGE / 4), 0);
	mem_unmap(area, RUN_PAGES * PAGE);
}

/**
 * SUBTEST: code-and-packets-anywhere
 * Description: Packets, dispatch descriptor, code and arguments in memory that the GPU has
 *	never seen, and that is read-only to the process.
 */
static void code_anywhere(struct gpu *gpu)
{
	char *area = mem_anon(4 * PAGE);
	struct scatter_args *args = (void *)(area + 2 * PAGE);
	struct mirage_dispatch *dispatch = (void *)(area + PAGE);
	struct drm_mirage_cmds cmds;
	struct drm_mirage_sync sync;
	struct mirage_ib ib;
	uint32_t syncobj, i;

	memcpy(area + 3 * PAGE, kernel_scatter.code, kernel_scatter.size);
	*args = (struct scatter_args){
		.dst = (uintptr_t)(gpu->out + 64), .stride = 4, .n = 40, .value = 7000,
	};
	mirage_dispatch_init(dispatch, area + 3 * PAGE, kernel_scatter.size,
			     kernel_scatter.nr_regs);
	mirage_dispatch_args(dispatch, args, sizeof(*args));
	mirage_dispatch_grid(dispatch, 2, 1, 1);
	mirage_dispatch_group(dispatch, 32, 1, 1);
	mirage_ib_init(&ib, area, PAGE);
	mirage_ib_dispatch(&ib, dispatch);
	igt_assert_eq(mirage_ib_cmds(&ib, &cmds), 0);
	igt_assert(!mprotect(area, 4 * PAGE, PROT_READ));

	igt_assert_eq(mirage_syncobj_create(&gpu->dev, false, &syncobj), 0);
	sync = mirage_sync_signal(syncobj);
	igt_assert_eq(mirage_exec(&gpu->dev, gpu->queue, &cmds, 1, &sync, 1), 0);
	igt_assert_eq(mirage_syncobj_wait(&gpu->dev, syncobj, JOB_DEADLINE), 0);
	for (i = 0; i < 64; i++)
		igt_assert_eq_u32(gpu->out[64 + i], i < 40 ? 7000 + i : 0);
	igt_assert_eq(gpu_count_pages(gpu, area, 4 * PAGE, VALID), 4);
	igt_assert_eq(gpu_count_pages(gpu, area, 4 * PAGE, WRITE), 0);
	igt_assert_eq(mirage_syncobj_destroy(&gpu->dev, syncobj), 0);
	mem_unmap(area, 4 * PAGE);
}

/**
 * SUBTEST: query-in-pieces
 * Description: The page tables of more memory than the kernel tells of at once, with a page mapped at each end of
 *	the pieces: these are told, and no others.
 */
static void query_in_pieces(struct gpu *gpu)
{
	const size_t piece = 64ul << 20, size = 2 * piece + BLOCK;
	const size_t at[] = { 0, piece - PAGE, piece, 2 * piece - PAGE, 2 * piece, size - PAGE };
	char *area = mem_anon(size);
	unsigned int i, n = 0;
	uint8_t *pages;

	/* Backwards: a run upwards would populate pages ahead. */
	for (i = ARRAY_SIZE(at); i--;)
		gpu_write32(gpu, area + at[i], i);
	pages = malloc(size / PAGE);
	igt_assert(pages);
	igt_assert_eq(mirage_svm_query(&gpu->dev, gpu->vm, area, size, pages), 0);
	for (i = 0; i < size / PAGE; i++)
		if (pages[i] & DRM_MIRAGE_SVM_PAGE_VALID)
			igt_assert_eq_u64(i, at[n++] / PAGE);
	igt_assert_eq(n, ARRAY_SIZE(at));
	igt_assert_eq(mirage_svm_query(&gpu->dev, gpu->vm, area, 0, pages), -EINVAL);
	igt_assert_eq(mirage_svm_query(&gpu->dev, gpu->vm, area, piece + 1, pages), -EINVAL);
	free(pages);
	mem_unmap(area, size);
}

#define POPULATED	600u

/**
 * SUBTEST: populate-read
 * Description: Untouched memory is mapped for reading: each page once, none writable, and a kernel that reads all of it
 *	takes no fault. A second time there is nothing to be mapped. mm takes a page away as ever.
 */
static void populate_read(struct gpu *gpu)
{
	char *area = mem_anon(POPULATED * PAGE);

	gpu_mark(gpu);
	igt_assert_eq(mirage_svm_populate(&gpu->dev, gpu->vm, area, POPULATED * PAGE, false), 0);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_MAPPED), POPULATED);
	igt_assert_eq_u64(gpu_demanded(gpu), 0);
	igt_assert_eq(gpu_count_pages(gpu, area, POPULATED * PAGE, DRM_MIRAGE_SVM_PAGE_VALID),
		      POPULATED);
	igt_assert_eq(gpu_count_pages(gpu, area, POPULATED * PAGE, DRM_MIRAGE_SVM_PAGE_WRITE), 0);
	igt_assert_eq(mirage_svm_populate(&gpu->dev, gpu->vm, area, POPULATED * PAGE, false), 0);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_MAPPED), POPULATED);
	gpu_gather(gpu, area, PAGE, POPULATED, &gpu->out[64]);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_FAULTS), 0);

	*(volatile uint32_t *)(area + 9 * PAGE) = 5;
	igt_assert_eq(gpu_page(gpu, area + 9 * PAGE), 0);
	igt_assert_eq_u32(gpu_read32(gpu, area + 9 * PAGE), 5);
	mem_unmap(area, POPULATED * PAGE);
}

/**
 * SUBTEST: populate-write
 * Description: Untouched memory is mapped for writing, and a kernel that writes to all of it takes no fault. Where a page
 *	may not be written or is not there, that is told; what lies before is mapped.
 */
static void populate_write(struct gpu *gpu)
{
	char *area = mem_anon(POPULATED * PAGE);
	unsigned int i;

	gpu_mark(gpu);
	igt_assert_eq(mirage_svm_populate(&gpu->dev, gpu->vm, area, POPULATED * PAGE, true), 0);
	igt_assert_eq(gpu_count_pages(gpu, area, POPULATED * PAGE, DRM_MIRAGE_SVM_PAGE_WRITE),
		      POPULATED);
	gpu_scatter(gpu, area, PAGE, POPULATED, 7000);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_FAULTS), 0);
	for (i = 0; i < POPULATED; i++)
		igt_assert_eq_u32(*(uint32_t *)(area + i * PAGE), 7000 + i);
	mem_unmap(area, POPULATED * PAGE);

	area = mem_reserve(2 * BLOCK, BLOCK);
	igt_assert(mmap(area, BLOCK + PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == area);
	igt_assert(!mprotect(area + BLOCK, PAGE, PROT_READ));
	igt_assert_eq(mirage_svm_populate(&gpu->dev, gpu->vm, area, BLOCK + PAGE, true), -EPERM);
	igt_assert_eq(gpu_count_pages(gpu, area, BLOCK, DRM_MIRAGE_SVM_PAGE_WRITE), BLOCK / PAGE);
	igt_assert_eq(mirage_svm_populate(&gpu->dev, gpu->vm, area, BLOCK + PAGE, false), 0);
	igt_assert_eq(mirage_svm_populate(&gpu->dev, gpu->vm, area + BLOCK, 2 * PAGE, false), -EFAULT);
	mem_unmap(area, 2 * BLOCK);
}

static const struct gpu_scenario scenarios[] = {
	{ "read-untouched", read_untouched,
	  "A read of untouched memory maps the zero page, read-only, with one fault." },
	{ "read-touched", read_touched,
	  "A read of touched memory brings the pages around along." },
	{ "write-untouched", write_untouched,
	  "A write to untouched memory allocates that one page." },
	{ "write-touched", write_touched,
	  "A write to touched memory keeps the page and the bytes around." },
	{ "read-then-write", read_then_write,
	  "A page mapped for reading faults once more for writing." },
	{ "atomic-untouched", atomic_untouched, "Atomics of many waves on one untouched word." },
	{ "many-waves-one-page", many_waves_one_page,
	  "Waves that fault on one page at once map it once." },
	{ "many-pages-batched", many_pages_batched,
	  "Scattered faults are served in batches, with one replay each." },
	{ "no-cow-on-read", no_cow_on_read,
	  "Pages shared by fork stay shared when the GPU reads them." },
	{ "cow-on-write", cow_on_write,
	  "A GPU write breaks copy-on-write for the writer alone." },
	{ "two-vms-one-process", two_vms,
	  "Two address spaces of one process see the same memory." },
	{ "copy-across-pages", copy_across_pages,
	  "A copy that faults on the way ends byte for byte right." },
	{ "ahead-untouched", ahead_untouched, "A COPY to untouched memory takes few faults." },
	{ "ahead-cow", ahead_cow, "A COPY to memory shared with a child takes few faults." },
	{ "ahead-file-written", ahead_file_written, "A COPY to a file takes few faults." },
	{ "ahead-file-sparse", ahead_file_sparse, "A COPY to a file of holes takes few faults." },
	{ "ahead-ends", ahead_ends, "What is populated ahead ends with the run and the mapping." },
	{ "ahead-reads", ahead_reads, "Reads in a row populate nothing." },
	{ "populate-read", populate_read, "Memory that is mapped for reading before it is read." },
	{ "populate-write", populate_write, "Memory that is mapped for writing before it is written." },
	{ "query-in-pieces", query_in_pieces,
	  "The page tables of more memory than the kernel tells of at once." },
	{ "code-and-packets-anywhere", code_anywhere,
	  "Packets, descriptor, code and arguments in memory the GPU has never seen." },
};

int igt_main()
{
	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));
	/* Also where a subtest failed before. */
	igt_fixture()
		set_ahead(true);
}
