// SPDX-License-Identifier: MIT
/*
 * The instruction cache: pages of code, decoded once, direct-mapped. All dispatches share
 * it, and each page belongs to one of them, because it is decoded for its descriptor. So a
 * dispatch that begins finds nothing there, and what one leaves behind is replaced in time.
 *
 * A word that is no instruction is kept as CLASS_UNDEFINED and is an error only
 * when a lane gets there. The model followed is any processor's decoded
 * instruction cache. Rejected: decoding a dispatch's whole code at its start,
 * because it would fault on pages that no lane ever executes and would let the
 * guest make the model allocate hundreds of megabytes.
 */
#include "engine.h"
#include "insn.h"

/* Decoding a page costs about as much as so many instructions. */
#define FILL_COST	100

static enum op_class class_of(unsigned int op)
{
	switch (op) {
	case MIRAGE_OP_MOV:
	case MIRAGE_OP_SEL:
		return CLASS_ALU32;
	case MIRAGE_OP_MOV64:
	case MIRAGE_OP_SEL64:
		return CLASS_ALU64;
	case MIRAGE_OP_S2R:
		return CLASS_SPECIAL;
	case MIRAGE_OP_LDC:
	case MIRAGE_OP_LDC64:
		return CLASS_ARG;
	}
	/* The rest is in ranges; isa.def keeps them apart. */
	if (op < MIRAGE_OP_MOV)
		return CLASS_CONTROL;
	if (op < MIRAGE_OP_ADD64)
		return CLASS_ALU32;
	if (op < MIRAGE_OP_LD_U8)
		return CLASS_ALU64;
	if (op < MIRAGE_OP_LDS_U8)
		return CLASS_GLOBAL;
	if (op < MIRAGE_OP_ATOM_ADD)
		return CLASS_SHARED;
	if (op < MIRAGE_OP_ATOMS_ADD)
		return CLASS_ATOMIC;
	if (op < MIRAGE_OP_FADD)
		return CLASS_ATOMIC_SHARED;
	return CLASS_FP32;
}

static uint16_t source_row(const struct compute *compute, unsigned int reg, unsigned int half)
{
	return (uint16_t)(reg == MIRAGE_RZ ? compute->desc.nr_regs + ROW_ZERO : reg + half);
}

static uint16_t dest_row(const struct compute *compute, unsigned int reg, unsigned int half)
{
	return (uint16_t)(reg == MIRAGE_RZ ? compute->desc.nr_regs + ROW_SINK : reg + half);
}

static bool is_store(unsigned int format)
{
	return format == MIRAGE_FORMAT_STORE || format == MIRAGE_FORMAT_STORE2 ||
	       format == MIRAGE_FORMAT_STORE_S || format == MIRAGE_FORMAT_STORE_S2;
}

static struct op decode(const struct compute *compute, uint64_t word)
{
	struct op op = { .class = CLASS_UNDEFINED, .imm = (uint32_t)word };
	uint16_t (*d_row)(const struct compute *, unsigned int, unsigned int) = dest_row;
	const struct mirage_format_info *format;
	struct mirage_insn insn;
	unsigned int info;

	if (mirage_insn_decode(word, &insn) || mirage_insn_regs(&insn) > compute->desc.nr_regs)
		return op;
	info = mirage_insn_info(insn.op)->format;
	format = mirage_format_info(info);
	if (is_store(info))
		d_row = source_row;

	/* Fields that a format does not have are 0 and must not reach beyond the rows. */
	op.op = insn.op;
	op.class = (uint8_t)class_of(insn.op);
	op.has_imm = insn.has_imm;
	op.imm = insn.imm;
	op.d = d_row(compute, insn.d, 0);
	op.d_high = d_row(compute, insn.d, format->d == 2);
	op.a = source_row(compute, insn.a, 0);
	op.a_high = source_row(compute, insn.a, format->a == 2);
	op.b = source_row(compute, insn.b, 0);
	op.b_high = source_row(compute, insn.b, format->b == 2);
	op.c = source_row(compute, insn.c, 0);
	op.c_high = source_row(compute, insn.c, format->c == 2);
	if (insn.has_imm) {
		op.b = (uint16_t)(compute->desc.nr_regs + ROW_IMM);
		op.b_high = (uint16_t)(compute->desc.nr_regs + ROW_IMM_HIGH);
	}
	return op;
}

static void fill(struct compute *compute, struct op *ops, uint64_t number, const uint8_t *host)
{
	uint64_t va = number * PAGE_BYTES;
	unsigned int i;

	for (i = 0; i < PAGE_OPS; i++, va += 8) {
		/* Modulo 2^64 this is "inside the code" on both sides. */
		if (va - compute->desc.code >= compute->desc.code_size)
			continue;
		ops[i] = decode(compute, __atomic_load_n((const uint64_t *)host + i,
							 __ATOMIC_RELAXED));
	}
	compute->budget -= FILL_COST;
}

/* Where page @number of the dispatch is, if it is there. The factor keeps dispatches of the same code apart. */
static size_t code_place(const struct compute *compute, uint64_t number)
{
	return (number + 37 * compute->dispatch) % CODE_PAGES;
}

const struct op *code_fetch(struct compute *compute, struct wave *wave)
{
	uint64_t va = insn_address(compute, wave->pc);
	uint64_t number = va / PAGE_BYTES;
	size_t place = code_place(compute, number);
	struct code_tag *tag = &compute->pool->tags[place];
	struct op *ops = compute->pool->code[place];
	enum mirage_fault_kind kind;
	uint8_t *host;

	if (tag->dispatch == compute->dispatch && tag->number == number)
		return &ops[va % PAGE_BYTES / 8];

	host = tlb_page(compute, number, MIRAGE_ACCESS_FETCH, &kind);
	if (!host) {
		engine_fault(compute, wave, first_lane(wave), va, MIRAGE_ACCESS_FETCH, kind);
		return NULL;
	}
	fill(compute, ops, number, host);
	*tag = (struct code_tag){ .dispatch = compute->dispatch, .number = number };
	return &ops[va % PAGE_BYTES / 8];
}

void code_drop(struct compute *compute, uint64_t va, uint64_t size)
{
	uint64_t first, last;
	unsigned int i;

	if (!size)
		return;
	first = va / PAGE_BYTES;
	last = (va + (size - 1)) / PAGE_BYTES;
	for (i = 0; i < CODE_PAGES; i++) {
		struct code_tag *tag = &compute->pool->tags[i];

		if (tag->dispatch == compute->dispatch && tag->number >= first &&
		    tag->number <= last)
			tag->dispatch = 0;
	}
}
