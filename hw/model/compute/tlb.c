// SPDX-License-Identifier: MIT
/*
 * Translations for the length of one compute_run(), and the translation of all
 * lanes of an instruction at once.
 *
 * The device's TLB is behind compute_ops.translate(); this is the coalescer in
 * front of it, which asks once for each page that the lanes touch. It remembers
 * successes only and is emptied between runs, where invalidations are executed,
 * so nothing outlives what the device's TLB would have served.
 */
#include "engine.h"

/* A miss costs about as much as so many instructions. */
#define MISS_COST	4

uint8_t *tlb_page(struct compute *compute, uint64_t number, enum mirage_access access,
		  enum mirage_fault_kind *kind)
{
	uint64_t key = (number << 2 | access) + 1;
	struct tlb_entry *entry = &compute->tlb[(number ^ number >> 6 ^ access << 4) % TLB_ENTRIES];
	void *host;
	int failed;

	if (entry->key == key)
		return entry->host;
	compute->budget -= MISS_COST;
	failed = compute->ops->translate(compute->ctx, number * PAGE_BYTES, access, &host);
	if (failed) {
		*kind = (enum mirage_fault_kind)failed;
		return NULL;
	}
	entry->key = key;
	entry->host = host;
	return host;
}

/* The pages that an instruction failed at. */
struct failures {
	unsigned int nr;
	unsigned int lane[LANES];	/* the first of each */
	uint64_t va[LANES];
	enum mirage_fault_kind kind[LANES];
};

static bool failed_before(const struct failures *failures, uint64_t number)
{
	unsigned int i;

	for (i = 0; i < failures->nr; i++)
		if (failures->va[i] / PAGE_BYTES == number)
			return true;
	return false;
}

/* The common case: a full wave within one page. False: find out lane by lane. */
static bool one_page(struct compute *compute, const struct wave *wave, const uint64_t *addr,
		     enum mirage_access access, void **host)
{
	enum mirage_fault_kind kind;
	uint64_t differ = 0;
	unsigned int l;
	uint8_t *page;

	if (wave->active != UINT32_MAX)
		return false;
	for (l = 0; l < LANES; l++)
		differ |= addr[l] ^ addr[0];
	if (differ / PAGE_BYTES)
		return false;
	page = tlb_page(compute, addr[0] / PAGE_BYTES, access, &kind);
	if (!page)
		return false;
	for (l = 0; l < LANES; l++)
		host[l] = page + addr[l] % PAGE_BYTES;
	return true;
}

enum exec tlb_lanes(struct compute *compute, struct wave *wave, const uint64_t *addr,
		    enum mirage_access access, void **host)
{
	struct failures failures = { .nr = 0 };
	uint64_t last = UINT64_MAX;	/* no page has this number */
	uint32_t lanes = wave->active;
	uint8_t *page = NULL;
	unsigned int i;

	if (one_page(compute, wave, addr, access, host))
		return EXEC_NEXT;
	for (; lanes; lanes &= lanes - 1) {
		unsigned int l = (unsigned int)__builtin_ctz(lanes);
		uint64_t number = addr[l] / PAGE_BYTES;

		if (number != last) {
			enum mirage_fault_kind kind;

			if (failed_before(&failures, number))
				continue;
			page = tlb_page(compute, number, access, &kind);
			if (!page) {
				failures.lane[failures.nr] = l;
				failures.va[failures.nr] = addr[l];
				failures.kind[failures.nr++] = kind;
				last = UINT64_MAX;
				continue;
			}
			last = number;
		}
		host[l] = page + addr[l] % PAGE_BYTES;
	}
	for (i = 0; i < failures.nr; i++)
		engine_fault(compute, wave, failures.lane[i], failures.va[i], access,
			     failures.kind[i]);
	return failures.nr ? EXEC_AGAIN : EXEC_NEXT;
}
