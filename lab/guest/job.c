// SPDX-License-Identifier: MIT
/*
 * The one command that a guest is booted for.
 *
 * Standard output and error are pipes that this process copies into two files of the host's run directory, where the
 * host follows them as they grow. The files themselves are not handed to the command: it could truncate them by opening
 * /dev/stderr, as many scripts do. Rejected: virtio-serial ports for output; the guest spins with a lock held while the
 * host's reader is slow, and `./mirage vm -- dmesg | less` would end in a soft lockup.
 *
 * Standard input is a virtio-serial port where the caller has one to offer; there the slow side is the guest, and
 * waiting is harmless. With a terminal at the caller, all three are the machine's second serial port.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "guest.h"

#define TTY	"/dev/ttyS1"
/* Where the lab installs what it has built (lab/build.sh). */
#define BUILT	"/mirage/build/usr"

/* How a stream of the command reaches the host. */
struct stream {
	int from;	/* read end of the command's pipe; -1 once it is closed */
	int to;		/* the host's file */
};

static char *const shell[] = { "/bin/bash", "-l", NULL };

/* Split NUL-separated words into an argument vector; the words are used in place. */
static char *const *argv_read(void)
{
	size_t size, i, n = 0;
	char **argv, *words;

	words = slurp(IO_DIR "/argv", &size);
	if (!words || !size)
		return shell;

	for (i = 0; i < size; i++)
		n += !words[i];
	argv = calloc(n + 1, sizeof(*argv));
	if (!argv)
		die("reading the command");
	for (i = 0; i < n; i++, words += strlen(words) + 1)
		argv[i] = words;
	return argv;
}

/* IO_DIR/env: NUL-separated NAME=VALUE pairs for the command. */
static void env_read(void)
{
	size_t size, at;
	char *words;

	/* Programs find what was built as if it were installed, as in the lab. */
	setenv("PATH", BUILT "/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("PKG_CONFIG_PATH", BUILT "/lib/pkgconfig", 1);
	setenv("LD_LIBRARY_PATH", BUILT "/lib", 1);
	setenv("HOME", "/root", 1);
	setenv("LANG", "C.UTF-8", 1);
	/* The kernel's log here is this machine's alone. */
	setenv("IGT_KMSG", "/dev/kmsg", 1);
	unsetenv("BOOT_IMAGE");
	unsetenv("lab_overlay");
	unsetenv("lab_tree");

	words = slurp(IO_DIR "/env", &size);
	for (at = 0; words && at < size; at += strlen(words + at) + 1)
		if (putenv(words + at))
			die("setting the environment");
}

/* The port is announced by a message of its own after the device: it may come a moment later than this process. */
static int stdin_port(void)
{
	char path[300], *name;
	int tries, fd = -1;
	struct dirent *d;
	size_t size;
	DIR *dir;

	if (access(IO_DIR "/stdin", F_OK))
		return open("/dev/null", O_RDONLY | O_CLOEXEC);

	for (tries = 0; fd < 0 && tries < 1000; tries++) {
		if (tries)
			poll(NULL, 0, 10);
		dir = opendir("/sys/class/virtio-ports");
		while (fd < 0 && dir && (d = readdir(dir))) {
			snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", d->d_name);
			name = slurp(path, &size);
			if (name && !strcmp(name, "lab.stdin\n")) {
				snprintf(path, sizeof(path), "/dev/%s", d->d_name);
				fd = open(path, O_RDONLY | O_CLOEXEC);
			}
			free(name);
		}
		if (dir)
			closedir(dir);
	}
	if (fd < 0)
		die("opening the port for standard input");
	return fd;
}

static pid_t spawn(char *const *argv, int in, int out, int err, bool tty)
{
	pid_t pid = fork();
	sigset_t none;

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;

	setsid();
	if (tty && ioctl(in, TIOCSCTTY, 0) < 0)
		warn_user("taking the terminal");
	dup2(in, 0);
	dup2(out, 1);
	dup2(err, 2);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (chdir("/root") < 0)
		warn_user("chdir /root");
	execvp(argv[0], argv);

	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Process 1 inherits every orphan. Only the end of @pid matters; true once it is there, with its status. */
static bool reap(pid_t pid, int *status)
{
	bool ended = false;
	pid_t p;
	int ws;

	while ((p = waitpid(-1, &ws, WNOHANG)) > 0) {
		if (p != pid)
			continue;
		*status = WIFSIGNALED(ws) ? 128 + WTERMSIG(ws) : WEXITSTATUS(ws);
		ended = true;
	}
	return ended;
}

/* Copy what there is; false where there was nothing (more). */
static bool stream_copy(struct stream *s)
{
	static char buf[65536];
	ssize_t n, w, done;

	n = read(s->from, buf, sizeof(buf));
	if (n < 0)
		return errno == EINTR;
	if (!n) {
		close(s->from);
		s->from = -1;
		return false;
	}
	for (done = 0; done < n; done += w) {
		w = write(s->to, buf + done, n - done);
		if (w < 0)
			die("writing the command's output to the host");
	}
	return true;
}

static void stream_open(struct stream *s, const char *file, int *child)
{
	int pipefd[2];

	if (pipe2(pipefd, O_CLOEXEC) < 0)
		die("pipe");
	fcntl(pipefd[0], F_SETFL, O_NONBLOCK);
	s->from = pipefd[0];
	*child = pipefd[1];
	s->to = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (s->to < 0)
		die("opening %s", file);
}

static int run_piped(char *const *argv, int sigfd)
{
	struct signalfd_siginfo si;
	struct stream out, err;
	int in, childout, childerr, status = 0;
	bool ended = false;
	pid_t pid;

	in = stdin_port();
	if (in < 0)
		die("opening standard input");
	stream_open(&out, IO_DIR "/stdout", &childout);
	stream_open(&err, IO_DIR "/stderr", &childerr);
	pid = spawn(argv, in, childout, childerr, false);
	close(in);
	close(childout);
	close(childerr);

	/* Until the command ends, not until its pipes close: what it left in the background may hold them for ever. */
	while (!ended) {
		struct pollfd p[3] = {
			{ .fd = sigfd, .events = POLLIN },
			{ .fd = out.from, .events = POLLIN },
			{ .fd = err.from, .events = POLLIN },
		};

		if (poll(p, 3, -1) < 0 && errno != EINTR)
			die("poll");
		if (p[1].revents)
			stream_copy(&out);
		if (p[2].revents)
			stream_copy(&err);
		if (p[0].revents && read(sigfd, &si, sizeof(si)) > 0)
			ended = reap(pid, &status);
	}

	while (out.from >= 0 && stream_copy(&out))
		;
	while (err.from >= 0 && stream_copy(&err))
		;
	close(out.to);
	close(err.to);
	return status;
}

static int run_on_tty(char *const *argv, int sigfd)
{
	struct signalfd_siginfo si;
	unsigned short rows, cols;
	struct winsize ws = { 0 };
	int fd, status = 0;
	size_t size;
	char *spec;
	pid_t pid;

	fd = open(TTY, O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		die("opening " TTY);
	spec = slurp(IO_DIR "/tty", &size);
	if (spec && sscanf(spec, "%hu %hu", &rows, &cols) == 2) {
		ws.ws_row = rows;
		ws.ws_col = cols;
		ioctl(fd, TIOCSWINSZ, &ws);
	}
	free(spec);

	/* From here on Ctrl-C is the command's: the host stops to take it for its own. */
	close(open(IO_DIR "/started", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	pid = spawn(argv, fd, fd, fd, true);
	while (read(sigfd, &si, sizeof(si)) > 0 && !reap(pid, &status))
		;
	tcdrain(fd);
	close(fd);
	return status;
}

int job_run(void)
{
	char *const *argv = argv_read();
	sigset_t chld;
	int sigfd;

	env_read();
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	sigfd = signalfd(-1, &chld, SFD_CLOEXEC);
	if (sigfd < 0)
		die("signalfd");

	return access(IO_DIR "/tty", F_OK) ? run_piped(argv, sigfd) : run_on_tty(argv, sigfd);
}
