/* SPDX-License-Identifier: MIT */
/*
 * Allocations of the kernel that fail on demand, one by one (Documentation/fault-injection).
 */
#ifndef FAILURE_H
#define FAILURE_H

#include <stdbool.h>

/* An attempt to make the kernel fail: 0 or a negative errno. */
typedef int (*failure_attempt_t)(void);

/**
 * struct failure_case - something that allocates
 */
struct failure_case {
	/** @name: for messages */
	const char *name;
	/** @before: or NULL: what has to be made for each attempt, without failures */
	void (*before)(void);
	/** @attempt: it */
	failure_attempt_t attempt;
	/** @undo: or NULL: after an attempt that has succeeded */
	void (*undo)(void);
	/**
	 * @after: or NULL: after each attempt, whatever became of it: nothing is left of one
	 * that failed
	 */
	void (*after)(void);
	/** @any_error: others are on the way, who make another error of -ENOMEM */
	bool any_error;
};

void failure_require(void);
void failure_only_in(const char *name);
unsigned int failure_of_all(unsigned int times);
unsigned int failure_each(const struct failure_case *what);

#endif /* FAILURE_H */
