/* SPDX-License-Identifier: GPL-2.0 */
/* GPU address spaces: creation, teardown and ownership. */
#ifndef MIRAGE_SPACE_H
#define MIRAGE_SPACE_H

#include "mmu/vm.h"

struct drm_printer;
struct hmm_mirror_ops;

struct mirage_vm *mirage_vm_create(struct mirage_device *mdev, const struct hmm_mirror_ops *svm);
int mirage_vm_claim(struct mirage_vm *vm);
void mirage_vm_unplug_all(struct mirage_device *mdev);

int mirage_vm_query_pages(struct mirage_vm *vm, u64 addr, unsigned int npages, u8 *pages);
void mirage_vm_dump(struct mirage_vm *vm, struct drm_printer *p);

/* vm/walk.c */
void mirage_walk_query(struct mirage_vm *vm, u64 addr, unsigned int npages, u8 *pages);
void mirage_walk_dump(struct mirage_vm *vm, struct drm_printer *p);

#endif /* MIRAGE_SPACE_H */
