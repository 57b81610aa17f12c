// SPDX-License-Identifier: MIT
/**
 * TEST: mirage svm memory
 * Description: Each kind of memory that a process can have, read and written by the GPU.
 * Category: SVM
 */
#include <fcntl.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "igt_mirage.h"
#include "igt_mirage_bo.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("Each kind of memory that a process can have, read and written by the GPU.");

#define VALID	DRM_MIRAGE_SVM_PAGE_VALID
#define WRITE	DRM_MIRAGE_SVM_PAGE_WRITE
#define HUGE	DRM_MIRAGE_SVM_PAGE_2M

static uint32_t data_word = 0x600d;
static uint32_t bss_words[PAGE / 2];
static const uint32_t rodata_words[4] = { 11, 22, 33, 44 };

/**
 * SUBTEST: stack
 * Description: Local variables of this thread, and of a thread with a stack of its own.
 */
static void check_stack(struct gpu *gpu)
{
	volatile uint32_t words[64];
	unsigned int i;

	for (i = 0; i < 64; i++)
		words[i] = i * 3;
	igt_assert_eq_u32(gpu_read32(gpu, (void *)&words[21]), 63);
	gpu_write32(gpu, (void *)&words[22], 4711);
	for (i = 0; i < 64; i++)
		igt_assert_eq_u32(words[i], i == 22 ? 4711 : i * 3);
}

static void *stack_thread(void *gpu)
{
	check_stack(gpu);
	return NULL;
}

static void stack(struct gpu *gpu)
{
	pthread_t thread;

	check_stack(gpu);
	igt_assert(!pthread_create(&thread, NULL, stack_thread, gpu));
	igt_assert(!pthread_join(thread, NULL));
}

/**
 * SUBTEST: program
 * Description: Code, constants, initialised and zeroed data of the program itself.
 */
static void program(struct gpu *gpu)
{
	const void *text = (const void *)(uintptr_t)stack_thread;
	uint32_t insn;

	memcpy(&insn, text, 4);
	igt_assert_eq_u32(gpu_read32(gpu, text), insn);
	igt_assert_eq(gpu_page(gpu, text) & (VALID | WRITE), VALID);
	igt_assert_eq_u32(gpu_read32(gpu, &rodata_words[2]), 33);
	igt_assert_eq_u32(gpu_read32(gpu, &data_word), 0x600d);
	gpu_write32(gpu, &data_word, 0xbad);
	igt_assert_eq_u32(*(volatile uint32_t *)&data_word, 0xbad);
	igt_assert_eq_u32(gpu_read32(gpu, &bss_words[1000]), 0);
	gpu_write32(gpu, &bss_words[1000], 5);
	igt_assert_eq_u32(*(volatile uint32_t *)&bss_words[1000], 5);
}

/**
 * SUBTEST: heap
 * Description: malloc of many sizes: each block is written by the GPU and has its own bytes.
 */
static void heap(struct gpu *gpu)
{
	static const size_t sizes[] = { 16, 40, 1000, 5000, 70000, 300000, 5 << 20 };
	uint32_t *blocks[ARRAY_SIZE(sizes)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		blocks[i] = malloc(sizes[i]);
		igt_assert(blocks[i]);
		gpu_fill(gpu, blocks[i], sizes[i] & ~3ul, 0x1111 * (i + 1));
	}
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t w;

		for (w = 0; w < sizes[i] / 4; w++)
			igt_assert_eq_u32(blocks[i][w], 0x1111 * (i + 1));
		free(blocks[i]);
	}
}

/* A file in memory (tmpfs) or on the overlay above the root, with n pages of content. */
static int make_file(const char *dir, unsigned int pages, uint32_t value)
{
	char path[64], page[PAGE];
	unsigned int i;
	int fd;

	snprintf(path, sizeof(path), "%s/mirage-test.XXXXXX", dir);
	fd = mkstemp(path);
	igt_assert_fd(fd);
	igt_assert(!unlink(path));
	for (i = 0; i < pages; i++) {
		uint32_t word = value + i;

		memset(page, 0x11, sizeof(page));
		memcpy(page, &word, sizeof(word));
		igt_assert_eq(write(fd, page, sizeof(page)), sizeof(page));
	}
	return fd;
}

static uint32_t file_word(int fd, unsigned int page)
{
	uint32_t word;

	igt_assert_eq(pread(fd, &word, sizeof(word), page * PAGE), sizeof(word));
	return word;
}

static uint32_t *map_file(int fd, unsigned int pages, int prot, int flags)
{
	void *area = mem_reserve(BLOCK, BLOCK);

	igt_assert(mmap(area, pages * PAGE, prot, flags | MAP_FIXED, fd, 0) == area);
	return area;
}

/**
 * SUBTEST: file-%s
 * Description: A mapped file on %arg[1]: private pages are read from the page cache and copied
 *	on write; shared ones are written through to the file.
 *
 * arg[1]:
 *
 * @tmpfs:	tmpfs
 * @overlay:	the overlay above the root
 */
static void file(struct gpu *gpu, const char *dir)
{
	int fd = make_file(dir, 8, 100);
	uint32_t *private, *shared, *readonly;
	uint64_t pfn;

	private = map_file(fd, 8, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	igt_assert_eq_u32(gpu_read32(gpu, private + 2 * PAGE / 4), 102);
	igt_assert_eq(gpu_page(gpu, private + 2 * PAGE / 4) & (VALID | WRITE), VALID);
	pfn = page_pfn(private + 2 * PAGE / 4);
	/* Read through the private mapping: still the page of the cache. */
	igt_assert(!(page_flags(private + 2 * PAGE / 4) & KPF_ANON));
	gpu_write32(gpu, private + 2 * PAGE / 4, 0xaaa);
	igt_assert_eq_u32(private[2 * PAGE / 4], 0xaaa);
	igt_assert_eq_u32(private[2 * PAGE / 4 + 1], 0x11111111);
	igt_assert(page_flags(private + 2 * PAGE / 4) & KPF_ANON);
	igt_assert_neq_u64(page_pfn(private + 2 * PAGE / 4), pfn);
	igt_assert_eq_u32(file_word(fd, 2), 102);

	shared = map_file(fd, 8, PROT_READ | PROT_WRITE, MAP_SHARED);
	igt_assert_eq_u32(gpu_read32(gpu, shared + 3 * PAGE / 4), 103);
	gpu_write32(gpu, shared + 3 * PAGE / 4, 0xbbb);
	igt_assert_eq_u32(file_word(fd, 3), 0xbbb);
	igt_assert_eq_u32(shared[3 * PAGE / 4], 0xbbb);
	/* And what is written to the file shows up in the GPU's view. */
	igt_assert_eq(pwrite(fd, "\x01\x02\x03\x04", 4, 3 * PAGE), 4);
	igt_assert_eq_u32(gpu_read32(gpu, shared + 3 * PAGE / 4), 0x04030201);

	readonly = map_file(fd, 8, PROT_READ, MAP_SHARED);
	igt_assert_eq_u32(gpu_read32(gpu, readonly + 4 * PAGE / 4), 104);
	gpu_write_fails(gpu, readonly + 4 * PAGE / 4, EPERM);
	igt_assert_eq_u32(file_word(fd, 4), 104);

	mem_unmap(private, BLOCK);
	mem_unmap(shared, BLOCK);
	mem_unmap(readonly, BLOCK);
	close(fd);
}

/**
 * SUBTEST: file-end
 * Description: Beyond the end of a file, and beyond one that shrinks under a mapping the GPU
 *	has, an access stops the queue as it would kill the process.
 */
static void file_end(struct gpu *gpu)
{
	int fd = make_file("/tmp", 4, 100);
	uint32_t *area = map_file(fd, 8, PROT_READ | PROT_WRITE, MAP_SHARED);

	igt_assert_eq_u32(gpu_read32(gpu, area + 3 * PAGE / 4), 103);
	gpu_read_fails(gpu, area + 4 * PAGE / 4, ENXIO);

	gpu_mark(gpu);
	igt_assert(!ftruncate(fd, PAGE));
	igt_assert_eq(gpu_count_pages(gpu, area, 8 * PAGE, VALID),
		      gpu_page(gpu, area) & VALID ? 1 : 0);
	igt_assert_neq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_INVALIDATED), 0);
	gpu_read_fails(gpu, area + 3 * PAGE / 4, ENXIO);
	igt_assert_eq_u32(gpu_read32(gpu, area), 100);

	/* It grows again: zeros. */
	igt_assert(!ftruncate(fd, 4 * PAGE));
	igt_assert_eq_u32(gpu_read32(gpu, area + 3 * PAGE / 4), 0);
	mem_unmap(area, BLOCK);
	close(fd);
}

/**
 * SUBTEST: file-hole-punched
 * Description: A hole punched into a file takes the page away from the GPU, which then reads
 *	zeros.
 */
static void file_hole(struct gpu *gpu)
{
	int fd = memfd_create("mirage", MFD_CLOEXEC);
	uint32_t *area;

	igt_assert_fd(fd);
	igt_assert(!ftruncate(fd, 4 * PAGE));
	area = map_file(fd, 4, PROT_READ | PROT_WRITE, MAP_SHARED);
	mem_touch(area, 4 * PAGE, 30);
	igt_assert_eq_u32(gpu_read32(gpu, area + PAGE / 4), 31);
	igt_assert(!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, PAGE));
	igt_assert_eq(gpu_page(gpu, area + PAGE / 4), 0);
	igt_assert_eq_u32(gpu_read32(gpu, area + PAGE / 4), 0);
	igt_assert_eq_u32(gpu_read32(gpu, area + 2 * PAGE / 4), 32);
	mem_unmap(area, BLOCK);
	close(fd);
}

/**
 * SUBTEST: shmem-two-processes
 * Description: Shared memory at different addresses in two processes, each with its own address
 *	space on the GPU: what one's GPU work writes the other's reads.
 */
static void shmem_two_processes(struct gpu *gpu)
{
	int fd = memfd_create("mirage", MFD_CLOEXEC);
	volatile uint32_t *flag = gpu->out + 60;
	uint32_t *area;

	igt_assert_fd(fd);
	igt_assert(!ftruncate(fd, 4 * PAGE));
	igt_fork(child, 1) {
		uint32_t *mine = map_file(fd, 4, PROT_READ | PROT_WRITE, MAP_SHARED);
		struct gpu own;

		gpu_open(&own);
		gpu_scatter(&own, mine, PAGE, 4, 4000);
		*flag = 1;
		igt_assert(igt_wait(*flag == 2, POLL_MS, 1));
		igt_assert_eq_u32(gpu_read32(&own, mine + PAGE / 4), 0x5555);
		gpu_close(&own);
	}
	/* Elsewhere than the child's: that address is taken here. */
	mem_reserve(BLOCK, BLOCK);
	area = map_file(fd, 4, PROT_READ | PROT_WRITE, MAP_SHARED);
	igt_assert(igt_wait(*flag == 1, POLL_MS, 1));
	igt_assert_eq_u32(gpu_read32(gpu, area + 3 * PAGE / 4), 4003);
	gpu_write32(gpu, area + PAGE / 4, 0x5555);
	*flag = 2;
	igt_waitchildren();
	mem_unmap(area, BLOCK);
	close(fd);
}

/**
 * SUBTEST: anon-shared-fork
 * Description: Shared anonymous memory after fork: the GPU writes for both, and fork does not
 *	take the mapping away.
 */
static void anon_shared_fork(struct gpu *gpu)
{
	uint32_t *area = mem_reserve(BLOCK, BLOCK);
	volatile uint32_t *flag = gpu->out + 60;

	igt_assert(mmap(area, 4 * PAGE, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == area);
	gpu_write32(gpu, area, 1);
	gpu_mark(gpu);
	igt_fork(child, 1) {
		igt_assert(igt_wait(*flag == 1, POLL_MS, 1));
		igt_assert_eq_u32(*(volatile uint32_t *)area, 2);
	}
	gpu_write32(gpu, area, 2);
	igt_assert_eq_u64(gpu_demanded(gpu), 0);
	*flag = 1;
	igt_waitchildren();
	mem_unmap(area, BLOCK);
}

/**
 * SUBTEST: thp
 * Description: A transparent huge page that the CPU has touched is mapped with one 2 MiB leaf,
 *	and by one fault.
 */
static void thp(struct gpu *gpu)
{
	uint32_t *area = mem_huge(BLOCK), *out = gpu->out + 64;
	unsigned int i;

	area[0] = 5000;
	igt_require_f(page_flags(area) & KPF_THP, "the kernel had no huge page to give\n");
	mem_touch(area, BLOCK, 5000);
	gpu_mark(gpu);
	gpu_write32(gpu, area + 1, 1);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_LEAVES_2M), 1);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_LEAVES_4K), 0);
	igt_assert_eq_u64(gpu_demanded(gpu), 1);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_MAPPED), BLOCK / PAGE);
	igt_assert_eq(gpu_count_pages(gpu, area, BLOCK, VALID | WRITE | HUGE), BLOCK / PAGE);
	gpu_mark(gpu);
	gpu_gather(gpu, area, 8 * PAGE, 64, out);
	for (i = 0; i < 64; i++)
		igt_assert_eq_u32(out[i], 5000 + 8 * i);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_FAULTS), 0);
	mem_unmap(area, BLOCK);
}

/**
 * SUBTEST: thp-first-touch
 * Description: The GPU's own first write to memory that wants huge pages allocates one.
 */
static void thp_first_touch(struct gpu *gpu)
{
	uint32_t *area = mem_huge(BLOCK), i;

	gpu_write32(gpu, area + 300 * PAGE / 4, 0x3333);
	igt_require_f(page_flags(area + 300 * PAGE / 4) & KPF_THP,
		      "the kernel had no huge page to give\n");
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_LEAVES_2M), 1);
	for (i = 0; i < BLOCK / 4; i++)
		igt_assert_eq_u32(area[i], i == 300 * PAGE / 4 ? 0x3333 : 0);
	mem_unmap(area, BLOCK);
}

/**
 * SUBTEST: hugetlb
 * Description: A 2 MiB page of hugetlbfs is mapped with one 2 MiB leaf.
 */
static void hugetlb(struct gpu *gpu)
{
	uint32_t *area = mem_reserve(BLOCK, BLOCK), i;
	const char *pool = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages";
	char before[32];

	igt_require_f(file_read(pool, before, sizeof(before)), "no hugetlbfs pages of 2 MiB\n");
	if (strtoul(before, NULL, 0) < 2)
		igt_require_f(file_write(pool, "2"), "no memory for a hugetlbfs page\n");
	igt_require_f(mmap(area, BLOCK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_FIXED, -1, 0) == area,
		      "no memory for a hugetlbfs page\n");
	for (i = 0; i < BLOCK / PAGE; i++)
		area[i * PAGE / 4] = 9000 + i;
	gpu_mark(gpu);
	igt_assert_eq_u32(gpu_read32(gpu, area + 99 * PAGE / 4), 9099);
	gpu_write32(gpu, area + 100 * PAGE / 4, 1);
	igt_assert_eq_u32(area[100 * PAGE / 4], 1);
	igt_assert_neq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_LEAVES_2M), 0);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_LEAVES_4K), 0);
	igt_assert_eq(gpu_count_pages(gpu, area, BLOCK, VALID | HUGE), BLOCK / PAGE);
	mem_unmap(area, BLOCK);
	file_write(pool, before);
}

/**
 * SUBTEST: mlock
 * Description: Locked memory works like other memory, and stays locked.
 */
static void locked(struct gpu *gpu)
{
	uint32_t *area = mem_anon(8 * PAGE);
	uint64_t pfn;

	igt_assert(!mlock(area, 8 * PAGE));
	pfn = page_pfn(area + PAGE / 4);
	igt_assert_neq_u64(pfn, 0);
	gpu_write32(gpu, area + PAGE / 4, 6);
	igt_assert_eq_u32(area[PAGE / 4], 6);
	igt_assert_eq_u64(page_pfn(area + PAGE / 4), pfn);
	igt_assert(!munlock(area, 8 * PAGE));
	mem_unmap(area, 8 * PAGE);
}

/**
 * SUBTEST: madv-dontneed
 * Description: MADV_DONTNEED takes exactly these pages away; the GPU then reads zeros.
 */
static void dontneed(struct gpu *gpu)
{
	uint32_t *area = mem_anon(16 * PAGE), *out = gpu->out + 64;
	unsigned int i;

	mem_touch(area, 16 * PAGE, 70);
	gpu_scatter(gpu, area, PAGE, 16, 170);
	gpu_mark(gpu);
	igt_assert(!madvise(area + 4 * PAGE / 4, 3 * PAGE, MADV_DONTNEED));
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_INVALIDATED), 3);
	igt_assert_eq(gpu_count_pages(gpu, area, 16 * PAGE, VALID), 13);
	gpu_gather(gpu, area, PAGE, 16, out);
	for (i = 0; i < 16; i++)
		igt_assert_eq_u32(out[i], i >= 4 && i < 7 ? 0 : 170 + i);
	igt_assert_lte_u64(gpu_demanded(gpu), 3);
	mem_unmap(area, 16 * PAGE);
}

/**
 * SUBTEST: madv-free
 * Description: After MADV_FREE a GPU write keeps its page, as a CPU write would.
 */
static void madv_free(struct gpu *gpu)
{
	uint32_t *area = mem_anon(4 * PAGE);

	mem_touch(area, 4 * PAGE, 80);
	gpu_scatter(gpu, area, PAGE, 4, 90);
	igt_assert(!madvise(area, 4 * PAGE, MADV_FREE));
	gpu_write32(gpu, area + PAGE / 4, 0xf1ee);
	/* Reclaim must not take what was written after the advice. */
	igt_assert(!madvise(area, 4 * PAGE, MADV_PAGEOUT));
	igt_assert_eq_u32(area[PAGE / 4], 0xf1ee);
	igt_assert_eq_u32(gpu_read32(gpu, area + PAGE / 4), 0xf1ee);
	mem_unmap(area, 4 * PAGE);
}

/**
 * SUBTEST: madv-free-read
 * Description: After MADV_FREE reclaim drops the pages that the GPU has only read, though it could write them; those
 *	that it wrote stay, with their neighbours in the same leaf.
 */
static void madv_free_read(struct gpu *gpu)
{
	uint32_t *area = mem_anon(64 * PAGE), *out = gpu->out + 64;
	unsigned int i;

	mem_touch(area, 64 * PAGE, 80);
	igt_assert(!madvise(area, 64 * PAGE, MADV_FREE));
	gpu_gather(gpu, area, PAGE, 64, out);
	for (i = 0; i < 64; i++)
		igt_assert_eq_u32(out[i], 80 + i);
	/* Without this the test proves nothing. */
	igt_assert_eq(gpu_count_pages(gpu, area, 64 * PAGE, VALID | WRITE), 64);
	gpu_write32(gpu, area + 40 * PAGE / 4, 0xf1ee);
	igt_assert(!madvise(area, 64 * PAGE, MADV_PAGEOUT));
	for (i = 0; i < 64; i++) {
		if (i / 16 != 40 / 16)
			igt_assert_eq_u32(area[i * PAGE / 4], 0);
	}
	igt_assert_eq_u32(area[40 * PAGE / 4], 0xf1ee);
	igt_assert_eq_u32(gpu_read32(gpu, area + 40 * PAGE / 4), 0xf1ee);
	mem_unmap(area, 64 * PAGE);
}

/**
 * SUBTEST: madv-free-thp
 * Description: The same for transparent huge pages, one read and one written, which the GPU maps with one leaf; and a
 *	leaf that loses a page keeps what is known of the others.
 */
static void madv_free_thp(struct gpu *gpu)
{
	uint32_t *area = mem_huge(3 * BLOCK);
	uint32_t *read = area, *written = area + BLOCK / 4, *split = area + 2 * BLOCK / 4;

	mem_touch(area, 3 * BLOCK, 80);
	igt_require_f(page_flags(read) & page_flags(written) & page_flags(split) & KPF_THP,
		      "the kernel had no huge page to give\n");
	igt_assert(!madvise(area, 3 * BLOCK, MADV_FREE));
	igt_assert_eq_u32(gpu_read32(gpu, read + 7 * PAGE / 4), 87);
	igt_assert_eq_u32(gpu_read32(gpu, split), 80 + 2 * BLOCK / PAGE);
	gpu_write32(gpu, split + 5 * PAGE / 4, 0x5717);
	igt_assert_eq_u32(gpu_read32(gpu, written), 80 + BLOCK / PAGE);
	gpu_write32(gpu, written + 9 * PAGE / 4, 0xf1ee);
	igt_assert_eq(gpu_count_pages(gpu, area, 3 * BLOCK, VALID | WRITE | HUGE), 3 * BLOCK / PAGE);
	igt_assert(!madvise(split + 8 * PAGE / 4, PAGE, MADV_DONTNEED));
	igt_assert(!madvise(area, 3 * BLOCK, MADV_PAGEOUT));
	igt_assert_eq_u32(read[7 * PAGE / 4], 0);
	igt_assert_eq_u32(written[9 * PAGE / 4], 0xf1ee);
	igt_assert_eq_u32(split[5 * PAGE / 4], 0x5717);
	igt_assert_eq_u32(split[8 * PAGE / 4], 0);
	mem_unmap(area, 3 * BLOCK);
}

/**
 * SUBTEST: file-read-clean
 * Description: A page of a file that the GPU has read through a writable mapping is clean afterwards; one that it has
 *	written is dirty.
 */
static void file_read_clean(struct gpu *gpu)
{
	int fd = memfd_create("mirage", MFD_CLOEXEC);
	uint32_t *area, *out = gpu->out + 64;

	igt_assert_fd(fd);
	igt_assert(!ftruncate(fd, 64 * PAGE));
	area = map_file(fd, 64, PROT_READ | PROT_WRITE, MAP_SHARED);
	gpu_gather(gpu, area, PAGE, 64, out);
	igt_assert_eq(gpu_count_pages(gpu, area, 64 * PAGE, VALID | WRITE), 64);
	gpu_write32(gpu, area + 40 * PAGE / 4, 0xf11e);
	/* The pages are taken, and stay in the file. */
	igt_assert(!mprotect(area, 64 * PAGE, PROT_READ));
	igt_assert_eq(gpu_count_pages(gpu, area, 64 * PAGE, VALID), 0);
	igt_assert_eq_u32(area[2 * PAGE / 4], 0);
	igt_assert(!(page_flags(area + 2 * PAGE / 4) & KPF_DIRTY));
	igt_assert_eq_u32(area[40 * PAGE / 4], 0xf11e);
	igt_assert(page_flags(area + 40 * PAGE / 4) & KPF_DIRTY);
	mem_unmap(area, BLOCK);
	close(fd);
}

/**
 * SUBTEST: ksm
 * Description: Pages merged by KSM stay merged when the GPU reads them, and part when it
 *	writes.
 */
static void ksm(struct gpu *gpu)
{
	uint32_t *area = mem_anon(8 * PAGE);
	unsigned int i;

	igt_require_f(file_write("/sys/kernel/mm/ksm/run", "1"), "no KSM in this kernel\n");
	file_write("/sys/kernel/mm/ksm/sleep_millisecs", "1");
	file_write("/sys/kernel/mm/ksm/pages_to_scan", "1000");
	memset(area, 0x77, 8 * PAGE);
	igt_assert(!madvise(area, 8 * PAGE, MADV_MERGEABLE));
	for (i = 0; i < 8; i++)
		igt_require_f(igt_wait(page_flags(area + i * PAGE / 4) & KPF_KSM, POLL_MS, 5),
			      "KSM did not get to merging these pages\n");
	file_write("/sys/kernel/mm/ksm/run", "0");
	gpu_mark(gpu);
	igt_assert_eq_u32(gpu_read32(gpu, area + 5 * PAGE / 4), 0x77777777);
	igt_assert(page_flags(area + 5 * PAGE / 4) & KPF_KSM);
	igt_assert_eq(gpu_page(gpu, area + 5 * PAGE / 4) & (VALID | WRITE), VALID);
	gpu_write32(gpu, area + 5 * PAGE / 4, 3);
	igt_assert(!(page_flags(area + 5 * PAGE / 4) & KPF_KSM));
	for (i = 0; i < 8; i++)
		igt_assert_eq_u32(area[i * PAGE / 4], i == 5 ? 3 : 0x77777777);
	mem_unmap(area, 8 * PAGE);
}

/**
 * SUBTEST: special-mappings
 * Description: Mappings that no device may follow stop the queue and nothing else: the kernel's
 *	time page, a mapping without any access, a guard page.
 */
static void special_mappings(struct gpu *gpu)
{
	char *vdso = (char *)getauxval(AT_SYSINFO_EHDR);
	uint32_t *area = mem_anon(PAGE), word;

	igt_assert(vdso);
	memcpy(&word, vdso, 4);
	igt_assert_eq_u32(word, 0x464c457f);
	/* The pages of data right before the code map the kernel's own memory. */
	gpu_read_fails(gpu, vdso - PAGE, EFAULT);
	igt_assert(!mprotect(area, PAGE, PROT_NONE));
	gpu_read_fails(gpu, area, EFAULT);
	igt_assert(!mprotect(area, PAGE, PROT_READ));
	gpu_write_fails(gpu, area, EPERM);
	igt_assert_eq_u32(gpu_read32(gpu, area), 0);
	mem_unmap(area, PAGE);
}

/* An atomic access must be stopped by a fault. */
static void atomic_fails(struct gpu *gpu, void *to, int error)
{
	struct raise_args args = { .addr = (uintptr_t)to, .iters = 1 };
	struct job job = job_new(gpu);

	job.queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COMPUTE);
	job_kernel(&job, &kernel_raise, &args, sizeof(args), 1, 1);
	job_submit(&job);
	igt_assert_eq(job_wait(&job), -EFAULT);
	gpu_assert_faulted(gpu, job.queue, to, MIRAGE_ACCESS_ATOMIC, error);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, job.queue), 0);
	job_free(&job);
}

/* Reads, writes and atomics fail, and the GPU's page tables have nothing of it. */
static void no_access(struct gpu *gpu, void *addr, size_t size)
{
	gpu_read_fails(gpu, addr, EFAULT);
	gpu_write_fails(gpu, addr, EFAULT);
	atomic_fails(gpu, addr, EFAULT);
	igt_assert_eq(gpu_count_pages(gpu, addr, size, VALID), 0);
}

/**
 * SUBTEST: secret-memory
 * Description: Memory of memfd_secret() is no memory for the GPU, whether the CPU has touched it or not; what is right
 *	beside it is, and does not bring it along.
 */
static void secret_memory(struct gpu *gpu)
{
	uint32_t *area = mem_anon(8 * PAGE), *secret = area + 4 * PAGE / 4;
	int fd = syscall(SYS_memfd_secret, 0);

	igt_require_f(fd >= 0, "memfd_secret: %s\n", strerror(errno));
	igt_assert(!ftruncate(fd, 2 * PAGE));
	igt_assert(mmap(secret, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) ==
		   secret);
	mem_touch(area, 5 * PAGE, 900);

	no_access(gpu, secret, 2 * PAGE);
	no_access(gpu, secret + PAGE / 4, PAGE);
	/* Around both pages, and they have been asked for along with others. */
	mem_touch(area, 8 * PAGE, 900);
	gpu_write32(gpu, area + 3 * PAGE / 4 + 1, 1);
	igt_assert_eq_u32(gpu_read32(gpu, area + 6 * PAGE / 4), 906);
	igt_assert_eq(gpu_count_pages(gpu, area, 8 * PAGE, VALID), 6);
	no_access(gpu, secret, 2 * PAGE);
	igt_assert_eq_u32(secret[0], 904);
	igt_assert_eq_u32(secret[PAGE / 4], 905);
	mem_unmap(area, 8 * PAGE);
	close(fd);
}

/**
 * SUBTEST: shadow-stack
 * Description: A shadow stack can be read by the GPU, and not written.
 */
static void shadow_stack(struct gpu *gpu)
{
	uint32_t *stack = (void *)syscall(SYS_map_shadow_stack, 0, 4 * PAGE, 0);

	igt_require_f(stack != MAP_FAILED || (errno != EOPNOTSUPP && errno != ENOSYS),
		      "the processor has no shadow stacks\n");
	igt_assert(stack != MAP_FAILED);
	igt_assert_eq_u32(gpu_read32(gpu, stack), *stack);
	igt_assert_eq(gpu_page(gpu, stack) & (VALID | WRITE), VALID);
	gpu_write_fails(gpu, stack, EPERM);
	atomic_fails(gpu, stack, EPERM);
	gpu_write_fails(gpu, stack + PAGE / 4, EPERM);
	igt_assert_eq(gpu_count_pages(gpu, stack, 4 * PAGE, WRITE), 0);
	igt_assert(!munmap(stack, 4 * PAGE));
}

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102
#define MADV_GUARD_REMOVE	103
#endif

/**
 * SUBTEST: guard-region
 * Description: A guard region takes exactly its pages from the GPU, whose accesses fail there as the CPU's would, also
 *	where no memory was before; without the guard the pages are there again, and empty.
 */
static void guard_region(struct gpu *gpu)
{
	uint32_t *area = mem_anon(16 * PAGE), *out = gpu->out + 64;
	unsigned int i;

	gpu_scatter(gpu, area, PAGE, 8, 600);
	gpu_mark(gpu);
	igt_require_f(!madvise(area + 3 * PAGE / 4, 2 * PAGE, MADV_GUARD_INSTALL),
		      "this kernel has no guard regions\n");
	igt_assert(!madvise(area + 12 * PAGE / 4, PAGE, MADV_GUARD_INSTALL));
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_INVALIDATED), 2);
	igt_assert_eq(gpu_count_pages(gpu, area, 16 * PAGE, VALID), 6);
	no_access(gpu, area + 3 * PAGE / 4, 2 * PAGE);
	no_access(gpu, area + 12 * PAGE / 4, PAGE);
	gpu_gather(gpu, area, PAGE, 3, out);
	gpu_gather(gpu, area + 5 * PAGE / 4, PAGE, 3, out + 5);
	for (i = 0; i < 8; i++)
		if (i < 3 || i >= 5)
			igt_assert_eq_u32(out[i], 600 + i);
	/* Untouched memory on both sides of the guard. */
	gpu_write32(gpu, area + 11 * PAGE / 4, 11);
	igt_assert_eq_u32(gpu_read32(gpu, area + 13 * PAGE / 4), 0);
	igt_assert_eq(gpu_page(gpu, area + 12 * PAGE / 4), 0);

	igt_assert(!madvise(area, 16 * PAGE, MADV_GUARD_REMOVE));
	igt_assert_eq_u32(gpu_read32(gpu, area + 3 * PAGE / 4), 0);
	gpu_write32(gpu, area + 4 * PAGE / 4, 44);
	igt_assert_eq_u32(area[4 * PAGE / 4], 44);
	gpu_write32(gpu, area + 12 * PAGE / 4, 55);
	igt_assert_eq_u32(area[12 * PAGE / 4], 55);
	igt_assert_eq_u32(area[2 * PAGE / 4], 602);
	mem_unmap(area, 16 * PAGE);
}

/**
 * SUBTEST: object-mapping
 * Description: The CPU's mapping of a buffer object is not followed, wherever the object is, also where the CPU has just
 *	used it: for the GPU an object is where it is bound.
 */
static void object_mapping(struct gpu *gpu)
{
	static const uint32_t placements[] = { BO_SYSTEM, BO_VRAM };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(placements); i++) {
		struct bo bo = bo_new(&gpu->dev, 4 * PAGE, placements[i]);

		no_access(gpu, bo.words, bo.size);
		bo_write(&bo, i);
		igt_assert_eq_u32(bo_location(&bo), placements[i]);
		no_access(gpu, bo.words, bo.size);
		bo_expect(&bo, i);
		bo_free(&bo);
	}
}

/**
 * SUBTEST: driver-pages
 * Description: Pages that another driver has put into a mapping one by one (VM_MIXEDMAP), as io_uring its rings, are
 *	served like any that are present.
 */
static void driver_pages(struct gpu *gpu)
{
	struct io_uring_params params = { };
	int fd = syscall(SYS_io_uring_setup, 4, &params);
	struct io_uring_sqe *sqes;
	char *ring;

	igt_require_f(fd >= 0, "io_uring: %s\n", strerror(errno));
	ring = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd,
		    IORING_OFF_SQ_RING);
	sqes = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd,
		    IORING_OFF_SQES);
	igt_assert(ring != MAP_FAILED && sqes != MAP_FAILED);
	igt_assert_eq_u32(gpu_read32(gpu, ring + params.sq_off.ring_entries), 4);
	gpu_write32(gpu, &sqes[1].len, 0x5e0);
	igt_assert_eq_u32(*(volatile uint32_t *)&sqes[1].len, 0x5e0);
	igt_assert_eq(gpu_page(gpu, sqes) & (VALID | WRITE), VALID | WRITE);
	igt_assert(!munmap(sqes, PAGE));
	igt_assert_eq(gpu_page(gpu, sqes), 0);
	gpu_read_fails(gpu, sqes, EFAULT);
	igt_assert(!munmap(ring, PAGE));
	close(fd);
}

static void file_tmpfs(struct gpu *gpu)
{
	file(gpu, "/tmp");
}

static void file_overlay(struct gpu *gpu)
{
	file(gpu, "/var/tmp");
}

static const struct gpu_scenario scenarios[] = {
	{ "stack", stack, "Local variables of the main thread and of another." },
	{ "program", program, "Code, constants and data of the program itself." },
	{ "heap", heap, "malloc of many sizes." },
	{ "file-tmpfs", file_tmpfs, "A mapped file on tmpfs, private, shared and read-only." },
	{ "file-overlay", file_overlay,
	  "A mapped file on the overlay above the root, private, shared and read-only." },
	{ "file-end", file_end,
	  "Beyond the end of a file, also of one that shrinks under the GPU." },
	{ "file-hole-punched", file_hole,
	  "A hole punched into a file takes the page away from the GPU." },
	{ "shmem-two-processes", shmem_two_processes,
	  "Shared memory of two processes, each with an address space of its own." },
	{ "anon-shared-fork", anon_shared_fork,
	  "Shared anonymous memory stays mapped over fork." },
	{ "thp", thp, "A transparent huge page is one fault and one 2 MiB leaf." },
	{ "thp-first-touch", thp_first_touch,
	  "The GPU's first write allocates a huge page where they are wanted." },
	{ "hugetlb", hugetlb, "A page of hugetlbfs is one 2 MiB leaf." },
	{ "mlock", locked, "Locked memory works and stays locked." },
	{ "madv-dontneed", dontneed, "MADV_DONTNEED takes exactly its pages away." },
	{ "madv-free", madv_free, "A page written by the GPU after MADV_FREE is kept." },
	{ "madv-free-read", madv_free_read, "Pages that the GPU only read after MADV_FREE are dropped." },
	{ "madv-free-thp", madv_free_thp, "Huge pages that the GPU only read after MADV_FREE are dropped." },
	{ "file-read-clean", file_read_clean, "A page of a file is clean after the GPU has read it." },
	{ "ksm", ksm, "Pages merged by KSM stay merged for reads and part on writes." },
	{ "special-mappings", special_mappings,
	  "Mappings that no device may follow stop the queue and nothing else." },
	{ "secret-memory", secret_memory, "Memory of memfd_secret() is refused." },
	{ "shadow-stack", shadow_stack, "A shadow stack is for reading." },
	{ "guard-region", guard_region, "Guard regions hold for the GPU." },
	{ "object-mapping", object_mapping, "The CPU's mapping of an object is not followed." },
	{ "driver-pages", driver_pages, "Pages that another driver maps are served." },
};

int igt_main()
{
	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));
}
