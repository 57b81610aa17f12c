/* SPDX-License-Identifier: MIT */
/* Channels. */
#ifndef MODEL_CHAN_H
#define MODEL_CHAN_H

#include "compute.h"
#include "copy.h"
#include "frontend.h"
#include "hw/queues.h"
#include "util.h"

struct device;

#define NR_CHANNELS 1024
#define NR_VMS 4096
#define NR_PRIORITIES 4

/* Which list of the scheduler a channel is on. */
enum chan_list {
	CHAN_NOT_LISTED,	/* nothing to do, or suspended by a fault */
	CHAN_READY,		/* waits for its turn or has it */
	CHAN_POLLING,		/* looks again at @poll_ns */
};

/* Protected by the device's lock, like all it contains. */
struct chan {
	struct device *dev;
	u32 id;
	enum mirage_chan_state state;

	/* From the descriptor, checked, when the channel was started. */
	u64 ring;		/* physical pointer */
	u32 ring_size;		/* in words, a power of two */
	enum mirage_chan_class class;
	u32 vm;
	u32 priority;
	u64 timeslice_ns;
	bool no_fault;		/* a failed translation is an error */

	u32 get;		/* ring index of the packet in execution or to be fetched next */
	u32 put;		/* as last read from the descriptor */
	u64 run_ns;		/* time it has had an engine */
	u64 wait_ns;		/* time it has waited for its turn, but for the wait under way */
	u64 wait_from;		/* BUS_TIME when that began */
	bool waiting;		/* for its turn */
	struct frontend frontend;
	struct copy copy;
	struct compute *compute;	/* of the DISPATCH that is under way, or NULL */
	/* The access of the current packet waits for a REPLAY; of a dispatch, all waves do. */
	bool suspended;
	bool error_event;	/* an ERROR event waits for room in the queue */
	u8 error;		/* enum mirage_chan_error for that event */

	/* Scheduler. */
	enum chan_list list;
	struct chan *next;	/* on that list */
	struct chan *prev;
	u64 used_ns;		/* of the time slice */
	u64 poll_ns;		/* now_ns() */
	u64 backoff_ns;		/* added to @poll_ns next time */
};

/** chan_init() - channel @id in state IDLE. */
void chan_init(struct chan *chan, struct device *dev, u32 id);

/** chan_start() - MIRAGE_CMD_CHAN_START. */
void chan_start(struct chan *chan);
/** chan_stop() - MIRAGE_CMD_CHAN_STOP. */
void chan_stop(struct chan *chan);
/** chan_reset() - MIRAGE_CMD_CHAN_RESET. */
void chan_reset(struct chan *chan);

/** chan_reload() - take over the descriptor of an idle channel. Returns whether it is valid; if not, the channel has an error. */
bool chan_reload(struct chan *chan);
/** chan_set_state() - here and in the descriptor. */
void chan_set_state(struct chan *chan, enum mirage_chan_state state);
/** chan_drop_work() - forget what was being executed. */
void chan_drop_work(struct chan *chan);

/** chan_drop() - to state IDLE without a trace in memory, as when the device is disabled. */
void chan_drop(struct chan *chan);

/** chan_packet_addr() - of the current packet, for mirage_chan_desc.error_addr. */
u64 chan_packet_addr(const struct chan *chan);

/** chan_doorbell() - look at the descriptor's put again. */
void chan_doorbell(struct chan *chan);

/** chan_replay() - resume what waits for a REPLAY. Returns how many waves, copies and front ends. */
unsigned int chan_replay(struct chan *chan);

/**
 * chan_next_live() - the first channel with a number of at least @id that is not IDLE, or NULL.
 *
 * Most of the table is IDLE, and commands that concern a whole VM are frequent.
 */
struct chan *chan_next_live(struct device *dev, u32 id);

/** chan_has_work() - the channel runs and has something that it can do now. */
bool chan_has_work(const struct chan *chan);

/** chan_set_get() - move the ring index and tell software. */
void chan_set_get(struct chan *chan, u32 get);

/**
 * chan_error() - stop the channel by itself.
 * @info, @addr: as documented for struct mirage_chan_desc
 *
 * Not to be called from a callback of the compute engine.
 */
void chan_error(struct chan *chan, enum mirage_chan_error error, u32 info, u64 addr);

/**
 * chan_error_at() - chan_error() for what an instruction did.
 * @place: which
 * Context: as chan_error().
 */
void chan_error_at(struct chan *chan, enum mirage_chan_error error, u32 info, u64 addr,
		   const struct mirage_place *place);

/**
 * chan_fault() - an access of front end or copy failed.
 *
 * Returns STEP_SUSPENDED, with the fault reported, or STEP_STOPPED if the channel may not
 * fault, or there is no memory for one: then it has stopped and its packet is gone.
 */
enum step chan_fault(struct chan *chan, enum mirage_fault_unit unit, u64 va,
		     enum mirage_access access, enum mirage_fault_kind kind);

/** chan_account() - tell software how long the channel has had an engine; @ns more than so far. */
void chan_account(struct chan *chan, u64 ns);

/** chan_wait() - tell software that the channel waits for its turn from now on, or does no longer. */
void chan_wait(struct chan *chan, bool waiting);

/** chan_flush_error() - add the ERROR event that waits for room. Returns whether none waits any more. */
bool chan_flush_error(struct chan *chan);

#endif /* MODEL_CHAN_H */
