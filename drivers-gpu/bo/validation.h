/* SPDX-License-Identifier: GPL-2.0 */
/* Locking objects and making them resident, where others do so at the same time. */
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
 * All fields belong to the caller's task. Initialise it with zeroes and @interruptible.
 */
struct mirage_validation {
	/** @alone: no other task validates meanwhile, since there was no room otherwise */
	bool alone;
	/** @interruptible: a signal ends waits; otherwise a fatal signal alone does */
	bool interruptible;
	/** @busy: of a job that uses an object that has to move, a reference; or NULL */
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
