/* SPDX-License-Identifier: MIT */
/*
 * libmirage: the mirage DRM driver's interface as C functions.
 *
 * It adds names, not policy: each function is one ioctl, or a few that always
 * belong together, and everything the kernel can refuse is passed on. Tests, the
 * demo and Mesa share it, so that the uapi has one reader of its rules.
 *
 * Functions that can fail return 0 or a negative errno, exactly the kernel's.
 * Interrupted calls are repeated. Nothing is printed and nothing is global, so any
 * thread may call anything; a struct mirage_ib belongs to one thread at a time.
 *
 * Each wait ends at a deadline: a point on CLOCK_MONOTONIC in nanoseconds, as the kernel has it.
 * mirage_deadline() makes one, MIRAGE_FOREVER is none, and with one in the past, such as 0, a wait only looks.
 *
 * A GPU address is a pointer of this process; packets, descriptors, code and data
 * may lie in any memory it has.
 */
#ifndef MIRAGE_H
#define MIRAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <drm/mirage_drm.h>

#include <hw/packets.h>

#if defined(__cplusplus)
extern "C" {
#endif

/** MIRAGE_FOREVER: a deadline that never comes. */
#define MIRAGE_FOREVER		INT64_MAX

/* ---- device (device.c) ---- */

/**
 * struct mirage - an open render node
 */
struct mirage {
	/** @fd: file descriptor, close-on-exec */
	int fd;
	/** @node: path of the node that was opened */
	char node[64];
};

/**
 * struct mirage_node - a mirage GPU that could be opened
 */
struct mirage_node {
	/** @path: of its render node */
	char path[64];
	/** @pci: its address, such as "0000:00:04.0"; "" if it is on another bus */
	char pci[32];
};

int mirage_list(struct mirage_node *nodes, uint32_t *count);
int mirage_open(struct mirage *gpu);
int mirage_open_node(struct mirage *gpu, const char *path);
void mirage_close(struct mirage *gpu);

int mirage_ioctl(const struct mirage *gpu, unsigned long request, void *arg);
int mirage_query(const struct mirage *gpu, enum drm_mirage_param param, uint32_t index,
		 uint64_t *value, enum drm_mirage_reason *reason);
int mirage_counter(const struct mirage *gpu, unsigned int reg, uint64_t *value);
int64_t mirage_deadline(int64_t ms);

/* ---- address spaces (vm.c) ---- */

int mirage_vm_create(const struct mirage *gpu, uint32_t *vm);
int mirage_vm_create_with(const struct mirage *gpu, uint32_t flags, uint32_t *vm);
int mirage_vm_destroy(const struct mirage *gpu, uint32_t vm);
int mirage_vm_stats(const struct mirage *gpu, uint32_t vm, uint64_t values[DRM_MIRAGE_STAT_COUNT]);
int mirage_vm_faults(const struct mirage *gpu, uint32_t vm, struct drm_mirage_fault *faults,
		     uint32_t *count);
int mirage_vm_fault_places(const struct mirage *gpu, uint32_t vm, struct drm_mirage_fault *faults,
			   struct drm_mirage_place *places, uint32_t *count);
int mirage_svm_query(const struct mirage *gpu, uint32_t vm, const void *addr, uint64_t size,
		     uint8_t *pages);
int mirage_svm_populate(const struct mirage *gpu, uint32_t vm, const void *addr, uint64_t size,
			bool write);
int mirage_svm_migrate(const struct mirage *gpu, uint32_t vm, const void *addr, uint64_t size,
		       enum drm_mirage_svm_location location,
		       struct drm_mirage_svm_migrate *result);
int mirage_svm_prefer(const struct mirage *gpu, uint32_t vm, const void *addr, uint64_t size,
		      enum drm_mirage_svm_location location);
int mirage_svm_preference(const struct mirage *gpu, uint32_t vm, const void *addr,
			  enum drm_mirage_svm_location *location, uint64_t *size);

/* ---- managed memory in the shape of CUDA and OpenCL (advise.c) ---- */

/** enum mirage_advice - advice of mirage_mem_advise() */
enum mirage_advice {
	/** @MIRAGE_ADVISE_SET_PREFERRED_LOCATION: for video memory, faults of the GPU move pages */
	MIRAGE_ADVISE_SET_PREFERRED_LOCATION = 0,
	/** @MIRAGE_ADVISE_UNSET_PREFERRED_LOCATION: as at first */
	MIRAGE_ADVISE_UNSET_PREFERRED_LOCATION = 1,
};

/** @MIRAGE_MIGRATE_HOST: to system memory, else to video memory */
#define MIRAGE_MIGRATE_HOST		 (1u << 0)
/** @MIRAGE_MIGRATE_CONTENT_UNDEFINED: the content may be lost; it is kept all the same */
#define MIRAGE_MIGRATE_CONTENT_UNDEFINED (1u << 1)

int mirage_mem_prefetch(const struct mirage *gpu, uint32_t vm, const void *addr, uint64_t size,
			enum drm_mirage_svm_location location,
			struct drm_mirage_svm_migrate *result);
int mirage_mem_advise(const struct mirage *gpu, uint32_t vm, const void *addr, uint64_t size,
		      enum mirage_advice advice, enum drm_mirage_svm_location location);
int mirage_mem_preferred_location(const struct mirage *gpu, uint32_t vm, const void *addr,
				  uint64_t size, enum drm_mirage_svm_location *location);
int mirage_svm_migrate_mem(const struct mirage *gpu, uint32_t vm, uint32_t count,
			   const void *const pointers[], const uint64_t sizes[], uint32_t flags,
			   uint64_t *moved);

/* ---- buffer objects (bo.c) ---- */

int mirage_bo_create(const struct mirage *gpu, uint64_t size, uint32_t placement, uint32_t flags,
		     uint32_t *handle);
int mirage_bo_create_with(const struct mirage *gpu, uint64_t size, uint32_t placement,
			  uint32_t flags, enum drm_mirage_bo_priority priority, uint32_t vm,
			  uint32_t *handle);
int mirage_bo_userptr(const struct mirage *gpu, const void *addr, uint64_t size, uint32_t flags,
		      uint32_t *handle);
int mirage_bo_close(const struct mirage *gpu, uint32_t handle);
int mirage_bo_mmap_offset(const struct mirage *gpu, uint32_t handle, uint64_t *offset);
int mirage_bo_map(const struct mirage *gpu, uint32_t handle, size_t size, void **addr);
int mirage_bo_madvise(const struct mirage *gpu, uint32_t handle, enum drm_mirage_bo_advice advice,
		      bool *retained);
int mirage_bo_query(const struct mirage *gpu, uint32_t handle, struct drm_mirage_bo_query *state);
int mirage_bo_label(const struct mirage *gpu, uint32_t handle, const char *label);
int mirage_bo_wait(const struct mirage *gpu, uint32_t handle, uint32_t flags, int64_t deadline);

/* ---- sharing buffer objects (prime.c) ---- */

int mirage_prime_export(const struct mirage *gpu, uint32_t handle, uint32_t flags, int *fd);
int mirage_prime_import(const struct mirage *gpu, int fd, uint32_t *handle);

/* ---- what an address space maps (bind.c) ---- */

struct drm_mirage_bind mirage_bind_map(uint64_t addr, uint64_t size, uint32_t handle,
				       uint64_t offset, uint32_t flags);
struct drm_mirage_bind mirage_bind_unmap(uint64_t addr, uint64_t size);
struct drm_mirage_bind mirage_bind_null(uint64_t addr, uint64_t size);
int mirage_vm_bind(const struct mirage *gpu, uint32_t vm, const struct drm_mirage_bind *binds,
		   uint32_t count);
int mirage_vm_bind_async(const struct mirage *gpu, uint32_t vm,
			 const struct drm_mirage_bind *binds, uint32_t count,
			 const struct drm_mirage_sync *syncs, uint32_t nr_syncs);

/* ---- queues and jobs (queue.c) ---- */

/**
 * struct mirage_queue_options - what a queue shall be; what is zero is as usual
 */
struct mirage_queue_options {
	/** @flags: kind: DRM_MIRAGE_QUEUE_NO_FAULT or DRM_MIRAGE_QUEUE_LONG_RUNNING; 0: jobs may fault and end */
	uint32_t flags;
	/** @priority: above or below the usual: -1 to 2; more than 0 needs CAP_SYS_NICE */
	int32_t priority;
	/** @timeout_ms: of a job; 0: the kernel's usual */
	uint32_t timeout_ms;
};

int mirage_queue_create(const struct mirage *gpu, uint32_t vm,
			enum drm_mirage_queue_class queue_class,
			const struct mirage_queue_options *options, uint32_t *queue);
int mirage_queue_destroy(const struct mirage *gpu, uint32_t queue);
int mirage_queue_query(const struct mirage *gpu, uint32_t queue,
		       struct drm_mirage_queue_query *state);

int mirage_exec(const struct mirage *gpu, uint32_t queue, const struct drm_mirage_cmds *cmds,
		uint32_t nr_cmds, const struct drm_mirage_sync *syncs, uint32_t nr_syncs);
int mirage_exec_fences(const struct mirage *gpu, uint32_t queue,
		       const struct drm_mirage_cmds *cmds, uint32_t nr_cmds,
		       const struct drm_mirage_user_fence *fences, uint32_t nr_fences);
int mirage_wait_user_fence(const struct mirage *gpu, uint32_t queue, const uint64_t *at,
			   uint64_t value, uint32_t flags, int64_t deadline);

/**
 * struct mirage_stop - why a job did not come to its end
 */
struct mirage_stop {
	/**
	 * @error: the job's own errno: -EFAULT, -EIO and -ETIME if it did what stopped its queue; -ECANCELED if
	 * an earlier job did, or the device was reset; -ENODEV if the device has gone
	 */
	int error;
	/** @queue: how its queue is: the state, and with it the access or the instruction that stopped it */
	struct drm_mirage_queue_query queue;
};

struct mirage_ib;
int mirage_submit(const struct mirage *gpu, uint32_t queue, const struct mirage_ib *ib,
		  uint32_t syncobj);
int mirage_queue_wait(const struct mirage *gpu, uint32_t queue, uint32_t syncobj,
		      int64_t deadline, struct mirage_stop *why);
int mirage_run(const struct mirage *gpu, uint32_t queue, const struct mirage_ib *ib,
	       int64_t deadline, struct mirage_stop *why);

/* ---- syncobjs (sync.c) ---- */

int mirage_syncobj_create(const struct mirage *gpu, bool signaled, uint32_t *handle);
int mirage_syncobj_destroy(const struct mirage *gpu, uint32_t handle);
int mirage_syncobj_reset(const struct mirage *gpu, uint32_t handle);
int mirage_syncobj_signal(const struct mirage *gpu, uint32_t handle);
int mirage_syncobj_wait(const struct mirage *gpu, uint32_t handle, int64_t deadline);
int mirage_syncobj_wait_many(const struct mirage *gpu, const uint32_t *handles, uint32_t count,
			     uint32_t flags, int64_t deadline, uint32_t *first);
int mirage_syncobj_export(const struct mirage *gpu, uint32_t handle, int *fd);
int mirage_syncobj_import(const struct mirage *gpu, int fd, uint32_t *handle);
int mirage_syncobj_export_sync_file(const struct mirage *gpu, uint32_t handle, int *fd);

int mirage_timeline_wait(const struct mirage *gpu, uint32_t handle, uint64_t point,
			 uint32_t flags, int64_t deadline);
int mirage_timeline_signal(const struct mirage *gpu, uint32_t handle, uint64_t point);
int mirage_timeline_query(const struct mirage *gpu, uint32_t handle, uint64_t *point);

struct drm_mirage_sync mirage_sync_wait(uint32_t handle);
struct drm_mirage_sync mirage_sync_signal(uint32_t handle);
struct drm_mirage_sync mirage_sync_wait_point(uint32_t handle, uint64_t point);
struct drm_mirage_sync mirage_sync_signal_point(uint32_t handle, uint64_t point);

/* ---- indirect buffers (ib.c) ---- */

/**
 * struct mirage_ib - packets being written into memory of the caller
 *
 * A packet that does not fit, or whose arguments the device would refuse, is not
 * written; the first such error stays in @error and later packets are not written
 * either. So build without checks, and look at the end.
 */
struct mirage_ib {
	/** @words: the caller's memory, 4-byte aligned */
	uint32_t *words;
	/** @capacity: in words */
	size_t capacity;
	/** @used: in words */
	size_t used;
	/** @error: 0, -ENOSPC (no room) or -EINVAL (argument) */
	int error;
	/** @addr: where the GPU reads the packets */
	uint64_t addr;
	/** @vm: address space in which it is bound, where it has memory of its own; else 0 */
	uint32_t vm;
	/** @handle: object, where it has memory of its own; else 0 */
	uint32_t handle;
};

void mirage_ib_init(struct mirage_ib *ib, void *memory, size_t bytes);
void mirage_ib_init_at(struct mirage_ib *ib, void *memory, size_t bytes, uint64_t addr);
void mirage_ib_reset(struct mirage_ib *ib);
int mirage_ib_create(const struct mirage *gpu, uint32_t vm, uint64_t addr, size_t bytes,
		     struct mirage_ib *ib);
int mirage_ib_destroy(const struct mirage *gpu, struct mirage_ib *ib);
void mirage_ib_nop(struct mirage_ib *ib);
void mirage_ib_copy(struct mirage_ib *ib, void *to, const void *from, uint64_t bytes);
void mirage_ib_fill(struct mirage_ib *ib, void *to, uint64_t bytes, uint32_t pattern);
void mirage_ib_dispatch(struct mirage_ib *ib, const struct mirage_dispatch *dispatch);
void mirage_ib_sem_write(struct mirage_ib *ib, uint64_t *to, uint64_t value);
void mirage_ib_sem_wait(struct mirage_ib *ib, const uint64_t *at, uint64_t value);
void mirage_ib_sem_wait_equal(struct mirage_ib *ib, const uint64_t *at, uint64_t value);
void mirage_ib_timestamp(struct mirage_ib *ib, uint64_t *to);
void mirage_ib_raw(struct mirage_ib *ib, const uint32_t *words, size_t count);
int mirage_ib_cmds(const struct mirage_ib *ib, struct drm_mirage_cmds *cmds);

void mirage_dispatch_init(struct mirage_dispatch *dispatch, const void *code, size_t code_size,
			  unsigned int nr_regs);
void mirage_dispatch_args(struct mirage_dispatch *dispatch, const void *args, size_t size);
void mirage_dispatch_grid(struct mirage_dispatch *dispatch, uint32_t groups_x, uint32_t groups_y,
			  uint32_t groups_z);
void mirage_dispatch_group(struct mirage_dispatch *dispatch, uint32_t x, uint32_t y, uint32_t z);
void mirage_dispatch_shared(struct mirage_dispatch *dispatch, uint32_t bytes);

/* ---- names (names.c) ---- */

const char *mirage_stat_name(unsigned int stat);
const char *mirage_reason_text(unsigned int reason);
const char *mirage_queue_state_name(unsigned int state);
const char *mirage_chan_error_name(unsigned int error);
const char *mirage_access_name(unsigned int access);
const char *mirage_fault_kind_name(unsigned int kind);

/* ---- stopped jobs in words (stop.c) ---- */

int mirage_stop_text(const struct mirage_stop *why, char *text, size_t size);

#if defined(__cplusplus)
}
#endif

#endif /* MIRAGE_H */
