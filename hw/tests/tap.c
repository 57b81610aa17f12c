// SPDX-License-Identifier: MIT
/* A test that fails leaves by a jump, so that helpers can check too; what it held is leaked. */
#include <stdarg.h>
#include <stdlib.h>

#include "tap.h"

static jmp_buf tap_failed;

void tap_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	printf("# %s:%d: ", file, line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	longjmp(tap_failed, 1);
}

int tap_main(const struct tap_test *tests, size_t nr, int argc, char **argv)
{
	const char *filter = argc > 1 ? argv[1] : "";
	volatile unsigned int failed = 0, run = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (volatile size_t i = 0; i < nr; i++) {
		if (!strstr(tests[i].name, filter))
			continue;
		run++;
		if (setjmp(tap_failed)) {
			failed++;
			printf("not ok %u - %s\n", run, tests[i].name);
			continue;
		}
		tests[i].run();
		printf("ok %u - %s\n", run, tests[i].name);
	}
	printf("1..%u\n", run);
	return failed || !run;
}
