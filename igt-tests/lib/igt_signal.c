// SPDX-License-Identifier: MIT
/*
 * A subtest that crashes is a result like others.
 *
 * The handler runs on a stack of its own, so that it works when the stack is
 * what ran out. It leaves the block with siglongjmp(): the process may be
 * damaged after that, but its other subtests get their chance, and the exit code
 * tells of the crash whatever they do. Children and threads are not rescued:
 * they die of the signal, and that is seen by who waits for them.
 */
#include <signal.h>

#include "igt_internal.h"

static const int crash_signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };

static void on_crash(int sig, siginfo_t *info, void *context igt_unused)
{
	char line[128];
	int n;

	n = snprintf(line, sizeof(line), "Received signal %s, code %d, address %p.\n",
		     sigabbrev_np(sig), info->si_code, info->si_addr);
	if (write(STDERR_FILENO, line, n) < 0)
		_exit(128 + sig);
	igt_crashed(sig);

	/* Nothing to leave: die of it. The handler is reset, and the signal is not blocked. */
	signal(sig, SIG_DFL);
	raise(sig);
}

void igt_catch_signals(void)
{
	static char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction sa = {
		.sa_sigaction = on_crash,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER,
	};
	size_t i;

	sigaltstack(&ss, NULL);
	for (i = 0; i < ARRAY_SIZE(crash_signals); i++)
		sigaction(crash_signals[i], &sa, NULL);
}
