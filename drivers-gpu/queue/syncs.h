/* SPDX-License-Identifier: GPL-2.0 */
/* Syncobjs that a submission waits for and signals. */
#ifndef MIRAGE_SYNCS_H
#define MIRAGE_SYNCS_H

#include <linux/types.h>

struct dma_fence;
struct drm_file;
struct drm_mirage_array;
struct drm_mirage_sync;
struct drm_sched_job;
struct mirage_sync_signal;

/**
 * struct mirage_syncs - the syncs of one submission, all zero at first
 */
struct mirage_syncs {
	/** @syncs: copy of the user's array, or NULL */
	struct drm_mirage_sync *syncs;
	/** @count: entries of @syncs */
	u32 count;
	/** @signals: syncobjs to add the fence to; capacity as @syncs */
	struct mirage_sync_signal *signals;
	/** @nr_signals: entries of @signals in use */
	u32 nr_signals;
};

int mirage_syncs_copy(struct mirage_syncs *syncs, const struct drm_mirage_array *user);
int mirage_syncs_prepare(struct mirage_syncs *syncs, struct drm_file *file,
			 struct drm_sched_job *job, bool may_fault);
void mirage_syncs_signal(struct mirage_syncs *syncs, struct dma_fence *fence);
void mirage_syncs_fini(struct mirage_syncs *syncs);

#endif /* MIRAGE_SYNCS_H */
