// SPDX-License-Identifier: MIT
/**
 * TEST: mirage migrate events
 * Description: Memory of processes is in video memory when the device sleeps, is reset, wedged, unbound or pulled out, and
 *	while everything happens to it at once.
 * Category: SVM
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "devmem.h"
#include "driver.h"
#include "igt_mirage.h"
#include "machine.h"
#include "memory.h"
#include "stress.h"

IGT_TEST_DESCRIPTION("The device loses its memory, or is lost, while memory of processes is there.");

#define VRAM	DRM_MIRAGE_SVM_PAGE_VRAM
#define SIZE	(BLOCK + 40 * PAGE)

/**
 * struct loaded - a process's memory in video memory: a huge page, and small ones
 */
struct loaded {
	/** @gpu: device */
	struct gpu gpu;
	/** @huge: BLOCK of it */
	char *huge;
	/** @small: 40 pages of it */
	char *small;
};

static void load(struct loaded *l)
{
	struct drm_mirage_svm_migrate result;

	gpu_open(&l->gpu);
	l->huge = mem_huge(BLOCK);
	l->small = mem_anon(40 * PAGE);
	mem_touch(l->huge, BLOCK, 7);
	mem_touch(l->small, 40 * PAGE, 7000);
	igt_assert_eq(mirage_svm_migrate(&l->gpu.dev, l->gpu.vm, l->huge, BLOCK,
					 DRM_MIRAGE_SVM_VRAM, &result), 0);
	igt_assert_eq_u64(result.moved, BLOCK);
	igt_assert_eq(mirage_svm_migrate(&l->gpu.dev, l->gpu.vm, l->small, 40 * PAGE,
					 DRM_MIRAGE_SVM_VRAM, &result), 0);
	igt_assert_eq_u64(result.moved, 40 * PAGE);
	/* Only video memory has these values. */
	gpu_scatter(&l->gpu, l->small, PAGE, 40, 9000);
}

static void check(const struct loaded *l)
{
	unsigned int i;

	for (i = 0; i < BLOCK / PAGE; i++)
		igt_assert_eq_u32(*(volatile uint32_t *)(l->huge + i * PAGE), 7 + i);
	for (i = 0; i < 40; i++)
		igt_assert_eq_u32(*(volatile uint32_t *)(l->small + i * PAGE), 9000 + i);
}

static void unload(struct loaded *l)
{
	mem_unmap(l->huge, BLOCK);
	mem_unmap(l->small, 40 * PAGE);
	gpu_close(&l->gpu);
}

/**
 * SUBTEST: suspend-%s
 * Description: The machine sleeps. Memory of processes comes home before, and can move again afterwards.
 */
static void suspended(enum igt_suspend_state state)
{
	struct drm_mirage_svm_migrate result;
	struct devmem before;
	struct loaded l;

	machine_require_suspend();
	load(&l);
	before = devmem_read(&l.gpu.dev);
	igt_system_suspend_autoresume(state, SUSPEND_TEST_NONE);
	igt_assert_eq_u64(devmem_read(&l.gpu.dev).pages, 0);
	igt_assert_eq_u64(devmem_since(&l.gpu.dev, &before).home_evicted, SIZE / PAGE);
	check(&l);
	igt_assert_eq_u64(devmem_since(&l.gpu.dev, &before).cpu_faults, 0);
	igt_assert_eq(mirage_svm_migrate(&l.gpu.dev, l.gpu.vm, l.huge, BLOCK, DRM_MIRAGE_SVM_VRAM,
					 &result), 0);
	igt_assert_eq_u64(result.moved, BLOCK);
	check(&l);
	unload(&l);
}

/**
 * SUBTEST: reset-from-outside
 * Description: A function-level reset takes what is in video memory; nothing is lost.
 */
static void reset_from_outside(void)
{
	struct loaded l;

	load(&l);
	gpu_reset_from_outside(&l.gpu);
	check(&l);
	unload(&l);
}

/**
 * SUBTEST: unbind
 * Description: The driver lets go of the device. The process keeps its memory, and gets it without a fault.
 */
static void unbind(void)
{
	struct loaded l;

	load(&l);
	driver_unbind();
	check(&l);
	driver_bind();
	unload(&l);
	driver_assert_works();
}

/**
 * SUBTEST: close-first
 * Description: A process closes the device while its memory is in video memory: the CPU still gets it.
 */
static void close_first(void)
{
	struct mirage dev;
	struct loaded l;

	load(&l);
	gpu_close(&l.gpu);
	igt_assert_eq(mirage_open(&dev), 0);
	igt_assert_eq_u64(devmem_read(&dev).pages, SIZE / PAGE);
	check(&l);
	igt_assert(igt_wait(!devmem_read(&dev).pages, POLL_MS, 10));
	mirage_close(&dev);
	mem_unmap(l.huge, BLOCK);
	mem_unmap(l.small, 40 * PAGE);
}

/**
 * SUBTEST: killed
 * Description: A process dies by SIGKILL with its memory in video memory: all of it is free again.
 */
static void killed(void)
{
	struct mirage dev;

	igt_assert_eq(mirage_open(&dev), 0);
	for (unsigned int i = 0; i < 3; i++) {
		volatile uint32_t *turn = mem_shared_page();
		struct igt_helper_process child = { .use_SIGKILL = true };

		igt_fork_helper(&child) {
			struct loaded l;

			load(&l);
			*turn = 1;
			for (;;)
				pause();
		}
		igt_assert(igt_wait(*turn, POLL_MS, 10));
		igt_assert_eq_u64(devmem_read(&dev).pages, SIZE / PAGE);
		igt_stop_helper(&child);
		igt_assert(igt_wait(!devmem_read(&dev).reserved, POLL_MS, 10));
		munmap((void *)turn, PAGE);
	}
	mirage_close(&dev);
}

/**
 * SUBTEST: wedged
 * Description: The device stops answering and cannot be reset: it copies no more, but the CPU reads its memory.
 */
static void wedged(void)
{
	struct loaded l;

	load(&l);
	gpu_inject(&l.gpu, "gone", 1);
	igt_assert_eq(mirage_queue_destroy(&l.gpu.dev, l.gpu.queue), 0);
	check(&l);
	driver_unbind();
	{
		char path[96];

		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.31s/reset", driver_device());
		igt_assert(file_write(path, "1"));
	}
	driver_bind();
	unload(&l);
	driver_assert_works();
}

/* ---- everything at once ---- */

#define STRESS_PAGES	2048u
#define STRESS_SIZE	(STRESS_PAGES * PAGE)

/**
 * struct stress - memory whose pages have a word that only the CPU writes, and one that the GPU writes
 */
struct stress {
	/** @gpu: device */
	struct gpu gpu;
	/** @area: STRESS_SIZE */
	char *area;
	/** @until: end, seconds of CLOCK_MONOTONIC */
	time_t until;
	/** @rounds: of the CPU's thread, the same in each page */
	uint32_t rounds;
};

static time_t seconds_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* Moves parts to and fro. */
static void *mover(void *data)
{
	struct stress *s = data;
	unsigned int seed = 1;

	while (seconds_now() < s->until) {
		unsigned int first = rand_r(&seed) % STRESS_PAGES;
		unsigned int count = 1 + rand_r(&seed) % (STRESS_PAGES - first);

		igt_assert_eq(mirage_svm_migrate(&s->gpu.dev, s->gpu.vm, s->area + first * PAGE,
						 count * PAGE, rand_r(&seed) % 3 ?
						 DRM_MIRAGE_SVM_VRAM : DRM_MIRAGE_SVM_SYSTEM,
						 NULL), 0);
	}
	return NULL;
}

/* Raises the CPU's word of each page, in turn; nobody else writes it. */
static void *toucher(void *data)
{
	struct stress *s = data;

	while (seconds_now() < s->until) {
		for (unsigned int i = 0; i < STRESS_PAGES; i++) {
			volatile uint32_t *word = (uint32_t *)(s->area + i * PAGE + 2048);

			igt_assert_eq_u32(*word, s->rounds);
			*word = s->rounds + 1;
		}
		s->rounds++;
	}
	return NULL;
}

/* Children that look at their copy, and end at any moment. */
static void *forker(void *data)
{
	struct stress *s = data;
	unsigned int seed = 2;

	while (seconds_now() < s->until) {
		pid_t child = fork();

		igt_assert(child >= 0);
		if (!child) {
			for (unsigned int i = 0; i < 200; i++) {
				char *page = s->area + rand_r(&seed) % STRESS_PAGES * PAGE;

				*(volatile uint32_t *)(page + 1024) = i;
			}
			_exit(0);
		}
		igt_assert_eq(waitpid(child, NULL, 0), child);
		rand_r(&seed);
	}
	return NULL;
}

/**
 * SUBTEST: stress
 * Description: Threads move memory to and fro, write it, and fork, while the GPU writes it: no word is lost.
 */
static void stress(void)
{
	static void *(*const threads[])(void *) = { mover, mover, toucher, forker };
	pthread_t thread[ARRAY_SIZE(threads)];
	struct stress s = {};
	uint32_t round = 0;
	unsigned int i;

	gpu_open(&s.gpu);
	s.area = mem_anon(STRESS_SIZE);
	igt_assert(!madvise(s.area, STRESS_SIZE / 2, MADV_HUGEPAGE));
	s.until = seconds_now() + stress_seconds();
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		igt_assert(!pthread_create(&thread[i], NULL, threads[i], &s));
	while (seconds_now() < s.until)
		gpu_scatter(&s.gpu, s.area, 4 * PAGE, STRESS_PAGES / 4, ++round * 10000);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		igt_assert(!pthread_join(thread[i], NULL));
	igt_info("%u rounds of the CPU, %u of the GPU\n", s.rounds, round);
	for (i = 0; i < STRESS_PAGES; i++) {
		igt_assert_eq_u32(*(uint32_t *)(s.area + i * PAGE + 2048), s.rounds);
		igt_assert_eq_u32(*(uint32_t *)(s.area + i * PAGE + 1024), 0);
		if (i % 4 == 0)
			igt_assert_eq_u32(*(uint32_t *)(s.area + i * PAGE),
					  round * 10000 + i / 4);
	}
	mem_unmap(s.area, STRESS_SIZE);
	gpu_close(&s.gpu);
}

int igt_main()
{
	igt_fixture()
		driver_find_device();

	igt_describe("The machine sleeps: s2idle.");
	igt_subtest("suspend-s2idle")
		suspended(SUSPEND_STATE_FREEZE);

	igt_describe("The machine sleeps: S3.");
	igt_subtest("suspend-s3")
		suspended(SUSPEND_STATE_MEM);

	igt_describe("A function-level reset takes what is in video memory.");
	igt_subtest("reset-from-outside")
		reset_from_outside();

	igt_describe("A process closes the device and keeps its memory.");
	igt_subtest("close-first")
		close_first();

	igt_describe("A process is killed with its memory in video memory.");
	igt_subtest("killed")
		killed();

	igt_describe("Memory moves, is written by all sides, and is forked, all at once.");
	igt_subtest("stress")
		stress();

	igt_describe("The driver lets go of the device.");
	igt_subtest("unbind")
		unbind();

	igt_describe("The device does not answer any more.");
	igt_subtest("wedged")
		wedged();
}
