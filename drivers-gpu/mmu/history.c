// SPDX-License-Identifier: GPL-2.0
/*
 * History of an address space: recent faults, mappings and unmappings.
 *
 * Used by the core dump of a hang or an error (queue/coredump.c): it shows whether an address has
 * ever been mapped, and what happened to its mapping.
 *
 * Rejected: only tracepoints. They are off when the first hang happens.
 */
#include "mmu/history.h"

#include <linux/array_size.h>
#include <linux/minmax.h>

/**
 * mirage_history_init() - set up an empty history
 * @history: history
 */
void mirage_history_init(struct mirage_history *history)
{
	spin_lock_init(&history->lock);
	history->count = 0;
}

/**
 * mirage_history_add() - record an event
 * @history: history of the address space
 * @kind: kind of event
 * @time_ns: device clock
 * @addr: GPU address
 * @size: bytes
 * @info: see enum mirage_history_kind
 *
 * An event that continues the previous one at the same time is merged with it.
 *
 * Context: any but hard interrupts; takes mirage_history.lock.
 */
void mirage_history_add(struct mirage_history *history, enum mirage_history_kind kind, u64 time_ns,
			u64 addr, u64 size, u32 info)
{
	struct mirage_history_entry *last;

	spin_lock(&history->lock);
	last = &history->entry[(history->count - 1) % MIRAGE_HISTORY_SIZE];
	if (history->count && kind != MIRAGE_HISTORY_FAULT && last->kind == kind &&
	    last->info == info && last->time_ns == time_ns && last->addr + last->size == addr) {
		last->size += size;
		goto unlock;
	}
	history->entry[history->count++ % MIRAGE_HISTORY_SIZE] = (struct mirage_history_entry){
		.time_ns = time_ns,
		.addr = addr,
		.size = size,
		.info = info,
		.kind = kind,
	};
unlock:
	spin_unlock(&history->lock);
}

/**
 * mirage_history_read() - read the last events
 * @history: history of the address space
 * @entries: filled, oldest first
 *
 * Context: any but hard interrupts; takes mirage_history.lock.
 * Return: entries written
 */
unsigned int mirage_history_read(struct mirage_history *history,
				 struct mirage_history_entry entries[MIRAGE_HISTORY_SIZE])
{
	unsigned int count, i;
	u64 first;

	spin_lock(&history->lock);
	count = min_t(u64, history->count, MIRAGE_HISTORY_SIZE);
	first = history->count - count;
	for (i = 0; i < count; i++)
		entries[i] = history->entry[(first + i) % MIRAGE_HISTORY_SIZE];
	spin_unlock(&history->lock);
	return count;
}

/**
 * mirage_history_name() - name of a kind of event
 * @kind: enum mirage_history_kind
 */
const char *mirage_history_name(unsigned int kind)
{
	static const char * const names[] = {
		[MIRAGE_HISTORY_FAULT] = "fault",
		[MIRAGE_HISTORY_MAP] = "map",
		[MIRAGE_HISTORY_UNMAP] = "unmap",
		[MIRAGE_HISTORY_BIND] = "bind",
		[MIRAGE_HISTORY_UNBIND] = "unbind",
		[MIRAGE_HISTORY_EVICT] = "evict",
	};

	return kind < ARRAY_SIZE(names) ? names[kind] : "?";
}
