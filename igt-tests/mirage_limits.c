// SPDX-License-Identifier: MIT
/**
 * TEST: mirage limits
 * Description: The limits of one process and of one user in kernel and device, and the charges for their memory.
 * Category: Core
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>

#include "igt_mirage.h"
#include "igt_mirage_bo.h"
#include "igt_mirage_space.h"
#include "memory.h"
#include "text.h"

IGT_TEST_DESCRIPTION("What one process or one user may take, and who pays for it.");

#define CGROUPS		"/sys/fs/cgroup"
#define CGROUP		CGROUPS "/mirage-limits"

/* Two users without rights. */
#define ALICE		65534
#define BOB		65533

/* A good deal longer than the kernel takes to add up what a cgroup has. */
#define STAT_TIMEOUT_NS	(20 * 1000000000ll)

#define READONLY	DRM_MIRAGE_USERPTR_READONLY

/* ---- a memory cgroup ---- */

/* An empty one that may have so much memory. */
static void cgroup_make(const char *max)
{
	igt_require_f(file_write(CGROUPS "/cgroup.subtree_control", "+memory"),
		      "memory cgroups are not to be had at " CGROUPS "\n");
	/* A subtest that failed may have left it behind. */
	rmdir(CGROUP);
	igt_assert(!mkdir(CGROUP, 0755));
	igt_assert(file_write(CGROUP "/memory.max", max));
}

static void cgroup_enter(void)
{
	igt_assert(file_write(CGROUP "/cgroup.procs", "0"));
}

/*
 * Does it pay for so much of the kernel's own memory? The kernel adds up what is less than half a MiB or so every two
 * seconds only. So a test has much more made than a process without a GPU needs, and waits.
 */
static void cgroup_assert_pays(uint64_t bytes)
{
	struct timespec start = { 0 };
	const char *line;
	uint64_t paid;

	igt_nsec_elapsed(&start);
	do {
		line = strstr(text_read(CGROUP "/memory.stat"), "\nkernel ");
		igt_assert(line);
		igt_assert_eq(sscanf(line, "\nkernel %" SCNu64, &paid), 1);
		if (paid >= bytes)
			return;
		usleep(100000);
	} while (igt_nsec_elapsed(&start) < STAT_TIMEOUT_NS);
	igt_assert_lte_u64(bytes, paid);
}

static void cgroup_remove(void)
{
	igt_assert(!rmdir(CGROUP));
}

/* ---- objects ---- */

static uint64_t memory_available(void)
{
	const char *line = strstr(text_read("/proc/meminfo"), "\nMemAvailable:");
	uint64_t kib;

	igt_assert(line);
	igt_assert_eq(sscanf(line, "\nMemAvailable: %" SCNu64, &kib), 1);
	return kib << 10;
}

/**
 * SUBTEST: unused-objects
 * Description: Objects as large as all memory take next to none before they are used.
 */
static void unused_objects(struct mirage *dev)
{
	enum { COUNT = 64 };
	uint32_t handles[COUNT];
	uint64_t before, size, arrays;
	struct sysinfo info;
	unsigned int i;

	igt_assert(!sysinfo(&info));
	size = (uint64_t)info.totalram * info.mem_unit / PAGE * PAGE;
	arrays = COUNT * size / PAGE * sizeof(void *);
	before = memory_available();
	for (i = 0; i < COUNT; i++)
		igt_assert_eq(mirage_bo_create(dev, size, BO_SYSTEM, 0, &handles[i]), 0);
	igt_assert_lt_u64(before, memory_available() + arrays / 2);
	for (i = 0; i < COUNT; i++)
		igt_assert_eq(mirage_bo_close(dev, handles[i]), 0);
}

/**
 * SUBTEST: used-object-is-charged
 * Description: With an object's pages comes the array of them, and the process's cgroup pays for that.
 */
static void used_object(struct mirage *dev)
{
	enum { SIZE = 192 << 20 };

	cgroup_make("max");
	igt_fork(child, 1) {
		struct bo bo;

		cgroup_enter();
		bo = bo_new(dev, SIZE, BO_SYSTEM);
		bo.words[0] = 1;
		cgroup_assert_pays(SIZE / PAGE * sizeof(void *));
		bo_free(&bo);
	}
	igt_waitchildren();
	cgroup_remove();
}

/* ---- userptrs ---- */

/*
 * Memory that is touched, a little of it: the debug kernel looks through all DMA mappings of a page whenever there is one
 * more, and untouched pages are all the same one.
 */
enum { USERPTR_SIZE = 4 << 20 };
/* The least that one costs: the address of each page for the CPU, and for the device. */
#define USERPTR_COST	(USERPTR_SIZE / PAGE * 2 * sizeof(uint64_t))

/**
 * SUBTEST: userptrs-are-charged
 * Description: The same memory in several objects: the process's cgroup pays for each.
 */
static void userptrs(struct mirage *dev)
{
	enum { COUNT = 48 };
	void *area = mem_anon(USERPTR_SIZE);

	mem_touch(area, USERPTR_SIZE, 1);
	cgroup_make("max");
	igt_fork(child, 1) {
		uint32_t handles[COUNT];
		unsigned int i;

		cgroup_enter();
		for (i = 0; i < COUNT; i++)
			igt_assert_eq(mirage_bo_userptr(dev, area, USERPTR_SIZE, READONLY,
							&handles[i]), 0);
		cgroup_assert_pays(COUNT * USERPTR_COST);
		for (i = 0; i < COUNT; i++)
			igt_assert_eq(mirage_bo_close(dev, handles[i]), 0);
	}
	igt_waitchildren();
	cgroup_remove();
	mem_unmap(area, USERPTR_SIZE);
}

/**
 * SUBTEST: userptrs-refused-in-small-cgroup
 * Description: In a cgroup with little memory a process gets as many as fit in there, and then is refused; it goes on.
 */
static void userptrs_refused(struct mirage *dev)
{
	/* Large ones: it is their lists that find no room, and not what is small, for which a process would be killed. */
	enum { SIZE = 16 * USERPTR_SIZE, ROOM = 16 << 20, MOST = ROOM / (16 * (int)USERPTR_COST) };
	void *area = mem_anon(SIZE);

	mem_touch(area, SIZE, 1);
	cgroup_make("16M");
	igt_fork(child, 1) {
		uint32_t handles[MOST + 1];
		unsigned int n = 0, i;
		int err;

		cgroup_enter();
		do
			err = mirage_bo_userptr(dev, area, SIZE, READONLY, &handles[n++]);
		while (!err && n <= MOST);
		igt_assert_eq(err, -ENOMEM);
		for (i = 0; i < n - 1; i++)
			igt_assert_eq(mirage_bo_close(dev, handles[i]), 0);
	}
	igt_waitchildren();
	cgroup_remove();
	mem_unmap(area, SIZE);
}

/* ---- jobs ---- */

static uint64_t param(struct gpu *gpu, enum drm_mirage_param which)
{
	return bo_param(&gpu->dev, which);
}

/* Let a queue's next jobs wait until the word is 1. */
static struct job queue_block(struct gpu *gpu, uint64_t *word)
{
	struct job job = job_new(gpu);

	*word = 0;
	mirage_ib_sem_wait(&job.ib, word, 1);
	job_submit(&job);
	return job;
}

static void queue_unblock(struct job *job, uint64_t *word)
{
	__atomic_store_n(word, 1, __ATOMIC_SEQ_CST);
	igt_assert_eq(job_wait(job), 0);
	job_free(job);
}

static int exec_empty(struct gpu *gpu, uint32_t syncobj)
{
	const struct drm_mirage_sync sync = mirage_sync_signal(syncobj);

	return mirage_exec(&gpu->dev, gpu->queue, NULL, 0, &sync, syncobj ? 1 : 0);
}

/**
 * SUBTEST: full-queue
 * Description: A queue holds as many jobs as it says and refuses more, again and again, while another queue takes
 *	some; when the first job's fence has signalled there is room, and when all are over there is as much as before.
 */
static void full_queue(struct gpu *gpu)
{
	uint64_t jobs = param(gpu, DRM_MIRAGE_PARAM_QUEUE_JOBS), n;
	uint64_t *gate = (uint64_t *)gpu->out + 16;
	uint32_t own = gpu->queue, syncobj;
	unsigned int round;
	struct job first;

	igt_assert_lte_u64(2048, jobs);
	igt_assert_eq(mirage_syncobj_create(&gpu->dev, false, &syncobj), 0);
	for (round = 0; round < 2; round++) {
		first = queue_block(gpu, gate);
		for (n = 1; n < jobs; n++)
			igt_assert_eq(exec_empty(gpu, 0), 0);
		for (n = 0; n < 3; n++)
			igt_assert_eq(exec_empty(gpu, 0), -EWOULDBLOCK);
		gpu->queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COPY);
		gpu_assert_alive(gpu);
		igt_assert_eq(mirage_queue_destroy(&gpu->dev, gpu->queue), 0);
		gpu->queue = own;

		queue_unblock(&first, gate);
		igt_assert_eq(exec_empty(gpu, syncobj), 0);
		igt_assert_eq(mirage_syncobj_wait(&gpu->dev, syncobj, JOB_DEADLINE), 0);
		igt_assert_eq(mirage_syncobj_reset(&gpu->dev, syncobj), 0);
	}
	igt_assert_eq(mirage_syncobj_destroy(&gpu->dev, syncobj), 0);
}

/**
 * SUBTEST: jobs-are-charged
 * Description: Jobs that wait in a queue: the cgroup of the process that has submitted them pays for their packets.
 */
static void jobs_charged(void)
{
	enum { COUNT = 1024, CMDS = 64 };

	cgroup_make("max");
	igt_fork(child, 1) {
		struct drm_mirage_cmds cmds[CMDS];
		struct job first, job;
		unsigned int i;
		struct gpu gpu;

		gpu_open(&gpu);
		cgroup_enter();
		first = queue_block(&gpu, (uint64_t *)gpu.out + 16);
		job = job_new(&gpu);
		mirage_ib_fill(&job.ib, gpu.out + 64, 4, 1);
		for (i = 0; i < CMDS; i++)
			igt_assert_eq(mirage_ib_cmds(&job.ib, &cmds[i]), 0);
		for (i = 0; i < COUNT; i++)
			igt_assert_eq(mirage_exec(&gpu.dev, gpu.queue, cmds, CMDS, NULL, 0), 0);
		/* Each packet has an address and a length. */
		cgroup_assert_pays(COUNT * CMDS * 12);
		queue_unblock(&first, (uint64_t *)gpu.out + 16);
		job_free(&job);
		gpu_close(&gpu);
	}
	igt_waitchildren();
	cgroup_remove();
}

/**
 * SUBTEST: full-address-space
 * Description: An address space holds as many calls of VM_BIND as it says and refuses more; when they are done it takes
 *	others.
 */
static void full_address_space(struct space *space)
{
	const uint64_t calls = bo_param(space->dev, DRM_MIRAGE_PARAM_VM_BINDS);
	struct drm_mirage_bind unmap = mirage_bind_unmap(DRM_MIRAGE_VA_START + (8ull << 39), PAGE);
	struct buf word = buf_new(space, PAGE, DRM_MIRAGE_PLACEMENT_SYSTEM);
	struct space_job gate = space_job_new(space);
	struct drm_mirage_sync wait;
	uint64_t n;
	int err;

	/* The memory of binds is given back a moment after they are done. */
	mirage_ib_sem_wait(&gate.ib, gpu_ptr(word.addr), 1);
	space_job_submit(&gate, NULL, 0);
	wait = mirage_sync_wait(gate.syncobj);
	for (n = 0; n <= calls; n++) {
		err = mirage_vm_bind_async(space->dev, space->vm, &unmap, 1, &wait, 1);
		if (err)
			break;
	}
	igt_assert_eq(err, -EWOULDBLOCK);
	igt_assert_lte_u64(calls - 8, n);
	igt_assert_eq(mirage_vm_bind(space->dev, space->vm, &unmap, 1), -EWOULDBLOCK);

	__atomic_store_n((uint64_t *)word.words, 1, __ATOMIC_SEQ_CST);
	space_job_wait(&gate);
	igt_wait((err = mirage_vm_bind(space->dev, space->vm, &unmap, 1)) != -EWOULDBLOCK, POLL_MS, 1);
	igt_assert_eq(err, 0);
	space_job_free(&gate);
	buf_free(space, &word);
}

/* ---- shares of users ---- */

/**
 * struct share - a thing of which a user has a share
 */
struct share {
	/** @name: of the subtest */
	const char *name;
	/** @param: how large the share is */
	enum drm_mirage_param param;
	/** @make: one more; 0 or a negative errno */
	int (*make)(struct mirage *dev, uint32_t vm, void *page);
	/** @own: of them a user of make() has already */
	unsigned int own;
};

static int make_queue(struct mirage *dev, uint32_t vm, void *page)
{
	uint32_t queue;

	return mirage_queue_create(dev, vm, DRM_MIRAGE_QUEUE_COPY, NULL, &queue);
}

static int make_vm(struct mirage *dev, uint32_t vm, void *page)
{
	uint32_t other;

	return mirage_vm_create(dev, &other);
}

static int make_userptr(struct mirage *dev, uint32_t vm, void *page)
{
	uint32_t handle;

	return mirage_bo_userptr(dev, page, PAGE, READONLY, &handle);
}

static const struct share shares[] = {
	{ "share-of-queues", DRM_MIRAGE_PARAM_MAX_QUEUES, make_queue, 0 },
	{ "share-of-address-spaces", DRM_MIRAGE_PARAM_MAX_VMS, make_vm, 1 },
	{ "share-of-userptrs", DRM_MIRAGE_PARAM_MAX_USERPTRS, make_userptr, 0 },
};

/* The share of another process of the user may be given back a moment after that has ended. */
static int make_soon(const struct share *share, struct mirage *dev, uint32_t vm, void *page)
{
	int err;

	igt_wait((err = share->make(dev, vm, page)) != -EDQUOT, POLL_MS, 1);
	return err;
}

/* As a user, take all that they may have. @dev was opened by who may open it. */
static void take_share(const struct share *share, struct mirage *dev, uid_t user)
{
	uint64_t n, most = bo_param(dev, share->param);
	char *area = mem_anon((most + 1) * PAGE);
	uint32_t vm;

	mem_touch(area, (most + 1) * PAGE, 1);
	igt_assert(!setuid(user));
	igt_assert_eq(mirage_vm_create(dev, &vm), 0);
	for (n = share->own; n < most; n++)
		igt_assert_eq(make_soon(share, dev, vm, area + n * PAGE), 0);
	igt_assert_eq(share->make(dev, vm, area + n * PAGE), -EDQUOT);
}

static void wait_for_word(const volatile uint32_t *word)
{
	igt_assert(igt_wait(*word, POLL_MS, 1));
}

/**
 * SUBTEST: share-of-%s
 * Description: A user gets a share and no more, and others get theirs meanwhile. When the user's process has closed
 *	the device, or was killed, the next one of the same user gets all of the share again.
 *
 * arg[1]:
 *
 * @queues:		channels of the device
 * @address-spaces:	entries of its VM table
 * @userptrs:		objects over memory of a process
 */
static void share(const struct share *share)
{
	volatile uint32_t *full = mem_shared_page();
	struct igt_helper_process victim = { .use_SIGKILL = true };
	struct mirage alices, bobs;
	uint32_t vm;
	void *page;

	/* Taken as Alice, closed. */
	igt_assert_eq(mirage_open(&alices), 0);
	igt_fork(alice, 1) {
		take_share(share, &alices, ALICE);
		full[0] = 1;
		/* Bob's turn. */
		wait_for_word(&full[1]);
	}
	wait_for_word(&full[0]);
	igt_assert_eq(mirage_open(&bobs), 0);
	igt_fork(bob, 1) {
		page = mem_anon(PAGE);
		igt_assert(!setuid(BOB));
		igt_assert_eq(mirage_vm_create(&bobs, &vm), 0);
		igt_assert_eq(share->make(&bobs, vm, page), 0);
		full[1] = 1;
	}
	igt_waitchildren();
	mirage_close(&bobs);
	mirage_close(&alices);

	/* And again, killed. */
	igt_fork_helper(&victim) {
		igt_assert_eq(mirage_open(&alices), 0);
		take_share(share, &alices, ALICE);
		full[2] = 1;
		for (;;)
			pause();
	}
	wait_for_word(&full[2]);
	igt_stop_helper(&victim);

	/* And again. */
	igt_fork(alice, 1) {
		igt_assert_eq(mirage_open(&alices), 0);
		take_share(share, &alices, ALICE);
	}
	igt_waitchildren();
	munmap((void *)full, PAGE);
}

/**
 * SUBTEST: share-of-jobs
 * Description: A user without rights fills queue after queue, and gets no job into another one when they have as many as
 *	they may have; another user's jobs go on, and the first one's when some are over.
 */
static void share_of_jobs(void)
{
	volatile uint32_t *full = mem_shared_page();

	igt_fork(user, 2) {
		struct job gates[16];
		uint64_t most, each, *gate, n;
		uint32_t queues[16], own;
		unsigned int i, nr;
		struct gpu gpu;

		gpu_open(&gpu);
		gate = (uint64_t *)gpu.out + 16;
		most = param(&gpu, DRM_MIRAGE_PARAM_MAX_JOBS);
		each = param(&gpu, DRM_MIRAGE_PARAM_QUEUE_JOBS);
		nr = most / each;
		igt_assert_eq_u64(most % each, 0);
		igt_assert_lt(nr, 16);
		igt_assert(!setuid(user ? BOB : ALICE));
		if (user) {
			wait_for_word(&full[0]);
			gpu_assert_alive(&gpu);
			full[1] = 1;
			gpu_close(&gpu);
			continue;
		}

		own = gpu.queue;
		for (i = 0; i < nr; i++) {
			queues[i] = gpu_add_queue(&gpu, DRM_MIRAGE_QUEUE_COPY);
			gpu.queue = queues[i];
			gates[i] = queue_block(&gpu, gate);
			for (n = 1; n < each; n++)
				igt_assert_eq(exec_empty(&gpu, 0), 0);
		}
		gpu.queue = own;
		igt_assert_eq(exec_empty(&gpu, 0), -EWOULDBLOCK);
		full[0] = 1;
		wait_for_word(&full[1]);
		for (i = 0; i < nr; i++)
			queue_unblock(&gates[i], gate);
		gpu_assert_alive(&gpu);
		gpu_close(&gpu);
	}
	igt_waitchildren();
	munmap((void *)full, PAGE);
}

/**
 * SUBTEST: who-may-have-more
 * Description: A process with CAP_SYS_RESOURCE gets more than the share of its user.
 */
static void more(struct mirage *dev)
{
	uint64_t n, most = bo_param(dev, DRM_MIRAGE_PARAM_MAX_QUEUES);
	uint32_t vm;

	igt_assert_eq(mirage_vm_create(dev, &vm), 0);
	for (n = 0; n < most + 3; n++)
		igt_assert_eq(make_queue(dev, vm, NULL), 0);
}

static const struct bo_scenario of_objects[] = {
	{ "unused-objects", unused_objects, "Objects as large as all memory, not used." },
	{ "used-object-is-charged", used_object, "The array of an object's pages." },
	{ "userptrs-are-charged", userptrs, "The same memory in several objects." },
	{ "userptrs-refused-in-small-cgroup", userptrs_refused, "More of them than the cgroup has room for." },
	{ "who-may-have-more", more, "CAP_SYS_RESOURCE lifts the limit." },
};

static const struct gpu_scenario of_queues[] = {
	{ "full-queue", full_queue, "A full queue refuses jobs and takes them again." },
};

static const struct space_scenario of_spaces[] = {
	{ "full-address-space", full_address_space, "Too many calls of VM_BIND." },
};

int igt_main()
{
	/* A subtest that fails jumps back to where it began. */
	volatile unsigned int i;

	bo_subtests(of_objects, ARRAY_SIZE(of_objects));
	gpu_subtests(of_queues, ARRAY_SIZE(of_queues));
	space_subtests(of_spaces, ARRAY_SIZE(of_spaces));

	igt_describe("The packets of jobs that wait are charged.");
	igt_subtest("jobs-are-charged")
		jobs_charged();

	igt_describe("A user has too many jobs in all.");
	igt_subtest("share-of-jobs")
		share_of_jobs();

	for (i = 0; i < ARRAY_SIZE(shares); i++) {
		igt_describe("A user gets a share, and others get theirs.");
		igt_subtest(shares[i].name)
			share(&shares[i]);
	}
}
