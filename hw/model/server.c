// SPDX-License-Identifier: MIT
/*
 * Each message is a function that checks its payload and answers, or returns a
 * negative errno, which becomes an error reply. Nothing that a message holds ends the
 * process; a stream that makes no sense ends the connection.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "json.h"
#include "region.h"
#include "server.h"
#include "transport.h"

#define VERSION_MAJOR 0

struct server {
	struct device *dev;
	int socket;
	bool greeted;		/* a VERSION message was accepted */
	bool write_multiple;	/* the client knows REGION_WRITE_MULTI */
	bool gone;		/* a reply could not be sent */
	struct message msg;
	u8 reply[sizeof(struct wire_region) + WIRE_MAX_DATA];
};

/* The payload as a struct, or NULL if it is shorter. */
static void *payload(struct server *s, size_t size)
{
	return s->msg.len >= size ? s->msg.payload : NULL;
}

static int reply_fd(struct server *s, const void *data, size_t len, int fd)
{
	if (transport_reply(s->socket, &s->msg, data, (u32)len, fd))
		s->gone = true;
	return 0;
}

static int reply(struct server *s, const void *data, size_t len)
{
	return reply_fd(s, data, len, -1);
}

struct version_caps {
	bool bad;		/* a capability has the wrong type */
	bool write_multiple;
};

static void version_member(void *ctx, const char *path, const struct json_value *value)
{
	struct version_caps *caps = ctx;
	static const char * const numbers[] = {
		"capabilities.max_msg_fds",
		"capabilities.max_data_xfer_size",
		"capabilities.max_dma_maps",
		"capabilities.pgsizes",
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!strcmp(path, numbers[i]) && (value->type != JSON_NUMBER || !value->integer))
			caps->bad = true;
	if (!strcmp(path, "capabilities") && value->type != JSON_OBJECT)
		caps->bad = true;
	if (!strcmp(path, "capabilities.write_multiple")) {
		caps->bad |= value->type != JSON_BOOL;
		caps->write_multiple = value->truth;
	}
}

static int do_version(struct server *s)
{
	struct wire_version *version = payload(s, sizeof(*version));
	struct version_caps caps = { 0 };
	char *text = (char *)s->reply + sizeof(*version);
	u32 json_len;
	int len;

	if (!version)
		return -EINVAL;
	if (version->major != VERSION_MAJOR) {
		log_error("the client speaks version %u.%u of the protocol, this is version %u",
			  version->major, version->minor, VERSION_MAJOR);
		return -ENOTSUP;
	}
	json_len = s->msg.len - (u32)sizeof(*version);
	if (json_len) {
		const char *json = (const char *)(version + 1);

		if (json[json_len - 1] || !json_read(json, json_len - 1, version_member, &caps) ||
		    caps.bad) {
			log_error("the client's capabilities are malformed");
			return -EINVAL;
		}
	}
	s->write_multiple = caps.write_multiple;
	s->greeted = true;
	memcpy(s->reply, version, sizeof(*version));
	len = snprintf(text, sizeof(s->reply) - sizeof(*version),
		       "{\"capabilities\":{\"max_msg_fds\":%d,\"max_data_xfer_size\":%u,"
		       "\"max_dma_maps\":%u,\"pgsizes\":%u%s}}",
		       WIRE_MAX_FDS, WIRE_MAX_DATA, DMA_TOLD_MAPS, DMA_PAGE_SIZE,
		       caps.write_multiple ? ",\"write_multiple\":true" : "");
	return reply(s, s->reply, sizeof(*version) + (size_t)len + 1);
}

static int do_dma_map(struct server *s)
{
	struct wire_dma_map *map = payload(s, sizeof(*map));
	int fd, ret;

	if (!map || s->msg.nr_fds > 1)
		return -EINVAL;
	if (map->flags & ~(u32)(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE))
		return -EINVAL;
	/* Memory that cannot be read is as good as none: the device has no write-only access. */
	fd = s->msg.nr_fds && (map->flags & VFIO_DMA_MAP_FLAG_READ) ? s->msg.fds[0] : -1;
	lock_acquire(&s->dev->lock);
	ret = dma_map(&s->dev->dma, map->addr, map->size, fd, map->offset,
		      map->flags & VFIO_DMA_MAP_FLAG_WRITE);
	lock_release(&s->dev->lock);
	if (ret) {
		log_error("DMA_MAP %#llx + %#llx: %s", (unsigned long long)map->addr,
			  (unsigned long long)map->size, strerror(-ret));
		return ret;
	}
	if (fd < 0)
		log_info("range without a file: %#llx + %#llx", (unsigned long long)map->addr,
			 (unsigned long long)map->size);
	return reply(s, NULL, 0);
}

static int do_dma_unmap(struct server *s)
{
	struct wire_dma_unmap *unmap = payload(s, sizeof(*unmap));
	bool all;
	int ret = 0;

	if (!unmap || (unmap->flags & ~(u32)VFIO_DMA_UNMAP_FLAG_ALL))
		return -EINVAL;
	all = unmap->flags & VFIO_DMA_UNMAP_FLAG_ALL;
	if (all && (unmap->addr || unmap->size))
		return -EINVAL;
	/* The engines hold the lock while they use a map, so none is in use here. */
	lock_acquire(&s->dev->lock);
	if (all)
		dma_unmap_all(&s->dev->dma);
	else
		ret = dma_unmap(&s->dev->dma, unmap->addr, unmap->size);
	lock_release(&s->dev->lock);
	if (ret) {
		log_error("DMA_UNMAP %#llx + %#llx: %s", (unsigned long long)unmap->addr,
			  (unsigned long long)unmap->size, strerror(-ret));
		return ret;
	}
	return reply(s, unmap, sizeof(*unmap));
}

static int do_device_info(struct server *s)
{
	struct { u32 argsz, flags, num_regions, num_irqs; } info = {
		.argsz = sizeof(info),
		.flags = VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI,
		.num_regions = VFIO_PCI_NUM_REGIONS,
		.num_irqs = VFIO_PCI_NUM_IRQS,
	};

	/* Like the kernel's, the structure may grow: the client says how much it takes. */
	if (s->msg.len < sizeof(u32) || *(u32 *)s->msg.payload < sizeof(info))
		return -EINVAL;
	return reply(s, &info, sizeof(info));
}

/* The reply for a region whose end cannot be mapped. */
struct sparse_region {
	struct vfio_region_info info;
	struct vfio_info_cap_header cap;	/* begins a struct vfio_region_info_cap_sparse_mmap */
	u32 nr_areas;
	u32 reserved;
	struct vfio_region_sparse_mmap_area area;
};

/*
 * A client that does not give room for the capability is told how much it takes, and asks
 * again. Until it knows the limit it may map nothing.
 */
static int reply_sparse(struct server *s, u32 argsz, struct vfio_region_info info, u64 mappable)
{
	struct sparse_region sparse;

	info.argsz = sizeof(sparse);
	if (argsz < sizeof(sparse))
		return reply(s, &info, sizeof(info));
	info.flags |= VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS;
	info.cap_offset = offsetof(struct sparse_region, cap);
	sparse = (struct sparse_region){
		.info = info,
		.cap = { .id = VFIO_REGION_INFO_CAP_SPARSE_MMAP, .version = 1 },
		.nr_areas = 1,
		.area = { .size = mappable },
	};
	return reply_fd(s, &sparse, sizeof(sparse), s->dev->vram.fd);
}

static int do_region_info(struct server *s)
{
	struct vfio_region_info *request = payload(s, sizeof(*request));
	struct vfio_region_info info = { .argsz = sizeof(info) };
	struct region_info region;

	if (!request || request->argsz < sizeof(info) || request->index >= VFIO_PCI_NUM_REGIONS)
		return -EINVAL;
	region = region_info(s->dev, request->index);
	info.index = request->index;
	info.size = region.size;
	if (region.size)
		info.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	if (region.mappable && region.mappable < region.size)
		return reply_sparse(s, request->argsz, info, region.mappable);
	if (region.mappable)
		info.flags |= VFIO_REGION_INFO_FLAG_MMAP;
	return reply_fd(s, &info, sizeof(info), region.mappable ? s->dev->vram.fd : -1);
}

static int do_irq_info(struct server *s)
{
	struct vfio_irq_info *request = payload(s, sizeof(*request));
	struct vfio_irq_info info = { .argsz = sizeof(info) };

	if (!request || request->argsz < sizeof(info) || request->index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;
	info.index = request->index;
	if (request->index == VFIO_PCI_MSIX_IRQ_INDEX) {
		info.flags = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE;
		info.count = MIRAGE_MSIX_VECTORS;
	}
	return reply(s, &info, sizeof(info));
}

static int set_trigger(struct server *s, const struct vfio_irq_set *set)
{
	struct intr *intr = &s->dev->intr;
	u32 data = set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
	const u8 *bools = (const u8 *)(set + 1);

	if (data == VFIO_IRQ_SET_DATA_EVENTFD && s->msg.nr_fds && s->msg.nr_fds != set->count)
		return -EINVAL;
	if (data == VFIO_IRQ_SET_DATA_BOOL && s->msg.len - sizeof(*set) < set->count)
		return -EINVAL;
	lock_acquire(&s->dev->lock);
	if (data == VFIO_IRQ_SET_DATA_NONE && !set->count)
		intr_clear(intr);
	for (u32 i = 0; i < set->count; i++) {
		if (data == VFIO_IRQ_SET_DATA_EVENTFD)
			intr_set_eventfd(intr, set->start + i,
					 s->msg.nr_fds ? message_take_fd(&s->msg, i) : -1);
		else if (data == VFIO_IRQ_SET_DATA_NONE || bools[i])
			intr_message(intr, set->start + i);
	}
	lock_release(&s->dev->lock);
	return reply(s, NULL, 0);
}

static int do_set_irqs(struct server *s)
{
	struct vfio_irq_set *set = payload(s, sizeof(*set));
	u32 nr, data;

	if (!set || set->argsz < sizeof(*set) || set->index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;
	nr = set->index == VFIO_PCI_MSIX_IRQ_INDEX ? MIRAGE_MSIX_VECTORS : 0;
	if (set->start > nr || set->count > nr - set->start)
		return -EINVAL;
	data = set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
	if (!is_power_of_two(data) ||
	    (set->flags & ~(u32)VFIO_IRQ_SET_DATA_TYPE_MASK) != VFIO_IRQ_SET_ACTION_TRIGGER)
		return -EINVAL;
	return set_trigger(s, set);
}

static int do_region_read(struct server *s)
{
	struct wire_region *access = payload(s, sizeof(*access));
	int ret;

	if (!access || access->count > WIRE_MAX_DATA)
		return -EINVAL;
	ret = region_read(s->dev, access->region, access->offset, access->count,
			  s->reply + sizeof(*access));
	if (ret)
		return ret;
	memcpy(s->reply, access, sizeof(*access));
	return reply(s, s->reply, sizeof(*access) + access->count);
}

static int do_region_write(struct server *s)
{
	struct wire_region *access = payload(s, sizeof(*access));
	int ret;

	if (!access || access->count > s->msg.len - sizeof(*access))
		return -EINVAL;
	ret = region_write(s->dev, access->region, access->offset, access->count,
			   s->msg.payload + sizeof(*access));
	if (ret)
		return ret;
	return reply(s, access, sizeof(*access));
}

static int do_write_multi(struct server *s)
{
	u64 *count = payload(s, sizeof(*count));
	const struct wire_write *writes;
	int ret;

	if (!s->write_multiple)
		return -ENOTSUP;
	if (!count || *count > (s->msg.len - sizeof(*count)) / sizeof(*writes))
		return -EINVAL;
	writes = (const struct wire_write *)(count + 1);
	for (u64 i = 0; i < *count; i++)
		if (writes[i].count > sizeof(writes[i].data) ||
		    writes[i].offset > UINT64_MAX - writes[i].count)
			return -EINVAL;
	for (u64 i = 0; i < *count; i++) {
		ret = region_write(s->dev, writes[i].region, writes[i].offset, writes[i].count,
				   writes[i].data);
		if (ret)
			return ret;
	}
	return reply(s, count, sizeof(*count));
}

static int do_device_reset(struct server *s)
{
	lock_acquire(&s->dev->lock);
	device_function_reset(s->dev);
	lock_release(&s->dev->lock);
	return reply(s, NULL, 0);
}

static int handle(struct server *s)
{
	if (!s->greeted && s->msg.header.command != WIRE_VERSION)
		return -EINVAL;
	switch (s->msg.header.command) {
	case WIRE_VERSION:
		return s->greeted ? -EINVAL : do_version(s);
	case WIRE_DMA_MAP:
		return do_dma_map(s);
	case WIRE_DMA_UNMAP:
		return do_dma_unmap(s);
	case WIRE_DEVICE_GET_INFO:
		return do_device_info(s);
	case WIRE_DEVICE_GET_REGION_INFO:
		return do_region_info(s);
	case WIRE_DEVICE_GET_IRQ_INFO:
		return do_irq_info(s);
	case WIRE_DEVICE_SET_IRQS:
		return do_set_irqs(s);
	case WIRE_REGION_READ:
		return do_region_read(s);
	case WIRE_REGION_WRITE:
		return do_region_write(s);
	case WIRE_DEVICE_RESET:
		return do_device_reset(s);
	case WIRE_REGION_WRITE_MULTI:
		return do_write_multi(s);
	default:
		return -ENOTSUP;
	}
}

/* Forget the client. */
static void disconnect(struct device *dev)
{
	lock_acquire(&dev->lock);
	intr_clear(&dev->intr);
	dma_unmap_all(&dev->dma);
	lock_release(&dev->lock);
}

int server_run(struct device *dev, int socket)
{
	struct server *s = xcalloc(1, sizeof(*s));
	int ret, error;

	s->dev = dev;
	s->socket = socket;
	message_init(&s->msg);
	while ((ret = transport_receive(socket, &s->msg)) == 1) {
		error = handle(s);
		if (error && transport_error(socket, &s->msg, -error))
			s->gone = true;
		message_close_fds(&s->msg);
		if (s->gone)
			break;
		/* Without an agreed version there is nothing to talk about. */
		if (!s->greeted) {
			ret = -1;
			break;
		}
	}
	message_fini(&s->msg);
	free(s);
	disconnect(dev);
	return ret < 0 ? -1 : 0;
}
