/* SPDX-License-Identifier: MIT */
/* Tests that print TAP: one line for each scenario, and where it went wrong. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Scenarios so far, and whether the one that runs has failed. */
static unsigned int check_count;
static bool check_failed;

#define CHECK(condition)                                                                \
	do {                                                                            \
		if (!(condition)) {                                                     \
			if (!check_failed)                                              \
				printf("# %s:%d: %s\n", __FILE__, __LINE__, #condition); \
			check_failed = true;                                            \
		}                                                                       \
	} while (0)

#define RUN(scenario)                                                                   \
	do {                                                                            \
		check_failed = false;                                                   \
		scenario();                                                             \
		printf("%s %u - %s\n", check_failed ? "not ok" : "ok", ++check_count,   \
		       #scenario);                                                      \
	} while (0)

static inline int check_done(void)
{
	printf("1..%u\n", check_count);
	return EXIT_SUCCESS;
}

/* Numbers that look random and are the same each time. */
static inline uint32_t check_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

#endif /* CHECK_H */
