// SPDX-License-Identifier: MIT
/*
 * Prints hw/doc/registers.md from the register tables, so that document, model
 * and driver cannot differ. A test compares the committed file with this.
 */
#include <stdio.h>

#include "hw/regs.h"

enum kind { KIND_UNIT, KIND_REG, KIND_REG64, KIND_FIELD };

struct row {
	enum kind kind;
	const char *name;
	unsigned int offset;	/* of a unit: base; of a field: high bit */
	unsigned int value;	/* of a unit: size; of a register: reset; of a field: low bit */
	const char *access;
	const char *doc;
};

static const struct row rows[] = {
#define UNIT(unit, base, size, doc) { KIND_UNIT, #unit, (base), (size), "", (doc) },
#define REG(unit, name, off, access, reset, doc) { KIND_REG, #name, (off), (reset), #access, (doc) },
#define REG64(unit, name, off, access, doc) { KIND_REG64, #name, (off), 0, #access, (doc) },
#define FIELD(unit, reg, name, hi, lo, doc) { KIND_FIELD, #name, (hi), (lo), "", (doc) },
#include "hw/regs/all.def"
};

static const char intro[] =
	"<!-- SPDX-License-Identifier: MIT -->\n"
	"<!-- Made by hw/tools/regdoc.c from hw/include/hw/regs; do not edit. -->\n"
	"# Registers (BAR0)\n"
	"\n"
	"Registers are 32-bit little-endian words; they are read and written as aligned 32-bit\n"
	"words. A read of any other size or alignment returns ones, such a write is ignored. An\n"
	"offset that no unit claims reads as ones and ignores writes.\n"
	"\n"
	"|Access|Read|Write|\n"
	"|---|---|---|\n"
	"|RO|the value|ignored|\n"
	"|RW|the value|sets it; in a register with fields only their bits|\n"
	"|WO|0|has the effect described|\n"
	"|W1C|the value|clears the bits that are 1 in what is written|\n"
	"\n"
	"A 64-bit register is two words, low half first. Each PERF counter, and TIME, latches: a read of the\n"
	"low half keeps the high half of that moment, for this register alone, and a read of the high half\n"
	"returns what was kept (0 after reset). So software reads the low half, then the high half: together\n"
	"they are one value. The other pairs hold what was written. Names in C: `MIRAGE_<unit>_<register>`\n"
	"is the offset, `MIRAGE_<unit>_<register>_<field>__MASK` and `__SHIFT` the field (`hw/regs.h`).\n"
	"Values are those after reset. *size* is what the device has, the same after each reset.\n";

/* The size of VRAM is that of the device at hand: the model fills it in. */
static int is_vram_size(unsigned int offset)
{
	return offset == MIRAGE_BUS_VRAM_SIZE_LO || offset == MIRAGE_BUS_VRAM_SIZE_HI;
}

static void print_row(const struct row *row)
{
	switch (row->kind) {
	case KIND_UNIT:
		printf("\n## %s: 0x%04x to 0x%04x\n\n%s.\n\n", row->name, row->offset,
		       row->offset + row->value - 1, row->doc);
		printf("|Offset|Name|Access|Reset|Meaning|\n|---|---|---|---|---|\n");
		break;
	case KIND_REG:
		printf("|0x%04x|%s|%s|", row->offset, row->name, row->access);
		if (is_vram_size(row->offset))
			printf("*size*|%s|\n", row->doc);
		else
			printf("0x%x|%s|\n", row->value, row->doc);
		break;
	case KIND_REG64:
		printf("|0x%04x|%s|%s|0|%s (64 bits, low half; the high half is at 0x%04x, a read latches it)|\n",
		       row->offset, row->name, row->access, row->doc, row->offset + 4);
		break;
	case KIND_FIELD:
		if (row->offset == row->value)
			printf("||bit %u: %s|||%s|\n", row->offset, row->name, row->doc);
		else
			printf("||bits %u..%u: %s|||%s|\n", row->offset, row->value, row->name,
			       row->doc);
		break;
	}
}

int main(void)
{
	fputs(intro, stdout);
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		print_row(&rows[i]);
	return ferror(stdout) || fflush(stdout);
}
