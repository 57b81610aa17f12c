/* SPDX-License-Identifier: GPL-2.0 */
/* Debugfs files. */
#ifndef MIRAGE_DEBUGFS_H
#define MIRAGE_DEBUGFS_H

struct drm_minor;

void mirage_debugfs_init(struct drm_minor *minor);

#endif /* MIRAGE_DEBUGFS_H */
