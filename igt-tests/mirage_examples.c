// SPDX-License-Identifier: MIT
/**
 * TEST: mirage examples
 * Description: The programs of examples/ do what their text says, also where they report an error.
 * Category: Core
 */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "igt.h"

IGT_TEST_DESCRIPTION("The programs of examples/ do what their text says.");

/* All that a program leaves. */
struct outcome {
	int status;
	char text[4096];	/* standard output and standard error */
};

/* The examples are built in a folder beside that of this program. */
static void run_example(struct outcome *outcome, const char *command)
{
	char self[PATH_MAX], line[PATH_MAX + 128];
	ssize_t length;
	FILE *pipe;
	size_t n;

	length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	igt_assert_lt(0, length);
	self[length] = '\0';
	snprintf(line, sizeof(line), "%s/../examples/%s 2>&1", dirname(self), command);

	pipe = popen(line, "r");
	igt_assert(pipe);
	n = fread(outcome->text, 1, sizeof(outcome->text) - 1, pipe);
	outcome->text[n] = '\0';
	outcome->status = pclose(pipe);
	igt_assert(WIFEXITED(outcome->status));
	outcome->status = WEXITSTATUS(outcome->status);
	igt_info("%s exits with %d and says:\n%s", command, outcome->status, outcome->text);
}

/**
 * SUBTEST: first
 * Description: The first program's result is that of its formula, computed here again.
 */
static void first(void)
{
	uint32_t last = 100000 - 1;
	struct outcome outcome;
	char wanted[128];

	run_example(&outcome, "first");
	igt_assert_eq(outcome.status, 0);
	snprintf(wanted, sizeof(wanted), ": y[%u] = %u, 100000 of 100000 right\n", last,
		 3 * last + last * last);
	igt_assert(strstr(outcome.text, wanted));
}

/**
 * SUBTEST: first-wild
 * Description: A pointer to nowhere ends the first program with the access that did it, and why.
 */
static void first_wild(void)
{
	struct outcome outcome;
	const char *access;

	run_example(&outcome, "first --wild");
	igt_assert_eq(outcome.status, 1);
	igt_assert(strstr(outcome.text, "did not finish the job: faulted: "));
	/* Any work item may be the first to run, so any element of the array that is not there. */
	access = strstr(outcome.text, "read access to 0xdead");
	igt_assert(access);
	igt_assert(strstr(access, ": not present: Bad address, instruction at 0x"));
	igt_assert(!strstr(outcome.text, "right"));
}

int igt_main()
{
	igt_describe("The first program's result is that of its formula.");
	igt_subtest("first")
		first();

	igt_describe("The first program names the access that stopped its job.");
	igt_subtest("first-wild")
		first_wild();
}
