// SPDX-License-Identifier: MIT
/*
 * A fault goes through a queue inside the device into the buffer in memory. The
 * queue is empty but for three cases: the buffer is full, an injected delay, and
 * injected duplicates that find no room. Order is kept in each.
 */
#include <stdlib.h>

#include "device.h"
#include "fault.h"

/* While the buffer is full there is no signal for room: its index is looked at this often. */
#define FAULT_POLL_NS 500000

/* Space for so many entries is kept when none is left. */
#define FAULT_KEEP 1024

#define FAULT_MAX_COPIES 16
#define FAULT_MAX_DELAY_US 1000000

void faults_fini(struct faults *faults)
{
	free(faults->queue);
	*faults = (struct faults){ 0 };
}

static struct fault *fault_at(const struct faults *faults, u32 i)
{
	return &faults->queue[(faults->head + i) & (faults->space - 1)];
}

static bool fault_grow(struct faults *faults)
{
	u32 space = faults->space ? 2 * faults->space : 64;
	struct fault *queue = calloc(space, sizeof(*queue));

	if (!queue)
		return false;
	for (u32 i = 0; i < faults->nr; i++)
		queue[i] = *fault_at(faults, i);
	free(faults->queue);
	faults->queue = queue;
	faults->space = space;
	faults->head = 0;
	return true;
}

/* Free the memory that many faults have needed, when they are gone. */
static void fault_shrink(struct faults *faults)
{
	if (!faults->nr && faults->space > FAULT_KEEP)
		faults_fini(faults);
}

bool fault_add(struct device *dev, u32 chan, u32 vm, enum mirage_fault_unit unit, unsigned int wave,
	       const struct mirage_place *place, u64 va, enum mirage_access access,
	       enum mirage_fault_kind kind)
{
	struct faults *faults = &dev->faults;
	u64 delay_us = min_u64(regs_get(dev, MIRAGE_TEST_FAULT_DELAY_US), FAULT_MAX_DELAY_US);
	u64 dup = min_u64(regs_get(dev, MIRAGE_TEST_FAULT_DUP), FAULT_MAX_COPIES - 1);

	if (faults->nr == faults->space && !fault_grow(faults))
		return false;
	*fault_at(faults, faults->nr++) = (struct fault){
		.entry = {
			.addr = va,
			.time_ns = device_time(dev),
			.chan = chan,
			.vm = (u16)vm,
			.access = (u8)access,
			.kind = (u8)kind,
			.unit = (u8)unit,
			.wave = (u16)wave,
		},
		.place = *place,
		.due_ns = now_ns() + delay_us * 1000,
		.copies = 1 + (u32)dup,
	};
	fault_deliver(dev);
	return true;
}

static bool fault_write(struct device *dev, struct mirage_status_page *status,
			const struct fault *fault)
{
	struct queues *q = &dev->queues;
	u32 index = q->fault_put & (q->fault_size - 1);
	struct mirage_fault_entry *entry;
	struct mirage_place *place = NULL;

	entry = phys_ptr(dev, q->fault + index * sizeof(*entry), sizeof(*entry), true);
	if (q->fault_place)
		place = phys_ptr(dev, q->fault_place + index * sizeof(*place), sizeof(*place),
				 true);
	if (!entry || (q->fault_place && !place)) {
		device_halt(dev, MIRAGE_DEV_BUS);
		return false;
	}
	if (place)
		*place = fault->place;
	*entry = fault->entry;
	dev->perf[PERF_FAULTS]++;
	queues_publish(dev, &status->fault_put, ++q->fault_put, &status->fault_armed,
		       MIRAGE_INTR_PENDING_FAULT__MASK);
	return true;
}

u64 fault_deliver(struct device *dev)
{
	struct faults *faults = &dev->faults;
	struct queues *q = &dev->queues;
	struct mirage_status_page *status;
	u64 now;

	if (!faults->nr)
		return UINT64_MAX;
	status = queues_status(dev);
	now = now_ns();
	while (status && faults->nr) {
		struct fault *fault = fault_at(faults, 0);
		u32 get = __atomic_load_n(&status->fault_get, __ATOMIC_ACQUIRE);

		if (fault->due_ns > now)
			return fault->due_ns;
		if (!queues_room(dev, q->fault_size, q->fault_put, get))
			return now + FAULT_POLL_NS;
		if (!fault_write(dev, status, fault))
			break;
		if (--fault->copies)
			continue;
		faults->head++;
		faults->nr--;
	}
	fault_shrink(faults);
	return UINT64_MAX;
}

static void fault_drop(struct faults *faults, u32 vm, u32 chan)
{
	u32 kept = 0;

	for (u32 i = 0; i < faults->nr; i++) {
		const struct fault *fault = fault_at(faults, i);

		if ((vm == UINT32_MAX || fault->entry.vm == vm) &&
		    (chan == UINT32_MAX || fault->entry.chan == chan))
			continue;
		*fault_at(faults, kept++) = *fault;
	}
	faults->nr = kept;
	fault_shrink(faults);
}

void fault_drop_vm(struct faults *faults, u32 vm)
{
	fault_drop(faults, vm, UINT32_MAX);
}

void fault_drop_chan(struct faults *faults, u32 chan)
{
	fault_drop(faults, UINT32_MAX, chan);
}

void fault_drop_all(struct faults *faults)
{
	fault_drop(faults, UINT32_MAX, UINT32_MAX);
}
