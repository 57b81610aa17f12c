/* SPDX-License-Identifier: MIT */
/* Random programs that get somewhere: mostly defined instructions on few registers. */
#ifndef TESTS_ISA_PROGRAM_H
#define TESTS_ISA_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

/** random_program() - fill @words with @nr instructions drawn from random_u64(). */
void random_program(uint64_t *words, size_t nr, unsigned int nr_regs);

#endif /* TESTS_ISA_PROGRAM_H */
