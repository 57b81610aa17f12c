/* SPDX-License-Identifier: GPL-2.0 */
/* Core dumps of the device: its state at a failure. */
#ifndef MIRAGE_COREDUMP_H
#define MIRAGE_COREDUMP_H

#include <linux/atomic.h>
#include <linux/ratelimit_types.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/uidgid_types.h>
#include <linux/workqueue.h>

#include <hw/queues.h>

#include "mmu/history.h"

struct drm_printer;
struct mirage_device;
struct mirage_queue;

/**
 * MIRAGE_COREDUMP_FORMAT: version of the text; raised on changes that break readers of the old one.
 */
#define MIRAGE_COREDUMP_FORMAT	1

/** MIRAGE_COREDUMP_CHANNELS: maximum number of channels in a dump, the guilty one first. */
#define MIRAGE_COREDUMP_CHANNELS	128
/** MIRAGE_COREDUMP_RING_WORDS: words captured of each ring, from a little before get. */
#define MIRAGE_COREDUMP_RING_WORDS	64
/** MIRAGE_COREDUMP_IB_WORDS: words captured of the guilty channel's indirect buffer. */
#define MIRAGE_COREDUMP_IB_WORDS	256
/**
 * MIRAGE_COREDUMP_TAIL: last entries captured of the command queue, event queue and fault buffer.
 */
#define MIRAGE_COREDUMP_TAIL	32
/** MIRAGE_COREDUMP_REGS: capacity for registers, of either width. */
#define MIRAGE_COREDUMP_REGS	96

/**
 * struct mirage_coredump_channel - a channel and its queue
 */
struct mirage_coredump_channel {
	/** @desc: its descriptor, as the device sees it */
	struct mirage_chan_desc desc;
	/** @chan: its number */
	u32 chan;
	/** @queue_id: handle of the queue in its file */
	u32 queue_id;
	/** @vm_id: VM table index */
	u32 vm_id;
	/** @state: enum drm_mirage_queue_state */
	u32 state;
	/** @jobs_complete: jobs completed */
	u64 jobs_complete;
	/** @jobs_submitted: jobs that the ring has ever held */
	u64 jobs_submitted;
	/** @tgid: process */
	pid_t tgid;
	/** @comm: its name */
	char comm[TASK_COMM_LEN];
	/** @ring_start: index of @ring[0] */
	u32 ring_start;
	/** @ring: words of the ring */
	__le32 ring[MIRAGE_COREDUMP_RING_WORDS];
};

/**
 * struct mirage_coredump_state - state captured at the moment of the failure
 */
struct mirage_coredump_state {
	/** @why: what went wrong */
	char why[64];
	/** @time_ns: device clock */
	u64 time_ns;
	/** @uid: user of the guilty process; INVALID_UID if no process is to blame */
	kuid_t uid;
	/** @has_guilty: @channels[0] is to blame, and @ib and @history are its own */
	bool has_guilty;
	/** @regs: registers, in the order of their table */
	u64 regs[MIRAGE_COREDUMP_REGS];
	/** @status: the status page */
	struct mirage_status_page status;
	/** @cmds: last commands */
	struct mirage_cmd cmds[MIRAGE_COREDUMP_TAIL];
	/** @events: last events */
	struct mirage_event events[MIRAGE_COREDUMP_TAIL];
	/** @faults: last faults */
	struct mirage_fault_entry faults[MIRAGE_COREDUMP_TAIL];
	/** @places: the instructions of @faults */
	struct mirage_place places[MIRAGE_COREDUMP_TAIL];
	/** @nr_channels: entries in @channels; more may have been in use */
	u32 nr_channels;
	/** @nr_in_use: channels in use */
	u32 nr_in_use;
	/** @channels: channels and their queues */
	struct mirage_coredump_channel channels[MIRAGE_COREDUMP_CHANNELS];
	/** @ib_addr: GPU address of @ib[0] */
	u64 ib_addr;
	/** @nr_ib: words of @ib that could be read */
	u32 nr_ib;
	/** @ib: words of the indirect buffer that the guilty channel executes */
	__le32 ib[MIRAGE_COREDUMP_IB_WORDS];
	/** @nr_history: entries in @history */
	u32 nr_history;
	/** @history: last events of the guilty channel's address space */
	struct mirage_history_entry history[MIRAGE_HISTORY_SIZE];
};

/**
 * MIRAGE_COREDUMP_USERS: number of users whose last dump is remembered; beyond that, the oldest is
 * forgotten.
 */
#define MIRAGE_COREDUMP_USERS	16

/**
 * struct mirage_coredump_user - a user with a recent dump
 */
struct mirage_coredump_user {
	/** @uid: user of the guilty process, or INVALID_UID */
	kuid_t uid;
	/**
	 * @until: get_jiffies_64() until which the user's next failure does not replace a dump; 0
	 * for an unused entry
	 */
	u64 until;
};

/**
 * struct mirage_coredump - state of core dumps; one dump at a time
 */
struct mirage_coredump {
	/** @mdev: device that it belongs to; constant */
	struct mirage_device *mdev;
	/** @busy: @state is being filled or printed; another failure meanwhile gets no dump */
	atomic_t busy;
	/** @state: the captured state, allocated at probe since the capture cannot allocate */
	struct mirage_coredump_state *state;
	/** @work: prints @state and hands it to devcoredump */
	struct work_struct work;
	/** @users: users with recent dumps; only @work uses it */
	struct mirage_coredump_user users[MIRAGE_COREDUMP_USERS];
	/** @told: rate limit for the log message about a dump; only @work uses it */
	struct ratelimit_state told;
};

int mirage_coredump_init(struct mirage_device *mdev);
void mirage_coredump_stop(struct mirage_device *mdev);
void mirage_coredump_take(struct mirage_device *mdev, struct mirage_queue *guilty,
			  const char *why);
void mirage_coredump_print(struct mirage_device *mdev, const struct mirage_coredump_state *state,
			   struct drm_printer *p);

#endif /* MIRAGE_COREDUMP_H */
