/* SPDX-License-Identifier: GPL-2.0 */
/* Fault injection: the device's TEST unit as files. */
#ifndef MIRAGE_INJECT_H
#define MIRAGE_INJECT_H

struct dentry;
struct mirage_device;

void mirage_inject_init(struct mirage_device *mdev, struct dentry *root);

#endif /* MIRAGE_INJECT_H */
