// SPDX-License-Identifier: MIT
/*
 * Configuration space is two arrays: values, and which bits of them a write
 * changes. Only three registers do more than store: power state, function level
 * reset and the BARs' size, and the last falls out of the writable bits.
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "hw/regs.h"
#include "pci.h"

#define CAP_PM 0x40
#define CAP_EXP 0x50
#define CAP_MSIX 0xa0

/* Values of PCI_PM_CTRL_STATE_MASK. */
enum { POWER_D0, POWER_D1, POWER_D2, POWER_D3 };

static void put(u8 *place, u64 value, unsigned int len)
{
	for (unsigned int i = 0; i < len; i++)
		place[i] = (u8)(value >> 8 * i);
}

static u16 get16(const u8 *place)
{
	return (u16)(place[0] | place[1] << 8);
}

/* A read-only value of @len bytes; bits of @writable can be written. */
static void field(struct pci *pci, u32 offset, unsigned int len, u64 value, u64 writable)
{
	put(&pci->config[offset], value, len);
	put(&pci->writable[offset], writable, len);
}

static void init_header(struct pci *pci)
{
	field(pci, PCI_VENDOR_ID, 2, MIRAGE_PCI_VENDOR, 0);
	field(pci, PCI_DEVICE_ID, 2, MIRAGE_PCI_DEVICE, 0);
	field(pci, PCI_COMMAND, 2, 0,
	      PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY | PCI_COMMAND_SERR |
		      PCI_COMMAND_INTX_DISABLE);
	field(pci, PCI_STATUS, 2, PCI_STATUS_CAP_LIST, 0);
	field(pci, PCI_REVISION_ID, 1, MIRAGE_PCI_REVISION, 0);
	field(pci, PCI_CLASS_PROG, 3, MIRAGE_PCI_CLASS, 0);
	field(pci, PCI_CACHE_LINE_SIZE, 1, 0, 0xff);
	field(pci, PCI_SUBSYSTEM_VENDOR_ID, 2, MIRAGE_PCI_VENDOR, 0);
	field(pci, PCI_SUBSYSTEM_ID, 2, MIRAGE_PCI_DEVICE, 0);
	field(pci, PCI_CAPABILITY_LIST, 1, CAP_PM, 0);
	field(pci, PCI_INTERRUPT_LINE, 1, 0, 0xff);

	field(pci, PCI_BASE_ADDRESS_0 + 4 * MIRAGE_BAR_REGS, 4, PCI_BASE_ADDRESS_MEM_TYPE_32,
	      ~(u32)(MIRAGE_BAR0_SIZE - 1));
	field(pci, PCI_BASE_ADDRESS_0 + 4 * MIRAGE_BAR_VRAM, 8,
	      PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH,
	      ~(pci->vram_bar_size - 1));
	field(pci, PCI_BASE_ADDRESS_0 + 4 * MIRAGE_BAR_MSIX, 4, PCI_BASE_ADDRESS_MEM_TYPE_32,
	      ~(u32)(MIRAGE_BAR_MSIX_SIZE - 1));
}

static void init_pm(struct pci *pci)
{
	field(pci, CAP_PM + PCI_CAP_LIST_ID, 1, PCI_CAP_ID_PM, 0);
	field(pci, CAP_PM + PCI_CAP_LIST_NEXT, 1, CAP_EXP, 0);
	field(pci, CAP_PM + PCI_PM_PMC, 2, 3, 0);	/* PCI PM 1.2, neither D1, D2 nor PME */
	field(pci, CAP_PM + PCI_PM_CTRL, 2, PCI_PM_CTRL_NO_SOFT_RESET, PCI_PM_CTRL_STATE_MASK);
}

static void init_express(struct pci *pci)
{
	field(pci, CAP_EXP + PCI_CAP_LIST_ID, 1, PCI_CAP_ID_EXP, 0);
	field(pci, CAP_EXP + PCI_CAP_LIST_NEXT, 1, CAP_MSIX, 0);
	field(pci, CAP_EXP + PCI_EXP_FLAGS, 2, PCI_EXP_TYPE_ENDPOINT << 4 | 2, 0);
	field(pci, CAP_EXP + PCI_EXP_DEVCAP, 4, PCI_EXP_DEVCAP_RBER | PCI_EXP_DEVCAP_FLR, 0);
	field(pci, CAP_EXP + PCI_EXP_DEVCTL, 2,
	      PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_NOSNOOP_EN | PCI_EXP_DEVCTL_READRQ_512B,
	      0x7fff);
	field(pci, CAP_EXP + PCI_EXP_LNKCAP, 4,
	      PCI_EXP_LNKCAP_SLS_2_5GB | 1 << 4 | PCI_EXP_LNKCAP_ASPM_L0S, 0);
	field(pci, CAP_EXP + PCI_EXP_LNKCTL, 2, 0,
	      PCI_EXP_LNKCTL_ASPMC | PCI_EXP_LNKCTL_RCB | PCI_EXP_LNKCTL_CCC | PCI_EXP_LNKCTL_ES);
	field(pci, CAP_EXP + PCI_EXP_LNKSTA, 2, PCI_EXP_LNKSTA_CLS_2_5GB | PCI_EXP_LNKSTA_NLW_X1,
	      0);
	field(pci, CAP_EXP + PCI_EXP_LNKCTL2, 2, PCI_EXP_LNKCTL2_TLS_2_5GT, 0);
}

static void init_msix(struct pci *pci)
{
	field(pci, CAP_MSIX + PCI_CAP_LIST_ID, 1, PCI_CAP_ID_MSIX, 0);
	field(pci, CAP_MSIX + PCI_MSIX_FLAGS, 2, MIRAGE_MSIX_VECTORS - 1,
	      PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	field(pci, CAP_MSIX + PCI_MSIX_TABLE, 4, MIRAGE_BAR_MSIX, 0);
	field(pci, CAP_MSIX + PCI_MSIX_PBA, 4, MIRAGE_MSIX_PBA | MIRAGE_BAR_MSIX, 0);
	memset(pci->msix, 0, sizeof(pci->msix));
	for (unsigned int i = 0; i < MIRAGE_MSIX_VECTORS; i++)
		put(&pci->msix[i * PCI_MSIX_ENTRY_SIZE + PCI_MSIX_ENTRY_VECTOR_CTRL],
		    PCI_MSIX_ENTRY_CTRL_MASKBIT, 4);
}

void pci_reset(struct pci *pci)
{
	memset(pci->config, 0, sizeof(pci->config));
	memset(pci->writable, 0, sizeof(pci->writable));
	init_header(pci);
	init_pm(pci);
	init_express(pci);
	init_msix(pci);
}

void pci_init(struct pci *pci, u64 vram_bar_size)
{
	pci->vram_bar_size = vram_bar_size;
	pci_reset(pci);
}

void pci_config_read(const struct pci *pci, u32 offset, u32 len, u8 *data)
{
	memcpy(data, &pci->config[offset], len);
}

/* A state that the capability does not announce is not entered: the field stays at @old. */
static void keep_power_state(struct pci *pci, u8 old)
{
	u8 *byte = &pci->config[CAP_PM + PCI_PM_CTRL];
	u8 state = *byte & PCI_PM_CTRL_STATE_MASK;

	if (state == POWER_D1 || state == POWER_D2)
		*byte = (u8)((*byte & ~PCI_PM_CTRL_STATE_MASK) | (old & PCI_PM_CTRL_STATE_MASK));
}

bool pci_config_write(struct pci *pci, u32 offset, u32 len, const u8 *data)
{
	const u32 flr_byte = CAP_EXP + PCI_EXP_DEVCTL + 1;
	u8 power = pci->config[CAP_PM + PCI_PM_CTRL];
	bool flr = false;

	for (u32 i = 0; i < len; i++) {
		u8 mask = pci->writable[offset + i];
		u8 *byte = &pci->config[offset + i];

		*byte = (u8)((*byte & ~mask) | (data[i] & mask));
		/* The bit reads as zero; the reset is complete before the write is. */
		if (offset + i == flr_byte && (data[i] & (PCI_EXP_DEVCTL_BCR_FLR >> 8)))
			flr = true;
	}
	keep_power_state(pci, power);
	return flr;
}

bool pci_powered(const struct pci *pci)
{
	return !(get16(&pci->config[CAP_PM + PCI_PM_CTRL]) & PCI_PM_CTRL_STATE_MASK);
}

u64 pci_vram_address(const struct pci *pci)
{
	const u8 *bar = &pci->config[PCI_BASE_ADDRESS_0 + 4 * MIRAGE_BAR_VRAM];
	u64 value;

	if (!pci_memory_enabled(pci))
		return 0;
	memcpy(&value, bar, sizeof(value));
	return value & PCI_BASE_ADDRESS_MEM_MASK;
}

bool pci_bus_master(const struct pci *pci)
{
	return pci_powered(pci) && (get16(&pci->config[PCI_COMMAND]) & PCI_COMMAND_MASTER);
}

bool pci_memory_enabled(const struct pci *pci)
{
	return pci_powered(pci) && (get16(&pci->config[PCI_COMMAND]) & PCI_COMMAND_MEMORY);
}

void pci_msix_read(const struct pci *pci, u32 offset, u32 len, u8 *data)
{
	memcpy(data, &pci->msix[offset], len);
}

void pci_msix_write(struct pci *pci, u32 offset, u32 len, const u8 *data)
{
	const u32 end = MIRAGE_MSIX_VECTORS * PCI_MSIX_ENTRY_SIZE;

	for (u32 i = 0; i < len && offset + i < end; i++)
		pci->msix[offset + i] = data[i];
}
