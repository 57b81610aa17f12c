// SPDX-License-Identifier: MIT
/*
 * Shared by command, fault and event queue. The places are checked
 * once, when the device is enabled; memory may still go away afterwards, so each
 * access looks it up again and halts the device if it fails.
 */
#include "device.h"
#include "queues.h"

#define MAX_ORDER 16

static bool latch_place(struct device *dev, enum mirage_reg lo, u64 size, u64 *place)
{
	*place = regs_get64(dev, lo);
	return phys_valid(*place, KiB(4)) && phys_reachable(dev, *place, size);
}

static bool latch_queue(struct device *dev, enum mirage_reg lo, enum mirage_reg order_reg,
			size_t entry_size, u64 *place, u32 *size)
{
	u32 order = regs_get(dev, order_reg);

	if (order < 1 || order > MAX_ORDER)
		return false;
	*size = 1u << order;
	return latch_place(dev, lo, *size * entry_size, place);
}

/* Places are wanted or not. */
static bool latch_fault_place(struct device *dev)
{
	struct queues *q = &dev->queues;

	q->fault_place = 0;
	return !regs_get64(dev, MIRAGE_QUEUE_FAULT_PLACE_LO) ||
	       latch_place(dev, MIRAGE_QUEUE_FAULT_PLACE_LO,
			   q->fault_size * sizeof(struct mirage_place), &q->fault_place);
}

bool queues_latch(struct device *dev)
{
	struct queues *q = &dev->queues;
	const struct mirage_status_page *status;

	if (!latch_place(dev, MIRAGE_QUEUE_STATUS_LO, KiB(4), &q->status) ||
	    !latch_queue(dev, MIRAGE_QUEUE_CMD_LO, MIRAGE_QUEUE_CMD_ORDER,
			 sizeof(struct mirage_cmd), &q->cmd, &q->cmd_size) ||
	    !latch_queue(dev, MIRAGE_QUEUE_FAULT_LO, MIRAGE_QUEUE_FAULT_ORDER,
			 sizeof(struct mirage_fault_entry), &q->fault, &q->fault_size) ||
	    !latch_fault_place(dev) ||
	    !latch_queue(dev, MIRAGE_QUEUE_EVENT_LO, MIRAGE_QUEUE_EVENT_ORDER,
			 sizeof(struct mirage_event), &q->event, &q->event_size) ||
	    !latch_place(dev, MIRAGE_QUEUE_CHAN_TABLE_LO,
			 (u64)NR_CHANNELS * sizeof(struct mirage_chan_desc), &q->chan_table) ||
	    !latch_place(dev, MIRAGE_QUEUE_VM_TABLE_LO,
			 (u64)NR_VMS * sizeof(struct mirage_vm_desc), &q->vm_table))
		return false;
	status = phys_ptr(dev, q->status, sizeof(*status), true);
	q->cmd_get = __atomic_load_n(&status->cmd_get, __ATOMIC_RELAXED);
	q->fault_put = __atomic_load_n(&status->fault_put, __ATOMIC_RELAXED);
	q->event_put = __atomic_load_n(&status->event_put, __ATOMIC_RELAXED);
	return true;
}

struct mirage_status_page *queues_status(struct device *dev)
{
	struct mirage_status_page *status;

	status = phys_ptr(dev, dev->queues.status, sizeof(*status), true);
	if (!status)
		device_halt(dev, MIRAGE_DEV_BUS);
	return status;
}

u32 queues_room(struct device *dev, u32 size, u32 put, u32 get)
{
	if (put - get > size) {
		device_halt(dev, MIRAGE_DEV_BAD_CMD);
		return 0;
	}
	return size - (put - get);
}

void queues_publish(struct device *dev, __le32 *put, u32 value, __le32 *armed, u32 source)
{
	/*
	 * The exchange may not pass the store: software arms first and looks at put
	 * afterwards, so one of the two sees the other's.
	 */
	__atomic_store_n(put, value, __ATOMIC_SEQ_CST);
	if (__atomic_exchange_n(armed, 0, __ATOMIC_SEQ_CST) == 1)
		intr_fire(dev, source);
}
