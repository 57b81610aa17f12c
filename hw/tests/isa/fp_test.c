// SPDX-License-Identifier: MIT
/*
 * Floating point in its corners: every pair of them in every operation, in the engine's
 * function for a wave. The alu test goes through decoding and masks with random operands.
 */
#include <string.h>

#include "check.h"
#include "compute/engine.h"
#include "insn.h"
#include "oracle.h"

/* Zeros, denormals, normals, halves, the ends of integers, infinities, NaNs; of both signs. */
static const uint32_t sizes[] = {
	0, 1, 2, 0x00400000, 0x007fffff, 0x00800000, 0x00800001, 0x00ffffff, 0x1f800000,
	0x33800000, 0x34000000, 0x3effffff, 0x3f000000, 0x3f000001, 0x3f7fffff, 0x3f800000,
	0x3f800001, 0x3fc00000, 0x40000000, 0x40200000, 0x40600000, 0x40490fdb, 0x4affffff,
	0x4b000000, 0x4b000001, 0x4b7fffff, 0x4b800000, 0x4effffff, 0x4f000000, 0x4f7fffff,
	0x4f800000, 0x5effffff, 0x5f000000, 0x5f7fffff, 0x5f800000, 0x7e800000, 0x7f000000,
	0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fbfffff, 0x7fc00000, 0x7fffffff,
};
#define NR_CORNERS	(2 * ARRAY_SIZE(sizes))

/* Registers of the wave. */
enum { ROW_A, ROW_A_HIGH, ROW_B, ROW_C, ROW_D, ROW_D_HIGH, NR_ROWS };

static row_t rows[NR_ROWS];

static uint32_t corner(unsigned int i)
{
	return sizes[i / 2] | (i & 1 ? 0x80000000u : 0);
}

/* Execute @op on what is in the rows, and compare all lanes. */
static void check_rows(unsigned int op, uint32_t imm)
{
	struct wave wave = { .rows = rows };
	struct op insn = { .op = (uint16_t)op, .imm = imm, .a = ROW_A, .a_high = ROW_A_HIGH,
			   .b = ROW_B, .c = ROW_C, .d = ROW_D, .d_high = ROW_D_HIGH };
	bool wide = mirage_format_info(mirage_insn_info(op)->format)->d == 2;
	unsigned int l;

	memset(wave.select, 0xff, sizeof(wave.select));
	exec_fp32(&wave, &insn);
	for (l = 0; l < LANES; l++) {
		uint64_t a = (uint64_t)rows[ROW_A_HIGH][l] << 32 | rows[ROW_A][l], want = 0;
		uint64_t got = rows[ROW_D][l] | (wide ? (uint64_t)rows[ROW_D_HIGH][l] << 32 : 0);
		uint64_t b = mirage_insn_has_round(op) ? imm : rows[ROW_B][l];

		CHECK(oracle_fp(op, a, b, rows[ROW_C][l], &want));
		CHECK_MSG(got == want, "%s a %" PRIx64 " b %" PRIx64 " c %x: %" PRIx64 " not %" PRIx64,
			  mirage_insn_info(op)->name, a, b, rows[ROW_C][l], got, want);
	}
}

static void every_pair_of_corners(void)
{
	unsigned int op, i, j, l;

	for (op = MIRAGE_OP_FADD; op <= MIRAGE_OP_FLE; op++) {
		if (!mirage_insn_info(op))
			continue;
		for (i = 0; i < NR_CORNERS; i++) {
			for (j = 0; j < NR_CORNERS; j += LANES) {
				for (l = 0; l < LANES; l++) {
					rows[ROW_A][l] = corner(i);
					rows[ROW_B][l] = corner((j + l) % NR_CORNERS);
					rows[ROW_C][l] = corner((unsigned int)(random_u64() % NR_CORNERS));
				}
				check_rows(op, 0);
			}
		}
	}
}

/* Products that nearly cancel against c, and cancel to half a unit: where a second rounding shows. */
static void sums_that_cancel(void)
{
	unsigned int i, l;

	for (i = 0; i < 20000; i++) {
		for (l = 0; l < LANES; l++) {
			uint64_t want = 0, r = random_u64();

			rows[ROW_A][l] = random_float();
			rows[ROW_B][l] = random_float();
			oracle_fp(MIRAGE_OP_FMUL, rows[ROW_A][l], rows[ROW_B][l], 0, &want);
			rows[ROW_C][l] = (uint32_t)(want ^ 0x80000000u) + (uint32_t)(r % 3) - 1;
			if (r >> 40 & 1)
				rows[ROW_C][l] += (uint32_t)(r >> 41 & 31) << 23;
		}
		check_rows(MIRAGE_OP_FMA, 0);
	}
}

static void numbers_at_random(void)
{
	unsigned int op, i, l;

	for (op = MIRAGE_OP_FADD; op <= MIRAGE_OP_FLE; op++) {
		if (!mirage_insn_info(op))
			continue;
		for (i = 0; i < 3000; i++) {
			for (l = 0; l < LANES; l++) {
				rows[ROW_A][l] = random_float();
				rows[ROW_B][l] = random_float();
				rows[ROW_C][l] = random_float();
			}
			check_rows(op, 0);
		}
	}
}

/* From 64 bits, from numbers of every length, and from floats, in all four modes. */
static void conversions_in_every_mode(void)
{
	unsigned int op, mode, i, l;

	for (op = MIRAGE_OP_FRND; op <= MIRAGE_OP_U64TOF; op++) {
		if (!mirage_insn_info(op))
			continue;
		CHECK(mirage_insn_has_round(op));
		for (mode = 0; mode < MIRAGE_NR_ROUND; mode++) {
			for (i = 0; i < 3000; i++) {
				for (l = 0; l < LANES; l++) {
					uint64_t r = random_u64(), v = random_operand() >> (r & 63);

					if (r >> 8 & 1)
						v = -v;
					rows[ROW_A][l] = (uint32_t)v;
					rows[ROW_A_HIGH][l] = (uint32_t)(v >> 32);
					if (mirage_insn_info(op)->format != MIRAGE_FORMAT_D_A2MODE &&
					    r >> 9 & 1)
						rows[ROW_A][l] = random_float();
					if (i * LANES + l < NR_CORNERS)
						rows[ROW_A][l] = corner(i * LANES + l);
				}
				check_rows(op, mode);
			}
		}
	}
}

/*
 * The engine rounds three times. All mantissas and both parities of the exponent together prove
 * that it does not show, because results of other exponents differ by a power of two.
 */
static void every_reciprocal_root(void)
{
	uint32_t first = 0x3f800000, last = 0x407fffff, at;
	unsigned int l;

	for (at = first; at < last; at += LANES) {
		for (l = 0; l < LANES; l++)
			rows[ROW_B][l] = at + l;
		check_rows(MIRAGE_OP_FRSQRT, 0);
	}
}

/* Written out, for those who doubt the oracle. */
static void known_results(void)
{
	static const struct {
		unsigned int op;
		uint32_t a, b, imm, want;
	} known[] = {
		{ MIRAGE_OP_FADD, 0x3f800000, 0x33800000, 0, 0x3f800000 },	/* 1 + 2^-24: tie */
		{ MIRAGE_OP_FADD, 0x3f800001, 0x33800000, 0, 0x3f800002 },	/* tie, to even */
		{ MIRAGE_OP_FSUB, 0x7f800000, 0x7f800000, 0, 0x7fc00000 },
		{ MIRAGE_OP_FSUB, 0xff800001, 0, 0, 0x7fc00000 },
		{ MIRAGE_OP_FMUL, 0x00800000, 0x3f000000, 0, 0x00400000 },	/* denormal */
		{ MIRAGE_OP_FMUL, 1, 0x3f000000, 0, 0 },
		{ MIRAGE_OP_FDIV, 0x3f800000, 0x40400000, 0, 0x3eaaaaab },	/* 1 / 3 */
		{ MIRAGE_OP_FDIV, 0x3f800000, 0x80000000, 0, 0xff800000 },
		{ MIRAGE_OP_FMIN, 0x80000000, 0, 0, 0x80000000 },
		{ MIRAGE_OP_FMAX, 0x7fffffff, 0x40000000, 0, 0x40000000 },
		{ MIRAGE_OP_FSQRT, 0, 0x40000000, 0, 0x3fb504f3 },
		{ MIRAGE_OP_FRSQRT, 0, 0x80000000, 0, 0xff800000 },
		{ MIRAGE_OP_FRSQRT, 0, 0x40800000, 0, 0x3f000000 },
		{ MIRAGE_OP_FCLASS, 0, 0x80000001, 0, 1 << 3 },
		{ MIRAGE_OP_FNE, 0x7fc00000, 0x7fc00000, 0, 0xffffffff },
		{ MIRAGE_OP_FRND, 0xbf000000, 0, MIRAGE_ROUND_RNE, 0x80000000 },
		{ MIRAGE_OP_FTOS, 0x40200000, 0, MIRAGE_ROUND_RNE, 2 },		/* 2.5 */
		{ MIRAGE_OP_FTOS, 0x40200000, 0, MIRAGE_ROUND_RTP, 3 },
		{ MIRAGE_OP_FTOS, 0xff800000, 0, MIRAGE_ROUND_RTZ, 0x80000000 },
		{ MIRAGE_OP_FTOU, 0xbf800000, 0, MIRAGE_ROUND_RNE, 0 },
		{ MIRAGE_OP_UTOF, 0xffffffff, 0, MIRAGE_ROUND_RTZ, 0x4f7fffff },
	};
	unsigned int i, l;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		for (l = 0; l < LANES; l++) {
			rows[ROW_A][l] = known[i].a;
			rows[ROW_B][l] = known[i].b;
		}
		check_rows(known[i].op, known[i].imm);
		CHECK_EQ(rows[ROW_D][31], known[i].want);
	}
}

SCENARIOS({ "every pair of corners", every_pair_of_corners },
	  { "sums that cancel", sums_that_cancel },
	  { "numbers at random", numbers_at_random },
	  { "conversions in every mode", conversions_in_every_mode },
	  { "every reciprocal root", every_reciprocal_root },
	  { "known results", known_results })
