/* SPDX-License-Identifier: MIT */
/* Output of the demo to the terminal: aligned rows, verdicts, bars. */
#ifndef DEMO_SCREEN_H
#define DEMO_SCREEN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct screen {
	/* Where it is written. */
	FILE *out;
	/* @out is a terminal that wants colour. */
	bool colour;
};

/** screen_init() - write to @out; in colour if that is a terminal and NO_COLOR is not set. */
void screen_init(struct screen *screen, FILE *out);

/** screen_heading() - a blank line and the title of a part. */
void screen_heading(struct screen *screen, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** screen_row() - a result and whether it is right. */
void screen_row(struct screen *screen, bool right, const char *label, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/** screen_note() - an indented line that holds no verdict. */
void screen_note(struct screen *screen, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * screen_bar() - one line of a bar chart.
 * @ns: nanoseconds of this bar
 * @longest: of the longest bar, which fills the width
 * @whole: what 100 % is
 */
void screen_bar(struct screen *screen, const char *label, uint64_t ns, uint64_t longest,
		uint64_t whole);

#endif /* DEMO_SCREEN_H */
