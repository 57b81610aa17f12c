/* SPDX-License-Identifier: MIT */
/* One instruction of the compute engine: what it looks like, encoded and taken apart. */
#ifndef ISA_INSN_H
#define ISA_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hw/isa.h"

#define MIRAGE_NR_OPCODES	512
/* Bytes of the longest mnemonic and its end. */
#define MIRAGE_MNEMONIC_SIZE	24

/* Which fields a format has; see MIRAGE_FORMATS for the values. */
struct mirage_format_info {
	const char *name;
	/*
	 * How the operands are written, one letter each: d a b c registers (b also
	 * an immediate where the format has one), i immediate, s special value, r rounding
	 * mode, t branch target, m [a + immediate], n [a]. Both assembler and disassembler follow it.
	 */
	const char *syntax;
	uint8_t d;
	uint8_t a;
	uint8_t b;
	uint8_t c;
	uint8_t imm;
};

/* One line of isa.def. */
struct mirage_insn_info {
	const char *name;
	const char *doc;
	uint16_t op;
	uint8_t format;		/* enum mirage_format */
};

/* An instruction taken apart. Fields that its format does not have are 0. */
struct mirage_insn {
	uint16_t op;		/* enum mirage_opcode */
	bool has_imm;		/* bit I: @imm is meant and not @b and @c */
	uint8_t d;
	uint8_t a;
	uint8_t b;
	uint8_t c;
	uint32_t imm;
};

/* Why a word is an undefined instruction. */
enum mirage_insn_defect {
	MIRAGE_INSN_OK = 0,
	MIRAGE_INSN_OPCODE,	/* no instruction has this opcode */
	MIRAGE_INSN_RESERVED,	/* a bit that must be zero is not */
	MIRAGE_INSN_IMMEDIATE,	/* bit I is not what the format asks for */
	MIRAGE_INSN_PAIR,	/* a 64-bit operand is no register pair */
	MIRAGE_INSN_SPECIAL,	/* S2R of a special value that does not exist */
	MIRAGE_INSN_ROUND,	/* a conversion in a rounding mode that does not exist */
};

/** mirage_insn_info() - the line of isa.def with this opcode, or NULL. */
const struct mirage_insn_info *mirage_insn_info(unsigned int op);

/** mirage_format_info() - what fields a format has. @format: enum mirage_format */
const struct mirage_format_info *mirage_format_info(unsigned int format);

/**
 * mirage_insn_decode() - take a word apart and check it.
 * @insn: filled when the word is a defined instruction, else untouched
 *
 * Registers are not held against a dispatch's nr_regs: mirage_insn_regs() says what is needed.
 */
enum mirage_insn_defect mirage_insn_decode(uint64_t word, struct mirage_insn *insn);

/**
 * mirage_insn_encode() - the word of an instruction.
 *
 * Does not judge: mirage_insn_decode() of the result says whether it is defined.
 */
uint64_t mirage_insn_encode(const struct mirage_insn *insn);

/** mirage_insn_regs() - the least nr_regs with which a defined instruction may run, 0 to 255. */
unsigned int mirage_insn_regs(const struct mirage_insn *insn);

/** mirage_insn_defect_text() - a defect in words, to follow "undefined instruction: ". */
const char *mirage_insn_defect_text(enum mirage_insn_defect defect);

/**
 * mirage_insn_mnemonic() - how an instruction is written.
 * @name: as in isa.def
 * @mnemonic: MIRAGE_MNEMONIC_SIZE bytes
 *
 * The name in lower case, underscores as dots, and a dot before a 64 that ends a word:
 * LD_U8 is ld.u8, ADD64 is add.64, ATOM_ADD64 is atom.add.64.
 */
void mirage_insn_mnemonic(const char *name, char *mnemonic);

/** mirage_special_name() - how S2R's operand is written, such as "local_x"; NULL if there is none. */
const char *mirage_special_name(uint32_t special);

/** mirage_round_name() - how a rounding mode is written, such as "rne"; NULL if there is none. */
const char *mirage_round_name(uint32_t round);

/** mirage_insn_has_round() - whether the immediate of an opcode is a rounding mode. */
bool mirage_insn_has_round(unsigned int op);

#endif /* ISA_INSN_H */
