// SPDX-License-Identifier: MIT
/*
 * Which task waits, for the device or in the kernel, and on behalf of which function.
 *
 * The kernel shows the stack of a task that sleeps in /proc. That is the only thing that tells a task that
 * waits from one that is slow, and it needs no pause to do so. Rejected: counters of the driver, which
 * would count the command and not the wait.
 */
#include <fcntl.h>
#include <glob.h>

#include "igt.h"
#include "waits.h"

#define STACK_SIZE	8192

void waits_require(void)
{
	igt_require_f(!access("/proc/self/stack", R_OK), "this kernel does not show stacks\n");
}

/* The stack of a task that sleeps, or "": a task that has ended meanwhile waits for nothing. */
static const char *stack_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	static __thread char stack[STACK_SIZE];
	ssize_t n;

	if (fd < 0)
		return "";
	n = read(fd, stack, sizeof(stack) - 1);
	close(fd);
	stack[n < 0 ? 0 : n] = '\0';
	return stack;
}

static bool stack_waits(const char *path, const char *function)
{
	const char *stack = stack_read(path);

	return strstr(stack, function) &&
	       (strstr(stack, "cmdq_wait") || strstr(stack, "cmdq_try_wait"));
}

bool task_waits(pid_t tid, const char *function)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/stack", tid);
	return stack_waits(path, function);
}

bool process_waits(pid_t pid, const char *function)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/stack", pid);
	return strstr(stack_read(path), function);
}

static bool stack_sleeps(const char *path, const char *function, const char *caller)
{
	const char *stack = stack_read(path);

	return strstr(stack, function) && strstr(stack, caller);
}

/* Every task of the machine. With a @caller, any sleep counts that both functions are in. */
static bool anyone(const char *function, const char *caller)
{
	bool found = false;
	glob_t paths;

	igt_assert_eq(glob("/proc/[0-9]*/task/[0-9]*/stack", GLOB_NOSORT, NULL, &paths), 0);
	for (size_t i = 0; i < paths.gl_pathc && !found; i++)
		found = caller ? stack_sleeps(paths.gl_pathv[i], function, caller) :
				 stack_waits(paths.gl_pathv[i], function);
	globfree(&paths);
	return found;
}

bool anyone_waits(const char *function)
{
	return anyone(function, NULL);
}

bool anyone_sleeps(const char *function, const char *caller)
{
	return anyone(function, caller);
}
