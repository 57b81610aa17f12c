// SPDX-License-Identifier: MIT
/* Figures with a peer. */
#include "figure.h"

#include <err.h>
#include <stdio.h>

struct figure *figure_add(struct figures *figures, const char *table, const char *name,
			  enum figure_unit unit, const char *peer_name)
{
	struct figure *figure;

	if (figures->count == FIGURES_MAX)
		errx(1, "figure '%s' is one more than the limit of %d figures", name, FIGURES_MAX);
	figure = &figures->figure[figures->count++];
	figure->table = table;
	snprintf(figure->name, sizeof(figure->name), "%s", name);
	figure->unit = unit;
	figure->peer_name = peer_name;
	figure->value.count = 0;
	figure->peer.count = 0;
	return figure;
}

double figure_ratio(const struct figure *figure)
{
	double value = series_median(&figure->value), peer = series_median(&figure->peer);

	if (!value || !peer)
		return 0;
	return figure->unit == FIGURE_NS ? peer / value : value / peer;
}
