// SPDX-License-Identifier: MIT
/*
 * 32-bit floating point. Every operation has one right answer, whatever the host.
 *
 * Sums, products, quotients and square roots are the host's: IEEE 754 defines them to the
 * last bit, in the mode that every thread starts in. The file is compiled without contraction,
 * and NaN, which hosts choose differently, is replaced. Conversions and roundings are integer
 * arithmetic, because their mode is the instruction's. Rejected: changing the host's rounding mode, which
 * compilers do not respect and which is slower than the conversion.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "alu.h"
#include "engine.h"

_Static_assert(FLT_EVAL_METHOD == 0, "float arithmetic must round to float");
#ifdef __FAST_MATH__
#error "fast math has other answers"
#endif

#define SIGN		0x80000000u
#define INFINITY_BITS	0x7f800000u

static inline float to_float(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static inline uint32_t raw_bits(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static inline bool is_nan(uint32_t bits)
{
	return (bits & ~SIGN) > INFINITY_BITS;
}

static inline uint32_t canonical(uint32_t bits)
{
	return is_nan(bits) ? MIRAGE_NAN32 : bits;
}

static inline uint32_t from_float(float value)
{
	return canonical(raw_bits(value));
}

/* The smaller (or @larger) of two. Equal values differ in the sign of zero at most. */
static uint32_t choose(uint32_t a, uint32_t b, bool larger)
{
	float x = to_float(a), y = to_float(b);

	if (is_nan(a) || is_nan(b))
		return canonical(is_nan(a) ? b : a);
	if (x == y)
		return larger ? a & b : a | b;
	return (x < y) != larger ? a : b;
}

/* A double holds a * 2^n exactly, so there is one rounding. Beyond 300 every result is 0 or infinite. */
static uint32_t ldexp32(uint32_t a, int32_t n)
{
	uint64_t scale_bits;
	double scale;

	n = n > 300 ? 300 : n < -300 ? -300 : n;
	scale_bits = (uint64_t)(1023 + n) << 52;
	memcpy(&scale, &scale_bits, sizeof(scale));
	return from_float((float)(to_float(a) * scale));
}

/*
 * Two roundings to double and one to float. No 24-bit argument has a result so close to the
 * middle of two floats that it matters: the test goes through all of them.
 */
static uint32_t rsqrt32(uint32_t b)
{
	return from_float((float)(1.0 / sqrt((double)to_float(b))));
}

/* Split @b; every float that is neither 0 nor infinite nor NaN is a normal double. */
static uint32_t frexp32(uint32_t b, bool mantissa)
{
	double value = to_float(b);
	uint64_t bits;

	if ((b & ~SIGN) == 0 || (b & ~SIGN) >= INFINITY_BITS)
		return mantissa ? canonical(b) : 0;
	memcpy(&bits, &value, sizeof(bits));
	if (!mantissa)
		return (uint32_t)(bits >> 52 & 0x7ff) - 1022;
	bits = (bits & ~(0x7ffull << 52)) | 1022ull << 52;
	memcpy(&value, &bits, sizeof(value));
	return raw_bits((float)value);
}

static uint32_t class32(uint32_t b)
{
	uint32_t size = b & ~SIGN;
	unsigned int kind;	/* 0 zero, 1 denormal, 2 normal, 3 infinite */

	if (is_nan(b))
		return 1;
	kind = size == INFINITY_BITS ? 3 : size >= 0x00800000 ? 2 : size ? 1 : 0;
	return b & SIGN ? 1u << (4 - kind) : 1u << (5 + kind);
}

/* @m / 2^@shift, rounded; the number is negative where @negative. */
static uint64_t shift_round(uint64_t m, unsigned int shift, bool negative, unsigned int mode)
{
	uint64_t whole, rest, half;
	bool up = false;

	if (shift == 0)
		return m;
	if (shift > 63) {
		/* Less than a half, because callers have 24 bits in @m. */
		whole = 0;
		rest = m != 0;
		half = 2;
	} else {
		whole = m >> shift;
		half = 1ull << (shift - 1);
		rest = m & (2 * half - 1);
	}
	switch (mode) {
	case MIRAGE_ROUND_RNE:
		up = rest > half || (rest == half && whole & 1);
		break;
	case MIRAGE_ROUND_RTP:
		up = rest && !negative;
		break;
	case MIRAGE_ROUND_RTN:
		up = rest && negative;
		break;
	}
	return whole + up;
}

/* A finite float is mantissa * 2^(-shift). */
static uint64_t mantissa_of(uint32_t a, int *shift)
{
	uint32_t exponent = a >> 23 & 0xff;

	*shift = 150 - (int)(exponent ? exponent : 1);
	return (a & 0x7fffff) | (exponent ? 0x800000 : 0);
}

static uint32_t round32(uint32_t a, unsigned int mode)
{
	bool negative = a & SIGN;
	uint64_t m;
	int shift;

	m = mantissa_of(a, &shift);
	if (is_nan(a) || shift <= 0)
		return canonical(a);
	/* At most 2^24: exact. */
	return raw_bits((float)shift_round(m, (unsigned int)shift, negative, mode)) | (a & SIGN);
}

/* To an integer of @bits bits, which ends where its range does. */
static uint64_t to_integer(uint32_t a, unsigned int mode, bool is_signed, unsigned int bits)
{
	uint64_t most = (is_signed ? 1ull << (bits - 1) : 1ull << (bits - 1) << 1) - 1, size, m;
	bool negative = a & SIGN;
	int shift;

	if (is_nan(a))
		return 0;
	m = mantissa_of(a, &shift);
	if (shift < -40)
		size = UINT64_MAX;
	else if (shift < 0)
		size = m << -shift;
	else
		size = shift_round(m, (unsigned int)shift, negative, mode);
	if (!negative)
		return size < most ? size : most;
	if (!is_signed)
		return 0;
	return -(size < most + 1 ? size : most + 1);
}

/* The top 24 bits, rounded, are a float, and so is their product with a power of two up to 2^64. */
static uint32_t from_integer(uint64_t size, bool negative, unsigned int mode)
{
	unsigned int shift = size >> 24 ? 40 - (unsigned int)__builtin_clzll(size) : 0;
	float top = (float)shift_round(size, shift, negative, mode);

	return raw_bits(top * (float)(1ull << shift)) | (negative ? SIGN : 0);
}

static uint32_t from_signed(uint64_t value, unsigned int mode)
{
	bool negative = (int64_t)value < 0;

	return from_integer(negative ? -value : value, negative, mode);
}

static void arithmetic(unsigned int code, const uint32_t *a, const uint32_t *b, const uint32_t *c,
		       uint32_t *out)
{
	unsigned int l;

	switch (code) {
	case MIRAGE_OP_FADD:
		FOR_LANES(from_float(to_float(a[l]) + to_float(b[l])));
		break;
	case MIRAGE_OP_FSUB:
		FOR_LANES(from_float(to_float(a[l]) - to_float(b[l])));
		break;
	case MIRAGE_OP_FMUL:
		FOR_LANES(from_float(to_float(a[l]) * to_float(b[l])));
		break;
	case MIRAGE_OP_FDIV:
		FOR_LANES(from_float(to_float(a[l]) / to_float(b[l])));
		break;
	case MIRAGE_OP_FMA:
		FOR_LANES(from_float(fmaf(to_float(a[l]), to_float(b[l]), to_float(c[l]))));
		break;
	case MIRAGE_OP_FMIN:
		FOR_LANES(choose(a[l], b[l], false));
		break;
	case MIRAGE_OP_FMAX:
		FOR_LANES(choose(a[l], b[l], true));
		break;
	case MIRAGE_OP_FLDEXP:
		FOR_LANES(ldexp32(a[l], (int32_t)b[l]));
		break;
	}
}

static void of_one(unsigned int code, const uint32_t *a, const uint32_t *b, uint32_t *out)
{
	unsigned int l;

	switch (code) {
	case MIRAGE_OP_FSQRT:
		FOR_LANES(from_float(sqrtf(to_float(b[l]))));
		break;
	case MIRAGE_OP_FRSQRT:
		FOR_LANES(rsqrt32(b[l]));
		break;
	case MIRAGE_OP_FREXPM:
		FOR_LANES(frexp32(b[l], true));
		break;
	case MIRAGE_OP_FREXPE:
		FOR_LANES(frexp32(b[l], false));
		break;
	case MIRAGE_OP_FCLASS:
		FOR_LANES(class32(b[l]));
		break;
	case MIRAGE_OP_FABS:
		FOR_LANES(b[l] & ~SIGN);
		break;
	case MIRAGE_OP_FNEG:
		FOR_LANES(b[l] ^ SIGN);
		break;
	case MIRAGE_OP_FCOPYSIGN:
		FOR_LANES((a[l] & ~SIGN) | (b[l] & SIGN));
		break;
	}
}

static void compare(unsigned int code, const uint32_t *a, const uint32_t *b, uint32_t *out)
{
	unsigned int l;

	switch (code) {
	case MIRAGE_OP_FEQ:
		FOR_LANES(TRUE_IF(to_float(a[l]) == to_float(b[l])));
		break;
	case MIRAGE_OP_FNE:
		FOR_LANES(TRUE_IF(to_float(a[l]) != to_float(b[l])));
		break;
	case MIRAGE_OP_FLT:
		FOR_LANES(TRUE_IF(to_float(a[l]) < to_float(b[l])));
		break;
	case MIRAGE_OP_FLE:
		FOR_LANES(TRUE_IF(to_float(a[l]) <= to_float(b[l])));
		break;
	}
}

static uint64_t convert(unsigned int code, uint64_t a, unsigned int mode)
{
	switch (code) {
	case MIRAGE_OP_FRND:
		return round32((uint32_t)a, mode);
	case MIRAGE_OP_FTOS:
		return to_integer((uint32_t)a, mode, true, 32);
	case MIRAGE_OP_FTOU:
		return to_integer((uint32_t)a, mode, false, 32);
	case MIRAGE_OP_STOF:
		return from_signed((uint64_t)(int32_t)a, mode);
	case MIRAGE_OP_UTOF:
		return from_integer((uint32_t)a, false, mode);
	case MIRAGE_OP_FTOS64:
		return to_integer((uint32_t)a, mode, true, 64);
	case MIRAGE_OP_FTOU64:
		return to_integer((uint32_t)a, mode, false, 64);
	case MIRAGE_OP_S64TOF:
		return from_signed(a, mode);
	case MIRAGE_OP_U64TOF:
		return from_integer(a, false, mode);
	}
	__builtin_unreachable();
}

/* Opcodes of a kind follow each other in isa.def. */
void exec_fp32(struct wave *wave, const struct op *op)
{
	row_t *rows = wave->rows, low, high;
	const uint32_t *a = rows[op->a], *a_high = rows[op->a_high], *b = rows[op->b];
	unsigned int l;

	if (op->op >= MIRAGE_OP_FRND) {
		for (l = 0; l < LANES; l++) {
			uint64_t v = convert(op->op, (uint64_t)a_high[l] << 32 | a[l], op->imm);

			low[l] = (uint32_t)v;
			high[l] = (uint32_t)(v >> 32);
		}
	} else if (op->op >= MIRAGE_OP_FEQ) {
		compare(op->op, a, b, low);
	} else if (op->op >= MIRAGE_OP_FSQRT) {
		of_one(op->op, a, b, low);
	} else {
		arithmetic(op->op, a, b, rows[op->c], low);
	}
	row_store(rows[op->d], low, wave->select);
	if (op->op == MIRAGE_OP_FTOS64 || op->op == MIRAGE_OP_FTOU64)
		row_store(rows[op->d_high], high, wave->select);
}
