// SPDX-License-Identifier: MIT
/**
 * TEST: mirage bo
 * Description: Buffer objects: making them, what they contain, what is told of them.
 * Category: Core
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "igt_mirage_bo.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("Buffer objects: making them, what they contain, what is told of them.");

#define NO_HANDLE	0x7ffffff0u
#define BAD_POINTER	0x10ull
#define PAGE		4096ul

static void zeroed(struct mirage *dev, uint32_t placement)
{
	for (unsigned int round = 0; round < 4; round++) {
		struct bo bo = bo_new(dev, 3 << 20, placement);

		/* Its memory comes with its first use. */
		igt_assert_eq(bo_location(&bo), 0);
		igt_assert_eq_u64(bo_query(&bo).largest, 0);
		bo_expect_zero(&bo);
		if (placement & BO_VRAM)
			igt_assert_eq(bo_location(&bo), BO_VRAM);
		bo_write(&bo, round);
		bo_expect(&bo, round);
		bo_free(&bo);
	}
}

/**
 * SUBTEST: zeroed-vram
 * Description: An object in video memory reads as zeroes, also where another with content
 *	was before.
 */
static void zeroed_vram(struct mirage *dev)
{
	zeroed(dev, BO_VRAM);
}

/**
 * SUBTEST: zeroed-system
 * Description: Likewise in system memory.
 */
static void zeroed_system(struct mirage *dev)
{
	zeroed(dev, BO_SYSTEM);
}

/**
 * SUBTEST: sizes
 * Description: Objects of odd sizes, alone and contiguous, mapped in part and by several mappings.
 */
static void sizes(struct mirage *dev)
{
	static const size_t pages[] = { 1, 2, 3, 15, 16, 17, 511, 512, 513, 1025, 2047 };

	for (size_t i = 0; i < ARRAY_SIZE(pages) * 2; i++) {
		size_t size = pages[i / 2] * PAGE;
		uint32_t flags = BO_CPU | (i % 2 ? DRM_MIRAGE_BO_CONTIGUOUS : 0);
		struct bo bo = bo_new_with(dev, size, BO_VRAM, flags, 0, 0);
		struct drm_mirage_bo_query state;
		uint64_t offset;
		uint64_t *page;

		bo_write(&bo, i);
		state = bo_query(&bo);
		igt_assert_eq(state.location, BO_VRAM);
		igt_assert_eq(state.placement, BO_VRAM);
		igt_assert_eq(state.flags, flags);
		igt_assert_eq_u64(state.moves, 0);
		igt_assert_lte_u64(state.largest, size);
		if (i % 2)
			igt_assert_eq_u64(state.largest, size);

		/* A part of the middle, too: the same memory. */
		igt_assert_eq(mirage_bo_mmap_offset(dev, bo.handle, &offset), 0);
		page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, dev->fd,
			    (off_t)(offset + size / PAGE / 2 * PAGE));
		if (pages[i / 2] > 1) {
			/* Only the whole object is found by its offset. */
			igt_assert(page == MAP_FAILED);
			igt_assert_eq(errno, EINVAL);
		} else {
			igt_assert(page != MAP_FAILED);
			igt_assert_eq_u64(page[0], bo.words[0]);
			igt_assert_eq(munmap(page, PAGE), 0);
		}
		page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, dev->fd, (off_t)offset);
		igt_assert(page != MAP_FAILED);
		igt_assert(!memcmp(page, bo.words, PAGE));
		igt_assert_eq(munmap(page, PAGE), 0);
		bo_expect(&bo, i);
		bo_free(&bo);
	}
}

/**
 * SUBTEST: mapping-outlives-handle
 * Description: A mapping works on when the handle is closed, and after mremap() and fork().
 */
static void mapping_outlives_handle(struct mirage *dev)
{
	struct bo bo = bo_new(dev, 64 * PAGE, BO_VRAM);
	void *to;

	bo_write(&bo, 1);
	igt_assert_eq(mirage_bo_close(dev, bo.handle), 0);
	bo_expect(&bo, 1);
	to = mmap(NULL, bo.size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	igt_assert(to != MAP_FAILED);
	igt_assert(mremap(bo.words, bo.size, bo.size, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
	bo.words = to;
	bo_expect(&bo, 1);
	igt_fork(child, 1)
		bo_write(&bo, 2);
	igt_waitchildren();
	bo_expect(&bo, 2);
	igt_assert_eq(munmap(bo.words, bo.size / 2), 0);
	bo.words += bo.size / 16;
	igt_assert_eq_u64(bo.words[0] >> 32, 3);
	igt_assert_eq(munmap(bo.words, bo.size / 2), 0);
}

/**
 * SUBTEST: mapping-refused
 * Description: A mapping must be shared, and the object one for the CPU and of this file.
 */
static void mapping_refused(struct mirage *dev)
{
	struct mirage other;
	uint32_t handle;
	uint64_t offset;
	struct bo bo = bo_new(dev, PAGE, BO_SYSTEM);

	igt_assert_eq(mirage_bo_mmap_offset(dev, bo.handle, &offset), 0);
	igt_assert(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, dev->fd, (off_t)offset) ==
		   MAP_FAILED);
	igt_assert_eq(errno, EINVAL);
	/* Longer than the object. */
	igt_assert(mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, dev->fd, (off_t)offset) ==
		   MAP_FAILED);
	igt_assert_eq(errno, EINVAL);
	/* Another file has no handle to it. */
	igt_assert_eq(mirage_open(&other), 0);
	igt_assert(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, other.fd, (off_t)offset) == MAP_FAILED);
	igt_assert_eq(errno, EACCES);
	mirage_close(&other);
	bo_free(&bo);

	/* An object that is not for the CPU has no offset. A guessed one is of no use either. */
	igt_assert_eq(mirage_bo_create(dev, PAGE, BO_VRAM, 0, &handle), 0);
	igt_assert_eq(mirage_bo_mmap_offset(dev, handle, &offset), -EACCES);
	igt_assert(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, dev->fd, (off_t)offset) == MAP_FAILED);
	igt_assert_eq(mirage_bo_close(dev, handle), 0);
}

static void expect_create(struct mirage *dev, const struct drm_mirage_bo_create *args, int error)
{
	struct drm_mirage_bo_create copy = *args;

	do_ioctl_err(dev->fd, DRM_IOCTL_MIRAGE_BO_CREATE, &copy, error);
}

/**
 * SUBTEST: create-refused
 * Description: Each rule of BO_CREATE, broken alone.
 */
static void create_refused(struct mirage *dev)
{
	const struct drm_mirage_bo_create good = { .size = PAGE, .placement = BO_VRAM };
	uint64_t vram = bo_param(dev, DRM_MIRAGE_PARAM_VRAM_SIZE);
	struct drm_mirage_bo_create bad;
	uint32_t vm;

	for (unsigned int bit = 0; bit < 32; bit++) {
		bad = good;
		bad.pad = 1u << bit;
		expect_create(dev, &bad, EINVAL);
		if (bit >= 2) {
			bad = good;
			bad.placement |= 1u << bit;
			expect_create(dev, &bad, EINVAL);
			bad = good;
			bad.flags = 1u << bit;
			expect_create(dev, &bad, EINVAL);
			bad = good;
			bad.priority = 1u << bit;
			expect_create(dev, &bad, EINVAL);
		}
		if (bit < 12) {
			bad = good;
			bad.size += 1ull << bit;
			expect_create(dev, &bad, EINVAL);
		}
	}
	bad = good;
	bad.placement = 0;
	expect_create(dev, &bad, EINVAL);
	bad = good;
	bad.size = 0;
	expect_create(dev, &bad, EINVAL);
	bad = good;
	bad.priority = 3;
	expect_create(dev, &bad, EINVAL);
	bad = good;
	bad.vm_id = NO_HANDLE;
	expect_create(dev, &bad, ENOENT);

	/* Sizes that no memory has, up to those that overflow. */
	bad = good;
	bad.size = vram + PAGE;
	expect_create(dev, &bad, ENOSPC);
	for (unsigned int bit = 44; bit < 64; bit++) {
		for (uint32_t placement = 1; placement < 4; placement++) {
			bad = good;
			bad.placement = placement;
			bad.size = 1ull << bit;
			expect_create(dev, &bad, ENOSPC);
			bad.size = -(1ull << (bit - 32));
			expect_create(dev, &bad, ENOSPC);
		}
	}

	/* The VM of another file. */
	igt_assert_eq(mirage_vm_create_with(dev, 0, &vm), 0);
	bad = good;
	bad.vm_id = vm;
	{
		struct mirage other;

		igt_assert_eq(mirage_open(&other), 0);
		expect_create(&other, &bad, ENOENT);
		mirage_close(&other);
	}
	igt_assert_eq(mirage_vm_destroy(dev, vm), 0);
	expect_create(dev, &bad, ENOENT);
}

/**
 * SUBTEST: high-priority-needs-privilege
 * Description: Without CAP_SYS_NICE nobody makes an object that stays in video memory.
 */
static void privilege(struct mirage *dev)
{
	uint32_t handle;

	igt_assert_eq(mirage_bo_create_with(dev, PAGE, BO_VRAM, 0, DRM_MIRAGE_BO_PRIORITY_HIGH, 0,
					    &handle), 0);
	igt_assert_eq(mirage_bo_close(dev, handle), 0);
	igt_fork(child, 1) {
		igt_assert_eq(setuid(65534), 0);
		igt_assert_eq(mirage_bo_create_with(dev, PAGE, BO_VRAM, 0,
						    DRM_MIRAGE_BO_PRIORITY_HIGH, 0, &handle),
			      -EACCES);
		igt_assert_eq(mirage_bo_create_with(dev, PAGE, BO_VRAM, 0,
						    DRM_MIRAGE_BO_PRIORITY_LOW, 0, &handle), 0);
		igt_assert_eq(mirage_bo_close(dev, handle), 0);
	}
	igt_waitchildren();
}

/**
 * SUBTEST: calls-refused
 * Description: Handles that name nothing, padding, flags and pointers that are wrong, in
 *	each call on an object.
 */
static void calls_refused(struct mirage *dev)
{
	struct drm_mirage_bo_madvise madvise;
	struct drm_mirage_bo_label label;
	struct drm_mirage_bo_query query;
	struct drm_mirage_bo_mmap map;
	struct drm_mirage_bo_wait wait;
	struct mirage other;
	char text[128];
	struct bo bo;

	igt_assert_eq(mirage_bo_close(dev, NO_HANDLE), -EINVAL);
	igt_assert_eq(mirage_bo_query(dev, NO_HANDLE, &query), -ENOENT);
	igt_assert_eq(mirage_bo_label(dev, NO_HANDLE, "x"), -ENOENT);
	igt_assert_eq(mirage_bo_wait(dev, NO_HANDLE, 0, 0), -ENOENT);
	igt_assert_eq(mirage_bo_madvise(dev, NO_HANDLE, DRM_MIRAGE_BO_DONTNEED, NULL), -ENOENT);
	map = (struct drm_mirage_bo_mmap){ .handle = NO_HANDLE };
	do_ioctl_err(dev->fd, DRM_IOCTL_MIRAGE_BO_MMAP, &map, ENOENT);

	bo = bo_new(dev, PAGE, BO_SYSTEM);
	igt_assert_eq(mirage_open(&other), 0);
	igt_assert_eq(mirage_bo_query(&other, bo.handle, &query), -ENOENT);
	mirage_close(&other);

	for (unsigned int bit = 0; bit < 32; bit++) {
		map = (struct drm_mirage_bo_mmap){ .handle = bo.handle, .pad = 1u << bit };
		do_ioctl_err(dev->fd, DRM_IOCTL_MIRAGE_BO_MMAP, &map, EINVAL);
		madvise = (struct drm_mirage_bo_madvise){ .handle = bo.handle, .pad = 1u << bit };
		do_ioctl_err(dev->fd, DRM_IOCTL_MIRAGE_BO_MADVISE, &madvise, EINVAL);
		if (!bit)
			continue;
		madvise = (struct drm_mirage_bo_madvise){
			.handle = bo.handle, .advice = 1u << bit,
		};
		do_ioctl_err(dev->fd, DRM_IOCTL_MIRAGE_BO_MADVISE, &madvise, EINVAL);
		wait = (struct drm_mirage_bo_wait){ .handle = bo.handle, .flags = 1u << bit };
		do_ioctl_err(dev->fd, DRM_IOCTL_MIRAGE_BO_WAIT, &wait, EINVAL);
	}

	memset(text, 'x', sizeof(text));
	label = (struct drm_mirage_bo_label){ .handle = bo.handle, .size = 64,
					      .label = (uintptr_t)text };
	do_ioctl_err(dev->fd, DRM_IOCTL_MIRAGE_BO_LABEL, &label, E2BIG);
	igt_assert_eq(mirage_bo_label(dev, bo.handle, "two\nlines"), -EINVAL);
	igt_assert_eq(mirage_bo_label(dev, bo.handle, "\033[2J"), -EINVAL);
	label.size = ~0u;
	do_ioctl_err(dev->fd, DRM_IOCTL_MIRAGE_BO_LABEL, &label, E2BIG);
	label.size = 63;
	do_ioctl(dev->fd, DRM_IOCTL_MIRAGE_BO_LABEL, &label);
	label.label = BAD_POINTER;
	do_ioctl_err(dev->fd, DRM_IOCTL_MIRAGE_BO_LABEL, &label, EFAULT);
	text[62] = 0;
	label.label = (uintptr_t)text;
	do_ioctl_err(dev->fd, DRM_IOCTL_MIRAGE_BO_LABEL, &label, EINVAL);
	bo_free(&bo);
}

/**
 * SUBTEST: wait-for-nobody
 * Description: Waiting for an object that no job uses returns at once, whatever the time.
 */
static void wait_for_nobody(struct mirage *dev)
{
	struct bo bo = bo_new(dev, PAGE, BO_VRAM);

	bo_write(&bo, 1);
	for (uint32_t flags = 0; flags < 2; flags++) {
		igt_assert_eq(mirage_bo_wait(dev, bo.handle, flags, MIRAGE_FOREVER), 0);
		igt_assert_eq(mirage_bo_wait(dev, bo.handle, flags, 0), 0);
		igt_assert_eq(mirage_bo_wait(dev, bo.handle, flags, -1), 0);
	}
	bo_free(&bo);
}

/**
 * SUBTEST: proc-mem-at-the-end
 * Description: /proc/self/mem, over the end of an object and over that of a mapping that shows a part of one, has
 *	what is mapped there, and leaves alone what is not.
 */
static void proc_mem_at_the_end(struct mirage *dev)
{
	int mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	struct bo bo = bo_new(dev, 2 * PAGE, BO_SYSTEM);
	char *area = mem_anon(3 * PAGE), two[2];
	uint64_t offset;

	igt_assert_lte(0, mem);
	memset(bo.words, 1, PAGE);
	memset((char *)bo.words + PAGE, 2, PAGE);
	memset(area + 2 * PAGE, 3, PAGE);
	igt_assert_eq(mirage_bo_mmap_offset(dev, bo.handle, &offset), 0);

	/* The whole object, and other memory behind it. */
	igt_assert(mmap(area, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, dev->fd,
			offset) == area);
	igt_assert_eq(pread(mem, two, 2, (uintptr_t)area + 2 * PAGE - 1), 2);
	igt_assert_eq(two[0], 2);
	igt_assert_eq(two[1], 3);

	/* Its first page, and other memory behind it. */
	igt_assert(mmap(area + PAGE, PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == area + PAGE);
	memset(area + PAGE, 4, PAGE);
	igt_assert_eq(pread(mem, two, 2, (uintptr_t)area + PAGE - 1), 2);
	igt_assert_eq(two[0], 1);
	igt_assert_eq(two[1], 4);
	memset(two, 7, 2);
	igt_assert_eq(pwrite(mem, two, 2, (uintptr_t)area + PAGE - 1), 2);
	igt_assert_eq(area[PAGE - 1], 7);
	igt_assert_eq(area[PAGE], 7);
	igt_assert_eq(((char *)bo.words)[PAGE], 2);

	/* Its first page, and nothing behind it. */
	igt_assert_eq(munmap(area + PAGE, PAGE), 0);
	igt_assert_eq(pread(mem, two, 2, (uintptr_t)area + PAGE - 1), 1);

	mem_unmap(area, 3 * PAGE);
	close(mem);
	bo_free(&bo);
}

/**
 * SUBTEST: proc-mem-readonly
 * Description: /proc/self/mem does not write to a mapping for reading only: an object's own mapping, and that of a
 *	dma-buf that was given away for reading.
 */
static void proc_mem_readonly(struct mirage *dev)
{
	int mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC), fd;
	struct bo bo = bo_new(dev, PAGE, BO_SYSTEM);
	char byte = 0x55, *map;
	uint64_t offset;

	igt_assert_lte(0, mem);
	memset(bo.words, 0x11, PAGE);
	igt_assert_eq(mirage_bo_mmap_offset(dev, bo.handle, &offset), 0);
	igt_assert_eq(mirage_prime_export(dev, bo.handle, DRM_CLOEXEC, &fd), 0);
	for (int i = 0; i < 2; i++) {
		map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, i ? fd : dev->fd, i ? 0 : offset);
		igt_assert(map != MAP_FAILED);
		errno = 0;
		igt_assert_eq(pwrite(mem, &byte, 1, (uintptr_t)map + 5), -1);
		igt_assert_eq(errno, EIO);
		igt_assert_eq(pread(mem, &byte, 1, (uintptr_t)map + 5), 1);
		igt_assert_eq(byte, 0x11);
		igt_assert_eq(munmap(map, PAGE), 0);
	}
	close(fd);
	close(mem);
	bo_free(&bo);
}

/* System calls that copy to and from an object's mapping work; those that want the pages themselves are refused. */
static void system_calls_on(struct mirage *dev, uint32_t placement)
{
	struct bo bo = bo_new(dev, 2 * PAGE, placement), other = bo_new(dev, 2 * PAGE, placement);
	struct iovec iov = { .iov_base = bo.words, .iov_len = PAGE };
	struct iovec to = { .iov_base = other.words, .iov_len = PAGE };
	int fd = memfd_create("mirage", MFD_CLOEXEC), pipes[2], ring;
	struct io_uring_params params = { };

	igt_assert_lte(0, fd);
	igt_assert_eq(pipe(pipes), 0);
	bo_write(&bo, 3);
	igt_assert_eq(pwrite(fd, bo.words, bo.size, 0), bo.size);
	igt_assert_eq(pread(fd, other.words, other.size, 0), other.size);
	igt_assert(!memcmp(other.words, bo.words, bo.size));

	igt_assert_eq(vmsplice(pipes[1], &iov, 1, 0), -1);
	igt_assert_eq(errno, EFAULT);
	/* The caller's side is copied to, the other one is looked up page by page. */
	igt_assert_eq(process_vm_readv(getpid(), &to, 1, &iov, 1, 0), -1);
	igt_assert_eq(errno, EFAULT);
	/* Shared between processes a futex is known by its page, else by its address. */
	igt_assert_eq(syscall(SYS_futex, bo.words, FUTEX_WAKE, 1, NULL, NULL, 0), -1);
	igt_assert_eq(errno, EFAULT);
	igt_assert_eq(syscall(SYS_futex, bo.words, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);
	ring = syscall(SYS_io_uring_setup, 1, &params);
	if (ring >= 0) {
		igt_assert_eq(syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &iov, 1),
			      -1);
		igt_assert_eq(errno, EFAULT);
		close(ring);
	}
	bo_expect(&bo, 3);
	close(pipes[0]);
	close(pipes[1]);
	close(fd);
	bo_free(&other);
	bo_free(&bo);
}

/**
 * SUBTEST: system-calls
 * Description: Mappings of objects as buffers of system calls: what copies works, what takes hold of pages is refused.
 */
static void system_calls(struct mirage *dev)
{
	system_calls_on(dev, BO_SYSTEM);
	system_calls_on(dev, BO_VRAM);
}

static const struct bo_scenario scenarios[] = {
	{ "zeroed-vram", zeroed_vram, "An object in video memory reads as zeroes at first." },
	{ "zeroed-system", zeroed_system, "An object in system memory reads as zeroes at first." },
	{ "sizes", sizes, "Objects of odd sizes, alone and contiguous." },
	{ "mapping-outlives-handle", mapping_outlives_handle,
	  "A mapping works on when the handle is closed." },
	{ "mapping-refused", mapping_refused, "Who may map what, and how." },
	{ "create-refused", create_refused, "Each rule of BO_CREATE, broken alone." },
	{ "high-priority-needs-privilege", privilege, "Only the privileged keep video memory." },
	{ "calls-refused", calls_refused, "Wrong arguments of each call on an object." },
	{ "proc-mem-at-the-end", proc_mem_at_the_end, "Nothing but what is mapped is reached." },
	{ "proc-mem-readonly", proc_mem_readonly, "Reading is not writing." },
	{ "system-calls", system_calls, "Mappings of objects as buffers of system calls." },
	{ "wait-for-nobody", wait_for_nobody, "Waiting for an unused object returns at once." },
};

int igt_main()
{
	bo_subtests(scenarios, ARRAY_SIZE(scenarios));
}
