/* SPDX-License-Identifier: MIT */
/*
 * Instruction encoding of the mirage GPU's compute engine. Instructions are
 * in isa.def; execution, divergence and faults are explained in hw/doc/isa.md.
 *
 * An instruction is one 64-bit little-endian word:
 *
 *   8..0    opcode
 *   9       I: bits 63..32 are an immediate (imm)
 *   15..10  zero
 *   23..16  d   destination (of stores: the data)
 *   31..24  a   first source
 *   39..32  b   second source       (only if I is 0)
 *   47..40  c   third source        (only if I is 0)
 *   63..48  zero                    (only if I is 0)
 *
 * Fields that a format does not use are zero; an instruction that breaks this
 * is undefined. Registers r0 to r254 have 32 bits; 255 is rz, which reads as 0
 * and ignores writes. A 64-bit operand names an even register (low half; the
 * next one is the high half), or rz. Registers beyond the dispatch's nr_regs
 * are undefined instructions, so a register file is as large as a kernel needs.
 *
 * Each lane has a program counter of its own. A wave executes its lowest
 * program counter, for all lanes that are there (stack-less reconvergence as in
 * S. Collange, "Stack-less SIMT reconvergence at low cost", HAL-00622654, 2011):
 * there is no mask stack that a program could overflow, and lanes meet again at
 * the end of a branch if the code of both sides lies before it. Rejected:
 * structured control flow with a mask stack, which needs checks for malformed
 * nesting and forbids what a compiler may make of a switch.
 */
#ifndef HW_ISA_H
#define HW_ISA_H

#include <linux/types.h>

enum mirage_opcode {
#define INSN(name, op, format, doc) MIRAGE_OP_##name = (op),
#include "isa.def"
#undef INSN
};

/*
 * Formats: FORMAT(name, d, a, b, c, imm)
 * d, a, b, c: width of the register operand, 0 (field unused), 1 (32 bits), 2 (64 bits).
 * imm: 0 never (I = 0), 1 instead of b (I = 0 or 1), 2 always (I = 1).
 */
#define MIRAGE_FORMATS(FORMAT) \
	FORMAT(NONE, 0, 0, 0, 0, 0) \
	FORMAT(IMM, 0, 0, 0, 0, 2) \
	FORMAT(BRANCH, 0, 0, 0, 0, 2) \
	FORMAT(BRANCH_A, 0, 1, 0, 0, 2) \
	FORMAT(D_IMM, 1, 0, 0, 0, 2) \
	FORMAT(D_AIMM, 1, 1, 0, 0, 2) \
	FORMAT(D2_AIMM, 2, 1, 0, 0, 2) \
	FORMAT(D_BI, 1, 0, 1, 0, 1) \
	FORMAT(D2_BI, 2, 0, 1, 0, 1) \
	FORMAT(D2_B2I, 2, 0, 2, 0, 1) \
	FORMAT(D_ABI, 1, 1, 1, 0, 1) \
	FORMAT(D_ABC, 1, 1, 1, 1, 0) \
	FORMAT(D2_AB2C2, 2, 1, 2, 2, 0) \
	FORMAT(D2_A2B2I, 2, 2, 2, 0, 1) \
	FORMAT(D2_A2BI, 2, 2, 1, 0, 1) \
	FORMAT(D2_ABI, 2, 1, 1, 0, 1) \
	FORMAT(D2_ABC2, 2, 1, 1, 2, 0) \
	FORMAT(D_A2B2I, 1, 2, 2, 0, 1) \
	FORMAT(LOAD, 1, 2, 0, 0, 2) \
	FORMAT(LOAD2, 2, 2, 0, 0, 2) \
	FORMAT(STORE, 1, 2, 0, 0, 2) \
	FORMAT(STORE2, 2, 2, 0, 0, 2) \
	FORMAT(LOAD_S, 1, 1, 0, 0, 2) \
	FORMAT(LOAD_S2, 2, 1, 0, 0, 2) \
	FORMAT(STORE_S, 1, 1, 0, 0, 2) \
	FORMAT(STORE_S2, 2, 1, 0, 0, 2) \
	FORMAT(ATOM, 1, 2, 1, 0, 1) \
	FORMAT(ATOM_C, 1, 2, 1, 1, 0) \
	FORMAT(ATOM2, 2, 2, 2, 0, 1) \
	FORMAT(ATOM2_C, 2, 2, 2, 2, 0) \
	FORMAT(ATOM_S, 1, 1, 1, 0, 1) \
	FORMAT(ATOM_S_C, 1, 1, 1, 1, 0) \
	FORMAT(D_AMODE, 1, 1, 0, 0, 2) \
	FORMAT(D2_AMODE, 2, 1, 0, 0, 2) \
	FORMAT(D_A2MODE, 1, 2, 0, 0, 2)

enum mirage_format {
#define FORMAT(name, d, a, b, c, imm) MIRAGE_FORMAT_##name,
	MIRAGE_FORMATS(FORMAT)
#undef FORMAT
	MIRAGE_NR_FORMATS
};

#define MIRAGE_INSN_OP(insn)	((unsigned int)((insn) & 0x1ff))
#define MIRAGE_INSN_I(insn)	((unsigned int)((insn) >> 9 & 1))
#define MIRAGE_INSN_D(insn)	((unsigned int)((insn) >> 16 & 0xff))
#define MIRAGE_INSN_A(insn)	((unsigned int)((insn) >> 24 & 0xff))
#define MIRAGE_INSN_B(insn)	((unsigned int)((insn) >> 32 & 0xff))
#define MIRAGE_INSN_C(insn)	((unsigned int)((insn) >> 40 & 0xff))
#define MIRAGE_INSN_IMM(insn)	((__u32)((insn) >> 32))

#define MIRAGE_RZ		255
#define MIRAGE_MAX_REGS		255

/* S2R: values special to a lane. x is the fastest dimension; lane l of wave w is work item 32 * w + l of its group. */
enum mirage_special {
	MIRAGE_SR_LANE = 0,		/* 0 to 31 */
	MIRAGE_SR_LOCAL_X = 1,		/* work item in its group */
	MIRAGE_SR_LOCAL_Y = 2,
	MIRAGE_SR_LOCAL_Z = 3,
	MIRAGE_SR_GROUP_X = 4,		/* group in the grid */
	MIRAGE_SR_GROUP_Y = 5,
	MIRAGE_SR_GROUP_Z = 6,
	MIRAGE_SR_GROUP_SIZE_X = 7,
	MIRAGE_SR_GROUP_SIZE_Y = 8,
	MIRAGE_SR_GROUP_SIZE_Z = 9,
	MIRAGE_SR_GRID_X = 10,		/* number of groups */
	MIRAGE_SR_GRID_Y = 11,
	MIRAGE_SR_GRID_Z = 12,
	MIRAGE_NR_SPECIAL = 13
};

/* Rounding modes, the immediate of conversions. */
enum mirage_round {
	MIRAGE_ROUND_RNE = 0,		/* to nearest, ties to even */
	MIRAGE_ROUND_RTZ = 1,		/* towards zero */
	MIRAGE_ROUND_RTP = 2,		/* towards positive infinity */
	MIRAGE_ROUND_RTN = 3,		/* towards negative infinity */
	MIRAGE_NR_ROUND = 4
};

/* Every floating-point result that is NaN, but of FABS, FNEG and FCOPYSIGN, is this one. */
#define MIRAGE_NAN32		0x7fc00000u

#endif /* HW_ISA_H */
