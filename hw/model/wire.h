/* SPDX-License-Identifier: MIT */
/* The vfio-user protocol on the wire, as its specification in QEMU's docs/interop describes it. */
#ifndef MODEL_WIRE_H
#define MODEL_WIRE_H

#include "util.h"

enum wire_command {
	WIRE_VERSION = 1,
	WIRE_DMA_MAP = 2,
	WIRE_DMA_UNMAP = 3,
	WIRE_DEVICE_GET_INFO = 4,
	WIRE_DEVICE_GET_REGION_INFO = 5,
	WIRE_DEVICE_GET_IRQ_INFO = 7,
	WIRE_DEVICE_SET_IRQS = 8,
	WIRE_REGION_READ = 9,
	WIRE_REGION_WRITE = 10,
	WIRE_DEVICE_RESET = 13,
	WIRE_REGION_WRITE_MULTI = 15,
};

#define WIRE_TYPE_MASK	0xfu
#define WIRE_TYPE_COMMAND 0u
#define WIRE_TYPE_REPLY	1u
#define WIRE_NO_REPLY	(1u << 4)
#define WIRE_ERROR	(1u << 5)

struct wire_header {
	u16 id;
	u16 command;
	u32 size;	/* bytes of the message with this header */
	u32 flags;
	u32 error;	/* errno of an error reply */
};

struct wire_version {
	u16 major;
	u16 minor;
	/* A JSON text with a terminating zero may follow. */
};

struct wire_dma_map {
	u32 argsz;
	u32 flags;	/* VFIO_DMA_MAP_FLAG_* */
	u64 offset;	/* in the file that comes along */
	u64 addr;
	u64 size;
};

struct wire_dma_unmap {
	u32 argsz;
	u32 flags;	/* VFIO_DMA_UNMAP_FLAG_* */
	u64 addr;
	u64 size;
};

struct wire_region {
	u64 offset;
	u32 region;
	u32 count;
	/* Data follows in writes and in replies to reads. */
};

/* REGION_WRITE_MULTI: a 64-bit count, then this many of these. */
struct wire_write {
	u64 offset;
	u32 region;
	u32 count;	/* bytes of data that are valid */
	u8 data[8];
};

/* Longest data of a read or write; told to the client. */
#define WIRE_MAX_DATA (1u << 20)
/* Longest message: a read or write of that length. */
#define WIRE_MAX_SIZE ((u32)(sizeof(struct wire_header) + sizeof(struct wire_region)) + WIRE_MAX_DATA)
/* File descriptors in one message; told to the client. */
#define WIRE_MAX_FDS 8

#endif /* MODEL_WIRE_H */
