// SPDX-License-Identifier: MIT
/*
 * Divergence: lanes of a wave on different paths, and where they meet again. The
 * number of wave instructions says how: code that lanes execute together counts
 * once.
 */
#include <string.h>

#include "check.h"
#include "machine.h"

#define ITEMS	96

static struct machine *machine;

static void set_up(const char *text, unsigned int items)
{
	machine = machine_create();
	machine_asm(machine, text);
	machine_arg(machine, 0, MACHINE_DATA);
	machine_grid(machine, 1, items);
}

/* Registers: r0 item, r2 its place in a table of words. */
#define PLACE                                                                  \
	"	s2r r0, local_x\n"                                             \
	"	ldc.64 r2, [0]\n"                                              \
	"	mulwu r4, r0, 4\n"                                             \
	"	add.64 r2, r2, r4\n"

static void both_sides_of_a_branch_are_taken_by_their_lanes(void)
{
	unsigned int i;

	set_up(PLACE
	       "	and r6, r0, 1\n"
	       "	brz r6, even\n"
	       "	mov r8, 111\n"
	       "	bra join\n"
	       "even:	mov r8, 222\n"
	       "join:	add r8, r8, 1\n"
	       "	st.32 [r2], r8\n"
	       "	exit\n",
	       32);
	machine_run(machine);
	for (i = 0; i < 32; i++)
		CHECK_EQ(*machine_word(machine, i), i & 1 ? 112 : 223);
	/* 6 together, one side 2, the other 1, and 3 together again. */
	CHECK_EQ(machine->result.instructions, 12);
	CHECK_EQ(machine->result.lane_instructions, 32 * 6 + 16 * 2 + 16 + 32 * 3);
	machine_destroy(machine);
}

static uint32_t collatz(uint32_t n)
{
	uint32_t steps = 0;

	while (n != 1) {
		n = n & 1 ? 3 * n + 1 : n / 2;
		steps++;
	}
	return steps;
}

static void loops_of_irregular_length(void)
{
	unsigned int i;

	set_up(PLACE
	       "	add r6, r0, 1\n"
	       "	mov r7, 0\n"
	       "loop:	eq r8, r6, 1\n"
	       "	brnz r8, done\n"
	       "	add r7, r7, 1\n"
	       "	and r8, r6, 1\n"
	       "	brz r8, even\n"
	       "	mul r6, r6, 3\n"
	       "	add r6, r6, 1\n"
	       "	bra loop\n"
	       "even:	shr r6, r6, 1\n"
	       "	bra loop\n"
	       "done:	st.32 [r2], r7\n"
	       "	exit\n",
	       ITEMS);
	machine_run(machine);
	for (i = 0; i < ITEMS; i++)
		CHECK_EQ(*machine_word(machine, i), collatz(i + 1));
	machine_destroy(machine);
}

static void loops_nested_three_deep_with_breaks(void)
{
	uint32_t i, a, b, c, sum;

	set_up(PLACE
	       "	mov r10, 0\n"			/* sum */
	       "	umax r11, r0, 1\n"
	       "	urem r12, r0, 7\n"		/* a < item % 7 + 1 */
	       "	mov r6, 0\n"
	       "outer:	ult r8, r12, r6\n"
	       "	brnz r8, end\n"
	       "	mov r7, 0\n"
	       "middle:	ule r8, r11, r7\n"		/* b < max(item, 1) */
	       "	brnz r8, next\n"
	       "	mov r9, r7\n"
	       "inner:	ult r8, r9, 3\n"		/* for (c = b; c >= 3; c -= a + 1) */
	       "	brnz r8, after\n"
	       "	mad r10, r9, r6, r10\n"
	       "	add r13, r6, 1\n"
	       "	sub r9, r9, r13\n"
	       "	ult r8, r10, 5000\n"
	       "	brz r8, end\n"			/* leave all three */
	       "	slt r8, r9, 0\n"
	       "	brz r8, inner\n"
	       "after:	add r10, r10, 1\n"
	       "	add r7, r7, 1\n"
	       "	bra middle\n"
	       "next:	add r6, r6, 1\n"
	       "	bra outer\n"
	       "end:	st.32 [r2], r10\n"
	       "	exit\n",
	       ITEMS);
	machine_run(machine);
	for (i = 0; i < ITEMS; i++) {
		sum = 0;
		for (a = 0; a <= i % 7; a++) {
			for (b = 0; b < (i ? i : 1); b++) {
				for (c = b; (int32_t)c >= 0 && c >= 3;) {
					sum += c * a;
					c -= a + 1;
					if (sum >= 5000)
						goto end;
				}
				sum++;
			}
		}
end:
		CHECK_EQ(*machine_word(machine, i), sum);
	}
	machine_destroy(machine);
}

static void a_switch_sends_lanes_eight_ways(void)
{
	/* A computed ladder: case k adds k, k+1, ... by falling through. */
	char text[2048] = PLACE "	urem r6, r0, 9\n	mov r7, 0\n";
	char line[128];
	uint32_t i, k, want;

	for (k = 0; k < 8; k++) {
		snprintf(line, sizeof(line), "	eq r8, r6, %u\n	brnz r8, case%u\n", k, k);
		strcat(text, line);
	}
	strcat(text, "	bra end\n");
	for (k = 0; k < 8; k++) {
		snprintf(line, sizeof(line), "case%u:	mul r7, r7, 3\n	add r7, r7, %u\n", k,
			 k + 1);
		strcat(text, line);
		if (k == 3)
			strcat(text, "	bra end\n");
	}
	strcat(text, "end:	st.32 [r2], r7\n	exit\n");
	set_up(text, ITEMS);
	machine_run(machine);
	for (i = 0; i < ITEMS; i++) {
		want = 0;
		for (k = i % 9; k < 8; k++) {
			want = want * 3 + k + 1;
			if (k == 3)
				break;
		}
		CHECK_EQ(*machine_word(machine, i), want);
	}
	machine_destroy(machine);
}

static void lanes_may_end_one_after_another(void)
{
	uint32_t i;

	set_up(PLACE
	       "	mov r6, 0\n"
	       "loop:	st.32 [r2], r6\n"
	       "	eq r8, r6, r0\n"
	       "	brz r8, on\n"
	       "	exit\n"
	       "on:	add r6, r6, 1\n"
	       "	bra loop\n",
	       ITEMS);
	machine_run(machine);
	for (i = 0; i < ITEMS; i++)
		CHECK_EQ(*machine_word(machine, i), i);
	machine_destroy(machine);
}

static void the_lowest_program_counter_goes_first(void)
{
	/*
	 * Odd lanes jump over the even lanes' part; the log of the order in which
	 * parts are executed is a counter that each lane draws from.
	 */
	uint32_t i;

	set_up(PLACE
	       "	ldc.64 r10, [8]\n"
	       "	and r6, r0, 1\n"
	       "	brnz r6, high\n"
	       "	atom.add r8, [r10], 1\n"
	       "	nop\n	nop\n	nop\n"
	       "	bra join\n"
	       "high:	atom.add r8, [r10], 1\n"
	       "join:	st.32 [r2], r8\n"
	       "	exit\n",
	       32);
	machine_arg(machine, 1, MACHINE_DATA + 4096);
	machine_run(machine);
	for (i = 0; i < 32; i++)
		CHECK(i & 1 ? *machine_word(machine, i) >= 16 : *machine_word(machine, i) < 16);
	machine_destroy(machine);
}

static void a_jump_to_a_part_others_have_yet_to_reach_meets_them(void)
{
	uint32_t i;

	/* All lanes reach "meet" by ways of different length; it runs once. */
	set_up(PLACE
	       "	ult r6, r0, 8\n"
	       "	brnz r6, meet\n"
	       "	mov r7, 1\n"
	       "	ult r6, r0, 16\n"
	       "	brnz r6, meet\n"
	       "	mov r7, 2\n"
	       "	ult r6, r0, 24\n"
	       "	brnz r6, meet\n"
	       "	mov r7, 3\n"
	       "meet:	st.32 [r2], r7\n"
	       "	exit\n",
	       32);
	machine_run(machine);
	for (i = 0; i < 32; i++)
		CHECK_EQ(*machine_word(machine, i), i / 8);
	CHECK_EQ(machine->result.instructions, 15);
	machine_destroy(machine);
}

static void a_partial_wave_has_only_its_lanes(void)
{
	unsigned int n;

	for (n = 1; n <= 65; n++) {
		set_up("	ldc.64 r2, [0]\n"
		       "	atom.add r0, [r2], 1\n"
		       "	exit\n",
		       n);
		machine_run(machine);
		CHECK_EQ(*machine_word(machine, 0), n);
		CHECK_EQ(machine->result.lane_instructions, 3 * n);
		CHECK_EQ(machine->result.waves_started, (n + 31) / 32);
		machine_destroy(machine);
	}
}

/* A linked list in memory, walked by each lane from another node. */
static void a_list_is_walked_to_its_end(void)
{
	uint64_t node;
	uint32_t i;

	set_up("	s2r r0, local_x\n"
	       "	ldc.64 r2, [0]\n"
	       "	ldc.64 r4, [8]\n"
	       "	mulwu r6, r0, 16\n"
	       "	add.64 r2, r2, r6\n"		/* node of this item */
	       "	mov r8, 0\n"
	       "walk:	ld.32 r9, [r2 + 8]\n"
	       "	add r8, r8, r9\n"
	       "	ld.64 r2, [r2]\n"
	       "	ne.64 r9, r2, 0\n"
	       "	brnz r9, walk\n"
	       "	mulwu r6, r0, 4\n"
	       "	add.64 r4, r4, r6\n"
	       "	st.32 [r4], r8\n"
	       "	exit\n",
	       ITEMS);
	machine_arg(machine, 1, MACHINE_DATA + 8192);
	for (i = 0; i < ITEMS; i++) {
		node = i + 5 < ITEMS ? MACHINE_DATA + 16 * (i + 5) : 0;
		*machine_quad(machine, 2 * i) = node;
		*machine_word(machine, 4 * i + 2) = i;
	}
	machine_run(machine);
	for (i = 0; i < ITEMS; i++) {
		uint32_t sum = 0, at;

		for (at = i; at < ITEMS; at += 5)
			sum += at;
		CHECK_EQ(*machine_word(machine, 2048 + i), sum);
	}
	machine_destroy(machine);
}

SCENARIOS({ "both sides of a branch are taken by their lanes",
	    both_sides_of_a_branch_are_taken_by_their_lanes },
	  { "loops of irregular length", loops_of_irregular_length },
	  { "loops nested three deep with breaks", loops_nested_three_deep_with_breaks },
	  { "a switch sends lanes eight ways", a_switch_sends_lanes_eight_ways },
	  { "lanes may end one after another", lanes_may_end_one_after_another },
	  { "the lowest program counter goes first", the_lowest_program_counter_goes_first },
	  { "a jump to a part others have yet to reach meets them",
	    a_jump_to_a_part_others_have_yet_to_reach_meets_them },
	  { "a partial wave has only its lanes", a_partial_wave_has_only_its_lanes },
	  { "a list is walked to its end", a_list_is_walked_to_its_end })
