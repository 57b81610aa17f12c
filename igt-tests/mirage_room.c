// SPDX-License-Identifier: MIT
/**
 * TEST: mirage room
 * Description: Who gets room in video memory where all want it at the same time, and who has to leave.
 * Category: Core
 */
#include "igt_mirage_bo.h"
#include "igt_mirage_space.h"
#include "tenant.h"

IGT_TEST_DESCRIPTION("Who gets room in video memory where all want it at the same time.");

#define WORKERS		3
#define ROUNDS		12

static void who_works_stays(struct mirage *dev, bool private)
{
	static struct tenant works, idle, comes;

	tenant_open(&works, dev, 40, private);
	tenant_open(&idle, dev, 40, private);
	tenant_work(&works, 1);
	igt_assert_eq(tenant_resident(&idle), idle.count);
	tenant_open(&comes, dev, 40, private);
	igt_assert_eq(tenant_resident(&works), works.count);
	igt_assert_eq(tenant_resident(&comes), comes.count);
	igt_assert_lt(tenant_resident(&idle), idle.count);
	tenant_check(&works, 1);
	tenant_close(&works);
	tenant_close(&idle);
	tenant_close(&comes);
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
		static struct tenant tenant;
		struct mirage own;

		igt_assert_eq(mirage_open(&own), 0);
		tenant_open(&tenant, &own, 60, child % 2);
		for (uint32_t round = 0; round < ROUNDS; round++) {
			tenant_work(&tenant, child * 1000 + round * 100);
			tenant_check(&tenant, child * 1000 + round * 100);
		}
		tenant_close(&tenant);
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
			static struct tenant tenant;
			struct mirage own;

			igt_assert_eq(mirage_open(&own), 0);
			tenant_open(&tenant, &own, 60, i);
			for (uint32_t round = 0;; round++)
				tenant_work(&tenant, round);
		}
	}
	for (unsigned int round = 0; round < 40; round++) {
		struct bo bo = bo_new(dev, TENANT_BO_SIZE, BO_VRAM);

		igt_assert_eq_u64(bo.words[TENANT_BO_SIZE / 16], 0);
		bo_write(&bo, round);
		bo_expect(&bo, round);
		bo_free(&bo);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(crowd); i++)
		igt_stop_helper(&crowd[i]);
}

static const struct bo_scenario scenarios[] = {
	{ "who-works-stays", shared_stay, "What the last job used stays, what is idle leaves." },
	{ "who-works-stays-private", private_stay, "The same for private objects." },
	{ "all-at-once", all_at_once, "Jobs that do not fit together, at the same time." },
	{ "first-touch-in-a-crowd", first_touch, "First touches while others fill video memory." },
};

int igt_main()
{
	bo_subtests(scenarios, ARRAY_SIZE(scenarios));
}
