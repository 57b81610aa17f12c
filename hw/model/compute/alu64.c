// SPDX-License-Identifier: MIT
/*
 * 64-bit arithmetic on register pairs, in the manner of alu32.c: operands are
 * gathered from the rows of the two halves, results are split again.
 */
#include "engine.h"

#define FOR_LANES(expr)                                                        \
	do {                                                                   \
		for (l = 0; l < LANES; l++) {                                  \
			uint64_t v = (uint64_t)(expr);                         \
									       \
			low[l] = (uint32_t)v;                                  \
			high[l] = (uint32_t)(v >> 32);                         \
		}                                                              \
	} while (0)
#define FOR_LANES_IF(cond)                                                     \
	do {                                                                   \
		for (l = 0; l < LANES; l++)                                    \
			out[l] = (cond) ? ~0u : 0u;                            \
	} while (0)
#define A	((uint64_t)a_high[l] << 32 | a[l])
#define B	((uint64_t)b_high[l] << 32 | b[l])
#define C	((uint64_t)c_high[l] << 32 | c[l])

/* Comparisons have a 32-bit result. */
LANE_LOOP void compare64(const struct op *op, row_t *rows, uint32_t *out)
{
	const uint32_t *a = rows[op->a], *a_high = rows[op->a_high];
	const uint32_t *b = rows[op->b], *b_high = rows[op->b_high];
	unsigned int l;

	switch (op->op) {
	case MIRAGE_OP_EQ64:
		FOR_LANES_IF(A == B);
		break;
	case MIRAGE_OP_NE64:
		FOR_LANES_IF(A != B);
		break;
	case MIRAGE_OP_ULT64:
		FOR_LANES_IF(A < B);
		break;
	case MIRAGE_OP_ULE64:
		FOR_LANES_IF(A <= B);
		break;
	case MIRAGE_OP_SLT64:
		FOR_LANES_IF((int64_t)A < (int64_t)B);
		break;
	case MIRAGE_OP_SLE64:
		FOR_LANES_IF((int64_t)A <= (int64_t)B);
		break;
	default:
		__builtin_unreachable();
	}
}

/* Moves, sums and products. */
LANE_LOOP void sum64(const struct op *op, row_t *rows, uint32_t *low, uint32_t *high)
{
	const uint32_t *a = rows[op->a], *a_high = rows[op->a_high];
	const uint32_t *b = rows[op->b], *b_high = rows[op->b_high];
	const uint32_t *c = rows[op->c], *c_high = rows[op->c_high];
	unsigned int l;

	switch (op->op) {
	case MIRAGE_OP_MOV64:
		FOR_LANES(B);
		break;
	case MIRAGE_OP_SEL64:
		FOR_LANES(a[l] ? B : C);
		break;
	case MIRAGE_OP_ADD64:
		FOR_LANES(A + B);
		break;
	case MIRAGE_OP_SUB64:
		FOR_LANES(A - B);
		break;
	case MIRAGE_OP_MUL64:
		FOR_LANES(A * B);
		break;
	case MIRAGE_OP_MULWU:
		FOR_LANES((uint64_t)a[l] * b[l]);
		break;
	case MIRAGE_OP_MULWS:
		FOR_LANES((int64_t)(int32_t)a[l] * (int32_t)b[l]);
		break;
	case MIRAGE_OP_MADWU:
		FOR_LANES((uint64_t)a[l] * b[l] + C);
		break;
	default:
		__builtin_unreachable();
	}
}

/* Logic, shifts and extensions. */
LANE_LOOP void shift64(const struct op *op, row_t *rows, uint32_t *low, uint32_t *high)
{
	const uint32_t *a = rows[op->a], *a_high = rows[op->a_high];
	const uint32_t *b = rows[op->b], *b_high = rows[op->b_high];
	unsigned int l;

	switch (op->op) {
	case MIRAGE_OP_AND64:
		FOR_LANES(A & B);
		break;
	case MIRAGE_OP_OR64:
		FOR_LANES(A | B);
		break;
	case MIRAGE_OP_XOR64:
		FOR_LANES(A ^ B);
		break;
	case MIRAGE_OP_SHL64:
		FOR_LANES(A << (b[l] & 63));
		break;
	case MIRAGE_OP_SHR64:
		FOR_LANES(A >> (b[l] & 63));
		break;
	case MIRAGE_OP_SAR64:
		FOR_LANES((int64_t)A >> (b[l] & 63));
		break;
	case MIRAGE_OP_ZEXT64:
		FOR_LANES(b[l]);
		break;
	case MIRAGE_OP_SEXT64:
		FOR_LANES((int64_t)(int32_t)b[l]);
		break;
	default:
		__builtin_unreachable();
	}
}

/* Opcodes of a kind follow each other in isa.def. */
LANE_LOOP void alu64(const struct op *op, row_t *rows, const uint32_t *select)
{
	row_t low, high;

	if (op->op >= MIRAGE_OP_EQ64) {
		compare64(op, rows, low);
		row_store(rows[op->d], low, select);
		return;
	}
	if (op->op >= MIRAGE_OP_AND64)
		shift64(op, rows, low, high);
	else
		sum64(op, rows, low, high);
	row_store(rows[op->d], low, select);
	row_store(rows[op->d_high], high, select);
}

void alu64_baseline(const struct op *op, row_t *rows, const row_t select)
{
	alu64(op, rows, select);
}

#ifdef __x86_64__
__attribute__((target("avx2")))
void alu64_avx2(const struct op *op, row_t *rows, const row_t select)
{
	alu64(op, rows, select);
}
#endif
