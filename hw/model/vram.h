/* SPDX-License-Identifier: MIT */
/* Video memory. */
#ifndef MODEL_VRAM_H
#define MODEL_VRAM_H

#include "util.h"

/* Value of lost bytes; as a page-table entry it is valid and malformed. */
#define VRAM_LOST 0xa5

struct vram {
	int fd;		/* memfd of @size bytes, given to the client to map */
	u64 size;	/* bytes of video memory, a multiple of MIRAGE_VRAM_GRANULE */
	u64 bar_size;	/* bytes of the aperture: @size rounded up to a power of two */
	u8 *host;	/* @size bytes in this process */
};

/**
 * vram_size_error() - what is wrong with @size bytes as a size of video memory.
 * Returns a text for the user, or NULL if nothing is.
 */
const char *vram_size_error(u64 size);

/** vram_is() - @fd is video memory that vram_init() has made, of this or of another process. */
bool vram_is(int fd);

/** vram_lose() - overwrite what has been written, as if it had lost power. */
void vram_lose(struct vram *vram);

/** vram_init() - make video memory of a valid size, all zero. Returns 0 or -1 with errno set. */
int vram_init(struct vram *vram, u64 size);
void vram_fini(struct vram *vram);

#endif /* MODEL_VRAM_H */
