/* SPDX-License-Identifier: MIT */
/* A check that reports where it failed and continues. */
#ifndef MM_CORE_TESTS_CHECK_H
#define MM_CORE_TESTS_CHECK_H

#include <stdio.h>

static int check_failures;

#define CHECK(condition)                                                                  \
	do {                                                                              \
		if (!(condition)) {                                                       \
			fprintf(stderr, "%s:%d: %s: not so: %s\n", __FILE__, __LINE__,    \
				__func__, #condition);                                    \
			check_failures++;                                                 \
		}                                                                         \
	} while (0)

#endif /* MM_CORE_TESTS_CHECK_H */
