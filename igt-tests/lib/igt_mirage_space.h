/* SPDX-License-Identifier: MIT */
/*
 * An address space of buffer objects alone, with a queue that may not fault: nothing of this
 * process is mirrored, all that a job uses is an object that was bound.
 */
#ifndef IGT_MIRAGE_SPACE_H
#define IGT_MIRAGE_SPACE_H

#include <mirage.h>

#include "igt.h"

/** SPACE_IBS: jobs that may be under way at a time, each with SPACE_IB_SIZE bytes of packets. */
#define SPACE_IBS	32
#define SPACE_IB_SIZE	4096u

/**
 * struct space - it
 */
struct space {
	/** @dev: the device; the caller's */
	struct mirage *dev;
	/** @vm: address space */
	uint32_t vm;
	/** @queue: a compute queue in it that may not fault */
	uint32_t queue;
	/** @next: first address that space_bind() has not given out yet */
	uint64_t next;
	/** @ib_handle: object with the packets of all jobs */
	uint32_t ib_handle;
	/** @ib_addr: where the GPU sees it */
	uint64_t ib_addr;
	/** @ib_words: where the CPU sees it */
	uint32_t *ib_words;
	/** @ib_used: which of its SPACE_IBS pieces are taken, a bit for each */
	uint32_t ib_used;
};

void space_open(struct space *space, struct mirage *dev);
void space_open_with(struct space *space, struct mirage *dev, uint32_t flags);
void space_close(struct space *space);
uint32_t space_add_queue(struct space *space, uint32_t flags);

/* Bind an object where nothing was yet, and take it away. */
uint64_t space_bind(struct space *space, uint32_t handle, uint64_t offset, uint64_t size);
void space_bind_at(struct space *space, uint64_t addr, uint32_t handle, uint64_t offset,
		   uint64_t size);
void space_unbind(struct space *space, uint64_t addr, uint64_t size);

/* Several operations of VM_BIND, and what is in the page tables afterwards: DRM_MIRAGE_SVM_PAGE_*. */
void space_binds(struct space *space, const struct drm_mirage_bind *binds, unsigned int count);
uint8_t space_page(struct space *space, uint64_t addr);
void space_check_pages(struct space *space, uint64_t addr, uint64_t size, uint8_t have,
		       uint8_t lack);

/**
 * struct space_scenario - a subtest that gets a space of its own, and leaves it without jobs
 */
struct space_scenario {
	/** @name: of the subtest */
	const char *name;
	/** @test: its body */
	void (*test)(struct space *space);
	/** @description: of the subtest */
	const char *description;
};

void space_subtests(const struct space_scenario *scenarios, size_t count);

/**
 * struct buf - an object, bound and mapped
 */
struct buf {
	/** @handle: of the object */
	uint32_t handle;
	/** @size: bytes */
	uint64_t size;
	/** @addr: where the GPU sees it */
	uint64_t addr;
	/** @words: where the CPU sees it */
	uint32_t *words;
};

struct buf buf_new(struct space *space, uint64_t size, uint32_t placement);
struct buf buf_adopt(struct space *space, uint32_t handle, uint64_t size);
void buf_free(struct space *space, struct buf *buf);
uint32_t buf_location(struct space *space, const struct buf *buf);

/* Ask for video memory until an object has had to leave it. */
void press_vram(struct mirage *dev, uint32_t handle);

/* Content that is different in each word, for every seed. */
void words_write(uint32_t *words, uint64_t size, uint32_t seed);
void words_check(const uint32_t *words, uint64_t size, uint32_t seed);

/**
 * struct space_job - packets, and the syncobj that tells of their end
 */
struct space_job {
	/** @space: where it runs */
	struct space *space;
	/** @queue: set by space_job_new() to the space's own */
	uint32_t queue;
	/** @ib: packets are added here with mirage_ib_*(); their addresses are those of bound objects */
	struct mirage_ib ib;
	/** @slot: piece of the packets' object */
	unsigned int slot;
	/** @syncobj: signals its end */
	uint32_t syncobj;
};

static inline void *gpu_ptr(uint64_t addr)
{
	return (void *)(uintptr_t)addr;
}

struct space_job space_job_new(struct space *space);
void space_job_submit(struct space_job *job, const struct drm_mirage_sync *waits,
		      unsigned int nr_waits);
bool space_job_is_done(struct space_job *job);
void space_job_wait(struct space_job *job);
void space_job_free(struct space_job *job);
int space_job_status(struct space_job *job);

/* One job each, that must succeed. */
void space_copy(struct space *space, uint64_t to, uint64_t from, uint64_t size);
void space_fill(struct space *space, uint64_t to, uint64_t size, uint32_t pattern);

/* A job in an address space of its own, from its beginning to its end: who could have run meanwhile, did. */
void bystander_job(struct mirage *dev);

#endif /* IGT_MIRAGE_SPACE_H */
