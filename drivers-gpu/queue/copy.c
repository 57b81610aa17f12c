// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: The kernel's copies
 *
 * The GPU itself moves and clears buffer objects, by packets with physical pointers. Only the
 * kernel can write such packets, in the ring of a queue without an address space. That queue is
 * like any other (queue/queue.c, queue/job.c) except that it belongs to no file, has the highest
 * priority, and is revived after it has stopped, because later copies are not to blame.
 *
 * A copy is collected first; this allocates, and may be cancelled until the end. mirage_copy_end()
 * then arms and pushes all its jobs and cannot fail. Its fence may be added to a dma_resv: its
 * dependencies need no memory, no access of the channel can fault, and each of its jobs has a
 * time-out.
 *
 * Copies wait only for each other, and never for users' jobs: all copies share one queue, where a
 * waiting copy holds up those of all users. Before a move with content, jobs have been waited for
 * (mirage_move_quiesce()), under the lock that excludes new ones. Memory that is zeroed for an
 * object is new to it, so no job uses it, whatever else shares the object's reservation.
 *
 * Large copies are split into several jobs, so that the ring never has to hold a whole copy and no
 * job takes long. The jobs run one after the other. If one fails, the queue stops, and all jobs
 * behind it that were created before fail as well: the last one's fence reports the result of all.
 *
 * A job may be executed twice without harm, for example after a device reset: source and
 * destination of a copy never overlap.
 *
 * Model: the migration context of xe. Rejected: memcpy through the VRAM aperture, which is many
 * times slower under emulation and keeps a CPU busy on real hardware; mapping all VRAM in a kernel
 * address space, whose page tables would have to be kept in VRAM that is full.
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

/* 64 KiB: room for two jobs of maximum size, so that one can be written while another runs. */
#define COPY_RING_ORDER		14
/* 1024 scattered pages, as COPY packets. */
#define COPY_JOB_WORDS		(1024 * MIRAGE_PACKET_COPY_WORDS)

/**
 * struct mirage_copy - copies being collected
 */
struct mirage_copy {
	/** @queue: copy queue; a reference is held */
	struct mirage_queue *queue;
	/** @jobs: struct mirage_job by node, in order; never empty */
	struct list_head jobs;
	/** @job: the last of @jobs */
	struct mirage_job *job;
	/** @chunk: room left in @job */
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
 * mirage_copy_init() - create the kernel's copy queue
 * @mdev: device, enabled
 *
 * It is destroyed when the driver leaves the device.
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

/* Start another job. */
static int copy_add_job(struct mirage_copy *copy)
{
	struct mirage_job *job = mirage_job_create(copy->queue, NULL);

	if (IS_ERR(job))
		return PTR_ERR(job);

	/* If the queue was revived since the first job was made, cancel all of them together. */
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

/* The queue with a reference, revived if necessary. */
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
 * mirage_copy_begin() - start collecting copies
 * @mdev: device
 * @deps: reservation, locked, or NULL. The first job waits for its kernel fences, which are other
 * moves. A caller that moves content makes sure that no job uses it any more
 *
 * Context: process; may sleep and allocate, so never between arming and signalling a fence. Revives
 * a stopped queue, and waits for the device for that, a bounded time.
 * Return: the collection, to be ended or cancelled; or an ERR_PTR: -ENOMEM, -ENODEV the device is
 * gone or lost, -EIO the queue cannot be revived
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

/*
 * Room for a packet of @packet_words on at most *@size bytes; sets *@size to the bytes it covers.
 */
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
 * mirage_copy_add() - add a contiguous copy
 * @copy: collection
 * @piece: source and destination, which do not overlap
 *
 * Pieces of a collection are copied in the order in which they are added.
 *
 * Context: as mirage_copy_begin()
 * Return: 0 or -ENOMEM; then cancel the collection
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
 * mirage_copy_fill() - add a fill with a pattern
 * @copy: collection
 * @to: physical pointer
 * @size: bytes, multiple of 8
 * @pattern: value of each 32-bit word
 *
 * Context: as mirage_copy_begin()
 * Return: 0 or -ENOMEM; then cancel the collection
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
 * mirage_copy_end() - submit the collection to the device
 * @copy: collection; consumed
 *
 * Context: process; takes mirage_queue.exec_lock. Allocates nothing and cannot fail.
 * Return: the fence of the whole collection, with a reference. It may be added to a dma_resv, with
 * any usage. It signals with an error if not everything was copied: then the content of the
 * destination is unknown
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
		/* Once pushed, the job may reuse the node, or be freed. */
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
 * mirage_copy_cancel() - discard the collection
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
