// SPDX-License-Identifier: MIT
/*
 * One subtest for each way to end, for protocol.c to look at from outside.
 */
#include <pthread.h>
#include <signal.h>

#include "igt.h"

IGT_TEST_DESCRIPTION("Every way a subtest can end.");

static int runs;

static void *failing_thread(void *arg)
{
	igt_assert(!arg);
	return NULL;
}

static void thread_fails(void)
{
	pthread_t thread;

	igt_assert(!pthread_create(&thread, NULL, failing_thread, &runs));
	pthread_join(thread, NULL);
}

static struct igt_helper_process helper;

static void helped(void)
{
	igt_fork_helper(&helper)
		for (;;)
			pause();
	igt_assert(helper.running);
	igt_stop_helper(&helper);
	igt_assert(!helper.running);
	/* This one is left behind. */
	igt_fork_helper(&helper)
		for (;;)
			pause();
}

static void late(void)
{
	igt_set_timeout(1, "waiting for what never comes");
	for (;;)
		pause();
}

int igt_main()
{
	igt_fixture()
		runs = 1;

	igt_describe("Ends well.");
	igt_subtest("good")
		igt_assert_eq(runs, 1);

	igt_describe("Asserts what is wrong.");
	igt_subtest("bad")
		igt_assert_eq(runs, 2);

	igt_subtest("undescribed")
		igt_require_f(runs == 2, "runs is %d\n", runs);

	igt_subtest("crash")
		raise(SIGSEGV);

	igt_subtest("late")
		late();

	igt_subtest("thread")
		thread_fails();

	igt_subtest("children") {
		igt_fork(i, 3)
			igt_assert_lt(i, 3);
		igt_waitchildren();
	}

	igt_subtest("bad-child") {
		igt_fork(i, 3)
			igt_assert_lt(i, 2);
		igt_waitchildren();
	}

	igt_subtest("orphan")
		igt_fork(i, 1)
			for (;;)
				pause();

	igt_subtest("helper")
		helped();

	igt_subtest_with_dynamic("dynamic") {
		igt_dynamic_f("part-%d", 1)
			igt_assert_eq(runs, 1);
		igt_dynamic("part-skipped")
			igt_skip("not here\n");
	}

	igt_subtest_with_dynamic("dynamic-bad") {
		igt_dynamic("good")
			igt_assert_eq(runs, 1);
		igt_dynamic("bad")
			igt_assert_eq(runs, 2);
	}

	/* A subtest that fails jumps back to where it began. */
	for (volatile int i = 0; i < 2; i++)
		igt_subtest_f("numbered-%d", i)
			igt_assert(i < 2);

	igt_subtest_group() {
		igt_fixture()
			igt_require(runs == 2);

		igt_subtest("group-skips")
			igt_assert(false);
	}

	igt_subtest_group() {
		igt_fixture()
			igt_assert(runs == 2);

		igt_subtest("group-fails")
			igt_assert(true);
	}

	igt_subtest("after-groups")
		igt_assert_eq(runs, 1);

	igt_subtest("abort")
		igt_abort_on_f(runs == 1, "no use in going on\n");
}
