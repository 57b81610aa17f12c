/* SPDX-License-Identifier: MIT */
/* The fault unit: from failed accesses to entries of the fault buffer. */
#ifndef MODEL_FAULT_H
#define MODEL_FAULT_H

#include "hw/pte.h"
#include "hw/queues.h"
#include "util.h"

struct device;

/* An entry that is not in the buffer yet. */
struct fault {
	struct mirage_fault_entry entry;
	struct mirage_place place;	/* of that entry */
	u64 due_ns;		/* written no earlier than this, now_ns() */
	u32 copies;		/* times it is still to be written */
};

/*
 * First in, first out. The number of suspended units bounds the entries: one for a
 * front end, 34 for a copy, and 32 for each of the 64 waves of a dispatch, which bounds a
 * channel. That is some 170 MB for all channels, so memory is had as it is needed, and may
 * be refused. Protected by the device's lock.
 */
struct faults {
	struct fault *queue;	/* ring of @space entries */
	u32 space;		/* power of two, or 0 */
	u32 head;		/* index of the oldest, modulo @space */
	u32 nr;
};

void faults_fini(struct faults *faults);

/**
 * fault_add() - an access failed and its unit is suspended.
 * @place: the instruction that made it; all zero if none did
 *
 * Context: device lock held, device enabled.
 * Returns false if there is no memory for the entry: the channel has to stop.
 */
bool fault_add(struct device *dev, u32 chan, u32 vm, enum mirage_fault_unit unit, unsigned int wave,
	       const struct mirage_place *place, u64 va, enum mirage_access access,
	       enum mirage_fault_kind kind);

/**
 * fault_deliver() - write the entries that are due, as far as there is room.
 * Returns when to call it again, in now_ns() time; UINT64_MAX: when there is a new one.
 */
u64 fault_deliver(struct device *dev);

/** fault_drop_vm() - forget waiting entries of @vm; UINT32_MAX: of every VM. */
void fault_drop_vm(struct faults *faults, u32 vm);

/** fault_drop_chan() - forget waiting entries of channel @chan. */
void fault_drop_chan(struct faults *faults, u32 chan);

/** fault_drop_all() - forget all, as after reset. */
void fault_drop_all(struct faults *faults);

#endif /* MODEL_FAULT_H */
