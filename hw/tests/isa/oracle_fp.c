// SPDX-License-Identifier: MIT
/*
 * The oracle of floating point. The engine computes with the host's floating point and converts
 * with integers; here arithmetic is exact, on integers of 128 bits, and conversions are the host's,
 * in the rounding mode that they name.
 */
#include <fenv.h>
#include <math.h>
#include <string.h>

#include "hw/isa.h"
#include "oracle.h"

typedef unsigned int wide_t __attribute__((mode(TI)));

#define SIGN	0x80000000u
#define INF	0x7f800000u
#define ONE	0x3f800000u

/* m * 2^e, negated where @sign. Bit 0 of @m may stand for all that is below. */
struct exact {
	bool sign;
	int e;
	wide_t m;
};

static bool nan32(uint32_t x)
{
	return (x << 1) > (INF << 1);
}

static bool inf32(uint32_t x)
{
	return (x << 1) == (INF << 1);
}

static bool zero32(uint32_t x)
{
	return (x << 1) == 0;
}

static struct exact unpack(uint32_t x)
{
	uint32_t field = x >> 23 & 255, m = x & 0x7fffff;

	return field ? (struct exact){ x >> 31, (int)field - 150, m | 1u << 23 } :
		       (struct exact){ x >> 31, -149, m };
}

static int length(wide_t m)
{
	int n = 0;

	for (; m; m >>= 1)
		n++;
	return n;
}

/* The float next to @x, ties to even. */
static uint32_t pack(struct exact x)
{
	uint32_t sign = x.sign ? SIGN : 0, q;
	int n = length(x.m), shift = n - 24;
	wide_t rest = 0;

	if (!n)
		return sign;
	if (x.e + shift < -149)
		shift = -149 - x.e;
	if (shift > n)
		return sign;
	if (shift <= 0) {
		q = (uint32_t)(x.m << -shift);
	} else {
		q = (uint32_t)(x.m >> shift);
		rest = (x.m - ((wide_t)q << shift)) << 1;
		if (rest > (wide_t)1 << shift || (rest == (wide_t)1 << shift && q & 1))
			q++;
	}
	x.e += shift;
	if (q >> 24) {
		q >>= 1;
		x.e++;
	}
	if (x.e > 104)
		return sign | INF;
	return q >> 23 ? sign | (uint32_t)(x.e + 150) << 23 | (q & 0x7fffff) : sign | q;
}

static struct exact plus(struct exact x, struct exact y)
{
	struct exact high = x.e >= y.e ? x : y, low = x.e >= y.e ? y : x;
	int apart, lift;

	if (!high.m)
		return low.m ? low : (struct exact){ x.sign && y.sign, 0, 0 };
	apart = high.e - low.e;
	lift = apart < 60 ? apart : 60;
	high.m <<= lift;
	high.e -= lift;
	for (apart -= lift; apart > 0 && low.m > 1; apart--)
		low.m = low.m >> 1 | (low.m & 1);
	if (high.sign == low.sign)
		high.m += low.m;
	else if (high.m == low.m)
		return (struct exact){ false, 0, 0 };
	else if (high.m > low.m)
		high.m -= low.m;
	else
		high = (struct exact){ low.sign, high.e, low.m - high.m };
	return high;
}

static uint32_t fma32(uint32_t a, uint32_t b, uint32_t c)
{
	struct exact x = unpack(a), y = unpack(b);

	x.sign ^= y.sign;
	if (nan32(a) || nan32(b) || nan32(c))
		return MIRAGE_NAN32;
	if (inf32(a) || inf32(b)) {
		if (zero32(a) || zero32(b) || (inf32(c) && c >> 31 != x.sign))
			return MIRAGE_NAN32;
		return INF | (x.sign ? SIGN : 0);
	}
	if (inf32(c))
		return c;
	x.m *= y.m;
	x.e += y.e;
	return pack(plus(x, unpack(c)));
}

static uint32_t mul32(uint32_t a, uint32_t b)
{
	/* Adding a zero of the product's own sign changes nothing. */
	return fma32(a, b, (a ^ b) & SIGN);
}

static uint32_t div32(uint32_t a, uint32_t b)
{
	struct exact x = unpack(a), y = unpack(b);
	uint32_t sign = (a ^ b) & SIGN;
	wide_t q;

	if (nan32(a) || nan32(b) || (inf32(a) && inf32(b)) || (zero32(a) && zero32(b)))
		return MIRAGE_NAN32;
	if (inf32(a) || zero32(b))
		return sign | INF;
	if (inf32(b) || zero32(a))
		return sign;
	x.m <<= 64;
	q = x.m / y.m;
	q |= q * y.m != x.m;
	return pack((struct exact){ sign != 0, x.e - 64 - y.e, q });
}

static wide_t root(wide_t x)
{
	wide_t r = 0, bit;

	for (bit = (wide_t)1 << 62; bit; bit >>= 1)
		if ((r | bit) * (r | bit) <= x)
			r |= bit;
	return r;
}

/* The square root, or one divided by it. */
static uint32_t sqrt32(uint32_t a, bool reciprocal)
{
	struct exact x = unpack(a);
	wide_t r;

	if (zero32(a))
		return reciprocal ? a | INF : a;
	if (nan32(a) || a >> 31)
		return MIRAGE_NAN32;
	if (inf32(a))
		return reciprocal ? 0 : a;
	if (x.e & 1) {
		x.m <<= 1;
		x.e--;
	}
	if (reciprocal) {
		r = root(((wide_t)1 << 120) / x.m);
		r |= r * r * x.m != (wide_t)1 << 120;
		return pack((struct exact){ false, -60 - x.e / 2, r });
	}
	x.m <<= 80;
	r = root(x.m);
	r |= r * r != x.m;
	return pack((struct exact){ false, x.e / 2 - 40, r });
}

static uint32_t scale32(uint32_t a, int32_t n)
{
	struct exact x = unpack(a);

	if (nan32(a))
		return MIRAGE_NAN32;
	if (inf32(a))
		return a;
	x.e += n > 1000 ? 1000 : n < -1000 ? -1000 : n;
	return pack(x);
}

static uint32_t split32(uint32_t a, bool mantissa)
{
	struct exact x = unpack(a);

	if (nan32(a))
		return mantissa ? MIRAGE_NAN32 : 0;
	if (inf32(a) || zero32(a))
		return mantissa ? a : 0;
	if (!mantissa)
		return (uint32_t)(x.e + length(x.m));
	x.e = -length(x.m);
	return pack(x);
}

static uint32_t class32(uint32_t a)
{
	static const uint32_t limits[] = { 0, 0x007fffff, 0x7f7fffff, INF };
	unsigned int i;

	for (i = 0; i < 4; i++)
		if ((a & ~SIGN) <= limits[i])
			return a & SIGN ? 0x10u >> i : 0x20u << i;
	return 1;
}

/* Numbers in the order of their values; -0 comes just before 0. */
static int64_t rank(uint32_t a)
{
	return a & SIGN ? -1 - (int64_t)(a & ~SIGN) : (int64_t)a;
}

static uint32_t pick(uint32_t a, uint32_t b, bool larger)
{
	if (nan32(a) && nan32(b))
		return MIRAGE_NAN32;
	if (nan32(a) || nan32(b))
		return nan32(a) ? b : a;
	return (rank(a) < rank(b)) != larger ? a : b;
}

static bool equal(uint32_t a, uint32_t b)
{
	return !nan32(a) && !nan32(b) && (a == b || (zero32(a) && zero32(b)));
}

static bool less(uint32_t a, uint32_t b)
{
	return !nan32(a) && !nan32(b) && !equal(a, b) && rank(a) < rank(b);
}

static bool of_numbers(unsigned int op, uint32_t a, uint32_t b, uint32_t c, uint32_t *r)
{
	switch (op) {
	case MIRAGE_OP_FADD:
		*r = fma32(a, ONE, b);
		return true;
	case MIRAGE_OP_FSUB:
		*r = fma32(a, ONE, b ^ SIGN);
		return true;
	case MIRAGE_OP_FMUL:
		*r = mul32(a, b);
		return true;
	case MIRAGE_OP_FDIV:
		*r = div32(a, b);
		return true;
	case MIRAGE_OP_FMA:
		*r = fma32(a, b, c);
		return true;
	case MIRAGE_OP_FMIN:
		*r = pick(a, b, false);
		return true;
	case MIRAGE_OP_FMAX:
		*r = pick(a, b, true);
		return true;
	case MIRAGE_OP_FLDEXP:
		*r = scale32(a, (int32_t)b);
		return true;
	case MIRAGE_OP_FSQRT:
		*r = sqrt32(b, false);
		return true;
	case MIRAGE_OP_FRSQRT:
		*r = sqrt32(b, true);
		return true;
	}
	return false;
}

static bool of_bits(unsigned int op, uint32_t a, uint32_t b, uint32_t *r)
{
	switch (op) {
	case MIRAGE_OP_FREXPM:
		*r = split32(b, true);
		return true;
	case MIRAGE_OP_FREXPE:
		*r = split32(b, false);
		return true;
	case MIRAGE_OP_FCLASS:
		*r = class32(b);
		return true;
	case MIRAGE_OP_FABS:
		*r = b << 1 >> 1;
		return true;
	case MIRAGE_OP_FNEG:
		*r = b + SIGN;
		return true;
	case MIRAGE_OP_FCOPYSIGN:
		*r = (a << 1 >> 1) + (b >> 31 << 31);
		return true;
	case MIRAGE_OP_FEQ:
		*r = -(uint32_t)equal(a, b);
		return true;
	case MIRAGE_OP_FNE:
		*r = -(uint32_t)!equal(a, b);
		return true;
	case MIRAGE_OP_FLT:
		*r = -(uint32_t)less(a, b);
		return true;
	case MIRAGE_OP_FLE:
		*r = -(uint32_t)(less(a, b) || equal(a, b));
		return true;
	}
	return false;
}

static float as_float(uint32_t bits)
{
	float x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

static uint32_t as_bits(float x)
{
	uint32_t bits;

	memcpy(&bits, &x, sizeof(bits));
	return x != x ? MIRAGE_NAN32 : bits;
}

/* The integer @x, or the end of the range [@least, 2^@bits) that it is beyond. */
static uint64_t clamp(double x, double least, int bits)
{
	if (x != x)
		return 0;
	if (x >= ldexp(1, bits))
		return bits == 64 ? UINT64_MAX : (1ull << bits) - 1;
	if (x <= least)
		x = least;
	return x < 0 ? (uint64_t)(int64_t)x : (uint64_t)x;
}

/* Volatile keeps the conversions where the mode is set. */
static bool converted(unsigned int op, uint64_t a, uint64_t *r)
{
	volatile uint64_t number = a;
	volatile float x = as_float((uint32_t)a), y;

	switch (op) {
	case MIRAGE_OP_FRND:
		y = nearbyintf(x);
		*r = as_bits(y);
		return true;
	case MIRAGE_OP_FTOS:
		*r = (uint32_t)clamp(nearbyint(x), -0x1p31, 31);
		return true;
	case MIRAGE_OP_FTOU:
		*r = clamp(nearbyint(x), 0, 32);
		return true;
	case MIRAGE_OP_FTOS64:
		*r = clamp(nearbyint(x), -0x1p63, 63);
		return true;
	case MIRAGE_OP_FTOU64:
		*r = clamp(nearbyint(x), 0, 64);
		return true;
	case MIRAGE_OP_STOF:
		y = (float)(int32_t)number;
		break;
	case MIRAGE_OP_UTOF:
		y = (float)(uint32_t)number;
		break;
	case MIRAGE_OP_S64TOF:
		y = (float)(int64_t)number;
		break;
	case MIRAGE_OP_U64TOF:
		y = (float)number;
		break;
	default:
		return false;
	}
	*r = as_bits(y);
	return true;
}

bool oracle_fp(unsigned int op, uint64_t a, uint64_t b, uint64_t c, uint64_t *result)
{
	static const int modes[] = { FE_TONEAREST, FE_TOWARDZERO, FE_UPWARD, FE_DOWNWARD };
	uint32_t r;
	bool known;

	if (of_numbers(op, (uint32_t)a, (uint32_t)b, (uint32_t)c, &r) ||
	    of_bits(op, (uint32_t)a, (uint32_t)b, &r)) {
		*result = r;
		return true;
	}
	fesetround(modes[b % 4]);
	known = converted(op, a, result);
	fesetround(FE_TONEAREST);
	return known;
}
