// SPDX-License-Identifier: MIT
/*
 * Building indirect buffers.
 *
 * A builder keeps its first error and writes nothing after it, so that code that
 * makes packets reads as a list of packets. A packet that the device would refuse is
 * refused here already, where the caller can be told: a bad packet stops a queue for good.
 * Tests that want the device's own checks write words with mirage_ib_raw().
 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "mirage.h"

#define DISPATCH_ALIGN		64
#define CODE_MAX		(1u << 24)
#define ARGS_MAX		4096
#define PAGE_BYTES		4096u

/**
 * mirage_ib_init() - begin an indirect buffer in memory that the GPU sees as this process does
 * @ib: builder
 * @memory: where the packets go, 4-byte aligned; the caller's until the job is done
 * @bytes: size of it; a rest of less than a word is not used
 */
void mirage_ib_init(struct mirage_ib *ib, void *memory, size_t bytes)
{
	mirage_ib_init_at(ib, memory, bytes, (uintptr_t)memory);
}

/**
 * mirage_ib_init_at() - begin an indirect buffer in memory that is bound elsewhere
 * @ib: builder
 * @memory: where the packets go, 4-byte aligned; the caller's until the job is done
 * @bytes: size of it; a rest of less than a word is not used
 * @addr: where the GPU sees it
 */
void mirage_ib_init_at(struct mirage_ib *ib, void *memory, size_t bytes, uint64_t addr)
{
	*ib = (struct mirage_ib){
		.words = (uint32_t *)memory,
		.capacity = bytes / sizeof(uint32_t),
		.error = ((uintptr_t)memory | addr) % sizeof(uint32_t) ? -EINVAL : 0,
		.addr = addr,
	};
}

/**
 * mirage_ib_reset() - begin it again, empty
 * @ib: builder; the job that it was last given to is done
 */
void mirage_ib_reset(struct mirage_ib *ib)
{
	ib->used = 0;
	ib->error = ((uintptr_t)ib->words | ib->addr) % sizeof(uint32_t) ? -EINVAL : 0;
}

/**
 * mirage_ib_create() - begin an indirect buffer that a NO_FAULT queue can run
 * @gpu: device
 * @vm: address space
 * @addr: where it is bound: 4 KiB aligned, from DRM_MIRAGE_VA_START on, nothing there that is still needed
 * @bytes: size of it; whole pages of 4 KiB are taken
 * @ib: out: builder, with memory of its own; ended by mirage_ib_destroy()
 *
 * An object in system memory, bound and mapped. The memory that the packets name has to be bound as well.
 *
 * Return: 0 or a negative errno, with nothing left behind
 */
int mirage_ib_create(const struct mirage *gpu, uint32_t vm, uint64_t addr, size_t bytes,
		     struct mirage_ib *ib)
{
	uint64_t size = ((uint64_t)bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
	struct drm_mirage_bind bind;
	uint32_t handle;
	void *memory;
	int ret;

	ret = mirage_bo_create(gpu, size, DRM_MIRAGE_PLACEMENT_SYSTEM, DRM_MIRAGE_BO_CPU_ACCESS,
			       &handle);
	if (ret)
		return ret;
	ret = mirage_bo_map(gpu, handle, size, &memory);
	if (ret)
		goto close;
	bind = mirage_bind_map(addr, size, handle, 0, 0);
	ret = mirage_vm_bind(gpu, vm, &bind, 1);
	if (ret)
		goto unmap;
	mirage_ib_init_at(ib, memory, size, addr);
	ib->vm = vm;
	ib->handle = handle;

	return 0;

unmap:
	munmap(memory, size);
close:
	mirage_bo_close(gpu, handle);
	return ret;
}

/**
 * mirage_ib_destroy() - undo mirage_ib_create()
 * @gpu: device
 * @ib: builder; no job needs it any more
 *
 * Return: 0, or the first negative errno; all of it is done in any case
 */
int mirage_ib_destroy(const struct mirage *gpu, struct mirage_ib *ib)
{
	uint64_t size = ib->capacity * sizeof(uint32_t);
	struct drm_mirage_bind bind = mirage_bind_unmap(ib->addr, size);
	int ret, closed;

	ret = mirage_vm_bind(gpu, ib->vm, &bind, 1);
	munmap(ib->words, size);
	closed = mirage_bo_close(gpu, ib->handle);
	*ib = (struct mirage_ib){0};

	return ret ? ret : closed;
}

static bool ib_room(struct mirage_ib *ib, size_t words)
{
	if (!ib->error && words > ib->capacity - ib->used)
		ib->error = -ENOSPC;

	return !ib->error;
}

static bool ib_require(struct mirage_ib *ib, bool condition)
{
	if (!ib->error && !condition)
		ib->error = -EINVAL;

	return !ib->error;
}

static bool aligned(const void *pointer, size_t alignment)
{
	return (uintptr_t)pointer % alignment == 0;
}

/* The first payload word, or NULL when there is no room or an earlier packet failed. */
static uint32_t *ib_packet(struct mirage_ib *ib, enum mirage_packet_op op, uint32_t words,
			   uint32_t flags)
{
	uint32_t *packet;

	if (!ib_room(ib, 1 + words))
		return NULL;
	packet = &ib->words[ib->used];
	packet[0] = htole32(MIRAGE_PKT(op, words, flags));
	ib->used += 1 + words;

	return packet + 1;
}

static void put64(uint32_t *words, uint64_t value)
{
	words[0] = htole32((uint32_t)value);
	words[1] = htole32((uint32_t)(value >> 32));
}

static void put_pointer(uint32_t *words, const void *pointer)
{
	put64(words, (uintptr_t)pointer);
}

/**
 * mirage_ib_nop() - do nothing
 * @ib: builder
 */
void mirage_ib_nop(struct mirage_ib *ib)
{
	ib_packet(ib, MIRAGE_PKT_NOP, 0, 0);
}

/**
 * mirage_ib_copy() - copy memory
 * @ib: builder
 * @to: destination, any alignment
 * @from: source, any alignment
 * @bytes: how many; the areas must not overlap
 */
void mirage_ib_copy(struct mirage_ib *ib, void *to, const void *from, uint64_t bytes)
{
	uint32_t *payload = ib_packet(ib, MIRAGE_PKT_COPY, 6, 0);

	if (!payload)
		return;
	put_pointer(payload, from);
	put_pointer(payload + 2, to);
	put64(payload + 4, bytes);
}

/**
 * mirage_ib_fill() - fill memory with a word
 * @ib: builder
 * @to: destination, 4-byte aligned
 * @bytes: how many, a multiple of 4
 * @pattern: the word
 */
void mirage_ib_fill(struct mirage_ib *ib, void *to, uint64_t bytes, uint32_t pattern)
{
	uint32_t *payload;

	if (!ib_require(ib, aligned(to, 4) && bytes % 4 == 0))
		return;
	payload = ib_packet(ib, MIRAGE_PKT_FILL, 5, 0);
	if (!payload)
		return;
	put_pointer(payload, to);
	put64(payload + 2, bytes);
	payload[4] = htole32(pattern);
}

/**
 * mirage_ib_dispatch() - run a kernel
 * @ib: builder
 * @dispatch: what to run, 64-byte aligned; the caller's until the job is done
 */
void mirage_ib_dispatch(struct mirage_ib *ib, const struct mirage_dispatch *dispatch)
{
	uint32_t *payload;

	if (!ib_require(ib, aligned(dispatch, DISPATCH_ALIGN)))
		return;
	payload = ib_packet(ib, MIRAGE_PKT_DISPATCH, 2, 0);
	if (payload)
		put_pointer(payload, dispatch);
}

static void ib_semaphore(struct mirage_ib *ib, enum mirage_packet_op op, uint32_t flags,
			 const uint64_t *at, uint64_t value)
{
	uint32_t *payload;

	if (!ib_require(ib, aligned(at, 8)))
		return;
	payload = ib_packet(ib, op, 4, flags);
	if (!payload)
		return;
	put_pointer(payload, at);
	put64(payload + 2, value);
}

/**
 * mirage_ib_sem_write() - store a value after everything before
 * @ib: builder
 * @to: where, 8-byte aligned
 * @value: what
 */
void mirage_ib_sem_write(struct mirage_ib *ib, uint64_t *to, uint64_t value)
{
	ib_semaphore(ib, MIRAGE_PKT_SEM_WRITE, 0, to, value);
}

/**
 * mirage_ib_sem_wait() - wait until memory has reached a value
 * @ib: builder
 * @at: where, 8-byte aligned
 * @value: the value; reached when memory - value is not negative as a signed number
 */
void mirage_ib_sem_wait(struct mirage_ib *ib, const uint64_t *at, uint64_t value)
{
	ib_semaphore(ib, MIRAGE_PKT_SEM_WAIT, 0, at, value);
}

/**
 * mirage_ib_sem_wait_equal() - wait until memory is equal to a value
 * @ib: builder
 * @at: where, 8-byte aligned
 * @value: the value
 */
void mirage_ib_sem_wait_equal(struct mirage_ib *ib, const uint64_t *at, uint64_t value)
{
	ib_semaphore(ib, MIRAGE_PKT_SEM_WAIT, MIRAGE_SEM_EQUAL, at, value);
}

/**
 * mirage_ib_timestamp() - store the device's clock
 * @ib: builder
 * @to: where, 8-byte aligned
 */
void mirage_ib_timestamp(struct mirage_ib *ib, uint64_t *to)
{
	uint32_t *payload;

	if (!ib_require(ib, aligned(to, 8)))
		return;
	payload = ib_packet(ib, MIRAGE_PKT_TIMESTAMP, 2, 0);
	if (payload)
		put_pointer(payload, to);
}

/**
 * mirage_ib_raw() - words as they are, unchecked
 * @ib: builder
 * @words: in the CPU's byte order
 * @count: how many
 */
void mirage_ib_raw(struct mirage_ib *ib, const uint32_t *words, size_t count)
{
	size_t i;

	if (!ib_room(ib, count))
		return;
	for (i = 0; i < count; i++)
		ib->words[ib->used++] = htole32(words[i]);
}

/**
 * mirage_ib_cmds() - finish, for exec
 * @ib: builder
 * @cmds: out
 *
 * Return: 0; the builder's error; -EINVAL if it is empty or longer than a device takes
 */
int mirage_ib_cmds(const struct mirage_ib *ib, struct drm_mirage_cmds *cmds)
{
	if (ib->error)
		return ib->error;
	if (!ib->used || ib->used > MIRAGE_IB_MAX_WORDS)
		return -EINVAL;
	cmds->addr = ib->addr;
	cmds->size = ib->used * sizeof(uint32_t);

	return 0;
}

/**
 * mirage_dispatch_init() - describe a kernel of one group of one work item
 * @dispatch: 64-byte aligned
 * @code: instructions, 8-byte aligned
 * @code_size: bytes
 * @nr_regs: registers that a lane uses
 */
void mirage_dispatch_init(struct mirage_dispatch *dispatch, const void *code, size_t code_size,
			  unsigned int nr_regs)
{
	memset(dispatch, 0, sizeof(*dispatch));
	dispatch->code = htole64((uintptr_t)code);
	dispatch->code_size = htole32((uint32_t)(code_size > CODE_MAX ? CODE_MAX + 1 : code_size));
	dispatch->nr_regs = htole32(nr_regs);
	mirage_dispatch_grid(dispatch, 1, 1, 1);
	mirage_dispatch_group(dispatch, 1, 1, 1);
}

/**
 * mirage_dispatch_args() - give it arguments
 * @dispatch: descriptor
 * @args: 8-byte aligned; the caller's until the job is done
 * @size: bytes
 */
void mirage_dispatch_args(struct mirage_dispatch *dispatch, const void *args, size_t size)
{
	dispatch->args = htole64((uintptr_t)args);
	dispatch->args_size = htole32((uint32_t)(size > ARGS_MAX ? ARGS_MAX + 1 : size));
}

/**
 * mirage_dispatch_grid() - how many groups
 * @dispatch: descriptor
 * @groups_x: in x
 * @groups_y: in y
 * @groups_z: in z
 */
void mirage_dispatch_grid(struct mirage_dispatch *dispatch, uint32_t groups_x, uint32_t groups_y,
			  uint32_t groups_z)
{
	dispatch->grid[0] = htole32(groups_x);
	dispatch->grid[1] = htole32(groups_y);
	dispatch->grid[2] = htole32(groups_z);
}

/**
 * mirage_dispatch_group() - how many work items in a group
 * @dispatch: descriptor
 * @x: in x
 * @y: in y
 * @z: in z
 */
void mirage_dispatch_group(struct mirage_dispatch *dispatch, uint32_t x, uint32_t y, uint32_t z)
{
	dispatch->group[0] = htole32(x);
	dispatch->group[1] = htole32(y);
	dispatch->group[2] = htole32(z);
}

/**
 * mirage_dispatch_shared() - shared memory of each group
 * @dispatch: descriptor
 * @bytes: how much
 */
void mirage_dispatch_shared(struct mirage_dispatch *dispatch, uint32_t bytes)
{
	dispatch->shared_size = htole32(bytes);
}
