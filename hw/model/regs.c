// SPDX-License-Identifier: MIT
/*
 * The registers' values: a table made from those of hw/include/hw/regs. bar0.c has the effects of an access by the guest.
 */
#include <string.h>
#include <strings.h>

#include "device.h"
#include "regs.h"

struct reg_desc {
	u32 offset;
	enum reg_access access;
	u32 reset;
	const char *name;	/* of TEST registers only: what --knob calls them */
};

static const struct reg_desc descs[] = {
#define REG(unit, name, off, access, reset, doc) { (off), REG_##access, (reset), #unit "_" #name },
#define REG64(unit, name, off, access, doc)			\
	{ (off), REG_##access, 0, #unit "_" #name },			\
	{ (off) + 4, REG_##access, 0, #unit "_" #name "_HI" },
#include "hw/regs/all.def"
};

static const char knob_prefix[] = "TEST_";

/* enum reg_access of each word of BAR0 */
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

enum reg_access regs_access(u32 offset)
{
	return offset < MIRAGE_BAR0_SIZE && !(offset % 4) ? access_of[offset / 4] : REG_NONE;
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
