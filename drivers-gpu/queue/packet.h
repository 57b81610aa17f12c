/* SPDX-License-Identifier: GPL-2.0 */
/* Packets that the kernel writes into rings, and the rings' words. Pure logic. */
#ifndef MIRAGE_PACKET_H
#define MIRAGE_PACKET_H

#include "device/pure.h"

/* Ring words of each packet: header and payload. */
#define MIRAGE_PACKET_IB_WORDS		4
#define MIRAGE_PACKET_FENCE_WORDS	5
#define MIRAGE_PACKET_SEM_WRITE_WORDS	5
#define MIRAGE_PACKET_COPY_WORDS	7
#define MIRAGE_PACKET_FILL_WORDS	6

void mirage_packet_ib(u32 *words, u64 addr, u64 size);
void mirage_packet_fence(u32 *words, u64 slot, u64 value);
void mirage_packet_sem_write(u32 *words, u64 addr, u64 value);
void mirage_packet_copy(u32 *words, u64 from, u64 to, u64 size);
void mirage_packet_fill(u32 *words, u64 to, u64 size, u32 pattern);

u32 mirage_packet_put(u32 *ring, u32 ring_words, u32 put, const u32 *words, u32 count);

#endif /* MIRAGE_PACKET_H */
