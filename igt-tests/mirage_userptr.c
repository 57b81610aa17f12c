// SPDX-License-Identifier: MIT
/**
 * TEST: mirage userptr
 * Description: Memory of a process as an object, for queues that may not fault: every kind of memory, what is refused,
 *	and what it must not do to the memory.
 * Category: Userptr
 */
#include <drm/drm.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "igt_mirage.h"
#include "igt_mirage_space.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("Memory of a process as an object for queues that may not fault.");

#define READONLY	DRM_MIRAGE_USERPTR_READONLY

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

/* Have the GPU change one word of each page and read it, and the CPU see it; in pages 0, 1, 2 ... of an area. */
static void assert_shared(struct gpu *gpu, uint32_t *area, void *at, unsigned int pages,
			  uint32_t value)
{
	uint32_t *out = gpu->out + 64;
	unsigned int i;

	igt_assert_lte(pages, 512);
	mem_touch(area, pages * PAGE, value);
	gpu_gather(gpu, at, PAGE, pages, gpu_at(gpu, out));
	for (i = 0; i < pages; i++)
		igt_assert_eq_u32(out[i], value + i);
	gpu_scatter(gpu, (char *)at + 4, PAGE, pages, value + 1000);
	for (i = 0; i < pages; i++) {
		igt_assert_eq_u32(area[i * PAGE / 4], value + i);
		igt_assert_eq_u32(area[i * PAGE / 4 + 1], value + 1000 + i);
	}
}

/**
 * SUBTEST: basic
 * Description: GPU and CPU see what the other writes to memory that nobody had touched, and the object is as big as
 *	it was asked to be and where it was said to be.
 */
static void basic(struct gpu *gpu)
{
	uint32_t *area = mem_anon(64 * PAGE), handle;
	struct drm_mirage_bo_query query;
	void *at;

	igt_assert_eq(mirage_bo_userptr(&gpu->dev, area, 64 * PAGE, 0, &handle), 0);
	at = gpu_bind(gpu, handle, 64 * PAGE, 0);
	assert_shared(gpu, area, at, 64, 10);
	igt_assert_eq(mirage_bo_query(&gpu->dev, handle, &query), 0);
	igt_assert_eq_u64(query.size, 64 * PAGE);
	igt_assert_eq_u32(query.placement, DRM_MIRAGE_PLACEMENT_SYSTEM);
	igt_assert_eq_u32(query.location, DRM_MIRAGE_PLACEMENT_SYSTEM);
	igt_assert_eq(mirage_bo_close(&gpu->dev, handle), 0);
	/* The bindings stay. */
	assert_shared(gpu, area, at, 64, 90);
	gpu_unbind(gpu, at, 64 * PAGE);
	mem_unmap(area, 64 * PAGE);
}

/**
 * SUBTEST: thp
 * Description: Memory in huge pages is bound in pieces of 2 MiB; when one is split, nothing is lost.
 */
static void thp(struct gpu *gpu)
{
	uint32_t *area = mem_huge(2 * BLOCK), handle;
	struct drm_mirage_bo_query query;
	void *at;

	mem_touch(area, 2 * BLOCK, 0);
	igt_require_f(page_flags(area) & KPF_THP, "no huge page was to be had\n");
	igt_assert_eq(mirage_bo_userptr(&gpu->dev, area, 2 * BLOCK, 0, &handle), 0);
	at = gpu_bind(gpu, handle, 2 * BLOCK, 0);
	assert_shared(gpu, area, at, 512, 5000);
	igt_assert_eq(mirage_bo_query(&gpu->dev, handle, &query), 0);
	igt_assert_lte_u64(BLOCK, query.largest);

	/* One page is given back: its huge page is split under the object. */
	igt_assert(!madvise((char *)area + 7 * PAGE, PAGE, MADV_DONTNEED));
	igt_assert_eq_u32(gpu_read32(gpu, (char *)at + 7 * PAGE), 0);
	igt_assert_eq_u32(gpu_read32(gpu, (char *)at + 8 * PAGE), 5008);
	assert_shared(gpu, area, at, 512, 7000);
	igt_assert_eq(mirage_bo_close(&gpu->dev, handle), 0);
	mem_unmap(area, 2 * BLOCK);
}

/**
 * SUBTEST: hugetlb
 * Description: So is memory of hugetlbfs.
 */
static void hugetlb(struct gpu *gpu)
{
	const char *pool = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages";
	uint32_t *area = mem_reserve(BLOCK, BLOCK);
	void *at;

	igt_require_f(file_write(pool, "2"), "no pool of huge pages\n");
	igt_require_f(mmap(area, BLOCK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_FIXED, -1, 0) == area,
		      "no huge page was to be had: %s\n", strerror(errno));
	at = gpu_bind_userptr(gpu, area, BLOCK, 0);
	assert_shared(gpu, area, at, 512, 300);
	igt_assert(!munmap(area, BLOCK));
	igt_assert(file_write(pool, "0"));
}

/**
 * SUBTEST: shmem
 * Description: All who map shared memory, or read the file, see the GPU's writes to it.
 */
static void shmem(struct gpu *gpu)
{
	uint32_t *area, *other, word;
	int fd = memfd_create("userptr", MFD_CLOEXEC);
	void *at;

	igt_assert_fd(fd);
	igt_assert(!ftruncate(fd, 16 * PAGE));
	area = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	other = mmap(NULL, 16 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	igt_assert(area != MAP_FAILED && other != MAP_FAILED);
	at = gpu_bind_userptr(gpu, area, 16 * PAGE, 0);
	assert_shared(gpu, area, at, 16, 400);
	igt_assert_eq_u32(other[15 * PAGE / 4 + 1], 1415);
	igt_assert_eq(pread(fd, &word, 4, 3 * PAGE + 4), 4);
	igt_assert_eq_u32(word, 1403);

	/* The file ends: no job can have the memory. It grows again: all is there that was not cut off. */
	igt_assert(!ftruncate(fd, 8 * PAGE));
	igt_assert(!ftruncate(fd, 16 * PAGE));
	igt_assert_eq_u32(gpu_read32(gpu, (char *)at + 8 * PAGE), 0);
	igt_assert_eq_u32(gpu_read32(gpu, (char *)at + 7 * PAGE), 407);
	igt_assert(!munmap(area, 16 * PAGE) && !munmap(other, 16 * PAGE));
	close(fd);
}

/**
 * SUBTEST: private-file
 * Description: The GPU's writes to a private mapping of a file are the process's own; reading leaves the page
 *	cache's page.
 */
static void private_file(struct gpu *gpu)
{
	uint32_t *area, word = 0x11;
	int fd = memfd_create("userptr", MFD_CLOEXEC);
	void *at;

	igt_assert_fd(fd);
	igt_assert(!ftruncate(fd, 2 * PAGE));
	igt_assert_eq(pwrite(fd, &word, 4, 0), 4);
	area = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	igt_assert(area != MAP_FAILED);

	at = gpu_bind_userptr(gpu, area, 2 * PAGE, READONLY);
	igt_assert_eq_u32(gpu_read32(gpu, at), 0x11);
	igt_assert(!(page_flags(area) & KPF_ANON));
	gpu_unbind(gpu, at, 2 * PAGE);

	at = gpu_bind_userptr(gpu, area, 2 * PAGE, 0);
	gpu_write32(gpu, at, 0x22);
	igt_assert_eq_u32(*area, 0x22);
	igt_assert_eq(pread(fd, &word, 4, 0), 4);
	igt_assert_eq_u32(word, 0x11);
	igt_assert(!munmap(area, 2 * PAGE));
	close(fd);
}

/**
 * SUBTEST: readonly
 * Description: Memory that may not be written can be an object for reading and no other; the GPU cannot write
 *	through one, and the queue that tries is stopped.
 */
static void readonly(struct gpu *gpu)
{
	uint32_t *area = mem_anon(4 * PAGE), handle, queue;
	struct job job;
	void *at;

	mem_touch(area, 4 * PAGE, 70);
	igt_assert(!mprotect(area, 4 * PAGE, PROT_READ));
	igt_assert_eq(mirage_bo_userptr(&gpu->dev, area, 4 * PAGE, 0, &handle), -EPERM);
	igt_assert_eq(mirage_bo_userptr(&gpu->dev, area, 4 * PAGE, READONLY, &handle), 0);
	igt_assert_eq(gpu_try_bind_at(gpu, (void *)(uintptr_t)gpu->next, handle, 4 * PAGE, 0),
		      -EACCES);
	at = gpu_bind(gpu, handle, 4 * PAGE, DRM_MIRAGE_BIND_READONLY);
	igt_assert_eq_u32(gpu_read32(gpu, (char *)at + PAGE), 71);

	/* Also where the process may write by now. */
	igt_assert(!mprotect(area, 4 * PAGE, PROT_READ | PROT_WRITE));
	area[PAGE / 4] = 81;
	igt_assert_eq_u32(gpu_read32(gpu, (char *)at + PAGE), 81);
	queue = gpu_add_bound_queue(gpu, DRM_MIRAGE_QUEUE_COPY, DRM_MIRAGE_QUEUE_NO_FAULT);
	job = job_new(gpu);
	job.queue = queue;
	mirage_ib_fill(&job.ib, (char *)at + PAGE, 4, 99);
	job_submit(&job);
	igt_assert_lt(job_wait(&job), 0);
	job_free(&job);
	gpu_assert_faulted(gpu, queue, (char *)at + PAGE, MIRAGE_ACCESS_WRITE, EFAULT);
	igt_assert_eq_u32(area[PAGE / 4], 81);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, queue), 0);
	igt_assert_eq(mirage_bo_close(&gpu->dev, handle), 0);
	mem_unmap(area, 4 * PAGE);
}

/**
 * SUBTEST: read-breaks-no-cow
 * Description: Reading through an object leaves the zero page the zero page, and a page shared with a child shared.
 */
static void read_breaks_no_cow(struct gpu *gpu)
{
	uint32_t *area = mem_anon(2 * PAGE);
	int go[2], done[2];
	uint64_t pfn;
	void *at;
	char c;

	igt_assert(!pipe(go) && !pipe(done));
	area[PAGE / 4] = 0xc0;
	at = gpu_bind_userptr(gpu, area, 2 * PAGE, READONLY);
	igt_assert_eq_u32(gpu_read32(gpu, at), 0);
	igt_assert(page_is_zero_page(area));

	pfn = page_pfn(area + PAGE / 4);
	igt_fork(child, 1) {
		igt_assert_eq(page_pfn(area + PAGE / 4) == pfn, true);
		igt_assert_eq(write(done[1], "r", 1), 1);
		igt_assert_eq(read(go[0], &c, 1), 1);
		igt_assert_eq_u32(area[PAGE / 4], 0xc0);
		igt_assert_eq(page_pfn(area + PAGE / 4) == pfn, true);
	}
	/* So that a child that has died ends the wait. */
	close(done[1]);
	igt_assert_eq(read(done[0], &c, 1), 1);
	igt_assert_eq_u32(gpu_read32(gpu, (char *)at + PAGE), 0xc0);
	igt_assert(page_pfn(area + PAGE / 4) == pfn);
	igt_assert_eq(write(go[1], "g", 1), 1);
	igt_waitchildren();
	close(go[0]);
	close(go[1]);
	close(done[0]);
	mem_unmap(area, 2 * PAGE);
}

/**
 * SUBTEST: overlap
 * Description: Objects over the same memory, wholly or in part, for reading and for writing, bound twice: all show
 *	the same bytes.
 */
static void overlap(struct gpu *gpu)
{
	uint32_t *area = mem_anon(8 * PAGE), handle;
	char *whole, *part, *again, *reader;

	whole = gpu_bind_userptr(gpu, area, 8 * PAGE, 0);
	igt_assert_eq(mirage_bo_userptr(&gpu->dev, (char *)area + 3 * PAGE, 2 * PAGE, 0, &handle),
		      0);
	part = gpu_bind(gpu, handle, 2 * PAGE, 0);
	again = gpu_bind(gpu, handle, 2 * PAGE, 0);
	igt_assert_eq(mirage_bo_close(&gpu->dev, handle), 0);
	reader = gpu_bind_userptr(gpu, area, 8 * PAGE, READONLY);

	gpu_write32(gpu, whole + 4 * PAGE, 1);
	igt_assert_eq_u32(gpu_read32(gpu, part + PAGE), 1);
	gpu_write32(gpu, again + PAGE, 2);
	igt_assert_eq_u32(gpu_read32(gpu, reader + 4 * PAGE), 2);
	/* All of them lose it, and get the new page. */
	igt_assert(!madvise((char *)area + 4 * PAGE, PAGE, MADV_DONTNEED));
	igt_assert_eq_u32(gpu_read32(gpu, reader + 4 * PAGE), 0);
	gpu_write32(gpu, part + PAGE, 3);
	igt_assert_eq_u32(gpu_read32(gpu, whole + 4 * PAGE), 3);
	igt_assert_eq_u32(gpu_read32(gpu, again + PAGE), 3);
	igt_assert_eq_u32(area[4 * PAGE / 4], 3);
	mem_unmap(area, 8 * PAGE);
}

/**
 * SUBTEST: over-an-object
 * Description: Memory of an object that is mapped by the CPU cannot be made an object once more.
 */
static void over_an_object(struct gpu *gpu)
{
	static const uint32_t placements[] = {
		DRM_MIRAGE_PLACEMENT_SYSTEM, DRM_MIRAGE_PLACEMENT_VRAM,
	};
	uint32_t handle, other;
	unsigned int i;
	void *map;

	for (i = 0; i < ARRAY_SIZE(placements); i++) {
		igt_assert_eq(mirage_bo_create(&gpu->dev, 4 * PAGE, placements[i],
					       DRM_MIRAGE_BO_CPU_ACCESS, &handle), 0);
		igt_assert_eq(mirage_bo_map(&gpu->dev, handle, 4 * PAGE, &map), 0);
		memset(map, i + 1, 4 * PAGE);
		igt_assert_eq(mirage_bo_userptr(&gpu->dev, map, 4 * PAGE, 0, &other), -EFAULT);
		igt_assert_eq(mirage_bo_userptr(&gpu->dev, map, 4 * PAGE, READONLY, &other),
			      -EFAULT);
		igt_assert_eq(((unsigned char *)map)[3 * PAGE], i + 1);
		igt_assert(!munmap(map, 4 * PAGE));
		igt_assert_eq(mirage_bo_close(&gpu->dev, handle), 0);
	}
}

/**
 * SUBTEST: secret-memory
 * Description: Memory of memfd_secret() cannot be an object, neither alone nor together with other memory.
 */
static void secret_memory(struct gpu *gpu)
{
	uint32_t *area = mem_anon(4 * PAGE), handle;
	int fd = syscall(SYS_memfd_secret, 0);
	unsigned int i;

	igt_require_f(fd >= 0, "memfd_secret: %s\n", strerror(errno));
	igt_assert(!ftruncate(fd, PAGE));
	igt_assert(mmap(area + 2 * PAGE / 4, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			fd, 0) == area + 2 * PAGE / 4);
	/* In the first round the CPU has not touched it yet. */
	for (i = 0; i < 4; i++) {
		uint32_t flags = i & 1 ? READONLY : 0;

		igt_assert_eq(mirage_bo_userptr(&gpu->dev, area, 4 * PAGE, flags, &handle), -EFAULT);
		igt_assert_eq(mirage_bo_userptr(&gpu->dev, area + 2 * PAGE / 4, PAGE, flags,
						&handle), -EFAULT);
		igt_assert_eq(mirage_bo_userptr(&gpu->dev, area, 2 * PAGE, flags, &handle), 0);
		igt_assert_eq(mirage_bo_close(&gpu->dev, handle), 0);
		if (i & 1)
			mem_touch(area, 4 * PAGE, 5);
	}
	igt_assert_eq_u32(area[2 * PAGE / 4], 7);
	mem_unmap(area, 4 * PAGE);
	close(fd);
}

/**
 * SUBTEST: shadow-stack
 * Description: A shadow stack can be an object for reading and no other.
 */
static void shadow_stack(struct gpu *gpu)
{
	uint32_t *stack = (void *)syscall(SYS_map_shadow_stack, 0, PAGE, 0), handle;
	void *at;

	igt_require_f(stack != MAP_FAILED || (errno != EOPNOTSUPP && errno != ENOSYS),
		      "the processor has no shadow stacks\n");
	igt_assert(stack != MAP_FAILED);
	igt_assert_eq(mirage_bo_userptr(&gpu->dev, stack, PAGE, 0, &handle), -EPERM);
	at = gpu_bind_userptr(gpu, stack, PAGE, READONLY);
	igt_assert_eq_u32(gpu_read32(gpu, at), *stack);
	igt_assert(!munmap(stack, PAGE));
}

/**
 * SUBTEST: bad-input
 * Description: Ranges that cannot be, memory that is not there, and what cannot be done with the object.
 */
static void bad_input(struct gpu *gpu)
{
	uint32_t *area = mem_anon(4 * PAGE);
	uint64_t good = (uintptr_t)area;
	const struct {
		uint64_t addr, size;
		uint32_t flags;
		int error;
	} bad[] = {
		{ good, 0, 0, EINVAL },
		{ good, PAGE + 1, 0, EINVAL },
		{ good + 4, PAGE, 0, EINVAL },
		{ good, PAGE, 2, EINVAL },
		{ good, PAGE, ~0u, EINVAL },
		{ 0, PAGE, 0, EFAULT },
		{ good, 5 * PAGE, 0, EFAULT },
		{ good + 4 * PAGE, PAGE, 0, EFAULT },
		{ good - PAGE, 2 * PAGE, READONLY, EFAULT },
		{ 1ull << 47, PAGE, 0, EFAULT },
		{ (1ull << 47) - PAGE, PAGE, 0, EFAULT },
		{ DRM_MIRAGE_VA_START, PAGE, 0, EFAULT },
		{ 0xffffffff80000000, PAGE, READONLY, EFAULT },
		{ -PAGE, PAGE, 0, EFAULT },
		{ -PAGE, 2 * PAGE, 0, EFAULT },
		{ 0, -PAGE, 0, ENOSPC },
		{ good, 1ull << 46, 0, ENOSPC },
	};
	struct drm_prime_handle prime = { .fd = -1 };
	uint64_t offset;
	uint32_t handle;
	bool retained;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct drm_mirage_bo_userptr args = {
			.addr = bad[i].addr, .size = bad[i].size, .flags = bad[i].flags,
		};

		igt_debug("row %u\n", i);
		do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_BO_USERPTR, &args, bad[i].error);
		igt_assert_eq_u32(args.handle, 0);
	}
	igt_assert(!mprotect((char *)area + PAGE, PAGE, PROT_NONE));
	igt_assert_eq(mirage_bo_userptr(&gpu->dev, area, 4 * PAGE, 0, &handle), -EFAULT);
	igt_assert(!mprotect((char *)area + PAGE, PAGE, PROT_READ | PROT_WRITE));

	igt_assert_eq(mirage_bo_userptr(&gpu->dev, area, 4 * PAGE, 0, &handle), 0);
	igt_assert_eq(mirage_bo_mmap_offset(&gpu->dev, handle, &offset), -EACCES);
	igt_assert_eq(mirage_bo_madvise(&gpu->dev, handle, DRM_MIRAGE_BO_DONTNEED, &retained),
		      -EINVAL);
	prime.handle = handle;
	igt_assert_eq(igt_ioctl(gpu->dev.fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), -1);
	igt_assert_eq(mirage_bo_close(&gpu->dev, handle), 0);
	mem_unmap(area, 4 * PAGE);
}

/* How often any page of the system has been pinned, less how often released. */
static uint64_t pinned_pages(void)
{
	FILE *file = fopen("/proc/vmstat", "r");
	unsigned long long value, pins = 0;
	unsigned int seen = 0;
	char key[64];

	igt_assert(file);
	while (fscanf(file, "%63s %llu", key, &value) == 2) {
		if (!strcmp(key, "nr_foll_pin_acquired")) {
			pins += value;
			seen++;
		} else if (!strcmp(key, "nr_foll_pin_released")) {
			pins -= value;
			seen++;
		}
	}
	fclose(file);
	igt_require_f(seen == 2, "/proc/vmstat does not count pins\n");
	return pins;
}

/**
 * SUBTEST: nothing-pinned
 * Description: Neither an object nor a job pins its memory: no page is counted as pinned, and the kernel can move
 *	all of them into a huge page between two jobs.
 */
static void nothing_pinned(struct gpu *gpu)
{
	uint64_t pins = pinned_pages(), pfns[512];
	uint32_t *area = mem_anon(BLOCK), i;
	char *at;

	mem_touch(area, BLOCK, 1);
	at = gpu_bind_userptr(gpu, area, BLOCK, 0);
	gpu_scatter(gpu, at, PAGE, 512, 60000);
	for (i = 0; i < 512; i++)
		pfns[i] = page_pfn(area + i * PAGE / 4);
	igt_assert_eq_u64(pinned_pages(), pins);

	igt_assert(!madvise(area, BLOCK, MADV_HUGEPAGE));
	igt_assert_f(!madvise(area, BLOCK, MADV_COLLAPSE), "MADV_COLLAPSE: %s\n",
		     strerror(errno));
	gpu_scatter(gpu, at + 4, PAGE, 512, 70000);
	for (i = 0; i < 512; i++) {
		igt_assert(page_pfn(area + i * PAGE / 4) != pfns[i]);
		igt_assert_eq_u32(area[i * PAGE / 4], 60000 + i);
		igt_assert_eq_u32(area[i * PAGE / 4 + 1], 70000 + i);
	}
	mem_unmap(area, BLOCK);
}

/**
 * SUBTEST: not-for-others
 * Description: A child, which has the parent's file, handles and queues, gets at the parent's memory neither by binding
 *	the object nor by a job where the parent has bound it.
 */
static void not_for_others(struct gpu *gpu)
{
	uint32_t *area = mem_anon(4 * PAGE), handle;
	char *at;

	area[0] = 0x5ec4e7;
	igt_assert_eq(mirage_bo_userptr(&gpu->dev, area, 4 * PAGE, 0, &handle), 0);
	at = gpu_bind(gpu, handle, 4 * PAGE, 0);
	igt_assert_eq_u32(gpu_read32(gpu, at), 0x5ec4e7);
	igt_fork(child, 1) {
		struct job job = job_new(gpu);
		struct drm_mirage_bind bind;
		uint32_t vm;

		igt_assert_eq(mirage_vm_create_with(&gpu->dev, 0, &vm), 0);
		bind = mirage_bind_map(DRM_MIRAGE_VA_START, 4 * PAGE, handle, 0, 0);
		igt_assert_eq(mirage_vm_bind(&gpu->dev, vm, &bind, 1), -EPERM);
		igt_assert_eq(mirage_vm_bind(&gpu->dev, gpu->vm, &bind, 1), -EPERM);
		mirage_ib_fill(&job.ib, at, 4, 0xbad);
		igt_assert_eq(job_try_submit(&job), -EPERM);
		igt_assert_eq(mirage_vm_destroy(&gpu->dev, vm), 0);
	}
	igt_waitchildren();
	igt_assert_eq_u32(area[0], 0x5ec4e7);
	gpu_write32(gpu, at, 7);
	igt_assert_eq_u32(area[0], 7);
	igt_assert_eq(mirage_bo_close(&gpu->dev, handle), 0);
	mem_unmap(area, 4 * PAGE);
}

/* Submit a job that waits for a word, and one that waits for the first one's syncobj. */
static void submit_two(struct space *space, const struct buf *word, struct space_job jobs[2])
{
	struct drm_mirage_sync sync = { .handle = jobs[0].syncobj };

	mirage_ib_sem_wait(&jobs[0].ib, gpu_ptr(word->addr), 1);
	space_job_submit(&jobs[0], NULL, 0);
	jobs[1].queue = space_add_queue(space, 0);
	mirage_ib_fill(&jobs[1].ib, gpu_ptr(word->addr + 64), 4, 7);
	space_job_submit(&jobs[1], &sync, 1);
}

/**
 * SUBTEST: jobs-of-others
 * Description: A child has submitted a job that is under way and one that waits for a syncobj: the parent cannot
 *	map its memory in that address space before both have ended, and can then. Its own jobs are no reason.
 */
static void jobs_of_others(struct gpu *gpu)
{
	uint32_t *area = mem_anon(PAGE), handle;
	struct drm_mirage_bind bind;
	struct space_job jobs[2];
	struct space space;
	struct buf word;

	space_open(&space, &gpu->dev);
	word = buf_new(&space, PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	for (unsigned int i = 0; i < ARRAY_SIZE(jobs); i++)
		jobs[i] = space_job_new(&space);
	igt_assert_eq(mirage_bo_userptr(&gpu->dev, area, PAGE, 0, &handle), 0);
	bind = mirage_bind_map(DRM_MIRAGE_VA_START + (8ull << 39), PAGE, handle, 0, 0);

	igt_fork(child, 1)
		submit_two(&space, &word, jobs);
	igt_waitchildren();
	igt_assert_eq(mirage_vm_bind(&gpu->dev, space.vm, &bind, 1), -EBUSY);
	igt_assert(!space_job_is_done(&jobs[0]));
	igt_assert_eq_u32(word.words[16], 0);

	__atomic_store_n((uint64_t *)word.words, 1, __ATOMIC_SEQ_CST);
	space_job_wait(&jobs[0]);
	space_job_wait(&jobs[1]);
	igt_assert_eq_u32(word.words[16], 7);
	igt_assert_eq(mirage_vm_bind(&gpu->dev, space.vm, &bind, 1), 0);
	igt_fork(child, 1) {
		struct drm_mirage_cmds cmds = { .addr = space.ib_addr, .size = 4 };

		igt_assert_eq(mirage_exec(&gpu->dev, space.queue, &cmds, 1, NULL, 0), -EPERM);
	}
	igt_waitchildren();
	igt_assert_eq_u32(area[0], 0);
	space_unbind(&space, bind.addr, PAGE);

	/* Not claimed yet, and the jobs are the caller's. */
	for (unsigned int i = 0; i < ARRAY_SIZE(jobs); i++)
		space_job_free(&jobs[i]);
	buf_free(&space, &word);
	space_close(&space);
	space_open(&space, &gpu->dev);
	word = buf_new(&space, PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	for (unsigned int i = 0; i < ARRAY_SIZE(jobs); i++)
		jobs[i] = space_job_new(&space);
	submit_two(&space, &word, jobs);
	igt_assert_eq(mirage_vm_bind(&gpu->dev, space.vm, &bind, 1), 0);
	__atomic_store_n((uint64_t *)word.words, 1, __ATOMIC_SEQ_CST);
	for (unsigned int i = 0; i < ARRAY_SIZE(jobs); i++) {
		space_job_wait(&jobs[i]);
		space_job_free(&jobs[i]);
	}
	space_unbind(&space, bind.addr, PAGE);
	buf_free(&space, &word);
	space_close(&space);
	igt_assert_eq(mirage_bo_close(&gpu->dev, handle), 0);
	mem_unmap(area, PAGE);
}

static const struct gpu_scenario scenarios[] = {
	{ "basic", basic, "GPU and CPU see what the other writes." },
	{ "thp", thp, "Huge pages, whole and split." },
	{ "hugetlb", hugetlb, "Memory of hugetlbfs." },
	{ "shmem", shmem, "Shared memory, cut off and grown again." },
	{ "private-file", private_file, "A private mapping of a file." },
	{ "readonly", readonly, "Memory that may not be written, or not by the GPU." },
	{ "read-breaks-no-cow", read_breaks_no_cow, "Reads leave shared pages shared." },
	{ "overlap", overlap, "Several objects over the same memory." },
	{ "over-an-object", over_an_object, "Memory of an object is refused." },
	{ "secret-memory", secret_memory, "Memory of memfd_secret() is refused." },
	{ "shadow-stack", shadow_stack, "A shadow stack is for reading." },
	{ "not-for-others", not_for_others, "Memory of a process is for that process." },
	{ "jobs-of-others", jobs_of_others, "What others have submitted before does not reach it." },
	{ "bad-input", bad_input, "Ranges that cannot be." },
	{ "nothing-pinned", nothing_pinned, "Pages are not pinned and can move." },
};

int igt_main()
{
	gpu_bound_subtests(scenarios, ARRAY_SIZE(scenarios));
}
