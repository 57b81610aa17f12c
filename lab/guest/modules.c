// SPDX-License-Identifier: MIT
/*
 * Loading kernel modules.
 *
 * The host works out which files are needed and in which order (modprobe --show-depends, natively, in milliseconds), so
 * that the guest only hands them to the kernel.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/module.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

int module_load(const char *path, const char *params)
{
	const char *suffix = strrchr(path, '.');
	int flags = 0, ret, fd;

	/* .xz, .zst or .gz: the kernel decompresses the kind that it is configured for. */
	if (suffix && strcmp(suffix, ".ko"))
		flags = MODULE_INIT_COMPRESSED_FILE;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ret = syscall(SYS_finit_module, fd, params, flags);
	if (ret < 0 && errno == EEXIST)
		ret = 0;
	if (ret < 0) {
		int err = errno;

		close(fd);
		errno = err;
		return -1;
	}
	close(fd);
	return 0;
}

/* Where the kernel put the sections of a module, for a debugger on the host: lines of PATH SECTION ADDRESS. */
static void tell_sections(const char *path, FILE *out)
{
	const char *base = strrchr(path, '/') + 1;
	char dir[128], file[400], *address;
	struct dirent *entry;
	size_t size;
	DIR *sections;

	snprintf(dir, sizeof(dir), "/sys/module/%.*s/sections", (int)strcspn(base, "."), base);
	sections = opendir(dir);
	if (!sections)
		return;
	while ((entry = readdir(sections))) {
		snprintf(file, sizeof(file), "%s/%s", dir, entry->d_name);
		address = entry->d_name[0] == '.' && isalpha(entry->d_name[1]) ? slurp(file, &size) : NULL;
		if (address && size)
			fprintf(out, "%s %s %s", path, entry->d_name, address);
		free(address);
	}
	closedir(sections);
}

int modules_load(void)
{
	char *list, *line, *save = NULL;
	int ret = 0;
	size_t size;
	FILE *out;

	list = slurp(IO_DIR "/modules", &size);
	out = fopen(IO_DIR "/sections", "we");
	if (!list || !out)
		die("reading " IO_DIR "/modules");

	for (line = strtok_r(list, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *params = strchr(line, ' ');

		if (params)
			*params++ = '\0';
		if (module_load(line, params ? params : "") < 0) {
			warn_user("loading %s", line);
			ret = -1;
			break;
		}
		/* Debian's are compressed, which no debugger reads. */
		if (!strncmp(line, "/mirage/build/", 14) && !strcmp(strrchr(line, '.'), ".ko"))
			tell_sections(line, out);
	}
	fclose(out);
	free(list);
	return ret;
}
