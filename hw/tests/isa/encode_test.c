// SPDX-License-Identifier: MIT
/* Encoding and decoding: every instruction both ways, every rule of the encoding violated once. */
#include <string.h>

#include "check.h"
#include "insn.h"

static const struct mirage_format_info *format_of(unsigned int op)
{
	return mirage_format_info(mirage_insn_info(op)->format);
}

static uint8_t random_reg(unsigned int width)
{
	uint8_t reg = (uint8_t)random_u64();

	if (width == 0)
		return 0;
	if (width == 2 && reg != MIRAGE_RZ) {
		reg &= 0xfe;
		return reg == 254 ? 252 : reg;
	}
	return reg;
}

/* A random defined instruction of this opcode. */
static struct mirage_insn random_insn(unsigned int op)
{
	const struct mirage_format_info *format = format_of(op);
	struct mirage_insn insn = { .op = (uint16_t)op };

	insn.has_imm = format->imm == 2 || (format->imm == 1 && random_u64() >> 63);
	insn.d = random_reg(format->d);
	insn.a = random_reg(format->a);
	if (insn.has_imm) {
		insn.imm = (uint32_t)random_operand();
		if (op == MIRAGE_OP_S2R)
			insn.imm %= MIRAGE_NR_SPECIAL;
		if (mirage_insn_has_round(op))
			insn.imm %= MIRAGE_NR_ROUND;
	} else {
		insn.b = random_reg(format->b);
		insn.c = random_reg(format->c);
	}
	return insn;
}

static bool same(const struct mirage_insn *x, const struct mirage_insn *y)
{
	return x->op == y->op && x->has_imm == y->has_imm && x->d == y->d && x->a == y->a &&
	       x->b == y->b && x->c == y->c && x->imm == y->imm;
}

static void every_instruction_survives_encoding(void)
{
	unsigned int op, i, found = 0;

	for (op = 0; op < MIRAGE_NR_OPCODES; op++) {
		if (!mirage_insn_info(op))
			continue;
		found++;
		for (i = 0; i < 200; i++) {
			struct mirage_insn insn = random_insn(op), back;
			uint64_t word = mirage_insn_encode(&insn);

			CHECK_EQ(mirage_insn_decode(word, &back), MIRAGE_INSN_OK);
			CHECK(same(&insn, &back));
			CHECK_EQ(MIRAGE_INSN_OP(word), op);
		}
	}
	CHECK(found > 100);
}

static void opcodes_without_a_line_are_undefined(void)
{
	struct mirage_insn insn;
	unsigned int op;

	for (op = 0; op < MIRAGE_NR_OPCODES; op++)
		if (!mirage_insn_info(op))
			CHECK_EQ(mirage_insn_decode(op, &insn), MIRAGE_INSN_OPCODE);
	CHECK(!mirage_insn_info(MIRAGE_NR_OPCODES));
	/* The reserved opcodes stay free. */
	for (op = 0x130; op < 0x1a0; op++)
		CHECK(!mirage_insn_info(op));
}

/* Bits that must be zero in a word of this format, as far as one bit alone can be wrong. */
static uint64_t must_be_zero(const struct mirage_format_info *format, bool has_imm)
{
	uint64_t mask = 0xfc00;

	if (!format->d)
		mask |= 0xffull << 16;
	if (!format->a)
		mask |= 0xffull << 24;
	if (has_imm)
		return mask;
	if (!format->b)
		mask |= 0xffull << 32;
	if (!format->c)
		mask |= 0xffull << 40;
	return mask | 0xffffull << 48;
}

static void each_reserved_bit_of_each_instruction_is_refused(void)
{
	struct mirage_insn insn, out;
	unsigned int op, bit, i;
	uint64_t word, mask;

	for (op = 0; op < MIRAGE_NR_OPCODES; op++) {
		if (!mirage_insn_info(op))
			continue;
		for (i = 0; i < 8; i++) {
			insn = random_insn(op);
			word = mirage_insn_encode(&insn);
			mask = must_be_zero(format_of(op), insn.has_imm);
			for (bit = 0; bit < 64; bit++)
				if (mask >> bit & 1)
					CHECK_MSG(mirage_insn_decode(word | 1ull << bit, &out) ==
							  MIRAGE_INSN_RESERVED,
						  "opcode 0x%x with bit %u", op, bit);
		}
	}
}

static void bit_i_must_fit_the_format(void)
{
	struct mirage_insn insn, out;
	unsigned int op;
	uint64_t word;

	for (op = 0; op < MIRAGE_NR_OPCODES; op++) {
		if (!mirage_insn_info(op) || format_of(op)->imm == 1)
			continue;
		insn = random_insn(op);
		insn.imm = 0;
		insn.b = 0;
		insn.c = 0;
		word = mirage_insn_encode(&insn) ^ 1ull << 9;
		CHECK_EQ(mirage_insn_decode(word, &out), MIRAGE_INSN_IMMEDIATE);
	}
}

/* Put @reg in field @shift of an instruction and say what decoding makes of it. */
static enum mirage_insn_defect with_reg(unsigned int op, unsigned int shift, unsigned int reg)
{
	struct mirage_insn insn = random_insn(op), out;
	uint64_t word;

	insn.has_imm = format_of(op)->imm == 2 || (format_of(op)->imm == 1 && shift < 32);
	if (!insn.has_imm)
		insn.imm = 0;
	else
		insn.b = insn.c = 0;
	if (op == MIRAGE_OP_S2R)
		insn.imm = 0;
	word = mirage_insn_encode(&insn) & ~(0xffull << shift);
	return mirage_insn_decode(word | (uint64_t)reg << shift, &out);
}

static void pairs_are_even_registers_or_rz(void)
{
	unsigned int op, field, reg;

	for (op = 0; op < MIRAGE_NR_OPCODES; op++) {
		const struct mirage_format_info *format;
		unsigned int width[4];

		if (!mirage_insn_info(op))
			continue;
		format = format_of(op);
		width[0] = format->d;
		width[1] = format->a;
		width[2] = format->b;
		width[3] = format->c;
		for (field = 0; field < 4; field++) {
			if (!width[field])
				continue;
			for (reg = 0; reg < 256; reg++) {
				bool pair = reg == MIRAGE_RZ || (reg % 2 == 0 && reg < 254);

				CHECK_EQ(with_reg(op, 16 + 8 * field, reg),
					 width[field] == 2 && !pair ? MIRAGE_INSN_PAIR :
								      MIRAGE_INSN_OK);
			}
		}
	}
}

static void special_values_end_where_they_end(void)
{
	struct mirage_insn insn = { .op = MIRAGE_OP_S2R, .has_imm = true }, out;

	for (insn.imm = 0; insn.imm < MIRAGE_NR_SPECIAL; insn.imm++) {
		CHECK_EQ(mirage_insn_decode(mirage_insn_encode(&insn), &out), MIRAGE_INSN_OK);
		CHECK(mirage_special_name(insn.imm));
	}
	CHECK_EQ(mirage_insn_decode(mirage_insn_encode(&insn), &out), MIRAGE_INSN_SPECIAL);
	CHECK(!mirage_special_name(insn.imm));
}

static void rounding_modes_are_four(void)
{
	struct mirage_insn insn = { .op = MIRAGE_OP_FTOS, .has_imm = true }, out;

	for (insn.imm = 0; insn.imm < MIRAGE_NR_ROUND; insn.imm++) {
		CHECK_EQ(mirage_insn_decode(mirage_insn_encode(&insn), &out), MIRAGE_INSN_OK);
		CHECK(mirage_round_name(insn.imm));
	}
	CHECK_EQ(mirage_insn_decode(mirage_insn_encode(&insn), &out), MIRAGE_INSN_ROUND);
	CHECK(!mirage_round_name(insn.imm));
}

static void what_decodes_encodes_to_itself(void)
{
	struct mirage_insn insn;
	unsigned int i, defined = 0;

	for (i = 0; i < 2000000; i++) {
		uint64_t word = random_u64();

		/* Half of them with the reserved bits clear, or few would decode. */
		if (i & 1)
			word &= ~0xfc00ull;
		if (i & 2)
			word &= 0xffff03ffull | 0xffffull << 32;
		if (mirage_insn_decode(word, &insn))
			continue;
		defined++;
		CHECK_EQ(mirage_insn_encode(&insn), word);
	}
	CHECK(defined > 10000);
}

static void needed_registers_are_counted(void)
{
	struct mirage_insn insn = { .op = MIRAGE_OP_ADD, .d = 7, .a = 2, .b = MIRAGE_RZ };

	CHECK_EQ(mirage_insn_regs(&insn), 8);
	insn = (struct mirage_insn){ .op = MIRAGE_OP_ADD64, .d = MIRAGE_RZ, .a = 10, .b = 252 };
	CHECK_EQ(mirage_insn_regs(&insn), 254);
	/* With an immediate there is no b. */
	insn = (struct mirage_insn){ .op = MIRAGE_OP_ADD64, .has_imm = true, .d = 2, .a = 4 };
	CHECK_EQ(mirage_insn_regs(&insn), 6);
	insn = (struct mirage_insn){ .op = MIRAGE_OP_NOP };
	CHECK_EQ(mirage_insn_regs(&insn), 0);
}

static void mnemonics_follow_the_rule(void)
{
	static const char *const pairs[][2] = {
		{ "LD_U8", "ld.u8" }, { "ADD64", "add.64" }, { "ATOM_ADD64", "atom.add.64" },
		{ "ST_64", "st.64" }, { "SEXT16", "sext16" }, { "LDC64", "ldc.64" },
		{ "LDS_32", "lds.32" }, { "SEXT64", "sext.64" }, { "S2R", "s2r" },
	};
	char seen[MIRAGE_NR_OPCODES][MIRAGE_MNEMONIC_SIZE], text[MIRAGE_MNEMONIC_SIZE];
	unsigned int i, op, nr = 0;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		mirage_insn_mnemonic(pairs[i][0], text);
		CHECK_MSG(!strcmp(text, pairs[i][1]), "%s became %s", pairs[i][0], text);
	}
	for (op = 0; op < MIRAGE_NR_OPCODES; op++) {
		if (!mirage_insn_info(op))
			continue;
		mirage_insn_mnemonic(mirage_insn_info(op)->name, seen[nr]);
		for (i = 0; i < nr; i++)
			CHECK_MSG(strcmp(seen[i], seen[nr]), "%s is two instructions", seen[i]);
		nr++;
	}
}

SCENARIOS({ "every instruction survives encoding", every_instruction_survives_encoding },
	  { "opcodes without a line are undefined", opcodes_without_a_line_are_undefined },
	  { "each reserved bit of each instruction is refused",
	    each_reserved_bit_of_each_instruction_is_refused },
	  { "bit I must fit the format", bit_i_must_fit_the_format },
	  { "pairs are even registers or rz", pairs_are_even_registers_or_rz },
	  { "special values end where they end", special_values_end_where_they_end },
	  { "rounding modes are four", rounding_modes_are_four },
	  { "what decodes encodes to itself", what_decodes_encodes_to_itself },
	  { "needed registers are counted", needed_registers_are_counted },
	  { "mnemonics follow the rule", mnemonics_follow_the_rule })
