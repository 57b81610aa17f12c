/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registers as types of their own. C lets any integer pass for an enum, but none for a structure:
 * the compiler rejects a value, a bare offset, or a register of the other width. Modelled on xe's
 * struct xe_reg. tests/reg_check has the uses that must not compile.
 */
#ifndef MIRAGE_REG_H
#define MIRAGE_REG_H

#include <hw/regs.h>

#include "device/pure.h"

/**
 * struct mirage_reg32 - a register of one word, made by MIRAGE_REG32()
 */
struct mirage_reg32 {
	/** @offset: in BAR0 */
	u32 offset;
};

/**
 * struct mirage_reg64 - two words, made by MIRAGE_REG64() or MIRAGE_REG_PAIR()
 */
struct mirage_reg64 {
	/** @lo: offset of the low half in BAR0; the high half follows */
	u32 lo;
};

/* The offsets again. The width in the name makes a wrong one an unknown name. */
enum mirage_reg_width {
#define REG(unit, name, off, access, reset, doc) MIRAGE_##unit##_##name##__REG32 = (off),
#define REG64(unit, name, off, access, doc) MIRAGE_##unit##_##name##__REG64 = (off),
#include <hw/regs/all.def>
};

/* 0 if @hi follows @lo; if not, this does not compile. */
#define MIRAGE_REG_FOLLOWS(lo, hi)	(0 * sizeof(char [(hi) == (lo) + 4 ? 1 : -1]))

/* MIRAGE_REG32(BUS_ID): a REG of the table */
#define MIRAGE_REG32(name)	((const struct mirage_reg32){ MIRAGE_##name##__REG32 })
/* MIRAGE_REG64(PERF_WAVES): a REG64 of the table */
#define MIRAGE_REG64(name)	((const struct mirage_reg64){ MIRAGE_##name##__REG64 })
/* MIRAGE_REG_PAIR(BUS_TIME): two REG of the table, BUS_TIME_LO and BUS_TIME_HI */
#define MIRAGE_REG_PAIR(name)                                                              \
	((const struct mirage_reg64){                                                      \
		MIRAGE_##name##_LO__REG32 +                                                \
		MIRAGE_REG_FOLLOWS(MIRAGE_##name##_LO__REG32, MIRAGE_##name##_HI__REG32) })

#endif /* MIRAGE_REG_H */
