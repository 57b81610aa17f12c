/* SPDX-License-Identifier: GPL-2.0 */
/* VM_BIND mappings: the VM_BIND range of an address space. */
#ifndef MIRAGE_GPUVM_H
#define MIRAGE_GPUVM_H

#include <linux/types.h>

#include <drm/drm_exec.h>
#include <drm/drm_gpuvm.h>

#include <hw/pte.h>

struct dma_fence;
struct dma_resv;
struct drm_printer;
struct drm_sched_job;
struct mirage_bo;
struct mirage_vm;

int mirage_gpuvm_init(struct mirage_vm *vm);
void mirage_gpuvm_fini(struct mirage_vm *vm);
void mirage_gpuvm_unplug(struct mirage_vm *vm);
void mirage_gpuvm_module_exit(void);
struct dma_resv *mirage_gpuvm_resv(struct mirage_vm *vm);
struct drm_gem_object *mirage_gpuvm_resv_obj(struct mirage_vm *vm);

/*
 * For moves of objects: take the object's pages out of every address space and wait until the
 * device uses none of them, before its memory changes. Its resv is held (not for a userptr), and
 * all fences in it have signalled.
 */
void mirage_gpuvm_evict_bo(struct mirage_bo *bo);

/*
 * For fault service: make the object bound at @addr resident and mapped. 0, -EFAULT nothing is
 * bound or the access is not allowed, -ENOMEM, -EINTR. May sleep for long; takes resv locks.
 */
int mirage_gpuvm_serve(struct mirage_vm *vm, u64 addr, enum mirage_access access);

/*
 * For jobs of NO_FAULT queues: between _begin() and _end() all objects that the VM maps are locked,
 * resident and mapped; _end() takes the job's fence, or NULL if the job was not armed.
 */
struct mirage_gpuvm_exec;
struct mirage_gpuvm_exec *mirage_gpuvm_exec_begin(struct mirage_vm *vm, struct drm_sched_job *job);
void mirage_gpuvm_exec_end(struct mirage_gpuvm_exec *exec, struct dma_fence *fence);

void mirage_gpuvm_dump(struct mirage_vm *vm, struct drm_printer *p);

#endif /* MIRAGE_GPUVM_H */
