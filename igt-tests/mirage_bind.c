// SPDX-License-Identifier: MIT
/**
 * TEST: mirage bind
 * Description: VM_BIND: what an address space maps, seen in its page tables and by its jobs.
 * Category: Core
 */
#include <sys/mman.h>

#include "debugfs.h"
#include "igt_mirage.h"
#include "igt_mirage_bo.h"
#include "igt_mirage_space.h"
#include "memory.h"
#include "text.h"

IGT_TEST_DESCRIPTION("What VM_BIND maps, seen in page tables and by jobs.");

#define VALID	DRM_MIRAGE_SVM_PAGE_VALID
#define WRITE	DRM_MIRAGE_SVM_PAGE_WRITE
#define VRAM	DRM_MIRAGE_SVM_PAGE_VRAM
#define NULLS	DRM_MIRAGE_SVM_PAGE_NULL
#define P64K	DRM_MIRAGE_SVM_PAGE_64K
#define P2M	DRM_MIRAGE_SVM_PAGE_2M

/* An address that nothing else of a space uses, 512 GiB aligned. */
#define FAR	(DRM_MIRAGE_VA_START + (8ull << 39))

static void bind_one(struct space *space, struct drm_mirage_bind bind)
{
	space_binds(space, &bind, 1);
}

/**
 * SUBTEST: map-unmap
 * Description: An object of each placement is mapped, copied to and from, and taken away; the page
 *	tables say where it lies.
 */
static void map_unmap(struct space *space)
{
	struct buf from = buf_new(space, 16 * PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	struct buf to = buf_new(space, 16 * PAGE, DRM_MIRAGE_PLACEMENT_VRAM);

	space_check_pages(space, from.addr, from.size, VALID | WRITE, VRAM | NULLS);
	space_check_pages(space, to.addr, to.size, VALID | WRITE | VRAM, NULLS);
	space_check_pages(space, from.addr - PAGE, PAGE, 0, VALID);
	space_check_pages(space, from.addr + from.size, PAGE, 0, VALID);

	words_write(from.words, from.size, 1);
	space_copy(space, to.addr, from.addr, from.size);
	words_check(to.words, to.size, 1);

	space_unbind(space, to.addr, to.size);
	space_check_pages(space, to.addr, to.size, 0, VALID);
	space_bind_at(space, to.addr, to.handle, 0, to.size);
	words_check(to.words, to.size, 1);
	buf_free(space, &from);
	buf_free(space, &to);
}

/**
 * SUBTEST: split
 * Description: Pages of a mapping are taken away, replaced by others and made NULL, at its
 *	beginning, in the middle and at its end; all that is left stays as it was.
 */
static void split(struct space *space)
{
	const uint64_t n = 64;
	struct buf a = buf_new(space, n * PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	struct buf b = buf_new(space, n * PAGE, DRM_MIRAGE_PLACEMENT_VRAM);
	struct buf out = buf_new(space, n * PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	const struct drm_mirage_bind binds[] = {
		mirage_bind_map(FAR, n * PAGE, a.handle, 0, 0),
		mirage_bind_map(FAR, 2 * PAGE, b.handle, 0, 0),
		mirage_bind_map(FAR + 20 * PAGE, 5 * PAGE, b.handle, 20 * PAGE, 0),
		mirage_bind_null(FAR + 40 * PAGE, 3 * PAGE),
		mirage_bind_map(FAR + (n - 1) * PAGE, PAGE, b.handle, (n - 1) * PAGE, 0),
	};

	words_write(a.words, a.size, 3);
	words_write(b.words, b.size, 7);
	igt_assert_eq(mirage_vm_bind(space->dev, space->vm, binds, ARRAY_SIZE(binds)), 0);
	space_check_pages(space, FAR, n * PAGE, VALID | WRITE, 0);
	space_check_pages(space, FAR + 40 * PAGE, 3 * PAGE, NULLS, 0);
	space_copy(space, out.addr, FAR, n * PAGE);

	for (uint64_t i = 0; i < n; i++) {
		const uint32_t *want = i < 2 || (i >= 20 && i < 25) || i == n - 1 ? b.words : a.words;

		for (uint64_t w = i * PAGE / 4; w < (i + 1) * PAGE / 4; w++)
			igt_assert_eq_u32(out.words[w], i >= 40 && i < 43 ? 0 : want[w]);
	}

	bind_one(space, mirage_bind_unmap(FAR + 10 * PAGE, 25 * PAGE));
	space_check_pages(space, FAR, 10 * PAGE, VALID, 0);
	space_check_pages(space, FAR + 10 * PAGE, 25 * PAGE, 0, VALID);
	space_check_pages(space, FAR + 35 * PAGE, (n - 35) * PAGE, VALID, 0);
	bind_one(space, mirage_bind_unmap(FAR - PAGE, (n + 2) * PAGE));
	space_check_pages(space, FAR - PAGE, (n + 2) * PAGE, 0, VALID);
	buf_free(space, &a);
	buf_free(space, &b);
	buf_free(space, &out);
}

/**
 * SUBTEST: null-everywhere
 * Description: All of the address space becomes NULL, objects are mapped into it here and there and
 *	taken away again, with nothing and with NULL in their place. Nothing but what was asked for
 *	changes.
 */
static void null_everywhere(struct space *space)
{
	static const uint64_t places[] = {
		FAR, FAR + 5 * PAGE, FAR + BLOCK - PAGE, FAR + (1ull << 30) - 2 * PAGE,
		FAR + (1ull << 39) - PAGE, DRM_MIRAGE_VA_END - 4 * PAGE,
	};
	struct buf buf = buf_new(space, 4 * PAGE, DRM_MIRAGE_PLACEMENT_VRAM);
	const uint64_t start = FAR - (1ull << 39);
	unsigned int i;

	bind_one(space, mirage_bind_null(start, DRM_MIRAGE_VA_END - start));
	space_check_pages(space, start, 2 * BLOCK, VALID | WRITE | NULLS | P2M, VRAM);
	space_check_pages(space, DRM_MIRAGE_VA_END - BLOCK, BLOCK, NULLS | P2M, 0);
	space_check_pages(space, start - PAGE, PAGE, 0, VALID);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		uint64_t at = places[i];

		space_bind_at(space, at, buf.handle, 0, buf.size);
		space_check_pages(space, at, buf.size, VALID | WRITE | VRAM, NULLS);
		space_check_pages(space, at - PAGE, PAGE, NULLS, 0);
		if (at + buf.size < DRM_MIRAGE_VA_END)
			space_check_pages(space, at + buf.size, PAGE, NULLS, 0);
		words_write(buf.words, buf.size, i);
		space_fill(space, at + PAGE, PAGE, 0x1234);
		igt_assert_eq_u32(buf.words[PAGE / 4], 0x1234);
		bind_one(space, mirage_bind_null(at, buf.size));
		space_check_pages(space, at, buf.size, NULLS, VRAM);
	}
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		bind_one(space, mirage_bind_unmap(places[i] + PAGE, 2 * PAGE));
		space_check_pages(space, places[i], PAGE, NULLS, 0);
		space_check_pages(space, places[i] + PAGE, 2 * PAGE, 0, VALID);
		space_check_pages(space, places[i] + 3 * PAGE, PAGE, NULLS, 0);
		bind_one(space, mirage_bind_null(places[i] + PAGE, 2 * PAGE));
	}
	bind_one(space, mirage_bind_unmap(start, DRM_MIRAGE_VA_END - start));
	for (i = 0; i < ARRAY_SIZE(places); i++)
		space_check_pages(space, places[i], PAGE, 0, VALID);
	buf_free(space, &buf);
}

/**
 * SUBTEST: null-reads-zero
 * Description: Jobs read zeroes from a NULL mapping, and what they write there is nowhere.
 */
static void null_reads_zero(struct space *space)
{
	struct buf buf = buf_new(space, 32 * PAGE, DRM_MIRAGE_PLACEMENT_VRAM);

	bind_one(space, mirage_bind_null(FAR, 32 * PAGE));
	words_write(buf.words, buf.size, 1);
	space_copy(space, FAR, buf.addr, buf.size);
	words_check(buf.words, buf.size, 1);
	space_copy(space, buf.addr, FAR, buf.size);
	for (uint64_t i = 0; i < buf.size / 4; i++)
		igt_assert_eq_u32(buf.words[i], 0);
	bind_one(space, mirage_bind_unmap(FAR, 32 * PAGE));
	buf_free(space, &buf);
}

/**
 * SUBTEST: leaf-sizes
 * Description: Contiguous video memory gets leaves of 2 MiB where address and offset allow, of
 *	64 KiB where they allow that, and else of 4 KiB; taking one page out splits no more than
 *	its own leaf.
 */
static void leaf_sizes(struct space *space)
{
	const uint64_t size = 8 * BLOCK;
	struct buf buf = buf_new(space, 2 * PAGE, DRM_MIRAGE_PLACEMENT_VRAM);
	struct drm_mirage_bo_query state;
	uint32_t handle;

	igt_assert_eq(mirage_bo_create(space->dev, size, DRM_MIRAGE_PLACEMENT_VRAM,
				       DRM_MIRAGE_BO_CONTIGUOUS, &handle), 0);
	space_bind_at(space, FAR, handle, 0, size);
	igt_assert_eq(mirage_bo_query(space->dev, handle, &state), 0);
	igt_assert_eq_u64(state.largest, size);
	space_check_pages(space, FAR, size, VALID | VRAM | P2M, P64K);

	bind_one(space, mirage_bind_unmap(FAR + BLOCK + 5 * PAGE, PAGE));
	space_check_pages(space, FAR, BLOCK, P2M, P64K);
	space_check_pages(space, FAR + BLOCK, 5 * PAGE, VALID, P2M | P64K);
	space_check_pages(space, FAR + BLOCK + 16 * PAGE, BLOCK - 16 * PAGE, VALID | P64K, P2M);
	space_check_pages(space, FAR + 2 * BLOCK, size - 2 * BLOCK, P2M, P64K);
	bind_one(space, mirage_bind_map(FAR + BLOCK + 5 * PAGE, PAGE, handle, BLOCK + 5 * PAGE, 0));
	space_check_pages(space, FAR, size, P2M, P64K);

	space_bind_at(space, 2 * FAR, handle, 16 * PAGE, BLOCK);
	space_check_pages(space, 2 * FAR, BLOCK, VALID | P64K, P2M);
	space_bind_at(space, 2 * FAR, handle, PAGE, BLOCK);
	space_check_pages(space, 2 * FAR, BLOCK, VALID, P64K | P2M);

	space_fill(space, FAR + 3 * BLOCK - PAGE, PAGE, 0xabcd);
	space_copy(space, buf.addr + PAGE, 2 * FAR + BLOCK - 2 * PAGE, PAGE);
	space_copy(space, buf.addr, FAR + 3 * BLOCK - PAGE, PAGE);
	igt_assert_eq_u32(buf.words[0], 0xabcd);
	igt_assert_eq_u32(buf.words[PAGE / 4], 0);
	igt_assert_eq(mirage_bo_close(space->dev, handle), 0);
	bind_one(space, mirage_bind_unmap(FAR, size));
	bind_one(space, mirage_bind_unmap(2 * FAR, BLOCK));
	buf_free(space, &buf);
}

static void job_fails(struct space *space, uint64_t to, uint64_t from, uint64_t addr)
{
	struct drm_mirage_queue_query state;
	struct drm_mirage_fault fault;
	struct space_job job;
	uint32_t count = 1;
	uint32_t queue = space_add_queue(space, DRM_MIRAGE_QUEUE_NO_FAULT);

	job = space_job_new(space);
	job.queue = queue;
	mirage_ib_copy(&job.ib, gpu_ptr(to), gpu_ptr(from), PAGE);
	space_job_submit(&job, NULL, 0);
	igt_assert_lt(space_job_status(&job), 0);
	space_job_free(&job);
	igt_assert_eq(mirage_queue_query(space->dev, queue, &state), 0);
	igt_assert_eq(state.state, DRM_MIRAGE_QUEUE_FAULTED);
	igt_assert_eq(mirage_vm_faults(space->dev, space->vm, &fault, &count), 0);
	igt_assert_eq(count, 1);
	igt_assert_eq_u64(fault.addr & ~(PAGE - 1), addr);
	igt_assert_eq(mirage_queue_destroy(space->dev, queue), 0);
}

/**
 * SUBTEST: readonly
 * Description: A read-only mapping can be read; a job that writes there is stopped, and nothing is
 *	written. Beside it the same object is writable. Both keep their rights when they are split.
 */
static void readonly(struct space *space)
{
	struct buf buf = buf_new(space, 4 * PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	struct buf out = buf_new(space, 4 * PAGE, DRM_MIRAGE_PLACEMENT_VRAM);

	words_write(buf.words, buf.size, 9);
	bind_one(space, mirage_bind_map(FAR, buf.size, buf.handle, 0, DRM_MIRAGE_BIND_READONLY));
	space_check_pages(space, FAR, buf.size, VALID, WRITE);
	space_copy(space, out.addr, FAR, buf.size);
	words_check(out.words, out.size, 9);
	job_fails(space, FAR, out.addr, FAR);
	words_check(buf.words, buf.size, 9);

	bind_one(space, mirage_bind_unmap(FAR + PAGE, PAGE));
	space_check_pages(space, FAR, PAGE, VALID, WRITE);
	space_check_pages(space, FAR + 2 * PAGE, 2 * PAGE, VALID, WRITE);
	job_fails(space, out.addr, FAR + PAGE, FAR + PAGE);
	bind_one(space, mirage_bind_map(FAR + PAGE, PAGE, buf.handle, 0, 0));
	space_fill(space, FAR + PAGE, PAGE, 0x77);
	igt_assert_eq_u32(buf.words[1], 0x77);
	/* A right that is taken away is gone at once. */
	bind_one(space, mirage_bind_map(FAR + PAGE, PAGE, buf.handle, 0, DRM_MIRAGE_BIND_READONLY));
	job_fails(space, FAR + PAGE, out.addr, FAR + PAGE);
	igt_assert_eq_u32(buf.words[1], 0x77);
	bind_one(space, mirage_bind_unmap(FAR, buf.size));
	buf_free(space, &buf);
	buf_free(space, &out);
}

/**
 * SUBTEST: private
 * Description: An object that belongs to an address space works there and nowhere else.
 */
static void private(struct space *space)
{
	struct drm_mirage_bo_create args = {
		.size = 4 * PAGE,
		.placement = DRM_MIRAGE_PLACEMENT_VRAM | DRM_MIRAGE_PLACEMENT_SYSTEM,
		.flags = DRM_MIRAGE_BO_CPU_ACCESS,
		.vm_id = space->vm,
	};
	struct drm_mirage_bind bind;
	struct buf own, other;
	uint32_t vm;

	do_ioctl(space->dev->fd, DRM_IOCTL_MIRAGE_BO_CREATE, &args);
	own = buf_adopt(space, args.handle, args.size);
	other = buf_new(space, args.size, DRM_MIRAGE_PLACEMENT_SYSTEM);
	words_write(own.words, own.size, 2);
	space_copy(space, other.addr, own.addr, own.size);
	words_check(other.words, other.size, 2);

	igt_assert_eq(mirage_vm_create_with(space->dev, 0, &vm), 0);
	bind = mirage_bind_map(FAR, own.size, own.handle, 0, 0);
	igt_assert_eq(mirage_vm_bind(space->dev, vm, &bind, 1), -EINVAL);
	bind.handle = other.handle;
	igt_assert_eq(mirage_vm_bind(space->dev, vm, &bind, 1), 0);
	igt_assert_eq(mirage_vm_destroy(space->dev, vm), 0);
	buf_free(space, &own);
	buf_free(space, &other);
}

/**
 * SUBTEST: closed-object
 * Description: A mapping keeps its object, content and all, when the last handle is closed.
 */
static void closed_object(struct space *space)
{
	struct buf buf = buf_new(space, 8 * PAGE, DRM_MIRAGE_PLACEMENT_VRAM);
	struct buf out = buf_new(space, 8 * PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);

	words_write(buf.words, buf.size, 5);
	igt_assert_eq(munmap(buf.words, buf.size), 0);
	igt_assert_eq(mirage_bo_close(space->dev, buf.handle), 0);
	space_copy(space, out.addr, buf.addr, buf.size);
	words_check(out.words, out.size, 5);
	space_unbind(space, buf.addr, buf.size);
	space_check_pages(space, buf.addr, buf.size, 0, VALID);
	buf_free(space, &out);
}

/**
 * SUBTEST: same-object-often
 * Description: One object at many addresses, whole and in parts, next to itself: a write at one is
 *	seen at all.
 */
static void same_object_often(struct space *space)
{
	struct drm_mirage_bind binds[64];
	struct buf buf = buf_new(space, 16 * PAGE, DRM_MIRAGE_PLACEMENT_VRAM);
	struct buf out = buf_new(space, 16 * PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(binds); i++)
		binds[i] = mirage_bind_map(FAR + i * PAGE, PAGE, buf.handle, i % 16 * PAGE, 0);
	space_binds(space, binds, ARRAY_SIZE(binds));
	words_write(buf.words, buf.size, 11);
	for (i = 0; i < 4; i++) {
		space_copy(space, out.addr, FAR + i * 16 * PAGE, out.size);
		words_check(out.words, out.size, 11);
	}
	space_fill(space, FAR + 33 * PAGE, PAGE, 0x55);
	for (i = 0; i < 4; i++) {
		space_copy(space, out.addr, FAR + (1 + i * 16) * PAGE, PAGE);
		igt_assert_eq_u32(out.words[100], 0x55);
	}
	bind_one(space, mirage_bind_unmap(FAR, 64 * PAGE));
	buf_free(space, &buf);
	buf_free(space, &out);
}

/**
 * SUBTEST: beside-the-mirror
 * Description: In an address space that mirrors this process a job copies from memory of the
 *	process to an object and back; unmapping one leaves the other alone.
 */
static void beside_the_mirror(struct space *unused)
{
	const size_t size = 4 * BLOCK;
	uint32_t *mine = mem_anon(size);
	struct buf buf = { .size = size };
	struct drm_mirage_bind bind;
	struct gpu gpu;
	void *map;

	gpu_open(&gpu);
	igt_assert_eq(mirage_bo_create(&gpu.dev, size, DRM_MIRAGE_PLACEMENT_VRAM,
				       DRM_MIRAGE_BO_CPU_ACCESS, &buf.handle), 0);
	igt_assert_eq(mirage_bo_map(&gpu.dev, buf.handle, size, &map), 0);
	buf.words = map;
	bind = mirage_bind_map(DRM_MIRAGE_VA_START, size, buf.handle, 0, 0);
	igt_assert_eq(mirage_vm_bind(&gpu.dev, gpu.vm, &bind, 1), 0);

	words_write(mine, size, 21);
	gpu_copy(&gpu, gpu_ptr(DRM_MIRAGE_VA_START), mine, size);
	words_check(buf.words, size, 21);
	mem_unmap(mine, size);
	mine = mem_anon(size);
	gpu_copy(&gpu, mine, gpu_ptr(DRM_MIRAGE_VA_START), size);
	words_check(mine, size, 21);
	gpu_assert_alive(&gpu);

	bind = mirage_bind_unmap(DRM_MIRAGE_VA_START, size);
	igt_assert_eq(mirage_vm_bind(&gpu.dev, gpu.vm, &bind, 1), 0);
	igt_assert(gpu_page(&gpu, mine) & VALID);
	igt_assert(!(gpu_page(&gpu, gpu_ptr(DRM_MIRAGE_VA_START)) & VALID));
	gpu_read_fails(&gpu, gpu_ptr(DRM_MIRAGE_VA_START + PAGE), EFAULT);
	igt_assert_eq(munmap(buf.words, size), 0);
	mem_unmap(mine, size);
	gpu_close(&gpu);
}

/**
 * SUBTEST: debugfs
 * Description: A binding is in debugfs, with its address, its object and the page tables' own view of it.
 */
static void debugfs(struct space *space)
{
	struct buf buf = buf_new(space, 24 * PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	char row[128], process[32];

	bind_one(space, mirage_bind_map(FAR, 3 * PAGE, buf.handle, 16 * PAGE,
					DRM_MIRAGE_BIND_READONLY));
	snprintf(process, sizeof(process), "[%d],", getpid());
	igt_assert_lte(1, text_lines(debugfs_text(space->dev, "vms"), "vm ", process));
	snprintf(row, sizeof(row), " bind %#llx..%#llx ", FAR, FAR + 3 * PAGE);
	igt_assert_eq(text_lines(debugfs_text(space->dev, "vms"), row,
				 " object of 98304 bytes from 0x10000, read-only"), 1);
	snprintf(row, sizeof(row), "  %#llx..%#llx ", FAR, FAR + 3 * PAGE);
	igt_assert_eq(text_lines(debugfs_text(space->dev, "vms"), row, "   3 pages r-"), 1);
	bind_one(space, mirage_bind_unmap(FAR, 3 * PAGE));
	snprintf(row, sizeof(row), "%#llx..", FAR);
	igt_assert_eq(text_lines(debugfs_text(space->dev, "vms"), row, ""), 0);
	buf_free(space, &buf);
}

/* Queue calls of one operation each, and wait for the last. */
static void bind_async(struct space *space, const struct drm_mirage_bind *binds,
		       unsigned int count, uint32_t syncobj)
{
	struct drm_mirage_sync sync = mirage_sync_signal(syncobj);

	for (unsigned int i = 0; i < count; i++)
		igt_assert_eq(mirage_vm_bind_async(space->dev, space->vm, &binds[i], 1, &sync, 1),
			      0);
	igt_assert_eq(mirage_syncobj_wait(space->dev, syncobj, JOB_DEADLINE), 0);
}

/**
 * SUBTEST: neighbours-of-a-split
 * Description: A leaf of 2 MiB is split and made whole again, as one of its pages goes and comes, while a job reads all
 *	others, which it must have at every moment: also when it has just lost what it knew of the leaf, as a
 *	right was taken.
 */
static void neighbours_of_a_split(struct space *space)
{
	const uint32_t flags = DRM_MIRAGE_BO_CPU_ACCESS | DRM_MIRAGE_BO_CONTIGUOUS;
	struct bo bo = bo_new_with(space->dev, BLOCK, BO_VRAM, flags, 0, 0);
	struct buf out = buf_new(space, BLOCK, DRM_MIRAGE_PLACEMENT_SYSTEM);
	struct space_job jobs[16], *last = &jobs[ARRAY_SIZE(jobs) - 1];
	const struct drm_mirage_bind split[] = {
		mirage_bind_map(FAR, BLOCK, bo.handle, 0, 0),
		mirage_bind_map(FAR, BLOCK, bo.handle, 0, DRM_MIRAGE_BIND_READONLY),
		mirage_bind_unmap(FAR, PAGE),
	};
	const struct drm_mirage_bind whole[] = {
		mirage_bind_map(FAR, PAGE, bo.handle, 0, DRM_MIRAGE_BIND_READONLY),
	};
	unsigned int rounds, splits = 0;
	uint32_t syncobj;

	words_write((uint32_t *)bo.words, BLOCK, 5);
	space_bind_at(space, FAR, bo.handle, 0, BLOCK);
	igt_assert_eq(mirage_syncobj_create(space->dev, false, &syncobj), 0);
	for (rounds = 0; splits < 20; rounds++) {
		/* On a busy host the jobs may be done before the first split is. */
		igt_assert_lt(rounds, 500);
		for (unsigned int i = 0; i < ARRAY_SIZE(jobs); i++) {
			jobs[i] = space_job_new(space);
			for (unsigned int j = 0; j < 100; j++)
				mirage_ib_copy(&jobs[i].ib, gpu_ptr(out.addr + PAGE),
					       gpu_ptr(FAR + PAGE), BLOCK - PAGE);
			space_job_submit(&jobs[i], NULL, 0);
		}
		do {
			space_check_pages(space, FAR, BLOCK, VALID | P2M, 0);
			bind_async(space, split, ARRAY_SIZE(split), syncobj);
			space_check_pages(space, FAR, PAGE, 0, VALID);
			space_check_pages(space, FAR + PAGE, BLOCK - PAGE, VALID, P2M);
			bind_async(space, whole, ARRAY_SIZE(whole), syncobj);
			splits += !space_job_is_done(last);
		} while (!space_job_is_done(last));
		for (unsigned int i = 0; i < ARRAY_SIZE(jobs); i++) {
			space_job_wait(&jobs[i]);
			space_job_free(&jobs[i]);
		}
		igt_assert(!memcmp(out.words + PAGE / 4, (char *)bo.words + PAGE, BLOCK - PAGE));
	}
	igt_info("%u splits in %u rounds of jobs\n", splits, rounds);
	space_unbind(space, FAR, BLOCK);
	igt_assert_eq(mirage_syncobj_destroy(space->dev, syncobj), 0);
	buf_free(space, &out);
	bo_free(&bo);
}

static const struct space_scenario scenarios[] = {
	{ "map-unmap", map_unmap, "Objects of each placement are mapped, used and taken away." },
	{ "split", split, "Parts of a mapping are replaced and taken away; the rest stays." },
	{ "null-everywhere", null_everywhere,
	  "All of the address space is NULL, with objects mapped into it here and there." },
	{ "null-reads-zero", null_reads_zero, "NULL mappings read as zeroes and take no writes." },
	{ "leaf-sizes", leaf_sizes, "Leaves are as large as memory and addresses allow." },
	{ "readonly", readonly, "Read-only mappings are read and never written." },
	{ "private", private, "An object of one address space works there alone." },
	{ "closed-object", closed_object, "A mapping keeps its object." },
	{ "same-object-often", same_object_often, "One object at many addresses." },
	{ "debugfs", debugfs, "What is bound, in debugfs." },
	{ "neighbours-of-a-split", neighbours_of_a_split,
	  "A leaf is split and made whole while a job uses the rest of it." },
	{ "beside-the-mirror", beside_the_mirror,
	  "Objects and the process's own memory in one address space." },
};

int igt_main()
{
	space_subtests(scenarios, ARRAY_SIZE(scenarios));
}
