// SPDX-License-Identifier: MIT
/**
 * TEST: mirage stress
 * Description: Everything at the same time: processes with objects of all kinds, queued binds, jobs
 *	that may not fault and jobs that do, video memory that is too small, and a process that is killed.
 * Category: Core
 *
 * Each process keeps a model of all memory that the GPU may change, and all of it is compared with that byte by
 * byte. The operations of one lane are a chain: each waits, on the device's side, for the one before. So
 * the model is simple, and what runs side by side are lanes, queues and processes.
 */
#include <sys/mman.h>
#include <sys/wait.h>

#include "igt_mirage.h"
#include "igt_mirage_bo.h"
#include "igt_mirage_space.h"
#include "memory.h"
#include "stress.h"

IGT_TEST_DESCRIPTION("Objects, binds, evictions, jobs of all kinds and a process that is killed, at once.");

#define PROCESSES	4
#define LANES		3
#define SLOTS		6
#define LANE_JOBS	8

/* Pages of a lane's addresses, of an object, and of what one operation covers. */
#define WINDOW		1024u
#define MAX_PAGES	512u
#define MAX_BIND	256u
#define MAX_JOB		32u
#define SVM_PAGES	128u

/* The granularity of the model. */
#define UNIT		1024u
#define UNIT_WORDS	(UNIT / 4)
#define PAGE_UNITS	((unsigned int)PAGE / UNIT)

/* Packets of a job in its piece of memory, and what a kernel needs behind them. */
#define PACKET_BYTES	1024u
#define DISPATCH_AT	1024u
#define ARGS_AT		1280u
#define CODE_AT		2048u

/* Far from what space_bind() gives out. */
#define LANE_START(i)	(DRM_MIRAGE_VA_START + ((8ull + (i)) << 39))

/**
 * struct unit - content of UNIT bytes: word i is @value + i * @step
 */
struct unit {
	/** @value: first word */
	uint32_t value;
	/** @step: from word to word */
	uint32_t step;
};

/**
 * struct slot - an object
 */
struct slot {
	/** @handle: of the object */
	uint32_t handle;
	/** @pages: its size */
	unsigned int pages;
	/** @userptr: it is memory of this process */
	bool userptr;
	/** @words: where the CPU sees it */
	uint32_t *words;
	/** @units: what it contains when all that was asked for is done */
	struct unit *units;
};

enum place_kind {
	PLACE_EMPTY,
	PLACE_NULL,
	PLACE_OBJECT,
};

/**
 * struct place - a page of a lane's addresses, when all that was asked for is done
 */
struct place {
	/** @kind: what is mapped there */
	enum place_kind kind;
	/** @slot: of OBJECT: which */
	struct slot *slot;
	/** @page: of OBJECT: which of its pages */
	unsigned int page;
	/** @readonly: of OBJECT: for the GPU */
	bool readonly;
};

struct worker;

/**
 * struct lane - objects and addresses of which a process uses one after the other
 */
struct lane {
	/** @w: whose */
	struct worker *w;
	/** @start: first address */
	uint64_t start;
	/** @slots: objects */
	struct slot slots[SLOTS];
	/** @places: WINDOW pages from @start */
	struct place places[WINDOW];
	/** @timeline: each operation waits for the point before its own */
	uint32_t timeline;
	/** @point: last one asked for */
	uint64_t point;
	/** @jobs: whose end nobody has looked at */
	struct space_job jobs[LANE_JOBS];
	/** @nr_jobs: entries of @jobs */
	unsigned int nr_jobs;
};

/**
 * struct worker - one process
 */
struct worker {
	/** @dev: its own open file */
	struct mirage dev;
	/** @space: its address space, which mirrors it too, and a queue that may not fault */
	struct space space;
	/** @lanes: what that queue works on */
	struct lane lanes[LANES];
	/** @fault_queue: queue in the same address space whose jobs fault */
	uint32_t fault_queue;
	/** @fault_syncobj: of its last job */
	uint32_t fault_syncobj;
	/** @fault_pending: nobody has waited for that job */
	bool fault_pending;
	/** @fault_cmds: its packets, in memory of this process */
	uint32_t *fault_cmds;
	/** @svm: SVM_PAGES pages of memory of this process that it works on */
	uint32_t *svm;
	/** @svm_units: what is in them when that job is done */
	struct unit svm_units[SVM_PAGES * PAGE_UNITS];
	/** @random: state of its random numbers */
	uint64_t random;
	/** @steps: done so far; seen by the parent */
	volatile unsigned int *steps;
};

static unsigned int pick(struct worker *w, unsigned int n)
{
	w->random = w->random * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned int)(w->random >> 33) % n;
}

static void units_set(struct unit *units, unsigned int count, uint32_t value, uint32_t step)
{
	for (unsigned int i = 0; i < count; i++) {
		units[i] = (struct unit){ .value = value, .step = step };
		value += UNIT_WORDS * step;
	}
}

static void units_write(uint32_t *words, const struct unit *units, unsigned int count)
{
	for (unsigned int i = 0; i < count * UNIT_WORDS; i++)
		words[i] = units[i / UNIT_WORDS].value + i % UNIT_WORDS * units[i / UNIT_WORDS].step;
}

static void units_check(const char *what, const uint32_t *words, const struct unit *units,
			unsigned int count)
{
	for (unsigned int i = 0; i < count; i++, words += UNIT_WORDS) {
		uint32_t want = units[i].value;

		for (unsigned int j = 0; j < UNIT_WORDS; j++, want += units[i].step)
			igt_assert_f(words[j] == want, "%s, byte %#x: %#x, want %#x\n", what,
				     i * UNIT + j * 4, words[j], want);
	}
}

/* ---- chains ---- */

/* Until all that was asked for in a lane is done, well. */
static void lane_wait(struct lane *lane)
{
	if (lane->point)
		igt_assert_eq(mirage_timeline_wait(&lane->w->dev, lane->timeline, lane->point, 0,
						   JOB_DEADLINE), 0);
	for (unsigned int i = 0; i < lane->nr_jobs; i++) {
		space_job_wait(&lane->jobs[i]);
		space_job_free(&lane->jobs[i]);
	}
	lane->nr_jobs = 0;
}

/* The next operation of a lane comes after the last. Number of entries written. */
static unsigned int lane_link(struct lane *lane, struct drm_mirage_sync syncs[2])
{
	unsigned int n = 0;

	if (lane->point)
		syncs[n++] = mirage_sync_wait_point(lane->timeline, lane->point);
	syncs[n++] = mirage_sync_signal_point(lane->timeline, ++lane->point);
	return n;
}

static void lane_bind(struct lane *lane, const struct drm_mirage_bind *binds, unsigned int count)
{
	struct worker *w = lane->w;
	struct drm_mirage_sync syncs[2];
	unsigned int n;

	if (!pick(w, 4)) {
		lane_wait(lane);
		space_binds(&w->space, binds, count);
		return;
	}
	n = lane_link(lane, syncs);
	igt_assert_eq(mirage_vm_bind_async(&w->dev, w->space.vm, binds, count, syncs, n), 0);
}

static struct space_job *lane_job(struct lane *lane)
{
	struct space_job *job;

	if (lane->nr_jobs == LANE_JOBS)
		lane_wait(lane);
	job = &lane->jobs[lane->nr_jobs++];
	*job = space_job_new(&lane->w->space);
	return job;
}

static void lane_submit(struct lane *lane, struct space_job *job)
{
	struct space *space = job->space;
	struct drm_mirage_sync syncs[3];
	struct drm_mirage_cmds cmds;
	unsigned int n = lane_link(lane, syncs);

	syncs[n++] = mirage_sync_signal(job->syncobj);
	igt_assert_eq(mirage_ib_cmds(&job->ib, &cmds), 0);
	igt_assert_eq(mirage_exec(space->dev, job->queue, &cmds, 1, syncs, n), 0);
}

/* A kernel that writes value, value + 1 ... from an address on, with all it needs in a piece of 4 KiB. */
static void add_scatter(struct mirage_ib *ib, void *piece, uint64_t piece_addr, uint64_t to,
			unsigned int words, uint32_t value)
{
	const struct scatter_args args = { .dst = to, .stride = 4, .n = words, .value = value };
	struct mirage_dispatch *dispatch = (struct mirage_dispatch *)((char *)piece + DISPATCH_AT);

	igt_assert(kernel_scatter.size <= PAGE - CODE_AT);
	memcpy((char *)piece + CODE_AT, kernel_scatter.code, kernel_scatter.size);
	memcpy((char *)piece + ARGS_AT, &args, sizeof(args));
	mirage_dispatch_init(dispatch, gpu_ptr(piece_addr + CODE_AT), kernel_scatter.size,
			     kernel_scatter.nr_regs);
	mirage_dispatch_args(dispatch, gpu_ptr(piece_addr + ARGS_AT), sizeof(args));
	mirage_dispatch_grid(dispatch, words / 64, 1, 1);
	mirage_dispatch_group(dispatch, 64, 1, 1);
	mirage_ib_dispatch(ib, gpu_ptr(piece_addr + DISPATCH_AT));
}

/* ---- objects ---- */

static void slot_check(const struct slot *slot)
{
	units_check(slot->userptr ? "userptr" : "object", slot->words, slot->units,
		    slot->pages * PAGE_UNITS);
}

static void slot_create(struct lane *lane, struct slot *slot)
{
	static const uint32_t placements[] = {
		BO_VRAM, BO_VRAM, BO_VRAM, BO_VRAM | BO_SYSTEM, BO_SYSTEM,
	};
	struct worker *w = lane->w;
	size_t size;

	slot->pages = 1 + pick(w, pick(w, 2) ? 32 : MAX_PAGES);
	size = slot->pages * PAGE;
	slot->units = calloc(slot->pages * PAGE_UNITS, sizeof(*slot->units));
	igt_assert(slot->units);
	slot->userptr = !pick(w, 6);
	if (slot->userptr) {
		slot->words = mem_anon(size);
		igt_assert_eq(mirage_bo_userptr(&w->dev, slot->words, size, 0, &slot->handle), 0);
	} else {
		uint32_t vm = pick(w, 2) ? w->space.vm : 0;
		struct bo bo = bo_new_with(&w->dev, size,
					   placements[pick(w, ARRAY_SIZE(placements))], BO_CPU,
					   pick(w, 3), vm);

		slot->handle = bo.handle;
		slot->words = (uint32_t *)bo.words;
	}
}

/* Take an object away from all of a lane's addresses. */
static void slot_unbind(struct lane *lane, const struct slot *slot)
{
	static struct drm_mirage_bind binds[WINDOW];
	unsigned int count = 0;

	for (unsigned int i = 0; i < WINDOW; i++) {
		if (lane->places[i].kind != PLACE_OBJECT || lane->places[i].slot != slot)
			continue;
		lane->places[i].kind = PLACE_EMPTY;
		binds[count++] = mirage_bind_unmap(lane->start + i * PAGE, PAGE);
	}
	if (count)
		lane_bind(lane, binds, count);
}

/* The memory and the handle go before the addresses, or after them. */
static void slot_destroy(struct lane *lane, struct slot *slot)
{
	bool early = pick(lane->w, 2);

	lane_wait(lane);
	slot_check(slot);
	if (!early)
		slot_unbind(lane, slot);
	if (pick(lane->w, 2)) {
		igt_assert_eq(mirage_bo_close(&lane->w->dev, slot->handle), 0);
		igt_assert(!munmap(slot->words, slot->pages * PAGE));
	} else {
		igt_assert(!munmap(slot->words, slot->pages * PAGE));
		igt_assert_eq(mirage_bo_close(&lane->w->dev, slot->handle), 0);
	}
	if (early)
		slot_unbind(lane, slot);
	free(slot->units);
}

/* Part of an object changes by the CPU; or, of memory of this process, is given back. */
static void slot_change(struct lane *lane, struct slot *slot)
{
	struct worker *w = lane->w;
	unsigned int count = 1 + pick(w, slot->pages), first = pick(w, slot->pages - count + 1);
	uint32_t *words = slot->words + first * (PAGE / 4);
	struct unit *units = slot->units + first * PAGE_UNITS;

	lane_wait(lane);
	if (slot->userptr && pick(w, 2)) {
		igt_assert(!madvise(words, count * PAGE, MADV_DONTNEED));
		units_set(units, count * PAGE_UNITS, 0, 0);
		return;
	}
	units_set(units, count * PAGE_UNITS, pick(w, 1u << 30), 2654435761u);
	units_write(words, units, count * PAGE_UNITS);
}

/* ---- addresses ---- */

/* Are a lane's page tables as modelled? What has left its memory, or lost it, is not mapped until a job wants it. */
static void places_check(struct lane *lane)
{
	struct worker *w = lane->w;
	uint8_t pages[WINDOW];

	lane_wait(lane);
	igt_assert_eq(mirage_svm_query(&w->dev, w->space.vm, gpu_ptr(lane->start), WINDOW * PAGE,
				       pages), 0);
	for (unsigned int i = 0; i < WINDOW; i++) {
		const struct place *place = &lane->places[i];
		bool valid = pages[i] & DRM_MIRAGE_SVM_PAGE_VALID;
		bool write = pages[i] & DRM_MIRAGE_SVM_PAGE_WRITE;
		bool null = pages[i] & DRM_MIRAGE_SVM_PAGE_NULL;
		bool right = true;

		switch (place->kind) {
		case PLACE_EMPTY:
			right = !valid;
			break;
		case PLACE_NULL:
			right = valid && null;
			break;
		case PLACE_OBJECT:
			right = !valid || (!null && write == !place->readonly);
			break;
		}
		igt_assert_f(right, "page %u of a lane: %#x, where the model has kind %d%s\n", i,
			     pages[i], place->kind, place->readonly ? ", read-only" : "");
	}
}

static struct drm_mirage_bind place_map(struct lane *lane)
{
	struct worker *w = lane->w;
	struct slot *slot = &lane->slots[pick(w, SLOTS)];
	unsigned int most = slot->pages < MAX_BIND ? slot->pages : MAX_BIND;
	unsigned int count = 1 + pick(w, most), page = pick(w, slot->pages - count + 1);
	unsigned int at = pick(w, WINDOW - count + 1);
	bool readonly = !pick(w, 5);

	for (unsigned int i = 0; i < count; i++)
		lane->places[at + i] = (struct place){
			.kind = PLACE_OBJECT, .slot = slot, .page = page + i, .readonly = readonly,
		};
	return mirage_bind_map(lane->start + at * PAGE, count * PAGE, slot->handle, page * PAGE,
			       readonly ? DRM_MIRAGE_BIND_READONLY : 0);
}

static struct drm_mirage_bind place_clear(struct lane *lane, enum place_kind kind)
{
	unsigned int count = 1 + pick(lane->w, 64), at = pick(lane->w, WINDOW - count + 1);

	for (unsigned int i = 0; i < count; i++)
		lane->places[at + i] = (struct place){ .kind = kind };
	return kind == PLACE_NULL ? mirage_bind_null(lane->start + at * PAGE, count * PAGE) :
				    mirage_bind_unmap(lane->start + at * PAGE, count * PAGE);
}

static void change_places(struct lane *lane)
{
	unsigned int count = 1 + pick(lane->w, 4);
	struct drm_mirage_bind binds[4];

	for (unsigned int i = 0; i < count; i++) {
		unsigned int what = pick(lane->w, 8);

		if (what < 6)
			binds[i] = place_map(lane);
		else
			binds[i] = place_clear(lane, what == 6 ? PLACE_NULL : PLACE_EMPTY);
	}
	lane_bind(lane, binds, count);
}

/**
 * struct range - part of a lane's addresses, all of which a job may use
 */
struct range {
	/** @unit: first unit */
	unsigned int unit;
	/** @count: units, or 0: none was found */
	unsigned int count;
};

static struct range range_find(struct lane *lane, bool write)
{
	struct worker *w = lane->w;
	struct range range = { };

	for (unsigned int try = 0; try < 16 && !range.count; try++) {
		unsigned int at = pick(w, WINDOW), end = at, most = 1 + pick(w, MAX_JOB);
		const struct place *place;

		for (; end < WINDOW && end < at + most; end++) {
			place = &lane->places[end];
			if (place->kind == PLACE_EMPTY)
				break;
			if (write && place->kind == PLACE_OBJECT && place->readonly)
				break;
		}
		if (end == at)
			continue;
		range.unit = at * PAGE_UNITS + pick(w, PAGE_UNITS);
		range.count = end * PAGE_UNITS - range.unit;
	}
	return range;
}

static uint64_t range_addr(const struct lane *lane, const struct range *range)
{
	return lane->start + (uint64_t)range->unit * UNIT;
}

/* The model of a unit of addresses, or NULL: there is nothing behind it. */
static struct unit *unit_at(struct lane *lane, unsigned int unit)
{
	const struct place *place = &lane->places[unit / PAGE_UNITS];

	if (place->kind != PLACE_OBJECT)
		return NULL;
	return &place->slot->units[place->page * PAGE_UNITS + unit % PAGE_UNITS];
}

static struct unit range_read(struct lane *lane, const struct range *range, unsigned int i)
{
	const struct unit *unit = unit_at(lane, range->unit + i);

	return unit ? *unit : (struct unit){ };
}

static void range_write(struct lane *lane, const struct range *range, unsigned int i,
			struct unit content)
{
	struct unit *unit = unit_at(lane, range->unit + i);

	if (unit)
		*unit = content;
}

/* Do two ranges have memory in common? A range and itself: does it have any twice? */
static bool ranges_clash(struct lane *lane, const struct range *a, const struct range *b)
{
	for (unsigned int i = 0; i < a->count; i++) {
		const struct unit *unit = unit_at(lane, a->unit + i);

		for (unsigned int j = a == b ? i + 1 : 0; unit && j < b->count; j++)
			if (unit == unit_at(lane, b->unit + j))
				return true;
	}
	return false;
}

/* ---- jobs that may not fault ---- */

static void job_add_fill(struct lane *lane, struct space_job *job)
{
	struct range to = range_find(lane, true);
	uint32_t value = pick(lane->w, 1u << 30);

	if (!to.count)
		return;
	mirage_ib_fill(&job->ib, gpu_ptr(range_addr(lane, &to)), to.count * UNIT, value);
	for (unsigned int i = 0; i < to.count; i++)
		range_write(lane, &to, i, (struct unit){ .value = value });
}

static void job_add_copy(struct lane *lane, struct space_job *job)
{
	struct range to = range_find(lane, true), from = range_find(lane, false);

	if (from.count > to.count)
		from.count = to.count;
	to.count = from.count;
	if (!to.count || ranges_clash(lane, &to, &from) || ranges_clash(lane, &to, &to))
		return;
	mirage_ib_copy(&job->ib, gpu_ptr(range_addr(lane, &to)), gpu_ptr(range_addr(lane, &from)),
		       to.count * UNIT);
	for (unsigned int i = 0; i < to.count; i++)
		range_write(lane, &to, i, range_read(lane, &from, i));
}

/* At most once in a job, as there is room for one kernel. */
static void job_add_kernel(struct lane *lane, struct space_job *job)
{
	struct range to = range_find(lane, true);
	uint32_t value = pick(lane->w, 1u << 30), at = job->slot * SPACE_IB_SIZE;
	struct space *space = &lane->w->space;

	if (to.count > 8)
		to.count = 8;
	if (!to.count || ranges_clash(lane, &to, &to))
		return;
	add_scatter(&job->ib, space->ib_words + at / 4, space->ib_addr + at,
		    range_addr(lane, &to), to.count * UNIT_WORDS, value);
	for (unsigned int i = 0; i < to.count; i++)
		range_write(lane, &to, i,
			    (struct unit){ .value = value + i * UNIT_WORDS, .step = 1 });
}

static void run_job(struct lane *lane)
{
	struct space_job *job = lane_job(lane);
	unsigned int count = 1 + pick(lane->w, 4);

	mirage_ib_nop(&job->ib);
	for (unsigned int i = 0; i < count; i++) {
		if (pick(lane->w, 2))
			job_add_copy(lane, job);
		else
			job_add_fill(lane, job);
	}
	if (pick(lane->w, 2))
		job_add_kernel(lane, job);
	igt_assert_lte_u64(job->ib.used * 4, PACKET_BYTES);
	lane_submit(lane, job);
}

/* ---- jobs that fault ---- */

static void fault_wait(struct worker *w)
{
	if (!w->fault_pending)
		return;
	igt_assert_eq(mirage_syncobj_wait(&w->dev, w->fault_syncobj, JOB_DEADLINE), 0);
	w->fault_pending = false;
}

static void fault_submit(struct worker *w, const struct mirage_ib *ib)
{
	struct drm_mirage_queue_query state;

	igt_assert_eq(mirage_queue_query(&w->dev, w->fault_queue, &state), 0);
	igt_assert_eq(state.state, DRM_MIRAGE_QUEUE_READY);
	igt_assert_eq(mirage_submit(&w->dev, w->fault_queue, ib, w->fault_syncobj), 0);
	w->fault_pending = true;
}

static void *svm_unit(struct worker *w, unsigned int unit)
{
	return w->svm + unit * UNIT_WORDS;
}

/* Between memory of this process and what is bound; objects that have left video memory are faulted back. */
static void fault_exchange(struct worker *w, struct mirage_ib *ib)
{
	struct lane *lane = &w->lanes[pick(w, LANES)];
	bool write = pick(w, 2);
	struct range range = range_find(lane, write);
	unsigned int at = pick(w, (SVM_PAGES - MAX_JOB) * PAGE_UNITS);

	if (!range.count || (write && ranges_clash(lane, &range, &range)))
		return;
	lane_wait(lane);
	if (write)
		mirage_ib_copy(ib, gpu_ptr(range_addr(lane, &range)), svm_unit(w, at),
			       range.count * UNIT);
	else
		mirage_ib_copy(ib, svm_unit(w, at), gpu_ptr(range_addr(lane, &range)),
			       range.count * UNIT);
	for (unsigned int i = 0; i < range.count; i++) {
		if (write)
			range_write(lane, &range, i, w->svm_units[at + i]);
		else
			w->svm_units[at + i] = range_read(lane, &range, i);
	}
	/* The lane's next operation cannot wait for it on the device's side: it may fault. */
	fault_submit(w, ib);
	fault_wait(w);
}

static void fault_job(struct worker *w)
{
	unsigned int half = SVM_PAGES * PAGE_UNITS / 2, count = 1 + pick(w, 64);
	unsigned int low = pick(w, half - count), high = half + pick(w, half - count);
	uint32_t value = pick(w, 1u << 30);
	struct mirage_ib ib;

	fault_wait(w);
	mirage_ib_init(&ib, w->fault_cmds, PACKET_BYTES);
	switch (pick(w, 6)) {
	case 0:
		igt_assert(!madvise((char *)w->svm + low / PAGE_UNITS * PAGE, PAGE, MADV_DONTNEED));
		units_set(w->svm_units + low / PAGE_UNITS * PAGE_UNITS, PAGE_UNITS, 0, 0);
		break;
	case 1:
		units_check("memory", w->svm, w->svm_units, ARRAY_SIZE(w->svm_units));
		break;
	case 2:
		fault_exchange(w, &ib);
		break;
	case 3:
		mirage_ib_copy(&ib, svm_unit(w, high), svm_unit(w, low), count * UNIT);
		memcpy(w->svm_units + high, w->svm_units + low, count * sizeof(struct unit));
		fault_submit(w, &ib);
		break;
	case 4:
		mirage_ib_fill(&ib, svm_unit(w, low), count * UNIT, value);
		units_set(w->svm_units + low, count, value, 0);
		fault_submit(w, &ib);
		break;
	default:
		add_scatter(&ib, w->fault_cmds, (uintptr_t)w->fault_cmds,
			    (uintptr_t)svm_unit(w, low), count * UNIT_WORDS, value);
		units_set(w->svm_units + low, count, value, 1);
		fault_submit(w, &ib);
		break;
	}
}

/* ---- processes ---- */

static void step(struct worker *w)
{
	struct lane *lane = &w->lanes[pick(w, LANES)];
	struct slot *slot = &lane->slots[pick(w, SLOTS)];

	switch (pick(w, 12)) {
	case 0:
		slot_destroy(lane, slot);
		slot_create(lane, slot);
		break;
	case 1:
		slot_change(lane, slot);
		break;
	case 2:
		lane_wait(lane);
		slot_check(slot);
		places_check(lane);
		break;
	case 3:
	case 4:
	case 5:
		change_places(lane);
		break;
	case 6:
	case 7:
		fault_job(w);
		break;
	default:
		run_job(lane);
		break;
	}
	__atomic_fetch_add(w->steps, 1, __ATOMIC_RELAXED);
}

static void worker_open(struct worker *w, const struct mirage *parent, unsigned int seed)
{
	w->random = seed;
	igt_assert_eq(mirage_open_node(&w->dev, parent->node), 0);
	space_open_with(&w->space, &w->dev, DRM_MIRAGE_VM_CREATE_SVM);
	igt_assert_eq(mirage_queue_create(&w->dev, w->space.vm, DRM_MIRAGE_QUEUE_COMPUTE,
					  QUEUE(.timeout_ms = QUEUE_TIMEOUT_MS),
					  &w->fault_queue), 0);
	igt_assert_eq(mirage_syncobj_create(&w->dev, false, &w->fault_syncobj), 0);
	w->svm = mem_anon(SVM_PAGES * PAGE);
	w->fault_cmds = mem_anon(PAGE);
	for (unsigned int i = 0; i < LANES; i++) {
		struct lane *lane = &w->lanes[i];

		lane->w = w;
		lane->start = LANE_START(i);
		igt_assert_eq(mirage_syncobj_create(&w->dev, false, &lane->timeline), 0);
		for (unsigned int j = 0; j < SLOTS; j++)
			slot_create(lane, &lane->slots[j]);
	}
}

/* Everything is looked at. */
static void worker_close(struct worker *w)
{
	struct drm_mirage_queue_query state;

	fault_wait(w);
	units_check("memory", w->svm, w->svm_units, ARRAY_SIZE(w->svm_units));
	igt_assert_eq(mirage_queue_query(&w->dev, w->fault_queue, &state), 0);
	igt_assert_eq(state.state, DRM_MIRAGE_QUEUE_READY);
	for (unsigned int i = 0; i < LANES; i++) {
		places_check(&w->lanes[i]);
		for (unsigned int j = 0; j < SLOTS; j++)
			slot_destroy(&w->lanes[i], &w->lanes[i].slots[j]);
		lane_wait(&w->lanes[i]);
	}
	igt_assert_eq(mirage_queue_destroy(&w->dev, w->fault_queue), 0);
	space_close(&w->space);
	mirage_close(&w->dev);
	mem_unmap(w->svm, SVM_PAGES * PAGE);
	mem_unmap(w->fault_cmds, PAGE);
}

static bool time_is_up(struct timespec *start, unsigned int seconds)
{
	return igt_nsec_elapsed(start) >= seconds * 1000000000ll;
}

static void work(const struct mirage *parent, unsigned int seed, unsigned int seconds,
		 volatile unsigned int *steps)
{
	static struct worker w;
	struct timespec start = { 0 };

	w.steps = steps;
	worker_open(&w, parent, seed);
	igt_nsec_elapsed(&start);
	while (!time_is_up(&start, seconds))
		step(&w);
	worker_close(&w);
	igt_info("process %u: %u steps\n", seed, *steps);
}

/*
 * Wants more than all of video memory, again and again: what the others have there has to leave. Few words
 * are written, the others stay zero: it is not to be slow.
 */
static void fill_vram(const struct mirage *parent, unsigned int seconds)
{
	static struct bo bos[256];
	const size_t size = 4 * BLOCK, step = BLOCK / 16 / 8;
	struct timespec start = { 0 };
	struct mirage dev;
	uint64_t count;
	unsigned int round = 0;

	igt_assert_eq(mirage_open_node(&dev, parent->node), 0);
	count = bo_param(&dev, DRM_MIRAGE_PARAM_VRAM_SIZE) * 11 / 10 / size;
	igt_assert_lte_u64(count, ARRAY_SIZE(bos));
	igt_nsec_elapsed(&start);
	do {
		round++;
		for (unsigned int i = 0; i < count; i++) {
			bos[i] = bo_new(&dev, size, BO_VRAM);
			for (size_t at = 0; at < size / 8; at += step)
				bos[i].words[at] = ((uint64_t)round << 48) + i * size + at;
		}
		for (unsigned int i = 0; i < count; i++) {
			for (size_t at = 0; at < size / 8; at += step) {
				igt_assert_eq_u64(bos[i].words[at],
						  ((uint64_t)round << 48) + i * size + at);
				bos[i].words[at] = 0;
			}
			if (time_is_up(&start, seconds))
				bo_expect_zero(&bos[i]);
			bo_free(&bos[i]);
		}
	} while (!time_is_up(&start, seconds));
	mirage_close(&dev);
}

static bool has_ended(const struct igt_helper_process *process)
{
	siginfo_t info = { };

	igt_assert(!waitid(P_PID, process->pid, &info, WEXITED | WNOHANG | WNOWAIT));
	return info.si_pid;
}

/* One more process, which is killed in the middle of what it does; and then another. */
static unsigned int kill_workers(const struct mirage *parent, unsigned int seconds,
				 volatile unsigned int *steps)
{
	static struct igt_helper_process victim;
	struct timespec start = { 0 };
	unsigned int killed = 0;

	igt_nsec_elapsed(&start);
	do {
		unsigned int enough = 1 + killed * 37 % 150;

		*steps = 0;
		victim.use_SIGKILL = true;
		igt_fork_helper(&victim)
			work(parent, 1000 + killed, UINT32_MAX, steps);
		igt_assert(igt_wait(*steps >= enough || has_ended(&victim), POLL_MS, 1));
		igt_assert_f(!has_ended(&victim), "a process ended by itself\n");
		igt_stop_helper(&victim);
		killed++;
	} while (!time_is_up(&start, seconds));
	return killed;
}

/**
 * SUBTEST: everything-at-once
 * Description: Processes that bind, unbind, copy, fill, compute and fault on objects of all kinds, beside one
 *	that wants all of video memory and one that is killed now and then. All that is left is checked byte
 *	by byte, and nothing stays allocated.
 */
static void everything_at_once(struct mirage *dev)
{
	unsigned int seconds = stress_seconds();
	uint64_t used = bo_param(dev, DRM_MIRAGE_PARAM_VRAM_USED);
	uint64_t evictions = bo_param(dev, DRM_MIRAGE_PARAM_EVICTIONS);
	struct timespec start = { 0 };
	volatile unsigned int *steps;
	unsigned int killed;

	steps = mem_shared_page();
	igt_fork(id, PROCESSES)
		work(dev, id + 1, seconds, &steps[id]);
	igt_fork(id, 1)
		fill_vram(dev, seconds);
	killed = kill_workers(dev, seconds, &steps[PROCESSES]);
	igt_waitchildren();
	evictions = bo_param(dev, DRM_MIRAGE_PARAM_EVICTIONS) - evictions;
	igt_info("%" PRIu64 " evictions, %u processes killed\n", evictions, killed);
	igt_assert_neq_u64(evictions, 0);

	/* Freed by works when the last job is done: soon, but not at once. */
	igt_nsec_elapsed(&start);
	while (bo_param(dev, DRM_MIRAGE_PARAM_VRAM_USED) > used)
		igt_assert(!time_is_up(&start, 60));
	igt_assert(!munmap((void *)steps, PAGE));
}

int igt_main()
{
	static struct mirage dev;

	igt_fixture()
		igt_assert_eq(mirage_open(&dev), 0);

	igt_describe("Objects, binds, evictions, jobs of all kinds and a process that is killed, byte by byte.");
	igt_subtest("everything-at-once")
		everything_at_once(&dev);

	igt_fixture()
		mirage_close(&dev);
}
