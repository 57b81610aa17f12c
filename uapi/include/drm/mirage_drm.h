/* SPDX-License-Identifier: MIT */
/*
 * The interface of the mirage DRM driver to user space.
 *
 * Rules of this interface, kept for ever once released:
 *  - Structures only grow at their end; the kernel takes shorter ones and reads what is missing as
 *    zero.
 *  - Every pad, reserved word and unknown flag must be zero (-EINVAL), so that each can get a
 *    meaning.
 *  - Sizes are in bytes, times in nanoseconds, addresses are plain pointer values in a __u64.
 *  - Arrays of structures come as &struct drm_mirage_array, so that their elements can grow at
 *    their end too. Every count of what the kernel reads has a limit stated here (-E2BIG beyond
 *    it).
 *  - Everything optional can be queried, with a reason when it is absent.
 *  - Errors: -EINVAL malformed, -ENOENT no such object, -EFAULT unreadable pointer, -EPERM not this
 *    process's address space, -ENOSPC out of channels, VMs or room for an object, -EDQUOT the user
 *    has their share, -EWOULDBLOCK a queue is full, -ECANCELED queue was stopped, -ENODEV device is
 *    gone.
 */
#ifndef _UAPI_MIRAGE_DRM_H_
#define _UAPI_MIRAGE_DRM_H_

#include <drm/drm.h>

#if defined(__cplusplus)
extern "C" {
#endif

#define DRM_MIRAGE_QUERY		0x00
#define DRM_MIRAGE_VM_CREATE		0x01
#define DRM_MIRAGE_VM_DESTROY		0x02
#define DRM_MIRAGE_VM_STATS		0x03
#define DRM_MIRAGE_VM_FAULTS		0x04
#define DRM_MIRAGE_SVM_QUERY		0x05
#define DRM_MIRAGE_QUEUE_CREATE		0x06
#define DRM_MIRAGE_QUEUE_DESTROY	0x07
#define DRM_MIRAGE_QUEUE_QUERY		0x08
#define DRM_MIRAGE_EXEC			0x09
#define DRM_MIRAGE_BO_CREATE		0x0a
#define DRM_MIRAGE_BO_USERPTR		0x0b
#define DRM_MIRAGE_BO_MMAP		0x0c
#define DRM_MIRAGE_BO_MADVISE		0x0d
#define DRM_MIRAGE_BO_QUERY		0x0e
#define DRM_MIRAGE_BO_LABEL		0x0f
#define DRM_MIRAGE_BO_WAIT		0x10
#define DRM_MIRAGE_VM_BIND		0x11
#define DRM_MIRAGE_WAIT_USER_FENCE	0x12
#define DRM_MIRAGE_SVM_POPULATE		0x13
#define DRM_MIRAGE_SVM_MIGRATE		0x14
#define DRM_MIRAGE_SVM_SET_ATTR		0x15
#define DRM_MIRAGE_SVM_GET_ATTR		0x16

/**
 * struct drm_mirage_array - an array of structures that the kernel reads or writes
 *
 * The stride is a multiple of 8 bytes (-EINVAL), not shorter than the structure's first version
 * (-EINVAL) and at most 4096 bytes (-E2BIG). The structure as the kernel knows it may be longer or
 * shorter:
 *
 *  - Of what the kernel reads: it takes what is missing as zero; what it does not know must be zero
 *    (-E2BIG).
 *  - Of what the kernel writes: it leaves out what does not fit, and writes zeroes where it knows
 *    nothing.
 *
 * Of an array without elements the kernel reads only @count.
 */
struct drm_mirage_array {
	/**
	 * @stride: bytes from one element to the next: the size of the structure as user space
	 * knows it
	 */
	__u32 stride;
	/** @count: number of elements; of an array that the kernel writes, how many fit in */
	__u32 count;
	/** @array: the first element */
	__u64 array;
};

/**
 * DRM_MIRAGE_ARRAY() - initializer of a &struct drm_mirage_array
 * @n: number of elements
 * @first: pointer to the first one
 */
#define DRM_MIRAGE_ARRAY(n, first) \
	{ .stride = sizeof((first)[0]), .count = (n), .array = (__u64)(uintptr_t)(first) }

/**
 * enum drm_mirage_param - what &struct drm_mirage_query asks for
 */
enum drm_mirage_param {
	/** @DRM_MIRAGE_PARAM_SVM: 1 if VMs can mirror the process, else 0 and a reason. */
	DRM_MIRAGE_PARAM_SVM = 0,
	/**
	 * @DRM_MIRAGE_PARAM_SYSTEM_ATOMICS: 1 if GPU atomics on system memory are atomic with the
	 * CPU's.
	 */
	DRM_MIRAGE_PARAM_SYSTEM_ATOMICS = 1,
	/** @DRM_MIRAGE_PARAM_VRAM_SIZE: bytes of video memory. */
	DRM_MIRAGE_PARAM_VRAM_SIZE = 2,
	/** @DRM_MIRAGE_PARAM_HW_REVISION: the device's BUS_REVISION. */
	DRM_MIRAGE_PARAM_HW_REVISION = 3,
	/** @DRM_MIRAGE_PARAM_WAVE_LANES: lanes of a wave. */
	DRM_MIRAGE_PARAM_WAVE_LANES = 4,
	/** @DRM_MIRAGE_PARAM_MAX_GROUP: largest number of work items in a group. */
	DRM_MIRAGE_PARAM_MAX_GROUP = 5,
	/** @DRM_MIRAGE_PARAM_MAX_SHARED: largest shared memory of a group in bytes. */
	DRM_MIRAGE_PARAM_MAX_SHARED = 6,
	/**
	 * @DRM_MIRAGE_PARAM_TIME: the device's clock in nanoseconds, which goes on through resets
	 * of the device; what TIMESTAMP packets write starts at 0 again with each.
	 */
	DRM_MIRAGE_PARAM_TIME = 7,
	/**
	 * @DRM_MIRAGE_PARAM_COUNTER: a device counter, which goes on through resets and sleep of
	 * the device; &drm_mirage_query.index is the register offset from PERF_PACKETS / 8. Needs
	 * CAP_PERFMON (-EACCES).
	 */
	DRM_MIRAGE_PARAM_COUNTER = 8,
	/**
	 * @DRM_MIRAGE_PARAM_ENGINE_RESETS: times the engine was reset because a channel did not
	 * stop. Needs CAP_PERFMON (-EACCES). QUEUE_QUERY returns the state of a program's own
	 * queues.
	 */
	DRM_MIRAGE_PARAM_ENGINE_RESETS = 9,
	/**
	 * @DRM_MIRAGE_PARAM_DEVICE_RESETS: times the whole device was reset. Needs CAP_PERFMON
	 * (-EACCES).
	 */
	DRM_MIRAGE_PARAM_DEVICE_RESETS = 10,
	/**
	 * @DRM_MIRAGE_PARAM_VRAM_USED: bytes of video memory in use now by all users, page tables
	 * included. Needs CAP_PERFMON (-EACCES). The fdinfo of a file has the bytes of its own
	 * objects.
	 */
	DRM_MIRAGE_PARAM_VRAM_USED = 11,
	/**
	 * @DRM_MIRAGE_PARAM_EVICTIONS: buffer objects of all users that were moved out of video
	 * memory to make room. Needs CAP_PERFMON (-EACCES).
	 */
	DRM_MIRAGE_PARAM_EVICTIONS = 12,
	/**
	 * @DRM_MIRAGE_PARAM_USERPTR: 1 if objects can be made over memory of a process, else 0 and
	 * a reason.
	 */
	DRM_MIRAGE_PARAM_USERPTR = 13,
	/**
	 * @DRM_MIRAGE_PARAM_MAX_QUEUES: queues that a user may have of this device (-EDQUOT). A
	 * process with CAP_SYS_RESOURCE may have more.
	 */
	DRM_MIRAGE_PARAM_MAX_QUEUES = 14,
	/** @DRM_MIRAGE_PARAM_MAX_VMS: the same for address spaces. */
	DRM_MIRAGE_PARAM_MAX_VMS = 15,
	/** @DRM_MIRAGE_PARAM_MAX_USERPTRS: the same for objects over memory of processes. */
	DRM_MIRAGE_PARAM_MAX_USERPTRS = 16,
	/**
	 * @DRM_MIRAGE_PARAM_MAX_JOBS: the same for jobs and calls of VM_BIND that have not ended,
	 * but with -EWOULDBLOCK, because they end by themselves.
	 */
	DRM_MIRAGE_PARAM_MAX_JOBS = 17,
	/**
	 * @DRM_MIRAGE_PARAM_QUEUE_JOBS: jobs that a queue holds, of any user (-EWOULDBLOCK beyond).
	 */
	DRM_MIRAGE_PARAM_QUEUE_JOBS = 18,
	/**
	 * @DRM_MIRAGE_PARAM_VM_BINDS: calls of VM_BIND that an address space holds, of any user
	 * (-EWOULDBLOCK beyond).
	 */
	DRM_MIRAGE_PARAM_VM_BINDS = 19,
	/** @DRM_MIRAGE_PARAM_COUNT: number of parameters this header knows. */
	DRM_MIRAGE_PARAM_COUNT
};

/**
 * enum drm_mirage_reason - why something queried is absent
 */
enum drm_mirage_reason {
	/** @DRM_MIRAGE_REASON_NONE: it is present. */
	DRM_MIRAGE_REASON_NONE = 0,
	/** @DRM_MIRAGE_REASON_HARDWARE: the device does not have it. */
	DRM_MIRAGE_REASON_HARDWARE = 1,
	/** @DRM_MIRAGE_REASON_KERNEL: this kernel was built without an option that it needs. */
	DRM_MIRAGE_REASON_KERNEL = 2,
	/** @DRM_MIRAGE_REASON_DISABLED: switched off by the module parameter. */
	DRM_MIRAGE_REASON_DISABLED = 3,
	/**
	 * @DRM_MIRAGE_REASON_DMA: the platform cannot map system memory for the device in the way
	 * it needs.
	 */
	DRM_MIRAGE_REASON_DMA = 4,
};

/**
 * struct drm_mirage_query - ask for one value
 */
struct drm_mirage_query {
	/** @param: in: enum drm_mirage_param */
	__u32 param;
	/** @index: in: which one, where a parameter has several; else zero */
	__u32 index;
	/** @value: out */
	__u64 value;
	/** @reason: out: enum drm_mirage_reason */
	__u32 reason;
	/** @pad: zero */
	__u32 pad;
};

/** DRM_MIRAGE_VM_CREATE_SVM: the lower 2^47 bytes mirror the calling process. */
#define DRM_MIRAGE_VM_CREATE_SVM	(1u << 0)

/** DRM_MIRAGE_VA_START: first GPU address that VM_BIND may map. */
#define DRM_MIRAGE_VA_START		(1ull << 47)
/** DRM_MIRAGE_VA_END: end of the addresses that VM_BIND may map, exclusive. */
#define DRM_MIRAGE_VA_END		(1ull << 49)

/**
 * struct drm_mirage_vm_create - make a GPU address space
 *
 * From DRM_MIRAGE_VA_START on it holds the mappings of VM_BIND. With DRM_MIRAGE_VM_CREATE_SVM
 * the GPU may also use any address that the calling process may use, with the same
 * rights. Such an address space follows the process, not the file: a child that
 * inherits the file descriptor cannot submit to it (-EPERM).
 */
struct drm_mirage_vm_create {
	/** @flags: in: 0 or DRM_MIRAGE_VM_CREATE_SVM */
	__u32 flags;
	/** @vm_id: out */
	__u32 vm_id;
};

/**
 * struct drm_mirage_vm_destroy - drop the handle of an address space
 *
 * Queues that use it keep it alive.
 */
struct drm_mirage_vm_destroy {
	/** @vm_id: in */
	__u32 vm_id;
	/** @pad: zero */
	__u32 pad;
};

/**
 * enum drm_mirage_stat - counters of an address space, since its creation
 */
enum drm_mirage_stat {
	/** @DRM_MIRAGE_STAT_FAULTS: fault buffer entries received. */
	DRM_MIRAGE_STAT_FAULTS = 0,
	/**
	 * @DRM_MIRAGE_STAT_FAULT_DUPS: of those, entries for a page and access already in the same
	 * batch.
	 */
	DRM_MIRAGE_STAT_FAULT_DUPS = 1,
	/** @DRM_MIRAGE_STAT_BATCHES: batches served. */
	DRM_MIRAGE_STAT_BATCHES = 2,
	/** @DRM_MIRAGE_STAT_BLOCK_FAULTS: 2 MiB blocks served in them. */
	DRM_MIRAGE_STAT_BLOCK_FAULTS = 3,
	/** @DRM_MIRAGE_STAT_REPLAYS: replay commands sent. */
	DRM_MIRAGE_STAT_REPLAYS = 4,
	/**
	 * @DRM_MIRAGE_STAT_FAILED: entries that could not be served; each stopped a queue that was
	 * not stopped already.
	 */
	DRM_MIRAGE_STAT_FAILED = 5,
	/**
	 * @DRM_MIRAGE_STAT_RETRIES: times a block was faulted again because an invalidation came
	 * between.
	 */
	DRM_MIRAGE_STAT_RETRIES = 6,
	/**
	 * @DRM_MIRAGE_STAT_PAGES_MAPPED: 4 KiB pages written into the GPU's page tables for a fault
	 * or by SVM_POPULATE.
	 */
	DRM_MIRAGE_STAT_PAGES_MAPPED = 7,
	/** @DRM_MIRAGE_STAT_PAGES_PREFETCHED: of those, pages for which there was no entry. */
	DRM_MIRAGE_STAT_PAGES_PREFETCHED = 8,
	/** @DRM_MIRAGE_STAT_LEAVES_4K: 4 KiB leaves written. */
	DRM_MIRAGE_STAT_LEAVES_4K = 9,
	/** @DRM_MIRAGE_STAT_LEAVES_64K: 64 KiB leaves written. */
	DRM_MIRAGE_STAT_LEAVES_64K = 10,
	/** @DRM_MIRAGE_STAT_LEAVES_2M: 2 MiB leaves written. */
	DRM_MIRAGE_STAT_LEAVES_2M = 11,
	/**
	 * @DRM_MIRAGE_STAT_INVALIDATIONS: notifier callbacks that took mapped pages away. Counted
	 * before the pages go: once SVM_QUERY shows that a page is gone, this and PAGES_INVALIDATED
	 * have risen.
	 */
	DRM_MIRAGE_STAT_INVALIDATIONS = 12,
	/** @DRM_MIRAGE_STAT_PAGES_INVALIDATED: 4 KiB pages they took away. */
	DRM_MIRAGE_STAT_PAGES_INVALIDATED = 13,
	/** @DRM_MIRAGE_STAT_TLB_FLUSHES: INVALIDATE commands sent. */
	DRM_MIRAGE_STAT_TLB_FLUSHES = 14,
	/**
	 * @DRM_MIRAGE_STAT_NS_DELIVERY: from the failed access to the start of its service, summed
	 * over entries.
	 */
	DRM_MIRAGE_STAT_NS_DELIVERY = 15,
	/** @DRM_MIRAGE_STAT_NS_SERVICE: serving batches, all of it. */
	DRM_MIRAGE_STAT_NS_SERVICE = 16,
	/** @DRM_MIRAGE_STAT_NS_MM: of that, in mm (hmm_range_fault and its lock). */
	DRM_MIRAGE_STAT_NS_MM = 17,
	/** @DRM_MIRAGE_STAT_NS_DMA: of that, mapping pages for the device. */
	DRM_MIRAGE_STAT_NS_DMA = 18,
	/** @DRM_MIRAGE_STAT_NS_PT: of that, writing page tables. */
	DRM_MIRAGE_STAT_NS_PT = 19,
	/** @DRM_MIRAGE_STAT_NS_REPLAY: of that, sending replays. */
	DRM_MIRAGE_STAT_NS_REPLAY = 20,
	/**
	 * @DRM_MIRAGE_STAT_NS_NOTIFIER: in notifier callbacks that took pages away, waiting for the
	 * flush included.
	 */
	DRM_MIRAGE_STAT_NS_NOTIFIER = 21,
	/** @DRM_MIRAGE_STAT_NS_NOTIFIER_MAX: the longest of them. */
	DRM_MIRAGE_STAT_NS_NOTIFIER_MAX = 22,
	/** @DRM_MIRAGE_STAT_BLOCKS: 2 MiB blocks tracked now. */
	DRM_MIRAGE_STAT_BLOCKS = 23,
	/** @DRM_MIRAGE_STAT_PAGES_TO_VRAM: 4 KiB pages moved to video memory. */
	DRM_MIRAGE_STAT_PAGES_TO_VRAM = 24,
	/**
	 * @DRM_MIRAGE_STAT_PAGES_BOUNCED: 4 KiB pages that a fault left in system memory although video memory is
	 * preferred, because CPU and GPU took them from each other, or because they had left it for lack of room and
	 * would have pushed out others that are used as much.
	 */
	DRM_MIRAGE_STAT_PAGES_BOUNCED = 25,
	/** @DRM_MIRAGE_STAT_FAULTS_READ: of FAULTS, those of reads and instruction fetches. */
	DRM_MIRAGE_STAT_FAULTS_READ = 26,
	/** @DRM_MIRAGE_STAT_FAULTS_WRITE: of FAULTS, those of writes. */
	DRM_MIRAGE_STAT_FAULTS_WRITE = 27,
	/** @DRM_MIRAGE_STAT_FAULTS_ATOMIC: of FAULTS, those of atomics. */
	DRM_MIRAGE_STAT_FAULTS_ATOMIC = 28,
	/**
	 * @DRM_MIRAGE_STAT_PAGES_HOME_FAULT: 4 KiB pages that this address space had moved to video
	 * memory, and that accesses of the CPU moved back.
	 */
	DRM_MIRAGE_STAT_PAGES_HOME_FAULT = 29,
	/** @DRM_MIRAGE_STAT_PAGES_HOME_ASKED: of these pages, those that SVM_MIGRATE moved back. */
	DRM_MIRAGE_STAT_PAGES_HOME_ASKED = 30,
	/** @DRM_MIRAGE_STAT_PAGES_EVICTED: of these pages, those that left to make room. */
	DRM_MIRAGE_STAT_PAGES_EVICTED = 31,
	/** @DRM_MIRAGE_STAT_PAGES_HOME_SLEEP: of these pages, those that left for suspend or unbind. */
	DRM_MIRAGE_STAT_PAGES_HOME_SLEEP = 32,
	/** @DRM_MIRAGE_STAT_PAGES_IN_VRAM: of these pages, those that are in video memory now. */
	DRM_MIRAGE_STAT_PAGES_IN_VRAM = 33,
	/** @DRM_MIRAGE_STAT_COUNT: number of counters this header knows. */
	DRM_MIRAGE_STAT_COUNT
};

/**
 * struct drm_mirage_vm_stats - read counters
 */
struct drm_mirage_vm_stats {
	/** @vm_id: in */
	__u32 vm_id;
	/** @count: in: room in @values; out: counters the kernel has. At most 1024. */
	__u32 count;
	/**
	 * @values: in: array of __u64, index enum drm_mirage_stat; filled as far as both sides know
	 */
	__u64 values;
};

/**
 * struct drm_mirage_place - the instruction, and the work item, of a failed access or an error
 *
 * All zero if no instruction caused it (an access of a packet or a copy), or if the device does not
 * report it.
 */
struct drm_mirage_place {
	/** @pc: GPU address of the instruction, or 0 */
	__u64 pc;
	/** @group: the group in the grid: x, y, z */
	__u32 group[3];
	/** @wave: of the group */
	__u32 wave;
	/**
	 * @lane: of the wave, the first one that failed; the work item of the group is @wave times
	 * DRM_MIRAGE_PARAM_WAVE_LANES plus @lane
	 */
	__u32 lane;
	/** @pad: zero */
	__u32 pad;
};

/**
 * struct drm_mirage_fault - an access that could not be served
 */
struct drm_mirage_fault {
	/** @addr: GPU address, exact to the byte */
	__u64 addr;
	/** @time: device clock */
	__u64 time;
	/** @queue_id: the queue that it stopped */
	__u32 queue_id;
	/** @access: enum mirage_access of the hardware document */
	__u32 access;
	/** @kind: enum mirage_fault_kind of the hardware document */
	__u32 kind;
	/** @error: positive errno that serving it gave */
	__u32 error;
};

/**
 * struct drm_mirage_vm_faults - read the last accesses that could not be served
 *
 * The kernel keeps the last 32, and writes them newest first, as many as fit into each array.
 */
struct drm_mirage_vm_faults {
	/** @vm_id: in */
	__u32 vm_id;
	/**
	 * @count: out: how many the kernel has, which may be more or fewer than fit into an array
	 */
	__u32 count;
	/** @faults: in: room for &struct drm_mirage_fault */
	struct drm_mirage_array faults;
	/**
	 * @places: in: room for &struct drm_mirage_place, the instructions that made the accesses
	 * of @faults
	 */
	struct drm_mirage_array places;
};

/** DRM_MIRAGE_SVM_PAGE_VALID: the GPU has a mapping. */
#define DRM_MIRAGE_SVM_PAGE_VALID	(1u << 0)
/** DRM_MIRAGE_SVM_PAGE_WRITE: the GPU may write. */
#define DRM_MIRAGE_SVM_PAGE_WRITE	(1u << 1)
/** DRM_MIRAGE_SVM_PAGE_ATOMIC: the GPU may do atomics. */
#define DRM_MIRAGE_SVM_PAGE_ATOMIC	(1u << 2)
/** DRM_MIRAGE_SVM_PAGE_VRAM: it lies in video memory. */
#define DRM_MIRAGE_SVM_PAGE_VRAM	(1u << 3)
/** DRM_MIRAGE_SVM_PAGE_64K: part of a 64 KiB leaf. */
#define DRM_MIRAGE_SVM_PAGE_64K		(1u << 4)
/** DRM_MIRAGE_SVM_PAGE_2M: part of a 2 MiB leaf. */
#define DRM_MIRAGE_SVM_PAGE_2M		(1u << 5)
/** DRM_MIRAGE_SVM_PAGE_NULL: there is no memory behind it: DRM_MIRAGE_BIND_NULL. */
#define DRM_MIRAGE_SVM_PAGE_NULL	(1u << 6)

/**
 * struct drm_mirage_svm_query - read the GPU's page tables for a range
 *
 * The range may lie in the mirror or in the part of VM_BIND. The call changes nothing and faults
 * nothing in.
 */
struct drm_mirage_svm_query {
	/** @vm_id: in */
	__u32 vm_id;
	/** @pad: zero */
	__u32 pad;
	/** @addr: in: 4 KiB aligned, below 2^49 */
	__u64 addr;
	/** @size: in: multiple of 4 KiB, at most 64 MiB */
	__u64 size;
	/** @pages: in: array of one __u8 per 4 KiB page, DRM_MIRAGE_SVM_PAGE_* */
	__u64 pages;
};

/** DRM_MIRAGE_POPULATE_WRITE: for reading and writing, else for reading. */
#define DRM_MIRAGE_POPULATE_WRITE	(1u << 0)

/**
 * struct drm_mirage_svm_populate - map memory of the process before the GPU faults on it
 *
 * Pages come in as if the GPU had faulted on each (madvise() has MADV_POPULATE_READ and
 * MADV_POPULATE_WRITE for the processor), and like those they may be taken away again at any time.
 * -EFAULT where there is no memory, -ENXIO where the processor would get SIGBUS, -EHWPOISON where it
 * is poisoned, -EPERM where it may not be written; pages mapped before that stay mapped. -EBUSY: the memory changed during all attempts.
 */
struct drm_mirage_svm_populate {
	/** @vm_id: in: with DRM_MIRAGE_VM_CREATE_SVM (-EINVAL), of the calling process (-EPERM) */
	__u32 vm_id;
	/** @flags: in: 0 or DRM_MIRAGE_POPULATE_WRITE */
	__u32 flags;
	/** @addr: in: 4 KiB aligned, below 2^47 */
	__u64 addr;
	/** @size: in: multiple of 4 KiB, not zero, at most 64 MiB */
	__u64 size;
};

/** enum drm_mirage_svm_location - memory that pages of a process can be in */
enum drm_mirage_svm_location {
	/** @DRM_MIRAGE_SVM_SYSTEM: system memory */
	DRM_MIRAGE_SVM_SYSTEM = 0,
	/** @DRM_MIRAGE_SVM_VRAM: video memory of this device */
	DRM_MIRAGE_SVM_VRAM = 1,
	/** @DRM_MIRAGE_SVM_ANY: no preference; not for SVM_MIGRATE */
	DRM_MIRAGE_SVM_ANY = 2,
};

/**
 * struct drm_mirage_svm_migrate - move memory of the process to video memory, or back
 *
 * The program's pointers stay valid wherever its memory is. Memory in video memory returns page by page when the processor
 * accesses it, and when something else needs the room. Pages that cannot be moved stay where they are, and are no error:
 * the result says how much moved, and why the rest did not. Each byte of the range is in exactly one of the results. Memory
 * that has no pages yet gets them, as zeroes, in video memory.
 */
struct drm_mirage_svm_migrate {
	/** @vm_id: in: with DRM_MIRAGE_VM_CREATE_SVM (-EINVAL), of the calling process (-EPERM) */
	__u32 vm_id;
	/** @location: in: &enum drm_mirage_svm_location */
	__u32 location;
	/** @addr: in: 4 KiB aligned, below 2^47 */
	__u64 addr;
	/** @size: in: multiple of 4 KiB, not zero, at most 64 MiB */
	__u64 size;
	/** @moved: out: bytes that were moved; those in video memory are in the GPU's page tables, too */
	__u64 moved;
	/** @there: out: bytes that were there already */
	__u64 there;
	/** @unmapped: out: bytes without memory: no mapping; for DRM_MIRAGE_SVM_SYSTEM also without pages */
	__u64 unmapped;
	/** @fixed: out: bytes of memory that the kernel cannot move: files, shared memory, mappings of devices */
	__u64 fixed;
	/** @no_room: out: bytes for which there was no room */
	__u64 no_room;
	/** @busy: out: bytes that were pinned, swapped out or in use by the kernel at that moment */
	__u64 busy;
	/** @failed: out: bytes that the device could not copy */
	__u64 failed;
};

/** enum drm_mirage_svm_attr_id - what &struct drm_mirage_svm_attr sets or gets */
enum drm_mirage_svm_attr_id {
	/**
	 * @DRM_MIRAGE_SVM_ATTR_PREFERRED: &enum drm_mirage_svm_location; DRM_MIRAGE_SVM_ANY at first. With DRM_MIRAGE_SVM_VRAM,
	 * faults of the GPU move the pages to video memory that they touch, and pages around those, before they map them. A
	 * page for which the CPU and the GPU compete stays in system memory for a while.
	 */
	DRM_MIRAGE_SVM_ATTR_PREFERRED = 0,
};

/**
 * struct drm_mirage_svm_attr - set or get an attribute of a range of addresses
 *
 * It belongs to the addresses in this address space of the GPU, not to the memory: it stays over munmap() and mmap(), and
 * mremap() does not take it along. Ranges need no memory. Setting moves nothing.
 */
struct drm_mirage_svm_attr {
	/** @vm_id: in: with DRM_MIRAGE_VM_CREATE_SVM (-EINVAL), of the calling process (-EPERM) */
	__u32 vm_id;
	/** @attr: in: &enum drm_mirage_svm_attr_id */
	__u32 attr;
	/** @addr: in: 4 KiB aligned, below 2^47 */
	__u64 addr;
	/**
	 * @size: set: in: multiple of 4 KiB, not zero, up to 2^47. get: out: bytes from @addr on that have the same value, up
	 * to 2^47; in: zero
	 */
	__u64 size;
	/** @value: set: in; get: out, in: zero */
	__u64 value;
};

/** enum drm_mirage_queue_class - packets that a queue may run */
enum drm_mirage_queue_class {
	/** @DRM_MIRAGE_QUEUE_COPY: every packet but DISPATCH. */
	DRM_MIRAGE_QUEUE_COPY = 0,
	/** @DRM_MIRAGE_QUEUE_COMPUTE: every packet. */
	DRM_MIRAGE_QUEUE_COMPUTE = 1,
};

/**
 * DRM_MIRAGE_QUEUE_NO_FAULT: the queue's jobs use only what VM_BIND maps, all of which is resident
 * while they run; any other access stops the queue. Their fences keep the memory they use where it
 * is. Time-outs are at most 10000 ms.
 */
#define DRM_MIRAGE_QUEUE_NO_FAULT	(1u << 0)
/**
 * DRM_MIRAGE_QUEUE_LONG_RUNNING: jobs may take for ever and may fault. They signal no syncobj
 * (-EINVAL) but user fences only, and have no time-out. Not together with
 * DRM_MIRAGE_QUEUE_NO_FAULT.
 */
#define DRM_MIRAGE_QUEUE_LONG_RUNNING	(1u << 1)

/**
 * struct drm_mirage_queue_create - make a queue in an address space
 *
 * There are three kinds. Without flags: jobs may fault, and end by their time-out at the latest;
 * their fences go to syncobjs, and neither NO_FAULT queues nor VM_BIND can wait for them (-EINVAL),
 * because a job that waits for a fault must not keep memory from being reclaimed. The flags
 * describe the other two kinds.
 */
struct drm_mirage_queue_create {
	/** @vm_id: in */
	__u32 vm_id;
	/** @queue_class: in: enum drm_mirage_queue_class */
	__u32 queue_class;
	/**
	 * @priority: in: 0 (lowest) to 3; 2 and 3 need CAP_SYS_NICE (-EACCES); 1 is usual. It is
	 * strict: jobs of a higher one keep those below from running, whose time goes on
	 */
	__u32 priority;
	/** @flags: in: 0, DRM_MIRAGE_QUEUE_NO_FAULT or DRM_MIRAGE_QUEUE_LONG_RUNNING */
	__u32 flags;
	/**
	 * @timeout_ms: in: a job that takes longer stops the queue; 0: 10000; at most 600000; zero
	 * if LONG_RUNNING. Time in which the kernel serves faults of the address space does not
	 * count, up to three times the limit. From hardware revision 1.4 on the time in which the
	 * job could run and waited for its turn does not count either. The time begins when the job
	 * is the queue's oldest, whether it or others run; it does not count behind a job that
	 * hangs
	 */
	__u32 timeout_ms;
	/** @queue_id: out */
	__u32 queue_id;
};

/**
 * struct drm_mirage_queue_destroy - stop a queue and drop its handle
 *
 * Jobs that are not complete are cancelled; their fences signal -ECANCELED.
 */
struct drm_mirage_queue_destroy {
	/** @queue_id: in */
	__u32 queue_id;
	/** @pad: zero */
	__u32 pad;
};

/** enum drm_mirage_queue_state - state of a queue */
enum drm_mirage_queue_state {
	/** @DRM_MIRAGE_QUEUE_READY: it takes jobs. */
	DRM_MIRAGE_QUEUE_READY = 0,
	/**
	 * @DRM_MIRAGE_QUEUE_FAULTED: stopped for good: an access could not be served (see
	 * DRM_MIRAGE_VM_FAULTS).
	 */
	DRM_MIRAGE_QUEUE_FAULTED = 1,
	/**
	 * @DRM_MIRAGE_QUEUE_ERROR: stopped for good by an error in its packets or program;
	 * @hw_error says which.
	 */
	DRM_MIRAGE_QUEUE_ERROR = 2,
	/** @DRM_MIRAGE_QUEUE_TIMEOUT: stopped for good: a job took too long. */
	DRM_MIRAGE_QUEUE_TIMEOUT = 3,
	/** @DRM_MIRAGE_QUEUE_LOST: the device is gone. */
	DRM_MIRAGE_QUEUE_LOST = 4,
	/**
	 * @DRM_MIRAGE_QUEUE_RESET: stopped for good, not guilty: a job was in flight when the whole
	 * device was reset.
	 */
	DRM_MIRAGE_QUEUE_RESET = 5,
};

/**
 * struct drm_mirage_queue_query - read the state of a queue
 */
struct drm_mirage_queue_query {
	/** @queue_id: in */
	__u32 queue_id;
	/** @state: out: enum drm_mirage_queue_state */
	__u32 state;
	/** @hw_error: out: enum mirage_chan_error of the hardware document */
	__u32 hw_error;
	/** @hw_info: out: error_info of the channel descriptor */
	__u32 hw_info;
	/** @hw_addr: out: error_addr of the channel descriptor */
	__u64 hw_addr;
	/** @jobs: out: jobs completed without error */
	__u64 jobs;
	/** @place: out: of the instruction that stopped it, in state FAULTED or ERROR */
	struct drm_mirage_place place;
	/** @fault: out: the access that stopped it, in state FAULTED; else all zero */
	struct drm_mirage_fault fault;
};

/** DRM_MIRAGE_SYNC_SIGNAL: signal when the job is done; without it the job waits. */
#define DRM_MIRAGE_SYNC_SIGNAL		(1u << 0)
/** DRM_MIRAGE_SYNC_TIMELINE: the handle is a timeline syncobj and @point counts. */
#define DRM_MIRAGE_SYNC_TIMELINE	(1u << 1)

/**
 * struct drm_mirage_sync - a syncobj to wait for or to signal
 */
struct drm_mirage_sync {
	/** @handle: syncobj */
	__u32 handle;
	/** @flags: DRM_MIRAGE_SYNC_* */
	__u32 flags;
	/** @point: of a timeline syncobj, not zero; else zero */
	__u64 point;
};

/**
 * struct drm_mirage_cmds - packets to execute
 */
struct drm_mirage_cmds {
	/**
	 * @addr: GPU address of the packets, 4-byte aligned, below 2^49; of a NO_FAULT queue not
	 * below 2^47
	 */
	__u64 addr;
	/** @size: bytes, multiple of 4, 4 to 4 MiB */
	__u64 size;
};

/**
 * struct drm_mirage_user_fence - memory that a job writes when it is done
 */
struct drm_mirage_user_fence {
	/** @addr: GPU address, 8-byte aligned */
	__u64 addr;
	/** @value: the value that is written, after all other writes of the job */
	__u64 value;
};

/**
 * struct drm_mirage_exec - submit a job
 *
 * Jobs of a queue run in order. @cmds may be empty: the job only joins its syncs. The packets are
 * read by the GPU, through the address space, when the job runs. Of several errors the first of
 * these is returned: @flags (-EINVAL), @queue_id (-ENOENT), @cmds, @syncs, @user_fences (of each
 * the count, the stride, the memory, the elements), the caller's right, the queue's state and room,
 * the syncobjs. Returns -EPERM when the VM does not mirror the caller's memory, -ECANCELED when the
 * queue was stopped, -EWOULDBLOCK when it holds DRM_MIRAGE_PARAM_QUEUE_JOBS jobs that are not over:
 * once a fence of one of them has signalled there is room. The number is that of -EAGAIN: a loop
 * that repeats interrupted calls must not take it for that.
 */
struct drm_mirage_exec {
	/** @queue_id: in */
	__u32 queue_id;
	/** @flags: zero */
	__u32 flags;
	/** @cmds: in: at most 64 &struct drm_mirage_cmds, executed in order */
	struct drm_mirage_array cmds;
	/** @syncs: in: at most 256 &struct drm_mirage_sync */
	struct drm_mirage_array syncs;
	/** @user_fences: in: at most 16 &struct drm_mirage_user_fence */
	struct drm_mirage_array user_fences;
};

/**
 * DRM_MIRAGE_WAIT_EQUAL: wait until memory and value are equal; without it, until memory has
 * reached the value.
 */
#define DRM_MIRAGE_WAIT_EQUAL		(1u << 0)

/**
 * struct drm_mirage_wait_user_fence - sleep until memory has a value
 *
 * Returns 0 when the 64-bit word at @addr, minus @value, is not negative as a signed number (or
 * with DRM_MIRAGE_WAIT_EQUAL, when they are equal); -ETIME; -ECANCELED when the queue has stopped
 * before that. The kernel reads the word when a job of the queue ends, so a job has to write it as
 * a user fence or by a packet.
 */
struct drm_mirage_wait_user_fence {
	/** @queue_id: in: the queue whose jobs write the word */
	__u32 queue_id;
	/** @flags: in: DRM_MIRAGE_WAIT_EQUAL or 0 */
	__u32 flags;
	/** @addr: in: pointer of the calling process, 8-byte aligned */
	__u64 addr;
	/** @value: in */
	__u64 value;
	/** @timeout_ns: in: point on CLOCK_MONOTONIC; a point in the past only looks */
	__s64 timeout_ns;
};

/** DRM_MIRAGE_PLACEMENT_VRAM: video memory. */
#define DRM_MIRAGE_PLACEMENT_VRAM	(1u << 0)
/** DRM_MIRAGE_PLACEMENT_SYSTEM: system memory that the GPU can reach. */
#define DRM_MIRAGE_PLACEMENT_SYSTEM	(1u << 1)
/**
 * DRM_MIRAGE_PLACEMENT_PEER: video memory of another mirage GPU, reached there; of imported
 * objects, out only.
 */
#define DRM_MIRAGE_PLACEMENT_PEER	(1u << 2)

/** DRM_MIRAGE_BO_CPU_ACCESS: it may be mapped by the CPU. */
#define DRM_MIRAGE_BO_CPU_ACCESS	(1u << 0)
/** DRM_MIRAGE_BO_CONTIGUOUS: in one piece while in video memory, as scan-out wants it. */
#define DRM_MIRAGE_BO_CONTIGUOUS	(1u << 1)

/** enum drm_mirage_bo_priority - the order in which objects leave video memory */
enum drm_mirage_bo_priority {
	/** @DRM_MIRAGE_BO_PRIORITY_NORMAL: the usual. */
	DRM_MIRAGE_BO_PRIORITY_NORMAL = 0,
	/** @DRM_MIRAGE_BO_PRIORITY_LOW: before all others. */
	DRM_MIRAGE_BO_PRIORITY_LOW = 1,
	/** @DRM_MIRAGE_BO_PRIORITY_HIGH: after all others; needs CAP_SYS_NICE (-EACCES). */
	DRM_MIRAGE_BO_PRIORITY_HIGH = 2,
};

/**
 * struct drm_mirage_bo_create - make a buffer object
 *
 * It reads as zeroes. Its memory comes with its first use.
 */
struct drm_mirage_bo_create {
	/** @size: in: bytes, multiple of 4 KiB, not zero */
	__u64 size;
	/**
	 * @placement: in: DRM_MIRAGE_PLACEMENT_*. With both, video memory: the first use evicts
	 * other objects, later uses need free room
	 */
	__u32 placement;
	/** @flags: in: DRM_MIRAGE_BO_* */
	__u32 flags;
	/** @priority: in: enum drm_mirage_bo_priority */
	__u32 priority;
	/**
	 * @vm_id: in: the only address space that will map it, which makes jobs cheaper; it cannot
	 * be exported. Or 0.
	 */
	__u32 vm_id;
	/** @handle: out: GEM handle */
	__u32 handle;
	/** @pad: zero */
	__u32 pad;
};

/**
 * DRM_MIRAGE_USERPTR_READONLY: the GPU does not write there; mapped with DRM_MIRAGE_BIND_READONLY
 * only (-EACCES).
 */
#define DRM_MIRAGE_USERPTR_READONLY	(1u << 0)

/**
 * struct drm_mirage_bo_userptr - make an object of memory of the calling process
 *
 * For queues that may not fault. Nothing is pinned: the object follows what the process has
 * at that address when a job is submitted. It can be neither exported nor mapped by the CPU.
 *
 * The call checks the memory once: -EFAULT where there is no usable memory (or memory of a device
 * file), -EPERM where it may not be written and DRM_MIRAGE_USERPTR_READONLY is not set, -ENOSPC if
 * it is larger than the machine's memory. If it is not usable any more when a job is submitted, the
 * object is not mapped while that job runs, and a job that uses it nevertheless is stopped as by
 * any bad access. -EBUSY of an exec means that the memory changed during all attempts.
 *
 * System calls that change the memory wait while a job of a NO_FAULT queue runs in an address space
 * that maps it, for 30 s at most; then, and at once when the process exits, the job loses it.
 */
struct drm_mirage_bo_userptr {
	/** @addr: in: 4 KiB aligned */
	__u64 addr;
	/** @size: in: bytes, multiple of 4 KiB, not zero */
	__u64 size;
	/** @flags: in: DRM_MIRAGE_USERPTR_* */
	__u32 flags;
	/** @handle: out: GEM handle */
	__u32 handle;
};

/**
 * struct drm_mirage_bo_mmap - where mmap() of the device file finds an object
 */
struct drm_mirage_bo_mmap {
	/** @handle: in: of an object with DRM_MIRAGE_BO_CPU_ACCESS (-EACCES) */
	__u32 handle;
	/** @pad: zero */
	__u32 pad;
	/**
	 * @offset: out: argument of mmap(); a mapping begins there (-EINVAL), and may be shorter
	 * than the object
	 */
	__u64 offset;
};

/** enum drm_mirage_bo_advice - treatment of an object when memory is short */
enum drm_mirage_bo_advice {
	/** @DRM_MIRAGE_BO_WILLNEED: it is kept. */
	DRM_MIRAGE_BO_WILLNEED = 0,
	/** @DRM_MIRAGE_BO_DONTNEED: its content may be dropped. */
	DRM_MIRAGE_BO_DONTNEED = 1,
};

/**
 * struct drm_mirage_bo_madvise - say whether an object's content is needed
 */
struct drm_mirage_bo_madvise {
	/** @handle: in */
	__u32 handle;
	/** @advice: in: enum drm_mirage_bo_advice */
	__u32 advice;
	/**
	 * @retained: out: 1 if the content is there; 0 if it was dropped; the object then can only
	 * be closed
	 */
	__u32 retained;
	/** @pad: zero */
	__u32 pad;
};

/**
 * struct drm_mirage_bo_query - read the state of an object
 */
struct drm_mirage_bo_query {
	/** @handle: in */
	__u32 handle;
	/** @placement: out: DRM_MIRAGE_PLACEMENT_* it may have */
	__u32 placement;
	/**
	 * @location: out: the one it has; 0 while it has no memory, or memory the GPU cannot reach
	 * as it is
	 */
	__u32 location;
	/** @flags: out: DRM_MIRAGE_BO_* */
	__u32 flags;
	/** @size: out: bytes */
	__u64 size;
	/** @moves: out: times it was moved from one memory to another */
	__u64 moves;
	/** @largest: out: bytes of the largest contiguous piece of it, as the GPU addresses it */
	__u64 largest;
};

/**
 * struct drm_mirage_bo_label - name an object for readers of debugfs
 */
struct drm_mirage_bo_label {
	/** @handle: in */
	__u32 handle;
	/** @size: in: bytes of @label, at most 63 (-E2BIG); 0 takes the label away */
	__u32 size;
	/** @label: in: text without a zero byte */
	__u64 label;
};

/** DRM_MIRAGE_BO_WAIT_WRITE: until it may be written, else until it may be read. */
#define DRM_MIRAGE_BO_WAIT_WRITE	(1u << 0)

/**
 * struct drm_mirage_bo_wait - wait until no job uses an object
 */
struct drm_mirage_bo_wait {
	/** @handle: in */
	__u32 handle;
	/** @flags: in: DRM_MIRAGE_BO_WAIT_WRITE or 0 */
	__u32 flags;
	/** @timeout_ns: in: point on CLOCK_MONOTONIC; one in the past only looks */
	__s64 timeout_ns;
};

/** enum drm_mirage_bind_op - operation on a range of addresses */
enum drm_mirage_bind_op {
	/** @DRM_MIRAGE_BIND_MAP: an object's memory appears there, in place of what was there. */
	DRM_MIRAGE_BIND_MAP = 0,
	/** @DRM_MIRAGE_BIND_UNMAP: nothing is there. */
	DRM_MIRAGE_BIND_UNMAP = 1,
	/** @DRM_MIRAGE_BIND_NULL: reads give zeroes, writes are dropped. */
	DRM_MIRAGE_BIND_NULL = 2,
};

/** DRM_MIRAGE_BIND_READONLY: of MAP: the GPU may not write. */
#define DRM_MIRAGE_BIND_READONLY	(1u << 0)

/**
 * struct drm_mirage_bind - one operation
 */
struct drm_mirage_bind {
	/** @op: enum drm_mirage_bind_op */
	__u32 op;
	/** @flags: DRM_MIRAGE_BIND_READONLY or 0 */
	__u32 flags;
	/** @handle: object to MAP; else zero */
	__u32 handle;
	/** @pad: zero */
	__u32 pad;
	/** @offset: where in the object, multiple of 4 KiB; else zero */
	__u64 offset;
	/** @addr: GPU address, multiple of 4 KiB, from DRM_MIRAGE_VA_START to DRM_MIRAGE_VA_END */
	__u64 addr;
	/** @size: bytes, multiple of 4 KiB, not zero */
	__u64 size;
};

/**
 * DRM_MIRAGE_VM_BIND_ASYNC: return when the operations are queued; without it @syncs is empty and
 * they are done.
 */
#define DRM_MIRAGE_VM_BIND_ASYNC	(1u << 0)

/**
 * struct drm_mirage_vm_bind - change the mappings of an address space
 *
 * Operations take effect in order, those of earlier calls first, and all or none is queued. Of
 * several errors the first of these is returned: @flags and empty or superfluous arrays (-EINVAL),
 * @binds, @syncs (of each the count, the stride, the memory, the elements), @vm_id (-ENOENT), the
 * caller's right, objects and syncobjs. Returns -EWOULDBLOCK when DRM_MIRAGE_PARAM_VM_BINDS earlier
 * calls are not done; there is room a moment after one of their fences has signalled.
 *
 * With the first object over memory of a process (BO_USERPTR) that is mapped, the address space
 * becomes that process's alone, for good: others that have the file get -EPERM for it. -EBUSY:
 * another process has submitted jobs there that have not ended, and would reach that memory. Wait
 * for them and try again.
 */
struct drm_mirage_vm_bind {
	/** @vm_id: in */
	__u32 vm_id;
	/** @flags: in: DRM_MIRAGE_VM_BIND_* */
	__u32 flags;
	/** @binds: in: 1 to 4096 &struct drm_mirage_bind */
	struct drm_mirage_array binds;
	/** @syncs: in: at most 256 &struct drm_mirage_sync */
	struct drm_mirage_array syncs;
};

#define DRM_IOCTL_MIRAGE_QUERY \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_MIRAGE_QUERY, struct drm_mirage_query)
#define DRM_IOCTL_MIRAGE_VM_CREATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_MIRAGE_VM_CREATE, struct drm_mirage_vm_create)
#define DRM_IOCTL_MIRAGE_VM_DESTROY \
	DRM_IOW(DRM_COMMAND_BASE + DRM_MIRAGE_VM_DESTROY, struct drm_mirage_vm_destroy)
#define DRM_IOCTL_MIRAGE_VM_STATS \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_MIRAGE_VM_STATS, struct drm_mirage_vm_stats)
#define DRM_IOCTL_MIRAGE_VM_FAULTS \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_MIRAGE_VM_FAULTS, struct drm_mirage_vm_faults)
#define DRM_IOCTL_MIRAGE_SVM_QUERY \
	DRM_IOW(DRM_COMMAND_BASE + DRM_MIRAGE_SVM_QUERY, struct drm_mirage_svm_query)
#define DRM_IOCTL_MIRAGE_SVM_POPULATE \
	DRM_IOW(DRM_COMMAND_BASE + DRM_MIRAGE_SVM_POPULATE, struct drm_mirage_svm_populate)
#define DRM_IOCTL_MIRAGE_SVM_MIGRATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_MIRAGE_SVM_MIGRATE, struct drm_mirage_svm_migrate)
#define DRM_IOCTL_MIRAGE_SVM_SET_ATTR \
	DRM_IOW(DRM_COMMAND_BASE + DRM_MIRAGE_SVM_SET_ATTR, struct drm_mirage_svm_attr)
#define DRM_IOCTL_MIRAGE_SVM_GET_ATTR \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_MIRAGE_SVM_GET_ATTR, struct drm_mirage_svm_attr)
#define DRM_IOCTL_MIRAGE_QUEUE_CREATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_MIRAGE_QUEUE_CREATE, struct drm_mirage_queue_create)
#define DRM_IOCTL_MIRAGE_QUEUE_DESTROY \
	DRM_IOW(DRM_COMMAND_BASE + DRM_MIRAGE_QUEUE_DESTROY, struct drm_mirage_queue_destroy)
#define DRM_IOCTL_MIRAGE_QUEUE_QUERY \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_MIRAGE_QUEUE_QUERY, struct drm_mirage_queue_query)
#define DRM_IOCTL_MIRAGE_EXEC \
	DRM_IOW(DRM_COMMAND_BASE + DRM_MIRAGE_EXEC, struct drm_mirage_exec)
#define DRM_IOCTL_MIRAGE_BO_CREATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_MIRAGE_BO_CREATE, struct drm_mirage_bo_create)
#define DRM_IOCTL_MIRAGE_BO_USERPTR \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_MIRAGE_BO_USERPTR, struct drm_mirage_bo_userptr)
#define DRM_IOCTL_MIRAGE_BO_MMAP \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_MIRAGE_BO_MMAP, struct drm_mirage_bo_mmap)
#define DRM_IOCTL_MIRAGE_BO_MADVISE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_MIRAGE_BO_MADVISE, struct drm_mirage_bo_madvise)
#define DRM_IOCTL_MIRAGE_BO_QUERY \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_MIRAGE_BO_QUERY, struct drm_mirage_bo_query)
#define DRM_IOCTL_MIRAGE_BO_LABEL \
	DRM_IOW(DRM_COMMAND_BASE + DRM_MIRAGE_BO_LABEL, struct drm_mirage_bo_label)
#define DRM_IOCTL_MIRAGE_BO_WAIT \
	DRM_IOW(DRM_COMMAND_BASE + DRM_MIRAGE_BO_WAIT, struct drm_mirage_bo_wait)
#define DRM_IOCTL_MIRAGE_VM_BIND \
	DRM_IOW(DRM_COMMAND_BASE + DRM_MIRAGE_VM_BIND, struct drm_mirage_vm_bind)
#define DRM_IOCTL_MIRAGE_WAIT_USER_FENCE \
	DRM_IOW(DRM_COMMAND_BASE + DRM_MIRAGE_WAIT_USER_FENCE, struct drm_mirage_wait_user_fence)

#if defined(__cplusplus)
}
#endif

#endif /* _UAPI_MIRAGE_DRM_H_ */
