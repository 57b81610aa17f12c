/* SPDX-License-Identifier: MIT */
/* Tokens of the assembler's input. */
#ifndef ISA_LEX_H
#define ISA_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum token_kind {
	TOKEN_END,		/* of the input */
	TOKEN_NEWLINE,
	TOKEN_NAME,		/* letters, digits, _ and ., not starting with a digit */
	TOKEN_NUMBER,		/* in @value */
	TOKEN_PUNCT,		/* one character, in @value */
	TOKEN_SHL,		/* << */
	TOKEN_SHR,		/* >> */
	TOKEN_BAD,		/* @text says what is wrong */
};

struct token {
	enum token_kind kind;
	unsigned int line;	/* from 1 */
	unsigned int column;	/* from 1, in bytes */
	const char *text;	/* the token in the input (not terminated); of TOKEN_BAD the message (terminated) */
	size_t len;		/* bytes at @text */
	uint64_t value;
};

struct lexer {
	const char *at;
	const char *end;
	const char *line_start;
	unsigned int line;
};

/** lexer_init() - start at the first of @size bytes; they must outlive the tokens. */
void lexer_init(struct lexer *lexer, const char *text, size_t size);

/** lexer_next() - the next token. Comments and blanks are skipped; TOKEN_END repeats. */
struct token lexer_next(struct lexer *lexer);

/** token_is() - whether @token is the punctuation character @c. */
static inline bool token_is(const struct token *token, char c)
{
	return token->kind == TOKEN_PUNCT && token->value == (unsigned char)c;
}

#endif /* ISA_LEX_H */
