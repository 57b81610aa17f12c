// SPDX-License-Identifier: MIT
/**
 * TEST: mirage bo stress
 * Description: Many processes make, fill, copy, bind, drop and check objects at the same
 *	time, more than fit into video memory.
 * Category: Core
 */
#include <sys/mman.h>

#include "igt_mirage_bo.h"
#include "igt_mirage_space.h"
#include "memory.h"
#include "stress.h"

IGT_TEST_DESCRIPTION("Many processes with more buffer objects than fit into video memory.");

#define PROCESSES	6
#define SLOTS		20
#define MAX_SIZE	(12u << 20)

/**
 * struct slot - an object, and what it must contain
 */
struct slot {
	/** @bo: it; no words: none */
	struct bo bo;
	/** @seed: content as of bo_write() */
	uint64_t seed;
	/** @addr: where the GPU sees it, or 0 */
	uint64_t addr;
	/** @zero: it was never written */
	bool zero;
	/** @unneeded: the kernel may have dropped the content */
	bool unneeded;
};

/**
 * struct worker - one process
 */
struct worker {
	/** @dev: its own open file */
	struct mirage dev;
	/** @space: address space for its objects */
	struct space space;
	/** @slots: objects */
	struct slot slots[SLOTS];
	/** @random: state of its random numbers */
	uint64_t random;
	/** @ops: what it has done */
	unsigned int ops;
};

static unsigned int pick(struct worker *w, unsigned int n)
{
	w->random = w->random * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned int)(w->random >> 33) % n;
}

static void slot_check(const struct slot *slot)
{
	if (slot->unneeded)
		return;
	if (slot->zero)
		bo_expect_zero(&slot->bo);
	else
		bo_expect(&slot->bo, slot->seed);
}

static void slot_create(struct worker *w, struct slot *slot)
{
	static const uint32_t placements[] = { BO_VRAM, BO_VRAM, BO_SYSTEM, BO_VRAM | BO_SYSTEM };
	size_t size = (1 + pick(w, pick(w, 2) ? 64 : MAX_SIZE / 4096)) * 4096ul;
	bool private = pick(w, 2);

	*slot = (struct slot){ .zero = true };
	slot->bo = bo_new_with(&w->dev, size, placements[pick(w, 4)], BO_CPU, pick(w, 2),
			       private ? w->space.vm : 0);
	if (pick(w, 2))
		slot->addr = space_bind(&w->space, slot->bo.handle, 0, size);
}

static void slot_destroy(struct worker *w, struct slot *slot)
{
	bool closed_first = pick(w, 2);

	slot_check(slot);
	if (slot->addr && !closed_first)
		space_unbind(&w->space, slot->addr, slot->bo.size);
	bo_free(&slot->bo);
	/* Closing a bound object leaves it bound. */
	if (slot->addr && closed_first)
		space_unbind(&w->space, slot->addr, slot->bo.size);
}

static void slot_write(struct worker *w, struct slot *slot)
{
	if (slot->unneeded)
		return;
	slot->seed = pick(w, 1u << 30);
	slot->zero = false;
	bo_write(&slot->bo, slot->seed);
}

/* Change the mind about an object. */
static void slot_advise(struct worker *w, struct slot *slot)
{
	bool retained;

	slot->unneeded = !slot->unneeded;
	igt_assert_eq(mirage_bo_madvise(&w->dev, slot->bo.handle, slot->unneeded, &retained), 0);
	if (retained) {
		slot_check(slot);
		return;
	}
	/* It is gone, and only what nobody needed may be. */
	igt_assert(bo_access_dies(slot->bo.words));
	slot->unneeded = true;
	slot_destroy(w, slot);
	slot_create(w, slot);
}

/* The GPU copies one object over another, as far as both go. */
static void slot_copy(struct worker *w, struct slot *to, struct slot *from)
{
	size_t size = from->bo.size;

	if (!to->addr || !from->addr || to == from || to->unneeded || from->unneeded ||
	    to->bo.size != size)
		return;
	space_copy(&w->space, to->addr, from->addr, size);
	to->seed = from->seed;
	to->zero = from->zero;
}

/* A second object of the same size, so that there is something to copy to. */
static void slot_twin(struct worker *w, struct slot *slot, struct slot *of)
{
	if (slot == of || slot->unneeded)
		return;
	slot_destroy(w, slot);
	*slot = (struct slot){ .zero = true };
	slot->bo = bo_new(&w->dev, of->bo.size, BO_VRAM | BO_SYSTEM);
	slot->addr = space_bind(&w->space, slot->bo.handle, 0, slot->bo.size);
	slot_copy(w, slot, of);
}

static void step(struct worker *w)
{
	struct slot *slot = &w->slots[pick(w, SLOTS)], *other = &w->slots[pick(w, SLOTS)];

	switch (pick(w, 8)) {
	case 0:
		slot_destroy(w, slot);
		slot_create(w, slot);
		break;
	case 1:
	case 2:
		slot_write(w, slot);
		break;
	case 3:
		slot_check(slot);
		break;
	case 4:
		slot_advise(w, slot);
		break;
	case 5:
		slot_twin(w, slot, other);
		break;
	default:
		slot_copy(w, slot, other);
		break;
	}
	w->ops++;
}

static void work(struct mirage *parent, unsigned int id, unsigned int seconds)
{
	static struct worker w;
	struct timespec start = { 0 };

	w.random = id + 1;
	igt_assert_eq(mirage_open_node(&w.dev, parent->node), 0);
	space_open(&w.space, &w.dev);
	for (unsigned int i = 0; i < SLOTS; i++) {
		slot_create(&w, &w.slots[i]);
		slot_write(&w, &w.slots[i]);
	}
	igt_nsec_elapsed(&start);
	while (igt_nsec_elapsed(&start) < seconds * 1000000000ll)
		step(&w);
	for (unsigned int i = 0; i < SLOTS; i++)
		slot_destroy(&w, &w.slots[i]);
	space_close(&w.space);
	mirage_close(&w.dev);
	igt_info("process %u: %u steps\n", id, w.ops);
}

/**
 * SUBTEST: many-processes
 * Description: Processes that make, fill, copy by the GPU, drop, and check; one of them makes mm
 *	ask for pages back all the time. All that is left is checked byte by byte, and nothing
 *	stays allocated.
 */
static void many_processes(struct mirage *dev)
{
	unsigned int seconds = stress_seconds();
	uint64_t used = bo_param(dev, DRM_MIRAGE_PARAM_VRAM_USED);
	uint64_t evictions = bo_param(dev, DRM_MIRAGE_PARAM_EVICTIONS);
	struct timespec start = { 0 };

	/* Without a word in the log each time. */
	igt_assert(file_write("/proc/sys/vm/drop_caches", "4\n"));
	igt_fork(id, PROCESSES)
		work(dev, id, seconds);
	igt_fork(id, 1) {
		igt_nsec_elapsed(&start);
		while (igt_nsec_elapsed(&start) < seconds * 1000000000ll)
			igt_assert(file_write("/proc/sys/vm/drop_caches", "2\n"));
	}
	igt_waitchildren();
	igt_info("%" PRIu64 " evictions\n", bo_param(dev, DRM_MIRAGE_PARAM_EVICTIONS) - evictions);
	igt_assert_lt_u64(evictions, bo_param(dev, DRM_MIRAGE_PARAM_EVICTIONS));

	/* Freed by works when the last copy is done: soon, but not at once. */
	igt_nsec_elapsed(&start);
	while (bo_param(dev, DRM_MIRAGE_PARAM_VRAM_USED) > used)
		igt_assert_lt_u64(igt_nsec_elapsed(&start), 60000000000ull);
}

int igt_main()
{
	static struct mirage dev;

	igt_fixture()
		igt_assert_eq(mirage_open(&dev), 0);

	igt_describe("Many processes with more objects than fit, checked byte by byte.");
	igt_subtest("many-processes")
		many_processes(&dev);

	igt_fixture()
		mirage_close(&dev);
}
