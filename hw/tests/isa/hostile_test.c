// SPDX-License-Identifier: MIT
/*
 * Hostile programs: the engine ends its slices in time, keeps to its memory, and
 * never does what a program was not allowed to. Run it with the sanitizers on.
 */
#include <malloc.h>
#include <string.h>

#include "check.h"
#include "machine.h"
#include "program.h"

static struct machine *machine;

static void set_up(const char *text, unsigned int groups, unsigned int items)
{
	machine = machine_create();
	machine_asm(machine, text);
	machine_arg(machine, 0, MACHINE_DATA);
	machine_grid(machine, groups, items);
}

/* Run for @slices slices of 1000; each must end within a small multiple of it. */
static void run_slices(unsigned int slices)
{
	struct compute_result result;

	while (slices--) {
		compute_run(machine->compute, 1000, &result);
		CHECK(result.instructions <= 1000);
		CHECK(result.waves_started <= 1100);
		if (result.status == COMPUTE_BLOCKED)
			compute_replay(machine->compute);
		else if (result.status != COMPUTE_BUDGET)
			break;
	}
}

static void endless_loops_end_with_the_slice(void)
{
	static const char *const texts[] = {
		"x: bra x",
		"x: bar\nbra x",
		"s2r r0, lane\nx: brnz r0, x\nbra x",
		"x: s2r r0, lane\nand r0, r0, 1\nbrnz r0, y\nbra x\ny: bar\nbra x",
		"x: ld.32 r0, [rz]\nbra x",
		"x: fence\nbra x",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		set_up(texts[i], 100, 1024);
		machine_start(machine);
		run_slices(100);
		machine_destroy(machine);
	}
}

static void groups_that_do_nothing_still_cost_their_slice(void)
{
	/* A grid of 2^32 - 1 groups with all registers and shared memory to clear. */
	set_up("exit", 0xffffffff, 1024);
	machine->desc.nr_regs = 255;
	machine->desc.shared_size = 65536;
	machine_start(machine);
	run_slices(500);
	CHECK_EQ(machine_continue(machine, 1000), COMPUTE_BUDGET);
	machine_destroy(machine);

	set_up("exit", 0xffffffff, 1);
	machine_start(machine);
	run_slices(500);
	CHECK_EQ(machine_continue(machine, 1000), COMPUTE_BUDGET);
	machine_destroy(machine);
}

static void memory_does_not_grow_with_the_grid_or_the_code(void)
{
	struct mallinfo2 before, after;
	unsigned int i;

	set_up("exit", 0xffffffff, 1);
	machine->desc.nr_regs = 255;
	machine->desc.shared_size = 65536;
	before = mallinfo2();
	machine_start(machine);
	run_slices(100);
	after = mallinfo2();
	CHECK(after.uordblks + after.hblkhd < before.uordblks + before.hblkhd + (4 << 20));
	machine_destroy(machine);

	/* Code of 16 MiB that jumps from page to page, all over the pages that exist. */
	set_up("x: bra x", 1, 1);
	before = mallinfo2();
	for (i = 0; i < MACHINE_PAGES; i++)
		*(uint64_t *)(machine->memory + 4096 * i) = 0x1feull << 32 | 1 << 9 | 8;
	for (i = 0; i < MACHINE_PAGES; i++)
		*(uint64_t *)(machine->memory + 4096 * i + 8 * 511) =
			(uint64_t)(i == MACHINE_PAGES - 1 ? -512u * MACHINE_PAGES : 0) << 32 |
			1 << 9 | 8;
	machine->desc.code_size = 1u << 24;
	machine_start(machine);
	run_slices(2000);
	/* Many pages were decoded, and each was paid for. */
	CHECK(machine->translations > 500 && machine->translations < 2000 * 11);
	after = mallinfo2();
	CHECK(after.uordblks + after.hblkhd < before.uordblks + before.hblkhd + (4 << 20));
	machine_destroy(machine);
}

static void translations_cost_their_slice(void)
{
	/* Every instruction of every lane touches a page that was not touched lately. */
	set_up("	s2r r0, lane\n"
	       "	ldc.64 r2, [0]\n"
	       "	mulwu r4, r0, 4096\n"
	       "x:	add.64 r6, r2, r4\n"
	       "	ld.32 r8, [r6]\n"
	       "	add r4, r4, 32 * 4096\n"
	       "	and r4, r4, 127 * 4096\n"
	       "	bra x\n",
	       4, 32);
	machine_start(machine);
	run_slices(10);
	machine->translations = 0;
	run_slices(100);
	CHECK(machine->translations > 100 && machine->translations < 100 * 300);
	machine_destroy(machine);
}

static void a_lane_that_waits_for_its_own_wave_hurts_only_itself(void)
{
	/* A lock taken by one lane of a wave, as CPUs do it: it hangs, and can be reset. */
	set_up("	ldc.64 r2, [0]\n"
	       "	mov r6, 1\n"
	       "lock:	atom.cas r4, [r2], rz, r6\n"
	       "	brnz r4, lock\n"
	       "	st.32 [r2], rz\n"
	       "	exit\n",
	       1, 32);
	machine_start(machine);
	CHECK_EQ(machine_continue(machine, 20000), COMPUTE_BUDGET);
	compute_reset(machine->compute);
	CHECK_EQ(machine_continue(machine, 20000), COMPUTE_DONE);
	machine_destroy(machine);
}

/* The pages around those that the program may write hold this. */
#define CANARY	0xa5

static void random_programs(void)
{
	unsigned int run, stopped = 0, finished = 0;
	uint64_t words[120], instructions = 0;

	for (run = 0; run < 1500; run++) {
		unsigned int nr = 1 + random_u64() % 120, regs = 2 + random_u64() % 12 * 2;
		unsigned int i, page;

		machine = machine_create();
		random_program(words, nr, regs);
		machine_code(machine, words, nr, regs);
		for (i = 0; i < 16; i++)
			machine_arg(machine, i, random_u64() % 4 ?
					MACHINE_DATA + random_u64() % 64 * 8 : random_u64());
		machine->desc.shared_size = random_u64() % 3 ? 256 : 0;
		machine_grid(machine, 1 + random_u64() % 20, 1 + random_u64() % 200);
		for (page = 32; page < MACHINE_PAGES; page++)
			machine->present[page] = random_u64() % 4;
		/* A page the device may not write, which it must not. */
		machine->writable[40] = false;
		memset(machine->memory + 40 * 4096, CANARY, 4096);
		machine_start(machine);
		for (i = 0; i < 40; i++) {
			struct compute_result result;

			compute_run(machine->compute, 500, &result);
			instructions += result.instructions;
			if (result.status == COMPUTE_DONE || result.status == COMPUTE_ERROR) {
				stopped += result.status == COMPUTE_ERROR;
				finished += result.status == COMPUTE_DONE;
				break;
			}
			if (result.status == COMPUTE_BLOCKED)
				compute_replay(machine->compute);
			if (random_u64() % 4 == 0)
				compute_invalidate(machine->compute, random_u64() & ~0xfffull,
						   4096);
			if (random_u64() % 8 == 0)
				machine->present[32 + random_u64() % 200] ^= true;
		}
		for (i = 0; i < 4096; i++)
			CHECK_EQ(machine->memory[40 * 4096 + i], CANARY);
		machine_destroy(machine);
	}
	/* Not worth much if they all stopped at once. */
	CHECK_MSG(stopped > 50 && finished > 50, "%u stopped, %u finished", stopped, finished);
	CHECK(instructions > 100000);
}

static void random_words(void)
{
	unsigned int run, i;
	uint64_t words[64];

	for (run = 0; run < 1500; run++) {
		machine = machine_create();
		for (i = 0; i < 64; i++)
			words[i] = run % 2 ? random_u64() :
					     (random_u64() & 0x00ff00ff0fff03ffull) % (1ull << 50);
		machine_code(machine, words, 64, 1 + random_u64() % 255);
		machine_grid(machine, 5, 64);
		machine_start(machine);
		run_slices(3);
		machine_destroy(machine);
	}
}

static void code_that_writes_itself(void)
{
	uint32_t i;

	/* Allowed; the old instructions may go on until an invalidation. */
	set_up("	s2r r0, local_x\n"
	       "	mulwu r0, r0, 8\n"
	       "	ldc.64 r2, [0]\n"
	       "	add.64 r2, r2, r0\n"
	       "x:	st.64 [r2], r4\n"
	       "	add.64 r4, r4, 0x1234567\n"
	       "	bra x\n",
	       4, 64);
	machine_arg(machine, 0, MACHINE_CODE);
	machine_start(machine);
	for (i = 0; i < 100; i++) {
		run_slices(1);
		compute_invalidate(machine->compute, MACHINE_CODE, 4096);
	}
	machine_destroy(machine);
}

SCENARIOS({ "endless loops end with the slice", endless_loops_end_with_the_slice },
	  { "groups that do nothing still cost their slice",
	    groups_that_do_nothing_still_cost_their_slice },
	  { "memory does not grow with the grid or the code",
	    memory_does_not_grow_with_the_grid_or_the_code },
	  { "translations cost their slice", translations_cost_their_slice },
	  { "a lane that waits for its own wave hurts only itself",
	    a_lane_that_waits_for_its_own_wave_hurts_only_itself },
	  { "random programs", random_programs },
	  { "random words", random_words },
	  { "code that writes itself", code_that_writes_itself })
