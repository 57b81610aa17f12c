/* SPDX-License-Identifier: GPL-2.0 */
/* Resets from outside. */
#ifndef MIRAGE_FLR_H
#define MIRAGE_FLR_H

#include <linux/pci.h>

extern const struct pci_error_handlers mirage_flr_handlers;

#endif /* MIRAGE_FLR_H */
