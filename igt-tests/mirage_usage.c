// SPDX-License-Identifier: MIT
/**
 * TEST: mirage usage
 * Description: A process's use of the GPU, as others see it: fdinfo, gputop, and the map of video memory.
 * Category: Core
 */
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "debugfs.h"
#include "igt_mirage.h"
#include "igt_mirage_bo.h"
#include "igt_mirage_space.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("What others see of the use that a process makes of the GPU.");

#define GPUTOP		"/opt/igt/usr/bin/gputop"
#define GPUTOP_LIBS	"/opt/igt/usr/lib/x86_64-linux-gnu"
#define GPUTOP_BYTES	(64ull << 20)

/* Engine time of an open file, and the clock after it was read. */
struct usage {
	uint64_t copy, compute;
	int64_t after;
};

static uint64_t key(const char *text, const char *name)
{
	const char *at = strstr(text, name);
	unsigned long long value;

	igt_assert_f(at, "fdinfo has no %s\n", name);
	igt_assert_eq(sscanf(at + strlen(name), ":\t%llu", &value), 1);
	return value;
}

static void read_all(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	igt_assert_f(fd >= 0, "%s: %s\n", path, strerror(errno));
	got = read(fd, text, size - 1);
	close(fd);
	igt_assert(got > 0);
	text[got] = '\0';
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static struct usage usage_of(const struct mirage *dev)
{
	struct usage usage;
	char path[64], text[4096];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", dev->fd);
	read_all(path, text, sizeof(text));
	usage.after = now_ns();
	usage.copy = key(text, "drm-engine-copy");
	usage.compute = key(text, "drm-engine-compute");
	igt_assert_eq_u64(key(text, "drm-engine-capacity-copy"), 1);
	igt_assert_eq_u64(key(text, "drm-engine-capacity-compute"), 1);
	igt_assert(strstr(text, "drm-driver:\tmirage\n"));
	igt_assert(strstr(text, "drm-client-id:"));
	igt_assert(strstr(text, "drm-pdev:"));
	return usage;
}

/**
 * SUBTEST: running-kernel-counts
 * Description: While a kernel runs its file's engine time grows, and never by more than the time that
 *	has passed; that of the other class does not.
 */
static void running_kernel_counts(struct gpu *gpu)
{
	const int64_t start = now_ns();
	struct usage first, last, now;
	struct loop loop;
	unsigned int i;

	loop_start(&loop, gpu, &kernel_watch, gpu->out + 100);
	first = usage_of(&gpu->dev);
	last = first;
	for (i = 0; i < 20; i++) {
		loop_advance(&loop, 20);
		igt_assert(igt_wait(usage_of(&gpu->dev).compute > last.compute, POLL_MS, 1));
		now = usage_of(&gpu->dev);
		igt_assert(now.compute > last.compute);
		igt_assert_eq_u64(now.copy, first.copy);
		last = now;
	}
	/* The turn that it had at the first look is counted with the next; and the device has a clock of its own. */
	igt_assert(last.compute - first.compute <= (uint64_t)(last.after - start) + 10000000);
	loop_stop(&loop);
}

/**
 * SUBTEST: idle-file-stands-still
 * Description: The use of one file's queue is not counted for another file, and stops when the job is done.
 *
 * A turn is counted when it ends, which is after the end of a job was seen, on a busy host long after. It
 * has ended when another channel has had one.
 */
static void idle_file_stands_still(struct gpu *gpu)
{
	struct usage before, after;
	struct gpu other;
	struct loop loop;

	gpu_open(&other);
	loop_start(&loop, gpu, &kernel_watch, gpu->out + 100);
	before = usage_of(&other.dev);
	loop_advance(&loop, 100);
	loop_stop(&loop);
	after = usage_of(&other.dev);
	igt_assert_eq_u64(after.copy, before.copy);
	igt_assert_eq_u64(after.compute, before.compute);

	gpu_write32(&other, other.out + 100, 1);
	before = usage_of(&gpu->dev);
	igt_assert(before.compute > 0);
	gpu_write32(&other, other.out + 100, 2);
	after = usage_of(&gpu->dev);
	igt_assert_eq_u64(after.compute, before.compute);
	gpu_close(&other);
}

/**
 * SUBTEST: classes-apart
 * Description: Copying counts as copying.
 */
static void classes_apart(struct gpu *gpu)
{
	const size_t size = 4 << 20;
	uint32_t own = gpu->queue, *from = mem_anon(size), *to = mem_anon(size);
	struct usage before, after;

	gpu->queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COPY);
	gpu_copy(gpu, to, from, size);
	before = usage_of(&gpu->dev);
	gpu_copy(gpu, from, to, size);
	after = usage_of(&gpu->dev);
	igt_assert(after.copy > before.copy);
	igt_assert_eq_u64(after.compute, before.compute);
	gpu->queue = own;
	mem_unmap(from, size);
	mem_unmap(to, size);
}

/**
 * SUBTEST: kept-after-destroy
 * Description: Queues that are made, used and destroyed while somebody looks all the time: what is shown
 *	never shrinks, and at the end nothing is missing.
 */
static void kept_after_destroy(struct gpu *gpu)
{
	volatile uint32_t *stop = &gpu->out[300];
	struct usage before, after;
	uint32_t queue;
	unsigned int i;

	before = usage_of(&gpu->dev);
	*stop = 0;
	igt_fork(child, 1) {
		struct usage last = before, now;

		while (!*stop) {
			now = usage_of(&gpu->dev);
			igt_assert(now.compute >= last.compute);
			igt_assert(now.copy >= last.copy);
			last = now;
		}
	}
	for (i = 0; i < 30; i++) {
		struct raise_args args = { .addr = (uintptr_t)(gpu->out + 310), .iters = 200 };
		struct job job = job_new(gpu);
		uint64_t had = usage_of(&gpu->dev).compute;

		queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COMPUTE);
		job.queue = queue;
		job_kernel(&job, &kernel_raise, &args, sizeof(args), 4, 64);
		job_run(&job);
		igt_assert_eq(mirage_queue_destroy(&gpu->dev, queue), 0);
		igt_assert(usage_of(&gpu->dev).compute > had);
	}
	*stop = 1;
	igt_waitchildren();
	after = usage_of(&gpu->dev);
	igt_assert(after.compute > before.compute);
}

/* The output of a program on a terminal of its own, until it ends. */
static void run_on_terminal(const char *const argv[], char *text, size_t size)
{
	struct winsize window = { .ws_row = 50, .ws_col = 160 };
	size_t used = 0;
	ssize_t got;
	int status, fd;
	pid_t pid;

	pid = forkpty(&fd, NULL, NULL, &window);
	igt_assert(pid >= 0);
	if (!pid) {
		setenv("LD_LIBRARY_PATH", GPUTOP_LIBS, 1);
		setenv("TERM", "xterm", 1);
		execv(argv[0], (char **)argv);
		_exit(127);
	}
	/* A terminal whose other side is closed gives EIO. */
	while (used < size - 1 && (got = read(fd, text + used, size - 1 - used)) > 0)
		used += got;
	text[used] = '\0';
	close(fd);
	igt_assert_eq(waitpid(pid, &status, 0), pid);
	igt_assert_f(!status, "%s ended with %#x\n%s\n", argv[0], status, text);
}

/* A size as gputop prints it, and what comes after it. */
static uint64_t shown_bytes(char **text)
{
	static const char units[] = "BKMG";
	uint64_t value = strtoull(*text, text, 10);
	const char *unit = **text ? strchr(units, **text) : NULL;

	igt_assert_f(unit, "no size: %s\n", *text);
	(*text)++;
	return value << 10 * (unit - units);
}

/**
 * SUBTEST: gputop-sees-us
 * Description: Debian's gputop shows this process under its name, with its memory, the compute engine busy and
 *	the copy engine not.
 */
static void gputop_sees_us(struct gpu *gpu)
{
	static const char *const argv[] = { GPUTOP, "-n", "4", "-d", "0.5", NULL };
	static char text[1 << 16];
	uint64_t memory = 0, resident = 0;
	double copy = -1, compute = -1;
	struct loop loop;
	struct bo bo;
	char pid[16];
	char *line, *next, *bar;

	igt_require_f(!access(GPUTOP, X_OK), "no %s\n", GPUTOP);
	bo = bo_new(&gpu->dev, GPUTOP_BYTES, BO_VRAM);
	bo.words[0] = 1;
	loop_start(&loop, gpu, &kernel_watch, gpu->out + 100);
	run_on_terminal(argv, text, sizeof(text));
	loop_stop(&loop);

	/* The last picture counts: "PID 64M 64M |  0.0% ...||100.0% ...| mirage_usage" */
	snprintf(pid, sizeof(pid), "%d ", getpid());
	for (line = strtok_r(text, "\r\n", &next); line; line = strtok_r(NULL, "\r\n", &next)) {
		if (!strstr(line, pid) || !strstr(line, "mirage_usage"))
			continue;
		line = strstr(line, pid) + strlen(pid);
		memory = shown_bytes(&line);
		resident = shown_bytes(&line);
		bar = strchr(line, '|');
		igt_assert(bar);
		igt_assert_eq(sscanf(bar, "|%lf%%", &copy), 1);
		bar = strstr(bar + 1, "||");
		igt_assert(bar);
		igt_assert_eq(sscanf(bar, "||%lf%%", &compute), 1);
	}
	igt_assert_f(compute >= 0, "gputop has not shown process %s\n", pid);
	igt_info("copy %.1f %%, compute %.1f %%\n", copy, compute);
	igt_assert(copy == 0);
	/* The processor's emulation gets a part of the time that it is looked at. */
	igt_assert(compute >= 50);
	igt_assert_lte_u64(GPUTOP_BYTES, memory);
	igt_assert_lte_u64(GPUTOP_BYTES, resident);
	bo_free(&bo);
}

/* Bytes of video memory that an open file has: all resident, and none shared. */
static uint64_t vram_of(const struct mirage *dev)
{
	char path[64], text[4096], unit[4] = "";
	unsigned long long value;
	uint64_t resident, total;
	const char *at;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", dev->fd);
	read_all(path, text, sizeof(text));
	resident = key(text, "drm-resident-vram");
	total = key(text, "drm-total-vram");
	igt_assert_eq_u64(resident, total);
	igt_assert_eq_u64(key(text, "drm-shared-vram"), 0);
	at = strstr(text, "drm-resident-vram");
	igt_assert_lte(1, sscanf(at, "drm-resident-vram: %llu %3s", &value, unit));
	if (!strcmp(unit, "MiB"))
		return value << 20;
	return !strcmp(unit, "KiB") ? value << 10 : value;
}

static void move(struct gpu *gpu, const void *addr, size_t size, enum drm_mirage_svm_location location)
{
	struct drm_mirage_svm_migrate result;

	igt_assert_eq(mirage_svm_migrate(&gpu->dev, gpu->vm, addr, size, location, &result), 0);
	igt_assert_eq_u64(result.moved, size);
}

/**
 * SUBTEST: process-memory
 * Description: Pages of the process in video memory are in fdinfo of the file that moved them, to the page, and of no
 *	other: after a move, after a part came home, while the GPU has no access to them, and when they are gone.
 */
static void process_memory(struct gpu *gpu)
{
	const size_t size = 700 * PAGE, part = 100 * PAGE;
	uint64_t before, before_other;
	struct gpu other;
	char *area;

	gpu_open(&other);
	before = vram_of(&gpu->dev);
	before_other = vram_of(&other.dev);
	area = mem_anon(size);
	mem_touch(area, size, 1);
	move(gpu, area, size - part, DRM_MIRAGE_SVM_VRAM);
	igt_assert_eq_u64(vram_of(&gpu->dev) - before, size - part);
	igt_assert_eq_u64(vram_of(&other.dev), before_other);
	move(&other, area + size - part, part, DRM_MIRAGE_SVM_VRAM);
	igt_assert_eq_u64(vram_of(&gpu->dev) - before, size - part);
	igt_assert_eq_u64(vram_of(&other.dev) - before_other, part);

	move(gpu, area, part, DRM_MIRAGE_SVM_SYSTEM);
	igt_assert_eq_u64(vram_of(&gpu->dev) - before, size - 2 * part);
	igt_assert_eq(mprotect(area, size, PROT_READ), 0);
	igt_assert_eq(gpu_count_pages(gpu, area, size, DRM_MIRAGE_SVM_PAGE_VALID), 0);
	igt_assert_eq_u64(vram_of(&gpu->dev) - before, size - 2 * part);

	mem_unmap(area, size);
	igt_assert_eq_u64(vram_of(&gpu->dev), before);
	igt_assert_eq_u64(vram_of(&other.dev), before_other);
	gpu_close(&other);
}

/* Pages that have come home since gpu_mark(), by their reason. */
static void assert_home(struct gpu *gpu, unsigned int fault, unsigned int asked, unsigned int evicted)
{
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_HOME_FAULT), fault);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_HOME_ASKED), asked);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_EVICTED), evicted);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_HOME_SLEEP), 0);
}

/**
 * SUBTEST: counted-by-reason
 * Description: VM_STATS counts pages in video memory, and those that come home, each for its reason and for the address
 *	space that moved them; and faults by their access.
 */
static void counted_by_reason(struct gpu *gpu)
{
	struct bo bo = bo_new(&gpu->dev, PAGE, BO_VRAM | BO_SYSTEM);
	char *area = mem_anon(BLOCK);
	uint64_t faults;
	struct gpu other;

	bo.words[0] = 1;
	mem_touch(area, BLOCK, 1);
	gpu_open(&other);
	gpu_mark(&other);
	gpu_mark(gpu);
	move(gpu, area, 64 * PAGE, DRM_MIRAGE_SVM_VRAM);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_TO_VRAM), 64);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_IN_VRAM), 64);
	assert_home(gpu, 0, 0, 0);
	igt_assert_eq_u32(*(volatile uint32_t *)(area + 20 * PAGE), 21);
	assert_home(gpu, 16, 0, 0);
	move(gpu, area + 40 * PAGE, 8 * PAGE, DRM_MIRAGE_SVM_SYSTEM);
	assert_home(gpu, 16, 8, 0);
	press_vram(&gpu->dev, bo.handle);
	assert_home(gpu, 16, 8, 40);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_IN_VRAM), 0);

	gpu_write32(gpu, area + 300 * PAGE, 1);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_FAULTS_WRITE), 1);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_FAULTS_ATOMIC), 0);
	faults = gpu_delta(gpu, DRM_MIRAGE_STAT_FAULTS);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_FAULTS_READ), faults - 1);
	assert_home(&other, 0, 0, 0);
	gpu_close(&other);
	mem_unmap(area, BLOCK);
	bo_free(&bo);
}

/* Bytes in use by a process in the map of video memory, whose lines follow one another to its end. */
static uint64_t mapped_by(const struct mirage *dev, pid_t pid)
{
	unsigned long long whole, start, size, used, end = 0;
	char *text = debugfs_text(dev, "vram"), *line, *next;
	uint64_t sum = 0;
	char words[64];

	line = strtok_r(text, "\n", &next);
	igt_assert_eq(sscanf(line, "%*u of %llu bytes used", &whole), 1);
	snprintf(words, sizeof(words), " process %d mirage_usage, ", pid);
	while ((line = strtok_r(NULL, "\n", &next))) {
		igt_assert_eq(sscanf(line, "%llx %llu", &start, &size), 2);
		igt_assert_eq_u64(start, end);
		end = start + size;
		if (!strstr(line, words))
			continue;
		igt_assert_eq(sscanf(strstr(line, words) + strlen(words), "%llu used", &used), 1);
		igt_assert_lte_u64(used, size);
		sum += used;
	}
	igt_assert_eq_u64(end, whole);
	return sum;
}

/**
 * SUBTEST: process-in-map
 * Description: The map of video memory shows the ranges that hold pages of this process, and how much of them it uses.
 */
static void process_in_map(struct gpu *gpu)
{
	const size_t size = 300 * PAGE;
	char *area = mem_anon(size);

	igt_assert_eq_u64(mapped_by(&gpu->dev, getpid()), 0);
	mem_touch(area, size, 1);
	move(gpu, area, size, DRM_MIRAGE_SVM_VRAM);
	igt_assert_eq_u64(mapped_by(&gpu->dev, getpid()), size);
	move(gpu, area + PAGE, 3 * PAGE, DRM_MIRAGE_SVM_SYSTEM);
	igt_assert_eq_u64(mapped_by(&gpu->dev, getpid()), size - 3 * PAGE);
	mem_unmap(area, size);
	igt_assert_eq_u64(mapped_by(&gpu->dev, getpid()), 0);
}

static const struct gpu_scenario scenarios[] = {
	{ "running-kernel-counts", running_kernel_counts, "Engine time grows while a kernel runs." },
	{ "idle-file-stands-still", idle_file_stands_still, "Engine time is the user's own." },
	{ "classes-apart", classes_apart, "Copying is not computing." },
	{ "kept-after-destroy", kept_after_destroy, "Engine time of queues that are gone is kept." },
	{ "process-memory", process_memory, "Pages in video memory count for their file." },
	{ "counted-by-reason", counted_by_reason, "Pages that come home are counted by their reason." },
	{ "process-in-map", process_in_map, "The map of video memory shows pages of processes." },
	{ "gputop-sees-us", gputop_sees_us, "gputop shows this process at work." },
};

int igt_main()
{
	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));
}
