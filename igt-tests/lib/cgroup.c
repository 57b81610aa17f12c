// SPDX-License-Identifier: MIT
/*
 * A memory cgroup of a test's own (Documentation/admin-guide/cgroup-v2.rst).
 */
#include <errno.h>
#include <sys/stat.h>

#include "cgroup.h"
#include "igt.h"
#include "memory.h"
#include "text.h"

#define ROOT	"/sys/fs/cgroup"
#define GROUP	ROOT "/mirage-test"

static const char *path_of(const char *file)
{
	static char path[128];

	snprintf(path, sizeof(path), GROUP "/%s", file);
	return path;
}

static void write_file(const char *file, const char *text)
{
	igt_assert_f(file_write(path_of(file), text), "%s: %s\n", file, strerror(errno));
}

void cgroup_create(void)
{
	igt_require_f(file_write(ROOT "/cgroup.subtree_control", "+memory"),
		      "this kernel has no memory cgroups\n");
	/* A subtest that failed has left one. */
	rmdir(GROUP);
	igt_assert_f(!mkdir(GROUP, 0755), GROUP ": %s\n", strerror(errno));
	/* Not there where the kernel has no swap space at all. */
	if (!access(path_of("memory.swap.max"), F_OK))
		write_file("memory.swap.max", "0");
}

void cgroup_remove(void)
{
	igt_assert_f(!rmdir(GROUP), GROUP ": %s\n", strerror(errno));
}

void cgroup_enter(void)
{
	write_file("cgroup.procs", "0");
}

void cgroup_set(const char *file, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	write_file(file, text);
}

uint64_t cgroup_get(const char *file)
{
	return strtoull(text_read(path_of(file)), NULL, 10);
}

uint64_t cgroup_line(const char *file, const char *key)
{
	char *text = text_read(path_of(file)), *line;
	size_t length = strlen(key);

	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (!strncmp(line, key, length) && line[length] == ' ')
			return strtoull(line + length, NULL, 10);
	igt_assert_f(false, "%s has no %s\n", file, key);
	return 0;
}
