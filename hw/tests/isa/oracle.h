/* SPDX-License-Identifier: MIT */
/* A second implementation of each instruction, one lane at a time. */
#ifndef TESTS_ISA_ORACLE_H
#define TESTS_ISA_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

/**
 * oracle_alu() - the result of an arithmetic instruction.
 * @a, @b, @c: the operands, 64 bits of the pair; a 32-bit operand is the low half
 * @result: 32 bits of result in the low half, or 64
 *
 * Returns false if the opcode is no arithmetic.
 */
bool oracle_alu(unsigned int op, uint64_t a, uint64_t b, uint64_t c, uint64_t *result);

/**
 * oracle_fp() - the same for floating point, of which oracle_alu() is the union.
 * @b: of conversions the rounding mode (enum mirage_round)
 */
bool oracle_fp(unsigned int op, uint64_t a, uint64_t b, uint64_t c, uint64_t *result);

/** oracle_atomic() - what an atomic leaves in memory that held @old. */
uint64_t oracle_atomic(unsigned int op, uint64_t old, uint64_t b, uint64_t c);

#endif /* TESTS_ISA_ORACLE_H */
