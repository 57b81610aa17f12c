/* SPDX-License-Identifier: MIT */
/* PCI identity and layout of the mirage GPU. Rendered in hw/doc/pci.md. */
#ifndef HW_PCI_H
#define HW_PCI_H

/* 0x1234 is the identifier that virtual devices without a vendor of their own use (QEMU's docs/specs). */
#define MIRAGE_PCI_VENDOR	0x1234
#define MIRAGE_PCI_DEVICE	0x6d67
#define MIRAGE_PCI_REVISION	0x01
/* Display controller, other: neither VGA compatible nor a pure 3D accelerator. */
#define MIRAGE_PCI_CLASS	0x038000

#define MIRAGE_BAR_REGS		0	/* 32-bit, not prefetchable, MIRAGE_BAR0_SIZE */
#define MIRAGE_BAR_VRAM		2	/* 64-bit, prefetchable, all of VRAM rounded up to a power of two */
#define MIRAGE_BAR_MSIX		4	/* 32-bit, MSI-X table at 0, pending bits at 0x800 */

#define MIRAGE_BAR_MSIX_SIZE	0x1000
#define MIRAGE_MSIX_VECTORS	4
#define MIRAGE_MSIX_PBA		0x800

#define MIRAGE_VRAM_MIN		(16u << 20)
#define MIRAGE_VRAM_GRANULE	(2u << 20)

#endif /* HW_PCI_H */
