/* SPDX-License-Identifier: GPL-2.0 */
/* Fault service of an address space. */
#ifndef MIRAGE_SERVICE_H
#define MIRAGE_SERVICE_H

#include <linux/types.h>

struct mirage_device;
struct mirage_fault;
struct mirage_vm;

/**
 * MIRAGE_VM_PENDING: maximum number of pending faults of one VM; others are dropped, and their
 * accesses fault again. Room for all 64 waves of a channel with a page for each of their 32 lanes.
 */
#define MIRAGE_VM_PENDING	2048

int mirage_service_init(struct mirage_vm *vm);
int mirage_service_prepare(struct mirage_vm *vm);
void mirage_service_fini(struct mirage_vm *vm);
void mirage_service_distribute(struct mirage_device *mdev, struct mirage_fault *faults,
			       unsigned int count);
bool mirage_service_is_busy(struct mirage_vm *vm);
void mirage_service_replay(struct mirage_vm *vm);

#endif /* MIRAGE_SERVICE_H */
