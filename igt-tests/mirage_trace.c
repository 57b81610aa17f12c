// SPDX-License-Identifier: MIT
/**
 * TEST: mirage trace
 * Description: The driver's tracepoints.
 * Category: Core
 */
#include <stdarg.h>
#include <sys/mman.h>

#include "igt_mirage.h"
#include "igt_mirage_bo.h"
#include "igt_mirage_space.h"
#include "memory.h"
#include "text.h"

IGT_TEST_DESCRIPTION("What the driver tells in tracepoints.");

#define TRACING	"/sys/kernel/tracing/"
#define EVENTS	TRACING "events/mirage/enable"
#define CORE	TRACING "events/hmm_mirror/enable"

/* An address that nothing else uses, and a size that no other object has. */
#define FAR	(DRM_MIRAGE_VA_START + (8ull << 39))
#define SIZE	(37 * PAGE)

/* Earlier events are forgotten. */
static void tell(bool on)
{
	if (on)
		igt_assert(file_write(TRACING "trace", "\n"));
	igt_assert(file_write(EVENTS, on ? "1" : "0"));
	igt_assert(file_write(CORE, on ? "1" : "0"));
}

/* Lines with an event, named in full, and these words. */
static unsigned int told_by(const char *event, const char *format, ...) igt_printf(2, 3);
static unsigned int told_by(const char *event, const char *format, ...)
{
	char name[64], words[128];
	va_list args;

	snprintf(name, sizeof(name), " %s: ", event);
	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	return text_lines(text_read(TRACING "trace"), name, words);
}

/* The number that a line with an event and these words has behind a word. */
static unsigned int number_of(const char *event, const char *words, const char *word)
{
	char *line = text_read(TRACING "trace");

	for (line = strtok(line, "\n"); line; line = strtok(NULL, "\n"))
		if (strstr(line, event) && strstr(line, words) && strstr(line, word))
			return (unsigned int)strtoul(strstr(line, word) + strlen(word), NULL, 10);
	igt_assert_f(false, "no %s with \"%s\" and %s\n", event, words, word);
	return 0;
}

/* Lines with an event of the driver and these words. */
static unsigned int told(const char *event, const char *format, ...) igt_printf(2, 3);
static unsigned int told(const char *event, const char *format, ...)
{
	char name[64], words[128];
	va_list args;

	snprintf(name, sizeof(name), "mirage_%s", event);
	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	return told_by(name, "%s", words);
}

/**
 * SUBTEST: binds-and-evictions
 * Description: A mapping, its object's eviction, the fault of a job that wants it after that, and the end of the
 *	mapping are each told once, with addresses and sizes.
 */
static void binds_and_evictions(struct gpu *gpu)
{
	struct bo bo = bo_new(&gpu->dev, SIZE, BO_VRAM | BO_SYSTEM);
	struct drm_mirage_bind bind = mirage_bind_map(FAR, 36 * PAGE, bo.handle, PAGE,
						      DRM_MIRAGE_BIND_READONLY);

	bo_write(&bo, 1);
	tell(true);
	igt_assert_eq(mirage_vm_bind(&gpu->dev, gpu->vm, &bind, 1), 0);
	igt_assert_eq(told("bind", ": map read-only %#llx..%#llx, object from 0x1000", FAR,
			   FAR + 36 * PAGE), 1);
	igt_assert_eq(told("evict", ": object of %lu bytes", SIZE), 0);
	press_vram(&gpu->dev, bo.handle);
	igt_assert_eq(told("evict", ": object of %lu bytes", SIZE), 1);

	gpu_read32(gpu, gpu_ptr(FAR + 5 * PAGE));
	igt_assert_eq(told("bind_fault", ": read at %#llx, ret 0", FAR + 5 * PAGE), 1);
	bind = mirage_bind_unmap(FAR, 36 * PAGE);
	igt_assert_eq(mirage_vm_bind(&gpu->dev, gpu->vm, &bind, 1), 0);
	igt_assert_eq(told("bind", ": unmap %#llx..%#llx", FAR, FAR + 36 * PAGE), 1);
	tell(false);
	bo_free(&bo);
}

/* Blocks that an operation cannot map in less than four pieces: a piece is 16, and the first one less. */
#define MANY	52
#define PIECES	4

/**
 * SUBTEST: bind-pieces
 * Description: An operation on many blocks takes effect in pieces, each of which is told with what it cost, and none
 *	of which costs more than a piece may; a small one is one piece, and so are some hundred small ones.
 */
static void bind_pieces(struct gpu *gpu)
{
	struct bo bo = bo_new(&gpu->dev, MANY * BLOCK, BO_SYSTEM);
	struct drm_mirage_bind bind, binds[200];
	char *line;

	bind = mirage_bind_map(FAR, MANY * BLOCK, bo.handle, 0, 0);
	tell(true);
	igt_assert_eq(mirage_vm_bind(&gpu->dev, gpu->vm, &bind, 1), 0);
	igt_assert_eq(told("bind_piece", ", 1 operations left"), PIECES - 1);
	igt_assert_eq(told("bind_piece", ", 0 operations left"), 1);
	bind = mirage_bind_unmap(FAR, MANY * BLOCK);
	igt_assert_eq(mirage_vm_bind(&gpu->dev, gpu->vm, &bind, 1), 0);
	igt_assert_eq(told("bind_piece", ", 1 operations left"), 2 * (PIECES - 1));
	igt_assert_eq(told("bind_piece", ", 0 operations left"), 2);
	line = text_read(TRACING "trace");
	for (line = strstr(line, " cost "); line; line = strstr(line + 1, " cost "))
		igt_assert_lte_u64(strtoul(line + 6, NULL, 10), 8192);

	tell(true);
	for (unsigned int i = 0; i < ARRAY_SIZE(binds); i++)
		binds[i] = mirage_bind_map(FAR + 2 * i * PAGE, PAGE, bo.handle, i * PAGE, 0);
	igt_assert_eq(mirage_vm_bind(&gpu->dev, gpu->vm, binds, ARRAY_SIZE(binds)), 0);
	bind = mirage_bind_unmap(FAR, BLOCK);
	igt_assert_eq(mirage_vm_bind(&gpu->dev, gpu->vm, &bind, 1), 0);
	igt_assert_eq(told("bind_piece", " operations left"), 2);
	tell(false);
	bo_free(&bo);
}

/**
 * SUBTEST: between-pieces
 * Description: While one object takes the place of another, slowly, memory of a user pointer in the same address space
 *	goes: mm does not wait for the end of the operation, the eviction is between two of its pieces, and what the GPU
 *	finds in the end is right.
 */
static void between_pieces(struct gpu *gpu)
{
	struct bo first = bo_new(&gpu->dev, MANY * BLOCK, BO_SYSTEM);
	struct bo second = bo_new(&gpu->dev, MANY * BLOCK, BO_SYSTEM);
	struct drm_mirage_sync sync = { .flags = DRM_MIRAGE_SYNC_SIGNAL };
	uint32_t *user = mem_anon(PAGE), handle;
	struct drm_mirage_bind binds[2];
	char *begun, *evicted, evict[64];

	for (unsigned int i = 0; i < MANY; i++) {
		first.words[i * BLOCK / 8] = 100 + i;
		second.words[i * BLOCK / 8] = 200 + i;
	}
	*user = 7;
	igt_assert_eq(mirage_bo_userptr(&gpu->dev, user, PAGE, 0, &handle), 0);
	igt_assert_eq(mirage_syncobj_create(&gpu->dev, false, &sync.handle), 0);
	binds[0] = mirage_bind_map(FAR, MANY * BLOCK, first.handle, 0, 0);
	binds[1] = mirage_bind_map(FAR + MANY * BLOCK, PAGE, handle, 0, 0);
	igt_assert_eq(mirage_vm_bind(&gpu->dev, gpu->vm, binds, 2), 0);
	igt_assert_eq_u32(gpu_read32(gpu, gpu_ptr(FAR + 51 * BLOCK)), 151);
	igt_assert_eq_u32(gpu_read32(gpu, gpu_ptr(FAR + MANY * BLOCK)), 7);
	binds[0] = mirage_bind_map(FAR, MANY * BLOCK, second.handle, 0, 0);
	tell(true);
	/* A fifth of what the driver waits for a flush. */
	gpu_inject(gpu, "delay_inv_us", 400000);
	igt_assert_eq(mirage_vm_bind_async(&gpu->dev, gpu->vm, binds, 1, &sync, 1), 0);
	igt_assert(igt_wait(told("bind_piece", ", 1 operations left"), POLL_MS, 1));
	igt_assert(!madvise(user, PAGE, MADV_DONTNEED));
	gpu_inject(gpu, "delay_inv_us", 0);
	igt_assert_eq(mirage_syncobj_wait(&gpu->dev, sync.handle, JOB_DEADLINE), 0);
	tell(false);

	snprintf(evict, sizeof(evict), ": object of %lu bytes", PAGE);
	begun = strstr(text_read(TRACING "trace"), ", 1 operations left");
	igt_assert(begun);
	evicted = strstr(begun, evict);
	igt_assert(evicted);
	igt_assert_f(strstr(evicted, ", 0 operations left"),
		     "mm waited for the end of the operation\n");
	for (unsigned int i = 0; i < MANY; i++)
		igt_assert_eq_u32(gpu_read32(gpu, gpu_ptr(FAR + i * BLOCK)), 200 + i);
	igt_assert_eq_u32(gpu_read32(gpu, gpu_ptr(FAR + MANY * BLOCK)), 0);
	binds[0] = mirage_bind_unmap(FAR, MANY * BLOCK + PAGE);
	igt_assert_eq(mirage_vm_bind(&gpu->dev, gpu->vm, binds, 1), 0);
	gpu_read_fails(gpu, gpu_ptr(FAR), EFAULT);
	igt_assert_eq(mirage_syncobj_destroy(&gpu->dev, sync.handle), 0);
	igt_assert_eq(mirage_bo_close(&gpu->dev, handle), 0);
	bo_free(&first);
	bo_free(&second);
	mem_unmap(user, PAGE);
}

/**
 * SUBTEST: faults
 * Description: A job's fault on memory of the process is told where it is read, where its block is served and
 *	where the batch ends, and so is that the memory goes.
 */
static void faults(struct gpu *gpu)
{
	uint32_t *area = mem_anon(PAGE);

	tell(true);
	gpu_write32(gpu, area, 1);
	igt_assert_lte(1, told("fault_drain", " entries"));
	igt_assert_lte(1, told("service_block", " block %#lx: ", (uintptr_t)area));
	/* The job may end before the service of its fault, which is told last. */
	igt_assert(igt_wait(told("service_batch", " faults, "), POLL_MS, 1));
	mem_unmap(area, PAGE);
	igt_assert_lte(1, told("unmap", " pages from %#lx", (uintptr_t)area));
	tell(false);
}

/**
 * SUBTEST: whose
 * Description: A mirror and a user pointer are told by numbers of their own, which stay, and by the process that made
 *	them, although it is a worker that serves their faults; mm's reason for an invalidation has a name.
 */
static void whose(struct gpu *gpu)
{
	struct space space;
	uint32_t *area = mem_anon(2 * PAGE), *other = mem_anon(PAGE), *user = mem_anon(PAGE);
	char first[64], second[64], range[64];
	unsigned int mirror, userptr, pid = (unsigned int)getpid();
	uint32_t handle;
	uint64_t at;

	snprintf(first, sizeof(first), "start=%#lx", (uintptr_t)area & ~(BLOCK - 1));
	snprintf(second, sizeof(second), "start=%#lx", (uintptr_t)other & ~(BLOCK - 1));
	snprintf(range, sizeof(range), "start=%#lx npages=1 ", (uintptr_t)user);
	tell(true);
	gpu_write32(gpu, area, 1);
	gpu_write32(gpu, other, 1);
	mirror = number_of("hmm_mirror_fault", first, "mirror=");
	igt_assert_lte(1, mirror);
	igt_assert_eq(number_of("hmm_mirror_fault", second, "mirror="), mirror);
	igt_assert_eq(number_of("hmm_mirror_fault", first, "pid="), pid);
	igt_assert_lte(1, told("service_block", "pid %u vm ", pid));
	igt_assert_lte(1, told("exec", "pid %u vm ", pid));

	igt_assert_eq(mprotect(area, PAGE, PROT_READ), 0);
	igt_assert_lte(1, told_by("hmm_mirror_invalidate", "mirror=%u pid=%u %s event=protection-vma",
				  mirror, pid, first));
	mem_unmap(area, 2 * PAGE);
	igt_assert_lte(1, told_by("hmm_mirror_invalidate", "mirror=%u pid=%u %s event=unmap",
				  mirror, pid, first));
	mem_unmap(other, PAGE);

	space_open(&space, &gpu->dev);
	igt_assert_eq(mirage_bo_userptr(&gpu->dev, user, PAGE, 0, &handle), 0);
	at = space_bind(&space, handle, 0, PAGE);
	space_fill(&space, at, PAGE, 1);
	userptr = number_of("hmm_userptr_populate", range, "userptr=");
	igt_assert(userptr && userptr != mirror);
	igt_assert_lte(1, told_by("hmm_userptr_populate", "userptr=%u pid=%u ", userptr, pid));
	mem_unmap(user, PAGE);
	igt_assert_lte(1, told_by("hmm_userptr_invalidate", "userptr=%u pid=%u start=%#lx event=unmap",
				  userptr, pid, (uintptr_t)user));
	tell(false);
	space_unbind(&space, at, PAGE);
	igt_assert_eq(mirage_bo_close(&gpu->dev, handle), 0);
	space_close(&space);
}

/**
 * SUBTEST: moves
 * Description: A move of pages of the process is told once, with address, pages and reason: to video memory by a request
 *	and by a fault of the GPU; home by an access of the CPU, a request, and an eviction.
 */
static void moves(struct gpu *gpu)
{
	struct bo bo = bo_new(&gpu->dev, SIZE, BO_VRAM | BO_SYSTEM);
	char *area = mem_anon(BLOCK);
	uintptr_t at = (uintptr_t)area;
	unsigned int pid = (unsigned int)getpid();
	struct drm_mirage_svm_migrate result;

	mem_touch(area, BLOCK, 1);
	bo_write(&bo, 1);
	tell(true);
	igt_assert_eq(mirage_svm_migrate(&gpu->dev, gpu->vm, area, 64 * PAGE, DRM_MIRAGE_SVM_VRAM, &result), 0);
	igt_assert_eq_u64(result.moved, 64 * PAGE);
	igt_assert_eq(told_by("hmm_to_device", "pid=%u addr=%#lx pages=64 moved=64 cause=request", pid, at), 1);

	/* The CPU brings the aligned 16 pages around its access. */
	igt_assert_eq_u32(*(volatile uint32_t *)(area + 20 * PAGE), 21);
	igt_assert_eq(told_by("hmm_home", "pid=%u addr=%#lx ", pid, at + 16 * PAGE), 1);
	igt_assert_eq(told_by("hmm_home", " pages=16 reason=cpu-fault"), 1);

	igt_assert_eq(mirage_svm_migrate(&gpu->dev, gpu->vm, area + 40 * PAGE, 8 * PAGE, DRM_MIRAGE_SVM_SYSTEM,
					 &result), 0);
	igt_assert_eq(told_by("hmm_home", "pid=%u addr=%#lx ", pid, at + 40 * PAGE), 1);
	igt_assert_eq(told_by("hmm_home", " pages=8 reason=request"), 1);
	igt_assert_eq(told_by("hmm_home", " reason=eviction"), 0);

	igt_assert_eq(mirage_svm_prefer(&gpu->dev, gpu->vm, area + 100 * PAGE, PAGE, DRM_MIRAGE_SVM_VRAM), 0);
	igt_assert_eq_u32(gpu_read32(gpu, area + 100 * PAGE), 101);
	igt_assert_eq(told_by("hmm_to_device", "pid=%u addr=%#lx pages=1 moved=1 cause=fault", pid,
			      at + 100 * PAGE), 1);

	/* 40 pages are left, and that one. */
	press_vram(&gpu->dev, bo.handle);
	igt_assert_eq(told_by("hmm_home", "pid=%u addr=%#lx ", pid, at), 1);
	igt_assert_eq(told_by("hmm_home", " pages=40 reason=eviction"), 1);
	igt_assert_eq(told_by("hmm_home", " pages=1 reason=eviction"), 1);
	igt_assert_eq(told_by("hmm_to_device", "pid=%u ", pid), 2);
	tell(false);
	bo_free(&bo);
	mem_unmap(area, BLOCK);
}

/**
 * SUBTEST: bad-access
 * Description: An access that cannot be served and a program that is wrong are told in words: access, reason, state
 *	of the queue, error of the channel.
 */
static void bad_access(struct gpu *gpu)
{
	static const uint32_t junk[] = { 0xee };
	uint32_t *hole = mem_anon(PAGE);
	unsigned int pid = (unsigned int)getpid();
	struct job bad = job_new(gpu);

	mem_unmap(hole, PAGE);
	tell(true);
	gpu_write_fails(gpu, hole, EFAULT);
	igt_assert_eq(told("fault_report", "pid %u vm ", pid), 1);
	igt_assert_eq(told("fault_report", ", write at %#lx, not present, error -14", (uintptr_t)hole), 1);
	igt_assert_eq(told("queue_stop", "pid %u channel ", pid), 1);
	igt_assert_eq(told("queue_stop", ", state faulted, channel error none, error -14"), 1);

	bad.queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COPY);
	mirage_ib_raw(&bad.ib, junk, 1);
	job_submit(&bad);
	igt_assert_eq(job_wait(&bad), -EIO);
	job_free(&bad);
	igt_assert_eq(told("queue_stop", ", state error, channel error bad packet, error -5"), 1);
	tell(false);
}

static const struct gpu_scenario scenarios[] = {
	{ "binds-and-evictions", binds_and_evictions, "What becomes of a mapping is told." },
	{ "bind-pieces", bind_pieces, "Operations take effect in bounded pieces." },
	{ "between-pieces", between_pieces, "mm does not wait for the end of a long operation." },
	{ "faults", faults, "What becomes of a fault is told." },
	{ "whose", whose, "Events name the process, and mm's reason." },
	{ "moves", moves, "Moves of pages are told with their reason." },
	{ "bad-access", bad_access, "What stops a queue is told in words." },
};

int igt_main()
{
	igt_fixture() {
		igt_require_f(!access(EVENTS, W_OK), "no tracepoints in this kernel\n");
		tell(false);
	}

	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));

	igt_fixture()
		tell(false);
}
