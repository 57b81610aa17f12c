// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: Engine time
 *
 * The device adds up how long each channel has had an engine and writes that to the channel's
 * descriptor whenever its turn ends. The sums of a file are kept here: what a channel has
 * run since it was last looked at is added to them whenever somebody asks, and once more after the
 * channel was reset, before its number can become another's. So they never shrink, and
 * keep what queues that are gone have used.
 *
 * Rejected: adding up what the descriptors hold at the moment of asking, and what destroyed queues
 * held at their end. A queue that is just going would be missing from both, or be in both.
 */
#include "queue/usage.h"

#include <linux/slab.h>

#include "device/device.h"
#include "queue/queue.h"

/**
 * mirage_usage_create() - sums of a file that has run nothing
 *
 * Return: with one reference, or NULL
 */
struct mirage_usage *mirage_usage_create(void)
{
	struct mirage_usage *usage = kzalloc_obj(*usage, GFP_KERNEL_ACCOUNT);

	if (usage)
		kref_init(&usage->ref);

	return usage;
}

/**
 * mirage_usage_get() - take a reference
 * @usage: sums, or NULL
 *
 * Return: @usage
 */
struct mirage_usage *mirage_usage_get(struct mirage_usage *usage)
{
	if (usage)
		kref_get(&usage->ref);

	return usage;
}

static void usage_release(struct kref *ref)
{
	kfree(container_of(ref, struct mirage_usage, ref));
}

/**
 * mirage_usage_put() - drop a reference
 * @usage: sums, or NULL
 */
void mirage_usage_put(struct mirage_usage *usage)
{
	if (usage)
		kref_put(&usage->ref, usage_release);
}

/**
 * mirage_usage_account() - add what a queue's channel has run since the last time
 * @queue: queue that has its channel, a reference held
 *
 * Also to be called before anything clears the descriptor of a channel that has run.
 *
 * Context: any but hard interrupts, between drm_dev_enter() and drm_dev_exit(); takes
 * mirage_queue.lock.
 */
void mirage_usage_account(struct mirage_queue *queue)
{
	const struct mirage_chan_desc *desc = &queue->mdev->chans[queue->chan];
	u64 now, ran;

	spin_lock(&queue->lock);
	now = le64_to_cpu(READ_ONCE(desc->run_ns));
	/* A channel that was started anew counts from 0 again. */
	ran = now < queue->accounted_ns ? now : now - queue->accounted_ns;
	queue->accounted_ns = now;
	spin_unlock(&queue->lock);

	if (queue->usage)
		atomic64_add(ran, &queue->usage->ns[queue->queue_class]);
}
