// SPDX-License-Identifier: MIT
/*
 * The oracle. It is written from isa.def and avoids the engine's ways: no host
 * builtins, wide arithmetic in 128 bits, bit operations bit by bit, so that one
 * misunderstanding is not made twice.
 */
#include "oracle.h"

#include "hw/isa.h"

typedef unsigned int wide_t __attribute__((mode(TI)));

/* Bits of a 32-bit number, lowest first: where @src bit i goes. */
static uint32_t move_bits(uint32_t x, unsigned int flip)
{
	uint32_t out = 0;
	unsigned int i;

	for (i = 0; i < 32; i++)
		if (x >> i & 1)
			out |= 1u << (i ^ flip);
	return out;
}

static unsigned int count_bits(uint32_t x)
{
	unsigned int n = 0;

	for (; x; x >>= 1)
		n += x & 1;
	return n;
}

static unsigned int zeros_above(uint32_t x)
{
	unsigned int n;

	for (n = 0; n < 32 && !(x & 0x80000000u >> n); n++)
		;
	return n;
}

static unsigned int zeros_below(uint32_t x)
{
	unsigned int n;

	for (n = 0; n < 32 && !(x & 1u << n); n++)
		;
	return n;
}

static uint64_t truth(bool value)
{
	return value ? 0xffffffffu : 0;
}

/* Arithmetic shift without relying on the compiler's. */
static uint64_t sar(uint64_t x, unsigned int n, unsigned int bits)
{
	uint64_t sign = x >> (bits - 1) & 1;

	for (; n; n--)
		x = x >> 1 | sign << (bits - 1);
	return x;
}

static bool alu32(unsigned int op, uint32_t a, uint32_t b, uint32_t c, uint64_t *result)
{
	int64_t sa = (int32_t)a, sb = (int32_t)b;
	unsigned int n = b % 32;
	uint64_t r;

	switch (op) {
	case MIRAGE_OP_MOV:
		r = b;
		break;
	case MIRAGE_OP_SEL:
		r = a == 0 ? c : b;
		break;
	case MIRAGE_OP_ADD:
		r = (uint64_t)a + b;
		break;
	case MIRAGE_OP_SUB:
		r = (uint64_t)a - b;
		break;
	case MIRAGE_OP_MUL:
		r = (uint64_t)a * b;
		break;
	case MIRAGE_OP_MULHU:
		r = (uint64_t)a * b >> 32;
		break;
	case MIRAGE_OP_MULHS:
		r = (uint64_t)(sa * sb) >> 32;
		break;
	case MIRAGE_OP_MAD:
		r = (uint64_t)a * b + c;
		break;
	case MIRAGE_OP_UDIV:
		r = b == 0 ? UINT64_MAX : a / b;
		break;
	case MIRAGE_OP_UREM:
		r = b == 0 ? a : a % b;
		break;
	case MIRAGE_OP_SDIV:
		r = b == 0 ? UINT64_MAX : (uint64_t)(sa / sb);
		break;
	case MIRAGE_OP_SREM:
		r = b == 0 ? a : (uint64_t)(sa % sb);
		break;
	case MIRAGE_OP_UMIN:
		r = a <= b ? a : b;
		break;
	case MIRAGE_OP_UMAX:
		r = a >= b ? a : b;
		break;
	case MIRAGE_OP_SMIN:
		r = sa <= sb ? a : b;
		break;
	case MIRAGE_OP_SMAX:
		r = sa >= sb ? a : b;
		break;
	case MIRAGE_OP_AND:
		r = a & b;
		break;
	case MIRAGE_OP_OR:
		r = a | b;
		break;
	case MIRAGE_OP_XOR:
		r = a ^ b;
		break;
	case MIRAGE_OP_NOT:
		r = b ^ 0xffffffffu;
		break;
	case MIRAGE_OP_SHL:
		r = (uint64_t)a << n;
		break;
	case MIRAGE_OP_SHR:
		r = a >> n;
		break;
	case MIRAGE_OP_SAR:
		r = sar(a, n, 32);
		break;
	case MIRAGE_OP_ROR:
		r = ((uint64_t)a << 32 | a) >> n;
		break;
	case MIRAGE_OP_CLZ:
		r = zeros_above(b);
		break;
	case MIRAGE_OP_CTZ:
		r = zeros_below(b);
		break;
	case MIRAGE_OP_POPC:
		r = count_bits(b);
		break;
	case MIRAGE_OP_BREV:
		r = move_bits(b, 31);
		break;
	case MIRAGE_OP_BSWAP:
		r = move_bits(b, 24);
		break;
	case MIRAGE_OP_SEXT8:
		r = sar((uint64_t)b << 56, 56, 64);
		break;
	case MIRAGE_OP_SEXT16:
		r = sar((uint64_t)b << 48, 48, 64);
		break;
	case MIRAGE_OP_EQ:
		r = truth(a == b);
		break;
	case MIRAGE_OP_NE:
		r = truth(a != b);
		break;
	case MIRAGE_OP_ULT:
		r = truth(a < b);
		break;
	case MIRAGE_OP_ULE:
		r = truth(a <= b);
		break;
	case MIRAGE_OP_SLT:
		r = truth(sa < sb);
		break;
	case MIRAGE_OP_SLE:
		r = truth(sa <= sb);
		break;
	default:
		return false;
	}
	*result = r & 0xffffffffu;
	return true;
}

bool oracle_alu(unsigned int op, uint64_t a, uint64_t b, uint64_t c, uint64_t *result)
{
	__int128 sa = (int64_t)a, sb = (int64_t)b, wide = sa;
	uint32_t low_a = (uint32_t)a, low_b = (uint32_t)b;
	int64_t signed_a = (int32_t)low_a, signed_b = (int32_t)low_b;
	unsigned int n = low_b % 64;

	switch (op) {
	case MIRAGE_OP_MOV64:
		*result = b;
		return true;
	case MIRAGE_OP_SEL64:
		*result = low_a == 0 ? c : b;
		return true;
	case MIRAGE_OP_ADD64:
		*result = (uint64_t)(wide + sb);
		return true;
	case MIRAGE_OP_SUB64:
		*result = (uint64_t)(wide - sb);
		return true;
	case MIRAGE_OP_MUL64:
		*result = (uint64_t)((wide_t)a * b);
		return true;
	case MIRAGE_OP_MULWU:
		*result = (uint64_t)low_a * low_b;
		return true;
	case MIRAGE_OP_MULWS:
		*result = (uint64_t)(signed_a * signed_b);
		return true;
	case MIRAGE_OP_MADWU:
		*result = (uint64_t)low_a * low_b + c;
		return true;
	case MIRAGE_OP_AND64:
		*result = a & b;
		return true;
	case MIRAGE_OP_OR64:
		*result = a | b;
		return true;
	case MIRAGE_OP_XOR64:
		*result = a ^ b;
		return true;
	case MIRAGE_OP_SHL64:
		*result = (uint64_t)((wide_t)a << n);
		return true;
	case MIRAGE_OP_SHR64:
		*result = a >> n;
		return true;
	case MIRAGE_OP_SAR64:
		*result = sar(a, n, 64);
		return true;
	case MIRAGE_OP_ZEXT64:
		*result = low_b;
		return true;
	case MIRAGE_OP_SEXT64:
		*result = (uint64_t)signed_b;
		return true;
	case MIRAGE_OP_EQ64:
		*result = truth(a == b);
		return true;
	case MIRAGE_OP_NE64:
		*result = truth(a != b);
		return true;
	case MIRAGE_OP_ULT64:
		*result = truth(a < b);
		return true;
	case MIRAGE_OP_ULE64:
		*result = truth(a <= b);
		return true;
	case MIRAGE_OP_SLT64:
		*result = truth(sa < sb);
		return true;
	case MIRAGE_OP_SLE64:
		*result = truth(sa <= sb);
		return true;
	}
	return alu32(op, low_a, low_b, (uint32_t)c, result) || oracle_fp(op, a, b, c, result);
}

uint64_t oracle_atomic(unsigned int op, uint64_t old, uint64_t b, uint64_t c)
{
	switch (op) {
	case MIRAGE_OP_ATOM_ADD:
	case MIRAGE_OP_ATOM_ADD64:
	case MIRAGE_OP_ATOMS_ADD:
		return old + b;
	case MIRAGE_OP_ATOM_AND:
	case MIRAGE_OP_ATOM_AND64:
		return old & b;
	case MIRAGE_OP_ATOM_OR:
	case MIRAGE_OP_ATOM_OR64:
		return old | b;
	case MIRAGE_OP_ATOM_XOR:
	case MIRAGE_OP_ATOM_XOR64:
		return old ^ b;
	case MIRAGE_OP_ATOM_XCHG:
	case MIRAGE_OP_ATOM_XCHG64:
	case MIRAGE_OP_ATOMS_XCHG:
		return b;
	case MIRAGE_OP_ATOM_CAS:
	case MIRAGE_OP_ATOM_CAS64:
	case MIRAGE_OP_ATOMS_CAS:
		return old == b ? c : old;
	case MIRAGE_OP_ATOM_UMIN:
	case MIRAGE_OP_ATOM_UMIN64:
		return old < b ? old : b;
	case MIRAGE_OP_ATOM_UMAX:
	case MIRAGE_OP_ATOM_UMAX64:
		return old > b ? old : b;
	case MIRAGE_OP_ATOM_SMIN:
		return (int32_t)old < (int32_t)b ? old : b;
	case MIRAGE_OP_ATOM_SMAX:
		return (int32_t)old > (int32_t)b ? old : b;
	case MIRAGE_OP_ATOM_SMIN64:
		return (int64_t)old < (int64_t)b ? old : b;
	case MIRAGE_OP_ATOM_SMAX64:
		return (int64_t)old > (int64_t)b ? old : b;
	}
	return old;
}
