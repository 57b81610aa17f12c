/* SPDX-License-Identifier: MIT */
/*
 * What only the machine can do: sleep and wake up, and have its devices plugged.
 *
 * The lab's machine has a port at which QEMU's monitor is found (./mirage vm --monitor; ./mirage test
 * has it). The names of suspending are IGT's.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>

enum igt_suspend_state {
	SUSPEND_STATE_FREEZE,	/* s2idle */
	SUSPEND_STATE_MEM,	/* S3 */
	SUSPEND_STATE_NUM,
};

/* How far it goes before it turns back (/sys/power/pm_test). */
enum igt_suspend_test {
	SUSPEND_TEST_NONE,
	SUSPEND_TEST_DEVICES,
	SUSPEND_TEST_NUM,
};

void igt_system_suspend_autoresume(enum igt_suspend_state state, enum igt_suspend_test test);
int machine_try_suspend(enum igt_suspend_state state, enum igt_suspend_test test);
void machine_require_suspend(void);

void machine_require_monitor(void);
void machine_monitor(const char *command, const char *arguments);

#endif /* MACHINE_H */
