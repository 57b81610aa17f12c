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
};

/** runlist_update() - put a channel on the list where it belongs after its state changed. */
void runlist_update(struct chan *chan);

/** runlist_kick_pollers() - memory that a channel may wait for has changed: look again at once. */
void runlist_kick_pollers(struct device *dev);

/** runlist_wake_pollers() - make those ready whose time has come. Returns when to call again. */
u64 runlist_wake_pollers(struct device *dev);

/** runlist_pick() - the channel whose turn it is, or NULL. */
struct chan *runlist_pick(struct device *dev);

/** runlist_charge() - @chan has had its turn for @ns and ended it with @step. */
void runlist_charge(struct chan *chan, u64 ns, enum step step);

#endif /* MODEL_RUNLIST_H */
