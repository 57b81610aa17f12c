/* SPDX-License-Identifier: MIT */
/* State of one run of the assembler, and what its parts use of each other. */
#ifndef ISA_PARSER_H
#define ISA_PARSER_H

#include <stdbool.h>

#include "asm.h"
#include "insn.h"
#include "lex.h"
#include "symbols.h"

struct parser {
	struct lexer lexer;
	struct token token;	/* the next one, not yet consumed */
	struct symbols symbols;
	struct mirage_program *program;
	mirage_asm_report report;
	void *ctx;
	size_t at;		/* index of the instruction being assembled */
	size_t room;		/* words allocated in @program */
	unsigned int errors;
	unsigned int depth;	/* nested parentheses and unary operators */
	bool collect;		/* first pass: only names are wanted, operands are skipped */
	bool failed;		/* the current statement is wrong; the rest of its line is skipped */
};

/** parser_next() - consume the token; a malformed one is reported and fails the statement. */
void parser_next(struct parser *parser);

/** parser_error() - report an error at @token, once for each statement. */
void __attribute__((format(printf, 3, 4)))
parser_error(struct parser *parser, const struct token *token, const char *fmt, ...);

/** parser_expect() - consume the punctuation character @c, or report that it is missing. */
void parser_expect(struct parser *parser, char c);

/** parser_register() - whether the token names a register; @reg gets its number. */
bool parser_register(const struct parser *parser, const struct token *token, unsigned int *reg);

/**
 * parse_expression() - a constant expression: C's integer operators + - * / % << >> & ^ | ~
 * and parentheses on 64-bit numbers, labels, constants and "." (this instruction's offset).
 */
uint64_t parse_expression(struct parser *parser);

/** parse_operands() - the operands of @insn, whose op is set. */
void parse_operands(struct parser *parser, struct mirage_insn *insn);

#endif /* ISA_PARSER_H */
