// SPDX-License-Identifier: MIT
/**
 * TEST: mirage copy
 * Description: The kernel's own copies, by which objects are moved and zeroed: large ones, and when the device
 *	hangs on one.
 * Category: Core
 */
#include "debugfs.h"
#include "igt_mirage.h"
#include "igt_mirage_bo.h"
#include "igt_mirage_space.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("The kernel's own copies: large ones, and when the device hangs on one.");

#define EITHER	(DRM_MIRAGE_PLACEMENT_VRAM | DRM_MIRAGE_PLACEMENT_SYSTEM)

/**
 * SUBTEST: move-in-many-jobs
 * Description: An object larger than one job of the kernel copies leaves video memory and comes back: all of its
 *	pages are what they were.
 */
static void move_in_many_jobs(struct gpu *gpu)
{
	const uint64_t size = 72ull << 20;
	struct space space;
	struct buf buf;
	uint64_t i;

	space_open(&space, &gpu->dev);
	buf = buf_new(&space, size, EITHER);
	for (i = 0; i < size; i += PAGE)
		buf.words[i / 4] = 0xabc00000 + i / PAGE;
	igt_assert_eq_u32(buf_location(&space, &buf), DRM_MIRAGE_PLACEMENT_VRAM);
	press_vram(&gpu->dev, buf.handle);
	igt_assert_eq_u32(buf_location(&space, &buf), DRM_MIRAGE_PLACEMENT_SYSTEM);
	/* A job has it back where it is best. */
	space_fill(&space, buf.addr + 8, 4, 77);
	igt_assert_eq_u32(buf_location(&space, &buf), DRM_MIRAGE_PLACEMENT_VRAM);
	for (i = 0; i < size; i += PAGE) {
		igt_assert_eq_u32(buf.words[i / 4], 0xabc00000 + i / PAGE);
		igt_assert_eq_u32(buf.words[i / 4 + 2], i ? 0 : 77);
	}
	buf_free(&space, &buf);
	space_close(&space);
}

/**
 * SUBTEST: hang-while-zeroing
 * Description: The device hangs on the packet that zeroes an object. Its old content is never shown; the
 *	channel is set going again, and the next object is zeroed as ever.
 */
static void hang_while_zeroing(struct gpu *gpu)
{
	struct bo bad, good;

	gpu_inject(gpu, "hang_chan", channel_of_kernel(&gpu->dev) + 1);
	bad = bo_new(&gpu->dev, BLOCK, BO_VRAM);
	igt_assert(bo_access_dies(bad.words));
	igt_assert_eq(gpu_injected(gpu, "hang_chan"), 0);

	good = bo_new(&gpu->dev, BLOCK, BO_VRAM);
	bo_expect_zero(&good);
	bo_write(&good, 5);
	bo_expect(&good, 5);
	igt_assert(bo_access_dies(bad.words));
	bo_free(&bad);
	bo_free(&good);
	gpu_assert_alive(gpu);
}

/**
 * SUBTEST: zeroing-waits-for-no-job
 * Description: A job that may not fault waits for this process. Meanwhile a new object of the same address space
 *	is bound and touched, and one of another process: both are there, and zero, before the job
 *	goes on.
 */
static void zeroing_waits_for_no_job(struct gpu *gpu)
{
	struct space_job waits;
	struct space space;
	struct buf word;
	struct bo bo;
	uint64_t addr;

	space_open(&space, &gpu->dev);
	word = buf_new(&space, PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	waits = space_job_new(&space);
	mirage_ib_sem_wait(&waits.ib, gpu_ptr(word.addr), 1);
	space_job_submit(&waits, NULL, 0);

	bo = bo_new_with(&gpu->dev, BLOCK, BO_VRAM, BO_CPU, DRM_MIRAGE_BO_PRIORITY_NORMAL, space.vm);
	addr = space_bind(&space, bo.handle, 0, BLOCK);
	bo_expect_zero(&bo);
	bo_write(&bo, 6);
	igt_fork(child, 1) {
		struct mirage dev;
		struct bo other;

		igt_assert_eq(mirage_open(&dev), 0);
		other = bo_new(&dev, BLOCK, BO_VRAM);
		bo_expect_zero(&other);
		bo_free(&other);
		mirage_close(&dev);
	}
	igt_waitchildren();
	igt_assert(!space_job_is_done(&waits));

	__atomic_store_n((uint64_t *)word.words, 1, __ATOMIC_SEQ_CST);
	space_job_wait(&waits);
	bo_expect(&bo, 6);
	space_unbind(&space, addr, BLOCK);
	bo_free(&bo);
	space_job_free(&waits);
	buf_free(&space, &word);
	space_close(&space);
}

static const struct gpu_scenario scenarios[] = {
	{ "move-in-many-jobs", move_in_many_jobs, "A large object moves whole." },
	{ "zeroing-waits-for-no-job", zeroing_waits_for_no_job,
	  "What never had memory has no user to be waited for." },
	{ "hang-while-zeroing", hang_while_zeroing,
	  "A hang of the kernel's own copies loses what was copied and nothing else." },
};

int igt_main()
{
	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));
}
