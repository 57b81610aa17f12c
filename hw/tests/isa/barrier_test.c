// SPDX-License-Identifier: MIT
/* Barriers: order within a group, under divergence, with lanes that have ended; groups and slots. */
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

static void a_reduction_in_shared_memory(void)
{
	/* Tree reduction of 1024 items: each level needs what the level before wrote. */
	static const char text[] =
		".shared 4096\n"
		"	s2r r0, local_x\n"
		"	s2r r1, group_x\n"
		"	ldc.64 r2, [0]\n"
		"	add r12, r0, r1\n"
		"	mad r12, r12, r12, r0\n"
		"	shl r4, r0, 2\n"
		"	sts.32 [r4], r12\n"
		"	s2r r5, group_size_x\n"
		"level:	shr r5, r5, 1\n"
		"	bar\n"
		"	brz r5, done\n"
		"	ult r6, r0, r5\n"
		"	brz r6, level\n"
		"	add r7, r0, r5\n"
		"	shl r7, r7, 2\n"
		"	lds.32 r8, [r7]\n"
		"	lds.32 r9, [r4]\n"
		"	add r8, r8, r9\n"
		"	sts.32 [r4], r8\n"
		"	bra level\n"
		"done:	brnz r0, end\n"
		"	lds.32 r8, [0]\n"
		"	mulwu r10, r1, 4\n"
		"	add.64 r2, r2, r10\n"
		"	st.32 [r2], r8\n"
		"end:	exit\n";
	uint32_t items, g, i;

	for (items = 1; items <= 1024; items *= 2) {
		set_up(text, 20, items);
		machine_run(machine);
		for (g = 0; g < 20; g++) {
			uint32_t sum = 0;

			for (i = 0; i < items; i++)
				sum += (i + g) * (i + g) + i;
			CHECK_EQ(*machine_word(machine, g), sum);
		}
		machine_destroy(machine);
	}
}

static void waves_pass_a_value_round_through_global_memory(void)
{
	/* Each round, every item adds what its neighbour 33 further had in the round before. */
	static const char text[] =
		"	s2r r0, local_x\n"
		"	ldc.64 r2, [0]\n"
		"	add r1, r0, 33\n"
		"	urem r1, r1, 200\n"
		"	mulwu r4, r0, 4\n"
		"	add.64 r4, r2, r4\n"
		"	mulwu r6, r1, 4\n"
		"	add.64 r6, r2, r6\n"
		"	st.32 [r4], r0\n"
		"	mov r8, 0\n"
		"round:	bar\n"
		"	ld.32 r10, [r6]\n"
		"	ld.32 r11, [r4]\n"
		"	bar\n"
		"	add r10, r10, r11\n"
		"	st.32 [r4], r10\n"
		"	add r8, r8, 1\n"
		"	ult r9, r8, 10\n"
		"	brnz r9, round\n"
		"	exit\n";
	uint32_t old[200], new[200], i, round;

	set_up(text, 1, 200);
	machine_run(machine);
	for (i = 0; i < 200; i++)
		old[i] = i;
	for (round = 0; round < 10; round++) {
		for (i = 0; i < 200; i++)
			new[i] = old[i] + old[(i + 33) % 200];
		memcpy(old, new, sizeof(old));
	}
	CHECK(!memcmp(old, machine_word(machine, 0), sizeof(old)));
	machine_destroy(machine);
}

static void lanes_at_different_barriers_meet(void)
{
	/* Odd lanes wait at one BAR, even lanes at another; each side sees the other's store. */
	static const char text[] =
		".shared 512\n"
		"	s2r r0, local_x\n"
		"	ldc.64 r2, [0]\n"
		"	mulwu r4, r0, 4\n"
		"	add.64 r2, r2, r4\n"
		"	shl r5, r0, 2\n"
		"	add r6, r0, 1000\n"
		"	and r7, r0, 1\n"
		"	brnz r7, odd\n"
		"	sts.32 [r5], r6\n"
		"	bar\n"
		"	lds.32 r8, [r5 + 4]\n"
		"	bra out\n"
		"odd:	sts.32 [r5], r6\n"
		"	bar\n"
		"	lds.32 r8, [r5 - 4]\n"
		"out:	st.32 [r2], r8\n"
		"	exit\n";
	uint32_t i;

	set_up(text, 1, 128);
	machine_run(machine);
	for (i = 0; i < 128; i++)
		CHECK_EQ(*machine_word(machine, i), 1000 + (i ^ 1));
	machine_destroy(machine);
}

static void a_barrier_does_not_wait_for_lanes_that_have_ended(void)
{
	/* Waves and lanes end in all orders: at once, after a while, never before the barrier. */
	static const char text[] =
		"	s2r r0, local_x\n"
		"	ldc.64 r2, [0]\n"
		"	urem r4, r0, 5\n"
		"	brz r4, end\n"
		"	mul r5, r0, 3\n"
		"spin:	brz r5, go\n"
		"	sub r5, r5, 1\n"
		"	bra spin\n"
		"go:	eq r6, r4, 1\n"
		"	brnz r6, end\n"
		"	bar\n"
		"	atom.add r7, [r2], 1\n"
		"	eq r6, r4, 2\n"
		"	brnz r6, end\n"
		"	bar\n"
		"	atom.add r7, [r2 ], 1000\n"
		"end:	exit\n";
	uint32_t i, want = 0;

	set_up(text, 1, 500);
	machine_run(machine);
	for (i = 0; i < 500; i++)
		want += i % 5 >= 2 ? (i % 5 >= 3 ? 1001 : 1) : 0;
	CHECK_EQ(*machine_word(machine, 0), want);
	machine_destroy(machine);
}

static void the_last_lane_to_end_opens_the_barrier(void)
{
	/* All lanes but one wait; that one works for a long time and ends. */
	static const char text[] =
		"	s2r r0, local_x\n"
		"	ldc.64 r2, [0]\n"
		"	eq r4, r0, 77\n"
		"	brnz r4, work\n"
		"	bar\n"
		"	ld.32 r5, [r2]\n"
		"	add.64 r2, r2, 4\n"
		"	atom.add r6, [r2], r5\n"
		"	exit\n"
		"work:	add r5, r5, 1\n"
		"	ult r6, r5, 3000\n"
		"	brnz r6, work\n"
		"	st.32 [r2], r5\n"
		"	exit\n";

	set_up(text, 1, 100);
	machine_run(machine);
	CHECK_EQ(*machine_word(machine, 1), 99 * 3000);
	machine_destroy(machine);
}

static void a_wave_that_waits_in_a_loop_sees_another_waves_store(void)
{
	/*
	 * Every other wave spins until the last one has written, so turns are taken.
	 * Item 992 is alone in its wave: a lane cannot wait for one of its own wave
	 * that is at a higher program counter.
	 */
	static const char text[] =
		"	s2r r0, local_x\n"
		"	ldc.64 r2, [0]\n"
		"	eq r4, r0, 992\n"
		"	brnz r4, tell\n"
		"wait:	ld.32 r5, [r2]\n"
		"	brz r5, wait\n"
		"	add.64 r2, r2, 4\n"
		"	atom.add r6, [r2], 1\n"
		"	exit\n"
		"tell:	mov r5, 1\n"
		"	fence\n"
		"	st.32 [r2], r5\n"
		"	exit\n";

	set_up(text, 1, 993);
	machine_run(machine);
	CHECK_EQ(*machine_word(machine, 1), 992);
	machine_destroy(machine);
}

static void every_group_of_a_large_grid_runs_once(void)
{
	static const char text[] =
		"	s2r r0, local_x\n"
		"	s2r r1, group_x\n"
		"	ldc.64 r2, [0]\n"
		"	bar\n"
		"	brnz r0, end\n"
		"	mulwu r4, r1, 4\n"
		"	add.64 r2, r2, r4\n"
		"	atom.add r5, [r2], 1\n"
		"end:	exit\n";
	static const struct {
		unsigned int groups, items, shared;
	} cases[] = {
		{ 20000, 1, 0 }, { 5000, 33, 0 }, { 1000, 1024, 0 }, { 1000, 64, 65536 },
		{ 1000, 64, 40000 }, { 3, 1024, 65536 }, { 3000, 32, 1 },
	};
	unsigned int i, g;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		set_up(text, cases[i].groups, cases[i].items);
		machine->desc.shared_size = cases[i].shared;
		machine_start(machine);
		CHECK_EQ(machine_continue(machine, 20000000), COMPUTE_DONE);
		for (g = 0; g < cases[i].groups; g++)
			CHECK_EQ(*machine_word(machine, g), 1);
		CHECK_EQ(machine->result.waves_started,
			 (uint64_t)cases[i].groups * ((cases[i].items + 31) / 32));
		machine_destroy(machine);
	}
}

static void groups_do_not_see_each_others_shared_memory(void)
{
	/* Each group writes its number everywhere and reads it back after many turns. */
	static const char text[] =
		"	s2r r0, local_x\n"
		"	s2r r1, group_x\n"
		"	ldc.64 r2, [0]\n"
		"	shl r3, r0, 2\n"
		"	add r4, r1, 7\n"
		"	sts.32 [r3], r4\n"
		"spin:	add r5, r5, 1\n"
		"	ult r6, r5, 400\n"
		"	brnz r6, spin\n"
		"	bar\n"
		"	lds.32 r7, [r3]\n"
		"	eq r8, r7, r4\n"
		"	brnz r8, end\n"
		"	atom.add r9, [r2], 1\n"
		"end:	exit\n";

	set_up(text, 100, 64);
	machine->desc.shared_size = 256;
	machine_start(machine);
	CHECK_EQ(machine_continue(machine, 2000000), COMPUTE_DONE);
	CHECK_EQ(*machine_word(machine, 0), 0);
	machine_destroy(machine);
}

SCENARIOS({ "a reduction in shared memory", a_reduction_in_shared_memory },
	  { "waves pass a value round through global memory",
	    waves_pass_a_value_round_through_global_memory },
	  { "lanes at different barriers meet", lanes_at_different_barriers_meet },
	  { "a barrier does not wait for lanes that have ended",
	    a_barrier_does_not_wait_for_lanes_that_have_ended },
	  { "the last lane to end opens the barrier", the_last_lane_to_end_opens_the_barrier },
	  { "a wave that waits in a loop sees another wave's store",
	    a_wave_that_waits_in_a_loop_sees_another_waves_store },
	  { "every group of a large grid runs once", every_group_of_a_large_grid_runs_once },
	  { "groups do not see each other's shared memory",
	    groups_do_not_see_each_others_shared_memory })
