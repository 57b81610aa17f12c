/* SPDX-License-Identifier: MIT */
/* Which task waits, for the device or in the kernel, and on behalf of which function. */
#ifndef WAITS_H
#define WAITS_H

#include <stdbool.h>
#include <sys/types.h>

/* Skips where the kernel does not show the stacks of tasks. */
void waits_require(void);
/* Whether a process sleeps in @function of the kernel. */
bool process_waits(pid_t pid, const char *function);
/* Whether a task sleeps until the command queue has answered, called by way of @function. */
bool task_waits(pid_t tid, const char *function);
/* The same for any task of the machine, those of the kernel included. */
bool anyone_waits(const char *function);
/* Whether any task of the machine sleeps in @function, called by way of @caller. */
bool anyone_sleeps(const char *function, const char *caller);

#endif /* WAITS_H */
