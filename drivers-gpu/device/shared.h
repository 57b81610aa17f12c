/* SPDX-License-Identifier: GPL-2.0 */
/**
 * DOC: Memory shared with the device
 *
 * These accessors are for fields in coherent system memory that the device accesses at the same
 * time: indices and arming words of the status page, channel descriptors, entries of the VM table,
 * fence slots, and page tables in system memory. Video memory and registers have accessors of their
 * own (vram/vram.h, device/reg.h).
 *
 * The fields are little endian. Each call makes one access, which the compiler neither splits nor
 * repeats:
 *
 * - read and write order nothing.
 * - read_acquire: the CPU's later accesses, reads and writes, take effect after this read.
 * - write_release: the CPU's earlier accesses, reads and writes, take effect before this write.
 * - write32_mb: the CPU's later accesses take effect after this write. It arms interrupts: no other
 *   form keeps a later read behind a write.
 *
 * Entries of rings are plain structures. Each has one owner at a time: the CPU takes them with an
 * acquire of one index, and gives them away with a release of the other. In the same way the
 * driver owns the descriptor of a channel that does not run. A core dump copies whole structures,
 * since torn values do no harm there.
 *
 * The device sees coherent memory as another CPU does. So smp_load_acquire() and
 * smp_store_release() order the accesses for it. write32_mb uses dma_mb() and not smp_mb(), which
 * in a kernel without SMP is a barrier for the compiler only.
 *
 * Model: xe_map.h. Rejected: its struct iosys_map, which makes each access ask whether it goes to
 * I/O memory. That is known here, except for page tables (mmu/table.h). Rejected: dma_rmb() and
 * dma_wmb() beside each access. They order reads among themselves and writes among themselves. An
 * index that gives entries back is a write that has to follow reads.
 */
#ifndef MIRAGE_SHARED_H
#define MIRAGE_SHARED_H

#include <linux/compiler.h>
#include <linux/types.h>

#include <asm/barrier.h>
#include <asm/byteorder.h>

static inline u32 mirage_shared_read32(const __le32 *field)
{
	return le32_to_cpu(READ_ONCE(*field));
}

static inline u64 mirage_shared_read64(const __le64 *field)
{
	return le64_to_cpu(READ_ONCE(*field));
}

static inline u32 mirage_shared_read32_acquire(const __le32 *field)
{
	/* The caller says which accesses it orders. */
	return le32_to_cpu(smp_load_acquire(field));
}

static inline u64 mirage_shared_read64_acquire(const __le64 *field)
{
	/* The caller says which accesses it orders. */
	return le64_to_cpu(smp_load_acquire(field));
}

static inline void mirage_shared_write32(__le32 *field, u32 value)
{
	WRITE_ONCE(*field, cpu_to_le32(value));
}

static inline void mirage_shared_write64(__le64 *field, u64 value)
{
	WRITE_ONCE(*field, cpu_to_le64(value));
}

static inline void mirage_shared_write32_release(__le32 *field, u32 value)
{
	/* The caller says which accesses it orders. */
	smp_store_release(field, cpu_to_le32(value));
}

static inline void mirage_shared_write64_release(__le64 *field, u64 value)
{
	/* The caller says which accesses it orders. */
	smp_store_release(field, cpu_to_le64(value));
}

static inline void mirage_shared_write32_mb(__le32 *field, u32 value)
{
	WRITE_ONCE(*field, cpu_to_le32(value));
	/* Pairs with the device, which moves an index and then reads the arming word. */
	dma_mb();
}

#endif /* MIRAGE_SHARED_H */
