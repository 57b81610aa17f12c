// SPDX-License-Identifier: MIT
/*
 * How fast memory of a process moves to video memory and home, and the cost of a page there for the CPU.
 *
 * Two peers stand beside: the copy engine by itself with the same amount of bytes, and lib/test_hmm, which moves
 * memory with the same functions of mm. It copies with the CPU, and on the way to its device once more for its caller.
 * Bytes moved are checked, and so is the content.
 */
#include "graphics.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"
#include "peer.h"

#define PAGES		4096u
#define BYTES		((uint64_t)PAGES * BENCH_PAGE)
/* Of these the CPU touches every 16th page: one fault brings home the 15 around. */
#define FAULTS		(PAGES / 16)

/**
 * struct migrations - figures of one kind of memory
 */
struct migrations {
	/** @huge: in huge pages */
	bool huge;
	/** @in: to video memory, beside the copy engine */
	struct figure *in;
	/** @in_peer: the same, beside test_hmm */
	struct figure *in_peer;
	/** @home: home on request, beside the copy engine */
	struct figure *home;
	/** @home_peer: the same, beside test_hmm */
	struct figure *home_peer;
};

static double rate(uint64_t start)
{
	return BYTES * 1e9 / (gpu_now() - start);
}

static int check_words(const struct memory *memory, const char *who)
{
	size_t page;

	for (page = 0; page < memory->pages; page++)
		if (*memory_word(memory, page) != memory_value(page)) {
			warnx("page %zu has lost its content on the way through %s", page, who);
			return -EPROTO;
		}
	return 0;
}

static int move(const struct mirage *gpu, uint32_t vm, const struct memory *memory,
		enum drm_mirage_svm_location location)
{
	struct drm_mirage_svm_migrate result;
	int err;

	err = mirage_svm_migrate(gpu, vm, memory->base, BYTES, location, &result);
	if (err) {
		warnx("cannot move memory: %s", strerror(-err));
		return err;
	}
	if (result.moved != BYTES) {
		warnx("%llu of %llu bytes moved", (unsigned long long)result.moved,
		      (unsigned long long)BYTES);
		return -EPROTO;
	}
	return 0;
}

static int move_both_ways(const struct mirage *gpu, uint32_t vm, const struct memory *memory,
			  struct migrations *figures)
{
	uint64_t start = gpu_now();
	int err;

	err = move(gpu, vm, memory, DRM_MIRAGE_SVM_VRAM);
	if (err)
		return err;
	series_add(&figures->in->value, rate(start));
	series_add(&figures->in_peer->value, rate(start));
	start = gpu_now();
	err = move(gpu, vm, memory, DRM_MIRAGE_SVM_SYSTEM);
	if (err)
		return err;
	series_add(&figures->home->value, rate(start));
	series_add(&figures->home_peer->value, rate(start));
	return check_words(memory, "video memory");
}

static int move_by_peer(const struct memory *memory, struct migrations *figures)
{
	uint64_t in_ns, home_ns;
	int err;

	err = peer_migrate(memory, PAGES, &in_ns, &home_ns);
	if (err == -EOPNOTSUPP)
		return 0;
	if (err)
		return err;
	series_add(&figures->in_peer->peer, BYTES * 1e9 / in_ns);
	series_add(&figures->home_peer->peer, BYTES * 1e9 / home_ns);
	return check_words(memory, "test_hmm");
}

/* The cost of a fault of the CPU, beside the first touch of untouched memory. */
static int fault_home(const struct mirage *gpu, uint32_t vm, const struct memory *memory,
		      struct figure *figure)
{
	struct memory fresh;
	uint64_t start;
	size_t page;
	int err;

	err = move(gpu, vm, memory, DRM_MIRAGE_SVM_VRAM);
	if (err)
		return err;
	start = gpu_now();
	for (page = 0; page < PAGES; page += PAGES / FAULTS)
		(void)*memory_word(memory, page);
	series_add(&figure->value, (double)(gpu_now() - start) / FAULTS);
	err = check_words(memory, "the CPU's faults");
	if (!err)
		err = memory_map(&fresh, PAGES, false, false);
	if (err)
		return err;
	start = gpu_now();
	for (page = 0; page < PAGES; page += PAGES / FAULTS)
		*memory_word(&fresh, page) = 1;
	series_add(&figure->peer, (double)(gpu_now() - start) / FAULTS);
	memory_unmap(&fresh);
	return 0;
}

static int measure_kind(struct graphics *graphics, uint32_t vm, struct migrations *figures,
			struct figure *fault)
{
	const struct mirage *gpu = graphics->space.gpu;
	struct memory memory;
	unsigned int i;
	int err = 0;

	for (i = 0; i < graphics->repeats && !err; i++) {
		err = memory_map(&memory, PAGES, figures->huge, true);
		if (err)
			return err;
		err = move_both_ways(gpu, vm, &memory, figures);
		if (!err && fault)
			err = fault_home(gpu, vm, &memory, fault);
		if (!err)
			err = engine_rate(graphics, &figures->in->peer, &figures->home->peer);
		if (!err)
			err = move_by_peer(&memory, figures);
		memory_unmap(&memory);
	}
	return err;
}

static void add_figures(struct figures *all, struct migrations *figures)
{
	const char *kind = figures->huge ? "THP" : "4 KiB";
	const char *engine = "the bare copy engine", *peer = "lib/test_hmm";
	char name[48];

	snprintf(name, sizeof(name), "%s pages to video memory", kind);
	figures->in = figure_add(all, "SVM migration", name, FIGURE_BYTES_PER_SECOND, engine);
	figures->in_peer = figure_add(all, "SVM migration", name, FIGURE_BYTES_PER_SECOND, peer);
	snprintf(name, sizeof(name), "%s pages home", kind);
	figures->home = figure_add(all, "SVM migration", name, FIGURE_BYTES_PER_SECOND, engine);
	figures->home_peer = figure_add(all, "SVM migration", name, FIGURE_BYTES_PER_SECOND, peer);
}

int migrations_measure(struct graphics *graphics)
{
	const struct mirage *gpu = graphics->space.gpu;
	struct migrations small = {}, huge = { .huge = true };
	struct figure *fault;
	uint32_t vm;
	int err;

	add_figures(&graphics->figures, &small);
	add_figures(&graphics->figures, &huge);
	fault = figure_add(&graphics->figures, "SVM migration", "CPU fault on 16 pages there",
			   FIGURE_NS, "the CPU's first touch of a page");
	err = mirage_vm_create(gpu, &vm);
	if (err)
		return err;
	err = measure_kind(graphics, vm, &small, fault);
	if (!err)
		err = measure_kind(graphics, vm, &huge, NULL);
	mirage_vm_destroy(gpu, vm);
	return err;
}
