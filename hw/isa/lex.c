// SPDX-License-Identifier: MIT
/*
 * The assembler's lexer: hand written, one pass, no memory of its own.
 *
 * Rejected: a generated lexer. The language has six kinds of token, and the
 * build would need another tool.
 */
#include "lex.h"

#include <ctype.h>
#include <string.h>

void lexer_init(struct lexer *lexer, const char *text, size_t size)
{
	*lexer = (struct lexer){
		.at = text, .end = text + size, .line_start = text, .line = 1,
	};
}

static int peek(const struct lexer *lexer, size_t ahead)
{
	return (size_t)(lexer->end - lexer->at) > ahead ? (unsigned char)lexer->at[ahead] : -1;
}

static bool is_name_start(int c)
{
	return c == '_' || c == '.' || (c >= 0 && isalpha(c));
}

static bool is_name(int c)
{
	return is_name_start(c) || (c >= 0 && isdigit(c));
}

static struct token make(const struct lexer *lexer, enum token_kind kind, const char *start)
{
	return (struct token){
		.kind = kind,
		.line = lexer->line,
		.column = (unsigned int)(start - lexer->line_start) + 1,
		.text = start,
		.len = (size_t)(lexer->at - start),
	};
}

static struct token bad(const struct lexer *lexer, const char *start, const char *message)
{
	struct token token = make(lexer, TOKEN_BAD, start);

	token.text = message;
	token.len = strlen(message);
	return token;
}

/* Skip blanks and comments; false: a block comment that does not end. */
static bool skip_blanks(struct lexer *lexer)
{
	for (;;) {
		int c = peek(lexer, 0);

		if (c == ' ' || c == '\t' || c == '\r') {
			lexer->at++;
		} else if (c == '#' || (c == '/' && peek(lexer, 1) == '/')) {
			while (peek(lexer, 0) >= 0 && peek(lexer, 0) != '\n')
				lexer->at++;
		} else if (c == '/' && peek(lexer, 1) == '*') {
			const char *start = lexer->at;

			lexer->at += 2;
			while (!(peek(lexer, 0) == '*' && peek(lexer, 1) == '/')) {
				if (peek(lexer, 0) < 0) {
					lexer->at = start;
					return false;
				}
				if (*lexer->at++ == '\n') {
					lexer->line++;
					lexer->line_start = lexer->at;
				}
			}
			lexer->at += 2;
		} else {
			return true;
		}
	}
}

static int digit_value(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 0 && isalpha(c))
		return tolower(c) - 'a' + 10;
	return 99;
}

static struct token lex_number(struct lexer *lexer)
{
	const char *start = lexer->at;
	unsigned int base = 10, digits = 0;
	bool overflow = false;
	struct token token;
	uint64_t value = 0;

	if (peek(lexer, 0) == '0' && (peek(lexer, 1) == 'x' || peek(lexer, 1) == 'X'))
		base = 16;
	else if (peek(lexer, 0) == '0' && (peek(lexer, 1) == 'b' || peek(lexer, 1) == 'B'))
		base = 2;
	if (base != 10)
		lexer->at += 2;

	for (; is_name(peek(lexer, 0)); lexer->at++) {
		int digit = peek(lexer, 0) == '_' ? -1 : digit_value(peek(lexer, 0));

		if (digit < 0)
			continue;
		if ((unsigned int)digit >= base) {
			while (is_name(peek(lexer, 0)))
				lexer->at++;
			return bad(lexer, start, "malformed number");
		}
		overflow |= __builtin_mul_overflow(value, base, &value);
		overflow |= __builtin_add_overflow(value, (uint64_t)digit, &value);
		digits++;
	}
	if (!digits)
		return bad(lexer, start, "number without digits");
	if (overflow)
		return bad(lexer, start, "number does not fit in 64 bits");
	token = make(lexer, TOKEN_NUMBER, start);
	token.value = value;
	return token;
}

static struct token lex_character(struct lexer *lexer)
{
	static const char escapes[] = "n\nt\tr\r0\0\\\\''";
	const char *start = lexer->at++;
	struct token token;
	int c = peek(lexer, 0);
	size_t i;

	if (c < 0 || c == '\n' || c == '\'')
		return bad(lexer, start, "malformed character");
	lexer->at++;
	if (c == '\\') {
		c = peek(lexer, 0);
		for (i = 0; i + 1 < sizeof(escapes); i += 2)
			if (escapes[i] == c)
				break;
		if (i + 1 >= sizeof(escapes))
			return bad(lexer, start, "unknown escape in character");
		c = (unsigned char)escapes[i + 1];
		lexer->at++;
	}
	if (peek(lexer, 0) != '\'')
		return bad(lexer, start, "character is not closed");
	lexer->at++;
	token = make(lexer, TOKEN_NUMBER, start);
	token.value = (uint64_t)c;
	return token;
}

struct token lexer_next(struct lexer *lexer)
{
	const char *start;
	struct token token;
	int c;

	if (!skip_blanks(lexer)) {
		token = bad(lexer, lexer->at, "comment is not closed");
		lexer->at = lexer->end;
		return token;
	}
	start = lexer->at;
	c = peek(lexer, 0);
	if (c < 0)
		return make(lexer, TOKEN_END, start);
	if (c == '\n') {
		lexer->at++;
		token = make(lexer, TOKEN_NEWLINE, start);
		lexer->line++;
		lexer->line_start = lexer->at;
		return token;
	}
	if (is_name_start(c)) {
		while (is_name(peek(lexer, 0)))
			lexer->at++;
		return make(lexer, TOKEN_NAME, start);
	}
	if (isdigit(c))
		return lex_number(lexer);
	if (c == '\'')
		return lex_character(lexer);
	lexer->at++;
	if ((c == '<' || c == '>') && peek(lexer, 0) == c) {
		lexer->at++;
		return make(lexer, c == '<' ? TOKEN_SHL : TOKEN_SHR, start);
	}
	if (!strchr("+-*/%&|^~()[],:", c))
		return bad(lexer, start, "unexpected character");
	token = make(lexer, TOKEN_PUNCT, start);
	token.value = (uint64_t)c;
	return token;
}
