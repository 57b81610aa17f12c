// SPDX-License-Identifier: MIT
/*
 * Faults: what is reported, what waits, and that a replayed instruction happens
 * exactly once.
 */
#include <string.h>

#include "check.h"
#include "machine.h"

static struct machine *machine;

static void set_up(const char *text, unsigned int groups, unsigned int items)
{
	machine = machine_create();
	machine_asm(machine, text);
	machine_arg(machine, 0, MACHINE_DATA);
	machine_grid(machine, groups, items);
}

/* Page number of data page @n. */
static unsigned int data_page(unsigned int n)
{
	return MACHINE_DATA_OFFSET / 4096 + n;
}

/* Lane l works on its own data page l, at an offset that differs from lane to lane. */
#define OWN_PAGE                                                               \
	"	s2r r0, lane\n"                                                \
	"	ldc.64 r2, [0]\n"                                              \
	"	mulwu r4, r0, 4096 + 16\n"                                     \
	"	add.64 r2, r2, r4\n"                                           \
	"	mov r6, 5\n"

static uint64_t own_va(unsigned int lane)
{
	return MACHINE_DATA + lane * (4096 + 16);
}

static uint64_t *own_quad(unsigned int lane)
{
	return machine_quad(machine, lane * (4096 + 16) / 8);
}

static const struct {
	const char *insn;
	enum mirage_access access;
	uint64_t after;		/* memory that held 100 */
	uint32_t r8;		/* the register that gets a result, 7 before */
} kinds[] = {
	{ "ld.32 r8, [r2]", MIRAGE_ACCESS_READ, 100, 100 },
	{ "ld.u8 r8, [r2]", MIRAGE_ACCESS_READ, 100, 100 },
	{ "ld.64 r8, [r2]", MIRAGE_ACCESS_READ, 100, 100 },
	{ "st.32 [r2], r6", MIRAGE_ACCESS_WRITE, 5, 7 },
	{ "st.64 [r2], r6", MIRAGE_ACCESS_WRITE, 5, 7 },
	{ "atom.add r8, [r2], r6", MIRAGE_ACCESS_ATOMIC, 105, 100 },
	{ "atom.add.64 r8, [r2], r6", MIRAGE_ACCESS_ATOMIC, 105, 100 },
	{ "atom.xchg r8, [r2], r6", MIRAGE_ACCESS_ATOMIC, 5, 100 },
	{ "atom.smax.64 r8, [r2], 200", MIRAGE_ACCESS_ATOMIC, 200, 100 },
};

static void start_kind(unsigned int kind)
{
	char text[512];
	unsigned int l;

	/* The result goes to the first argument's neighbour page, which never faults. */
	snprintf(text, sizeof(text),
		 OWN_PAGE "	mov r8, 7\n	%s\n"
		 "	ldc.64 r10, [8]\n	mulwu r4, r0, 4\n	add.64 r10, r10, r4\n"
		 "	st.32 [r10], r8\n	exit\n",
		 kinds[kind].insn);
	set_up(text, 1, 32);
	machine_arg(machine, 1, MACHINE_DATA + 40 * 4096);
	for (l = 0; l < 32; l++)
		*own_quad(l) = 100;
}

static void check_kind(unsigned int kind)
{
	unsigned int l;

	CHECK_EQ(machine->result.status, COMPUTE_DONE);
	for (l = 0; l < 32; l++) {
		CHECK_EQ(*own_quad(l), kinds[kind].after);
		CHECK_EQ(*machine_word(machine, 40 * 1024 + l), kinds[kind].r8);
	}
	/* 11 or so instructions, none of them counted twice. */
	CHECK_EQ(machine->result.instructions, machine->desc.code_size / 8);
	machine_destroy(machine);
}

static void one_lane_faults_and_is_replayed_exactly_once(void)
{
	unsigned int kind, lane, l;

	for (kind = 0; kind < ARRAY_SIZE(kinds); kind++) {
		for (lane = 0; lane < 32; lane++) {
			start_kind(kind);
			machine->present[data_page(lane)] = false;
			machine_start(machine);
			CHECK_EQ(machine_continue(machine, 1000), COMPUTE_BLOCKED);
			CHECK_EQ(machine->nr_faults, 1);
			CHECK_EQ(machine->faults[0].va, own_va(lane));
			CHECK_EQ(machine->faults[0].access, kinds[kind].access);
			CHECK_EQ(machine->faults[0].kind, MIRAGE_FAULT_NOT_PRESENT);
			/* No lane has acted. */
			for (l = 0; l < 32; l++)
				CHECK_EQ(*own_quad(l), 100);
			/* Blocked stays blocked without a replay. */
			CHECK_EQ(machine_continue(machine, 1000), COMPUTE_BLOCKED);
			CHECK_EQ(machine->nr_faults, 1);

			machine->present[data_page(lane)] = true;
			CHECK_EQ(compute_replay(machine->compute), 1);
			machine_continue(machine, 1000);
			CHECK_EQ(machine->nr_faults, 1);
			check_kind(kind);
		}
	}
}

static void each_failing_page_is_reported_once(void)
{
	unsigned int kind, l;

	for (kind = 0; kind < ARRAY_SIZE(kinds); kind++) {
		start_kind(kind);
		for (l = 0; l < 32; l += 3)
			machine->present[data_page(l)] = false;
		machine_start(machine);
		CHECK_EQ(machine_continue(machine, 1000), COMPUTE_BLOCKED);
		CHECK_EQ(machine->nr_faults, 11);
		for (l = 0; l < 11; l++)
			CHECK_EQ(machine->faults[l].va, own_va(3 * l));
		for (l = 0; l < 32; l++)
			machine->present[data_page(l)] = true;
		CHECK_EQ(compute_replay(machine->compute), 1);
		machine_continue(machine, 1000);
		check_kind(kind);
	}
}

static void pages_that_come_one_at_a_time_are_enough_in_the_end(void)
{
	unsigned int kind, l;

	for (kind = 0; kind < ARRAY_SIZE(kinds); kind++) {
		start_kind(kind);
		for (l = 0; l < 32; l++)
			machine->present[data_page(l)] = false;
		machine_start(machine);
		for (l = 0; l < 32; l++) {
			machine->nr_faults = 0;
			CHECK_EQ(machine_continue(machine, 1000), COMPUTE_BLOCKED);
			CHECK_EQ(machine->nr_faults, 32 - l);
			CHECK_EQ(machine->faults[0].va, own_va(l));
			machine->present[data_page(l)] = true;
			CHECK_EQ(compute_replay(machine->compute), 1);
		}
		machine_continue(machine, 1000);
		check_kind(kind);
	}
}

/* Work item 77 of the group at (2, 1, 0), alone: the place says so, be it a fault or, without faults, an error. */
static void the_place_is_that_of_the_first_lane_that_fails(void)
{
	static const char text[] =
		"	s2r r0, group_x\n"
		"	s2r r1, group_y\n"
		"	s2r r2, local_x\n"
		"	mul r0, r0, 1000\n"
		"	mul r1, r1, 10000\n"
		"	add r0, r0, r1\n"
		"	add r0, r0, r2\n"
		"	ldc r3, [8]\n"
		"	eq r3, r0, r3\n"
		"	ldc.64 r4, [0]\n"
		"	brz r3, done\n"
		"	st.32 [r4], r0\n"
		"done:\n"
		"	exit\n";
	const struct mirage_place want = {
		.pc = MACHINE_CODE + 11 * 8, .group = { 2, 1, 0 }, .wave = 2, .lane = 13,
	};
	unsigned int no_fault;

	for (no_fault = 0; no_fault < 2; no_fault++) {
		set_up(text, 3, 96);
		machine->desc.grid[1] = 2;
		machine_arg(machine, 1, 2 * 1000 + 1 * 10000 + 77);
		machine->present[data_page(0)] = false;
		machine->no_fault = no_fault;
		machine_start(machine);
		CHECK_EQ(machine_continue(machine, 10000),
			 no_fault ? COMPUTE_ERROR : COMPUTE_BLOCKED);
		CHECK_EQ(machine->nr_faults, 1);
		CHECK(!memcmp(&machine->faults[0].place, &want, sizeof(want)));
		if (no_fault)
			CHECK(!memcmp(&machine->result.error_place, &want, sizeof(want)));
		machine_destroy(machine);
	}
}

static void a_page_that_is_taken_away_before_the_replay_faults_again(void)
{
	start_kind(5);
	machine->present[data_page(3)] = false;
	machine_start(machine);
	CHECK_EQ(machine_continue(machine, 1000), COMPUTE_BLOCKED);
	/* The page comes, another goes: lanes 0 to 2, translated before, count for nothing. */
	machine->present[data_page(3)] = true;
	machine->present[data_page(1)] = false;
	CHECK_EQ(compute_replay(machine->compute), 1);
	CHECK_EQ(machine_continue(machine, 1000), COMPUTE_BLOCKED);
	CHECK_EQ(machine->nr_faults, 2);
	CHECK_EQ(machine->faults[1].va, own_va(1));
	CHECK_EQ(*own_quad(0), 100);
	machine->present[data_page(1)] = true;
	CHECK_EQ(compute_replay(machine->compute), 1);
	machine_continue(machine, 1000);
	check_kind(5);
}

static void lanes_of_one_page_make_one_fault_at_the_first_lanes_address(void)
{
	set_up("	s2r r0, lane\n"
	       "	ldc.64 r2, [0]\n"
	       "	mulwu r4, r0, 256\n"		/* 16 lanes to a page */
	       "	add.64 r2, r2, r4\n"
	       "	ult r5, r0, 2\n"
	       "	brnz r5, end\n"
	       "	st.16 [r2 + 6], r0\n"
	       "end:	exit\n",
	       1, 32);
	machine->present[data_page(0)] = false;
	machine->present[data_page(1)] = false;
	machine_start(machine);
	CHECK_EQ(machine_continue(machine, 1000), COMPUTE_BLOCKED);
	CHECK_EQ(machine->nr_faults, 2);
	/* Lanes 0 and 1 do not take part. */
	CHECK_EQ(machine->faults[0].va, MACHINE_DATA + 2 * 256 + 6);
	CHECK_EQ(machine->faults[1].va, MACHINE_DATA + 16 * 256 + 6);
	machine_destroy(machine);
}

static void each_kind_of_failure_is_told_as_it_is(void)
{
	static const struct {
		const char *insn;
		bool writable, atomic;
		enum mirage_fault_kind kind;
	} cases[] = {
		{ "st.32 [r2], r6", false, false, MIRAGE_FAULT_WRITE },
		{ "atom.add r8, [r2], r6", false, false, MIRAGE_FAULT_WRITE },
		{ "atom.add r8, [r2], r6", true, false, MIRAGE_FAULT_ATOMIC },
		{ "ld.32 r8, [r4 - 8]", true, true, MIRAGE_FAULT_RANGE },
		{ "ld.32 r8, [0]", true, true, MIRAGE_FAULT_NOT_PRESENT },
	};
	char text[256];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(text, sizeof(text), "	ldc.64 r2, [0]\n	mov r6, 1\n	%s\n	exit\n",
			 cases[i].insn);
		set_up(text, 1, 32);
		machine->writable[data_page(0)] = cases[i].writable;
		machine->atomic[data_page(0)] = cases[i].atomic;
		machine_start(machine);
		CHECK_EQ(machine_continue(machine, 1000), COMPUTE_BLOCKED);
		CHECK_EQ(machine->nr_faults, 1);
		CHECK_EQ(machine->faults[0].kind, cases[i].kind);
		machine_destroy(machine);
	}
}

static void a_read_only_page_can_still_be_read(void)
{
	set_up("	ldc.64 r2, [0]\n"
	       "	ld.32 r4, [r2]\n"
	       "	st.32 [r2 + 4096], r4\n"
	       "	exit\n",
	       1, 1);
	*machine_word(machine, 0) = 42;
	machine->writable[data_page(0)] = false;
	machine_run(machine);
	CHECK_EQ(*machine_word(machine, 1024), 42);
	machine_destroy(machine);
}

static void having_read_a_page_is_no_right_to_write_it(void)
{
	set_up("	ldc.64 r2, [0]\n"
	       "	ld.32 r4, [r2]\n"
	       "	st.32 [r2 + 4], r4\n"
	       "	atom.add r4, [r2], 1\n"
	       "	exit\n",
	       1, 1);
	machine->writable[data_page(0)] = false;
	machine->atomic[data_page(0)] = false;
	machine_start(machine);
	CHECK_EQ(machine_continue(machine, 1000), COMPUTE_BLOCKED);
	CHECK_EQ(machine->faults[0].kind, MIRAGE_FAULT_WRITE);
	machine->writable[data_page(0)] = true;
	compute_replay(machine->compute);
	CHECK_EQ(machine_continue(machine, 1000), COMPUTE_BLOCKED);
	CHECK_EQ(machine->nr_faults, 2);
	CHECK_EQ(machine->faults[1].kind, MIRAGE_FAULT_ATOMIC);
	machine_destroy(machine);
}

static void other_waves_go_on_while_some_wait(void)
{
	unsigned int i, slots = 0;
	uint64_t seen = 0;

	/* 40 waves; every fourth touches a page that is not there. */
	set_up("	s2r r0, group_x\n"
	       "	ldc.64 r2, [0]\n"
	       "	and r1, r0, 3\n"
	       "	mulwu r4, r1, 4096\n"
	       "	add.64 r4, r2, r4\n"
	       "	atom.add r6, [r4], 1\n"
	       "	exit\n",
	       40, 32);
	machine->present[data_page(3)] = false;
	machine_start(machine);
	CHECK_EQ(machine_continue(machine, 10000), COMPUTE_BLOCKED);
	for (i = 0; i < 3; i++)
		CHECK_EQ(*machine_word(machine, 1024 * i), 320);
	CHECK_EQ(machine->nr_faults, 10);
	for (i = 0; i < machine->nr_faults; i++) {
		slots += !(seen >> machine->faults[i].wave & 1);
		seen |= 1ull << machine->faults[i].wave;
	}
	CHECK_EQ(slots, 10);
	machine->present[data_page(3)] = true;
	CHECK_EQ(compute_replay(machine->compute), 10);
	CHECK_EQ(machine_continue(machine, 10000), COMPUTE_DONE);
	CHECK_EQ(*machine_word(machine, 3 * 1024), 320);
	CHECK_EQ(compute_replay(machine->compute), 0);
	machine_destroy(machine);
}

static void a_faulted_wave_keeps_its_group_at_the_barrier(void)
{
	uint32_t i;

	set_up("	s2r r0, local_x\n"
	       "	ldc.64 r2, [0]\n"
	       "	mulwu r4, r0, 4\n"
	       "	add.64 r4, r2, r4\n"
	       "	ne r6, r0, 70\n"
	       "	brnz r6, wait\n"
	       "	st.32 [r2 + 4096], r0\n"
	       "wait:	bar\n"
	       "	ld.32 r6, [r2 + 4096]\n"
	       "	st.32 [r4], r6\n"
	       "	exit\n",
	       1, 128);
	machine->present[data_page(1)] = false;
	machine_start(machine);
	CHECK_EQ(machine_continue(machine, 10000), COMPUTE_BLOCKED);
	CHECK_EQ(machine->nr_faults, 1);
	machine->present[data_page(1)] = true;
	CHECK_EQ(compute_replay(machine->compute), 1);
	CHECK_EQ(machine_continue(machine, 10000), COMPUTE_DONE);
	for (i = 0; i < 128; i++)
		CHECK_EQ(*machine_word(machine, i), 70);
	machine_destroy(machine);
}

static void code_faults_as_a_fetch(void)
{
	unsigned int page;

	/* One instruction in the second page of code, two in the third. */
	set_up("	ldc.64 r2, [0]\n	atom.add r4, [r2], 1\n	exit\n", 1, 64);
	memmove(machine->memory + 8184, machine->memory, 24);
	machine->desc.code = MACHINE_CODE + 8184;
	for (page = 1; page <= 2; page++) {
		*machine_word(machine, 0) = 0;
		machine->present[page] = false;
		machine_start(machine);
		CHECK_EQ(machine_continue(machine, 1000), COMPUTE_BLOCKED);
		/* Both waves. */
		CHECK_EQ(machine->nr_faults, 2);
		CHECK_EQ(machine->faults[0].va, page == 1 ? MACHINE_CODE + 8184 : MACHINE_CODE + 8192);
		CHECK_EQ(machine->faults[0].access, MIRAGE_ACCESS_FETCH);
		machine->present[page] = true;
		CHECK_EQ(compute_replay(machine->compute), 2);
		CHECK_EQ(machine_continue(machine, 1000), COMPUTE_DONE);
		CHECK_EQ(*machine_word(machine, 0), 64);
		CHECK_EQ(machine->result.instructions, 6);
	}
	machine_destroy(machine);
}

static void arguments_fault_as_a_fetch(void)
{
	set_up("	s2r r0, lane\n"
	       "	shl r0, r0, 3\n"
	       "	ldc.64 r2, [r0]\n"
	       "	ldc.64 r4, [0]\n"
	       "	mulwu r6, r0, 1\n"
	       "	add.64 r4, r4, r6\n"
	       "	st.64 [r4], r2\n"
	       "	exit\n",
	       1, 32);
	/* Sixteen arguments in each page. */
	machine->desc.args = MACHINE_ARGS + 4096 - 128;
	machine->desc.args_size = 256;
	*(uint64_t *)(machine->memory + (machine->desc.args - MACHINE_BASE)) = MACHINE_DATA;
	*(uint64_t *)(machine->memory + (machine->desc.args - MACHINE_BASE) + 248) = 99;
	machine->present[16] = false;
	machine->present[17] = false;
	machine_start(machine);
	CHECK_EQ(machine_continue(machine, 1000), COMPUTE_BLOCKED);
	CHECK_EQ(machine->nr_faults, 2);
	CHECK_EQ(machine->faults[0].va, machine->desc.args);
	CHECK_EQ(machine->faults[1].va, machine->desc.args + 128);
	CHECK_EQ(machine->faults[1].access, MIRAGE_ACCESS_FETCH);
	machine->present[16] = true;
	machine->present[17] = true;
	CHECK_EQ(compute_replay(machine->compute), 1);
	CHECK_EQ(machine_continue(machine, 1000), COMPUTE_DONE);
	CHECK_EQ(*machine_quad(machine, 0), MACHINE_DATA);
	CHECK_EQ(*machine_quad(machine, 31), 99);
	machine_destroy(machine);
}

static void an_invalidation_drops_cached_code_and_arguments(void)
{
	uint64_t nop = 0, branch, *code;

	/* Spins until its code or its argument changes. */
	set_up("loop:	ldc r4, [8]\n"
	       "	brnz r4, out\n"
	       "	bra loop\n"
	       "out:	ldc.64 r2, [0]\n"
	       "	st.32 [r2], r4\n"
	       "	exit\n",
	       1, 32);
	code = (uint64_t *)machine->memory;
	branch = code[2];
	machine_arg(machine, 1, 0);
	machine_start(machine);
	CHECK_EQ(machine_continue(machine, 3000), COMPUTE_BUDGET);

	/* A cached translation may be used until an invalidation covers it, and not longer. */
	machine_arg(machine, 1, 77);
	compute_invalidate(machine->compute, MACHINE_ARGS + 4096, 4096);
	CHECK_EQ(machine_continue(machine, 3000), COMPUTE_BUDGET);
	compute_invalidate(machine->compute, MACHINE_ARGS, 4096);
	CHECK_EQ(machine_continue(machine, 3000), COMPUTE_DONE);
	CHECK_EQ(*machine_word(machine, 0), 77);

	machine_arg(machine, 1, 0);
	machine_start(machine);
	CHECK_EQ(machine_continue(machine, 3000), COMPUTE_BUDGET);
	code[2] = nop;
	compute_invalidate(machine->compute, 0, MACHINE_CODE);
	CHECK_EQ(machine_continue(machine, 3000), COMPUTE_BUDGET);
	compute_invalidate(machine->compute, MACHINE_CODE + 4096, 4096);
	CHECK_EQ(machine_continue(machine, 3000), COMPUTE_BUDGET);
	compute_invalidate(machine->compute, MACHINE_CODE, 4096);
	CHECK_EQ(machine_continue(machine, 3000), COMPUTE_DONE);
	CHECK_EQ(*machine_word(machine, 0), 0);

	code[2] = branch;
	machine_start(machine);
	CHECK_EQ(machine_continue(machine, 3000), COMPUTE_BUDGET);
	code[2] = nop;
	compute_invalidate(machine->compute, 0, UINT64_MAX);
	CHECK_EQ(machine_continue(machine, 3000), COMPUTE_DONE);
	machine_destroy(machine);
}

static void translations_are_shared_by_lanes_and_not_kept_between_runs(void)
{
	set_up("	ldc.64 r2, [0]\n"
	       "loop:	ld.32 r4, [r2]\n"
	       "	bra loop\n",
	       1, 32);
	machine_start(machine);
	CHECK_EQ(machine_continue(machine, 400), COMPUTE_BUDGET);
	/* Code, arguments, data: one each, for 32 lanes and a hundred turns. */
	CHECK_EQ(machine->translations, 3);
	machine->present[data_page(0)] = false;
	CHECK_EQ(machine_continue(machine, 400), COMPUTE_BLOCKED);
	CHECK_EQ(machine->nr_faults, 1);
	machine_destroy(machine);
}

static void a_reset_drops_suspended_waves(void)
{
	start_kind(5);
	machine->present[data_page(3)] = false;
	machine_start(machine);
	CHECK_EQ(machine_continue(machine, 1000), COMPUTE_BLOCKED);
	compute_reset(machine->compute);
	CHECK_EQ(compute_replay(machine->compute), 0);
	CHECK_EQ(machine_continue(machine, 1000), COMPUTE_DONE);
	CHECK_EQ(*own_quad(0), 100);
	machine->present[data_page(3)] = true;
	machine_start(machine);
	machine_continue(machine, 1000);
	check_kind(5);
}

SCENARIOS({ "one lane faults and is replayed exactly once",
	    one_lane_faults_and_is_replayed_exactly_once },
	  { "each failing page is reported once", each_failing_page_is_reported_once },
	  { "pages that come one at a time are enough in the end",
	    pages_that_come_one_at_a_time_are_enough_in_the_end },
	  { "the place is that of the first lane that fails",
	    the_place_is_that_of_the_first_lane_that_fails },
	  { "a page that is taken away before the replay faults again",
	    a_page_that_is_taken_away_before_the_replay_faults_again },
	  { "lanes of one page make one fault at the first lane's address",
	    lanes_of_one_page_make_one_fault_at_the_first_lanes_address },
	  { "each kind of failure is told as it is", each_kind_of_failure_is_told_as_it_is },
	  { "a read-only page can still be read", a_read_only_page_can_still_be_read },
	  { "having read a page is no right to write it",
	    having_read_a_page_is_no_right_to_write_it },
	  { "other waves go on while some wait", other_waves_go_on_while_some_wait },
	  { "a faulted wave keeps its group at the barrier",
	    a_faulted_wave_keeps_its_group_at_the_barrier },
	  { "code faults as a fetch", code_faults_as_a_fetch },
	  { "arguments fault as a fetch", arguments_fault_as_a_fetch },
	  { "an invalidation drops cached code and arguments",
	    an_invalidation_drops_cached_code_and_arguments },
	  { "translations are shared by lanes and not kept between runs",
	    translations_are_shared_by_lanes_and_not_kept_between_runs },
	  { "a reset drops suspended waves", a_reset_drops_suspended_waves })
