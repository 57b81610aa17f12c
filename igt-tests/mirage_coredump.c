// SPDX-License-Identifier: MIT
/**
 * TEST: mirage core dump
 * Description: A queue that fails leaves a core dump, which says why.
 * Category: Core
 */
#include <errno.h>
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "debugfs.h"
#include "hang.h"
#include "igt_mirage.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("A queue that fails leaves a core dump, which says why.");

static bool find_dump(char *path, size_t size)
{
	glob_t found;

	if (glob("/sys/class/devcoredump/devcd*/data", 0, NULL, &found))
		return false;
	snprintf(path, size, "%s", found.gl_pathv[0]);
	globfree(&found);
	return true;
}

/* Throw away the core dumps that there are. */
static void drop_dumps(void)
{
	char path[128];
	glob_t found;

	if (glob("/sys/class/devcoredump/devcd*/data", 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		igt_assert(file_write(found.gl_pathv[i], "1"));
	globfree(&found);
	/* A work does it; a dump that comes meanwhile would be dropped. */
	igt_assert(igt_wait(!find_dump(path, sizeof(path)), POLL_MS, 10));
}

/* Let mirage-decode name what is in the dump; NULL where it cannot, since another dump has replaced this one. */
static char *try_decode_dump(const char *path)
{
	char self[PATH_MAX], command[2 * PATH_MAX];
	char *text = NULL;
	size_t size = 0;
	ssize_t length;
	FILE *pipe;
	int status;

	length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	igt_assert_lt(0, length);
	self[length] = 0;
	snprintf(command, sizeof(command), "%s/../uapi/tools/mirage-decode %s", dirname(self),
		 path);
	pipe = popen(command, "r");
	igt_assert(pipe);
	length = getdelim(&text, &size, 0, pipe);
	status = pclose(pipe);
	if (length > 0 && WIFEXITED(status) && !WEXITSTATUS(status))
		return text;
	free(text);
	return NULL;
}

static char *decode_dump(const char *path)
{
	char *text = try_decode_dump(path);

	igt_assert_f(text, "mirage-decode cannot read %s\n", path);
	return text;
}

static void expect_text(const char *text, const char *what)
{
	igt_assert_f(strstr(text, what), "the dump does not say \"%s\":\n%s\n", what, text);
}

/**
 * SUBTEST: core-dump
 * Description: A job hangs: a core dump appears that decodes, names process, queue and channel, has the
 *	registers as they were, and the packet that hangs.
 */
static void core_dump(struct gpu *gpu)
{
	uint32_t guilty = gpu_add_limited_queue(gpu, 500), *area = mem_anon(PAGE);
	unsigned int chan = channel_of_queue(&gpu->dev, guilty);
	struct job bad = job_new(gpu);
	char path[128], line[128];
	char *text;

	igt_require_f(!access("/sys/class/devcoredump", F_OK), "the kernel keeps no core dumps\n");
	drop_dumps();
	/* For the history. */
	gpu_write32(gpu, area, 1);
	gpu_hang(gpu, guilty, &bad);
	igt_assert_eq(job_wait(&bad), -ETIME);
	igt_assert(igt_wait(find_dump(path, sizeof(path)), POLL_MS, 10));
	text = decode_dump(path);

	expect_text(text, "why: time-out");
	snprintf(line, sizeof(line), "guilty: process mirage_coredump[%d], queue %u, channel %u, vm",
		 getpid(), guilty, chan);
	expect_text(text, line);
	snprintf(line, sizeof(line), "(channel %u)\n", chan);
	expect_text(text, line);
	snprintf(line, sizeof(line), "[channel %u]\nqueue: %u\n", chan, guilty);
	expect_text(text, line);
	expect_text(text, "jobs: 0 of 1\ndescriptor: RUNNING, class COMPUTE");
	/* The job is an IB and a FENCE, at the start of the ring; the IB has not ended. */
	snprintf(line, sizeof(line), "  0: IB %#llx 0x1\n",
		 (unsigned long long)(uintptr_t)bad.ib.words);
	expect_text(text, line);
	expect_text(text, "  4: FENCE ");
	snprintf(line, sizeof(line), "fault %#llx: write by channel",
		 (unsigned long long)(uintptr_t)area);
	expect_text(text, line);
	snprintf(line, sizeof(line), "map %#llx ", (unsigned long long)(uintptr_t)area);
	expect_text(text, line);
	expect_text(text, "[end]\n");

	free(text);
	drop_dumps();
	job_free(&bad);
	mem_unmap(area, PAGE);
}

/**
 * SUBTEST: dump-of-channel-error
 * Description: A packet that is none: the core dump has the error with its place.
 */
static void dump_of_channel_error(struct gpu *gpu)
{
	static const uint32_t junk[] = { 0xee };
	uint32_t guilty = gpu_add_limited_queue(gpu, QUEUE_TIMEOUT_MS);
	struct job bad = job_new(gpu);
	char path[128], line[128];
	char *text;

	igt_require_f(!access("/sys/class/devcoredump", F_OK), "the kernel keeps no core dumps\n");
	drop_dumps();
	bad.queue = guilty;
	mirage_ib_raw(&bad.ib, junk, 1);
	job_submit(&bad);
	igt_assert_eq(job_wait(&bad), -EIO);
	igt_assert(igt_wait(find_dump(path, sizeof(path)), POLL_MS, 10));
	text = decode_dump(path);
	expect_text(text, "why: channel error");
	snprintf(line, sizeof(line), "error %u (%s), info 0xee, address %#llx",
		 MIRAGE_CHAN_BAD_PACKET, mirage_chan_error_name(MIRAGE_CHAN_BAD_PACKET),
		 (unsigned long long)(uintptr_t)bad.ib.words);
	expect_text(text, line);
	free(text);
	drop_dumps();
	job_free(&bad);
}

/**
 * SUBTEST: dump-of-instruction
 * Description: A program that stores to an odd address: the core dump has the instruction, group, wave and lane.
 */
static void dump_of_instruction(struct gpu *gpu)
{
	struct scatter_args args = { .dst = (uintptr_t)gpu->out + 1, .stride = 4, .n = 32 };
	struct drm_mirage_queue_query query;
	struct job bad = job_new(gpu);
	char path[128], line[128];
	char *text;

	igt_require_f(!access("/sys/class/devcoredump", F_OK), "the kernel keeps no core dumps\n");
	drop_dumps();
	bad.queue = gpu_add_limited_queue(gpu, QUEUE_TIMEOUT_MS);
	job_kernel(&bad, &kernel_scatter, &args, sizeof(args), 1, 32);
	job_submit(&bad);
	igt_assert_eq(job_wait(&bad), -EIO);
	igt_assert_eq(mirage_queue_query(&gpu->dev, bad.queue, &query), 0);
	igt_assert_neq_u64(query.place.pc, 0);
	igt_assert(igt_wait(find_dump(path, sizeof(path)), POLL_MS, 10));
	text = decode_dump(path);
	snprintf(line, sizeof(line), "descriptor: instruction at %#llx, group 0,0,0, wave 0, lane 0",
		 (unsigned long long)query.place.pc);
	expect_text(text, line);
	free(text);
	drop_dumps();
	job_free(&bad);
}

/* A job of a user's own fails by a packet that is none, and leaves a dump or none. Returns the process. */
static int fail_as(uid_t uid)
{
	static const uint32_t junk[] = { 0xee };
	int *pid = mem_shared_page();
	int ret;

	igt_fork(child, 1) {
		struct gpu gpu;
		struct job bad;

		*pid = getpid();
		gpu_open(&gpu);
		igt_assert_eq(setuid(uid), 0);
		/* The address space is made by that user, and with it the queue. */
		igt_assert_eq(mirage_vm_create_with(&gpu.dev, DRM_MIRAGE_VM_CREATE_SVM, &gpu.vm), 0);
		bad = job_new(&gpu);
		bad.queue = gpu_add_queue(&gpu, DRM_MIRAGE_QUEUE_COPY);
		mirage_ib_raw(&bad.ib, junk, 1);
		job_submit(&bad);
		igt_assert_eq(job_wait(&bad), -EIO);
	}
	igt_waitchildren();
	ret = *pid;
	munmap(pid, PAGE);
	return ret;
}

/* The process of ours that the dump blames, or 0. */
static int dump_guilty(void)
{
	char path[128];
	const char *at;
	char *text;
	int pid = 0;

	if (!find_dump(path, sizeof(path)))
		return 0;
	text = try_decode_dump(path);
	at = text ? strstr(text, "guilty: process mirage_coredump[") : NULL;
	if (at)
		pid = atoi(strchr(at, '[') + 1);
	free(text);
	return pid;
}

/**
 * SUBTEST: dump-for-each-user
 * Description: A user's second failure does not replace the dump of the first, but another user's failure does.
 */
static void dump_for_each_user(struct gpu *gpu)
{
	/* Users who have not failed before, in this or an earlier run. */
	uid_t one = 100000 + 16 * getpid(), other = one + 1;
	int first, again, others[8];
	unsigned int i = 0;

	igt_require_f(!access("/sys/class/devcoredump", F_OK), "the kernel keeps no core dumps\n");
	drop_dumps();
	first = fail_as(one);
	igt_assert(igt_wait(dump_guilty() == first, POLL_MS, 10));
	again = fail_as(one);
	/* The driver does without a dump while it still writes the one before: then the next one tries. */
	do {
		igt_assert_lt(i, ARRAY_SIZE(others));
		others[i] = fail_as(other + i);
		igt_assert_neq(dump_guilty(), again);
	} while (!igt_wait(dump_guilty() == others[i], 10000, 10) && ++i);
	drop_dumps();
}

static const struct gpu_scenario scenarios[] = {
	{ "core-dump", core_dump,
	  "A hang leaves a core dump that says who and where." },
	{ "dump-of-channel-error", dump_of_channel_error,
	  "A channel's error leaves a core dump that says what and where." },
	{ "dump-of-instruction", dump_of_instruction,
	  "A program's error leaves a core dump that says which instruction." },
	{ "dump-for-each-user", dump_for_each_user,
	  "No user keeps another's core dump away." },
};

int igt_main()
{
	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));
}
