/* SPDX-License-Identifier: GPL-2.0 */
/* The engine, and channels that do not yield it. */
#ifndef MIRAGE_ENGINE_H
#define MIRAGE_ENGINE_H

#include <linux/types.h>

struct mirage_device;

void mirage_engine_drop(struct mirage_device *mdev, u32 chan);
int mirage_engine_wait(struct mirage_device *mdev, u64 seqno);

#endif /* MIRAGE_ENGINE_H */
