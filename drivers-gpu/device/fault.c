// SPDX-License-Identifier: GPL-2.0
/*
 * The fault buffer: accesses suspended until the kernel has served them.
 *
 * Model: NVIDIA's UVM. One context empties the whole buffer, so that the device never waits for
 * room, and passes the faults to mirage_device_ops.faults(). Nothing here allocates, so the buffer
 * keeps moving while faults are served.
 */
#include "device/fault.h"

#include <linux/slab.h>

#include <drm/drm_managed.h>

#include "device/device.h"
#include "device/reset.h"
#include "device/shared.h"
#include "device/trace.h"

static void fault_fini(struct drm_device *drm, void *unused)
{
	kvfree(to_mirage_device(drm)->fault_buffer.batch);
}

/**
 * mirage_fault_buffer_init() - allocate the fault buffer
 * @mdev: device, not enabled
 *
 * Return: 0 or a negative errno
 */
int mirage_fault_buffer_init(struct mirage_device *mdev)
{
	struct mirage_fault_buffer *q = &mdev->fault_buffer;
	int ret;

	ret = drmm_mutex_init(&mdev->drm, &q->lock);
	if (ret)
		return ret;
	q->order = mdev->options.fault_order;
	q->batch = kvmalloc_objs(*q->batch, 1u << q->order);
	if (!q->batch)
		return -ENOMEM;
	ret = drmm_add_action_or_reset(&mdev->drm, fault_fini, NULL);
	if (ret)
		return ret;
	ret = mirage_mem_alloc(mdev, &q->place_mem, sizeof(struct mirage_place) << q->order);
	if (ret)
		return ret;
	return mirage_mem_alloc(mdev, &q->mem, sizeof(struct mirage_fault_entry) << q->order);
}

/**
 * mirage_fault_buffer_restart() - accept faults from a device that was reset
 * @mdev: device, not enabled; it takes its index from the status page when it is
 *
 * The reset ended the accesses behind the faults added before it; those entries are skipped.
 *
 * Context: any; concurrent with readers of faults.
 */
void mirage_fault_buffer_restart(struct mirage_device *mdev)
{
	struct mirage_status_page *status = mdev->status;
	u32 get = mirage_shared_read32(&status->fault_get);
	u32 put = mirage_shared_read32(&status->fault_put);

	/* Such a value may be why it was reset. No reader has gone beyond fault_get then. */
	if (put - get > 1u << mdev->fault_buffer.order) {
		put = get;
		mirage_shared_write32(&status->fault_put, put);
	}
	WRITE_ONCE(mdev->fault_buffer.stale, put);
	mirage_shared_write32(&status->fault_armed, 1);
}

/* Was the next entry added before the last reset? */
static bool fault_is_stale(const struct mirage_fault_buffer *q)
{
	return in_range(READ_ONCE(q->stale) - q->get, 1, 1u << q->order);
}

static void fault_read(const struct mirage_fault_buffer *q, u32 index, struct mirage_fault *fault,
		       u64 time_base)
{
	const struct mirage_fault_entry *entry = q->mem.cpu + index * sizeof(*entry);
	const struct mirage_place *place = q->place_mem.cpu + index * sizeof(*place);

	fault->addr = le64_to_cpu(entry->addr);
	fault->time_ns = le64_to_cpu(entry->time_ns) + time_base;
	fault->chan = le32_to_cpu(entry->chan);
	fault->vm = le16_to_cpu(entry->vm);
	fault->access = entry->access;
	fault->kind = entry->kind;
	fault->unit = entry->unit;
	fault->place = *place;
}

/**
 * mirage_fault_buffer_drain() - read all faults, and arm the interrupt for the next
 * @mdev: device, between drm_dev_enter() and drm_dev_exit()
 *
 * Context: may sleep; takes mirage_fault_buffer.lock, and calls mirage_device_ops.faults() under
 * it.
 * Return: entries read
 */
unsigned int mirage_fault_buffer_drain(struct mirage_device *mdev)
{
	struct mirage_fault_buffer *q = &mdev->fault_buffer;
	struct mirage_status_page *status = mdev->status;
	u32 size = 1u << q->order;
	unsigned int total = 0;
	unsigned int count;
	u64 time_base;
	u32 put;

	mutex_lock(&q->lock);
	for (;;) {
		/*
		 * Acquire: pairs with the release of time_base; entries older than this base are
		 * seen as stale.
		 */
		time_base = smp_load_acquire(&mdev->time_base);
		/* Acquire: entries are read after the index that says they are there. */
		put = mirage_shared_read32_acquire(&status->fault_put);
		if (put == q->get) {
			/* The device reads armed after moving put; check in the opposite order. */
			mirage_shared_write32_mb(&status->fault_armed, 1);
			if (put == mirage_shared_read32(&status->fault_put))
				break;
			continue;
		}
		if (put - q->get > size) {
			mirage_reset_request(mdev, "the fault buffer's put is out of range");
			break;
		}
		for (count = 0; q->get != put; q->get++) {
			if (!fault_is_stale(q))
				fault_read(q, q->get & (size - 1), &q->batch[count++], time_base);
		}
		/* Release: the entries were read before the device may reuse them. */
		mirage_shared_write32_release(&status->fault_get, q->get);

		trace_mirage_fault_drain(mdev, count);
		mdev->ops->faults(mdev, q->batch, count);
		total += count;
	}
	mutex_unlock(&q->lock);
	return total;
}
