// SPDX-License-Identifier: MIT
/*
 * Fuzzing the instruction set: what a guest can put into memory and dispatch, and
 * what a user can put into a source file.
 *
 * The first byte chooses. Even: a header and 64-bit words, run as a program on a
 * machine of the tests, with faults, replays and invalidations, for a bounded
 * number of slices. Odd: text for the assembler; what it accepts must survive the
 * disassembler.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asm.h"
#include "dis.h"
#include "fuzz.h"
#include "machine.h"

#define MAX_WORDS	512u
#define SLICES		40u

/* The fields before the words of a program. */
struct header {
	uint8_t nr_regs;
	uint8_t items;		/* of a group, in units of 4 */
	uint8_t groups;
	uint8_t shared;		/* in units of 16 bytes */
	uint8_t absent;		/* every so many-th data page is not there */
	uint8_t invalidate;	/* every so many-th slice */
	uint8_t args;		/* offset of the first argument, in units of 8 bytes */
};

static void run_program(const uint8_t *data, size_t size)
{
	uint64_t words[MAX_WORDS];
	struct machine *machine;
	struct header header;
	unsigned int i;
	size_t nr;

	if (size < sizeof(header) + 8)
		return;
	memcpy(&header, data, sizeof(header));
	nr = (size - sizeof(header)) / 8;
	nr = nr < MAX_WORDS ? nr : MAX_WORDS;
	memcpy(words, data + sizeof(header), nr * 8);

	machine = machine_create();
	machine_code(machine, words, nr, header.nr_regs ? header.nr_regs : 1);
	machine->desc.shared_size = header.shared * 16u;
	machine_grid(machine, header.groups + 1u, header.items * 4u + 1u);
	for (i = 0; i < 8; i++)
		machine_arg(machine, i, MACHINE_DATA + 8u * header.args + 4096u * i);
	for (i = 32; header.absent && i < MACHINE_PAGES; i += header.absent)
		machine->present[i] = false;
	machine->writable[40] = false;

	fuzz_require(compute_start(machine->compute, &machine->desc) == MIRAGE_CHAN_OK,
		"a valid descriptor was refused");
	for (i = 0; i < SLICES; i++) {
		struct compute_result result;

		compute_run(machine->compute, 300, &result);
		fuzz_require(result.instructions <= 300, "a slice went beyond its budget");
		fuzz_require(result.lane_instructions <= 32 * result.instructions,
			"an instruction had more than 32 lanes");
		if (result.status == COMPUTE_DONE || result.status == COMPUTE_ERROR)
			break;
		if (result.status == COMPUTE_BLOCKED)
			fuzz_require(compute_replay(machine->compute) > 0, "blocked by nothing");
		if (header.invalidate && i % header.invalidate == 0)
			compute_invalidate(machine->compute, MACHINE_CODE, 4096);
		machine->present[32 + i] = true;
	}
	for (i = 0; i < 4096; i++)
		fuzz_require(machine->memory[40 * 4096 + i] == 0, "a page without WRITE was written");
	machine_destroy(machine);
}

static void ignore_error(void *ctx, unsigned int line, unsigned int column, const char *message)
{
	(void)ctx;
	(void)column;
	fuzz_require(line > 0 && message[0], "an error without place or message");
}

static void assemble(const uint8_t *data, size_t size)
{
	struct mirage_program program, again;
	char *text = NULL;
	size_t length;
	FILE *out;

	if (mirage_assemble((const char *)data, size, &program, ignore_error, NULL))
		return;
	out = open_memstream(&text, &length);
	fuzz_require(out && !mirage_dis_program(program.words, program.nr_words, out),
		"disassembly failed");
	fclose(out);
	fuzz_require(mirage_assemble(text, length, &again, ignore_error, NULL) == 0,
		"disassembly does not assemble");
	fuzz_require(again.nr_words == program.nr_words &&
			!memcmp(again.words, program.words, 8 * program.nr_words),
		"disassembly assembles to something else");
	mirage_program_free(&program);
	mirage_program_free(&again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	if (data[0] & 1)
		assemble(data + 1, size - 1);
	else
		run_program(data + 1, size - 1);
	return 0;
}

#define TEXT_SEED(text)	{ (const uint8_t *)(text), sizeof(text) - 1 }

const struct fuzz_seed fuzz_seeds[] = {
	/* Header: 20 registers, groups of 49, 4 of them, 64 bytes of shared memory, no faults. */
	FUZZ_SEED(0, 20, 12, 3, 4, 0, 0, 0,
		  0x16, 0x02, 0x02, 0xff, 0, 0, 0, 0,		/* ldc.64 r2, [0] */
		  0xb0, 0x02, 0x04, 0x02, 1, 0, 0, 0,		/* atom.add.64 r4, [r2], 1 */
		  0x03, 0, 0, 0, 0, 0, 0, 0,			/* bar */
		  0x9b, 0x02, 0x04, 0xff, 8, 0, 0, 0,		/* sts.64 [8], r4 */
		  0x8b, 0x02, 0x04, 0x02, 0, 0x10, 0, 0,	/* st.64 [r2 + 4096], r4 */
		  0x01, 0, 0, 0, 0, 0, 0, 0),			/* exit */
	/* A loop that diverges by lane, with every third page absent. */
	FUZZ_SEED(0, 8, 16, 1, 0, 3, 5, 1,
		  0x14, 0x02, 0x00, 0, 0, 0, 0, 0,		/* s2r r0, lane */
		  0x16, 0x02, 0x02, 0xff, 0, 0, 0, 0,		/* ldc.64 r2, [0] */
		  0x53, 0x02, 0x04, 0x00, 0, 0x10, 0, 0,	/* mulwu r4, r0, 4096 */
		  0x50, 0, 0x02, 0x02, 4, 0, 0, 0,		/* add.64 r2, r2, r4 */
		  0x84, 0x02, 0x05, 0x02, 0, 0, 0, 0,		/* ld.32 r5, [r2] */
		  0x21, 0x02, 0x00, 0x00, 1, 0, 0, 0,		/* sub r0, r0, 1 */
		  0x44, 0x02, 0x06, 0x00, 9, 0, 0, 0,		/* slt r6, r0, 9 */
		  0x09, 0x02, 0, 0x06, 0xfc, 0xff, 0xff, 0xff,	/* brz r6, . - 24 */
		  0x01, 0, 0, 0, 0, 0, 0, 0),
	/* Floating point, with a mode that does not exist at the end. */
	FUZZ_SEED(0, 8, 8, 0, 0, 0, 0, 0,
		  0x14, 0x02, 0x00, 0, 0, 0, 0, 0,		/* s2r r0, lane */
		  0x1b, 0x03, 0x01, 0x00, 2, 0, 0, 0,		/* stof r1, r0, rtp */
		  0x04, 0x01, 0x02, 0x01, 1, 0, 0, 0,		/* fma r2, r1, r1, r0 */
		  0x09, 0x03, 0x03, 0x00, 0, 0, 0x80, 0x7f,	/* frsqrt r3, 0x7f800000 */
		  0x13, 0x01, 0x04, 0x02, 3, 0, 0, 0,		/* fle r4, r2, r3 */
		  0x20, 0x03, 0x06, 0x02, 1, 0, 0, 0,		/* ftos.64 r6, r2, rtz */
		  0x18, 0x03, 0x05, 0x02, 4, 0, 0, 0,		/* no such mode */
		  0x01, 0, 0, 0, 0, 0, 0, 0),
	TEXT_SEED("\1frnd r1, r2, rtn\nfadd r1, r1, 0x3f800000\ns64tof r3, r4, rne\nexit\n"),
	TEXT_SEED("\1.equ N, (1 << 4) * 3 - ~2\n.reg p, r4\n.shared N\n"
		  "loop: ld.64 p, [r2 - N + 'a']\natom.cas r1, [p], r3, rz\n"
		  "brnz r1, loop // on\ns2r r7, local_x\n.word 0x10_0\nexit\n"),
	{ NULL, 0 },
};
