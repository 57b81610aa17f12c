/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's own copies and fills, by physical pointers, on a dedicated channel. */
#ifndef MIRAGE_COPY_H
#define MIRAGE_COPY_H

#include <linux/types.h>

struct dma_fence;
struct dma_resv;
struct mirage_device;
struct mirage_queue;

/**
 * struct mirage_copy_piece - a copy that is contiguous for the device on both sides
 */
struct mirage_copy_piece {
	/** @to: physical pointer (MIRAGE_PHYS_*) */
	u64 to;
	/** @from: physical pointer */
	u64 from;
	/** @size: bytes, multiple of 8 */
	u64 size;
};

/* Copies being collected, as one or more jobs. */
struct mirage_copy;

int mirage_copy_init(struct mirage_device *mdev);

struct mirage_copy *mirage_copy_begin(struct mirage_device *mdev, struct dma_resv *deps);
int mirage_copy_add(struct mirage_copy *copy, const struct mirage_copy_piece *piece);
int mirage_copy_fill(struct mirage_copy *copy, u64 to, u64 size, u32 pattern);
struct dma_fence *mirage_copy_end(struct mirage_copy *copy);
void mirage_copy_cancel(struct mirage_copy *copy);

#endif /* MIRAGE_COPY_H */
