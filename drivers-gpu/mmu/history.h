/* SPDX-License-Identifier: GPL-2.0 */
/* History of an address space: its recent events. */
#ifndef MIRAGE_HISTORY_H
#define MIRAGE_HISTORY_H

#include <linux/spinlock.h>
#include <linux/types.h>

/** MIRAGE_HISTORY_SIZE: number of events kept; a power of two. */
#define MIRAGE_HISTORY_SIZE	64

/**
 * enum mirage_history_kind - kinds of events
 */
enum mirage_history_kind {
	/** @MIRAGE_HISTORY_FAULT: an access faulted; info: channel, access << 16, kind << 24 */
	MIRAGE_HISTORY_FAULT = 0,
	/** @MIRAGE_HISTORY_MAP: pages of the process were mapped; info: 1 if writable */
	MIRAGE_HISTORY_MAP,
	/** @MIRAGE_HISTORY_UNMAP: pages of the process were unmapped */
	MIRAGE_HISTORY_UNMAP,
	/** @MIRAGE_HISTORY_BIND: an object was bound; info: MIRAGE_PTE_* bits */
	MIRAGE_HISTORY_BIND,
	/** @MIRAGE_HISTORY_UNBIND: a binding was removed */
	MIRAGE_HISTORY_UNBIND,
	/** @MIRAGE_HISTORY_EVICT: the bound object was evicted */
	MIRAGE_HISTORY_EVICT,
};

/**
 * struct mirage_history_entry - one event
 */
struct mirage_history_entry {
	/** @time_ns: device clock */
	u64 time_ns;
	/** @addr: GPU address */
	u64 addr;
	/** @size: bytes */
	u64 size;
	/** @info: see enum mirage_history_kind */
	u32 info;
	/** @kind: enum mirage_history_kind */
	u32 kind;
};

/**
 * struct mirage_history - the last events of an address space
 */
struct mirage_history {
	/** @lock: protects the fields below. Innermost; taken under the locks of page tables. */
	spinlock_t lock;
	/** @count: total number of events */
	u64 count;
	/** @entry: ring of the last events */
	struct mirage_history_entry entry[MIRAGE_HISTORY_SIZE];
};

void mirage_history_init(struct mirage_history *history);
void mirage_history_add(struct mirage_history *history, enum mirage_history_kind kind, u64 time_ns,
			u64 addr, u64 size, u32 info);
unsigned int mirage_history_read(struct mirage_history *history,
				 struct mirage_history_entry entries[MIRAGE_HISTORY_SIZE]);
const char *mirage_history_name(unsigned int kind);

#endif /* MIRAGE_HISTORY_H */
