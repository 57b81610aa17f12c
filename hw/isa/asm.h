/* SPDX-License-Identifier: MIT */
/* The assembler as a library. The language is described in hw/doc/isa.md. */
#ifndef ISA_ASM_H
#define ISA_ASM_H

#include <stddef.h>
#include <stdint.h>

/* Most instructions of a program: a dispatch's code_size is at most 2^24 bytes. */
#define MIRAGE_ASM_MAX_WORDS	((size_t)1 << 21)
/* After so many errors the rest is not looked at. */
#define MIRAGE_ASM_MAX_ERRORS	20

struct mirage_program {
	uint64_t *words;	/* instructions, host byte order */
	size_t nr_words;
	unsigned int nr_regs;	/* least nr_regs of a dispatch, 1 to 255 */
	unsigned int shared_size; /* bytes, of .shared; 0 without */
};

/** mirage_asm_report - told of one error; @line and @column count from 1. */
typedef void (*mirage_asm_report)(void *ctx, unsigned int line, unsigned int column,
				  const char *message);

/**
 * mirage_assemble() - turn source text into instructions.
 * @text: @size bytes; need not be terminated
 * @program: filled on success; free with mirage_program_free()
 * @report: called for each error, in the order of the text
 *
 * Returns 0 or the number of errors (at most MIRAGE_ASM_MAX_ERRORS).
 */
unsigned int mirage_assemble(const char *text, size_t size, struct mirage_program *program,
			     mirage_asm_report report, void *ctx);

/** mirage_program_free() - free what mirage_assemble() has filled. */
void mirage_program_free(struct mirage_program *program);

#endif /* ISA_ASM_H */
