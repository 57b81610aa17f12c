// SPDX-License-Identifier: MIT
/*
 * The guest's first process.
 *
 * A distribution's boot takes a minute and a half under emulation; a test run wants its command started as soon as the
 * kernel can run one. So process 1 is this program: it puts a writable overlay above the read-only root, mounts what
 * programs expect, loads the modules it is told to, runs one command, leaves the exit status for the host, and powers
 * the machine off. It is one static binary because each process started from the shared root costs tens of milliseconds
 * here: a shell script doing the same takes three times as long.
 *
 * Rejected: systemd or a busybox initramfs (slower, and a second user space to keep); the command's output on the
 * console (it would mix with the kernel's messages, which are checked).
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest.h"

static void say(const char *fmt, va_list ap, int err)
{
	char line[512];
	int n, fd;

	n = vsnprintf(line, sizeof(line) - 64, fmt, ap);
	if (n > (int)sizeof(line) - 65)
		n = sizeof(line) - 65;
	n += snprintf(line + n, sizeof(line) - n, ": %s\n", strerror(err));

	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		fd = open("/dev/console", O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return;
	dprintf(fd, "mirage-lab: %.*s", n, line);
	close(fd);
}

void warn_user(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap, err);
	va_end(ap);
}

void die(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap, err);
	va_end(ap);

	reboot(RB_POWER_OFF);
	_exit(1);
}

char *slurp(const char *path, size_t *size)
{
	size_t room = 4096, used = 0;
	char *data = NULL;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;

	for (;;) {
		char *grown = realloc(data, room + 1);
		ssize_t n;

		if (!grown)
			die("reading %s", path);
		data = grown;

		n = read(fd, data + used, room - used);
		if (n < 0)
			die("reading %s", path);
		if (!n)
			break;
		used += n;
		if (used == room)
			room *= 2;
	}
	close(fd);

	data[used] = '\0';
	*size = used;
	return data;
}

static void loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr) < 0)
		warn_user("bringing up the loopback interface");
	if (fd >= 0)
		close(fd);
}

/* The rename makes the status appear whole or not at all: the host takes its presence as "the command ended". */
static void leave_status(int status)
{
	int fd = open(IO_DIR "/status.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || dprintf(fd, "%d\n", status) < 0 || close(fd) < 0 ||
	    rename(IO_DIR "/status.new", IO_DIR "/status") < 0)
		die("leaving the exit status for the host");
}

int main(void)
{
	int status;

	if (getpid() != 1) {
		fprintf(stderr, "init: only the guest's kernel can start this program\n");
		return 2;
	}

	mount_root();
	mount_all();
	loopback_up();
	if (sethostname("mirage", 6) < 0)
		warn_user("setting the host name");

	if (modules_load() < 0) {
		/* The host tells these two apart by the file; the log has the reason. */
		close(open(IO_DIR "/no-driver", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
		status = 125;
	} else {
		status = job_run();
	}
	leave_status(status);

	kill(-1, SIGKILL);
	sync();
	umount2("/mnt/share", MNT_DETACH);
	umount2(IO_DIR, MNT_DETACH);
	reboot(RB_POWER_OFF);
	return 1;
}
