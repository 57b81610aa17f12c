// SPDX-License-Identifier: MIT
/*
 * Every arithmetic instruction against the oracle: random and corner operands in
 * 64 lanes, random active masks, registers and immediates, and operands that
 * name the destination. The whole engine executes it, on the memory of the
 * machine, so decoding, masks and 64-bit pairs are tested along.
 */
#include <string.h>

#include "check.h"
#include "compute/engine.h"
#include "insn.h"
#include "machine.h"
#include "oracle.h"

#define ITEMS	64

/* The operands that a work item finds in memory, and the results that it leaves there. */
struct item {
	uint64_t d;
	uint64_t a;
	uint64_t b;
	uint64_t c;
	uint64_t active;	/* whether the lane executes the instruction */
	uint64_t pad[3];
};

/* Index of the instruction under test, the .word. */
static const char program[] =
	"	s2r r0, local_x\n"
	"	ldc.64 r2, [0]\n"
	"	mulwu r0, r0, 64\n"
	"	add.64 r2, r2, r0\n"
	"	ld.64 r10, [r2]\n"
	"	ld.64 r12, [r2 + 8]\n"
	"	ld.64 r14, [r2 + 16]\n"
	"	ld.64 r16, [r2 + 24]\n"
	"	ld.32 r4, [r2 + 32]\n"
	"	brz r4, skip\n"
	"	.word 0\n"
	"skip:	st.64 [r2], r10\n"
	"	st.64 [r2 + 8], r12\n"
	"	exit\n";
#define WORD_INDEX	10

/* The pairs that the program loads. */
enum { REG_D = 10, REG_A = 12, REG_B = 14, REG_C = 16 };

static struct machine *machine;

static struct item *items(void)
{
	return (struct item *)machine_quad(machine, 0);
}

static uint64_t value_of(const struct item *item, unsigned int reg)
{
	switch (reg) {
	case REG_D:
		return item->d;
	case REG_A:
		return item->a;
	case REG_B:
		return item->b;
	case REG_C:
		return item->c;
	}
	return 0;	/* rz */
}

/* The pair @old after the instruction wrote @result to its destination of @width. */
static uint64_t merged(uint64_t old, uint64_t result, unsigned int width)
{
	return width == 2 ? result : (old & 0xffffffff00000000ull) | (uint32_t)result;
}

/* Floats in both halves, or numbers. */
static uint64_t operand(unsigned int op)
{
	if (op < MIRAGE_OP_FADD || random_u64() % 4 == 0)
		return random_operand();
	return (uint64_t)random_float() << 32 | random_float();
}

static void run_one(const struct mirage_insn *insn)
{
	const struct mirage_format_info *format =
		mirage_format_info(mirage_insn_info(insn->op)->format);
	struct item before[ITEMS];
	unsigned int i;

	for (i = 0; i < ITEMS; i++)
		items()[i] = (struct item){
			.d = operand(insn->op), .a = operand(insn->op),
			.b = operand(insn->op), .c = operand(insn->op), .active = random_u64() % 4 != 0,
		};
	/* Now and then all lanes, now and then one. */
	if (insn->imm % 3 == 0)
		for (i = 0; i < ITEMS; i++)
			items()[i].active = 1;
	memcpy(before, items(), sizeof(before));
	((uint64_t *)machine->memory)[WORD_INDEX] = mirage_insn_encode(insn);
	machine_run(machine);

	for (i = 0; i < ITEMS; i++) {
		uint64_t b = value_of(&before[i], insn->b), want_d = before[i].d;
		uint64_t want_a = before[i].a, result = 0;

		if (insn->has_imm)
			b = format->b == 2 ? (uint64_t)(int32_t)insn->imm : insn->imm;
		CHECK(oracle_alu(insn->op, value_of(&before[i], insn->a), b,
				 value_of(&before[i], insn->c), &result));
		if (before[i].active && insn->d == REG_D)
			want_d = merged(want_d, result, format->d);
		if (before[i].active && insn->d == REG_A)
			want_a = merged(want_a, result, format->d);
		CHECK_MSG(items()[i].d == want_d && items()[i].a == want_a,
			  "%s lane %u active %u a %" PRIx64 " b %" PRIx64 " c %" PRIx64
			  ": d %" PRIx64 " not %" PRIx64,
			  mirage_insn_info(insn->op)->name, i, (unsigned int)before[i].active,
			  before[i].a, b, before[i].c, items()[i].d, want_d);
	}
}

static bool is_alu(unsigned int op)
{
	uint64_t ignored;

	return mirage_insn_info(op) && oracle_alu(op, 0, 1, 0, &ignored);
}

/* Fields that the format does not have are zero. */
static struct mirage_insn make(unsigned int op, unsigned int d, unsigned int a, unsigned int b,
			       unsigned int c)
{
	const struct mirage_format_info *format = mirage_format_info(mirage_insn_info(op)->format);

	return (struct mirage_insn){
		.op = (uint16_t)op,
		.has_imm = mirage_insn_has_round(op),
		.d = (uint8_t)d,
		.a = (uint8_t)(format->a ? a : 0),
		.b = (uint8_t)(format->b ? b : 0),
		.c = (uint8_t)(format->c ? c : 0),
	};
}

static void for_each_alu(void (*run)(unsigned int op))
{
	unsigned int op, nr = 0;

	machine = machine_create();
	machine_asm(machine, program);
	machine->desc.nr_regs = 18;
	machine_grid(machine, 1, ITEMS);
	machine_arg(machine, 0, MACHINE_DATA);
	for (op = 0; op < MIRAGE_NR_OPCODES; op++) {
		if (!is_alu(op))
			continue;
		run(op);
		nr++;
	}
	/* Everything between MOV and the loads but S2R and the argument block; 29 of floating point. */
	CHECK_EQ(nr, 59 + 29);
	machine_destroy(machine);
}

static void with_registers(unsigned int op)
{
	struct mirage_insn insn = make(op, REG_D, REG_A, REG_B, REG_C);
	unsigned int i;

	for (i = 0; i < 30; i++) {
		run_one(&insn);
		/* Not encoded without bit I, else a rounding mode; varies the active mask. */
		insn.imm = (insn.imm + 1) % MIRAGE_NR_ROUND;
	}
}

static void with_immediates(unsigned int op)
{
	struct mirage_insn insn = make(op, REG_D, REG_A, 0, 0);
	unsigned int i;

	if (mirage_format_info(mirage_insn_info(op)->format)->imm != 1)
		return;
	insn.has_imm = true;
	for (i = 0; i < 30; i++) {
		insn.imm = (uint32_t)random_operand();
		run_one(&insn);
	}
}

static void with_the_destination_as_source(unsigned int op)
{
	static const uint8_t regs[][4] = {
		{ REG_A, REG_A, REG_B, REG_C }, { REG_D, REG_D, REG_D, REG_D },
		{ REG_D, REG_A, REG_D, REG_C }, { REG_D, REG_A, REG_B, REG_D },
	};
	struct mirage_insn insn;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		insn = make(op, regs[i][0], regs[i][1], regs[i][2], regs[i][3]);
		run_one(&insn);
		insn.imm = 1;
		run_one(&insn);
	}
}

static void with_rz(unsigned int op)
{
	static const uint8_t regs[][4] = {
		{ MIRAGE_RZ, REG_A, REG_B, REG_C }, { REG_D, MIRAGE_RZ, REG_B, REG_C },
		{ REG_D, REG_A, MIRAGE_RZ, REG_C }, { REG_D, REG_A, REG_B, MIRAGE_RZ },
	};
	struct mirage_insn insn;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		insn = make(op, regs[i][0], regs[i][1], regs[i][2], regs[i][3]);
		run_one(&insn);
	}
}

static void arithmetic_with_registers(void)
{
	for_each_alu(with_registers);
}

static void arithmetic_with_immediates(void)
{
	for_each_alu(with_immediates);
}

static void arithmetic_onto_its_operands(void)
{
	for_each_alu(with_the_destination_as_source);
}

static void rz_reads_as_zero_and_takes_nothing(void)
{
	for_each_alu(with_rz);
}

static void baseline_with_registers(unsigned int op)
{
	/* The code for a host without AVX2, where compute_create() has chosen better. */
	machine->compute->alu32 = alu32_baseline;
	machine->compute->alu64 = alu64_baseline;
	with_registers(op);
	with_immediates(op);
}

static void arithmetic_on_any_host(void)
{
	for_each_alu(baseline_with_registers);
}

/* Division has corners that random numbers seldom hit together. */
static void division_in_its_corners(void)
{
	static const uint32_t corners[] = { 0, 1, 2, 0x7fffffff, 0x80000000, 0x80000001,
					    0xfffffffe, 0xffffffff };
	static const unsigned int ops[] = { MIRAGE_OP_UDIV, MIRAGE_OP_UREM, MIRAGE_OP_SDIV,
					    MIRAGE_OP_SREM };
	unsigned int op, i;

	machine = machine_create();
	machine_asm(machine, program);
	machine->desc.nr_regs = 18;
	machine_grid(machine, 1, ITEMS);
	machine_arg(machine, 0, MACHINE_DATA);
	for (op = 0; op < 4; op++) {
		struct mirage_insn insn = make(ops[op], REG_D, REG_A, REG_B, REG_C);

		for (i = 0; i < ITEMS; i++)
			items()[i] = (struct item){ .a = corners[i / 8], .b = corners[i % 8],
						    .active = 1 };
		((uint64_t *)machine->memory)[WORD_INDEX] = mirage_insn_encode(&insn);
		machine_run(machine);
		for (i = 0; i < ITEMS; i++) {
			uint64_t want = 0;

			oracle_alu(ops[op], corners[i / 8], corners[i % 8], 0, &want);
			CHECK_EQ(items()[i].d, want);
		}
	}
	/* Written out, for those who doubt the oracle. */
	CHECK_EQ(items()[4 * 8 + 7].d, 0);	/* SREM 0x80000000 by -1, of the last round */
	machine_destroy(machine);
}

SCENARIOS({ "arithmetic with registers", arithmetic_with_registers },
	  { "arithmetic with immediates", arithmetic_with_immediates },
	  { "arithmetic onto its operands", arithmetic_onto_its_operands },
	  { "rz reads as zero and takes nothing", rz_reads_as_zero_and_takes_nothing },
	  { "arithmetic on any host", arithmetic_on_any_host },
	  { "division in its corners", division_in_its_corners })
