// SPDX-License-Identifier: MIT
/*
 * A copy advances in chunks within which both sides are one piece of memory. It
 * keeps no state but its three counters, so a fault, a preemption or a reset
 * between two chunks needs nothing special: it goes on where it stopped. If a side
 * fails, all pages that a chunk lacks on either side are reported at once, so that
 * software serves them in one round.
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

/* Can software serve a page ahead of the copy? Of others it hears when the copy stands there. */
static bool can_serve(int kind)
{
	return kind == MIRAGE_FAULT_NOT_PRESENT || kind == MIRAGE_FAULT_WRITE;
}

/* Report the pages that fail among @len bytes. Returns STEP_DONE if there are none. */
static enum step report_side(struct chan *chan, u64 va, u64 len, enum mirage_access access)
{
	enum step step = STEP_DONE;
	u64 done = 0;

	while (done < len) {
		u64 piece = len - done;
		void *host;
		int kind = mmu_access(chan->dev, chan->vm, va + done, access, &piece, &host);

		if (kind) {
			if (done && !can_serve(kind))
				return step;
			step = chan_fault(chan, MIRAGE_UNIT_COPY, va + done, access,
					  (enum mirage_fault_kind)kind);
			if (step == STEP_STOPPED || !can_serve(kind))
				return step;
			piece = KiB(4) - (va + done) % KiB(4);
		}
		done += piece;
	}
	return step;
}

/*
 * A side fails where the copy stands: report what both lack in a chunk. Where a fault is an error,
 * that place alone counts. If software has made the pages present meanwhile the copy goes on.
 */
static enum step report(struct chan *chan)
{
	struct copy *copy = &chan->copy;
	u64 len = chan->no_fault ? 1 : min_u64(copy->left, COPY_CHUNK);
	enum step src = STEP_DONE, dst;

	if (!copy->fill)
		src = report_side(chan, copy->src, len, MIRAGE_ACCESS_READ);
	/* A channel that has stopped by the source has no copy any more. */
	if (src == STEP_STOPPED)
		return src;
	dst = report_side(chan, copy->dst, len, MIRAGE_ACCESS_WRITE);
	if (dst != STEP_DONE)
		return dst;
	return src == STEP_DONE ? STEP_MORE : src;
}

/* Find both sides of a copy by GPU virtual addresses. Returns STEP_DONE, or what faults lead to. */
static enum step find_virt(struct chan *chan, void **src, void **dst, u64 *len)
{
	struct copy *copy = &chan->copy;
	u64 src_len = *len, dst_len = *len;

	if (!copy->fill && mmu_access(chan->dev, chan->vm, copy->src, MIRAGE_ACCESS_READ, &src_len,
				      src))
		return report(chan);
	if (mmu_access(chan->dev, chan->vm, copy->dst, MIRAGE_ACCESS_WRITE, &dst_len, dst))
		return report(chan);
	*len = min_u64(src_len, dst_len);
	return STEP_DONE;
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
