/* SPDX-License-Identifier: MIT */
/* Values of the names in a program. */
#ifndef ISA_SYMBOLS_H
#define ISA_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

enum symbol_kind {
	SYMBOL_LABEL,		/* value: bytes from the start of the program */
	SYMBOL_CONSTANT,	/* .equ; value: the number */
	SYMBOL_REGISTER,	/* .reg; value: its number */
};

struct symbol {
	struct symbol *next;	/* in the same bucket */
	const char *name;	/* in the source text, not terminated */
	size_t len;
	enum symbol_kind kind;
	unsigned int line;	/* where it is defined */
	uint64_t value;
};

#define SYMBOL_BUCKETS	1024

struct symbols {
	struct symbol *buckets[SYMBOL_BUCKETS];
};

/** symbols_find() - the symbol of this name, or NULL. */
struct symbol *symbols_find(const struct symbols *symbols, const char *name, size_t len);

/** symbols_add() - add a symbol whose name is not there yet. Returns NULL when there is no memory. */
struct symbol *symbols_add(struct symbols *symbols, const char *name, size_t len);

/** symbols_free() - free all symbols. */
void symbols_free(struct symbols *symbols);

#endif /* ISA_SYMBOLS_H */
