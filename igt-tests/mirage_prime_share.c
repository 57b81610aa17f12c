// SPDX-License-Identifier: MIT
/**
 * TEST: mirage prime share
 * Description: Jobs on shared objects: the right bytes, and nobody before his turn.
 * Category: Core
 */
#include <sys/mman.h>

#include <linux/dma-buf.h>

#include "igt_mirage.h"
#include "igt_mirage_space.h"
#include "igt_prime.h"

IGT_TEST_DESCRIPTION("Jobs on shared objects: the right bytes, and nobody before his turn.");

#define VRAM	DRM_MIRAGE_PLACEMENT_VRAM
#define SYSTEM	DRM_MIRAGE_PLACEMENT_SYSTEM
#define SIZE	(1u << 20)

/**
 * struct foreign - a buffer of somebody else
 */
struct foreign {
	/** @fd: dma-buf */
	int fd;
	/** @words: the owner's own mapping */
	uint32_t *words;
	/** @vgem: the owner, if it is vgem; else its file is -1 */
	struct vgem vgem;
	/** @handle: of vgem */
	uint32_t handle;
};

static void foreign_vgem(struct foreign *foreign)
{
	vgem_open(&foreign->vgem);
	foreign->handle = vgem_create(&foreign->vgem, SIZE);
	foreign->words = vgem_map(&foreign->vgem, foreign->handle, SIZE);
	foreign->fd = vgem_export(&foreign->vgem, foreign->handle);
}

static void foreign_udmabuf(struct foreign *foreign)
{
	foreign->vgem.fd = -1;
	foreign->fd = udmabuf_create(SIZE, &foreign->words);
}

static void foreign_heap(struct foreign *foreign)
{
	foreign->vgem.fd = -1;
	foreign->fd = heap_alloc(SIZE);
	foreign->words = prime_map(foreign->fd, SIZE);
}

static void foreign_free(struct foreign *foreign)
{
	munmap(foreign->words, SIZE);
	close(foreign->fd);
	if (foreign->vgem.fd >= 0)
		vgem_close(&foreign->vgem);
}

/**
 * SUBTEST: copy-%s
 * Description: The GPU copies out of a foreign buffer and into it, through a mapping that is not at its start,
 *	too; the owner sees every byte.
 *
 * arg[1]:
 *
 * @vgem:	of vgem
 * @udmabuf:	of a memfd
 * @heap:	of the system's dma-heap
 */
static void copy(struct mirage *dev, void (*create)(struct foreign *foreign))
{
	const uint64_t part = 5 * PAGE;
	struct buf theirs, ours;
	struct foreign foreign;
	struct space space;
	uint64_t tail;

	create(&foreign);
	space_open(&space, dev);
	theirs = buf_adopt(&space, prime_import(dev, foreign.fd), SIZE);
	ours = buf_new(&space, SIZE, VRAM | SYSTEM);

	words_write(foreign.words, SIZE, 1);
	space_copy(&space, ours.addr, theirs.addr, SIZE);
	words_check(ours.words, SIZE, 1);
	igt_assert_eq_u32(buf_location(&space, &theirs), SYSTEM);

	words_write(ours.words, SIZE, 2);
	space_copy(&space, theirs.addr, ours.addr, SIZE);
	words_check(foreign.words, SIZE, 2);

	tail = space_bind(&space, theirs.handle, SIZE - part, part);
	words_write(ours.words, part, 3);
	space_copy(&space, tail, ours.addr, part);
	words_check(foreign.words + (SIZE - part) / 4, part, 3);
	words_check(foreign.words, SIZE - part, 2);
	space_unbind(&space, tail, part);

	buf_free(&space, &ours);
	buf_free(&space, &theirs);
	space_close(&space);
	foreign_free(&foreign);
}

/**
 * SUBTEST: close-order
 * Description: The owner closes all it has, file and mapping, while our address space has the buffer: it stays
 *	what it was until it is unbound.
 */
static void close_order(struct mirage *dev)
{
	struct buf theirs, ours;
	struct foreign foreign;
	struct space space;

	foreign_vgem(&foreign);
	space_open(&space, dev);
	theirs = buf_adopt(&space, prime_import(dev, foreign.fd), SIZE);
	ours = buf_new(&space, SIZE, SYSTEM);
	words_write(foreign.words, SIZE, 4);
	foreign_free(&foreign);
	igt_assert_eq(mirage_bo_close(dev, theirs.handle), 0);

	space_copy(&space, ours.addr, theirs.addr, SIZE);
	words_check(ours.words, SIZE, 4);
	words_check(theirs.words, SIZE, 4);

	munmap(theirs.words, SIZE);
	space_unbind(&space, theirs.addr, SIZE);
	buf_free(&space, &ours);
	space_close(&space);
}

/* A job that begins when the word is set, and the word, which the GPU sees. */
static struct space_job held_job(struct space *space, struct buf *flag)
{
	struct space_job job = space_job_new(space);

	*(volatile uint64_t *)flag->words = 0;
	mirage_ib_sem_wait(&job.ib, gpu_ptr(flag->addr), 1);
	return job;
}

static void release_job(struct buf *flag)
{
	__atomic_store_n((uint64_t *)flag->words, 1, __ATOMIC_SEQ_CST);
}

/**
 * SUBTEST: waits-for-%s
 * Description: A job on a buffer of vgem that has a fence of vgem's begins when that is signalled, and not
 *	before; jobs of address spaces that do not have the buffer do not wait.
 *
 * arg[1]:
 *
 * @writer:	of somebody who writes
 * @reader:	of somebody who reads
 */
static void waits_for(struct mirage *dev, bool write)
{
	struct space space;
	struct buf theirs, ours;
	struct foreign foreign;
	struct space_job job;
	uint32_t fence;

	foreign_vgem(&foreign);
	space_open(&space, dev);
	theirs = buf_adopt(&space, prime_import(dev, foreign.fd), SIZE);
	ours = buf_new(&space, SIZE, SYSTEM);

	fence = vgem_fence(&foreign.vgem, foreign.handle, write);
	words_write(foreign.words, SIZE, 5);
	job = space_job_new(&space);
	mirage_ib_copy(&job.ib, gpu_ptr(ours.addr), gpu_ptr(theirs.addr), SIZE);
	space_job_submit(&job, NULL, 0);
	bystander_job(dev);
	igt_assert(!space_job_is_done(&job));
	igt_assert_eq_u32(ours.words[0], 0);
	words_write(foreign.words, SIZE, 6);
	vgem_signal(&foreign.vgem, fence);
	space_job_wait(&job);
	words_check(ours.words, SIZE, 6);
	space_job_free(&job);

	buf_free(&space, &ours);
	buf_free(&space, &theirs);
	space_close(&space);
	foreign_free(&foreign);
}

/**
 * SUBTEST: seen-by-others-%s
 * Description: While a job may use a shared object, everybody who asks the dma-buf hears so: poll, the fences
 *	it exports, BO_WAIT, and vgem; and when it has ended they hear that.
 *
 * arg[1]:
 *
 * @imported:	a buffer of vgem
 * @exported:	an object of ours that vgem has
 */
static void seen_by_others(struct mirage *dev, bool imported)
{
	struct foreign foreign = { .vgem.fd = -1 };
	struct buf shared, flag;
	struct space_job job;
	struct space space;
	int fence;

	space_open(&space, dev);
	flag = buf_new(&space, PAGE, SYSTEM);
	foreign_vgem(&foreign);
	if (imported) {
		shared = buf_adopt(&space, prime_import(dev, foreign.fd), SIZE);
	} else {
		foreign_free(&foreign);
		vgem_open(&foreign.vgem);
		shared = buf_new(&space, SIZE, VRAM | SYSTEM);
		foreign.fd = prime_export(dev, shared.handle);
		igt_assert_eq(vgem_import(&foreign.vgem, foreign.fd, &foreign.handle), 0);
		foreign.words = prime_map(foreign.fd, SIZE);
	}

	job = held_job(&space, &flag);
	mirage_ib_fill(&job.ib, gpu_ptr(shared.addr), SIZE, 0x51515151);
	space_job_submit(&job, NULL, 0);

	igt_assert(!prime_is_idle(foreign.fd, false));
	igt_assert(!prime_is_idle(foreign.fd, true));
	fence = prime_export_fence(foreign.fd, DMA_BUF_SYNC_READ);
	igt_assert(!sync_file_is_signaled(fence));
	igt_assert_eq(mirage_bo_wait(dev, shared.handle, 0, 0), -ETIME);
	igt_assert_eq(vgem_try_fence(&foreign.vgem, foreign.handle, true), -EBUSY);
	igt_assert_eq_u32(foreign.words[SIZE / 4 - 1], 0);

	release_job(&flag);
	space_job_wait(&job);
	igt_assert(prime_is_idle(foreign.fd, true));
	igt_assert(sync_file_is_signaled(fence));
	igt_assert_eq(mirage_bo_wait(dev, shared.handle, DRM_MIRAGE_BO_WAIT_WRITE, 0), 0);
	prime_begin(foreign.fd, DMA_BUF_SYNC_READ);
	for (unsigned int i = 0; i < SIZE / 4; i++)
		igt_assert_eq_u32(foreign.words[i], 0x51515151);
	prime_end(foreign.fd, DMA_BUF_SYNC_READ);
	vgem_signal(&foreign.vgem, vgem_fence(&foreign.vgem, foreign.handle, true));

	close(fence);
	space_job_free(&job);
	foreign_free(&foreign);
	buf_free(&space, &shared);
	buf_free(&space, &flag);
	space_close(&space);
}

/**
 * SUBTEST: private-unseen
 * Description: A job is none of the business of objects that its address space does not have.
 */
static void private_unseen(struct mirage *dev)
{
	struct foreign foreign;
	struct space_job job;
	struct space space;
	struct buf flag;
	uint32_t handle;

	foreign_vgem(&foreign);
	handle = prime_import(dev, foreign.fd);
	space_open(&space, dev);
	flag = buf_new(&space, PAGE, SYSTEM);
	job = held_job(&space, &flag);
	space_job_submit(&job, NULL, 0);
	igt_assert(prime_is_idle(foreign.fd, true));
	igt_assert_eq(mirage_bo_wait(dev, handle, DRM_MIRAGE_BO_WAIT_WRITE, 0), 0);
	release_job(&flag);
	space_job_wait(&job);
	space_job_free(&job);
	buf_free(&space, &flag);
	space_close(&space);
	igt_assert_eq(mirage_bo_close(dev, handle), 0);
	foreign_free(&foreign);
}

/**
 * SUBTEST: fence-imported
 * Description: The end of a job, put as a sync file into the dma-buf of an object that it does not use, keeps other
 *	files' jobs on that object waiting.
 */
static void fence_imported(struct mirage *dev)
{
	struct space first, second;
	struct buf flag, shared, ours;
	struct space_job held, job;
	struct foreign foreign;
	struct mirage other;
	int fence;

	foreign_vgem(&foreign);
	/* Jobs of one file are in the order that its user gives them, and no other. */
	igt_assert_eq(mirage_open_node(&other, dev->node), 0);
	space_open(&first, &other);
	space_open(&second, dev);
	flag = buf_new(&first, PAGE, SYSTEM);
	shared = buf_adopt(&second, prime_import(dev, foreign.fd), SIZE);
	ours = buf_new(&second, SIZE, SYSTEM);

	held = held_job(&first, &flag);
	space_job_submit(&held, NULL, 0);
	igt_assert_eq(mirage_syncobj_export_sync_file(&other, held.syncobj, &fence), 0);
	prime_import_fence(foreign.fd, fence, DMA_BUF_SYNC_WRITE);
	close(fence);
	igt_assert(!prime_is_idle(foreign.fd, false));

	words_write(foreign.words, SIZE, 8);
	job = space_job_new(&second);
	mirage_ib_copy(&job.ib, gpu_ptr(ours.addr), gpu_ptr(shared.addr), SIZE);
	space_job_submit(&job, NULL, 0);
	bystander_job(dev);
	igt_assert(!space_job_is_done(&job));
	words_write(foreign.words, SIZE, 9);
	release_job(&flag);
	space_job_wait(&job);
	words_check(ours.words, SIZE, 9);

	space_job_free(&job);
	space_job_free(&held);
	buf_free(&second, &ours);
	buf_free(&second, &shared);
	buf_free(&first, &flag);
	space_close(&second);
	space_close(&first);
	mirage_close(&other);
	foreign_free(&foreign);
}

/**
 * SUBTEST: faulting-fence-imported
 * Description: The end of a job that may fault, put into a dma-buf in the same way, keeps nobody waiting who may
 *	not fault: mm may have to wait for him.
 */
static void faulting_fence_imported(struct mirage *dev)
{
	struct buf shared, ours;
	struct foreign foreign;
	struct space space;
	struct gpu faulting;
	struct job held;
	uint64_t *gate;
	int fence;

	foreign_vgem(&foreign);
	space_open(&space, dev);
	shared = buf_adopt(&space, prime_import(dev, foreign.fd), SIZE);
	ours = buf_new(&space, SIZE, SYSTEM);

	gpu_open(&faulting);
	gate = (uint64_t *)&faulting.out[64];
	*gate = 0;
	held = job_new(&faulting);
	mirage_ib_sem_wait(&held.ib, gate, 1);
	job_submit(&held);
	igt_assert_eq(mirage_syncobj_export_sync_file(&faulting.dev, held.syncobj, &fence), 0);
	prime_import_fence(foreign.fd, fence, DMA_BUF_SYNC_WRITE);
	close(fence);
	igt_assert(!prime_is_idle(foreign.fd, false));

	words_write(foreign.words, SIZE, 8);
	space_copy(&space, ours.addr, shared.addr, SIZE);
	words_check(ours.words, SIZE, 8);
	igt_assert(!job_is_done(&held));
	__atomic_store_n(gate, 1, __ATOMIC_SEQ_CST);
	igt_assert_eq(job_wait(&held), 0);

	job_free(&held);
	gpu_close(&faulting);
	buf_free(&space, &ours);
	buf_free(&space, &shared);
	space_close(&space);
	foreign_free(&foreign);
}

/**
 * SUBTEST: exported-under-a-job
 * Description: An object is exported for the first time while a job writes to it: who gets it hears of that.
 */
static void exported_under_a_job(struct mirage *dev)
{
	struct space_job job;
	struct space space;
	struct buf buf, flag;
	int fd;

	space_open(&space, dev);
	flag = buf_new(&space, PAGE, SYSTEM);
	buf = buf_new(&space, SIZE, VRAM | SYSTEM);
	job = held_job(&space, &flag);
	mirage_ib_fill(&job.ib, gpu_ptr(buf.addr), SIZE, 0x2a2a2a2a);
	space_job_submit(&job, NULL, 0);

	fd = prime_export(dev, buf.handle);
	igt_assert(!prime_is_idle(fd, false));
	release_job(&flag);
	prime_begin(fd, DMA_BUF_SYNC_READ);
	igt_assert_eq_u32(buf.words[SIZE / 4 - 1], 0x2a2a2a2a);
	prime_end(fd, DMA_BUF_SYNC_READ);
	space_job_wait(&job);
	igt_assert(prime_is_idle(fd, true));

	close(fd);
	space_job_free(&job);
	buf_free(&space, &buf);
	buf_free(&space, &flag);
	space_close(&space);
}

/**
 * SUBTEST: evicted-while-exported
 * Description: An exported object makes room in video memory: who has mapped its dma-buf, and who has the handle of it,
 *	finds every byte, before and after it is used in video memory again.
 */
static void evicted_while_exported(struct mirage *dev)
{
	struct buf buf, out;
	struct space space;
	uint32_t *map;
	int fd;

	space_open(&space, dev);
	out = buf_new(&space, SIZE, SYSTEM);
	buf = buf_new(&space, SIZE, VRAM);
	words_write(buf.words, SIZE, 10);
	fd = prime_export(dev, buf.handle);
	map = prime_map(fd, SIZE);
	words_check(map, SIZE, 10);
	igt_assert_eq_u32(buf_location(&space, &buf), VRAM);

	press_vram(dev, buf.handle);
	words_check(map, SIZE, 10);
	words_check(buf.words, SIZE, 10);
	words_write(map, SIZE, 11);

	space_copy(&space, out.addr, buf.addr, SIZE);
	words_check(out.words, SIZE, 11);
	igt_assert_eq_u32(buf_location(&space, &buf), VRAM);
	words_check(map, SIZE, 11);

	munmap(map, SIZE);
	close(fd);
	buf_free(&space, &buf);
	buf_free(&space, &out);
	space_close(&space);
}

static void copy_subtest(struct mirage *dev, const char *name, void (*create)(struct foreign *))
{
	igt_describe("The GPU copies out of a foreign buffer and into it.");
	igt_subtest_f("copy-%s", name)
		copy(dev, create);
}

static void flag_subtest(struct mirage *dev, const char *name, void (*test)(struct mirage *, bool),
			 bool flag, const char *description)
{
	igt_describe(description);
	igt_subtest(name)
		test(dev, flag);
}

static void subtest(struct mirage *dev, const char *name, void (*test)(struct mirage *),
		    const char *description)
{
	igt_describe(description);
	igt_subtest(name)
		test(dev);
}

int igt_main()
{
	static struct mirage dev;

	igt_fixture()
		igt_assert_eq(mirage_open(&dev), 0);

	copy_subtest(&dev, "vgem", foreign_vgem);
	copy_subtest(&dev, "udmabuf", foreign_udmabuf);
	copy_subtest(&dev, "heap", foreign_heap);
	subtest(&dev, "close-order", close_order, "The owner closes first.");
	flag_subtest(&dev, "waits-for-writer", waits_for, true, "A job waits for a fence of vgem's.");
	flag_subtest(&dev, "waits-for-reader", waits_for, false, "A job waits for a fence of vgem's.");
	flag_subtest(&dev, "seen-by-others-imported", seen_by_others, true,
		     "Others see our job on their buffer.");
	flag_subtest(&dev, "seen-by-others-exported", seen_by_others, false,
		     "Others see our job on our object.");
	subtest(&dev, "private-unseen", private_unseen, "Jobs leave alone what they do not have.");
	subtest(&dev, "fence-imported", fence_imported, "A sync file put into a dma-buf is waited for.");
	subtest(&dev, "faulting-fence-imported", faulting_fence_imported,
		"A sync file of a job that may fault keeps nobody waiting who may not.");
	subtest(&dev, "exported-under-a-job", exported_under_a_job,
		"An object that is exported while a job writes to it.");
	subtest(&dev, "evicted-while-exported", evicted_while_exported,
		"An exported object makes room in video memory.");

	igt_fixture()
		mirage_close(&dev);
}
