// SPDX-License-Identifier: MIT
/*
 * Prints hw/doc/structures.md: the structures in memory from their tables, the numbers from their
 * lists, and examples that the compiler and the assembler have laid out. A test compares the
 * committed file with this, and hw/tests/doc_test.c gives its examples to the model.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "asm.h"
#include "hw/packets.h"
#include "hw/pte.h"
#include "hw/queues.h"
#include "hw/regs.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

enum kind { KIND_STRUCT, KIND_FIELD };

struct row {
	enum kind kind;
	const char *name;
	size_t offset;	/* of a structure: its size */
	size_t width;	/* of an element */
	size_t number;	/* of elements, 0: not an array */
	const char *doc;
};

static const struct row rows[] = {
#define STRUCT(structure, doc) { KIND_STRUCT, #structure, sizeof(struct mirage_##structure), 0, 0, doc },
#define FIELD(structure, type, name, doc) \
	{ KIND_FIELD, #name, offsetof(struct mirage_##structure, name), sizeof(type), 0, doc },
#define ARRAY(structure, type, name, number, doc) \
	{ KIND_FIELD, #name, offsetof(struct mirage_##structure, name), sizeof(type), number, doc },
#include "hw/structs/all.def"
#undef STRUCT
#undef FIELD
#undef ARRAY
};

static const char intro[] =
	"<!-- SPDX-License-Identifier: MIT -->\n"
	"<!-- Made by hw/tools/structdoc.c from hw/include/hw/structs and the lists of numbers; do not edit. -->\n"
	"# Structures in memory\n"
	"\n"
	"All fields are little endian. Offsets and widths are in bytes; `3 x 4` is an array of three fields of\n"
	"four bytes. Software writes 0 to the fields called rsvd, and to what is beyond the last field. The\n"
	"device checks them in the VM table, the first half of a channel descriptor, and dispatch descriptors.\n"
	"The packets are in [packets.md](packets.md), page-table entries in [mmu.md](mmu.md). Names in C:\n"
	"`struct mirage_<structure>` (`hw/queues.h`, `hw/packets.h`).\n";

static void print_row(const struct row *row)
{
	if (row->kind == KIND_STRUCT) {
		printf("\n## %s: %zu bytes\n\n%s.\n\n|Offset|Width|Name|Meaning|\n|---|---|---|---|\n",
		       row->name, row->offset, row->doc);
		return;
	}
	printf("|%zu|", row->offset);
	if (row->number)
		printf("%zu x ", row->number);
	printf("%zu|%s|%s|\n", row->width, row->name, row->doc);
}

struct number {
	const char *name;
	unsigned long long value;
	const char *doc;
};

#define NUMBER(name, doc) { #name, name, doc }

static const struct number bits[] = {
	NUMBER(MIRAGE_PHYS_SYSTEM, "physical pointer: a bus address, else an offset into VRAM"),
	NUMBER(MIRAGE_CMD_ALL, "mirage_cmd.flags: INVALIDATE, all entries of the VM; REPLAY, every VM"),
	NUMBER(MIRAGE_CHAN_NO_FAULT, "mirage_chan_desc.flags: a failed translation stops the channel"),
	NUMBER(MIRAGE_CHAN_WAITING, "mirage_chan_desc.wait_ns: the channel waits for its turn now"),
	NUMBER(MIRAGE_FENCE_NOTIFY, "flags of a FENCE packet: add a FENCE event"),
	NUMBER(MIRAGE_SEM_EQUAL, "flags of a SEM_WAIT packet: wait until the values are equal"),
};

static const struct number commands[] = {
	NUMBER(MIRAGE_CMD_NOP, "no effect"),
	NUMBER(MIRAGE_CMD_SYNC, "write `value` to `addr` when all commands before are complete"),
	NUMBER(MIRAGE_CMD_INVALIDATE, "drop translations"),
	NUMBER(MIRAGE_CMD_REPLAY, "resume the units that a fault suspended"),
	NUMBER(MIRAGE_CMD_CHAN_START, "start a channel, or let a stopped one go on"),
	NUMBER(MIRAGE_CMD_CHAN_STOP, "stop a channel and keep its work"),
	NUMBER(MIRAGE_CMD_CHAN_RESET, "drop a channel's work"),
	NUMBER(MIRAGE_CMD_CHAN_SAVE, "write a stopped channel's work to memory"),
	NUMBER(MIRAGE_CMD_CHAN_RESTORE, "read it back"),
};

static const struct number states[] = {
	NUMBER(MIRAGE_CHAN_IDLE, "not started, or reset, or saved"),
	NUMBER(MIRAGE_CHAN_RUNNING, "started"),
	NUMBER(MIRAGE_CHAN_STOPPED, "stopped by CHAN_STOP; its work is kept"),
	NUMBER(MIRAGE_CHAN_ERROR, "stopped by an error; only CHAN_RESET leaves this state"),
};

static const struct number classes[] = {
	NUMBER(MIRAGE_CHAN_COPY, "every packet but DISPATCH"),
	NUMBER(MIRAGE_CHAN_COMPUTE, "every packet"),
};

static const struct number events[] = {
	NUMBER(MIRAGE_EVENT_FENCE, "a FENCE packet with NOTIFY is complete"),
	NUMBER(MIRAGE_EVENT_ERROR, "a channel has stopped with an error"),
};

#define CHAN(name, value, text) { "MIRAGE_CHAN_" #name, value, text }
#define ACCESS(name, value, text) { "MIRAGE_ACCESS_" #name, value, text }
#define FAULT(name, value, text) { "MIRAGE_FAULT_" #name, value, text }
#define UNIT(name, value, text) { "MIRAGE_UNIT_" #name, value, text }
#define DEV(name, value, text) { "MIRAGE_DEV_" #name, value, text }

static const struct number errors[] = { MIRAGE_CHAN_ERRORS(CHAN) };
static const struct number accesses[] = { MIRAGE_ACCESSES(ACCESS) };
static const struct number faults[] = { MIRAGE_FAULT_KINDS(FAULT) };
static const struct number units[] = { MIRAGE_FAULT_UNITS(UNIT) };
static const struct number dev_errors[] = { MIRAGE_DEV_ERRORS(DEV) };

#define LIST(title, numbers, file) { title, file, numbers, ARRAY_SIZE(numbers) }

static const struct {
	const char *title;
	const char *file;	/* the document that says more */
	const struct number *numbers;
	size_t nr;
} lists[] = {
	LIST("Commands: enum mirage_cmd_op", commands, "queues.md"),
	LIST("Classes of channels: enum mirage_chan_class", classes, "channels.md"),
	LIST("States of channels: enum mirage_chan_state", states, "channels.md"),
	LIST("Errors of channels: enum mirage_chan_error", errors, "channels.md"),
	LIST("Accesses: enum mirage_access", accesses, "faults.md"),
	LIST("Kinds of faults: enum mirage_fault_kind", faults, "mmu.md"),
	LIST("Units that fault: enum mirage_fault_unit", units, "faults.md"),
	LIST("Events: enum mirage_event_type", events, "queues.md"),
	LIST("Errors of the device: enum mirage_dev_error", dev_errors, "reset.md"),
};

static void print_numbers(void)
{
	printf("\n## Numbers\n\n**Bits**\n\n|Value|Name|Meaning|\n|---|---|---|\n");
	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		printf("|0x%llx|%s|%s|\n", bits[i].value, bits[i].name, bits[i].doc);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		printf("\n**%s**, see [%s](%s)\n\n|Value|Name|Meaning|\n|---|---|---|\n",
		       lists[i].title, lists[i].file, lists[i].file);
		for (size_t j = 0; j < lists[i].nr; j++) {
			const struct number *number = &lists[i].numbers[j];

			printf("|%llu|%s|%s|\n", number->value, number->name, number->doc);
		}
	}
}

/* The words of a structure from the lowest address, four in a line. */
static void print_words(const char *mark, const void *data, size_t size)
{
	__u32 word;

	printf("```\n%s\n", mark);
	for (size_t at = 0; at < size; at += sizeof(word)) {
		if (at % 16 == 0)
			printf("%4zu:", at);
		memcpy(&word, (const char *)data + at, sizeof(word));
		printf(" %08x%s", word, at % 16 == 12 || at + sizeof(word) == size ? "\n" : "");
	}
	printf("```\n");
}

static const struct mirage_chan_desc chan_example = {
	.ring = 0x140010000 | MIRAGE_PHYS_SYSTEM,
	.ring_order = 10,
	.class = MIRAGE_CHAN_COMPUTE,
	.vm = 3,
	.priority = 2,
	.put = 9,
};

static struct mirage_dispatch dispatch_example = {
	.code = 0x40000000,
	.args = 0x50000080,
	.args_size = 8,
	.grid = { 2, 1, 1 },
	.group = { 64, 1, 1 },
};

static const struct mirage_fault_entry fault_example = {
	.addr = 0x20000008,
	.time_ns = 12000000,
	.chan = 1,
	.vm = 3,
	.access = MIRAGE_ACCESS_ATOMIC,
	.kind = MIRAGE_FAULT_NOT_PRESENT,
	.unit = MIRAGE_UNIT_COMPUTE,
	.wave = 3,
};

static const char program_example[] =
	"	ldc.64	r2, [0]\n"
	"	atom.add.64 rz, [r2], 1\n"
	"	exit\n";

static void asm_error(void *ctx, unsigned int line, unsigned int column, const char *message)
{
	(void)ctx;
	fprintf(stderr, "structdoc: line %u column %u: %s\n", line, column, message);
}

static int print_examples(void)
{
	struct mirage_program program;

	if (mirage_assemble(program_example, strlen(program_example), &program, asm_error, NULL))
		return 1;
	dispatch_example.code_size = (__u32)(program.nr_words * sizeof(program.words[0]));
	dispatch_example.nr_regs = program.nr_regs;

	printf("\n## Examples\n\nEach line has the offset and four 32-bit words, the lowest address first.\n\n"
	       "This is a channel of class COMPUTE in VM 3 with priority 2, before CHAN_START. Its ring has 1024\n"
	       "words at bus address 0x140010000 and holds the nine words of [packets.md](packets.md). CHAN_START\n"
	       "makes the device write 1 (RUNNING) at offset 68, and 9 at offset 64 when the packets are complete.\n\n");
	print_words("chan_desc", &chan_example, sizeof(chan_example));
	printf("\nIn this kernel each work item adds 1 to a 64-bit word:\n\n```asm\n%s```\n\n"
	       "The assembler makes these words of it, for address 0x40000000:\n\n", program_example);
	print_words("code", program.words, dispatch_example.code_size);
	mirage_program_free(&program);
	printf("\nThis descriptor runs it for two groups of 64 work items. Its argument block, at 0x50000080, holds\n"
	       "the address of the word, 0x20000008.\n\n");
	print_words("dispatch", &dispatch_example, sizeof(dispatch_example));
	printf("\nNo page is mapped at 0x20000008, so each of the four waves faults, in any order. Where channel 1 of\n"
	       "VM 3 runs the dispatch, this is the entry of the wave in slot 3, 12 ms after the reset:\n\n");
	print_words("fault_entry", &fault_example, sizeof(fault_example));
	return 0;
}

int main(void)
{
	fputs(intro, stdout);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		print_row(&rows[i]);
	print_numbers();
	return print_examples() || ferror(stdout) || fflush(stdout);
}
