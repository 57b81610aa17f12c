// SPDX-License-Identifier: MIT
/*
 * The disassembler.
 *
 * Its output is input of the assembler: branch targets become labels, words that
 * are no instruction become .word, and an immediate is written in the signedness
 * that its use has. Rejected: printing raw offsets, which is shorter but makes the
 * reader do the arithmetic that the machine has already done.
 */
#include "dis.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Text under construction; stays within MIRAGE_DIS_SIZE. */
struct line {
	char *text;
	size_t len;
};

static void __attribute__((format(printf, 2, 3))) put(struct line *line, const char *fmt, ...)
{
	size_t room = MIRAGE_DIS_SIZE - line->len;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line->text + line->len, room, fmt, args);
	va_end(args);
	if (n > 0)
		line->len += (size_t)n < room ? (size_t)n : room - 1;
}

static void put_reg(struct line *line, unsigned int reg)
{
	if (reg == MIRAGE_RZ)
		put(line, "rz");
	else
		put(line, "r%u", reg);
}

static void put_unsigned(struct line *line, uint64_t value)
{
	if (value < 4096)
		put(line, "%" PRIu64, value);
	else
		put(line, "0x%" PRIx64, value);
}

/* Small negative numbers read better as such, whatever their use. */
static void put_imm(struct line *line, uint32_t imm, bool sign_extended)
{
	int64_t value = (int32_t)imm;

	if (value < 0 && (sign_extended || value > -4096)) {
		put(line, "-");
		put_unsigned(line, (uint64_t)-value);
	} else {
		put_unsigned(line, imm);
	}
}

static void put_address(struct line *line, const struct mirage_insn *insn)
{
	int64_t offset = (int32_t)insn->imm;

	put(line, "[");
	if (insn->a == MIRAGE_RZ) {
		put_imm(line, insn->imm, true);
	} else {
		put_reg(line, insn->a);
		if (offset) {
			put(line, offset < 0 ? " - " : " + ");
			put_unsigned(line, (uint64_t)(offset < 0 ? -offset : offset));
		}
	}
	put(line, "]");
}

static void put_target(struct line *line, const struct mirage_insn *insn, const char *label)
{
	int64_t offset = 8 + 8 * (int64_t)(int32_t)insn->imm;

	if (label) {
		put(line, "%s", label);
		return;
	}
	put(line, ". %c ", offset < 0 ? '-' : '+');
	put_unsigned(line, (uint64_t)(offset < 0 ? -offset : offset));
}

static void put_operand(struct line *line, const struct mirage_insn *insn,
			const struct mirage_format_info *format, char letter, const char *label)
{
	switch (letter) {
	case 'd':
		put_reg(line, insn->d);
		break;
	case 'a':
		put_reg(line, insn->a);
		break;
	case 'b':
		if (insn->has_imm)
			put_imm(line, insn->imm, format->b == 2);
		else
			put_reg(line, insn->b);
		break;
	case 'c':
		put_reg(line, insn->c);
		break;
	case 'i':
		put_imm(line, insn->imm, false);
		break;
	case 's':
		put(line, "%s", mirage_special_name(insn->imm));
		break;
	case 'r':
		put(line, "%s", mirage_round_name(insn->imm));
		break;
	case 't':
		put_target(line, insn, label);
		break;
	case 'm':
		put_address(line, insn);
		break;
	case 'n':
		put(line, "[");
		put_reg(line, insn->a);
		put(line, "]");
		break;
	}
}

void mirage_dis_insn(const struct mirage_insn *insn, const char *label, char *text)
{
	const struct mirage_insn_info *info = mirage_insn_info(insn->op);
	const struct mirage_format_info *format = mirage_format_info(info->format);
	char mnemonic[MIRAGE_MNEMONIC_SIZE];
	struct line line = { .text = text };
	const char *letter;

	mirage_insn_mnemonic(info->name, mnemonic);
	put(&line, "%s", mnemonic);
	for (letter = format->syntax; *letter; letter++) {
		put(&line, letter == format->syntax ? " " : ", ");
		put_operand(&line, insn, format, *letter, label);
	}
}

/* The word index that a branch at @at goes to; false if it is no branch or leaves the program. */
static bool branch_target(const struct mirage_insn *insn, size_t at, size_t nr_words,
			  size_t *target)
{
	unsigned int format = mirage_insn_info(insn->op)->format;
	int64_t to = (int64_t)at + 1 + (int32_t)insn->imm;

	if (format != MIRAGE_FORMAT_BRANCH && format != MIRAGE_FORMAT_BRANCH_A)
		return false;
	if (to < 0 || (uint64_t)to >= nr_words)
		return false;
	*target = (size_t)to;
	return true;
}

int mirage_dis_program(const uint64_t *words, size_t nr_words, FILE *out)
{
	char text[MIRAGE_DIS_SIZE], label[24];
	enum mirage_insn_defect defect;
	struct mirage_insn insn;
	size_t at, target;
	bool *labelled;

	labelled = calloc(nr_words + 1, sizeof(*labelled));
	if (!labelled)
		return -1;
	for (at = 0; at < nr_words; at++)
		if (mirage_insn_decode(words[at], &insn) == MIRAGE_INSN_OK &&
		    branch_target(&insn, at, nr_words, &target))
			labelled[target] = true;

	for (at = 0; at < nr_words; at++) {
		if (labelled[at])
			fprintf(out, "L%zx:\n", at * 8);
		defect = mirage_insn_decode(words[at], &insn);
		if (defect) {
			fprintf(out, "\t.word 0x%016" PRIx64 "\t// %s\n", words[at],
				mirage_insn_defect_text(defect));
			continue;
		}
		if (branch_target(&insn, at, nr_words, &target)) {
			snprintf(label, sizeof(label), "L%zx", target * 8);
			mirage_dis_insn(&insn, label, text);
		} else {
			mirage_dis_insn(&insn, NULL, text);
		}
		fprintf(out, "\t%s\n", text);
	}
	free(labelled);
	return ferror(out) ? -1 : 0;
}
