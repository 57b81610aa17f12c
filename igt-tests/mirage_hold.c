// SPDX-License-Identifier: MIT
/**
 * TEST: mirage hold
 * Description: The device holds commands until it is told to let them go, and the driver waits for them: each
 *	wait that keeps the device out of memory that is no longer its own is seen to wait.
 * Category: SVM
 */
#include <glob.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "igt_mirage.h"
#include "igt_mirage_bo.h"
#include "igt_mirage_space.h"
#include "memory.h"
#include "waits.h"

IGT_TEST_DESCRIPTION("Commands that the device holds are waited for.");

/* Nothing else of the process is in the same 512 GiB. */
#define LONELY	((void *)0x200000000000ull)

/*
 * A call in a thread of its own, which must not return while a command is held. The driver gives up after
 * two seconds, so nothing that takes long may be between the hold and its end.
 */
struct call {
	int (*run)(struct call *call);
	struct gpu *gpu;
	void *addr;
	size_t size;
	int fd;			/* of the memory that takes the place of what was at @addr */
	uint32_t handle;
	int result;
	pthread_t thread;
	pid_t tid;		/* 0: the thread has not begun */
	bool returned;
};

static void *call_main(void *arg)
{
	struct call *call = arg;

	__atomic_store_n(&call->tid, (pid_t)syscall(SYS_gettid), __ATOMIC_SEQ_CST);
	call->result = call->run(call);
	__atomic_store_n(&call->returned, true, __ATOMIC_SEQ_CST);
	return NULL;
}

static void call_start(struct call *call)
{
	call->tid = 0;
	call->returned = false;
	igt_assert(!pthread_create(&call->thread, NULL, call_main, call));
}

static bool call_returned(struct call *call)
{
	return __atomic_load_n(&call->returned, __ATOMIC_SEQ_CST);
}

static bool call_sleeps(struct call *call, const char *function)
{
	pid_t tid = __atomic_load_n(&call->tid, __ATOMIC_SEQ_CST);

	return tid && task_waits(tid, function);
}

/* The thread is seen waiting in @function of the kernel, and has not returned. */
static void call_waits(struct call *call, const char *function)
{
	igt_assert(igt_wait(call_returned(call) || call_sleeps(call, function), POLL_MS, 1));
	igt_assert_f(!call_returned(call), "it returned while the command was held\n");
}

/* The same where another task waits in the thread's stead. */
static void call_is_waited_for(struct call *call, const char *function)
{
	igt_assert(igt_wait(call_returned(call) || anyone_waits(function), POLL_MS, 1));
	igt_assert_f(!call_returned(call), "it returned while the command was held\n");
}

static void call_end(struct call *call)
{
	igt_assert(!pthread_join(call->thread, NULL));
	igt_assert_eq(call->result, 0);
}

static int do_munmap(struct call *call)
{
	return munmap(call->addr, call->size);
}

static int do_protect(struct call *call)
{
	return mprotect(call->addr, call->size, PROT_READ);
}

static int do_replace(struct call *call)
{
	return mmap(call->addr, call->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, call->fd,
		    0) == call->addr ? 0 : -1;
}

static int do_dontneed(struct call *call)
{
	return madvise(call->addr, call->size, MADV_DONTNEED);
}

static int page_in_file(void)
{
	int fd = memfd_create("mirage", MFD_CLOEXEC);

	igt_assert_fd(fd);
	igt_assert(!ftruncate(fd, PAGE));
	return fd;
}

/* A shared page of a file, mapped at @addr, or where there is room if that is NULL. */
static uint32_t *map_file(void *addr, int fd)
{
	uint32_t *page = mmap(addr, PAGE, PROT_READ | PROT_WRITE,
			      MAP_SHARED | (addr ? MAP_FIXED : 0), fd, 0);

	igt_assert(page != MAP_FAILED);
	return page;
}

/*
 * A kernel writes to a page without pause, which a second mapping shows. While an INVALIDATE is held the
 * kernel still writes, and the call that takes the page does not return; when it has returned the page
 * stays as it is.
 */
static void written_page_taken(struct gpu *gpu, const char *knob, int (*run)(struct call *call))
{
	int fd = page_in_file(), other = page_in_file();
	uint32_t *area = mem_reserve(BLOCK, BLOCK);
	static volatile uint32_t *old;
	static struct call call;
	uint32_t before;
	struct loop loop;

	/* A subtest that failed may have left another command held. */
	gpu_inject_none(gpu);
	old = map_file(NULL, fd);
	map_file(area, fd);
	loop_start(&loop, gpu, &kernel_scribble, area);
	gpu_inject(gpu, knob, 1);
	call = (struct call){ .run = run, .addr = area, .size = PAGE, .fd = other };
	call_start(&call);
	call_waits(&call, "hmm_block_invalidate_finish");
	if (!strcmp(knob, "hold_inv")) {
		before = *old;
		igt_assert(igt_wait(*old != before, POLL_MS, 0));
		igt_assert(!call_returned(&call));
	}
	gpu_inject(gpu, knob, 0);
	call_end(&call);
	before = *old;
	if (run == do_replace) {
		loop_advance(&loop, 10);
		loop_stop(&loop);
		igt_assert_neq_u32(*area, 0);
	} else {
		/* No access is left to it, which ends the kernel and its queue. */
		igt_assert_eq(job_wait(&loop.job), -EFAULT);
		job_free(&loop.job);
		igt_assert_eq(mirage_queue_destroy(&gpu->dev, gpu->queue), 0);
		gpu->queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COMPUTE);
	}
	igt_assert_eq_u32(*old, before);
	igt_assert(!munmap((void *)old, PAGE));
	/* The page that munmap() took may be another's by now. */
	if (run == do_munmap)
		igt_assert(!munmap((char *)area + PAGE, BLOCK - PAGE));
	else
		mem_unmap(area, BLOCK);
	close(other);
	close(fd);
}

/**
 * SUBTEST: munmap
 * Description: munmap() does not return before the INVALIDATE and the SYNC that take the page from the device are
 *	complete; the device writes to the page until then, and never after.
 */
static void munmap_waits(struct gpu *gpu)
{
	written_page_taken(gpu, "hold_inv", do_munmap);
	written_page_taken(gpu, "hold_sync", do_munmap);
}

/**
 * SUBTEST: mprotect
 * Description: The same for mprotect() that leaves the page readable.
 */
static void mprotect_waits(struct gpu *gpu)
{
	written_page_taken(gpu, "hold_inv", do_protect);
	written_page_taken(gpu, "hold_sync", do_protect);
}

/**
 * SUBTEST: mmap-over
 * Description: The same for mmap() of another page at the same address, to which the kernel goes on writing.
 */
static void mmap_over_waits(struct gpu *gpu)
{
	written_page_taken(gpu, "hold_inv", do_replace);
	written_page_taken(gpu, "hold_sync", do_replace);
}

/**
 * SUBTEST: dontneed
 * Description: madvise(MADV_DONTNEED) of private memory does not return before the flush is complete; a kernel
 *	that reads it all the time reads the old word until then, and 0 after.
 */
static void dontneed_waits(struct gpu *gpu)
{
	static const char *const holds[] = { "hold_inv", "hold_sync" };
	static struct call call;

	for (unsigned int i = 0; i < ARRAY_SIZE(holds); i++) {
		uint32_t *area = mem_anon(PAGE);
		struct loop loop;

		*area = 7;
		loop_start(&loop, gpu, &kernel_watch, area);
		gpu_inject(gpu, holds[i], 1);
		call = (struct call){ .run = do_dontneed, .addr = area, .size = PAGE };
		call_start(&call);
		call_waits(&call, "hmm_block_invalidate_finish");
		igt_assert_eq_u32(loop.flags->value, 7);
		gpu_inject(gpu, holds[i], 0);
		call_end(&call);
		loop_advance(&loop, 2);
		igt_assert_eq_u32(loop.flags->value, 0);
		loop_stop(&loop);
		mem_unmap(area, PAGE);
	}
}

/**
 * SUBTEST: counted-before-gone
 * Description: Where the page tables have lost a page, the counters of invalidations have risen: also before the flush
 *	that the call waits for.
 */
static void counted_before_gone(struct gpu *gpu)
{
	uint32_t *area = mem_anon(4 * PAGE);
	static struct call call;

	gpu_scatter(gpu, area, PAGE, 4, 5);
	gpu_mark(gpu);
	gpu_inject(gpu, "hold_sync", 1);
	call = (struct call){ .run = do_dontneed, .addr = area, .size = 3 * PAGE };
	call_start(&call);
	call_waits(&call, "hmm_block_invalidate_finish");
	igt_assert_eq(gpu_count_pages(gpu, area, 4 * PAGE, DRM_MIRAGE_SVM_PAGE_VALID), 1);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_INVALIDATIONS), 1);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_PAGES_INVALIDATED), 3);
	igt_assert(!call_returned(&call));
	gpu_inject(gpu, "hold_sync", 0);
	call_end(&call);
	igt_assert_eq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_INVALIDATIONS), 1);
	mem_unmap(area, 4 * PAGE);
}

/**
 * SUBTEST: second-invalidation
 * Description: While one call waits for the flush of a page, a second takes another page of the same block, and a
 *	third the same page again: neither returns before its page's flush is complete.
 */
static void second_invalidation(struct gpu *gpu)
{
	static struct call calls[3];
	uint32_t *area = mem_anon(2 * PAGE);
	unsigned int i;

	gpu_scatter(gpu, area, PAGE, 2, 5);
	gpu_inject(gpu, "hold_inv", 1);
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		/* Page 0; then page 0 once more; then page 1. */
		calls[i] = (struct call){
			.run = do_dontneed, .addr = area + i / 2 * PAGE / 4, .size = PAGE,
		};
	}
	call_start(&calls[0]);
	call_waits(&calls[0], "hmm_block_invalidate_finish");
	/* The second waits under the block's lock: the third is behind it, and served by the next round. */
	call_start(&calls[1]);
	call_waits(&calls[1], "hmm_block_invalidate_start");
	gpu_inject(gpu, "hold_inv", 0);
	call_end(&calls[0]);
	call_end(&calls[1]);
	igt_assert_eq_u64(gpu_count_pages(gpu, area, PAGE, DRM_MIRAGE_SVM_PAGE_VALID), 0);

	gpu_scatter(gpu, area, PAGE, 2, 6);
	gpu_inject(gpu, "hold_inv", 1);
	call_start(&calls[0]);
	call_waits(&calls[0], "hmm_block_invalidate_finish");
	call_start(&calls[2]);
	call_waits(&calls[2], "hmm_block_invalidate_start");
	gpu_inject(gpu, "hold_inv", 0);
	call_end(&calls[0]);
	call_end(&calls[2]);
	igt_assert_eq_u64(gpu_count_pages(gpu, area, 2 * PAGE, DRM_MIRAGE_SVM_PAGE_VALID), 0);
	mem_unmap(area, 2 * PAGE);
}

/**
 * SUBTEST: page-tables
 * Description: The page tables above the last page of a region are given back when the device has looked at
 *	them for the last time: the task that frees them is seen waiting for that.
 */
static void page_tables(struct gpu *gpu)
{
	uint32_t *area = mmap(LONELY, PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	igt_assert(area == LONELY);
	gpu_write32(gpu, area, 3);
	igt_assert_eq_u32(*area, 3);
	/* By a time: the munmap has to be complete before the tables are freed. */
	gpu_inject(gpu, "delay_inv_us", 1000000);
	igt_assert(!munmap(area, PAGE));
	igt_assert(igt_wait(anyone_waits("mirage_pt_destroy_block"), POLL_MS / 5, 1));
	gpu_inject(gpu, "delay_inv_us", 0);
}

static int do_unbind(struct call *call)
{
	struct drm_mirage_bind bind = mirage_bind_unmap((uintptr_t)call->addr, call->size);

	return mirage_vm_bind(&call->gpu->dev, call->gpu->vm, &bind, 1);
}

static int do_rebind(struct call *call)
{
	struct drm_mirage_bind bind = mirage_bind_map((uintptr_t)call->addr, call->size,
						      call->handle, 0, 0);

	return mirage_vm_bind(&call->gpu->dev, call->gpu->vm, &bind, 1);
}

/**
 * SUBTEST: bind
 * Description: A binding that takes the place of another, and an unbinding, are not complete before the flush
 *	of what was there is.
 */
static void bind_waits(struct gpu *gpu)
{
	struct bo first = bo_new(&gpu->dev, PAGE, BO_VRAM), second = bo_new(&gpu->dev, PAGE, BO_VRAM);
	void *at = (void *)(uintptr_t)DRM_MIRAGE_VA_START;
	static struct call call;

	first.words[0] = 1;
	second.words[0] = 2;
	call = (struct call){
		.gpu = gpu, .addr = at, .size = PAGE, .handle = first.handle, .run = do_rebind,
	};
	igt_assert_eq(do_rebind(&call), 0);
	igt_assert_eq_u32(gpu_read32(gpu, at), 1);

	call.handle = second.handle;
	gpu_inject(gpu, "hold_inv", 1);
	call_start(&call);
	call_is_waited_for(&call, "mirage_gpuvm_flush");
	gpu_inject(gpu, "hold_inv", 0);
	call_end(&call);
	igt_assert_eq_u32(gpu_read32(gpu, at), 2);

	call.run = do_unbind;
	gpu_inject(gpu, "hold_sync", 1);
	call_start(&call);
	call_is_waited_for(&call, "mirage_gpuvm_flush");
	gpu_inject(gpu, "hold_sync", 0);
	call_end(&call);
	gpu_read_fails(gpu, at, EFAULT);
	bo_free(&first);
	bo_free(&second);
}

/* Works of the kernel that are executed now, on workqueues with such names. */
static unsigned int works_on(const char *name)
{
	unsigned int count = 0;
	char comm[128];
	glob_t paths;

	igt_assert_eq(glob("/proc/[0-9]*/comm", GLOB_NOSORT, NULL, &paths), 0);
	for (size_t i = 0; i < paths.gl_pathc; i++)
		count += file_read(paths.gl_pathv[i], comm, sizeof(comm)) &&
			 !strncmp(comm, "kworker/", 8) && strstr(comm, name);
	globfree(&paths);
	return count;
}

/**
 * SUBTEST: binds-aside
 * Description: Bindings of eight address spaces wait for a flush that is held: four of them occupy a worker of a
 *	workqueue that is theirs alone, none occupies one of those that run jobs, and a job of another queue runs.
 */
static void binds_aside(struct gpu *gpu)
{
	struct bo first = bo_new(&gpu->dev, PAGE, BO_VRAM), second = bo_new(&gpu->dev, PAGE, BO_VRAM);
	struct drm_mirage_sync syncs[8] = { };
	struct drm_mirage_bind bind;
	uint32_t vms[8];

	bind = mirage_bind_map(DRM_MIRAGE_VA_START, PAGE, first.handle, 0, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(vms); i++) {
		igt_assert_eq(mirage_vm_create_with(&gpu->dev, 0, &vms[i]), 0);
		igt_assert_eq(mirage_vm_bind(&gpu->dev, vms[i], &bind, 1), 0);
		igt_assert_eq(mirage_syncobj_create(&gpu->dev, false, &syncs[i].handle), 0);
		syncs[i].flags = DRM_MIRAGE_SYNC_SIGNAL;
	}
	bind = mirage_bind_map(DRM_MIRAGE_VA_START, PAGE, second.handle, 0, 0);
	gpu_inject(gpu, "hold_inv", 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(vms); i++)
		igt_assert_eq(mirage_vm_bind_async(&gpu->dev, vms[i], &bind, 1, &syncs[i], 1), 0);
	igt_assert(igt_wait(works_on("+mirage-bind") == 4, POLL_MS, 1));
	igt_assert_eq(works_on("+mirage-submit"), 0);
	gpu_assert_alive(gpu);
	for (unsigned int i = 0; i < ARRAY_SIZE(vms); i++)
		igt_assert_eq(mirage_syncobj_wait(&gpu->dev, syncs[i].handle, 0), -ETIME);
	gpu_inject(gpu, "hold_inv", 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(vms); i++) {
		igt_assert_eq(mirage_syncobj_wait(&gpu->dev, syncs[i].handle, JOB_DEADLINE), 0);
		igt_assert_eq(mirage_syncobj_destroy(&gpu->dev, syncs[i].handle), 0);
		igt_assert_eq(mirage_vm_destroy(&gpu->dev, vms[i]), 0);
	}
	bo_free(&first);
	bo_free(&second);
}

/**
 * SUBTEST: evict
 * Description: An object that is driven out of video memory stays there until the flush of its mapping is
 *	complete.
 */
static void evict_waits(struct gpu *gpu)
{
	struct bo bo = bo_new(&gpu->dev, BLOCK, BO_VRAM | BO_SYSTEM);
	struct drm_mirage_bind bind = mirage_bind_map(DRM_MIRAGE_VA_START, BLOCK, bo.handle, 0, 0);
	static uint32_t *step;	/* 1: the child may begin; 2: it has done it */

	step = mem_shared_page();
	bo_write(&bo, 4);
	igt_assert_eq(mirage_vm_bind(&gpu->dev, gpu->vm, &bind, 1), 0);
	gpu_read32(gpu, gpu_ptr(DRM_MIRAGE_VA_START));
	igt_fork(child, 1) {
		igt_assert(igt_wait(__atomic_load_n(step, __ATOMIC_SEQ_CST), POLL_MS, 1));
		press_vram(&gpu->dev, bo.handle);
		__atomic_store_n(step, 2, __ATOMIC_SEQ_CST);
	}
	gpu_inject(gpu, "hold_inv", 1);
	__atomic_store_n(step, 1, __ATOMIC_SEQ_CST);
	igt_assert(igt_wait(__atomic_load_n(step, __ATOMIC_SEQ_CST) == 2 ||
			    anyone_waits("mirage_gpuvm_evict_bo"), POLL_MS, 1));
	igt_assert_eq_u32(*(volatile uint32_t *)step, 1);
	gpu_inject(gpu, "hold_inv", 0);
	igt_waitchildren();
	igt_assert_eq_u32(bo_location(&bo), DRM_MIRAGE_PLACEMENT_SYSTEM);
	bo_expect(&bo, 4);
	bind = mirage_bind_unmap(DRM_MIRAGE_VA_START, BLOCK);
	igt_assert_eq(mirage_vm_bind(&gpu->dev, gpu->vm, &bind, 1), 0);
	bo_free(&bo);
	igt_assert(!munmap(step, PAGE));
}

/**
 * SUBTEST: userptr
 * Description: Memory of the process that a queue uses which may not fault: munmap() does not return before the
 *	flush is complete.
 */
static void userptr_waits(struct gpu *gpu)
{
	uint32_t *area = mem_anon(2 * PAGE), handle;
	struct drm_mirage_bind bind;
	static struct call call;

	igt_assert_eq(mirage_bo_userptr(&gpu->dev, area, 2 * PAGE, 0, &handle), 0);
	bind = mirage_bind_map(DRM_MIRAGE_VA_START, 2 * PAGE, handle, 0, 0);
	igt_assert_eq(mirage_vm_bind(&gpu->dev, gpu->vm, &bind, 1), 0);
	gpu_write32(gpu, gpu_ptr(DRM_MIRAGE_VA_START), 8);
	igt_assert_eq_u32(*area, 8);
	gpu_inject(gpu, "hold_inv", 1);
	call = (struct call){ .run = do_munmap, .addr = area, .size = PAGE };
	call_start(&call);
	call_waits(&call, "mirage_gpuvm_evict_bo");
	gpu_inject(gpu, "hold_inv", 0);
	call_end(&call);
	bind = mirage_bind_unmap(DRM_MIRAGE_VA_START, 2 * PAGE);
	igt_assert_eq(mirage_vm_bind(&gpu->dev, gpu->vm, &bind, 1), 0);
	igt_assert_eq(mirage_bo_close(&gpu->dev, handle), 0);
	igt_assert(!munmap((char *)area + PAGE, BLOCK - PAGE));
}

static int do_queue_destroy(struct call *call)
{
	return mirage_queue_destroy(&call->gpu->dev, call->handle);
}

/**
 * SUBTEST: queue-destroy
 * Description: A queue with a job that runs is destroyed: that does not return before the SYNC behind the
 *	channel's reset has been answered, and the job's kernel writes nothing after it.
 */
static void queue_destroy_waits(struct gpu *gpu)
{
	uint32_t *area = mem_anon(PAGE), before;
	static struct call call;
	struct loop loop;

	loop_start(&loop, gpu, &kernel_scribble, area);
	gpu_inject(gpu, "hold_sync", 1);
	call = (struct call){ .run = do_queue_destroy, .gpu = gpu, .handle = gpu->queue };
	call_start(&call);
	call_is_waited_for(&call, "mirage_queue_quiesce");
	gpu_inject(gpu, "hold_sync", 0);
	call_end(&call);
	before = *(volatile uint32_t *)area;
	igt_assert_eq(job_wait(&loop.job), -ECANCELED);
	job_free(&loop.job);
	gpu->queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COMPUTE);
	gpu_assert_alive(gpu);
	igt_assert_eq_u32(*(volatile uint32_t *)area, before);
	mem_unmap(area, PAGE);
}

/* The call that makes a queue puts its handle into @call. */
static int do_queue_create(struct call *call)
{
	return mirage_queue_create(&call->gpu->dev, call->gpu->vm, DRM_MIRAGE_QUEUE_COMPUTE,
				   NULL, &call->handle);
}

/**
 * SUBTEST: queue-create
 * Description: A queue is there when the device has started its channel, and not before.
 */
static void queue_create_waits(struct gpu *gpu)
{
	static struct call call;

	gpu_inject(gpu, "hold_chan_start", 1);
	call = (struct call){ .run = do_queue_create, .gpu = gpu };
	call_start(&call);
	call_waits(&call, "mirage_queue_start_new");
	gpu_inject(gpu, "hold_chan_start", 0);
	call_end(&call);
	igt_assert_eq(gpu_queue_state(gpu, call.handle), DRM_MIRAGE_QUEUE_READY);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, call.handle), 0);
}

#define START_TRIES	3

/**
 * SUBTEST: queue-never-starts
 * Description: The device is reset because it does not start a channel, and again does not after that: who makes the
 *	queue is told so after the third time.
 */
static void queue_never_starts(struct gpu *gpu)
{
	unsigned int rounds = 20;
	static struct call call;
	uint64_t resets;

	do {
		resets = bo_param(&gpu->dev, DRM_MIRAGE_PARAM_DEVICE_RESETS);
		gpu_inject(gpu, "hold_chan_start", 1);
		call = (struct call){ .run = do_queue_create, .gpu = gpu };
		call_start(&call);
		/* A reset ends the hold. It is there again before the next start, or another round is needed. */
		while (!call_returned(&call)) {
			gpu_inject(gpu, "hold_chan_start", 1);
			igt_assert_lte_u64(bo_param(&gpu->dev, DRM_MIRAGE_PARAM_DEVICE_RESETS),
					   resets + START_TRIES);
		}
		igt_assert(!pthread_join(call.thread, NULL));
		gpu_inject(gpu, "hold_chan_start", 0);
		if (!call.result)
			igt_assert_eq(mirage_queue_destroy(&gpu->dev, call.handle), 0);
	} while (!call.result && --rounds);
	igt_assert_eq(call.result, -EIO);
	igt_assert(igt_wait(bo_param(&gpu->dev, DRM_MIRAGE_PARAM_DEVICE_RESETS) ==
			    resets + START_TRIES, POLL_MS, 1));
	/* Set after the last reset, it must not stay. */
	gpu_inject(gpu, "hold_chan_start", 0);
}

static int do_reset_from_outside(struct call *call)
{
	gpu_reset_from_outside(call->gpu);
	return 0;
}

/**
 * SUBTEST: killed-behind-suspend
 * Description: A reset from outside waits for who makes a queue, which takes the device long; a process that wants a queue,
 *	too, waits behind both, and can be ended meanwhile.
 */
static void killed_behind_suspend(struct gpu *gpu)
{
	uint64_t resets = bo_param(&gpu->dev, DRM_MIRAGE_PARAM_DEVICE_RESETS);
	static struct call inside, closing;
	struct igt_helper_process behind = { };
	static uint32_t *step;	/* 1: the process has a device; 2: it may ask for a queue */

	step = mem_shared_page();
	igt_fork_helper(&behind) {
		struct gpu own;

		gpu_open(&own);
		__atomic_store_n(step, 1, __ATOMIC_SEQ_CST);
		igt_assert(igt_wait(__atomic_load_n(step, __ATOMIC_SEQ_CST) == 2, POLL_MS, 1));
		gpu_add_queue(&own, DRM_MIRAGE_QUEUE_COMPUTE);
		igt_assert_f(false, "it got a queue of a device that is being reset\n");
	}
	igt_assert(igt_wait(__atomic_load_n(step, __ATOMIC_SEQ_CST) == 1, POLL_MS, 1));
	gpu_inject(gpu, "hold_chan_start", 1);
	inside = (struct call){ .run = do_queue_create, .gpu = gpu };
	call_start(&inside);
	call_waits(&inside, "mirage_queue_start_new");
	closing = (struct call){ .run = do_reset_from_outside, .gpu = gpu };
	call_start(&closing);
	igt_assert(igt_wait(process_waits(closing.tid, "mirage_power_sleep"), POLL_MS, 1));
	__atomic_store_n(step, 2, __ATOMIC_SEQ_CST);
	igt_assert(igt_wait(process_waits(behind.pid, "mirage_power_enter"), POLL_MS, 1));
	/* It stops waiting for power.rwsem, and then waits for what it had: its end comes when the command is let go. */
	igt_assert(!kill(behind.pid, SIGTERM));
	igt_assert(igt_wait(!process_waits(behind.pid, "mirage_power_enter"), POLL_MS, 1));
	igt_assert_f(!call_returned(&inside), "it left when power.rwsem was free\n");
	gpu_inject(gpu, "hold_chan_start", 0);
	igt_stop_helper(&behind);
	call_end(&inside);
	call_end(&closing);
	igt_assert_eq_u64(bo_param(&gpu->dev, DRM_MIRAGE_PARAM_DEVICE_RESETS), resets);
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, inside.handle), 0);
	igt_assert(!munmap(step, PAGE));
}

/* A job waits for a word in the middle of its packets while the function is reset: it goes on there, and begins once. */
static void context_saved_once(struct gpu *gpu, const char *knob)
{
	volatile uint32_t *begun = &gpu->out[16], *ended = &gpu->out[17];
	uint64_t *gate = (uint64_t *)&gpu->out[32];
	struct job job = job_new(gpu);
	static struct call call;

	*begun = *ended = 0;
	*gate = 0;
	mirage_ib_fill(&job.ib, (void *)begun, 4, 1);
	mirage_ib_sem_wait(&job.ib, gate, 1);
	mirage_ib_fill(&job.ib, (void *)ended, 4, 1);
	job_submit(&job);
	igt_assert(igt_wait(*begun, POLL_MS, 1));
	*begun = 5;

	gpu_inject(gpu, knob, 1);
	call = (struct call){ .run = do_reset_from_outside, .gpu = gpu };
	call_start(&call);
	call_waits(&call, "mirage_contexts_save");
	gpu_inject(gpu, knob, 0);
	call_end(&call);
	igt_assert(!job_is_done(&job));
	__atomic_store_n(gate, 1, __ATOMIC_SEQ_CST);
	igt_assert_eq(job_wait(&job), 0);
	igt_assert_eq_u32(*begun, 5);
	igt_assert_eq_u32(*ended, 1);
	job_free(&job);
}

/**
 * SUBTEST: context-save
 * Description: Before video memory and registers are lost the driver waits until channels have stopped, and until the
 *	device has written down what each has begun: no job begins anew.
 */
static void context_save_waits(struct gpu *gpu)
{
	context_saved_once(gpu, "hold_chan_stop");
	context_saved_once(gpu, "hold_chan_save");
}

static int do_touch(struct call *call)
{
	*(volatile uint32_t *)call->addr = 3;
	return 0;
}

static int do_mmap(struct call *call)
{
	call->addr = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return call->addr == MAP_FAILED;
}

/**
 * SUBTEST: touch-while-suspended
 * Description: A thread that touches an object while the device is being reset from outside waits for the end of that,
 *	and nobody waits for the thread: the process's memory can be changed meanwhile.
 */
static void touch_while_suspended(struct gpu *gpu)
{
	struct bo bo = bo_new(&gpu->dev, PAGE, BO_VRAM);
	static struct call closing, touching, mapping;
	struct job job = job_new(gpu);
	uint64_t *gate = (uint64_t *)&gpu->out[32];

	bo.words[0] = 1;
	/* So that there is something to save. */
	*gate = 0;
	gpu->out[16] = 0;
	mirage_ib_fill(&job.ib, &gpu->out[16], 4, 1);
	mirage_ib_sem_wait(&job.ib, gate, 1);
	job_submit(&job);
	igt_assert(igt_wait(*(volatile uint32_t *)&gpu->out[16], POLL_MS, 1));

	gpu_inject(gpu, "hold_chan_save", 1);
	closing = (struct call){ .run = do_reset_from_outside, .gpu = gpu };
	call_start(&closing);
	call_waits(&closing, "mirage_contexts_save");
	touching = (struct call){ .run = do_touch, .addr = bo.words };
	call_start(&touching);
	igt_assert(igt_wait(process_waits(touching.tid, "mirage_power_wait"), POLL_MS, 1));
	mapping = (struct call){ .run = do_mmap };
	call_start(&mapping);
	igt_assert(igt_wait(call_returned(&mapping), POLL_MS, 1));
	igt_assert_f(!call_returned(&closing) && !call_returned(&touching),
		     "memory could not be mapped before the reset was over\n");
	gpu_inject(gpu, "hold_chan_save", 0);
	call_end(&closing);
	call_end(&touching);
	call_end(&mapping);
	igt_assert_eq_u32(bo.words[0], 3);
	__atomic_store_n(gate, 1, __ATOMIC_SEQ_CST);
	igt_assert_eq(job_wait(&job), 0);
	job_free(&job);
	igt_assert(!munmap(mapping.addr, PAGE));
	bo_free(&bo);
}

static int do_vm_destroy(struct call *call)
{
	return mirage_vm_destroy(&call->gpu->dev, call->handle);
}

/**
 * SUBTEST: vm-destroy
 * Description: An address space that never had a page is destroyed: its number and its root are not another's
 *	before the device has forgotten them.
 */
static void vm_destroy_waits(struct gpu *gpu)
{
	static struct call call;

	call = (struct call){ .run = do_vm_destroy, .gpu = gpu };
	igt_assert_eq(mirage_vm_create_with(&gpu->dev, 0, &call.handle), 0);
	gpu_inject(gpu, "hold_inv", 1);
	call_start(&call);
	call_is_waited_for(&call, "vm_free");
	gpu_inject(gpu, "hold_inv", 0);
	call_end(&call);
}

/**
 * SUBTEST: replay
 * Description: The REPLAY of a fault that was served is held: the job has not ended, and what is invalidated
 *	meanwhile waits behind it. Both go on when it is let go.
 */
static void replay_waits(struct gpu *gpu)
{
	uint32_t *area = mem_anon(PAGE), *victim = mem_anon(PAGE);
	struct job job = job_new(gpu);
	static struct call call;

	gpu_mark(gpu);
	gpu_write32(gpu, victim, 1);
	/* The job may end before the service of its fault, which is counted last. */
	igt_assert(igt_wait(gpu_delta(gpu, DRM_MIRAGE_STAT_NS_SERVICE), POLL_MS, 0));
	mirage_ib_fill(&job.ib, area, 4, 9);
	gpu_mark(gpu);
	gpu_inject(gpu, "hold_replay", 1);
	job_submit(&job);
	/* The service ends with its replay: it does not leave that to the watchdog. */
	igt_assert(igt_wait(gpu_delta(gpu, DRM_MIRAGE_STAT_NS_SERVICE) || job_is_done(&job), POLL_MS,
			    0));
	igt_assert_neq_u64(gpu_delta(gpu, DRM_MIRAGE_STAT_REPLAYS), 0);
	call = (struct call){ .run = do_munmap, .addr = victim, .size = PAGE };
	call_start(&call);
	call_waits(&call, "hmm_block_invalidate_finish");
	igt_assert(!job_is_done(&job));
	igt_assert_eq_u32(*(volatile uint32_t *)area, 0);
	gpu_inject(gpu, "hold_replay", 0);
	call_end(&call);
	igt_assert_eq(job_wait(&job), 0);
	job_free(&job);
	igt_assert_eq_u32(*(volatile uint32_t *)area, 9);
	igt_assert_eq_u64(gpu_demanded(gpu), 1);
	mem_unmap(area, PAGE);
	igt_assert(!munmap((char *)victim + PAGE, BLOCK - PAGE));
}

/**
 * SUBTEST: never-let-go
 * Description: Nothing lets the INVALIDATE go: munmap() returns when the driver has given the device up, the
 *	page is not written to from then on, and the device's reset ends the hold.
 */
static void never_let_go(struct gpu *gpu)
{
	uint32_t *area = mem_reserve(BLOCK, BLOCK), before;
	uint64_t resets = bo_param(&gpu->dev, DRM_MIRAGE_PARAM_DEVICE_RESETS);
	int fd = page_in_file();
	static volatile uint32_t *old;
	struct loop loop;

	old = map_file(NULL, fd);
	map_file(area, fd);
	loop_start(&loop, gpu, &kernel_scribble, area);
	gpu_inject(gpu, "hold_inv", 1);
	mem_unmap(area, BLOCK);
	before = *old;
	igt_assert_neq(job_wait(&loop.job), 0);
	job_free(&loop.job);
	igt_assert(igt_wait(bo_param(&gpu->dev, DRM_MIRAGE_PARAM_DEVICE_RESETS) == resets + 1,
			    POLL_MS, 10));
	/* It is counted when it begins. */
	igt_assert(igt_wait(gpu_injected(gpu, "hold_inv") == 0, POLL_MS, 10));
	igt_assert_eq(mirage_queue_destroy(&gpu->dev, gpu->queue), 0);
	gpu->queue = gpu_add_queue(gpu, DRM_MIRAGE_QUEUE_COMPUTE);
	gpu_assert_alive(gpu);
	igt_assert_eq_u32(*old, before);
	igt_assert(!munmap((void *)old, PAGE));
	close(fd);
}

static const struct gpu_scenario scenarios[] = {
	{ "munmap", munmap_waits, "munmap() waits for the flush." },
	{ "mprotect", mprotect_waits, "mprotect() waits for the flush." },
	{ "mmap-over", mmap_over_waits, "mmap() over mirrored memory waits for the flush." },
	{ "dontneed", dontneed_waits, "madvise(MADV_DONTNEED) waits for the flush." },
	{ "counted-before-gone", counted_before_gone, "What is gone has been counted." },
	{ "second-invalidation", second_invalidation, "A second call on the same block waits, too." },
	{ "page-tables", page_tables, "Page tables are freed after the last walk." },
	{ "bind", bind_waits, "Bindings are complete after their flush." },
	{ "binds-aside", binds_aside, "Bindings that wait keep no job from running." },
	{ "evict", evict_waits, "An object moves after the flush of its mappings." },
	{ "userptr", userptr_waits, "munmap() of a user pointer waits for the flush." },
	{ "queue-destroy", queue_destroy_waits, "A queue is gone after its channel's reset." },
	{ "queue-create", queue_create_waits, "A queue is there when its channel has started." },
	{ "queue-never-starts", queue_never_starts, "A device that goes down each time it starts a channel." },
	{ "killed-behind-suspend", killed_behind_suspend, "Who waits for a reset from outside can be ended." },
	{ "context-save", context_save_waits, "What a channel has begun is kept when it has stopped." },
	{ "touch-while-suspended", touch_while_suspended, "An access to an object waits for a reset alone." },
	{ "vm-destroy", vm_destroy_waits, "An address space is gone when the device forgot it." },
	{ "replay", replay_waits, "A REPLAY that is late, and what waits behind it." },
	{ "never-let-go", never_let_go, "A command that is held for ever." },
};

int igt_main()
{
	igt_fixture() {
		waits_require();
		gpu_inject_none_alone();
	}

	gpu_subtests(scenarios, ARRAY_SIZE(scenarios));

	/* So that the next test finds the device as it should be, also after a failure. */
	igt_fixture()
		gpu_inject_none_alone();
}
