// SPDX-License-Identifier: MIT
/*
 * The runner's protocol, held against a sample program from outside, as the
 * runner sees it: options in, standard output and exit code out.
 */
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct run {
	const char *args[4];
	int status;			/* exit code wanted */
	const char *output[4];		/* texts that standard output must have, in this order */
	const char *absent;		/* text that it must not have */
};

static const struct run runs[] = {
	{ { "--list-subtests" }, 0,
	  { "good\nbad\nundescribed\n", "numbered-0\nnumbered-1\n", "after-groups\nabort\n" },
	  "IGT-Version" },
	{ { "--describe" }, 0,
	  { "Every way a subtest can end.\n\n", "SUB good ", "  Ends well.\n",
	    "SUB undescribed " }, "Starting" },
	{ { "--describe=undescribed" }, 0, { "SUB undescribed ", "  NO DOCUMENTATION!\n" },
	  "SUB good" },
	{ { "--run-subtest", "good" }, 0,
	  { "IGT-Version: ", "Starting subtest: good\n", "Subtest good: SUCCESS (" }, "bad" },
	{ { "--run-subtest", "bad" }, 98,
	  { "Starting subtest: bad\n", "Subtest bad: FAIL (" }, "good" },
	{ { "--run-subtest", "undescribed" }, 77,
	  { "Test requirement: !(runs == 2)\nruns is 1\n", "Subtest undescribed: SKIP (" },
	  "FAIL" },
	{ { "--run-subtest", "g*d,undescribed" }, 0,
	  { "Subtest good: SUCCESS (", "Subtest undescribed: SKIP (" }, "FAIL" },
	{ { "--run-subtest", "crash,good,after-groups" }, 128 + 11,
	  { "Subtest good: SUCCESS (", "Subtest crash: CRASH (",
	    "Subtest after-groups: SUCCESS (" }, "FAIL" },
	{ { "--run-subtest", "late" }, 98, { "Subtest late: FAIL (1." }, "SUCCESS" },
	{ { "--run-subtest", "thread" }, 98, { "Subtest thread: FAIL (" }, "SUCCESS" },
	{ { "--run-subtest", "children" }, 0, { "Subtest children: SUCCESS (" }, "FAIL" },
	{ { "--run-subtest", "bad-child" }, 98, { "Subtest bad-child: FAIL (" }, "SUCCESS" },
	{ { "--run-subtest", "orphan" }, 0, { "Subtest orphan: SUCCESS (" }, "FAIL" },
	{ { "--run-subtest", "helper" }, 0, { "Subtest helper: SUCCESS (" }, "FAIL" },
	{ { "--run-subtest", "dynamic" }, 0,
	  { "Starting subtest: dynamic\n", "Starting dynamic subtest: part-1\n",
	    "Dynamic subtest part-1: SUCCESS (", "Dynamic subtest part-skipped: SKIP (" }, "FAIL" },
	{ { "--run-subtest", "dynamic-bad" }, 98,
	  { "Dynamic subtest good: SUCCESS (", "Dynamic subtest bad: FAIL (",
	    "Subtest dynamic-bad: FAIL (" }, "NOTRUN" },
	{ { "--run-subtest", "dynamic-bad", "--dynamic-subtest=good" }, 0,
	  { "Subtest dynamic-bad: SUCCESS (" }, "FAIL" },
	{ { "--run-subtest", "numbered-*,!*-0" }, 0, { "Subtest numbered-1: SUCCESS (" },
	  "numbered-0" },
	{ { "--run-subtest", "group-skips,after-groups" }, 0,
	  { "Subtest group-skips: SKIP (0.000s)", "Subtest after-groups: SUCCESS (" }, "FAIL" },
	{ { "--run-subtest", "group-fails,after-groups" }, 98,
	  { "Subtest group-fails: FAIL (0.000s)", "Subtest after-groups: SUCCESS (" }, "NOTRUN" },
	{ { "--run-subtest", "abort" }, 112, { "Starting subtest: abort\n" }, "Subtest abort:" },
	{ { "--run-subtest", "no-such" }, 79, { "" }, "Starting" },
	{ { "--no-such-option" }, 79, { "" }, "IGT-Version" },
	{ { "good" }, 79, { "" }, "IGT-Version" },
};

static int run_sample(const char *sample, const struct run *r, char *out, size_t size)
{
	char *argv[6] = { (char *)sample };
	posix_spawn_file_actions_t actions;
	int fds[2], status, n = 1;
	size_t used = 0;
	ssize_t got;
	pid_t pid;

	for (; n < 5 && r->args[n - 1]; n++)
		argv[n] = (char *)r->args[n - 1];
	argv[n] = NULL;

	if (pipe(fds))
		abort();
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, fds[0]);
	posix_spawn_file_actions_addclose(&actions, fds[1]);
	if (posix_spawn(&pid, sample, &actions, NULL, argv, environ))
		abort();
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	while (used < size - 1 && (got = read(fds[0], out + used, size - 1 - used)) > 0)
		used += got;
	out[used] = '\0';
	close(fds[0]);
	if (waitpid(pid, &status, 0) != pid)
		abort();

	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static bool check(const char *sample, const struct run *r)
{
	char out[8192];
	const char *at = out;
	int status, i;

	status = run_sample(sample, r, out, sizeof(out));
	if (status != r->status) {
		printf("exit code %d instead of %d\n", status, r->status);
		goto bad;
	}
	for (i = 0; i < 4 && r->output[i]; i++) {
		at = strstr(at, r->output[i]);
		if (!at) {
			printf("lacks: %s\n", r->output[i]);
			goto bad;
		}
		at += strlen(r->output[i]);
	}
	if (r->absent && strstr(out, r->absent)) {
		printf("has: %s\n", r->absent);
		goto bad;
	}
	return true;
bad:
	printf("%s %s\n%s\n", r->args[0], r->args[1] ? r->args[1] : "", out);
	return false;
}

/* Lines for the kernel's log go where IGT_KMSG says, those of a subtest between its beginning and its end. */
static bool check_kmsg(const char *sample)
{
	static const char *const lines[] = {
		": executing\n", ": starting subtest good\n", ": finished subtest good, SUCCESS\n", ": exiting, ret=0\n",
	};
	const struct run good = { { "--run-subtest", "good" }, 0, { "" }, "FAIL" };
	char path[] = "/tmp/kmsg-XXXXXX", text[4096], *at = text;
	int fd = mkstemp(path);
	bool right;
	ssize_t got;
	size_t i;

	if (fd < 0 || setenv("IGT_KMSG", path, 1))
		abort();
	right = check(sample, &good);
	got = pread(fd, text, sizeof(text) - 1, 0);
	text[got < 0 ? 0 : got] = '\0';
	for (i = 0; right && i < sizeof(lines) / sizeof(lines[0]); i++) {
		at = strstr(at, lines[i]);
		right = at;
		if (!right)
			printf("the log lacks '%s':\n%s\n", lines[i], text);
	}
	unsetenv("IGT_KMSG");
	unlink(path);
	close(fd);
	return right;
}

int main(int argc, char **argv)
{
	size_t i, n = sizeof(runs) / sizeof(runs[0]), bad = 0;

	if (argc != 2) {
		fprintf(stderr, "Usage: %s SAMPLE\n", argv[0]);
		return 2;
	}
	unsetenv("IGT_KMSG");
	for (i = 0; i < n; i++)
		bad += !check(argv[1], &runs[i]);
	bad += !check_kmsg(argv[1]);
	n++;
	printf("%zu of %zu runs of the sample went as they should\n", n - bad, n);
	return bad ? 1 : 0;
}
