/* SPDX-License-Identifier: GPL-2.0 */
/* A fault, decoded for the driver's other layers. Pure. */
#ifndef MIRAGE_FAULT_ENTRY_H
#define MIRAGE_FAULT_ENTRY_H

#include <hw/queues.h>

#include "device/pure.h"

/**
 * struct mirage_fault - one failed access, in the CPU's byte order except @place
 */
struct mirage_fault {
	/** @addr: GPU address, exact to the byte */
	u64 addr;
	/** @time_ns: device clock when the access failed */
	u64 time_ns;
	/** @chan: channel that made the access */
	u32 chan;
	/** @vm: VM table index of the address space */
	u16 vm;
	/** @access: enum mirage_access */
	u8 access;
	/** @kind: enum mirage_fault_kind */
	u8 kind;
	/** @unit: enum mirage_fault_unit */
	u8 unit;
	/**
	 * @place: the instruction, as the device wrote it; all zero if no instruction made the
	 * access
	 */
	struct mirage_place place;
};

#endif /* MIRAGE_FAULT_ENTRY_H */
