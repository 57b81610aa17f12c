/* SPDX-License-Identifier: MIT */
/* The registers of BAR0. */
#ifndef MODEL_REGS_H
#define MODEL_REGS_H

#include "hw/regs.h"
#include "util.h"

struct device;

/** enum reg_access - what the guest may do with a register; REG_NONE: there is none */
enum reg_access { REG_NONE, REG_RO, REG_RW, REG_WO, REG_W1C };

struct regs {
	/* Values that a read returns, unless regs_read() computes them. Protected by the device's lock. */
	u32 value[MIRAGE_BAR0_SIZE / 4];
	/* Reset values; those of TEST can be set by the user. Constant once the device runs. */
	u32 reset[MIRAGE_BAR0_SIZE / 4];
	/* High half of the 64-bit counter whose low half was read last, for each. */
	u32 latch[MIRAGE_BAR0_SIZE / 4];
};

/** regs_init() - reset values from the tables, and those that depend on the device. */
void regs_init(struct device *dev);

/** regs_access() - what the guest may do at @offset of BAR0; REG_NONE too where no word begins. */
enum reg_access regs_access(u32 offset);

/** regs_reset() - set every register to its reset value. */
void regs_reset(struct device *dev);

/**
 * regs_knob() - set the reset value of TEST register @name.
 * @name: as in the table, in any case, with - for _ if liked: "fault-dup"
 *
 * Returns 0, or -1 if there is no such register.
 */
int regs_knob(struct regs *regs, const char *name, u32 value);

/** regs_knob_name() - name of the @i-th TEST register, or NULL. */
const char *regs_knob_name(unsigned int i);

/**
 * regs_read() - what a read by the guest returns.
 * Context: any thread; takes the device's lock.
 */
u32 regs_read(struct device *dev, u32 offset);

/** regs_write() - a write by the guest, with all its effects. Context: as regs_read(). */
void regs_write(struct device *dev, u32 offset, u32 value);

/* The device's own view of a register. Context: device lock held. */
u32 regs_get(struct device *dev, enum mirage_reg reg);
void regs_set(struct device *dev, enum mirage_reg reg, u32 value);
/** regs_get64() - two registers, low half at @reg. */
u64 regs_get64(struct device *dev, enum mirage_reg reg);
/** regs_take() - if a count-down register is not 0, count it down; returns whether it was not. */
bool regs_take(struct device *dev, enum mirage_reg reg);

#endif /* MODEL_REGS_H */
