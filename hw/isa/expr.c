// SPDX-License-Identifier: MIT
/*
 * Constant expressions of the assembler: precedence climbing over C's binary
 * operators, computed in 64 bits that wrap. Whether the value fits is for the
 * operand to say, which knows its width.
 */
#include "parser.h"

/* Deep enough for people, shallow enough for the stack. */
#define MAX_DEPTH	64

/* C's precedence; 0: no binary operator. */
static unsigned int precedence(const struct token *token)
{
	if (token->kind == TOKEN_SHL || token->kind == TOKEN_SHR)
		return 4;
	if (token->kind != TOKEN_PUNCT)
		return 0;
	switch ((char)token->value) {
	case '|':
		return 1;
	case '^':
		return 2;
	case '&':
		return 3;
	case '+':
	case '-':
		return 5;
	case '*':
	case '/':
	case '%':
		return 6;
	}
	return 0;
}

static uint64_t parse_name(struct parser *parser)
{
	struct token token = parser->token;
	const struct symbol *symbol;
	unsigned int reg;

	parser_next(parser);
	if (token.len == 1 && token.text[0] == '.')
		return (uint64_t)parser->at * 8;
	if (parser_register(parser, &token, &reg)) {
		parser_error(parser, &token, "a register cannot be part of an expression");
		return 0;
	}
	symbol = symbols_find(&parser->symbols, token.text, token.len);
	if (!symbol) {
		parser_error(parser, &token, "'%.*s' is not defined%s", (int)token.len, token.text,
			     parser->collect ? " before this line" : "");
		return 0;
	}
	return symbol->value;
}

static uint64_t parse_binary(struct parser *parser, unsigned int least);

static uint64_t parse_unary(struct parser *parser)
{
	struct token token = parser->token;
	uint64_t value = 0;

	if (token.kind == TOKEN_NUMBER) {
		parser_next(parser);
		return token.value;
	}
	if (token.kind == TOKEN_NAME)
		return parse_name(parser);
	if (!token_is(&token, '-') && !token_is(&token, '~') && !token_is(&token, '(')) {
		parser_error(parser, &token, "a number is missing here");
		return 0;
	}
	if (parser->depth >= MAX_DEPTH) {
		parser_error(parser, &token,
			     "expression is nested too deeply, the limit is %d levels", MAX_DEPTH);
		return 0;
	}
	parser->depth++;
	parser_next(parser);
	if (token_is(&token, '(')) {
		value = parse_binary(parser, 1);
		parser_expect(parser, ')');
	} else {
		value = parse_unary(parser);
		value = token_is(&token, '-') ? -value : ~value;
	}
	parser->depth--;
	return value;
}

static uint64_t apply(struct parser *parser, const struct token *op, uint64_t left, uint64_t right)
{
	if (op->kind == TOKEN_SHL || op->kind == TOKEN_SHR) {
		if (right > 63) {
			parser_error(parser, op, "shift by %llu, the limit is 63",
				     (unsigned long long)right);
			return 0;
		}
		return op->kind == TOKEN_SHL ? left << right : left >> right;
	}
	switch ((char)op->value) {
	case '|':
		return left | right;
	case '^':
		return left ^ right;
	case '&':
		return left & right;
	case '+':
		return left + right;
	case '-':
		return left - right;
	case '*':
		return left * right;
	}
	if (!right) {
		parser_error(parser, op, "division by zero");
		return 0;
	}
	return (char)op->value == '/' ? left / right : left % right;
}

static uint64_t parse_binary(struct parser *parser, unsigned int least)
{
	uint64_t value = parse_unary(parser);

	while (!parser->failed && precedence(&parser->token) >= least) {
		struct token op = parser->token;
		uint64_t right;

		parser_next(parser);
		right = parse_binary(parser, precedence(&op) + 1);
		if (!parser->failed)
			value = apply(parser, &op, value, right);
	}
	return value;
}

uint64_t parse_expression(struct parser *parser)
{
	parser->depth = 0;
	return parse_binary(parser, 1);
}
