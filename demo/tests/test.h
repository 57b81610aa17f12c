/* SPDX-License-Identifier: MIT */
/* Shared by the native tests of the demo: a check that says where it failed and goes on. */
#ifndef DEMO_TEST_H
#define DEMO_TEST_H

#include <stdio.h>

static int test_failures;

#define CHECK(condition)                                                       \
	do {                                                                   \
		if (!(condition)) {                                            \
			fprintf(stderr, "%s:%d: %s: not so: %s\n", __FILE__,   \
				__LINE__, __func__, #condition);               \
			test_failures++;                                       \
		}                                                              \
	} while (0)

static inline int test_result(void)
{
	return test_failures ? 1 : 0;
}

#endif /* DEMO_TEST_H */
