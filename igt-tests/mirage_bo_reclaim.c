// SPDX-License-Identifier: MIT
/**
 * TEST: mirage bo reclaim
 * Description: Buffer objects when mm wants their pages back, and what the system is told of them.
 * Category: Core
 */
#include <sys/mman.h>

#include "debugfs.h"
#include "igt_mirage_bo.h"
#include "igt_mirage_space.h"
#include "igt_prime.h"
#include "memory.h"
#include "swap.h"
#include "text.h"

IGT_TEST_DESCRIPTION("Buffer objects when mm wants their pages back, and what is told of them.");

#define SIZE	(2ul << 20)
#define COUNT	16

/* Let mm ask every shrinker once for all it has. */
static void ask_back(void)
{
	igt_assert(file_write("/proc/sys/vm/drop_caches", "2\n"));
}

/* The lines of a debugfs file that have both words. */
static unsigned int count_lines(struct mirage *dev, const char *name, const char *word,
				const char *word2)
{
	return text_lines(debugfs_text(dev, name), word, word2);
}

static uint64_t fdinfo_kib(struct mirage *dev, const char *key)
{
	char path[64], *line;
	uint64_t value;
	char unit[8] = "";

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", dev->fd);
	line = strstr(text_read(path), key);
	igt_assert_f(line, "no %s in fdinfo\n", key);
	igt_assert_lte(1, sscanf(line + strlen(key), ":\t%" SCNu64 " %7s", &value, unit));
	if (!strcmp(unit, "MiB"))
		return value << 10;
	if (!strcmp(unit, "KiB"))
		return value;
	/* Bytes have no unit. */
	igt_assert_eq_u64(value % 1024, 0);
	return value / 1024;
}

/**
 * SUBTEST: drop-what-nobody-needs
 * Description: Objects in system memory that nobody needs lose their pages when mm wants
 *	them, others do not; what is lost is told and cannot be read.
 */
static void drop_purgeable(struct mirage *dev)
{
	struct bo keep[COUNT], drop[COUNT];
	bool retained;

	for (unsigned int i = 0; i < COUNT; i++) {
		keep[i] = bo_new(dev, SIZE, BO_SYSTEM);
		bo_write(&keep[i], i);
		drop[i] = bo_new(dev, SIZE, BO_SYSTEM);
		bo_write(&drop[i], i);
		igt_assert_eq(mirage_bo_madvise(dev, drop[i].handle, DRM_MIRAGE_BO_DONTNEED,
						&retained), 0);
		igt_assert(retained);
	}
	ask_back();
	for (unsigned int i = 0; i < COUNT; i++) {
		igt_assert_eq(mirage_bo_madvise(dev, keep[i].handle, DRM_MIRAGE_BO_WILLNEED,
						&retained), 0);
		igt_assert(retained);
		bo_expect(&keep[i], i);
		bo_free(&keep[i]);

		igt_assert_eq(mirage_bo_madvise(dev, drop[i].handle, DRM_MIRAGE_BO_WILLNEED,
						&retained), 0);
		igt_assert(!retained);
		igt_assert(bo_access_dies(drop[i].words));
		/* Again: nothing brings it back. */
		igt_assert_eq(mirage_bo_madvise(dev, drop[i].handle, DRM_MIRAGE_BO_DONTNEED,
						&retained), 0);
		igt_assert(!retained);
		bo_free(&drop[i]);
	}
}

/**
 * SUBTEST: change-of-mind
 * Description: An object that is needed again before mm asks keeps its content.
 */
static void change_of_mind(struct mirage *dev)
{
	struct bo bo = bo_new(dev, SIZE, BO_SYSTEM);
	bool retained = false;

	bo_write(&bo, 1);
	igt_assert_eq(mirage_bo_madvise(dev, bo.handle, DRM_MIRAGE_BO_DONTNEED, NULL), 0);
	igt_assert_eq(mirage_bo_madvise(dev, bo.handle, DRM_MIRAGE_BO_WILLNEED, &retained), 0);
	igt_assert(retained);
	ask_back();
	bo_expect(&bo, 1);
	bo_free(&bo);
}

/**
 * SUBTEST: advice-without-memory
 * Description: Advice about an object that has no memory yet: nothing is lost, as nothing
 *	was there.
 */
static void advice_without_memory(struct mirage *dev)
{
	struct bo bo = bo_new(dev, SIZE, BO_SYSTEM);
	bool retained = false;

	igt_assert_eq(mirage_bo_madvise(dev, bo.handle, DRM_MIRAGE_BO_DONTNEED, &retained), 0);
	igt_assert(retained);
	ask_back();
	igt_assert_eq(mirage_bo_madvise(dev, bo.handle, DRM_MIRAGE_BO_WILLNEED, &retained), 0);
	igt_assert(retained);
	bo_expect_zero(&bo);
	bo_free(&bo);
}

/**
 * SUBTEST: to-swap-and-back
 * Description: Idle objects go to swap when mm wants their pages, and come back as they were.
 */
static void to_swap(struct mirage *dev)
{
	struct bo bos[COUNT];
	unsigned int swapped;

	swap_require();
	for (unsigned int i = 0; i < COUNT; i++) {
		bos[i] = bo_new(dev, SIZE, BO_SYSTEM);
		bo_write(&bos[i], i);
		igt_assert_eq(mirage_bo_label(dev, bos[i].handle, "to-swap"), 0);
	}
	igt_assert_eq(count_lines(dev, "bos", "to-swap", " gtt "), COUNT);
	/* It asks until it gets next to nothing. */
	ask_back();
	swapped = count_lines(dev, "bos", "to-swap", "swapped");
	igt_info("%u of %u objects were backed up\n", swapped, COUNT);
	igt_assert_lt(0, swapped);
	for (unsigned int i = 0; i < COUNT; i++) {
		bo_expect(&bos[i], i);
		bo_write(&bos[i], i + 100);
	}
	ask_back();
	for (unsigned int i = 0; i < COUNT; i++) {
		bo_expect(&bos[i], i + 100);
		bo_free(&bos[i]);
	}
	swap_release();
}

/**
 * SUBTEST: debugfs
 * Description: Each object and each piece of video memory is in debugfs with its label and owner.
 */
static void debugfs(struct mirage *dev)
{
	struct bo vram = bo_new(dev, SIZE, BO_VRAM), system = bo_new(dev, SIZE, BO_SYSTEM);
	char pid[16];

	snprintf(pid, sizeof(pid), "%d ", getpid());
	igt_assert_eq(mirage_bo_label(dev, vram.handle, "label-in-vram"), 0);
	igt_assert_eq(mirage_bo_label(dev, system.handle, "label-in-system"), 0);
	igt_assert_eq(count_lines(dev, "bos", "label-in-vram", "nowhere"), 1);
	igt_assert_eq(count_lines(dev, "vram", "label-in-vram", "object"), 0);
	bo_write(&vram, 1);
	bo_write(&system, 2);
	igt_assert_eq(count_lines(dev, "bos", "label-in-vram", " vram "), 1);
	igt_assert_eq(count_lines(dev, "bos", "label-in-vram", pid), 1);
	igt_assert_eq(count_lines(dev, "bos", "label-in-system", " gtt "), 1);
	igt_assert_lte(1, count_lines(dev, "vram", "label-in-vram", pid));
	igt_assert_lte(1, count_lines(dev, "vram", "free", ""));
	igt_assert_eq(count_lines(dev, "vram", "label-in-system", ""), 0);
	igt_assert_eq(mirage_bo_label(dev, vram.handle, ""), 0);
	igt_assert_eq(count_lines(dev, "bos", "label-in-vram", ""), 0);
	bo_free(&vram);
	bo_free(&system);
	igt_assert_eq(count_lines(dev, "bos", "label-in-system", ""), 0);
}

/**
 * SUBTEST: fdinfo
 * Description: fdinfo counts the objects of a file by memory: all, those that have memory,
 *	those that can be dropped, those that others share.
 */
static void fdinfo(struct mirage *gpu)
{
	struct drm_gem_flink flink = { 0 };
	struct bo vram, system;
	struct mirage dev;
	uint32_t handle;
	bool retained;
	int fd;

	igt_assert_eq(mirage_open_node(&dev, gpu->node), 0);
	igt_assert_eq_u64(fdinfo_kib(&dev, "drm-total-vram"), 0);
	vram = bo_new(&dev, SIZE, BO_VRAM);
	system = bo_new(&dev, 2 * SIZE, BO_SYSTEM);
	igt_assert_eq_u64(fdinfo_kib(&dev, "drm-total-vram"), SIZE >> 10);
	igt_assert_eq_u64(fdinfo_kib(&dev, "drm-total-gtt"), 2 * SIZE >> 10);
	igt_assert_eq_u64(fdinfo_kib(&dev, "drm-resident-vram"), 0);
	bo_write(&vram, 1);
	igt_assert_eq_u64(fdinfo_kib(&dev, "drm-resident-vram"), SIZE >> 10);
	igt_assert_eq_u64(fdinfo_kib(&dev, "drm-purgeable-vram"), 0);
	igt_assert_eq_u64(fdinfo_kib(&dev, "drm-shared-vram"), 0);
	igt_assert_eq(mirage_bo_madvise(&dev, vram.handle, DRM_MIRAGE_BO_DONTNEED, &retained), 0);
	igt_assert_eq_u64(fdinfo_kib(&dev, "drm-purgeable-vram"), SIZE >> 10);
	igt_assert_eq_u64(fdinfo_kib(gpu, "drm-total-vram"), 0);
	flink.handle = vram.handle;
	/* Render nodes have no names; a shared object is one with two handles. */
	do_ioctl_err(dev.fd, DRM_IOCTL_GEM_FLINK, &flink, EACCES);
	bo_free(&vram);
	vram = bo_new(&dev, SIZE, BO_VRAM);
	bo_write(&vram, 1);
	fd = prime_export(&dev, vram.handle);
	handle = prime_import(gpu, fd);
	close(fd);
	igt_assert_eq_u64(fdinfo_kib(&dev, "drm-shared-vram"), SIZE >> 10);
	igt_assert_eq_u64(fdinfo_kib(gpu, "drm-shared-vram"), SIZE >> 10);
	igt_assert_eq_u64(fdinfo_kib(gpu, "drm-resident-vram"), SIZE >> 10);
	igt_assert_eq_u64(fdinfo_kib(&dev, "drm-shared-gtt"), 0);
	igt_assert_eq(mirage_bo_close(gpu, handle), 0);
	bo_free(&vram);
	bo_free(&system);
	igt_assert_eq_u64(fdinfo_kib(&dev, "drm-total-vram"), 0);
	igt_assert_eq_u64(fdinfo_kib(&dev, "drm-total-gtt"), 0);
	mirage_close(&dev);
}

/**
 * SUBTEST: fdinfo-active
 * Description: An object is active as long as a job of an address space that maps it is.
 */
static void fdinfo_active(struct mirage *gpu)
{
	struct buf gate, vram;
	struct space_job job;
	struct space space;
	struct mirage dev;

	igt_assert_eq(mirage_open_node(&dev, gpu->node), 0);
	space_open(&space, &dev);
	gate = buf_new(&space, 4096, BO_SYSTEM);
	vram = buf_new(&space, SIZE, BO_VRAM);
	space_fill(&space, vram.addr, SIZE, 1);
	igt_assert_eq_u64(fdinfo_kib(&dev, "drm-active-vram"), 0);
	job = space_job_new(&space);
	mirage_ib_sem_wait(&job.ib, gpu_ptr(gate.addr), 1);
	space_job_submit(&job, NULL, 0);
	igt_assert_eq_u64(fdinfo_kib(&dev, "drm-active-vram"), SIZE >> 10);
	__atomic_store_n((uint64_t *)gate.words, 1, __ATOMIC_SEQ_CST);
	space_job_wait(&job);
	igt_assert_eq_u64(fdinfo_kib(&dev, "drm-active-vram"), 0);
	space_job_free(&job);
	buf_free(&space, &vram);
	buf_free(&space, &gate);
	space_close(&space);
	mirage_close(&dev);
}

static const struct bo_scenario scenarios[] = {
	{ "drop-what-nobody-needs", drop_purgeable, "mm gets pages whose content nobody needs." },
	{ "change-of-mind", change_of_mind, "What is needed again is kept." },
	{ "advice-without-memory", advice_without_memory, "Advice about what has no memory." },
	{ "to-swap-and-back", to_swap, "Idle objects go to swap and come back." },
	{ "debugfs", debugfs, "Objects and video memory in debugfs." },
	{ "fdinfo", fdinfo, "Objects of a file in fdinfo." },
	{ "fdinfo-active", fdinfo_active, "Objects that are in use in fdinfo." },
};

int igt_main()
{
	bo_subtests(scenarios, ARRAY_SIZE(scenarios));
}
