/* SPDX-License-Identifier: MIT */
/*
 * Tests in IGT's form without IGT.
 *
 * igt_runner takes any binary that speaks its protocol: --list-subtests,
 * --run-subtest, --describe, lines like "Subtest basic: SUCCESS (0.010s)", and
 * exit codes. This header speaks it, with the names and meanings of the IGT
 * API that the tests here use, so that a test compiles unchanged inside an IGT
 * tree. The other parts of IGT (display, devices, hooks) are left out.
 *
 * Model followed: the documented behaviour of igt_core. Rejected: linking the
 * library that Debian packages; it comes without headers, and needs most of
 * the drivers' user space for a test that needs none of it.
 *
 * A subtest that fails or skips leaves its block by siglongjmp(). Automatic
 * variables of the function around the block that the block changed have no
 * certain value after it, so a subtest's body is best a function of its own.
 */
#ifndef IGT_H
#define IGT_H

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* Exit codes that igt_runner knows. A subtest that dies by a signal ends in 128 + signal. */
#define IGT_EXIT_SUCCESS	0
#define IGT_EXIT_SKIP		77
#define IGT_EXIT_INVALID	79
#define IGT_EXIT_FAILURE	98
#define IGT_EXIT_ABORT		112

#define igt_tokencat_(x, y)	x##y
#define igt_tokencat(x, y)	igt_tokencat_(x, y)
#define igt_unused		__attribute__((unused))
#define igt_printf(f, a)	__attribute__((format(printf, f, a)))

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#endif

enum igt_log_level {
	IGT_LOG_DEBUG,
	IGT_LOG_INFO,
	IGT_LOG_WARN,
};

/* Where the block that runs now is left by a failure or a skip. Valid while one runs. */
extern sigjmp_buf igt_subtest_jmpbuf;

void igt_log(enum igt_log_level level, const char *format, ...) igt_printf(2, 3);
#define igt_debug(f...)		igt_log(IGT_LOG_DEBUG, f)
#define igt_info(f...)		igt_log(IGT_LOG_INFO, f)
#define igt_warn(f...)		igt_log(IGT_LOG_WARN, f)

/* The test program: int igt_main() { igt_fixture() … igt_subtest("name") … } */
void __igt_real_main(void);
void igt_subtest_init(int argc, char **argv);
void igt_exit(void) __attribute__((noreturn));
#define igt_main()                                                           \
	main(int argc, char **argv)                                          \
	{                                                                    \
		igt_subtest_init(argc, argv);                                \
		__igt_real_main();                                           \
		igt_exit();                                                  \
	}                                                                    \
	void __igt_real_main(void)

extern const char *__igt_test_description __attribute__((weak));
#define IGT_TEST_DESCRIPTION(text) const char *__igt_test_description = text

void __igt_describe(const char *format, ...) igt_printf(1, 2);
/* Describes the next subtest of the program. */
#define igt_describe(text)	__igt_describe("%s", text)
#define igt_describe_f(f...)	__igt_describe(f)

/*
 * Blocks. Each is entered at most once; __igt_*_begin() says whether, the
 * sigsetjmp() is where failure and skip come back to.
 */
bool __igt_fixture_begin(void);
bool __igt_fixture_end(void);
#define igt_fixture()                                                        \
	for (bool igt_tokencat(igt_go, __LINE__) = __igt_fixture_begin();    \
	     igt_tokencat(igt_go, __LINE__) &&                               \
	     !sigsetjmp(igt_subtest_jmpbuf, 1);                              \
	     igt_tokencat(igt_go, __LINE__) = __igt_fixture_end())

bool __igt_subtest_begin(const char *file, int line, bool dynamic, const char *format, ...)
	igt_printf(4, 5);
bool __igt_subtest_end(void);
#define __igt_subtest(dynamic, f...)                                         \
	for (bool igt_tokencat(igt_go, __LINE__) =                           \
		     __igt_subtest_begin(__FILE__, __LINE__, dynamic, f);    \
	     igt_tokencat(igt_go, __LINE__) &&                               \
	     !sigsetjmp(igt_subtest_jmpbuf, 1);                              \
	     igt_tokencat(igt_go, __LINE__) = __igt_subtest_end())
#define igt_subtest(name)		__igt_subtest(false, "%s", name)
#define igt_subtest_f(f...)		__igt_subtest(false, f)
#define igt_subtest_with_dynamic(name)	__igt_subtest(true, "%s", name)
#define igt_subtest_with_dynamic_f(f...) __igt_subtest(true, f)

bool __igt_dynamic_begin(const char *file, int line, const char *format, ...) igt_printf(3, 4);
bool __igt_dynamic_end(void);
extern sigjmp_buf igt_dynamic_jmpbuf;
#define igt_dynamic_f(f...)                                                  \
	for (bool igt_tokencat(igt_go, __LINE__) =                           \
		     __igt_dynamic_begin(__FILE__, __LINE__, f);             \
	     igt_tokencat(igt_go, __LINE__) &&                               \
	     !sigsetjmp(igt_dynamic_jmpbuf, 1);                              \
	     igt_tokencat(igt_go, __LINE__) = __igt_dynamic_end())
#define igt_dynamic(name)		igt_dynamic_f("%s", name)

/* A group ends what a failed or skipped fixture inside it did to the subtests that follow. */
bool __igt_group_begin(int *saved);
bool __igt_group_end(int saved);
#define igt_subtest_group()                                                  \
	for (int igt_tokencat(igt_saved, __LINE__),                          \
	     igt_tokencat(igt_go, __LINE__) =                                \
		     __igt_group_begin(&igt_tokencat(igt_saved, __LINE__));  \
	     igt_tokencat(igt_go, __LINE__);                                 \
	     igt_tokencat(igt_go, __LINE__) =                                \
		     __igt_group_end(igt_tokencat(igt_saved, __LINE__)))

/* Skipping: the system lacks something. The reason must say what. */
void __igt_skip(const char *file, int line, const char *func, const char *check,
		const char *format, ...) igt_printf(5, 6) __attribute__((noreturn));
#define igt_skip(f...)	__igt_skip(__FILE__, __LINE__, __func__, NULL, f)
#define igt_skip_on(expr)                                                    \
	do {                                                                 \
		if (expr)                                                    \
			__igt_skip(__FILE__, __LINE__, __func__, #expr, "%s", ""); \
	} while (0)
#define igt_skip_on_f(expr, f...)                                            \
	do {                                                                 \
		if (expr)                                                    \
			__igt_skip(__FILE__, __LINE__, __func__, #expr, f);  \
	} while (0)
#define igt_require(expr)                                                    \
	do {                                                                 \
		if (!(expr))                                                 \
			__igt_skip(__FILE__, __LINE__, __func__, "!(" #expr ")", "%s", ""); \
	} while (0)
#define igt_require_f(expr, f...)                                            \
	do {                                                                 \
		if (!(expr))                                                 \
			__igt_skip(__FILE__, __LINE__, __func__, "!(" #expr ")", f); \
	} while (0)

/* Failing */
void __igt_fail_assert(const char *file, int line, const char *func, const char *check,
		       const char *format, ...) igt_printf(5, 6) __attribute__((noreturn));
void igt_fail(int exitcode) __attribute__((noreturn));
void __igt_abort(const char *file, int line, const char *func, const char *check,
		 const char *format, ...) igt_printf(5, 6) __attribute__((noreturn));
#define igt_assert(expr)                                                     \
	do {                                                                 \
		if (!(expr))                                                 \
			__igt_fail_assert(__FILE__, __LINE__, __func__, #expr, "%s", ""); \
	} while (0)
#define igt_assert_f(expr, f...)                                             \
	do {                                                                 \
		if (!(expr))                                                 \
			__igt_fail_assert(__FILE__, __LINE__, __func__, #expr, f); \
	} while (0)
#define igt_fail_on(expr)	igt_assert(!(expr))
#define igt_fail_on_f(expr, f...) igt_assert_f(!(expr), f)
#define igt_abort_on_f(expr, f...)                                           \
	do {                                                                 \
		if (expr)                                                    \
			__igt_abort(__FILE__, __LINE__, __func__, #expr, f); \
	} while (0)

#define __igt_assert_cmp(type, fmt, n1, cmp, ncmp, n2)                       \
	do {                                                                 \
		type igt_a = (n1), igt_b = (n2);                             \
		if (!(igt_a cmp igt_b))                                      \
			__igt_fail_assert(__FILE__, __LINE__, __func__,      \
					  #n1 " " #cmp " " #n2,              \
					  "error: " fmt " " #ncmp " " fmt "\n", igt_a, igt_b); \
	} while (0)
#define igt_assert_eq(n1, n2)		__igt_assert_cmp(int, "%d", n1, ==, !=, n2)
#define igt_assert_neq(n1, n2)		__igt_assert_cmp(int, "%d", n1, !=, ==, n2)
#define igt_assert_lt(n1, n2)		__igt_assert_cmp(int, "%d", n1, <, >=, n2)
#define igt_assert_lte(n1, n2)		__igt_assert_cmp(int, "%d", n1, <=, >, n2)
#define igt_assert_eq_u32(n1, n2)	__igt_assert_cmp(uint32_t, "%#x", n1, ==, !=, n2)
#define igt_assert_neq_u32(n1, n2)	__igt_assert_cmp(uint32_t, "%#x", n1, !=, ==, n2)
#define igt_assert_eq_s64(n1, n2)	__igt_assert_cmp(int64_t, "%" PRId64, n1, ==, !=, n2)
#define igt_assert_eq_u64(n1, n2)	__igt_assert_cmp(uint64_t, "%#" PRIx64, n1, ==, !=, n2)
#define igt_assert_neq_u64(n1, n2)	__igt_assert_cmp(uint64_t, "%#" PRIx64, n1, !=, ==, n2)
#define igt_assert_lt_u64(n1, n2)	__igt_assert_cmp(uint64_t, "%#" PRIx64, n1, <, >=, n2)
#define igt_assert_lte_u64(n1, n2)	__igt_assert_cmp(uint64_t, "%#" PRIx64, n1, <=, >, n2)
#define igt_assert_fd(fd)                                                    \
	igt_assert_f((fd) >= 0, "file descriptor " #fd " failed: %s\n", strerror(errno))

/* An ioctl that must succeed, and one that must fail with this errno. */
int igt_ioctl(int fd, unsigned long request, void *arg);
#define do_ioctl(fd, request, arg)                                           \
	igt_assert_f(!igt_ioctl((fd), (request), (arg)), #request " failed: %s\n", strerror(errno))
#define do_ioctl_err(fd, request, arg, err)                                  \
	do {                                                                 \
		igt_assert_eq(igt_ioctl((fd), (request), (arg)), -1);        \
		igt_assert_eq(errno, (err));                                 \
	} while (0)

/*
 * Children that are part of a subtest: a child that fails makes it fail.
 * igt_fork(i, n) { … } runs the block in n children, with i counting.
 */
bool __igt_fork(void);
void __igt_child_done(void) __attribute__((noreturn));
#define igt_fork(child, num)                                                 \
	for (int child = 0; child < (num); child++)                          \
		for (; __igt_fork(); __igt_child_done())
void igt_waitchildren(void);

/*
 * A process beside the subtest, that is stopped when it has done its service; how it
 * ends is no result. igt_fork_helper(&process) { … }
 */
struct igt_helper_process {
	bool running;
	bool use_SIGKILL;	/* or SIGTERM */
	pid_t pid;
	int id;			/* place in the list of helpers */
};
bool __igt_fork_helper(struct igt_helper_process *process);
#define igt_fork_helper(process)                                             \
	for (; __igt_fork_helper(process); __igt_child_done())
void igt_stop_helper(struct igt_helper_process *process);

/* Bounded time: igt_set_timeout() makes the subtest fail when it takes longer. */
void igt_set_timeout(unsigned int seconds, const char *operation);
void igt_reset_timeout(void);
int64_t igt_nsec_elapsed(struct timespec *start);

/* Body again and again for so many seconds: for stress, never in place of a condition. */
#define igt_until_timeout(timeout)                                           \
	for (struct timespec igt_tokencat(igt_t, __LINE__) = { 0 };          \
	     igt_nsec_elapsed(&igt_tokencat(igt_t, __LINE__)) < (timeout) * 1000000000LL;)

/* Wait for a condition for so many milliseconds, looking every interval_ms; its last value. */
void __igt_pause_ms(unsigned int ms);
#define igt_wait(cond, timeout_ms, interval_ms)                              \
	({                                                                   \
		struct timespec igt_w = { 0 };                               \
		bool igt_r;                                                  \
		for (;;) {                                                   \
			bool igt_late = igt_nsec_elapsed(&igt_w) >           \
					(timeout_ms) * 1000000LL;            \
			igt_r = (cond);                                      \
			if (igt_r || igt_late)                               \
				break;                                       \
			__igt_pause_ms(interval_ms);                         \
		}                                                            \
		igt_r;                                                       \
	})

#endif /* IGT_H */
