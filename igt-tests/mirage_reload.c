// SPDX-License-Identifier: MIT
/**
 * TEST: mirage reload
 * Description: The driver loses its device, or is taken out, while processes use it.
 * Category: Core
 */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <linux/dma-buf.h>

#include "debugfs.h"
#include "driver.h"
#include "igt_mirage.h"
#include "igt_mirage_bo.h"
#include "igt_mirage_space.h"
#include "igt_prime.h"
#include "memory.h"

IGT_TEST_DESCRIPTION("The driver loses its device, or is taken out, while processes use it.");

/*
 * A process that faults, computes and unmaps until the device is gone, and then finds out that all
 * it gets from its file is -ENODEV. Its memory stays its own.
 */
static void work_until_gone(volatile uint32_t *ready)
{
	uint32_t *area = mem_anon(64 * PAGE), syncobj;
	struct drm_mirage_queue_query state;
	uint64_t stats[DRM_MIRAGE_STAT_COUNT];
	struct scatter_args args;
	struct gpu gpu;
	struct job job;
	uint32_t vm;
	int err;

	gpu_open(&gpu);
	args = (struct scatter_args){ .dst = (uintptr_t)area, .stride = PAGE, .n = 64, .value = 5 };
	job = job_new(&gpu);
	job_kernel(&job, &kernel_scatter, &args, sizeof(args), 1, 64);
	igt_assert_eq(mirage_syncobj_create(&gpu.dev, false, &syncobj), 0);
	__atomic_fetch_add(ready, 1, __ATOMIC_SEQ_CST);
	do {
		err = mirage_submit(&gpu.dev, gpu.queue, &job.ib, syncobj);
		if (!err)
			err = mirage_syncobj_wait(&gpu.dev, syncobj, JOB_DEADLINE);
		igt_assert(!madvise(area, 32 * PAGE, MADV_DONTNEED));
	} while (!err);
	/* A queue may be seen stopped a moment before the device is seen gone. */
	igt_assert_f(err == -ENODEV || err == -ECANCELED, "%s\n", strerror(-err));
	igt_assert(igt_wait(mirage_vm_stats(&gpu.dev, gpu.vm, stats) == -ENODEV, POLL_MS, 1));
	igt_assert_eq(mirage_vm_create(&gpu.dev, &vm), -ENODEV);
	igt_assert_eq(mirage_submit(&gpu.dev, gpu.queue, &job.ib, syncobj), -ENODEV);
	igt_assert_eq(mirage_queue_query(&gpu.dev, gpu.queue, &state), -ENODEV);
	mem_touch(area, 64 * PAGE, 77);
	igt_assert_eq_u32(area[PAGE / 4], 78);
	mem_unmap(area, 64 * PAGE);
	mirage_close(&gpu.dev);
}

/* A kernel that writes without end when the device goes: not one write comes after. */
static void write_until_gone(volatile uint32_t *ready, volatile uint32_t *gone)
{
	uint32_t *area = mem_anon(PAGE), last;
	struct loop loop;
	struct gpu gpu;

	gpu_open(&gpu);
	loop_start(&loop, &gpu, &kernel_scribble, area);
	__atomic_fetch_add(ready, 1, __ATOMIC_SEQ_CST);
	igt_assert(igt_wait(*gone, POLL_MS, 1));
	last = *(volatile uint32_t *)area;
	*area = last + 1000;
	mem_unmap(mem_anon(PAGE), PAGE);
	igt_assert_eq_u32(*(volatile uint32_t *)area, last + 1000);
	igt_assert_eq(mirage_queue_destroy(&gpu.dev, gpu.queue), -ENODEV);
	mirage_close(&gpu.dev);
}

/* The same through an object over memory of the process, by a queue that may not fault. */
static void write_object_until_gone(volatile uint32_t *ready, volatile uint32_t *gone)
{
	uint32_t *area = mem_anon(2 * PAGE), last, handle;
	struct loop loop;
	struct gpu gpu;

	gpu_open_bound(&gpu, DRM_MIRAGE_QUEUE_COMPUTE, DRM_MIRAGE_QUEUE_NO_FAULT);
	loop_start(&loop, &gpu, &kernel_scribble, gpu_bind_userptr(&gpu, area, 2 * PAGE, 0));
	__atomic_fetch_add(ready, 1, __ATOMIC_SEQ_CST);
	igt_assert(igt_wait(*gone, POLL_MS, 1));
	last = *(volatile uint32_t *)area;
	*area = last + 1000;
	igt_assert(!munmap((char *)area + PAGE, PAGE));
	igt_assert_eq_u32(*(volatile uint32_t *)area, last + 1000);
	igt_assert_eq(mirage_bo_userptr(&gpu.dev, area, PAGE, 0, &handle), -ENODEV);
	mem_unmap(area, PAGE);
	gpu_close(&gpu);
}

/* Objects of a churner, of which two together need more video memory than there is. */
#define CHURN_BUFS	6
#define CHURN_SIZE	(28ul << 20)
/* Its GPU addresses for more, far from those that a space gives out. */
#define CHURN_ADDR	(DRM_MIRAGE_VA_START + (1ull << 40))

/**
 * struct churn - a process with something of each kind
 */
struct churn {
	struct mirage dev;
	struct space space;
	/* Video memory that the GPU may have to bring back for each job, mapped by the CPU. */
	struct buf bufs[CHURN_BUFS];
	/* System memory that is exported, and mapped as a dma-buf. */
	struct buf shared;
	int fd;
	uint32_t *shared_words;
	/* Memory of the process. */
	uint32_t *own;
	uint64_t own_addr;
	struct space_job job;
};

#define OWN_SIZE	(16 * PAGE)

static void churn_open(struct churn *c)
{
	uint32_t handle;

	igt_assert_eq(mirage_open(&c->dev), 0);
	space_open(&c->space, &c->dev);
	for (unsigned int i = 0; i < CHURN_BUFS; i++)
		c->bufs[i] = buf_new(&c->space, CHURN_SIZE, BO_VRAM);
	c->shared = buf_new(&c->space, 16 * PAGE, BO_SYSTEM);
	c->fd = prime_export(&c->dev, c->shared.handle);
	c->shared_words = prime_map(c->fd, c->shared.size);
	c->own = mem_anon(OWN_SIZE);
	igt_assert_eq(mirage_bo_userptr(&c->dev, c->own, OWN_SIZE, 0, &handle), 0);
	c->own_addr = space_bind(&c->space, handle, 0, OWN_SIZE);
	c->job = space_job_new(&c->space);
	for (unsigned int i = 0; i < CHURN_BUFS; i++)
		mirage_ib_fill(&c->job.ib, gpu_ptr(c->bufs[i].addr), 64 * PAGE, 7);
	mirage_ib_fill(&c->job.ib, gpu_ptr(c->own_addr), OWN_SIZE, 8);
	mirage_ib_copy(&c->job.ib, gpu_ptr(c->shared.addr), gpu_ptr(c->own_addr), OWN_SIZE);
}

/* The CPU's part: none of it may ever be a SIGBUS. */
static void churn_touch(struct churn *c)
{
	for (unsigned int i = 0; i < CHURN_BUFS; i++)
		((volatile uint32_t *)c->bufs[i].words)[CHURN_SIZE / 8]++;
	((volatile uint32_t *)c->shared.words)[1]++;
	((volatile uint32_t *)c->shared_words)[PAGE]++;
	igt_assert(!madvise(c->own, OWN_SIZE / 2, MADV_DONTNEED));
	mem_touch(c->own, OWN_SIZE, 5);
}

/* An object's whole life: made, touched, mapped, and dropped while its mapping may be queued. */
static int churn_object(struct churn *c)
{
	struct drm_mirage_bind binds[2];
	uint32_t handle;
	void *map;
	int err;

	err = mirage_bo_create(&c->dev, 1 << 20, BO_VRAM, BO_CPU, &handle);
	if (err)
		return err;
	binds[0] = mirage_bind_map(CHURN_ADDR, 1 << 20, handle, 0, 0);
	binds[1] = mirage_bind_null(CHURN_ADDR + 5 * PAGE, 2 * BLOCK);
	err = mirage_bo_map(&c->dev, handle, 1 << 20, &map);
	if (!err) {
		*(volatile uint32_t *)map = 1;
		err = mirage_vm_bind_async(&c->dev, c->space.vm, binds, 2, NULL, 0);
		*((volatile uint32_t *)map + PAGE) = 1;
		igt_assert_eq(munmap(map, 1 << 20), 0);
	}
	mirage_bo_close(&c->dev, handle);
	return err;
}

static int churn_job(struct churn *c)
{
	struct drm_mirage_sync sync = mirage_sync_signal(c->job.syncobj);
	struct drm_mirage_cmds cmds;
	int err;

	igt_assert_eq(mirage_ib_cmds(&c->job.ib, &cmds), 0);
	err = mirage_exec(&c->dev, c->job.queue, &cmds, 1, &sync, 1);
	if (!err)
		churn_touch(c);
	return err ?: mirage_syncobj_wait(&c->dev, c->job.syncobj, JOB_DEADLINE);
}

/*
 * A process that uses objects of all kinds until the device is gone. Their content is gone
 * then, but the process may go on touching its mappings, and all can be given back.
 */
static void churn_until_gone(volatile uint32_t *rounds)
{
	uint32_t vm, handle;
	struct churn c;
	int err;

	churn_open(&c);
	/* Two that throw out each other's objects may find no room for a moment. */
	do {
		churn_touch(&c);
		err = churn_object(&c);
		if (!err)
			err = churn_job(&c);
		*rounds += !err;
	} while (!err || err == -ENOSPC);
	/* The first to fail may be a job, its queue, or an object that was on its way. */
	igt_assert_f(err == -ENODEV || err == -ECANCELED || err == -EINVAL || err == -EIO, "%s\n",
		     strerror(-err));
	igt_assert(igt_wait(mirage_vm_create(&c.dev, &vm) == -ENODEV, POLL_MS, 1));
	churn_touch(&c);
	igt_assert_eq(mirage_bo_create(&c.dev, PAGE, BO_VRAM, BO_CPU, &handle), -ENODEV);
	igt_assert_eq(mirage_prime_import(&c.dev, c.fd, &handle), -ENODEV);
	igt_assert_eq(munmap(c.shared_words, c.shared.size), 0);
	close(c.fd);
	for (unsigned int i = 0; i < CHURN_BUFS; i++)
		igt_assert_eq(munmap(c.bufs[i].words, CHURN_SIZE), 0);
	mirage_close(&c.dev);
	/* A mapping outlives the file. */
	((volatile uint32_t *)c.shared.words)[1]++;
	mem_unmap(c.own, OWN_SIZE);
}

/* Take the device away with this many processes at work on it, and bring it back. */
static void lose_under_load(void (*lose)(void), void (*restore)(void))
{
	volatile uint32_t *flags = mem_shared_page();
	unsigned int workers = 3;

	igt_fork(child, (int)workers)
		work_until_gone(&flags[0]);
	igt_fork(child, 1)
		write_until_gone(&flags[0], &flags[1]);
	igt_fork(child, 1)
		write_object_until_gone(&flags[0], &flags[1]);
	igt_assert(igt_wait(flags[0] == workers + 2, POLL_MS, 1));
	lose();
	flags[1] = 1;
	igt_waitchildren();
	restore();
	driver_assert_works();
	munmap((void *)flags, PAGE);
}

/* The same with processes that use objects, each after so many rounds. */
static void lose_objects(void (*lose)(void), void (*restore)(void), unsigned int rounds)
{
	volatile uint32_t *done = mem_shared_page();

	igt_fork(child, 2)
		churn_until_gone(&done[child]);
	igt_assert(igt_wait(done[0] >= rounds && done[1] >= rounds, POLL_MS, 1));
	lose();
	igt_waitchildren();
	restore();
	driver_assert_works();
	munmap((void *)done, PAGE);
}

/**
 * SUBTEST: unbind-with-objects
 * Description: Unbind, several times, while processes map, evict, share and touch objects: their
 *	mappings stay accessible, all else is -ENODEV, and the device works after it was bound again.
 */
static void unbind_with_objects(void)
{
	for (unsigned int i = 1; i <= 4; i++)
		lose_objects(driver_unbind, driver_bind, i);
}

/**
 * SUBTEST: unbind-bind
 * Description: Unbind and bind an idle device, several times.
 */
static void unbind_bind(void)
{
	int i;

	for (i = 0; i < 5; i++) {
		driver_unbind();
		igt_assert(!driver_is_there());
		driver_bind();
		driver_assert_works();
	}
}

/**
 * SUBTEST: unbind-under-load
 * Description: Unbind while processes fault, compute and unmap: each gets -ENODEV, their memory
 *	is not written any more, and the device works after it was bound again.
 */
static void unbind_under_load(void)
{
	int i;

	for (i = 0; i < 3; i++)
		lose_under_load(driver_unbind, driver_bind);
}

static void remove_device(void)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/remove", driver_device());
	igt_assert(file_write(path, "1"));
}

static void rescan(void)
{
	igt_assert(file_write("/sys/bus/pci/rescan", "1"));
	igt_assert(igt_wait(driver_is_there(), POLL_MS, 1));
}

/**
 * SUBTEST: remove-under-load
 * Description: The PCI device itself is removed while processes use it, and found again by a
 *	rescan.
 */
static void remove_under_load(void)
{
	lose_under_load(remove_device, rescan);
}

/**
 * SUBTEST: remove-with-objects
 * Description: The PCI device is removed while processes use objects, and found again.
 */
static void remove_with_objects(void)
{
	lose_objects(remove_device, rescan, 3);
}

/**
 * SUBTEST: late-close
 * Description: A file with mapped memory is closed, and its process ends, long after the device
 *	was unbound and bound again.
 */
static void late_close(void)
{
	uint32_t *area = mem_anon(8 * PAGE);
	struct gpu gpu;

	gpu_open(&gpu);
	gpu_scatter(&gpu, area, PAGE, 8, 1);
	driver_unbind();
	driver_bind();
	driver_assert_works();
	igt_assert(!madvise(area, 4 * PAGE, MADV_DONTNEED));
	igt_assert_eq_u32(area[5 * PAGE / 4], 6);
	gpu_close(&gpu);
	mem_unmap(area, 8 * PAGE);
	driver_assert_works();
}

/* The module's file and parameters, from the list by which the guest was started. */
static bool find_module(const char *name, char *path, char *params, size_t size)
{
	char line[PATH_MAX], want[64];
	bool found = false;
	FILE *list = fopen("/run/lab/modules", "r");

	if (!list)
		return false;
	snprintf(want, sizeof(want), "/%s.ko", name);
	while (!found && fgets(line, sizeof(line), list)) {
		line[strcspn(line, "\n")] = '\0';
		params[0] = '\0';
		if (strchr(line, ' ')) {
			snprintf(params, size, "%s", strchr(line, ' ') + 1);
			*strchr(line, ' ') = '\0';
		}
		found = strstr(line, want);
		snprintf(path, size, "%s", line);
	}
	fclose(list);
	return found;
}

/* A module in memory: its file may be rebuilt, or be out of reach, once it is unloaded. */
struct module {
	const char *name;
	int fd;
	char params[PATH_MAX];
};

static struct module modules[] = { { .name = "hmm_mirror" }, { .name = "mirage" } };

static void keep_module(struct module *module)
{
	char path[PATH_MAX], buf[65536];
	ssize_t n;
	int from;

	igt_assert(find_module(module->name, path, module->params, sizeof(path)));
	from = open(path, O_RDONLY | O_CLOEXEC);
	igt_assert_fd(from);
	module->fd = memfd_create(module->name, MFD_CLOEXEC);
	igt_assert_fd(module->fd);
	while ((n = read(from, buf, sizeof(buf))) > 0)
		igt_assert_eq(write(module->fd, buf, n), n);
	igt_assert_f(!n, "reading %s: %s\n", path, strerror(errno));
	close(from);
}

static void load(struct module *module)
{
	igt_assert_f(!syscall(SYS_finit_module, module->fd, module->params, 0), "loading %s: %s\n",
		     module->name, strerror(errno));
}

static int unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

static void unload_all(void)
{
	keep_module(&modules[0]);
	keep_module(&modules[1]);
	/* A fence's last work may still be under way when the last file is closed. */
	igt_assert(igt_wait(!unload("mirage"), POLL_MS, 5));
	igt_assert(igt_wait(!unload("hmm_mirror"), POLL_MS, 5));
}

static void load_all(void)
{
	load(&modules[0]);
	load(&modules[1]);
	close(modules[0].fd);
	close(modules[1].fd);
	igt_assert(igt_wait(driver_is_there(), POLL_MS, 1));
}

static void reload_all(void)
{
	unload_all();
	load_all();
}

static void require_modules(void)
{
	char path[PATH_MAX], params[PATH_MAX];

	igt_require_f(find_module("mirage", path, params, sizeof(path)) &&
		      find_module("hmm_mirror", path, params, sizeof(path)),
		      "/run/lab/modules does not tell where the modules are\n");
}

/**
 * SUBTEST: module-reload
 * Description: Both modules are unloaded and loaded again, several times, with work in between;
 *	and as long as a file is open they cannot be.
 */
static void module_reload(void)
{
	struct gpu gpu;
	int i;

	require_modules();
	gpu_open(&gpu);
	igt_assert(unload("mirage") < 0);
	igt_assert(unload("hmm_mirror") < 0);
	gpu_assert_alive(&gpu);
	gpu_close(&gpu);
	for (i = 0; i < 3; i++) {
		unload_all();
		load_all();
		driver_assert_works();
	}
}

/**
 * SUBTEST: module-reload-under-load
 * Description: The device is unbound under load, and the modules are unloaded as soon as the
 *	last process has let go of it.
 */
static void module_reload_under_load(void)
{
	require_modules();
	lose_under_load(driver_unbind, reload_all);
}

/**
 * SUBTEST: unbind-while-hanging
 * Description: The device is unbound while a job hangs it, so that neither its channel nor the engine can be
 *	reset: that returns in bounded time, and bound again it works.
 */
static void unbind_while_hanging(void)
{
	struct timespec start = { 0 };
	struct gpu gpu;
	struct job bad;

	gpu_open(&gpu);
	gpu_inject(&gpu, "hang_hard", 1);
	gpu_inject(&gpu, "hang_chan", channel_of_queue(&gpu.dev, gpu.queue) + 1);
	bad = job_new(&gpu);
	mirage_ib_nop(&bad.ib);
	job_submit(&bad);
	igt_assert(igt_wait(!gpu_injected(&gpu, "hang_chan"), POLL_MS, 1));
	igt_nsec_elapsed(&start);
	driver_unbind();
	igt_assert_lt_u64(igt_nsec_elapsed(&start), 20000000000ll);
	igt_assert_eq(mirage_syncobj_wait(&gpu.dev, bad.syncobj, JOB_DEADLINE), -ENODEV);
	driver_bind();
	gpu_close(&gpu);
	driver_assert_works();
}

/* Surprise removal: every read of the device returns ones. Then unbind it, as the port's driver does. */
static void surprise_remove(void)
{
	struct gpu gpu;

	gpu_open(&gpu);
	gpu_inject(&gpu, "gone", 1);
	gpu_close(&gpu);
	driver_unbind();
}

/* Another is put in where it was. */
static void put_in(void)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.31s/reset", driver_device());
	igt_assert(file_write(path, "1"));
	driver_bind();
}

/**
 * SUBTEST: surprise-removal-under-load
 * Description: Surprise removal, and then unbind, while processes fault, compute and unmap: they find the device gone,
 *	and another in its place works.
 */
static void surprise_removal_under_load(void)
{
	lose_under_load(surprise_remove, put_in);
}

/**
 * SUBTEST: surprise-removal-with-objects
 * Description: The same while processes map, evict, share and touch objects.
 */
static void surprise_removal_with_objects(void)
{
	lose_objects(surprise_remove, put_in, 2);
}

/**
 * SUBTEST: surprise-removal-unnoticed
 * Description: Surprise removal of which the driver is not told. It finds out in bounded time: memory can be
 *	unmapped and is written no more, the job that was under way and its queue are lost, there are no new
 *	ones, and the driver lets go of the device and takes another.
 */
static void surprise_removal_unnoticed(void)
{
	uint32_t *area = mem_anon(PAGE), *mapped = mem_anon(PAGE), last, queue;
	struct timespec start = { 0 };
	struct loop loop;
	struct gpu gpu;

	gpu_open(&gpu);
	gpu_write32(&gpu, mapped, 1);
	loop_start(&loop, &gpu, &kernel_scribble, area);
	gpu_inject(&gpu, "gone", 1);
	igt_nsec_elapsed(&start);
	mem_unmap(mapped, PAGE);
	last = *(volatile uint32_t *)area;
	*area = last + 1000;
	igt_assert_eq(job_wait(&loop.job), -ENODEV);
	igt_assert_lt_u64(igt_nsec_elapsed(&start), 20000000000ll);
	igt_assert_eq_u32(*(volatile uint32_t *)area, last + 1000);
	igt_assert_eq_u32(gpu_queue_state(&gpu, gpu.queue), DRM_MIRAGE_QUEUE_LOST);
	igt_assert_eq(mirage_queue_create(&gpu.dev, gpu.vm, DRM_MIRAGE_QUEUE_COMPUTE, NULL,
					  &queue), -ENODEV);
	driver_unbind();
	put_in();
	gpu_close(&gpu);
	mem_unmap(area, PAGE);
	driver_assert_works();
}

/* A queue being made in a thread of its own. */
struct maker {
	struct gpu *gpu;
	uint32_t queue;
	int result;
	bool returned;
};

static void *make_queue(void *arg)
{
	struct maker *maker = arg;

	maker->result = mirage_queue_create(&maker->gpu->dev, maker->gpu->vm,
					    DRM_MIRAGE_QUEUE_COMPUTE, NULL, &maker->queue);
	__atomic_store_n(&maker->returned, true, __ATOMIC_SEQ_CST);
	return NULL;
}

/**
 * SUBTEST: reset-without-an-answer
 * Description: A device that does not answer is reset, and then does not answer the first command either: it is lost, and
 *	is not taken for one that works.
 */
static void reset_without_an_answer(void)
{
	static struct maker maker;
	unsigned int rounds = 20;
	struct gpu gpu;

	gpu_open(&gpu);
	do {
		pthread_t thread;

		maker = (struct maker){ .gpu = &gpu };
		gpu_inject(&gpu, "hold_sync", 1);
		igt_assert(!pthread_create(&thread, NULL, make_queue, &maker));
		/* A reset ends the hold. It is there again before the first answer, or another round is needed. */
		while (!__atomic_load_n(&maker.returned, __ATOMIC_SEQ_CST))
			gpu_inject(&gpu, "hold_sync", 1);
		igt_assert(!pthread_join(thread, NULL));
		gpu_inject(&gpu, "hold_sync", 0);
		if (!maker.result)
			igt_assert_eq(mirage_queue_destroy(&gpu.dev, maker.queue), 0);
	} while (maker.result != -ENODEV && --rounds);
	igt_assert_eq(maker.result, -ENODEV);
	igt_assert(igt_wait(gpu_queue_state(&gpu, gpu.queue) == DRM_MIRAGE_QUEUE_LOST, POLL_MS, 1));
	driver_unbind();
	driver_bind();
	gpu_close(&gpu);
	driver_assert_works();
}

/**
 * SUBTEST: unbind-while-deleting
 * Description: An object has been closed by all, but a fence of somebody else's is in it: it has its memory until that
 *	ends. The device is unbound and bound again meanwhile; the one that has gone stays until then, and ends well.
 */
static void unbind_while_deleting(void)
{
	int fd, sync_file, vgem_fd;
	struct mirage dev;
	struct vgem vgem;
	uint32_t handle;
	struct bo bo;

	vgem_open(&vgem);
	igt_assert_eq(mirage_open(&dev), 0);
	bo = bo_new(&dev, 16 * PAGE, BO_VRAM);
	bo_write(&bo, 1);
	fd = prime_export(&dev, bo.handle);
	handle = vgem_create(&vgem, PAGE);
	vgem_fd = vgem_export(&vgem, handle);
	/* No one signals it: it ends by itself, in 10 s. */
	vgem_fence(&vgem, handle, true);
	sync_file = prime_export_fence(vgem_fd, DMA_BUF_SYNC_READ);
	prime_import_fence(fd, sync_file, DMA_BUF_SYNC_WRITE);
	close(fd);
	bo_free(&bo);
	mirage_close(&dev);
	igt_assert(!sync_file_is_signaled(sync_file));
	driver_unbind();
	driver_bind();
	driver_assert_works();
	igt_assert(igt_wait(sync_file_is_signaled(sync_file), POLL_MS, 10));
	driver_assert_works();
	close(sync_file);
	close(vgem_fd);
	vgem_close(&vgem);
}

int igt_main()
{
	igt_fixture()
		driver_find_device();

	igt_describe("Unbind and bind an idle device.");
	igt_subtest("unbind-bind")
		unbind_bind();

	igt_describe("Unbind while processes fault, compute and unmap.");
	igt_subtest("unbind-under-load")
		unbind_under_load();

	igt_describe("Remove the PCI device while processes use it, and rescan.");
	igt_subtest("remove-under-load")
		remove_under_load();

	igt_describe("Unbind while processes map, evict, share and touch objects.");
	igt_subtest("unbind-with-objects")
		unbind_with_objects();

	igt_describe("Remove the PCI device while processes use objects.");
	igt_subtest("remove-with-objects")
		remove_with_objects();

	igt_describe("Unbind while a job hangs the device.");
	igt_subtest("unbind-while-hanging")
		unbind_while_hanging();

	igt_describe("Surprise removal, and unbind, while processes fault, compute and unmap.");
	igt_subtest("surprise-removal-under-load")
		surprise_removal_under_load();

	igt_describe("Surprise removal while processes use objects.");
	igt_subtest("surprise-removal-with-objects")
		surprise_removal_with_objects();

	igt_describe("Surprise removal of which the driver is not told.");
	igt_subtest("surprise-removal-unnoticed")
		surprise_removal_unnoticed();

	igt_describe("A device that does not answer after its reset, either.");
	igt_subtest("reset-without-an-answer")
		reset_without_an_answer();

	igt_describe("Unbind while the memory of a closed object is still waited for.");
	igt_subtest("unbind-while-deleting")
		unbind_while_deleting();

	igt_describe("A file is closed long after its device was unbound and bound again.");
	igt_subtest("late-close")
		late_close();

	igt_describe("Unload and load both modules.");
	igt_subtest("module-reload")
		module_reload();

	igt_describe("Unload both modules right after unbinding under load.");
	igt_subtest("module-reload-under-load")
		module_reload_under_load();
}
