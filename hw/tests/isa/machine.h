/* SPDX-License-Identifier: MIT */
/*
 * A compute engine with a megabyte of memory behind it: what the tests run programs on.
 *
 * The memory begins at MACHINE_BASE, high enough that an address computed in 32
 * bits misses it. Each 4 KiB page can be taken away or lose rights; every fault is
 * logged.
 */
#ifndef TESTS_ISA_MACHINE_H
#define TESTS_ISA_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "asm.h"
#include "compute.h"

#define MACHINE_BASE	0x123456000000ull
#define MACHINE_PAGES	256u
#define MACHINE_BYTES	(MACHINE_PAGES * 4096u)
/* Pages 0 to 15 are for code, 16 and 17 for arguments, from 32 on for data. */
#define MACHINE_CODE	MACHINE_BASE
#define MACHINE_ARGS	(MACHINE_BASE + 16 * 4096u)
#define MACHINE_DATA_OFFSET	(32 * 4096u)
#define MACHINE_DATA	(MACHINE_BASE + MACHINE_DATA_OFFSET)
#define MACHINE_FAULTS	4096u

struct machine_fault {
	unsigned int wave;
	struct mirage_place place;
	uint64_t va;
	enum mirage_access access;
	enum mirage_fault_kind kind;
};

struct machine {
	uint8_t *memory;
	bool present[MACHINE_PAGES];
	bool writable[MACHINE_PAGES];
	bool atomic[MACHINE_PAGES];
	struct compute_pool *pool;
	struct compute *compute;
	struct mirage_dispatch desc;
	struct compute_result result;	/* of the last run; its counts are sums since machine_start() */
	unsigned int translations;	/* calls of translate() */
	bool no_fault;		/* a fault is an error, not reported */
	unsigned int nr_faults;
	struct machine_fault faults[MACHINE_FAULTS];
};

/** machine_create() - zeroed memory with all rights, an idle engine, one group of 32. */
struct machine *machine_create(void);
void machine_destroy(struct machine *machine);

/** machine_code() - put words into the code pages and set code, code_size and nr_regs. */
void machine_code(struct machine *machine, const uint64_t *words, size_t nr, unsigned int nr_regs);

/** machine_asm() - assemble a program into the code pages; one that is wrong ends the test. */
void machine_asm(struct machine *machine, const char *text);

/** machine_arg() - set 64 bits of the argument block, which grows to hold them. */
void machine_arg(struct machine *machine, unsigned int index, uint64_t value);

/** machine_grid() - set the grid and group to so many in x, and 1 in y and z. */
void machine_grid(struct machine *machine, unsigned int groups, unsigned int items);

/** machine_start() - reset the engine, clear the fault log, start the dispatch. It must be valid. */
void machine_start(struct machine *machine);

/** machine_continue() - run until the dispatch is done, blocked or wrong, or @budget instructions. */
enum compute_status machine_continue(struct machine *machine, uint64_t budget);

/** machine_run() - start, and run within a million instructions; expects COMPUTE_DONE. */
void machine_run(struct machine *machine);

/** machine_word() - the 32-bit word @index of the data pages. */
static inline uint32_t *machine_word(struct machine *machine, unsigned int index)
{
	return (uint32_t *)(machine->memory + MACHINE_DATA_OFFSET) + index;
}

/** machine_quad() - the 64-bit word @index of the data pages. */
static inline uint64_t *machine_quad(struct machine *machine, unsigned int index)
{
	return (uint64_t *)(machine->memory + MACHINE_DATA_OFFSET) + index;
}

#endif /* TESTS_ISA_MACHINE_H */
