/* SPDX-License-Identifier: MIT */
/*
 * Copies between memory of a process, by a DMA engine that pins none of it.
 *
 * A process opens /dev/mirage_odp0 (a file for each device), registers regions of its memory, and
 * asks for copies between them. Regions belong to the process that opened the file: after fork()
 * the child gets -EPERM. Once the device is gone every call returns -ENODEV.
 *
 * The open fails with -EOPNOTSUPP if the device cannot reach all memory.
 */
#ifndef MIRAGE_ODP_H
#define MIRAGE_ODP_H

#include <linux/ioctl.h>
#include <linux/types.h>

/** MIRAGE_ODP_WRITE: the device may write the region; otherwise it only reads. */
#define MIRAGE_ODP_WRITE	(1 << 0)
/**
 * MIRAGE_ODP_REVALIDATE: make all pages of the region accessible before a copy, not only those that
 * it names. Such a region is at most MIRAGE_ODP_REVALIDATE_MAX bytes.
 */
#define MIRAGE_ODP_REVALIDATE	(1 << 1)

#define MIRAGE_ODP_REVALIDATE_MAX	(16 << 20)
/** MIRAGE_ODP_REGIONS_MAX: number of regions of a file. */
#define MIRAGE_ODP_REGIONS_MAX		64

/**
 * struct mirage_odp_register - make memory of the caller known
 *
 * The range need not have memory. -EINVAL: no length, or an unknown flag; -EFAULT: not within the
 * addresses of a process; -E2BIG: too long for MIRAGE_ODP_REVALIDATE; -ENOSPC: too many regions;
 * -EPERM, -ENODEV, -ENOMEM, -EINTR.
 */
struct mirage_odp_register {
	/** @addr: in: first byte */
	__u64 addr;
	/** @length: in: number of bytes */
	__u64 length;
	/** @flags: in: MIRAGE_ODP_* */
	__u32 flags;
	/** @region: out: handle, not 0 */
	__u32 region;
};

/**
 * struct mirage_odp_copy - copy bytes, within one region or from one to another
 *
 * Pages are copied in order, and on an error @copied bytes are. If source and destination overlap,
 * the result is undefined.
 *
 * -ENOENT: no such region; -EINVAL: beyond its end; -EACCES: the destination is registered for
 * reading only; -EFAULT: no memory there, or not readable; -EPERM: the memory is read-only, or is
 * another process's; -ENXIO: beyond the end of a file (-EFAULT with MIRAGE_ODP_REVALIDATE);
 * -EHWPOISON; -EBUSY: the memory kept changing for more than a second; -EIO: the device failed;
 * -EINTR: a signal arrived; -ENODEV, -ENOMEM.
 */
struct mirage_odp_copy {
	/** @src: in: region to read */
	__u32 src;
	/** @dst: in: region to write */
	__u32 dst;
	/** @src_offset: in: first byte in @src */
	__u64 src_offset;
	/** @dst_offset: in: first byte in @dst */
	__u64 dst_offset;
	/** @length: in: number of bytes */
	__u64 length;
	/** @copied: out: number of bytes copied, also on an error of the copy itself */
	__u64 copied;
};

#define MIRAGE_ODP_IOC_REGISTER		_IOWR('O', 0x80, struct mirage_odp_register)
/** MIRAGE_ODP_IOC_UNREGISTER: forget a region; takes a pointer to its handle. -ENOENT, -EPERM. */
#define MIRAGE_ODP_IOC_UNREGISTER	_IOW('O', 0x81, __u32)
#define MIRAGE_ODP_IOC_COPY		_IOWR('O', 0x82, struct mirage_odp_copy)

#endif /* MIRAGE_ODP_H */
