/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Register access. A register access traps, so hot paths access only doorbells.
 */
#ifndef MIRAGE_REGS_H
#define MIRAGE_REGS_H

#include <linux/io.h>

#include "device/device.h"
#include "device/reg.h"

static inline u32 mirage_reg_read(const struct mirage_device *mdev, struct mirage_reg32 reg)
{
	return readl(mdev->regs + reg.offset);
}

static inline void mirage_reg_write(const struct mirage_device *mdev, struct mirage_reg32 reg,
				    u32 value)
{
	writel(value, mdev->regs + reg.offset);
}

/**
 * mirage_reg_read64() - read a REG64 counter or a LO/HI pair that latches
 * @mdev: device
 * @reg: register; reading its low half latches the high half
 *
 * Context: any but hard interrupts; takes mirage_device.reg_lock.
 */
static inline u64 mirage_reg_read64(struct mirage_device *mdev, struct mirage_reg64 reg)
{
	u64 value;

	spin_lock(&mdev->reg_lock);
	value = readl(mdev->regs + reg.lo);
	value |= (u64)readl(mdev->regs + reg.lo + 4) << 32;
	spin_unlock(&mdev->reg_lock);
	return value;
}

static inline void mirage_reg_write64(const struct mirage_device *mdev, struct mirage_reg64 reg,
				      u64 value)
{
	writel(lower_32_bits(value), mdev->regs + reg.lo);
	writel(upper_32_bits(value), mdev->regs + reg.lo + 4);
}

#endif /* MIRAGE_REGS_H */
