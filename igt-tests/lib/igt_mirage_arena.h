/* SPDX-License-Identifier: MIT */
/* Memory that jobs need besides what is under test. */
#ifndef IGT_MIRAGE_ARENA_H
#define IGT_MIRAGE_ARENA_H

#include "igt_mirage.h"

#define ARENA_SLOTS	28

/* One job's: a page. */
struct slot {
	uint32_t packets[256];
	struct mirage_dispatch dispatches[4] __attribute__((aligned(64)));
	uint8_t args[4][128] __attribute__((aligned(8)));
	uint8_t code[2048] __attribute__((aligned(8)));
};

struct arena {
	struct slot slots[ARENA_SLOTS];
	uint32_t out[4 * PAGE / sizeof(uint32_t)];
	/* Not for the GPU. */
	bool used[ARENA_SLOTS];
};

_Static_assert(sizeof(struct slot) == PAGE, "a slot is a page");

struct arena *arena_create(void);
void arena_destroy(struct arena *arena);
void arena_warm(struct gpu *gpu);
unsigned int arena_take(struct arena *arena);

#endif /* IGT_MIRAGE_ARENA_H */
