// SPDX-License-Identifier: MIT
/*
 * From a region's number and offset to the unit behind it. A BAR that is not
 * enabled, or has left the bus, behaves like an address nobody answers: reads return ones.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <string.h>

#include "device.h"
#include "region.h"

struct region_info region_info(const struct device *dev, u32 index)
{
	switch (index) {
	case VFIO_PCI_BAR0_REGION_INDEX + MIRAGE_BAR_REGS:
		return (struct region_info){ .size = MIRAGE_BAR0_SIZE };
	case VFIO_PCI_BAR0_REGION_INDEX + MIRAGE_BAR_VRAM:
		return (struct region_info){ .size = dev->vram.bar_size,
					     .mappable = dev->vram.size };
	case VFIO_PCI_BAR0_REGION_INDEX + MIRAGE_BAR_MSIX:
		return (struct region_info){ .size = MIRAGE_BAR_MSIX_SIZE };
	case VFIO_PCI_CONFIG_REGION_INDEX:
		return (struct region_info){ .size = PCI_CONFIG_SIZE };
	default:
		return (struct region_info){ 0 };
	}
}

static bool inside(const struct device *dev, u32 index, u64 offset, u32 len)
{
	u64 size = region_info(dev, index).size;

	return size && offset <= size && len <= size - offset;
}

static bool bars_answer(struct device *dev)
{
	bool answer;

	lock_acquire(&dev->lock);
	answer = pci_memory_enabled(&dev->pci) && !regs_get(dev, MIRAGE_TEST_GONE);
	lock_release(&dev->lock);
	return answer;
}

static void read_regs(struct device *dev, u64 offset, u32 len, u8 *data)
{
	u32 value;

	memset(data, 0xff, len);
	if (len != sizeof(value))
		return;
	value = regs_read(dev, (u32)offset);
	memcpy(data, &value, sizeof(value));
}

static void write_regs(struct device *dev, u64 offset, u32 len, const u8 *data)
{
	u32 value;

	if (len != sizeof(value))
		return;
	memcpy(&value, data, sizeof(value));
	regs_write(dev, (u32)offset, value);
}

/* How many of @len bytes of the aperture at @offset are video memory. The rest has no memory behind it. */
static u32 vram_part(const struct device *dev, u64 offset, u32 len)
{
	u64 left = offset < dev->vram.size ? dev->vram.size - offset : 0;

	return (u32)min_u64(len, left);
}

static void read_vram(struct device *dev, u64 offset, u32 len, u8 *data)
{
	u32 part = vram_part(dev, offset, len);

	memcpy(data, dev->vram.host + offset, part);
	memset(data + part, 0xff, len - part);
}

int region_read(struct device *dev, u32 index, u64 offset, u32 len, u8 *data)
{
	if (!inside(dev, index, offset, len))
		return -EINVAL;
	if (index == VFIO_PCI_CONFIG_REGION_INDEX) {
		lock_acquire(&dev->lock);
		pci_config_read(&dev->pci, (u32)offset, len, data);
		lock_release(&dev->lock);
		return 0;
	}
	if (!bars_answer(dev)) {
		memset(data, 0xff, len);
		return 0;
	}
	switch (index - VFIO_PCI_BAR0_REGION_INDEX) {
	case MIRAGE_BAR_REGS:
		read_regs(dev, offset, len, data);
		break;
	case MIRAGE_BAR_VRAM:
		read_vram(dev, offset, len, data);
		break;
	case MIRAGE_BAR_MSIX:
		lock_acquire(&dev->lock);
		pci_msix_read(&dev->pci, (u32)offset, len, data);
		lock_release(&dev->lock);
		break;
	}
	return 0;
}

int region_write(struct device *dev, u32 index, u64 offset, u32 len, const u8 *data)
{
	if (!inside(dev, index, offset, len))
		return -EINVAL;
	if (index == VFIO_PCI_CONFIG_REGION_INDEX) {
		lock_acquire(&dev->lock);
		if (pci_config_write(&dev->pci, (u32)offset, len, data))
			device_function_reset(dev);
		else
			device_config_changed(dev);
		lock_release(&dev->lock);
		return 0;
	}
	if (!bars_answer(dev))
		return 0;
	switch (index - VFIO_PCI_BAR0_REGION_INDEX) {
	case MIRAGE_BAR_REGS:
		write_regs(dev, offset, len, data);
		break;
	case MIRAGE_BAR_VRAM:
		memcpy(dev->vram.host + offset, data, vram_part(dev, offset, len));
		break;
	case MIRAGE_BAR_MSIX:
		lock_acquire(&dev->lock);
		pci_msix_write(&dev->pci, (u32)offset, len, data);
		lock_release(&dev->lock);
		break;
	}
	return 0;
}
