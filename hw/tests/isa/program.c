// SPDX-License-Identifier: MIT
/*
 * Random programs. Uniformly random words would nearly always stop at the first;
 * here most decode, branches are short, addresses often hit, and the last one ends it.
 */
#include "program.h"

#include "check.h"
#include "insn.h"

static unsigned int random_reg(unsigned int nr_regs, unsigned int width)
{
	unsigned int reg = (unsigned int)(random_u64() % nr_regs);

	if (random_u64() % 16 == 0)
		return MIRAGE_RZ;
	return width == 2 ? reg & ~1u : reg;
}

static uint32_t random_imm(const struct mirage_insn *insn)
{
	unsigned int format = mirage_insn_info(insn->op)->format;

	if (format == MIRAGE_FORMAT_BRANCH || format == MIRAGE_FORMAT_BRANCH_A)
		return (uint32_t)(random_u64() % 16) - 8;
	if (insn->op == MIRAGE_OP_S2R)
		return (uint32_t)(random_u64() % MIRAGE_NR_SPECIAL);
	if (mirage_insn_has_round(insn->op))
		return (uint32_t)(random_u64() % MIRAGE_NR_ROUND);
	if ((insn->op >= MIRAGE_OP_LD_U8 && insn->op < MIRAGE_OP_FADD) || insn->op == MIRAGE_OP_LDC ||
	    insn->op == MIRAGE_OP_LDC64)
		return (uint32_t)(random_u64() % 16 * 8);
	return (uint32_t)random_operand();
}

static struct mirage_insn random_insn(unsigned int nr_regs)
{
	const struct mirage_insn_info *info;
	const struct mirage_format_info *format;
	struct mirage_insn insn = { 0 };

	do
		info = mirage_insn_info((unsigned int)(random_u64() % 0x124));
	while (!info || (info->op == MIRAGE_OP_TRAP && random_u64() % 64));
	format = mirage_format_info(info->format);
	insn.op = info->op;
	insn.has_imm = format->imm == 2 || (format->imm == 1 && random_u64() % 2);
	if (format->d)
		insn.d = (uint8_t)random_reg(nr_regs, format->d);
	if (format->a)
		insn.a = (uint8_t)random_reg(nr_regs, format->a);
	if (insn.has_imm) {
		insn.imm = random_imm(&insn);
		return insn;
	}
	if (format->b)
		insn.b = (uint8_t)random_reg(nr_regs, format->b);
	if (format->c)
		insn.c = (uint8_t)random_reg(nr_regs, format->c);
	return insn;
}

void random_program(uint64_t *words, size_t nr, unsigned int nr_regs)
{
	struct mirage_insn insn;
	size_t i;

	for (i = 0; i < nr; i++) {
		insn = random_insn(nr_regs);
		/* Every other pair begins with an argument: addresses, if the caller likes. */
		if (i < nr_regs / 4)
			insn = (struct mirage_insn){ .op = MIRAGE_OP_LDC64, .has_imm = true,
						     .d = (uint8_t)(4 * i), .a = MIRAGE_RZ,
						     .imm = (uint32_t)(8 * i) };
		else if (i + 1 == nr)
			insn = (struct mirage_insn){ .op = MIRAGE_OP_EXIT };
		words[i] = mirage_insn_encode(&insn);
		/* Now and then a word that is nothing. */
		if (random_u64() % 256 == 0)
			words[i] ^= 1ull << (random_u64() & 63);
	}
}
