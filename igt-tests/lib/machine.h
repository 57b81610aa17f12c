/* SPDX-License-Identifier: MIT */
/*
 * Falling asleep and waking up, with the lab's help. The names are IGT's.
 */
#ifndef MACHINE_H
#define MACHINE_H

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
int machine_try_devices(void);
void machine_require_suspend(void);

#endif /* MACHINE_H */
