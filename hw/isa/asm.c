// SPDX-License-Identifier: MIT
/*
 * The assembler: statements, directives and the two passes.
 *
 * Every statement that makes code makes one word, so the first pass knows all
 * labels by counting and the second encodes. Rejected: one pass with fix-ups,
 * which saves reading the text twice and costs a list of half-made instructions.
 */
#include "asm.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser.h"

void parser_error(struct parser *parser, const struct token *token, const char *fmt, ...)
{
	char message[200];
	va_list args;

	if (parser->failed)
		return;
	parser->failed = true;
	parser->errors++;
	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	parser->report(parser->ctx, token->line, token->column, message);
}

void parser_next(struct parser *parser)
{
	parser->token = lexer_next(&parser->lexer);
	if (parser->token.kind == TOKEN_BAD)
		parser_error(parser, &parser->token, "%s", parser->token.text);
}

void parser_expect(struct parser *parser, char c)
{
	if (token_is(&parser->token, c))
		parser_next(parser);
	else
		parser_error(parser, &parser->token, "'%c' is missing here", c);
}

static bool token_equals(const struct token *token, const char *text)
{
	return token->kind == TOKEN_NAME && token->len == strlen(text) &&
	       !memcmp(token->text, text, token->len);
}

/* rz, or r and a number without leading zeros. */
static bool plain_register(const struct token *token, unsigned int *reg)
{
	unsigned int number = 0;
	size_t i;

	if (token_equals(token, "rz")) {
		*reg = MIRAGE_RZ;
		return true;
	}
	if (token->len < 2 || token->len > 4 || token->text[0] != 'r')
		return false;
	for (i = 1; i < token->len; i++) {
		if (token->text[i] < '0' || token->text[i] > '9')
			return false;
		number = number * 10 + (unsigned int)(token->text[i] - '0');
	}
	if ((token->text[1] == '0' && token->len > 2) || number >= MIRAGE_MAX_REGS)
		return false;
	*reg = number;
	return true;
}

bool parser_register(const struct parser *parser, const struct token *token, unsigned int *reg)
{
	const struct symbol *symbol;

	if (token->kind != TOKEN_NAME)
		return false;
	if (plain_register(token, reg))
		return true;
	symbol = symbols_find(&parser->symbols, token->text, token->len);
	if (!symbol || symbol->kind != SYMBOL_REGISTER)
		return false;
	*reg = (unsigned int)symbol->value;
	return true;
}

static void define(struct parser *parser, const struct token *name, enum symbol_kind kind,
		   uint64_t value)
{
	struct symbol *symbol;
	unsigned int reg;

	/* The second pass meets each definition again. */
	if (!parser->collect || parser->failed)
		return;
	if (plain_register(name, &reg) || (name->len == 1 && name->text[0] == '.')) {
		parser_error(parser, name,
			     "'%.*s' cannot be defined: it is a name of the assembler",
			     (int)name->len, name->text);
		return;
	}
	symbol = symbols_find(&parser->symbols, name->text, name->len);
	if (symbol) {
		parser_error(parser, name, "'%.*s' is already defined in line %u", (int)name->len,
			     name->text, symbol->line);
		return;
	}
	symbol = symbols_add(&parser->symbols, name->text, name->len);
	if (!symbol) {
		parser_error(parser, name, "out of memory");
		return;
	}
	symbol->kind = kind;
	symbol->value = value;
	symbol->line = name->line;
}

static void emit(struct parser *parser, const struct token *token, uint64_t word)
{
	struct mirage_program *program = parser->program;
	uint64_t *words;

	if (parser->at >= MIRAGE_ASM_MAX_WORDS) {
		parser_error(parser, token, "program is larger than 2^24 bytes");
		return;
	}
	if (!parser->collect) {
		if (parser->at == parser->room) {
			parser->room = parser->room ? 2 * parser->room : 64;
			words = realloc(program->words, parser->room * sizeof(*words));
			if (!words) {
				parser_error(parser, token, "out of memory");
				return;
			}
			program->words = words;
		}
		program->words[parser->at] = word;
	}
	parser->at++;
}

/* .equ NAME, EXPRESSION and .reg NAME, REGISTER */
static void parse_definition(struct parser *parser, enum symbol_kind kind)
{
	struct token name = parser->token, value;
	unsigned int reg = 0;

	if (name.kind != TOKEN_NAME) {
		parser_error(parser, &name, "a name is missing here");
		return;
	}
	parser_next(parser);
	parser_expect(parser, ',');
	if (parser->failed)
		return;
	value = parser->token;
	if (kind == SYMBOL_CONSTANT) {
		define(parser, &name, kind, parse_expression(parser));
		return;
	}
	if (!parser_register(parser, &value, &reg))
		parser_error(parser, &value, "a register is missing here");
	parser_next(parser);
	define(parser, &name, kind, reg);
}

static void skip_line(struct parser *parser)
{
	while (parser->token.kind != TOKEN_NEWLINE && parser->token.kind != TOKEN_END)
		parser->token = lexer_next(&parser->lexer);
}

static void parse_word(struct parser *parser, const struct token *directive)
{
	uint64_t value = 0;

	if (parser->collect)
		skip_line(parser);
	else
		value = parse_expression(parser);
	if (!parser->failed)
		emit(parser, directive, value);
}

static void parse_shared(struct parser *parser)
{
	struct token token = parser->token;
	uint64_t value = parse_expression(parser);

	if (!parser->failed && value > UINT32_MAX)
		parser_error(parser, &token,
			     "shared memory has 0x%llx bytes, it may have less than 2^32",
			     (unsigned long long)value);
	parser->program->shared_size = (unsigned int)value;
}

static void parse_insn(struct parser *parser, const struct token *name)
{
	struct mirage_program *program = parser->program;
	const struct mirage_insn_info *info = NULL;
	char mnemonic[MIRAGE_MNEMONIC_SIZE];
	struct mirage_insn insn = { 0 };
	unsigned int op;

	if (parser->collect) {
		/* Unknown names and malformed operands are the second pass's to report. */
		skip_line(parser);
		emit(parser, name, 0);
		return;
	}
	for (op = 0; op < MIRAGE_NR_OPCODES; op++) {
		info = mirage_insn_info(op);
		if (!info)
			continue;
		mirage_insn_mnemonic(info->name, mnemonic);
		if (token_equals(name, mnemonic))
			break;
	}
	if (op == MIRAGE_NR_OPCODES) {
		parser_error(parser, name, "unknown instruction '%.*s'", (int)name->len,
			     name->text);
		return;
	}
	insn.op = (uint16_t)op;
	parse_operands(parser, &insn);
	if (parser->failed)
		return;
	if (mirage_insn_regs(&insn) > program->nr_regs)
		program->nr_regs = mirage_insn_regs(&insn);
	emit(parser, name, mirage_insn_encode(&insn));
}

static void parse_statement(struct parser *parser)
{
	struct token name = parser->token;

	/* Any number of labels, then at most one instruction or directive. */
	while (name.kind == TOKEN_NAME) {
		parser_next(parser);
		if (!token_is(&parser->token, ':'))
			break;
		define(parser, &name, SYMBOL_LABEL, (uint64_t)parser->at * 8);
		parser_next(parser);
		name = parser->token;
	}
	if (parser->failed || name.kind == TOKEN_NEWLINE || name.kind == TOKEN_END)
		return;
	if (name.kind != TOKEN_NAME)
		parser_error(parser, &name, "an instruction is missing here");
	else if (token_equals(&name, ".equ"))
		parse_definition(parser, SYMBOL_CONSTANT);
	else if (token_equals(&name, ".reg"))
		parse_definition(parser, SYMBOL_REGISTER);
	else if (token_equals(&name, ".word"))
		parse_word(parser, &name);
	else if (token_equals(&name, ".shared"))
		parse_shared(parser);
	else if (name.text[0] == '.')
		parser_error(parser, &name, "unknown directive '%.*s'", (int)name.len, name.text);
	else
		parse_insn(parser, &name);

	if (parser->token.kind != TOKEN_NEWLINE && parser->token.kind != TOKEN_END)
		parser_error(parser, &parser->token, "the line should end here");
}

static void parse_pass(struct parser *parser, const char *text, size_t size, bool collect)
{
	lexer_init(&parser->lexer, text, size);
	parser->collect = collect;
	parser->at = 0;
	parser->failed = false;
	for (;;) {
		parser_next(parser);
		parse_statement(parser);
		if (parser->failed)
			skip_line(parser);
		parser->failed = false;
		if (parser->token.kind == TOKEN_END || parser->errors >= MIRAGE_ASM_MAX_ERRORS)
			return;
	}
}

unsigned int mirage_assemble(const char *text, size_t size, struct mirage_program *program,
			     mirage_asm_report report, void *ctx)
{
	struct parser parser = { .program = program, .report = report, .ctx = ctx };
	struct token start = { .line = 1, .column = 1 };

	*program = (struct mirage_program){ .nr_regs = 1 };
	parse_pass(&parser, text, size, true);
	if (!parser.errors)
		parse_pass(&parser, text, size, false);
	if (!parser.errors && !parser.at)
		parser_error(&parser, &start, "the program has no instruction");
	symbols_free(&parser.symbols);
	program->nr_words = parser.at;
	if (parser.errors)
		mirage_program_free(program);
	return parser.errors;
}

void mirage_program_free(struct mirage_program *program)
{
	free(program->words);
	*program = (struct mirage_program){ 0 };
}
