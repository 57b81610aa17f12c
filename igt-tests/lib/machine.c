// SPDX-License-Identifier: MIT
/*
 * A machine that sleeps does nothing, so the lab wakes it up. The lab looks at a file, and while that says so
 * it presses a key now and then, with growing pauses: a key that comes too early ends the attempt (-EBUSY), and
 * one that comes later finds the machine asleep, however long it took to fall asleep.
 *
 * Rejected: the clock's alarm, and keys ordered beforehand: on a loaded host all of them may come before the machine sleeps,
 * and then nobody wakes it up.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "igt.h"
#include "machine.h"
#include "memory.h"

/* The lab's file: 0, or else a word for each time that the machine is to be woken up. */
#define WAKE		"/run/lab/wake"
#define KEYBOARD	"/sys/devices/platform/i8042/serio0/power/wakeup"
/* The bridge whose registers 0x40 to 0x47 say where ACPI's are. */
#define BRIDGE		"/sys/bus/pci/devices/0000:00:1f.0/config"
#define BRIDGE_ACPI	0x40

/* Attempts at a suspend that keys end: the pauses between them have grown to half a minute by then. */
#define SUSPEND_TRIES	30

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

static void set_depth(enum igt_suspend_test test)
{
	static const char *const tests[] = { "none", "devices" };

	igt_assert(file_write("/sys/power/mem_sleep", "deep"));
	igt_assert(!access("/sys/power/pm_test", F_OK) ? file_write("/sys/power/pm_test", tests[test]) :
							 test == SUSPEND_TEST_NONE);
}

/**
 * machine_try_devices() - have the devices fall asleep and wake up, if none refuses
 *
 * Return: 0, or a negative errno
 */
int machine_try_devices(void)
{
	set_depth(SUSPEND_TEST_DEVICES);
	return state_write("freeze");
}

/**
 * machine_require_suspend() - skip where the machine cannot sleep and wake up by itself
 */
void machine_require_suspend(void)
{
	igt_require_f(!access("/sys/power/mem_sleep", W_OK), "this kernel cannot suspend\n");
	igt_require_f(!access(WAKE, W_OK), "nobody wakes this machine up\n");
}

/**
 * igt_system_suspend_autoresume() - let the machine sleep, and wake up after a moment
 * @state: how deep
 * @test: how far it goes
 */
void igt_system_suspend_autoresume(enum igt_suspend_state state, enum igt_suspend_test test)
{
	static unsigned int nights;
	unsigned int tries = SUSPEND_TRIES;
	char acpi[8], word[32];
	int bridge;
	int ret;

	bridge = open(BRIDGE, O_RDWR | O_CLOEXEC);
	igt_assert_fd(bridge);
	igt_assert_eq(pread(bridge, acpi, sizeof(acpi), BRIDGE_ACPI), (ssize_t)sizeof(acpi));
	set_depth(test);
	igt_assert(file_write(KEYBOARD, "enabled"));
	if (test == SUSPEND_TEST_NONE) {
		snprintf(word, sizeof(word), "%d-%u", getpid(), ++nights);
		igt_assert(file_write(WAKE, word));
	}
	do {
		ret = state_write(state == SUSPEND_STATE_MEM ? "mem" : "freeze");
		/* QEMU's firmware forgets where ACPI's registers are, and the kernel trusts it. */
		igt_assert_eq(pwrite(bridge, acpi, sizeof(acpi), BRIDGE_ACPI), (ssize_t)sizeof(acpi));
	} while (ret == -EBUSY && --tries);
	igt_assert(file_write(WAKE, "0"));
	close(bridge);
	igt_assert_f(!ret, "suspend failed: %s\n", strerror(-ret));
}
