// SPDX-License-Identifier: MIT
/*
 * The runner's protocol: options, blocks, results, exit code.
 *
 * A test program is one pass over igt_main()'s body; what differs between
 * listing, describing and running is only which blocks are entered. Results go to
 * standard output as the runner parses them (and to standard error where it
 * asks for that, to place what is there), and into the kernel log, so that a
 * message of the driver can be told to the subtest that caused it.
 */
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/utsname.h>

#include "igt_internal.h"

enum mode {
	MODE_RUN,
	MODE_LIST,
	MODE_DESCRIBE,
};

enum outcome {
	OUTCOME_NONE,
	OUTCOME_SUCCESS,
	OUTCOME_SKIP,
	OUTCOME_FAIL,
	OUTCOME_CRASH,
};

static const char *const outcome_names[] = {
	[OUTCOME_NONE] = "NOTRUN",
	[OUTCOME_SUCCESS] = "SUCCESS",
	[OUTCOME_SKIP] = "SKIP",
	[OUTCOME_FAIL] = "FAIL",
	[OUTCOME_CRASH] = "CRASH",
};

/* A block with a result of its own. */
struct block {
	char name[160];
	struct timespec start;
	bool active;
};

/* All of this belongs to the main thread, but for thread_failed, which is atomic. */
static struct {
	enum mode mode;
	const char *pattern;		/* of --run-subtest; NULL: all */
	const char *dynamic_pattern;	/* of --dynamic-subtest; NULL: all */
	bool debug;
	bool sentinel;			/* the runner wants the lines on standard error too */
	bool matched;			/* a subtest matched the pattern */
	bool in_fixture;
	enum outcome sticky;		/* what a fixture did: FAIL or SKIP for all that follows */
	struct block subtest;
	struct block dynamic;
	bool has_dynamic;		/* the subtest consists of dynamic ones */
	int dynamic_run, dynamic_failed;
	int nr[OUTCOME_CRASH + 1];	/* subtests by outcome */
	int exitcode;			/* of the first failure */
	char description[1024];		/* of the next subtest */
} igt;

static bool thread_failed;

sigjmp_buf igt_subtest_jmpbuf;
sigjmp_buf igt_dynamic_jmpbuf;

/*
 * The runner divides the kernel's log among subtests by these lines. A test cannot know whose log it is, so the one who gives
 * it a machine says where they go: the lab's guest has IGT_KMSG=/dev/kmsg, a build on somebody's workstation has nothing.
 */
static void kmsg(const char *format, ...)
{
	const char *path = getenv("IGT_KMSG");
	char line[256];
	va_list ap;
	int fd, n;

	fd = path ? open(path, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	n = snprintf(line, sizeof(line), "<6>[IGT] %s: ", program_invocation_short_name);
	va_start(ap, format);
	vsnprintf(line + n, sizeof(line) - n, format, ap);
	va_end(ap);
	/* Without the right to write there the log lacks the line, and nothing else is lost. */
	n = write(fd, line, strlen(line));
	(void)n;
	close(fd);
}

static void say(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	fflush(stdout);
	if (igt.sentinel) {
		va_start(ap, format);
		vfprintf(stderr, format, ap);
		va_end(ap);
		fflush(stderr);
	}
}

void igt_log(enum igt_log_level level, const char *format, ...)
{
	FILE *out = level == IGT_LOG_INFO ? stdout : stderr;
	va_list ap;

	if (level == IGT_LOG_DEBUG && !igt.debug)
		return;
	if (level != IGT_LOG_INFO)
		fprintf(out, "(%s:%d) %s: ", program_invocation_short_name, getpid(),
			level == IGT_LOG_DEBUG ? "DEBUG" : "WARNING");
	va_start(ap, format);
	vfprintf(out, format, ap);
	va_end(ap);
	fflush(out);
}

/* Options */

static void usage(FILE *out)
{
	fprintf(out, "Usage: %s [OPTIONS]\n"
		"  --list-subtests             print the names of all subtests\n"
		"  --run-subtest PATTERN[,…]   run those; wildcards, '!' to exclude\n"
		"  --dynamic-subtest PATTERN   of those, run these dynamic subtests\n"
		"  --describe[=PATTERN]        print what subtests are about\n"
		"  --debug                     print debug messages too\n"
		"  --help\n", program_invocation_short_name);
}

void igt_subtest_init(int argc, char **argv)
{
	enum { LIST = 1, RUN, DYNAMIC, DESCRIBE, DEBUG, HELP };
	static const struct option options[] = {
		{ "list-subtests", no_argument, NULL, LIST },
		{ "run-subtest", required_argument, NULL, RUN },
		{ "dynamic-subtest", required_argument, NULL, DYNAMIC },
		{ "describe", optional_argument, NULL, DESCRIBE },
		{ "debug", no_argument, NULL, DEBUG },
		{ "help", no_argument, NULL, HELP },
		{ }
	};
	struct utsname u;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case LIST:
			igt.mode = MODE_LIST;
			break;
		case RUN:
			igt.pattern = optarg;
			break;
		case DYNAMIC:
			igt.dynamic_pattern = optarg;
			break;
		case DESCRIBE:
			igt.mode = MODE_DESCRIBE;
			igt.pattern = optarg;
			break;
		case DEBUG:
			igt.debug = true;
			break;
		case HELP:
			usage(stdout);
			exit(IGT_EXIT_SUCCESS);
		default:
			usage(stderr);
			exit(IGT_EXIT_INVALID);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "Unexpected argument: %s\n", argv[optind]);
		exit(IGT_EXIT_INVALID);
	}

	if (igt.mode == MODE_DESCRIBE && &__igt_test_description && !igt.pattern)
		printf("%s\n\n", __igt_test_description);
	if (igt.mode != MODE_RUN)
		return;

	igt.sentinel = getenv("IGT_SENTINEL_ON_STDERR");
	uname(&u);
	printf("IGT-Version: 2.5-mirage (%s) (Linux: %s %s)\n", u.machine, u.release, u.machine);
	fflush(stdout);
	kmsg("executing\n");
	igt_catch_signals();
}

void __igt_describe(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(igt.description, sizeof(igt.description), format, ap);
	va_end(ap);
}

/* Blocks */

static void block_start(struct block *b, const char *what)
{
	b->active = true;
	b->start = (struct timespec){ 0 };
	igt_nsec_elapsed(&b->start);
	say("Starting %s: %s\n", what, b->name);
}

static void block_finish(struct block *b, const char *what, enum outcome outcome)
{
	say("%s %s: %s (%.3fs)\n", what, b->name, outcome_names[outcome],
	    b->active ? igt_nsec_elapsed(&b->start) / 1e9 : 0.0);
	b->active = false;
}

static void subtest_finish(enum outcome outcome)
{
	alarm(0);
	igt_kill_children();
	if (__atomic_exchange_n(&thread_failed, false, __ATOMIC_SEQ_CST) &&
	    (outcome == OUTCOME_SUCCESS || outcome == OUTCOME_SKIP))
		outcome = OUTCOME_FAIL;
	block_finish(&igt.subtest, "Subtest", outcome);
	kmsg("finished subtest %s, %s\n", igt.subtest.name, outcome_names[outcome]);
	igt.nr[outcome]++;
	if (outcome == OUTCOME_FAIL && !igt.exitcode)
		igt.exitcode = IGT_EXIT_FAILURE;
}

static void dynamic_finish(enum outcome outcome)
{
	alarm(0);
	igt_kill_children();
	if (__atomic_exchange_n(&thread_failed, false, __ATOMIC_SEQ_CST) &&
	    (outcome == OUTCOME_SUCCESS || outcome == OUTCOME_SKIP))
		outcome = OUTCOME_FAIL;
	block_finish(&igt.dynamic, "Dynamic subtest", outcome);
	igt.dynamic_run += outcome != OUTCOME_SKIP;
	igt.dynamic_failed += outcome == OUTCOME_FAIL || outcome == OUTCOME_CRASH;
}

/* Leave the innermost block that runs, with this outcome. */
static void leave(enum outcome outcome) __attribute__((noreturn));
static void leave(enum outcome outcome)
{
	if (igt.dynamic.active) {
		dynamic_finish(outcome);
		siglongjmp(igt_dynamic_jmpbuf, 1);
	}
	if (igt.subtest.active) {
		subtest_finish(outcome);
		siglongjmp(igt_subtest_jmpbuf, 1);
	}
	if (igt.in_fixture) {
		igt.in_fixture = false;
		alarm(0);
		igt_kill_children();
		/* The exit code tells of it by the subtests that follow, if any is to run. */
		igt.sticky = outcome == OUTCOME_SKIP ? OUTCOME_SKIP : OUTCOME_FAIL;
		siglongjmp(igt_subtest_jmpbuf, 1);
	}
	fprintf(stderr, "outside of every subtest and fixture\n");
	exit(IGT_EXIT_ABORT);
}

bool __igt_fixture_begin(void)
{
	if (igt.mode != MODE_RUN || igt.sticky != OUTCOME_NONE)
		return false;
	igt.in_fixture = true;
	return true;
}

bool __igt_fixture_end(void)
{
	igt.in_fixture = false;
	return false;
}

bool __igt_group_begin(int *saved)
{
	*saved = igt.sticky;
	return true;
}

bool __igt_group_end(int saved)
{
	igt.sticky = saved;
	return false;
}

static void describe(const char *file, int line)
{
	char *text = igt.description[0] ? igt.description : "NO DOCUMENTATION!";

	printf("SUB %s %s:%d:\n  %s\n\n", igt.subtest.name, file, line, text);
}

bool __igt_subtest_begin(const char *file, int line, bool dynamic, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(igt.subtest.name, sizeof(igt.subtest.name), format, ap);
	va_end(ap);

	if (igt.pattern && !igt_selected(igt.subtest.name, igt.pattern)) {
		igt.description[0] = '\0';
		return false;
	}
	igt.matched = true;
	switch (igt.mode) {
	case MODE_LIST:
		printf("%s\n", igt.subtest.name);
		break;
	case MODE_DESCRIBE:
		describe(file, line);
		break;
	case MODE_RUN:
		break;
	}
	igt.description[0] = '\0';
	if (igt.mode != MODE_RUN)
		return false;

	if (igt.sticky != OUTCOME_NONE) {
		subtest_finish(igt.sticky);
		return false;
	}
	kmsg("starting subtest %s\n", igt.subtest.name);
	igt.has_dynamic = dynamic;
	igt.dynamic_run = 0;
	igt.dynamic_failed = 0;
	__atomic_store_n(&thread_failed, false, __ATOMIC_SEQ_CST);
	block_start(&igt.subtest, "subtest");
	return true;
}

bool __igt_subtest_end(void)
{
	enum outcome outcome = OUTCOME_SUCCESS;

	if (igt.has_dynamic && igt.dynamic_failed)
		outcome = OUTCOME_FAIL;
	else if (igt.has_dynamic && !igt.dynamic_run)
		outcome = OUTCOME_SKIP;
	subtest_finish(outcome);
	return false;
}

bool __igt_dynamic_begin(const char *file igt_unused, int line igt_unused,
			 const char *format, ...)
{
	va_list ap;

	igt_assert(igt.has_dynamic);
	va_start(ap, format);
	vsnprintf(igt.dynamic.name, sizeof(igt.dynamic.name), format, ap);
	va_end(ap);

	if (igt.dynamic_pattern && !igt_selected(igt.dynamic.name, igt.dynamic_pattern))
		return false;
	kmsg("starting dynamic subtest %s\n", igt.dynamic.name);
	block_start(&igt.dynamic, "dynamic subtest");
	return true;
}

bool __igt_dynamic_end(void)
{
	dynamic_finish(OUTCOME_SUCCESS);
	return false;
}

/* Skipping and failing */

static bool main_thread(void)
{
	return getpid() == gettid();
}

static void report(const char *file, int line, const char *func, const char *check,
		   const char *format, va_list ap, int err)
{
	flockfile(stderr);
	fprintf(stderr, "(%s:%d) CRITICAL: Test assertion failure function %s, file %s:%d:\n",
		program_invocation_short_name, getpid(), func, file, line);
	fprintf(stderr, "(%s:%d) CRITICAL: Failed assertion: %s\n",
		program_invocation_short_name, getpid(), check);
	if (err)
		fprintf(stderr, "(%s:%d) CRITICAL: Last errno: %d, %s\n",
			program_invocation_short_name, getpid(), err, strerror(err));
	vfprintf(stderr, format, ap);
	fflush(stderr);
	funlockfile(stderr);
}

void igt_fail(int exitcode)
{
	if (igt_in_child())
		_exit(exitcode);
	if (!main_thread()) {
		/* The block belongs to the main thread's stack: leave a mark that its end finds. */
		__atomic_store_n(&thread_failed, true, __ATOMIC_SEQ_CST);
		pthread_exit(NULL);
	}
	if (!igt.exitcode && !igt.in_fixture)
		igt.exitcode = exitcode;
	leave(OUTCOME_FAIL);
}

void __igt_fail_assert(const char *file, int line, const char *func, const char *check,
		       const char *format, ...)
{
	int err = errno;
	va_list ap;

	fflush(stdout);
	va_start(ap, format);
	report(file, line, func, check, format, ap, err);
	va_end(ap);
	igt_fail(IGT_EXIT_FAILURE);
}

void __igt_skip(const char *file, int line, const char *func, const char *check,
		const char *format, ...)
{
	va_list ap;

	if (check)
		printf("Test requirement not met in function %s, file %s:%d:\n"
		       "Test requirement: %s\n", func, file, line, check);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	fflush(stdout);
	/* A child or a thread cannot skip for the whole subtest. */
	if (igt_in_child() || !main_thread())
		igt_fail(IGT_EXIT_FAILURE);
	leave(OUTCOME_SKIP);
}

void __igt_abort(const char *file, int line, const char *func, const char *check,
		 const char *format, ...)
{
	int err = errno;
	va_list ap;

	va_start(ap, format);
	report(file, line, func, check, format, ap, err);
	va_end(ap);
	fflush(NULL);
	_exit(IGT_EXIT_ABORT);
}

void igt_crashed(int sig)
{
	if (igt_in_child() || !main_thread() ||
	    (!igt.dynamic.active && !igt.subtest.active && !igt.in_fixture))
		return;
	igt.exitcode = 128 + sig;
	leave(OUTCOME_CRASH);
}

void igt_exit(void)
{
	int ret = igt.exitcode;

	if (!igt.matched && igt.pattern) {
		fprintf(stderr, "Unknown subtest: %s\n", igt.pattern);
		exit(IGT_EXIT_INVALID);
	}
	if (igt.mode != MODE_RUN)
		exit(IGT_EXIT_SUCCESS);
	if (!ret && igt.nr[OUTCOME_SKIP] && !igt.nr[OUTCOME_SUCCESS])
		ret = IGT_EXIT_SKIP;
	kmsg("exiting, ret=%d\n", ret);
	exit(ret);
}

int igt_ioctl(int fd, unsigned long request, void *arg)
{
	int ret;

	do {
		ret = ioctl(fd, request, arg);
	} while (ret == -1 && (errno == EINTR || errno == EAGAIN));

	return ret;
}
