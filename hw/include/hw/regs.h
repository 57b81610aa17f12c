/* SPDX-License-Identifier: MIT */
/*
 * Registers of the mirage GPU (BAR0).
 *
 * One table for each unit (regs/<unit>.def) is the only source: it makes the
 * constants below, the model's reset values and access rules, the names in the
 * driver's register dump and the tables of hw/doc/registers.md. Adding a
 * register is adding one line to a table.
 *
 * All registers are 32 bits wide, little endian, and accessed as aligned 32-bit
 * words; reads of any other size or alignment return ones, such writes are ignored.
 * REG64 is a pair, low half first.
 */
#ifndef HW_REGS_H
#define HW_REGS_H

#include <linux/types.h>

/* Bytes of BAR0. An offset that no unit claims reads as ones and ignores writes. */
#define MIRAGE_BAR0_SIZE	0x10000

/*
 * Offsets: MIRAGE_<unit>_<register>, in bytes from the start of BAR0; a 64-bit
 * counter's name is its low half. The driver makes its typed registers of the
 * same table (drivers-gpu/device/reg.h).
 */
enum mirage_reg {
#define REG(unit, name, off, access, reset, doc) MIRAGE_##unit##_##name = (off),
#define REG64(unit, name, off, access, doc) MIRAGE_##unit##_##name = (off),
#include "regs/all.def"
};

/* Fields: MIRAGE_<unit>_<register>_<field>__SHIFT and, shifted into place, __MASK. */
enum mirage_reg_field {
#define FIELD(unit, reg, name, hi, lo, doc)                                  \
	MIRAGE_##unit##_##reg##_##name##__SHIFT = (lo),                      \
	MIRAGE_##unit##_##reg##_##name##__MASK =                             \
		(int)((0xffffffffu >> (31 - ((hi) - (lo)))) << (lo)),
#include "regs/all.def"
};

/* MIRAGE_REG_GET(BUS_REVISION_MAJOR, value): the field of a register's value */
#define MIRAGE_REG_GET(field, value) \
	(((__u32)(value) & (__u32)MIRAGE_##field##__MASK) >> MIRAGE_##field##__SHIFT)
/* MIRAGE_REG_SET(BUS_CTRL_ENABLE, 1): a register's value with this field set */
#define MIRAGE_REG_SET(field, value) \
	(((__u32)(value) << MIRAGE_##field##__SHIFT) & (__u32)MIRAGE_##field##__MASK)

#define MIRAGE_BUS_ID_VALUE	0x4752494du

/* Device errors (BUS_ERROR): the driver broke a rule that concerns no single channel. Name, number, words. */
#define MIRAGE_DEV_ERRORS(X) \
	X(OK, 0, "none"), \
	/* ENABLE with a QUEUE register invalid or not reachable */ \
	X(BAD_QUEUE, 1, "bad queue"), \
	/* command queue: unknown opcode, bad argument or index */ \
	X(BAD_CMD, 2, "bad command"), \
	/* DMA failed: status page, queue, table, SYNC, context */ \
	X(BUS, 3, "bus error")

#define MIRAGE_DEV_VALUE(name, value, text)	MIRAGE_DEV_##name = (value)

enum mirage_dev_error {
	MIRAGE_DEV_ERRORS(MIRAGE_DEV_VALUE)
};

#undef MIRAGE_DEV_VALUE

#endif /* HW_REGS_H */
