// SPDX-License-Identifier: MIT
/*
 * An address space of buffer objects, its objects and its jobs.
 *
 * Addresses are given out upwards and never again: an access to one that was unbound
 * cannot meet what was bound later.
 */
#include <linux/sync_file.h>
#include <sys/mman.h>

#include "igt_mirage.h"
#include "igt_mirage_space.h"

void space_binds(struct space *space, const struct drm_mirage_bind *binds, unsigned int count)
{
	igt_assert_eq(mirage_vm_bind(space->dev, space->vm, binds, count), 0);
}

void space_bind_at(struct space *space, uint64_t addr, uint32_t handle, uint64_t offset,
		   uint64_t size)
{
	struct drm_mirage_bind bind = mirage_bind_map(addr, size, handle, offset, 0);

	space_binds(space, &bind, 1);
}

uint64_t space_bind(struct space *space, uint32_t handle, uint64_t offset, uint64_t size)
{
	uint64_t addr = space->next;

	/* A hole behind each. */
	space->next += (size + 2 * BLOCK - 1) & ~(BLOCK - 1);
	space_bind_at(space, addr, handle, offset, size);
	return addr;
}

void space_unbind(struct space *space, uint64_t addr, uint64_t size)
{
	struct drm_mirage_bind bind = mirage_bind_unmap(addr, size);

	space_binds(space, &bind, 1);
}

uint8_t space_page(struct space *space, uint64_t addr)
{
	uint8_t page;

	igt_assert_eq(mirage_svm_query(space->dev, space->vm, gpu_ptr(addr), PAGE, &page), 0);
	return page;
}

void space_check_pages(struct space *space, uint64_t addr, uint64_t size, uint8_t have,
		       uint8_t lack)
{
	uint8_t *pages = malloc(size / PAGE);

	igt_assert(pages);
	igt_assert_eq(mirage_svm_query(space->dev, space->vm, gpu_ptr(addr), size, pages), 0);
	for (size_t i = 0; i < size / PAGE; i++)
		igt_assert_f((pages[i] & have) == have && !(pages[i] & lack),
			     "page %zu from %#" PRIx64 ": %#x, not %#x without %#x\n", i, addr,
			     pages[i], have, lack);
	free(pages);
}

void space_subtests(const struct space_scenario *scenarios, size_t count)
{
	/* A subtest that fails jumps back to where it began. */
	volatile size_t i;

	for (i = 0; i < count; i++) {
		igt_describe(scenarios[i].description);
		igt_subtest(scenarios[i].name) {
			struct mirage dev;
			struct space space;

			igt_assert_eq(mirage_open(&dev), 0);
			space_open(&space, &dev);
			scenarios[i].test(&space);
			space_close(&space);
			mirage_close(&dev);
		}
	}
}

uint32_t space_add_queue(struct space *space, uint32_t flags)
{
	uint32_t queue;

	igt_assert_eq(mirage_queue_create(space->dev, space->vm, DRM_MIRAGE_QUEUE_COMPUTE,
					  QUEUE(.flags = flags), &queue), 0);
	return queue;
}

void space_open(struct space *space, struct mirage *dev)
{
	space_open_with(space, dev, 0);
}

/* The same with DRM_MIRAGE_VM_CREATE_*. */
void space_open_with(struct space *space, struct mirage *dev, uint32_t flags)
{
	struct drm_mirage_vm_create vm = { .flags = flags };
	struct buf ibs;

	memset(space, 0, sizeof(*space));
	space->dev = dev;
	space->next = DRM_MIRAGE_VA_START;
	igt_assert_eq(mirage_ioctl(dev, DRM_IOCTL_MIRAGE_VM_CREATE, &vm), 0);
	space->vm = vm.vm_id;
	space->queue = space_add_queue(space, DRM_MIRAGE_QUEUE_NO_FAULT);
	ibs = buf_new(space, SPACE_IBS * SPACE_IB_SIZE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	space->ib_handle = ibs.handle;
	space->ib_addr = ibs.addr;
	space->ib_words = ibs.words;
}

void space_close(struct space *space)
{
	struct drm_mirage_vm_destroy vm = { .vm_id = space->vm };

	igt_assert_eq_u32(space->ib_used, 0);
	igt_assert_eq(mirage_queue_destroy(space->dev, space->queue), 0);
	igt_assert_eq(munmap(space->ib_words, SPACE_IBS * SPACE_IB_SIZE), 0);
	igt_assert_eq(mirage_bo_close(space->dev, space->ib_handle), 0);
	igt_assert_eq(mirage_ioctl(space->dev, DRM_IOCTL_MIRAGE_VM_DESTROY, &vm), 0);
}

/* Bind and map an object; its handle is taken over. */
struct buf buf_adopt(struct space *space, uint32_t handle, uint64_t size)
{
	struct buf buf = { .handle = handle, .size = size };
	void *map;

	buf.addr = space_bind(space, handle, 0, size);
	igt_assert_eq(mirage_bo_map(space->dev, handle, size, &map), 0);
	buf.words = map;
	return buf;
}

struct buf buf_new(struct space *space, uint64_t size, uint32_t placement)
{
	uint32_t handle;

	igt_assert_eq(mirage_bo_create(space->dev, size, placement, DRM_MIRAGE_BO_CPU_ACCESS,
				       &handle),
		      0);
	return buf_adopt(space, handle, size);
}

void buf_free(struct space *space, struct buf *buf)
{
	igt_assert_eq(munmap(buf->words, buf->size), 0);
	space_unbind(space, buf->addr, buf->size);
	igt_assert_eq(mirage_bo_close(space->dev, buf->handle), 0);
}

uint32_t buf_location(struct space *space, const struct buf *buf)
{
	struct drm_mirage_bo_query query;

	igt_assert_eq(mirage_bo_query(space->dev, buf->handle, &query), 0);
	return query.location;
}

#define FILLER_SIZE	(8u << 20)
#define MAX_FILLERS	1024

static uint32_t handle_location(struct mirage *dev, uint32_t handle)
{
	struct drm_mirage_bo_query query;

	igt_assert_eq(mirage_bo_query(dev, handle, &query), 0);
	return query.location;
}

void press_vram(struct mirage *dev, uint32_t handle)
{
	uint32_t fillers[MAX_FILLERS];
	unsigned int n = 0, max;
	uint64_t size;
	void *map;

	igt_assert_eq(mirage_query(dev, DRM_MIRAGE_PARAM_VRAM_SIZE, 0, &size, NULL), 0);
	max = size / FILLER_SIZE + 1;
	igt_assert_lte(max, MAX_FILLERS);
	while (handle_location(dev, handle) & ~DRM_MIRAGE_PLACEMENT_SYSTEM) {
		igt_assert_lt(n, max);
		igt_assert_eq(mirage_bo_create(dev, FILLER_SIZE, DRM_MIRAGE_PLACEMENT_VRAM,
					       DRM_MIRAGE_BO_CPU_ACCESS, &fillers[n]),
			      0);
		igt_assert_eq(mirage_bo_map(dev, fillers[n], FILLER_SIZE, &map), 0);
		*(volatile uint32_t *)map = 1;
		igt_assert_eq(munmap(map, FILLER_SIZE), 0);
		n++;
	}
	while (n--)
		igt_assert_eq(mirage_bo_close(dev, fillers[n]), 0);
}

/* Odd, so that no two words within 2^32 have the same value. */
#define WORD_STEP	2654435761u

void words_write(uint32_t *words, uint64_t size, uint32_t seed)
{
	for (uint64_t i = 0; i < size / 4; i++)
		words[i] = seed + (uint32_t)i * WORD_STEP;
}

void words_check(const uint32_t *words, uint64_t size, uint32_t seed)
{
	for (uint64_t i = 0; i < size / 4; i++)
		igt_assert_f(words[i] == seed + (uint32_t)i * WORD_STEP,
			     "word %" PRIu64 " is %#x, not %#x\n", i, words[i],
			     seed + (uint32_t)i * WORD_STEP);
}

struct space_job space_job_new(struct space *space)
{
	struct space_job job = { .space = space, .queue = space->queue };

	igt_assert_neq_u32(~space->ib_used, 0);
	job.slot = __builtin_ctz(~space->ib_used);
	space->ib_used |= 1u << job.slot;
	mirage_ib_init_at(&job.ib, space->ib_words + job.slot * SPACE_IB_SIZE / 4, SPACE_IB_SIZE,
			  space->ib_addr + job.slot * SPACE_IB_SIZE);
	igt_assert_eq(mirage_syncobj_create(space->dev, false, &job.syncobj), 0);
	return job;
}

/* After @waits. */
void space_job_submit(struct space_job *job, const struct drm_mirage_sync *waits,
		      unsigned int nr_waits)
{
	struct drm_mirage_sync syncs[8];
	struct drm_mirage_cmds cmds;

	igt_assert_lt(nr_waits, ARRAY_SIZE(syncs));
	if (nr_waits)
		memcpy(syncs, waits, nr_waits * sizeof(*waits));
	syncs[nr_waits] = mirage_sync_signal(job->syncobj);
	igt_assert_eq(mirage_ib_cmds(&job->ib, &cmds), 0);
	igt_assert_eq(mirage_exec(job->space->dev, job->queue, &cmds, 1, syncs, nr_waits + 1), 0);
}

bool space_job_is_done(struct space_job *job)
{
	int err = mirage_syncobj_wait(job->space->dev, job->syncobj, 0);

	igt_assert_f(!err || err == -ETIME, "waiting for a job: %s\n", strerror(-err));
	return !err;
}

/* Waits for its end: 1, or a negative errno. */
int space_job_status(struct space_job *job)
{
	struct sync_file_info info = { };
	int fd;

	igt_assert_eq(mirage_syncobj_wait(job->space->dev, job->syncobj, JOB_DEADLINE), 0);
	igt_assert_eq(mirage_syncobj_export_sync_file(job->space->dev, job->syncobj, &fd), 0);
	do_ioctl(fd, SYNC_IOC_FILE_INFO, &info);
	close(fd);
	return info.status;
}

/* Until its end, which must be a good one. */
void space_job_wait(struct space_job *job)
{
	int status = space_job_status(job);

	igt_assert_f(status > 0, "a job failed: %s\n", strerror(-status));
}

void space_job_free(struct space_job *job)
{
	igt_assert_eq(mirage_syncobj_destroy(job->space->dev, job->syncobj), 0);
	job->space->ib_used &= ~(1u << job->slot);
}

void space_copy(struct space *space, uint64_t to, uint64_t from, uint64_t size)
{
	struct space_job job = space_job_new(space);

	mirage_ib_copy(&job.ib, gpu_ptr(to), gpu_ptr(from), size);
	space_job_submit(&job, NULL, 0);
	space_job_wait(&job);
	space_job_free(&job);
}

void space_fill(struct space *space, uint64_t to, uint64_t size, uint32_t pattern)
{
	struct space_job job = space_job_new(space);

	mirage_ib_fill(&job.ib, gpu_ptr(to), size, pattern);
	space_job_submit(&job, NULL, 0);
	space_job_wait(&job);
	space_job_free(&job);
}

void bystander_job(struct mirage *dev)
{
	struct space space;
	struct buf buf;

	space_open(&space, dev);
	buf = buf_new(&space, BLOCK, DRM_MIRAGE_PLACEMENT_SYSTEM);
	space_fill(&space, buf.addr, BLOCK, 0x77777777);
	igt_assert_eq_u32(buf.words[BLOCK / 4 - 1], 0x77777777);
	buf_free(&space, &buf);
	space_close(&space);
}
