// SPDX-License-Identifier: MIT
/*
 * Errors that stop a channel: each with its code, its address and its information;
 * and dispatch descriptors that are refused.
 */
#include <string.h>

#include "check.h"
#include "insn.h"
#include "machine.h"

static struct machine *machine;

static void set_up(const char *text)
{
	machine = machine_create();
	machine_asm(machine, text);
	machine_arg(machine, 0, MACHINE_DATA);
}

/* Run to the error, check it, check that it stays and that a reset ends it. */
static void expect(enum mirage_chan_error error, uint32_t info, uint64_t addr)
{
	machine_start(machine);
	CHECK_EQ(machine_continue(machine, 10000), COMPUTE_ERROR);
	CHECK_EQ(machine->result.error, error);
	CHECK_EQ(machine->result.error_info, info);
	CHECK_EQ(machine->result.error_addr, addr);
	CHECK_EQ(machine->nr_faults, 0);
	CHECK_EQ(machine_continue(machine, 10000), COMPUTE_ERROR);
	CHECK_EQ(machine->result.error_addr, addr);
	compute_reset(machine->compute);
	CHECK_EQ(machine_continue(machine, 10000), COMPUTE_DONE);
	machine_destroy(machine);
}

static void undefined_instructions(void)
{
	set_up("nop\n.word 0x12345678000001ff\nexit");
	expect(MIRAGE_CHAN_BAD_INSN, 0x1ff, MACHINE_CODE + 8);
	/* The first word of one whose reserved bits are set. */
	set_up(".word 0x00007fab00\nexit");
	expect(MIRAGE_CHAN_BAD_INSN, 0x7fab00, MACHINE_CODE);
}

static void an_undefined_instruction_that_nobody_reaches_is_no_error(void)
{
	set_up("bra over\n.word -1\nover: exit");
	machine_run(machine);
	machine_destroy(machine);
}

static void registers_beyond_those_of_the_dispatch(void)
{
	uint32_t word;

	set_up("nop\nadd r4, r5, r6\nexit");
	word = (uint32_t)((uint64_t *)machine->memory)[1];
	machine->desc.nr_regs = 7;
	machine_run(machine);
	machine->desc.nr_regs = 6;
	expect(MIRAGE_CHAN_BAD_INSN, word, MACHINE_CODE + 8);

	/* The high half of a pair counts. */
	set_up("mov.64 r4, rz\nexit");
	word = (uint32_t)((uint64_t *)machine->memory)[0];
	machine->desc.nr_regs = 5;
	expect(MIRAGE_CHAN_BAD_INSN, word, MACHINE_CODE);
}

static void running_off_the_end(void)
{
	set_up("nop\nnop");
	expect(MIRAGE_CHAN_BAD_PC, 8, MACHINE_CODE + 16);
	set_up("bar");
	expect(MIRAGE_CHAN_BAD_PC, 0, MACHINE_CODE + 8);
	/* A branch whose untaken lanes fall off. */
	set_up("s2r r0, lane\nx: brnz r0, x");
	expect(MIRAGE_CHAN_BAD_PC, 8, MACHINE_CODE + 16);
}

static void branching_out_of_the_code(void)
{
	set_up("nop\nbra . - 16\nexit");
	expect(MIRAGE_CHAN_BAD_PC, 8, MACHINE_CODE - 8);
	set_up("bra . + 16\nexit");
	expect(MIRAGE_CHAN_BAD_PC, 0, MACHINE_CODE + 16);
	set_up("s2r r0, lane\nbrnz r0, . + 0x3fffffff8\nexit");
	expect(MIRAGE_CHAN_BAD_PC, 8, MACHINE_CODE + 8 + 0x3fffffff8);
	/* Only lanes that take it count. */
	set_up("brnz r0, . + 800\nexit");
	machine_run(machine);
	machine_destroy(machine);
}

static void misaligned_global_accesses(void)
{
	static const struct {
		const char *insn;
		unsigned int size;
	} cases[] = {
		{ "ld.u16 r8, [r2]", 2 }, { "ld.s16 r8, [r2]", 2 }, { "ld.32 r8, [r2]", 4 },
		{ "ld.64 r8, [r2]", 8 }, { "st.16 [r2], r8", 2 }, { "st.32 [r2], r8", 4 },
		{ "st.64 [r2], r8", 8 }, { "atom.add r8, [r2], r8", 4 },
		{ "atom.cas r8, [r2], r8, r8", 4 }, { "atom.add.64 r8, [r2], r8", 8 },
	};
	unsigned int i, by;
	char text[256];

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		for (by = 1; by < 8; by++) {
			/* Lanes 0 to 8 are aligned and come to a page that is not there. */
			snprintf(text, sizeof(text),
				 "s2r r0, lane\nldc.64 r2, [0]\nult r4, r0, 9\nmul r6, r4, -4096\n"
				 "not r4, r4\nand r4, r4, %u\nadd r2, r2, r4\nadd r2, r2, r6\n"
				 "%s\nexit\n", by, cases[i].insn);
			set_up(text);
			machine->present[33] = false;
			if (by % cases[i].size) {
				/* Alignment of all lanes comes before translation of any. */
				expect(MIRAGE_CHAN_MISALIGNED, 64, MACHINE_DATA + by);
				continue;
			}
			machine_start(machine);
			CHECK_EQ(machine_continue(machine, 1000), COMPUTE_BLOCKED);
			machine_destroy(machine);
		}
	}
}

static void shared_memory_beyond_its_size(void)
{
	static const struct {
		const char *insn;
		unsigned int size;
	} cases[] = {
		{ "lds.u8 r4, [r0]", 1 }, { "lds.s16 r4, [r0]", 2 }, { "lds.32 r4, [r0]", 4 },
		{ "lds.64 r4, [r0]", 8 }, { "sts.8 [r0], r4", 1 }, { "sts.16 [r0], r4", 2 },
		{ "sts.32 [r0], r4", 4 }, { "sts.64 [r0], r4", 8 }, { "atoms.add r4, [r0], 1", 4 },
		{ "atoms.xchg r4, [r0], 1", 4 }, { "atoms.cas r4, [r0], r4, r4", 4 },
	};
	static const uint32_t offsets[] = { 0, 40, 44, 46, 47, 48, 64, 0x7ffffff8, 0xfffffff8,
					    0xffffffff };
	unsigned int i, j;
	char text[128];

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		for (j = 0; j < ARRAY_SIZE(offsets); j++) {
			uint32_t offset = offsets[j];

			snprintf(text, sizeof(text), ".shared 48\nmov r0, 0x%x\n%s\nexit\n", offset,
				 cases[i].insn);
			set_up(text);
			if (offset % cases[i].size) {
				expect(MIRAGE_CHAN_MISALIGNED, offset, MACHINE_CODE + 8);
			} else if (offset + (uint64_t)cases[i].size > 48) {
				expect(MIRAGE_CHAN_BAD_SHARED, offset, MACHINE_CODE + 8);
			} else {
				machine_run(machine);
				machine_destroy(machine);
			}
		}
	}
	/* Addresses are 32 bits and wrap. */
	set_up(".shared 48\nmov r0, 8\nlds.32 r1, [r0 + 0xfffffffc]\nexit");
	machine_run(machine);
	machine_destroy(machine);
	/* No shared memory at all. */
	set_up("lds.u8 r1, [0]\nexit");
	expect(MIRAGE_CHAN_BAD_SHARED, 0, MACHINE_CODE);
}

static void arguments_beyond_their_size(void)
{
	set_up("ldc r0, [8]\nldc.64 r0, [0]\nldc.64 r0, [8]\nexit");
	machine_arg(machine, 1, 1);
	machine->desc.args_size = 12;
	expect(MIRAGE_CHAN_BAD_ARG, 8, MACHINE_CODE + 16);
	set_up("ldc r0, [6]\nexit");
	expect(MIRAGE_CHAN_MISALIGNED, 6, MACHINE_CODE);
	set_up("ldc.64 r0, [4]\nexit");
	machine_arg(machine, 1, 1);
	expect(MIRAGE_CHAN_MISALIGNED, 4, MACHINE_CODE);
	set_up("ldc r0, [-4]\nexit");
	expect(MIRAGE_CHAN_BAD_ARG, 0xfffffffc, MACHINE_CODE);
	set_up("ldc r0, [0]\nexit");
	machine->desc.args_size = 0;
	machine->desc.args = 0;
	expect(MIRAGE_CHAN_BAD_ARG, 0, MACHINE_CODE);
}

static void trap(void)
{
	set_up("s2r r0, lane\neq r0, r0, 31\nbrz r0, out\ntrap 0xdeadbeef\nout: exit");
	expect(MIRAGE_CHAN_TRAP, 0xdeadbeef, MACHINE_CODE + 24);
}

static void an_error_leaves_other_engines_alone(void)
{
	struct machine *other = machine_create();

	machine_asm(other, "x: bra x");
	machine_start(other);
	CHECK_EQ(machine_continue(other, 100), COMPUTE_BUDGET);
	set_up("trap 1");
	expect(MIRAGE_CHAN_TRAP, 1, MACHINE_CODE);
	CHECK_EQ(machine_continue(other, 100), COMPUTE_BUDGET);
	machine_destroy(other);
}

/* Every field of the descriptor at and beyond its limits. */
static void descriptors_are_checked(void)
{
	static const struct {
		size_t offset;		/* of a 32-bit word */
		uint32_t value;
		bool valid;
	} cases[] = {
#define FIELD_IS(field, value, valid) { offsetof(struct mirage_dispatch, field), value, valid }
		FIELD_IS(code, 8, true), FIELD_IS(code, 4, false), FIELD_IS(code, 1, false),
		FIELD_IS(code_size, 0, false), FIELD_IS(code_size, 8, true),
		FIELD_IS(code_size, 12, false), FIELD_IS(code_size, 1u << 24, true),
		FIELD_IS(code_size, (1u << 24) + 8, false), FIELD_IS(code_size, 0xfffffff8, false),
		FIELD_IS(nr_regs, 0, false), FIELD_IS(nr_regs, 255, true),
		FIELD_IS(nr_regs, 256, false), FIELD_IS(args, 4, false), FIELD_IS(args, 0, true),
		FIELD_IS(args_size, 4096, true), FIELD_IS(args_size, 4097, false),
		FIELD_IS(args_size, 3, true), FIELD_IS(shared_size, 65536, true),
		FIELD_IS(shared_size, 65537, false), FIELD_IS(shared_size, 0xffffffff, false),
		FIELD_IS(grid[0], 0, false), FIELD_IS(grid[1], 0, false), FIELD_IS(grid[2], 0, false),
		FIELD_IS(grid[0], 0xffffffff, true), FIELD_IS(group[0], 0, false),
		FIELD_IS(group[1], 0, false), FIELD_IS(group[2], 0, false),
		FIELD_IS(group[0], 1024, true), FIELD_IS(group[2], 1024, true),
		FIELD_IS(group[0], 1025, false), FIELD_IS(group[1], 0x80000000, false),
		FIELD_IS(rsvd0, 1, false), FIELD_IS(rsvd1[0], 1, false),
		FIELD_IS(rsvd1[16], 0x80000000, false),
#undef FIELD_IS
	};
	struct mirage_dispatch good, desc;
	unsigned int i;

	set_up("exit");
	good = machine->desc;
	good.args_size = 0;
	good.group[0] = 1;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		desc = good;
		memcpy((char *)&desc + cases[i].offset, &cases[i].value, 4);
		CHECK_MSG((compute_start(machine->compute, &desc) == MIRAGE_CHAN_OK) ==
				  cases[i].valid,
			  "offset %zu value 0x%x", cases[i].offset, cases[i].value);
		compute_reset(machine->compute);
	}
	/* Products, including those that overflow 32 and 64 bits. */
	for (i = 0; i < 3; i++) {
		static const uint32_t sizes[3][3] = {
			{ 0x10000, 0x10000, 1 }, { 0x80000000, 2, 0x80000000 },
			{ 0xffffffff, 0xffffffff, 0xffffffff },
		};

		desc = good;
		memcpy(desc.grid, sizes[i], sizeof(desc.grid));
		CHECK_EQ(compute_start(machine->compute, &desc), MIRAGE_CHAN_BAD_DISPATCH);
		desc = good;
		memcpy(desc.group, sizes[i], sizeof(desc.group));
		CHECK_EQ(compute_start(machine->compute, &desc), MIRAGE_CHAN_BAD_DISPATCH);
	}
	desc = good;
	desc.grid[0] = 0xffff;
	desc.grid[1] = 0x10001;
	CHECK_EQ(compute_start(machine->compute, &desc), MIRAGE_CHAN_OK);
	machine_destroy(machine);
}

SCENARIOS({ "undefined instructions", undefined_instructions },
	  { "an undefined instruction that nobody reaches is no error",
	    an_undefined_instruction_that_nobody_reaches_is_no_error },
	  { "registers beyond those of the dispatch", registers_beyond_those_of_the_dispatch },
	  { "running off the end", running_off_the_end },
	  { "branching out of the code", branching_out_of_the_code },
	  { "misaligned global accesses", misaligned_global_accesses },
	  { "shared memory beyond its size", shared_memory_beyond_its_size },
	  { "arguments beyond their size", arguments_beyond_their_size },
	  { "trap", trap },
	  { "an error leaves other engines alone", an_error_leaves_other_engines_alone },
	  { "descriptors are checked", descriptors_are_checked })
