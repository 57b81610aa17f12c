// SPDX-License-Identifier: MIT
/*
 * How long a stress lasts.
 */
#include "igt.h"
#include "stress.h"

/* Where nobody has asked for more: long enough to see that it works. */
#define USUAL_SECONDS	5

/**
 * stress_seconds() - for how long a stress goes on
 *
 * Return: MIRAGE_STRESS_SECONDS of the environment, which ./mirage test sets; or few, for a run by hand
 */
unsigned int stress_seconds(void)
{
	const char *text = getenv("MIRAGE_STRESS_SECONDS");
	unsigned int seconds;

	if (!text)
		return USUAL_SECONDS;
	igt_assert_f(sscanf(text, "%u", &seconds) == 1 && seconds,
		     "MIRAGE_STRESS_SECONDS=%s is not a number of seconds\n", text);
	return seconds;
}
