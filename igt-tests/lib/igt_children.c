// SPDX-License-Identifier: MIT
/*
 * Children of a subtest.
 *
 * A child tells how it ended by its exit status alone; what it says goes to
 * standard error, which the runner keeps beside the result. Children that are
 * left when a subtest ends are killed and reaped, so that one subtest cannot
 * disturb the next.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "igt_internal.h"

#define MAX_CHILDREN	256
#define MAX_HELPERS	16

/* Children not reaped yet. Only the test's main thread touches these. */
static pid_t children[MAX_CHILDREN];
static int nr_children;
static struct igt_helper_process *helpers[MAX_HELPERS];
static bool in_child;

bool igt_in_child(void)
{
	return in_child;
}

/* The child's pid, or 0 in the child. */
static pid_t fork_child(void)
{
	pid_t parent = getpid(), pid;

	fflush(NULL);
	pid = fork();
	igt_assert_f(pid >= 0, "fork failed: %s\n", strerror(errno));
	if (pid)
		return pid;

	in_child = true;
	nr_children = 0;
	memset(helpers, 0, sizeof(helpers));
	igt_reset_timeout();
	/* A test that is killed takes its children with it; it may be gone already. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(IGT_EXIT_FAILURE);
	return 0;
}

bool __igt_fork(void)
{
	pid_t pid;

	igt_assert_lt(nr_children, MAX_CHILDREN);
	pid = fork_child();
	if (pid)
		children[nr_children++] = pid;
	return !pid;
}

bool __igt_fork_helper(struct igt_helper_process *process)
{
	int id;

	igt_assert(!process->running);
	for (id = 0; id < MAX_HELPERS && helpers[id]; id++)
		;
	igt_assert_lt(id, MAX_HELPERS);
	process->id = id;
	process->pid = fork_child();
	if (!process->pid)
		return true;
	process->running = true;
	helpers[id] = process;
	return false;
}

void igt_stop_helper(struct igt_helper_process *process)
{
	if (!process->running)
		return;
	kill(process->pid, process->use_SIGKILL ? SIGKILL : SIGTERM);
	while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
		;
	process->running = false;
	helpers[process->id] = NULL;
}

void __igt_child_done(void)
{
	fflush(NULL);
	_exit(IGT_EXIT_SUCCESS);
}

static void take_child(int i)
{
	children[i] = children[--nr_children];
}

void igt_waitchildren(void)
{
	int bad = 0;

	while (nr_children) {
		int status, i;
		pid_t pid = waitpid(-1, &status, 0);

		if (pid < 0 && errno == EINTR)
			continue;
		igt_assert_f(pid > 0, "waitpid failed: %s\n", strerror(errno));
		for (i = 0; i < nr_children && children[i] != pid; i++)
			;
		if (i == nr_children)
			continue;
		take_child(i);
		if (WIFEXITED(status) && WEXITSTATUS(status) == IGT_EXIT_SUCCESS)
			continue;
		if (WIFSIGNALED(status))
			igt_warn("child %d died by signal %d (%s)\n", pid, WTERMSIG(status),
				 strsignal(WTERMSIG(status)));
		else
			igt_warn("child %d failed with exit status %d\n", pid,
				 WEXITSTATUS(status));
		bad++;
	}
	igt_assert_f(!bad, "%d children failed\n", bad);
}

void igt_kill_children(void)
{
	int i;

	for (i = 0; i < MAX_HELPERS; i++) {
		if (!helpers[i])
			continue;
		helpers[i]->use_SIGKILL = true;
		igt_stop_helper(helpers[i]);
	}
	for (i = 0; i < nr_children; i++)
		kill(children[i], SIGKILL);
	for (i = 0; i < nr_children; i++)
		while (waitpid(children[i], NULL, 0) < 0 && errno == EINTR)
			;
	nr_children = 0;
}
