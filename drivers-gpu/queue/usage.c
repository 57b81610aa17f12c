// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: Engine time
 *
 * The device adds up how long each channel has had an engine, and writes the sum to the channel's
 * descriptor whenever its turn ends. The sums per file are kept here. A query adds what each
 * channel has run since the last one; the same happens once more after a channel's reset, before
 * its number can be reused. So the sums never shrink, and include the usage of queues that are
 * gone.
 *
 * Rejected: adding the current values of the descriptors to the final values of destroyed queues at
 * each query. A queue that is just being destroyed would be missing from both, or counted in both.
 */
#include "queue/usage.h"

#include <linux/slab.h>

#include "device/device.h"
#include "device/shared.h"
#include "queue/queue.h"

/**
 * mirage_usage_create() - create the sums of a file, all zero
 *
 * Return: the sums with one reference, or NULL
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
 * mirage_usage_account() - add a channel's run time since the last call
 * @queue: queue that owns a channel, a reference held
 *
 * Must also be called before the descriptor of a channel that has run is cleared.
 *
 * Context: any but hard interrupts, between drm_dev_enter() and drm_dev_exit(); takes
 * mirage_queue.lock.
 */
void mirage_usage_account(struct mirage_queue *queue)
{
	const struct mirage_chan_desc *desc = &queue->mdev->chans[queue->chan];
	u64 now, ran;

	spin_lock(&queue->lock);
	now = mirage_shared_read64(&desc->run_ns);
	/* The counter of a restarted channel begins at 0 again. */
	ran = now < queue->accounted_ns ? now : now - queue->accounted_ns;
	queue->accounted_ns = now;
	spin_unlock(&queue->lock);

	if (queue->usage)
		atomic64_add(ran, &queue->usage->ns[queue->queue_class]);
}
