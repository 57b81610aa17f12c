// SPDX-License-Identifier: MIT
/*
 * The cost of a first touch by the GPU, and the same touch by the CPU and the peer.
 *
 * Each repeat takes new memory for each of the three. All that the job needs besides
 * (program, packets, order) has been used before, so that the counters hold nothing
 * but the memory in question: their values are checked and not only printed.
 */
#include "bench.h"

#include <err.h>
#include <errno.h>
#include <string.h>

#include "../demo/meter.h"
#include "touch_read.kernel.h"
#include "touch_write.kernel.h"

#define GROUP 256u

struct read_args {
	uint64_t memory;
	uint64_t order;
	uint64_t sum;
	uint32_t steps;
	uint32_t items;
};

struct write_args {
	uint64_t memory;
	uint64_t order;
	uint32_t value;
	uint32_t steps;
	uint32_t items;
	uint32_t zero;
};

static const struct gpu_kernel read_kernel = GPU_KERNEL(touch_read);
static const struct gpu_kernel write_kernel = GPU_KERNEL(touch_write);

/* Added to a page's number in the word that the GPU writes. */
#define WRITTEN 0x10000000u

static int gpu_touch(struct bench *bench, const struct row *row, const struct memory *memory)
{
	uint32_t items = row->single ? 1 : row->pages;
	uint32_t steps = row->single ? row->pages : 1;
	uint32_t group = items < GROUP ? items : GROUP;
	/* Static: at the same address each time, so that the GPU knows its page. */
	static struct read_args read_args;
	static struct write_args write_args;

	bench->sum = 0;
	read_args = (struct read_args){
		.memory = (uintptr_t)memory->base,
		.order = (uintptr_t)bench->order,
		.sum = (uintptr_t)&bench->sum,
		.steps = steps,
		.items = items,
	};
	write_args = (struct write_args){
		.memory = (uintptr_t)memory->base,
		.order = (uintptr_t)bench->order,
		.value = WRITTEN,
		.steps = steps,
		.items = items,
	};
	if (row->write)
		return gpu_run(&bench->gpu, &write_kernel, &write_args, sizeof(write_args),
			       (items + group - 1) / group, group);
	return gpu_run(&bench->gpu, &read_kernel, &read_args, sizeof(read_args),
		       (items + group - 1) / group, group);
}

/* The data: what was read and what was written. */
static int check_data(const struct bench *bench, const struct row *row, const struct memory *memory)
{
	uint32_t sum = 0;
	size_t page;

	for (page = 0; page < row->pages; page++) {
		uint32_t was = row->populated ? memory_value(page) : 0;
		uint32_t must = row->write ? (uint32_t)page + WRITTEN : was;

		sum += was;
		if (*memory_word(memory, page) != must) {
			warnx("page %zu holds 0x%x, must be 0x%x", page, *memory_word(memory, page),
			      must);
			return -EPROTO;
		}
	}
	if (!row->write && bench->sum != sum) {
		warnx("the GPU read words with the sum 0x%x, must be 0x%x", bench->sum, sum);
		return -EPROTO;
	}
	return 0;
}

/*
 * The GPU's page tables: every page, writable where it was written. As many as mm has
 * taken away in the meantime may be missing.
 */
static int check_tables(const struct bench *bench, const struct row *row,
			const struct memory *memory, uint64_t taken)
{
	uint8_t must = DRM_MIRAGE_SVM_PAGE_VALID | (row->write ? DRM_MIRAGE_SVM_PAGE_WRITE : 0);
	uint8_t pages[BENCH_HUGE_PAGES];
	size_t done, i, some;
	uint64_t missing = 0;
	int err;

	for (done = 0; done < row->pages; done += some) {
		some = row->pages - done < BENCH_HUGE_PAGES ? row->pages - done : BENCH_HUGE_PAGES;
		err = mirage_svm_query(&bench->gpu.device, bench->gpu.vm,
				       memory->base + done * BENCH_PAGE, some * BENCH_PAGE, pages);
		if (err) {
			warnx("cannot look at the GPU's page tables: %s", strerror(-err));
			return err;
		}
		for (i = 0; i < some; i++) {
			if ((pages[i] & must) == must || missing++ < taken)
				continue;
			warnx("page %zu is mapped as 0x%x after its touch, must have 0x%x",
			      done + i, pages[i], must);
			return -EPROTO;
		}
	}
	return 0;
}

/* The driver's counters: each page mapped once, unless mm took it away in between. */
static int check_counts(const struct row *row, const struct meter *meter)
{
	const uint64_t *stat = meter->stat;
	uint64_t mapped = stat[DRM_MIRAGE_STAT_PAGES_MAPPED];
	uint64_t prefetched = stat[DRM_MIRAGE_STAT_PAGES_PREFETCHED];
	uint64_t asked = stat[DRM_MIRAGE_STAT_FAULTS] - stat[DRM_MIRAGE_STAT_FAULT_DUPS];

	if (stat[DRM_MIRAGE_STAT_FAILED]) {
		warnx("%llu faults could not be served",
		      (unsigned long long)stat[DRM_MIRAGE_STAT_FAILED]);
		return -EPROTO;
	}
	if (mapped < row->pages || mapped > row->pages + stat[DRM_MIRAGE_STAT_PAGES_INVALIDATED]) {
		warnx("%llu pages were mapped for %zu, with %llu taken away in between",
		      (unsigned long long)mapped, row->pages,
		      (unsigned long long)stat[DRM_MIRAGE_STAT_PAGES_INVALIDATED]);
		return -EPROTO;
	}
	if (mapped > asked + prefetched) {
		warnx("%llu pages were mapped, %llu asked for and %llu prefetched",
		      (unsigned long long)mapped, (unsigned long long)asked,
		      (unsigned long long)prefetched);
		return -EPROTO;
	}
	/* Prefetch takes what is there; of memory that nobody has touched only writes find more. */
	if (!row->huge && !row->populated && !row->write && prefetched) {
		warnx("%llu pages were prefetched where there were none",
		      (unsigned long long)prefetched);
		return -EPROTO;
	}
	return 0;
}

static void add_ns(struct row *row, enum row_value value, uint64_t ns)
{
	series_add(&row->values[value], (double)ns / row->pages);
}

static void add_meter(struct row *row, const struct meter *meter)
{
	const uint64_t *stat = meter->stat;
	uint64_t delivery = meter_delivery_ns(meter);
	uint64_t service = stat[DRM_MIRAGE_STAT_NS_SERVICE];
	uint64_t parts = stat[DRM_MIRAGE_STAT_NS_MM] + stat[DRM_MIRAGE_STAT_NS_DMA] +
			 stat[DRM_MIRAGE_STAT_NS_PT] + stat[DRM_MIRAGE_STAT_NS_REPLAY];
	uint64_t rest = service > parts ? service - parts : 0;
	uint64_t known = meter->busy_ns + delivery + parts + rest;

	add_ns(row, ROW_TOTAL, meter->elapsed_ns);
	add_ns(row, ROW_DEVICE, meter->busy_ns);
	add_ns(row, ROW_DELIVERY, delivery);
	add_ns(row, ROW_MM, stat[DRM_MIRAGE_STAT_NS_MM]);
	add_ns(row, ROW_DMA, stat[DRM_MIRAGE_STAT_NS_DMA]);
	add_ns(row, ROW_TABLES, stat[DRM_MIRAGE_STAT_NS_PT]);
	add_ns(row, ROW_REPLAY, stat[DRM_MIRAGE_STAT_NS_REPLAY]);
	add_ns(row, ROW_REST, rest);
	add_ns(row, ROW_OTHER, meter->elapsed_ns > known ? meter->elapsed_ns - known : 0);
	series_add(&row->values[ROW_FAULTS], stat[DRM_MIRAGE_STAT_FAULTS]);
	series_add(&row->values[ROW_DUPS], stat[DRM_MIRAGE_STAT_FAULT_DUPS]);
	series_add(&row->values[ROW_BATCHES], stat[DRM_MIRAGE_STAT_BATCHES]);
	series_add(&row->values[ROW_PREFETCHED], stat[DRM_MIRAGE_STAT_PAGES_PREFETCHED]);
	series_add(&row->values[ROW_LEAVES_4K], stat[DRM_MIRAGE_STAT_LEAVES_4K]);
	series_add(&row->values[ROW_LEAVES_64K], stat[DRM_MIRAGE_STAT_LEAVES_64K]);
	series_add(&row->values[ROW_LEAVES_2M], stat[DRM_MIRAGE_STAT_LEAVES_2M]);
}

static int measure_gpu(struct bench *bench, struct row *row)
{
	struct meter before, after;
	struct memory memory;
	uint64_t elapsed;
	int err;

	/* The counters from here on hold the new memory alone. */
	err = gpu_touch(bench, row, &bench->warm);
	if (err)
		return err;
	err = memory_map(&memory, row->pages, row->huge, row->populated);
	if (err)
		return err;

	err = meter_read(&bench->gpu, &before);
	if (!err)
		err = gpu_touch(bench, row, &memory);
	if (!err)
		err = meter_read(&bench->gpu, &after);
	if (err)
		goto unmap;
	meter_since(&after, &before);
	err = check_counts(row, &after);
	if (!err)
		err = check_tables(bench, row, &memory,
				   after.stat[DRM_MIRAGE_STAT_PAGES_INVALIDATED]);
	if (!err)
		err = check_data(bench, row, &memory);
	if (err)
		goto unmap;
	add_meter(row, &after);

	elapsed = bench->gpu.elapsed_ns;
	err = gpu_touch(bench, row, &memory);
	elapsed = bench->gpu.elapsed_ns - elapsed;
	add_ns(row, ROW_AGAIN, elapsed);
	series_add(&row->values[ROW_NET], ((double)after.elapsed_ns - elapsed) / row->pages);
unmap:
	memory_unmap(&memory);
	return err;
}

static int measure_cpu(struct bench *bench, struct row *row)
{
	struct memory memory;
	uint64_t start;
	size_t i;
	int err;

	err = memory_map(&memory, row->pages, row->huge, row->populated);
	if (err)
		return err;
	start = gpu_now();
	for (i = 0; i < row->pages; i++) {
		volatile uint32_t *word = memory_word(&memory, bench->order[i]);

		if (row->write)
			*word = bench->order[i];
		else
			(void)*word;
	}
	add_ns(row, ROW_CPU, gpu_now() - start);
	memory_unmap(&memory);
	return 0;
}

static int measure_peer(struct bench *bench, struct row *row)
{
	uint64_t first, again;
	struct memory memory;
	int err;

	err = memory_map(&memory, row->pages, row->huge, row->populated);
	if (err)
		return err;
	err = peer_touch(&memory, row->random || row->single ? bench->order : NULL, row->pages,
			 row->write, &first, &again);
	memory_unmap(&memory);
	if (err)
		return err;
	add_ns(row, ROW_PEER, first);
	add_ns(row, ROW_PEER_AGAIN, again);
	series_add(&row->values[ROW_PEER_NET], ((double)first - again) / row->pages);
	return 0;
}

static void add_ratio(struct row *row)
{
	const struct series *peer = &row->values[ROW_PEER_NET];

	/* Where its copies hide the peer's faults in a quarter of all repeats, a ratio is noise. */
	if (series_quartile(peer) > 0)
		series_add(&row->values[ROW_RATIO],
			   series_median(&row->values[ROW_NET]) / series_median(peer));
}

int touch_row(struct bench *bench, struct row *row)
{
	unsigned int i;
	int err = 0;

	memory_order(bench->order, row->pages, row->random);
	for (i = 0; !err && i < bench->repeats; i++) {
		err = measure_gpu(bench, row);
		if (!err)
			err = measure_cpu(bench, row);
		if (!err && bench->peer.present)
			err = measure_peer(bench, row);
	}
	if (err)
		warnx("stopped in: %s, %s, %s", row->pattern,
		      row->populated ? "present" : "untouched", row->write ? "write" : "read");
	else
		add_ratio(row);
	return err;
}
