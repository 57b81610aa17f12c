// SPDX-License-Identifier: MIT
/*
 * The assembler's symbol table: a hash table with chains, names left in the source.
 * Rejected: a growing table; generated programs have thousands of labels, not millions.
 */
#include "symbols.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a */
static unsigned int bucket_of(const char *name, size_t len)
{
	uint32_t hash = 2166136261u;
	size_t i;

	for (i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)name[i]) * 16777619u;
	return hash % SYMBOL_BUCKETS;
}

struct symbol *symbols_find(const struct symbols *symbols, const char *name, size_t len)
{
	struct symbol *symbol = symbols->buckets[bucket_of(name, len)];

	while (symbol && (symbol->len != len || memcmp(symbol->name, name, len)))
		symbol = symbol->next;
	return symbol;
}

struct symbol *symbols_add(struct symbols *symbols, const char *name, size_t len)
{
	struct symbol **bucket = &symbols->buckets[bucket_of(name, len)];
	struct symbol *symbol = calloc(1, sizeof(*symbol));

	if (!symbol)
		return NULL;
	symbol->name = name;
	symbol->len = len;
	symbol->next = *bucket;
	*bucket = symbol;
	return symbol;
}

void symbols_free(struct symbols *symbols)
{
	struct symbol *symbol;
	size_t i;

	for (i = 0; i < SYMBOL_BUCKETS; i++) {
		while ((symbol = symbols->buckets[i])) {
			symbols->buckets[i] = symbol->next;
			free(symbol);
		}
	}
}
