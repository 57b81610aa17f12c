/* SPDX-License-Identifier: MIT */
/*
 * Native tests in TAP, for Meson's protocol of that name: a table of named
 * functions; a failed CHECK ends its test and the others still run.
 */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct tap_test {
	const char *name;	/* the scenario */
	void (*run)(void);
};

/** tap_fail() - end the current test as failed. */
__attribute__((noreturn, format(printf, 3, 4)))
void tap_fail(const char *file, int line, const char *format, ...);

/** tap_main() - run all tests, or those whose name contains argv[1]. Returns main()'s value. */
int tap_main(const struct tap_test *tests, size_t nr, int argc, char **argv);

/* The condition holds, or the test fails. */
#define CHECK(cond)                                                   \
	do {                                                          \
		if (!(cond))                                          \
			tap_fail(__FILE__, __LINE__, "%s", #cond);    \
	} while (0)

/* Two integers are equal, or the test fails and shows both. */
#define CHECK_EQ(a, b)                                                            \
	do {                                                                      \
		unsigned long long a_ = (unsigned long long)(a);                  \
		unsigned long long b_ = (unsigned long long)(b);                  \
		if (a_ != b_)                                                     \
			tap_fail(__FILE__, __LINE__, "%s is %#llx, want %s, %#llx", \
				 #a, a_, #b, b_);                                 \
	} while (0)

#define TAP_MAIN(tests)                                                           \
	int main(int argc, char **argv)                                           \
	{                                                                         \
		return tap_main(tests, sizeof(tests) / sizeof((tests)[0]), argc, argv); \
	}

#endif /* TESTS_TAP_H */
