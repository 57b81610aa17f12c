// SPDX-License-Identifier: MIT
/**
 * TEST: mirage prime
 * Description: Buffer objects as dma-bufs: given away, taken in, and how long they live.
 * Category: Core
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <linux/dma-buf.h>

#include "igt_mirage.h"
#include "igt_mirage_space.h"
#include "igt_prime.h"

IGT_TEST_DESCRIPTION("Buffer objects as dma-bufs: given away, taken in, and how long they live.");

#define VRAM		DRM_MIRAGE_PLACEMENT_VRAM
#define SYSTEM		DRM_MIRAGE_PLACEMENT_SYSTEM
#define CPU		DRM_MIRAGE_BO_CPU_ACCESS
#define SIZE		(1u << 20)
#define NO_HANDLE	0x7ffffff0u

static uint32_t bo_new(struct mirage *dev, uint64_t size, uint32_t placement, uint32_t flags)
{
	uint32_t handle = 0;

	igt_assert_eq(mirage_bo_create(dev, size, placement, flags, &handle), 0);
	return handle;
}

static uint32_t *bo_map(struct mirage *dev, uint32_t handle)
{
	void *map = NULL;

	igt_assert_eq(mirage_bo_map(dev, handle, SIZE, &map), 0);
	return map;
}

static void bo_close(struct mirage *dev, uint32_t handle)
{
	igt_assert_eq(mirage_bo_close(dev, handle), 0);
}

static uint32_t bo_location(struct mirage *dev, uint32_t handle)
{
	struct drm_mirage_bo_query state;

	igt_assert_eq(mirage_bo_query(dev, handle, &state), 0);
	return state.location;
}

/**
 * SUBTEST: self-import
 * Description: A dma-buf is the object that it was made of: the same handle in the same file,
 *	the same place and content in another one; exporting it again gives the same dma-buf.
 */
static void self_import(struct mirage *dev)
{
	uint32_t handle = bo_new(dev, SIZE, VRAM | SYSTEM, CPU), again, there;
	uint32_t *words = bo_map(dev, handle), *theirs;
	struct drm_mirage_bo_query query, their_query;
	struct mirage other;
	int fd, fd2;

	words_write(words, SIZE, 1);
	fd = prime_export(dev, handle);
	igt_assert_eq(mirage_prime_import(dev, fd, &again), 0);
	igt_assert_eq_u32(again, handle);

	igt_assert_eq(mirage_open_node(&other, dev->node), 0);
	there = prime_import(&other, fd);
	igt_assert_eq_u32(prime_import(&other, fd), there);
	theirs = bo_map(&other, there);
	words_check(theirs, SIZE, 1);
	words_write(theirs, SIZE, 2);
	words_check(words, SIZE, 2);
	igt_assert_eq(mirage_bo_query(dev, handle, &query), 0);
	igt_assert_eq(mirage_bo_query(&other, there, &their_query), 0);
	igt_assert_eq_u32(their_query.placement, query.placement);
	igt_assert_eq_u32(their_query.location, query.location);

	fd2 = prime_export(&other, there);
	igt_assert_eq_u64(prime_inode(fd2), prime_inode(fd));

	close(fd2);
	close(fd);
	munmap(theirs, SIZE);
	bo_close(&other, there);
	mirage_close(&other);
	munmap(words, SIZE);
	bo_close(dev, handle);
}

/**
 * SUBTEST: export-lifetime
 * Description: The dma-buf outlives handle and file of its object: its content is there for who
 *	maps it, and for who imports it later.
 */
static void export_lifetime(struct mirage *dev)
{
	uint32_t handle, *words, *map;
	struct mirage gone;
	int fd;

	igt_assert_eq(mirage_open_node(&gone, dev->node), 0);
	handle = bo_new(&gone, SIZE, VRAM, CPU);
	words = bo_map(&gone, handle);
	words_write(words, SIZE, 3);
	munmap(words, SIZE);
	fd = prime_export(&gone, handle);
	bo_close(&gone, handle);
	mirage_close(&gone);

	map = prime_map(fd, SIZE);
	prime_begin(fd, DMA_BUF_SYNC_READ);
	words_check(map, SIZE, 3);
	prime_end(fd, DMA_BUF_SYNC_READ);
	munmap(map, SIZE);

	handle = prime_import(dev, fd);
	close(fd);
	words = bo_map(dev, handle);
	words_check(words, SIZE, 3);
	igt_assert_eq_u32(bo_location(dev, handle), VRAM);
	munmap(words, SIZE);
	bo_close(dev, handle);
}

/**
 * SUBTEST: export-refused
 * Description: Objects that cannot be shared are refused: those private to an address space, memory of a process, objects whose
 *	content is not needed, unknown handles and flags.
 */
static void export_refused(struct mirage *dev)
{
	struct drm_mirage_vm_create vm = { };
	uint32_t handle;
	void *page;
	int fd;

	do_ioctl(dev->fd, DRM_IOCTL_MIRAGE_VM_CREATE, &vm);
	igt_assert_eq(mirage_bo_create_with(dev, SIZE, SYSTEM, CPU, DRM_MIRAGE_BO_PRIORITY_NORMAL,
					    vm.vm_id, &handle),
		      0);
	igt_assert_eq(mirage_prime_export(dev, handle, DRM_CLOEXEC, &fd), -EPERM);
	bo_close(dev, handle);
	igt_assert_eq(mirage_vm_destroy(dev, vm.vm_id), 0);

	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	igt_assert(page != MAP_FAILED);
	igt_assert_eq(mirage_bo_userptr(dev, page, PAGE, 0, &handle), 0);
	igt_assert_eq(mirage_prime_export(dev, handle, DRM_CLOEXEC, &fd), -EPERM);
	bo_close(dev, handle);
	munmap(page, PAGE);

	igt_assert_eq(mirage_prime_export(dev, NO_HANDLE, DRM_CLOEXEC, &fd), -ENOENT);
	handle = bo_new(dev, SIZE, SYSTEM, CPU);
	igt_assert_eq(mirage_prime_export(dev, handle, ~(DRM_CLOEXEC | DRM_RDWR), &fd), -EINVAL);
	igt_assert_eq(mirage_bo_madvise(dev, handle, DRM_MIRAGE_BO_DONTNEED, NULL), 0);
	igt_assert_eq(mirage_prime_export(dev, handle, DRM_CLOEXEC, &fd), -EBUSY);
	igt_assert_eq(mirage_bo_madvise(dev, handle, DRM_MIRAGE_BO_WILLNEED, NULL), 0);
	fd = prime_export(dev, handle);
	/* Others rely on it from now on. */
	igt_assert_eq(mirage_bo_madvise(dev, handle, DRM_MIRAGE_BO_DONTNEED, NULL), -EBUSY);
	close(fd);
	bo_close(dev, handle);
}

/**
 * SUBTEST: import-refused
 * Description: A descriptor of anything but a dma-buf is no object.
 */
static void import_refused(struct mirage *dev)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	uint32_t handle;

	igt_assert_fd(fd);
	igt_assert_eq(mirage_prime_import(dev, fd, &handle), -EINVAL);
	close(fd);
	igt_assert_eq(mirage_prime_import(dev, fd, &handle), -EBADF);
	igt_assert_eq(mirage_prime_import(dev, -1, &handle), -EBADF);
}

/**
 * SUBTEST: mmap-rights
 * Description: A dma-buf without DRM_RDWR cannot be mapped for writing, one of an object that is not for the CPU
 *	not at all, and none privately or beyond its end.
 */
static void mmap_rights(struct mirage *dev)
{
	uint32_t handle = bo_new(dev, SIZE, SYSTEM, CPU);
	void *map;
	int fd;

	igt_assert_eq(mirage_prime_export(dev, handle, DRM_CLOEXEC, &fd), 0);
	igt_assert(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
	igt_assert_eq(errno, EACCES);
	map = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	igt_assert(map != MAP_FAILED);
	igt_assert_eq_u32(*(volatile uint32_t *)map, 0);
	munmap(map, SIZE);
	close(fd);
	bo_close(dev, handle);

	handle = bo_new(dev, SIZE, SYSTEM, CPU);
	fd = prime_export(dev, handle);
	igt_assert(mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED);
	igt_assert_eq(errno, EINVAL);
	igt_assert(mmap(NULL, SIZE + PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	igt_assert_eq(errno, EINVAL);
	close(fd);
	bo_close(dev, handle);

	handle = bo_new(dev, SIZE, VRAM, 0);
	fd = prime_export(dev, handle);
	igt_assert(mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	igt_assert_eq(errno, EACCES);
	close(fd);
	bo_close(dev, handle);
}

/**
 * SUBTEST: inherited
 * Description: A child imports what it has inherited by a file of its own, and what it writes is seen; also after
 *	the parent has closed all but the dma-buf.
 */
static void inherited(struct mirage *dev)
{
	uint32_t handle = bo_new(dev, SIZE, VRAM | SYSTEM, CPU), *words;
	int fd = prime_export(dev, handle);

	words = bo_map(dev, handle);
	words_write(words, SIZE, 5);
	munmap(words, SIZE);
	bo_close(dev, handle);

	igt_fork(child, 1) {
		struct mirage mine;
		uint32_t theirs, *map;

		igt_assert_eq(mirage_open_node(&mine, dev->node), 0);
		theirs = prime_import(&mine, fd);
		map = bo_map(&mine, theirs);
		words_check(map, SIZE, 5);
		words_write(map, SIZE, 6);
		mirage_close(&mine);
	}
	igt_waitchildren();

	words = prime_map(fd, SIZE);
	words_check(words, SIZE, 6);
	munmap(words, SIZE);
	close(fd);
}

/* An object of somebody else, seen through the device file and through the dma-buf. */
static void check_foreign(struct mirage *dev, int fd, uint32_t *theirs)
{
	struct drm_mirage_bo_query state;
	uint32_t handle, *words;

	words_write(theirs, SIZE, 7);
	handle = prime_import(dev, fd);
	igt_assert_eq_u32(prime_import(dev, fd), handle);
	igt_assert_eq(mirage_bo_query(dev, handle, &state), 0);
	igt_assert_eq_u64(state.size, SIZE);
	igt_assert_eq_u32(state.placement, SYSTEM);
	igt_assert_eq_u32(state.location, 0);

	words = bo_map(dev, handle);
	words_check(words, SIZE, 7);
	words_write(words, SIZE, 8);
	words_check(theirs, SIZE, 8);
	munmap(words, SIZE);
	igt_assert_eq(mirage_bo_madvise(dev, handle, DRM_MIRAGE_BO_DONTNEED, NULL), -EINVAL);
	bo_close(dev, handle);
}

/**
 * SUBTEST: import-vgem
 * Description: An object of vgem, imported: same size and content.
 */
static void import_vgem(struct mirage *dev)
{
	struct vgem vgem;
	uint32_t handle;
	int fd;

	vgem_open(&vgem);
	handle = vgem_create(&vgem, SIZE);
	fd = vgem_export(&vgem, handle);
	check_foreign(dev, fd, vgem_map(&vgem, handle, SIZE));
	close(fd);
	vgem_close(&vgem);
}

/**
 * SUBTEST: import-udmabuf
 * Description: A udmabuf, which is memory of a memfd, imported: same size and content.
 */
static void import_udmabuf(struct mirage *dev)
{
	uint32_t *words;
	int fd = udmabuf_create(SIZE, &words);

	check_foreign(dev, fd, words);
	close(fd);
	munmap(words, SIZE);
}

/**
 * SUBTEST: import-heap
 * Description: Memory of the system's dma-heap, imported: same size and content.
 */
static void import_heap(struct mirage *dev)
{
	int fd = heap_alloc(SIZE);
	uint32_t *words = prime_map(fd, SIZE);

	check_foreign(dev, fd, words);
	munmap(words, SIZE);
	close(fd);
}

/**
 * SUBTEST: export-vgem-%s
 * Description: Our object in vgem's hands: it is the same dma-buf there, and a fence of vgem's keeps us waiting. vgem is
 *	no PCI device and reaches no video memory, so an object that may be nowhere else is refused.
 *
 * arg[1]:
 *
 * @vram:	video memory alone
 * @system:	system memory alone
 * @either:	both
 */
static void export_vgem(struct mirage *dev, uint32_t placement)
{
	uint32_t handle = bo_new(dev, SIZE, placement, CPU), theirs, fence, *words, *map;
	int fd = prime_export(dev, handle), again, err;
	struct vgem vgem;

	vgem_open(&vgem);
	words = bo_map(dev, handle);
	words_write(words, SIZE, 9);
	err = vgem_import(&vgem, fd, &theirs);
	if (placement == VRAM) {
		igt_assert_eq(err, -EOPNOTSUPP);
	} else {
		igt_assert_eq(err, 0);
		again = vgem_export(&vgem, theirs);
		igt_assert_eq_u64(prime_inode(again), prime_inode(fd));
		fence = vgem_fence(&vgem, theirs, true);
		igt_assert_eq(mirage_bo_wait(dev, handle, 0, 0), -ETIME);
		vgem_signal(&vgem, fence);
		igt_assert_eq(mirage_bo_wait(dev, handle, 0, 0), 0);
		map = prime_map(again, SIZE);
		words_check(map, SIZE, 9);
		words_write(map, SIZE, 10);
		words_check(words, SIZE, 10);
		munmap(map, SIZE);
		close(again);
	}
	vgem_close(&vgem);
	munmap(words, SIZE);
	close(fd);
	bo_close(dev, handle);
}

struct scenario {
	const char *name;
	void (*test)(struct mirage *dev);
	const char *description;
};

static const struct scenario scenarios[] = {
	{ "self-import", self_import, "A dma-buf is the object that it was made of." },
	{ "export-lifetime", export_lifetime, "The dma-buf outlives handle and file." },
	{ "export-refused", export_refused, "What cannot be shared is not." },
	{ "import-refused", import_refused, "What is no dma-buf is no object." },
	{ "mmap-rights", mmap_rights, "Who may map a dma-buf, and how." },
	{ "inherited", inherited, "A child imports what it has inherited." },
	{ "import-vgem", import_vgem, "An object of vgem, imported." },
	{ "import-udmabuf", import_udmabuf, "Memory of a memfd, imported." },
	{ "import-heap", import_heap, "Memory of a dma-heap, imported." },
};

static void subtest(struct mirage *dev, const struct scenario *scenario)
{
	igt_describe(scenario->description);
	igt_subtest(scenario->name)
		scenario->test(dev);
}

static void subtest_vgem(struct mirage *dev, const char *name, uint32_t placement)
{
	igt_describe("Our object in vgem's hands.");
	igt_subtest_f("export-vgem-%s", name)
		export_vgem(dev, placement);
}

int igt_main()
{
	static struct mirage dev;

	igt_fixture()
		igt_assert_eq(mirage_open(&dev), 0);

	for (unsigned int i = 0; i < ARRAY_SIZE(scenarios); i++)
		subtest(&dev, &scenarios[i]);
	subtest_vgem(&dev, "vram", VRAM);
	subtest_vgem(&dev, "system", SYSTEM);
	subtest_vgem(&dev, "either", VRAM | SYSTEM);

	igt_fixture()
		mirage_close(&dev);
}
