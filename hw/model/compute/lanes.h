/* SPDX-License-Identifier: MIT */
/* Walking the active lanes of a wave, lowest first. */
#ifndef COMPUTE_LANES_H
#define COMPUTE_LANES_H

#include "engine.h"

/* next_lane() - take the lowest lane out of @lanes. Returns LANES when there is none. */
static inline unsigned int next_lane(uint32_t *lanes)
{
	unsigned int l;

	if (!*lanes)
		return LANES;
	l = (unsigned int)__builtin_ctz(*lanes);
	*lanes &= *lanes - 1;
	return l;
}

/* For each lane @l of @mask, with @rest (a uint32_t) as the loop's own state. */
#define for_each_lane(l, mask, rest)                                           \
	for (rest = (mask), l = next_lane(&rest); l < LANES; l = next_lane(&rest))

#endif /* COMPUTE_LANES_H */
