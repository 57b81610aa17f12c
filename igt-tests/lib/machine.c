// SPDX-License-Identifier: MIT
/*
 * From s2idle the machine wakes up by a key: QEMU presses and releases some, with a pause after each, so
 * that one of them comes when it sleeps, however long it took to fall asleep. The clock's alarm does not
 * do: QEMU raises its ACPI event in S3 alone. In S3 it does, and the time between keys stands still.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "igt.h"
#include "machine.h"
#include "memory.h"

#define PORTS		"/sys/class/virtio-ports"
#define KEYBOARD	"/sys/devices/platform/i8042/serio0/power/wakeup"
/* The bridge whose registers 0x40 to 0x47 say where ACPI's are. */
#define BRIDGE		"/sys/bus/pci/devices/0000:00:1f.0/config"
#define BRIDGE_ACPI	0x40

#define ALARM		"/sys/class/rtc/rtc0/wakealarm"
/* Falling asleep takes a tenth of this on an idle host. */
#define ALARM_SECONDS	"+5"

#define ANSWER_MS	20000
/* How often a suspend is tried again that a key has ended before it was complete. */
#define SUSPEND_TRIES	5

/* The monitor's port, which one process at a time may open; or -1. */
static int monitor_open(void)
{
	static int port = -1;
	char path[320], name[32];
	struct dirent *entry;
	DIR *dir = opendir(PORTS);

	while (dir && port < 0 && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), PORTS "/%s/name", entry->d_name);
		if (!file_read(path, name, sizeof(name)) || strncmp(name, "lab.monitor", 11))
			continue;
		snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		port = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	}
	if (dir)
		closedir(dir);
	return port;
}

/* One line, without its end. */
static void monitor_read(int fd, char *line, size_t size)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t used = 0;

	while (used + 1 < size) {
		ssize_t n = read(fd, line + used, 1);

		if (n == 1 && line[used] == '\n')
			break;
		if (n == 1)
			used++;
		else
			igt_assert_f(poll(&p, 1, ANSWER_MS) == 1, "the monitor does not answer\n");
	}
	line[used] = '\0';
}

/* True unless the answer is an error. Greeting and events, which may come at any time, are passed over. */
static bool monitor_ask(int fd, const char *command, const char *arguments)
{
	static unsigned int id;
	char line[4096], mark[32];

	snprintf(mark, sizeof(mark), "\"id\": \"igt-%d-%u\"", getpid(), ++id);
	snprintf(line, sizeof(line), "{\"execute\":\"%s\",%s,\"arguments\":{%s}}\n", command, mark,
		 arguments);
	igt_assert_eq(write(fd, line, strlen(line)), (ssize_t)strlen(line));
	do {
		monitor_read(fd, line, sizeof(line));
	} while (!strstr(line, mark));
	if (strstr(line, "\"error\""))
		igt_debug("monitor: %s: %s\n", command, line);
	return !strstr(line, "\"error\"");
}

/**
 * machine_require_monitor() - skip where QEMU cannot be asked for anything
 */
void machine_require_monitor(void)
{
	igt_require_f(monitor_open() >= 0, "no port lab.monitor: ./mirage vm wants --monitor\n");
}

/**
 * machine_monitor() - a command of QEMU's machine protocol, that must succeed
 * @command: its name
 * @arguments: members of a JSON object, or ""
 */
void machine_monitor(const char *command, const char *arguments)
{
	int fd = monitor_open();

	igt_assert_fd(fd);
	/* Refused when somebody has done it before. */
	monitor_ask(fd, "qmp_capabilities", "");
	igt_assert_f(monitor_ask(fd, command, arguments), "%s {%s} failed\n", command, arguments);
}

/* Keys that mean nothing to anybody: down at once, then another event every second, eight in all. */
static void press_keys(void)
{
	igt_assert(file_write(KEYBOARD, "enabled"));
	machine_monitor("send-key",
			"\"hold-time\":1000,\"keys\":["
			"{\"type\":\"qcode\",\"data\":\"shift\"},{\"type\":\"qcode\",\"data\":\"ctrl\"},"
			"{\"type\":\"qcode\",\"data\":\"alt\"},{\"type\":\"qcode\",\"data\":\"shift_r\"}]");
}

static void set_alarm(void)
{
	/* The one before, if it has not gone off. */
	igt_assert(file_write(ALARM, "0"));
	igt_assert(file_write(ALARM, ALARM_SECONDS));
}

static int state_write(const char *state)
{
	int fd = open("/sys/power/state", O_WRONLY | O_CLOEXEC);
	int ret = 0;

	igt_assert_fd(fd);
	if (write(fd, state, strlen(state)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/**
 * machine_require_suspend() - skip where the machine cannot sleep and wake up by itself
 */
void machine_require_suspend(void)
{
	igt_require_f(!access("/sys/power/mem_sleep", W_OK), "this kernel cannot suspend\n");
	machine_require_monitor();
}

/**
 * machine_try_suspend() - let the machine sleep, and wake up after a moment
 * @state: how deep
 * @test: how far it goes
 *
 * Return: 0, or what the kernel says why it does not
 */
int machine_try_suspend(enum igt_suspend_state state, enum igt_suspend_test test)
{
	static const char *const tests[] = { "none", "devices" };
	unsigned int tries = SUSPEND_TRIES;
	char acpi[8];
	int bridge;
	int ret;

	bridge = open(BRIDGE, O_RDWR | O_CLOEXEC);
	igt_assert_fd(bridge);
	igt_assert_eq(pread(bridge, acpi, sizeof(acpi), BRIDGE_ACPI), (ssize_t)sizeof(acpi));
	igt_assert(file_write("/sys/power/mem_sleep", "deep"));
	igt_assert(!access("/sys/power/pm_test", F_OK) ? file_write("/sys/power/pm_test", tests[test]) :
							 test == SUSPEND_TEST_NONE);
	do {
		if (test == SUSPEND_TEST_NONE && state == SUSPEND_STATE_MEM)
			set_alarm();
		else if (test == SUSPEND_TEST_NONE)
			press_keys();
		ret = state_write(state == SUSPEND_STATE_MEM ? "mem" : "freeze");
		/* QEMU's firmware forgets where ACPI's registers are, and the kernel trusts it. */
		igt_assert_eq(pwrite(bridge, acpi, sizeof(acpi), BRIDGE_ACPI), (ssize_t)sizeof(acpi));
	} while (ret == -EBUSY && --tries);
	close(bridge);
	return ret;
}

/**
 * igt_system_suspend_autoresume() - let the machine sleep, and wake up after a moment
 * @state: how deep
 * @test: how far it goes
 */
void igt_system_suspend_autoresume(enum igt_suspend_state state, enum igt_suspend_test test)
{
	int ret = machine_try_suspend(state, test);

	igt_assert_f(!ret, "suspend failed: %s\n", strerror(-ret));
}
