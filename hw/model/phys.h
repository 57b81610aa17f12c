/* SPDX-License-Identifier: MIT */
/* Physical pointers: places in VRAM or system memory. */
#ifndef MODEL_PHYS_H
#define MODEL_PHYS_H

#include "util.h"

struct device;

/**
 * phys_valid() - @phys has no reserved bit set and is aligned to @align bytes (a power of two >= 8).
 */
bool phys_valid(u64 phys, u64 align);

/**
 * phys_ptr() - place of the bytes at @phys in this process.
 * @phys: MIRAGE_PHYS_*; only bit 0 and the address are looked at
 * @len: bytes, not crossing a 4 KiB page
 *
 * Context: device lock held; the pointer is good until it is released.
 * Returns NULL if the bytes are not reachable: beyond VRAM, at no bus address, at a
 * read-only one while @write is set, or the function is not a bus master.
 */
void *phys_ptr(struct device *dev, u64 phys, u64 len, bool write);

/**
 * phys_run() - place of the memory at a bus address or an offset into VRAM.
 * @system: @addr is a bus address
 * @len: wanted bytes; set to how many of them lie in one piece
 *
 * Context and result as for phys_ptr().
 */
void *phys_run(struct device *dev, bool system, u64 addr, u64 *len, bool write);

/** phys_reachable() - all of @size bytes at the 4 KiB aligned @phys can be written. */
bool phys_reachable(struct device *dev, u64 phys, u64 size);

#endif /* MODEL_PHYS_H */
