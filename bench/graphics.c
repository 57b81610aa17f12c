// SPDX-License-Identifier: MIT
/* The measurements of bindings, jobs, evictions and migrations, one after the other. */
#include "graphics.h"

#include <string.h>

int graphics_measure(struct graphics *graphics, const struct mirage *gpu, unsigned int repeats)
{
	int err;

	memset(graphics, 0, sizeof(*graphics));
	graphics->repeats = repeats;
	err = space_open(&graphics->space, gpu, SPACE_QUEUES);
	if (err)
		return err;
	err = binds_measure(graphics);
	if (!err)
		err = jobs_measure(graphics);
	if (!err)
		err = evictions_measure(graphics);
	if (!err)
		err = migrations_measure(graphics);
	space_close(&graphics->space);
	return err;
}
