/* SPDX-License-Identifier: GPL-2.0 */
/* /proc/PID/fdinfo of an open file. */
#ifndef MIRAGE_FDINFO_H
#define MIRAGE_FDINFO_H

struct drm_file;
struct drm_printer;

void mirage_fdinfo_show(struct drm_printer *p, struct drm_file *file);

#endif /* MIRAGE_FDINFO_H */
