// SPDX-License-Identifier: GPL-2.0
/*
 * The state of all queues as text, for debugfs.
 */
#include <linux/list.h>

#include <drm/drm_print.h>

#include <hw/queues.h>

#include "device/device.h"
#include "device/names.h"
#include "device/shared.h"
#include "mmu/vm.h"
#include "queue/queue.h"

static void channel_dump(struct mirage_queue *queue, struct drm_printer *p)
{
	const struct mirage_chan_desc *desc = &queue->mdev->chans[queue->chan];

	spin_lock(&queue->lock);
	drm_printf(p, "channel %u: queue %u of %s[%d], vm %u, class %u, priority %u, %s\n",
		   queue->chan, queue->id, mirage_queue_comm(queue), mirage_queue_tgid(queue),
		   queue->vm ? queue->vm->id : MIRAGE_VM_NONE,
		   queue->queue_class, queue->priority,
		   mirage_queue_state_name(queue->error.state));
	drm_printf(p, "  put %u get %u state %s error %s info 0x%08x addr 0x%llx\n",
		   queue->put, mirage_shared_read32(&desc->get),
		   mirage_chan_state_name(mirage_shared_read32(&desc->state)),
		   mirage_chan_error_name(mirage_shared_read32(&desc->error)),
		   mirage_shared_read32(&desc->error_info),
		   mirage_shared_read64(&desc->error_addr));
	drm_printf(p, "  jobs: %llu submitted, %llu complete, %zu in flight\n",
		   queue->seqno, queue->jobs, list_count_nodes(&queue->in_flight));
	spin_unlock(&queue->lock);
}

/**
 * mirage_queues_dump() - print every queue
 * @mdev: device, which is there
 * @p: printer
 *
 * Context: process.
 */
void mirage_queues_dump(struct mirage_device *mdev, struct drm_printer *p)
{
	struct mirage_queue *queue;

	mirage_for_each_queue(mdev, queue)
		channel_dump(queue, p);
}
