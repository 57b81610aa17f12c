// SPDX-License-Identifier: MIT
/**
 * TEST: mirage migrate
 * Description: Memory of a process moves to video memory, works there, and comes home.
 * Category: SVM
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "devmem.h"
#include "igt_mirage.h"
#include "igt_mirage_bo.h"
#include "memory.h"
#include "swap.h"

IGT_TEST_DESCRIPTION("Memory of a process moves to video memory, works there, and comes home.");

#define VALID	DRM_MIRAGE_SVM_PAGE_VALID
#define VRAM	DRM_MIRAGE_SVM_PAGE_VRAM

static struct drm_mirage_svm_migrate migrate(struct gpu *gpu, const void *addr, size_t size,
					     enum drm_mirage_svm_location location)
{
	struct drm_mirage_svm_migrate result;

	igt_assert_eq(mirage_svm_migrate(&gpu->dev, gpu->vm, addr, size, location, &result), 0);
	igt_assert_eq_u64(result.moved + result.there + result.unmapped + result.fixed +
			  result.no_room + result.busy + result.failed, size);
	return result;
}

static void move_in(struct gpu *gpu, const void *addr, size_t size)
{
	struct drm_mirage_svm_migrate result = migrate(gpu, addr, size, DRM_MIRAGE_SVM_VRAM);

	igt_assert_eq_u64(result.moved + result.there, size);
	igt_assert_eq(gpu_count_pages(gpu, addr, size, VRAM), size / PAGE);
}

/* A word in each page, as mem_touch() writes them. */
static void assert_words(const void *addr, size_t size, uint32_t value)
{
	size_t i;

	for (i = 0; i < size / PAGE; i++)
		igt_assert_eq_u32(*(const volatile uint32_t *)((const char *)addr + i * PAGE),
				  value + i);
}

/**
 * SUBTEST: there-and-back
 * Description: 4 KiB pages of any number move, with their content, to where the GPU reads and writes them without a
 *	fault. The CPU sees what the GPU wrote, and then nothing is left in video memory.
 */
static void there_and_back(struct gpu *gpu)
{
	static const unsigned int npages[] = { 1, 3, 16, 100, 700 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(npages); i++) {
		size_t size = npages[i] * PAGE;
		struct devmem before = devmem_read(&gpu->dev), now;
		char *area = mem_anon(size);

		mem_touch(area, size, 100);
		move_in(gpu, area, size);
		now = devmem_since(&gpu->dev, &before);
		igt_assert_eq_u64(now.to_device, npages[i]);
		igt_assert_eq_u64(now.pages, before.pages + npages[i]);

		gpu_mark(gpu);
		gpu_gather(gpu, area, PAGE, npages[i], &gpu->out[64]);
		assert_words(area, 0, 0);
		gpu_scatter(gpu, area, PAGE, npages[i], 5000);
		igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_FAULTS), 0);
		igt_assert_eq_u64(devmem_since(&gpu->dev, &before).cpu_faults, 0);
		igt_assert_eq_u32(gpu->out[64], 100);
		igt_assert_eq_u32(gpu->out[64 + npages[i] - 1], 100 + npages[i] - 1);

		assert_words(area, size, 5000);
		now = devmem_since(&gpu->dev, &before);
		igt_assert_eq_u64(now.home_fault, npages[i]);
		igt_assert_eq_u64(now.pages, before.pages);
		igt_assert_eq(gpu_count_pages(gpu, area, size, VRAM), 0);
		mem_unmap(area, size);
	}
}

/**
 * SUBTEST: huge
 * Description: A huge page is one 2 MiB leaf in video memory, too. One fault of the CPU brings 64 KiB home; the GPU keeps
 *	the rest, in smaller leaves.
 */
static void huge(struct gpu *gpu)
{
	struct devmem before = devmem_read(&gpu->dev), now;
	char *area = mem_huge(BLOCK);

	mem_touch(area, BLOCK, 77);
	igt_assert(page_flags(area) & KPF_THP);
	move_in(gpu, area, BLOCK);
	igt_assert_eq(gpu_count_pages(gpu, area, BLOCK, DRM_MIRAGE_SVM_PAGE_2M), BLOCK / PAGE);
	igt_assert_eq_u32(gpu_read32(gpu, area + 300 * PAGE), 377);
	gpu_write32(gpu, area + 511 * PAGE, 4);
	igt_assert_eq_u32(*(volatile uint32_t *)(area + 511 * PAGE), 4);
	now = devmem_since(&gpu->dev, &before);
	igt_assert_eq_u64(now.cpu_faults, 1);
	igt_assert_eq_u64(now.home_fault, 16);
	igt_assert_eq(gpu_count_pages(gpu, area, BLOCK, VRAM), BLOCK / PAGE - 16);
	igt_assert_eq(gpu_count_pages(gpu, area, BLOCK, DRM_MIRAGE_SVM_PAGE_64K), BLOCK / PAGE - 16);
	assert_words(area, BLOCK - PAGE, 77);
	mem_unmap(area, BLOCK);
}

/**
 * SUBTEST: part-of-huge
 * Description: Of a huge page that has moved, the program unmaps one page, protects another and moves a third: the
 *	others are read, by both.
 */
static void part_of_huge(struct gpu *gpu)
{
	char *area = mem_huge(BLOCK), *to = mem_reserve(PAGE, PAGE);

	mem_touch(area, BLOCK, 50);
	move_in(gpu, area, BLOCK);
	igt_assert(!munmap(area + 511 * PAGE, PAGE));
	igt_assert(!mprotect(area + 100 * PAGE, PAGE, PROT_READ));
	igt_assert(mremap(area + 200 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
	igt_assert_eq_u32(*(volatile uint32_t *)(area + 5 * PAGE), 55);
	igt_assert_eq_u32(*(volatile uint32_t *)(area + 100 * PAGE), 150);
	igt_assert_eq_u32(*(volatile uint32_t *)to, 250);
	igt_assert_eq_u32(gpu_read32(gpu, area + 6 * PAGE), 56);
	igt_assert_eq_u32(gpu_read32(gpu, area + 400 * PAGE), 450);
	igt_assert_eq_u32(gpu_read32(gpu, to), 250);
	assert_words(area, 200 * PAGE, 50);
	munmap(to, PAGE);
	mem_unmap(area, BLOCK);
}

/* Leave something in video memory that is free. */
static void soil(struct gpu *gpu)
{
	const size_t size = 8 * BLOCK;
	char *area = mem_anon(size);

	memset(area, 0xa5, size);
	move_in(gpu, area, size);
	mem_unmap(area, size);
}

/**
 * SUBTEST: untouched
 * Description: Memory without pages gets them in video memory, as zeroes, whatever was there before.
 */
static void untouched(struct gpu *gpu)
{
	char *area = mem_reserve(2 * BLOCK, BLOCK);
	size_t i;

	soil(gpu);
	igt_assert(mmap(area, 2 * BLOCK, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == area);
	move_in(gpu, area + 5 * PAGE, BLOCK + 20 * PAGE);
	gpu_scatter(gpu, area + 5 * PAGE + 64, PAGE, 100, 9);
	for (i = 5; i < 105; i++) {
		igt_assert_eq_u32(*(volatile uint32_t *)(area + i * PAGE), 0);
		igt_assert_eq_u32(*(volatile uint32_t *)(area + i * PAGE + 64), 9 + i - 5);
	}
	igt_assert_eq_u32(*(volatile uint32_t *)(area + BLOCK + 24 * PAGE), 0);
	mem_unmap(area, 2 * BLOCK);
}

/**
 * SUBTEST: asked-home
 * Description: SVM_MIGRATE brings exactly the pages of its range home, and says what was there already.
 */
static void asked_home(struct gpu *gpu)
{
	struct drm_mirage_svm_migrate result;
	char *area = mem_anon(64 * PAGE);

	mem_touch(area, 64 * PAGE, 1);
	move_in(gpu, area, 64 * PAGE);
	result = migrate(gpu, area, 64 * PAGE, DRM_MIRAGE_SVM_VRAM);
	igt_assert_eq_u64(result.there, 64 * PAGE);

	result = migrate(gpu, area + 10 * PAGE, 20 * PAGE, DRM_MIRAGE_SVM_SYSTEM);
	igt_assert_eq_u64(result.moved, 20 * PAGE);
	igt_assert_eq(gpu_count_pages(gpu, area, 64 * PAGE, VRAM), 44);
	result = migrate(gpu, area, 64 * PAGE, DRM_MIRAGE_SVM_SYSTEM);
	igt_assert_eq_u64(result.moved, 44 * PAGE);
	igt_assert_eq_u64(result.there, 20 * PAGE);
	assert_words(area, 64 * PAGE, 1);
	mem_unmap(area, 64 * PAGE);
}

/**
 * SUBTEST: gaps-are-filled
 * Description: Pages that came home go back between their neighbours, so that the GPU has 64 KiB leaves again.
 */
static void gaps_are_filled(struct gpu *gpu)
{
	char *area = mem_reserve(BLOCK, BLOCK);
	struct devmem before;

	igt_assert(mmap(area, BLOCK, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == area);
	igt_assert(!madvise(area, BLOCK, MADV_NOHUGEPAGE));
	mem_touch(area, BLOCK, 1);
	before = devmem_read(&gpu->dev);
	move_in(gpu, area, 64 * PAGE);
	igt_assert_eq(gpu_count_pages(gpu, area, BLOCK, DRM_MIRAGE_SVM_PAGE_64K), 64);
	igt_assert_eq(migrate(gpu, area + 20 * PAGE, PAGE, DRM_MIRAGE_SVM_SYSTEM).moved, PAGE);
	igt_assert_eq(gpu_count_pages(gpu, area, BLOCK, DRM_MIRAGE_SVM_PAGE_64K), 48);
	igt_assert_eq(migrate(gpu, area, 64 * PAGE, DRM_MIRAGE_SVM_VRAM).moved, PAGE);
	igt_assert_eq(gpu_count_pages(gpu, area, BLOCK, DRM_MIRAGE_SVM_PAGE_64K), 64);
	igt_assert_eq_u64(devmem_since(&gpu->dev, &before).reserved, before.reserved + 64);
	assert_words(area, BLOCK, 1);
	mem_unmap(area, BLOCK);
}

/**
 * SUBTEST: what-stays
 * Description: Shared memory, locked memory, and addresses without memory, stay and are counted as such; the pages
 *	between them move.
 */
static void what_stays(struct gpu *gpu)
{
	struct drm_mirage_svm_migrate result;
	char *area = mem_reserve(BLOCK, BLOCK);

	igt_assert(mmap(area, 8 * PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == area);
	igt_assert(mmap(area + 8 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == area + 8 * PAGE);
	igt_assert(mmap(area + 12 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == area + 12 * PAGE);
	igt_assert(!munmap(area + 14 * PAGE, 2 * PAGE));
	mem_touch(area, 14 * PAGE, 40);
	igt_assert(!mlock(area + 2 * PAGE, PAGE));
	result = migrate(gpu, area, 16 * PAGE, DRM_MIRAGE_SVM_VRAM);
	igt_assert_eq_u64(result.moved, 9 * PAGE);
	igt_assert_eq_u64(result.fixed, 5 * PAGE);
	igt_assert_eq_u64(result.unmapped, 2 * PAGE);
	gpu_gather(gpu, area, PAGE, 14, &gpu->out[64]);
	igt_assert_eq_u32(gpu->out[64 + 9], 49);
	igt_assert_eq_u32(gpu->out[64 + 13], 53);
	mem_unmap(area, BLOCK);
}

/**
 * SUBTEST: fork
 * Description: A child has the pages that were in video memory at fork(): it reads and writes its own copy while the
 *	parent's GPU writes the other.
 */
static void fork_both(struct gpu *gpu)
{
	char *area = mem_anon(32 * PAGE);
	volatile uint32_t *turn = mem_shared_page();

	mem_touch(area, 32 * PAGE, 200);
	move_in(gpu, area, 32 * PAGE);
	igt_fork(child, 1) {
		assert_words(area, 16 * PAGE, 200);
		mem_touch(area, 32 * PAGE, 300);
		turn[0] = 1;
		igt_assert(igt_wait(turn[1], POLL_MS, 10));
		assert_words(area, 32 * PAGE, 300);
	}
	igt_assert(igt_wait(turn[0], POLL_MS, 10));
	gpu_scatter(gpu, area, PAGE, 32, 400);
	turn[1] = 1;
	igt_waitchildren();
	assert_words(area, 32 * PAGE, 400);
	mem_unmap(area, 32 * PAGE);
	munmap((void *)turn, PAGE);
}

/**
 * SUBTEST: fork-parent-dies
 * Description: The parent exits, with its address space on the GPU: the child's memory comes home all the same.
 */
static void fork_parent_dies(struct gpu *gpu)
{
	volatile uint32_t *turn = mem_shared_page();

	igt_fork(parent, 1) {
		char *area = mem_anon(32 * PAGE);
		struct gpu own;

		gpu_open(&own);
		mem_touch(area, 32 * PAGE, 200);
		move_in(&own, area, 32 * PAGE);
		if (!fork()) {
			if (igt_wait(turn[0], POLL_MS, 10) && *(volatile uint32_t *)area == 200 &&
			    *(volatile uint32_t *)(area + 31 * PAGE) == 231)
				turn[1] = 1;
			_exit(0);
		}
	}
	igt_waitchildren();
	turn[0] = 1;
	igt_assert(igt_wait(turn[1], POLL_MS, 10));
	igt_assert(igt_wait(!devmem_read(&gpu->dev).pages, POLL_MS, 10));
	munmap((void *)turn, PAGE);
}

/**
 * SUBTEST: mm-calls
 * Description: mremap(), mprotect(), madvise() and munmap() of memory that is in video memory.
 */
static void mm_calls(struct gpu *gpu)
{
	struct devmem before = devmem_read(&gpu->dev);
	char *area = mem_anon(32 * PAGE), *to = mem_reserve(32 * PAGE, PAGE);

	mem_touch(area, 32 * PAGE, 10);
	move_in(gpu, area, 32 * PAGE);
	igt_assert(mremap(area, 32 * PAGE, 32 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
	igt_assert_eq_u32(gpu_read32(gpu, to + 5 * PAGE), 15);
	gpu_write32(gpu, to + 6 * PAGE, 1006);
	igt_assert_eq_u64(devmem_read(&gpu->dev).pages, before.pages + 32);

	igt_assert(!mprotect(to, 32 * PAGE, PROT_READ));
	igt_assert_eq_u32(gpu_read32(gpu, to + 7 * PAGE), 17);
	igt_assert_eq_u32(*(volatile uint32_t *)(to + 6 * PAGE), 1006);
	igt_assert(!mprotect(to, 32 * PAGE, PROT_READ | PROT_WRITE));
	gpu_write32(gpu, to + 20 * PAGE, 1020);
	igt_assert_eq_u32(*(volatile uint32_t *)(to + 20 * PAGE), 1020);

	move_in(gpu, to, 16 * PAGE);
	igt_assert(!madvise(to, 8 * PAGE, MADV_DONTNEED));
	igt_assert_eq_u32(gpu_read32(gpu, to + 5 * PAGE), 0);
	igt_assert_eq_u32(*(volatile uint32_t *)(to + 8 * PAGE), 18);
	move_in(gpu, to, 32 * PAGE);
	igt_assert(!munmap(to, 32 * PAGE));
	igt_assert_eq_u64(devmem_read(&gpu->dev).pages, before.pages);
}

/**
 * SUBTEST: oversubscribed
 * Description: More memory than there is video memory moves in: what was there longest leaves, and all data is right.
 */
static void oversubscribed(struct gpu *gpu)
{
	size_t size = bo_param(&gpu->dev, DRM_MIRAGE_PARAM_VRAM_SIZE) + 16 * BLOCK;
	struct devmem before = devmem_read(&gpu->dev), now;
	struct drm_mirage_svm_migrate result;
	char *area = mem_anon(size);

	mem_touch(area, size, 1);
	result = migrate(gpu, area, size, DRM_MIRAGE_SVM_VRAM);
	igt_assert_lt_u64(size * 9 / 10, result.moved);
	now = devmem_since(&gpu->dev, &before);
	igt_assert_lt_u64(15 * BLOCK / PAGE, now.home_evicted);
	gpu_gather(gpu, area + size - 1000 * PAGE, PAGE, 1000, &gpu->out[64]);
	igt_assert_eq_u32(gpu->out[64 + 999], size / PAGE);
	assert_words(area, size, 1);
	mem_unmap(area, size);
}

/**
 * SUBTEST: oldest-leaves
 * Description: When there is no room, the memory leaves that the GPU asked for longest ago.
 */
static void oldest_leaves(struct gpu *gpu)
{
	size_t size = bo_param(&gpu->dev, DRM_MIRAGE_PARAM_VRAM_SIZE) / 4;
	char *area[4];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		area[i] = mem_huge(size);
		mem_touch(area[i], size, i << 20);
		move_in(gpu, area[i], i < 3 ? size : size / 2);
	}
	/* The first is the oldest now, and has to make room for the rest of the last. */
	migrate(gpu, area[3], size, DRM_MIRAGE_SVM_VRAM);
	igt_assert_lt(gpu_count_pages(gpu, area[0], size, VRAM), size / PAGE);
	igt_assert_eq(gpu_count_pages(gpu, area[1], size, VRAM), size / PAGE);
	igt_assert_eq(gpu_count_pages(gpu, area[2], size, VRAM), size / PAGE);
	igt_assert_eq(gpu_count_pages(gpu, area[3], size, VRAM), size / PAGE);
	for (i = 0; i < 4; i++) {
		assert_words(area[i], size, i << 20);
		mem_unmap(area[i], size);
	}
}

/**
 * SUBTEST: objects-first
 * Description: A buffer object that needs all video memory gets it: memory of processes leaves, with its content.
 */
static void objects_first(struct gpu *gpu)
{
	struct devmem before = devmem_read(&gpu->dev), now;
	size_t size = 32 * BLOCK;
	uint64_t vram = bo_param(&gpu->dev, DRM_MIRAGE_PARAM_VRAM_SIZE);
	struct bo bo;
	char *area = mem_huge(size);

	mem_touch(area, size, 9);
	move_in(gpu, area, size);
	bo = bo_new(&gpu->dev, vram - 24 * BLOCK, BO_VRAM);
	*(volatile uint64_t *)bo.words = 1;
	igt_assert_eq(bo_location(&bo), BO_VRAM);
	now = devmem_since(&gpu->dev, &before);
	igt_assert_lt_u64(0, now.home_evicted);
	igt_assert_eq_u64(now.cpu_faults, 0);
	gpu_gather(gpu, area, 16 * PAGE, size / PAGE / 16, &gpu->out[64]);
	igt_assert_eq_u32(gpu->out[64 + 1000], 9 + 16000);
	igt_assert_eq_u64(devmem_since(&gpu->dev, &before).cpu_faults, 0);
	assert_words(area, size, 9);
	bo_free(&bo);
	mem_unmap(area, size);
}

/**
 * SUBTEST: from-swap
 * Description: Memory that is swapped out is brought in, and moves.
 */
static void from_swap(struct gpu *gpu)
{
	struct drm_mirage_svm_migrate result;
	char *area = mem_anon(32 * PAGE);

	swap_require();
	mem_touch(area, 32 * PAGE, 60);
	swap_out(area, 32 * PAGE);
	result = migrate(gpu, area, 32 * PAGE, DRM_MIRAGE_SVM_VRAM);
	igt_assert_eq_u64(result.moved, 32 * PAGE);
	assert_words(area, 32 * PAGE, 60);
	mem_unmap(area, 32 * PAGE);
	swap_release();
}

/**
 * SUBTEST: pinned
 * Description: A page that vmsplice() holds stays, and is counted as busy; the others move.
 */
static void pinned(struct gpu *gpu)
{
	struct drm_mirage_svm_migrate result;
	char *area = mem_anon(8 * PAGE);
	struct iovec held = { .iov_base = area + 3 * PAGE, .iov_len = PAGE };
	int fds[2];

	mem_touch(area, 8 * PAGE, 80);
	igt_assert(!pipe(fds));
	igt_assert_eq(vmsplice(fds[1], &held, 1, 0), (ssize_t)PAGE);
	result = migrate(gpu, area, 8 * PAGE, DRM_MIRAGE_SVM_VRAM);
	igt_assert_eq_u64(result.moved, 7 * PAGE);
	igt_assert_eq_u64(result.busy, PAGE);
	close(fds[0]);
	close(fds[1]);
	result = migrate(gpu, area, 8 * PAGE, DRM_MIRAGE_SVM_VRAM);
	igt_assert_eq_u64(result.moved, PAGE);
	igt_assert_eq_u64(result.there, 7 * PAGE);
	assert_words(area, 8 * PAGE, 80);
	mem_unmap(area, 8 * PAGE);
}

/**
 * SUBTEST: system-calls
 * Description: The kernel finds memory wherever it is: write() and read(), process_vm_readv(), /proc/self/mem, vmsplice().
 */
static void system_calls(struct gpu *gpu)
{
	char *area = mem_anon(8 * PAGE);
	struct iovec local, remote;
	uint32_t words[4] = {};
	int fds[2], mem;

	mem_touch(area, 8 * PAGE, 30);
	igt_assert(!pipe(fds));
	move_in(gpu, area, 8 * PAGE);
	igt_assert_eq(write(fds[1], area, PAGE), (ssize_t)PAGE);
	igt_assert_eq(read(fds[0], area + 5 * PAGE, PAGE), (ssize_t)PAGE);
	igt_assert_eq_u32(*(volatile uint32_t *)(area + 5 * PAGE), 30);

	move_in(gpu, area, 8 * PAGE);
	local = (struct iovec){ words, 4 };
	remote = (struct iovec){ area + 2 * PAGE, 4 };
	igt_assert_eq(process_vm_readv(getpid(), &local, 1, &remote, 1, 0), 4);
	igt_assert_eq_u32(words[0], 32);
	move_in(gpu, area, 8 * PAGE);
	mem = open("/proc/self/mem", O_RDWR);
	igt_assert_fd(mem);
	words[0] = 4711;
	igt_assert_eq(pwrite(mem, words, 4, (uintptr_t)area + 6 * PAGE), 4);
	igt_assert_eq_u32(gpu_read32(gpu, area + 6 * PAGE), 4711);
	close(mem);

	move_in(gpu, area, 8 * PAGE);
	remote = (struct iovec){ area + 7 * PAGE, PAGE };
	igt_assert_eq(vmsplice(fds[1], &remote, 1, 0), (ssize_t)PAGE);
	igt_assert_eq(read(fds[0], words, 4), 4);
	igt_assert_eq_u32(words[0], 37);
	close(fds[0]);
	close(fds[1]);
	mem_unmap(area, 8 * PAGE);
}

/**
 * SUBTEST: read-only-shared
 * Description: After fork() both processes map the pages in video memory read-only: the GPU's read leaves them there, its
 *	write gives this process copies, and the child's bytes stay.
 */
static void read_only_shared(struct gpu *gpu)
{
	struct devmem before = devmem_read(&gpu->dev);
	char *area = mem_anon(16 * PAGE);
	volatile uint32_t *turn = mem_shared_page();

	mem_touch(area, 16 * PAGE, 200);
	move_in(gpu, area, 16 * PAGE);
	igt_fork(child, 1) {
		igt_assert(igt_wait(turn[0], POLL_MS, 10));
		assert_words(area, 16 * PAGE, 200);
	}
	gpu_gather(gpu, area, PAGE, 16, &gpu->out[64]);
	igt_assert_eq_u64(devmem_read(&gpu->dev).pages, before.pages + 16);
	gpu_write32(gpu, area + 4 * PAGE, 1);
	turn[0] = 1;
	igt_waitchildren();
	igt_assert_eq_u32(*(volatile uint32_t *)(area + 4 * PAGE), 1);
	igt_assert_eq_u32(*(volatile uint32_t *)(area + 5 * PAGE), 205);
	mem_unmap(area, 16 * PAGE);
	munmap((void *)turn, PAGE);
}

/**
 * SUBTEST: gpu-and-cpu
 * Description: GPU and CPU raise counters in the same pages, while these move in all the time: no step is lost.
 */
static void gpu_and_cpu(struct gpu *gpu)
{
	enum { PAGES = 8, ROUNDS = 30 };
	char *area = mem_anon(PAGES * PAGE);
	struct devmem before = devmem_read(&gpu->dev);
	unsigned int round, i;

	mem_touch(area, PAGES * PAGE, 0);
	memset(area, 0, PAGES * PAGE);
	for (round = 0; round < ROUNDS; round++) {
		migrate(gpu, area, PAGES * PAGE, DRM_MIRAGE_SVM_VRAM);
		gpu_raise(gpu, area + (round % PAGES) * PAGE, 4, 32, 10);
		for (i = 0; i < PAGES; i++)
			__atomic_fetch_add((uint32_t *)(area + i * PAGE + 128), 1, __ATOMIC_RELAXED);
	}
	for (i = 0; i < PAGES; i++) {
		unsigned int turns = ROUNDS / PAGES + (i < ROUNDS % PAGES);

		igt_assert_eq_u32(*(volatile uint32_t *)(area + i * PAGE), turns * 4 * 32 * 10);
		igt_assert_eq_u32(*(volatile uint32_t *)(area + i * PAGE + 128), ROUNDS);
	}
	igt_assert_lt_u64(ROUNDS - 1, devmem_since(&gpu->dev, &before).cpu_faults);
	mem_unmap(area, PAGES * PAGE);
}

/**
 * SUBTEST: preferred
 * Description: Where video memory is preferred, faults of the GPU move pages there: at once for the page that faults, and
 *	more the more of a block is used; not where there is no preference. Nothing is copied twice.
 */
static void preferred(struct gpu *gpu)
{
	char *area = mem_reserve(2 * BLOCK, BLOCK);
	uint64_t moved;

	igt_assert(mmap(area, 2 * BLOCK, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == area);
	igt_assert(!madvise(area, 2 * BLOCK, MADV_NOHUGEPAGE));
	mem_touch(area, 2 * BLOCK, 1);
	igt_assert_eq(mirage_svm_prefer(&gpu->dev, gpu->vm, area, BLOCK, DRM_MIRAGE_SVM_VRAM), 0);
	gpu_mark(gpu);
	igt_assert_eq_u32(gpu_read32(gpu, area + 100 * PAGE), 101);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_TO_VRAM), 16);
	igt_assert_eq(gpu_count_pages(gpu, area, BLOCK, VRAM | VALID), 16);
	igt_assert_eq_u32(gpu_read32(gpu, area + BLOCK + 100 * PAGE), 613);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_TO_VRAM), 16);

	gpu_gather(gpu, area, PAGE, BLOCK / PAGE, &gpu->out[64]);
	moved = gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_TO_VRAM);
	igt_assert_eq_u64(moved, BLOCK / PAGE);
	igt_assert_eq(gpu_count_pages(gpu, area, BLOCK, VRAM), BLOCK / PAGE);
	assert_words(area, 2 * BLOCK, 1);
	mem_unmap(area, 2 * BLOCK);
}

static void assert_preference(struct gpu *gpu, char *addr, enum drm_mirage_svm_location location,
			      uint64_t size)
{
	enum drm_mirage_svm_location found;
	uint64_t found_size;

	igt_assert_eq(mirage_svm_preference(&gpu->dev, gpu->vm, addr, &found, &found_size), 0);
	igt_assert_eq(found, location);
	igt_assert_eq_u64(found_size, size);
}

/**
 * SUBTEST: preferences
 * Description: Preferences are kept for any range, replace each other, and stay over munmap().
 */
static void preferences(struct gpu *gpu)
{
	char *area = mem_anon(64 * PAGE), *low = (char *)BLOCK;
	const struct mirage *dev = &gpu->dev;

	assert_preference(gpu, NULL, DRM_MIRAGE_SVM_ANY, 1ull << 47);
	igt_assert_eq(mirage_svm_prefer(dev, gpu->vm, NULL, 1ull << 47, DRM_MIRAGE_SVM_SYSTEM), 0);
	assert_preference(gpu, low, DRM_MIRAGE_SVM_SYSTEM, (1ull << 47) - BLOCK);
	igt_assert_eq(mirage_svm_prefer(dev, gpu->vm, area, 64 * PAGE, DRM_MIRAGE_SVM_VRAM), 0);
	igt_assert_eq(mirage_svm_prefer(dev, gpu->vm, area + 8 * PAGE, 8 * PAGE,
					DRM_MIRAGE_SVM_ANY), 0);
	assert_preference(gpu, area, DRM_MIRAGE_SVM_VRAM, 8 * PAGE);
	assert_preference(gpu, area + 9 * PAGE, DRM_MIRAGE_SVM_ANY, 7 * PAGE);
	assert_preference(gpu, area + 16 * PAGE, DRM_MIRAGE_SVM_VRAM, 48 * PAGE);
	mem_unmap(area, 64 * PAGE);
	assert_preference(gpu, area, DRM_MIRAGE_SVM_VRAM, 8 * PAGE);
	igt_assert_eq(mirage_svm_prefer(dev, gpu->vm, NULL, 1ull << 47, DRM_MIRAGE_SVM_ANY), 0);
	assert_preference(gpu, low, DRM_MIRAGE_SVM_ANY, (1ull << 47) - BLOCK);
	igt_assert_eq(mirage_svm_prefer(dev, gpu->vm, low, PAGE, 3), -EINVAL);
	igt_assert_eq(mirage_svm_prefer(dev, gpu->vm, low, 0, DRM_MIRAGE_SVM_VRAM), -EINVAL);
	igt_assert_eq(mirage_svm_prefer(dev, gpu->vm, low + 1, PAGE, DRM_MIRAGE_SVM_VRAM), -EINVAL);
	igt_assert_eq(mirage_svm_prefer(dev, gpu->vm, low, 1ull << 47, DRM_MIRAGE_SVM_VRAM), -EINVAL);
}

/**
 * SUBTEST: bounce
 * Description: The CPU takes a page home after each access of the GPU. After a few rounds it stays there, where both get
 *	at it without a fault of the CPU; and these rounds are counted.
 */
static void bounce(struct gpu *gpu)
{
	struct devmem before = devmem_read(&gpu->dev);
	volatile uint32_t *word = (uint32_t *)mem_anon(PAGE);
	unsigned int round;

	igt_assert_eq(mirage_svm_prefer(&gpu->dev, gpu->vm, (void *)word, PAGE,
					DRM_MIRAGE_SVM_VRAM), 0);
	gpu_mark(gpu);
	/* Rounds that an idle host does in a few milliseconds; a busy one may be late now and then. */
	for (round = 0; round < 200 && !gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_BOUNCED); round++) {
		*word = round;
		igt_assert_eq_u32(gpu_read32(gpu, (void *)word), round);
	}
	igt_assert_lt_u64(0, gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_BOUNCED));
	igt_assert_lt_u64(2, devmem_since(&gpu->dev, &before).cpu_faults);
	igt_assert_eq(gpu_page(gpu, (void *)word) & (VALID | VRAM), VALID);
	mem_unmap((void *)word, PAGE);
}

/* The GPU reads a word of each 16 pages. */
static void assert_gathered(struct gpu *gpu, const void *area, size_t size, uint32_t first)
{
	uint32_t *out = &gpu->out[64], i;

	gpu_gather(gpu, area, 16 * PAGE, size / PAGE / 16, out);
	for (i = 0; i < size / PAGE / 16; i++)
		igt_assert_eq_u32(out[i], first + 16 * i);
}

/**
 * SUBTEST: refault
 * Description: Memory that prefers video memory and has no room there is used in order, again and again: what had to
 *	leave is used where it is, and evicts nothing that is needed as much.
 */
static void refault(struct gpu *gpu)
{
	size_t size = 32 * BLOCK;
	uint64_t vram = bo_param(&gpu->dev, DRM_MIRAGE_PARAM_VRAM_SIZE);
	struct bo bo = bo_new(&gpu->dev, vram - 24 * BLOCK, BO_VRAM);
	char *area = mem_anon(size);
	struct devmem before = devmem_read(&gpu->dev), now;
	unsigned int pass;

	*(volatile uint64_t *)bo.words = 1;
	mem_touch(area, size, 9);
	igt_assert_eq(mirage_svm_prefer(&gpu->dev, gpu->vm, area, size, DRM_MIRAGE_SVM_VRAM), 0);
	gpu_mark(gpu);
	/* The first pass pushes out what the second one finds outside. */
	for (pass = 0; pass < 3; pass++)
		assert_gathered(gpu, area, size, 9);
	now = devmem_since(&gpu->dev, &before);
	igt_assert_lt_u64(0, now.home_evicted);
	igt_assert_lt_u64(0, gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_BOUNCED));
	before = devmem_read(&gpu->dev);
	assert_gathered(gpu, area, size, 9);
	now = devmem_since(&gpu->dev, &before);
	igt_assert_eq_u64(now.home_evicted, 0);
	igt_assert_eq_u64(now.to_device, 0);
	igt_assert_lt(8 * BLOCK / PAGE, gpu_count_pages(gpu, area, size, VRAM));
	assert_words(area, size, 9);
	mem_unmap(area, size);
	bo_free(&bo);
}

static const struct gpu_scenario scenarios[] = {
	{ "there-and-back", there_and_back, "4 KiB pages move to video memory and come home." },
	{ "huge", huge, "A huge page is one leaf in video memory, too." },
	{ "part-of-huge", part_of_huge, "Parts of a huge page go their own ways." },
	{ "untouched", untouched, "Memory without pages gets zeroes in video memory." },
	{ "asked-home", asked_home, "SVM_MIGRATE brings exactly its pages home." },
	{ "gaps-are-filled", gaps_are_filled, "Pages go back between their neighbours." },
	{ "what-stays", what_stays, "What cannot move stays, and is counted." },
	{ "fork", fork_both, "A child has the pages that were in video memory." },
	{ "fork-parent-dies", fork_parent_dies, "A child's pages come home without its parent." },
	{ "mm-calls", mm_calls, "mremap(), mprotect(), madvise() and munmap()." },
	{ "oldest-leaves", oldest_leaves, "What was mapped longest ago leaves first." },
	{ "objects-first", objects_first, "A buffer object gets the video memory that it needs." },
	{ "from-swap", from_swap, "Memory in swap is brought in, and moves." },
	{ "pinned", pinned, "A pinned page stays, and is counted." },
	{ "system-calls", system_calls, "System calls find memory in video memory." },
	{ "read-only-shared", read_only_shared, "After fork() a write of the GPU makes copies." },
	{ "gpu-and-cpu", gpu_and_cpu, "GPU and CPU use the same pages, which move all the time." },
	{ "preferred", preferred, "Faults of the GPU move pages where that is preferred." },
	{ "preferences", preferences, "Preferences are kept for any range." },
	{ "bounce", bounce, "A page for which both sides compete stays for a while." },
	{ "refault", refault, "Memory that comes back soon evicts no other." },
	{ "oversubscribed", oversubscribed, "More memory than there is video memory." },
};

int igt_main()
{
	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));
}
