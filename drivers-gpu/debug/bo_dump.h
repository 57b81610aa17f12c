/* SPDX-License-Identifier: GPL-2.0 */
/* Dumps of buffer objects and of video memory, for debugging. */
#ifndef MIRAGE_BO_DUMP_H
#define MIRAGE_BO_DUMP_H

struct drm_printer;
struct mirage_device;

void mirage_bo_dump(struct mirage_device *mdev, struct drm_printer *p);
int mirage_vram_dump(struct mirage_device *mdev, struct drm_printer *p);

#endif /* MIRAGE_BO_DUMP_H */
