// SPDX-License-Identifier: MIT
/**
 * TEST: mirage svm errors
 * Description: Why a page cannot be served: each page has its own error, lack of memory is tried
 *	again, and a fault that waits for a program holds up nobody else.
 * Category: SVM
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failure.h"
#include "igt_mirage.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("Why a page cannot be served, and what a fault that waits holds up.");

/* Rounds of a race that nearly each round wins. */
#define ROUNDS	8

/* Of BLOCK, with one page each */
#define BLOCKS	32

/* Time for two faults to be served, where nobody else is. Less makes a round of a race miss. */
#define HOLD_US	100000

/* A job of four bytes on a queue of its own, not submitted. */
static struct job copy_word(struct gpu *gpu, void *to, const void *from)
{
	struct job job = job_new(gpu);

	job.queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COPY);
	mirage_ib_copy(&job.ib, to, from, 4);
	return job;
}

/* The job was stopped by an access with this error. */
static void stopped_by(struct job *job, unsigned int error)
{
	struct mirage_stop why;

	igt_assert_eq(mirage_queue_wait(&job->gpu->dev, job->queue, job->syncobj, JOB_DEADLINE,
					&why), -ECANCELED);
	igt_assert_eq(why.error, -EFAULT);
	igt_assert_eq(why.queue.fault.error, error);
	igt_assert_eq(mirage_queue_destroy(&job->gpu->dev, job->queue), 0);
	job_free(job);
}

/**
 * SUBTEST: errno-of-each-page
 * Description: Two queues are stopped in one batch, by pages of one block that fail for different
 *	reasons: each has the error of its own page.
 */
static void errno_of_each_page(struct gpu *gpu)
{
	uint32_t *area = mem_reserve(BLOCK, BLOCK), *readonly = area + 8 * PAGE / 4;
	struct job hole, write;
	unsigned int i;

	igt_assert(mmap(readonly, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			0) == readonly);
	for (i = 0; i < ROUNDS; i++) {
		hole = copy_word(gpu, &gpu->out[2], area);
		write = copy_word(gpu, readonly, &gpu->out[2]);
		/* Both fail once, and fault again together when they are replayed. */
		gpu_inject(gpu, "hold_replay", 1);
		job_submit(&hole);
		job_submit(&write);
		usleep(HOLD_US);
		gpu_inject(gpu, "hold_replay", 0);
		stopped_by(&hole, EFAULT);
		stopped_by(&write, EPERM);
	}
	mem_unmap(area, BLOCK);
}

/*
 * The GPU's first writes to many blocks while so many allocations of a function fail. The IOMMU may
 * still have tables for some of them.
 */
static void write_without_memory(struct gpu *gpu, const char *function, unsigned int failures)
{
	uint32_t *area = mem_reserve(BLOCKS * BLOCK, BLOCK);
	unsigned int i;

	igt_assert(!mprotect(area, BLOCKS * BLOCK, PROT_READ | PROT_WRITE));
	failure_require();
	failure_only_in(function);
	failure_of_all(failures);
	gpu_scatter(gpu, area, BLOCK, BLOCKS, 5);
	igt_assert_eq(failure_of_all(0), 0);
	for (i = 0; i < BLOCKS; i++)
		igt_assert_eq_u32(area[i * BLOCK / 4], 5 + i);
	mem_unmap(area, BLOCKS * BLOCK);
}

/**
 * SUBTEST: no-memory-in-mm
 * Description: mm has no memory for a page, several times in a row: the fault is tried again, and
 * the queue goes on.
 */
static void no_memory_in_mm(struct gpu *gpu)
{
	write_without_memory(gpu, "handle_mm_fault", 4);
}

/**
 * SUBTEST: no-memory-in-iommu
 * Description: The IOMMU has no memory for its tables, several times in a row: the fault is tried
 *	again, and the queue goes on.
 */
static void no_memory_in_iommu(struct gpu *gpu)
{
	igt_require_f(gpu_behind_iommu(gpu), "no IOMMU\n");
	write_without_memory(gpu, "hmm_pages_link", 4);
}

/* The process's own monitor, for pages that are missing in an area of four */
static int monitor_open(void *area, int flags, uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	struct uffdio_register reg = {
		.range = { .start = (uintptr_t)area, .len = 4 * PAGE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | flags);

	igt_require_f(fd >= 0, "userfaultfd: %s\n", strerror(errno));
	do_ioctl(fd, UFFDIO_API, &api);
	do_ioctl(fd, UFFDIO_REGISTER, &reg);
	return fd;
}

/* Wait until a fault waits for the monitor, at this page. */
static void monitor_wait(int fd, const void *page)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	struct uffd_msg msg;

	/* A fault that does not wait tells the monitor nothing. */
	igt_assert_eq(poll(&poll_fd, 1, POLL_MS), 1);
	igt_assert_eq(read(fd, &msg, sizeof(msg)), (ssize_t)sizeof(msg));
	igt_assert_eq(msg.event, UFFD_EVENT_PAGEFAULT);
	igt_assert_eq_u64(msg.arg.pagefault.address & -PAGE, (uintptr_t)page);
}

static void monitor_provide(int fd, void *page, const void *from)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)page,
		.src = (uintptr_t)from,
		.len = PAGE,
	};

	do_ioctl(fd, UFFDIO_COPY, &copy);
}

/**
 * SUBTEST: reason-of-mm
 * Description: The errno says why mm refuses a page: none there, SIGBUS, poison. A monitor that is
 *	for accesses in user mode alone is not waited for.
 */
static void reason_of_mm(struct gpu *gpu)
{
	uint32_t *area = mem_anon(4 * PAGE);
	struct uffdio_poison poison = {
		.range = { .start = (uintptr_t)(area + PAGE / 4), .len = PAGE },
	};
	int fd = monitor_open(area, UFFD_USER_MODE_ONLY, UFFD_FEATURE_POISON);

	do_ioctl(fd, UFFDIO_POISON, &poison);
	gpu_read_fails(gpu, area, ENXIO);
	gpu_read_fails(gpu, area + PAGE / 4, EHWPOISON);
	igt_assert_eq(mirage_svm_populate(&gpu->dev, gpu->vm, area, PAGE, true), -ENXIO);
	igt_assert_eq(mirage_svm_populate(&gpu->dev, gpu->vm, area + PAGE / 4, PAGE, true),
		      -EHWPOISON);
	mem_unmap(area, 4 * PAGE);
	gpu_read_fails(gpu, area, EFAULT);
	close(fd);
}

/**
 * SUBTEST: wait-holds-up-nobody
 * Description: A fault waits for the monitor of userfaultfd. Meanwhile the process maps and unmaps
 *	memory; then the page comes, and the job ends well.
 */
static void wait_holds_up_nobody(struct gpu *gpu)
{
	uint32_t *area = mem_anon(4 * PAGE), *page = mem_anon(PAGE);
	int fd = monitor_open(area, 0, 0);
	struct job job;
	unsigned int i;

	page[0] = 0x0ff1;
	job = copy_word(gpu, &gpu->out[2], area + PAGE / 4);
	job_submit(&job);
	monitor_wait(fd, area + PAGE / 4);
	for (i = 0; i < ROUNDS; i++)
		mem_unmap(mem_anon(PAGE), PAGE);
	igt_assert(!job_is_done(&job));
	monitor_provide(fd, area + PAGE / 4, page);
	igt_assert_eq(job_wait(&job), 0);
	igt_assert_eq_u32(gpu->out[2], 0x0ff1);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, job.queue), 0);
	job_free(&job);
	close(fd);
	mem_unmap(area, 4 * PAGE);
	mem_unmap(page, PAGE);
}

/**
 * SUBTEST: wait-ends-with-monitor
 * Description: The memory that a fault waits for is unmapped, then the monitor ends: the wait ends,
 *	and the queue stops, since there is no memory any more.
 */
static void wait_ends_with_monitor(struct gpu *gpu)
{
	uint32_t *area = mem_anon(4 * PAGE);
	int fd = monitor_open(area, 0, 0);
	struct job job;

	job = copy_word(gpu, &gpu->out[2], area);
	job_submit(&job);
	monitor_wait(fd, area);
	mem_unmap(area, 4 * PAGE);
	close(fd);
	stopped_by(&job, EFAULT);
}

/**
 * SUBTEST: wait-ends-with-process
 * Description: A process is killed whose fault waits for a monitor that is another process's and
 * stays silent.
 */
static void wait_ends_with_process(struct gpu *gpu igt_unused)
{
	int pipes[2], status, fd;
	pid_t child;

	igt_assert(!pipe(pipes));
	child = fork();
	igt_assert_lte(0, child);
	if (!child) {
		uint32_t *area = mem_anon(4 * PAGE);
		struct job job;
		struct gpu own;

		gpu_open(&own);
		fd = monitor_open(area, 0, 0);
		job = copy_word(&own, &own.out[2], area);
		job_submit(&job);
		monitor_wait(fd, area);
		igt_assert_eq(write(pipes[1], &fd, sizeof(fd)), (ssize_t)sizeof(fd));
		pause();
		_exit(0);
	}
	igt_assert_eq(read(pipes[0], &fd, sizeof(fd)), (ssize_t)sizeof(fd));
	/* The monitor outlives the process. */
	fd = syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, child, 0), fd, 0);
	igt_assert_fd(fd);
	igt_assert(!kill(child, SIGKILL));
	igt_assert_eq(waitpid(child, &status, 0), child);
	close(fd);
	close(pipes[0]);
	close(pipes[1]);
}

#define ZAPPERS		4
#define ZAPPED_BLOCKS	8
#define ZAP_MS		5000

/**
 * struct zapper - a thread that has mm take memory away, without a pause
 */
struct zapper {
	/** @area: the memory, ZAPPED_BLOCKS */
	void *area;
	/** @stop: set to end it */
	volatile bool *stop;
	/** @count: how often it did */
	uint64_t count;
	/** @thread: it */
	pthread_t thread;
};

static void *zap(void *data)
{
	struct zapper *zapper = data;

	while (!*zapper->stop) {
		igt_assert(!madvise(zapper->area, ZAPPED_BLOCKS * BLOCK, MADV_DONTNEED));
		zapper->count++;
	}
	return NULL;
}

/**
 * SUBTEST: invalidations-that-overlap
 * Description: Several threads have mm take the same memory away all the time, so that one of them
 *	nearly always does: faults on it are served nevertheless.
 */
static void invalidations_that_overlap(struct gpu *gpu)
{
	uint32_t *area = mem_reserve(ZAPPED_BLOCKS * BLOCK, BLOCK);
	struct zapper zappers[ZAPPERS];
	volatile bool stop = false;
	uint64_t zaps = 0, jobs = 0;
	struct timespec start = { };
	double longest = 0;
	unsigned int i;

	igt_assert(mmap(area, ZAPPED_BLOCKS * BLOCK, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == area);
	mem_touch(area, ZAPPED_BLOCKS * BLOCK, 0);
	for (i = 0; i < ZAPPERS; i++) {
		zappers[i] = (struct zapper){ .area = area, .stop = &stop };
		igt_assert(!pthread_create(&zappers[i].thread, NULL, zap, &zappers[i]));
	}
	igt_nsec_elapsed(&start);
	while (igt_nsec_elapsed(&start) < ZAP_MS * 1000000ll) {
		struct timespec one = { };
		double ms;

		igt_nsec_elapsed(&one);
		gpu_raise(gpu, area, 1, 1, 1);
		ms = igt_nsec_elapsed(&one) / 1e6;
		longest = ms > longest ? ms : longest;
		jobs++;
	}
	stop = true;
	for (i = 0; i < ZAPPERS; i++) {
		igt_assert(!pthread_join(zappers[i].thread, NULL));
		zaps += zappers[i].count;
	}
	igt_assert_eq_u64(area[0], jobs);
	igt_info("%" PRIu64 " jobs, the longest %.0f ms, %" PRIu64 " calls of madvise(), %" PRIu64
		 " retries\n", jobs, longest, zaps, gpu_delta(gpu, DRM_MIRAGE_STAT_RETRIES));
	mem_unmap(area, ZAPPED_BLOCKS * BLOCK);
}

static const struct gpu_scenario scenarios[] = {
	{ "errno-of-each-page", errno_of_each_page, "Each page that fails has its own error." },
	{ "no-memory-in-mm", no_memory_in_mm, "A page for which mm has no memory is tried again." },
	{ "no-memory-in-iommu", no_memory_in_iommu,
	  "A page for which the IOMMU has no memory is tried again." },
	{ "reason-of-mm", reason_of_mm, "The errno says why mm refuses a page." },
	{ "wait-holds-up-nobody", wait_holds_up_nobody,
	  "The process goes on while a fault waits for userfaultfd." },
	{ "wait-ends-with-monitor", wait_ends_with_monitor,
	  "A fault does not wait longer than its monitor lives." },
	{ "wait-ends-with-process", wait_ends_with_process,
	  "SIGKILL ends a process whose fault waits." },
	{ "invalidations-that-overlap", invalidations_that_overlap,
	  "Faults on memory that threads have taken away all the time." },
};

int igt_main()
{
	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));
}
