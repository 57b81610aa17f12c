/* SPDX-License-Identifier: GPL-2.0 */
/* Moves of objects between memories. */
#ifndef MIRAGE_MOVE_H
#define MIRAGE_MOVE_H

#include <linux/types.h>

struct ttm_buffer_object;
struct ttm_operation_ctx;
struct ttm_place;
struct ttm_resource;

int mirage_move_quiesce(struct ttm_buffer_object *tbo, struct ttm_operation_ctx *ctx);
int mirage_move(struct ttm_buffer_object *tbo, bool evict, struct ttm_operation_ctx *ctx,
		struct ttm_resource *new, struct ttm_place *hop);

#endif /* MIRAGE_MOVE_H */
