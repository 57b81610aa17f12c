// SPDX-License-Identifier: MIT
/**
 * TEST: mirage query
 * Description: The driver's answers about the device and itself.
 * Category: Core
 */
#include <sys/klog.h>
#include <unistd.h>

#include "igt_mirage.h"
#include "memory.h"
#include "text.h"

#include <hw/regs.h>

IGT_TEST_DESCRIPTION("What the driver tells about the device and itself.");

static uint64_t query(struct mirage *gpu, enum drm_mirage_param param)
{
	enum drm_mirage_reason reason = 99;
	uint64_t value = ~0ull;

	igt_assert_eq(mirage_query(gpu, param, 0, &value, &reason), 0);
	igt_assert_eq(reason, DRM_MIRAGE_REASON_NONE);
	return value;
}

/**
 * SUBTEST: params
 * Description: Each parameter has a value that the hardware document allows.
 */
static void params(struct mirage *gpu)
{
	uint64_t vram = query(gpu, DRM_MIRAGE_PARAM_VRAM_SIZE);

	igt_assert_eq_u64(query(gpu, DRM_MIRAGE_PARAM_SVM), 1);
	igt_assert_eq_u64(query(gpu, DRM_MIRAGE_PARAM_USERPTR), 1);
	igt_assert_eq_u64(query(gpu, DRM_MIRAGE_PARAM_SYSTEM_ATOMICS), 1);
	igt_assert_neq_u64(vram, 0);
	igt_assert_eq_u64(vram % (2 << 20), 0);
	igt_assert_eq_u64(query(gpu, DRM_MIRAGE_PARAM_HW_REVISION) >> 16, 1);
	igt_assert_eq_u64(query(gpu, DRM_MIRAGE_PARAM_WAVE_LANES), 32);
	igt_assert_lte_u64(64, query(gpu, DRM_MIRAGE_PARAM_MAX_GROUP));
	igt_assert_lte_u64(4096, query(gpu, DRM_MIRAGE_PARAM_MAX_SHARED));
}

/**
 * SUBTEST: time
 * Description: The device's clock runs forward, and at the pace of the CPU's.
 */
static void time_runs(struct mirage *gpu)
{
	struct timespec start = { 0 };
	uint64_t first, now;
	int64_t elapsed;

	igt_nsec_elapsed(&start);
	first = query(gpu, DRM_MIRAGE_PARAM_TIME);
	do {
		now = query(gpu, DRM_MIRAGE_PARAM_TIME);
		igt_assert_lte_u64(first, now);
	} while (now - first < 20000000);
	elapsed = igt_nsec_elapsed(&start);
	/* The device counted less than what the CPU saw around it. */
	igt_assert_lte_u64(now - first, elapsed + elapsed / 16);
}

static uint64_t counter(struct mirage *gpu, unsigned int reg)
{
	uint64_t value;

	igt_assert_eq(mirage_counter(gpu, reg, &value), 0);
	return value;
}

/**
 * SUBTEST: counters
 * Description: The device's counters count what a job does, and unknown ones are refused.
 */
static void counters(void)
{
	uint64_t packets, bytes, waves, value;
	struct scatter_args args;
	struct gpu gpu;
	struct job job;

	gpu_open(&gpu);
	args = (struct scatter_args){ .dst = (uintptr_t)&gpu.out[64], .stride = 4, .n = 96 };
	packets = counter(&gpu.dev, MIRAGE_PERF_PACKETS);
	bytes = counter(&gpu.dev, MIRAGE_PERF_COPY_BYTES);
	waves = counter(&gpu.dev, MIRAGE_PERF_WAVES);
	job = job_new(&gpu);
	mirage_ib_fill(&job.ib, &gpu.out[8], 64, 1);
	job_kernel(&job, &kernel_scatter, &args, sizeof(args), 3, 32);
	job_run(&job);
	/* At least: other clients may be there. */
	igt_assert_lte_u64(packets + 2, counter(&gpu.dev, MIRAGE_PERF_PACKETS));
	igt_assert_lte_u64(bytes + 64, counter(&gpu.dev, MIRAGE_PERF_COPY_BYTES));
	igt_assert_lte_u64(waves + 3, counter(&gpu.dev, MIRAGE_PERF_WAVES));
	igt_assert_eq(mirage_query(&gpu.dev, DRM_MIRAGE_PARAM_COUNTER, 12, &value, NULL), -EINVAL);
	igt_assert_eq(mirage_query(&gpu.dev, DRM_MIRAGE_PARAM_COUNTER, ~0u, &value, NULL), -EINVAL);
	gpu_close(&gpu);
}

/**
 * SUBTEST: stats-size
 * Description: VM_STATS fills short arrays, and tells how many counters there are.
 */
static void stats_size(void)
{
	uint64_t values[DRM_MIRAGE_STAT_COUNT + 8];
	struct drm_mirage_vm_stats stats;
	struct gpu gpu;
	unsigned int i;

	gpu_open(&gpu);
	gpu_write32(&gpu, &gpu.out[8], 1);

	stats = (struct drm_mirage_vm_stats){ .vm_id = gpu.vm };
	do_ioctl(gpu.dev.fd, DRM_IOCTL_MIRAGE_VM_STATS, &stats);
	igt_assert_lte(DRM_MIRAGE_STAT_COUNT, stats.count);

	for (i = 0; i < ARRAY_SIZE(values); i++)
		values[i] = ~0ull;
	stats = (struct drm_mirage_vm_stats){
		.vm_id = gpu.vm, .count = 1, .values = (uintptr_t)values,
	};
	do_ioctl(gpu.dev.fd, DRM_IOCTL_MIRAGE_VM_STATS, &stats);
	igt_assert_neq_u64(values[DRM_MIRAGE_STAT_FAULTS], 0);
	igt_assert_neq_u64(values[DRM_MIRAGE_STAT_FAULTS], ~0ull);
	igt_assert_eq_u64(values[1], ~0ull);

	stats.count = ARRAY_SIZE(values);
	do_ioctl(gpu.dev.fd, DRM_IOCTL_MIRAGE_VM_STATS, &stats);
	for (i = 0; i < DRM_MIRAGE_STAT_COUNT; i++)
		igt_assert_neq_u64(values[i], ~0ull);
	/* Counters that the kernel does not have are not written. */
	for (i = stats.count; i < ARRAY_SIZE(values); i++)
		igt_assert_eq_u64(values[i], ~0ull);
	gpu_close(&gpu);
}

/**
 * SUBTEST: unknown-param
 * Description: An unknown parameter, an index where none belongs, and padding are refused.
 */
static void unknown_param(struct mirage *gpu)
{
	struct drm_mirage_query q = { .param = 0x7fffffff };

	do_ioctl_err(gpu->fd, DRM_IOCTL_MIRAGE_QUERY, &q, EINVAL);
	q = (struct drm_mirage_query){ .param = DRM_MIRAGE_PARAM_COUNT };
	do_ioctl_err(gpu->fd, DRM_IOCTL_MIRAGE_QUERY, &q, EINVAL);
	q = (struct drm_mirage_query){ .param = DRM_MIRAGE_PARAM_SVM, .index = 1 };
	do_ioctl_err(gpu->fd, DRM_IOCTL_MIRAGE_QUERY, &q, EINVAL);
	q = (struct drm_mirage_query){ .param = DRM_MIRAGE_PARAM_SVM, .pad = 1 };
	do_ioctl_err(gpu->fd, DRM_IOCTL_MIRAGE_QUERY, &q, EINVAL);
}

static int try_query(struct mirage *gpu, enum drm_mirage_param param)
{
	uint64_t value;

	return mirage_query(gpu, param, 0, &value, NULL);
}

/**
 * SUBTEST: shared-needs-privilege
 * Description: Counters of the whole device are refused without CAP_PERFMON; values that a program needs to
 *	know of the device and of itself are not, and a wrong index has another error.
 */
static void shared_needs_privilege(struct mirage *gpu)
{
	static const enum drm_mirage_param shared[] = {
		DRM_MIRAGE_PARAM_COUNTER, DRM_MIRAGE_PARAM_ENGINE_RESETS,
		DRM_MIRAGE_PARAM_DEVICE_RESETS, DRM_MIRAGE_PARAM_VRAM_USED,
		DRM_MIRAGE_PARAM_EVICTIONS,
	};
	uint32_t vm;

	igt_assert_eq(mirage_vm_create_with(gpu, 0, &vm), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(shared); i++)
		igt_assert_eq(try_query(gpu, shared[i]), 0);
	igt_fork(child, 1) {
		struct drm_mirage_vm_stats stats = { .vm_id = vm };
		unsigned int refused = 0;
		uint64_t value;

		igt_assert_eq(setuid(65534), 0);
		for (unsigned int i = 0; i < DRM_MIRAGE_PARAM_COUNT; i++) {
			int ret = try_query(gpu, i);

			refused += ret == -EACCES;
			igt_assert(!ret || ret == -EACCES);
		}
		igt_assert_eq(refused, ARRAY_SIZE(shared));
		for (unsigned int i = 0; i < ARRAY_SIZE(shared); i++)
			igt_assert_eq(try_query(gpu, shared[i]), -EACCES);
		igt_assert_eq(mirage_query(gpu, DRM_MIRAGE_PARAM_COUNTER, 12, &value, NULL), -EINVAL);
		do_ioctl(gpu->fd, DRM_IOCTL_MIRAGE_VM_STATS, &stats);
	}
	igt_waitchildren();
	for (unsigned int i = 0; i < ARRAY_SIZE(shared); i++)
		igt_assert_eq(try_query(gpu, shared[i]), 0);
	igt_assert_eq(mirage_vm_destroy(gpu, vm), 0);
}

/**
 * SUBTEST: fdinfo
 * Description: The file's fdinfo names driver and device.
 */
static void fdinfo(struct mirage *gpu)
{
	char path[64], text[4096];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", gpu->fd);
	file = fopen(path, "r");
	igt_assert(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	igt_assert(strstr(text, "drm-driver:\tmirage\n"));
	igt_assert(strstr(text, "drm-pdev:\t"));
	igt_assert(strstr(text, "drm-client-id:\t"));
}

/**
 * SUBTEST: probe-line
 * Description: The kernel's log has one line of when the driver took the device, with what it has and what is on.
 */
static void probe_line(struct mirage *gpu)
{
	static char log[16 << 20];
	char vram[32];
	int n;

	/* SYSLOG_ACTION_READ_ALL */
	n = klogctl(3, log, sizeof(log) - 1);
	igt_assert_lt(0, n);
	log[n] = '\0';
	snprintf(vram, sizeof(vram), "VRAM %" PRIu64 " MiB",
		 query(gpu, DRM_MIRAGE_PARAM_VRAM_SIZE) >> 20);
	igt_assert_lte(1, text_lines(log, "[drm] revision 1.", vram));
	igt_assert_lte(1, text_lines(log, "[drm] revision 1.",
				     "compute on, SVM on, userptr on, system atomics on"));
}

/**
 * SUBTEST: list
 * Description: The list of GPUs has the one that is open, with its PCI address, and each entry can be opened. GPUs that do
 *	not fit are counted.
 */
static void list(const struct mirage *gpu)
{
	struct mirage_node nodes[17], first[2] = { };
	uint32_t count = ARRAY_SIZE(nodes), room = 0;
	char link[96], device[256];
	unsigned int found = 0;
	struct mirage again;
	ssize_t length;

	igt_assert_eq(mirage_list(nodes, &count), 0);
	igt_assert_lte(1, count);
	igt_assert_lte(count, ARRAY_SIZE(nodes));
	for (unsigned int i = 0; i < count; i++) {
		igt_assert_eq(mirage_open_node(&again, nodes[i].path), 0);
		mirage_close(&again);
		snprintf(link, sizeof(link), "/sys/class/drm/%s/device", strrchr(nodes[i].path, '/') + 1);
		length = readlink(link, device, sizeof(device) - 1);
		igt_assert_lt(0, length);
		device[length] = '\0';
		igt_assert(!strcmp(strrchr(device, '/') + 1, nodes[i].pci));
		found += !strcmp(nodes[i].path, gpu->node);
	}
	igt_assert_eq(found, 1);
	igt_assert_eq(mirage_list(NULL, &room), 0);
	igt_assert_eq(room, count);
	room = 1;
	igt_assert_eq(mirage_list(first, &room), 0);
	igt_assert_eq(room, count);
	igt_assert(!memcmp(&first[0], &nodes[0], sizeof(nodes[0])));
	igt_assert_eq(first[1].path[0], 0);
}

int igt_main()
{
	struct mirage gpu = { .fd = -1 };

	igt_fixture()
		igt_assert_eq(mirage_open(&gpu), 0);

	igt_describe("Each parameter has a value that the hardware document allows.");
	igt_subtest("params")
		params(&gpu);

	igt_describe("The device's clock runs forward at the pace of the CPU's.");
	igt_subtest("time")
		time_runs(&gpu);

	igt_describe("The device's counters count what a job does.");
	igt_subtest("counters")
		counters();

	igt_describe("VM_STATS fills as much as there is room for.");
	igt_subtest("stats-size")
		stats_size();

	igt_describe("Unknown parameters and padding are refused.");
	igt_subtest("unknown-param")
		unknown_param(&gpu);

	igt_describe("What the device counts for all its users needs CAP_PERFMON.");
	igt_subtest("shared-needs-privilege")
		shared_needs_privilege(&gpu);

	igt_describe("fdinfo names driver and device.");
	igt_subtest("fdinfo")
		fdinfo(&gpu);

	igt_describe("The list of GPUs has the one that is open.");
	igt_subtest("list")
		list(&gpu);

	igt_describe("The line of the kernel's log when the driver took the device.");
	igt_subtest("probe-line")
		probe_line(&gpu);

	igt_fixture()
		mirage_close(&gpu);
}
