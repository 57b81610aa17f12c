// SPDX-License-Identifier: MIT
/*
 * Registers are a table made from those of hw/include/hw/regs. Reading and writing is generic;
 * the few registers with effects are the cases of two switches. Doorbells are
 * the only registers on a hot path: they take no lock.
 */
#include <string.h>
#include <strings.h>

#include "device.h"
#include "regs.h"

enum reg_access { NONE, RO, RW, WO, W1C };

struct reg_desc {
	u32 offset;
	enum reg_access access;
	u32 reset;
	const char *name;	/* of TEST registers only: what --knob calls them */
};

static const struct reg_desc descs[] = {
#define UNIT(unit, base, size, doc)
#define REG(unit, name, off, access, reset, doc) { (off), access, (reset), #unit "_" #name },
#define REG64(unit, name, off, access, doc)			\
	{ (off), access, 0, #unit "_" #name },			\
	{ (off) + 4, access, 0, #unit "_" #name "_HI" },
#define FIELD(unit, reg, name, hi, lo, doc)
#include "hw/regs/all.def"
#undef UNIT
#undef REG
#undef REG64
#undef FIELD
};

static const char knob_prefix[] = "TEST_";

/* access rule of each word of BAR0 */
static u8 access_of[MIRAGE_BAR0_SIZE / 4];

void regs_init(struct device *dev)
{
	struct regs *regs = &dev->regs;

	for (size_t i = 0; i < ARRAY_SIZE(descs); i++) {
		access_of[descs[i].offset / 4] = (u8)descs[i].access;
		regs->reset[descs[i].offset / 4] = descs[i].reset;
	}
	regs->reset[MIRAGE_BUS_VRAM_SIZE_LO / 4] = (u32)dev->vram.size;
	regs->reset[MIRAGE_BUS_VRAM_SIZE_HI / 4] = (u32)(dev->vram.size >> 32);
	regs_reset(dev);
}

void regs_reset(struct device *dev)
{
	memcpy(dev->regs.value, dev->regs.reset, sizeof(dev->regs.value));
	memset(dev->regs.latch, 0, sizeof(dev->regs.latch));
}

static bool knob_matches(const char *name, const char *reg)
{
	if (strncmp(reg, knob_prefix, strlen(knob_prefix)))
		return false;
	for (reg += strlen(knob_prefix); *reg && *name; reg++, name++)
		if (!(*reg == '_' && *name == '-') && strncasecmp(reg, name, 1))
			return false;
	return !*reg && !*name;
}

int regs_knob(struct regs *regs, const char *name, u32 value)
{
	for (size_t i = 0; i < ARRAY_SIZE(descs); i++)
		if (knob_matches(name, descs[i].name)) {
			regs->reset[descs[i].offset / 4] = value;
			regs->value[descs[i].offset / 4] = value;
			return 0;
		}
	return -1;
}

const char *regs_knob_name(unsigned int n)
{
	for (size_t i = 0; i < ARRAY_SIZE(descs); i++)
		if (!strncmp(descs[i].name, knob_prefix, strlen(knob_prefix)) && !n--)
			return descs[i].name + strlen(knob_prefix);
	return NULL;
}

u32 regs_get(struct device *dev, enum mirage_reg reg)
{
	return dev->regs.value[reg / 4];
}

void regs_set(struct device *dev, enum mirage_reg reg, u32 value)
{
	dev->regs.value[reg / 4] = value;
}

u64 regs_get64(struct device *dev, enum mirage_reg reg)
{
	return make_u64(dev->regs.value[reg / 4], dev->regs.value[reg / 4 + 1]);
}

bool regs_take(struct device *dev, enum mirage_reg reg)
{
	if (!dev->regs.value[reg / 4])
		return false;
	dev->regs.value[reg / 4]--;
	return true;
}

/* Low half of a 64-bit counter: keeps the high half for the next read. */
static u32 latch_u64(struct device *dev, u32 offset, u64 value)
{
	dev->regs.latch[offset / 4 + 1] = (u32)(value >> 32);
	return (u32)value;
}

static bool is_perf(u32 offset)
{
	return offset >= MIRAGE_PERF_PACKETS && offset < MIRAGE_PERF_PACKETS + 8 * PERF_NR_COUNTERS;
}

u32 regs_read(struct device *dev, u32 offset)
{
	u32 value;

	if (offset >= MIRAGE_BAR0_SIZE || offset % 4)
		return UINT32_MAX;
	switch (access_of[offset / 4]) {
	case NONE:
		return UINT32_MAX;
	case WO:
		return 0;
	}
	lock_acquire(&dev->lock);
	if (offset == MIRAGE_BUS_CURRENT)
		value = runlist_current(dev) ? runlist_current(dev)->id + 1 : 0;
	else if (offset == MIRAGE_BUS_TIME_LO)
		value = latch_u64(dev, offset, device_time(dev));
	else if (is_perf(offset) && offset % 8 == 0)
		value = latch_u64(dev, offset, dev->perf[(offset - MIRAGE_PERF_PACKETS) / 8]);
	else if (is_perf(offset) || offset == MIRAGE_BUS_TIME_HI)
		value = dev->regs.latch[offset / 4];
	else
		value = dev->regs.value[offset / 4];
	lock_release(&dev->lock);
	return value;
}

static bool is_queue(u32 offset)
{
	return offset >= MIRAGE_QUEUE_STATUS_LO && offset <= MIRAGE_QUEUE_FAULT_PLACE_HI;
}

static void write_locked(struct device *dev, u32 offset, u32 value)
{
	u32 *reg = &dev->regs.value[offset / 4];

	switch (offset) {
	case MIRAGE_BUS_RESET:
		if (value == 1)
			device_reset(dev);
		return;
	case MIRAGE_BUS_ENGINE_RESET:
		if (value == 1)
			device_engine_reset(dev);
		return;
	case MIRAGE_TEST_GONE:
		if (value)
			device_reset(dev);
		break;
	case MIRAGE_TEST_HOLD_INV:
	case MIRAGE_TEST_HOLD_SYNC:
	case MIRAGE_TEST_HOLD_REPLAY:
	case MIRAGE_TEST_HOLD_CHAN_START:
	case MIRAGE_TEST_HOLD_CHAN_STOP:
	case MIRAGE_TEST_HOLD_CHAN_SAVE:
		/* Commands that were held may go on. */
		engine_wake(dev);
		break;
	case MIRAGE_BUS_CTRL:
		value &= MIRAGE_BUS_CTRL_ENABLE__MASK;
		if (value == *reg)
			return;
		*reg = value;
		if (value)
			device_enable(dev);
		else
			device_disable(dev);
		return;
	case MIRAGE_INTR_PENDING:
		*reg &= ~value;
		return;
	case MIRAGE_INTR_ENABLE:
		*reg = value & MIRAGE_INTR_ENABLE_ALL__MASK;
		return;
	}
	/* The device has latched them. */
	if (is_queue(offset) && regs_get(dev, MIRAGE_BUS_CTRL))
		return;
	*reg = value;
}

void regs_write(struct device *dev, u32 offset, u32 value)
{
	if (offset >= MIRAGE_BAR0_SIZE || offset % 4)
		return;
	if (access_of[offset / 4] == NONE || access_of[offset / 4] == RO)
		return;
	switch (offset) {
	case MIRAGE_DOORBELL_CMD:
		engine_doorbell_cmd(dev);
		return;
	case MIRAGE_DOORBELL_CHAN:
		engine_doorbell_chan(dev, value);
		return;
	}
	lock_acquire(&dev->lock);
	write_locked(dev, offset, value);
	lock_release(&dev->lock);
}
