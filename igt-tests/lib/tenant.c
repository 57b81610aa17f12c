// SPDX-License-Identifier: MIT
/*
 * Who wants a good part of video memory, all of it for each job.
 */
#include "tenant.h"

#include "igt_mirage_bo.h"
#include "igt_prime.h"

/**
 * tenant_open() - with objects of its own
 * @tenant: to fill in
 * @dev: device
 * @percent: of video memory
 * @private: they are private to the address space
 */
void tenant_open(struct tenant *tenant, struct mirage *dev, unsigned int percent, bool private)
{
	uint64_t vram = bo_param(dev, DRM_MIRAGE_PARAM_VRAM_SIZE);
	uint32_t handle;

	space_open(&tenant->space, dev);
	tenant->count = vram * percent / 100 / TENANT_BO_SIZE;
	igt_assert_lte(tenant->count, TENANT_MAX_BOS);
	for (unsigned int i = 0; i < tenant->count; i++) {
		igt_assert_eq(mirage_bo_create_with(dev, TENANT_BO_SIZE, BO_VRAM, BO_CPU,
						    DRM_MIRAGE_BO_PRIORITY_NORMAL,
						    private ? tenant->space.vm : 0, &handle), 0);
		tenant->bufs[i] = buf_adopt(&tenant->space, handle, TENANT_BO_SIZE);
		tenant->bufs[i].words[1] = i;
	}
}

/**
 * tenant_open_shared() - with the objects of another tenant
 * @tenant: to fill in
 * @dev: device, possibly not theirs
 * @fds: dma-bufs of the other's objects, in their order
 * @count: of @fds
 */
void tenant_open_shared(struct tenant *tenant, struct mirage *dev, const int *fds,
			unsigned int count)
{
	igt_assert_lte(count, TENANT_MAX_BOS);
	space_open(&tenant->space, dev);
	tenant->count = count;
	for (unsigned int i = 0; i < count; i++)
		tenant->bufs[i] = buf_adopt(&tenant->space, prime_import(dev, fds[i]),
					    TENANT_BO_SIZE);
}

void tenant_close(struct tenant *tenant)
{
	for (unsigned int i = 0; i < tenant->count; i++)
		buf_free(&tenant->space, &tenant->bufs[i]);
	space_close(&tenant->space);
}

/* One job that writes a word to each object. */
void tenant_work(struct tenant *tenant, uint32_t value)
{
	struct space_job job = space_job_new(&tenant->space);

	for (unsigned int i = 0; i < tenant->count; i++)
		mirage_ib_fill(&job.ib, gpu_ptr(tenant->bufs[i].addr), 4, value + i);
	space_job_submit(&job, NULL, 0);
	space_job_wait(&job);
	space_job_free(&job);
}

/* That job was the last that wrote. */
void tenant_check(struct tenant *tenant, uint32_t value)
{
	for (unsigned int i = 0; i < tenant->count; i++) {
		igt_assert_eq_u32(tenant->bufs[i].words[0], value + i);
		igt_assert_eq_u32(tenant->bufs[i].words[1], i);
	}
}

/* How many objects are in video memory. */
unsigned int tenant_resident(struct tenant *tenant)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < tenant->count; i++)
		count += buf_location(&tenant->space, &tenant->bufs[i]) == BO_VRAM;
	return count;
}
