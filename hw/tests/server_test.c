// SPDX-License-Identifier: MIT
/* vfio-user messages, well- and ill-formed, over a real socket pair. */
#include <dirent.h>
#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "json.h"
#include "tap.h"

static struct client c;

static void start(void)
{
	client_open(&c);
	client_greet(&c);
}

/* The server is well: it answers. */
static void check_alive(void)
{
	u32 request[4] = { sizeof(request) };

	CHECK_EQ(client_call(&c, WIRE_DEVICE_GET_INFO, request, sizeof(request), NULL, 0), 0);
}

static void end(void)
{
	check_alive();
	client_close(&c);
	CHECK_EQ(c.server_result, 0);
}

static unsigned int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int nr = 0;

	CHECK(dir);
	while (readdir(dir))
		nr++;
	closedir(dir);
	return nr;
}

static int memory(u64 size)
{
	int fd = memfd_create("guest", MFD_CLOEXEC);

	CHECK(fd >= 0 && !ftruncate(fd, (off_t)size));
	return fd;
}

static void find_caps(void *ctx, const char *path, const struct json_value *value)
{
	u64 *caps = ctx;

	if (!strcmp(path, "capabilities.max_msg_fds"))
		caps[0] = value->number;
	if (!strcmp(path, "capabilities.max_data_xfer_size"))
		caps[1] = value->number;
	if (!strcmp(path, "capabilities.max_dma_maps"))
		caps[2] = value->number;
	if (!strcmp(path, "capabilities.pgsizes"))
		caps[3] = value->number;
	if (!strcmp(path, "capabilities.write_multiple"))
		caps[4] = value->truth;
}

static void version_reply(void)
{
	u64 caps[5] = { 0 };

	start();
	CHECK_EQ(c.payload[0] | c.payload[1], 0);	/* major */
	CHECK_EQ(c.payload[2], 1);			/* minor as asked for */
	CHECK_EQ(c.payload[c.len - 1], 0);
	CHECK(json_read((char *)c.payload + 4, c.len - 5, find_caps, caps));
	CHECK_EQ(caps[0], WIRE_MAX_FDS);
	CHECK_EQ(caps[1], WIRE_MAX_DATA);
	CHECK_EQ(caps[2], DMA_TOLD_MAPS);
	CHECK_EQ(caps[3], 4096);
	CHECK_EQ(caps[4], 1);
	/* Once is enough. */
	CHECK_EQ(client_call(&c, WIRE_VERSION, "\0\0\1", 4, NULL, 0), EINVAL);
	end();
}

/* A payload with the zero at its end. */
#define TEXT(text) { (text), sizeof(text) }

static void version_refused(void)
{
	static const struct {
		const char *payload;
		u32 len;
	} rows[] = {
		{ "", 0 }, { "\0\0\1", 3 },
		{ "\1\0\0\0", 4 },			/* another major */
		{ "\0\0\1\0{}", 6 },			/* text without its end */
		TEXT("\0\0\1\0{"), TEXT("\0\0\1\0{}x"), TEXT("\0\0\1\0{}\0"),
		TEXT("\0\0\1\0{\"capabilities\":[]}"),
		TEXT("\0\0\1\0{\"capabilities\":{\"max_msg_fds\":\"1\"}}"),
		TEXT("\0\0\1\0{\"capabilities\":{\"max_dma_maps\":-1}}"),
		TEXT("\0\0\1\0{\"capabilities\":{\"write_multiple\":1}}"),
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		client_open(&c);
		CHECK(client_call(&c, WIRE_VERSION, rows[i].payload, rows[i].len, NULL, 0) > 0);
		CHECK(!client_reply(&c));	/* and that is the end */
		client_close(&c);
		CHECK_EQ(c.server_result, -1);
	}
	/* Anything else first. */
	client_open(&c);
	CHECK_EQ(client_call(&c, WIRE_DEVICE_RESET, NULL, 0, NULL, 0), EINVAL);
	client_close(&c);
	CHECK_EQ(c.server_result, -1);
	/* Without capabilities is fine. */
	client_open(&c);
	CHECK_EQ(client_call(&c, WIRE_VERSION, "\0\0\0", 4, NULL, 0), 0);
	end();
}

static void device_info(void)
{
	u32 info[4] = { sizeof(info) };

	start();
	CHECK_EQ(client_call(&c, WIRE_DEVICE_GET_INFO, info, sizeof(info), NULL, 0), 0);
	CHECK_EQ(c.len, sizeof(info));
	memcpy(info, c.payload, sizeof(info));
	CHECK_EQ(info[1], VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI);
	CHECK_EQ(info[2], VFIO_PCI_NUM_REGIONS);
	CHECK_EQ(info[3], VFIO_PCI_NUM_IRQS);
	info[0] = 15;
	CHECK_EQ(client_call(&c, WIRE_DEVICE_GET_INFO, info, sizeof(info), NULL, 0), EINVAL);
	CHECK_EQ(client_call(&c, WIRE_DEVICE_GET_INFO, info, 3, NULL, 0), EINVAL);
	end();
}

static void region_infos(void)
{
	static const u64 sizes[] = { MIRAGE_BAR0_SIZE, 0, MiB(16), 0, 0x1000, 0, 0, 4096, 0 };

	start();
	for (u32 i = 0; i < VFIO_PCI_NUM_REGIONS; i++) {
		struct vfio_region_info info = { .argsz = sizeof(info), .index = i };

		CHECK_EQ(client_call(&c, WIRE_DEVICE_GET_REGION_INFO, &info, sizeof(info), NULL, 0),
			 0);
		memcpy(&info, c.payload, sizeof(info));
		CHECK_EQ(c.len, sizeof(info));
		CHECK_EQ(info.index, i);
		CHECK_EQ(info.size, sizes[i]);
		CHECK_EQ(!(info.flags & VFIO_REGION_INFO_FLAG_MMAP), i != 2);
		CHECK_EQ(c.fd >= 0, i == 2);
		if (i == 2) {
			u8 *vram = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, c.fd,
					(off_t)info.offset);

			CHECK(vram != MAP_FAILED);
			vram[4711] = 42;
			CHECK_EQ(c.dev->vram.host[4711], 42);
			/* The client cannot take it away. */
			CHECK(ftruncate(c.fd, 0));
			munmap(vram, info.size);
		}
	}
	{
		struct vfio_region_info info = { .argsz = sizeof(info), .index = 9 };

		CHECK_EQ(client_call(&c, WIRE_DEVICE_GET_REGION_INFO, &info, sizeof(info), NULL, 0),
			 EINVAL);
		info.index = 0;
		info.argsz = 8;
		CHECK_EQ(client_call(&c, WIRE_DEVICE_GET_REGION_INFO, &info, sizeof(info), NULL, 0),
			 EINVAL);
		CHECK_EQ(client_call(&c, WIRE_DEVICE_GET_REGION_INFO, &info, 8, NULL, 0), EINVAL);
	}
	end();
}

static int region_read_msg(u32 region, u64 offset, u32 count)
{
	struct wire_region message = { .offset = offset, .region = region, .count = count };

	return client_call(&c, WIRE_REGION_READ, &message, sizeof(message), NULL, 0);
}

static int region_write_msg(u32 region, u64 offset, u32 count, const void *data, u32 len)
{
	struct wire_region message = { .offset = offset, .region = region, .count = count };
	u8 buffer[64];

	memcpy(buffer, &message, sizeof(message));
	memcpy(buffer + sizeof(message), data, len);
	return client_call(&c, WIRE_REGION_WRITE, buffer, (u32)sizeof(message) + len, NULL, 0);
}

static void enable_memory(void)
{
	CHECK_EQ(region_write_msg(VFIO_PCI_CONFIG_REGION_INDEX, PCI_COMMAND, 2,
				  (u8[]){ PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0 }, 2), 0);
}

/* Of an aperture that is larger than the memory the client can map the memory alone, and nobody answers beyond. */
static void region_beyond_vram(void)
{
	const u64 size = MiB(18);
	struct {
		struct vfio_region_info info;
		struct vfio_info_cap_header cap;
		u32 nr_areas;
		u32 reserved;
		struct vfio_region_sparse_mmap_area area;
	} sparse = { .info = { .argsz = sizeof(sparse.info), .index = 2 } };
	struct stat st;
	u64 value;

	client_open_vram(&c, size);
	client_greet(&c);
	/* Room for no capability: what it takes, and nothing to map yet. */
	CHECK_EQ(client_call(&c, WIRE_DEVICE_GET_REGION_INFO, &sparse, sizeof(sparse.info), NULL, 0),
		 0);
	CHECK_EQ(c.len, sizeof(sparse.info));
	memcpy(&sparse.info, c.payload, c.len);
	CHECK_EQ(sparse.info.argsz, sizeof(sparse));
	CHECK_EQ(sparse.info.flags, VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE);
	CHECK_EQ(c.fd, -1);
	CHECK_EQ(client_call(&c, WIRE_DEVICE_GET_REGION_INFO, &sparse, sizeof(sparse.info), NULL, 0),
		 0);
	CHECK_EQ(c.len, sizeof(sparse));
	memcpy(&sparse, c.payload, c.len);
	CHECK_EQ(sparse.info.size, MiB(32));
	CHECK_EQ(sparse.info.flags, VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
		 VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS);
	CHECK_EQ(sparse.info.cap_offset, sizeof(sparse.info));
	CHECK_EQ(sparse.cap.id, VFIO_REGION_INFO_CAP_SPARSE_MMAP);
	CHECK_EQ(sparse.cap.version, 1);
	CHECK_EQ(sparse.cap.next, 0);
	CHECK_EQ(sparse.nr_areas, 1);
	CHECK_EQ(sparse.area.offset, 0);
	CHECK_EQ(sparse.area.size, size);
	/* There is no more memory than was asked for, and the client cannot make more. */
	CHECK(!fstat(c.fd, &st));
	CHECK_EQ(st.st_size, size);
	CHECK(ftruncate(c.fd, (off_t)MiB(32)));

	enable_memory();
	value = 0x1122334455667788;
	CHECK_EQ(region_write_msg(2, size - 4, 8, &value, 8), 0);
	CHECK_EQ(region_write_msg(2, size, 8, &value, 8), 0);
	CHECK_EQ(region_write_msg(2, MiB(32) - 8, 8, &value, 8), 0);
	CHECK_EQ(region_write_msg(2, MiB(32) - 4, 8, &value, 8), EINVAL);
	CHECK_EQ(region_read_msg(2, size - 4, 8), 0);
	memcpy(&value, c.payload + sizeof(struct wire_region), 8);
	CHECK_EQ(value, 0xffffffff55667788);
	CHECK_EQ(region_read_msg(2, size, 8), 0);
	memcpy(&value, c.payload + sizeof(struct wire_region), 8);
	CHECK_EQ(value, UINT64_MAX);
	CHECK_EQ(region_read_msg(2, MiB(32) - 8, 8), 0);
	memcpy(&value, c.payload + sizeof(struct wire_region), 8);
	CHECK_EQ(value, UINT64_MAX);
	end();
}

static void irq_infos(void)
{
	start();
	for (u32 i = 0; i <= VFIO_PCI_NUM_IRQS; i++) {
		struct vfio_irq_info info = { .argsz = sizeof(info), .index = i };
		int ret = client_call(&c, WIRE_DEVICE_GET_IRQ_INFO, &info, sizeof(info), NULL, 0);

		CHECK_EQ(ret, i == VFIO_PCI_NUM_IRQS ? EINVAL : 0);
		memcpy(&info, c.payload, sizeof(info));
		if (!ret)
			CHECK_EQ(info.count, i == VFIO_PCI_MSIX_IRQ_INDEX ? 4 : 0);
	}
	end();
}

static int set_irqs(u32 flags, u32 index, u32 first, u32 count, const int *fds, unsigned int nr)
{
	struct vfio_irq_set set = {
		.argsz = sizeof(set), .flags = flags, .index = index, .start = first, .count = count,
	};

	return client_call(&c, WIRE_DEVICE_SET_IRQS, &set, sizeof(set), fds, nr);
}

static bool fired(int fd)
{
	u64 count;

	return read(fd, &count, sizeof(count)) == sizeof(count);
}

static void interrupts(void)
{
	const u32 trigger = VFIO_IRQ_SET_ACTION_TRIGGER, msix = VFIO_PCI_MSIX_IRQ_INDEX;
	const u32 set = VFIO_IRQ_SET_DATA_EVENTFD | trigger, none = VFIO_IRQ_SET_DATA_NONE | trigger;
	int fds[4];

	for (int i = 0; i < 4; i++)
		fds[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	start();
	CHECK_EQ(set_irqs(set, msix, 0, 4, fds, 4), 0);
	CHECK_EQ(set_irqs(none, msix, 1, 2, NULL, 0), 0);
	CHECK(!fired(fds[0]) && fired(fds[1]) && fired(fds[2]) && !fired(fds[3]));
	/* Without descriptors: de-assign. */
	CHECK_EQ(set_irqs(set, msix, 1, 1, NULL, 0), 0);
	CHECK_EQ(set_irqs(none, msix, 0, 4, NULL, 0), 0);
	CHECK(fired(fds[0]) && !fired(fds[1]) && fired(fds[2]) && fired(fds[3]));
	CHECK_EQ(set_irqs(none, msix, 0, 0, NULL, 0), 0);
	CHECK_EQ(set_irqs(none, msix, 0, 4, NULL, 0), 0);
	CHECK(!fired(fds[0]));
	{
		struct vfio_irq_set bools = {
			.argsz = sizeof(bools) + 4, .flags = VFIO_IRQ_SET_DATA_BOOL | trigger,
			.index = msix, .count = 4,
		};
		u8 message[sizeof(bools) + 4];

		CHECK_EQ(set_irqs(set, msix, 0, 4, fds, 4), 0);
		memcpy(message, &bools, sizeof(bools));
		memcpy(message + sizeof(bools), (u8[]){ 0, 1, 0, 1 }, 4);
		CHECK_EQ(client_call(&c, WIRE_DEVICE_SET_IRQS, message, sizeof(message), NULL, 0), 0);
		CHECK(!fired(fds[0]) && fired(fds[1]) && !fired(fds[2]) && fired(fds[3]));
		CHECK_EQ(client_call(&c, WIRE_DEVICE_SET_IRQS, message, sizeof(message) - 1, NULL, 0),
			 EINVAL);
	}
	/* Wrong in one way each. */
	CHECK_EQ(set_irqs(set, msix, 0, 5, fds, 4), EINVAL);
	CHECK_EQ(set_irqs(set, msix, 4, 1, fds, 1), EINVAL);
	CHECK_EQ(set_irqs(set, msix, UINT32_MAX, 2, fds, 2), EINVAL);
	CHECK_EQ(set_irqs(set, msix, 1, UINT32_MAX, fds, 2), EINVAL);
	CHECK_EQ(set_irqs(set, msix, 0, 3, fds, 2), EINVAL);
	CHECK_EQ(set_irqs(set, VFIO_PCI_INTX_IRQ_INDEX, 0, 1, fds, 1), EINVAL);
	CHECK_EQ(set_irqs(set, 5, 0, 1, fds, 1), EINVAL);
	CHECK_EQ(set_irqs(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK, msix, 0, 1, NULL, 0),
		 EINVAL);
	CHECK_EQ(set_irqs(trigger, msix, 0, 1, NULL, 0), EINVAL);
	CHECK_EQ(set_irqs(set | VFIO_IRQ_SET_DATA_NONE, msix, 0, 1, fds, 1), EINVAL);
	CHECK_EQ(set_irqs(set | 1u << 30, msix, 0, 1, fds, 1), EINVAL);
	CHECK_EQ(client_call(&c, WIRE_DEVICE_SET_IRQS, fds, 16, NULL, 0), EINVAL);
	end();
	for (int i = 0; i < 4; i++)
		close(fds[i]);
}

static int map(u64 addr, u64 size, u64 offset, u32 flags, int fd)
{
	struct wire_dma_map message = {
		.argsz = sizeof(message), .flags = flags, .offset = offset, .addr = addr, .size = size,
	};

	return client_call(&c, WIRE_DMA_MAP, &message, sizeof(message), &fd, fd >= 0);
}

static int unmap(u64 addr, u64 size, u32 flags)
{
	struct wire_dma_unmap message = {
		.argsz = sizeof(message), .flags = flags, .addr = addr, .size = size,
	};

	return client_call(&c, WIRE_DMA_UNMAP, &message, sizeof(message), NULL, 0);
}

static bool reachable(u64 addr)
{
	u64 avail;
	bool found;

	lock_acquire(&c.dev->lock);
	found = dma_find(&c.dev->dma, addr, false, &avail);
	lock_release(&c.dev->lock);
	return found;
}

static void dma_messages(void)
{
	int fd = memory(MiB(1)), fds[2] = { fd, fd };
	struct wire_dma_map two = { .size = KiB(4), .addr = MiB(64), .flags = 3 };

	start();
	CHECK_EQ(map(KiB(64), KiB(64), 0, 3, fd), 0);
	CHECK_EQ(map(KiB(64), KiB(64), 0, 3, fd), EEXIST);
	CHECK_EQ(map(0, KiB(64), 0, 1, -1), 0);		/* a ROM */
	CHECK(reachable(KiB(64)) && !reachable(0));
	CHECK_EQ(map(MiB(16), KiB(4), MiB(1), 3, fd), EINVAL);
	CHECK_EQ(map(MiB(16), KiB(4), 0, 4, fd), EINVAL);
	CHECK_EQ(client_call(&c, WIRE_DMA_MAP, &two, sizeof(two), fds, 2), EINVAL);
	CHECK_EQ(client_call(&c, WIRE_DMA_MAP, &two, sizeof(two) - 1, fds, 1), EINVAL);
	CHECK_EQ(unmap(0, KiB(32), 0), EINVAL);		/* a part of the ROM */
	CHECK_EQ(unmap(KiB(64), KiB(32), 0), 0);
	CHECK(!reachable(KiB(64)) && reachable(KiB(96)));
	CHECK_EQ(unmap(MiB(64), KiB(32), 0), ENOENT);
	CHECK_EQ(unmap(KiB(64), KiB(64), 1), EINVAL);	/* a dirty bitmap is not offered */
	CHECK_EQ(unmap(KiB(64), KiB(64), 0), 0);
	CHECK_EQ(c.len, sizeof(struct wire_dma_unmap));
	CHECK(!reachable(KiB(64)));
	CHECK_EQ(map(KiB(64), KiB(64), 0, 3, fd), 0);
	CHECK_EQ(unmap(0, KiB(4), VFIO_DMA_UNMAP_FLAG_ALL), EINVAL);
	CHECK_EQ(unmap(0, 0, VFIO_DMA_UNMAP_FLAG_ALL), 0);
	CHECK(!reachable(KiB(64)));
	end();
	close(fd);
}

static void region_access(void)
{
	u32 value = 0xabcd1234;

	start();
	CHECK_EQ(region_read_msg(0, MIRAGE_BUS_ID, 4), 0);
	CHECK_EQ(c.len, sizeof(struct wire_region) + 4);
	memcpy(&value, c.payload + sizeof(struct wire_region), 4);
	CHECK_EQ(value, UINT32_MAX);	/* memory space is not enabled */
	enable_memory();
	CHECK_EQ(region_read_msg(0, MIRAGE_BUS_ID, 4), 0);
	memcpy(&value, c.payload + sizeof(struct wire_region), 4);
	CHECK_EQ(value, MIRAGE_BUS_ID_VALUE);
	value = 77;
	CHECK_EQ(region_write_msg(0, MIRAGE_BUS_SCRATCH, 4, &value, 4), 0);
	CHECK_EQ(regs_read(c.dev, MIRAGE_BUS_SCRATCH), 77);
	CHECK_EQ(region_write_msg(2, 100, 4, &value, 4), 0);
	CHECK_EQ(c.dev->vram.host[100], 77);
	CHECK_EQ(region_read_msg(7, 0, 4096), 0);
	CHECK_EQ(c.len, sizeof(struct wire_region) + 4096);
	CHECK_EQ(region_read_msg(2, 0, WIRE_MAX_DATA), 0);
	CHECK_EQ(c.len, sizeof(struct wire_region) + WIRE_MAX_DATA);
	CHECK_EQ(region_read_msg(4, 0, 16), 0);

	CHECK_EQ(region_read_msg(2, 0, WIRE_MAX_DATA + 1), EINVAL);
	CHECK_EQ(region_read_msg(2, MiB(16) - 3, 4), EINVAL);
	CHECK_EQ(region_read_msg(2, UINT64_MAX - 1, 4), EINVAL);
	CHECK_EQ(region_read_msg(1, 0, 4), EINVAL);
	CHECK_EQ(region_read_msg(1000, 0, 4), EINVAL);
	CHECK_EQ(region_write_msg(7, 4094, 4, &value, 4), EINVAL);
	CHECK_EQ(region_write_msg(0, 0, 8, &value, 4), EINVAL);	/* less data than said */
	CHECK_EQ(region_write_msg(0, 0, UINT32_MAX, &value, 4), EINVAL);
	CHECK_EQ(client_call(&c, WIRE_REGION_READ, &value, 4, NULL, 0), EINVAL);
	CHECK_EQ(client_call(&c, WIRE_REGION_WRITE, NULL, 0, NULL, 0), EINVAL);
	end();
}

static void write_multi(void)
{
	struct { u64 count; struct wire_write writes[3]; } message = {
		.count = 3,
		.writes = {
			{ MIRAGE_BUS_SCRATCH, 0, 4, { 1 } },
			{ 0, 2, 8, { 2, 2, 2, 2, 2, 2, 2, 2 } },
			{ MIRAGE_BUS_SCRATCH, 0, 4, { 3 } },
		},
	};

	start();
	enable_memory();
	CHECK_EQ(client_call(&c, WIRE_REGION_WRITE_MULTI, &message, sizeof(message), NULL, 0), 0);
	CHECK_EQ(c.len, sizeof(u64));
	CHECK_EQ(regs_read(c.dev, MIRAGE_BUS_SCRATCH), 3);
	CHECK_EQ(c.dev->vram.host[7], 2);
	message.count = 4;
	CHECK_EQ(client_call(&c, WIRE_REGION_WRITE_MULTI, &message, sizeof(message), NULL, 0), EINVAL);
	message.count = UINT64_MAX / sizeof(struct wire_write) + 2;
	CHECK_EQ(client_call(&c, WIRE_REGION_WRITE_MULTI, &message, sizeof(message), NULL, 0), EINVAL);
	message.count = 3;
	message.writes[0].data[0] = 9;
	message.writes[2].count = 9;
	CHECK_EQ(client_call(&c, WIRE_REGION_WRITE_MULTI, &message, sizeof(message), NULL, 0), EINVAL);
	CHECK_EQ(regs_read(c.dev, MIRAGE_BUS_SCRATCH), 3);	/* none of them was done */
	CHECK_EQ(client_call(&c, WIRE_REGION_WRITE_MULTI, &message, 7, NULL, 0), EINVAL);
	end();
	/* Only for clients that asked for it. */
	client_open(&c);
	CHECK_EQ(client_call(&c, WIRE_VERSION, "\0\0\0", 4, NULL, 0), 0);
	CHECK_EQ(client_call(&c, WIRE_REGION_WRITE_MULTI, &message, sizeof(message), NULL, 0), ENOTSUP);
	end();
}

static void reset_message(void)
{
	u32 value = 5;

	start();
	enable_memory();
	CHECK_EQ(region_write_msg(0, MIRAGE_BUS_SCRATCH, 4, &value, 4), 0);
	CHECK_EQ(client_call(&c, WIRE_DEVICE_RESET, NULL, 0, NULL, 0), 0);
	CHECK_EQ(regs_read(c.dev, MIRAGE_BUS_SCRATCH), 0);
	CHECK_EQ(region_read_msg(7, PCI_COMMAND, 2), 0);
	CHECK_EQ(c.payload[sizeof(struct wire_region)], 0);
	end();
}

static void unknown_commands(void)
{
	start();
	for (u32 command = 0; command < 65536; command += command < 32 ? 1 : 997)
		if (command == 0 || command == 6 || command == 11 || command == 12 ||
		    command == 14 || command > 15)
			CHECK_EQ(client_call(&c, (u16)command, "junkjunk", 8, NULL, 0), ENOTSUP);
	end();
}

static void no_reply(void)
{
	struct wire_region message = { .region = 7, .count = 4 };
	u32 value = 1;

	start();
	for (int i = 0; i < 100; i++) {
		CHECK(client_request(&c, WIRE_REGION_READ, WIRE_NO_REPLY, &message, sizeof(message),
				     NULL, 0));
		CHECK(client_request(&c, 999, WIRE_NO_REPLY, &value, 4, NULL, 0));
	}
	end();	/* the next reply is that of its own request */
}

/* Bytes that cannot be a message end the connection, and the device is told that the client is gone. */
static void broken_streams(void)
{
	static const struct wire_header rows[] = {
		{ .command = WIRE_DEVICE_RESET, .size = 15 },
		{ .command = WIRE_DEVICE_RESET, .size = 0 },
		{ .command = WIRE_REGION_WRITE, .size = WIRE_MAX_SIZE + 1 },
		{ .command = WIRE_REGION_WRITE, .size = UINT32_MAX },
		{ .command = WIRE_DEVICE_RESET, .size = 16, .flags = WIRE_TYPE_REPLY },
		{ .command = WIRE_DEVICE_RESET, .size = 16, .flags = 2 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		start();
		CHECK(client_send(&c, &rows[i], sizeof(rows[i]), NULL, 0));
		CHECK(!client_reply(&c));
		client_close(&c);
		CHECK_EQ(c.server_result, -1);
	}
	/* The stream ends within a message: in its header, in its payload. */
	start();
	CHECK(client_send(&c, &rows[0], 7, NULL, 0));
	client_close(&c);
	CHECK_EQ(c.server_result, -1);
	start();
	{
		struct wire_header header = { .command = WIRE_REGION_WRITE, .size = 100 };

		CHECK(client_send(&c, &header, sizeof(header), NULL, 0));
		CHECK(client_send(&c, &header, 10, NULL, 0));
	}
	client_close(&c);
	CHECK_EQ(c.server_result, -1);
}

static void too_many_descriptors(void)
{
	struct wire_header header = { .command = WIRE_DEVICE_RESET, .size = 16 };
	unsigned int before = count_fds();
	int fds[40];

	for (int i = 0; i < 40; i++)
		fds[i] = 1;
	start();
	CHECK(client_send(&c, &header, sizeof(header), fds, 40));
	CHECK(!client_reply(&c));
	client_close(&c);
	CHECK_EQ(c.server_result, -1);
	CHECK_EQ(count_fds(), before);
}

/* Descriptors that a message has no use for, or that came with an error, are not kept. */
static void descriptors_do_not_leak(void)
{
	unsigned int before;
	int fd = memory(MiB(1)), fds[8];

	for (int i = 0; i < 8; i++)
		fds[i] = fd;
	before = count_fds();
	start();
	for (int i = 0; i < 50; i++) {
		u32 info[4] = { sizeof(info) };

		CHECK_EQ(client_call(&c, WIRE_DEVICE_GET_INFO, info, sizeof(info), fds, 8), 0);
		CHECK_EQ(map(KiB(1), KiB(64), 0, 3, fd), EINVAL);
		CHECK_EQ(map(0, KiB(64), 0, 3, fd), 0);
		CHECK_EQ(unmap(0, KiB(64), 0), 0);
		CHECK_EQ(set_irqs(VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
				  VFIO_PCI_MSIX_IRQ_INDEX, 0, 4, fds, 4), 0);
		CHECK_EQ(set_irqs(VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
				  VFIO_PCI_MSIX_IRQ_INDEX, 0, 3, fds, 4), EINVAL);
	}
	end();
	CHECK_EQ(count_fds(), before);
	close(fd);
}

/* A whole DMA round trip: queues in client memory, a SYNC, an interrupt. */
static void works_end_to_end(void)
{
	int fd = memory(MiB(1)), event = eventfd(0, EFD_CLOEXEC);
	u8 *ram = mmap(NULL, MiB(1), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	struct mirage_status_page *status = (void *)ram;
	struct pollfd ready = { .fd = event, .events = POLLIN };
	static const struct { u32 reg, value; } writes[] = {
		{ MIRAGE_QUEUE_STATUS_LO, 0x80000001 }, { MIRAGE_QUEUE_CMD_LO, 0x80001001 },
		{ MIRAGE_QUEUE_FAULT_LO, 0x80002001 }, { MIRAGE_QUEUE_EVENT_LO, 0x80003001 },
		{ MIRAGE_QUEUE_CHAN_TABLE_LO, 0x80040001 }, { MIRAGE_QUEUE_VM_TABLE_LO, 0x80080001 },
		{ MIRAGE_QUEUE_CMD_ORDER, 4 }, { MIRAGE_QUEUE_FAULT_ORDER, 4 },
		{ MIRAGE_QUEUE_EVENT_ORDER, 4 }, { MIRAGE_INTR_ENABLE, 7 }, { MIRAGE_BUS_CTRL, 1 },
	};
	u32 zero = 0;

	CHECK(ram != MAP_FAILED);
	start();
	enable_memory();
	CHECK_EQ(map(0x80000000, MiB(1), 0, 3, fd), 0);
	CHECK_EQ(set_irqs(VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
			  VFIO_PCI_MSIX_IRQ_INDEX, 1, 1, &event, 1), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(writes); i++)
		CHECK_EQ(region_write_msg(0, writes[i].reg, 4, &writes[i].value, 4), 0);
	CHECK_EQ(regs_read(c.dev, MIRAGE_BUS_STATUS), 1);
	/* A channel without a valid descriptor: an ERROR event with its interrupt. */
	*(struct mirage_cmd *)(ram + 0x1000) = (struct mirage_cmd){ .op = MIRAGE_CMD_CHAN_START };
	status->event_armed = 1;
	status->cmd_put = 1;
	CHECK_EQ(region_write_msg(0, MIRAGE_DOORBELL_CMD, 4, &zero, 4), 0);
	CHECK_EQ(poll(&ready, 1, 5000), 1);
	CHECK_EQ(__atomic_load_n(&status->event_put, __ATOMIC_ACQUIRE), 1);
	end();
	munmap(ram, MiB(1));
	close(fd);
	close(event);
}

static void json_texts(void)
{
	static const char * const good[] = {
		"{}", " [ ] ", "0", "-1.5e+10", "\"\\u00e4\\n\"", "null", "true", "{\"a\":{\"b\":[1,2,{}]}}",
		"[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]",
	};
	static const char * const bad[] = {
		"", " ", "{", "}", "[1,]", "{\"a\"}", "{\"a\":}", "{a:1}", "01", "1.", ".5", "1e", "+1", "-",
		"\"\\x\"", "\"\\u12g4\"", "\"", "\"\n\"", "tru", "nulll", "{} {}", "{\"a\":1,}",
		"[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", "18446744073709551616x",
	};
	u64 caps[5] = { 0 };

	for (unsigned int i = 0; i < ARRAY_SIZE(good); i++)
		CHECK(json_read(good[i], strlen(good[i]), find_caps, caps));
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(!json_read(bad[i], strlen(bad[i]), find_caps, caps));
	/* A zero byte is no end. */
	CHECK(!json_read("{}\0", 3, find_caps, caps));
	CHECK(!json_read("1\0002", 3, find_caps, caps));
	/* Only members on the way of objects count. */
	CHECK(json_read("[{\"capabilities\":{\"pgsizes\":7}}]", 32, find_caps, caps));
	CHECK_EQ(caps[3], 0);
	CHECK(json_read("{\"capabilities\":{\"pgsizes\":7}}", 30, find_caps, caps));
	CHECK_EQ(caps[3], 7);
}

static const struct tap_test tests[] = {
	{ "VERSION: the reply", version_reply },
	{ "VERSION refused", version_refused },
	{ "DEVICE_GET_INFO", device_info },
	{ "REGION_INFO of every region, VRAM mapped", region_infos },
	{ "an aperture larger than VRAM", region_beyond_vram },
	{ "IRQ_INFO of every index", irq_infos },
	{ "SET_IRQS", interrupts },
	{ "DMA_MAP and DMA_UNMAP", dma_messages },
	{ "REGION_READ and REGION_WRITE", region_access },
	{ "REGION_WRITE_MULTI", write_multi },
	{ "DEVICE_RESET", reset_message },
	{ "unknown commands", unknown_commands },
	{ "No_reply", no_reply },
	{ "broken streams", broken_streams },
	{ "too many file descriptors", too_many_descriptors },
	{ "file descriptors do not leak", descriptors_do_not_leak },
	{ "a device driven through messages alone", works_end_to_end },
	{ "JSON good and bad", json_texts },
};

TAP_MAIN(tests)
