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
 * MIRAGE_BO_MAX_SIZE: size of the largest object, bytes. The array with the addresses of its pages
 * must stay below 2 GiB, where kvmalloc() begins to warn.
 */
#define MIRAGE_BO_MAX_SIZE	(1ull << 39)

/** MIRAGE_BO_LABEL_SIZE: size of a label with its terminating zero, bytes. */
#define MIRAGE_BO_LABEL_SIZE	64

/** enum mirage_bo_ttm_priority - TTM's priorities: the lower ones leave video memory first */
enum mirage_bo_ttm_priority {
	/** @MIRAGE_BO_TTM_DONTNEED: its content may be dropped */
	MIRAGE_BO_TTM_DONTNEED = 0,
	/** @MIRAGE_BO_TTM_LOW: DRM_MIRAGE_BO_PRIORITY_LOW */
	MIRAGE_BO_TTM_LOW = 1,
	/** @MIRAGE_BO_TTM_NORMAL: DRM_MIRAGE_BO_PRIORITY_NORMAL */
	MIRAGE_BO_TTM_NORMAL = 2,
	/**
	 * @MIRAGE_BO_TTM_HIGH: DRM_MIRAGE_BO_PRIORITY_HIGH, and objects that the kernel displays
	 */
	MIRAGE_BO_TTM_HIGH = 3,
};

/**
 * struct mirage_bo_ops - overrides for objects whose memory TTM does not manage
 */
struct mirage_bo_ops {
	/**
	 * @free: frees an object without references; called in any context that reclaim does not
	 * wait for
	 */
	void (*free)(struct mirage_bo *bo);
	/** @is_resident: implements mirage_bo_is_resident() */
	bool (*is_resident)(const struct mirage_bo *bo);
};

/**
 * struct mirage_bo - a buffer object: created by BO_CREATE, a userptr, or imported
 *
 * "resv" is the object's dma_resv, which for a private object is the address space's. It protects
 * all of @base too.
 */
struct mirage_bo {
	/** @base: TTM's object, whose base is the GEM object */
	struct ttm_buffer_object base;
	/** @placement: allowed DRM_MIRAGE_PLACEMENT_*; constant */
	u32 placement;
	/** @flags: DRM_MIRAGE_BO_*; constant */
	u32 flags;
	/** @priority: its TTM priority while the content is needed; constant */
	unsigned int priority;
	/**
	 * @vm: address space of a private object, for comparison only (no reference); else NULL;
	 * constant
	 */
	const struct mirage_vm *vm;
	/** @userptr: state of a userptr object; else NULL; constant */
	struct mirage_userptr *userptr;
	/** @ops: overrides of an object with @userptr, else NULL; constant */
	const struct mirage_bo_ops *ops;
	/** @imported: the imported dma-buf, a reference; else NULL; constant */
	struct dma_buf *imported;
	/**
	 * @exported: the object's own dma-buf, until its release, without a reference. Protected by
	 * resv.
	 */
	struct dma_buf *exported;
	/**
	 * @nr_no_p2p: attachments to @exported that cannot reach video memory. Protected by
	 * resv.
	 */
	unsigned int nr_no_p2p;
	/** @kept: pinned for importers, since the device has gone. Protected by resv. */
	bool kept;
	/**
	 * @peer: @imported is in video memory of another device of this driver. Protected by
	 * resv.
	 */
	bool peer;
	/** @prime_node: in mirage_prime.bos. Protected by mirage_prime.lock. */
	struct list_head prime_node;
	/** @advice: user space's advice about the content. Protected by resv. */
	enum drm_mirage_bo_advice advice;
	/** @purged: the content is gone for good. Protected by resv. */
	bool purged;
	/**
	 * @moved: fence of the last move or zeroing, until it is known to have succeeded; or NULL.
	 * Protected by resv; mirage_bo_has_failed() reads it without.
	 */
	struct dma_fence *moved;
	/** @moves: number of times the content was moved. Protected by resv. */
	u64 moves;
	/** @label: for debugfs, "" for none. Protected by mirage_device.bo_lock. */
	char label[MIRAGE_BO_LABEL_SIZE];
	/** @node: in mirage_device.bos. Protected by mirage_device.bo_lock. */
	struct list_head node;
	/** @resv_obj: owner of a private object's shared resv, a reference; else NULL; constant */
	struct drm_gem_object *resv_obj;
	/** @tgid: process that created it, for debugfs; constant */
	pid_t tgid;
	/** @comm: that process's name at creation; constant */
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

/* Creation. */
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

/* Placement. resv held. */
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
