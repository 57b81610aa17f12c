// SPDX-License-Identifier: MIT
/*
 * Time: bounds for subtests, and the clock of bounded waits.
 *
 * The bound is an alarm; its handler leaves the subtest like a failed
 * assertion does. A thread stuck in the kernel is beyond it: the runner's own
 * time-out is for that.
 */
#include <poll.h>
#include <signal.h>

#include "igt_internal.h"

static const char *timed_operation;

static void on_alarm(int sig igt_unused)
{
	igt_assert_f(false, "timed out: %s\n", timed_operation);
}

void igt_set_timeout(unsigned int seconds, const char *operation)
{
	struct sigaction sa = { .sa_handler = on_alarm, .sa_flags = SA_NODEFER };

	timed_operation = operation;
	sigaction(SIGALRM, &sa, NULL);
	alarm(seconds);
}

void igt_reset_timeout(void)
{
	alarm(0);
}

int64_t igt_nsec_elapsed(struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!start->tv_sec && !start->tv_nsec) {
		*start = now;
		return 0;
	}
	return (now.tv_sec - start->tv_sec) * 1000000000LL + now.tv_nsec - start->tv_nsec;
}

void __igt_pause_ms(unsigned int ms)
{
	poll(NULL, 0, ms);
}
