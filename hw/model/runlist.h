/* SPDX-License-Identifier: MIT */
/* Which channel has its turn. */
#ifndef MODEL_RUNLIST_H
#define MODEL_RUNLIST_H

#include "chan.h"
#include "util.h"

struct runlist_list {
	struct chan *head;
	struct chan *tail;
};

/* Protected by the device's lock. */
struct runlist {
	struct runlist_list ready[NR_PRIORITIES];	/* head: has its turn */
	struct runlist_list polling;
	bool error_events;	/* an ERROR event of some channel waits for room */
	struct chan *turn;	/* is being executed, or NULL */
	struct chan *hung;	/* has a packet that never ends, and keeps the engines; or NULL */
	u64 turn_ns;		/* until when its time has been accounted, now_ns() */
};

/** runlist_update() - put a channel on the list where it belongs after its state changed. */
void runlist_update(struct chan *chan);

/** runlist_kick_pollers() - memory that a channel may wait for has changed: look again at once. */
void runlist_kick_pollers(struct device *dev);

/** runlist_wake_pollers() - make those ready whose time has come. Returns when to call again. */
u64 runlist_wake_pollers(struct device *dev);

/** runlist_pick() - the channel whose turn it is, or NULL. */
struct chan *runlist_pick(struct device *dev);

/** runlist_current() - the channel that has the engines, or has its turn next; or NULL. */
struct chan *runlist_current(struct device *dev);

/** runlist_release() - if @chan hangs, it does so no longer. */
void runlist_release(struct chan *chan);

/** runlist_begin() - the engines execute @chan from @now on, now_ns(). */
void runlist_begin(struct chan *chan, u64 now);

/** runlist_account() - if @chan is being executed, account its time until now. */
void runlist_account(struct chan *chan);

/**
 * runlist_end() - the engines have executed @chan for @ns since runlist_begin(), and ended with @step.
 *
 * After STEP_HUNG they stay with the channel.
 */
void runlist_end(struct chan *chan, u64 ns, enum step step);

#endif /* MODEL_RUNLIST_H */
