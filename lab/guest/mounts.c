// SPDX-License-Identifier: MIT
/*
 * The guest's file systems.
 *
 * The root arrives read-only and shared with every other guest, and stays so: writes go to an overlay in memory that
 * dies with the machine. The only way out is the run's own directory, and the directory that the user asked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "guest.h"

/* Directories that the root has for this purpose: nothing can be made on it here. */
#define STAGE	"/mirage/stage"
#define NEWROOT	"/mirage/newroot"

struct fs {
	const char *type;	/* file system type, also its source's name */
	const char *dir;	/* mount point, made where missing */
	unsigned long flags;
	const char *options;
	bool optional;		/* the kernel may be built without it */
};

static const struct fs filesystems[] = {
	{ "proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, false },
	{ "sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, false },
	{ "devtmpfs", "/dev", MS_NOSUID, "mode=0755", false },
	{ "devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=620,ptmxmode=666", false },
	{ "tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777", false },
	{ "hugetlbfs", "/dev/hugepages", MS_NOSUID | MS_NODEV, NULL, true },
	{ "tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=0755", false },
	{ "tmpfs", "/tmp", MS_NOSUID | MS_NODEV, "mode=1777", false },
	{ "debugfs", "/sys/kernel/debug", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, true },
	{ "tracefs", "/sys/kernel/tracing", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, true },
	{ "cgroup2", "/sys/fs/cgroup", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, true },
};

static void make_dir(const char *dir)
{
	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		die("making %s", dir);
}

static bool have_fs(const char *type)
{
	char line[128], name[64];
	bool found = false;
	FILE *f;

	/* /proc is mounted before anything optional is looked for. */
	f = fopen("/proc/filesystems", "re");
	if (!f)
		die("opening /proc/filesystems");
	while (!found && fgets(line, sizeof(line), f)) {
		const char *word = strrchr(line, '\t');

		found = word && sscanf(word, " %63s", name) == 1 && !strcmp(name, type);
	}
	fclose(f);
	return found;
}

void mount_root(void)
{
	char *overlay = getenv("lab_overlay"), *path, *save = NULL;

	/* Neither set nor of any length where the kernel has it built in. */
	for (path = overlay ? strtok_r(overlay, ",", &save) : NULL; path; path = strtok_r(NULL, ",", &save))
		if (module_load(path, "") < 0)
			die("loading %s", path);

	if (mount("tmpfs", STAGE, "tmpfs", 0, "mode=0755") < 0)
		die("mounting tmpfs at " STAGE);
	make_dir(STAGE "/upper");
	make_dir(STAGE "/work");
	if (mount("overlay", NEWROOT, "overlay", 0,
		  "lowerdir=/,upperdir=" STAGE "/upper,workdir=" STAGE "/work") < 0)
		die("mounting an overlay at " NEWROOT);

	if (chdir(NEWROOT) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
		die("moving to the new root");
}

/*
 * The lab's list of modules knows the driver's, too, and those of a kernel that is no package of the root's: it stands where
 * modprobe looks. A mount, as an overlay renames no directory of the root below.
 */
static void show_modules(void)
{
	const char *tree = getenv("lab_tree");
	char place[192], modules[320];
	struct utsname u;

	if (uname(&u) < 0)
		die("uname");
	snprintf(place, sizeof(place), "/lib/modules/%s", u.release);
	snprintf(modules, sizeof(modules), "%s/lib/modules/%s", tree ? tree : "", u.release);
	if (mkdir(place, 0755) < 0 && errno != EEXIST)
		warn_user("making %s", place);
	if (mount(modules, place, NULL, MS_BIND, NULL) < 0)
		warn_user("mounting %s at %s", modules, place);
}

void mount_all(void)
{
	size_t i;

	umask(022);
	for (i = 0; i < sizeof(filesystems) / sizeof(filesystems[0]); i++) {
		const struct fs *fs = &filesystems[i];

		if (fs->optional && !have_fs(fs->type))
			continue;
		/* sysfs has the directories of what is built in, and can't be given more. */
		if (strncmp(fs->dir, "/sys/", 5))
			make_dir(fs->dir);
		if (mount(fs->type, fs->dir, fs->type, fs->flags, fs->options) < 0)
			die("mounting %s at %s", fs->type, fs->dir);
	}

	if (symlink("/proc/self/fd", "/dev/fd") < 0 || symlink("/proc/self/fd/0", "/dev/stdin") < 0 ||
	    symlink("/proc/self/fd/1", "/dev/stdout") < 0 || symlink("/proc/self/fd/2", "/dev/stderr") < 0)
		warn_user("making /dev/fd and its friends");

	show_modules();
	make_dir(IO_DIR);
	if (mount("io", IO_DIR, "virtiofs", 0, NULL) < 0)
		die("mounting the run directory at " IO_DIR);
	if (!access(IO_DIR "/share", F_OK)) {
		make_dir("/mnt");
		make_dir("/mnt/share");
		if (mount(IO_DIR "/share", "/mnt/share", NULL, MS_BIND, NULL) < 0)
			die("mounting the shared directory at /mnt/share");
	}
}
