// SPDX-License-Identifier: MIT
/* COPY_PHYS and FILL_PHYS: memory by physical pointers, in chunks, and what cannot be reached. */
#include "fixture.h"

#define VM 3	/* has no page table */
#define CHAN 1
#define CHUNK KiB(64)

static struct fixture f;

static void start(void)
{
	fixture_start(&f);
	fixture_chan(&f, CHAN, MIRAGE_CHAN_COPY, VM, 0);
}

static void add_copy(u64 src, u64 dst, u64 bytes)
{
	fixture_packet(&f, CHAN, MIRAGE_PKT_COPY_PHYS, 0, (u64[]){ src, dst, bytes }, 3, NULL);
}

static void add_fill(u64 dst, u64 bytes, u32 pattern)
{
	fixture_packet(&f, CHAN, MIRAGE_PKT_FILL_PHYS, 0, (u64[]){ dst, bytes }, 2, &pattern);
}

static void check_done(void)
{
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_RUNNING);
	CHECK_EQ(f.chans[CHAN].get, f.chans[CHAN].put);
	CHECK_EQ(fixture_nr_faults(&f), 0);
}

/* Give the guest's memory to the device in two pieces, with the border in the middle of @phys. */
static void split_map(u64 phys, u64 size)
{
	u64 border = ((phys & MIRAGE_PHYS_ADDR) + size / 2) & ~(u64)(KiB(4) - 1);
	struct dma *dma = &f.dev->dma;

	lock_acquire(&f.dev->lock);
	dma_unmap_all(dma);
	border -= FIXTURE_RAM_BASE;
	CHECK_EQ(dma_map(dma, FIXTURE_RAM_BASE, border, f.ram_fd, 0, true), 0);
	CHECK_EQ(dma_map(dma, FIXTURE_RAM_BASE + border, FIXTURE_RAM_SIZE - border, f.ram_fd, border,
			 true), 0);
	lock_release(&f.dev->lock);
}

/* Between both memories in every direction, over the border of two maps; nothing beyond is touched. */
static void every_direction(void)
{
	const u64 sizes[] = { 0, 8, 16, KiB(4), CHUNK - 8, CHUNK, CHUNK + 8, KiB(300) + 24 };
	const u64 room = KiB(512);
	u64 place[4];

	start();
	for (int i = 0; i < 4; i++)
		place[i] = (i & 1 ? fixture_alloc(&f, room) : fixture_alloc_vram(&f, room));
	split_map(place[1], room);
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes) * 16; i++) {
		u64 src = place[i % 4], dst = place[i / 4 % 4], size = sizes[i / 16];
		u8 *from = fixture_ptr(&f, src), *to = fixture_ptr(&f, dst);

		if (src == dst)
			continue;
		memset(to, 0xee, room);
		for (u64 at = 0; at < room; at += 8)
			*(u64 *)(from + at) = at * 0x9e3779b97f4a7c15 + i;
		add_copy(src + 16, dst + 64, size);
		fixture_kick(&f, CHAN);
		check_done();
		CHECK(!memcmp(to + 64, from + 16, size));
		for (u64 at = 0; at < 64; at++)
			CHECK_EQ(to[at], 0xee);
		CHECK_EQ(to[64 + size], 0xee);
		CHECK_EQ(to[room - 1], 0xee);
	}
	fixture_close(&f);
}

static void fills(void)
{
	const u64 size = KiB(200) + 8;
	u64 dst[2];

	start();
	dst[0] = fixture_alloc(&f, KiB(256));
	dst[1] = fixture_alloc_vram(&f, KiB(256));
	split_map(dst[0], KiB(256));
	for (int i = 0; i < 2; i++) {
		add_fill(dst[i] + 8, size, 0x12345678);
		add_fill(dst[i], 0, 9);
		fixture_kick(&f, CHAN);
		check_done();
		for (u64 at = 0; at < KiB(256); at += 4)
			CHECK_EQ(*(u32 *)((u8 *)fixture_ptr(&f, dst[i]) + at),
				 at >= 8 && at < 8 + size ? 0x12345678 : 0);
	}
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_COPY_BYTES), 2 * size);
	fixture_close(&f);
}

/* Each bad bit by itself stops the channel before anything is written. */
static void bad_arguments(void)
{
	u64 src, dst;

	start();
	src = fixture_alloc(&f, KiB(4));
	dst = fixture_alloc_vram(&f, KiB(4));
	*(u64 *)fixture_ptr(&f, src) = 7;
	for (u32 arg = 0; arg < 3; arg++)
		for (u32 bit = 0; bit < 64; bit++) {
			bool pointer = arg < 2;
			u64 args[3] = { src, dst, 8 };
			u32 index = f.chans[CHAN].put;

			if (pointer ? bit == 0 || (bit > 2 && bit < 52) : bit > 2)
				continue;
			args[arg] |= 1ull << bit;
			add_copy(args[0], args[1], args[2]);
			fixture_kick(&f, CHAN);
			fixture_check_error(&f, CHAN, MIRAGE_CHAN_BAD_PACKET,
					    MIRAGE_PKT(MIRAGE_PKT_COPY_PHYS, 6, 0), index);
			fixture_again(&f, CHAN);
			if (!arg)
				continue;
			index = f.chans[CHAN].put;
			add_fill(args[1], args[2], 7);
			fixture_kick(&f, CHAN);
			fixture_check_error(&f, CHAN, MIRAGE_CHAN_BAD_PACKET,
					    MIRAGE_PKT(MIRAGE_PKT_FILL_PHYS, 5, 0), index);
			fixture_again(&f, CHAN);
		}
	CHECK_EQ(*(u64 *)fixture_ptr(&f, dst), 0);
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_COPY_BYTES), 0);
	fixture_close(&f);
}

/* The copy goes as far as memory does; then the channel stops, and no fault is reported. */
static void memory_that_ends(void)
{
	const u64 vram_end = FIXTURE_VRAM_SIZE - CHUNK;
	const u64 ram_end = (FIXTURE_RAM_BASE + FIXTURE_RAM_SIZE - KiB(8)) | MIRAGE_PHYS_SYSTEM;
	u64 src;
	u32 index;

	start();
	src = fixture_alloc(&f, MiB(1));
	memset(fixture_ptr(&f, src), 3, MiB(1));
	index = f.chans[CHAN].put;
	add_copy(src, vram_end, 2 * CHUNK);
	fixture_kick(&f, CHAN);
	fixture_check_error(&f, CHAN, MIRAGE_CHAN_RING, 0, index);
	CHECK_EQ(f.dev->vram.host[FIXTURE_VRAM_SIZE - 1], 3);
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_COPY_BYTES), CHUNK);
	fixture_again(&f, CHAN);

	index = f.chans[CHAN].put;
	add_copy(ram_end, 0, KiB(16));
	fixture_kick(&f, CHAN);
	fixture_check_error(&f, CHAN, MIRAGE_CHAN_RING, 0, index);
	fixture_again(&f, CHAN);

	index = f.chans[CHAN].put;
	add_fill(ram_end, 0xfffffffffffffff8, 1);
	fixture_kick(&f, CHAN);
	fixture_check_error(&f, CHAN, MIRAGE_CHAN_RING, 0, index);
	CHECK_EQ(f.ram[FIXTURE_RAM_SIZE - 1], 0);
	CHECK_EQ(f.ram[FIXTURE_RAM_SIZE - 4], 1);
	CHECK_EQ(fixture_nr_faults(&f), 0);
	fixture_close(&f);
}

static void read_only_memory(void)
{
	struct dma *dma = &f.dev->dma;
	u64 page;
	u32 index;

	start();
	dma = &f.dev->dma;
	page = (FIXTURE_RAM_BASE + FIXTURE_RAM_SIZE) | MIRAGE_PHYS_SYSTEM;
	lock_acquire(&f.dev->lock);
	CHECK_EQ(dma_map(dma, FIXTURE_RAM_BASE + FIXTURE_RAM_SIZE, KiB(4), f.ram_fd,
			 FIXTURE_RAM_SIZE - KiB(4), false), 0);
	lock_release(&f.dev->lock);
	f.ram[FIXTURE_RAM_SIZE - KiB(4)] = 5;
	add_copy(page, MiB(1), KiB(4));
	fixture_kick(&f, CHAN);
	check_done();
	CHECK_EQ(f.dev->vram.host[MiB(1)], 5);
	index = f.chans[CHAN].put;
	add_fill(page, 8, 9);
	fixture_kick(&f, CHAN);
	fixture_check_error(&f, CHAN, MIRAGE_CHAN_RING, 0, index);
	CHECK_EQ(f.ram[FIXTURE_RAM_SIZE - KiB(4)], 5);
	fixture_close(&f);
}

/* Stopped after each chunk, it copies each chunk once. */
static void stops_between_chunks(void)
{
	const u64 chunks = 9;
	u64 src, dst;

	start();
	src = fixture_alloc(&f, MiB(1));
	dst = fixture_alloc_vram(&f, MiB(1));
	f.dev->engine.slice_ns = 0;
	add_copy(src, dst, chunks * CHUNK);
	fixture_write(&f, MIRAGE_DOORBELL_CHAN, CHAN);
	for (u64 i = 0; i < chunks; i++) {
		memset(fixture_ptr(&f, src), (int)i + 1, MiB(1));
		fixture_step(&f);
		CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_COPY_BYTES), (i + 1) * CHUNK);
		fixture_chan_cmd(&f, CHAN, MIRAGE_CMD_CHAN_STOP);
		CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_STOPPED);
		fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_START, .id = CHAN });
		fixture_write(&f, MIRAGE_DOORBELL_CMD, 0);
	}
	fixture_run(&f);
	check_done();
	for (u64 i = 0; i < chunks; i++)
		CHECK_EQ(*((u8 *)fixture_ptr(&f, dst) + i * CHUNK), i + 1);
	fixture_close(&f);
}

static const struct tap_test tests[] = {
	{ "every direction, over borders of maps", every_direction },
	{ "fills", fills },
	{ "bad arguments, bit by bit", bad_arguments },
	{ "memory that ends", memory_that_ends },
	{ "read-only memory", read_only_memory },
	{ "stops between chunks", stops_between_chunks },
};

TAP_MAIN(tests)
