// SPDX-License-Identifier: MIT
/* The small harness of the instruction set's tests: scenarios, checks, random numbers. */
#include "check.h"

#include <stdarg.h>

#define PRINTED_FAILURES	10

static unsigned int failures;
static uint64_t state;

int scenarios_run(const struct scenario *scenarios, unsigned int nr)
{
	unsigned int i, bad = 0;

	printf("1..%u\n", nr);
	for (i = 0; i < nr; i++) {
		failures = 0;
		random_seed(1);
		scenarios[i].run();
		printf("%sok %u - %s\n", failures ? "not " : "", i + 1, scenarios[i].name);
		fflush(stdout);
		bad += failures != 0;
	}
	return bad ? 1 : 0;
}

void check_failed(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	if (failures++ >= PRINTED_FAILURES)
		return;
	printf("# %s:%d: ", file, line);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
}

void random_seed(uint64_t seed)
{
	state = seed * 0x9e3779b97f4a7c15ull | 1;
}

uint64_t random_u64(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dull;
}

uint64_t random_operand(void)
{
	uint64_t r = random_u64();

	switch (r >> 60) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	case 2:
		return r & 7;
	case 3:
		return -(r & 7);
	case 4:
		return 1ull << (r & 63);
	case 5:
		return (1ull << (r & 63)) - 1;
	case 6:
		return 0x8000000080000000ull;
	case 7:
		return 0x7fffffff7fffffffull;
	case 8:
		return r & 0xffffffffull;
	case 9:
		return r | 0xffffffff00000000ull;
	case 10:
		return (r & 0xff) * 0x0101010101010101ull;
	}
	return random_u64();
}

uint32_t random_float(void)
{
	static const uint32_t exponents[] = { 0, 0, 1, 2, 24, 103, 254, 255 };
	uint64_t r = random_u64();
	uint32_t exponent = 127 + (uint32_t)(r >> 56 & 31) - 16, fraction = r & 0x7fffff;

	if (r >> 48 & 1)
		exponent = exponents[r >> 49 & 7];
	else if (r >> 52 & 1)
		exponent = r >> 40 & 255;
	/* Few bits: ties are frequent, and fractions of 0. */
	if (r >> 53 & 1)
		fraction &= 0xffffffffu << (r >> 32 & 31);
	return (uint32_t)(r >> 31 & 1) << 31 | exponent << 23 | (fraction & 0x7fffff);
}
