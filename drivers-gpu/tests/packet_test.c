// SPDX-License-Identifier: MIT
/* Are ring packets what the hardware document says, word by word, and do they survive the ring's end? */
#include <string.h>

#include "check.h"
#include "queue/packet.h"

static void indirect_buffer(void)
{
	u32 words[MIRAGE_PACKET_IB_WORDS];

	mirage_packet_ib(words, 0x0001234567890abcull, 4096);
	CHECK(words[0] == 0x00000301);
	CHECK(words[1] == 0x67890abc && words[2] == 0x00012345);
	CHECK(words[3] == 1024);
}

static void fence(void)
{
	u32 words[MIRAGE_PACKET_FENCE_WORDS];

	mirage_packet_fence(words, 0x1122334455667701ull, 0x8877665544332211ull);
	CHECK(words[0] == 0x00010402);
	CHECK(words[1] == 0x55667701 && words[2] == 0x11223344);
	CHECK(words[3] == 0x44332211 && words[4] == 0x88776655);
}

static void sem_write(void)
{
	u32 words[MIRAGE_PACKET_SEM_WRITE_WORDS];

	mirage_packet_sem_write(words, 0x0001ffffffffff08ull, 0xfffffffffffffffeull);
	CHECK(words[0] == 0x00000430);
	CHECK(words[1] == 0xffffff08 && words[2] == 0x0001ffff);
	CHECK(words[3] == 0xfffffffe && words[4] == 0xffffffff);
}

static void copy(void)
{
	u32 words[MIRAGE_PACKET_COPY_WORDS];

	mirage_packet_copy(words, 0x0000000123456001ull, 0x0000000abcdef000ull, 0x100000008ull);
	CHECK(words[0] == 0x00000618);
	CHECK(words[1] == 0x23456001 && words[2] == 1);
	CHECK(words[3] == 0xabcdef000 % 0x100000000 && words[4] == 0xa);
	CHECK(words[5] == 8 && words[6] == 1);
}

static void fill(void)
{
	u32 words[MIRAGE_PACKET_FILL_WORDS];

	mirage_packet_fill(words, 0x0000000abcdef000ull, 0x2000, 0xdeadbeef);
	CHECK(words[0] == 0x00000519);
	CHECK(words[1] == 0xbcdef000 && words[2] == 0xa);
	CHECK(words[3] == 0x2000 && words[4] == 0);
	CHECK(words[5] == 0xdeadbeef);
}

/* From each place in a small ring, packets of each size: what comes out in order is what went in. */
static void ring_wraps(void)
{
	enum { RING = 16 };
	u32 ring[RING], words[RING], start, count, put, i;

	for (start = 0; start < 2 * RING; start++) {
		for (count = 0; count <= RING; count++) {
			memset(ring, 0, sizeof(ring));
			for (i = 0; i < count; i++)
				words[i] = 100 + i;
			put = mirage_packet_put(ring, RING, start, words, count);
			CHECK(put == start + count);
			for (i = 0; i < RING; i++)
				CHECK(ring[(start + i) % RING] == (i < count ? 100 + i : 0));
		}
	}
}

/* put counts modulo 2^32 and goes on as if nothing were. */
static void put_wraps(void)
{
	u32 ring[8] = { 0 }, words[5] = { 1, 2, 3, 4, 5 }, put;

	put = mirage_packet_put(ring, 8, 0xfffffffe, words, 5);
	CHECK(put == 3);
	CHECK(ring[6] == 1 && ring[7] == 2 && ring[0] == 3 && ring[1] == 4 && ring[2] == 5);
}

int main(void)
{
	RUN(indirect_buffer);
	RUN(fence);
	RUN(sem_write);
	RUN(copy);
	RUN(fill);
	RUN(ring_wraps);
	RUN(put_wraps);
	return check_done();
}
