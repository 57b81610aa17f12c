/* SPDX-License-Identifier: GPL-2.0 */
/* Queues while the device has no power. */
#ifndef MIRAGE_CONTEXT_H
#define MIRAGE_CONTEXT_H

#include <linux/types.h>

struct mirage_device;

int mirage_contexts_init(struct mirage_device *mdev);
int mirage_contexts_save(struct mirage_device *mdev);
void mirage_contexts_restore(struct mirage_device *mdev, bool restarted);
void mirage_contexts_fini(struct mirage_device *mdev);

#endif /* MIRAGE_CONTEXT_H */
