// SPDX-License-Identifier: MIT
/*
 * Part 4: the memory under a running kernel is taken away and replaced.
 *
 * One job runs all the time and looks at 32 pages, a page to a lane. First other memory
 * is moved over the pages with mremap() while the lanes read them at full speed;
 * then, with the lanes told to look away for that moment, the pages are unmapped and mapped
 * again at the same address. Each time the numbers in the pages are higher, and
 * the lanes count how often they found one lower than was promised before they looked.
 */
#include "demo.h"

#include <err.h>
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "remap.kernel.h"

#define LANES 32
#define PAGE 4096u
#define REGION ((size_t)LANES * PAGE)
#define MOVES 16
#define UNMAPS 16
/* The driver stops the job long before; this ends a wait that it has missed. */
#define WAIT_NS 150000000000ull

/* As kernels/remap.s has it; on the CPU's stack. */
struct shared {
	struct {
		_Atomic uint32_t generation;
		_Atomic uint32_t hold;
		_Atomic uint32_t stop;
		_Atomic uint32_t stale;
	} control;
	_Atomic uint32_t seen[LANES];
	_Atomic uint32_t parked[LANES];
	_Atomic uint32_t looks[LANES];
};

struct remap_args {
	uint64_t region;
	uint64_t control;
	uint64_t seen;
	uint64_t parked;
	uint64_t looks;
};

static const struct gpu_kernel remap_kernel = GPU_KERNEL(remap);

static char *map_region(void *at)
{
	char *region = mmap(at, REGION, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED_NOREPLACE : 0), -1, 0);
	int err = errno;

	if (region == MAP_FAILED) {
		warnx("cannot map %zu bytes: %s", REGION, strerror(err));
		errno = err;
		return NULL;
	}
	return region;
}

static void fill(char *region, uint32_t value)
{
	unsigned int i;

	for (i = 0; i < LANES; i++)
		*(volatile uint32_t *)(region + i * PAGE) = value;
}

/*
 * Wait until every lane has written @value to its place. A lane that has found stale data may
 * never come to see @value: that ends the wait with -ESTALE.
 */
static int wait_lanes(struct demo *demo, struct shared *shared, _Atomic uint32_t *lanes,
		      uint32_t value, const char *what)
{
	uint64_t deadline = gpu_now() + WAIT_NS;
	unsigned int i = 0;

	while (i < LANES) {
		if (atomic_load(&lanes[i]) == value) {
			i++;
			continue;
		}
		if (atomic_load(&shared->control.stale))
			return -ESTALE;
		if (gpu_is_stopped(&demo->gpu))
			return -EIO;
		if (gpu_now() > deadline) {
			warnx("lane %u did not %s", i, what);
			return -ETIMEDOUT;
		}
		sched_yield();
	}
	return 0;
}

/* Promise @value to the lanes and wait until each has seen it. */
static int expect(struct demo *demo, struct shared *shared, uint32_t value)
{
	atomic_store(&shared->control.generation, value);
	return wait_lanes(demo, shared, shared->seen, value, "see the new memory");
}

/* Move fresh memory over @region while the lanes read there. */
static int move_over(struct demo *demo, struct shared *shared, char *region, uint32_t value)
{
	char *fresh = map_region(NULL);
	int err;

	if (!fresh)
		return -errno;
	fill(fresh, value);
	if (mremap(fresh, REGION, REGION, MREMAP_MAYMOVE | MREMAP_FIXED, region) == MAP_FAILED) {
		err = -errno;
		warnx("cannot move memory: %s", strerror(-err));
		munmap(fresh, REGION);
		return err;
	}
	return expect(demo, shared, value);
}

/* Unmap @region and map it again; counts in @left pages that the GPU still had in between. */
static int unmap_and_map(struct demo *demo, struct shared *shared, char *region, uint32_t value,
			 unsigned int *left)
{
	uint8_t pages[LANES];
	unsigned int i;
	int err;

	atomic_store(&shared->control.hold, value);
	err = wait_lanes(demo, shared, shared->parked, value, "look away");
	if (err)
		return err;
	munmap(region, REGION);
	err = mirage_svm_query(&demo->gpu.device, demo->gpu.vm, region, REGION, pages);
	if (err) {
		warnx("cannot look at the GPU's page tables: %s", strerror(-err));
		return err;
	}
	for (i = 0; i < LANES; i++)
		*left += !!(pages[i] & DRM_MIRAGE_SVM_PAGE_VALID);
	if (!map_region(region))
		return -errno;
	fill(region, value);
	atomic_store(&shared->control.generation, value);
	atomic_store(&shared->control.hold, 0);
	return wait_lanes(demo, shared, shared->seen, value, "see the new memory");
}

static int run_changes(struct demo *demo, struct shared *shared, char *region, unsigned int *moves,
		       unsigned int *unmaps, unsigned int *left)
{
	uint32_t value = 1;
	int err;

	err = expect(demo, shared, value);
	for (*moves = 0; !err && *moves < MOVES; ++*moves)
		err = move_over(demo, shared, region, ++value);
	for (*unmaps = 0; !err && *unmaps < UNMAPS; ++*unmaps)
		err = unmap_and_map(demo, shared, region, ++value, left);
	return err;
}

int demo_remap(struct demo *demo)
{
	unsigned int moves = 0, unmaps = 0, left = 0, i;
	struct shared shared = { 0 };
	struct remap_args args = {
		.control = (uintptr_t)&shared.control,
		.seen = (uintptr_t)shared.seen,
		.parked = (uintptr_t)shared.parked,
		.looks = (uintptr_t)shared.looks,
	};
	uint64_t looks = 0;
	char *region;
	int err, job;

	region = map_region(NULL);
	if (!region)
		return -errno;
	fill(region, 1);
	args.region = (uintptr_t)region;
	err = gpu_start(&demo->gpu, &remap_kernel, &args, sizeof(args), 1, LANES);
	if (err)
		goto unmap;
	err = run_changes(demo, &shared, region, &moves, &unmaps, &left);
	/* Whatever happened: the job uses this stack and must end before it does. */
	atomic_store(&shared.control.stop, 1);
	job = gpu_wait(&demo->gpu);
	if (job)
		err = job;
	else if (err == -ESTALE)
		err = 0;
	if (err)
		goto unmap;

	for (i = 0; i < LANES; i++)
		looks += shared.looks[i];
	demo_check(demo, !shared.control.stale, "stale data", "%u times in %llu looks",
		   shared.control.stale, (unsigned long long)looks);
	demo_check(demo, moves == MOVES, "mremap over it",
		   "%u times while it was read; each lane saw the new memory", moves);
	demo_check(demo, unmaps == UNMAPS && !left, "munmap, mmap again",
		   "%u times; GPU mappings left in between: %u", unmaps, left);
unmap:
	munmap(region, REGION);
	return err;
}
