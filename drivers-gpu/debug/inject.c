// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: Fault injection
 *
 * The registers of the TEST unit make the device misbehave: lose interrupts, replays and SYNCs,
 * repeat or delay faults, keep stale translations. Tests use them to show that the driver survives,
 * and that they would notice if it did not.
 *
 * Each register is a file in the debugfs directory inject/, named like the register in
 * lower case: reading it gives the register in decimal, writing sets it. The files come
 * from the register table, so a new register of the unit is a new file.
 */
#include <linux/ctype.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/kstrtox.h>
#include <linux/module.h>

#include <drm/drm_device.h>
#include <drm/drm_drv.h>

#include "debug/inject.h"
#include "device/power.h"
#include "device/regs.h"

/**
 * struct inject_file - a register of the TEST unit
 */
struct inject_file {
	/** @name: of the register */
	const char *name;
	/** @reg: register */
	struct mirage_reg32 reg;
};

static const struct inject_file inject_files[] = {
#define REG(unit, name, off, access, reset, doc) { #name, MIRAGE_REG32(unit##_##name) },
#include <hw/regs/defaults.def>
#include <hw/regs/test.def>
#include <hw/regs/end.def>
};

static const struct inject_file *inject_file(const struct file *file)
{
	return debugfs_get_aux(file);
}

static ssize_t inject_read(struct file *file, char __user *user, size_t count, loff_t *pos)
{
	struct mirage_device *mdev = file->private_data;
	char text[16];
	int length;
	int idx;
	int ret;

	ret = mirage_power_get(mdev);
	if (ret)
		return ret;
	if (drm_dev_enter(&mdev->drm, &idx)) {
		length = scnprintf(text, sizeof(text), "%u\n",
				   mirage_reg_read(mdev, inject_file(file)->reg));
		drm_dev_exit(idx);
	} else {
		length = -ENODEV;
	}
	mirage_power_put(mdev);
	if (length < 0)
		return length;

	return simple_read_from_buffer(user, count, pos, text, length);
}

static ssize_t inject_write(struct file *file, const char __user *user, size_t count, loff_t *pos)
{
	struct mirage_device *mdev = file->private_data;
	u32 value;
	int idx;
	int ret;

	ret = kstrtou32_from_user(user, count, 0, &value);
	if (ret)
		return ret;

	ret = mirage_power_get(mdev);
	if (ret)
		return ret;
	if (drm_dev_enter(&mdev->drm, &idx)) {
		mirage_reg_write(mdev, inject_file(file)->reg, value);
		drm_dev_exit(idx);
	} else {
		ret = -ENODEV;
	}
	mirage_power_put(mdev);

	return ret ?: count;
}

static const struct file_operations inject_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = inject_read,
	.write = inject_write,
	.llseek = default_llseek,
};

/**
 * mirage_inject_init() - make the files, if the device has the unit
 * @mdev: device
 * @root: the device's debugfs directory
 */
void mirage_inject_init(struct mirage_device *mdev, struct dentry *root)
{
	struct dentry *dir;
	unsigned int i;

	if (!MIRAGE_REG_GET(BUS_CAPS_TEST, mdev->caps.bits))
		return;

	dir = debugfs_create_dir("inject", root);
	for (i = 0; i < ARRAY_SIZE(inject_files); i++) {
		const struct inject_file *file = &inject_files[i];
		char name[32];
		size_t c;

		strscpy(name, file->name);
		for (c = 0; name[c]; c++)
			name[c] = tolower(name[c]);
		debugfs_create_file_aux(name, 0600, dir, mdev, file, &inject_fops);
	}
}
