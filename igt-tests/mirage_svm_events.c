// SPDX-License-Identifier: MIT
/**
 * TEST: mirage svm events
 * Description: Changes of a process to its address space while the GPU has it mapped or a
 *	kernel runs on it: after the call returns the GPU sees what the CPU sees.
 * Category: SVM
 */
#include <pthread.h>
#include <sys/mman.h>

#include "igt_mirage.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("What the process does to memory that the GPU uses.");

#define VALID	DRM_MIRAGE_SVM_PAGE_VALID
#define WRITE	DRM_MIRAGE_SVM_PAGE_WRITE
#define HUGE	DRM_MIRAGE_SVM_PAGE_2M

/* The loop's kernel met an access that could not be served. Its flags are of no more use. */
static void loop_faulted(struct loop *loop, const void *addr, unsigned int access, int error)
{
	struct gpu *gpu = loop->job.gpu;

	igt_assert_eq(job_wait(&loop->job), -EFAULT);
	gpu_assert_faulted(gpu, loop->job.queue, addr, access, error);
	job_free(&loop->job);
}

/**
 * SUBTEST: munmap-mid-kernel
 * Description: Memory is unmapped under a kernel that reads it: its queue stops with the exact
 *	address; another queue of the same address space goes on.
 */
static void munmap_mid_kernel(struct gpu *gpu)
{
	uint32_t *area = mem_anon(PAGE);
	struct drm_mirage_cmds none = { 0 };
	struct loop loop;

	area[5] = 0x1234;
	loop_start(&loop, gpu, &kernel_watch, &area[5]);
	igt_assert_eq_u32(loop.flags->value, 0x1234);
	mem_unmap(area, PAGE);
	loop_faulted(&loop, &area[5], MIRAGE_ACCESS_READ, EFAULT);
	igt_assert_eq(mirage_exec(&gpu->dev, gpu->queue, &none, 0, NULL, 0), -ECANCELED);

	gpu->queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COMPUTE);
	gpu_assert_alive(gpu);
}

/**
 * SUBTEST: munmap-others-go-on
 * Description: While one queue is stopped by a fault, the kernel of another does not even
 *	pause.
 */
static void munmap_others_go_on(struct gpu *gpu)
{
	uint32_t *area = mem_anon(PAGE), *other = mem_anon(PAGE), own = gpu->queue;
	struct loop bad, good;

	other[0] = 1;
	area[0] = 2;
	loop_start(&good, gpu, &kernel_watch, other);
	gpu->queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COMPUTE);
	loop_start(&bad, gpu, &kernel_scribble, area);
	mem_unmap(area, PAGE);
	loop_faulted(&bad, area, MIRAGE_ACCESS_WRITE, EFAULT);
	loop_advance(&good, 3);
	other[0] = 7;
	loop_advance(&good, 1);
	igt_assert_eq_u32(good.flags->value, 7);
	loop_stop(&good);
	igt_assert_eq(gpu_queue_state(gpu, own), DRM_MIRAGE_QUEUE_READY);
	gpu->queue = own;
	mem_unmap(other, PAGE);
}

/**
 * SUBTEST: remap-mid-kernel
 * Description: munmap and mmap at once (MAP_FIXED) under a kernel that reads: from then on it
 *	reads the new memory, and never again the old.
 */
static void remap_mid_kernel(struct gpu *gpu)
{
	uint32_t *area = mem_anon(PAGE), i;
	int fd = memfd_create("mirage", MFD_CLOEXEC);
	struct loop loop;

	igt_assert_fd(fd);
	for (i = 0; i < 8; i++) {
		uint32_t word = 1000 + i;

		igt_assert_eq(pwrite(fd, &word, 4, i * PAGE), 4);
	}
	area[0] = 999;
	loop_start(&loop, gpu, &kernel_watch, area);
	gpu_mark(gpu);
	for (i = 0; i < 8; i++) {
		igt_assert(mmap(area, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd,
				i * PAGE) == area);
		loop_advance(&loop, 1);
		igt_assert_eq_u32(loop.flags->value, 1000 + i);
	}
	igt_assert_lte_u64(8, gpu_delta(gpu, DRM_MIRAGE_STAT_INVALIDATIONS));
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_INVALIDATED), 8);
	loop_stop(&loop);
	close(fd);
	mem_unmap(area, PAGE);
}

/* Some time, of a length that a fixed series gives: to meet the device at different moments. */
static void stagger(uint32_t *state)
{
	*state = *state * 1103515245 + 12345;
	for (volatile uint32_t i = *state >> 16 & 0x3fff; i; i--)
		;
}

/**
 * SUBTEST: remap-mid-write
 * Description: The memory under a kernel that writes is replaced, at many moments: once mmap
 *	has returned, not one write goes to what was there before.
 */
static void remap_mid_write(struct gpu *gpu)
{
	uint32_t *area = mem_anon(PAGE), seed = 1, i;
	int fd = memfd_create("mirage", MFD_CLOEXEC);
	volatile uint32_t *pages;
	struct loop loop;

	igt_assert_fd(fd);
	igt_assert(!ftruncate(fd, 2 * PAGE));
	pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	igt_assert(pages != MAP_FAILED);
	loop_start(&loop, gpu, &kernel_scribble, area);
	for (i = 0; i < 150; i++) {
		volatile uint32_t *old = pages + (i + 1) % 2 * PAGE / 4;
		uint32_t last;

		igt_assert(mmap(area, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
				i % 2 * PAGE) == area);
		last = *old;
		loop_advance(&loop, 1);
		igt_assert_eq_u32(*old, last);
		stagger(&seed);
	}
	loop_stop(&loop);
	igt_assert_eq_u64(area[0], loop.flags->count);
	munmap((void *)pages, 2 * PAGE);
	close(fd);
	mem_unmap(area, PAGE);
}

/**
 * SUBTEST: remap-races-fault
 * Description: Memory is replaced again while the fault that its last replacement caused is
 *	being served, at many moments of the service: what the kernel reads in the end is what
 *	is mapped in the end.
 */
static void remap_races_fault(struct gpu *gpu)
{
	const unsigned int words = 8;
	uint32_t *area = mem_anon(PAGE), seed = 7, i, k, at = 0;
	int fd = memfd_create("mirage", MFD_CLOEXEC);
	struct loop loop;

	igt_assert_fd(fd);
	for (i = 0; i < words; i++) {
		uint32_t word = 2000 + i;

		igt_assert_eq(pwrite(fd, &word, 4, i * PAGE), 4);
	}
	loop_start(&loop, gpu, &kernel_watch, area);
	for (i = 0; i < 300; i++) {
		for (k = 0; k < 3; k++) {
			at = (at + 1) % words;
			igt_assert(mmap(area, PAGE, PROT_READ,
					MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd,
					at * PAGE) == area);
			stagger(&seed);
		}
		loop_advance(&loop, 1);
		igt_assert_eq_u32(loop.flags->value, 2000 + at);
	}
	loop_stop(&loop);
	close(fd);
	mem_unmap(area, PAGE);
}

/**
 * SUBTEST: mprotect-mid-kernel
 * Description: A kernel writes; the page becomes read-only: the queue stops with a write fault,
 *	and not one write comes after mprotect has returned. Readers go on. Back to writable, a
 *	new queue writes.
 */
static void mprotect_mid_kernel(struct gpu *gpu)
{
	uint32_t *area = mem_anon(PAGE), before;
	struct loop writer, reader;
	uint32_t writing;

	area[0] = 0;
	loop_start(&reader, gpu, &kernel_watch, area);
	gpu->queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COMPUTE);
	writing = gpu->queue;
	loop_start(&writer, gpu, &kernel_scribble, area);
	igt_assert(!mprotect(area, PAGE, PROT_READ));
	before = *(volatile uint32_t *)area;
	loop_faulted(&writer, area, MIRAGE_ACCESS_WRITE, EPERM);
	igt_assert_eq_u32(*(volatile uint32_t *)area, before);
	loop_advance(&reader, 2);
	igt_assert_eq_u32(reader.flags->value, before);
	igt_assert_eq(gpu_page(gpu, area) & (VALID | WRITE), VALID);

	igt_assert(!mprotect(area, PAGE, PROT_READ | PROT_WRITE));
	gpu->queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COMPUTE);
	igt_assert_neq(gpu->queue, writing);
	loop_start(&writer, gpu, &kernel_scribble, area);
	loop_advance(&writer, 2);
	loop_stop(&writer);
	loop_advance(&reader, 1);
	igt_assert_eq_u32(reader.flags->value, area[0]);
	loop_stop(&reader);
	mem_unmap(area, PAGE);
}

/**
 * SUBTEST: mprotect-none-and-back
 * Description: Without any access the GPU's mapping is gone; with access again its content is
 *	there.
 */
static void mprotect_none_and_back(struct gpu *gpu)
{
	uint32_t *area = mem_anon(4 * PAGE);

	mem_touch(area, 4 * PAGE, 10);
	gpu_scatter(gpu, area, PAGE, 4, 20);
	igt_assert(!mprotect(area + PAGE / 4, 2 * PAGE, PROT_NONE));
	igt_assert_eq(gpu_count_pages(gpu, area, 4 * PAGE, VALID), 2);
	gpu_read_fails(gpu, area + PAGE / 4, EFAULT);
	igt_assert_eq_u32(gpu_read32(gpu, area), 20);
	igt_assert(!mprotect(area + PAGE / 4, 2 * PAGE, PROT_READ | PROT_WRITE));
	igt_assert_eq_u32(gpu_read32(gpu, area + PAGE / 4), 21);
	igt_assert_eq_u32(gpu_read32(gpu, area + 2 * PAGE / 4), 22);
	mem_unmap(area, 4 * PAGE);
}

/**
 * SUBTEST: mremap-move
 * Description: Moved memory is read at its new address with its content; the old address is
 *	gone.
 */
static void mremap_move(struct gpu *gpu)
{
	uint32_t *from = mem_anon(8 * PAGE), *to = mem_reserve(BLOCK, BLOCK), *out = gpu->out + 64;
	unsigned int i;

	gpu_scatter(gpu, from, PAGE, 8, 300);
	gpu_mark(gpu);
	igt_assert(mremap(from, 8 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
	igt_assert_eq(gpu_count_pages(gpu, from, 8 * PAGE, VALID), 0);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_INVALIDATED), 8);
	gpu_gather(gpu, to, PAGE, 8, out);
	for (i = 0; i < 8; i++)
		igt_assert_eq_u32(out[i], 300 + i);
	gpu_read_fails(gpu, from, EFAULT);
	gpu_write32(gpu, to, 1);
	igt_assert_eq_u32(to[0], 1);
	mem_unmap(to, BLOCK);
	mem_unmap(from, BLOCK);
}

/**
 * SUBTEST: mremap-grow
 * Description: Memory that grows in place keeps what is mapped, without another fault, and the
 *	new part is zeros.
 */
static void mremap_grow(struct gpu *gpu)
{
	uint32_t *area = mem_reserve(BLOCK, BLOCK);

	igt_assert(!munmap(area, BLOCK));
	igt_assert(mmap(area, 4 * PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == area);
	gpu_scatter(gpu, area, PAGE, 4, 40);
	igt_assert(mremap(area, 4 * PAGE, 8 * PAGE, 0) == area);
	gpu_mark(gpu);
	igt_assert_eq_u32(gpu_read32(gpu, area + 3 * PAGE / 4), 43);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_FAULTS), 0);
	igt_assert_eq_u32(gpu_read32(gpu, area + 6 * PAGE / 4), 0);
	/* And shrinks: what is cut off is gone. */
	igt_assert(mremap(area, 8 * PAGE, 2 * PAGE, 0) == area);
	igt_assert_eq(gpu_count_pages(gpu, area, 8 * PAGE, VALID), 2);
	gpu_read_fails(gpu, area + 3 * PAGE / 4, EFAULT);
	mem_unmap(area, BLOCK);
}

/**
 * SUBTEST: mremap-dontunmap
 * Description: MREMAP_DONTUNMAP leaves an empty mapping behind: zeros there, the content at the
 *	new place.
 */
static void mremap_dontunmap(struct gpu *gpu)
{
	uint32_t *from = mem_anon(4 * PAGE), *to = mem_reserve(BLOCK, BLOCK);

	gpu_scatter(gpu, from, PAGE, 4, 60);
	igt_assert(mremap(from, 4 * PAGE, 4 * PAGE,
			  MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to) == to);
	igt_assert_eq(gpu_count_pages(gpu, from, 4 * PAGE, VALID), 0);
	igt_assert_eq_u32(gpu_read32(gpu, to + 2 * PAGE / 4), 62);
	igt_assert_eq_u32(gpu_read32(gpu, from + 2 * PAGE / 4), 0);
	gpu_write32(gpu, from, 5);
	igt_assert_eq_u32(from[0], 5);
	igt_assert_eq_u32(to[0], 60);
	mem_unmap(from, BLOCK);
	mem_unmap(to, BLOCK);
}

/**
 * SUBTEST: mremap-mid-kernel
 * Description: Memory moves away from under a kernel and comes back: the kernel reads it again.
 */
static void mremap_mid_kernel(struct gpu *gpu)
{
	uint32_t *area = mem_anon(PAGE), *away = mem_reserve(BLOCK, BLOCK);
	struct loop loop;
	int i;

	area[0] = 0xfeed;
	loop_start(&loop, gpu, &kernel_watch, area);
	for (i = 0; i < 4; i++) {
		/* In between there are zeros at the old place, as for the CPU. */
		igt_assert(mremap(area, PAGE, PAGE,
				  MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, away) == away);
		igt_assert(mremap(away, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, area) == area);
		loop_advance(&loop, 1);
		igt_assert_eq_u32(loop.flags->value, 0xfeed);
	}
	loop_stop(&loop);
	mem_unmap(area, PAGE);
}

/**
 * SUBTEST: partial-unmap
 * Description: A hole in the middle of a 2 MiB block: exactly its pages go; the rest stays
 *	mapped and is read without a fault.
 */
static void partial_unmap(struct gpu *gpu)
{
	/* Not all of the block: mm takes a whole aligned 2 MiB mapping away before it splits it. */
	const unsigned int n = BLOCK / PAGE - 1;
	uint32_t *area = mem_anon(n * PAGE), *out = gpu->out + 64;
	unsigned int i;

	mem_touch(area, n * PAGE, 0);
	gpu_scatter(gpu, area, PAGE, n, 2000);
	igt_assert_eq(gpu_count_pages(gpu, area, n * PAGE, VALID | WRITE), n);
	gpu_mark(gpu);
	igt_assert(!munmap(area + 100 * PAGE / 4, 7 * PAGE));
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_INVALIDATED), 7);
	igt_assert_eq(gpu_count_pages(gpu, area, n * PAGE, VALID), n - 7);
	igt_assert_eq(gpu_count_pages(gpu, area + 100 * PAGE / 4, 7 * PAGE, VALID), 0);

	gpu_gather(gpu, area, PAGE, 100, out);
	gpu_gather(gpu, area + 107 * PAGE / 4, PAGE, n - 107, out + 107);
	for (i = 0; i < n; i++)
		if (i < 100 || i >= 107)
			igt_assert_eq_u32(out[i], 2000 + i);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_FAULTS), 0);
	gpu_read_fails(gpu, area + 106 * PAGE / 4, EFAULT);
	mem_unmap(area, n * PAGE);
}

/* Unlike mem_huge() this has the CPU touch it, and makes sure of the GPU's 2 MiB leaf. */
static uint32_t *mapped_huge(struct gpu *gpu)
{
	uint32_t *area = mem_huge(BLOCK);

	mem_touch(area, BLOCK, 3000);
	igt_require_f(page_flags(area) & KPF_THP, "the kernel had no huge page to give\n");
	gpu_write32(gpu, area + 1, 1);
	igt_assert_eq(gpu_count_pages(gpu, area, BLOCK, VALID | HUGE), BLOCK / PAGE);
	gpu_mark(gpu);
	return area;
}

/**
 * SUBTEST: thp-partial-unmap
 * Description: A hole in a huge page: the 2 MiB leaf becomes smaller ones; exactly the hole is
 *	gone, and the rest reads right.
 */
static void thp_partial_unmap(struct gpu *gpu)
{
	uint32_t *area = mapped_huge(gpu), *out = gpu->out + 64;
	const unsigned int n = BLOCK / PAGE;
	unsigned int i;

	igt_assert(!munmap(area + 64 * PAGE / 4, 16 * PAGE));
	igt_assert_eq(gpu_count_pages(gpu, area + 64 * PAGE / 4, 16 * PAGE, VALID), 0);
	igt_assert_eq(gpu_count_pages(gpu, area, BLOCK, HUGE), 0);
	gpu_gather(gpu, area, PAGE, 64, out);
	gpu_gather(gpu, area + 80 * PAGE / 4, PAGE, n - 80, out + 80);
	for (i = 0; i < n; i++)
		if (i < 64 || i >= 80)
			igt_assert_eq_u32(out[i], 3000 + i);
	gpu_read_fails(gpu, area + 64 * PAGE / 4, EFAULT);
	gpu_read_fails(gpu, area + 80 * PAGE / 4 - 1, EFAULT);
	mem_unmap(area, BLOCK);
}

/**
 * SUBTEST: thp-partial-mprotect
 * Description: One page of a huge page becomes read-only: a GPU write to it fails, writes
 *	beside it work.
 */
static void thp_partial_mprotect(struct gpu *gpu)
{
	uint32_t *area = mapped_huge(gpu), *page = area + 200 * PAGE / 4;

	igt_assert(!mprotect(page, PAGE, PROT_READ));
	gpu_write32(gpu, page - PAGE / 4, 81);
	gpu_write32(gpu, page + PAGE / 4, 82);
	igt_assert_eq_u32(page[-(int)PAGE / 4], 81);
	igt_assert_eq_u32(page[PAGE / 4], 82);
	igt_assert_eq_u32(gpu_read32(gpu, page), 3200);
	gpu_write_fails(gpu, page, EPERM);
	igt_assert_eq_u32(page[0], 3200);
	mem_unmap(area, BLOCK);
}

/**
 * SUBTEST: thp-split-dontneed
 * Description: MADV_DONTNEED of one page of a huge page gives zeros there and leaves the rest.
 */
static void thp_split_dontneed(struct gpu *gpu)
{
	uint32_t *area = mapped_huge(gpu), *page = area + 300 * PAGE / 4;

	igt_assert(!madvise(page, PAGE, MADV_DONTNEED));
	igt_assert_eq_u32(gpu_read32(gpu, page), 0);
	igt_assert_eq_u32(gpu_read32(gpu, page - PAGE / 4), 3299);
	igt_assert_eq_u32(gpu_read32(gpu, page + PAGE / 4), 3301);
	gpu_write32(gpu, page, 6);
	igt_assert_eq_u32(page[0], 6);
	mem_unmap(area, BLOCK);
}

/**
 * SUBTEST: exact-invalidation
 * Description: Each event takes away exactly the pages it names and no other: the rest stays
 *	mapped.
 */
static void exact_invalidation(struct gpu *gpu)
{
	uint32_t *area = mem_anon(32 * PAGE);
	unsigned int i;

	mem_touch(area, 32 * PAGE, 1);
	gpu_scatter(gpu, area, PAGE, 32, 100);
	for (i = 0; i < 32; i += 5) {
		gpu_mark(gpu);
		igt_assert(!madvise(area + i * PAGE / 4, PAGE, MADV_DONTNEED));
		igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_INVALIDATIONS), 1);
		igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_INVALIDATED), 1);
		/* A second time there is nothing to take away. */
		igt_assert(!madvise(area + i * PAGE / 4, PAGE, MADV_DONTNEED));
		igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_INVALIDATIONS), 1);
	}
	for (i = 0; i < 32; i++)
		igt_assert_eq(gpu_page(gpu, area + i * PAGE / 4) & VALID, i % 5 ? VALID : 0);
	mem_unmap(area, 32 * PAGE);
}

/**
 * SUBTEST: fork-mid-kernel
 * Description: The process forks while kernels read and write: they go on in the parent; what
 *	they write after the fork never shows in the child.
 */
static void fork_mid_kernel(struct gpu *gpu)
{
	uint32_t *area = mem_anon(PAGE);
	volatile uint32_t *flag = gpu->out + 60;
	struct loop writer;

	area[0] = 0;
	loop_start(&writer, gpu, &kernel_scribble, area);
	igt_fork(child, 1) {
		uint32_t first = *(volatile uint32_t *)area;

		*flag = 1;
		igt_assert(igt_wait(*flag == 2, POLL_MS, 1));
		igt_assert_eq_u32(*(volatile uint32_t *)area, first);
	}
	igt_assert(igt_wait(*flag == 1, POLL_MS, 1));
	loop_advance(&writer, 3);
	*flag = 2;
	igt_waitchildren();
	loop_stop(&writer);
	igt_assert_eq_u64(area[0], writer.flags->count);
	mem_unmap(area, PAGE);
}

struct raiser {
	uint32_t *counter;
	unsigned int iters;
	bool *stop;
	unsigned int done;
};

static void *raise_on_cpu(void *arg)
{
	struct raiser *raiser = arg;

	while (raiser->done < raiser->iters && !__atomic_load_n(raiser->stop, __ATOMIC_SEQ_CST)) {
		__atomic_fetch_add(raiser->counter, 1, __ATOMIC_SEQ_CST);
		raiser->done++;
	}
	return NULL;
}

/**
 * SUBTEST: atomics-shared
 * Description: GPU lanes and CPU threads raise one counter at once; the sum is exact.
 */
static void atomics_shared(struct gpu *gpu)
{
	uint32_t *counter = mem_anon(PAGE);
	struct raiser raisers[2];
	bool stop = false;
	pthread_t threads[2];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		raisers[i] = (struct raiser){ counter, 100000, &stop, 0 };
		igt_assert(!pthread_create(&threads[i], NULL, raise_on_cpu, &raisers[i]));
	}
	gpu_raise(gpu, counter, 8, 64, 200);
	for (i = 0; i < 2; i++)
		igt_assert(!pthread_join(threads[i], NULL));
	igt_assert_eq_u32(*counter, 2 * 100000 + 8 * 64 * 200);
	mem_unmap(counter, PAGE);
}

/**
 * SUBTEST: hammer-one-page
 * Description: GPU lanes and a CPU thread raise one counter in shared memory, while its page is
 *	taken from both again and again (MADV_DONTNEED, which loses nothing there): each
 *	addition happens exactly once, and the work ends.
 */
static void hammer_one_page(struct gpu *gpu)
{
	uint32_t *area = mem_reserve(BLOCK, BLOCK);
	struct raise_args args = { .addr = (uintptr_t)area, .iters = 2000 };
	unsigned int rounds = 0, jobs = 0;
	struct raiser raiser;
	bool stop = false;
	pthread_t thread;
	struct job job;

	igt_assert(mmap(area, PAGE, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == area);
	raiser = (struct raiser){ area, ~0u, &stop, 0 };
	igt_assert(!pthread_create(&thread, NULL, raise_on_cpu, &raiser));
	/* On a busy host a job may be done before this thread runs. */
	while (gpu_delta(gpu, DRM_MIRAGE_STAT_INVALIDATIONS) == 0) {
		igt_assert_lt(jobs++, 200);
		job = job_new(gpu);
		job_kernel(&job, &kernel_raise, &args, sizeof(args), 8, 64);
		job_submit(&job);
		/* Until it has been taken from the GPU often, or the job is done. */
		while (!job_is_done(&job) && gpu_delta(gpu, DRM_MIRAGE_STAT_INVALIDATIONS) < 200) {
			igt_assert(!madvise(area, PAGE, MADV_DONTNEED));
			rounds++;
		}
		igt_assert_eq(job_wait(&job), 0);
		job_free(&job);
	}
	__atomic_store_n(&stop, true, __ATOMIC_SEQ_CST);
	igt_assert(!pthread_join(thread, NULL));
	igt_assert_eq_u32(*area, raiser.done + jobs * 2000 * 8 * 64);
	igt_info("%u jobs, %u rounds, %" PRIu64 " invalidations, %" PRIu64 " faults\n", jobs, rounds,
		 gpu_delta(gpu, DRM_MIRAGE_STAT_INVALIDATIONS),
		 gpu_delta(gpu, DRM_MIRAGE_STAT_FAULTS));
	mem_unmap(area, BLOCK);
}

/**
 * SUBTEST: copy-under-invalidation
 * Description: A copy into shared memory whose pages are taken away while it runs ends byte for
 *	byte right.
 */
static void copy_under_invalidation(struct gpu *gpu)
{
	const size_t size = 64 * PAGE;
	uint8_t *from = mem_anon(size), *to = mem_reserve(BLOCK, BLOCK);
	struct job job;
	size_t i;
	int round;

	igt_assert(mmap(to, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED,
			-1, 0) == to);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < size; i++)
			from[i] = i * 31 + i / 4096 + round;
		job = job_new(gpu);
		for (i = 0; i < 8; i++)
			mirage_ib_copy(&job.ib, to, from, size);
		job_submit(&job);
		while (!job_is_done(&job)) {
			igt_assert(!madvise(to, size / 2, MADV_DONTNEED));
			igt_assert(!madvise(to + size / 2, size / 2, MADV_DONTNEED));
		}
		igt_assert_eq(job_wait(&job), 0);
		job_free(&job);
		igt_assert(!memcmp(to, from, size));
	}
	igt_assert_neq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_INVALIDATIONS), 0);
	mem_unmap(from, size);
	mem_unmap(to, BLOCK);
}

/**
 * SUBTEST: blocks-bounded
 * Description: The GPU touches thousands of 2 MiB blocks that are unmapped again, always
 *	elsewhere: the blocks tracked stay bounded by what is mapped.
 */
static void blocks_bounded(struct gpu *gpu)
{
	const unsigned int n = 512, rounds = 16;
	uint64_t before = gpu_stat(gpu, DRM_MIRAGE_STAT_BLOCKS);
	unsigned int round, i;

	for (round = 0; round < rounds; round++) {
		/* Elsewhere each time: the reservations stay until the end. */
		char *area = mem_reserve(n * BLOCK, BLOCK);

		igt_assert(!mprotect(area, n * BLOCK, PROT_READ | PROT_WRITE));
		igt_assert(!madvise(area, n * BLOCK, MADV_NOHUGEPAGE));
		gpu_scatter(gpu, area, BLOCK, n, round << 16);
		for (i = 0; i < n; i++)
			igt_assert_eq_u32(*(uint32_t *)(area + i * BLOCK), (round << 16) + i);
		igt_assert_lte_u64(n, gpu_stat(gpu, DRM_MIRAGE_STAT_BLOCKS));
		igt_assert(mmap(area, n * BLOCK, PROT_NONE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
				-1, 0) == area);
		igt_assert(igt_wait(gpu_stat(gpu, DRM_MIRAGE_STAT_BLOCKS) <= before + n,
				    POLL_MS, 10));
	}
	igt_assert_lte_u64((uint64_t)n * rounds, gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_INVALIDATED));
}

static unsigned int traced_calls(void)
{
	unsigned int calls = 0;
	char line[512];
	FILE *trace = fopen("/sys/kernel/tracing/trace", "r");

	igt_assert(trace);
	while (fgets(line, sizeof(line), trace))
		calls += line[0] != '#';
	fclose(trace);
	return calls;
}

/* The number of mm's calls of the mirror core when this process unmaps touched memory. */
static unsigned int calls_of_unmap(uint32_t *area)
{
	unsigned int calls;

	area[0] = 1;
	igt_assert(file_write("/sys/kernel/tracing/trace", ""));
	igt_assert(file_write("/sys/kernel/tracing/tracing_on", "1"));
	mem_unmap(area, PAGE);
	igt_assert(file_write("/sys/kernel/tracing/tracing_on", "0"));
	calls = traced_calls();
	return calls;
}

/**
 * SUBTEST: no-callback-unless-mapped
 * Description: mm calls nothing of the mirror core for a process that has the device open, nor
 *	for one with an address space that mirrors nothing, nor for memory that the GPU has not
 *	mapped; it does for memory that it has.
 */
static void no_callback_unless_mapped(void)
{
	struct mirage dev;
	struct gpu gpu;
	uint32_t *area, vm;
	char pid[16];

	igt_require_f(file_write("/sys/kernel/tracing/tracing_on", "0") &&
		      file_write("/sys/kernel/tracing/set_ftrace_filter", ":mod:hmm_mirror"),
		      "no function tracing of modules in this kernel\n");
	snprintf(pid, sizeof(pid), "%d", getpid());
	igt_assert(file_write("/sys/kernel/tracing/set_ftrace_pid", pid));
	igt_assert(file_write("/sys/kernel/tracing/current_tracer", "function"));

	igt_assert_eq(mirage_open(&dev), 0);
	igt_assert_eq(calls_of_unmap(mem_anon(PAGE)), 0);
	igt_assert_eq(mirage_vm_create(&dev, &vm), 0);
	igt_assert_eq(calls_of_unmap(mem_anon(PAGE)), 0);
	gpu_open(&gpu);
	igt_assert_eq(calls_of_unmap(mem_anon(PAGE)), 0);
	area = mem_anon(PAGE);
	gpu_write32(&gpu, area, 3);
	igt_assert_neq(calls_of_unmap(area), 0);
	gpu_close(&gpu);
	mirage_close(&dev);

	igt_assert(file_write("/sys/kernel/tracing/current_tracer", "nop"));
	igt_assert(file_write("/sys/kernel/tracing/set_ftrace_pid", ""));
	igt_assert(file_write("/sys/kernel/tracing/set_ftrace_filter", ""));
	/* As it was found: events are not recorded otherwise. */
	igt_assert(file_write("/sys/kernel/tracing/tracing_on", "1"));
}

static const struct gpu_scenario scenarios[] = {
	{ "munmap-mid-kernel", munmap_mid_kernel,
	  "munmap under a kernel stops its queue with the exact address." },
	{ "munmap-others-go-on", munmap_others_go_on,
	  "A queue that faults does not make another's kernel pause." },
	{ "remap-mid-kernel", remap_mid_kernel,
	  "A running kernel sees memory that replaces what it read, at once." },
	{ "remap-mid-write", remap_mid_write,
	  "No write goes to memory that was replaced, once mmap has returned." },
	{ "remap-races-fault", remap_races_fault,
	  "Memory replaced while a fault on it is being served." },
	{ "mprotect-mid-kernel", mprotect_mid_kernel,
	  "No write after mprotect has returned; readers go on." },
	{ "mprotect-none-and-back", mprotect_none_and_back, "Access taken away and given back." },
	{ "mremap-move", mremap_move, "Moved memory keeps its content for the GPU." },
	{ "mremap-grow", mremap_grow, "Memory that grows or shrinks in place." },
	{ "mremap-dontunmap", mremap_dontunmap, "MREMAP_DONTUNMAP leaves zeros behind." },
	{ "mremap-mid-kernel", mremap_mid_kernel,
	  "Memory moves away under a kernel and comes back." },
	{ "partial-unmap", partial_unmap, "A hole in a 2 MiB block takes exactly its pages." },
	{ "thp-partial-unmap", thp_partial_unmap, "A hole in a huge page splits its leaf." },
	{ "thp-partial-mprotect", thp_partial_mprotect,
	  "One page of a huge page becomes read-only." },
	{ "thp-split-dontneed", thp_split_dontneed, "MADV_DONTNEED of one page of a huge page." },
	{ "exact-invalidation", exact_invalidation,
	  "Each event takes away exactly the pages it names." },
	{ "fork-mid-kernel", fork_mid_kernel,
	  "Kernels go on over fork, and write nothing of the child's." },
	{ "atomics-shared", atomics_shared, "One counter raised by CPU and GPU at once." },
	{ "hammer-one-page", hammer_one_page,
	  "Atomics happen exactly once while their page is taken away again and again." },
	{ "copy-under-invalidation", copy_under_invalidation,
	  "A copy whose target is taken away again and again ends right." },
	{ "blocks-bounded", blocks_bounded,
	  "Blocks tracked are bounded by what is mapped, not by what ever was." },
};

int igt_main()
{
	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));

	igt_describe("mm calls the mirror core for what the GPU has mapped, and for nothing else.");
	igt_subtest("no-callback-unless-mapped")
		no_callback_unless_mapped();
}
