// SPDX-License-Identifier: MIT
/* Every packet, good and bad, in the ring and in indirect buffers; errors and what they report. */
#include "fixture.h"
#include "packet.h"

#define VM 3
#define CHAN 2
#define IB_VA 0x10000000ull
#define SRC_VA 0x20000000ull
#define DST_VA 0x30000000ull

static struct fixture f;
static u32 *ib;		/* a page at IB_VA */
static u8 *src, *dst;	/* a page each */

static void start_class(enum mirage_chan_class class)
{
	fixture_start(&f);
	fixture_vm(&f, VM);
	ib = fixture_map_new(&f, VM, IB_VA);
	src = fixture_map_new(&f, VM, SRC_VA);
	dst = fixture_map_new(&f, VM, DST_VA);
	fixture_chan(&f, CHAN, class, VM, 0);
}

static void start(void)
{
	start_class(MIRAGE_CHAN_COMPUTE);
}

/* The channel has stopped with this error, and said so by an event. */
static void check_error(enum mirage_chan_error error, u32 info, u64 addr)
{
	fixture_check_error(&f, CHAN, error, info, addr);
}

/* All packets are done and none failed. */
static void check_idle(void)
{
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_RUNNING);
	CHECK_EQ(f.chans[CHAN].get, f.chans[CHAN].put);
	CHECK_EQ(fixture_nr_faults(&f), 0);
}

static void nop(void)
{
	const u32 word = MIRAGE_PKT(MIRAGE_PKT_NOP, 0, 0);

	start();
	fixture_emit(&f, CHAN, &word, 1);
	fixture_emit(&f, CHAN, &word, 1);
	CHECK_EQ(f.chans[CHAN].get, 0);
	fixture_run(&f);
	CHECK_EQ(f.chans[CHAN].get, 0);	/* nobody rang */
	fixture_kick(&f, CHAN);
	check_idle();
	CHECK_EQ(f.chans[CHAN].get, 2);
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_PACKETS), 2);
	fixture_close(&f);
}

/* Every alignment of both sides, every length around it, and nothing beyond is touched. */
static void copy_alignments(void)
{
	start();
	for (u32 i = 0; i < KiB(4); i++)
		src[i] = (u8)(i * 7 + i / 256);
	for (u32 s = 0; s < 9; s++)
		for (u32 d = 0; d < 9; d++)
			for (u32 len = 0; len < 20; len++) {
				memset(dst, 0xee, 64);
				fixture_copy(&f, CHAN, SRC_VA + s, DST_VA + 16 + d, len);
				fixture_kick(&f, CHAN);
				CHECK(!memcmp(dst + 16 + d, src + s, len));
				for (u32 i = 0; i < 64; i++)
					if (i < 16 + d || i >= 16 + d + len)
						CHECK_EQ(dst[i], 0xee);
			}
	check_idle();
	fixture_close(&f);
}

/* Map [va, va + 4 MiB) with pages of every size in both memories, in no order. */
static void map_mixed(u64 va)
{
	u64 at = va;

	for (u32 i = 0; i < 256; i++, at += KiB(4))
		fixture_map(&f, VM, at, (i % 2 ? fixture_alloc(&f, KiB(4)) :
						 fixture_alloc_vram(&f, KiB(4))),
			    MIRAGE_PAGE_SHIFT, FIXTURE_RWA);
	for (u32 i = 0; i < 16; i++, at += KiB(64))
		fixture_map(&f, VM, at, (i % 2 ? fixture_alloc_vram(&f, KiB(64)) :
						 fixture_alloc(&f, KiB(64))),
			    MIRAGE_PAGE_64K_SHIFT, FIXTURE_RWA);
	fixture_map(&f, VM, at, fixture_alloc_vram(&f, MiB(2)), MIRAGE_PAGE_2M_SHIFT, FIXTURE_RWA);
}

/* The byte that the GPU has at @va, or gets there. */
static u8 *byte_at(u64 va)
{
	unsigned int shift;
	u64 leaf;

	lock_acquire(&f.dev->lock);
	CHECK_EQ(mmu_walk(f.dev, VM, va, &leaf, &shift), 0);
	lock_release(&f.dev->lock);
	return (u8 *)fixture_ptr(&f, (leaf & MIRAGE_PTE_ADDR) |
				 (leaf & MIRAGE_PTE_SYSTEM ? MIRAGE_PHYS_SYSTEM : 0)) +
	       (va & ((1ull << shift) - 1));
}

/* Scattered pages of both memories and all sizes, offset against each other. */
static void copy_across_pages(void)
{
	const u64 from = 0x100000000000ull, to = 0x180000000000ull, total = MiB(4) - 3000;

	start();
	map_mixed(from);
	map_mixed(to);
	for (u64 i = 0; i < total; i++)
		if (i % 1021 == 0 || i % KiB(4) < 2)
			*byte_at(from + 1000 + i) = (u8)(i * 31 + (i >> 12));
	fixture_copy(&f, CHAN, from + 1000, to + 2999, total);
	fixture_kick(&f, CHAN);
	check_idle();
	for (u64 i = 0; i < total; i++)
		if (i % 1021 == 0 || i % KiB(4) < 2)
			CHECK_EQ(*byte_at(to + 2999 + i), (u8)(i * 31 + (i >> 12)));
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_COPY_BYTES), total);
	fixture_close(&f);
}

static void fill(void)
{
	start();
	memset(dst, 0xee, KiB(4));
	fixture_fill(&f, CHAN, DST_VA + 8, 4000, 0x12345678);
	fixture_fill(&f, CHAN, DST_VA, 0, 0);
	fixture_kick(&f, CHAN);
	check_idle();
	for (u32 i = 0; i < KiB(4); i += 4) {
		u32 word;

		memcpy(&word, dst + i, sizeof(word));
		CHECK_EQ(word, i >= 8 && i < 4008 ? 0x12345678 : 0xeeeeeeee);
	}
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_COPY_BYTES), 4000);
	fixture_close(&f);
}

static void fence(void)
{
	u64 *place;

	start();
	place = fixture_ptr(&f, f.sync_phys);
	fixture_fence(&f, CHAN, f.sync_phys, 0x123456789abcdefull, 0);
	fixture_kick(&f, CHAN);
	CHECK_EQ(*place, 0x123456789abcdefull);
	CHECK_EQ(f.status->event_put, 0);
	fixture_fence(&f, CHAN, f.sync_phys + 8, 7, MIRAGE_FENCE_NOTIFY);
	fixture_kick(&f, CHAN);
	CHECK_EQ(place[1], 7);
	check_idle();
	{
		struct mirage_event event = fixture_event(&f);

		CHECK_EQ(event.type, MIRAGE_EVENT_FENCE);
		CHECK_EQ(event.chan, CHAN);
		CHECK_EQ(event.value, 7);
	}
	fixture_close(&f);
}

/* With the event queue full a fence waits, and nothing is lost. */
static void fence_waits_for_event_room(void)
{
	const u32 size = 1 << FIXTURE_QUEUE_ORDER, extra = 40;

	start();
	for (u32 i = 0; i < size + extra; i++) {
		fixture_fence(&f, CHAN, f.sync_phys, i, MIRAGE_FENCE_NOTIFY);
		if (i % 64 == 63)
			fixture_kick(&f, CHAN);
	}
	fixture_kick(&f, CHAN);
	CHECK_EQ(f.status->event_put, size);
	CHECK_EQ(f.chans[CHAN].get, size * 5);
	for (u32 i = 0; i < size; i++)
		CHECK_EQ(fixture_event(&f).value, i);
	fixture_settle(&f);
	for (u32 i = 0; i < extra; i++)
		CHECK_EQ(fixture_event(&f).value, size + i);
	check_idle();
	fixture_close(&f);
}

static void semaphores(void)
{
	u64 *sem;

	start();
	sem = (u64 *)dst;
	fixture_packet(&f, CHAN, MIRAGE_PKT_SEM_WRITE, 0, (u64[]){ DST_VA, 41 }, 2, NULL);
	fixture_packet(&f, CHAN, MIRAGE_PKT_SEM_WAIT, 0, (u64[]){ DST_VA, 42 }, 2, NULL);
	fixture_kick(&f, CHAN);
	CHECK_EQ(*sem, 41);
	CHECK_EQ(f.chans[CHAN].get, 5);
	*sem = 43;	/* beyond is good enough */
	fixture_settle(&f);
	check_idle();

	fixture_packet(&f, CHAN, MIRAGE_PKT_SEM_WAIT, MIRAGE_SEM_EQUAL, (u64[]){ DST_VA, 42 }, 2,
		       NULL);
	fixture_kick(&f, CHAN);
	CHECK(f.chans[CHAN].get != f.chans[CHAN].put);
	*sem = 42;
	fixture_settle(&f);
	check_idle();

	/* The difference is signed: a counter may wrap around. */
	*sem = 1;
	fixture_packet(&f, CHAN, MIRAGE_PKT_SEM_WAIT, 0, (u64[]){ DST_VA, UINT64_MAX }, 2, NULL);
	fixture_kick(&f, CHAN);
	fixture_settle(&f);
	check_idle();
	fixture_close(&f);
}

/* A channel that waits gives its turn away to the one that it waits for. */
static void semaphore_between_channels(void)
{
	start();
	fixture_chan(&f, CHAN + 1, MIRAGE_CHAN_COPY, VM, 0);
	fixture_packet(&f, CHAN, MIRAGE_PKT_SEM_WAIT, 0, (u64[]){ DST_VA, 5 }, 2, NULL);
	fixture_fence(&f, CHAN, f.sync_phys, 77, 0);
	fixture_kick(&f, CHAN);
	CHECK_EQ(*(u64 *)fixture_ptr(&f, f.sync_phys), 0);
	fixture_packet(&f, CHAN + 1, MIRAGE_PKT_SEM_WRITE, 0, (u64[]){ DST_VA, 5 }, 2, NULL);
	fixture_kick(&f, CHAN + 1);
	CHECK_EQ(*(u64 *)fixture_ptr(&f, f.sync_phys), 77);
	check_idle();
	fixture_close(&f);
}

static void timestamp(void)
{
	u64 before, after;

	start();
	before = fixture_read64(&f, MIRAGE_BUS_TIME_LO);
	fixture_packet(&f, CHAN, MIRAGE_PKT_TIMESTAMP, 0, (u64[]){ DST_VA + 8 }, 1, NULL);
	fixture_kick(&f, CHAN);
	after = fixture_read64(&f, MIRAGE_BUS_TIME_LO);
	check_idle();
	CHECK(((u64 *)dst)[1] >= before && ((u64 *)dst)[1] <= after);
	fixture_close(&f);
}

/* Add a packet to the indirect buffer; returns the words in it. */
static u32 ib_add(u32 at, u32 op, u32 flags, const u32 *args, u32 nr)
{
	ib[at++] = MIRAGE_PKT(op, nr, flags);
	memcpy(&ib[at], args, nr * sizeof(*ib));
	return at + nr;
}

static void indirect_buffer(void)
{
	u32 len = 0;

	start();
	strcpy((char *)src, "by way of a buffer");
	len = ib_add(len, MIRAGE_PKT_NOP, 0, ib, 0);
	len = ib_add(len, MIRAGE_PKT_COPY, 0, (u32[]){ SRC_VA, 0, DST_VA, 0, 19, 0 }, 6);
	len = ib_add(len, MIRAGE_PKT_SEM_WRITE, 0, (u32[]){ DST_VA + 64, 0, 9, 0 }, 4);
	fixture_ib(&f, CHAN, IB_VA, len);
	fixture_fence(&f, CHAN, f.sync_phys, 1, 0);
	fixture_kick(&f, CHAN);
	check_idle();
	CHECK(!strcmp((char *)dst, "by way of a buffer"));
	CHECK_EQ(*(u64 *)(dst + 64), 9);
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_PACKETS), 5);
	fixture_close(&f);
}

/* A buffer that crosses a page, with packets across the border. */
static void indirect_buffer_across_pages(void)
{
	const u32 nr = 1500;
	u32 *next;

	start();
	next = fixture_map_new(&f, VM, IB_VA + KiB(4));
	for (u32 i = 0; i < nr; i++) {
		u32 words[5] = { MIRAGE_PKT(MIRAGE_PKT_SEM_WRITE, 4, 0), DST_VA, 0, i, 0 };

		for (u32 w = 0; w < 5 && i * 5 + w < 2048; w++) {
			u32 at = i * 5 + w;

			*(at < 1024 ? &ib[at] : &next[at - 1024]) = words[w];
		}
	}
	fixture_ib(&f, CHAN, IB_VA, 2045);
	fixture_kick(&f, CHAN);
	check_idle();
	CHECK_EQ(*(u64 *)dst, 2045 / 5 - 1);
	fixture_close(&f);
}

/* Any header that is not exactly right stops the channel, wherever it is. */
static void bad_headers(void)
{
	for (u32 where = 0; where < 2; where++) {
		for (u32 op = 0; op < 256; op++) {
			const struct packet_type *type = &packet_types[op];
			u32 words[8] = { 0 };
			u32 bad[3] = {
				MIRAGE_PKT(op, type->words + 1, 0),
				MIRAGE_PKT(op, type->words, type->flags + 1),
				MIRAGE_PKT(op, type->words ? type->words - 1 : 2, 0),
			};

			if (type->known && type->where == PACKET_RING && where)
				continue;
			for (u32 i = 0; i < 3; i++) {
				start();
				words[0] = bad[i];
				if (where) {
					memcpy(ib, words, sizeof(words));
					fixture_ib(&f, CHAN, IB_VA, 8);
				} else {
					fixture_emit(&f, CHAN, words, 8);
				}
				fixture_kick(&f, CHAN);
				check_error(MIRAGE_CHAN_BAD_PACKET, bad[i], where ? IB_VA : 0);
				fixture_close(&f);
			}
		}
	}
}

/* In an indirect buffer exactly the ring-only packets are refused, and have no effect. */
static void privilege_of_every_opcode(void)
{
	for (u32 op = 0; op < 256; op++) {
		const struct packet_type *type = &packet_types[op];
		u32 header = MIRAGE_PKT(op, type->words, 0);

		start();
		ib[0] = header;
		/* Arguments that would do something: all point to what the kernel owns. */
		for (u32 i = 0; i < type->words; i += 2) {
			ib[1 + i] = (u32)f.sync_phys;
			ib[2 + i] = (u32)(f.sync_phys >> 32);
		}
		fixture_ib(&f, CHAN, IB_VA, 1 + type->words);
		fixture_kick(&f, CHAN);
		CHECK_EQ(*(u64 *)fixture_ptr(&f, f.sync_phys), 0);
		if (!type->known)
			check_error(MIRAGE_CHAN_BAD_PACKET, header, IB_VA);
		else if (type->where == PACKET_RING)
			check_error(MIRAGE_CHAN_PRIVILEGE, header, IB_VA);
		else
			CHECK(f.chans[CHAN].error != MIRAGE_CHAN_PRIVILEGE);
		fixture_close(&f);
	}
	CHECK(packet_types[MIRAGE_PKT_FENCE].where == PACKET_RING);
	CHECK(packet_types[MIRAGE_PKT_IB].where == PACKET_RING);
}

static void bad_arguments(void)
{
	static const struct {
		u32 op, nr;
		u32 args[6];
	} rows[] = {
		{ MIRAGE_PKT_IB, 3, { IB_VA + 2, 0, 4 } },
		{ MIRAGE_PKT_IB, 3, { IB_VA, 0, 0 } },
		{ MIRAGE_PKT_IB, 3, { IB_VA, 0, MIRAGE_IB_MAX_WORDS + 1 } },
		{ MIRAGE_PKT_FENCE, 4, { 4, 0, 1, 0 } },
		{ MIRAGE_PKT_FENCE, 4, { 2, 0, 1, 0 } },
		{ MIRAGE_PKT_FENCE, 4, { 0, 1u << 31, 1, 0 } },
		{ MIRAGE_PKT_FILL, 5, { DST_VA + 1, 0, 4, 0, 0 } },
		{ MIRAGE_PKT_FILL, 5, { DST_VA, 0, 3, 0, 0 } },
		{ MIRAGE_PKT_SEM_WRITE, 4, { DST_VA + 4, 0, 0, 0 } },
		{ MIRAGE_PKT_SEM_WAIT, 4, { DST_VA + 1, 0, 0, 0 } },
		{ MIRAGE_PKT_TIMESTAMP, 2, { DST_VA + 4, 0 } },
		{ MIRAGE_PKT_DISPATCH, 2, { DST_VA + 32, 0 } },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		u32 header = MIRAGE_PKT(rows[i].op, rows[i].nr, 0);

		start();
		fixture_emit(&f, CHAN, &header, 1);
		fixture_emit(&f, CHAN, rows[i].args, rows[i].nr);
		fixture_kick(&f, CHAN);
		check_error(MIRAGE_CHAN_BAD_PACKET, header, 0);
		fixture_close(&f);
	}
}

static void fence_not_writable(void)
{
	start();
	fixture_fence(&f, CHAN, FIXTURE_VRAM_SIZE, 1, 0);
	fixture_kick(&f, CHAN);
	check_error(MIRAGE_CHAN_RING, 0, 0);
	fixture_close(&f);
}

static void packet_beyond_its_end(void)
{
	u32 header = MIRAGE_PKT(MIRAGE_PKT_COPY, 6, 0);

	start();
	fixture_emit(&f, CHAN, &header, 1);
	fixture_kick(&f, CHAN);
	check_error(MIRAGE_CHAN_BAD_PACKET, header, 0);
	fixture_close(&f);

	start();
	ib[0] = MIRAGE_PKT(MIRAGE_PKT_NOP, 0, 0);
	ib[1] = header;
	fixture_ib(&f, CHAN, IB_VA, 7);
	fixture_kick(&f, CHAN);
	check_error(MIRAGE_CHAN_BAD_PACKET, header, IB_VA + 4);
	fixture_close(&f);
}

static void put_beyond_the_ring(void)
{
	start();
	f.chans[CHAN].put = (1 << FIXTURE_RING_ORDER) + 1;
	fixture_kick(&f, CHAN);
	check_error(MIRAGE_CHAN_RING, 0, 0);
	fixture_close(&f);
}

static void ring_wraps(void)
{
	start();
	/* Far more than the ring holds, in packets of 5 words: every phase of wrapping. */
	for (u32 i = 0; i < 2000; i++) {
		fixture_fence(&f, CHAN, f.sync_phys, i, 0);
		fixture_kick(&f, CHAN);
		CHECK_EQ(*(u64 *)fixture_ptr(&f, f.sync_phys), i);
	}
	check_idle();
	CHECK_EQ(f.chans[CHAN].get, 10000);
	fixture_close(&f);
}

static void dispatch_needs_compute_class(void)
{
	u32 words[3] = { MIRAGE_PKT(MIRAGE_PKT_DISPATCH, 2, 0), DST_VA, 0 };

	start_class(MIRAGE_CHAN_COPY);
	fixture_emit(&f, CHAN, words, 3);
	fixture_kick(&f, CHAN);
	check_error(MIRAGE_CHAN_BAD_PACKET, words[0], 0);
	fixture_close(&f);
}

static void dispatch_descriptor_invalid(void)
{
	u32 words[3] = { MIRAGE_PKT(MIRAGE_PKT_DISPATCH, 2, 0), DST_VA, 0 };

	start();
	fixture_emit(&f, CHAN, words, 3);
	fixture_kick(&f, CHAN);
	check_error(MIRAGE_CHAN_BAD_DISPATCH, 0, 0);
	fixture_close(&f);
}

/* One EXIT on a descriptor that lies on two pages. */
static void dispatch_runs(void)
{
	struct mirage_dispatch desc = {
		.code = SRC_VA, .code_size = 8, .nr_regs = 1,
		.grid = { 3, 1, 1 }, .group = { 64, 1, 1 },
	};
	u32 words[3] = { MIRAGE_PKT(MIRAGE_PKT_DISPATCH, 2, 0), DST_VA + KiB(4) - 64, 0 };
	u8 *next;

	start();
	next = fixture_map_new(&f, VM, DST_VA + KiB(4));
	memcpy(dst + KiB(4) - 64, &desc, 64);
	memcpy(next, (u8 *)&desc + 64, 64);
	*(u64 *)src = 1;	/* EXIT */
	fixture_emit(&f, CHAN, words, 3);
	fixture_kick(&f, CHAN);
	check_idle();
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_WAVES), 6);
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_INSTRUCTIONS), 6);
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_LANE_INSTRUCTIONS), 192);
	fixture_close(&f);
}

/* An error stops one channel; others go on, and a reset brings it back. */
static void error_stays_in_its_channel(void)
{
	const u32 bad = MIRAGE_PKT(0xff, 0, 0);

	start();
	fixture_chan(&f, CHAN + 1, MIRAGE_CHAN_COPY, VM, 0);
	fixture_emit(&f, CHAN, &bad, 1);
	fixture_fence(&f, CHAN, f.sync_phys, 1, 0);
	fixture_kick(&f, CHAN);
	check_error(MIRAGE_CHAN_BAD_PACKET, bad, 0);
	CHECK_EQ(f.chans[CHAN].get, 0);
	fixture_fence(&f, CHAN + 1, f.sync_phys, 2, 0);
	fixture_kick(&f, CHAN + 1);
	CHECK_EQ(*(u64 *)fixture_ptr(&f, f.sync_phys), 2);
	/* Neither START nor STOP leaves the state ERROR. */
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_STOP, .id = CHAN });
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_START, .id = CHAN });
	fixture_sync(&f);
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_ERROR);
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_RESET, .id = CHAN });
	fixture_sync(&f);
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_IDLE);
	f.chans[CHAN].get = 1;	/* behind the bad one */
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_START, .id = CHAN });
	fixture_run(&f);
	check_idle();
	CHECK_EQ(f.chans[CHAN].error, MIRAGE_CHAN_OK);
	fixture_close(&f);
}

static const struct tap_test tests[] = {
	{ "NOP, and no doorbell", nop },
	{ "COPY at every alignment", copy_alignments },
	{ "COPY across pages of all kinds", copy_across_pages },
	{ "FILL", fill },
	{ "FENCE with and without event", fence },
	{ "FENCE waits for room in the event queue", fence_waits_for_event_room },
	{ "SEM_WRITE and SEM_WAIT", semaphores },
	{ "semaphore between channels", semaphore_between_channels },
	{ "TIMESTAMP", timestamp },
	{ "indirect buffer", indirect_buffer },
	{ "indirect buffer across pages", indirect_buffer_across_pages },
	{ "every bad header stops the channel", bad_headers },
	{ "privilege of every opcode", privilege_of_every_opcode },
	{ "bad arguments of each packet", bad_arguments },
	{ "FENCE to nowhere", fence_not_writable },
	{ "packet beyond the end of ring or buffer", packet_beyond_its_end },
	{ "put beyond the ring", put_beyond_the_ring },
	{ "ring wraps in the middle of packets", ring_wraps },
	{ "DISPATCH needs class COMPUTE", dispatch_needs_compute_class },
	{ "DISPATCH of an invalid descriptor", dispatch_descriptor_invalid },
	{ "DISPATCH runs, descriptor on two pages", dispatch_runs },
	{ "an error stays in its channel", error_stays_in_its_channel },
};

TAP_MAIN(tests)
