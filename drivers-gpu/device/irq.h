/* SPDX-License-Identifier: GPL-2.0 */
/* Interrupt vectors and their sources. */
#ifndef MIRAGE_IRQ_H
#define MIRAGE_IRQ_H

#include <linux/types.h>

#include <hw/pci.h>

struct mirage_device;

/**
 * struct mirage_irq - one vector
 */
struct mirage_irq {
	/** @mdev: device that it belongs to */
	struct mirage_device *mdev;
	/** @sources: INTR_PENDING bits of the sources routed here; constant after probe */
	u32 sources;
	/** @irq: Linux interrupt number */
	int irq;
	/** @name: in /proc/interrupts */
	char name[32];
};

/**
 * struct mirage_irqs - all vectors of a device
 */
struct mirage_irqs {
	/** @vector: the first @count are in use */
	struct mirage_irq vector[MIRAGE_MSIX_VECTORS];
	/** @count: vectors that the system granted */
	unsigned int count;
};

int mirage_irq_init(struct mirage_device *mdev);
void mirage_irq_restart(struct mirage_device *mdev);
void mirage_irq_stop(struct mirage_device *mdev);

#endif /* MIRAGE_IRQ_H */
