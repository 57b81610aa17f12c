// SPDX-License-Identifier: MIT
/**
 * TEST: mirage bad input
 * Description: The answers of driver and device to wrong input: handles, sizes, flags,
 *	addresses, packets, programs.
 * Category: Core
 */
#include <sys/mman.h>

#include "igt_mirage.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("Wrong handles, sizes, flags, addresses, packets and programs.");

#define NO_HANDLE	0x7ffffff0u

/* An array the kernel cannot read: nothing is mapped there. */
#define BAD_POINTER	0x10ull

/**
 * SUBTEST: handles
 * Description: Handles that name nothing, or a thing of another file.
 */
static void handles(struct gpu *gpu)
{
	struct drm_mirage_queue_query query = { .queue_id = NO_HANDLE };
	struct drm_mirage_vm_stats stats = { .vm_id = NO_HANDLE };
	struct drm_mirage_vm_faults faults = { .vm_id = NO_HANDLE };
	struct drm_mirage_vm_destroy vm_destroy = { .vm_id = NO_HANDLE };
	struct drm_mirage_queue_destroy queue_destroy = { .queue_id = NO_HANDLE };
	struct drm_mirage_queue_create create = { .vm_id = NO_HANDLE };
	struct drm_mirage_exec exec = { .queue_id = NO_HANDLE };
	struct drm_mirage_sync sync = { .handle = NO_HANDLE };
	struct mirage other;
	uint8_t page;

	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_QUEUE_QUERY, &query, ENOENT);
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_VM_STATS, &stats, ENOENT);
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_VM_FAULTS, &faults, ENOENT);
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_VM_DESTROY, &vm_destroy, ENOENT);
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_QUEUE_DESTROY, &queue_destroy, ENOENT);
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_QUEUE_CREATE, &create, ENOENT);
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_EXEC, &exec, ENOENT);
	igt_assert_eq(mirage_svm_query(&gpu->dev, NO_HANDLE, gpu->out, PAGE, &page), -ENOENT);
	igt_assert_eq(mirage_exec(&gpu->dev, gpu->queue, NULL, 0, &sync, 1), -ENOENT);
	sync.flags = DRM_MIRAGE_SYNC_SIGNAL;
	igt_assert_eq(mirage_exec(&gpu->dev, gpu->queue, NULL, 0, &sync, 1), -ENOENT);

	/* Handles are of a file: another file of the same process has none of them. */
	igt_assert_eq(mirage_open(&other), 0);
	igt_assert_eq(mirage_vm_destroy(&other, gpu->vm), -ENOENT);
	igt_assert_eq(mirage_queue_destroy(&other, gpu->queue), -ENOENT);
	igt_assert_eq(mirage_exec(&other, gpu->queue, NULL, 0, NULL, 0), -ENOENT);
	mirage_close(&other);
}

/**
 * SUBTEST: flags-and-padding
 * Description: Unknown flags and padding that is not zero, in each structure.
 */
static void flags_and_padding(struct gpu *gpu)
{
	int fd = gpu->dev.fd;
	uint8_t page;

	for (unsigned int bit = 0; bit < 32; bit++) {
		struct drm_mirage_vm_create create = { .flags = 1u << bit };
		struct drm_mirage_vm_destroy vm_destroy = { .vm_id = gpu->vm, .pad = 1u << bit };
		struct drm_mirage_queue_create queue = { .vm_id = gpu->vm, .flags = 1u << bit };
		struct drm_mirage_queue_destroy queue_destroy = {
			.queue_id = gpu->queue, .pad = 1u << bit,
		};
		struct drm_mirage_exec exec = { .queue_id = gpu->queue, .flags = 1u << bit };
		struct drm_mirage_svm_query query = {
			.vm_id = gpu->vm, .pad = 1u << bit, .addr = (uintptr_t)gpu->out,
			.size = PAGE, .pages = (uintptr_t)&page,
		};
		struct drm_mirage_wait_user_fence wait = {
			.queue_id = gpu->queue, .flags = 1u << bit, .addr = (uintptr_t)gpu->out,
		};
		struct drm_mirage_sync sync = { .flags = 1u << bit };

		if (create.flags != DRM_MIRAGE_VM_CREATE_SVM)
			do_ioctl_err(fd, DRM_IOCTL_MIRAGE_VM_CREATE, &create, EINVAL);
		create.flags |= DRM_MIRAGE_VM_CREATE_SVM;
		if (create.flags != DRM_MIRAGE_VM_CREATE_SVM)
			do_ioctl_err(fd, DRM_IOCTL_MIRAGE_VM_CREATE, &create, EINVAL);
		do_ioctl_err(fd, DRM_IOCTL_MIRAGE_VM_DESTROY, &vm_destroy, EINVAL);
		if (bit > 1)
			do_ioctl_err(fd, DRM_IOCTL_MIRAGE_QUEUE_CREATE, &queue, EINVAL);
		do_ioctl_err(fd, DRM_IOCTL_MIRAGE_QUEUE_DESTROY, &queue_destroy, EINVAL);
		do_ioctl_err(fd, DRM_IOCTL_MIRAGE_EXEC, &exec, EINVAL);
		if (bit > 0)
			do_ioctl_err(fd, DRM_IOCTL_MIRAGE_WAIT_USER_FENCE, &wait, EINVAL);
		do_ioctl_err(fd, DRM_IOCTL_MIRAGE_SVM_QUERY, &query, EINVAL);
		if (bit > 1)
			igt_assert_eq(mirage_exec(&gpu->dev, gpu->queue, NULL, 0, &sync, 1),
				      -EINVAL);
	}
}

/**
 * SUBTEST: queue-create
 * Description: Classes, priorities and time-outs that do not exist.
 */
static void queue_create(struct gpu *gpu)
{
	static const struct drm_mirage_queue_create bad[] = {
		{ .queue_class = 2 },
		{ .queue_class = 0xffffffff },
		{ .priority = 4 },
		{ .priority = 0x80000000 },
		{ .timeout_ms = 600001 },
		{ .timeout_ms = 0xffffffff },
		{ .flags = DRM_MIRAGE_QUEUE_NO_FAULT | DRM_MIRAGE_QUEUE_LONG_RUNNING },
		{ .flags = DRM_MIRAGE_QUEUE_NO_FAULT, .timeout_ms = 10001 },
		{ .flags = DRM_MIRAGE_QUEUE_LONG_RUNNING, .timeout_ms = 1 },
	};
	struct drm_mirage_queue_create args;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		args = bad[i];
		args.vm_id = gpu->vm;
		do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_QUEUE_CREATE, &args, EINVAL);
	}
	args = (struct drm_mirage_queue_create){ .vm_id = gpu->vm, .timeout_ms = 600000 };
	do_ioctl(gpu->dev.fd, DRM_IOCTL_MIRAGE_QUEUE_CREATE, &args);
}

/**
 * SUBTEST: exec-ranges
 * Description: Packets at addresses and with sizes that are unaligned, empty, too large, beyond
 *	the mirror, or overflow; arrays that cannot be read or are too long. Nothing takes
 *	effect.
 */
static void exec_ranges(struct gpu *gpu)
{
	static const struct drm_mirage_cmds bad[] = {
		{ 0x10002, 4 }, { 0x10001, 4 }, { 0x10000, 0 }, { 0x10000, 2 }, { 0x10000, 7 },
		{ 0x10000, (4 << 20) + 4 }, { 0x10000, ~3ull },
		{ (1ull << 49) - 4, 8 }, { 1ull << 49, 4 }, { 1ull << 63, 4 },
		{ ~3ull, 4 }, { ~3ull, 8 }, { 0xffff800000000000ull, 4 },
	};
	struct drm_mirage_exec args = { .queue_id = gpu->queue };
	struct drm_mirage_cmds two[2];
	struct drm_mirage_sync syncs[2];
	uint32_t handle;
	unsigned int i;

	igt_assert_eq(mirage_syncobj_create(&gpu->dev, false, &handle), 0);
	syncs[0] = mirage_sync_signal(handle);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		two[0] = (struct drm_mirage_cmds){ (uintptr_t)gpu->out, 4 };
		two[1] = bad[i];
		igt_assert_eq(mirage_exec(&gpu->dev, gpu->queue, two, 2, syncs, 1), -EINVAL);
	}

	args.cmds = (struct drm_mirage_array)DRM_MIRAGE_ARRAY(1, two);
	args.cmds.array = BAD_POINTER;
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_EXEC, &args, EFAULT);
	args.cmds.array = (uintptr_t)two;
	args.cmds.count = 65;
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_EXEC, &args, E2BIG);
	args.cmds.count = 0xffffffff;
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_EXEC, &args, E2BIG);

	/* Of several errors the first in the order of the header is returned. */
	args.queue_id = NO_HANDLE;
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_EXEC, &args, ENOENT);
	args.flags = 1;
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_EXEC, &args, EINVAL);
	args.flags = 0;
	args.queue_id = gpu->queue;
	args.cmds.stride = 4;
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_EXEC, &args, E2BIG);

	args.cmds.count = 0;
	args.syncs = (struct drm_mirage_array)DRM_MIRAGE_ARRAY(257, syncs);
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_EXEC, &args, E2BIG);
	args.syncs.count = 1;
	args.syncs.array = BAD_POINTER;
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_EXEC, &args, EFAULT);

	/* A point without a timeline, the reverse, and a wait for what was never submitted. */
	syncs[1] = (struct drm_mirage_sync){ .handle = handle, .point = 1 };
	igt_assert_eq(mirage_exec(&gpu->dev, gpu->queue, NULL, 0, syncs, 2), -EINVAL);
	syncs[1] = (struct drm_mirage_sync){ .handle = handle, .flags = DRM_MIRAGE_SYNC_TIMELINE };
	igt_assert_eq(mirage_exec(&gpu->dev, gpu->queue, NULL, 0, syncs, 2), -EINVAL);
	syncs[1] = mirage_sync_wait(handle);
	igt_assert_eq(mirage_exec(&gpu->dev, gpu->queue, NULL, 0, syncs, 2), -EINVAL);

	/* After all that the syncobj was not touched. */
	igt_assert_eq(mirage_syncobj_wait(&gpu->dev, handle, 0), -ETIME);
}

/* Pass @array, a part of @args with elements of @size bytes, with wrong strides. */
static void check_bad_strides(struct gpu *gpu, unsigned long request, void *args,
			      struct drm_mirage_array *array, uint32_t size)
{
	uint32_t bad[] = { 0, 8, size - 8, size - 1, size + 1, size + 4, 0xffffffff };
	uint32_t good = array->stride;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		array->stride = bad[i];
		do_ioctl_err(gpu->dev.fd, request, args, EINVAL);
	}
	array->stride = PAGE + 8;
	do_ioctl_err(gpu->dev.fd, request, args, E2BIG);
	array->stride = good;
}

/* Pass @array, a part of @args with one element of @size bytes, with wrong and right strides. */
static void check_strides(struct gpu *gpu, unsigned long request, void *args,
			  struct drm_mirage_array *array, uint32_t size)
{
	struct drm_mirage_array good = *array;
	uint8_t *longer = mem_anon(2 * PAGE);
	uint32_t longer_strides[] = { size + 8, PAGE };
	unsigned int i;

	check_bad_strides(gpu, request, args, array, size);

	/* Two equal elements; the second lies where the stride says. */
	array->array = (uintptr_t)longer;
	array->count = 2;
	for (i = 0; i < ARRAY_SIZE(longer_strides); i++) {
		uint32_t stride = longer_strides[i];

		array->stride = stride;
		memset(longer, 0, 2 * PAGE);
		memcpy(longer, (void *)(uintptr_t)good.array, size);
		memcpy(longer + stride, (void *)(uintptr_t)good.array, size);
		do_ioctl(gpu->dev.fd, request, args);
		longer[size] = 1;
		do_ioctl_err(gpu->dev.fd, request, args, E2BIG);
		longer[size] = 0;
		longer[2 * stride - 1] = 1;
		do_ioctl_err(gpu->dev.fd, request, args, E2BIG);
	}
	mem_unmap(longer + PAGE, PAGE);
	do_ioctl_err(gpu->dev.fd, request, args, EFAULT);
	mem_unmap(longer, PAGE);

	/* Nothing is read of an array without elements. */
	*array = (struct drm_mirage_array){ .stride = 1, .array = BAD_POINTER };
	if (request == DRM_IOCTL_MIRAGE_EXEC)
		do_ioctl(gpu->dev.fd, request, args);
	*array = good;
}

/**
 * SUBTEST: strides
 * Description: Arrays with elements shorter and longer than the kernel's, tail zero or not.
 */
static void strides(struct gpu *gpu)
{
	struct drm_mirage_cmds cmds = { .addr = (uintptr_t)gpu->out, .size = 4 };
	struct drm_mirage_user_fence fence = { .addr = (uintptr_t)gpu->out + 64, .value = 1 };
	struct drm_mirage_bind bind = mirage_bind_unmap(DRM_MIRAGE_VA_START, PAGE);
	struct drm_mirage_sync sync;
	struct drm_mirage_exec exec = {
		.queue_id = gpu->queue,
		.cmds = DRM_MIRAGE_ARRAY(1, &cmds),
		.syncs = DRM_MIRAGE_ARRAY(1, &sync),
		.user_fences = DRM_MIRAGE_ARRAY(1, &fence),
	};
	struct drm_mirage_vm_bind vm_bind = {
		.flags = DRM_MIRAGE_VM_BIND_ASYNC,
		.binds = DRM_MIRAGE_ARRAY(1, &bind),
		.syncs = DRM_MIRAGE_ARRAY(1, &sync),
	};
	uint32_t syncobj;

	/* A packet of one word that does nothing. */
	*(uint32_t *)gpu->out = MIRAGE_PKT(MIRAGE_PKT_NOP, 0, 0);
	igt_assert_eq(mirage_syncobj_create(&gpu->dev, true, &syncobj), 0);
	sync = mirage_sync_wait(syncobj);
	igt_assert_eq(mirage_vm_create(&gpu->dev, &vm_bind.vm_id), 0);

	check_strides(gpu, DRM_IOCTL_MIRAGE_EXEC, &exec, &exec.cmds, sizeof(cmds));
	check_strides(gpu, DRM_IOCTL_MIRAGE_EXEC, &exec, &exec.syncs, sizeof(sync));
	check_strides(gpu, DRM_IOCTL_MIRAGE_EXEC, &exec, &exec.user_fences, sizeof(fence));
	check_strides(gpu, DRM_IOCTL_MIRAGE_VM_BIND, &vm_bind, &vm_bind.binds, sizeof(bind));
	check_strides(gpu, DRM_IOCTL_MIRAGE_VM_BIND, &vm_bind, &vm_bind.syncs, sizeof(sync));

	igt_assert_eq(mirage_vm_destroy(&gpu->dev, vm_bind.vm_id), 0);
	igt_assert_eq(mirage_syncobj_destroy(&gpu->dev, syncobj), 0);
	gpu_assert_alive(gpu);
}

/*
 * Let VM_FAULTS, which has two elements to write, write them to @array, a part of @args, with wrong
 * strides and with longer ones. @want: both elements, @size bytes each.
 */
static void check_output(struct gpu *gpu, struct drm_mirage_vm_faults *args,
			 struct drm_mirage_array *array, const void *want, uint32_t size)
{
	uint8_t *longer = mem_anon(3 * PAGE), untouched[PAGE], zero[PAGE] = {};
	uint32_t strides[] = { size, size + 8, PAGE };
	unsigned int i, n;

	memset(untouched, 0xff, sizeof(untouched));
	*array = (struct drm_mirage_array){ .stride = size, .count = 3, .array = (uintptr_t)longer };
	check_bad_strides(gpu, DRM_IOCTL_MIRAGE_VM_FAULTS, args, array, size);

	for (i = 0; i < ARRAY_SIZE(strides); i++) {
		uint32_t stride = strides[i];

		/* Room for one, two and three. */
		for (n = 1; n <= 3; n++) {
			unsigned int last = n < 2 ? n - 1 : 1, element;

			memset(longer, 0xff, 3 * PAGE);
			array->stride = stride;
			array->count = n;
			do_ioctl(gpu->dev.fd, DRM_IOCTL_MIRAGE_VM_FAULTS, args);
			igt_assert_eq(args->count, 2);
			for (element = 0; element <= last; element++) {
				const uint8_t *at = longer + element * stride;

				igt_assert(!memcmp(at, (const uint8_t *)want + element * size, size));
				igt_assert(!memcmp(at + size, zero, stride - size));
			}
			igt_assert(!memcmp(longer + (last + 1) * stride, untouched, PAGE));
		}
	}
	/* The second element lies where nothing is mapped. */
	mem_unmap(longer + PAGE, 2 * PAGE);
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_VM_FAULTS, args, EFAULT);
	mem_unmap(longer, PAGE);

	/* Nothing is written to an array without elements. */
	*array = (struct drm_mirage_array){ .stride = 1, .array = BAD_POINTER };
	do_ioctl(gpu->dev.fd, DRM_IOCTL_MIRAGE_VM_FAULTS, args);
}

/**
 * SUBTEST: output-strides
 * Description: Arrays that the kernel writes, with elements shorter and longer than the kernel's,
 *	and with less and more room than it has elements.
 */
static void output_strides(struct gpu *gpu)
{
	struct drm_mirage_vm_faults args = { .vm_id = gpu->vm };
	struct drm_mirage_place places[2];
	struct drm_mirage_fault faults[2];
	uint32_t count = 2;

	/* A wrong stride does not pass because there is nothing to write. */
	args.faults = (struct drm_mirage_array)DRM_MIRAGE_ARRAY(2, faults);
	check_bad_strides(gpu, DRM_IOCTL_MIRAGE_VM_FAULTS, &args, &args.faults, sizeof(faults[0]));

	gpu_read_fails(gpu, (void *)0x1000, EFAULT);
	gpu_write_fails(gpu, (void *)0x2004, EFAULT);
	igt_assert_eq(mirage_vm_fault_places(&gpu->dev, gpu->vm, faults, places, &count), 0);
	igt_assert_eq(count, 2);
	igt_assert_eq_u64(faults[0].addr, 0x2004);
	igt_assert_eq_u64(faults[1].addr, 0x1000);

	check_output(gpu, &args, &args.faults, faults, sizeof(faults[0]));
	check_output(gpu, &args, &args.places, places, sizeof(places[0]));
	gpu_assert_alive(gpu);
}

/**
 * SUBTEST: svm-query-ranges
 * Description: SVM_QUERY of ranges that are unaligned, too large, beyond 2^49, or
 *	overflow, and into memory that cannot be written.
 */
static void svm_query_ranges(struct gpu *gpu)
{
	static const struct { uint64_t addr, size; } bad[] = {
		{ 0x10001, 0x1000 }, { 0x10000, 0x1001 }, { 0x10000, 1 }, { 0x10000, 0 },
		{ 0x10000, (64 << 20) + 0x1000 }, { 0x10000, ~0xfffull },
		{ (1ull << 49) - 0x1000, 0x2000 }, { 1ull << 49, 0x1000 },
		{ ~0xfffull, 0x1000 }, { ~0xfffull, 0x2000 }, { 1ull << 63, 0x1000 },
	};
	struct drm_mirage_svm_query args = { .vm_id = gpu->vm };
	uint8_t *pages = malloc((64 << 20) / PAGE + 1);
	unsigned int i;

	igt_assert(pages);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		args.addr = bad[i].addr;
		args.size = bad[i].size;
		args.pages = (uintptr_t)pages;
		if (bad[i].size > 64 << 20 && igt_ioctl(gpu->dev.fd, DRM_IOCTL_MIRAGE_SVM_QUERY,
							&args) == -1 && errno == E2BIG)
			continue;
		do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_SVM_QUERY, &args, EINVAL);
	}
	args.addr = (uintptr_t)gpu->out & ~(PAGE - 1);
	args.size = PAGE;
	args.pages = BAD_POINTER;
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_SVM_QUERY, &args, EFAULT);

	/* The largest one, at the very end, writes what it has and no more. */
	memset(pages, 0xee, (64 << 20) / PAGE + 1);
	args.addr = (1ull << 49) - (64 << 20);
	args.size = 64 << 20;
	args.pages = (uintptr_t)pages;
	do_ioctl(gpu->dev.fd, DRM_IOCTL_MIRAGE_SVM_QUERY, &args);
	for (i = 0; i < (64 << 20) / PAGE; i++)
		igt_assert(!(pages[i] & ~0x7f));
	igt_assert_eq(pages[i], 0xee);
	free(pages);
}

/**
 * SUBTEST: svm-populate
 * Description: SVM_POPULATE with unknown flags, of ranges that are unaligned, too large, beyond 2^47 or overflow, in an
 *	address space that is not there, mirrors nothing, or mirrors another process.
 */
static void svm_populate(struct gpu *gpu)
{
	static const struct { uint64_t addr, size; } bad[] = {
		{ 0x10001, 0x1000 }, { 0x10000, 0x1001 }, { 0x10000, 1 }, { 0x10000, 0 },
		{ 0x10000, (64 << 20) + 0x1000 }, { 0x10000, ~0xfffull },
		{ (1ull << 47) - 0x1000, 0x2000 }, { 1ull << 47, 0x1000 },
		{ ~0xfffull, 0x1000 }, { ~0xfffull, 0x2000 }, { 1ull << 63, 0x1000 },
	};
	struct drm_mirage_svm_populate args = { .vm_id = gpu->vm };
	char *page = mem_anon(PAGE);
	uint32_t vm;

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		args.addr = bad[i].addr;
		args.size = bad[i].size;
		do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_SVM_POPULATE, &args, EINVAL);
	}
	args.addr = (uintptr_t)page;
	args.size = PAGE;
	for (unsigned int bit = 1; bit < 32; bit++) {
		args.flags = 1u << bit;
		do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_SVM_POPULATE, &args, EINVAL);
	}
	args.flags = 0;
	igt_fork(child, 1)
		do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_SVM_POPULATE, &args, EPERM);
	igt_waitchildren();
	args.vm_id = NO_HANDLE;
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_SVM_POPULATE, &args, ENOENT);
	igt_assert_eq(mirage_vm_create_with(&gpu->dev, 0, &vm), 0);
	args.vm_id = vm;
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_SVM_POPULATE, &args, EINVAL);
	igt_assert_eq(mirage_vm_destroy(&gpu->dev, vm), 0);
	args.vm_id = gpu->vm;
	do_ioctl(gpu->dev.fd, DRM_IOCTL_MIRAGE_SVM_POPULATE, &args);
	mem_unmap(page, PAGE);
}

/**
 * SUBTEST: arrays
 * Description: VM_STATS and VM_FAULTS with counts and pointers that are wrong.
 */
static void arrays(struct gpu *gpu)
{
	struct drm_mirage_vm_stats stats = { .vm_id = gpu->vm };
	struct drm_mirage_vm_faults faults = { .vm_id = gpu->vm };
	uint64_t values[DRM_MIRAGE_STAT_COUNT];
	struct drm_mirage_fault report;
	struct drm_mirage_place place;

	stats.count = 4;
	stats.values = BAD_POINTER;
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_VM_STATS, &stats, EFAULT);
	stats.count = 1025;
	stats.values = (uintptr_t)values;
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_VM_STATS, &stats, E2BIG);
	stats.count = 0xffffffff;
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_VM_STATS, &stats, E2BIG);

	gpu_read_fails(gpu, (void *)BAD_POINTER, EFAULT);
	faults.faults = (struct drm_mirage_array)DRM_MIRAGE_ARRAY(1, &report);
	faults.faults.array = BAD_POINTER;
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_VM_FAULTS, &faults, EFAULT);
	faults.faults.array = (uintptr_t)&report;
	faults.places = (struct drm_mirage_array)DRM_MIRAGE_ARRAY(1, &place);
	faults.places.array = BAD_POINTER;
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_VM_FAULTS, &faults, EFAULT);
}

/**
 * SUBTEST: struct-sizes
 * Description: Shorter structures are taken with zeros for what is missing, longer ones as far
 *	as they are known.
 */
static void struct_sizes(struct gpu *gpu)
{
	struct drm_mirage_query query;
	struct {
		struct drm_mirage_query query;
		uint64_t more[4];
	} longer;
	unsigned long request;

	/* Only @param: the answer does not fit, but is no error. */
	query = (struct drm_mirage_query){ .param = DRM_MIRAGE_PARAM_WAVE_LANES, .value = 77 };
	request = DRM_IOWR(DRM_COMMAND_BASE + DRM_MIRAGE_QUERY, uint32_t[2]);
	do_ioctl(gpu->dev.fd, request, &query);
	igt_assert_eq_u64(query.value, 77);

	memset(&longer, 0, sizeof(longer));
	longer.query.param = DRM_MIRAGE_PARAM_WAVE_LANES;
	longer.more[3] = 5;
	request = DRM_IOWR(DRM_COMMAND_BASE + DRM_MIRAGE_QUERY, typeof(longer));
	do_ioctl(gpu->dev.fd, request, &longer);
	igt_assert_eq_u64(longer.query.value, 32);

	/* A number that no ioctl has, and one that reads where it should write. */
	request = DRM_IOWR(DRM_COMMAND_BASE + 0x3f, struct drm_mirage_query);
	do_ioctl_err(gpu->dev.fd, request, &query, EINVAL);
	do_ioctl_err(gpu->dev.fd, DRM_IOCTL_MIRAGE_QUERY, (void *)BAD_POINTER, EFAULT);
}

/**
 * SUBTEST: addresses
 * Description: The GPU reads and writes NULL, holes, the kernel's addresses, the first and last
 *	bytes around the end of the mirror, and beyond what the device can address: each stops
 *	its queue with the exact address, and nothing else.
 */
static void addresses(struct gpu *gpu)
{
	static const uint64_t bad[] = {
		0, 4, 0x1000, (1ull << 47) - PAGE, (1ull << 47) - 4, 1ull << 47, (1ull << 48) + 12,
		(1ull << 49) - 4, 1ull << 49, 1ull << 63, 0xffff888000000000ull,
		0xffffffff81000000ull, ~3ull,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		gpu_read_fails(gpu, (void *)(uintptr_t)bad[i], EFAULT);
		gpu_write_fails(gpu, (void *)(uintptr_t)bad[i], EFAULT);
	}
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_FAILED), 2 * ARRAY_SIZE(bad));
}

/**
 * SUBTEST: fault-reports
 * Description: The last 32 reports are kept, newest first, each with its queue, address and
 *	access.
 */
static void fault_reports(struct gpu *gpu)
{
	struct drm_mirage_fault faults[40];
	uint32_t count = ARRAY_SIZE(faults);
	unsigned int i;

	for (i = 0; i < 35; i++)
		gpu_read_fails(gpu, (void *)(uintptr_t)(0x1000 + 4 * i), EFAULT);
	igt_assert_eq(mirage_vm_faults(&gpu->dev, gpu->vm, faults, &count), 0);
	igt_assert_eq(count, 32);
	for (i = 0; i < count; i++) {
		igt_assert_eq_u64(faults[i].addr, 0x1000 + 4 * (34 - i));
		igt_assert_eq(faults[i].kind, MIRAGE_FAULT_NOT_PRESENT);
		if (i)
			igt_assert_lte_u64(faults[i].time, faults[i - 1].time);
	}
}

/* A job that must stop a queue of its own with this error; other queues do not notice. */
struct wrong {
	uint32_t error;		/* enum mirage_chan_error */
	uint32_t info;		/* error_info */
	uint64_t addr;		/* error_addr, 0: not looked at */
	bool info_matters;
};

static void job_goes_wrong(struct gpu *gpu, struct job *job, const struct wrong *wrong)
{
	struct drm_mirage_queue_query state;

	if (job->queue == gpu->queue)
		job->queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COMPUTE);
	job_submit(job);
	igt_assert_eq(job_wait(job), -EIO);
	igt_assert(igt_wait(gpu_queue_state(gpu, job->queue) != DRM_MIRAGE_QUEUE_READY, POLL_MS,
			    1));
	igt_assert_eq(mirage_queue_query(&gpu->dev, job->queue, &state), 0);
	igt_assert_eq(state.state, DRM_MIRAGE_QUEUE_ERROR);
	igt_assert_eq(state.hw_error, wrong->error);
	if (wrong->info_matters)
		igt_assert_eq_u32(state.hw_info, wrong->info);
	if (wrong->addr)
		igt_assert_eq_u64(state.hw_addr, wrong->addr);
	igt_assert_eq(mirage_exec(&gpu->dev, job->queue, NULL, 0, NULL, 0), -ECANCELED);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, job->queue), 0);
	gpu_assert_alive(gpu);
	job_free(job);
}

/**
 * SUBTEST: packets
 * Description: Packets that are unknown, of wrong length, with wrong flags or arguments, for
 *	the kernel alone, or not of this class: the queue stops, and tells which packet it was.
 */
static void packets(struct gpu *gpu)
{
	static const struct {
		uint32_t words[8];
		unsigned int count;
		enum mirage_chan_error error;
		bool copy_queue;
	} bad[] = {
		{ { MIRAGE_PKT(0xff, 0, 0) }, 1, MIRAGE_CHAN_BAD_PACKET },
		{ { MIRAGE_PKT(0x03, 2, 0), 0, 0 }, 3, MIRAGE_CHAN_BAD_PACKET },
		{ { 0xffffffff, 1, 2, 3 }, 4, MIRAGE_CHAN_BAD_PACKET },
		{ { MIRAGE_PKT(MIRAGE_PKT_NOP, 1, 0), 0 }, 2, MIRAGE_CHAN_BAD_PACKET },
		{ { MIRAGE_PKT(MIRAGE_PKT_NOP, 0, 1) }, 1, MIRAGE_CHAN_BAD_PACKET },
		{ { MIRAGE_PKT(MIRAGE_PKT_COPY, 5, 0) }, 6, MIRAGE_CHAN_BAD_PACKET },
		/* Its payload would go on behind the buffer's end. */
		{ { MIRAGE_PKT(MIRAGE_PKT_COPY, 6, 0), 0, 0 }, 3, MIRAGE_CHAN_BAD_PACKET },
		{ { MIRAGE_PKT(MIRAGE_PKT_FILL, 5, 0), 0x1002, 0, 4, 0, 0 }, 6,
		  MIRAGE_CHAN_BAD_PACKET },
		{ { MIRAGE_PKT(MIRAGE_PKT_FILL, 5, 0), 0x1000, 0, 6, 0, 0 }, 6,
		  MIRAGE_CHAN_BAD_PACKET },
		{ { MIRAGE_PKT(MIRAGE_PKT_SEM_WAIT, 4, 0), 0x1004, 0, 0, 0 }, 5,
		  MIRAGE_CHAN_BAD_PACKET },
		{ { MIRAGE_PKT(MIRAGE_PKT_SEM_WAIT, 4, 2), 0x1000, 0, 0, 0 }, 5,
		  MIRAGE_CHAN_BAD_PACKET },
		{ { MIRAGE_PKT(MIRAGE_PKT_SEM_WRITE, 4, 0), 0x1001, 0, 0, 0 }, 5,
		  MIRAGE_CHAN_BAD_PACKET },
		{ { MIRAGE_PKT(MIRAGE_PKT_DISPATCH, 2, 0), 0x1020, 0 }, 3,
		  MIRAGE_CHAN_BAD_PACKET },
		{ { MIRAGE_PKT(MIRAGE_PKT_DISPATCH, 2, 0), 0x1000, 0 }, 3,
		  MIRAGE_CHAN_BAD_PACKET, true },
		{ { MIRAGE_PKT(MIRAGE_PKT_IB, 3, 0), 0x1000, 0, 4 }, 4, MIRAGE_CHAN_PRIVILEGE },
		{ { MIRAGE_PKT(MIRAGE_PKT_FENCE, 4, 1), 1, 0, 0, 0 }, 5, MIRAGE_CHAN_PRIVILEGE },
		{ { MIRAGE_PKT(MIRAGE_PKT_FENCE, 4, 0), 0x1001, 0, 0, 0 }, 5,
		  MIRAGE_CHAN_PRIVILEGE },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct job job = job_new(gpu);
		struct wrong wrong;

		if (bad[i].copy_queue)
			job.queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COPY);
		mirage_ib_nop(&job.ib);
		mirage_ib_raw(&job.ib, bad[i].words, bad[i].count);
		wrong = (struct wrong){
			.error = bad[i].error, .info = bad[i].words[0], .info_matters = true,
			.addr = (uintptr_t)(job.ib.words + 1),
		};
		igt_debug("packet %u\n", i);
		job_goes_wrong(gpu, &job, &wrong);
	}
}

/* One 32-bit word of a dispatch descriptor that is changed. */
struct edit {
	size_t offset;
	uint32_t value;
	bool flip;		/* these bits of it; else it is set to the value */
};

#define SET(field, number)	{ offsetof(struct mirage_dispatch, field), number, false }
#define FLIP(field, bits)	{ offsetof(struct mirage_dispatch, field), bits, true }

/**
 * SUBTEST: dispatches
 * Description: Dispatch descriptors with each field out of its limits.
 */
static void dispatches(struct gpu *gpu)
{
	static const struct {
		unsigned int count;
		struct edit edits[3];
	} bad[] = {
		{ 1, { FLIP(code, 4) } },
		{ 1, { SET(code_size, 0) } },
		{ 1, { SET(code_size, 12) } },
		{ 1, { SET(code_size, (1 << 24) + 8) } },
		{ 1, { SET(nr_regs, 0) } },
		{ 1, { SET(nr_regs, 256) } },
		{ 1, { FLIP(args, 4) } },
		{ 1, { SET(args_size, 4097) } },
		{ 1, { SET(shared_size, 0xffffffff) } },
		{ 1, { SET(grid[0], 0) } },
		{ 2, { SET(grid[1], 0x10000), SET(grid[2], 0x10000) } },
		{ 3, { SET(grid[0], ~0u), SET(grid[1], ~0u), SET(grid[2], ~0u) } },
		{ 1, { SET(rsvd0, 1) } },
		{ 1, { SET(group[2], 0) } },
		{ 2, { SET(group[0], 0x1000), SET(group[1], 0x1000) } },
		{ 3, { SET(group[0], ~0u), SET(group[1], ~0u), SET(group[2], ~0u) } },
		{ 1, { SET(rsvd1[16], 1) } },
	};
	const struct wrong wrong = { .error = MIRAGE_CHAN_BAD_DISPATCH };
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct job job = job_new(gpu);
		struct ids_args args = { .out = (uintptr_t)(gpu->out + 64) };
		struct mirage_dispatch *dispatch;

		dispatch = job_dispatch(&job, kernel_ids.code, kernel_ids.size,
					kernel_ids.nr_regs, &args, sizeof(args));
		for (k = 0; k < bad[i].count; k++) {
			const struct edit *edit = &bad[i].edits[k];
			uint32_t *word = (uint32_t *)((char *)dispatch + edit->offset);

			*word = edit->flip ? *word ^ edit->value : edit->value;
		}
		igt_debug("dispatch %u\n", i);
		job_goes_wrong(gpu, &job, &wrong);
	}
}

#define INSN(op, i, d, a, imm)                                               \
	((uint64_t)(op) | (uint64_t)(i) << 9 | (uint64_t)(d) << 16 |         \
	 (uint64_t)(a) << 24 | (uint64_t)(uint32_t)(imm) << 32)

/**
 * SUBTEST: programs
 * Description: Programs that are undefined, leave their code, trap, or break a rule of memory:
 *	the queue stops with the reason, the place, and what is told of it.
 */
static void programs(struct gpu *gpu)
{
	static const struct {
		uint64_t insn;
		enum mirage_chan_error error;
		uint32_t info;
		bool info_matters;
	} bad[] = {
		{ 0x1ff, MIRAGE_CHAN_BAD_INSN, 0x1ff, true },
		{ ~0ull, MIRAGE_CHAN_BAD_INSN, 0xffffffff, true },
		/* A reserved bit, and a register beyond the four of this dispatch. */
		{ INSN(MIRAGE_OP_NOP, 0, 0, 0, 0) | 1ull << 63, MIRAGE_CHAN_BAD_INSN },
		{ INSN(MIRAGE_OP_MOV, 1, 4, 0, 1), MIRAGE_CHAN_BAD_INSN },
		{ INSN(MIRAGE_OP_MOV64, 1, 1, 0, 1), MIRAGE_CHAN_BAD_INSN },
		{ INSN(MIRAGE_OP_S2R, 1, 0, 0, MIRAGE_NR_SPECIAL), MIRAGE_CHAN_BAD_INSN },
		{ INSN(MIRAGE_OP_TRAP, 1, 0, 0, 0x1234), MIRAGE_CHAN_TRAP, 0x1234, true },
		{ INSN(MIRAGE_OP_BRA, 1, 0, 0, 1000), MIRAGE_CHAN_BAD_PC },
		{ INSN(MIRAGE_OP_BRA, 1, 0, 0, -1000), MIRAGE_CHAN_BAD_PC },
		{ INSN(MIRAGE_OP_LD_32, 1, 0, MIRAGE_RZ, 2), MIRAGE_CHAN_MISALIGNED },
		{ INSN(MIRAGE_OP_ST_64, 1, 0, MIRAGE_RZ, 4), MIRAGE_CHAN_MISALIGNED },
		{ INSN(MIRAGE_OP_LDS_32, 1, 0, MIRAGE_RZ, 0), MIRAGE_CHAN_BAD_SHARED },
		{ INSN(MIRAGE_OP_STS_32, 1, 0, MIRAGE_RZ, -4), MIRAGE_CHAN_BAD_SHARED },
		{ INSN(MIRAGE_OP_LDC, 1, 0, MIRAGE_RZ, 8), MIRAGE_CHAN_BAD_ARG },
		{ INSN(MIRAGE_OP_LDC64, 1, 0, MIRAGE_RZ, 8), MIRAGE_CHAN_BAD_ARG },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		uint64_t code[3] = {
			INSN(MIRAGE_OP_NOP, 0, 0, 0, 0), bad[i].insn,
			INSN(MIRAGE_OP_EXIT, 0, 0, 0, 0),
		};
		struct wrong wrong = {
			.error = bad[i].error, .info = bad[i].info,
			.info_matters = bad[i].info_matters,
		};
		struct job job = job_new(gpu);
		uint64_t args = 0;
		struct mirage_dispatch *d;

		d = job_dispatch(&job, code, sizeof(code), 4, &args, sizeof(args));
		mirage_dispatch_grid(d, 3, 1, 1);
		mirage_dispatch_group(d, 40, 1, 1);
		if (bad[i].error == MIRAGE_CHAN_BAD_INSN || bad[i].error == MIRAGE_CHAN_TRAP)
			wrong.addr = d->code + 8;
		igt_debug("program %u\n", i);
		job_goes_wrong(gpu, &job, &wrong);
	}
}

static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 32;
}

/**
 * SUBTEST: garbage
 * Description: Indirect buffers of random words, and of packets with random contents (a fixed
 *	series): each stops its own queue; afterwards the device does its work.
 */
static void garbage(struct gpu *gpu)
{
	static const uint32_t headers[] = {
		MIRAGE_PKT(MIRAGE_PKT_COPY, 6, 0), MIRAGE_PKT(MIRAGE_PKT_FILL, 5, 0),
		MIRAGE_PKT(MIRAGE_PKT_DISPATCH, 2, 0), MIRAGE_PKT(MIRAGE_PKT_SEM_WRITE, 4, 0),
		MIRAGE_PKT(MIRAGE_PKT_SEM_WAIT, 4, 1), MIRAGE_PKT(MIRAGE_PKT_TIMESTAMP, 2, 0),
		MIRAGE_PKT(MIRAGE_PKT_IB, 3, 0), MIRAGE_PKT(MIRAGE_PKT_FENCE, 4, 1),
	};
	unsigned int round, i, stopped = 0;
	uint64_t state = 42;

	for (round = 0; round < 60; round++) {
		struct job job = job_new(gpu);
		uint32_t words[64];

		for (i = 0; i < ARRAY_SIZE(words); i++)
			words[i] = next_random(&state);
		if (round % 2)
			words[0] = headers[round / 2 % ARRAY_SIZE(headers)];
		/* Now and then an aligned address, so that more than its low bits is looked at. */
		if (round % 4 == 3)
			words[1] &= ~0xfffu;
		igt_assert_eq(mirage_queue_create(&gpu->dev, gpu->vm, DRM_MIRAGE_QUEUE_COMPUTE,
						  QUEUE(.timeout_ms = 2000), &job.queue), 0);
		mirage_ib_raw(&job.ib, words, ARRAY_SIZE(words));
		job_submit(&job);
		stopped += job_wait(&job) < 0;
		igt_assert_eq(mirage_queue_destroy(&gpu->dev, job.queue), 0);
		job_free(&job);
	}
	igt_assert_eq(stopped, 60);
}

static const struct gpu_scenario scenarios[] = {
	{ "handles", handles, "Handles that name nothing, or a thing of another file." },
	{ "flags-and-padding", flags_and_padding, "Unknown flags and padding that is not zero." },
	{ "queue-create", queue_create, "Classes, priorities and time-outs that do not exist." },
	{ "exec-ranges", exec_ranges, "Packets and arrays at wrong addresses, of wrong sizes." },
	{ "strides", strides, "Arrays with shorter and longer elements, their tail zero or not." },
	{ "output-strides", output_strides, "Arrays that the kernel writes, with longer elements." },
	{ "svm-query-ranges", svm_query_ranges, "SVM_QUERY of wrong ranges." },
	{ "svm-populate", svm_populate, "SVM_POPULATE of wrong ranges, in wrong address spaces." },
	{ "arrays", arrays, "Counts and pointers of arrays that are wrong." },
	{ "struct-sizes", struct_sizes, "Shorter and longer structures, and unknown ioctls." },
	{ "addresses", addresses, "Accesses to what nobody may access." },
	{ "fault-reports", fault_reports, "The last 32 reports are kept, newest first." },
	{ "packets", packets, "Packets that are unknown, malformed, or for the kernel alone." },
	{ "dispatches", dispatches, "Dispatch descriptors with each field out of its limits." },
	{ "programs", programs, "Programs that are undefined, trap, or break a rule." },
	{ "garbage", garbage, "Random words and random packets of a fixed series." },
};

int igt_main()
{
	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));
}
