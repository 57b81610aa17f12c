// SPDX-License-Identifier: MIT
/**
 * TEST: mirage bind evict
 * Description: Mappings of VM_BIND while objects are moved out of video memory and back, and page
 *	tables when there is none left.
 * Category: Core
 */
#include <sys/mman.h>

#include "igt_mirage.h"
#include "igt_mirage_bo.h"
#include "igt_mirage_space.h"

IGT_TEST_DESCRIPTION("Mappings of objects that are moved out of video memory and back.");

#define VALID	DRM_MIRAGE_SVM_PAGE_VALID
#define VRAM	DRM_MIRAGE_SVM_PAGE_VRAM
#define FAR	(DRM_MIRAGE_VA_START + (8ull << 39))
#define SIZE	(4ul << 20)
#define MAX	128

/* Objects of another file that fill video memory, and push others out. */
struct filler {
	struct mirage dev;
	struct bo bos[MAX];
	unsigned int count;
};

static void filler_open(struct filler *filler)
{
	filler->count = 0;
	igt_assert_eq(mirage_open(&filler->dev), 0);
}

/* Put all of video memory to the filler's use, however often it is asked. */
static void filler_fill(struct filler *filler)
{
	uint64_t vram = bo_param(&filler->dev, DRM_MIRAGE_PARAM_VRAM_SIZE);

	while (filler->count)
		bo_free(&filler->bos[--filler->count]);
	for (; filler->count < vram / SIZE + 1; filler->count++) {
		igt_assert_lt(filler->count, MAX);
		filler->bos[filler->count] = bo_new(&filler->dev, SIZE, BO_VRAM);
		filler->bos[filler->count].words[SIZE / 16] = filler->count;
	}
}

static void filler_close(struct filler *filler)
{
	for (unsigned int i = 0; i < filler->count; i++) {
		igt_assert_eq_u64(filler->bos[i].words[SIZE / 16], i);
		bo_free(&filler->bos[i]);
	}
	mirage_close(&filler->dev);
}

/**
 * SUBTEST: job-brings-back
 * Description: An object is pushed out of video memory, and with that out of the page tables; the
 *	next job that may not fault finds it mapped again, with its content, and did not fault.
 */
static void job_brings_back(struct space *space)
{
	struct buf buf = buf_new(space, SIZE, DRM_MIRAGE_PLACEMENT_VRAM);
	struct buf out = buf_new(space, SIZE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	uint64_t stats[DRM_MIRAGE_STAT_COUNT];
	static struct filler filler;

	words_write(buf.words, buf.size, 1);
	space_fill(space, buf.addr, PAGE, 0x1111);
	words_write(buf.words, PAGE, 1);
	filler_open(&filler);
	for (int round = 0; round < 3; round++) {
		filler_fill(&filler);
		igt_assert_eq(buf_location(space, &buf), DRM_MIRAGE_PLACEMENT_SYSTEM);
		space_check_pages(space, buf.addr, buf.size, 0, VALID);
		space_copy(space, out.addr, buf.addr, buf.size);
		words_check(out.words, out.size, 1);
		igt_assert_eq(buf_location(space, &buf), DRM_MIRAGE_PLACEMENT_VRAM);
		space_check_pages(space, buf.addr, buf.size, VALID | VRAM, 0);
		words_write(out.words, out.size, 0);
	}
	igt_assert_eq(mirage_vm_stats(space->dev, space->vm, stats), 0);
	igt_assert_eq_u64(stats[DRM_MIRAGE_STAT_FAULTS], 0);
	words_check(buf.words, buf.size, 1);
	filler_close(&filler);
	buf_free(space, &buf);
	buf_free(space, &out);
}

/**
 * SUBTEST: fault-brings-back
 * Description: The same for a queue that may fault: its access brings the object back, to all
 *	addresses that it is mapped at.
 */
static void fault_brings_back(struct space *space)
{
	struct buf buf = buf_new(space, SIZE, DRM_MIRAGE_PLACEMENT_VRAM);
	struct buf out = buf_new(space, SIZE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	uint32_t queue = space_add_queue(space, 0), own = space->queue;
	uint64_t stats[DRM_MIRAGE_STAT_COUNT], before;
	static struct filler filler;

	space_bind_at(space, FAR, buf.handle, SIZE / 2, SIZE / 2);
	words_write(buf.words, buf.size, 2);
	filler_open(&filler);
	space->queue = queue;
	for (int round = 0; round < 3; round++) {
		igt_assert_eq(mirage_vm_stats(space->dev, space->vm, stats), 0);
		before = stats[DRM_MIRAGE_STAT_FAULTS];
		filler_fill(&filler);
		space_check_pages(space, buf.addr, buf.size, 0, VALID);
		space_copy(space, out.addr, buf.addr, buf.size);
		words_check(out.words, out.size, 2);
		igt_assert_eq(mirage_vm_stats(space->dev, space->vm, stats), 0);
		igt_assert_lt_u64(before, stats[DRM_MIRAGE_STAT_FAULTS]);
		igt_assert_eq_u64(stats[DRM_MIRAGE_STAT_FAILED], 0);
		space_check_pages(space, buf.addr, buf.size, VALID | VRAM, 0);
		space_check_pages(space, FAR, SIZE / 2, VALID | VRAM, 0);
		words_write(out.words, out.size, 0);
	}
	space->queue = own;
	filler_close(&filler);
	igt_assert_eq(mirage_queue_destroy(space->dev, queue), 0);
	space_unbind(space, FAR, SIZE / 2);
	buf_free(space, &buf);
	buf_free(space, &out);
}

/**
 * SUBTEST: split-while-away
 * Description: Mappings of an object that is not in video memory are split, doubled and taken away; it
 *	comes back to those that are left.
 */
static void split_while_away(struct space *space)
{
	struct buf buf = buf_new(space, SIZE, DRM_MIRAGE_PLACEMENT_VRAM);
	struct buf out = buf_new(space, PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	struct drm_mirage_bind binds[] = {
		mirage_bind_unmap(buf.addr + 3 * PAGE, PAGE),
		mirage_bind_null(buf.addr + SIZE / 2, PAGE),
		mirage_bind_map(FAR, PAGE, buf.handle, 7 * PAGE, 0),
		mirage_bind_unmap(buf.addr + SIZE - PAGE, PAGE),
	};
	static struct filler filler;

	words_write(buf.words, buf.size, 3);
	filler_open(&filler);
	filler_fill(&filler);
	/* All but the third, which brings the object back itself. */
	space_binds(space, &binds[0], 2);
	space_binds(space, &binds[3], 1);
	space_check_pages(space, buf.addr, SIZE / 2, 0, VALID);
	space_check_pages(space, buf.addr + SIZE / 2 + PAGE, SIZE / 2 - 2 * PAGE, 0, VALID);
	space_copy(space, out.addr, buf.addr + 4 * PAGE, PAGE);
	igt_assert(!memcmp(out.words, buf.words + 4 * PAGE / 4, PAGE));
	space_check_pages(space, buf.addr, 3 * PAGE, VALID | VRAM, 0);
	space_check_pages(space, buf.addr + 3 * PAGE, PAGE, 0, VALID);
	space_check_pages(space, buf.addr + SIZE / 2, PAGE, DRM_MIRAGE_SVM_PAGE_NULL, 0);
	space_check_pages(space, buf.addr + SIZE - PAGE, PAGE, 0, VALID);

	filler_fill(&filler);
	space_binds(space, &binds[2], 1);
	space_check_pages(space, FAR, PAGE, VALID | VRAM, 0);
	space_copy(space, out.addr, FAR, PAGE);
	igt_assert(!memcmp(out.words, buf.words + 7 * PAGE / 4, PAGE));
	space_copy(space, out.addr, buf.addr + 8 * PAGE, PAGE);
	igt_assert(!memcmp(out.words, buf.words + 8 * PAGE / 4, PAGE));
	filler_close(&filler);
	space_unbind(space, FAR, PAGE);
	buf_free(space, &buf);
	buf_free(space, &out);
}

/**
 * SUBTEST: spaces-in-turn
 * Description: Two address spaces that together need more video memory than there is run jobs in
 *	turn, on all of their objects; each finds its own content.
 */
static void spaces_in_turn(struct space *space)
{
	static struct buf bufs[2][MAX];
	uint64_t vram = bo_param(space->dev, DRM_MIRAGE_PARAM_VRAM_SIZE);
	uint64_t before = bo_param(space->dev, DRM_MIRAGE_PARAM_EVICTIONS);
	const unsigned int n = vram * 65 / 100 / SIZE;
	struct space other, *spaces[2] = { space, &other };
	unsigned int round, s, i;

	igt_assert_lte(n, MAX);
	space_open(&other, space->dev);
	for (s = 0; s < 2; s++) {
		for (i = 0; i < n; i++) {
			bufs[s][i] = buf_new(spaces[s], SIZE, DRM_MIRAGE_PLACEMENT_VRAM);
			words_write(bufs[s][i].words, PAGE, s * 1000 + i);
		}
	}
	for (round = 0; round < 3; round++) {
		for (s = 0; s < 2; s++) {
			struct space_job job = space_job_new(spaces[s]);

			/* The first page of each wanders on, page by page. */
			for (i = 0; i < n; i++)
				mirage_ib_copy(&job.ib,
					       gpu_ptr(bufs[s][i].addr + (round + 1) * PAGE),
					       gpu_ptr(bufs[s][(i + 1) % n].addr + round * PAGE),
					       PAGE);
			space_job_submit(&job, NULL, 0);
			space_job_wait(&job);
			space_job_free(&job);
		}
	}
	for (s = 0; s < 2; s++) {
		for (i = 0; i < n; i++) {
			for (round = 0; round < 4; round++)
				words_check(bufs[s][i].words + round * PAGE / 4, PAGE,
					    s * 1000 + (i + round) % n);
			buf_free(spaces[s], &bufs[s][i]);
		}
	}
	igt_assert_lt_u64(before + n, bo_param(space->dev, DRM_MIRAGE_PARAM_EVICTIONS));
	space_close(&other);
}

/**
 * SUBTEST: tables-without-vram
 * Description: With video memory full to the last page an address space is made, maps objects at a
 *	hundred places, mirrors this process, and works: its page tables lie in system memory.
 */
static void tables_without_vram(struct space *space)
{
	const unsigned int places = 100, small = 2200;
	static struct filler filler;
	uint64_t evictions, used;
	static struct bo bos[2200];
	struct buf buf, out;
	struct space other;
	unsigned int i;
	struct gpu gpu;

	buf = buf_new(space, PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	filler_open(&filler);
	filler_fill(&filler);
	/* The free rest is smaller than one of the filler's. */
	evictions = bo_param(space->dev, DRM_MIRAGE_PARAM_EVICTIONS);
	for (i = 0; i < small; i++) {
		bos[i] = bo_new(&filler.dev, PAGE, BO_VRAM);
		bos[i].words[5] = i;
		if (bo_param(space->dev, DRM_MIRAGE_PARAM_EVICTIONS) != evictions)
			break;
	}
	igt_assert_lt(i, small);
	/* One of the filler's has left for the last: fill what it left, too. */
	for (; bo_param(space->dev, DRM_MIRAGE_PARAM_VRAM_USED) <
	       bo_param(space->dev, DRM_MIRAGE_PARAM_VRAM_SIZE); i++) {
		igt_assert_lt(i + 1, small);
		bos[i + 1] = bo_new(&filler.dev, PAGE, BO_VRAM);
		bos[i + 1].words[5] = i + 1;
	}
	used = bo_param(space->dev, DRM_MIRAGE_PARAM_VRAM_USED);
	evictions = bo_param(space->dev, DRM_MIRAGE_PARAM_EVICTIONS);

	space_open(&other, space->dev);
	out = buf_new(&other, places * PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	for (unsigned int p = 0; p < places; p++)
		space_bind_at(&other, FAR + p * (1ull << 30), buf.handle, 0, PAGE);
	words_write(buf.words, PAGE, 77);
	for (unsigned int p = 0; p < places; p += 9) {
		space_check_pages(&other, FAR + p * (1ull << 30), PAGE, VALID, VRAM);
		space_copy(&other, out.addr + p * PAGE, FAR + p * (1ull << 30), PAGE);
		words_check(out.words + p * PAGE / 4, PAGE, 77);
	}
	gpu_open(&gpu);
	gpu_write32(&gpu, &gpu.out[7], 0x12345678);
	igt_assert_eq_u32(gpu.out[7], 0x12345678);
	gpu_close(&gpu);
	igt_assert_eq_u64(bo_param(space->dev, DRM_MIRAGE_PARAM_VRAM_USED), used);
	igt_assert_eq_u64(bo_param(space->dev, DRM_MIRAGE_PARAM_EVICTIONS), evictions);

	for (unsigned int p = 0; p < places; p++)
		space_unbind(&other, FAR + p * (1ull << 30), PAGE);
	buf_free(&other, &out);
	space_close(&other);
	for (unsigned int k = 0; k <= i; k++) {
		igt_assert_eq_u64(bos[k].words[5], k);
		bo_free(&bos[k]);
	}
	filler_close(&filler);
	buf_free(space, &buf);
}

/**
 * SUBTEST: tables-leave-room
 * Description: A page is mapped at so many places, far apart, that their page tables would fill video memory:
 *	most of it stays for objects, and all places are mapped.
 */
static void tables_leave_room(struct space *space)
{
	static struct drm_mirage_bind binds[4096];
	const uint64_t apart = 2ul << 20, step = ARRAY_SIZE(binds) * apart;
	uint64_t vram = bo_param(space->dev, DRM_MIRAGE_PARAM_VRAM_SIZE);
	struct buf buf = buf_new(space, PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	struct buf out = buf_new(space, PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	uint64_t end = FAR + 5 * step, addr;

	words_write(buf.words, PAGE, 5);
	for (addr = FAR; addr < end; addr += step) {
		for (unsigned int i = 0; i < ARRAY_SIZE(binds); i++)
			binds[i] = mirage_bind_map(addr + i * apart, PAGE, buf.handle, 0, 0);
		space_binds(space, binds, ARRAY_SIZE(binds));
	}
	igt_assert_lt_u64(vram / 4, (end - FAR) / apart * PAGE);
	igt_assert_lte_u64(bo_param(space->dev, DRM_MIRAGE_PARAM_VRAM_USED), vram / 4);
	for (addr = FAR; addr < end; addr += 997 * apart) {
		space_check_pages(space, addr, PAGE, VALID, VRAM);
		memset(out.words, 0, PAGE);
		space_copy(space, out.addr, addr, PAGE);
		words_check(out.words, PAGE, 5);
	}
	space_unbind(space, FAR, end - FAR);
	buf_free(space, &out);
	buf_free(space, &buf);
}

static const struct space_scenario scenarios[] = {
	{ "job-brings-back", job_brings_back, "A job brings back what was pushed out." },
	{ "fault-brings-back", fault_brings_back, "A fault brings back what was pushed out." },
	{ "split-while-away", split_while_away, "Mappings change while their object is away." },
	{ "spaces-in-turn", spaces_in_turn,
	  "Two address spaces, each with more than half of video memory, work in turn." },
	{ "tables-leave-room", tables_leave_room,
	  "Page tables of mappings far apart leave video memory to objects." },
	{ "tables-without-vram", tables_without_vram,
	  "Page tables in system memory, when video memory is full." },
};

int igt_main()
{
	space_subtests(scenarios, ARRAY_SIZE(scenarios));
}
