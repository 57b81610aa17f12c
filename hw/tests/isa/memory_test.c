// SPDX-License-Identifier: MIT
/*
 * Loads, stores and atomics of global and shared memory, the argument block and
 * special values, each instruction by itself, with random masks.
 */
#include <string.h>

#include "check.h"
#include "insn.h"
#include "machine.h"
#include "oracle.h"

static struct machine *machine;

static uint64_t extended(uint64_t raw, unsigned int bits, bool sign)
{
	raw &= bits == 64 ? UINT64_MAX : (1ull << bits) - 1;
	if (sign && raw >> (bits - 1) & 1)
		raw |= UINT64_MAX << bits;
	return raw;
}

static const struct access {
	const char *name;
	unsigned int bits;
	bool sign;
} loads[] = {
	{ "u8", 8, false }, { "s8", 8, true }, { "u16", 16, false }, { "s16", 16, true },
	{ "32", 32, false }, { "64", 64, false },
}, stores[] = { { "8", 8, false }, { "16", 16, false }, { "32", 32, false }, { "64", 64, false } };

/*
 * Data layout of these tests: quads 0 to 31 the memory the lanes access, 32 to 63
 * the byte offset of each lane's access, 64 to 95 what it brings and takes away,
 * words 192 to 223 (quads 96 to 111) the active mask.
 */
static const char prologue[] =
	"	s2r r0, local_x\n"
	"	ldc.64 r2, [0]\n"
	"	mulwu r4, r0, 8\n"
	"	add.64 r4, r2, r4\n"
	"	ld.64 r6, [r4 + 256]\n"		/* offset */
	"	ld.64 r8, [r4 + 512]\n"		/* value */
	"	mulwu r10, r0, 4\n"
	"	add.64 r10, r2, r10\n"
	"	ld.32 r12, [r10 + 768]\n"	/* mask */
	"	add.64 r6, r2, r6\n"
	"	brz r12, skip\n";
static const char epilogue[] =
	"skip:	st.64 [r4 + 512], r8\n"
	"	exit\n";

static void run_global(const char *insn)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s\t%s\n%s", prologue, insn, epilogue);
	machine_asm(machine, text);
	machine_run(machine);
}

static void randomise(unsigned int bytes)
{
	unsigned int i;

	for (i = 0; i < 32; i++) {
		*machine_quad(machine, i) = random_operand();
		/* Each lane its own place, in a random order of eight. */
		*machine_quad(machine, 32 + i) = i * 8 + random_u64() % (8 / bytes) * bytes;
		*machine_quad(machine, 64 + i) = random_operand();
		*machine_word(machine, 192 + i) = random_u64() % 4 != 0;
	}
}

static uint64_t load_at(const uint8_t *memory, uint64_t offset, unsigned int bits)
{
	uint64_t value = 0;

	memcpy(&value, memory + offset, bits / 8);
	return value;
}

static void loads_extend_and_leave_other_lanes_alone(void)
{
	unsigned int kind, round, i;
	uint64_t before[112];
	char insn[64];

	machine = machine_create();
	machine_arg(machine, 0, MACHINE_DATA);
	for (kind = 0; kind < 6; kind++) {
		for (round = 0; round < 20; round++) {
			randomise(loads[kind].bits / 8);
			memcpy(before, machine_quad(machine, 0), sizeof(before));
			/* The immediate and the base cancel. */
			snprintf(insn, sizeof(insn), "sub.64 r6, r6, 64\n ld.%s r8, [r6 + 64]",
				 loads[kind].name);
			run_global(insn);
			for (i = 0; i < 32; i++) {
				uint64_t raw = load_at((uint8_t *)before, before[32 + i],
						       loads[kind].bits);
				uint64_t want = extended(raw, loads[kind].bits, loads[kind].sign);
				uint64_t old = before[64 + i];

				if (loads[kind].bits < 64)
					want = (old >> 32 << 32) | (uint32_t)want;
				if (!*machine_word(machine, 192 + i))
					want = old;
				CHECK_EQ(*machine_quad(machine, 64 + i), want);
			}
		}
	}
	machine_destroy(machine);
}

static void stores_write_their_bytes_and_no_more(void)
{
	unsigned int kind, round, i;
	uint8_t want[256];
	char insn[64];

	machine = machine_create();
	machine_arg(machine, 0, MACHINE_DATA);
	for (kind = 0; kind < 4; kind++) {
		for (round = 0; round < 20; round++) {
			unsigned int bytes = stores[kind].bits / 8;

			randomise(bytes);
			memcpy(want, machine_quad(machine, 0), sizeof(want));
			for (i = 0; i < 32; i++)
				if (*machine_word(machine, 192 + i))
					memcpy(want + *machine_quad(machine, 32 + i),
					       machine_quad(machine, 64 + i), bytes);
			snprintf(insn, sizeof(insn), "add.64 r6, r6, 24\n st.%s [r6 - 24], r8",
				 stores[kind].name);
			run_global(insn);
			CHECK(!memcmp(want, machine_quad(machine, 0), sizeof(want)));
		}
	}
	machine_destroy(machine);
}

/* Every atomic: lanes have places of their own, so each outcome is known. */
static void atomics_return_the_old_value_and_leave_the_new(void)
{
	unsigned int op, round, i, nr = 0;

	machine = machine_create();
	machine_arg(machine, 0, MACHINE_DATA);
	for (op = MIRAGE_OP_ATOM_ADD; op <= MIRAGE_OP_ATOM_CAS64; op++) {
		bool wide = op >= MIRAGE_OP_ATOM_ADD64, cas;
		char mnemonic[MIRAGE_MNEMONIC_SIZE], insn[128];

		if (!mirage_insn_info(op))
			continue;
		nr++;
		cas = op == MIRAGE_OP_ATOM_CAS || op == MIRAGE_OP_ATOM_CAS64;
		mirage_insn_mnemonic(mirage_insn_info(op)->name, mnemonic);
		for (round = 0; round < 30; round++) {
			uint64_t before[112], imm = random_u64() % 1000;
			bool with_imm = !cas && round % 3 == 0;

			randomise(wide ? 8 : 4);
			for (i = 0; i < 32; i++)
				if (random_u64() % 2)	/* compare and swap that succeeds */
					*machine_quad(machine, 64 + i) = load_at(
						(uint8_t *)machine_quad(machine, 0),
						*machine_quad(machine, 32 + i), wide ? 64 : 32);
			memcpy(before, machine_quad(machine, 0), sizeof(before));
			if (with_imm)
				snprintf(insn, sizeof(insn), "%s r8, [r6], -%" PRIu64, mnemonic,
					 imm);
			else if (cas)
				snprintf(insn, sizeof(insn), "mov.64 r14, 77\n %s r8, [r6], r8, r14",
					 mnemonic);
			else
				snprintf(insn, sizeof(insn), "%s r8, [r6], r8", mnemonic);
			run_global(insn);
			for (i = 0; i < 32; i++) {
				unsigned int bits = wide ? 64 : 32;
				uint64_t old = load_at((uint8_t *)before, before[32 + i], bits);
				uint64_t b = with_imm ? -imm : before[64 + i], left, got;
				uint64_t got_old = *machine_quad(machine, 64 + i);

				b = extended(b, bits, false);
				left = extended(oracle_atomic(op, old, b, 77), bits, false);
				got = load_at((uint8_t *)machine_quad(machine, 0), before[32 + i],
					      bits);
				if (!*machine_word(machine, 192 + i)) {
					CHECK_EQ(got, old);
					CHECK_EQ(got_old, before[64 + i]);
					continue;
				}
				CHECK_MSG(got == left, "%s %" PRIx64 " with %" PRIx64 " left %" PRIx64,
					  mnemonic, old, b, got);
				CHECK_EQ(extended(got_old, bits, false), old);
				if (!wide)
					CHECK_EQ(got_old >> 32, before[64 + i] >> 32);
			}
		}
	}
	CHECK_EQ(nr, 20);
	machine_destroy(machine);
}

static void shared_memory_loads_and_stores(void)
{
	unsigned int kind, round, i;
	char text[2048];

	machine = machine_create();
	machine_arg(machine, 0, MACHINE_DATA);
	for (kind = 0; kind < 6; kind++) {
		const struct access *store = &stores[kind < 4 ? kind / 2 : kind - 2];

		/* Clear, store in masked lanes, load the word back in all. */
		snprintf(text, sizeof(text),
			 ".shared 256\n%s"
			 "	shl r20, r0, 3\n"
			 "	sts.%s [r20], r8\n"
			 "skip:	bar\n"
			 "	shl r20, r0, 3\n"
			 "	add r20, r20, 16\n"
			 "	lds.%s r8, [r20 - 16]\n"
			 "	lds.64 r22, [r20 + -16]\n"
			 "	st.64 [r4 + 512], r8\n"
			 "	st.64 [r4], r22\n"
			 "	exit\n",
			 prologue, store->name, loads[kind].name);
		machine_asm(machine, text);
		for (round = 0; round < 20; round++) {
			uint64_t before[112];

			randomise(1);
			memcpy(before, machine_quad(machine, 0), sizeof(before));
			machine_run(machine);
			for (i = 0; i < 32; i++) {
				bool on = *machine_word(machine, 192 + i);
				uint64_t stored = on ? extended(before[64 + i], store->bits, false) :
						       0;
				uint64_t want = extended(stored, loads[kind].bits,
							 loads[kind].sign);

				if (loads[kind].bits < 64)
					want = (before[64 + i] >> 32 << 32) | (uint32_t)want;
				CHECK_EQ(*machine_quad(machine, i), stored);
				CHECK_EQ(*machine_quad(machine, 64 + i), want);
			}
		}
	}
	machine_destroy(machine);
}

static void shared_atomics(void)
{
	static const char text[] =
		".shared 12\n"
		"	s2r r0, local_x\n"
		"	ldc.64 r2, [0]\n"
		"	mulwu r4, r0, 4\n"
		"	add.64 r2, r2, r4\n"
		"	mov r6, 0\n"
		"	atoms.add r7, [r6], 3\n"	/* each lane sees another multiple of 3 */
		"	mov r6, 4\n"
		"	add r8, r0, 1\n"
		"	atoms.xchg r9, [r6], r8\n"	/* a chain through all lanes */
		"	mov r6, 8\n"
		"	atoms.cas r10, [r6], rz, r8\n"	/* one wins */
		"	bar\n"
		"	lds.32 r11, [8]\n"
		"	lds.32 r12, [0]\n"
		"	lds.32 r13, [4]\n"
		"	st.32 [r2], r7\n"
		"	st.32 [r2 + 1024], r9\n"
		"	st.32 [r2 + 2048], r10\n"
		"	st.32 [r2 + 3072], r11\n"
		"	st.32 [r2 + 4096], r12\n"
		"	st.32 [r2 + 5120], r13\n"
		"	exit\n";
	bool seen_sum[256] = { false }, seen_link[257] = { false };
	unsigned int i, winners = 0, winner;

	machine = machine_create();
	machine_asm(machine, text);
	machine_arg(machine, 0, MACHINE_DATA);
	machine_grid(machine, 1, 256);
	machine_run(machine);
	winner = *machine_word(machine, 768);
	CHECK(winner >= 1 && winner <= 256);
	for (i = 0; i < 256; i++) {
		uint32_t sum = *machine_word(machine, i), link = *machine_word(machine, 256 + i);

		CHECK(sum % 3 == 0 && sum / 3 < 256 && !seen_sum[sum / 3]);
		seen_sum[sum / 3 % 256] = true;
		CHECK(link <= 256 && !seen_link[link]);
		seen_link[link % 257] = true;
		winners += *machine_word(machine, 512 + i) == 0;
		CHECK_EQ(*machine_word(machine, 768 + i), winner);
		CHECK_EQ(*machine_word(machine, 1024 + i), 3 * 256);
	}
	CHECK_EQ(winners, 1);
	/* The one number that nobody got is still there. */
	CHECK(!seen_link[*machine_word(machine, 1280)]);
	machine_destroy(machine);
}

static void arguments_are_read_at_any_offset_of_each_lane(void)
{
	static const char text[] =
		"	s2r r0, lane\n"
		"	ldc.64 r2, [0]\n"
		"	mulwu r4, r0, 16\n"
		"	add.64 r2, r2, r4\n"
		"	shl r6, r0, 3\n"
		"	ldc.64 r8, [r6]\n"
		"	ldc r10, [r6 + 4]\n"
		"	st.64 [r2], r8\n"
		"	st.32 [r2 + 8], r10\n"
		"	exit\n";
	unsigned int i, at;

	/* In the middle of a page, and across two. */
	for (at = 0; at < 2; at++) {
		uint64_t args[32];

		machine = machine_create();
		machine_asm(machine, text);
		machine->desc.args = MACHINE_ARGS + (at ? 4096 - 96 : 0);
		machine->desc.args_size = 256;
		for (i = 0; i < 32; i++)
			args[i] = i ? random_u64() : MACHINE_DATA;
		memcpy(machine->memory + (machine->desc.args - MACHINE_BASE), args, sizeof(args));
		machine_run(machine);
		for (i = 0; i < 32; i++) {
			CHECK_EQ(*machine_quad(machine, 2 * i), args[i]);
			CHECK_EQ(*machine_word(machine, 4 * i + 2), args[i] >> 32);
		}
		machine_destroy(machine);
	}
}

static void special_values_tell_work_items_apart(void)
{
	static const char text[] =
		"	.equ N, 13 * 4\n"
		"	ldc.64 r2, [0]\n"
		"	s2r r4, local_z\n	s2r r5, group_size_y\n	s2r r6, local_y\n"
		"	mad r4, r4, r5, r6\n"
		"	s2r r5, group_size_x\n	s2r r6, local_x\n"
		"	mad r4, r4, r5, r6\n"		/* item in its group */
		"	s2r r7, group_z\n	s2r r8, grid_y\n	s2r r9, group_y\n"
		"	mad r7, r7, r8, r9\n"
		"	s2r r8, grid_x\n	s2r r9, group_x\n"
		"	mad r7, r7, r8, r9\n"		/* group in the grid */
		"	mul r7, r7, 5 * 3 * 4\n"
		"	add r7, r7, r4\n"
		"	mulwu r8, r7, N\n"
		"	add.64 r2, r2, r8\n"
		"	s2r r4, lane\n		st.32 [r2], r4\n"
		"	s2r r4, local_x\n	st.32 [r2 + 4], r4\n"
		"	s2r r4, local_y\n	st.32 [r2 + 8], r4\n"
		"	s2r r4, local_z\n	st.32 [r2 + 12], r4\n"
		"	s2r r4, group_x\n	st.32 [r2 + 16], r4\n"
		"	s2r r4, group_y\n	st.32 [r2 + 20], r4\n"
		"	s2r r4, group_z\n	st.32 [r2 + 24], r4\n"
		"	s2r r4, group_size_x\n	st.32 [r2 + 28], r4\n"
		"	s2r r4, group_size_y\n	st.32 [r2 + 32], r4\n"
		"	s2r r4, group_size_z\n	st.32 [r2 + 36], r4\n"
		"	s2r r4, grid_x\n	st.32 [r2 + 40], r4\n"
		"	s2r r4, grid_y\n	st.32 [r2 + 44], r4\n"
		"	s2r r4, grid_z\n	st.32 [r2 + 48], r4\n"
		"	exit\n";
	static const uint32_t group[3] = { 5, 3, 4 }, grid[3] = { 7, 2, 3 };
	uint32_t item, g;

	machine = machine_create();
	machine_asm(machine, text);
	machine_arg(machine, 0, MACHINE_DATA);
	memcpy(machine->desc.group, group, sizeof(group));
	memcpy(machine->desc.grid, grid, sizeof(grid));
	machine_run(machine);
	CHECK_EQ(machine->result.waves_started, 42 * 2);
	for (g = 0; g < 42; g++) {
		for (item = 0; item < 60; item++) {
			const uint32_t want[13] = {
				item % 32, item % 5, item / 5 % 3, item / 15,
				g % 7, g / 7 % 2, g / 14, 5, 3, 4, 7, 2, 3,
			};

			CHECK(!memcmp(want, machine_word(machine, (g * 60 + item) * 13),
				      sizeof(want)));
		}
	}
	machine_destroy(machine);
}

static void registers_and_shared_memory_start_at_zero(void)
{
	static const char text[] =
		".shared 128\n"
		"	s2r r0, lane\n"
		"	ldc.64 r2, [0]\n"
		"	mulwu r4, r0, 4\n"
		"	add.64 r2, r2, r4\n"
		"	shl r8, r0, 2\n"
		"	lds.32 r9, [r8]\n"
		"	or r9, r9, r100\n"
		"	or r9, r9, r253\n"
		"	atom.or r10, [r2], r9\n"
		"	mov r100, -1\n"
		"	mov r253, -1\n"
		"	sts.32 [r8], r253\n"
		"	exit\n";
	unsigned int i;

	machine = machine_create();
	machine_asm(machine, text);
	machine_arg(machine, 0, MACHINE_DATA);
	/* Slots are used again and again. */
	machine_grid(machine, 500, 32);
	machine_run(machine);
	for (i = 0; i < 32; i++)
		CHECK_EQ(*machine_word(machine, i), 0);
	machine_destroy(machine);
}

static void rz_stores_zero_whatever_was_written_to_it(void)
{
	unsigned int i;

	machine = machine_create();
	machine_asm(machine, "	ldc.64 r2, [0]\n"
			     "	.shared 8\n"
			     "	mov.64 rz, -1\n"
			     "	atom.add rz, [r2], 1\n"
			     "	ld.64 rz, [r2]\n"
			     "	st.64 [r2], rz\n"
			     "	st.8 [r2 + 9], rz\n"
			     "	mov.64 r4, -1\n"
			     "	sts.64 [0], r4\n"
			     "	lds.64 rz, [0]\n"
			     "	sts.32 [4], rz\n"
			     "	lds.64 r4, [0]\n"
			     "	st.64 [r2 + 16], r4\n"
			     "	exit\n");
	machine_arg(machine, 0, MACHINE_DATA);
	for (i = 0; i < 2; i++)
		*machine_quad(machine, i) = UINT64_MAX;
	machine_run(machine);
	CHECK_EQ(*machine_quad(machine, 0), 0);
	CHECK_EQ(*machine_quad(machine, 1), ~0xff00ull);
	CHECK_EQ(*machine_quad(machine, 2), 0xffffffff);
	machine_destroy(machine);
}

static void atomics_of_many_waves_lose_nothing(void)
{
	static const char text[] =
		"	ldc.64 r2, [0]\n"
		"	add.64 r4, r2, 8\n"
		"	mov r6, 0\n"
		"loop:	atom.add r7, [r2], 1\n"
		"	atom.add.64 r8, [r4], -1\n"
		"	add r6, r6, 1\n"
		"	ult r7, r6, 10\n"
		"	brnz r7, loop\n"
		"	exit\n";

	machine = machine_create();
	machine_asm(machine, text);
	machine_arg(machine, 0, MACHINE_DATA);
	machine_grid(machine, 100, 100);
	machine_run(machine);
	CHECK_EQ(*machine_word(machine, 0), 100000);
	CHECK_EQ(*machine_quad(machine, 1), -100000ull);
	machine_destroy(machine);
}

SCENARIOS({ "loads extend and leave other lanes alone", loads_extend_and_leave_other_lanes_alone },
	  { "stores write their bytes and no more", stores_write_their_bytes_and_no_more },
	  { "atomics return the old value and leave the new",
	    atomics_return_the_old_value_and_leave_the_new },
	  { "shared memory loads and stores", shared_memory_loads_and_stores },
	  { "shared atomics", shared_atomics },
	  { "arguments are read at any offset of each lane",
	    arguments_are_read_at_any_offset_of_each_lane },
	  { "special values tell work items apart", special_values_tell_work_items_apart },
	  { "registers and shared memory start at zero", registers_and_shared_memory_start_at_zero },
	  { "rz stores zero whatever was written to it", rz_stores_zero_whatever_was_written_to_it },
	  { "atomics of many waves lose nothing", atomics_of_many_waves_lose_nothing })
