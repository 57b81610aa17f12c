// SPDX-License-Identifier: MIT
/* Faults of front end and copy, the buffer, replay, and injected trouble with each. */
#include <sys/eventfd.h>
#include <unistd.h>

#include "fixture.h"

#define VM 3
#define CHAN 1
#define SRC_VA 0x20000000ull
#define DST_VA 0x30000000ull

static struct fixture f;

static void start(void)
{
	fixture_start(&f);
	fixture_vm(&f, VM);
	fixture_chan(&f, CHAN, MIRAGE_CHAN_COMPUTE, VM, 0);
}

static void check_fault(u32 chan, u64 va, enum mirage_access access, enum mirage_fault_kind kind,
			enum mirage_fault_unit unit)
{
	struct mirage_fault_entry fault = fixture_fault(&f);

	CHECK_EQ(fault.addr, va);
	CHECK_EQ(fault.chan, chan);
	CHECK_EQ(fault.vm, VM);
	CHECK_EQ(fault.access, access);
	CHECK_EQ(fault.kind, kind);
	CHECK_EQ(fault.unit, unit);
	CHECK_EQ(fault.wave, 0);
	CHECK(fault.time_ns <= fixture_read64(&f, MIRAGE_BUS_TIME_LO));
}

#define PLACE_CODE_VA	0x40000000ull
#define PLACE_DESC_VA	0x50000000ull

/* A kernel whose work item @item alone stores to SRC_VA, with its third instruction from the end. */
static void add_store(u32 item)
{
	struct mirage_dispatch *desc = fixture_map_new(&f, VM, PLACE_DESC_VA);
	u64 *args = (u64 *)((u8 *)desc + 128);
	char text[256];

	*desc = (struct mirage_dispatch){
		.args = PLACE_DESC_VA + 128, .args_size = 8,
		.grid = { 1, 1, 1 }, .group = { 64, 1, 1 },
	};
	args[0] = SRC_VA;
	snprintf(text, sizeof(text),
		 "	s2r r0, local_x\n	eq r1, r0, %u\n	ldc.64 r2, [0]\n"
		 "	brz r1, done\n	st.32 [r2], r0\ndone:\n	exit\n", item);
	fixture_program(&f, VM, PLACE_CODE_VA, text, desc);
	fixture_dispatch(&f, CHAN, PLACE_DESC_VA);
}

/* With QUEUE_FAULT_PLACE each entry has its place at the same index: an instruction's, or none. */
static void places(void)
{
	static const struct mirage_place none;
	struct mirage_place place;

	fixture_open(&f);
	fixture_write_phys(&f, MIRAGE_QUEUE_FAULT_PLACE_LO, f.place_phys);
	fixture_write(&f, MIRAGE_BUS_CTRL, 1);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_STATUS), MIRAGE_BUS_STATUS_ENABLED__MASK);
	fixture_vm(&f, VM);
	fixture_chan(&f, CHAN, MIRAGE_CHAN_COMPUTE, VM, 0);
	memset(f.places, 0xee, sizeof(*f.places) << FIXTURE_QUEUE_ORDER);

	fixture_fill(&f, CHAN, DST_VA, 4, 1);
	fixture_kick(&f, CHAN);
	place = fixture_fault_place(&f);
	CHECK(!memcmp(&place, &none, sizeof(none)));
	check_fault(CHAN, DST_VA, MIRAGE_ACCESS_WRITE, MIRAGE_FAULT_NOT_PRESENT, MIRAGE_UNIT_COPY);
	fixture_map_new(&f, VM, DST_VA);
	fixture_replay(&f, VM);

	add_store(45);
	fixture_kick(&f, CHAN);
	fixture_await_fault(&f);
	place = fixture_fault_place(&f);
	CHECK_EQ(place.pc, PLACE_CODE_VA + 4 * 8);
	CHECK_EQ(place.group[0] | place.group[1] | place.group[2], 0);
	CHECK_EQ(place.wave, 1);
	CHECK_EQ(place.lane, 13);
	CHECK_EQ(fixture_fault(&f).addr, SRC_VA);
	/* The next entry's is untouched. */
	CHECK_EQ(f.places[2].lane, 0xeeee);
	fixture_close(&f);
}

/* Memory that cannot be reached is no place: the device does not run. */
static void places_out_of_reach(void)
{
	static const u64 bad[] = { 1ull << 45 | MIRAGE_PHYS_SYSTEM, 0x1001, 0x800 };

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		fixture_open(&f);
		fixture_write_phys(&f, MIRAGE_QUEUE_FAULT_PLACE_LO, bad[i]);
		fixture_write(&f, MIRAGE_BUS_CTRL, 1);
		CHECK_EQ(fixture_read(&f, MIRAGE_BUS_STATUS), 0);
		CHECK_EQ(fixture_read(&f, MIRAGE_BUS_ERROR), MIRAGE_DEV_BAD_QUEUE);
		fixture_close(&f);
	}
}

static bool done(u32 chan)
{
	return f.chans[chan].get == f.chans[chan].put;
}

/*
 * All pages of both sides fault at once, and every byte arrives, however few of them software
 * makes present before a replay.
 */
static void copy_resumes_where_it_stopped(void)
{
	u8 *a, *b, *a2;

	start();
	fixture_copy(&f, CHAN, SRC_VA + 4000, DST_VA + 100, 200);
	fixture_kick(&f, CHAN);
	check_fault(CHAN, SRC_VA + 4000, MIRAGE_ACCESS_READ, MIRAGE_FAULT_NOT_PRESENT,
		    MIRAGE_UNIT_COPY);
	check_fault(CHAN, SRC_VA + KiB(4), MIRAGE_ACCESS_READ, MIRAGE_FAULT_NOT_PRESENT,
		    MIRAGE_UNIT_COPY);
	check_fault(CHAN, DST_VA + 100, MIRAGE_ACCESS_WRITE, MIRAGE_FAULT_NOT_PRESENT,
		    MIRAGE_UNIT_COPY);
	CHECK_EQ(fixture_nr_faults(&f), 0);
	a = fixture_map_new(&f, VM, SRC_VA);
	b = fixture_map_new(&f, VM, DST_VA);
	memset(a, 0xaa, KiB(4));
	fixture_run(&f);
	CHECK_EQ(b[100], 0);	/* no replay, no progress */
	fixture_replay(&f, VM);
	CHECK_EQ(b[100], 0xaa);
	CHECK_EQ(b[195], 0xaa);
	CHECK_EQ(b[196], 0);
	check_fault(CHAN, SRC_VA + KiB(4), MIRAGE_ACCESS_READ, MIRAGE_FAULT_NOT_PRESENT,
		    MIRAGE_UNIT_COPY);
	/* The part that was copied is not copied again. */
	memset(a, 0xcc, KiB(4));
	a2 = fixture_map_new(&f, VM, SRC_VA + KiB(4));
	memset(a2, 0xbb, KiB(4));
	fixture_replay(&f, VM);
	CHECK(done(CHAN));
	CHECK_EQ(b[195], 0xaa);
	CHECK_EQ(b[196], 0xbb);
	CHECK_EQ(b[299], 0xbb);
	CHECK_EQ(b[300], 0);
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_REPLAYED), 2);
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_FAULTS), 4);
	fixture_close(&f);
}

/* Expect faults for the pages from @va on, but not for page @but, and make all of them present. */
static void serve_side(u64 va, unsigned int pages, unsigned int but, enum mirage_access access)
{
	for (unsigned int i = 0; i < pages; i++) {
		u64 page = (va & ~(KiB(4) - 1)) + i * KiB(4);

		if (i == but)
			continue;
		check_fault(CHAN, i ? page : va, access, MIRAGE_FAULT_NOT_PRESENT,
			    MIRAGE_UNIT_COPY);
		fixture_map_new(&f, VM, page);
	}
}

/* 17 pages of each side are the most at once; a page that is there is passed over. */
static void copy_reports_a_chunk(void)
{
	u8 *last;

	start();
	fixture_map_new(&f, VM, DST_VA + 5 * KiB(4));
	fixture_copy(&f, CHAN, SRC_VA + 8, DST_VA + 16, 3 * KiB(64));
	fixture_kick(&f, CHAN);
	CHECK_EQ(fixture_nr_faults(&f), 33);
	serve_side(SRC_VA + 8, 17, UINT32_MAX, MIRAGE_ACCESS_READ);
	serve_side(DST_VA + 16, 17, 5, MIRAGE_ACCESS_WRITE);
	fixture_replay(&f, VM);
	/* The destination is at the end of its pages, and the source 8 bytes before. */
	CHECK_EQ(fixture_nr_faults(&f), 32);
	serve_side(SRC_VA + KiB(68), 16, UINT32_MAX, MIRAGE_ACCESS_READ);
	serve_side(DST_VA + KiB(68), 16, UINT32_MAX, MIRAGE_ACCESS_WRITE);
	fixture_replay(&f, VM);
	CHECK_EQ(fixture_nr_faults(&f), 32);
	serve_side(SRC_VA + KiB(132), 15, UINT32_MAX, MIRAGE_ACCESS_READ);
	check_fault(CHAN, SRC_VA + KiB(192), MIRAGE_ACCESS_READ, MIRAGE_FAULT_NOT_PRESENT,
		    MIRAGE_UNIT_COPY);
	last = fixture_map_new(&f, VM, SRC_VA + KiB(192));
	last[7] = 0xaa;
	last[8] = 0xbb;
	serve_side(DST_VA + KiB(132), 15, UINT32_MAX, MIRAGE_ACCESS_WRITE);
	check_fault(CHAN, DST_VA + KiB(192), MIRAGE_ACCESS_WRITE, MIRAGE_FAULT_NOT_PRESENT,
		    MIRAGE_UNIT_COPY);
	last = fixture_map_new(&f, VM, DST_VA + KiB(192));
	fixture_replay(&f, VM);
	CHECK(done(CHAN));
	CHECK_EQ(last[15], 0xaa);
	CHECK_EQ(last[16], 0);
	fixture_close(&f);
}

/* A page ahead that cannot be served is not told of before the copy stands there. */
static void copy_reports_no_page_ahead_that_is_lost(void)
{
	u64 phys;
	u32 *page;

	start();
	phys = fixture_alloc(&f, KiB(4));
	fixture_map(&f, VM, DST_VA + KiB(4), phys, MIRAGE_PAGE_SHIFT, 0);
	fixture_map(&f, VM, DST_VA + 2 * KiB(4), FIXTURE_VRAM_SIZE, MIRAGE_PAGE_SHIFT,
		    MIRAGE_PTE_WRITE);
	fixture_fill(&f, CHAN, DST_VA, 4 * KiB(4), 5);
	fixture_kick(&f, CHAN);
	check_fault(CHAN, DST_VA, MIRAGE_ACCESS_WRITE, MIRAGE_FAULT_NOT_PRESENT, MIRAGE_UNIT_COPY);
	check_fault(CHAN, DST_VA + KiB(4), MIRAGE_ACCESS_WRITE, MIRAGE_FAULT_WRITE,
		    MIRAGE_UNIT_COPY);
	CHECK_EQ(fixture_nr_faults(&f), 0);
	page = fixture_map_new(&f, VM, DST_VA);
	fixture_map(&f, VM, DST_VA + KiB(4), phys, MIRAGE_PAGE_SHIFT, MIRAGE_PTE_WRITE);
	fixture_replay(&f, VM);
	CHECK_EQ(page[1023], 5);
	CHECK_EQ(((u32 *)fixture_ptr(&f, phys))[1023], 5);
	check_fault(CHAN, DST_VA + 2 * KiB(4), MIRAGE_ACCESS_WRITE, MIRAGE_FAULT_BUS,
		    MIRAGE_UNIT_COPY);
	CHECK_EQ(fixture_nr_faults(&f), 0);
	fixture_close(&f);
}

/* Where a fault is an error, it is that of the place where the copy stands. */
static void no_fault_looks_at_one_place(void)
{
	start();
	fixture_chan_flags(&f, CHAN + 1, MIRAGE_CHAN_COPY, VM, 0, MIRAGE_CHAN_NO_FAULT);
	fixture_map_new(&f, VM, SRC_VA);
	fixture_copy(&f, CHAN + 1, SRC_VA, DST_VA + 12, KiB(8));
	fixture_kick(&f, CHAN + 1);
	CHECK_EQ(fixture_nr_faults(&f), 0);
	CHECK_EQ(f.chans[CHAN + 1].state, MIRAGE_CHAN_ERROR);
	CHECK_EQ(f.chans[CHAN + 1].error_addr, DST_VA + 12);
	fixture_close(&f);
}


static void write_to_read_only_page(void)
{
	u64 phys;

	start();
	phys = fixture_alloc(&f, KiB(4));
	fixture_map(&f, VM, DST_VA, phys, MIRAGE_PAGE_SHIFT, 0);
	fixture_fill(&f, CHAN, DST_VA, 64, 5);
	fixture_kick(&f, CHAN);
	check_fault(CHAN, DST_VA, MIRAGE_ACCESS_WRITE, MIRAGE_FAULT_WRITE, MIRAGE_UNIT_COPY);
	fixture_map(&f, VM, DST_VA, phys, MIRAGE_PAGE_SHIFT, MIRAGE_PTE_WRITE);
	fixture_replay(&f, VM);
	CHECK(done(CHAN));
	CHECK_EQ(*(u32 *)fixture_ptr(&f, phys), 5);
	fixture_close(&f);
}

static void front_end_faults(void)
{
	u32 *ib;
	u64 *sem;

	start();
	fixture_ib(&f, CHAN, SRC_VA + KiB(4) - 8, 5);
	fixture_kick(&f, CHAN);
	check_fault(CHAN, SRC_VA + KiB(4) - 8, MIRAGE_ACCESS_FETCH, MIRAGE_FAULT_NOT_PRESENT,
		    MIRAGE_UNIT_FRONTEND);
	ib = fixture_map_new(&f, VM, SRC_VA);
	ib[1022] = MIRAGE_PKT(MIRAGE_PKT_SEM_WRITE, 4, 0);
	ib[1023] = DST_VA + 8;
	fixture_replay(&f, VM);
	check_fault(CHAN, SRC_VA + KiB(4), MIRAGE_ACCESS_FETCH, MIRAGE_FAULT_NOT_PRESENT,
		    MIRAGE_UNIT_FRONTEND);
	ib = fixture_map_new(&f, VM, SRC_VA + KiB(4));
	ib[0] = 0;
	ib[1] = 11;
	fixture_replay(&f, VM);
	check_fault(CHAN, DST_VA + 8, MIRAGE_ACCESS_WRITE, MIRAGE_FAULT_NOT_PRESENT,
		    MIRAGE_UNIT_FRONTEND);
	sem = fixture_map_new(&f, VM, DST_VA);
	fixture_replay(&f, VM);
	CHECK(done(CHAN));
	CHECK_EQ(sem[1], 11);
	fixture_close(&f);
}

static void every_kind_is_delivered_alike(void)
{
	start();
	fixture_fill(&f, CHAN, 1ull << 49, 4, 0);
	fixture_kick(&f, CHAN);
	check_fault(CHAN, 1ull << 49, MIRAGE_ACCESS_WRITE, MIRAGE_FAULT_RANGE, MIRAGE_UNIT_COPY);
	fixture_chan(&f, CHAN + 1, MIRAGE_CHAN_COPY, VM, 0);
	fixture_map(&f, VM, DST_VA, FIXTURE_VRAM_SIZE, MIRAGE_PAGE_SHIFT, MIRAGE_PTE_WRITE);
	fixture_fill(&f, CHAN + 1, DST_VA, 4, 0);
	fixture_kick(&f, CHAN + 1);
	check_fault(CHAN + 1, DST_VA, MIRAGE_ACCESS_WRITE, MIRAGE_FAULT_BUS, MIRAGE_UNIT_COPY);
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_RUNNING);
	/* The way out is a reset. */
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_RESET, .id = CHAN });
	fixture_sync(&f);
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_IDLE);
	fixture_replay(&f, VM);
	check_fault(CHAN + 1, DST_VA, MIRAGE_ACCESS_WRITE, MIRAGE_FAULT_BUS, MIRAGE_UNIT_COPY);
	CHECK_EQ(fixture_nr_faults(&f), 0);
	fixture_close(&f);
}

/* The others go on while one waits; what still fails fails again. */
static void others_go_on(void)
{
	start();
	fixture_chan(&f, CHAN + 1, MIRAGE_CHAN_COPY, VM, 0);
	fixture_map_new(&f, VM, DST_VA);
	fixture_fill(&f, CHAN, SRC_VA, 4, 0);
	fixture_kick(&f, CHAN);
	fixture_fault(&f);
	fixture_fill(&f, CHAN + 1, DST_VA, 4, 0);
	fixture_kick(&f, CHAN + 1);
	CHECK(done(CHAN + 1));
	CHECK(!done(CHAN));
	for (int i = 0; i < 5; i++) {
		fixture_replay(&f, VM);
		check_fault(CHAN, SRC_VA, MIRAGE_ACCESS_WRITE, MIRAGE_FAULT_NOT_PRESENT,
			    MIRAGE_UNIT_COPY);
	}
	/* Of another VM: nothing. Of all: again. */
	fixture_vm(&f, VM + 1);
	fixture_replay(&f, VM + 1);
	CHECK_EQ(fixture_nr_faults(&f), 0);
	fixture_cmd(&f, (struct mirage_cmd){
		.op = MIRAGE_CMD_REPLAY, .flags = MIRAGE_CMD_ALL, .id = 0,
	});
	fixture_run(&f);
	CHECK_EQ(fixture_nr_faults(&f), 1);
	fixture_close(&f);
}

/* Make a small fault buffer of two entries. */
static void start_small(void)
{
	fixture_open(&f);
	fixture_write(&f, MIRAGE_QUEUE_FAULT_ORDER, 1);
	fixture_write(&f, MIRAGE_BUS_CTRL, 1);
	fixture_vm(&f, VM);
	for (u32 i = 0; i < FIXTURE_CHANS; i++)
		fixture_chan(&f, i, MIRAGE_CHAN_COPY, VM, 0);
}

static void full_buffer_loses_nothing(void)
{
	u32 seen = 0;

	start_small();
	for (u32 i = 0; i < FIXTURE_CHANS; i++) {
		fixture_fill(&f, i, DST_VA + i * KiB(4), 4, i);
		fixture_kick(&f, i);
	}
	CHECK_EQ(fixture_nr_faults(&f), 2);
	while (seen != (1 << FIXTURE_CHANS) - 1) {
		u32 at;

		fixture_await_fault(&f);
		at = f.status->fault_get++ & 1;
		CHECK(f.faults[at].chan < FIXTURE_CHANS);
		CHECK(!(seen & 1 << f.faults[at].chan));
		seen |= 1 << f.faults[at].chan;
	}
	fixture_settle(&f);
	CHECK_EQ(fixture_nr_faults(&f), 0);
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_FAULTS), FIXTURE_CHANS);
	fixture_close(&f);
}

/* A replay resumes also what is not in the buffer yet, and its entry never comes. */
static void replay_with_full_buffer(void)
{
	start_small();
	for (u32 i = 0; i < FIXTURE_CHANS; i++) {
		fixture_fill(&f, i, DST_VA + i * KiB(4), 4, i);
		fixture_kick(&f, i);
		fixture_map_new(&f, VM, DST_VA + i * KiB(4));
	}
	CHECK_EQ(fixture_nr_faults(&f), 2);
	fixture_replay(&f, VM);
	for (u32 i = 0; i < FIXTURE_CHANS; i++)
		CHECK(done(i));
	f.status->fault_get += 2;
	fixture_settle(&f);
	CHECK_EQ(fixture_nr_faults(&f), 0);
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_FAULTS), 2);
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_REPLAYED), FIXTURE_CHANS);
	fixture_close(&f);
}

/* Entries of a copy that do not fit wait, in order; a replay drops the rest. */
static void copy_with_full_buffer(void)
{
	u32 got = 0;

	start_small();
	fixture_fill(&f, 0, DST_VA, KiB(64), 1);
	fixture_kick(&f, 0);
	CHECK_EQ(fixture_nr_faults(&f), 2);
	for (; got < 10; got++) {
		u32 at;

		fixture_await_fault(&f);
		at = f.status->fault_get++ & 1;
		CHECK_EQ(f.faults[at].addr, DST_VA + got * KiB(4));
	}
	for (u32 i = 0; i < 16; i++)
		fixture_map_new(&f, VM, DST_VA + i * KiB(4));
	fixture_replay(&f, VM);
	CHECK(done(0));
	f.status->fault_get += fixture_nr_faults(&f);
	fixture_settle(&f);
	CHECK_EQ(fixture_nr_faults(&f), 0);
	CHECK(fixture_read64(&f, MIRAGE_PERF_FAULTS) <= 12);
	fixture_close(&f);
}

static void fault_get_nonsense_halts(void)
{
	start();
	f.status->fault_get = 5;
	fixture_fill(&f, CHAN, DST_VA, 4, 0);
	fixture_kick(&f, CHAN);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_ERROR), MIRAGE_DEV_BAD_CMD);
	fixture_close(&f);
}

static void duplicates(void)
{
	static const u32 dup[] = { 0, 3, 15, 16, UINT32_MAX };

	for (unsigned int i = 0; i < ARRAY_SIZE(dup); i++) {
		u32 want = dup[i] < 15 ? 1 + dup[i] : 16;

		start();
		fixture_write(&f, MIRAGE_TEST_FAULT_DUP, dup[i]);
		fixture_fill(&f, CHAN, DST_VA, 4, 0);
		fixture_kick(&f, CHAN);
		CHECK_EQ(fixture_nr_faults(&f), want);
		for (u32 n = 0; n < want; n++)
			check_fault(CHAN, DST_VA, MIRAGE_ACCESS_WRITE, MIRAGE_FAULT_NOT_PRESENT,
				    MIRAGE_UNIT_COPY);
		fixture_close(&f);
	}
}

static void duplicates_with_full_buffer(void)
{
	start_small();
	fixture_write(&f, MIRAGE_TEST_FAULT_DUP, 4);
	fixture_fill(&f, 0, DST_VA, 4, 0);
	fixture_kick(&f, 0);
	for (u32 n = 0; n < 5; n++) {
		fixture_await_fault(&f);
		f.status->fault_get++;
	}
	fixture_settle(&f);
	CHECK_EQ(fixture_nr_faults(&f), 0);
	fixture_close(&f);
}

static void delayed(void)
{
	u64 before, delay_us = 20000;

	start();
	fixture_write(&f, MIRAGE_TEST_FAULT_DELAY_US, (u32)delay_us);
	fixture_fill(&f, CHAN, DST_VA, 4, 0);
	before = now_ns();
	fixture_kick(&f, CHAN);
	CHECK(fixture_nr_faults(&f) == 0 || now_ns() - before >= delay_us * 1000);
	fixture_settle(&f);
	CHECK(now_ns() - before >= delay_us * 1000);
	CHECK_EQ(fixture_nr_faults(&f), 1);
	fixture_close(&f);
}

static void dropped_replays(void)
{
	start();
	fixture_write(&f, MIRAGE_TEST_DROP_REPLAY, 2);
	fixture_fill(&f, CHAN, DST_VA, 4, 0);
	fixture_kick(&f, CHAN);
	fixture_fault(&f);
	fixture_map_new(&f, VM, DST_VA);
	fixture_replay(&f, VM);
	CHECK(!done(CHAN));
	fixture_replay(&f, VM);
	CHECK(!done(CHAN));
	fixture_replay(&f, VM);
	CHECK(done(CHAN));
	CHECK_EQ(fixture_read(&f, MIRAGE_TEST_DROP_REPLAY), 0);
	fixture_close(&f);
}

static bool fired(int fd)
{
	u64 count;

	return read(fd, &count, sizeof(count)) == sizeof(count);
}

/* The interrupt fires once for each time that software arms it. */
static void arming(void)
{
	int fd = eventfd(0, EFD_NONBLOCK);

	start();
	intr_set_eventfd(&f.dev->intr, 3, fd);
	fixture_write(&f, MIRAGE_INTR_ENABLE, MIRAGE_INTR_PENDING_FAULT__MASK);
	fixture_write(&f, MIRAGE_INTR_ROUTE_FAULT, 3);
	fixture_fill(&f, CHAN, DST_VA, 4, 0);
	fixture_kick(&f, CHAN);
	CHECK(!fired(fd));	/* not armed */
	f.status->fault_armed = 1;
	fixture_replay(&f, VM);
	CHECK(fired(fd));
	CHECK_EQ(f.status->fault_armed, 0);
	CHECK_EQ(fixture_read(&f, MIRAGE_INTR_PENDING), MIRAGE_INTR_PENDING_FAULT__MASK);
	fixture_replay(&f, VM);
	CHECK(!fired(fd));	/* nobody has armed it again */
	f.status->fault_armed = 1;
	fixture_write(&f, MIRAGE_TEST_DROP_IRQ, 1);
	fixture_replay(&f, VM);
	CHECK(!fired(fd));	/* lost on the way */
	CHECK_EQ(f.status->fault_armed, 0);
	f.status->fault_armed = 1;
	fixture_write(&f, MIRAGE_INTR_ENABLE, 0);
	fixture_replay(&f, VM);
	CHECK(!fired(fd));
	fixture_write(&f, MIRAGE_INTR_ENABLE, MIRAGE_INTR_ENABLE_ALL__MASK);
	CHECK(!fired(fd));	/* neither then nor later */
	f.status->fault_armed = 1;
	fixture_write(&f, MIRAGE_INTR_ROUTE_FAULT, MIRAGE_MSIX_VECTORS);
	fixture_replay(&f, VM);
	CHECK(!fired(fd));
	fixture_write(&f, MIRAGE_INTR_PENDING, MIRAGE_INTR_PENDING_FAULT__MASK);
	CHECK_EQ(fixture_read(&f, MIRAGE_INTR_PENDING), 0);
	fixture_close(&f);
}

static void reset_drops_waiting_entries(void)
{
	start_small();
	for (u32 i = 0; i < FIXTURE_CHANS; i++) {
		fixture_fill(&f, i, DST_VA + i * KiB(4), 4, i);
		fixture_kick(&f, i);
	}
	for (u32 i = 2; i < FIXTURE_CHANS; i++)
		fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_RESET, .id = i });
	fixture_sync(&f);
	f.status->fault_get += 2;
	fixture_settle(&f);
	CHECK_EQ(fixture_nr_faults(&f), 0);
	fixture_close(&f);
}

/* A stopped channel keeps its fault; a replay while it is stopped counts. */
static void stop_while_suspended(void)
{
	u32 *page;

	start();
	fixture_fill(&f, CHAN, DST_VA, 4, 8);
	fixture_kick(&f, CHAN);
	fixture_fault(&f);
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_STOP, .id = CHAN });
	fixture_sync(&f);
	CHECK_EQ(f.chans[CHAN].state, MIRAGE_CHAN_STOPPED);
	page = fixture_map_new(&f, VM, DST_VA);
	fixture_replay(&f, VM);
	CHECK_EQ(*page, 0);
	fixture_cmd(&f, (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_START, .id = CHAN });
	fixture_sync(&f);
	CHECK(done(CHAN));
	CHECK_EQ(*page, 8);
	fixture_close(&f);
}

static const struct tap_test tests[] = {
	{ "copy resumes where it stopped", copy_resumes_where_it_stopped },
	{ "copy reports a chunk", copy_reports_a_chunk },
	{ "copy reports no page ahead that is lost", copy_reports_no_page_ahead_that_is_lost },
	{ "NO_FAULT looks at one place", no_fault_looks_at_one_place },
	{ "copy with a full buffer", copy_with_full_buffer },
	{ "write to a read-only page", write_to_read_only_page },
	{ "front end faults", front_end_faults },
	{ "places", places },
	{ "places out of reach", places_out_of_reach },
	{ "every kind is delivered alike", every_kind_is_delivered_alike },
	{ "other channels go on", others_go_on },
	{ "a full buffer loses nothing", full_buffer_loses_nothing },
	{ "replay with a full buffer", replay_with_full_buffer },
	{ "nonsense in fault_get halts the device", fault_get_nonsense_halts },
	{ "FAULT_DUP", duplicates },
	{ "FAULT_DUP with a full buffer", duplicates_with_full_buffer },
	{ "FAULT_DELAY_US", delayed },
	{ "DROP_REPLAY", dropped_replays },
	{ "arming, routing and DROP_IRQ", arming },
	{ "reset drops entries that wait", reset_drops_waiting_entries },
	{ "stop while suspended", stop_while_suspended },
};

TAP_MAIN(tests)
