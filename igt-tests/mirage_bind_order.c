// SPDX-License-Identifier: MIT
/**
 * TEST: mirage bind order
 * Description: VM_BIND in its order: what operations wait for, what waits for them, and what
 *	becomes of those that are queued when others go.
 * Category: Core
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "igt_mirage.h"
#include "igt_mirage_space.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("Operations of VM_BIND take effect in order, when what they wait for is there.");

#define VALID	DRM_MIRAGE_SVM_PAGE_VALID

/* An address that nothing else of a space uses. */
#define FAR	(DRM_MIRAGE_VA_START + (8ull << 39))

/* A job that ends when the test says so; its syncobj is what operations wait for. */
struct gate {
	struct space_job job;
	struct buf word;
};

static struct gate gate_new(struct space *space)
{
	struct gate gate = { .word = buf_new(space, PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM) };

	gate.job = space_job_new(space);
	mirage_ib_sem_wait(&gate.job.ib, gpu_ptr(gate.word.addr), 1);
	space_job_submit(&gate.job, NULL, 0);
	return gate;
}

static void gate_open(struct gate *gate)
{
	__atomic_store_n((uint64_t *)gate->word.words, 1, __ATOMIC_SEQ_CST);
	space_job_wait(&gate->job);
}

static void gate_free(struct space *space, struct gate *gate)
{
	space_job_free(&gate->job);
	buf_free(space, &gate->word);
}

static bool is_done(struct space *space, uint32_t syncobj)
{
	int err = mirage_syncobj_wait(space->dev, syncobj, 0);

	igt_assert(!err || err == -ETIME);
	return !err;
}

static void wait_for(struct space *space, uint32_t syncobj)
{
	igt_assert_eq(mirage_syncobj_wait(space->dev, syncobj, JOB_DEADLINE), 0);
}

static uint32_t syncobj_new(struct space *space)
{
	uint32_t handle;

	igt_assert_eq(mirage_syncobj_create(space->dev, false, &handle), 0);
	return handle;
}

/**
 * SUBTEST: waits-and-signals
 * Description: A queued operation has no effect before what it waits for is there, and its syncobj
 *	signals when the page tables are right; one that comes later and waits for nothing stays behind it.
 */
static void waits_and_signals(struct space *space)
{
	struct buf buf = buf_new(space, 4 * PAGE, DRM_MIRAGE_PLACEMENT_VRAM);
	struct gate gate = gate_new(space);
	uint32_t first = syncobj_new(space), second = syncobj_new(space);
	const struct drm_mirage_sync syncs[] = {
		mirage_sync_wait(gate.job.syncobj), mirage_sync_signal(first),
	};
	const struct drm_mirage_sync later = mirage_sync_signal(second);
	struct drm_mirage_bind bind = mirage_bind_map(FAR, buf.size, buf.handle, 0, 0);

	igt_assert_eq(mirage_vm_bind_async(space->dev, space->vm, &bind, 1, syncs, 2), 0);
	bind = mirage_bind_unmap(FAR, PAGE);
	igt_assert_eq(mirage_vm_bind_async(space->dev, space->vm, &bind, 1, &later, 1), 0);
	space_check_pages(space, FAR, buf.size, 0, VALID);
	igt_assert(!is_done(space, first));
	igt_assert(!is_done(space, second));

	gate_open(&gate);
	wait_for(space, first);
	space_check_pages(space, FAR + PAGE, buf.size - PAGE, VALID, 0);
	wait_for(space, second);
	space_check_pages(space, FAR, PAGE, 0, VALID);
	space_check_pages(space, FAR + PAGE, buf.size - PAGE, VALID, 0);

	igt_assert_eq(mirage_syncobj_destroy(space->dev, first), 0);
	igt_assert_eq(mirage_syncobj_destroy(space->dev, second), 0);
	space_unbind(space, FAR, buf.size);
	gate_free(space, &gate);
	buf_free(space, &buf);
}

/**
 * SUBTEST: timeline
 * Description: Points of a timeline are waited for and signalled, each by its own operation.
 */
static void timeline(struct space *space)
{
	struct buf buf = buf_new(space, PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	struct gate gate = gate_new(space);
	uint32_t line = syncobj_new(space);
	struct drm_mirage_bind bind;
	uint64_t point;
	unsigned int i;

	for (i = 1; i <= 10; i++) {
		const struct drm_mirage_sync syncs[] = {
			i == 1 ? mirage_sync_wait(gate.job.syncobj) :
				 mirage_sync_wait_point(line, i - 1),
			mirage_sync_signal_point(line, i),
		};

		bind = mirage_bind_map(FAR + i * PAGE, PAGE, buf.handle, 0, 0);
		igt_assert_eq(mirage_vm_bind_async(space->dev, space->vm, &bind, 1, syncs, 2), 0);
	}
	igt_assert_eq(mirage_timeline_query(space->dev, line, &point), 0);
	igt_assert_eq_u64(point, 0);
	gate_open(&gate);
	igt_assert_eq(mirage_timeline_wait(space->dev, line, 10, 0, JOB_DEADLINE), 0);
	space_check_pages(space, FAR + PAGE, 10 * PAGE, VALID, 0);
	space_check_pages(space, FAR, PAGE, 0, VALID);

	igt_assert_eq(mirage_syncobj_destroy(space->dev, line), 0);
	space_unbind(space, FAR, 16 * PAGE);
	gate_free(space, &gate);
	buf_free(space, &buf);
}

/**
 * SUBTEST: job-waits-for-bind
 * Description: A job that waits for a queued operation uses what it maps.
 */
static void job_waits_for_bind(struct space *space)
{
	struct buf buf = buf_new(space, 4 * PAGE, DRM_MIRAGE_PLACEMENT_VRAM);
	struct gate gate = gate_new(space);
	uint32_t queue = space_add_queue(space, DRM_MIRAGE_QUEUE_NO_FAULT);
	uint32_t mapped = syncobj_new(space);
	const struct drm_mirage_sync syncs[] = {
		mirage_sync_wait(gate.job.syncobj), mirage_sync_signal(mapped),
	};
	const struct drm_mirage_sync wait = mirage_sync_wait(mapped);
	struct drm_mirage_bind bind = mirage_bind_map(FAR, buf.size, buf.handle, 0, 0);
	struct space_job job = space_job_new(space);

	igt_assert_eq(mirage_vm_bind_async(space->dev, space->vm, &bind, 1, syncs, 2), 0);
	job.queue = queue;
	mirage_ib_fill(&job.ib, gpu_ptr(FAR), buf.size, 0xfeed);
	space_job_submit(&job, &wait, 1);
	igt_assert(!space_job_is_done(&job));
	gate_open(&gate);
	space_job_wait(&job);
	for (uint64_t i = 0; i < buf.size / 4; i++)
		igt_assert_eq_u32(buf.words[i], 0xfeed);

	space_job_free(&job);
	igt_assert_eq(mirage_syncobj_destroy(space->dev, mapped), 0);
	igt_assert_eq(mirage_queue_destroy(space->dev, queue), 0);
	space_unbind(space, FAR, buf.size);
	gate_free(space, &gate);
	buf_free(space, &buf);
}

/**
 * SUBTEST: all-or-none
 * Description: Of several operations with one that is wrong none is done, wherever it is and whatever
 *	is wrong with it.
 */
static void all_or_none(struct space *space)
{
	struct buf buf = buf_new(space, 4 * PAGE, DRM_MIRAGE_PLACEMENT_VRAM);
	struct drm_mirage_bind bad[] = {
		mirage_bind_map(FAR, PAGE, 0x7ffffff0, 0, 0),
		mirage_bind_map(FAR, 2 * PAGE, buf.handle, 3 * PAGE, 0),
		mirage_bind_map(FAR, PAGE, buf.handle, ~0ull << 12, 0),
		mirage_bind_map(FAR, PAGE, buf.handle, 0, 2),
		mirage_bind_map(FAR + 1, PAGE, buf.handle, 0, 0),
		mirage_bind_map(FAR, 0, buf.handle, 0, 0),
		mirage_bind_unmap(FAR, PAGE + 1),
		mirage_bind_unmap(DRM_MIRAGE_VA_START - PAGE, 2 * PAGE),
		mirage_bind_null(DRM_MIRAGE_VA_END - PAGE, 2 * PAGE),
		mirage_bind_null(FAR, ~0ull << 12),
		mirage_bind_unmap(~0ull << 12, PAGE),
		{ .op = 3, .addr = FAR, .size = PAGE },
		{ .op = DRM_MIRAGE_BIND_UNMAP, .addr = FAR, .size = PAGE, .pad = 1 },
		{ .op = DRM_MIRAGE_BIND_UNMAP, .addr = FAR, .size = PAGE, .handle = buf.handle },
		{ .op = DRM_MIRAGE_BIND_NULL, .addr = FAR, .size = PAGE, .offset = PAGE },
		{ .op = DRM_MIRAGE_BIND_NULL, .addr = FAR, .size = PAGE, .flags = 1 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		for (unsigned int at = 0; at < 3; at++) {
			struct drm_mirage_bind binds[3] = {
				mirage_bind_map(FAR + BLOCK, PAGE, buf.handle, 0, 0),
				mirage_bind_null(FAR + 2 * BLOCK, PAGE),
				mirage_bind_unmap(buf.addr, buf.size),
			};

			binds[at] = bad[i];
			igt_assert_eq(mirage_vm_bind(space->dev, space->vm, binds, 3),
				      i ? -EINVAL : -ENOENT);
			space_check_pages(space, FAR, 4 * BLOCK, 0, VALID);
			space_check_pages(space, buf.addr, buf.size, VALID, 0);
		}
	}
	buf_free(space, &buf);
}

/**
 * SUBTEST: bad-arguments
 * Description: Flags, counts, pointers and syncs that are wrong.
 */
static void bad_arguments(struct space *space)
{
	struct drm_mirage_bind bind = mirage_bind_null(FAR, PAGE);
	struct drm_mirage_sync sync = { .handle = 0x7ffffff0 };
	struct drm_mirage_vm_bind good = {
		.vm_id = space->vm, .binds = DRM_MIRAGE_ARRAY(1, &bind),
	};
	struct drm_mirage_vm_bind args;
	int fd = space->dev->fd;
	uint32_t empty = syncobj_new(space);

	for (unsigned int bit = 1; bit < 32; bit++) {
		args = good;
		args.flags = 1u << bit;
		do_ioctl_err(fd, DRM_IOCTL_MIRAGE_VM_BIND, &args, EINVAL);
	}
	args = good;
	args.vm_id = 0x7ffffff0;
	do_ioctl_err(fd, DRM_IOCTL_MIRAGE_VM_BIND, &args, ENOENT);
	args = good;
	args.binds.count = 0;
	do_ioctl_err(fd, DRM_IOCTL_MIRAGE_VM_BIND, &args, EINVAL);
	args.binds.count = 4097;
	do_ioctl_err(fd, DRM_IOCTL_MIRAGE_VM_BIND, &args, E2BIG);
	args.binds.count = 0xffffffff;
	do_ioctl_err(fd, DRM_IOCTL_MIRAGE_VM_BIND, &args, E2BIG);
	args = good;
	args.binds.array = 8;
	do_ioctl_err(fd, DRM_IOCTL_MIRAGE_VM_BIND, &args, EFAULT);
	args = good;
	args.syncs = (struct drm_mirage_array)DRM_MIRAGE_ARRAY(1, &sync);
	do_ioctl_err(fd, DRM_IOCTL_MIRAGE_VM_BIND, &args, EINVAL);
	args.flags = DRM_MIRAGE_VM_BIND_ASYNC;
	do_ioctl_err(fd, DRM_IOCTL_MIRAGE_VM_BIND, &args, ENOENT);
	sync.flags = DRM_MIRAGE_SYNC_SIGNAL;
	do_ioctl_err(fd, DRM_IOCTL_MIRAGE_VM_BIND, &args, ENOENT);
	sync.flags = 4;
	do_ioctl_err(fd, DRM_IOCTL_MIRAGE_VM_BIND, &args, EINVAL);
	args.syncs.count = 257;
	do_ioctl_err(fd, DRM_IOCTL_MIRAGE_VM_BIND, &args, E2BIG);
	args.syncs.count = 1;
	args.syncs.array = 8;
	do_ioctl_err(fd, DRM_IOCTL_MIRAGE_VM_BIND, &args, EFAULT);
	/* No job was submitted that would signal it. */
	sync = mirage_sync_wait(empty);
	args.syncs.array = (uintptr_t)&sync;
	do_ioctl_err(fd, DRM_IOCTL_MIRAGE_VM_BIND, &args, EINVAL);
	igt_assert_eq(mirage_syncobj_destroy(space->dev, empty), 0);
	space_check_pages(space, FAR, PAGE, 0, VALID);
}

/**
 * SUBTEST: never-waits-for-faults
 * Description: The fence of a job that may fault is refused, alone and behind others in a
 *	timeline.
 */
static void never_waits_for_faults(struct space *space)
{
	uint32_t faulting = space_add_queue(space, 0), line = syncobj_new(space);
	struct buf word = buf_new(space, PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	struct drm_mirage_bind bind = mirage_bind_null(FAR, PAGE);
	struct space_job job = space_job_new(space);
	struct drm_mirage_sync sync;
	struct drm_mirage_cmds cmds;

	job.queue = faulting;
	mirage_ib_sem_wait(&job.ib, gpu_ptr(word.addr), 1);
	sync = mirage_sync_signal_point(line, 1);
	space_job_submit(&job, &sync, 1);

	sync = mirage_sync_wait(job.syncobj);
	igt_assert_eq(mirage_vm_bind_async(space->dev, space->vm, &bind, 1, &sync, 1), -EINVAL);
	sync = mirage_sync_wait_point(line, 1);
	igt_assert_eq(mirage_vm_bind_async(space->dev, space->vm, &bind, 1, &sync, 1), -EINVAL);
	igt_assert_eq(mirage_ib_cmds(&job.ib, &cmds), 0);
	space_check_pages(space, FAR, PAGE, 0, VALID);

	__atomic_store_n((uint64_t *)word.words, 1, __ATOMIC_SEQ_CST);
	space_job_wait(&job);
	space_job_free(&job);
	igt_assert_eq(mirage_syncobj_destroy(space->dev, line), 0);
	igt_assert_eq(mirage_queue_destroy(space->dev, faulting), 0);
	buf_free(space, &word);
}

/**
 * SUBTEST: objects-closed-while-queued
 * Description: The handles of what a queued operation maps are closed before it is done.
 */
static void objects_closed_while_queued(struct space *space)
{
	struct buf out = buf_new(space, 4 * PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	struct buf buf = buf_new(space, 4 * PAGE, DRM_MIRAGE_PLACEMENT_VRAM);
	struct gate gate = gate_new(space);
	uint32_t done = syncobj_new(space);
	const struct drm_mirage_sync syncs[] = {
		mirage_sync_wait(gate.job.syncobj), mirage_sync_signal(done),
	};
	struct drm_mirage_bind bind = mirage_bind_map(FAR, buf.size, buf.handle, 0, 0);

	words_write(buf.words, buf.size, 31);
	igt_assert_eq(mirage_vm_bind_async(space->dev, space->vm, &bind, 1, syncs, 2), 0);
	igt_assert_eq(munmap(buf.words, buf.size), 0);
	igt_assert_eq(mirage_bo_close(space->dev, buf.handle), 0);
	bind = mirage_bind_unmap(buf.addr, buf.size);
	igt_assert_eq(mirage_vm_bind_async(space->dev, space->vm, &bind, 1, NULL, 0), 0);
	gate_open(&gate);
	wait_for(space, done);
	space_copy(space, out.addr, FAR, out.size);
	words_check(out.words, out.size, 31);

	space_unbind(space, FAR, out.size);
	igt_assert_eq(mirage_syncobj_destroy(space->dev, done), 0);
	gate_free(space, &gate);
	buf_free(space, &out);
}

/**
 * SUBTEST: space-destroyed-while-queued
 * Description: An address space is destroyed, and another time its file is closed, with operations
 *	queued that wait for a job elsewhere. Their syncobj tells that they were not done.
 */
static void space_destroyed_while_queued(struct space *space)
{
	for (int close_file = 0; close_file < 2; close_file++) {
		struct gate gate = gate_new(space);
		struct mirage dev;
		uint32_t vm, handle, done, wait, i;
		struct space_job probe = { .space = space };
		int fd;

		igt_assert_eq(mirage_open(&dev), 0);
		igt_assert_eq(mirage_vm_create_with(&dev, 0, &vm), 0);
		igt_assert_eq(mirage_syncobj_export(space->dev, gate.job.syncobj, &fd), 0);
		igt_assert_eq(mirage_syncobj_import(&dev, fd, &wait), 0);
		close(fd);
		igt_assert_eq(mirage_syncobj_create(&dev, false, &done), 0);
		igt_assert_eq(mirage_syncobj_export(&dev, done, &fd), 0);
		igt_assert_eq(mirage_syncobj_import(space->dev, fd, &probe.syncobj), 0);
		close(fd);
		igt_assert_eq(mirage_bo_create(&dev, 64 * PAGE, DRM_MIRAGE_PLACEMENT_VRAM, 0,
					       &handle), 0);
		for (i = 0; i < 20; i++) {
			const struct drm_mirage_sync syncs[] = {
				mirage_sync_wait(wait), mirage_sync_signal(done),
			};
			struct drm_mirage_bind bind =
				mirage_bind_map(FAR + i * BLOCK, 64 * PAGE, handle, 0, 0);

			igt_assert_eq(mirage_vm_bind_async(&dev, vm, &bind, 1, syncs, 2), 0);
		}
		if (!close_file)
			igt_assert_eq(mirage_vm_destroy(&dev, vm), 0);
		mirage_close(&dev);
		igt_assert(!is_done(space, probe.syncobj));
		gate_open(&gate);
		igt_assert_eq(space_job_status(&probe), -ECANCELED);
		igt_assert_eq(mirage_syncobj_destroy(space->dev, probe.syncobj), 0);
		gate_free(space, &gate);
	}
}

/**
 * SUBTEST: killed-while-waiting
 * Description: A process that waits for its synchronous operation is killed and goes at once, long
 *	before the operation can be done. The operation is done when its time comes.
 */
static void killed_while_waiting(struct space *space)
{
	struct gate gate = gate_new(space);
	const struct drm_mirage_sync wait = mirage_sync_wait(gate.job.syncobj);
	struct drm_mirage_bind bind = mirage_bind_null(FAR + BLOCK, PAGE);
	uint32_t handle;
	int status;
	pid_t pid;

	/* Not the address space's own: only operations on it are waited for with it. */
	igt_assert_eq(mirage_bo_create(space->dev, PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM, 0, &handle),
		      0);
	igt_assert_eq(mirage_vm_bind_async(space->dev, space->vm, &bind, 1, &wait, 1), 0);
	igt_assert_eq(mirage_bo_wait(space->dev, handle, 0, 0), 0);
	pid = fork();
	igt_assert(pid >= 0);
	if (!pid) {
		bind = mirage_bind_map(FAR, PAGE, handle, 0, 0);
		_exit(mirage_vm_bind(space->dev, space->vm, &bind, 1) ? 1 : 0);
	}
	/* Queued, and not still on the way there, where to be killed means that nothing was done. */
	while (!mirage_bo_wait(space->dev, handle, 0, 0))
		igt_assert_eq(waitpid(pid, &status, WNOHANG), 0);
	igt_assert_eq(waitpid(pid, &status, WNOHANG), 0);
	igt_assert_eq(kill(pid, SIGKILL), 0);
	igt_assert_eq(waitpid(pid, &status, 0), pid);
	igt_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	igt_assert(!space_job_is_done(&gate.job));
	space_check_pages(space, FAR, PAGE, 0, VALID);

	gate_open(&gate);
	bind = mirage_bind_null(FAR + 2 * BLOCK, PAGE);
	space_binds(space, &bind, 1);
	space_check_pages(space, FAR, PAGE, VALID, 0);
	space_unbind(space, FAR, 4 * BLOCK);
	gate_free(space, &gate);
	igt_assert_eq(mirage_bo_close(space->dev, handle), 0);
}

/**
 * SUBTEST: many-at-once
 * Description: As many operations in one call as there may be, overlapping each other: the last one
 *	at an address counts.
 */
static void many_at_once(struct space *space)
{
	const unsigned int n = 4096;
	struct drm_mirage_bind *binds = calloc(n, sizeof(*binds));
	struct buf buf = buf_new(space, 64 * PAGE, DRM_MIRAGE_PLACEMENT_VRAM);
	struct buf out = buf_new(space, 64 * PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	uint8_t want[1024] = { };
	unsigned int i, p;

	igt_assert(binds);
	words_write(buf.words, buf.size, 41);
	for (i = 0; i < n; i++) {
		unsigned int at = i * 7919 % 1000, size = 1 + i * 31 % 24;

		switch (i % 3) {
		case 0:
			binds[i] = mirage_bind_map(FAR + at * PAGE, size * PAGE, buf.handle,
						   i % 40 * PAGE, 0);
			break;
		case 1:
			binds[i] = mirage_bind_unmap(FAR + at * PAGE, size * PAGE);
			break;
		default:
			binds[i] = mirage_bind_null(FAR + at * PAGE, size * PAGE);
		}
		/* 0 nothing, 255 NULL, else a page of the object, from 1. */
		for (p = 0; p < size; p++)
			want[at + p] = i % 3 == 0 ? i % 40 + p + 1 : i % 3 == 1 ? 0 : 255;
	}
	space_binds(space, binds, n);
	for (p = 0; p < ARRAY_SIZE(want); p++) {
		uint8_t page = space_page(space, FAR + p * PAGE);

		igt_assert_eq(!!(page & VALID), !!want[p]);
		igt_assert_eq(!!(page & DRM_MIRAGE_SVM_PAGE_NULL), want[p] == 255);
		if (want[p] && want[p] != 255 && p % 16 == 0) {
			space_copy(space, out.addr, FAR + p * PAGE, PAGE);
			igt_assert(!memcmp(out.words, buf.words + (want[p] - 1) * PAGE / 4, PAGE));
		}
	}
	space_unbind(space, FAR, ARRAY_SIZE(want) * PAGE);
	free(binds);
	buf_free(space, &buf);
	buf_free(space, &out);
}

/**
 * SUBTEST: hundred-thousand
 * Description: 100,000 mappings of one page each work, from the first to the last, and go.
 */
static void hundred_thousand(struct space *space)
{
	const unsigned int total = 100000, step = 4000;
	struct drm_mirage_bind *binds = calloc(step, sizeof(*binds));
	struct buf buf = buf_new(space, 1000 * PAGE, DRM_MIRAGE_PLACEMENT_VRAM);
	struct buf out = buf_new(space, PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	unsigned int i, k;

	igt_assert(binds);
	words_write(buf.words, buf.size, 51);
	for (i = 0; i < total; i += step) {
		/* No two neighbours belong together, so that each stays a mapping of its own. */
		for (k = 0; k < step; k++)
			binds[k] = mirage_bind_map(FAR + (i + k) * PAGE, PAGE, buf.handle,
						   (i + k) * 7 % 1000 * PAGE, 0);
		space_binds(space, binds, step);
	}
	space_check_pages(space, FAR, total / 8 * PAGE, VALID, 0);
	for (i = 0; i < total; i += 9973) {
		space_copy(space, out.addr, FAR + i * PAGE, PAGE);
		igt_assert(!memcmp(out.words, buf.words + i * 7 % 1000 * PAGE / 4, PAGE));
	}
	space_unbind(space, FAR, total * PAGE);
	space_check_pages(space, FAR + (total - 1000) * PAGE, 1000 * PAGE, 0, VALID);
	free(binds);
	buf_free(space, &buf);
	buf_free(space, &out);
}

static const struct space_scenario scenarios[] = {
	{ "waits-and-signals", waits_and_signals,
	  "Operations wait for syncobjs and for those before them, and signal." },
	{ "timeline", timeline, "Points of a timeline, waited for and signalled." },
	{ "job-waits-for-bind", job_waits_for_bind, "A job waits for a queued operation." },
	{ "all-or-none", all_or_none, "One wrong operation, and none is done." },
	{ "bad-arguments", bad_arguments, "Flags, counts, pointers and syncs that are wrong." },
	{ "never-waits-for-faults", never_waits_for_faults,
	  "Fences of jobs that may fault are refused." },
	{ "objects-closed-while-queued", objects_closed_while_queued,
	  "Handles are closed while operations on them are queued." },
	{ "space-destroyed-while-queued", space_destroyed_while_queued,
	  "An address space goes while operations are queued." },
	{ "killed-while-waiting", killed_while_waiting,
	  "A process is killed that waits for its operation." },
	{ "many-at-once", many_at_once, "4096 operations in one call, on top of each other." },
	{ "hundred-thousand", hundred_thousand, "100,000 mappings." },
};

int igt_main()
{
	space_subtests(scenarios, ARRAY_SIZE(scenarios));
}
