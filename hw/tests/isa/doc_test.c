// SPDX-License-Identifier: MIT
/* The examples of hw/doc/isa.md: they assemble, and do what the text beside them says. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "insn.h"
#include "machine.h"

/* Example @n, from 0: the text of a block marked asm. To be freed. */
static char *example(unsigned int n)
{
	static const char begin[] = "\n```asm\n", end[] = "\n```";
	static char document[1 << 17];
	FILE *file = fopen(ISA_DOC, "rb");
	size_t size = file ? fread(document, 1, sizeof(document) - 1, file) : 0;
	const char *at = document, *stop;

	if (file)
		fclose(file);
	document[size] = '\0';
	CHECK(size > 0 && size < sizeof(document) - 1);
	do {
		at = strstr(at, begin);
		if (!at)
			return NULL;
		at += sizeof(begin) - 1;
	} while (n--);
	stop = strstr(at, end);
	CHECK(stop);
	return stop ? strndup(at, (size_t)(stop - at) + 1) : NULL;
}

static struct machine *machine_with(unsigned int n)
{
	struct machine *machine = machine_create();
	char *text = example(n);

	CHECK(text);
	if (text)
		machine_asm(machine, text);
	free(text);
	machine_arg(machine, 0, MACHINE_DATA);
	machine_arg(machine, 1, MACHINE_DATA + 65536);
	return machine;
}

static void the_list_is_walked(void)
{
	struct machine *machine = machine_with(0);
	uint32_t i, n;

	/* List i has i % 7 nodes, the nodes scattered, its first pointer at quad i. */
	machine_grid(machine, 4, 50);
	for (i = 0; i < 200; i++) {
		uint64_t next = 0;

		for (n = 0; n < i % 7; n++) {
			uint32_t at = 200 + 2 * ((i * 7 + n) * 13 % 1400);

			*machine_quad(machine, at) = next;
			*machine_word(machine, 2 * at + 2) = i + n;
			next = MACHINE_DATA + 8 * at;
		}
		*machine_quad(machine, i) = next;
	}
	machine_run(machine);
	for (i = 0; i < 200; i++) {
		uint32_t want = 0;

		for (n = 0; n < i % 7; n++)
			want += i + n;
		CHECK_EQ(*machine_word(machine, 16384 + i), want);
	}
	machine_destroy(machine);
}

static void the_counter_counts(void)
{
	struct machine *machine = machine_with(1);

	machine_grid(machine, 77, 99);
	*machine_quad(machine, 0) = 0xffffff00ull;
	machine_run(machine);
	CHECK_EQ(*machine_quad(machine, 0), 0xffffff00ull + 77 * 99);
	machine_destroy(machine);
}

static void the_reduction_reduces(void)
{
	uint32_t items, i, g;

	for (items = 1; items <= 1024; items *= 4) {
		struct machine *machine = machine_with(2);

		machine_grid(machine, 5, items);
		for (i = 0; i < 5 * items; i++)
			*machine_word(machine, i) = (uint32_t)random_u64();
		machine_run(machine);
		for (g = 0; g < 5; g++) {
			uint32_t sum = 0;

			for (i = 0; i < items; i++)
				sum += *machine_word(machine, g * items + i);
			CHECK_EQ(*machine_word(machine, 16384 + g), sum);
		}
		machine_destroy(machine);
	}
}

static void there_are_three_examples(void)
{
	char *text = example(3);

	CHECK(!text);
	free(text);
}

static void the_encoding_example_is_right(void)
{
	struct mirage_insn insn = { .op = MIRAGE_OP_ADD, .has_imm = true, .d = 4, .a = 2,
				    .imm = 100 };

	CHECK_EQ(mirage_insn_encode(&insn), 0x0000006402040220ull);
}

SCENARIOS({ "the list is walked", the_list_is_walked },
	  { "the counter counts", the_counter_counts },
	  { "the reduction reduces", the_reduction_reduces },
	  { "there are three examples", there_are_three_examples },
	  { "the encoding example is right", the_encoding_example_is_right })
