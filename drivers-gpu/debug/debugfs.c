// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: debugfs
 *
 * Files in the device's debugfs directory, for debugging:
 *
 *   registers  every readable register by its name
 *   counters   the device's counters since it was probed, also while it sleeps
 *   queues     every queue: state, indices, jobs
 *   vms        every address space with its page tables, walked as the device does
 *   bos        every buffer object: size, where it is, owner, label
 *   vram       a map of video memory: objects, pages of processes, tables
 *   inject/    fault injection (debug/inject.c)
 *
 * Names come from the register tables. The files have no fixed format and are not an ABI; programs
 * use the uapi instead.
 */
#include <linux/hmm_devmem.h>

#include <drm/drm_debugfs.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_print.h>

#include "debug/bo_dump.h"
#include "debug/debugfs.h"
#include "debug/inject.h"
#include "device/device.h"
#include "device/power.h"
#include "device/regs.h"
#include "device/state.h"
#include "queue/queue.h"
#include "vm/space.h"

/**
 * struct mirage_debugfs_reg - a register that can be read without side effects
 */
struct mirage_debugfs_reg {
	/** @name: unit and register */
	const char *name;
	/** @reg: register */
	struct mirage_reg32 reg;
};

/* Maps the table's access kinds to: may it be read? */
#define MIRAGE_READABLE_RO	1
#define MIRAGE_READABLE_RW	1
#define MIRAGE_READABLE_W1C	1
#define MIRAGE_READABLE_WO	0

/* Registers that cannot be read have no name here. */
static const struct mirage_debugfs_reg readable_regs[] = {
#define REG(unit, name, off, access, reset, doc) \
	{ MIRAGE_READABLE_##access ? #unit "." #name : NULL, MIRAGE_REG32(unit##_##name) },
#include <hw/regs/all.def>
};

/* In the order of their registers, from PERF_PACKETS on. */
static const char * const counter_names[] = {
#define REG64(unit, name, off, access, doc) [((off) - MIRAGE_PERF_PACKETS) / sizeof(u64)] = #name,
#include <hw/regs/all.def>
};

static struct mirage_device *to_device(struct seq_file *m)
{
	const struct drm_debugfs_entry *entry = m->private;

	return to_mirage_device(entry->dev);
}

/* As drm_dev_enter(), with the device awake. */
static int device_enter(struct mirage_device *mdev, int *idx)
{
	int ret = mirage_power_get(mdev);

	if (ret)
		return ret;
	if (drm_dev_enter(&mdev->drm, idx))
		return 0;
	mirage_power_put(mdev);
	return -ENODEV;
}

static void device_exit(struct mirage_device *mdev, int idx)
{
	drm_dev_exit(idx);
	mirage_power_put(mdev);
}

static int show_registers(struct seq_file *m, void *unused)
{
	struct mirage_device *mdev = to_device(m);
	unsigned int i;
	int idx, ret;

	ret = device_enter(mdev, &idx);
	if (ret)
		return ret;
	for (i = 0; i < ARRAY_SIZE(readable_regs); i++) {
		const struct mirage_debugfs_reg *reg = &readable_regs[i];
		u32 value;

		if (!reg->name)
			continue;
		/* Reading a low half must not disturb readers of the pair. */
		spin_lock(&mdev->reg_lock);
		value = mirage_reg_read(mdev, reg->reg);
		spin_unlock(&mdev->reg_lock);
		seq_printf(m, "%04x %-24s %08x\n", reg->reg.offset, reg->name, value);
	}
	device_exit(mdev, idx);

	return 0;
}

static int show_counters(struct seq_file *m, void *unused)
{
	struct mirage_device *mdev = to_device(m);
	unsigned int i;
	int idx;

	/* All counters are REG64, and all REG64 are counters. */
	BUILD_BUG_ON(ARRAY_SIZE(counter_names) != MIRAGE_NR_COUNTERS);

	if (!drm_dev_enter(&mdev->drm, &idx))
		return -ENODEV;
	for (i = 0; i < ARRAY_SIZE(counter_names); i++)
		seq_printf(m, "%-20s %llu\n", counter_names[i], mirage_device_counter(mdev, i));
	drm_dev_exit(idx);

	return 0;
}

static int show_queues(struct seq_file *m, void *unused)
{
	struct drm_printer p = drm_seq_file_printer(m);
	struct mirage_device *mdev = to_device(m);
	int idx, ret;

	ret = device_enter(mdev, &idx);
	if (ret)
		return ret;
	mirage_queues_dump(mdev, &p);
	device_exit(mdev, idx);

	return 0;
}

static int show_vms(struct seq_file *m, void *unused)
{
	struct drm_printer p = drm_seq_file_printer(m);
	struct mirage_device *mdev = to_device(m);
	u32 id;
	int idx, ret;

	ret = device_enter(mdev, &idx);
	if (ret)
		return ret;
	for (id = 0; id < mdev->caps.nr_vms; id++) {
		struct mirage_vm *vm = mirage_vm_lookup(mdev, id);

		if (!vm)
			continue;
		mirage_vm_dump(vm, &p);
		mirage_vm_put(vm);
	}
	device_exit(mdev, idx);

	return 0;
}

static int show_bos(struct seq_file *m, void *unused)
{
	struct drm_printer p = drm_seq_file_printer(m);

	mirage_bo_dump(to_device(m), &p);

	return 0;
}

static int show_vram(struct seq_file *m, void *unused)
{
	struct drm_printer p = drm_seq_file_printer(m);

	return mirage_vram_dump(to_device(m), &p);
}

static int show_devmem(struct seq_file *m, void *unused)
{
	struct mirage_device *mdev = to_device(m);
	struct hmm_devmem_stats stats;

	hmm_devmem_read_stats(mdev->vram.devmem, &stats);
	seq_printf(m, "pages: %llu\n", stats.pages);
	seq_printf(m, "reserved: %llu\n", stats.reserved);
	seq_printf(m, "to_device: %llu\n", stats.to_device);
	seq_printf(m, "cpu_faults: %llu\n", stats.cpu_faults);
	seq_printf(m, "home_fault: %llu\n", stats.home_fault);
	seq_printf(m, "home_asked: %llu\n", stats.home_asked);
	seq_printf(m, "home_evicted: %llu\n", stats.home_evicted);
	seq_printf(m, "failed: %llu\n", stats.failed);
	return 0;
}

static const struct drm_debugfs_info debugfs_files[] = {
	{ .name = "registers", .show = show_registers },
	{ .name = "counters", .show = show_counters },
	{ .name = "queues", .show = show_queues },
	{ .name = "vms", .show = show_vms },
	{ .name = "bos", .show = show_bos },
	{ .name = "vram", .show = show_vram },
	{ .name = "devmem", .show = show_devmem },
};

/**
 * mirage_debugfs_init() - make the files of a device
 * @minor: one of its minors
 */
void mirage_debugfs_init(struct drm_minor *minor)
{
	struct mirage_device *mdev = to_mirage_device(minor->dev);

	drm_debugfs_add_files(minor->dev, debugfs_files, ARRAY_SIZE(debugfs_files));
	mirage_inject_init(mdev, minor->debugfs_root);
}
