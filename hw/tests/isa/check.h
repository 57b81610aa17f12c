/* SPDX-License-Identifier: MIT */
/*
 * Checks and scenarios of the instruction set's tests, reported in TAP.
 * A test program is an array of scenarios; one that fails a check goes on, so that
 * its report shows everything that is wrong.
 */
#ifndef TESTS_ISA_CHECK_H
#define TESTS_ISA_CHECK_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#endif

struct scenario {
	const char *name;
	void (*run)(void);
};

/** scenarios_run() - run all of them. Returns main()'s exit status. */
int scenarios_run(const struct scenario *scenarios, unsigned int nr);

/** check_failed() - note a failed check; the first few of a scenario are printed. */
void __attribute__((format(printf, 3, 4)))
check_failed(const char *file, int line, const char *fmt, ...);

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			check_failed(__FILE__, __LINE__, "%s", #cond);         \
	} while (0)

#define CHECK_MSG(cond, ...)                                                   \
	do {                                                                   \
		if (!(cond))                                                   \
			check_failed(__FILE__, __LINE__, __VA_ARGS__);         \
	} while (0)

#define CHECK_EQ(got, want)                                                    \
	do {                                                                   \
		uint64_t got_ = (uint64_t)(got), want_ = (uint64_t)(want);     \
									       \
		if (got_ != want_)                                             \
			check_failed(__FILE__, __LINE__,                       \
				     "%s is 0x%" PRIx64 ", not 0x%" PRIx64,    \
				     #got, got_, want_);                       \
	} while (0)

#define SCENARIOS(...)                                                         \
	int main(void)                                                         \
	{                                                                      \
		static const struct scenario scenarios[] = { __VA_ARGS__ };    \
									       \
		return scenarios_run(scenarios, ARRAY_SIZE(scenarios));        \
	}

/** random_u64() - the next number of a fixed sequence (xorshift64*), the same in every run. */
uint64_t random_u64(void);

/** random_seed() - start the sequence anew; every scenario starts with seed 1. */
void random_seed(uint64_t seed);

/** random_operand() - a number that is often a corner: 0, ones, powers of two and neighbours. */
uint64_t random_operand(void);

/** random_float() - a 32-bit float of any kind, often near 1 or at the ends of its range. */
uint32_t random_float(void);

#endif /* TESTS_ISA_CHECK_H */
