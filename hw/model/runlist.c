// SPDX-License-Identifier: MIT
/*
 * Strict priority; within a priority, turns of a time slice each. A channel
 * that waits (for a REPLAY, for memory, for work) leaves its list and so gives
 * its turn away. Waiting for memory is the one thing that is polled, because a
 * store by the CPU rings no bell: first soon, then less and less often.
 */
#include "device.h"
#include "runlist.h"

#define POLL_FIRST_NS 2000
#define POLL_LAST_NS 1000000

static struct runlist_list *list_of(const struct chan *chan)
{
	struct runlist *runlist = &chan->dev->runlist;

	return chan->list == CHAN_READY ? &runlist->ready[chan->priority] : &runlist->polling;
}

/* A channel waits for its turn while it is ready and has none. */
static void look_at_wait(struct chan *chan)
{
	const struct runlist *runlist = &chan->dev->runlist;

	chan_wait(chan, chan->list == CHAN_READY && runlist->turn != chan && runlist->hung != chan);
}

static void list_remove(struct chan *chan)
{
	struct runlist_list *list = list_of(chan);

	if (chan->list == CHAN_NOT_LISTED)
		return;
	if (chan->prev)
		chan->prev->next = chan->next;
	else
		list->head = chan->next;
	if (chan->next)
		chan->next->prev = chan->prev;
	else
		list->tail = chan->prev;
	chan->next = NULL;
	chan->prev = NULL;
	chan->list = CHAN_NOT_LISTED;
	look_at_wait(chan);
}

static void list_append(struct chan *chan, enum chan_list which)
{
	struct runlist_list *list;

	chan->list = which;
	list = list_of(chan);
	chan->prev = list->tail;
	if (list->tail)
		list->tail->next = chan;
	else
		list->head = chan;
	list->tail = chan;
	look_at_wait(chan);
}

void runlist_update(struct chan *chan)
{
	bool work = chan_has_work(chan);

	/* A channel that polls goes on doing so: new packets come after the one that waits. */
	if (work && chan->list == CHAN_NOT_LISTED) {
		chan->used_ns = 0;
		chan->backoff_ns = 0;
		list_append(chan, CHAN_READY);
	} else if (!work) {
		list_remove(chan);
	}
}

void runlist_kick_pollers(struct device *dev)
{
	for (struct chan *chan = dev->runlist.polling.head; chan; chan = chan->next)
		chan->poll_ns = 0;
}

u64 runlist_wake_pollers(struct device *dev)
{
	u64 next = UINT64_MAX;
	struct chan *chan, *following;
	u64 now;

	if (!dev->runlist.polling.head)
		return next;
	now = now_ns();
	for (chan = dev->runlist.polling.head; chan; chan = following) {
		following = chan->next;
		if (chan->poll_ns <= now) {
			list_remove(chan);
			list_append(chan, CHAN_READY);
		} else {
			next = min_u64(next, chan->poll_ns);
		}
	}
	return next;
}

struct chan *runlist_pick(struct device *dev)
{
	for (int priority = NR_PRIORITIES - 1; priority >= 0; priority--)
		if (dev->runlist.ready[priority].head)
			return dev->runlist.ready[priority].head;
	return NULL;
}

struct chan *runlist_current(struct device *dev)
{
	return dev->runlist.hung ? dev->runlist.hung : runlist_pick(dev);
}

void runlist_release(struct chan *chan)
{
	struct runlist *runlist = &chan->dev->runlist;

	if (runlist->hung != chan)
		return;
	runlist->hung = NULL;
	runlist->turn = NULL;
}

void runlist_begin(struct chan *chan, u64 now)
{
	chan->dev->runlist.turn = chan;
	chan->dev->runlist.turn_ns = now;
	look_at_wait(chan);
}

void runlist_account(struct chan *chan)
{
	struct runlist *runlist = &chan->dev->runlist;
	u64 now;

	if (runlist->turn != chan)
		return;
	now = now_ns();
	chan_account(chan, now - runlist->turn_ns);
	runlist->turn_ns = now;
}

/* Put a channel that was executed, and does not hang, on the list where it belongs. */
static void file_again(struct chan *chan, u64 ns, enum step step)
{
	if (chan->list == CHAN_NOT_LISTED)
		return;
	switch (step) {
	case STEP_POLL:
		list_remove(chan);
		chan->backoff_ns = chan->backoff_ns ?
			min_u64(2 * chan->backoff_ns, POLL_LAST_NS) : POLL_FIRST_NS;
		chan->poll_ns = now_ns() + chan->backoff_ns;
		list_append(chan, CHAN_POLLING);
		return;
	case STEP_SUSPENDED:
	case STEP_IDLE:
	case STEP_STOPPED:
		list_remove(chan);
		return;
	case STEP_MORE:
	case STEP_DONE:
	case STEP_HUNG:
		break;
	}
	chan->backoff_ns = 0;
	if (!chan_has_work(chan)) {
		list_remove(chan);
		return;
	}
	chan->used_ns += ns;
	if (chan->used_ns < chan->timeslice_ns)
		return;
	chan->used_ns = 0;
	list_remove(chan);
	list_append(chan, CHAN_READY);
}

void runlist_end(struct chan *chan, u64 ns, enum step step)
{
	runlist_account(chan);
	if (step == STEP_HUNG) {
		chan->dev->runlist.hung = chan;
		return;
	}
	chan->dev->runlist.turn = NULL;
	file_again(chan, ns, step);
	look_at_wait(chan);
}
