/* SPDX-License-Identifier: MIT */
/* A VRAM working set: objects that take a large part of video memory. Each job uses all of them. */
#ifndef WORKING_SET_H
#define WORKING_SET_H

#include "igt_mirage_space.h"

#define WORKING_SET_BO_SIZE	(4u << 20)
#define WORKING_SET_MAX_BOS	64

/**
 * struct working_set - an address space, and objects in it that are in video memory or nowhere
 */
struct working_set {
	/** @space: address space */
	struct space space;
	/** @bufs: objects; their first word is the last job's, the second tells them apart */
	struct buf bufs[WORKING_SET_MAX_BOS];
	/** @count: of @bufs */
	unsigned int count;
};

void working_set_open(struct working_set *set, struct mirage *dev, unsigned int percent, bool private);
void working_set_open_shared(struct working_set *set, struct mirage *dev, const int *fds,
			     unsigned int count);
void working_set_close(struct working_set *set);

void working_set_work(struct working_set *set, uint32_t value);
void working_set_check(struct working_set *set, uint32_t value);
unsigned int working_set_resident(struct working_set *set);

#endif /* WORKING_SET_H */
