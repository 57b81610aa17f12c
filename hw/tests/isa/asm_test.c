// SPDX-License-Identifier: MIT
/* Assembler and disassembler: exact round trips, the language's features, errors with their place. */
#include <stdlib.h>
#include <string.h>

#include "asm.h"
#include "check.h"
#include "dis.h"

struct errors {
	unsigned int nr;
	unsigned int line;	/* of the first */
	unsigned int column;
	char message[200];
};

static void note_error(void *ctx, unsigned int line, unsigned int column, const char *message)
{
	struct errors *errors = ctx;

	if (!errors->nr++) {
		errors->line = line;
		errors->column = column;
		snprintf(errors->message, sizeof(errors->message), "%s", message);
	}
}

static struct errors assemble(const char *text, size_t size, struct mirage_program *program)
{
	struct errors errors = { 0 };
	unsigned int nr = mirage_assemble(text, size, program, note_error, &errors);

	CHECK_EQ(nr, errors.nr);
	return errors;
}

/* Disassemble, assemble, compare. */
static void round_trip(const uint64_t *words, size_t nr)
{
	struct mirage_program program;
	struct errors errors;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	CHECK(out && !mirage_dis_program(words, nr, out));
	fclose(out);
	errors = assemble(text, size, &program);
	CHECK_MSG(!errors.nr, "%u:%u: %s", errors.line, errors.column, errors.message);
	if (!errors.nr) {
		CHECK_EQ(program.nr_words, nr);
		CHECK(program.nr_words == nr && !memcmp(program.words, words, nr * 8));
		mirage_program_free(&program);
	}
	free(text);
}

static uint64_t random_word(unsigned int op)
{
	struct mirage_insn insn;
	uint64_t word;

	/* Draw until it is defined; the opcode fixed, few bits have to fit. */
	do {
		const struct mirage_format_info *format =
			mirage_format_info(mirage_insn_info(op)->format);
		uint64_t mask = 0x3ff;

		mask |= format->d ? 0xffull << 16 : 0;
		mask |= format->a ? 0xffull << 24 : 0;
		word = (random_u64() & mask & ~0x1ffull) | op;
		if (MIRAGE_INSN_I(word))
			word |= (random_u64() & 3 ? random_operand() : random_u64() % 13) << 32;
		else
			word |= (format->b ? random_u64() & 0xff : 0) << 32 |
				(format->c ? random_u64() & 0xff : 0) << 40;
	} while (mirage_insn_decode(word, &insn));
	return word;
}

static void every_instruction_survives_text(void)
{
	uint64_t words[64];
	unsigned int op, i;

	for (op = 0; op < MIRAGE_NR_OPCODES; op++) {
		if (!mirage_insn_info(op))
			continue;
		for (i = 0; i < 64; i++)
			words[i] = random_word(op);
		round_trip(words, 64);
	}
}

static void any_binary_survives_text(void)
{
	uint64_t words[256];
	unsigned int i, run;

	for (run = 0; run < 50; run++) {
		for (i = 0; i < 256; i++) {
			words[i] = random_u64();
			if (run & 1)
				words[i] &= 0xff0003ffull | 0xffull << 32;
		}
		round_trip(words, 256);
	}
}

static void branches_inside_the_program_get_labels(void)
{
	/* Backward, forward, to itself, to the end and outside. */
	static const int32_t offsets[] = { -3, 2, -1, 0, 100, -100 };
	uint64_t words[8];
	unsigned int i;

	for (i = 0; i < 6; i++) {
		struct mirage_insn insn = { .op = MIRAGE_OP_BRA, .has_imm = true };
		unsigned int j;

		insn.imm = (uint32_t)offsets[i];
		for (j = 0; j < 8; j++)
			words[j] = MIRAGE_OP_NOP;
		words[4] = mirage_insn_encode(&insn);
		round_trip(words, 8);
	}
}

/* Both texts make the same words. */
static void check_same(const char *text, const char *want)
{
	struct mirage_program x, y;
	struct errors errors = assemble(text, strlen(text), &x);

	CHECK_MSG(!errors.nr, "%s: %u:%u: %s", text, errors.line, errors.column, errors.message);
	if (errors.nr)
		return;
	errors = assemble(want, strlen(want), &y);
	CHECK(!errors.nr);
	CHECK_MSG(x.nr_words == y.nr_words && !memcmp(x.words, y.words, x.nr_words * 8), "%s",
		  text);
	mirage_program_free(&x);
	mirage_program_free(&y);
}

static void numbers_can_be_written_in_many_ways(void)
{
	check_same("mov r0, 0x1_0\nmov r0, 0b10000\nmov r0, '\\n' + 6", "mov r0, 16\n"
		   "mov r0, 16\nmov r0, 16");
	check_same("mov r0, -1", "mov r0, 0xffffffff");
	check_same("mov r0, ~0", "mov r0, -1");
	check_same("mov.64 r0, -0x80000000", "mov.64 r0, 0xffffffff80000000");
	check_same("mov r0, 2 + 3 * 4 - (10 / 5) % 2", "mov r0, 14");
	check_same("mov r0, 1 << 4 | 3 & 6 ^ 1", "mov r0, 19");
	check_same("mov r0, 256 >> 4 >> 2", "mov r0, 4");
	check_same("mov r0, ' '\nmov r1, '\\''\nmov r2, '\\0'", "mov r0, 32\nmov r1, 39\nmov r2, 0");
}

static void addresses_can_be_written_in_many_ways(void)
{
	check_same("ld.32 r0, [r2]", "ld.32 r0, [r2 + 0]");
	check_same("ld.32 r0, [r2 - 16 + 4]", "ld.32 r0, [r2 + -12]");
	check_same("ldc r0, [8 * 3]", "ldc r0, [rz + 24]");
	check_same(".equ OFF, 8\nst.64 [r4 + OFF * 2], r6", "st.64 [r4 + 16], r6");
	check_same("lds.32 r0, [r1 + 0xfffffffc]", "lds.32 r0, [r1 - 4]");
}

static void names_stand_for_what_they_were_given(void)
{
	check_same(".reg ptr, r4\n.reg again, ptr\nld.64 again, [ptr + 8]", "ld.64 r4, [r4 + 8]");
	check_same("a: b: nop\nbra a\nbra b\nbra c\nc: exit", "nop\nbra . - 8\nbra . - 16\n"
		   "bra . + 8\nexit");
	check_same("x:\n.equ LEN, . - x\nnop\ny: .equ ALL, y - x\nmov r0, ALL\nmov r1, LEN",
		   "nop\nmov r0, 8\nmov r1, 0");
	check_same("/* a\nb */ nop // c\n# d\n exit # e", "nop\nexit");
	check_same(".word 0x0123456789abcdef\n.word 1 << 63", ".word 81985529216486895\n"
		   ".word 0x8000000000000000");
}

static void a_program_knows_its_registers_and_shared_memory(void)
{
	static const char text[] = ".equ N, 16\n.shared N * 4\nadd.64 r2, r10, 1\nexit\n";
	struct mirage_program program;
	struct errors errors = assemble(text, strlen(text), &program);

	CHECK_EQ(errors.nr, 0);
	CHECK_EQ(program.nr_regs, 12);
	CHECK_EQ(program.shared_size, 64);
	mirage_program_free(&program);

	errors = assemble("exit", 4, &program);
	CHECK_EQ(errors.nr, 0);
	CHECK_EQ(program.nr_regs, 1);
	CHECK_EQ(program.shared_size, 0);
	mirage_program_free(&program);
}

static void errors_name_their_place(void)
{
	static const struct {
		const char *text;
		unsigned int line;
		unsigned int column;
		const char *part;	/* of the message */
	} cases[] = {
		{ "nop\n  frob r1", 2, 3, "unknown instruction 'frob'" },
		{ "nop\n.frob", 2, 1, "unknown directive '.frob'" },
		{ "add r0, r1", 1, 11, "',' is missing" },
		{ "add r0, r1, r255", 1, 13, "'r255' is not defined" },
		{ "add r0, r1, r01", 1, 13, "'r01' is not defined" },
		{ "add.64 r1, r2, r4", 1, 8, "even register" },
		{ "add.64 r254, r2, r4", 1, 8, "even register" },
		{ "mov.64 r0, 0x80000000", 1, 12, "sign-extended 32-bit" },
		{ "mov r0, 0x100000000", 1, 9, "does not fit" },
		{ "mov r0, -0x80000001", 1, 9, "does not fit" },
		{ "mov r0, 0x10000000000000000", 1, 9, "64 bits" },
		{ "mov r0, 0xg", 1, 9, "malformed number" },
		{ "mov r0, 0x", 1, 9, "without digits" },
		{ "mov r0, 'ab'", 1, 9, "not closed" },
		{ "mov r0, '\\q'", 1, 9, "unknown escape" },
		{ "mov r0, '", 1, 9, "malformed character" },
		{ "mov r0, 1 / 0", 1, 11, "division by zero" },
		{ "mov r0, 1 << 64", 1, 11, "shift by 64, the limit is 63" },
		{ "mov r0, (1", 1, 11, "')' is missing" },
		{ "mov r0, 1 + r2", 1, 13, "register cannot be part" },
		{ "mov r0, 1 2", 1, 11, "should end here" },
		{ "mov r0, @", 1, 9, "unexpected character" },
		{ "sel r0, r1, 5, r2", 1, 13, "register is missing" },
		{ "ld.32 r0, r2", 1, 11, "'[' is missing" },
		{ "ld.32 r0, [r2 * 4]", 1, 15, "+, - or ]" },
		{ "atom.add r0, [r2 + 4], r5", 1, 18, "no offset" },
		{ "s2r r0, local_w", 1, 9, "special value" },
		{ "bra nowhere", 1, 5, "'nowhere' is not defined" },
		{ "bra . + 4", 1, 5, "0x4 is not a multiple of 8" },
		{ "bra . + (1 << 40)", 1, 5, "0x10000000000 is too far away" },
		{ "x: nop\nx: nop", 2, 1, "already defined in line 1" },
		{ "r5: nop", 1, 1, "cannot be defined" },
		{ ".equ A, B\n.equ B, 1", 1, 9, "'B' is not defined before" },
		{ ".equ 5, 1", 1, 6, "name is missing" },
		{ ".reg a, 5", 1, 9, "register is missing" },
		{ ".shared 1 << 32", 1, 9, "has 0x100000000 bytes" },
		{ "nop /* open", 1, 5, "comment is not closed" },
		{ ", nop", 1, 1, "instruction is missing" },
		{ "", 1, 1, "no instruction" },
	};
	struct mirage_program program;
	struct errors errors;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		errors = assemble(cases[i].text, strlen(cases[i].text), &program);
		CHECK_MSG(errors.nr == 1 && errors.line == cases[i].line &&
				  errors.column == cases[i].column &&
				  strstr(errors.message, cases[i].part),
			  "'%s' gave %u errors, first %u:%u: %s", cases[i].text, errors.nr,
			  errors.line, errors.column, errors.message);
		CHECK(!program.words);
	}
}

static void each_wrong_line_is_reported_up_to_a_limit(void)
{
	struct mirage_program program;
	struct errors errors;
	char text[400] = "";
	unsigned int i;

	errors = assemble("foo\nnop\nbaz\n", 12, &program);
	CHECK_EQ(errors.nr, 2);
	for (i = 0; i < 50; i++)
		strcat(text, "foo\n");
	errors = assemble(text, strlen(text), &program);
	CHECK_EQ(errors.nr, MIRAGE_ASM_MAX_ERRORS);
}

static void nesting_is_bounded(void)
{
	static char text[100000];
	struct mirage_program program;
	struct errors errors;

	memset(text, '(', sizeof(text));
	memcpy(text, "mov r0,", 7);
	errors = assemble(text, sizeof(text), &program);
	CHECK_EQ(errors.nr, 1);
	CHECK(strstr(errors.message, "nested too deeply"));
}

static void a_program_may_be_as_large_as_a_dispatch_and_no_larger(void)
{
	size_t nr = MIRAGE_ASM_MAX_WORDS, size = (nr + 1) * 4, i;
	struct mirage_program program;
	char *text = malloc(size);
	struct errors errors;

	CHECK(text);
	for (i = 0; i <= nr; i++)
		memcpy(text + 4 * i, "nop\n", 4);
	errors = assemble(text, size - 4, &program);
	CHECK_EQ(errors.nr, 0);
	CHECK_EQ(program.nr_words, nr);
	mirage_program_free(&program);
	errors = assemble(text, size, &program);
	CHECK(errors.nr >= 1 && strstr(errors.message, "larger than 2^24 bytes"));
	free(text);
}

static void garbage_text_ends_in_errors(void)
{
	static const char alphabet[] = "abr0z19.,:[]()+-<>*/%&|^~ '\\\n\t#xlds_";
	struct mirage_program program;
	unsigned int run, i, wrong = 0;
	char text[300];

	for (run = 0; run < 20000; run++) {
		unsigned int len = random_u64() % sizeof(text);

		for (i = 0; i < len; i++)
			text[i] = random_u64() % 50 ? alphabet[random_u64() % (sizeof(alphabet) - 1)] :
						      (char)random_u64();
		if (assemble(text, len, &program).nr)
			wrong++;
		else
			mirage_program_free(&program);
	}
	CHECK(wrong > 19000);
}

SCENARIOS({ "every instruction survives text", every_instruction_survives_text },
	  { "any binary survives text", any_binary_survives_text },
	  { "branches inside the program get labels", branches_inside_the_program_get_labels },
	  { "numbers can be written in many ways", numbers_can_be_written_in_many_ways },
	  { "addresses can be written in many ways", addresses_can_be_written_in_many_ways },
	  { "names stand for what they were given", names_stand_for_what_they_were_given },
	  { "a program knows its registers and shared memory",
	    a_program_knows_its_registers_and_shared_memory },
	  { "errors name their place", errors_name_their_place },
	  { "each wrong line is reported, up to a limit", each_wrong_line_is_reported_up_to_a_limit },
	  { "nesting is bounded", nesting_is_bounded },
	  { "a program may be as large as a dispatch and no larger",
	    a_program_may_be_as_large_as_a_dispatch_and_no_larger },
	  { "garbage text ends in errors", garbage_text_ends_in_errors })
