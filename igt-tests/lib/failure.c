// SPDX-License-Identifier: MIT
/*
 * The kernel counts a task's allocations down from what is written to its fail-nth, and the one
 * that makes it zero fails. So each allocation of an attempt can be made to fail, the first,
 * then the second, and so on, until there was none to fail.
 *
 * gpu_buddy is left out: when an allocation in gpu_buddy_alloc_blocks() fails, Linux 7.2 puts a
 * block into its tree of free blocks a second time, and no driver can prevent it. The kernel
 * leaves out what is called from a range of addresses, which /proc/kallsyms tells.
 */
#include <fcntl.h>

#include "failure.h"
#include "igt.h"
#include "memory.h"

#define DEBUGFS "/sys/kernel/debug/"
#define BUDDY	"gpu_buddy_alloc_blocks"

static const char *const injectors[] = { "failslab", "fail_page_alloc" };

static void set(const char *knob, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(injectors); i++) {
		char path[128];

		snprintf(path, sizeof(path), DEBUGFS "%s/%s", injectors[i], knob);
		igt_require_f(file_write(path, value),
			      "%s: this kernel fails no allocations on demand\n", path);
	}
}

static void set_range(const char *name, uint64_t start, uint64_t end)
{
	char knob[64], value[32];

	/* An empty range between the two, whichever comes first. */
	snprintf(knob, sizeof(knob), "%s-start", name);
	snprintf(value, sizeof(value), "%" PRIu64, start);
	set(knob, value);
	snprintf(knob, sizeof(knob), "%s-end", name);
	snprintf(value, sizeof(value), "%" PRIu64, end);
	set(knob, value);
}

/* Calls back for each function of the kernel and its modules. */
static void for_each_symbol(void (*see)(uint64_t addr, const char *name, const char *module,
					void *data),
			    void *data)
{
	char line[512], name[256], module[128], type;
	FILE *list = fopen("/proc/kallsyms", "r");
	uint64_t addr;

	igt_assert(list);
	while (fgets(line, sizeof(line), list)) {
		module[0] = '\0';
		if (sscanf(line, "%" SCNx64 " %c %255s [%127[^]]", &addr, &type, name, module) >=
			    3 &&
		    strchr("tTwW", type))
			see(addr, name, module, data);
	}
	fclose(list);
}

struct range {
	const char *name;
	uint64_t start;
	uint64_t end;
};

static void see_start(uint64_t addr, const char *name, const char *module, void *data)
{
	struct range *range = data;

	if (!strcmp(name, range->name) && *module)
		range->start = addr;
	else if (!strcmp(name, range->name) && !range->start)
		range->start = addr;
}

static void see_end(uint64_t addr, const char *name igt_unused, const char *module igt_unused,
		    void *data)
{
	struct range *range = data;

	if (addr > range->start && addr < range->end)
		range->end = addr;
}

static struct range function_range(const char *name)
{
	struct range range = { .name = name, .end = UINT64_MAX };

	for_each_symbol(see_start, &range);
	igt_assert_f(range.start, "/proc/kallsyms does not tell where %s() is\n", name);
	for_each_symbol(see_end, &range);
	return range;
}

/**
 * failure_require() - let the kernel fail any allocation but gpu_buddy's, or skip
 */
void failure_require(void)
{
	struct range buddy;

	set("verbose", "0");
	set("ignore-gfp-wait", "N");
	igt_assert(file_write(DEBUGFS "fail_page_alloc/min-order", "0"));
	buddy = function_range(BUDDY);
	set_range("reject", buddy.start, buddy.end);
	set_range("require", 0, UINT64_MAX);
}

/**
 * failure_only_in() - from now on only what a function allocates fails, and who is called by it
 * @name: of the function
 *
 * Until failure_require().
 */
void failure_only_in(const char *name)
{
	struct range range = function_range(name);

	set_range("require", range.start, range.end);
}

/**
 * failure_of_all() - let the next allocations of pages fail, whichever task makes them
 * @times: how many; 0 for none
 *
 * Return: how many of those before are left, which have not failed
 */
unsigned int failure_of_all(unsigned int times)
{
	char left[32], value[32];

	igt_assert(file_read(DEBUGFS "fail_page_alloc/times", left, sizeof(left)));
	snprintf(value, sizeof(value), "%u", times);
	igt_assert(file_write(DEBUGFS "fail_page_alloc/times", value));
	igt_assert(file_write(DEBUGFS "fail_page_alloc/probability", times ? "100" : "0"));
	return strtoul(left, NULL, 10);
}

/* Whether the n-th allocation was reached. */
static bool fail_nth(const struct failure_case *what, unsigned int n, int *ret)
{
	int fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	char text[32];

	igt_assert_fd(fd);
	snprintf(text, sizeof(text), "%u", n);
	igt_assert_eq(pwrite(fd, text, strlen(text), 0), (ssize_t)strlen(text));
	*ret = what->attempt();
	memset(text, 0, sizeof(text));
	igt_assert_lt(0, pread(fd, text, sizeof(text) - 1, 0));
	igt_assert_eq(pwrite(fd, "0", 1, 0), 1);
	close(fd);
	return !strtoul(text, NULL, 10);
}

/**
 * failure_each() - let each allocation of an attempt fail in turn
 * @what: what to attempt; when an allocation fails, it does without or gives an error
 *
 * Return: how many there were
 */
unsigned int failure_each(const struct failure_case *what)
{
	unsigned int n = 0, refused = 0;
	bool reached;
	int ret;

	do {
		n++;
		if (what->before)
			what->before();
		reached = fail_nth(what, n, &ret);
		if (!ret && what->undo)
			what->undo();
		if (what->after)
			what->after();
		igt_assert_f(!ret || (reached && (what->any_error || ret == -ENOMEM)),
			     "%s: allocation %u fails, which gives %s\n", what->name, n,
			     strerror(-ret));
		refused += !!ret;
	} while (reached);
	igt_info("%s: %u allocations, %u cannot be done without\n", what->name, n - 1, refused);
	return n - 1;
}
