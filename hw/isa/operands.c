// SPDX-License-Identifier: MIT
/*
 * Operands of one instruction, read by the same syntax letters by which the
 * disassembler writes them (struct mirage_format_info).
 *
 * Immediates are checked against the use: one that the device extends to 64 bits
 * with its sign must fit in a signed 32-bit number, any other in 32 bits of
 * either signedness. Rejected: cutting a value off silently.
 */
#include "parser.h"

#include <string.h>

static unsigned int parse_reg(struct parser *parser, unsigned int width)
{
	struct token token = parser->token;
	unsigned int reg = 0;

	if (!parser_register(parser, &token, &reg)) {
		parser_error(parser, &token, "a register is missing here");
		return 0;
	}
	if (width == 2 && reg != MIRAGE_RZ && (reg & 1 || reg == MIRAGE_MAX_REGS - 1))
		parser_error(parser, &token,
			     "a 64-bit operand is named by an even register up to r252, or rz");
	parser_next(parser);
	return reg;
}

static uint32_t fit_imm(struct parser *parser, const struct token *token, uint64_t value,
			bool sign_extended)
{
	int64_t most = sign_extended ? INT32_MAX : UINT32_MAX;

	if ((int64_t)value < INT32_MIN || (int64_t)value > most)
		parser_error(parser, token, "0x%llx does not fit in a %s32-bit immediate",
			     (unsigned long long)value, sign_extended ? "sign-extended " : "");
	return (uint32_t)value;
}

static void parse_imm(struct parser *parser, struct mirage_insn *insn, bool sign_extended)
{
	struct token token = parser->token;
	uint64_t value = parse_expression(parser);

	if (parser->failed)
		return;
	insn->has_imm = true;
	insn->imm = fit_imm(parser, &token, value, sign_extended);
}

/* One of the names that @name_of knows, by number; @example is what the message offers. */
static void parse_name(struct parser *parser, struct mirage_insn *insn,
		       const char *(*name_of)(uint32_t number), const char *example)
{
	struct token token = parser->token;
	const char *name;
	uint32_t i;

	insn->has_imm = true;
	for (i = 0; (name = name_of(i)); i++) {
		if (token.kind == TOKEN_NAME && strlen(name) == token.len &&
		    !memcmp(name, token.text, token.len)) {
			insn->imm = i;
			parser_next(parser);
			return;
		}
	}
	parser_error(parser, &token, "a %s is missing here", example);
}

static void parse_target(struct parser *parser, struct mirage_insn *insn)
{
	struct token token = parser->token;
	uint64_t target = parse_expression(parser);
	int64_t words;

	if (parser->failed)
		return;
	if (target % 8) {
		parser_error(parser, &token, "branch target 0x%llx is not a multiple of 8",
			     (unsigned long long)target);
		return;
	}
	words = (int64_t)(target - (uint64_t)parser->at * 8 - 8) / 8;
	if (words < INT32_MIN || words > INT32_MAX) {
		parser_error(parser, &token,
			     "branch target 0x%llx is too far away, the limit is 2^31 instructions",
			     (unsigned long long)target);
		return;
	}
	insn->has_imm = true;
	insn->imm = (uint32_t)words;
}

/* [register], [register + expression], [register - expression] or [expression] */
static void parse_address(struct parser *parser, struct mirage_insn *insn,
			  const struct mirage_format_info *format)
{
	unsigned int reg;

	insn->has_imm = true;
	insn->a = MIRAGE_RZ;
	parser_expect(parser, '[');
	if (parser_register(parser, &parser->token, &reg)) {
		insn->a = (uint8_t)parse_reg(parser, format->a);
		if (token_is(&parser->token, ']')) {
			parser_next(parser);
			return;
		}
		if (token_is(&parser->token, '+'))
			parser_next(parser);
		else if (!token_is(&parser->token, '-'))
			parser_error(parser, &parser->token, "+, - or ] is missing here");
	}
	/* A minus stays, as the sign of the expression. */
	if (!parser->failed)
		parse_imm(parser, insn, format->a == 2);
	parser_expect(parser, ']');
}

static void parse_operand(struct parser *parser, struct mirage_insn *insn,
			  const struct mirage_format_info *format, char letter)
{
	unsigned int reg;

	switch (letter) {
	case 'd':
		insn->d = (uint8_t)parse_reg(parser, format->d);
		break;
	case 'a':
		insn->a = (uint8_t)parse_reg(parser, format->a);
		break;
	case 'b':
		if (format->imm == 0 || parser_register(parser, &parser->token, &reg))
			insn->b = (uint8_t)parse_reg(parser, format->b);
		else
			parse_imm(parser, insn, format->b == 2);
		break;
	case 'c':
		insn->c = (uint8_t)parse_reg(parser, format->c);
		break;
	case 'i':
		parse_imm(parser, insn, false);
		break;
	case 's':
		parse_name(parser, insn, mirage_special_name, "special value such as local_x");
		break;
	case 'r':
		parse_name(parser, insn, mirage_round_name, "rounding mode such as rne");
		break;
	case 't':
		parse_target(parser, insn);
		break;
	case 'm':
		parse_address(parser, insn, format);
		break;
	case 'n':
		parser_expect(parser, '[');
		insn->a = (uint8_t)parse_reg(parser, format->a);
		if (token_is(&parser->token, '+') || token_is(&parser->token, '-'))
			parser_error(parser, &parser->token, "an atomic's address has no offset");
		parser_expect(parser, ']');
		break;
	}
}

void parse_operands(struct parser *parser, struct mirage_insn *insn)
{
	const struct mirage_format_info *format =
		mirage_format_info(mirage_insn_info(insn->op)->format);
	const char *letter;

	for (letter = format->syntax; *letter && !parser->failed; letter++) {
		if (letter != format->syntax)
			parser_expect(parser, ',');
		if (!parser->failed)
			parse_operand(parser, insn, format, *letter);
	}
}
