// SPDX-License-Identifier: MIT
/*
 * 32-bit arithmetic: every instruction is a loop over 32 lanes into a local
 * array, which the compiler turns into vector code, and one masked store.
 *
 * The lanes that are not active compute too and their result is thrown away:
 * nothing here has an effect or can fail. The same body is compiled for the
 * baseline and for AVX2. Rejected: a branch for each lane, which is three to ten
 * times slower, and compiling the body from the guest's code at run time, which a
 * model that shall be read does not need.
 */
#include "alu.h"
#include "engine.h"

static inline uint32_t sdiv(int32_t a, int32_t b)
{
	if (b == 0)
		return ~0u;
	/* Negation overflows for one value only, and then gives the dividend. */
	return b == -1 ? -(uint32_t)a : (uint32_t)(a / b);
}

static inline uint32_t srem(int32_t a, int32_t b)
{
	if (b == 0)
		return (uint32_t)a;
	return b == -1 ? 0 : (uint32_t)(a % b);
}

static inline uint32_t reverse_bits(uint32_t x)
{
	x = (x >> 1 & 0x55555555u) | (x & 0x55555555u) << 1;
	x = (x >> 2 & 0x33333333u) | (x & 0x33333333u) << 2;
	x = (x >> 4 & 0x0f0f0f0fu) | (x & 0x0f0f0f0fu) << 4;
	return __builtin_bswap32(x);
}

/* Moves, sums and products. */
LANE_LOOP void sum32(unsigned int code, const uint32_t *a, const uint32_t *b, const uint32_t *c,
		     uint32_t *out)
{
	unsigned int l;

	switch (code) {
	case MIRAGE_OP_MOV:
		FOR_LANES(b[l]);
		break;
	case MIRAGE_OP_SEL:
		FOR_LANES(a[l] ? b[l] : c[l]);
		break;
	case MIRAGE_OP_ADD:
		FOR_LANES(a[l] + b[l]);
		break;
	case MIRAGE_OP_SUB:
		FOR_LANES(a[l] - b[l]);
		break;
	case MIRAGE_OP_MUL:
		FOR_LANES(a[l] * b[l]);
		break;
	case MIRAGE_OP_MULHU:
		FOR_LANES((uint64_t)a[l] * b[l] >> 32);
		break;
	case MIRAGE_OP_MULHS:
		FOR_LANES((uint64_t)((int64_t)(int32_t)a[l] * (int32_t)b[l]) >> 32);
		break;
	case MIRAGE_OP_MAD:
		FOR_LANES(a[l] * b[l] + c[l]);
		break;
	default:
		__builtin_unreachable();
	}
}

/* Quotients, and the smaller or larger of two. */
LANE_LOOP void divide32(unsigned int code, const uint32_t *a, const uint32_t *b, uint32_t *out)
{
	unsigned int l;

	switch (code) {
	case MIRAGE_OP_UDIV:
		FOR_LANES(b[l] ? a[l] / b[l] : ~0u);
		break;
	case MIRAGE_OP_UREM:
		FOR_LANES(b[l] ? a[l] % b[l] : a[l]);
		break;
	case MIRAGE_OP_SDIV:
		FOR_LANES(sdiv((int32_t)a[l], (int32_t)b[l]));
		break;
	case MIRAGE_OP_SREM:
		FOR_LANES(srem((int32_t)a[l], (int32_t)b[l]));
		break;
	case MIRAGE_OP_UMIN:
		FOR_LANES(a[l] < b[l] ? a[l] : b[l]);
		break;
	case MIRAGE_OP_UMAX:
		FOR_LANES(a[l] > b[l] ? a[l] : b[l]);
		break;
	case MIRAGE_OP_SMIN:
		FOR_LANES((int32_t)a[l] < (int32_t)b[l] ? a[l] : b[l]);
		break;
	case MIRAGE_OP_SMAX:
		FOR_LANES((int32_t)a[l] > (int32_t)b[l] ? a[l] : b[l]);
		break;
	default:
		__builtin_unreachable();
	}
}

/* Logic and shifts. */
LANE_LOOP void shift32(unsigned int code, const uint32_t *a, const uint32_t *b, uint32_t *out)
{
	unsigned int l;

	switch (code) {
	case MIRAGE_OP_AND:
		FOR_LANES(a[l] & b[l]);
		break;
	case MIRAGE_OP_OR:
		FOR_LANES(a[l] | b[l]);
		break;
	case MIRAGE_OP_XOR:
		FOR_LANES(a[l] ^ b[l]);
		break;
	case MIRAGE_OP_NOT:
		FOR_LANES(~b[l]);
		break;
	case MIRAGE_OP_SHL:
		FOR_LANES(a[l] << (b[l] & 31));
		break;
	case MIRAGE_OP_SHR:
		FOR_LANES(a[l] >> (b[l] & 31));
		break;
	case MIRAGE_OP_SAR:
		FOR_LANES((int32_t)a[l] >> (b[l] & 31));
		break;
	case MIRAGE_OP_ROR:
		FOR_LANES(a[l] >> (b[l] & 31) | a[l] << (-b[l] & 31));
		break;
	default:
		__builtin_unreachable();
	}
}

/* Operations on the bits of one value. */
LANE_LOOP void bits32(unsigned int code, const uint32_t *b, uint32_t *out)
{
	unsigned int l;

	switch (code) {
	case MIRAGE_OP_CLZ:
		FOR_LANES(b[l] ? __builtin_clz(b[l]) : 32);
		break;
	case MIRAGE_OP_CTZ:
		FOR_LANES(b[l] ? __builtin_ctz(b[l]) : 32);
		break;
	case MIRAGE_OP_POPC:
		FOR_LANES(__builtin_popcount(b[l]));
		break;
	case MIRAGE_OP_BREV:
		FOR_LANES(reverse_bits(b[l]));
		break;
	case MIRAGE_OP_BSWAP:
		FOR_LANES(__builtin_bswap32(b[l]));
		break;
	case MIRAGE_OP_SEXT8:
		FOR_LANES((int32_t)(int8_t)b[l]);
		break;
	case MIRAGE_OP_SEXT16:
		FOR_LANES((int32_t)(int16_t)b[l]);
		break;
	default:
		__builtin_unreachable();
	}
}

/* Comparisons. */
LANE_LOOP void compare32(unsigned int code, const uint32_t *a, const uint32_t *b, uint32_t *out)
{
	unsigned int l;

	switch (code) {
	case MIRAGE_OP_EQ:
		FOR_LANES(TRUE_IF(a[l] == b[l]));
		break;
	case MIRAGE_OP_NE:
		FOR_LANES(TRUE_IF(a[l] != b[l]));
		break;
	case MIRAGE_OP_ULT:
		FOR_LANES(TRUE_IF(a[l] < b[l]));
		break;
	case MIRAGE_OP_ULE:
		FOR_LANES(TRUE_IF(a[l] <= b[l]));
		break;
	case MIRAGE_OP_SLT:
		FOR_LANES(TRUE_IF((int32_t)a[l] < (int32_t)b[l]));
		break;
	case MIRAGE_OP_SLE:
		FOR_LANES(TRUE_IF((int32_t)a[l] <= (int32_t)b[l]));
		break;
	default:
		__builtin_unreachable();
	}
}

/* Opcodes of a kind follow each other in isa.def. */
LANE_LOOP void alu32(const struct op *op, row_t *rows, const uint32_t *select)
{
	const uint32_t *a = rows[op->a], *b = rows[op->b], *c = rows[op->c];
	row_t out;

	if (op->op >= MIRAGE_OP_EQ)
		compare32(op->op, a, b, out);
	else if (op->op >= MIRAGE_OP_CLZ)
		bits32(op->op, b, out);
	else if (op->op >= MIRAGE_OP_AND)
		shift32(op->op, a, b, out);
	else if (op->op >= MIRAGE_OP_UDIV)
		divide32(op->op, a, b, out);
	else
		sum32(op->op, a, b, c, out);
	row_store(rows[op->d], out, select);
}

void alu32_baseline(const struct op *op, row_t *rows, const row_t select)
{
	alu32(op, rows, select);
}

#ifdef __x86_64__
__attribute__((target("avx2")))
void alu32_avx2(const struct op *op, row_t *rows, const row_t select)
{
	alu32(op, rows, select);
}
#endif
