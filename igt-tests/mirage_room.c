// SPDX-License-Identifier: MIT
/**
 * TEST: mirage room
 * Description: Programs that want room in video memory at the same time: which get it, and which have to leave.
 * Category: Core
 */
#include <sys/mman.h>
#include <unistd.h>

#include "igt_mirage.h"
#include "igt_mirage_bo.h"
#include "igt_mirage_space.h"
#include "waits.h"
#include "working_set.h"

IGT_TEST_DESCRIPTION("Who gets room in video memory where all want it at the same time.");

#define WORKERS		3
#define ROUNDS		12

static void who_works_stays(struct mirage *dev, bool private)
{
	static struct working_set works, idle, comes;

	working_set_open(&works, dev, 40, private);
	working_set_open(&idle, dev, 40, private);
	working_set_work(&works, 1);
	igt_assert_eq(working_set_resident(&idle), idle.count);
	working_set_open(&comes, dev, 40, private);
	igt_assert_eq(working_set_resident(&works), works.count);
	igt_assert_eq(working_set_resident(&comes), comes.count);
	igt_assert_lt(working_set_resident(&idle), idle.count);
	working_set_check(&works, 1);
	working_set_close(&works);
	working_set_close(&idle);
	working_set_close(&comes);
}

/**
 * SUBTEST: who-works-stays
 * Description: Objects that were made first, and used by the last job: others that were made after them
 *	make room.
 */
static void shared_stay(struct mirage *dev)
{
	who_works_stays(dev, false);
}

/**
 * SUBTEST: who-works-stays-private
 * Description: The same for objects that are private to their address spaces.
 */
static void private_stay(struct mirage *dev)
{
	who_works_stays(dev, true);
}

/**
 * SUBTEST: all-at-once
 * Description: Processes that need more than half of video memory each submit at the same time, again
 *	and again: each job finds room, however long it has to wait for it.
 */
static void all_at_once(struct mirage *dev)
{
	uint64_t evictions = bo_param(dev, DRM_MIRAGE_PARAM_EVICTIONS);

	igt_fork(child, WORKERS) {
		static struct working_set set;
		struct mirage own;

		igt_assert_eq(mirage_open(&own), 0);
		working_set_open(&set, &own, 60, child % 2);
		for (uint32_t round = 0; round < ROUNDS; round++) {
			working_set_work(&set, child * 1000 + round * 100);
			working_set_check(&set, child * 1000 + round * 100);
		}
		working_set_close(&set);
		mirage_close(&own);
	}
	igt_waitchildren();
	igt_assert_lt_u64(evictions, bo_param(dev, DRM_MIRAGE_PARAM_EVICTIONS));
}

/**
 * SUBTEST: first-touch-in-a-crowd
 * Description: While others fill video memory with what their jobs use, a process touches new objects
 *	that can be nowhere else: it gets them, zeroed, and does not die.
 */
static void first_touch(struct mirage *dev)
{
	struct igt_helper_process crowd[2] = {};

	for (unsigned int i = 0; i < ARRAY_SIZE(crowd); i++) {
		igt_fork_helper(&crowd[i]) {
			static struct working_set set;
			struct mirage own;

			igt_assert_eq(mirage_open(&own), 0);
			working_set_open(&set, &own, 60, i);
			for (uint32_t round = 0;; round++)
				working_set_work(&set, round);
		}
	}
	for (unsigned int round = 0; round < 40; round++) {
		struct bo bo = bo_new(dev, WORKING_SET_BO_SIZE, BO_VRAM);

		igt_assert_eq_u64(bo.words[WORKING_SET_BO_SIZE / 16], 0);
		bo_write(&bo, round);
		bo_expect(&bo, round);
		bo_free(&bo);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(crowd); i++)
		igt_stop_helper(&crowd[i]);
}

/* Until a process, which tells its number, waits for a job. */
static void wait_until_it_waits(const volatile pid_t *pid)
{
	igt_assert(igt_wait(*pid && process_waits(*pid, "dma_fence_default_wait"), POLL_MS, 1));
}

/**
 * SUBTEST: others-go-on
 * Description: One job holds most of video memory, and two processes want more of it than is left. They wait for
 *	it; jobs of others and questions about the objects do not. When the job is over both have their room.
 */
static void others_go_on(struct mirage *dev)
{
	static struct working_set set;
	struct space_job job;
	struct buf flag;
	pid_t *pids;

	waits_require();
	pids = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	igt_assert(pids != MAP_FAILED);
	working_set_open(&set, dev, 90, false);
	flag = buf_new(&set.space, PAGE, BO_SYSTEM);
	job = space_job_new(&set.space);
	mirage_ib_sem_wait(&job.ib, gpu_ptr(flag.addr), 1);
	space_job_submit(&job, NULL, 0);

	igt_fork(child, 2) {
		static struct working_set comes;
		struct mirage own;

		igt_assert_eq(mirage_open(&own), 0);
		pids[child] = getpid();
		working_set_open(&comes, &own, 20, false);
		working_set_work(&comes, child);
		working_set_check(&comes, child);
		working_set_close(&comes);
		mirage_close(&own);
	}
	wait_until_it_waits(&pids[0]);
	wait_until_it_waits(&pids[1]);
	bystander_job(dev);
	igt_assert_eq(working_set_resident(&set), set.count);
	igt_assert(!space_job_is_done(&job));

	__atomic_store_n((uint64_t *)flag.words, 1, __ATOMIC_SEQ_CST);
	space_job_wait(&job);
	igt_waitchildren();

	space_job_free(&job);
	buf_free(&set.space, &flag);
	working_set_close(&set);
	igt_assert_eq(munmap(pids, PAGE), 0);
}

static const struct bo_scenario scenarios[] = {
	{ "who-works-stays", shared_stay, "What the last job used stays, what is idle leaves." },
	{ "who-works-stays-private", private_stay, "The same for private objects." },
	{ "all-at-once", all_at_once, "Jobs that do not fit together, at the same time." },
	{ "others-go-on", others_go_on, "Jobs while others wait for room." },
	{ "first-touch-in-a-crowd", first_touch, "First touches while others fill video memory." },
};

int igt_main()
{
	bo_subtests(scenarios, ARRAY_SIZE(scenarios));
}
