// SPDX-License-Identifier: MIT
/*
 * Memory that a user can write cannot reach the kernel's: every opcode with every combination of
 * interesting arguments from an indirect buffer, and kernels at every interesting address. Afterwards
 * registers, and all memory but what the VM maps writable and what the device writes by itself,
 * are as they were; and what only others have is not in what the VM has. The table of packets
 * makes the cases, so a new packet is covered by its line there.
 */
#include <stdlib.h>

#include "fixture.h"
#include "packet.h"

#define VM 3
#define OTHER_VM 4
#define CHAN 2
#define OTHER_CHAN 1
#define IB_VA 0x10000000ull
#define DATA_VA 0x20000000ull	/* 2 pages of the VM, one in each memory */
#define RO_VA 0x21000000ull
#define HOLE_VA 0x22000000ull
#define OTHER_VA 0x23000000ull	/* only in the other VM */
#define CODE_VA 0x30000000ull
#define DESC_VA 0x40000000ull
#define GUARD_BYTES KiB(64)
/* The byte in others' memory; in no packet and no argument, and not negative: SEM_WAIT for 0 would see it. */
#define PATTERN 0x3c
#define UNTOUCHED 0x5a5a5a5a5a5a5a5aull
#define RESULT_AT KiB(2)	/* in DATA_VA's first page */

static struct fixture f;
static u32 *ib;
static u64 guard_ram, guard_vram;	/* physical pointers to what nobody maps */
static u64 own[2];			/* what DATA_VA leads to */
static u8 *ram_before, *vram_before;
static u32 regs_before[MIRAGE_BAR0_SIZE / 4];

static void start(void)
{
	fixture_start(&f);
	fixture_vm(&f, VM);
	fixture_vm(&f, OTHER_VM);
	ib = fixture_map_new(&f, VM, IB_VA);
	own[0] = fixture_alloc(&f, KiB(4));
	own[1] = fixture_alloc_vram(&f, KiB(4));
	for (u64 i = 0; i < 2; i++)
		fixture_map(&f, VM, DATA_VA + i * KiB(4), own[i], MIRAGE_PAGE_SHIFT, FIXTURE_RWA);
	fixture_map(&f, VM, RO_VA, fixture_alloc(&f, KiB(4)), MIRAGE_PAGE_SHIFT, 0);
	memset(fixture_map_new(&f, OTHER_VM, OTHER_VA), PATTERN, KiB(4));
	guard_ram = fixture_alloc(&f, GUARD_BYTES);
	guard_vram = fixture_alloc_vram(&f, GUARD_BYTES);
	memset(fixture_ptr(&f, guard_ram), PATTERN, GUARD_BYTES);
	memset(fixture_ptr(&f, guard_vram), PATTERN, GUARD_BYTES);
	fixture_chan(&f, OTHER_CHAN, MIRAGE_CHAN_COMPUTE, OTHER_VM, 0);
	fixture_chan(&f, CHAN, MIRAGE_CHAN_COMPUTE, VM, 0);
}

/* Counters, time, and what tells of events move by themselves. */
static bool moves(u32 reg)
{
	return (reg >= MIRAGE_PERF_PACKETS && reg < MIRAGE_PERF_PACKETS + 8 * PERF_NR_COUNTERS) ||
	       reg == MIRAGE_BUS_TIME_LO || reg == MIRAGE_BUS_TIME_HI || reg == MIRAGE_INTR_PENDING;
}

/* Everything up to where the fixture has given memory away, and a little more. */
static u64 ram_used(void)
{
	return f.ram_next + KiB(4);
}

static u64 vram_used(void)
{
	return f.vram_next + KiB(4);
}

static void take_snapshot(void)
{
	ram_before = malloc(ram_used());
	vram_before = malloc(vram_used());
	CHECK(ram_before && vram_before);
	memcpy(ram_before, f.ram, ram_used());
	memcpy(vram_before, f.dev->vram.host, vram_used());
	for (u32 at = 0; at < MIRAGE_BAR0_SIZE; at += 4)
		regs_before[at / 4] = moves(at) ? 0 : fixture_read(&f, at);
}

/* The device, and this test, write here. */
static bool may_change(u64 phys)
{
	const struct { u64 phys, size; } places[] = {
		{ own[0], KiB(4) },
		{ own[1], KiB(4) },
		{ f.status_phys, sizeof(*f.status) },
		{ f.cmd_phys, sizeof(*f.cmds) << FIXTURE_QUEUE_ORDER },
		{ f.fault_phys, sizeof(*f.faults) << FIXTURE_QUEUE_ORDER },
		{ f.event_phys, sizeof(*f.events) << FIXTURE_QUEUE_ORDER },
		{ f.chan_phys + CHAN * sizeof(*f.chans), sizeof(*f.chans) },
		{ f.chans[CHAN].ring, sizeof(u32) << FIXTURE_RING_ORDER },
		{ f.sync_phys, KiB(4) },
		{ (FIXTURE_RAM_BASE + (u64)((u8 *)ib - f.ram)) | MIRAGE_PHYS_SYSTEM, KiB(4) },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++)
		if (phys >= places[i].phys && phys < places[i].phys + places[i].size)
			return true;
	return false;
}

static void check_memory(const u8 *before, const u8 *now, u64 size, u64 phys)
{
	for (u64 at = 0; at < size; at += 8)
		if (memcmp(before + at, now + at, 8) && !may_change(phys + at))
			tap_fail(__FILE__, __LINE__, "physical pointer %#llx has changed",
				 (unsigned long long)(phys + at));
}

/* Nothing has been reached that is not the VM's. */
static void check_snapshot(void)
{
	check_memory(ram_before, f.ram, ram_used(), FIXTURE_RAM_BASE | MIRAGE_PHYS_SYSTEM);
	check_memory(vram_before, f.dev->vram.host, vram_used(), 0);
	for (u32 at = 0; at < MIRAGE_BAR0_SIZE; at += 4)
		if (!moves(at))
			CHECK_EQ(fixture_read(&f, at), regs_before[at / 4]);
}

/* Others' memory has not been read either, to any place that the VM could look at. */
static void check_unread(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(own); i++) {
		const u64 *page = fixture_ptr(&f, own[i]);

		for (u32 at = 0; at < KiB(4) / sizeof(*page); at++)
			if (page[at] == 0x0101010101010101ull * PATTERN)
				tap_fail(__FILE__, __LINE__, "%#x of page %u is not the VM's",
					 (u32)sizeof(*page) * at, i);
	}
}

static void drop_snapshot(void)
{
	free(ram_before);
	free(vram_before);
}

/* Faults and events name the channel and its VM only. Empties both queues. */
static void check_reports(void)
{
	while (fixture_nr_faults(&f)) {
		struct mirage_fault_entry fault = fixture_fault(&f);

		CHECK_EQ(fault.chan, CHAN);
		CHECK_EQ(fault.vm, VM);
	}
	while (f.status->event_get != f.status->event_put) {
		struct mirage_event event = fixture_event(&f);

		CHECK_EQ(event.type, MIRAGE_EVENT_ERROR);
		CHECK_EQ(event.chan, CHAN);
	}
}

/* 64-bit arguments that are, or could be taken for, something of interest. */
static u64 interesting(u32 i)
{
	const u64 values[] = {
		0, 8, DATA_VA, DATA_VA + KiB(4), RO_VA, HOLE_VA, OTHER_VA, IB_VA,
		guard_ram, guard_ram & ~MIRAGE_PHYS_SYSTEM, guard_vram, guard_vram | MIRAGE_PHYS_SYSTEM,
		f.status_phys, f.status_phys + sizeof(*f.status), f.chan_phys & ~MIRAGE_PHYS_SYSTEM,
		0xfee00000, 1ull << 47,
		(1ull << 49) - 8, 1ull << 49, UINT64_MAX,
	};

	return i < ARRAY_SIZE(values) ? values[i] : 0;
}

#define NR_INTERESTING 20u

/* Run what the indirect buffer holds, and have the channel ready again. */
static void run_ib(u32 words)
{
	fixture_ib(&f, CHAN, IB_VA, words);
	fixture_kick(&f, CHAN);
}

/* One packet with these 64-bit values, as far as they fit in its words. */
static u32 make_packet(u32 op, u32 words, u32 flags, const u32 *pick)
{
	ib[0] = MIRAGE_PKT(op, words, flags);
	for (u32 w = 0; w < words; w++) {
		u64 value = interesting(pick[w / 2]);

		ib[1 + w] = (u32)(w % 2 ? value >> 32 : value);
	}
	return 1 + words;
}

/* The next combination of @nr picks. Returns whether there was one. */
static bool next_pick(u32 *pick, u32 nr)
{
	for (u32 i = 0; i < nr; i++) {
		if (++pick[i] < NR_INTERESTING)
			return true;
		pick[i] = 0;
	}
	return false;
}

/* Does the VM map it, if only to be read? */
static bool readable(u64 va)
{
	return (va >= DATA_VA && va < DATA_VA + KiB(8)) || (va >= RO_VA && va < RO_VA + KiB(4)) ||
	       (va >= IB_VA && va < IB_VA + KiB(4));
}

/* A wait for a value in others' memory never ends. */
static void check_waited(u32 op, u64 va)
{
	if (op == MIRAGE_PKT_SEM_WAIT && !readable(va))
		CHECK(f.chans[CHAN].get != f.chans[CHAN].put);
}

static void every_combination(u32 op, const struct packet_type *type, u32 flags)
{
	u32 pick[4] = { 0 }, pairs = (type->words + 1u) / 2;
	bool ring_only = type->where == PACKET_RING;

	CHECK(pairs <= ARRAY_SIZE(pick));
	do {
		u32 nr = make_packet(op, type->words, flags, pick);

		run_ib(nr);
		if (ring_only) {
			CHECK_EQ(f.chans[CHAN].error, MIRAGE_CHAN_PRIVILEGE);
			CHECK_EQ(f.chans[CHAN].error_info, ib[0]);
			CHECK_EQ(f.chans[CHAN].error_addr, IB_VA);
		} else {
			CHECK(f.chans[CHAN].error != MIRAGE_CHAN_PRIVILEGE);
			CHECK(f.chans[CHAN].error != MIRAGE_CHAN_RING);
		}
		check_unread();
		check_waited(op, interesting(pick[0]));
		check_reports();
		fixture_again(&f, CHAN);
		/* For kernels and semaphores that wait: no work is left behind. */
		CHECK_EQ(fixture_read(&f, MIRAGE_BUS_CURRENT), 0);
		CHECK_EQ(fixture_read(&f, MIRAGE_BUS_STATUS), MIRAGE_BUS_STATUS_ENABLED__MASK);
	} while (next_pick(pick, pairs));
}

static void known_packets(void)
{
	u32 nr_ring_only = 0;

	start();
	take_snapshot();
	for (u32 op = 0; op < 256; op++) {
		const struct packet_type *type = &packet_types[op];

		if (!type->known)
			continue;
		nr_ring_only += type->where == PACKET_RING;
		/* Every set of the flags that it may have. */
		for (u32 flags = 0; flags <= type->flags; flags++)
			if (!(flags & ~type->flags))
				every_combination(op, type, flags);
		check_snapshot();
	}
	/* Nothing of the kernel's has become everybody's. */
	CHECK(packet_types[MIRAGE_PKT_IB].where == PACKET_RING);
	CHECK(packet_types[MIRAGE_PKT_FENCE].where == PACKET_RING);
	CHECK(packet_types[MIRAGE_PKT_COPY_PHYS].where == PACKET_RING);
	CHECK(packet_types[MIRAGE_PKT_FILL_PHYS].where == PACKET_RING);
	CHECK(nr_ring_only >= 4);
	drop_snapshot();
	fixture_close(&f);
}

/* Opcodes that are none, in each length, with each flag, are errors and nothing else. */
static void unknown_packets(void)
{
	start();
	take_snapshot();
	for (u32 op = 0; op < 256; op++)
		for (u32 words = 0; words <= 8; words++)
			for (u32 i = 0; i < NR_INTERESTING; i++) {
				u32 pick[4] = { i, (i + 5) % NR_INTERESTING, i, i }, nr;

				if (packet_types[op].known)
					continue;
				nr = make_packet(op, words, i % 3 ? 1u << i % 16 : 0, pick);
				run_ib(nr);
				CHECK_EQ(f.chans[CHAN].error, MIRAGE_CHAN_BAD_PACKET);
				CHECK_EQ(f.chans[CHAN].error_info, ib[0]);
				check_reports();
				fixture_again(&f, CHAN);
			}
	check_snapshot();
	drop_snapshot();
	fixture_close(&f);
}

/* A header that tells of more words than there are never reads beyond the buffer. */
static void beyond_the_buffer(void)
{
	start();
	take_snapshot();
	for (u32 op = 0; op < 256; op++) {
		const struct packet_type *type = &packet_types[op];

		if (!type->known || !type->words)
			continue;
		make_packet(op, type->words, 0, (u32[]){ 2, 3, 1, 0 });
		run_ib(type->words);
		CHECK_EQ(f.chans[CHAN].error, type->where == PACKET_RING ? MIRAGE_CHAN_PRIVILEGE :
						MIRAGE_CHAN_BAD_PACKET);
		check_reports();
		fixture_again(&f, CHAN);
	}
	check_snapshot();
	drop_snapshot();
	fixture_close(&f);
}

/* A copy when it is fetched first, one of physical memory when its payload is there too. */
static void header_that_changes(void)
{
	const u64 va = IB_VA + KiB(4) - sizeof(u32);
	const u32 last = KiB(4) / sizeof(u32) - 1;
	u32 *payload;

	start();
	ib[last] = MIRAGE_PKT(MIRAGE_PKT_COPY, 6, 0);
	fixture_ib(&f, CHAN, va, 7);
	fixture_kick(&f, CHAN);
	CHECK_EQ(fixture_fault(&f).addr, IB_VA + KiB(4));
	payload = fixture_map_new(&f, VM, IB_VA + KiB(4));
	memcpy(payload, (u64[]){ guard_vram, own[1], 8 }, 24);
	ib[last] = MIRAGE_PKT(MIRAGE_PKT_COPY_PHYS, 6, 0);
	take_snapshot();
	fixture_replay(&f, VM);
	CHECK_EQ(f.chans[CHAN].error, MIRAGE_CHAN_PRIVILEGE);
	CHECK_EQ(f.chans[CHAN].error_info, ib[last]);
	CHECK_EQ(f.chans[CHAN].error_addr, va);
	check_unread();
	check_reports();
	check_snapshot();
	drop_snapshot();
	fixture_close(&f);
}

/*
 * A kernel that loads, stores and counts at an address of each kind, and writes down what it
 * has got. Of what others have every byte is PATTERN, so the lowest byte tells of any load.
 */
static void kernels(void)
{
	static const char * const accesses[] = {
		"ld.64 r6, [r2]", "st.64 [r2], r4", "atom.xchg.64 r6, [r2], r4", "ld.u8 r6, [r2]",
		"st.8 [r2], r4", "atom.add r6, [r2], r4",
	};
	struct mirage_dispatch *desc;
	u64 *args, *result;
	char text[256];

	start();
	desc = fixture_map_new(&f, VM, DESC_VA);
	args = (u64 *)((u8 *)desc + 128);
	args[1] = DATA_VA + RESULT_AT;
	result = fixture_ptr(&f, own[0] + RESULT_AT);
	for (u32 i = 0; i < ARRAY_SIZE(accesses); i++) {
		*desc = (struct mirage_dispatch){
			.args = DESC_VA + 128, .args_size = 16,
			.grid = { 2, 1, 1 }, .group = { 33, 1, 1 },
		};
		snprintf(text, sizeof(text),
			 "	ldc.64 r2, [0]\n"
			 "	mov.64 r4, 0x55\n"
			 "	%s\n"
			 "	ldc.64 r8, [8]\n"
			 "	st.64 [r8], r6\n"
			 "	exit\n", accesses[i]);
		fixture_program(&f, VM, CODE_VA, text, desc);
		fixture_invalidate(&f, VM, CODE_VA, KiB(4));
		for (u32 n = 0; n < NR_INTERESTING; n++) {
			args[0] = interesting(n);
			*result = UNTOUCHED;
			take_snapshot();
			ib[0] = MIRAGE_PKT(MIRAGE_PKT_DISPATCH, 2, 0);
			ib[1] = (u32)DESC_VA;
			ib[2] = 0;
			run_ib(3);
			check_reports();
			CHECK((u8)*result != PATTERN);
			/* It writes nothing down only where it has got nothing. */
			CHECK(args[0] != DATA_VA || *result != UNTOUCHED);
			fixture_again(&f, CHAN);
			check_unread();
			check_snapshot();
			drop_snapshot();
		}
	}
	fixture_close(&f);
}

static const struct tap_test tests[] = {
	{ "every packet with every combination", known_packets },
	{ "opcodes that are none", unknown_packets },
	{ "packets longer than their buffer", beyond_the_buffer },
	{ "a header that changes while its payload is paged in", header_that_changes },
	{ "kernels at every address", kernels },
};

TAP_MAIN(tests)
