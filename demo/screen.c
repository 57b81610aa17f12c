// SPDX-License-Identifier: MIT
/*
 * Terminal output: plain text of at most 100 columns.
 *
 * Bars are made of '#', which every console shows, also a serial one. Colour only
 * marks verdicts and titles, so nothing is lost where there is none.
 */
#include "screen.h"

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#define LABEL_WIDTH 20
#define TEXT_WIDTH 68
#define BAR_WIDTH 48

#define BOLD "\033[1m"
#define GREEN "\033[32m"
#define RED "\033[1;31m"
#define PLAIN "\033[0m"

void screen_init(struct screen *screen, FILE *out)
{
	const char *no_colour = getenv("NO_COLOR");

	screen->out = out;
	screen->colour = isatty(fileno(out)) && !(no_colour && *no_colour);
}

void screen_heading(struct screen *screen, const char *format, ...)
{
	va_list args;

	fprintf(screen->out, "\n%s", screen->colour ? BOLD : "");
	va_start(args, format);
	vfprintf(screen->out, format, args);
	va_end(args);
	fprintf(screen->out, "%s\n", screen->colour ? PLAIN : "");
	fflush(screen->out);
}

void screen_row(struct screen *screen, bool right, const char *label, const char *format, ...)
{
	const char *colour = right ? GREEN : RED;
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(screen->out, "  %-*s %-*s %s%s%s\n", LABEL_WIDTH, label, TEXT_WIDTH, text,
		screen->colour ? colour : "", right ? "right" : "WRONG",
		screen->colour ? PLAIN : "");
	fflush(screen->out);
}

void screen_note(struct screen *screen, const char *format, ...)
{
	va_list args;

	fputs("  ", screen->out);
	va_start(args, format);
	vfprintf(screen->out, format, args);
	va_end(args);
	fputc('\n', screen->out);
	fflush(screen->out);
}

void screen_bar(struct screen *screen, const char *label, uint64_t ns, uint64_t longest,
		uint64_t whole)
{
	unsigned int length = longest ? (ns * BAR_WIDTH + longest / 2) / longest : 0;
	unsigned int i;

	/* Something that took time is seen. */
	if (ns && !length)
		length = 1;
	fprintf(screen->out, "  %-*s ", LABEL_WIDTH, label);
	for (i = 0; i < BAR_WIDTH; i++)
		fputc(i < length ? '#' : ' ', screen->out);
	fprintf(screen->out, " %9.3f ms %5.1f %%\n", ns / 1e6, whole ? 100.0 * ns / whole : 0.0);
	fflush(screen->out);
}
