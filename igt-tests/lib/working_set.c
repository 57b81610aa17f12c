// SPDX-License-Identifier: MIT
/*
 * A VRAM working set: objects that take a large part of video memory. Each job uses all of them.
 */
#include "working_set.h"

#include "igt_mirage_bo.h"
#include "igt_prime.h"

/**
 * working_set_open() - with objects of its own
 * @set: to fill in
 * @dev: device
 * @percent: of video memory
 * @private: they are private to the address space
 */
void working_set_open(struct working_set *set, struct mirage *dev, unsigned int percent, bool private)
{
	uint64_t vram = bo_param(dev, DRM_MIRAGE_PARAM_VRAM_SIZE);
	uint32_t handle;

	space_open(&set->space, dev);
	set->count = vram * percent / 100 / WORKING_SET_BO_SIZE;
	igt_assert_lte(set->count, WORKING_SET_MAX_BOS);
	for (unsigned int i = 0; i < set->count; i++) {
		igt_assert_eq(mirage_bo_create_with(dev, WORKING_SET_BO_SIZE, BO_VRAM, BO_CPU,
						    DRM_MIRAGE_BO_PRIORITY_NORMAL,
						    private ? set->space.vm : 0, &handle), 0);
		set->bufs[i] = buf_adopt(&set->space, handle, WORKING_SET_BO_SIZE);
		set->bufs[i].words[1] = i;
	}
}

/**
 * working_set_open_shared() - with the objects of another working set
 * @set: to fill in
 * @dev: device, possibly not theirs
 * @fds: dma-bufs of the other's objects, in their order
 * @count: of @fds
 */
void working_set_open_shared(struct working_set *set, struct mirage *dev, const int *fds,
			     unsigned int count)
{
	igt_assert_lte(count, WORKING_SET_MAX_BOS);
	space_open(&set->space, dev);
	set->count = count;
	for (unsigned int i = 0; i < count; i++)
		set->bufs[i] = buf_adopt(&set->space, prime_import(dev, fds[i]), WORKING_SET_BO_SIZE);
}

void working_set_close(struct working_set *set)
{
	for (unsigned int i = 0; i < set->count; i++)
		buf_free(&set->space, &set->bufs[i]);
	space_close(&set->space);
}

/* One job that writes a word to each object. */
void working_set_work(struct working_set *set, uint32_t value)
{
	struct space_job job = space_job_new(&set->space);

	for (unsigned int i = 0; i < set->count; i++)
		mirage_ib_fill(&job.ib, gpu_ptr(set->bufs[i].addr), 4, value + i);
	space_job_submit(&job, NULL, 0);
	space_job_wait(&job);
	space_job_free(&job);
}

/* That job was the last that wrote. */
void working_set_check(struct working_set *set, uint32_t value)
{
	for (unsigned int i = 0; i < set->count; i++) {
		igt_assert_eq_u32(set->bufs[i].words[0], value + i);
		igt_assert_eq_u32(set->bufs[i].words[1], i);
	}
}

/* How many objects are in video memory. */
unsigned int working_set_resident(struct working_set *set)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < set->count; i++)
		count += buf_location(&set->space, &set->bufs[i]) == BO_VRAM;
	return count;
}
