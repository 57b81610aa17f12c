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
#include "packet.h"

/* Bounds the time of one chunk, and so of a wait for the device's lock. */
#define COPY_CHUNK KiB(64)

bool copy_valid(const struct copy *copy)
{
	if (copy->phys)
		return (copy->fill || phys_valid(copy->src, sizeof(u64))) &&
		       phys_valid(copy->dst, sizeof(u64)) && !(copy->left % sizeof(u64));
	return !copy->fill || !((copy->dst | copy->left) % sizeof(copy->pattern));
}

static void fill(u32 *dst, u32 pattern, size_t words)
{
	for (size_t i = 0; i < words; i++)
		dst[i] = pattern;
}

/* Find both sides of a copy by GPU virtual addresses. Returns STEP_DONE, or what faults lead to. */
static enum step find_virt(struct chan *chan, void **src, void **dst, u64 *len)
{
	struct copy *copy = &chan->copy;
	u64 src_len = *len, dst_len = *len;
	int src_kind = 0, dst_kind;
	enum step step = STEP_DONE;

	if (!copy->fill)
		src_kind = mmu_access(chan->dev, chan->vm, copy->src, MIRAGE_ACCESS_READ,
				      &src_len, src);
	dst_kind = mmu_access(chan->dev, chan->vm, copy->dst, MIRAGE_ACCESS_WRITE, &dst_len, dst);
	if (src_kind)
		step = chan_fault(chan, MIRAGE_UNIT_COPY, copy->src, MIRAGE_ACCESS_READ,
				  (enum mirage_fault_kind)src_kind);
	/* A channel that has stopped by the first has no copy any more. */
	if (dst_kind && step != STEP_STOPPED)
		step = chan_fault(chan, MIRAGE_UNIT_COPY, copy->dst, MIRAGE_ACCESS_WRITE,
				  (enum mirage_fault_kind)dst_kind);
	*len = min_u64(src_len, dst_len);
	return step;
}

static void *find_side(struct chan *chan, u64 phys, u64 *len, bool write)
{
	return phys_run(chan->dev, phys & MIRAGE_PHYS_SYSTEM, phys & ~MIRAGE_PHYS_SYSTEM, len,
			write);
}

/* The same by physical pointers; memory that cannot be reached is an error and no fault. */
static enum step find_phys(struct chan *chan, void **src, void **dst, u64 *len)
{
	struct copy *copy = &chan->copy;

	if (!copy->fill)
		*src = find_side(chan, copy->src, len, false);
	*dst = find_side(chan, copy->dst, len, true);
	if (*dst && (copy->fill || *src))
		return STEP_DONE;
	chan_error(chan, MIRAGE_CHAN_RING, 0, chan_packet_addr(chan));
	return STEP_STOPPED;
}

enum step copy_run(struct chan *chan)
{
	struct copy *copy = &chan->copy;
	u64 len = min_u64(copy->left, COPY_CHUNK);
	void *src = NULL, *dst;
	enum step step;

	if (!copy->left)
		return STEP_DONE;
	step = copy->phys ? find_phys(chan, &src, &dst, &len) : find_virt(chan, &src, &dst, &len);
	if (step != STEP_DONE)
		return step;
	if (copy->fill)
		fill(dst, copy->pattern, len / sizeof(copy->pattern));
	else
		memmove(dst, src, len);	/* two addresses may be the same memory */
	copy->src += len;
	copy->dst += len;
	copy->left -= len;
	chan->dev->perf[PERF_COPY_BYTES] += len;
	return copy->left ? STEP_MORE : STEP_DONE;
}
