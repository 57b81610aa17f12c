/* SPDX-License-Identifier: MIT */
/* Interrupts: sources, routing, MSI-X messages. */
#ifndef MODEL_INTR_H
#define MODEL_INTR_H

#include "hw/pci.h"
#include "util.h"

struct device;

/* One eventfd for each MSI-X vector, -1 if none. Protected by the device's lock. */
struct intr {
	int eventfd[MIRAGE_MSIX_VECTORS];
};

void intr_init(struct intr *intr);

/** intr_set_eventfd() - signal @fd for @vector from now on; takes @fd over. -1: nothing. */
void intr_set_eventfd(struct intr *intr, unsigned int vector, int fd);

/** intr_clear() - close every eventfd. */
void intr_clear(struct intr *intr);

/** intr_message() - send the message of @vector if it has an eventfd. */
void intr_message(struct intr *intr, unsigned int vector);

/**
 * intr_fire() - a source fires: set its bit in PENDING, and send a message if it is enabled.
 * @source: MIRAGE_INTR_PENDING_*__MASK, one bit
 *
 * Context: device lock held.
 */
void intr_fire(struct device *dev, u32 source);

#endif /* MODEL_INTR_H */
