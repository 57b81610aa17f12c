/* SPDX-License-Identifier: MIT */
/* The disassembler: words to text that the assembler turns into the same words. */
#ifndef ISA_DIS_H
#define ISA_DIS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "insn.h"

/* Bytes of the longest line and its end. */
#define MIRAGE_DIS_SIZE	96

/**
 * mirage_dis_insn() - write one instruction.
 * @text: MIRAGE_DIS_SIZE bytes, without a newline
 * @label: how to write a branch's target; NULL: relative to the instruction, ". + 16"
 */
void mirage_dis_insn(const struct mirage_insn *insn, const char *label, char *text);

/**
 * mirage_dis_program() - write a whole program, with labels for branch targets inside it.
 * @out: the text
 *
 * Undefined words become .word, with the reason as a comment. Returns 0, or -1 when
 * there is no memory or @out could not be written.
 */
int mirage_dis_program(const uint64_t *words, size_t nr_words, FILE *out);

#endif /* ISA_DIS_H */
