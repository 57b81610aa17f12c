// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt vectors and their sources.
 *
 * Each source (fault buffer, event queue, device error) gets its own vector if the system grants as
 * many; otherwise several sources share one. A vector's thread handles all of its sources. The
 * queues' indices in memory show the work, so it reads no register. Everything runs in the thread,
 * since the first step of either path already takes a mutex.
 *
 * Rejected: reading INTR_PENDING to find the source. A register read traps under emulation and
 * costs more than reading an index in memory.
 */
#include "device/irq.h"

#include <linux/interrupt.h>
#include <linux/pci.h>

#include <drm/drm_drv.h>
#include <drm/drm_print.h>

#include "device/device.h"
#include "device/regs.h"
#include "device/reset.h"

#define SOURCE_FAULT	((u32)MIRAGE_INTR_PENDING_FAULT__MASK)
#define SOURCE_EVENT	((u32)MIRAGE_INTR_PENDING_EVENT__MASK)
#define SOURCE_ERROR	((u32)MIRAGE_INTR_PENDING_ERROR__MASK)

static const struct {
	u32 source;
	struct mirage_reg32 route;
	const char *name;
} irq_sources[] = {
	{ SOURCE_FAULT, MIRAGE_REG32(INTR_ROUTE_FAULT), "fault" },
	{ SOURCE_EVENT, MIRAGE_REG32(INTR_ROUTE_EVENT), "event" },
	{ SOURCE_ERROR, MIRAGE_REG32(INTR_ROUTE_ERROR), "error" },
};

static irqreturn_t irq_thread(int irq, void *data)
{
	struct mirage_irq *vector = data;
	struct mirage_device *mdev = vector->mdev;
	int idx;

	if (!drm_dev_enter(&mdev->drm, &idx))
		return IRQ_HANDLED;
	if (vector->sources & SOURCE_ERROR)
		mirage_reset_check(mdev);
	if (vector->sources & SOURCE_FAULT)
		mirage_fault_buffer_drain(mdev);
	if (vector->sources & SOURCE_EVENT)
		mirage_event_drain(mdev);
	drm_dev_exit(idx);
	return IRQ_HANDLED;
}

/**
 * mirage_irq_init() - get vectors
 * @mdev: device; its queues are set up, it is not enabled
 *
 * Context: probe.
 * Return: 0 or a negative errno
 */
int mirage_irq_init(struct mirage_device *mdev)
{
	struct pci_dev *pdev = to_pci_dev(mdev->drm.dev);
	struct mirage_irqs *irqs = &mdev->irqs;
	unsigned int i;
	int ret;

	ret = pci_alloc_irq_vectors(pdev, 1, min_t(unsigned int, ARRAY_SIZE(irq_sources),
						   mdev->caps.nr_vectors), PCI_IRQ_MSIX);
	if (ret < 0)
		return ret;
	irqs->count = ret;

	for (i = 0; i < ARRAY_SIZE(irq_sources); i++) {
		unsigned int v = i % irqs->count;
		struct mirage_irq *vector = &irqs->vector[v];

		if (!vector->sources)
			snprintf(vector->name, sizeof(vector->name), "mirage-%s-%s",
				 irq_sources[i].name, pci_name(pdev));
		vector->sources |= irq_sources[i].source;
	}

	for (i = 0; i < irqs->count; i++) {
		struct mirage_irq *vector = &irqs->vector[i];

		vector->mdev = mdev;
		vector->irq = pci_irq_vector(pdev, i);
		ret = devm_request_threaded_irq(mdev->drm.dev, vector->irq, NULL, irq_thread,
						IRQF_ONESHOT, vector->name, vector);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * mirage_irq_restart() - route and enable the interrupts of a device that was reset
 * @mdev: device, not enabled
 *
 * Context: any.
 */
void mirage_irq_restart(struct mirage_device *mdev)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(irq_sources); i++)
		mirage_reg_write(mdev, irq_sources[i].route, i % mdev->irqs.count);
	mirage_reg_write(mdev, MIRAGE_REG32(INTR_ENABLE), MIRAGE_REG_SET(INTR_ENABLE_ALL, ~0u));
}

/**
 * mirage_irq_stop() - stop the interrupt threads for good
 * @mdev: device that was blocked from DMA
 *
 * Context: may sleep.
 */
void mirage_irq_stop(struct mirage_device *mdev)
{
	unsigned int i;

	for (i = 0; i < mdev->irqs.count; i++)
		disable_irq(mdev->irqs.vector[i].irq);
}
