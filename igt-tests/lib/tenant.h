/* SPDX-License-Identifier: MIT */
/* Who wants a good part of video memory, all of it for each job. */
#ifndef TENANT_H
#define TENANT_H

#include "igt_mirage_space.h"

#define TENANT_BO_SIZE	(4u << 20)
#define TENANT_MAX_BOS	64

/**
 * struct tenant - an address space, and objects in it that are in video memory or nowhere
 */
struct tenant {
	/** @space: address space */
	struct space space;
	/** @bufs: objects; their first word is the last job's, the second tells them apart */
	struct buf bufs[TENANT_MAX_BOS];
	/** @count: of @bufs */
	unsigned int count;
};

void tenant_open(struct tenant *tenant, struct mirage *dev, unsigned int percent, bool private);
void tenant_open_shared(struct tenant *tenant, struct mirage *dev, const int *fds,
			unsigned int count);
void tenant_close(struct tenant *tenant);

void tenant_work(struct tenant *tenant, uint32_t value);
void tenant_check(struct tenant *tenant, uint32_t value);
unsigned int tenant_resident(struct tenant *tenant);

#endif /* TENANT_H */
