// SPDX-License-Identifier: MIT
/*
 * A copy advances in chunks within which both sides are one piece of memory. It
 * keeps no state but its three counters, so a fault, a preemption or a reset
 * between two chunks needs nothing special: it goes on where it stopped. If both
 * sides fail, both faults are reported at once, which halves the round trips.
 */
#include <string.h>

#include "device.h"
#include "copy.h"

/* Bounds the time of one chunk, and so of a wait for the device's lock. */
#define COPY_CHUNK KiB(64)

static void fill(u32 *dst, u32 pattern, size_t words)
{
	for (size_t i = 0; i < words; i++)
		dst[i] = pattern;
}

enum step copy_run(struct chan *chan)
{
	struct copy *copy = &chan->copy;
	u64 src_len, dst_len = min_u64(copy->left, COPY_CHUNK);
	void *src = NULL, *dst;
	int src_kind = 0, dst_kind;
	u64 len;

	if (!copy->left)
		return STEP_DONE;
	src_len = dst_len;
	if (!copy->fill)
		src_kind = mmu_access(chan->dev, chan->vm, copy->src, MIRAGE_ACCESS_READ,
				      &src_len, &src);
	dst_kind = mmu_access(chan->dev, chan->vm, copy->dst, MIRAGE_ACCESS_WRITE, &dst_len, &dst);
	if (src_kind)
		chan_fault(chan, MIRAGE_UNIT_COPY, 0, copy->src, MIRAGE_ACCESS_READ,
			   (enum mirage_fault_kind)src_kind);
	if (dst_kind)
		chan_fault(chan, MIRAGE_UNIT_COPY, 0, copy->dst, MIRAGE_ACCESS_WRITE,
			   (enum mirage_fault_kind)dst_kind);
	if (src_kind || dst_kind)
		return STEP_SUSPENDED;
	len = min_u64(src_len, dst_len);
	if (copy->fill)
		fill(dst, copy->pattern, len / sizeof(copy->pattern));
	else
		memmove(dst, src, len);	/* two virtual addresses may be the same memory */
	copy->src += len;
	copy->dst += len;
	copy->left -= len;
	chan->dev->perf[PERF_COPY_BYTES] += len;
	return copy->left ? STEP_MORE : STEP_DONE;
}
