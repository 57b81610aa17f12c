/* SPDX-License-Identifier: MIT */
/* Configuration space and the MSI-X BAR. */
#ifndef MODEL_PCI_H
#define MODEL_PCI_H

#include "hw/pci.h"
#include "util.h"

#define PCI_CONFIG_SIZE 4096

/* Protected by the device's lock. */
struct pci {
	u8 config[PCI_CONFIG_SIZE];
	u8 writable[PCI_CONFIG_SIZE];	/* bits that a write changes */
	u8 msix[MIRAGE_BAR_MSIX_SIZE];	/* MSI-X table; pending bits read as zero */
	u64 vram_bar_size;
};

/** pci_init() - configuration space after power-on. */
void pci_init(struct pci *pci, u64 vram_bar_size);

/** pci_reset() - back to that state. */
void pci_reset(struct pci *pci);

/** pci_config_read() - @len bytes at @offset, which lie within configuration space. */
void pci_config_read(const struct pci *pci, u32 offset, u32 len, u8 *data);

/** pci_config_write() - likewise. Returns whether the write asks for a function level reset. */
bool pci_config_write(struct pci *pci, u32 offset, u32 len, const u8 *data);

/** pci_powered() - the function is in D0. In D3hot it keeps everything and does nothing. */
bool pci_powered(const struct pci *pci);

/** pci_vram_address() - bus address at which the function answers for VRAM; 0: it does not. */
u64 pci_vram_address(const struct pci *pci);

/** pci_bus_master() - the function may access memory and send messages. */
bool pci_bus_master(const struct pci *pci);

/** pci_memory_enabled() - the function answers accesses to its BARs. */
bool pci_memory_enabled(const struct pci *pci);

/** pci_msix_read(), pci_msix_write() - @len bytes at @offset of the MSI-X BAR, within it. */
void pci_msix_read(const struct pci *pci, u32 offset, u32 len, u8 *data);
void pci_msix_write(struct pci *pci, u32 offset, u32 len, const u8 *data);

#endif /* MODEL_PCI_H */
