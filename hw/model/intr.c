// SPDX-License-Identifier: MIT
/*
 * The holder of the guest's MSI-X table sends the message: the client gives one
 * eventfd for each vector, and knows masks and addresses. So a message is a
 * write to an eventfd, and a vector that the guest has not enabled has none.
 */
#include <sys/eventfd.h>
#include <unistd.h>

#include "device.h"
#include "intr.h"

void intr_init(struct intr *intr)
{
	for (unsigned int i = 0; i < MIRAGE_MSIX_VECTORS; i++)
		intr->eventfd[i] = -1;
}

void intr_set_eventfd(struct intr *intr, unsigned int vector, int fd)
{
	if (intr->eventfd[vector] >= 0)
		close(intr->eventfd[vector]);
	intr->eventfd[vector] = fd;
}

void intr_clear(struct intr *intr)
{
	for (unsigned int i = 0; i < MIRAGE_MSIX_VECTORS; i++)
		intr_set_eventfd(intr, i, -1);
}

void intr_message(struct intr *intr, unsigned int vector)
{
	const u64 one = 1;

	if (intr->eventfd[vector] < 0)
		return;
	/* Fails only if the counter is full: then the client has messages enough to see. */
	if (write(intr->eventfd[vector], &one, sizeof(one)) != sizeof(one))
		return;
}

void intr_fire(struct device *dev, u32 source)
{
	u32 vector;

	regs_set(dev, MIRAGE_INTR_PENDING, regs_get(dev, MIRAGE_INTR_PENDING) | source);
	if (!(regs_get(dev, MIRAGE_INTR_ENABLE) & source))
		return;
	switch (source) {
	case MIRAGE_INTR_PENDING_FAULT__MASK:
		vector = regs_get(dev, MIRAGE_INTR_ROUTE_FAULT);
		break;
	case MIRAGE_INTR_PENDING_EVENT__MASK:
		vector = regs_get(dev, MIRAGE_INTR_ROUTE_EVENT);
		break;
	default:
		vector = regs_get(dev, MIRAGE_INTR_ROUTE_ERROR);
		break;
	}
	if (vector >= MIRAGE_MSIX_VECTORS || !pci_bus_master(&dev->pci))
		return;
	if (regs_take(dev, MIRAGE_TEST_DROP_IRQ))
		return;
	intr_message(&dev->intr, vector);
}
