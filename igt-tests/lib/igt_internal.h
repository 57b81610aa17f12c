/* SPDX-License-Identifier: MIT */
/* Shared by the parts of the small IGT library. Not for tests. */
#ifndef IGT_INTERNAL_H
#define IGT_INTERNAL_H

#include "igt.h"

/**
 * igt_selected() - does a list of patterns select a name
 * @name: of a subtest
 * @patterns: shell wildcards separated by commas; one that begins with '!' takes
 *	away what earlier ones selected. A list that begins with such a one
 *	starts from everything.
 */
bool igt_selected(const char *name, const char *patterns);

/**
 * igt_in_child() - is this process one that igt_fork() made
 */
bool igt_in_child(void);

/**
 * igt_kill_children() - end and reap the children of igt_fork() that are left
 *
 * Called where a subtest ends, so that none outlives it.
 */
void igt_kill_children(void);

/**
 * igt_catch_signals() - make a crash of a subtest a result of that subtest
 */
void igt_catch_signals(void);

/**
 * igt_crashed() - leave the block that runs, which died by a signal
 * @sig: the signal. Called from its handler, on the alternate stack.
 *
 * Returns where no block runs: the signal then ends the process.
 */
void igt_crashed(int sig);

#endif /* IGT_INTERNAL_H */
