/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How often to repeat a round that invalidations made void.
 *
 * A task asks mm without the lock that invalidations take, then takes the lock and checks whether
 * the answer still holds. With a steady stream of invalidations it would repeat for ever, so it
 * gives up after a time and a number of rounds: a single round may take longer than the time, if
 * it waits for swap.
 */
#ifndef _LINUX_HMM_RETRY_H
#define _LINUX_HMM_RETRY_H

#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/sched/signal.h>

/** HMM_RETRY_MS: time limit; HMM_RANGE_DEFAULT_TIMEOUT, without the types of mm. */
#define HMM_RETRY_MS		1000
/** HMM_RETRY_ROUNDS: number of rounds that are always granted. */
#define HMM_RETRY_ROUNDS	16

/**
 * struct hmm_retry_budget - limit for repeating rounds that invalidations made void
 *
 * Used by one task; no lock.
 */
struct hmm_retry_budget {
	/** @deadline: end of the time limit, jiffies */
	unsigned long deadline;
	/** @rounds: void rounds so far */
	unsigned int rounds;
};

/**
 * hmm_retry_budget_init - start to count void rounds
 * @budget: the budget
 *
 * Context: any.
 */
static inline void hmm_retry_budget_init(struct hmm_retry_budget *budget)
{
	budget->deadline = jiffies + msecs_to_jiffies(HMM_RETRY_MS);
	budget->rounds = 0;
}

/**
 * hmm_retry_budget_spend - count a void round
 * @budget: the budget
 *
 * Context: the task that repeats.
 * Return: 0 if another round should follow; -EINTR if the task is being killed; -EBUSY if the limit
 * is reached.
 */
static inline int hmm_retry_budget_spend(struct hmm_retry_budget *budget)
{
	budget->rounds++;
	if (fatal_signal_pending(current))
		return -EINTR;
	if (budget->rounds >= HMM_RETRY_ROUNDS && time_after(jiffies, budget->deadline))
		return -EBUSY;
	return 0;
}

#endif /* _LINUX_HMM_RETRY_H */
