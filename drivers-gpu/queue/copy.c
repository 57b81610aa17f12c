// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: The kernel's copies
 *
 * Buffer objects are moved and cleared by the GPU itself: by packets that name physical
 * pointers, which only the kernel can write, in the ring of a queue without an address space.
 * That queue is like any other (queue/queue.c, queue/job.c) but for three things: it
 * belongs to no file, it has the highest priority, and when it has stopped
 * it is set going again, because whoever comes next is not to blame.
 *
 * A copy is collected first, which allocates, and may be given up until its end. mirage_copy_end()
 * then arms and pushes all its jobs and cannot fail. Its fence is fit for a dma_resv: nothing it
 * waits for needs memory, no access of the channel can fault, and each of its jobs has a time-out.
 *
 * Copies wait for each other alone, and never for a job of a user's: they go through one queue, in
 * which one that waits holds up those of everybody. A move with content has waited for jobs before
 * (mirage_move_quiesce()), under the lock that keeps new ones away; memory that is zeroed for
 * an object is new to it, so no job uses it, whatever else shares the object's reservation.
 *
 * Large copies become several jobs, so that the ring never has to hold one as a whole, and
 * none takes long. The jobs run one after the other; if one fails, the queue stops, and all behind it
 * that were made before fail as well: the fence of the last one tells of all.
 *
 * A job may be executed twice without harm, as a reset of the device may have it: source and
 * destination of a copy never overlap.
 *
 * Model followed: the migration context of xe. Rejected: memcpy through the VRAM aperture, which
 * is many times slower under emulation and keeps a CPU busy on real hardware; a mapping of all VRAM in
 * an address space of the kernel's, whose page tables would have to be kept in VRAM that is full.
 */
#include "queue/copy.h"

#include <linux/device.h>
#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/list.h>
#include <linux/slab.h>

#include <drm/drm_drv.h>

#include <hw/queues.h>

#include "device/device.h"
#include "queue/chunk.h"
#include "queue/job.h"
#include "queue/packet.h"
#include "queue/queue.h"

/* 64 KiB: room for two of the largest jobs, so that one can be written while another runs. */
#define COPY_RING_ORDER		14
/* 1024 pages that are all apart, as COPY packets. */
#define COPY_JOB_WORDS		(1024 * MIRAGE_PACKET_COPY_WORDS)

/**
 * struct mirage_copy - copies being collected
 */
struct mirage_copy {
	/** @queue: where to; a reference is held */
	struct mirage_queue *queue;
	/** @jobs: struct mirage_job by node, in their order; never empty */
	struct list_head jobs;
	/** @job: the last of @jobs */
	struct mirage_job *job;
	/** @chunk: room in @job */
	struct mirage_chunk chunk;
};

static void copy_fini(void *data)
{
	struct mirage_device *mdev = data;
	struct mirage_queue *queue = mdev->copy_queue;

	mdev->copy_queue = NULL;
	mirage_queue_destroy(queue);
}

/**
 * mirage_copy_init() - make the kernel's copy queue
 * @mdev: device, enabled
 *
 * It goes when the driver leaves the device.
 *
 * Context: probe.
 * Return: 0 or a negative errno
 */
int mirage_copy_init(struct mirage_device *mdev)
{
	const struct mirage_queue_params params = {
		.queue_class = MIRAGE_CHAN_COPY,
		.priority = MIRAGE_QUEUE_PRIORITIES - 1,
		.ring_order = COPY_RING_ORDER,
	};
	struct mirage_queue *queue;

	BUILD_BUG_ON(2 * (COPY_JOB_WORDS + MIRAGE_PACKET_FENCE_WORDS) >
		     BIT(COPY_RING_ORDER) - MIRAGE_PACKET_FENCE_WORDS);

	queue = mirage_queue_create(mdev, &params);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	mdev->copy_queue = queue;

	return devm_add_action_or_reset(mdev->drm.dev, copy_fini, mdev);
}

/* Begin another job. */
static int copy_add_job(struct mirage_copy *copy)
{
	struct mirage_job *job = mirage_job_create(copy->queue, NULL);

	if (IS_ERR(job))
		return PTR_ERR(job);

	/* If the queue was revived since the first one was made, all are cancelled as that is. */
	if (copy->job)
		job->epoch = copy->job->epoch;
	copy->job = job;
	copy->chunk = (struct mirage_chunk){
		.words = COPY_JOB_WORDS,
		.bytes = MIRAGE_CHUNK_BYTES,
	};
	list_add_tail(&job->node, &copy->jobs);

	return 0;
}

/* The queue with a reference, going. */
static struct mirage_queue *copy_get_queue(struct mirage_device *mdev)
{
	struct mirage_queue *queue = NULL;
	int ret = -ENODEV;
	int idx;

	if (!drm_dev_enter(&mdev->drm, &idx))
		return ERR_PTR(-ENODEV);
	if (mdev->copy_queue) {
		queue = mirage_queue_get(mdev->copy_queue);
		ret = mirage_queue_revive(queue);
	}
	drm_dev_exit(idx);

	if (!ret)
		return queue;
	if (queue)
		mirage_queue_put(queue);

	return ERR_PTR(ret);
}

/**
 * mirage_copy_begin() - collect copies
 * @mdev: device
 * @deps: its kernel fences, which are other moves, are waited for before the first byte is copied; its lock
 * is held. Or NULL. Who has content moved sees to it that no job uses it any more
 *
 * Context: process; may sleep and allocate, so never between arming and signalling a fence. A
 * queue that had stopped is set going, for which it waits for the device, a bounded time.
 * Return: the collection, to be ended or cancelled; or an ERR_PTR: -ENOMEM, -ENODEV the device is gone or
 * lost, -EIO it does not take up copying any more
 */
struct mirage_copy *mirage_copy_begin(struct mirage_device *mdev, struct dma_resv *deps)
{
	struct mirage_copy *copy;
	int ret;

	copy = kzalloc_obj(*copy);
	if (!copy)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&copy->jobs);

	copy->queue = copy_get_queue(mdev);
	if (IS_ERR(copy->queue)) {
		ret = PTR_ERR(copy->queue);
		kfree(copy);
		return ERR_PTR(ret);
	}

	ret = copy_add_job(copy);
	if (!ret && deps)
		ret = drm_sched_job_add_resv_dependencies(&copy->job->base, deps,
							  DMA_RESV_USAGE_KERNEL);
	if (ret) {
		mirage_copy_cancel(copy);
		return ERR_PTR(ret);
	}

	return copy;
}

/* Room for a packet of so many words on at most *@size bytes, which becomes what it is for. */
static u32 *copy_extend(struct mirage_copy *copy, u32 packet_words, u64 *size)
{
	u64 taken = mirage_chunk_take(&copy->chunk, packet_words, *size);
	u32 *words;

	if (!taken) {
		if (copy_add_job(copy))
			return NULL;
		taken = mirage_chunk_take(&copy->chunk, packet_words, *size);
	}

	words = mirage_job_extend(copy->job, packet_words);
	*size = taken;

	return words;
}

/**
 * mirage_copy_add() - copy a piece
 * @copy: collection
 * @piece: from where to where; the areas do not overlap
 *
 * Pieces of a collection are copied in the order in which they are added.
 *
 * Context: as mirage_copy_begin()
 * Return: 0 or -ENOMEM; the collection is to be cancelled then
 */
int mirage_copy_add(struct mirage_copy *copy, const struct mirage_copy_piece *piece)
{
	u64 done, size;
	u32 *words;

	for (done = 0; done < piece->size; done += size) {
		size = piece->size - done;
		words = copy_extend(copy, MIRAGE_PACKET_COPY_WORDS, &size);
		if (!words)
			return -ENOMEM;
		mirage_packet_copy(words, piece->from + done, piece->to + done, size);
	}

	return 0;
}

/**
 * mirage_copy_fill() - fill memory with a pattern
 * @copy: collection
 * @to: physical pointer
 * @size: bytes, multiple of 8
 * @pattern: each 32-bit word of it
 *
 * Context: as mirage_copy_begin()
 * Return: 0 or -ENOMEM; the collection is to be cancelled then
 */
int mirage_copy_fill(struct mirage_copy *copy, u64 to, u64 size, u32 pattern)
{
	u64 done, part;
	u32 *words;

	for (done = 0; done < size; done += part) {
		part = size - done;
		words = copy_extend(copy, MIRAGE_PACKET_FILL_WORDS, &part);
		if (!words)
			return -ENOMEM;
		mirage_packet_fill(words, to + done, part, pattern);
	}

	return 0;
}

/**
 * mirage_copy_end() - let the device do it
 * @copy: collection; consumed
 *
 * Context: process; takes mirage_queue.exec_lock. Allocates nothing and cannot fail.
 * Return: the fence of the whole, with a reference. It may go into a dma_resv, with any usage, and signals
 * with an error if not everything was copied: what the destination holds is unknown then
 */
struct dma_fence *mirage_copy_end(struct mirage_copy *copy)
{
	struct mirage_queue *queue = copy->queue;
	struct dma_fence *fence = NULL;
	struct mirage_job *job, *next;
	bool signalling;

	mutex_lock(&queue->exec_lock);
	signalling = dma_fence_begin_signalling();
	list_for_each_entry_safe(job, next, &copy->jobs, node) {
		/* Once it is pushed the job may put the node to another use, or be gone. */
		list_del_init(&job->node);
		dma_fence_put(fence);
		fence = dma_fence_get(mirage_job_arm(job));
		drm_sched_entity_push_job(&job->base);
	}
	dma_fence_end_signalling(signalling);
	mutex_unlock(&queue->exec_lock);

	mirage_queue_put(queue);
	kfree(copy);

	return fence;
}

/**
 * mirage_copy_cancel() - do none of it
 * @copy: collection; consumed
 */
void mirage_copy_cancel(struct mirage_copy *copy)
{
	struct mirage_job *job, *next;

	list_for_each_entry_safe(job, next, &copy->jobs, node) {
		list_del(&job->node);
		mirage_job_drop(job);
	}
	mirage_queue_put(copy->queue);
	kfree(copy);
}
