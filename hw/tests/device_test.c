// SPDX-License-Identifier: MIT
/* Registers, enabling, resets, halting, and configuration space. */
#include <linux/pci_regs.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fixture.h"
#include "options.h"
#include "region.h"

#define VM 3
#define CHAN 1
#define DST_VA 0x30000000ull
#define CONFIG 7	/* region index of configuration space */

static struct fixture f;

/* All registers by table: what a write may change, and that nothing unnamed answers. */
static void access_rules(void)
{
	enum { RO, RW, WO, W1C };
	static const struct {
		u32 offset;
		int access;
		u32 reset;
	} regs[] = {
#define REG(unit, name, off, access, reset, doc) { off, access, reset },
#define REG64(unit, name, off, access, doc) { off, access, 0 }, { off + 4, access, 0 },
#include "hw/regs/all.def"
	};
	bool named[MIRAGE_BAR0_SIZE / 4] = { false };

	fixture_open(&f);
	lock_acquire(&f.dev->lock);
	device_reset(f.dev);
	lock_release(&f.dev->lock);
	for (unsigned int i = 0; i < ARRAY_SIZE(regs); i++) {
		u32 at = regs[i].offset;

		named[at / 4] = true;
		if (at == MIRAGE_BUS_TIME_LO || at == MIRAGE_BUS_TIME_HI)
			continue;
		if (at == MIRAGE_BUS_VRAM_SIZE_LO)
			CHECK_EQ(fixture_read(&f, at), FIXTURE_VRAM_SIZE);
		else
			CHECK_EQ(fixture_read(&f, at), regs[i].reset);
		if (regs[i].access == RO) {
			fixture_write(&f, at, ~fixture_read(&f, at));
			CHECK_EQ(fixture_read(&f, at), at == MIRAGE_BUS_VRAM_SIZE_LO ?
				 FIXTURE_VRAM_SIZE : regs[i].reset);
		} else if (regs[i].access == RW && at != MIRAGE_BUS_CTRL &&
			   at != MIRAGE_BUS_RESET && at != MIRAGE_BUS_ENGINE_RESET &&
			   at != MIRAGE_INTR_ENABLE) {
			fixture_write(&f, at, 0x5a5a5a5a);
			CHECK_EQ(fixture_read(&f, at), 0x5a5a5a5a);
			fixture_write(&f, at, regs[i].reset);
		}
	}
	for (u32 at = 0; at < MIRAGE_BAR0_SIZE; at += 4) {
		if (named[at / 4])
			continue;
		fixture_write(&f, at, 0);
		CHECK_EQ(fixture_read(&f, at), UINT32_MAX);
	}
	CHECK_EQ(fixture_read(&f, MIRAGE_BAR0_SIZE), UINT32_MAX);
	CHECK_EQ(fixture_read(&f, UINT32_MAX), UINT32_MAX);
	fixture_write(&f, UINT32_MAX - 3, 1);
	fixture_close(&f);
}

static void access_sizes(void)
{
	static const u8 zero[8];
	u8 data[8];

	fixture_open(&f);
	fixture_write(&f, MIRAGE_BUS_SCRATCH, 0x12345678);
	for (u32 len = 1; len <= 8; len++) {
		if (len == 4)
			continue;
		CHECK_EQ(region_read(f.dev, 0, MIRAGE_BUS_SCRATCH, len, data), 0);
		for (u32 i = 0; i < len; i++)
			CHECK_EQ(data[i], 0xff);
		CHECK_EQ(region_write(f.dev, 0, MIRAGE_BUS_SCRATCH, len, zero), 0);
	}
	CHECK_EQ(region_read(f.dev, 0, MIRAGE_BUS_SCRATCH + 2, 4, data), 0);
	CHECK_EQ(data[0], 0xff);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_SCRATCH), 0x12345678);
	CHECK(region_read(f.dev, 0, MIRAGE_BAR0_SIZE - 2, 4, data));
	CHECK(region_read(f.dev, 0, UINT64_MAX, 4, data));
	CHECK(region_read(f.dev, 1, 0, 4, data));
	CHECK(region_read(f.dev, UINT32_MAX, 0, 4, data));
	fixture_close(&f);
}

static void time_latches(void)
{
	u64 last = 0;

	fixture_open(&f);
	f.dev->time_base = now_ns() - 0xffffff00;	/* about to carry */
	for (int i = 0; i < 1000; i++) {
		u64 time = fixture_read64(&f, MIRAGE_BUS_TIME_LO);

		CHECK(time >= last);
		last = time;
	}
	CHECK(last >> 32);
	fixture_close(&f);
}

/* The read of a low half keeps the high half of that counter, and of no other. */
static void counters_latch(void)
{
	fixture_open(&f);
	f.dev->perf[PERF_PACKETS] = 0x1ffffffff;
	f.dev->perf[PERF_WAVES] = 0x500000000;
	CHECK_EQ(fixture_read(&f, MIRAGE_PERF_PACKETS + 4), 0);
	CHECK_EQ(fixture_read(&f, MIRAGE_PERF_PACKETS), 0xffffffff);
	f.dev->perf[PERF_PACKETS]++;
	CHECK_EQ(fixture_read(&f, MIRAGE_PERF_WAVES), 0);
	CHECK_EQ(fixture_read(&f, MIRAGE_PERF_PACKETS + 4), 1);
	CHECK_EQ(fixture_read(&f, MIRAGE_PERF_WAVES + 4), 5);
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_PACKETS), 0x200000000);
	fixture_close(&f);
}

static void enable_checks_each_queue(void)
{
	static const u32 places[] = {
		MIRAGE_QUEUE_STATUS_LO, MIRAGE_QUEUE_CMD_LO, MIRAGE_QUEUE_FAULT_LO,
		MIRAGE_QUEUE_EVENT_LO, MIRAGE_QUEUE_CHAN_TABLE_LO, MIRAGE_QUEUE_VM_TABLE_LO,
	};
	static const u32 orders[] = {
		MIRAGE_QUEUE_CMD_ORDER, MIRAGE_QUEUE_FAULT_ORDER, MIRAGE_QUEUE_EVENT_ORDER,
	};
	static const u64 bad[] = {
		FIXTURE_RAM_BASE | MIRAGE_PHYS_SYSTEM | 8,	/* not aligned */
		FIXTURE_VRAM_SIZE,				/* nowhere */
		FIXTURE_RAM_BASE + FIXTURE_RAM_SIZE + MIRAGE_PHYS_SYSTEM,
		2, 1ull << 63, UINT64_MAX,			/* reserved bits */
	};
	static const u32 bad_order[] = { 0, 17, UINT32_MAX };

	fixture_open(&f);
	for (unsigned int i = 0; i < ARRAY_SIZE(places) * ARRAY_SIZE(bad); i++) {
		u32 at = places[i / ARRAY_SIZE(bad)];
		u64 good = fixture_read64(&f, at);

		fixture_write_phys(&f, at, bad[i % ARRAY_SIZE(bad)]);
		fixture_write(&f, MIRAGE_BUS_CTRL, 1);
		CHECK_EQ(fixture_read(&f, MIRAGE_BUS_STATUS), 0);
		CHECK_EQ(fixture_read(&f, MIRAGE_BUS_ERROR), MIRAGE_DEV_BAD_QUEUE);
		fixture_write(&f, MIRAGE_BUS_CTRL, 0);
		fixture_write_phys(&f, at, good);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(orders) * ARRAY_SIZE(bad_order); i++) {
		u32 at = orders[i / ARRAY_SIZE(bad_order)];

		fixture_write(&f, at, bad_order[i % ARRAY_SIZE(bad_order)]);
		fixture_write(&f, MIRAGE_BUS_CTRL, 1);
		CHECK_EQ(fixture_read(&f, MIRAGE_BUS_STATUS), 0);
		fixture_write(&f, MIRAGE_BUS_CTRL, 0);
		fixture_write(&f, at, FIXTURE_QUEUE_ORDER);
	}
	/* A queue whose last page cannot be reached. */
	fixture_write_phys(&f, MIRAGE_QUEUE_CMD_LO, FIXTURE_VRAM_SIZE - KiB(4));
	fixture_write(&f, MIRAGE_BUS_CTRL, 1);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_STATUS), 0);
	fixture_write(&f, MIRAGE_BUS_CTRL, 0);
	fixture_write_phys(&f, MIRAGE_QUEUE_CMD_LO, f.cmd_phys);
	fixture_write(&f, MIRAGE_BUS_CTRL, 1);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_STATUS), MIRAGE_BUS_STATUS_ENABLED__MASK);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_ERROR), MIRAGE_DEV_BAD_QUEUE);
	/* Now they are latched. */
	fixture_write_phys(&f, MIRAGE_QUEUE_CMD_LO, 0);
	CHECK_EQ(fixture_read64(&f, MIRAGE_QUEUE_CMD_LO), f.cmd_phys);
	fixture_write_phys(&f, MIRAGE_QUEUE_FAULT_PLACE_LO, f.place_phys);
	CHECK_EQ(fixture_read64(&f, MIRAGE_QUEUE_FAULT_PLACE_LO), 0);
	fixture_sync(&f);
	fixture_close(&f);
}

/* ENABLE stays 1 after it has failed, so nothing can be corrected, or tried again, before it is 0. */
static void failed_enable_ends_with_0(void)
{
	fixture_open(&f);
	fixture_write(&f, MIRAGE_QUEUE_CMD_ORDER, 0);
	fixture_write(&f, MIRAGE_BUS_CTRL, 1);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_CTRL), 1);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_STATUS), 0);
	fixture_write(&f, MIRAGE_QUEUE_CMD_ORDER, FIXTURE_QUEUE_ORDER);
	CHECK_EQ(fixture_read(&f, MIRAGE_QUEUE_CMD_ORDER), 0);
	fixture_write(&f, MIRAGE_BUS_CTRL, 1);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_STATUS), 0);
	fixture_write(&f, MIRAGE_BUS_CTRL, 0);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_ERROR), MIRAGE_DEV_BAD_QUEUE);
	fixture_write(&f, MIRAGE_QUEUE_CMD_ORDER, FIXTURE_QUEUE_ORDER);
	fixture_write(&f, MIRAGE_BUS_CTRL, 1);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_STATUS), MIRAGE_BUS_STATUS_ENABLED__MASK);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_ERROR), MIRAGE_DEV_BAD_QUEUE);
	fixture_write(&f, MIRAGE_BUS_RESET, 1);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_ERROR), MIRAGE_DEV_OK);
	fixture_close(&f);
}

static void queues_in_vram(void)
{
	fixture_open(&f);
	f.status_phys = fixture_alloc_vram(&f, KiB(4));
	f.cmd_phys = fixture_alloc_vram(&f, KiB(8));
	f.status = fixture_ptr(&f, f.status_phys);
	f.cmds = fixture_ptr(&f, f.cmd_phys);
	fixture_write_phys(&f, MIRAGE_QUEUE_STATUS_LO, f.status_phys);
	fixture_write_phys(&f, MIRAGE_QUEUE_CMD_LO, f.cmd_phys);
	fixture_write(&f, MIRAGE_BUS_CTRL, 1);
	fixture_sync(&f);
	CHECK_EQ(f.status->cmd_get, 1);
	fixture_close(&f);
}

static void indices_go_on_after_disable(void)
{
	fixture_start(&f);
	fixture_vm(&f, VM);
	fixture_chan(&f, CHAN, MIRAGE_CHAN_COPY, VM, 0);
	fixture_fill(&f, CHAN, DST_VA, 4, 0);
	fixture_kick(&f, CHAN);
	CHECK_EQ(fixture_nr_faults(&f), 1);
	fixture_write(&f, MIRAGE_BUS_CTRL, 0);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_STATUS), 0);
	/* A command while disabled is not looked at. */
	fixture_cmd(&f, (struct mirage_cmd){ .op = 99 });
	fixture_run(&f);
	f.status->cmd_put--;
	fixture_write(&f, MIRAGE_BUS_CTRL, 1);
	fixture_sync(&f);
	CHECK_EQ(fixture_nr_faults(&f), 1);
	/* The channel was dropped: a replay finds nothing. */
	fixture_replay(&f, VM);
	CHECK_EQ(fixture_nr_faults(&f), 1);
	CHECK_EQ(fixture_read64(&f, MIRAGE_PERF_REPLAYED), 0);
	fixture_close(&f);
}

static void reset_keeps_knobs_and_vram(void)
{
	fixture_open(&f);
	CHECK_EQ(regs_knob(&f.dev->regs, "fault-dup", 3), 0);
	CHECK_EQ(regs_knob(&f.dev->regs, "DROP_IRQ", 4), 0);
	CHECK(regs_knob(&f.dev->regs, "fault", 3));
	CHECK(regs_knob(&f.dev->regs, "fault-dup-", 3));
	CHECK(regs_knob(&f.dev->regs, "", 3));
	f.dev->vram.host[12345] = 7;
	fixture_write(&f, MIRAGE_BUS_SCRATCH, 1);
	fixture_write(&f, MIRAGE_TEST_FAULT_DUP, 0);
	fixture_write(&f, MIRAGE_BUS_CTRL, 1);
	fixture_sync(&f);
	fixture_write(&f, MIRAGE_BUS_RESET, 2);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_SCRATCH), 1);
	fixture_write(&f, MIRAGE_BUS_RESET, 1);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_RESET), 0);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_SCRATCH), 0);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_STATUS), 0);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_CTRL), 0);
	CHECK_EQ(fixture_read(&f, MIRAGE_TEST_FAULT_DUP), 3);
	CHECK_EQ(fixture_read(&f, MIRAGE_TEST_DROP_IRQ), 4);
	CHECK_EQ(fixture_read64(&f, MIRAGE_QUEUE_CMD_LO), 0);
	CHECK_EQ(f.dev->vram.host[12345], 7);
	fixture_close(&f);
}

static void halt_fires_and_needs_reset(void)
{
	int fd = eventfd(0, EFD_NONBLOCK);
	u64 count;

	fixture_start(&f);
	intr_set_eventfd(&f.dev->intr, 2, fd);
	fixture_write(&f, MIRAGE_INTR_ENABLE, UINT32_MAX);
	CHECK_EQ(fixture_read(&f, MIRAGE_INTR_ENABLE), 7);
	fixture_cmd(&f, (struct mirage_cmd){ .op = 99 });
	fixture_run(&f);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_STATUS), MIRAGE_BUS_STATUS_HALTED__MASK);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_ERROR), MIRAGE_DEV_BAD_CMD);
	CHECK_EQ(fixture_read(&f, MIRAGE_INTR_PENDING), MIRAGE_INTR_PENDING_ERROR__MASK);
	CHECK_EQ(read(fd, &count, sizeof(count)), sizeof(count));
	/* Turning it off and on again does not help. */
	fixture_write(&f, MIRAGE_BUS_CTRL, 0);
	fixture_write(&f, MIRAGE_BUS_CTRL, 1);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_STATUS), MIRAGE_BUS_STATUS_HALTED__MASK);
	fixture_write(&f, MIRAGE_BUS_RESET, 1);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_STATUS), 0);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_ERROR), 0);
	fixture_close(&f);
}

static u32 config(u32 offset, u32 len)
{
	u32 value = 0;

	CHECK_EQ(region_read(f.dev, CONFIG, offset, len, (u8 *)&value), 0);
	return value;
}

static void config_write(u32 offset, u32 len, u32 value)
{
	CHECK_EQ(region_write(f.dev, CONFIG, offset, len, (const u8 *)&value), 0);
}

/* Where a capability is; the list must end. */
static u32 find_cap(u32 id)
{
	u32 at = config(PCI_CAPABILITY_LIST, 1);

	for (int i = 0; i < 48 && at; i++, at = config(at + PCI_CAP_LIST_NEXT, 1))
		if (config(at, 1) == id)
			return at;
	tap_fail(__FILE__, __LINE__, "no capability %#x", id);
}

static void config_identity_and_bars(void)
{
	u32 exp;

	fixture_open(&f);
	CHECK_EQ(config(0, 4), MIRAGE_PCI_DEVICE << 16 | MIRAGE_PCI_VENDOR);
	config_write(0, 4, 0);
	CHECK_EQ(config(0, 4), MIRAGE_PCI_DEVICE << 16 | MIRAGE_PCI_VENDOR);
	CHECK_EQ(config(8, 4), MIRAGE_PCI_CLASS << 8 | MIRAGE_PCI_REVISION);
	for (u32 bar = 0; bar < 6; bar++)
		config_write(PCI_BASE_ADDRESS_0 + 4 * bar, 4, UINT32_MAX);
	CHECK_EQ(config(PCI_BASE_ADDRESS_0, 4), ~(MIRAGE_BAR0_SIZE - 1u));
	CHECK_EQ(config(PCI_BASE_ADDRESS_1, 4), 0);
	CHECK_EQ(config(PCI_BASE_ADDRESS_2, 4), (~(u32)(FIXTURE_VRAM_SIZE - 1)) | 0xc);
	CHECK_EQ(config(PCI_BASE_ADDRESS_3, 4), UINT32_MAX);
	CHECK_EQ(config(PCI_BASE_ADDRESS_4, 4), ~(MIRAGE_BAR_MSIX_SIZE - 1u));
	CHECK_EQ(config(PCI_BASE_ADDRESS_5, 4), 0);
	CHECK_EQ(config(PCI_INTERRUPT_PIN, 1), 0);
	CHECK_EQ(config(find_cap(PCI_CAP_ID_MSIX) + PCI_MSIX_FLAGS, 2), MIRAGE_MSIX_VECTORS - 1);
	exp = find_cap(PCI_CAP_ID_EXP);
	CHECK(config(exp + PCI_EXP_DEVCAP, 4) & PCI_EXP_DEVCAP_FLR);
	CHECK_EQ(config(0x100, 4), 0);
	fixture_close(&f);
}

static void function_level_reset(void)
{
	u32 exp;

	fixture_start(&f);
	exp = find_cap(PCI_CAP_ID_EXP);
	fixture_write(&f, MIRAGE_BUS_SCRATCH, 1);
	config_write(exp + PCI_EXP_DEVCTL, 2, PCI_EXP_DEVCTL_BCR_FLR);
	CHECK_EQ(config(exp + PCI_EXP_DEVCTL, 2) & PCI_EXP_DEVCTL_BCR_FLR, 0);
	CHECK_EQ(config(PCI_COMMAND, 2), 0);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_SCRATCH), 0);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_STATUS), 0);
	fixture_close(&f);
}

static void bars_need_memory_space_and_power(void)
{
	u32 pm, value;

	fixture_open(&f);
	fixture_write(&f, MIRAGE_BUS_SCRATCH, 5);
	pm = find_cap(PCI_CAP_ID_PM) + PCI_PM_CTRL;
	CHECK_EQ(region_read(f.dev, 0, MIRAGE_BUS_SCRATCH, 4, (u8 *)&value), 0);
	CHECK_EQ(value, 5);
	config_write(pm, 2, 3);
	CHECK_EQ(config(pm, 2) & PCI_PM_CTRL_STATE_MASK, 3);
	CHECK_EQ(region_read(f.dev, 0, MIRAGE_BUS_SCRATCH, 4, (u8 *)&value), 0);
	CHECK_EQ(value, UINT32_MAX);
	value = 6;
	CHECK_EQ(region_write(f.dev, 0, MIRAGE_BUS_SCRATCH, 4, (u8 *)&value), 0);
	config_write(pm, 2, 0);
	CHECK_EQ(region_read(f.dev, 0, MIRAGE_BUS_SCRATCH, 4, (u8 *)&value), 0);
	CHECK_EQ(value, 5);
	config_write(PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	CHECK_EQ(region_read(f.dev, 2, 0, 4, (u8 *)&value), 0);
	CHECK_EQ(value, UINT32_MAX);
	fixture_close(&f);
}

static void gone_from_the_bus(void)
{
	u32 value, put = 1;

	fixture_start(&f);
	fixture_write(&f, MIRAGE_BUS_SCRATCH, 5);
	fixture_write(&f, MIRAGE_TEST_GONE, 0);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_SCRATCH), 5);
	fixture_write(&f, MIRAGE_TEST_GONE, 1);
	CHECK(!f.dev->running);
	for (u32 bar = 0; bar < 6; bar += 2) {
		CHECK_EQ(region_read(f.dev, bar, 0, 4, (u8 *)&value), 0);
		CHECK_EQ(value, UINT32_MAX);
	}
	/* Neither does anything that is written bring it back. */
	value = 0;
	CHECK_EQ(region_write(f.dev, 0, MIRAGE_TEST_GONE, 4, (u8 *)&value), 0);
	CHECK_EQ(region_write(f.dev, 0, MIRAGE_BUS_RESET, 4, (u8 *)&put), 0);
	CHECK_EQ(region_write(f.dev, 0, MIRAGE_DOORBELL_CMD, 4, (u8 *)&put), 0);
	CHECK_EQ(region_read(f.dev, 0, MIRAGE_BUS_ID, 4, (u8 *)&value), 0);
	CHECK_EQ(value, UINT32_MAX);
	config_write(find_cap(PCI_CAP_ID_EXP) + PCI_EXP_DEVCTL, 2, PCI_EXP_DEVCTL_BCR_FLR);
	config_write(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	CHECK_EQ(region_read(f.dev, 0, MIRAGE_BUS_ID, 4, (u8 *)&value), 0);
	CHECK_EQ(value, MIRAGE_BUS_ID_VALUE);
	CHECK_EQ(fixture_read(&f, MIRAGE_BUS_SCRATCH), 0);
	fixture_close(&f);
}

/* D1 and D2 are not announced: the state stays, whatever it is. */
static void power_states(void)
{
	static const u32 stays[] = { 0, 3 };
	u32 pm;

	fixture_open(&f);
	pm = find_cap(PCI_CAP_ID_PM);
	CHECK_EQ(config(pm + PCI_PM_PMC, 2) & (PCI_PM_CAP_D1 | PCI_PM_CAP_D2), 0);
	for (u32 i = 0; i < ARRAY_SIZE(stays); i++) {
		config_write(pm + PCI_PM_CTRL, 2, stays[i]);
		for (u32 state = 1; state <= 2; state++) {
			config_write(pm + PCI_PM_CTRL, 2, state);
			CHECK_EQ(config(pm + PCI_PM_CTRL, 2) & PCI_PM_CTRL_STATE_MASK, stays[i]);
			config_write(pm + PCI_PM_CTRL, 1, state);
			CHECK_EQ(config(pm + PCI_PM_CTRL, 2) & PCI_PM_CTRL_STATE_MASK, stays[i]);
			CHECK_EQ(config(pm + PCI_PM_CTRL, 2) & PCI_PM_CTRL_NO_SOFT_RESET,
				 PCI_PM_CTRL_NO_SOFT_RESET);
		}
		CHECK_EQ(pci_powered(&f.dev->pci), !stays[i]);
	}
	config_write(pm + PCI_PM_CTRL, 2, 0);
	CHECK(pci_powered(&f.dev->pci));
	fixture_close(&f);
}

static void vram_sizes(void)
{
	CHECK(vram_size_error(0));
	CHECK(vram_size_error(MiB(8)));
	CHECK(vram_size_error(MiB(16) + 1));
	CHECK(vram_size_error(MiB(17)));
	CHECK(vram_size_error(UINT64_MAX));
	CHECK(!vram_size_error(MiB(16)));
	CHECK(!vram_size_error(MiB(18)));
	CHECK(!vram_size_error(MiB(65536)));
	{
		struct device *dev = device_create(MiB(18));

		CHECK_EQ(dev->vram.bar_size, MiB(32));
		CHECK_EQ(regs_read(dev, MIRAGE_BUS_VRAM_SIZE_LO), MiB(18));
		lock_acquire(&dev->lock);
		CHECK(phys_ptr(dev, MiB(18) - 8, 8, true));
		CHECK(!phys_ptr(dev, MiB(18) - 8, 16, true));
		CHECK(!phys_ptr(dev, MiB(18), 8, true));
		lock_release(&dev->lock);
		device_destroy(dev);
	}
}

static void sizes_on_the_command_line(void)
{
	static const char * const bad[] = {
		"", "M", "-1", "1T", "1MM", "1M ", " 1M", "0x", "99999999999999999999",
		"99999999999999999G", "1.5G",
	};
	u64 size;

	CHECK(options_size("256M", &size) && size == MiB(256));
	CHECK(options_size("1g", &size) && size == MiB(1024));
	CHECK(options_size("65536k", &size) && size == MiB(64));
	CHECK(options_size("0x1000000", &size) && size == MiB(16));
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(!options_size(bad[i], &size));
}

static const struct tap_test tests[] = {
	{ "access rules and reset value of every register", access_rules },
	{ "sizes and alignments of register accesses", access_sizes },
	{ "time latches its high half", time_latches },
	{ "counters latch their high halves", counters_latch },
	{ "a failed enable ends with ENABLE 0", failed_enable_ends_with_0 },
	{ "enable checks each QUEUE register", enable_checks_each_queue },
	{ "queues in VRAM", queues_in_vram },
	{ "indices go on after disable", indices_go_on_after_disable },
	{ "reset keeps knobs and VRAM", reset_keeps_knobs_and_vram },
	{ "halt fires and needs a reset", halt_fires_and_needs_reset },
	{ "identity, BARs, capabilities", config_identity_and_bars },
	{ "function level reset", function_level_reset },
	{ "BARs need memory space and power", bars_need_memory_space_and_power },
	{ "gone from the bus", gone_from_the_bus },
	{ "D1 and D2 are not entered", power_states },
	{ "VRAM sizes", vram_sizes },
	{ "sizes on the command line", sizes_on_the_command_line },
};

TAP_MAIN(tests)
