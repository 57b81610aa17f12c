// SPDX-License-Identifier: MIT
/**
 * TEST: mirage limits
 * Description: What one process may take of the kernel, and who pays for it.
 * Category: Core
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>

#include "igt_mirage.h"
#include "igt_mirage_bo.h"
#include "memory.h"
#include "text.h"

IGT_TEST_DESCRIPTION("What one process may take, and who pays for it.");

#define CGROUPS		"/sys/fs/cgroup"
#define CGROUP		CGROUPS "/mirage-limits"

/* A good deal longer than the kernel takes to add up what a cgroup has. */
#define STAT_TIMEOUT_NS	(20 * 1000000000ll)

#define READONLY	DRM_MIRAGE_USERPTR_READONLY

/* ---- a memory cgroup ---- */

/* An empty one that may have so much memory. */
static void cgroup_make(const char *max)
{
	igt_require_f(file_write(CGROUPS "/cgroup.subtree_control", "+memory"),
		      "memory cgroups are not to be had at " CGROUPS "\n");
	/* What a subtest that failed has left behind. */
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

enum { USERPTR_SIZE = 64 << 20 };
/* What one costs at least: where each page is for the CPU, and for the device. */
#define USERPTR_COST	(USERPTR_SIZE / PAGE * 2 * sizeof(uint64_t))

/**
 * SUBTEST: userptrs-are-charged
 * Description: The same memory in several objects: the process's cgroup pays for each.
 */
static void userptrs(struct mirage *dev)
{
	enum { COUNT = 16 };
	void *area = mem_anon(USERPTR_SIZE);

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
	enum { ROOM = 16 << 20, MOST = ROOM / (int)USERPTR_COST };
	void *area = mem_anon(USERPTR_SIZE);

	cgroup_make("16M");
	igt_fork(child, 1) {
		uint32_t handles[MOST + 1];
		unsigned int n = 0, i;
		int err;

		cgroup_enter();
		do
			err = mirage_bo_userptr(dev, area, USERPTR_SIZE, READONLY, &handles[n++]);
		while (!err && n <= MOST);
		igt_assert_eq(err, -ENOMEM);
		for (i = 0; i < n - 1; i++)
			igt_assert_eq(mirage_bo_close(dev, handles[i]), 0);
	}
	igt_waitchildren();
	cgroup_remove();
	mem_unmap(area, USERPTR_SIZE);
}

/* ---- jobs ---- */

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

static const struct bo_scenario of_objects[] = {
	{ "unused-objects", unused_objects, "Objects as large as all memory, not used." },
	{ "used-object-is-charged", used_object, "The array of an object's pages." },
	{ "userptrs-are-charged", userptrs, "The same memory in several objects." },
	{ "userptrs-refused-in-small-cgroup", userptrs_refused, "More of them than the cgroup has room for." },
};

int igt_main()
{
	bo_subtests(of_objects, ARRAY_SIZE(of_objects));

	igt_describe("The packets of jobs that wait are charged.");
	igt_subtest("jobs-are-charged")
		jobs_charged();
}
