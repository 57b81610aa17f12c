// SPDX-License-Identifier: MIT
/*
 * Which subtests --run-subtest selects.
 *
 * The pattern language is igt_runner's own: shell wildcards, a comma between
 * alternatives, a leading '!' to exclude. The last pattern that matches decides.
 */
#include <fnmatch.h>

#include "igt_internal.h"

bool igt_selected(const char *name, const char *patterns)
{
	char *list = strdup(patterns), *save = NULL, *p;
	bool selected = patterns[0] == '!';

	if (!list)
		abort();
	for (p = strtok_r(list, ",", &save); p; p = strtok_r(NULL, ",", &save)) {
		bool negative = p[0] == '!';

		if (!fnmatch(p + negative, name, 0))
			selected = !negative;
	}
	free(list);

	return selected;
}
