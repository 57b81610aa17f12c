// SPDX-License-Identifier: GPL-2.0
/*
 * Packets that the kernel writes into rings.
 *
 * Each function writes the words of one packet; MIRAGE_PACKET_*_WORDS gives their number. Words are
 * in the CPU's byte order until mirage_packet_put() stores them, without conversion: the ring is
 * little endian, as are the driver's CPUs and the GPU.
 *
 * Rejected: writing packets directly into the ring. A job's packets are known long before its turn
 * comes, and writing to the ring must neither fail nor take long.
 */
#include "queue/packet.h"

#include <hw/packets.h>

static void packet_u64(u32 *words, u64 value)
{
	words[0] = (u32)value;
	words[1] = (u32)(value >> 32);
}

/**
 * mirage_packet_ib() - execute an indirect buffer
 * @words: out
 * @addr: GPU address, 4-byte aligned
 * @size: bytes, multiple of 4, at most MIRAGE_IB_MAX_WORDS words
 */
void mirage_packet_ib(u32 *words, u64 addr, u64 size)
{
	words[0] = MIRAGE_PKT(MIRAGE_PKT_IB, MIRAGE_PACKET_IB_WORDS - 1, 0);
	packet_u64(&words[1], addr);
	words[3] = (u32)(size / sizeof(u32));
}

/**
 * mirage_packet_fence() - write a value and send an event
 * @words: out
 * @slot: physical pointer, 8-byte aligned
 * @value: value to write
 */
void mirage_packet_fence(u32 *words, u64 slot, u64 value)
{
	words[0] = MIRAGE_PKT(MIRAGE_PKT_FENCE, MIRAGE_PACKET_FENCE_WORDS - 1,
			      MIRAGE_FENCE_NOTIFY);
	packet_u64(&words[1], slot);
	packet_u64(&words[3], value);
}

/**
 * mirage_packet_sem_write() - store a value at an address of user space
 * @words: out
 * @addr: GPU address, 8-byte aligned
 * @value: value to store
 */
void mirage_packet_sem_write(u32 *words, u64 addr, u64 value)
{
	words[0] = MIRAGE_PKT(MIRAGE_PKT_SEM_WRITE, MIRAGE_PACKET_SEM_WRITE_WORDS - 1, 0);
	packet_u64(&words[1], addr);
	packet_u64(&words[3], value);
}

/**
 * mirage_packet_copy() - copy by physical pointers, without an address space
 * @words: out
 * @from: physical pointer
 * @to: physical pointer
 * @size: bytes, multiple of 8
 */
void mirage_packet_copy(u32 *words, u64 from, u64 to, u64 size)
{
	words[0] = MIRAGE_PKT(MIRAGE_PKT_COPY_PHYS, MIRAGE_PACKET_COPY_WORDS - 1, 0);
	packet_u64(&words[1], from);
	packet_u64(&words[3], to);
	packet_u64(&words[5], size);
}

/**
 * mirage_packet_fill() - fill by physical pointer, without an address space
 * @words: out
 * @to: physical pointer
 * @size: bytes, multiple of 8
 * @pattern: value of each word
 */
void mirage_packet_fill(u32 *words, u64 to, u64 size, u32 pattern)
{
	words[0] = MIRAGE_PKT(MIRAGE_PKT_FILL_PHYS, MIRAGE_PACKET_FILL_WORDS - 1, 0);
	packet_u64(&words[1], to);
	packet_u64(&words[3], size);
	words[5] = pattern;
}

/**
 * mirage_packet_put() - store words in a ring
 * @ring: the ring's memory
 * @ring_words: size in words, a power of two
 * @put: ring index, modulo 2^32
 * @words: words to store
 * @count: number of words; the caller has checked that there is room
 *
 * Return: the next put
 */
u32 mirage_packet_put(u32 *ring, u32 ring_words, u32 put, const u32 *words, u32 count)
{
	u32 start = put & (ring_words - 1);
	u32 first = count < ring_words - start ? count : ring_words - start;

	memcpy(&ring[start], words, first * sizeof(*words));
	memcpy(ring, &words[first], (count - first) * sizeof(*words));

	return put + count;
}
