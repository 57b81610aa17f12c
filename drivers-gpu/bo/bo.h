/* SPDX-License-Identifier: GPL-2.0 */
/* Buffer objects. */
#ifndef MIRAGE_BO_H
#define MIRAGE_BO_H

#include <linux/sched.h>
#include <linux/types.h>

#include <drm/drm_gem.h>
#include <drm/mirage_drm.h>
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_placement.h>

struct dma_buf;
struct dma_fence;
struct drm_device;
struct mirage_bo;
struct mirage_device;
struct mirage_userptr;
struct mirage_vm;

/**
 * MIRAGE_BO_MAX_SIZE: bytes of the largest object. Addresses of pages are kept one by one, in an array that
 * kvmalloc() still gives without a warning: less than 2 GiB.
 */
#define MIRAGE_BO_MAX_SIZE	(1ull << 39)

/** MIRAGE_BO_LABEL_SIZE: bytes of a label with its terminating zero. */
#define MIRAGE_BO_LABEL_SIZE	64

/** enum mirage_bo_ttm_priority - TTM's priorities: the lower ones leave video memory first */
enum mirage_bo_ttm_priority {
	/** @MIRAGE_BO_TTM_DONTNEED: its content may be dropped */
	MIRAGE_BO_TTM_DONTNEED = 0,
	/** @MIRAGE_BO_TTM_LOW: DRM_MIRAGE_BO_PRIORITY_LOW */
	MIRAGE_BO_TTM_LOW = 1,
	/** @MIRAGE_BO_TTM_NORMAL: DRM_MIRAGE_BO_PRIORITY_NORMAL */
	MIRAGE_BO_TTM_NORMAL = 2,
	/** @MIRAGE_BO_TTM_HIGH: DRM_MIRAGE_BO_PRIORITY_HIGH, and what the kernel shows */
	MIRAGE_BO_TTM_HIGH = 3,
};

/**
 * struct mirage_bo_ops - what is done in another way where TTM does not have the memory
 */
struct mirage_bo_ops {
	/** @free: ends an object without references; any context that reclaim does not wait for */
	void (*free)(struct mirage_bo *bo);
	/** @is_resident: mirage_bo_is_resident() */
	bool (*is_resident)(const struct mirage_bo *bo);
};

/**
 * struct mirage_bo - one buffer object: made by BO_CREATE, over memory of a process, or imported
 *
 * All of @base and what "resv" is said to protect: the object's dma_resv, which is the
 * address space's for a private one.
 */
struct mirage_bo {
	/** @base: TTM's part, whose base is the GEM object */
	struct ttm_buffer_object base;
	/** @placement: DRM_MIRAGE_PLACEMENT_* it may have; constant */
	u32 placement;
	/** @flags: DRM_MIRAGE_BO_*; constant */
	u32 flags;
	/** @priority: TTM's, while its content is needed; constant */
	unsigned int priority;
	/**
	 * @vm: of a private object its address space, for comparison only (no reference); else
	 * NULL; constant
	 */
	const struct mirage_vm *vm;
	/** @userptr: memory of a process that this object is; else NULL; constant */
	struct mirage_userptr *userptr;
	/** @ops: of an object with @userptr, else NULL; constant */
	const struct mirage_bo_ops *ops;
	/** @imported: the dma-buf that this object is, a reference; else NULL; constant */
	struct dma_buf *imported;
	/**
	 * @exported: the dma-buf made of this object, until its release, without a reference.
	 * Protected by resv.
	 */
	struct dma_buf *exported;
	/**
	 * @far_importers: those attached to @exported who do not reach video memory. Protected
	 * by resv.
	 */
	unsigned int far_importers;
	/** @kept: pinned for importers, as the device has gone. Protected by resv. */
	bool kept;
	/**
	 * @peer: @imported is in video memory of another device of this driver. Protected by
	 * resv.
	 */
	bool peer;
	/** @prime_node: in mirage_prime.bos. Protected by mirage_prime.lock. */
	struct list_head prime_node;
	/** @advice: what user space said of the content. Protected by resv. */
	enum drm_mirage_bo_advice advice;
	/** @purged: the content is gone for good. Protected by resv. */
	bool purged;
	/**
	 * @moved: of the last move or zeroing, until it was seen to be without error; or NULL.
	 * Protected by resv; mirage_bo_has_failed() looks without it.
	 */
	struct dma_fence *moved;
	/** @moves: times the content was moved. Protected by resv. */
	u64 moves;
	/** @label: for debugfs, "" for none. Protected by mirage_device.bo_lock. */
	char label[MIRAGE_BO_LABEL_SIZE];
	/** @node: in mirage_device.bos. Protected by mirage_device.bo_lock. */
	struct list_head node;
	/** @resv_obj: whose resv a private object shares, a reference; else NULL; constant */
	struct drm_gem_object *resv_obj;
	/** @tgid: process that made it, for debugfs; constant */
	pid_t tgid;
	/** @comm: its name then; constant */
	char comm[TASK_COMM_LEN];
};

extern const struct vm_operations_struct mirage_bo_vm_ops;

static inline struct mirage_bo *to_mirage_bo(struct ttm_buffer_object *base)
{
	return container_of(base, struct mirage_bo, base);
}

static inline struct mirage_bo *gem_to_mirage_bo(struct drm_gem_object *gem)
{
	return container_of(gem, struct mirage_bo, base.base);
}

/**
 * struct mirage_bo_run - a piece of an object that is contiguous for the device
 */
struct mirage_bo_run {
	/** @addr: bus address, or offset into VRAM */
	u64 addr;
	/** @npages: 4 KiB pages */
	unsigned long npages;
	/** @pte: MIRAGE_PTE_SYSTEM or 0 */
	u64 pte;
};

/* Making one. */
struct mirage_bo *mirage_bo_create(struct mirage_device *mdev, u64 size, u32 placement, u32 flags,
				   unsigned int priority, const struct mirage_vm *vm,
				   struct drm_gem_object *resv_obj);
struct mirage_bo *mirage_bo_alloc(struct mirage_device *mdev, u64 size, u32 placement, u32 flags);
int mirage_bo_init(struct mirage_bo *bo, enum ttm_bo_type type, struct sg_table *sg,
		   struct dma_resv *resv);
void mirage_bo_destroy(struct ttm_buffer_object *base);

static inline bool mirage_bo_is_ours(const struct ttm_buffer_object *base)
{
	return base->destroy == mirage_bo_destroy;
}

/* Placing one. resv held. */
int mirage_bo_validate(struct mirage_bo *bo, struct ttm_operation_ctx *ctx);
int mirage_bo_validate_in(struct mirage_bo *bo, u32 placement, struct ttm_operation_ctx *ctx);
bool mirage_bo_has_memory(const struct mirage_bo *bo);
bool mirage_bo_is_resident(const struct mirage_bo *bo);
bool mirage_bo_is_lost(struct mirage_bo *bo);
bool mirage_bo_has_failed(const struct mirage_bo *bo);
u32 mirage_bo_location(const struct mirage_bo *bo);
void mirage_bo_find_run(const struct mirage_bo *bo, unsigned long page, unsigned long max,
			struct mirage_bo_run *run);

int mirage_bo_mmap(struct drm_gem_object *gem, struct vm_area_struct *vma);

#endif /* MIRAGE_BO_H */
