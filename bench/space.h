/* SPDX-License-Identifier: MIT */
/* An address space that mirrors nothing, queues in it that may not fault, and objects bound there. */
#ifndef BENCH_SPACE_H
#define BENCH_SPACE_H

#include <stdint.h>

#include "mirage.h"

#define SPACE_QUEUES	16

struct object {
	uint32_t handle;
	uint64_t size;
	/* Where the CPU sees it; NULL: nowhere. */
	void *cpu;
};

struct space {
	const struct mirage *gpu;
	uint32_t vm;
	unsigned int nr_queues;
	uint32_t queues[SPACE_QUEUES];
	/* One for each queue, signalled when its last job is done. */
	uint32_t syncobjs[SPACE_QUEUES];
	/* Packets; bound at SPACE_PACKETS. */
	struct mirage_ib packets;
};

#define SPACE_PACKETS	DRM_MIRAGE_VA_START
/* The first address that is free for whoever measures. */
#define SPACE_FREE	(DRM_MIRAGE_VA_START + (1ull << 30))

/* All return 0, or a negative errno after a message. */

int space_open(struct space *space, const struct mirage *gpu, unsigned int nr_queues);
void space_close(struct space *space);

int object_create(const struct mirage *gpu, struct object *object, uint64_t size,
		  uint32_t placement);
void object_close(const struct mirage *gpu, struct object *object);

/** space_bind() - do operations and wait until they are done. */
int space_bind(const struct space *space, const struct drm_mirage_bind *binds, uint32_t count);
int space_map(const struct space *space, const struct object *object, uint64_t addr);

/** space_submit() - submit the packets that were written for space_packets() to a queue. */
int space_submit(struct space *space, unsigned int queue);
/** space_wait() - wait for the last job of a queue. */
int space_wait(struct space *space, unsigned int queue);
/** space_packets() - begin packets. One set at a time: the memory is written again. */
struct mirage_ib *space_packets(struct space *space);

#endif /* BENCH_SPACE_H */
