// SPDX-License-Identifier: MIT
/* A compute engine with paged memory of its own, standing in for the device around it. */
#include "machine.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

static void die(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(1);
}

static int translate(void *ctx, uint64_t va, enum mirage_access access, void **host)
{
	struct machine *machine = ctx;
	uint64_t page = (va - MACHINE_BASE) / 4096;

	machine->translations++;
	if (va >> MIRAGE_VA_BITS)
		return MIRAGE_FAULT_RANGE;
	if (page >= MACHINE_PAGES || !machine->present[page])
		return MIRAGE_FAULT_NOT_PRESENT;
	if ((access == MIRAGE_ACCESS_WRITE || access == MIRAGE_ACCESS_ATOMIC) &&
	    !machine->writable[page])
		return MIRAGE_FAULT_WRITE;
	if (access == MIRAGE_ACCESS_ATOMIC && !machine->atomic[page])
		return MIRAGE_FAULT_ATOMIC;
	*host = machine->memory + (va - MACHINE_BASE);
	return 0;
}

static enum mirage_chan_error fault(void *ctx, unsigned int wave, const struct mirage_place *place,
				    uint64_t va, enum mirage_access access,
				    enum mirage_fault_kind kind)
{
	struct machine *machine = ctx;

	CHECK(wave < COMPUTE_WAVES);
	if (machine->nr_faults < MACHINE_FAULTS)
		machine->faults[machine->nr_faults] = (struct machine_fault){
			.wave = wave, .place = *place, .va = va, .access = access, .kind = kind,
		};
	machine->nr_faults++;
	return machine->no_fault ? MIRAGE_CHAN_FAULT : MIRAGE_CHAN_OK;
}

static const struct compute_ops ops = { .translate = translate, .fault = fault };

struct machine *machine_create(void)
{
	struct machine *machine = calloc(1, sizeof(*machine));

	if (!machine)
		die("out of memory");
	machine->memory = aligned_alloc(4096, MACHINE_BYTES);
	if (!machine->memory)
		die("out of memory");
	memset(machine->memory, 0, MACHINE_BYTES);
	memset(machine->present, true, sizeof(machine->present));
	memset(machine->writable, true, sizeof(machine->writable));
	memset(machine->atomic, true, sizeof(machine->atomic));
	machine->pool = compute_pool_create();
	if (!machine->pool)
		die("out of memory");
	machine->compute = compute_create(machine->pool, &ops, machine);
	if (!machine->compute)
		die("out of memory");
	machine->desc.args = MACHINE_ARGS;
	machine_grid(machine, 1, 32);
	return machine;
}

void machine_destroy(struct machine *machine)
{
	compute_destroy(machine->compute);
	compute_pool_destroy(machine->pool);
	free(machine->memory);
	free(machine);
}

void machine_code(struct machine *machine, const uint64_t *words, size_t nr, unsigned int nr_regs)
{
	if (!nr || nr > 16 * 512)
		die("program does not fit in the code pages");
	memcpy(machine->memory, words, nr * sizeof(*words));
	machine->desc.code = MACHINE_CODE;
	machine->desc.code_size = (uint32_t)nr * 8;
	machine->desc.nr_regs = nr_regs;
}

static void asm_error(void *ctx, unsigned int line, unsigned int column, const char *message)
{
	(void)ctx;
	printf("# line %u column %u: %s\n", line, column, message);
}

void machine_asm(struct machine *machine, const char *text)
{
	struct mirage_program program;

	if (mirage_assemble(text, strlen(text), &program, asm_error, NULL))
		die("a test's program does not assemble");
	machine_code(machine, program.words, program.nr_words, program.nr_regs);
	machine->desc.shared_size = program.shared_size;
	mirage_program_free(&program);
}

void machine_arg(struct machine *machine, unsigned int index, uint64_t value)
{
	memcpy(machine->memory + (MACHINE_ARGS - MACHINE_BASE) + 8 * index, &value, 8);
	if (machine->desc.args_size < 8 * (index + 1))
		machine->desc.args_size = 8 * (index + 1);
}

void machine_grid(struct machine *machine, unsigned int groups, unsigned int items)
{
	machine->desc.grid[0] = groups;
	machine->desc.group[0] = items;
	machine->desc.grid[1] = 1;
	machine->desc.grid[2] = 1;
	machine->desc.group[1] = 1;
	machine->desc.group[2] = 1;
}

void machine_start(struct machine *machine)
{
	compute_reset(machine->compute);
	machine->nr_faults = 0;
	machine->translations = 0;
	memset(&machine->result, 0, sizeof(machine->result));
	CHECK_EQ(compute_start(machine->compute, &machine->desc), MIRAGE_CHAN_OK);
}

enum compute_status machine_continue(struct machine *machine, uint64_t budget)
{
	struct compute_result sum = machine->result;

	do {
		unsigned int slice = budget < 500 ? (unsigned int)budget : 500;

		compute_run(machine->compute, slice, &machine->result);
		budget -= slice;
		sum.instructions += machine->result.instructions;
		sum.lane_instructions += machine->result.lane_instructions;
		sum.waves_started += machine->result.waves_started;
	} while (budget && machine->result.status == COMPUTE_BUDGET);
	machine->result.instructions = sum.instructions;
	machine->result.lane_instructions = sum.lane_instructions;
	machine->result.waves_started = sum.waves_started;
	return machine->result.status;
}

void machine_run(struct machine *machine)
{
	machine_start(machine);
	CHECK_EQ(machine_continue(machine, 1000000), COMPUTE_DONE);
	CHECK_EQ(machine->result.error, MIRAGE_CHAN_OK);
	CHECK_EQ(machine->nr_faults, 0);
}
