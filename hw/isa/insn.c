// SPDX-License-Identifier: MIT
/*
 * Decoding, checking and encoding of one instruction.
 *
 * Everything follows from two tables, isa.def and MIRAGE_FORMATS, so model,
 * assembler, disassembler and compiler cannot disagree about what is defined.
 * Rejected: a decoder written out opcode by opcode, which is faster but a second
 * source of truth; the model decodes each instruction once anyway.
 */
#include "insn.h"

#include <ctype.h>
#include <string.h>

static const struct mirage_insn_info insns[MIRAGE_NR_OPCODES] = {
#define INSN(name_, op_, format_, doc_)                                        \
	[op_] = { .name = #name_, .doc = doc_, .op = (op_),                    \
		  .format = MIRAGE_FORMAT_##format_ },
#include "hw/isa.def"
#undef INSN
};

/* Operand order of the formats, in the letters of struct mirage_format_info. */
#define SYNTAX_NONE	""
#define SYNTAX_IMM	"i"
#define SYNTAX_BRANCH	"t"
#define SYNTAX_BRANCH_A	"at"
#define SYNTAX_D_IMM	"ds"
#define SYNTAX_D_AIMM	"dm"
#define SYNTAX_D2_AIMM	"dm"
#define SYNTAX_D_BI	"db"
#define SYNTAX_D2_BI	"db"
#define SYNTAX_D2_B2I	"db"
#define SYNTAX_D_ABI	"dab"
#define SYNTAX_D_ABC	"dabc"
#define SYNTAX_D2_AB2C2	"dabc"
#define SYNTAX_D2_A2B2I	"dab"
#define SYNTAX_D2_A2BI	"dab"
#define SYNTAX_D2_ABI	"dab"
#define SYNTAX_D2_ABC2	"dabc"
#define SYNTAX_D_A2B2I	"dab"
#define SYNTAX_LOAD	"dm"
#define SYNTAX_LOAD2	"dm"
#define SYNTAX_STORE	"md"
#define SYNTAX_STORE2	"md"
#define SYNTAX_LOAD_S	"dm"
#define SYNTAX_LOAD_S2	"dm"
#define SYNTAX_STORE_S	"md"
#define SYNTAX_STORE_S2	"md"
#define SYNTAX_ATOM	"dnb"
#define SYNTAX_ATOM_C	"dnbc"
#define SYNTAX_ATOM2	"dnb"
#define SYNTAX_ATOM2_C	"dnbc"
#define SYNTAX_ATOM_S	"dnb"
#define SYNTAX_ATOM_S_C	"dnbc"
#define SYNTAX_D_AMODE	"dar"
#define SYNTAX_D2_AMODE	"dar"
#define SYNTAX_D_A2MODE	"dar"

static const struct mirage_format_info formats[MIRAGE_NR_FORMATS] = {
#define FORMAT(name_, d_, a_, b_, c_, imm_)                                    \
	[MIRAGE_FORMAT_##name_] = { .name = #name_, .syntax = SYNTAX_##name_,  \
				    .d = (d_), .a = (a_), .b = (b_),           \
				    .c = (c_), .imm = (imm_) },
	MIRAGE_FORMATS(FORMAT)
#undef FORMAT
};

static const char *const specials[MIRAGE_NR_SPECIAL] = {
	[MIRAGE_SR_LANE] = "lane",
	[MIRAGE_SR_LOCAL_X] = "local_x",
	[MIRAGE_SR_LOCAL_Y] = "local_y",
	[MIRAGE_SR_LOCAL_Z] = "local_z",
	[MIRAGE_SR_GROUP_X] = "group_x",
	[MIRAGE_SR_GROUP_Y] = "group_y",
	[MIRAGE_SR_GROUP_Z] = "group_z",
	[MIRAGE_SR_GROUP_SIZE_X] = "group_size_x",
	[MIRAGE_SR_GROUP_SIZE_Y] = "group_size_y",
	[MIRAGE_SR_GROUP_SIZE_Z] = "group_size_z",
	[MIRAGE_SR_GRID_X] = "grid_x",
	[MIRAGE_SR_GRID_Y] = "grid_y",
	[MIRAGE_SR_GRID_Z] = "grid_z",
};

static const char *const rounds[MIRAGE_NR_ROUND] = {
	[MIRAGE_ROUND_RNE] = "rne",
	[MIRAGE_ROUND_RTZ] = "rtz",
	[MIRAGE_ROUND_RTP] = "rtp",
	[MIRAGE_ROUND_RTN] = "rtn",
};

const struct mirage_insn_info *mirage_insn_info(unsigned int op)
{
	if (op >= MIRAGE_NR_OPCODES || !insns[op].name)
		return NULL;
	return &insns[op];
}

const struct mirage_format_info *mirage_format_info(unsigned int format)
{
	return format < MIRAGE_NR_FORMATS ? &formats[format] : NULL;
}

/* Whether the immediate may be @imm. */
static enum mirage_insn_defect check_imm(const struct mirage_insn_info *info, uint32_t imm)
{
	if (info->op == MIRAGE_OP_S2R && imm >= MIRAGE_NR_SPECIAL)
		return MIRAGE_INSN_SPECIAL;
	if (mirage_insn_has_round(info->op) && imm >= MIRAGE_NR_ROUND)
		return MIRAGE_INSN_ROUND;
	return MIRAGE_INSN_OK;
}

/* A register field of @width: 0 must be zero, 2 must name a pair. */
static enum mirage_insn_defect check_reg(unsigned int reg, unsigned int width)
{
	if (width == 0)
		return reg ? MIRAGE_INSN_RESERVED : MIRAGE_INSN_OK;
	/* The pair of r254 would have rz as its high half. */
	if (width == 2 && reg != MIRAGE_RZ && (reg & 1 || reg == MIRAGE_MAX_REGS - 1))
		return MIRAGE_INSN_PAIR;
	return MIRAGE_INSN_OK;
}

enum mirage_insn_defect mirage_insn_decode(uint64_t word, struct mirage_insn *insn)
{
	const struct mirage_insn_info *info = mirage_insn_info(MIRAGE_INSN_OP(word));
	const struct mirage_format_info *format;
	struct mirage_insn out = { 0 };
	enum mirage_insn_defect defect;

	if (!info)
		return MIRAGE_INSN_OPCODE;
	format = &formats[info->format];

	out.op = info->op;
	out.has_imm = MIRAGE_INSN_I(word);
	out.d = MIRAGE_INSN_D(word);
	out.a = MIRAGE_INSN_A(word);

	if (word & 0xfc00)
		return MIRAGE_INSN_RESERVED;
	if ((out.has_imm && format->imm == 0) || (!out.has_imm && format->imm == 2))
		return MIRAGE_INSN_IMMEDIATE;
	if (out.has_imm) {
		out.imm = MIRAGE_INSN_IMM(word);
	} else {
		if (word >> 48)
			return MIRAGE_INSN_RESERVED;
		out.b = MIRAGE_INSN_B(word);
		out.c = MIRAGE_INSN_C(word);
		defect = check_reg(out.b, format->b);
		if (defect)
			return defect;
		defect = check_reg(out.c, format->c);
		if (defect)
			return defect;
	}
	defect = check_reg(out.d, format->d);
	if (defect)
		return defect;
	defect = check_reg(out.a, format->a);
	if (defect)
		return defect;
	defect = check_imm(info, out.imm);
	if (defect)
		return defect;

	*insn = out;
	return MIRAGE_INSN_OK;
}

uint64_t mirage_insn_encode(const struct mirage_insn *insn)
{
	uint64_t word = (uint64_t)(insn->op & 0x1ff) | (uint64_t)insn->has_imm << 9 |
			(uint64_t)insn->d << 16 | (uint64_t)insn->a << 24;

	if (insn->has_imm)
		return word | (uint64_t)insn->imm << 32;
	return word | (uint64_t)insn->b << 32 | (uint64_t)insn->c << 40;
}

static void need_reg(unsigned int *regs, unsigned int reg, unsigned int width)
{
	if (width && reg != MIRAGE_RZ && reg + width > *regs)
		*regs = reg + width;
}

unsigned int mirage_insn_regs(const struct mirage_insn *insn)
{
	const struct mirage_insn_info *info = mirage_insn_info(insn->op);
	const struct mirage_format_info *format;
	unsigned int regs = 0;

	if (!info)
		return 0;
	format = &formats[info->format];
	need_reg(&regs, insn->d, format->d);
	need_reg(&regs, insn->a, format->a);
	if (!insn->has_imm) {
		need_reg(&regs, insn->b, format->b);
		need_reg(&regs, insn->c, format->c);
	}
	return regs;
}

const char *mirage_insn_defect_text(enum mirage_insn_defect defect)
{
	switch (defect) {
	case MIRAGE_INSN_OK:
		return "defined";
	case MIRAGE_INSN_OPCODE:
		return "no such opcode";
	case MIRAGE_INSN_RESERVED:
		return "a bit that must be zero is set";
	case MIRAGE_INSN_IMMEDIATE:
		return "bit I does not fit the format";
	case MIRAGE_INSN_PAIR:
		return "a 64-bit operand names no register pair";
	case MIRAGE_INSN_SPECIAL:
		return "no such special value";
	case MIRAGE_INSN_ROUND:
		return "no such rounding mode";
	}
	return "unknown defect";
}

void mirage_insn_mnemonic(const char *name, char *mnemonic)
{
	size_t len = strlen(name);
	size_t i, n = 0;

	for (i = 0; i < len && n < MIRAGE_MNEMONIC_SIZE - 2; i++) {
		if (i > 0 && isalpha((unsigned char)name[i - 1]) && !strcmp(name + i, "64"))
			mnemonic[n++] = '.';
		mnemonic[n++] = name[i] == '_' ? '.' : (char)tolower((unsigned char)name[i]);
	}
	mnemonic[n] = '\0';
}

const char *mirage_special_name(uint32_t special)
{
	return special < MIRAGE_NR_SPECIAL ? specials[special] : NULL;
}

const char *mirage_round_name(uint32_t round)
{
	return round < MIRAGE_NR_ROUND ? rounds[round] : NULL;
}

bool mirage_insn_has_round(unsigned int op)
{
	const struct mirage_insn_info *info = mirage_insn_info(op);

	return info && strchr(formats[info->format].syntax, 'r');
}
