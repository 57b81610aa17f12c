/* SPDX-License-Identifier: GPL-2.0 */
/* Files for those who look into a running driver. */
#ifndef MIRAGE_DEBUGFS_H
#define MIRAGE_DEBUGFS_H

struct drm_minor;

void mirage_debugfs_init(struct drm_minor *minor);

#endif /* MIRAGE_DEBUGFS_H */
