// SPDX-License-Identifier: MIT
/**
 * TEST: mirage contract
 * Description: Each kind of memory meets each event of mm: the table in docs/mm-core.md, one dynamic subtest for each
 *	cell. lab/checks/contract holds the table against kinds[], events[] and left_out[] below.
 * Category: SVM
 */
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "devmem.h"
#include "driver.h"
#include "igt_mirage.h"
#include "igt_mirage_bo.h"
#include "memory.h"
#include "swap.h"

IGT_TEST_DESCRIPTION("Each kind of memory meets each event of mm.");

#define VALID	DRM_MIRAGE_SVM_PAGE_VALID
#define WRITE	DRM_MIRAGE_SVM_PAGE_WRITE
#define VRAM	DRM_MIRAGE_SVM_PAGE_VRAM

/* The part of each area that is checked, of which the device's buffer for results holds a copy. */
#define PAGES	3u
#define BYTES	(PAGES * PAGE)
#define MTHP	(16 * PAGE)

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102
#endif
#ifndef UFFD_FEATURE_WP_ASYNC
#define UFFD_FEATURE_WP_ASYNC	(1 << 15)
#endif

struct kind;

/**
 * struct cell - memory of one kind that meets one event
 */
struct cell {
	/** @gpu: that uses it; another in each cell */
	struct gpu gpu;
	/** @kind: of memory */
	const struct kind *kind;
	/** @area: where it is: kind->size, alone in its 2 MiB */
	uint8_t *area;
	/** @want: its first bytes as they must be */
	uint8_t want[BYTES];
	/** @first: those that the monitor of userfaultfd provides */
	uint8_t first[BYTES];
	/** @turn: for the process that shares it, of the kind "cow"; in shared memory */
	volatile uint32_t *turn;
	/** @sharer: that process */
	struct igt_helper_process sharer;
	/** @fd: of the file or userfaultfd, or -1 */
	int fd;
	/** @stop: ends the monitor when its other end is closed */
	int stop[2];
	/** @monitor: of userfaultfd */
	pthread_t monitor;
};

/**
 * struct kind - a kind of memory, and how the contract has it
 */
struct kind {
	/** @name: of the dynamic subtest */
	const char *name;
	/** @map: maps it and gives it its content */
	void (*map)(struct cell *c);
	/** @unmap: undoes what munmap() does not, or NULL */
	void (*unmap)(struct cell *c);
	/** @size: of the area */
	size_t size;
	/** @refused: each access of the device is -EFAULT */
	bool refused;
	/** @moves: goes to video memory */
	bool moves;
	/** @shared: a child sees later writes */
	bool shared;
	/** @copied: a write gets another page, and a read is mapped read-only */
	bool copied;
};

/* ---- content ---- */

static void new_content(struct cell *c, unsigned int seed)
{
	unsigned int i;

	for (i = 0; i < BYTES; i++)
		c->want[i] = i * 7 + i / PAGE * 13 + i / 256 + seed;
}

static void same_bytes(const uint8_t *is, const uint8_t *want)
{
	unsigned int i;

	for (i = 0; i < BYTES; i++)
		igt_assert_f(is[i] == want[i], "byte %u is %#x and not %#x\n", i, is[i], want[i]);
}

static uint8_t *bounce(struct cell *c)
{
	return (uint8_t *)(c->gpu.out + 1024);
}

static void gpu_sees(struct cell *c)
{
	memset(bounce(c), 0xee, BYTES);
	gpu_copy(&c->gpu, bounce(c), c->area, BYTES);
	same_bytes(bounce(c), c->want);
}

static void gpu_writes(struct cell *c, unsigned int seed)
{
	new_content(c, seed);
	memcpy(bounce(c), c->want, BYTES);
	gpu_copy(&c->gpu, c->area, bounce(c), BYTES);
}

static void cpu_sees(struct cell *c)
{
	same_bytes(c->area, c->want);
}

/* Reads and writes fail, and the device has no page. */
static void gpu_refused(struct cell *c, int error)
{
	gpu_read_fails(&c->gpu, c->area, error);
	gpu_write_fails(&c->gpu, c->area + 2 * PAGE, error);
	igt_assert_eq(gpu_count_pages(&c->gpu, c->area, BYTES, VALID), 0);
}

static struct drm_mirage_svm_migrate move_in(struct cell *c)
{
	struct drm_mirage_svm_migrate result;

	igt_assert_eq(mirage_svm_migrate(&c->gpu.dev, c->gpu.vm, c->area, c->kind->size,
					 DRM_MIRAGE_SVM_VRAM, &result), 0);
	igt_debug("moved %llu, there %llu, unmapped %llu, fixed %llu, no room %llu, busy %llu\n",
		  result.moved, result.there, result.unmapped, result.fixed, result.no_room,
		  result.busy);
	igt_assert_eq_u64(result.moved + result.there, c->kind->moves ? c->kind->size : 0);
	return result;
}

/* ---- kinds of memory ---- */

static void map_at(struct cell *c, int flags, int fd)
{
	c->area = mem_reserve(BLOCK, BLOCK);
	igt_require_f(mmap(c->area, c->kind->size, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd,
			   0) == c->area, "mmap: %s\n", strerror(errno));
}

static void map_anon(struct cell *c)
{
	map_at(c, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	igt_assert(!madvise(c->area, c->kind->size, MADV_NOHUGEPAGE));
	memcpy(c->area, c->want, BYTES);
}

static void map_thp(struct cell *c)
{
	c->area = mem_huge(BLOCK);
	memcpy(c->area, c->want, BYTES);
	igt_require_f(page_flags(c->area) & KPF_THP, "the kernel had no huge page to give\n");
}

static void map_mthp(struct cell *c)
{
	static const char mode[] = "/sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled";

	igt_require_f(file_write(mode, "madvise"), "this kernel has no huge pages of 64 KiB\n");
	map_at(c, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	igt_assert(!madvise(c->area, c->kind->size, MADV_HUGEPAGE));
	memcpy(c->area, c->want, BYTES);
	igt_assert(file_write(mode, "never"));
	igt_require_f(page_flags(c->area) & KPF_THP, "the kernel had no page of 64 KiB to give\n");
}

static void map_zero(struct cell *c)
{
	unsigned int i;

	map_at(c, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	igt_assert(!madvise(c->area, c->kind->size, MADV_NOHUGEPAGE));
	memset(c->want, 0, BYTES);
	cpu_sees(c);
	for (i = 0; i < PAGES; i++)
		igt_assert(page_is_zero_page(c->area + i * PAGE));
}

static void map_ksm(struct cell *c)
{
	unsigned int i;

	igt_require_f(file_write("/sys/kernel/mm/ksm/run", "1"), "no KSM in this kernel\n");
	file_write("/sys/kernel/mm/ksm/sleep_millisecs", "1");
	file_write("/sys/kernel/mm/ksm/pages_to_scan", "1000");
	memset(c->want, 0x77, BYTES);
	map_anon(c);
	igt_assert(!madvise(c->area, BYTES, MADV_MERGEABLE));
	for (i = 0; i < PAGES; i++)
		igt_require_f(igt_wait(page_flags(c->area + i * PAGE) & KPF_KSM, POLL_MS, 5),
			      "KSM did not get to merging these pages\n");
	igt_assert(file_write("/sys/kernel/mm/ksm/run", "0"));
}

/* Another process has the same pages, and must find its bytes in the end. */
static void map_cow(struct cell *c)
{
	map_anon(c);
	c->turn = mem_shared_page();
	c->sharer = (struct igt_helper_process){ .use_SIGKILL = true };
	igt_fork_helper(&c->sharer) {
		uint8_t mine[BYTES];

		memcpy(mine, c->want, BYTES);
		c->turn[0] = 1;
		igt_assert(igt_wait(c->turn[1], POLL_MS, 5));
		c->turn[2] = memcmp(mine, c->area, BYTES) ? 2 : 1;
		for (;;)
			pause();
	}
	igt_assert(igt_wait(c->turn[0], POLL_MS, 1));
}

static void unmap_cow(struct cell *c)
{
	c->turn[1] = 1;
	igt_assert(igt_wait(c->turn[2], POLL_MS, 1));
	igt_assert_eq_u32(c->turn[2], 1);
	igt_stop_helper(&c->sharer);
	munmap((void *)c->turn, PAGE);
}

static void map_mlock(struct cell *c)
{
	map_anon(c);
	igt_assert(!mlock(c->area, c->kind->size));
}

static void map_hugetlb(struct cell *c)
{
	igt_require_f(file_write("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "4"),
		      "no hugetlbfs pages of 2 MiB\n");
	map_at(c, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1);
	memcpy(c->area, c->want, BYTES);
}

static void map_shmem(struct cell *c)
{
	c->fd = memfd_create("mirage", MFD_CLOEXEC);
	igt_assert_fd(c->fd);
	igt_assert_eq(write(c->fd, c->want, BYTES), (ssize_t)BYTES);
	map_at(c, MAP_SHARED, c->fd);
}

static void make_file(struct cell *c)
{
	char path[] = "/var/tmp/mirage-test.XXXXXX";

	c->fd = mkstemp(path);
	igt_assert_fd(c->fd);
	igt_assert(!unlink(path));
	igt_assert_eq(write(c->fd, c->want, BYTES), (ssize_t)BYTES);
}

static void map_file_shared(struct cell *c)
{
	make_file(c);
	map_at(c, MAP_SHARED, c->fd);
}

static void map_file_private(struct cell *c)
{
	make_file(c);
	map_at(c, MAP_PRIVATE, c->fd);
	/* Present, so that a page that is copied is seen to be another. */
	cpu_sees(c);
}

/* The file has kept its bytes. */
static void unmap_file_private(struct cell *c)
{
	uint8_t is[BYTES];

	igt_assert_eq(pread(c->fd, is, BYTES, 0), (ssize_t)BYTES);
	new_content(c, 0);
	same_bytes(is, c->want);
}

/* The ring of a packet socket, whose pages were put into the mapping one by one. */
static void map_mixed(struct cell *c)
{
	struct tpacket_req ring = {
		.tp_block_size = PAGE, .tp_block_nr = PAGES, .tp_frame_size = PAGE, .tp_frame_nr = PAGES,
	};

	c->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	igt_require_f(c->fd >= 0, "packet socket: %s\n", strerror(errno));
	igt_assert(!setsockopt(c->fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring)));
	map_at(c, MAP_SHARED, c->fd);
	memcpy(c->area, c->want, BYTES);
}

static void *monitor(void *data)
{
	struct cell *c = data;
	struct pollfd fds[] = { { c->fd, POLLIN, 0 }, { c->stop[0], POLLIN, 0 } };
	struct uffd_msg msg;

	while (poll(fds, 2, -1) > 0 && !fds[1].revents) {
		struct uffdio_writeprotect lift = { .range.len = PAGE };
		struct uffdio_copy copy = { .len = PAGE };

		if (read(c->fd, &msg, sizeof(msg)) != sizeof(msg))
			continue;
		copy.dst = msg.arg.pagefault.address & ~(PAGE - 1);
		lift.range.start = copy.dst;
		copy.src = (uintptr_t)c->first + (copy.dst - (uintptr_t)c->area);
		/* A page that came meanwhile is no error. */
		if (msg.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP)
			ioctl(c->fd, UFFDIO_WRITEPROTECT, &lift);
		else
			ioctl(c->fd, UFFDIO_COPY, &copy);
	}
	return NULL;
}

static void register_uffd(struct cell *c, uint64_t mode, uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	struct uffdio_register reg = {
		.range = { .start = (uintptr_t)c->area, .len = c->kind->size }, .mode = mode,
	};
	struct uffdio_writeprotect wp = {
		.range = reg.range, .mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};

	c->fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	igt_require_f(c->fd >= 0, "userfaultfd: %s\n", strerror(errno));
	igt_require_f(!igt_ioctl(c->fd, UFFDIO_API, &api), "userfaultfd lacks a feature\n");
	do_ioctl(c->fd, UFFDIO_REGISTER, &reg);
	if (mode == UFFDIO_REGISTER_MODE_WP)
		do_ioctl(c->fd, UFFDIO_WRITEPROTECT, &wp);
	memcpy(c->first, c->want, BYTES);
	igt_assert(!pipe(c->stop));
	igt_assert(!pthread_create(&c->monitor, NULL, monitor, c));
}

static void map_uffd_missing(struct cell *c)
{
	map_at(c, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	igt_assert(!madvise(c->area, c->kind->size, MADV_NOHUGEPAGE));
	register_uffd(c, UFFDIO_REGISTER_MODE_MISSING, 0);
}

static void map_uffd_wp(struct cell *c)
{
	map_anon(c);
	register_uffd(c, UFFDIO_REGISTER_MODE_WP, 0);
}

static void map_uffd_async(struct cell *c)
{
	map_anon(c);
	register_uffd(c, UFFDIO_REGISTER_MODE_WP, UFFD_FEATURE_WP_ASYNC);
}

static void unmap_uffd(struct cell *c)
{
	close(c->stop[1]);
	igt_assert(!pthread_join(c->monitor, NULL));
	close(c->stop[0]);
}

static void map_vram(struct cell *c)
{
	map_anon(c);
	igt_assert_eq_u64(move_in(c).moved, c->kind->size);
}

static void map_guard(struct cell *c)
{
	map_anon(c);
	igt_require_f(!madvise(c->area, c->kind->size, MADV_GUARD_INSTALL),
		      "this kernel has no guard regions\n");
}

static void map_secret(struct cell *c)
{
	c->fd = syscall(SYS_memfd_secret, 0);
	igt_require_f(c->fd >= 0, "memfd_secret: %s\n", strerror(errno));
	igt_assert(!ftruncate(c->fd, c->kind->size));
	map_at(c, MAP_SHARED, c->fd);
	memcpy(c->area, c->want, BYTES);
}

static const struct kind kinds[] = {
	{ "anon", map_anon, NULL, BYTES, .moves = true },
	{ "thp", map_thp, NULL, BLOCK, .moves = true },
	{ "mthp", map_mthp, NULL, MTHP, .moves = true },
	{ "zero-page", map_zero, NULL, BYTES, .moves = true, .copied = true },
	{ "ksm", map_ksm, NULL, BYTES, .moves = true, .copied = true },
	{ "cow", map_cow, unmap_cow, BYTES, .moves = true, .copied = true },
	{ "mlock", map_mlock, NULL, BYTES },
	{ "hugetlb", map_hugetlb, NULL, BLOCK },
	{ "shmem", map_shmem, NULL, BYTES, .shared = true },
	{ "file-shared", map_file_shared, NULL, BYTES, .shared = true },
	{ "file-private", map_file_private, unmap_file_private, BYTES, .copied = true },
	{ "mixed-map", map_mixed, NULL, BYTES, .shared = true },
	{ "uffd-missing", map_uffd_missing, unmap_uffd, BYTES, .moves = true },
	{ "uffd-wp", map_uffd_wp, unmap_uffd, BYTES, .moves = true },
	{ "uffd-wp-async", map_uffd_async, unmap_uffd, BYTES, .moves = true },
	{ "vram", map_vram, NULL, BYTES, .moves = true },
	{ "guard", map_guard, NULL, BYTES, .refused = true },
	{ "secret", map_secret, NULL, BYTES, .refused = true, .shared = true },
};

static void cell_begin(struct cell *c, const struct kind *kind)
{
	memset(c, 0, sizeof(*c));
	c->kind = kind;
	c->fd = -1;
	gpu_open(&c->gpu);
	new_content(c, 0);
	kind->map(c);
}

static void cell_end(struct cell *c)
{
	if (c->kind->unmap)
		c->kind->unmap(c);
	igt_assert(!munmap(c->area, BLOCK));
	if (c->fd >= 0)
		close(c->fd);
	gpu_close(&c->gpu);
}

/* ---- events ---- */

/**
 * SUBTEST: map
 * Description: The device reads what is there, which gives the process no other page, and writes it.
 */
static void event_map(struct cell *c)
{
	uint64_t before[PAGES];
	unsigned int i, there;

	if (c->kind->refused) {
		gpu_refused(c, EFAULT);
		return;
	}
	there = gpu_count_pages(&c->gpu, c->area, BYTES, VALID);
	for (i = 0; i < PAGES; i++)
		before[i] = page_pfn(c->area + i * PAGE);
	gpu_mark(&c->gpu);
	gpu_sees(c);
	/* A page that has moved is mapped with the move. */
	igt_assert_eq(!gpu_demanded(&c->gpu), there == PAGES);
	igt_assert_eq(gpu_count_pages(&c->gpu, c->area, BYTES, VALID), PAGES);
	if (c->kind->copied)
		igt_assert_eq(gpu_count_pages(&c->gpu, c->area, BYTES, WRITE), 0);
	for (i = 0; i < PAGES; i++)
		if (before[i])
			igt_assert_eq_u64(page_pfn(c->area + i * PAGE), before[i]);
	gpu_writes(c, 1);
	igt_assert_eq(gpu_count_pages(&c->gpu, c->area, BYTES, WRITE), PAGES);
	for (i = 0; i < PAGES; i++)
		if (before[i])
			igt_assert_eq(page_pfn(c->area + i * PAGE) != before[i], c->kind->copied);
	cpu_sees(c);
}

/**
 * SUBTEST: migrate
 * Description: All pages move to video memory, or none, as the contract says; the content is there afterwards.
 */
static void event_migrate(struct cell *c)
{
	struct devmem before = devmem_read(&c->gpu.dev);
	unsigned int pages = c->kind->size / PAGE;
	struct drm_mirage_svm_migrate result;

	if (!c->kind->refused)
		gpu_sees(c);
	result = move_in(c);
	igt_assert_eq_u64(devmem_since(&c->gpu.dev, &before).to_device, result.moved / PAGE);
	if (c->kind->refused) {
		gpu_refused(c, EFAULT);
		return;
	}
	gpu_sees(c);
	igt_assert_eq(gpu_count_pages(&c->gpu, c->area, c->kind->size, VRAM),
		      c->kind->moves ? pages : 0);
	igt_assert_eq_u64(devmem_since(&c->gpu.dev, &before).cpu_faults, 0);
	gpu_writes(c, 1);
	gpu_sees(c);
	cpu_sees(c);
}

/* A child that finds the old content in private memory after the parent's device has written, and the new in shared. */
static void fork_and_write(struct cell *c)
{
	volatile uint32_t *turn = mem_shared_page();
	struct igt_helper_process child = { .use_SIGKILL = true };
	uint8_t old[BYTES];

	memcpy(old, c->want, BYTES);
	gpu_mark(&c->gpu);
	igt_fork_helper(&child) {
		igt_assert(igt_wait(turn[0], POLL_MS, 1));
		new_content(c, 2);
		turn[1] = memcmp(c->area, c->kind->shared ? c->want : old, BYTES) ? 2 : 1;
		for (;;)
			pause();
	}
	if (c->kind->shared)
		igt_assert_eq_u64(gpu_delta(&c->gpu, DRM_MIRAGE_STAT_PAGES_INVALIDATED), 0);
	else
		igt_assert_eq(gpu_count_pages(&c->gpu, c->area, BYTES, VALID), 0);
	gpu_sees(c);
	gpu_writes(c, 2);
	turn[0] = 1;
	igt_assert(igt_wait(turn[1], POLL_MS, 1));
	igt_assert_eq_u32(turn[1], 1);
	igt_stop_helper(&child);
	munmap((void *)turn, PAGE);
}

/**
 * SUBTEST: fork
 * Description: fork() takes private pages from the device, and shared ones stay; each process has its own content then.
 */
static void event_fork(struct cell *c)
{
	if (c->kind->refused) {
		igt_fork(child, 1)
			igt_debug("a child that only has the mapping\n");
		igt_waitchildren();
		gpu_refused(c, EFAULT);
		return;
	}
	gpu_writes(c, 1);
	fork_and_write(c);
	cpu_sees(c);
}

/**
 * SUBTEST: mremap
 * Description: The device loses the old addresses, and finds the content at the new ones.
 */
static void event_mremap(struct cell *c)
{
	uint8_t *old = c->area, *to = mem_reserve(BLOCK, BLOCK);

	if (!c->kind->refused)
		gpu_writes(c, 1);
	gpu_mark(&c->gpu);
	igt_assert(mremap(old, c->kind->size, c->kind->size, MREMAP_MAYMOVE | MREMAP_FIXED, to) ==
		   to);
	gpu_refused(c, EFAULT);
	c->area = to;
	if (c->kind->refused) {
		gpu_refused(c, EFAULT);
		return;
	}
	igt_assert_lte_u64(PAGES, gpu_delta(&c->gpu, DRM_MIRAGE_STAT_PAGES_INVALIDATED));
	gpu_sees(c);
	gpu_writes(c, 2);
	cpu_sees(c);
}

/**
 * SUBTEST: mprotect
 * Description: The device has the permission of the mapping, less and more.
 */
static void event_mprotect(struct cell *c)
{
	size_t size = c->kind->size;

	if (c->kind->refused) {
		igt_assert(!mprotect(c->area, size, PROT_READ));
		gpu_read_fails(&c->gpu, c->area, EFAULT);
		igt_assert(!mprotect(c->area, size, PROT_READ | PROT_WRITE));
		gpu_refused(c, EFAULT);
		return;
	}
	gpu_writes(c, 1);
	gpu_mark(&c->gpu);
	igt_assert(!mprotect(c->area, size, PROT_READ));
	igt_assert_lte_u64(PAGES, gpu_delta(&c->gpu, DRM_MIRAGE_STAT_PAGES_INVALIDATED));
	gpu_sees(c);
	gpu_write_fails(&c->gpu, c->area + PAGE, EPERM);
	igt_assert_eq(gpu_count_pages(&c->gpu, c->area, BYTES, WRITE), 0);
	igt_assert(!mprotect(c->area, size, PROT_NONE));
	gpu_refused(c, EFAULT);
	igt_assert(!mprotect(c->area, size, PROT_READ | PROT_WRITE));
	gpu_sees(c);
	gpu_writes(c, 2);
	cpu_sees(c);
}

/**
 * SUBTEST: munmap
 * Description: Memory goes while the device faults on it: the job has all bytes, or is stopped. Then no page is left.
 */
static void event_munmap(struct cell *c)
{
	struct job job = job_new(&c->gpu);
	int error;

	job.queue = gpu_add_queue(&c->gpu, DRM_MIRAGE_QUEUE_COMPUTE);
	mirage_ib_copy(&job.ib, bounce(c), c->area, BYTES);
	job_submit(&job);
	igt_assert(!munmap(c->area, c->kind->size));
	error = job_wait(&job);
	job_free(&job);
	igt_assert(!error || error == -EFAULT);
	igt_assert(!error == (gpu_queue_state(&c->gpu, job.queue) == DRM_MIRAGE_QUEUE_READY));
	if (!error) {
		igt_assert(!c->kind->refused);
		same_bytes(bounce(c), c->want);
	}
	igt_assert_eq(mirage_queue_destroy(&c->gpu.dev, job.queue), 0);
	gpu_refused(c, EFAULT);
	igt_assert_eq(gpu_count_pages(&c->gpu, c->area, c->kind->size, VALID), 0);
}

static bool pushed(struct cell *c)
{
	swap_push(c->area, c->kind->size);
	return !gpu_count_pages(&c->gpu, c->area, BYTES, VALID);
}

/**
 * SUBTEST: swap
 * Description: Reclaim takes the pages from process and device; what the device wrote comes back.
 */
static void event_swap(struct cell *c)
{
	swap_require();
	gpu_writes(c, 1);
	gpu_mark(&c->gpu);
	igt_assert(igt_wait(pushed(c), POLL_MS, 5));
	igt_assert_lte_u64(PAGES, gpu_delta(&c->gpu, DRM_MIRAGE_STAT_PAGES_INVALIDATED));
	gpu_mark(&c->gpu);
	gpu_sees(c);
	igt_assert_neq_u64(gpu_demanded(&c->gpu), 0);
	gpu_writes(c, 2);
	cpu_sees(c);
	igt_assert(!munmap(c->area, c->kind->size));
	swap_release();
}

/**
 * SUBTEST: cpu-fault
 * Description: The CPU brings home what is in video memory. Where nothing is, it takes nothing from the device.
 */
static void event_cpu_fault(struct cell *c)
{
	struct devmem before, now;

	gpu_writes(c, 1);
	move_in(c);
	gpu_sees(c);
	before = devmem_read(&c->gpu.dev);
	gpu_mark(&c->gpu);
	cpu_sees(c);
	c->area[PAGE + 5] ^= 0x80;
	c->want[PAGE + 5] ^= 0x80;
	now = devmem_since(&c->gpu.dev, &before);
	if (c->kind->moves) {
		igt_assert_lte_u64(1, now.cpu_faults);
		igt_assert_lte_u64(PAGES, now.home_fault);
		igt_assert_eq(gpu_count_pages(&c->gpu, c->area, BYTES, VRAM), 0);
	} else {
		igt_assert_eq_u64(now.cpu_faults, 0);
		igt_assert_eq_u64(gpu_delta(&c->gpu, DRM_MIRAGE_STAT_PAGES_INVALIDATED), 0);
	}
	gpu_sees(c);
	cpu_sees(c);
}

/* Objects take all video memory, until no page of a process is there. */
static void fill_vram(struct gpu *gpu)
{
	uint64_t vram = bo_param(&gpu->dev, DRM_MIRAGE_PARAM_VRAM_SIZE);
	struct bo big = bo_new(&gpu->dev, vram - 24 * BLOCK, BO_VRAM), small[28];
	unsigned int n = 0;

	/* An object gets its place with the first access. */
	*(volatile uint64_t *)big.words = 1;
	while (devmem_read(&gpu->dev).pages && n < ARRAY_SIZE(small)) {
		small[n] = bo_new(&gpu->dev, BLOCK, BO_VRAM);
		*(volatile uint64_t *)small[n++].words = 1;
	}
	igt_assert_eq_u64(devmem_read(&gpu->dev).pages, 0);
	while (n)
		bo_free(&small[--n]);
	bo_free(&big);
}

/**
 * SUBTEST: eviction
 * Description: Objects need all video memory: pages come home without a fault of the CPU, and the device finds them there.
 */
static void event_eviction(struct cell *c)
{
	struct devmem before, now;

	gpu_writes(c, 1);
	move_in(c);
	gpu_sees(c);
	before = devmem_read(&c->gpu.dev);
	gpu_mark(&c->gpu);
	fill_vram(&c->gpu);
	now = devmem_since(&c->gpu.dev, &before);
	igt_assert_eq_u64(now.home_evicted, c->kind->moves ? c->kind->size / PAGE : 0);
	igt_assert_eq_u64(now.cpu_faults, 0);
	if (!c->kind->moves)
		igt_assert_eq_u64(gpu_delta(&c->gpu, DRM_MIRAGE_STAT_PAGES_INVALIDATED), 0);
	gpu_sees(c);
	gpu_writes(c, 2);
	cpu_sees(c);
}

/**
 * SUBTEST: unplug
 * Description: The driver lets go of the device: the process keeps its content, without a fault on video memory.
 */
static void event_unplug(struct cell *c)
{
	if (!c->kind->refused) {
		gpu_writes(c, 1);
		move_in(c);
		gpu_sees(c);
	}
	driver_unbind();
	if (c->kind->map != map_guard)
		cpu_sees(c);
	driver_bind();
}

/**
 * struct event - something that happens to memory
 */
struct event {
	/** @name: of the subtest */
	const char *name;
	/** @run: lets it happen */
	void (*run)(struct cell *c);
	/** @description: of the subtest */
	const char *description;
};

static const struct event events[] = {
	{ "map", event_map, "The device reads and writes it." },
	{ "migrate", event_migrate, "It moves to video memory, or stays." },
	{ "fork", event_fork, "A child has it, too." },
	{ "mremap", event_mremap, "It gets another address." },
	{ "mprotect", event_mprotect, "It loses permissions and gets them back." },
	{ "munmap", event_munmap, "It goes while the device faults on it." },
	{ "swap", event_swap, "Reclaim takes it." },
	{ "cpu-fault", event_cpu_fault, "The CPU uses it after it has moved." },
	{ "eviction", event_eviction, "Objects need the video memory." },
	/* Last: it takes the device away. */
	{ "unplug", event_unplug, "The driver lets go of the device." },
};

/* Cells that cannot be; the document has the reasons. */
static const char *const left_out[] = {
	"swap@zero-page", "swap@ksm", "swap@cow", "swap@mlock", "swap@hugetlb", "swap@mixed-map",
	"swap@vram", "swap@guard", "swap@secret",
	"cpu-fault@guard", "cpu-fault@secret",
	"eviction@guard", "eviction@secret",
};

static bool is_left_out(const char *event, const char *kind)
{
	char name[64];
	size_t i;

	snprintf(name, sizeof(name), "%s@%s", event, kind);
	for (i = 0; i < ARRAY_SIZE(left_out); i++)
		if (!strcmp(left_out[i], name))
			return true;
	return false;
}

static void run_event(const struct event *event)
{
	static struct cell c;
	static size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (is_left_out(event->name, kinds[i].name))
			continue;
		igt_dynamic(kinds[i].name) {
			cell_begin(&c, &kinds[i]);
			event->run(&c);
			cell_end(&c);
		}
	}
}

int igt_main()
{
	static size_t i;

	igt_fixture()
		driver_find_device();
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		igt_describe(events[i].description);
		igt_subtest_with_dynamic(events[i].name)
			run_event(&events[i]);
	}
}
