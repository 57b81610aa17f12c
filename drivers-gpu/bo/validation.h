/* SPDX-License-Identifier: GPL-2.0 */
/* Validation: locking objects and making them resident, concurrently with other tasks. */
#ifndef MIRAGE_VALIDATION_H
#define MIRAGE_VALIDATION_H

#include <linux/types.h>

struct dma_fence;
struct dma_resv;
struct ttm_buffer_object;
struct ttm_place;

/**
 * struct mirage_validation - one caller's attempts to make objects resident
 *
 * Only the caller's task accesses it. Initialise it with zeroes and @interruptible.
 */
struct mirage_validation {
	/** @exclusive: exclusive attempt, after -ENOSPC: no other task validates meanwhile */
	bool exclusive;
	/** @interruptible: any signal ends waits; otherwise only a fatal one does */
	bool interruptible;
	/** @busy: fence of a job that uses an object that has to move, a reference; or NULL */
	struct dma_fence *busy;
};

int mirage_validation_begin(struct mirage_validation *validation);
void mirage_validation_end(struct mirage_validation *validation);
bool mirage_validation_is_busy(struct dma_resv *resv);
void mirage_validation_note(struct mirage_validation *validation, struct dma_resv *resv);
int mirage_validation_retry(struct mirage_validation *validation, int err);
void mirage_validation_fini(struct mirage_validation *validation);

bool mirage_validation_may_evict(struct ttm_buffer_object *tbo, const struct ttm_place *place);

#endif /* MIRAGE_VALIDATION_H */
